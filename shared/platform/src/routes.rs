//! Where a transfer goes, as the engine asks for it: both systems of a flow with a way out bound to each.
//!
//! Ways out are kept per connection as long as the merchant's record does not change, so that credentials are opened once
//! and the rate budget is counted on. The slowly changing data of an accounting system is kept for some minutes.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use connectors::manifest::Manifest;
use connectors::ports::ReadingRules;
use connectors::registry;
use domain::catalogue::MasterData;
use domain::settings::{Connection, Flow, MerchantFile, OrderNumberRules};
use domain::{ConnectionId, MerchantId};
use engine::clock::Clock;
use engine::route::{AccountingEnd, Connections, Route, RouteFailure, ShopEnd};
use engine::store::{Pause, PauseScope};
use jiff::{SignedDuration, Timestamp};

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::merchants::{Merchant, Merchants};
use crate::quota::{DayQuota, TableAccount};
use crate::transport::{ConnectionTransport, HttpClient, RateBudget, Traffic};

/// How long an accounting system's slowly changing data is believed.
const MASTER_DATA_BELIEVED: SignedDuration = SignedDuration::from_mins(5);
/// How many connections' ways out a process keeps.
const KEPT: usize = 2_000;

type Place = (MerchantId, ConnectionId);

/// A way out, as long as the merchant's record stays at this revision.
struct KeptTransport {
    revision: u64,
    transport: Arc<ConnectionTransport>,
}

#[derive(Default)]
struct Caches {
    transports: HashMap<(Place, Traffic), KeptTransport>,
    budgets: HashMap<(Place, Traffic), Arc<RateBudget>>,
    days: HashMap<Place, Arc<DayQuota>>,
    master_data: HashMap<Place, (Timestamp, Arc<MasterData>)>,
}

/// Knows the routes of all merchants.
#[derive(Clone)]
pub struct Routes {
    merchants: Merchants,
    client: HttpClient,
    traffic: Traffic,
    caches: Arc<Mutex<Caches>>,
}

impl Routes {
    /// Routes for live traffic.
    pub fn new(merchants: Merchants, client: HttpClient) -> Routes {
        Routes { merchants, client, traffic: Traffic::Live, caches: Arc::default() }
    }

    /// The same routes for traffic of another kind, with that kind's share of the rate budgets.
    #[must_use]
    pub fn for_traffic(&self, traffic: Traffic) -> Routes {
        Routes { traffic, ..self.clone() }
    }

    pub(crate) fn merchants(&self) -> &Merchants {
        &self.merchants
    }

    /// Master data that was kept and is still believed.
    pub(crate) fn kept(&self, place: &(MerchantId, ConnectionId)) -> Option<Arc<MasterData>> {
        let caches = self.caches();
        let (read_at, master) = caches.master_data.get(place)?;
        let age = SystemClock.now().duration_since(*read_at);
        (SignedDuration::ZERO <= age && age < MASTER_DATA_BELIEVED).then(|| master.clone())
    }

    /// Keeps master data for a while.
    pub(crate) fn keep(&self, place: (MerchantId, ConnectionId), master: Arc<MasterData>) {
        self.caches().master_data.insert(place, (SystemClock.now(), master));
    }

    fn caches(&self) -> std::sync::MutexGuard<'_, Caches> {
        self.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way out to one connection of a merchant.
    ///
    /// # Errors
    /// `Configuration` when a secret is missing or its system is unknown.
    pub fn transport(
        &self,
        merchant: &Merchant,
        connection: &Connection,
    ) -> Result<Arc<ConnectionTransport>, PlatformError> {
        let place = ((merchant.record.file.id.clone(), connection.id.clone()), self.traffic);
        let revision = merchant.record.revision;
        if let Some(kept) = self.caches().transports.get(&place).filter(|kept| kept.revision == revision) {
            return Ok(kept.transport.clone());
        }
        let manifest = manifest_of(&connection.system)?;
        let secrets = merchant.secrets(&connection.id)?;
        let mut caches = self.caches();
        if caches.transports.len() >= KEPT {
            *caches = Caches::default();
        }
        let day = manifest.rate.per_day.map(|limit| {
            let new = || {
                let key = Keys::of(&place.0.0).quota(&place.0.1);
                Arc::new(DayQuota::new(limit, Arc::new(TableAccount::new(self.merchants.table(), key))))
            };
            caches.days.entry(place.0.clone()).or_insert_with(new).clone()
        });
        let budget = caches
            .budgets
            .entry(place.clone())
            .or_insert_with(|| {
                let budget = RateBudget::new(&manifest.rate, self.traffic);
                Arc::new(day.into_iter().fold(budget, RateBudget::within))
            })
            .clone();
        let base_urls: BTreeMap<String, String> = connection.base_urls.clone();
        let transport =
            Arc::new(ConnectionTransport::new(&self.client, manifest, &base_urls, &secrets, budget)?);
        caches.transports.insert(place, KeptTransport { revision, transport: transport.clone() });
        Ok(transport)
    }

    fn build(
        &self,
        merchant: &Merchant,
        file: &MerchantFile,
        version: u64,
        connection: &ConnectionId,
    ) -> Result<Route, PlatformError> {
        let unknown = |what: &str| PlatformError::NotFound(what.to_owned());
        let (flow, shop, accounting) =
            flow_of(file, connection).ok_or_else(|| unknown("no flow starts there"))?;
        let zone = file.zone();
        Ok(Route {
            merchant: file.id.clone(),
            shop: ShopEnd {
                connection: shop.id.clone(),
                source: shop.source.clone().ok_or_else(|| unknown("the shop has no source"))?,
                port: registry::webshop(&shop.system).ok_or_else(|| unknown("no such webshop"))?,
                transport: self.transport(merchant, shop)?,
                rules: ReadingRules::of(&flow.settings),
            },
            accounting: AccountingEnd {
                connection: accounting.id.clone(),
                agreement: accounting.agreement.clone().ok_or_else(|| unknown("no agreement"))?,
                port: registry::accounting(&accounting.system)
                    .ok_or_else(|| unknown("no such accounting system"))?,
                transport: self.transport(merchant, accounting)?,
            },
            // No register can be reached yet: sales are planned on the form of the number.
            vat_register: None,
            settings: flow.settings.clone(),
            settings_version: version,
            time_zone: zone,
            payouts: !file.payouts.is_empty(),
            order_numbers: order_number_rules(file),
            paused: pause_over(&merchant.pauses, &[&shop.id, &accounting.id]),
            epoch: merchant.epoch.map(|epoch| epoch.at),
        })
    }
}

/// How the merchant's flows of payouts make order numbers alike, each way once.
fn order_number_rules(file: &MerchantFile) -> Vec<OrderNumberRules> {
    let mut all: Vec<OrderNumberRules> = Vec::new();
    for flow in &file.payouts {
        let rules = &flow.settings.matching.order_numbers;
        if !all.contains(rules) {
            all.push(rules.clone());
        }
    }
    all
}

/// The manifest of a system.
///
/// # Errors
/// `Configuration` when there is no such system.
pub fn manifest_of(system: &str) -> Result<&'static Manifest, PlatformError> {
    registry::manifest(system)
        .ok_or_else(|| PlatformError::Configuration(format!("there is no connector for {system}")))
}

/// The flow that takes orders from this connection, and its two ends.
pub(crate) fn flow_of<'a>(
    file: &'a MerchantFile,
    connection: &ConnectionId,
) -> Option<(&'a Flow, &'a Connection, &'a Connection)> {
    let shop = file.connections.iter().find(|candidate| candidate.id == *connection)?;
    let flow = file.flows.iter().find(|flow| flow.shop == shop.name)?;
    Some((flow, shop, file.connection(&flow.accounting)?))
}

/// The widest pause that covers the merchant or one of these connections.
pub fn pause_over(pauses: &[Pause], connections: &[&ConnectionId]) -> Option<Pause> {
    let covers = |pause: &&Pause| match &pause.scope {
        PauseScope::Everything | PauseScope::Merchant { .. } => true,
        PauseScope::Connection { connection, .. } => connections.contains(&connection),
    };
    pauses.iter().filter(covers).min_by(|a, b| a.scope.cmp(&b.scope)).cloned()
}

#[async_trait]
impl Connections for Routes {
    async fn route(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        version: Option<u64>,
    ) -> Result<Route, RouteFailure> {
        let sort = |error: PlatformError| match error {
            PlatformError::NotFound(what) => RouteFailure::Unknown(what),
            PlatformError::Configuration(what) => RouteFailure::Unknown(what),
            other => RouteFailure::Unavailable(other.to_string()),
        };
        let found = self.merchants.merchant(merchant).await.map_err(sort)?;
        let now = found.record.version;
        match version.filter(|version| *version != now && *version != 0) {
            None => self.build(&found, &found.record.file, now, connection).map_err(sort),
            Some(then) => {
                let file = self.merchants.file(merchant, then).await.map_err(sort)?;
                self.build(&found, &file, then, connection).map_err(sort)
            }
        }
    }

    fn kept_master_data(&self, route: &Route) -> Option<Arc<MasterData>> {
        self.kept(&(route.merchant.clone(), route.accounting.connection.clone()))
    }

    fn keep_master_data(&self, route: &Route, master: Arc<MasterData>) {
        self.keep((route.merchant.clone(), route.accounting.connection.clone()), master);
    }

    fn forget_master_data(&self, route: &Route) {
        self.caches().master_data.remove(&(route.merchant.clone(), route.accounting.connection.clone()));
    }
}

#[cfg(test)]
mod tests {
    use domain::plan::Reason;

    use super::*;

    fn pause(scope: PauseScope) -> Pause {
        Pause {
            scope,
            reason: Reason { code: "operator".to_owned(), facts: Vec::new() },
            since: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_pause_covers_what_it_names_and_the_widest_is_told() {
        let merchant = MerchantId::new("m");
        let (shop, other) = (ConnectionId::new("shop"), ConnectionId::new("other"));
        let on = |connection: &ConnectionId| {
            pause(PauseScope::Connection { merchant: merchant.clone(), connection: connection.clone() })
        };
        assert_eq!(pause_over(&[on(&other)], &[&shop]), None);
        assert_eq!(pause_over(&[on(&shop)], &[&shop]), Some(on(&shop)));
        let all = pause(PauseScope::Everything);
        assert_eq!(pause_over(&[on(&shop), all.clone()], &[&shop]), Some(all));
    }
}
