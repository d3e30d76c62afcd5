//! Drafts and orders: validation before anything is kept, replacement, deletion, references.

use crate::support::{Bench, codes, economic, invoice, line, results, with};
use sandbox::{Json, Request, object};

fn nested(field: &str, key: &str, value: impl Into<Json>) -> Json {
    let mut inner = Json::Object(Vec::new());
    inner.set(key, value);
    with(invoice(vec![line("MUG-11", "1", "1.00")]), field, inner)
}

#[test]
fn what_is_wrong_with_a_draft_is_said_by_field_and_code() {
    let good = || invoice(vec![line("MUG-11", "1", "1.00")]);
    let without = |field: &str| {
        let mut body = good();
        body.remove(field);
        body
    };
    let with_line = |line: Json| invoice(vec![line]);
    let long = "x".repeat(251);
    let cases: Vec<(&str, Json, &str)> = vec![
        ("no date", without("date"), "E04730"),
        ("no currency", without("currency"), "E04730"),
        ("no layout", without("layout"), "E04730"),
        ("no payment terms", without("paymentTerms"), "E04730"),
        ("no customer", without("customer"), "E04730"),
        ("no recipient", without("recipient"), "E04730"),
        ("no recipient zone", nested("recipient", "name", "K"), "E04730"),
        ("layout without number", with(good(), "layout", object! {}), "E04500"),
        ("unknown layout", nested("layout", "layoutNumber", 99), "E06000"),
        ("unknown customer", nested("customer", "customerNumber", 77), "E06000"),
        ("unknown terms", nested("paymentTerms", "paymentTermsNumber", 77), "E06000"),
        ("unknown currency", with(good(), "currency", "XYZ"), "E06000"),
        ("unknown product", with_line(line("NO-SUCH", "1", "1.00")), "E06000"),
        ("three decimals in a price", with_line(line("MUG-11", "1", "1.005")), "E04740"),
        ("three decimals in a quantity", with_line(line("MUG-11", "0.333", "1.00")), "E04740"),
        ("a price as text", with_line(with(line("MUG-11", "1", "1.00"), "unitNetPrice", "1.00")), "E07180"),
        ("a number as text", nested("layout", "layoutNumber", "19"), "E07180"),
        ("a date that is none", with(good(), "date", "2026-02-30"), "E07180"),
        ("a date with a time", with(good(), "date", "2026-02-20T00:00:00Z"), "E07180"),
        (
            "no description",
            with_line(object! { "product": object! { "productNumber": "MUG-11" }, "quantity": 1 }),
            "E04730",
        ),
        ("a price without product", with_line(object! { "description": "x", "unitNetPrice": 1 }), "E04730"),
        ("a long reference", nested("references", "other", long), "E00000"),
        ("a long product number", with_line(line(&"x".repeat(26), "1", "1.00")), "E00000"),
        ("an amount that is too large", with_line(line("MUG-11", "999999999", "999999999")), "E00000"),
        (
            "a discount above all",
            with_line(with(line("MUG-11", "1", "1.00"), "discountPercentage", 101)),
            "E00000",
        ),
        ("lines that are none", with(good(), "lines", "x"), "E07180"),
    ];
    for (what, body, code) in cases {
        let mut bench = Bench::new();
        let answer = bench.post("invoices/drafts", body);
        assert_eq!(answer.status, 400, "{what}");
        assert!(codes(&answer).contains(&code.to_string()), "{what}: {}", answer.body_json());
        assert!(bench.agreement().drafts.is_empty(), "{what}: nothing may be kept");
    }
}

#[test]
fn errors_of_lines_carry_their_index() {
    let mut bench = Bench::new();
    let lines = vec![line("MUG-11", "1", "1.00"), line("MUG-11", "1", "1.005"), line("NO-SUCH", "1", "1.00")];
    let answer = bench.post("invoices/drafts", invoice(lines)).body_json();
    let listed = answer.items("errors.lines");
    assert_eq!(listed.len(), 1, "{answer}");
    assert_eq!(listed[0].integer("arrayIndex"), Some(1));
    assert_eq!(listed[0].items("unitNetPrice.errors")[0].text("errorCode"), Some("E04740"));
}

#[test]
fn trailing_zeros_are_not_decimals() {
    let mut bench = Bench::new();
    let draft = bench.post("invoices/drafts", invoice(vec![line("MUG-11", "1.000", "79.200")]));
    assert_eq!(draft.status, 201, "{}", draft.body_json());
}

#[test]
fn malformed_bodies_are_refused() {
    let mut bench = Bench::new();
    for body in ["", "{", "[]", "null", "{\"date\":NaN}"] {
        let request: Request = economic("POST", "/economic/rest/invoices/drafts").with_body(body);
        assert_eq!(bench.send(&request).status, 400, "{body}");
    }
}

#[test]
fn a_draft_is_found_by_its_reference_then_the_booked_one_is() {
    let mut bench = Bench::new();
    let draft = bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    let by_reference = "filter=references.other$eq:1001%20k-1";
    assert_eq!(results(&bench.get(&format!("invoices/drafts?{by_reference}"))), 1);
    assert_eq!(results(&bench.get(&format!("invoices/booked?{by_reference}"))), 0);
    bench.post("invoices/booked", crate::support::booking(draft));
    assert_eq!(results(&bench.get(&format!("invoices/drafts?{by_reference}"))), 0);
    assert_eq!(results(&bench.get(&format!("invoices/booked?{by_reference}"))), 1);
    let by_customer = "filter=customer.customerNumber$eq:1000$and:date$gte:2026-11-01";
    assert_eq!(results(&bench.get(&format!("invoices/booked?{by_customer}"))), 1);
}

#[test]
fn orders_are_like_drafts_in_their_own_collection() {
    let mut bench = Bench::new();
    let order = bench.post("orders/drafts", invoice(vec![line("MUG-11", "1", "1.00")]));
    let number = order.body_json().integer("orderNumber").unwrap();
    assert_eq!(order.status, 201);
    assert_eq!(results(&bench.get("orders/drafts?filter=references.other$eq:1001%20k-1")), 1);
    let replaced = bench.put(&format!("orders/drafts/{number}"), invoice(vec![line("MUG-11", "2", "1.00")]));
    assert_eq!(replaced.body_json().decimal("netAmount").unwrap().to_string(), "2.00");
    assert_eq!(bench.rest("DELETE", &format!("orders/drafts/{number}"), None).status, 200);
    assert_eq!(bench.get(&format!("orders/drafts/{number}")).status, 404);
}

#[test]
fn barred_customers_and_products_cannot_be_used() {
    let mut bench = Bench::new();
    bench.agreement().products.get_mut("MUG-11").unwrap().json.set("barred", true);
    assert_eq!(bench.post("invoices/drafts", invoice(vec![line("MUG-11", "1", "1.00")])).status, 400);
    bench.agreement().customers.get_mut(&1000).unwrap().set("barred", true);
    assert_eq!(bench.post("invoices/drafts", invoice(vec![line("KLIP-1", "1", "1.00")])).status, 400);
}

#[test]
fn a_new_document_is_invisible_to_searches_for_as_long_as_the_lag() {
    let mut bench = Bench::new();
    bench.agreement().lookup_lag_seconds = 10;
    let draft = bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    let search = "invoices/drafts?filter=references.other$eq:1001%20k-1";
    assert_eq!(results(&bench.get(search)), 0);
    assert_eq!(results(&bench.get("invoices/drafts")), 1, "an unfiltered list sees it");
    assert_eq!(bench.get(&format!("invoices/drafts/{draft}")).status, 200, "and so does its own address");
    bench.later(10);
    assert_eq!(results(&bench.get(search)), 1);
}

#[test]
fn customers_are_made_found_changed_and_deleted() {
    let mut bench = Bench::new();
    let body = |name: &str| {
        object! {
            "name": name, "currency": "DKK", "email": "a@b.dk", "vatZone": object! { "vatZoneNumber": 1 },
            "customerGroup": object! { "customerGroupNumber": 1 }, "paymentTerms": object! { "paymentTermsNumber": 1 },
        }
    };
    let made = bench.post("customers", body("Åse")).body_json();
    let number = made.integer("customerNumber").unwrap();
    assert_eq!(number, 9002, "numbered by the server");
    assert_eq!(results(&bench.get("customers?filter=email$eq:A@B.DK")), 1);
    let taken = with(body("Bo"), "customerNumber", number);
    assert_eq!(bench.post("customers", taken).status, 400);
    assert_eq!(
        bench.put(&format!("customers/{number}"), body("Åse Å")).body_json().text("name"),
        Some("Åse Å")
    );
    assert_eq!(bench.rest("DELETE", &format!("customers/{number}"), None).status, 204);
    assert_eq!(bench.get(&format!("customers/{number}")).status, 404);
    bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    assert_eq!(bench.rest("DELETE", "customers/1000", None).status, 400, "in use");
}

#[test]
fn a_recipient_gets_the_cvr_number_of_the_customer() {
    let mut bench = Bench::new();
    bench.agreement().customers.get_mut(&1000).unwrap().set("corporateIdentificationNumber", "22001884");
    let draft = bench.post("invoices/drafts", invoice(vec![line("MUG-11", "1", "1.00")])).body_json();
    assert_eq!(draft.text("recipient.cvr"), Some("22001884"));
}

#[test]
fn a_payment_term_in_use_cannot_be_changed() {
    let mut bench = Bench::new();
    let body = || object! { "name": "Netto 30", "paymentTermsType": "net", "daysOfCredit": 30 };
    assert_eq!(bench.put("payment-terms/1", body()).body_json().integer("daysOfCredit"), Some(30));
    bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    assert_eq!(codes(&bench.put("payment-terms/1", body())), ["E06151"]);
    let made = bench.post("payment-terms", body());
    assert_eq!((made.status, made.body_json().integer("paymentTermsNumber")), (201, Some(10)));
}

#[test]
fn lengths_are_counted_in_utf_16_units() {
    let mut bench = Bench::new();
    let reference = |text: String| with(invoice(Vec::new()), "references", object! { "other": text });
    assert_eq!(bench.post("invoices/drafts", reference("😀".repeat(125))).status, 201);
    assert_eq!(bench.post("invoices/drafts", reference("😀".repeat(126))).status, 400);
}

#[test]
fn products_are_made_and_found_whatever_their_number() {
    let mut bench = Bench::new();
    let body = |number: &str| object! { "productNumber": number, "name": "Vare", "productGroup": object! { "productGroupNumber": 1 } };
    let odd = "Å/b (1)*$,&";
    assert_eq!(bench.post("products", body(odd)).status, 201);
    assert_eq!(bench.get(&format!("products/{}", sandbox::http::encode(odd))).status, 200);
    let escaped = sandbox::http::encode("productNumber$eq:Å/b $(1$)$*$$$,&");
    assert_eq!(results(&bench.get(&format!("products?filter={escaped}"))), 1);
    assert_eq!(bench.post("products", body(odd)).status, 400, "the number is taken");
    assert_eq!(bench.post("products", body(&"x".repeat(26))).status, 400);
    assert_eq!(bench.get("products/NO-SUCH").status, 404);
    bench.agreement().inventory_module = true;
    let refused = bench.post("products", body("NEW"));
    assert_eq!(codes(&refused), ["E04730"], "with Inventory a cost price is required");
}

#[test]
fn master_data_is_there_to_read() {
    let mut bench = Bench::new();
    for (path, least) in [
        ("accounts", 40),
        ("vat-accounts", 17),
        ("vat-zones", 4),
        ("product-groups", 21),
        ("customer-groups", 3),
        ("payment-terms", 9),
        ("payment-types", 2),
        ("layouts", 3),
        ("units", 3),
        ("departments", 2),
        ("departmental-distributions", 2),
        ("vat-types", 2),
        ("currencies", 13),
        ("accounting-years", 4),
        ("accounting-years/2026/periods", 12),
        ("product-groups/1/sales-accounts", 4),
        ("journals", 3),
    ] {
        assert!(results(&bench.get(path)) >= least, "{path}");
    }
    for path in [
        "accounts/1010",
        "vat-accounts/U25",
        "vat-zones/1",
        "payment-terms/4",
        "layouts/19",
        "currencies/EUR",
        "accounting-years/2026",
        "accounting-years/2026/periods/1",
    ] {
        assert_eq!(bench.get(path).status, 200, "{path}");
    }
    assert_eq!(bench.get("layouts/99").status, 404);
    let own = bench.get("self").body_json();
    assert_eq!(own.text("settings.baseCurrency"), Some("DKK"));
}
