//! The routes of payouts: an acquirer's account on one side, the books on the other.

use std::sync::Arc;

use async_trait::async_trait;
use connectors::acquirer::Acquirer;
use connectors::http::Transport;
use connectors::ports::Accounting;
use connectors::registry;
use domain::catalogue::Period;
use domain::settings::{Connection, PayoutFlow};
use domain::{ConnectionId, Failure, MerchantId};
use engine::payouts::route::{BooksEnd, Periods};
use engine::payouts::statement::{StatementParts, Statements};
use engine::payouts::{AcquirerEnd, PayoutConnections, PayoutRoute};
use engine::route::RouteFailure;

use crate::failure::PlatformError;
use crate::merchants::Merchant;
use crate::routes::{Routes, pause_over};
use crate::statement::PayoutStatement;

/// The periods of a company's books, kept for some minutes.
struct KeptPeriods {
    routes: Routes,
    merchant: MerchantId,
    connection: ConnectionId,
    port: &'static dyn Accounting,
    transport: Arc<dyn Transport>,
}

#[async_trait]
impl Periods for KeptPeriods {
    async fn periods(&self) -> Result<Vec<Period>, Failure> {
        let place = (self.merchant.clone(), self.connection.clone());
        if let Some(kept) = self.routes.kept(&place) {
            return Ok(kept.periods.clone());
        }
        let master = Arc::new(self.port.master_data(&*self.transport).await?);
        let periods = master.periods.clone();
        self.routes.keep(place, master);
        Ok(periods)
    }
}

/// Statements on this platform's paper.
struct Papers;

impl Statements for Papers {
    fn pdf(&self, parts: &StatementParts<'_>) -> Result<Vec<u8>, String> {
        let statement = PayoutStatement {
            merchant: parts.merchant,
            settlements: parts.settlements,
            settlement: 0,
            receivables: parts.receivables,
            matching: parts.matching,
            decisions: parts.decisions,
            plan: parts.plan,
            numbers: &[],
            zone: parts.zone,
            language: parts.language,
        };
        statement.pdf().map_err(|error| error.to_string())
    }
}

fn unknown(what: String) -> RouteFailure {
    RouteFailure::Unknown(what)
}

fn sorted(error: PlatformError) -> RouteFailure {
    match error {
        PlatformError::NotFound(what) | PlatformError::Configuration(what) => RouteFailure::Unknown(what),
        other => RouteFailure::Unavailable(other.to_string()),
    }
}

impl Routes {
    fn acquirer_end(
        &self,
        merchant: &Merchant,
        connection: &Connection,
        flow: &PayoutFlow,
    ) -> Result<AcquirerEnd, RouteFailure> {
        let reader = registry::report_reader(&connection.system)
            .ok_or_else(|| unknown(format!("there is no reader of reports for {}", connection.system)))?;
        let has_secrets = merchant.record.secrets.contains_key(&connection.id);
        let port = match registry::acquirer(&connection.system).filter(|_| has_secrets) {
            Some(acquirer) => {
                let transport: Arc<dyn Transport> = self.transport(merchant, connection).map_err(sorted)?;
                Some((acquirer as &'static dyn Acquirer, transport))
            }
            None => None,
        };
        Ok(AcquirerEnd {
            connection: connection.id.clone(),
            system: connection.system.clone(),
            account: connection.source.clone().unwrap_or_default(),
            reader,
            profile: flow.profile.clone(),
            port,
        })
    }

    fn books_end(&self, merchant: &Merchant, connection: &Connection) -> Result<BooksEnd, RouteFailure> {
        let system = &connection.system;
        let port = registry::accounting(system);
        let port = port.ok_or_else(|| unknown(format!("there is no accounting system {system}")))?;
        let journals = registry::journals(system);
        let journals = journals.ok_or_else(|| unknown(format!("{system} takes no vouchers")))?;
        let transport: Arc<dyn Transport> = self.transport(merchant, connection).map_err(sorted)?;
        let periods = KeptPeriods {
            routes: self.clone(),
            merchant: merchant.record.file.id.clone(),
            connection: connection.id.clone(),
            port,
            transport: transport.clone(),
        };
        Ok(BooksEnd {
            connection: connection.id.clone(),
            agreement: connection.agreement.clone().ok_or_else(|| unknown("no agreement".to_owned()))?,
            periods: Arc::new(periods),
            journals,
            transport,
        })
    }
}

#[async_trait]
impl PayoutConnections for Routes {
    async fn payout_route(&self, merchant: &MerchantId, flow: &str) -> Result<PayoutRoute, RouteFailure> {
        let found = self.merchants().merchant(merchant).await.map_err(sorted)?;
        let file = &found.record.file;
        let known: Option<&PayoutFlow> = file.payouts.iter().find(|known| known.name == flow);
        let flow = known.ok_or_else(|| unknown(format!("no flow of payouts is called {flow}")))?;
        let ends = (file.connection(&flow.acquirer), file.connection(&flow.accounting));
        let (Some(acquirer), Some(books)) = ends else {
            return Err(unknown("a connection is gone".to_owned()));
        };
        Ok(PayoutRoute {
            merchant: merchant.clone(),
            merchant_name: file.name.clone(),
            flow: flow.name.clone(),
            acquirer: self.acquirer_end(&found, acquirer, flow)?,
            books: self.books_end(&found, books)?,
            gateways: file.gateways(flow).map(|connection| connection.id.clone()).collect(),
            statements: &Papers,
            country: flow.country.clone().unwrap_or_default(),
            settings: flow.settings.clone(),
            zone: file.zone(),
            language: file.language,
            paused: pause_over(&found.pauses, &[&acquirer.id, &books.id]),
            epoch: found.epoch.map(|epoch| epoch.at),
        })
    }
}
