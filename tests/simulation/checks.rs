//! The invariants, checked after every history.

use std::collections::{BTreeMap, BTreeSet};

use connectors::http::Method;
use domain::settings::DifferenceMode;
use domain::{DocumentKind, EffectKey, EntityKind};
use engine::log::Trace;
use engine::store::{Head, Status, Store};
use memchr::memmem::Finder;
use rust_decimal::Decimal;

use crate::deployment::{JOURNAL, agreement_name, merchant, place_of};
use crate::history::{Deed, History, states_until};
use crate::ledger::at_once;
use crate::machine::lock;
use crate::orders::OrderShape;

/// Texts that must never be seen in what operators and merchants may read.
const CANARIES: [&str; 4] = ["canary-", "ck_canary", "cs_canary", "@example.org"];

/// Everything that is wrong with a history that has come to its end.
pub(crate) fn violations(history: &mut History) -> Vec<String> {
    let mut found = lock(&history.observed).violations.clone();
    found.extend(lock(&history.store.violations).clone());
    found.extend(history.stuck.clone().map(|words| format!("liveness: {words}")));
    for left in history.left_on_queue() {
        found.push(format!("I3: still on the queue: {left}"));
    }
    if history.forged_accepted > 0 {
        found.push(format!("I5: {} forged deliveries were believed", history.forged_accepted));
    }
    for index in 0..history.plan.setups.len() {
        documents(history, index, &mut found);
        customers(history, index, &mut found);
        books(history, index, &mut found);
    }
    let orders: Vec<(usize, OrderShape)> =
        history.plan.orders.iter().map(|(index, _, shape)| (*index, shape.clone())).collect();
    for (index, shape) in &orders {
        order(history, *index, shape, &mut found);
    }
    for index in 0..history.plan.setups.len() {
        payments(history, index, &mut found);
    }
    silence(history, &mut found);
    compared(history, &mut found);
    proved(history, &mut found);
    found
}

/// I6 in both directions, by the engine's own comparison.
pub(crate) fn compared(history: &mut History, found: &mut Vec<String>) {
    for index in 0..history.plan.setups.len() {
        match history.compare(index) {
            Ok(comparison) => {
                // What a person booked is learned, unless a restored ledger forgot that there was a draft.
                let forgot = history.plan.restore.is_some();
                let of_persons = |reason: &domain::plan::Reason| {
                    let order =
                        reason.fact("reference").split(' ').next().and_then(|number| number.parse().ok());
                    // Of what a restored ledger forgot, the comparison is what tells beside the hold.
                    reason.code == "books-unknown"
                        && order.is_some_and(|order| {
                            forgot && deed(history, index, order).is_some()
                                || crate::credits::edits_seen_as_one(history, order)
                        })
                };
                let persons = comparison.findings.iter().filter(|reason| of_persons(reason)).count();
                let agree = comparison.ledger == comparison.accounting || persons > 0;
                if comparison.findings.len() > persons || !agree {
                    found.push(format!("I6: the nightly comparison finds {comparison:?}"));
                }
            }
            Err(words) => found.push(format!("the comparison does not work: {words}")),
        }
    }
}

/// I9: from the log alone, the same plans and the same requests; and each document that stands is told of by the request that
/// made it, and by the one that booked it, whichever workers died meanwhile.
pub(crate) fn proved(history: &History, found: &mut Vec<String>) {
    let standing: Vec<Vec<Standing>> =
        (0..history.plan.setups.len()).map(|index| standing(history, index)).collect();
    for head in history.store.memory.heads() {
        let trace = at_once(history.store.memory.log(&head.transfer)).expect("the memory is there");
        if let Err(failure) = at_once(engine::replay::prove_requests(&trace)) {
            found.push(format!("I9: the log of {} proves nothing: {failure}", head.transfer));
        }
        let index = place_of(&head.transfer.merchant);
        let order = head.transfer.entity.as_str();
        let is_order = head.transfer.kind == EntityKind::Order;
        // A draft that a person booked or deleted meanwhile is not found by who goes on.
        let by_person = order.parse().is_ok_and(|order| deed(history, index, order).is_some());
        if is_order && !by_person {
            let of_order = standing[index].iter().filter(|standing| standing.is_of(order));
            told(history, &head, &trace, of_order, found);
        }
    }
}

/// What stands of an order, and what its log tells of.
fn told<'a>(
    history: &History,
    head: &Head,
    trace: &Trace,
    documents: impl Iterator<Item = &'a Standing>,
    found: &mut Vec<String>,
) {
    let calls = || trace.rows.iter().filter_map(|row| row.personal.as_ref()).flat_map(|part| &part.calls);
    let keys = |paths: &[&str]| {
        let of_path = calls().filter(|call| {
            call.request.method == Method::Post && paths.contains(&call.request.path.as_str())
        });
        of_path.filter_map(|call| call.key.as_ref()).collect::<BTreeSet<&EffectKey>>().len()
    };
    let (mut made, mut booked) = (0, 0);
    for document in documents {
        made += 1;
        booked += usize::from(document.booked);
    }
    let makings = keys(&["/invoices/drafts", "/orders/drafts"]);
    // With a restored ledger the log of what was made since is gone, and of a draft that was booked then its number, without which
    // its booking cannot be told of. Where nothing was planned since, what a lost plan made is told of by the hold that names it.
    let restored = history.plan.restore.is_some();
    let demanded = match (restored, &head.plan) {
        (false, _) => made,
        (true, Some(_)) => made.min(1),
        (true, None) => 0,
    };
    if makings < demanded {
        found.push(format!("I9: the log of {} tells of {makings} of {made} documents", head.transfer));
    }
    let bookings = keys(&["/invoices/booked"]);
    if bookings < booked && !restored {
        found.push(format!("I9: the log of {} tells of {bookings} of {booked} bookings", head.transfer));
    }
}

/// One document of an agreement that carries a key of ours.
pub(crate) struct Standing {
    pub(crate) booked: bool,
    number: u32,
    pub(crate) reference: String,
    pub(crate) gross: Decimal,
    currency: String,
}

impl Standing {
    /// True for a document of ours of that order.
    fn is_of(&self, order: &str) -> bool {
        self.reference.split_once(' ').is_some_and(|(number, _)| number == order)
    }
}

pub(crate) fn standing(history: &History, index: usize) -> Vec<Standing> {
    let world = lock(&history.world);
    let agreement = &world.agreements[&agreement_name(index)];
    let drafts = agreement.drafts.iter().map(|(number, document)| (false, number, document));
    let orders = agreement.orders.iter().map(|(number, document)| (false, number, document));
    let booked = agreement.booked.iter().map(|(number, document)| (true, number, document));
    drafts
        .chain(orders)
        .chain(booked)
        .map(|(booked, number, document)| Standing {
            booked,
            number: *number,
            reference: document.json.text("references.other").unwrap_or_default().to_owned(),
            gross: document.totals.gross(),
            currency: document.json.text("currency").unwrap_or_default().to_owned(),
        })
        .filter(|standing| !standing.reference.is_empty())
        .collect()
}

/// I1: at most one document for each reference; I6: each belongs to an order that the ledger knows.
pub(crate) fn documents(history: &History, index: usize, found: &mut Vec<String>) {
    let mut by_reference: BTreeMap<String, usize> = BTreeMap::new();
    for standing in standing(history, index) {
        *by_reference.entry(standing.reference).or_default() += 1;
    }
    // What another integration made carries no key of ours.
    by_reference.retain(|reference, _| reference.contains(' '));
    for (reference, count) in &by_reference {
        if *count > 1 {
            found.push(format!("I1: {count} documents carry the reference {reference:?}"));
        }
    }
    let plans: Vec<String> = history
        .store
        .memory
        .heads()
        .iter()
        .filter(|head| head.transfer.merchant == merchant(index))
        .flat_map(|head| history.store.memory.plans(&head.transfer))
        .map(|plan| plan.json)
        .collect();
    for reference in by_reference.keys() {
        let known = plans.iter().any(|json| json.contains(&format!("\"reference\":\"{reference}\"")));
        let order = reference.split(' ').next().and_then(|number| number.parse().ok());
        let told = order.is_some_and(|order| {
            let restored = history.plan.restore.is_some();
            crate::credits::edits_seen_as_one(history, order)
                || restored && cancelled_with_draft(history, index, order)
        });
        if !known && !told {
            found.push(format!("I6: no plan in the ledger has the reference {reference:?}"));
        }
    }
}

/// The draft of an order that was cancelled meanwhile is left to the merchant by its number: a draft that is found after a restore, or
/// whose way to the booking the target refused.
pub(crate) fn cancelled_with_draft(history: &History, index: usize, order: usize) -> bool {
    let is_told = |head: &Head| match &head.status {
        Status::Held { code } => code == "cancelled-with-draft",
        _ => false,
    };
    let was_refused = |head: &Head| {
        let trace = at_once(history.store.memory.log(&head.transfer)).expect("the memory is there");
        trace.rows.iter().any(|row| {
            let code = row.public.reason.as_ref().map(|reason| reason.code.as_str());
            let draft = row.public.numbers.iter().any(|(what, _)| what == "draft");
            row.public.decision == "parked" && code == Some("refused") && draft
        })
    };
    let head = history.head(index, order).filter(is_told);
    head.is_some_and(|head| history.plan.restore.is_some() || was_refused(&head))
}

/// I1 and I2 for payments: one for each order that was paid and is booked, for its whole amount, and none otherwise.
fn payments(history: &History, index: usize, found: &mut Vec<String>) {
    if !history.plan.setups[index].journal {
        return;
    }
    let world = lock(&history.world);
    let entries = &world.agreements[&agreement_name(index)].draft_entries;
    for (_, _, shape) in history.plan.orders.iter().filter(|(of, _, _)| *of == index) {
        let name = format!("{} ", shape.id);
        let amounts: Vec<Decimal> = entries
            .values()
            .filter(|entry| entry.journal == JOURNAL && entry.text.starts_with(&name))
            .map(|entry| entry.amount)
            .collect();
        let head = history.head(index, shape.id);
        let ours = head.is_some_and(|head| {
            head.status == Status::Done
                && head.progress.invoice.is_some()
                && !head.documents.last().is_some_and(|document| document.adopted)
        });
        let states = states_until(&history.plan, shape.id, i64::MAX);
        let paid = final_shape(history, shape).payments_after(&states);
        // A received payment credits the customer.
        let expected: Vec<Decimal> =
            paid.iter().filter(|_| ours).map(|amount| Decimal::new(-amount, 2)).collect();
        if amounts != expected {
            found.push(format!("I1: order {name}has the payments {amounts:?}, expected are {expected:?}"));
        }
    }
}

/// I1 for customers: one for each e-mail address.
pub(crate) fn customers(history: &History, index: usize, found: &mut Vec<String>) {
    let world = lock(&history.world);
    let mut by_email: BTreeMap<String, usize> = BTreeMap::new();
    for customer in world.agreements[&agreement_name(index)].customers.values() {
        if let Some(email) = customer.text("email").filter(|email| !email.is_empty()) {
            *by_email.entry(email.to_owned()).or_default() += 1;
        }
    }
    for (email, count) in by_email.iter().filter(|(_, count)| **count > 1) {
        found.push(format!("I1: {count} customers have the address {email}"));
    }
}

fn booked_by_person(history: &History, index: usize, standing: &Standing) -> bool {
    let order = standing.reference.split(' ').next().and_then(|number| number.parse().ok());
    order.is_some_and(|order| deed(history, index, order).is_some())
}

/// I2: every transaction of the books is balanced, and what is booked is what the orders are worth.
fn books(history: &History, index: usize, found: &mut Vec<String>) {
    let booked: Decimal = standing(history, index)
        .iter()
        .filter(|standing| standing.booked && standing.reference.contains(' '))
        .filter(|standing| !booked_by_person(history, index, standing))
        .map(|standing| standing.gross)
        .sum();
    let worth: i64 = history
        .plan
        .orders
        .iter()
        .filter(|(of, _, shape)| {
            let invoiced = history.head(index, shape.id).is_some_and(|head| head.progress.invoice.is_some());
            *of == index && invoiced && !shape.adopted && deed(history, index, shape.id).is_none()
        })
        .map(|(_, _, shape)| final_shape(history, shape).total())
        .sum();
    if booked != Decimal::new(worth, 2) {
        found.push(format!("I2: {booked} is booked, the orders are worth {}", Decimal::new(worth, 2)));
    }
    let world = lock(&history.world);
    let agreement = &world.agreements[&agreement_name(index)];
    let reserved: Decimal = agreement.products.values().map(|product| product.ordered_by_customers).sum();
    if agreement.orders.is_empty() && !reserved.is_zero() {
        found.push(format!("I2: {reserved} units are reserved by no order"));
    }
    let mut sums: BTreeMap<u32, Decimal> = BTreeMap::new();
    for entry in world.agreements[&agreement_name(index)].ledger.entries() {
        *sums.entry(entry.transaction).or_default() += entry.amount;
    }
    for (transaction, sum) in sums.iter().filter(|(_, sum)| !sum.is_zero()) {
        found.push(format!("I2: transaction {transaction} of the books is off by {sum}"));
    }
}

/// An order as it was last edited.
fn final_shape(history: &History, shape: &OrderShape) -> OrderShape {
    let edits = history.plan.edits.iter().filter(|(_, _, edited)| edited.id == shape.id);
    edits.max_by_key(|(_, at, _)| *at).map_or_else(|| shape.clone(), |(_, _, edited)| edited.clone())
}

/// What a person did to an order's draft, if anything, and whether the ledger knew of the draft.
fn deed(history: &History, index: usize, order: usize) -> Option<(Deed, bool)> {
    let done = history.done_by_person.iter();
    let mut of_order = done.filter(|(of, number, _, _)| *of == index && *number == order);
    of_order.next().map(|(_, _, deed, known)| (*deed, *known))
}

/// A draft that a person deleted is not made again unless a person asks for it; one that a person booked stands as it was booked, once.
fn after_deed(
    history: &History,
    index: usize,
    shape: &OrderShape,
    (deed, known): (Deed, bool),
    found: &mut Vec<String>,
) {
    let number = shape.id.to_string();
    let of_order = |standing: &Standing| standing.reference.split(' ').next() == Some(number.as_str());
    let documents: Vec<Standing> = standing(history, index).into_iter().filter(of_order).collect();
    let booked = documents.iter().filter(|standing| standing.booked).count();
    let right = match deed {
        Deed::Book => (documents.len(), booked) == (1, 1),
        // A draft that went before the ledger knew of it cannot be told from one that was never made.
        Deed::Delete => {
            let head = history.head(index, shape.id);
            let asked = head.is_some_and(|head| history.asked_again.contains(&head.transfer));
            documents.len() <= usize::from(!known || asked) && booked == 0
        }
    };
    if !right {
        found.push(format!(
            "after a person's {deed:?}, {} documents of order {number} stand",
            documents.len()
        ));
    }
    let status = history.head(index, shape.id).map(|head| head.status);
    let right = match (&status, deed) {
        (Some(Status::Done), _) => true,
        (Some(Status::Skipped { code }), Deed::Delete) => code == "document-removed",
        // The order was edited after its draft was booked, or its totals were never right.
        (Some(Status::Held { code }), Deed::Book) => {
            matches!(
                code.as_str(),
                "changed-after-booking" | "booked-otherwise" | "totals-differ-after-write"
            )
        }
        (Some(Status::Held { code }), Deed::Delete) => code == "totals-differ-after-write",
        _ => false,
    };
    if !right {
        found.push(format!("after a person's {deed:?}, order {number} stands at {status:?}"));
    }
}

/// Where an order must stand in the end.
fn order(history: &History, index: usize, shape: &OrderShape, found: &mut Vec<String>) {
    let shape = &final_shape(history, shape);
    let Some(head) = history.head(index, shape.id) else {
        found.push(format!("I3: order {} is not in the ledger", shape.id));
        return;
    };
    if !head.status.is_settled() || head.lease_until.is_some() || head.due_at.is_some() {
        let (status, due) = (&head.status, head.due_at);
        found.push(format!("I3: order {} stands at {status:?}, due {due:?}", shape.id));
    }
    if let Some(deed) = deed(history, index, shape.id) {
        after_deed(history, index, shape, deed, found);
    } else if head.status == Status::Done {
        agrees(history, index, shape, &head, found);
    } else if !may_stand_so(history, index, shape, &head) {
        found.push(format!("liveness: order {} ends as {:?} {:?}", shape.id, head.status, head.facts));
    }
    if let Some(row) = history.store.memory.log_broken_at(&head.transfer) {
        found.push(format!("the log of order {} is broken at row {row}", shape.id));
    }
}

/// I6: done means that the document stands, with the same amount, currency and reference.
fn agrees(history: &History, index: usize, shape: &OrderShape, head: &Head, found: &mut Vec<String>) {
    let setup = &history.plan.setups[index];
    let stays_order = setup.order_first && final_state(history, shape) != "completed";
    let wants_booking = setup.kind == DocumentKind::BookedInvoice && !stays_order;
    let number =
        if wants_booking { head.progress.invoice } else { head.progress.invoice.or(head.progress.draft) };
    let document = standing(history, index).into_iter().find(|standing| {
        standing.booked == head.progress.invoice.is_some() && Some(u64::from(standing.number)) == number
    });
    let Some(document) = document else {
        found.push(format!("I6: order {} is done, and document {number:?} does not stand", shape.id));
        return;
    };
    let name = shape.id.to_string();
    let all = standing(history, index);
    let count = all.iter().filter(|standing| standing.reference.split(' ').next() == Some(&name)).count();
    if count != 1 {
        found.push(format!("I1: {count} documents of order {name} stand, sales orders included"));
    }
    if document.gross != Decimal::new(shape.total(), 2) || document.currency != "DKK" {
        found.push(format!(
            "I6: order {} is worth {}, its document {} {}",
            shape.id,
            Decimal::new(shape.total(), 2),
            document.gross,
            document.currency
        ));
    }
    if shape.adopted {
        if !head.documents.iter().all(|record| record.adopted) {
            found.push(format!("order {} was booked by another integration, and is not adopted", shape.id));
        }
        return;
    }
    let plan = history.store.memory.plans(&head.transfer).pop();
    if !plan.is_some_and(|plan| plan.json.contains(&format!("\"reference\":\"{}\"", document.reference))) {
        found.push(format!("I6: document {number:?} of order {} has another reference", shape.id));
    }
}

/// Ends other than done that are right.
fn may_stand_so(history: &History, index: usize, shape: &OrderShape, head: &Head) -> bool {
    let state = final_state(history, shape);
    let setup = &history.plan.setups[index];
    let uneven = shape.is_uneven();
    match &head.status {
        Status::Skipped { code } => code == "state-not-chosen" && state == "pending",
        // The totals differ, and the merchant wants to see that.
        Status::Held { code } if code == "totals-differ-after-write" => {
            uneven
                && !setup.per_line
                && setup.difference == DifferenceMode::LeaveDraft
                && head.progress.invoice.is_none()
        }
        _ => false,
    }
}

fn final_state(history: &History, shape: &OrderShape) -> &'static str {
    history
        .plan
        .changes
        .iter()
        .filter(|(_, order, _, _)| *order == shape.id)
        .max_by_key(|(_, _, at, _)| *at)
        .map_or(shape.status, |(_, _, _, status)| status)
}

/// I8: no secret and no address in what operators read.
pub(crate) fn silence(history: &History, found: &mut Vec<String>) {
    // Each history's whole log is searched, so the searches are made ready once.
    let canaries = CANARIES.map(|canary| (canary, Finder::new(canary)));
    for head in history.store.memory.heads() {
        let rows = history.store.memory.log_texts(&head.transfer);
        let shown = format!("{:?} {:?}", head.facts, head.status);
        for (canary, finder) in &canaries {
            let seen = |text: &str| finder.find(text.as_bytes()).is_some();
            if seen(&shown) || rows.iter().any(|(public, _)| seen(public)) {
                found.push(format!("I8: {canary} is seen in what operators read of {}", head.transfer));
            }
        }
        for (_, finder) in &canaries[..3] {
            if rows.iter().any(|(_, personal)| finder.find(personal.as_bytes()).is_some()) {
                found.push(format!("I8: a secret is in the log of {}", head.transfer));
            }
        }
    }
}
