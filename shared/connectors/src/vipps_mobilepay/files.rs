//! The settlement files of Vipps MobilePay: XML (schemas 2.0 and 3.0), the CSV of several record types, the portal's workbook.

use std::collections::BTreeMap;
use std::io::Read;

use delimited::Assembled;
use domain::Money;
use domain::money::Currency;
use domain::settlement::{SettlementMode, When};

use super::map::{Totals, Transaction, amount};
use super::wire::{DAY, MARK, RECORDS};
use crate::figures::{self, Marks};
use crate::markup::{self, Node, Path};
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};
use crate::tabular::{Column, Header, Row, Style, Table, headed, rows};

/// Texts of an element's children by their names.
type Texts = BTreeMap<String, String>;

fn text<'t>(texts: &'t Texts, name: &str) -> &'t str {
    texts.get(name).map(String::as_str).unwrap_or_default()
}

/// Reads the XML report.
pub(super) fn markup(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut report = XmlReport { account: context.account.to_owned(), ..XmlReport::default() };
    markup::walk(source, &mut |path, node| match node {
        Node::Open(_) => report.open(&path),
        Node::Close(text) => report.close(&path, text, batches),
    })?;
    if report.settlements == 0 { Err(refusal("report-empty").into()) } else { Ok(()) }
}

#[derive(Default)]
struct XmlReport {
    account: String,
    bank_account: String,
    settlement: Texts,
    transaction: Texts,
    number: u32,
    settlements: u64,
    of_unit: u64,
}

impl XmlReport {
    fn open(&mut self, path: &Path<'_>) -> Result<(), Unreadable> {
        match path.name() {
            name if path.depth() == 1 && name != "SettlementReport" => {
                return Err(refusal("report-not-this-format").with("system", super::MANIFEST.system).into());
            }
            "PaymentsInfo" => self.of_unit = 0,
            "SettlementInfo" => self.settlement.clear(),
            "TransactionInfo" => self.transaction.clear(),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, path: &Path<'_>, text: &str, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let name = path.name();
        match (path.parent(), name) {
            ("SettlementInfo", "TransactionInfo") => return self.line(batches),
            ("PaymentsInfo", "SettlementInfo") => return self.end(batches),
            ("SettlementInfo", _) => keep(&mut self.settlement, name, text)?,
            ("TransactionInfo", _) => keep(&mut self.transaction, name, text)?,
            ("SettlementDetailsInfo", "SerialNumber") => text.clone_into(&mut self.account),
            ("PaymentsInfo", "SettlementAccountNum") => text.clone_into(&mut self.bank_account),
            // In schema 2.0 the number comes before the settlements, in 3.0 after them.
            ("PaymentsInfo", "NumOfSettlements") if self.of_unit > 0 && text.parse() != Ok(self.of_unit) => {
                return Err(refusal("settlement-count-differs")
                    .with("place", "NumOfSettlements")
                    .with("stated", text)
                    .with("found", self.of_unit)
                    .into());
            }
            _ => {}
        }
        Ok(())
    }

    fn opened(&self, batches: &mut Batches<'_>) -> Result<Currency, Unreadable> {
        let currency = figures::currency(text(&self.settlement, "SettlementCurrencyCode"))
            .ok_or_else(|| self.misread("report-currency", "SettlementCurrencyCode"))?;
        let mode = match text(&self.settlement, "SettlementType") {
            "Net" | "" => SettlementMode::Net,
            "Gross" => SettlementMode::Gross,
            _ => return Err(self.misread("report-value", "SettlementType").into()),
        };
        batches.open(&self.account, text(&self.settlement, "SettlementID"), currency, mode)?;
        Ok(currency)
    }

    fn line(&mut self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        self.number += 1;
        let currency = self.opened(batches)?;
        if figures::currency(text(&self.transaction, "SettlementCurrencyCode")) != Some(currency) {
            return Err(self.misread("report-currency", "SettlementCurrencyCode").into());
        }
        let of = |name: &str| amount(text(&self.transaction, name), currency, self.number, name);
        let gross = of("TransactionGrossAmount")?;
        if self.transaction.contains_key("TransactionCaptureAmount") {
            let parts = of("TransactionCaptureAmount")?.plus(of("TransactionRefundAmount")?);
            let parts = parts.map_err(|_| self.misread("report-amount", "TransactionCaptureAmount"))?;
            if parts != gross {
                return Err(parts_differ(self.number, "TransactionGrossAmount", gross, parts).into());
            }
        }
        let time = text(&self.transaction, "TransactionTime");
        let when = match figures::instant(time) {
            Some(instant) => When::Instant(instant),
            // Schema 2.0 has a date as free text, said to be local time under a wrong mark: its day is what can be trusted.
            None => {
                figures::iso_day(text(&self.transaction, "TransactionDate")).map_or(When::Unstated, When::Day)
            }
        };
        if !time.is_empty() && when == When::Unstated {
            return Err(self.misread("report-time", "TransactionTime").into());
        }
        Transaction {
            number: self.number,
            id: text(&self.transaction, "TransactionID"),
            order: text(&self.transaction, "OrderID"),
            when,
            raw_kind: if gross.is_negative() { "refund" } else { "capture" },
            gross,
            fee: of("TransactionFeeAmount")?,
            net: of("TransactionNetAmount")?,
            description: "",
        }
        .hand_over(batches)
    }

    fn end(&mut self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        self.settlements += 1;
        self.of_unit += 1;
        let currency = self.opened(batches)?;
        let optional = |name: &str| match text(&self.settlement, name) {
            "" => Ok(None),
            text => amount(text, currency, self.number, name).map(Some),
        };
        let count = text(&self.settlement, "NumOfTransactions");
        let day = match text(&self.settlement, "SettlementDate") {
            "" => text(&self.settlement, "SettlementBatchDate"),
            day => day,
        };
        let id = text(&self.settlement, "SettlementID").to_owned();
        let totals = Totals {
            count: Some(count.parse().map_err(|_| self.misread("report-count", "NumOfTransactions"))?),
            captured: optional("CaptureSettlementAmount")?,
            refunded: optional("RefundSettlementAmount")?,
            gross: optional("GrossSettlementAmount")?,
            net: optional("NetSettlementAmount")?,
            fee: optional("FeeSettlementAmount")?,
            settled: optional("SettledAmount")?,
            on: Some(figures::iso_day(day).ok_or_else(|| self.misread("report-time", "SettlementDate"))?),
            reference: id.clone(),
            account: Some(self.bank_account.clone()),
        };
        batches.state(totals.stated(&format!("SettlementInfo {id}")))
    }

    fn misread(&self, code: &str, name: &str) -> Refusal {
        refusal(code).with("row", self.number).with("column", name)
    }
}

/// A child that stands twice in its element would hide the first.
fn keep(texts: &mut Texts, name: &str, text: &str) -> Result<(), Refusal> {
    if texts.len() > 60 || texts.insert(name.to_owned(), text.to_owned()).is_some() {
        return Err(refusal("report-column-twice").with("column", name));
    }
    Ok(())
}

fn parts_differ(row: u32, column: &str, stated: Money, reckoned: Money) -> Refusal {
    let difference = stated.minus(reckoned).map(|money| money.to_string()).unwrap_or_default();
    refusal("report-parts-differ")
        .with("row", row)
        .with("column", column)
        .with("stated", stated)
        .with("reckoned", reckoned)
        .with("difference", difference)
}

/// Reads the CSV settlement file: each kind of record has its own header, and names itself in its first cell.
pub(super) fn records(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut headers: BTreeMap<&str, Header> = BTreeMap::new();
    let mut seen = false;
    rows(Table::Delimited(source, Style::COMMA), &mut |row| {
        let first = row.fields.get(0).unwrap_or_default().trim();
        let Some(record) = RECORDS.into_iter().find(|record| *record == first) else { return Ok(()) };
        let Some(header) = headers.get(record) else {
            headers.insert(record, Header::of(row));
            return Ok(());
        };
        seen = true;
        match record {
            "SettlementInfo" => settlement_record(header, row, context, batches),
            "TransactionInfo" => transaction_record(header, row, context, batches),
            // Fees that were invoiced apart: they touch no payout, and each transaction tells its own.
            _ => Ok(()),
        }
    })?;
    if seen { Ok(()) } else { Err(refusal("report-empty").into()) }
}

fn settlement_record(
    header: &Header,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mended;
    let row = match row.fields.len().checked_sub(header.width()) {
        Some(0) => row,
        Some(1) => {
            mended = with_net_mended(header, row)?;
            &Row { number: row.number, fields: mended.record(row.number.into()) }
        }
        _ => return Err(width(header, row).into()),
    };
    let currency = row.currency(header.required("Currency")?)?;
    let id = row.given(header.required("SettlementID")?)?;
    batches.open(context.account, id, currency, SettlementMode::Net)?;
    let of = |name: &'static str| row.amount_given(header.required(name)?, Marks::POINT, currency);
    let gross = of("Gross")?;
    let refund = of("Refund")?;
    let day = header.required("SettlementDate")?;
    let totals = Totals {
        count: Some(row.count(header.required("NumberOfTransactions")?)?),
        captured: Some(gross),
        refunded: Some(refund),
        fee: Some(of("Fee")?),
        net: Some(of("Net")?),
        on: row.read(day, "report-time", |text| figures::day(text, DAY))?,
        reference: id.to_owned(),
        account: Some(row.text(header.optional("SettlementAccount")?).to_owned()),
        ..Totals::default()
    };
    batches.state(totals.stated(&format!("row {}", row.number)))
}

/// The vendor's own file writes the net of a settlement as `16450,62` without quotes, which makes one field too many. Only
/// that is mended: a whole number, then two digits, where the net stands.
fn with_net_mended(header: &Header, row: &Row<'_>) -> Result<Assembled, Refusal> {
    let names = ["Net", "NumberOfTransactions"];
    let places = names.map(|name| (0..header.width()).find(|place| header.name(*place) == name));
    let (Some(net), Some(_)) = (places[0], places[1]) else { return Err(width(header, row)) };
    let whole = row.fields.get(net).unwrap_or_default().trim();
    let decimals = row.fields.get(net + 1).unwrap_or_default().trim();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole.strip_prefix('-').unwrap_or(whole)) || decimals.len() != 2 || !digits(decimals) {
        return Err(width(header, row));
    }
    let joined = format!("{whole}.{decimals}");
    let fields = row.fields.iter().enumerate().filter(|(place, _)| *place != net + 1);
    Ok(fields.map(|(place, field)| if place == net { joined.as_str() } else { field }).collect())
}

fn transaction_record(
    header: &Header,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    if row.fields.len() != header.width() {
        return Err(width(header, row).into());
    }
    let currency = row.currency(header.required("Currency")?)?;
    let id = row.given(header.required("SettlementId")?)?;
    batches.open(context.account, id, currency, SettlementMode::Net)?;
    let of = |name: &'static str| row.amount_given(header.required(name)?, Marks::POINT, currency);
    let gross_column = header.required("Gross")?;
    let gross = of("Gross")?.plus(of("Refund")?).map_err(|_| row.refused("report-amount", gross_column))?;
    let day = row.read(header.required("SalesDate")?, "report-time", |text| figures::day(text, DAY))?;
    Transaction {
        number: row.number,
        id: row.given(header.required("TransactionId")?)?,
        order: row.text(header.required("OrderID")?),
        when: day.map_or(When::Unstated, When::Day),
        raw_kind: if gross.is_negative() { "refund" } else { "capture" },
        gross,
        fee: of("Fee")?,
        net: of("Net")?,
        description: row.text(header.optional("SaleUnitName")?),
    }
    .hand_over(batches)
}

fn width(header: &Header, row: &Row<'_>) -> Refusal {
    refusal("report-row-width")
        .with("row", row.number)
        .with("expected", header.width())
        .with("found", row.fields.len())
}

/// Columns of the portal's workbook.
struct PortalColumns {
    day: Column<'static>,
    unit: Column<'static>,
    transaction: Column<'static>,
    order: Column<'static>,
    gross: Column<'static>,
    fee: Column<'static>,
    net: Column<'static>,
    kind: Column<'static>,
    settlement: Column<'static>,
    settled_on: Column<'static>,
    sum: Column<'static>,
    account: Column<'static>,
}

/// Reads the workbook of the portal: the rows of a settlement, then one with its sum. It names no currency, since the portal
/// is that of Norway.
pub(super) fn workbook(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let columns = |header: &Header| {
        Ok(PortalColumns {
            day: header.required("Salgsdato")?,
            unit: header.required("Vippsnummer")?,
            transaction: header.required(MARK)?,
            order: header.required("Ordre-ID")?,
            gross: header.required("Brutto")?,
            fee: header.required("Gebyr")?,
            net: header.required("Netto")?,
            kind: header.required("Transaksjonstype")?,
            settlement: header.required("Oppgjørs-ID")?,
            settled_on: header.required("Oppgjørsdato")?,
            sum: header.required("Oppgjørssum")?,
            account: header.required("Oppgjørskonto")?,
        })
    };
    headed(Table::Workbook(source, None), MARK, columns, |columns, row| {
        portal_row(columns, row, context, batches)
    })
}

fn portal_row(
    columns: &PortalColumns,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let currency: Currency = "NOK".parse().map_err(|_| row.refused("report-currency", columns.sum))?;
    let settlement = row.given(columns.settlement)?;
    let account = if context.account.is_empty() { row.text(columns.unit) } else { context.account };
    batches.open(account, settlement, currency, SettlementMode::Net)?;
    if row.text(columns.transaction).is_empty() {
        let settled = row.amount_given(columns.sum, Marks::POINT, currency)?;
        let totals = Totals {
            settled: Some(settled),
            on: row.read(columns.settled_on, "report-time", |text| figures::day(text, DAY))?,
            reference: settlement.to_owned(),
            account: Some(row.text(columns.account).to_owned()),
            ..Totals::default()
        };
        return batches.state(totals.stated(&format!("row {}", row.number)));
    }
    let day = row.read(columns.day, "report-time", |text| figures::day(text, DAY))?;
    Transaction {
        number: row.number,
        id: row.text(columns.transaction),
        order: row.text(columns.order),
        when: day.map_or(When::Unstated, When::Day),
        raw_kind: row.given(columns.kind)?,
        gross: row.amount_given(columns.gross, Marks::POINT, currency)?,
        fee: row.amount_given(columns.fee, Marks::POINT, currency)?,
        net: row.amount_given(columns.net, Marks::POINT, currency)?,
        description: "",
    }
    .hand_over(batches)
}
