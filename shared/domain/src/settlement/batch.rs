//! A settlement's batch as a whole: what it is keyed by, and what the report states of it.

use std::fmt;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::SettlementError;
use super::kind::Kind;
use crate::money::{Currency, Money};

/// What makes a batch the same batch, whatever file it comes in. One payout at an acquirer has one key; a batch is posted
/// once under it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BatchKey {
    /// The acquirer's name as its connector calls it (`stripe`, `adyen`).
    pub acquirer: String,
    /// The merchant's account at the acquirer (merchant account, ledger id, merchant number); empty where there is one only.
    pub account: String,
    /// The payout's or batch's own id (`po_…`, batch number, payment reference).
    pub batch: String,
    /// Its currency: currencies are never added together, so each is a batch of its own.
    pub currency: Currency,
}

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.acquirer, self.account, self.batch, self.currency)
    }
}

/// Where the batch was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// SHA-256 of the original, in lower-case hexadecimal. The same batch from other bytes is a conflict.
    pub sha256: String,
    /// The format's name as its reader calls it (`adyen-settlement-details-csv`).
    pub format: String,
    /// The format's version, where it has one.
    pub version: String,
    /// No vendor's sample exists for this format: it is read and proposed, never posted by itself.
    pub unproven: bool,
}

/// How fees are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettlementMode {
    /// Out of the payout.
    #[default]
    Net,
    /// Invoiced or debited apart: fees and VAT on the lines tell of them but do not touch the payout.
    Gross,
}

/// Which sum or count a report states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TotalOf {
    /// The net of every line that is no payout and carries nothing over.
    Net,
    /// The gross of every line that is no payout and carries nothing over.
    Gross,
    /// All fees, on lines of their own or of sales.
    Fees,
    /// All VAT on fees.
    Vat,
    /// Fees and VAT on fees together.
    FeesWithVat,
    /// The gross of the lines of these kinds; of fees and VAT on their own lines, those amounts.
    Kinds(Vec<Kind>),
    /// Every line: the net of all, payouts and balances carried included.
    Everything,
}

/// One total as the report states it, in the canonical sign (the reader turns it).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedTotal {
    /// Which.
    pub of: TotalOf,
    /// Number of lines it counts, where stated.
    #[serde(default)]
    pub count: Option<u64>,
    /// The sum, where stated.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Where in the report it stands, for messages (`totals.sale_amount`, `row 14`).
    pub place: String,
}

/// What the report states of the batch beyond its lines. `None` where the format says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stated {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Day of the payout (value date).
    pub payout_on: Option<Date>,
    /// What was paid out: positive when the merchant receives it. Also when lines show the payout: then they are compared.
    pub payout: Option<Money>,
    /// Balance at the beginning.
    pub opening: Option<Money>,
    /// Balance at the end.
    pub closing: Option<Money>,
    /// Text or reference that the bank statement shows.
    pub bank_reference: Option<String>,
    /// The bank account that is paid to (IBAN or local number), as far as it is shown.
    pub bank_account: Option<String>,
    /// The payout is announced but was not sent yet, so it may still change or fail.
    pub pending: bool,
    /// The format is a list of movements without an end: payouts stand among the lines, and nothing would show that the last
    /// lines are missing. The closing balance is what is left, and the report never confirms itself.
    pub open_ended: bool,
    /// Totals and counts.
    pub totals: Vec<StatedTotal>,
}

impl Stated {
    /// Adds what is stated elsewhere in the report. What is stated twice must be the same.
    ///
    /// # Errors
    /// [`SettlementError::StatedTwice`] with the field that differs.
    pub fn merge(&mut self, other: Stated) -> Result<(), SettlementError> {
        one(&mut self.from, other.from, "from")?;
        one(&mut self.to, other.to, "to")?;
        one(&mut self.payout_on, other.payout_on, "payout_on")?;
        one(&mut self.payout, other.payout, "payout")?;
        one(&mut self.opening, other.opening, "opening")?;
        one(&mut self.closing, other.closing, "closing")?;
        one(&mut self.bank_reference, other.bank_reference, "bank_reference")?;
        one(&mut self.bank_account, other.bank_account, "bank_account")?;
        self.pending |= other.pending;
        self.open_ended |= other.open_ended;
        self.totals.extend(other.totals);
        Ok(())
    }
}

fn one<T: PartialEq + fmt::Debug>(
    kept: &mut Option<T>,
    new: Option<T>,
    field: &'static str,
) -> Result<(), SettlementError> {
    match (kept.as_ref(), new) {
        (_, None) => Ok(()),
        (None, new) => {
            *kept = new;
            Ok(())
        }
        (Some(old), Some(new)) if *old == new => Ok(()),
        (Some(old), Some(new)) => {
            Err(SettlementError::StatedTwice { field, first: format!("{old:?}"), second: format!("{new:?}") })
        }
    }
}
