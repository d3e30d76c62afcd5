//! The two writes that carry a transfer: the plan is stored, and the work is concluded. Each is all or nothing, and each is
//! refused as a whole when a newer claim exists: a plan with its row in a transaction, a conclusion by one update of the
//! head, unless search keys or locks are written with it.

use std::borrow::Cow;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, TransactWriteItem, Update};
use domain::plan::Reason;
use domain::{EffectKey, TransferId};
use engine::log::LogEntry;
use engine::store::{Conclusion, Hold, PlanStoring, Pointer, PointerKind, StoreFailure, StoredPlan};
use jiff::Timestamp;

use super::heads::attribute::{
    AGAIN, DOCUMENT, EARLIER_PERSONS, KEEP_UNTIL, LEASE_UNTIL, LOG_TAIL, ORDER, PERSON, SALT,
};
use super::{Ledger, heads, refusal, rows, under};
use crate::failure::PlatformError;
use crate::keys::{ItemKey, Keys};
use crate::redaction;
use crate::sealing::new_token;
use crate::table::{
    Change, Item, SCHEMA, SERVICE, Updated, bytes, hash, key_of, number, put_action, text, time,
};

/// Why a write of a plan was refused: word that was left does not keep a plan from being stored.
fn fenced(item: &Item, hold: &Hold) -> StoreFailure {
    match refusal(item, hold) {
        StoreFailure::Again => StoreFailure::Fenced,
        other => other,
    }
}

/// The key by which a number leads to a head.
fn number_key(transfer: &TransferId, pointer: &Pointer) -> String {
    Keys::of(&transfer.merchant).number_index(pointer_word(pointer.kind), &pointer.value)
}

/// Why a transaction was not applied.
pub(super) enum Cancelled {
    /// Actions whose conditions did not hold, with their items as they are.
    Conditions(Vec<(usize, Item)>),
    /// Anything else.
    Otherwise(PlatformError),
}

pub(super) fn put(table: &str, item: Item) -> TransactWriteItem {
    TransactWriteItem::builder().put(put_action(table, item)).build()
}

pub(super) fn delete(table: &str, key: &ItemKey) -> TransactWriteItem {
    let delete = Delete::builder().table_name(table).set_key(Some(key_of(key))).build();
    let delete = delete.unwrap_or_else(|_| unreachable!("table and key are set"));
    TransactWriteItem::builder().delete(delete).build()
}

pub(super) fn update(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}

/// The word under which pointers from earlier buyers are kept.
pub(super) const EARLIER_PERSON: &str = "person";

/// The word by which a kind of number is kept.
pub(super) fn pointer_word(kind: PointerKind) -> &'static str {
    match kind {
        PointerKind::OrderNumber => "order",
        PointerKind::DraftNumber => "draft",
        PointerKind::InvoiceNumber => "invoice",
        PointerKind::Payment => "payment",
        PointerKind::ProductNumber => "product",
        PointerKind::MadeOn => "made-on",
    }
}

impl Ledger {
    pub(super) async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<(), Cancelled> {
        // The token makes the SDK's own repeats of this request one. A repeat by the engine is a new request, and is
        // recognised by fence and claim.
        let token = new_token().map_err(Cancelled::Otherwise)?;
        self.table
            .client
            .transact_write_items()
            .client_request_token(token)
            .set_transact_items(Some(actions))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| cancelled(&error))
    }

    pub(super) async fn write_plan(&self, storing: &PlanStoring) -> Result<String, StoreFailure> {
        let transfer = &storing.hold.transfer;
        let keep_until = self.keep_until(&transfer.merchant, Some(storing.day), storing.hold.now).await?;
        let row = self.row(transfer, &storing.log, Some(&storing.plan), &storing.log_tail).await?;
        let tail = row.hash.clone();
        let mut head = planned(storing, &tail, &keep_until)?;
        let table = &self.table.name;
        let keys = Keys::of(&transfer.merchant);
        self.set_person(&mut head, transfer, &storing.log).await?;
        let outgrown = self.outgrown(transfer, &mut head);
        let mut actions = vec![
            update(head.into_update(table, &keys.head(transfer))),
            put(table, row.into_item(transfer, &keep_until)),
        ];
        actions.extend(outgrown);
        let first_lock = actions.len();
        for lock in &storing.locks {
            actions.push(update(taking(lock, &storing.hold).into_update(table, &keys.lock(lock.as_str()))));
        }
        match self.transact(actions).await {
            Ok(()) => Ok(tail),
            Err(Cancelled::Otherwise(error)) => Err(error.into()),
            Err(Cancelled::Conditions(failed)) => Err(match failed.first() {
                Some((0, item)) => fenced(item, &storing.hold),
                Some((index, _)) => StoreFailure::Locked(
                    index
                        .checked_sub(first_lock)
                        .and_then(|place| storing.locks.get(place))
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                ),
                None => StoreFailure::Unavailable("a transaction was cancelled".to_owned()),
            }),
        }
    }

    /// Puts the transfer under its buyer in the index of persons, by a name that only the merchant's key makes. Under an earlier buyer,
    /// or an earlier address of the same, it is found by a pointer: the log holds both.
    async fn set_person(
        &self,
        change: &mut Change,
        transfer: &TransferId,
        entry: &LogEntry,
    ) -> Result<(), PlatformError> {
        if !entry.person.is_empty() {
            let name = self.person_key(&transfer.merchant, &entry.person).await?;
            let person = Keys::of(&transfer.merchant).person(&name);
            let before = self.remembered(transfer).and_then(|remembered| remembered.person);
            if let Some(before) = before.filter(|before| *before != person) {
                self.table.put(pointing(transfer, EARLIER_PERSON, &before)).await?;
                change.put_in(EARLIER_PERSONS, vec![before]);
            }
            change.set(PERSON, text(person));
        }
        Ok(())
    }

    pub(super) async fn write_conclusion(&self, conclusion: &Conclusion) -> Result<String, StoreFailure> {
        let transfer = &conclusion.hold.transfer;
        let row = match &conclusion.log {
            None => None,
            Some(entry) => Some(self.row(transfer, entry, None, &conclusion.log_tail).await?),
        };
        let tail = row.as_ref().map_or_else(|| conclusion.log_tail.clone(), |row| row.hash.clone());
        let mut head = concluded(conclusion, &tail)?;
        if self.remembered(transfer).is_some_and(|remembered| remembered.erased) {
            // The claim may have made a salt, where an earlier version left none.
            head.set(SALT, heads::no_salt());
        }
        if let Some(entry) = &conclusion.log {
            self.set_person(&mut head, transfer, entry).await?;
        }
        if let Some(row) = row {
            head.set(&row.attribute, bytes(row.bytes));
        }
        let mut others = self.outgrown(transfer, &mut head);
        let table = &self.table.name;
        let keys = Keys::of(&transfer.merchant);
        let item = |pointer: &Pointer| pointing(transfer, pointer_word(pointer.kind), &pointer.value);
        let leading = self.leading(conclusion, &mut head);
        // That an order was paid under a reference, or a document made on a day, is true whoever writes it and whatever becomes of this
        // claim, so it stands before the head says that it does, and makes no transaction of a conclusion that needs none.
        let by_itself = |kind: PointerKind| matches!(kind, PointerKind::Payment | PointerKind::MadeOn);
        let (alone, others_leading): (Vec<&Pointer>, Vec<&Pointer>) =
            leading.into_iter().partition(|pointer| by_itself(pointer.kind));
        for pointer in alone {
            self.table.put(item(pointer)).await?;
        }
        others.extend(others_leading.into_iter().map(|pointer| put(table, item(pointer))));
        let first_release = others.len() + 1;
        for (lock, from) in &conclusion.releases {
            others
                .push(update(releasing(lock, *from, transfer).into_update(table, &keys.lock(lock.as_str()))));
        }
        if others.is_empty() {
            return match self.table.update(&keys.head(transfer), head).await? {
                Updated::Applied(_) => Ok(tail),
                Updated::Refused(item) => Err(refusal(&item, &conclusion.hold)),
            };
        }
        let mut actions = vec![update(head.into_update(table, &keys.head(transfer)))];
        actions.append(&mut others);
        self.conclude_with(conclusion, actions, first_release).await.map(|()| tail)
    }

    /// A row of the log, packed; what is too large for the table stands in the bucket when this returns.
    async fn row(
        &self,
        transfer: &TransferId,
        entry: &LogEntry,
        plan: Option<&StoredPlan>,
        previous: &str,
    ) -> Result<rows::PackedRow, StoreFailure> {
        let personal = entry.personal.as_ref();
        let of_order = personal.and_then(|personal| personal.catalogue.as_ref().map(|slice| &slice.master));
        let of_product = personal.and_then(|personal| personal.products.as_ref().map(|slice| &slice.master));
        let master = match of_order.or(of_product) {
            Some(master) => Some(self.keep_master(&transfer.merchant, master).await?),
            None => None,
        };
        let masked = without_addresses(entry);
        let entry = masked.as_ref();
        let key = match (personal, plan) {
            // There is nothing to seal, and after an erasure no key either.
            (None, None) => self.vaults.vault(&transfer.merchant).await?.key,
            _ => self.sealing_key(transfer).await?,
        };
        let mut row = rows::pack_row(transfer, entry, plan, master.as_deref(), previous, &key)?;
        if let Some((name, bytes)) = row.object.take() {
            self.files.put(&transfer.merchant, &name, bytes).await?;
        }
        Ok(row)
    }

    /// The rows of earlier claims as items of their own, when the head has grown by them; they are taken out of it.
    fn outgrown(&self, transfer: &TransferId, head: &mut Change) -> Vec<TransactWriteItem> {
        let Some(remembered) = self.remembered(transfer) else { return Vec::new() };
        let size: usize = remembered.rows.iter().map(rows::FoundRow::len).sum();
        if size < rows::HEAD_BYTES {
            return Vec::new();
        }
        let mut items = Vec::with_capacity(remembered.rows.len());
        for row in remembered.rows {
            head.remove(&row.attribute);
            items.push(put(&self.table.name, row.into_item(transfer, remembered.keep_until.as_deref())));
        }
        items
    }

    /// Lets the first order number and the first document number lead to the head by themselves; returns the search keys
    /// that need a pointer of their own.
    fn leading<'a>(&self, conclusion: &'a Conclusion, head: &mut Change) -> Vec<&'a Pointer> {
        let transfer = &conclusion.hold.transfer;
        // A head that was not seen may lead from other numbers already.
        let Some(remembered) = self.remembered(transfer) else { return conclusion.pointers.iter().collect() };
        let (mut order, mut document) = (remembered.order, remembered.document);
        let mut further = Vec::new();
        for pointer in &conclusion.pointers {
            let (name, place) = match pointer.kind {
                PointerKind::OrderNumber => (ORDER, &mut order),
                PointerKind::DraftNumber | PointerKind::InvoiceNumber => (DOCUMENT, &mut document),
                PointerKind::Payment | PointerKind::ProductNumber | PointerKind::MadeOn => {
                    further.push(pointer);
                    continue;
                }
            };
            let key = number_key(transfer, pointer);
            match place {
                None => {
                    head.set(name, text(key.clone()));
                    *place = Some(key);
                }
                Some(leads) if *leads == key => {}
                Some(_) => further.push(pointer),
            }
        }
        further
    }

    /// A lock that is no longer ours needs no release: it is left out, and the conclusion goes through without it.
    async fn conclude_with(
        &self,
        conclusion: &Conclusion,
        actions: Vec<TransactWriteItem>,
        first_release: usize,
    ) -> Result<(), StoreFailure> {
        let failed = match self.transact(actions.clone()).await {
            Ok(()) => return Ok(()),
            Err(Cancelled::Otherwise(error)) => return Err(error.into()),
            Err(Cancelled::Conditions(failed)) => failed,
        };
        if let Some((_, item)) = failed.iter().find(|(index, _)| *index == 0) {
            return Err(refusal(item, &conclusion.hold));
        }
        let lost: Vec<usize> =
            failed.iter().map(|(index, _)| *index).filter(|index| *index >= first_release).collect();
        let rest = actions
            .into_iter()
            .enumerate()
            .filter(|(index, _)| !lost.contains(index))
            .map(|(_, action)| action)
            .collect();
        match self.transact(rest).await {
            Ok(()) => Ok(()),
            Err(Cancelled::Otherwise(error)) => Err(error.into()),
            Err(Cancelled::Conditions(failed)) => Err(match failed.first() {
                Some((0, item)) => refusal(item, &conclusion.hold),
                _ => StoreFailure::Unavailable("locks changed meanwhile".to_owned()),
            }),
        }
    }
}

/// A row whose public part quotes no mail address, as an answer of another system may.
fn without_addresses(entry: &LogEntry) -> Cow<'_, LogEntry> {
    let public = &entry.public;
    let quotes = |reason: &Reason| reason.facts.iter().any(|(_, fact)| fact.contains('@'));
    if !public.reason.iter().chain(&public.warnings).any(quotes) {
        return Cow::Borrowed(entry);
    }
    let mut masked = entry.clone();
    masked.public.reason = public.reason.as_ref().map(redaction::without_addresses);
    masked.public.warnings = public.warnings.iter().map(redaction::without_addresses).collect();
    Cow::Owned(masked)
}

fn cancelled(error: &SdkError<TransactWriteItemsError>) -> Cancelled {
    let otherwise = || Cancelled::Otherwise(PlatformError::of(SERVICE, error));
    let Some(TransactWriteItemsError::TransactionCanceledException(refused)) = error.as_service_error()
    else {
        return otherwise();
    };
    let reasons = refused.cancellation_reasons();
    let is = |reason: &&CancellationReason, code: &str| reason.code() == Some(code);
    if reasons.iter().any(|reason| !is(&reason, "None") && !is(&reason, "ConditionalCheckFailed")) {
        // A conflict with another transaction, or throttling: surely not applied, and worth another try.
        return Cancelled::Otherwise(PlatformError::Unavailable {
            service: SERVICE,
            message: "a transaction met another".to_owned(),
        });
    }
    Cancelled::Conditions(
        reasons
            .iter()
            .enumerate()
            .filter(|(_, reason)| is(reason, "ConditionalCheckFailed"))
            .map(|(index, reason)| (index, reason.item().cloned().unwrap_or_default()))
            .collect(),
    )
}

/// What storing a plan makes of the head.
fn planned(storing: &PlanStoring, tail: &str, keep_until: &str) -> Result<Change, PlatformError> {
    let mut change = Change::new();
    under(&mut change, &storing.hold);
    change
        .set("plan_ordinal", number(storing.plan.ordinal))
        .set("plan_hash", hash(&storing.plan.hash))
        .set("plan_open", AttributeValue::Bool(true))
        .set("settings_version", number(storing.settings_version))
        .set(LEASE_UNTIL, time(storing.lease_until))
        .set(LOG_TAIL, hash(tail))
        .set(KEEP_UNTIL, text(keep_until))
        .set("updated_at", time(storing.hold.now));
    heads::put_off(&mut change, storing.lease_until);
    heads::set_progress(&mut change, &storing.progress)?;
    let merchant = &storing.hold.transfer.merchant;
    heads::set_order(&mut change, merchant, &storing.order_number, storing.total, storing.day)?;
    heads::set_list(&mut change, "warnings", &storing.warnings)?;
    let locks: Vec<String> = storing.locks.iter().map(ToString::to_string).collect();
    change.set_or_remove("locks", (!locks.is_empty()).then_some(AttributeValue::Ss(locks)));
    Ok(change)
}

/// What a conclusion makes of the head: the same as [`engine::store::Head::conclude`].
fn concluded(conclusion: &Conclusion, tail: &str) -> Result<Change, PlatformError> {
    let merchant = &conclusion.hold.transfer.merchant;
    let mut change = Change::new();
    under(&mut change, &conclusion.hold);
    if !conclusion.despite_word {
        let word = format!("attribute_not_exists({})", change.name(AGAIN));
        change.only_if(word);
    }
    heads::set_status(&mut change, &conclusion.status, merchant);
    let facts: Vec<(String, String)> = conclusion
        .facts
        .iter()
        .map(|(name, fact)| (name.clone(), redaction::without_address(fact)))
        .collect();
    heads::set_list(&mut change, "facts", &facts)?;
    heads::set_trouble(&mut change, conclusion.trouble.as_ref())?;
    heads::set_list(&mut change, "documents", &conclusion.documents)?;
    heads::set_progress(&mut change, &conclusion.progress)?;
    heads::set_due(&mut change, conclusion.due_at);
    if let Some(applied) = &conclusion.applied {
        heads::set_applied(&mut change, applied)?;
    }
    if let Some(order) = &conclusion.order {
        heads::set_order(&mut change, merchant, &order.number, order.total, order.day)?;
    }
    change
        .set("attempts", number(conclusion.attempts))
        .set("waits", number(conclusion.waits))
        .set("plan_open", AttributeValue::Bool(conclusion.plan_open))
        .set(LOG_TAIL, hash(tail))
        .set("updated_at", time(conclusion.hold.now))
        .remove(LEASE_UNTIL)
        .remove(AGAIN)
        .take_out("locks", conclusion.releases.iter().map(|(key, _)| key.to_string()).collect());
    Ok(change)
}

fn holder(transfer: &TransferId) -> AttributeValue {
    text(Keys::of(&transfer.merchant).head(transfer).partition)
}

/// Takes a lock that is free, free from now on, or this transfer's already.
fn taking(_lock: &EffectKey, hold: &Hold) -> Change {
    let mut change = Change::new();
    let (name, own) = (change.name("holder"), change.value(holder(&hold.transfer)));
    let (free, now) = (change.name("free_from"), change.value(time(hold.now)));
    change.only_if(format!("attribute_not_exists(pk) OR {name} = {own} OR {free} <= {now}"));
    change.set("holder", holder(&hold.transfer)).set("schema", number(SCHEMA)).remove("free_from");
    change
}

/// Gives a lock free from a time on, if it is this transfer's.
fn releasing(_lock: &EffectKey, from: Timestamp, transfer: &TransferId) -> Change {
    let mut change = Change::new();
    change.only_if_equal("holder", holder(transfer));
    change.set("free_from", time(from));
    change
}

fn pointing(transfer: &TransferId, kind: &str, value: &str) -> Item {
    let keys = Keys::of(&transfer.merchant);
    let mut item = key_of(&keys.number(kind, value, transfer));
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("transfer".to_owned(), text(keys.head(transfer).partition));
    item
}
