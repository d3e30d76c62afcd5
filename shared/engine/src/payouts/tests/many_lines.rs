//! A payout of very many lines: looked up in turns, said part by part, and shown in a bounded way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::payout::PayoutState;
use domain::{AgreementId, ConnectionId};
use futures::executor::block_on;

use super::world::{SETTINGS, START, World, id, merchant};
use crate::memory::Fate;
use crate::payouts::OrderLink;
use crate::payouts::record::{IntakeOutcome, PaidBefore, PayoutRecord};
use crate::payouts::store::PayoutStore;

/// More than are worked on in one turn.
const LINES: u32 = 24_000;
/// Portions of so many lines.
const LOOK_UPS: u32 = 12;

/// Charges of 250.00 with a fee of 5.00, as Stripe's itemised report has them.
fn report(orders: impl Iterator<Item = u32>) -> String {
    let mut text = "automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,payment_intent_id,charge_id,description,payment_metadata[order_id]\n".to_owned();
    let mut count = 0_u64;
    for order in orders {
        count += 1;
        text.push_str(&format!(
            "po_many,2026-02-09 00:00:00,txn_{order},2026-02-02 10:00:00,dkk,250.00,5.00,245.00,charge,ch_{order},pi_{order},ch_{order},Order {order},{order}\n"
        ));
    }
    let paid = count * 245;
    text.push_str(&format!(
        "po_many,2026-02-09 00:00:00,txn_payout,2026-02-09 00:00:00,dkk,-{paid}.00,0.00,-{paid}.00,payout,po_many,,,STRIPE PAYOUT,\n"
    ));
    text
}

/// A world in which each call of a name takes so many seconds; how often it is called is counted.
fn world(call: &'static str, seconds: i64) -> (&'static World, Arc<AtomicU32>) {
    let lump = format!("{}, \"model\": \"lump\" }}", SETTINGS.trim_end().trim_end_matches('}'));
    let world: &World = Box::leak(Box::new(World::new(&lump, LINES)));
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    world.payouts.set_faults(Box::new(move |name| {
        if name == call {
            counted.fetch_add(1, Ordering::Relaxed);
            world.clock.turn(seconds);
        }
        Fate::Works
    }));
    (world, calls)
}

fn take_in(world: &World, report: &str) {
    let taken = world.take_in("po_many.csv", report.as_bytes()).expect("it is told").outcome;
    assert!(matches!(&taken, IntakeOutcome::Report { batches } if batches.len() == 1), "{taken:?}");
}

/// Works on the payout until it does not come up at once: the record, and in how many turns.
fn worked(world: &World) -> (PayoutRecord, u32) {
    for turns in 1..20 {
        let record = world.work(&id("po_many")).expect("it is worked on");
        if record.due_at.is_none() {
            return (record, turns);
        }
    }
    panic!("it comes to no end")
}

/// What is said that the payout pays, in minor units.
fn said(world: &World) -> Vec<i64> {
    let numbers: Vec<String> = (1..=LINES).map(|number| (10_000 + number).to_string()).collect();
    let found = block_on(world.payouts.paid(&merchant(), &AgreementId::new("424242"), &numbers));
    found.expect("it is told").into_iter().map(|one: PaidBefore| one.amount.minor()).collect()
}

#[test]
fn a_payout_of_very_many_lines_is_looked_up_in_turns_and_no_line_twice() {
    let (world, look_ups) = world("booked_under", 40);
    take_in(world, &report((1..=LINES).map(|order| 1_000 + order)));
    let (record, turns) = worked(world);
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!(record.figures.states.get("exact"), Some(&u64::from(LINES)));
    assert!(turns > 2, "{turns}");
    assert_eq!(look_ups.load(Ordering::Relaxed), LOOK_UPS, "it goes on where it was");
    assert_eq!(record.looking, None);

    // What is shown of it is bounded, and looks nothing up.
    for (every, shown) in [(true, 1_000), (false, 0)] {
        let view = block_on(world.engine().show(&record.id, every)).expect("it is shown");
        let more = if every { LINES as usize - shown } else { 0 };
        assert_eq!((view.lines.len(), view.more_lines), (shown, more));
        assert_eq!(view.waits_for.as_ref(), record.plan.as_ref().map(|plan| &plan.hash));
    }
    assert_eq!(look_ups.load(Ordering::Relaxed), LOOK_UPS);

    // In whichever order the lines come, and in however many turns they are looked up, it is the same plan.
    let (other, _) = self::world("booked_under", 0);
    take_in(other, &report((1..=LINES).rev().map(|order| 1_000 + order)));
    let (same, turns) = worked(other);
    assert_eq!((same.plan, turns), (record.plan, 1));
}

/// The same report by the acquirer's own references alone.
fn without_orders(orders: impl Iterator<Item = u32>) -> String {
    let mut text = String::new();
    for line in report(orders).lines() {
        let end = line.find(",Order ").unwrap_or(line.len());
        text.push_str(&line[..end]);
        text.push_str(if end < line.len() { ",,\n" } else { "\n" });
    }
    text
}

/// A gateway says which orders the charges are of.
fn learns(world: &World, said: impl Iterator<Item = (u32, u32)>) {
    let link = |(charge, order): (u32, u32)| OrderLink {
        connection: ConnectionId::new("gateway"),
        reference: format!("ch_{charge}"),
        order: order.to_string(),
        payment: String::new(),
        learned_at: START,
    };
    let links: Vec<OrderLink> = said.map(link).collect();
    block_on(world.payouts.put_links(&merchant(), &links)).expect("it is kept");
}

#[test]
fn what_gateways_say_of_very_many_lines_is_looked_up_in_turns_and_is_the_same_in_any_order() {
    let (world, look_ups) = world("links", 40);
    let (other, _) = self::world("links", 0);
    let orders = || (1..=LINES).map(|order| 1_000 + order);
    for world in [world, other] {
        learns(world, orders().map(|order| (order, order)));
    }
    take_in(world, &without_orders(orders()));
    take_in(other, &without_orders(orders().rev()));
    let (record, turns) = worked(world);
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!(record.figures.states.get("exact"), Some(&u64::from(LINES)));
    assert!(turns > 2, "{turns}");
    assert_eq!(look_ups.load(Ordering::Relaxed), LOOK_UPS, "it goes on where it was");
    let (same, turns) = worked(other);
    assert_eq!((same.plan, turns), (record.plan, 1));

    // Two words of one reference lead nowhere, wherever its line stands.
    for world in [world, other] {
        learns(world, [(1_001, 1_002), (1_000 + LINES, 1_002)].into_iter());
        let mut record = worked(world).0;
        record.notes.retain(|note| note.code == "payout-links-unclear");
        assert_eq!(record.approval.state(), PayoutState::Matched, "{:?}", record.figures.states);
        assert_eq!(record.figures.states.get("not-found"), Some(&2));
        assert_eq!(record.notes.len(), 1);
        assert_eq!(record.notes[0].fact("references"), format!("ch_1001, ch_{}", 1_000 + LINES));
    }
}

#[test]
fn books_that_are_looked_through_are_not_looked_through_again_in_the_next_turn() {
    let (world, _) = world("links", 0);
    let pages = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&pages);
    *world.books.faults.lock().expect("faults") = Box::new(move |name| {
        if name == "documents_page" {
            counted.fetch_add(1, Ordering::Relaxed);
            world.clock.turn(200);
        }
        Fate::Works
    });
    // The last order is unknown, and reading the books leaves no time to plan.
    take_in(world, &report((2..=LINES + 1).map(|order| 1_000 + order)));
    let (record, turns) = worked(world);
    assert_eq!(record.approval.state(), PayoutState::Matched, "{:?}", record.reasons);
    assert!(record.notes.iter().all(|note| note.code != "payout-books-cut"), "{:?}", record.notes);
    assert_eq!((pages.load(Ordering::Relaxed), turns), (1, 2));
}

#[test]
fn a_worker_that_dies_while_it_looks_up_is_followed_by_one_that_goes_on() {
    let (world, _) = world("booked_under", 0);
    take_in(world, &report((1..=LINES).map(|order| 1_000 + order)));
    let look_ups = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&look_ups);
    world.payouts.set_faults(Box::new(move |name| {
        let look_up = name == "booked_under" && counted.fetch_add(1, Ordering::Relaxed) == 11;
        if look_up { Fate::FailsBefore } else { Fate::Works }
    }));
    assert!(world.work(&id("po_many")).is_err(), "it dies");
    world.clock.turn(1_000);
    let (record, _) = worked(world);
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    // Ten were kept together; one was found and lost, and one failed.
    assert_eq!(look_ups.load(Ordering::Relaxed), LOOK_UPS + 2);
}

#[test]
fn what_it_pays_is_said_part_by_part_and_taken_back_so() {
    let (world, said_parts) = world("put_paid", 280);
    take_in(world, &report((1..=LINES).map(|order| 1_000 + order)));
    let (record, _) = worked(world);
    world.approve(&record.id, "bookkeeper").expect("it is approved");
    let (record, turns) = worked(world);
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
    assert!(turns > 1, "{turns}");
    assert_eq!(said_parts.load(Ordering::Relaxed), 2, "each part once");
    assert_eq!(said(world), vec![25_000; LINES as usize]);
    assert_eq!(record.saying, None);

    // Its summary is a small row: what it paid is read from the parts.
    let plan = record.posting.as_ref().map(|posting| posting.plan.clone()).expect("it is posted");
    let kept = block_on(world.payouts.summaries(&[(record.id.clone(), plan)])).expect("it is told");
    let [summary] = kept.as_slice() else { panic!("{} summaries", kept.len()) };
    assert_eq!((summary.paid.len(), summary.paid_parts), (0, 2));
    let (first, last) = (jiff::civil::date(2026, 1, 1), jiff::civil::date(2026, 3, 1));
    let told = block_on(world.engine().overview(&merchant(), "stripe", first, last)).expect("it is told");
    let paid: i64 = told.paid_out.iter().map(|paid| paid.amount.minor()).sum();
    assert_eq!((told.paid_out.len(), paid), (LINES as usize, 25_000 * i64::from(LINES)));
    assert!(!told.fees.is_empty() && told.without_document.is_empty(), "{:?}", told.fees);
    assert_eq!(told.left_out, Vec::<String>::new());

    world.reverse(&record.id, "bookkeeper").expect("it is asked for");
    let (record, _) = worked(world);
    assert_eq!(record.approval.state(), PayoutState::Reversed, "{:?}", record.reasons);
    assert_eq!(said(world), vec![0; LINES as usize]);
    assert_eq!(said_parts.load(Ordering::Relaxed), 4);
}

#[test]
fn an_order_that_another_payout_has_paid_meanwhile_is_found_in_any_part() {
    let (world, _) = world("put_paid", 0);
    take_in(world, &report((1..=LINES).map(|order| 1_000 + order)));
    let (record, _) = worked(world);
    let other = PaidBefore {
        document: (10_000 + LINES).to_string(),
        payout: "another".to_owned(),
        amount: domain::Money::from_minor(25_000, domain::money::Currency::DKK),
    };
    let (merchant, agreement) = (merchant(), AgreementId::new("424242"));
    let put = world.payouts.put_paid(&merchant, &agreement, std::slice::from_ref(&other));
    block_on(put).expect("it is said");
    world.approve(&record.id, "bookkeeper").expect("it is approved");
    let record = world.work(&record.id).expect("it is worked on");
    assert_ne!(record.approval.state(), PayoutState::Posted);
    assert_eq!(record.let_go, None);
    assert!(record.posting.is_none() && world.books.all().is_empty(), "nothing is posted");
    let own: i64 = said(world).into_iter().sum();
    assert_eq!(own, other.amount.minor(), "nothing is said any more but by the other");
}
