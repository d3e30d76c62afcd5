//! The catalogue check on a large catalogue: every seeded fault is listed, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use domain::ShopProduct;
use domain::catalogue::KnownProduct;
use domain::planning::{CatalogueFinding, check_catalogue, grouped};
use domain::settings::{Settings, read_settings};
use domain::shop_product::{ShopProductKind, ShopProductStatus};

use crate::product_world::{entry, known_product};
use crate::world::agreement;

/// A product without variants, whose id is its own.
fn product(id: usize, sku: &str) -> ShopProduct {
    ShopProduct {
        product: id.to_string(),
        variant: None,
        kind: ShopProductKind::Single,
        ..entry(&id.to_string(), sku)
    }
}

const SETTINGS: &str = r#"{
    "products": { "unit": 1, "groups-by-rate": [{"rate":"25","group":1}],
        "catalogue": { "create": true, "groups": [{"tax-class":"reduced-rate","group":3}] } }
}"#;

/// What seeding did: the shop's entries, the accounts' products, and what must be found (code, product).
struct Seeded {
    entries: Vec<ShopProduct>,
    known: BTreeMap<String, KnownProduct>,
    expected: BTreeSet<(String, String)>,
}

impl Seeded {
    fn expect(&mut self, code: &str, product: &str) {
        self.expected.insert((code.to_owned(), product.to_owned()));
    }

    fn know(&mut self, known: KnownProduct) {
        self.known.insert(known.number.clone(), known);
    }
}

/// So many products, of which every 37th has a fault of one kind in turn; the others are of every sound kind.
fn seeded(count: usize) -> Seeded {
    let mut seeded = Seeded { entries: Vec::new(), known: BTreeMap::new(), expected: BTreeSet::new() };
    seeded.know(known_product("afrunding", 2));
    for id in 1..=count {
        let sku = format!("SKU-{id:06}");
        let mut entry = product(id, &sku);
        if id % 37 == 0 {
            fault(&mut seeded, &mut entry, &sku, id / 37 % 9);
        } else {
            sound(&mut seeded, &mut entry, &sku, id % 11);
        }
        seeded.entries.push(entry);
    }
    seeded
}

fn fault(seeded: &mut Seeded, entry: &mut ShopProduct, sku: &str, kind: usize) {
    match kind {
        0 => {
            entry.sku = None;
            entry.name = format!("Uden nummer {sku}");
            seeded.expect("product-without-sku", &entry.name);
        }
        1 => {
            let long = format!("{sku}-{}", "X".repeat(20));
            entry.sku = Some(long.clone());
            seeded.expect("product-sku-too-long", &long);
        }
        2 => {
            // A number that a sound product has already: both are told.
            let first = seeded.entries.iter().rev().find(|other| {
                other.status == ShopProductStatus::Active
                    && other.sku.as_deref().is_some_and(|sku| sku.len() == 10)
                    && other.kind == ShopProductKind::Single
                    && !other.gift_card
                    && other.tax_class.is_empty()
                    && other.taxable
                    && !seeded.expected.iter().any(|(_, product)| Some(product) == other.sku.as_ref())
            });
            let number = first.and_then(|first| first.sku.clone()).expect("there are sound ones before");
            entry.sku = Some(number.clone());
            seeded.expect("product-number-twice", &number);
        }
        3 => {
            entry.tax_class = "zero-rate".to_owned();
            seeded.expect("product-tax-class-unmapped", sku);
        }
        4 => {
            // No group is named for what carries no VAT, and the product is not there to be looked at.
            entry.taxable = false;
            seeded.expect("product-group-unmapped", sku);
        }
        5 => {
            seeded.know(KnownProduct { barred: true, ..known_product(sku, 1) });
            seeded.expect("product-blocked", sku);
        }
        6 => {
            seeded.know(known_product(sku, 2));
            seeded.expect("product-group-other-vat", sku);
        }
        7 => {
            seeded.know(known_product(sku, 99));
            seeded.expect("product-group-not-there", sku);
        }
        _ => {
            seeded.know(known_product(sku, 6));
            seeded.expect("product-group-no-account", sku);
        }
    }
}

fn sound(seeded: &mut Seeded, entry: &mut ShopProduct, sku: &str, kind: usize) {
    match kind {
        // Not there, and can be made.
        0 | 1 => {}
        2 => {
            entry.tax_class = "reduced-rate".to_owned();
            seeded.know(known_product(sku, 3));
        }
        3 => {
            entry.taxable = false;
            seeded.know(known_product(sku, 2));
        }
        // What nobody can buy needs no number, and faults in it stop nothing.
        4 => {
            entry.kind = ShopProductKind::Parent;
            entry.sku = None;
        }
        5 => {
            entry.status = ShopProductStatus::Archived;
            entry.sku = Some("X".repeat(40));
        }
        6 => {
            entry.gift_card = true;
            entry.sku = None;
        }
        _ => seeded.know(known_product(sku, 1)),
    }
}

fn found(findings: &[CatalogueFinding]) -> BTreeSet<(String, String)> {
    findings.iter().map(|finding| (finding.code.clone(), finding.product.clone())).collect()
}

#[test]
fn ten_thousand_products_with_seeded_faults_list_every_one_of_them_and_no_other() {
    let settings = read_settings(SETTINGS).expect("sound settings");
    let seeded = seeded(10_000);
    let units = BTreeMap::from([(1, "stk.".to_owned())]);
    let master = agreement().master;
    let findings = check_catalogue(&seeded.entries, &seeded.known, &master, Some(&units), &settings);
    assert_eq!(found(&findings), seeded.expected);
    assert_eq!(seeded.expected.len(), 270, "so many were seeded");
    // Of two that share a number both are listed; every other fault is one entry's.
    let twice = seeded.expected.iter().filter(|(code, _)| code == "product-number-twice").count();
    assert_eq!(findings.len(), seeded.expected.len() + twice);
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes.len(), 9, "{codes:?}");
    for finding in &findings {
        let reason = finding.reason();
        let named = domain::explain::facts_named(&reason.code).expect("words");
        assert!(named.iter().all(|fact| !reason.fact(fact).is_empty()), "{reason:?}");
    }
    let reasons = grouped(&findings);
    assert_eq!(reasons.len(), 9, "one line to a kind in a report: {reasons:#?}");
    let counted: usize =
        reasons.iter().map(|reason| reason.fact("count").parse::<usize>().expect("a count")).sum();
    assert_eq!(counted, findings.len());
}

#[test]
fn the_order_of_the_lists_and_an_entry_that_comes_twice_make_no_difference() {
    let settings = read_settings(SETTINGS).expect("sound settings");
    let mut seeded = seeded(500);
    let master = agreement().master;
    let check = |entries: &[ShopProduct], known| check_catalogue(entries, known, &master, None, &settings);
    let findings = check(&seeded.entries, &seeded.known);
    seeded.entries.reverse();
    let again: Vec<ShopProduct> = seeded.entries.iter().step_by(7).cloned().collect();
    seeded.entries.extend(again);
    assert_eq!(check(&seeded.entries, &seeded.known), findings);
}

#[test]
fn what_the_settings_name_is_checked_too() {
    let master = agreement().master;
    let codes_of = |settings: &Settings, known: Vec<KnownProduct>| -> Vec<(String, String)> {
        let known = known.into_iter().map(|known| (known.number.clone(), known)).collect();
        let units = BTreeMap::from([(1, "stk.".to_owned())]);
        let entries = [product(1, "MUG-1")];
        let findings = check_catalogue(&entries, &known, &master, Some(&units), settings);
        findings.into_iter().map(|finding| (finding.code, finding.product)).collect()
    };
    let codes = |settings: &str, known: Vec<KnownProduct>| {
        codes_of(&read_settings(settings).expect("sound settings"), known)
    };
    let pair = |code: &str, product: &str| (code.to_owned(), product.to_owned());
    let freight = KnownProduct { barred: true, ..known_product("fragtmm", 1) };
    let leave = r#""differences":{"mode":"leave-draft"}"#;
    let with = |inner: &str| format!("{{{leave},{inner}}}");
    assert_eq!(
        codes(&with(r#""trigger":{}"#), vec![known_product("MUG-1", 1), freight]),
        [pair("product-blocked", "fragtmm")]
    );
    // So does what only refunds need.
    let refunds =
        ["refusion", "refusionum"].map(|number| KnownProduct { barred: true, ..known_product(number, 2) });
    let known = [known_product("MUG-1", 1)].into_iter().chain(refunds).collect();
    assert_eq!(
        codes(&with(r#""trigger":{}"#), known),
        [pair("product-blocked", "refusion"), pair("product-blocked", "refusionum")]
    );
    assert_eq!(
        codes(r#"{"differences":{"mode":"correction-line"}}"#, vec![known_product("MUG-1", 1)]),
        [pair("correction-product-missing", "afrunding")]
    );
    assert_eq!(
        codes(&with(r#""products":{"unit":7}"#), vec![known_product("MUG-1", 1)]),
        [pair("product-unit-missing", "-")]
    );
    let missing = [pair("product-missing", "MUG-1")];
    assert_eq!(codes(&with(r#""products":{"missing":"hold"}"#), Vec::new()), missing);
    let default = r#""products":{"missing":"use-default","skus":{"default":"DIV"}}"#;
    assert_eq!(codes(&with(default), vec![known_product("DIV", 1)]), []);
    // Settings that were saved before a default product was asked for.
    let unnamed = r#"{"differences":{"mode":"leave-draft"},"products":{"missing":"use-default"}}"#;
    assert!(read_settings(unnamed).is_err());
    let unnamed = serde_json::from_str(unnamed).expect("stored settings");
    assert_eq!(codes_of(&unnamed, Vec::new()), missing);
}

#[test]
fn an_entry_that_cannot_be_read_is_told_and_keeps_no_other_back() {
    let settings: Settings = read_settings(SETTINGS).expect("settings");
    let unreadable = Some("its price is not an amount".to_owned());
    let entries = [product(1, "MUG-1"), ShopProduct { price: None, unreadable, ..product(2, "MUG-2") }];
    let findings = check_catalogue(&entries, &BTreeMap::new(), &agreement().master, None, &settings);
    let told: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.code.as_str(), finding.product.as_str())).collect();
    assert_eq!(
        told.iter().filter(|(_, product)| product.starts_with("MUG")).copied().collect::<Vec<_>>(),
        [("product-unreadable", "MUG-2")]
    );
    let reasons = domain::planning::grouped(&findings);
    let told = reasons.iter().find(|reason| reason.code == "product-unreadable").expect("it is told");
    assert_eq!((told.fact("count"), told.fact("products")), ("1", "MUG-2"));
}
