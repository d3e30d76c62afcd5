//! From SumUp's payout records to lines.

use domain::Money;
use domain::money::MoneyError;
use domain::settlement::{FeeKind, Fees, Kind, Line, LinkKeys, SettlementMode, Stated, When};
use jiff::civil::Date;

use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};

/// One record, whatever it was read from.
pub(super) struct Record<'a> {
    pub(super) number: u32,
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) amount: Money,
    pub(super) fee: Money,
    pub(super) date: Date,
    pub(super) status: &'a str,
    pub(super) reference: &'a str,
    pub(super) transaction_code: &'a str,
}

impl Record<'_> {
    /// Hands it over. Records with one reference are one payout; without a reference those of one day are.
    ///
    /// The amount is taken as what reaches the bank, so that the sale is that and the fee; deductions take from the payout
    /// whichever sign they are written with.
    pub(super) fn read(
        &self,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        let misread =
            || -> Refusal { refusal("report-amount").with("row", self.number).with("column", "amount") };
        let day = self.date.to_string();
        let batch = if self.reference.is_empty() { &day } else { self.reference };
        batches.open(context.account, batch, self.amount.currency(), SettlementMode::Net)?;
        let kind = kind(self.kind);
        let net = signed(self.kind, self.amount).map_err(|_| misread())?;
        let fee = self.fee.negated().map_err(|_| misread())?;
        let gross = net.minus(fee).map_err(|_| misread())?;
        let line = Line {
            reference: self.id,
            booked: When::Day(self.date),
            keys: LinkKeys {
                transaction: self.transaction_code,
                original: if kind == Kind::Sale { "" } else { self.transaction_code },
                ..LinkKeys::default()
            },
            fees: Fees::of(FeeKind::Commission, fee.minor()),
            net: Some(net),
            method: "sumup",
            ..Line::new(self.number, kind, self.kind, gross)
        };
        batches.line(&line)?;
        batches.state(Stated {
            payout_on: Some(self.date),
            bank_reference: Some(batch.to_owned()),
            pending: self.status != PAID_OUT,
            ..Stated::default()
        })
    }
}

/// The status of a record that was paid out.
pub(super) const PAID_OUT: &str = "SUCCESSFUL";

/// What a record of this kind does to the payout: deductions take from it whichever sign they are written with.
///
/// # Errors
/// Overflow.
pub(super) fn signed(kind: &str, amount: Money) -> Result<Money, MoneyError> {
    let deducted = kind.ends_with("_DEDUCTION") && !amount.is_negative();
    if deducted { amount.negated() } else { Ok(amount) }
}

fn kind(word: &str) -> Kind {
    match word {
        "PAYOUT" => Kind::Sale,
        "REFUND_DEDUCTION" => Kind::Refund,
        "CHARGE_BACK_DEDUCTION" => Kind::Chargeback,
        "DD_RETURN_DEDUCTION" | "BALANCE_DEDUCTION" => Kind::Adjustment,
        _ => Kind::Unknown,
    }
}
