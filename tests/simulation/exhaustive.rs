//! The order flow with every mishap at every point, and with every pair of mishaps.
//!
//! A run without mishaps shows the points of the flow: its calls to the ledger and to the outside. Then each mishap strikes
//! at each point; then, after each crash, each mishap strikes at each point of what follows; then, after one of each kind of mishap
//! that leaves another state behind, one of each such kind at each point of what follows ([`meanings_at`]).

use engine::memory::Fate;
use sandbox::{Fault, Operation, System, Wrong};

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

/// How long a process is frozen: longer than its lease and every timer.
const FREEZE_MS: i64 = 2 * 3_600_000;

/// One mishap of each kind that leaves another state behind at a place: what each pair of mishaps is made of.
///
/// Taken as one are those that the engine cannot tell apart and that leave the same behind, which the single runs strike all of:
/// - a write that was surely or perhaps not done and whose fate is unknown: no answer, a reset, a 5xx, a page and, of the
///   accounting system, a redirect, all before the work (here `TimeoutBefore`);
/// - a write that was done and whose fate is unknown: the same after the work, an answer that breaks off, a page with 200 and a
///   body beyond all bounds (`FailAfter`);
/// - a read without an answer that can be read: all of these (`TimeoutBefore`), and a process that dies before or after a read
///   (`CrashBefore`), or is frozen around one (`FreezeAfter`): a read leaves nothing;
/// - 429 with and without `Retry-After`: only the time of the next try differs.
///
/// [`meaning_of`] says it for each, and a test holds what follows against what follows the one that stands for it.
pub(crate) fn meanings_at(place: Place) -> Vec<Mishap> {
    let outside = |faults: &[Fault]| faults.iter().cloned().map(Mishap::Outside).collect::<Vec<Mishap>>();
    let busy = Fault::TooManyRequests(Some(30));
    match place {
        Place::Ledger(_) => vec![
            Mishap::CrashBefore,
            Mishap::CrashAfter,
            Mishap::FreezeBefore(FREEZE_MS),
            Mishap::FreezeAfter(FREEZE_MS),
            Mishap::Ledger(Fate::FailsBefore),
            Mishap::Ledger(Fate::FailsAfter),
        ],
        Place::Outside(system, operation) if operation.is_write() => {
            let mut mishaps = vec![
                Mishap::CrashBefore,
                Mishap::CrashAfter,
                Mishap::FreezeBefore(FREEZE_MS),
                Mishap::FreezeAfter(FREEZE_MS),
            ];
            mishaps.extend(outside(&[
                Fault::TimeoutBefore,
                Fault::FailAfter(500),
                Fault::LateArrival(55),
                busy,
                Fault::Unauthorized,
                Fault::WrongAnswer(Wrong::Amount),
                Fault::WrongAnswer(Wrong::Currency),
                Fault::WrongAnswer(Wrong::Customer),
            ]));
            if matches!(operation, Operation::CreateDraft | Operation::Book) {
                mishaps.push(Mishap::Outside(Fault::LookupLag(60)));
            }
            if system != System::Economic {
                // A shop's redirect is a refusal.
                mishaps.push(Mishap::Outside(Fault::Redirect));
            }
            mishaps
        }
        Place::Outside(..) => {
            let mut mishaps = vec![Mishap::CrashBefore, Mishap::FreezeAfter(FREEZE_MS)];
            mishaps.extend(outside(&[Fault::TimeoutBefore, busy, Fault::Unauthorized, Fault::Redirect]));
            mishaps
        }
    }
}

/// The mishap of [`meanings_at`] that a mishap is taken as one with.
pub(crate) fn meaning_of(place: Place, mishap: &Mishap) -> Mishap {
    let is_read = !place.is_write() && matches!(place, Place::Outside(..));
    let fault = match mishap {
        Mishap::CrashAfter if is_read => return Mishap::CrashBefore,
        Mishap::FreezeBefore(_) | Mishap::FreezeAfter(_) if is_read => return Mishap::FreezeAfter(FREEZE_MS),
        Mishap::FreezeBefore(_) => return Mishap::FreezeBefore(FREEZE_MS),
        Mishap::FreezeAfter(_) => return Mishap::FreezeAfter(FREEZE_MS),
        Mishap::CrashBefore | Mishap::CrashAfter | Mishap::Ledger(_) => return mishap.clone(),
        Mishap::Outside(fault) => fault,
    };
    let unread = matches!(
        fault,
        Fault::FailBefore(_)
            | Fault::FailAfter(_)
            | Fault::TimeoutBefore
            | Fault::TimeoutAfter
            | Fault::ResetBefore
            | Fault::ResetAfter
            | Fault::MalformedJson
            | Fault::HtmlPage { .. }
            | Fault::HugeBody(_)
    );
    let lost = *fault == Fault::Redirect && matches!(place, Place::Outside(System::Economic, _)) && !is_read;
    Mishap::Outside(match fault {
        _ if unread && (is_read || !fault.applies()) || lost => Fault::TimeoutBefore,
        _ if unread => Fault::FailAfter(500),
        Fault::TooManyRequests(_) => Fault::TooManyRequests(Some(30)),
        Fault::LateArrival(_) => Fault::LateArrival(55),
        Fault::LookupLag(_) => Fault::LookupLag(60),
        other => other.clone(),
    })
}

/// What tells most at a place, for flows beside the plain one.
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
            Mishap::FreezeAfter(FREEZE_MS),
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
