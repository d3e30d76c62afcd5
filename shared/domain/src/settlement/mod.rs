//! Acquirers' settlements in one canonical form: batches and lines, keys to match by, and the check that they agree with
//! themselves.
//!
//! A reader hands lines to a [`Receiver`], borrowed, one after the other; [`Settlements`] keeps them packed. Signs are those of
//! the merchant's balance at the acquirer: what comes in is positive, what goes out (refunds, fees, payouts) negative.
//! Amounts are exact; a report that does not agree with itself is refused whole, with the difference and its place.

mod batch;
mod breach;
mod check;
mod error;
mod kind;
mod line;
mod receive;
mod store;
mod tally;

pub use batch::{BatchKey, SettlementMode, Source, Stated, StatedTotal, TotalOf};
pub use breach::Breach;
pub use check::{Check, Confirmation, ConfirmedBy, Standing};
pub use error::SettlementError;
pub use kind::{FeeKind, Kind};
pub use line::{Fees, LONGEST_TEXT, Line, LinkKeys, SaleAmount, When};
pub use receive::{Receiver, Settlement, Settlements};
pub use tally::{KindSum, Tally};
