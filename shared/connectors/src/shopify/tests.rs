//! Stories of a Shopify shop: one order in both shapes, edits and refunds, and every call.

use domain::order::{FulfilmentState, LineKind, PaymentKind, PaymentState};
use domain::settings::WriteBackForm;
use domain::{EntityKind, Money};
use futures::executor::block_on;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::ports::{PrivacyAsked, PrivacyNotice};
use crate::scripted::{Script, word, write_back};

const REST: &str = include_str!("fixtures/order-rest.json");
const GRAPHQL: &str = include_str!("fixtures/order-graphql.json");
const ID: &str = "9007199254740995";
/// `hush-shpss_test` over [`SIGNED`], from the facts.
const SIGNED: &str = "{\"id\":820982911946154508,\"name\":\"#1001\",\"currency\":\"DKK\",\"total_price\":\"249.00\",\"note\":\"Tak for købet\"}";
const SIGNATURE: &str = "XJ1mVvGGCn4RCijd66/MDLVg8l9aGZkPY5JanbXEZXg=";

fn rules() -> ReadingRules {
    ReadingRules {
        company_number_fields: vec!["CVR".to_owned()],
        vat_number_fields: vec!["VAT".to_owned()],
        ean_fields: vec!["EAN".to_owned()],
        ..ReadingRules::default()
    }
}

fn read_text(text: &str) -> Result<Order, Failure> {
    Shopify.read_order(text, &rules())
}

fn changed(order: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(order).expect("JSON");
    change(&mut value);
    value.to_string()
}

fn money(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount, "currencyCode": "DKK" } })
}

#[test]
fn an_order_with_everything_on_it_is_read_whole() {
    let order = read_text(GRAPHQL).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!((order.id.as_str(), order.number.as_str(), order.state.as_str()), (ID, "EN1001-A", "open"));
    assert_eq!(order.total.to_string(), "543.00", "the rounding of cash stands outside Shopify's total");
    assert_eq!(order.total_vat.to_string(), "56.50");
    assert_eq!((order.payment_state, order.payment_state_text.as_str()), (PaymentState::Paid, "paid"));
    assert_eq!((order.fulfilment_state, order.shipped_at), (FulfilmentState::PartlyFulfilled, None));
    assert_eq!(order.created_at.to_string(), "2026-11-20T09:00:00Z");
    assert_eq!(order.paid_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T09:04:00Z"));
    assert_eq!(
        (order.tags.as_slice(), order.discount_codes.len()),
        (["b2b".to_owned(), "vip".to_owned()].as_slice(), 1)
    );
    assert_eq!(order.purchase_order_number.as_deref(), Some("PO-7"));
    let buyer = &order.customer;
    assert_eq!(buyer.company_number.as_deref(), Some("12345674"));
    assert_eq!(
        (buyer.ean.as_deref(), buyer.vat_number.as_deref(), buyer.delivery.as_ref()),
        (None, None, None)
    );
    assert_eq!((buyer.phone.as_str(), buyer.shop_id.as_deref()), ("+4512345678", Some("9007199254740997")));

    use LineKind::{CashRounding, Duty, GiftCardSold, Product, Shipping, Tip};
    let lines: Vec<(LineKind, String, String, String)> = order
        .lines
        .iter()
        .map(|line| {
            let vat = line.vat_total().expect("one currency").to_string();
            (line.kind, line.net_before_discount.to_string(), line.net.to_string(), vat)
        })
        .collect();
    let line =
        |kind, before: &str, net: &str, vat: &str| (kind, before.to_owned(), net.to_owned(), vat.to_owned());
    let expected = [
        line(Product, "160.00", "144.00", "36.00"),
        line(GiftCardSold, "250.00", "250.00", "0.00"),
        line(Product, "40.00", "40.00", "10.00"),
        line(Shipping, "39.20", "32.00", "8.00"),
        line(Tip, "10.00", "10.00", "0.00"),
        line(Duty, "10.00", "10.00", "2.50"),
        line(CashRounding, "0.50", "0.50", "0.00"),
    ];
    assert_eq!(lines, expected);
    assert!(order.lines[2].vat[0].remitted_by_marketplace);
    assert_eq!(
        (order.lines[0].product_id.as_deref(), order.lines[1].product_id.as_deref()),
        (Some("8"), Some("9"))
    );

    let payments: Vec<(PaymentKind, &str, String, bool)> = order
        .payments
        .iter()
        .map(|one| (one.kind, one.method.as_str(), one.amount.to_string(), one.gift_card))
        .collect();
    let expected = [
        (PaymentKind::Capture, "gift_card", "43.00".to_owned(), true),
        (PaymentKind::Authorisation, "shopify_payments", "500.00".to_owned(), false),
        (PaymentKind::Capture, "shopify_payments", "500.00".to_owned(), false),
    ];
    assert_eq!(payments, expected, "what failed is not there");
    assert_eq!(
        (order.payment_method.as_str(), order.payment_method_title.as_str()),
        ("shopify_payments", "Shopify Payments")
    );
}

#[test]
fn both_shapes_of_an_order_are_one_order() {
    let mut rest = read_text(REST).expect("it is an order");
    let graphql = read_text(GRAPHQL).expect("it is an order");
    assert!(rest.payments.is_empty(), "two gateways and no amounts: nothing is guessed");
    // Only what the REST shape does not carry may differ.
    rest.payments.clone_from(&graphql.payments);
    rest.paid_at = graphql.paid_at;
    rest.payment_method_title.clone_from(&graphql.payment_method_title);
    assert_eq!(rest, graphql);
    let enveloped = format!("{{\"order\":{REST}}}");
    assert_eq!(read_text(&enveloped).map(|order| order.lines), Ok(graphql.lines.clone()));
    let kept = format!("{{\"order\":{GRAPHQL},\"further_lines\":[],\"refunded_units\":null}}");
    assert_eq!(read_text(&kept), Ok(graphql));
}

#[test]
fn the_shops_money_is_booked_and_never_the_buyers() {
    let order = read_text(REST).expect("it is an order");
    assert_eq!(order.currency.code(), "DKK");
    let mixed = changed(REST, |order| {
        order["line_items"][0]["price_set"]["shop_money"]["currency_code"] = json!("EUR")
    });
    let said = read_text(&mixed).expect_err("two currencies").to_string();
    assert!(said.contains("line_items[0].price: the amount is in EUR, the order in DKK"), "{said}");
    let preferred = changed(REST, |order| order["line_items"][1]["price"] = json!("33.51"));
    assert_eq!(read_text(&preferred).expect("it is an order").lines[1].net.to_string(), "250.00");
}

#[test]
fn prices_without_tax_are_net_as_they_are() {
    let text = changed(GRAPHQL, |order| {
        order["taxesIncluded"] = json!(false);
        order["totalPriceSet"] = money("599.0");
    });
    let order = read_text(&text).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!(
        (order.lines[0].net.to_string(), order.lines[0].net_before_discount.to_string()),
        ("180.00".to_owned(), "200.00".to_owned())
    );
}

#[test]
fn a_tip_or_duty_counts_only_when_the_total_holds_it() {
    for (total, tip, kept) in [("542.5", "10.0", true), ("532.5", "10.0", false), ("532.5", "0.0", false)] {
        let text = changed(GRAPHQL, |order| {
            order["totalPriceSet"] = money(total);
            order["totalTipReceivedSet"] = money(tip);
        });
        let order = read_text(&text).expect("it is an order");
        assert_eq!(order.check(), Ok(()), "total {total}, tip {tip}");
        assert_eq!(
            order.lines.iter().any(|line| line.kind == LineKind::Tip),
            kept,
            "total {total}, tip {tip}"
        );
    }
    let wrong = changed(GRAPHQL, |order| order["totalPriceSet"] = money("541.0"));
    assert!(read_text(&wrong).expect("it is an order").check().is_err(), "no choice makes this total");
    let included = changed(GRAPHQL, |order| {
        order["dutiesIncluded"] = json!(true);
        order["totalPriceSet"] = money("530.0");
        order["totalTaxSet"] = money("54.0");
    });
    let order = read_text(&included).expect("it is an order");
    assert_eq!((order.check(), order.lines.iter().any(|line| line.kind == LineKind::Duty)), (Ok(()), false));
}

/// The dish (50.00, line 3) is gone with its duty's line left as it was.
fn without_the_dish(order: &mut Value) {
    order["line_items"][2]["current_quantity"] = json!(0);
    order["line_items"][2]["duties"] = json!([]);
    order["total_price"] = json!("530.00");
    order["total_price_set"] = Value::Null;
    order["total_tax"] = json!("54.00");
    order["total_tax_set"] = Value::Null;
    order["current_total_price"] = json!("480.00");
    order["current_total_tax"] = json!("44.00");
}

#[test]
fn units_that_an_edit_took_off_are_not_sold_and_refunded_ones_are() {
    let edited = changed(REST, |order| {
        without_the_dish(order);
        order["refunds"] = json!([{ "id": 1, "created_at": null, "transactions": [],
            "refund_line_items": [{ "line_item_id": 9_007_199_254_741_003_i64, "quantity": 1, "subtotal": 50.0 }] }]);
    });
    let order = read_text(&edited).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!(
        (order.total.to_string(), order.refunded.to_string()),
        ("480.50".to_owned(), "0.00".to_owned())
    );
    assert!(!order.lines.iter().any(|line| line.name == "Fad"));

    let refunded = changed(REST, |order| {
        without_the_dish(order);
        order["financial_status"] = json!("partially_refunded");
        order["refunds"] = json!([{ "id": 1, "created_at": "2026-11-21T10:00:00Z",
            "transactions": [{ "kind": "refund", "status": "success", "amount": "50.00" }, { "kind": "refund", "status": "failure", "amount": "50.00" }],
            "refund_line_items": [{ "line_item_id": 9_007_199_254_741_003_i64, "quantity": 1, "subtotal": 50.0 }] }]);
    });
    let order = read_text(&refunded).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    assert_eq!(
        (order.total.to_string(), order.refunded.to_string()),
        ("530.50".to_owned(), "50.00".to_owned())
    );
    assert_eq!(order.payment_state, PaymentState::PartlyRefunded);
    assert!(order.lines.iter().any(|line| line.name == "Fad"));

    let fewer = changed(REST, |order| {
        order["line_items"][0]["current_quantity"] = json!(1);
        order["current_total_price"] = json!("452.50");
        order["current_total_tax"] = json!("38.50");
    });
    let order = read_text(&fewer).expect("it is an order");
    assert_eq!(order.check(), Ok(()), "one of two cups taken off: half of price, discount and tax");
    assert_eq!(
        (order.lines[0].quantity.to_string(), order.lines[0].net.to_string()),
        ("1".to_owned(), "72.00".to_owned())
    );

    let freight = changed(REST, |order| {
        order["shipping_lines"][0]["is_removed"] = json!(true);
        order["current_total_price"] = json!("502.50");
        order["current_total_tax"] = json!("48.50");
    });
    let order = read_text(&freight).expect("it is an order");
    assert_eq!(
        (order.check(), order.lines.iter().any(|line| line.kind == LineKind::Shipping)),
        (Ok(()), false)
    );

    let cancelled = changed(REST, |order| {
        without_the_dish(order);
        order["cancelled_at"] = json!("2026-11-21T10:00:00Z");
    });
    let order = read_text(&cancelled).expect("it is an order");
    assert_eq!(
        (order.cancelled, order.state.as_str(), order.total.to_string().as_str()),
        (true, "cancelled", "530.50")
    );
}

#[test]
fn tax_on_the_units_that_an_edit_left_is_reckoned_as_shopify_does() {
    for (included, total, tax, less, less_tax) in
        [(true, "29.97", "5.99", "19.98", "4.00"), (false, "37.46", "7.49", "24.98", "5.00")]
    {
        let order = |current: u32, total: &str, tax: &str, refunds: Value| {
            changed(REST, |order| {
                order["taxes_included"] = json!(included);
                let mut line = order["line_items"][0].clone();
                (line["quantity"], line["current_quantity"]) = (json!(3), json!(current));
                line["price"] = json!("9.99");
                line["price_set"]["shop_money"]["amount"] = json!("9.99");
                line["discount_allocations"] = json!([]);
                line["tax_lines"] = json!([{ "title": "Moms", "rate": 0.25, "price": if included { "5.99" } else { "7.49" } }]);
                order["line_items"] = json!([line]);
                for list in ["shipping_lines", "refunds", "discount_codes", "discount_applications"] {
                    order[list] = json!([]);
                }
                order["refunds"] = refunds;
                order["total_cash_rounding_payment_adjustment_set"] = Value::Null;
                order["total_tip_received"] = json!("0.00");
                for set in
                    ["total_price_set", "total_tax_set", "current_total_price_set", "current_total_tax_set"]
                {
                    order[set] = Value::Null;
                }
                (order["total_price"], order["current_total_price"]) = (json!(total), json!(total));
                (order["total_tax"], order["current_total_tax"]) = (json!(tax), json!(tax));
            })
        };
        let read = |text: &str| read_text(text).expect("it is an order");
        let whole = read(&order(3, total, tax, json!([])));
        assert_eq!(whole.check(), Ok(()), "{included}");
        let fewer = read(&order(2, less, less_tax, json!([])));
        assert_eq!(fewer.check(), Ok(()), "{included}");
        assert_eq!(fewer.lines[0].vat[0].amount.to_string(), less_tax);
        // The tax of what was sold is the same once the money for the third went back.
        let back = json!([{ "id": 1, "created_at": "2026-11-21T10:00:00Z", "refund_line_items": [],
            "transactions": [{ "kind": "refund", "status": "success", "amount": "9.99" }] }]);
        let refunded = read(&order(2, less, less_tax, back));
        assert_eq!(refunded.lines, fewer.lines, "{included}");
    }
}

#[test]
fn an_order_of_high_risk_waits_until_it_is_shipped() {
    for (display, waits) in [("UNFULFILLED", true), ("PARTIALLY_FULFILLED", false), ("FULFILLED", false)] {
        let text = changed(GRAPHQL, |order| {
            order["riskLevel"] = json!("HIGH");
            order["displayFulfillmentStatus"] = json!(display);
        });
        assert_eq!(read_text(&text).expect("read").fraud_hold, waits, "{display}");
    }
}

#[test]
fn states_are_told_in_shopifys_words_and_ours() {
    for (display, word, state) in [
        ("PENDING", "pending", PaymentState::Unpaid),
        ("AUTHORIZED", "authorized", PaymentState::Authorised),
        ("PARTIALLY_PAID", "partially_paid", PaymentState::PartlyPaid),
        ("PAID", "paid", PaymentState::Paid),
        ("PARTIALLY_REFUNDED", "partially_refunded", PaymentState::PartlyRefunded),
        ("REFUNDED", "refunded", PaymentState::Refunded),
        ("VOIDED", "voided", PaymentState::Voided),
        ("EXPIRED", "expired", PaymentState::Voided),
    ] {
        let order = read_text(&changed(GRAPHQL, |order| order["displayFinancialStatus"] = json!(display)))
            .expect("read");
        assert_eq!((order.payment_state_text.as_str(), order.payment_state), (word, state), "{display}");
    }
    for (display, state) in [
        ("UNFULFILLED", FulfilmentState::Unfulfilled),
        ("ON_HOLD", FulfilmentState::Unfulfilled),
        ("PARTIALLY_FULFILLED", FulfilmentState::PartlyFulfilled),
        ("FULFILLED", FulfilmentState::Fulfilled),
    ] {
        let text = changed(GRAPHQL, |order| {
            order["displayFulfillmentStatus"] = json!(display);
            order["fulfillments"] = json!([{ "status": "SUCCESS", "createdAt": "2026-11-20T11:00:00Z" }, { "status": "CANCELLED", "createdAt": "2026-11-22T11:00:00Z" }]);
        });
        let order = read_text(&text).expect("read");
        assert_eq!(
            (order.fulfilment_state, order.shipped_at.is_some()),
            (state, state == FulfilmentState::Fulfilled),
            "{display}"
        );
    }
    for (place, value) in
        [("test", json!(true)), ("cancelledAt", json!("2026-11-21T10:00:00Z")), ("riskLevel", json!("HIGH"))]
    {
        let text = changed(GRAPHQL, |order| {
            order["displayFulfillmentStatus"] = json!("UNFULFILLED");
            order[place] = value;
        });
        let order = read_text(&text).expect("read");
        assert_eq!(
            [order.test, order.cancelled, order.fraud_hold].iter().filter(|yes| **yes).count(),
            1,
            "{place}"
        );
    }
}

#[test]
fn a_business_order_names_its_company() {
    let text = changed(GRAPHQL, |order| {
        order["purchasingEntity"] =
            json!({ "company": { "name": "Kande ApS" }, "location": { "taxRegistrationId": "DK12345674" } });
        order["customer"]["taxExempt"] = json!(true);
    });
    let order = read_text(&text).expect("it is an order");
    assert_eq!(order.customer.billing.company, "Kande ApS");
    assert_eq!(order.customer.vat_number.as_deref(), Some("DK12345674"));
    assert!(!order.customer.vat_exempt, "VAT was charged on this order, whatever the customer is now");
    let exempt =
        read_text(&changed(&text, |order| order["taxExempt"] = json!(true))).expect("it is an order");
    assert!(exempt.customer.vat_exempt);
}

#[test]
fn change_at_the_till_lowers_the_cash_that_was_taken() {
    let cash = |kind: &str, amount: &str| {
        json!({ "id": "gid://shopify/OrderTransaction/9", "kind": kind, "status": "SUCCESS", "gateway": "cash",
        "createdAt": "2026-11-20T09:00:00Z", "amountSet": money(amount) })
    };
    let text = changed(GRAPHQL, |order| {
        order["transactions"] =
            json!([cash("SALE", "600.0"), cash("CHANGE", "57.0"), cash("SUGGESTED_REFUND", "1.0")])
    });
    let order = read_text(&text).expect("it is an order");
    assert_eq!((order.payments.len(), order.payments[0].amount.to_string().as_str()), (1, "543.00"));
    let alone = changed(GRAPHQL, |order| order["transactions"] = json!([cash("CHANGE", "57.0")]));
    assert_eq!(word(&read_text(&alone)), "rejected");
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let rest = |change: &dyn Fn(&mut Value)| changed(REST, change);
    for (text, place) in [
        (
            rest(&|order| order["total_price_set"]["shop_money"]["amount"] = json!("NaN")),
            " at total_price_set.shop_money.amount: ",
        ),
        (
            rest(&|order| order["line_items"][0]["price_set"]["shop_money"]["amount"] = json!("100.001")),
            " at line_items[0]",
        ),
        (rest(&|order| order["line_items"][0]["quantity"] = json!("1e9")), " at line_items[0].quantity: "),
        (
            rest(&|order| order["line_items"][0]["tax_lines"][0]["price"] = json!({})),
            " at line_items[0].tax_lines[0].price: ",
        ),
        (rest(&|order| order["currency"] = json!("XBT")), "XBT"),
        (rest(&|order| order["id"] = json!("4216043012249-fake")), " at id: "),
        (rest(&|order| order["id"] = json!(-5)), " at id: "),
        (rest(&|order| order["created_at"] = json!("2026-11-20T10:00:00")), " at created_at: "),
        (rest(&|order| order["created_at"] = Value::Null), " at created_at: "),
        (
            rest(&|order| {
                order["line_items"][0]["price_set"]["shop_money"]["amount"] =
                    json!("9999999999999999999999999999")
            }),
            "too large",
        ),
        (changed(GRAPHQL, |order| order["totalPriceSet"] = Value::Null), " at totalPriceSet: "),
        (
            changed(GRAPHQL, |order| order["lineItems"]["nodes"][0]["originalUnitPriceSet"] = json!(5)),
            " at lineItems.nodes[0].originalUnitPriceSet: ",
        ),
        (changed(GRAPHQL, |order| order["id"] = json!("gid://shopify/Order/x")), " at id: "),
        (
            REST.replace("\"total_tip_received\"", "\"total_price\": \"1.00\", \"total_tip_received\""),
            "duplicate field",
        ),
        ("[".repeat(200_000), "cannot be read"),
        (format!("{{\"line_items\":{}", "[{\"tax_lines\":".repeat(50_000)), "cannot be read"),
        (" ".repeat(10 * 1024 * 1024), "bytes long"),
        ("{}".to_owned(), "cannot be read"),
    ] {
        let said = read_text(&text).expect_err(place).to_string();
        assert!(said.contains(place), "{place} is missing in: {said}");
        assert!(!said.contains("aase@example.org") && said.len() < 700, "{said}");
    }
    let line = json!({ "id": 1, "name": "x", "quantity": 1, "price": "0.00" });
    let text = rest(&|order| order["line_items"] = Value::Array(vec![line.clone(); 10_000]));
    assert!(read_text(&text).expect_err("too many").to_string().contains("more than 2000 items"));
}

fn verified(signature: Option<&str>, body: &[u8], secrets: &[&str]) -> Verification {
    let headers: Vec<(String, String)> =
        signature.map(|text| ("x-shopify-hmac-sha256".to_owned(), text.to_owned())).into_iter().collect();
    let secrets: Vec<SecretString> =
        secrets.iter().map(|secret| SecretString::from((*secret).to_owned())).collect();
    Shopify.verify(&Delivery { headers: &headers, body }, &secrets)
}

#[test]
fn only_signed_bodies_are_authentic() {
    let body = SIGNED.as_bytes();
    assert_eq!(verified(Some(SIGNATURE), body, &["hush-shpss_test"]), Verification::Authentic);
    assert_eq!(
        verified(Some(SIGNATURE), body, &["new", "hush-shpss_test"]),
        Verification::Authentic,
        "rotated"
    );
    for (signature, secrets) in [
        (None, ["hush-shpss_test"].as_slice()),
        (Some(""), &["hush-shpss_test"]),
        (Some(SIGNATURE), &["new"]),
        (Some(SIGNATURE), &[""]),
        (Some(SIGNATURE), &[]),
    ] {
        assert_eq!(verified(signature, body, secrets), Verification::Forged, "{signature:?} {secrets:?}");
    }
    assert_eq!(
        verified(None, b"webhook_id=1", &["hush-shpss_test"]),
        Verification::Forged,
        "Shopify has no greeting"
    );
}

proptest! {
    #[test]
    fn a_signed_body_with_one_byte_changed_is_forged(index in 0..SIGNED.len(), flip in 1_u8..=255) {
        let mut body = SIGNED.as_bytes().to_vec();
        body[index] ^= flip;
        prop_assert_eq!(verified(Some(SIGNATURE), &body, &["hush-shpss_test"]), Verification::Forged);
    }
}

#[test]
fn a_request_about_personal_data_says_who_is_meant_and_shows_no_address() {
    let read = |body: &str| Shopify.notice(&Delivery { headers: &[], body: body.as_bytes() });
    let orders = |ids: &[&str]| ids.iter().map(|id| EntityId::new(*id)).collect::<Vec<_>>();
    for (body, asked, email, customer, named) in [
        (
            r#"{"shop_id":1,"shop_domain":"x.myshopify.com","customer":{"id":191167,"email":"john@example.org","phone":"1"},"orders_requested":[299938,280263],"data_request":{"id":9999}}"#,
            PrivacyAsked::Data,
            "john@example.org",
            Some("191167"),
            &["299938", "280263"][..],
        ),
        (
            r#"{"shop_id":1,"shop_domain":"x.myshopify.com","customer":{"id":191167,"email":"john@example.org"},"orders_to_redact":[299938]}"#,
            PrivacyAsked::Erasure,
            "john@example.org",
            Some("191167"),
            &["299938"],
        ),
        (
            r#"{"shop_id":1,"shop_domain":"x.myshopify.com","customer":{"email":" john@example.org "},"orders_to_redact":[]}"#,
            PrivacyAsked::Erasure,
            "john@example.org",
            None,
            &[],
        ),
        (
            r#"{"shop_id":1,"shop_domain":"x.myshopify.com","customer":{"id":7,"email":null,"phone":null},"orders_to_redact":null}"#,
            PrivacyAsked::Erasure,
            "",
            Some("7"),
            &[],
        ),
        (r#"{"shop_id":1,"shop_domain":"x.myshopify.com"}"#, PrivacyAsked::ShopErasure, "", None, &[]),
    ] {
        let expected = PrivacyNotice {
            asked,
            shop: "x.myshopify.com".to_owned(),
            email: email.to_owned(),
            customer: customer.map(str::to_owned),
            orders: orders(named),
        };
        let notice = read(body).expect("it is understood");
        assert!(!format!("{notice:?}").contains("john"), "{notice:?}");
        assert_eq!(notice, Notice::Privacy(expected), "{body}");
    }
    let nobody = r#"{"shop_id":1,"shop_domain":"x.myshopify.com","customer":{},"orders_to_redact":[]}"#;
    assert_eq!(word(&read(nobody)), "rejected");
}

#[test]
fn the_body_alone_says_what_a_delivery_is_about() {
    let forged = [("x-shopify-topic".to_owned(), "app/uninstalled".to_owned())];
    for (body, expected) in [
        (REST, Ok(ID)),
        (r#"{"id":450789469}"#, Ok("450789469")),
        (r#"{"order_edit":{"id":1,"order_id":820982911946154508}}"#, Ok("820982911946154508")),
        (r#"{"id":5,"order_id":7,"refund_line_items":[]}"#, Ok("7")),
        (r#"{"id":5,"order_id":7,"kind":"sale","gateway":"bogus"}"#, Ok("7")),
        (
            r#"{"id":1,"myshopify_domain":null,"plan_name":"basic"}"#,
            Err("the shop itself (sent as app/uninstalled)"),
        ),
        (
            r#"{"id":1,"admin_graphql_api_id":"gid://shopify/Product/1","title":"x"}"#,
            Err("Product (sent as app/uninstalled)"),
        ),
    ] {
        let notice = Shopify.notice(&Delivery { headers: &forged, body: body.as_bytes() });
        match (notice.expect("it is understood"), expected) {
            (Notice::Changed { entity, .. }, Ok(id)) => assert_eq!(entity.as_str(), id),
            (Notice::NotForUs { what }, Err(word)) => assert_eq!(what, word),
            (notice, _) => panic!("{body}: {notice:?}"),
        }
    }
    for body in [
        &b"\xff"[..],
        b"",
        b"[1]x",
        br#"{"id":"x"}"#,
        br#"{"order_edit":{}}"#,
        br#"{"refund_line_items":[]}"#,
    ] {
        assert_eq!(word(&Shopify.notice(&Delivery { headers: &[], body })), "rejected", "{body:?}");
    }
}

/// The answer to the query for the order.
fn answered(order: &str) -> String {
    format!("{{\"data\":{{\"order\":{order}}},\"extensions\":{{\"cost\":{{\"requestedQueryCost\":300}}}}}}")
}

/// The answer to a query for refunds of the order.
fn refunds_answered(refunds: &Value) -> String {
    let order = json!({ "id": "gid://shopify/Order/1", "updatedAt": "2026-11-20T09:05:30Z" });
    json!({ "data": { "order": order, "nodes": refunds } }).to_string()
}

fn fetched(script: &Script) -> Result<Fetched<Order>, Failure> {
    block_on(Shopify.fetch_order(script, &EntityId::new(ID), &rules()))
}

#[test]
fn an_order_is_fetched_by_one_call_and_read_again_from_the_log() {
    let script = Script::default().read(
        &["Post /admin/api/2026-01/graphql.json", "BogbroOrder", "gid://shopify/Order/9007199254740995"],
        200,
        answered(GRAPHQL),
    );
    let Ok(Fetched::Found { value, raw }) = fetched(&script) else { panic!("found") };
    assert_eq!(read_text(&raw), Ok(value));
    script.finish();
    let scopes = |handles: &[&str]| {
        let scopes: Vec<Value> = handles.iter().map(|handle| json!({ "handle": handle })).collect();
        json!({ "data": { "currentAppInstallation": { "accessScopes": scopes } } }).to_string()
    };
    for (handles, gone) in [(&["read_orders", "read_all_orders"][..], true), (&["read_orders"], false)] {
        let script = Script::default().read(&["BogbroOrder"], 200, answered("null")).read(
            &["BogbroScopes"],
            200,
            scopes(handles),
        );
        match fetched(&script) {
            Ok(Fetched::Gone) => assert!(gone, "{handles:?}"),
            Ok(Fetched::Hidden { reason, older_than_days: 60 }) => {
                assert!(!gone, "{handles:?}");
                assert_eq!(
                    (reason.code.as_str(), reason.fact("scope")),
                    ("order-out-of-reach", "read_all_orders")
                );
            }
            other => panic!("{handles:?}: {other:?}"),
        }
        script.finish();
    }
    let another = changed(GRAPHQL, |order| order["id"] = json!("gid://shopify/Order/1"));
    let script = Script::default().read(&["BogbroOrder"], 200, answered(&another));
    assert!(fetched(&script).expect_err("another order").to_string().contains("1 was sent"));
    for id in ["", "gid://shopify/Order/1", "1 OR 2", "4216043012249-fake"] {
        assert_eq!(
            word(&block_on(Shopify.fetch_order(&Script::default(), &EntityId::new(id), &rules()))),
            "rejected",
            "{id}"
        );
    }
}

#[test]
fn long_orders_are_read_page_by_page() {
    let order: Value = serde_json::from_str(GRAPHQL).expect("JSON");
    let nodes = order["lineItems"]["nodes"].as_array().expect("lines").clone();
    let first = changed(GRAPHQL, |order| {
        order["lineItems"] =
            json!({ "nodes": [nodes[0]], "pageInfo": { "hasNextPage": true, "endCursor": "one" } })
    });
    let page = |index: usize, next: bool, updated_at: &str| {
        answered(&json!({ "id": order["id"], "updatedAt": updated_at,
            "lineItems": { "nodes": [nodes[index]], "pageInfo": { "hasNextPage": next, "endCursor": "two" } } }).to_string())
    };
    let same = "2026-11-20T09:05:30Z";
    let script = Script::default()
        .read(&["BogbroOrder"], 200, answered(&first))
        .read(&["BogbroLines", "\"after\":\"one\""], 200, page(1, true, same))
        .read(&["BogbroLines", "\"after\":\"two\""], 200, page(2, false, same));
    let Ok(Fetched::Found { value, raw }) = fetched(&script) else { panic!("found") };
    assert_eq!(Ok(&value), read_text(GRAPHQL).as_ref());
    assert_eq!(read_text(&raw), Ok(value));
    script.finish();
    let script = Script::default().read(&["BogbroOrder"], 200, answered(&first)).read(
        &["BogbroLines"],
        200,
        page(1, true, "2026-11-20T09:09:09Z"),
    );
    assert_eq!(word(&fetched(&script)), "busy", "changed while it was read");
}

#[test]
fn units_of_refunds_are_asked_for_when_it_matters() {
    let text = changed(GRAPHQL, |order| {
        order["lineItems"]["nodes"][2]["currentQuantity"] = json!(0);
        order["refunds"] = json!([{ "id": "gid://shopify/Refund/1", "createdAt": "2026-11-21T10:00:00Z", "totalRefundedSet": money("50.0") }]);
    });
    let units = |id: &str| {
        json!([{ "id": "gid://shopify/Refund/1",
        "refundLineItems": { "nodes": [{ "quantity": 1, "lineItem": { "id": id } }], "pageInfo": { "hasNextPage": false } } }])
    };
    let dish = "gid://shopify/LineItem/9007199254741003";
    let script = Script::default().read(&["BogbroOrder"], 200, answered(&text)).read(
        &["BogbroRefunds", "gid://shopify/Refund/1"],
        200,
        refunds_answered(&units(dish)),
    );
    let Ok(Fetched::Found { value, raw }) = fetched(&script) else { panic!("found") };
    assert_eq!(
        (value.total.to_string(), value.refunded.to_string()),
        ("543.00".to_owned(), "50.00".to_owned())
    );
    assert_eq!(value.check(), Ok(()));
    assert_eq!(read_text(&raw), Ok(value));
    script.finish();
}

#[test]
fn many_refunds_and_long_ones_are_read_some_at_a_time() {
    let dish = "gid://shopify/LineItem/9007199254741003";
    let gid = |id: u64| format!("gid://shopify/Refund/{id}");
    let text = changed(GRAPHQL, |order| {
        let refund = |id: u64| json!({ "id": gid(id), "createdAt": "2026-11-21T10:00:00Z", "totalRefundedSet": money("1.0") });
        order["refunds"] = Value::Array((1..=7).map(refund).collect());
    });
    let line = json!({ "quantity": 0, "restockType": "NO_RESTOCK", "lineItem": { "id": dish },
        "subtotalSet": money("0.5"), "totalTaxSet": money("0.1") });
    let lines = |id: u64, count: usize, next: Option<&str>| {
        json!({ "id": gid(id), "refundLineItems": { "nodes": vec![line.clone(); count],
            "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } })
    };
    let first: Vec<Value> = (1..=5).map(|id| lines(id, 1, (id == 2).then_some("two"))).collect();
    let further = &["BogbroRefundLines", "gid://shopify/Refund/2", "\"after\":\"two\""];
    let script = Script::default()
        .read(&["BogbroOrder"], 200, answered(&text))
        .read(&["BogbroRefunds", &gid(1), &gid(5)], 200, refunds_answered(&json!(first)))
        .read(
            &["BogbroRefunds", &gid(6), &gid(7)],
            200,
            refunds_answered(&json!([lines(6, 1, None), lines(7, 1, None)])),
        )
        .read(further, 200, refunds_answered(&json!([lines(2, 2, None)])));
    let Ok(Fetched::Found { value, raw }) = fetched(&script) else { panic!("found") };
    script.finish();
    assert_eq!(read_text(&raw), Ok(value));
    // What goes on and was not read is no whole refund.
    let cut = raw.replace(r#""endCursor":null,"hasNextPage":false"#, r#""endCursor":"x","hasNextPage":true"#);
    assert!(read_text(&cut).expect_err("it is refused").to_string().contains("go on"));
    // An order that changes in between is read again later.
    let later = refunds_answered(&json!(first)).replace("09:05:30Z", "09:05:31Z");
    let script =
        Script::default().read(&["BogbroOrder"], 200, answered(&text)).read(&["BogbroRefunds"], 200, later);
    assert_eq!(word(&fetched(&script)), "busy");
}

#[test]
fn a_refund_reads_the_same_in_both_shapes() {
    let dish = 9_007_199_254_741_003_i64;
    let rest = changed(REST, |order| {
        order["refunds"] = json!([{ "id": 7, "created_at": "2026-11-21T10:00:00Z", "note": "Knust",
            "transactions": [{ "kind": "refund", "status": "success", "gateway": "gift_card", "amount": "20.00" },
                { "kind": "refund", "status": "success", "gateway": "bogus", "amount": "40.00" }],
            "refund_line_items": [{ "line_item_id": dish, "quantity": 1, "subtotal": 50.0, "total_tax": 10.0, "restock_type": "no_restock" }],
            "order_adjustments": [{ "kind": "shipping_refund", "amount": "-10.00", "tax_amount": "-2.00" },
                { "kind": "refund_discrepancy", "amount": "-1.00", "tax_amount": "0.00" }] }]);
    });
    let rest = read_text(&rest).expect("it is an order");
    let [refund] = rest.refunds.as_slice() else { panic!("{:?}", rest.refunds) };
    assert_eq!(
        (refund.total.to_string(), refund.to_gift_cards.to_string()),
        ("60.00".to_owned(), "20.00".to_owned())
    );
    assert_eq!(refund.reason, "Knust");
    // Prices hold the tax here: 50.00 of which 10.00 is VAT, and freight of 10.00 of which 2.00 is.
    let sums: Vec<String> = refund.lines.iter().map(|line| format!("{} {}", line.net, line.vat)).collect();
    assert_eq!(sums, ["40.00 10.00", "8.00 2.00"]);
    assert_eq!(refund.lines[0].restocked, Some(false));
    assert!(refund.lines[1].order_line.is_some(), "freight goes back on the freight line");

    let node = changed(GRAPHQL, |order| {
        order["refunds"] = json!([{ "id": "gid://shopify/Refund/7", "createdAt": "2026-11-21T10:00:00Z", "totalRefundedSet": money("60.0") }]);
    });
    let freight = rest.lines.iter().find(|line| line.kind == LineKind::Shipping).expect("freight").id.clone();
    let units = json!([{ "id": "gid://shopify/Refund/7", "note": "Knust",
        "refundLineItems": { "nodes": [{ "quantity": 1, "restockType": "NO_RESTOCK", "lineItem": { "id": format!("gid://shopify/LineItem/{dish}") },
            "subtotalSet": money("50.0"), "totalTaxSet": money("10.0") }], "pageInfo": { "hasNextPage": false } },
        "refundShippingLines": { "nodes": [{ "shippingLine": { "id": format!("gid://shopify/ShippingLine/{freight}") },
            "subtotalAmountSet": money("10.0"), "taxAmountSet": money("2.0") }] },
        "transactions": { "nodes": [{ "kind": "REFUND", "status": "SUCCESS", "gateway": "gift_card", "amountSet": money("20.0") },
            { "kind": "REFUND", "status": "SUCCESS", "gateway": "bogus", "amountSet": money("40.0") }] } }]);
    let script = Script::default().read(&["BogbroOrder"], 200, answered(&node)).read(
        &["BogbroRefunds"],
        200,
        refunds_answered(&units),
    );
    let Ok(Fetched::Found { value, .. }) = fetched(&script) else { panic!("found") };
    assert_eq!(value.refunds, rest.refunds);
    script.finish();
}

#[test]
fn money_of_an_edit_that_goes_back_later_is_no_refund_of_its_own() {
    let order = read_text(GRAPHQL).expect("it is an order");
    let dish = order.lines.iter().find(|line| line.name == "Fad").expect("the dish");
    let owed = dish.net.plus(dish.vat[0].amount).expect("a sum");
    let left = order.total.minus(owed).expect("a sum");
    // The dish is edited off an order that was paid whole; then the half of its price goes back twice, and 20.00 more.
    let half = Money::from_minor(owed.minor() / 2, owed.currency());
    let more = half.plus(Money::parse("20.00", owed.currency()).expect("an amount")).expect("a sum");
    let lowered = left.minus(half).and_then(|rest| rest.minus(more)).expect("a sum");
    // Both readings of the current total: as the edit left it, and lowered by what went back.
    for current in [left, lowered] {
        let text = changed(GRAPHQL, |order| {
            order["lineItems"]["nodes"][2]["currentQuantity"] = json!(0);
            // The rounding to whole coins stands beside the total.
            let stated = current.to_decimal() - Decimal::new(5, 1);
            order["currentTotalPriceSet"] = money(&stated.to_string());
            let refund = |id: u64, amount: Money| {
                json!({ "id": format!("gid://shopify/Refund/{id}"), "createdAt": format!("2026-11-2{id}T10:00:00Z"),
                "totalRefundedSet": money(&amount.to_string()) })
            };
            order["refunds"] = json!([refund(2, half), refund(3, more)]);
        });
        let units = json!([{ "id": "gid://shopify/Refund/2" }, { "id": "gid://shopify/Refund/3" }]);
        let script = Script::default().read(&["BogbroOrder"], 200, answered(&text)).read(
            &["BogbroRefunds"],
            200,
            refunds_answered(&units),
        );
        let Ok(Fetched::Found { value, .. }) = fetched(&script) else { panic!("found") };
        assert_eq!(value.check(), Ok(()), "{current}");
        assert_eq!(value.total, left, "{current}");
        let refunds: Vec<(&str, String)> =
            value.refunds.iter().map(|refund| (refund.id.as_str(), refund.total.to_string())).collect();
        assert_eq!(
            refunds,
            [("2", "20.00".to_owned())],
            "{current}: the newest, and what was still owed, paid the edit"
        );
    }
}

#[test]
fn goodwill_of_just_the_tax_does_not_make_prices_without_tax() {
    let dish = 9_007_199_254_741_003_i64;
    // A subtotal of 50.00 that holds 10.00 of VAT, as the dish was sold; 10.00 more is given for the trouble.
    let rest = changed(REST, |order| {
        order["refunds"] = json!([{ "id": 7, "created_at": "2026-11-21T10:00:00Z",
            "transactions": [{ "kind": "refund", "status": "success", "gateway": "bogus", "amount": "60.00" }],
            "refund_line_items": [{ "line_item_id": dish, "quantity": 1, "subtotal": 50.0, "total_tax": 10.0, "restock_type": "return" }] }]);
    });
    let order = read_text(&rest).expect("it is an order");
    let line = &order.refunds[0].lines[0];
    assert_eq!((line.net.to_string(), line.vat.to_string()), ("40.00".to_owned(), "10.00".to_owned()));
}

#[test]
fn failures_in_the_body_are_failures() {
    let error =
        |code: &str| json!({ "errors": [{ "message": "No", "extensions": { "code": code } }] }).to_string();
    let throttled = json!({ "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }],
        "extensions": { "cost": { "requestedQueryCost": 752, "throttleStatus": { "maximumAvailable": 1000.0, "currentlyAvailable": 51, "restoreRate": 100.0 } } } });
    let token =
        r#"{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}"#;
    for (status, body, expected) in [
        (200, throttled.to_string(), "busy"),
        (200, error("THROTTLED"), "busy"),
        (200, error("ACCESS_DENIED"), "unauthorized"),
        (200, error("undefinedField"), "rejected"),
        (200, error("MAX_COST_EXCEEDED"), "rejected"),
        (200, error("INTERNAL_SERVER_ERROR"), "busy"),
        (200, r#"{"data":null}"#.to_owned(), "busy"),
        (200, "{\"data\":".to_owned(), "busy"),
        (200, "<html>".to_owned(), "busy"),
        (401, token.to_owned(), "unauthorized"),
        (403, token.to_owned(), "unauthorized"),
        (402, r#"{"errors":"Unavailable Shop"}"#.to_owned(), "rejected"),
        (429, String::new(), "busy"),
        (502, "<html>".to_owned(), "busy"),
        (301, String::new(), "rejected"),
    ] {
        let script = Script::default().read(&["BogbroOrder"], status, body.clone());
        assert_eq!(word(&fetched(&script)), expected, "{status} {body}");
    }
    let script = Script::default().read(&["BogbroOrder"], 200, throttled.to_string());
    let Err(Failure::Busy { retry_after_ms, .. }) = fetched(&script) else { panic!("busy") };
    assert_eq!(retry_after_ms, Some(8_000), "752 points less 51, at 100 a second");
}

/// A page of the listing, ids and seconds.
fn listing(entries: &[(u32, &str)], next: bool) -> String {
    let nodes: Vec<Value> = entries
        .iter()
        .map(|(id, at)| json!({ "id": format!("gid://shopify/Order/{id}"), "updatedAt": format!("2026-11-20T{at}Z") }))
        .collect();
    json!({ "data": { "orders": { "nodes": nodes, "pageInfo": { "hasNextPage": next, "endCursor": "end" } } } }).to_string()
}

#[test]
fn the_sweep_goes_on_from_the_last_time_seen() {
    let since: Timestamp = "2026-11-20T09:00:00Z".parse().expect("a time");
    let script = Script::default()
        .read(
            &["updated_at:>='2026-11-20T09:00:00Z'", "\"after\":null"],
            200,
            listing(&[(1, "09:00:00"), (2, "09:00:09")], true),
        )
        .read(
            &["updated_at:>='2026-11-20T09:00:09Z'", "\"after\":null"],
            200,
            listing(&[(2, "09:00:09"), (3, "09:00:09")], true),
        )
        .read(
            &["updated_at:>='2026-11-20T09:00:09Z'", "\"after\":\"end\""],
            200,
            listing(&[(4, "09:00:09"), (5, "09:30:00")], false),
        );
    let mut seen = std::collections::BTreeSet::new();
    let mut page: Option<String> = None;
    loop {
        let found = block_on(Shopify.changed_since(&script, since, page.as_deref())).expect("a page");
        seen.extend(found.changes.iter().map(|(id, _)| id.as_str().to_owned()));
        page = found.next;
        if page.is_none() {
            break;
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1", "2", "3", "4", "5"]);
    script.finish();
    assert_eq!(word(&block_on(Shopify.changed_since(&Script::default(), since, Some("x")))), "rejected");
}

#[test]
fn the_number_is_written_back_once() {
    let entity = EntityId::new("7");
    let gid = "gid://shopify/Order/7";
    let marks = |tags: Value, note: Value| {
        json!({ "data": { "order": { "id": gid, "tags": tags, "note": note } } }).to_string()
    };
    let tag = |script: &Script| {
        block_on(Shopify.write_back(script, &entity, &write_back(WriteBackForm::Tag), "1001"))
    };
    let tagged = |tags: Value, errors: Value| {
        json!({ "data": { "tagsAdd": { "node": { "id": gid, "tags": tags }, "userErrors": errors } } })
            .to_string()
    };
    let ask = &["tagsAdd", "\"tags\":[\"Faktura 1001\"]"];
    for (answer, expected) in [
        (tagged(json!(["vip", "Faktura 1001"]), json!([])), "ok"),
        (tagged(json!(["vip"]), json!([])), "unknown"),
        (tagged(Value::Null, json!([{ "field": ["tags"], "message": "is too long" }])), "rejected"),
        (
            json!({ "errors": [{ "message": "x", "extensions": { "code": "THROTTLED" } }] }).to_string(),
            "busy",
        ),
        (
            json!({ "errors": [{ "message": "x", "extensions": { "code": "INTERNAL_SERVER_ERROR" } }] })
                .to_string(),
            "unknown",
        ),
        ("{}".to_owned(), "unknown"),
        ("<html>".to_owned(), "unknown"),
    ] {
        let script = Script::default().read(&["BogbroMarks"], 200, marks(json!(["vip"]), Value::Null)).write(
            ask,
            200,
            answer.clone(),
        );
        assert_eq!(word(&tag(&script)), expected, "{answer}");
    }
    let script = Script::default().read(&["BogbroMarks"], 200, marks(json!(["faktura 1001"]), Value::Null));
    assert_eq!(tag(&script), Ok(()), "the second time writes nothing");
    script.finish();
    let script = Script::default().read(&["BogbroMarks"], 200, r#"{"data":{"order":null}}"#);
    assert_eq!(word(&tag(&script)), "rejected");

    let note = |script: &Script| {
        block_on(Shopify.write_back(script, &entity, &write_back(WriteBackForm::Note), "1001"))
    };
    let noted = json!({ "data": { "orderUpdate": { "order": { "id": gid, "note": "Ring\nFaktura 1001" }, "userErrors": [] } } }).to_string();
    let script = Script::default().read(&["BogbroMarks"], 200, marks(json!([]), json!("Ring"))).write(
        &["orderUpdate", r#""note":"Ring\nFaktura 1001""#],
        200,
        noted.clone(),
    );
    assert_eq!(note(&script), Ok(()));
    let script = Script::default().read(&["BogbroMarks"], 200, marks(json!([]), json!("Ring\nFaktura 1001")));
    assert_eq!(note(&script), Ok(()), "the second time writes nothing");
    script.finish();
}

#[test]
fn subscriptions_that_shopify_deleted_are_made_again() {
    let ours = "https://bogbro.example/v1/webhooks/abc";
    let list = |found: &[(&str, &str)]| {
        let nodes: Vec<Value> =
            found.iter().map(|(topic, uri)| json!({ "id": "x", "topic": topic, "uri": uri })).collect();
        json!({ "data": { "webhookSubscriptions": { "nodes": nodes } } }).to_string()
    };
    let answer = |topic: &str, uri: &str, errors: Value| {
        let made = errors.as_array().is_none_or(Vec::is_empty);
        let made = made.then(|| json!({ "id": "y", "topic": topic, "uri": uri }));
        json!({ "data": { "webhookSubscriptionCreate": { "webhookSubscription": made, "userErrors": errors } } }).to_string()
    };
    let made = |topic: &str| answer(topic, ours, json!([]));
    let of_orders = ["ORDERS_CREATE", "ORDERS_PAID", "ORDERS_CANCELLED", "ORDERS_EDITED", "ORDERS_DELETE"];
    let mut known: Vec<(&str, &str)> = of_orders.iter().map(|topic| (*topic, ours)).collect();
    known.push(("ORDERS_UPDATED", "https://another.example/"));
    let script = Script::default()
        .read(&["BogbroWebhooks"], 200, list(&known))
        .write(&["webhookSubscriptionCreate", "ORDERS_UPDATED", ours], 200, made("ORDERS_UPDATED"))
        .write(&["webhookSubscriptionCreate", "REFUNDS_CREATE", ours], 200, made("REFUNDS_CREATE"));
    assert_eq!(
        block_on(Shopify.tend(&script, false)),
        Ok(vec![
            "the webhook for ORDERS_UPDATED was gone and is made again".to_owned(),
            "the webhook for REFUNDS_CREATE was gone and is made again".to_owned(),
        ])
    );
    script.finish();
    // Those of products where products are carried over; one that is refused keeps no other back.
    known.extend([("ORDERS_UPDATED", ours), ("REFUNDS_CREATE", ours)]);
    let script = Script::default().read(&["BogbroWebhooks"], 200, list(&known));
    assert_eq!(block_on(Shopify.tend(&script, false)), Ok(Vec::new()));
    let denied = json!([{ "field": ["topic"], "message": "You do not have permission" }]);
    let script = Script::default()
        .read(&["BogbroWebhooks"], 200, list(&known))
        .write(&["PRODUCTS_CREATE", ours], 200, answer("PRODUCTS_CREATE", ours, denied))
        .write(&["PRODUCTS_UPDATE", ours], 200, made("PRODUCTS_UPDATE"))
        .write(&["PRODUCTS_DELETE", ours], 200, made("PRODUCTS_DELETE"));
    let words = block_on(Shopify.tend(&script, true)).expect("mended");
    assert!(words[0].contains("PRODUCTS_CREATE") && words[0].contains("permission"), "{words:?}");
    assert_eq!(words.len(), 3);
    script.finish();
    let script = Script::default().read(&["BogbroWebhooks"], 200, list(&[]));
    assert!(block_on(Shopify.tend(&script, false)).expect("looked")[0].contains("no webhook"));
    let script = Script::default().read(&["BogbroWebhooks"], 200, list(&[("ORDERS_CREATE", ours)])).write(
        &["webhookSubscriptionCreate"],
        200,
        answer("ORDERS_UPDATED", "https://elsewhere.example/", json!([])),
    );
    assert_eq!(word(&block_on(Shopify.tend(&script, false))), "unknown");
}

#[test]
fn a_product_is_told_of_by_its_body_and_a_deletion_by_its_topic() {
    let kind = |topic: &str, body: &str| {
        let headers = [("x-shopify-topic".to_owned(), topic.to_owned())];
        match Shopify.notice(&Delivery { headers: &headers, body: body.as_bytes() }) {
            Ok(Notice::Changed { kind, entity, .. }) => (kind, entity.to_string()),
            other => panic!("{topic} {body}: {other:?}"),
        }
    };
    let product =
        r#"{"id":77,"admin_graphql_api_id":"gid://shopify/Product/77","title":"Mug","variants":[]}"#;
    assert_eq!(kind("products/update", product), (EntityKind::Product, "77".to_owned()));
    assert_eq!(kind("orders/updated", product).0, EntityKind::Product, "the body says what it is");
    assert_eq!(kind("products/delete", r#"{"id":77}"#), (EntityKind::Product, "77".to_owned()));
    assert_eq!(kind("orders/delete", r#"{"id":77}"#), (EntityKind::Order, "77".to_owned()));
    assert_eq!(kind("", r#"{"id":77}"#).0, EntityKind::Order);
}

#[test]
fn a_product_is_read_with_all_its_variants_and_kept_in_one_text() {
    let variant = |id: u64, product: u64, sku: &str| {
        json!({
            "id": format!("gid://shopify/ProductVariant/{id}"), "sku": sku, "barcode": "5701", "title": sku,
            "price": "99.95", "taxable": true, "updatedAt": "2026-11-20T10:00:00Z", "inventoryQuantity": 3,
            "requiresComponents": false,
            "inventoryItem": { "id": "gid://shopify/InventoryItem/9", "tracked": true, "unitCost": { "amount": "40.50" } },
            "product": { "id": format!("gid://shopify/Product/{product}"), "title": "Mug", "status": "ACTIVE",
                "productType": "Cups", "isGiftCard": false, "hasOnlyDefaultVariant": false },
        })
    };
    let page = |nodes: Vec<serde_json::Value>, next: Option<&str>| {
        json!({ "data": { "productVariants": { "nodes": nodes,
            "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } } })
        .to_string()
    };
    let fetch =
        |script: &Script| futures::executor::block_on(Shopify.fetch_product(script, &EntityId::new("77")));
    // A variant of another product in the answer is not this one's, whatever the search answers.
    let script = Script::default()
        .read(&["product_id:77"], 200, page(vec![variant(1, 77, "A"), variant(2, 78, "X")], Some("c1")))
        .read(&["product_id:77", "c1"], 200, page(vec![variant(3, 77, "B")], None));
    let Ok(Fetched::Found { value, raw }) = fetch(&script) else { panic!("it is there") };
    script.finish();
    assert_eq!(Shopify.read_product(&raw).expect("kept"), value);
    let found: Vec<(&str, Option<String>)> =
        value.iter().map(|entry| (entry.id(), entry.cost.map(|cost| cost.to_string()))).collect();
    assert_eq!(found, [("1", Some("40.50".to_owned())), ("3", Some("40.50".to_owned()))]);
    assert_eq!((value[0].name.as_str(), value[0].categories[0].as_str()), ("Mug - A", "Cups"));
    let gone = Script::default().read(&["product_id:77"], 200, page(Vec::new(), None));
    assert_eq!(fetch(&gone), Ok(Fetched::Gone));
}

#[test]
fn numbers_are_looked_up_over_several_pages_and_in_smaller_parts() {
    let page = |skus: &[&str], next: Option<&str>| {
        let node = |(id, sku): (usize, &&str)| {
            json!({
                "id": format!("gid://shopify/ProductVariant/{id}"), "sku": sku, "title": sku, "price": "1.00",
                "product": { "id": "gid://shopify/Product/7", "title": "Mug", "status": "ACTIVE" },
            })
        };
        let nodes: Vec<serde_json::Value> = skus.iter().enumerate().map(node).collect();
        json!({ "data": { "productVariants": { "nodes": nodes,
            "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } } } })
        .to_string()
    };
    let skus = ["A".to_owned(), "B".to_owned()];
    let found = |script: Script| {
        let found = futures::executor::block_on(Shopify.products_by_sku(&script, &skus, &[])).expect("found");
        script.finish();
        found.into_iter().filter_map(|entry| entry.sku).collect::<Vec<_>>()
    };
    let both = "sku:'A' OR sku:'B'";
    let script = Script::default().read(&[both], 200, page(&["A", "a"], Some("c1"))).read(
        &[both, "c1"],
        200,
        page(&["B"], None),
    );
    assert_eq!(found(script), ["A", "B"], "what lies on the second page too, and no other letter case");

    let mut script = Script::default();
    for number in 1..=5 {
        script = script.read(&[both], 200, page(&["a"], Some(&format!("c{number}"))));
    }
    for number in 1..=5 {
        script = script.read(&["\"sku:'A'\""], 200, page(&["a"], Some(&format!("d{number}"))));
    }
    script = script.read(&["\"sku:'A'\"", "d5"], 200, page(&["A"], None));
    script = script.read(&["\"sku:'B'\""], 200, page(&[], None));
    assert_eq!(found(script), ["A"], "a number behind many that are like it is there all the same");

    let mut script = Script::default();
    for number in 1..=5 {
        script = script.read(&[both], 200, page(&["A"], Some(&format!("c{number}"))));
    }
    for number in 1..=5 {
        script = script.read(&["\"sku:'A'\""], 200, page(&["A"], Some(&format!("d{number}"))));
    }
    let script = script.read(&["\"sku:'B'\""], 200, page(&["B"], None));
    assert_eq!(found(script), ["A", "A", "A", "A", "A", "B"]);
}
