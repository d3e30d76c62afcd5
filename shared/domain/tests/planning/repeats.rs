//! The same order again: echoes, edits, cancellations, and documents that people have touched.

use domain::plan::{CustomerAction, Step, SupersededOrder};
use domain::planning::{Forgotten, StandingDocument};
use domain::settings::CreditChoice;
use domain::{Decision, DocumentKind};

use crate::world::*;

const BOOKED: &str = r#"{"document":{"kind":"booked-invoice"}}"#;

/// The world after its plan was carried out.
fn after(world: World) -> World {
    let plan = world.plan();
    let kind = plan.document_step().expect("a document").document.kind;
    world.with(|world| world.earlier = Some((plan, Some(StandingDocument { kind, number: 77 }))))
}

#[test]
fn an_echo_of_the_same_order_changes_nothing() {
    for settings in ["{}", BOOKED] {
        let echo = after(World::of(plain_order()).with_settings(settings)).with(|world| {
            world.order.modified_at = "2026-11-23T09:00:00Z".parse().expect("time");
            world.order.tags.push("Faktura 10001".to_owned());
            world.order.fields.push(("bogbro".to_owned(), "10001".to_owned()));
            world.order.note.push_str("\nFaktura 10001");
            world.order.state = "completed".to_owned();
        });
        assert_eq!(echo.skipped().code, "nothing-changed", "{settings}");
    }
}

#[test]
fn an_echo_changes_nothing_even_when_the_agreement_would_refuse_the_order_today() {
    let echo = after(World::of(plain_order()).with_settings(BOOKED))
        .with(|world| world.catalogue.products.get_mut("MUG-1").expect("mug").barred = true);
    assert_eq!(echo.skipped().code, "nothing-changed");
}

#[test]
fn an_edited_order_changes_its_draft_under_the_same_reference() {
    let first = World::of(plain_order());
    let edited = after(first.clone()).with(|world| {
        let earlier = world.earlier.take();
        world.order = order_in("DKK", "DK", vec![goods("MUG-1", "1", "79.96", "25", "19.99")]);
        world.earlier = earlier;
    });
    let (before, plan) = (first.plan(), edited.plan());
    assert_eq!((before.ordinal, plan.ordinal), (1, 2));
    assert_eq!(plan.reference, before.reference);
    let update = plan.steps.iter().find_map(|step| match step {
        Step::UpdateDraft(update) => Some(update),
        _ => None,
    });
    let update = update.expect("the draft is changed, not made again");
    assert_eq!(update.document.expected.gross, dkk("99.95"));
    assert_ne!(update.key, before.document_step().expect("a document").key);
}

#[test]
fn a_booked_invoice_is_never_changed() {
    let booked = || after(World::of(plain_order()).with_settings(BOOKED));
    let dearer = booked().with(|world| {
        world.order.lines.push(goods("MUG-1", "1", "79.96", "25", "19.99"));
        world.order.total_vat = dkk("69.77");
        world.order.total = dkk("348.85");
    });
    let further = dearer.plan();
    let document = &further.document_step().expect("a document").document;
    assert_eq!((document.kind, document.expected.gross), (DocumentKind::BookedInvoice, dkk("99.95")));
    assert_ne!(further.reference, booked().earlier.expect("earlier").0.reference);
    let held = |leaf: &str| {
        dearer.clone().with_settings(&format!(
            r#"{{"document":{{"kind":"booked-invoice"}},"credit":{{"{leaf}":"hold"}}}}"#
        ))
    };
    let reason = held("edits").held();
    assert_eq!(
        (reason.code.as_str(), reason.fact("booked"), reason.fact("total")),
        ("changed-after-booking", "248.90", "348.85")
    );
    let moved = booked().with(|world| world.order.customer.billing.street = "Ny vej 2".to_owned());
    assert_eq!(moved.skipped().code, "changed-after-booking-same-total");
    let cancelled = booked().with(|world| world.order.cancelled = true);
    assert_eq!(cancelled.document().kind, DocumentKind::BookedCreditNote);
    let held = cancelled.with_settings(r#"{"credit":{"cancellations":"hold"}}"#);
    assert_eq!(held.held().code, "cancelled-after-booking");
}

#[test]
fn a_draft_that_a_person_booked_or_deleted_is_respected() {
    let by_hand = after(World::of(plain_order())).with(|world| {
        let (plan, _) = world.earlier.take().expect("earlier");
        world.earlier =
            Some((plan, Some(StandingDocument { kind: DocumentKind::BookedInvoice, number: 10_001 })));
    });
    assert_eq!(by_hand.skipped().code, "nothing-changed");
    let deleted =
        after(World::of(plain_order())).with(|world| world.earlier.as_mut().expect("earlier").1 = None);
    assert_eq!(deleted.skipped().code, "document-removed");
    let wanted = deleted.with(|world| world.asked = true);
    assert_eq!((wanted.plan().ordinal, wanted.document().kind), (2, DocumentKind::DraftInvoice));
    let cancelled = after(World::of(plain_order())).with(|world| world.order.cancelled = true);
    assert_eq!(cancelled.held().code, "cancelled-with-draft");
    let suspected = after(World::of(plain_order())).with(|world| world.order.fraud_hold = true);
    let number = suspected.earlier.as_ref().and_then(|(_, document)| *document).expect("a draft").number;
    let held = suspected.held();
    assert_eq!((held.code.as_str(), held.fact("number")), ("fraud-hold-with-draft", &*number.to_string()));
}

#[test]
fn a_draft_goes_on_to_be_booked_when_the_state_says_so() {
    let settings = r#"{"trigger":{"handling":[
        {"order-states":["completed"],"document":"booked-invoice"},
        {"order-states":["processing"],"document":"@"}]}}"#;
    let draft = after(World::of(plain_order()).with_settings(&settings.replace('@', "draft-invoice")))
        .with(|world| world.order.state = "completed".to_owned());
    let plan = draft.plan();
    assert!(plan.steps.iter().any(|step| matches!(step, Step::UpdateDraft(_))));
    assert!(plan.steps.iter().any(|step| matches!(step, Step::Book(_))));

    let order = after(World::of(plain_order()).with_settings(&settings.replace('@', "order")))
        .with(|world| world.order.state = "completed".to_owned());
    let plan = order.plan();
    let made = plan.document_step().expect("a document");
    assert!(
        matches!(plan.steps[1], Step::CreateDocument(_)),
        "an order does not become an invoice: it is replaced"
    );
    assert_eq!(made.supersedes.as_ref().map(|order| order.number), Some(77));
    let place = |wanted: fn(&Step) -> bool| plan.steps.iter().position(wanted);
    let booked = place(|step| matches!(step, Step::Book(_))).expect("it is booked");
    let closed = place(|step| matches!(step, Step::CloseOrder(_))).expect("the order is closed");
    assert!(closed > booked, "the order is closed only when the invoice stands");
    assert_ne!(plan.reference, order.earlier.as_ref().expect("earlier").0.reference);
    assert_eq!(plan.warnings.last().map(|reason| reason.code.as_str()), Some("sales-order-replaced"));
}

#[test]
fn what_a_restored_ledger_forgot_is_taken_into_account() {
    let forgotten = |order: Option<u64>, document| {
        let order = order.map(|number| SupersededOrder { number, reference: "1001 abc".to_owned() });
        Some(Forgotten { order, document })
    };
    let settings = r#"{"document":{"kind":"booked-invoice"}}"#;
    let of = |forgotten| {
        let mut world = World::of(plain_order()).with_settings(settings);
        world.forgotten = forgotten;
        world
    };
    // An invoice takes the place of the sales order, as if its plan were known.
    let plan = of(forgotten(Some(77), None)).plan();
    assert_eq!(
        plan.document_step().and_then(|step| step.supersedes.as_ref()).map(|order| order.number),
        Some(77)
    );
    assert!(plan.steps.iter().any(|step| matches!(step, Step::CloseOrder(step) if step.order.number == 77)));
    // A sales order takes nobody's place.
    let order = of(forgotten(Some(77), None)).with_settings(r#"{"document":{"kind":"order"}}"#);
    assert_eq!(order.plan().document_step().and_then(|step| step.supersedes.clone()), None);
    // A cancelled order whose invoice stands is planned, so that its credit note can follow; its draft is the merchant's.
    let cancelled = |document| of(forgotten(None, document)).with(|world| world.order.cancelled = true);
    let invoice = cancelled(Some((DocumentKind::BookedInvoice, 10_001))).plan();
    assert!(invoice.steps.iter().any(|step| matches!(step, Step::Book(_))));
    assert_eq!(cancelled(Some((DocumentKind::DraftInvoice, 5))).held().code, "cancelled-with-draft");
    assert_eq!(cancelled(None).skipped().code, "cancelled");
}

#[test]
fn an_order_is_closed_also_by_a_later_plan_of_the_draft_that_took_its_place() {
    let settings = r#"{"trigger":{"handling":[
        {"order-states":["completed"],"document":"draft-invoice"},
        {"order-states":["processing"],"document":"order"}]}}"#;
    let replaced = after(World::of(plain_order()).with_settings(settings))
        .with(|world| world.order.state = "completed".to_owned());
    let first = replaced.plan();
    let edited = after(replaced).with(|world| world.order.customer.billing.street = "Ny vej 2".to_owned());
    let second = edited.plan();
    let closed = |plan: &domain::Plan| {
        plan.steps.iter().find_map(|step| match step {
            Step::CloseOrder(step) => Some((step.order.number, step.key.clone())),
            _ => None,
        })
    };
    let (one, other) = (closed(&first).expect("closed"), closed(&second).expect("closed"));
    assert_eq!((one.0, other.0), (77, 77));
    assert_ne!(one.1, other.1, "each plan has its own key");
    let told = |plan: &domain::Plan| plan.warnings.iter().any(|told| told.code == "sales-order-replaced");
    assert!(told(&first) && !told(&second), "the merchant is told once");
}

#[test]
fn an_invoice_never_becomes_a_sales_order_again() {
    let settings = r#"{"trigger":{"handling":[
        {"order-states":["processing"],"document":"draft-invoice"},
        {"order-states":["completed"],"document":"order"}]}}"#;
    let back = after(World::of(plain_order()).with_settings(settings)).with(|world| {
        world.order.state = "completed".to_owned();
        world.order.customer.billing.street = "Ny vej 2".to_owned();
    });
    let document = back.document();
    assert_eq!(document.kind, DocumentKind::DraftInvoice);
}

#[test]
fn a_draft_left_because_of_a_difference_is_not_made_again_at_each_echo() {
    let settings = r#"{"document":{"kind":"booked-invoice"},"differences":{"mode":"leave-draft"}}"#;
    let off = World::of(order_in("DKK", "DK", vec![goods("MUG-1", "1", "119.98", "25", "29.99")]));
    let first = off.with_settings(settings);
    let plan = first.plan();
    assert_eq!(plan.document_step().expect("a document").document.kind, DocumentKind::DraftInvoice);
    assert!(plan.warnings.iter().any(|reason| reason.code == "difference-left-as-draft"));
    assert_eq!(after(first).skipped().code, "nothing-changed");
}

#[test]
fn a_draft_follows_the_day_of_payment_but_not_the_calendar() {
    let unpaid = |basis: &str| {
        World::of(plain_order())
            .with_settings(&format!(r#"{{"document":{{"date":{{"basis":"{basis}"}}}}}}"#))
            .with(|world| world.order.paid_at = None)
    };
    let paid = after(unpaid("paid"))
        .with(|world| world.order.paid_at = Some("2026-11-21T10:00:00Z".parse().expect("time")));
    assert_eq!(paid.document().date.to_string(), "2026-11-21");
    let tomorrow = after(unpaid("today")).with(|world| world.today = jiff::civil::date(2026, 11, 24));
    assert_eq!(tomorrow.skipped().code, "nothing-changed");
}

#[test]
fn a_customer_made_meanwhile_is_used_and_the_document_stays() {
    let first = World::of(plain_order()).with(|world| world.catalogue.customers.clear());
    let again = after(first).with(|world| {
        world.catalogue.customers = vec![customer(5001, "Åse Hansen")];
        world.order.customer.phone = "87654321".to_owned();
    });
    let Decision::Transfer(plan) = again.decide() else { panic!("the phone number changed") };
    let Step::EnsureCustomer(step) = &plan.steps[0] else { panic!("the customer comes first") };
    assert_eq!(step.action, CustomerAction::Use { number: 5001 });
}

#[test]
fn every_change_that_can_be_booked_is_seen() {
    let changes: [fn(&mut domain::Order); 9] = [
        |order| order.number.push('A'),
        |order| order.customer.billing.postcode = "2100".to_owned(),
        |order| order.customer.delivery = Some(address("DK")),
        |order| order.customer.ean = Some("5790000000005".to_owned()),
        |order| order.customer.vat_exempt = true,
        |order| order.lines[0].name.push('!'),
        |order| order.lines[0].quantity = decimal("4"),
        |order| order.lines[0].net_before_discount = dkk("200.00"),
        |order| order.payment_method = "mobilepay".to_owned(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let changed = after(World::of(plain_order())).with(|world| change(&mut world.order));
        let seen = !matches!(changed.decide(), Decision::Skip(reason) if reason.code == "nothing-changed");
        assert!(seen, "change {index} was not seen");
    }
    let same = after(World::of(plain_order())).with(|world| world.order.lines[0].quantity = decimal("2.00"));
    assert_eq!(same.skipped().code, "nothing-changed", "2 and 2.00 units are the same");
}

const JOURNAL: &str = r#"{"document":{"kind":"booked-invoice"},"payment":{"sign-proven":true,"methods":[
    {"method":"quickpay","term":1,"registration":{"journal":{"journal":4,"contra-account":5820}}}]}}"#;

/// The order with these captures; `(amount, day of November)`.
fn paid(world: World, captures: &[(&str, u32)]) -> World {
    world.with(|world| {
        let one = order_in("DKK", "DK", Vec::new()).payments.remove(0);
        let capture = |(amount, day): &(&str, u32)| domain::order::Payment {
            amount: dkk(amount),
            at: Some(format!("2026-11-{day}T10:00:00Z").parse().expect("time")),
            ..one.clone()
        };
        world.order.payments = captures.iter().map(capture).collect();
    })
}

/// The payments that a plan has yet to register: amount, day, key.
fn to_register(plan: &domain::Plan) -> Vec<(String, String, String)> {
    let steps = plan.steps.iter().skip(plan.done as usize);
    let of = |step: &Step| match step {
        Step::RegisterPayment(step) => (step.amount.to_string(), step.date.to_string(), step.key.to_string()),
        other => panic!("more than payments: {other:?}"),
    };
    steps.map(of).collect()
}

#[test]
fn payments_that_come_after_the_booking_are_registered_each_once() {
    let unpaid = paid(World::of(plain_order()).with_settings(JOURNAL), &[]);
    let booked = unpaid.plan();
    assert!(!booked.steps.iter().any(|step| matches!(step, Step::RegisterPayment(_))), "nothing was paid");

    let half = paid(after(unpaid), &[("100.00", 24)]);
    let plan = half.plan();
    assert_eq!((plan.ordinal, plan.done as usize), (2, booked.steps.len()));
    assert_eq!(plan.steps[..booked.steps.len()], booked.steps, "it goes on where the first plan ended");
    assert_eq!((&plan.reference, &plan.content_hash), (&booked.reference, &booked.content_hash));
    let first = to_register(&plan);
    assert_eq!((first[0].0.as_str(), first[0].1.as_str()), ("100.00", "2026-11-24"));
    assert!(
        plan.steps
            .iter()
            .any(|step| matches!(step, Step::RegisterPayment(step) if step.text.ends_with(&first[0].2)))
    );

    let half = after(half);
    assert_eq!(half.skipped().code, "nothing-changed", "the same payment again");
    let rest = paid(half, &[("100.00", 24), ("48.90", 26), ("100.00", 27)]);
    let plan = rest.plan();
    let further = to_register(&plan);
    assert_eq!(plan.ordinal, 3);
    assert_eq!(further.iter().map(|step| step.0.as_str()).collect::<Vec<_>>(), ["48.90", "100.00"]);
    assert_eq!(after(rest).skipped().code, "nothing-changed");

    // Whatever plan a capture comes in, it has one key.
    let at_once = paid(
        World::of(plain_order()).with_settings(JOURNAL),
        &[("100.00", 24), ("48.90", 26), ("100.00", 27)],
    );
    let plan = at_once.plan();
    let keys = plan.steps.iter().filter_map(|step| match step {
        Step::RegisterPayment(step) => Some(step.key.to_string()),
        _ => None,
    });
    let expected: Vec<&String> = first.iter().chain(&further).map(|step| &step.2).collect();
    assert_eq!(keys.collect::<Vec<_>>().iter().collect::<Vec<_>>(), expected);
}

#[test]
fn payments_that_are_not_ours_to_register_are_left_alone() {
    let booked = |settings: &str| {
        paid(after(paid(World::of(plain_order()).with_settings(settings), &[])), &[("248.90", 24)])
    };
    assert_eq!(to_register(&booked(JOURNAL).plan()).len(), 1);
    let by_term = JOURNAL
        .replace("\"term\":1", "\"term\":2")
        .replace(r#"{"journal":{"journal":4,"contra-account":5820}}"#, r#""term""#);
    for settings in [BOOKED, &by_term] {
        assert_eq!(booked(settings).skipped().code, "nothing-changed", "{settings}");
    }
    let unproven = booked(JOURNAL).with(|world| world.settings.payment.sign_proven = false);
    assert_eq!(unproven.skipped().code, "nothing-changed");
    // The invoice's own term settled it; that the settings say otherwise now does not bring the money in twice.
    let changed = paid(after(paid(World::of(plain_order()).with_settings(&by_term), &[])), &[("248.90", 24)]);
    assert_eq!(changed.with_settings(JOURNAL).skipped().code, "nothing-changed");
    let adopted = booked(JOURNAL).with(|world| world.adopted = true);
    assert_eq!(adopted.skipped().code, "nothing-changed", "another integration's invoice");
    // What falls away or grows is held here; documents for it are another story.
    let by_hand = |world: &mut World| {
        world.settings.credit.cancellations = CreditChoice::Hold;
        world.settings.credit.edits = CreditChoice::Hold;
    };
    let cancelled = booked(JOURNAL).with(by_hand).with(|world| world.order.cancelled = true);
    assert_eq!(cancelled.held().code, "cancelled-after-booking");
    let credited = booked(JOURNAL).with(|world| world.order.cancelled = true).plan();
    let registers = credited.steps.iter().any(|step| matches!(step, Step::RegisterPayment(_)));
    assert!(!registers, "a credit note registers no payment");
    let booked_later = r#""draft-invoice"},"trigger":{"handling":[
        {"order-states":["completed"],"document":"booked-invoice"},{"order-states":["processing"]}]}"#;
    let draft = JOURNAL.replace(r#""booked-invoice"}"#, booked_later);
    let of_a_person = booked(&draft).with(|world| {
        let (plan, _) = world.earlier.take().expect("earlier");
        let document = StandingDocument { kind: DocumentKind::BookedInvoice, number: 10_001 };
        world.earlier = Some((plan, Some(document)));
    });
    assert_eq!(of_a_person.skipped().code, "nothing-changed", "a person booked it, and has its payment");
    // Money counts whatever else became of the order.
    let dearer = booked(JOURNAL).with(by_hand).with(|world| {
        world.order.lines.push(goods("MUG-1", "1", "79.96", "25", "19.99"));
        world.order.total_vat = dkk("69.77");
        world.order.total = dkk("348.85");
    });
    assert_eq!(to_register(&dearer.plan()).len(), 1);
    assert_eq!(after(dearer).held().code, "changed-after-booking");
}

fn registrations(plan: &domain::Plan) -> Vec<&domain::plan::PaymentStep> {
    fn of(step: &Step) -> Option<&domain::plan::PaymentStep> {
        if let Step::RegisterPayment(step) = step { Some(step) } else { None }
    }
    plan.steps.iter().filter_map(of).collect()
}

#[test]
fn money_that_goes_back_is_registered_with_its_credit_note() {
    let back = |transaction: &str, method: &str| domain::order::Payment {
        method: method.to_owned(),
        title: String::new(),
        kind: domain::order::PaymentKind::Refund,
        amount: dkk("99.95"),
        transaction: transaction.to_owned(),
        gift_card: false,
        at: None,
    };
    let booked = after(paid(World::of(plain_order()).with_settings(JOURNAL), &[("248.90", 21)]));
    let refunded = |payments: &[domain::order::Payment]| {
        booked.clone().with(|world| {
            world.order.refunds = vec![crate::credits::one_mug("99.95")];
            world.order.payments.extend_from_slice(payments);
        })
    };
    for payments in [vec![], vec![back("86", "quickpay")], vec![back("tx-9b", "quickpay")]] {
        let plan = refunded(&payments).plan();
        let [step] = registrations(&plan)[..] else { panic!("one registration: {:?}", plan.steps) };
        assert_eq!((step.amount, step.journal, step.contra_account), (dkk("-99.95"), 4, 5820));
        assert_eq!((step.invoice, step.date.to_string().as_str()), (None, "2026-11-22"));
        assert!(matches!(plan.steps.last(), Some(Step::RegisterPayment(_))), "after the credit note");
        let done = refunded(&payments).carried_out(plan, 10_002);
        assert_eq!(done.skipped().code, "nothing-changed");
    }
    let told = |world: &World| {
        let plan = world.plan();
        assert!(registrations(&plan).is_empty(), "{:?}", plan.steps);
        plan.warnings.iter().any(|reason| reason.code == "refund-not-registered")
    };
    assert!(told(&refunded(&[back("86", "by hand")])), "nobody says from which account");
    let draft = refunded(&[]).with(|world| {
        world.settings.credit.booking = domain::settings::CreditBooking::Never;
    });
    assert!(told(&draft), "a draft has no number to register it on");
    // What the captures do not go through, refunds do not either; onto a gift card no money goes.
    assert!(!told(&refunded(&[]).with(|world| world.settings.payment.sign_proven = false)));
    let onto_card = refunded(&[]).with(|world| world.order.refunds[0].to_gift_cards = dkk("99.95"));
    assert!(!told(&onto_card));
}

#[test]
fn a_payment_that_comes_after_a_credit_note_is_registered_on_the_invoice() {
    let world = after(paid(World::of(plain_order()).with_settings(JOURNAL), &[("100.00", 21)]));
    let refunded = world.with(|world| world.order.refunds = vec![crate::credits::one_mug("99.95")]);
    let credit = refunded.plan();
    let given_back: Vec<&domain::plan::PaymentStep> = registrations(&credit);
    assert_eq!(given_back.iter().map(|step| step.amount).collect::<Vec<_>>(), [dkk("-99.95")]);
    // It was captured before the money went back, and is seen after.
    let refunded = refunded.carried_out(credit, 10_002);
    assert_eq!(refunded.skipped().code, "nothing-changed");
    let captured = paid(refunded, &[("100.00", 21), ("48.95", 20)]);
    let plan = captured.plan();
    let further = to_register(&plan);
    assert_eq!((further[0].0.as_str(), further[0].1.as_str()), ("48.95", "2026-11-20"));
    assert_eq!(further.len(), 1);
    let Some(Step::RegisterPayment(step)) = plan.steps.last() else { panic!("a payment") };
    assert_eq!(step.invoice, Some(77), "the invoice, not the credit note");
    let at_once = paid(World::of(plain_order()).with_settings(JOURNAL), &[("100.00", 21), ("48.95", 20)]);
    let Some(Step::RegisterPayment(same)) = at_once.plan().steps.pop() else { panic!("a payment") };
    assert_eq!(
        (step.key.clone(), same.invoice),
        (same.key, None),
        "whatever plan it comes in, it has one key"
    );

    // A second credit note, and a second capture after it.
    let again = captured.carried_out(plan, 10_002);
    assert_eq!(again.skipped().code, "nothing-changed");
    let more = domain::Refund { id: "87".to_owned(), ..crate::credits::by_amount("10.00") };
    let again = again.with(|world| world.order.refunds.push(more));
    let second = again.plan();
    assert_eq!(second.document_step().map(|step| step.document.expected.gross), Some(dkk("-10.00")));
    assert_eq!(registrations(&second).len(), 1, "its own money alone");
    let again = again.carried_out(second, 10_003);
    let again = paid(again, &[("100.00", 21), ("48.95", 20), ("5.00", 25)]);
    assert_eq!(to_register(&again.plan()).len(), 1);
    // Where no journal is named, a credit note says nothing of payments.
    let open = after(World::of(plain_order()).with_settings(BOOKED))
        .with(|world| world.order.refunds = vec![crate::credits::one_mug("99.95")]);
    assert_eq!(open.plan().payments, None);
}
