//! Payouts on the table and in the bucket: one small item each, and what is large as objects below the merchant's own prefix.
//!
//! A payout of ten thousand lines looks up ten thousand keys: each is one query of an index that holds keys alone, several at a
//! time, and the heads they lead to are read a hundred with a call. What payouts paid of documents is read a hundred with a call,
//! too. Nothing is ever listed to be matched.

use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;
use domain::settlement::BatchKey;
use domain::{AgreementId, ConnectionId, EffectKey, MerchantId};
use engine::payouts::record::{IntakeRecord, PAYOUT_SCHEMA, PaidBefore, PayoutClaim};
use engine::payouts::store::VoucherNumber;
use engine::payouts::summary::PayoutSummary;
use engine::payouts::{FileBytes, OrderLink, PayoutClaimed, PayoutId, PayoutRecord, PayoutStore};
use engine::store::{Head, LEDGER_SCHEMA, Page, Pointer, PointerKind, StoreFailure};
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::heads::attribute::{DOCUMENT, ORDER};
use super::payout_index::rows_of;
use super::transactions::pointer_word;
use super::{Ledger, heads};
use crate::failure::PlatformError;
use crate::keys::{self, ItemKey, Keys};
use crate::packing::{pack, unpack};
use crate::sealed_file::SealedBytes;
use crate::table::{
    Change, Inserted, Item, PACKED_JSON_BYTES, Reading, SERVICE, Updated, json, key_of, number, packed_json,
    readable, text, time,
};

/// Calls that are under way at a time.
pub(super) const AT_A_TIME: usize = 32;
/// The largest plan or list of fingerprints that is unpacked, in bytes.
const LARGEST: usize = 512 * 1024 * 1024;

const SCHEMA: &str = "schema";
const RECORD: &str = "record";
const FENCE: &str = "fence";
const CLAIM: &str = "claim";
const LEASE: &str = "lease_until";
const ATTENTION: &str = "attention";
const SUMMARY: &str = "summary";
/// A hash of the rows under which the payout is found, as they were written.
pub(super) const ROWS: &str = "rows";

/// The largest summary that is kept as a row, in bytes: an item has room for 400 KB.
const LARGEST_SUMMARY: usize = 300 * 1024;

fn summary_key(id: &PayoutId, plan: &str) -> ItemKey {
    Keys::of(&id.merchant).payout_summary(&id.name(), plan)
}

pub(super) fn key(id: &PayoutId) -> ItemKey {
    Keys::of(&id.merchant).payout(&id.key.acquirer, &id.key.account, &id.name())
}

/// The record: its JSON, and over it what the table itself counts and decides by.
pub(super) fn read(item: &Item, merchant: &MerchantId) -> Result<PayoutRecord, PlatformError> {
    let reading = Reading::of(item, PAYOUT_SCHEMA).or_else(|_| Reading::of(item, SCHEMA_BY_MAIL))?;
    let record: Option<PayoutRecord> = reading.packed_json_if_any(RECORD)?;
    let mut record = record.ok_or_else(|| PlatformError::Unreadable("a payout".to_owned()))?;
    if record.id.merchant != *merchant {
        return Err(PlatformError::Unreadable("a payout of somebody else".to_owned()));
    }
    record.fence = reading.number(FENCE)?;
    reading.text(CLAIM)?.clone_into(&mut record.claim);
    record.lease_until = reading.time_if_any(LEASE)?;
    Ok(record)
}

/// The schema of a payout that rests on mail: who knows nothing of that must not have rules post it.
const SCHEMA_BY_MAIL: u32 = PAYOUT_SCHEMA + 1;

fn schema(record: &PayoutRecord) -> u32 {
    if record.rests_on_mail() { SCHEMA_BY_MAIL } else { PAYOUT_SCHEMA }
}

/// Only if the item is of a schema that is known.
fn only_if_known(change: &mut Change) {
    let (name, usual) = (change.name(SCHEMA), change.value(number(PAYOUT_SCHEMA)));
    let by_mail = change.value(number(SCHEMA_BY_MAIL));
    change.only_if(format!("{name} = {usual} OR {name} = {by_mail}"));
}

/// Where a list of payouts goes on behind these.
pub(super) fn next_behind(items: &[Item]) -> Option<String> {
    items.last().and_then(|item| item.get("sk")).and_then(|sort| sort.as_s().ok()).cloned()
}

fn attention(record: &PayoutRecord) -> Option<String> {
    record.needs_attention().then(|| Keys::of(&record.id.merchant).payout_attention())
}

impl Ledger {
    async fn insert(&self, record: &PayoutRecord) -> Result<Option<PayoutRecord>, PlatformError> {
        let key = key(&record.id);
        let mut item = key_of(&key);
        item.insert(SCHEMA.to_owned(), number(schema(record)));
        item.insert(RECORD.to_owned(), packed_json(record)?);
        item.insert(FENCE.to_owned(), number(record.fence));
        item.insert(CLAIM.to_owned(), text(record.claim.clone()));
        item.insert("at".to_owned(), time(record.received_at));
        if let Some(partition) = attention(record) {
            item.insert(ATTENTION.to_owned(), text(partition));
        }
        item.insert(ROWS.to_owned(), text(rows_of(record)));
        // Whoever dies in between leaves rows that lead to nothing.
        self.index(record).await?;
        match self.table.insert(item).await? {
            Inserted::New => Ok(None),
            Inserted::Already => {
                let known = self.table.get(&key).await?;
                known.map(|item| read(&item, &record.id.merchant)).transpose()
            }
        }
    }

    async fn take(&self, claim: &PayoutClaim) -> Result<PayoutClaimed, PlatformError> {
        let mut change = Change::new();
        change.increment(FENCE).set(CLAIM, text(claim.token.clone())).set(LEASE, time(claim.lease_until));
        let (lease, now) = (change.name(LEASE), change.value(time(claim.now)));
        let (owner, token) = (change.name(CLAIM), change.value(text(claim.token.clone())));
        only_if_known(&mut change);
        // A claim whose answer was lost is not counted twice; the same worker may claim again what it gave free.
        change.only_if(format!("attribute_not_exists({lease}) OR ({lease} <= {now} AND {owner} <> {token})"));
        let merchant = &claim.id.merchant;
        match self.table.update(&key(&claim.id), change).await? {
            Updated::Applied(item) => {
                let record = PayoutRecord { updated_at: claim.now, ..read(&item, merchant)? };
                Ok(PayoutClaimed::Taken(Box::new(record)))
            }
            Updated::Refused(item) if item.is_empty() => Ok(PayoutClaimed::Unknown),
            Updated::Refused(item) => {
                let record = read(&item, merchant)?;
                if record.claim == claim.token {
                    Ok(PayoutClaimed::Taken(Box::new(record)))
                } else {
                    Ok(PayoutClaimed::Held { until: record.lease_until.unwrap_or(claim.now) })
                }
            }
        }
    }

    async fn save_record(&self, record: &PayoutRecord) -> Result<bool, PlatformError> {
        let mut change = Change::new();
        change
            .set(SCHEMA, number(schema(record)))
            .set(RECORD, packed_json(record)?)
            .set_or_remove(LEASE, record.lease_until.map(time))
            .set_or_remove(ATTENTION, attention(record).map(text))
            .only_if_equal(FENCE, number(record.fence))
            .only_if_equal(CLAIM, text(record.claim.clone()));
        only_if_known(&mut change);
        Ok(matches!(self.table.update(&key(&record.id), change).await?, Updated::Applied(_)))
    }

    pub(super) async fn list_payouts(
        &self,
        merchant: &MerchantId,
        account: Option<(&str, &str)>,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, PlatformError> {
        let items = self.payout_items(merchant, account, page).await?;
        let records = items.iter().map(|item| read(item, merchant)).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { items: records, next: next_behind(&items) })
    }

    /// One page of payouts as they stand in the table.
    pub(super) async fn payout_items(
        &self,
        merchant: &MerchantId,
        account: Option<(&str, &str)>,
        page: Option<&str>,
    ) -> Result<Vec<Item>, PlatformError> {
        let keys = Keys::of(merchant);
        let (partition, from, to) = match account {
            Some((acquirer, account)) => {
                let ItemKey { partition, sort } = keys.payouts(acquirer, account);
                (partition, sort.clone(), format!("{sort}~"))
            }
            None => (keys.payouts("", "").partition, " ".to_owned(), "~".to_owned()),
        };
        // The next page begins right behind the last one found; a place outside the list finds nothing of anybody else's.
        let from = page.filter(|page| from.as_str() <= *page).map_or(from, |page| format!("{page} "));
        if from > to {
            return Ok(Vec::new());
        }
        self.table.range(&partition, &from, &to).await
    }

    /// The transfer whose items stand under a key, by an index or by a pointer.
    async fn partitions_under(
        &self,
        merchant: &MerchantId,
        pointer: &Pointer,
    ) -> Result<Vec<ItemKey>, PlatformError> {
        let (keys, word) = (Keys::of(merchant), pointer_word(pointer.kind));
        let mut found = Vec::new();
        let index = match pointer.kind {
            PointerKind::OrderNumber => Some(ORDER),
            PointerKind::DraftNumber | PointerKind::InvoiceNumber => Some(DOCUMENT),
            PointerKind::Payment | PointerKind::ProductNumber | PointerKind::MadeOn => None,
        };
        if let Some(index) = index {
            found.extend(self.heads_in(index, &keys.number_index(word, &pointer.value)).await?);
        }
        // Further numbers of a transfer (an order may be numbered anew), and all payments, stand as items of their own.
        let ItemKey { partition, sort } = keys.numbers(word, &pointer.value);
        for item in self.table.range_all(&partition, &sort, &format!("{sort}~")).await? {
            let transfer =
                keys::transfer_of(Reading::of(&item, crate::table::SCHEMA)?.text("transfer")?, merchant);
            found.extend(transfer.map(|transfer| keys.head(&transfer)));
        }
        Ok(found)
    }

    /// Keys of the heads in an index.
    async fn heads_in(&self, index: &str, partition: &str) -> Result<Vec<ItemKey>, PlatformError> {
        let query = self.table.query_of_index(index, partition);
        let answer = query.send().await.map_err(|error| PlatformError::of(SERVICE, &error))?;
        let of = |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let key = |item: &Item| Some(ItemKey { partition: of(item, "pk")?, sort: of(item, "sk")? });
        Ok(answer.items().iter().filter_map(key).collect())
    }

    async fn heads_under(
        &self,
        merchant: &MerchantId,
        pointers: &[Pointer],
    ) -> Result<Vec<(Pointer, Head)>, PlatformError> {
        let mut led: Vec<(Pointer, Vec<ItemKey>)> = stream::iter(pointers.to_vec())
            .map(|pointer| async move {
                let keys = self.partitions_under(merchant, &pointer).await?;
                Ok::<_, PlatformError>((pointer, keys))
            })
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await?;
        led.retain(|(_, keys)| !keys.is_empty());
        led.sort_by(|a, b| a.0.cmp(&b.0));
        let mut keys: Vec<ItemKey> = led.iter().flat_map(|(_, keys)| keys.clone()).collect();
        keys.sort_by(|a, b| (&a.partition, &a.sort).cmp(&(&b.partition, &b.sort)));
        keys.dedup();
        let mut heads = std::collections::HashMap::new();
        for item in self.get_many(&keys).await? {
            let head = heads::read(&item, merchant)?;
            heads.insert(Keys::of(merchant).head(&head.transfer), head);
        }
        let mut found = Vec::new();
        for (pointer, keys) in led {
            found.extend(keys.iter().filter_map(|key| Some((pointer.clone(), heads.get(key)?.clone()))));
        }
        Ok(found)
    }

    /// Many items, a hundred with a call and several calls at a time.
    pub(super) async fn get_many(&self, keys: &[ItemKey]) -> Result<Vec<Item>, PlatformError> {
        let chunks: Vec<Vec<ItemKey>> = keys.chunks(100).map(<[ItemKey]>::to_vec).collect();
        let found: Vec<Vec<Item>> = stream::iter(chunks)
            .map(|chunk| async move { self.table.get_all(&chunk).await })
            .buffer_unordered(8)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Erases files of a merchant's payouts that came until a day, the oldest first, and says so where each came: what acquirers wrote of
    /// buyers goes, what was made of it stays. A file of a payout that changed since, or is not at rest, stays, too, and so does one that
    /// came for another of the flows since. One page of them with each call, from where the last one ended.
    ///
    /// # Errors
    /// As DynamoDB and S3 say.
    pub(crate) async fn erase_payout_files(
        &self,
        (merchant, flows): (&MerchantId, &[String]),
        (after, until): (Option<Date>, Date),
        now: Timestamp,
        page: Option<&str>,
    ) -> Result<ErasedFiles, StoreFailure> {
        let (items, next) = self.payout_files_between(merchant, (after, until), page).await?;
        let read = |item: &Item| Reading::of(item, PAYOUT_SCHEMA)?.packed_json_if_any("intake");
        let read: Vec<Option<IntakeRecord>> = readable(&items, read)?;
        let mut old: Vec<IntakeRecord> = read.into_iter().flatten().collect();
        old.retain(|intake| intake.merchant == *merchant && intake.erased_at.is_none());
        // The index may lag behind the item: the item decides.
        let (newer, old): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|intake| on(intake.file.received_at) > until);
        let mut kept: HashSet<String> = newer.into_iter().map(|intake| intake.file.sha256).collect();
        let others = self.of_other_flows(merchant, flows, &old).await?;
        let later = others.iter().filter(|intake| on(intake.file.received_at) > until);
        kept.extend(later.map(|intake| intake.file.sha256.clone()));
        kept.extend(self.needed_still(merchant, (&old, &others), until).await?);
        let mut erased = ErasedFiles { next, ..ErasedFiles::default() };
        let (mails, files): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|intake| !intake.came_in_it().is_empty());
        for intake in files {
            if kept.contains(&intake.file.sha256) {
                erased.later = true;
            } else {
                self.erase_payout_file(intake, now).await?;
                erased.count += 1;
            }
        }
        // A mail stays as long as what came in it.
        for mail in mails {
            if kept.contains(&mail.file.sha256) || self.holds_what_stays(&mail).await? {
                erased.later = true;
            } else {
                self.erase_payout_file(mail, now).await?;
                erased.count += 1;
            }
        }
        Ok(erased)
    }

    async fn erase_payout_file(&self, mut intake: IntakeRecord, now: Timestamp) -> Result<(), StoreFailure> {
        self.files.delete(&intake.merchant, &file_name(&intake.file.sha256)).await?;
        intake.erased_at = Some(now);
        self.put_intake(&intake).await
    }

    /// Whether a file that came in a mail is not erased.
    async fn holds_what_stays(&self, mail: &IntakeRecord) -> Result<bool, PlatformError> {
        let own = Keys::of(&mail.merchant);
        let keys: BTreeSet<ItemKey> =
            mail.came_in_it().iter().map(|file| own.payout_file(&mail.flow, &file.sha256)).collect();
        for item in self.get_many(&keys.into_iter().collect::<Vec<_>>()).await? {
            let intake: Option<IntakeRecord> =
                Reading::of(&item, PAYOUT_SCHEMA)?.packed_json_if_any("intake")?;
            if intake.is_some_and(|intake| intake.erased_at.is_none()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How these files came for others of the flows.
    async fn of_other_flows(
        &self,
        merchant: &MerchantId,
        flows: &[String],
        files: &[IntakeRecord],
    ) -> Result<Vec<IntakeRecord>, PlatformError> {
        let own = Keys::of(merchant);
        let of = |intake: &IntakeRecord| {
            let others = flows.iter().filter(|flow| **flow != intake.flow);
            others.map(|flow| own.payout_file(flow, &intake.file.sha256)).collect::<Vec<_>>()
        };
        let keys: BTreeSet<ItemKey> = files.iter().flat_map(of).collect();
        let mut others = Vec::new();
        for item in self.get_many(&keys.into_iter().collect::<Vec<_>>()).await? {
            let intake: Option<IntakeRecord> =
                Reading::of(&item, PAYOUT_SCHEMA)?.packed_json_if_any("intake")?;
            others.extend(intake);
        }
        Ok(others)
    }

    /// Those of the files that belong to a payout which changed after the day, or is not at rest: of their own flow, or of another that
    /// they came for as well.
    async fn needed_still(
        &self,
        merchant: &MerchantId,
        (files, others): (&[IntakeRecord], &[IntakeRecord]),
        until: Date,
    ) -> Result<Vec<String>, PlatformError> {
        let batches = files.iter().chain(others).flat_map(IntakeRecord::batches);
        let id = |batch: &BatchKey| PayoutId { merchant: merchant.clone(), key: batch.clone() };
        let keys: BTreeSet<ItemKey> = batches.map(|batch| key(&id(batch))).collect();
        let mut needed = Vec::new();
        for item in self.get_many(&keys.into_iter().collect::<Vec<_>>()).await? {
            let record = read(&item, merchant)?;
            if record.is_at_rest() && on(record.updated_at) <= until {
                continue;
            }
            let known = files.iter().map(|intake| &intake.file.sha256).filter(|sha256| record.knows(sha256));
            needed.extend(known.cloned());
        }
        Ok(needed)
    }

    async fn paid_item(
        &self,
        merchant: &MerchantId,
        agreement: &AgreementId,
        paid: &PaidBefore,
    ) -> Result<(), PlatformError> {
        let key = Keys::of(merchant).paid(agreement.as_str(), &paid.document);
        let mut change = Change::new();
        change
            .set(SCHEMA, number(LEDGER_SCHEMA))
            .set("document", text(paid.document.clone()))
            .set(&format!("{PAYOUT}{}", paid.payout), json(&paid.amount)?);
        self.table.update(&key, change).await?;
        Ok(())
    }
}

/// What became of files whose time is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ErasedFiles {
    /// So many were erased.
    pub(crate) count: usize,
    /// Where to go on with further ones.
    pub(crate) next: Option<String>,
    /// Some are looked at again later.
    pub(crate) later: bool,
}

/// The day of UTC.
fn on(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// How attributes begin that say what one payout paid.
const PAYOUT: &str = "payout_";

fn read_paid(item: &Item) -> Result<Vec<PaidBefore>, PlatformError> {
    let reading = Reading::of(item, LEDGER_SCHEMA)?;
    let document = reading.text("document")?.to_owned();
    let mut found = Vec::new();
    for name in item.keys().filter_map(|name| name.strip_prefix(PAYOUT)) {
        let amount = reading.json(&format!("{PAYOUT}{name}"))?;
        found.push(PaidBefore { document: document.clone(), payout: name.to_owned(), amount });
    }
    Ok(found)
}

fn passing_name(id: &PayoutId, name: &str) -> String {
    format!("payouts/{}/{name}", id.name())
}

fn file_name(sha256: &str) -> String {
    format!("payout-files/{sha256}")
}

#[async_trait]
impl PayoutStore for Ledger {
    async fn put_file(&self, merchant: &MerchantId, file: &dyn FileBytes) -> Result<(), StoreFailure> {
        let key = self.vaults.vault(merchant).await?.key;
        let sealed = SealedBytes::of(file, key);
        Ok(self.files.put_file(merchant, &file_name(file.sha256()), &sealed).await?)
    }

    async fn file(&self, merchant: &MerchantId, sha256: &str) -> Result<Box<dyn FileBytes>, StoreFailure> {
        let limit = connectors::report::LONGEST_REPORT;
        let key = self.vaults.vault(merchant).await?.key;
        match self.files.get_sealed_file(merchant, &file_name(sha256), (&key, sha256), limit).await {
            Ok(file) if file.sha256() == sha256 => Ok(Box::new(file)),
            Ok(_) => Err(StoreFailure::Unavailable("a file that was kept has another hash".to_owned())),
            Err(PlatformError::NotFound(_)) => Err(StoreFailure::Conflict),
            Err(error) => Err(error.into()),
        }
    }

    async fn put_intake(&self, intake: &IntakeRecord) -> Result<(), StoreFailure> {
        let keys = Keys::of(&intake.merchant);
        let mut item = key_of(&keys.payout_file(&intake.flow, &intake.file.sha256));
        item.insert(SCHEMA.to_owned(), number(PAYOUT_SCHEMA));
        item.insert("intake".to_owned(), packed_json(intake)?);
        item.insert(ATTENTION.to_owned(), text(keys.payout_files()));
        item.insert("at".to_owned(), time(intake.file.received_at));
        // A refusal that stands is never without its row.
        if intake.needs_attention() {
            self.index_refused(intake).await?;
        }
        self.table.put(item).await?;
        if intake.dismissed.is_some() {
            self.forget_refused(intake).await?;
        }
        Ok(())
    }

    async fn intake(
        &self,
        merchant: &MerchantId,
        flow: &str,
        sha256: &str,
    ) -> Result<Option<IntakeRecord>, StoreFailure> {
        let item = self.table.get(&Keys::of(merchant).payout_file(flow, sha256)).await?;
        let Some(item) = item else { return Ok(None) };
        let intake: Option<IntakeRecord> = Reading::of(&item, PAYOUT_SCHEMA)?.packed_json_if_any("intake")?;
        Ok(intake.filter(|intake| intake.merchant == *merchant))
    }

    async fn intakes(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<IntakeRecord>, StoreFailure> {
        let partition = Keys::of(merchant).payout_files();
        let (items, next) = self.list_items(ATTENTION, &partition, merchant, page).await?;
        let read = |item: &Item| Reading::of(item, PAYOUT_SCHEMA)?.packed_json_if_any("intake");
        let read: Vec<Option<IntakeRecord>> = readable(&items, read)?;
        let mut intakes: Vec<IntakeRecord> = read.into_iter().flatten().collect();
        intakes.retain(|intake| intake.merchant == *merchant);
        intakes.sort_by_key(|intake| std::cmp::Reverse(intake.file.received_at));
        Ok(Page { items: intakes, next })
    }

    async fn put_line_ids(&self, id: &PayoutId, ids: &[u128]) -> Result<(), StoreFailure> {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_be_bytes()).collect();
        let name = format!("payouts/{}/line-ids", id.name());
        Ok(self.files.put(&id.merchant, &name, pack(&bytes)?).await?)
    }

    async fn line_ids(&self, id: &PayoutId) -> Result<Vec<u128>, StoreFailure> {
        let name = format!("payouts/{}/line-ids", id.name());
        match self.files.get(&id.merchant, &name).await {
            Ok(packed) => {
                let bytes = unpack(&packed, LARGEST)?;
                let whole = bytes.chunks_exact(16).filter_map(|chunk| chunk.try_into().ok());
                Ok(whole.map(u128::from_be_bytes).collect())
            }
            Err(PlatformError::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    async fn insert_payout(&self, record: &PayoutRecord) -> Result<Option<PayoutRecord>, StoreFailure> {
        Ok(self.insert(record).await?)
    }

    async fn claim_payout(&self, claim: &PayoutClaim) -> Result<PayoutClaimed, StoreFailure> {
        Ok(self.take(claim).await?)
    }

    async fn save_payout(&self, record: &PayoutRecord) -> Result<(), StoreFailure> {
        if self.save_record(record).await? { Ok(()) } else { Err(StoreFailure::Fenced) }
    }

    async fn payout(&self, id: &PayoutId) -> Result<Option<PayoutRecord>, StoreFailure> {
        let item = self.table.get(&key(id)).await?;
        Ok(item.map(|item| read(&item, &id.merchant)).transpose()?)
    }

    async fn payouts(
        &self,
        merchant: &MerchantId,
        account: Option<(&str, &str)>,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure> {
        Ok(self.list_payouts(merchant, account, page).await?)
    }

    async fn index_payout(&self, record: &PayoutRecord) -> Result<(), StoreFailure> {
        Ok(self.index(record).await?)
    }

    async fn payouts_around(
        &self,
        merchant: &MerchantId,
        acquirer: Option<&str>,
        days: (Date, Date),
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure> {
        Ok(self.around(merchant, acquirer, days, page).await?)
    }

    async fn open_payouts(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure> {
        let partition = Keys::of(merchant).payout_attention();
        let (items, next) = self.list_items(ATTENTION, &partition, merchant, page).await?;
        let mut records = readable(&items, |item| read(item, merchant))?;
        // The index may lag behind the item: the item decides.
        records.retain(PayoutRecord::needs_attention);
        Ok(Page { items: records, next })
    }

    async fn put_payout_plan(&self, id: &PayoutId, hash: &str, plan: Vec<u8>) -> Result<(), StoreFailure> {
        let name = format!("payouts/{}/plan-{hash}", id.name());
        Ok(self.files.put(&id.merchant, &name, pack(&plan)?).await?)
    }

    async fn payout_plan(&self, id: &PayoutId, hash: &str) -> Result<Vec<u8>, StoreFailure> {
        let name = format!("payouts/{}/plan-{hash}", id.name());
        match self.files.get(&id.merchant, &name).await {
            Ok(packed) => Ok(unpack(&packed, LARGEST)?),
            Err(PlatformError::NotFound(_)) => Err(StoreFailure::Conflict),
            Err(error) => Err(error.into()),
        }
    }

    async fn put_summary(&self, summary: &PayoutSummary) -> Result<(), StoreFailure> {
        let packed = packed_json(summary)?;
        let plain = serde_json::to_vec(summary).map_or(usize::MAX, |plain| plain.len());
        let is_small = packed.as_b().is_ok_and(|packed| packed.as_ref().len() <= LARGEST_SUMMARY);
        if plain > PACKED_JSON_BYTES || !is_small {
            return Ok(());
        }
        let mut item = key_of(&summary_key(&summary.id, &summary.plan));
        item.insert(SCHEMA.to_owned(), number(PAYOUT_SCHEMA));
        item.insert(SUMMARY.to_owned(), packed);
        Ok(self.table.put(item).await?)
    }

    async fn summaries(&self, wanted: &[(PayoutId, String)]) -> Result<Vec<PayoutSummary>, StoreFailure> {
        let mut keys: Vec<ItemKey> = wanted.iter().map(|(id, plan)| summary_key(id, plan)).collect();
        keys.sort_by(|a, b| (&a.partition, &a.sort).cmp(&(&b.partition, &b.sort)));
        keys.dedup();
        let merchants: HashSet<&MerchantId> = wanted.iter().map(|(id, _)| &id.merchant).collect();
        let mut found = Vec::new();
        for item in self.get_many(&keys).await? {
            let summary: Option<PayoutSummary> =
                Reading::of(&item, PAYOUT_SCHEMA)?.packed_json_if_any(SUMMARY)?;
            found.extend(summary.filter(|summary| merchants.contains(&summary.id.merchant)));
        }
        Ok(found)
    }

    async fn put_passing(&self, id: &PayoutId, name: &str, bytes: Vec<u8>) -> Result<(), StoreFailure> {
        Ok(self.files.put_passing(&id.merchant, &passing_name(id, name), pack(&bytes)?).await?)
    }

    async fn passing(&self, id: &PayoutId, name: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        match self.files.get_passing(&id.merchant, &passing_name(id, name)).await {
            Ok(packed) => Ok(Some(unpack(&packed, LARGEST)?)),
            Err(PlatformError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn drop_passing(&self, id: &PayoutId, name: &str) -> Result<(), StoreFailure> {
        Ok(self.files.drop_passing(&id.merchant, &passing_name(id, name)).await?)
    }

    async fn take_number(&self, wanted: &VoucherNumber, key: &EffectKey) -> Result<bool, StoreFailure> {
        let place = Keys::of(&wanted.merchant).voucher_number(
            wanted.agreement.as_str(),
            wanted.journal,
            &wanted.year,
            wanted.number,
        );
        let mut change = Change::new();
        change.set(SCHEMA, number(LEDGER_SCHEMA)).set("key", text(key.as_str()));
        let (holder, own) = (change.name("key"), change.value(text(key.as_str())));
        change.only_if(format!("attribute_not_exists(pk) OR {holder} = {own}"));
        Ok(matches!(self.table.update(&place, change).await?, Updated::Applied(_)))
    }

    async fn put_paid(
        &self,
        merchant: &MerchantId,
        agreement: &AgreementId,
        paid: &[PaidBefore],
    ) -> Result<(), StoreFailure> {
        let written: Result<Vec<()>, PlatformError> = stream::iter(paid.to_vec())
            .map(|one| async move { self.paid_item(merchant, agreement, &one).await })
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await;
        Ok(written.map(|_| ())?)
    }

    async fn paid(
        &self,
        merchant: &MerchantId,
        agreement: &AgreementId,
        documents: &[String],
    ) -> Result<Vec<PaidBefore>, StoreFailure> {
        let own = Keys::of(merchant);
        let keys: Vec<ItemKey> =
            documents.iter().map(|number| own.paid(agreement.as_str(), number)).collect();
        let mut found = Vec::new();
        for item in self.get_many(&keys).await? {
            found.extend(read_paid(&item)?);
        }
        Ok(found)
    }

    async fn put_links(&self, merchant: &MerchantId, links: &[OrderLink]) -> Result<usize, StoreFailure> {
        Ok(self.keep_links(merchant, links).await?)
    }

    async fn links(
        &self,
        merchant: &MerchantId,
        gateways: &[ConnectionId],
        references: &[String],
    ) -> Result<Vec<OrderLink>, StoreFailure> {
        Ok(self.links_of(merchant, gateways, references).await?)
    }

    async fn booked_under(
        &self,
        merchant: &MerchantId,
        pointers: &[Pointer],
    ) -> Result<Vec<(Pointer, Head)>, StoreFailure> {
        Ok(self.heads_under(merchant, pointers).await?)
    }
}
