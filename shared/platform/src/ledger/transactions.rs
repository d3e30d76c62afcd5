//! The two transactions of a transfer: the plan is stored, and the work is concluded. Each is all or nothing, and each is
//! refused as a whole when a newer claim exists.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, TransactWriteItem, Update};
use domain::{EffectKey, TransferId};
use engine::log::LogEntry;
use engine::store::{Conclusion, Hold, PlanStoring, PointerKind, StoreFailure};
use jiff::Timestamp;

use super::heads::attribute::{AGAIN, LEASE_UNTIL, LOG_TAIL};
use super::{Ledger, heads, refusal, rows, under};
use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::sealing::new_token;
use crate::table::{Change, Item, SCHEMA, SERVICE, Updated, key_of, number, put_action, text, time};

/// Why a transaction was not applied.
enum Cancelled {
    /// Actions whose conditions did not hold, with their items as they are.
    Conditions(Vec<(usize, Item)>),
    /// Anything else.
    Otherwise(PlatformError),
}

fn put(table: &str, item: Item) -> TransactWriteItem {
    TransactWriteItem::builder().put(put_action(table, item)).build()
}

fn update(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}

/// The word by which a kind of number is kept.
pub(super) fn pointer_word(kind: PointerKind) -> &'static str {
    match kind {
        PointerKind::OrderNumber => "order",
        PointerKind::DraftNumber => "draft",
        PointerKind::InvoiceNumber => "invoice",
        PointerKind::Payment => "payment",
    }
}

impl Ledger {
    async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<(), Cancelled> {
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

    pub(super) async fn transact_plan(&self, storing: &PlanStoring) -> Result<String, StoreFailure> {
        let transfer = &storing.hold.transfer;
        let keep_until = self.keep_until(&transfer.merchant, Some(storing.day), storing.hold.now).await?;
        let key = self.sealing_key(transfer).await?;
        let row = rows::pack_row(transfer, &storing.log, &storing.log_tail, &key, &keep_until)?;
        let (plan, plan_object) = rows::pack_plan(transfer, &storing.plan, &key, &keep_until)?;
        for (name, bytes) in [row.object, plan_object].into_iter().flatten() {
            self.files.put(&transfer.merchant, &name, bytes).await?;
        }
        let table = &self.table.name;
        let keys = Keys::of(&transfer.merchant);
        let head = planned(storing, &row.hash, &keep_until)?.into_update(table, &keys.head(transfer));
        let mut actions = vec![update(head), put(table, row.item), put(table, plan)];
        let first_lock = actions.len();
        for lock in &storing.locks {
            actions.push(update(taking(lock, &storing.hold).into_update(table, &keys.lock(lock.as_str()))));
        }
        match self.transact(actions).await {
            Ok(()) => Ok(row.hash),
            Err(Cancelled::Otherwise(error)) => Err(error.into()),
            Err(Cancelled::Conditions(failed)) => Err(match failed.first() {
                Some((0, item)) => match refusal(item, &storing.hold) {
                    StoreFailure::Again => StoreFailure::Fenced,
                    other => other,
                },
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

    pub(super) async fn transact_conclusion(&self, conclusion: &Conclusion) -> Result<String, StoreFailure> {
        let transfer = &conclusion.hold.transfer;
        let day = conclusion.order.as_ref().map(|order| order.day);
        let (row, tail) = match &conclusion.log {
            None => (None, conclusion.log_tail.clone()),
            Some(entry) => {
                let row = self.conclusion_row(conclusion, entry, day).await?;
                let tail = row.hash.clone();
                (Some(row.item), tail)
            }
        };
        let head = concluded(conclusion, &tail)?;
        let keys = Keys::of(&transfer.merchant);
        if row.is_none() && conclusion.pointers.is_empty() && conclusion.releases.is_empty() {
            // Nothing but the head: a plain update costs half of a transaction.
            return match self.table.update(&keys.head(transfer), head).await? {
                Updated::Applied(_) => Ok(tail),
                Updated::Refused(item) => Err(refusal(&item, &conclusion.hold)),
            };
        }
        let table = &self.table.name;
        let mut actions = vec![update(head.into_update(table, &keys.head(transfer)))];
        actions.extend(row.map(|item| put(table, item)));
        actions.extend(
            conclusion
                .pointers
                .iter()
                .map(|pointer| put(table, pointing(transfer, pointer_word(pointer.kind), &pointer.value))),
        );
        let first_release = actions.len();
        for (lock, from) in &conclusion.releases {
            actions
                .push(update(releasing(lock, *from, transfer).into_update(table, &keys.lock(lock.as_str()))));
        }
        self.conclude_with(conclusion, actions, first_release).await.map(|()| tail)
    }

    async fn conclusion_row(
        &self,
        conclusion: &Conclusion,
        entry: &LogEntry,
        day: Option<jiff::civil::Date>,
    ) -> Result<rows::PackedRow, StoreFailure> {
        let transfer = &conclusion.hold.transfer;
        let keep_until = self.keep_until(&transfer.merchant, day, conclusion.hold.now).await?;
        let key = self.sealing_key(transfer).await?;
        let mut row = rows::pack_row(transfer, entry, &conclusion.log_tail, &key, &keep_until)?;
        if let Some((name, bytes)) = row.object.take() {
            self.files.put(&transfer.merchant, &name, bytes).await?;
        }
        Ok(row)
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
        .set("plan_hash", text(storing.plan.hash.clone()))
        .set("plan_open", AttributeValue::Bool(true))
        .set("settings_version", number(storing.settings_version))
        .set(LEASE_UNTIL, time(storing.lease_until))
        .set(LOG_TAIL, text(tail))
        .set("keep_until", text(keep_until))
        .set("updated_at", time(storing.hold.now));
    if !storing.log.person.is_empty() {
        change.set("person", text(storing.log.person.clone()));
    }
    heads::set_due(&mut change, Some(storing.lease_until));
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
    heads::set_list(&mut change, "facts", &conclusion.facts)?;
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
        .set(LOG_TAIL, text(tail))
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
