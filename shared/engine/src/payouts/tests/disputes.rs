//! A dispute over several payouts: the sale in one, what is taken back in the next, and what is given back long after.

use domain::payout::{PayoutState, Target};

use super::world::{World, id, report};
use crate::payouts::record::PayoutRecord;

/// Disputes stand on the invoice, since no account of their own is named for them.
pub(super) const ON_THE_INVOICE: &str = r#"{
    "model": "open-invoices",
    "accounts": { "bank": 5820, "fees": 2950, "errors": 5860, "adjustments": 4380 },
    "voucher": { "journal": 3, "book": true }
}"#;

/// A payout of one line that moves this much of an order's payment, as a dispute.
pub(super) fn dispute(payout: &str, category: &str, minor: i64) -> String {
    let sold = report(payout, &[1_001]).replace("txn_1001", &format!("txn_{payout}_1"));
    let sold = sold.replace(
        "\"reporting_category\":\"charge\",\"type\":\"charge\"",
        &format!("\"reporting_category\":\"{category}\",\"type\":\"adjustment\""),
    );
    let sold = sold
        .replace("\"fee\":500", "\"fee\":0")
        .replace("\"amount\":500,\"type\":\"stripe_fee\"", "\"amount\":0,\"type\":\"stripe_fee\"");
    let sold = sold
        .replace("\"net\":24500", &format!("\"net\":{minor}"))
        .replace("\"amount\":25000,\"fee\"", &format!("\"amount\":{minor},\"fee\""));
    sold.replace("-24500", &(-minor).to_string()).replace("\"amount\":24500", &format!("\"amount\":{minor}"))
}

fn taken(world: &World, payout: &str, text: &str) -> PayoutRecord {
    world.take_in(&format!("{payout}.json"), text.as_bytes()).expect("it is taken in");
    world.work(&id(payout)).expect("it is matched")
}

fn post(world: &World, payout: &str) {
    world.approve(&id(payout), "bookkeeper").expect("it is approved");
    let record = world.work(&id(payout)).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{payout}: {:?}", record.reasons);
}

fn posted(world: &World, payout: &str, text: &str) {
    let record = taken(world, payout, text);
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{payout}: {:?}", record.reasons);
    post(world, payout);
}

/// What the vouchers move on the invoice, one amount for each entry.
fn on_the_invoice(world: &World) -> Vec<i64> {
    let vouchers = world.books.all();
    let entries = vouchers.iter().flat_map(|(_, kept)| kept.step.voucher.entries());
    let invoice = Target::Customer { number: 1_000, invoice: Some("10001".to_owned()) };
    entries.filter(|entry| entry.target == invoice).map(|entry| entry.amount.minor()).collect()
}

pub(super) fn reasons(record: &PayoutRecord) -> Vec<&str> {
    record.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn a_dispute_won_in_a_later_payout_is_given_back_to_the_invoice_and_only_once() {
    let world = World::new(ON_THE_INVOICE, 2);
    posted(&world, "po_1", &report("po_1", &[1_001]));
    posted(&world, "po_2", &dispute("po_2", "dispute", -25_000));
    posted(&world, "po_3", &report("po_3", &[1_002]));
    posted(&world, "po_4", &dispute("po_4", "dispute_reversal", 25_000));
    assert_eq!(on_the_invoice(&world), [-25_000, 25_000, -25_000], "paid, taken back and given back");
    let again = taken(&world, "po_5", &dispute("po_5", "dispute_reversal", 25_000));
    assert_eq!(reasons(&again), ["payout-lines-given-back"], "a second time it is not that dispute");
}

#[test]
fn two_payouts_that_give_the_same_back_are_not_both_posted_unseen() {
    let world = World::new(ON_THE_INVOICE, 1);
    posted(&world, "po_1", &report("po_1", &[1_001]));
    posted(&world, "po_2", &dispute("po_2", "dispute", -25_000));
    for payout in ["po_3", "po_4"] {
        taken(&world, payout, &dispute(payout, "dispute_reversal", 25_000));
    }
    world.approve(&id("po_4"), "bookkeeper").expect("it is approved");
    post(&world, "po_3");
    let second = world.work(&id("po_4")).expect("looked at");
    assert_eq!(reasons(&second), ["payout-paid-meanwhile"]);
    let second = world.work(&id("po_4")).expect("matched anew");
    assert_eq!(reasons(&second), ["payout-lines-given-back"]);
}

#[test]
fn what_was_booked_on_an_account_of_its_own_is_not_given_back_to_the_invoice() {
    let apart = ON_THE_INVOICE.replace("\"errors\"", "\"chargebacks\": 2951, \"errors\"");
    let mut world = World::new(&apart, 1);
    posted(&world, "po_1", &report("po_1", &[1_001]));
    posted(&world, "po_2", &dispute("po_2", "dispute", -25_000));
    world.settings = domain::settings::read_payout_settings(ON_THE_INVOICE).expect("the settings are sound");
    let won = taken(&world, "po_3", &dispute("po_3", "dispute_reversal", 25_000));
    assert_eq!(reasons(&won), ["payout-lines-given-back"], "it stands on the account of disputes");
}
