//! What waits for the settings, the books or an invoice is looked at again by itself, and told of once.

use domain::Failure;
use domain::payout::PayoutState;
use domain::settings::read_payout_settings;
use jiff::SignedDuration;

use super::world::{SETTINGS, World, id, report};
use crate::held::{NIGHTS, Occasion};
use crate::payouts::PayoutRecord;
use crate::payouts::waiting::{comes_up, since};

const DAY: i64 = 24 * 3_600;

/// Settings under which a line without an invoice keeps the payout waiting.
const WAITS: &str = r#"{
    "model": "open-invoices",
    "accounts": { "bank": 5820, "receivable": 5830, "fees": 2950, "chargebacks": 2951, "reserves": 5840,
                  "errors": 5860, "transit": 5850, "differences": 4360, "adjustments": 4380 },
    "voucher": { "journal": 3, "book": true, "entries": 10 }
}"#;

fn by_night(world: &World, record: &PayoutRecord) -> bool {
    comes_up(record, Occasion::Night, crate::clock::Clock::now(&world.clock))
}

fn with_settings(world: &World, record: &PayoutRecord) -> bool {
    comes_up(record, Occasion::Settings, crate::clock::Clock::now(&world.clock))
}

fn codes(record: &PayoutRecord) -> Vec<&str> {
    record.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

/// A report that pays an invoice which is not booked yet.
fn before_its_invoice() -> (World, PayoutRecord) {
    let world = World::new(WAITS, 1);
    world.take_in("po_1.json", report("po_1", &[1_001, 1_002]).as_bytes()).expect("it is taken in");
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!(
        (record.approval.state(), codes(&record)),
        (PayoutState::Matched, vec!["payout-lines-not-found"])
    );
    (world, record)
}

#[test]
fn a_report_that_came_before_its_invoice_is_looked_at_each_night_and_goes_on_when_that_is_booked() {
    let (world, first) = before_its_invoice();
    assert_eq!(first.due_at, None, "nothing but the night brings it up");
    for _ in 0..3 {
        world.clock.turn(DAY);
        assert!(by_night(&world, &world.record(&id("po_1"))));
        let again = world.work(&id("po_1")).expect("it is looked at");
        assert_eq!(again.reasons, first.reasons);
        assert_eq!(since(&again), since(&first), "what still holds it is no news");
        assert_eq!(again.approval.moves(), first.approval.moves());
    }
    world.book(1_002, 10_002, &[]);
    let record = world.work(&id("po_1")).expect("it is planned");
    assert_eq!((record.approval.state(), record.trouble.as_ref()), (PayoutState::WaitingForApproval, None));
    assert!(!by_night(&world, &record) && !with_settings(&world, &record), "a person approves it");
}

#[test]
fn the_nights_end_and_a_change_of_the_settings_brings_it_up_all_the_same() {
    let (world, record) = before_its_invoice();
    world.clock.turn(NIGHTS * DAY);
    assert!(by_night(&world, &record));
    world.clock.turn(1);
    assert!(!by_night(&world, &record));
    assert!(with_settings(&world, &record));
}

#[test]
fn an_account_that_is_named_lets_the_payout_go_on() {
    let mut world = World::new(&SETTINGS.replace(r#""fees": 2950,"#, ""), 2);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!((codes(&record), record.due_at), (vec!["payout-account-missing"], None));
    assert!(with_settings(&world, &record));
    world.settings = read_payout_settings(SETTINGS).expect("the settings are sound");
    let record = world.work(&id("po_1")).expect("it is planned");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval);
}

#[test]
fn another_cause_is_news_and_a_look_that_is_broken_off_is_none() {
    let (world, first) = before_its_invoice();
    world.clock.turn(DAY);
    let busy = Failure::Busy { retry_after_ms: None, message: "for a moment".to_owned() };
    world.books.answer("entries_on", busy);
    let broken_off = world.work(&id("po_1")).expect("it waits");
    assert!(broken_off.due_at.is_some() && !by_night(&world, &broken_off), "it comes up soon");
    world.clock.turn(60);
    let again = world.work(&id("po_1")).expect("it is looked at");
    assert_eq!(since(&again), since(&first), "{again:?}");
    world.clock.turn(DAY);
    let rejected = Failure::Rejected { code: None, message: "no access to the ledger".to_owned() };
    world.books.answer("entries_on", rejected);
    let other = world.work(&id("po_1")).expect("it waits");
    assert_eq!(codes(&other), ["payout-rejected"]);
    assert!(since(&other) > since(&first) + SignedDuration::from_secs(DAY));
    assert!(by_night(&world, &other), "access is given in the books");
}

#[test]
fn what_waits_for_a_pause_goes_on_soon_after_it() {
    let world = World::new(SETTINGS, 2);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    world.books.answer("entries_on", Failure::Unauthorized { message: "the grant is gone".to_owned() });
    let record = world.work(&id("po_1")).expect("it waits");
    let wait = record.due_at.expect("it comes up").duration_since(record.updated_at);
    assert!(wait <= SignedDuration::from_mins(1), "{wait:?}");
}

#[test]
fn what_is_posted_or_in_work_is_not_brought_up() {
    let world = World::new(SETTINGS, 2);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("it is taken in");
    let new = world.record(&id("po_1"));
    assert!(!by_night(&world, &new), "it is due already");
    world.work(&id("po_1")).expect("it is planned");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    let posted = world.work(&id("po_1")).expect("it is posted");
    assert_eq!(posted.approval.state(), PayoutState::Posted);
    assert!(!by_night(&world, &posted) && !with_settings(&world, &posted));
    let (world, mut held) = before_its_invoice();
    held.lease_until = Some(crate::clock::Clock::now(&world.clock) + SignedDuration::from_secs(1));
    assert!(!by_night(&world, &held), "somebody works on it");
}
