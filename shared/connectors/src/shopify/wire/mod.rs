//! Shopify's order as it is on the wire, in its two shapes, and the one form that both are read into.
//!
//! Webhooks carry the REST resource, the Admin interface answers in GraphQL. Whatever shape an order came in, the same
//! [`ShopOrder`] comes out, so that there is one mapping to the domain and one place for every rule of it.

pub(super) mod graphql;
pub(super) mod refunded;
pub(super) mod rest;

use domain::Failure;
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::json::{Text, rejected};

/// Gateway of gift cards issued by the shop.
pub(super) const GIFT_CARD: &str = "gift_card";

/// An order in Shopify's terms. All amounts are in the shop's currency; with `taxes_included` they hold the tax.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ShopOrder {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) currency: String,
    pub(super) taxes_included: bool,
    pub(super) duties_included: bool,
    pub(super) test: bool,
    pub(super) cancelled: bool,
    pub(super) closed: bool,
    pub(super) high_risk: bool,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) processed_at: Option<Timestamp>,
    /// When the last shipment was made.
    pub(super) fulfilled_at: Option<Timestamp>,
    /// In REST's words: `paid`, `partially_refunded`.
    pub(super) financial: String,
    /// In REST's words: `fulfilled`, `partial`, empty.
    pub(super) fulfilment: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) note: String,
    pub(super) purchase_order_number: Option<String>,
    pub(super) tags: Vec<String>,
    /// Note attributes (cart attributes) and localised fields, by key.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) discount_codes: Vec<String>,
    pub(super) gateways: Vec<String>,
    pub(super) tax_exempt: bool,
    pub(super) customer: Option<Buyer>,
    pub(super) billing: Option<Address>,
    pub(super) shipping: Option<Address>,
    /// Name and tax registration of the company that buys, for business orders.
    pub(super) company: Option<(String, Option<String>)>,
    pub(super) lines: Vec<Line>,
    pub(super) shipping_lines: Vec<Line>,
    /// Duties and additional fees.
    pub(super) duties: Vec<Line>,
    pub(super) fees: Vec<Line>,
    pub(super) tip: Decimal,
    /// Rounding of cash payments, outside the total.
    pub(super) cash_rounding: Decimal,
    pub(super) total: Decimal,
    pub(super) total_tax: Option<Decimal>,
    /// After edits, returns and refunds.
    pub(super) current_total: Option<Decimal>,
    pub(super) current_tax: Option<Decimal>,
    /// `None` when the shape does not carry them.
    pub(super) transactions: Option<Vec<Transaction>>,
    pub(super) refunds: Vec<Refund>,
}

/// One line of goods, freight, duty or a fee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) gift_card: bool,
    pub(super) sku: Option<String>,
    pub(super) product_id: Option<String>,
    pub(super) name: String,
    /// Units, removed and refunded ones included.
    pub(super) quantity: Decimal,
    /// Units that are left; `None` when the shape does not say.
    pub(super) current_quantity: Option<Decimal>,
    /// Freight that an edit took off the order.
    pub(super) removed: bool,
    /// Price of all units before discounts.
    pub(super) amount: Decimal,
    /// All discounts of line and order.
    pub(super) discount: Decimal,
    pub(super) taxes: Vec<Tax>,
}

/// One tax on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tax {
    pub(super) title: String,
    /// As a fraction: 0.25.
    pub(super) rate: Option<Decimal>,
    pub(super) amount: Decimal,
    pub(super) channel_liable: bool,
}

/// The customer record behind an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Buyer {
    pub(super) id: Option<String>,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) tax_exempt: bool,
}

/// An address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) name: String,
    pub(super) company: String,
    pub(super) street: String,
    pub(super) postcode: String,
    pub(super) city: String,
    pub(super) province: String,
    pub(super) country: String,
    pub(super) phone: String,
}

/// One payment transaction; kinds and states in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) gateway: String,
    pub(super) title: String,
    pub(super) reference: String,
    pub(super) test: bool,
    pub(super) amount: Decimal,
    pub(super) at: Option<Timestamp>,
}

/// A refund, or the taking off of units by an edit, which Shopify writes as a refund without money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) at: Option<Timestamp>,
    /// Money that went back.
    pub(super) paid: Decimal,
    /// Line ids and units; `None` when the shape does not carry them.
    pub(super) units: Option<Vec<(String, Decimal)>>,
    /// Why, in the staff's words.
    pub(super) note: String,
    /// The part of `paid` that went back onto gift cards.
    pub(super) to_gift_cards: Decimal,
    /// What the money was given back for, as far as the shape says.
    pub(super) parts: Vec<RefundPart>,
}

/// What a refund gives back of one line of goods or freight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RefundPart {
    /// Id of the line; `None` for freight where the shape names no line.
    pub(super) line: Option<String>,
    /// Units that came back; zero for freight.
    pub(super) quantity: Decimal,
    /// Subtotal given back, positive. Whether it holds the tax is told by the sum: see [`super::refunds`].
    pub(super) amount: Decimal,
    /// Tax given back, positive.
    pub(super) tax: Decimal,
    /// Whether the units are back in stock; `None` for freight.
    pub(super) restocked: Option<bool>,
}

/// True for every word of `restock_type` but the one for goods that did not come back.
fn is_restocked(word: &str) -> bool {
    !word.eq_ignore_ascii_case("no_restock")
}

/// A refusal that names the place in the order.
pub(super) fn unreadable(place: &str, problem: impl std::fmt::Display) -> Failure {
    rejected("unreadable", format!("the order cannot be read at {place}: {problem}"))
}

/// A time with its zone; `None` for none.
fn time(place: &str, text: &Text<'_>) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = text.given() else { return Ok(None) };
    text.parse().map(Some).map_err(|_| unreadable(place, "not a time with its zone"))
}

/// Texts that are not empty, joined.
fn joined(parts: &[&Text<'_>], between: &str) -> String {
    parts.iter().filter_map(|part| part.given()).collect::<Vec<_>>().join(between)
}

fn given(text: &Text<'_>) -> Option<String> {
    text.given().map(str::to_owned)
}

/// A sum that cannot overflow unseen.
pub(super) fn plus(place: &str, one: Decimal, other: Decimal) -> Result<Decimal, Failure> {
    one.checked_add(other).ok_or_else(|| unreadable(place, "the amount is too large"))
}
