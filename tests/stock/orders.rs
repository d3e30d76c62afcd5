//! Orders that take several answers to read, and such as the shop does not show.

use connectors::ports::{Fetched, ReadingRules};
use connectors::registry;
use domain::{EntityId, Order};
use futures::executor::block_on;
use sandbox::{Json, World, demo};

use crate::world::{Line, To};

/// A jug and freight.
const ORDER: u64 = 5_000_000_002_001;

fn world_with(change: impl FnOnce(&mut sandbox::shopify::Shop)) -> World {
    let mut world = demo::world();
    let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the demo's shop");
    for (_, text, transactions) in demo::shopify_orders() {
        let id = shop.load_order(&text).expect("an order");
        shop.transactions.insert(id, transactions);
    }
    change(shop);
    world
}

fn fetch(line: &Line, id: u64) -> Fetched<Order> {
    let shop = registry::webshop("shopify").expect("it is there");
    block_on(shop.fetch_order(line, &EntityId::new(id.to_string()), &ReadingRules::default()))
        .expect("the shop answers, whatever the query costs")
}

#[test]
fn an_order_of_many_lines_and_refunds_is_read_within_what_a_query_may_cost() {
    const LINES: i64 = 130;
    const REFUNDS: i64 = 9;
    let world = world_with(|shop| {
        let order = shop.orders.get_mut(&ORDER).expect("the order");
        let line = order.items("line_items")[0].clone();
        let own = |place: i64| {
            let mut line = line.clone();
            line.set("id", place);
            line
        };
        let mut lines = order.items("line_items").to_vec();
        lines.extend((1..LINES).map(own).map(|mut line| {
            // Given away: the order's sums stay as they are.
            line.set("price", "0.00");
            line.set("tax_lines", Json::Array(Vec::new()));
            line.set("discount_allocations", Json::Array(Vec::new()));
            line
        }));
        order.set("line_items", Json::Array(lines));
        let refund = |id: i64| {
            let back = |place: i64| {
                sandbox::object! { "id": id * 1000 + place, "line_item_id": place, "quantity": 0,
                "subtotal": Json::Number("0.00".to_owned()), "total_tax": Json::Number("0.00".to_owned()),
                "restock_type": "no_restock" }
            };
            let paid = sandbox::object! { "id": id, "kind": "refund", "status": "success", "amount": "1.00",
            "currency": "DKK", "gateway": "bogus" };
            sandbox::object! { "id": id, "created_at": "2026-11-22T10:00:00+01:00",
            "processed_at": "2026-11-22T10:00:00+01:00", "order_adjustments": Json::Array(Vec::new()),
            "refund_line_items": (1..LINES).map(back).collect::<Vec<_>>(), "transactions": vec![paid] }
        };
        order.set("refunds", Json::Array((1..=REFUNDS).map(refund).collect()));
    });
    let line = Line::new(world, To::Shopify);
    let Fetched::Found { value, raw } = fetch(&line, ORDER) else { panic!("it is there") };
    // The freight is a line as well.
    assert_eq!(value.lines.len(), usize::try_from(LINES).expect("small") + 1);
    assert_eq!(value.refunds.len(), usize::try_from(REFUNDS).expect("small"));
    let shop = registry::webshop("shopify").expect("it is there");
    assert_eq!(
        shop.read_order(&raw, &ReadingRules::default()).as_ref(),
        Ok(&value),
        "and again from the log"
    );
}

#[test]
fn an_old_order_that_the_app_may_not_read_is_not_taken_for_a_deleted_one() {
    for (reads_all_orders, created, hidden) in
        [(false, "2026-08-01T10:00:00+02:00", true), (true, "2026-08-01T10:00:00+02:00", false)]
    {
        let world = world_with(|shop| {
            shop.reads_all_orders = reads_all_orders;
            shop.orders.get_mut(&ORDER).expect("the order").set("created_at", created);
        });
        let line = Line::new(world, To::Shopify);
        let fetched = fetch(&line, ORDER);
        assert_eq!(matches!(fetched, Fetched::Hidden { .. }), hidden, "{fetched:?}");
        assert_eq!(matches!(fetched, Fetched::Found { .. }), !hidden, "{fetched:?}");
        let missing = fetch(&line, 1);
        assert_eq!(matches!(missing, Fetched::Gone), reads_all_orders, "{missing:?}");
    }
}
