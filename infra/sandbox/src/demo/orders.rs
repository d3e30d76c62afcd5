//! The demo merchant's orders, written from the facts: one of each kind that a merchant meets.

mod shopify;
mod woocommerce;

pub use shopify::shopify_orders;
pub use woocommerce::woocommerce_orders;

use rust_decimal::Decimal;

/// A line of an order in the words of both shops. Amounts without VAT, as text.
struct Line {
    sku: &'static str,
    name: &'static str,
    quantity: u32,
    /// After discount.
    net: &'static str,
    tax: &'static str,
    /// Percent; nothing where no rate matched.
    rate: Option<&'static str>,
    /// Discount without VAT.
    discount: &'static str,
}

/// A line without discount.
fn line(
    sku: &'static str,
    name: &'static str,
    quantity: u32,
    (net, tax): (&'static str, &'static str),
    rate: Option<&'static str>,
) -> Line {
    Line { sku, name, quantity, net, tax, rate, discount: "0.00" }
}

/// An amount of this file's own text.
fn amount(text: &str) -> Decimal {
    text.parse().unwrap_or_default()
}
