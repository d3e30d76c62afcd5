//! Why a report cannot be taken in at all. What can be taken in but does not add up is a breach, found by the check.

use crate::money::{Currency, MoneyError};
use crate::plan::Reason;

/// Why a line or a statement was refused. The whole report is refused with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    /// A line came before any batch was opened.
    #[error("line {line} belongs to no batch")]
    NoBatch {
        /// Its place in the source.
        line: u32,
    },
    /// A line's amounts are in another currency than its batch.
    #[error("line {line} is in {found}, the batch in {batch}")]
    OtherCurrency {
        /// Its place in the source.
        line: u32,
        /// The line's currency.
        found: Currency,
        /// The batch's currency.
        batch: Currency,
    },
    /// A key is too long to be one.
    #[error("line {line}: {field} is longer than 255 bytes")]
    TooLong {
        /// Its place in the source.
        line: u32,
        /// Which field.
        field: &'static str,
    },
    /// A time before 1970 or after 2105.
    #[error("line {line}: the time is not plausible")]
    ImplausibleTime {
        /// Its place in the source.
        line: u32,
    },
    /// More lines, words or bytes than one batch can hold.
    #[error("the batch is too large at line {line}")]
    TooLarge {
        /// The place in the source that was too much.
        line: u32,
    },
    /// A line came after the last one.
    #[error("line {line} came when no more lines were to come")]
    Sealed {
        /// Its place in the source.
        line: u32,
    },
    /// Amounts too large to add.
    #[error("line {line}: {error}")]
    Amount {
        /// Its place in the source.
        line: u32,
        /// What is wrong.
        error: MoneyError,
    },
    /// The report states one thing twice and differently.
    #[error("the report states {field} as {first} and as {second}")]
    StatedTwice {
        /// Which field.
        field: &'static str,
        /// First.
        first: String,
        /// Then.
        second: String,
    },
    /// One batch is opened both as net and as gross.
    #[error("batch {batch} has fees both taken from the payout and not")]
    TwoModes {
        /// The batch.
        batch: String,
    },
}

impl SettlementError {
    /// The code and facts that the merchant's explanation is made of.
    pub fn reason(&self) -> Reason {
        match self {
            SettlementError::OtherCurrency { line, found, batch } => Reason::new("settlement-other-currency")
                .with("line", line)
                .with("found", found)
                .with("currency", batch),
            SettlementError::StatedTwice { field, first, second } => Reason::new("settlement-stated-twice")
                .with("field", field)
                .with("first", first)
                .with("second", second),
            other => Reason::new("settlement-not-readable").with("message", other),
        }
    }
}
