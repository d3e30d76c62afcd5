//! What an order sells, to whom and for how much, as one hash: an order that still has it changes nothing.
//!
//! Shops tell of an order many times: at checkout, at payment, and when our own write-back touches it. States, tags, notes
//! and extra fields are left out, since they change without anything to book; the trigger looks at states by itself.

use serde::Serialize;

use crate::customer::Customer;
use crate::money::{Currency, Money};
use crate::order::{Order, OrderLine};
use crate::plan::hash_json;

#[derive(Serialize)]
struct Content<'a> {
    number: &'a str,
    currency: Currency,
    customer: &'a Customer,
    lines: &'a [OrderLine],
    total: Money,
    total_vat: Money,
    payment_method: &'a str,
    purchase_order_number: Option<&'a str>,
    gift_cards: Vec<Money>,
}

/// The hash of an order's content, in hexadecimal.
pub(super) fn hash(order: &Order) -> String {
    hash_json(&Content {
        number: &order.number,
        currency: order.currency,
        customer: &order.customer,
        lines: &order.lines,
        total: order.total,
        total_vat: order.total_vat,
        payment_method: &order.payment_method,
        purchase_order_number: order.purchase_order_number.as_deref(),
        gift_cards: super::payment::gift_cards_used(order).map(|payment| payment.amount).collect(),
    })
}
