//! Who is killed, and when: the phases of a transfer are told by the calls that a worker makes.
//!
//! | phase | the worker ends |
//! |---|---|
//! | claimed | after its claim was written, before it has the answer |
//! | planned | after its plan was stored, before it has the answer |
//! | drafted | after the draft was made outside, before it is recorded |
//! | booked | while its booking is carried out outside: it never hears of it |
//! | not yet recorded | with the answer to its booking in hand, before the conclusion is written |
//!
//! A transfer is hit at most once by intent; whoever works beside it in the same process is hit with it. Each counted kill
//! is a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bogbro::local::{Attempt, Host, Verdict};
use sandbox::{Occasion, Operation, World};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Lanes of one company on the queue.
const LANES: u8 = 4;

/// Where in a transfer a worker is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Claimed,
    Planned,
    Drafted,
    Booked,
    NotYetRecorded,
}

impl Phase {
    /// All of them, in the order of a transfer.
    pub(crate) const ALL: [Phase; 5] =
        [Phase::Claimed, Phase::Planned, Phase::Drafted, Phase::Booked, Phase::NotYetRecorded];

    /// For the table.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Phase::Claimed => "claimed",
            Phase::Planned => "planned",
            Phase::Drafted => "drafted, not recorded",
            Phase::Booked => "while the booking is made",
            Phase::NotYetRecorded => "booked, not yet recorded",
        }
    }
}

#[derive(Default)]
struct State {
    /// Which orders are to be hit, and where.
    marks: BTreeMap<u64, Phase>,
    counts: BTreeMap<Phase, usize>,
    /// Transfers that were hit: no second time by intent.
    hit: BTreeSet<String>,
    /// Processes that were killed: each is one kill, whoever else worked in it.
    killed: BTreeSet<u32>,
    /// The process that works on a draft, by the draft's number, with its transfer.
    drafts: BTreeMap<u64, (u32, String)>,
}

/// The kills of one storm.
pub(crate) struct Kills {
    /// How many are wanted in each phase.
    wanted: usize,
    state: Arc<Mutex<State>>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Whether this transfer's worker is to be killed in this phase; it is counted and marked when it is.
    fn strikes(&mut self, phase: Phase, transfer: &str, process: u32, wanted: usize) -> bool {
        let enough = self.counts.get(&phase).is_some_and(|count| *count >= wanted + 5);
        let spent = enough || self.killed.contains(&process) || self.hit.contains(transfer);
        let marked = id_of(transfer).and_then(|id| self.marks.get(&id));
        if spent || marked != Some(&phase) {
            return false;
        }
        self.hit.insert(transfer.to_owned());
        self.killed.insert(process);
        *self.counts.entry(phase).or_default() += 1;
        true
    }
}

/// The phase in which each order is to be hit, by its id: every third of its lane, so that no message is received in vain
/// so often, because of those before it, that the queue gives it up.
fn marks(orders: std::ops::Range<u64>) -> BTreeMap<u64, Phase> {
    let mut places = [0_u64; LANES as usize];
    let mut phases = Phase::ALL.iter().cycle();
    let mut is_third = |id: &u64| {
        let lane = &mut places[usize::from(Sha256::digest(id.to_string())[0] % LANES)];
        *lane += 1;
        lane.is_multiple_of(3)
    };
    let marked: Vec<u64> = orders.filter(|id| is_third(id)).collect();
    marked.into_iter().filter_map(|id| Some((id, *phases.next()?))).collect()
}

/// The order's id at the end of a transfer's key.
fn id_of(transfer: &str) -> Option<u64> {
    transfer.rsplit('#').next()?.parse().ok()
}

impl Kills {
    /// So many in each phase and a few more, among these orders.
    pub(crate) fn new(wanted: usize, orders: std::ops::Range<u64>) -> Kills {
        let state = State { marks: marks(orders), ..State::default() };
        Kills { wanted, state: Arc::new(Mutex::new(state)) }
    }

    /// Kills in a phase so far.
    pub(crate) fn count(&self, phase: Phase) -> usize {
        lock(&self.state).counts.get(&phase).copied().unwrap_or(0)
    }

    /// Watches the calls to AWS of a host. A host that is started again is watched again.
    pub(crate) fn watch_inside(&self, host: &Host) {
        let (state, wanted) = (Arc::clone(&self.state), self.wanted);
        host.on_call(Some(Arc::new(move |attempt: &Attempt<'_>| verdict(&state, wanted, attempt))));
    }

    /// Watches the requests to the stand-ins.
    pub(crate) fn watch_outside(&self, world: &mut World) {
        let (state, wanted) = (Arc::clone(&self.state), self.wanted);
        world.on_request(move |occasion: &Occasion<'_>| {
            if occasion.operation == Operation::Book {
                booking(&state, wanted, occasion);
            }
        });
    }
}

/// The booking arrived and is about to be carried out: its sender dies first.
fn booking(state: &Mutex<State>, wanted: usize, occasion: &Occasion<'_>) {
    let body: Value = serde_json::from_slice(&occasion.request.body).unwrap_or_default();
    let Some(draft) = body["draftInvoice"]["draftInvoiceNumber"].as_u64() else { return };
    let mut state = lock(state);
    let Some((process, transfer)) = state.drafts.get(&draft).cloned() else { return };
    if state.strikes(Phase::Booked, &transfer, process, wanted) {
        let ended = Command::new("kill").args(["-KILL", &process.to_string()]).status();
        assert!(ended.is_ok_and(|status| status.success()), "process {process} was there to be killed");
    }
}

fn verdict(state: &Mutex<State>, wanted: usize, attempt: &Attempt<'_>) -> Verdict {
    let ("order-processing", Some(process)) = (attempt.caller, attempt.process) else { return Verdict::Pass };
    let body: Value = serde_json::from_slice(attempt.body).unwrap_or_default();
    let Some(step) = step(attempt.operation, &body) else { return Verdict::Pass };
    let mut state = lock(state);
    let (phase, transfer, verdict) = match step {
        Step::Claim(transfer) => (Phase::Claimed, transfer, Verdict::KillAfter),
        Step::Plan(transfer) => (Phase::Planned, transfer, Verdict::KillAfter),
        Step::Advance(transfer, progress) => {
            let Some(draft) = progress["draft"].as_u64() else { return Verdict::Pass };
            state.drafts.insert(draft, (process, transfer.clone()));
            (Phase::Drafted, transfer, Verdict::KillBefore)
        }
        Step::Conclude(transfer, progress) if progress["invoice"].is_u64() => {
            (Phase::NotYetRecorded, transfer, Verdict::KillBefore)
        }
        Step::Conclude(..) => return Verdict::Pass,
    };
    if state.strikes(phase, &transfer, process, wanted) { verdict } else { Verdict::Pass }
}

/// What a call to the table means for a transfer: its key, and the progress that is written.
enum Step {
    Claim(String),
    Plan(String),
    Advance(String, Value),
    Conclude(String, Value),
}

fn step(operation: &str, body: &Value) -> Option<Step> {
    match operation {
        "dynamodb:UpdateItem" => of_update(body),
        "dynamodb:TransactWriteItems" => {
            let items = body["TransactItems"].as_array()?;
            items.iter().filter_map(|item| item.get("Update")).find_map(of_update)
        }
        _ => None,
    }
}

/// An update of a head: a plan comes with its hash, a conclusion frees the lease.
fn of_update(update: &Value) -> Option<Step> {
    let transfer = transfer(&update["Key"])?;
    let expression = update["UpdateExpression"].as_str()?;
    match progress(update) {
        Some(_) if expression.contains("#plan_hash = ") => Some(Step::Plan(transfer)),
        Some(progress) if expression.contains("#attempts = ") => Some(Step::Conclude(transfer, progress)),
        Some(progress) => Some(Step::Advance(transfer, progress)),
        None if expression.contains("if_not_exists") => Some(Step::Claim(transfer)),
        None => None,
    }
}

/// The partition key of a transfer's head.
fn transfer(key: &Value) -> Option<String> {
    let partition = key["pk"]["S"].as_str().filter(|partition| partition.contains("#transfer#"))?;
    (key["sk"]["S"] == "head").then(|| partition.to_owned())
}

/// The progress among the values of an update: the one that is JSON with a step.
fn progress(update: &Value) -> Option<Value> {
    let values = update["ExpressionAttributeValues"].as_object()?;
    let texts = values.values().filter_map(|value| value["S"].as_str());
    texts
        .filter(|text| text.starts_with('{'))
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .find(|value| value.get("step").is_some())
}
