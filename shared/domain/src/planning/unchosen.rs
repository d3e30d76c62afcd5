//! An order that is not to be transferred any more, although a document of it that is not booked stands.
//!
//! Somebody will book that document. Where it is still what the shop says, nothing is to be done: an order that goes on to a state
//! which is not chosen has not fallen away. Where it is not, the merchant is told, as for an order that is cancelled.

use super::{Earlier, PlanInput, Stop, content, hold, trigger};
use crate::document::DocumentKind;
use crate::money::{Money, MoneyError};
use crate::order::{Order, PaymentState};
use crate::plan::Reason;
use crate::settings::BeforeBooking;

/// WooCommerce's state of an order whose payment failed.
const FAILED: &str = "failed";

/// The kind of document that the order is to be now.
///
/// # Errors
/// Stops for orders that are not to be transferred; holds one whose unbooked document is not what the shop says.
pub(super) fn wanted(input: &PlanInput<'_>, content_hash: &str) -> Result<DocumentKind, Stop> {
    match trigger::decide(input) {
        Err(Stop::Skip(reason)) => left_standing(input, reason, content_hash),
        decided => decided,
    }
}

/// What becomes of the document that stands, if any.
fn left_standing(input: &PlanInput<'_>, skipped: Reason, content_hash: &str) -> Result<DocumentKind, Stop> {
    let order = input.order;
    let Some(number) = trigger::unbooked(input) else { return Err(Stop::Skip(skipped)) };
    let held = |code: &str| Err(Stop::Hold(hold(code).with("order", &order.number).with("number", number)));
    if order.payment_state == PaymentState::Voided || trigger::same_word(&order.state, FAILED) {
        return held("voided-with-draft");
    }
    // Where refunds wait for the booking, the credit note follows it.
    let waits = input.settings.credit.before_booking == BeforeBooking::Wait;
    if !waits && is_refunded_whole(order)? {
        return held("refunded-with-draft");
    }
    let Some((earlier, document)) = input.earlier.and_then(|earlier| Some((earlier, earlier.document?)))
    else {
        return Err(Stop::Skip(skipped));
    };
    if earlier.plan.content_hash == content_hash {
        return Err(Stop::Skip(skipped));
    }
    if has_new_refunds_only(order, &earlier) {
        return Ok(document.kind);
    }
    if !input.settings.document.update_drafts && skipped.code == "state-not-chosen" {
        return Err(Stop::Skip(Reason::new("draft-updates-off").with("number", number)));
    }
    held("changed-with-draft")
}

fn is_refunded_whole(order: &Order) -> Result<bool, MoneyError> {
    let refunded = Money::sum(order.currency, order.refunds.iter().map(|refund| refund.total))?;
    let whole = order.total.minor() > 0 && refunded.minor() >= order.total.minor();
    Ok(whole || order.payment_state == PaymentState::Refunded)
}

/// True when the order is what its document was made of, but for refunds that came after.
fn has_new_refunds_only(order: &Order, earlier: &Earlier<'_>) -> bool {
    let mut before = order.clone();
    while before.refunds.pop().is_some() {
        if content::hash(&before) == earlier.plan.content_hash {
            return true;
        }
    }
    false
}
