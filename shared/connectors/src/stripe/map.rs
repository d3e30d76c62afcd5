//! From Stripe's balance transactions to lines, from a report's row and from the API.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{FeeKind, Fees, Kind, Line, LinkKeys, SaleAmount, SettlementMode, Stated, When};
use jiff::tz::TimeZone;

use super::wire::{Columns, Page, Payout, Source, TIME, Transaction};
use crate::figures::{self, Marks};
use crate::pages::misread;
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};
use crate::tabular::Row;

const MARKS: Marks = Marks::POINT;

/// Reads one row of an itemised report.
pub(super) fn row(
    columns: &Columns,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let currency = row.currency(columns.currency)?;
    let category = row.given(columns.category)?;
    let batch = match (row.text(columns.payout), category) {
        ("", "payout") if context.batch.is_empty() => row.text(columns.source),
        ("", _) => context.batch,
        (payout, _) => payout,
    };
    batches.open(context.account, batch, currency, SettlementMode::Net)?;
    let gross = row.amount_given(columns.gross, MARKS, currency)?;
    let net = row.amount_given(columns.net, MARKS, currency)?;
    let fee = row.amount(columns.fee, MARKS, currency)?.unwrap_or(currency.zero());
    let kind = kind(category, gross);
    let charge = row.text(columns.charge);
    let line = Line {
        reference: row.text(columns.transaction),
        occurred: when(columns, row)?,
        booked: row
            .read(columns.available, "report-time", |text| figures::local_time(text, TIME))?
            .map_or(When::Unstated, |time| When::Day(time.date())),
        keys: LinkKeys {
            order: row.text(columns.order),
            merchant: row.text(columns.payment_intent),
            transaction: charge,
            modification: row.text(columns.source),
            original: if kind == Kind::Sale { "" } else { charge },
            ..LinkKeys::default()
        },
        fees: Fees::of(FeeKind::Commission, taken(gross, fee, net)),
        net: Some(net),
        sale: sale(columns, row, currency)?,
        description: row.text(columns.description),
        ..Line::new(row.number, kind, category, gross)
    };
    batches.line(&line)?;
    if kind == Kind::Payout {
        let day = row.read(columns.effective, "report-time", |text| figures::local_time(text, TIME))?;
        batches.state(Stated { payout_on: day.map(jiff::civil::DateTime::date), ..Stated::default() })?;
    }
    Ok(())
}

/// What the fee takes from the balance. Stripe's reports show it positive and subtract it; some exports show it negative and
/// add it. Which it is the row's own net says; where neither fits, the difference is found by the check.
fn taken(gross: Money, fee: Money, net: Money) -> i64 {
    let added = gross.plus(fee).is_ok_and(|sum| sum == net);
    if added { fee.minor() } else { fee.minor().saturating_neg() }
}

fn when(columns: &Columns, row: &Row<'_>) -> Result<When, Refusal> {
    let local = row.read(columns.created, "report-time", |text| figures::local_time(text, TIME))?;
    Ok(match local {
        None => When::Unstated,
        Some(local) if columns.created_is_utc => {
            TimeZone::UTC.to_timestamp(local).map_or(When::Local(local), When::Instant)
        }
        Some(local) => When::Local(local),
    })
}

fn sale(columns: &Columns, row: &Row<'_>, currency: Currency) -> Result<Option<SaleAmount>, Refusal> {
    if row.text(columns.customer_currency).is_empty() {
        return Ok(None);
    }
    let paid_in = row.currency(columns.customer_currency)?;
    let amount = row.amount(columns.customer_amount, MARKS, paid_in)?;
    Ok(amount.filter(|_| paid_in != currency).map(|amount| SaleAmount { amount, rate: None }))
}

/// An amount in the smallest unit that Stripe reckons with.
pub(super) fn money(units: i64, currency: Currency, document: u32) -> Result<Money, Refusal> {
    // Stripe keeps two decimals for ISK although none are charged, for the sake of older integrations.
    let amount = if currency.code() == "ISK" {
        Some(Money::from_minor(units, currency))
    } else {
        figures::from_smallest_units(units, currency)
    };
    amount.ok_or_else(|| misread(document, "amount"))
}

fn currency_of(text: &str, document: u32) -> Result<Currency, Refusal> {
    figures::currency(text)
        .ok_or_else(|| refusal("report-currency").with("row", document).with("column", "currency"))
}

/// Reads a payout: what the batch is keyed by, and what was paid.
pub(super) fn payout(
    number: u32,
    payout: &Payout<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let currency = currency_of(&payout.currency, number)?;
    batches.open(context.account, &payout.id, currency, SettlementMode::Net)?;
    let status = payout.status.trimmed();
    let came_back = matches!(status, "failed" | "canceled");
    batches.state(Stated {
        payout_on: payout
            .arrival_date
            .and_then(figures::instant_of_seconds)
            .map(|instant| TimeZone::UTC.to_datetime(instant).date()),
        // A payout that came back shows again among its transactions, and the two are nothing together.
        payout: (!came_back).then(|| money(payout.amount, currency, number)).transpose()?,
        bank_reference: payout.statement_descriptor.given().map(str::to_owned),
        pending: status == "pending",
        ..Stated::default()
    })
}

/// Reads a page of the payout's balance transactions. `count` is the number of lines before it.
pub(super) fn page(
    number: u32,
    page: &Page<'_>,
    count: &mut u32,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    for transaction in &page.data {
        *count += 1;
        self::transaction(number, *count, transaction, batches)?;
    }
    Ok(())
}

fn transaction(
    document: u32,
    number: u32,
    transaction: &Transaction<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let currency = currency_of(&transaction.currency, document)?;
    let gross = money(transaction.amount, currency, document)?;
    let word = match transaction.reporting_category.trimmed() {
        "" => transaction.kind.trimmed(),
        category => category,
    };
    let kind = kind(word, gross);
    let source = source(document, transaction)?;
    let charge = match source.charge.trimmed() {
        "" if matches!(source.object.trimmed(), "" | "charge") && source.id.trimmed().starts_with("ch_") => {
            source.id.trimmed()
        }
        charge => charge,
    };
    let order = match source.metadata.order_number.trimmed() {
        "" => source.metadata.order_id.trimmed(),
        order => order,
    };
    let (fees, vat) = fees(document, transaction, currency)?;
    let occurred = figures::instant_of_seconds(transaction.created).map_or(When::Unstated, When::Instant);
    let line = Line {
        reference: &transaction.id,
        occurred,
        booked: transaction
            .available_on
            .and_then(figures::instant_of_seconds)
            .map_or(When::Unstated, When::Instant),
        keys: LinkKeys {
            order,
            merchant: source.payment_intent.trimmed(),
            transaction: charge,
            modification: source.id.trimmed(),
            original: if kind == Kind::Sale { "" } else { charge },
            ..LinkKeys::default()
        },
        fees,
        vat_on_fees: vat,
        net: Some(money(transaction.net, currency, document)?),
        sale: other_currency(document, &source, transaction, currency)?,
        description: transaction.description.trimmed(),
        ..Line::new(number, kind, word, gross)
    };
    batches.line(&line)
}

fn source<'a>(document: u32, transaction: &Transaction<'a>) -> Result<Source<'a>, Unreadable> {
    match transaction.source.map(serde_json::value::RawValue::get) {
        Some(object) if object.starts_with('{') => crate::pages::document(document, object),
        Some(text) if text.starts_with('"') => {
            let id = crate::pages::document(document, text)?;
            Ok(Source { id, ..Source::default() })
        }
        _ => Ok(Source::default()),
    }
}

fn other_currency(
    document: u32,
    source: &Source<'_>,
    transaction: &Transaction<'_>,
    currency: Currency,
) -> Result<Option<SaleAmount>, Refusal> {
    let Some(code) = source.currency.given() else { return Ok(None) };
    let paid_in = currency_of(code, document)?;
    let Some(units) = source.amount.filter(|_| paid_in != currency) else { return Ok(None) };
    let units = if transaction.amount < 0 { units.saturating_neg() } else { units };
    Ok(Some(SaleAmount { amount: money(units, paid_in, document)?, rate: transaction.exchange_rate.0 }))
}

/// The parts of the fee, and the tax on it. Where the parts are not the whole, the whole is what counts.
fn fees(document: u32, transaction: &Transaction<'_>, currency: Currency) -> Result<(Fees, i64), Unreadable> {
    let minor = |units: i64| money(units.saturating_neg(), currency, document).map(Money::minor);
    let mut parts = Fees::NONE;
    let (mut vat, mut sum) = (0_i64, 0_i64);
    for part in &transaction.fee_details {
        sum = sum.saturating_add(part.amount);
        let taken = minor(part.amount)?;
        match part.kind.trimmed() {
            "tax" => vat = vat.saturating_add(taken),
            "stripe_fee" => parts.add(FeeKind::Commission, taken).map_err(|_| too_large(document))?,
            _ => parts.add(FeeKind::Other, taken).map_err(|_| too_large(document))?,
        }
    }
    if sum == transaction.fee {
        Ok((parts, vat))
    } else {
        Ok((Fees::of(FeeKind::Commission, minor(transaction.fee)?), 0))
    }
}

fn too_large(document: u32) -> Refusal {
    misread(document, "fee_details")
}

/// Stripe's reporting categories, and its types where the category is not there.
fn kind(word: &str, gross: Money) -> Kind {
    let out = gross.is_negative();
    match word {
        "charge" | "payment" | "partial_capture_reversal" => Kind::Sale,
        "refund" | "payment_refund" => Kind::Refund,
        "refund_failure" | "charge_failure" | "payment_failure_refund" => Kind::RefundFailed,
        "dispute" => Kind::Chargeback,
        "dispute_reversal" => Kind::ChargebackReversal,
        "fee" | "network_cost" | "stripe_fee" | "stripe_fx_fee" | "application_fee" if out => Kind::Fee,
        "fee" | "network_cost" | "stripe_fee" | "stripe_fx_fee" | "application_fee_refund" => Kind::FeeRefund,
        "tax" | "tax_fee" => Kind::Vat,
        "reserve_transaction"
        | "reserved_funds"
        | "risk_reserved_funds"
        | "reserve_hold"
        | "reserve_release" => {
            if out {
                Kind::ReserveHold
            } else {
                Kind::ReserveRelease
            }
        }
        "adjustment" | "other_adjustment" | "contribution" => Kind::Adjustment,
        "payout" => Kind::Payout,
        "payout_reversal" | "payout_failure" | "payout_cancel" | "payout_minimum_balance_release" => {
            Kind::PayoutReturned
        }
        "topup" | "topup_reversal" => Kind::TopUp,
        "transfer" | "transfer_reversal" | "transfer_cancel" | "transfer_failure" | "transfer_refund" => {
            Kind::Transfer
        }
        _ => Kind::Unknown,
    }
}
