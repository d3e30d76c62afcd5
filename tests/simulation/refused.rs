//! What is refused in the middle of a plan: nothing is taken as done that was not, and nothing as not done that may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::DocumentKind;
use engine::store::Status;
use sandbox::{Fault, Operation};

use crate::checks;
use crate::credits::{self, Turn};
use crate::deployment::Setup;
use crate::history::{History, Plan};
use crate::machine::{Decider, Mishap, Place};
use crate::orders::OrderShape;

/// Strikes the next call of each kind, one after the other.
fn one_after_the_other(strikes: &[(Operation, Fault)]) -> Decider {
    let mut left = strikes.to_vec();
    Box::new(move |_, place, _| {
        let Place::Outside(_, operation) = place else { return None };
        let (next, _) = left.first()?;
        (*next == operation).then(|| Mishap::Outside(left.remove(0).1))
    })
}

#[test]
fn a_draft_whose_change_was_refused_is_changed_when_the_shop_tells_of_the_order_again() {
    // The connector asks for the agreement before it makes a product, and for the draft before it replaces it.
    let cases = [
        (Operation::ReadCustomers, Operation::ReadMasterData),
        (Operation::CreateProduct, Operation::ReadDrafts),
    ];
    for (after, asked) in cases {
        let mut edited = OrderShape::plain(5001);
        edited.lines.push(("KANDE".to_owned(), 1, 1_000, 250));
        let plan = Plan {
            setups: vec![Setup { kind: DocumentKind::DraftInvoice, ..Setup::plain() }],
            edits: vec![(0, 60_000, edited)],
            changes: vec![(0, 5001, 180_000, "completed")],
            ..Plan::single(8)
        };
        let told = Arc::new(AtomicBool::new(false));
        let (mut passed, mut struck) = (false, false);
        let edit_is_told = Arc::clone(&told);
        let decider: Decider = Box::new(move |_, place, _| {
            let Place::Outside(_, operation) = place else { return None };
            passed |= edit_is_told.load(Ordering::Relaxed) && operation == after;
            let due = passed && operation == asked && !struck;
            struck |= due;
            due.then_some(Mishap::Outside(Fault::Redirect))
        });
        let mut history = History::new(plan, decider);
        history.run_for(50_000);
        told.store(true, Ordering::Relaxed);
        history.run_for(100_000);
        let head = history.head(0, 5001).expect("the order is known");
        assert_eq!(head.status, Status::Parked { code: "refused".to_owned() }, "{asked:?}: {:?}", head.facts);
        history.run_for(300_000);
        let head = history.head(0, 5001).expect("the order is known");
        assert_eq!(head.status, Status::Done, "{asked:?}: nobody asked for it");
        history.run();
        let found = checks::violations(&mut history);
        assert!(found.is_empty(), "{asked:?}: {found:#?}");
    }
}

#[test]
fn a_look_that_is_refused_while_a_write_is_in_doubt_leaves_the_plan_open() {
    let cases = [
        (Operation::CreateDraft, Operation::ReadDrafts, Fault::TimeoutAfter),
        (Operation::CreateDraft, Operation::ReadBooked, Fault::LateArrival(55)),
        (Operation::Book, Operation::ReadDrafts, Fault::FailAfter(500)),
        (Operation::Book, Operation::ReadBooked, Fault::TimeoutAfter),
    ];
    for (write, look, fault) in cases {
        let plan = Plan { setups: vec![Setup { native_keys: false, ..Setup::plain() }], ..Plan::single(8) };
        let decider = one_after_the_other(&[(write, fault.clone()), (look, Fault::Redirect)]);
        let mut history = History::new(plan, decider);
        history.run_for(120_000);
        let head = history.head(0, 5001).expect("the order is known");
        assert_eq!(head.status, Status::Parked { code: "refused".to_owned() }, "{write:?} {fault:?}");
        assert!(head.plan.is_some_and(|plan| plan.open), "{write:?} {fault:?}: what was sent is looked for");
        history.run();
        let head = history.head(0, 5001).expect("the order is known");
        assert_eq!(head.status, Status::Done, "{write:?} {fault:?}");
        let found = checks::violations(&mut history);
        assert!(found.is_empty(), "{write:?} {fault:?}: {found:#?}");
    }
}

/// Strikes the first call of a kind after the first of another.
fn after(before: Operation, struck: Operation) -> Decider {
    let (mut passed, mut done) = (false, false);
    Box::new(move |_, place, _| {
        let Place::Outside(_, operation) = place else { return None };
        passed |= operation == before;
        let due = passed && operation == struck && !done;
        done |= due;
        due.then_some(Mishap::Outside(Fault::Redirect))
    })
}

#[test]
fn a_credit_note_that_was_refused_follows_when_the_shop_tells_of_the_order_again() {
    // The connector asks for the agreement before it makes the product that an amount is credited on.
    let plan = Plan {
        setups: vec![Setup { credits: true, ..Setup::plain() }],
        lives: vec![
            (0, 5001, 60_000, Turn::GiveBackAmount(999)),
            (0, 5001, 120_000, Turn::GiveBackAmount(499)),
        ],
        ..Plan::single(8)
    };
    let mut history = History::new(plan, after(Operation::ReadRefunds, Operation::ReadMasterData));
    history.run_for(110_000);
    let head = history.head(0, 5001).expect("the order is known");
    assert_eq!(head.status, Status::Parked { code: "refused".to_owned() }, "{:?}", head.facts);
    assert_eq!(head.progress.invoice, head.documents.first().map(|document| document.number));
    history.run_for(300_000);
    let head = history.head(0, 5001).expect("the order is known");
    assert_eq!(head.status, Status::Done, "nobody asked for it, and {:?}", head.facts);
    assert_eq!(head.documents.len(), 3, "the invoice and two credit notes");
    history.run();
    let found = credits::violations(&mut history);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_buyer_is_made_once_although_what_followed_was_refused_and_nobody_is_seen_yet() {
    let mut shape = OrderShape::plain(5001);
    shape.lines.push(("KANDE".to_owned(), 1, 1_000, 250));
    let plan = Plan {
        setups: vec![Setup { lag_seconds: 30, ..Setup::plain() }],
        orders: vec![(0, 0, shape)],
        changes: vec![(0, 5001, 5_000, "completed")],
        ..Plan::single(8)
    };
    let mut history = History::new(plan, after(Operation::CreateCustomer, Operation::ReadMasterData));
    history.run_for(4_000);
    let head = history.head(0, 5001).expect("the order is known");
    assert_eq!(head.status, Status::Parked { code: "refused".to_owned() }, "{:?}", head.facts);
    history.run_for(6_000);
    let head = history.head(0, 5001).expect("the order is known");
    assert_eq!(head.status, Status::Waiting { code: "look-up-lag".to_owned() }, "{:?}", head.facts);
    history.run();
    assert_eq!(history.head(0, 5001).expect("the order is known").status, Status::Done);
    let found = checks::violations(&mut history);
    assert!(found.is_empty(), "{found:#?}");
}
