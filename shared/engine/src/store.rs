//! The ledger of transfers as the engine sees it: conditional writes under a fence.
//!
//! Each method is one call to the table (one conditional update, or one transaction), because calls are what a merchant's
//! order costs. A claim takes the transfer under the next fence; every later write is refused when a newer claim exists.

use async_trait::async_trait;
use domain::TransferId;
use serde::{Deserialize, Serialize};

/// The schema version of stored items. An unknown one is refused, never guessed.
pub const LEDGER_SCHEMA: u32 = 1;

/// Where a transfer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum Status {
    /// Claimed and being worked on (or its worker died: the lease tells).
    Working,
    /// The document stands as planned.
    Done,
    /// Nothing to do, with the reason's code.
    Skipped {
        /// Code of the reason.
        code: String,
    },
    /// To be taken up again at `due_at` (busy, look-up lag, waiting for a lock).
    Waiting {
        /// Code of the cause.
        code: String,
    },
    /// The merchant must do something first.
    Held {
        /// Code of the reason.
        code: String,
    },
    /// Given up after too many attempts or a refusal; visible, can be replayed.
    Parked {
        /// Code of the cause.
        code: String,
    },
}

/// Why a store call did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// A newer claim exists: stop at once, write nothing more.
    #[error("a newer claim exists")]
    Fenced,
    /// A lock that the write needs is held by another transfer.
    #[error("locked: {0}")]
    Locked(String),
    /// The store could not be reached or asked us to slow down; whether the write was applied is unknown.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// An item was written by a version of Bogbro that this one does not know.
    #[error("unknown schema version {0}")]
    UnknownSchema(u32),
}

/// The ledger. The engine owner defines the methods; see the module's head for the rules.
#[async_trait]
pub trait Store: Send + Sync {
    /// The transfer's status, if it is known at all.
    async fn status(&self, transfer: &TransferId) -> Result<Option<Status>, StoreFailure>;
}
