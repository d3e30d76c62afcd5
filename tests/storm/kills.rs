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
//! A transfer is hit at most once by intent; whoever works beside it in the same process is hit with it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bogbro::local::{Attempt, Host, Verdict};
use sandbox::{Occasion, Operation, World};
use serde_json::Value;

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

    fn of_turn(turn: u64) -> Phase {
        Phase::ALL[usize::try_from(turn % 5).unwrap_or(0)]
    }
}

#[derive(Default)]
struct State {
    counts: BTreeMap<Phase, usize>,
    /// Transfers that were hit: no second time by intent.
    hit: BTreeSet<String>,
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
    /// Whether this transfer is to be hit in this phase; it is counted and marked when it is.
    fn strikes(&mut self, phase: Phase, transfer: &str, wanted: usize) -> bool {
        // A few more than wanted: some hit a process that another kill has just ended.
        let enough = self.counts.get(&phase).is_some_and(|count| *count >= wanted + 5);
        if enough || phase_of(transfer) != Some(phase) || !self.hit.insert(transfer.to_owned()) {
            return false;
        }
        *self.counts.entry(phase).or_default() += 1;
        true
    }
}

/// The phase in which a transfer is to be hit: every third is, so that a group's messages are not received in vain too
/// often, one after the other.
fn phase_of(transfer: &str) -> Option<Phase> {
    let id: u64 = transfer.rsplit('#').next()?.parse().ok()?;
    id.is_multiple_of(3).then(|| Phase::of_turn(id / 3))
}

impl Kills {
    pub(crate) fn new(wanted: usize) -> Kills {
        Kills { wanted, state: Arc::default() }
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
    if state.strikes(Phase::Booked, &transfer, wanted) {
        let ended = Command::new("kill").args(["-KILL", &process.to_string()]).status();
        assert!(ended.is_ok_and(|status| status.success()), "process {process} was there to be killed");
    }
}

fn verdict(state: &Mutex<State>, wanted: usize, attempt: &Attempt<'_>) -> Verdict {
    if attempt.caller != "order-processing" || attempt.process.is_none() {
        return Verdict::Pass;
    }
    let body: Value = serde_json::from_slice(attempt.body).unwrap_or_default();
    let mut state = lock(state);
    match step(attempt.operation, &body) {
        Some(Step::Claim(transfer)) if state.strikes(Phase::Claimed, &transfer, wanted) => Verdict::KillAfter,
        Some(Step::Plan(transfer)) if state.strikes(Phase::Planned, &transfer, wanted) => Verdict::KillAfter,
        Some(Step::Advance(transfer, progress)) => {
            let draft = progress["draft"].as_u64();
            if let (Some(draft), Some(process)) = (draft, attempt.process) {
                state.drafts.insert(draft, (process, transfer.clone()));
            }
            let drafted = draft.is_some() && progress["invoice"].is_null();
            if drafted && state.strikes(Phase::Drafted, &transfer, wanted) {
                Verdict::KillBefore
            } else {
                Verdict::Pass
            }
        }
        Some(Step::Conclude(transfer, progress))
            if progress["invoice"].is_u64() && state.strikes(Phase::NotYetRecorded, &transfer, wanted) =>
        {
            Verdict::KillBefore
        }
        _ => Verdict::Pass,
    }
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
        "dynamodb:UpdateItem" => {
            let transfer = transfer(&body["Key"])?;
            match progress(body) {
                Some(progress) => Some(Step::Advance(transfer, progress)),
                None if body["UpdateExpression"].as_str()?.contains("if_not_exists") => {
                    Some(Step::Claim(transfer))
                }
                None => None,
            }
        }
        "dynamodb:TransactWriteItems" => {
            let items = body["TransactItems"].as_array()?;
            let head =
                items.iter().find_map(|item| Some((item.get("Update")?, transfer(&item["Update"]["Key"])?)));
            let (update, transfer) = head?;
            let plans = items.iter().any(|item| {
                item["Put"]["Item"]["sk"]["S"].as_str().is_some_and(|sort| sort.starts_with("plan#"))
            });
            if plans { Some(Step::Plan(transfer)) } else { Some(Step::Conclude(transfer, progress(update)?)) }
        }
        _ => None,
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
        .find(|value| value.get("step").is_some() && value.get("compared").is_some())
}
