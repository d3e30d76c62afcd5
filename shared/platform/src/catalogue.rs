//! The catalogue check and the full catalogue run, by hand and by schedule.
//!
//! What would stop an order stands among what needs attention before an order does, one finding to a kind with how many
//! products it is and which; the same finding is told once.

use std::collections::BTreeMap;

use domain::plan::Reason;
use domain::planning::{CatalogueFinding, grouped};
use domain::{ConnectionId, MerchantId};
use engine::Engine;
use engine::catalogue::{CatalogueFailure, Catalogues};
use engine::clock::Clock;
use engine::policy::Limits;
use engine::route::{Connections, Route};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Store, StoreFailure};
use jiff::Timestamp;
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
    let catalogues = engine.read_catalogues(&route, deadline).await.map_err(failed)?;
    let ids = if run {
        engine.send_products(&route, &catalogues, &platform.queues).await.map_err(failed)?
    } else {
        catalogues.to_carry(&route)
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

/// The scheduler's look, twice a day: findings stand among what needs attention, and what a lost product event would have changed is carried over.
/// `None`: paused, or nothing was found.
///
/// # Errors
/// As the systems and AWS say; the next turn looks again.
pub async fn night(
    platform: &Platform,
    routes: &Routes,
    merchant: &MerchantId,
    connection: &ConnectionId,
    deadline: Timestamp,
) -> Result<Option<String>, PlatformError> {
    let route = route_of(routes, merchant, connection).await?;
    if route.paused.is_some() || route.settings.products.catalogue.is_off() {
        return Ok(None);
    }
    let engine = engine(platform, routes);
    let catalogues = match engine.read_catalogues(&route, deadline).await {
        Ok(catalogues) => catalogues,
        Err(failure) => {
            let reason = Reason::new("catalogue-check-unfinished").with("message", &failure);
            keep(platform, &route, &reason).await?;
            return Err(failed(failure));
        }
    };
    let sent = engine.send_products(&route, &catalogues, &platform.queues).await.map_err(failed)?;
    let findings = catalogues.findings(&route);
    for reason in grouped(&findings) {
        keep(platform, &route, &reason).await?;
    }
    let text = format!("{} findings, {} products to carry over", findings.len(), sent.len());
    Ok((!findings.is_empty()).then_some(text))
}

/// Keeps a finding where a person sees it; the same one is kept once.
async fn keep(platform: &Platform, route: &Route, reason: &Reason) -> Result<(), PlatformError> {
    let facts: BTreeMap<&str, &str> =
        reason.facts.iter().map(|(name, fact)| (name.as_str(), fact.as_str())).collect();
    let what = format!("catalogue {} {} {facts:?}", route.shop.connection, reason.code);
    let delivery = ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: route.merchant.clone(),
        connection: route.shop.connection.clone(),
        body_hash: queue::hash(what.as_bytes()),
        entity: None,
        reason: reason.clone(),
        at: SystemClock.now(),
        message: String::new(),
        queue: None,
    };
    platform.ledger.park_delivery(&delivery).await.map_err(ledger)
}
