//! What is kept of the stock flow: one small head in the table, and the state as one packed object.
//!
//! The head points to the object. A new state is a new object under a name of its own, and becomes the state by one
//! conditional write of the head; so a state is there whole or not at all, and fifty thousand products cost one object and
//! one small item however many of them changed.

use async_trait::async_trait;
use domain::{ConnectionId, MerchantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StockFlow, StockReport};
use crate::store::StoreFailure;

/// Where the stock of a flow stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StockHead {
    /// Which flow.
    pub flow: StockFlow,
    /// The shop's connection it was last run through.
    pub connection: ConnectionId,
    /// Number of the last claim. Never decreases.
    pub fence: u64,
    /// Token of the last claim.
    pub claim: String,
    /// End of the lease; `None` when nobody holds it.
    pub lease_until: Option<Timestamp>,
    /// Name of the object with the state; `None` before the first.
    pub state: Option<String>,
    /// Up to when the accounts have been read.
    pub read_to: Option<Timestamp>,
    /// When everything was last compared with what the shop really shows.
    pub whole_at: Option<Timestamp>,
    /// The settings last worked with.
    pub settings_version: u64,
    /// How often a worker that was overtaken said that its last write may have come late, so that what the shop shows is
    /// not known. Counted by the store; saving the head does not change it.
    #[serde(default)]
    pub suspicions: u64,
    /// Of these, how many a comparison with what the shop really shows has answered.
    #[serde(default)]
    pub suspicions_answered: u64,
    /// What the last run did.
    pub report: Option<StockReport>,
    /// Since when what needs somebody is what it is; `None` when nothing does.
    #[serde(default)]
    pub troubled_since: Option<Timestamp>,
    /// When it was last written.
    pub updated_at: Timestamp,
}

impl StockHead {
    /// The head that a first claim makes.
    pub fn first(claim: &StockClaim) -> StockHead {
        StockHead {
            flow: claim.flow.clone(),
            connection: claim.connection.clone(),
            fence: 1,
            claim: claim.token.clone(),
            lease_until: Some(claim.lease_until),
            state: None,
            read_to: None,
            whole_at: None,
            settings_version: 0,
            suspicions: 0,
            suspicions_answered: 0,
            report: None,
            troubled_since: None,
            updated_at: claim.now,
        }
    }

    /// What a claim makes of it: every store applies exactly this.
    pub fn take(&mut self, claim: &StockClaim) {
        self.fence += 1;
        self.claim.clone_from(&claim.token);
        self.connection = claim.connection.clone();
        self.lease_until = Some(claim.lease_until);
        self.updated_at = claim.now;
    }

    /// True while somebody else than this claim holds it.
    pub fn is_held(&self, claim: &StockClaim) -> bool {
        self.claim != claim.token && self.lease_until.is_some_and(|until| until > claim.now)
    }
}

/// A claim on a flow's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockClaim {
    /// Which flow.
    pub flow: StockFlow,
    /// The shop's connection.
    pub connection: ConnectionId,
    /// Unique per attempt; a claim that was applied although its answer was lost is recognised by it.
    pub token: String,
    /// Now.
    pub now: Timestamp,
    /// End of the lease asked for.
    pub lease_until: Timestamp,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockClaimed {
    /// Taken: the head as it is now.
    Taken(Box<StockHead>),
    /// Held by another run.
    Held {
        /// Until when, at the latest.
        until: Timestamp,
    },
}

/// The store. Every method may be repeated with the same arguments.
#[async_trait]
pub trait StockStore: Send + Sync {
    /// Takes the flow under the next fence, unless a lease holds.
    ///
    /// # Errors
    /// As the store says.
    async fn claim_stock(&self, claim: &StockClaim) -> Result<StockClaimed, StoreFailure>;

    /// The head as it is now.
    ///
    /// # Errors
    /// As the store says.
    async fn stock_head(&self, flow: &StockFlow) -> Result<Option<StockHead>, StoreFailure>;

    /// All of a merchant's heads.
    ///
    /// # Errors
    /// As the store says.
    async fn stock_heads(&self, merchant: &MerchantId) -> Result<Vec<StockHead>, StoreFailure>;

    /// Replaces the head, while its fence and claim are the stored ones.
    ///
    /// # Errors
    /// `Fenced` when a newer claim exists; otherwise as the store says.
    async fn save_stock_head(&self, head: &StockHead) -> Result<(), StoreFailure>;

    /// Marks that what the shop shows is not known; whoever holds the flow.
    ///
    /// # Errors
    /// As the store says.
    async fn suspect_stock(&self, flow: &StockFlow) -> Result<(), StoreFailure>;

    /// Keeps a state under a name that was never used before.
    ///
    /// # Errors
    /// As the store says.
    async fn put_stock_state(&self, flow: &StockFlow, name: &str, state: Vec<u8>)
    -> Result<(), StoreFailure>;

    /// A state.
    ///
    /// # Errors
    /// As the store says; `Conflict` when it is gone, since then a newer one exists.
    async fn stock_state(&self, flow: &StockFlow, name: &str) -> Result<Vec<u8>, StoreFailure>;

    /// Drops a state that the head no longer points to.
    ///
    /// # Errors
    /// As the store says; what is not dropped costs some cents and nothing else.
    async fn drop_stock_state(&self, flow: &StockFlow, name: &str) -> Result<(), StoreFailure>;

    /// Keeps for good what a run told the shop.
    ///
    /// # Errors
    /// As the store says.
    async fn put_stock_log(&self, flow: &StockFlow, name: &str, log: Vec<u8>) -> Result<(), StoreFailure>;
}
