//! Forgetting a person: which transfers are a person's, which of them may be forgotten, and how that is done.
//!
//! The personal part of a transfer is sealed under a key that is made with a salt in its head. Taking the salt out makes all
//! of it unreadable at once, in the table, in the bucket and in its segments; what bookkeeping needs (numbers, amounts,
//! days, the chain of hashes) stays. A person is found by a hash of their address under the merchant's own key, in an index
//! of the heads: the address itself stands nowhere outside the sealed part.

use domain::{EntityKind, MerchantId, TransferId};
use engine::log::{Cause, LOG_SCHEMA, LogEntry, PublicPart, RowKind, Why};
use engine::store::{Head, LEDGER_SCHEMA, ORDER_ERASED, Progress, Status, Trouble};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::Serialize;

use super::heads::attribute::{
    CLAIM, EARLIER_PERSONS, ERASED_AT, FENCE, LEASE_UNTIL, LOG_TAIL, PERSON, SALT,
};
use super::transactions::{Cancelled, EARLIER_PERSON, delete, put, update};
use super::{Ledger, Vault, heads, kept_until, rows, segments};
use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::table::{Change, Item, Reading, hash, number, text, time};

/// Place of the row that tells of an erasure: behind all others of its claim.
const ERASURE_SEQUENCE: u32 = 999;

/// Pointers from earlier buyers that one transaction takes out; nobody changes the buyer of an order so often.
const MOST_EARLIER_PERSONS: usize = 90;

/// The name of the request by which what is past its retention is erased.
pub(crate) const RETENTION: &str = "retention";

/// Whether the personal part of a transfer may be erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "may")]
pub enum Erasable {
    /// It was before.
    Erased,
    /// Nothing stands in the books, or the time is over.
    Now,
    /// Something stands in the books: bookkeeping law demands the record until this day.
    After {
        /// The last day on which it must be kept.
        until: Date,
    },
    /// It is being worked on, or waits: it is looked at again the next day.
    InHand,
}

/// A transfer as somebody's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Personal {
    /// Which.
    pub transfer: TransferId,
    /// The order number that people see.
    pub order: String,
    /// The day it stands on.
    pub day: Option<Date>,
    /// Where it stands.
    pub status: Status,
    /// Whether it may be erased.
    pub erasable: Erasable,
    #[serde(skip)]
    head: Item,
}

impl Personal {
    /// True when it was known at this time. What a shop sends after it asked to be forgotten is another matter: it was connected again.
    pub fn was_known(&self, at: Timestamp) -> bool {
        let began = Reading::of(&self.head, LEDGER_SCHEMA).and_then(|reading| reading.time_if_any("at"));
        began.ok().flatten().is_none_or(|began| began <= at)
    }
}

/// The day of a time; retention is reckoned in years, so the zone does not matter as long as it is the same.
fn day_of(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// The last day on which a transfer must be kept: reckoned from its day and from its last change, whichever is later, and
/// never earlier than what was promised when it was written.
pub(super) fn kept(head: &Head, item: &Item, vault: &Vault) -> Result<Date, PlatformError> {
    let changed = day_of(head.updated_at);
    let reckoned = kept_until(head.day.unwrap_or(changed).max(changed), vault.financial_year_end);
    let written =
        Reading::of(item, LEDGER_SCHEMA)?.text_if_any("keep_until").and_then(|day| day.parse().ok());
    Ok(written.unwrap_or(reckoned).max(reckoned))
}

/// True when something of it stands in the books.
fn stands(head: &Head) -> bool {
    !head.documents.is_empty() || head.progress.draft.is_some() || head.progress.invoice.is_some()
}

fn erasable(head: &Head, item: &Item, vault: &Vault, today: Date) -> Result<Erasable, PlatformError> {
    if heads::salt(item).is_none() {
        return Ok(Erasable::Erased);
    }
    if !segments::is_at_rest(head) {
        return Ok(Erasable::InHand);
    }
    let until = kept(head, item, vault)?;
    Ok(if stands(head) && today <= until { Erasable::After { until } } else { Erasable::Now })
}

impl Ledger {
    /// The name of a person in the index of a merchant: a hash under the merchant's key, so that nobody who guesses an
    /// address can look for it.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn person_key(&self, merchant: &MerchantId, person: &str) -> Result<String, PlatformError> {
        self.vaults.vault(merchant).await?.key.keyed_hash(crate::privacy::PERSON, person)
    }

    /// All transfers that stand in the index of persons under a name.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn of_person(
        &self,
        merchant: &MerchantId,
        name: &str,
        now: Timestamp,
    ) -> Result<Vec<Personal>, PlatformError> {
        let person = Keys::of(merchant).person(name);
        let mut found = self.listed(merchant, PERSON, &person, now).await?;
        let pointed = self.pointed_transfers(merchant, EARLIER_PERSON, &person).await?;
        let further: Vec<TransferId> =
            pointed.into_iter().filter(|one| found.iter().all(|known| known.transfer != *one)).collect();
        let earlier = self.of_orders(merchant, &further, now).await?;
        // What was erased is nobody's any more.
        found.extend(earlier.into_iter().filter(|one| one.erasable != Erasable::Erased));
        Ok(found)
    }

    /// All transfers of a day, whoever's they are.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn of_day(
        &self,
        merchant: &MerchantId,
        day: Date,
        now: Timestamp,
    ) -> Result<Vec<Personal>, PlatformError> {
        self.listed(merchant, "day", &Keys::of(merchant).day(&day.to_string()), now).await
    }

    /// All transfers that need attention, whoever's they are.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn in_need(
        &self,
        merchant: &MerchantId,
        now: Timestamp,
    ) -> Result<Vec<Personal>, PlatformError> {
        self.listed(merchant, "attention", &Keys::of(merchant).attention(), now).await
    }

    /// The transfers of given orders, those that are known.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub async fn of_orders(
        &self,
        merchant: &MerchantId,
        orders: &[TransferId],
        now: Timestamp,
    ) -> Result<Vec<Personal>, PlatformError> {
        let keys = Keys::of(merchant);
        let heads: Vec<_> = orders.iter().map(|order| keys.head(order)).collect();
        let items = self.table.get_all(&heads).await?;
        self.personal(merchant, items, now).await
    }

    async fn listed(
        &self,
        merchant: &MerchantId,
        index: &str,
        partition: &str,
        now: Timestamp,
    ) -> Result<Vec<Personal>, PlatformError> {
        let mut items = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let (found, next) = self.list_items(index, partition, merchant, page.as_deref()).await?;
            // The index may lag behind the head: the head decides.
            let still = |item: &Item| {
                item.get(index).and_then(|value| value.as_s().ok()).is_some_and(|now| now == partition)
            };
            items.extend(found.into_iter().filter(still));
            page = next;
            if page.is_none() {
                return self.personal(merchant, items, now).await;
            }
        }
    }

    async fn personal(
        &self,
        merchant: &MerchantId,
        items: Vec<Item>,
        now: Timestamp,
    ) -> Result<Vec<Personal>, PlatformError> {
        let vault = self.vaults.vault(merchant).await?;
        let today = day_of(now);
        let read = |item: Item| {
            let head = heads::read(&item, merchant)?;
            let erasable = erasable(&head, &item, &vault, today)?;
            Ok(Personal {
                transfer: head.transfer,
                order: head.order_number,
                day: head.day,
                status: head.status,
                erasable,
                head: item,
            })
        };
        items.into_iter().map(read).collect()
    }

    /// The last day on which a transfer must be kept.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn kept(&self, one: &Personal) -> Result<Date, PlatformError> {
        let merchant = &one.transfer.merchant;
        let vault = self.vaults.vault(merchant).await?;
        kept(&heads::read(&one.head, merchant)?, &one.head, &vault)
    }

    /// Erases the personal part of a transfer: salt and person go out of the head, and the log says so, in one
    /// transaction. `false`: it was taken up meanwhile, and nothing was changed. Whether it may be erased is the caller's
    /// to know. Under the request's name it stays to be counted.
    ///
    /// # Errors
    /// As AWS says; a repeat is harmless.
    pub async fn erase(&self, one: &Personal, request: &str, now: Timestamp) -> Result<bool, PlatformError> {
        let merchant = &one.transfer.merchant;
        let head = heads::read(&one.head, merchant)?;
        let is_order = one.transfer.kind == EntityKind::Order;
        let vault = self.vaults.vault(merchant).await?;
        let keep_until = kept(&head, &one.head, &vault)?.to_string();
        let entry = erased(&head, request, now);
        let row = rows::pack_row(&one.transfer, &entry, None, None, &head.log_tail, &vault.key)?;
        let keys = Keys::of(merchant);
        let mut change = Change::new();
        change.only_if_equal(FENCE, number(head.fence));
        change.only_if_equal(CLAIM, text(head.claim.clone()));
        let free = format!("attribute_not_exists({})", change.name(LEASE_UNTIL));
        let none = change.value(heads::no_salt());
        let salted = format!("attribute_exists({0}) AND {0} <> {none}", change.name(SALT));
        change.only_if(free).only_if(salted);
        if is_order {
            change.set(SALT, heads::no_salt()).set(ERASED_AT, time(now));
        } else {
            // A product is nobody's, and is carried over again when the shop tells of it.
            change.remove(SALT);
        }
        change.set(PERSON, text(keys.person(&erased_name(request)))).set(LOG_TAIL, hash(&row.hash));
        settle(&mut change, &head, request, now)?;
        let earlier = Reading::of(&one.head, LEDGER_SCHEMA)?.texts(EARLIER_PERSONS);
        change.remove(EARLIER_PERSONS);
        let table = &self.table.name;
        let head = update(change.into_update(table, &keys.head(&one.transfer)));
        let mut actions = vec![head, put(table, row.into_item(&one.transfer, &keep_until))];
        let pointers = earlier.iter().map(|person| keys.number(EARLIER_PERSON, person, &one.transfer));
        actions.extend(pointers.take(MOST_EARLIER_PERSONS).map(|key| delete(table, &key)));
        match self.transact(actions).await {
            Ok(()) => {
                self.forget(&one.transfer);
                Ok(true)
            }
            Err(Cancelled::Conditions(_)) => Ok(false),
            Err(Cancelled::Otherwise(error)) => Err(error),
        }
    }
}

/// Leaves an order where it ends with its personal data. What was held was booked nowhere: it is the merchant's to book now, and is told
/// of, unless its time is over. What another system said of the buyer goes.
fn settle(change: &mut Change, head: &Head, request: &str, now: Timestamp) -> Result<(), PlatformError> {
    let progress = Progress { held: None, ..head.progress.clone() };
    heads::set_progress(change, &progress)?;
    if head.transfer.kind != EntityKind::Order || !head.status.needs_attention() {
        change.remove("facts");
        return Ok(());
    }
    let code = ORDER_ERASED.to_owned();
    let status = match request {
        _ if stands(head) => Status::Done,
        RETENTION => Status::Skipped { code },
        _ => Status::Held { code },
    };
    let facts = vec![("date".to_owned(), day_of(now).to_string())];
    heads::set_trouble(change, Trouble::after(head.trouble.as_ref(), &status, &facts, now).as_ref())?;
    heads::set_status(change, &status, &head.transfer.merchant);
    heads::set_list(change, "facts", &facts)
}

/// Under this name the index of persons lists what a request erased.
pub fn erased_name(request: &str) -> String {
    format!("erased by {request}")
}

/// The row that tells of an erasure.
fn erased(head: &Head, request: &str, now: Timestamp) -> LogEntry {
    let public = PublicPart {
        schema: LOG_SCHEMA,
        fence: head.fence,
        sequence: ERASURE_SEQUENCE,
        at: now,
        kind: RowKind::Erased,
        cause: Cause { why: Why::Replay, body_hash: String::new(), received_at: now },
        attempts: head.attempts,
        settings_version: head.settings_version,
        planning: None,
        decision: "erased".to_owned(),
        reason: Some(domain::plan::Reason::new("person-erased").with("request", request)),
        warnings: Vec::new(),
        ordinal: 0,
        plan_hash: None,
        catalogue_hash: None,
        source_totals: None,
        target_totals: None,
        judged: Vec::new(),
        numbers: Vec::new(),
        calls: Vec::new(),
    };
    LogEntry { public, person: String::new(), personal: None }
}
