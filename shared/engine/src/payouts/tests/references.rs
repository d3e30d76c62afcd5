//! Lines that carry nothing but the acquirer's own references: they lead to the orders that were paid under them, and never to one
//! of several.

use std::sync::{Arc, Mutex};

use domain::payout::PayoutState;

use super::world::{SETTINGS, World, id, report};
use crate::memory::Fate;

/// A report that says nothing of orders.
pub(super) fn without_orders(payout: &str, orders: &[u32]) -> String {
    let mut text = report(payout, orders);
    for order in orders {
        let named = format!(r#""metadata":{{"order_number":"{order}"}}"#);
        assert!(text.contains(&named));
        text = text.replace(&named, r#""metadata":{}"#);
    }
    text
}

/// Counts the calls of the payouts' store by name.
pub(super) fn counted(world: &World) -> Arc<Mutex<Vec<&'static str>>> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (of_store, of_books) = (Arc::clone(&calls), Arc::clone(&calls));
    world.payouts.set_faults(Box::new(move |name| {
        of_store.lock().expect("calls").push(name);
        Fate::Works
    }));
    *world.books.faults.lock().expect("faults") = Box::new(move |name| {
        of_books.lock().expect("calls").push(name);
        Fate::Works
    });
    calls
}

#[test]
fn a_line_with_only_the_acquirers_id_finds_its_invoice_exactly() {
    // The charge, and the intention that it belongs to: shops keep either.
    for reference in ["ch_2001", "pi_2001"] {
        let world = World::new(SETTINGS, 0);
        world.book(1, 20_001, &[reference, "another"]);
        world.book(2, 20_002, &["ch_2002"]);
        world.take_in("a.json", without_orders("po_1", &[2_001, 2_002]).as_bytes()).expect("taken");
        let calls = counted(&world);
        let record = world.work(&id("po_1")).expect("matched");
        assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
        assert_eq!(record.figures.states.get("exact"), Some(&2), "{:?}", record.figures.states);
        let calls = calls.lock().expect("calls").clone();
        assert!(!calls.contains(&"documents_page"), "the books are not looked through: {calls:?}");
        world.approve(&id("po_1"), "bookkeeper").expect("approved");
        world.work(&id("po_1")).expect("posted");
        let entries: Vec<_> = world
            .books
            .all()
            .into_iter()
            .flat_map(|(_, kept)| kept.step.voucher.entries().to_vec())
            .collect();
        for invoice in ["20001", "20002"] {
            let named = entries.iter().filter(|entry| entry.text.contains(invoice)).count();
            assert!(named > 0, "{invoice} stands on the voucher: {entries:?}");
        }
    }
}

/// A line of Swedbank Pay's list that says nothing of its order but the acquirer's own reference.
const ONLY_THE_ACQUIRERS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<SalesAccountedTransactions ContractingParty="Krus AB" AccountingNo="R77-0009" TotalNoOfTransactions="1" AccountingDate="2026-02-06" Version="2.0" xmlns="http://www.payex.com/xml/SalesAccountedTransactions%5B2.0%5D.xsd">
  <Summary Subsite=""><Currency Currency="DKK"><ServiceType ServiceType="Creditcard">
    <Service ServiceName="Card" NoOfDebit="1" NoOfCredit="0" Amount="250.00" FromDate="2026-02-01" ToDate="2026-02-04" />
  </ServiceType></Currency></Summary>
  <Currency Sum="250.00" Currency="DKK">
    <Transaction TransactionIdentity="" OrderIdentity="" Amount="250.00" Currency="DKK" DateCreated="2026-02-01 10:00:00" DateModified="2026-02-01 23:59:59" ServiceName="Card" Provider="Swedbank Pay" PayexTransactionNo="" PayexBatchNo="1" ExternalTransactionReference="74537604221341234567890" />
  </Currency>
</SalesAccountedTransactions>"#;

#[test]
fn a_line_with_only_the_acquirers_own_reference_finds_its_invoice_exactly() {
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &["74537604221341234567890"]);
    let file = crate::payouts::memory::MemoryFile::new(ONLY_THE_ACQUIRERS.as_bytes().to_vec());
    world.take_in_for("swedbank-pay", "r77.xml", &file).expect("it is taken in");
    let id = world.payouts.records().pop().expect("a payout").id;
    let record = world.work(&id).expect("it is matched");
    assert_eq!(record.figures.states.get("exact"), Some(&1), "{:?}", record.figures.states);
}

#[test]
fn references_are_asked_for_only_where_the_order_number_does_not_decide() {
    let world = World::new(SETTINGS, 3);
    world.take_in("a.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("taken");
    let calls = counted(&world);
    let record = world.work(&id("po_1")).expect("matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    let calls = calls.lock().expect("calls").clone();
    assert_eq!(calls.iter().filter(|name| **name == "booked_under").count(), 1, "{calls:?}");
}

#[test]
fn a_reference_of_two_orders_is_never_matched_with_one_of_them() {
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &["ch_2001"]);
    world.book(2, 20_002, &["ch_2001"]);
    world.take_in("a.json", without_orders("po_1", &[2_001]).as_bytes()).expect("taken");
    let record = world.work(&id("po_1")).expect("looked at");
    assert_eq!(record.approval.state(), PayoutState::Matched, "{:?}", record.figures.states);
    assert_eq!(record.figures.states.get("ambiguous"), Some(&1), "{:?}", record.figures.states);
    assert!(record.plan.is_none() && world.books.all().is_empty());
}

#[test]
fn one_payment_of_two_orders_pays_both() {
    let world = World::new(SETTINGS, 0);
    world.book(1, 20_001, &["ch_2001"]);
    world.book(2, 20_002, &["ch_2001"]);
    let both = without_orders("po_1", &[2_001])
        .replace("\"amount\":25000,\"fee\":500,\"net\":24500", "\"amount\":50000,\"fee\":500,\"net\":49500")
        .replace("24500", "49500");
    world.take_in("a.json", both.as_bytes()).expect("taken");
    let record = world.work(&id("po_1")).expect("matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!(record.figures.states.get("exact"), Some(&1), "{:?}", record.figures.states);
}

#[test]
fn a_number_of_two_shops_is_decided_by_the_reference() {
    let world = World::new(SETTINGS, 1);
    world.book_in("shopify:other.example", 1_001, 20_001, &["ch_1001"]);
    world.take_in("a.json", report("po_1", &[1_001]).as_bytes()).expect("taken");
    let record = world.work(&id("po_1")).expect("matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!(record.figures.states.get("exact"), Some(&1), "{:?}", record.figures.states);
}

#[test]
fn an_order_is_found_by_whatever_its_merchants_rules_make_the_same_number() {
    for (rules, in_the_shop, in_the_report) in [
        (r#""ignore-leading-zeros": true"#, "#0001001", "1001"),
        (r#""ignore-leading-zeros": true"#, "1001", "0001001"),
        (r#""ignore-case": true"#, "Web1001", "wEB1001"),
        (r#""cut-after": "-""#, "1001-x7", "1001-ab12"),
        (r#""cut-after": "-""#, "#1001", "1001-2"),
        (r#""suffixes": ["/DK"]"#, "#1001/DK", "1001"),
        (r#""prefixes": ["Order "], "suffixes": ["/DK"], "ignore-case": true"#, "Order Ab1001/DK", "ab1001"),
    ] {
        let settings = SETTINGS.trim_end().trim_end_matches('}');
        let settings = format!(r#"{settings}, "matching": {{ "order-numbers": {{ {rules} }} }} }}"#);
        let world = World::new(&settings, 0);
        world.book_numbered(in_the_shop, 20_001);
        let named = |order: &str| format!(r#""order_number":"{order}""#);
        let text = report("po_1", &[1_001]).replace(&named("1001"), &named(in_the_report));
        world.take_in("a.json", text.as_bytes()).expect("taken");
        let calls = counted(&world);
        let record = world.work(&id("po_1")).expect("matched");
        assert_eq!(record.figures.states.get("exact"), Some(&1), "{rules}: {:?}", record.figures.states);
        let calls = calls.lock().expect("calls").clone();
        assert!(!calls.contains(&"documents_page"), "{rules}: the books are not looked through");
    }
}
