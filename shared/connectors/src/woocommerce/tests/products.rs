//! Stories of the shop's products: read one by one, listed, and looked up by their numbers.

use futures::executor::block_on;

use super::super::*;
use crate::scripted::{Script, word};

/// A product as the shop sends it.
fn product(id: u64, kind: &str, rest: &str) -> String {
    format!(
        r#"{{"id":{id},"name":"Krus &amp; kande","type":"{kind}","status":"publish","sku":"KRUS","price":"99.95",
        "tax_status":"taxable","tax_class":"reduced-rate","categories":[{{"id":1,"name":"Te"}}],"parent_id":0,
        "global_unique_id":"5701","manage_stock":false,"stock_quantity":null,"attributes":[],
        "date_modified_gmt":"2026-11-20T10:00:00"{rest}}}"#
    )
}

#[test]
fn a_product_is_read_with_its_variations_and_kept_in_one_text() {
    let fetch = |script: &Script, id: &str| {
        futures::executor::block_on(WooCommerce.fetch_product(script, &EntityId::new(id)))
    };
    let cost = r#","cost_of_goods_sold":{"values":[{"defined_value":40.5}],"total_value":40.5}"#;
    let script = Script::default().read(&["/wp-json/wc/v3/products/11"], 200, product(11, "simple", cost));
    let Ok(Fetched::Found { value, raw }) = fetch(&script, "11") else { panic!("it is there") };
    script.finish();
    assert_eq!(WooCommerce.read_product(&raw).expect("kept"), value);
    let [mug] = value.as_slice() else { panic!("one entry: {value:?}") };
    assert_eq!((mug.name.as_str(), mug.sku.as_deref(), mug.id()), ("Krus & kande", Some("KRUS"), "11"));
    assert_eq!(mug.cost.map(|cost| cost.to_string()).as_deref(), Some("40.5"));
    assert_eq!((mug.tax_class.as_str(), mug.taxable), ("reduced-rate", true));

    let variation = |id: u64, sku: &str| {
        format!(
            r#"{{"id":{id},"name":"Blå","type":"variation","status":"publish","sku":"{sku}","price":"99.95",
            "tax_status":"taxable","tax_class":"","parent_id":11,"manage_stock":"parent","stock_quantity":null,
            "attributes":[{{"option":"Blå"}}],"date_modified_gmt":"2026-11-20T11:00:00"}}"#
        )
    };
    let page = format!("[{},{}]", variation(21, "KRUS-B"), variation(22, ""));
    let script = Script::default()
        .read(&["/wp-json/wc/v3/products/11"], 200, product(11, "variable", ""))
        .read(&["/wp-json/wc/v3/products/11/variations", "per_page", "100"], 200, page);
    let Ok(Fetched::Found { value, raw }) = fetch(&script, "11") else { panic!("it is there") };
    script.finish();
    assert_eq!(WooCommerce.read_product(&raw).expect("kept"), value);
    let sold: Vec<(&str, &str)> =
        value.iter().filter(|entry| entry.is_sold()).map(|entry| (entry.id(), entry.name.as_str())).collect();
    assert_eq!(sold, [("21", "Krus & kande - Blå"), ("22", "Krus & kande - Blå")]);
    assert_eq!(value[1].categories, ["Te"], "those of its product");

    let missing = r#"{"code":"woocommerce_rest_product_invalid_id","message":"Invalid ID."}"#;
    let script = Script::default().read(&["/wp-json/wc/v3/products/11"], 404, missing);
    assert_eq!(fetch(&script, "11"), Ok(Fetched::Gone));
    let trashed = product(11, "simple", "").replace("publish", "trash");
    let script = Script::default().read(&["/wp-json/wc/v3/products/11"], 200, trashed);
    assert_eq!(fetch(&script, "11"), Ok(Fetched::Gone));
    let other = Script::default().read(&["/wp-json/wc/v3/products/11"], 200, product(12, "simple", ""));
    assert_eq!(word(&fetch(&other, "11")), "rejected");
    for id in ["", "../1", "1x"] {
        assert_eq!(word(&fetch(&Script::default(), id)), "rejected", "{id:?}");
    }
}

/// Entries of a list, as many as fit on a page.
fn full_page(from: u64, sku: &str) -> String {
    let entries: Vec<String> = (from..from + 100)
        .map(|id| format!(r#"{{"id":{id},"name":"Krus","type":"simple","sku":"{sku}","price":"1"}}"#))
        .collect();
    format!("[{}]", entries.join(","))
}

#[test]
fn an_entry_that_cannot_be_read_keeps_no_other_product_back() {
    let list = format!(
        "[{},{},{}]",
        product(1, "simple", ""),
        product(2, "simple", "").replace("99.95", "ring for pris"),
        product(3, "simple", "").replace("99.95", "-1"),
    );
    let strange = [
        product(4, "simple", "").replace(r#""stock_quantity":null"#, r#""stock_quantity":"mange""#),
        product(5, "simple", "").replace("2026-11-20T10", "i dag"),
        // Its product is gone.
        product(6, "variation", ""),
    ];
    let list = format!("{},{}]", &list[..list.len() - 1], strange.join(","));
    let script = Script::default().read(&["products"], 200, list);
    let found = block_on(WooCommerce.products_page(&script, &ProductQuery::default(), None)).expect("a page");
    script.finish();
    let told: Vec<(&str, bool, Option<&str>)> = found
        .products
        .iter()
        .map(|entry| (entry.id(), entry.price.is_some(), entry.unreadable.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("1", true, None),
            ("2", false, Some("its price is not an amount")),
            ("3", false, Some("its price is below zero")),
            ("4", false, Some("what the shop says of it cannot be read")),
            ("5", true, Some("when it was changed is not a time")),
        ]
    );
}

#[test]
fn variations_beyond_what_is_read_at_once_are_the_next_page_and_a_single_product_says_that_it_has_too_many() {
    let no_route = r#"{"code":"rest_no_route","message":"No route was found","data":{"status":404}}"#;
    let parents = r#"[{"id":7,"name":"Ring"},{"id":8,"name":"Krus"}]"#;
    let page = |number: u64| full_page(number * 100, "A");
    let asked = |number: u64| format!("(\"page\", \"{number}\")");
    let mut script =
        Script::default().read(&["/wc/v3/variations"], 404, no_route).read(&["\"variable\""], 200, parents);
    for number in 1..=20 {
        script = script.read(&["products/7/variations", &asked(number)], 200, page(number));
    }
    script = script
        .read(&["\"variable\""], 200, parents)
        .read(&["products/7/variations", &asked(21)], 200, "[]")
        .read(&["products/8/variations", &asked(1)], 200, "[]");
    let read =
        |page: &str| block_on(WooCommerce.products_page(&script, &ProductQuery::default(), Some(page)));
    let first = read("variations/1").expect("a page");
    assert_eq!((first.products.len(), first.next.as_deref()), (2000, Some("parents/1/0/21")));
    let second = read("parents/1/0/21").expect("a page");
    assert_eq!((second.products.len(), second.next), (0, None));
    script.finish();
    for place in ["parents/", "parents/1/2", "parents/1/2/3/4", "parents/x"] {
        assert_eq!(
            word(&block_on(WooCommerce.products_page(
                &Script::default(),
                &ProductQuery::default(),
                Some(place)
            ))),
            "rejected"
        );
    }

    let mut script = Script::default().read(&["products/7"], 200, product(7, "variable", ""));
    for number in 1..=20 {
        script = script.read(&["products/7/variations", &asked(number)], 200, page(number));
    }
    let script = script.read(&["products/7/variations", &asked(21)], 200, full_page(2100, "A"));
    let refused = block_on(WooCommerce.fetch_product(&script, &EntityId::new("7"))).expect_err("too many");
    script.finish();
    assert!(refused.to_string().contains("more than 2000 variations"), "{refused}");

    let mut script = Script::default().read(&["products/7"], 200, product(7, "variable", ""));
    for number in 1..=20 {
        script = script.read(&["products/7/variations", &asked(number)], 200, page(number));
    }
    let script = script.read(&["products/7/variations", &asked(21)], 200, "[]");
    let whole = block_on(WooCommerce.fetch_product(&script, &EntityId::new("7"))).expect("just as many");
    script.finish();
    assert!(matches!(whole, Fetched::Found { value, .. } if value.len() == 2001));
}

#[test]
fn numbers_that_stand_on_many_entries_are_looked_up_in_smaller_parts() {
    let skus = ["A".to_owned(), "B".to_owned()];
    let mut script = Script::default();
    for number in 1..=5 {
        script = script.read(&["(\"sku\", \"A,B\")"], 200, full_page(number * 100, "A"));
    }
    for number in 1..=5 {
        script = script.read(&["(\"sku\", \"A\")"], 200, full_page(number * 100, "A"));
    }
    let b = r#"[{"id":9000,"name":"Kande","type":"simple","sku":"B","price":"1"}]"#;
    let script = script.read(&["(\"sku\", \"B\")"], 200, b);
    let found = block_on(WooCommerce.products_by_sku(&script, &skus, &[])).expect("found");
    script.finish();
    assert_eq!(found.iter().filter(|entry| entry.sku.as_deref() == Some("B")).count(), 1);
    assert_eq!(found.len(), 501, "of one number on so many the rest says no more");
}
