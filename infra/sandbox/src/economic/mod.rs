//! The stand-in for e-conomic: legacy REST and the OpenAPI services over one agreement with real double-entry books.
//!
//! Written from the vendor's schemas and from what others measured on live agreements, never from a client of ours:
//! it is the oracle that says what a client did. It validates, prices and posts by itself.

pub(crate) mod access;
mod attachments;
mod booking;
mod collection;
mod customers;
mod documents;
mod error;
mod filter;
mod hledger;
mod journals;
mod ledger;
mod master;
mod model;
mod openapi;
mod products;
mod quirks;
mod schema;
mod totals;

pub use access::Bucket;
pub use attachments::Attached;
pub use booking::Sent;
pub use documents::Document;
pub use filter::{Filter, FilterError, Operator, parse as parse_filter};
pub use journals::{CustomerPaymentSign, DraftEntry};
pub use ledger::{Entry, EntryKind, Ledger};
pub use model::{
    Account, AccountingYear, Currency, CustomerGroup, DateProblem, Journal, MasterData, Named, PaymentTerm,
    Period, ProductGroup, VatAccount, VatZone,
};
pub use products::Product;
pub use quirks::{Quirk, Quirks};
pub use totals::{PricedLine, Totals, VatRounding, round};

use crate::http::{Request, Response};
use crate::json::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The address that links in answers start with.
pub const LEGACY: &str = "https://restapi.e-conomic.com";

/// One agreement: a merchant's books, with the access to them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Agreement {
    /// The agreement's number.
    pub number: u32,
    /// The company's name.
    pub company: String,
    /// The app's secret, `X-AppSecretToken`.
    pub app_secret_token: String,
    /// The merchant's grant, `X-AgreementGrantToken`.
    pub agreement_grant_token: String,
    /// Whether the merchant has withdrawn the grant.
    pub revoked: bool,
    /// When VAT is rounded.
    pub vat_rounding: VatRounding,
    /// Which behaviours of the live server are on.
    pub quirks: Quirks,
    /// Whether the Inventory module is there.
    pub inventory_module: bool,
    /// Which sign a received customer payment has; no source settles it.
    pub customer_payment_sign: CustomerPaymentSign,
    /// Booking a customer's payment leaves it and its invoice open, until they are matched; no source settles it.
    #[serde(default)]
    pub payments_stay_open: bool,
    /// Accounts, zones, groups, terms and the rest.
    pub master: MasterData,
    /// Customers by number, as the server shows them.
    pub customers: BTreeMap<u32, Json>,
    /// Products by number.
    pub products: BTreeMap<String, Product>,
    /// Draft invoices by number.
    pub drafts: BTreeMap<u32, Document>,
    /// Order drafts by number.
    pub orders: BTreeMap<u32, Document>,
    /// Booked invoices by number.
    pub booked: BTreeMap<u32, Document>,
    /// Unbooked journal entries by number.
    pub draft_entries: BTreeMap<u32, DraftEntry>,
    /// Files on vouchers by their numbers.
    #[serde(default)]
    pub attached: BTreeMap<u32, Attached>,
    /// The books.
    pub ledger: Ledger,
    /// Mails and electronic invoices that booking sent.
    pub sent: Vec<Sent>,
    /// The first number of the invoice series.
    pub first_invoice: u32,
    /// How long a new document, customer or product stays invisible to filtered searches.
    pub lookup_lag_seconds: i64,
    /// The same for the next document only.
    pub lag_of_next_document: Option<i64>,
    /// The call budget.
    pub bucket: Bucket,
    next_draft: u32,
    next_entry: u32,
    highest_customer: u32,
    idempotency: BTreeMap<String, access::CachedAnswer>,
    /// From when filtered searches see a customer or product that was made under a lag.
    hidden: BTreeMap<String, Timestamp>,
    /// The time of the latest request.
    clock: Timestamp,
}

impl Agreement {
    /// An agreement with these tokens and master data, and nothing in it.
    pub fn new(number: u32, company: &str, tokens: (&str, &str), master: MasterData) -> Agreement {
        Agreement {
            number,
            company: company.to_string(),
            app_secret_token: tokens.0.to_string(),
            agreement_grant_token: tokens.1.to_string(),
            revoked: false,
            vat_rounding: VatRounding::default(),
            quirks: Quirks::default(),
            inventory_module: false,
            customer_payment_sign: CustomerPaymentSign::default(),
            payments_stay_open: false,
            master,
            customers: BTreeMap::new(),
            products: BTreeMap::new(),
            drafts: BTreeMap::new(),
            orders: BTreeMap::new(),
            booked: BTreeMap::new(),
            draft_entries: BTreeMap::new(),
            attached: BTreeMap::new(),
            ledger: Ledger::default(),
            sent: Vec::new(),
            first_invoice: 1,
            lookup_lag_seconds: 0,
            lag_of_next_document: None,
            bucket: Bucket::default(),
            next_draft: 0,
            next_entry: 0,
            highest_customer: 0,
            idempotency: BTreeMap::new(),
            hidden: BTreeMap::new(),
            clock: Timestamp::UNIX_EPOCH,
        }
    }

    /// Answers a request whose path starts with `/economic/rest/` or `/economic/apis/`.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Response {
        self.clock = self.clock.max(now);
        if let Err(refusal) = self.authorise(request) {
            return refusal;
        }
        if let Err(refusal) = self.charge(now, request) {
            return self.with_rate_headers(refusal, request);
        }
        if let Some(answer) = self.replay(now, request) {
            return self.with_rate_headers(answer, request);
        }
        let answer = self.dispatch(now, request);
        self.remember(now, request, &answer);
        self.with_rate_headers(answer, request)
    }

    fn dispatch(&mut self, now: Timestamp, request: &Request) -> Response {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["economic", "rest", rest @ ..] => self.legacy(now, request, rest),
            ["economic", "apis", service, version, rest @ ..] if version.starts_with('v') => {
                self.openapi(request, service, rest)
            }
            _ => error::not_found(),
        }
    }

    fn legacy(&mut self, now: Timestamp, request: &Request, path: &[&str]) -> Response {
        match path {
            ["self"] => self.own_description(),
            ["customers", number, "invoices", kind @ ("drafts" | "booked")] => {
                self.invoices_of(now, request, number, kind)
            }
            ["customers", rest @ ..] => self.customers(now, request, rest),
            ["products", rest @ ..] => self.products(now, request, rest),
            ["invoices", "drafts", rest @ ..] => self.drafts(now, request, documents::Family::Invoice, rest),
            ["orders", "drafts", rest @ ..] => self.drafts(now, request, documents::Family::Order, rest),
            ["orders", "sent" | "archived"] => {
                self.collection(request, std::iter::empty(), collection::DOCUMENT_FIELDS)
            }
            ["invoices", "booked", rest @ ..] => self.booked(now, request, rest),
            ["invoices", which @ ("paid" | "unpaid" | "overdue" | "not-due")] => {
                self.list_by_payment(now, request, which)
            }
            ["journals", number, rest @ ..] if !rest.is_empty() => self.legacy_journal(request, number, rest),
            _ => self.master(request, path),
        }
    }

    fn invoices_of(&self, now: Timestamp, request: &Request, number: &str, kind: &str) -> Response {
        let store = if kind == "drafts" { &self.drafts } else { &self.booked };
        let of_customer = |document: &&Document| {
            document.json.integer("customer.customerNumber").is_some_and(|found| found.to_string() == number)
        };
        let items = store
            .values()
            .filter(of_customer)
            .map(|document| (std::borrow::Cow::Borrowed(&document.json), document.visible_from <= now));
        let mut allowed = vec![if kind == "drafts" { "draftInvoiceNumber" } else { "bookedInvoiceNumber" }];
        allowed.extend(collection::DOCUMENT_FIELDS);
        self.collection(request, items, &allowed)
    }

    fn own_description(&self) -> Response {
        let mut modules = vec![
            crate::object! { "moduleNumber": 1, "name": "Basis", "self": format!("{LEGACY}/modules/1") },
        ];
        if self.inventory_module {
            modules.push(
                crate::object! { "moduleNumber": 2, "name": "Lager", "self": format!("{LEGACY}/modules/2") },
            );
        }
        let body = crate::object! {
            "agreementNumber": self.number,
            "agreementType": crate::object! { "agreementTypeNumber": 1, "name": "Basic" },
            "userName": "API",
            "company": crate::object! { "name": &self.company, "country": "Danmark" },
            "application": crate::object! { "appNumber": 1, "name": "Bogbro", "requiredRoles": Json::Array(Vec::new()) },
            "settings": crate::object! { "baseCurrency": &self.master.base_currency },
            "canSendElectronicInvoice": true,
            "modules": modules,
            "self": format!("{LEGACY}/self"),
        };
        Response::json(200, &body)
    }

    /// The answer to a create.
    fn created(&self, body: &Json) -> Response {
        let status = if self.quirks.has(Quirk::PostAnswers201) { 201 } else { 200 };
        let answer = Response::json(status, body);
        match body.text("self") {
            Some(link) if status == 201 => answer.with_header("Location", link),
            _ => answer,
        }
    }

    /// From when filtered searches see what is made now.
    fn visible_from(&mut self, now: Timestamp) -> Timestamp {
        let lag = self.lag_of_next_document.take().unwrap_or(self.lookup_lag_seconds);
        now.checked_add(jiff::SignedDuration::from_secs(lag)).unwrap_or(Timestamp::MAX)
    }

    fn hide_for_lag(&mut self, now: Timestamp, key: String) {
        let from = self.visible_from(now);
        if from > now {
            self.hidden.insert(key, from);
        }
    }

    fn is_visible(&self, now: Timestamp, key: &str) -> bool {
        self.hidden.get(key).is_none_or(|from| *from <= now)
    }

    fn last_updated(&self, now: Timestamp) -> String {
        let stamp = now.round(jiff::Unit::Second).unwrap_or(now).to_string();
        if self.quirks.has(Quirk::LastUpdatedIsTimestamp) { stamp } else { stamp[..10].to_string() }
    }
}

fn read_body(request: &Request) -> Result<Json, Response> {
    Json::parse(&request.body)
        .map_err(|what| error::plain(400, Some(error::UNLISTED), &format!("Malformed JSON: {what}.")))
}

/// The fields of `changes` over those of `existing`.
fn merged(existing: &Json, changes: &Json) -> Json {
    let mut merged = existing.clone();
    if let Json::Object(fields) = changes {
        fields.iter().for_each(|(name, value)| merged.set(name, value));
    }
    merged
}

/// A small but whole PDF that says what it stands for.
fn pdf(text: &str) -> Response {
    let stream = format!("BT /F1 24 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_string(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_string(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_string(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_string(),
    ];
    let mut body = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(body.len());
        body.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let start = body.len();
    body.push_str("xref\n0 6\n0000000000 65535 f \n");
    offsets.iter().for_each(|offset| body.push_str(&format!("{offset:010} 00000 n \n")));
    body.push_str(&format!("trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    Response::text(200, "application/pdf", body)
}
