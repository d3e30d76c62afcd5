//! Matching: each line of a settlement that concerns a payment finds the invoice or credit note it belongs to, or stays open
//! with the reason.
//!
//! Keys are tried in a fixed order: order number (made alike as the merchant says), transaction id, payment reference, the
//! original reference of a refund, the acquirer's reference, and the invoice's number. Each is compared exactly. Equal amount and
//! near date are only ever a suggestion. What could be two things is neither: never a match on ambiguity. The result does
//! not depend on the order of lines or invoices.

mod cascade;
mod outcome;
mod receivables;
mod settle;
mod suggest;

pub use outcome::{KeyUsed, LineMatch, LineState, Matching, PartSums};
pub use receivables::{ByNumber, Receivable, ReceivableError, ReceivableId, Receivables};
pub use settle::{match_settlements, match_settlements_on_two_threads};
pub use suggest::Suggestion;

/// What the merchant's settings say about matching.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'a> {
    /// Only documents of these shops (and of no known shop) are meant by the acquirer account; empty for all.
    pub shops: &'a [String],
    /// A difference of at most so many minor units counts as paid in full; it is booked on the account for differences.
    pub tolerance: u32,
}
