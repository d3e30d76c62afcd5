//! What is due again: the scheduler's minute.
//!
//! "Later" is a fact in the ledger. The scheduler reads what is due from each shard and puts a message on the queue for
//! it; the claim then decides. A message that is put twice is harmless, and one that is lost is put again the next minute.

use jiff::Timestamp;

use crate::message::{Message, Outbox};
use crate::store::{DUE_SHARDS, Store, StoreFailure};

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueRound {
    /// Transfers that were due and put on the queue.
    pub sent: usize,
    /// Messages that could not be put there; they are due again the next minute.
    pub failed: usize,
    /// More was due than one round takes.
    pub more: bool,
}

/// Puts a message on the queue for every transfer that is due, at most `limit` for each shard.
///
/// # Errors
/// As the store says; what was sent before stays sent.
pub async fn send_due(
    store: &dyn Store,
    outbox: &dyn Outbox,
    now: Timestamp,
    limit: usize,
) -> Result<DueRound, StoreFailure> {
    let mut round = DueRound::default();
    for shard in 0..DUE_SHARDS {
        let due = store.due(shard, now, limit).await?;
        round.more |= due.len() >= limit;
        for due in due {
            match outbox.send(&Message::due(&due, now)).await {
                Ok(()) => round.sent += 1,
                Err(_) => round.failed += 1,
            }
        }
    }
    Ok(round)
}
