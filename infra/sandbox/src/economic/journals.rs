//! Journals: vouchers on legacy REST, draft entries and their booking on the OpenAPI service.

use super::error::{self, Problem};
use super::ledger::{EntryKind, Heading, Leg, Own};
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

/// The longest text of an entry.
const TEXT: usize = 250;
/// What is wrong with an account: unknown, of a wrong type, closed.
const OF_ACCOUNT: [&str; 3] = [
    "JournalEntryAccountNotFound",
    "JournalEntryWrongAccountType",
    "JournalEntryAccountIsBlockedForDirectEntries",
];
const OF_CONTRA_ACCOUNT: [&str; 3] = [
    "JournalEntryContraAccountNotFound",
    "JournalEntryWrongContraAccountType",
    "JournalEntryContraAccountIsBlockedForDirectEntries",
];

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
            contra_account: number("contraAccount.accountNumber").or_else(|| self.contra_of(journal, kind)),
            vat_code: entry.text("vatAccount.vatCode").map(str::to_string),
            customer: number("customer.customerNumber"),
            customer_invoice: number("customerInvoice"),
            text: entry.text("text").unwrap_or_default().to_string(),
            version: 1,
        }
    }

    /// The contra account that a journal gives customers' payments which name none.
    pub(super) fn contra_of(&self, journal: u32, kind: u32) -> Option<u32> {
        if kind != 2 || !self.quirks.has(Quirk::JournalsSetTheContraAccountOfCustomers) {
            return None;
        }
        self.master.journals.get(&journal)?.customer_contra_account
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
        let journal = self.master.journals.get(&entry.journal);
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
        if entry.text.encode_utf16().count() > TEXT {
            report("text", "JournalEntryTextTooLong");
        }
        if entry.kind == 2 && !entry.customer.is_some_and(|number| self.customers.contains_key(&number)) {
            report("customerNumber", "JournalEntryCustomerNotFound");
        }
        if entry.kind == 5 && entry.account.is_none() && entry.contra_account.is_none() {
            report("accountNumber", "JournalEntryAccountAndContraAccountNotSet");
        }
        // No source names a code for a VAT code that does not exist.
        if entry.vat_code.as_ref().is_some_and(|code| !self.master.vat_accounts.contains_key(code)) {
            report("vatCode", error::UNLISTED);
        }
        // The account of a customer's payment follows from the customer's group and is not checked.
        let account = entry.account.filter(|_| entry.kind != 2);
        if let Some(code) = self.account_problem(account, OF_ACCOUNT) {
            report("accountNumber", code);
        }
        if let Some(code) = self.account_problem(entry.contra_account, OF_CONTRA_ACCOUNT) {
            report("contraAccountNumber", code);
        }
        match journal {
            None => report("journalNumber", "JournalDoesNotExist"),
            Some(journal) if ![0, entry.kind].contains(&journal.allowed_entry_type) => {
                report("entryTypeNumber", "JournalEntryTypeNotCorrect");
            }
            Some(journal) if entry.voucher > journal.maximum_voucher => {
                report("voucherNumber", "JournalEntryVoucherNumberNotWithinBoundaries");
            }
            Some(_) => {}
        }
        problems
    }

    /// Why nothing can be posted on an account: it does not exist, it is a heading or a sum, it is closed.
    fn account_problem(&self, number: Option<u32>, codes: [&'static str; 3]) -> Option<&'static str> {
        let Some(account) = self.master.accounts.get(&number?) else { return Some(codes[0]) };
        if !matches!(account.kind.as_str(), "profitAndLoss" | "status") {
            return Some(codes[1]);
        }
        (account.block_direct_entries || account.barred).then_some(codes[2])
    }

    /// Books entries; refuses all of them when they do not balance in a currency on a day: by voucher where the journal says so, else
    /// all vouchers together.
    pub(super) fn book_entries(&mut self, numbers: &[u32]) -> Result<(), String> {
        let mut groups: BTreeMap<(u32, Option<u32>, jiff::civil::Date, String), Vec<DraftEntry>> =
            BTreeMap::new();
        for number in numbers {
            let entry =
                self.draft_entries.get(number).ok_or_else(|| "JournalEntryDoesNotExist".to_string())?;
            if let Some((_, code, _)) = self.check_entry(entry).first() {
                return Err((*code).to_string());
            }
            let journal = self.master.journals.get(&entry.journal);
            let by_voucher = journal.is_none_or(|journal| journal.require_balance_per_voucher);
            let voucher = by_voucher.then_some(entry.voucher);
            let key = (entry.journal, voucher, entry.date, entry.currency.clone());
            groups.entry(key).or_default().push(entry.clone());
        }
        let mut ready = Vec::new();
        for ((journal, voucher, date, currency), entries) in groups {
            let legs: Vec<Leg> = entries.iter().flat_map(|entry| self.legs_of(entry)).collect();
            let difference: Decimal = legs.iter().map(|leg| leg.amount).sum();
            if !difference.is_zero() {
                let what = voucher
                    .map_or_else(|| format!("Journal {journal}"), |voucher| format!("Voucher {voucher}"));
                return Err(format!("{what} does not balance by {difference} {currency}."));
            }
            ready.push((date, currency, entries, legs));
        }
        for (date, currency, entries, legs) in ready {
            let heading = Heading {
                voucher: entries[0].voucher,
                kind: kind_of(&entries[0]),
                date,
                currency,
                rate: entries[0].rate,
                text: entries[0].text.clone(),
                rounding_account: self.master.rounding_account,
            };
            if let Err(difference) = self.ledger.post(&heading, &legs) {
                return Err(format!("The entries differ by {difference}."));
            }
            for entry in entries {
                self.draft_entries.remove(&entry.number);
                if let (Some(customer), Some(invoice)) = (entry.customer, entry.customer_invoice)
                    && !self.payments_stay_open
                {
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
            legs.extend(vat_legs(account, amount, vat_account));
        }
        if let Some(contra) = entry.contra_account {
            legs.push(Leg::on(contra, -amount, None));
        }
        let own = Own { voucher: entry.voucher, kind: kind_of(entry), text: entry.text.clone() };
        legs.into_iter().map(|leg| Leg { own: Some(own.clone()), ..leg }).collect()
    }
}

fn kind_of(entry: &DraftEntry) -> EntryKind {
    if entry.kind == 2 { EntryKind::CustomerPayment } else { EntryKind::FinanceVoucher }
}

/// An amount on an account and its VAT: taken out of the amount, or owed and deducted beside it.
fn vat_legs(account: u32, amount: Decimal, vat: Option<&super::VatAccount>) -> Vec<Leg> {
    let Some(vat) = vat else { return vec![Leg::on(account, amount, None)] };
    let code = Some(vat.code.clone());
    if let Some(contra) = vat.contra_account {
        let owed = round(amount * vat.rate / Decimal::ONE_HUNDRED, 2);
        return vec![
            Leg::on(account, amount, code.clone()),
            Leg::on(vat.account, owed, code.clone()),
            Leg::on(contra, -owed, code),
        ];
    }
    let net = round(amount * Decimal::ONE_HUNDRED / (Decimal::ONE_HUNDRED + vat.rate), 2);
    vec![Leg::on(account, net, code.clone()), Leg::on(vat.account, amount - net, code)]
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
