//! What persons decide about single lines.

use std::collections::BTreeMap;

use crate::matching::ReceivableId;
use crate::money::{Currency, Money};
use crate::settlement::Line;

/// What a person decided about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineDecision {
    /// It pays these documents, with so much each: in the documents' currency, signed as the line. Several split the line.
    Matched(Vec<(ReceivableId, Money)>),
    /// It goes to the error account.
    ErrorAccount {
        /// Why, in the person's words.
        reason: String,
    },
}

/// Decisions about the lines of one settlement, by the line's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions(BTreeMap<usize, LineDecision>);

impl Decisions {
    /// Takes a decision, in the place of an earlier one about the line.
    pub fn decide(&mut self, line: usize, decision: LineDecision) {
        self.0.insert(line, decision);
    }

    /// The decision about a line.
    pub fn of(&self, line: usize) -> Option<&LineDecision> {
        self.0.get(&line)
    }
}

/// A line's amount in a currency: the settlement's, or the buyer's.
pub(super) fn amount_in(line: &Line<'_>, currency: Currency) -> Option<Money> {
    if line.currency() == currency {
        return Some(line.gross);
    }
    line.sale.map(|sale| sale.amount).filter(|amount| amount.currency() == currency)
}
