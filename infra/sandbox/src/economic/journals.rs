//! Journals: vouchers on legacy REST, draft entries and their booking on the OpenAPI service.

use super::error::{self, Problem};
use super::ledger::{EntryKind, Heading, Leg};
use super::quirks::Quirk;
use super::totals::round;
use super::{Agreement, LEGACY, schema};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Which sign a received customer payment has in a journal. No source settles it; a client must be provable under both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustomerPaymentSign {
    /// A negative amount credits the customer, as the wording of the schema says.
    #[default]
    NegativeCredits,
    /// A positive amount credits the customer, as one independent client sends it.
    PositiveCredits,
}

/// An entry of a journal that is not booked yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftEntry {
    /// Its number.
    pub number: u32,
    /// Its journal.
    pub journal: u32,
    /// 2 customer payment, 5 finance voucher.
    pub kind: u32,
    /// Its voucher.
    pub voucher: u32,
    /// Posting date.
    pub date: jiff::civil::Date,
    /// Amount as sent.
    pub amount: Decimal,
    /// ISO code.
    pub currency: String,
    /// Base currency for 100 units.
    pub rate: Decimal,
    /// Account, for finance vouchers.
    pub account: Option<u32>,
    /// Contra account.
    pub contra_account: Option<u32>,
    /// VAT code of the account: the amount then holds VAT.
    pub vat_code: Option<String>,
    /// Customer, for payments.
    pub customer: Option<u32>,
    /// The booked invoice that a payment settles.
    pub customer_invoice: Option<u32>,
    /// Text.
    pub text: String,
    /// Counts changes; the `objectVersion` of the OpenAPI service.
    pub version: u32,
}

/// Why an entry was refused: the property, the vendor's code, in words.
pub(super) type EntryProblem = (String, &'static str, String);

impl Agreement {
    pub(super) fn legacy_journals(&self) -> Vec<Json> {
        let show = |journal: &super::Journal| {
            let own = format!("{LEGACY}/journals/{}", journal.number);
            object! {
                "journalNumber": journal.number,
                "name": &journal.name,
                "vouchers": format!("{own}/vouchers"),
                "entries": format!("{own}/entries"),
                "self": own,
            }
        };
        self.master.journals.values().map(show).collect()
    }

    pub(super) fn legacy_journal(&mut self, request: &Request, number: &str, rest: &[&str]) -> Response {
        let journal = number.parse::<u32>().ok().filter(|number| self.master.journals.contains_key(number));
        let Some(journal) = journal else { return error::not_found() };
        match (request.method.as_str(), rest) {
            ("POST", ["vouchers"]) => self.create_voucher(request, journal),
            ("GET", ["vouchers"]) => {
                let items = self.vouchers_of(journal).into_iter().map(|voucher| (Cow::Owned(voucher), true));
                self.collection(request, items, &[])
            }
            ("GET", ["entries"]) => {
                let of_journal = |entry: &&DraftEntry| entry.journal == journal;
                let items = self
                    .draft_entries
                    .values()
                    .filter(of_journal)
                    .map(|entry| (Cow::Owned(show_entry(entry)), true));
                let fields = [
                    "text",
                    "amount",
                    "date",
                    "voucher.voucherNumber",
                    "journalEntryNumber",
                    "currency.code",
                ];
                self.collection(request, items, &fields)
            }
            ("DELETE", ["entries", entry]) => {
                let entry = entry.parse::<u32>().unwrap_or(0);
                if self.draft_entries.remove(&entry).is_some() {
                    Response::empty(204)
                } else {
                    error::not_found()
                }
            }
            _ => error::not_found(),
        }
    }

    fn create_voucher(&mut self, request: &Request, journal: u32) -> Response {
        let clean = match super::read_body(request).and_then(|body| {
            schema::check(&body, schema::VOUCHER, &self.quirks).map_err(|problems| error::invalid(&problems))
        }) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        let year = clean.text("accountingYear.year").unwrap_or_default();
        if !self.master.years.iter().any(|known| known.year == year) {
            let problem = Problem::new("accountingYear.year", error::DOES_NOT_EXIST, "Does not exist.", year);
            return error::invalid(&[problem]);
        }
        let voucher = clean.integer("voucherNumber").and_then(|number| u32::try_from(number).ok());
        let voucher = voucher.unwrap_or_else(|| self.next_voucher_of(journal));
        let mut entries = Vec::new();
        for (list, kind) in [("financeVouchers", 5), ("customerPayments", 2)] {
            for entry in clean.items(&format!("entries.{list}")) {
                entries.push(self.read_legacy_entry(entry, journal, voucher, kind));
            }
        }
        let problems: Vec<Problem> = entries
            .iter()
            .enumerate()
            .flat_map(|(index, entry)| {
                self.check_entry(entry).into_iter().map(move |problem| (index, problem))
            })
            .map(|(index, (property, _, message))| {
                Problem::new(format!("entries.{index}.{property}"), error::UNLISTED, message, Json::Null)
            })
            .collect();
        if !problems.is_empty() {
            return error::invalid(&problems);
        }
        entries.into_iter().for_each(|entry| {
            self.insert_entry(entry);
        });
        self.advance_voucher(journal, voucher);
        let made: Vec<Json> = self
            .vouchers_of(journal)
            .into_iter()
            .filter(|made| made.integer("voucherNumber") == Some(voucher.into()))
            .collect();
        match made.first() {
            Some(first) if !self.quirks.has(Quirk::VoucherAnswersArray) => self.created(first),
            _ => {
                let status = if self.quirks.has(Quirk::PostAnswers201) { 201 } else { 200 };
                Response::json(status, &Json::Array(made))
            }
        }
    }

    fn read_legacy_entry(&self, entry: &Json, journal: u32, voucher: u32, kind: u32) -> DraftEntry {
        let number = |path: &str| entry.integer(path).and_then(|number| u32::try_from(number).ok());
        let currency = entry.text("currency.code").unwrap_or(&self.master.base_currency).to_uppercase();
        DraftEntry {
            number: 0,
            journal,
            kind,
            voucher,
            date: entry.text("date").and_then(|date| date.parse().ok()).unwrap_or_default(),
            amount: entry.decimal("amount").unwrap_or_default(),
            rate: entry.decimal("exchangeRate").unwrap_or_else(|| self.rate_of(&currency)),
            currency,
            account: number("account.accountNumber"),
            contra_account: number("contraAccount.accountNumber"),
            vat_code: entry.text("vatAccount.vatCode").map(str::to_string),
            customer: number("customer.customerNumber"),
            customer_invoice: number("customerInvoice"),
            text: entry.text("text").unwrap_or_default().to_string(),
            version: 1,
        }
    }

    fn vouchers_of(&self, journal: u32) -> Vec<Json> {
        let mut vouchers: BTreeMap<(u32, i16), Vec<&DraftEntry>> = BTreeMap::new();
        for entry in self.draft_entries.values().filter(|entry| entry.journal == journal) {
            vouchers.entry((entry.voucher, entry.date.year())).or_default().push(entry);
        }
        let show = |((voucher, year), entries): ((u32, i16), Vec<&DraftEntry>)| {
            let of = |kind: u32| {
                entries
                    .iter()
                    .filter(|entry| entry.kind == kind)
                    .map(|entry| show_entry(entry))
                    .collect::<Vec<_>>()
            };
            object! {
                "voucherNumber": voucher,
                "accountingYear": object! { "year": year.to_string() },
                "journal": object! { "journalNumber": journal, "self": format!("{LEGACY}/journals/{journal}") },
                "entries": object! { "financeVouchers": of(5), "customerPayments": of(2) },
                "self": format!("{LEGACY}/journals/{journal}/vouchers/{year}-{voucher}"),
            }
        };
        vouchers.into_iter().map(show).collect()
    }

    pub(super) fn next_voucher_of(&self, journal: u32) -> u32 {
        self.master.journals.get(&journal).map_or(1, |journal| journal.next_voucher)
    }

    pub(super) fn advance_voucher(&mut self, journal: u32, used: u32) {
        if let Some(journal) = self.master.journals.get_mut(&journal) {
            journal.next_voucher = journal.next_voucher.max(used + 1);
        }
    }

    pub(super) fn insert_entry(&mut self, mut entry: DraftEntry) -> u32 {
        self.next_entry += 1;
        entry.number = self.next_entry;
        self.draft_entries.insert(entry.number, entry);
        self.next_entry
    }

    /// Everything that forbids an entry, with the vendor's codes.
    pub(super) fn check_entry(&self, entry: &DraftEntry) -> Vec<EntryProblem> {
        let mut problems: Vec<EntryProblem> = Vec::new();
        let mut report = |property: &str, code: &'static str| {
            problems.push((property.to_string(), code, code.to_string()))
        };
        match self.master.check_date(entry.date) {
            Ok(()) => {}
            Err(super::DateProblem::NoYear) => report("date", "JournalEntryDateAccountingYearDoesNotExist"),
            Err(super::DateProblem::YearClosed) => report("date", "JournalEntryDateAccountingYearClosed"),
            Err(_) => report("date", "JournalEntryDateAccountingYearPeriodBarred"),
        }
        if !self.master.currencies.contains_key(&entry.currency) {
            report("currency", "JournalEntryCurrencyNotFound");
        }
        if entry.amount.abs() > Decimal::from(999_999_999_999_i64) {
            report("amount", "JournalEntryAmountExceedsDigitLimit");
        }
        if entry.rate <= Decimal::ZERO || entry.rate > Decimal::from(1_000_000_000) {
            report("exchangeRate", "JournalEntryExchangeRateError");
        }
        if entry.kind == 2 && !entry.customer.is_some_and(|number| self.customers.contains_key(&number)) {
            report("customerNumber", "JournalEntryCustomerNotFound");
        }
        if entry.kind == 5 && entry.account.is_none() && entry.contra_account.is_none() {
            report("accountNumber", "JournalEntryAccountAndContraAccountNotSet");
        }
        match entry.account.map(|number| self.master.accounts.get(&number)) {
            Some(None) => report("accountNumber", "JournalEntryAccountNotFound"),
            Some(Some(account)) if account.block_direct_entries || account.barred => {
                report("accountNumber", "JournalEntryAccountIsBlockedForDirectEntries");
            }
            _ => {}
        }
        match entry.contra_account.map(|number| self.master.accounts.get(&number)) {
            Some(None) => report("contraAccountNumber", "JournalEntryContraAccountNotFound"),
            Some(Some(account)) if account.block_direct_entries || account.barred => {
                report("contraAccountNumber", "JournalEntryContraAccountIsBlockedForDirectEntries");
            }
            _ => {}
        }
        if self
            .master
            .journals
            .get(&entry.journal)
            .is_none_or(|journal| entry.voucher > journal.maximum_voucher)
        {
            report("voucherNumber", "JournalEntryVoucherNumberNotWithinBoundaries");
        }
        problems
    }

    /// Books entries; refuses all of them when a voucher does not balance in a currency on a day.
    pub(super) fn book_entries(&mut self, numbers: &[u32]) -> Result<(), String> {
        let mut groups: BTreeMap<(u32, u32, jiff::civil::Date, String), Vec<DraftEntry>> = BTreeMap::new();
        for number in numbers {
            let entry =
                self.draft_entries.get(number).ok_or_else(|| "JournalEntryDoesNotExist".to_string())?;
            if let Some((_, code, _)) = self.check_entry(entry).first() {
                return Err((*code).to_string());
            }
            let key = (entry.journal, entry.voucher, entry.date, entry.currency.clone());
            groups.entry(key).or_default().push(entry.clone());
        }
        let mut ready = Vec::new();
        for ((_, voucher, date, currency), entries) in groups {
            let legs: Vec<Leg> = entries.iter().flat_map(|entry| self.legs_of(entry)).collect();
            let difference: Decimal = legs.iter().map(|leg| leg.amount).sum();
            if !difference.is_zero() {
                return Err(format!("Voucher {voucher} does not balance by {difference} {currency}."));
            }
            ready.push((voucher, date, currency, entries, legs));
        }
        for (voucher, date, currency, entries, legs) in ready {
            let payments = entries.iter().all(|entry| entry.kind == 2);
            let heading = Heading {
                voucher,
                kind: if payments { EntryKind::CustomerPayment } else { EntryKind::FinanceVoucher },
                date,
                currency,
                rate: entries[0].rate,
                text: entries[0].text.clone(),
                rounding_account: self.master.rounding_account,
            };
            self.post(&heading, &legs);
            for entry in entries {
                self.draft_entries.remove(&entry.number);
                if let (Some(customer), Some(invoice)) = (entry.customer, entry.customer_invoice) {
                    self.ledger.settle(customer, invoice);
                    self.refresh_remainders(invoice);
                }
            }
        }
        Ok(())
    }

    fn legs_of(&self, entry: &DraftEntry) -> Vec<Leg> {
        let mut legs = Vec::new();
        let mut amount = entry.amount;
        if let (2, Some(customer)) = (entry.kind, entry.customer) {
            if self.customer_payment_sign == CustomerPaymentSign::PositiveCredits {
                amount = -amount;
            }
            legs.push(self.receivable(customer, entry.customer_invoice, amount));
        } else if let Some(account) = entry.account {
            let vat_account = entry.vat_code.as_ref().and_then(|code| self.master.vat_accounts.get(code));
            let rate = vat_account.map_or(Decimal::ZERO, |account| account.rate);
            let net = round(amount * Decimal::ONE_HUNDRED / (Decimal::ONE_HUNDRED + rate), 2);
            legs.push(Leg::on(account, net, entry.vat_code.clone()));
            if let Some(vat_account) = vat_account {
                legs.push(Leg::on(vat_account.account, amount - net, Some(vat_account.code.clone())));
            }
        }
        let default_contra =
            self.master.journals.get(&entry.journal).and_then(|journal| journal.customer_contra_account);
        if let Some(contra) = entry.contra_account.or(default_contra.filter(|_| entry.kind == 2)) {
            legs.push(Leg::on(contra, -amount, None));
        }
        legs
    }
}

fn show_entry(entry: &DraftEntry) -> Json {
    let mut json = object! {
        "journalEntryNumber": entry.number,
        "entryType": if entry.kind == 2 { "customerPayment" } else { "financeVoucher" },
        "text": &entry.text,
        "amount": Json::fixed(entry.amount, 2),
        "currency": object! { "code": &entry.currency },
        "date": entry.date.to_string(),
        "exchangeRate": Json::fixed(entry.rate, 6),
        "voucher": object! { "voucherNumber": entry.voucher },
        "journal": object! { "journalNumber": entry.journal },
    };
    let mut refer = |name: &str, key: &str, number: Option<u32>| {
        if let Some(number) = number {
            let mut reference = Json::Object(Vec::new());
            reference.set(key, number);
            json.set(name, reference);
        }
    };
    refer("account", "accountNumber", entry.account);
    refer("contraAccount", "accountNumber", entry.contra_account);
    refer("customer", "customerNumber", entry.customer);
    if let Some(invoice) = entry.customer_invoice {
        json.set("customerInvoice", invoice);
    }
    if let Some(code) = &entry.vat_code {
        json.set("vatAccount", object! { "vatCode": code });
    }
    json
}
