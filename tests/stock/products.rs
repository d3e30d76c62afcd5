//! A shop's products are listed whole, each once, in about as many calls as the shop allows.

use connectors::ports::{ProductQuery, Webshop};
use connectors::registry;
use domain::shop_product::{ShopPlace, ShopProduct, ShopProductKind, ShopProductStatus, StockKeeping};
use futures::executor::block_on;
use sandbox::shopify::Product;
use sandbox::{World, demo};

use crate::world::{Line, To, lock, shopify_variant, woocommerce_product, woocommerce_variation};

fn shop(to: To) -> &'static dyn Webshop {
    let system = if to == To::Shopify { "shopify" } else { "woocommerce" };
    registry::webshop(system).expect("it is registered")
}

/// All pages.
fn listed(line: &Line, query: &ProductQuery<'_>) -> Vec<ShopProduct> {
    let mut products = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..2_000 {
        let page = block_on(shop(line.to).products_page(line, query, next.as_deref())).expect("a page");
        products.extend(page.products);
        match page.next {
            Some(place) => next = Some(place),
            None => return products,
        }
    }
    panic!("the list never ends");
}

fn woocommerce(singles: u64, parents: u64, variations: u64) -> World {
    let mut world = demo::world();
    let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the demo's shop");
    for number in 1..=singles {
        shop.load_product(woocommerce_product(number, &format!("S{number}"), Some(5))).expect("loaded");
    }
    for parent in 1..=parents {
        let id = 1_000_000 + parent;
        let mut product = woocommerce_product(id, &format!("P{parent}"), None);
        product.set("type", "variable");
        shop.load_product(product).expect("loaded");
        for number in 1..=variations {
            let own = 2_000_000 + parent * 1_000 + number;
            let variation = woocommerce_variation(own, id, &format!("P{parent}-{number}"), true, 3);
            shop.load_product(variation).expect("loaded");
        }
    }
    world
}

#[test]
fn woocommerce_lists_a_hundred_with_each_call_and_all_variations_at_once() {
    let line = Line::new(woocommerce(250, 30, 10), To::WooCommerce);
    let products = listed(&line, &ProductQuery::default());
    let count = |kind| products.iter().filter(|product| product.kind == kind).count();
    assert_eq!(
        (count(ShopProductKind::Single), count(ShopProductKind::Parent), count(ShopProductKind::Variant)),
        (250, 30, 300)
    );
    // 280 products are three pages; 300 variations three, and one that says that there are no more.
    assert_eq!(*lock(&line.reads), 3 + 4);
    let mut ids: Vec<&str> = products.iter().map(ShopProduct::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 580, "each once");
}

#[test]
fn an_older_woocommerce_lists_variations_product_by_product() {
    let mut world = woocommerce(5, 25, 3);
    world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop").lists_all_variations = false;
    let line = Line::new(world, To::WooCommerce);
    let products = listed(&line, &ProductQuery::default());
    let variants: Vec<_> =
        products.iter().filter(|product| product.kind == ShopProductKind::Variant).collect();
    assert_eq!((products.len(), variants.len()), (5 + 25 + 75, 75));
    assert_eq!(variants[0].name, "Vare P1 - Blå");
    // One page of products, one that is refused, two pages of parents, one call for each parent.
    assert_eq!(*lock(&line.reads), 1 + 1 + 2 + 25);
}

#[test]
fn what_woocommerce_says_of_an_entry_is_read() {
    let mut world = woocommerce(0, 1, 0);
    let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
    shop.load_product(woocommerce_variation(11, 1_000_001, "V-1", true, -2)).expect("loaded");
    shop.load_product(woocommerce_variation(12, 1_000_001, "V-2", "parent", 9)).expect("loaded");
    let mut free = woocommerce_product(5, "", None);
    free.set("tax_status", "none");
    free.set("status", "draft");
    free.set("price", "");
    shop.load_product(free).expect("loaded");
    let mut gone = woocommerce_product(6, "GONE", None);
    gone.set("status", "trash");
    shop.load_product(gone).expect("loaded");
    let line = Line::new(world, To::WooCommerce);
    let products = listed(&line, &ProductQuery::default());
    let of = |id: &str| products.iter().find(|product| product.id() == id).expect("listed");
    assert_eq!(products.len(), 4, "what is thrown away is not listed");
    let own = of("11");
    assert_eq!((own.product.as_str(), own.sku.as_deref()), ("1000001", Some("V-1")));
    assert_eq!((own.stock.keeping, own.stock.quantity), (StockKeeping::Own, Some(-2)));
    assert_eq!(own.price.map(|price| price.to_string()).as_deref(), Some("120.5"));
    assert_eq!((own.tax_class.as_str(), own.barcode.as_deref()), ("food", Some("5701234567899")));
    assert_eq!(own.updated.map(|at| at.to_string()).as_deref(), Some("2026-11-01T09:00:00Z"));
    assert_eq!(of("12").stock.keeping, StockKeeping::OfParent);
    let free = of("5");
    assert_eq!((free.sku.as_deref(), free.price, free.taxable), (None, None, false));
    assert_eq!((free.status, free.stock.keeping), (ShopProductStatus::Draft, StockKeeping::None));
    assert_eq!(free.categories, ["Kopper & fade"]);
}

#[test]
fn only_what_changed_is_listed_when_it_is_asked_for() {
    let mut world = woocommerce(150, 1, 2);
    let now = "2026-11-20T08:00:00Z".parse().expect("a time");
    let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
    assert!(shop.change_product(now, 7, |product| product.set("price", "99")));
    assert!(shop.change_product(now, 2_001_002, |product| product.set("price", "99")));
    let line = Line::new(world, To::WooCommerce);
    let query = ProductQuery { changed_since: Some(now), locations: &[] };
    let mut ids: Vec<String> = listed(&line, &query).iter().map(|product| product.id().to_owned()).collect();
    ids.sort();
    assert_eq!(ids, ["2001002", "7"]);
    assert_eq!(*lock(&line.reads), 2);
}

fn shopify(variants: u64, locations: &[u64]) -> World {
    let mut world = demo::world();
    let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the demo's shop");
    for location in locations {
        shop.inventory.locations.insert(*location, format!("Lager {location}"));
    }
    for number in 1..=variants {
        let levels: Vec<(u64, i64)> = locations.iter().map(|location| (*location, 4)).collect();
        shop.load_variant(
            number,
            &format!("Vare {number}"),
            shopify_variant(number, &format!("S{number}"), &levels),
        );
    }
    world
}

#[test]
fn shopify_lists_as_many_with_each_call_as_their_points_allow() {
    let line = Line::new(shopify(1_000, &[100, 200]), To::Shopify);
    assert_eq!(listed(&line, &ProductQuery::default()).len(), 1_000);
    assert_eq!(*lock(&line.reads), 4, "250 with each");
    let locations = ["100".to_owned(), "gid://shopify/Location/200".to_owned()];
    let query = ProductQuery { changed_since: None, locations: &locations };
    let products = listed(&line, &query);
    assert_eq!(
        (products.len(), *lock(&line.reads)),
        (1_000, 4 + 8),
        "141 with each, for the stock at two locations"
    );
    assert!(
        products.iter().all(|product| product.stock.places.iter().all(|place| place.quantity == Some(4)))
    );
    let strange = ["Lager 1".to_owned()];
    let query = ProductQuery { changed_since: None, locations: &strange };
    assert!(block_on(shop(To::Shopify).products_page(&line, &query, None)).is_err(), "a name is no id");
}

#[test]
fn what_shopify_says_of_an_entry_is_read() {
    let mut world = shopify(1, &[100]);
    let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
    let mut blue = shopify_variant(2, "V-2", &[(100, -3)]);
    "Blå".clone_into(&mut blue.title);
    blue.product = 7_000_000_000_002;
    "5701234567899".clone_into(&mut blue.barcode);
    let mut set = shopify_variant(3, "", &[]);
    set.bundle = true;
    set.tracked = false;
    shop.load_variant(2, "Krus", blue);
    shop.load_variant(3, "Gavesæt", set);
    let product = Product {
        title: "Krus".to_owned(),
        status: "DRAFT".to_owned(),
        product_type: "Kopper".to_owned(),
        gift_card: true,
    };
    shop.inventory.products.insert(7_000_000_000_002, product);
    let line = Line::new(world, To::Shopify);
    let locations = ["100".to_owned(), "300".to_owned()];
    let products = listed(&line, &ProductQuery { changed_since: None, locations: &locations });
    let of = |id: &str| products.iter().find(|product| product.id() == id).expect("listed");
    assert_eq!((of("1").kind, of("1").name.as_str()), (ShopProductKind::Single, "Vare 1"));
    let blue = of("2");
    assert_eq!((blue.kind, blue.name.as_str()), (ShopProductKind::Variant, "Krus - Blå"));
    assert_eq!((blue.status, blue.gift_card), (ShopProductStatus::Draft, true));
    assert_eq!(
        (blue.barcode.as_deref(), blue.categories.as_slice()),
        (Some("5701234567899"), ["Kopper".to_owned()].as_slice())
    );
    assert_eq!(blue.stock.item.as_deref(), Some("9000000000002"));
    let place = |location: &str, quantity| ShopPlace { location: location.to_owned(), quantity };
    assert_eq!(blue.stock.places, [place("100", Some(-3)), place("300", None)]);
    let set = of("3");
    assert_eq!(
        (set.kind, set.sku.as_deref(), set.stock.keeping),
        (ShopProductKind::Bundle, None, StockKeeping::None)
    );
}

#[test]
fn a_product_that_cannot_be_read_says_so_alone_and_a_place_that_is_none_is_refused() {
    let mut world = woocommerce(1, 0, 0);
    let krus = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
    let mut wrong = woocommerce_product(2, "W", None);
    wrong.set("price", "12,50");
    krus.load_product(wrong).expect("loaded");
    let line = Line::new(world, To::WooCommerce);
    let products = listed(&line, &ProductQuery::default());
    let unreadable: Vec<(&str, bool)> =
        products.iter().map(|product| (product.id(), product.unreadable.is_some())).collect();
    assert_eq!(unreadable, [("1", false), ("2", true)], "a price that is none");
    lock(&line.world).woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop").products.clear();
    let lost = block_on(shop(To::WooCommerce).products_page(&line, &ProductQuery::default(), Some("page 3")));
    assert!(lost.is_err(), "a place that is none");
}
