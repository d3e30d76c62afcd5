//! What was approved and is not posted yet can be taken back: by a correction, or because the books refuse it.

use connectors::journals::{EntryOrigin, LedgerEntry};
use domain::money::Currency;
use domain::payout::{PayoutState, Target};
use domain::settings::read_payout_settings;
use domain::{Failure, Money};
use futures::executor::block_on;

use super::world::{DAY, World, id, merchant, report};
use crate::memory::Fate;
use crate::payouts::store::PayoutStore as _;
use crate::payouts::{Correction, LineAssignment, LineChoice, PayoutFailure, PayoutRecord};

const OPEN_INVOICES: &str = r#"{
    "model": "open-invoices",
    "accounts": { "bank": 5820, "fees": 2950, "errors": 5860, "adjustments": 4380 },
    "voucher": { "journal": 3, "book": true }
}"#;

/// A payout of two orders, approved; its first voucher is answered so.
fn approved(answer: Failure) -> (World, PayoutRecord) {
    let world = World::new(OPEN_INVOICES, 2);
    world.take_in("po_1.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("it is taken in");
    world.work(&id("po_1")).expect("it is matched");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    world.books.answer("enter", answer);
    let record = world.work(&id("po_1")).expect("it is worked on");
    assert!(world.books.all().is_empty(), "nothing stands in the books");
    (world, record)
}

fn rejected() -> Failure {
    Failure::Rejected { code: None, message: "customer 1000 is barred".to_owned() }
}

/// The second order's line goes to the error account.
fn correct(world: &World) -> Result<PayoutRecord, PayoutFailure> {
    let lines = vec![LineAssignment { line: 2, choice: Some(LineChoice::ErrorAccount) }];
    let (by, reason) = ("anna".to_owned(), "the customer is barred".to_owned());
    block_on(world.engine().correct(&world.attempt(&id("po_1")), &Correction { by, reason, lines }))
}

fn codes(record: &PayoutRecord) -> Vec<&str> {
    record.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// What the payout is said to have paid of the documents, in minor units.
fn paid(world: &World) -> Vec<i64> {
    let documents = ["10001", "10002"].map(str::to_owned);
    let agreement = domain::AgreementId::new("424242");
    let mut all = block_on(world.payouts.paid(&merchant(), &agreement, &documents)).expect("read");
    all.sort_by(|a, b| a.document.cmp(&b.document));
    all.iter().map(|paid| paid.amount.minor()).collect()
}

/// The accounts and customers that vouchers stand on.
fn targets(world: &World) -> Vec<Target> {
    let vouchers = world.books.all();
    vouchers
        .iter()
        .flat_map(|(_, kept)| kept.step.voucher.entries())
        .map(|entry| entry.target.clone())
        .collect()
}

#[test]
fn a_correction_lets_the_approved_plan_go_of_which_nothing_stands() {
    for answer in [rejected(), Failure::Busy { retry_after_ms: None, message: "429".to_owned() }] {
        let (world, before) = approved(answer);
        let old = before.plan.clone().map(|plan| plan.hash);
        correct(&world).expect("it is corrected");
        let record = world.work(&id("po_1")).expect("it is planned anew");
        assert!(world.books.all().is_empty(), "what is not approved any more is not posted");
        assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
        assert_ne!(record.plan.clone().map(|plan| plan.hash), old);
        assert_eq!(paid(&world), [0, 0], "it pays nothing yet");
        world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
        let record = world.work(&id("po_1")).expect("it is posted");
        assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
        assert!(targets(&world).contains(&Target::Account(5860)), "{:?}", targets(&world));
        assert_eq!((world.books.all().len(), paid(&world)), (1, vec![25_000, 0]));
    }
}

#[test]
fn a_correction_waits_while_nobody_knows_what_became_of_the_voucher() {
    let (world, record) = approved(Failure::Unknown { message: "no answer".to_owned() });
    assert!(record.posting.as_ref().is_some_and(|posting| posting.doubt.is_some()));
    let refused = correct(&world).expect_err("it may stand");
    assert!(matches!(&refused, PayoutFailure::Refused(reason) if reason.code == "payout-step-in-doubt"));
    for _ in 0..4 {
        world.clock.turn(600);
        world.work(&id("po_1")).expect("it is looked for");
    }
    let record = world.record(&id("po_1"));
    assert_eq!((record.approval.state(), world.books.all().len()), (PayoutState::Posted, 1));
    assert!(correct(&world).is_err(), "what is posted is reversed, not corrected");
}

#[test]
fn a_refused_voucher_is_planned_anew_under_the_settings_of_now() {
    let (mut world, record) = approved(rejected());
    assert_eq!((record.approval.state(), codes(&record)), (PayoutState::Matched, vec!["payout-rejected"]));
    assert!(record.posting.is_none() && record.due_at.is_none(), "it waits for a person");
    assert_eq!(paid(&world), [0, 0]);
    let other = OPEN_INVOICES.replace("2950", "2951");
    world.settings = read_payout_settings(&other).expect("the settings are sound");
    let record = world.work(&id("po_1")).expect("it is planned anew");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "another plan is approved anew");
    assert!(world.books.all().is_empty());
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    world.work(&id("po_1")).expect("it is posted");
    assert!(targets(&world).contains(&Target::Account(2_951)), "{:?}", targets(&world));
}

#[test]
fn a_refused_voucher_that_stays_the_same_is_approved_still() {
    let (world, _) = approved(rejected());
    let record = world.work(&id("po_1")).expect("the customer is not barred any more");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
    assert_eq!((world.books.all().len(), paid(&world)), (1, vec![25_000, 25_000]));
}

#[test]
fn what_came_up_since_the_approval_is_seen_by_a_person_before_the_voucher_is_tried_again() {
    let (world, before) = approved(rejected());
    let other = report("po_1", &[1_001]);
    world.take_in("po_1_again.json", other.as_bytes()).expect("it is parked");
    assert_eq!(world.record(&id("po_1")).conflicts.len(), 1);
    let record = world.work(&id("po_1")).expect("it is planned anew");
    assert_eq!(record.plan.map(|plan| plan.hash), before.plan.map(|plan| plan.hash), "the same plan");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval);
    assert!(world.books.all().is_empty());
}

#[test]
fn a_refused_voucher_that_may_be_booked_by_now_is_approved_anew() {
    let (world, _) = approved(rejected());
    world.books.by_hand.lock().expect("not poisoned").push(LedgerEntry {
        number: 71,
        account: 5820,
        voucher: Some(71),
        day: DAY,
        amount: Money::from_minor(49_000, Currency::DKK),
        text: "card money".to_owned(),
        origin: EntryOrigin::Voucher,
        customer: None,
        document: None,
        remainder: None,
    });
    let record = world.work(&id("po_1")).expect("it is planned anew");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert!(world.books.all().is_empty() && record.approval.approved_by().is_empty());
}

#[test]
fn a_refused_voucher_is_approved_anew_where_a_second_person_must_by_now() {
    let (mut world, _) = approved(rejected());
    let open = OPEN_INVOICES.trim_end().trim_end_matches('}');
    let two = format!(r#"{open}, "approval": {{ "second-person": true }} }}"#);
    world.settings = read_payout_settings(&two).expect("the settings are sound");
    let record = world.work(&id("po_1")).expect("it is planned anew");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert!(world.books.all().is_empty());
}

#[test]
fn a_correction_takes_back_what_a_worker_that_died_said_to_be_paid() {
    let world = World::new(OPEN_INVOICES, 2);
    world.take_in("po_1.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("it is taken in");
    world.work(&id("po_1")).expect("it is matched");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    world.payouts.set_faults(Box::new(|call| match call {
        "paid" => Fate::FailsBefore,
        _ => Fate::Works,
    }));
    world.work(&id("po_1")).expect_err("it dies before the posting is kept");
    world.payouts.set_faults(Box::new(|_| Fate::Works));
    assert_eq!(paid(&world), [25_000, 25_000], "that much was said");
    assert!(world.record(&id("po_1")).posting.is_none());
    // Its lease is over.
    world.clock.turn(3_600);
    correct(&world).expect("it is corrected");
    world.work(&id("po_1")).expect("it is planned anew");
    assert_eq!(paid(&world), [0, 0], "it pays nothing yet");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    world.work(&id("po_1")).expect("it is posted");
    assert_eq!(paid(&world), [25_000, 0]);
}
