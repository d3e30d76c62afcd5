//! The statement that is put on a payout's vouchers: what the report says, line by line, and the hash of the original. It is made when
//! the plan is, and kept with it, so that what was approved is what is attached.

use domain::matching::{Matching, Receivables};
use domain::payout::{Decisions, PayoutPlan};
use domain::settings::Language;
use domain::settlement::Settlement;
use jiff::tz::TimeZone;

/// What a statement is made of.
#[derive(Clone, Copy)]
pub struct StatementParts<'a> {
    /// The merchant's name.
    pub merchant: &'a str,
    /// The payout's lines.
    pub settlements: &'a [Settlement],
    /// The documents.
    pub receivables: &'a Receivables,
    /// What was matched with what.
    pub matching: &'a Matching,
    /// What persons decided about single lines.
    pub decisions: &'a Decisions,
    /// How it is booked.
    pub plan: &'a PayoutPlan,
    /// Time zone of the books.
    pub zone: &'a TimeZone,
    /// Language.
    pub language: Language,
}

/// Makes statements.
pub trait Statements: Send + Sync {
    /// The statement as a PDF: the same parts give the same bytes.
    ///
    /// # Errors
    /// In words, where amounts are too large to add.
    fn pdf(&self, parts: &StatementParts<'_>) -> Result<Vec<u8>, String>;
}

/// The name a statement is kept under, beside its plan.
pub(super) fn name(plan: &str) -> String {
    format!("{plan}.pdf")
}
