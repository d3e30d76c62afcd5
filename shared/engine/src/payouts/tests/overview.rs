//! What a flow's payouts come to, in every model of bookkeeping; and the interim account proved against what a person entered on it.

use connectors::journals::{EntryOrigin, LedgerEntry};
use domain::Money;
use domain::money::Currency;
use domain::payout::PayoutState;
use futures::executor::block_on;
use jiff::civil::{Date, date};

use super::world::{DAY, SETTINGS, World, id, merchant, report};
use crate::memory::Fate;
use crate::payouts::{InterimView, OpenItem, PayoutOverview};

const INTERIM: u32 = 5830;
/// Day of every order and document of the world.
const SOLD: Date = date(2026, 2, 2);

/// Two orders that were paid online, each with its invoice of 250.00 on the interim account.
fn world(settings: &str) -> World {
    let world = World::new(settings, 0);
    for number in [1, 2] {
        world.book(1_000 + number, 10_000 + number, &[&format!("ch_{number}")]);
        enter(&world, 10_000 + number, SOLD, EntryOrigin::Document, 25_000);
    }
    world
}

/// Something is entered on the interim account.
fn enter(world: &World, voucher: u32, day: Date, origin: EntryOrigin, minor: i64) {
    let entry = LedgerEntry {
        number: u64::from(voucher),
        account: INTERIM,
        voucher: Some(voucher),
        day,
        amount: Money::from_minor(minor, Currency::DKK),
        text: "Entered".to_owned(),
        origin,
        customer: None,
        document: (origin == EntryOrigin::Document).then_some(u64::from(voucher)),
        remainder: None,
    };
    world.books.by_hand.lock().expect("not poisoned").push(entry);
}

fn post(world: &World, payout: &str, orders: &[u32]) {
    world.take_in(&format!("{payout}.json"), report(payout, orders).as_bytes()).expect("it is taken in");
    let record = world.work(&id(payout)).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    world.approve(&id(payout), "bookkeeper").expect("it is approved");
    let record = world.work(&id(payout)).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
}

fn overview(world: &World, from: Date) -> PayoutOverview {
    let on = date(2026, 2, 20);
    block_on(world.engine().overview(&merchant(), "stripe", from, on)).expect("an overview")
}

fn interim(world: &World) -> InterimView {
    // The invoices are older than the first day that is told of.
    let mut view = overview(world, date(2026, 2, 8));
    assert_eq!((view.interim.len(), view.to_come.len()), (1, 0), "one currency, on the account");
    view.interim.remove(0)
}

fn minor(items: &[OpenItem]) -> Items<'_> {
    items.iter().map(|item| (item.item.as_str(), item.amount.minor())).collect()
}

/// Items with what is open of each, in minor units.
type Items<'a> = Vec<(&'a str, i64)>;

/// Balance, difference, what is captured and what was paid without having been booked.
fn proved(view: &InterimView) -> (i64, i64, Items<'_>, Items<'_>) {
    let (captured, without) = (minor(&view.captured), minor(&view.paid_without_booking));
    (view.balance.minor(), view.difference.minor(), captured, without)
}

#[test]
fn what_a_person_entered_on_the_interim_account_is_a_difference() {
    let world = world(SETTINGS);
    post(&world, "po_1", &[1_001]);
    assert_eq!(proved(&interim(&world)), (25_000, 0, vec![("10002", 25_000)], vec![]));
    enter(&world, 900, DAY, EntryOrigin::Voucher, 10_000);
    enter(&world, 901, DAY, EntryOrigin::Payment, -3_000);
    let view = interim(&world);
    assert_eq!(proved(&view), (32_000, 7_000, vec![("10002", 25_000)], vec![]));
    assert_eq!(minor(&view.unexplained), [("#900", 10_000), ("#901", -3_000)]);
}

#[test]
fn more_of_a_document_than_it_comes_to_is_a_difference() {
    let world = world(SETTINGS);
    enter(&world, 10_002, DAY, EntryOrigin::Document, 1_000);
    let view = interim(&world);
    assert_eq!((view.balance.minor(), view.difference.minor()), (51_000, 1_000));
}

#[test]
fn a_payment_by_a_documents_own_term_is_the_documents() {
    let world = world(SETTINGS);
    world.book(1_003, 10_003, &["ch_3"]);
    enter(&world, 10_003, SOLD, EntryOrigin::Payment, 25_000);
    let view = interim(&world);
    assert_eq!((view.difference.minor(), view.captured.len()), (0, 3), "{view:?}");
}

#[test]
fn a_voucher_of_bogbros_that_is_missing_in_the_ledger_is_a_difference() {
    let world = world(SETTINGS);
    post(&world, "po_1", &[1_001]);
    world.books.vouchers.lock().expect("not poisoned").clear();
    assert_eq!(interim(&world).difference.minor(), 25_000);
}

#[test]
fn sums_in_one_entry_pay_the_documents_that_the_payout_paid() {
    let world = world(&SETTINGS.replacen('{', r#"{ "model": "lump","#, 1));
    post(&world, "po_1", &[1_001]);
    assert_eq!(proved(&interim(&world)), (25_000, 0, vec![("10002", 25_000)], vec![]));
}

#[test]
fn what_was_undone_and_taken_up_again_is_known_as_bogbros_own() {
    let world = world(SETTINGS);
    post(&world, "po_1", &[1_001]);
    world.reverse(&id("po_1"), "anna").expect("it is taken");
    world.work(&id("po_1")).expect("it is undone");
    let both = vec![("10001", 25_000), ("10002", 25_000)];
    assert_eq!(proved(&interim(&world)), (50_000, 0, both.clone(), vec![]));
    assert_eq!(overview(&world, SOLD).payouts, 0, "it does not stand any more");
    block_on(world.engine().reopen(&world.attempt(&id("po_1")), "anna", "anew")).expect("it is taken up");
    world.work(&id("po_1")).expect("it is matched");
    let view = interim(&world);
    assert_eq!((proved(&view), view.unexplained.len()), ((50_000, 0, both, vec![]), 0));
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    world.work(&id("po_1")).expect("it is posted");
    assert_eq!(proved(&interim(&world)), (25_000, 0, vec![("10002", 25_000)], vec![]));
}

#[test]
fn a_payout_that_was_set_aside_is_not_counted() {
    let world = world(SETTINGS);
    post(&world, "po_1", &[1_001]);
    world.take_in("po_2.json", report("po_2", &[1_001]).as_bytes()).expect("it is taken in");
    let record = world.work(&id("po_2")).expect("it shares a line");
    assert!(record.overlap.is_some());
    let paid = |view: &PayoutOverview| -> Vec<(String, String, i64)> {
        let of = |paid: &crate::payouts::PaidOutView| {
            (paid.document.clone(), paid.payout.clone(), paid.amount.minor())
        };
        view.paid_out.iter().map(of).collect()
    };
    let sales = |view: &PayoutOverview| view.fees.iter().map(|fee| fee.sales.minor()).sum::<i64>();
    assert_eq!(sales(&overview(&world, SOLD)), 50_000, "nobody has judged it yet");
    block_on(world.engine().dismiss(&world.attempt(&id("po_2")), "anna", "superfluous")).expect("set aside");
    let view = overview(&world, SOLD);
    assert_eq!((view.payouts, sales(&view)), (1, 25_000));
    assert_eq!(paid(&view), [("10001".to_owned(), "po_1".to_owned(), 25_000)], "the invoice is paid out");
}

#[test]
fn without_an_interim_account_it_is_told_by_documents_and_what_was_paid_of_them() {
    let customer = SETTINGS.replace("\"receivable\": 5830", "\"receivable-customer\": 9001");
    let open = SETTINGS.replacen('{', r#"{ "model": "open-invoices","#, 1);
    for settings in [customer, open] {
        let world = world(&settings);
        // An order that was not paid online is no acquirer's.
        world.book(1_003, 10_003, &[]);
        post(&world, "po_1", &[1_001]);
        let view = overview(&world, SOLD);
        assert!(view.interim.is_empty());
        let [to_come] = view.to_come.as_slice() else { panic!("one currency: {:?}", view.to_come) };
        assert_eq!((to_come.sum.minor(), minor(&to_come.captured)), (25_000, vec![("10002", 25_000)]));
        let aged: Vec<u64> = to_come.ageing.iter().map(|age| age.count).collect();
        assert_eq!(aged, [0, 0, 0, 1, 0], "18 days old");
        assert!(overview(&world, date(2026, 2, 3)).to_come.is_empty(), "orders since that day");
    }
}

#[test]
fn what_a_person_booked_of_a_payout_is_the_payouts_and_pays_its_documents() {
    let world = world(SETTINGS);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    world.work(&id("po_1")).expect("it is matched");
    // 1.00 too little, and a voucher of something else.
    enter(&world, 71, DAY, EntryOrigin::Voucher, -24_900);
    enter(&world, 72, DAY, EntryOrigin::Voucher, 500);
    assert_eq!(interim(&world).unexplained.len(), 2);
    let booked = world.engine();
    let attempt = world.attempt(&id("po_1"));
    block_on(booked.booked(&attempt, "anna", "71", "booked by hand")).expect("it is recognised");
    let view = interim(&world);
    assert_eq!(minor(&view.unexplained), [("#72", 500)], "only what is another's");
    let open = vec![("10002", 25_000), ("#po_1", 100)];
    assert_eq!(proved(&view), (25_600, 500, open, vec![]), "what it left of its document shows");
}

#[test]
fn what_is_paid_out_after_the_day_was_to_come_on_it() {
    let world = world(&SETTINGS.replacen('{', r#"{ "model": "open-invoices","#, 1));
    post(&world, "po_1", &[1_001]);
    let on = |day: Date| {
        let view = block_on(world.engine().overview(&merchant(), "stripe", SOLD, day)).expect("an overview");
        view.to_come.iter().map(|to_come| to_come.sum.minor()).sum::<i64>()
    };
    assert_eq!((on(date(2026, 2, 8)), on(DAY)), (50_000, 25_000));
}

#[test]
fn what_gift_cards_paid_of_an_order_is_to_come_from_nobody() {
    let world = world(&SETTINGS.replacen('{', r#"{ "model": "open-invoices","#, 1));
    let kroner = |minor| Money::from_minor(minor, Currency::DKK);
    world.book_with_gift_card(1_004, 10_004, kroner(45_000), kroner(20_000));
    let to_come = |world: &World| {
        let view = overview(world, SOLD).to_come;
        let of = |item: &OpenItem| (item.item == "10004").then_some(item.amount.minor());
        view.iter().flat_map(|one| &one.captured).find_map(of)
    };
    assert_eq!(to_come(&world), Some(25_000));
    post(&world, "po_1", &[1_004]);
    let record = world.work(&id("po_1")).expect("nothing is to be done");
    assert_eq!(record.figures.states.get("exact"), Some(&1), "{:?}", record.figures.states);
    assert_eq!(to_come(&world), None, "all that a card paid of it is paid out");
}

#[test]
fn what_was_posted_is_told_without_reading_its_plan_or_its_report() {
    let world = world(SETTINGS);
    world.book(1_003, 10_003, &["ch_3"]);
    enter(&world, 10_003, SOLD, EntryOrigin::Document, 25_000);
    post(&world, "po_1", &[1_001]);
    post(&world, "po_2", &[1_002]);
    world.reverse(&id("po_2"), "anna").expect("it is taken");
    world.work(&id("po_2")).expect("it is undone");
    let reads_neither = |call: &str| match call {
        "payout_plan" | "file" => Fate::FailsBefore,
        _ => Fate::Works,
    };
    world.payouts.set_faults(Box::new(reads_neither));
    let by_summaries = overview(&world, SOLD);
    assert_eq!(by_summaries.fees.iter().map(|fee| fee.sales.minor()).sum::<i64>(), 25_000);
    assert_eq!(by_summaries.interim[0].difference.minor(), 0);
    // What was posted before there were summaries is read as it was, and is summed up by that.
    world.payouts.set_faults(Box::new(|_| Fate::Works));
    world.payouts.lose_summaries();
    assert_eq!(overview(&world, SOLD), by_summaries);
    world.payouts.set_faults(Box::new(|call| match call {
        "payout_plan" => Fate::FailsBefore,
        _ => Fate::Works,
    }));
    assert_eq!(overview(&world, SOLD), by_summaries);
}

#[test]
fn what_another_acquirer_pays_out_is_not_to_come_from_this_one() {
    let methods = SETTINGS.replacen('{', r#"{ "matching": { "methods": ["Stripe"] },"#, 1);
    let open = methods.replacen('{', r#"{ "model": "open-invoices","#, 1);
    let kroner = |minor| Money::from_minor(minor, Currency::DKK);
    let booked = |settings: &str| {
        let world = World::new(settings, 0);
        let several: &[_] = &[("stripe", Some(25_000)), ("klarna", Some(7_000))];
        world.book_paid_by(1_001, 10_001, kroner(25_000), &[("stripe", None)]);
        world.book_paid_by(1_002, 10_002, kroner(25_000), &[("klarna", None)]);
        world.book_paid_by(1_003, 10_003, kroner(32_000), several);
        world
    };
    let world = booked(&open);
    // One that was booked before its methods were kept.
    world.book(1_004, 10_004, &["ch_4"]);
    let to_come = |world: &World| {
        let view = overview(world, SOLD);
        let items = view.to_come.iter().flat_map(|one| &one.captured);
        let items: Vec<(String, i64)> = items.map(|item| (item.item.clone(), item.amount.minor())).collect();
        (items, view.left_out)
    };
    let (items, left_out) = to_come(&world);
    let all = [("10001", 25_000), ("10003", 25_000), ("10004", 25_000)];
    assert_eq!(items, all.map(|(number, minor)| (number.to_owned(), minor)));
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    assert!(left_out[0].starts_with("1 orders do not say"), "{left_out:?}");
    post(&world, "po_1", &[1_001]);
    // The other acquirer has paid its part of the shared order.
    let other = crate::payouts::record::PaidBefore {
        document: "10003".to_owned(),
        payout: "another".to_owned(),
        amount: kroner(7_000),
    };
    let agreement = domain::AgreementId::new("424242");
    block_on(crate::payouts::PayoutStore::put_paid(&world.payouts, &merchant(), &agreement, &[other]))
        .expect("it is kept");
    assert_eq!(
        to_come(&world).0,
        all[1..].iter().map(|(number, minor)| ((*number).to_owned(), *minor)).collect::<Vec<_>>()
    );

    let world = booked(&methods);
    for (voucher, minor) in [(10_001, 25_000), (10_002, 25_000), (10_003, 32_000)] {
        enter(&world, voucher, SOLD, EntryOrigin::Document, minor);
    }
    let view = interim(&world);
    let own = vec![("10001", 25_000), ("10003", 32_000)];
    assert_eq!(proved(&view), (82_000, 0, own, vec![]), "the account is proved whole");
    assert_eq!(minor(&view.of_others), [("10002", 25_000)]);
    assert_eq!(view.ageing.iter().map(|age| age.count).sum::<u64>(), 2);
}

#[test]
fn flows_that_share_an_interim_account_know_each_others_payouts() {
    let world = world(SETTINGS);
    post(&world, "po_1", &[1_001]);
    let on = date(2026, 2, 20);
    let view = block_on(world.engine().overview(&merchant(), "clearhaus", SOLD, on)).expect("an overview");
    assert_eq!(proved(&view.interim[0]), (25_000, 0, vec![("10002", 25_000)], vec![]));
    assert_eq!(view.payouts, 0, "it is not this flow's");
}

#[test]
fn what_was_undone_after_the_day_was_paid_on_it() {
    let world = world(&SETTINGS.replacen('{', r#"{ "model": "open-invoices","#, 1));
    post(&world, "po_1", &[1_001]);
    let undo = world.engine();
    block_on(undo.reverse(&world.attempt(&id("po_1")), "anna", "wrong", date(2026, 2, 15))).expect("taken");
    let record = world.work(&id("po_1")).expect("it is undone");
    assert_eq!(record.approval.state(), PayoutState::Reversed, "{:?}", record.reasons);
    let on = |day: Date| {
        let view = block_on(world.engine().overview(&merchant(), "stripe", SOLD, day)).expect("an overview");
        let to_come = view.to_come.iter().map(|to_come| to_come.sum.minor()).sum::<i64>();
        (to_come, view.payouts, view.paid_out.len())
    };
    assert_eq!(on(date(2026, 2, 8)), (50_000, 0, 0), "before it was paid");
    assert_eq!(on(date(2026, 2, 14)), (25_000, 1, 1));
    assert_eq!(on(date(2026, 2, 15)), (50_000, 0, 0));
}
