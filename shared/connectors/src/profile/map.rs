//! Reads a file by its profile.

use std::collections::BTreeMap;
use std::io::Read;

use domain::Money;
use domain::money::Currency;
use domain::settlement::{Fees, Kind, Line, LinkKeys, Stated, StatedTotal, TotalOf, When};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::wire::{FeeSign, Form, Profile, Record, Role, Sign, What, check};
use crate::characters::Characters;
use crate::figures::{self, Marks};
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};
use crate::tabular::{Column, Header, Row, Style, Table, rows};

/// Columns of one kind of record, once its header was seen.
struct Places<'p> {
    record: &'p Record,
    columns: Option<(BTreeMap<What, Column<'p>>, usize)>,
}

/// Reads a file.
pub(super) fn read(
    profile: &Profile,
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    check(profile)?;
    let encoding = Characters::encoding(&profile.encoding).unwrap_or(encoding_rs::UTF_8);
    let delimiter = u8::try_from(profile.delimiter).unwrap_or(b',');
    let table = match profile.form {
        Form::Workbook => Table::Workbook(source, profile.sheet.as_deref()),
        Form::Delimited => Table::Delimited(
            source,
            Style { delimiter, quoted: profile.quotes, encoding, closed: profile.last_line_ends },
        ),
    };
    let mut records: Vec<Places<'_>> =
        profile.records.iter().map(|record| Places { record, columns: None }).collect();
    let reading = Reading { profile, context };
    let mut days = Days::default();
    let (mut seen, mut lines) = (0_u32, 0_u64);
    rows(table, &mut |row| {
        seen += 1;
        if seen <= profile.skip_rows {
            return Ok(());
        }
        let Some(places) = records.iter_mut().find(|places| fits(places.record, row)) else {
            return Err(row.refused("report-record", Column::at("1", 0)).into());
        };
        if places.columns.is_none() {
            let header = Header::of(row);
            places.columns = Some((find(places.record, &header)?, header.width()));
            if places.record.header {
                return Ok(());
            }
        }
        let Some((columns, width)) = &places.columns else { return Ok(()) };
        let narrow = profile.form == Form::Workbook && row.fields.len() < *width;
        if places.record.header && row.fields.len() != *width && !narrow {
            return Err(refusal("report-row-width")
                .with("row", row.number)
                .with("expected", width)
                .with("found", row.fields.len())
                .into());
        }
        match places.record.role {
            Role::Ignored => Ok(()),
            Role::Total => reading.total(places.record, columns, row, batches),
            Role::Line => {
                lines += 1;
                reading.line(places.record, columns, row, (batches, &mut days))
            }
        }
    })?;
    state_days(profile, days, batches)?;
    let unseen = records.iter().find(|places| places.columns.is_none() && places.record.mark.is_none());
    match unseen {
        Some(places) => {
            let name = places.record.columns.values().next().cloned().unwrap_or_default();
            Err(refusal("report-column-missing").with("column", name).into())
        }
        None if lines == 0 && batches.is_empty() => Err(refusal("report-empty").into()),
        None => Ok(()),
    }
}

/// The day of each batch's payout line, by account, batch and currency; `None` where several payouts have days of their own.
type Days = BTreeMap<(String, String, Currency), Option<Date>>;

/// A file without totals tells the day of a payout by the payout's own line.
fn state_days(profile: &Profile, days: Days, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
    let stated =
        |record: &Record| record.role == Role::Total && record.columns.contains_key(&What::PayoutDay);
    if profile.records.iter().any(stated) {
        return Ok(());
    }
    for ((account, batch, currency), day) in days {
        if day.is_some() {
            batches.open(&account, &batch, currency, profile.mode)?;
            batches.state(Stated { payout_on: day, ..Stated::default() })?;
        }
    }
    Ok(())
}

fn fits(record: &Record, row: &Row<'_>) -> bool {
    record.mark.as_ref().is_none_or(|mark| {
        row.fields.get(mark.column.saturating_sub(1)).is_some_and(|value| value.trim() == mark.value)
    })
}

fn find<'p>(record: &'p Record, header: &Header) -> Result<BTreeMap<What, Column<'p>>, Refusal> {
    let mut columns = BTreeMap::new();
    for (what, name) in &record.columns {
        let place = name.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
        let column = match place {
            Some(number) => Column::at(name, number.saturating_sub(1)),
            None => header.required(name)?,
        };
        columns.insert(*what, column);
    }
    Ok(columns)
}

struct Reading<'p> {
    profile: &'p Profile,
    context: &'p ReadingContext<'p>,
}

impl Reading<'_> {
    fn marks(&self) -> Marks {
        // A workbook keeps numbers as numbers, whatever country it was saved in.
        match self.profile.form {
            Form::Workbook => Marks::POINT,
            Form::Delimited => Marks { decimal: self.profile.decimal, thousands: self.profile.thousands },
        }
    }

    fn open(
        &self,
        columns: &BTreeMap<What, Column<'_>>,
        row: &Row<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(String, String, Currency), Unreadable> {
        let currency = match (columns.get(&What::Currency), self.profile.currency) {
            (Some(column), fixed) => match (row.text(*column), fixed) {
                ("", Some(fixed)) => fixed,
                _ => row.currency(*column)?,
            },
            (None, Some(fixed)) => fixed,
            (None, None) => {
                return Err(refusal("report-profile-wrong")
                    .with("field", "currency")
                    .with("problem", "is neither given nor in a column")
                    .into());
            }
        };
        let or = |what: What, otherwise: &'_ str| match columns.get(&what).map(|column| row.text(*column)) {
            None | Some("") => otherwise.to_owned(),
            Some(text) => text.to_owned(),
        };
        let account = or(What::Account, self.context.account);
        let batch = or(What::Batch, self.context.batch);
        batches.open(&account, &batch, currency, self.profile.mode)?;
        Ok((account, batch, currency))
    }

    fn line(
        &self,
        record: &Record,
        columns: &BTreeMap<What, Column<'_>>,
        row: &Row<'_>,
        (batches, days): (&mut Batches<'_>, &mut Days),
    ) -> Result<(), Unreadable> {
        let (account, batch, currency) = self.open(columns, row, batches)?;
        let text = |what: What| columns.get(&what).map(|column| row.text(*column)).unwrap_or_default();
        let word = text(What::Kind);
        let mapped = record.kinds.get(word).copied();
        let kind = mapped.or(record.kind).unwrap_or(Kind::Unknown);
        let signs = Signs { reading: self, record, columns, row, currency, kind };
        let (fee, vat) = (signs.fee(What::Fee)?, signs.fee(What::Vat)?);
        let net = signs.amount(What::Net)?;
        let gross = match (signs.gross()?, net) {
            (Some(gross), _) => gross,
            // Where the file has only the net, the gross is what makes it so.
            (None, Some(net)) => {
                Money::from_minor(net.minor().saturating_sub(fee).saturating_sub(vat), currency)
            }
            (None, None) if fee != 0 || vat != 0 => currency.zero(),
            (None, None) => return Err(row.refused("report-value-missing", signs.gross_column()).into()),
        };
        let when = |what: What| match columns.get(&what) {
            None => Ok(When::Unstated),
            Some(column) => {
                let read = row.read(*column, "report-time", |text| self.when(text))?;
                Ok::<When, Refusal>(read.unwrap_or_default())
            }
        };
        let line = Line {
            reference: text(What::Reference),
            occurred: when(What::Occurred)?,
            booked: when(What::Booked)?,
            keys: LinkKeys {
                order: text(What::Order),
                merchant: text(What::Merchant),
                transaction: text(What::Transaction),
                modification: text(What::Modification),
                original: text(What::Original),
                acquirer: text(What::AcquirerReference),
                invoice: text(What::Invoice),
            },
            fees: Fees::of(record.fee_kind, fee),
            vat_on_fees: vat,
            net,
            method: text(What::Method),
            description: text(What::Description),
            ..Line::new(row.number, kind, word, gross)
        };
        if kind == Kind::Payout {
            let day = [What::Booked, What::Occurred].into_iter().find_map(|what| self.day(text(what)));
            let known = days.entry((account, batch, currency)).or_insert(day);
            *known = known.filter(|known| Some(*known) == day);
        }
        batches.line(&line)
    }

    fn when(&self, text: &str) -> Option<When> {
        let pattern = &self.profile.dates;
        // A workbook gives a day as a day and midnight.
        if self.profile.form == Form::Workbook
            && let Some(time) = figures::local_time(text, "%Y-%m-%d %H:%M:%S")
        {
            let midnight = time.time() == jiff::civil::Time::MIN;
            return Some(if midnight { When::Day(time.date()) } else { When::Local(time) });
        }
        if pattern.contains("%z") {
            return figures::instant_by(text, pattern).map(When::Instant);
        }
        if pattern.contains("%H") {
            return figures::local_time(text, pattern).map(When::Local);
        }
        figures::day(text, pattern).map(When::Day)
    }

    /// The day of a time, as the file writes it: an offset beside it does not make it the day before.
    fn day(&self, text: &str) -> Option<Date> {
        match self.when(text)? {
            When::Instant(_) => figures::day(text, &self.profile.dates),
            when => when.day(&TimeZone::UTC),
        }
    }

    fn total(
        &self,
        record: &Record,
        columns: &BTreeMap<What, Column<'_>>,
        row: &Row<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        let (_, _, currency) = self.open(columns, row, batches)?;
        let signs =
            Signs { reading: self, record, columns, row, currency, kind: record.kind.unwrap_or(Kind::Sale) };
        let kinds = record.kind.map(|kind| TotalOf::Kinds(vec![kind]));
        let total = |of: TotalOf, count: Option<u64>, amount: Option<Money>| StatedTotal {
            of,
            count,
            amount,
            place: format!("row {}", row.number),
        };
        let mut totals = Vec::new();
        if let Some(column) = columns.get(&What::Count) {
            totals.push(total(kinds.clone().unwrap_or(TotalOf::Gross), Some(row.count(*column)?), None));
        }
        if let Some(gross) = signs.gross()? {
            totals.push(total(kinds.unwrap_or(TotalOf::Gross), None, Some(gross)));
        }
        if columns.contains_key(&What::Fee) {
            totals.push(total(TotalOf::Fees, None, Some(Money::from_minor(signs.fee(What::Fee)?, currency))));
        }
        if columns.contains_key(&What::Vat) {
            totals.push(total(TotalOf::Vat, None, Some(Money::from_minor(signs.fee(What::Vat)?, currency))));
        }
        if let Some(net) = signs.amount(What::Net)? {
            totals.push(total(TotalOf::Net, None, Some(net)));
        }
        let plain = |what: What| match columns.get(&what) {
            None => Ok(None),
            Some(column) => row.amount(*column, self.marks(), currency),
        };
        let day = match columns.get(&What::PayoutDay) {
            None => None,
            Some(column) => row.read(*column, "report-time", |text| self.day(text))?,
        };
        let bank = columns.get(&What::BankReference).map(|column| row.text(*column).to_owned());
        batches.state(Stated {
            payout_on: day,
            payout: plain(What::Payout)?,
            opening: plain(What::Opening)?,
            closing: plain(What::Closing)?,
            bank_reference: bank.filter(|text| !text.is_empty()),
            totals,
            ..Stated::default()
        })
    }
}

/// Amounts of one row with the sign that the profile gives them.
struct Signs<'a> {
    reading: &'a Reading<'a>,
    record: &'a Record,
    columns: &'a BTreeMap<What, Column<'a>>,
    row: &'a Row<'a>,
    currency: Currency,
    kind: Kind,
}

impl Signs<'_> {
    fn gross_column(&self) -> Column<'_> {
        self.columns.get(&What::Gross).copied().unwrap_or(Column::at("gross", usize::MAX))
    }

    fn read(&self, what: What) -> Result<Option<Money>, Refusal> {
        match self.columns.get(&what) {
            None => Ok(None),
            Some(column) => self.row.amount(*column, self.reading.marks(), self.currency),
        }
    }

    fn gross(&self) -> Result<Option<Money>, Refusal> {
        if self.record.sign != Sign::DebitAndCredit {
            return self.amount(What::Gross);
        }
        let (debit, credit) = (self.read(What::Debit)?, self.read(What::Credit)?);
        if debit.is_none() && credit.is_none() {
            return Ok(None);
        }
        let zero = self.currency.zero();
        let sum = credit.unwrap_or(zero).minus(debit.unwrap_or(zero));
        sum.map(Some).map_err(|_| self.row.refused("report-amount", self.gross_column()))
    }

    fn amount(&self, what: What) -> Result<Option<Money>, Refusal> {
        let Some(money) = self.read(what)? else { return Ok(None) };
        let takes = match &self.record.sign {
            Sign::Written | Sign::DebitAndCredit => false,
            Sign::Turned => true,
            Sign::ByKind => takes(self.kind),
            Sign::Direction(words) => {
                let direction = self.columns.get(&What::Direction).map(|column| self.row.text(*column));
                words.iter().any(|word| Some(word.as_str()) == direction)
            }
        };
        let signed = if takes { money.negated() } else { Ok(money) };
        signed.map(Some).map_err(|_| self.row.refused("report-amount", self.gross_column()))
    }

    /// A fee or VAT in minor units, negative when charged.
    fn fee(&self, what: What) -> Result<i64, Refusal> {
        let minor = self.read(what)?.map_or(0, Money::minor);
        Ok(match self.record.fee_sign {
            FeeSign::Subtracted => minor.saturating_neg(),
            FeeSign::Added => minor,
        })
    }
}

/// Kinds that take from the balance.
const fn takes(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Refund
            | Kind::Chargeback
            | Kind::Fee
            | Kind::Vat
            | Kind::ReserveHold
            | Kind::Payout
            | Kind::CarryOut
    )
}
