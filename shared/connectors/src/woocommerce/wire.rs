//! WooCommerce's order (REST v3) as it is on the wire: what Bogbro reads of it, nothing more.
//!
//! The webhook body and the REST resource are the same JSON. PHP writes "nothing" as `null`, `""`, `false`, `0` or `[]`,
//! and plugins write what they like, so every field but id, currency, total and creation time may be missing.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json::{Amount, Flag, Id, List, Text};

/// An order.
#[derive(Debug, Deserialize)]
pub(super) struct Order<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) number: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) currency: Text<'a>,
    #[serde(default)]
    pub(super) prices_include_tax: Flag,
    #[serde(borrow, default)]
    pub(super) date_created_gmt: Text<'a>,
    #[serde(borrow, default)]
    pub(super) date_modified_gmt: Text<'a>,
    #[serde(borrow, default)]
    pub(super) date_paid_gmt: Text<'a>,
    #[serde(borrow, default)]
    pub(super) date_completed_gmt: Text<'a>,
    pub(super) total: Amount,
    #[serde(default)]
    pub(super) total_tax: Amount,
    #[serde(borrow, default)]
    pub(super) customer_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) customer_note: Text<'a>,
    #[serde(borrow, default)]
    pub(super) billing: Option<Address<'a>>,
    #[serde(borrow, default)]
    pub(super) shipping: Option<Address<'a>>,
    #[serde(borrow, default)]
    pub(super) payment_method: Text<'a>,
    #[serde(borrow, default)]
    pub(super) payment_method_title: Text<'a>,
    #[serde(borrow, default)]
    pub(super) transaction_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) meta_data: List<Meta<'a>>,
    #[serde(borrow, default)]
    pub(super) line_items: List<Line<'a>>,
    #[serde(borrow, default)]
    pub(super) shipping_lines: List<Line<'a>>,
    #[serde(borrow, default)]
    pub(super) fee_lines: List<Line<'a>>,
    #[serde(borrow, default)]
    pub(super) tax_lines: List<TaxLine<'a>>,
    #[serde(borrow, default)]
    pub(super) coupon_lines: List<Coupon<'a>>,
    #[serde(borrow, default)]
    pub(super) refunds: List<Refund<'a>>,
    /// Gift cards used, as gift card plugins add them beside the core fields (not verified on a live shop).
    #[serde(borrow, default)]
    pub(super) gift_cards: List<GiftCard<'a>>,
}

/// A billing or delivery address. WooCommerce writes one without any content as `[]` at times.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Address<'a> {
    #[serde(borrow, default)]
    pub(super) first_name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) last_name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) company: Text<'a>,
    #[serde(borrow, default)]
    pub(super) address_1: Text<'a>,
    #[serde(borrow, default)]
    pub(super) address_2: Text<'a>,
    #[serde(borrow, default)]
    pub(super) city: Text<'a>,
    #[serde(borrow, default)]
    pub(super) state: Text<'a>,
    #[serde(borrow, default)]
    pub(super) postcode: Text<'a>,
    #[serde(borrow, default)]
    pub(super) country: Text<'a>,
    #[serde(borrow, default)]
    pub(super) email: Text<'a>,
    #[serde(borrow, default)]
    pub(super) phone: Text<'a>,
}

/// An extra field; its value may be any JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Meta<'a> {
    #[serde(borrow, default)]
    pub(super) key: Text<'a>,
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
}

/// A line of goods, freight or a fee: they differ in the name field and in what else is there. Amounts are without VAT;
/// `subtotal` is before coupons, `total` after. The float `price` is not read.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    /// Goods and fees.
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    /// Freight.
    #[serde(borrow, default)]
    pub(super) method_title: Text<'a>,
    #[serde(borrow, default)]
    pub(super) product_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) variation_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) sku: Text<'a>,
    #[serde(default)]
    pub(super) quantity: Amount,
    #[serde(default)]
    pub(super) subtotal: Amount,
    pub(super) total: Amount,
    #[serde(default)]
    pub(super) total_tax: Amount,
    #[serde(borrow, default)]
    pub(super) taxes: List<LineTax<'a>>,
}

/// One tax on one line; `total` is empty when the rate exists on the order but not on this line.
#[derive(Debug, Deserialize)]
pub(super) struct LineTax<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    #[serde(default)]
    pub(super) total: Amount,
}

/// A rate that occurs on the order.
#[derive(Debug, Deserialize)]
pub(super) struct TaxLine<'a> {
    #[serde(borrow, default)]
    pub(super) rate_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) label: Text<'a>,
    #[serde(default)]
    pub(super) compound: Flag,
    /// Missing before WooCommerce 3.7.
    #[serde(default)]
    pub(super) rate_percent: Amount,
    /// Country, state, name and priority (`DK-MOMS-1`).
    #[serde(borrow, default)]
    pub(super) rate_code: Text<'a>,
    /// What was charged by the rate, on freight and on the rest.
    #[serde(default)]
    pub(super) tax_total: Amount,
    #[serde(default)]
    pub(super) shipping_tax_total: Amount,
}

/// A coupon: information only, since line totals are after coupons.
#[derive(Debug, Deserialize)]
pub(super) struct Coupon<'a> {
    #[serde(borrow, default)]
    pub(super) code: Text<'a>,
}

/// A refund in short form, as the order lists it; `total` is negative.
#[derive(Debug, Deserialize)]
pub(super) struct Refund<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) reason: Text<'a>,
    #[serde(default)]
    pub(super) total: Amount,
}

/// A refund as the shop keeps it below its order: `amount` is positive, quantities and totals of its lines are negative.
#[derive(Debug, Deserialize)]
pub(super) struct RefundDetail<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) date_created_gmt: Text<'a>,
    #[serde(default)]
    pub(super) amount: Amount,
    #[serde(borrow, default)]
    pub(super) reason: Text<'a>,
    /// False where staff gave the money back beside the gateway.
    #[serde(default)]
    pub(super) refunded_payment: Option<Flag>,
    #[serde(borrow, default)]
    pub(super) line_items: List<RefundItem<'a>>,
    #[serde(borrow, default)]
    pub(super) shipping_lines: List<RefundItem<'a>>,
    #[serde(borrow, default)]
    pub(super) fee_lines: List<RefundItem<'a>>,
}

/// One line of a refund; the field `_refunded_item_id` names the order's line.
#[derive(Debug, Deserialize)]
pub(super) struct RefundItem<'a> {
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) method_title: Text<'a>,
    #[serde(default)]
    pub(super) quantity: Amount,
    #[serde(default)]
    pub(super) total: Amount,
    #[serde(default)]
    pub(super) total_tax: Amount,
    #[serde(borrow, default)]
    pub(super) meta_data: List<Meta<'a>>,
}

/// An order with its refunds, as one text: refunds are resources of their own and come by a second call.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Kept<'a> {
    /// The order.
    #[serde(borrow)]
    pub(super) order: &'a RawValue,
    /// Its refunds in full.
    #[serde(borrow)]
    pub(super) refunds: &'a RawValue,
}

/// What tells an order with its refunds from an order alone.
#[derive(Debug, Deserialize)]
pub(super) struct Probe<'a> {
    #[serde(borrow, default)]
    pub(super) order: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) refunds: Option<&'a RawValue>,
}

/// A gift card that was used.
#[derive(Debug, Deserialize)]
pub(super) struct GiftCard<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    #[serde(default)]
    pub(super) amount: Amount,
}

/// What a delivery is about, before it is an order: the few fields that tell orders from other resources.
#[derive(Debug, Deserialize)]
pub(super) struct Subject<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    /// Orders have an order key, and nothing else has.
    #[serde(borrow, default)]
    pub(super) order_key: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) line_items: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) permalink: Option<Text<'a>>,
    /// Products and variations have a type of their own; orders have none.
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    /// Of a variation, its product.
    #[serde(borrow, default)]
    pub(super) parent_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) action: Option<Text<'a>>,
    /// Subscriptions look like orders but for their period.
    #[serde(borrow, default)]
    pub(super) billing_period: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) email: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) date_created: Option<Text<'a>>,
}

impl Subject<'_> {
    /// True when there is nothing but an id, as in the delivery of a deletion.
    pub(super) fn is_bare(&self) -> bool {
        [&self.permalink, &self.action, &self.email, &self.code, &self.date_created, &self.status]
            .iter()
            .all(|field| field.is_none())
    }
}

/// An order in a listing of changes.
#[derive(Debug, Deserialize)]
pub(super) struct Changed<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) date_modified_gmt: Text<'a>,
    #[serde(borrow, default)]
    pub(super) date_created_gmt: Text<'a>,
}

/// A product or a variation in a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) parent_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) sku: Text<'a>,
    /// Empty for what has no price.
    #[serde(borrow, default)]
    pub(super) price: Text<'a>,
    /// Yes, no or `parent`.
    #[serde(borrow, default)]
    pub(super) manage_stock: Text<'a>,
    #[serde(default)]
    pub(super) stock_quantity: Amount,
    #[serde(borrow, default)]
    pub(super) tax_status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) tax_class: Text<'a>,
    #[serde(borrow, default)]
    pub(super) categories: List<Category<'a>>,
    #[serde(borrow, default)]
    pub(super) attributes: List<Choice<'a>>,
    #[serde(borrow, default)]
    pub(super) date_modified_gmt: Text<'a>,
    #[serde(borrow, default)]
    pub(super) global_unique_id: Text<'a>,
    /// From version 10.0, where the merchant has switched it on.
    #[serde(default)]
    pub(super) cost_of_goods_sold: Option<CostOfGoods>,
}

/// What a product cost.
#[derive(Debug, Deserialize)]
pub(super) struct CostOfGoods {
    #[serde(default)]
    pub(super) total_value: Amount,
}

/// A category of a product.
#[derive(Debug, Deserialize)]
pub(super) struct Category<'a> {
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
}

/// An attribute; a variation's has one chosen option.
#[derive(Debug, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow, default)]
    pub(super) option: Text<'a>,
}

/// The part of an order that a write-back looks at.
#[derive(Debug, Deserialize)]
pub(super) struct WrittenOrder<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) meta_data: List<Meta<'a>>,
}

/// A note on an order.
#[derive(Debug, Deserialize)]
pub(super) struct Note<'a> {
    #[serde(borrow, default)]
    pub(super) note: Text<'a>,
    #[serde(default)]
    pub(super) customer_note: Flag,
}

/// A webhook subscription.
#[derive(Debug, Deserialize)]
pub(super) struct Webhook<'a> {
    #[serde(borrow, default)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) topic: Text<'a>,
    #[serde(borrow, default)]
    pub(super) delivery_url: Text<'a>,
}

/// WooCommerce's error body.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem<'a> {
    #[serde(borrow, default)]
    pub(super) code: Text<'a>,
    #[serde(borrow, default)]
    pub(super) message: Text<'a>,
}
