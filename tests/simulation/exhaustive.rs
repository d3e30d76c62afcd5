//! The order flow with every mishap at every point, and with every pair of mishaps.
//!
//! A run without mishaps shows the points of the flow: its calls to the ledger and to the outside. Then each mishap strikes
//! at each point; then, after each crash, each mishap strikes at each point of what follows; then each pair of what is left.

use engine::memory::Fate;
use sandbox::{Fault, Operation, System};

use crate::checks;
use crate::deployment::Setup;
use crate::history::{History, Plan};
use crate::machine::{Mishap, Place, lock};
use crate::orders::OrderShape;
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

/// What happens to one order when nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It is booked at once, and the number is written back.
    Booked,
    /// It stands as a sales order, until an invoice takes its place.
    OrderFirst,
    /// It is booked while unpaid, and the payment that comes later is registered in a journal.
    PaidLater,
    /// Another integration has booked it, and its invoice is adopted.
    Adopted,
    /// A Shopify order that is booked while unpaid, and paid in two parts.
    PaidInParts,
}

impl Flow {
    /// The steps that make this flow what it is beside the plain one.
    pub(crate) fn is_own(self, place: Place) -> bool {
        match self {
            Flow::Booked => true,
            Flow::PaidInParts => {
                matches!(
                    place,
                    Place::Outside(System::Shopify, _) | Place::Outside(_, Operation::WriteJournal)
                )
            }
            Flow::PaidLater => {
                matches!(place, Place::Outside(_, Operation::WriteJournal | Operation::ReadJournal))
            }
            // The look-up by the other integration's reference, in every place where a document may stand.
            Flow::Adopted => matches!(
                place,
                Place::Outside(
                    System::Economic,
                    Operation::ReadDrafts | Operation::ReadMasterData | Operation::ReadBooked
                )
            ),
            Flow::OrderFirst => matches!(
                place,
                Place::Outside(_, Operation::CreateDraft | Operation::Book | Operation::DeleteDraft)
            ),
        }
    }

    /// The history. The target forgets native keys, so that only the look-up guards.
    fn plan(self, keep_trace: bool) -> Plan {
        let setup = Setup { native_keys: false, ..Setup::plain() };
        let plan = Plan { keep_trace, trouble_ms: 6 * 60_000, ..Plan::single(8) };
        match self {
            Flow::Booked => Plan { setups: vec![setup], ..plan },
            Flow::PaidLater => Plan {
                setups: vec![Setup { journal: true, write_back: false, ..setup }],
                orders: vec![(0, 0, OrderShape { status: "on-hold", ..OrderShape::plain(5001) })],
                changes: vec![(0, 5001, 60_000, "processing")],
                ..plan
            },
            Flow::PaidInParts => Plan {
                setups: vec![Setup { shopify: true, journal: true, ..setup }],
                orders: vec![(0, 0, OrderShape { status: "pending", ..OrderShape::shopify(5001) })],
                changes: vec![(0, 5001, 60_000, "half-paid"), (0, 5001, 120_000, "paid")],
                ..plan
            },
            Flow::Adopted => Plan {
                setups: vec![Setup { adopts: true, ..setup }],
                orders: vec![(0, 0, OrderShape { adopted: true, ..OrderShape::plain(5001) })],
                ..plan
            },
            Flow::OrderFirst => Plan {
                setups: vec![Setup { order_first: true, write_back: false, ..setup }],
                changes: vec![(0, 5001, 60_000, "completed")],
                ..plan
            },
        }
    }
}

/// Runs a flow with these strikes.
pub(crate) fn run(flow: Flow, strikes: &Strikes, keep_trace: bool) -> Shown {
    let places = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&places);
    let planned = strikes.clone();
    let decider = move |number: usize, place: Place, _: usize| {
        lock(&seen).push(place);
        planned.iter().find(|(at, _)| *at == number).map(|(_, mishap)| mishap.clone())
    };
    let mut history = History::new(flow.plan(keep_trace), Box::new(decider));
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

/// Runs that strike once: every mishap at every point that is the flow's own.
pub(crate) fn singles(flow: Flow) -> Vec<Strikes> {
    let places = run(flow, &Vec::new(), false).places;
    let of = |(at, place): (usize, &Place)| all_at(*place).into_iter().map(move |mishap| vec![(at, mishap)]);
    places.iter().enumerate().filter(|(_, place)| flow.is_own(**place)).flat_map(of).collect()
}

/// Runs that strike twice, given the first strike: the second at every later point of the run that the first one made.
pub(crate) fn pairs(flow: Flow, first: &Strikes, kinds: fn(Place) -> Vec<Mishap>) -> Vec<Strikes> {
    let places = run(flow, first, false).places;
    let (struck, _) = first[0];
    let mut strikes = Vec::new();
    for (at, place) in places.iter().enumerate().skip(struck + 1) {
        for mishap in kinds(*place) {
            strikes.push(vec![first[0].clone(), (at, mishap)]);
        }
    }
    strikes
}
