//! Least privilege, shown: what the functions' own code does on AWS over flows of every kind is what the template's policies
//! allow them, and nothing beside it on either side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use bogbro::local::queues::NewMessage;
use domain::{ConnectionId, MerchantId};
use engine::message::SettingsChoice;
use engine::store::{PauseScope, Status};
use jiff::{Timestamp, ToSpan};
use sandbox::{Fault, Operation, Rule, Script, System, demo};
use serde_json::{Value, json};

use crate::deployment::template;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order, signed};

/// Action and resource, by function.
type Permissions = BTreeMap<String, BTreeSet<(String, String)>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_functions_do_is_what_the_template_allows_them() {
    // The claim is made of the captured orders; the demo's fewer ones neither reach every call nor every kind of order.
    if tests::contracts("calls of the captured deliveries").is_none() {
        return;
    }
    let mut world = demo::world();
    world.agreements.insert(demo::AGREEMENT.to_owned(), demo::agreement_for_captures());
    let stage = Stage::set(world, &[Shop::woocommerce(oracle_settings("woocommerce"))]).await;
    match tests::contracts("permissions over the captured deliveries (the demo's orders are sent)") {
        Some(contracts) => captured(&stage, &contracts.join("webshops/woocommerce/captured")).await,
        None => ordinary(&stage).await,
    }
    large(&stage).await;
    parked(&stage).await;
    paused(&stage).await;
    taken_up_again(&stage).await;
    dead_letters(&stage).await;
    night(&stage).await;
    let notified = stage.host.invoke("notifications", json!({}).to_string()).await;
    notified.expect("the reports are made");
    assert!(!stage.host.mails().expect("the mails").is_empty(), "what needs somebody was mailed");
    compare(&allowed(), &recorded(&stage));
}

/// What the template's policies for the functions' code allow.
fn allowed() -> Permissions {
    template()
        .functions
        .into_iter()
        .map(|(name, facts)| (name, facts.permissions.into_iter().collect()))
        .collect()
}

/// What the functions did.
fn recorded(stage: &Stage) -> Permissions {
    let mut found: Permissions =
        template().functions.into_keys().map(|name| (name, BTreeSet::new())).collect();
    for key in stage.host.calls().into_keys() {
        let Some(set) = found.get_mut(&key.caller) else { continue };
        set.extend(key.permissions.iter().map(|permission| (permission.action.clone(), permission.place())));
    }
    found
}

fn compare(allowed: &Permissions, recorded: &Permissions) {
    let mut differences = Vec::new();
    for (function, may) in allowed {
        let did = &recorded[function];
        differences.extend(
            did.difference(may).map(|pair| format!("{function} did {pair:?}, which no policy allows")),
        );
        differences.extend(may.difference(did).map(|pair| format!("{function} may {pair:?} and never does")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn captured(stage: &Stage, folder: &Path) {
    for file in tests::files_below(folder, ".body") {
        let body = std::fs::read(&file).expect("a captured body");
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if value["line_items"].is_array() {
            stage.show(std::str::from_utf8(&body).expect("UTF-8"));
        }
        assert_eq!(stage.deliver(WOOCOMMERCE, &signed(&body), body).await, 200, "{}", file.display());
        stage.rest().await;
    }
}

async fn ordinary(stage: &Stage) {
    for (_, text) in demo::woocommerce_orders() {
        stage.show(&text);
        assert_eq!(stage.deliver(WOOCOMMERCE, &signed(text.as_bytes()), text.into_bytes()).await, 200);
        stage.rest().await;
    }
}

/// Text that does not pack, the same on every run.
fn noise(length: usize) -> String {
    let mut state = 88_172_645_463_325_252_u64;
    let mut text = String::with_capacity(length);
    while text.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(&format!("{state:016x}"));
    }
    text
}

/// A body and a plan that are too large for the queue and the table; the draft is updated from the stored plan.
async fn large(stage: &Stage) {
    let mut order = plain_order(7001);
    order["status"] = json!("on-hold");
    order["payment_method"] = json!("bacs");
    order["junk"] = json!(noise(200_000));
    let noise = noise(400 * 32);
    let line = order["line_items"][0].clone();
    let mut lines = vec![line.clone()];
    for index in 0..399 {
        let mut free = line.clone();
        free["id"] = json!(800_000 + index);
        free["name"] = json!(noise[index * 32..(index + 1) * 32]);
        for amount in ["subtotal", "subtotal_tax", "total", "total_tax"] {
            free[amount] = json!("0.00");
        }
        free["taxes"] = json!([]);
        free["price"] = json!(0);
        lines.push(free);
    }
    order["line_items"] = json!(lines);
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "7001").await.expect("the transfer stands");
    assert_eq!(head.status, Status::Done, "{:?}", head.facts);
    order["status"] = json!("processing");
    order["payment_method"] = json!("stripe");
    let later = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    order["date_modified_gmt"] = json!(later);
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
}

/// A delivery that is not understood, a large one of them, and a transfer that is done again.
async fn parked(stage: &Stage) {
    for body in ["half a body {".to_owned(), format!("{{\"half\": \"{}\"", noise(200_000))] {
        assert_eq!(stage.deliver(WOOCOMMERCE, &signed(body.as_bytes()), body.into_bytes()).await, 200);
    }
    stage.books_a_correct_order(WOOCOMMERCE, 7002, "parked deliveries").await;
    let merchant = MerchantId::new(MERCHANT);
    let now = SettingsChoice::Now;
    stage.operations.replay(&merchant, &needle("7002"), now).await.expect("it can be replayed");
    stage.rest().await;
}

fn needle(order: &str) -> String {
    format!("{}/{order}", crate::stage::source(WOOCOMMERCE, "woocommerce"))
}

/// A token that was revoked: the function pauses the connection.
async fn paused(stage: &Stage) {
    let revoke = |revoked: bool| {
        stage.world().agreements.get_mut(demo::AGREEMENT).expect("the agreement").revoked = revoked;
    };
    revoke(true);
    stage.send_order(WOOCOMMERCE, &plain_order(7003)).await;
    stage.rest().await;
    revoke(false);
    let connection = ConnectionId::new("stage-e-conomic-agreement");
    let scope = PauseScope::Connection { merchant: MerchantId::new(MERCHANT), connection };
    stage.operations.resume(&scope).await.expect("the pause is lifted");
    stage.host.kill("order-processing").await;
}

/// A shop that was busy: the scheduler puts the transfer on the queue again.
async fn taken_up_again(stage: &Stage) {
    let rule = Rule {
        system: Some(System::WooCommerce),
        ..Rule::once(Operation::ReadOrder, Fault::FailBefore(500))
    };
    stage.world().script = Script { rules: vec![rule] };
    assert_eq!(stage.send_order(WOOCOMMERCE, &plain_order(7004)).await, 200);
    stage.rest().await;
    let started = Instant::now();
    while !is_done(stage, "7004").await {
        assert!(started.elapsed() < Duration::from_secs(90), "what is due is not taken up");
        tokio::time::sleep(Duration::from_secs(4)).await;
        stage.host.invoke("scheduler", json!({}).to_string()).await.expect("the minute runs");
        stage.rest().await;
    }
}

async fn is_done(stage: &Stage, order: &str) -> bool {
    let head = stage.head(WOOCOMMERCE, "woocommerce", order).await;
    head.is_some_and(|head| head.status == Status::Done)
}

/// What the queues gave up on, on both of them.
async fn dead_letters(stage: &Stage) {
    for queue in ["orders-dead.fifo", "backfill-dead.fifo"] {
        let body = json!({ "schema": 1, "merchant": MERCHANT, "connection": WOOCOMMERCE, "from": queue });
        let message = NewMessage {
            body: body.to_string(),
            group: Some("dead".to_owned()),
            deduplication: Some(queue.to_owned()),
            ..NewMessage::default()
        };
        stage.host.queues().send(queue, &message).expect("it is put on the queue");
    }
    stage.host.invoke("scheduler", json!({}).to_string()).await.expect("the minute runs");
    for queue in ["orders-dead.fifo", "backfill-dead.fifo"] {
        assert_eq!(stage.host.depth(queue).expect("the queue").total(), 0, "{queue} is drained");
    }
}

/// The connection's own minute of the scheduler, as that function finds it.
fn minute_of(connection: &str) -> i64 {
    let sum = connection.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    i64::from(sum) % 60
}

/// A merchant for whom it is the hour of the nightly comparison, with a connection whose minute it is: sweep and comparison
/// run, and an order of yesterday is compared.
async fn night(stage: &Stage) {
    let mut now = Timestamp::now();
    if now.as_second().rem_euclid(60) > 35 {
        let left = 61 - now.as_second().rem_euclid(60);
        tokio::time::sleep(Duration::from_secs(u64::try_from(left).expect("positive"))).await;
        now = Timestamp::now();
    }
    let minute = now.as_second().div_euclid(60).rem_euclid(60);
    let hour = now.as_second().div_euclid(3600).rem_euclid(24);
    let ahead = (3 - hour).rem_euclid(24);
    let ahead = if ahead > 12 { ahead - 24 } else { ahead };
    // These zones count westwards.
    let zone = format!("Etc/GMT{:+}", -ahead);
    let connection =
        (0..).map(|number| format!("night-woocommerce-{number:06}")).find(|id| minute_of(id) == minute);
    let connection = connection.expect("every minute is somebody's");
    let shop = Shop { connection: connection.clone(), ..Shop::woocommerce(oracle_settings("woocommerce")) };
    let change = |mut file: Value| {
        file["time-zone"] = json!(zone);
        file["recipients"][0]["transfers"] = json!("immediately");
        file
    };
    stage.configure_merchant("night", change, &[shop]).await;
    // It is past three in the night there: fifteen hours ago it was noon of yesterday.
    let noon = (now - 15.hours()).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut order = plain_order(7005);
    for field in ["date_created", "date_modified", "date_paid"] {
        order[field] = json!(noon);
        order[format!("{field}_gmt")] = json!(noon);
    }
    assert_eq!(stage.send_order(&connection, &order).await, 200);
    stage.rest().await;
    let log = || std::fs::read_to_string(stage.folder().join("host/logs/scheduler.log")).expect("the log");
    let before = log().len();
    stage.host.invoke("scheduler", json!({}).to_string()).await.expect("the minute runs");
    stage.rest().await;
    let log = log();
    let ran = |event: &str| log[before..].lines().any(|line| line.contains(event));
    assert!(ran("\"event\":\"swept\"") && ran("\"event\":\"compared\""), "sweep and comparison ran: {log}");
    // What the scheduler believes of the stage's own merchant may be a minute old, from before its secrets were set.
    let failed = |line: &str| line.contains("task-failed") && !line.contains("\"merchant\":\"stage\"");
    assert!(!log[before..].lines().any(failed), "no task failed: {log}");
}
