//! The deliveries that a real WooCommerce shop sent, played in their order of arrival through the real functions, held
//! against the oracle's tables, in both ways of rounding VAT.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use domain::DocumentKind;
use engine::replay::{prove_requests, replan};
use engine::store::{Head, Status};
use rust_decimal::Decimal;
use sandbox::economic::VatRounding;
use sandbox::{Json, System, World, demo};
use serde::Deserialize;

use crate::stage::{Shop, Stage, WOOCOMMERCE, oracle_settings};

/// One row of `tests/oracle/outcomes.json`.
#[derive(Deserialize)]
struct Outcome {
    file: String,
    order: Option<String>,
    outcome: String,
    reason: String,
    total: Option<String>,
    credit: Option<Credit>,
}

/// The credit note that a delivery must become, with amounts as given back.
#[derive(Deserialize)]
struct Credit {
    total: String,
    vat: String,
}

#[derive(Deserialize)]
struct Outcomes {
    woocommerce: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Captured {
    headers: Vec<(String, String)>,
}

fn outcomes() -> Outcomes {
    let text = std::fs::read_to_string(tests::repository().join("tests/oracle/outcomes.json"))
        .expect("the table can be read");
    serde_json::from_str(&text).expect("the table is JSON")
}

pub(crate) fn world(rounding: VatRounding) -> World {
    let mut world = demo::world();
    let mut agreement = demo::agreement_for_captures();
    agreement.vat_rounding = rounding;
    world.agreements.insert(demo::AGREEMENT.to_owned(), agreement);
    world
}

/// What stands now, in the table's words.
pub(crate) fn standing(head: Option<&Head>) -> String {
    let Some(head) = head else { return "not for us".to_owned() };
    match &head.status {
        Status::Done => match head.documents.last().map(|document| document.kind) {
            Some(DocumentKind::BookedInvoice) => "booked".to_owned(),
            Some(DocumentKind::DraftInvoice | DocumentKind::Order) => "draft".to_owned(),
            Some(DocumentKind::BookedCreditNote) => "credited".to_owned(),
            Some(DocumentKind::DraftCreditNote) => "credited by a draft".to_owned(),
            None => "done without a document".to_owned(),
        },
        Status::Skipped { .. } => "skipped".to_owned(),
        Status::Held { .. } => "held".to_owned(),
        other => format!("{other:?}"),
    }
}

/// "skipped" when the last thing that was decided of an order was to leave the document as it stands, with a reason.
async fn last_decision(stage: &Stage, order: &str) -> Option<String> {
    let trace = stage.transfer(WOOCOMMERCE, "woocommerce", order).await.trace;
    let last = &trace.rows.last()?.public;
    (last.decision == "done" && last.reason.is_some()).then(|| "skipped".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captured_deliveries_end_as_the_table_says_when_vat_is_rounded_per_line() {
    play(VatRounding::PerLine, "per-line").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn captured_deliveries_end_as_the_table_says_when_vat_is_rounded_per_rate() {
    play(VatRounding::PerCode, "per-rate").await;
}

async fn play(rounding: VatRounding, mode: &str) {
    let Some(contracts) = tests::contracts("captured WooCommerce deliveries") else { return };
    let captured = contracts.join("webshops/woocommerce/captured");
    let table = outcomes().woocommerce;
    assert_eq!(table.len(), 45, "the table has a row for each delivery");
    let stage = Stage::set(world(rounding), &[Shop::woocommerce(oracle_settings("woocommerce"))]).await;
    let sent = record_bodies(&stage);
    let mut wrong = Vec::new();
    for row in &table {
        if let Some(difference) = deliver(&stage, &captured, row).await {
            wrong.push(difference);
        }
    }
    assert!(wrong.is_empty(), "{} deliveries ended otherwise:\n{}", wrong.len(), wrong.join("\n"));
    assert!(stage.attention().await.is_empty(), "no order is held");
    left_of_each_order_is_what_the_shop_says(&stage);
    agree_with_the_books(&stage, "woocommerce", mode);
    let orders: BTreeSet<&str> = table.iter().filter_map(|row| row.order.as_deref()).collect();
    prove_the_logs(&stage, &orders).await;
    fit_the_schemas(&stage, &sent, 34);
}

/// From what the table and the bucket hold, unsealed and unpacked: each plan comes out again, and each request that was sent.
async fn prove_the_logs(stage: &Stage, orders: &BTreeSet<&str>) {
    let (mut plans, mut requests) = (0, 0);
    for order in orders {
        if stage.head(WOOCOMMERCE, "woocommerce", order).await.is_none() {
            continue;
        }
        let trace = stage.transfer(WOOCOMMERCE, "woocommerce", order).await.trace;
        assert_eq!(trace.broken_at, None, "order {order}");
        let replanned = replan(&trace).unwrap_or_else(|failure| panic!("order {order}: {failure}"));
        let proved =
            prove_requests(&trace).await.unwrap_or_else(|failure| panic!("order {order}: {failure}"));
        let calls = trace.rows.iter().filter_map(|row| row.personal.as_ref()).flat_map(|part| &part.calls);
        assert_eq!(proved, calls.filter(|call| call.key.is_some()).count(), "order {order}");
        assert_eq!(proved > 0, !replanned.is_empty(), "order {order}: what is planned is sent");
        plans += replanned.len();
        requests += proved;
    }
    assert!(plans >= 16 && requests >= 34, "{plans} plans and {requests} requests are proved");
}

/// Per order, booked less credited is what the shop says that the customer paid: its total less its refunds, and nothing of a
/// cancelled one. Read from the stand-ins' own records, not from the ledger.
fn left_of_each_order_is_what_the_shop_says(stage: &Stage) {
    let world = stage.world();
    let mut left: BTreeMap<String, Decimal> = BTreeMap::new();
    for document in world.agreements[demo::AGREEMENT].booked.values() {
        let reference = document.json.text("references.other").unwrap_or_default();
        let order = reference.split(' ').next().unwrap_or_default().to_owned();
        *left.entry(order).or_default() += document.totals.gross();
    }
    let credited = world.agreements[demo::AGREEMENT].booked.values();
    assert_eq!(credited.filter(|document| document.totals.gross() < Decimal::ZERO).count(), 5);
    assert_eq!(left.len(), 16, "an order is missing: {left:?}");
    for (order, left) in left {
        let shop = &world.woocommerce[demo::WOOCOMMERCE];
        let stored = &shop.orders[&order.parse().expect("an order's id is a number")].json;
        let mut owed = decimal(stored.text("total"));
        for refund in stored.items("refunds") {
            owed += decimal(refund.text("total"));
        }
        if matches!(stored.text("status"), Some("cancelled" | "trash")) {
            owed = Decimal::ZERO;
        }
        assert_eq!(left, owed, "order {order}");
    }
}

fn decimal(text: Option<&str>) -> Decimal {
    text.and_then(|text| text.parse().ok()).expect("an amount")
}

/// Bodies sent to e-conomic so far: method, path and body, one JSON object each.
pub(crate) type Bodies = Arc<Mutex<Vec<String>>>;

pub(crate) fn record_bodies(stage: &Stage) -> Bodies {
    let bodies = Bodies::default();
    let kept = Arc::clone(&bodies);
    stage.world().on_request(move |occasion| {
        let request = occasion.request;
        if occasion.system == System::Economic && !request.is_read() && !request.body.is_empty() {
            let body: serde_json::Value =
                serde_json::from_slice(&request.body).expect("what is sent to e-conomic is JSON");
            let line = serde_json::json!({ "method": request.method, "path": request.path, "body": body });
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_string());
        }
    });
    bodies
}

/// Every body that was sent fits the vendor's own schemas, as the oracle reads them.
pub(crate) fn fit_the_schemas(stage: &Stage, sent: &Bodies, at_least: usize) {
    let lines = sent.lock().unwrap_or_else(PoisonError::into_inner);
    let file = stage.folder().join("requests.jsonl");
    std::fs::write(&file, lines.join("\n")).expect("the bodies can be written");
    let output = Command::new("python3")
        .arg(tests::repository().join("tests/oracle/check_requests.py"))
        .arg(&file)
        .args(["--at-least", &at_least.to_string()])
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "bodies do not fit the vendor's schemas:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Sends one delivery and tells how it ended otherwise than the table says.
async fn deliver(stage: &Stage, captured: &Path, row: &Outcome) -> Option<String> {
    let body = std::fs::read(captured.join(&row.file)).expect("the captured body can be read");
    let request = captured.join(row.file.replace(".body", ".request.json"));
    let request: Captured =
        serde_json::from_slice(&std::fs::read(request).expect("the captured request can be read"))
            .expect("it is JSON");
    let before = match &row.order {
        Some(order) => {
            show_in_shop(stage, captured, &row.file, &body, order);
            stage.head(WOOCOMMERCE, "woocommerce", order).await
        }
        None => None,
    };
    let status = stage.deliver(WOOCOMMERCE, &request.headers, body).await;
    if status != 200 {
        return Some(format!("{}: answered {status}", row.file));
    }
    stage.rest().await;
    let Some(order) = &row.order else {
        return stage
            .attention()
            .await
            .iter()
            .any(|head| head.order_number.is_empty())
            .then(|| row.file.clone());
    };
    let head = stage.head(WOOCOMMERCE, "woocommerce", order).await;
    let found = match standing(head.as_ref()) {
        // The document stands as before; what was decided of this delivery is the log's last word.
        standing if before.is_some() => last_decision(stage, order).await.unwrap_or(standing),
        standing => standing,
    };
    let expected = match row.outcome.as_str() {
        // A duplicate leaves everything as it was.
        "duplicate" => {
            let same = before.as_ref().map(|head| (&head.status, &head.documents))
                == head.as_ref().map(|head| (&head.status, &head.documents));
            return (!same).then(|| format!("{}: a duplicate changed {before:?} to {head:?}", row.file));
        }
        other => other,
    };
    if found != expected {
        let why = head.map(|head| format!("{:?} {:?}", head.status, head.facts));
        return Some(format!("{}: expected {expected} ({}), found {found}: {why:?}", row.file, row.reason));
    }
    let gross = head
        .as_ref()
        .and_then(|head| head.documents.last())
        .map(|document| document.totals.gross.to_string());
    if let Some(credit) = &row.credit {
        let totals = head.as_ref().and_then(|head| head.documents.last()).map(|document| document.totals);
        let told = totals.map(|totals| (totals.gross.to_string(), totals.vat.to_string()));
        let wanted = Some((format!("-{}", credit.total), format!("-{}", credit.vat)));
        return (told != wanted).then(|| format!("{}: to be credited {wanted:?}, found {told:?}", row.file));
    }
    let compared = matches!(expected, "booked" | "draft");
    let same = || gross.as_deref().map(trimmed) == row.total.as_deref().map(trimmed);
    (compared && !same()).then(|| format!("{}: shop {:?}, accounting {gross:?}", row.file, row.total))
}

/// Trailing zeros do not make another amount (the ledger has two decimals for ISK).
fn trimmed(amount: &str) -> &str {
    amount.strip_suffix(".00").unwrap_or(amount)
}

/// The shop answers each reading with the last body delivered, and with the refunds that this body lists.
fn show_in_shop(stage: &Stage, captured: &Path, file: &str, body: &[u8], order: &str) {
    let refunds = captured.join(file).with_file_name("rest-order-and-refunds.json");
    let text = std::str::from_utf8(body).expect("UTF-8");
    let lists_refunds = Json::parse(body).is_ok_and(|body| !body.items("refunds").is_empty());
    let mut world = stage.world();
    let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop exists");
    if file.contains("order.deleted") {
        let id = order.parse().expect("an order's id is a number");
        assert!(shop.trash_order(jiff::Timestamp::now(), id), "{file}: the order was there");
    } else {
        let id = shop.load_order(text).expect("an order");
        if lists_refunds {
            let told = std::fs::read(refunds).expect("the captured refunds can be read");
            let told = Json::parse(&told).expect("they are JSON");
            shop.refunds.insert(id, told.items("refunds").to_vec());
        }
    }
}

/// The oracle's balances, reckoned from the raw bodies, hold in the ledger that the stand-in kept.
pub(crate) fn agree_with_the_books(stage: &Stage, shop: &str, mode: &str) {
    let journal = stage.folder().join("ledger.journal");
    let asserted = stage.folder().join("asserted.journal");
    std::fs::write(&journal, stage.journal()).expect("the journal can be written");
    let output = Command::new("python3")
        .arg(tests::repository().join("tests/oracle/balances.py"))
        .args(["--rounding", mode, "--shop", shop, "--check", "--journal"])
        .arg(&journal)
        .arg("--out")
        .arg(&asserted)
        .output()
        .expect("python3 runs");
    assert!(
        output.status.success(),
        "the books differ from the raw bodies:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
