//! What readers hand their lines to, and the settlement that comes of it.

use std::collections::HashMap;

use hashbrown::HashTable;

use super::batch::{BatchKey, SettlementMode, Source, Stated};
use super::breach::Breach;
use super::error::SettlementError;
use super::kind::{FeeKind, Kind};
use super::line::Line;
use super::store::Store;
use super::tally::Tally;
use crate::money::{Currency, Money};
use crate::packed::fingerprint;

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
const KEPT_BREACHES: usize = 50;

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
    pub(super) breaches: Vec<Breach>,
    pub(super) more_breaches: u64,
    references: HashTable<u32>,
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
            references: HashTable::new(),
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

    /// No more lines come: the memory that was only needed to take them in is given back.
    #[must_use]
    pub fn sealed(mut self) -> Settlement {
        self.references = HashTable::new();
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
        let line = &fees_where_they_belong(*line)?;
        let overflow = |error| SettlementError::Amount { line: line.number, error };
        let reckoned = line.reckoned_net().map_err(overflow)?;
        if let Some(stated) = line.net
            && stated != reckoned
        {
            self.note(Breach::Line { line: line.number, stated, reckoned });
        }
        self.store.push(line)?;
        self.note_twice(line);
        self.tally.add(line).map_err(overflow)
    }

    fn note(&mut self, breach: Breach) {
        if self.breaches.len() < KEPT_BREACHES {
            self.breaches.push(breach);
        } else {
            self.more_breaches += 1;
        }
    }

    /// A line's own id stands once in a batch: a second one is the same line twice.
    fn note_twice(&mut self, line: &Line<'_>) {
        if line.reference.is_empty() {
            return;
        }
        let store = &self.store;
        let of = |index: &u32| store.reference(*index as usize);
        let hash = fingerprint(line.reference.as_bytes());
        let found = self.references.find(hash, |index| of(index) == line.reference).copied();
        match found {
            Some(first) => {
                let first = store.line(first as usize).map_or(0, |line| line.number);
                let reference = line.reference.to_owned();
                self.note(Breach::Twice { reference, first, second: line.number });
            }
            None => {
                // The store refuses more lines than a u32 can number, so the line that was just kept has a number.
                let index = u32::try_from(store.len() - 1).unwrap_or(u32::MAX);
                self.references.insert_unique(hash, index, |index| fingerprint(of(index).as_bytes()));
            }
        }
    }
}

/// A line that is only a fee or only VAT keeps its amount as that, whichever way the format states it.
fn fees_where_they_belong(mut line: Line<'_>) -> Result<Line<'_>, SettlementError> {
    let overflow = |error| SettlementError::Amount { line: line.number, error };
    let gross = line.gross.minor();
    match line.kind {
        Kind::Fee | Kind::FeeRefund if gross != 0 => {
            line.fees.add(FeeKind::Other, gross).map_err(overflow)?;
            line.gross = Money::from_minor(0, line.currency());
        }
        Kind::Vat if gross != 0 => {
            let vat = line.vat_on_fees.checked_add(gross);
            line.vat_on_fees = vat.ok_or(crate::money::MoneyError::Overflow).map_err(overflow)?;
            line.gross = Money::from_minor(0, line.currency());
        }
        _ => {}
    }
    Ok(line)
}
