//! Edits of invoiced orders: rounding that moves between the lines, and money that goes back for what an edit took off.

use domain::order::{OrderLine, Payment, PaymentKind};
use domain::plan::{PaymentStep, Plan, Step};
use domain::settings::CreditChoice;
use domain::{Decision, Money};
use proptest::prelude::*;

use crate::credits::invoiced;
use crate::world::*;

/// Lines of goods at 25 %, each net in øre with its units; VAT is rounded by the line, and what the rounded sum has more or less goes to
/// the largest, as of a shop that rounds at the subtotal.
fn rounded_as_the_sum(lines: &[(u8, i64, u32)]) -> Vec<OrderLine> {
    let of = |net: i64| (net * 25 + 50).div_euclid(100);
    let mut vat: Vec<i64> = lines.iter().map(|(_, net, _)| of(*net)).collect();
    let sum = of(lines.iter().map(|(_, net, _)| net).sum());
    let off = sum - vat.iter().sum::<i64>();
    // The first of several that are alike.
    let largest = (0..vat.len()).rev().max_by_key(|place| vat[*place]).expect("a line");
    vat[largest] += off;
    let line = |((name, net, units), vat): (&(u8, i64, u32), &i64)| {
        let text = |minor: i64| Money::from_minor(minor, dkk("0.00").currency()).to_string();
        let line = goods("MUG-1", &units.to_string(), &text(*net), "25", &text(*vat));
        OrderLine { id: format!("line-{name}"), ..line }
    };
    lines.iter().zip(&vat).map(line).collect()
}

/// The order now has these lines.
fn edited(world: World, lines: Vec<OrderLine>) -> World {
    let now = order_in("DKK", "DK", lines);
    world.with(|world| {
        world.order.lines = now.lines;
        world.order.total = now.total;
        world.order.total_vat = now.total_vat;
    })
}

/// Carries out what follows until nothing does; the gross sums of the documents, and why nothing follows.
fn all_that_follows(mut world: World) -> (Vec<Money>, String) {
    let mut sums = Vec::new();
    for number in 10_002..10_012 {
        match world.decide() {
            Decision::Transfer(plan) => {
                let document = plan.document_step().expect("a document").document.clone();
                for line in &document.lines {
                    assert!(!line.net.is_zero(), "a line of nothing: {:?}", document.lines);
                }
                sums.push(plan.expected.gross);
                world = world.carried_out(*plan, number);
            }
            Decision::Skip(reason) | Decision::Hold(reason) => return (sums, reason.code),
        }
    }
    panic!("no end: {sums:?}")
}

#[test]
fn rounding_that_moves_to_another_line_is_no_line_of_its_own() {
    // Three lines of 3.34 and four: VAT of 0.84 each, and 2.51 of the sum: the largest has what is missing.
    let before = [(1, 334, 1), (2, 334, 1), (3, 335, 1)];
    let world = invoiced(World::of(order_in("DKK", "DK", rounded_as_the_sum(&before))));
    let booked = world.order.total;
    // The dearest goes, and another line has the rounding.
    let after = edited(world.clone(), rounded_as_the_sum(&before[..2]));
    let now = after.order.total;
    let (sums, code) = all_that_follows(after.clone());
    let change = Money::sum(booked.currency(), sums.iter().copied()).expect("a sum");
    assert_eq!((change, code.as_str()), (now.minus(booked).expect("a sum"), "nothing-changed"));
    assert_eq!(sums.len(), 1, "one credit note of what was taken off");
    // Cancelled after that: the rest is credited to the øre, on lines that have money.
    let plan = after.plan();
    let cancelled = after.carried_out(plan, 10_002).with(|world| world.order.cancelled = true);
    let (sums, _) = all_that_follows(cancelled);
    assert_eq!(sums, [now.negated().expect("a sum")]);
}

#[test]
fn a_sum_that_differs_by_its_rounding_alone_is_told_and_makes_no_document() {
    let world = invoiced(World::of(plain_order())).with(|world| {
        world.order.lines[0].vat[0].amount = dkk("39.99");
        world.order.total_vat = dkk("49.79");
        world.order.total = dkk("248.91");
    });
    assert_eq!(world.held().code, "changed-after-booking");
    let ignored = world.with(|world| world.settings.credit.edits = CreditChoice::Ignore);
    assert_eq!(ignored.skipped().code, "change-not-credited");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_edited_no_line_is_of_nothing_and_the_sum_is_the_shops(
        before in prop::collection::vec((101_i64..5_000, 1_u32..4), 1..7),
        change in prop::collection::vec(0_u8..5, 7),
        new in prop::option::of((101_i64..5_000, 1_u32..4)),
    ) {
        let numbered: Vec<(u8, i64, u32)> =
            (1..).zip(&before).map(|(name, (unit, units))| (name, unit * i64::from(*units), *units)).collect();
        let world = invoiced(World::of(order_in("DKK", "DK", rounded_as_the_sum(&numbered))));
        let booked = world.order.total;
        // Of each line: kept, kept, taken off, a unit less, a unit more.
        let mut now: Vec<(u8, i64, u32)> = numbered
            .iter()
            .zip(&change)
            .filter_map(|((name, net, units), change)| {
                let unit = net / i64::from(*units);
                match change {
                    2 => None,
                    3 if *units > 1 => Some((*name, net - unit, units - 1)),
                    4 => Some((*name, net + unit, units + 1)),
                    _ => Some((*name, *net, *units)),
                }
            })
            .collect();
        now.extend(new.map(|(unit, units)| (100, unit * i64::from(units), units)));
        prop_assume!(!now.is_empty());
        let after = edited(world, rounded_as_the_sum(&now));
        let total = after.order.total;
        let (sums, code) = all_that_follows(after);
        let change = Money::sum(booked.currency(), sums).expect("a sum");
        // Where only the rounding differs, that is told with both sums.
        if code == "changed-after-booking" {
            let off = total.minus(booked.plus(change).expect("a sum")).expect("a sum").minor();
            prop_assert!(off.abs() <= 7, "{}", off);
        } else {
            prop_assert!(matches!(code.as_str(), "nothing-changed" | "changed-after-booking-same-total"), "{}", code);
            prop_assert_eq!(booked.plus(change).expect("a sum"), total);
        }
    }
}

const JOURNAL: &str = r#"{"document":{"kind":"booked-invoice"},"payment":{"sign-proven":true,"methods":[
    {"method":"quickpay","term":1,"registration":{"journal":{"journal":4,"contra-account":5820}}}]}}"#;

fn back(amount: &str, day: u32, method: &str) -> Payment {
    Payment {
        method: method.to_owned(),
        title: String::new(),
        kind: PaymentKind::Refund,
        amount: dkk(amount),
        transaction: format!("tx-{day}"),
        gift_card: false,
        at: Some(format!("2026-11-{day}T10:00:00Z").parse().expect("time")),
    }
}

/// What a plan has yet to register.
fn to_register(plan: &Plan) -> Vec<&PaymentStep> {
    fn of(step: &Step) -> Option<&PaymentStep> {
        if let Step::RegisterPayment(step) = step { Some(step) } else { None }
    }
    plan.steps.iter().skip(plan.done as usize).filter_map(of).collect()
}

/// Two mugs and freight, paid by journal, of which an edit took the freight off: 49.00 are the buyer's.
fn freight_taken_off() -> World {
    let order = plain_order();
    let world = World::of(order).with_settings(JOURNAL);
    let plan = world.plan();
    let world = world.carried_out(plan, 10_001);
    let mugs = world.order.lines[..1].to_vec();
    let world = edited(world, mugs);
    let plan = world.plan();
    assert_eq!(plan.expected.gross, dkk("-49.00"));
    assert!(to_register(&plan).is_empty(), "no money went back yet");
    world.carried_out(plan, 10_002)
}

#[test]
fn money_of_an_edit_that_goes_back_is_registered_on_its_credit_note_once() {
    let world = freight_taken_off();
    assert_eq!(world.skipped().code, "nothing-changed");
    let credited = world.earlier.as_ref().expect("earlier").0.clone();
    // The shop writes it down as a transaction that is no refund of the order.
    let world = world.with(|world| world.order.payments.push(back("20.00", 24, "quickpay")));
    assert!(
        domain::planning::more_follows(&world.order, &world.settings, &credited),
        "it comes up by itself"
    );
    let plan = world.plan();
    let [step] = to_register(&plan)[..] else { panic!("one registration: {:?}", plan.steps) };
    assert_eq!((step.amount, step.journal, step.contra_account), (dkk("-20.00"), 4, 5820));
    assert_eq!((step.invoice, step.date.to_string().as_str()), (None, "2026-11-24"), "on the credit note");
    assert_eq!((plan.ordinal, plan.reference.as_str()), (credited.ordinal + 1, credited.reference.as_str()));
    let world = world.carried_out(plan, 10_002);
    assert_eq!(world.skipped().code, "nothing-changed", "once");
    let world = world.with(|world| world.order.payments.push(back("29.00", 25, "quickpay")));
    let plan = world.plan();
    assert_eq!(to_register(&plan).iter().map(|step| step.amount).collect::<Vec<_>>(), [dkk("-29.00")]);
    let world = world.carried_out(plan, 10_002);
    assert_eq!(world.skipped().code, "nothing-changed");
    // More than the edit took off is no money of the edit.
    let more = world.clone().with(|world| world.order.payments.push(back("10.00", 26, "quickpay")));
    assert_eq!(more.skipped().code, "nothing-changed");
    // A refund beside it is registered with its own credit note, and nothing of it twice.
    let world = world.with(|world| {
        world.order.payments.push(back("99.95", 26, "quickpay"));
        world.order.refunds = vec![crate::credits::one_mug("99.95")];
    });
    let plan = world.plan();
    assert_eq!(to_register(&plan).iter().map(|step| step.amount).collect::<Vec<_>>(), [dkk("-99.95")]);
    assert_eq!(world.carried_out(plan, 10_003).skipped().code, "nothing-changed");
}

#[test]
fn money_that_the_shop_counts_to_a_refund_after_all_is_registered_once() {
    for (refunded, registered) in [("49.00", None), ("99.95", Some("-50.95"))] {
        let world =
            freight_taken_off().with(|world| world.order.payments.push(back("49.00", 24, "quickpay")));
        let plan = world.plan();
        assert_eq!(to_register(&plan).len(), 1);
        let world = world.carried_out(plan, 10_002);
        // The buyer takes another thing for as much, and the money that went back becomes a refund, or a part of one.
        let mugs = world.order.lines[0].clone();
        let world = edited(world, vec![mugs, goods("MUG-2", "1", "39.20", "25", "9.80")]);
        let plan = world.plan();
        assert_eq!((plan.expected.gross, to_register(&plan).len()), (dkk("49.00"), 0));
        let world = world.carried_out(plan, 10_003).with(|world| {
            world.order.refunds = vec![crate::credits::by_amount(refunded)];
            if refunded != "49.00" {
                world.order.payments.push(back("50.95", 25, "quickpay"));
            }
        });
        let plan = world.plan();
        assert_eq!(plan.expected.gross, dkk(&format!("-{refunded}")));
        let amounts: Vec<Money> = to_register(&plan).iter().map(|step| step.amount).collect();
        assert_eq!(amounts, registered.map(dkk).into_iter().collect::<Vec<_>>(), "{refunded}");
        assert_eq!(world.carried_out(plan, 10_004).skipped().code, "nothing-changed");
    }
}

#[test]
fn money_of_an_edit_before_the_invoice_is_registered_on_the_invoice() {
    // Captured whole, then edited, then invoiced for what was left.
    let paid = plain_order().payments;
    let mut order = order_in("DKK", "DK", plain_order().lines[..1].to_vec());
    order.payments = paid;
    let world = World::of(order).with_settings(JOURNAL);
    let plan = world.plan();
    let world = world.carried_out(plan, 10_001);
    assert_eq!(world.skipped().code, "nothing-changed");
    let world = world.with(|world| world.order.payments.push(back("49.00", 24, "quickpay")));
    let plan = world.plan();
    let [step] = to_register(&plan)[..] else { panic!("one registration: {:?}", plan.steps) };
    assert_eq!((step.amount, step.invoice), (dkk("-49.00"), None));
    assert_eq!(world.carried_out(plan, 10_001).skipped().code, "nothing-changed");
}

#[test]
fn money_of_an_edit_is_told_where_it_cannot_be_registered_and_left_alone_where_it_is_not_ours() {
    let unknown = freight_taken_off().with(|world| world.order.payments.push(back("49.00", 24, "by hand")));
    let reason = unknown.skipped();
    assert_eq!((reason.code.as_str(), reason.fact("refunded")), ("refund-not-registered", "49.00"));
    let unproven = freight_taken_off().with(|world| {
        world.order.payments.push(back("49.00", 24, "quickpay"));
        world.settings.payment.sign_proven = false;
    });
    assert_eq!(unproven.skipped().code, "nothing-changed");
    let card = Payment { gift_card: true, ..back("49.00", 24, "gift_card") };
    let onto_card = freight_taken_off().with(|world| world.order.payments.push(card));
    assert_eq!(onto_card.skipped().code, "nothing-changed");
}

#[test]
fn a_journal_that_takes_no_payments_holds_the_order_before_anything_is_written() {
    use domain::catalogue::JournalTakes;
    let world = |journals: &[(u32, JournalTakes)]| {
        let journals = journals.iter().copied().collect();
        World::of(plain_order())
            .with_settings(JOURNAL)
            .with(|world| world.catalogue.master.journals = journals)
    };
    for takes in [JournalTakes::All, JournalTakes::CustomerPayments] {
        assert_eq!(to_register(&world(&[(4, takes)]).plan()).len(), 1, "{takes:?}");
    }
    for takes in [JournalTakes::FinanceVouchers, JournalTakes::Others] {
        let reason = world(&[(4, takes)]).held();
        assert_eq!((reason.code.as_str(), reason.fact("journal")), ("payment-journal-entries", "4"));
    }
    assert_eq!(world(&[(1, JournalTakes::All)]).held().code, "payment-journal-unknown");
    // Where nothing is registered, no journal is asked for.
    let unproven = world(&[(1, JournalTakes::All)]).with(|world| world.settings.payment.sign_proven = false);
    assert!(to_register(&unproven.plan()).is_empty());
}
