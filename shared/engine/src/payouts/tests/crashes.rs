//! Every call fails once, before and after it was applied; pairs of failures, too. In the end the payout is posted once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::payout::PayoutState;
use jiff::SignedDuration;

use super::world::{SETTINGS, World, id, merchant, report};
use crate::memory::{Fate, Faults};
use crate::payouts::PayoutFailure;
use crate::payouts::store::PayoutStore as _;

/// Twelve orders: at ten entries a voucher, the payout is posted in two parts through the transit account.
const ORDERS: u32 = 12;

/// Counts calls; those whose numbers are named fail so.
fn failing(calls: &Arc<AtomicUsize>, at: &[(usize, Fate)]) -> Faults {
    let (calls, at) = (Arc::clone(calls), at.to_vec());
    Box::new(move |_| {
        let number = calls.fetch_add(1, Ordering::Relaxed);
        at.iter().find(|(place, _)| *place == number).map_or(Fate::Works, |(_, fate)| *fate)
    })
}

/// Takes the report in, has it approved and posted, however often it fails. The number of calls that were made.
fn run(at: &[(usize, Fate)]) -> usize {
    let world = World::new(SETTINGS, ORDERS);
    let calls = Arc::new(AtomicUsize::new(0));
    world.payouts.set_faults(failing(&calls, at));
    *world.books.faults.lock().expect("not poisoned") = failing(&calls, at);
    let orders: Vec<u32> = (1_001..=1_000 + ORDERS).collect();
    let (file, id) = (report("po_1", &orders), id("po_1"));
    for _ in 0..60 {
        // Each attempt is another worker, after the lease of the one that died.
        world.clock.turn(600);
        let known = world.payouts.records().into_iter().find(|record| record.id == id);
        let state = known.as_ref().map(|record| record.approval.state());
        let outcome = match state {
            None => world.take_in("po_1.json", file.as_bytes()).map(|_| ()),
            Some(PayoutState::WaitingForApproval) => world.approve(&id, "bookkeeper").map(|_| ()),
            Some(PayoutState::Posted) if known.is_some_and(|record| record.open_posting().is_none()) => break,
            Some(_) => world.work(&id).map(|_| ()),
        };
        if let Err(PayoutFailure::Refused(reason)) = &outcome {
            panic!("{at:?}: refused: {reason:?}");
        }
    }
    let counted = calls.load(Ordering::Relaxed);
    world.payouts.set_faults(Box::new(|_| Fate::Works));
    posted_once(&world, at);
    counted
}

fn posted_once(world: &World, at: &[(usize, Fate)]) {
    let record = world.record(&id("po_1"));
    assert_eq!(record.approval.state(), PayoutState::Posted, "{at:?}: {:?}", record.reasons);
    assert!(record.open_posting().is_none(), "{at:?}: every step is done");
    let vouchers = world.books.all();
    assert_eq!(vouchers.len(), 2, "{at:?}: each part stands once");
    let mut keys: Vec<_> = vouchers.iter().map(|(_, kept)| kept.step.key.clone()).collect();
    keys.dedup();
    assert_eq!(keys.len(), 2, "{at:?}: under two keys");
    for (number, kept) in &vouchers {
        assert!(kept.booked, "{at:?}: voucher {number} is booked");
        assert_eq!(kept.files.len(), 1, "{at:?}: voucher {number} has its statement once");
    }
    let bank: i64 = vouchers
        .iter()
        .flat_map(|(_, kept)| kept.step.voucher.entries())
        .filter(|entry| entry.target == domain::payout::Target::Account(5820))
        .map(|entry| entry.amount.minor())
        .sum();
    assert_eq!(bank, i64::from(ORDERS) * 24_500, "{at:?}: the bank is debited what was paid");
    let documents: Vec<String> = (10_001..=10_000 + ORDERS).map(|number| number.to_string()).collect();
    let agreement = domain::AgreementId::new("424242");
    let paid = futures::executor::block_on(world.payouts.paid(&merchant(), &agreement, &documents));
    assert_eq!(paid.map(|all| all.len()), Ok(ORDERS as usize), "{at:?}: every invoice is paid once");
}

#[test]
fn a_payout_is_posted_once_wherever_one_call_fails() {
    let calls = run(&[]);
    assert!(calls > 40, "only {calls} calls were counted");
    for number in 0..calls {
        for fate in [Fate::FailsBefore, Fate::FailsAfter] {
            run(&[(number, fate)]);
        }
    }
}

#[test]
fn a_payout_is_posted_once_wherever_two_calls_fail() {
    let calls = run(&[]);
    // Every second pair keeps the test short; the pairs that share a step are all among them.
    for first in (0..calls).step_by(3) {
        for apart in [1, 2, 3, 5, 8, 13] {
            for (a, b) in [
                (Fate::FailsBefore, Fate::FailsAfter),
                (Fate::FailsAfter, Fate::FailsBefore),
                (Fate::FailsAfter, Fate::FailsAfter),
            ] {
                run(&[(first, a), (first + apart, b)]);
            }
        }
    }
}

/// Posts the payout without a failure, then undoes it, however often that fails. The number of calls that were made.
fn undo(at: &[(usize, Fate)]) -> usize {
    let world = World::new(SETTINGS, ORDERS);
    let orders: Vec<u32> = (1_001..=1_000 + ORDERS).collect();
    let id = id("po_1");
    world.take_in("po_1.json", report("po_1", &orders).as_bytes()).expect("it is taken in");
    world.work(&id).expect("it is matched");
    world.approve(&id, "bookkeeper").expect("it is approved");
    world.work(&id).expect("it is posted");
    let calls = Arc::new(AtomicUsize::new(0));
    world.payouts.set_faults(failing(&calls, at));
    *world.books.faults.lock().expect("not poisoned") = failing(&calls, at);
    for _ in 0..60 {
        world.clock.turn(600);
        let known = world.payouts.records().into_iter().find(|record| record.id == id).expect("it is kept");
        let outcome = match known.reversal {
            None => world.reverse(&id, "anna").map(|_| ()),
            Some(_) if known.approval.state() == PayoutState::Reversed => break,
            Some(_) => world.work(&id).map(|_| ()),
        };
        if let Err(PayoutFailure::Refused(reason)) = &outcome {
            panic!("{at:?}: refused: {reason:?}");
        }
    }
    let counted = calls.load(Ordering::Relaxed);
    world.payouts.set_faults(Box::new(|_| Fate::Works));
    let record = world.record(&id);
    assert_eq!(record.approval.state(), PayoutState::Reversed, "{at:?}: {:?}", record.reasons);
    let vouchers = world.books.all();
    assert_eq!(vouchers.len(), 4, "{at:?}: each part stands once, and is undone once");
    let mut sums = std::collections::BTreeMap::<String, i64>::new();
    for entry in vouchers.iter().flat_map(|(_, kept)| kept.step.voucher.entries()) {
        *sums.entry(format!("{:?}", entry.target)).or_default() += entry.amount.minor();
    }
    assert!(sums.values().all(|sum| *sum == 0), "{at:?}: {sums:?}");
    let documents: Vec<String> = (10_001..=10_000 + ORDERS).map(|number| number.to_string()).collect();
    let agreement = domain::AgreementId::new("424242");
    let paid = futures::executor::block_on(world.payouts.paid(&merchant(), &agreement, &documents));
    let paid = paid.expect("it is read");
    assert!(paid.iter().all(|paid| paid.amount.is_zero()), "{at:?}: every invoice is open again: {paid:?}");
    counted
}

#[test]
fn a_payout_is_undone_once_wherever_one_call_fails_and_its_invoices_are_open_again() {
    let calls = undo(&[]);
    assert!(calls > 30, "only {calls} calls were counted");
    for number in 0..calls {
        for fate in [Fate::FailsBefore, Fate::FailsAfter] {
            undo(&[(number, fate)]);
        }
    }
}

/// The journals are away for a day: it is told after an hour, tried all the same, and posted once when they are back.
#[test]
fn a_payout_that_cannot_be_posted_for_a_day_is_told_and_posted_afterwards() {
    let world = World::new(SETTINGS, ORDERS);
    let orders: Vec<u32> = (1_001..=1_000 + ORDERS).collect();
    let id = id("po_1");
    world.take_in("po_1.json", report("po_1", &orders).as_bytes()).expect("it is taken in");
    world.work(&id).expect("it is matched");
    world.approve(&id, "bookkeeper").expect("it is approved");
    let away: Faults = Box::new(|name| if name == "enter" { Fate::FailsBefore } else { Fate::Works });
    *world.books.faults.lock().expect("not poisoned") = away;
    let begun = crate::clock::Clock::now(&world.clock);
    let mut told_at = None;
    while crate::clock::Clock::now(&world.clock) < begun + SignedDuration::from_hours(24) {
        world.work(&id).expect("it waits");
        let record = world.record(&id);
        let now = crate::clock::Clock::now(&world.clock);
        let due = record.due_at.expect("it comes up again by itself");
        if record.reasons.iter().any(|reason| reason.code == "payout-delayed") {
            told_at.get_or_insert(now);
            assert!(record.needs_attention() && record.delayed.is_some_and(|delayed| delayed.since <= now));
        } else {
            assert_eq!(told_at, None, "what is told stays told while it lasts");
        }
        world.clock.turn(i64::from(i32::try_from(due.duration_since(now).as_secs()).expect("hours")) + 60);
    }
    let told_at = told_at.expect("the error report names it").duration_since(begun);
    assert!(told_at < SignedDuration::from_hours(3), "told after {told_at:?}");
    *world.books.faults.lock().expect("not poisoned") = Box::new(|_| Fate::Works);
    for _ in 0..6 {
        world.clock.turn(600);
        world.work(&id).expect("it goes on");
    }
    posted_once(&world, &[]);
    assert_eq!(world.record(&id).delayed, None);
}

#[test]
fn a_worker_that_was_overtaken_writes_nothing_more() {
    let world = World::new(SETTINGS, ORDERS);
    let orders: Vec<u32> = (1_001..=1_000 + ORDERS).collect();
    world.take_in("po_1.json", report("po_1", &orders).as_bytes()).expect("it is taken in");
    let id = id("po_1");
    let slow = world.attempt(&id);
    let claim = crate::payouts::record::PayoutClaim {
        id: id.clone(),
        token: slow.token.clone(),
        now: crate::clock::Clock::now(&world.clock),
        lease_until: slow.deadline + SignedDuration::from_secs(35),
    };
    let taken = futures::executor::block_on(world.payouts.claim_payout(&claim)).expect("taken");
    let crate::payouts::PayoutClaimed::Taken(stale) = taken else { panic!("it is free") };
    assert!(matches!(world.work(&id), Err(PayoutFailure::Held { .. })), "a live lease holds");
    world.clock.turn(600);
    world.work(&id).expect("the lease ended");
    let late = futures::executor::block_on(world.payouts.save_payout(&stale));
    assert_eq!(late, Err(crate::store::StoreFailure::Fenced));
}

/// What was posted after a backup is not known to the ledger that was restored from it, and comes in anew as if it were new.
#[test]
fn a_payout_that_was_posted_after_the_backup_is_found_again_and_not_posted_twice() {
    let mut world = World::new(SETTINGS, ORDERS);
    let orders: Vec<u32> = (1_001..=1_000 + ORDERS).collect();
    for restored in [false, true] {
        if restored {
            world = world.restored();
            assert!(world.payouts.records().is_empty(), "nothing is known of it");
        }
        world.clock.turn(600);
        world.take_in("po_1.json", report("po_1", &orders).as_bytes()).expect("it is taken in");
        world.work(&id("po_1")).expect("it is matched");
        world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
        world.work(&id("po_1")).expect("it is posted");
        posted_once(&world, &[]);
    }
}
