//! Products: many found at once, and made with what the agreement needs.

use super::*;
use crate::economic::products;
use domain::plan::ProductStep;

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
