//! What is due again: the scheduler's minute.
//!
//! "Later" is a fact in the ledger. The scheduler reads what is due from each shard and puts a message on the queue for
//! it; the claim then decides. A message that is put twice is harmless, and one that is lost is put again the next minute.
//!
//! What is due comes earliest first, so that what can never be sent would stand before everything else for ever: a round
//! pages past it. A transfer whose connection is gone, or from which no flow starts any more, is parked: it is due no more,
//! stands where people see it, and goes on when the settings have the flow again, or by a replay.

use domain::plan::Reason;
use jiff::{SignedDuration, Timestamp};

use crate::message::{Message, Outbox, OutboxFailure};
use crate::store::{
    Applied, Claim, Claimed, Conclusion, DUE_SHARDS, Due, Head, Hold, Status, Store, StoreFailure, Trouble,
};

/// Pages of one shard that a round reads, at most.
const MOST_PAGES: usize = 20;
/// Transfers of one shard that a round parks, at most; what is left is passed over and parked by the next.
const MOST_PARKED: usize = 200;
/// How long parking one takes, at most.
const PARKING: SignedDuration = SignedDuration::from_secs(60);
/// How long after the parking its locks are kept: whatever a worker before had sent has arrived by then, and is visible.
const SETTLING: SignedDuration = SignedDuration::from_mins(15);

/// What one round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueRound {
    /// Transfers that were due and put on the queue.
    pub sent: usize,
    /// Messages that could not be put there; they are due again the next minute.
    pub failed: usize,
    /// Transfers that lead nowhere any more, and were parked.
    pub parked: usize,
    /// More was due than one round takes.
    pub more: bool,
    /// The first shard that could not be read, in the store's words; the others were.
    pub failure: Option<StoreFailure>,
}

/// Puts a message on the queue for every transfer that is due, at most `limit` for each shard.
pub async fn send_due(store: &dyn Store, outbox: &dyn Outbox, now: Timestamp, limit: usize) -> DueRound {
    let mut round = DueRound::default();
    for shard in 0..DUE_SHARDS {
        if let Err(failure) = send_shard(store, outbox, (shard, now, limit), &mut round).await {
            round.failure.get_or_insert(failure);
        }
    }
    round
}

async fn send_shard(
    store: &dyn Store,
    outbox: &dyn Outbox,
    (shard, now, limit): (u8, Timestamp, usize),
    round: &mut DueRound,
) -> Result<(), StoreFailure> {
    let (mut tried, mut parked) = (0, 0);
    let mut page: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let found = store.due(shard, now, limit, page.as_deref()).await?;
        for due in found.items {
            if tried >= limit {
                round.more = true;
                return Ok(());
            }
            match outbox.send(&Message::due(&due, now)).await {
                Ok(()) => (round.sent, tried) = (round.sent + 1, tried + 1),
                Err(OutboxFailure::Unavailable(_)) => (round.failed, tried) = (round.failed + 1, tried + 1),
                Err(OutboxFailure::Nowhere(words)) if parked < MOST_PARKED => {
                    parked += 1;
                    match park(store, &due, now, &words).await {
                        Ok(()) => round.parked += 1,
                        Err(_) => round.failed += 1,
                    }
                }
                Err(OutboxFailure::Nowhere(_)) => round.more = true,
            }
        }
        page = found.next;
        if page.is_none() {
            return Ok(());
        }
    }
    round.more = true;
    Ok(())
}

/// Parks a transfer that leads nowhere, under a claim of its own. One that somebody works on is left alone.
async fn park(store: &dyn Store, due: &Due, now: Timestamp, words: &str) -> Result<(), StoreFailure> {
    let claim = Claim {
        transfer: due.transfer.clone(),
        connection: due.connection.clone(),
        token: format!("nowhere:{}:{}", due.fence, now.as_millisecond()),
        now,
        lease_until: now + PARKING,
        body_hash: String::new(),
        early: true,
    };
    match store.claim(&claim).await? {
        Claimed::Taken(head) => store.conclude(&parking(head, now, words)).await.map(|_| ()),
        Claimed::Leased(_) | Claimed::Duplicate(_) | Claimed::Deferred(_) => Ok(()),
    }
}

/// Everything stays as it was, but that it is parked and due no more.
fn parking(head: Head, now: Timestamp, words: &str) -> Conclusion {
    let reason = Reason::new("no-flow").with("message", words);
    // The bytes that came last must be news when they come again: nothing of them is done.
    let applied = head.applied.map(|applied| Applied { body_hash: String::new(), ..applied });
    let status = Status::Parked { code: reason.code };
    let trouble = Trouble::after(head.trouble.as_ref(), &status, &reason.facts, now);
    Conclusion {
        trouble,
        hold: Hold { transfer: head.transfer, fence: head.fence, token: head.claim, now },
        status,
        facts: reason.facts,
        attempts: 0,
        waits: 0,
        applied,
        plan_open: head.plan.is_some_and(|plan| plan.open),
        progress: head.progress,
        documents: head.documents,
        due_at: None,
        order: None,
        pointers: Vec::new(),
        releases: head.locks.into_iter().map(|lock| (lock, now + SETTLING)).collect(),
        despite_word: true,
        log: None,
        log_tail: head.log_tail,
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::{ConnectionId, EntityId, EntityKind, MerchantId, TransferId};
    use futures::executor::block_on;
    use std::sync::Mutex;

    use super::*;
    use crate::memory::MemoryStore;
    use crate::store::due_shard;

    /// A queue that takes what comes through every connection but one.
    #[derive(Default)]
    struct Queue {
        sent: Mutex<Vec<TransferId>>,
    }

    #[async_trait]
    impl Outbox for Queue {
        async fn send(&self, message: &Message) -> Result<(), OutboxFailure> {
            if message.connection == ConnectionId::new("gone") {
                return Err(OutboxFailure::Nowhere("a flow from connection gone".to_owned()));
            }
            self.sent.lock().expect("nobody panicked").push(message.transfer());
            Ok(())
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + second)
    }

    fn transfer(merchant: &str, entity: u32) -> TransferId {
        TransferId {
            merchant: MerchantId::new(merchant),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new(entity.to_string()),
        }
    }

    /// Claims a transfer and lets it wait until it is due.
    fn waits(store: &MemoryStore, transfer: &TransferId, connection: &str, due: i64) {
        let claim = Claim {
            transfer: transfer.clone(),
            connection: ConnectionId::new(connection),
            token: "token".to_owned(),
            now: at(0),
            lease_until: at(60),
            body_hash: "bytes".to_owned(),
            early: false,
        };
        let Ok(Claimed::Taken(head)) = block_on(store.claim(&claim)) else { panic!("it is free") };
        let applied = Applied { body_hash: "bytes".to_owned(), ..Applied::default() };
        let waiting = Conclusion {
            status: Status::Waiting { code: "paused".to_owned() },
            due_at: Some(at(due)),
            applied: Some(applied),
            ..parking(head, at(1), "")
        };
        block_on(store.conclude(&waiting)).expect("it waits");
    }

    fn in_shard(shard: u8, merchant: &str) -> impl Iterator<Item = TransferId> {
        (0..)
            .map(move |entity| transfer(merchant, entity))
            .filter(move |transfer| due_shard(transfer) == shard)
    }

    #[test]
    fn transfers_that_lead_nowhere_any_more_keep_nobody_elses_back_and_stand_on_the_list() {
        let store = MemoryStore::new();
        for shard in 0..DUE_SHARDS {
            for transfer in in_shard(shard, "a").take(101) {
                waits(&store, &transfer, "gone", 100);
            }
            waits(&store, &in_shard(shard, "b").next().expect("one"), "there", 200);
        }
        let queue = Queue::default();
        let round = block_on(send_due(&store, &queue, at(300), 100));
        let shards = usize::from(DUE_SHARDS);
        let expected = DueRound { sent: shards, parked: 101 * shards, ..DueRound::default() };
        assert_eq!(round, expected);
        let sent = queue.sent.lock().expect("nobody panicked").clone();
        assert!(sent.iter().all(|transfer| transfer.merchant == MerchantId::new("b")), "{sent:?}");

        // They are due no more, stand where people see them, and are taken up by whatever news comes, the same bytes too.
        for shard in 0..DUE_SHARDS {
            let due = block_on(store.due(shard, at(10_000), 1_000, None)).expect("a list").items;
            assert!(due.iter().all(|due| due.transfer.merchant == MerchantId::new("b")), "{due:?}");
        }
        let head = block_on(store.head(&transfer("a", 0))).expect("the store").expect("a head");
        assert_eq!(head.status, Status::Parked { code: "no-flow".to_owned() });
        assert_eq!((head.due_at, head.lease_until), (None, None));
        assert_eq!(head.applied.map(|applied| applied.body_hash), Some(String::new()));
        let again = block_on(send_due(&store, &queue, at(301), 100));
        assert_eq!((again.sent, again.parked), (shards, 0));
    }

    #[test]
    fn what_somebody_works_on_is_not_parked() {
        let store = MemoryStore::new();
        waits(&store, &transfer("a", 1), "gone", 100);
        let due = Due {
            transfer: transfer("a", 1),
            connection: ConnectionId::new("gone"),
            due_at: at(100),
            fence: 1,
        };
        let claim = Claim {
            transfer: due.transfer.clone(),
            connection: due.connection.clone(),
            token: "worker".to_owned(),
            now: at(150),
            lease_until: at(400),
            body_hash: String::new(),
            early: true,
        };
        assert!(matches!(block_on(store.claim(&claim)), Ok(Claimed::Taken(_))));
        block_on(park(&store, &due, at(300), "gone")).expect("it is left alone");
        let head = block_on(store.head(&due.transfer)).expect("the store").expect("a head");
        assert_eq!((head.claim.as_str(), head.lease_until), ("worker", Some(at(400))));
    }
}
