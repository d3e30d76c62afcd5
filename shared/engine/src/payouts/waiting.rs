//! Which payouts that wait come up by themselves, and when.
//!
//! Much of what keeps a payout from being planned is mended in the settings or in the accounts alone, and nobody tells: an account is
//! named, an invoice is booked after the report that pays it. Such a payout is matched and planned anew when the settings change, and each
//! night for as long as held orders are. What still keeps it is no news. Nothing of it is posted, so looking again decides nothing.

use domain::payout::PayoutState;
use domain::plan::{Reason, hash_json};
use jiff::{SignedDuration, Timestamp};

use super::record::PayoutRecord;
use crate::held::{NIGHTS, Occasion};
use crate::store::Trouble;

/// The flow is not in the merchant's file any more: only that can mend it.
const FLOW_GONE: &str = "payout-flow-gone";
/// What may be another each time that a payout is looked at, and makes no other trouble of it.
const PASSING_FACTS: &[&str] = &["amount", "count", "date", "message"];

/// True when a payout that stands so comes up by itself on that occasion.
pub fn comes_up(record: &PayoutRecord, occasion: Occasion, now: Timestamp) -> bool {
    use PayoutState::{Balanced, Matched, Received};
    let state = record.approval.state();
    let nothing_posted = matches!(state, Received | Balanced | Matched) && record.open_posting().is_none();
    let flow_gone = record.reasons.iter().any(|reason| reason.code == FLOW_GONE);
    let may_go_on = match occasion {
        // What was on its way goes on where it was once the flow is there again.
        Occasion::Settings => nothing_posted || flow_gone,
        Occasion::Night => {
            nothing_posted && !flow_gone && now <= since(record) + SignedDuration::from_hours(24 * NIGHTS)
        }
    };
    let is_leased = record.lease_until.is_some_and(|until| until > now);
    let waits = !record.reasons.is_empty() && record.due_at.is_none();
    may_go_on && waits && !is_leased && !record.is_set_aside()
}

/// Since when it is told what keeps the payout from going on: looking at it again tells nothing anew.
pub fn since(record: &PayoutRecord) -> Timestamp {
    let moved = record.approval.moves().last().map_or(record.received_at, |moved| moved.at);
    record.trouble.as_ref().map_or(moved, |trouble| trouble.since.max(moved))
}

/// The trouble that the record's reasons are, after the one of before.
pub(super) fn trouble_of(record: &PayoutRecord, now: Timestamp) -> Option<Trouble> {
    let before = record.trouble.as_ref();
    if record.reasons.is_empty() {
        // What comes up again was broken off before anybody could say what keeps it.
        return before.filter(|_| record.due_at.is_some()).cloned();
    }
    let lasting = |reason: &Reason| {
        let facts = reason.facts.iter().filter(|(name, _)| !PASSING_FACTS.contains(&name.as_str())).cloned();
        (reason.code.clone(), facts.collect::<Vec<_>>())
    };
    let cause = hash_json(&record.reasons.iter().map(lasting).collect::<Vec<_>>());
    let same = before.filter(|before| before.cause == cause);
    Some(same.cloned().unwrap_or(Trouble { cause, since: now }))
}
