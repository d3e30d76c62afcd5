//! One run: claim, read, compare, and hand what differs on to be told.

use std::collections::BTreeSet;

use connectors::http::Transport;
use connectors::ports::{ProductQuery, ShopLocation};
use domain::plan::Reason;
use domain::settings::StockMode;
use domain::stock::compare::by_code;
use domain::stock::state::STATE_SCHEMA;
use domain::stock::{Change, Comparison, StockState, compare, schedule};
use domain::{Failure, MerchantId};
use jiff::{SignedDuration, Timestamp};

use super::store::{StockClaim, StockClaimed, StockHead};
use super::transport::{Calls, RunTransport};
use super::{
    EXAMPLES, StockCause, StockDifference, StockEngine, StockFlow, StockOutcome, StockReport, StockTask,
    StockWork,
};
use crate::route::{Route, RouteFailure};
use crate::store::StoreFailure;

/// How far a reading looks back beyond the last one, in seconds: the accounts' clock is not ours, and what they changed may
/// be listed late.
const OVERLAP_SECONDS: i64 = 10 * 60;
/// Product numbers that one run asks the shop for, at most; the next one goes on.
const MOST_LOOK_UPS: usize = 2_000;
/// A reading of everything that was broken off and is older is begun anew: what it read at first is no more how things stand.
const LONGEST_READING: SignedDuration = SignedDuration::from_hours(24);
/// What the last writes of a run take.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// A side of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Shop,
    Accounting,
}

/// Why a run ends before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// A call failed.
    Failed(Side, Failure),
    /// The merchant must do something first.
    Held(Reason),
    /// Time ran out.
    OutOfTime,
    /// A newer run took over.
    Fenced,
    /// The ledger cannot be reached.
    Ledger(String),
}

impl From<StoreFailure> for Stop {
    fn from(failure: StoreFailure) -> Stop {
        match failure {
            // A state that is gone was replaced by a newer run.
            StoreFailure::Fenced | StoreFailure::Conflict => Stop::Fenced,
            other => Stop::Ledger(other.to_string()),
        }
    }
}

pub(super) fn shop(failure: Failure) -> Stop {
    Stop::Failed(Side::Shop, failure)
}

fn accounting(failure: Failure) -> Stop {
    Stop::Failed(Side::Accounting, failure)
}

/// A run under its claim.
pub(super) struct Run<'a> {
    pub(super) engine: StockEngine<'a>,
    pub(super) work: &'a StockWork,
    pub(super) route: Route,
    pub(super) head: StockHead,
    pub(super) state: StockState,
    /// The state differs from the stored one.
    pub(super) dirty: bool,
    /// The whole comparison ended in this run.
    pub(super) whole_done: bool,
    /// Suspicions known when the claim was taken.
    pub(super) suspicions: u64,
    pub(super) calls: Calls,
    pub(super) report: StockReport,
    /// What was told: entry, location, quantity.
    pub(super) told: Vec<(String, String, i64)>,
    pub(super) saved: u32,
    /// Calls in a row that the shop refused as a whole.
    pub(super) rejections: u32,
}

impl StockEngine<'_> {
    /// Runs the stock of the flow that starts at this shop.
    pub async fn run(&self, work: &StockWork) -> StockOutcome {
        let route = match self.connections.route(&work.merchant, &work.connection, None).await {
            Ok(route) => route,
            Err(RouteFailure::Unknown(_)) => return StockOutcome::Off,
            Err(RouteFailure::Unavailable(words)) => return StockOutcome::Failed(words),
        };
        if !route.settings.stock.is_on() {
            return StockOutcome::Off;
        }
        if route.paused.is_some() {
            return StockOutcome::Paused;
        }
        let claim = self.claim(work, &route);
        let head = match self.stock.claim_stock(&claim).await {
            Ok(StockClaimed::Taken(head)) => *head,
            Ok(StockClaimed::Held { until }) => return StockOutcome::Busy { until },
            Err(failure) => return StockOutcome::Failed(failure.to_string()),
        };
        let mut run = Run {
            engine: *self,
            work,
            route,
            suspicions: head.suspicions,
            head,
            state: StockState::new(),
            dirty: false,
            whole_done: false,
            calls: Calls::default(),
            report: StockReport::new(claim.now),
            told: Vec::new(),
            saved: 0,
            rejections: 0,
        };
        let outcome = run.work().await;
        run.end(outcome).await
    }

    fn claim(&self, work: &StockWork, route: &Route) -> StockClaim {
        let longest = route.shop.port.manifest().timeout_seconds;
        let longest = longest.max(route.accounting.port.manifest().timeout_seconds);
        let margin = i64::from(longest) + self.limits.lease_margin_seconds;
        StockClaim {
            flow: flow_of(&work.merchant, route),
            connection: work.connection.clone(),
            token: work.token.clone(),
            now: self.clock.now(),
            lease_until: work.deadline + SignedDuration::from_secs(margin),
        }
    }
}

/// The flow that a route's stock belongs to.
fn flow_of(merchant: &MerchantId, route: &Route) -> StockFlow {
    StockFlow {
        merchant: merchant.clone(),
        source: route.shop.source.clone(),
        agreement: route.accounting.agreement.clone(),
    }
}

impl Run<'_> {
    async fn work(&mut self) -> Result<(), Stop> {
        self.load().await?;
        self.begin().await?;
        self.read_accounts().await?;
        if self.state.reading.as_ref().is_some_and(|reading| reading.whole) {
            self.list_shop().await?;
        } else {
            self.look_up().await?;
        }
        self.end_reading()?;
        let comparison = compare(&self.state, &self.route.settings.stock);
        self.describe(&comparison);
        let writes =
            self.route.settings.stock.mode == StockMode::Write && self.work.task != StockTask::Report;
        if writes && !comparison.changes.is_empty() { self.tell(comparison.changes).await } else { Ok(()) }
    }

    async fn load(&mut self) -> Result<(), Stop> {
        let Some(name) = &self.head.state else { return Ok(()) };
        let bytes = match self.engine.stock.stock_state(&self.head.flow, name).await {
            Err(StoreFailure::Conflict) => {
                // A newer run has replaced it; or it is lost, and everything is read again.
                self.stay_first().await?;
                self.head.state = None;
                return Ok(());
            }
            found => found?,
        };
        let unreadable = |error: serde_json::Error| Stop::Ledger(format!("the state is unreadable: {error}"));
        self.state = serde_json::from_slice(&bytes).map_err(unreadable)?;
        if self.state.schema == STATE_SCHEMA {
            Ok(())
        } else {
            Err(Stop::Ledger(format!("unknown schema version {}", self.state.schema)))
        }
    }

    /// Decides what is read, unless a reading was broken off.
    async fn begin(&mut self) -> Result<(), Stop> {
        let now = self.report.began;
        let settings = &self.route.settings.stock;
        let asked = self.work.task != StockTask::Changes;
        let whole = asked
            || self.head.state.is_none()
            || self.head.settings_version != self.route.settings_version
            || self.head.suspicions > self.head.suspicions_answered
            || schedule::wants_whole(settings, self.head.whole_at, now);
        let version = self.route.settings_version;
        let open = self.state.reading.as_ref();
        self.dirty |= open.is_some();
        // One of changes that is to be one of everything begins anew, and so does one of other settings: its locations may be others.
        let goes_on = open.is_some_and(|reading| match reading.whole {
            true => reading.settings_version == version && now < reading.began + LONGEST_READING,
            false => !whole,
        });
        if goes_on {
            return Ok(());
        }
        let whole = whole || open.is_some_and(|reading| reading.whole);
        if whole {
            self.dirty = true;
            let locations = self.locations().await?;
            self.state.begin_whole(now, locations, version);
        } else {
            self.state.reading = Some(domain::stock::state::Reading {
                began: now,
                whole: false,
                levels_done: false,
                levels_page: None,
                listing_done: true,
                listing_page: None,
                settings_version: version,
            });
        }
        Ok(())
    }

    /// The shop's locations that are told.
    async fn locations(&self) -> Result<Vec<String>, Stop> {
        let transport = self.shop_transport();
        let there = self.route.shop.port.stock_locations(&transport).await.map_err(shop)?;
        let names = |there: &[ShopLocation]| {
            let name = |location: &ShopLocation| format!("{} ({})", location.id, location.name);
            there.iter().map(name).collect::<Vec<_>>().join(", ")
        };
        let chosen = &self.route.settings.stock.locations;
        if chosen.is_empty() {
            return match there.as_slice() {
                [only] => Ok(vec![only.id.clone()]),
                _ => Err(Stop::Held(Reason::new("stock-choose-location").with("locations", names(&there)))),
            };
        }
        let is_there = |id: &str| there.iter().any(|location| location.id == id);
        match chosen.iter().find(|location| !is_there(&location.shop)) {
            None => Ok(chosen.iter().map(|location| location.shop.clone()).collect()),
            Some(unknown) => {
                let reason = Reason::new("stock-unknown-location").with("location", &unknown.shop);
                Err(Stop::Held(reason.with("locations", names(&there))))
            }
        }
    }

    pub(super) fn shop_transport(&self) -> RunTransport<'_> {
        self.transport(&*self.route.shop.transport, self.route.shop.port.manifest().timeout_seconds)
    }

    fn transport<'t>(&'t self, inner: &'t dyn Transport, timeout_seconds: u32) -> RunTransport<'t> {
        RunTransport {
            inner,
            calls: &self.calls,
            clock: self.engine.clock,
            deadline: self.work.deadline,
            timeout_seconds,
        }
    }

    /// True when what is known should be stored now, since little time is left.
    pub(super) fn is_late(&self) -> bool {
        let longest = self.route.shop.port.manifest().timeout_seconds;
        let longest = longest.max(self.route.accounting.port.manifest().timeout_seconds);
        let needed = SignedDuration::from_secs(i64::from(longest)) + MARGIN;
        self.engine.clock.now() + needed > self.work.deadline
    }

    async fn read_accounts(&mut self) -> Result<(), Stop> {
        let Some(reading) = self.state.reading.clone().filter(|reading| !reading.levels_done) else {
            return Ok(());
        };
        let back = SignedDuration::from_secs(OVERLAP_SECONDS);
        let since = if reading.whole { None } else { self.head.read_to.map(|read_to| read_to - back) };
        let mut page = reading.levels_page;
        loop {
            if self.is_late() {
                return Err(Stop::OutOfTime);
            }
            let end = &self.route.accounting;
            let transport = self.transport(&*end.transport, end.port.manifest().timeout_seconds);
            let found = end.port.stock_page(&transport, since, page.as_deref()).await;
            let found = found.map_err(|failure| self.broken_off(failure, page.as_deref(), accounting))?;
            self.report.read_products += found.readings.len();
            for level in found.readings {
                self.dirty |= self.state.take_reading(level) || reading.whole;
            }
            page = found.next;
            let done = page.is_none();
            if let Some(open) = &mut self.state.reading {
                open.levels_page.clone_from(&page);
                open.levels_done = done;
            }
            if done {
                return Ok(());
            }
        }
    }

    /// A list that is not gone on with. A place that the other side does not know any more is never asked for again: the next run begins
    /// to read anew, and reads everything where this one was to: nothing else says then that it was asked for.
    fn broken_off(&mut self, failure: Failure, page: Option<&str>, of: fn(Failure) -> Stop) -> Stop {
        if page.is_some() && matches!(failure, Failure::Rejected { .. }) {
            let left = self.state.reading.take();
            if let Some(reading) = left.filter(|reading| reading.whole) {
                let locations = self.state.locations.clone();
                self.state.begin_whole(self.now(), locations, reading.settings_version);
            }
        }
        of(failure)
    }

    async fn list_shop(&mut self) -> Result<(), Stop> {
        let Some(reading) = self.state.reading.clone().filter(|reading| !reading.listing_done) else {
            return Ok(());
        };
        let locations = self.state.locations.clone();
        let from = self.route.settings.products.number_from;
        let mut page = reading.listing_page;
        loop {
            if self.is_late() {
                return Err(Stop::OutOfTime);
            }
            let query = ProductQuery { changed_since: None, locations: &locations };
            let transport = self.shop_transport();
            let found = self.route.shop.port.products_page(&transport, &query, page.as_deref()).await;
            let found = found.map_err(|failure| self.broken_off(failure, page.as_deref(), shop))?;
            for product in &found.products {
                self.state.take_item(product, from);
            }
            self.dirty = true;
            page = found.next;
            let done = page.is_none();
            if let Some(open) = &mut self.state.reading {
                open.listing_page.clone_from(&page);
                open.listing_done = done;
            }
            if done {
                return Ok(());
            }
        }
    }

    /// Asks the shop for numbers that are new in the accounts.
    async fn look_up(&mut self) -> Result<(), Stop> {
        let numbers: Vec<String> =
            self.state.unknown_numbers().into_iter().take(MOST_LOOK_UPS).map(str::to_owned).collect();
        let many = self.route.shop.port.manifest().stock.map_or(1, |limits| limits.look_up.max(1));
        let locations = self.state.locations.clone();
        let from = self.route.settings.products.number_from;
        for chunk in numbers.chunks(many) {
            if self.is_late() {
                return Err(Stop::OutOfTime);
            }
            let transport = self.shop_transport();
            let found = self.route.shop.port.products_by_sku(&transport, chunk, &locations).await;
            let found = found.map_err(shop)?;
            self.dirty = true;
            self.state.absent.extend(chunk.iter().cloned());
            for product in &found {
                self.state.take_item(product, from);
            }
        }
        Ok(())
    }

    /// The reading is whole: it holds from now on.
    fn end_reading(&mut self) -> Result<(), Stop> {
        let Some(reading) = self.state.reading.take() else { return Ok(()) };
        let began = reading.began;
        if reading.whole {
            self.state.end_whole();
            self.whole_done = true;
            self.head.whole_at = Some(began);
        }
        self.head.read_to = Some(began);
        self.head.settings_version = self.route.settings_version;
        self.report.whole = reading.whole;
        self.check_places()
    }

    /// Accounts that state no stock, or none at a location that the settings name, would make everything look sold out.
    fn check_places(&self) -> Result<(), Stop> {
        let places: BTreeSet<&str> = self
            .state
            .levels
            .values()
            .flat_map(|level| level.places.iter().map(|place| place.place.as_str()))
            .collect();
        if places.is_empty() {
            return Err(Stop::Held(Reason::new("stock-no-inventory")));
        }
        let named = self.route.settings.stock.locations.iter().flat_map(|location| &location.accounting);
        for name in named {
            if !places.contains(name.as_str()) {
                return Err(Stop::Held(Reason::new("stock-unknown-place").with("place", name)));
            }
        }
        Ok(())
    }

    fn describe(&mut self, comparison: &Comparison) {
        let report = &mut self.report;
        report.products = self.state.levels.len();
        report.entries = self.state.items.len();
        report.different = comparison.changes.len();
        report.not_in_shop = comparison.not_in_shop;
        for (code, (count, products)) in by_code(&comparison.problems, EXAMPLES) {
            report.causes.insert(code, StockCause { count, products });
        }
        let state = &self.state;
        let difference = |change: &Change| {
            let number = state.items.get(&change.id).map(|item| item.number.clone()).unwrap_or_default();
            let location = state.locations.get(change.location).cloned().unwrap_or_default();
            StockDifference { number, location, shop: change.from, accounts: change.to }
        };
        report.differences = comparison.changes.iter().map(difference).collect();
        let refused = state.items.values().flat_map(|item| {
            let refusals = item.cells.iter().filter_map(|cell| cell.refused.as_ref());
            refusals.map(|refusal| (item.number.clone(), format!("{}: {}", refusal.code, refusal.message)))
        });
        report.refusals = refused.collect();
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.engine.clock.now()
    }
}
