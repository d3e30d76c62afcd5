//! A payout for people: its record, and every line that somebody may have to decide about.

use domain::Money;
use domain::matching::LineState;
use domain::payout::LineDecision;
use serde::{Deserialize, Serialize};

use super::decide::may_be_approved;
use super::record::{PayoutId, PayoutRecord};
use super::route::PayoutRoute;
use super::work::{Matched, Stop, state_word};
use super::{PayoutEngine, PayoutFailure};

/// Lines that are shown at the most.
const MOST_LINES: usize = 1_000;

/// A line that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LineView {
    /// Its number in the report.
    pub line: u32,
    /// Its kind (`sale`, `refund`).
    pub kind: String,
    /// The acquirer's own word for it.
    pub raw_kind: String,
    /// Before fees, in the acquirer's sign.
    pub gross: Money,
    /// What became of it (`exact`, `not-found`).
    pub state: String,
    /// What it is matched by: the references in the report.
    pub references: Vec<String>,
    /// The documents it pays, with how much of each.
    pub documents: Vec<(String, Money)>,
    /// Documents it may mean: between several, or of its amount within some days. Never a match by itself.
    pub suggestions: Vec<String>,
    /// A person decided about it.
    pub decided: bool,
}

/// A payout, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutView {
    /// Its short name.
    pub name: String,
    /// Its record.
    pub record: PayoutRecord,
    /// It can be approved, and this is what is approved.
    pub waits_for: Option<String>,
    /// The lines: all that concern payments, or those that are not settled.
    pub lines: Vec<LineView>,
    /// More lines than are shown.
    pub more_lines: usize,
}

impl PayoutEngine<'_> {
    /// A payout with its lines, matched as things are now. Nothing is changed.
    ///
    /// # Errors
    /// See [`PayoutFailure`].
    pub async fn show(&self, id: &PayoutId, every_line: bool) -> Result<PayoutView, PayoutFailure> {
        let record = self.payouts.payout(id).await?;
        let record = record.ok_or_else(|| PayoutFailure::NotFound(id.name()))?;
        let route = self.route(&id.merchant, &record.flow).await?;
        let found = self.matched(&route, &record).await.map_err(told)?;
        let mut lines = lines(&route, &found, every_line);
        let more_lines = lines.len().saturating_sub(MOST_LINES);
        lines.truncate(MOST_LINES);
        let waits_for =
            record.plan.as_ref().filter(|_| may_be_approved(&record)).map(|plan| plan.hash.clone());
        Ok(PayoutView { name: id.name(), record, waits_for, lines, more_lines })
    }

    /// The vouchers that wait for approval or were approved.
    ///
    /// # Errors
    /// See [`PayoutFailure`]; `NotFound` where there is no plan.
    pub async fn plan_of(&self, record: &PayoutRecord) -> Result<domain::payout::PayoutPlan, PayoutFailure> {
        let hash = record.plan.as_ref().map(|plan| plan.hash.clone());
        let hash = hash.or_else(|| record.posting.as_ref().map(|posting| posting.plan.clone()));
        let hash = hash.ok_or_else(|| PayoutFailure::NotFound("a plan".to_owned()))?;
        Ok(self.kept_plan(record, &hash).await.map_err(told)?.plan)
    }
}

pub(super) fn told(stop: Stop) -> PayoutFailure {
    match stop {
        Stop::Store(failure) => failure,
        Stop::Hold(reason) => PayoutFailure::Refused(reason),
        Stop::Failed(failure) => PayoutFailure::Unavailable(failure.to_string()),
        Stop::Refused(words) => PayoutFailure::Unavailable(words),
        Stop::Wait(_) | Stop::OutOfTime => PayoutFailure::Unavailable("later".to_owned()),
    }
}

pub(super) fn lines(route: &PayoutRoute, found: &Matched, every_line: bool) -> Vec<LineView> {
    let settlement = &found.settlements[0];
    let within = u32::from(route.settings.matching.suggest_within_days);
    let mut near: std::collections::BTreeMap<usize, Vec<String>> = found
        .matching
        .suggestions(&found.receivables, &found.settlements, 0, within, &route.zone)
        .into_iter()
        .map(|(place, all)| {
            let numbers = all.iter().map(|one| found.receivables.number(one.document).to_owned());
            (place, numbers.collect())
        })
        .collect();
    let mut views = Vec::new();
    for (place, line) in settlement.lines().enumerate().filter(|(_, line)| line.kind.concerns_payment()) {
        let state = found.matching.state(&found.receivables, 0, place);
        let decision = found.decisions.of(place);
        if !every_line && decision.is_none() && matches!(state, LineState::Exact | LineState::NoPayment) {
            continue;
        }
        let parts = match decision {
            Some(LineDecision::Matched(parts)) => parts.clone(),
            Some(LineDecision::ErrorAccount { .. }) => Vec::new(),
            None => found.matching.parts(&found.receivables, &found.settlements, 0, place),
        };
        let candidates = found.matching.candidates(0, place);
        let mut suggestions: Vec<String> =
            candidates.iter().map(|id| found.receivables.number(*id).to_owned()).collect();
        suggestions.extend(near.remove(&place).unwrap_or_default());
        let keys = &line.keys;
        let references = [
            keys.order,
            keys.merchant,
            keys.transaction,
            keys.modification,
            keys.original,
            keys.acquirer,
            keys.invoice,
            line.reference,
        ];
        views.push(LineView {
            line: line.number,
            kind: line.kind.as_str().to_owned(),
            raw_kind: line.raw_kind.to_owned(),
            gross: line.gross,
            state: state_word(state).to_owned(),
            references: references
                .iter()
                .filter(|text| !text.is_empty())
                .map(|text| (*text).to_owned())
                .collect(),
            documents: parts
                .iter()
                .map(|(id, amount)| (found.receivables.number(*id).to_owned(), *amount))
                .collect(),
            suggestions,
            decided: decision.is_some(),
        });
    }
    views
}
