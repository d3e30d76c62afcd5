//! The order flow with every mishap at every point, and with every pair of mishaps.
//!
//! A run without mishaps shows the points of the flow: its calls to the ledger and to the outside. Then each mishap strikes
//! at each point; then, after each crash, each mishap strikes at each point of what follows; then each pair of what is left.

use engine::memory::Fate;
use sandbox::Fault;

use crate::checks;
use crate::deployment::Setup;
use crate::history::{History, Plan};
use crate::machine::{Mishap, Place, lock};
use crate::random::Random;
use crate::scenario::{ledger_mishaps, outside_mishaps};
use std::sync::{Arc, Mutex};

/// What strikes, by the number of the point.
pub(crate) type Strikes = Vec<(usize, Mishap)>;

/// What one run showed.
pub(crate) struct Shown {
    pub(crate) places: Vec<Place>,
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Vec<String>,
}

/// Runs the order flow with these strikes. The target forgets native keys, so that only the look-up guards.
pub(crate) fn run(strikes: &Strikes, keep_trace: bool) -> Shown {
    let places = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&places);
    let planned = strikes.clone();
    let decider = move |number: usize, place: Place, _: usize| {
        lock(&seen).push(place);
        planned.iter().find(|(at, _)| *at == number).map(|(_, mishap)| mishap.clone())
    };
    let setup = Setup { native_keys: false, ..Setup::plain() };
    let plan = Plan { setups: vec![setup], keep_trace, trouble_ms: 6 * 60_000, ..Plan::single(8) };
    let mut history = History::new(plan, Box::new(decider));
    history.run();
    let places = lock(&places).clone();
    Shown { places, violations: checks::violations(&mut history), trace: history.machine.trace_lines() }
}

/// Every kind of mishap at a place.
pub(crate) fn all_at(place: Place) -> Vec<Mishap> {
    let mut random = Random::new(1);
    match place {
        Place::Ledger(_) => ledger_mishaps(&mut random),
        Place::Outside(_, operation) => outside_mishaps(&mut random, operation.is_write()),
    }
}

/// One mishap of each meaning at a place: what is lost or not, applied or not, now or later.
pub(crate) fn telling_at(place: Place) -> Vec<Mishap> {
    match place {
        Place::Ledger(_) => vec![
            Mishap::CrashBefore,
            Mishap::CrashAfter,
            Mishap::Ledger(Fate::FailsBefore),
            Mishap::Ledger(Fate::FailsAfter),
        ],
        Place::Outside(_, operation) if operation.is_write() => vec![
            Mishap::CrashBefore,
            Mishap::CrashAfter,
            Mishap::FreezeAfter(2 * 3_600_000),
            Mishap::Outside(Fault::TimeoutBefore),
            Mishap::Outside(Fault::FailAfter(500)),
            Mishap::Outside(Fault::LateArrival(55)),
            Mishap::Outside(Fault::LookupLag(60)),
            Mishap::Outside(Fault::TooManyRequests(Some(30))),
        ],
        Place::Outside(..) => vec![Mishap::CrashBefore, Mishap::Outside(Fault::TimeoutBefore)],
    }
}

/// Runs that strike once: every mishap at every point.
pub(crate) fn singles() -> Vec<Strikes> {
    let flow = run(&Vec::new(), false).places;
    let of = |(at, place): (usize, &Place)| all_at(*place).into_iter().map(move |mishap| vec![(at, mishap)]);
    flow.iter().enumerate().flat_map(of).collect()
}

/// Runs that strike twice, given the first strike: the second at every later point of the run that the first one made.
pub(crate) fn pairs(first: &Strikes, kinds: fn(Place) -> Vec<Mishap>) -> Vec<Strikes> {
    let places = run(first, false).places;
    let (struck, _) = first[0];
    let mut strikes = Vec::new();
    for (at, place) in places.iter().enumerate().skip(struck + 1) {
        for mishap in kinds(*place) {
            strikes.push(vec![first[0].clone(), (at, mishap)]);
        }
    }
    strikes
}
