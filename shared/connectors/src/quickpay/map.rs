//! From QuickPay's payments to links: one for each capture and refund that went through.

use domain::Failure;

use super::wire::{APPROVED, Data, Operation, Payment};
use crate::bridge::{Link, Moved};
use crate::figures;
use crate::json::{read_answer, rejected};

/// The links of one payment; none for a test payment.
pub(super) fn links(payment: &Payment<'_>) -> Result<Vec<Link>, Failure> {
    if payment.test_mode.0 {
        return Ok(Vec::new());
    }
    let mut links = Vec::new();
    for operation in &payment.operations.0 {
        links.extend(link(payment, operation)?);
    }
    Ok(links)
}

fn link(payment: &Payment<'_>, operation: &Operation<'_>) -> Result<Option<Link>, Failure> {
    let moved = match operation.kind.trimmed() {
        "capture" => Moved::Captured,
        "refund" => Moved::Refunded,
        _ => return Ok(None),
    };
    if operation.pending.0 || operation.qp_status_code.trimmed() != APPROVED {
        return Ok(None);
    }
    let unreadable = |place: &str| rejected("unreadable", format!("a payment cannot be read at {place}"));
    let currency = figures::currency(&payment.currency).ok_or_else(|| unreadable("currency"))?;
    let units = operation.amount.ok_or_else(|| unreadable("operations.amount"))?;
    let raw = operation.data.map(serde_json::value::RawValue::get).filter(|raw| raw.starts_with('{'));
    let data: Data<'_> = raw.map(|raw| read_answer("the operation", raw)).transpose()?.unwrap_or_default();
    Ok(Some(Link {
        order: payment.order_id.owned(),
        payment: payment.id.to_string(),
        operation: format!("{}/{}", payment.id, operation.id),
        acquirer: operation.acquirer.given().or(payment.acquirer.given()).unwrap_or_default().to_owned(),
        acquirer_reference: data
            .acquirer_reference
            .given()
            .or(data.arn.given())
            .unwrap_or_default()
            .to_owned(),
        moved,
        amount: figures::from_smallest_units(units, currency)
            .ok_or_else(|| unreadable("operations.amount"))?,
        at: figures::instant(operation.created_at.trimmed()),
    }))
}
