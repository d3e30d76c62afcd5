//! Settings that act where a shop's text is read: for each such leaf of the settings' JSON Schema two files that differ in it
//! alone, and one text of an order whose plan differs under them. A new leaf without a case fails the test.

use std::collections::BTreeSet;

use connectors::ports::{ReadingRules, Webshop};
use connectors::woocommerce::WooCommerce;
use domain::settings::{read_settings, settings_schema};
use serde_json::{Value, json};

use crate::schema::acting_on_reading;
use crate::world::World;

/// An order with a gift card sold (product 4711, SKU `KORT`), and one used through a fee, without VAT.
fn order() -> String {
    let line = |id: u32, fields: Value| {
        let mut line = json!({ "id": id, "quantity": 1, "total_tax": "0.00", "taxes": [] });
        for (name, value) in fields.as_object().expect("an object") {
            line[name] = value.clone();
        }
        line
    };
    json!({
        "id": 1042, "number": "1042", "status": "processing", "currency": "DKK", "prices_include_tax": true,
        "date_created_gmt": "2026-11-20T09:00:00", "date_modified_gmt": "2026-11-20T09:05:30",
        "date_paid_gmt": "2026-11-20T09:01:00", "order_key": "wc_order_1042",
        "total": "149.00", "total_tax": "20.00",
        "billing": {
            "first_name": "\u{c5}se", "last_name": "Hansen", "address_1": "N\u{f8}rregade 1", "postcode": "1165",
            "city": "K\u{f8}benhavn K", "country": "DK", "email": "aase@example.dk"
        },
        "payment_method": "quickpay", "payment_method_title": "Kort",
        "line_items": [
            line(1, json!({ "name": "Krus", "sku": "MUG-1", "product_id": 7, "subtotal": "80.00", "total": "80.00",
                "total_tax": "20.00", "taxes": [{ "id": 1, "total": "20.00" }] })),
            line(2, json!({ "name": "Kort", "sku": "KORT", "product_id": 4711, "subtotal": "100.00", "total": "100.00" })),
        ],
        "fee_lines": [line(3, json!({ "name": "Gavekort ABC", "total": "-51.00" }))],
        "tax_lines": [{ "id": 4, "rate_id": 1, "label": "Moms", "rate_percent": 25 }],
    })
    .to_string()
}

/// The decision on the order as these settings have it read and planned, as bytes.
fn decision(settings: &str) -> Vec<u8> {
    let settings = read_settings(settings).unwrap_or_else(|problems| panic!("{settings}: {problems}"));
    let order = WooCommerce.read_order(&order(), &ReadingRules::of(&settings)).expect("it is an order");
    assert_eq!(order.check(), Ok(()));
    let world = World { settings, ..World::of(order) };
    serde_json::to_vec(&world.decide()).expect("a decision is JSON")
}

#[test]
fn every_setting_that_acts_on_reading_changes_a_plan() {
    let cards = |inner: &str| format!(r#"{{"products":{{"missing":"hold","gift-cards":{{{inner}}}}}}}"#);
    let cases = [
        ("/products/gift-cards/products[]", cards(r#""products":["@"]"#), ["KORT", "another"]),
        ("/products/gift-cards/products[]", cards(r#""products":["@"]"#), ["4711", "4712"]),
        (
            "/products/gift-cards/fees[]",
            cards(r#""products":["KORT"],"fees":["@"]"#),
            ["GAVEKORT abc", "another"],
        ),
    ];
    for (leaf, template, [one, other]) in &cases {
        let [one, other] = [one, other].map(|value| decision(&template.replace('@', value)));
        assert_ne!(
            String::from_utf8_lossy(&one),
            String::from_utf8_lossy(&other),
            "{leaf} made no difference"
        );
    }
    let shown: BTreeSet<String> = cases.iter().map(|(leaf, ..)| (*leaf).to_owned()).collect();
    let marked: BTreeSet<String> = acting_on_reading(&settings_schema()).into_iter().collect();
    assert_eq!(shown, marked, "each marked leaf has its case");
}

#[test]
fn what_the_settings_say_of_reading_reaches_the_rules() {
    let settings = read_settings(
        r#"{"customers":{"company-number-fields":["a"],"vat-number-fields":["b"],"ean-fields":["c"]},
            "products":{"gift-cards":{"products":["d"],"fees":["e"]}}}"#,
    )
    .expect("sound settings");
    let list = |text: &str| vec![text.to_owned()];
    let expected = ReadingRules {
        company_number_fields: list("a"),
        vat_number_fields: list("b"),
        ean_fields: list("c"),
        gift_card_products: list("d"),
        gift_card_fees: list("e"),
    };
    assert_eq!(ReadingRules::of(&settings), expected);
}
