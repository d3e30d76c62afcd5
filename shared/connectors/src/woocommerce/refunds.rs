//! Refunds of a WooCommerce order in the domain's form.
//!
//! The order lists its refunds in short form: id, reason and sum. What was given back for what stands in resources below the
//! order, which come by a second call. A refund that only the order knows of (the delivery's own text) is one by amount.

use domain::money::Currency;
use domain::{Failure, Refund, RefundLine};
use rust_decimal::Decimal;

use super::map::{money_or_zero, readable, reckoned, time};
use super::wire;
use crate::json::Amount;

/// The key under which a refund's line names the order's line.
const REFUNDED_ITEM: &str = "_refunded_item_id";

/// Maps the refunds, the oldest first. Ids of WooCommerce grow, so that their order is that of the refunds.
///
/// # Errors
/// `Rejected` with the place of what cannot be.
pub(super) fn of(
    order: &wire::Order<'_>,
    details: &[wire::RefundDetail<'_>],
    currency: Currency,
) -> Result<Vec<Refund>, Failure> {
    let mut refunds = Vec::with_capacity(order.refunds.0.len());
    for (index, detail) in details.iter().enumerate() {
        refunds.push(refund(detail, &format!("refunds[{index}]"), currency)?);
    }
    for (index, listed) in order.refunds.0.iter().enumerate() {
        let id = listed.id.to_string();
        if refunds.iter().any(|refund: &Refund| refund.id == id) {
            continue;
        }
        let total = money_or_zero(currency, &format!("refunds[{index}].total"), listed.total)?;
        refunds.push(Refund {
            id,
            at: None,
            reason: readable(&listed.reason),
            total: reckoned(total.absolute())?,
            to_gift_cards: currency.zero(),
            lines: Vec::new(),
        });
    }
    refunds.retain(|refund| !refund.total.is_zero());
    refunds.sort_by_key(|refund| (refund.id.len(), refund.id.clone()));
    Ok(refunds)
}

fn refund(detail: &wire::RefundDetail<'_>, place: &str, currency: Currency) -> Result<Refund, Failure> {
    let amount = money_or_zero(currency, &format!("{place}.amount"), detail.amount)?;
    let mut lines = Vec::new();
    for (list, items) in [
        ("line_items", &detail.line_items),
        ("shipping_lines", &detail.shipping_lines),
        ("fee_lines", &detail.fee_lines),
    ] {
        for (index, item) in items.0.iter().enumerate() {
            let goods = list == "line_items";
            lines.extend(line(item, goods, &format!("{place}.{list}[{index}]"), currency)?);
        }
    }
    Ok(Refund {
        id: detail.id.to_string(),
        at: time(&format!("{place}.date_created_gmt"), &detail.date_created_gmt)?,
        reason: readable(&detail.reason),
        total: reckoned(amount.absolute())?,
        to_gift_cards: currency.zero(),
        lines,
    })
}

/// A line of a refund; `None` for one that gives nothing back.
fn line(
    item: &wire::RefundItem<'_>,
    goods: bool,
    place: &str,
    currency: Currency,
) -> Result<Option<RefundLine>, Failure> {
    let given_back = |name: &str, amount: Amount| {
        reckoned(money_or_zero(currency, &format!("{place}.{name}"), amount)?.negated())
    };
    let net = given_back("total", item.total)?;
    let vat = given_back("total_tax", item.total_tax)?;
    let quantity = if goods { item.quantity.0.unwrap_or_default().abs() } else { Decimal::ZERO };
    if net.is_zero() && vat.is_zero() && quantity.is_zero() {
        return Ok(None);
    }
    let name = if item.name.given().is_some() { &item.name } else { &item.method_title };
    let named = item.meta_data.0.iter().find(|meta| meta.key.trimmed() == REFUNDED_ITEM);
    let order_line = named.and_then(|meta| meta.value).map(|value| value.get().trim_matches('"').to_owned());
    Ok(Some(RefundLine { order_line, name: readable(name), quantity, net, vat, restocked: None }))
}
