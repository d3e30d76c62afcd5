//! All 45 deliveries that a real WooCommerce shop sent: signatures on the raw bytes, and 42 orders that sum exactly.

use std::fs;
use std::path::Path;

use connectors::ports::{Delivery, Notice, ReadingRules, Verification, Webshop};
use domain::order::{OrderLine, PaymentState};
use domain::{EntityKind, Money, Order};
use proptest::prelude::*;
use secrecy::SecretString;

use crate::contracts::{files, folder, name};

struct Captured {
    name: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    secret: String,
}

fn deliveries() -> Vec<Captured> {
    let Some(folder) = folder("webshops/woocommerce/captured") else { return Vec::new() };
    let bodies = files(&folder, ".body");
    assert_eq!(bodies.len(), 45, "captured deliveries");
    bodies.iter().map(|path| captured(path)).collect()
}

fn captured(path: &Path) -> Captured {
    let request =
        fs::read_to_string(path.with_extension("request.json")).expect("the request lies beside the body");
    let request: serde_json::Value = serde_json::from_str(&request).expect("JSON");
    let headers: Vec<(String, String)> = serde_json::from_value(request["headers"].clone()).expect("pairs");
    Captured {
        name: name(path),
        headers: headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect(),
        body: fs::read(path).expect("the body is readable"),
        secret: request["secret"].as_str().expect("a secret").to_owned(),
    }
}

fn shop() -> &'static dyn Webshop {
    connectors::registry::webshop("woocommerce").expect("it is registered")
}

fn verify(headers: &[(String, String)], body: &[u8], secret: &str) -> Verification {
    shop().verify(&Delivery { headers, body }, &[SecretString::from(secret.to_owned())])
}

#[test]
fn every_captured_delivery_is_authentic_on_its_raw_bytes() {
    for Captured { name, headers, body, secret } in deliveries() {
        assert_eq!(verify(&headers, &body, &secret), Verification::Authentic, "{name}");
        assert_eq!(verify(&headers, &body, "another secret"), Verification::Forged, "{name}");
        let mut longer = body.clone();
        longer.push(b'\n');
        assert_eq!(verify(&headers, &longer, &secret), Verification::Forged, "{name}: one byte more");
        let again = serde_json::from_slice::<serde_json::Value>(&body).expect("JSON").to_string();
        if again.as_bytes() != body {
            assert_eq!(
                verify(&headers, again.as_bytes(), &secret),
                Verification::Forged,
                "{name}: written anew"
            );
        }
    }
}

#[test]
fn every_captured_order_maps_and_sums_exactly() {
    let (mut orders, mut products, mut deletions) = (0, 0, 0);
    for Captured { name, headers, body, .. } in deliveries() {
        let notice = shop().notice(&Delivery { headers: &headers, body: &body }).expect("it is understood");
        match notice {
            Notice::Privacy(asked) => panic!("{name}: WooCommerce passes on no such request: {asked:?}"),
            Notice::NotForUs { what } => panic!("{name}: {what}"),
            Notice::Changed { kind: EntityKind::Product, .. } => products += 1,
            Notice::Changed { entity, .. } if name.contains("deleted") => {
                assert_eq!(body, format!("{{\"id\":{entity}}}").into_bytes());
                deletions += 1;
            }
            Notice::Changed { entity, .. } => {
                let text = std::str::from_utf8(&body).expect("UTF-8");
                let order =
                    shop().read_order(text, &rules()).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(order.id, entity, "{name}");
                assert_eq!(order.check(), Ok(()), "{name}");
                let whole = Money::sum(order.currency, order.lines.iter().map(gross)).expect("one currency");
                assert_eq!(whole, order.total, "{name}");
                orders += 1;
            }
        }
    }
    if folder("webshops/woocommerce/captured").is_some() {
        assert_eq!((orders, products, deletions), (42, 2, 1));
    }
}

fn gross(line: &OrderLine) -> Money {
    line.net.plus(line.vat_total().expect("one currency")).expect("one currency")
}

fn rules() -> ReadingRules {
    ReadingRules {
        company_number_fields: vec!["_billing_cvr".to_owned()],
        vat_number_fields: vec!["_billing_vat_number".to_owned(), "_vat_number".to_owned()],
        ean_fields: vec!["_billing_ean".to_owned()],
        gift_card_products: vec!["GIFT-250".to_owned()],
        ..ReadingRules::default()
    }
}

fn order_of(scenario: &str, delivery: &str) -> Option<Order> {
    let path = folder("webshops/woocommerce/captured")?.join(scenario).join(delivery);
    let text = fs::read_to_string(path).expect("the body is readable");
    Some(shop().read_order(&text, &rules()).expect("it is an order"))
}

#[test]
fn captured_refunds_add_up_to_the_money_that_went_back() {
    for (scenario, total, lines) in [
        ("14-partial-refund-of-discounted-line", "75.65", 1),
        ("15-full-refund-with-lines", "377.50", 3),
        ("16-amount-only-partial-refund", "25.00", 0),
    ] {
        let Some(order) = order_of(scenario, "rest-order-and-refunds.json") else { return };
        let [refund] = order.refunds.as_slice() else { panic!("{scenario}: {:?}", order.refunds) };
        assert_eq!((refund.total.to_string().as_str(), refund.lines.len()), (total, lines), "{scenario}");
        assert_eq!(order.refunded, refund.total, "{scenario}");
        let known = |line: &domain::RefundLine| {
            order.lines.iter().any(|known| Some(&known.id) == line.order_line.as_ref())
        };
        assert!(refund.lines.iter().all(known), "{scenario}: each names a line of the order");
        let (_, beyond) = refund.settled_lines().expect("sums");
        assert_eq!(beyond, if lines == 0 { refund.total } else { order.currency.zero() }, "{scenario}");
    }
}

#[test]
fn captured_orders_say_what_happened_in_the_shop() {
    let Some(transfer) = order_of("05-dk-bank-transfer-on-hold", "01-order.updated.body") else { return };
    assert_eq!((transfer.state.as_str(), transfer.payment_state), ("on-hold", PaymentState::Unpaid));
    assert!(transfer.payments.is_empty());

    let paid = order_of("12-rest-fee-transaction", "01-order.created.body").expect("captured");
    assert_eq!(paid.payment_state, PaymentState::Paid);
    assert_eq!(paid.payments[0].transaction, "ch_3Example");
    assert_eq!(paid.customer.company_number.as_deref(), Some("12345674"));
    assert_eq!(paid.created_at.to_string(), "2026-11-23T14:17:01Z");

    let exempt = order_of("13-rest-reverse-charge", "01-order.created.body").expect("captured");
    assert!(exempt.customer.vat_exempt);
    assert_eq!(exempt.customer.vat_number.as_deref(), Some("SE556677889901"));
    assert!(exempt.lines.iter().all(|line| line.vat.is_empty()));

    let whole = order_of("15-full-refund-with-lines", "03-order.updated.body").expect("captured");
    assert_eq!((whole.payment_state, whole.refunded), (PaymentState::Refunded, whole.total));

    let part = order_of("16-amount-only-partial-refund", "03-order.updated.body").expect("captured");
    assert_eq!(part.payment_state, PaymentState::PartlyRefunded);

    let cards = order_of("04-dk-gift-card-product-sold", "01-order.updated.body").expect("captured");
    assert!(cards.lines.iter().any(|line| line.kind == domain::order::LineKind::GiftCardSold));
}

proptest! {
    #[test]
    fn a_body_with_one_byte_changed_is_forged(place in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        for Captured { name, headers, mut body, secret } in deliveries().into_iter().take(3) {
            let index = place.index(body.len());
            body[index] ^= flip;
            prop_assert_eq!(verify(&headers, &body, &secret), Verification::Forged, "{} at byte {}", name, index);
        }
    }
}
