//! Products: many found at once, and made with what the agreement needs.

use super::*;
use crate::economic::products;
use domain::plan::{ProductChange, ProductChangeStep, ProductStep};

const MODULES: &str = r#"{"settings":{"baseCurrency":"DKK"},"modules":[{"name":"Inventory"}]}"#;
const NO_MODULES: &str = r#"{"settings":{"baseCurrency":"DKK"},"modules":[]}"#;

#[test]
fn products_are_found_exactly_and_those_that_do_not_exist_are_left_out() {
    let items = [
        r#"{"productNumber":"MUG-1","name":"Mug","productGroup":{"productGroupNumber":1}}"#,
        r#"{"productNumber":"mug-1","name":"Other mug","productGroup":{"productGroupNumber":2}}"#,
        r#"{"productNumber":"OLD","name":"Old","barred":true,"productGroup":{"productGroupNumber":1}}"#,
    ];
    let filter = "productNumber$eq:GONE$or:productNumber$eq:MUG-1$or:productNumber$eq:OLD";
    let script = Script::new(vec![step(&format!("GET /products?filter={filter}"), 200, &page(&items))]);
    let numbers = ["MUG-1", "OLD", "GONE", "A NUMBER LONGER THAN TWENTY-FIVE"].map(str::to_owned);
    let found = run(products::find(&script, &numbers)).expect("read");
    let found: Vec<_> =
        found.iter().map(|product| (product.number.as_str(), product.group, product.barred)).collect();
    assert_eq!(found, [("MUG-1", 1, false), ("OLD", 1, true)]);
    script.finish();
    let script = Script::new(Vec::new());
    assert_eq!(run(products::find(&script, &[])).expect("nothing asked"), []);
}

fn new_product(price: Option<Money>) -> ProductStep {
    ProductStep {
        key: key(Effect::Product),
        number: "MUG-1".to_owned(),
        name: "Blue mug".to_owned(),
        group: 1,
        sales_price: price,
        cost_price: None,
        unit: None,
        barcode: String::new(),
    }
}

#[test]
fn a_product_is_made_with_what_the_agreement_needs() {
    let answer = r#"{"productNumber":"MUG-1","name":"Blue mug","productGroup":{"productGroupNumber":1}}"#;
    let euros = Money::parse("9.95", Currency::EUR).expect("an amount");
    let cases = [
        (NO_MODULES, Some(kroner("79.20")), r#","salesPrice":79.2}"#),
        (NO_MODULES, Some(euros), "}"),
        (NO_MODULES, Some(kroner("0")), "}"),
        (MODULES, None, r#","inventory":{"recommendedCostPrice":0}}"#),
    ];
    for (agreement, price, rest) in cases {
        let script =
            Script::new(vec![step("GET /self", 200, agreement), step("POST /products", 201, answer)]);
        run(products::create(&script, &new_product(price))).expect("made");
        let body = script.finish().remove(1).body.expect("a body");
        let expected = format!(
            r#"{{"productNumber":"MUG-1","name":"Blue mug","productGroup":{{"productGroupNumber":1}}{rest}"#
        );
        assert_eq!(body, expected);
    }
}

#[test]
fn a_product_made_otherwise_than_asked_is_told() {
    let answer = r#"{"productNumber":"MUG-1","name":"Blue mug","productGroup":{"productGroupNumber":4}}"#;
    let script = Script::new(vec![step("GET /self", 200, NO_MODULES), step("POST /products", 201, answer)]);
    assert_eq!(refusal(run(products::create(&script, &new_product(None)))).0, "integrity");
    let script = Script::new(vec![step("GET /self", 200, NO_MODULES)]);
    let mut long = new_product(None);
    long.number = "12345678901234567890123456".to_owned();
    assert_eq!(refusal(run(products::create(&script, &long))).0, "limit");
    script.finish();
}

#[test]
fn cost_price_unit_and_barcode_go_where_the_agreement_has_them() {
    let answer = |rest: &str| {
        format!(
            r#"{{"productNumber":"MUG-1","name":"Blue mug","productGroup":{{"productGroupNumber":1}}{rest}}}"#
        )
    };
    let step = || ProductStep {
        cost_price: Some(kroner("40.50")),
        unit: Some(3),
        barcode: "5701234567899".to_owned(),
        ..new_product(None)
    };
    for (agreement, rest) in [
        (NO_MODULES, r#","costPrice":40.5,"barCode":"5701234567899","unit":{"unitNumber":3}}"#),
        (
            MODULES,
            r#","barCode":"5701234567899","unit":{"unitNumber":3},"inventory":{"recommendedCostPrice":40.5}}"#,
        ),
    ] {
        let whole = answer(r#","barCode":"5701234567899","unit":{"unitNumber":3}"#);
        let script = Script::new(vec![
            super::step("GET /self", 200, agreement),
            super::step("POST /products", 201, &whole),
        ]);
        assert_eq!(run(products::create(&script, &step())).expect("made"), []);
        let body = script.finish().remove(1).body.expect("a body");
        assert!(body.ends_with(rest), "{body}");
    }
    // A bar code that the server left out is told, and the product stands all the same.
    let script = Script::new(vec![
        super::step("GET /self", 200, NO_MODULES),
        super::step("POST /products", 201, &answer("")),
    ]);
    let fields: Vec<String> =
        run(products::create(&script, &step())).expect("made").into_iter().map(|own| own.field).collect();
    assert_eq!(fields, ["barCode", "unit"]);
}

pub(super) const STANDING: &str = r#"{"productNumber":"MUG-1","name":"Blue mug","description":"Hand made","costPrice":0.00,
    "recommendedPrice":120.00,"salesPrice":79.20,"barCode":"570","barred":false,"lastUpdated":"2026-11-01T10:00:00Z",
    "productGroup":{"productGroupNumber":1,"name":"Goods","self":"https://x/product-groups/1"},
    "unit":{"unitNumber":3,"name":"pcs","self":"https://x/units/3"},
    "departmentalDistribution":{"departmentalDistributionNumber":7,"distributionType":"department","self":"https://x/d/7"},
    "inventory":{"available":4.0,"inStock":5.0,"packageVolume":0.00,"netWeight":0.25,"recommendedCostPrice":0.00},
    "invoices":{"self":"https://x/i"},"self":"https://restapi.e-conomic.com/products/MUG-1"}"#;

fn change(changes: Vec<ProductChange>) -> ProductChangeStep {
    ProductChangeStep { key: key(Effect::ProductChange), number: "MUG-1".to_owned(), changes }
}

#[test]
fn a_change_writes_the_whole_product_and_loses_nothing_of_it() {
    let answer = STANDING.replace("79.20", "99.00").replace("Blue mug", "Red mug");
    let script = Script::new(vec![
        step("GET /products/MUG-1", 200, STANDING),
        step("PUT /products/MUG-1", 200, &answer),
    ]);
    let changes = vec![ProductChange::Name("Red mug".to_owned()), ProductChange::SalesPrice(kroner("99.00"))];
    assert_eq!(run(products::change(&script, &change(changes))).expect("changed"), []);
    let body = script.finish().remove(1).body.expect("a body");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    // With the inventory module the cost price is read only, a zero is no value of an optional number, and what is reckoned by the
    // server is not sent back.
    let expected = serde_json::json!({
        "productNumber": "MUG-1", "name": "Red mug", "description": "Hand made", "recommendedPrice": 120.00,
        "salesPrice": 99, "barCode": "570", "barred": false,
        "productGroup": {"productGroupNumber": 1}, "unit": {"unitNumber": 3},
        "departmentalDistribution": {"departmentalDistributionNumber": 7, "distributionType": "department"},
        "inventory": {"recommendedCostPrice": 0.00},
    });
    assert_eq!(body, expected);
}

#[test]
fn every_field_that_may_change_is_written_and_compared() {
    let changes = vec![
        ProductChange::Group(4),
        ProductChange::CostPrice(kroner("40.00")),
        ProductChange::Unit(5),
        ProductChange::Barcode("571".to_owned()),
        ProductChange::Barred(true),
    ];
    let script = Script::new(vec![
        step("GET /products/MUG-1", 200, STANDING),
        step("PUT /products/MUG-1", 200, STANDING),
    ]);
    let differences = run(products::change(&script, &change(changes))).expect("an answer");
    let fields: Vec<&str> = differences.iter().map(|own| own.field.as_str()).collect();
    assert_eq!(fields, ["productGroup", "costPrice", "unit", "barCode", "barred"]);
    let body = script.finish().remove(1).body.expect("a body");
    for part in [
        r#""productGroup":{"productGroupNumber":4}"#,
        r#""recommendedCostPrice":40"#,
        r#""unit":{"unitNumber":5}"#,
        r#""barCode":"571""#,
        r#""barred":true"#,
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
}

#[test]
fn a_product_that_is_gone_is_not_made_by_changing_it() {
    let script = Script::new(vec![step("GET /products/MUG-1", 404, "{}")]);
    assert_eq!(refusal(run(products::change(&script, &change(Vec::new())))).0, "gone");
    script.finish();
}

#[test]
fn a_number_with_other_signs_is_addressed_by_the_servers_own_link() {
    let standing = STANDING
        .replace(r#""productNumber":"MUG-1""#, r#""productNumber":"A/B 1""#)
        .replace("/products/MUG-1", "/products/A_6_B_9_1");
    let script = Script::new(vec![
        step("GET /products?filter=productNumber$eq:A/B 1", 200, &page(&[&standing])),
        step("GET /products/A_6_B_9_1", 200, &standing),
        step("PUT /products/A_6_B_9_1", 200, &standing),
    ]);
    let odd = ProductChangeStep {
        number: "A/B 1".to_owned(),
        ..change(vec![ProductChange::Barcode("570".to_owned())])
    };
    assert_eq!(run(products::change(&script, &odd)).expect("changed"), []);
    script.finish();
}

#[test]
fn all_products_and_units_are_read_with_what_may_change() {
    let script = Script::new(vec![step("GET /products", 200, &page(&[STANDING]))]);
    let known = run(products::all(&script)).expect("read").remove(0);
    assert_eq!((known.number.as_str(), known.group, known.unit), ("MUG-1", 1, Some(3)));
    assert_eq!((known.sales_price, known.cost_price), (Some(decimal("79.20")), Some(decimal("0.00"))));
    assert_eq!(known.barcode, "570");
    script.finish();
    let script = Script::new(vec![step("GET /units", 200, &page(&[r#"{"unitNumber":3,"name":"pcs"}"#]))]);
    assert_eq!(run(products::units(&script)).expect("read")[&3], "pcs");
}
