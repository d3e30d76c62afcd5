//! Refunds, edits and cancellations of orders whose invoice is booked: which document follows, for how much, and on what.

use domain::document::Document;
use domain::order::{LineKind, PaymentState};
use domain::plan::{CustomerAction, Plan, Step};
use domain::planning::StandingDocument;
use domain::{DocumentKind, Refund, RefundLine};

use crate::world::*;

const BOOKED: &str = r#"{"document":{"kind":"booked-invoice"}}"#;
/// The ids of the lines of the plainest order.
const MUGS: &str = "line-MUG-1-2-159.92";
const FREIGHT: &str = "line--1-39.20";

/// The world after its order was invoiced at once, as document 10001.
pub(crate) fn invoiced(world: World) -> World {
    let world = world.with_settings(BOOKED);
    let plan = world.plan();
    world.carried_out(plan, 10_001)
}

/// A refund of an amount alone, made on 22 November.
pub(crate) fn by_amount(total: &str) -> Refund {
    let total = dkk(total);
    Refund {
        id: "86".to_owned(),
        at: Some("2026-11-22T10:00:00Z".parse().expect("time")),
        reason: "Kompensation".to_owned(),
        total,
        to_gift_cards: total.currency().zero(),
        lines: Vec::new(),
    }
}

fn back(order_line: &str, quantity: &str, net: &str, vat: &str) -> RefundLine {
    RefundLine {
        order_line: Some(order_line.to_owned()),
        name: "Krus".to_owned(),
        quantity: decimal(quantity),
        net: dkk(net),
        vat: dkk(vat),
        restocked: None,
    }
}

/// One of the two mugs of the plainest order, for this much money.
pub(crate) fn one_mug(total: &str) -> Refund {
    Refund { lines: vec![back(MUGS, "1", "79.96", "19.99")], ..by_amount(total) }
}

fn given_back(refunds: Vec<Refund>) -> World {
    invoiced(World::of(plain_order())).with(|world| world.order.refunds = refunds)
}

fn document(plan: &Plan) -> &Document {
    &plan.document_step().expect("a document").document
}

fn lines(plan: &Plan) -> Vec<String> {
    let line = |line: &domain::DocumentLine| {
        format!("{} {} x {} at {}", line.product, line.quantity, line.unit_net_price, line.rate)
    };
    document(plan).lines.iter().map(line).collect()
}

#[test]
fn a_refund_of_a_line_is_a_credit_note_on_the_same_product_that_names_the_invoice() {
    let plan = given_back(vec![one_mug("99.95")]).plan();
    let credited = document(&plan);
    assert_eq!(credited.kind, DocumentKind::BookedCreditNote);
    assert_eq!(lines(&plan), ["MUG-1 -1 x 79.96 at 25"]);
    assert_eq!((credited.expected.gross, credited.expected.vat), (dkk("-99.95"), dkk("-19.99")));
    assert_eq!(credited.heading, "Kreditnota til faktura 10001, ordre 1042");
    assert_eq!(credited.text, "Kompensation");
    assert_eq!(credited.date.to_string(), "2026-11-22");
    let Step::EnsureCustomer(customer) = &plan.steps[0] else { panic!("the customer comes first") };
    assert_eq!(customer.action, CustomerAction::Use { number: 5001 });
    assert!(matches!(plan.steps.last(), Some(Step::Book(_))));
    assert_eq!(plan.ordinal, 2);
}

#[test]
fn the_key_of_a_refund_is_its_own_whatever_came_before() {
    let first = given_back(vec![one_mug("99.95")]);
    let key = |plan: &Plan| plan.document_step().expect("a document").key.clone();
    let alone = key(&first.plan());
    let earlier = Refund { id: "70".to_owned(), ..by_amount("10.00") };
    let world = given_back(vec![earlier, one_mug("99.95")]);
    let plan = world.plan();
    assert_ne!(key(&plan), alone);
    let after = world.carried_out(plan, 10_002);
    assert_eq!(key(&after.plan()), alone, "the same refund in another plan");
    assert_eq!(after.plan().ordinal, 3);
}

#[test]
fn a_refund_is_credited_once_and_then_nothing_is_left_to_do() {
    let world = given_back(vec![one_mug("99.95")]);
    let plan = world.plan();
    assert_eq!(world.carried_out(plan, 10_002).skipped().code, "nothing-changed");
}

#[test]
fn an_amount_is_spread_over_the_rates_of_what_is_left_and_moves_no_stock() {
    // 125.00 at 25 % and 100.00 without VAT: a refund of 45.00 is 25.00 and 20.00.
    let order = order_in(
        "DKK",
        "DK",
        vec![goods("MUG-1", "1", "100.00", "25", "25.00"), goods("TEA-0", "1", "100.00", "0", "0.00")],
    );
    let world = invoiced(World::of(order)).with(|world| world.order.refunds = vec![by_amount("45.00")]);
    let plan = world.plan();
    assert_eq!(lines(&plan), ["refusion -1 x 20.00 at 25", "refusionum -1 x 20.00 at 0"]);
    assert_eq!((document(&plan).expected.gross, document(&plan).expected.vat), (dkk("-45.00"), dkk("-5.00")));
    assert_eq!(plan.warnings[0].code, "refund-split-by-rate");
    // All that is left, by amount: every rate to nothing, to the øre.
    let rest = Refund { id: "87".to_owned(), ..by_amount("180.00") };
    let after = world.carried_out(plan, 10_002).with(|world| world.order.refunds.push(rest));
    let plan = after.plan();
    assert_eq!(lines(&plan), ["refusion -1 x 80.00 at 25", "refusionum -1 x 80.00 at 0"]);
    assert!(plan.leaves_nothing());
}

#[test]
fn freight_is_credited_as_freight_and_goodwill_on_top_of_lines_by_rate() {
    let freight = Refund { lines: vec![back(FREIGHT, "0", "39.20", "9.80")], ..by_amount("49.00") };
    assert_eq!(lines(&given_back(vec![freight]).plan()), ["fragtmm -1 x 39.20 at 25"]);
    let plan = given_back(vec![one_mug("109.95")]).plan();
    assert_eq!(lines(&plan), ["MUG-1 -1 x 79.96 at 25", "refusion -1 x 8.00 at 25"]);
    assert_eq!(document(&plan).expected.gross, dkk("-109.95"));
}

#[test]
fn less_money_than_the_lines_make_lowers_the_price_and_not_the_units() {
    let plan = given_back(vec![one_mug("89.95")]).plan();
    assert_eq!(lines(&plan), ["MUG-1 -1 x 71.96 at 25"]);
    assert_eq!(document(&plan).expected.gross, dkk("-89.95"));
}

#[test]
fn the_sum_of_refunds_never_passes_the_invoice() {
    let second = Refund { id: "87".to_owned(), ..by_amount("149.00") };
    let world = given_back(vec![one_mug("99.95"), second]);
    let plan = world.plan();
    let reason = world.carried_out(plan, 10_002).held();
    assert_eq!(
        (reason.code.as_str(), reason.fact("refunded"), reason.fact("left")),
        ("refund-exceeds-invoice", "149.00", "148.95")
    );
}

#[test]
fn goods_that_did_not_come_back_are_credited_without_units() {
    let mut refund = one_mug("99.95");
    refund.lines[0].restocked = Some(false);
    let plan = given_back(vec![refund.clone()]).plan();
    assert_eq!(lines(&plan), ["refusion -1 x 79.96 at 25"]);
    assert_eq!(document(&plan).lines[0].description, "Refusion: Vare MUG-1");
    let give = given_back(vec![refund]).with_settings(r#"{"credit":{"stock":"give-back"}}"#);
    assert_eq!(lines(&give.plan()), ["MUG-1 -1 x 79.96 at 25"]);
}

/// A mug was given back and credited, then the order was cancelled and the rest credited.
fn cancelled_after_refund() -> World {
    let world = given_back(vec![one_mug("99.95")]);
    let plan = world.plan();
    let world = world.carried_out(plan, 10_002).with(|world| world.order.cancelled = true);
    let plan = world.plan();
    world.carried_out(plan, 10_003)
}

#[test]
fn a_cancelled_order_is_credited_for_what_is_left_and_may_come_back() {
    let world = given_back(vec![one_mug("99.95")]);
    let plan = world.plan();
    let cancelled = world.carried_out(plan, 10_002).with(|world| world.order.cancelled = true);
    let plan = cancelled.plan();
    assert_eq!(lines(&plan), ["MUG-1 -1 x 79.96 at 25", "fragtmm -1 x 39.20 at 25"]);
    assert!(plan.leaves_nothing());
    let after = cancelled.carried_out(plan, 10_003);
    assert_eq!(after.skipped().code, "nothing-changed");
    // The money goes back after the cancellation: it is credited already.
    let paid_back = after.clone().with(|world| {
        world.order.refunds.push(Refund { id: "91".to_owned(), ..by_amount("148.95") });
    });
    assert_eq!(paid_back.skipped().code, "changed-after-booking-same-total");
    let deleted = after.clone().with(|world| world.order.deleted = true);
    assert_eq!(deleted.skipped().code, "nothing-changed");

    let whole = invoiced(World::of(plain_order())).with(|world| world.order.cancelled = true);
    let plan = whole.plan();
    // It comes back, and so does what had been given back of it before: both stand in the books again, under keys of their own.
    let returned = cancelled_after_refund().with(|world| world.order.cancelled = false);
    let again = returned.plan();
    assert_eq!(document(&again).expected.gross, dkk("248.90"));
    let credited = returned.carried_out(again, 10_004).plan();
    assert_eq!(document(&credited).expected.gross, dkk("-99.95"));
    let first = given_back(vec![one_mug("99.95")]).plan();
    assert_ne!(credited.reference, first.reference);

    let restored = whole.carried_out(plan, 10_002).with(|world| world.order.cancelled = false);
    let plan = restored.plan();
    assert_eq!(document(&plan).kind, DocumentKind::BookedInvoice);
    assert_eq!(document(&plan).expected.gross, dkk("248.90"));
    assert_eq!(restored.carried_out(plan, 10_003).skipped().code, "nothing-changed");
}

#[test]
fn the_bin_and_a_payment_given_up() {
    let world = || invoiced(World::of(plain_order()));
    let in_the_bin = world().with(|world| {
        world.order.deleted = true;
        world.order.cancelled = true;
    });
    assert_eq!(in_the_bin.held().code, "deleted-after-booking");
    let credited = in_the_bin.with_settings(r#"{"credit":{"deletions":"credit"}}"#);
    assert_eq!(document(&credited.plan()).expected.gross, dkk("-248.90"));
    let given_up = world().with(|world| world.order.payment_state = PaymentState::Voided);
    assert_eq!(document(&given_up.plan()).expected.gross, dkk("-248.90"));
    let never_booked = World::of(plain_order()).with(|world| {
        world.order.state = "failed".to_owned();
        world.order.payment_state = PaymentState::Voided;
    });
    assert_eq!(never_booked.skipped().code, "state-not-chosen");
}

#[test]
fn an_edit_is_a_credit_note_for_less_and_a_further_invoice_for_more() {
    let world = invoiced(World::of(plain_order())).with(|world| {
        world.order.lines =
            vec![goods("MUG-1", "2", "159.92", "25", "39.98"), goods("TEA-0", "1", "30.00", "0", "0.00")];
        world.order.total = dkk("229.90");
        world.order.total_vat = dkk("39.98");
    });
    let less = world.plan();
    assert_eq!(lines(&less), ["fragtmm -1 x 39.20 at 25"]);
    let more = world.carried_out(less, 10_002);
    let plan = more.plan();
    assert_eq!(lines(&plan), ["TEA-0 1 x 30.00 at 0"]);
    assert_eq!(document(&plan).heading, "Tillæg til faktura 10001, ordre 1042");
    assert_eq!(more.carried_out(plan, 10_003).skipped().code, "nothing-changed");
}

#[test]
fn fewer_units_a_lower_price_and_another_rate() {
    let with_line = |quantity: &str, net: &str, rate: &str, tax: &str| {
        invoiced(World::of(plain_order())).with(|world| {
            let mut line = goods("MUG-1", quantity, net, rate, tax);
            line.id = MUGS.to_owned();
            world.order.total_vat = dkk(tax).plus(dkk("9.80")).expect("sum");
            world.order.total =
                dkk(net).plus(world.order.total_vat).and_then(|sum| sum.plus(dkk("39.20"))).expect("sum");
            world.order.lines[0] = line;
        })
    };
    assert_eq!(lines(&with_line("1", "79.96", "25", "19.99").plan()), ["MUG-1 -1 x 79.96 at 25"]);
    assert_eq!(lines(&with_line("2", "119.92", "25", "29.98").plan()), ["refusion -1 x 40.00 at 25"]);
    // VAT was taken off: the line is taken back whole, then invoiced as it is now.
    let untaxed = with_line("2", "159.92", "", "0.00");
    assert_eq!(lines(&untaxed.plan()), ["MUG-1 -2 x 79.96 at 25"]);
}

#[test]
fn lines_that_a_plugin_wrote_anew_are_no_edit() {
    let anew = invoiced(World::of(plain_order())).with(|world| {
        for line in &mut world.order.lines {
            line.id.push_str("-anew");
        }
    });
    assert_eq!(anew.skipped().code, "changed-after-booking-same-total");
}

#[test]
fn an_edit_comes_before_a_refund_so_that_the_refund_finds_what_it_takes_back() {
    let world = given_back(vec![Refund { id: "90".to_owned(), ..by_amount("260.00") }]).with(|world| {
        world.order.lines.push(goods("TEA-0", "1", "30.00", "0", "0.00"));
        world.order.total = dkk("278.90");
    });
    let more = world.plan();
    assert_eq!(document(&more).expected.gross, dkk("30.00"));
    let plan = world.carried_out(more, 10_002).plan();
    assert_eq!(document(&plan).expected.gross, dkk("-260.00"));
}

#[test]
fn a_refund_that_was_deleted_again_is_told_with_the_difference() {
    let world = given_back(vec![one_mug("99.95")]);
    let plan = world.plan();
    let deleted = world.carried_out(plan, 10_002).with(|world| world.order.refunds.clear());
    let reason = deleted.held();
    assert_eq!(
        (reason.code.as_str(), reason.fact("left"), reason.fact("wanted")),
        ("books-differ-from-shop", "148.95", "248.90")
    );
}

#[test]
fn a_draft_is_for_what_is_left_and_a_booked_invoice_for_the_whole() {
    let refunded = || World::of(plain_order()).with(|world| world.order.refunds = vec![one_mug("99.95")]);
    let draft = refunded().plan();
    assert_eq!(lines(&draft), ["MUG-1 1 x 79.96 at 25", "fragtmm 1 x 39.20 at 25"]);
    // A person books it: the refund is in it already.
    let booked = refunded().with(|world| {
        let standing = StandingDocument { kind: DocumentKind::BookedInvoice, number: 10_001 };
        world.earlier = Some((draft, Some(standing)));
    });
    assert_eq!(booked.skipped().code, "nothing-changed");
    let amount = World::of(plain_order()).with(|world| world.order.refunds = vec![by_amount("24.89")]);
    assert_eq!(amount.document().expected.gross, dkk("224.01"));
    let waits = refunded().with_settings(r#"{"credit":{"before-booking":"wait"}}"#).plan();
    assert_eq!(document(&waits).expected.gross, dkk("248.90"));
    let at_once = refunded().with_settings(BOOKED).plan();
    assert_eq!(document(&at_once).expected.gross, dkk("248.90"));
    assert!(at_once.warnings.iter().any(|reason| reason.code == "refund-before-transfer"));
    let whole = || Refund {
        lines: vec![back(MUGS, "2", "159.92", "39.98"), back(FREIGHT, "0", "39.20", "9.80")],
        ..by_amount("248.90")
    };
    let nothing_left = World::of(plain_order()).with(|world| world.order.refunds = vec![whole()]);
    assert_eq!(nothing_left.skipped().code, "refunded-before-transfer");
    let plan = World::of(plain_order()).plan();
    let standing =
        World::of(plain_order()).carried_out(plan, 77).with(|world| world.order.refunds = vec![whole()]);
    assert_eq!(standing.held().code, "refunded-with-draft");
    let passes = World::of(plain_order()).with(|world| world.order.refunds = vec![by_amount("300.00")]);
    assert_eq!(passes.held().code, "refund-exceeds-order");
}

#[test]
fn an_invoice_that_a_person_booked_is_credited_by_a_draft() {
    let world = World::of(plain_order());
    let plan = world.plan();
    let by_hand = world.with(|world| {
        let standing = StandingDocument { kind: DocumentKind::BookedInvoice, number: 10_001 };
        world.earlier = Some((plan, Some(standing)));
        world.order.refunds = vec![one_mug("99.95")];
    });
    let plan = by_hand.plan();
    assert_eq!(document(&plan).kind, DocumentKind::DraftCreditNote);
    assert!(!plan.steps.iter().any(|step| matches!(step, Step::Book(_))));
    // The person deletes it: that is respected, and later refunds are still seen.
    let removed = by_hand.with(|world| world.earlier = Some((plan, None)));
    assert_eq!(removed.skipped().code, "credit-note-removed");
    let later = removed.with(|world| {
        world.order.refunds.push(Refund { id: "88".to_owned(), ..by_amount("10.00") });
    });
    assert_eq!(document(&later.plan()).expected.gross, dkk("-10.00"));
}

#[test]
fn a_credit_note_that_still_stands_as_a_draft_is_booked_before_anything_follows_it() {
    let refunded = given_back(vec![one_mug("99.95")]);
    let credit = refunded.plan();
    // Its totals were answered otherwise, or its booking was refused; meanwhile more money went back.
    let draft = StandingDocument { kind: DocumentKind::DraftCreditNote, number: 7 };
    let later = refunded.with(|world| {
        world.earlier = Some((credit.clone(), Some(draft)));
        world.order.refunds.push(Refund { id: "88".to_owned(), ..by_amount("10.00") });
    });
    let again = later.plan();
    assert_eq!(again.reference, credit.reference, "it is the same document");
    assert_eq!((document(&again), &again.refunds), (document(&credit), &credit.refunds));
    assert!(again.steps.iter().any(|step| matches!(step, Step::UpdateDraft(_))));
    assert!(again.steps.iter().any(|step| matches!(step, Step::Book(_))));
    assert!(!again.steps.iter().any(|step| matches!(step, Step::CreateDocument(_))));
    assert_eq!(again.ordinal, credit.ordinal + 1);
    // Once it is booked, the second refund follows.
    let booked = StandingDocument { kind: DocumentKind::BookedCreditNote, number: 10_002 };
    let second = later.with(|world| world.earlier = Some((again, Some(booked)))).plan();
    assert_eq!(document(&second).expected.gross, dkk("-10.00"));
    assert_ne!(second.reference, credit.reference);
}

#[test]
fn what_the_merchant_keeps_for_themselves() {
    let by_choice = |settings: &str| given_back(vec![one_mug("99.95")]).with_settings(settings);
    let held = by_choice(r#"{"credit":{"refunds-with-lines":"hold"}}"#).held();
    assert_eq!((held.code.as_str(), held.fact("refunded")), ("refund-to-be-decided", "99.95"));
    let ignored = by_choice(r#"{"credit":{"refunds-with-lines":"ignore"}}"#).skipped();
    assert_eq!((ignored.code.as_str(), ignored.fact("refunded")), ("refund-not-credited", "99.95"));
    let old = by_choice(r#"{"credit":{"from":"2026-12-01"}}"#).skipped();
    assert_eq!(old.code, "refund-not-credited");
    let cancelled = invoiced(World::of(plain_order()))
        .with(|world| world.order.cancelled = true)
        .with_settings(r#"{"credit":{"cancellations":"ignore"}}"#);
    assert_eq!(cancelled.skipped().code, "cancellation-not-credited");
    let edited = invoiced(World::of(plain_order())).with(|world| {
        world.order.lines.pop();
        world.order.total = dkk("199.90");
        world.order.total_vat = dkk("39.98");
    });
    let edited = edited.with_settings(r#"{"credit":{"edits":"ignore"}}"#);
    assert_eq!(edited.skipped().code, "change-not-credited");
    assert!(domain::settings::read_settings(r#"{"document":{"kind":"booked-credit-note"}}"#).is_err());
    let rule = r#"{"trigger":{"handling":[{"document":"draft-credit-note"}]}}"#;
    assert!(domain::settings::read_settings(rule).is_err());
}

#[test]
fn an_edit_that_is_left_alone_stops_no_refund() {
    let settings = r#"{"document":{"kind":"booked-invoice"},"credit":{"edits":"ignore"}}"#;
    let dearer = invoiced(World::of(plain_order())).with_settings(settings).with(|world| {
        world.order.lines.push(line(LineKind::Fee, "", "1", dkk("20.00"), "25", "5.00"));
        world.order.total = dkk("273.90");
        world.order.total_vat = dkk("54.78");
    });
    assert_eq!(dearer.skipped().code, "change-not-credited");
    let refunded = dearer.with(|world| world.order.refunds = vec![one_mug("99.95")]);
    let plan = refunded.plan();
    assert_eq!(lines(&plan), ["MUG-1 -1 x 79.96 at 25"]);
    let after = refunded.carried_out(plan, 10_002);
    assert_eq!(after.skipped().code, "change-not-credited");
    // What was credited and then taken back in the shop is still told, reckoned from what was invoiced.
    let reason = after.with(|world| world.order.refunds.clear()).held();
    assert_eq!(
        (reason.code.as_str(), reason.fact("left"), reason.fact("wanted")),
        ("books-differ-from-shop", "148.95", "248.90")
    );
}

#[test]
fn a_single_purpose_gift_card_is_credited_with_the_vat_it_was_invoiced_with() {
    let settings =
        r#"{"document":{"kind":"booked-invoice"},"products":{"gift-cards":{"vat":"single-purpose"}}}"#;
    let card = line(LineKind::GiftCardSold, "", "2", dkk("1000.00"), "", "");
    let id = card.id.clone();
    let world = World::of(order_in("DKK", "DK", vec![card]))
        .with_settings(settings)
        .with(|world| world.catalogue.products.extend([product("gavekort", 1)]));
    let plan = world.plan();
    let world = world.carried_out(plan, 10_001);
    let refund = Refund { lines: vec![back(&id, "1", "500.00", "0.00")], ..by_amount("500.00") };
    let refunded = world.clone().with(|world| world.order.refunds = vec![refund]);
    let plan = refunded.plan();
    let credited = document(&plan);
    assert_eq!(lines(&plan), ["gavekort -1 x 400.00 at 25"]);
    assert_eq!((credited.expected.net, credited.expected.vat), (dkk("-400.00"), dkk("-100.00")));
    assert!(matches!(plan.steps.last(), Some(Step::Book(_))));
    assert_eq!(refunded.carried_out(plan, 10_002).skipped().code, "nothing-changed");
    // One of them is taken off the order, then the other.
    let fewer = world.with(|world| {
        world.order.lines[0].quantity = decimal("1");
        world.order.lines[0].net = dkk("500.00");
        world.order.total = dkk("500.00");
    });
    let plan = fewer.plan();
    assert_eq!(lines(&plan), ["gavekort -1 x 400.00 at 25"]);
    let none = fewer.carried_out(plan, 10_002).with(|world| {
        world.order.lines.clear();
        world.order.total = dkk("0.00");
    });
    let plan = none.plan();
    assert_eq!(lines(&plan), ["gavekort -1 x 400.00 at 25"]);
    assert!(plan.leaves_nothing());
}

/// The plainest order, so much of it paid by gift card and the rest by card.
fn paid_by_gift_card(by_gift_card: &str, by_card: &str) -> World {
    World::of(plain_order()).with(|world| {
        let mut card = world.order.payments[0].clone();
        card.gift_card = true;
        card.amount = dkk(by_gift_card);
        world.order.payments[0].amount = dkk(by_card);
        world.order.payments.push(card);
    })
}

#[test]
fn money_onto_a_gift_card_is_a_debt_to_its_holder_again() {
    // 100.00 of 248.90 was paid by gift card; a mug goes back, 60.00 of it onto the card.
    let refund = Refund { to_gift_cards: dkk("60.00"), ..one_mug("99.95") };
    let world =
        invoiced(paid_by_gift_card("100.00", "148.90")).with(|world| world.order.refunds = vec![refund]);
    let plan = world.plan();
    assert_eq!(lines(&plan), ["MUG-1 -1 x 79.96 at 25", "gavekort 1 x 60.00 at 0"]);
    assert_eq!(document(&plan).expected.gross, dkk("-39.95"));
    assert_eq!(world.carried_out(plan, 10_002).skipped().code, "nothing-changed");
}

#[test]
fn money_back_on_the_card_leaves_what_the_gift_card_paid() {
    let back_on_card = |refund: Refund| {
        invoiced(paid_by_gift_card("148.95", "99.95")).with(|world| world.order.refunds = vec![refund])
    };
    // All that the invoice asked for goes back: the rest is still sold, and paid by gift card.
    let world = back_on_card(one_mug("99.95"));
    let plan = world.plan();
    assert_eq!(lines(&plan), ["MUG-1 -1 x 79.96 at 25"]);
    assert_eq!(document(&plan).expected.vat, dkk("-19.99"));
    let after = world.carried_out(plan, 10_002);
    assert_eq!(after.skipped().code, "nothing-changed");
    // By amount alone too: it was paid for goods with VAT, whoever paid the rest by what means.
    let by_amount = back_on_card(by_amount("99.95")).plan();
    assert_eq!(lines(&by_amount), ["refusion -1 x 79.96 at 25"]);
    // The order falls away: what was paid by gift card is a debt again, and nothing is sold.
    let cancelled = after.with(|world| world.order.cancelled = true);
    let plan = cancelled.plan();
    assert_eq!(
        lines(&plan),
        ["MUG-1 -1 x 79.96 at 25", "fragtmm -1 x 39.20 at 25", "gavekort 1 x 148.95 at 0"]
    );
    assert_eq!(document(&plan).expected.gross, dkk("0.00"));
    assert_eq!(cancelled.carried_out(plan, 10_003).skipped().code, "nothing-changed");
}

#[test]
fn an_order_paid_by_gift_card_is_given_back_whole() {
    let given_back = |by_gift_card: &str, by_card: &str, refund: Refund| {
        let refund = Refund { to_gift_cards: dkk(by_gift_card), ..refund };
        invoiced(paid_by_gift_card(by_gift_card, by_card)).with(|world| world.order.refunds = vec![refund])
    };
    let whole = || Refund {
        lines: vec![back(MUGS, "2", "159.92", "39.98"), back(FREIGHT, "0", "39.20", "9.80")],
        ..by_amount("248.90")
    };
    let partly = given_back("100.00", "148.90", whole());
    let plan = partly.plan();
    assert_eq!(
        lines(&plan),
        ["MUG-1 -2 x 79.96 at 25", "fragtmm -1 x 39.20 at 25", "gavekort 1 x 100.00 at 0"]
    );
    assert_eq!(document(&plan).expected.gross, dkk("-148.90"));
    assert!(plan.leaves_nothing());
    assert_eq!(partly.carried_out(plan, 10_002).skipped().code, "nothing-changed");

    let by_amount_alone = given_back("100.00", "148.90", by_amount("248.90")).plan();
    assert_eq!(lines(&by_amount_alone), ["refusion -1 x 199.12 at 25", "gavekort 1 x 100.00 at 0"]);
    let wholly = given_back("248.90", "0.00", whole());
    let plan = wholly.plan();
    assert_eq!(document(&plan).expected.gross, dkk("0.00"));
    assert!(plan.leaves_nothing());
    let one = Refund { to_gift_cards: dkk("99.95"), ..one_mug("99.95") };
    let one = wholly.with(|world| world.order.refunds = vec![one]);
    let plan = one.plan();
    assert_eq!(lines(&plan), ["MUG-1 -1 x 79.96 at 25", "gavekort 1 x 99.95 at 0"]);
    assert_eq!(one.carried_out(plan, 10_002).skipped().code, "nothing-changed");
    // Nothing of it may go back twice, nor more onto a card than was sold.
    let too_much = Refund { to_gift_cards: dkk("150.00"), ..by_amount("260.00") };
    let too_much =
        invoiced(paid_by_gift_card("100.00", "148.90")).with(|world| world.order.refunds = vec![too_much]);
    assert_eq!(too_much.held().code, "refund-exceeds-invoice");
}

#[test]
fn a_draft_asks_for_what_was_paid_by_gift_card_less_what_went_back_onto_it() {
    let draft = |by_gift_card: &str, by_card: &str, onto_cards: &str| {
        let refund = Refund { to_gift_cards: dkk(onto_cards), ..one_mug("99.95") };
        paid_by_gift_card(by_gift_card, by_card).with(|world| world.order.refunds = vec![refund])
    };
    let world = draft("100.00", "148.90", "60.00");
    let plan = world.plan();
    assert_eq!(
        lines(&plan),
        ["MUG-1 1 x 79.96 at 25", "fragtmm 1 x 39.20 at 25", "gavekort -1 x 40.00 at 0"]
    );
    assert_eq!(document(&plan).expected.gross, dkk("108.95"));
    // A person books it; a second refund is a credit note beside it, and then the books are even.
    let booked = world.with(|world| {
        let standing = StandingDocument { kind: DocumentKind::BookedInvoice, number: 10_001 };
        world.earlier = Some((plan, Some(standing)));
    });
    assert_eq!(booked.skipped().code, "nothing-changed");
    // More than was used goes onto a card: the merchant owes its holder the rest.
    let owed = draft("20.00", "228.90", "60.00").plan();
    assert_eq!(document(&owed).lines[2].quantity, decimal("1"));
    assert_eq!(document(&owed).expected.gross, dkk("188.95"));
    let settings = r#"{"products":{"gift-cards":{"used":"payment"}}}"#;
    let as_payment = draft("100.00", "148.90", "60.00").with_settings(settings).plan();
    assert_eq!(document(&as_payment).expected.gross, dkk("148.95"));
    assert_eq!(as_payment.on_gift_cards, Some(dkk("40.00")), "an acquirer pays the rest");
    assert_eq!(owed.on_gift_cards, None, "the document itself is lower");
}

#[test]
fn what_gift_cards_paid_of_a_document_is_told_where_they_are_a_payment() {
    let settings = r#"{"document":{"kind":"booked-invoice"},"products":{"gift-cards":{"used":"payment"}}}"#;
    let world = paid_by_gift_card("100.00", "148.90").with_settings(settings);
    let first = world.plan();
    assert_eq!(first.on_gift_cards, Some(dkk("100.00")));
    let world = world.carried_out(first, 10_001);
    let refund = Refund { to_gift_cards: dkk("60.00"), ..one_mug("99.95") };
    let partly = world.with(|world| world.order.refunds = vec![refund]);
    let plan = partly.plan();
    assert_eq!(document(&plan).expected.gross, dkk("-99.95"));
    assert_eq!(plan.on_gift_cards, Some(dkk("-60.00")));
    let cancelled = partly.carried_out(plan, 10_002).with(|world| world.order.cancelled = true);
    assert_eq!(cancelled.plan().on_gift_cards, Some(dkk("-40.00")), "and the rest with all that is left");
}

fn discount(net: &str, vat: &str) -> domain::order::OrderLine {
    line(LineKind::Fee, "", "1", dkk(net), "25", vat)
}

#[test]
fn a_discount_that_goes_with_the_freight_is_invoiced_after_the_freight_is_credited() {
    let mut order = plain_order();
    order.lines.push(discount("-40.00", "-10.00"));
    order.total = dkk("198.90");
    order.total_vat = dkk("39.78");
    let world = invoiced(World::of(order)).with(|world| {
        world.order.lines.truncate(1);
        world.order.total = dkk("199.90");
        world.order.total_vat = dkk("39.98");
    });
    let less = world.plan();
    assert_eq!(lines(&less), ["fragtmm -1 x 39.20 at 25"]);
    let dearer = world.carried_out(less, 10_002);
    let more = dearer.plan();
    assert_eq!(document(&more).kind, DocumentKind::BookedInvoice);
    assert_eq!(document(&more).expected.gross, dkk("50.00"));
    assert_eq!(dearer.carried_out(more, 10_003).skipped().code, "nothing-changed");
}

#[test]
fn a_discount_given_afterwards_is_a_credit_note() {
    let settings = r#"{"document":{"kind":"booked-invoice","send":"email"}}"#;
    let cheaper = |net: &str, vat: &str, total: &str, total_vat: &str| {
        invoiced(World::of(plain_order())).with_settings(settings).with(|world| {
            world.order.lines.push(discount(net, vat));
            world.order.total = dkk(total);
            world.order.total_vat = dkk(total_vat);
        })
    };
    let world = cheaper("-40.00", "-10.00", "198.90", "39.78");
    let plan = world.plan();
    let credited = document(&plan);
    assert_eq!(credited.kind, DocumentKind::BookedCreditNote);
    assert_eq!(lines(&plan), ["rabat -1 x 40.00 at 25"]);
    assert_eq!(credited.heading, "Kreditnota til faktura 10001, ordre 1042");
    let Some(Step::Book(book)) = plan.steps.last() else { panic!("it is booked") };
    assert_eq!(book.send, domain::plan::SendBy::Nothing);
    assert_eq!(world.carried_out(plan, 10_002).skipped().code, "nothing-changed");
    // Beside something dearer it is a further invoice with a discount on it.
    let world = cheaper("-40.00", "-10.00", "273.90", "54.78").with(|world| {
        world.order.lines.push(line(LineKind::Product, "MUG-1", "1", dkk("60.00"), "25", "15.00"));
    });
    let plan = world.plan();
    assert_eq!(document(&plan).kind, DocumentKind::BookedInvoice);
    assert_eq!(document(&plan).expected.gross, dkk("25.00"));
    assert_eq!(document(&plan).heading, "Tillæg til faktura 10001, ordre 1042");
}

#[test]
fn a_credit_note_that_stayed_a_draft_makes_no_drafts_of_those_after_it() {
    let world = given_back(vec![one_mug("99.95"), Refund { id: "87".to_owned(), ..by_amount("10.00") }]);
    let never = r#"{"document":{"kind":"booked-invoice"},"credit":{"booking":"never"}}"#;
    let draft = world.clone().with_settings(never).plan();
    assert_eq!(document(&draft).kind, DocumentKind::DraftCreditNote);
    // A person books it.
    let by_hand = world.clone().with(|world| {
        let standing = StandingDocument { kind: DocumentKind::BookedCreditNote, number: 10_002 };
        world.earlier = Some((draft, Some(standing)));
    });
    let second = by_hand.plan();
    assert_eq!(document(&second).kind, DocumentKind::BookedCreditNote);
    assert_eq!(second.adjustment.as_ref().and_then(|after| after.invoice_booked), None);
    // Where a person booked the invoice, one credit note that was booked at once leaves those after it to the person.
    let (invoice, _) = world.earlier.clone().expect("an invoice");
    let left_as_draft = domain::Plan {
        steps: invoice.steps.iter().filter(|step| !matches!(step, Step::Book(_))).cloned().collect(),
        ..invoice
    };
    let person = world.with(|world| {
        let standing = StandingDocument { kind: DocumentKind::BookedInvoice, number: 10_001 };
        world.earlier = Some((left_as_draft, Some(standing)));
    });
    let always = r#"{"document":{"kind":"booked-invoice"},"credit":{"booking":"always"}}"#;
    let first = person.clone().with_settings(always).plan();
    assert_eq!(document(&first).kind, DocumentKind::BookedCreditNote);
    assert_eq!(document(&person.carried_out(first, 10_002).plan()).kind, DocumentKind::DraftCreditNote);
}

#[test]
fn a_credit_note_moved_by_a_closed_period_says_when_the_money_went_back() {
    let settings = r#"{"document":{"kind":"booked-invoice","date":{"locked-period":"first-open-day","moved-text":"@"}}}"#;
    let moved = |text: &str| {
        given_back(vec![one_mug("99.95")]).with_settings(&settings.replace('@', text)).with(november_closed)
    };
    let world = moved("Ordredato: {order_date}");
    let document = world.document();
    assert_eq!(document.date.to_string(), "2026-12-01");
    assert_eq!(document.text, "Oprindelig dato: 2026-11-22\nKompensation");
    // The invoice's own text may name the day too.
    let old = World::of(plain_order())
        .with_settings(&settings.replace('@', "Flyttet fra {original_date}"))
        .with(november_closed);
    assert_eq!(old.document().text, "Flyttet fra 2026-11-20");
}

/// November of 2026 is closed, December is open.
pub(crate) fn november_closed(world: &mut World) {
    let day = |text: &str| text.parse().expect("a day");
    world.catalogue.master.periods = vec![
        domain::catalogue::Period { from: day("2026-11-01"), to: day("2026-11-30"), closed: true },
        domain::catalogue::Period { from: day("2026-12-01"), to: day("2026-12-31"), closed: false },
    ];
}

#[test]
fn goods_that_were_barred_meanwhile_are_credited_on_the_refund_product() {
    let world = given_back(vec![one_mug("99.95")]);
    let as_invoiced = lines(&world.plan());
    let changes: [fn(&mut World); 2] = [
        |world| world.catalogue.products.get_mut("MUG-1").expect("the mug").barred = true,
        |world| drop(world.catalogue.products.remove("MUG-1")),
    ];
    for change in changes {
        let changed = world.clone().with(change);
        let plan = changed.plan();
        assert_eq!(lines(&plan), ["refusion -1 x 79.96 at 25"], "not {as_invoiced:?}");
        assert_eq!(document(&plan).expected.gross, dkk("-99.95"));
        assert!(plan.warnings.iter().any(|reason| reason.code == "credited-on-refund-product"));
        let after = changed.carried_out(plan, 10_002);
        assert_eq!(after.skipped().code, "nothing-changed");
        // The rest of it goes the same way.
        let cancelled = after.with(|world| world.order.cancelled = true).plan();
        assert_eq!(document(&cancelled).expected.gross, dkk("-148.95"));
        assert!(!lines(&cancelled).iter().any(|line| line.starts_with("MUG-1")), "{:?}", lines(&cancelled));
    }
}

#[test]
fn a_country_without_a_refund_product_is_credited_on_its_freight() {
    let german = order_in(
        "DKK",
        "DE",
        vec![
            line(LineKind::Product, "MUG-1", "1", dkk("100.00"), "19", "19.00"),
            line(LineKind::Shipping, "", "1", dkk("20.00"), "19", "3.80"),
        ],
    );
    let settings = r#"{"document":{"kind":"booked-invoice"},"vat":{"oss":{"enabled":true,"product":"{sku}-{country}"}}}"#;
    let world = World::of(german).with_settings(settings).with(|world| {
        world.catalogue.products.extend([product("fragtmm-DE", 5)]);
    });
    let plan = world.plan();
    let world = world.carried_out(plan, 10_001).with(|world| world.order.refunds = vec![by_amount("11.90")]);
    assert_eq!(lines(&world.plan()), ["fragtmm-DE -1 x 10.00 at 19"]);
}
