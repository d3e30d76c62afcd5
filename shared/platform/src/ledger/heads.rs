//! The head of a transfer as an item of the table.
//!
//! Every field that one write sets and another leaves alone has an attribute of its own, because a claim and a conclusion
//! change the head without reading it first. `due` is the exact time at which the transfer comes up again; the index key
//! `due_at` is the same time rounded down, or an earlier one: what is found there too early is seen in the head.
//!
//! Every write is paid for by the size of the whole head, so hashes stand as bytes, lists packed, and what says nothing
//! is left out. The first order number and the first document number lead to the head by indexes of their own; further
//! ones by pointer items.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{ConnectionId, EffectKey, EntityKind, MerchantId, Money, TransferId};
use engine::store::{
    Applied, DocumentRecord, Head, LEDGER_SCHEMA, PlanPointer, Progress, Status, Trouble, due_shard,
};
use jiff::Timestamp;

use crate::failure::PlatformError;
use crate::keys;
use crate::sealing::SALT_BYTES;
use crate::table::{Change, Item, Reading, hash, json, number, packed_json, text, time};

/// How coarse the index of what is due is.
const DUE_STEP_MILLISECONDS: i64 = 60_000;

/// Names of attributes that more than one module needs.
pub(super) mod attribute {
    pub(crate) const FENCE: &str = "fence";
    pub(crate) const CLAIM: &str = "claim";
    pub(crate) const LEASE_UNTIL: &str = "lease_until";
    pub(crate) const AGAIN: &str = "again";
    pub(crate) const STATUS: &str = "status";
    pub(crate) const APPLIED_HASH: &str = "applied_hash";
    pub(crate) const DUE: &str = "due";
    pub(crate) const SALT: &str = "salt";
    pub(crate) const ERASED_AT: &str = "erased_at";
    pub(crate) const PERSON: &str = "person";
    /// Whose it was before, as the index of persons names them: each leads to it by a pointer.
    pub(crate) const EARLIER_PERSONS: &str = "earlier_persons";
    pub(crate) const LOG_TAIL: &str = "log_tail";
    pub(crate) const SCHEMA: &str = "schema";
    pub(crate) const KEEP_UNTIL: &str = "keep_until";
    /// The order number that leads to the head, and the name of the index.
    pub(crate) const ORDER: &str = "order_key";
    /// The document number that leads to the head, and the name of the index.
    pub(crate) const DOCUMENT: &str = "document_key";
}

use attribute::{
    AGAIN, APPLIED_HASH, CLAIM, DUE, ERASED_AT, FENCE, LEASE_UNTIL, LOG_TAIL, SALT, SCHEMA, STATUS,
};

/// Sets or clears when the transfer comes up again.
pub(super) fn set_due(change: &mut Change, due_at: Option<Timestamp>) {
    change.set_or_remove(DUE, due_at.map(time));
    change.set_or_remove("due_at", due_at.map(|due| number(index_time(due))));
}

/// Puts off when the transfer comes up again. The index keeps the earlier time, since moving an item there is paid for
/// twice: whoever finds it there too early sees so in the head.
pub(super) fn put_off(change: &mut Change, due_at: Timestamp) {
    change.set(DUE, time(due_at));
}

/// The index key of a due time: rounded down.
fn index_time(due: Timestamp) -> i64 {
    due.as_millisecond().div_euclid(DUE_STEP_MILLISECONDS) * DUE_STEP_MILLISECONDS
}

/// The shard's partition in the index, set with the first claim.
pub(super) fn due_partition(transfer: &domain::TransferId) -> String {
    keys::due_shard(due_shard(transfer))
}

/// Writes the status with its code; those that need a person come into the index of attention.
pub(super) fn set_status(change: &mut Change, status: &Status, merchant: &MerchantId) {
    change.set(STATUS, text(status.word()));
    change.set_or_remove("code", status.code().map(text));
    let attention = status.needs_attention().then(|| text(keys::Keys::of(merchant).attention()));
    change.set_or_remove("attention", attention);
}

/// Writes what of the source is reflected.
pub(super) fn set_applied(change: &mut Change, applied: &Applied) -> Result<(), PlatformError> {
    change.set(APPLIED_HASH, hash(&applied.body_hash));
    change.set("applied_decision", hash(&applied.decision));
    change.set_or_remove("applied_modified", applied.modified_at.map(|at| text(at.to_string())));
    change.set_or_remove("applied_read", applied.read_at.map(|at| text(at.to_string())));
    Ok(())
}

/// Writes what keeps it with a person, or that nothing does.
pub(super) fn set_trouble(change: &mut Change, trouble: Option<&Trouble>) -> Result<(), PlatformError> {
    change.set_or_remove("trouble", trouble.map(packed_json).transpose()?);
    Ok(())
}

/// Writes how far the plan has come.
pub(super) fn set_progress(change: &mut Change, progress: &Progress) -> Result<(), PlatformError> {
    let held = progress.held.as_ref().map(crate::redaction::without_addresses);
    change.set("progress", json(&Progress { held, ..progress.clone() })?);
    Ok(())
}

/// Writes the order's number, total and day.
pub(super) fn set_order(
    change: &mut Change,
    merchant: &MerchantId,
    order_number: &str,
    total: Money,
    day: jiff::civil::Date,
) -> Result<(), PlatformError> {
    change.set("order_number", text(order_number));
    change.set("total", packed_json(&total)?);
    change.set("day", text(keys::Keys::of(merchant).day(&day.to_string())));
    Ok(())
}

/// Writes a list as packed JSON, or nothing when it is empty.
pub(super) fn set_list<T: serde::Serialize>(
    change: &mut Change,
    name: &str,
    list: &[T],
) -> Result<(), PlatformError> {
    let value = if list.is_empty() { None } else { Some(packed_json(&list)?) };
    change.set_or_remove(name, value);
    Ok(())
}

/// What stands in place of a salt that was destroyed, so that no later claim makes a new one.
pub(super) fn no_salt() -> AttributeValue {
    crate::table::bytes([0])
}

/// When the personal part of an order was erased. Of a product nothing is anybody's: it is carried over as ever. What an
/// earlier version transferred anew afterwards is a transfer like others, and is to be erased like them.
fn erased_at(
    reading: &Reading<'_>,
    transfer: &TransferId,
    documents: &[DocumentRecord],
) -> Result<Option<Timestamp>, PlatformError> {
    let erased_at = reading.time_if_any(ERASED_AT)?.filter(|_| transfer.kind == EntityKind::Order);
    let made_anew =
        |at: &Timestamp| documents.iter().any(|document| document.made_at.is_some_and(|made| made > *at));
    Ok(erased_at.filter(|at| !made_anew(at)))
}

/// The salt of a transfer's sealings; `None` after erasure.
pub(super) fn salt(item: &Item) -> Option<[u8; SALT_BYTES]> {
    item.get(SALT).and_then(|value| value.as_b().ok()).and_then(|blob| blob.as_ref().try_into().ok())
}

/// Reads a head.
pub(super) fn read(item: &Item, merchant: &MerchantId) -> Result<Head, PlatformError> {
    let reading = Reading::of(item, LEDGER_SCHEMA)?;
    let partition = reading.text("pk")?;
    let transfer = keys::transfer_of(partition, merchant)
        .ok_or_else(|| PlatformError::Unreadable("a head's key".to_owned()))?;
    let locks = locks(&reading)?;
    let documents = reading.packed_json_if_any::<Vec<DocumentRecord>>("documents")?.unwrap_or_default();
    let erased_at = erased_at(&reading, &transfer, &documents)?;
    Ok(Head {
        schema: reading.number(SCHEMA)?,
        transfer,
        connection: ConnectionId::new(reading.text("connection")?),
        fence: reading.number(FENCE)?,
        claim: reading.text(CLAIM)?.to_owned(),
        lease_until: reading.time_if_any(LEASE_UNTIL)?,
        claimed_hash: reading.hash("claimed_hash")?,
        again: reading.flag(AGAIN),
        attempts: reading.number("attempts")?,
        waits: reading.number_if_any("waits")?.unwrap_or(0),
        status: status(&reading)?,
        facts: reading.packed_json_if_any("facts")?.unwrap_or_default(),
        trouble: reading.packed_json_if_any("trouble")?,
        warnings: reading.packed_json_if_any("warnings")?.unwrap_or_default(),
        applied: applied(&reading)?,
        settings_version: reading.number_if_any("settings_version")?.unwrap_or(0),
        plan: plan(&reading)?,
        progress: reading.json_if_any("progress")?.unwrap_or_default(),
        documents,
        locks,
        due_at: reading.time_if_any(DUE)?,
        order_number: reading.text_if_any("order_number").unwrap_or_default().to_owned(),
        total: reading.packed_json_if_any("total")?,
        day: day(&reading),
        log_tail: reading.hash_if_any(LOG_TAIL).unwrap_or_default(),
        updated_at: reading.time("updated_at")?,
        erased_at,
    })
}

fn status(reading: &Reading<'_>) -> Result<Status, PlatformError> {
    let code = || reading.text_if_any("code").unwrap_or_default().to_owned();
    match reading.text(STATUS)? {
        "working" => Ok(Status::Working),
        "done" => Ok(Status::Done),
        "skipped" => Ok(Status::Skipped { code: code() }),
        "waiting" => Ok(Status::Waiting { code: code() }),
        "held" => Ok(Status::Held { code: code() }),
        "parked" => Ok(Status::Parked { code: code() }),
        _ => Err(PlatformError::Unreadable("a head's status".to_owned())),
    }
}

fn applied(reading: &Reading<'_>) -> Result<Option<Applied>, PlatformError> {
    let Some(body_hash) = reading.hash_if_any(APPLIED_HASH) else { return Ok(None) };
    let time = |name: &str| {
        let read = reading.text_if_any(name).map(str::parse);
        read.transpose().map_err(|_| PlatformError::Unreadable("a head's applied time".to_owned()))
    };
    Ok(Some(Applied {
        body_hash,
        modified_at: time("applied_modified")?,
        read_at: time("applied_read")?,
        decision: reading.hash("applied_decision")?,
    }))
}

fn plan(reading: &Reading<'_>) -> Result<Option<PlanPointer>, PlatformError> {
    let Some(ordinal) = reading.number_if_any("plan_ordinal")? else { return Ok(None) };
    Ok(Some(PlanPointer { ordinal, hash: reading.hash("plan_hash")?, open: reading.flag("plan_open") }))
}

/// The day stands at the end of the index key.
fn day(reading: &Reading<'_>) -> Option<jiff::civil::Date> {
    reading.text_if_any("day").and_then(|key| key.rsplit('#').next()).and_then(|day| day.parse().ok())
}

/// Locks are a set of texts, so that a conclusion can take some out without reading; an effect key is its text.
fn locks(reading: &Reading<'_>) -> Result<Vec<EffectKey>, PlatformError> {
    let mut texts = reading.texts("locks");
    texts.sort();
    texts
        .into_iter()
        .map(|text| {
            serde_json::from_value(serde_json::Value::String(text))
                .map_err(|_| PlatformError::Unreadable("a head's locks".to_owned()))
        })
        .collect()
}
