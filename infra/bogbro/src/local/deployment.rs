//! What is deployed, in one table: names, timeouts, batch sizes and concurrencies of the functions and their queues.
//! The local run starts exactly this, and a test compares it with `infra/template.yaml`, so that the two cannot drift
//! apart. The three times of a queued transfer are ordered here and nowhere else: timeout < lease < visibility.

use std::time::Duration;

/// The region that the local run claims to be in.
pub const REGION: &str = "eu-north-1";
/// The account number in the local run's resource names.
pub const ACCOUNT: &str = "000000000000";
/// The one table.
pub const TABLE: &str = "bogbro";
/// The one bucket.
pub const BUCKET: &str = "bogbro";
/// The key that encrypts the merchants' credentials.
pub const KEY_ID: &str = "b06b0000-0000-4000-8000-000000000001";
/// The sender of the mails unless the operator names another.
pub const MAIL_FROM: &str = "bogbro@localhost.localdomain";
/// The domain to which reports are mailed.
pub const REPORT_MAIL_DOMAIN: &str = "reports.localdomain";

/// An attribute's type in a key of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// A string (`S`).
    Text,
    /// A number (`N`).
    Number,
}

/// A global secondary index of the table, keys only: lists read their heads in a batch, and a narrow index costs less to keep.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Partition key: attribute and type.
    pub partition: (&'static str, KeyType),
    /// Sort key: attribute and type.
    pub sort: (&'static str, KeyType),
}

/// The table's own key: partition and sort key, both text.
pub const TABLE_KEY: (&str, &str) = ("pk", "sk");

/// The table's indexes.
pub const INDEXES: [Index; 6] = [
    Index { name: "due", partition: ("due_shard", KeyType::Text), sort: ("due_at", KeyType::Number) },
    Index { name: "attention", partition: ("attention", KeyType::Text), sort: ("at", KeyType::Number) },
    Index { name: "day", partition: ("day", KeyType::Text), sort: ("at", KeyType::Number) },
    Index { name: "order_key", partition: ("order_key", KeyType::Text), sort: ("at", KeyType::Number) },
    Index { name: "document_key", partition: ("document_key", KeyType::Text), sort: ("at", KeyType::Number) },
    Index { name: "person", partition: ("person", KeyType::Text), sort: ("at", KeyType::Number) },
];

/// A FIFO queue with its dead-letter queue.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// Its name, which ends in `.fifo`.
    pub name: &'static str,
    /// The name of the queue for messages that were received too often.
    pub dead_letters: &'static str,
    /// After this many receives a message is moved to the dead letters.
    pub maximum_receives: u32,
    /// How long a received message stays invisible.
    pub visibility: Duration,
    /// The environment variable that tells the functions this queue's address.
    pub variable: &'static str,
}

/// The queues.
pub const QUEUES: [Queue; 4] = [
    Queue {
        name: "orders.fifo",
        dead_letters: "orders-dead.fifo",
        maximum_receives: 10,
        visibility: Duration::from_secs(120),
        variable: "BOGBRO_ORDERS_QUEUE_URL",
    },
    Queue {
        name: "backfill.fifo",
        dead_letters: "backfill-dead.fifo",
        maximum_receives: 10,
        visibility: Duration::from_secs(120),
        variable: "BOGBRO_BACKFILL_QUEUE_URL",
    },
    Queue {
        name: "stock.fifo",
        dead_letters: "stock-dead.fifo",
        maximum_receives: 10,
        visibility: Duration::from_secs(360),
        variable: "BOGBRO_STOCK_QUEUE_URL",
    },
    Queue {
        name: "payouts.fifo",
        dead_letters: "payouts-dead.fifo",
        maximum_receives: 10,
        visibility: Duration::from_secs(660),
        variable: "BOGBRO_PAYOUTS_QUEUE_URL",
    },
];

/// How long a claimed transfer stays leased to its worker at the most: up to the worker's deadline (2 s before its function's
/// timeout), plus the longest request to the outside (30 s), plus the engine's margin (5 s).
pub const LEASE: Duration = lease(Duration::from_secs(60));

/// The lease of a worker whose function ends after this time.
pub const fn lease(timeout: Duration) -> Duration {
    Duration::from_secs(timeout.as_secs() - 2 + 30 + 5)
}

/// How long a message stays in a queue that nobody empties (SQS's greatest value: 14 days).
pub const RETENTION: Duration = Duration::from_secs(14 * 24 * 3600);

/// What makes a function run.
#[derive(Clone, Copy, Debug)]
pub enum Trigger {
    /// An HTTP API route, any method.
    Route(&'static str),
    /// The same, of an API that only callers reach whom AWS has identified.
    IdentifiedRoute(&'static str),
    /// A queue's messages.
    Queue {
        /// The queue's name.
        name: &'static str,
        /// The most messages of one invocation.
        batch: usize,
        /// The most invocations at a time from this queue.
        maximum_concurrency: usize,
    },
    /// A schedule.
    Every(Duration),
}

/// A function.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name, which is also its executable's.
    pub name: &'static str,
    /// What makes it run.
    pub triggers: &'static [Trigger],
    /// An invocation is ended after this time.
    pub timeout: Duration,
    /// The most processes at a time.
    pub concurrency: usize,
}

/// The functions.
pub const FUNCTIONS: [Function; 6] = [
    Function {
        name: "webhook-intake",
        triggers: &[Trigger::Route("/v1/webhooks/{connection}")],
        timeout: Duration::from_secs(10),
        concurrency: 8,
    },
    Function {
        name: "order-processing",
        triggers: &[
            Trigger::Queue { name: "orders.fifo", batch: 5, maximum_concurrency: 4 },
            Trigger::Queue { name: "backfill.fifo", batch: 5, maximum_concurrency: 2 },
        ],
        timeout: Duration::from_secs(60),
        concurrency: 6,
    },
    Function {
        name: "scheduler",
        triggers: &[Trigger::Every(Duration::from_secs(60))],
        timeout: Duration::from_secs(60),
        concurrency: 1,
    },
    Function {
        name: "notifications",
        triggers: &[Trigger::Every(Duration::from_secs(300))],
        timeout: Duration::from_secs(60),
        concurrency: 1,
    },
    Function {
        name: "stock-sync",
        triggers: &[Trigger::Queue { name: "stock.fifo", batch: 1, maximum_concurrency: 2 }],
        timeout: Duration::from_secs(300),
        concurrency: 2,
    },
    Function {
        name: "paymatch",
        triggers: &[
            Trigger::IdentifiedRoute("/v1/payouts/{merchant}"),
            Trigger::IdentifiedRoute("/v1/payouts/{merchant}/{payout}"),
            Trigger::Queue { name: "payouts.fifo", batch: 1, maximum_concurrency: 2 },
            Trigger::Every(Duration::from_secs(300)),
        ],
        timeout: Duration::from_secs(600),
        concurrency: 4,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_ends_before_its_lease_and_its_lease_before_the_message_comes_back() {
        for function in FUNCTIONS {
            for trigger in function.triggers {
                let Trigger::Queue { name, .. } = trigger else { continue };
                let queue = QUEUES.iter().find(|queue| queue.name == *name).expect("a mapped queue exists");
                let lease = lease(function.timeout);
                assert!(function.timeout < lease, "{}", function.name);
                assert!(lease < queue.visibility, "{name}");
            }
        }
    }
}
