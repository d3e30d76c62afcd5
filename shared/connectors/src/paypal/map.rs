//! From PayPal's transactions to lines: Transaction Search and the settlement report (STL).

use domain::Money;
use domain::money::Currency;
use domain::settlement::{
    FeeKind, Fees, Kind, Line, LinkKeys, SettlementMode, Stated, StatedTotal, TotalOf, When,
};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

use super::kinds;
use super::wire::{Amount, Balance, Body, Info, SEARCH_TIME, Search, TIME_WITH_OFFSET};
use crate::figures::{self, Marks};
use crate::pages::misread;
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};
use crate::tabular::{Column, Header, Row};

/// What was seen of Transaction Search so far.
#[derive(Default)]
pub(super) struct Found {
    seen: u64,
    total: Option<u64>,
    balances: BTreeMap<Currency, Money>,
    /// Balances that stand by themselves: before the transactions, and after them.
    ends: Vec<BTreeMap<Currency, Money>>,
    currencies: BTreeSet<Currency>,
    lines: u32,
    account: String,
    batch: String,
    /// First and last day that were asked for.
    days: (Option<Date>, Option<Date>),
}

impl Found {
    /// The balances before the transactions that follow, and then those after them.
    pub(super) fn balances(&mut self, document: u32, balances: &[Balance<'_>]) -> Result<(), Unreadable> {
        let misread = || misread(document, "total_balance");
        // They stand before all transactions: what comes between them and these is of nothing that is known.
        if self.total.is_some() || self.ends.len() >= 2 {
            return Err(misread().into());
        }
        let money = |balance: &Balance<'_>| {
            let amount = &balance.total_balance;
            let currency = figures::currency(&amount.currency_code)?;
            figures::amount(&amount.value, Marks::POINT, currency).map(|money| (currency, money))
        };
        let all: Option<BTreeMap<_, _>> = balances.iter().map(money).collect();
        self.ends.push(all.ok_or_else(misread)?);
        Ok(())
    }

    /// One page. All pages of a search state the same total.
    pub(super) fn page(
        &mut self,
        document: u32,
        search: &Search<'_>,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        if self.total.is_some_and(|total| total != search.total_items) {
            return Err(refusal("report-pages-missing").into());
        }
        self.total = Some(search.total_items);
        let account = match search.account_number.trimmed() {
            "" => context.account,
            account => account,
        };
        account.clone_into(&mut self.account);
        let day = |text: &str| text.get(..10).unwrap_or_default().to_owned();
        let period = format!("{}/{}", day(&search.start_date), day(&search.end_date));
        period.clone_into(&mut self.batch);
        self.days = (figures::iso_day(&search.start_date), last_day(&search.end_date));
        for detail in &search.transaction_details {
            self.seen += 1;
            self.transaction(document, &detail.transaction_info, account, &period, batches)?;
        }
        Ok(())
    }

    fn transaction(
        &mut self,
        document: u32,
        info: &Info<'_>,
        account: &str,
        batch: &str,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        self.lines += 1;
        if moved_nothing(info) {
            return Ok(());
        }
        let misread = |place: &str| misread(document, format!("{place}, transaction {}", self.lines));
        let currency = figures::currency(&info.transaction_amount.currency_code)
            .ok_or_else(|| misread("currency_code"))?;
        let money = |amount: &Amount<'_>, name: &str| {
            let same = figures::currency(&amount.currency_code) == Some(currency);
            figures::amount(&amount.value, Marks::POINT, currency)
                .filter(|_| same)
                .ok_or_else(|| misread(name))
        };
        let gross = money(&info.transaction_amount, "transaction_amount")?;
        let fee = info.fee_amount.as_ref().map(|fee| money(fee, "fee_amount")).transpose()?;
        let after =
            info.ending_balance.as_ref().map(|balance| money(balance, "ending_balance")).transpose()?;
        let net = gross.plus(fee.unwrap_or(currency.zero())).map_err(|_| misread("transaction_amount"))?;
        let new = batches.open(account, batch, currency, SettlementMode::Net)?;
        self.currencies.insert(currency);
        if new {
            let (from, to) = self.days;
            batches.state(Stated { from, to, ..Stated::default() })?;
        }
        if let Some(after) = after {
            let before = after.minus(net).map_err(|_| misread("ending_balance"))?;
            if new {
                batches.state(Stated { opening: Some(before), ..Stated::default() })?;
            } else if let Some(last) = self.balances.get(&currency)
                && *last != before
            {
                return Err(gap(self.lines, *last, before).into());
            }
            self.balances.insert(currency, after);
        }
        let code = info.transaction_event_code.trimmed();
        let kind = kinds::by_code(code, gross.is_negative());
        let reference = info.paypal_reference_id.trimmed();
        let line = Line {
            reference: &info.transaction_id,
            occurred: time(info.transaction_initiation_date.trimmed())
                .ok_or_else(|| misread("transaction_initiation_date"))?,
            booked: time(info.transaction_updated_date.trimmed())
                .ok_or_else(|| misread("transaction_updated_date"))?,
            keys: keys(
                kind,
                &info.transaction_id,
                info.invoice_id.trimmed(),
                info.custom_field.trimmed(),
                reference,
            ),
            fees: Fees::of(FeeKind::Commission, fee.map_or(0, Money::minor)),
            net: Some(net),
            method: "paypal",
            description: info.bank_reference_id.trimmed(),
            ..Line::new(self.lines, kind, code, gross)
        };
        batches.line(&line)
    }

    /// The search ends: every transaction it counted was there, and the last balances are the closing ones.
    pub(super) fn end(self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let total = self.total.unwrap_or_default();
        if self.seen != total {
            return Err(count_differs("total_items", total, self.seen).into());
        }
        for (currency, closing) in self.balances {
            batches.open(&self.account, &self.batch, currency, SettlementMode::Net)?;
            batches.state(Stated { closing: Some(closing), ..Stated::default() })?;
        }
        let [before, after] = self.ends.as_slice() else {
            // Balances that were asked for at one end only are of a file that is not whole.
            let whole = self.ends.is_empty() && self.total.is_some();
            return if whole { Ok(()) } else { Err(refusal("report-pages-missing").into()) };
        };
        if self.total.is_none() {
            return Err(refusal("report-pages-missing").into());
        }
        for currency in self.currencies {
            let (opening, closing) = (before.get(&currency), after.get(&currency));
            if opening.is_none() && closing.is_none() {
                continue;
            }
            // A currency that stands at one end only was not there, or is no more, at the other: whether it was nothing shows when
            // the day is added up.
            let or_nothing = |balance: Option<&Money>| Some(balance.copied().unwrap_or(currency.zero()));
            batches.open(&self.account, &self.batch, currency, SettlementMode::Net)?;
            let (opening, closing) = (or_nothing(opening), or_nothing(closing));
            batches.state(Stated { opening, closing, ..Stated::default() })?;
        }
        Ok(())
    }
}

/// The keys of a payment; of a refund and a dispute PayPal's reference is the sale they belong to.
pub(super) fn keys<'a>(
    kind: Kind,
    id: &'a str,
    invoice: &'a str,
    custom: &'a str,
    reference: &'a str,
) -> LinkKeys<'a> {
    if !kind.concerns_payment() {
        return LinkKeys { original: reference, ..LinkKeys::default() };
    }
    LinkKeys {
        order: invoice,
        merchant: custom,
        transaction: id,
        modification: id,
        original: if kind == Kind::Sale { "" } else { reference },
        ..LinkKeys::default()
    }
}

/// The last day of a period by its end: at midnight it is the day before.
fn last_day(end: &str) -> Option<Date> {
    let day = figures::iso_day(end)?;
    if end.get(11..19) == Some("00:00:00") { day.yesterday().ok() } else { Some(day) }
}

/// Pending and denied transactions have moved nothing.
pub(super) fn moved_nothing(info: &Info<'_>) -> bool {
    matches!(info.transaction_status.trimmed(), "P" | "D")
}

fn time(text: &str) -> Option<When> {
    if text.is_empty() {
        return Some(When::Unstated);
    }
    figures::instant(text).or_else(|| figures::instant_by(text, SEARCH_TIME)).map(When::Instant)
}

/// Two balances that should be one.
pub(super) fn gap(row: u32, reckoned: Money, stated: Money) -> Refusal {
    let difference = stated.minus(reckoned).map(|money| money.to_string()).unwrap_or_default();
    refusal("report-balance-gap")
        .with("row", row)
        .with("stated", stated)
        .with("reckoned", reckoned)
        .with("difference", difference)
}

fn count_differs(place: &str, stated: u64, found: u64) -> Refusal {
    refusal("settlement-count-differs").with("place", place).with("stated", stated).with("found", found)
}

/// The settlement report while its records stream by.
#[derive(Default)]
pub(super) struct Settlement {
    account: String,
    batch: String,
    /// First and last day of the section, in the account's own zone.
    days: (Option<Date>, Option<Date>),
    body: Option<(Body, usize)>,
    in_section: u64,
    of_currency: BTreeMap<Currency, u64>,
    sections: u64,
    total: u64,
    ended: bool,
}

/// A field of a record without header, by its place.
fn field<'a>(row: &Row<'a>, place: usize) -> &'a str {
    row.fields.get(place).unwrap_or_default().trim()
}

impl Settlement {
    /// One record.
    pub(super) fn record(
        &mut self,
        row: &Row<'_>,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        match field(row, 0) {
            "RH" | "FH" => Ok(()),
            "SH" => {
                let [start, end] = [1, 2].map(|place| field(row, place).replace('/', "-"));
                let start = start.get(..10).unwrap_or_default().to_owned();
                let from = figures::day(&start, "%Y-%m-%d")
                    .ok_or_else(|| row.refused("report-time", Column::at("SH", 1)))?;
                self.days = (Some(from), last_day(&end));
                self.batch = start;
                self.account =
                    if field(row, 3).is_empty() { context.account } else { field(row, 3) }.to_owned();
                self.in_section = 0;
                self.of_currency.clear();
                Ok(())
            }
            "CH" => {
                self.body = Some((Body::find(&Header::of(row))?, row.fields.len()));
                Ok(())
            }
            "SB" => self.body(row, batches),
            "SF" => self.footer(row, batches),
            "SC" => {
                self.sections += 1;
                self.total += self.in_section;
                self.counted(row, "SC", self.in_section)
            }
            "RF" => Ok(()),
            "RC" => self.counted(row, "RC", self.total),
            "FF" => {
                self.ended = true;
                Ok(())
            }
            _ => Err(row.refused("report-record", Column::at("1", 0)).into()),
        }
    }

    fn counted(&self, row: &Row<'_>, place: &str, found: u64) -> Result<(), Unreadable> {
        let stated = row.count(Column::at("1", 1))?;
        if stated == found { Ok(()) } else { Err(count_differs(place, stated, found).into()) }
    }

    fn body(&mut self, row: &Row<'_>, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let Some((columns, width)) = &self.body else {
            return Err(row.refused("report-record", Column::at("CH", 0)).into());
        };
        if row.fields.len() != *width {
            return Err(refusal("report-row-width")
                .with("row", row.number)
                .with("expected", width)
                .with("found", row.fields.len())
                .into());
        }
        let currency = row.currency(columns.currency)?;
        let gross = directed(row, columns.direction, columns.gross, currency)?
            .ok_or_else(|| row.refused("report-value-missing", columns.gross))?;
        let fee = directed(row, columns.fee_direction, columns.fee, currency)?;
        batches.open(&self.account, &self.batch, currency, SettlementMode::Net)?;
        self.in_section += 1;
        *self.of_currency.entry(currency).or_default() += 1;
        let code = row.given(columns.code)?;
        let kind = kinds::by_code(code, gross.is_negative());
        let when = |column| {
            row.read(column, "report-time", |text| figures::instant_by(text, TIME_WITH_OFFSET))
                .map(|time| time.map_or(When::Unstated, When::Instant))
        };
        let id = row.text(columns.id);
        let line = Line {
            reference: id,
            occurred: when(columns.initiated)?,
            booked: when(columns.completed)?,
            keys: keys(
                kind,
                id,
                row.text(columns.invoice),
                row.text(columns.custom),
                row.text(columns.reference),
            ),
            fees: Fees::of(FeeKind::Commission, fee.map_or(0, Money::minor)),
            method: "paypal",
            description: row.text(columns.bank_reference),
            ..Line::new(row.number, kind, code, gross)
        };
        batches.line(&line)
    }

    /// The sums of one currency: gross and fees, each of credits and debits, and the balances before and after.
    fn footer(&mut self, row: &Row<'_>, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let currency = row.currency(Column::at("SF 2", 1))?;
        let amount = |place: usize| {
            let column = Column::at("SF", place);
            row.read(column, "report-amount", |text| units(text, currency))
                .map(|money| money.unwrap_or(currency.zero()))
        };
        let refused = |_| row.refused("report-amount", Column::at("SF", 2));
        let credits = amount(2)?.plus(amount(4)?).map_err(refused)?;
        let debits = amount(3)?.plus(amount(5)?).map_err(refused)?;
        batches.open(&self.account, &self.batch, currency, SettlementMode::Net)?;
        let balance = |place: usize| {
            let money = amount(place + 1)?;
            match field(row, place) {
                "CR" | "" => Ok(money),
                "DR" => money.negated().map_err(refused),
                _ => Err(row.refused("report-value", Column::at("SF", place))),
            }
        };
        // Available, payable and total balance follow each other, each before and after; the total is what lines move.
        let total = if row.fields.len() >= 18 { Some((balance(14)?, balance(16)?)) } else { None };
        let everything = StatedTotal {
            of: TotalOf::Everything,
            count: Some(self.of_currency.remove(&currency).unwrap_or_default()),
            amount: Some(credits.minus(debits).map_err(refused)?),
            place: format!("row {}", row.number),
        };
        let stated_count = field(row, 18);
        if !stated_count.is_empty() && stated_count.parse() != Ok(everything.count.unwrap_or_default()) {
            return Err(count_differs(
                "SF",
                stated_count.parse().unwrap_or_default(),
                everything.count.unwrap_or_default(),
            )
            .into());
        }
        let (from, to) = self.days;
        batches.state(Stated {
            from,
            to,
            opening: total.map(|(before, _)| before),
            closing: total.map(|(_, after)| after),
            totals: vec![everything],
            ..Stated::default()
        })
    }

    /// The report is whole only with its footers.
    pub(super) fn end(&self) -> Result<(), Unreadable> {
        let missing = !self.of_currency.is_empty() || self.sections == 0 || !self.ended;
        if missing { Err(refusal("report-cut-off").into()) } else { Ok(()) }
    }
}

/// An amount without sign in smallest units, and the column that gives its sign.
fn directed(
    row: &Row<'_>,
    direction: Column<'_>,
    amount: Column<'_>,
    currency: Currency,
) -> Result<Option<Money>, Refusal> {
    let Some(money) = row.read(amount, "report-amount", |text| units(text, currency))? else {
        return Ok(None);
    };
    match row.text(direction) {
        "CR" => Ok(Some(money)),
        "DR" => money.negated().map(Some).map_err(|_| row.refused("report-amount", amount)),
        "" if money.is_zero() => Ok(Some(money)),
        _ => Err(row.refused("report-value", direction)),
    }
}

/// `10000` is 100.00 in a currency with two decimals and 10000 in one without.
fn units(text: &str, currency: Currency) -> Option<Money> {
    let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    let units: i64 = digits.then(|| text.parse().ok()).flatten()?;
    figures::from_smallest_units(units, currency)
}
