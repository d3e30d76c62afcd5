//! Any bytes as e-conomic's answers, to every question that Bogbro asks: no panic, no end without it, and a write that was
//! answered as a success is never taken for one that did nothing.
#![no_main]

mod answers;

use answers::{Answers, key, reads};
use connectors::economic::Economic;
use connectors::journals::{Days, DocumentState, Journals, VoucherFile, VoucherPlace};
use connectors::ports::Accounting;
use domain::document::DocumentKind;
use domain::identity::Effect;
use domain::payout::VoucherStep;
use domain::plan::{NewCustomer, PaymentStep, ProductChangeStep, ProductStep, SendBy, SupersededOrder};
use domain::{Document, Failure};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fn of<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the target's own JSON is sound")
}

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "DKK" })
}

fn address() -> Value {
    json!({ "name": "Jens Hansen", "company": "", "street": "Vestergade 1", "postcode": "8000", "city": "Aarhus C",
        "state": "", "country": "DK" })
}

fn document() -> Document {
    of(json!({
        "kind": "booked-invoice", "date": "2026-11-20", "due_date": null, "currency": "DKK", "layout": 19,
        "payment_term": 1, "vat_zone": 1,
        "recipient": { "name": "Jens Hansen", "address": address(), "ean": null, "company_number": null, "attention": null },
        "delivery": null, "reference": format!("1001 {}", key(Effect::Document)), "heading": "Ordre 1001", "text": "",
        "text_below": "", "department": null,
        "lines": [{ "product": "MUG-1", "description": "Krus", "quantity": "2", "unit_net_price": "79.20",
            "net": money("158.40"), "rate": "25", "order_line": "7" }],
        "expected": { "net": money("158.40"), "vat": money("39.60"), "gross": money("198.00") },
    }))
}

fn customer() -> NewCustomer {
    of(json!({
        "name": "Jens Hansen", "kind": "private", "identified_by": ["email", "jens@example.dk"],
        "customer": { "shop_id": null, "email": "jens@example.dk", "phone": "", "billing": address(), "delivery": null,
            "company_number": null, "vat_number": null, "ean": null, "vat_exempt": false },
        "group": 1, "payment_term": 2, "vat_zone": 1, "currency": "DKK", "number": null,
    }))
}

/// What was answered with a success may have been done.
fn writes<T>(status: u16, answer: Result<T, Failure>) {
    if (200..300).contains(&(100 + status % 500))
        && let Err(failure) = answer
    {
        assert!(matches!(failure, Failure::Unknown { .. }), "a write that succeeded is told as {failure}");
    }
}

fuzz_target!(|input: Vec<(u16, Vec<u8>)>| {
    let first = input.first().map_or(100, |(status, _)| *status);
    let answers = Answers::new(input);
    let port: &dyn Accounting = &Economic;
    let (document, customer) = (document(), customer());
    let day = document.date;
    let reference = document.reference.clone();
    reads(block_on(port.master_data(answers.again())));
    reads(block_on(port.products(answers.again(), &["MUG-1".to_owned(), "FRAGT".to_owned()])));
    reads(block_on(port.known_products(answers.again(), &["MUG-1".to_owned()])));
    reads(block_on(port.all_products(answers.again())));
    reads(block_on(port.units(answers.again())));
    for field in ["email", "phone", "company-number", "vat-number", "ean", "number"] {
        reads(block_on(port.customers(answers.again(), field, "12345678")));
    }
    reads(block_on(port.find(answers.again(), &reference)));
    reads(block_on(port.find_edited(answers.again(), 5001, day, &key(Effect::Document))));
    reads(block_on(port.booked_on(answers.again(), day)));
    for kind in [DocumentKind::BookedInvoice, DocumentKind::DraftInvoice] {
        reads(block_on(port.pdf(answers.again(), kind, 10_001)));
    }
    let payment: PaymentStep = of(json!({
        "key": key(Effect::Payment), "journal": 3, "contra_account": 5820, "amount": money("198.00"), "date": "2026-11-20",
        "text": "1001",
    }));
    reads(block_on(port.find_payment(answers.again(), &payment)));
    let key = |effect| key(effect);
    writes(first, block_on(port.create_document(answers.again(), &key(Effect::Document), &document, 5001)));
    writes(first, block_on(port.book(answers.again(), &key(Effect::Booking), 30_077, SendBy::Email)));
    let product: ProductStep = of(json!({
        "key": key(Effect::Product), "number": "MUG-1", "name": "Krus", "group": 1, "sales_price": money("79.20"),
    }));
    // These look before they write, so the first answer is not that of the write.
    let _ = block_on(port.create_product(answers.again(), &product));
    let change: ProductChangeStep = of(json!({
        "key": key(Effect::ProductChange), "number": "MUG-1",
        "changes": [{ "name": "Kop" }, { "cost-price": money("40.00") }, { "barred": true }],
    }));
    let _ = block_on(port.change_product(answers.again(), &change));
    let _ = block_on(port.create_customer(answers.again(), &key(Effect::Customer), &customer));
    let raw = answers_raw(&answers);
    let fields = [("email".to_owned(), "a@b.dk".to_owned())];
    let _ = block_on(port.update_customer(answers.again(), &key(Effect::Customer), 5001, &raw, &fields));
    let _ = block_on(port.update_draft(answers.again(), &key(Effect::Amendment), 30_077, &document, 5001));
    let _ = block_on(port.register_payment(answers.again(), &payment, 5001, 10_001));
    let order = SupersededOrder { number: 77, reference };
    let _ = block_on(port.close_order(answers.again(), &key(Effect::Closing), &order));
    journals(first, &answers);
});

/// A payout of 970 after a fee of 30, which settles an invoice of 1,000.
fn voucher() -> VoucherStep {
    let entry = |target: Value, amount: &str| {
        json!({ "target": target, "date": "2026-11-20", "amount": money(amount), "vat_code": null, "text": "stripe po_1",
            "invoice": "", "order": "", "payment": "" })
    };
    of(json!({
        "key": key(Effect::Voucher), "journal": 3, "number": 30_007,
        "voucher": [
            entry(json!({ "account": 5820 }), "970.00"),
            entry(json!({ "account": 2950 }), "30.00"),
            entry(json!({ "customer": { "number": 1000, "invoice": "10001" } }), "-1000.00"),
        ],
    }))
}

/// The same of the journals.
fn journals(first: u16, answers: &Answers) {
    let port: &dyn Journals = &Economic;
    let step = voucher();
    let days: Days = of(json!({ "from": "2026-11-01", "to": "2026-11-30" }));
    let place: VoucherPlace = of(json!({ "number": 30_007, "day": "2026-11-20" }));
    reads(block_on(port.ledger_data(answers.again())));
    reads(block_on(port.free_number(answers.again(), 3, days, 1)));
    reads(block_on(port.find(answers.again(), &step)));
    reads(block_on(port.attached(answers.again(), place)));
    reads(block_on(port.entries_on(answers.again(), 5830, days, None)));
    reads(block_on(port.entries_of(answers.again(), 1000, 10_001)));
    for state in [DocumentState::Booked, DocumentState::Open] {
        reads(block_on(port.documents_page(answers.again(), state, days, None)));
    }
    writes(first, block_on(port.enter(answers.again(), &step)));
    writes(first, block_on(port.book_drafts(answers.again(), &key(Effect::Booking), 3, &[1, 2, 3])));
    writes(first, block_on(port.settle(answers.again(), &key(Effect::Settling), &[1, 2])));
    // It asks for the accounting year first.
    let file = VoucherFile { name: "payout.pdf".to_owned(), note: String::new(), pdf: b"%PDF-1.7".to_vec() };
    let _ = block_on(port.attach(answers.again(), &key(Effect::Attachment), place, &file));
}

/// The first answer as text: what a customer is read as is written back.
fn answers_raw(answers: &Answers) -> String {
    String::from_utf8_lossy(answers.first()).into_owned()
}
