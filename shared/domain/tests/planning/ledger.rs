//! Conservation: whatever happens to an order, in whatever order it is seen, booked less credited is what the shop says.
//!
//! Random lives of orders: edits, refunds of lines and of amounts, cancellation and its undoing. After each step the planner is asked
//! until it has nothing more to do, and what it planned is booked as planned.

use std::collections::BTreeSet;

use domain::{Decision, Money, Refund, RefundLine};

use crate::credits::by_amount;
use crate::world::*;

/// What is a rounding and what is not is told elsewhere: here every document is booked.
const SETTINGS: &str = r#"{"document":{"kind":"booked-invoice"},"differences":{"limit":"0.50"}}"#;

/// A small generator of the test's own: the same seed is the same life on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn minor(&mut self, bound: u64) -> i64 {
        i64::try_from(1 + self.below(bound)).expect("it fits")
    }
}

fn øre(minor: i64) -> Money {
    Money::from_minor(minor, domain::Currency::DKK)
}

/// A line of goods at 25 % or no VAT.
fn any_line(random: &mut Random, id: usize) -> domain::order::OrderLine {
    let (sku, rate) = [("MUG-1", 25), ("TEA-0", 0)][usize::try_from(random.below(2)).expect("it fits")];
    let quantity = 1 + random.below(5);
    let net = random.minor(40_000);
    let vat = (net * rate + 50) / 100;
    let mut line = goods(sku, &quantity.to_string(), "1.00", &rate.to_string(), "0.00");
    line.id = format!("line-{id}");
    line.net = øre(net);
    line.net_before_discount = line.net;
    line.vat[0].amount = øre(vat);
    line
}

fn total_up(order: &mut domain::Order) {
    let sum = |amounts: Vec<Money>| Money::sum(order.currency, amounts).expect("a sum");
    let net = sum(order.lines.iter().map(|line| line.net).collect());
    order.total_vat =
        sum(order.lines.iter().flat_map(|line| line.vat.iter().map(|vat| vat.amount)).collect());
    order.total = net.plus(order.total_vat).expect("a sum");
}

fn refunded(order: &domain::Order) -> i64 {
    order.refunds.iter().map(|refund| refund.total.minor()).sum()
}

/// One thing that the shop's staff does.
fn happen(order: &mut domain::Order, random: &mut Random, step: usize) {
    let left = order.total.minor() - refunded(order);
    match random.below(6) {
        0 => {
            order.lines.push(any_line(random, 100 + step));
            total_up(order);
        }
        1 if order.refunds.is_empty() && order.lines.len() > 1 => {
            let place = usize::try_from(random.below(order.lines.len() as u64)).expect("it fits");
            order.lines.remove(place);
            total_up(order);
        }
        2 if left > 1 => {
            let total = øre(
                1 + i64::try_from(random.below(u64::try_from(left).expect("it fits"))).expect("it fits"),
            );
            let refund = Refund { id: format!("{}", 1000 + step), total, ..by_amount("1.00") };
            order.refunds.push(refund);
        }
        3 => {
            let place = usize::try_from(random.below(order.lines.len() as u64)).expect("it fits");
            let line = &order.lines[place];
            let vat = line.vat[0].amount;
            let gross = line.net.minor() + vat.minor();
            let again = order.refunds.iter().flat_map(|refund| &refund.lines);
            let mut again = again.filter(|known| known.order_line.as_ref() == Some(&line.id));
            if gross > 0 && gross <= left && again.next().is_none() {
                // Now and then a fee for the return is kept.
                let kept = if random.below(3) == 0 { gross / 5 } else { 0 };
                order.refunds.push(Refund {
                    id: format!("{}", 1000 + step),
                    total: øre(gross - kept),
                    lines: vec![RefundLine {
                        order_line: Some(line.id.clone()),
                        name: line.name.clone(),
                        quantity: line.quantity,
                        net: line.net,
                        vat,
                        restocked: [None, Some(true), Some(false)][place % 3],
                    }],
                    ..by_amount("1.00")
                });
            }
        }
        4 => order.cancelled = random.below(4) == 0,
        _ => order.tags.push("set".to_owned()),
    }
}

/// Plans and books until nothing is left to do; the sum of what was booked.
fn settle(mut world: World, booked: &mut i64, keys: &mut BTreeSet<String>, number: &mut u64) -> World {
    for _ in 0..12 {
        let plan = match world.decide() {
            Decision::Skip(_) => return world,
            Decision::Hold(reason) => panic!("held: {reason:?}"),
            Decision::Transfer(plan) => *plan,
        };
        let stored = serde_json::to_string(&plan).expect("it has a JSON form");
        let read: domain::Plan = serde_json::from_str(&stored).expect("it is read again");
        assert_eq!(read.hash(), plan.hash(), "a plan is read as it was stored");
        let step = plan.document_step().expect("a document");
        assert!(keys.insert(step.key.to_string()), "the key {} comes twice", step.key);
        assert_eq!(step.document.kind.is_credit_note(), plan.expected.gross.is_negative());
        *booked += plan.expected.gross.minor();
        *number += 1;
        let number = *number;
        world = world.carried_out(plan, number);
    }
    panic!("the planner does not come to rest");
}

#[test]
fn booked_less_credited_is_what_the_shop_says_after_every_step_of_every_life() {
    let mut credited = 0;
    for seed in 1..=600 {
        let mut random = Random(seed);
        let lines =
            (0..1 + random.below(4)).map(|id| any_line(&mut random, usize::try_from(id).expect("it fits")));
        let first = World::of(order_in("DKK", "DK", lines.collect())).with_settings(SETTINGS);
        let plan = first.plan();
        let first = first.carried_out(plan, 10_001);
        let mut booked = first.order.total.minor();
        let (mut keys, mut number) = (BTreeSet::new(), 10_001);
        let mut world = first;
        for step in 0..8 {
            for part in 0..1 + random.below(3) {
                let part = usize::try_from(part).expect("it fits");
                happen(&mut world.order, &mut random, step * 10 + part);
            }
            world = settle(world, &mut booked, &mut keys, &mut number);
            let owed =
                if world.order.cancelled { 0 } else { world.order.total.minor() - refunded(&world.order) };
            assert_eq!(booked, owed, "seed {seed}, step {step}");
        }
        credited += keys.len();
    }
    assert!(credited > 2_000, "only {credited} documents followed an invoice");
}

/// A refund of a line that nothing was given back of yet, or of an amount; so much of the money goes onto the gift card.
fn give_back(order: &mut domain::Order, random: &mut Random, step: usize, card_left: &mut i64) {
    let left = order.total.minor() - refunded(order);
    let share =
        |random: &mut Random, of: i64| i64::try_from(random.below(u64::try_from(of + 1).expect("it fits")));
    let mut refund = Refund { id: format!("{}", 1000 + step), ..by_amount("1.00") };
    let line = &order.lines[step % order.lines.len()];
    let (gross, again) = (
        line.net.minor() + line.vat[0].amount.minor(),
        order
            .refunds
            .iter()
            .flat_map(|refund| &refund.lines)
            .any(|known| known.order_line.as_ref() == Some(&line.id)),
    );
    if step < 5 && random.below(2) == 0 && gross <= left && !again {
        refund.total = øre(gross);
        refund.lines = vec![RefundLine {
            order_line: Some(line.id.clone()),
            name: line.name.clone(),
            quantity: line.quantity,
            net: line.net,
            vat: line.vat[0].amount,
            restocked: [None, Some(false)][step % 2],
        }];
    } else {
        // The last one gives back the rest.
        refund.total = øre(if step == 5 { left } else { share(random, left).expect("it fits") });
    }
    let total = refund.total.minor();
    let least = (total - (left - *card_left)).max(0);
    let onto = least + share(random, total.min(*card_left) - least).expect("it fits");
    refund.to_gift_cards = øre(onto);
    *card_left -= onto;
    order.refunds.push(refund);
}

#[test]
fn orders_paid_by_gift_card_are_given_back_to_the_last_rate() {
    for seed in 1..=300 {
        let mut random = Random(seed);
        let lines =
            (0..1 + random.below(4)).map(|id| any_line(&mut random, usize::try_from(id).expect("it fits")));
        let mut world = World::of(order_in("DKK", "DK", lines.collect())).with_settings(SETTINGS);
        let total = world.order.total.minor();
        // Now and then all of it.
        let used =
            if random.below(4) == 0 { total } else { random.minor(u64::try_from(total).expect("it fits")) };
        let mut card = world.order.payments[0].clone();
        (card.gift_card, card.amount) = (true, øre(used));
        world.order.payments[0].amount = øre(total - used);
        world.order.payments.push(card);
        let plan = world.plan();
        let (mut net, mut vat) = (plan.expected.net, plan.expected.vat);
        world = world.carried_out(plan, 10_001);
        let mut card_left = used;
        for step in 0..6 {
            give_back(&mut world.order, &mut random, step, &mut card_left);
            let refund = world.order.refunds.last().expect("a refund");
            if refund.total.is_zero() {
                world.order.refunds.pop();
                continue;
            }
            let plan = world.plan();
            net = net.plus(plan.expected.net).expect("a sum");
            vat = vat.plus(plan.expected.vat).expect("a sum");
            let owed = total - refunded(&world.order) - card_left;
            assert_eq!(net.minor() + vat.minor(), owed, "seed {seed}, step {step}");
            world = world.carried_out(plan, 10_002 + step as u64);
            assert!(
                matches!(world.decide(), Decision::Skip(_)),
                "seed {seed}, step {step}: {:?}",
                world.decide()
            );
        }
        assert_eq!((net, vat, card_left), (øre(0), øre(0), 0), "seed {seed}");
    }
}
