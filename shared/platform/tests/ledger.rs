//! The ledger on the local DynamoDB engine passes the checks that every store must pass.

mod support;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::money::Currency;
use domain::settlement::BatchKey;
use domain::{ConnectionId, EntityId, EntityKind, MerchantId, TransferId};
use engine::log::{Cause, LOG_SCHEMA, LogEntry, PersonalPart, PublicPart, RowKind, Why};
use engine::payouts::{
    FileDismissal, IntakeOutcome, IntakeRecord, OrderLink, PayoutId, PayoutStore, conformance,
};
use engine::store::{Claim, Claimed, Conclusion, Hold, Pointer, PointerKind, Status, Store};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use platform::keys::Keys;
use platform::ledger::Ledger;
use platform::quota::{DayAccount, TableAccount};
use platform::table::{Item, Reading, key_of, number, packed_json, time};
use support::LocalTable;

#[tokio::test]
async fn the_ledger_on_the_table_keeps_every_rule_of_the_engines_store() {
    let local = LocalTable::start().await;
    match engine::conformance::run(&local.ledger(), "table").await {
        Ok(checks) => assert!(checks > 20, "only {checks} checks ran"),
        Err(findings) => panic!("the table breaks rules of the ledger:\n{}", findings.join("\n")),
    }
}

#[tokio::test]
async fn the_days_calls_of_all_processes_are_added_up_and_begin_anew_with_the_day() {
    let local = LocalTable::start().await;
    let account = |connection: &str| {
        let keys = Keys::of(&MerchantId::new("krus"));
        TableAccount::new(local.table.clone(), keys.quota(&ConnectionId::new(connection)))
    };
    let (one, other) = (account("books"), account("books"));
    let (today, tomorrow) = (date(2026, 11, 20), date(2026, 11, 21));
    assert_eq!(one.add(today, 250).await, Ok(250));
    assert_eq!(other.add(today, 250).await, Ok(500), "another process adds to the same day");
    assert_eq!(account("more-books").add(today, 250).await, Ok(250), "another connection has its own");
    assert_eq!(one.add(tomorrow, 10).await, Ok(10));
    assert_eq!(other.add(today, 250).await, Ok(250), "a day gone by is not counted on");
    assert_eq!(other.add(tomorrow, 5).await, Ok(15));
    let calls = local.calls.total();
    other.add(tomorrow, 5).await.expect("added");
    assert_eq!(local.calls.total() - calls, 1, "one write tells and counts");
}

#[tokio::test]
async fn what_a_gateway_says_again_is_not_written_again_and_is_dropped_when_it_is_old() {
    let local = LocalTable::start().await;
    let (ledger, merchant, gateway) = (local.ledger(), MerchantId::new("krus"), ConnectionId::new("gateway"));
    let day = |number: i64| at(number * 24 * 3_600);
    let link = |reference: &str, on: i64| OrderLink {
        connection: gateway.clone(),
        reference: reference.to_owned(),
        order: "1001".to_owned(),
        payment: "90001".to_owned(),
        learned_at: day(on),
    };
    let links = [link("a", 0), link("b", 30), link("c", 0), link("a", 0)];
    assert_eq!(ledger.put_links(&merchant, &links).await, Ok(3));
    let calls = local.calls.total();
    assert_eq!(ledger.put_links(&merchant, &links).await, Ok(0));
    assert_eq!(local.calls.total() - calls, 1, "what is known is read with one call, and nothing is written");
    let known = async || {
        let asked = ["a", "b", "c"].map(str::to_owned);
        let found = ledger.links(&merchant, std::slice::from_ref(&gateway), &asked).await.expect("links");
        found.into_iter().map(|link| link.reference).collect::<Vec<_>>()
    };
    let next = ledger.drop_old_links(&merchant, None, day(570)).await.expect("looked through");
    assert_eq!(known().await, ["a", "b", "c"], "the last day is not over");
    assert_eq!(ledger.drop_old_links(&merchant, next.as_deref(), day(570)).await, Ok(None), "it begins anew");
    let other = ledger.drop_old_links(&MerchantId::new("other"), None, day(900)).await;
    assert_eq!(other, Ok(None), "nothing of anybody else's");
    ledger.drop_old_links(&merchant, None, day(571)).await.expect("looked through");
    assert_eq!(known().await, ["b"]);
}

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + second)
}

fn transfer() -> TransferId {
    TransferId {
        merchant: MerchantId::new("krus"),
        source: "woocommerce:krus.example".to_owned(),
        kind: EntityKind::Order,
        entity: EntityId::new("1001"),
    }
}

/// A row whose personal part does not get smaller by packing.
fn row(fence: u64) -> LogEntry {
    let mut state = fence;
    let letters = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap_or(0))
    });
    LogEntry {
        public: PublicPart {
            schema: LOG_SCHEMA,
            fence,
            sequence: 1,
            at: at(0),
            kind: RowKind::Concluded,
            cause: Cause { why: Why::Webhook, body_hash: String::new(), received_at: at(0) },
            attempts: 1,
            settings_version: 1,
            planning: None,
            decision: "done".to_owned(),
            reason: None,
            warnings: Vec::new(),
            ordinal: 1,
            plan_hash: None,
            catalogue_hash: None,
            source_totals: None,
            target_totals: None,
            judged: Vec::new(),
            numbers: Vec::new(),
            calls: Vec::new(),
        },
        person: String::new(),
        personal: Some(PersonalPart {
            order: Some(letters.take(1_000).collect()),
            ..PersonalPart::default()
        }),
    }
}

async fn conclude(ledger: &Ledger, claim: u64, pointers: &[Pointer]) -> LogEntry {
    let second = i64::try_from(claim).expect("few claims") * 100;
    let claimed = ledger
        .claim(&Claim {
            transfer: transfer(),
            connection: ConnectionId::new("c"),
            token: claim.to_string(),
            now: at(second),
            lease_until: at(second + 60),
            body_hash: String::new(),
            early: false,
        })
        .await;
    let Ok(Claimed::Taken(head)) = claimed else { panic!("claim {claim}: {claimed:?}") };
    let log = row(head.fence);
    let conclusion = Conclusion {
        hold: Hold {
            transfer: transfer(),
            fence: head.fence,
            token: head.claim.clone(),
            now: at(second + 1),
        },
        status: Status::Done,
        facts: Vec::new(),
        trouble: None,
        attempts: 0,
        waits: 0,
        applied: None,
        plan_open: false,
        progress: head.progress.clone(),
        documents: Vec::new(),
        due_at: None,
        order: None,
        pointers: pointers.to_vec(),
        releases: Vec::new(),
        despite_word: false,
        log: Some(log.clone()),
        log_tail: head.log_tail.clone(),
    };
    ledger.conclude(&conclusion).await.expect("it is concluded");
    // A repeat whose first answer was lost changes nothing.
    ledger.conclude(&conclusion).await.expect("it is concluded once more");
    log
}

#[tokio::test]
async fn a_head_that_cannot_be_read_keeps_no_other_from_being_due() {
    let local = LocalTable::start().await;
    let ledger = local.ledger();
    let claim = Claim {
        transfer: transfer(),
        connection: ConnectionId::new("c"),
        token: "token".to_owned(),
        now: at(0),
        lease_until: at(60),
        body_hash: String::new(),
        early: false,
    };
    ledger.claim(&claim).await.expect("it is free");
    // The same head under a version that this one does not know, of another order of the same shard.
    let keys = Keys::of(&MerchantId::new("krus"));
    let shard = engine::store::due_shard(&transfer());
    let other = (1..).map(|entity| TransferId { entity: EntityId::new(entity.to_string()), ..transfer() });
    let other = other
        .filter(|other| *other != transfer())
        .find(|other| engine::store::due_shard(other) == shard)
        .expect("one");
    let mut item = local.table.get(&keys.head(&transfer())).await.expect("the table").expect("a head");
    item.extend(platform::table::key_of(&keys.head(&other)));
    item.insert("schema".to_owned(), platform::table::number(99));
    local.table.put(item).await.expect("it is put");
    let due = ledger.due(shard, at(100), 100, None).await.expect("a list");
    assert_eq!(due.items.into_iter().map(|due| due.transfer).collect::<Vec<_>>(), [transfer()]);
}

#[tokio::test]
async fn a_head_that_has_grown_gives_its_rows_away_and_the_trace_stays_whole() {
    let local = LocalTable::start().await;
    let ledger = local.ledger();
    let mut written = Vec::new();
    for claim in 1..=30 {
        written.push(conclude(&ledger, claim, &[]).await);
    }
    let trace = ledger.log(&transfer()).await.expect("the log");
    assert_eq!(trace.broken_at, None);
    assert!(trace.rows == written, "every row, once, in order");
    let keys = Keys::of(&MerchantId::new("krus"));
    let head = local.table.get(&keys.head(&transfer())).await.expect("the table").expect("a head");
    let rows = head.keys().filter(|name| name.starts_with('r') && name.contains('_')).count();
    assert!((1..=12).contains(&rows), "{rows} rows stand in the head");
}

#[tokio::test]
async fn what_fills_more_than_a_page_of_the_table_is_read_whole_where_all_of_it_is_wanted() {
    let local = LocalTable::start().await;
    let keys = Keys::of(&MerchantId::new("krus"));
    let partition = keys.head(&transfer()).partition;
    for number in 0..5 {
        let mut item = platform::table::key_of(&keys.log(&transfer(), &number.to_string()));
        item.insert("row".to_owned(), platform::table::bytes(vec![number; 300_000]));
        local.table.put(item).await.expect("it is put");
    }
    let page = local.table.range(&partition, "log#", "log#~").await.expect("a page");
    assert!(page.len() < 5, "a page ends at a megabyte: {}", page.len());
    let all = local.table.range_all(&partition, "log#", "log#~").await.expect("all of it");
    let rows: Vec<u8> = all.iter().map(|item| item["row"].as_b().expect("bytes").as_ref()[0]).collect();
    assert_eq!(rows, [0, 1, 2, 3, 4], "each once, in order");
}

#[tokio::test]
async fn every_number_that_a_transfer_ever_had_leads_to_it() {
    let local = LocalTable::start().await;
    let ledger = local.ledger();
    let pointers: Vec<Pointer> = [
        (PointerKind::OrderNumber, "1001"),
        (PointerKind::OrderNumber, "1001-B"),
        (PointerKind::DraftNumber, "7"),
        (PointerKind::InvoiceNumber, "10001"),
        (PointerKind::InvoiceNumber, "10002"),
    ]
    .map(|(kind, value)| Pointer { kind, value: value.to_owned() })
    .to_vec();
    for (claim, pointer) in (1..).zip(&pointers) {
        conclude(&ledger, claim, std::slice::from_ref(pointer)).await;
    }
    for pointer in &pointers {
        let found = ledger.find(&MerchantId::new("krus"), pointer).await.expect("a look-up");
        assert_eq!(found, [transfer()], "{pointer:?}");
    }
}

/// Says that the rows of a merchant's payouts were walked at a time.
fn walked(merchant: &MerchantId, at: Timestamp) -> Item {
    let mut item = key_of(&Keys::of(merchant).payouts_walked());
    item.insert("schema".to_owned(), number(1));
    item.insert("at".to_owned(), time(at));
    item
}

#[tokio::test]
async fn payouts_are_found_by_their_days_before_their_rows_are_believed_and_after() {
    let (merchant, other) = (MerchantId::new("krus"), MerchantId::new("other"));
    for long_ago in [false, true] {
        let local = LocalTable::start().await;
        if long_ago {
            local.table.put(walked(&merchant, Timestamp::UNIX_EPOCH)).await.expect("it is put");
        }
        let checked = conformance::check_rows(&local.ledger(), &merchant, &other).await;
        assert_eq!(checked, Ok(()), "walked long ago: {long_ago}");
    }
}

fn batch(payout: i8) -> BatchKey {
    BatchKey {
        acquirer: "stripe".to_owned(),
        account: "acct_1".to_owned(),
        batch: format!("po_{payout}"),
        currency: Currency::DKK,
    }
}

/// A payout of that number, a day of 2026 for each.
async fn keep(ledger: &Ledger, merchant: &MerchantId, payout: i8) {
    let id = PayoutId { merchant: merchant.clone(), key: batch(payout) };
    let mut record = conformance::record(&id, "a");
    record.figures.day = Some(date(2026, 1 + (payout - 1) / 28, 1 + (payout - 1) % 28));
    assert_eq!(ledger.insert_payout(&record).await, Ok(None));
}

/// As a version without rows left the payouts that it kept.
async fn lose_rows(local: &LocalTable, merchant: &MerchantId) {
    let partition = Keys::of(merchant).payouts_walked().partition;
    for row in local.table.range_all(&partition, " ", "v").await.expect("read") {
        let sort = row["sk"].as_s().expect("a text").clone();
        let key = platform::keys::ItemKey { partition: partition.clone(), sort };
        local.table.delete(&key).await.expect("it is gone");
    }
}

#[tokio::test]
async fn payouts_that_were_kept_without_rows_are_found_and_given_them() {
    let (local, merchant) = (LocalTable::start().await, MerchantId::new("krus"));
    let ledger = local.ledger();
    for payout in 1..=84 {
        keep(&ledger, &merchant, payout).await;
    }
    let file =
        conformance::record(&PayoutId { merchant: merchant.clone(), key: batch(1) }, "refused").original;
    let refused = IntakeRecord {
        schema: 1,
        merchant: merchant.clone(),
        flow: "payouts".to_owned(),
        file,
        outcome: IntakeOutcome::Refused { reason: domain::plan::Reason::new("report-empty") },
        earlier: Vec::new(),
        dismissed: None,
        erased_at: None,
    };
    ledger.put_intake(&refused).await.expect("it is kept");
    lose_rows(&local, &merchant).await;
    let march = (date(2026, 3, 1), date(2026, 3, 28));
    let found = async || {
        let (mut all, mut page, mut pages) = (Vec::new(), None::<String>, 0);
        loop {
            let answer = ledger.payouts_around(&merchant, Some("stripe"), march, page.as_deref()).await;
            let answer = answer.expect("it is read");
            pages += 1;
            all.extend(answer.items.into_iter().map(|record| record.id.key.batch));
            match answer.next {
                None => return (all.len(), all.contains(&"po_57".to_owned()), pages),
                next => page = next,
            }
        }
    };
    assert!(found().await.1, "all are read");
    // A process of before keeps one more, and is gone within the hour.
    keep(&ledger, &merchant, 85).await;
    lose_rows(&local, &merchant).await;
    assert!(found().await.1, "all are read again: nobody believes the rows yet");
    local.table.put(walked(&merchant, Timestamp::UNIX_EPOCH)).await.expect("an hour passes");
    assert_eq!(found().await, (28, true, 2), "those of the month, and none without a day");
    assert_eq!(found().await, (28, true, 2));
    let before = local.calls.total();
    let named = ledger.payouts_named(&merchant, "po_85").await.expect("it is read");
    assert_eq!(named.iter().map(|one| one.id.key.batch.as_str()).collect::<Vec<_>>(), ["po_85"]);
    let by_name = ledger.payouts_named(&merchant, &named[0].id.name()).await.expect("it is read");
    assert_eq!(by_name, named);
    assert!(local.calls.total() - before <= 8, "{} calls", local.calls.total() - before);
    assert_eq!(
        ledger.refused_files(&merchant).await.map(|all| all.len()),
        Ok(1),
        "a file that was refused before"
    );
    let by = FileDismissal { by: "anna".to_owned(), reason: "known".to_owned(), at: Timestamp::UNIX_EPOCH };
    let seen = IntakeRecord { dismissed: Some(by), ..refused };
    ledger.put_intake(&seen).await.expect("it is kept");
    assert_eq!(
        ledger.refused_files(&merchant).await.map(|all| all.len()),
        Ok(0),
        "somebody has looked at it"
    );
    let posted = ledger.payouts_posted(&merchant, (date(2026, 1, 1), date(2026, 12, 31))).await;
    assert_eq!(posted.map(|all| all.len()), Ok(0), "none is posted");
}

#[tokio::test]
async fn payouts_that_a_rolled_back_version_keeps_are_found_within_a_day_of_the_next_upgrade() {
    let (local, merchant) = (LocalTable::start().await, MerchantId::new("krus"));
    let (ledger, march) = (local.ledger(), (date(2026, 3, 1), date(2026, 3, 28)));
    let checked = async |at: Timestamp| {
        let mut item = walked(&merchant, Timestamp::UNIX_EPOCH);
        item.insert("believed".to_owned(), AttributeValue::Bool(true));
        item.insert("checked".to_owned(), time(at));
        local.table.put(item).await.expect("it is put");
    };
    let found = async || {
        let (mut all, mut page) = (Vec::new(), None::<String>);
        loop {
            let answer = ledger.payouts_around(&merchant, None, march, page.as_deref()).await;
            let answer = answer.expect("it is read");
            all.extend(answer.items.into_iter().map(|record| record.id.key.batch));
            match answer.next {
                None => return all,
                next => page = next,
            }
        }
    };
    keep(&ledger, &merchant, 57).await;
    keep(&ledger, &merchant, 58).await;
    // The version without rows keeps one more, and says another day of one that had its rows.
    let change = async |payout: i8, day: Option<Date>| {
        let id = PayoutId { merchant: merchant.clone(), key: batch(payout) };
        let key = Keys::of(&merchant).payout("stripe", "acct_1", &id.name());
        let mut item = local.table.get(&key).await.expect("read").expect("it is kept");
        match day {
            None => _ = item.remove("rows"),
            Some(day) => {
                let mut record = conformance::record(&id, "a");
                record.figures.day = Some(day);
                item.insert("record".to_owned(), packed_json(&record).expect("JSON"));
            }
        }
        local.table.put(item).await.expect("it is put");
    };
    keep(&ledger, &merchant, 1).await;
    change(1, Some(date(2026, 3, 20))).await;
    lose_rows(&local, &merchant).await;
    change(57, None).await;
    change(58, None).await;
    checked(Timestamp::now()).await;
    assert_eq!(found().await, Vec::<String>::new(), "nobody looks before a day has passed");
    let named = ledger.payouts_named(&merchant, "po_57").await.expect("it is read");
    assert_eq!(named.len(), 1, "by its name it is found at once");
    checked(Timestamp::UNIX_EPOCH).await;
    let mut all = found().await;
    all.sort();
    assert_eq!(all, ["po_1", "po_57", "po_58"]);
    // The next day nothing is missing, and nothing is written but how far it came.
    checked(Timestamp::UNIX_EPOCH).await;
    let before = local.calls.total();
    assert_eq!(found().await.len(), 3);
    assert!(local.calls.total() - before <= 12, "{} calls", local.calls.total() - before);
    let item =
        local.table.get(&Keys::of(&merchant).payouts_walked()).await.expect("read").expect("it is there");
    let at = Reading::of(&item, 1).and_then(|item| item.time("checked")).expect("a time");
    assert!(Timestamp::now().duration_since(at) < jiff::SignedDuration::from_mins(5), "{at}");
}
