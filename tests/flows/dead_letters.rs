//! Words about payouts and stock that their queues gave up: they stand where a person sees them, with the reason, and are put back; a
//! stock word goes by itself once the stock was told.

use std::time::Duration;

use bogbro::local::queues::NewMessage;
use domain::explain::explain;
use domain::settings::Language;
use domain::{ConnectionId, MerchantId, TransferId};
use engine::log::Why;
use engine::message::{MESSAGE_SCHEMA, Message, SettingsChoice};
use engine::payouts::record::PayoutClaim;
use engine::payouts::{IntakeOutcome, PayoutClaimed, PayoutRecord};
use engine::stock::StockTask;
use engine::store::{ParkedDelivery, PauseScope, Status};
use jiff::{Timestamp, ToSpan};
use platform::keys::Keys;
use platform::operations::entry_name;
use platform::payouts::PayoutWord;
use platform::stock::StockWord;
use platform::table::{key_of, number};
use sandbox::demo;
use serde_json::json;

use crate::bad_input::has_words;
use crate::payout_announced;
use crate::payouts::{records, until};
use crate::records::{keeper, transfer};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, by_hand, oracle_settings, plain_order};
use crate::stock::{stocked, with_stock};

fn merchant() -> MerchantId {
    MerchantId::new(MERCHANT)
}

async fn parked(stage: &Stage) -> Vec<ParkedDelivery> {
    stage.operations.parked_deliveries(&merchant()).await.expect("they are listed")
}

/// Puts a message among the dead letters of a queue.
fn bury(stage: &Stage, queue: &str, body: &str) {
    let message = NewMessage {
        body: body.to_owned(),
        group: Some("dead".to_owned()),
        deduplication: Some(platform::queue::hash(body.as_bytes())),
        ..NewMessage::default()
    };
    stage.host.queues().send(queue, &message).expect("it is put on the queue");
}

fn dead(stage: &Stage, queue: &str) -> u64 {
    stage.host.depth(queue).expect("the queue").total()
}

async fn minute(stage: &Stage) {
    stage.host.invoke("scheduler", json!({}).to_string()).await.expect("the minute runs");
}

/// Runs the operator's executable against the stage; what it printed.
fn operator(stage: &Stage, arguments: &[&str]) -> String {
    let output = stage.command(arguments);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Every mail so far, as it was sent; lines that were broken for the way are whole again.
fn mails(stage: &Stage) -> String {
    let files = tests::files_below(&stage.folder().join("host/mails"), ".eml");
    let texts = files.iter().map(|file| std::fs::read_to_string(file).expect("a mail can be read"));
    texts.map(|text| text.replace("=\r\n", "").replace("=\n", "")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announced_report_that_its_queue_gave_up_is_told_listed_and_taken_in_when_it_is_replayed() {
    let stage = payout_announced::stage_with(|config| {
        by_hand(config);
        config.redelivery = Some(Duration::ZERO);
    })
    .await;
    let connection = ConnectionId::new(payout_announced::CONNECTION);
    let scope = PauseScope::Connection { merchant: merchant(), connection };
    stage.operations.pause(scope.clone(), "the acquirer is being changed").await.expect("it is paused");
    assert_eq!(payout_announced::announced(&stage).await, 200);

    // Ten times in vain: it stands on the list with what it failed by, and among the dead letters, which ring the alarm.
    until(&stage, "it is given up", || async { dead(&stage, "payouts-dead.fifo") == 1 }).await;
    let entries = parked(&stage).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let rings = |function: &str| {
        let log = std::fs::read_to_string(stage.host.data().join(format!("logs/{function}.log")));
        log.unwrap_or_default().contains("\"event\":\"dead-letter-parked\"")
    };
    assert!(rings("paymatch"), "the alarm counts it as soon as it stands");
    minute(&stage).await;
    assert_eq!(dead(&stage, "payouts-dead.fifo"), 0, "the scheduler took it");
    assert!(rings("scheduler"), "and counts what the scheduler finds");
    assert_eq!(parked(&stage).await, entries, "one entry, with the reason that the function gave");
    let entry = &entries[0];
    assert_eq!(entry.reason.code, "dead-letter-payout-report");
    assert_eq!(entry.entity.as_ref().map(ToString::to_string).as_deref(), Some(payout_announced::REPORT));
    has_words(&entry.reason).expect("words in both languages");
    for (language, says) in [(Language::Da, "kunne ikke hentes"), (Language::En, "could not be downloaded")] {
        let words = explain(&entry.reason, language).what;
        assert!(words.contains(says) && words.contains("the connection is paused"), "{words}");
    }

    // The merchant is told, and the operator sees it where other things that were set aside are listed.
    stage.host.invoke("notifications", json!({}).to_string()).await.expect("the reports are made");
    let name = entry_name(entry);
    let mails = mails(&stage);
    assert!(mails.contains("kunne ikke hentes"), "in the merchant's language: {mails}");
    let listed = operator(&stage, &["transfers", "parked", MERCHANT]);
    for text in [&mails, &listed] {
        assert!(text.contains(payout_announced::REPORT), "{text}");
    }
    assert!(listed.contains(&name) && listed.contains("could not be downloaded"), "{listed}");

    // The cause is settled, and the word is put back: first said, then done.
    stage.operations.resume(&scope).await.expect("the pause is lifted");
    stage.host.kill("paymatch").await;
    let said = operator(&stage, &["transfers", "replay", MERCHANT, &name]);
    assert!(said.contains("--yes") && parked(&stage).await.len() == 1, "{said}");
    operator(&stage, &["transfers", "replay", MERCHANT, &name, "--yes"]);
    until(&stage, "it is taken in", || async { records(&stage).await.len() == 1 }).await;
    assert!(parked(&stage).await.is_empty(), "what is done stands on no list");
    let again = stage.operations.replay_parked(&merchant(), &entry.body_hash).await;
    again.expect_err("it is not there any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_found_among_dead_letters_is_parked_when_its_owner_can_be_read_and_stays_otherwise() {
    let stage = payout_announced::stage_with(by_hand).await;
    let flow = payout_announced::FLOW;
    let object = format!("drop/m/{MERCHANT}/{flow}/gone.csv");
    let event = json!({ "source": "aws.s3", "detail": { "object": { "key": object } } }).to_string();
    let fetch = json!({ "schema": 1, "merchant": MERCHANT, "occasion": "8",
        "task": { "task": "fetch", "flow": flow } });
    let later = json!({ "schema": 1, "merchant": MERCHANT, "occasion": "9",
        "task": { "task": "fetch", "flow": flow } });
    let gateway = json!({ "schema": 1, "merchant": MERCHANT, "occasion": "8",
        "task": { "task": "ask-gateway", "connection": payout_announced::CONNECTION } });
    let newer = json!({ "schema": 9, "merchant": MERCHANT, "task": "of another version" });
    let stranger = json!({ "schema": 1, "merchant": "nobody", "occasion": "8",
        "task": { "task": "fetch", "flow": flow } });
    for body in [
        "no word",
        &stranger.to_string(),
        &event,
        &fetch.to_string(),
        &later.to_string(),
        &gateway.to_string(),
        &newer.to_string(),
    ] {
        bury(&stage, "payouts-dead.fifo", body);
    }
    minute(&stage).await;
    assert_eq!(dead(&stage, "payouts-dead.fifo"), 2, "nobody's are left where they are");
    let mut entries = parked(&stage).await;
    entries.sort_by(|a, b| a.reason.code.cmp(&b.reason.code));
    let codes: Vec<&str> = entries.iter().map(|entry| entry.reason.code.as_str()).collect();
    let gateway = "dead-letter-gateway";
    assert_eq!(codes, [gateway, "dead-letter-payout", "dead-letter-payout-fetch", "dead-letter-payout-file"]);
    for entry in &entries {
        has_words(&entry.reason).expect("words in both languages");
    }
    // No flow names it as a gateway: the word has nothing to do, and is done.
    let gateway = entries.remove(0);
    assert_eq!(
        (gateway.reason.fact("gateway"), gateway.connection.as_str()),
        (flow, payout_announced::CONNECTION)
    );
    stage.operations.replay_parked(&merchant(), &gateway.body_hash).await.expect("it is put back");
    until(&stage, "it is done", || async { parked(&stage).await.len() == 3 }).await;

    // A file that is gone meanwhile is told of as one that could not be read; it is not lost sight of.
    let file = &entries[2];
    stage.operations.replay_parked(&merchant(), &file.body_hash).await.expect("it is put back");
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    let refused = || async {
        let files = payouts.files(&merchant()).await.expect("the files are listed");
        files.iter().any(|file| {
            matches!(&file.outcome, IntakeOutcome::Refused { reason } if reason.code == "payout-file-gone")
        })
    };
    until(&stage, "it is told", refused).await;
    // Adyen is not asked: the word has nothing to do, and is done.
    stage.operations.replay_parked(&merchant(), &entries[1].body_hash).await.expect("it is put back");
    until(&stage, "only the unknown one is left", || async { parked(&stage).await == entries[..1] }).await;
    // A word of another version goes back as it is: whoever understands it takes it.
    stage.operations.replay_parked(&merchant(), &entries[0].body_hash).await.expect("it is put back");
    until(&stage, "it is on its queue", || async { dead(&stage, "payouts.fifo") == 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_given_up_stock_word_is_listed_until_the_stock_was_told() {
    let mut world = demo::world();
    world.agreements.insert(demo::AGREEMENT.to_owned(), demo::agreement_for_captures());
    let settings = with_stock(oracle_settings("woocommerce"));
    let stage = Stage::set(stocked(world), &[Shop::woocommerce(settings)]).await;
    let word = |left_at: Timestamp| {
        let word = StockWord::new(&merchant(), &ConnectionId::new(WOOCOMMERCE), left_at, left_at.to_string());
        serde_json::to_string(&word).expect("JSON")
    };
    // Nothing was told yet, and the accounts cannot be read.
    let revoke = |revoked: bool| {
        stage.world().agreements.get_mut(demo::AGREEMENT).expect("the agreement").revoked = revoked;
    };
    revoke(true);
    bury(&stage, "stock-dead.fifo", &word(Timestamp::now()));
    minute(&stage).await;
    assert_eq!(dead(&stage, "stock-dead.fifo"), 0, "the scheduler took it");
    let entries = parked(&stage).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].reason.code, "dead-letter-stock");
    has_words(&entries[0].reason).expect("words in both languages");
    minute(&stage).await;
    assert_eq!(parked(&stage).await, entries, "no run has ended well since");

    // A run ends well: the entry goes in the next minute, and a word of before that run is not even parked.
    revoke(false);
    let connection = ConnectionId::new("stage-e-conomic-agreement");
    let pause = PauseScope::Connection { merchant: merchant(), connection };
    let ran = || async {
        stage.operations.resume(&pause).await.expect("a pause is lifted");
        let views =
            stage.operations.run_stock(&merchant(), StockTask::Everything).await.expect("it is asked");
        views.iter().all(|view| view.outcome == "done")
    };
    until(&stage, "a run ends well", ran).await;
    bury(&stage, "stock-dead.fifo", &word(Timestamp::now() - 1.hour()));
    minute(&stage).await;
    assert_eq!((dead(&stage, "stock-dead.fifo"), parked(&stage).await), (0, Vec::new()));
}

/// The message of a webhook, with its body as intake keeps it.
fn webhook(order: TransferId, body: &str) -> Message {
    Message {
        schema: MESSAGE_SCHEMA,
        merchant: order.merchant,
        connection: ConnectionId::new(WOOCOMMERCE),
        source: order.source,
        kind: order.kind,
        entity: order.entity,
        received_at: Timestamp::now(),
        why: Why::Webhook,
        settings: SettingsChoice::Now,
        deduplication: String::new(),
        body: body.to_owned(),
        body_hash: "news".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_put_back_after_its_body_passed_is_read_from_its_shop() {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(oracle_settings("woocommerce"))]).await;
    // A large body lies in the bucket, which drops it after 90 days; the entry stands until a person has dealt with it.
    let message = webhook(transfer(WOOCOMMERCE, "woocommerce", "8501"), "object:deliveries/shop/passed");
    bury(&stage, "orders-dead.fifo", &serde_json::to_string(&message).expect("JSON"));
    minute(&stage).await;
    let entries = parked(&stage).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    // Only now, so that no sweep finds it first.
    stage.show(&plain_order(8_501).to_string());
    stage.operations.replay_parked(&merchant(), &entries[0].body_hash).await.expect("it is put back");
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "8501").await.expect("the transfer stands");
    assert_eq!((head.status, head.documents.len()), (Status::Done, 1));
    assert!(parked(&stage).await.is_empty(), "what is done stands on no list");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_cannot_be_settled_keeps_no_other_from_it() {
    let stage = Stage::set(demo::world(), &[Shop::woocommerce(oracle_settings("woocommerce"))]).await;
    // An order that a newer version wrote before it was taken back.
    let order = transfer(WOOCOMMERCE, "woocommerce", "6666");
    let mut item = key_of(&Keys::of(&merchant()).head(&order));
    item.insert("schema".to_owned(), number(99));
    keeper(&stage).await.table.put(item).await.expect("it is written");
    let message = webhook(order, "");
    bury(&stage, "orders-dead.fifo", &serde_json::to_string(&message).expect("JSON"));
    let stock = StockWord::new(&merchant(), &ConnectionId::new(WOOCOMMERCE), Timestamp::now(), "one");
    bury(&stage, "stock-dead.fifo", &serde_json::to_string(&stock).expect("JSON"));
    minute(&stage).await;
    let entries = parked(&stage).await;
    let codes: Vec<&str> = entries.iter().map(|entry| entry.reason.code.as_str()).collect();
    assert_eq!(codes, ["dead-letter-stock"]);
    assert_eq!((dead(&stage, "orders-dead.fifo"), dead(&stage, "stock-dead.fifo")), (1, 0), "it is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_given_up_word_about_a_payout_is_let_go_when_nothing_is_due_of_it_any_more() {
    let stage = payout_announced::stage_with(by_hand).await;
    assert_eq!(payout_announced::announced(&stage).await, 200);
    let at_rest = |record: &PayoutRecord, since: u64| {
        record.fence > since && record.lease_until.is_none() && record.due_at.is_none()
    };
    let worked = || async { records(&stage).await.iter().any(|record| at_rest(record, 0)) };
    until(&stage, "it is worked on", worked).await;
    let record = records(&stage).await.remove(0);
    let bury_word = |word: &PayoutWord| {
        bury(&stage, "payouts-dead.fifo", &serde_json::to_string(word).expect("JSON"));
    };

    // What came behind these did the work already.
    let before = PayoutRecord { fence: record.fence - 1, ..record.clone() };
    bury_word(&PayoutWord::work(&record.id, "file 1".to_owned()));
    bury_word(&PayoutWord::work_at(&before));
    minute(&stage).await;
    assert_eq!((dead(&stage, "payouts-dead.fifo"), parked(&stage).await), (0, Vec::new()));

    // Nobody has worked on it since this one was left: it stands on the list.
    bury_word(&PayoutWord::work_at(&record));
    minute(&stage).await;
    let entries = parked(&stage).await;
    let codes: Vec<&str> = entries.iter().map(|entry| entry.reason.code.as_str()).collect();
    assert_eq!(codes, ["dead-letter-payout-work"]);
    stage.operations.replay_parked(&merchant(), &entries[0].body_hash).await.expect("it is put back");
    let again = || async { at_rest(&records(&stage).await[0], record.fence) };
    until(&stage, "it is worked on again", again).await;
    assert!(parked(&stage).await.is_empty());

    // Something is due of it: what becomes of that is not known.
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    let store = payouts.engine().payouts;
    let now = Timestamp::now();
    let claim =
        PayoutClaim { id: record.id.clone(), token: "another".to_owned(), now, lease_until: now + 1.hour() };
    let PayoutClaimed::Taken(held) = store.claim_payout(&claim).await.expect("it is answered") else {
        panic!("nobody else holds it")
    };
    let due = PayoutRecord { lease_until: None, due_at: Some(now + 1.hour()), ..*held };
    store.save_payout(&due).await.expect("it is given back");
    bury_word(&PayoutWord::work(&record.id, "file 2".to_owned()));
    minute(&stage).await;
    assert_eq!(parked(&stage).await.len(), 1, "something is due");
}
