//! The sweep: what a shop changed is found even when its webhooks never came.
//!
//! Shops drop events and switch webhooks off after failures. The sweep lists what changed since its cursor, with overlap,
//! because a shop's clock and its lists may lag, and puts a message on the queue for everything that the ledger does not
//! reflect yet. The cursor moves only when all of that is on the queue, and only from the place it was read at.
//!
//! A shop may let one sweep read a part of its list only. What was read is sent then, and the cursor keeps the list's own place, so
//! that each sweep gets further, however much changed in however short a time.

use domain::{ConnectionId, EntityId, EntityKind, Failure, MerchantId, TransferId};
use jiff::{SignedDuration, Timestamp};

use crate::log::Why;
use crate::message::{MESSAGE_SCHEMA, Message, Outbox, SettingsChoice};
use crate::process::Engine;
use crate::recorder::{Recorder, RecordingTransport};
use crate::route::{Route, RouteFailure};
use crate::store::{Applied, Cursor, Pause, PauseScope, StoreFailure};

/// Pages read in one sweep, at most; the next one goes on from there.
const MOST_PAGES: usize = 40;

/// How far a sweep looks back beyond its cursor, in seconds.
pub const OVERLAP_SECONDS: i64 = 15 * 60;

/// How far the first sweep of a connection looks back, in seconds.
pub const FIRST_LOOK_SECONDS: i64 = 48 * 3600;

/// What one sweep did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepRound {
    /// Changes that the shop listed.
    pub listed: usize,
    /// Of these, what the ledger did not reflect: put on the queue.
    pub sent: usize,
    /// More was changed than one sweep could read; the next one goes on.
    pub more: bool,
    /// The connection is paused: nothing was read.
    pub paused: bool,
}

/// Why a sweep did not come to its end. The cursor stands where it stood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SweepFailure {
    /// No route.
    #[error(transparent)]
    Route(#[from] RouteFailure),
    /// The shop.
    #[error("the shop: {0}")]
    Shop(#[from] Failure),
    /// The ledger.
    #[error("the ledger: {0}")]
    Ledger(#[from] StoreFailure),
    /// The queue.
    #[error("the queue: {0}")]
    Queue(String),
}

impl Engine<'_> {
    /// Sweeps one shop's connection.
    ///
    /// # Errors
    /// See [`SweepFailure`]; a repeat is harmless.
    pub async fn sweep(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        outbox: &dyn Outbox,
        deadline: Timestamp,
    ) -> Result<SweepRound, SweepFailure> {
        let route = self.connections.route(merchant, connection, None).await?;
        if route.paused.is_some() {
            return Ok(SweepRound { paused: true, ..SweepRound::default() });
        }
        let now = self.now();
        let cursor = self.store.cursor(merchant, connection).await?;
        let since = match &cursor {
            Some(cursor) => cursor.seen_to - SignedDuration::from_secs(OVERLAP_SECONDS),
            None => now - SignedDuration::from_secs(FIRST_LOOK_SECONDS),
        };
        let version = cursor.as_ref().map_or(1, |cursor| cursor.version + 1);
        let seen_before = since + SignedDuration::from_secs(OVERLAP_SECONDS);
        let page = cursor.and_then(|cursor| cursor.page);
        let listing = match self.changes(&route, (since, Timestamp::MAX), page.clone(), deadline).await {
            Err(Failure::Unauthorized { message }) => {
                return Err(self.pause_shop(&route, message).await.into());
            }
            // A place that the shop does not know any more: the next sweep begins at the time again.
            Err(failure @ Failure::Rejected { .. }) if page.is_some() => {
                let cursor = Cursor { seen_to: seen_before, page: None, version };
                self.move_cursor(merchant, connection, &cursor).await?;
                return Err(failure.into());
            }
            listing => listing?,
        };
        let more = listing.next.is_some();
        let mut round = SweepRound { listed: listing.changes.len(), more, ..SweepRound::default() };
        for (entity, changed_at) in &listing.changes {
            if self.reflects(&route, entity, *changed_at).await? {
                continue;
            }
            outbox
                .send(&sweep_message(&route, entity, *changed_at, now))
                .await
                .map_err(|failure| SweepFailure::Queue(failure.to_string()))?;
            round.sent += 1;
        }
        // While there is more, the place decides; the time is where a list without its place would begin.
        let newest = listing.changes.iter().map(|(_, at)| *at).max();
        let seen_to = if more { newest.unwrap_or(seen_before).max(seen_before) } else { now };
        self.move_cursor(merchant, connection, &Cursor { seen_to, page: listing.next, version }).await?;
        Ok(round)
    }

    async fn move_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        cursor: &Cursor,
    ) -> Result<(), StoreFailure> {
        match self.store.move_cursor(merchant, connection, cursor).await {
            // Another sweep moved it meanwhile: both put what they found on the queue.
            Ok(()) | Err(StoreFailure::Conflict) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// What the shop changed from a time on, or from the place that an earlier list came to, until a change at `until` is met, the list
    /// ends, or the shop lets no more of it be read.
    pub(crate) async fn changes(
        &self,
        route: &Route,
        (since, until): (Timestamp, Timestamp),
        page: Option<String>,
        deadline: Timestamp,
    ) -> Result<Listing, Failure> {
        let recorder = Recorder::default();
        let manifest = route.shop.port.manifest();
        let shop = &*route.shop.transport;
        let transport = RecordingTransport::new(shop, manifest, &recorder, (self.clock, deadline));
        let mut listing = Listing { changes: Vec::new(), next: page };
        for number in 0..MOST_PAGES {
            let found = match route.shop.port.changed_since(&transport, since, listing.next.as_deref()).await
            {
                Ok(found) => found,
                // The budget is spent, or the time: what was listed is worth having.
                Err(Failure::Busy { .. }) if number > 0 => break,
                Err(failure) => return Err(failure),
            };
            let over = found.changes.last().is_some_and(|(_, at)| *at >= until);
            listing.changes.extend(found.changes);
            listing.next = found.next.filter(|_| !over);
            if listing.next.is_none() {
                break;
            }
        }
        Ok(listing)
    }

    /// True when the ledger reflects this change already, or will by itself.
    async fn reflects(
        &self,
        route: &Route,
        entity: &EntityId,
        changed_at: Timestamp,
    ) -> Result<bool, StoreFailure> {
        let head = self.store.head(&transfer_of(route, entity)).await?;
        Ok(head.is_some_and(|head| {
            let applied = head.applied.as_ref();
            let newer = |applied: &Applied| applied.modified_at.is_some_and(|at| at > changed_at);
            // Shops tell the second of a change, no more.
            let whole = changed_at + SignedDuration::from_secs(1);
            let same = |applied: &Applied| {
                applied.modified_at == Some(changed_at) && applied.read_at.is_some_and(|at| at > whole)
            };
            let reflected = applied.is_some_and(|applied| newer(applied) || same(applied));
            head.status.is_settled() && (reflected || head.is_left_erased())
        }))
    }

    async fn pause_shop(&self, route: &Route, message: String) -> Failure {
        let scope = PauseScope::Connection {
            merchant: route.merchant.clone(),
            connection: route.shop.connection.clone(),
        };
        let reason = domain::plan::Reason::new("unauthorized").with("message", &message);
        // A pause that could not be set is set by the next call that meets the same refusal.
        let _ = self.store.pause(&Pause { scope, reason, since: self.now() }).await;
        Failure::Unauthorized { message }
    }
}

/// What a shop listed.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) changes: Vec<(EntityId, Timestamp)>,
    /// Where the list goes on; `None` when it came to its end.
    pub(crate) next: Option<String>,
}

fn transfer_of(route: &Route, entity: &EntityId) -> TransferId {
    TransferId {
        merchant: route.merchant.clone(),
        source: route.shop.source.clone(),
        kind: EntityKind::Order,
        entity: entity.clone(),
    }
}

fn sweep_message(route: &Route, entity: &EntityId, changed_at: Timestamp, now: Timestamp) -> Message {
    Message {
        schema: MESSAGE_SCHEMA,
        merchant: route.merchant.clone(),
        connection: route.shop.connection.clone(),
        source: route.shop.source.clone(),
        kind: EntityKind::Order,
        entity: entity.clone(),
        body_hash: String::new(),
        received_at: now,
        why: Why::Sweep,
        settings: SettingsChoice::Now,
        // Minutes are in it so that a change whose message was worked on too early is put on the queue again.
        deduplication: format!(
            "sweep:{}:{}:{}",
            transfer_of(route, entity),
            changed_at.as_millisecond(),
            now.as_second() / 600
        ),
        body: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use connectors::http::{Request, Response, Transport};
    use connectors::ports::ReadingRules;
    use connectors::registry;
    use domain::catalogue::MasterData;
    use domain::document::{DocumentKind, Totals};
    use domain::settings::Settings;
    use domain::{AgreementId, Currency, EffectKey, Money};
    use futures::executor::block_on;
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::Clock;
    use crate::compare::{ComparisonFailure, ListedDay};
    use crate::memory::MemoryStore;
    use crate::message::OutboxFailure;
    use crate::policy::Limits;
    use crate::route::{AccountingEnd, Connections, ShopEnd};
    use crate::store::{Claim, Claimed, Conclusion, DocumentRecord, Hold, OrderFacts, Status, Store as _};

    /// What a budget of sixty calls a minute leaves to one turn of the clock: a quarter of it for everything that is no live order, and
    /// of that a lane's part.
    const CALLS_OF_A_TURN: usize = 4;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).expect("a time")
    }

    /// A Shopify whose orders were changed at these times, in order, and that answers so many calls in a turn.
    struct Shop {
        changed: Vec<Timestamp>,
        calls_left: AtomicUsize,
    }

    #[async_trait]
    impl Transport for Shop {
        async fn read(&self, request: Request) -> Result<Response, Failure> {
            let left = self.calls_left.load(Ordering::SeqCst);
            if left == 0 {
                let message = "the rate budget is spent".to_owned();
                return Err(Failure::Busy { retry_after_ms: Some(16_000), message });
            }
            self.calls_left.store(left - 1, Ordering::SeqCst);
            let asked: Value = serde_json::from_str(&request.body.expect("a query")).expect("JSON");
            let variables = &asked["variables"];
            let since =
                variables["query"].as_str().and_then(|query| query.split('\'').nth(1)).expect("a time");
            let since: Timestamp = since.parse().expect("a time");
            let first = usize::try_from(variables["first"].as_u64().expect("a number")).expect("small");
            let after =
                variables["after"].as_str().map_or(0, |place| place.parse::<usize>().expect("ours") + 1);
            let listed =
                self.changed.iter().enumerate().filter(|(_, at)| at.as_second() >= since.as_second());
            let listed: Vec<_> = listed.filter(|(number, _)| *number >= after).collect();
            let page = &listed[..first.min(listed.len())];
            let nodes: Vec<Value> = page
                .iter()
                .map(|(number, at)| {
                    json!({ "id": format!("gid://shopify/Order/{number}"), "updatedAt": at.to_string() })
                })
                .collect();
            let info = json!({
                "hasNextPage": listed.len() > first,
                "endCursor": page.last().map(|(number, _)| number.to_string()),
            });
            let body = json!({ "data": { "orders": { "nodes": nodes, "pageInfo": info } } });
            Ok(Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() })
        }

        async fn write(&self, _: &EffectKey, _: Request) -> Result<Response, Failure> {
            panic!("a list writes nothing")
        }
    }

    /// Books in which nothing was booked.
    struct EmptyBooks;

    #[async_trait]
    impl Transport for EmptyBooks {
        async fn read(&self, _: Request) -> Result<Response, Failure> {
            let body = br#"{"collection":[],"pagination":{"results":0}}"#.to_vec();
            Ok(Response { status: 200, headers: Vec::new(), body })
        }

        async fn write(&self, _: &EffectKey, _: Request) -> Result<Response, Failure> {
            panic!("a comparison writes nothing")
        }
    }

    struct World {
        shop: Arc<Shop>,
        store: MemoryStore,
        now: Mutex<Timestamp>,
        sent: Mutex<BTreeSet<String>>,
    }

    impl Clock for World {
        fn now(&self) -> Timestamp {
            *self.now.lock().expect("nobody panicked")
        }
    }

    #[async_trait]
    impl Outbox for World {
        async fn send(&self, message: &Message) -> Result<(), OutboxFailure> {
            self.sent.lock().expect("nobody panicked").insert(message.entity.to_string());
            Ok(())
        }
    }

    #[async_trait]
    impl Connections for World {
        async fn route(
            &self,
            merchant: &MerchantId,
            connection: &ConnectionId,
            _: Option<u64>,
        ) -> Result<Route, RouteFailure> {
            Ok(Route {
                merchant: merchant.clone(),
                shop: ShopEnd {
                    connection: connection.clone(),
                    source: "shopify:shop.example".to_owned(),
                    port: registry::webshop("shopify").expect("it is there"),
                    transport: self.shop.clone(),
                    rules: ReadingRules::default(),
                },
                accounting: AccountingEnd {
                    connection: ConnectionId::new("books"),
                    agreement: AgreementId::new("1"),
                    port: registry::accounting("e-conomic").expect("it is there"),
                    transport: Arc::new(EmptyBooks),
                },
                vat_register: None,
                settings: Settings::default(),
                settings_version: 1,
                time_zone: TimeZone::UTC,
                payouts: false,
                order_numbers: Vec::new(),
                paused: None,
                epoch: None,
            })
        }

        fn kept_master_data(&self, _: &Route) -> Option<Arc<MasterData>> {
            None
        }

        fn keep_master_data(&self, _: &Route, _: Arc<MasterData>) {}

        fn forget_master_data(&self, _: &Route) {}
    }

    impl World {
        fn of(changed: Vec<Timestamp>, now: Timestamp) -> World {
            World {
                shop: Arc::new(Shop { changed, calls_left: AtomicUsize::new(0) }),
                store: MemoryStore::new(),
                now: Mutex::new(now),
                sent: Mutex::default(),
            }
        }

        fn engine(&self) -> Engine<'_> {
            Engine { clock: self, store: &self.store, connections: self, limits: Limits::default() }
        }

        /// One turn of the clock, ten minutes after the one before.
        fn turn(&self) -> Result<SweepRound, SweepFailure> {
            self.shop.calls_left.store(CALLS_OF_A_TURN, Ordering::SeqCst);
            let now = self.now() + SignedDuration::from_mins(10);
            *self.now.lock().expect("nobody panicked") = now;
            let deadline = now + SignedDuration::from_mins(1);
            let ids = (MerchantId::new("m"), ConnectionId::new("c"));
            block_on(self.engine().sweep(&ids.0, &ids.1, self, deadline))
        }

        /// Sweeps until a round says that there is no more; how many rounds it took.
        fn until_whole(&self, most: usize) -> usize {
            for round in 1..=most {
                if !self.turn().expect("a turn comes to its end").more {
                    return round;
                }
            }
            panic!("{} of {} after {most} turns", self.sent().len(), self.shop.changed.len())
        }

        fn sent(&self) -> BTreeSet<String> {
            self.sent.lock().expect("nobody panicked").clone()
        }
    }

    #[test]
    fn more_changes_than_one_turn_may_list_arrive_within_some_turns() {
        let world = World::of((0..260).map(|order| at(order * 60)).collect(), at(300 * 60));
        assert_eq!(world.until_whole(5), 2, "five pages and the last: four calls a turn");
        assert_eq!(world.sent().len(), 260);
        let cursor = block_on(world.store.cursor(&MerchantId::new("m"), &ConnectionId::new("c")));
        let cursor = cursor.expect("the store").expect("a cursor");
        assert_eq!((cursor.page, cursor.seen_to), (None, world.now()));
    }

    #[test]
    fn changes_of_one_and_the_same_second_are_no_end_to_it() {
        let world = World::of(vec![at(0); 2_300], at(60));
        world.until_whole(20);
        assert_eq!(world.sent().len(), 2_300);
    }

    #[test]
    fn a_place_that_the_shop_does_not_know_any_more_is_left_and_the_list_begun_anew() {
        let world = World::of((0..260).map(|order| at(order * 60)).collect(), at(300 * 60));
        let (merchant, connection) = (MerchantId::new("m"), ConnectionId::new("c"));
        let lost = Cursor { seen_to: at(0), page: Some("no place".to_owned()), version: 1 };
        block_on(world.store.move_cursor(&merchant, &connection, &lost)).expect("it is moved");
        assert!(matches!(world.turn(), Err(SweepFailure::Shop(Failure::Rejected { .. }))));
        world.until_whole(5);
        assert_eq!(world.sent().len(), 260);
    }

    #[test]
    fn a_day_whose_place_the_shop_does_not_know_any_more_is_listed_from_its_beginning() {
        let day = jiff::civil::date(2026, 11, 18);
        let begins = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).expect("a time");
        let times = |minute: i64| begins + SignedDuration::from_mins(minute);
        let world = World::of((0..5).map(|order| times(order * 4)).collect(), times(3_000));
        let route =
            block_on(world.route(&MerchantId::new("m"), &ConnectionId::new("c"), None)).expect("a route");
        let mut listed = ListedDay { changed: 3, page: Some("no place".to_owned()), ..ListedDay::default() };
        let turn = |listed: &mut ListedDay| {
            world.shop.calls_left.store(CALLS_OF_A_TURN, Ordering::SeqCst);
            let deadline = world.now() + SignedDuration::from_mins(1);
            block_on(world.engine().compare(&route, day, listed, deadline, true))
        };
        assert!(matches!(turn(&mut listed), Err(ComparisonFailure::System(Failure::Rejected { .. }))));
        let compared = turn(&mut listed).expect("the next minute begins anew").expect("all of it");
        assert_eq!(compared.changed, 5, "what was counted before the place was lost counts once");
    }

    #[test]
    fn a_day_with_more_changes_than_one_call_may_list_is_compared_when_all_are_listed() {
        let day = jiff::civil::date(2026, 11, 18);
        let begins = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).expect("a time");
        let times = |minute: i64| begins + SignedDuration::from_mins(minute);
        // Some of the day after stand behind them.
        let world = World::of((0..480).map(|order| times(order * 4)).collect(), times(3_000));
        let route =
            block_on(world.route(&MerchantId::new("m"), &ConnectionId::new("c"), None)).expect("a route");
        let mut listed = ListedDay::default();
        for turn in 1.. {
            world.shop.calls_left.store(CALLS_OF_A_TURN, Ordering::SeqCst);
            let deadline = world.now() + SignedDuration::from_mins(1);
            let compared = block_on(world.engine().compare(&route, day, &mut listed, deadline, true));
            let Some(comparison) = compared.expect("a part of it") else { continue };
            assert_eq!(turn, 2, "360 orders of the day are eight pages and a little");
            assert_eq!(comparison.changed, 360, "each counts once");
            let unknown = comparison.findings.iter().filter(|finding| finding.code == "order-unknown");
            assert_eq!(unknown.count(), 360);
            break;
        }
    }

    /// An order whose invoice of this number was booked on the day.
    fn booked(store: &MemoryStore, number: u64, day: jiff::civil::Date) {
        let transfer = TransferId {
            merchant: MerchantId::new("m"),
            source: "shopify:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new(number.to_string()),
        };
        let claim = Claim {
            transfer: transfer.clone(),
            connection: ConnectionId::new("c"),
            token: number.to_string(),
            now: at(0),
            lease_until: at(60),
            body_hash: String::new(),
            early: false,
        };
        let Ok(Claimed::Taken(head)) = block_on(store.claim(&claim)) else { panic!("it is taken") };
        let gross = Money::from_minor(12_500, Currency::DKK);
        let net = Money::from_minor(10_000, Currency::DKK);
        let totals = Totals { net, vat: Money::from_minor(2_500, Currency::DKK), gross };
        let document = DocumentRecord {
            ordinal: 1,
            kind: DocumentKind::BookedInvoice,
            number,
            totals,
            adopted: false,
            date: Some(day),
            made_at: Some(at(0)),
            on_gift_cards: None,
        };
        let conclusion = Conclusion {
            hold: Hold { transfer, fence: head.fence, token: head.claim.clone(), now: at(0) },
            status: Status::Done,
            facts: Vec::new(),
            trouble: None,
            attempts: 0,
            waits: 0,
            applied: None,
            plan_open: false,
            progress: head.progress.clone(),
            documents: vec![document],
            due_at: None,
            order: Some(OrderFacts { number: number.to_string(), total: gross, day }),
            pointers: Vec::new(),
            releases: Vec::new(),
            despite_word: false,
            log: None,
            log_tail: head.log_tail.clone(),
        };
        block_on(store.conclude(&conclusion)).expect("it is concluded");
    }

    #[test]
    fn a_day_of_very_many_transfers_is_compared_to_its_end() {
        let day = jiff::civil::date(2026, 11, 18);
        let world = World::of(Vec::new(), at(0));
        const BOOKED: u64 = 2_060;
        (1..=BOOKED).for_each(|number| booked(&world.store, number, day));
        let route =
            block_on(world.route(&MerchantId::new("m"), &ConnectionId::new("c"), None)).expect("a route");
        let compared = |deadline| block_on(world.engine().compare_booked(&route, day, deadline, true));
        let comparison = compared(at(60)).expect("it is compared");
        assert_eq!(comparison.ledger.count, usize::try_from(BOOKED).expect("small"));
        let missing = comparison.findings.iter().filter(|finding| finding.code == "books-missing");
        assert_eq!(missing.count(), comparison.ledger.count, "the books have none of them");
        assert!(compared(at(0)).is_err(), "a part of it would say that the rest agrees");
    }
}
