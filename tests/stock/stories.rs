//! What goes from the accounts to the shop, told as a merchant would see it.

use domain::settings::{
    BarredProducts, BundlePart, DuplicateNumbers, ProductReserve, StockBundle, StockLocation, StockMode,
};
use engine::stock::{StockOutcome, StockTask};
use rust_decimal::Decimal;
use sandbox::{World, demo};

use crate::bench::{Ended, StockBench};
use crate::world::{To, shopify_variant, woocommerce_product, woocommerce_variation};

/// The one location of the Shopify shop.
const LOCATION: u64 = 100;
const SHOPS: [To; 2] = [To::WooCommerce, To::Shopify];

/// A world in which both shops sell these numbers and show nothing, and the accounts hold ten of each.
pub(crate) fn world(numbers: &[&str]) -> World {
    let mut world = demo::world();
    let now = "2026-11-01T08:00:00Z".parse().expect("a time");
    let books = world.agreements.get_mut(demo::AGREEMENT).expect("the demo's agreement");
    books.inventory_module = true;
    books.products.clear();
    for number in numbers {
        books.load_product(now, number, 1, Decimal::from(10));
    }
    let kande = world.shopify.get_mut(demo::SHOPIFY).expect("the demo's shop");
    kande.inventory.locations.insert(LOCATION, "Lager".to_owned());
    kande.inventory.needs_idempotency_key = true;
    for (id, number) in (1..).zip(numbers) {
        kande.load_variant(id, number, shopify_variant(id, number, &[(LOCATION, 0)]));
    }
    let krus = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the demo's shop");
    for (id, number) in (1..).zip(numbers) {
        krus.load_product(woocommerce_product(id, number, Some(0))).expect("loaded");
    }
    world
}

impl StockBench {
    pub(crate) fn count(&self, number: &str, units: i64) {
        let now = self.now();
        self.world(|world| {
            let books = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
            assert!(books.count_stock(now, number, Decimal::from(units)), "{number}");
        });
    }

    fn product(&self, number: &str, change: impl FnOnce(&mut sandbox::economic::Product)) {
        self.count(number, 10);
        self.world(|world| {
            let books = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
            change(books.products.get_mut(number).expect("there"));
        });
    }
}

#[test]
fn what_changed_is_told_and_nothing_else() {
    for to in SHOPS {
        let bench = StockBench::new(to, world(&["A", "B", "C"]));
        let first = bench.run(StockTask::Changes).finished();
        assert!(first.whole, "the first time everything is compared");
        assert_eq!((first.different, first.told), (3, 3), "{to:?}");
        assert_eq!(bench.shows("B"), [Some(10)]);

        bench.calls();
        bench.later(900);
        let quiet = bench.run(StockTask::Changes).finished();
        assert_eq!(
            (quiet.whole, quiet.different, bench.calls()),
            (false, 0, (1, 0)),
            "{to:?}: one call says that nothing changed"
        );

        bench.later(900);
        bench.count("B", 4);
        let report = bench.run(StockTask::Changes).finished();
        assert_eq!((report.different, report.told), (1, 1), "{to:?}");
        assert_eq!((bench.shows("A"), bench.shows("B")), (vec![Some(10)], vec![Some(4)]));
        let reads = if to == To::Shopify { 2 } else { 1 };
        assert_eq!(
            bench.calls(),
            (reads, 1),
            "{to:?}: the accounts are read once, and a shop that compares is looked at"
        );
        assert!(bench.store.states().0 == 1, "{to:?}: one state is kept");
    }
}

#[test]
fn what_the_shop_sold_itself_is_not_told_again_where_it_can_be_seen() {
    let bench = StockBench::new(To::Shopify, world(&["A"]));
    bench.run(StockTask::Changes).finished();
    bench.later(60);
    let now = bench.now();
    bench.world(|world| {
        let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
        assert!(shop.sell(now, 1, LOCATION, 3));
        shop.inventory.set.clear();
    });
    bench.count("A", 7);
    bench.later(60);
    let report = bench.run(StockTask::Changes).finished();
    assert_eq!((report.different, report.told, report.shown_already, report.writes), (1, 0, 1, 0));
    assert!(bench.world(|world| world.shopify[demo::SHOPIFY].inventory.set.is_empty()));
}

#[test]
fn safety_stock_barred_products_and_bundles() {
    for to in SHOPS {
        let bench = StockBench::new(to, world(&["A", "B", "SET"]));
        bench.settings(|settings| {
            settings.safety_stock = 1;
            settings.safety_stock_by_product = vec![ProductReserve { product: "B".to_owned(), units: 4 }];
            let part = |product: &str, units| BundlePart { product: product.to_owned(), units };
            settings.bundles =
                vec![StockBundle { product: "SET".to_owned(), parts: vec![part("A", 2), part("B", 1)] }];
        });
        bench.run(StockTask::Changes).finished();
        assert_eq!((bench.shows("A"), bench.shows("B")), (vec![Some(9)], vec![Some(6)]), "{to:?}");
        assert_eq!(bench.shows("SET"), [Some(4)], "{to:?}: 9 / 2 and 6 / 1");

        bench.later(60);
        bench.product("B", |product| product.json.set("barred", true));
        bench.run(StockTask::Changes).finished();
        assert_eq!((bench.shows("B"), bench.shows("SET")), (vec![Some(0)], vec![Some(0)]), "{to:?}");

        bench.settings(|settings| settings.barred = BarredProducts::AsOthers);
        bench.run(StockTask::Changes).finished();
        assert_eq!((bench.shows("B"), bench.shows("SET")), (vec![Some(6)], vec![Some(4)]), "{to:?}");
        bench.later(60);
        bench.count("A", -5);
        bench.run(StockTask::Changes).finished();
        assert_eq!(bench.shows("A"), [Some(0)], "{to:?}: never below nothing");
    }
}

#[test]
fn a_bundle_that_gets_no_stock_is_named() {
    let bench = StockBench::new(To::WooCommerce, world(&["A", "B"]));
    let bundle = |number: &str| StockBundle {
        product: number.to_owned(),
        parts: vec![BundlePart { product: "A".to_owned(), units: 2 }],
    };
    bench.settings(|settings| settings.bundles = vec![bundle("SET"), bundle("GONE")]);
    bench.world(|world| {
        let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
        shop.load_product(woocommerce_product(77, "SET", Some(3))).expect("loaded");
        shop.products.get_mut(&77).expect("SET").set("manage_stock", false);
    });
    let report = bench.run(StockTask::Changes).finished();
    let causes: Vec<(&str, usize)> =
        report.causes.iter().map(|(code, cause)| (code.as_str(), cause.count)).collect();
    assert_eq!(causes, [("stock-bundle-not-in-shop", 1), ("stock-not-counted", 1)]);
}

#[test]
fn ordered_units_are_kept_back_unless_the_merchant_wants_all_that_is_there() {
    let bench = StockBench::new(To::WooCommerce, world(&["A"]));
    bench.product("A", |product| product.ordered_by_customers = Decimal::from(3));
    bench.run(StockTask::Changes).finished();
    assert_eq!(bench.shows("A"), [Some(7)]);
    bench.settings(|settings| settings.quantity = domain::settings::StockQuantity::InStock);
    bench.run(StockTask::Changes).finished();
    assert_eq!(bench.shows("A"), [Some(10)]);
}

#[test]
fn one_bad_number_never_stops_the_rest() {
    let bench = StockBench::new(To::WooCommerce, world(&["A", "B", "C", "D", "E"]));
    bench.world(|world| {
        let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
        shop.products.get_mut(&2).expect("B").set("manage_stock", false);
        shop.load_product(woocommerce_product(33, "C", Some(0))).expect("loaded");
        shop.load_product(woocommerce_product(44, "X", Some(7))).expect("loaded");
        shop.load_product(woocommerce_variation(55, 5, "V", "parent", 3)).expect("loaded");
    });
    let report = bench.run(StockTask::Changes).finished();
    assert_eq!(report.told, 3, "A, D and E");
    let causes: Vec<(&str, usize)> =
        report.causes.iter().map(|(code, cause)| (code.as_str(), cause.count)).collect();
    assert_eq!(causes, [("stock-duplicate", 1), ("stock-not-counted", 1), ("stock-not-in-accounts", 1)]);
    assert_eq!((bench.shows("C"), bench.shows("X")), (vec![Some(0), Some(0)], vec![Some(7)]));
    bench.settings(|settings| settings.duplicates = DuplicateNumbers::TellEach);
    bench.run(StockTask::Changes).finished();
    assert_eq!(bench.shows("C"), [Some(10), Some(10)]);

    let bench = StockBench::new(To::Shopify, world(&["A", "B", "C", "D"]));
    bench.run(StockTask::Changes).finished();
    bench.world(|world| {
        let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
        shop.inventory.variants.get_mut(&2).expect("B").bundle = true;
    });
    bench.later(60);
    ["A", "B", "C"].iter().for_each(|number| bench.count(number, 6));
    let report = bench.run(StockTask::Changes).finished();
    assert_eq!((report.told, report.causes["stock-refused"].count), (2, 1));
    assert_eq!(report.causes["stock-refused"].products, ["B"]);
    assert!(report.refusals[0].1.starts_with("NON_MUTABLE_INVENTORY_ITEM"), "{:?}", report.refusals);
    bench.calls();
    bench.later(60);
    let again = bench.run(StockTask::Changes).finished();
    assert_eq!(again.causes["stock-refused"].count, 1, "it is still told of");
    assert_eq!(bench.calls().1, 0, "and not tried again with the same quantity");
}

#[test]
fn variations_are_told_product_by_product() {
    let mut world = world(&["A"]);
    let now = "2026-11-01T08:00:00Z".parse().expect("a time");
    for parent in [500_u64, 600] {
        let krus = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
        let mut product = woocommerce_product(parent, "", None);
        product.set("type", "variable");
        krus.load_product(product).expect("loaded");
        for number in 1..=3 {
            let sku = format!("V{parent}-{number}");
            let variation = woocommerce_variation(parent * 10 + number, parent, &sku, true, 0);
            krus.load_product(variation).expect("loaded");
            let books = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
            books.load_product(now, &sku, 1, Decimal::from(2));
        }
    }
    let bench = StockBench::new(To::WooCommerce, world);
    let report = bench.run(StockTask::Changes).finished();
    assert_eq!(
        (report.told, report.writes),
        (7, 3),
        "one call for what has no variations, one for each product"
    );
    assert_eq!(bench.shows("V600-3"), [Some(2)]);
}

#[test]
fn a_new_product_is_looked_for_once() {
    for to in SHOPS {
        let bench = StockBench::new(to, world(&["A"]));
        bench.run(StockTask::Changes).finished();
        bench.later(60);
        let now = bench.now();
        bench.world(|world| {
            let books = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
            books.load_product(now, "NEW", 1, Decimal::from(5));
            books.load_product(now, "NOWHERE", 1, Decimal::from(5));
            let krus = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
            krus.load_product(woocommerce_product(9, "NEW", Some(0))).expect("loaded");
            let kande = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
            kande.load_variant(9, "NEW", shopify_variant(9, "NEW", &[(LOCATION, 0)]));
            kande.load_variant(10, "new", shopify_variant(10, "new", &[(LOCATION, 0)]));
        });
        let report = bench.run(StockTask::Changes).finished();
        assert_eq!((bench.shows("NEW"), report.not_in_shop), (vec![Some(5)], 1), "{to:?}");
        if to == To::Shopify {
            assert_eq!(bench.shows("new"), [Some(0)], "another number, in lower case");
        }
        bench.calls();
        bench.later(60);
        bench.run(StockTask::Changes).finished();
        assert_eq!(bench.calls().0, 1, "{to:?}: what the shop does not have is not asked for again");
    }
}

#[test]
fn own_writes_that_come_back_as_events_do_not_loop() {
    for to in SHOPS {
        let bench = StockBench::new(to, world(&["A", "B"]));
        let now = bench.now();
        bench.world(|world| {
            let krus = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
            krus.add_webhook("product.updated", "https://bogbro.example/v1/webhooks/x", "s");
            krus.pending.clear();
            let kande = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
            kande.subscribe(now, "inventory_levels/update", "https://bogbro.example/v1/webhooks/y");
            kande.subscribe(now, "products/update", "https://bogbro.example/v1/webhooks/y");
        });
        bench.run(StockTask::Changes).finished();
        let later = bench.now();
        let echoes = bench.world(|world| world.deliveries(later));
        assert!(echoes.len() >= 2, "{to:?}: the shop tells of our own writes");
        for _ in 0..3 {
            bench.later(60);
            bench.calls();
            let report = bench.run(StockTask::Changes).finished();
            assert_eq!(
                (report.different, bench.calls().1),
                (0, 0),
                "{to:?}: nothing differs, so nothing is written"
            );
        }
    }
}

#[test]
fn a_report_writes_nothing_and_lists_every_difference() {
    for to in SHOPS {
        let bench = StockBench::new(to, world(&["A", "B", "C"]));
        bench.run(StockTask::Changes).finished();
        bench.world(|world| {
            let krus = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
            krus.products.get_mut(&2).expect("B").set("stock_quantity", 99);
            let kande = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
            kande.inventory.variants.get_mut(&2).expect("B").levels.insert(LOCATION, 99);
        });
        bench.calls();
        let report = bench.run(StockTask::Report).finished();
        assert_eq!(bench.calls().1, 0, "{to:?}: nothing is written");
        assert_eq!(report.differences.len(), 1);
        let found = &report.differences[0];
        assert_eq!((found.number.as_str(), found.shop, found.accounts), ("B", Some(99), 10), "{to:?}");
        assert_eq!(bench.shows("B"), [Some(99)]);
        bench.run(StockTask::Everything).finished();
        assert_eq!(bench.shows("B"), [Some(10)], "{to:?}: and told when it is asked for");

        let bench = StockBench::new(to, world(&["A"]));
        bench.settings(|settings| settings.mode = StockMode::Report);
        let report = bench.run(StockTask::Changes).finished();
        assert_eq!((report.different, report.writes, bench.shows("A")), (1, 0, vec![Some(0)]), "{to:?}");
    }
}

#[test]
fn what_would_make_everything_look_sold_out_is_held() {
    let stopped = |bench: &StockBench| match bench.run(StockTask::Changes) {
        Ended::Outcome(StockOutcome::Stopped { report, soon: false, .. }) => {
            report.stopped.map(|reason| reason.code).unwrap_or_default()
        }
        other => panic!("{other:?}"),
    };
    for to in SHOPS {
        let bench = StockBench::new(to, world(&["A"]));
        bench.world(|world| {
            world.agreements.get_mut(demo::AGREEMENT).expect("the agreement").inventory_module = false;
        });
        assert_eq!(stopped(&bench), "stock-no-inventory", "{to:?}");

        let bench = StockBench::new(to, world(&["A"]));
        let shop = if to == To::Shopify { LOCATION.to_string() } else { String::new() };
        bench.settings(|settings| {
            settings.locations = vec![StockLocation { shop, accounting: vec!["Hylde 7".to_owned()] }];
        });
        assert_eq!(stopped(&bench), "stock-unknown-place", "{to:?}");
        bench.settings(|settings| {
            settings.locations = vec![StockLocation { shop: "77".to_owned(), accounting: Vec::new() }];
        });
        assert_eq!(stopped(&bench), "stock-unknown-location", "{to:?}");
        assert_eq!(bench.shows("A"), [Some(0)]);
    }
    let bench = StockBench::new(To::Shopify, world(&["A"]));
    bench.world(|world| {
        let kande = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
        kande.inventory.locations.insert(200, "Butik".to_owned());
    });
    assert_eq!(stopped(&bench), "stock-choose-location");
    bench.settings(|settings| {
        settings.locations = vec![StockLocation { shop: LOCATION.to_string(), accounting: Vec::new() }];
    });
    bench.run(StockTask::Changes).finished();
    assert_eq!(bench.shows("A"), [Some(10)]);
}

#[test]
fn bad_answers_end_a_run_with_its_cause_and_write_nothing() {
    let bench = StockBench::new(To::WooCommerce, world(&["A", "B"]));
    bench.product("A", |product| product.json.set("lastUpdated", "yesterday"));
    match bench.run(StockTask::Changes) {
        Ended::Outcome(StockOutcome::Stopped { report, .. }) => {
            let reason = report.stopped.expect("a cause");
            assert_eq!(reason.code, "stock-rejected");
            assert!(reason.fact("message").contains("product A"), "{reason:?}");
            assert_eq!(report.writes, 0);
        }
        other => panic!("{other:?}"),
    }
    bench.count("A", 10);
    bench.run(StockTask::Changes).finished();
    assert_eq!(bench.shows("A"), [Some(10)], "and it goes on when the answer is sound");
}

#[test]
fn a_merchant_who_does_not_want_it_costs_no_call() {
    let bench = StockBench::new(To::WooCommerce, world(&["A"]));
    bench.settings(|settings| settings.mode = StockMode::Off);
    assert!(matches!(bench.run(StockTask::Everything), Ended::Outcome(StockOutcome::Off)));
    assert_eq!(bench.calls(), (0, 0));
}
