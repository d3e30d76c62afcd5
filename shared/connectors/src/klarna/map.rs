//! From Klarna's payouts and transactions to batches and lines, with the sign that each type has.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{
    FeeKind, Fees, Kind, Line, LinkKeys, SettlementMode, Stated, StatedTotal, TotalOf, When,
};

use super::wire::{Payout, Totals, Transaction};
use crate::figures;
use crate::pages::misread;
use crate::report::{Batches, ReadingContext, Unreadable, refusal};

/// The payout whose transactions follow.
#[derive(Clone, Default)]
pub(super) struct Open {
    pub(super) reference: String,
    pub(super) lines: u32,
}

/// Reads a payout: its batch and its totals.
pub(super) fn payout(
    document: u32,
    payout: &Payout<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<Open, Unreadable> {
    let currency =
        figures::currency(&payout.currency_code).ok_or_else(|| misread(document, "currency_code"))?;
    let mode = match &*payout.merchant_settlement_type {
        "NET" => SettlementMode::Net,
        "GROSS" | "GROSS_FEE" => SettlementMode::Gross,
        _ => return Err(misread(document, "merchant_settlement_type").into()),
    };
    let account = match payout.merchant_id.trimmed() {
        "" => context.account,
        account => account,
    };
    batches.open(account, &payout.payment_reference, currency, mode)?;
    let day = figures::iso_day(&payout.payout_date);
    let mut stated = totals(&payout.totals, currency).ok_or_else(|| misread(document, "totals"))?;
    stated.payout_on = Some(day.ok_or_else(|| misread(document, "payout_date"))?);
    stated.bank_reference = Some(payout.payment_reference.clone().into_owned());
    batches.state(stated)?;
    Ok(Open { reference: payout.payment_reference.clone().into_owned(), lines: 0 })
}

/// Klarna states every total without sign:
/// settlement = sale − return − reversal − fee + fee correction + commission − tax − charge + credit − repay − holdback +
/// release + fee refund + tax refund + deposit.
///
/// What the merchant owes Klarna is a balance below zero: it grows by the deposit and shrinks by what is repaid.
pub(super) fn totals(totals: &Totals, currency: Currency) -> Option<Stated> {
    let money = |units: i64| figures::from_smallest_units(units, currency);
    let owed = |units: i64| money(units.checked_neg()?);
    let of = |kinds: &[Kind], amount: Money, name: &str| StatedTotal {
        of: TotalOf::Kinds(kinds.to_vec()),
        count: None,
        amount: Some(amount),
        place: format!("totals: {name}"),
    };
    let adjustments = totals
        .commission_amount
        .checked_add(totals.fee_correction_amount)?
        .checked_add(totals.credit_amount)?
        .checked_sub(totals.charge_amount)?;
    let tax = totals.tax_refund_amount.checked_sub(totals.tax_amount)?;
    let (opening, closing) = match (totals.opening_debt_balance_amount, totals.closing_debt_balance_amount) {
        (Some(before), Some(after)) => (Some(owed(before)?), Some(owed(after)?)),
        // Older answers state only how the debt changes.
        _ if totals.repay_amount != 0 || totals.deposit_amount != 0 => {
            let change = totals.repay_amount.checked_sub(totals.deposit_amount)?;
            (Some(currency.zero()), Some(money(change)?))
        }
        _ => (None, None),
    };
    Some(Stated {
        payout: Some(money(totals.settlement_amount)?),
        opening,
        closing,
        totals: vec![
            of(&[Kind::Sale], money(totals.sale_amount)?, "sale"),
            of(&[Kind::Refund], owed(totals.return_amount)?, "return"),
            of(&[Kind::Chargeback, Kind::ChargebackReversal], owed(totals.reversal_amount)?, "reversal"),
            of(&[Kind::Fee], owed(totals.fee_amount)?, "fee"),
            of(&[Kind::FeeRefund], money(totals.fee_refund_amount)?, "fee refund"),
            of(&[Kind::Vat], money(tax)?, "tax"),
            of(&[Kind::Adjustment], money(adjustments)?, "commission, fee correction, credit and charge"),
            of(&[Kind::ReserveHold], owed(totals.holdback_amount)?, "holdback"),
            of(&[Kind::ReserveRelease], money(totals.release_amount)?, "release"),
        ],
        ..Stated::default()
    })
}

/// Reads one transaction of the open payout.
pub(super) fn transaction(
    document: u32,
    transaction: &Transaction<'_>,
    open: &mut Open,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    open.lines += 1;
    let currency =
        figures::currency(&transaction.currency_code).ok_or_else(|| misread(document, "currency_code"))?;
    let reference = transaction.payment_reference.trimmed();
    if !reference.is_empty() && reference != open.reference {
        return Err(refusal("report-other-batch")
            .with("row", open.lines)
            .with("batch", &open.reference)
            .into());
    }
    let amount = figures::from_smallest_units(transaction.amount, currency)
        .ok_or_else(|| misread(document, "amount"))?;
    line(open.lines, transaction, amount, batches)
}

/// A line of a transaction, from the API or the CSV.
pub(super) fn line(
    number: u32,
    transaction: &Transaction<'_>,
    unsigned: Money,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let word = &*transaction.kind;
    let (kind, takes) = kind(word);
    let out = if takes { unsigned.negated() } else { Ok(unsigned) };
    let gross = out.map_err(|_| refusal("report-amount").with("row", number).with("column", "amount"))?;
    let time = |text: &str| figures::instant(text).map_or(When::Unstated, When::Instant);
    let order = transaction.order_id.trimmed();
    let modification = match transaction.refund_id.trimmed() {
        "" => transaction.capture_id.trimmed(),
        refund => refund,
    };
    let is_fee = matches!(kind, Kind::Fee | Kind::FeeRefund);
    let line = Line {
        occurred: time(transaction.sale_date.trimmed()),
        booked: time(transaction.capture_date.trimmed()),
        keys: LinkKeys {
            order: transaction.merchant_reference1.trimmed(),
            merchant: transaction.merchant_reference2.trimmed(),
            transaction: order,
            modification,
            original: if kind == Kind::Sale { "" } else { order },
            acquirer: transaction.short_order_id.trimmed(),
            ..LinkKeys::default()
        },
        gross: if is_fee { gross.currency().zero() } else { gross },
        fees: if is_fee { Fees::of(FeeKind::Commission, gross.minor()) } else { Fees::NONE },
        method: match transaction.initial_payment_method_type.trimmed() {
            "" => "klarna",
            method => method,
        },
        description: transaction.detailed_type.trimmed(),
        ..Line::new(number, kind, word, gross)
    };
    batches.line(&line)
}

/// What a type is, and whether it takes from the balance.
fn kind(word: &str) -> (Kind, bool) {
    match word {
        "SALE" => (Kind::Sale, false),
        "RETURN" => (Kind::Refund, true),
        "REVERSAL" => (Kind::Chargeback, true),
        "REVERSAL_MERCHANT_PROTECTION" => (Kind::ChargebackReversal, false),
        "FEE" => (Kind::Fee, true),
        "FEE_REFUND" => (Kind::FeeRefund, false),
        "TAX" => (Kind::Vat, true),
        "TAX_REFUND" => (Kind::Vat, false),
        "COMMISSION" | "CORRECTION" | "CREDIT" => (Kind::Adjustment, false),
        "CHARGE" => (Kind::Adjustment, true),
        "HOLDBACK" => (Kind::ReserveHold, true),
        "RELEASE" => (Kind::ReserveRelease, false),
        _ => (Kind::Unknown, false),
    }
}
