//! Shopify's own sample orders and refunds, each a shop of its own, through the real functions, held against the oracle's
//! table. Fixtures have no signature of their own; each is signed as the shop would sign it.

use engine::store::Status;
use sandbox::economic::VatRounding;
use sandbox::signing::hmac_base64;
use sandbox::{World, demo, shopify};
use serde::Deserialize;

use crate::captures::{agree_with_the_books, fit_the_schemas, record_bodies, standing};
use crate::stage::{Shop, Stage, oracle_settings};

/// One row of the table.
#[derive(Deserialize)]
struct Fixture {
    file: String,
    order: Option<String>,
    outcome: String,
    reason: String,
    total: Option<String>,
}

#[derive(Deserialize)]
struct Table {
    shopify: Vec<Fixture>,
}

fn connection(place: usize) -> String {
    format!("stage-shopify-fixture-{place:02}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shopify_fixtures_end_as_the_table_says_when_vat_is_rounded_per_line() {
    play_all(VatRounding::PerLine, "per-line").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shopify_fixtures_end_as_the_table_says_when_vat_is_rounded_per_rate() {
    play_all(VatRounding::PerCode, "per-rate").await;
}

async fn play_all(rounding: VatRounding, mode: &str) {
    let Some(contracts) = tests::contracts("Shopify fixtures") else { return };
    let folder = contracts.join("webshops/shopify");
    let table = std::fs::read_to_string(tests::repository().join("tests/oracle/outcomes.json"))
        .expect("the table can be read");
    let table: Table = serde_json::from_str(&table).expect("the table is JSON");
    assert_eq!(table.shopify.len(), 21, "the table has a row for each fixture");
    let bodies: Vec<String> = table
        .shopify
        .iter()
        .map(|row| std::fs::read_to_string(folder.join(&row.file)).expect("the fixture can be read"))
        .collect();
    let stage = Stage::set(world(&bodies, rounding), &shops(bodies.len())).await;
    let sent = record_bodies(&stage);
    let mut wrong = Vec::new();
    for (place, (row, body)) in table.shopify.iter().zip(&bodies).enumerate() {
        if let Some(difference) = play(&stage, place, row, body).await {
            wrong.push(difference);
        }
    }
    assert!(wrong.is_empty(), "{} fixtures ended otherwise:\n{}", wrong.len(), wrong.join("\n"));
    agree_with_the_books(&stage, "shopify", mode);
    fit_the_schemas(&stage, &sent, 14);
}

fn shops(count: usize) -> Vec<Shop> {
    (0..count)
        .map(|place| Shop {
            connection: connection(place),
            system: "shopify",
            world_name: connection(place),
            settings: oracle_settings("shopify"),
        })
        .collect()
}

/// A shop for each fixture; those that are orders are there to be read.
fn world(bodies: &[String], rounding: VatRounding) -> World {
    let mut world = crate::captures::world(rounding);
    for (place, body) in bodies.iter().enumerate() {
        let name = connection(place);
        let mut shop = shopify::Shop::new(
            &format!("{name}.myshopify.com"),
            demo::SHOPIFY_ACCESS_TOKEN,
            demo::SHOPIFY_CLIENT_SECRET,
        );
        shop.reads_all_orders = true;
        // What is no order (a refund, an offer) is only told of, never found.
        if body.contains("\"financial_status\"") {
            let _ = shop.load_order(body);
        }
        world.shopify.insert(name, shop);
    }
    world
}

/// Sends one fixture and tells how it ended otherwise than the table says.
async fn play(stage: &Stage, place: usize, row: &Fixture, body: &str) -> Option<String> {
    let connection = connection(place);
    let signature = hmac_base64(demo::SHOPIFY_CLIENT_SECRET.as_bytes(), body.as_bytes());
    let headers = vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("X-Shopify-Hmac-Sha256".to_owned(), signature),
    ];
    let parked_before = parked(stage).await;
    let status = stage.deliver(&connection, &headers, body.as_bytes().to_vec()).await;
    if status != 200 {
        return Some(format!("{}: answered {status}", row.file));
    }
    stage.rest().await;
    let head = match &row.order {
        Some(order) => stage.head(&connection, "shopify", order).await,
        None => None,
    };
    let found = match &head {
        // Authentic and unreadable: kept where a person sees it.
        None if parked(stage).await > parked_before => "held".to_owned(),
        Some(head) if matches!(head.status, Status::Parked { .. }) => "held".to_owned(),
        head => standing(head.as_ref()),
    };
    if found != row.outcome {
        let why = head.map(|head| format!("{:?} {:?}", head.status, head.facts));
        return Some(format!(
            "{}: expected {} ({}), found {found}: {why:?}",
            row.file, row.outcome, row.reason
        ));
    }
    let gross = head.as_ref().and_then(|head| head.documents.last()).map(|one| one.totals.gross.to_string());
    (found == "booked" && gross != row.total)
        .then(|| format!("{}: shop {:?}, accounting {gross:?}", row.file, row.total))
}

async fn parked(stage: &Stage) -> usize {
    let merchant = domain::MerchantId::new(crate::stage::MERCHANT);
    stage.operations.parked_deliveries(&merchant).await.expect("they can be listed").len()
}
