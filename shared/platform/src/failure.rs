//! What can go wrong on the way to AWS, and what it means: the request was wrong, the service was busy, or nobody knows.
//!
//! The retry decision hangs on the kind, so it is kept as a type and never flattened into text.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// A failure of the platform itself: of AWS, of configuration, or of a stored record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The configuration is wrong; the text names what.
    #[error("configuration: {0}")]
    Configuration(String),
    /// AWS could not be reached, asked us to slow down, or its answer was lost: the call may or may not have been applied.
    #[error("{service} unavailable: {message}")]
    Unavailable {
        /// Which service (`dynamodb`).
        service: &'static str,
        /// What it said, without any value we sent.
        message: String,
    },
    /// AWS refused the call: surely not applied.
    #[error("{service} refused: {message}")]
    Refused {
        /// Which service (`dynamodb`).
        service: &'static str,
        /// Its code and message.
        message: String,
    },
    /// Somebody else changed the record meanwhile, or it exists already.
    #[error("changed by another writer: {0}")]
    Conflict(String),
    /// There is no such record for this merchant.
    #[error("not found: {0}")]
    NotFound(String),
    /// The record was written by a version of Bogbro that this one does not know.
    #[error("unknown schema version {0}")]
    UnknownSchema(u32),
    /// A record or a sealed value cannot be read: it was damaged, or sealed for somebody else.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// What the operator asked for is not valid; the text says what and where.
    #[error("{0}")]
    Invalid(String),
}

impl PlatformError {
    /// Sorts an SDK error: what the service refused was not applied, everything else may have been.
    pub fn of<E, R>(service: &'static str, error: &SdkError<E, R>) -> PlatformError
    where
        E: ProvideErrorMetadata,
    {
        match error {
            SdkError::ServiceError(answer) => {
                let code = answer.err().code().unwrap_or("unknown");
                let message = format!("{code}: {}", answer.err().message().unwrap_or_default());
                if is_busy(code) {
                    PlatformError::Unavailable { service, message }
                } else {
                    PlatformError::Refused { service, message }
                }
            }
            SdkError::ConstructionFailure(_) => {
                PlatformError::Refused { service, message: "the request could not be built".to_owned() }
            }
            SdkError::TimeoutError(_) => {
                PlatformError::Unavailable { service, message: "no answer in time".to_owned() }
            }
            SdkError::DispatchFailure(failure) => PlatformError::Unavailable {
                service,
                message: if failure.is_timeout() { "no answer in time" } else { "cannot be reached" }
                    .to_owned(),
            },
            _ => PlatformError::Unavailable { service, message: "the answer was lost".to_owned() },
        }
    }
}

fn is_busy(code: &str) -> bool {
    matches!(
        code,
        "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "Throttling"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "InternalServerError"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "TransactionInProgressException"
            | "TransactionConflictException"
            | "KMSInternalException"
            | "SlowDown"
            | "InternalError"
    )
}
