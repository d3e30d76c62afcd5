//! Every kind of body that we send, made by the mapping itself and validated against the vendor's own schemas by a script that
//! knows nothing of our code.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::*;
use crate::economic::wire::{BookEntriesBody, BookingBody, DraftReference, MatchEntriesBody};
use crate::economic::{customers, journals, map, master, payments, products};
use domain::plan::{PaymentStep, ProductChange, ProductStep};
use serde_json::value::RawValue;

/// The longest of everything, every optional part given.
fn full_document(kind: DocumentKind) -> Document {
    let mut full = document(kind);
    full.due_date = Some("2026-12-20".parse().expect("a date"));
    full.department = Some(1);
    full.heading = "h".repeat(300);
    full.text = "t".repeat(1200);
    full.text_below = "t".repeat(1200);
    full.recipient.attention = Some("Birte".to_owned());
    full.recipient.ean = Some("5790000000005".to_owned());
    full.recipient.name = "n".repeat(250);
    full.delivery = Some(Address {
        name: "n".repeat(200),
        company: "c".repeat(200),
        street: "s".repeat(200),
        postcode: "p".repeat(40),
        city: "c".repeat(80),
        state: String::new(),
        country: "SE".to_owned(),
    });
    full.recipient.address.street = "s".repeat(300);
    full.recipient.address.city = "c".repeat(300);
    full.recipient.address.postcode = "p".repeat(60);
    full.lines = vec![
        line("P".repeat(25).as_str(), "1", "0.01"),
        line("CREDIT", "-2", "79.20"),
        line("PART", "0.5", "99.90"),
        line("DISCOUNT", "1", "-10.05"),
    ];
    full.lines[0].description = "d".repeat(3000);
    full
}

fn full_customer() -> NewCustomer {
    let mut full = new_customer();
    full.name = "n".repeat(300);
    full.number = Some(20_304_050);
    full.identified_by = ("phone".to_owned(), "4520304050".to_owned());
    full.customer.company_number = Some("12345678".to_owned());
    full.customer.vat_number = Some("SE123456789001".to_owned());
    full.customer.ean = Some("5790000000005".to_owned());
    full.customer.phone = "1".repeat(300);
    full.customer.billing.street = "s".repeat(600);
    full.customer.billing.city = "c".repeat(60);
    full.customer.billing.postcode = "p".repeat(40);
    full
}

fn product(price: Option<Money>, name: &str) -> ProductStep {
    ProductStep {
        key: key(Effect::Product),
        number: "MUG-1".to_owned(),
        name: name.to_owned(),
        group: 1,
        sales_price: price,
        cost_price: Some(kroner("40.50")),
        unit: Some(3),
        barcode: "5701234567899".to_owned(),
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it serialises")
}

/// Name, request and body of everything we can send.
fn bodies() -> Vec<(String, &'static str, String)> {
    let mut bodies = Vec::new();
    let places = [
        ("order", DocumentKind::Order, "POST /orders/drafts", "PUT /orders/drafts/12"),
        ("draft", DocumentKind::DraftInvoice, "POST /invoices/drafts", "PUT /invoices/drafts/30077"),
    ];
    for (name, kind, post, put) in places {
        for (size, wanted) in [("usual", document(kind)), ("full", full_document(kind))] {
            bodies.push((format!("{name}-{size}-new"), post, json(&map::draft_body(&wanted, 5001))));
            bodies.push((format!("{name}-{size}-replaced"), put, json(&map::replacing_body(&wanted, 5001))));
        }
    }
    for send_by in ["none", "Email", "EAN"] {
        let body = BookingBody { draft_invoice: DraftReference { draft_invoice_number: 30077 }, send_by };
        bodies.push((format!("booking-{send_by}"), "POST /invoices/booked", json(&body)));
    }
    for (name, new) in [("usual", new_customer()), ("full", full_customer())] {
        let body = customers::new_body(&new).expect("a body");
        bodies.push((format!("customer-{name}"), "POST /customers", json(&body)));
    }
    let fields =
        ["name", "email", "phone", "street", "postcode", "city", "country", "company-number", "vat-number"];
    let changes: Vec<(String, String)> =
        fields.iter().map(|field| ((*field).to_owned(), "x".to_owned())).collect();
    for (name, fields) in [("same", &changes[..0]), ("changed", &changes[..])] {
        let body = customers::changed_body(&fixture("customer.json"), fields).expect("a body");
        bodies.push((format!("customer-{name}"), "PUT /customers/5001", body));
    }
    for inventory in [false, true] {
        let agreement = master::Agreement { base_currency: Currency::DKK, inventory };
        let body = products::new_body(&product(Some(kroner("79.20")), &"n".repeat(400)), &agreement)
            .expect("a body");
        bodies.push((format!("product-inventory-{inventory}"), "POST /products", json(&body)));
    }
    let changes = [
        ProductChange::Name("Red mug".to_owned()),
        ProductChange::Group(2),
        ProductChange::SalesPrice(kroner("99.95")),
        ProductChange::CostPrice(kroner("40.50")),
        ProductChange::Unit(4),
        ProductChange::Barcode("5701234567899".to_owned()),
        ProductChange::Barred(true),
    ];
    let standing = super::products::STANDING;
    for (name, current) in
        [("stocked", standing.to_owned()), ("plain", standing.replace("inventory", "unknown"))]
    {
        let body = products::changed_body("MUG-1", &current, &changes).expect("a body");
        bodies.push((format!("product-{name}-changed"), "PUT /products/MUG-1", body));
    }
    let payment = PaymentStep {
        key: key(Effect::Payment),
        journal: 3,
        contra_account: 5820,
        amount: kroner("198.00"),
        date: "2026-11-20".parse().expect("a date"),
        text: "t".repeat(300),
        invoice: None,
    };
    let body = json(&payments::voucher_body(&payment, 5001, 4711, "2026".to_owned()));
    bodies.push(("payment".to_owned(), "POST /journals/3/vouchers", body));
    for (name, step) in [("usual", super::journals::step()), ("long", super::journals::long_step(500))] {
        let body = json(&journals::body(&step).expect("a body"));
        bodies.push((format!("voucher-{name}"), "POST /draft-entries/bulk", body));
    }
    let booking = BookEntriesBody { entry_numbers: vec![1, 2, 2_147_483_647] };
    bodies.push(("voucher-booking".to_owned(), "POST /journals/3/bookdraftentries", json(&booking)));
    let settling = MatchEntriesBody { entry_ids: vec![11, 12] };
    bodies.push(("settling".to_owned(), "POST /booked-entries/match", json(&settling)));
    bodies
}

fn write(folder: &Path, name: &str, request: &str, body: &str) {
    #[derive(serde::Serialize)]
    struct Captured<'a> {
        name: &'a str,
        request: &'a str,
        body: Box<RawValue>,
    }
    let body = RawValue::from_string(body.to_owned()).expect("a body is JSON");
    let captured = json(&Captured { name, request, body });
    fs::write(folder.join(format!("{name}.json")), captured).expect("the body is written");
}

/// The script's exit code and what it printed.
fn validate(folder: &Path) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/contracts/validate_economic.py");
    let output = Command::new("python3").arg(script).arg(folder).output().expect("python3 runs");
    let printed =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), printed)
}

#[test]
fn every_body_we_send_fits_the_vendors_schema() {
    if super::contracts::contracts("bodies against schemas").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let bodies = bodies();
    for (name, request, body) in &bodies {
        write(folder.path(), name, request, body);
    }
    let (code, printed) = validate(folder.path());
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains(&format!("{} bodies checked, 0 with faults", bodies.len())), "{printed}");
    assert_eq!(bodies.len(), 24);
}

#[test]
fn the_validator_sees_what_does_not_fit() {
    if super::contracts::contracts("the validator itself").is_none() {
        return;
    }
    let good = json(&map::draft_body(&document(DocumentKind::DraftInvoice), 5001));
    let cases = [
        ("unknown", good.replace("\"zip\"", "\"zipCode\""), "recipient.zipCode: unknown field"),
        ("decimals", good.replace("79.2,", "79.201,").replace("79.2}", "79.201}"), "more than 2 decimals"),
        ("null", good.replace("\"8000\"", "null"), "recipient.zip"),
        ("missing", good.replace("\"currency\":\"DKK\",", ""), "currency"),
        ("long", good.replace("MUG-1\"}", "MUG-1-MUG-1-MUG-1-MUG-1-MUG-1\"}"), "too long"),
        ("zero", good.replace("\"customerNumber\":5001", "\"customerNumber\":0"), "minimum"),
        ("read-only", good.replacen('{', "{\"netAmount\":1,", 1), "netAmount: read-only"),
        ("text", good.replace("\"layoutNumber\":19", "\"layoutNumber\":\"19\""), "layout.layoutNumber"),
    ];
    for (name, body, words) in cases {
        assert_ne!(body, good, "{name}: the case changes nothing");
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), name, "POST /invoices/drafts", &body);
        let (code, printed) = validate(folder.path());
        assert_eq!(code, Some(1), "{name}: {printed}");
        assert!(printed.contains(words), "{name}: {printed}");
    }
    let good = json(&journals::body(&super::journals::step()).expect("a body"));
    let cases = [
        ("entry-unknown", good.replace("accountNumber", "account"), "unknown field"),
        ("entry-missing", good.replace("\"currency\":\"DKK\",", ""), "currency"),
        ("entry-type", good.replace("\"entryTypeNumber\":5", "\"entryTypeNumber\":1"), "entryTypeNumber"),
        ("entry-number", good.replace("30007", "1000000000"), "voucherNumber"),
        ("entry-date", good.replace("T00:00:00Z", ""), "date"),
        ("entry-null", good.replace("\"10001\"", "null"), "null"),
        ("entry-text", good.replace("\"journalNumber\":3", "\"journalNumber\":\"3\""), "journalNumber"),
    ];
    for (name, body, words) in cases {
        assert_ne!(body, good, "{name}: the case changes nothing");
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), name, "POST /draft-entries/bulk", &body);
        let (code, printed) = validate(folder.path());
        assert_eq!(code, Some(1), "{name}: {printed}");
        assert!(printed.contains(words), "{name}: {printed}");
    }
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(validate(empty.path()).0, Some(2), "nothing to check is no success");
    write(empty.path(), "other", "POST /suppliers", "{}");
    assert_eq!(validate(empty.path()).0, Some(2), "a request without a schema is no success");
}
