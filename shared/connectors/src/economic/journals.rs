//! Vouchers: entered whole, found again wherever they went, booked alone.

use std::collections::BTreeMap;

use domain::catalogue::JournalTakes;
use domain::payout::{Target, VoucherEntry, VoucherStep};
use domain::{Currency, EffectKey, Failure, Money};
use jiff::ToSpan;
use jiff::civil::Date;

use super::client::{Item, OPENAPI};
use super::client::{is_missing, json, parse, post_openapi, read_all, read_cursor, text};
use super::errors::{failure, refused};
use super::filter::Filter;
use super::limits;
use super::payments::{BOOKED_ENTRIES, accounting_year, amount_on_customer, with_key};
use super::wire::{
    BookEntriesBody, BookedEntryAnswer, DraftEntriesBody, DraftEntryAnswer, DraftEntryBody,
    EntryNumbersAnswer, JournalAnswer, Number,
};
use crate::http::{Call, Request, Transport};
use crate::journals::{Days, EnteredVoucher, JournalLimits};
use crate::ports::Difference;

/// The service that journals are written and booked through: legacy REST cannot book them [V].
const SERVICE: &str = "/journalsapi/v15.0.0";
const DRAFT_ENTRIES: &str = "/journalsapi/v15.0.0/draft-entries";
/// Types of entries [V].
const CUSTOMER_PAYMENT: u8 = 2;
const FINANCE_VOUCHER: u8 = 5;
/// Highest number of a customer's invoice on an entry: a 32-bit number there, more is `Customer_invoice_too_big` [V].
const HIGHEST_INVOICE: u64 = 2_147_483_647;
/// Voucher numbers that are looked up at once, and how often.
const NUMBERS: u32 = 20;
const LOOK_UPS: u32 = 25;
/// Most voucher numbers that a person may have spread the entries of one voucher over.
const SPREAD: usize = 20;
/// Days that a person may have moved a voucher by.
const MOVED_DAYS: i32 = 31;
/// Most differences that are told of one voucher.
const DIFFERENCES: usize = 10;

/// What a journal takes [V].
pub(super) const LIMITS: JournalLimits = JournalLimits {
    entries: 500,
    text: limits::ENTRY_TEXT,
    highest_number: 999_999_999,
    file_bytes: 9 * 1024 * 1024,
};

pub(super) fn check(step: &VoucherStep) -> Result<(), Failure> {
    let limit = |what: String| Err(refused("limit", what));
    if step.journal == 0 || step.number == 0 || step.number > LIMITS.highest_number {
        let highest = LIMITS.highest_number;
        return limit(format!("a voucher needs the number of a journal and one of its own up to {highest}"));
    }
    let entries = step.voucher.entries();
    if entries.len() > LIMITS.entries {
        return limit(format!("e-conomic takes {} entries at once, not {}", LIMITS.entries, entries.len()));
    }
    let mut sums: BTreeMap<(Date, Currency), i128> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Err(what) = check_entry(entry) {
            return limit(format!("entry {}: {what}", place + 1));
        }
        *sums.entry((entry.date, entry.amount.currency())).or_default() += i128::from(entry.amount.minor());
    }
    // Entries of one voucher balance by day and currency there [V].
    match sums.into_iter().find(|(_, sum)| *sum != 0) {
        Some(((day, currency), _)) => limit(format!("the entries of {day} in {currency} do not balance")),
        None => Ok(()),
    }
}

fn check_entry(entry: &VoucherEntry) -> Result<(), String> {
    let currency = entry.amount.currency();
    if entry.amount.is_zero() {
        return Err("an amount other than 0 is needed".to_owned());
    }
    if currency.decimals() > limits::DECIMALS {
        return Err(format!("e-conomic reckons with two decimals, and {currency} has more"));
    }
    if entry.vat_code.as_deref().is_some_and(|code| code.is_empty() || limits::length(code) > 5) {
        return Err("a VAT code has 1 to 5 characters".to_owned());
    }
    match &entry.target {
        Target::Account(0) => Err("the number of an account is needed".to_owned()),
        Target::Customer { number: 0, .. } => Err("the number of a customer is needed".to_owned()),
        Target::Customer { invoice: Some(invoice), .. } => match invoice.parse::<u64>() {
            Ok(number) if (1..=HIGHEST_INVOICE).contains(&number) => Ok(()),
            _ => Err(format!("{invoice:?} is no number of an invoice in e-conomic")),
        },
        Target::Account(_) | Target::Customer { .. } => Ok(()),
    }
}

pub(super) fn body(step: &VoucherStep) -> Result<DraftEntriesBody, Failure> {
    let entries: Result<Vec<DraftEntryBody>, Failure> =
        step.voucher.entries().iter().map(|entry| entry_body(step, entry)).collect();
    Ok(DraftEntriesBody { entries: entries? })
}

fn entry_body(step: &VoucherStep, entry: &VoucherEntry) -> Result<DraftEntryBody, Failure> {
    let (account_number, customer_number, customer_invoice_number) = match &entry.target {
        Target::Account(account) => (Some(*account), None, None),
        Target::Customer { number, invoice } => (None, Some(*number), invoice.clone()),
    };
    Ok(DraftEntryBody {
        entry_type_number: if customer_number.is_some() { CUSTOMER_PAYMENT } else { FINANCE_VOUCHER },
        voucher_number: step.number,
        journal_number: step.journal,
        date: format!("{}T00:00:00Z", entry.date),
        amount: Number(amount(step, entry)?),
        currency: entry.amount.currency().code().to_owned(),
        account_number,
        vat_code: entry.vat_code.clone(),
        customer_number,
        customer_invoice_number,
        text: with_key(&entry.text, step.key.as_str()),
    })
}

/// The amount as it stands in the journal.
fn amount(step: &VoucherStep, entry: &VoucherEntry) -> Result<rust_decimal::Decimal, Failure> {
    match entry.target {
        Target::Account(_) => Ok(entry.amount.to_decimal()),
        Target::Customer { .. } => amount_on_customer(entry.amount, step.customer_payments)
            .map_err(|error| refused("limit", error.to_string())),
    }
}

/// All entries in one call, of which the server makes all or none [V].
pub(super) async fn enter(transport: &dyn Transport, step: &VoucherStep) -> Result<EnteredVoucher, Failure> {
    check(step)?;
    let response =
        post_openapi(transport, &step.key, format!("{DRAFT_ENTRIES}/bulk"), json(&body(step)?)?).await?;
    let answer: EntryNumbersAnswer = parse(&text(&response, Call::Write)?, Call::Write, "draft entries")?;
    let (made, asked) = (answer.entry_numbers.len(), step.voucher.entries().len());
    if made != asked {
        return Err(Failure::Unknown {
            message: format!("e-conomic made {made} entries of the {asked} of voucher {}", step.number),
        });
    }
    Ok(EnteredVoucher {
        number: step.number,
        drafts: answer.entry_numbers,
        booked: Vec::new(),
        differences: Vec::new(),
    })
}

/// First the journal, then the books: entries that are booked while they are looked for are met at least once.
pub(super) async fn find(
    transport: &dyn Transport,
    step: &VoucherStep,
) -> Result<Option<EnteredVoucher>, Failure> {
    let mut drafts = drafts_of(transport, step).await?;
    let key = step.key.as_str();
    let mut booked = booked_by(transport, Filter::contains("text", key)).await?;
    booked.retain(|entry| holds(entry.text.as_deref(), key));
    if drafts.ours.is_empty() && booked.is_empty() {
        return without_key(transport, step, &drafts.others).await;
    }
    if !drafts.ours.is_empty() && !booked.is_empty() {
        // What was met in both may have been booked in between.
        drafts = drafts_of(transport, step).await?;
    }
    Ok(Some(compare(step, &drafts.ours, &booked)))
}

/// A person may have written other texts over ours, and changed more than those. What stands under the voucher's own number and has
/// anything of it (an entry as it was asked for, or its words) is taken for it, so it is not entered again; it is told, and a person
/// judges.
async fn without_key(
    transport: &dyn Transport,
    step: &VoucherStep,
    drafts: &[DraftEntryAnswer],
) -> Result<Option<EnteredVoucher>, Failure> {
    let told = |mut found: EnteredVoucher| {
        found.differences.insert(0, Difference::new("text", &step.key, "the key is gone"));
        Some(found)
    };
    let asked = step.voucher.entries();
    let of_step = |draft: &DraftEntryAnswer| {
        has_words(step, draft.text.as_deref()) || asked.iter().any(|entry| is_draft_as(step, entry, draft))
    };
    if drafts.iter().any(of_step) {
        return Ok(told(compare(step, drafts, &[])));
    }
    let days: Vec<Date> = asked.iter().map(|entry| entry.date).collect();
    let (Some(from), Some(to)) = (days.iter().min().copied(), days.iter().max().copied()) else {
        return Ok(None);
    };
    // A person may have moved it to another day, and numbers begin anew with each accounting year.
    let days =
        Days { from: from.saturating_sub(MOVED_DAYS.days()), to: to.saturating_add(MOVED_DAYS.days()) };
    let number = Filter::equals("voucherNumber", &step.number.to_string());
    let booked = booked_by(transport, number.and(within(days))).await?;
    let of_step = |found: &BookedEntryAnswer| {
        has_words(step, found.text.as_deref()) || asked.iter().any(|entry| is_booked_as(entry, found))
    };
    if booked.iter().any(of_step) {
        return Ok(told(compare(step, &[], &booked)));
    }
    Ok(None)
}

/// Whether a text holds the words of an entry, and is no other effect's.
fn has_words(step: &VoucherStep, text: Option<&str>) -> bool {
    let Some(text) = text.filter(|text| EffectKey::at_end_of(text).is_none()) else { return false };
    let text = text.to_lowercase();
    let words = step.voucher.entries().iter().map(|entry| entry.text.trim().to_lowercase());
    words.filter(|words| !words.is_empty()).any(|words| text.contains(&words))
}

async fn booked_by(transport: &dyn Transport, filter: Filter) -> Result<Vec<BookedEntryAnswer>, Failure> {
    read_cursor::<BookedEntryAnswer>(transport, BOOKED_ENTRIES, Some(filter))
        .await?
        .ok_or_else(|| no_right("booked entries"))
}

/// Drafts as they were found.
struct Drafts {
    /// Those with the voucher's key.
    ours: Vec<DraftEntryAnswer>,
    /// Others under the voucher's own number.
    others: Vec<DraftEntryAnswer>,
}

/// By journal and number, which is what the service can filter drafts by [V]; then by the text, which legacy REST can filter by, for
/// entries that a person gave another number.
async fn drafts_of(transport: &dyn Transport, step: &VoucherStep) -> Result<Drafts, Failure> {
    let keyed = |entry: &DraftEntryAnswer| holds(entry.text.as_deref(), step.key.as_str());
    let (mut ours, others): (Vec<DraftEntryAnswer>, Vec<DraftEntryAnswer>) =
        drafts_numbered(transport, step, step.number).await?.into_iter().partition(keyed);
    if !ours.is_empty() {
        return Ok(Drafts { ours, others });
    }
    let path = Item::of("/journals", u64::from(step.journal))?.path_to("entries");
    let filter = Filter::contains("text", step.key.as_str());
    let elsewhere = read_all::<LegacyEntry>(transport, &path, Some(filter)).await?;
    let mut numbers: Vec<u32> = elsewhere
        .into_iter()
        .filter(|(entry, _)| holds(entry.text.as_deref(), step.key.as_str()))
        .filter_map(|(entry, _)| entry.voucher?.voucher_number)
        .filter(|number| *number != step.number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() > SPREAD {
        let spread = numbers.len();
        return Err(refused(
            "too-many",
            format!("the entries of a voucher stand under {spread} voucher numbers"),
        ));
    }
    for number in numbers {
        ours.extend(drafts_numbered(transport, step, number).await?.into_iter().filter(keyed));
    }
    Ok(Drafts { ours, others })
}

async fn drafts_numbered(
    transport: &dyn Transport,
    step: &VoucherStep,
    number: u32,
) -> Result<Vec<DraftEntryAnswer>, Failure> {
    let filter = Filter::equals("journalNumber", &step.journal.to_string())
        .and(Filter::equals("voucherNumber", &number.to_string()));
    read_cursor::<DraftEntryAnswer>(transport, DRAFT_ENTRIES, Some(filter))
        .await?
        .ok_or_else(|| no_right("draft entries"))
}

/// Not to see is not to have found nothing: a voucher is not entered twice for want of a right.
pub(super) fn no_right(what: &str) -> Failure {
    refused("no-right", format!("e-conomic gives no access to {what}: the role Bookkeeping is needed"))
}

#[derive(Debug, serde::Deserialize)]
struct LegacyEntry {
    text: Option<String>,
    voucher: Option<LegacyVoucher>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct LegacyVoucher {
    voucher_number: Option<u32>,
}

fn holds(text: Option<&str>, key: &str) -> bool {
    text.is_some_and(|text| text.to_lowercase().contains(key))
}

/// Holds what stands there against what was asked for, entry by entry and whatever the order.
fn compare(step: &VoucherStep, drafts: &[DraftEntryAnswer], booked: &[BookedEntryAnswer]) -> EnteredVoucher {
    let mut free_drafts: Vec<&DraftEntryAnswer> = drafts.iter().collect();
    let mut free_booked: Vec<&BookedEntryAnswer> = booked.iter().collect();
    let mut differences = Vec::new();
    let mut booked_of_asked = 0;
    let asked = step.voucher.entries();
    for entry in asked {
        if let Some(place) = free_booked.iter().position(|found| is_booked_as(entry, found)) {
            free_booked.swap_remove(place);
            booked_of_asked += 1;
        } else if let Some(place) = free_drafts.iter().position(|found| is_draft_as(step, entry, found)) {
            free_drafts.swap_remove(place);
        } else {
            differences.push(Difference::new("entry", words(entry), "missing or changed"));
        }
    }
    for found in free_drafts {
        let answered = format!("{} {} of {}", found.amount.0, found.currency, day_of(&found.date));
        differences.push(Difference::new("entry", "none", answered));
    }
    // VAT that the ledger reckons itself stands on entries of its own.
    if asked.iter().all(|entry| entry.vat_code.is_none()) {
        for found in free_booked {
            let answered = format!("{} on account {}", found.amount.0, found.account_number);
            differences.push(Difference::new("booked entry", "none", answered));
        }
    }
    if booked_of_asked > 0 && booked_of_asked < asked.len() {
        differences.push(Difference::new("booked entries", asked.len(), booked_of_asked));
    }
    differences.truncate(DIFFERENCES);
    let number = drafts
        .iter()
        .map(|draft| draft.voucher_number)
        .chain(booked.iter().map(|entry| entry.voucher_number))
        .flatten()
        .next();
    EnteredVoucher {
        number: number.unwrap_or(step.number),
        drafts: drafts.iter().map(|draft| draft.entry_number).collect(),
        booked: booked.iter().map(|entry| entry.entry_number).collect(),
        differences,
    }
}

fn words(entry: &VoucherEntry) -> String {
    let on = match &entry.target {
        Target::Account(account) => format!("account {account}"),
        Target::Customer { number, .. } => format!("customer {number}"),
    };
    format!("{} on {on}", entry.amount)
}

fn is_draft_as(step: &VoucherStep, entry: &VoucherEntry, found: &DraftEntryAnswer) -> bool {
    let same_target = match &entry.target {
        Target::Account(account) => found.account_number == Some(*account) && found.customer_number.is_none(),
        Target::Customer { number, invoice } => {
            found.customer_number == Some(*number)
                && found.customer_invoice_number.as_deref().filter(|text| !text.is_empty())
                    == invoice.as_deref()
        }
    };
    // A contra account was not asked for: the journal or a person put it there, and it would be booked too.
    let alone = found.contra_account_number.is_none_or(|account| account == 0);
    same_target
        && alone
        && amount(step, entry).is_ok_and(|wanted| wanted == found.amount.0)
        && found.currency == entry.amount.currency().code()
        && day_of(&found.date) == entry.date.to_string()
        && found.vat_code.as_deref().filter(|code| !code.is_empty()) == entry.vat_code.as_deref()
}

/// In the books a debit is positive on customers too. The amount of an entry with a VAT code is divided there.
fn is_booked_as(entry: &VoucherEntry, found: &BookedEntryAnswer) -> bool {
    let same_target = match &entry.target {
        Target::Account(account) => found.account_number == *account && found.customer_number.is_none(),
        Target::Customer { number, invoice } => {
            let invoice = invoice.as_ref().and_then(|invoice| invoice.parse::<u64>().ok());
            found.customer_number == Some(*number) && found.customer_invoice_number == invoice
        }
    };
    let same_amount = entry.vat_code.is_some() || found.amount.0 == entry.amount.to_decimal();
    let same_currency =
        found.currency_code.as_deref().is_none_or(|code| code == entry.amount.currency().code());
    same_target && same_amount && same_currency && day_of(&found.date) == entry.date.to_string()
}

/// The day of a date-time; these are days of the agreement, whatever zone is written behind them.
pub(super) fn day_of(text: &str) -> &str {
    text.get(..10).unwrap_or(text)
}

/// Books entries by their numbers: `/journals/{n}/book` would book the whole journal [V] and is never called.
pub(super) async fn book(
    transport: &dyn Transport,
    key: &EffectKey,
    journal: u32,
    drafts: &[u64],
) -> Result<(), Failure> {
    if drafts.is_empty() || journal == 0 {
        return Err(refused(
            "no-number",
            "a booking was asked for without the numbers of journal and entries",
        ));
    }
    let body = json(&BookEntriesBody { entry_numbers: drafts.to_vec() })?;
    post_openapi(transport, key, format!("{SERVICE}/journals/{journal}/bookdraftentries"), body).await?;
    Ok(())
}

impl JournalAnswer {
    /// Which entries it takes: one type of them, or all [V].
    pub(super) const fn takes(&self) -> JournalTakes {
        match self.allowed_entry_type {
            None | Some(0) => JournalTakes::All,
            Some(CUSTOMER_PAYMENT) => JournalTakes::CustomerPayments,
            Some(FINANCE_VOUCHER) => JournalTakes::FinanceVouchers,
            Some(_) => JournalTakes::Others,
        }
    }
}

/// What each journal takes; nothing is known where the journals cannot be read.
pub(super) async fn taking(transport: &dyn Transport) -> Result<BTreeMap<u32, JournalTakes>, Failure> {
    let journals = read_cursor::<JournalAnswer>(transport, &format!("{SERVICE}/journals"), None).await?;
    Ok(journals.unwrap_or_default().iter().map(|journal| (journal.number, journal.takes())).collect())
}

/// The journals, all at once: filters on them are answered with 500 [L].
pub(super) async fn all(transport: &dyn Transport) -> Result<Vec<JournalAnswer>, Failure> {
    read_cursor::<JournalAnswer>(transport, &format!("{SERVICE}/journals"), None)
        .await?
        .ok_or_else(|| no_right("journals"))
}

pub(super) async fn free_number(
    transport: &dyn Transport,
    journal: u32,
    days: Days,
    at_least: u32,
) -> Result<u32, Failure> {
    let response = transport.read(Request::get(format!("{SERVICE}/journals/{journal}")).on(OPENAPI)).await?;
    if is_missing(&response) {
        return Err(refused("no-journal", format!("e-conomic has no journal {journal}")));
    }
    if !response.is_success() {
        return Err(failure(&response, Call::Read));
    }
    let series: JournalAnswer = parse(&text(&response, Call::Read)?, Call::Read, "a journal")?;
    let highest = series.maximum_voucher_number.filter(|number| *number > 0).unwrap_or(LIMITS.highest_number);
    let highest = highest.min(LIMITS.highest_number);
    let mut first = at_least
        .max(series.minimum_voucher_number.unwrap_or(1))
        .max(series.next_voucher_number.unwrap_or(1))
        .max(1);
    let from = accounting_year(transport, days.from).await?.from_date;
    let to = accounting_year(transport, days.to).await?.to_date;
    for _ in 0..LOOK_UPS {
        if first > highest {
            break;
        }
        let last = highest.min(first.saturating_add(NUMBERS - 1));
        let used = used_numbers(transport, first, last, Days { from, to }).await?;
        if let Some(free) = (first..=last).find(|number| !used.contains(number)) {
            return Ok(free);
        }
        first = last.saturating_add(1);
    }
    Err(refused("no-voucher-number", format!("journal {journal} has no free voucher number up to {highest}")))
}

/// Voucher numbers that are used, in whatever journal.
async fn used_numbers(
    transport: &dyn Transport,
    first: u32,
    last: u32,
    days: Days,
) -> Result<Vec<u32>, Failure> {
    let numbers = || {
        Filter::at_least("voucherNumber", &first.to_string())
            .and(Filter::at_most("voucherNumber", &last.to_string()))
    };
    let drafts = read_cursor::<NumberedAnswer>(transport, DRAFT_ENTRIES, Some(numbers()))
        .await?
        .ok_or_else(|| no_right("draft entries"))?;
    let booked = read_cursor::<NumberedAnswer>(transport, BOOKED_ENTRIES, Some(numbers().and(within(days))))
        .await?
        .ok_or_else(|| no_right("booked entries"))?;
    Ok(drafts.into_iter().chain(booked).filter_map(|entry| entry.voucher_number).collect())
}

/// `date` within days. The last one is told by the day after it: whether a time at midnight is compared as a time or as a text, it
/// is before that [U].
pub(super) fn within(days: Days) -> Filter {
    let from = Filter::at_least("date", &days.from.to_string());
    match days.to.tomorrow() {
        Ok(after) => from.and(Filter::below("date", &after.to_string())),
        Err(_) => from,
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct NumberedAnswer {
    voucher_number: Option<u32>,
}

/// An amount as answered; why not, in words, when Bogbro cannot reckon with it.
pub(super) fn money(amount: Number, currency: &str) -> Result<Money, String> {
    let currency: Currency =
        currency.parse().map_err(|_| format!("a currency that Bogbro does not know: {currency:?}"))?;
    Money::from_decimal(amount.0, currency).map_err(|error| error.to_string())
}
