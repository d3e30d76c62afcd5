//! From a row of AltaPay's funding file to a line.

use domain::Money;
use domain::settlement::{FeeKind, Fees, Kind, Line, LinkKeys, SaleAmount, SettlementMode, Stated, When};
use rust_decimal::Decimal;

use super::wire::Columns;
use crate::figures::{self, Marks};
use crate::report::{Batches, ReadingContext, Refusal, Unreadable};
use crate::tabular::Row;

const MARKS: Marks = Marks::POINT;

/// Reads one row. The file does not name its funding: the context does.
pub(super) fn row(
    columns: &Columns,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let currency = row.currency(columns.currency)?;
    if batches.open(context.account, context.batch, currency, SettlementMode::Net)? {
        let reference = Some(context.batch.to_owned());
        batches.state(Stated { bank_reference: reference, ..Stated::default() })?;
    }
    let amount = row.amount_given(columns.amount, MARKS, currency)?;
    let word = row.given(columns.kind)?;
    let kind = kind(word, amount);
    let mut fees = Fees::NONE;
    let mut vat = 0_i64;
    for column in columns.fees {
        let fee = row.minor(column, MARKS, currency)?;
        fees.add(FeeKind::Commission, fee.saturating_neg())
            .map_err(|_| row.refused("report-amount", column))?;
    }
    for column in columns.vat {
        vat = vat.saturating_sub(row.minor(column, MARKS, currency)?);
    }
    let day = row.read(columns.date, "report-time", figures::iso_day)?;
    let payment = row.text(columns.payment);
    let line = Line {
        reference: row.text(columns.id),
        occurred: day.map_or(When::Unstated, When::Day),
        keys: LinkKeys {
            order: row.text(columns.order),
            transaction: payment,
            modification: row.text(columns.reconciliation),
            original: if kind == Kind::Sale { "" } else { payment },
            ..LinkKeys::default()
        },
        fees,
        vat_on_fees: vat,
        sale: other_currency(columns, row, amount)?,
        method: row.text(columns.terminal),
        ..Line::new(row.number, kind, word, amount)
    };
    batches.line(&line)
}

/// The buyer's amount, where it was in another currency. A rate of 100 is one to one.
fn other_currency(columns: &Columns, row: &Row<'_>, settled: Money) -> Result<Option<SaleAmount>, Refusal> {
    if row.text(columns.transaction_currency).is_empty() {
        return Ok(None);
    }
    let paid_in = row.currency(columns.transaction_currency)?;
    let amount = row.amount(columns.transaction_amount, MARKS, paid_in)?;
    let rate = row.read(columns.rate, "report-amount", |text| figures::decimal(text, MARKS))?;
    let rate = rate.and_then(|rate| rate.checked_div(Decimal::ONE_HUNDRED));
    Ok(amount.filter(|_| paid_in != settled.currency()).map(|amount| SaleAmount { amount, rate }))
}

fn kind(word: &str, amount: Money) -> Kind {
    let out = amount.is_negative();
    match word.to_ascii_lowercase().as_str() {
        "payment" => Kind::Sale,
        "refund" => Kind::Refund,
        "refund_rejected" => Kind::RefundFailed,
        "chargeback" => Kind::Chargeback,
        "chargeback_reversal" => Kind::ChargebackReversal,
        "fee" if out => Kind::Fee,
        "fee" => Kind::FeeRefund,
        "rolling" if out => Kind::ReserveHold,
        "rolling" => Kind::ReserveRelease,
        "adjustment" | "roundoff" => Kind::Adjustment,
        _ => Kind::Unknown,
    }
}
