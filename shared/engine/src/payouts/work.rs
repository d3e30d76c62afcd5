//! Work on one payout under a claim: read it again, match it, plan it, and go on with what is approved.

use std::collections::BTreeSet;

use domain::matching::{
    LineState, Matching, ReceivableId, Receivables, Rules, match_settlements_on_two_threads,
};
use domain::payout::{
    Actor, Automatic, ByHand, Decisions, LineDecision, PayoutDecision, PayoutInput, PayoutPlan, PayoutState,
    VoucherStep, automatic, ledger_problems, plan_payout,
};
use domain::plan::Reason;
use domain::settlement::{Settlement, Standing};
use domain::{EffectKey, Failure, Money};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::overview::reckoning;
use super::paid::{self, PaidList, paid_by};
use super::questions::{WENT_BACK, went_back};
use super::record::{
    BankSight, Delay, LineChoice, PaidBefore, PayoutFigures, PayoutPlanPointer, PayoutRecord, Posting,
};
use super::route::PayoutRoute;
use super::statement::{self, StatementParts};
use super::summary::LinesSummary;
use super::{
    FIRST_WAIT, LEAST, LONGEST_WAIT, PayoutEngine, PayoutFailure, PayoutWork, intake, reading, receivables,
};
use crate::store::{Pause, PauseScope, StoreFailure};

/// Failures in a row after which a person is told: an hour has gone by then.
const TOLD_AFTER: u32 = 6;

/// Why work on a payout stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The store, or a newer claim.
    Store(PayoutFailure),
    /// An outside system.
    Failed(Failure),
    /// What is known contradicts itself, in words.
    Refused(String),
    /// A person must do something first.
    Hold(Reason),
    /// It goes on at a later time.
    Wait(Timestamp),
    /// Time is nearly up: it goes on at once.
    OutOfTime,
}

impl From<StoreFailure> for Stop {
    fn from(failure: StoreFailure) -> Stop {
        Stop::Store(failure.into())
    }
}

impl From<PayoutFailure> for Stop {
    fn from(failure: PayoutFailure) -> Stop {
        match failure {
            PayoutFailure::Refused(reason) => Stop::Hold(reason),
            other => Stop::Store(other),
        }
    }
}

/// A plan as it is kept, with what it was made against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KeptPlan {
    pub(super) schema: u32,
    pub(super) plan: PayoutPlan,
    /// What the payout pays of documents, where it is not kept in parts.
    pub(super) paid: Vec<PaidBefore>,
    /// It is kept in so many parts.
    #[serde(default, skip_serializing_if = "paid::is_none")]
    pub(super) paid_parts: usize,
    /// What other payouts had paid of them when it was planned.
    pub(super) before: Vec<PaidBefore>,
    /// What the lines come to, for overviews; `None` for a plan of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lines: Option<LinesSummary>,
}

impl KeptPlan {
    /// What the payout pays of documents: the plan is kept under this hash.
    pub(super) fn paid_list(&self, hash: &str) -> PaidList {
        PaidList { name: hash.to_owned(), paid: self.paid.clone(), parts: self.paid_parts }
    }
}

/// A payout with its lines matched.
pub(super) struct Matched {
    pub(super) settlements: Vec<Settlement>,
    pub(super) receivables: Receivables,
    pub(super) matching: Matching,
    pub(super) decisions: Decisions,
    pub(super) before: Vec<PaidBefore>,
    /// References that gateways say to be of several orders.
    pub(super) unclear: BTreeSet<String>,
    /// The books were read only in part.
    pub(super) cut: bool,
}

impl Matched {
    /// What a person should know of how the lines were looked up.
    fn notes(&self, record: &PayoutRecord) -> Vec<Reason> {
        let payout = &record.id.key.batch;
        let cut = self.cut.then(|| Reason::new("payout-books-cut").with("payout", payout));
        let some: Vec<&str> = self.unclear.iter().take(5).map(String::as_str).collect();
        let unclear = (!some.is_empty()).then(|| {
            Reason::new("payout-links-unclear")
                .with("payout", payout)
                .with("count", self.unclear.len())
                .with("references", some.join(", "))
        });
        cut.into_iter().chain(unclear).collect()
    }
}

impl PayoutEngine<'_> {
    /// Works on a payout as far as it goes: to the plan that waits for approval, or through the posting of what is approved.
    /// Comes back with the record as it was kept.
    ///
    /// # Errors
    /// See [`PayoutFailure`]; what was begun is found again.
    pub async fn work(&self, work: &PayoutWork) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let route = match self.route(&record.id.merchant, &record.flow).await {
            Ok(route) => route,
            Err(PayoutFailure::NotFound(what)) => {
                record.reasons =
                    vec![Reason::new("payout-flow-gone").with("flow", &record.flow).with("message", what)];
                record.due_at = None;
                return self.release(record).await;
            }
            Err(failure) => return Err(failure),
        };
        if route.paused.is_some() {
            // Whoever leaves word of what is due leaves none of it before the pause is lifted.
            record.due_at = Some(self.now() + FIRST_WAIT);
            return self.release(record).await;
        }
        // The future is large: it stands on the heap, not in that of whoever waits for it.
        let outcome = Box::pin(self.advance(&route, &mut record, work.deadline)).await;
        self.end(&route, record, outcome).await
    }

    async fn advance(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        deadline: Timestamp,
    ) -> Result<(), Stop> {
        use PayoutState::{Approved, Balanced, Matched, Received, Unbalanced, WaitingForApproval};
        if record.is_set_aside() {
            return Ok(());
        }
        self.withhold_what_went_back(record)?;
        let was_refused = record.let_go.is_some()
            && record.approval.moves().last().is_some_and(|last| last.reason == REJECTED);
        self.take_back(route, record, Some(deadline)).await?;
        if was_refused && let Some(reason) = record.reasons.iter().find(|told| told.code == REJECTED) {
            return Err(Stop::Hold(reason.clone()));
        }
        let planned = [Received, Unbalanced, Balanced, Matched, WaitingForApproval];
        if record.open_posting().is_none() && planned.contains(&record.approval.state()) {
            Box::pin(self.plan(route, record, deadline)).await?;
            // Whoever plans it again looks again: what made it necessary would not be found among what is kept.
            self.forget_looked_up(record).await;
        }
        if record.open_posting().is_some() || record.approval.state() == Approved {
            Box::pin(self.post(route, record, deadline)).await?;
        }
        self.settle_states(record);
        Ok(())
    }

    /// Keeps how the work ended, and gives the payout free.
    async fn end(
        &self,
        route: &PayoutRoute,
        mut record: PayoutRecord,
        outcome: Result<(), Stop>,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let now = self.now();
        if matches!(outcome, Ok(()) | Err(Stop::Hold(_) | Stop::Refused(_))) {
            record.delayed = None;
            self.forget_looked_up(&mut record).await;
        }
        match outcome {
            Ok(()) => {
                (record.tries, record.due_at) = (0, None);
            }
            Err(Stop::Store(failure)) => return Err(failure),
            Err(Stop::OutOfTime) => record.due_at = Some(now),
            Err(Stop::Wait(until)) => {
                record.due_at = Some(until);
                // It looks for what it was kept from: what was told holds until it comes on.
                record.reasons.extend(record.delayed.iter().map(|delayed| delayed.reason.clone()));
            }
            Err(Stop::Hold(reason)) => {
                record.reasons = vec![reason];
                (record.tries, record.due_at) = (0, None);
            }
            Err(Stop::Refused(words)) => {
                record.reasons = vec![Reason::new("settlement-not-readable").with("message", words)];
                record.due_at = None;
            }
            Err(Stop::Failed(failure)) => self.failed(route, &mut record, failure).await,
        }
        self.release(record).await
    }

    async fn failed(&self, route: &PayoutRoute, record: &mut PayoutRecord, failure: Failure) {
        let now = self.now();
        let system = route.books.journals.manifest().system;
        match failure {
            Failure::Rejected { message, .. } => {
                record.reasons = vec![rejected(route, record, &message)];
                (record.tries, record.due_at) = (0, None);
            }
            Failure::Busy { retry_after_ms, message } => {
                let asked = retry_after_ms.and_then(|wait| i64::try_from(wait).ok());
                let asked = asked.map_or(SignedDuration::ZERO, SignedDuration::from_millis);
                record.due_at = Some(now + asked.max(wait(record.tries)));
                record.tries = record.tries.saturating_add(1);
                delayed(record, system, message, now);
            }
            Failure::Unknown { message } => {
                record.due_at = Some(now + wait(record.tries));
                record.tries = record.tries.saturating_add(1);
                delayed(record, system, message, now);
            }
            Failure::Unauthorized { message } => {
                let reason = Reason::new("unauthorized").with("message", message);
                let (merchant, connection) = (route.merchant.clone(), route.books.connection.clone());
                let scope = PauseScope::Connection { merchant, connection };
                // A pause that could not be set is set by the next call that meets the same refusal.
                let _ = self.ledger.pause(&Pause { scope, reason: reason.clone(), since: now }).await;
                // It waits for the pause, and goes on as soon as that is lifted.
                record.due_at = Some(now + FIRST_WAIT);
            }
        }
    }

    /// Reads the payout's lines, looks up what they may pay, and matches them. Whoever holds the payout until a deadline keeps what was
    /// found of very many lines, and may go on with it later.
    pub(super) async fn matched(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        deadline: Option<Timestamp>,
    ) -> Result<Matched, Stop> {
        let settlement = self.settlement(route, record).await?;
        let receivables::Documents { receivables, before, unclear, cut } =
            self.documents(route, record, &settlement, deadline).await?;
        let tolerance = Money::round_decimal(route.settings.matching.tolerance.0, settlement.currency());
        let tolerance = tolerance.ok().and_then(|money| u32::try_from(money.minor()).ok()).unwrap_or(0);
        let rules = Rules { shops: &route.settings.matching.shops, tolerance };
        let settlements = vec![settlement];
        let matching = match_settlements_on_two_threads(&settlements, &receivables, rules)
            .map_err(|error| Stop::Refused(error.to_string()))?;
        let decisions = decisions_of(record, &receivables);
        Ok(Matched { settlements, receivables, matching, decisions, before, unclear, cut })
    }

    pub(super) async fn settlement(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
    ) -> Result<Settlement, Stop> {
        let file = self.original(record).await?;
        Ok(reading::read_batch(route, record, &*file)?)
    }

    /// Plans the payout's vouchers, and keeps the plan before anybody approves it.
    async fn plan(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        deadline: Timestamp,
    ) -> Result<(), Stop> {
        let found = self.matched(route, record, Some(deadline)).await?;
        self.keep_lines(route, record, &found).await?;
        let settlement = &found.settlements[0];
        record.overlap = self.in_question(record, settlement).await?;
        let figures = intake::figures(settlement, &route.zone);
        let states = std::mem::take(&mut record.figures.states);
        let known: Vec<_> = record.days().collect();
        record.figures = PayoutFigures { states, ..figures };
        if !record.days().eq(known) {
            self.payouts.index_payout(record).await?;
        }
        (record.reasons, record.notes, record.plan) = (Vec::new(), found.notes(record), None);
        let now = self.now();
        let standing = record.figures.standing;
        record.approval.checked(standing, now).map_err(|error| Stop::Hold(error.reason()))?;
        record.figures.states = states_of(&found);
        if let Some(overlap) = record.overlap.clone() {
            record.reasons = vec![overlap];
            return self.not_ready(record, standing);
        }
        let by_hand = self.by_hand(route, record, settlement).await?;
        if let ByHand::Yes(voucher) = &by_hand
            && standing == Standing::Balanced
        {
            return self.recognised(route, record, &found, (voucher, Actor::Bogbro, "booked-by-hand")).await;
        }
        let periods = if standing == Standing::Balanced {
            route.books.periods.periods().await.map_err(Stop::Failed)?
        } else {
            Vec::new()
        };
        let decision = plan_payout(&PayoutInput {
            settlements: &found.settlements,
            settlement: 0,
            receivables: &found.receivables,
            matching: &found.matching,
            decisions: &found.decisions,
            settings: &route.settings,
            country: &route.country,
            periods: &periods,
            zone: &route.zone,
            language: route.language,
        });
        match decision {
            PayoutDecision::Wait(reasons) => {
                record.reasons = reasons;
                self.not_ready(record, standing)
            }
            PayoutDecision::Ready(plan) => self.ready(route, record, &found, plan, &by_hand).await,
        }
    }

    /// Nothing can be approved yet.
    fn not_ready(&self, record: &mut PayoutRecord, standing: Standing) -> Result<(), Stop> {
        if standing == Standing::Balanced {
            record.approval.matched(None, self.now()).map_err(|error| Stop::Hold(error.reason()))?;
        }
        Ok(())
    }

    /// The plan is whole: it is kept, and waits for approval unless the merchant's rules give it.
    async fn ready(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        found: &Matched,
        plan: PayoutPlan,
        by_hand: &ByHand,
    ) -> Result<(), Stop> {
        let now = self.now();
        if let Err(reason) = takes(route, &plan) {
            record.reasons = vec![reason.with("payout", &record.id.key.batch)];
            return self.not_ready(record, Standing::Balanced);
        }
        // What the ledger would refuse is told before anybody approves.
        let ledger = route.books.journals.ledger_data(&*route.books.transport).await.map_err(Stop::Failed)?;
        let problems = ledger_problems(&route.settings, &ledger);
        if !problems.is_empty() {
            record.reasons = problems;
            return self.not_ready(record, Standing::Balanced);
        }
        let (hash, parts) = (plan.hash(), plan.vouchers.len());
        record.notes.clone_from(&plan.notes);
        record.notes.extend(found.notes(record));
        let PaidList { paid, parts: paid_parts, .. } =
            self.keep_paid(record, &hash, &paid_by(record, found, &route.settings)).await?;
        let before = found.before.clone();
        let lines = Some(LinesSummary::of(route, found).map_err(reckoning)?);
        let kept = KeptPlan { schema: paid::schema(paid_parts), plan, paid, paid_parts, before, lines };
        let statement = route.statements.pdf(&StatementParts {
            merchant: &route.merchant_name,
            settlements: &found.settlements,
            receivables: &found.receivables,
            matching: &found.matching,
            decisions: &found.decisions,
            plan: &kept.plan,
            zone: &route.zone,
            language: route.language,
        });
        let statement = statement.map_err(Stop::Refused)?;
        self.payouts.put_payout_plan(&record.id, &statement::name(&hash), statement).await?;
        let bytes = serde_json::to_vec(&kept).map_err(|error| Stop::Refused(error.to_string()))?;
        self.payouts.put_payout_plan(&record.id, &hash, bytes).await?;
        record.plan = Some(PayoutPlanPointer { hash: hash.clone(), parts });
        let perhaps: &[String] = match by_hand {
            ByHand::Perhaps(vouchers) => vouchers,
            ByHand::No | ByHand::Yes(_) => &[],
        };
        let conflict = !record.conflicts.is_empty();
        let approval = &route.settings.approval;
        record.approval.ask_again_unless_kept(approval, conflict || !perhaps.is_empty());
        record.approval.matched(Some((&hash, parts)), now).map_err(|error| Stop::Hold(error.reason()))?;
        if record.approval.state() == PayoutState::Approved {
            return Ok(());
        }
        // Whoever approves it, for whatever reason it waits for them, must know that anybody may have written it.
        let mailed = record.rests_on_mail();
        if mailed {
            record.notes.push(Reason::new("payout-by-mail").with("payout", &record.id.key.batch));
        }
        let settlement = &found.settlements[0];
        // What a person had to judge is theirs to the end.
        if !record.overruled.is_empty() {
            record.notes.push(Reason::new("payout-needs-person").with("payout", &record.id.key.batch));
            return Ok(());
        }
        match automatic(approval, settlement, &found.receivables, &found.matching, 0, perhaps) {
            // That it came by mail is said.
            Automatic::Yes if mailed && !conflict => {}
            // What is parked beside it is told of by itself.
            Automatic::Yes if conflict => {
                record.notes.push(Reason::new("payout-needs-person").with("payout", &record.id.key.batch));
            }
            Automatic::Yes => {
                record
                    .approval
                    .approve(Actor::Rules, &hash, approval, now)
                    .map_err(|error| Stop::Hold(error.reason()))?;
            }
            Automatic::No(reason) => record.notes.push(reason),
        }
        Ok(())
    }

    /// What the bank showed before the posting was done counts once it is.
    pub(super) fn settle_states(&self, record: &mut PayoutRecord) {
        use PayoutState::{BankConfirmed, Posted};
        let state = record.approval.state();
        let posted = matches!(state, Posted | BankConfirmed) && record.open_posting().is_none();
        let news = |sight: &&BankSight| posted && (sight.returned || state == Posted);
        if let Some(sight) = record.bank.as_ref().filter(news) {
            let now = self.now();
            let moved = match sight.returned {
                false => record.approval.confirmed_by_bank(now),
                true => record.approval.returned(WENT_BACK, now),
            };
            // Who posted it must hear of the return, and it is theirs to undo.
            if moved == Ok(PayoutState::Returned) {
                record.reasons.extend(went_back(record, "payout-returned-posted"));
            }
        }
    }

    pub(super) async fn kept_plan(&self, record: &PayoutRecord, hash: &str) -> Result<KeptPlan, Stop> {
        let bytes = self.payouts.payout_plan(&record.id, hash).await?;
        let kept: KeptPlan =
            serde_json::from_slice(&bytes).map_err(|error| Stop::Refused(error.to_string()))?;
        if kept.schema != paid::schema(kept.paid_parts) || kept.plan.hash() != *hash {
            return Err(Stop::Refused("the plan that is kept is not the one that was approved".to_owned()));
        }
        Ok(kept)
    }

    /// Stops before a step that there may be no time for.
    pub(super) fn in_time(&self, deadline: Timestamp) -> Result<(), Stop> {
        if self.now() + LEAST < deadline { Ok(()) } else { Err(Stop::OutOfTime) }
    }
}

/// Code of what the accounting system refused.
pub(super) const REJECTED: &str = "payout-rejected";

/// That the accounting system refused the payout's voucher, and in which words.
pub(super) fn rejected(route: &PayoutRoute, record: &PayoutRecord, message: &str) -> Reason {
    let system = route.books.journals.manifest().system;
    let reason = Reason::new(REJECTED).with("system", system).with("message", message);
    reason.with("payout", &record.id.key.batch)
}

/// Tells that a payout does not come on, once it has failed so often in a row that it is no passing thing: it is tried again all the
/// same.
fn delayed(record: &mut PayoutRecord, system: &str, message: String, now: Timestamp) {
    if record.tries < TOLD_AFTER {
        return;
    }
    let reason = Reason::new("payout-delayed").with("system", system).with("message", message);
    let reason = reason.with("payout", &record.id.key.batch);
    let since = record.delayed.as_ref().map_or(now, |delayed| delayed.since);
    record.delayed = Some(Delay { since, reason: reason.clone() });
    record.reasons = vec![reason];
}

/// The wait after so many failures in a row.
fn wait(tries: u32) -> SignedDuration {
    let factor = 1_i32 << tries.min(12);
    FIRST_WAIT.checked_mul(factor).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

/// What persons decided, in the places of the documents that were found.
fn decisions_of(record: &PayoutRecord, receivables: &Receivables) -> Decisions {
    let mut decisions = Decisions::default();
    for made in &record.decisions {
        let decision = match &made.choice {
            LineChoice::ErrorAccount => LineDecision::ErrorAccount { reason: made.reason.clone() },
            LineChoice::Documents(parts) => {
                let id = |number: &str| receivables.ids().find(|id| receivables.number(*id) == number);
                let parts: Option<Vec<(ReceivableId, Money)>> =
                    parts.iter().map(|(number, amount)| Some((id(number)?, *amount))).collect();
                // A document that is gone leaves the line as it was: the payout then waits with that reason.
                let Some(parts) = parts else { continue };
                LineDecision::Matched(parts)
            }
        };
        decisions.decide(made.line, decision);
    }
    decisions
}

/// What the journal takes, before anything is entered.
fn takes(route: &PayoutRoute, plan: &PayoutPlan) -> Result<(), Reason> {
    let Some(journal) = plan.journal else { return Err(Reason::new("payout-journal-missing")) };
    for voucher in &plan.vouchers {
        let step = VoucherStep {
            key: EffectKey::shared(
                &route.merchant,
                domain::identity::Effect::Voucher,
                "check",
                &route.books.agreement,
            ),
            journal,
            number: 1,
            voucher: voucher.clone(),
            customer_payments: plan.customer_payments,
        };
        if let Err(failure) = route.books.journals.check(&step) {
            return Err(Reason::new("payout-voucher-limit").with("message", failure));
        }
    }
    Ok(())
}

fn states_of(found: &Matched) -> std::collections::BTreeMap<String, u64> {
    let counts = found.matching.counts(&found.receivables, 0);
    counts.into_iter().map(|(state, count)| (state_word(state).to_owned(), count)).collect()
}

/// The word of a line's state.
pub(super) const fn state_word(state: LineState) -> &'static str {
    match state {
        LineState::Exact => "exact",
        LineState::Partial => "partial",
        LineState::Over => "over",
        LineState::OtherCurrency => "other-currency",
        LineState::Ambiguous => "ambiguous",
        LineState::NotFound => "not-found",
        LineState::NoPayment => "no-payment",
    }
}

/// The posting of an approved plan, before its first step.
pub(super) fn new_posting(record: &PayoutRecord, plan: &PayoutPlan) -> Option<Posting> {
    Some(Posting {
        plan: record.plan.as_ref()?.hash.clone(),
        ordinal: record.approval.ordinal(),
        parts: plan.vouchers.len(),
        book: plan.book,
        reversal: None,
        step: 0,
        numbers: Vec::new(),
        vouchers: Vec::new(),
        abandoned: false,
        undoes: None,
        doubt: None,
    })
}
