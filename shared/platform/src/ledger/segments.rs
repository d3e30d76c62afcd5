//! Old rows of the log in the bucket: what the table need not hold ready any more moves into segments of a day.
//!
//! A segment holds the rows of one day's transfers as they stood in the table, packed together, the personal parts sealed
//! as they were. Each names the hash of the segment before it, so that one that was changed or taken out shows, and
//! destroying a salt changes no segment. The order of writing makes every crash harmless: the segment, its record, the
//! pointer in the transfer's head, and only then are the rows taken out of the table. Whoever reads joins both places by
//! the rows' keys, so rows that stand in both are seen once, and what a crash left is moved by the next run.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64;
use domain::{MerchantId, TransferId};
use engine::store::{Head, LEDGER_SCHEMA};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::rows::{self, FoundRow};
use super::{Ledger, heads};
use crate::failure::PlatformError;
use crate::keys::{ItemKey, Keys};
use crate::packing::{pack, unpack};
use crate::queue;
use crate::table::{
    Change, Inserted, Item, Reading, SCHEMA, Updated, bytes, json, key_of, number, text, time,
};

/// Schema version of segments.
const SEGMENT_SCHEMA: u32 = 1;
/// A segment is closed when the rows in it have this size; a day of many orders has several.
const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
/// The largest segment that is unpacked.
const UNPACKED_BYTES: usize = 64 * 1024 * 1024;
/// Transfers whose rows are read or removed at the same time.
const SIDE_BY_SIDE: usize = 8;
/// Attribute of the head: where its rows went.
const ARCHIVED: &str = "archived";
/// Rows with an item of their own that move: everything of a transfer's between these sort keys. Those in the head move too.
const ROWS: (&str, &str) = ("log#", "log#~");

/// An attribute in a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kept {
    S(String),
    N(String),
    B(String),
    Bool(bool),
    Ss(Vec<String>),
}

impl Kept {
    fn of(value: &AttributeValue) -> Result<Kept, PlatformError> {
        Ok(match value {
            AttributeValue::S(text) => Kept::S(text.clone()),
            AttributeValue::N(digits) => Kept::N(digits.clone()),
            AttributeValue::B(blob) => Kept::B(BASE64.encode(blob.as_ref())),
            AttributeValue::Bool(flag) => Kept::Bool(*flag),
            AttributeValue::Ss(texts) => Kept::Ss(texts.clone()),
            _ => return Err(PlatformError::Unreadable("a row has an attribute of another kind".to_owned())),
        })
    }

    fn open(self) -> Result<AttributeValue, PlatformError> {
        Ok(match self {
            Kept::S(words) => text(words),
            Kept::N(digits) => AttributeValue::N(digits),
            Kept::B(encoded) => bytes(
                BASE64
                    .decode(encoded.as_bytes())
                    .map_err(|_| PlatformError::Unreadable("a segment's row".to_owned()))?,
            ),
            Kept::Bool(flag) => AttributeValue::Bool(flag),
            Kept::Ss(texts) => AttributeValue::Ss(texts),
        })
    }
}

/// A segment as it is packed.
#[derive(Debug, Serialize, Deserialize)]
struct Segment {
    schema: u32,
    merchant: MerchantId,
    day: Date,
    sequence: u64,
    /// Hash of the segment before it; empty for the merchant's first.
    previous: String,
    rows: Vec<BTreeMap<String, Kept>>,
}

/// What the table says of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SegmentRecord {
    /// Place in the merchant's chain; the first is 1.
    pub sequence: u64,
    /// Day of the transfers in it.
    pub day: Date,
    /// Name in the bucket.
    pub object: String,
    /// SHA-256 of the unpacked segment, which names the hash before it.
    pub hash: String,
    /// Hash of the segment before it.
    pub previous: String,
    /// Rows in it.
    pub rows: u64,
    /// Size in the bucket, in bytes.
    pub size: u64,
    /// When it was written.
    pub at: Timestamp,
}

/// Where a transfer's rows went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Archived {
    object: String,
    hash: String,
}

/// What one run over a day did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayArchived {
    /// Transfers whose rows moved.
    pub transfers: usize,
    /// Rows that moved.
    pub rows: usize,
    /// Transfers that were being worked on or wait: the day is to be looked at again.
    pub left: usize,
}

/// A transfer whose rows are about to move.
struct Moving {
    head: Item,
    transfer: TransferId,
    /// Rows with an item of their own.
    items: Vec<Item>,
    /// Rows that stand in the head.
    in_head: Vec<FoundRow>,
}

impl Moving {
    fn size(&self) -> usize {
        let of = |value: &AttributeValue| match value {
            AttributeValue::B(blob) => blob.as_ref().len(),
            AttributeValue::S(text) => text.len(),
            _ => 16,
        };
        let items: usize = self.items.iter().flat_map(|row| row.values()).map(of).sum();
        items + self.in_head.iter().map(FoundRow::len).sum::<usize>()
    }

    fn count(&self) -> usize {
        self.items.len() + self.in_head.len()
    }

    /// Its rows as they stand in a segment: each an item of its own.
    fn rows(&self) -> impl Iterator<Item = Item> {
        let in_head = self.in_head.iter().map(|row| row.clone().into_item(&self.transfer, None));
        self.items.iter().cloned().chain(in_head)
    }
}

/// Nothing happens to it by itself, and nobody works on it.
pub(super) fn is_at_rest(head: &Head) -> bool {
    let open = head.plan.as_ref().is_some_and(|plan| plan.open);
    head.status.is_settled() && head.lease_until.is_none() && head.due_at.is_none() && !open
}

fn sort_of(item: &Item) -> String {
    item.get("sk").and_then(|sort| sort.as_s().ok()).cloned().unwrap_or_default()
}

fn key_of_item(item: &Item) -> ItemKey {
    let partition = item.get("pk").and_then(|key| key.as_s().ok()).cloned().unwrap_or_default();
    ItemKey { partition, sort: sort_of(item) }
}

fn archived(head: &Item) -> Result<Vec<Archived>, PlatformError> {
    Ok(Reading::of(head, LEDGER_SCHEMA)?.json_if_any(ARCHIVED)?.unwrap_or_default())
}

impl Ledger {
    /// Moves the rows of one day's transfers that are at rest into segments. May be repeated, and interrupted anywhere.
    ///
    /// # Errors
    /// `Conflict` when another run archives the same merchant; otherwise as AWS says.
    pub async fn archive_day(
        &self,
        merchant: &MerchantId,
        day: Date,
        now: Timestamp,
    ) -> Result<DayArchived, PlatformError> {
        let mut done = DayArchived::default();
        let mut moving: Vec<Moving> = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let partition = Keys::of(merchant).day(&day.to_string());
            let (heads, next) = self.list_items("day", &partition, merchant, page.as_deref()).await?;
            let read: Vec<Result<Option<Moving>, PlatformError>> = stream::iter(heads)
                .map(|head| self.rows_of(head, merchant, &partition))
                .buffered(SIDE_BY_SIDE)
                .collect()
                .await;
            for found in read {
                match found? {
                    Some(found) if found.count() == 0 => {}
                    Some(found) => moving.push(found),
                    None => done.left += 1,
                }
                if moving.iter().map(Moving::size).sum::<usize>() >= SEGMENT_BYTES {
                    self.move_rows(merchant, day, std::mem::take(&mut moving), now, &mut done).await?;
                }
            }
            page = next;
            if page.is_none() {
                break;
            }
        }
        if !moving.is_empty() {
            self.move_rows(merchant, day, moving, now, &mut done).await?;
        }
        Ok(done)
    }

    /// The rows of a transfer; none when it stands on another day by now; `None` when it is not at rest.
    async fn rows_of(
        &self,
        item: Item,
        merchant: &MerchantId,
        day: &str,
    ) -> Result<Option<Moving>, PlatformError> {
        let head = heads::read(&item, merchant)?;
        let of_day = item.get("day").and_then(|value| value.as_s().ok()).is_some_and(|now| now == day);
        if of_day && !is_at_rest(&head) {
            return Ok(None);
        }
        let partition = key_of_item(&item).partition;
        let (items, in_head) = if of_day {
            (self.all_rows(&partition, ROWS).await?, rows::in_head(&item))
        } else {
            (Vec::new(), Vec::new())
        };
        Ok(Some(Moving { head: item, transfer: head.transfer, items, in_head }))
    }

    /// All items of a partition between two sort keys, however many pages they fill.
    async fn all_rows(&self, partition: &str, (from, to): (&str, &str)) -> Result<Vec<Item>, PlatformError> {
        let mut rows: Vec<Item> = Vec::new();
        let mut from = from.to_owned();
        loop {
            let page = self.table.range(partition, &from, to).await?;
            let Some(last) = page.last().map(sort_of) else { return Ok(rows) };
            rows.extend(page);
            // The next page begins right behind the last one found.
            from = format!("{last} ");
        }
    }

    async fn move_rows(
        &self,
        merchant: &MerchantId,
        day: Date,
        mut moving: Vec<Moving>,
        now: Timestamp,
        done: &mut DayArchived,
    ) -> Result<(), PlatformError> {
        moving.sort_by_key(|one| key_of_item(&one.head).partition);
        let record = self.write_segment(merchant, day, &moving, now).await?;
        let moved: Vec<usize> = stream::iter(&moving)
            .map(|one| self.settle_rows(one, &record))
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        done.left += moved.iter().filter(|rows| **rows == 0).count();
        done.transfers += moved.iter().filter(|rows| **rows > 0).count();
        done.rows += moved.iter().sum::<usize>();
        Ok(())
    }

    /// The segment, then its record as the next link of the chain.
    async fn write_segment(
        &self,
        merchant: &MerchantId,
        day: Date,
        moving: &[Moving],
        now: Timestamp,
    ) -> Result<SegmentRecord, PlatformError> {
        let last = self.last_segment(merchant).await?;
        let rows: Vec<BTreeMap<String, Kept>> = moving
            .iter()
            .flat_map(Moving::rows)
            .map(|row| row.iter().map(|(name, value)| Ok((name.clone(), Kept::of(value)?))).collect())
            .collect::<Result<_, PlatformError>>()?;
        let segment = Segment {
            schema: SEGMENT_SCHEMA,
            merchant: merchant.clone(),
            day,
            sequence: last.as_ref().map_or(1, |last| last.sequence + 1),
            previous: last.map(|last| last.hash).unwrap_or_default(),
            rows,
        };
        let plain = serde_json::to_vec(&segment)
            .map_err(|_| PlatformError::Unreadable("a segment has no JSON form".to_owned()))?;
        let (hash, packed) = (queue::hash(&plain), pack(&plain)?);
        let record = SegmentRecord {
            sequence: segment.sequence,
            day,
            object: format!("segments/{day}/{:06}-{hash}", segment.sequence),
            hash,
            previous: segment.previous,
            rows: u64::try_from(segment.rows.len()).unwrap_or(u64::MAX),
            size: u64::try_from(packed.len()).unwrap_or(u64::MAX),
            at: now,
        };
        self.files.put(merchant, &record.object, packed).await?;
        match self.table.insert(record.item(merchant)).await? {
            Inserted::New => Ok(record),
            Inserted::Already => Err(PlatformError::Conflict("the merchant's segments".to_owned())),
        }
    }

    /// Points the head at the segment and takes the rows out; how many. None when the transfer was taken up meanwhile: its
    /// rows stay, and the copy in the segment is nobody's.
    async fn settle_rows(&self, one: &Moving, record: &SegmentRecord) -> Result<usize, PlatformError> {
        let fence: u64 = Reading::of(&one.head, LEDGER_SCHEMA)?.number(heads::attribute::FENCE)?;
        let mut places = archived(&one.head)?;
        places.push(Archived { object: record.object.clone(), hash: record.hash.clone() });
        let mut change = Change::new();
        change.only_if_equal(heads::attribute::FENCE, number(fence));
        let free = format!("attribute_not_exists({})", change.name(heads::attribute::LEASE_UNTIL));
        change.only_if(free);
        match one.head.get(ARCHIVED) {
            Some(before) => {
                change.only_if_equal(ARCHIVED, before.clone());
            }
            None => {
                let none = format!("attribute_not_exists({})", change.name(ARCHIVED));
                change.only_if(none);
            }
        }
        change.set(ARCHIVED, json(&places)?);
        for row in &one.in_head {
            change.remove(&row.attribute);
        }
        let head = Keys::of(&one.transfer.merchant).head(&one.transfer);
        if let Updated::Refused(_) = self.table.update(&head, change).await? {
            return Ok(0);
        }
        for row in &one.items {
            self.table.delete(&key_of_item(row)).await?;
        }
        Ok(one.count())
    }

    async fn last_segment(&self, merchant: &MerchantId) -> Result<Option<SegmentRecord>, PlatformError> {
        let ItemKey { partition, sort } = Keys::of(merchant).segments();
        let last = self.table.last(&partition, &sort).await?;
        last.map(|item| SegmentRecord::read(&item)).transpose()
    }

    /// All segments of a merchant, in the order of their chain.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn segments(&self, merchant: &MerchantId) -> Result<Vec<SegmentRecord>, PlatformError> {
        let ItemKey { partition, sort } = Keys::of(merchant).segments();
        let items = self.all_rows(&partition, (&sort, &format!("{sort}~"))).await?;
        items.iter().map(SegmentRecord::read).collect()
    }

    /// True when the segment is in the bucket as it was written, and follows the one before it.
    ///
    /// # Errors
    /// As S3 says, beside that it is not there.
    pub async fn segment_holds(
        &self,
        merchant: &MerchantId,
        record: &SegmentRecord,
        previous: &str,
    ) -> Result<bool, PlatformError> {
        match self.open_segment(merchant, &record.object, &record.hash).await {
            Ok(segment) => Ok(segment.previous == previous && record.previous == previous),
            Err(PlatformError::NotFound(_) | PlatformError::Unreadable(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn open_segment(
        &self,
        merchant: &MerchantId,
        object: &str,
        hash: &str,
    ) -> Result<Segment, PlatformError> {
        let unreadable = || PlatformError::Unreadable("a segment of the log".to_owned());
        let plain = unpack(&self.files.get(merchant, object).await?, UNPACKED_BYTES)?;
        if queue::hash(&plain) != hash {
            return Err(unreadable());
        }
        let segment: Segment = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
        if segment.schema != SEGMENT_SCHEMA {
            return Err(PlatformError::UnknownSchema(segment.schema));
        }
        if segment.merchant == *merchant { Ok(segment) } else { Err(unreadable()) }
    }

    /// The rows of a transfer that its head says are in segments. A segment that is gone or damaged yields none: the
    /// transfer's own chain then shows that rows are missing.
    pub(super) async fn archived_rows(
        &self,
        head: &Item,
        merchant: &MerchantId,
    ) -> Result<Vec<Item>, PlatformError> {
        let partition = key_of_item(head).partition;
        let mut rows: Vec<Item> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for place in archived(head)? {
            let segment = match self.open_segment(merchant, &place.object, &place.hash).await {
                Ok(segment) => segment,
                Err(PlatformError::NotFound(_) | PlatformError::Unreadable(_)) => continue,
                Err(error) => return Err(error),
            };
            let own = |row: &BTreeMap<String, Kept>| row.get("pk") == Some(&Kept::S(partition.clone()));
            for row in segment.rows.into_iter().filter(own) {
                let row: Item = row
                    .into_iter()
                    .map(|(name, value)| Ok((name, value.open()?)))
                    .collect::<Result<_, PlatformError>>()?;
                if seen.insert(sort_of(&row)) {
                    rows.push(row);
                }
            }
        }
        Ok(rows)
    }
}

impl SegmentRecord {
    fn item(&self, merchant: &MerchantId) -> Item {
        let mut item = key_of(&Keys::of(merchant).segment(self.sequence));
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert("sequence".to_owned(), number(self.sequence));
        item.insert("day".to_owned(), text(self.day.to_string()));
        item.insert("object".to_owned(), text(self.object.clone()));
        item.insert("hash".to_owned(), text(self.hash.clone()));
        item.insert("previous".to_owned(), text(self.previous.clone()));
        item.insert("rows".to_owned(), number(self.rows));
        item.insert("size".to_owned(), number(self.size));
        item.insert("written_at".to_owned(), time(self.at));
        item
    }

    fn read(item: &Item) -> Result<SegmentRecord, PlatformError> {
        let reading = Reading::of(item, SCHEMA)?;
        let day = reading.text("day")?.parse();
        Ok(SegmentRecord {
            sequence: reading.number("sequence")?,
            day: day.map_err(|_| PlatformError::Unreadable("a segment's day".to_owned()))?,
            object: reading.text("object")?.to_owned(),
            hash: reading.text("hash")?.to_owned(),
            previous: reading.text("previous")?.to_owned(),
            rows: reading.number("rows")?,
            size: reading.number("size")?,
            at: reading.time("written_at")?,
        })
    }
}
