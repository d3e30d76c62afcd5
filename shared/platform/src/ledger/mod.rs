//! The ledger of transfers on DynamoDB: the engine's [`Store`].
//!
//! Every method of the hot path is one call: one conditional update, or one transaction. A condition that does not hold
//! brings the item back with the refusal, so nothing is ever read first. A lost answer is told as such; what the engine
//! then repeats is recognised by fence and token. Names and addresses (plans, the personal part of log rows) are sealed with a key of the transfer's
//! own, from a salt that the first claim sets.
//!
//! A call is paid for by the size of what it writes, twice in a transaction, and once more for each index that changes.
//! So rows are packed, the plan stands in its row, a conclusion needs no transaction, and each index is written once.

pub mod erasure;
mod heads;
mod links;
mod lists;
mod mails;
mod masters;
pub mod pauses;
mod payout_index;
mod payouts;
mod rows;
pub mod segments;
mod stock;
mod transactions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::{ConnectionId, MerchantId, TransferId};
use engine::log::Trace;
use engine::store::{
    Advance, Claim, Claimed, Conclusion, Cursor, Due, Head, Hold, LEDGER_SCHEMA, Page, ParkedDelivery, Pause,
    PauseScope, PlanStoring, Pointer, Status, Store, StoreFailure, StoredPlan,
};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::failure::PlatformError;
use crate::files::Files;
use crate::keys::Keys;
use crate::sealing::{DataKey, SALT_BYTES, new_salt};
use crate::table::{Change, Item, Reading, Table, Updated, hash, number, text, time};
pub use lists::DismissedDelivery;
pub use mails::{MailAddress, UndeliveredMail};

use heads::attribute::{
    AGAIN, APPLIED_HASH, CLAIM, DOCUMENT, DUE, ERASED_AT, FENCE, KEEP_UNTIL, LEASE_UNTIL, LOG_TAIL, ORDER,
    PERSON, SALT, SCHEMA, STATUS,
};

/// How many claimed transfers a process remembers.
const REMEMBERED: usize = 2_000;

/// What the ledger must know of a merchant.
#[derive(Clone, Debug)]
pub struct Vault {
    /// The merchant's data key, opened.
    pub key: DataKey,
    /// Last day of the financial year: month and day.
    pub financial_year_end: (i8, i8),
}

/// Where the ledger gets it from.
#[async_trait]
pub trait Vaults: Send + Sync {
    /// A merchant's vault.
    ///
    /// # Errors
    /// `NotFound` for a merchant that does not exist; otherwise as AWS says.
    async fn vault(&self, merchant: &MerchantId) -> Result<Vault, PlatformError>;
}

/// What the head said when it was claimed, for the writes under that claim: nobody else changes it meanwhile.
#[derive(Clone, Debug, Default)]
struct Remembered {
    salt: Option<[u8; SALT_BYTES]>,
    erased: bool,
    person: Option<String>,
    rows: Vec<rows::FoundRow>,
    order: Option<String>,
    document: Option<String>,
    keep_until: Option<String>,
}

/// The ledger on the table.
#[derive(Clone)]
pub struct Ledger {
    table: Table,
    files: Files,
    vaults: Arc<dyn Vaults>,
    claimed: Arc<Mutex<HashMap<TransferId, Remembered>>>,
    masters: masters::Kept,
}

impl From<PlatformError> for StoreFailure {
    fn from(error: PlatformError) -> StoreFailure {
        match error {
            PlatformError::UnknownSchema(found) => StoreFailure::UnknownSchema(found),
            PlatformError::Conflict(_) => StoreFailure::Conflict,
            other => StoreFailure::Unavailable(other.to_string()),
        }
    }
}

impl Ledger {
    /// Over this table and bucket.
    pub fn new(table: Table, files: Files, vaults: Arc<dyn Vaults>) -> Ledger {
        Ledger { table, files, vaults, claimed: Arc::default(), masters: masters::Kept::default() }
    }

    fn remember(&self, transfer: &TransferId, item: &Item) {
        let is_erased = || heads::read(item, &transfer.merchant).is_ok_and(|head| head.erased_at.is_some());
        let key = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let remembered = Remembered {
            salt: heads::salt(item),
            erased: item.contains_key(ERASED_AT) && is_erased(),
            rows: rows::in_head(item),
            person: key(PERSON),
            order: key(ORDER),
            document: key(DOCUMENT),
            keep_until: key(KEEP_UNTIL),
        };
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        if claimed.len() >= REMEMBERED {
            claimed.clear();
        }
        claimed.insert(transfer.clone(), remembered);
    }

    fn remembered(&self, transfer: &TransferId) -> Option<Remembered> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).get(transfer).cloned()
    }

    /// A salt was destroyed: what this process remembers must not outlive it.
    fn forget(&self, transfer: &TransferId) {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).remove(transfer);
    }

    /// The transfer's own key; `None` when its salt was destroyed. The salt is known from the claim; whoever did not
    /// claim reads the head for it, by a query as everything here does, so that no function needs a further right.
    async fn transfer_key(&self, transfer: &TransferId) -> Result<Option<DataKey>, PlatformError> {
        let salt = match self.remembered(transfer).and_then(|remembered| remembered.salt) {
            Some(salt) => Some(salt),
            None => {
                let partition = Keys::of(&transfer.merchant).head(transfer).partition;
                let heads = self.table.range(&partition, "head", "head").await?;
                heads.first().and_then(heads::salt)
            }
        };
        let Some(salt) = salt else { return Ok(None) };
        let vault = self.vaults.vault(&transfer.merchant).await?;
        Ok(Some(vault.key.derive(&salt)?))
    }

    /// The head and all rows of a transfer, those in the head, in items of their own and in segments, in the order of their
    /// writing: one query, as long as they fill one page, and a look into the bucket for each segment.
    async fn rows(
        &self,
        transfer: &TransferId,
    ) -> Result<Option<(Item, Vec<rows::FoundRow>)>, PlatformError> {
        // The head sorts before the log rows.
        let partition = Keys::of(&transfer.merchant).head(transfer).partition;
        let mut items = self.table.range_all(&partition, "head", "log#~").await?;
        if items.is_empty() {
            return Ok(None);
        }
        let head = items.remove(0);
        Reading::of(&head, LEDGER_SCHEMA)?;
        let mut rows = rows::in_head(&head);
        for item in &items {
            rows.push(rows::of_item(item)?);
        }
        for item in self.archived_rows(&head, &transfer.merchant).await? {
            rows.push(rows::of_item(&item)?);
        }
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        // What a crash left in both places is one row.
        rows.dedup_by(|a, b| a.key == b.key);
        self.remember(transfer, &head);
        Ok(Some((head, rows)))
    }

    async fn sealing_key(&self, transfer: &TransferId) -> Result<DataKey, PlatformError> {
        self.transfer_key(transfer)
            .await?
            .ok_or_else(|| PlatformError::Unreadable("a transfer whose key was destroyed".to_owned()))
    }

    /// The day until which records of a transfer are kept: five years after the end of the financial year.
    async fn keep_until(
        &self,
        merchant: &MerchantId,
        day: Option<Date>,
        now: Timestamp,
    ) -> Result<String, PlatformError> {
        let vault = self.vaults.vault(merchant).await?;
        let day = day.unwrap_or_else(|| jiff::tz::Offset::UTC.to_datetime(now).date());
        Ok(kept_until(day, vault.financial_year_end).to_string())
    }
}

/// Five years after the end of the financial year that `day` lies in (Danish Bookkeeping Act, section 12).
pub fn kept_until(day: Date, (month, last): (i8, i8)) -> Date {
    let end_in = |year: i16| {
        // 29 February is the last day of February in years that have none.
        Date::new(year, month, last).or_else(|_| Date::new(year, month, 28)).unwrap_or(Date::MAX)
    };
    let year = if day <= end_in(day.year()) { day.year() } else { day.year() + 1 };
    end_in(year + 5)
}

/// What a refused claim means, told apart in the engine's order: own token, live lease, duplicate, deferred.
fn refused(claim: &Claim, head: Head) -> Claimed {
    if head.claim == claim.token {
        Claimed::Taken(head)
    } else if head.is_leased(claim.now) {
        Claimed::Leased(head)
    } else if head.status.is_settled()
        && head.applied.as_ref().is_some_and(|applied| applied.body_hash == claim.body_hash)
    {
        Claimed::Duplicate(head)
    } else {
        Claimed::Deferred(head)
    }
}

fn claiming(claim: &Claim) -> Result<Change, PlatformError> {
    let mut change = Change::new();
    let schema = change.name(SCHEMA);
    let known = change.value(number(LEDGER_SCHEMA));
    let (token, own) = (change.name(CLAIM), change.value(text(claim.token.clone())));
    let (lease, now) = (change.name(LEASE_UNTIL), change.value(time(claim.now)));
    let status = change.name(STATUS);
    let words = Status::WORDS.map(|word| change.value(text(word))).join(", ");
    let mut allowed = vec![
        format!("{schema} = {known}"),
        format!("{status} IN ({words})"),
        format!("{token} <> {own}"),
        format!("(attribute_not_exists({lease}) OR {lease} <= {now})"),
    ];
    if !claim.body_hash.is_empty() {
        let words: Vec<String> =
            ["done", "skipped", "held", "parked"].map(|word| change.value(text(word))).into();
        let (applied, bytes) = (change.name(APPLIED_HASH), change.value(hash(&claim.body_hash)));
        allowed.push(format!("NOT ({status} IN ({}) AND {applied} = {bytes})", words.join(", ")));
    }
    if !claim.early {
        let (waiting, due) = (change.value(text("waiting")), change.name(DUE));
        allowed.push(format!("NOT ({status} = {waiting} AND attribute_exists({due}) AND {due} > {now})"));
    }
    change.only_if(format!("attribute_not_exists(pk) OR ({})", allowed.join(" AND ")));
    change
        .increment(FENCE)
        .increment("attempts")
        .set(CLAIM, text(claim.token.clone()))
        .set(LEASE_UNTIL, time(claim.lease_until))
        .set("claimed_hash", hash(&claim.body_hash))
        .set("connection", text(claim.connection.as_str()))
        .set("updated_at", time(claim.now))
        .set_if_absent("at", time(claim.now))
        .set_if_absent("due_shard", text(heads::due_partition(&claim.transfer)))
        .set_if_absent(SCHEMA, number(LEDGER_SCHEMA))
        .set_if_absent(STATUS, text(Status::Working.word()))
        .set_if_absent(SALT, crate::table::bytes(new_salt()?))
        .remove(AGAIN);
    heads::set_due(&mut change, Some(claim.lease_until));
    Ok(change)
}

/// Only for the holder of the claim, and only on an item this version knows.
fn under(change: &mut Change, hold: &Hold) {
    change.only_if_equal(SCHEMA, number(LEDGER_SCHEMA));
    change.only_if_equal(FENCE, number(hold.fence));
    change.only_if_equal(CLAIM, text(hold.token.clone()));
}

/// Why a write under a fence was refused, from the item as it is.
fn refusal(item: &Item, hold: &Hold) -> StoreFailure {
    if item.is_empty() {
        return StoreFailure::Fenced;
    }
    let reading = match Reading::of(item, LEDGER_SCHEMA) {
        Ok(reading) => reading,
        Err(error) => return error.into(),
    };
    let ours = reading.number::<u64>(FENCE) == Ok(hold.fence) && reading.text(CLAIM) == Ok(&hold.token);
    if ours && reading.flag(AGAIN) { StoreFailure::Again } else { StoreFailure::Fenced }
}

#[async_trait]
impl Store for Ledger {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreFailure> {
        let key = Keys::of(&claim.transfer.merchant).head(&claim.transfer);
        let merchant = &claim.transfer.merchant;
        match self.table.update(&key, claiming(claim)?).await? {
            Updated::Applied(item) => {
                self.remember(&claim.transfer, &item);
                Ok(Claimed::Taken(heads::read(&item, merchant)?))
            }
            Updated::Refused(item) => {
                self.remember(&claim.transfer, &item);
                Ok(refused(claim, heads::read(&item, merchant)?))
            }
        }
    }

    async fn leave_word(&self, transfer: &TransferId, fence: u64) -> Result<bool, StoreFailure> {
        let mut change = Change::new();
        change.set(AGAIN, aws_sdk_dynamodb::types::AttributeValue::Bool(true));
        change.only_if_equal(FENCE, number(fence));
        let held = format!("attribute_exists({})", change.name(LEASE_UNTIL));
        change.only_if(held);
        let updated = self.table.update(&Keys::of(&transfer.merchant).head(transfer), change).await?;
        Ok(matches!(updated, Updated::Applied(_)))
    }

    async fn store_plan(&self, storing: &PlanStoring) -> Result<String, StoreFailure> {
        self.write_plan(storing).await
    }

    async fn advance(&self, advance: &Advance) -> Result<(), StoreFailure> {
        let transfer = &advance.hold.transfer;
        let mut change = Change::new();
        under(&mut change, &advance.hold);
        change.set(LEASE_UNTIL, time(advance.lease_until)).set("updated_at", time(advance.hold.now));
        heads::put_off(&mut change, advance.lease_until);
        heads::set_progress(&mut change, &advance.progress)?;
        match self.table.update(&Keys::of(&transfer.merchant).head(transfer), change).await? {
            Updated::Applied(_) => Ok(()),
            Updated::Refused(item) => Err(match refusal(&item, &advance.hold) {
                StoreFailure::Again => StoreFailure::Fenced,
                other => other,
            }),
        }
    }

    async fn conclude(&self, conclusion: &Conclusion) -> Result<String, StoreFailure> {
        self.write_conclusion(conclusion).await
    }

    async fn head(&self, transfer: &TransferId) -> Result<Option<Head>, StoreFailure> {
        let item = self.table.get(&Keys::of(&transfer.merchant).head(transfer)).await?;
        Ok(item.map(|item| heads::read(&item, &transfer.merchant)).transpose()?)
    }

    async fn load_plan(
        &self,
        transfer: &TransferId,
        ordinal: u32,
    ) -> Result<Option<StoredPlan>, StoreFailure> {
        let Some((_, rows)) = self.rows(transfer).await? else { return Ok(None) };
        if rows.is_empty() {
            return Ok(None);
        }
        // One whose key was destroyed is gone for good, and waiting for it would be in vain.
        let Some(key) = self.transfer_key(transfer).await? else { return Ok(None) };
        Ok(rows::open_plan(&rows, transfer, ordinal, &key, &self.files).await?)
    }

    async fn log(&self, transfer: &TransferId) -> Result<Trace, StoreFailure> {
        let Some((head, rows)) = self.rows(transfer).await? else { return Ok(Trace::default()) };
        let reading = Reading::of(&head, LEDGER_SCHEMA)?;
        let tail = reading.hash_if_any(LOG_TAIL).unwrap_or_default();
        let key = self.transfer_key(transfer).await?;
        let places = (&self.files, self as &dyn rows::Masters);
        Ok(rows::open_trace(&rows, transfer, key.as_ref(), &tail, places).await?)
    }

    async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
        page: Option<&str>,
    ) -> Result<Page<Due>, StoreFailure> {
        Ok(self.list_due(shard, now, limit, page).await?)
    }

    async fn attention(&self, merchant: &MerchantId, page: Option<&str>) -> Result<Page<Head>, StoreFailure> {
        Ok(self.list_heads("attention", &Keys::of(merchant).attention(), merchant, page).await?)
    }

    async fn day(
        &self,
        merchant: &MerchantId,
        day: Date,
        page: Option<&str>,
    ) -> Result<Page<Head>, StoreFailure> {
        Ok(self.list_heads("day", &Keys::of(merchant).day(&day.to_string()), merchant, page).await?)
    }

    async fn find(&self, merchant: &MerchantId, pointer: &Pointer) -> Result<Vec<TransferId>, StoreFailure> {
        Ok(self.list_pointed(merchant, pointer).await?)
    }

    async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure> {
        Ok(self.set_pause(pause).await?)
    }

    async fn lift(&self, scope: &PauseScope) -> Result<(), StoreFailure> {
        Ok(self.table.delete(&pauses::key_of_scope(scope)).await?)
    }

    async fn pauses(&self, merchant: &MerchantId) -> Result<Vec<Pause>, StoreFailure> {
        Ok(self.list_pauses(merchant).await?)
    }

    async fn cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<Cursor>, StoreFailure> {
        Ok(self.read_cursor(merchant, connection).await?)
    }

    async fn move_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        cursor: &Cursor,
    ) -> Result<(), StoreFailure> {
        Ok(self.write_cursor(merchant, connection, cursor).await?)
    }

    async fn park_delivery(&self, delivery: &ParkedDelivery) -> Result<(), StoreFailure> {
        Ok(self.keep_delivery(delivery).await?)
    }

    async fn parked_deliveries(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<ParkedDelivery>, StoreFailure> {
        Ok(self.list_deliveries(merchant, page).await?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::kept_until;

    #[test]
    fn records_are_kept_five_years_after_the_financial_year() {
        for (day, year_end, until) in [
            (date(2026, 11, 23), (12, 31), date(2031, 12, 31)),
            (date(2026, 6, 30), (6, 30), date(2031, 6, 30)),
            (date(2026, 7, 1), (6, 30), date(2032, 6, 30)),
            (date(2026, 2, 28), (2, 29), date(2031, 2, 28)),
        ] {
            assert_eq!(kept_until(day, year_end), until, "{day}");
        }
    }
}
