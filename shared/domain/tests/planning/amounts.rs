//! Properties of amounts: for random orders of many shapes the document adds up to the order, to the smallest unit, under both
//! ways of rounding, and the plan is the same bytes each time.
//!
//! The sums are reckoned here a second time, in whole numbers, without the planner's own functions.

use domain::catalogue::VatRounding;
use domain::order::{LineKind, OrderFault, OrderLine};
use domain::plan::{Plan, Step};
use domain::planning::{Verdict, amend, judge};
use domain::{Decision, Document, DocumentKind, Money, Totals};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::world::*;

/// Rounds a fraction to a whole number, half away from zero.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    if numerator >= 0 { (numerator + half) / denominator } else { -((-numerator + half) / denominator) }
}

/// Hundredths of a decimal number that has no more than that many decimals, scaled by `scale` places.
fn whole(value: Decimal, places: u32) -> i128 {
    let mut value = value;
    value.rescale(places);
    value.mantissa()
}

/// Net, VAT and gross in smallest units, as a target with this way of rounding reckons them.
fn reckoned(document: &Document, rounding: VatRounding) -> (i128, i128, i128) {
    let mut net = 0;
    let mut vat = 0;
    let mut bases: Vec<(i128, i128)> = Vec::new();
    for line in &document.lines {
        let amount = i128::from(line.net.minor());
        let rate = whole(line.rate.per_cent(), 4);
        net += amount;
        match rounding {
            VatRounding::PerLine => vat += rounded(amount * rate, 1_000_000),
            VatRounding::PerRate => match bases.iter_mut().find(|(known, _)| *known == rate) {
                Some((_, base)) => *base += amount,
                None => bases.push((rate, amount)),
            },
        }
    }
    vat += bases.iter().map(|(rate, base)| rounded(base * rate, 1_000_000)).sum::<i128>();
    (net, vat, net + vat)
}

/// A line as a shop with prices that hold VAT makes it: the gross is divided, so net and VAT may each be rounded.
fn sold_line() -> impl Strategy<Value = OrderLine> {
    let product = prop_oneof![Just(("MUG-1", 25_i64)), Just(("MEL-12", 12)), Just(("TEA-0", 0))];
    (product, 1_i64..=40, 1_i64..=250_000, 0_i64..=60).prop_map(|((sku, rate), quantity, price, off)| {
        let full = price * quantity;
        let gross = full - full * off / 100;
        let net = rounded(i128::from(gross) * 100, 100 + i128::from(rate)) as i64;
        let before = rounded(i128::from(full) * 100, 100 + i128::from(rate)) as i64;
        let dkk = |minor: i64| Money::from_minor(minor, domain::Currency::DKK);
        let mut line = goods(sku, &quantity.to_string(), "0.00", &rate.to_string(), "0.00");
        line.net = dkk(net);
        line.net_before_discount = dkk(before.max(net));
        line.vat[0].amount = dkk(gross - net);
        line
    })
}

fn extra_line() -> impl Strategy<Value = OrderLine> {
    let taxed = |kind: LineKind, net: i64| {
        let vat = rounded(i128::from(net) * 25, 100) as i64;
        let money = |minor: i64| Money::from_minor(minor, domain::Currency::DKK);
        line(kind, "", "1", money(net), "25", &money(vat).to_string())
    };
    prop_oneof![
        (1_i64..20_000).prop_map(move |net| taxed(LineKind::Shipping, net)),
        (-900_i64..900).prop_map(move |net| taxed(LineKind::Fee, net)),
        (-49_i64..=50).prop_map(|minor| {
            line(LineKind::CashRounding, "", "1", Money::from_minor(minor, domain::Currency::DKK), "", "")
        }),
    ]
}

prop_compose! {
    fn world()(
        mut lines in prop::collection::vec(sold_line(), 1..12),
        extras in prop::collection::vec(extra_line(), 0..4),
        per_line in any::<bool>(),
        discounts in any::<bool>(),
        fractions in prop::collection::vec(prop::option::of(1_i64..400), 12),
    ) -> World {
        for (line, fraction) in lines.iter_mut().zip(fractions) {
            if let Some(hundredths) = fraction {
                line.quantity = Decimal::new(hundredths, 2);
            }
        }
        lines.extend(extras);
        for (index, line) in lines.iter_mut().enumerate() {
            line.id = format!("line-{index}");
        }
        let discounts = if discounts { "own-line" } else { "in-price" };
        let settings = format!(r#"{{"document":{{"kind":"booked-invoice"}},"products":{{"discounts":"{discounts}"}}}}"#);
        World::of(order_in("DKK", "DK", lines)).with_settings(&settings).with(|world| {
            world.catalogue.master.vat_rounding = if per_line { VatRounding::PerLine } else { VatRounding::PerRate };
        })
    }
}

fn booked(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| matches!(step, Step::Book(_)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_booked_is_the_orders_total_to_the_smallest_unit(world in world()) {
        let Decision::Transfer(plan) = world.decide() else {
            prop_assert!(world.order.total.minor() <= 0, "{:?}", world.decide());
            return Ok(());
        };
        let document = &plan.document_step().expect("a document").document;
        let rounding = world.catalogue.master.vat_rounding;
        let (net, vat, gross) = reckoned(document, rounding);
        prop_assert_eq!(net, i128::from(document.expected.net.minor()));
        prop_assert_eq!(vat, i128::from(document.expected.vat.minor()));
        prop_assert_eq!(gross, i128::from(document.expected.gross.minor()));
        if booked(&plan) {
            prop_assert_eq!(gross, i128::from(world.order.total.minor()));
        } else {
            let told = plan.warnings.iter().any(|reason| reason.code == "difference-above-limit");
            prop_assert!(told, "a draft is left for a reason: {:?}", plan.warnings);
        }
    }

    #[test]
    fn every_line_multiplies_out_and_no_unit_is_lost(world in world()) {
        let Decision::Transfer(plan) = world.decide() else { return Ok(()) };
        let document = &plan.document_step().expect("a document").document;
        for line in &document.lines {
            prop_assert!(line.unit_net_price.scale() <= 2 && line.quantity.scale() <= 2, "{line:?}");
            prop_assert!(!line.unit_net_price.is_sign_negative(), "{line:?}");
            prop_assert_eq!(line.quantity * line.unit_net_price, line.net.to_decimal());
        }
        let in_price = world.settings.products.discounts == domain::settings::Discounts::InPrice;
        for ordered in &world.order.lines {
            let planned: Vec<_> =
                document.lines.iter().filter(|line| line.order_line.as_ref() == Some(&ordered.id)).collect();
            prop_assert!(planned.len() <= 3, "in as few lines as possible: {planned:?}");
            if in_price {
                let net: i64 = planned.iter().map(|line| line.net.minor()).sum();
                prop_assert_eq!(net, ordered.net.minor());
            }
            let units: Decimal = planned.iter().map(|line| line.quantity).sum();
            let in_text = planned.iter().any(|line| line.description.starts_with(&format!("{} x ", ordered.quantity.normalize())));
            if ordered.kind == LineKind::Product && !in_text {
                prop_assert_eq!(units, ordered.quantity);
            }
            if ordered.quantity.fract().is_zero() {
                prop_assert!(!in_text, "whole units always keep their quantity");
            }
        }
    }

    #[test]
    fn a_sound_order_checks_out_and_a_changed_amount_is_found_by_how_much(
        world in world(),
        place in any::<prop::sample::Index>(),
        off in prop_oneof![-500_i64..=-1, 1_i64..=500],
        what in 0..4_u8,
    ) {
        let mut order = world.order;
        prop_assert_eq!(order.check(), Ok(()));
        let shift = |amount: Money| Money::from_minor(amount.minor() + off, amount.currency());
        let index = place.index(order.lines.len());
        match what {
            0 => order.total = shift(order.total),
            1 => order.total_vat = shift(order.total_vat),
            2 => order.lines[index].net = shift(order.lines[index].net),
            _ => match order.lines[index].vat.first_mut() {
                Some(vat) => vat.amount = shift(vat.amount),
                None => order.total = shift(order.total),
            },
        }
        let fault = order.check();
        let difference = match &fault {
            Err(OrderFault::Total { difference, .. } | OrderFault::Vat { difference, .. }) => difference.minor().abs(),
            // A sign or a quantity that cannot be is found before the sums are.
            Err(OrderFault::Sign { .. } | OrderFault::Quantity { .. }) => off.abs(),
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        };
        prop_assert_eq!(difference, off.abs());
    }

    #[test]
    fn nothing_that_a_shop_may_send_makes_the_planner_panic(
        amounts in prop::collection::vec((any::<i64>(), any::<i64>()), 1..6),
        quantity in any::<i64>(),
        scale in 0..20_u32,
        rate in any::<i64>(),
        words in "\\PC{0,300}",
        currency in prop_oneof![Just("DKK"), Just("ISK"), Just("KWD")],
        sound in any::<bool>(),
    ) {
        let mut order = order_in(currency, "DK", Vec::new());
        let money = |minor: i64| Money::from_minor(minor, order.currency);
        // A sound order passes its own check, so that enormous amounts meet the rest of the planner too.
        let bounded = |(net, tax): &(i64, i64)| {
            let net = if sound { net.rem_euclid(400_000_000_000_000_000) } else { *net };
            let tax = if sound { tax.rem_euclid(100_000_000_000_000_000) } else { *tax };
            (net, if sound && net == 0 { 0 } else { tax })
        };
        let amounts: Vec<(i64, i64)> = amounts.iter().map(bounded).collect();
        let quantity = if sound { Decimal::new(quantity.rem_euclid(1_000_000) + 1, scale % 7) } else { Decimal::new(quantity, scale) };
        order.lines = amounts.iter().map(|(net, tax)| {
            let mut line = goods("MUG-1", "1", "0.00", "25", "0.00");
            line.quantity = quantity;
            line.net = money(*net);
            line.net_before_discount = money(net.wrapping_add(*tax));
            line.vat[0].amount = money(*tax);
            line.vat[0].rate = Some(domain::Percentage::new(Decimal::new(rate, scale)));
            line.name.clone_from(&words);
            line.sku = Some(words.chars().take(25).collect());
            line
        }).collect();
        let sum = |parts: &mut dyn Iterator<Item = i64>| money(parts.fold(0, i64::wrapping_add));
        order.total = sum(&mut amounts.iter().flat_map(|(net, tax)| [*net, *tax]));
        order.total_vat = sum(&mut amounts.iter().map(|(_, tax)| *tax));
        order.payments[0].amount = order.total;
        order.number.clone_from(&words);
        order.customer.email.clone_from(&words);
        order.customer.phone.clone_from(&words);
        order.customer.billing.country = words.chars().take(2).collect();
        prop_assert!(!sound || order.check().is_ok(), "{:?}", order.check());
        for settings in [
            "{}",
            r#"{"products":{"discounts":"own-line","missing":"use-default","skus":{"default":"MUG-1"}},"vat":{"oss":{"enabled":true,"product":"{sku}-{country}"}}}"#,
        ] {
            let _ = World::of(order.clone()).with_settings(settings).decide();
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(world in world()) {
        let bytes = |world: &World| serde_json::to_vec(&world.decide()).expect("json");
        let first = bytes(&world);
        prop_assert_eq!(&first, &bytes(&world.clone()));
        let read: Decision = serde_json::from_slice(&first).expect("a decision reads back");
        prop_assert_eq!(serde_json::to_vec(&read).expect("json"), first);
    }

    #[test]
    fn another_answer_is_corrected_within_the_rule_or_not_booked(world in world(), off in -12_i64..=12) {
        let Decision::Transfer(plan) = world.decide() else { return Ok(()) };
        let step = plan.document_step().expect("a document");
        let expected = step.document.expected;
        let shift = |amount: Money| Money::from_minor(amount.minor() + off, amount.currency());
        let answered = Totals { net: expected.net, vat: shift(expected.vat), gross: shift(expected.gross) };
        let agrees = answered.gross == plan.expected.gross;
        match judge(&plan, &answered) {
            Verdict::Agrees => prop_assert!(agrees),
            Verdict::Accepted(reason) => prop_assert!(false, "nothing is ignored here: {reason:?}"),
            Verdict::Amend(document) => {
                prop_assert!(!agrees);
                let amended = amend(&plan, &answered);
                prop_assert_eq!(Some(document.as_ref()), amended.as_ref());
                // What the target adds for the new correction line makes the order's total.
                let before: i64 = step.document.lines.iter().map(|line| line.net.minor()).sum();
                let now: i64 = document.lines.iter().map(|line| line.net.minor()).sum();
                prop_assert_eq!(answered.gross.minor() + now - before, plan.expected.gross.minor());
                prop_assert_eq!(document.expected.gross, plan.expected.gross);
                let corrections = document.lines.iter().filter(|line| line.description == "Afrunding");
                let sum: i64 = corrections.map(|line| line.net.minor()).sum();
                prop_assert!(sum.abs() <= step.difference.limit.minor());
            }
            Verdict::Differs(reason) => {
                prop_assert!(!agrees);
                prop_assert_eq!(reason.code, "totals-differ-after-write");
                prop_assert!(amend(&plan, &answered).is_none());
            }
        }
    }
}

/// 149.97 with 25 % inside: the shop has 119.98 and 29.99, the target reckons 30.00. With the tea there are two lines, so
/// that one øre is half an øre for each.
fn one_oere_off(settings: &str) -> World {
    let lines = vec![goods("MUG-1", "1", "119.98", "25", "29.99"), goods("TEA-0", "1", "10.00", "0", "0.00")];
    World::of(order_in("DKK", "DK", lines)).with_settings(settings)
}

#[test]
fn a_difference_of_one_oere_is_a_visible_line_and_the_invoice_is_booked() {
    let plan = one_oere_off(r#"{"document":{"kind":"booked-invoice"}}"#).plan();
    let document = &plan.document_step().expect("a document").document;
    let correction = document.lines.last().expect("a line");
    assert_eq!((correction.product.as_str(), correction.description.as_str()), ("afrunding", "Afrunding"));
    assert_eq!((correction.quantity, correction.unit_net_price), (decimal("-1"), decimal("0.01")));
    assert_eq!(document.expected, Totals { net: dkk("129.97"), vat: dkk("30.00"), gross: dkk("159.97") });
    assert_eq!(plan.expected, Totals { net: dkk("129.98"), vat: dkk("29.99"), gross: dkk("159.97") });
    assert!(booked(&plan));
}

#[test]
fn the_default_limit_is_half_a_smallest_unit_for_each_line_of_the_order() {
    let limit =
        |world: &World| world.plan().document_step().expect("a document").difference.limit.to_string();
    let lines = |count: usize| vec![goods("MUG-1", "3", "100.01", "25", "25.00"); count];
    for (count, expected) in [(1, "0.00"), (2, "0.01"), (3, "0.01"), (4, "0.02")] {
        assert_eq!(limit(&World::of(order_in("DKK", "DK", lines(count)))), expected, "{count} lines");
    }
    // 247 and 62 in ISK: the ledger reckons 61.75, and a quarter of a króna is within half a króna.
    let isk = line(LineKind::Product, "MUG-1", "1", money("247", "ISK"), "25", "62");
    let world = World::of(order_in("ISK", "DK", vec![isk]))
        .with_settings(r#"{"document":{"kind":"booked-invoice"}}"#);
    assert_eq!(limit(&world), "0.50");
    let plan = world.plan();
    let document = &plan.document_step().expect("a document").document;
    assert_eq!(document.lines.last().map(|line| line.unit_net_price), Some(decimal("0.25")));
    assert_eq!(document.expected.gross, money("309", "ISK"));
    assert!(booked(&plan));
}

#[test]
fn each_mode_does_what_it_says_with_one_oere() {
    let with = |differences: &str| {
        let plan = one_oere_off(&format!(
            r#"{{"document":{{"kind":"booked-invoice"}},"differences":{differences}}}"#
        ))
        .plan();
        let codes: Vec<String> = plan.warnings.iter().map(|reason| reason.code.clone()).collect();
        (booked(&plan), codes[codes.len() - 1].clone())
    };
    for (differences, is_booked, code) in [
        (r#"{"mode":"correction-line"}"#, true, "difference-corrected"),
        (r#"{"mode":"ignore"}"#, true, "difference-ignored"),
        (r#"{"mode":"leave-draft"}"#, false, "difference-left-as-draft"),
        (r#"{"mode":"ignore","limit":"0"}"#, false, "difference-above-limit"),
        (r#"{"mode":"correction-line","limit":"0.00"}"#, false, "difference-above-limit"),
    ] {
        assert_eq!(with(differences), (is_booked, code.to_owned()), "{differences}");
    }
}

#[test]
fn a_correction_product_with_vat_or_none_leaves_the_draft() {
    for change in [
        (|world: &mut World| world.catalogue.products.get_mut("afrunding").expect("product").group = 1)
            as fn(&mut World),
        |world: &mut World| {
            world.catalogue.products.remove("afrunding");
        },
    ] {
        let plan = one_oere_off(r#"{"document":{"kind":"booked-invoice"}}"#).with(change).plan();
        assert_eq!(plan.document_step().expect("a document").document.kind, DocumentKind::DraftInvoice);
        assert_eq!(plan.warnings.last().map(|reason| reason.code.as_str()), Some("no-correction-product"));
    }
}

#[test]
fn an_ignored_difference_is_accepted_when_the_target_answers_as_predicted() {
    let plan =
        one_oere_off(r#"{"document":{"kind":"booked-invoice"},"differences":{"mode":"ignore"}}"#).plan();
    let expected = plan.document_step().expect("a document").document.expected;
    assert!(matches!(judge(&plan, &expected), Verdict::Accepted(_)));
}

#[test]
fn an_answer_in_another_currency_is_never_booked() {
    let plan = World::of(plain_order()).plan();
    let euro = |text: &str| money(text, "EUR");
    let answered = Totals { net: euro("199.12"), vat: euro("49.78"), gross: euro("248.90") };
    assert!(
        matches!(judge(&plan, &answered), Verdict::Differs(reason) if reason.code == "answer-in-other-currency")
    );
}

#[test]
fn a_net_that_does_not_divide_is_split_so_that_stock_stays_right() {
    for (quantity, net, expected) in [
        ("3", "79.99", "2 x 26.66, 1 x 26.67"),
        ("3", "80.01", "3 x 26.67"),
        ("1000", "0.05", "995 x 0.00, 5 x 0.01"),
        ("0.5", "10.01", "0.5 x 20.02"),
        ("1.5", "100.00", "1 x 66.67, 0.5 x 66.66"),
        ("2.25", "100.00", "1 x 44.44, 1 x 44.45, 0.25 x 44.44"),
        ("0.333", "10.00", "1 x 10.00"),
        ("0.3", "10.01", "1 x 10.01"),
    ] {
        let world = World::of(order_in("DKK", "DK", vec![goods("TEA-0", quantity, net, "0", "0.00")]));
        let document = world.document();
        let told: Vec<String> = document
            .lines
            .iter()
            .map(|line| format!("{} x {}", line.quantity, line.unit_net_price))
            .collect();
        assert_eq!(told.join(", "), expected, "{quantity} at {net}");
        assert_eq!(document.expected.net, dkk(net));
    }
}
