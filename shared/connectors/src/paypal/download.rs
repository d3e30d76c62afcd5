//! Activity and statement downloads (CSV): one layout in many languages, with the marks and days of the country.
//!
//! Nothing in the file says how its days are written, so it is read twice: first for the order of day and month and for the
//! period, then for the lines. A download has no totals and no end: what is in it is checked row by row (gross and fee make
//! the net, each row continues the balance of its currency), and it stays unconfirmed by itself.

use std::collections::BTreeMap;
use std::io::Read;

use domain::Money;
use domain::money::Currency;
use domain::settlement::{FeeKind, Fees, Line, SettlementMode, Stated, When};
use jiff::civil::Date;

use super::kinds;
use super::map::{gap, keys};
use super::wire::{Download, Locale};
use crate::characters::whole;
use crate::figures;
use crate::report::{Batches, DayOrder, ReadingContext, Refusal, Unreadable, refusal};
use crate::tabular::{Column, Row, Style, Table, headed};

/// Largest download, in bytes.
const LONGEST: u64 = 96 << 20;

/// Columns as the first row of the file names them in some language.
fn table(
    bytes: &mut &[u8],
    each: &mut dyn FnMut(&Download, &Row<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |mark: u8| header.iter().filter(|byte| **byte == mark).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|mark| count(*mark)).unwrap_or(b',');
    let style = Style { delimiter, ..Style::COMMA };
    headed(Table::Delimited(bytes, style), "Gross", Download::find, |columns, row| each(columns, row))
}

/// Reads a download.
pub(super) fn read(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let bytes = whole(source, LONGEST)?;
    let days = Days::find(&bytes, context.day_order)?;
    // The period is the batch: every download has the same name.
    let batch = format!("{}/{}", days.first, days.last);
    let mut reading = Reading { days, batch, locale: Locale::default(), balances: BTreeMap::new() };
    table(&mut bytes.as_slice(), &mut |columns, row| reading.row(columns, row, context, batches))
}

/// How the file writes days, and its first and last.
struct Days {
    pattern: &'static str,
    first: Date,
    last: Date,
}

impl Days {
    fn find(bytes: &[u8], order: Option<DayOrder>) -> Result<Days, Unreadable> {
        let mut patterns: Option<Vec<&'static str>> = None;
        let mut texts: Vec<(u32, String)> = Vec::new();
        table(&mut &bytes[..], &mut |columns, row| {
            let text = row.given(columns.day)?;
            let fitting = patterns.get_or_insert_with(|| candidates(text));
            fitting.retain(|pattern| figures::day(text, pattern).is_some());
            if fitting.is_empty() {
                return Err(row.refused("report-time", columns.day).into());
            }
            // Files hold few days and many rows.
            if texts.last().is_none_or(|(_, last)| last != text) {
                texts.push((row.number, text.to_owned()));
            }
            Ok(())
        })?;
        let Some(patterns) = patterns else { return Err(refusal("report-empty").into()) };
        let pattern = match patterns.as_slice() {
            [] => return Err(refusal("report-empty").into()),
            [only] => only,
            [day_first, month_first, ..] => match order {
                Some(DayOrder::DayFirst) => day_first,
                Some(DayOrder::MonthFirst) => month_first,
                None => return Err(refusal("report-day-order").into()),
            },
        };
        let days: Vec<Date> = texts.iter().filter_map(|(_, text)| figures::day(text, pattern)).collect();
        match (days.iter().min(), days.iter().max()) {
            (Some(first), Some(last)) => Ok(Days { pattern, first: *first, last: *last }),
            _ => Err(refusal("report-empty").into()),
        }
    }
}

/// Patterns that a day could be written by, from the mark between its parts. Only slashes leave the order open.
fn candidates(text: &str) -> Vec<&'static str> {
    match text.chars().find(|c| !c.is_ascii_digit()) {
        Some('/') => vec!["%d/%m/%Y", "%m/%d/%Y"],
        Some('.') => vec!["%d.%m.%Y"],
        Some('-') if text.find('-') == Some(4) => vec!["%Y-%m-%d"],
        Some('-') => vec!["%d-%m-%Y"],
        _ => Vec::new(),
    }
}

struct Reading {
    days: Days,
    batch: String,
    locale: Locale,
    balances: BTreeMap<Currency, Money>,
}

impl Reading {
    fn row(
        &mut self,
        columns: &Download,
        row: &Row<'_>,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        let status = columns.status.map(|column| row.text(column)).unwrap_or_default();
        let currency = row.currency(columns.currency)?;
        let gross = self.amount(row, columns.gross, currency)?;
        let fee = self.amount(row, columns.fee, currency)?;
        let net = self.amount(row, columns.net, currency)?;
        let balance = match columns.balance {
            Some(column) if !row.text(column).is_empty() => Some(self.amount(row, column, currency)?),
            _ => None,
        };
        // Denied transactions stand in the activity list and have moved nothing; pending withdrawals have.
        if balance.is_none() && matches!(status, "Denied" | "Canceled" | "Removed") {
            return Ok(());
        }
        let new = batches.open(context.account, &self.batch, currency, SettlementMode::Net)?;
        if new {
            let opening = balance.map(|balance| balance.minus(net)).transpose();
            let opening = opening.map_err(|_| row.refused("report-amount", columns.net))?;
            batches.state(Stated {
                from: Some(self.days.first),
                to: Some(self.days.last),
                opening,
                open_ended: true,
                ..Stated::default()
            })?;
        }
        if let Some(balance) = balance {
            let before = balance.minus(net).map_err(|_| row.refused("report-amount", columns.net))?;
            match self.balances.insert(currency, balance) {
                Some(last) if last != before => return Err(gap(row.number, last, before).into()),
                _ => {}
            }
        }
        let description = row.given(columns.kind)?;
        let kind = kinds::by_words(description, gross.is_negative());
        let optional =
            |column: Option<Column<'static>>| column.map(|column| row.text(column)).unwrap_or_default();
        let id = row.text(columns.id);
        let line = Line {
            reference: id,
            occurred: self.when(columns, row)?,
            keys: keys(
                kind,
                id,
                optional(columns.invoice),
                optional(columns.custom),
                optional(columns.reference),
            ),
            fees: Fees::of(FeeKind::Commission, fee.minor()),
            net: Some(net),
            method: "paypal",
            ..Line::new(row.number, kind, description, gross)
        };
        batches.line(&line)
    }

    fn amount(&mut self, row: &Row<'_>, column: Column<'_>, currency: Currency) -> Result<Money, Refusal> {
        let text = row.given(column)?;
        self.locale
            .marks(text, currency.decimals())
            .and_then(|marks| figures::amount(text, marks, currency))
            .ok_or_else(|| row.refused("report-amount", column))
    }

    fn when(&self, columns: &Download, row: &Row<'_>) -> Result<When, Refusal> {
        let day = figures::day(row.given(columns.day)?, self.days.pattern)
            .ok_or_else(|| row.refused("report-time", columns.day))?;
        let time = row.text(columns.time);
        if time.is_empty() {
            return Ok(When::Day(day));
        }
        let local = figures::local_time(&format!("{day} {time}"), "%Y-%m-%d %H:%M:%S")
            .ok_or_else(|| row.refused("report-time", columns.time))?;
        Ok(figures::in_named_zone(local, row.text(columns.zone)))
    }
}
