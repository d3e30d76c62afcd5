//! Refunds that the merchant credits elsewhere: whatever becomes of the order afterwards, nothing is credited twice.

use domain::Refund;

use crate::credits::{by_amount, invoiced, one_mug};
use crate::world::*;

const BY_AMOUNT: &str = r#"{"document":{"kind":"booked-invoice"},"credit":{"refunds-by-amount":"ignore"}}"#;
const FROM: &str = r#"{"document":{"kind":"booked-invoice"},"credit":{"from":"2026-11-23"}}"#;

/// An invoice of 248.90 of which the merchant credited 48.90 by hand.
fn credited_by_hand(settings: &str) -> World {
    invoiced(World::of(plain_order()))
        .with_settings(settings)
        .with(|world| world.order.refunds = vec![by_amount("48.90")])
}

fn later(id: &str, refund: Refund) -> Refund {
    let at = Some("2026-11-24T10:00:00Z".parse().expect("time"));
    Refund { id: id.to_owned(), at, ..refund }
}

/// What the credit note of the next plan credits, and the world after it.
fn next(world: World, number: u64) -> (String, World) {
    let plan = world.plan();
    let gross = plan.document_step().expect("a document").document.expected.gross;
    (gross.to_string(), world.carried_out(plan, number))
}

#[test]
fn a_cancelled_order_is_credited_for_what_was_not_credited_elsewhere() {
    for settings in [BY_AMOUNT, FROM] {
        let cancelled = credited_by_hand(settings).with(|world| world.order.cancelled = true);
        let plan = cancelled.plan();
        let lines = &plan.document_step().expect("a document").document.lines;
        let all: Vec<String> =
            lines.iter().map(|line| format!("{} {} {}", line.product, line.quantity, line.net)).collect();
        // The goods come back; the money that went back before is taken off.
        assert_eq!(all, ["MUG-1 -2 -159.92", "fragtmm -1 -39.20", "refusion 1 39.12"], "{settings}");
        let (credited, after) = next(cancelled, 10_002);
        assert_eq!(credited, "-200.00", "{settings}");
        assert_eq!(after.skipped().code, "nothing-changed", "{settings}");
        // It comes back: it is invoiced anew, and what was credited by hand is told with both sums.
        let back = after.with(|world| world.order.cancelled = false);
        let (invoiced, back) = next(back, 10_003);
        assert_eq!(invoiced, "248.90");
        let reason = back.held();
        assert_eq!(
            (reason.code.as_str(), reason.fact("left"), reason.fact("wanted")),
            ("books-differ-from-shop", "248.90", "200.00")
        );
        // And is cancelled again: that credit was for the first invoice.
        let again = back.with(|world| world.order.cancelled = true);
        assert_eq!(next(again, 10_004).0, "-248.90");
    }
}

#[test]
fn refunds_and_a_cancellation_beside_one_that_was_credited_elsewhere_never_pass_the_invoice() {
    for settings in [BY_AMOUNT, FROM] {
        let refunded = credited_by_hand(settings).with(|world| {
            world.order.cancelled = true;
            world.order.refunds.push(later("87", one_mug("99.95")));
        });
        let (refund, after) = next(refunded, 10_002);
        assert_eq!(refund, "-99.95");
        let (rest, after) = next(after, 10_003);
        assert_eq!(rest, "-100.05", "248.90 less 48.90 by hand and 99.95");
        assert_eq!(after.skipped().code, "nothing-changed");
    }
    // The rest went back as a refund of its own before the order is cancelled.
    let whole = credited_by_hand(BY_AMOUNT).with(|world| {
        let more = Refund { lines: one_mug("0.00").lines, ..by_amount("200.00") };
        world.order.refunds.push(later("87", more));
    });
    let (credited, after) = next(whole, 10_002);
    assert_eq!(credited, "-200.00");
    let cancelled = after.with(|world| world.order.cancelled = true);
    assert_eq!(cancelled.skipped().code, "refund-not-credited");
}

#[test]
fn a_refund_is_held_that_passes_what_was_not_credited_elsewhere() {
    let passes =
        credited_by_hand(FROM).with(|world| world.order.refunds.push(later("87", by_amount("200.01"))));
    let reason = passes.held();
    assert_eq!(
        (reason.code.as_str(), reason.fact("refunded"), reason.fact("left")),
        ("refund-exceeds-invoice", "200.01", "200.00")
    );
    let fits =
        credited_by_hand(FROM).with(|world| world.order.refunds.push(later("87", by_amount("200.00"))));
    let (credited, after) = next(fits, 10_002);
    assert_eq!(credited, "-200.00");
    assert_eq!(after.skipped().code, "refund-not-credited");
    // More was credited elsewhere than is left: nothing can be told, and both sums are.
    let more = credited_by_hand(BY_AMOUNT).with(|world| {
        world.order.cancelled = true;
        world.order.refunds[0] = by_amount("250.00");
    });
    let reason = more.held();
    assert_eq!((reason.fact("refunded"), reason.fact("left")), ("250.00", "248.90"));
    let left_alone = more.with(|world| {
        world.settings.credit.cancellations = domain::settings::CreditChoice::Ignore;
    });
    assert_eq!(left_alone.skipped().code, "cancellation-not-credited");
}

/// An invoice of 125.00 at 25 % and of 100.00 without VAT, on two lines.
fn two_rates() -> World {
    let lines =
        vec![goods("MUG-1", "1", "100.00", "25", "25.00"), goods("TEA-0", "1", "100.00", "0", "0.00")];
    invoiced(World::of(order_in("DKK", "DK", lines))).with_settings(FROM)
}

/// A refund of a whole line of that order.
fn of_line(world: &World, place: usize) -> Refund {
    let line = &world.order.lines[place];
    let vat = line.vat_total().expect("its VAT");
    let given_back = domain::RefundLine {
        order_line: Some(line.id.clone()),
        name: line.name.clone(),
        quantity: line.quantity,
        net: line.net,
        vat,
        restocked: Some(true),
    };
    Refund { total: line.net.plus(vat).expect("the sum"), lines: vec![given_back], ..by_amount("1.00") }
}

#[test]
fn lines_that_were_credited_elsewhere_are_taken_off_as_the_lines_they_are() {
    let refunded = two_rates().with(|world| {
        world.order.refunds = vec![of_line(world, 0), later("2", of_line(world, 1))];
    });
    let document = refunded.document();
    assert_eq!(
        (document.expected.gross.to_string(), document.expected.vat.to_string()),
        ("-100.00".to_owned(), "0.00".to_owned()),
        "the tea was sold without VAT, whatever became of the mug"
    );
    let cancelled = two_rates().with(|world| {
        world.order.refunds = vec![of_line(world, 1)];
        world.order.cancelled = true;
    });
    let lines = cancelled.document().lines;
    let all: Vec<String> =
        lines.iter().map(|line| format!("{} {} {}", line.product, line.quantity, line.net)).collect();
    assert_eq!(all, ["MUG-1 -1 -100.00"], "the tea came back when it was credited");
}
