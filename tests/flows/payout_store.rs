//! The store of payouts on the local table and bucket keeps the rules that the one in memory keeps; and a payout of ten thousand
//! lines finds its documents among very many by looking up its keys.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use bogbro::local::{Host, HostConfig};
use domain::money::Currency;
use domain::payout::PayoutState;
use domain::{DocumentKind, EntityId, EntityKind, MerchantId, Money, Totals, TransferId};
use engine::payouts::conformance;
use engine::store::{DocumentRecord, Pointer, PointerKind};
use platform::keys::{ItemKey, Keys};
use platform::operations::Operations;
use platform::table::packed_json;
use sandbox::demo;

use crate::payouts;
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, source};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_on_the_table_keeps_the_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::start(HostConfig::without_functions(folder.path())).await.expect("the host starts");
    let operations = Operations::of_variables(&host.environment("operator")).await.expect("reached");
    let (payouts, _) = operations.payouts().expect("the engine");
    let store = payouts.engine().payouts;
    let checked = conformance::check_all(store, &MerchantId::new("krus"), &MerchantId::new("other")).await;
    assert_eq!(checked, Ok(()));
    for kind in [PointerKind::OrderNumber, PointerKind::Payment] {
        host.forget_calls();
        let keys: Vec<Pointer> = (0..300).map(|number| Pointer { kind, value: number.to_string() }).collect();
        let found = store.booked_under(&MerchantId::new("krus"), &keys).await;
        assert_eq!(found.map(|all| all.len()), Ok(0));
        let calls: u64 = host.calls().values().map(|count| count.calls).sum();
        assert_eq!(calls, 300, "a key that leads nowhere costs one query, and nothing is listed");
    }
}

/// Lines of the payout.
const LINES: u64 = 10_000;

/// How long the payout may take: a development build needs minutes for so many lines.
const PATIENCE: Duration = Duration::from_secs(300);

/// Invoices in the table: a million, or what `BOGBRO_SCALE_INVOICES` says.
fn invoices() -> u64 {
    std::env::var("BOGBRO_SCALE_INVOICES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// Copies of a booked order's head, each under a number of its own.
async fn fill(stage: &Stage, like: &HashMap<String, AttributeValue>, client: &Client, count: u64) {
    let merchant = MerchantId::new(MERCHANT);
    let item = |number: u64| {
        let transfer = TransferId {
            merchant: merchant.clone(),
            source: source(WOOCOMMERCE, "woocommerce"),
            kind: EntityKind::Order,
            entity: EntityId::new(format!("s{number}")),
        };
        let keys = Keys::of(&merchant);
        let (order, invoice) = (format!("S{number}"), 10_000_000 + number);
        let text = |value: String| AttributeValue::S(value);
        let mut item = like.clone();
        let ItemKey { partition, sort } = keys.head(&transfer);
        item.insert("pk".to_owned(), text(partition));
        item.insert("sk".to_owned(), text(sort));
        item.insert("order_key".to_owned(), text(keys.number_index("order", &order)));
        item.insert("document_key".to_owned(), text(keys.number_index("invoice", &invoice.to_string())));
        item.insert("order_number".to_owned(), text(order));
        let kroner = |minor| Money::from_minor(minor, Currency::DKK);
        let totals = Totals { net: kroner(20_000), vat: kroner(5_000), gross: kroner(25_000) };
        let documents = [DocumentRecord {
            ordinal: 1,
            kind: DocumentKind::BookedInvoice,
            number: invoice,
            totals,
            adopted: false,
            date: Some(jiff::civil::date(2026, 11, 20)),
        }];
        item.insert("documents".to_owned(), packed_json(&documents).expect("it packs"));
        // What is larger, and nobody reads here, would only fill the disk.
        item.retain(|name, _| !name.starts_with("log_row") && name != "rows" && name != "person");
        item
    };
    let table = stage.host.environment("operator")["BOGBRO_TABLE"].clone();
    let numbers: Vec<u64> = (0..count).collect();
    let batches = numbers.chunks(25).map(<[u64]>::to_vec).collect::<Vec<_>>();
    futures_like(batches, 8, |batch| {
        let (client, table) = (client.clone(), table.clone());
        let requests: Vec<WriteRequest> = batch
            .iter()
            .map(|number| {
                let put = PutRequest::builder().set_item(Some(item(*number))).build().expect("a put");
                WriteRequest::builder().put_request(put).build()
            })
            .collect();
        async move {
            let answer = client.batch_write_item().request_items(&table, requests).send().await;
            let left = answer.expect("the items are written").unprocessed_items.unwrap_or_default();
            assert!(left.is_empty(), "some were not written");
        }
    })
    .await;
}

/// Runs these, so many at a time.
async fn futures_like<T, F, Fut>(work: Vec<T>, at_a_time: usize, run: F)
where
    F: Fn(T) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut tasks = tokio::task::JoinSet::new();
    for one in work {
        while tasks.len() >= at_a_time {
            tasks.join_next().await.expect("there are tasks").expect("it ran");
        }
        tasks.spawn(run(one));
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("it ran");
    }
}

/// Peak memory of a process in MB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test -p bogbro --test flows ten_thousand_lines -- --ignored --nocapture"]
async fn ten_thousand_lines_find_their_invoices_by_their_keys() {
    let stage = Stage::set_with(demo::world(), &[], crate::night::by_hand).await;
    stage
        .configure_merchant(
            MERCHANT,
            payouts::with_payouts,
            &[Shop::woocommerce(oracle_settings("woocommerce"))],
        )
        .await;
    stage.books_a_correct_order(WOOCOMMERCE, 7_900, "scale").await;
    let client = client(&stage).await;
    let like = {
        let transfer = TransferId {
            merchant: MerchantId::new(MERCHANT),
            source: source(WOOCOMMERCE, "woocommerce"),
            kind: EntityKind::Order,
            entity: EntityId::new("7900"),
        };
        let key = Keys::of(&transfer.merchant).head(&transfer);
        let found = client
            .get_item()
            .table_name(&stage.host.environment("operator")["BOGBRO_TABLE"])
            .key("pk", AttributeValue::S(key.partition))
            .key("sk", AttributeValue::S(key.sort))
            .send()
            .await;
        found.expect("it is read").item.expect("it is booked")
    };
    let count = invoices();
    let started = Instant::now();
    fill(&stage, &like, &client, count).await;
    let filled = started.elapsed();
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
    let memory: u64 = stage
        .host
        .functions()
        .iter()
        .filter(|status| status.name == "paymatch")
        .flat_map(|status| status.processes.clone())
        .map(peak)
        .max()
        .unwrap_or(0);
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for (key, count) in stage.host.calls() {
        if key.caller == "paymatch" {
            *calls.entry(key.operation).or_default() += count.calls;
        }
    }
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

/// A client of the stage's table.
async fn client(stage: &Stage) -> Client {
    let variables = stage.host.environment("operator");
    let config = aws_config::defaults(aws_config::BehaviorVersion::v2026_01_12())
        .endpoint_url(&variables["AWS_ENDPOINT_URL"])
        .region(aws_sdk_dynamodb::config::Region::new(variables["AWS_REGION"].clone()))
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
            &variables["AWS_ACCESS_KEY_ID"],
            &variables["AWS_SECRET_ACCESS_KEY"],
            None,
            None,
            "test",
        ))
        .load()
        .await;
    Client::new(&config)
}
