//! What a failed call means for what may be done next. There are four answers and no fifth.

use serde::{Deserialize, Serialize};

/// The outcome of a call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "failure")]
pub enum Failure {
    /// Surely not applied, and never will be as it stands: park it and tell the merchant.
    #[error("refused: {message}")]
    Rejected {
        /// The system's own code, when it gives one (`E04500`).
        code: Option<String>,
        /// What the system said, redacted of secrets.
        message: String,
    },
    /// Surely not applied: try again later.
    #[error("busy: {message}")]
    Busy {
        /// How long the system asked us to wait, in milliseconds.
        retry_after_ms: Option<u64>,
        /// What was busy.
        message: String,
    },
    /// It may have been applied: LOOK UP before anything else is done under the same key.
    #[error("unknown whether applied: {message}")]
    Unknown {
        /// What happened.
        message: String,
    },
    /// The credentials do not hold: refresh once, then pause the connection and tell the merchant.
    #[error("not authorised: {message}")]
    Unauthorized {
        /// What the system said, redacted of secrets.
        message: String,
    },
}
