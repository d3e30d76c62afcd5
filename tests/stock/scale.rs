//! Fifty thousand products, one in a hundred of which changed: how many calls that takes, beside the fewest that the
//! interfaces allow.

use engine::stock::StockTask;
use rust_decimal::Decimal;
use sandbox::demo;

use crate::bench::StockBench;
use crate::stories::world;
use crate::world::To;

const PRODUCTS: usize = 50_000;
const CHANGED: usize = 500;

#[test]
#[expect(clippy::print_stdout, reason = "the number of calls is what this test states")]
fn fifty_thousand_products_of_which_one_in_a_hundred_changed() {
    for to in [To::WooCommerce, To::Shopify] {
        let numbers: Vec<String> = (0..PRODUCTS).map(|number| format!("N{number:05}")).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let mut world = world(&numbers);
        // The shop shows what the accounts hold, but for nothing: so the first run writes nothing.
        if let Some(shop) = world.woocommerce.get_mut(demo::WOOCOMMERCE) {
            shop.products.values_mut().for_each(|product| product.set("stock_quantity", 10));
        }
        if let Some(shop) = world.shopify.get_mut(demo::SHOPIFY) {
            let levels = shop.inventory.variants.values_mut().flat_map(|variant| variant.levels.values_mut());
            levels.for_each(|level| *level = 10);
            // What is counted here is calls; that a throttled run goes on after its wait is told elsewhere.
            shop.throttle.maximum = 10_000_000;
            shop.throttle.set_available(10_000_000);
        }
        let bench = StockBench::new(to, world);
        let first = bench.run(StockTask::Changes).finished();
        let (reads, writes) = bench.calls();
        assert_eq!((first.different, writes), (0, 0), "{to:?}");
        // A thousand products with each call to the accounts, and one that says that there are no more; the shop's entries
        // 100 or 198 with each; Shopify's locations.
        let fewest = PRODUCTS / 1_000
            + 1
            + if to == To::Shopify { PRODUCTS.div_ceil(198) + 1 } else { PRODUCTS / 100 };
        assert!(reads <= fewest + 1, "{to:?}: {reads} reads for everything, {fewest} are the fewest");
        println!("{to:?}: everything compared in {reads} reads, 0 writes");

        bench.later(900);
        let now = bench.now();
        bench.world(|world| {
            let books = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
            for number in numbers.iter().step_by(PRODUCTS / CHANGED) {
                assert!(books.count_stock(now, number, Decimal::from(4)));
            }
        });
        let report = bench.run(StockTask::Changes).finished();
        let (reads, writes) = bench.calls();
        assert_eq!(
            (report.different, report.told),
            (CHANGED, CHANGED),
            "{to:?}: only what changed is written"
        );
        // One read of what changed; what is written is looked at first where the shop compares, 250 with each call.
        let fewest = if to == To::Shopify { (1 + CHANGED / 250, CHANGED / 250) } else { (1, CHANGED / 100) };
        assert_eq!((reads, writes), fewest, "{to:?}");
        println!("{to:?}: {CHANGED} of {PRODUCTS} told in {reads} reads and {writes} writes");
        assert_eq!((bench.shows("N00000"), bench.shows("N00001")), (vec![Some(4)], vec![Some(10)]));
        let (states, bytes) = bench.store.states();
        println!("{to:?}: {states} state of {bytes} bytes before packing");
    }
}
