//! Stories of a WooCommerce shop: an order with everything on it, the ways it goes wrong, and every call.

use domain::order::{FulfilmentState, LineKind, PaymentKind, PaymentState};
use domain::settings::WriteBackForm;
use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scripted::{Script, word, write_back};

mod products;

const ORDER: &str = include_str!("fixtures/order.json");
/// `wc-test-secret-2026` over [`SIGNED`], from the facts.
const SIGNED: &str =
    r#"{"id":42,"number":"42","currency":"DKK","total":"597.94","billing":{"first_name":"\u00c5se"}}"#;
const SIGNATURE: &str = "8riUo7CZVFn3G7SceyNaxzr4FYbMEzvX2E+tkkAMgd0=";
/// `a&b<c` over the same.
const SIGNATURE_ENTITIES: &str = "RW7rGOwQtuj3P5X9Ms3mzIj84ac4aGp+56hx5pIVwKk=";

fn rules() -> ReadingRules {
    let keys = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    ReadingRules {
        company_number_fields: keys(&["_billing_cvr", "_billing_company_number"]),
        vat_number_fields: keys(&["_billing_vat_number", "_vat_number"]),
        ean_fields: keys(&["_billing_ean"]),
        gift_card_products: keys(&["GAVE"]),
        gift_card_fees: keys(&["Gavekort brugt"]),
    }
}

fn read_text(text: &str) -> Result<Order, Failure> {
    WooCommerce.read_order(text, &rules())
}

/// The fixture with one place changed.
fn changed(pointer: &str, value: Value) -> String {
    let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
    *order.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    order.to_string()
}

fn refusal(text: &str) -> String {
    read_text(text).expect_err("it is refused").to_string()
}

#[test]
fn an_order_with_everything_on_it_is_read_whole() {
    let order = read_text(ORDER).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!(
        (order.id.as_str(), order.number.as_str(), order.state.as_str()),
        ("4711", "WEB-4711", "processing")
    );
    assert_eq!((order.total.to_string().as_str(), order.total_vat.to_string().as_str()), ("226.76", "43.36"));
    assert_eq!(
        (order.payment_state, order.refunded.to_string().as_str()),
        (PaymentState::PartlyRefunded, "25.00")
    );
    assert_eq!(order.fulfilment_state, FulfilmentState::Unfulfilled);
    assert_eq!(order.created_at.to_string(), "2026-11-20T09:00:00Z");
    assert_eq!(order.modified_at.to_string(), "2026-11-20T09:05:30Z");
    assert_eq!(order.paid_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T09:01:00Z"));
    assert!(order.prices_include_vat && !order.test && !order.cancelled);
    assert_eq!(
        (order.note.as_str(), order.discount_codes.as_slice()),
        ("Ring på døren", ["tyve".to_owned()].as_slice())
    );

    let buyer = &order.customer;
    assert_eq!(buyer.shop_id.as_deref(), Some("12"));
    assert_eq!(buyer.email, "aase@example.org");
    assert_eq!(
        (buyer.billing.name.as_str(), buyer.billing.company.as_str()),
        ("Åse Sørensen", "Kande & Krus ApS")
    );
    assert_eq!(
        (buyer.billing.street.as_str(), buyer.billing.country.as_str()),
        ("Bredgade 1\nst. tv.", "DK")
    );
    assert_eq!(buyer.delivery, None, "a delivery address without content is none");
    assert_eq!(
        buyer.company_number.as_deref(),
        Some("12345674"),
        "the first field is empty, the second a number"
    );
    assert_eq!((buyer.vat_number.as_deref(), buyer.ean.as_deref()), (Some("DK12345674"), None));
    assert!(!buyer.vat_exempt);

    let kinds: Vec<LineKind> = order.lines.iter().map(|line| line.kind).collect();
    use LineKind::{Fee, GiftCardSold, Product, Shipping};
    assert_eq!(kinds, [Product, Product, GiftCardSold, Shipping, Fee]);
    let cup = &order.lines[0];
    assert_eq!(
        (cup.name.as_str(), cup.sku.as_deref(), cup.product_id.as_deref()),
        ("Kop – blå", Some("KOP-2"), Some("8"))
    );
    assert_eq!(
        (cup.net.to_string(), cup.net_before_discount.to_string()),
        ("80.00".to_owned(), "100.00".to_owned())
    );
    assert_eq!(cup.vat.len(), 1, "a rate without an amount on this line is not on it");
    let dish = &order.lines[1];
    assert_eq!((dish.quantity.to_string(), dish.sku.as_deref()), ("1.5".to_owned(), None));
    assert_eq!(dish.vat[0].amount.to_string(), "13.56", "the line's total_tax stands, not its taxes[]");
    assert_eq!(order.lines[4].net.to_string(), "-10.04");

    let payments: Vec<(PaymentKind, String, &str)> = order
        .payments
        .iter()
        .map(|one| (one.kind, one.amount.to_string(), one.transaction.as_str()))
        .collect();
    let expected = [
        (PaymentKind::Capture, "226.76".to_owned(), "T-900"),
        (PaymentKind::Refund, "25.00".to_owned(), "30"),
    ];
    assert_eq!(payments, expected);
    assert!(order.fields.contains(&("_billing_company_number".to_owned(), "12345674".to_owned())));
    assert!(!order.fields.iter().any(|(key, _)| key == "_nested"), "only text is a field");
}

#[test]
fn states_say_where_the_money_is() {
    for (status, paid, refunds, expected, cancelled) in [
        ("pending", false, json!([]), PaymentState::Unpaid, false),
        ("on-hold", false, json!([]), PaymentState::Unpaid, false),
        ("processing", false, json!([]), PaymentState::Unpaid, false),
        ("processing", true, json!([]), PaymentState::Paid, false),
        ("completed", true, json!([]), PaymentState::Paid, false),
        ("completed", false, json!([]), PaymentState::Paid, false),
        ("failed", false, json!([]), PaymentState::Unpaid, false),
        ("cancelled", false, json!([]), PaymentState::Unpaid, true),
        ("trash", true, json!([]), PaymentState::Paid, true),
        ("processing", true, json!([{"id":1,"total":"-0.01"}]), PaymentState::PartlyRefunded, false),
        (
            "processing",
            true,
            json!([{"id":1,"total":"-200.00"},{"id":2,"total":"-26.76"}]),
            PaymentState::Refunded,
            false,
        ),
        ("refunded", true, json!([{"id":1,"total":"-226.76"}]), PaymentState::Refunded, false),
    ] {
        let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
        order["status"] = json!(status);
        order["date_paid_gmt"] = if paid { json!("2026-11-20T09:01:00") } else { Value::Null };
        order["refunds"] = refunds;
        let order = read_text(&order.to_string()).expect("it is an order");
        assert_eq!((order.payment_state, order.cancelled), (expected, cancelled), "{status}, paid {paid}");
        let captured = order.payments.iter().any(|payment| payment.kind == PaymentKind::Capture);
        assert_eq!(captured, paid || expected == PaymentState::Paid, "{status}");
    }
}

#[test]
fn what_a_payment_plugin_holds_or_paid_in_test_mode_is_no_sale_yet() {
    let read = |method: &str, status: &str, key: &str, value: Value| {
        let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
        order["payment_method"] = json!(method);
        order["status"] = json!(status);
        // Behind more fields than are kept of an order.
        let mut meta: Vec<Value> =
            (0..300).map(|id| json!({ "id": id, "key": "_x", "value": "y" })).collect();
        meta.push(json!({ "id": 301, "key": key, "value": value }));
        order["meta_data"] = json!(meta);
        let order = read_text(&order.to_string()).expect("an order");
        (order.test, order.fraud_hold)
    };
    let (free, test, held) = ((false, false), (true, false), (false, true));
    let woo = "woocommerce_payments";
    for (method, status, key, value, expected) in [
        (woo, "processing", "_wcpay_mode", json!("test"), test),
        (woo, "processing", "_wcpay_mode", json!("prod"), free),
        ("ppcp-gateway", "processing", "_ppcp_paypal_payment_mode", json!("sandbox"), test),
        ("ppcp-credit-card-gateway", "processing", "_ppcp_paypal_payment_mode", json!("live"), free),
        (woo, "on-hold", "_wcpay_fraud_meta_box_type", json!("review"), held),
        ("woocommerce_payments_klarna", "on-hold", "_wcpay_fraud_meta_box_type", json!("review"), held),
        (woo, "processing", "_wcpay_fraud_meta_box_type", json!("review_allowed"), free),
        (woo, "processing", "_wcpay_fraud_meta_box_type", json!("allow"), free),
        (woo, "processing", "_wcpay_fraud_meta_box_type", json!("something new"), free),
        (woo, "processing", "_wcpay_fraud_meta_box_type", json!({ "type": "review" }), free),
        ("stripe", "on-hold", "_stripe_status_before_hold", json!("processing"), held),
        ("stripe_klarna", "on-hold", "_stripe_status_before_hold", json!("processing"), held),
        ("stripe", "processing", "_stripe_status_before_hold", json!("processing"), free),
        ("stripe", "on-hold", "_stripe_status_before_hold", json!(""), free),
        // The buyer paid in another way after all.
        ("bacs", "on-hold", "_stripe_status_before_hold", json!("processing"), free),
        ("bacs", "processing", "_wcpay_fraud_meta_box_type", json!("review"), free),
        ("quickpay", "processing", "_wcpay_mode", json!("test"), free),
    ] {
        assert_eq!(read(method, status, key, value.clone()), expected, "{method} {status} {key} {value}");
    }
    // Of several with one key the first counts.
    for (words, expected) in [(["review", "review_allowed"], true), (["review_allowed", "review"], false)] {
        let meta = words.map(|word| json!({ "id": 1, "key": "_wcpay_fraud_meta_box_type", "value": word }));
        let twice = changed("/meta_data", json!(meta));
        let twice =
            twice.replace(r#""payment_method":"quickpay""#, r#""payment_method":"woocommerce_payments""#);
        assert_eq!(read_text(&twice).expect("an order").fraud_hold, expected, "{words:?}");
    }
}

#[test]
fn gift_cards_used_are_payments_when_that_is_sure() {
    let fee =
        json!([{ "id": 5, "name": "gavekort BRUGT", "total": "-10.04", "total_tax": "0.00", "taxes": [] }]);
    let order = read_text(&changed("/fee_lines", fee)).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!(order.total.to_string(), "236.80", "what is owed before the card");
    let card = order.payments.iter().find(|payment| payment.gift_card).expect("the card pays");
    assert_eq!(card.amount.to_string(), "10.04");

    let mut lowered: Value = serde_json::from_str(ORDER).expect("JSON");
    lowered["total"] = json!("126.76");
    lowered["gift_cards"] = json!([{ "id": 9, "amount": "60.00" }, { "id": 10, "amount": 40 }]);
    let order = read_text(&lowered.to_string()).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!(order.total.to_string(), "226.76");
    assert_eq!(order.payments.iter().filter(|payment| payment.gift_card).count(), 2);

    lowered["gift_cards"] = json!([{ "id": 9, "amount": "99.99" }]);
    let order = read_text(&lowered.to_string()).expect("it is an order");
    assert!(order.check().is_err(), "sums that prove nothing are not believed");
    assert_eq!(order.total.to_string(), "126.76");
}

#[test]
fn several_taxes_on_a_line_add_up_to_the_lines_tax() {
    for (taxes, total_tax, expected) in [
        (json!([{"id":1,"total":"5.00"},{"id":2,"total":"9.98"}]), "14.98", vec!["5.00", "9.98"]),
        (json!([{"id":1,"total":"5.00"},{"id":2,"total":"9.98"}]), "14.97", vec!["5.00", "9.97"]),
        (json!([{"id":1,"total":"5.004"},{"id":2,"total":"9.976"}]), "14.98", vec!["5.00", "9.98"]),
        (json!({"3":{"id":"1","total":"20.00"}}), "20.00", vec!["20.00"]),
        (json!([]), "20.00", vec!["20.00"]),
        (json!([{"id":1,"total":"0"},{"id":2,"total":"0"}]), "0.00", vec!["0.00", "0.00"]),
    ] {
        let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
        order["line_items"][0]["taxes"] = taxes.clone();
        order["line_items"][0]["total_tax"] = json!(total_tax);
        let order = read_text(&order.to_string()).expect("it is an order");
        let found: Vec<String> = order.lines[0].vat.iter().map(|vat| vat.amount.to_string()).collect();
        assert_eq!(found, expected, "{taxes} of {total_tax}");
    }
}

#[test]
fn tax_that_is_rounded_at_the_subtotal_makes_the_shops_total() {
    let order = |total_tax: &str, total: &str| {
        let mut order: Value = serde_json::from_str(ORDER).expect("JSON");
        let line = |id: u32, name: &str| {
            json!({ "id": id, "name": name, "sku": "KOP", "quantity": 1, "subtotal": "7.47", "subtotal_tax": "1.87",
                "total": "7.47", "total_tax": "1.87", "taxes": [{ "id": 1, "total": "1.8675", "subtotal": "1.8675" }] })
        };
        order["line_items"] = json!([line(1, "Kop"), line(2, "Krus"), line(3, "Fad")]);
        for list in ["shipping_lines", "fee_lines", "coupon_lines", "refunds", "gift_cards"] {
            order[list] = json!([]);
        }
        (order["total_tax"], order["total"]) = (json!(total_tax), json!(total));
        read_text(&order.to_string()).expect("it is an order")
    };
    let taxes = |order: &Order| -> Vec<String> {
        order.lines.iter().flat_map(|line| line.vat.iter().map(|vat| vat.amount.to_string())).collect()
    };
    let rounded = order("5.60", "28.01");
    assert_eq!(rounded.check(), Ok(()), "22.41 and 5.60");
    assert_eq!(taxes(&rounded), ["1.86", "1.87", "1.87"]);
    assert_eq!(taxes(&order("5.61", "28.02")), ["1.87", "1.87", "1.87"]);
    // More than the rounding of three lines is another fault.
    assert!(order("5.57", "27.98").check().is_err());
    assert!(order("5.65", "28.06").check().is_err());
}

#[test]
fn amounts_are_asked_for_with_the_decimals_that_documents_have_where_the_shops_own_cannot_be_read() {
    let asked = |script: Script| -> Vec<bool> {
        let fetched = block_on(WooCommerce.fetch_order(&script, &EntityId::new("4711"), &rules()));
        assert!(matches!(fetched, Ok(Fetched::Found { .. })), "{fetched:?}");
        let decimals = ("dp".to_owned(), "2".to_owned());
        script.finish().iter().map(|request| request.query.contains(&decimals)).collect()
    };
    let order = ["Get /wp-json/wc/v3/orders/4711"];
    let refunds = ["Get /wp-json/wc/v3/orders/4711/refunds"];
    let own = Script::default().read(&order, 200, ORDER).read(&refunds, 200, "[]");
    assert_eq!(asked(own), [false, false]);
    let precise = changed("/total", json!("125.3751")).to_string();
    let again =
        Script::default().read(&order, 200, &precise).read(&order, 200, ORDER).read(&refunds, 200, "[]");
    assert_eq!(asked(again), [false, true, true]);
}

#[test]
fn the_country_that_was_taxed_in_is_read_from_the_rates_that_were_charged() {
    let taxed = |lines: &[(&str, &str, &str)]| {
        let line = |(code, goods, freight): &(&str, &str, &str)| {
            json!({ "id": 1, "rate_id": 1, "rate_code": code, "rate_percent": 25, "label": "Moms",
                "compound": false, "tax_total": goods, "shipping_tax_total": freight })
        };
        let lines: Vec<Value> = lines.iter().map(line).collect();
        read_text(&changed("/tax_lines", Value::Array(lines))).expect("it is an order").taxed_in
    };
    let dk = ("DK-MOMS-1", "20.00", "0.00");
    assert_eq!(taxed(&[dk]).as_deref(), Some("DK"));
    assert_eq!(taxed(&[("US-CA-TAX-1", "20.00", "0.00")]).as_deref(), Some("US"));
    assert_eq!(
        taxed(&[dk, ("SE-MOMS-1", "0.00", "0.00")]).as_deref(),
        Some("DK"),
        "nothing was charged by it"
    );
    assert_eq!(taxed(&[dk, ("SE-MOMS-1", "0.00", "5.00")]), None, "two countries");
    for code in ["MOMS-1", "EU-1", "dk-moms-1", ""] {
        assert_eq!(taxed(&[(code, "20.00", "0.00")]), None, "{code:?}");
    }
    assert_eq!(taxed(&[]), None);
}

#[test]
fn bad_input_is_refused_with_its_place() {
    for (text, place) in [
        (changed("/total", json!("NaN")), " at total: "),
        (changed("/total", Value::Null), " at total: "),
        (changed("/line_items/0/total", json!("12,50")), " at line_items[0].total: "),
        (changed("/line_items/1/total", json!("1e3")), " at line_items[1].total: "),
        (changed("/line_items/1/total", json!("54.245")), " at line_items[1].total: "),
        (changed("/line_items/0/total_tax", json!({})), " at line_items[0].total_tax: "),
        (changed("/line_items/0/taxes/0/total", json!("x")), " at line_items[0].taxes[0].total: "),
        (changed("/shipping_lines/0/total", json!("")), " at shipping_lines[0].total: "),
        (changed("/currency", json!("BTC")), " at currency: "),
        (changed("/currency", json!("")), " at currency: "),
        (changed("/id", json!(1.5)), " at id: "),
        (changed("/id", json!(0)), " at id: "),
        (changed("/date_created_gmt", json!("yesterday")), " at date_created_gmt: "),
        (changed("/date_created_gmt", json!("")), " at date_created_gmt: "),
        (changed("/line_items/0/quantity", json!("two")), " at line_items[0].quantity: "),
        (
            ORDER.replace("\"total\": \"226.76\"", "\"total\": \"226.76\", \"total\": \"1.00\""),
            "duplicate field",
        ),
        (
            ORDER.replace("\"total\": \"80.00\"", "\"total\": \"80.00\", \"total\": \"1.00\""),
            "duplicate field",
        ),
        (changed("/total", json!("9999999999999999999999999999")), " at total: "),
        (ORDER.replace("226.76", "99999999999999999999999999999999"), " at total: "),
        ("[".repeat(200_000), "cannot be read"),
        (format!("{{\"line_items\":{}", "[{\"taxes\":".repeat(50_000)), "cannot be read"),
        (" ".repeat(10 * 1024 * 1024), "bytes long"),
        ("null".to_owned(), "cannot be read"),
    ] {
        let said = refusal(&text);
        assert!(said.contains(place), "{place} is missing in: {said}");
        assert!(!said.contains("aase@example.org") && said.len() < 700, "{said}");
    }
}

#[test]
fn ten_thousand_lines_are_refused_before_they_are_mapped() {
    let line = json!({ "id": 1, "name": "x", "quantity": 1, "total": "0.00" });
    let text = changed("/line_items", Value::Array(vec![line.clone(); 10_000]));
    assert!(refusal(&text).contains("more than 2000 items"));
    let text = changed("/line_items", Value::Array(vec![line; 2_000]));
    assert!(refusal(&text).contains("the order has 2002 lines, at most 2000 are read"));
}

#[test]
fn nothing_that_may_be_missing_is_asked_for() {
    let order = r#"{"id":"7","currency":"ISK","total":"360","date_created_gmt":"2026-11-20T09:00:00Z","billing":[],"shipping":null,
        "line_items":[{"id":1,"quantity":3,"total":"360","price":119.96}],"tax_lines":null,"fee_lines":"","meta_data":{}}"#;
    let order = read_text(order).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!((order.number.as_str(), order.customer.shop_id.as_deref()), ("7", None));
}

fn verified(headers: &[(&str, &str)], body: &[u8], secrets: &[&str]) -> Verification {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let secrets: Vec<SecretString> =
        secrets.iter().map(|secret| SecretString::from((*secret).to_owned())).collect();
    WooCommerce.verify(&Delivery { headers: &headers, body }, &secrets)
}

#[test]
fn only_signed_bodies_are_authentic_and_only_pings_are_greetings() {
    let signed = [("x-wc-webhook-signature", SIGNATURE)];
    let body = SIGNED.as_bytes();
    use Verification::{Authentic, Forged, Greeting};
    assert_eq!(verified(&signed, body, &["wc-test-secret-2026"]), Authentic);
    assert_eq!(verified(&signed, body, &["old", "wc-test-secret-2026"]), Authentic, "rotated");
    assert_eq!(verified(&signed, body, &[""]), Forged);
    assert_eq!(verified(&signed, body, &[]), Forged);
    assert_eq!(verified(&[], body, &["wc-test-secret-2026"]), Forged);
    assert_eq!(verified(&[("x-wc-webhook-signature", "")], body, &["wc-test-secret-2026"]), Forged);
    let entities = [("x-wc-webhook-signature", SIGNATURE_ENTITIES)];
    for secret in ["a&b<c", "a&amp;b&lt;c", "a&amp;b<c"] {
        assert_eq!(verified(&entities, body, &[secret]), Authentic, "{secret}");
    }
    assert_eq!(verified(&[], b"webhook_id=1", &["wc-test-secret-2026"]), Greeting);
    assert_eq!(verified(&[], b"webhook_id=1", &[]), Greeting, "it wants its 200 before the secret is set");
    for body in ["webhook_id=", "webhook_id=1&x=2", "webhook_id=1\n", "webhook_id=a", "{\"id\":1}", ""] {
        assert_eq!(verified(&[], body.as_bytes(), &["wc-test-secret-2026"]), Forged, "{body}");
    }
    assert_eq!(
        verified(&signed, b"webhook_id=1", &["wc-test-secret-2026"]),
        Forged,
        "a ping is never signed"
    );
}

proptest! {
    #[test]
    fn a_signed_body_with_one_byte_changed_is_forged(index in 0..SIGNED.len(), flip in 1_u8..=255) {
        let mut body = SIGNED.as_bytes().to_vec();
        body[index] ^= flip;
        prop_assert_eq!(verified(&[("x-wc-webhook-signature", SIGNATURE)], &body, &["wc-test-secret-2026"]), Verification::Forged);
    }
}

#[test]
fn the_body_alone_says_what_a_delivery_is_about() {
    let forged_topic = [("x-wc-webhook-topic".to_owned(), "product.updated".to_owned())];
    for (body, expected) in [
        (ORDER, Ok("4711")),
        (r#"{"id":67}"#, Ok("67")),
        (r#"{"id":"67"}"#, Ok("67")),
        (
            r#"{"id":11,"permalink":"https://shop.example/kop","status":"publish"}"#,
            Err("resource 11, not an order"),
        ),
        (r#"{"id":11,"permalink":"https://shop.example/kop","type":"simple","parent_id":0}"#, Ok("11")),
        (r#"{"id":12,"permalink":"https://shop.example/kop","type":"variation","parent_id":11}"#, Ok("11")),
        (r#"{"id":9,"line_items":[],"order_key":"wc_1","billing_period":"month"}"#, Err("subscription 9")),
        (r#"{"id":3,"email":"x@example.org"}"#, Err("resource 3, not an order")),
        (r#"{"id":3,"code":"tyve"}"#, Err("resource 3, not an order")),
        (r#"{"action":"woocommerce_add_to_cart","arg":"x"}"#, Err("the action woocommerce_add_to_cart")),
        ("{}", Err("a body without an id")),
    ] {
        let notice = WooCommerce.notice(&Delivery { headers: &forged_topic, body: body.as_bytes() });
        match (notice.expect("it is understood"), expected) {
            (Notice::Changed { entity, .. }, Ok(id)) => assert_eq!(entity.as_str(), id, "{body}"),
            (Notice::NotForUs { what }, Err(word)) => assert_eq!(what, word, "{body}"),
            (notice, _) => panic!("{body}: {notice:?}"),
        }
    }
    for body in [&b"\xff\xfe"[..], b"", b"[1]x", br#"{"id":1,"id":2}"#, br#"{"id":"../../1"}"#] {
        assert_eq!(word(&WooCommerce.notice(&Delivery { headers: &[], body })), "rejected", "{body:?}");
    }
}

#[test]
fn an_order_is_fetched_or_gone_or_the_failure_is_told() {
    let missing =
        r#"{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.","data":{"status":404}}"#;
    let cannot =
        r#"{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot view this resource."}"#;
    let no_route = r#"{"code":"rest_no_route","message":"No route was found"}"#;
    for (status, body, expected) in [
        (200, ORDER, "ok"),
        (404, missing, "ok"),
        (404, no_route, "rejected"),
        (404, "<html>not found</html>", "busy"),
        (401, cannot, "unauthorized"),
        (429, "<html>slow down</html>", "busy"),
        (503, "<html>maintenance</html>", "busy"),
        (200, "<html>captcha</html>", "busy"),
        (200, "", "busy"),
        (200, "{\"id\":", "busy"),
        (200, "Notice: undefined index\n{\"id\":4711}", "busy"),
        (200, "{\"id\":4711}", "rejected"),
        (302, "", "rejected"),
    ] {
        let plain = changed("/refunds", json!([]));
        let body = if body == ORDER { plain.as_str() } else { body };
        let order = ["Get /wp-json/wc/v3/orders/4711"];
        let mut script = Script::default().read(&order, status, body);
        if body == "{\"id\":4711}" {
            // What cannot be read is asked for once more, with fewer decimals.
            script = script.read(&order, status, body);
        }
        let fetched = block_on(WooCommerce.fetch_order(&script, &EntityId::new("4711"), &rules()));
        assert_eq!(word(&fetched), expected, "{status} {body}");
        match fetched {
            Ok(Fetched::Found { raw, value }) => {
                assert_eq!((status, raw.as_str()), (200, plain.trim()));
                assert_eq!(
                    WooCommerce.read_order(&raw, &rules()),
                    Ok(value),
                    "the log's text gives the same order"
                );
            }
            Ok(Fetched::Gone) => assert_eq!(status, 404),
            Ok(Fetched::Hidden { .. }) => panic!("the shop shows orders of any age"),
            Err(_) => {}
        }
        script.finish();
    }
    let script = Script::default().read(&["orders/4712"], 200, ORDER);
    let another = block_on(WooCommerce.fetch_order(&script, &EntityId::new("4712"), &rules()));
    assert!(another.expect_err("another order").to_string().contains("4711 was sent"));
    for id in ["", "../users", "1/notes", "1?x=2", "-1", "123456789012345678901"] {
        let nothing = block_on(WooCommerce.fetch_order(&Script::default(), &EntityId::new(id), &rules()));
        assert_eq!(word(&nothing), "rejected", "{id}: no call is made");
    }
}

#[test]
fn an_order_with_refunds_is_read_with_what_they_were_for() {
    let refunds = r#"[{"id":30,"date_created_gmt":"2026-11-21T09:00:00","amount":"25.00","reason":"Retur &amp; tak",
        "line_items":[{"id":9,"name":"Kop","quantity":-1,"total":"-16.00","total_tax":"-4.00",
        "meta_data":[{"id":1,"key":"_refunded_item_id","value":"1"}]},{"id":10,"quantity":0,"total":"0.00","total_tax":"0.00"}],
        "shipping_lines":[{"id":11,"method_title":"GLS","total":"-4.00","total_tax":"-1.00",
        "meta_data":[{"id":1,"key":"_refunded_item_id","value":3}]}],"fee_lines":[]}]"#;
    let script = Script::default().read(&["Get /wp-json/wc/v3/orders/4711"], 200, ORDER).read(
        &["Get /wp-json/wc/v3/orders/4711/refunds"],
        200,
        refunds,
    );
    let fetched = block_on(WooCommerce.fetch_order(&script, &EntityId::new("4711"), &rules()));
    let Ok(Fetched::Found { value, raw }) = fetched else { panic!("found: {fetched:?}") };
    script.finish();
    let [refund] = value.refunds.as_slice() else { panic!("one refund: {:?}", value.refunds) };
    assert_eq!((refund.id.as_str(), refund.reason.as_str()), ("30", "Retur & tak"));
    assert_eq!((refund.total.to_string().as_str(), refund.lines.len()), ("25.00", 2));
    let told: Vec<String> = refund
        .lines
        .iter()
        .map(|line| {
            let of = line.order_line.as_deref().unwrap_or("-");
            format!("{of} {} {} {}", line.quantity, line.net, line.vat)
        })
        .collect();
    assert_eq!(told, ["1 1 16.00 4.00", "3 0 4.00 1.00"]);
    assert_eq!(WooCommerce.read_order(&raw, &rules()), Ok(value), "the log's text gives the same order");
    let method = |raw: &str| {
        let order = WooCommerce.read_order(raw, &rules()).expect("it is an order");
        let back = order.payments.into_iter().find(|payment| payment.kind == PaymentKind::Refund);
        back.expect("a refund").method
    };
    let told = |by_gateway: bool| {
        raw.replace(
            "\"amount\":\"25.00\"",
            &format!("\"amount\":\"25.00\",\"refunded_payment\":{by_gateway}"),
        )
    };
    assert_eq!(method(&told(true)), method(&raw));
    assert_eq!(method(&told(false)), "manual-refund", "the gateway gave nothing back");
    // A delivery alone tells of the sum, and an order in the bin is told from one that is cancelled.
    let alone = read_text(ORDER).expect("it is an order");
    assert!(alone.refunds[0].is_by_amount() && !alone.deleted);
    assert!(read_text(&changed("/status", json!("trash"))).expect("it is an order").deleted);
}

#[test]
fn the_number_is_written_back_once() {
    let entity = EntityId::new("4711");
    let carries = r#"{"id":4711,"meta_data":[{"id":1,"key":"bogbro_document","value":"Faktura 1001"}]}"#;
    let other = r#"{"id":4711,"meta_data":[{"id":1,"key":"bogbro_document","value":"Faktura 999"}]}"#;
    let ask = &["Put /wp-json/wc/v3/orders/4711", r#""key":"bogbro_document""#, r#""value":"Faktura 1001""#];
    let tag = |script: &Script| {
        block_on(WooCommerce.write_back(script, &entity, &write_back(WriteBackForm::Tag), "1001"))
    };

    let script = Script::default().read(&["orders/4711"], 200, ORDER).write(ask, 200, carries);
    assert_eq!(tag(&script), Ok(()));
    let script = Script::default().read(&["orders/4711"], 200, carries);
    assert_eq!(tag(&script), Ok(()), "the second time writes nothing");
    let script = Script::default().read(&["orders/4711"], 200, &carries[..carries.len() / 2]);
    assert_eq!(word(&tag(&script)), "busy", "an answer cut short is asked for again");
    for (status, body, expected) in [
        (200, other, "unknown"),
        (200, &carries[..40], "unknown"),
        (200, "<html>", "unknown"),
        (502, "", "unknown"),
        (400, "{}", "rejected"),
    ] {
        let script = Script::default().read(&["orders/4711"], 200, other).write(ask, status, body);
        assert_eq!(word(&tag(&script)), expected, "{status} {body}");
    }

    let ask =
        &["Post /wp-json/wc/v3/orders/4711/notes", r#""note":"Faktura 1001""#, r#""customer_note":false"#];
    let note = |script: &Script| {
        block_on(WooCommerce.write_back(script, &entity, &write_back(WriteBackForm::Note), "1001"))
    };
    let to_buyer = r#"[{"id":1,"note":"Faktura 1001","customer_note":true}]"#;
    let private = r#"{"id":2,"note":"Faktura 1001","customer_note":false}"#;
    let script = Script::default().read(&["orders/4711/notes"], 200, to_buyer).write(ask, 201, private);
    assert_eq!(note(&script), Ok(()));
    let script = Script::default().read(&["orders/4711/notes"], 200, format!("[{private}]"));
    assert_eq!(note(&script), Ok(()), "the second time writes nothing");
    let script = Script::default().read(&["notes"], 200, "[]").write(ask, 201, r#"{"id":3,"note":"x"}"#);
    assert_eq!(word(&note(&script)), "unknown");
}

#[test]
fn webhooks_that_the_shop_switched_off_are_switched_on_again() {
    let webhook = |id: u32, status: &str, topic: &str, url: &str| json!({ "id": id, "status": status, "topic": topic, "delivery_url": url });
    let ours = "https://bogbro.example/v1/webhooks/abc";
    let list = json!([
        webhook(1, "disabled", "order.updated", ours),
        webhook(2, "paused", "order.created", ours),
        webhook(3, "disabled", "order.updated", "https://another.example/hook"),
        webhook(4, "disabled", "product.updated", ours),
    ]);
    let active = webhook(1, "active", "order.updated", ours).to_string();
    let script = Script::default()
        .read(&["Get /wp-json/wc/v3/webhooks", "(\"status\", \"all\")"], 200, list.to_string())
        .write(&["Put /wp-json/wc/v3/webhooks/1", r#"{"status":"active"}"#], 200, active);
    let words = block_on(WooCommerce.tend(&script, false)).expect("mended");
    assert_eq!(words[0], "webhook 1 (order.updated) was switched off by the shop and is on again");
    assert!(words[1].contains("of order.created, order.deleted, order.restored:"), "{words:?}");
    assert_eq!(words.len(), 2);
    script.finish();
    // Where products are carried over, their webhooks are needed as well.
    let mut all: Vec<Value> = ["order.created", "order.updated", "order.deleted", "order.restored"]
        .iter()
        .chain(&["product.created", "product.updated", "product.restored"])
        .zip(1..)
        .map(|(topic, id)| webhook(id, "active", topic, ours))
        .collect();
    all.push(webhook(9, "disabled", "product.deleted", ours));
    let active = webhook(9, "active", "product.deleted", ours).to_string();
    let script = Script::default().read(&["webhooks"], 200, Value::Array(all).to_string()).write(
        &["Put /wp-json/wc/v3/webhooks/9"],
        200,
        active,
    );
    let words = block_on(WooCommerce.tend(&script, true)).expect("mended");
    assert_eq!(words, ["webhook 9 (product.deleted) was switched off by the shop and is on again"]);
    script.finish();

    let script = Script::default().read(
        &["webhooks"],
        200,
        json!([webhook(3, "active", "order.updated", "https://x.example/")]).to_string(),
    );
    let words = block_on(WooCommerce.tend(&script, false)).expect("looked");
    assert!(words[0].contains("no active webhook"), "{words:?}");

    let still_off = webhook(1, "disabled", "order.updated", ours).to_string();
    let script = Script::default()
        .read(&["webhooks"], 200, json!([webhook(1, "disabled", "order.updated", ours)]).to_string())
        .write(&["webhooks/1"], 200, still_off);
    assert_eq!(word(&block_on(WooCommerce.tend(&script, false))), "unknown");
}

#[test]
fn a_deletion_without_a_word_of_its_own_is_told_apart_by_its_topic() {
    let kind = |topic: &str, body: &str| {
        let headers = [("x-wc-webhook-topic".to_owned(), topic.to_owned())];
        match WooCommerce.notice(&Delivery { headers: &headers, body: body.as_bytes() }) {
            Ok(Notice::Changed { kind, .. }) => kind,
            other => panic!("{topic} {body}: {other:?}"),
        }
    };
    assert_eq!(kind("order.deleted", r#"{"id":67}"#), EntityKind::Order);
    assert_eq!(kind("product.deleted", r#"{"id":67}"#), EntityKind::Product);
    assert_eq!(kind("", r#"{"id":67}"#), EntityKind::Order);
    // Where a body says what it is, no topic says otherwise.
    assert_eq!(kind("product.updated", ORDER), EntityKind::Order);
    let product = r#"{"id":11,"permalink":"https://shop.example/kop","type":"simple"}"#;
    assert_eq!(kind("order.updated", product), EntityKind::Product);
}
