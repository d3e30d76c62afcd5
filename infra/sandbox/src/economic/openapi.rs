//! The OpenAPI services that a client of this flow needs: journals, booked entries and accounting years.

use super::journals::{DraftEntry, EntryProblem};
use super::ledger::Entry;
use super::quirks::Quirk;
use super::{Agreement, collection, error, filter};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use std::borrow::Cow;

/// Items on a page behind a cursor.
const CURSOR_PAGE: usize = 1000;
/// The most items on a page of `/paged`.
const MAX_PAGE: usize = 100;
/// How far `/paged` reaches.
const PAGED_REACH: usize = 10_000;
/// The most entries in one bulk call.
const MAX_BULK: usize = 500;

const DRAFT_ENTRY_FIELDS: &[&str] = &[
    "entryNumber",
    "entryTypeNumber",
    "voucherNumber",
    "journalNumber",
    "date",
    "accountNumber",
    "currency",
    "contraAccountNumber",
    "customerNumber",
];

const BOOKED_ENTRY_FIELDS: &[&str] = &[
    "entryNumber",
    "accountNumber",
    "amount",
    "amountInBaseCurrency",
    "currencyCode",
    "date",
    "text",
    "type",
    "vatAccountNumber",
    "voucherNumber",
    "customerNumber",
    "customerInvoiceNumber",
    "remainder",
];

impl Agreement {
    pub(super) fn openapi(&mut self, request: &Request, service: &str, path: &[&str]) -> Response {
        let lower: Vec<String> = path.iter().map(|part| part.to_lowercase()).collect();
        let path: Vec<&str> = lower.iter().map(String::as_str).collect();
        match service.to_lowercase().as_str() {
            "journalsapi" => self.journals_service(request, &path),
            "bookedentriesapi" => self.booked_entries_service(request, &path),
            "accountingyearsapi" => self.years_service(request, &path),
            "documentsapi" => self.documents_service(request, &path),
            _ => error::problem(404, "NotFound", "This service is not part of the sandbox.", &[]),
        }
    }

    fn journals_service(&mut self, request: &Request, path: &[&str]) -> Response {
        match (request.method.as_str(), path) {
            ("GET", ["journals", rest @ ..]) => self.show_journals(request, rest),
            ("GET", ["draft-entries", number]) if number.parse::<u32>().is_ok() => {
                self.show_draft_entry(number)
            }
            ("GET", ["draft-entries", rest @ ..]) => {
                let items = self.draft_entries.values().map(draft_entry).collect();
                self.openapi_list(request, rest, items, DRAFT_ENTRY_FIELDS)
            }
            ("POST", ["draft-entries"]) => self.create_entries(request, false),
            ("POST", ["draft-entries", "bulk"]) => self.create_entries(request, true),
            ("PUT", ["draft-entries"]) => self.replace_entry(request),
            ("DELETE", ["draft-entries", number]) => {
                let number = number.parse::<u32>().unwrap_or(0);
                if self.draft_entries.remove(&number).is_some() { Response::empty(204) } else { missing() }
            }
            ("POST", ["journals", journal, "bookdraftentries"]) => self.book_named_entries(request, journal),
            ("POST", ["journals", journal, "book"] | ["entries", "draft", journal, "book"]) => {
                self.book_whole_journal(journal)
            }
            _ => missing(),
        }
    }

    fn show_journals(&self, request: &Request, rest: &[&str]) -> Response {
        if request.parameter("filter").is_some() && self.quirks.has(Quirk::JournalFiltersFail) {
            return error::problem(500, "InternalServerError", "Internal server error.", &[]);
        }
        let items: Vec<Json> = self.master.journals.values().map(journal).collect();
        match rest {
            [number] if number.parse::<u32>().is_ok() => {
                let found = items
                    .into_iter()
                    .find(|item| item.integer("number").is_some_and(|found| found.to_string() == *number));
                found.map_or_else(missing, |item| Response::json(200, &item))
            }
            _ => self.openapi_list(request, rest, items, &["number", "name"]),
        }
    }

    fn show_draft_entry(&self, number: &str) -> Response {
        let entry = number.parse().ok().and_then(|number: u32| self.draft_entries.get(&number));
        entry.map_or_else(missing, |entry| Response::json(200, &draft_entry(entry)))
    }

    fn create_entries(&mut self, request: &Request, bulk: bool) -> Response {
        let body = match super::read_body(request) {
            Ok(body) => body,
            Err(_) => return error::problem(400, "BadRequest", "Malformed JSON.", &[]),
        };
        let sent = if bulk { body.items("entries").to_vec() } else { vec![body] };
        if sent.is_empty() {
            return error::problem(400, "OneAPIEntriesListCannotBeEmpty", "No entries.", &[]);
        }
        if sent.len() > MAX_BULK {
            return error::problem(400, "OneAPITooManyEntries", "Too many entries.", &[]);
        }
        let mut entries = Vec::new();
        let mut problems = Vec::new();
        let mut vouchers: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
        for entry in &sent {
            match self.read_entry(entry, &mut vouchers) {
                Ok(entry) => entries.push(entry),
                Err(found) => problems.extend(found),
            }
        }
        let partly = bulk && !self.quirks.has(Quirk::BulkIsAllOrNothing);
        if entries.is_empty() || (!problems.is_empty() && !partly) {
            return invalid(&problems);
        }
        let numbers: Vec<u32> = entries
            .into_iter()
            .map(|entry| {
                self.advance_voucher(entry.journal, entry.voucher);
                self.insert_entry(entry)
            })
            .collect();
        let answer = if bulk {
            object! { "entryNumbers": numbers }
        } else {
            object! { "entryNumber": numbers[0] }
        };
        Response::json(201, &answer)
    }

    fn read_entry(
        &self,
        sent: &Json,
        vouchers: &mut std::collections::BTreeMap<u32, u32>,
    ) -> Result<DraftEntry, Vec<EntryProblem>> {
        let mut problems: Vec<EntryProblem> = Vec::new();
        for name in ["amount", "currency", "date", "entryTypeNumber", "journalNumber"] {
            if sent.get(name).is_none_or(Json::is_null) {
                problems.push((name.to_string(), "Required", format!("The {name} field is required.")));
            }
        }
        let number = |name: &str| sent.integer(name).and_then(|number| u32::try_from(number).ok());
        let invoice = sent.text("customerInvoiceNumber");
        if invoice.is_some_and(|text| text.parse::<u64>().is_err()) {
            let code = "Customer_Invoice_Is_Not_Numeric";
            problems.push(("customerInvoiceNumber".to_string(), code, code.to_string()));
        }
        if invoice.and_then(|text| text.parse::<u64>().ok()).is_some_and(|number| number > 2_147_483_647) {
            let code = "Customer_invoice_too_big";
            problems.push(("customerInvoiceNumber".to_string(), code, code.to_string()));
        }
        let numbered = number("voucherNumber").filter(|number| *number > 0);
        if numbered.is_none() && !self.quirks.has(Quirk::OmittedVoucherNumbersAreMade) {
            problems.push((
                "voucherNumber".to_string(),
                "Required",
                "A voucher number is needed.".to_string(),
            ));
        }
        let date = sent.text("date").and_then(|text| text.get(..10)).and_then(|text| text.parse().ok());
        let kind = number("entryTypeNumber").unwrap_or(0);
        if date.is_none()
            || !matches!(kind, 2 | 5)
            || sent.decimal("amount").is_none_or(|amount| amount.normalize().scale() > 2)
        {
            problems.push(("entry".to_string(), "Invalid", "Wrong date, entry type or amount.".to_string()));
        }
        let (Some(date), true) = (date, problems.is_empty()) else { return Err(problems) };
        let journal = number("journalNumber").unwrap_or(0);
        let made = *vouchers.entry(journal).or_insert_with(|| self.next_voucher_of(journal));
        let currency = sent.text("currency").unwrap_or_default().to_uppercase();
        let entry = DraftEntry {
            number: 0,
            journal,
            kind,
            voucher: numbered.unwrap_or(made),
            date,
            amount: sent.decimal("amount").unwrap_or_default(),
            rate: sent.decimal("exchangeRate").unwrap_or_else(|| self.rate_of(&currency)),
            currency,
            account: number("accountNumber"),
            contra_account: number("contraAccountNumber").or_else(|| self.contra_of(journal, kind)),
            vat_code: sent.text("vatCode").map(str::to_string),
            customer: number("customerNumber"),
            customer_invoice: invoice.and_then(|text| text.parse().ok()),
            text: sent.text("text").unwrap_or_default().to_string(),
            version: 1,
        };
        let problems = self.check_entry(&entry);
        if problems.is_empty() { Ok(entry) } else { Err(problems) }
    }

    fn replace_entry(&mut self, request: &Request) -> Response {
        let body = super::read_body(request).unwrap_or_default();
        let number = body.integer("entryNumber").and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let Some(existing) = self.draft_entries.get(&number) else { return missing() };
        let fresh = body.text("objectVersion") == Some(existing.version.to_string().as_str());
        if !fresh && self.quirks.has(Quirk::ObjectVersionIsRequired) {
            return error::problem(409, "UpdateConflict", "The entry has been changed by others.", &[]);
        }
        let version = existing.version + 1;
        match self.read_entry(&body, &mut std::collections::BTreeMap::new()) {
            Ok(entry) => {
                self.draft_entries.insert(number, DraftEntry { number, version, ..entry });
                Response::empty(204)
            }
            Err(problems) => invalid(&problems),
        }
    }

    fn book_named_entries(&mut self, request: &Request, journal: &str) -> Response {
        let body = super::read_body(request).unwrap_or_default();
        let numbers: Vec<u32> = body
            .items("entryNumbers")
            .iter()
            .filter_map(|number| u32::try_from(number.as_integer()?).ok())
            .collect();
        let foreign = numbers.iter().any(|number| {
            self.draft_entries.get(number).is_none_or(|entry| entry.journal.to_string() != journal)
        });
        if numbers.is_empty() || foreign {
            return error::problem(400, "JournalEntryDoesNotExist", "An entry is not in this journal.", &[]);
        }
        self.answer_booking(&numbers)
    }

    fn book_whole_journal(&mut self, journal: &str) -> Response {
        let of_journal = |entry: &&DraftEntry| entry.journal.to_string() == journal;
        let numbers: Vec<u32> =
            self.draft_entries.values().filter(of_journal).map(|entry| entry.number).collect();
        self.answer_booking(&numbers)
    }

    fn answer_booking(&mut self, numbers: &[u32]) -> Response {
        match self.book_entries(numbers) {
            Ok(()) => Response::empty(204),
            Err(why) => error::problem(400, "BookingFailed", &why, &[]),
        }
    }

    fn booked_entries_service(&mut self, request: &Request, path: &[&str]) -> Response {
        match (request.method.as_str(), path) {
            ("POST", ["booked-entries", "match"]) => self.match_entries(request),
            ("GET", ["booked-entries", rest @ ..]) => {
                let items = self.ledger.entries().iter().map(booked_entry).collect();
                self.openapi_list(request, rest, items, BOOKED_ENTRY_FIELDS)
            }
            _ => missing(),
        }
    }

    fn match_entries(&mut self, request: &Request) -> Response {
        let body = super::read_body(request).unwrap_or_default();
        let numbers: Vec<u32> = body
            .items("entryIds")
            .iter()
            .filter_map(|number| u32::try_from(number.as_integer()?).ok())
            .collect();
        let refused = |code: &str| error::problem(400, code, "The entries cannot be matched.", &[]);
        if numbers.is_empty() {
            return refused("ENTRYMATCHING_ERROR_SELECTATLEASTONEENTRY");
        }
        let found: Vec<&Entry> =
            self.ledger.entries().iter().filter(|entry| numbers.contains(&entry.number)).collect();
        if found.len() != numbers.len() {
            return refused("ENTRYMATCHING_ERROR_ENTRIESNOTFOUND");
        }
        if found.iter().any(|entry| entry.customer.is_none()) {
            return refused("ENTRYMATCHING_ERROR_NO_CUSTOMER_OR_SUPPLIER_ENTRIES");
        }
        let one_customer = found
            .windows(2)
            .all(|pair| pair[0].customer == pair[1].customer && pair[0].currency == pair[1].currency);
        let opposite =
            found.iter().any(|entry| entry.remainder.is_sign_positive() && !entry.remainder.is_zero())
                && found.iter().any(|entry| entry.remainder.is_sign_negative());
        if !one_customer || !opposite {
            return refused("ENTRYMATCHING_ERROR_NO_MATCHES");
        }
        let invoices: Vec<u32> = found.iter().filter_map(|entry| entry.invoice).collect();
        self.ledger.settle_entries(&numbers);
        invoices.into_iter().for_each(|invoice| self.refresh_remainders(invoice));
        Response::empty(204)
    }

    fn years_service(&self, request: &Request, path: &[&str]) -> Response {
        let years: Vec<Json> = self.master.years.iter().map(year).collect();
        match (request.method.as_str(), path) {
            ("GET", ["accountingyears", "periods", rest @ ..]) => {
                let periods = self
                    .master
                    .years
                    .iter()
                    .flat_map(|year| year.periods.iter().map(move |item| period(year, item)));
                self.openapi_list(
                    request,
                    rest,
                    periods.collect(),
                    &["periodNumber", "year", "dateFrom", "dateTo"],
                )
            }
            ("GET", ["accountingyears", rest @ ("paged" | "count")]) => {
                self.openapi_list(request, &[rest], years, &["year", "dateFrom", "dateTo"])
            }
            ("GET", ["accountingyears", key]) => {
                let found = years.into_iter().find(|year| year.text("year") == Some(key));
                found.map_or_else(missing, |year| Response::json(200, &year))
            }
            _ => missing(),
        }
    }

    /// A collection behind a cursor, as pages, or as a count.
    pub(super) fn openapi_list(
        &self,
        request: &Request,
        mode: &[&str],
        items: Vec<Json>,
        allowed: &[&str],
    ) -> Response {
        let mut found = items;
        if let Some(text) = request.parameter("filter").filter(|text| !text.is_empty()) {
            match filter::parse(&text, allowed, &self.quirks) {
                Ok(filter) => found.retain(|item| filter.matches(item)),
                Err(_) => return error::problem(400, "BadFilterRequest", "The filter is not valid.", &[]),
            }
        }
        match mode {
            [] => self.answer_cursor(request, found),
            ["paged"] => self.answer_paged(request, found),
            ["count"] => Response::text(200, "application/json", found.len().to_string()),
            _ => missing(),
        }
    }

    fn answer_cursor(&self, request: &Request, mut found: Vec<Json>) -> Response {
        if !self.quirks.has(Quirk::CursorIgnoresSort) {
            found = sorted(request, found);
        }
        let start = request.parameter("cursor").and_then(|cursor| cursor.parse::<usize>().ok()).unwrap_or(0);
        let next = start.saturating_add(CURSOR_PAGE);
        let more = next < found.len();
        let items: Vec<Json> = found.into_iter().skip(start).take(CURSOR_PAGE).collect();
        let mut body = object! { "items": items };
        if more {
            body.set("cursor", next.to_string());
        }
        Response::json(200, &body)
    }

    fn answer_paged(&self, request: &Request, found: Vec<Json>) -> Response {
        let number = |names: [&str; 2], default: usize| {
            let text = names.iter().find_map(|name| request.parameter(name));
            text.map_or(Some(default), |text| text.parse::<usize>().ok())
        };
        let (Some(page), Some(size)) =
            (number(["skipPages", "skippages"], 0), number(["pageSize", "pagesize"], 20))
        else {
            return error::problem(400, "BadRequest", "Paging needs whole numbers.", &[]);
        };
        if size == 0 || size > MAX_PAGE || page.saturating_mul(size) >= PAGED_REACH {
            return error::problem(400, "BadRequest", "The page is out of reach.", &[]);
        }
        let items = sorted(request, found).into_iter().skip(page * size).take(size);
        Response::json(200, &Json::Array(items.collect()))
    }
}

fn sorted(request: &Request, items: Vec<Json>) -> Vec<Json> {
    let Some(sort) = request.parameter("sort") else { return items };
    let mut items: Vec<Cow<'_, Json>> = items.into_iter().map(Cow::Owned).collect();
    collection::sort_items(&mut items, &sort);
    items.into_iter().map(Cow::into_owned).collect()
}

pub(super) fn missing() -> Response {
    error::problem(404, "NotFound", "Not found.", &[])
}

fn invalid(problems: &[EntryProblem]) -> Response {
    let code = problems.first().map_or("BadRequest", |problem| problem.1);
    error::problem(400, code, "The request does not pass validation.", problems)
}

fn optional_number(json: &mut Json, name: &str, number: Option<u32>) {
    if let Some(number) = number {
        json.set(name, number);
    }
}

fn draft_entry(entry: &DraftEntry) -> Json {
    let mut json = object! {
        "entryNumber": entry.number,
        "entryTypeNumber": entry.kind,
        "voucherNumber": entry.voucher,
        "journalNumber": entry.journal,
        "date": format!("{}T00:00:00Z", entry.date),
        "amount": Json::fixed(entry.amount, 2),
        "currency": &entry.currency,
        "exchangeRate": Json::fixed(entry.rate, 6),
        "text": &entry.text,
        "objectVersion": entry.version.to_string(),
    };
    optional_number(&mut json, "accountNumber", entry.account);
    optional_number(&mut json, "contraAccountNumber", entry.contra_account);
    optional_number(&mut json, "customerNumber", entry.customer);
    if let Some(invoice) = entry.customer_invoice {
        json.set("customerInvoiceNumber", invoice.to_string());
    }
    if let Some(code) = &entry.vat_code {
        json.set("vatCode", code);
    }
    json
}

fn booked_entry(entry: &Entry) -> Json {
    let mut json = object! {
        "entryNumber": entry.number,
        "accountNumber": entry.account,
        "amount": Json::fixed(entry.amount, 2),
        "amountInBaseCurrency": Json::fixed(entry.base_amount, 2),
        "currencyCode": &entry.currency,
        "date": format!("{}T00:00:00Z", entry.date),
        "text": &entry.text,
        "type": entry.kind.number(),
        "voucherNumber": entry.voucher,
        "remainder": Json::fixed(entry.remainder, 2),
        "objectVersion": "1",
    };
    optional_number(&mut json, "customerNumber", entry.customer);
    optional_number(&mut json, "customerInvoiceNumber", entry.invoice);
    if let Some(code) = &entry.vat_code {
        json.set("vatAccountNumber", code);
    }
    json
}

fn journal(journal: &super::Journal) -> Json {
    let mut json = object! {
        "number": journal.number,
        "name": &journal.name,
        "nextVoucherNumber": journal.next_voucher,
        "minimumVoucherNumber": 1,
        "maximumVoucherNumber": journal.maximum_voucher,
        "requireBalancePerVoucherId": journal.require_balance_per_voucher,
        "allowPartialBooking": true,
        "autoApprove": true,
        "balancingBehavior": false,
        "isStandingJournal": false,
        "lockVatCodes": false,
        "repeatText": false,
        "requireAdminApproval": false,
        "allowedEntryType": journal.allowed_entry_type,
        "objectVersion": "1",
    };
    optional_number(&mut json, "customerContraAccount", journal.customer_contra_account);
    json
}

fn year(year: &super::AccountingYear) -> Json {
    object! {
        "year": &year.year,
        "dateFrom": format!("{}T00:00:00Z", year.from),
        "dateTo": format!("{}T00:00:00Z", year.to),
        "isClosed": year.closed,
        "objectVersion": "1",
    }
}

fn period(year: &super::AccountingYear, period: &super::Period) -> Json {
    object! {
        "periodNumber": period.number,
        "year": &year.year,
        "dateFrom": format!("{}T00:00:00Z", period.from),
        "dateTo": format!("{}T00:00:00Z", period.to),
        "isClosed": period.closed,
        "isBarred": period.barred,
        "objectVersion": "1",
    }
}
