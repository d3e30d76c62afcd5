//! Log rows as they are stored: packed, sealed with the transfer's own key, and small, since the table is paid for by size.
//!
//! A row is one value: its hash, the public part, and the sealed part, which holds what is personal and, on the row of a
//! plan, the plan itself. The row of a plan is an item of its own. The row of a conclusion stands in the head at first, so
//! that concluding is one update, since a transaction costs twice; when a head has grown by them, its rows move to items
//! of their own with the next one. In the bucket stands what is too large for the table.
//!
//! What is the same for many orders stands once: the catalogue's master data under its hash.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::catalogue::{KnownCustomer, KnownProduct, MasterData, Product, ProductCatalogue};
use domain::{Catalogue, TransferId, VatNumberAnswer};
use engine::log::{LOG_SCHEMA, LogEntry, PersonalPart, PublicPart, RecordedCall, Trace, chain, row_key};
use engine::store::{Applied, StoredPlan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::failure::PlatformError;
use crate::files::Files;
use crate::keys::Keys;
use crate::packing::{DICTIONARY, pack_with_dictionary, unpack_with_dictionary};
use crate::sealing::DataKey;
use crate::table::{Item, Reading, bytes, key_of, number, text};

/// Sealed parts up to this size stand in the table. A larger one costs more there than an object in the bucket does.
pub(super) const INLINE_BYTES: usize = 4 * 1024;
/// A head whose older rows have this size gives them to items of their own with the next row.
pub(super) const HEAD_BYTES: usize = 8 * 1024;
/// The largest text that is unpacked, so that a damaged row cannot fill the memory.
pub(super) const UNPACKED_BYTES: usize = 32 * 1024 * 1024;
/// How a row's attribute in the head begins; fence and sequence follow, since names are paid for as values are.
const IN_HEAD: &str = "r";
/// The attribute of a row that has an item of its own.
const OWN_ITEM: &str = "row";
/// Length of a row's hash.
const HASH_BYTES: usize = 32;

/// What goes to the bucket before the row is written: name and bytes.
pub(super) type Object = (String, Vec<u8>);

/// A row ready to be written.
pub(super) struct PackedRow {
    /// Its key among the rows of its transfer.
    pub(super) key: String,
    /// The attribute of the head that it stands in, when it has no item of its own.
    pub(super) attribute: String,
    /// The row itself.
    pub(super) bytes: Vec<u8>,
    /// Its hash, the new tail of the chain.
    pub(super) hash: String,
    /// What goes to the bucket before the row is written.
    pub(super) object: Option<Object>,
}

/// A row as it is found: its key, and the row itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundRow {
    /// Its key among the rows of its transfer.
    pub(super) key: String,
    /// The attribute of the head that it stands in; empty when it has an item of its own.
    pub(super) attribute: String,
    bytes: Vec<u8>,
}

impl FoundRow {
    /// Its size.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// As an item of its own.
    pub(super) fn into_item(self, transfer: &TransferId, keep_until: Option<&str>) -> Item {
        own_item(transfer, &self.key, self.bytes, keep_until)
    }
}

impl PackedRow {
    /// As an item of its own.
    pub(super) fn into_item(self, transfer: &TransferId, keep_until: &str) -> Item {
        own_item(transfer, &self.key, self.bytes, Some(keep_until))
    }
}

fn own_item(transfer: &TransferId, key: &str, row: Vec<u8>, keep_until: Option<&str>) -> Item {
    let mut item = key_of(&Keys::of(&transfer.merchant).log(transfer, key));
    item.insert("schema".to_owned(), number(LOG_SCHEMA));
    item.extend(keep_until.map(|day| ("keep_until".to_owned(), text(day))));
    item.insert(OWN_ITEM.to_owned(), bytes(row));
    item
}

/// The attribute of the head that a row stands in.
pub(super) fn attribute(fence: u64, sequence: u32) -> String {
    format!("{IN_HEAD}{fence}_{sequence}")
}

/// The rows that stand in a head, in the order of their writing.
pub(super) fn in_head(head: &Item) -> Vec<FoundRow> {
    let row = |(name, value): (&String, &AttributeValue)| {
        let (fence, sequence) = name.strip_prefix(IN_HEAD)?.split_once('_')?;
        let key = row_key(fence.parse().ok()?, sequence.parse().ok()?);
        Some(FoundRow { attribute: name.clone(), key, bytes: value.as_b().ok()?.as_ref().to_vec() })
    };
    let mut rows: Vec<FoundRow> = head.iter().filter_map(row).collect();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

/// The row of an item of its own.
pub(super) fn of_item(item: &Item) -> Result<FoundRow, PlatformError> {
    let reading = Reading::of(item, LOG_SCHEMA)?;
    let key = reading.text("sk")?.trim_start_matches("log#").to_owned();
    let bytes = reading.bytes_if_any(OWN_ITEM).ok_or_else(unreadable)?.to_vec();
    Ok(FoundRow { key, attribute: String::new(), bytes })
}

fn unreadable() -> PlatformError {
    PlatformError::Unreadable("a log row".to_owned())
}

fn purpose(transfer: &TransferId) -> String {
    format!("transfer {transfer}")
}

/// The catalogue as it stands in a row: the master data under its hash.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredCatalogue {
    /// What an order was planned with.
    Order {
        master: String,
        products: BTreeMap<String, Product>,
        customers: Vec<KnownCustomer>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vat_number: Option<VatNumberAnswer>,
    },
    /// What a product of the shop was planned with.
    Product {
        master: String,
        units: Option<BTreeMap<u32, String>>,
        products: BTreeMap<String, KnownProduct>,
        claimed: BTreeMap<String, String>,
    },
}

impl StoredCatalogue {
    /// The slice that a row was planned with; a row has an order's or a product's, never both.
    fn of(personal: &PersonalPart, master: Option<&str>) -> Option<StoredCatalogue> {
        let master = master.unwrap_or_default().to_owned();
        match (&personal.catalogue, &personal.products) {
            (Some(slice), _) => Some(StoredCatalogue::Order {
                master,
                products: slice.products.clone(),
                customers: slice.customers.clone(),
                vat_number: slice.vat_number.clone(),
            }),
            (None, Some(slice)) => Some(StoredCatalogue::Product {
                master,
                units: slice.units.clone(),
                products: slice.products.clone(),
                claimed: slice.claimed.clone(),
            }),
            (None, None) => None,
        }
    }

    fn master(&self) -> &str {
        match self {
            StoredCatalogue::Order { master, .. } | StoredCatalogue::Product { master, .. } => master,
        }
    }
}

/// A plan as it stands in a row, beside its own text.
#[derive(Serialize, Deserialize)]
struct StoredPlanFacts {
    schema: u32,
    ordinal: u32,
    hash: String,
    applied: Applied,
}

/// Texts of the sealed part: each whole, one after the other, so that each is packed against those before it.
const TEXTS: usize = 5;

/// The sealed part before it is packed: which texts are there and how long each is, then the texts.
fn joined(texts: [Option<String>; TEXTS]) -> Vec<u8> {
    let lengths: Vec<String> = texts
        .iter()
        .map(|text| text.as_ref().map_or("-".to_owned(), |text| text.len().to_string()))
        .collect();
    let mut plain = lengths.join(" ").into_bytes();
    plain.push(b'\n');
    for text in texts.into_iter().flatten() {
        plain.extend_from_slice(text.as_bytes());
    }
    plain
}

fn parted(plain: &[u8]) -> Option<[Option<String>; TEXTS]> {
    let end = plain.iter().position(|byte| *byte == b'\n')?;
    let (lengths, mut rest) = (std::str::from_utf8(&plain[..end]).ok()?, &plain[end + 1..]);
    let mut texts = [const { None }; TEXTS];
    let mut lengths = lengths.split(' ');
    for text in &mut texts {
        let length = lengths.next()?;
        if length != "-" {
            let (own, others) = rest.split_at_checked(length.parse().ok()?)?;
            *text = Some(String::from_utf8(own.to_vec()).ok()?);
            rest = others;
        }
    }
    (rest.is_empty() && lengths.next().is_none()).then_some(texts)
}

fn json_text<T: Serialize>(value: &T) -> Result<String, PlatformError> {
    serde_json::to_string(value).map_err(|_| unreadable())
}

/// The texts of a row's sealed part: personal or not at all (said by the calls), and the plan's.
fn texts_of(
    entry: &LogEntry,
    plan: Option<&StoredPlan>,
    master: Option<&str>,
) -> Result<[Option<String>; TEXTS], PlatformError> {
    let personal = entry.personal.as_ref();
    let stored = personal.and_then(|personal| StoredCatalogue::of(personal, master));
    let facts = plan.map(|plan| StoredPlanFacts {
        schema: plan.schema,
        ordinal: plan.ordinal,
        hash: plan.hash.clone(),
        applied: plan.applied.clone(),
    });
    Ok([
        personal.and_then(|personal| personal.order.clone()),
        stored.as_ref().map(json_text).transpose()?,
        plan.map(|plan| plan.json.clone()),
        facts.as_ref().map(json_text).transpose()?,
        personal.map(|personal| json_text(&personal.calls)).transpose()?,
    ])
}

/// Packs and seals one row of the log, with the plan that it records. `master` is the hash under which the catalogue's
/// master data stands.
pub(super) fn pack_row(
    transfer: &TransferId,
    entry: &LogEntry,
    plan: Option<&StoredPlan>,
    master: Option<&str>,
    previous: &str,
    key: &DataKey,
) -> Result<PackedRow, PlatformError> {
    let public = entry.public_text();
    let sealed = if entry.personal.is_none() && plan.is_none() {
        Vec::new()
    } else {
        let packed = pack_with_dictionary(&joined(texts_of(entry, plan, master)?))?;
        key.seal(&purpose(transfer), &packed)?
    };
    let hash = chain(previous, &public, &sealed);
    let packed = pack_with_dictionary(public.as_bytes())?;
    let length = u32::try_from(packed.len()).map_err(|_| unreadable())?;
    let away = packed.len() + sealed.len() > INLINE_BYTES;
    let mut row = vec![DICTIONARY, u8::from(away)];
    row.extend_from_slice(&data_encoding::HEXLOWER.decode(hash.as_bytes()).map_err(|_| unreadable())?);
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(&packed);
    let object = if away {
        Some((object_name(&hash), sealed))
    } else {
        row.extend_from_slice(&sealed);
        None
    };
    let attribute = attribute(entry.public.fence, entry.public.sequence);
    Ok(PackedRow { key: entry.row_key(), attribute, bytes: row, hash, object })
}

fn object_name(hash: &str) -> String {
    format!("log/{hash}")
}

/// A row whose public part is open.
struct OpenedRow {
    hash: String,
    public: String,
    dictionary: u8,
    sealed: Vec<u8>,
}

async fn open_row(row: &FoundRow, transfer: &TransferId, files: &Files) -> Result<OpenedRow, PlatformError> {
    let (head, rest) = row.bytes.split_at_checked(2 + HASH_BYTES + 4).ok_or_else(unreadable)?;
    let dictionary = head[0];
    let hash = data_encoding::HEXLOWER.encode(&head[2..2 + HASH_BYTES]);
    let length: [u8; 4] = head[2 + HASH_BYTES..].try_into().map_err(|_| unreadable())?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| unreadable())?;
    let (packed, sealed) = rest.split_at_checked(length).ok_or_else(unreadable)?;
    let public = unpack_with_dictionary(packed, dictionary, UNPACKED_BYTES)?;
    let public = String::from_utf8(public).map_err(|_| unreadable())?;
    let sealed = if head[1] == 0 {
        sealed.to_vec()
    } else {
        files.get(&transfer.merchant, &object_name(&hash)).await?
    };
    Ok(OpenedRow { hash, public, dictionary, sealed })
}

impl OpenedRow {
    /// The sealed part's texts; `None` when there are none, or they do not open any more because the transfer's salt is
    /// destroyed.
    fn texts(&self, transfer: &TransferId, key: Option<&DataKey>) -> Option<[Option<String>; TEXTS]> {
        let packed = key.filter(|_| !self.sealed.is_empty())?.open(&purpose(transfer), &self.sealed).ok()?;
        parted(&unpack_with_dictionary(&packed, self.dictionary, UNPACKED_BYTES).ok()?)
    }
}

/// Where master data is read by its hash.
#[async_trait::async_trait]
pub(super) trait Masters: Sync {
    /// The master data of a merchant that has this hash.
    async fn master(
        &self,
        merchant: &domain::MerchantId,
        hash: &str,
    ) -> Result<Option<MasterData>, PlatformError>;
}

async fn personal_part(
    texts: [Option<String>; TEXTS],
    transfer: &TransferId,
    masters: &dyn Masters,
) -> Result<Option<PersonalPart>, PlatformError> {
    let [order, catalogue, _, _, calls] = texts;
    let Some(calls) = calls else { return Ok(None) };
    let calls: Vec<RecordedCall> = serde_json::from_str(&calls).map_err(|_| unreadable())?;
    let stored: Option<StoredCatalogue> =
        catalogue.map(|text| serde_json::from_str(&text).map_err(|_| unreadable())).transpose()?;
    let mut part = PersonalPart { order, calls, ..PersonalPart::default() };
    if let Some(stored) = stored {
        let master = masters.master(&transfer.merchant, stored.master()).await?.ok_or_else(unreadable)?;
        match stored {
            StoredCatalogue::Order { products, customers, vat_number, .. } => {
                part.catalogue = Some(Catalogue { master, products, customers, vat_number });
            }
            StoredCatalogue::Product { units, products, claimed, .. } => {
                part.products = Some(ProductCatalogue { master, units, products, claimed });
            }
        }
    }
    Ok(Some(part))
}

/// Opens all rows of a transfer and checks their chain up to the head's tail. Whose it is, is told by the index alone.
pub(super) async fn open_trace(
    rows: &[FoundRow],
    transfer: &TransferId,
    key: Option<&DataKey>,
    tail: &str,
    (files, masters): (&Files, &dyn Masters),
) -> Result<Trace, PlatformError> {
    let mut trace = Trace::default();
    let mut previous = String::new();
    for (index, row) in rows.iter().enumerate() {
        let row = open_row(row, transfer, files).await?;
        let public = PublicPart::read(&row.public).map_err(|_| unreadable())?;
        if public.schema != LOG_SCHEMA {
            return Err(PlatformError::UnknownSchema(public.schema));
        }
        if chain(&previous, &row.public, &row.sealed) != row.hash && trace.broken_at.is_none() {
            trace.broken_at = Some(index);
        }
        let personal = match row.texts(transfer, key) {
            Some(texts) => personal_part(texts, transfer, masters).await?,
            None => None,
        };
        previous = row.hash;
        trace.rows.push(LogEntry { public, person: String::new(), personal });
    }
    if tail != previous && trace.broken_at.is_none() {
        trace.broken_at = Some(trace.rows.len().saturating_sub(1));
    }
    Ok(trace)
}

/// The plan of an ordinal among the rows of a transfer; the newest rows are looked at first.
pub(super) async fn open_plan(
    rows: &[FoundRow],
    transfer: &TransferId,
    ordinal: u32,
    key: &DataKey,
    files: &Files,
) -> Result<Option<StoredPlan>, PlatformError> {
    for row in rows.iter().rev().filter(|row| row.key.ends_with("#000")) {
        let row = open_row(row, transfer, files).await?;
        let Some([_, _, Some(json), Some(facts), _]) = row.texts(transfer, Some(key)) else { continue };
        let facts: StoredPlanFacts = serde_json::from_str(&facts).map_err(|_| unreadable())?;
        if facts.schema != engine::store::LEDGER_SCHEMA {
            return Err(PlatformError::UnknownSchema(facts.schema));
        }
        if facts.ordinal == ordinal {
            let StoredPlanFacts { schema, ordinal, hash, applied } = facts;
            return Ok(Some(StoredPlan { schema, ordinal, hash, json, applied }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_and_parted_and_a_cut_one_is_refused() {
        let texts =
            [Some("{\"id\":1}".to_owned()), None, Some(String::new()), Some("æøå\n".to_owned()), None];
        let plain = joined(texts.clone());
        assert_eq!(parted(&plain), Some(texts));
        for length in 0..plain.len() {
            assert_eq!(parted(&plain[..length]), None, "cut at {length}");
        }
    }

    #[test]
    fn rows_in_a_head_are_found_in_the_order_of_writing() {
        let rows = [(10, 1), (9, 0), (9, 1)];
        let mut head: Item =
            rows.iter().map(|(fence, place)| (attribute(*fence, *place), bytes([1]))).collect();
        head.insert("row".to_owned(), bytes(b"no row of a head".as_slice()));
        head.insert("r1_0".to_owned(), text("no bytes"));
        let found: Vec<String> = in_head(&head).into_iter().map(|row| row.key).collect();
        assert_eq!(found, ["000000000009#000", "000000000009#001", "000000000010#001"]);
    }
}
