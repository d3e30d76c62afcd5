//! Least privilege, shown: what the functions' own code does on AWS over flows of every kind is what the template's policies
//! allow them, and nothing beside it on either side. In every other flow the host refuses what they do not allow.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use bogbro::local::deployment::QUEUES;
use bogbro::local::queues::NewMessage;
use domain::{ConnectionId, MerchantId};
use engine::message::SettingsChoice;
use engine::store::{PauseScope, Status};
use jiff::{Timestamp, ToSpan};
use platform::operations::PersonChoice;
use sandbox::{Fault, Operation, Rule, Script, System, demo};
use serde_json::{Value, json};
use tests::Policies;

use crate::night;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, by_hand, oracle_settings, plain_order, signed};
use crate::stock::{record, stocked, with_stock};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_functions_do_is_what_the_template_allows_them() {
    let contracts = tests::contracts("permissions over the captured deliveries (the demo's orders are sent)");
    let mut world = demo::world();
    let settings = match &contracts {
        Some(_) => {
            world.agreements.insert(demo::AGREEMENT.to_owned(), demo::agreement_for_captures());
            oracle_settings("woocommerce")
        }
        None => night::demo_settings(),
    };
    let shops = [Shop::woocommerce(with_stock(settings.clone()))];
    let stage = Stage::set(stocked(world), &shops).await;
    match &contracts {
        Some(contracts) => captured(&stage, &contracts.join("webshops/woocommerce/captured")).await,
        None => ordinary(&stage).await,
    }
    large(&stage).await;
    parked(&stage).await;
    stock(&stage).await;
    crate::payouts::of_every_kind(&stage, &settings).await;
    dropped_and_gone(&stage).await;
    mailed_and_gone(&stage).await;
    as_it_was_then(&stage).await;
    crate::payout_fetch::of_another_merchant(&stage).await;
    paused(&stage).await;
    taken_up_again(&stage).await;
    dead_letters(&stage).await;
    nightly(&stage, &with_stock(settings)).await;
    let notified = stage.host.invoke("notifications", json!({}).to_string()).await;
    notified.expect("the reports are made");
    assert!(!stage.host.mails().expect("the mails").is_empty(), "what needs somebody was mailed");
    compare(tests::policies(), &recorded(&stage));
    operators(&stage);
}

/// What the operator's commands did is what the README says that the operator needs.
fn operators(stage: &Stage) {
    let readme = std::fs::read_to_string(tests::repository().join("README.md")).expect("the README");
    let (_, needs) = readme.split_once("*The operator* needs").expect("it says so");
    let (needs, _) = needs.split_once("*Alarms*").expect("it ends");
    let did: BTreeSet<String> = stage
        .host
        .calls()
        .into_keys()
        .filter(|key| key.caller == "operator")
        .flat_map(|key| key.permissions.into_iter().map(|permission| permission.action))
        .collect();
    assert!(did.contains("dynamodb:GetItem"), "{did:?}");
    let unsaid = |action: &&String| {
        let name = action.split_once(':').map_or(action.as_str(), |(_, name)| name);
        !needs.contains(&format!("`{name}`")) && !needs.contains(&format!("`{action}`"))
    };
    let unsaid: Vec<_> = did.iter().filter(unsaid).collect();
    assert!(unsaid.is_empty(), "the README does not say that the operator needs {unsaid:?}");
}

/// A function whose policy lacks what it needs is refused, so that every flow is run with what the template allows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_policy_allows_is_refused() {
    let needed = ("sqs:SendMessage".to_owned(), "queue/orders.fifo".to_owned());
    let stage = Stage::set_with(demo::world(), &[Shop::woocommerce(night::demo_settings())], |config| {
        by_hand(config);
        let policy = config.policies.get_mut("webhook-intake").expect("it has one");
        assert!(policy.remove(&needed), "the intake puts orders on their queue");
    })
    .await;
    assert_eq!(stage.send_order(WOOCOMMERCE, &plain_order(7101)).await, 503);
}

/// What the functions did.
fn recorded(stage: &Stage) -> Policies {
    let mut found: Policies = tests::policies().keys().map(|name| (name.clone(), BTreeSet::new())).collect();
    for key in stage.host.calls().into_keys() {
        let Some(set) = found.get_mut(&key.caller) else { continue };
        set.extend(key.permissions.iter().map(|permission| (permission.action.clone(), permission.place())));
    }
    found
}

fn compare(allowed: &Policies, recorded: &Policies) {
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

/// Stock that goes to the shop, and a token that was revoked while it did.
async fn stock(stage: &Stage) {
    let word = |occasion: &str| {
        let (merchant, connection) = (MerchantId::new(MERCHANT), ConnectionId::new(WOOCOMMERCE));
        let word = platform::stock::StockWord::new(&merchant, &connection, Timestamp::now(), occasion);
        json!({ "Records": [record(&serde_json::to_string(&word).expect("JSON"))] }).to_string()
    };
    for (units, occasion) in [(31, "one"), (32, "two"), (33, "lost")] {
        if occasion == "lost" {
            // As after a restore: what the ledger names is no longer in the bucket, and everything is read anew.
            let folder = stage.host.data().join("objects/bogbro/passing/m").join(MERCHANT).join("stock");
            let states = tests::files_below(&folder, "");
            assert!(!states.is_empty(), "what was read is kept");
            states.iter().for_each(|state| std::fs::remove_file(state).expect("it can be removed"));
        }
        let sku = plain_order(1)["line_items"][0]["sku"].as_str().expect("a number").to_owned();
        let books = |units: i64| {
            let mut world = stage.world();
            let books = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
            books.count_stock(Timestamp::now(), &sku, units.into());
        };
        books(units);
        stage.host.invoke("stock-sync", word(occasion)).await.expect("the stock runs");
    }
    let revoke = |revoked: bool| {
        stage.world().agreements.get_mut(demo::AGREEMENT).expect("the agreement").revoked = revoked;
    };
    revoke(true);
    stage.host.invoke("stock-sync", word("three")).await.expect("the stock runs");
    revoke(false);
    let connection = ConnectionId::new("stage-e-conomic-agreement");
    let scope = PauseScope::Connection { merchant: MerchantId::new(MERCHANT), connection };
    stage.operations.resume(&scope).await.expect("the pause is lifted");
    stage.host.kill("order-processing").await;
    stage.host.kill("stock-sync").await;
}

/// A file that was removed before it was read, as a bucket tells of it that keeps versions, and as one does that keeps none.
async fn dropped_and_gone(stage: &Stage) {
    let object = format!("drop/m/{MERCHANT}/stripe/gone.json");
    let tasks = [
        json!({ "task": "take-in", "object": object }),
        json!({ "task": "take-in", "object": object, "version": "3sL4kqtJlcpXroDTDmJ" }),
    ];
    for task in tasks {
        let word = json!({ "schema": 1, "merchant": MERCHANT, "task": task, "occasion": "" });
        let event = json!({ "Records": [record(&word.to_string())] }).to_string();
        let answer = stage.host.invoke("paymatch", event).await.expect("it is looked for");
        assert!(!String::from_utf8_lossy(&answer).contains("record-1"), "that it is gone is an answer");
    }
}

/// A mail to a flow's address that was removed before it was read, by buckets of both kinds; and one to no address that holds.
async fn mailed_and_gone(stage: &Stage) {
    let object = "mail/o3vrnil0e2ic28tr";
    let tasks = [
        json!({ "task": "mailed", "object": object, "flow": "stripe" }),
        json!({ "task": "mailed", "object": object, "flow": "stripe", "version": "3sL4kqtJlcpXroDTDmJ" }),
    ];
    for task in tasks {
        let word = json!({ "schema": 1, "merchant": MERCHANT, "task": task, "occasion": "" });
        let event = json!({ "Records": [record(&word.to_string())] }).to_string();
        let answer = stage.host.invoke("paymatch", event).await.expect("it is looked for");
        assert!(!String::from_utf8_lossy(&answer).contains("record-1"), "that it is gone is an answer");
    }
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    let merchant = MerchantId::new(MERCHANT);
    payouts.mail_address(&merchant, "stripe", false).await.expect("an address");
    crate::payout_mails::deliver(
        stage,
        "nobody",
        format!("To: {MERCHANT}.aaaaaaaaaaaaaaaa@reports.localdomain\r\n\r\n"),
    );
    let parked = || async { !payouts.undelivered_mails().await.expect("they are listed").is_empty() };
    crate::payouts::until(stage, "it is parked", parked).await;
    payouts.dismiss_mail("mail/nobody", "Bo", "spam").await.expect("it is set aside");
}

/// An order that is done again with the settings of its last planning, which are not the newest.
async fn as_it_was_then(stage: &Stage) {
    let merchant = MerchantId::new(MERCHANT);
    let file = stage.operations.merchant(&merchant).await.expect("the merchant").file;
    let file = serde_json::to_string(&file).expect("it has a JSON form");
    stage.operations.put_merchant(&file).await.expect("it is sound");
    let then = SettingsChoice::Then;
    stage.operations.replay(&merchant, &needle("7002"), then).await.expect("it can be replayed");
    stage.rest().await;
    assert!(is_done(stage, "7002").await, "it stands as it did");
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

/// What the queues gave up on, on all of them.
async fn dead_letters(stage: &Stage) {
    let queues = QUEUES.map(|queue| queue.dead_letters);
    for queue in queues {
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
    for queue in queues {
        assert_eq!(stage.host.depth(queue).expect("the queue").total(), 0, "{queue} is drained");
    }
}

/// The night of a merchant: a shop is swept, an order of yesterday is compared, the log of an old one moves to the bucket, and
/// a person's request is looked at.
async fn nightly(stage: &Stage, settings: &Value) {
    let connection = night::configure(stage, settings).await;
    for (id, days_ago) in [(7005, 1), (7006, 100)] {
        assert_eq!(stage.send_order(&connection, &night::order_of(id, days_ago)).await, 200);
        stage.rest().await;
    }
    night::beside_the_ledger(stage, "7005", 90_005);
    let keeper = crate::records::keeper(stage).await;
    let long_ago = Timestamp::now() - (24 * 366 * 8).hours();
    crate::records::payout_file(&keeper, night::NIGHT, "long-ago", long_ago).await;
    let who = PersonChoice { emails: vec!["kunde7006@example.org".to_owned()], orders: Vec::new() };
    stage.operations.request_erasure(&MerchantId::new(night::NIGHT), &who).await.expect("it is recorded");
    let log = night::minute(stage).await;
    for event in ["swept", "compared", "records-kept"] {
        assert!(log.contains(&format!("\"event\":\"{event}\"")), "{event} is missing: {log}");
    }
    // In a minute that is another merchant's as well, its shop may be busy with what came before.
    let own = format!("\"merchant\":\"{}\"", night::NIGHT);
    let failed = log.lines().find(|line| {
        let of_another = line.contains("\"merchant\":") && !line.contains(&own);
        line.contains("\"event\":\"task-failed\"") && !of_another
    });
    assert_eq!(failed, None, "no task failed");
}
