//! What a delivery costs: calls to AWS by the functions' own code, and requests to the outside, for a lone delivery, for the
//! same bytes again, and for other bytes about an order that has not changed.
//!
//! What a process reads to know whom it works for (the merchant's record, its pauses, its key) is believed for a minute by
//! every delivery of that minute and counted apart. A delivery that comes again within five minutes is dropped by the queue
//! itself; so the message is given to the function once more by hand, as it comes when the queue has forgotten it.

use std::sync::{Arc, Mutex, PoisonError};

use bogbro::local::{Attempt, Verdict};
use engine::store::Status;
use sandbox::demo;
use serde_json::{Value, json};

use crate::stage::{Shop, Stage, WOOCOMMERCE, by_policies, oracle_settings, signed};

/// The functions that a delivery goes through.
const OWN: [&str; 2] = ["webhook-intake", "order-processing"];

/// One call by a function.
#[derive(Clone, Debug)]
struct Call {
    operation: String,
    /// Of what is believed for a minute.
    believed: bool,
    /// The message, when it puts one on a queue.
    message: Option<String>,
}

impl Call {
    fn of(attempt: &Attempt<'_>) -> Call {
        let body: Value = serde_json::from_slice(attempt.body).unwrap_or_default();
        let text = String::from_utf8_lossy(attempt.body);
        let of_merchant =
            ["#merchant\"", "\"connection#", "\"global\""].iter().any(|mark| text.contains(mark));
        let reads =
            matches!(attempt.operation, "dynamodb:GetItem" | "dynamodb:Query" | "dynamodb:BatchGetItem");
        Call {
            operation: attempt.operation.to_owned(),
            believed: attempt.operation == "kms:Decrypt" || (reads && of_merchant),
            message: body["MessageBody"].as_str().map(str::to_owned),
        }
    }

    fn reads(&self) -> bool {
        let name = self.operation.split(':').next_back().unwrap_or_default();
        ["Get", "Query", "BatchGet", "Scan", "Decrypt"].iter().any(|read| name.starts_with(read))
    }
}

/// Sees all calls of the functions and all requests to the stand-ins.
struct Watch<'a> {
    stage: &'a Stage,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// What one delivery cost.
#[derive(Default)]
struct Cost {
    calls: Vec<Call>,
    outside_reads: usize,
    outside_writes: usize,
}

impl Cost {
    fn own(&self) -> usize {
        self.calls.iter().filter(|call| !call.believed).count()
    }

    fn reads(&self) -> usize {
        self.calls.iter().filter(|call| !call.believed && call.reads()).count()
    }

    fn believed(&self) -> usize {
        self.calls.len() - self.own()
    }

    fn names(&self) -> Vec<&str> {
        self.calls.iter().filter(|call| !call.believed).map(|call| call.operation.as_str()).collect()
    }
}

impl<'a> Watch<'a> {
    fn start(stage: &'a Stage) -> Watch<'a> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        stage.host.on_call(Some(Arc::new(move |attempt: &Attempt<'_>| {
            if OWN.contains(&attempt.caller) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(Call::of(attempt));
            }
            Verdict::Pass
        })));
        Watch { stage, calls }
    }

    /// Everything since the last time it was asked.
    fn cost(&self) -> Cost {
        let mut world = self.stage.world();
        let writes = world.log.iter().filter(|logged| logged.operation.is_write()).count();
        let reads = world.log.len() - writes;
        world.log.clear();
        let calls = std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        Cost { calls, outside_reads: reads, outside_writes: writes }
    }
}

/// An order: its id, and the delivery as it came.
struct Order {
    id: String,
    body: Vec<u8>,
}

/// The captured orders in the state of their first delivery; without the contracts, the demo's, each with the settings and
/// the books that they are meant for.
fn orders() -> (Vec<Order>, sandbox::World, Value) {
    let demo_orders = || -> Vec<Order> {
        let texts = demo::woocommerce_orders().into_iter().map(|(_, text)| text);
        texts.map(|text| order(text.into_bytes())).collect()
    };
    let mut world = demo::world();
    let Some(contracts) = tests::contracts("calls per captured delivery (the demo's orders are counted)")
    else {
        return (demo_orders(), world, crate::night::demo_settings());
    };
    let settings = oracle_settings("woocommerce");
    world.agreements.insert(demo::AGREEMENT.to_owned(), demo::agreement_for_captures());
    let folder = contracts.join("webshops/woocommerce/captured");
    let mut found: Vec<Order> = Vec::new();
    for file in tests::files_below(&folder, ".body") {
        let body = std::fs::read(&file).expect("a captured body");
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        let fresh = |id: &str| found.iter().all(|order| order.id != id);
        if value["line_items"].is_array() && fresh(&value["id"].to_string()) {
            found.push(order(body));
        }
    }
    assert!(found.len() >= 18, "the captures hold 18 orders, {} were found", found.len());
    (found, world, settings)
}

fn order(body: Vec<u8>) -> Order {
    let value: Value = serde_json::from_slice(&body).expect("an order is JSON");
    Order { id: value["id"].to_string(), body }
}

/// The row of one order in the printed table.
struct Row {
    order: String,
    decision: String,
    lone: Cost,
    same: Cost,
    other: Cost,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_costs_five_calls_a_duplicate_two_and_news_of_nothing_one_read() {
    let (orders, world, settings) = orders();
    // The clock's functions would mix their own calls in.
    let stage = Stage::set_with(world, &[Shop::woocommerce(settings)], |config| {
        by_policies(config);
        config.functions.retain(|function| OWN.contains(&function.name.as_str()));
    })
    .await;
    let watch = Watch::start(&stage);
    // A first delivery warms the processes: what they believe for minutes is read now.
    stage.send_order(WOOCOMMERCE, &crate::stage::plain_order(999_001)).await;
    stage.rest().await;
    watch.cost();
    let mut rows = Vec::new();
    for order in &orders {
        rows.push(play(&stage, &watch, order).await);
    }
    print(&rows);
    for row in &rows {
        row.check();
    }
    let booked = rows.iter().filter(|row| row.decision == "done").count();
    assert!(booked * 2 > rows.len(), "most orders are transferred, {booked} of {} were", rows.len());
}

async fn play(stage: &Stage, watch: &Watch<'_>, order: &Order) -> Row {
    stage.show(std::str::from_utf8(&order.body).expect("UTF-8"));
    let lone = deliver(stage, watch, order.body.clone()).await;
    let message = lone.calls.iter().find_map(|call| call.message.clone()).expect("a message was sent");
    let head = stage.head(WOOCOMMERCE, "woocommerce", &order.id).await.expect("the transfer stands");
    let before = (head.status.clone(), head.documents.clone());
    watch.cost();

    // The queue drops the same bytes; the function sees them once more when the queue has forgotten them.
    let mut same = deliver(stage, watch, order.body.clone()).await;
    let answer = stage.host.invoke("order-processing", record(&message)).await.expect("it is taken");
    let answer: Value = serde_json::from_slice(&answer).expect("an answer");
    assert_eq!(answer["batchItemFailures"], json!([]), "order {}", order.id);
    let again = watch.cost();
    same.outside_reads += again.outside_reads;
    same.outside_writes += again.outside_writes;
    same.calls.extend(again.calls);

    let mut bytes = order.body.clone();
    bytes.push(b'\n');
    let other = deliver(stage, watch, bytes).await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", &order.id).await.expect("the transfer stands");
    assert_eq!(before, (head.status.clone(), head.documents.clone()), "order {}", order.id);
    watch.cost();
    Row { order: order.id.clone(), decision: decision(&head.status), lone, same, other }
}

fn decision(status: &Status) -> String {
    match status.code() {
        Some(code) => format!("{}: {code}", status.word()),
        None => status.word().to_owned(),
    }
}

async fn deliver(stage: &Stage, watch: &Watch<'_>, body: Vec<u8>) -> Cost {
    assert_eq!(stage.deliver(WOOCOMMERCE, &signed(&body), body).await, 200);
    stage.rest().await;
    watch.cost()
}

/// The event that brings one message to the function.
fn record(message: &str) -> Vec<u8> {
    let record = json!({
        "messageId": "by-hand", "receiptHandle": "by-hand", "body": message, "attributes": {"MessageGroupId": "by-hand"},
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-north-1:000000000000:orders.fifo", "awsRegion": "eu-north-1",
    });
    json!({ "Records": [record] }).to_string().into_bytes()
}

impl Row {
    fn check(&self) {
        let Row { order, lone, same, other, .. } = self;
        assert!(lone.own() <= 5, "order {order}: a lone delivery cost {:?}", lone.names());
        assert!(lone.reads() <= 1, "order {order}: a lone delivery read {:?}", lone.names());
        assert!(same.own() <= 2, "order {order}: the same bytes cost {:?}", same.names());
        assert_eq!(
            (same.outside_reads, same.outside_writes),
            (0, 0),
            "order {order}: the same bytes went outside"
        );
        assert!(other.outside_reads <= 1, "order {order}: news of nothing read {}", other.outside_reads);
        assert_eq!(other.outside_writes, 0, "order {order}: news of nothing wrote");
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the test is for")]
fn print(rows: &[Row]) {
    println!(
        "calls by function code; [outside reads/writes]; what is believed for a minute is counted apart"
    );
    println!(
        "{:>12}  {:<34} {:>12} {:>12} {:>12} {:>9}",
        "order", "decision", "lone", "same bytes", "other bytes", "believed"
    );
    for row in rows {
        let cell = |cost: &Cost| format!("{} [{}/{}]", cost.own(), cost.outside_reads, cost.outside_writes);
        let believed = row.lone.believed() + row.same.believed() + row.other.believed();
        println!(
            "{:>12}  {:<34} {:>12} {:>12} {:>12} {:>9}",
            row.order,
            row.decision,
            cell(&row.lone),
            cell(&row.same),
            cell(&row.other),
            believed
        );
    }
}
