//! Lines that carry nothing but the acquirer's own references, whose orders a gateway knows. A gateway's word leads to one order or to
//! none, whichever of order, word and payout came first.

use domain::ConnectionId;
use domain::payout::PayoutState;
use futures::executor::block_on;

use super::references::{counted, without_orders};
use super::world::{SETTINGS, START, World, id, merchant};
use crate::payouts::route::PayoutConnections as _;
use crate::payouts::store::PayoutStore as _;
use crate::payouts::{OrderLink, PayoutRecord};

impl World {
    /// The gateway says of references which order and which of its payments they are of.
    fn learns(&self, said: &[(&str, &str, &str)]) {
        self.learns_of("gateway", said);
    }

    fn learns_of(&self, gateway: &str, said: &[(&str, &str, &str)]) {
        let link = |(reference, order, payment): &(&str, &str, &str)| OrderLink {
            connection: ConnectionId::new(gateway),
            reference: (*reference).to_owned(),
            order: (*order).to_owned(),
            payment: (*payment).to_owned(),
            learned_at: START,
        };
        let links: Vec<OrderLink> = said.iter().map(link).collect();
        block_on(self.payouts.put_links(&merchant(), &links)).expect("it is kept");
    }

    /// A payout comes in that names the charges of these orders only, and is looked at.
    fn is_paid_out(&self, orders: &[u32]) -> PayoutRecord {
        self.take_in("a.json", without_orders("po_1", orders).as_bytes()).expect("taken");
        self.work(&id("po_1")).expect("looked at")
    }
}

fn is_exact(record: &PayoutRecord, lines: u64) {
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!(record.figures.states.get("exact"), Some(&lines), "{:?}", record.figures.states);
    assert!(record.notes.iter().all(|note| note.code != "payout-links-unclear"), "{:?}", record.notes);
}

/// Nothing is matched, and it is said which reference could be of several orders.
fn is_unclear(record: &PayoutRecord) {
    assert_eq!(record.approval.state(), PayoutState::Matched, "{:?}", record.figures.states);
    assert_eq!(record.figures.states.get("not-found"), Some(&1), "{:?}", record.figures.states);
    let codes: Vec<&str> = record.notes.iter().map(|note| note.code.as_str()).collect();
    assert_eq!(codes, ["payout-links-unclear"]);
    assert_eq!(record.notes[0].fact("references"), "ch_2001");
}

fn with_matching(matching: &str) -> String {
    let settings = SETTINGS.trim_end().trim_end_matches('}');
    format!(r#"{settings}, "matching": {{ {matching} }} }}"#)
}

#[test]
fn a_gateways_word_leads_to_the_invoice_by_the_orders_number_or_by_the_payment_that_the_shop_knows() {
    for (order, known) in [("1", ""), ("#1", ""), ("1", "90001"), ("web-77", "90001"), ("", "90001")] {
        let world = World::new(SETTINGS, 0);
        let references: &[&str] = if known.is_empty() { &[] } else { &[known] };
        world.book(1, 20_001, references);
        world.book(2, 20_002, &["90002"]);
        world.learns(&[("ch_2001", order, "90001"), ("ch_2002", "2", "90002")]);
        is_exact(&world.is_paid_out(&[2_001, 2_002]), 2);
    }
}

#[test]
fn order_word_and_payout_may_come_in_any_order() {
    for sequence in [["order", "word", "payout"], ["word", "payout", "order"], ["payout", "order", "word"]] {
        let world = World::new(SETTINGS, 0);
        let mut record = None;
        for what in sequence {
            match what {
                "order" => world.book(1, 20_001, &[]),
                "word" => world.learns(&[("ch_2001", "1", "90001")]),
                _ => record = Some(world.is_paid_out(&[2_001])),
            }
        }
        let record = record.expect("it was paid out");
        if sequence[2] == "payout" {
            is_exact(&record, 1);
            continue;
        }
        assert_eq!(record.figures.states.get("not-found"), Some(&1), "{sequence:?}");
        assert_eq!(record.reasons[0].code, "payout-lines-not-found");
        is_exact(&world.work(&id("po_1")).expect("looked at again"), 1);
    }
}

#[test]
fn a_word_is_read_by_the_merchants_rules_for_order_numbers_as_they_are_now() {
    let world = World::new(&with_matching(r#""order-numbers": { "prefixes": ["W-"], "cut-after": "_" }"#), 0);
    world.book_numbered("1", 20_001);
    world.learns(&[("ch_2001", "W-1_ab12", "90001")]);
    is_exact(&world.is_paid_out(&[2_001]), 1);
}

#[test]
fn two_words_of_one_reference_that_name_different_orders_match_nothing() {
    // Also where only one of the orders is known, and where both amounts would fit.
    for orders in [&[1, 2][..], &[1][..]] {
        let world = World::new(SETTINGS, 0);
        for order in orders {
            world.book(*order, 20_000 + *order, &[]);
        }
        world.learns(&[("ch_2001", "1", "90001"), ("ch_2001", "2", "90002")]);
        is_unclear(&world.is_paid_out(&[2_001]));
    }
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &[]);
    world.learns(&[("ch_2001", "1", "90001"), ("ch_2001", "#1", "90002")]);
    is_exact(&world.is_paid_out(&[2_001]), 1);
}

#[test]
fn a_word_whose_number_and_payment_are_of_different_orders_matches_nothing() {
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &[]);
    world.book(2, 20_002, &["90001"]);
    world.learns(&[("ch_2001", "1", "90001")]);
    is_unclear(&world.is_paid_out(&[2_001]));
}

#[test]
fn a_number_of_two_shops_that_share_a_gateway_is_decided_by_the_payment_or_the_flows_shops_and_else_by_nobody()
 {
    let two_shops = |settings: &str, references: &[&str]| {
        let world = World::new(settings, 1);
        world.book_in("shopify:other.example", 1_001, 20_001, references);
        world.learns(&[("ch_2001", "1001", "90001")]);
        world.is_paid_out(&[2_001])
    };
    is_unclear(&two_shops(SETTINGS, &[]));
    is_exact(&two_shops(SETTINGS, &["90001"]), 1);
    is_exact(&two_shops(&with_matching(r#""shops": ["shopify:other.example"]"#), &[]), 1);
}

#[test]
fn one_payment_of_several_orders_is_of_all_of_them() {
    let world = World::new(&with_matching(r#""order-numbers": { "separator": "," }"#), 2);
    world.learns(&[("ch_2001", "1001,1002", "90001")]);
    let both = without_orders("po_1", &[2_001])
        .replace("\"amount\":25000,\"fee\":500,\"net\":24500", "\"amount\":50000,\"fee\":500,\"net\":49500")
        .replace("24500", "49500");
    world.take_in("a.json", both.as_bytes()).expect("taken");
    is_exact(&world.work(&id("po_1")).expect("matched"), 1);
}

#[test]
fn a_gateway_that_the_flow_does_not_name_is_not_believed() {
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &[]);
    world.learns_of("another", &[("ch_2001", "1", "90001")]);
    let record = world.is_paid_out(&[2_001]);
    assert_eq!(record.figures.states.get("not-found"), Some(&1));
    assert!(record.notes.is_empty());
}

#[test]
fn gateways_words_are_looked_up_only_where_nothing_else_was_found() {
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &["ch_2001"]);
    // The shop itself says that it is of the first.
    world.book(2, 20_002, &[]);
    world.learns(&[("ch_2001", "2", "90001")]);
    world.take_in("a.json", without_orders("po_1", &[2_001]).as_bytes()).expect("taken");
    let calls = counted(&world);
    let record = world.work(&id("po_1")).expect("matched");
    is_exact(&record, 1);
    let calls = calls.lock().expect("calls").clone();
    assert!(!calls.contains(&"links"), "{calls:?}");
    let plan = record.plan.expect("a plan waits");
    let kept = block_on(world.payouts.payout_plan(&id("po_1"), &plan.hash)).expect("it is kept");
    assert!(String::from_utf8_lossy(&kept).contains("20001"));
}

#[test]
fn an_order_that_the_ledger_knows_without_an_invoice_is_looked_for_in_the_books() {
    for (order, known) in [("#1", ""), ("web-77", "90001")] {
        let world = World::new(SETTINGS, 0);
        let references: &[&str] = if known.is_empty() { &[] } else { &[known] };
        world.know(1, references);
        world.learns(&[("ch_2001", order, "90001")]);
        let route = block_on(world.payout_route(&merchant(), "stripe")).expect("a route");
        let linked = block_on(world.engine().linked(&route, &["ch_2001".to_owned()]));
        let Ok(linked) = linked else { panic!("it is not looked up") };
        assert!(linked.leads.is_empty() && linked.found.is_empty(), "{linked:?}");
        let number = route.settings.matching.order_numbers.normal("#1").into_owned();
        assert_eq!(linked.unknown, [(number.into(), "ch_2001".into())], "{order}");
    }
}

#[test]
fn transactions_of_one_payment_under_one_reference_are_decided_by_the_one_that_the_shop_knows() {
    // Settled, settled further and refunded: a payment each, of which the shop knows the first.
    let words = [("ch_2001", "1001", "90001"), ("ch_2001", "1001", "90002"), ("ch_2001", "1001", "90003")];
    let world = World::new(SETTINGS, 1);
    world.book_in("shopify:other.example", 1_001, 20_001, &["90001"]);
    world.learns(&words);
    is_exact(&world.is_paid_out(&[2_001]), 1);
    // Under the gateway's own number.
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &["90001"]);
    world.learns(&words);
    is_exact(&world.is_paid_out(&[2_001]), 1);
    // The shops know one each: nobody says which.
    let world = World::new(SETTINGS, 0);
    world.book(1_001, 20_000, &["90002"]);
    world.book_in("shopify:other.example", 1_001, 20_001, &["90001"]);
    world.learns(&words);
    is_unclear(&world.is_paid_out(&[2_001]));
}
