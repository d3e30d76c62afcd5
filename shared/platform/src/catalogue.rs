//! The catalogue check and the full catalogue run, by hand and by schedule.
//!
//! What would stop an order stands among what needs attention before an order does, one finding to a kind with how many
//! products it is and which; the same finding is told once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::plan::Reason;
use domain::planning::{CatalogueFinding, grouped};
use domain::{ConnectionId, Failure, MerchantId};
use engine::Engine;
use engine::catalogue::{CatalogueFailure, Catalogues, ShopCatalogue};
use engine::clock::Clock;
use engine::policy::Limits;
use engine::route::{Connections, Route};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Store, StoreFailure};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::platform::Platform;
use crate::queue;
use crate::routes::Routes;

/// What one look at a shop's catalogue showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CatalogueView {
    /// The shop's connection.
    pub shop: ConnectionId,
    /// Entries of the shop's catalogue.
    pub entries: usize,
    /// Products of the books.
    pub products: usize,
    /// What would stop an order: product, the shop's id, and the reason with its facts.
    pub findings: Vec<FindingView>,
    /// Products that were put on the queue, or would be by a run: the shop's ids.
    pub to_carry: Vec<String>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FindingView {
    /// Number, or name where there is none.
    pub product: String,
    /// The shop's id; empty for a number that only the settings name.
    pub id: String,
    /// Code and facts.
    pub reason: Reason,
}

impl FindingView {
    fn of(finding: &CatalogueFinding) -> FindingView {
        FindingView { product: finding.product.clone(), id: finding.id.clone(), reason: finding.reason() }
    }
}

/// The shortest wait for a system that has asked for one.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait for a system that gives nothing between two of them.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// How long a look may take over several minutes of the clock.
const LONGEST_READING: SignedDuration = SignedDuration::from_hours(2);

fn failed(failure: CatalogueFailure) -> PlatformError {
    PlatformError::Unavailable { service: "catalogue", message: failure.to_string() }
}

fn ledger(failure: StoreFailure) -> PlatformError {
    PlatformError::Unavailable { service: "dynamodb", message: failure.to_string() }
}

async fn route_of(
    routes: &Routes,
    merchant: &MerchantId,
    connection: &ConnectionId,
) -> Result<Route, PlatformError> {
    routes
        .route(merchant, connection, None)
        .await
        .map_err(|failure| PlatformError::Unavailable { service: "route", message: failure.to_string() })
}

fn engine<'a>(platform: &'a Platform, routes: &'a Routes) -> Engine<'a> {
    Engine { clock: &SystemClock, store: &platform.ledger, connections: routes, limits: Limits::default() }
}

/// Looks at one shop's catalogue; with `run`, puts on the queue what is to be carried over.
///
/// # Errors
/// As the systems and AWS say. A paused connection is refused.
pub async fn look(
    platform: &Platform,
    routes: &Routes,
    merchant: &MerchantId,
    connection: &ConnectionId,
    deadline: Timestamp,
    run: bool,
) -> Result<CatalogueView, PlatformError> {
    let route = route_of(routes, merchant, connection).await?;
    if route.paused.is_some() {
        return Err(PlatformError::Invalid(format!("{connection} is paused")));
    }
    let engine = engine(platform, routes);
    let mut read = ShopCatalogue::default();
    let catalogues = read_patiently(&engine, &route, &mut read, deadline).await.map_err(failed)?;
    let ids = if run {
        engine.send_products(&route, &catalogues, &platform.queues).await.map_err(failed)?
    } else {
        engine.to_carry(&route, &catalogues).await.map_err(failed)?
    };
    Ok(view(&route, &catalogues, ids.iter().map(ToString::to_string).collect()))
}

fn view(route: &Route, catalogues: &Catalogues, to_carry: Vec<String>) -> CatalogueView {
    CatalogueView {
        shop: route.shop.connection.clone(),
        entries: catalogues.entries.len(),
        products: catalogues.known.len(),
        findings: catalogues.findings(route).iter().map(FindingView::of).collect(),
        to_carry,
    }
}

/// Reads both catalogues, waiting as long as a system asks for it, until the deadline.
async fn read_patiently(
    engine: &Engine<'_>,
    route: &Route,
    read: &mut ShopCatalogue,
    deadline: Timestamp,
) -> Result<Catalogues, CatalogueFailure> {
    loop {
        let before = read.pages();
        let failure = match engine.read_catalogues(route, read, deadline).await {
            Err(CatalogueFailure::System(failure @ Failure::Busy { .. })) => failure,
            outcome => return outcome,
        };
        let Failure::Busy { retry_after_ms: Some(asked), .. } = failure else { return Err(failure.into()) };
        let wait = Duration::from_millis(asked).max(SHORTEST_WAIT);
        let ends =
            SignedDuration::try_from(wait).ok().and_then(|wait| SystemClock.now().checked_add(wait).ok());
        // A system that asks for a long wait without giving anything is not to be waited for.
        let worth_it = wait <= LONGEST_WAIT || read.pages() > before;
        if !worth_it || ends.is_none_or(|ends| ends >= deadline) {
            return Err(failure.into());
        }
        tokio::time::sleep(wait).await;
    }
}

/// A reading of a shop's catalogue that did not come to its end in one minute.
pub struct Unfinished {
    begun_at: Timestamp,
    read: ShopCatalogue,
}

/// The readings of this process that are to go on. A process that ends takes them with it: the next look begins anew.
pub type Readings = Mutex<HashMap<(MerchantId, ConnectionId), Unfinished>>;

/// The scheduler's look, twice a day: findings stand among what needs attention, and what a lost product event would have changed is carried over.
/// A large catalogue is read over some minutes; `begin` says that it is the look's own minute, else only what is unfinished goes on.
/// `None`: paused, nothing was found, or the next minute goes on.
///
/// # Errors
/// As the systems and AWS say; the next turn looks again.
pub async fn night(
    platform: &Platform,
    routes: &Routes,
    (merchant, connection): (&MerchantId, &ConnectionId),
    begin: bool,
    deadline: Timestamp,
) -> Result<Option<String>, PlatformError> {
    let place = (merchant.clone(), connection.clone());
    let readings = || platform.readings.lock().unwrap_or_else(PoisonError::into_inner);
    if !begin && !readings().contains_key(&place) {
        return Ok(None);
    }
    // What was read stays until it is known that it can be gone on with.
    let route = route_of(routes, merchant, connection).await?;
    if route.settings.products.catalogue.is_off() {
        readings().remove(&place);
        return Ok(None);
    }
    if route.paused.is_some() {
        return Ok(None);
    }
    let now = SystemClock.now();
    let unfinished = readings().remove(&place);
    let Some(mut reading) = unfinished.or(begin.then(|| Unfinished::at(now))) else { return Ok(None) };
    let engine = engine(platform, routes);
    let catalogues = match engine.read_catalogues(&route, &mut reading.read, deadline).await {
        Ok(catalogues) => catalogues,
        Err(CatalogueFailure::System(Failure::Busy { .. })) if now < reading.begun_at + LONGEST_READING => {
            let pages = reading.read.pages();
            tracing::info!(event = "catalogue-goes-on", %merchant, %connection, pages, "the next minute reads on");
            readings().insert(place, reading);
            return Ok(None);
        }
        Err(failure) => {
            let reason = Reason::new("catalogue-check-unfinished").with("message", &failure);
            keep(platform, &route, &reason).await?;
            return Err(failed(failure));
        }
    };
    let sent = engine.send_products(&route, &catalogues, &platform.queues).await.map_err(failed)?;
    let findings = catalogues.findings(&route);
    let reasons = grouped(&findings);
    for reason in &reasons {
        keep(platform, &route, reason).await?;
    }
    let standing = reasons.iter().map(|reason| name_of(connection, reason)).collect();
    // Only what this look makes is named so. A finding that changed since is another one.
    let ours = |entry: &ParkedDelivery| {
        entry.connection == *connection && entry.body_hash == name_of(connection, &entry.reason)
    };
    platform.ledger.forget_ended(merchant, &standing, ours).await?;
    let text = format!("{} findings, {} products to carry over", findings.len(), sent.len());
    Ok((!findings.is_empty()).then_some(text))
}

impl Unfinished {
    fn at(now: Timestamp) -> Unfinished {
        Unfinished { begun_at: now, read: ShopCatalogue::default() }
    }
}

/// The name of a finding: of a shop, and of what was found.
fn name_of(connection: &ConnectionId, reason: &Reason) -> String {
    let facts: BTreeMap<&str, &str> =
        reason.facts.iter().map(|(name, fact)| (name.as_str(), fact.as_str())).collect();
    queue::hash(format!("catalogue {connection} {} {facts:?}", reason.code).as_bytes())
}

/// Keeps a finding where a person sees it; the same one is kept once.
async fn keep(platform: &Platform, route: &Route, reason: &Reason) -> Result<(), PlatformError> {
    let delivery = ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: route.merchant.clone(),
        connection: route.shop.connection.clone(),
        body_hash: name_of(&route.shop.connection, reason),
        entity: None,
        reason: reason.clone(),
        at: SystemClock.now(),
        message: String::new(),
        queue: None,
    };
    platform.ledger.park_delivery(&delivery).await.map_err(ledger)
}
