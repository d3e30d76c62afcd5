//! Customer payments in a journal. Off in the settings until the sign is proven.

use domain::Failure;
use domain::money::Money;
use domain::plan::PaymentStep;
use domain::settings::CustomerPaymentSign;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::client::{Item, json, parse, read_all, read_cursor, text, write};
use super::errors::refused;
use super::filter::Filter;
use super::limits::{self, cut};
use super::wire::{
    AccountReference, AccountingYearReference, CurrencyReference, CustomerPaymentBody, CustomerReference,
    EntriesBody, JournalReference, Number, VoucherBody,
};
use crate::http::{Call, Method, Transport};

pub(super) const BOOKED_ENTRIES: &str = "/bookedEntriesapi/v4.0.0/booked-entries";

/// The amount of a received payment as an entry of a journal: negative. What went back is the opposite.
///
/// The vendor's schema says that an amount is debit or credit by a `-` before it, and a received payment credits the customer, so
/// negative follows. One independent client posts it positive, and nobody has shown which is right on a live agreement [U]: this
/// is the only place that knows, and the manifest lists it as unproven. Of vouchers the merchant's settings may say otherwise.
fn amount_in_journal(received: Money, sign: CustomerPaymentSign) -> Decimal {
    match sign {
        CustomerPaymentSign::Negative => -received.to_decimal(),
        CustomerPaymentSign::Positive => received.to_decimal(),
    }
}

/// The amount of an entry of a voucher on a customer, of which a debit is positive: a credit is a payment received.
///
/// # Errors
/// An amount that has no negative.
pub(super) fn amount_on_customer(
    debit: Money,
    sign: CustomerPaymentSign,
) -> Result<Decimal, domain::MoneyError> {
    Ok(amount_in_journal(debit.negated()?, sign))
}

pub(super) async fn register(
    transport: &dyn Transport,
    step: &PaymentStep,
    customer: u32,
    invoice: u64,
) -> Result<(), Failure> {
    check(step, customer, invoice)?;
    let year = accounting_year(transport, step.date).await?.year;
    let body = voucher_body(step, customer, invoice, year);
    let path = Item::of("/journals", u64::from(step.journal))?.path_to("vouchers");
    let response = write(transport, &step.key, Method::Post, path, json(&body)?).await?;
    compare(step, invoice, &text(&response, Call::Write)?)
}

fn check(step: &PaymentStep, customer: u32, invoice: u64) -> Result<(), Failure> {
    let limit = |what: String| Err(refused("limit", what));
    if step.amount.is_zero() {
        return limit("amount: a payment is above 0, and what went back is below".to_owned());
    }
    if step.amount.currency().decimals() > limits::DECIMALS {
        return limit(format!(
            "currency: e-conomic reckons with two decimals, and {} has more",
            step.amount.currency()
        ));
    }
    if invoice == 0 || customer == 0 || step.contra_account == 0 {
        return limit("a payment needs the numbers of an invoice, a customer and an account".to_owned());
    }
    Ok(())
}

pub(super) fn voucher_body(step: &PaymentStep, customer: u32, invoice: u64, year: String) -> VoucherBody {
    VoucherBody {
        accounting_year: AccountingYearReference { year },
        journal: JournalReference { number: step.journal },
        entries: EntriesBody {
            customer_payments: vec![CustomerPaymentBody {
                date: step.date,
                amount: Number(amount_in_journal(step.amount, CustomerPaymentSign::Negative)),
                customer: CustomerReference { number: customer },
                customer_invoice: invoice,
                contra_account: AccountReference { number: step.contra_account },
                currency: CurrencyReference { code: step.amount.currency().code().to_owned() },
                text: entry_text(step),
            }],
        },
    }
}

/// The text on the entry. It always holds the key, the only thing a payment is found by; the words before it are cut.
fn entry_text(step: &PaymentStep) -> String {
    let key = step.key.as_str();
    if step.text.contains(key) && limits::length(&step.text) <= limits::ENTRY_TEXT {
        return step.text.clone();
    }
    with_key(&step.text, key)
}

/// A text of an entry or a file with the key at its end; the words before it are cut.
pub(super) fn with_key(text: &str, key: &str) -> String {
    let words = cut(text.trim(), limits::ENTRY_TEXT - key.len() - 1);
    if words.is_empty() { key.to_owned() } else { format!("{words} {key}") }
}

/// An accounting year.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountingYear {
    /// Its name (`2026`, `2026/2027`).
    pub(super) year: String,
    /// Its first day.
    pub(super) from_date: Date,
    /// Its last day.
    pub(super) to_date: Date,
}

/// The accounting year that holds a day.
pub(super) async fn accounting_year(
    transport: &dyn Transport,
    date: Date,
) -> Result<AccountingYear, Failure> {
    let day = date.to_string();
    let filter = Filter::at_most("fromDate", &day).and(Filter::at_least("toDate", &day));
    let years = read_all::<AccountingYear>(transport, "/accounting-years", Some(filter)).await?;
    match years.into_iter().next() {
        Some((year, _)) => Ok(year),
        None => {
            Err(refused("no-accounting-year", format!("e-conomic has no accounting year that holds {date}")))
        }
    }
}

#[derive(Debug, Deserialize)]
struct VoucherAnswer {
    entries: Option<EntriesAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntriesAnswer {
    #[serde(default)]
    customer_payments: Vec<PaymentAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentAnswer {
    amount: Option<Number>,
    customer_invoice: Option<u64>,
}

/// A voucher is answered as an array [L], although the schema shows one object.
fn compare(step: &PaymentStep, invoice: u64, raw: &str) -> Result<(), Failure> {
    let vouchers: Vec<VoucherAnswer> = if raw.trim_start().starts_with('[') {
        parse(raw, Call::Write, "a payment")?
    } else {
        vec![parse(raw, Call::Write, "a payment")?]
    };
    let payments = || {
        vouchers
            .iter()
            .filter_map(|voucher| voucher.entries.as_ref())
            .flat_map(|entries| &entries.customer_payments)
    };
    let wanted = amount_in_journal(step.amount, CustomerPaymentSign::Negative);
    let differs = payments().any(|payment| {
        payment.amount.is_some_and(|amount| amount.0 != wanted)
            || payment.customer_invoice.is_some_and(|number| number != invoice)
    });
    if differs {
        // What really stands is looked up.
        return Err(Failure::Unknown {
            message: format!("the payment of invoice {invoice} was answered otherwise than asked for"),
        });
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
struct EntryAnswer {
    text: Option<String>,
    amount: Option<Number>,
}

impl EntryAnswer {
    fn holds(&self, key: &str) -> bool {
        self.text.as_deref().is_some_and(|text| text.to_lowercase().contains(key))
    }
}

/// First the journal, then what was booked from it: an entry that is booked while it is looked for is met at least once. `$like`
/// without wildcards means "contains" [V]; the text is compared again.
pub(super) async fn find(transport: &dyn Transport, step: &PaymentStep) -> Result<bool, Failure> {
    let key = step.key.as_str();
    let path = Item::of("/journals", u64::from(step.journal))?.path_to("entries");
    let drafts = read_all::<EntryAnswer>(transport, &path, Some(Filter::contains("text", key))).await?;
    if let Some((entry, _)) = drafts.iter().find(|(entry, _)| entry.holds(key)) {
        return as_asked(step, entry);
    }
    let filter = Filter::contains("text", key);
    match read_cursor::<EntryAnswer>(transport, BOOKED_ENTRIES, Some(filter)).await? {
        // A voucher that was booked has two entries with the text, one for each account: their amounts say nothing by themselves.
        Some(booked) => Ok(booked.iter().any(|entry| entry.holds(key))),
        // Not to see is not to have found nothing: a payment is not made twice for want of a right.
        None => Err(refused(
            "booked-entries",
            "whether the payment was booked already cannot be seen: e-conomic gives no access to booked entries",
        )),
    }
}

/// A payment in the journal is still a person's to correct, so it is told when it is not what was asked for.
fn as_asked(step: &PaymentStep, entry: &EntryAnswer) -> Result<bool, Failure> {
    let wanted = amount_in_journal(step.amount, CustomerPaymentSign::Negative);
    match entry.amount {
        Some(amount) if amount.0 != wanted => Err(refused(
            "integrity",
            format!("{} was asked for, journal {} has {}", wanted, step.journal, amount.0),
        )),
        _ => Ok(true),
    }
}
