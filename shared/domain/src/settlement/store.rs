//! Lines kept small: a million of them fit in a function's memory.
//!
//! A line is a fixed record of 32 bytes and one run of bytes for its texts; what few lines have (VAT, several fees, another
//! currency, a number out of turn) stands aside. Both grow by chunks, so that growing never needs twice the memory.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::error::SettlementError;
use super::kind::{FeeKind, Kind};
use super::line::{Fees, LONGEST_TEXT, Line, LinkKeys, SaleAmount, When};
use crate::money::{Currency, Money};
use crate::packed::{Chunked, LENGTH, Texts, put};

/// The number of no word.
const NO_WORD: u16 = u16::MAX;

/// Words that many lines share.
#[derive(Clone, Debug, Default)]
struct Words {
    words: Vec<String>,
    numbers: HashMap<String, u16>,
}

impl Words {
    fn number(&mut self, word: &str) -> Option<u16> {
        if word.is_empty() {
            return Some(NO_WORD);
        }
        // There are few words, and the first of them are the frequent ones.
        if let Some(place) = self.words.iter().take(8).position(|known| known == word) {
            return u16::try_from(place).ok();
        }
        if let Some(number) = self.numbers.get(word) {
            return Some(*number);
        }
        let number = u16::try_from(self.words.len()).ok().filter(|number| *number != NO_WORD)?;
        self.words.push(word.to_owned());
        self.numbers.insert(word.to_owned(), number);
        Some(number)
    }

    fn word(&self, number: u16) -> &str {
        self.words.get(usize::from(number)).map(String::as_str).unwrap_or_default()
    }
}

/// The texts of a line, in the order they are kept in.
const FIELDS: [&str; 9] = [
    "order",
    "transaction",
    "merchant",
    "modification",
    "original",
    "acquirer",
    "invoice",
    "reference",
    "description",
];

/// Which bit tells of the order's number, the first of the texts.
const ORDER: u16 = 1;
/// Which bit tells of the line's own id.
const REFERENCE: u16 = 1 << 7;

const NO_EXTRA: u32 = u32::MAX;

/// Kind and order number of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payment<'a> {
    pub(crate) kind: Kind,
    pub(crate) order: &'a str,
}

#[derive(Clone, Copy, Debug)]
struct Packed {
    gross: i64,
    fee: i32,
    text: u32,
    extra: u32,
    occurred: u32,
    raw_kind: u16,
    method: u16,
    present: u16,
    kind: Kind,
    /// Bits 0-1: what kind of time; bit 2: the net was stated; bits 4-7: what kind of fee.
    flags: u8,
}

/// What few lines have; in some formats all of them, so it is kept small, too.
#[derive(Clone, Copy, Debug)]
struct Extra {
    vat: i64,
    number: u32,
    /// Where its fees begin, of each kind that is not zero.
    fees: u32,
    booked: u32,
    sale: u32,
    fee_kinds: u16,
    booked_tag: u8,
}

/// Lines of one currency, packed.
#[derive(Clone, Debug)]
pub(super) struct Store {
    currency: Currency,
    lines: Chunked<Packed>,
    texts: Texts,
    words: Words,
    extras: Chunked<Extra>,
    fees: Chunked<i64>,
    sales: Chunked<SaleAmount>,
    /// Number of the first line: where the next ones follow it, their numbers need not be kept.
    first: u32,
    /// The last time that was packed: lines of one day stand together.
    last: (When, (u8, u32)),
}

impl Store {
    pub(super) fn new(currency: Currency) -> Store {
        Store {
            currency,
            lines: Chunked::new(),
            texts: Texts::default(),
            words: Words::default(),
            extras: Chunked::new(),
            fees: Chunked::new(),
            sales: Chunked::new(),
            first: 0,
            last: (When::Unstated, (0, 0)),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn push(&mut self, line: &Line<'_>) -> Result<(), SettlementError> {
        let too_large = || SettlementError::TooLarge { line: line.number };
        let index = u32::try_from(self.len()).ok().filter(|index| *index < u32::MAX).ok_or_else(too_large)?;
        if self.last.0 != line.occurred {
            let packed = pack_when(line.occurred);
            self.last =
                (line.occurred, packed.ok_or(SettlementError::ImplausibleTime { line: line.number })?);
        }
        let (tag, occurred) = self.last.1;
        let raw_kind = self.words.number(line.raw_kind).ok_or_else(too_large)?;
        let method = self.words.number(line.method).ok_or_else(too_large)?;
        let (text, present) = self.keep_texts(line)?;
        if index == 0 {
            self.first = line.number;
        }
        let fee = line.fees.only().and_then(|(kind, minor)| Some((kind, i32::try_from(minor).ok()?)));
        let aside = fee.is_none()
            || self.first.checked_add(index) != Some(line.number)
            || line.vat_on_fees != 0
            || line.sale.is_some()
            || line.booked != When::Unstated;
        let extra = if aside { self.set_aside(line)? } else { NO_EXTRA };
        let (fee_kind, fee) = fee.unwrap_or((FeeKind::Commission, 0));
        self.lines.push(Packed {
            gross: line.gross.minor(),
            fee,
            text,
            extra,
            occurred,
            raw_kind,
            method,
            present,
            kind: line.kind,
            flags: tag | u8::from(line.net.is_some()) << 2 | (fee_kind as u8) << 4,
        });
        Ok(())
    }

    /// Keeps what few lines have: its place.
    fn set_aside(&mut self, line: &Line<'_>) -> Result<u32, SettlementError> {
        let place = |length: usize| {
            u32::try_from(length).map_err(|_| SettlementError::TooLarge { line: line.number })
        };
        let implausible = SettlementError::ImplausibleTime { line: line.number };
        let (booked_tag, booked) = pack_when(line.booked).ok_or(implausible)?;
        let fees = place(self.fees.len())?;
        let mut fee_kinds = 0;
        for (kind, minor) in line.fees.parts() {
            fee_kinds |= 1 << kind.index();
            self.fees.push(minor);
        }
        let sale = match line.sale {
            Some(sale) => {
                self.sales.push(sale);
                place(self.sales.len() - 1)?
            }
            None => NO_EXTRA,
        };
        let (vat, number) = (line.vat_on_fees, line.number);
        self.extras.push(Extra { vat, number, fees, booked, sale, fee_kinds, booked_tag });
        place(self.extras.len() - 1)
    }

    /// The fees of what was set aside.
    fn fees_of(&self, extra: &Extra) -> Fees {
        let mut fees = Fees::NONE;
        let kinds = FeeKind::ALL.into_iter().filter(|kind| extra.fee_kinds & (1 << kind.index()) != 0);
        for (place, kind) in (extra.fees as usize..).zip(kinds) {
            fees.set(kind, self.fees.get(place).copied().unwrap_or_default());
        }
        fees
    }

    /// Keeps the line's texts, each after its length: their place, and the bits that tell which of them there are.
    fn keep_texts(&mut self, line: &Line<'_>) -> Result<(u32, u16), SettlementError> {
        let keys = &line.keys;
        let texts: [&str; FIELDS.len()] = [
            keys.order,
            keys.transaction,
            keys.merchant,
            keys.modification,
            keys.original,
            keys.acquirer,
            keys.invoice,
            line.reference,
            cut(line.description),
        ];
        let length = texts.iter().map(|text| LENGTH + text.len()).sum();
        let room = self.texts.room(length).ok_or(SettlementError::TooLarge { line: line.number })?;
        let (place, block) = room;
        let mut present = 0;
        for (number, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            present |= 1 << number;
            if put(block, text).is_none() {
                return Err(SettlementError::TooLong { line: line.number, field: FIELDS[number] });
            }
        }
        Ok((place, present))
    }

    fn texts_of(&self, packed: &Packed) -> [&str; FIELDS.len()] {
        let mut found = [""; FIELDS.len()];
        let mut run = self.texts.from(packed.text);
        for (place, found) in found.iter_mut().enumerate() {
            if packed.present & (1 << place) != 0 {
                *found = run.take();
            }
        }
        found
    }

    /// The line's own id; empty where it has none.
    pub(super) fn reference(&self, index: usize) -> &str {
        let Some(packed) = self.lines.get(index).filter(|packed| packed.present & REFERENCE != 0) else {
            return "";
        };
        let mut run = self.texts.from(packed.text);
        let before = (packed.present & (REFERENCE - 1)).count_ones();
        (0..before).for_each(|_| _ = run.take());
        run.take()
    }

    /// What most lines are matched by, without the rest of the line.
    pub(super) fn payment(&self, index: usize) -> Option<Payment<'_>> {
        let packed = self.lines.get(index)?;
        let order = if packed.present & ORDER == 0 { "" } else { self.texts.from(packed.text).take() };
        Some(Payment { kind: packed.kind, order })
    }

    /// What a line is, and its gross.
    pub(super) fn amount(&self, index: usize) -> Option<(Kind, Money)> {
        self.lines.get(index).map(|packed| (packed.kind, Money::from_minor(packed.gross, self.currency)))
    }

    /// The line as it came, but that a description may have been cut.
    pub(super) fn line(&self, index: usize) -> Option<Line<'_>> {
        let packed = self.lines.get(index)?;
        let [order, transaction, merchant, modification, original, acquirer, invoice, reference, description] =
            self.texts_of(packed);
        let fee_kind = FeeKind::ALL.get(usize::from(packed.flags >> 4)).copied().unwrap_or(FeeKind::Other);
        let extra = self.extras.get(packed.extra as usize);
        let in_turn = || self.first.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
        let mut line = Line {
            number: extra.map_or_else(in_turn, |extra| extra.number),
            reference,
            kind: packed.kind,
            raw_kind: self.words.word(packed.raw_kind),
            occurred: unpack_when(packed.flags & 3, packed.occurred),
            booked: extra.map_or(When::Unstated, |extra| unpack_when(extra.booked_tag, extra.booked)),
            keys: LinkKeys { order, merchant, transaction, modification, original, acquirer, invoice },
            gross: Money::from_minor(packed.gross, self.currency),
            fees: extra
                .map_or_else(|| Fees::of(fee_kind, i64::from(packed.fee)), |extra| self.fees_of(extra)),
            vat_on_fees: extra.map_or(0, |extra| extra.vat),
            net: None,
            sale: extra.and_then(|extra| self.sales.get(extra.sale as usize)).copied(),
            method: self.words.word(packed.method),
            description,
        };
        if packed.flags & 4 != 0 {
            line.net = line.reckoned_net().ok();
        }
        Some(line)
    }
}

fn cut(text: &str) -> &str {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let end = (0..=LONGEST_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

fn pack_when(when: When) -> Option<(u8, u32)> {
    let seconds = |local: DateTime| TimeZone::UTC.to_timestamp(local).ok().map(Timestamp::as_second);
    match when {
        When::Unstated => Some((0, 0)),
        When::Instant(instant) => Some((1, u32::try_from(instant.as_second()).ok()?)),
        When::Local(local) => Some((2, u32::try_from(seconds(local)?).ok()?)),
        When::Day(day) => Some((3, u32::try_from(seconds(day.at(0, 0, 0, 0))?).ok()?)),
    }
}

fn unpack_when(tag: u8, seconds: u32) -> When {
    let Ok(instant) = Timestamp::from_second(i64::from(seconds)) else { return When::Unstated };
    let utc = TimeZone::UTC.to_datetime(instant);
    match tag {
        1 => When::Instant(instant),
        2 => When::Local(utc),
        3 => When::Day(utc.date()),
        _ => When::Unstated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_line_is_thirty_two_bytes() {
        assert_eq!((std::mem::size_of::<Packed>(), std::mem::size_of::<Extra>()), (32, 32));
    }

    #[test]
    fn one_text_of_a_line_is_found_without_the_others() {
        let mut store = Store::new(Currency::DKK);
        let amount = Money::from_minor(100, Currency::DKK);
        let whole = LinkKeys { order: "1001", transaction: "ch_1", invoice: "7", ..LinkKeys::default() };
        let lines =
            [(whole, "txn_1"), (LinkKeys { invoice: "8", ..LinkKeys::default() }, "txn_2"), (whole, "")];
        for (keys, reference) in lines {
            let line = Line { reference, keys, ..Line::new(1, Kind::Sale, "charge", amount) };
            store.push(&line).expect("a sound line");
        }
        for (index, (keys, reference)) in lines.into_iter().enumerate() {
            assert_eq!(store.reference(index), reference);
            let payment = Payment { kind: Kind::Sale, order: keys.order };
            assert_eq!(
                (store.payment(index), store.amount(index)),
                (Some(payment), Some((Kind::Sale, amount)))
            );
            assert_eq!(store.line(index).map(|line| (line.keys, line.reference)), Some((keys, reference)));
        }
    }

    #[test]
    fn a_long_description_is_cut_between_characters() {
        let long = "ø".repeat(200);
        assert_eq!(cut(&long), "ø".repeat(127));
    }
}
