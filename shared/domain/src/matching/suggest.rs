//! Equal amount and near date: a suggestion to a person, never a match.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::outcome::{LineState, Matching};
use super::receivables::{ReceivableId, Receivables};
use super::settle::amount_in;
use crate::money::Currency;
use crate::settlement::{Line, Settlement};

/// A document that a line may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Which.
    pub document: ReceivableId,
    /// Days between its date and the line's.
    pub days: u32,
}

/// At most so many suggestions for a line: more help nobody.
const SHOWN: usize = 5;

impl Matching {
    /// For each line of a settlement without a match: the open documents of exactly its amount that are dated within so many
    /// days of it, the nearest first. Lines that have none are left out.
    pub fn suggestions(
        &self,
        receivables: &Receivables,
        settlements: &[Settlement],
        settlement: usize,
        within_days: u32,
        zone: &TimeZone,
    ) -> Vec<(usize, Vec<Suggestion>)> {
        let lines = settlements.get(settlement).map_or(0, Settlement::len);
        self.suggestions_for(receivables, settlements, (settlement, 0..lines), within_days, zone)
    }

    /// The same for some lines of a settlement, by their places.
    pub fn suggestions_for(
        &self,
        receivables: &Receivables,
        settlements: &[Settlement],
        (settlement, places): (usize, impl Iterator<Item = usize>),
        within_days: u32,
        zone: &TimeZone,
    ) -> Vec<(usize, Vec<Suggestion>)> {
        let Some(batch) = settlements.get(settlement) else { return Vec::new() };
        let open = |place: &usize| self.state(receivables, settlement, *place) == LineState::NotFound;
        let mut open = places.filter(open).peekable();
        if open.peek().is_none() {
            return Vec::new();
        }
        let left = self.left(receivables);
        open.filter_map(|place| {
            let found = near(&left, receivables, &batch.line(place)?, within_days, zone);
            (!found.is_empty()).then_some((place, found))
        })
        .collect()
    }

    /// What is still to come on documents, sorted by currency and amount.
    fn left(&self, receivables: &Receivables) -> Vec<(Currency, i64, Date, ReceivableId)> {
        let mut left: Vec<_> = receivables
            .ids()
            .filter_map(|id| {
                let expected = receivables.expected(id).minor();
                let due = expected.checked_sub(self.paid(receivables, id).minor())?;
                (due != 0 && due.signum() == expected.signum())
                    .then(|| (receivables.currency(id), due, receivables.date(id), id))
            })
            .collect();
        left.sort_by(|a, b| {
            (a.0, a.1, a.2, receivables.number(a.3)).cmp(&(b.0, b.1, b.2, receivables.number(b.3)))
        });
        left
    }
}

fn near(
    left: &[(Currency, i64, Date, ReceivableId)],
    receivables: &Receivables,
    line: &Line<'_>,
    within_days: u32,
    zone: &TimeZone,
) -> Vec<Suggestion> {
    let Some(day) = line.occurred.day(zone).or_else(|| line.booked.day(zone)) else { return Vec::new() };
    let mut currencies = vec![line.currency()];
    currencies.extend(line.sale.map(|sale| sale.amount.currency()).filter(|other| *other != line.currency()));
    let mut found = Vec::new();
    for currency in currencies {
        let Some(amount) = amount_in(line, currency) else { continue };
        let first = left.partition_point(|entry| (entry.0, entry.1) < (currency, amount));
        let same = left[first..].iter().take_while(|entry| (entry.0, entry.1) == (currency, amount));
        found.extend(same.filter_map(|(_, _, date, id)| {
            let days = (day - *date).get_days().unsigned_abs();
            (days <= within_days).then_some(Suggestion { document: *id, days })
        }));
    }
    found.sort_by_key(|suggestion| (suggestion.days, receivables.number(suggestion.document).to_owned()));
    found.truncate(SHOWN);
    found
}
