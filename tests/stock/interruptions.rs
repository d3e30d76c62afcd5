//! A run may be interrupted anywhere: at every call and at every access to the ledger, before it and after it, with the
//! answer lost, or frozen until a newer run has been and gone. The next run converges, and no older reading is left standing
//! over a newer one.

use std::sync::atomic::Ordering;

use engine::stock::{StockOutcome, StockReport, StockTask};
use jiff::SignedDuration;

use crate::bench::{Ended, StockBench, Strike};
use crate::stories::world;
use crate::world::{To, lock};

const NUMBERS: [&str; 4] = ["A", "B", "C", "D"];
const SHOPS: [To; 2] = [To::WooCommerce, To::Shopify];

/// A shop that has been told everything, and two products that changed since.
fn changed(to: To) -> StockBench {
    let bench = StockBench::new(to, world(&NUMBERS));
    bench.run(StockTask::Changes).finished();
    bench.later(900);
    bench.count("A", 3);
    bench.count("C", 5);
    bench
}

/// Points that the run passes when nothing strikes.
fn points(to: To, fresh: bool) -> usize {
    let bench = if fresh { StockBench::new(to, world(&NUMBERS)) } else { changed(to) };
    bench.shared.points.set(None);
    bench.run(StockTask::Changes).finished();
    bench.shared.points.passed.load(Ordering::SeqCst)
}

fn shows(bench: &StockBench) -> Vec<Option<i64>> {
    NUMBERS.iter().flat_map(|number| bench.shows(number)).collect()
}

/// Lets the lease of a dead run end, and runs until one finishes.
fn converge(bench: &StockBench, what: &str) {
    bench.shared.points.set(None);
    for _ in 0..4 {
        bench.later(7_200);
        if let Ended::Outcome(StockOutcome::Finished(_)) = bench.run(StockTask::Changes) {
            return;
        }
    }
    panic!("{what}: no run finishes");
}

#[test]
fn a_run_that_is_interrupted_at_any_point_converges() {
    let mut runs = 0;
    for to in SHOPS {
        for fresh in [true, false] {
            let all = points(to, fresh);
            assert!(all >= 6, "{to:?}: {all} points");
            for at in 1..=all {
                for strike in [Strike::CrashBefore, Strike::CrashAfter, Strike::LoseAnswer, Strike::LoseCall]
                {
                    let what = format!("{to:?}, first run {fresh}, point {at} of {all}, {strike:?}");
                    let bench = if fresh { StockBench::new(to, world(&NUMBERS)) } else { changed(to) };
                    bench.shared.points.set(Some((at, strike)));
                    let ended = bench.run(StockTask::Changes);
                    let died = matches!(strike, Strike::CrashBefore | Strike::CrashAfter);
                    assert_eq!(matches!(ended, Ended::Died), died, "{what}: {ended:?}");
                    converge(&bench, &what);
                    let expected: Vec<Option<i64>> =
                        if fresh { [10; 4].map(Some).into() } else { [3, 10, 5, 10].map(Some).into() };
                    assert_eq!(shows(&bench), expected, "{what}");
                    // A change back to what was told before the interruption must be told too.
                    bench.count("A", 10);
                    bench.count("B", 1);
                    converge(&bench, &what);
                    assert_eq!(
                        (bench.shows("A"), bench.shows("B")),
                        (vec![Some(10)], vec![Some(1)]),
                        "{what}"
                    );
                    runs += 1;
                }
            }
        }
    }
    assert!(runs > 150, "{runs} runs");
}

#[test]
fn a_change_that_is_taken_back_before_the_next_run_is_told_after_an_interruption() {
    // The shop may show what the dead run wrote, although the accounts say again what was told before it.
    for to in SHOPS {
        let all = points(to, false);
        for at in 1..=all {
            for strike in [Strike::CrashBefore, Strike::CrashAfter, Strike::LoseAnswer] {
                let bench = changed(to);
                bench.shared.points.set(Some((at, strike)));
                let _ = bench.run(StockTask::Changes);
                bench.count("A", 10);
                bench.count("C", 10);
                converge(&bench, &format!("{to:?} {at} {strike:?}"));
                assert_eq!(shows(&bench), [10; 4].map(Some), "{to:?}, point {at} of {all}, {strike:?}");
            }
        }
    }
}

#[test]
fn a_frozen_run_never_leaves_its_older_reading_over_a_newer_one() {
    for to in SHOPS {
        let all = points(to, false);
        for at in 1..=all {
            let what = format!("{to:?}, frozen before point {at} of {all}");
            let bench = changed(to);
            bench.shared.points.set(Some((at, Strike::FreezeBefore)));
            let frozen = bench.work(StockTask::Changes, 60_000);
            let newer = async {
                // The frozen run's lease ends; the accounts change, and a newer run tells the shop.
                while !bench.shared.points.stopped.load(Ordering::SeqCst) {
                    futures::pending!();
                }
                *lock(&bench.shared.points.strike) = None;
                *lock(&bench.shared.now) += SignedDuration::from_secs(7_200);
                bench.count("A", 8);
                bench.count("D", 2);
                let work = bench.work(StockTask::Changes, 3_600_000);
                bench.shared.points.stopped.store(false, Ordering::SeqCst);
                let ended = bench.run_work(&work).await;
                bench.shared.points.thawed.store(true, Ordering::SeqCst);
                ended
            };
            let (older, newer) =
                futures::executor::block_on(futures::future::join(bench.run_work(&frozen), newer));
            newer.finished();
            assert!(!matches!(older, Ended::Died), "{what}");
            if to == To::Shopify {
                assert_eq!(
                    shows(&bench),
                    [8, 10, 5, 2].map(Some),
                    "{what}: a shop that compares keeps the newer one"
                );
            }
            converge(&bench, &what);
            assert_eq!(shows(&bench), [8, 10, 5, 2].map(Some), "{what}: {older:?}");
        }
    }
}

#[test]
fn an_older_reading_of_the_accounts_changes_nothing() {
    use domain::stock::{PlaceLevel, StockReading, StockState};
    let reading = |second: i64, units: i64| StockReading {
        product: "A".to_owned(),
        barred: false,
        changed_at: jiff::Timestamp::from_second(second).expect("a time"),
        places: vec![PlaceLevel { place: String::new(), available: units * 1_000, in_stock: units * 1_000 }],
    };
    let mut state = StockState::new();
    assert!(state.take_reading(reading(200, 5)));
    assert!(!state.take_reading(reading(100, 9)), "it was read late, and is older");
    assert_eq!(state.levels["A"].places[0].available, 5_000);
    assert!(state.take_reading(reading(200, 4)), "of one second, the one that came last");
    assert!(state.take_reading(reading(300, 9)));
}

#[test]
fn a_run_whose_time_is_up_goes_on_where_it_was() {
    for to in SHOPS {
        let numbers: Vec<String> = (0..2_600).map(|number| format!("N{number:05}")).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let bench = StockBench::new(to, world(&numbers));
        let mut rounds = 0;
        loop {
            rounds += 1;
            assert!(rounds < 60, "{to:?}: it never ends");
            // Forty seconds must be left for a call, so each run comes four or five calls further.
            match bench.run_for(StockTask::Changes, 40_045) {
                Ended::Outcome(StockOutcome::Finished(_)) => break,
                Ended::Outcome(StockOutcome::Stopped { .. }) => bench.later(300),
                other => panic!("{other:?}"),
            }
        }
        bench.later(300);
        assert_eq!(bench.run(StockTask::Changes).finished().different, 0, "{to:?}");
        assert!(rounds > 5, "{to:?}: {rounds} runs");
        assert_eq!(
            (bench.shows("N00000"), bench.shows("N02599")),
            (vec![Some(10)], vec![Some(10)]),
            "{to:?}"
        );
    }
}

#[test]
fn two_runs_at_a_time_are_one() {
    let bench = changed(To::WooCommerce);
    bench.shared.points.set(Some((4, Strike::CrashBefore)));
    assert!(matches!(bench.run(StockTask::Changes), Ended::Died));
    bench.shared.points.set(None);
    bench.calls();
    let second = bench.run(StockTask::Changes);
    assert!(matches!(second, Ended::Outcome(StockOutcome::Busy { .. })), "{second:?}");
    assert_eq!(bench.calls(), (0, 0), "the loser calls nobody");
}

/// A shop of which everything is read, broken off in the middle of its list: 600 products are more than a few calls show.
fn broken_off(to: To) -> StockBench {
    let numbers: Vec<String> = (0..600).map(|number| format!("N{number:05}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let bench = StockBench::new(to, world(&numbers));
    match bench.run_for(StockTask::Changes, 40_045) {
        Ended::Outcome(StockOutcome::Stopped { report, .. }) => {
            assert_eq!(report.read_products, 600, "{to:?}")
        }
        other => panic!("{to:?}: {other:?}"),
    }
    bench.later(300);
    bench
}

/// What a run says it did, whether it came to its end or not: a shop's budget may be spent before all is told.
fn report(ended: Ended) -> StockReport {
    match ended {
        Ended::Outcome(StockOutcome::Finished(report) | StockOutcome::Stopped { report, .. }) => report,
        other => panic!("{other:?}"),
    }
}

/// Runs until nothing is left to tell.
fn tell_all(bench: &StockBench) {
    for _ in 0..20 {
        bench.later(300);
        if let Ended::Outcome(StockOutcome::Finished(report)) = bench.run(StockTask::Changes)
            && report.different == 0
        {
            return;
        }
    }
    panic!("{:?}: there is always something to tell", bench.to);
}

/// The next run's list is refused where it was, and the one after reads all of it again.
fn is_read_anew(bench: &StockBench) {
    let to = bench.to;
    // The claim, the state, and the list where it was.
    bench.shared.points.set(Some((3, Strike::Refuse)));
    let refused = report(bench.run(StockTask::Changes));
    assert_eq!(refused.stopped.map(|reason| reason.code).as_deref(), Some("stock-rejected"), "{to:?}");
    bench.shared.points.set(None);
    bench.later(300);
    assert_eq!(report(bench.run(StockTask::Changes)).read_products, 600, "{to:?}");
}

#[test]
fn a_place_in_a_list_that_is_not_known_any_more_is_left_and_everything_read_anew() {
    for to in SHOPS {
        let bench = broken_off(to);
        is_read_anew(&bench);
        tell_all(&bench);
        assert_eq!(bench.shows("N00599"), [Some(10)], "{to:?}");

        // One that was asked for, although nothing else calls for it.
        assert_eq!(report(bench.run(StockTask::Changes)).read_products, 0, "{to:?}");
        bench.later(300);
        let asked = report(bench.run_for(StockTask::Everything, 40_045));
        assert_eq!((asked.read_products, asked.whole), (600, false), "{to:?}");
        bench.later(300);
        is_read_anew(&bench);
    }
}

#[test]
fn a_reading_of_everything_goes_on_for_a_day_and_under_the_settings_that_it_began_with() {
    let read = |bench: &StockBench| report(bench.run(StockTask::Changes)).read_products;
    for to in SHOPS {
        let bench = broken_off(to);
        bench.later(23 * 3_600);
        assert_eq!(read(&bench), 0, "{to:?}: it goes on");
        let bench = broken_off(to);
        bench.later(24 * 3_600);
        assert_eq!(read(&bench), 600, "{to:?}: it is too old");
        let bench = broken_off(to);
        bench.settings(|_| ());
        assert_eq!(read(&bench), 600, "{to:?}: the settings are others");
    }
}

#[test]
fn a_quantity_whose_call_is_refused_without_a_word_about_it_is_told_by_the_next_run() {
    // A redirect, such as while a shop moves, is about the call: it must not keep the entry from the shop until the next day.
    let one = |to| {
        let bench = changed(to);
        bench.count("C", 10);
        bench
    };
    let mut put_off = 0;
    for to in SHOPS {
        let counted = one(to);
        counted.shared.points.set(None);
        counted.run(StockTask::Changes).finished();
        let all = counted.shared.points.passed.load(Ordering::SeqCst);
        for at in 1..=all {
            let what = format!("{to:?}, point {at} of {all}");
            let bench = one(to);
            bench.shared.points.set(Some((at, Strike::Refuse)));
            if let Ended::Outcome(StockOutcome::Finished(report)) = bench.run(StockTask::Changes)
                && let Some(cause) = report.causes.get("stock-refused")
            {
                assert_eq!(cause.products, ["A"], "{what}");
                assert_eq!(
                    report.refusals,
                    [("A".to_owned(), "there is no such place".to_owned())],
                    "{what}"
                );
                put_off += 1;
            }
            converge(&bench, &what);
            assert_eq!(shows(&bench), [3, 10, 10, 10].map(Some), "{what}");
        }
    }
    assert_eq!(put_off, SHOPS.len(), "each shop refused the call that writes");
}
