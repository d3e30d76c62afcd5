//! The operator's view of stock: what the last runs did, and runs on demand.

use std::collections::BTreeMap;

use domain::MerchantId;
use domain::settings::Connection;
use engine::clock::Clock as _;
use engine::policy::Limits;
use engine::route::Connections;
use engine::stock::{StockEngine, StockHead, StockOutcome, StockReport, StockStore, StockTask, StockWork};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Operations, store};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::sealing::new_token;
use crate::stock::flow;
use crate::transport::Traffic;

/// How long a run on demand may take.
const LONGEST_RUN: SignedDuration = SignedDuration::from_mins(30);

/// The stock of one flow, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StockView {
    /// Name of the flow.
    pub flow: String,
    /// How a run on demand ended: `done`, `stopped`, `off`, `paused`, `busy`, `overtaken` or `failed`; `last` for what the
    /// ledger has of the last one.
    pub outcome: String,
    /// What kept it from running, in words for the operator.
    pub problem: Option<String>,
    /// Up to when the accounts have been read.
    pub read_to: Option<Timestamp>,
    /// When everything was last compared with what the shop really shows.
    pub whole_at: Option<Timestamp>,
    /// What was done.
    pub report: Option<StockReport>,
}

impl Operations {
    /// What the ledger has of the last runs of a merchant's flows.
    ///
    /// # Errors
    /// `NotFound`; as AWS says.
    pub async fn stock(&self, merchant: &MerchantId) -> Result<Vec<StockView>, PlatformError> {
        let found = self.merchants.merchant(merchant).await?;
        let file = &found.record.file;
        let heads = self.ledger.stock_heads(merchant).await.map_err(store)?;
        let heads: BTreeMap<String, StockHead> =
            heads.into_iter().map(|head| (head.flow.name(), head)).collect();
        let mut views = Vec::new();
        for known in &file.flows {
            let ends = (file.connection(&known.shop), file.connection(&known.accounting));
            let (Some(shop), Some(accounting)) = ends else { continue };
            let head = name(merchant, shop, accounting).and_then(|name| heads.get(&name));
            let Some(head) = head else { continue };
            views.push(StockView {
                flow: known.name.clone(),
                outcome: "last".to_owned(),
                problem: None,
                read_to: head.read_to,
                whole_at: head.whole_at,
                report: head.report.clone(),
            });
        }
        Ok(views)
    }

    /// Runs the stock of each of a merchant's flows now, in this process.
    ///
    /// # Errors
    /// `NotFound`; as AWS says.
    pub async fn run_stock(
        &self,
        merchant: &MerchantId,
        task: StockTask,
    ) -> Result<Vec<StockView>, PlatformError> {
        let found = self.merchants.merchant(merchant).await?;
        let file = &found.record.file;
        let routes = self.platform.routes()?.for_traffic(Traffic::Background);
        let engine = StockEngine {
            clock: &SystemClock,
            stock: &self.ledger,
            ledger: &self.ledger,
            connections: &routes as &dyn Connections,
            limits: Limits::default(),
        };
        let mut views = Vec::new();
        for known in &file.flows {
            let Some(shop) = file.connection(&known.shop) else { continue };
            let work = StockWork {
                merchant: merchant.clone(),
                connection: shop.id.clone(),
                task,
                token: new_token()?,
                deadline: SystemClock.now() + LONGEST_RUN,
            };
            views.push(view(&known.name, run(&engine, work).await));
        }
        Ok(views)
    }
}

/// Runs to the end: a shop whose budget is spent says when to go on.
async fn run(engine: &StockEngine<'_>, mut work: StockWork) -> StockOutcome {
    loop {
        let outcome = engine.run(&work).await;
        let StockOutcome::Stopped { wait: Some(wait), .. } = &outcome else { return outcome };
        if SystemClock.now() + *wait + SignedDuration::from_mins(1) > work.deadline {
            return outcome;
        }
        tokio::time::sleep(std::time::Duration::try_from(*wait).unwrap_or_default()).await;
        match new_token() {
            Ok(token) => work.token = token,
            Err(_) => return outcome,
        }
    }
}

fn name(merchant: &MerchantId, shop: &Connection, accounting: &Connection) -> Option<String> {
    Some(flow(merchant, shop.source.as_deref()?, accounting.agreement.as_ref()?).name())
}

fn view(flow: &str, outcome: StockOutcome) -> StockView {
    let (word, problem, report) = match outcome {
        StockOutcome::Finished(report) => ("done", None, Some(report)),
        StockOutcome::Stopped { report, .. } => ("stopped", None, Some(report)),
        StockOutcome::Off => ("off", Some("stock.mode is off in the flow's settings".to_owned()), None),
        StockOutcome::Paused => ("paused", Some("a pause covers the flow".to_owned()), None),
        StockOutcome::Busy { until } => {
            ("busy", Some(format!("another run is at it, until {until} at the latest")), None)
        }
        StockOutcome::Overtaken => ("overtaken", Some("a newer run took over".to_owned()), None),
        StockOutcome::Failed(words) => ("failed", Some(words), None),
    };
    StockView {
        flow: flow.to_owned(),
        outcome: word.to_owned(),
        problem,
        read_to: None,
        whole_at: None,
        report,
    }
}
