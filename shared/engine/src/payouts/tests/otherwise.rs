//! Vouchers of Bogbro's that a person booked in another form: told, and neither undone by what was planned nor posted again.

use domain::payout::PayoutState;
use domain::plan::Reason;
use domain::settings::Language;
use domain::{Failure, explain::explain};
use futures::executor::block_on;

use super::disputes::reasons;
use super::world::{SETTINGS, World, id, merchant, report};
use crate::payouts::store::PayoutStore as _;
use crate::payouts::{PayoutFailure, PayoutRecord, SetAside};

/// What payouts are said to have paid of the first order's invoice, in minor units.
fn paid(world: &World) -> i64 {
    let agreement = domain::AgreementId::new("424242");
    let all = block_on(world.payouts.paid(&merchant(), &agreement, &["10001".to_owned()])).expect("read");
    all.iter().map(|paid| paid.amount.minor()).sum()
}

/// A payout of one order that was approved and worked on, and whose voucher a person then changed and booked.
fn booked_otherwise(settings: &str, refused: Option<Failure>) -> World {
    let world = World::new(settings, 1);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    world.work(&id("po_1")).expect("it is matched");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    if let Some(failure) = refused {
        world.books.answer("book_drafts", failure);
    }
    world.work(&id("po_1")).expect("it is entered");
    let mut vouchers = world.books.vouchers.lock().expect("not poisoned");
    let kept = vouchers.values_mut().next().expect("a voucher stands");
    (kept.booked, kept.changed) = (true, true);
    drop(vouchers);
    world
}

/// Entered as drafts, for a person to book.
fn drafts() -> String {
    SETTINGS.replace(r#""book": true"#, r#""book": false"#)
}

fn booked(world: &World) -> Result<PayoutRecord, PayoutFailure> {
    block_on(world.engine().booked(&world.attempt(&id("po_1")), "anna", "1", "I booked it so"))
}

fn dismiss(world: &World) -> Result<PayoutRecord, PayoutFailure> {
    block_on(world.engine().dismiss(&world.attempt(&id("po_1")), "anna", "I undid it"))
}

fn held(record: &PayoutRecord) {
    assert_eq!(reasons(record), ["payout-booked-otherwise"]);
    let reason: &Reason = &record.reasons[0];
    assert_eq!((reason.fact("voucher"), reason.fact("payout")), ("1", "po_1"));
    for language in [Language::Da, Language::En] {
        let told = explain(reason, language);
        assert!(
            told.remedy.contains("payouts booked") && told.remedy.contains("payouts dismiss"),
            "{told:?}"
        );
    }
    assert!(record.needs_attention());
}

#[test]
fn what_is_to_be_reversed_and_was_booked_otherwise_is_held_and_not_undone_by_the_plan() {
    let refused = Failure::Rejected { code: None, message: "not now".to_owned() };
    for (settings, refused) in [(drafts(), None), (SETTINGS.to_owned(), Some(refused))] {
        let world = booked_otherwise(&settings, refused);
        world.reverse(&id("po_1"), "anna").expect("it is taken");
        for _ in 0..2 {
            held(&world.work(&id("po_1")).expect("it is looked at"));
            assert_eq!((world.books.all().len(), paid(&world)), (1, 25_000), "nothing is undone");
        }
        // The person says that this is the payout.
        booked(&world).expect("it is");
        let record = world.work(&id("po_1")).expect("nothing is left to do");
        assert_eq!((record.approval.state(), reasons(&record)), (PayoutState::Posted, vec![]));
        assert_eq!(record.approval.posted(), ["1"]);
        assert!(record.is_booked_by_hand() && !record.needs_attention());
        assert_eq!((world.books.all().len(), paid(&world)), (1, 25_000));
    }
}

#[test]
fn what_was_booked_otherwise_and_undone_in_the_books_is_let_go_and_posted_anew_as_another_effect() {
    let world = booked_otherwise(&drafts(), None);
    assert!(dismiss(&world).is_err(), "nothing waits for that word yet");
    world.reverse(&id("po_1"), "anna").expect("it is taken");
    held(&world.work(&id("po_1")).expect("it is looked at"));
    let record = dismiss(&world).expect("it is taken");
    assert!(matches!(&record.dismissed[0].what, SetAside::Voucher(reason) if reason.fact("voucher") == "1"));
    assert!(!record.is_set_aside(), "the payout itself is not");
    let record = world.work(&id("po_1")).expect("nothing is to be undone");
    assert_eq!((record.approval.state(), paid(&world)), (PayoutState::Reversed, 0), "{:?}", record.reasons);
    assert_eq!(world.books.all().len(), 1);
    block_on(world.engine().reopen(&world.attempt(&id("po_1")), "anna", "anew")).expect("it is taken up");
    world.work(&id("po_1")).expect("it is matched");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    let record = world.work(&id("po_1")).expect("it is posted");
    assert_eq!(
        (record.approval.state(), paid(&world)),
        (PayoutState::Posted, 25_000),
        "{:?}",
        record.reasons
    );
    let keys: Vec<_> = world.books.all().into_iter().map(|(_, kept)| kept.step.key).collect();
    assert!(keys.len() == 2 && keys[0] != keys[1], "{keys:?}");
}

#[test]
fn a_posting_that_meets_its_voucher_booked_otherwise_says_so_and_is_confirmed() {
    let refused = Failure::Rejected { code: None, message: "not now".to_owned() };
    let world = booked_otherwise(SETTINGS, Some(refused));
    held(&world.work(&id("po_1")).expect("it goes on"));
    assert!(dismiss(&world).is_err(), "it is reversed first");
    booked(&world).expect("it is the payout");
    let record = world.work(&id("po_1")).expect("nothing is left to do");
    assert_eq!((record.approval.state(), reasons(&record)), (PayoutState::Posted, vec![]));
    assert_eq!((world.books.all().len(), paid(&world)), (1, 25_000));
    // Taken up again it is another effect: the voucher that stands is never taken for it.
    block_on(world.engine().reopen(&world.attempt(&id("po_1")), "anna", "not this")).expect("taken up");
    assert_eq!(world.work(&id("po_1")).expect("matched").approval.ordinal(), 2);
}

#[test]
fn a_reversal_looks_first_and_undoes_nothing_that_is_gone() {
    let world = booked_otherwise(&drafts(), None);
    world.books.vouchers.lock().expect("not poisoned").clear();
    world.reverse(&id("po_1"), "anna").expect("it is taken");
    let record = world.work(&id("po_1")).expect("it is looked at");
    assert_eq!(record.approval.state(), PayoutState::Posted, "what was just booked may not be seen yet");
    assert!(record.due_at.is_some() && paid(&world) > 0, "it is looked for again");
    world.clock.turn(600);
    let record = world.work(&id("po_1")).expect("it is looked at");
    assert_eq!((record.approval.state(), paid(&world)), (PayoutState::Reversed, 0), "{:?}", record.reasons);
    assert!(world.books.all().is_empty(), "nothing is made to undo what is gone");
}
