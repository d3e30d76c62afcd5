//! Where a report breaks its own arithmetic: which rule, in which place, by how much.

use std::fmt;

use super::batch::TotalOf;
use super::check::ConfirmedBy;
use crate::money::{Money, MoneyError};
use crate::plan::Reason;

/// One difference, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// A line's gross, fees and VAT do not make its stated net.
    Line {
        /// Its place in the source.
        line: u32,
        /// The net it states.
        stated: Money,
        /// Gross + fees + VAT on fees.
        reckoned: Money,
    },
    /// Two lines of the batch have one id.
    Twice {
        /// The id.
        reference: String,
        /// Place of the first.
        first: u32,
        /// Place of the second.
        second: u32,
    },
    /// Opening balance + what was earned − payout is not the closing balance.
    Balance {
        /// Opening balance.
        opening: Money,
        /// Sum of the lines that are no payout and carry nothing over.
        earned: Money,
        /// Paid out.
        payout: Money,
        /// Closing balance.
        closing: Money,
        /// What is left over.
        difference: Money,
    },
    /// The payout, opening or closing balance as stated is not what the lines of that kind show.
    Shown {
        /// `payout`, `opening` or `closing`.
        what: &'static str,
        /// As stated.
        stated: Money,
        /// As the lines show it.
        reckoned: Money,
    },
    /// A stated total is not the sum of the lines.
    Total {
        /// Where it is stated.
        place: String,
        /// Which total.
        of: TotalOf,
        /// As stated.
        stated: Money,
        /// Sum of the lines.
        reckoned: Money,
    },
    /// A stated number of lines is not the number of lines.
    Count {
        /// Where it is stated.
        place: String,
        /// Of which lines.
        of: TotalOf,
        /// As stated.
        stated: u64,
        /// Counted.
        found: u64,
    },
    /// The payout API or the bank has another amount than the report makes.
    Outside {
        /// Who says so.
        by: ConfirmedBy,
        /// The amount there.
        stated: Money,
        /// The report's payout.
        reckoned: Money,
    },
    /// Amounts too large to add, or in several currencies.
    Amount {
        /// Where.
        place: String,
        /// What is wrong.
        error: MoneyError,
    },
}

impl Breach {
    /// By how much it differs: stated less reckoned; `None` where the difference is no amount.
    pub fn difference(&self) -> Option<Money> {
        match self {
            Breach::Line { stated, reckoned, .. }
            | Breach::Shown { stated, reckoned, .. }
            | Breach::Total { stated, reckoned, .. }
            | Breach::Outside { stated, reckoned, .. } => stated.minus(*reckoned).ok(),
            Breach::Balance { difference, .. } => Some(*difference),
            Breach::Twice { .. } | Breach::Count { .. } | Breach::Amount { .. } => None,
        }
    }

    /// The place in the report.
    pub fn place(&self) -> String {
        match self {
            Breach::Line { line, .. } => format!("line {line}"),
            Breach::Twice { first, second, .. } => format!("lines {first} and {second}"),
            Breach::Balance { .. } => "balance".to_owned(),
            Breach::Shown { what, .. } => (*what).to_owned(),
            Breach::Total { place, .. } | Breach::Count { place, .. } | Breach::Amount { place, .. } => {
                place.clone()
            }
            Breach::Outside { by, .. } => by.as_str().to_owned(),
        }
    }

    /// The code and facts that the merchant's explanation is made of.
    pub fn reason(&self) -> Reason {
        let difference = self.difference().map(|money| format!("{money} {}", money.currency()));
        let amounts = |code: &str, stated: &Money, reckoned: &Money| {
            Reason::new(code)
                .with("place", self.place())
                .with("stated", format!("{stated} {}", stated.currency()))
                .with("reckoned", format!("{reckoned} {}", reckoned.currency()))
                .with("difference", difference.clone().unwrap_or_default())
        };
        match self {
            Breach::Line { stated, reckoned, .. } => amounts("settlement-line-differs", stated, reckoned),
            Breach::Shown { stated, reckoned, .. } | Breach::Total { stated, reckoned, .. } => {
                amounts("settlement-total-differs", stated, reckoned)
            }
            Breach::Outside { stated, reckoned, .. } => {
                amounts("settlement-payout-differs", stated, reckoned)
            }
            Breach::Twice { reference, .. } => {
                Reason::new("settlement-line-twice").with("reference", reference).with("place", self.place())
            }
            Breach::Balance { opening, earned, payout, closing, difference } => {
                Reason::new("settlement-off-balance")
                    .with("opening", opening)
                    .with("earned", earned)
                    .with("payout", payout)
                    .with("closing", closing)
                    .with("difference", format!("{difference} {}", difference.currency()))
            }
            Breach::Count { stated, found, .. } => Reason::new("settlement-count-differs")
                .with("place", self.place())
                .with("stated", stated)
                .with("found", found),
            Breach::Amount { place, error } => {
                Reason::new("settlement-not-readable").with("message", format!("{place}: {error}"))
            }
        }
    }
}

/// For logs and the operator, in English: place and difference.
impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason();
        write!(f, "{}", reason.code)?;
        for (name, fact) in &reason.facts {
            write!(f, " {name}={fact}")?;
        }
        Ok(())
    }
}
