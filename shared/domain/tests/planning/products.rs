//! Products of the shop: what is made and changed in the accounts, what is let be, what the merchant must settle.

use domain::ShopProduct;
use domain::catalogue::KnownProduct;
use domain::plan::{Decision, Plan, ProductChange, ProductPart, Step};
use domain::shop_product::{ShopProductKind, ShopProductStatus};

use crate::product_world::{ProductWorld, entry, known_product};
use crate::world::{World, agreement, decimal, dkk, plain_order};

const CREATE: &str = r#"{"products":{"catalogue":{"create":true}}}"#;
const ALL: &str = r#"{"products":{"unit":1,"catalogue":{"create":true,"gone":"bar","update":{
    "name":"always","group":"always","sales-price":"always","cost-price":"always","unit":"always","barcode":"always"}}}}"#;

fn world(product: ProductWorld, settings: &str) -> World {
    World::of(plain_order()).with_settings(settings).with(|world| world.product = Some(product))
}

fn plan(product: ProductWorld, settings: &str) -> Plan {
    world(product, settings).plan()
}

fn part(plan: &Plan) -> &ProductPart {
    plan.product.as_ref().expect("a product's plan")
}

fn made(plan: &Plan) -> Vec<&str> {
    let numbers = plan.steps.iter().filter_map(|step| match step {
        Step::CreateProduct(made) => Some(made.number.as_str()),
        _ => None,
    });
    numbers.collect()
}

fn changes(plan: &Plan) -> Vec<(&str, &[ProductChange])> {
    let changes = plan.steps.iter().filter_map(|step| match step {
        Step::ChangeProduct(step) => Some((step.number.as_str(), step.changes.as_slice())),
        _ => None,
    });
    changes.collect()
}

#[test]
fn a_new_product_is_made_with_group_prices_unit_and_barcode() {
    let plan = plan(ProductWorld::of(vec![entry("1", "NEW-1")]), ALL);
    let [Step::CreateProduct(step)] = plan.steps.as_slice() else { panic!("{:?}", plan.steps) };
    assert_eq!((step.number.as_str(), step.name.as_str(), step.group), ("NEW-1", "Krus NEW-1", 1));
    assert_eq!((step.sales_price, step.cost_price), (Some(dkk("100.00")), Some(dkk("40.00"))));
    assert_eq!((step.unit, step.barcode.as_str()), (Some(1), "5701234567899"));
    assert_eq!(part(&plan).numbers, [("1".to_owned(), "NEW-1".to_owned())]);
}

#[test]
fn the_product_that_an_order_makes_has_the_same_key_as_the_one_that_the_shop_tells_of() {
    let by_event = plan(ProductWorld::of(vec![entry("1", "NEW-1")]), CREATE);
    let order =
        crate::world::order_in("DKK", "DK", vec![crate::world::goods("NEW-1", "1", "10.00", "25", "2.50")]);
    let by_order =
        World::of(order).with_settings(r#"{"products":{"groups-by-rate":[{"rate":"25","group":1}]}}"#).plan();
    let key = |plan: &Plan| {
        plan.steps.iter().find_map(|step| match step {
            Step::CreateProduct(step) => Some(step.key.clone()),
            _ => None,
        })
    };
    assert!(key(&by_event).is_some());
    assert_eq!(key(&by_event), key(&by_order));
}

#[test]
fn a_product_that_stands_as_it_should_is_left_alone() {
    let mut known = known_product("NEW-1", 1);
    let product = |known: &KnownProduct| ProductWorld {
        known: vec![known.clone()],
        ..ProductWorld::of(vec![entry("1", "NEW-1")])
    };
    let first = plan(product(&known), ALL);
    assert_eq!(
        changes(&first),
        [(
            "NEW-1",
            &[
                ProductChange::Name("Krus NEW-1".to_owned()),
                ProductChange::SalesPrice(dkk("100.00")),
                ProductChange::CostPrice(dkk("40.00")),
                ProductChange::Unit(1),
                ProductChange::Barcode("5701234567899".to_owned()),
            ][..]
        )]
    );
    known.name = "Krus NEW-1".to_owned();
    known.sales_price = Some(decimal("100.00"));
    known.cost_price = Some(decimal("40"));
    known.unit = Some(1);
    known.barcode = "5701234567899".to_owned();
    assert_eq!(world(product(&known), ALL).skipped().code, "product-up-to-date");
    known.barred = true;
    known.name = "Udgået".to_owned();
    assert_eq!(world(product(&known), ALL).skipped().code, "product-up-to-date", "somebody barred it");
}

#[test]
fn a_field_is_filled_only_where_it_is_empty_when_the_rule_says_so() {
    let when_empty = r#"{"products":{"unit":1,"catalogue":{"update":{"name":"when-empty","group":"when-empty",
        "sales-price":"when-empty","cost-price":"when-empty","unit":"when-empty","barcode":"when-empty"}}}}"#;
    let known =
        KnownProduct { sales_price: Some(decimal("90.00")), unit: Some(2), ..known_product("NEW-1", 2) };
    let product = ProductWorld { known: vec![known], ..ProductWorld::of(vec![entry("1", "NEW-1")]) };
    let plan = plan(product, when_empty);
    let expected =
        [ProductChange::CostPrice(dkk("40.00")), ProductChange::Barcode("5701234567899".to_owned())];
    assert_eq!(changes(&plan), [("NEW-1", &expected[..])]);
}

#[test]
fn what_is_wrong_with_one_variant_keeps_no_other_back() {
    let long = "X".repeat(26);
    let product = ProductWorld::of(vec![
        entry("1", "A-1"),
        entry("2", ""),
        entry("3", &long),
        entry("4", "TWICE"),
        entry("5", "TWICE"),
        entry("6", "A-2"),
    ]);
    let plan = plan(product, CREATE);
    assert_eq!(made(&plan), ["A-1", "A-2"]);
    let codes: Vec<&str> = part(&plan).faults.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(codes, ["product-number-twice", "product-sku-too-long", "product-without-sku"]);
    assert_eq!(part(&plan).numbers.len(), 2);
}

#[test]
fn a_product_of_which_nothing_can_be_carried_over_is_held_with_the_reason() {
    let code = |product: ProductWorld, settings: &str| world(product, settings).held().code;
    let of = |change: &dyn Fn(&mut ShopProduct)| {
        let mut entry = entry("1", "NEW-1");
        change(&mut entry);
        ProductWorld::of(vec![entry])
    };
    assert_eq!(code(of(&|entry| entry.sku = None), CREATE), "product-without-sku");
    assert_eq!(code(of(&|entry| entry.sku = Some("X".repeat(26))), CREATE), "product-sku-too-long");
    assert_eq!(
        code(of(&|entry| entry.tax_class = "reduced-rate".to_owned()), CREATE),
        "product-tax-class-unmapped"
    );
    let claimed = ProductWorld { claimed: [("NEW-1".to_owned(), "88".to_owned())].into(), ..of(&|_| {}) };
    assert_eq!(code(claimed, CREATE), "product-number-twice");
    // Without VAT there are two ordinary groups in this agreement.
    let untaxed = world(of(&|entry| entry.taxable = false), CREATE).held();
    assert_eq!(untaxed.code, "product-group-unmapped");
    assert_eq!(untaxed.fact("choices"), "2 Varer uden moms; 4 Gavekort");
    let group = |group: u32| {
        format!(
            r#"{{"products":{{"catalogue":{{"create":true,"groups":[{{"taxable":true,"group":{group}}}]}}}}}}"#
        )
    };
    assert_eq!(code(of(&|_| {}), &group(9)), "product-group-not-there");
    assert_eq!(code(of(&|_| {}), &group(2)), "product-group-other-vat");
    assert_eq!(code(of(&|_| {}), &group(6)), "product-group-no-account");
    let unit = r#"{"products":{"unit":9,"catalogue":{"create":true}}}"#;
    assert_eq!(code(of(&|_| {}), unit), "product-unit-missing");
}

#[test]
fn what_nobody_can_buy_and_what_is_not_to_be_carried_is_passed_over() {
    let of = |change: &dyn Fn(&mut ShopProduct)| {
        let mut entry = entry("1", "NEW-1");
        change(&mut entry);
        ProductWorld::of(vec![entry])
    };
    for product in [
        of(&|entry| entry.kind = ShopProductKind::Parent),
        of(&|entry| entry.kind = ShopProductKind::Listing),
        of(&|entry| entry.gift_card = true),
        of(&|entry| entry.status = ShopProductStatus::Draft),
        of(&|entry| entry.status = ShopProductStatus::Archived),
    ] {
        assert_eq!(world(product, CREATE).skipped().code, "product-up-to-date");
    }
    let plain = || ProductWorld::of(vec![entry("1", "NEW-1")]);
    assert_eq!(world(plain(), "{}").skipped().code, "product-flow-off");
    let only_update = r#"{"products":{"catalogue":{"update":{"name":"always"}}}}"#;
    assert_eq!(world(plain(), only_update).skipped().code, "product-up-to-date", "orders make it");
    assert_eq!(world(ProductWorld::of(Vec::new()), CREATE).skipped().code, "product-unknown");
}

#[test]
fn a_product_that_is_gone_or_renumbered_is_kept_or_barred_and_never_deleted() {
    let before = vec![("1".to_owned(), "OLD-1".to_owned()), ("2".to_owned(), "OLD-2".to_owned())];
    let known = vec![known_product("OLD-1", 1), known_product("OLD-2", 1)];
    let barred = &[ProductChange::Barred(true)][..];
    let gone = ProductWorld { known: known.clone(), earlier: before.clone(), ..ProductWorld::of(Vec::new()) };
    assert_eq!(changes(&plan(gone.clone(), ALL)), [("OLD-1", barred), ("OLD-2", barred)]);
    assert_eq!(world(gone, CREATE).skipped().code, "product-up-to-date", "kept by default");

    let renumbered = ProductWorld {
        known,
        earlier: before,
        ..ProductWorld::of(vec![entry("1", "NEW-1"), entry("2", "OLD-2")])
    };
    let plan = plan(renumbered.clone(), r#"{"products":{"catalogue":{"create":true,"gone":"bar"}}}"#);
    assert_eq!(made(&plan), ["NEW-1"]);
    assert_eq!(changes(&plan), [("OLD-1", barred)]);
    assert_eq!(plan.warnings[0].code, "product-renumbered");
    // Two variants that exchange their numbers bar neither.
    let exchanged = ProductWorld { entries: vec![entry("1", "OLD-2"), entry("2", "OLD-1")], ..renumbered };
    let gone = r#"{"products":{"catalogue":{"gone":"bar"}}}"#;
    assert_eq!(world(exchanged, gone).skipped().code, "product-up-to-date");
}

#[test]
fn a_product_of_very_many_variants_is_carried_over_in_plans_of_bounded_length() {
    let entries: Vec<ShopProduct> = (0..65).map(|n| entry(&n.to_string(), &format!("V-{n:02}"))).collect();
    let mut product = ProductWorld::of(entries);
    let mut lengths = Vec::new();
    loop {
        let decision = world(product.clone(), CREATE).decide();
        let Decision::Transfer(plan) = decision else { break };
        lengths.push((plan.steps.len(), part(&plan).more));
        product.known.extend(made(&plan).into_iter().map(|number| known_product(number, 1)));
        assert!(lengths.len() < 10, "it comes to its end");
    }
    assert_eq!(lengths, [(20, true), (20, true), (20, true), (5, false)]);
}

#[test]
fn categories_and_vat_treatment_choose_the_group_and_the_first_rule_counts() {
    let rules = r#"{"products":{"catalogue":{"create":true,"groups":[
        {"category":"bøger","group":3},{"taxable":false,"group":2},{"tax-class":"reduced-rate","group":3},{"group":1}]}}}"#;
    let group = |change: &dyn Fn(&mut ShopProduct)| {
        let mut entry = entry("1", "NEW-1");
        change(&mut entry);
        match world(ProductWorld::of(vec![entry]), rules).decide() {
            Decision::Transfer(plan) => match &plan.steps[0] {
                Step::CreateProduct(step) => Ok(step.group),
                other => panic!("{other:?}"),
            },
            Decision::Hold(reason) | Decision::Skip(reason) => Err(reason.code),
        }
    };
    assert_eq!(group(&|_| {}), Ok(1));
    assert_eq!(group(&|entry| entry.taxable = false), Ok(2));
    assert_eq!(group(&|entry| entry.tax_class = "reduced-rate".to_owned()), Ok(3));
    // The first rule says group 3 (12 %), and the shop charges 25 %: nothing is put where it would give other VAT.
    let book = group(&|entry| entry.categories = vec!["BØGER".to_owned()]);
    assert_eq!(book, Err("product-group-other-vat".to_owned()));
    assert_eq!(agreement().master.product_groups[&3].name, "Varer 12 %");
}
