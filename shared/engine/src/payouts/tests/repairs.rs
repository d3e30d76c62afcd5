//! Where merchants are sent when something goes wrong: each way leads out.

use domain::Failure;
use domain::payout::PayoutState;
use domain::plan::Reason;
use futures::executor::block_on;
use jiff::civil::{Date, date};

use super::disputes::reasons;
use super::world::{DAY, SETTINGS, World, id, merchant, report};
use crate::payouts::record::{ArrivalKind, IntakeOutcome};
use crate::payouts::store::PayoutStore as _;
use crate::payouts::{PayoutFailure, PayoutRecord, SetAside};

/// Twelve orders: two vouchers through the transit account.
const ORDERS: u32 = 12;

fn rejected() -> Failure {
    Failure::Rejected { code: None, message: "the sign is wrong".to_owned() }
}

/// A payout that was approved and worked on once, after what the books were told to answer.
fn worked_on(answers: Vec<(u32, &'static str, Failure)>) -> (World, PayoutRecord) {
    let world = World::new(SETTINGS, ORDERS);
    let orders: Vec<u32> = (1_001..=1_000 + ORDERS).collect();
    world.take_in("po_1.json", report("po_1", &orders).as_bytes()).expect("it is taken in");
    world.work(&id("po_1")).expect("it is matched");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    for (others, call, failure) in answers {
        world.books.answer_after(others, call, failure);
    }
    let record = world.work(&id("po_1")).expect("it is worked on");
    (world, record)
}

fn reverse_on(world: &World, day: Date) -> Result<PayoutRecord, PayoutFailure> {
    block_on(world.engine().reverse(&world.attempt(&id("po_1")), "anna", "the sign was wrong", day))
}

fn reopen(world: &World) -> PayoutRecord {
    block_on(world.engine().reopen(&world.attempt(&id("po_1")), "anna", "anew")).expect("it is taken up");
    world.work(&id("po_1")).expect("it is matched")
}

fn code(refused: Result<PayoutRecord, PayoutFailure>) -> String {
    match refused.expect_err("it is refused") {
        PayoutFailure::Refused(Reason { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

/// What all vouchers move, booked ones and drafts apart: each account on nothing.
fn nothing_stands(world: &World) {
    let mut sums = std::collections::BTreeMap::<(bool, String), i64>::new();
    for (_, kept) in world.books.all() {
        for entry in kept.step.voucher.entries() {
            *sums.entry((kept.booked, format!("{:?}", entry.target))).or_default() += entry.amount.minor();
        }
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
}

fn paid(world: &World) -> i64 {
    let documents: Vec<String> = (10_001..=10_000 + ORDERS).map(|number| number.to_string()).collect();
    let agreement = domain::AgreementId::new("424242");
    let all = block_on(world.payouts.paid(&merchant(), &agreement, &documents)).expect("read");
    all.iter().map(|paid| paid.amount.minor()).sum()
}

/// It is reversed, can be taken up again, and is posted once.
fn ends_well(world: &World) {
    let record = world.record(&id("po_1"));
    assert_eq!(record.approval.state(), PayoutState::Reversed, "{:?}", record.reasons);
    assert_eq!(paid(world), 0, "its invoices are open again");
    let before = world.books.all().len();
    let record = reopen(world);
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    let record = world.work(&id("po_1")).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
    assert!(record.open_posting().is_none(), "every step is made");
    assert_eq!((world.books.all().len(), paid(world)), (before + 2, 300_000));
}

#[test]
fn vouchers_whose_booking_is_refused_and_that_are_deleted_are_let_go() {
    let (world, record) = worked_on(vec![(0, "book_drafts", rejected())]);
    assert_eq!((record.approval.state(), reasons(&record)), (PayoutState::Posted, vec!["payout-rejected"]));
    world.books.vouchers.lock().expect("not poisoned").clear();
    let record = world.work(&id("po_1")).expect("it is looked for");
    assert_eq!(reasons(&record), ["payout-voucher-gone"]);
    reverse_on(&world, DAY).expect("the way that the text names");
    // What is not seen is gone once it would have been seen.
    world.clock.turn(600);
    world.work(&id("po_1")).expect("nothing is to be undone");
    assert!(world.books.all().is_empty(), "nothing is made to undo what is gone");
    ends_well(&world);
}

#[test]
fn drafts_that_stand_are_undone_by_drafts_and_booked_vouchers_by_booked_ones() {
    // The first voucher is booked, the second is not.
    for booked in [0, 1] {
        let (world, _) = worked_on(vec![(booked, "book_drafts", rejected())]);
        assert_eq!(world.books.all().len(), 2);
        reverse_on(&world, DAY).expect("it is taken");
        let record = world.work(&id("po_1")).expect("it is undone");
        assert_eq!(world.books.all().len(), 4, "each is undone once");
        let stands = world.books.all().iter().filter(|(_, kept)| kept.booked).count();
        assert_eq!(stands, 2 * booked as usize, "what is undone is booked as what it undoes");
        nothing_stands(&world);
        assert!(record.notes.iter().any(|note| note.code == "payout-drafts-undone"), "{:?}", record.notes);
        ends_well(&world);
    }
}

#[test]
fn a_voucher_that_may_come_late_is_waited_for_before_it_is_let_go() {
    let (world, record) = worked_on(vec![(0, "enter", Failure::Unknown { message: "no answer".to_owned() })]);
    assert!(record.posting.as_ref().is_some_and(|posting| posting.doubt.is_some()));
    reverse_on(&world, DAY).expect("it is taken");
    let record = world.work(&id("po_1")).expect("it waits");
    assert_eq!(record.approval.state(), PayoutState::Approved, "it may still come");
    assert!(record.due_at.is_some_and(|due| due > crate::clock::Clock::now(&world.clock)));
    world.clock.turn(3_600);
    world.work(&id("po_1")).expect("it did not come");
    assert!(world.books.all().is_empty());
    ends_well(&world);
}

#[test]
fn a_reversal_in_a_closed_period_is_refused_and_another_day_is_taken() {
    let (mut world, _) = worked_on(Vec::new());
    world.closed_until = Some(DAY);
    assert_eq!(code(reverse_on(&world, DAY)), "payout-reversal-period-closed");
    assert!(world.record(&id("po_1")).reversal.is_none());
    // The ledger refuses what Bogbro could not know.
    reverse_on(&world, date(2026, 3, 1)).expect("it is open");
    world.books.answer("enter", rejected());
    let record = world.work(&id("po_1")).expect("it is refused");
    assert_eq!(reasons(&record), ["payout-rejected"]);
    reverse_on(&world, date(2026, 4, 1)).expect("another day");
    world.work(&id("po_1")).expect("it is undone");
    let undone = world.books.all().pop().expect("it stands").1.step.voucher;
    assert!(undone.entries().iter().all(|entry| entry.date == date(2026, 4, 1)), "{undone:?}");
    nothing_stands(&world);
    assert_eq!(world.record(&id("po_1")).approval.state(), PayoutState::Reversed);
    assert!(reverse_on(&world, date(2026, 5, 1)).is_err(), "once it is undone");
}

/// The acquirer's corrected report of the same payout: one order less.
fn corrected(world: &World) {
    let intake =
        world.take_in("corrected.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    let IntakeOutcome::Report { batches } = intake.outcome else { panic!("a report") };
    assert_eq!(batches[0].arrival, ArrivalKind::Conflict);
}

fn take_new(world: &World) -> Result<PayoutRecord, PayoutFailure> {
    block_on(world.engine().take_new(&world.attempt(&id("po_1")), "anna", "the acquirer corrected it"))
}

#[test]
fn a_corrected_report_takes_the_old_ones_place_before_it_is_posted() {
    let world = World::new(SETTINGS, 2);
    world.take_in("po_1.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("it is taken in");
    world.work(&id("po_1")).expect("it is matched");
    assert_eq!(code(take_new(&world)), "payout-nothing-parked");
    corrected(&world);
    take_new(&world).expect("it takes its place");
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!((record.figures.payout.minor(), record.original.name.as_str()), (24_500, "corrected.json"));
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert!(record.conflicts.is_empty());
    let made = record.dismissed.first().expect("it is kept who did it");
    assert_eq!((made.by.as_str(), made.reason.as_str()), ("anna", "the acquirer corrected it"));
    assert!(matches!(&made.what, SetAside::Replaced(file) if file.name == "po_1.json"));
    let again = world.take_in("po_1.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("it is known");
    let IntakeOutcome::Report { batches } = again.outcome else { panic!("a report") };
    assert_eq!(batches[0].arrival, ArrivalKind::Known, "the old file is no news");
}

#[test]
fn a_corrected_report_takes_the_old_ones_place_once_that_is_reversed() {
    let (world, _) = worked_on(Vec::new());
    corrected(&world);
    assert_eq!(code(take_new(&world)), "payout-not-moved", "what is posted is reversed first");
    world.reverse(&id("po_1"), "anna").expect("it is taken");
    world.work(&id("po_1")).expect("it is undone");
    take_new(&world).expect("it takes its place");
    let record = reopen(&world);
    assert_eq!(record.figures.payout.minor(), 24_500);
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    let record = world.work(&id("po_1")).expect("it is posted");
    assert_eq!((record.approval.state(), paid(&world)), (PayoutState::Posted, 25_000));
}

#[test]
fn a_person_names_the_voucher_that_a_payout_was_booked_on() {
    let world = World::new(SETTINGS, 1);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    world.work(&id("po_1")).expect("it is matched");
    let booked = |voucher: &str, reason: &str| {
        block_on(world.engine().booked(&world.attempt(&id("po_1")), "anna", voucher, reason))
    };
    assert_eq!(code(booked("the one of May", "mine")), "payout-voucher-number");
    assert_eq!(code(booked("71", " ")), "payout-not-moved");
    booked("71", "booked from the bank").expect("it is recognised");
    let record = world.work(&id("po_1")).expect("nothing is left to do");
    assert_eq!(
        (record.approval.state(), record.approval.posted()),
        (PayoutState::Posted, &["71".to_owned()][..])
    );
    assert!(world.books.all().is_empty(), "it is not posted again");
    let agreement = domain::AgreementId::new("424242");
    let all = block_on(world.payouts.paid(&merchant(), &agreement, &["10001".to_owned()])).expect("read");
    assert_eq!(all.iter().map(|paid| paid.amount.minor()).sum::<i64>(), 25_000);
}
