//! The store of payouts on the local table and bucket keeps the rules that the one in memory keeps; and a payout of ten thousand
//! lines finds its documents among very many by looking up its keys.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use bogbro::local::deployment::TABLE;
use bogbro::local::{Host, HostConfig};
use domain::money::Currency;
use domain::payout::PayoutState;
use domain::{DocumentKind, EntityId, EntityKind, MerchantId, Money, Totals, TransferId};
use dynoxide::{AttributeValue, Database, ImportOptions, Item};
use engine::payouts::conformance;
use engine::store::{DocumentRecord, Pointer, PointerKind, Progress};
use jiff::Timestamp;
use platform::keys::{ItemKey, Keys};
use platform::operations::Operations;
use platform::table::packed_json;
use sandbox::demo;
use serde_json::{Value, json};

use crate::payouts;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order, source};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_on_the_table_keeps_the_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostConfig::without_functions(folder.path())).await.expect("the host starts");
    let operations = Operations::of_variables(&host.environment("operator")).await.expect("reached");
    for merchant in ["krus", "other"] {
        let books = json!({
            "id": format!("{merchant}-books-4h7d2k9x"), "name": "books", "system": "e-conomic", "agreement": "424242",
            "base-urls": { "rest": "http://127.0.0.1:9/rest", "openapi": "http://127.0.0.1:9/apis" },
        });
        let file = json!({ "id": merchant, "name": merchant, "connections": [books], "flows": [] });
        let put = operations.put_merchant(&file.to_string()).await;
        put.expect("files are sealed with the merchant's own key");
    }
    let (payouts, _) = operations.payouts().expect("the engine");
    let store = payouts.engine().payouts;
    let checked = conformance::check_all(store, &MerchantId::new("krus"), &MerchantId::new("other")).await;
    assert_eq!(checked, Ok(()));
    // An order's first number leads by an index, further ones by items of their own.
    for (kind, queries) in [(PointerKind::OrderNumber, 600), (PointerKind::Payment, 300)] {
        host.forget_calls();
        let keys: Vec<Pointer> = (0..300).map(|number| Pointer { kind, value: number.to_string() }).collect();
        let found = store.booked_under(&MerchantId::new("krus"), &keys).await;
        assert_eq!(found.map(|all| all.len()), Ok(0));
        let calls: u64 = host.calls().values().map(|count| count.calls).sum();
        assert_eq!(
            calls, queries,
            "keys that lead nowhere cost what is asked for them, and nothing is listed"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_was_numbered_anew_is_found_by_both_its_numbers() {
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    let stage = Stage::set(demo::world(), &shops).await;
    let mut order = plain_order(8601);
    order["line_items"][0]["sku"] = json!("A-NUMBER-THAT-IS-FAR-TOO-LONG-FOR-THE-BOOKS");
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    let held = stage.head(WOOCOMMERCE, "woocommerce", "8601").await.expect("it is known");
    assert!(held.documents.is_empty() && held.order_number == "8601", "{:?}", held.status);

    // A plugin numbers it, and its number in the shop is mended.
    let mut order = plain_order(8601);
    order["number"] = json!("W-8601");
    order["date_modified_gmt"] = json!(Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string());
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    for number in ["8601", "W-8601"] {
        let pointer = Pointer { kind: PointerKind::OrderNumber, value: number.to_owned() };
        let found = payouts.engine().payouts.booked_under(&MerchantId::new(MERCHANT), &[pointer]).await;
        let found = found.expect("it is looked up");
        assert_eq!(found.len(), 1, "{number}");
    }
}

/// Lines of the payout.
const LINES: u64 = 10_000;

/// How long is waited for the payout; nothing is asserted on time. A development build needs minutes for so many lines, and
/// several times as long where others work on the machine.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// Invoices in the table: a million, or what `BOGBRO_SCALE_INVOICES` says.
fn invoices() -> u64 {
    std::env::var("BOGBRO_SCALE_INVOICES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// What tells the head of one booked order from another's.
struct Booked {
    /// The shop's id of the order.
    entity: String,
    /// The order's number.
    order: String,
    /// The invoice.
    document: DocumentRecord,
    /// How far its plan came.
    progress: Progress,
}

impl Booked {
    /// One of many that never were in the shop.
    fn numbered(number: u64, like: &Progress) -> Booked {
        let kroner = |minor| Money::from_minor(minor, Currency::DKK);
        let document = DocumentRecord {
            ordinal: 1,
            kind: DocumentKind::BookedInvoice,
            number: 10_000_000 + number,
            totals: Totals { net: kroner(20_000), vat: kroner(5_000), gross: kroner(25_000) },
            adopted: false,
            on_gift_cards: None,
            date: Some(jiff::civil::date(2026, 11, 20)),
            made_at: None,
        };
        let totals = like.totals.as_ref().map(|_| document.totals);
        let progress = Progress { invoice: Some(document.number), totals, ..like.clone() };
        Booked { entity: format!("s{number}"), order: format!("S{number}"), document, progress }
    }

    /// Its head as the ledger writes it: another's that is booked alike, under this one's keys and with this one's invoice.
    fn head(&self, like: &Item) -> Item {
        let merchant = MerchantId::new(MERCHANT);
        let keys = Keys::of(&merchant);
        let invoice = self.document.number.to_string();
        let ItemKey { partition, sort } = keys.head(&transfer(&self.entity));
        let mut item = like.clone();
        let text = [
            ("pk", partition),
            ("sk", sort),
            ("order_key", keys.number_index("order", &self.order)),
            ("document_key", keys.number_index("invoice", &invoice)),
            ("order_number", self.order.clone()),
            ("progress", serde_json::to_string(&self.progress).expect("it is JSON")),
        ];
        item.extend(text.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))));
        item.insert("documents".to_owned(), packed(&[&self.document]));
        item.insert("total".to_owned(), packed(&self.document.totals.gross));
        item
    }
}

fn packed<T: serde::Serialize>(value: &T) -> AttributeValue {
    let value = packed_json(value).expect("it packs");
    AttributeValue::B(value.as_b().expect("packed JSON is bytes").as_ref().to_vec())
}

fn transfer(entity: &str) -> TransferId {
    TransferId {
        merchant: MerchantId::new(MERCHANT),
        source: source(WOOCOMMERCE, "woocommerce"),
        kind: EntityKind::Order,
        entity: EntityId::new(entity),
    }
}

/// Writes so many heads into the table's own file, on which no host runs meanwhile: a transaction for ten thousand, where the
/// table's requests take twenty-five at most. A head takes some 7 kB there, with its indexes. What a development build loses here
/// comes back with `--config profile.dev.package.libsqlite3-sys.opt-level=2`, the same for `dynoxide-rs` and `zstd-sys`.
fn fill(file: &Path, (like, booked): (&Item, &Booked), count: u64) {
    const AT_ONCE: usize = 10_000;
    let database = Database::new(file.to_str().expect("the path is UTF-8")).expect("the table opens");
    database.enable_bulk_loading().expect("it loads in bulk");
    std::thread::scope(|scope| {
        let (full, filled) = std::sync::mpsc::sync_channel::<Vec<Item>>(2);
        scope.spawn(move || {
            let numbers: Vec<u64> = (0..count).collect();
            for some in numbers.chunks(AT_ONCE) {
                let head = |number: &u64| Booked::numbered(*number, &booked.progress).head(like);
                let items = some.iter().map(head).collect();
                full.send(items).expect("they are taken");
            }
        });
        for items in filled {
            database.import_items(TABLE, items, ImportOptions::default()).expect("they are written");
        }
    });
    database.disable_bulk_loading().expect("it loads as before");
}

/// The head of an order that the functions booked, and the invoice in it.
async fn really_booked(stage: &Stage, entity: &str) -> (Item, Booked) {
    let head = stage.head(WOOCOMMERCE, "woocommerce", entity).await.expect("it is booked");
    let [document] = head.documents.as_slice() else { panic!("one document, not {:?}", head.documents) };
    let booked = Booked {
        entity: entity.to_owned(),
        order: head.order_number,
        document: document.clone(),
        progress: head.progress,
    };
    let ItemKey { partition, sort } = Keys::of(&MerchantId::new(MERCHANT)).head(&transfer(entity));
    let database = stage.host.data().join("table.sqlite");
    let database = Database::new(database.to_str().expect("UTF-8")).expect("the table opens");
    let key =
        serde_json::json!({ "TableName": TABLE, "Key": { "pk": { "S": partition }, "sk": { "S": sort } } });
    let found = database.get_item(serde_json::from_value(key).expect("a request")).expect("it is read");
    (found.item.expect("it is there"), booked)
}

/// Peak memory of a process in MB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// A stage whose table has so many booked invoices, and how long it took to fill it.
async fn filled(change: impl FnOnce(Value) -> Value, count: u64) -> (Stage, Duration) {
    let stage = Stage::set(demo::world(), &[]).await;
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    stage.configure_merchant(MERCHANT, change, &shops).await;
    stage.books_a_correct_order(WOOCOMMERCE, 7_900, "scale").await;
    let (like, booked) = really_booked(&stage, "7900").await;
    assert_eq!(booked.head(&like), like, "what is filled in is what the ledger wrote");
    let started = Instant::now();
    let stage = stage
        .restarted(false, |config| {
            crate::stage::by_hand(config);
            fill(&config.data.join("table.sqlite"), (&like, &booked), count);
        })
        .await;
    (stage, started.elapsed())
}

/// Peak memory of the function in MB.
fn memory(stage: &Stage) -> u64 {
    let functions = stage.host.functions();
    let own = functions.iter().filter(|status| status.name == "paymatch");
    own.flat_map(|status| status.processes.clone()).map(peak).max().unwrap_or(0)
}

/// How often the function called what.
fn calls(stage: &Stage) -> BTreeMap<String, u64> {
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for (key, count) in stage.host.calls() {
        if key.caller == "paymatch" {
            *calls.entry(key.operation).or_default() += count.calls;
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test -p bogbro --test flows ten_thousand_lines -- --ignored --nocapture"]
async fn ten_thousand_lines_find_their_invoices_by_their_keys() {
    let count = invoices();
    let (stage, filled) = filled(payouts::with_payouts, count).await;
    let step = (count / LINES).max(1);
    let orders: Vec<String> = (0..LINES).map(|line| format!("S{}", line * step)).collect();
    stage.host.forget_calls();
    let started = Instant::now();
    payouts::drop_file(&stage, "stripe", "po_scale.json", payouts::charges("po_scale", &orders));
    payouts::until_within(&stage, "it waits for approval", PATIENCE, || {
        payouts::in_state(&stage, 1, PayoutState::WaitingForApproval)
    })
    .await;
    let took = started.elapsed();
    let (memory, calls) = (memory(&stage), calls(&stage));
    #[expect(clippy::print_stdout, reason = "the figures are what is asked for")]
    {
        println!(
            "{LINES} lines against {count} invoices in the table ({filled:.0?} to fill it): matched, planned and with its statement in {took:.1?}, {memory} MB at the most, calls {calls:?}"
        );
    }
    let queries = calls.get("dynamodb:Query").copied().unwrap_or(0);
    assert!(queries <= 3 * LINES, "each key is looked up, and nothing is listed: {queries}");
    let record = payouts::records(&stage).await.remove(0);
    assert_eq!(record.figures.states.get("exact"), Some(&LINES), "{:?}", record.figures.states);
}

/// Lines of a very large payout: a million, or what `BOGBRO_SCALE_LINES` says.
fn many_lines() -> u64 {
    std::env::var("BOGBRO_SCALE_LINES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// Invoices that it pays, each by as many lines as the next: twenty thousand, or what `BOGBRO_SCALE_INVOICES` says.
fn paid_invoices() -> u64 {
    std::env::var("BOGBRO_SCALE_INVOICES").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

/// Memory that the function has, in MB.
const FUNCTION_MEMORY: u64 = 512;

/// Stripe's itemised report of so many charges, which pay these invoices of 250.00 whole, by as many charges each.
fn itemised(payout: &str, lines: u64, invoices: u64) -> String {
    const FEE: u64 = 10;
    let gross = 25_000 * invoices / lines;
    assert_eq!(gross * lines, 25_000 * invoices, "they are paid whole");
    let amount = |minor: u64| format!("{}.{:02}", minor / 100, minor % 100);
    let (net, charged) = (amount(gross - FEE), amount(gross));
    let mut text = "automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,reporting_category,source_id,payment_intent_id,charge_id,description,payment_metadata[order_id]\n".to_owned();
    for line in 0..lines {
        let order = line % invoices;
        text.push_str(&format!(
            "{payout},2026-11-25 00:00:00,txn_3QKrus{line:016},2026-11-20 10:22:31,2026-11-24 00:00:00,dkk,{charged},0.10,{net},charge,ch_3QKrus{line:016},pi_3QKrus{line:016},ch_3QKrus{line:016},Order S{order},S{order}\n"
        ));
    }
    let paid = amount((gross - FEE) * lines);
    text.push_str(&format!(
        "{payout},2026-11-25 00:00:00,txn_{payout},2026-11-25 00:00:00,2026-11-25 00:00:00,dkk,-{paid},0.00,-{paid},payout,{payout},,,STRIPE PAYOUT,\n"
    ));
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test -p bogbro --test flows a_million_lines -- --ignored --nocapture"]
async fn a_million_lines_go_through_the_function_in_its_memory() {
    let (lines, count) = (many_lines(), paid_invoices());
    let lump = |file| {
        let mut file = payouts::with_payouts(file);
        file["payouts"][0]["settings"]["model"] = json!("lump");
        file
    };
    let (stage, filled) = filled(lump, count).await;
    stage.host.forget_calls();
    let began = Instant::now();
    payouts::drop_file(&stage, "stripe", "po_large.csv", itemised("po_large", lines, count));
    payouts::until_within(&stage, "it is read and agrees with itself", PATIENCE, || async {
        !payouts::records(&stage).await.is_empty()
    })
    .await;
    let (read, read_memory) = (began.elapsed(), memory(&stage));
    payouts::until_within(&stage, "it waits for approval", 4 * PATIENCE, || {
        payouts::in_state(&stage, 1, PayoutState::WaitingForApproval)
    })
    .await;
    let (planned, planned_memory) = (began.elapsed(), memory(&stage));
    let record = payouts::records(&stage).await.remove(0);
    assert_eq!(record.figures.states.get("exact"), Some(&lines), "{:?}", record.figures.states);
    assert_eq!(record.plan.as_ref().map(|plan| plan.parts), Some(1), "one voucher of sums");

    let (operator, deadline) = stage.operations.payouts().expect("the engine");
    let shown = operator.engine().show(&record.id, true).await.expect("it is shown");
    assert_eq!((shown.lines.len(), shown.more_lines as u64), (1_000, lines - 1_000));
    let plan = shown.waits_for.expect("it can be approved");
    let work = operator.attempt(&record.id, deadline).expect("a token");
    let approved = operator.engine().approve(&work, "bogholder", &plan).await.expect("it is approved");
    operator.leave_work(&approved).await.expect("word is left");
    payouts::until_within(&stage, "it is posted", 4 * PATIENCE, || {
        payouts::in_state(&stage, 1, PayoutState::Posted)
    })
    .await;
    let (posted, peak) = (began.elapsed(), memory(&stage));
    #[expect(clippy::print_stdout, reason = "the figures are what is asked for")]
    {
        println!(
            "{lines} lines for {count} invoices ({filled:.0?} to fill the table): read after {read:.0?} ({read_memory} MB at the most), planned after {planned:.0?} ({planned_memory} MB), posted after {posted:.0?} ({peak} MB), calls {:?}",
            calls(&stage)
        );
    }
    assert!(peak <= FUNCTION_MEMORY, "{peak} MB");
    payouts::hledger_agrees(&stage.journal());
}
