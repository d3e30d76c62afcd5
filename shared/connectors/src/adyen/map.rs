//! From a row of the Settlement details report to a line.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{FeeKind, Fees, Kind, Line, LinkKeys, SaleAmount, SettlementMode, Stated, When};
use jiff::civil::DateTime;

use super::wire::{Columns, TIME};
use crate::figures::{self, Marks};
use crate::report::{Batches, ReadingContext, Refusal, Unreadable};
use crate::tabular::{Column, Row};

const MARKS: Marks = Marks::POINT;

/// Reads one row.
pub(super) fn row(
    columns: &Columns,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let currency = row.currency(columns.net_currency)?;
    let net = signed(row, columns.net_debit, columns.net_credit, currency)?
        .ok_or_else(|| row.refused("report-value-missing", columns.net_credit))?;
    let batch = match row.text(columns.batch) {
        "" => context.batch,
        batch => batch,
    };
    batches.open(row.given(columns.account)?, batch, currency, SettlementMode::Net)?;
    let raw_kind = row.given(columns.kind)?;
    let kind = kind(raw_kind, net, row.text(columns.modification_merchant_reference));
    let (gross, sale) = gross(columns, row, net)?;
    let line = Line {
        occurred: when(row, columns.created, columns.zone)?,
        booked: when(row, columns.booked, columns.booked_zone)?,
        keys: keys(columns, row, kind),
        fees: fees(columns, row, currency)?,
        net: Some(net),
        sale,
        method: match row.text(columns.variant) {
            "" => row.text(columns.method),
            variant => variant,
        },
        description: if kind.concerns_payment() { "" } else { row.text(columns.modification) },
        ..Line::new(row.number, kind, raw_kind, gross)
    };
    batches.line(&line)?;
    if kind == Kind::Payout {
        // The bank's text repeats what stands here, and it holds the batch's number.
        let reference = Some(row.text(columns.modification).to_owned()).filter(|text| !text.is_empty());
        // The day as the row writes it: payouts are made right after midnight, when it is still the day before in UTC.
        let day = local(row, columns.created)?.map(DateTime::date);
        batches.state(Stated { payout_on: day, bank_reference: reference, ..Stated::default() })?;
    }
    Ok(())
}

/// Debit and credit columns are both without sign; one of them is filled.
fn signed(
    row: &Row<'_>,
    debit: Column<'_>,
    credit: Column<'_>,
    currency: Currency,
) -> Result<Option<Money>, Refusal> {
    let out = row.amount(debit, MARKS, currency)?;
    let paid_in = row.amount(credit, MARKS, currency)?;
    match (out, paid_in) {
        (None, None) => Ok(None),
        (out, paid_in) => paid_in
            .unwrap_or(currency.zero())
            .minus(out.unwrap_or(currency.zero()))
            .map(Some)
            .map_err(|_| row.refused("report-amount", debit)),
    }
}

/// The gross in the currency of settlement: converted by the report's own rate, rounded to the minor unit as the report
/// does. Rows of fees, payouts and balances have a net alone.
fn gross(columns: &Columns, row: &Row<'_>, net: Money) -> Result<(Money, Option<SaleAmount>), Refusal> {
    if row.text(columns.gross_debit).is_empty() && row.text(columns.gross_credit).is_empty() {
        return Ok((net, None));
    }
    let paid_in = row.currency(columns.gross_currency)?;
    let amount = signed(row, columns.gross_debit, columns.gross_credit, paid_in)?
        .ok_or_else(|| row.refused("report-value-missing", columns.gross_credit))?;
    let rate = row.read(columns.rate, "report-amount", |text| figures::decimal(text, MARKS))?;
    if paid_in == net.currency() {
        return Ok((amount, None));
    }
    let rate = rate.ok_or_else(|| row.refused("report-value-missing", columns.rate))?;
    let converted = amount
        .to_decimal()
        .checked_mul(rate)
        .and_then(|value| Money::round_decimal(value, net.currency()).ok())
        .ok_or_else(|| row.refused("report-amount", columns.rate))?;
    Ok((converted, Some(SaleAmount { amount, rate: Some(rate) })))
}

/// Either one commission, or markup, scheme fee and interchange. They stand without sign and are taken from the gross; a
/// fee given back has a minus.
fn fees(columns: &Columns, row: &Row<'_>, currency: Currency) -> Result<Fees, Refusal> {
    let mut fees = Fees::NONE;
    for (kind, column) in [
        (FeeKind::Commission, columns.commission),
        (FeeKind::Markup, columns.markup),
        (FeeKind::Scheme, columns.scheme),
        (FeeKind::Interchange, columns.interchange),
    ] {
        let charged = row.minor(column, MARKS, currency)?;
        let taken = charged.checked_neg().ok_or_else(|| row.refused("report-amount", column))?;
        fees.add(kind, taken).map_err(|_| row.refused("report-amount", column))?;
    }
    Ok(fees)
}

fn local(row: &Row<'_>, time: Column<'_>) -> Result<Option<DateTime>, Refusal> {
    row.read(time, "report-time", |text| figures::local_time(text, TIME))
}

fn when(row: &Row<'_>, time: Column<'_>, zone: Column<'_>) -> Result<When, Refusal> {
    Ok(local(row, time)?.map_or(When::Unstated, |local| figures::in_named_zone(local, row.text(zone))))
}

fn keys<'a>(columns: &Columns, row: &Row<'a>, kind: Kind) -> LinkKeys<'a> {
    if !kind.concerns_payment() {
        return LinkKeys::default();
    }
    let psp_reference = row.text(columns.psp_reference);
    LinkKeys {
        merchant: row.text(columns.merchant_reference),
        transaction: psp_reference,
        modification: row.text(columns.modification),
        // The PSP reference is that of the payment; a refund and a chargeback carry the one of their sale.
        original: if kind == Kind::Sale { "" } else { psp_reference },
        ..LinkKeys::default()
    }
}

/// Adyen's journal types. New ones can come without notice.
fn kind(word: &str, net: Money, text: &str) -> Kind {
    match word {
        "Settled" | "SettledInInstallments" | "SettledExternally" => Kind::Sale,
        "Refunded" | "RefundedExternally" => Kind::Refund,
        "RefundedReversed" => Kind::RefundFailed,
        "Chargeback" | "SecondChargeback" => Kind::Chargeback,
        "ChargebackReversed" => Kind::ChargebackReversal,
        "Fee" | "MiscCosts" | "AuthorisationSchemeFee" | "InvoiceDeduction" if net.is_negative() => Kind::Fee,
        "Fee" | "MiscCosts" | "AuthorisationSchemeFee" | "InvoiceDeduction" => Kind::FeeRefund,
        "DepositCorrection" if net.is_negative() => Kind::ReserveHold,
        "DepositCorrection" => Kind::ReserveRelease,
        "ManualCorrected" => Kind::Adjustment,
        "MatchedStatement" => Kind::TopUp,
        "MerchantPayout" => Kind::Payout,
        "InternalCompanyPayout" => Kind::Transfer,
        "BankInstructionReturned" => Kind::PayoutReturned,
        "Balancetransfer" if text.starts_with("Balancetransfer from") => Kind::CarryIn,
        "Balancetransfer" if text.starts_with("Balancetransfer to") => Kind::CarryOut,
        "Balancetransfer" if net.is_negative() => Kind::CarryOut,
        "Balancetransfer" => Kind::CarryIn,
        _ => Kind::Unknown,
    }
}
