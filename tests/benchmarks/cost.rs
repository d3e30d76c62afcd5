//! What 1,000 orders cost on AWS, reckoned from the counted calls.
//!
//! Reckoned in nano-dollars (10^-9 USD), whole numbers. The prices are an assumption: public list prices of eu-north-1
//! without free tier as known on the date below, written down here and fetched from nowhere.

use std::time::Duration;

use crate::calls::{Call, Counted, Played, Spent};
use crate::report::Report;

/// The day whose list prices are assumed.
const PRICE_DATE: &str = "2025-06-01";
/// The region.
const REGION: &str = bogbro::local::deployment::REGION;

/// Prices in nano-dollars.
struct Prices {
    /// DynamoDB on demand, one write request unit (1 KB, twice that in a transaction).
    table_write: u64,
    /// One read request unit (4 KB, strongly consistent).
    table_read: u64,
    /// One SQS FIFO request (64 KB).
    queue_request: u64,
    /// One Lambda request.
    function_request: u64,
    /// One GB-second of Lambda, x86.
    gigabyte_second: u64,
    /// One request to an HTTP API.
    gateway_request: u64,
    /// One S3 PUT.
    file_write: u64,
    /// One S3 GET.
    file_read: u64,
    /// One KMS request.
    key_request: u64,
    /// One mail by SES.
    mail: u64,
    /// One kilobyte of log taken in by CloudWatch.
    log_kilobyte: u64,
}

/// The one table of prices.
const PRICES: Prices = Prices {
    table_write: 670,
    table_read: 134,
    queue_request: 500,
    function_request: 200,
    gigabyte_second: 16_667,
    gateway_request: 1_050,
    file_write: 5_000,
    file_read: 400,
    key_request: 3_000,
    mail: 100_000,
    log_kilobyte: 540,
};

/// The functions' memory as the template has it, MB.
const MEMORY: u64 = 256;
/// What an order's requests to the outside are waited for, all together.
const VENDOR_WAIT: Duration = Duration::from_millis(1_200);
/// The functions' own work on an order beside the waiting, assumed.
const OWN_WORK: Duration = Duration::from_millis(30);
/// Orders whose cost is told.
const ORDERS: u64 = 1_000;
/// Mails that 1,000 orders cause: a shop of that size gets its daily report.
const MAILS: u64 = 1;

/// Puts the cost of 1,000 orders into the report.
pub(crate) fn reckon(report: &mut Report, counted: &Counted, intake: Duration) {
    let count = counted.orders.len().max(1) as u64;
    let mean = |cost: &dyn Fn(&Played) -> u64| ORDERS * counted.orders.iter().map(cost).sum::<u64>() / count;
    let lone = mean(&|one| requests(&one.lone));
    let table = mean(&|one| table_cost(&one.lone));
    let all = |one: &Played, cost: &dyn Fn(&Spent) -> u64| {
        cost(&one.lone) + one.further.iter().map(cost).sum::<u64>()
    };
    let captured = mean(&|one| all(one, &requests));
    let deliveries: usize = counted.orders.iter().map(|one| 1 + one.further.len()).sum();
    let waiting = mean(&|one| all(one, &|spent| time(intake) + time(waited(spent))));
    let logs = mean(&|one| all(one, &|spent| spent.log_bytes * PRICES.log_kilobyte / 1_000));
    report.section(&format!(
        "Cost of 1,000 orders, {REGION}, list prices assumed as of {PRICE_DATE} (not fetched), no free tier"
    ));
    report.goal("requests only, one delivery an order", dollars(lone), 0.007, " USD");
    report.figure("  of that the table's units", format!("{:.4} USD", dollars(table)));
    report.figure("  of that gateway, functions and queue", format!("{:.4} USD", dollars(lone - table)));
    report.figure(
        &format!("requests only, {deliveries} deliveries of {count} orders"),
        format!("{:.4} USD", dollars(captured)),
    );
    let whole = captured + waiting + logs + MAILS * PRICES.mail;
    report.figure(
        "all-in: those, 1.2 s vendor wait at 256 MB, logs, a mail",
        format!("{:.4} USD", dollars(whole)),
    );
    report
        .note("the table's units as its engine reckons them; what is believed for a minute is in it where it was read");
    report
        .note("not in it: idle polling of the queues, storage, alarms, the clock's functions, data transfer");
}

/// What a delivery keeps the function waiting: one that only reads the order waits for one answer of some four.
fn waited(spent: &Spent) -> Duration {
    let wait = if spent.outside_writes > 0 { VENDOR_WAIT } else { VENDOR_WAIT / 4 };
    wait + OWN_WORK
}

fn dollars(nano: u64) -> f64 {
    nano as f64 / 1e9
}

/// Lambda's price of this time.
fn time(duration: Duration) -> u64 {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
    PRICES.gigabyte_second * milliseconds * MEMORY / (1_000 * 1_024)
}

/// The requests of one delivery: gateway, both functions, the queue's receiving and deleting, and every counted call.
fn requests(spent: &Spent) -> u64 {
    let around = PRICES.gateway_request + 2 * PRICES.function_request + 2 * PRICES.queue_request;
    around + table_cost(spent) + spent.calls.iter().map(cost).sum::<u64>()
}

/// A call to anything but the table, whose units are counted by themselves.
fn cost(call: &Call) -> u64 {
    let (service, operation) = call.operation.split_once(':').unwrap_or_default();
    match service {
        "dynamodb" => 0,
        "sqs" => PRICES.queue_request * units(call.bytes, 64 * 1_024),
        "kms" => PRICES.key_request,
        "s3" if operation.starts_with("Put") => PRICES.file_write,
        "s3" => PRICES.file_read,
        _ => PRICES.mail,
    }
}

/// Units of the table, as its engine reckoned them: items by size, twice in a transaction, and the indexes that change.
fn table_cost(spent: &Spent) -> u64 {
    (PRICES.table_write * spent.table_writes + PRICES.table_read * spent.table_reads) / 1_000
}

fn units(bytes: usize, size: usize) -> u64 {
    bytes.div_ceil(size).max(1) as u64
}
