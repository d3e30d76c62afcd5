//! Log rows and stored plans as items: packed, sealed with the transfer's own key, in the table when they are small and
//! in the bucket when they are not.

use domain::TransferId;
use engine::log::{LOG_SCHEMA, LogEntry, PersonalPart, PublicPart, Trace, chain};
use engine::store::{Applied, StoredPlan};

use crate::failure::PlatformError;
use crate::files::Files;
use crate::keys::Keys;
use crate::packing::{pack, unpack};
use crate::sealing::DataKey;
use crate::table::{Item, Reading, bytes, json, key_of, number, text};

/// Rows up to this size stand in the table.
pub(super) const INLINE_BYTES: usize = 8 * 1024;
/// The largest text that is unpacked, so that a damaged row cannot fill the memory.
const UNPACKED_BYTES: usize = 32 * 1024 * 1024;

/// What goes to the bucket before the item is written: name and bytes.
pub(super) type Object = (String, Vec<u8>);

/// A row ready to be written.
pub(super) struct PackedRow {
    /// The item.
    pub(super) item: Item,
    /// Its hash, the new tail of the chain.
    pub(super) hash: String,
    /// What goes to the bucket before the item is written: name and bytes.
    pub(super) object: Option<Object>,
}

fn purpose(transfer: &TransferId) -> String {
    format!("transfer {transfer}")
}

/// Packs and seals one row of the log.
pub(super) fn pack_row(
    transfer: &TransferId,
    entry: &LogEntry,
    previous: &str,
    key: &DataKey,
    keep_until: &str,
) -> Result<PackedRow, PlatformError> {
    let public = entry.public_text();
    let personal = entry.personal_text();
    let sealed = if personal.is_empty() {
        Vec::new()
    } else {
        key.seal(&purpose(transfer), &pack(personal.as_bytes())?)?
    };
    let hash = chain(previous, &public, &sealed);
    let mut item = key_of(&Keys::of(&transfer.merchant).log(transfer, &entry.row_key()));
    item.insert("schema".to_owned(), number(LOG_SCHEMA));
    item.insert("hash".to_owned(), text(hash.clone()));
    item.insert("keep_until".to_owned(), text(keep_until));
    if !entry.person.is_empty() {
        item.insert("person".to_owned(), text(entry.person.clone()));
    }
    let packed = pack(public.as_bytes())?;
    let mut object = None;
    if packed.len() + sealed.len() <= INLINE_BYTES {
        item.insert("sealed".to_owned(), bytes(sealed));
    } else {
        let name = format!("log/{hash}");
        item.insert("object".to_owned(), text(name.clone()));
        object = Some((name, sealed));
    }
    item.insert("public".to_owned(), bytes(packed));
    Ok(PackedRow { item, hash, object })
}

/// A row as read: what is needed to check the chain, and the row itself.
struct OpenedRow {
    entry: LogEntry,
    hash: String,
    public: String,
    sealed: Vec<u8>,
}

async fn open_row(
    item: &Item,
    transfer: &TransferId,
    key: Option<&DataKey>,
    files: &Files,
) -> Result<OpenedRow, PlatformError> {
    let reading = Reading::of(item, LOG_SCHEMA)?;
    let unreadable = || PlatformError::Unreadable("a log row".to_owned());
    let packed = reading.bytes_if_any("public").ok_or_else(unreadable)?;
    let public = String::from_utf8(unpack(packed, UNPACKED_BYTES)?).map_err(|_| unreadable())?;
    let part: PublicPart = serde_json::from_str(&public).map_err(|_| unreadable())?;
    if part.schema != LOG_SCHEMA {
        return Err(PlatformError::UnknownSchema(part.schema));
    }
    let sealed = match reading.text_if_any("object") {
        Some(name) => files.get(&transfer.merchant, name).await?,
        None => reading.bytes_if_any("sealed").unwrap_or_default().to_vec(),
    };
    // A row that does not open any more was erased with its transfer's salt; the chain over the sealed bytes still holds.
    let personal = match key {
        Some(key) if !sealed.is_empty() => key
            .open(&purpose(transfer), &sealed)
            .ok()
            .and_then(|packed| unpack(&packed, UNPACKED_BYTES).ok())
            .and_then(|text| serde_json::from_slice::<PersonalPart>(&text).ok()),
        _ => None,
    };
    let person = reading.text_if_any("person").unwrap_or_default().to_owned();
    let hash = reading.text("hash")?.to_owned();
    Ok(OpenedRow { entry: LogEntry { public: part, person, personal }, hash, public, sealed })
}

/// Opens all rows of a transfer and checks their chain up to the head's tail.
pub(super) async fn open_trace(
    items: &[Item],
    transfer: &TransferId,
    key: Option<&DataKey>,
    tail: Option<&str>,
    files: &Files,
) -> Result<Trace, PlatformError> {
    let mut trace = Trace::default();
    let mut previous = String::new();
    for (index, item) in items.iter().enumerate() {
        let row = open_row(item, transfer, key, files).await?;
        if chain(&previous, &row.public, &row.sealed) != row.hash && trace.broken_at.is_none() {
            trace.broken_at = Some(index);
        }
        previous = row.hash;
        trace.rows.push(row.entry);
    }
    if tail.is_some_and(|tail| tail != previous) && trace.broken_at.is_none() {
        trace.broken_at = Some(trace.rows.len().saturating_sub(1));
    }
    Ok(trace)
}

/// A stored plan as an item.
pub(super) fn pack_plan(
    transfer: &TransferId,
    plan: &StoredPlan,
    key: &DataKey,
    keep_until: &str,
) -> Result<(Item, Option<Object>), PlatformError> {
    let mut item = key_of(&Keys::of(&transfer.merchant).plan(transfer, plan.ordinal));
    item.insert("schema".to_owned(), number(plan.schema));
    item.insert("ordinal".to_owned(), number(plan.ordinal));
    item.insert("hash".to_owned(), text(plan.hash.clone()));
    item.insert("applied".to_owned(), json(&plan.applied)?);
    item.insert("keep_until".to_owned(), text(keep_until));
    let sealed = key.seal(&purpose(transfer), &pack(plan.json.as_bytes())?)?;
    let mut object = None;
    if sealed.len() <= INLINE_BYTES {
        item.insert("sealed".to_owned(), bytes(sealed));
    } else {
        let name = format!("plan/{}", plan.hash);
        item.insert("object".to_owned(), text(name.clone()));
        object = Some((name, sealed));
    }
    Ok((item, object))
}

/// Opens a stored plan.
pub(super) async fn open_plan(
    item: &Item,
    transfer: &TransferId,
    key: &DataKey,
    files: &Files,
) -> Result<StoredPlan, PlatformError> {
    let reading = Reading::of(item, engine::store::LEDGER_SCHEMA)?;
    let sealed = match reading.text_if_any("object") {
        Some(name) => files.get(&transfer.merchant, name).await?,
        None => reading.bytes_if_any("sealed").unwrap_or_default().to_vec(),
    };
    let packed = key.open(&purpose(transfer), &sealed)?;
    let plan = String::from_utf8(unpack(&packed, UNPACKED_BYTES)?)
        .map_err(|_| PlatformError::Unreadable("a stored plan".to_owned()))?;
    Ok(StoredPlan {
        schema: reading.number("schema")?,
        ordinal: reading.number("ordinal")?,
        hash: reading.text("hash")?.to_owned(),
        json: plan,
        applied: reading.json::<Applied>("applied")?,
    })
}
