//! From Frisbii's transactions to links.

use domain::Failure;

use super::wire::Transaction;
use crate::bridge::{Link, Moved};
use crate::figures;
use crate::json::rejected;

/// The link of a transaction that was settled or refunded; `None` for any other.
pub(super) fn link(transaction: &Transaction<'_>) -> Result<Option<Link>, Failure> {
    let (moved, at) = match (transaction.kind.trimmed(), transaction.state.trimmed()) {
        ("settle", "settled") => (Moved::Captured, transaction.settled.trimmed()),
        ("refund", "refunded") => (Moved::Refunded, transaction.refunded.trimmed()),
        _ => return Ok(None),
    };
    let unreadable = |place: &str| rejected("unreadable", format!("a transaction cannot be read at {place}"));
    let currency = figures::currency(transaction.currency.trimmed()).ok_or_else(|| unreadable("currency"))?;
    // Wallets that pay by card tell of the card payment in the same form under their own name.
    let card = [
        &transaction.card_transaction,
        &transaction.applepay_transaction,
        &transaction.googlepay_transaction,
        &transaction.mpo_transaction,
        &transaction.vipps_transaction,
    ]
    .into_iter()
    .flatten()
    .next();
    Ok(Some(Link {
        order: transaction.invoice.owned(),
        payment: transaction.id.clone().into_owned(),
        operation: transaction.id.clone().into_owned(),
        acquirer: card
            .and_then(|card| card.provider.given())
            .or(transaction.payment_type.given())
            .unwrap_or_default()
            .to_owned(),
        acquirer_reference: card
            .and_then(|card| card.acquirer_reference.given())
            .unwrap_or_default()
            .to_owned(),
        moved,
        amount: figures::from_smallest_units(transaction.amount, currency)
            .ok_or_else(|| unreadable("amount"))?,
        at: figures::instant(at),
    }))
}
