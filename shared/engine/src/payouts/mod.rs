//! Payouts: a report comes in, is matched with what was booked, waits for approval, and is posted once.
//!
//! A report is read whole before anything of it is believed: what does not agree with itself is refused, with the difference. Each
//! batch is kept under acquirer, account and batch by a conditional write, so whatever file it comes in, and however often, there
//! is one payout; the same batch with another content is parked beside it and posts nothing.
//!
//! One worker at a time works on a payout: a claim gives it the next fence and a lease. It reads the original again, matches its
//! lines with the documents that their keys lead to, and plans the vouchers. The plan is kept under its hash before anybody
//! approves it, and what is posted is that plan, never a newer one. Vouchers are entered one by one; before each outside write
//! the record says what is about to happen, so that a worker which dies leaves a step in doubt, and the next one looks for it
//! before it does it again. So a worker may die anywhere, and nothing is posted twice.

mod acquirers;
mod bank;
mod by_hand;
mod confirmed;
pub mod conformance;
mod decide;
mod intake;
mod interim;
pub mod links;
mod looking;
pub mod memory;
pub(crate) mod numbers;
mod overview;
mod paid;
mod post;
mod questions;
mod reading;
mod receivables;
pub mod record;
mod renewed;
pub mod route;
pub mod statement;
pub mod store;
pub mod summary;
mod taken_in;
mod view;
pub mod waiting;
mod work;

#[cfg(test)]
mod tests;

use domain::MerchantId;
use domain::plan::Reason;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::policy::Limits;
use crate::store::{Store, StoreFailure};

pub(crate) use acquirers::paid_by;
pub use bank::StatementSeen;
pub use decide::{AskedPart, Correction, LineAssignment};
pub use intake::Incoming;
pub use links::OrderLink;
pub use overview::{AgeView, InterimView, OpenItem, PaidOutView, PayoutOverview, ToComeView};
pub use record::{
    ArrivalKind, BalanceReport, BalanceSums, Dismissal, FileDismissal, FileRecord, IntakeOutcome,
    IntakeRecord, LineChoice, MailedFile, PayoutFigures, PayoutId, PayoutRecord, SetAside,
};
pub use route::{AcquirerEnd, PayoutConnections, PayoutRoute};
pub use store::{FileBytes, PayoutClaimed, PayoutStore};
pub use view::{LineView, PayoutView};

/// How long a worker holds a payout beyond its deadline: the longest request and a margin.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(35);
/// No step that writes is begun with less time than this.
const LEAST: SignedDuration = SignedDuration::from_secs(32);
/// Waits after failures in a row: doubled each time up to the last.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(6);

/// The work of one worker on one payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutWork {
    /// Which.
    pub id: PayoutId,
    /// Unique per attempt.
    pub token: String,
    /// When the worker must be done.
    pub deadline: Timestamp,
}

/// Why a payout was not worked on, or not moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayoutFailure {
    /// There is no such payout, flow or line.
    #[error("not found: {0}")]
    NotFound(String),
    /// It cannot be done, for this reason: told to whoever asked.
    #[error("refused: {}", .0.code)]
    Refused(Reason),
    /// Another worker holds it.
    #[error("held by another worker until {until}")]
    Held {
        /// Until when, at the latest.
        until: Timestamp,
    },
    /// A newer claim exists: stop at once.
    #[error("a newer claim exists")]
    Fenced,
    /// The store or the settings cannot be reached now; what was begun is found again.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

impl From<StoreFailure> for PayoutFailure {
    fn from(failure: StoreFailure) -> PayoutFailure {
        match failure {
            StoreFailure::Fenced => PayoutFailure::Fenced,
            other => PayoutFailure::Unavailable(other.to_string()),
        }
    }
}

/// Works on payouts.
#[derive(Clone, Copy)]
pub struct PayoutEngine<'a> {
    /// The clock.
    pub clock: &'a dyn Clock,
    /// What is kept of payouts.
    pub payouts: &'a dyn PayoutStore,
    /// The ledger of transfers, for pauses.
    pub ledger: &'a dyn Store,
    /// Routes.
    pub connections: &'a dyn PayoutConnections,
    /// Limits.
    pub limits: Limits,
}

impl PayoutEngine<'_> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn route(&self, merchant: &MerchantId, flow: &str) -> Result<PayoutRoute, PayoutFailure> {
        use crate::route::RouteFailure;
        self.connections.payout_route(merchant, flow).await.map_err(|failure| match failure {
            RouteFailure::Unknown(what) => PayoutFailure::NotFound(what),
            RouteFailure::Unavailable(what) => PayoutFailure::Unavailable(what),
        })
    }

    /// Takes a payout under the next fence.
    async fn claim(&self, work: &PayoutWork) -> Result<PayoutRecord, PayoutFailure> {
        let claim = record::PayoutClaim {
            id: work.id.clone(),
            token: work.token.clone(),
            now: self.now(),
            lease_until: work.deadline + LEASE_MARGIN,
        };
        match self.payouts.claim_payout(&claim).await? {
            PayoutClaimed::Taken(record) => Ok(*record),
            PayoutClaimed::Held { until } => Err(PayoutFailure::Held { until }),
            PayoutClaimed::Unknown => Err(PayoutFailure::NotFound(work.id.name())),
        }
    }

    /// The file that a payout is read from, as it came.
    ///
    /// # Errors
    /// `Refused` when it is erased; as the store says.
    pub async fn original_of(&self, record: &PayoutRecord) -> Result<Box<dyn FileBytes>, PayoutFailure> {
        self.original(record).await
    }

    /// The file that a payout is read from.
    async fn original(&self, record: &PayoutRecord) -> Result<Box<dyn FileBytes>, PayoutFailure> {
        match self.payouts.file(&record.id.merchant, &record.original.sha256).await {
            Err(StoreFailure::Conflict) => {
                let gone = Reason::new("payout-original-gone").with("payout", &record.id.key.batch);
                Err(PayoutFailure::Refused(gone.with("file", &record.original.name)))
            }
            kept => Ok(kept?),
        }
    }

    /// Keeps the record and goes on working on it.
    async fn save(&self, record: &mut PayoutRecord) -> Result<(), PayoutFailure> {
        record.updated_at = self.now();
        Ok(self.payouts.save_payout(record).await?)
    }

    /// Keeps the record and gives it free.
    async fn release(&self, mut record: PayoutRecord) -> Result<PayoutRecord, PayoutFailure> {
        record.lease_until = None;
        record.trouble = waiting::trouble_of(&record, self.now());
        self.save(&mut record).await?;
        Ok(record)
    }
}
