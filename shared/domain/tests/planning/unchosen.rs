//! Orders that are not to be transferred any more while a document of them still waits to be booked.

use domain::DocumentKind;
use domain::order::PaymentState;
use domain::plan::Step;
use domain::planning::StandingDocument;

use crate::credits::{by_amount, one_mug};
use crate::world::*;

/// The world with the draft 77 of its order.
fn drafted(settings: &str) -> World {
    let world = World::of(plain_order()).with_settings(settings);
    let plan = world.plan();
    world.carried_out(plan, 77)
}

/// The shop gave all of it back, and says so in its own words.
fn refunded_whole(world: &mut World) {
    world.order.state = "refunded".to_owned();
    world.order.payment_state = PaymentState::Refunded;
    world.order.payment_state_text = "refunded".to_owned();
    world.order.refunds = vec![by_amount("248.90")];
}

fn held(world: &World) -> (String, String) {
    let reason = world.held();
    (reason.code.clone(), reason.fact("number").to_owned())
}

#[test]
fn an_order_given_back_whole_is_held_while_its_draft_stands() {
    let expected = ("refunded-with-draft".to_owned(), "77".to_owned());
    assert_eq!(held(&drafted("{}").with(refunded_whole)), expected);
    // The shop says so without telling of a refund; it tells of the refunds without saying so; a draft that is never updated.
    let by_word = drafted("{}").with(refunded_whole).with(|world| world.order.refunds.clear());
    assert_eq!(held(&by_word), expected);
    let by_sum = drafted("{}").with(refunded_whole).with(|world| {
        world.order.payment_state = PaymentState::Paid;
    });
    assert_eq!(held(&by_sum), expected);
    let never_updated = drafted(r#"{"document":{"update-drafts":false}}"#).with(refunded_whole);
    assert_eq!(held(&never_updated), expected);
    let sales_order = drafted(r#"{"document":{"kind":"order"}}"#).with(refunded_whole);
    assert_eq!(held(&sales_order), expected);
    // One that a restored ledger has forgotten.
    let forgotten = World::of(plain_order()).with(refunded_whole).with(|world| {
        world.forgotten = Some(domain::planning::Forgotten {
            document: Some((DocumentKind::DraftInvoice, 77)),
            ..domain::planning::Forgotten::default()
        });
    });
    assert_eq!(held(&forgotten), expected);
    // Where nothing stands, nothing is to be told; where refunds wait for the booking, the draft is to be booked.
    assert_eq!(World::of(plain_order()).with(refunded_whole).skipped().code, "state-not-chosen");
    let waits = drafted(r#"{"credit":{"before-booking":"wait"}}"#).with(refunded_whole);
    assert_eq!(waits.document().expected.gross, dkk("248.90"));
}

#[test]
fn what_is_held_for_its_draft_is_settled_by_deleting_or_booking_it() {
    let standing = |document| {
        drafted("{}").with(refunded_whole).with(|world| world.earlier.as_mut().expect("earlier").1 = document)
    };
    assert_eq!(standing(None).skipped().code, "document-removed");
    let booked = StandingDocument { kind: DocumentKind::BookedInvoice, number: 10_001 };
    assert_eq!(standing(Some(booked)).document().expected.gross, dkk("-248.90"));
}

#[test]
fn an_order_whose_payment_was_given_up_is_held_while_its_draft_stands() {
    let expected = ("voided-with-draft".to_owned(), "77".to_owned());
    let voided = drafted("{}").with(|world| {
        world.order.state = "open".to_owned();
        world.order.payment_state = PaymentState::Voided;
    });
    assert_eq!(held(&voided), expected);
    // WooCommerce keeps the day of a payment that failed afterwards.
    assert_eq!(
        held(&drafted("{}").with(|world| "failed".clone_into(&mut world.order.state)).with(unpaid)),
        expected
    );
    let paid_once = drafted(PROCESSING).with(|world| "failed".clone_into(&mut world.order.state));
    assert_eq!(held(&paid_once), expected);
}

fn unpaid(world: &mut World) {
    world.order.payment_state = PaymentState::Unpaid;
}

const PROCESSING: &str = r#"{"trigger":{"handling":[{"order-states":["processing"]}]}}"#;

#[test]
fn an_order_that_only_goes_on_to_another_state_is_left_alone() {
    let completed = || drafted(PROCESSING).with(|world| "completed".clone_into(&mut world.order.state));
    assert_eq!(completed().skipped().code, "state-not-chosen");
    let cash_on_delivery = completed().with(unpaid);
    assert_eq!(cash_on_delivery.skipped().code, "state-not-chosen");
    let changed = completed().with(|world| world.order.customer.phone = "87654321".to_owned());
    assert_eq!(held(&changed), ("changed-with-draft".to_owned(), "77".to_owned()));
    // The merchant keeps the draft right by hand.
    let own = PROCESSING.replacen('{', r#"{"document":{"update-drafts":false},"#, 1);
    let by_hand = drafted(&own).with(|world| {
        "completed".clone_into(&mut world.order.state);
        world.order.customer.phone = "87654321".to_owned();
    });
    assert_eq!(by_hand.skipped().code, "draft-updates-off");
}

#[test]
fn an_order_edited_out_of_the_filter_is_held_while_its_draft_stands() {
    let filter = r#"{"trigger":{"filter":{"where":{"field":"sku","values":["MUG-1"]}}}}"#;
    let edited = drafted(filter).with(|world| {
        world.order.lines.remove(0);
        world.order.total = dkk("49.00");
        world.order.total_vat = dkk("9.80");
    });
    assert_eq!(held(&edited), ("changed-with-draft".to_owned(), "77".to_owned()));
}

#[test]
fn a_part_given_back_in_a_state_that_is_not_chosen_any_more_is_taken_off_the_draft() {
    let refunded = drafted(PROCESSING).with(|world| {
        "completed".clone_into(&mut world.order.state);
        world.order.refunds = vec![one_mug("99.95")];
    });
    let plan = refunded.plan();
    let amended = plan.document_step().expect("a document").document.clone();
    assert_eq!((amended.kind, amended.expected.gross), (DocumentKind::DraftInvoice, dkk("148.95")));
    let amended = refunded.carried_out(plan, 77);
    assert_eq!(amended.skipped().code, "state-not-chosen");
    // And the rest: nothing is left to invoice.
    let rest = domain::Refund { id: "87".to_owned(), ..by_amount("148.95") };
    let whole = amended.with(|world| world.order.refunds.push(rest));
    assert_eq!(held(&whole), ("refunded-with-draft".to_owned(), "77".to_owned()));
}

#[test]
fn drafts_that_are_never_updated_are_neither_booked_as_they_were_nor_forgotten() {
    let settings = |first: &str| {
        format!(
            r#"{{"document":{{"update-drafts":false}},"trigger":{{"handling":[
            {{"order-states":["completed"],"document":"booked-invoice"}},
            {{"order-states":["processing"],"document":"{first}"}}]}}}}"#
        )
    };
    let corrected = |first: &str| {
        drafted(&settings(first)).with(|world| world.order.customer.phone = "87654321".to_owned())
    };
    let completed = |world: World| world.with(|world| "completed".clone_into(&mut world.order.state));
    // An invoice takes the sales order's place: no draft is changed.
    let plan = completed(corrected("order")).plan();
    let made = plan.document_step().expect("a document");
    assert!(plan.steps.iter().any(|step| matches!(step, Step::CreateDocument(_))));
    assert!(plan.steps.iter().any(|step| matches!(step, Step::Book(_))));
    assert_eq!(made.supersedes.as_ref().map(|order| order.number), Some(77));
    // A draft would have to be changed before it is booked.
    let draft = completed(corrected("draft-invoice"));
    assert_eq!(held(&draft), ("draft-to-book-differs".to_owned(), "77".to_owned()));
    // As long as nothing is to be booked, the draft is the merchant's.
    for first in ["order", "draft-invoice"] {
        assert_eq!(corrected(first).skipped().code, "draft-updates-off", "{first}");
    }
    let left_to_a_person = draft.with(|world| {
        let rule = r#"{"payment":{"methods":[{"method":"quickpay","never-book":true}]}}"#;
        world.settings.payment = domain::settings::read_settings(rule).expect("settings").payment;
    });
    assert_eq!(left_to_a_person.skipped().code, "draft-updates-off");
}
