//! e-conomic through a scripted transport: each test says which requests must come, in order and to the letter, and what is
//! answered. The answers are written from the facts; the vendor's own samples and schemas are read in `contracts`.

mod bodies;
mod contracts;
mod customers;
mod documents;
mod entries;
mod journals;
mod limits;
mod master;
mod payments;
mod products;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::Failure;
use domain::customer::{Address, Customer, CustomerKind};
use domain::document::{Document, DocumentKind, DocumentLine, Recipient, Totals};
use domain::identity::{AgreementId, Effect, EffectKey, EntityId, EntityKind, MerchantId, TransferId};
use domain::money::{Currency, Money, Percentage};
use domain::plan::NewCustomer;
use rust_decimal::Decimal;

use crate::http::{Request, Response, Transport};

/// A transport that answers what the test scripted, and fails the test when another request comes.
pub(super) struct Script {
    steps: Mutex<VecDeque<(String, Result<Response, Failure>)>>,
    seen: Mutex<Vec<Request>>,
}

impl Script {
    pub(super) fn new(steps: Vec<(String, Result<Response, Failure>)>) -> Script {
        Script { steps: Mutex::new(steps.into()), seen: Mutex::new(Vec::new()) }
    }

    /// What was asked, after every scripted step has been.
    pub(super) fn finish(self) -> Vec<Request> {
        let left = self.steps.into_inner().expect("no test panicked before");
        assert!(left.is_empty(), "never asked: {:?}", left.iter().map(|(line, _)| line).collect::<Vec<_>>());
        self.seen.into_inner().expect("no test panicked before")
    }

    fn answer(&self, request: Request, writes: bool) -> Result<Response, Failure> {
        let line = line_of(&request);
        assert_eq!(writes, !line.starts_with("GET"), "reads and writes go their own ways: {line}");
        let step = self.steps.lock().expect("no test panicked before").pop_front();
        let Some((expected, answer)) = step else { panic!("one request too many: {line}") };
        assert_eq!(line, expected);
        self.seen.lock().expect("no test panicked before").push(request);
        answer
    }
}

#[async_trait]
impl Transport for Script {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.answer(request, false)
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        self.answer(request, true)
    }
}

/// A request on one line: `GET /customers?filter=email$eq:a@b.dk`; the OpenAPI surface is told by a leading `openapi:`.
fn line_of(request: &Request) -> String {
    let method = format!("{:?}", request.method).to_uppercase();
    let surface = if request.surface == "rest" { String::new() } else { format!("{}:", request.surface) };
    let query: Vec<String> = request
        .query
        .iter()
        .filter(|(name, value)| {
            !(name == "pagesize" && value == "1000" || name == "skippages" && value == "0")
        })
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{method} {surface}{}{query}", request.path)
}

/// One step: the request that must come and what is answered.
pub(super) fn step(line: &str, status: u16, body: &str) -> (String, Result<Response, Failure>) {
    let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    (line.to_owned(), Ok(response))
}

/// A page of a collection.
pub(super) fn page(items: &[&str]) -> String {
    format!(r#"{{"collection":[{}],"pagination":{{"results":{}}}}}"#, items.join(","), items.len())
}

/// A fixture of our own.
pub(super) fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/economic/fixtures").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

pub(super) fn decimal(text: &str) -> Decimal {
    domain::money::parse_decimal(text).expect("a decimal of the test")
}

pub(super) fn kroner(text: &str) -> Money {
    Money::parse(text, Currency::DKK).expect("an amount of the test")
}

pub(super) fn key(effect: Effect) -> EffectKey {
    let transfer = TransferId {
        merchant: MerchantId::new("m1"),
        source: "woocommerce:shop.example".to_owned(),
        kind: EntityKind::Order,
        entity: EntityId::new("1001"),
    };
    EffectKey::new(&transfer, effect, 1, &AgreementId::new("123456"))
}

pub(super) fn line(product: &str, quantity: &str, price: &str) -> DocumentLine {
    let (quantity, unit_net_price) = (decimal(quantity), decimal(price));
    DocumentLine {
        product: product.to_owned(),
        description: format!("Goods {product}"),
        quantity,
        unit_net_price,
        net: Money::from_decimal(quantity * unit_net_price, Currency::DKK).expect("whole øre"),
        rate: Percentage::whole(25),
        order_line: Some("7".to_owned()),
    }
}

/// Two mugs at 79.20 and one free sticker: 158.40 + 39.60 VAT = 198.00.
pub(super) fn document(kind: DocumentKind) -> Document {
    Document {
        kind,
        date: "2026-11-20".parse().expect("a date"),
        due_date: None,
        currency: Currency::DKK,
        layout: 19,
        payment_term: 1,
        vat_zone: 1,
        recipient: Recipient {
            name: "Jens Hansen".to_owned(),
            address: Address {
                street: "Vestergade 1\n2. th.".to_owned(),
                postcode: "8000".to_owned(),
                city: "Aarhus C".to_owned(),
                country: "DK".to_owned(),
                ..Address::default()
            },
            ean: None,
            company_number: None,
            attention: None,
        },
        delivery: None,
        reference: reference(),
        heading: "Ordre 1001".to_owned(),
        text: String::new(),
        text_below: "Tak for handlen".to_owned(),
        department: None,
        lines: vec![line("MUG-1", "2", "79.20"), line("STICKER", "1", "0")],
        expected: Totals { net: kroner("158.40"), vat: kroner("39.60"), gross: kroner("198.00") },
    }
}

/// The reference of [`document`]: order number and key.
pub(super) fn reference() -> String {
    format!("1001 {}", key(Effect::Document))
}

pub(super) fn new_customer() -> NewCustomer {
    NewCustomer {
        name: "Jens Hansen".to_owned(),
        kind: CustomerKind::Private,
        identified_by: ("email".to_owned(), "jens@example.dk".to_owned()),
        customer: Customer {
            shop_id: None,
            email: "Jens@example.dk".to_owned(),
            phone: "+45 20 30 40 50".to_owned(),
            billing: document(DocumentKind::DraftInvoice).recipient.address,
            delivery: None,
            company_number: None,
            vat_number: None,
            ean: None,
            vat_exempt: false,
        },
        group: 1,
        payment_term: 2,
        vat_zone: 1,
        currency: "DKK".to_owned(),
        number: None,
    }
}

/// The code and message of a refusal.
pub(super) fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> (String, String) {
    match result {
        Err(Failure::Rejected { code, message }) => (code.unwrap_or_default(), message),
        other => panic!("a refusal was expected: {other:?}"),
    }
}
