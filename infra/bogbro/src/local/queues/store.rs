//! The SQL under the queues. One row per message, in the order of sending; whether a message is delayed, visible or in
//! flight follows from `visible_at` and `receive_count` alone, so nothing has to be put right after a crash.

use super::digest::{attributes_md5, md5_hex};
use super::{
    DEDUPLICATION_WINDOW, Depth, NewMessage, QueueError, Receive, Received, Redrive, Sent, Settings, now,
};
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use std::collections::BTreeMap;
use std::path::Path;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS queue (name TEXT PRIMARY KEY, attributes TEXT NOT NULL, created INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
    message_group TEXT, deduplication TEXT, body TEXT NOT NULL, attributes TEXT NOT NULL, trace TEXT,
    sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL, receive_count INTEGER NOT NULL DEFAULT 0,
    first_received_at INTEGER, receipt INTEGER NOT NULL DEFAULT 0, delivery INTEGER NOT NULL DEFAULT 0,
    dead_from TEXT);
CREATE INDEX IF NOT EXISTS message_by_queue ON message (queue, sequence);
CREATE INDEX IF NOT EXISTS message_by_visibility ON message (queue, visible_at);
CREATE INDEX IF NOT EXISTS message_by_receives ON message (queue, receive_count);
CREATE INDEX IF NOT EXISTS message_by_group ON message (queue, message_group, visible_at);
CREATE TABLE IF NOT EXISTS deduplication (
    queue TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL, sequence INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    PRIMARY KEY (queue, scope)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS deduplication_by_end ON deduplication (ends_at);
";

pub(super) fn open(path: &Path) -> Result<Connection, QueueError> {
    let connection = Connection::open(path)?;
    // WAL with `normal` survives the end of the process at any moment, which is what is promised; a power cut may
    // take the last moments with it.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(SCHEMA)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

pub(super) fn settings(connection: &Connection, name: &str) -> Result<Settings, QueueError> {
    let row = connection
        .prepare_cached("SELECT attributes, created FROM queue WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))
        .optional()?;
    let (attributes, created) = row.ok_or(QueueError::QueueDoesNotExist)?;
    let given = serde_json::from_str(&attributes).unwrap_or_default();
    Ok(Settings { name: name.to_owned(), given, created })
}

pub(super) fn create(
    connection: &Connection,
    name: &str,
    attributes: &BTreeMap<String, String>,
) -> Result<(), QueueError> {
    match settings(connection, name) {
        Ok(existing) => {
            match attributes.iter().find(|(key, value)| existing.given.get(*key) != Some(value)) {
                Some((key, _)) => Err(QueueError::QueueNameExists(key.clone())),
                None => Ok(()),
            }
        }
        Err(QueueError::QueueDoesNotExist) => {
            let text = serde_json::to_string(attributes).unwrap_or_default();
            connection.execute("INSERT INTO queue VALUES (?1, ?2, ?3)", params![name, text, now()])?;
            Ok(())
        }
        Err(error) => Err(error),
    }
}

pub(super) fn set_attributes(
    connection: &Connection,
    name: &str,
    attributes: &BTreeMap<String, String>,
) -> Result<(), QueueError> {
    let mut given = settings(connection, name)?.given;
    given.extend(attributes.clone());
    let text = serde_json::to_string(&given).unwrap_or_default();
    connection.execute("UPDATE queue SET attributes = ?2 WHERE name = ?1", params![name, text])?;
    Ok(())
}

pub(super) fn names(connection: &Connection) -> Result<Vec<String>, QueueError> {
    let mut statement = connection.prepare_cached("SELECT name FROM queue ORDER BY name")?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}

pub(super) fn depth(connection: &Connection, name: &str) -> Result<Depth, QueueError> {
    let sql = "SELECT count(*) FILTER (WHERE visible_at <= ?2),
                      count(*) FILTER (WHERE visible_at > ?2 AND receive_count > 0),
                      count(*) FILTER (WHERE visible_at > ?2 AND receive_count = 0)
               FROM message WHERE queue = ?1";
    let depth = connection.prepare_cached(sql)?.query_row(params![name, now()], |row| {
        Ok(Depth { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? })
    })?;
    Ok(depth)
}

pub(super) fn delete_queue(connection: &Connection, name: &str) -> Result<(), QueueError> {
    purge(connection, name)?;
    connection.execute("DELETE FROM deduplication WHERE queue = ?1", [name])?;
    connection.execute("DELETE FROM queue WHERE name = ?1", [name])?;
    Ok(())
}

pub(super) fn purge(connection: &Connection, name: &str) -> Result<(), QueueError> {
    settings(connection, name)?;
    connection.execute("DELETE FROM message WHERE queue = ?1", [name])?;
    Ok(())
}

/// Whether XML 1.0 allows the character, which is SQS's rule for bodies.
fn allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn invalid(parameter: &str, reason: &str) -> QueueError {
    QueueError::InvalidParameterValue(format!(
        "Value for parameter {parameter} is invalid. Reason: {reason}."
    ))
}

fn check(settings: &Settings, message: &NewMessage) -> Result<(), QueueError> {
    if message.body.is_empty() {
        return Err(QueueError::MissingParameter("MessageBody"));
    }
    let attributes: usize = message
        .attributes
        .iter()
        .map(|(name, value)| {
            let value_bytes =
                value.string_value.as_ref().or(value.binary_value.as_ref()).map_or(0, String::len);
            name.len() + value.data_type.len() + value_bytes
        })
        .sum();
    let most = settings.maximum_bytes();
    if message.body.len() + attributes > most {
        return Err(invalid("MessageBody", &format!("Message must be shorter than {most} bytes")));
    }
    if message.attributes.len() > 10 {
        return Err(invalid(
            "MessageAttributes",
            "Number of message attributes exceeds the allowed maximum 10",
        ));
    }
    if !message.body.chars().all(allowed) {
        return Err(QueueError::InvalidMessageContents);
    }
    if message.delay.is_some_and(|delay| !(0..=900).contains(&delay)) {
        return Err(invalid("DelaySeconds", "DelaySeconds must be >= 0 and <= 900"));
    }
    check_fifo(settings, message)
}

fn check_fifo(settings: &Settings, message: &NewMessage) -> Result<(), QueueError> {
    let token = |text: &str| text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic());
    for (name, value) in
        [("MessageGroupId", &message.group), ("MessageDeduplicationId", &message.deduplication)]
    {
        if value.as_ref().is_some_and(|value| value.is_empty() || !token(value)) {
            return Err(invalid(
                name,
                "it can only include alphanumeric and punctuation characters. 1 to 128 in length",
            ));
        }
    }
    if !settings.fifo() {
        let reason = "The request includes a parameter that is not valid for this queue type";
        return if message.deduplication.is_some() {
            Err(invalid("MessageDeduplicationId", reason))
        } else {
            Ok(())
        };
    }
    if message.group.is_none() {
        return Err(QueueError::MissingParameter("MessageGroupId"));
    }
    if message.delay.is_some_and(|delay| delay != 0) {
        return Err(invalid(
            "DelaySeconds",
            "The request include parameter that is not valid for this queue type",
        ));
    }
    if message.deduplication.is_none() && !settings.flag("ContentBasedDeduplication") {
        return Err(QueueError::InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
             explicitly"
                .into(),
        ));
    }
    Ok(())
}

pub(super) fn send(connection: &Connection, name: &str, message: &NewMessage) -> Result<Sent, QueueError> {
    let settings = settings(connection, name)?;
    check(&settings, message)?;
    let deduplication = settings.fifo().then(|| {
        let content = || HEXLOWER.encode(digest(&SHA256, message.body.as_bytes()).as_ref());
        message.deduplication.clone().unwrap_or_else(content)
    });
    let (id, sequence) = match duplicate(connection, &settings, message, deduplication.as_deref())? {
        Some(first) => first,
        None => insert(connection, &settings, message, deduplication.as_deref())?,
    };
    Ok(Sent {
        id,
        sequence: settings.fifo().then(|| sequence_number(sequence)),
        body_md5: md5_hex(message.body.as_bytes()),
        attributes_md5: attributes_md5(&message.attributes),
    })
}

/// 20 digits, so that the text's order is the number's.
fn sequence_number(sequence: i64) -> String {
    format!("{:020}", 18_000_000_000_000_000_000_u64 + sequence.unsigned_abs())
}

fn scope(settings: &Settings, message: &NewMessage, deduplication: &str) -> String {
    let per_group = settings.given.get("DeduplicationScope").is_some_and(|scope| scope == "messageGroup");
    match (&message.group, per_group) {
        (Some(group), true) => format!("{group}\n{deduplication}"),
        _ => deduplication.to_owned(),
    }
}

/// The id and sequence of the message that this one repeats.
fn duplicate(
    connection: &Connection,
    settings: &Settings,
    message: &NewMessage,
    deduplication: Option<&str>,
) -> Result<Option<(String, i64)>, QueueError> {
    let Some(deduplication) = deduplication else { return Ok(None) };
    connection.prepare_cached("DELETE FROM deduplication WHERE ends_at <= ?1")?.execute([now()])?;
    let first = connection
        .prepare_cached("SELECT id, sequence FROM deduplication WHERE queue = ?1 AND scope = ?2")?
        .query_row(params![settings.name, scope(settings, message, deduplication)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(first)
}

fn insert(
    connection: &Connection,
    settings: &Settings,
    message: &NewMessage,
    deduplication: Option<&str>,
) -> Result<(String, i64), QueueError> {
    let id = crate::local::identifier();
    let sent_at = now();
    let sql = "INSERT INTO message
               (queue, id, message_group, deduplication, body, attributes, trace, sent_at, visible_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        settings.name,
        id,
        message.group,
        deduplication,
        message.body,
        serde_json::to_string(&message.attributes).unwrap_or_default(),
        message.trace,
        sent_at,
        sent_at + message.delay.unwrap_or_else(|| settings.delay_seconds()) * 1000,
    ])?;
    let sequence = connection.last_insert_rowid();
    if let Some(deduplication) = deduplication {
        let scope = scope(settings, message, deduplication);
        connection
            .prepare_cached("INSERT INTO deduplication VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![settings.name, scope, id, sequence, sent_at + DEDUPLICATION_WINDOW])?;
    }
    Ok((id, sequence))
}

/// The messages that may be received now, read in their order so that a long queue costs no sorting. Of a group that has a message in flight none; of a group whose first message
/// is still delayed none behind it.
const RECEIVABLE: &str = "
SELECT * FROM message AS candidate INDEXED BY message_by_queue
WHERE queue = :queue AND visible_at <= :now
  AND (message_group IS NULL OR :fifo = 0 OR NOT EXISTS (
        SELECT 1 FROM message AS earlier
        WHERE earlier.queue = :queue AND earlier.message_group = candidate.message_group
          AND earlier.visible_at > :now
          AND (earlier.receive_count > 0 OR earlier.sequence < candidate.sequence)))
ORDER BY sequence LIMIT :limit";

/// A row of `message`.
struct Stored {
    sequence: i64,
    id: String,
    group: Option<String>,
    deduplication: Option<String>,
    body: String,
    attributes: String,
    trace: Option<String>,
    sent_at: i64,
    receive_count: i64,
    first_received_at: Option<i64>,
    receipt: i64,
    dead_from: Option<String>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get("sequence")?,
            id: row.get("id")?,
            group: row.get("message_group")?,
            deduplication: row.get("deduplication")?,
            body: row.get("body")?,
            attributes: row.get("attributes")?,
            trace: row.get("trace")?,
            sent_at: row.get("sent_at")?,
            receive_count: row.get("receive_count")?,
            first_received_at: row.get("first_received_at")?,
            receipt: row.get("receipt")?,
            dead_from: row.get("dead_from")?,
        })
    }
}

pub(super) fn receive(
    connection: &Connection,
    name: &str,
    how: Receive,
) -> Result<Vec<Received>, QueueError> {
    let settings = settings(connection, name)?;
    let at = now();
    if let Some(redrive) = settings.redrive() {
        bury(connection, &settings, &redrive, at)?;
    }
    let mut statement = connection.prepare_cached(RECEIVABLE)?;
    let rows = statement.query_map(
        named_params! { ":queue": name, ":now": at, ":fifo": settings.fifo(), ":limit": how.maximum as i64 },
        Stored::read,
    )?;
    let mut messages = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let row = row?;
        bytes += row.body.len();
        if !messages.is_empty() && bytes > how.maximum_bytes {
            break;
        }
        messages.push(row);
    }
    let visibility = how.visibility.map_or(settings.visibility_seconds() * 1000, |timeout| {
        i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX / 2)
    });
    messages
        .into_iter()
        .map(|row| take(connection, &settings, row, at, visibility, how.for_delivery))
        .collect()
}

fn take(
    connection: &Connection,
    settings: &Settings,
    row: Stored,
    at: i64,
    visibility: i64,
    for_delivery: bool,
) -> Result<Received, QueueError> {
    let sql = "UPDATE message SET visible_at = ?2, receive_count = receive_count + 1, receipt = receipt + 1,
                      first_received_at = coalesce(first_received_at, ?3), delivery = ?4 WHERE sequence = ?1";
    connection.prepare_cached(sql)?.execute(params![row.sequence, at + visibility, at, for_delivery])?;
    let mut system = BTreeMap::from([
        ("SenderId", "AIDALOCALRUN".to_owned()),
        ("SentTimestamp", row.sent_at.to_string()),
        ("ApproximateReceiveCount", (row.receive_count + 1).to_string()),
        ("ApproximateFirstReceiveTimestamp", row.first_received_at.unwrap_or(at).to_string()),
    ]);
    if settings.fifo() {
        system.insert("SequenceNumber", sequence_number(row.sequence));
    }
    let optional = [
        ("MessageGroupId", row.group),
        ("MessageDeduplicationId", row.deduplication),
        ("AWSTraceHeader", row.trace),
        ("DeadLetterQueueSourceArn", row.dead_from.map(|queue| super::resource_name(&queue))),
    ];
    system.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    Ok(Received {
        id: row.id,
        receipt: receipt_handle(&settings.name, row.sequence, row.receipt + 1),
        body: row.body,
        attributes: serde_json::from_str(&row.attributes).unwrap_or_default(),
        system,
    })
}

/// Deletes what nobody received within the queue's retention.
pub(super) fn expire(connection: &Connection) -> Result<(), QueueError> {
    let at = now();
    for name in names(connection)? {
        let sent_before = at - settings(connection, &name)?.retention_seconds() * 1000;
        connection
            .prepare_cached("DELETE FROM message WHERE queue = ?1 AND visible_at <= ?2 AND sent_at <= ?3")?
            .execute(params![name, at, sent_before])?;
    }
    Ok(())
}

/// Moves what was received too often to the dead letters, where it stands last, with its own id.
fn bury(connection: &Connection, settings: &Settings, redrive: &Redrive, at: i64) -> Result<(), QueueError> {
    let sql = "SELECT sequence FROM message INDEXED BY message_by_receives
               WHERE queue = ?1 AND visible_at <= ?2 AND receive_count >= ?3 ORDER BY sequence";
    let mut statement = connection.prepare_cached(sql)?;
    let poisoned: Vec<i64> = statement
        .query_map(params![settings.name, at, redrive.maximum_receives], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if !poisoned.is_empty() && self::settings(connection, &redrive.target).is_err() {
        return Ok(());
    }
    for sequence in poisoned {
        move_to(connection, sequence, &redrive.target, Some(&settings.name))?;
    }
    Ok(())
}

fn move_to(
    connection: &Connection,
    sequence: i64,
    target: &str,
    from: Option<&str>,
) -> Result<(), QueueError> {
    let sql =
        "INSERT INTO message (queue, id, message_group, deduplication, body, attributes, trace, sent_at,
                      visible_at, receive_count, first_received_at, dead_from)
               SELECT ?2, id, message_group, deduplication, body, attributes, trace, sent_at, ?3,
                      CASE WHEN ?4 IS NULL THEN 0 ELSE receive_count END,
                      CASE WHEN ?4 IS NULL THEN NULL ELSE first_received_at END, ?4
               FROM message WHERE sequence = ?1";
    connection.prepare_cached(sql)?.execute(params![sequence, target, now(), from])?;
    connection.prepare_cached("DELETE FROM message WHERE sequence = ?1")?.execute([sequence])?;
    Ok(())
}

pub(super) fn redrive(connection: &Connection, name: &str) -> Result<u64, QueueError> {
    settings(connection, name)?;
    // What lies behind the poisoned messages first: a message that is due for burial is one of the dead letters too.
    for source in names(connection)? {
        let settings = settings(connection, &source)?;
        if let Some(redrive) = settings.redrive().filter(|redrive| redrive.target == name) {
            bury(connection, &settings, &redrive, now())?;
        }
    }
    let mut statement = connection.prepare_cached(
        "SELECT sequence, dead_from FROM message
         WHERE queue = ?1 AND dead_from IS NOT NULL AND visible_at <= ?2 ORDER BY sequence",
    )?;
    let dead: Vec<(i64, String)> = statement
        .query_map(params![name, now()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (sequence, source) in &dead {
        move_to(connection, *sequence, source, None)?;
    }
    Ok(dead.len() as u64)
}

pub(super) fn next_visible(connection: &Connection, name: &str) -> Result<Option<i64>, QueueError> {
    let sql = "SELECT min(visible_at) FROM message WHERE queue = ?1 AND visible_at > ?2";
    Ok(connection.prepare_cached(sql)?.query_row(params![name, now()], |row| row.get(0))?)
}

fn receipt_handle(queue: &str, sequence: i64, receipt: i64) -> String {
    BASE64URL_NOPAD.encode(format!("receipt {sequence} {receipt} {queue}").as_bytes())
}

/// The sequence and the receive that a handle of this queue names.
fn read_receipt(queue: &str, handle: &str) -> Result<(i64, i64), QueueError> {
    let read = || {
        let text = String::from_utf8(BASE64URL_NOPAD.decode(handle.as_bytes()).ok()?).ok()?;
        let mut parts = text.strip_prefix("receipt ")?.splitn(3, ' ');
        let numbers = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        (parts.next()? == queue).then_some(numbers)
    };
    read().ok_or(QueueError::ReceiptHandleIsInvalid)
}

pub(super) fn delete(connection: &Connection, name: &str, handle: &str) -> Result<(), QueueError> {
    let settings = settings(connection, name)?;
    let (sequence, receipt) = read_receipt(name, handle)?;
    let row: Option<(i64, i64)> = connection
        .prepare_cached("SELECT receipt, visible_at FROM message WHERE sequence = ?1")?
        .query_row([sequence], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((current, visible_at)) = row else { return Ok(()) };
    if settings.fifo() && (current != receipt || visible_at <= now()) {
        return Err(QueueError::InvalidParameterValue(format!(
            "Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        )));
    }
    if current == receipt {
        connection.prepare_cached("DELETE FROM message WHERE sequence = ?1")?.execute([sequence])?;
    }
    Ok(())
}

pub(super) fn change_visibility(
    connection: &Connection,
    name: &str,
    handle: &str,
    milliseconds: i64,
) -> Result<(), QueueError> {
    settings(connection, name)?;
    let (sequence, receipt) = read_receipt(name, handle)?;
    let at = now();
    let sql = "UPDATE message SET visible_at = ?3 WHERE sequence = ?1 AND receipt = ?2 AND visible_at > ?4";
    let changed =
        connection.prepare_cached(sql)?.execute(params![sequence, receipt, at + milliseconds, at])?;
    if changed == 0 { Err(QueueError::MessageNotInflight) } else { Ok(()) }
}

pub(super) fn release_deliveries(connection: &Connection, visible_at: i64) -> Result<u64, QueueError> {
    let sql = "UPDATE message SET visible_at = ?1 WHERE delivery = 1 AND visible_at > ?1";
    Ok(connection.execute(sql, [visible_at])? as u64)
}
