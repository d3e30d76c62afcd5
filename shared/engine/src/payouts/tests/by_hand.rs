//! Payouts that a person booked: recognised, kept with what they paid, and taken up again where they were not.

use std::sync::atomic::{AtomicBool, Ordering};

use connectors::journals::{EntryOrigin, LedgerEntry};
use domain::Money;
use domain::money::Currency;
use domain::payout::{PayoutState, Target};
use futures::executor::block_on;

use super::disputes::{ON_THE_INVOICE, dispute, reasons};
use super::world::{DAY, World, id, merchant, report};
use crate::memory::Fate;
use crate::payouts::PayoutRecord;
use crate::payouts::store::PayoutStore as _;

const BANK: u32 = 5820;

/// A person's voucher on the bank account, with this text.
fn booked(world: &World, voucher: u32, text: &str, minor: i64) {
    let entry = LedgerEntry {
        number: u64::from(voucher),
        account: BANK,
        voucher: Some(voucher),
        day: DAY,
        amount: Money::from_minor(minor, Currency::DKK),
        text: text.to_owned(),
        origin: EntryOrigin::Voucher,
        customer: None,
        document: None,
        remainder: None,
    };
    world.books.by_hand.lock().expect("not poisoned").push(entry);
}

fn taken(world: &World, payout: &str, text: &str) -> PayoutRecord {
    world.take_in(&format!("{payout}.json"), text.as_bytes()).expect("it is taken in");
    world.work(&id(payout)).expect("it is matched")
}

/// What payouts are said to have paid of the first order's invoice, in minor units.
fn paid(world: &World) -> i64 {
    let agreement = domain::AgreementId::new("424242");
    let all = block_on(world.payouts.paid(&merchant(), &agreement, &["10001".to_owned()])).expect("read");
    all.iter().map(|paid| paid.amount.minor()).sum()
}

#[test]
fn what_a_person_booked_has_paid_its_invoices() {
    let world = World::new(ON_THE_INVOICE, 1);
    booked(&world, 71, "Stripe po_1", 24_500);
    let record = taken(&world, "po_1", &report("po_1", &[1_001]));
    assert_eq!((record.approval.state(), paid(&world)), (PayoutState::Posted, 25_000));
    // A second charge of the same order.
    let again = report("po_2", &[1_001]).replace("txn_1001", "txn_1001b").replace("ch_1001", "ch_1001b");
    let second = taken(&world, "po_2", &again);
    assert_eq!(reasons(&second), ["payout-lines-over"], "the invoice is paid already");
}

#[test]
fn what_a_worker_that_died_said_of_a_payout_that_a_person_booked_is_taken_back() {
    let world = World::new(ON_THE_INVOICE, 1);
    booked(&world, 71, "Stripe po_1", 24_500);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    // It dies once it has said what is paid, before it says that the payout is recognised.
    let said = AtomicBool::new(false);
    world.payouts.set_faults(Box::new(move |call| {
        let dead = said.fetch_or(call == "put_paid", Ordering::Relaxed);
        if dead { Fate::FailsBefore } else { Fate::Works }
    }));
    world.work(&id("po_1")).expect_err("it dies");
    world.payouts.set_faults(Box::new(|_| Fate::Works));
    assert_eq!((paid(&world), world.record(&id("po_1")).is_booked_by_hand()), (25_000, false));
    // The voucher turned out to be another's, and is gone from the bank account.
    world.books.by_hand.lock().expect("not poisoned").clear();
    world.clock.turn(3_600);
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!((paid(&world), record.let_go), (0, None), "it paid nothing");
}

#[test]
fn whoever_approves_is_told_of_vouchers_that_may_be_the_payout() {
    let world = World::new(ON_THE_INVOICE, 1);
    assert!(!ON_THE_INVOICE.contains("automatic"), "no rules approve");
    booked(&world, 71, "from the bank", 24_500);
    booked(&world, 72, "once more", 24_500);
    let record = taken(&world, "po_1", &report("po_1", &[1_001]));
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    let note = record.notes.iter().find(|note| note.code == "payout-perhaps-booked").expect("it is told");
    assert_eq!(note.fact("vouchers"), "71, 72");
}

#[test]
fn a_dispute_in_a_payout_that_a_person_booked_is_known_when_it_is_won() {
    let world = World::new(ON_THE_INVOICE, 1);
    for (payout, voucher, text, minor) in [
        ("po_1", 71, report("po_1", &[1_001]), 24_500),
        ("po_2", 72, dispute("po_2", "dispute", -25_000), -25_000),
    ] {
        booked(&world, voucher, &format!("Stripe {payout}"), minor);
        let record = taken(&world, payout, &text);
        assert_eq!(record.approval.state(), PayoutState::Posted, "{payout}: {:?}", record.reasons);
    }
    let won = taken(&world, "po_3", &dispute("po_3", "dispute_reversal", 25_000));
    assert_eq!(won.approval.state(), PayoutState::WaitingForApproval, "{:?}", won.reasons);
}

#[test]
fn a_payout_that_was_recognised_wrongly_is_taken_up_and_not_taken_for_the_same_voucher_again() {
    let world = World::new(ON_THE_INVOICE, 1);
    booked(&world, 71, "Another thing, po_1", 24_500);
    let record = taken(&world, "po_1", &report("po_1", &[1_001]));
    assert!(record.is_booked_by_hand() && record.posting.is_none());
    let none = block_on(world.engine().reopen(&world.attempt(&id("po_1")), "anna", " "));
    assert!(none.is_err(), "a reason is given");
    block_on(world.engine().reopen(&world.attempt(&id("po_1")), "anna", "another voucher"))
        .expect("taken up");
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!(paid(&world), 0, "it paid nothing");
    world.approve(&id("po_1"), "anna").expect("it is approved");
    let record = world.work(&id("po_1")).expect("it is posted");
    assert_eq!((record.approval.state(), paid(&world)), (PayoutState::Posted, 25_000));
    let vouchers = world.books.all();
    let entries: Vec<_> = vouchers.iter().flat_map(|(_, kept)| kept.step.voucher.entries()).collect();
    assert!(entries.iter().any(|entry| entry.target == Target::Account(BANK)), "{entries:?}");
}
