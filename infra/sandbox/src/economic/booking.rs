//! Booking: a draft becomes an invoice for ever, and the books get their entries.

use super::documents::{Document, Family};
use super::error::{self, Problem};
use super::ledger::{EntryKind, Heading, Leg};
use super::model::DateProblem;
use super::totals::round;
use super::{Agreement, LEGACY, collection, schema};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A mail or electronic invoice that booking sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The booked invoice.
    pub invoice: u32,
    /// `Email` or `EAN`.
    pub by: String,
    /// The mail address or the EAN number.
    pub to: String,
    /// When.
    pub at: Timestamp,
}

impl Agreement {
    pub(super) fn booked(&mut self, now: Timestamp, request: &Request, rest: &[&str]) -> Response {
        match (request.method.as_str(), rest) {
            ("GET", []) => self.list_booked(now, request, |_| true),
            ("POST", []) => self.book(now, request, None),
            (method, [number, tail @ ..]) => {
                let Some(number) = number.parse::<u32>().ok().filter(|number| *number > 0) else {
                    return error::not_found();
                };
                match (method, tail) {
                    ("PUT", []) => self.book(now, request, Some(number)),
                    ("GET", []) => self
                        .booked
                        .get(&number)
                        .map_or_else(error::not_found, |invoice| Response::json(200, &invoice.json)),
                    ("GET", ["pdf"]) if self.booked.contains_key(&number) => {
                        super::pdf(&format!("Invoice {number}"))
                    }
                    ("GET", ["sent"]) => self.list_sent(request, number),
                    _ => error::not_found(),
                }
            }
            _ => error::plain(405, None, "Method not allowed."),
        }
    }

    fn list_sent(&self, request: &Request, number: u32) -> Response {
        let items = self.sent.iter().filter(|sent| sent.invoice == number).map(|sent| {
            (
                Cow::Owned(
                    object! { "invoiceNumber": number, "sentBy": &sent.by, "date": sent.at.to_string() },
                ),
                true,
            )
        });
        self.collection(request, items, &[])
    }

    /// `paid`, `unpaid`, `overdue` and `not-due`.
    pub(super) fn list_by_payment(&self, now: Timestamp, request: &Request, which: &str) -> Response {
        let today = jiff::tz::TimeZone::UTC.to_datetime(now).date().to_string();
        self.list_booked(now, request, |invoice| {
            let open = invoice.json.decimal("remainder").is_some_and(|remainder| !remainder.is_zero());
            let due = invoice.json.text("dueDate").unwrap_or_default();
            match which {
                "paid" => !open,
                "unpaid" => open,
                "overdue" => open && due < today.as_str(),
                _ => open && due >= today.as_str(),
            }
        })
    }

    fn list_booked(&self, now: Timestamp, request: &Request, wanted: impl Fn(&Document) -> bool) -> Response {
        let mut allowed = vec!["bookedInvoiceNumber", "recipient.vatZone.vatZoneNumber"];
        allowed.extend(collection::DOCUMENT_FIELDS);
        let items = self
            .booked
            .values()
            .filter(|invoice| wanted(invoice))
            .map(|invoice| (Cow::Borrowed(&invoice.json), invoice.visible_from <= now));
        self.collection(request, items, &allowed)
    }

    fn book(&mut self, now: Timestamp, request: &Request, in_path: Option<u32>) -> Response {
        let order = match self.read_booking(request, in_path) {
            Ok(order) => order,
            Err(refusal) => return refusal,
        };
        let Some(draft) = self.remove_draft(Family::Invoice, order.draft) else { return error::not_found() };
        let number = order
            .number
            .unwrap_or_else(|| self.booked.keys().next_back().map_or(self.first_invoice, |last| last + 1));
        let invoice = self.make_booked(now, order.draft, number, draft);
        self.post_invoice(number, &invoice);
        self.lower_stock(&invoice);
        self.booked.insert(number, invoice);
        self.refresh_remainders(number);
        if let Some((by, to)) = order.send {
            self.sent.push(Sent { invoice: number, by, to, at: now });
        }
        let shown = self.booked.get(&number).map(|invoice| invoice.json.clone()).unwrap_or_default();
        self.created(&shown)
    }

    fn read_booking(&self, request: &Request, in_path: Option<u32>) -> Result<BookingOrder, Response> {
        let body = super::read_body(request)?;
        let clean = schema::check(&body, schema::BOOKING, &self.quirks)
            .map_err(|problems| error::invalid(&problems))?;
        let draft = clean
            .integer("draftInvoice.draftInvoiceNumber")
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(0);
        let number =
            in_path.or_else(|| clean.integer("bookWithNumber").and_then(|number| u32::try_from(number).ok()));
        if let Some(taken) = number.filter(|number| self.booked.contains_key(number)) {
            let message = "An invoice with this number has been booked.";
            return Err(error::invalid(&[Problem::new("bookWithNumber", error::UNLISTED, message, taken)]));
        }
        let Some(found) = self.drafts.get(&draft) else {
            let path = "draftInvoice.draftInvoiceNumber";
            return Err(error::invalid(&[Problem::new(
                path,
                error::DOES_NOT_EXIST,
                "Does not exist.",
                draft,
            )]));
        };
        self.check_booking_date(&found.json)?;
        let mut problems = Vec::new();
        self.check_barred_again(&found.json, &mut problems);
        let send = self.recipient_of(&clean, &found.json, &mut problems);
        if problems.is_empty() {
            Ok(BookingOrder { draft, number, send })
        } else {
            Err(error::invalid(&problems))
        }
    }

    fn check_booking_date(&self, draft: &Json) -> Result<(), Response> {
        let date = draft.text("date").and_then(|date| date.parse().ok()).ok_or_else(error::not_found)?;
        let message = match self.master.check_date(date) {
            Ok(()) => return Ok(()),
            Err(DateProblem::NoYear) => "The date is not in an accounting year.",
            Err(DateProblem::YearClosed) => "The accounting year is closed.",
            Err(DateProblem::PeriodClosed) => "The period is closed.",
            Err(DateProblem::PeriodBarred) => "The period is barred.",
        };
        Err(error::invalid(&[Problem::new("date", error::UNLISTED, message, date.to_string())]))
    }

    fn check_barred_again(&self, draft: &Json, problems: &mut Vec<Problem>) {
        self.check_references(draft, "", problems);
        for (index, line) in draft.items("lines").iter().enumerate() {
            self.check_references(line, &format!("lines.{index}."), problems);
        }
    }

    fn recipient_of(
        &self,
        clean: &Json,
        draft: &Json,
        problems: &mut Vec<Problem>,
    ) -> Option<(String, String)> {
        let by = clean.text("sendBy").filter(|by| *by != "none")?;
        let customer = draft.integer("customer.customerNumber").and_then(|number| u32::try_from(number).ok());
        let customer = customer.and_then(|number| self.customers.get(&number));
        let to = match by {
            "Email" => customer.and_then(|customer| customer.text("email")),
            _ => draft.text("recipient.ean").or_else(|| customer.and_then(|customer| customer.text("ean"))),
        };
        let to = to.filter(|to| !to.is_empty());
        if to.is_none() {
            problems.push(Problem::new(
                "sendBy",
                error::MISSING_VALUE,
                "The customer has no address for it.",
                by,
            ));
        }
        Some((by.to_string(), to?.to_string()))
    }

    fn make_booked(&mut self, now: Timestamp, draft_number: u32, number: u32, draft: Document) -> Document {
        let own = format!("{LEGACY}/invoices/booked/{number}");
        let mut json = object! { "bookedInvoiceNumber": number, "orderNumber": draft_number };
        if let Json::Object(fields) = draft.json {
            let dropped = [
                "draftInvoiceNumber",
                "soap",
                "templates",
                "attachment",
                "lastUpdated",
                "marginInBaseCurrency",
            ];
            let also = ["marginPercentage", "costPriceInBaseCurrency"];
            for (name, value) in fields
                .into_iter()
                .filter(|(name, _)| !dropped.contains(&name.as_str()) && !also.contains(&name.as_str()))
            {
                json.set(&name, value);
                if name == "roundingAmount" {
                    json.set("remainder", Json::fixed(Decimal::ZERO, 2));
                    json.set("remainderInBaseCurrency", Json::fixed(Decimal::ZERO, 2));
                }
            }
        }
        if let Some(Json::Array(lines)) = json.get_mut("lines") {
            for (line, priced) in lines.iter_mut().zip(&draft.totals.lines) {
                if priced.product.is_some() {
                    line.set("vatRate", Json::fixed(priced.vat_rate, 6));
                    line.set("vatAmount", Json::fixed(round(priced.vat, 2), 2));
                }
            }
        }
        json.set("pdf", object! { "download": format!("{own}/pdf") });
        json.set("sent", format!("{own}/sent"));
        json.set("self", own);
        let visible_from = self.visible_from(now);
        Document { json, totals: draft.totals, created: now, visible_from }
    }

    /// Receivable, sales by account and VAT code, VAT by code; then what the payment term settles.
    fn post_invoice(&mut self, number: u32, invoice: &Document) {
        let customer = invoice
            .json
            .integer("customer.customerNumber")
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(0);
        let heading = self.heading(number, invoice, EntryKind::CustomerInvoice);
        let mut legs = vec![self.receivable(customer, Some(number), invoice.totals.gross())];
        let mut sales: BTreeMap<(u32, Option<String>), Decimal> = BTreeMap::new();
        for line in invoice.totals.lines.iter().filter(|line| !line.net.is_zero()) {
            *sales.entry((line.account.unwrap_or(0), line.vat_code.clone())).or_default() += line.net;
        }
        for ((account, vat_code), net) in sales {
            legs.push(Leg::on(account, -net, vat_code));
        }
        for (code, vat) in &invoice.totals.vat_by_code {
            let account = self.master.vat_accounts.get(code).map_or(0, |account| account.account);
            legs.push(Leg::on(account, -*vat, Some(code.clone())));
        }
        self.post(&heading, &legs);
        self.post_settlement(number, invoice, customer);
    }

    fn heading(&self, number: u32, invoice: &Document, kind: EntryKind) -> Heading {
        Heading {
            voucher: number,
            kind,
            date: invoice.json.text("date").and_then(|date| date.parse().ok()).unwrap_or_default(),
            currency: invoice.json.text("currency").unwrap_or_default().to_string(),
            rate: invoice.json.decimal("exchangeRate").unwrap_or(Decimal::ONE_HUNDRED),
            text: format!("Invoice {number}"),
            rounding_account: self.master.rounding_account,
        }
    }

    /// A leg on the customer's receivable account.
    pub(super) fn receivable(&self, customer: u32, invoice: Option<u32>, amount: Decimal) -> Leg {
        let group = self
            .customers
            .get(&customer)
            .and_then(|customer| customer.integer("customerGroup.customerGroupNumber"));
        let group = group
            .and_then(|group| u32::try_from(group).ok())
            .and_then(|group| self.master.customer_groups.get(&group));
        Leg {
            account: group.map_or(0, |group| group.account),
            amount,
            vat_code: None,
            customer: Some(customer),
            invoice,
            own: None,
        }
    }

    fn post_settlement(&mut self, number: u32, invoice: &Document, customer: u32) {
        let term = invoice
            .json
            .integer("paymentTerms.paymentTermsNumber")
            .and_then(|number| u32::try_from(number).ok());
        let Some(term) = term.and_then(|term| self.master.payment_terms.get(&term)).cloned() else { return };
        let mut open = invoice.totals.gross();
        let share = |percentage: Decimal, open: Decimal| {
            let part = round(invoice.totals.gross() * percentage / Decimal::ONE_HUNDRED, 2);
            if part.abs() > open.abs() { open } else { part }
        };
        let mut legs = Vec::new();
        for (account, percentage) in
            [term.contra_for_prepaid, term.contra_for_remainder].into_iter().flatten()
        {
            let part = share(percentage, open);
            open -= part;
            legs.push(Leg::on(account, part, None));
        }
        if let Some(company) = term.credit_card_company {
            let leg = self.receivable(company, Some(number), open);
            open = Decimal::ZERO;
            legs.push(leg);
        }
        let settled = invoice.totals.gross() - open;
        if settled.is_zero() {
            return;
        }
        legs.push(self.receivable(customer, Some(number), -settled));
        let heading = self.heading(number, invoice, EntryKind::CustomerPayment);
        self.post(&heading, &legs);
        self.ledger.settle(customer, number);
    }

    /// Posts legs that this crate itself made, so that they balance; a difference would be its own fault.
    pub(super) fn post(&mut self, heading: &Heading, legs: &[Leg]) -> Vec<u32> {
        let posted = self.ledger.post(heading, legs);
        assert!(posted.is_ok(), "unbalanced by {posted:?}");
        posted.unwrap_or_default()
    }

    fn lower_stock(&mut self, invoice: &Document) {
        let stamp = self.last_updated(self.clock);
        for line in &invoice.totals.lines {
            if let Some(product) = line.product.as_ref().and_then(|number| self.products.get_mut(number)) {
                product.in_stock -= line.quantity;
                product.json.set("lastUpdated", &stamp);
            }
        }
    }

    /// Brings the remainder of an invoice and the balance of its customer up to the books.
    pub(super) fn refresh_remainders(&mut self, number: u32) {
        let Some(invoice) = self.booked.get_mut(&number) else { return };
        let customer = invoice
            .json
            .integer("customer.customerNumber")
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(0);
        let open = self.ledger.open_on_invoice(customer, number);
        let rate = invoice.json.decimal("exchangeRate").unwrap_or(Decimal::ONE_HUNDRED);
        invoice.json.set("remainder", Json::fixed(open, 2));
        invoice
            .json
            .set("remainderInBaseCurrency", Json::fixed(round(open * rate / Decimal::ONE_HUNDRED, 2), 2));
        let balance = self.ledger.balance_of_customer(customer);
        if let Some(customer) = self.customers.get_mut(&customer) {
            customer.set("balance", Json::fixed(balance, 2));
        }
    }
}

struct BookingOrder {
    draft: u32,
    number: Option<u32>,
    send: Option<(String, String)>,
}
