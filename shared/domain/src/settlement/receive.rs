//! What readers hand their lines to, and the settlement that comes of it.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::batch::{BatchKey, SettlementMode, Source, Stated};
use super::breach::Breach;
use super::error::SettlementError;
use super::kind::{FeeKind, Kind};
use super::line::Line;
use super::store::{Payment, Store};
use super::tally::{Tally, plus};
use crate::money::{Currency, Money};
use crate::packed::{Entry, alike, fingerprint};

/// What a reader reads into. It opens a batch, then hands over that batch's lines and statements in the order they stand in
/// the source; it may open another batch, and open an earlier one again, at any time.
///
/// An error means that the report is refused whole: the reader stops and returns it.
pub trait Receiver {
    /// Opens the batch that the next lines and statements belong to, or goes back to it.
    ///
    /// # Errors
    /// The batch was opened in the other mode before.
    fn batch(&mut self, key: &BatchKey, mode: SettlementMode) -> Result<(), SettlementError>;

    /// Tells what the report states of the open batch. It may come before, between or after the lines, and in parts.
    ///
    /// # Errors
    /// Something is stated twice and differently, or before any batch was opened.
    fn state(&mut self, stated: Stated) -> Result<(), SettlementError>;

    /// Hands over one line of the open batch.
    ///
    /// # Errors
    /// The line cannot be kept: no batch is open, another currency, a key too long, amounts too large to add.
    fn line(&mut self, line: &Line<'_>) -> Result<(), SettlementError>;
}

/// Receives everything of one source and keeps it, batch by batch.
#[derive(Debug)]
pub struct Settlements {
    source: Source,
    batches: Vec<Settlement>,
    places: HashMap<BatchKey, usize>,
    open: Option<usize>,
}

impl Settlements {
    /// Nothing yet, from that source.
    pub fn from_source(source: Source) -> Settlements {
        Settlements { source, batches: Vec::new(), places: HashMap::new(), open: None }
    }

    /// The batches in the order they were first opened.
    pub fn into_batches(self) -> Vec<Settlement> {
        self.batches.into_iter().map(Settlement::sealed).collect()
    }

    fn opened(&mut self, line: u32) -> Result<&mut Settlement, SettlementError> {
        let open = self.open.ok_or(SettlementError::NoBatch { line })?;
        self.batches.get_mut(open).ok_or(SettlementError::NoBatch { line })
    }
}

impl Receiver for Settlements {
    fn batch(&mut self, key: &BatchKey, mode: SettlementMode) -> Result<(), SettlementError> {
        let place = match self.places.get(key) {
            Some(place) => *place,
            None => {
                self.batches.push(Settlement::new(key.clone(), mode, self.source.clone()));
                self.places.insert(key.clone(), self.batches.len() - 1);
                self.batches.len() - 1
            }
        };
        if self.batches.get(place).is_some_and(|batch| batch.mode != mode) {
            return Err(SettlementError::TwoModes { batch: key.to_string() });
        }
        self.open = Some(place);
        Ok(())
    }

    fn state(&mut self, stated: Stated) -> Result<(), SettlementError> {
        self.opened(0)?.stated.merge(stated)
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), SettlementError> {
        self.opened(line.number)?.push(line)
    }
}

/// How many breaches of single lines are kept; the rest are counted.
pub(super) const KEPT_BREACHES: usize = 50;

/// A breach of a single line, with the line's place.
pub(super) type LineBreach = (usize, Breach);

/// One batch: its key, what the report states of it, and its lines.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub(super) key: BatchKey,
    pub(super) mode: SettlementMode,
    pub(super) source: Source,
    pub(super) stated: Stated,
    pub(super) confirmed: Vec<super::check::Confirmation>,
    pub(super) store: Store,
    pub(super) tally: Tally,
    pub(super) breaches: Vec<LineBreach>,
    pub(super) more_breaches: u64,
    /// Lines that stand twice: looked for once, when all lines are there.
    twice: OnceLock<Vec<LineBreach>>,
    sealed: bool,
}

impl Settlement {
    /// A batch without lines.
    pub fn new(key: BatchKey, mode: SettlementMode, source: Source) -> Settlement {
        let store = Store::new(key.currency);
        Settlement {
            key,
            mode,
            source,
            stated: Stated::default(),
            confirmed: Vec::new(),
            store,
            tally: Tally::default(),
            breaches: Vec::new(),
            more_breaches: 0,
            twice: OnceLock::new(),
            sealed: false,
        }
    }

    /// What it is keyed by.
    pub const fn key(&self) -> &BatchKey {
        &self.key
    }

    /// Whether fees are taken out of the payout.
    pub const fn mode(&self) -> SettlementMode {
        self.mode
    }

    /// Where it was read from.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What the report states beyond the lines.
    pub const fn stated(&self) -> &Stated {
        &self.stated
    }

    /// Its currency.
    pub const fn currency(&self) -> Currency {
        self.key.currency
    }

    /// Counts and sums by kind.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Number of lines.
    pub const fn len(&self) -> usize {
        self.store.len()
    }

    /// True without lines.
    pub const fn is_empty(&self) -> bool {
        self.store.len() == 0
    }

    /// The line of that index, counted from zero in the order they came.
    pub fn line(&self, index: usize) -> Option<Line<'_>> {
        self.store.line(index)
    }

    /// All lines in the order they came.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (0..self.len()).filter_map(|index| self.store.line(index))
    }

    /// What a line is matched by in most cases.
    pub(crate) fn payment(&self, index: usize) -> Option<Payment<'_>> {
        self.store.payment(index)
    }

    /// What a line is, and its gross.
    pub(crate) fn amount(&self, index: usize) -> Option<(Kind, Money)> {
        self.store.amount(index)
    }

    /// No more lines come.
    #[must_use]
    pub fn sealed(mut self) -> Settlement {
        self.sealed = true;
        self
    }

    /// Adds a line. Its net is reckoned and, where stated, compared; a difference is kept for the check.
    ///
    /// # Errors
    /// Another currency, a key too long, an implausible time, amounts too large to add, or the settlement is sealed.
    pub fn push(&mut self, line: &Line<'_>) -> Result<(), SettlementError> {
        if self.sealed {
            return Err(SettlementError::Sealed { line: line.number });
        }
        let other =
            |found| SettlementError::OtherCurrency { line: line.number, found, batch: self.key.currency };
        if line.currency() != self.key.currency {
            return Err(other(line.currency()));
        }
        if let Some(net) = line.net
            && net.currency() != self.key.currency
        {
            return Err(other(net.currency()));
        }
        let moved;
        let line = match line.kind {
            Kind::Fee | Kind::FeeRefund | Kind::Vat if !line.gross.is_zero() => {
                moved = fees_where_they_belong(line)?;
                &moved
            }
            _ => line,
        };
        let overflow = |error| SettlementError::Amount { line: line.number, error };
        let reckoned = line.reckoned_net().map_err(overflow)?;
        if let Some(stated) = line.net
            && stated != reckoned
        {
            self.note(Breach::Line { line: line.number, stated, reckoned });
        }
        self.store.push(line)?;
        if self.twice.get().is_some() {
            self.twice.take();
        }
        self.tally.add(line).map_err(overflow)
    }

    /// Keeps a breach of the line that comes next.
    fn note(&mut self, breach: Breach) {
        if self.breaches.len() < KEPT_BREACHES {
            self.breaches.push((self.store.len(), breach));
        } else {
            self.more_breaches += 1;
        }
    }

    /// A line's own id stands once in a batch: a second one is the same line twice.
    pub(super) fn twice(&self) -> &[LineBreach] {
        self.twice.get_or_init(|| {
            // The store refuses more lines than a u32 can number.
            let lines = 0..u32::try_from(self.store.len()).unwrap_or(u32::MAX);
            let of = |line: u32| self.store.reference(line as usize);
            let named = lines.filter_map(|line| match of(line) {
                "" => None,
                reference => Some(Entry::new(fingerprint(reference.as_bytes()), line)),
            });
            let number = |line: u32| self.store.line(line as usize).map_or(0, |line| line.number);
            let mut twice = Vec::new();
            for several in alike(named) {
                let mut firsts: Vec<u32> = Vec::new();
                for line in several {
                    let Some(first) = firsts.iter().find(|first| of(**first) == of(line)) else {
                        firsts.push(line);
                        continue;
                    };
                    let reference = of(line).to_owned();
                    let breach = Breach::Twice { reference, first: number(*first), second: number(line) };
                    twice.push((line as usize, breach));
                }
            }
            twice
        })
    }
}

/// A line that is only a fee or only VAT keeps its gross as that, whichever way the format states it.
fn fees_where_they_belong<'a>(line: &Line<'a>) -> Result<Line<'a>, SettlementError> {
    let overflow = |error| SettlementError::Amount { line: line.number, error };
    let gross = line.gross.minor();
    let mut moved = Line { gross: line.currency().zero(), ..*line };
    if line.kind == Kind::Vat {
        moved.vat_on_fees = plus(line.vat_on_fees, gross).map_err(overflow)?;
    } else {
        moved.fees.add(FeeKind::Other, gross).map_err(overflow)?;
    }
    Ok(moved)
}
