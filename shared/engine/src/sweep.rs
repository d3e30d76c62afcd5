//! The sweep: what a shop changed is found even when its webhooks never came.
//!
//! Shops drop events and switch webhooks off after failures. The sweep lists what changed since its cursor, with overlap,
//! because a shop's clock and its lists may lag, and puts a message on the queue for everything that the ledger does not
//! reflect yet. The cursor moves only when all of that is on the queue, and only from the place it was read at.

use domain::{ConnectionId, EntityId, EntityKind, Failure, MerchantId, TransferId};
use jiff::{SignedDuration, Timestamp};

use crate::log::Why;
use crate::message::{MESSAGE_SCHEMA, Message, Outbox, SettingsChoice};
use crate::process::Engine;
use crate::recorder::{Recorder, RecordingTransport};
use crate::route::{Route, RouteFailure};
use crate::store::{Applied, Cursor, Pause, PauseScope, StoreFailure};

/// Pages read in one sweep, at most; the cursor then stands at the last change seen, and the next sweep goes on.
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
    /// More was changed than one sweep reads; the next one goes on.
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
        let listing = match self.changes(&route, since, deadline).await {
            Err(Failure::Unauthorized { message }) => {
                return Err(self.pause_shop(&route, message).await.into());
            }
            listing => listing?,
        };
        let mut round =
            SweepRound { listed: listing.changes.len(), more: listing.more, ..SweepRound::default() };
        for (entity, changed_at) in &listing.changes {
            if self.reflects(&route, entity, *changed_at).await? {
                continue;
            }
            outbox
                .send(&sweep_message(&route, entity, *changed_at, now))
                .await
                .map_err(SweepFailure::Queue)?;
            round.sent += 1;
        }
        let seen_to = if listing.more { listing.newest.unwrap_or(since).max(since) } else { now };
        let version = cursor.map_or(1, |cursor| cursor.version + 1);
        match self.store.move_cursor(merchant, connection, &Cursor { seen_to, version }).await {
            // Another sweep moved it meanwhile: both put what they found on the queue.
            Ok(()) | Err(StoreFailure::Conflict) => Ok(round),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn changes(
        &self,
        route: &Route,
        since: Timestamp,
        deadline: Timestamp,
    ) -> Result<Listing, Failure> {
        let recorder = Recorder::default();
        let manifest = route.shop.port.manifest();
        let transport = RecordingTransport {
            inner: &*route.shop.transport,
            recorder: &recorder,
            system: manifest.system,
            clock: self.clock,
            deadline,
            timeout_seconds: manifest.timeout_seconds,
        };
        let mut listing = Listing::default();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let found = route.shop.port.changed_since(&transport, since, page.as_deref()).await?;
            listing.newest = found.changes.iter().map(|(_, at)| *at).max().max(listing.newest);
            listing.changes.extend(found.changes);
            match found.next {
                Some(next) => page = Some(next),
                None => return Ok(listing),
            }
        }
        listing.more = true;
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
            head.status.is_settled() && applied.is_some_and(|applied| newer(applied) || same(applied))
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
struct Listing {
    changes: Vec<(EntityId, Timestamp)>,
    newest: Option<Timestamp>,
    more: bool,
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
