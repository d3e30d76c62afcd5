//! What became of each line.

use std::collections::HashMap;

use super::receivables::{ReceivableId, Receivables};
use crate::money::{Money, MoneyError};
use crate::settlement::{Kind, Settlement};

/// Which key a line was matched by, in the order they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum KeyUsed {
    /// The order's number.
    Order,
    /// The payment's id.
    Transaction,
    /// The capture's, refund's or dispute's own id.
    PaymentReference,
    /// The sale that a refund or chargeback belongs to.
    Original,
    /// The acquirer's reference (ARN).
    Acquirer,
    /// The invoice's number.
    Invoice,
    /// A person.
    Hand,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineState {
    /// Found, and everything paid on the document makes exactly what was expected (within the merchant's tolerance).
    Exact,
    /// Found, and a part of what was expected is still to come.
    Partial,
    /// Found, and more was paid, refunded or charged back than the document's amount.
    Over,
    /// Found, in a currency that the report gives no amount in.
    OtherCurrency,
    /// Its keys fit several documents, and nothing decides between them.
    Ambiguous,
    /// No document has one of its keys.
    NotFound,
    /// It concerns no payment of a buyer (fees, reserves, payouts).
    NoPayment,
}

impl LineState {
    /// Every state, in the order of their numbers.
    const ALL: [LineState; 7] = [
        LineState::Exact,
        LineState::Partial,
        LineState::Over,
        LineState::OtherCurrency,
        LineState::Ambiguous,
        LineState::NotFound,
        LineState::NoPayment,
    ];
}

/// What a line was matched with. Eight bytes, because there may be a million of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineMatch {
    pub(super) target: u32,
    pub(super) by: KeyUsed,
    pub(super) what: Target,
}

/// What `target` of a line's match means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// No payment.
    Nothing,
    /// Not found.
    Missing,
    /// `target` is a document that the line pays.
    Pays,
    /// `target` is an invoice that the line takes money back from.
    TakesBack,
    /// `target` is a document in a currency the report gives no amount in.
    OtherCurrency,
    /// `target` is the number of a set of documents.
    Set,
    /// `target` is the number of a set that is ambiguous.
    Ambiguous,
}

impl LineMatch {
    pub(super) const NOTHING: LineMatch = LineMatch { target: 0, by: KeyUsed::Order, what: Target::Nothing };
    pub(super) const MISSING: LineMatch = LineMatch { target: 0, by: KeyUsed::Order, what: Target::Missing };
}

/// Sums of what concerns payments, in minor units of the settlement's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartSums {
    /// Gross of lines that found their document exactly.
    pub exact: i64,
    /// Gross of lines that found it with another amount.
    pub differing: i64,
    /// Gross of lines without a match.
    pub open: i64,
    /// Everything else: fees, VAT, reserves, adjustments, whatever else moved what was earned.
    pub rest: i64,
}

/// The result: for each settlement, for each line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    pub(super) lines: Vec<Vec<LineMatch>>,
    pub(super) sets: Vec<Vec<u32>>,
    /// What the lines of sets pay of each document, by settlement and line. Minor units of the document's currency.
    pub(super) shares: HashMap<(u32, u32), Vec<(u32, i64)>>,
    /// What is paid on each document by these settlements. Minor units of its currency.
    pub(super) paid: Vec<i64>,
    /// What is taken back from invoices: refunds without credit note, chargebacks and their reversals.
    pub(super) taken_back: HashMap<u32, i64>,
    pub(super) tolerance: u32,
}

impl Matching {
    /// The tolerance it was made with, in minor units.
    pub const fn tolerance(&self) -> u32 {
        self.tolerance
    }

    /// The match of a line: settlement and line by their places.
    pub fn line(&self, settlement: usize, line: usize) -> Option<&LineMatch> {
        self.lines.get(settlement)?.get(line)
    }

    /// Which key a line was matched by; `None` where it found nothing.
    pub fn key_used(&self, settlement: usize, line: usize) -> Option<KeyUsed> {
        let found = self.line(settlement, line)?;
        match found.what {
            Target::Pays | Target::TakesBack | Target::OtherCurrency | Target::Set => Some(found.by),
            Target::Nothing | Target::Missing | Target::Ambiguous => None,
        }
    }

    /// Where a line stands. It is reckoned from everything that was paid on its documents, so it is the same in whichever
    /// order lines came.
    pub fn state(&self, receivables: &Receivables, settlement: usize, line: usize) -> LineState {
        let Some(found) = self.line(settlement, line) else { return LineState::NoPayment };
        match found.what {
            Target::Nothing => LineState::NoPayment,
            Target::Missing => LineState::NotFound,
            Target::Ambiguous => LineState::Ambiguous,
            Target::OtherCurrency => LineState::OtherCurrency,
            Target::Pays => self.paid_state(receivables, found.target),
            Target::TakesBack => self.taken_back_state(receivables, found.target),
            Target::Set => self.set_state(receivables, settlement, line),
        }
    }

    fn set_state(&self, receivables: &Receivables, settlement: usize, line: usize) -> LineState {
        let states: Vec<LineState> = self
            .shares_of(settlement, line)
            .iter()
            .map(|(document, _)| self.paid_state(receivables, *document))
            .collect();
        let any = |state| states.contains(&state);
        match () {
            () if states.is_empty() => LineState::Ambiguous,
            () if any(LineState::Over) => LineState::Over,
            () if any(LineState::Partial) => LineState::Partial,
            () => LineState::Exact,
        }
    }

    fn paid_state(&self, receivables: &Receivables, document: u32) -> LineState {
        let id = ReceivableId(document);
        let expected = receivables.expected(id).minor();
        let paid = self.paid.get(document as usize).copied().unwrap_or_default();
        // Turned so that a credit note reads like an invoice.
        let sign = if receivables.is_credit_note(id) { -1 } else { 1 };
        let missing = expected.saturating_sub(paid).saturating_mul(sign);
        match missing {
            missing if missing.unsigned_abs() <= u64::from(self.tolerance) => LineState::Exact,
            missing if missing > 0 => LineState::Partial,
            _ => LineState::Over,
        }
    }

    /// What was taken back of an invoice in all: by earlier payouts and by these settlements. Minor units of its currency.
    pub(super) fn taken_in_all(&self, receivables: &Receivables, document: u32) -> i64 {
        let before = receivables.taken_before(ReceivableId(document)).minor();
        let now = self.taken_back.get(&document).copied().unwrap_or_default();
        before.saturating_add(now)
    }

    /// True when a line gives more back than was taken of its invoice, as far as anybody knows: a dispute that was won, or a refund that
    /// failed, of which no payout is known.
    pub fn gives_back_alone(&self, receivables: &Receivables, settlement: usize, line: usize) -> bool {
        let Some(LineMatch { target, what: Target::TakesBack, .. }) = self.line(settlement, line) else {
            return false;
        };
        self.taken_in_all(receivables, *target) > 0
    }

    fn taken_back_state(&self, receivables: &Receivables, document: u32) -> LineState {
        let total = receivables.total(ReceivableId(document)).minor();
        let taken = self.taken_in_all(receivables, document);
        match total.saturating_add(taken) {
            0 => LineState::Exact,
            left if left < 0 => LineState::Over,
            _ if taken == 0 => LineState::Exact,
            _ if taken > 0 => LineState::Over,
            _ => LineState::Partial,
        }
    }

    /// The documents of a line and what the line pays of each, in the document's currency and signed by its effect on the
    /// merchant's balance. Empty for lines without a match.
    pub fn parts(
        &self,
        receivables: &Receivables,
        settlements: &[Settlement],
        settlement: usize,
        line: usize,
    ) -> Vec<(ReceivableId, Money)> {
        let Some(found) = self.line(settlement, line) else { return Vec::new() };
        let money = |document: u32, minor| {
            let id = ReceivableId(document);
            (id, Money::from_minor(minor, receivables.currency(id)))
        };
        match found.what {
            Target::Pays | Target::TakesBack => {
                let id = ReceivableId(found.target);
                let line = settlements.get(settlement).and_then(|batch| batch.line(line));
                let amount = line.and_then(|line| super::settle::amount_in(&line, receivables.currency(id)));
                amount.map(|minor| vec![money(found.target, minor)]).unwrap_or_default()
            }
            Target::Set => {
                self.shares_of(settlement, line).iter().map(|(id, minor)| money(*id, *minor)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The documents that an ambiguous line could mean.
    pub fn candidates(&self, settlement: usize, line: usize) -> Vec<ReceivableId> {
        match self.line(settlement, line) {
            Some(LineMatch { target, what: Target::Ambiguous, .. }) => {
                let set = self.sets.get(*target as usize).map(Vec::as_slice).unwrap_or_default();
                set.iter().copied().map(ReceivableId).collect()
            }
            _ => Vec::new(),
        }
    }

    fn shares_of(&self, settlement: usize, line: usize) -> &[(u32, i64)] {
        let place = (u32::try_from(settlement).unwrap_or(u32::MAX), u32::try_from(line).unwrap_or(u32::MAX));
        self.shares.get(&place).map(Vec::as_slice).unwrap_or_default()
    }

    /// What these settlements pay on a document, in its currency.
    pub fn paid(&self, receivables: &Receivables, id: ReceivableId) -> Money {
        let minor = self.paid.get(id.0 as usize).copied().unwrap_or_default();
        Money::from_minor(minor, receivables.currency(id))
    }

    /// What these settlements take back from an invoice (negative), in its currency.
    pub fn taken_back(&self, receivables: &Receivables, id: ReceivableId) -> Money {
        let minor = self.taken_back.get(&id.0).copied().unwrap_or_default();
        Money::from_minor(minor, receivables.currency(id))
    }

    /// The sums of one settlement; together they are what was earned.
    ///
    /// # Errors
    /// Overflow.
    pub fn sums(
        &self,
        receivables: &Receivables,
        settlements: &[Settlement],
        settlement: usize,
    ) -> Result<PartSums, MoneyError> {
        let mut sums = PartSums::default();
        let Some(batch) = settlements.get(settlement) else { return Ok(sums) };
        let plus = |sum: &mut i64, amount: i64| -> Result<(), MoneyError> {
            *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
            Ok(())
        };
        for (place, line) in batch.lines().enumerate() {
            match self.state(receivables, settlement, place) {
                LineState::NoPayment => {}
                LineState::Exact => plus(&mut sums.exact, line.gross.minor())?,
                LineState::Partial | LineState::Over | LineState::OtherCurrency => {
                    plus(&mut sums.differing, line.gross.minor())?;
                }
                LineState::Ambiguous | LineState::NotFound => plus(&mut sums.open, line.gross.minor())?,
            }
        }
        let payments: i64 = [sums.exact, sums.differing, sums.open]
            .into_iter()
            .try_fold(0_i64, i64::checked_add)
            .ok_or(MoneyError::Overflow)?;
        sums.rest = batch.earned()?.minor().checked_sub(payments).ok_or(MoneyError::Overflow)?;
        Ok(sums)
    }

    /// Number of lines in each state, of one settlement.
    pub fn counts(&self, receivables: &Receivables, settlement: usize) -> HashMap<LineState, u64> {
        // Documents are gone through once, in their order, and not for each line wherever its document stands.
        let documents = 0..u32::try_from(self.paid.len()).unwrap_or(u32::MAX);
        let paid: Vec<LineState> = documents.map(|document| self.paid_state(receivables, document)).collect();
        let mut counts = [0_u64; LineState::ALL.len()];
        for (line, found) in self.lines.get(settlement).into_iter().flatten().enumerate() {
            let state = match found.what {
                Target::Pays => paid.get(found.target as usize).copied().unwrap_or(LineState::NotFound),
                _ => self.state(receivables, settlement, line),
            };
            counts[state as usize] += 1;
        }
        LineState::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
    }
}

/// A kind that pays, or takes back: which documents it may mean.
pub(super) const fn wants_credit_note(kind: Kind) -> bool {
    matches!(kind, Kind::Refund | Kind::RefundFailed)
}
