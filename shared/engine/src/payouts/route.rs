//! Where payouts come from and go to: one merchant's account at one acquirer, and the books.

use std::sync::Arc;

use async_trait::async_trait;
use connectors::acquirer::Acquirer;
use connectors::http::Transport;
use connectors::journals::Journals;
use connectors::report::ReportReader;
use domain::catalogue::Period;
use domain::settings::{Language, PayoutSettings, Profile};
use domain::{AgreementId, ConnectionId, Failure, MerchantId};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::statement::Statements;
use crate::route::RouteFailure;
use crate::store::Pause;

/// The acquirer's side.
#[derive(Clone)]
pub struct AcquirerEnd {
    /// The connection.
    pub connection: ConnectionId,
    /// Name of the system.
    pub system: String,
    /// The merchant's account there, for formats that do not name it.
    pub account: String,
    /// Reads its reports.
    pub reader: &'static dyn ReportReader,
    /// How files are read that its reader knows nothing of.
    pub profile: Option<Profile>,
    /// Asks it for payouts, and the way to it; `None` where its files are sent.
    pub port: Option<(&'static dyn Acquirer, Arc<dyn Transport>)>,
}

/// Knows the years and periods of a company's books.
#[async_trait]
pub trait Periods: Send + Sync {
    /// Years and periods as they are, or were some minutes ago.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn periods(&self) -> Result<Vec<Period>, Failure>;
}

/// The accounting system's side.
#[derive(Clone)]
pub struct BooksEnd {
    /// The connection.
    pub connection: ConnectionId,
    /// The company written to.
    pub agreement: AgreementId,
    /// Its years and periods.
    pub periods: Arc<dyn Periods>,
    /// Its journals.
    pub journals: &'static dyn Journals,
    /// The way to it.
    pub transport: Arc<dyn Transport>,
}

/// One flow of payouts, ready to be worked on.
#[derive(Clone)]
pub struct PayoutRoute {
    /// Whose.
    pub merchant: MerchantId,
    /// The merchant's name, for statements.
    pub merchant_name: String,
    /// Name of the flow.
    pub flow: String,
    /// From where.
    pub acquirer: AcquirerEnd,
    /// To where.
    pub books: BooksEnd,
    /// Connections of the gateways whose word is taken for which order a payment is of.
    pub gateways: Vec<ConnectionId>,
    /// Makes the statements that are put on vouchers.
    pub statements: &'static dyn Statements,
    /// The acquirer's company's country; empty when it is not known.
    pub country: String,
    /// The settings of the flow.
    pub settings: PayoutSettings,
    /// The merchant's time zone.
    pub zone: TimeZone,
    /// Language of the texts on vouchers.
    pub language: Language,
    /// A pause that covers the merchant or either connection.
    pub paused: Option<Pause>,
    /// When the ledger was restored from a backup, if it was: vouchers are looked for before they are made, whenever their payouts came.
    pub epoch: Option<Timestamp>,
}

/// Knows the routes of payouts.
#[async_trait]
pub trait PayoutConnections: Send + Sync {
    /// The route of a merchant's flow of payouts, with the settings as they are now.
    ///
    /// # Errors
    /// See [`RouteFailure`].
    async fn payout_route(&self, merchant: &MerchantId, flow: &str) -> Result<PayoutRoute, RouteFailure>;
}
