//! Under which days and names a merchant's payouts are found: small rows beside them, written before a payout is kept with what they say.
//!
//! Payouts stand by acquirer, account and a hash, which says nothing of time; so whoever looks for those of some days, or for one by its
//! batch, would read them all. A row says where the payout stands and nothing more. It is written once for each month that one of its days
//! is in, for its names, and for the day that it was posted on. One that is not true any more leads to a payout which then decides.
//!
//! Payouts that were kept before there were such rows have none. So the rows are not believed until the merchant's payouts were gone
//! through once, and once more after [`SETTLES_AFTER`], when no process that knows nothing of them is left; all payouts are read until
//! then.
//!
//! Such a process may come back: after a rollback payouts are kept without rows, or under other days than their rows say. So all payouts
//! are gone through again each day. Beside a payout stands a hash of the rows that were written for it, so that this only reads where
//! nothing is missing.

use std::collections::{BTreeSet, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::MerchantId;
use domain::payout::PayoutState;
use engine::clock::Clock;
use engine::payouts::PayoutRecord;
use engine::payouts::record::{IntakeRecord, PAYOUT_SCHEMA};
use engine::payouts::store::PayoutStore as _;
use engine::store::{Page, StoreFailure};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::Ledger;
use super::payouts::{ROWS, key, next_behind, read};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::keys::{ItemKey, Keys, PayoutPlace};
use crate::queue::hash;
use crate::table::{Change, Item, Reading, SCHEMA, key_of, number, text, time};

/// How long after the first walk the rows are believed, once they were walked again: no function runs as long as this, so none is left that
/// was started by a version without them.
const SETTLES_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// How often the rows are held against the payouts, once they are believed.
const CHECKED_EACH: SignedDuration = SignedDuration::from_hours(24);
/// Payouts of one page.
const PAGE: usize = 200;
/// Rows that are written at a time.
const AT_A_TIME: usize = 32;
/// How the places begin at which a list by rows goes on.
const BY_ROWS: char = '#';
/// Where the payout stands that a row leads to.
const PLACE: &str = "place";
/// When the rows were first written for all payouts, and that they are believed.
const WALKED: &str = "at";
const BELIEVED: &str = "believed";
/// How far the first walk has come, and the second.
const WALKED_TO: [&str; 2] = ["first_to", "again_to"];
/// When the walk began by which the rows were last held against all payouts; when the one began that is under way, and how far it has come.
const CHECKED: &str = "checked";
const CHECK_BEGUN: &str = "check_begun";
const CHECKED_TO: &str = "checked_to";

/// The month of a day, as rows are sorted by it.
fn month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// Everything that a payout is found under.
fn places(record: &PayoutRecord) -> BTreeSet<ItemKey> {
    let (keys, name) = (Keys::of(&record.id.merchant), record.id.name());
    let of = &record.id.key;
    let months: BTreeSet<String> = record.days().map(month).collect();
    // The bank tells when one without a day of its own is paid, which may be in any month.
    let undated = record.figures.day.is_none().then(String::new);
    let months: BTreeSet<String> = months.into_iter().chain(undated).collect();
    let posted = record.approval.moves().iter().filter(|made| made.to == PayoutState::Posted);
    let posted = posted.map(|made| Offset::UTC.to_datetime(made.at).date().to_string());
    let months = months.iter().map(|month| keys.payout_at(&PayoutPlace::Month(month, &of.acquirer), &name));
    let posted = posted.map(|day| keys.payout_at(&PayoutPlace::Posted(&day), &name));
    let names = [PayoutPlace::Name(&name), PayoutPlace::Batch(&of.batch)];
    let names = names.into_iter().map(|place| keys.payout_at(&place, &name));
    months.chain(posted).chain(names).collect()
}

/// The rows of a payout in one word.
pub(super) fn rows_of(record: &PayoutRecord) -> String {
    let sorts: Vec<String> = places(record).into_iter().map(|key| key.sort).collect();
    hash(sorts.join("\n").as_bytes())
}

fn refused_row(intake: &IntakeRecord) -> ItemKey {
    Keys::of(&intake.merchant).payout_at(&PayoutPlace::Refused(&intake.flow), &intake.file.sha256)
}

impl Ledger {
    /// Writes the rows of a payout.
    pub(super) async fn index(&self, record: &PayoutRecord) -> Result<(), PlatformError> {
        let place = key(&record.id).sort;
        let row = |key: ItemKey| {
            let mut item = key_of(&key);
            item.insert("schema".to_owned(), number(SCHEMA));
            item.insert(PLACE.to_owned(), text(place.clone()));
            item
        };
        let rows: Vec<Item> = places(record).into_iter().map(row).collect();
        let written = stream::iter(rows).map(|row| self.table.put(row)).buffer_unordered(AT_A_TIME);
        written.try_collect::<Vec<()>>().await.map(|_| ())
    }

    /// True when every payout of the merchant is found under its rows.
    async fn is_indexed(&self, merchant: &MerchantId) -> Result<bool, PlatformError> {
        let walked = self.table.get(&Keys::of(merchant).payouts_walked()).await?;
        walked.map_or(Ok(false), |item| Ok(Reading::of(&item, SCHEMA)?.flag(BELIEVED)))
    }

    /// The same, and goes through the payouts where they are not: once, and once more when that is long enough ago. From then on each day.
    async fn indexed_or_walked(&self, merchant: &MerchantId) -> Result<bool, PlatformError> {
        let key = Keys::of(merchant).payouts_walked();
        let item = self.table.get(&key).await?.unwrap_or_default();
        let (first, after) = match item.is_empty() {
            true => (None, [None, None]),
            false => {
                let reading = Reading::of(&item, SCHEMA)?;
                if reading.flag(BELIEVED) {
                    self.check_daily(merchant, &reading).await?;
                    return Ok(true);
                }
                let after = WALKED_TO.map(|name| reading.text_if_any(name).map(str::to_owned));
                (reading.time_if_any(WALKED)?, after)
            }
        };
        let [first_after, again_after] = after;
        let now = SystemClock.now();
        let mut change = Change::new();
        change.set("schema", number(SCHEMA));
        match first {
            None => {
                self.walk(merchant, (WALKED_TO[0], first_after)).await?;
                change.set(WALKED, time(now));
            }
            Some(first) if now < first + SETTLES_AFTER => return Ok(false),
            Some(_) => {
                self.walk(merchant, (WALKED_TO[1], again_after)).await?;
                change.set(BELIEVED, AttributeValue::Bool(true)).set(CHECKED, time(now));
            }
        }
        self.table.update(&key, change).await?;
        Ok(first.is_some())
    }

    /// Writes what rows are missing of payouts and refused files, when that was last looked for a day ago. One that is broken off is gone on
    /// with.
    async fn check_daily(&self, merchant: &MerchantId, walked: &Reading<'_>) -> Result<(), PlatformError> {
        let now = SystemClock.now();
        let is_recent = |at: &Timestamp| now < *at + CHECKED_EACH;
        if walked.time_if_any(CHECKED)?.as_ref().is_some_and(is_recent) {
            return Ok(());
        }
        let begun = walked.time_if_any(CHECK_BEGUN)?.filter(is_recent);
        let mut after = begun.and_then(|_| walked.text_if_any(CHECKED_TO)).map(str::to_owned);
        let (key, begun) = (Keys::of(merchant).payouts_walked(), begun.unwrap_or(now));
        loop {
            let items = self.payout_items(merchant, None, after.as_deref()).await?;
            let Some(next) = next_behind(&items) else { break };
            let check = |item: Item| async move { self.check_rows(merchant, &item).await };
            stream::iter(items).map(check).buffer_unordered(8).try_collect::<Vec<()>>().await?;
            let mut change = Change::new();
            change.set(CHECK_BEGUN, time(begun)).set(CHECKED_TO, text(next.clone()));
            self.table.update(&key, change).await?;
            after = Some(next);
        }
        let known: HashSet<ItemKey> = self.refused_rows(merchant).await?.into_iter().collect();
        for intake in self.every_file(merchant).await?.iter().filter(|intake| intake.needs_attention()) {
            if !known.contains(&Keys::of(merchant).payout_file(&intake.flow, &intake.file.sha256)) {
                self.index_refused(intake).await?;
            }
        }
        let mut change = Change::new();
        change.set(CHECKED, time(begun)).remove(CHECK_BEGUN).remove(CHECKED_TO);
        self.table.update(&key, change).await.map(|_| ())
    }

    /// Writes the rows of a payout where others were written for it, or none.
    async fn check_rows(&self, merchant: &MerchantId, item: &Item) -> Result<(), PlatformError> {
        // What only a newer version can read keeps none of the others back: it has its rows from that one, or is looked at tomorrow.
        let record = match read(item, merchant) {
            Ok(record) => record,
            Err(error) => {
                tracing::warn!(event = "payout-rows", %merchant, %error, "its rows are not looked at");
                return Ok(());
            }
        };
        let rows = rows_of(&record);
        if Reading::of(item, PAYOUT_SCHEMA)?.text_if_any(ROWS) == Some(rows.as_str()) {
            return Ok(());
        }
        self.index(&record).await?;
        let mut change = Change::new();
        change.set(ROWS, text(rows)).only_if_equal("schema", number(PAYOUT_SCHEMA));
        self.table.update(&key(&record.id), change).await.map(|_| ())
    }

    /// Writes the rows of all payouts and refused files. One that is broken off is gone on with.
    async fn walk(
        &self,
        merchant: &MerchantId,
        (place, mut after): (&'static str, Option<String>),
    ) -> Result<(), PlatformError> {
        loop {
            let Page { items, next } = self.list_payouts(merchant, None, after.as_deref()).await?;
            let index = |record: PayoutRecord| async move { self.index(&record).await };
            stream::iter(items).map(index).buffer_unordered(8).try_collect::<Vec<()>>().await?;
            let Some(next) = next else { break };
            let mut change = Change::new();
            change.set("schema", number(SCHEMA)).set(place, text(next.clone()));
            self.table.update(&Keys::of(merchant).payouts_walked(), change).await?;
            after = Some(next);
        }
        for intake in self.every_file(merchant).await?.iter().filter(|intake| intake.needs_attention()) {
            self.index_refused(intake).await?;
        }
        Ok(())
    }

    /// Writes the row of a file that was refused.
    pub(super) async fn index_refused(&self, intake: &IntakeRecord) -> Result<(), PlatformError> {
        let mut item = key_of(&refused_row(intake));
        let place = Keys::of(&intake.merchant).payout_file(&intake.flow, &intake.file.sha256).sort;
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert(PLACE.to_owned(), text(place));
        self.table.put(item).await
    }

    /// Takes the row of a file away that somebody has looked at.
    pub(super) async fn forget_refused(&self, intake: &IntakeRecord) -> Result<(), PlatformError> {
        self.table.delete(&refused_row(intake)).await
    }

    /// The files that were refused and that nobody has looked at, the latest first.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn refused_files(&self, merchant: &MerchantId) -> Result<Vec<IntakeRecord>, StoreFailure> {
        let mut refused = match self.is_indexed(merchant).await? {
            true => self.refused_by_rows(merchant).await?,
            false => self.every_file(merchant).await?,
        };
        refused.retain(IntakeRecord::needs_attention);
        refused.sort_by_key(|intake| std::cmp::Reverse(intake.file.received_at));
        Ok(refused)
    }

    /// Where the files stand that rows of refused ones lead to.
    async fn refused_rows(&self, merchant: &MerchantId) -> Result<Vec<ItemKey>, PlatformError> {
        let keys = Keys::of(merchant);
        let ((from, to), rows) = (PayoutPlace::REFUSED, keys.payouts_walked().partition);
        let partition = keys.payout_file("", "").partition;
        let mut wanted = Vec::new();
        for row in self.table.range_all(&rows, from, to).await? {
            let sort = Reading::of(&row, SCHEMA)?.text(PLACE)?.to_owned();
            wanted.push(ItemKey { partition: partition.clone(), sort });
        }
        Ok(wanted)
    }

    async fn refused_by_rows(&self, merchant: &MerchantId) -> Result<Vec<IntakeRecord>, PlatformError> {
        let wanted = self.refused_rows(merchant).await?;
        let found = self.get_many(&wanted).await?;
        let read = |item: &Item| Reading::of(item, PAYOUT_SCHEMA)?.packed_json_if_any("intake");
        let read: Vec<Option<IntakeRecord>> = found.iter().map(read).collect::<Result<_, _>>()?;
        Ok(read.into_iter().flatten().filter(|intake| intake.merchant == *merchant).collect())
    }

    async fn every_file(&self, merchant: &MerchantId) -> Result<Vec<IntakeRecord>, StoreFailure> {
        let (mut all, mut page) = (Vec::new(), None::<String>);
        loop {
            let found = self.intakes(merchant, page.as_deref()).await?;
            all.extend(found.items);
            match found.next {
                None => return Ok(all),
                next => page = next,
            }
        }
    }

    /// Some of the payouts that rows lead to, from one sort key to before another, and where to go on.
    async fn rows_between(
        &self,
        merchant: &MerchantId,
        (from, to): (&str, &str),
        meant: impl Fn(&str) -> bool,
    ) -> Result<Page<PayoutRecord>, PlatformError> {
        let keys = Keys::of(merchant);
        let partition = keys.payouts("", "").partition;
        let (rows, mut more) = self.table.range_and_more(&keys.payouts_walked().partition, from, to).await?;
        let (mut wanted, mut last) = (BTreeSet::new(), None);
        for row in &rows {
            let reading = Reading::of(row, SCHEMA)?;
            let sort = reading.text("sk")?;
            if meant(sort) {
                if wanted.len() == PAGE {
                    more = true;
                    break;
                }
                wanted
                    .insert(ItemKey { partition: partition.clone(), sort: reading.text(PLACE)?.to_owned() });
            }
            // The next page begins right behind the last one.
            last = Some(format!("{sort} "));
        }
        let items = self.records_at(merchant, wanted).await?;
        Ok(Page { items, next: last.filter(|_| more) })
    }

    /// All of the payouts that rows lead to.
    async fn all_rows_between(
        &self,
        merchant: &MerchantId,
        (from, to): (String, String),
    ) -> Result<Vec<PayoutRecord>, PlatformError> {
        let (mut found, mut from) = (Vec::new(), from);
        loop {
            let page = self.rows_between(merchant, (&from, &to), |_| true).await?;
            found.extend(page.items);
            match page.next {
                None => break,
                Some(next) => from = next,
            }
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }

    async fn records_at(
        &self,
        merchant: &MerchantId,
        wanted: BTreeSet<ItemKey>,
    ) -> Result<Vec<PayoutRecord>, PlatformError> {
        let wanted: Vec<ItemKey> = wanted.into_iter().collect();
        let found = self.get_many(&wanted).await?;
        let mut records: Vec<PayoutRecord> =
            found.iter().map(|item| read(item, merchant)).collect::<Result<_, _>>()?;
        records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(records)
    }

    /// One page of the payouts that may have a day within these, or that have none.
    pub(super) async fn around(
        &self,
        merchant: &MerchantId,
        acquirer: Option<&str>,
        (first, last): (Date, Date),
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, PlatformError> {
        // A list that was begun one way goes on that way: no payout's own key begins with the mark.
        let place = page.and_then(|page| page.strip_prefix(BY_ROWS));
        let by_rows = match page {
            Some(_) => place.is_some(),
            None => self.indexed_or_walked(merchant).await?,
        };
        if !by_rows {
            return self.list_payouts(merchant, None, page).await;
        }
        let meant = |sort: &str| acquirer.is_none_or(|acquirer| PayoutPlace::is_of(sort, acquirer));
        let (undated, dated) = (PayoutPlace::UNDATED, PayoutPlace::months(&month(first), &month(last)));
        // Those without a day come first.
        let from = place.unwrap_or(undated.0);
        let (found, then) = match from < undated.1 {
            true => (self.rows_between(merchant, (from, undated.1), meant).await?, Some(dated.0)),
            false => (self.rows_between(merchant, (from, &dated.1), meant).await?, None),
        };
        let next = found.next.or(then).map(|next| format!("{BY_ROWS}{next}"));
        Ok(Page { items: found.items, next })
    }

    /// The payouts of this short name, or of this batch.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn payouts_named(
        &self,
        merchant: &MerchantId,
        name: &str,
    ) -> Result<Vec<PayoutRecord>, StoreFailure> {
        let named = |record: &PayoutRecord| record.id.name() == name || record.id.key.batch == name;
        if !self.is_indexed(merchant).await? {
            let mut found = self.every_payout(merchant).await?;
            found.retain(named);
            return Ok(found);
        }
        let mut found = Vec::new();
        for place in [PayoutPlace::Name(name), PayoutPlace::Batch(name)] {
            let ItemKey { sort, .. } = Keys::of(merchant).payout_at(&place, "");
            let end = format!("{sort}~");
            found.extend(self.all_rows_between(merchant, (sort, end)).await?);
        }
        found.retain(named);
        if found.is_empty() {
            // One that was kept without rows since the last check of them is there all the same.
            found = self.every_payout(merchant).await?;
            found.retain(named);
        }
        found.sort_by(|a: &PayoutRecord, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }

    /// The payouts that were posted on these days of UTC.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn payouts_posted(
        &self,
        merchant: &MerchantId,
        (first, last): (Date, Date),
    ) -> Result<Vec<PayoutRecord>, StoreFailure> {
        if !self.is_indexed(merchant).await? {
            return self.every_payout(merchant).await;
        }
        let keys = Keys::of(merchant);
        let begins = |day: Date| keys.payout_at(&PayoutPlace::Posted(&day.to_string()), "").sort;
        let end = format!("{}~", begins(last));
        Ok(self.all_rows_between(merchant, (begins(first), end)).await?)
    }

    async fn every_payout(&self, merchant: &MerchantId) -> Result<Vec<PayoutRecord>, StoreFailure> {
        let (mut all, mut page) = (Vec::new(), None::<String>);
        loop {
            let found = self.payouts(merchant, None, page.as_deref()).await?;
            all.extend(found.items);
            match found.next {
                None => return Ok(all),
                next => page = next,
            }
        }
    }
}
