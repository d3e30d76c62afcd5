//! Many orders of few new customers at the same time, and products that orders and the shop's own events make at the same time.

use domain::EntityKind;
use engine::store::Status;
use sandbox::Operation;
use sandbox::faults::{Fault, Rule};
use serde_json::json;

use crate::checks;
use crate::deployment::{Setup, agreement_name, shop_name};
use crate::history::{History, Plan};
use crate::machine::{Decider, lock};
use crate::orders::OrderShape;
use crate::random::Random;
use crate::scenario;

/// Seeds of each kind of history here: each is large.
const SEEDS: u64 = 6;

/// One new buyer in ten orders, each time with the address in other letters.
fn address(order: usize) -> String {
    let buyer = format!("canarybuyer{:02}@example.org", order % 20);
    if order.is_multiple_of(2) { buyer } else { buyer.to_uppercase() }
}

fn crowd(seed: u64, troubled: bool) -> History {
    let shapes = (0..200).map(|number| {
        let mut shape = OrderShape::plain(5001 + number);
        shape.email = address(number);
        shape
    });
    let plan = Plan {
        setups: vec![Setup { lag_seconds: 50, native_keys: false, ..Setup::plain() }],
        orders: shapes.map(|shape| (0, 0, shape)).collect(),
        workers: 40,
        lost: if troubled { 50 } else { 0 },
        doubled: if troubled { 200 } else { 0 },
        ..Plan::single(seed)
    };
    let mut history = History::new(plan, decider(seed, troubled));
    history.most_steps = 600_000;
    history.run();
    history
}

fn decider(seed: u64, troubled: bool) -> Decider {
    if troubled { scenario::decider(Random::new(seed), 10) } else { Box::new(|_, _, _| None) }
}

#[test]
fn two_hundred_simultaneous_orders_of_twenty_new_customers_make_twenty_customers() {
    for seed in 1..=SEEDS {
        let troubled = seed.is_multiple_of(2);
        let mut history = crowd(seed, troubled);
        let found = checks::violations(&mut history);
        assert!(found.is_empty(), "seed {seed}: {found:#?}");
        let world = lock(&history.world);
        let agreement = &world.agreements[&agreement_name(0)];
        let buyers = agreement.customers.values().filter(|customer| {
            customer.text("email").is_some_and(|email| email.to_lowercase().contains("canarybuyer"))
        });
        assert_eq!(buyers.count(), 20, "seed {seed}");
        let booked = agreement.booked.values().filter(|document| {
            document.json.text("references.other").is_some_and(|reference| !reference.is_empty())
        });
        assert_eq!(booked.count(), 200, "seed {seed}: every order is booked");
        crate::say(&format!(
            "seed {seed}: 200 orders, 20 customers, {} steps, {} outside calls",
            history.steps,
            lock(&history.observed).sent.len()
        ));
    }
}

/// A product of the shop with variations.
fn load(history: &History, id: u64, variations: &[(u64, &str)]) {
    let product = |id: u64, kind: &str, sku: &str, parent: u64| {
        json!({
            "id": id, "name": format!("Vare {id}"), "type": kind, "status": "publish", "sku": sku,
            "permalink": format!("https://shop-0.example/vare/{id}"), "price": "125.00",
            "tax_status": "taxable", "tax_class": "", "manage_stock": false, "stock_quantity": null,
            "parent_id": parent, "global_unique_id": format!("570000000{id:04}"), "attributes": [],
            "categories": [], "date_created": "2026-11-20T10:00:00", "date_created_gmt": "2026-11-20T09:00:00",
            "date_modified": "2026-11-20T10:00:00", "date_modified_gmt": "2026-11-20T09:00:00",
        })
        .to_string()
    };
    let mut world = lock(&history.world);
    let shop = world.woocommerce.get_mut(&shop_name(0)).expect("it exists");
    let mut put = |text: String| {
        let json = sandbox::Json::parse(text.as_bytes()).expect("it is JSON");
        shop.load_product(json).expect("it has an id");
    };
    let kind = if variations.is_empty() { "simple" } else { "variable" };
    put(product(id, kind, &if variations.is_empty() { format!("NY-{id}") } else { String::new() }, 0));
    for (variation, sku) in variations {
        put(product(*variation, "variation", sku, id));
    }
}

/// The shop's staff saves a product.
fn save(history: &History, id: u64) {
    let now = history.machine.now();
    let mut world = lock(&history.world);
    let shop = world.woocommerce.get_mut(&shop_name(0)).expect("it exists");
    assert!(shop.change_product(now, id, |_| {}), "product {id} is there");
}

fn products(seed: u64, troubled: bool) -> History {
    // Orders that sell what the shop tells of at the same time.
    let orders = (0..8).map(|number| {
        let mut shape = OrderShape::plain(6001 + number);
        shape.lines = vec![(format!("NY-{}", 701 + number % 2), 1, 10_000, 2_500)];
        (0, 0, shape)
    });
    let plan = Plan {
        setups: vec![Setup { catalogue: true, lag_seconds: 40, native_keys: false, ..Setup::plain() }],
        orders: orders.collect(),
        workers: 6,
        doubled: 300,
        ..Plan::single(seed)
    };
    let mut history = History::new(plan, decider(seed, troubled));
    let many: Vec<(u64, String)> = (0..45).map(|number| (800 + number, format!("V-{number:02}"))).collect();
    let many: Vec<(u64, &str)> = many.iter().map(|(id, sku)| (*id, sku.as_str())).collect();
    load(&history, 701, &[]);
    load(&history, 702, &[]);
    load(&history, 703, &many);
    // One variation has no number: it is told, and keeps no other back.
    load(&history, 704, &[(900, "V-SUND"), (901, "")]);
    for id in [701, 702, 703, 704] {
        save(&history, id);
    }
    history.run();
    history
}

#[test]
fn products_that_orders_and_the_shop_make_at_the_same_time_stand_once_and_as_planned() {
    for seed in 1..=SEEDS * 10 {
        let mut history = products(seed, !seed.is_multiple_of(10));
        let found = checks::violations(&mut history);
        let heads = history.store.memory.heads();
        let words = || format!("seed {seed}: {found:#?} {heads:#?}");
        assert!(found.is_empty(), "{}", words());
        let of_products = heads.iter().filter(|head| head.transfer.kind == EntityKind::Product);
        for head in of_products {
            match head.transfer.entity.as_str() {
                "704" => {
                    let held = Status::Held { code: "product-without-sku".to_owned() };
                    assert_eq!(head.status, held, "seed {seed}");
                }
                _ => assert_eq!(head.status, Status::Done, "seed {seed}: {head:#?}"),
            }
            assert!(head.locks.is_empty(), "seed {seed}: no lock is left behind: {head:#?}");
        }
        let world = lock(&history.world);
        let made = &world.agreements[&agreement_name(0)].products;
        let numbers = (0..45).map(|number| format!("V-{number:02}"));
        for number in numbers.chain(["NY-701", "NY-702", "V-SUND"].map(str::to_owned)) {
            let product = made.get(&number).unwrap_or_else(|| panic!("seed {seed}: {number} is missing"));
            let barcode = product.json.text("barCode").unwrap_or_default();
            // What an order made first gets its bar code from the shop's event.
            assert!(barcode.starts_with("570000000"), "seed {seed}: {number} has the bar code {barcode:?}");
            assert_eq!(
                product.json.integer("productGroup.productGroupNumber"),
                Some(1),
                "seed {seed}: {number}"
            );
        }
    }
}

#[test]
fn an_order_of_more_new_products_than_one_plan_can_make_says_so_and_goes_on_when_they_are_there() {
    let line = |number: usize| (format!("NY-{number:03}"), 1, 10_000, 2_500);
    let mut shape = OrderShape::plain(6101);
    shape.lines = (0..120).map(line).collect();
    let plan = Plan { setups: vec![Setup::plain()], orders: vec![(0, 0, shape)], ..Plan::single(80) };
    let mut history = History::new(plan, decider(80, false));
    history.run();
    let head = history.head(0, 6101).expect("a head");
    assert_eq!(head.status, Status::Held { code: "too-many-new-products".to_owned() }, "{head:#?}");
    assert!(head.facts.contains(&("count".to_owned(), "120".to_owned())), "{:?}", head.facts);
    {
        let mut world = lock(&history.world);
        let agreement = world.agreements.get_mut(&agreement_name(0)).expect("it exists");
        assert!(!agreement.products.contains_key("NY-000"), "nothing is written");
        // Most of them are made by hand.
        let like = agreement.products["KRUS-BLAA"].clone();
        for number in 0..60 {
            let (number, mut made) = (format!("NY-{number:03}"), like.clone());
            made.json.set("productNumber", number.clone());
            agreement.products.insert(number, made);
        }
    }
    history.run();
    let head = history.head(0, 6101).expect("a head");
    assert_eq!(head.status, Status::Done, "the rest is made by the order: {head:#?}");
    assert!(lock(&history.world).agreements[&agreement_name(0)].products.contains_key("NY-119"));
}

#[test]
fn variants_that_the_books_refuse_keep_the_others_back_once_and_are_not_asked_for_again_and_again() {
    let plan = Plan { setups: vec![Setup { catalogue: true, ..Setup::plain() }], ..Plan::single(78) };
    let mut history = History::new(plan, decider(78, false));
    let many: Vec<(u64, String)> = (0..25).map(|number| (800 + number, format!("V-{number:02}"))).collect();
    let many: Vec<(u64, &str)> = many.iter().map(|(id, sku)| (*id, sku.as_str())).collect();
    load(&history, 703, &many);
    // The first twenty, which one plan has room for, are refused whenever they are asked for.
    for beginning in ["V-0", "V-1"] {
        lock(&history.world).script.rules.push(Rule {
            operation: Some(Operation::CreateProduct),
            containing: Some(beginning.to_owned()),
            fault: Some(Fault::FailBefore(400)),
            ..Rule::default()
        });
    }
    save(&history, 703);
    history.run_for(12 * 3_600_000);
    let heads = history.store.memory.heads();
    let head = heads.iter().find(|head| head.transfer.entity.as_str() == "703").expect("a head");
    assert_eq!(head.status, Status::Held { code: "product-refused".to_owned() }, "it is told: {head:#?}");
    assert_eq!(head.due_at, None);
    {
        let world = lock(&history.world);
        let struck: Vec<u64> = world.script.rules.iter().map(|rule| rule.struck).collect();
        assert_eq!(struck, [10, 10], "each was asked for once");
        let made = &world.agreements[&agreement_name(0)].products;
        let number = |number: u32| format!("V-{number:02}");
        assert!((20..25).all(|of| made.contains_key(&number(of))), "the others are made");
        assert!((0..20).all(|of| !made.contains_key(&number(of))));
    }
    // The cause is settled, and news of it tries them all.
    lock(&history.world).script.rules.clear();
    save(&history, 703);
    history.run();
    let world = lock(&history.world);
    let made = &world.agreements[&agreement_name(0)].products;
    assert!((0..25).all(|number| made.contains_key(&format!("V-{number:02}"))));
}

#[test]
fn a_product_that_the_shop_deletes_is_barred_and_one_number_in_two_products_is_held() {
    let plan = Plan { setups: vec![Setup { catalogue: true, ..Setup::plain() }], ..Plan::single(77) };
    let mut history = History::new(plan, decider(77, false));
    load(&history, 711, &[(911, "ENS")]);
    load(&history, 712, &[(912, "ANDEN")]);
    load(&history, 713, &[(913, "TREDJE")]);
    for id in [711, 712, 713] {
        save(&history, id);
    }
    history.run();
    {
        let mut world = lock(&history.world);
        let shop = world.woocommerce.get_mut(&shop_name(0)).expect("it exists");
        let now = history.machine.now();
        assert!(shop.change_product(now, 912, |json| json.set("sku", "ENS")), "the variation is there");
        assert!(shop.change_product(now, 712, |_| {}), "the product is there");
    }
    history.run();
    let status = |history: &History, id: &str| {
        let heads = history.store.memory.heads();
        let head = heads.into_iter().find(|head| head.transfer.entity.as_str() == id).expect("a head");
        head.status
    };
    assert_eq!(status(&history, "712"), Status::Held { code: "product-number-twice".to_owned() });
    {
        let mut world = lock(&history.world);
        let shop = world.woocommerce.get_mut(&shop_name(0)).expect("it exists");
        let now = history.machine.now();
        assert!(shop.delete_product(now, 711), "the product is there");
        assert!(shop.delete_product(now, 713), "the product is there");
    }
    history.run();
    assert_eq!(status(&history, "713"), Status::Done);
    let found = checks::violations(&mut history);
    assert!(found.is_empty(), "{found:#?}");
    let world = lock(&history.world);
    let made = &world.agreements[&agreement_name(0)].products;
    assert_eq!(made["TREDJE"].json.get("barred"), Some(&sandbox::Json::Bool(true)));
    // Product 712 sells under this number now, so it stays open although 711 is gone.
    assert_ne!(made["ENS"].json.get("barred"), Some(&sandbox::Json::Bool(true)));
}

/// A Swedish company buys without VAT; what became of the order, with its log.
fn reverse_charge(register: Option<Option<bool>>) -> (engine::store::Head, engine::log::Trace) {
    let plan =
        Plan { setups: vec![Setup { register, ..Setup::plain() }], orders: Vec::new(), ..Plan::single(31) };
    let mut history = History::new(plan, decider(31, false));
    let mut order: serde_json::Value = serde_json::from_str(&OrderShape::plain(7001).text()).expect("JSON");
    order["billing"]["company"] = json!("Firma AB");
    order["billing"]["country"] = json!("SE");
    order["shipping"]["country"] = json!("SE");
    order["meta_data"] = json!([{ "id": 1, "key": "_billing_vat_number", "value": "SE 556012-345601" }]);
    for place in ["line_items", "shipping_lines"] {
        for line in order[place].as_array_mut().expect("lines") {
            line["total_tax"] = json!("0.00");
            line["subtotal_tax"] = json!("0.00");
            line["taxes"] = json!([]);
        }
    }
    order["tax_lines"] = json!([]);
    for field in ["cart_tax", "total_tax", "shipping_tax"] {
        order[field] = json!("0.00");
    }
    order["total"] = json!("197.60");
    {
        let mut world = lock(&history.world);
        let shop = world.woocommerce.get_mut(&shop_name(0)).expect("it exists");
        shop.place_order(history.machine.now(), &order.to_string()).expect("the order is sound");
        shop.change_order(history.machine.now(), 7001, |_| {});
    }
    history.run();
    let head = history.head(0, 7001).expect("a head");
    let trace =
        crate::ledger::at_once(engine::Store::log(&*history.store.memory, &head.transfer)).expect("a log");
    assert!(
        crate::ledger::at_once(engine::replay::prove_requests(&trace)).is_ok(),
        "the log proves its requests"
    );
    (head, trace)
}

#[test]
fn a_register_is_asked_before_a_sale_without_vat_and_its_answer_is_kept_with_the_time() {
    let answers = |trace: &engine::log::Trace| {
        let personal = trace.rows.iter().filter_map(|row| row.personal.as_ref());
        personal
            .filter_map(|part| part.catalogue.as_ref()?.vat_number.clone())
            .collect::<Vec<domain::VatNumberAnswer>>()
    };
    let (head, trace) = reverse_charge(Some(Some(true)));
    assert_eq!(head.status, Status::Done, "{head:#?}");
    let answer = answers(&trace).remove(0);
    assert_eq!((answer.number.as_str(), answer.registered), ("SE556012345601", true));
    assert!(answer.answered_at >= crate::history::start(), "{answer:?}");

    let (head, trace) = reverse_charge(Some(Some(false)));
    assert_eq!(head.status, Status::Held { code: "vat-number-unknown".to_owned() });
    assert!(answers(&trace).iter().all(|answer| !answer.registered));

    // A register that is down keeps no sale back, and the log says that nobody answered.
    let (head, trace) = reverse_charge(Some(None));
    assert_eq!(head.status, Status::Done, "{head:#?}");
    let warned = trace.rows.iter().flat_map(|row| &row.public.warnings);
    assert!(warned.into_iter().any(|warning| warning.code == "vat-number-not-answered"));

    let (head, trace) = reverse_charge(None);
    assert_eq!(head.status, Status::Done, "{head:#?}");
    assert!(answers(&trace).is_empty());
}
