//! A payout for people: its record, and every line that somebody may have to decide about.

use domain::Money;
use domain::matching::LineState;
use domain::payout::LineDecision;
use serde::{Deserialize, Serialize};

use super::decide::may_be_approved;
use super::looking::MANY_LINES;
use super::record::{PAYOUT_SCHEMA, PayoutId, PayoutRecord};
use super::route::PayoutRoute;
use super::work::{Matched, Stop, state_word};
use super::{PayoutEngine, PayoutFailure};
use crate::store::StoreFailure;

/// Lines that are shown at the most.
pub(super) const MOST_LINES: usize = 1_000;

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
        let Lines { lines, more: more_lines } = match has_many_lines(&record) {
            true => self.kept_lines(&record, every_line).await?,
            false => {
                let route = self.route(&id.merchant, &record.flow).await?;
                let mut as_it_is = record.clone();
                let found = self.matched(&route, &mut as_it_is, None).await.map_err(told)?;
                Lines::of(&route, &found, every_line)
            }
        };
        let waits_for =
            record.plan.as_ref().filter(|_| may_be_approved(&record)).map(|plan| plan.hash.clone());
        Ok(PayoutView { name: id.name(), record, waits_for, lines, more_lines })
    }

    /// Keeps the lines that are shown of a payout of very many: they cannot be matched again for whoever looks at it.
    pub(super) async fn keep_lines(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        found: &Matched,
    ) -> Result<(), Stop> {
        if !has_many_lines(record) {
            return Ok(());
        }
        let every = Lines::of(route, found, true);
        let kept = KeptLines { schema: PAYOUT_SCHEMA, unsettled: Lines::of(route, found, false), every };
        let bytes = serde_json::to_vec(&kept).map_err(|error| Stop::Refused(error.to_string()))?;
        Ok(self.payouts.put_payout_plan(&record.id, LINES, bytes).await?)
    }

    /// The lines that are shown of a payout of very many, as it was last worked on; none before.
    pub(super) async fn kept_lines(
        &self,
        record: &PayoutRecord,
        every_line: bool,
    ) -> Result<Lines, PayoutFailure> {
        let unread = || Lines { lines: Vec::new(), more: usize::try_from(record.figures.lines).unwrap_or(0) };
        let bytes = match self.payouts.payout_plan(&record.id, LINES).await {
            Err(StoreFailure::Conflict) => return Ok(unread()),
            kept => kept?,
        };
        let kept: Option<KeptLines> = serde_json::from_slice(&bytes).ok();
        Ok(match kept.filter(|kept| kept.schema == PAYOUT_SCHEMA) {
            Some(kept) if every_line => kept.every,
            Some(kept) => kept.unsettled,
            None => unread(),
        })
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

/// True for a payout of so many lines that it is worked on in turns.
pub(super) fn has_many_lines(record: &PayoutRecord) -> bool {
    record.figures.lines > MANY_LINES as u64
}

/// The lines that are shown of a payout, and how many more there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lines {
    pub(super) lines: Vec<LineView>,
    pub(super) more: usize,
}

/// Name of the lines that are kept beside the plan.
const LINES: &str = "lines";

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct KeptLines {
    schema: u32,
    unsettled: Lines,
    every: Lines,
}

impl Lines {
    /// Of all that concern payments, or of those that are not settled.
    pub(super) fn of(route: &PayoutRoute, found: &Matched, every_line: bool) -> Lines {
        let mut shown = places(found, every_line);
        let first: Vec<usize> = shown.by_ref().take(MOST_LINES).collect();
        Lines { lines: lines(route, found, &first), more: shown.count() }
    }
}

/// The places of lines that are shown.
pub(super) fn places(found: &Matched, every_line: bool) -> impl Iterator<Item = usize> {
    let concern = found.settlements[0].lines().enumerate().filter(|(_, line)| line.kind.concerns_payment());
    let places = concern.map(|(place, _)| place);
    places.filter(move |place| {
        let state = found.matching.state(&found.receivables, 0, *place);
        let settled = matches!(state, LineState::Exact | LineState::NoPayment);
        every_line || !settled || found.decisions.of(*place).is_some()
    })
}

/// Lines by their places, for people.
pub(super) fn lines(route: &PayoutRoute, found: &Matched, places: &[usize]) -> Vec<LineView> {
    let settlement = &found.settlements[0];
    let within = u32::from(route.settings.matching.suggest_within_days);
    let asked = (0, places.iter().copied());
    let mut near: std::collections::BTreeMap<usize, Vec<String>> = found
        .matching
        .suggestions_for(&found.receivables, &found.settlements, asked, within, &route.zone)
        .into_iter()
        .map(|(place, all)| {
            let numbers = all.iter().map(|one| found.receivables.number(one.document).to_owned());
            (place, numbers.collect())
        })
        .collect();
    let mut views = Vec::new();
    for (place, line) in places.iter().filter_map(|place| Some((*place, settlement.line(*place)?))) {
        let state = found.matching.state(&found.receivables, 0, place);
        let decision = found.decisions.of(place);
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
