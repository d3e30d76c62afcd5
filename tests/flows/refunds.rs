//! Refunds, edits and cancellations of a Shopify shop, through the real functions: what each becomes in the books, and that per order
//! booked less credited is what the shop says the customer paid.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::MerchantId;
use engine::message::SettingsChoice;
use engine::store::Status;
use rust_decimal::Decimal;
use sandbox::economic::VatRounding;
use sandbox::signing::hmac_base64;
use sandbox::{Json, demo, shopify};

use crate::stage::{MERCHANT, Shop, Stage, oracle_settings, source};

/// The shop's connection, and its name in the world.
pub(crate) const SHOP: &str = "stage-shopify-refunds";
/// A jug of 249.00 and freight of 49.00.
pub(crate) const JUG: u64 = 5_000_000_002_001;
/// Three teas for 125.00 after a discount of 25.00, a jug of 249.00 and freight of 49.00.
const TEAS_AND_JUG: u64 = 5_000_000_002_002;
/// A jug and freight, 20.00 of a tip, 100.00 of it paid by gift card.
const BY_GIFT_CARD: u64 = 5_000_000_002_005;

/// What a step must leave: outcome, and gross and VAT of the last document.
struct Expected {
    what: &'static str,
    order: u64,
    status: &'static str,
    gross: &'static str,
    vat: &'static str,
}

pub(crate) async fn stage(rounding: VatRounding) -> Stage {
    let mut world = crate::captures::world(rounding);
    let mut shop = shopify::Shop::new(
        &format!("{SHOP}.myshopify.com"),
        demo::SHOPIFY_ACCESS_TOKEN,
        demo::SHOPIFY_CLIENT_SECRET,
    );
    shop.reads_all_orders = true;
    for (_, order, transactions) in demo::shopify_orders() {
        let id = shop.load_order(&order).expect("an order");
        shop.transactions.insert(id, transactions);
    }
    world.shopify.insert(SHOP.to_owned(), shop);
    let mut settings = oracle_settings("shopify");
    settings["trigger"]["handling"][0]["payment-state-words"] =
        serde_json::json!(["paid", "partially_refunded", "refunded"]);
    let shop = Shop { connection: SHOP.to_owned(), system: "shopify", world_name: SHOP.to_owned(), settings };
    Stage::set(world, &[shop]).await
}

/// Changes the order in the shop, then tells of it as the shop would.
pub(crate) async fn happens(stage: &Stage, order: u64, change: impl FnOnce(&mut Json)) {
    let body = {
        let mut world = stage.world();
        let shop = world.shopify.get_mut(SHOP).expect("the shop is there");
        shop.change_order(jiff::Timestamp::now(), order, "orders/updated", change);
        shop.orders[&order].to_string()
    };
    let signature = hmac_base64(demo::SHOPIFY_CLIENT_SECRET.as_bytes(), body.as_bytes());
    let headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("X-Shopify-Hmac-Sha256".to_owned(), signature),
    ];
    assert_eq!(stage.deliver(SHOP, &headers, body.into_bytes()).await, 200);
    stage.rest().await;
    within_the_budget(stage, order).await;
}

/// So many events in so few seconds are more than a lane may ask the shop: what was put off is taken up as an operator does it.
async fn within_the_budget(stage: &Stage, order: u64) {
    let needle = format!("{}/{order}", source(SHOP, "shopify"));
    for _ in 0..5 {
        let head = stage.head(SHOP, "shopify", &order.to_string()).await.expect("the order is known");
        if !matches!(&head.status, Status::Waiting { code } if code == "busy") {
            return;
        }
        tokio::time::sleep(Duration::from_secs(6)).await;
        let replayed =
            stage.operations.replay(&MerchantId::new(MERCHANT), &needle, SettingsChoice::Now).await;
        replayed.expect("a waiting transfer can be replayed");
        stage.rest().await;
    }
}

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).expect("it is JSON")
}

/// A refund in the form of Shopify's REST resource.
pub(crate) fn refund(id: u64, paid: &str, gateway: &str, lines: &str, adjustments: &str) -> Json {
    json(&format!(
        r#"{{"id":{id},"created_at":"2026-11-21T09:00:00+01:00","processed_at":"2026-11-21T09:00:00+01:00","note":"Retur",
            "refund_line_items":[{lines}],"order_adjustments":[{adjustments}],
            "transactions":[{{"id":{id}1,"kind":"refund","status":"success","gateway":"{gateway}","amount":"{paid}",
            "currency":"DKK","created_at":"2026-11-21T09:00:00+01:00"}}]}}"#
    ))
}

pub(crate) fn line(
    order: u64,
    place: u64,
    quantity: u64,
    subtotal: &str,
    tax: &str,
    restock: &str,
) -> String {
    let id = order * 10 + place;
    format!(
        r#"{{"id":{id}9,"line_item_id":{id},"quantity":{quantity},"subtotal":{subtotal},"total_tax":{tax},"restock_type":"{restock}"}}"#
    )
}

pub(crate) async fn refunded(stage: &Stage, order: u64, refund: Json, status: &str) {
    happens(stage, order, |json| {
        let mut refunds = json.items("refunds").to_vec();
        refunds.push(refund);
        json.set("refunds", Json::Array(refunds));
        json.set("financial_status", status);
    })
    .await;
}

async fn check(stage: &Stage, expected: &Expected) {
    let head = stage.head(SHOP, "shopify", &expected.order.to_string()).await.expect("the order is known");
    let word = match &head.status {
        Status::Done => "done",
        Status::Held { code } => code,
        other => panic!("{}: {other:?} {:?}", expected.what, head.facts),
    };
    let last = head.documents.last().expect("a document").totals;
    let found = (word, last.gross.to_string(), last.vat.to_string());
    let wanted = (expected.status, expected.gross.to_owned(), expected.vat.to_owned());
    assert_eq!(found, wanted, "{}: {:?}", expected.what, head.facts);
}

/// What stands booked of each order, by its number.
fn left(stage: &Stage) -> BTreeMap<String, Decimal> {
    let mut left: BTreeMap<String, Decimal> = BTreeMap::new();
    for document in stage.world().agreements[demo::AGREEMENT].booked.values() {
        let reference = document.json.text("references.other").unwrap_or_default();
        let order = reference.split(' ').next().unwrap_or_default().to_owned();
        *left.entry(order).or_default() += document.totals.gross();
    }
    left
}

async fn play(rounding: VatRounding) {
    let stage = stage(rounding).await;
    for order in [JUG, TEAS_AND_JUG, BY_GIFT_CARD] {
        happens(&stage, order, |_| {}).await;
    }
    let told = |what, order, status, gross, vat| Expected { what, order, status, gross, vat };
    check(&stage, &told("the jug is booked", JUG, "done", "298.00", "59.60")).await;
    // Three teas for 100.00 are two at 33.33 and one at 33.34: VAT line by line is 0.01 more, which the correction line takes back.
    let vat = match rounding {
        VatRounding::PerLine => "84.61",
        VatRounding::PerCode => "84.60",
    };
    check(&stage, &told("teas and jug are booked", TEAS_AND_JUG, "done", "423.00", vat)).await;

    // One tea of three comes back; 8.33 more is given than it cost.
    let tea = line(TEAS_AND_JUG, 1, 1, "41.67", "8.33", "return");
    refunded(&stage, TEAS_AND_JUG, refund(71, "50.00", "shopify_payments", &tea, ""), "partially_refunded")
        .await;
    let vat = match rounding {
        VatRounding::PerLine => "-10.01",
        VatRounding::PerCode => "-10.00",
    };
    check(&stage, &told("a tea and goodwill", TEAS_AND_JUG, "done", "-50.00", vat)).await;

    // Jug and freight go back whole: goods by their line, freight by an adjustment.
    let jug = line(JUG, 1, 1, "249.00", "49.80", "no_restock");
    let freight = r#"{"id":5,"kind":"shipping_refund","amount":"-49.00","tax_amount":"-9.80"}"#;
    refunded(&stage, JUG, refund(72, "298.00", "shopify_payments", &jug, freight), "refunded").await;
    check(&stage, &told("jug and freight", JUG, "done", "-298.00", "-59.60")).await;

    // The jug is taken off the other order by an edit: nothing went back yet, and the order says less.
    happens(&stage, TEAS_AND_JUG, |order| {
        let mut lines = order.items("line_items").to_vec();
        lines[1].set("current_quantity", 0_u64);
        order.set("line_items", Json::Array(lines));
        let units = line(TEAS_AND_JUG, 2, 1, "249.00", "49.80", "no_restock");
        let mut refunds = order.items("refunds").to_vec();
        refunds.push(json(&format!(
            r#"{{"id":70,"created_at":"2026-11-21T12:00:00+01:00","refund_line_items":[{units}],"order_adjustments":[],"transactions":[]}}"#
        )));
        order.set("refunds", Json::Array(refunds));
        for (field, amount) in [("current_total_price", "124.00"), ("current_total_tax", "24.80")] {
            order.set(field, amount);
            order.set(&format!("{field}_set"), Json::Null);
        }
    })
    .await;
    check(&stage, &told("the jug is edited away", TEAS_AND_JUG, "done", "-249.00", "-49.80")).await;

    // The jug's money goes back for no line: the edit was credited already.
    let mut later = refund(73, "249.00", "shopify_payments", "", "");
    later.set("created_at", "2026-11-21T13:00:00+01:00");
    later.set("processed_at", "2026-11-21T13:00:00+01:00");
    refunded(&stage, TEAS_AND_JUG, later, "partially_refunded").await;
    check(&stage, &told("the jug's money", TEAS_AND_JUG, "done", "-249.00", "-49.80")).await;

    // More than is left goes back: never credited, always told.
    refunded(&stage, TEAS_AND_JUG, refund(74, "125.00", "shopify_payments", "", ""), "refunded").await;
    check(&stage, &told("too much", TEAS_AND_JUG, "refund-exceeds-invoice", "-249.00", "-49.80")).await;

    // Cancelled, and what was paid by card goes back.
    happens(&stage, BY_GIFT_CARD, |order| order.set("cancelled_at", "2026-11-22T09:00:00+01:00")).await;
    let left = left(&stage);
    assert_eq!(left.get("#2001"), Some(&Decimal::ZERO), "{left:?}");
    assert_eq!(left.get("#2002"), Some(&Decimal::new(12_400, 2)), "{left:?}");
    assert_eq!(left.get("#2005"), Some(&Decimal::ZERO), "{left:?}");
    // Goods that did not come back are credited without units.
    let world = stage.world();
    let credited = world.agreements[demo::AGREEMENT].booked.values();
    let jugs = credited
        .filter(|document| {
            document.json.text("references.other").is_some_and(|text| text.starts_with("#2001"))
        })
        .flat_map(|document| document.json.items("lines").to_vec())
        .filter(|line| line.text("product.productNumber") == Some("KANDE-1L"));
    assert_eq!(jugs.count(), 1, "the jug stands on the invoice alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shopify_refunds_edits_and_cancellations_are_credited_when_vat_is_rounded_per_line() {
    play(VatRounding::PerLine).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shopify_refunds_edits_and_cancellations_are_credited_when_vat_is_rounded_per_rate() {
    play(VatRounding::PerCode).await;
}
