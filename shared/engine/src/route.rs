//! Where a transfer goes: the connections, settings and limits that hold for one merchant's shop now.
//!
//! The engine does not know where settings and credentials are kept. It asks for a [`Route`], which carries the ports of
//! both systems with a transport bound to each, and works with that for one claim.

use std::sync::Arc;

use async_trait::async_trait;
use connectors::http::Transport;
use connectors::ports::{Accounting, ReadingRules, VatNumberRegister, Webshop};
use domain::catalogue::MasterData;
use domain::settings::OrderNumberRules;
use domain::{AgreementId, ConnectionId, MerchantId, Settings};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::store::Pause;

/// A shop's side of a route.
#[derive(Clone)]
pub struct ShopEnd {
    /// The connection.
    pub connection: ConnectionId,
    /// The shop's own identity.
    pub source: String,
    /// Its port.
    pub port: &'static dyn Webshop,
    /// The way to it.
    pub transport: Arc<dyn Transport>,
    /// How its orders are read.
    pub rules: ReadingRules,
}

/// An accounting system's side of a route.
#[derive(Clone)]
pub struct AccountingEnd {
    /// The connection.
    pub connection: ConnectionId,
    /// The company written to.
    pub agreement: AgreementId,
    /// Its port.
    pub port: &'static dyn Accounting,
    /// The way to it.
    pub transport: Arc<dyn Transport>,
}

/// A register of VAT numbers and the way to it.
#[derive(Clone)]
pub struct RegisterEnd {
    /// Its port.
    pub port: &'static dyn VatNumberRegister,
    /// The way to it.
    pub transport: Arc<dyn Transport>,
}

/// One flow, ready to be worked on.
#[derive(Clone)]
pub struct Route {
    /// Whose.
    pub merchant: MerchantId,
    /// From where.
    pub shop: ShopEnd,
    /// To where.
    pub accounting: AccountingEnd,
    /// The register of VAT numbers that is asked before a sale without VAT; `None` where there is none.
    pub vat_register: Option<RegisterEnd>,
    /// The settings of the flow.
    pub settings: Settings,
    /// Their version.
    pub settings_version: u64,
    /// The merchant's time zone.
    pub time_zone: TimeZone,
    /// The merchant's payouts are matched: the references of an order's payments lead to it, too.
    pub payouts: bool,
    /// How those who match them make order numbers alike: a number that they would not find otherwise leads to the order as they make it.
    pub order_numbers: Vec<OrderNumberRules>,
    /// A pause that covers the merchant or either connection.
    pub paused: Option<Pause>,
    /// The ledger was restored from a backup: effects of orders made before this time are looked up before they are made.
    pub epoch: Option<Timestamp>,
}

/// Why there is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteFailure {
    /// No such merchant, connection or flow; the delivery is kept as one that cannot be understood.
    #[error("no flow from this connection: {0}")]
    Unknown(String),
    /// Settings or secrets cannot be read now.
    #[error("settings unavailable: {0}")]
    Unavailable(String),
}

/// Knows the routes.
#[async_trait]
pub trait Connections: Send + Sync {
    /// The route of the flow that takes orders from this connection, with the settings of `version` or as they are now.
    /// A merchant's id that does not own the connection gets `Unknown`.
    ///
    /// # Errors
    /// See [`RouteFailure`].
    async fn route(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        version: Option<u64>,
    ) -> Result<Route, RouteFailure>;

    /// The accounting system's slowly changing data, when it was kept and is still fresh. Never a call to the system.
    fn kept_master_data(&self, route: &Route) -> Option<Arc<MasterData>>;

    /// Keeps such data for a while; at most some minutes, since a period may be closed at any time.
    fn keep_master_data(&self, route: &Route, master: Arc<MasterData>);

    /// Forgets it, after the system refused something that it says is allowed.
    fn forget_master_data(&self, route: &Route);
}
