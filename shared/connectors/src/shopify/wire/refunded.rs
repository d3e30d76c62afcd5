//! What the refunds of an order were given back for, as the Admin interface answers it: a query of its own, since most orders have no
//! refund and each line of one costs points.

use domain::Failure;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::graphql::{Bag, Connection, Reader, Resource, number};
use super::{GIFT_CARD, RefundPart, ShopOrder, is_restocked, plus, unreadable};
use crate::json::{Amount, List, Text};

/// Refunds that are asked for at once, and lines of each in the first answer: a line costs six points, and a refund some seventy beside
/// them.
pub(in crate::shopify) const REFUNDS_AT_ONCE: usize = 5;
/// Lines of each refund in the first answer.
pub(in crate::shopify) const FIRST_LINES: usize = 18;
/// Lines of one refund in each further answer.
pub(in crate::shopify) const MORE_LINES: usize = 100;
/// Freight lines, and transactions, of one refund that are read.
const MOST_FREIGHT_LINES: usize = 5;
const MOST_TRANSACTIONS: usize = 10;

/// What a line of a refund is asked for.
macro_rules! refund_line_fields {
    () => {
        "nodes { quantity restockType lineItem { id } \
         subtotalSet { shopMoney { amount currencyCode } } totalTaxSet { shopMoney { amount currencyCode } } } \
         pageInfo { hasNextPage endCursor }"
    };
}

/// What each of these refunds was given back for: units and amounts of lines and freight, and by which gateways.
pub(in crate::shopify) const REFUNDED_UNITS: &str = concat!(
    "query BogbroRefunds($order: ID!, $ids: [ID!]!, $lines: Int!) { order(id: $order) { id updatedAt } \
     nodes(ids: $ids) { ... on Refund { id note refundLineItems(first: $lines) { ",
    refund_line_fields!(),
    " } refundShippingLines(first: 5) { nodes { shippingLine { id } \
     subtotalAmountSet { shopMoney { amount currencyCode } } taxAmountSet { shopMoney { amount currencyCode } } } \
     pageInfo { hasNextPage } } \
     transactions(first: 10) { nodes { kind status gateway amountSet { shopMoney { amount currencyCode } } } \
     pageInfo { hasNextPage } } } } }"
);

/// Further lines of one refund.
pub(in crate::shopify) const MORE_REFUNDED_UNITS: &str = concat!(
    "query BogbroRefundLines($order: ID!, $ids: [ID!]!, $lines: Int!, $after: String!) { \
     order(id: $order) { id updatedAt } \
     nodes(ids: $ids) { ... on Refund { id refundLineItems(first: $lines, after: $after) { ",
    refund_line_fields!(),
    " } } } }"
);

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
        let id = number(wire.id.trimmed());
        let is_same = |other: &UnitsOfRefund<'_>| number(other.id.trimmed()) == id;
        // The lines of a long refund go on in a later entry of the same id.
        let goes_on = units.refunds.0.get(index + 1..).unwrap_or_default().iter().any(is_same);
        if wire.refund_line_items.page_info.has_next_page.0 && !goes_on {
            return Err(unreadable(&place, "the lines of the refund go on".to_owned()));
        }
        if wire.refund_shipping_lines.page_info.has_next_page.0 {
            return Err(unreadable(
                &place,
                format!("more than {MOST_FREIGHT_LINES} freight lines on one refund"),
            ));
        }
        if wire.transactions.page_info.has_next_page.0 {
            return Err(unreadable(
                &place,
                format!("more than {MOST_TRANSACTIONS} transactions of one refund"),
            ));
        }
        let Some(refund) = order.refunds.iter_mut().find(|refund| refund.id == id) else { continue };
        let parts = parts(reader, &place, wire)?;
        let goods = parts.iter().filter(|part| part.restocked.is_some());
        let units_here = goods.filter_map(|part| Some((part.line.clone()?, part.quantity)));
        refund.units.get_or_insert_default().extend(units_here);
        if units.refunds.0.iter().take(index).any(is_same) {
            refund.parts.extend(parts);
            continue;
        }
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
