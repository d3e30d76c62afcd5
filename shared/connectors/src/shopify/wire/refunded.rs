//! What the refunds of an order were given back for, as the Admin interface answers it: a query of its own, since most orders have no
//! refund and each line of one costs points.

use domain::Failure;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::graphql::{Bag, Connection, MOST_REFUND_LINES, Reader, Resource, number};
use super::{GIFT_CARD, RefundPart, ShopOrder, is_restocked, plus, unreadable};
use crate::json::{Amount, List, Text};

/// What each refund was given back for: units and amounts of lines and freight, and by which gateways.
pub(in crate::shopify) const REFUNDED_UNITS: &str = "query BogbroRefunds($id: ID!, $refunds: Int!, $lines: Int!) { \
     order(id: $id) { id updatedAt refunds(first: $refunds) { id note \
     refundLineItems(first: $lines) { nodes { quantity restockType lineItem { id } \
     subtotalSet { shopMoney { amount currencyCode } } totalTaxSet { shopMoney { amount currencyCode } } } \
     pageInfo { hasNextPage } } \
     refundShippingLines(first: 5) { nodes { shippingLine { id } \
     subtotalAmountSet { shopMoney { amount currencyCode } } taxAmountSet { shopMoney { amount currencyCode } } } } \
     transactions(first: 5) { nodes { kind status gateway amountSet { shopMoney { amount currencyCode } } } } } } }";

#[derive(Debug, Deserialize)]
pub(super) struct RefundedUnits<'a> {
    #[serde(borrow, default)]
    refunds: List<UnitsOfRefund<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UnitsOfRefund<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    note: Text<'a>,
    #[serde(borrow, default)]
    refund_line_items: Connection<UnitsOfLine<'a>>,
    #[serde(borrow, default)]
    refund_shipping_lines: Connection<RefundedFreight<'a>>,
    #[serde(borrow, default)]
    transactions: Connection<RefundTransaction<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UnitsOfLine<'a> {
    #[serde(default)]
    quantity: Amount,
    #[serde(borrow, default)]
    restock_type: Text<'a>,
    #[serde(borrow, default)]
    line_item: Option<Resource<'a>>,
    #[serde(borrow, default)]
    subtotal_set: Option<Bag<'a>>,
    #[serde(borrow, default)]
    total_tax_set: Option<Bag<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundedFreight<'a> {
    #[serde(borrow, default)]
    shipping_line: Option<Resource<'a>>,
    #[serde(borrow, default)]
    subtotal_amount_set: Option<Bag<'a>>,
    #[serde(borrow, default)]
    tax_amount_set: Option<Bag<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundTransaction<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    gateway: Text<'a>,
    #[serde(borrow, default)]
    amount_set: Option<Bag<'a>>,
}

/// Adds to each refund what it was given back for.
///
/// # Errors
/// `Rejected` for more lines than are read, and for another currency than the order's.
pub(super) fn add(
    order: &mut ShopOrder,
    reader: &Reader<'_>,
    units: &RefundedUnits<'_>,
) -> Result<(), Failure> {
    for (index, wire) in units.refunds.0.iter().enumerate() {
        let place = format!("refunds[{index}]");
        if wire.refund_line_items.page_info.has_next_page.0 {
            return Err(unreadable(&place, format!("more than {MOST_REFUND_LINES} lines on one refund")));
        }
        let id = number(wire.id.trimmed());
        let Some(refund) = order.refunds.iter_mut().find(|refund| refund.id == id) else { continue };
        let parts = parts(reader, &place, wire)?;
        let goods = parts.iter().filter(|part| part.restocked.is_some());
        refund.units = Some(goods.filter_map(|part| Some((part.line.clone()?, part.quantity))).collect());
        refund.note = wire.note.owned();
        refund.to_gift_cards = to_gift_cards(reader, &place, wire)?;
        refund.parts = parts;
    }
    Ok(())
}

fn parts(reader: &Reader<'_>, place: &str, wire: &UnitsOfRefund<'_>) -> Result<Vec<RefundPart>, Failure> {
    let line = |resource: Option<&Resource<'_>>| {
        resource.map(|resource| number(resource.id.trimmed()).to_owned()).filter(|id| !id.is_empty())
    };
    let amount = |bag: Option<&Bag<'_>>| Ok(reader.optional(place, bag)?.unwrap_or_default());
    let goods = wire.refund_line_items.nodes.iter().map(|units| {
        Ok(RefundPart {
            line: line(units.line_item.as_ref()),
            quantity: units.quantity.or_zero(),
            amount: amount(units.subtotal_set.as_ref())?,
            tax: amount(units.total_tax_set.as_ref())?,
            restocked: Some(is_restocked(units.restock_type.trimmed())),
        })
    });
    let freight = wire.refund_shipping_lines.nodes.iter().map(|freight| {
        Ok(RefundPart {
            line: line(freight.shipping_line.as_ref()),
            amount: amount(freight.subtotal_amount_set.as_ref())?,
            tax: amount(freight.tax_amount_set.as_ref())?,
            ..RefundPart::default()
        })
    });
    goods.chain(freight).collect()
}

fn to_gift_cards(reader: &Reader<'_>, place: &str, wire: &UnitsOfRefund<'_>) -> Result<Decimal, Failure> {
    let onto_cards = wire.transactions.nodes.iter().filter(|transaction| {
        transaction.kind.trimmed() == "REFUND"
            && transaction.status.trimmed() == "SUCCESS"
            && transaction.gateway.trimmed() == GIFT_CARD
    });
    onto_cards.into_iter().try_fold(Decimal::ZERO, |sum, transaction| {
        let amount = reader.optional(place, transaction.amount_set.as_ref())?;
        plus(place, sum, amount.unwrap_or_default())
    })
}
