//! Queues with the semantics of SQS, kept in SQLite. The engine is here, the wire protocol in `wire`, and both the wire
//! and the host's own deliveries go through the same calls, so that what a function sees locally is what the
//! conformance checks saw. FIFO rules: messages of a group come in order; a group with a message in flight gives
//! nothing; a message sent again within five minutes is answered with the first one's id, also after its deletion; a
//! message received too often goes to the dead letters and its group continues.

mod digest;
mod store;
mod wire;

pub(crate) use digest::md5_hex;
pub(crate) use wire::answer;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The greatest size of a message or of a whole batch, in bytes (SQS since August 2025).
pub const MAXIMUM_BYTES: usize = 1024 * 1024;
/// How long a deduplication id is remembered, in milliseconds.
const DEDUPLICATION_WINDOW: i64 = 5 * 60 * 1000;
/// Nobody sleeps longer than this before it looks again; only a guard, waking is by notice.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What a queue operation was refused with. Each variant is one SQS error code.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue does not exist.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// A queue of that name exists with other attributes.
    #[error("A queue already exists with the same name and a different value for attribute {0}")]
    QueueNameExists(String),
    /// A parameter is out of its range.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A required parameter is absent.
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    /// The body has characters outside #x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD | #x10000-#x10FFFF.
    #[error("The message contains characters outside the allowed set.")]
    InvalidMessageContents,
    /// A batch without entries.
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    /// A batch of more than ten entries.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries of a batch have one id.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// A batch that is too large in all.
    #[error("Batch requests cannot be longer than {MAXIMUM_BYTES} bytes.")]
    BatchRequestTooLong,
    /// A receipt handle that no receive ever gave.
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    /// The message is not in flight.
    #[error("The message referred to is not in flight.")]
    MessageNotInflight,
    /// The operation is not one of those the local run answers.
    #[error("The local run does not answer {0}.")]
    UnsupportedOperation(String),
    /// The file under the queues failed.
    #[error("the queue store failed: {0}")]
    Store(#[from] rusqlite::Error),
}

/// A message attribute. Serialised as the wire form of SQS.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, perhaps with a suffix.
    pub data_type: String,
    /// The value of a string or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of a binary attribute, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

/// A message to send.
#[derive(Clone, Debug, Default)]
pub struct NewMessage {
    /// The body.
    pub body: String,
    /// The attributes by name.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// FIFO: the group.
    pub group: Option<String>,
    /// FIFO: the deduplication id; with content-based deduplication it may be absent.
    pub deduplication: Option<String>,
    /// Seconds until it becomes visible; the queue's own value when absent.
    pub delay: Option<i64>,
    /// The trace header that `AWSTraceHeader` carries.
    pub trace: Option<String>,
}

/// What a send gave.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The message's id; of a duplicate the first one's.
    pub id: String,
    /// FIFO: the position in the queue, 20 digits.
    pub sequence: Option<String>,
    /// MD5 of the body, hex.
    pub body_md5: String,
    /// MD5 of the attributes, hex, when there are any.
    pub attributes_md5: Option<String>,
}

/// A received message.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message's id.
    pub id: String,
    /// The handle that deletes it or changes its visibility.
    pub receipt: String,
    /// The body.
    pub body: String,
    /// The attributes by name.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The system attributes by name: `ApproximateReceiveCount` and so on.
    pub system: BTreeMap<&'static str, String>,
}

/// How many messages a queue has.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
pub struct Depth {
    /// Visible, or waiting behind their group's message in flight.
    pub visible: u64,
    /// Received and not yet deleted.
    pub in_flight: u64,
    /// Sent with a delay that has not passed.
    pub delayed: u64,
}

impl Depth {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// The dead-letter rule of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Redrive {
    target: String,
    maximum_receives: i64,
}

/// A queue's attributes as they were given, with the defaults applied when they are read.
#[derive(Clone, Debug)]
struct Settings {
    name: String,
    given: BTreeMap<String, String>,
    created: i64,
}

impl Settings {
    fn fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }
    fn number(&self, attribute: &str, default: i64) -> i64 {
        self.given.get(attribute).and_then(|value| value.parse().ok()).unwrap_or(default)
    }
    fn flag(&self, attribute: &str) -> bool {
        self.given.get(attribute).is_some_and(|value| value == "true")
    }
    fn visibility_seconds(&self) -> i64 {
        self.number("VisibilityTimeout", 30)
    }
    fn delay_seconds(&self) -> i64 {
        self.number("DelaySeconds", 0)
    }
    fn retention_seconds(&self) -> i64 {
        self.number("MessageRetentionPeriod", 345_600)
    }
    fn maximum_bytes(&self) -> usize {
        usize::try_from(self.number("MaximumMessageSize", MAXIMUM_BYTES as i64)).unwrap_or(MAXIMUM_BYTES)
    }
    fn redrive(&self) -> Option<Redrive> {
        let policy: serde_json::Value = serde_json::from_str(self.given.get("RedrivePolicy")?).ok()?;
        let count = policy.get("maxReceiveCount")?;
        let maximum_receives = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
        let target = policy.get("deadLetterTargetArn")?.as_str()?.rsplit(':').next()?.to_owned();
        Some(Redrive { target, maximum_receives })
    }
}

/// How to receive.
#[derive(Clone, Copy, Debug)]
pub struct Receive {
    /// The most messages, 1 to 10.
    pub maximum: usize,
    /// How long to wait for one.
    pub wait: Duration,
    /// The visibility timeout; the queue's own when absent.
    pub visibility: Option<Duration>,
    /// The most bytes of all bodies together; the first message always comes.
    pub maximum_bytes: usize,
    /// Whether the host's own deliveries hold the messages.
    pub for_delivery: bool,
}

/// All queues of a data directory. Every operation is a short SQLite transaction under one lock.
pub struct Queues {
    connection: Mutex<Connection>,
    changed: Notify,
}

impl Queues {
    /// Opens or creates the file of the queues.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        Ok(Self { connection: Mutex::new(store::open(path)?), changed: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn transaction<T>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, QueueError>,
    ) -> Result<T, QueueError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// Creates a queue; the same attributes again are no error.
    pub fn create(&self, name: &str, attributes: &BTreeMap<String, String>) -> Result<(), QueueError> {
        check_name(name, attributes)?;
        check_queue_attributes(attributes)?;
        self.transaction(|transaction| store::create(transaction, name, attributes))
    }

    /// Sets attributes of a queue.
    pub fn set_attributes(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), QueueError> {
        check_queue_attributes(attributes)?;
        self.transaction(|transaction| store::set_attributes(transaction, name, attributes))
    }

    /// The names of the queues, in order.
    pub fn names(&self) -> Result<Vec<String>, QueueError> {
        store::names(&self.lock())
    }

    /// The queue's attributes by name, all of them.
    pub fn attributes(&self, name: &str) -> Result<BTreeMap<String, String>, QueueError> {
        let connection = self.lock();
        let settings = store::settings(&connection, name)?;
        let depth = store::depth(&connection, name)?;
        Ok(described(&settings, depth))
    }

    /// How many messages the queue has.
    pub fn depth(&self, name: &str) -> Result<Depth, QueueError> {
        let connection = self.lock();
        store::settings(&connection, name)?;
        store::depth(&connection, name)
    }

    /// Deletes the queue and its messages.
    pub fn delete_queue(&self, name: &str) -> Result<(), QueueError> {
        self.transaction(|transaction| store::delete_queue(transaction, name))
    }

    /// Deletes the queue's messages.
    pub fn purge(&self, name: &str) -> Result<(), QueueError> {
        self.transaction(|transaction| store::purge(transaction, name))
    }

    /// Moves the messages of a dead-letter queue back to the queue they came from. Returns how many.
    pub fn redrive(&self, name: &str) -> Result<u64, QueueError> {
        let moved = self.transaction(|transaction| store::redrive(transaction, name))?;
        self.changed.notify_waiters();
        Ok(moved)
    }

    /// Sends a message, or finds that it is a duplicate of one.
    pub fn send(&self, name: &str, message: &NewMessage) -> Result<Sent, QueueError> {
        let sent = self.transaction(|transaction| store::send(transaction, name, message))?;
        self.changed.notify_waiters();
        Ok(sent)
    }

    /// Sends several messages in one transaction; each has its own outcome, only a failure of the store is common.
    pub fn send_all(
        &self,
        name: &str,
        messages: &[NewMessage],
    ) -> Result<Vec<Result<Sent, QueueError>>, QueueError> {
        let outcomes = self.transaction(|transaction| {
            store::settings(transaction, name)?;
            Ok(messages.iter().map(|message| store::send(transaction, name, message)).collect())
        })?;
        self.changed.notify_waiters();
        Ok(outcomes)
    }

    /// Receives messages, waiting for the first one as long as asked.
    pub async fn receive(&self, name: &str, how: Receive) -> Result<Vec<Received>, QueueError> {
        let end = tokio::time::Instant::now() + how.wait;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that a message sent between the look and the wait is not slept through.
            changed.as_mut().enable();
            let messages = self.transaction(|transaction| store::receive(transaction, name, how))?;
            let now = tokio::time::Instant::now();
            if !messages.is_empty() || now >= end {
                return Ok(messages);
            }
            let wake = (now + self.next_change(name)?).min(end);
            let _ = tokio::time::timeout_at(wake, changed).await;
        }
    }

    /// The time until a message of the queue becomes visible by itself.
    fn next_change(&self, name: &str) -> Result<Duration, QueueError> {
        let next = store::next_visible(&self.lock(), name)?;
        let left = next.map(|at| Duration::from_millis(u64::try_from(at - now()).unwrap_or(0) + 1));
        Ok(left.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP))
    }

    /// Deletes the messages that nobody received within their queue's retention.
    pub fn expire(&self) -> Result<(), QueueError> {
        self.transaction(|transaction| store::expire(transaction))
    }

    /// Deletes a received message. A message that is gone already is no error.
    pub fn delete(&self, name: &str, receipt: &str) -> Result<(), QueueError> {
        self.transaction(|transaction| store::delete(transaction, name, receipt))?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Makes a received message invisible for this long from now; zero gives it back at once.
    pub fn change_visibility(&self, name: &str, receipt: &str, seconds: i64) -> Result<(), QueueError> {
        if !(0..=43_200).contains(&seconds) {
            return Err(QueueError::InvalidParameterValue(format!(
                "Value {seconds} for parameter VisibilityTimeout is invalid. Reason: must be between 0 and 43200."
            )));
        }
        self.transaction(|transaction| store::change_visibility(transaction, name, receipt, seconds * 1000))?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// Brings forward the return of every message that the host's deliveries held when the host was last stopped: the
    /// processes that held them ended with it.
    pub fn release_deliveries(&self, invisible_for: Duration) -> Result<u64, QueueError> {
        let milliseconds = i64::try_from(invisible_for.as_millis()).unwrap_or(i64::MAX);
        let released =
            self.transaction(|transaction| store::release_deliveries(transaction, now() + milliseconds))?;
        self.changed.notify_waiters();
        Ok(released)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn check_name(name: &str, attributes: &BTreeMap<String, String>) -> Result<(), QueueError> {
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    let plain = stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if stem.is_empty() || name.len() > 80 || !plain {
        return Err(QueueError::InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".into(),
        ));
    }
    let fifo = attributes.get("FifoQueue").is_some_and(|value| value == "true");
    if fifo != name.ends_with(".fifo") {
        return Err(QueueError::InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end \
             with .fifo suffix and be 1 to 80 in length."
                .into(),
        ));
    }
    Ok(())
}

/// The number attributes with their least and greatest value.
const NUMBERS: [(&str, i64, i64); 5] = [
    ("VisibilityTimeout", 0, 43_200),
    ("DelaySeconds", 0, 900),
    ("MessageRetentionPeriod", 60, 1_209_600),
    ("MaximumMessageSize", 1024, MAXIMUM_BYTES as i64),
    ("ReceiveMessageWaitTimeSeconds", 0, 20),
];

fn check_queue_attributes(attributes: &BTreeMap<String, String>) -> Result<(), QueueError> {
    for (name, least, greatest) in NUMBERS {
        let Some(text) = attributes.get(name) else { continue };
        if !text.parse::<i64>().is_ok_and(|value| (least..=greatest).contains(&value)) {
            return Err(QueueError::InvalidParameterValue(format!(
                "Invalid value for the parameter {name}."
            )));
        }
    }
    Ok(())
}

fn described(settings: &Settings, depth: Depth) -> BTreeMap<String, String> {
    let mut all = settings.given.clone();
    let defaults = [
        ("VisibilityTimeout", settings.visibility_seconds()),
        ("DelaySeconds", settings.delay_seconds()),
        ("MessageRetentionPeriod", settings.retention_seconds()),
        ("MaximumMessageSize", settings.maximum_bytes() as i64),
        ("ReceiveMessageWaitTimeSeconds", settings.number("ReceiveMessageWaitTimeSeconds", 0)),
        ("CreatedTimestamp", settings.created / 1000),
        ("LastModifiedTimestamp", settings.created / 1000),
        ("ApproximateNumberOfMessages", depth.visible as i64),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight as i64),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed as i64),
    ];
    all.extend(defaults.map(|(name, value)| (name.to_owned(), value.to_string())));
    all.insert("QueueArn".into(), resource_name(&settings.name));
    all
}

/// The Amazon resource name of a local queue.
pub fn resource_name(queue: &str) -> String {
    format!("arn:aws:sqs:{}:{}:{queue}", super::deployment::REGION, super::deployment::ACCOUNT)
}

#[cfg(test)]
mod tests;
