//! The end of a run, wherever it comes: what is known is stored, the lease is given back, and the report says what was done.

use std::sync::atomic::Ordering;

use domain::Failure;
use domain::plan::Reason;
use jiff::SignedDuration;

use super::run::{Run, Side, Stop};
use super::{StockOutcome, StockReport};
use crate::store::{Pause, PauseScope, StoreFailure};

impl Run<'_> {
    /// Stores the state, and makes the head point to it.
    pub(super) async fn save(&mut self) -> Result<(), Stop> {
        let before = self.head.state.clone();
        if self.dirty {
            self.saved += 1;
            let name = format!("{:012}-{:04}", self.head.fence, self.saved);
            let state = serde_json::to_vec(&self.state)
                .map_err(|error| Stop::Ledger(format!("the state has no JSON form: {error}")))?;
            self.engine.stock.put_stock_state(&self.head.flow, &name, state).await?;
            self.head.state = Some(name);
        }
        self.head.updated_at = self.now();
        self.engine.stock.save_stock_head(&self.head).await?;
        self.dirty = false;
        if let Some(before) = before.filter(|before| self.head.state.as_ref() != Some(before)) {
            // Nothing points to it any more; what cannot be dropped now only takes room.
            let _ = self.engine.stock.drop_stock_state(&self.head.flow, &before).await;
        }
        Ok(())
    }

    /// Ends the run.
    pub(super) async fn end(mut self, outcome: Result<(), Stop>) -> StockOutcome {
        match outcome {
            Err(Stop::Fenced) => self.overtaken().await,
            Err(Stop::Ledger(words)) => StockOutcome::Failed(words),
            Ok(()) => self.conclude(None, None).await,
            Err(Stop::OutOfTime) => {
                // Where the reading stands is part of the state.
                self.dirty = true;
                let reason = Reason::new("stock-interrupted").with("message", "out of time");
                self.conclude(Some((reason, true)), None).await
            }
            Err(Stop::Held(reason)) => self.conclude(Some((reason, false)), None).await,
            Err(Stop::Failed(side, failure)) => {
                let wait = match &failure {
                    Failure::Busy { retry_after_ms: Some(wait), .. } => i64::try_from(*wait).ok(),
                    _ => None,
                };
                let reason = self.reason(side, failure).await;
                // Where the reading stands is part of the state.
                self.dirty = true;
                self.conclude(Some((reason, false)), wait.map(SignedDuration::from_millis)).await
            }
        }
    }

    async fn reason(&self, side: Side, failure: Failure) -> Reason {
        let (connection, system) = match side {
            Side::Shop => (&self.route.shop.connection, self.route.shop.port.manifest().system),
            Side::Accounting => {
                (&self.route.accounting.connection, self.route.accounting.port.manifest().system)
            }
        };
        match failure {
            Failure::Busy { message, .. } | Failure::Unknown { message } => {
                Reason::new("stock-interrupted").with("message", message)
            }
            Failure::Rejected { message, .. } => {
                Reason::new("stock-rejected").with("system", system).with("message", message)
            }
            Failure::Unauthorized { message } => {
                let reason = Reason::new("unauthorized").with("message", message);
                let merchant = self.head.flow.merchant.clone();
                let scope = PauseScope::Connection { merchant, connection: connection.clone() };
                let pause = Pause { scope, reason: reason.clone(), since: self.now() };
                // A pause that could not be set is set by the next call that meets the same refusal.
                let _ = self.engine.ledger.pause(&pause).await;
                reason
            }
        }
    }

    async fn conclude(
        &mut self,
        stopped: Option<(Reason, bool)>,
        wait: Option<SignedDuration>,
    ) -> StockOutcome {
        self.report.reads = self.calls.reads.load(Ordering::Relaxed);
        self.report.writes = self.calls.writes.load(Ordering::Relaxed);
        self.report.stopped = stopped.as_ref().map(|(reason, _)| reason.clone());
        if self.whole_done {
            self.head.suspicions_answered = self.suspicions;
        }
        if !self.told.is_empty()
            && let Err(stop) = self.log().await
        {
            return self.failed(stop).await;
        }
        let before = self.head.report.as_ref().map(StockReport::trouble).unwrap_or_default();
        let trouble = self.report.trouble();
        if trouble.is_empty() {
            self.head.troubled_since = None;
        } else if before != trouble || self.head.troubled_since.is_none() {
            self.head.troubled_since = Some(self.now());
        }
        self.head.report = Some(self.report.clone().kept());
        self.head.lease_until = None;
        if let Err(stop) = self.save().await {
            return self.failed(stop).await;
        }
        let report = self.report.clone();
        match stopped {
            None => StockOutcome::Finished(report),
            Some((_, soon)) => StockOutcome::Stopped { report, soon, wait },
        }
    }

    /// What was told is kept for good: entry, location, quantity.
    async fn log(&self) -> Result<(), Stop> {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Log<'a> {
            schema: u32,
            report: &'a StockReport,
            told: &'a [(String, String, i64)],
        }
        let log = Log { schema: domain::stock::state::STATE_SCHEMA, report: &self.report, told: &self.told };
        let log = serde_json::to_vec(&log)
            .map_err(|error| Stop::Ledger(format!("the log has no JSON form: {error}")))?;
        let name = format!("{:012}", self.head.fence);
        self.engine.stock.put_stock_log(&self.head.flow, &name, log).await?;
        Ok(())
    }

    async fn failed(&mut self, stop: Stop) -> StockOutcome {
        match stop {
            Stop::Fenced => self.overtaken().await,
            Stop::Ledger(words) => StockOutcome::Failed(words),
            _ => StockOutcome::Failed("the end could not be stored".to_owned()),
        }
    }

    /// Somebody else works on the flow. What this run wrote last may have come after what they wrote.
    async fn overtaken(&mut self) -> StockOutcome {
        let wrote = self.calls.writes.load(Ordering::Relaxed) > 0;
        let told: Result<(), StoreFailure> =
            if wrote { self.engine.stock.suspect_stock(&self.head.flow).await } else { Ok(()) };
        match told {
            Ok(()) => StockOutcome::Overtaken,
            Err(failure) => StockOutcome::Failed(failure.to_string()),
        }
    }
}
