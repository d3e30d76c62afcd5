//! Counts and sums of a batch by kind, kept while lines come in, so that the check need not go through them again.

use super::kind::{FeeKind, Kind};
use super::line::Line;
use crate::money::MoneyError;

/// Count and sums of the lines of one kind, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindSum {
    /// Number of lines.
    pub count: u64,
    /// Before fees.
    pub gross: i64,
    /// Fees on these lines.
    pub fees: i64,
    /// VAT on those fees.
    pub vat: i64,
}

impl KindSum {
    /// Gross + fees + VAT on fees.
    ///
    /// # Errors
    /// Overflow.
    pub fn net(&self) -> Result<i64, MoneyError> {
        plus(plus(self.gross, self.fees)?, self.vat)
    }
}

/// Counts and sums of a whole batch, in minor units of its currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    kinds: [KindSum; Kind::ALL.len()],
    fees: [i64; FeeKind::ALL.len()],
}

impl Tally {
    pub(super) fn add(&mut self, line: &Line<'_>) -> Result<(), MoneyError> {
        let sum = &mut self.kinds[line.kind.index()];
        sum.count += 1;
        sum.gross = plus(sum.gross, line.gross.minor())?;
        sum.fees = plus(sum.fees, line.fees.total()?)?;
        sum.vat = plus(sum.vat, line.vat_on_fees)?;
        for (kind, minor) in line.fees.parts() {
            self.fees[kind.index()] = plus(self.fees[kind.index()], minor)?;
        }
        Ok(())
    }

    /// Lines of one kind.
    pub fn kind(&self, kind: Kind) -> KindSum {
        self.kinds[kind.index()]
    }

    /// The kinds there are lines of.
    pub fn kinds(&self) -> impl Iterator<Item = (Kind, KindSum)> {
        Kind::ALL.into_iter().map(|kind| (kind, self.kind(kind))).filter(|(_, sum)| sum.count > 0)
    }

    /// Fees of one kind, wherever they stand.
    pub fn fee(&self, kind: FeeKind) -> i64 {
        self.fees[kind.index()]
    }

    /// The sum over the kinds that are chosen.
    pub(super) fn over(
        &self,
        chosen: impl Fn(Kind) -> bool,
        amount: impl Fn(&KindSum) -> Result<i64, MoneyError>,
    ) -> Result<i64, MoneyError> {
        self.kinds()
            .filter(|(kind, _)| chosen(*kind))
            .try_fold(0, |total, (_, sum)| plus(total, amount(&sum)?))
    }

    /// Number of lines of the kinds that are chosen.
    pub(super) fn count(&self, chosen: impl Fn(Kind) -> bool) -> u64 {
        self.kinds().filter(|(kind, _)| chosen(*kind)).map(|(_, sum)| sum.count).sum()
    }
}

pub(super) fn plus(a: i64, b: i64) -> Result<i64, MoneyError> {
    match a.checked_add(b) {
        Some(sum) => Ok(sum),
        None => Err(MoneyError::Overflow),
    }
}
