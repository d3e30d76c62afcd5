//! A merchant for whom it is the night now, and what the night finds.

use std::path::Path;

use domain::MerchantId;
use engine::compare::ListedDay;
use engine::store::{ParkedDelivery, Status};
use jiff::{Timestamp, ToSpan};
use platform::keys::Keys;
use platform::table;
use sandbox::demo;
use serde_json::{Value, json};

use crate::stage::{Shop, Stage, plain_order};

/// The merchant for whom it is night.
pub(crate) const NIGHT: &str = "night";

/// A connection's own minute of an hour, as the scheduler finds it.
fn minute_of(connection: &str) -> i64 {
    let sum = connection.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    i64::from(sum) % 60
}

fn connection_of(minute: i64) -> String {
    (0..)
        .map(|number| format!("night-woocommerce-{number:06}"))
        .find(|id| minute_of(id) == minute.rem_euclid(60))
        .expect("every minute is somebody's")
}

/// Configures a merchant in a time zone where it is past three in the night, with a connection whose minute it is, and
/// another one whose minute is the next: however long the test takes, one of them is swept now. Returns the first.
pub(crate) async fn configure(stage: &Stage, settings: &Value) -> String {
    let now = Timestamp::now();
    let minute = now.as_second().div_euclid(60).rem_euclid(60);
    let hour = now.as_second().div_euclid(3600).rem_euclid(24);
    let ahead = (3 - hour).rem_euclid(24);
    let ahead = if ahead > 12 { ahead - 24 } else { ahead };
    // These zones count westwards.
    let zone = format!("Etc/GMT{:+}", -ahead);
    let connections = [connection_of(minute), connection_of(minute + 1)];
    let shops =
        connections.clone().map(|connection| Shop { connection, ..Shop::woocommerce(settings.clone()) });
    let change = |mut file: Value| {
        file["time-zone"] = json!(zone);
        file["recipients"][0]["transfers"] = json!("immediately");
        file
    };
    stage.configure_merchant(NIGHT, change, &shops).await;
    let [first, _] = connections;
    first
}

/// An order made, changed and paid so many days ago, at what was noon in the night's merchant's zone yesterday.
pub(crate) fn order_of(id: u64, days_ago: i64) -> Value {
    let noon = Timestamp::now() - 15.hours() - (24 * (days_ago - 1)).hours();
    let noon = noon.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut order = plain_order(id);
    for field in ["date_created", "date_modified", "date_paid"] {
        order[field] = json!(noon);
        order[format!("{field}_gmt")] = json!(noon);
    }
    order
}

/// What the scheduler logged in a minute of its own, run by hand.
pub(crate) async fn minute(stage: &Stage) -> String {
    let file = stage.folder().join("host/logs/scheduler.log");
    let log = |file: &Path| std::fs::read_to_string(file).unwrap_or_default();
    let before = log(&file).len();
    stage.host.invoke("scheduler", json!({}).to_string()).await.expect("the minute runs");
    stage.rest().await;
    log(&file)[before..].to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_night_finds_what_the_books_and_the_ledger_do_not_both_have_and_says_what_to_do() {
    // Nobody else sells the shop's orders to the same books: these would not be this merchant's documents.
    let stage = Stage::set(demo::world(), &[]).await;
    let connection = configure(&stage, &demo_settings()).await;
    for id in [7301, 7302, 7303] {
        assert_eq!(stage.send_order(&connection, &order_of(id, 1)).await, 200);
        stage.rest().await;
    }
    let numbers = booked(&stage, &connection).await;
    let [twin, changed, removed] = numbers.as_slice() else { panic!("three invoices: {numbers:?}") };
    {
        let mut world = stage.world();
        let agreement = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
        // Nobody at Bogbro made these: a document under the key of another, and one under a key that nobody has.
        let mut copy = agreement.booked[twin].clone();
        copy.json.set("bookedInvoiceNumber", 90_001_i64);
        agreement.booked.insert(90_001, copy.clone());
        let reference = copy.json.text("references.other").expect("our reference").to_owned();
        let unknown = reference.replacen("7301", "7999", 1);
        assert_ne!(reference, unknown, "the reference carries the order's number");
        copy.json.set("bookedInvoiceNumber", 90_002_i64);
        copy.json.get_mut("references").expect("references").set("other", unknown);
        agreement.booked.insert(90_002, copy);
        let document = agreement.booked.get_mut(changed).expect("it is booked");
        for (field, amount) in [("netAmount", "100.00"), ("vatAmount", "25.00"), ("grossAmount", "125.00")] {
            document.json.set(field, sandbox::Json::Number(amount.to_owned()));
        }
        agreement.booked.remove(removed);
    }
    let log = minute(&stage).await;
    assert!(log.contains("\"event\":\"compared\""), "{log}");
    let parked = found(&stage, &connection).await;
    let mut codes: Vec<(String, String)> = parked
        .iter()
        .map(|found| (found.reason.code.clone(), found.reason.fact("number").to_owned()))
        .collect();
    codes.sort();
    let expected = [
        ("books-differ", changed.to_string()),
        ("books-missing", removed.to_string()),
        ("books-sums", String::new()),
        ("books-twin", "90001".to_owned()),
        ("books-unknown", "90001".to_owned()),
        ("books-unknown", "90002".to_owned()),
    ]
    .map(|(code, number)| (code.to_owned(), number));
    assert_eq!(codes, expected);
    stage.host.invoke("notifications", json!({}).to_string()).await.expect("the reports are made");
    let mails = stage.host.mails().expect("the mails");
    let texts: Vec<String> = mails
        .iter()
        .map(|mail| String::from_utf8_lossy(&stage.host.message(mail).expect("it is there")).into_owned())
        .collect();
    assert!(texts.iter().any(|text| text.contains("90002")), "the merchant is told: {texts:?}");
    // The night is compared once.
    minute(&stage).await;
    assert_eq!(found(&stage, &connection).await, parked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_until_its_draft_is_deleted_or_booked_is_looked_at_each_night() {
    let stage = Stage::set(demo::world(), &[]).await;
    let mut settings = demo_settings();
    settings["trigger"]["handling"][0]["document"] = json!("draft-invoice");
    let connection = configure(&stage, &settings).await;
    for id in [7311, 7312] {
        assert_eq!(stage.send_order(&connection, &order_of(id, 1)).await, 200);
    }
    stage.rest().await;
    let mut refunded = order_of(7311, 1);
    refunded["status"] = json!("refunded");
    let later = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    refunded["date_modified_gmt"] = json!(later);
    assert_eq!(stage.send_order(&connection, &refunded).await, 200);
    stage.rest().await;
    let head = async |order: &str| {
        let needle = format!("{}/{order}", crate::stage::source(&connection, "woocommerce"));
        stage.operations.transfer(&MerchantId::new(NIGHT), &needle).await.expect("it stands").head
    };
    let (held, done) = (head("7311").await, head("7312").await);
    assert_eq!(held.status, Status::Held { code: "refunded-with-draft".to_owned() });
    assert_eq!(done.status, Status::Done);
    minute(&stage).await;
    let (held_now, done_now) = (head("7311").await, head("7312").await);
    assert!(held_now.fence > held.fence, "it was looked at again");
    assert_eq!(held_now.status, held.status, "its draft still stands");
    assert_eq!(done_now.fence, done.fence, "nothing else was");
}

/// Books a copy of an order's document under a key of ours that nobody at Bogbro made.
pub(crate) fn beside_the_ledger(stage: &Stage, order: &str, number: u32) {
    let mut world = stage.world();
    let agreement = world.agreements.get_mut(demo::AGREEMENT).expect("the agreement");
    let reference = |document: &sandbox::economic::Document| {
        document.json.text("references.other").unwrap_or_default().to_owned()
    };
    let of_order = |document: &&sandbox::economic::Document| reference(document).starts_with(order);
    let mut copy = agreement.booked.values().find(of_order).expect("it is booked").clone();
    let unknown = reference(&copy).replacen(order, "7999", 1);
    copy.json.set("bookedInvoiceNumber", i64::from(number));
    copy.json.get_mut("references").expect("references").set("other", unknown);
    agreement.booked.insert(number, copy);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_that_a_person_booked_is_learned_and_findings_end_with_their_cause_or_by_a_person() {
    let stage = Stage::set(demo::world(), &[]).await;
    let connection = configure(&stage, &demo_settings()).await;
    for id in [7401, 7402] {
        let mut order = order_of(id, 1);
        order["status"] = json!("on-hold");
        order["payment_method"] = json!("bacs");
        assert_eq!(stage.send_order(&connection, &order).await, 200);
    }
    stage.rest().await;
    let merchant = MerchantId::new(NIGHT);
    let head = async |order: u32| {
        let needle = format!("{}/{order}", crate::stage::source(&connection, "woocommerce"));
        stage.operations.transfer(&merchant, &needle).await.expect("it stands").head
    };
    let books = async |order: u32| {
        let draft = head(order).await.progress.draft.expect("a draft");
        let body = json!({ "draftInvoice": { "draftInvoiceNumber": draft } });
        crate::reports::in_the_accounts(&stage, "/economic/rest/invoices/booked", &body);
    };
    books(7401).await;
    let unknown = 90_002;
    beside_the_ledger(&stage, "7401", unknown);
    let platform = crate::records::keeper(&stage).await;
    let routes = platform.routes().expect("the routes");
    let shop = domain::ConnectionId::new(&connection);
    let night = async |minutes: i64| {
        let now = Timestamp::now() + minutes.minutes();
        let compared = platform::comparison::compare(
            &platform,
            &routes,
            &merchant,
            &shop,
            (now, now + 1.hours(), now + 1.hours()),
        )
        .await;
        compared.expect("the night compares")
    };
    assert_eq!(night(0).await, None, "the order is asked first");
    stage.rest().await;
    let learned = head(7401).await;
    assert!(learned.progress.invoice.is_some() && learned.status == Status::Done, "{learned:?}");
    assert_eq!(night(2).await, None, "it has some minutes");
    let compared = night(6).await.expect("it is compared");
    let codes: Vec<&str> = compared.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["books-unknown", "books-sums"], "{compared:?}");
    assert_eq!(compared.findings[0].fact("number"), unknown.to_string());

    // A person dismisses one, and it does not come back while it holds; the other ends when its cause is gone.
    let sums = found(&stage, &connection).await;
    let sums = sums.iter().find(|entry| entry.reason.code == "books-sums").expect("it is kept");
    let dismissed = stage.operations.dismiss_parked(&merchant, &sums.body_hash, "Karen", "seen").await;
    dismissed.expect("it is dismissed");
    let day = 24 * 60;
    night(day).await;
    let left: Vec<String> =
        found(&stage, &connection).await.into_iter().map(|entry| entry.reason.code).collect();
    assert_eq!(left, ["books-unknown"]);

    // What a person books days later is learned too, and no finding of the day that is looked at again.
    books(7402).await;
    night(2 * day).await;
    stage.rest().await;
    assert!(head(7402).await.progress.invoice.is_some(), "{:?}", head(7402).await);
    let still: Vec<String> =
        found(&stage, &connection).await.into_iter().map(|entry| entry.reason.code).collect();
    assert_eq!(still, ["books-unknown"]);
    stage.world().agreements.get_mut(demo::AGREEMENT).expect("the agreement").booked.remove(&unknown);
    night(3 * day).await;
    assert_eq!(found(&stage, &connection).await, []);
    let kept = stage.operations.dismissed_deliveries(&merchant).await.expect("they are listed");
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].by.as_str(), kept[0].delivery.reason.code.as_str()), ("Karen", "books-sums"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_in_the_days_list_that_the_shop_does_not_know_any_more_is_asked_for_once() {
    let stage = Stage::set(demo::world(), &[]).await;
    let connection = configure(&stage, &demo_settings()).await;
    assert_eq!(stage.send_order(&connection, &order_of(7501, 1)).await, 200);
    stage.rest().await;
    let merchant = MerchantId::new(NIGHT);
    let shop = domain::ConnectionId::new(&connection);
    let platform = crate::records::keeper(&stage).await;
    let zone = platform.merchants.merchant(&merchant).await.expect("the merchant").record.file.zone();
    let day = zone.to_datetime(Timestamp::now()).date().yesterday().expect("a day");
    let listed = ListedDay { page: Some("no place".to_owned()), ..ListedDay::default() };
    let mut item = table::key_of(&Keys::of(&merchant).listed_changes(&shop));
    item.insert("schema".to_owned(), table::number(table::SCHEMA));
    item.insert("day".to_owned(), table::text(day.to_string()));
    item.insert("listed".to_owned(), table::packed_json(&listed).expect("it packs"));
    platform.table.put(item).await.expect("it is put");
    let routes = platform.routes().expect("the routes");
    let minute = async || {
        let now = Timestamp::now();
        let times = (now, now + 1.hours(), now + 1.hours());
        platform::comparison::compare(&platform, &routes, &merchant, &shop, times).await
    };
    let failed = minute().await.expect_err("the shop does not know the place");
    assert!(failed.to_string().contains("the place"), "{failed}");
    let compared = minute().await.expect("the list is begun anew").expect("it is compared");
    assert_eq!((compared.comparison.changed, compared.findings), (1, Vec::new()));
}

/// What the comparison of a connection kept for somebody to look at.
async fn found(stage: &Stage, connection: &str) -> Vec<ParkedDelivery> {
    let merchant = MerchantId::new(NIGHT);
    let mut parked = stage.operations.parked_deliveries(&merchant).await.expect("they can be listed");
    parked.retain(|delivery| delivery.connection.as_str() == connection);
    parked
}

/// The settings of the local run's demo merchant, under which every order of the demo finds its document.
pub(crate) fn demo_settings() -> Value {
    let file = tests::repository().join("infra/bogbro/src/cli/demo_settings.json");
    let text = std::fs::read_to_string(file).expect("the demo's settings can be read");
    serde_json::from_str(&text).expect("they are JSON")
}

/// Numbers of the invoices of the night's orders, by order.
async fn booked(stage: &Stage, connection: &str) -> Vec<u32> {
    let merchant = MerchantId::new(NIGHT);
    let mut numbers = Vec::new();
    for order in ["7301", "7302", "7303"] {
        let needle = format!("{}/{order}", crate::stage::source(connection, "woocommerce"));
        let head = stage.operations.transfer(&merchant, &needle).await.expect("it stands").head;
        assert_eq!(head.status, Status::Done, "{order}: {:?}", head.facts);
        let number = head.progress.invoice.expect("it is booked");
        numbers.push(u32::try_from(number).expect("a number of the stand-in's"));
    }
    numbers
}
