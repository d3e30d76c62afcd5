//! Stock through the real functions: a document that is booked lowers it in the accounts, and the shop is told.

use std::time::{Duration, Instant};

use domain::MerchantId;
use engine::stock::{StockReport, StockTask};
use rust_decimal::Decimal;
use sandbox::{World, demo, object};
use serde_json::{Value, json};

use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order};

/// The shop's id of the product that is sold.
const ENTRY: u64 = 501;

/// A world whose accounts hold twenty of what the plain order buys, and whose shop shows twelve.
pub(crate) fn stocked(mut world: World) -> World {
    let books = world.agreements.get_mut(demo::AGREEMENT).expect("the demo's agreement");
    books.inventory_module = true;
    books.count_stock(jiff::Timestamp::now(), &sku(), Decimal::from(20));
    let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the demo's shop");
    let entry = object! {
        "id": ENTRY, "name": "Krus", "type": "simple", "status": "publish", "sku": sku(), "price": "100",
        "date_created": "2026-11-01T10:00:00", "date_modified": "2026-11-01T10:00:00",
        "date_modified_gmt": "2026-11-01T09:00:00", "tax_status": "taxable", "tax_class": "",
        "manage_stock": true, "stock_quantity": 12, "parent_id": 0,
    };
    shop.load_product(entry).expect("loaded");
    world
}

/// The settings of a shop's flow, with stock going to it: what would be a draft is then an order, which reserves its goods.
pub(crate) fn with_stock(mut settings: Value) -> Value {
    for rule in settings["trigger"]["handling"].as_array_mut().expect("rules") {
        if rule["document"] == "draft-invoice" {
            rule["document"] = json!("order");
        }
    }
    settings["stock"] = json!({ "mode": "write", "every-minutes": 5 });
    settings
}

fn sku() -> String {
    let order = plain_order(1);
    order["line_items"][0]["sku"].as_str().expect("a number").to_owned()
}

fn shown(stage: &Stage) -> Option<i64> {
    stage.world().woocommerce[demo::WOOCOMMERCE].products[&ENTRY].integer("stock_quantity")
}

fn held(stage: &Stage) -> Decimal {
    stage.world().agreements[demo::AGREEMENT].products[&sku()].in_stock
}

/// A run on demand.
async fn run(stage: &Stage, task: StockTask) -> StockReport {
    let views = stage.operations.run_stock(&MerchantId::new(MERCHANT), task).await.expect("it runs");
    views[0].report.clone().unwrap_or_else(|| panic!("it ran, and reports: {views:?}"))
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(90), "{what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booked_document_lowers_the_stock_and_the_shop_is_told() {
    let mut world = demo::world();
    world.agreements.insert(demo::AGREEMENT.to_owned(), demo::agreement_for_captures());
    let shop = Shop::woocommerce(with_stock(oracle_settings("woocommerce")));
    let stage = Stage::set(stocked(world), &[shop]).await;
    let merchant = MerchantId::new(MERCHANT);

    // On demand, without writing: what differs.
    let report = run(&stage, StockTask::Report).await;
    let found = report.differences.first().expect("the shop shows too few");
    assert_eq!((found.number.as_str(), found.shop, found.accounts), (sku().as_str(), Some(12), 20));
    assert_eq!((report.writes, shown(&stage)), (0, Some(12)));

    // A document is booked: the accounts hold less, and the shop is told without anybody asking.
    stage.books_a_correct_order(WOOCOMMERCE, 8101, "stock").await;
    assert!(held(&stage) < Decimal::from(20), "the document has lowered the stock");
    let due = i64::try_from(held(&stage).mantissa()).expect("whole units") / 10_i64.pow(held(&stage).scale());
    until("the shop is told", || shown(&stage) == Some(due)).await;

    // What was told is seen, and nothing is told again.
    until("the run has ended", || {
        stage.host.functions().iter().all(|status| status.name != "stock-sync" || status.busy == 0)
    })
    .await;
    let views = stage.operations.stock(&merchant).await.expect("it is there");
    assert_eq!(views.len(), 1);
    let report = run(&stage, StockTask::Everything).await;
    assert_eq!((report.whole, report.different, report.writes), (true, 0, 0));

    // A word that is none stays on its queue, and the next one is worked on.
    let event = json!({ "Records": [record("no word")] }).to_string();
    let answer = stage.host.invoke("stock-sync", event).await.expect("it is taken");
    assert!(String::from_utf8_lossy(&answer).contains("record-1"), "it is reported");
    stage.world().woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop").products.clear();
    let report = run(&stage, StockTask::Everything).await;
    assert_eq!((report.entries, report.writes), (0, 0), "a shop that was emptied is told nothing");
}

/// A record of the stock's queue with this body.
pub(crate) fn record(body: &str) -> serde_json::Value {
    json!({
        "messageId": "record-1", "receiptHandle": "r", "body": body,
        "attributes": { "MessageGroupId": "g" }, "messageAttributes": {}, "md5OfBody": "",
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-north-1:000000000000:stock.fifo",
        "awsRegion": "eu-north-1",
    })
}
