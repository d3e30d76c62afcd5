//! The stock flow: what the accounts hold goes to the shop, as often as it changes.
//!
//! One run at a time works on a flow: a claim gives it the next fence and a lease. It reads what the accounts changed,
//! compares everything that is known with what the shop was last told, and tells the shop what differs. Before the first
//! write, what is about to be written is stored as in doubt, so that a run which dies leaves no quantity believed that may
//! not be there; whatever is in doubt is told again, absolutely, or looked up where the shop can compare. So a run may stop
//! anywhere, and the next one converges.
//!
//! An older reading never overwrites a newer one: readings are merged by the accounts' own time of change, the fence is
//! looked at before every write, and a shop that compares is told what the run believes it shows. A worker that learns that
//! it was overtaken says so in the ledger, since its last write may have come late: the next run then reads what the shop
//! really shows.

mod end;
pub mod memory;
mod run;
pub mod store;
mod tell;
mod transport;

use std::collections::BTreeMap;

use domain::plan::Reason;
use domain::{AgreementId, ConnectionId, MerchantId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::policy::Limits;
use crate::route::Connections;
use crate::store::Store;
pub use store::{StockClaim, StockClaimed, StockHead, StockStore};

/// Product numbers named of each cause in a stored report.
pub const EXAMPLES: usize = 10;
/// Differences kept in a stored report.
pub const KEPT_DIFFERENCES: usize = 20;

/// The stock of one agreement in one shop: the unit that is claimed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StockFlow {
    /// Whose.
    pub merchant: MerchantId,
    /// The shop's own identity, which survives a new connection to the same shop.
    pub source: String,
    /// The company whose stock it is.
    pub agreement: AgreementId,
}

impl StockFlow {
    /// A short name of it, for keys and objects: the merchant is not in it, since those are the merchant's own.
    pub fn name(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [self.source.as_str(), self.agreement.as_str()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        data_encoding::BASE32_NOPAD.encode(&hasher.finalize()[..10]).to_ascii_lowercase()
    }
}

/// What a run is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StockTask {
    /// What changed, or everything when it is time.
    #[default]
    Changes,
    /// Everything, compared with what the shop really shows, and told.
    Everything,
    /// Everything, compared and reported; the shop is told nothing.
    Report,
}

/// The work of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockWork {
    /// Whose.
    pub merchant: MerchantId,
    /// The shop's connection.
    pub connection: ConnectionId,
    /// What.
    pub task: StockTask,
    /// Unique per attempt.
    pub token: String,
    /// When the worker must be done.
    pub deadline: Timestamp,
}

/// A quantity of the shop that is not the accounts'.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StockDifference {
    /// Product number.
    pub number: String,
    /// The shop's location.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub location: String,
    /// What the shop shows, as far as is known.
    pub shop: Option<i64>,
    /// What it should show.
    pub accounts: i64,
}

/// Entries of one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCause {
    /// How many.
    pub count: usize,
    /// Numbers of the first few.
    pub products: Vec<String>,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StockReport {
    /// When it began.
    pub began: Timestamp,
    /// Everything was compared with what the shop really shows.
    pub whole: bool,
    /// Calls that read, in both systems.
    pub reads: u32,
    /// Calls that wrote.
    pub writes: u32,
    /// Products of the accounts that were read.
    pub read_products: usize,
    /// Products known in the accounts.
    pub products: usize,
    /// Entries known in the shop.
    pub entries: usize,
    /// Quantities that differed.
    pub different: usize,
    /// Of these, told.
    pub told: usize,
    /// Of these, what the shop showed already.
    pub shown_already: usize,
    /// Numbers with stock that the shop does not have.
    pub not_in_shop: usize,
    /// Entries that could not be told, by code of the cause.
    pub causes: BTreeMap<String, StockCause>,
    /// What the shop said of those it refused: number and words.
    #[serde(default)]
    pub refusals: Vec<(String, String)>,
    /// What differed: all of it in the run's own answer, the first few in the ledger.
    #[serde(default)]
    pub differences: Vec<StockDifference>,
    /// Why it stopped before its end; the next run goes on.
    #[serde(default)]
    pub stopped: Option<Reason>,
}

impl StockReport {
    /// An empty one.
    pub fn new(began: Timestamp) -> StockReport {
        StockReport {
            began,
            whole: false,
            reads: 0,
            writes: 0,
            read_products: 0,
            products: 0,
            entries: 0,
            different: 0,
            told: 0,
            shown_already: 0,
            not_in_shop: 0,
            causes: BTreeMap::new(),
            refusals: Vec::new(),
            differences: Vec::new(),
            stopped: None,
        }
    }

    /// The causes as reasons, for the texts; and why it stopped.
    pub fn reasons(&self) -> Vec<Reason> {
        let cause = |(code, cause): (&String, &StockCause)| {
            let mut products = cause.products.join(", ");
            if cause.count > cause.products.len() {
                products.push_str(" ...");
            }
            Reason::new(code).with("count", cause.count).with("products", products)
        };
        self.causes.iter().map(cause).chain(self.stopped.clone()).collect()
    }

    /// What needs somebody: what will pass by itself is left out.
    pub fn trouble(&self) -> Vec<Reason> {
        let passes = |reason: &Reason| matches!(reason.code.as_str(), "stock-moving" | "stock-interrupted");
        self.reasons().into_iter().filter(|reason| !passes(reason)).collect()
    }

    /// As it is kept in the ledger.
    #[must_use]
    pub fn kept(mut self) -> StockReport {
        self.differences.truncate(KEPT_DIFFERENCES);
        self.refusals.truncate(EXAMPLES);
        self
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockOutcome {
    /// The merchant does not want it.
    Off,
    /// A pause covers the flow.
    Paused,
    /// Another run holds it.
    Busy {
        /// Until when, at the latest.
        until: Timestamp,
    },
    /// Done.
    Finished(StockReport),
    /// Stopped before its end; the report says why. Comes up again at the next turn, or sooner when `soon`.
    Stopped {
        /// What was done.
        report: StockReport,
        /// Time ran out: it goes on at once.
        soon: bool,
        /// The other side asked to be called again after this time.
        wait: Option<SignedDuration>,
    },
    /// A newer run took over.
    Overtaken,
    /// The ledger cannot be reached; the end of the lease lets the next run in.
    Failed(String),
}

/// Runs the stock flow.
#[derive(Clone, Copy)]
pub struct StockEngine<'a> {
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The stock's part of the ledger.
    pub stock: &'a dyn StockStore,
    /// The ledger, for pauses.
    pub ledger: &'a dyn Store,
    /// Routes.
    pub connections: &'a dyn Connections,
    /// Limits.
    pub limits: Limits,
}
