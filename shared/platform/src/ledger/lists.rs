//! Lists over the indexes. An index holds keys alone, so a list is one query and one consistent batch read of the heads:
//! a row that the index has not forgotten yet is left out, and writing a head costs no copy of it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64URL_NOPAD;
use domain::{ConnectionId, MerchantId, TransferId};
use engine::store::{Due, Head, LEDGER_SCHEMA, Page, ParkedDelivery, Pointer, PointerKind};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::heads::attribute::{DOCUMENT, ORDER};
use super::transactions::pointer_word;
use super::{Ledger, heads};
use crate::failure::PlatformError;
use crate::keys::{self, ItemKey, Keys};
use crate::packing::{pack, unpack};
use crate::sealing::DataKey;
use crate::table::{
    Change, Inserted, Item, Reading, SERVICE, Updated, bytes, json, key_of, number, readable, text, time,
};

/// Heads of one page.
const PAGE: i32 = 50;
/// Pages of entries that are looked through for findings whose cause is gone.
const FINDING_PAGES: usize = 40;
/// The largest message that is kept with a parked delivery.
const MESSAGE_BYTES: usize = 64 * 1024;

/// The index of what needs attention.
const ATTENTION: &str = "attention";
/// Who dismissed an entry of what was set aside, and why.
const DISMISSED: &str = "dismissed";

/// An entry of what was set aside that a person dismissed. It is kept for ever, without the message that it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DismissedDelivery {
    /// The entry.
    pub delivery: ParkedDelivery,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Where a list goes on: the last key of the page before.
#[derive(Serialize, Deserialize)]
struct Place {
    partition: String,
    sort: String,
    at: i64,
}

impl Ledger {
    pub(super) async fn list_due(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
        page: Option<&str>,
    ) -> Result<Page<Due>, PlatformError> {
        let start = page.map(|page| start_of_due(page, shard)).transpose()?;
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :now")
            .expression_attribute_values(":shard", text(keys::due_shard(shard)))
            .expression_attribute_values(":now", time(now))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(PAGE))
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        let next = answer.last_evaluated_key().map(|last| place_of(last, "due_at")).transpose()?;
        let found = self.table.get_all(&keys_of(&answer)).await?;
        let mut due = Vec::with_capacity(found.len());
        for item in &found {
            let head = match due_head(item) {
                Ok(head) => head,
                // It is due each minute, and must not keep others from what is theirs.
                Err(error) => {
                    let transfer = item.get("pk").and_then(|key| key.as_s().ok());
                    tracing::error!(event = "task-failed", task = "due", ?transfer, %error, "it stays where it is");
                    continue;
                }
            };
            if let Some(due_at) = head.due_at.filter(|due_at| *due_at <= now) {
                due.push(Due {
                    transfer: head.transfer,
                    connection: head.connection,
                    due_at,
                    fence: head.fence,
                });
            }
        }
        due.sort_by(|a, b| a.due_at.cmp(&b.due_at).then_with(|| a.transfer.cmp(&b.transfer)));
        Ok(Page { items: due, next })
    }

    /// Brings up at `at` what waits for a pause and would come up later. `false`: it does not, or somebody works on it.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn bring_up(&self, due: &Due, at: Timestamp) -> Result<bool, PlatformError> {
        use heads::attribute::{FENCE, LEASE_UNTIL, STATUS};
        if due.due_at <= at {
            return Ok(false);
        }
        let mut change = Change::new();
        change.only_if_equal(FENCE, number(due.fence));
        change.only_if_equal(STATUS, text("waiting"));
        let codes = ["paused", "unauthorized"].map(|code| change.value(text(code))).join(", ");
        let pausing = format!("{} IN ({codes})", change.name("code"));
        change.only_if(pausing);
        let free = format!("attribute_not_exists({})", change.name(LEASE_UNTIL));
        change.only_if(free);
        heads::set_due(&mut change, Some(at));
        let updated =
            self.table.update(&Keys::of(&due.transfer.merchant).head(&due.transfer), change).await?;
        Ok(matches!(updated, Updated::Applied(_)))
    }

    pub(super) async fn list_heads(
        &self,
        index: &str,
        partition: &str,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<Head>, PlatformError> {
        let (mut items, next) = self.list_items(index, partition, merchant, page).await?;
        // The index may lag behind the head: the head decides.
        items.retain(|item| {
            item.get(index).and_then(|value| value.as_s().ok()).is_some_and(|now| now == partition)
        });
        let read = |item: &Item| heads::read(item, merchant);
        let mut found = match index {
            ATTENTION => readable(&items, read)?,
            // Whoever compares or matches must miss none.
            _ => items.iter().map(read).collect::<Result<Vec<Head>, PlatformError>>()?,
        };
        found.sort_by(|a, b| a.updated_at.cmp(&b.updated_at).then_with(|| a.transfer.cmp(&b.transfer)));
        if index == ATTENTION {
            found.reverse();
        }
        Ok(Page { items: found, next })
    }

    /// One page of whole items in an index whose partition attribute has the index's own name. What needs attention comes with the
    /// newest first: whoever does not read to the end has seen what is new.
    pub(super) async fn list_items(
        &self,
        index: &str,
        partition: &str,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), PlatformError> {
        let start = page.map(|page| start_of(page, index, partition, merchant)).transpose()?;
        let query = self.table.query_of_index(index, partition).set_exclusive_start_key(start);
        let query = query.scan_index_forward(index != ATTENTION).limit(PAGE);
        self.page_by_time(query).await
    }

    /// What a page of an index by time leads to, and where the next one begins.
    async fn page_by_time(
        &self,
        query: QueryFluentBuilder,
    ) -> Result<(Vec<Item>, Option<String>), PlatformError> {
        let answer = query.send().await.map_err(|error| PlatformError::of(SERVICE, &error))?;
        let next = answer.last_evaluated_key().map(|last| place_of(last, "at")).transpose()?;
        Ok((self.table.get_all(&keys_of(&answer)).await?, next))
    }

    /// One page of the files that came in for payouts, the oldest first: those that came on these days of UTC, the first one excluded.
    pub(super) async fn payout_files_between(
        &self,
        merchant: &MerchantId,
        (after, until): (Option<Date>, Date),
        page: Option<&str>,
    ) -> Result<(Vec<Item>, Option<String>), PlatformError> {
        let partition = Keys::of(merchant).payout_files();
        let start = page.map(|page| start_of(page, ATTENTION, &partition, merchant)).transpose()?;
        let end_of = |day: Date| Offset::UTC.to_timestamp(day.at(23, 59, 59, 999_999_999));
        let end_of = |day: Date| end_of(day).unwrap_or(Timestamp::MAX);
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(ATTENTION)
            .key_condition_expression("#partition = :partition AND #at BETWEEN :after AND :until")
            .expression_attribute_names("#partition", ATTENTION)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":partition", text(partition))
            .expression_attribute_values(":after", time(after.map_or(Timestamp::UNIX_EPOCH, end_of)))
            .expression_attribute_values(":until", time(end_of(until)))
            .set_exclusive_start_key(start)
            .limit(PAGE);
        self.page_by_time(query).await
    }

    /// Transfers that pointers of this kind and value lead to.
    pub(super) async fn pointed_transfers(
        &self,
        merchant: &MerchantId,
        word: &str,
        value: &str,
    ) -> Result<Vec<TransferId>, PlatformError> {
        let ItemKey { partition, sort } = Keys::of(merchant).numbers(word, value);
        let items = self.table.range_all(&partition, &sort, &format!("{sort}~")).await?;
        let mut found = Vec::with_capacity(items.len());
        for item in &items {
            let reading = Reading::of(item, crate::table::SCHEMA)?;
            found.extend(keys::transfer_of(reading.text("transfer")?, merchant));
        }
        Ok(found)
    }

    pub(super) async fn list_pointed(
        &self,
        merchant: &MerchantId,
        pointer: &Pointer,
    ) -> Result<Vec<TransferId>, PlatformError> {
        let (keys, word) = (Keys::of(merchant), pointer_word(pointer.kind));
        let mut found = self.pointed_transfers(merchant, word, &pointer.value).await?;
        let index = match pointer.kind {
            PointerKind::OrderNumber => ORDER,
            PointerKind::DraftNumber | PointerKind::InvoiceNumber => DOCUMENT,
            PointerKind::Payment | PointerKind::ProductNumber | PointerKind::MadeOn => return Ok(found),
        };
        let mut page = None;
        loop {
            let partition = keys.number_index(word, &pointer.value);
            let Page { items, next } = self.list_heads(index, &partition, merchant, page.as_deref()).await?;
            found.extend(items.into_iter().map(|head| head.transfer));
            page = next;
            if page.is_none() {
                break;
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    pub(super) async fn keep_delivery(&self, delivery: &ParkedDelivery) -> Result<(), PlatformError> {
        let vault = self.vaults.vault(&delivery.merchant).await?;
        self.park_with(delivery, &vault.key).await
    }

    /// Keeps a delivery that could not be understood, with the merchant's key in hand: one call. One entry per body.
    ///
    /// # Errors
    /// `Invalid` when the message is too large; otherwise as DynamoDB says.
    pub async fn park_with(&self, delivery: &ParkedDelivery, key: &DataKey) -> Result<(), PlatformError> {
        let item = parked_item(delivery, key)?;
        match self.table.insert(item.clone()).await? {
            Inserted::Already if delivery.queue.is_some() => self.park_after_dismissal(delivery, item).await,
            Inserted::New | Inserted::Already => Ok(()),
        }
    }

    /// Keeps a parked delivery in place of what it was: the body that it was set aside with is to be forgotten.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn replace_delivery(&self, delivery: &ParkedDelivery) -> Result<(), PlatformError> {
        let vault = self.vaults.vault(&delivery.merchant).await?;
        self.table.put(parked_item(delivery, &vault.key)?).await
    }

    /// A message that comes back after a person dismissed the one before is news; a finding, or the very same bytes, are not.
    async fn park_after_dismissal(&self, delivery: &ParkedDelivery, item: Item) -> Result<(), PlatformError> {
        let known = self.table.get(&Keys::of(&delivery.merchant).parked(&delivery.body_hash)).await?;
        if known.is_some_and(|known| known.contains_key(DISMISSED)) {
            self.table.put(item).await?;
        }
        Ok(())
    }

    /// Takes an entry off the list of what was set aside, and keeps who did so and why. The message that it was is dropped. `false`: there
    /// is no such entry.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn dismiss_delivery(&self, dismissed: &DismissedDelivery) -> Result<bool, PlatformError> {
        let delivery = &dismissed.delivery;
        let keys = Keys::of(&delivery.merchant);
        let mut change = Change::new();
        let shown = ParkedDelivery { message: String::new(), ..delivery.clone() };
        let kept = DismissedDelivery { delivery: shown, ..dismissed.clone() };
        change
            .set(DISMISSED, json(&kept)?)
            .set(ATTENTION, text(keys.dismissed_attention()))
            .remove("message")
            .only_if_equal(ATTENTION, text(keys.parked_attention()));
        let updated = self.table.update(&keys.parked(&delivery.body_hash), change).await?;
        Ok(matches!(updated, Updated::Applied(_)))
    }

    /// Entries that were dismissed, one page, the newest first.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn dismissed_deliveries(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<DismissedDelivery>, PlatformError> {
        let partition = Keys::of(merchant).dismissed_attention();
        let (items, next) = self.list_items(ATTENTION, &partition, merchant, page).await?;
        let read = |item: &Item| Reading::of(item, LEDGER_SCHEMA)?.json(DISMISSED);
        Ok(Page { items: readable(&items, read)?, next })
    }

    pub(super) async fn list_deliveries(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<ParkedDelivery>, PlatformError> {
        let partition = Keys::of(merchant).parked_attention();
        let (mut items, next) = self.list_items(ATTENTION, &partition, merchant, page).await?;
        let vault = self.vaults.vault(merchant).await?;
        // The index may lag behind an entry that was dismissed.
        items.retain(|item| !item.contains_key(DISMISSED));
        let mut found = readable(&items, |item| read_delivery(item, &vault.key))?;
        found.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.body_hash.cmp(&b.body_hash)));
        Ok(Page { items: found, next })
    }

    /// One parked delivery.
    ///
    /// # Errors
    /// As DynamoDB says; `Unreadable` when it was sealed for somebody else.
    pub async fn parked_delivery(
        &self,
        merchant: &MerchantId,
        body_hash: &str,
    ) -> Result<Option<ParkedDelivery>, PlatformError> {
        let found = self.table.get(&Keys::of(merchant).parked(body_hash)).await?;
        let Some(item) = found.filter(|item| !item.contains_key(DISMISSED)) else { return Ok(None) };
        let vault = self.vaults.vault(merchant).await?;
        read_delivery(&item, &vault.key).map(Some)
    }

    /// Takes a parked delivery off the list, after it was taken further or dismissed by a person.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn forget_delivery(&self, merchant: &MerchantId, body_hash: &str) -> Result<(), PlatformError> {
        self.table.delete(&Keys::of(merchant).parked(body_hash)).await
    }

    /// The findings of a kind that stand, as far as they are listed. What a person dismissed is none of them.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn findings(
        &self,
        merchant: &MerchantId,
        of_the_kind: impl Fn(&ParkedDelivery) -> bool,
    ) -> Result<Vec<ParkedDelivery>, PlatformError> {
        let (mut findings, mut page) = (Vec::new(), None::<String>);
        for _ in 0..FINDING_PAGES {
            let found = self.list_deliveries(merchant, page.as_deref()).await?;
            findings.extend(found.items.into_iter().filter(&of_the_kind));
            page = found.next;
            if page.is_none() {
                break;
            }
        }
        Ok(findings)
    }

    /// Takes findings of a kind away whose cause is gone: those that are not named among what still stands. What a person dismissed stays
    /// dismissed.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn forget_ended(
        &self,
        merchant: &MerchantId,
        standing: &BTreeSet<String>,
        of_the_kind: impl Fn(&ParkedDelivery) -> bool,
    ) -> Result<(), PlatformError> {
        let found = self.findings(merchant, of_the_kind).await?;
        for ended in found.iter().filter(|finding| !standing.contains(&finding.body_hash)) {
            self.end_finding(ended).await?;
        }
        Ok(())
    }

    /// Takes a finding away whose cause is gone.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn end_finding(&self, finding: &ParkedDelivery) -> Result<(), PlatformError> {
        let (merchant, code) = (&finding.merchant, &finding.reason.code);
        tracing::info!(event = "finding-ended", %merchant, code, "it is not found any more");
        self.forget_delivery(merchant, &finding.body_hash).await
    }

    pub(super) async fn read_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<engine::store::Cursor>, PlatformError> {
        let Some(item) = self.table.get(&Keys::of(merchant).cursor(connection)).await? else {
            return Ok(None);
        };
        let reading = Reading::of(&item, LEDGER_SCHEMA)?;
        Ok(Some(engine::store::Cursor {
            seen_to: reading.time("seen_to")?,
            page: reading.text_if_any("page").map(str::to_owned),
            version: reading.number("version")?,
        }))
    }

    pub(super) async fn write_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        cursor: &engine::store::Cursor,
    ) -> Result<(), PlatformError> {
        let mut change = crate::table::Change::new();
        let version = change.name("version");
        let before = change.value(number(cursor.version.saturating_sub(1)));
        let (now, seen_name) = (change.value(number(cursor.version)), change.name("seen_to"));
        let seen = change.value(time(cursor.seen_to));
        let first = if cursor.version == 1 { "attribute_not_exists(pk) OR " } else { "" };
        // The very same move again is a repeat whose first answer was lost.
        change
            .only_if(format!("{first}{version} = {before} OR ({version} = {now} AND {seen_name} = {seen})"));
        change
            .set("schema", number(LEDGER_SCHEMA))
            .set("version", number(cursor.version))
            .set("seen_to", time(cursor.seen_to))
            .set_or_remove("page", cursor.page.as_deref().map(text));
        match self.table.update(&Keys::of(merchant).cursor(connection), change).await? {
            crate::table::Updated::Applied(_) => Ok(()),
            crate::table::Updated::Refused(_) => Err(PlatformError::Conflict("a sweep's cursor".to_owned())),
        }
    }
}

/// A parked delivery as an item, its message sealed.
fn parked_item(delivery: &ParkedDelivery, key: &DataKey) -> Result<Item, PlatformError> {
    if delivery.message.len() > MESSAGE_BYTES {
        return Err(PlatformError::Invalid("a parked message is too large".to_owned()));
    }
    let keys = Keys::of(&delivery.merchant);
    let message = key.seal("parked delivery", &pack(delivery.message.as_bytes())?)?;
    let shown = ParkedDelivery { message: String::new(), ..delivery.clone() };
    let mut item = key_of(&keys.parked(&delivery.body_hash));
    item.insert("schema".to_owned(), number(LEDGER_SCHEMA));
    item.insert("delivery".to_owned(), json(&shown)?);
    item.insert("message".to_owned(), bytes(message));
    item.insert(ATTENTION.to_owned(), text(keys.parked_attention()));
    item.insert("at".to_owned(), time(delivery.at));
    Ok(item)
}

fn read_delivery(item: &Item, key: &DataKey) -> Result<ParkedDelivery, PlatformError> {
    let reading = Reading::of(item, LEDGER_SCHEMA)?;
    let sealed = reading.bytes_if_any("message").unwrap_or_default();
    let message = unpack(&key.open("parked delivery", sealed)?, MESSAGE_BYTES)?;
    let mut delivery: ParkedDelivery = reading.json("delivery")?;
    delivery.message =
        String::from_utf8(message).map_err(|_| PlatformError::Unreadable("a parked delivery".to_owned()))?;
    Ok(delivery)
}

fn keys_of(answer: &QueryOutput) -> Vec<ItemKey> {
    let of = |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    answer
        .items()
        .iter()
        .filter_map(|item| Some(ItemKey { partition: of(item, "pk")?, sort: of(item, "sk")? }))
        .collect()
}

/// A head that stands in the index of what is due.
fn due_head(item: &Item) -> Result<Head, PlatformError> {
    let partition = Reading::of(item, LEDGER_SCHEMA)?.text("pk")?;
    let merchant =
        keys::merchant_of(partition).ok_or_else(|| PlatformError::Unreadable("a head's key".to_owned()))?;
    heads::read(item, &merchant)
}

/// The end of a page in an index whose sort attribute has this name.
fn place_of(last: &Item, sort: &str) -> Result<String, PlatformError> {
    let unreadable = || PlatformError::Unreadable("a page's end".to_owned());
    let of = |name: &str| last.get(name).and_then(|value| value.as_s().ok()).cloned().ok_or_else(unreadable);
    let at = last
        .get(sort)
        .and_then(|value| value.as_n().ok())
        .and_then(|at| at.parse().ok())
        .ok_or_else(unreadable)?;
    let place = Place { partition: of("pk")?, sort: of("sk")?, at };
    Ok(BASE64URL_NOPAD.encode(&serde_json::to_vec(&place).map_err(|_| unreadable())?))
}

/// Where the list of what is due goes on.
fn start_of_due(page: &str, shard: u8) -> Result<Item, PlatformError> {
    let place = read_place(page)?;
    let mut start = key_of(&ItemKey { partition: place.partition, sort: place.sort });
    start.insert("due_shard".to_owned(), text(keys::due_shard(shard)));
    start.insert("due_at".to_owned(), AttributeValue::N(place.at.to_string()));
    Ok(start)
}

fn invalid_page() -> PlatformError {
    PlatformError::Invalid("this is no page of this list".to_owned())
}

fn read_place(page: &str) -> Result<Place, PlatformError> {
    let decoded = BASE64URL_NOPAD.decode(page.as_bytes()).map_err(|_| invalid_page())?;
    serde_json::from_slice(&decoded).map_err(|_| invalid_page())
}

/// Reads a page's place; one of another merchant's is refused.
fn start_of(page: &str, index: &str, partition: &str, merchant: &MerchantId) -> Result<Item, PlatformError> {
    let place = read_place(page)?;
    if keys::merchant_of(&place.partition).as_ref() != Some(merchant) {
        return Err(invalid_page());
    }
    let mut start = key_of(&ItemKey { partition: place.partition, sort: place.sort });
    start.insert(index.to_owned(), text(partition));
    start.insert("at".to_owned(), AttributeValue::N(place.at.to_string()));
    Ok(start)
}
