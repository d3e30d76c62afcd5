//! The log proves what was done, shows when it does not, and tells of what a worker that died had sent.

use std::sync::{Arc, Mutex};

use domain::EffectKey;
use domain::identity::Effect;
use engine::log::{LogEntry, RecordedCall, Trace};
use engine::replay::{ReplayFailure, prove_requests};
use engine::store::Store as _;
use sandbox::Operation;

use crate::checks;
use crate::deployment::Setup;
use crate::history::{History, Plan};
use crate::ledger::at_once;
use crate::machine::{Mishap, Place, lock};

/// Bodies that arrived in the books, each with what it was for.
type Arrived = Arc<Mutex<Vec<(Operation, String)>>>;

/// One order that is booked and paid through a journal, and the places of its steps at which things go wrong, once each.
fn history(mishaps: &[(Operation, Mishap)]) -> (History, Arrived, Trace) {
    let mut left = mishaps.to_vec();
    let decider = move |_: usize, place: Place, _: usize| {
        let Place::Outside(_, operation) = place else { return None };
        let place = left.iter().position(|(at, _)| *at == operation)?;
        Some(left.remove(place).1)
    };
    let setups = vec![Setup { journal: true, ..Setup::plain() }];
    let mut history = History::new(Plan { setups, ..Plan::single(8) }, Box::new(decider));
    let arrived = Arrived::default();
    let kept = Arc::clone(&arrived);
    lock(&history.world).on_request(move |occasion| {
        let body = String::from_utf8_lossy(&occasion.request.body).into_owned();
        lock(&kept).push((Operation::of(occasion.request), body));
    });
    history.run();
    let head = history.head(0, 5001).expect("the order is known");
    assert!(head.progress.invoice.is_some(), "it is booked: {head:#?}");
    let trace = at_once(history.store.memory.log(&head.transfer)).expect("the memory is there");
    (history, arrived, trace)
}

fn prove(trace: &Trace) -> Result<usize, ReplayFailure> {
    at_once(prove_requests(trace))
}

/// Requests under a key in the log.
fn keyed(trace: &Trace) -> usize {
    let calls = trace.rows.iter().filter_map(|row| row.personal.as_ref()).flat_map(|part| &part.calls);
    calls.filter(|call| call.key.is_some()).count()
}

fn row_of(trace: &mut Trace, fits: impl Fn(&LogEntry) -> bool) -> (usize, &mut LogEntry) {
    trace.rows.iter_mut().enumerate().find(|(_, row)| fits(row)).expect("there is such a row")
}

/// Changes the first call under a key whose path ends so; returns its row and key.
fn change_call(trace: &mut Trace, path: &str, change: impl Fn(&mut RecordedCall)) -> (usize, String) {
    for (row, entry) in trace.rows.iter_mut().enumerate() {
        for call in entry.personal.iter_mut().flat_map(|part| &mut part.calls) {
            if call.key.is_some() && call.request.path.ends_with(path) {
                change(call);
                return (row, call.key.as_ref().expect("it has one").to_string());
            }
        }
    }
    panic!("nothing was sent to {path}");
}

#[test]
fn a_log_that_was_changed_proves_nothing() {
    let (_, _, sound) = history(&[]);
    assert_eq!(prove(&sound), Ok(keyed(&sound)), "each request under a key is proved");
    assert!(keyed(&sound) >= 4, "a customer, a draft, a booking and a payment");

    let mut trace = sound.clone();
    let (planned, row) = row_of(&mut trace, |row| row.public.plan_hash.is_some());
    let recorded = "0".repeat(64);
    let found = row.public.plan_hash.replace(recorded.clone()).expect("it has a plan");
    assert_eq!(prove(&trace), Err(ReplayFailure::OtherPlan { row: planned, found, recorded }));

    let mut trace = sound.clone();
    let (planned, row) = row_of(&mut trace, |row| row.personal.iter().any(|part| part.order.is_some()));
    let order = row.personal.as_mut().and_then(|part| part.order.as_mut()).expect("it has the order");
    *order = order.replace("canary5001@example.org", "another@example.org");
    assert!(matches!(prove(&trace), Err(ReplayFailure::OtherPlan { row, .. }) if row == planned));

    let mut trace = sound.clone();
    let (row, key) = change_call(&mut trace, "/invoices/drafts", |call| {
        call.request.body.iter_mut().for_each(|body| body.push(' '));
    });
    assert_eq!(prove(&trace), Err(ReplayFailure::OtherRequest { row, key }), "one byte more");

    let mut trace = sound.clone();
    let (row, key) =
        change_call(&mut trace, "/invoices/booked", |call| "/x".clone_into(&mut call.request.path));
    assert_eq!(prove(&trace), Err(ReplayFailure::OtherRequest { row, key }), "another place");

    let mut trace = sound.clone();
    let planning = sound.rows.iter().find_map(|row| row.public.planning.clone()).expect("it was planned");
    let stranger = EffectKey::new(&planning.transfer, Effect::Booking, 77, &planning.agreement);
    let (row, key) = change_call(&mut trace, "/invoices/booked", |call| call.key = Some(stranger.clone()));
    assert_eq!(prove(&trace), Err(ReplayFailure::UnknownKey { row, key }));

    let mut trace = sound;
    let (planned, row) = row_of(&mut trace, |row| row.public.plan_hash.is_some());
    row.personal = None;
    assert_eq!(prove(&trace), Err(ReplayFailure::Incomplete(planned)), "it was erased");
}

/// What becomes of workers, and what they had sent by then.
type Deaths<'a> = (&'a [(Operation, Mishap)], &'a [Operation]);

#[test]
fn what_a_worker_sent_before_it_died_stands_in_the_log_as_it_was_sent() {
    let cases: [Deaths<'_>; 5] = [
        (&[(Operation::CreateDraft, Mishap::CrashAfter)], &[Operation::CreateDraft]),
        (&[(Operation::Book, Mishap::CrashBefore)], &[Operation::CreateDraft]),
        (&[(Operation::Book, Mishap::CrashAfter)], &[Operation::CreateDraft, Operation::Book]),
        (
            &[(Operation::WriteJournal, Mishap::CrashAfter)],
            &[Operation::CreateDraft, Operation::Book, Operation::WriteJournal],
        ),
        // Two die one after the other.
        (
            &[(Operation::CreateDraft, Mishap::CrashAfter), (Operation::WriteJournal, Mishap::CrashAfter)],
            &[Operation::CreateDraft, Operation::Book, Operation::WriteJournal],
        ),
    ];
    for (mishaps, lost) in cases {
        let (mut history, arrived, trace) = history(mishaps);
        let calls: Vec<&RecordedCall> =
            trace.rows.iter().filter_map(|row| row.personal.as_ref()).flat_map(|part| &part.calls).collect();
        for operation in
            [Operation::CreateCustomer, Operation::CreateDraft, Operation::Book, Operation::WriteJournal]
        {
            let sent = lock(&arrived);
            let sent: Vec<&str> =
                sent.iter().filter(|(of, _)| *of == operation).map(|(_, body)| body.as_str()).collect();
            let told: Vec<&&RecordedCall> = calls
                .iter()
                .filter(|call| call.request.body.as_deref().is_some_and(|body| sent.contains(&body)))
                .collect();
            assert_eq!((sent.len(), told.len()), (1, 1), "{mishaps:?}, {operation:?}: {calls:#?}");
            let is_lost = lost.contains(&operation) || operation == Operation::CreateCustomer;
            assert_eq!(told[0].earlier, is_lost, "{mishaps:?}, {operation:?}");
        }
        let summaries = trace.rows.iter().flat_map(|row| &row.public.calls);
        // The customer goes with the draft.
        assert_eq!(summaries.filter(|call| call.earlier).count(), lost.len() + 1, "{mishaps:?}");
        assert_eq!(prove(&trace), Ok(keyed(&trace)), "{mishaps:?}: all of it is proved");
        let found = checks::violations(&mut history);
        assert!(found.is_empty(), "{mishaps:?}: {found:#?}");
    }
}
