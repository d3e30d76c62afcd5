//! Old records: rows of the log that move to the bucket, persons that are forgotten, and what the law keeps of both.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Credentials, Region};
use bogbro::local::{Attempt, Verdict};
use domain::plan::Reason;
use domain::settlement::BatchKey;
use domain::{EntityId, EntityKind, MerchantId, TransferId};
use engine::clock::Clock;
use engine::log::Trace;
use engine::message::SettingsChoice;
use engine::payouts::record::PAYOUT_SCHEMA;
use engine::payouts::{FileBytes as _, FileRecord, IntakeOutcome, IntakeRecord, PayoutId, PayoutStore as _};
use engine::store::{Status, Store};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use platform::Platform;
use platform::config::Environment;
use platform::keys::Keys;
use platform::ledger::erasure::Erasable;
use platform::operations::{ExportSink, PersonChoice};
use platform::privacy::PrivacyKind;
use platform::retention::{Night, Round};
use sandbox::demo;
use sandbox::signing::hmac_base64;
use serde_json::{Value, json};

use crate::night::{demo_settings, order_of};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, by_hand, plain_order};

/// The caller whose calls a test lets fail.
const KEEPER: &str = "keeper";
pub(crate) const SHOPIFY: &str = "stage-shopify-kande";

/// A clock that stands.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Only what works on orders runs: the clock's functions would mix in.
pub(crate) async fn stage(shops: &[Shop]) -> Stage {
    Stage::set_with(demo::world(), shops, |config| {
        let kept = ["webhook-intake", "order-processing", "notifications"];
        config.functions.retain(|function| kept.contains(&function.name.as_str()));
        by_hand(config);
    })
    .await
}

/// The platform of a process of its own, whose calls are not repeated: an answer that is lost is a death.
pub(crate) async fn keeper(stage: &Stage) -> Platform {
    let variables = stage.host.environment(KEEPER);
    let of = |name: &str| variables[name].clone();
    let environment = Environment::from_lookup(|name| variables.get(name).cloned()).expect("all is set");
    let keys = (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY"));
    let aws = aws_config::defaults(aws_config::BehaviorVersion::v2026_01_12())
        .endpoint_url(of("AWS_ENDPOINT_URL"))
        .region(Region::new(of("AWS_REGION")))
        .credentials_provider(Credentials::new(keys.0, keys.1, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    Platform::with(environment, &aws)
}

pub(crate) fn transfer(connection: &str, system: &str, order: &str) -> TransferId {
    TransferId {
        merchant: MerchantId::new(MERCHANT),
        source: crate::stage::source(connection, system),
        kind: EntityKind::Order,
        entity: EntityId::new(order),
    }
}

pub(crate) async fn trace(stage: &Stage, order: u64) -> Trace {
    stage.transfer(WOOCOMMERCE, "woocommerce", &order.to_string()).await.trace
}

pub(crate) async fn send(stage: &Stage, order: &Value) -> Date {
    assert_eq!(stage.send_order(WOOCOMMERCE, order).await, 200);
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", &order["id"].to_string()).await.expect("it stands");
    head.day.expect("it was read")
}

/// Rows of the log and plans that a transfer has in the table.
async fn rows(keeper: &Platform, id: &TransferId) -> usize {
    let partition = Keys::of(&id.merchant).head(id).partition;
    keeper.table.range(&partition, "log#", "plan#~").await.expect("it can be read").len()
}

/// Archives a day with a process that dies after so many calls; `true` when it came to its end before.
async fn archive_and_die(stage: &Stage, keeper: &Platform, day: Date, calls: usize) -> bool {
    let made = Arc::new(AtomicUsize::new(0));
    stage.host.on_call(Some(Arc::new(move |attempt: &Attempt<'_>| {
        if !attempt.caller.ends_with(KEEPER) {
            return Verdict::Pass;
        }
        match made.fetch_add(1, Ordering::SeqCst) {
            before if before + 1 < calls => Verdict::Pass,
            before if before + 1 == calls => Verdict::KillAfter,
            _ => Verdict::KillBefore,
        }
    })));
    let ended = keeper.ledger.archive_day(&MerchantId::new(MERCHANT), day, Timestamp::now()).await;
    stage.host.on_call(None);
    ended.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_trace_opens_from_its_segment_wherever_the_archiving_process_died() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    // A first call opens the merchant's key; the deaths are counted from there.
    keeper.merchants.merchant(&merchant).await.expect("it is configured");
    let mut died = 0;
    let mut last = 0;
    for calls in 1..40_u64 {
        let id = 8000 + calls;
        let day = send(&stage, &order_of(id, 95 + i64::try_from(calls).expect("small"))).await;
        let transfer = transfer(WOOCOMMERCE, "woocommerce", &id.to_string());
        let before = trace(&stage, id).await;
        assert!(before.broken_at.is_none() && before.rows.iter().any(|row| row.personal.is_some()));
        let ended = archive_and_die(&stage, &keeper, day, usize::try_from(calls).expect("small")).await;
        assert_eq!(trace(&stage, id).await, before, "after a death at call {calls}");
        let again =
            keeper.ledger.archive_day(&merchant, day, Timestamp::now()).await.expect("it is archived");
        assert_eq!(again.left, 0, "after a death at call {calls}");
        assert_eq!(rows(&keeper, &transfer).await, 0, "after a death at call {calls}");
        assert_eq!(trace(&stage, id).await, before, "from the segment, after a death at call {calls}");
        let plan = keeper.ledger.load_plan(&transfer, 1).await.expect("the ledger answers");
        assert!(plan.is_some(), "the plan is found in the segment");
        last = id;
        if ended {
            break;
        }
        died += 1;
    }
    assert!(died >= 5, "reading, segment, record, pointer and removals: {died} deaths");
    // What is archived is worked on as before: a replay of a booked order makes nothing twice.
    let booked = stage.world().agreements[demo::AGREEMENT].booked.len();
    let needle = format!("{}/{last}", crate::stage::source(WOOCOMMERCE, "woocommerce"));
    stage.operations.replay(&merchant, &needle, SettingsChoice::Now).await.expect("it can be replayed");
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", &last.to_string()).await.expect("it stands");
    assert_eq!((head.status, stage.world().agreements[demo::AGREEMENT].booked.len()), (Status::Done, booked));
    let after = trace(&stage, last).await;
    assert!(after.broken_at.is_none() && after.rows.len() > 2, "rows of both places are one chain");

    let segments = stage.operations.segments(&merchant).await.expect("they can be read");
    assert!(segments.len() > died && segments.iter().all(|segment| segment.holds), "{segments:?}");
    let mut sink = Lines::default();
    let exported = stage.operations.export(&merchant, &mut sink).await.expect("it is exported");
    assert_eq!((exported.segments, exported.damaged_segments), (segments.len(), 0));
    let line =
        sink.0.iter().find(|(part, json)| part == "transfers" && json.contains(&format!("kunde{last}@")));
    assert!(line.is_some(), "the export opens what is in segments");

    // A segment that was changed shows, in the chain and in the traces that it held.
    let newest = segments.last().expect("there are some").record.clone();
    keeper.files.put(&merchant, &newest.object, b"somebody was here".to_vec()).await.expect("it is put");
    let checked = stage.operations.segments(&merchant).await.expect("they can be read");
    assert_eq!(checked.iter().filter(|segment| !segment.holds).count(), 1);
    assert!(trace(&stage, last).await.broken_at.is_some());
}

/// What came for a flow of payouts on a day, with the file that it was.
pub(crate) async fn payout_file(keeper: &Platform, merchant: &str, sha256: &str, received_at: Timestamp) {
    let merchant = MerchantId::new(merchant);
    let name = format!("payout-files/{sha256}");
    keeper.files.put(&merchant, &name, b"{\"billing_details\":{}}".to_vec()).await.expect("it is kept");
    let file = FileRecord {
        sha256: sha256.to_owned(),
        name: "report.json".to_owned(),
        format: String::new(),
        bytes: 22,
        received_at,
        profile: None,
        mail: None,
    };
    let intake = IntakeRecord {
        schema: PAYOUT_SCHEMA,
        merchant,
        flow: "stripe".to_owned(),
        file,
        outcome: IntakeOutcome::Refused { reason: Reason::new("report-empty") },
        earlier: Vec::new(),
        dismissed: None,
        erased_at: None,
    };
    keeper.ledger.put_intake(&intake).await.expect("it is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_acquirers_wrote_of_buyers_goes_when_the_books_need_not_be_kept_any_more() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    let year = today().year();
    let at = |years: i16| date(year - years, 3, 1).at(12, 0, 0, 0).in_tz("UTC").expect("a time").timestamp();
    for (sha256, years) in [("old", 6), ("new", 5), ("again", 7)] {
        payout_file(&keeper, MERCHANT, sha256, at(years)).await;
    }
    // The same file came again last year.
    payout_file(&keeper, MERCHANT, "again", at(1)).await;
    let there =
        async |sha256: &str| keeper.files.get(&merchant, &format!("payout-files/{sha256}")).await.is_ok();
    assert_eq!(night(&keeper, today()).await.erased, 1);
    assert!(!there("old").await && there("new").await && there("again").await);
    let erased = async |sha256: &str| {
        let intake = keeper.ledger.intake(&merchant, "stripe", sha256).await.expect("it can be read");
        intake.expect("that it came is kept").erased_at.is_some()
    };
    assert!(erased("old").await && !erased("new").await);
    // The end of the next financial year.
    assert_eq!(night(&keeper, date(year + 1, 2, 1)).await.erased, 1);
    assert!(!there("new").await && there("again").await);
}

/// A clock that stands until so many objects were deleted, and then says that the night is over.
struct Tired<'s> {
    at: Timestamp,
    stage: &'s Stage,
    objects: u64,
}

impl Clock for Tired<'_> {
    fn now(&self) -> Timestamp {
        let calls = self.stage.host.calls().into_iter();
        let deleted =
            calls.filter(|(key, _)| key.operation == "s3:DeleteObject").map(|(_, count)| count.calls);
        if deleted.sum::<u64>() < self.objects { self.at } else { self.at + 1.hours() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_files_of_payouts_go_page_by_page_and_a_night_goes_on_where_the_last_one_ended() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    let came = date(today().year() - 6, 3, 1).at(12, 0, 0, 0).in_tz("UTC").expect("a time").timestamp();
    for file in 0..120_i32 {
        payout_file(&keeper, MERCHANT, &format!("file-{file}"), came + file.seconds()).await;
    }
    // One belongs to a payout that nobody has settled, and was refused when it came once more.
    let key = BatchKey {
        acquirer: "stripe".to_owned(),
        account: "acct_1".to_owned(),
        batch: "po_open".to_owned(),
        currency: domain::money::Currency::DKK,
    };
    let id = PayoutId { merchant: merchant.clone(), key: key.clone() };
    let payout = engine::payouts::conformance::record(&id, "file-7");
    keeper.ledger.insert_payout(&payout).await.expect("it is kept");
    let intake = keeper.ledger.intake(&merchant, "stripe", "file-7").await.expect("it is read");
    let intake = IntakeRecord { earlier: vec![key], ..intake.expect("it came") };
    keeper.ledger.put_intake(&intake).await.expect("it is kept");

    stage.host.forget_calls();
    let at =
        jiff::tz::Offset::UTC.to_timestamp(today().at(3, 30, 0, 0)).expect("a time").min(Timestamp::now());
    let clock = Tired { at, stage: &stage, objects: 20 };
    let Platform { table, ledger, merchants, .. } = &keeper;
    let first = Night { table, ledger, merchants, clock: &clock, deadline: at + 1.hours() };
    let round = first.run(&merchant, today()).await.expect("the night begins").expect("there is something");
    assert_eq!((round.erased, round.done), (49, false), "a page is finished, but for the one that is needed");
    // A later run of the same night goes on.
    let rest = night(&keeper, today()).await;
    assert_eq!((rest.erased, rest.done), (70, true));
    let there =
        async |sha256: &str| keeper.files.get(&merchant, &format!("payout-files/{sha256}")).await.is_ok();
    assert!(there("file-7").await && !there("file-8").await && !there("file-119").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_acquirers_wrote_of_buyers_stands_sealed_in_the_bucket() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    let report = b"Anna Canary, Storegade 1; 245.00\n".repeat(10_000);
    let file = engine::payouts::memory::MemoryFile::new(report.clone());
    let sha256 = file.sha256().to_owned();
    keeper.ledger.put_file(&merchant, &file).await.expect("it is kept");
    let name = format!("payout-files/{sha256}");
    let kept = keeper.files.get(&merchant, &name).await.expect("it is there");
    assert!(!kept.windows(6).any(|word| word == b"Canary"), "whoever has the bucket alone cannot read it");
    let read = async || {
        let file = keeper.ledger.file(&merchant, &sha256).await.expect("it is read");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file.open().expect("it opens"), &mut bytes).expect("it is read");
        bytes
    };
    assert!(read().await == report, "and Bogbro reads it as it came");
    // As a version of before kept it.
    keeper.files.put(&merchant, &name, report.clone()).await.expect("it is put");
    assert!(read().await == report);
}

/// An export in memory.
#[derive(Default)]
struct Lines(Vec<(String, String)>);

impl ExportSink for Lines {
    fn write(&mut self, part: &str, json: &str) -> Result<(), String> {
        self.0.push((part.to_owned(), json.to_owned()));
        Ok(())
    }
}

pub(crate) async fn night(keeper: &Platform, today: Date) -> Round {
    let night = jiff::tz::Offset::UTC.to_timestamp(today.at(3, 30, 0, 0)).expect("a time");
    // Today's night is not yet when the test runs before it: what it tells of would lie ahead of the reports.
    let at = if today == self::today() { night.min(Timestamp::now()) } else { night };
    let clock = Standing(at);
    let night = Night {
        table: &keeper.table,
        ledger: &keeper.ledger,
        merchants: &keeper.merchants,
        clock: &clock,
        deadline: at + 1.hours(),
    };
    let round = night.run(&MerchantId::new(MERCHANT), today).await.expect("the night passes");
    round.unwrap_or_default()
}

pub(crate) fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// True when no row of the transfer's log opens any more, and the chain holds.
pub(crate) fn is_forgotten(trace: &Trace) -> bool {
    let telling = trace.rows.iter().any(|row| row.public.decision == "erased");
    trace.broken_at.is_none() && telling && trace.rows.iter().all(|row| row.personal.is_none())
}

/// Every text attribute of the whole table.
pub(crate) async fn all_texts(keeper: &Platform) -> BTreeSet<String> {
    let scan = keeper.table.client.scan().table_name(&keeper.table.name).send().await.expect("it is read");
    let items = scan.items.unwrap_or_default();
    let texts = items.into_iter().flat_map(std::collections::HashMap::into_values);
    texts.filter_map(|value| value.as_s().ok().cloned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_forgotten_as_far_as_the_books_allow_and_the_rest_when_they_do() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    let anna = "anna.canary@example.org";
    for (id, status) in [(8101, "processing"), (8102, "failed"), (8103, "processing")] {
        let mut order = plain_order(id);
        order["status"] = json!(status);
        if id != 8103 {
            order["billing"]["email"] = json!(anna);
        }
        send(&stage, &order).await;
    }
    let booked = stage.world().agreements[demo::AGREEMENT].booked.len();
    assert_eq!(booked, 2);
    let texts = all_texts(&keeper).await;
    assert!(texts.iter().all(|text| !text.contains("canary")), "the address stands nowhere in the table");
    let plain = engine::log::person(&merchant, "", anna, None).expect("somebody");
    assert!(texts.iter().all(|text| !text.contains(&plain)), "nor does a hash that can be guessed");

    // A delivery that was set aside holds the address, and another one does not.
    for body in ["half an order of Anna.Canary@example.org {", "half an order {"] {
        let headers = crate::stage::signed(body.as_bytes());
        assert_eq!(stage.deliver(WOOCOMMERCE, &headers, body.as_bytes().to_vec()).await, 200);
    }

    let who = PersonChoice { emails: vec![" Anna.Canary@Example.org".to_owned()], orders: Vec::new() };
    let seen = stage.operations.erase(&merchant, &who, false).await.expect("it is listed");
    let until = date(today().year() + 5, 12, 31);
    let of =
        |order: &str| seen.transfers.iter().find(|one| one.order == order).map(|one| one.erasable.clone());
    assert_eq!(of("8101"), Some(Erasable::After { until }), "{seen:?}");
    assert_eq!(of("8102"), Some(Erasable::Now), "{seen:?}");
    assert_eq!((seen.transfers.len(), seen.deliveries), (2, 1), "{seen:?}");
    assert!(!is_forgotten(&trace(&stage, 8102).await), "listing erases nothing");

    let done = stage.operations.erase(&merchant, &who, true).await.expect("it is done");
    assert_eq!((done.request.erased, done.request.kept, done.request.until), (1, 1, Some(until)));
    assert_eq!(stage.operations.parked_deliveries(&merchant).await.expect("they are listed").len(), 1);
    assert!(is_forgotten(&trace(&stage, 8102).await));
    assert!(!is_forgotten(&trace(&stage, 8101).await), "bookkeeping law keeps it");
    let recorded = stage.operations.privacy_requests(&merchant).await.expect("they are listed");
    assert_eq!(recorded, std::slice::from_ref(&done.request));
    let again = stage.operations.erase(&merchant, &who, false).await.expect("it is listed");
    assert_eq!(again.transfers.len(), 1, "what was erased is nobody's any more");

    // On the last day of the books nothing goes; on the day after, it does by itself, and so does all else of that time.
    let round = night(&keeper, until).await;
    assert_eq!((round.erased, round.done), (0, true), "{round:?}");
    assert!(!is_forgotten(&trace(&stage, 8101).await));
    let after = until.tomorrow().expect("a day");
    let round = night(&keeper, after).await;
    // An order, and the delivery that nobody took further.
    assert_eq!((round.requests, round.erased, round.done), (1, 2, true), "{round:?}");
    for order in [8101, 8103] {
        assert!(is_forgotten(&trace(&stage, order).await), "{order}");
        let head =
            stage.head(WOOCOMMERCE, "woocommerce", &order.to_string()).await.expect("it guards the money");
        assert!(!head.documents.is_empty(), "{order}");
    }
    let recorded = stage.operations.privacy_requests(&merchant).await.expect("they are listed");
    assert!(recorded.iter().all(|request| request.done && request.erased == 2), "{recorded:?}");
    // Whatever comes of a forgotten order, it is never booked again.
    let mut late = plain_order(8101);
    late["customer_note"] = json!("late");
    late["date_modified_gmt"] = json!(Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string());
    send(&stage, &late).await;
    assert_eq!(stage.world().agreements[demo::AGREEMENT].booked.len(), booked);
    let head = stage.head(WOOCOMMERCE, "woocommerce", "8101").await.expect("it stands");
    assert_eq!(head.status, Status::Done, "what is booked stays so: {:?}", head.facts);
    assert!(is_forgotten(&trace(&stage, 8101).await), "and nothing is known of the person again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_was_cut_off_goes_on_where_it_ended_and_counts_each_once() {
    let stage = stage(&[Shop::woocommerce(demo_settings())]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    keeper.merchants.merchant(&merchant).await.expect("it is configured");
    let anna = "anna.canary@example.org";
    for id in 8201..=8204 {
        let mut order = plain_order(id);
        order["status"] = json!("failed");
        order["billing"]["email"] = json!(anna);
        send(&stage, &order).await;
    }
    let who = PersonChoice { emails: vec![anna.to_owned()], orders: Vec::new() };
    let request = stage.operations.request_erasure(&merchant, &who).await.expect("it is recorded");
    // It dies after the second transfer was erased.
    let erased = Arc::new(AtomicUsize::new(0));
    stage.host.on_call(Some(Arc::new(move |attempt: &Attempt<'_>| {
        let own = attempt.caller.ends_with(KEEPER) && attempt.operation == "dynamodb:TransactWriteItems";
        match own.then(|| erased.fetch_add(1, Ordering::SeqCst)) {
            Some(1) => Verdict::KillAfter,
            Some(2..) => Verdict::KillBefore,
            _ => Verdict::Pass,
        }
    })));
    let times = (Timestamp::now(), today());
    keeper.privacy().carry_out(&request, times).await.expect_err("it died");
    stage.host.on_call(None);
    let mut forgotten = 0;
    for id in 8201..=8204 {
        forgotten += usize::from(is_forgotten(&trace(&stage, id).await));
    }
    assert_eq!(forgotten, 2);
    let round = night(&keeper, today()).await;
    assert_eq!(round.requests, 1);
    for id in 8201..=8204 {
        assert!(is_forgotten(&trace(&stage, id).await), "{id}");
    }
    let recorded = stage.operations.privacy_requests(&merchant).await.expect("they are listed");
    assert_eq!(
        recorded.iter().map(|one| (one.erased, one.kept, one.done)).collect::<Vec<_>>(),
        [(4, 0, true)]
    );
}

pub(crate) fn signed(body: &str) -> Vec<(String, String)> {
    let signature = hmac_base64(demo::SHOPIFY_CLIENT_SECRET.as_bytes(), body.as_bytes());
    vec![
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("X-Shopify-Hmac-Sha256".to_owned(), signature),
    ]
}

async fn deliver(stage: &Stage, body: &str) -> u16 {
    let status = stage.deliver(SHOPIFY, &signed(body), body.as_bytes().to_vec()).await;
    stage.rest().await;
    status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_shopify_asks_about_its_customers_is_recorded_carried_out_and_told() {
    let stage = stage(&[]).await;
    let shop = Shop {
        connection: SHOPIFY.to_owned(),
        system: "shopify",
        world_name: demo::SHOPIFY.to_owned(),
        settings: demo_settings(),
    };
    let change = |mut file: Value| {
        file["recipients"] = json!([
            { "email": "bogholder@kande.example", "errors": "immediately", "language": "da" },
            { "email": "bookkeeper@kande.example", "errors": "immediately", "language": "en" },
        ]);
        file
    };
    stage.configure_merchant(MERCHANT, change, &[shop]).await;
    let keeper = keeper(&stage).await;
    let merchant = MerchantId::new(MERCHANT);
    let mut orders: Vec<Value> = Vec::new();
    for (_, text, transactions) in demo::shopify_orders().into_iter().take(3) {
        let mut order: Value = serde_json::from_str(&text).expect("an order");
        let unpaid = orders.len() == 1;
        if unpaid {
            // Nothing is booked.
            order["financial_status"] = json!("pending");
            order["email"] = json!("pending.canary@example.org");
            order["customer"]["email"] = json!("pending.canary@example.org");
        }
        let text = order.to_string();
        {
            let mut world = stage.world();
            let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
            let id = shop.load_order(&text).expect("an order");
            shop.transactions.insert(id, if unpaid { Vec::new() } else { transactions });
        }
        assert_eq!(deliver(&stage, &text).await, 200);
        orders.push(order);
    }
    let shop = r#""shop_id":1,"shop_domain":"stage-shopify-kande.example""#;
    let booked = &orders[0];
    let pending = orders[1]["id"].to_string();
    let data = format!(
        r#"{{{shop},"customer":{{"id":{},"email":{}}},"orders_requested":[{}],"data_request":{{"id":9}}}}"#,
        booked["customer"]["id"], booked["email"], booked["id"]
    );
    let redact =
        format!(r#"{{{shop},"customer":{{"email":"Pending.Canary@example.org"}},"orders_to_redact":[]}}"#);
    let forged = stage.deliver(SHOPIFY, &signed(&data), redact.clone().into_bytes()).await;
    assert_eq!(forged, 401, "a request that is not signed is refused");
    for body in [&data, &redact, &redact] {
        assert_eq!(deliver(&stage, body).await, 200);
    }
    let requests = stage.operations.privacy_requests(&merchant).await.expect("they are listed");
    assert_eq!(requests.len(), 2, "a repeat of a delivery is no second request: {requests:?}");
    night(&keeper, today()).await;
    let view = stage.transfer(SHOPIFY, "shopify", &pending).await;
    assert!(view.head.documents.is_empty(), "{:?}", view.head);
    assert!(is_forgotten(&view.trace), "{:?}", view.head);

    let request = requests.iter().find(|one| one.kind == PrivacyKind::DataRequest).expect("it is recorded");
    let mut sink = Lines::default();
    let found =
        stage.operations.export_person(&merchant, &request.id, &mut sink).await.expect("it is exported");
    assert_eq!(found, 1);
    let email = booked["email"].as_str().expect("an address");
    assert!(sink.0.iter().any(|(part, json)| part == "transfers" && json.contains(email)));

    assert_eq!(deliver(&stage, &format!("{{{shop}}}")).await, 200);
    // A whole shop is walked over in several runs.
    for _ in 0..10 {
        night(&keeper, today()).await;
    }
    let requests = stage.operations.privacy_requests(&merchant).await.expect("they are listed");
    let whole = requests.iter().find(|one| one.kind == PrivacyKind::ShopErasure).expect("it is recorded");
    let until = date(today().year() + 5, 12, 31);
    assert_eq!((whole.kept, whole.until, whole.done), (2, Some(until), false), "{whole:?}");

    stage.host.invoke("notifications", json!({}).to_string()).await.expect("the reports are made");
    let mails = stage.host.mails().expect("the mails");
    let texts: Vec<String> = mails
        .iter()
        .map(|mail| {
            String::from_utf8_lossy(&stage.host.message(mail).expect("it is there")).replace("=\r\n", "")
        })
        .collect();
    let all = texts.join("\n");
    assert!(!all.contains("canary") && !all.contains(email), "no customer's address is mailed");
    for words in
        ["to forget customers is carried out", "has asked through", "privacy export", "om at glemme kunder"]
    {
        assert!(all.contains(words), "{words:?} is missing: {all}");
    }
}
