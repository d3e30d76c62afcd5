//! Draft invoices and order drafts: what a client may make, change and delete until it is booked.

use super::error::{self, Problem};
use super::quirks::Quirk;
use super::totals::{self, Totals};
use super::{Agreement, LEGACY, collection, schema};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The largest amount of a line; keeps every sum within what a decimal holds.
const MAX_LINE: Decimal = Decimal::from_parts(1_215_752_192, 23, 0, false, 0);

/// A draft invoice, an order draft or a booked invoice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    /// As the server shows it, lines included.
    pub json: Json,
    /// As it was priced.
    pub totals: Totals,
    /// When it was made.
    pub created: Timestamp,
    /// From when filtered searches see it.
    pub visible_from: Timestamp,
}

/// Which collection of documents a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Invoice,
    Order,
}

impl Family {
    pub(super) fn key(self) -> &'static str {
        match self {
            Family::Invoice => "draftInvoiceNumber",
            Family::Order => "orderNumber",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Family::Invoice => "invoices/drafts",
            Family::Order => "orders/drafts",
        }
    }
}

impl Agreement {
    pub(super) fn drafts(
        &mut self,
        now: Timestamp,
        request: &Request,
        family: Family,
        rest: &[&str],
    ) -> Response {
        match (request.method.as_str(), rest) {
            ("GET", []) => self.list_drafts(now, request, family),
            ("POST", []) => self.create_draft(now, request, family),
            ("DELETE", []) => self.delete_all_drafts(family),
            (method, [number, tail @ ..]) => {
                let Some(number) = number.parse::<u32>().ok().filter(|number| *number > 0) else {
                    return error::not_found();
                };
                match (method, tail) {
                    ("GET", []) => self
                        .store(family)
                        .get(&number)
                        .map_or_else(error::not_found, |draft| Response::json(200, &draft.json)),
                    ("GET", ["pdf"]) if self.store(family).contains_key(&number) => {
                        super::pdf(&format!("Draft {number}"))
                    }
                    ("PUT", []) => self.replace_draft(now, request, family, number),
                    ("DELETE", []) => self.delete_draft(family, number),
                    _ => error::not_found(),
                }
            }
            _ => error::plain(405, None, "Method not allowed."),
        }
    }

    fn store(&self, family: Family) -> &BTreeMap<u32, Document> {
        match family {
            Family::Invoice => &self.drafts,
            Family::Order => &self.orders,
        }
    }

    fn store_mut(&mut self, family: Family) -> &mut BTreeMap<u32, Document> {
        match family {
            Family::Invoice => &mut self.drafts,
            Family::Order => &mut self.orders,
        }
    }

    fn list_drafts(&self, now: Timestamp, request: &Request, family: Family) -> Response {
        let filter = request.parameter("filter").unwrap_or_default();
        let by_terms = filter.contains("paymentTerms.paymentTermsNumber");
        if family == Family::Order && by_terms && self.quirks.has(Quirk::OrdersByPaymentTermsFail) {
            return error::plain(500, None, "Internal server error.");
        }
        let mut allowed = vec![family.key(), "lastUpdated"];
        allowed.extend(collection::DOCUMENT_FIELDS);
        let items =
            self.store(family).values().map(|draft| (Cow::Borrowed(&draft.json), draft.visible_from <= now));
        self.collection(request, items, &allowed)
    }

    fn create_draft(&mut self, now: Timestamp, request: &Request, family: Family) -> Response {
        let clean = match self.read_document(request) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        self.next_draft += 1;
        let number = self.next_draft;
        let draft = self.make_draft(now, family, number, clean);
        let shown = draft.json.clone();
        self.insert_draft(family, number, draft);
        self.created(&shown)
    }

    fn replace_draft(&mut self, now: Timestamp, request: &Request, family: Family, number: u32) -> Response {
        let existing = self.store(family).get(&number).map(|draft| draft.json.clone());
        if existing.is_none() && !self.quirks.has(Quirk::PutUpserts) {
            return error::not_found();
        }
        let request = keeping_layout(request, existing.as_ref());
        let mut clean = match self.read_document(&request) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        if let Some(existing) = existing.as_ref().filter(|_| !self.quirks.has(Quirk::PutReplaces)) {
            clean = super::merged(existing, &clean);
        }
        self.next_draft = self.next_draft.max(number);
        self.remove_draft(family, number);
        let draft = self.make_draft(now, family, number, clean);
        let shown = draft.json.clone();
        self.insert_draft(family, number, draft);
        if existing.is_some() { Response::json(200, &shown) } else { self.created(&shown) }
    }

    fn insert_draft(&mut self, family: Family, number: u32, draft: Document) {
        if family == Family::Order {
            self.reserve_stock(&draft.totals, Decimal::ONE);
        }
        self.store_mut(family).insert(number, draft);
    }

    /// Takes a draft away, with its claim on the stock.
    pub(super) fn remove_draft(&mut self, family: Family, number: u32) -> Option<Document> {
        let draft = self.store_mut(family).remove(&number)?;
        if family == Family::Order {
            self.reserve_stock(&draft.totals, Decimal::NEGATIVE_ONE);
        }
        Some(draft)
    }

    fn reserve_stock(&mut self, totals: &Totals, sign: Decimal) {
        let stamp = self.last_updated(self.clock);
        for line in &totals.lines {
            if let Some(product) = line.product.as_ref().and_then(|number| self.products.get_mut(number)) {
                product.ordered_by_customers += sign * line.quantity;
                product.json.set("lastUpdated", &stamp);
            }
        }
    }

    fn delete_draft(&mut self, family: Family, number: u32) -> Response {
        match self.remove_draft(family, number) {
            Some(_) => self.deleted_drafts(1),
            None => error::not_found(),
        }
    }

    fn delete_all_drafts(&mut self, family: Family) -> Response {
        if !self.quirks.has(Quirk::DeleteWithoutIdDeletesAll) {
            return error::plain(405, None, "Method not allowed.");
        }
        let numbers: Vec<u32> = self.store(family).keys().copied().collect();
        numbers.iter().for_each(|number| {
            self.remove_draft(family, *number);
        });
        self.deleted_drafts(numbers.len())
    }

    fn deleted_drafts(&self, count: usize) -> Response {
        if !self.quirks.has(Quirk::DeleteDraftAnswers200) {
            return Response::empty(204);
        }
        Response::json(
            200,
            &object! { "message": format!("Deleted {count} draft(s)."), "deletedCount": count },
        )
    }

    /// Checks everything about a document before any of it is kept.
    fn read_document(&self, request: &Request) -> Result<Json, Response> {
        let body = super::read_body(request)?;
        let mut clean = schema::check(&body, schema::DOCUMENT, &self.quirks)
            .map_err(|problems| error::invalid(&problems))?;
        let mut problems = Vec::new();
        self.check_references(&clean, "", &mut problems);
        for (index, line) in clean.items("lines").iter().enumerate() {
            self.check_line(line, index, &mut problems);
        }
        self.settle_due_date(&mut clean, &mut problems);
        if problems.is_empty() { Ok(clean) } else { Err(error::invalid(&problems)) }
    }

    fn check_line(&self, line: &Json, index: usize, problems: &mut Vec<Problem>) {
        let at = |field: &str| format!("lines.{index}.{field}");
        self.check_references(line, &format!("lines.{index}."), problems);
        let product = line.text("product.productNumber");
        if product.is_none() && (line.get("quantity").is_some() || line.get("unitNetPrice").is_some()) {
            let message = "A line with quantity or unitNetPrice must have a product.";
            problems.push(Problem::new(at("product"), error::MISSING_VALUE, message, Json::Null));
        }
        let size = |field: &str, default: Decimal| line.decimal(field).unwrap_or(default).abs();
        if size("quantity", Decimal::ONE) * size("unitNetPrice", Decimal::ZERO) > MAX_LINE {
            problems.push(Problem::new(
                at("unitNetPrice"),
                error::UNLISTED,
                "The amount is too large.",
                Json::Null,
            ));
        }
        if size("discountPercentage", Decimal::ZERO) > Decimal::ONE_HUNDRED {
            problems.push(Problem::new(
                at("discountPercentage"),
                error::UNLISTED,
                "Must be at most 100.",
                Json::Null,
            ));
        }
        if product.is_some() && line.text("description").is_none() {
            problems.push(Problem::new(
                at("description"),
                error::MISSING_VALUE,
                "A value is required.",
                Json::Null,
            ));
        }
    }

    /// The due date follows from the payment term; only terms of type `dueDate` take one from the request.
    fn settle_due_date(&self, clean: &mut Json, problems: &mut Vec<Problem>) {
        let number =
            clean.integer("paymentTerms.paymentTermsNumber").and_then(|number| u32::try_from(number).ok());
        let Some(term) = number.and_then(|number| self.master.payment_terms.get(&number)) else { return };
        let Some(date) = clean.text("date").and_then(|date| date.parse::<jiff::civil::Date>().ok()) else {
            return;
        };
        let sent = clean.remove("dueDate");
        let day = sent.as_ref().and_then(|sent| sent.as_text()?.parse::<jiff::civil::Date>().ok());
        let is_early = term.kind == "dueDate" && day.is_some_and(|day| day < date);
        if is_early && self.quirks.has(Quirk::DueDatesBeforeTheDocumentAreRefused) {
            let message = "The due date must not be before the date of the document.";
            problems.push(Problem::new("dueDate", error::DUE_DATE_TOO_EARLY, message, sent));
            return;
        }
        let due = match term.kind.as_str() {
            "dueDate" if sent.is_some() => sent,
            "dueDate" if self.quirks.has(Quirk::DueDateTermsNeedDueDate) => {
                let message = "Payment terms of type dueDate require a due date.";
                problems.push(Problem::new("dueDate", error::DUE_DATE_MISSING, message, Json::Null));
                return;
            }
            "net" if sent.is_some() && !self.quirks.has(Quirk::NetTermsIgnoreDueDate) => sent,
            "net" => due_after(date, term.days),
            "invoiceMonth" => due_after(date.last_of_month(), term.days),
            "paidInCash" | "prepaid" | "creditcard" => None,
            _ => Some(Json::from(date.to_string())),
        };
        if let Some(due) = due {
            clean.set("dueDate", due);
        }
    }

    /// Prices a checked document and gives it the shape that the server shows.
    fn make_draft(&mut self, now: Timestamp, family: Family, number: u32, clean: Json) -> Document {
        let zone = clean
            .integer("recipient.vatZone.vatZoneNumber")
            .and_then(|zone| u32::try_from(zone).ok())
            .unwrap_or(0);
        let totals = totals::price(clean.items("lines"), zone, &self.master, self.vat_rounding, |product| {
            self.group_of(product)
        });
        let own = format!("{LEGACY}/{}/{number}", family.path());
        let mut json = Json::Object(Vec::new());
        json.set(family.key(), number);
        let handle = if family == Family::Invoice { "currentInvoiceHandle" } else { "orderHandle" };
        let mut soap = Json::Object(Vec::new());
        soap.set(handle, object! { "id": number });
        json.set("soap", soap);
        self.fill_document(&mut json, clean, &totals);
        if family == Family::Invoice {
            json.set("templates", object! { "bookingInstructions": format!("{own}/templates/booking-instructions"), "self": format!("{own}/templates") });
        }
        json.set("attachment", format!("{own}/attachment"));
        json.set("pdf", object! { "download": format!("{own}/pdf") });
        json.set("lastUpdated", self.last_updated(now));
        json.set("self", own);
        let visible_from = self.visible_from(now);
        Document { json, totals, created: now, visible_from }
    }

    /// The part of a document that drafts, orders and booked invoices share.
    fn fill_document(&self, json: &mut Json, mut clean: Json, totals: &Totals) {
        let lines = clean.remove("lines");
        let currency = clean.text("currency").unwrap_or_default().to_uppercase();
        let rate = clean.decimal("exchangeRate").unwrap_or_else(|| self.rate_of(&currency));
        let base = |amount: Decimal| Json::fixed(totals::round(amount * rate / Decimal::ONE_HUNDRED, 2), 2);
        json.set("date", clean.remove("date").unwrap_or_default());
        json.set("currency", currency);
        json.set("exchangeRate", Json::fixed(rate, 6));
        json.set("netAmount", Json::fixed(totals.net, 2));
        json.set("netAmountInBaseCurrency", base(totals.net));
        json.set("grossAmount", Json::fixed(totals.gross(), 2));
        json.set("grossAmountInBaseCurrency", base(totals.gross()));
        json.set("marginInBaseCurrency", base(totals.net));
        json.set("marginPercentage", Json::fixed(Decimal::ZERO, 2));
        json.set("vatAmount", Json::fixed(totals.vat, 2));
        json.set("roundingAmount", Json::fixed(Decimal::ZERO, 2));
        json.set("costPriceInBaseCurrency", Json::fixed(Decimal::ZERO, 2));
        if let Some(due) = clean.remove("dueDate") {
            json.set("dueDate", due);
        }
        clean.remove("exchangeRate");
        if let Json::Object(fields) = clean {
            for (name, value) in fields.into_iter().filter(|(name, _)| name != "currency") {
                json.set(&name, self.describe(&name, value));
            }
        }
        self.add_customer_number(json);
        if let Some(Json::Array(lines)) = lines {
            json.set(
                "lines",
                Json::Array(
                    lines
                        .into_iter()
                        .enumerate()
                        .map(|(index, line)| self.show_line(index, line, totals))
                        .collect(),
                ),
            );
        }
    }

    /// The server adds the customer's CVR number to the recipient.
    fn add_customer_number(&self, json: &mut Json) {
        let customer = json.integer("customer.customerNumber").and_then(|number| u32::try_from(number).ok());
        let customer = customer.and_then(|number| self.customers.get(&number));
        let cvr = customer.and_then(|customer| customer.text("corporateIdentificationNumber"));
        if let (Some(cvr), Some(recipient)) = (cvr, json.get_mut("recipient")) {
            recipient.set("cvr", cvr);
        }
    }

    fn describe(&self, name: &str, value: Json) -> Json {
        let number = |path: &str| value.integer(path).and_then(|number| u32::try_from(number).ok());
        match name {
            "paymentTerms" => {
                let term =
                    number("paymentTermsNumber").and_then(|number| self.master.payment_terms.get(&number));
                term.map_or(value, super::master::payment_term)
            }
            "recipient" => {
                let zone =
                    number("vatZone.vatZoneNumber").and_then(|number| self.master.vat_zones.get(&number));
                let mut value = value;
                if let Some(zone) = zone {
                    value.set("vatZone", super::master::vat_zone(zone));
                }
                value
            }
            _ => super::customers::with_self(name, value),
        }
    }

    fn show_line(&self, index: usize, line: Json, totals: &Totals) -> Json {
        let mut shown = object! { "lineNumber": index + 1, "sortKey": index + 1 };
        if let Json::Object(fields) = line {
            for (name, value) in fields {
                shown.set(&name, super::customers::with_self(&name, value));
            }
        }
        if let Some(priced) = totals.lines.get(index).filter(|priced| priced.product.is_some()) {
            shown.set("quantity", Json::fixed(priced.quantity, 2));
            for name in ["unitNetPrice", "discountPercentage", "unitCostPrice"] {
                let value = shown.decimal(name).unwrap_or_default();
                shown.set(name, Json::fixed(value, 2));
            }
            shown.set("totalNetAmount", Json::fixed(priced.net, 2));
        }
        shown
    }

    /// Base currency for 100 units.
    pub(super) fn rate_of(&self, currency: &str) -> Decimal {
        self.master
            .currencies
            .get(currency)
            .map_or(Decimal::ONE_HUNDRED, |currency| currency.rate_per_hundred)
    }

    /// Drafts, orders and booked invoices together.
    pub(super) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.drafts.values().chain(self.orders.values()).chain(self.booked.values())
    }

    /// Checks that what a checked body refers to exists; `prefix` stands before the paths in the problems.
    pub(super) fn check_references(&self, clean: &Json, prefix: &str, problems: &mut Vec<Problem>) {
        let number = |path: &str| clean.integer(path).and_then(|number| u32::try_from(number).ok());
        let master = &self.master;
        let mut check = |path: &str, exists: bool| {
            if !exists {
                let value = clean.path(path).cloned().unwrap_or_default();
                problems.push(Problem::new(
                    format!("{prefix}{path}"),
                    error::DOES_NOT_EXIST,
                    "Does not exist.",
                    value,
                ));
            }
        };
        if let Some(code) = clean.text("currency") {
            check("currency", master.currencies.contains_key(&code.to_uppercase()));
        }
        for (path, known) in [
            (
                "paymentTerms.paymentTermsNumber",
                number("paymentTerms.paymentTermsNumber").map(|n| master.payment_terms.contains_key(&n)),
            ),
            (
                "customerGroup.customerGroupNumber",
                number("customerGroup.customerGroupNumber").map(|n| master.customer_groups.contains_key(&n)),
            ),
            (
                "vatZone.vatZoneNumber",
                number("vatZone.vatZoneNumber").map(|n| master.vat_zones.contains_key(&n)),
            ),
            (
                "recipient.vatZone.vatZoneNumber",
                number("recipient.vatZone.vatZoneNumber").map(|n| master.vat_zones.contains_key(&n)),
            ),
            ("layout.layoutNumber", number("layout.layoutNumber").map(|n| master.layouts.contains_key(&n))),
            (
                "customer.customerNumber",
                number("customer.customerNumber").map(|n| self.customers.contains_key(&n)),
            ),
            ("unit.unitNumber", number("unit.unitNumber").map(|n| master.units.contains_key(&n))),
            (
                "productGroup.productGroupNumber",
                number("productGroup.productGroupNumber").map(|n| master.product_groups.contains_key(&n)),
            ),
            (
                "product.productNumber",
                clean.text("product.productNumber").map(|n| self.products.contains_key(n)),
            ),
            (
                "departmentalDistribution.departmentalDistributionNumber",
                number("departmentalDistribution.departmentalDistributionNumber")
                    .map(|n| master.departments.contains_key(&n)),
            ),
        ] {
            check(path, known.unwrap_or(true));
        }
        self.check_barred(clean, prefix, problems);
    }

    fn check_barred(&self, clean: &Json, prefix: &str, problems: &mut Vec<Problem>) {
        let barred = |json: Option<&Json>| {
            json.and_then(|json| json.get("barred")).and_then(Json::as_bool) == Some(true)
        };
        let customer = clean.integer("customer.customerNumber").and_then(|number| u32::try_from(number).ok());
        if let Some(number) = customer.filter(|number| barred(self.customers.get(number))) {
            let path = format!("{prefix}customer.customerNumber");
            problems.push(Problem::new(path, error::UNLISTED, "The customer is barred.", number));
        }
        let product = clean.text("product.productNumber");
        if let Some(number) =
            product.filter(|number| barred(self.products.get(*number).map(|product| &product.json)))
        {
            let path = format!("{prefix}product.productNumber");
            problems.push(Problem::new(path, error::UNLISTED, "The product is barred.", number));
        }
    }
}

fn due_after(date: jiff::civil::Date, days: i64) -> Option<Json> {
    date.checked_add(jiff::SignedDuration::from_hours(24 * days)).ok().map(|due| Json::from(due.to_string()))
}

/// The vendor's schema of the PUT has no layout: a draft that is replaced keeps the one it was made with.
fn keeping_layout(request: &Request, existing: Option<&Json>) -> Request {
    let layout = existing.and_then(|draft| draft.get("layout"));
    match (Json::parse(&request.body), layout) {
        (Ok(mut body), Some(layout)) if body.get("layout").is_none() => {
            body.set("layout", layout.clone());
            Request { body: body.to_string().into_bytes(), ..request.clone() }
        }
        _ => request.clone(),
    }
}
