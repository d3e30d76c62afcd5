//! What each kind of delivery of an order costs in calls: a lone one, the same bytes again after the queue has forgotten them,
//! and other bytes about an order that has not changed; and what each order cost with all the deliveries that its shop really sent.
//! Counted at the local host's AWS endpoint and at the stand-ins, with the real functions, over the captured orders
//! (`BOGBRO_CONTRACTS`) or, without them, the demo's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use bogbro::local::{Attempt, FunctionSpec, Verdict};
use domain::catalogue::Catalogue;
use engine::log::PlanningRecord;
use engine::store::Status;
use sandbox::{World, demo};
use serde_json::{Value, json};

use crate::report::Report;
use crate::stage::{Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order, signed};

/// The functions that a delivery goes through.
const OWN: [&str; 2] = ["webhook-intake", "order-processing"];
/// The size that an order of real size is nearest to, bytes.
const REAL_SIZE: usize = 4_096;
/// The log's lines have come through their pipe after this time.
const PIPE: Duration = Duration::from_millis(40);

/// One call by a function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The operation, such as `dynamodb:UpdateItem`.
    pub(crate) operation: String,
    /// A read of what a process believes for a minute: merchant, pauses, key. Counted apart.
    pub(crate) believed: bool,
    /// Bytes of the request.
    pub(crate) bytes: usize,
    message: Option<String>,
}

/// What one delivery cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spent {
    /// The calls to AWS by the functions' code.
    pub(crate) calls: Vec<Call>,
    /// Reads of outside systems.
    pub(crate) outside_reads: usize,
    /// Writes to outside systems.
    pub(crate) outside_writes: usize,
    /// Bytes of the functions' logs.
    pub(crate) log_bytes: u64,
    /// What the table's engine says was written, in thousandths of a write unit.
    pub(crate) table_writes: u64,
    /// What the table's engine says was read, in thousandths of a read unit.
    pub(crate) table_reads: u64,
}

/// The kinds of delivery of one order.
pub(crate) struct Played {
    id: String,
    /// Its first delivery.
    pub(crate) lone: Spent,
    /// The same bytes again.
    pub(crate) same: Spent,
    /// Other bytes about the same order.
    pub(crate) other: Spent,
    /// What its shop sent after the first, in its order.
    pub(crate) further: Vec<Spent>,
    done: bool,
}

/// What the plan of one order is made of.
pub(crate) struct Planned {
    /// The order as the shop sent it.
    pub(crate) raw: String,
    /// Settings, ids, day.
    pub(crate) record: PlanningRecord,
    /// The target.
    pub(crate) catalogue: Catalogue,
}

/// Everything that was counted.
pub(crate) struct Counted {
    /// Each order.
    pub(crate) orders: Vec<Played>,
    /// The order of real size.
    pub(crate) planned: Planned,
}

impl Call {
    fn of(attempt: &Attempt<'_>) -> Call {
        let body: Value = serde_json::from_slice(attempt.body).unwrap_or_default();
        let text = String::from_utf8_lossy(attempt.body);
        let of_merchant =
            ["#merchant\"", "\"connection#", "\"global\""].iter().any(|mark| text.contains(mark));
        Call {
            operation: attempt.operation.to_owned(),
            believed: attempt.operation == "kms:Decrypt" || (reads(attempt.operation) && of_merchant),
            bytes: attempt.body.len(),
            message: body["MessageBody"].as_str().map(str::to_owned),
        }
    }
}

/// Whether it is a read of the table.
pub(crate) fn reads(operation: &str) -> bool {
    matches!(operation, "dynamodb:GetItem" | "dynamodb:Query" | "dynamodb:BatchGetItem")
}

impl Spent {
    /// The calls that are not believed ones.
    pub(crate) fn own(&self) -> usize {
        self.calls.iter().filter(|call| !call.believed).count()
    }

    /// The calls that are.
    fn believed(&self) -> usize {
        self.calls.len() - self.own()
    }

    fn add(&mut self, more: Spent) {
        self.calls.extend(more.calls);
        self.outside_reads += more.outside_reads;
        self.outside_writes += more.outside_writes;
        self.log_bytes += more.log_bytes;
        self.table_writes += more.table_writes;
        self.table_reads += more.table_reads;
    }
}

/// Sees all calls of the functions and all requests to the stand-ins.
struct Watch<'a> {
    stage: &'a Stage,
    calls: Arc<Mutex<Vec<Call>>>,
    logged: u64,
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
        Watch { stage, calls, logged: 0 }
    }

    /// Everything since the last time it was asked.
    async fn spent(&mut self) -> Spent {
        tokio::time::sleep(PIPE).await;
        let file = |name: &str| self.stage.host.data().join("logs").join(format!("{name}.log"));
        let size = |name: &str| std::fs::metadata(file(name)).map_or(0, |file| file.len());
        let logged: u64 = OWN.iter().map(|name| size(name)).sum();
        let log_bytes = logged.saturating_sub(self.logged);
        self.logged = logged;
        let mut world = self.stage.world();
        let writes = world.log.iter().filter(|logged| logged.operation.is_write()).count();
        let reads = world.log.len() - writes;
        world.log.clear();
        let calls = std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        drop(world);
        let (table_writes, table_reads) = self.table_units();
        Spent { calls, outside_reads: reads, outside_writes: writes, log_bytes, table_writes, table_reads }
    }

    /// The table's capacity that the two functions have used since the last time it was asked.
    fn table_units(&self) -> (u64, u64) {
        let counts = self.stage.host.calls();
        self.stage.host.forget_calls();
        let own = counts.iter().filter(|(key, _)| OWN.contains(&key.caller.as_str()));
        own.fold((0, 0), |(writes, read), (key, count)| match reads(&key.operation) {
            true => (writes, read + count.table_units),
            false => (writes + count.table_units, read),
        })
    }

    async fn deliver(&mut self, body: Vec<u8>) -> anyhow::Result<Spent> {
        let status = self.stage.deliver(WOOCOMMERCE, &signed(&body), body).await;
        ensure!(status == 200, "a delivery was answered {status}");
        self.stage.rest().await;
        Ok(self.spent().await)
    }

    /// All kinds of delivery of an order.
    async fn play(&mut self, order: &Order) -> anyhow::Result<Played> {
        let Order { id, first: body, .. } = order;
        self.stage.show(body);
        let lone = self.deliver(body.clone().into_bytes()).await?;
        let message =
            lone.calls.iter().find_map(|call| call.message.clone()).context("no message was sent")?;
        let head = self.stage.head(WOOCOMMERCE, "woocommerce", id).await.context("no transfer stands")?;
        self.spent().await;
        // The queue drops the same bytes; the function sees them once more when the queue has forgotten them.
        let mut same = self.deliver(body.clone().into_bytes()).await?;
        self.stage.host.invoke(OWN[1], record(&message)).await?;
        same.add(self.spent().await);
        let other = self.deliver(format!("{body}\n").into_bytes()).await?;
        let mut further = Vec::new();
        for body in &order.further {
            self.stage.show(body);
            further.push(self.deliver(body.clone().into_bytes()).await?);
        }
        Ok(Played { id: id.clone(), lone, same, other, further, done: head.status == Status::Done })
    }
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

/// An order as its shop sent it.
struct Order {
    id: String,
    first: String,
    further: Vec<String>,
}

/// One kind of delivery of an order.
type Kind = fn(&Played) -> &Spent;

/// The orders, the world they are played in, and what they are called.
fn orders() -> anyhow::Result<(Vec<Order>, World, &'static str)> {
    let mut world = demo::world();
    let Some(contracts) = std::env::var_os("BOGBRO_CONTRACTS").map(std::path::PathBuf::from) else {
        let texts = demo::woocommerce_orders().into_iter().map(|(_, text)| text);
        let order = |first: String| -> anyhow::Result<Order> {
            let id = serde_json::from_str::<Value>(&first)?["id"].to_string();
            Ok(Order { id, first, further: Vec::new() })
        };
        return Ok((texts.map(order).collect::<anyhow::Result<_>>()?, world, "the demo's orders"));
    };
    world.agreements.insert(demo::AGREEMENT.to_owned(), demo::agreement_for_captures());
    let mut found: Vec<Order> = Vec::new();
    // The files are numbered as they were delivered.
    for file in tests::files_below(&contracts.join("webshops/woocommerce/captured"), ".body") {
        let text = std::fs::read_to_string(&file)?;
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        if value["line_items"].is_array() {
            let id = value["id"].to_string();
            match found.iter_mut().find(|order| order.id == id) {
                Some(order) => order.further.push(text),
                None => found.push(Order { id, first: text, further: Vec::new() }),
            }
        }
    }
    Ok((found, world, "the captured orders"))
}

/// Plays every order and counts.
pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<Counted> {
    let (orders, world, what) = orders()?;
    let own = std::env::current_exe()?;
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    let stage = Stage::set_with(world, &shops, |config| {
        // The clock's functions would mix their own calls in.
        config.functions = FunctionSpec::deployed_by(&own);
        config.functions.retain(|function| OWN.contains(&function.name.as_str()));
    })
    .await;
    let mut watch = Watch::start(&stage);
    // A first delivery warms the processes: what they believe for a minute is read now.
    stage.send_order(WOOCOMMERCE, &plain_order(999_001)).await;
    stage.rest().await;
    let warming = watch.spent().await;
    let mut played = Vec::new();
    for order in &orders {
        played.push(watch.play(order).await.with_context(|| format!("order {}", order.id))?);
    }
    print(report, &played, what);
    report.figure(
        "calls more of a process's first delivery in a minute (merchant, pauses, key)",
        warming.believed().to_string(),
    );
    print_each(report, &played);
    let planned = planned(&stage, &orders, &played).await?;
    stage.host.stop().await;
    Ok(Counted { orders: played, planned })
}

fn print(report: &mut Report, played: &[Played], what: &str) {
    report.section(&format!("Calls of {what} ({}), by the functions' code", played.len()));
    let most = |count: fn(&Played) -> usize| played.iter().map(count).max().unwrap_or_default() as f64;
    report.goal("AWS calls of a lone delivery, at the most", most(|one| one.lone.own()), 5.0, "");
    report.goal("AWS calls of a byte-equal duplicate, at the most", most(|one| one.same.own()), 2.0, "");
    let outside = |spent: &Spent| spent.outside_reads + spent.outside_writes;
    report.goal(
        "outside calls of a byte-equal duplicate",
        most(|one| one.same.outside_reads + one.same.outside_writes),
        0.0,
        "",
    );
    report.goal(
        "outside reads of another duplicate, at the most",
        most(|one| one.other.outside_reads),
        1.0,
        "",
    );
    report.goal("outside writes of another duplicate", most(|one| one.other.outside_writes), 0.0, "");
    let mean = |count: &dyn Fn(&Played) -> u64| {
        played.iter().map(count).sum::<u64>() as f64 / played.len().max(1) as f64
    };
    let lines: [(&str, Kind); 3] = [
        ("lone", |one| &one.lone),
        ("byte-equal duplicate", |one| &one.same),
        ("other duplicate", |one| &one.other),
    ];
    for (name, of) in lines {
        report.figure(
            &format!("{name}: mean AWS calls / outside calls / log bytes"),
            format!(
                "{:.1} / {:.1} / {:.0}",
                mean(&|one| of(one).own() as u64),
                mean(&|one| outside(of(one)) as u64),
                mean(&|one| of(one).log_bytes)
            ),
        );
        report.figure(
            &format!("{name}: mean units of the table, written / read"),
            format!(
                "{:.2} / {:.2}",
                mean(&|one| of(one).table_writes) / 1_000.0,
                mean(&|one| of(one).table_reads) / 1_000.0
            ),
        );
    }
}

/// A line for each order, with all its deliveries.
fn print_each(report: &mut Report, played: &[Played]) {
    report.section(
        "Each order with all its deliveries: AWS calls / outside reads, writes / log bytes / units written",
    );
    for one in played {
        let mut all = one.lone.clone();
        one.further.iter().cloned().for_each(|more| all.add(more));
        report.figure(
            &format!("order {}, deliveries {}", one.id, 1 + one.further.len()),
            format!(
                "{} / {}, {} / {} / {:.1}",
                all.calls.len(),
                all.outside_reads,
                all.outside_writes,
                all.log_bytes,
                all.table_writes as f64 / 1_000.0
            ),
        );
    }
}

/// The transferred order that is nearest to a real size, with what its plan was made of.
async fn planned(stage: &Stage, orders: &[Order], played: &[Played]) -> anyhow::Result<Planned> {
    let done = orders.iter().zip(played).filter(|(_, one)| one.done);
    let order = done.map(|(order, _)| order).min_by_key(|order| order.first.len().abs_diff(REAL_SIZE));
    let id = &order.context("no order was transferred")?.id;
    let view = stage.transfer(WOOCOMMERCE, "woocommerce", id).await;
    // What its first delivery was planned by: the shop told of each of them again.
    let found = view.trace.rows.into_iter().find_map(|row| {
        let record = row.public.planning?;
        let personal = row.personal?;
        Some(Planned { raw: personal.order?, record, catalogue: personal.catalogue? })
    });
    found.context("the log does not hold what the plan was made of")
}
