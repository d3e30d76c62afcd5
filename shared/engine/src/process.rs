//! One message, from claim to conclusion.
//!
//! Claim first: a loser or a byte-equal duplicate stops with no outside call. Then the stored plan is finished if one is
//! open, else the entity is read from its source, a plan is made, stored, and carried out. Whatever happens ends in one
//! conclusion under the fence, which says where the transfer stands and when it comes up again.

use domain::EntityKind;
use domain::plan::Reason;
use jiff::{SignedDuration, Timestamp, Unit};

use crate::clock::Clock;
use crate::message::{MESSAGE_SCHEMA, Message, SettingsChoice};
use crate::policy::Limits;
use crate::route::{Connections, Route, RouteFailure};
use crate::session::Session;
use crate::store::{
    Claim, Claimed, GivenUpBy, Head, LEDGER_SCHEMA, ParkedDelivery, Status, Store, StoreFailure,
};

use crate::log::Why;

/// How often a claim is tried when the owner of a lease ends just then.
const CLAIM_ROUNDS: u32 = 4;

/// The machinery over one deployment.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// Time.
    pub clock: &'a dyn Clock,
    /// The ledger.
    pub store: &'a dyn Store,
    /// Settings, ports and transports.
    pub connections: &'a dyn Connections,
    /// Limits.
    pub limits: Limits,
}

/// One delivery of a message to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The message.
    pub message: Message,
    /// Unique for this delivery (two deliveries of one message have two): the claim is recognised by it.
    pub token: String,
    /// Until when this worker may work. The lease outlasts it by more than any request may take.
    pub deadline: Timestamp,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Worked on; the transfer stands so.
    Concluded(Status),
    /// Settled before for these very bytes.
    Duplicate,
    /// The merchant's settings carry nothing of this kind over.
    NotWanted,
    /// It waits for a later time and will be read afresh then.
    Deferred,
    /// Somebody works on it for these very bytes.
    InHand,
    /// Somebody works on it, and was told that there is newer news.
    WordLeft,
    /// A newer claim took over.
    Fenced,
    /// It could not be understood, and is kept visible.
    KeptAside,
    /// The ledger or the settings could not be reached: leave the message on the queue.
    Retry(String),
}

impl Outcome {
    /// The message may be taken off the queue.
    pub const fn is_finished(&self) -> bool {
        !matches!(self, Outcome::Retry(_))
    }
}

impl Engine<'_> {
    /// Now, in whole milliseconds, which is what the table keeps.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        now.round(Unit::Millisecond).unwrap_or(now)
    }

    /// Works on one message.
    pub async fn process(&self, work: &Work) -> Outcome {
        let message = &work.message;
        if message.schema != MESSAGE_SCHEMA {
            return Outcome::Retry(format!("unknown message schema {}", message.schema));
        }
        let route = match self.connections.route(&message.merchant, &message.connection, None).await {
            Ok(route) if route.shop.source == message.source => route,
            Ok(_) => return self.keep_aside(message, "another shop stands behind the connection").await,
            Err(RouteFailure::Unknown(words)) => return self.keep_aside(message, &words).await,
            Err(RouteFailure::Unavailable(words)) => return Outcome::Retry(words),
        };
        // Without this, every sale that takes stock would be paid for again as a product event.
        let product = message.kind == EntityKind::Product && message.why == Why::Webhook;
        if product && route.settings.products.catalogue.is_off() {
            return Outcome::NotWanted;
        }
        if let Err(outcome) = self.settings_then(message).await {
            return outcome;
        }
        let head = match self.claim(work, &route).await {
            Ok(head) => head,
            Err(outcome) => return outcome,
        };
        let route = match self.route_then(message, route, &head).await {
            Ok(route) => route,
            Err(outcome) => return outcome,
        };
        Session::new(*self, route, work, head).run().await
    }

    /// Where the settings of the last planning were asked for, they are read before anything is claimed: what is claimed and not worked
    /// on comes up again by itself, and would be done with the settings of that day.
    async fn settings_then(&self, message: &Message) -> Result<(), Outcome> {
        if message.settings == SettingsChoice::Now {
            return Ok(());
        }
        let failed = |failure: StoreFailure| Outcome::Retry(failure.to_string());
        let Some(head) = self.store.head(&message.transfer()).await.map_err(failed)? else { return Ok(()) };
        let version = Some(head.settings_version).filter(|version| *version > 0);
        match self.connections.route(&message.merchant, &message.connection, version).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(Outcome::Retry(failure.to_string())),
        }
    }

    /// The route with the settings of the last planning, where that was asked for.
    async fn route_then(&self, message: &Message, now: Route, head: &Head) -> Result<Route, Outcome> {
        if message.settings == SettingsChoice::Now || head.settings_version == 0 {
            return Ok(now);
        }
        let version = Some(head.settings_version);
        self.connections
            .route(&message.merchant, &message.connection, version)
            .await
            .map_err(|failure| Outcome::Retry(failure.to_string()))
    }

    /// Takes the transfer, or says why there is nothing to do.
    async fn claim(&self, work: &Work, route: &Route) -> Result<Head, Outcome> {
        let message = &work.message;
        let mut last = String::new();
        for _ in 0..CLAIM_ROUNDS.max(self.limits.store_tries) {
            let claim = Claim {
                transfer: message.transfer(),
                connection: message.connection.clone(),
                token: work.token.clone(),
                now: self.now(),
                lease_until: self.lease_until(work, route),
                body_hash: message.body_hash.clone(),
                early: matches!(message.why, Why::Due | Why::Replay),
            };
            match self.store.claim(&claim).await {
                Ok(Claimed::Taken(head)) => return Ok(head),
                Ok(Claimed::Duplicate(_)) => return Err(Outcome::Duplicate),
                Ok(Claimed::Deferred(_)) => return Err(Outcome::Deferred),
                Ok(Claimed::Leased(head)) => match self.leave_word(message, &head).await {
                    Some(outcome) => return Err(outcome),
                    None => "the owner ended just then".clone_into(&mut last),
                },
                Err(StoreFailure::Unavailable(words)) => last = words,
                Err(failure) => return Err(Outcome::Retry(failure.to_string())),
            }
        }
        Err(Outcome::Retry(last))
    }

    /// Somebody else works on it: tells them, unless they know. `None`: they ended meanwhile.
    async fn leave_word(&self, message: &Message, head: &Head) -> Option<Outcome> {
        // A dead owner's transfer comes up again at the end of its lease; a live one's needs no second look for that.
        let known = !message.body_hash.is_empty() && message.body_hash == head.claimed_hash;
        if known || message.why == Why::Due {
            return Some(Outcome::InHand);
        }
        match self.store.leave_word(&head.transfer, head.fence).await {
            Ok(true) => Some(Outcome::WordLeft),
            Ok(false) | Err(StoreFailure::Unavailable(_)) => None,
            Err(failure) => Some(Outcome::Retry(failure.to_string())),
        }
    }

    /// The end of a lease: after the worker's deadline by more than the longest request, so that whatever it sent has
    /// arrived, or never will, before somebody else may claim.
    pub(crate) fn lease_until(&self, work: &Work, route: &Route) -> Timestamp {
        let longest =
            route.accounting.port.manifest().timeout_seconds.max(route.shop.port.manifest().timeout_seconds);
        let margin = SignedDuration::from_secs(i64::from(longest) + self.limits.lease_margin_seconds);
        let until = work.deadline.max(self.now()) + margin;
        until.round(Unit::Millisecond).unwrap_or(until)
    }

    async fn keep_aside(&self, message: &Message, words: &str) -> Outcome {
        let delivery = ParkedDelivery {
            schema: LEDGER_SCHEMA,
            merchant: message.merchant.clone(),
            connection: message.connection.clone(),
            body_hash: entry_of(message),
            entity: Some(message.entity.clone()),
            reason: Reason::new("no-flow").with("message", words),
            at: self.now(),
            message: serde_json::to_string(message).unwrap_or_default(),
            queue: Some(if message.why == Why::Webhook { GivenUpBy::Orders } else { GivenUpBy::Backfill }),
        };
        match self.store.park_delivery(&delivery).await {
            Ok(()) => Outcome::KeptAside,
            Err(failure) => Outcome::Retry(failure.to_string()),
        }
    }
}

/// The entry that a message is kept under. One that brings no body is known by the transfer that it is about: the next look at the shop
/// sends it anew, and it is the same news.
fn entry_of(message: &Message) -> String {
    if message.body_hash.is_empty() {
        domain::plan::hash_json(&message.transfer())
    } else {
        message.body_hash.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use domain::catalogue::MasterData;
    use domain::{ConnectionId, EntityId, MerchantId};
    use futures::executor::block_on;

    use super::*;
    use crate::memory::MemoryStore;

    /// A deployment in which no connection can be used.
    struct Nowhere;

    impl Clock for Nowhere {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    #[async_trait]
    impl Connections for Nowhere {
        async fn route(
            &self,
            _: &MerchantId,
            _: &ConnectionId,
            _: Option<u64>,
        ) -> Result<Route, RouteFailure> {
            Err(RouteFailure::Unknown("a secret is missing".to_owned()))
        }

        fn kept_master_data(&self, _: &Route) -> Option<Arc<MasterData>> {
            None
        }

        fn keep_master_data(&self, _: &Route, _: Arc<MasterData>) {}

        fn forget_master_data(&self, _: &Route) {}
    }

    fn swept(order: &str) -> Work {
        let message = Message {
            schema: MESSAGE_SCHEMA,
            merchant: MerchantId::new("m"),
            connection: ConnectionId::new("c"),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new(order),
            received_at: Timestamp::UNIX_EPOCH,
            why: Why::Sweep,
            settings: SettingsChoice::Now,
            deduplication: String::new(),
            body: String::new(),
            body_hash: String::new(),
        };
        Work { message, token: order.to_owned(), deadline: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn each_message_that_cannot_be_worked_on_is_kept_visible_also_where_none_brings_a_body() {
        let store = MemoryStore::new();
        let engine =
            Engine { clock: &Nowhere, store: &store, connections: &Nowhere, limits: Limits::default() };
        for order in ["1", "2", "2"] {
            assert_eq!(block_on(engine.process(&swept(order))), Outcome::KeptAside, "{order}");
        }
        let kept = block_on(store.parked_deliveries(&MerchantId::new("m"), None)).expect("listed").items;
        let mut orders: Vec<&str> =
            kept.iter().filter_map(|entry| entry.entity.as_ref()).map(EntityId::as_str).collect();
        orders.sort_unstable();
        assert_eq!(orders, ["1", "2"]);
        assert!(kept.iter().all(|entry| !entry.body_hash.is_empty()), "each has a name");
    }
}
