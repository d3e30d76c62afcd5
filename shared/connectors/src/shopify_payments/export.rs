//! The pair of CSV exports: the transactions of payouts, and the payouts with their sums. They may be read alone or one after the
//! other as one source; a payout is known by its day, since neither file has its id.

use std::io::Read;

use domain::Money;
use domain::money::Currency;
use domain::settlement::{
    FeeKind, Fees, Kind, Line, LinkKeys, SaleAmount, SettlementMode, Stated, StatedTotal, TotalOf, When,
};

use super::map::kind;
use super::wire::TIME;
use crate::figures::{self, Marks};
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};
use crate::tabular::{Column, Header, Row, Style, Table, rows};

const MARKS: Marks = Marks::POINT;
const DAY: &str = "%Y-%m-%d";

/// The column both files have.
pub(super) const MARK: &str = "Payout Date";

enum Section {
    Transactions(Box<TransactionColumns>, usize),
    Payouts(Box<PayoutColumns>, usize),
}

struct TransactionColumns {
    at: Column<'static>,
    kind: Column<'static>,
    order: Column<'static>,
    brand: Column<'static>,
    payout_status: Column<'static>,
    payout_day: Column<'static>,
    amount: Column<'static>,
    fee: Column<'static>,
    net: Column<'static>,
    checkout: Column<'static>,
    presentment_amount: Column<'static>,
    presentment_currency: Column<'static>,
    currency: Column<'static>,
    vat: Column<'static>,
}

struct PayoutColumns {
    day: Column<'static>,
    status: Column<'static>,
    charges: Column<'static>,
    refunds: Column<'static>,
    fees: Column<'static>,
    total: Column<'static>,
    currency: Column<'static>,
    bank_reference: Column<'static>,
}

/// Reads one or both exports.
pub(super) fn read(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut section: Option<Section> = None;
    rows(Table::Delimited(source, Style::CLOSED_COMMA), &mut |row| {
        if row.fields.iter().any(|field| field.trim() == MARK) {
            section = Some(header(row)?);
            return Ok(());
        }
        match &section {
            None => Err(refusal("report-column-missing").with("column", MARK).into()),
            Some(Section::Transactions(columns, width)) => {
                fits(row, *width)?;
                transaction(columns, row, context, batches)
            }
            Some(Section::Payouts(columns, width)) => {
                fits(row, *width)?;
                payout(columns, row, context, batches)
            }
        }
    })?;
    if section.is_some() { Ok(()) } else { Err(refusal("report-column-missing").with("column", MARK).into()) }
}

fn header(row: &Row<'_>) -> Result<Section, Refusal> {
    let header = Header::of(row);
    if header.optional("Charges")?.is_there() {
        let columns = PayoutColumns {
            day: header.required(MARK)?,
            status: header.required("Status")?,
            charges: header.required("Charges")?,
            refunds: header.required("Refunds")?,
            fees: header.required("Fees")?,
            total: header.required("Total")?,
            currency: header.required("Currency")?,
            bank_reference: header.optional("Bank Reference")?,
        };
        return Ok(Section::Payouts(Box::new(columns), header.width()));
    }
    let columns = TransactionColumns {
        at: header.required("Transaction Date")?,
        kind: header.required("Type")?,
        order: header.required("Order")?,
        brand: header.optional("Card Brand")?,
        payout_status: header.required("Payout Status")?,
        payout_day: header.required(MARK)?,
        amount: header.required("Amount")?,
        fee: header.required("Fee")?,
        net: header.required("Net")?,
        checkout: header.optional("Checkout")?,
        presentment_amount: header.optional("Presentment Amount")?,
        presentment_currency: header.optional("Presentment Currency")?,
        currency: header.required("Currency")?,
        vat: header.optional("VAT")?,
    };
    Ok(Section::Transactions(Box::new(columns), header.width()))
}

fn fits(row: &Row<'_>, width: usize) -> Result<(), Refusal> {
    if row.fields.len() == width {
        return Ok(());
    }
    Err(refusal("report-row-width")
        .with("row", row.number)
        .with("expected", width)
        .with("found", row.fields.len()))
}

fn transaction(
    columns: &TransactionColumns,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let Some(day) = row.read(columns.payout_day, "report-time", |text| figures::day(text, DAY))? else {
        // In no payout yet: it will stand in the export of the payout that it comes in.
        return match row.text(columns.payout_status) {
            "pending" | "" => Ok(()),
            _ => Err(row.refused("report-value-missing", columns.payout_day).into()),
        };
    };
    let currency = row.currency(columns.currency)?;
    batches.open(context.account, &day.to_string(), currency, SettlementMode::Net)?;
    let gross = row.amount_given(columns.amount, MARKS, currency)?;
    let fee = row.minor(columns.fee, MARKS, currency)?;
    // The VAT stands beside the fee and is within it.
    let vat = row.minor(columns.vat, MARKS, currency)?;
    let word = row.given(columns.kind)?;
    let kind = kind(&word.to_ascii_lowercase(), gross);
    let at = row.read(columns.at, "report-time", |text| figures::instant_by(text, TIME))?;
    let line = Line {
        occurred: at.map_or(When::Unstated, When::Instant),
        keys: LinkKeys {
            order: row.text(columns.order),
            merchant: row.text(columns.checkout),
            ..LinkKeys::default()
        },
        fees: Fees::of(FeeKind::Commission, vat.saturating_sub(fee)),
        vat_on_fees: vat.saturating_neg(),
        net: Some(row.amount_given(columns.net, MARKS, currency)?),
        sale: presentment(columns, row, currency)?,
        method: match row.text(columns.brand) {
            "" => "shopify_payments",
            brand => brand,
        },
        ..Line::new(row.number, kind, word, gross)
    };
    batches.line(&line)
}

fn presentment(
    columns: &TransactionColumns,
    row: &Row<'_>,
    currency: Currency,
) -> Result<Option<SaleAmount>, Refusal> {
    if row.text(columns.presentment_currency).is_empty() {
        return Ok(None);
    }
    let paid_in = row.currency(columns.presentment_currency)?;
    let amount = row.amount(columns.presentment_amount, MARKS, paid_in)?;
    Ok(amount.filter(|_| paid_in != currency).map(|amount| SaleAmount { amount, rate: None }))
}

fn payout(
    columns: &PayoutColumns,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let currency = row.currency(columns.currency)?;
    let day = row
        .read(columns.day, "report-time", |text| figures::day(text, DAY))?
        .ok_or_else(|| row.refused("report-value-missing", columns.day))?;
    batches.open(context.account, &day.to_string(), currency, SettlementMode::Net)?;
    let amount = |column| row.amount_given(column, MARKS, currency);
    // Exports show the fees with either sign; they always take from the payout.
    let fees = amount(columns.fees)?;
    let fees = if fees.is_negative() { Ok(fees) } else { fees.negated() };
    let fees = fees.map_err(|_| row.refused("report-amount", columns.fees))?;
    let total = |of: TotalOf, amount: Money, name: &str| StatedTotal {
        of,
        count: None,
        amount: Some(amount),
        place: format!("row {}: {name}", row.number),
    };
    let paid = amount(columns.total)?;
    let status = row.text(columns.status);
    batches.state(Stated {
        payout_on: Some(day),
        payout: (!matches!(status, "failed" | "canceled")).then_some(paid),
        bank_reference: Some(row.text(columns.bank_reference).to_owned()).filter(|text| !text.is_empty()),
        pending: status == "scheduled",
        totals: vec![
            total(TotalOf::Kinds(vec![Kind::Sale]), amount(columns.charges)?, "Charges"),
            total(TotalOf::Kinds(vec![Kind::Refund]), amount(columns.refunds)?, "Refunds"),
            total(TotalOf::FeesWithVat, fees, "Fees"),
            total(TotalOf::Net, paid, "Total"),
        ],
        ..Stated::default()
    })
}
