//! A payout for people: its record, and every line that somebody may have to decide about.

use connectors::journals::{Days, EntryOrigin, LedgerEntry};
use domain::matching::LineState;
use domain::payout::{BalanceProof, FeeRate, LineDecision, Movement, fee_rates, prove_balance};
use domain::{EffectKey, MerchantId, Money};
use jiff::ToSpan;
use jiff::civil::Date;
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

fn lines(route: &PayoutRoute, found: &Matched, every_line: bool) -> Vec<LineView> {
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

/// What a flow's payouts come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutOverview {
    /// Name of the flow.
    pub flow: String,
    /// The day.
    pub on: Date,
    /// The interim account in each currency: what is open on it, and whether that is its whole balance.
    pub interim: Vec<InterimView>,
    /// What was paid out without a document: payout, line number and gross.
    pub without_document: Vec<(String, u32, Money)>,
    /// Fees in per cent, by method and month.
    pub fees: Vec<FeeView>,
    /// Payouts that were looked at.
    pub payouts: usize,
    /// Entries of the account that cannot be reckoned with, in words: nothing is proven over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// The interim account in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InterimView {
    /// Its balance in the ledger: debit positive.
    pub balance: Money,
    /// What the open items add up to.
    pub reckoned: Money,
    /// Balance less items; nothing when the account is proven.
    pub difference: Money,
    /// Captured and not paid out, the oldest first.
    pub captured: Vec<OpenItem>,
    /// Paid out without having been booked on the account.
    pub paid_without_booking: Vec<OpenItem>,
    /// What is captured and not paid out, by age in days.
    pub ageing: Vec<AgeView>,
}

/// One open item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenItem {
    /// The document's number, or the voucher's.
    pub item: String,
    /// Day of its first entry.
    pub since: Date,
    /// What is open.
    pub amount: Money,
}

/// What is open by age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AgeView {
    /// At most so many days old; `None` for older.
    pub up_to_days: Option<u16>,
    /// Number of items.
    pub count: u64,
    /// Their sum.
    pub sum: Money,
}

/// Fees of one method in one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FeeView {
    /// The month's first day.
    pub month: Date,
    /// The method in the acquirer's words.
    pub method: String,
    /// Sales before fees.
    pub sales: Money,
    /// Fees, negative.
    pub fees: Money,
    /// In per cent; `None` without sales.
    pub per_cent: Option<rust_decimal::Decimal>,
}

impl From<FeeRate> for FeeView {
    fn from(rate: FeeRate) -> FeeView {
        let FeeRate { month, method, sales, fees, per_cent } = rate;
        FeeView { month, method, sales, fees, per_cent }
    }
}

/// Ages in days that are summed apart.
const AGES: [u16; 4] = [3, 7, 14, 30];
/// Pages of the interim account's entries that are read at the most.
const MOST_PAGES: usize = 2_000;
/// Payouts that an overview reads at the most.
const MOST_PAYOUTS: usize = 400;

impl PayoutEngine<'_> {
    /// The overview of a flow on a day: what is captured and not paid out, proved against the interim account's balance; what
    /// was paid out without a document; fees in per cent. It reads the account's entries since `from` and the payouts since.
    ///
    /// # Errors
    /// See [`PayoutFailure`].
    pub async fn overview(
        &self,
        merchant: &MerchantId,
        flow: &str,
        from: Date,
        on: Date,
    ) -> Result<PayoutOverview, PayoutFailure> {
        let route = self.route(merchant, flow).await?;
        let mut view = PayoutOverview {
            flow: flow.to_owned(),
            on,
            interim: Vec::new(),
            without_document: Vec::new(),
            fees: Vec::new(),
            payouts: 0,
            left_out: Vec::new(),
        };
        let records = self.records_since(merchant, flow, from, on).await?;
        view.payouts = records.len();
        let mut settlements = Vec::new();
        for record in &records {
            let found = self.matched(&route, record).await.map_err(told)?;
            for line in lines(&route, &found, false).iter().filter(|line| !line.decided) {
                if matches!(line.state.as_str(), "not-found" | "ambiguous") {
                    view.without_document.push((record.id.key.batch.clone(), line.line, line.gross));
                }
            }
            settlements.extend(found.settlements);
        }
        let fees = fee_rates(&settlements, &route.zone)
            .map_err(|error| PayoutFailure::Unavailable(error.to_string()))?;
        view.fees = fees.into_iter().map(FeeView::from).collect();
        view.interim = self.interim(&route, &records, (from, on), &mut view.left_out).await?;
        Ok(view)
    }

    async fn records_since(
        &self,
        merchant: &MerchantId,
        flow: &str,
        from: Date,
        on: Date,
    ) -> Result<Vec<PayoutRecord>, PayoutFailure> {
        let mut records = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answer = self.payouts.payouts(merchant, None, page.as_deref()).await?;
            records.extend(answer.items.into_iter().filter(|record| {
                let day = record.figures.day;
                record.flow == flow && day.is_none_or(|day| from <= day && day <= on)
            }));
            match answer.next {
                Some(next) if records.len() < MOST_PAYOUTS => page = Some(next),
                _ => return Ok(records),
            }
        }
    }

    async fn interim(
        &self,
        route: &PayoutRoute,
        records: &[PayoutRecord],
        (from, on): (Date, Date),
        left_out: &mut Vec<String>,
    ) -> Result<Vec<InterimView>, PayoutFailure> {
        let Some(account) = route.settings.accounts.receivable else { return Ok(Vec::new()) };
        let own = self.own_entries(records, account).await?;
        let days = Days { from, to: on };
        let mut moved: Vec<Movement> = Vec::new();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = route
                .books
                .journals
                .entries_on(&*route.books.transport, account, days, page.as_deref())
                .await
                .map_err(|failure| PayoutFailure::Unavailable(failure.to_string()))?;
            // What the system carried over from the year before repeats that year's entries.
            for entry in answer.entries.iter().filter(|entry| entry.origin != EntryOrigin::Carried) {
                moved.push(Movement { item: item_of(entry, &own), day: entry.day, amount: entry.amount });
            }
            left_out.extend(answer.left_out);
            match answer.next {
                None => break,
                next => page = next,
            }
        }
        currencies(&moved)
            .into_iter()
            .map(|currency| {
                let of: Vec<Movement> =
                    moved.iter().filter(|movement| movement.amount.currency() == currency).cloned().collect();
                interim_view(of, currency, on)
            })
            .collect()
    }

    /// The documents that Bogbro's own entries on the account concern, by the entries' texts without the key at their end.
    async fn own_entries(
        &self,
        records: &[PayoutRecord],
        account: u32,
    ) -> Result<std::collections::BTreeMap<String, String>, PayoutFailure> {
        let mut own = std::collections::BTreeMap::new();
        for record in records.iter().filter(|record| record.posting.is_some()) {
            let plan = self.plan_of(record).await?;
            for entry in plan.vouchers.iter().flat_map(domain::payout::Voucher::entries) {
                let here = entry.target == domain::payout::Target::Account(account);
                if here && !entry.invoice.is_empty() {
                    own.insert(entry.text.clone(), entry.invoice.clone());
                }
            }
        }
        Ok(own)
    }
}

/// What an entry on the interim account belongs to: the document that it concerns, that of Bogbro's own entry, or, of a document
/// that was paid by its term when it was booked, the voucher, which has the document's number. Anything else is its own voucher.
fn item_of(entry: &LedgerEntry, own: &std::collections::BTreeMap<String, String>) -> String {
    if let Some(number) = entry.document {
        return number.to_string();
    }
    if let Some(document) = own.get(without_key(&entry.text)) {
        return document.clone();
    }
    match (entry.voucher, entry.origin) {
        (Some(voucher), EntryOrigin::Document | EntryOrigin::Payment) => voucher.to_string(),
        (Some(voucher), _) => format!("#{voucher}"),
        (None, _) => entry.text.clone(),
    }
}

/// A text without the key that stands at its end.
fn without_key(text: &str) -> &str {
    match EffectKey::at_end_of(text) {
        Some(key) => text.strip_suffix(key.as_str()).unwrap_or(text).trim_end(),
        None => text,
    }
}

fn currencies(moved: &[Movement]) -> std::collections::BTreeSet<domain::Currency> {
    moved.iter().map(|movement| movement.amount.currency()).collect()
}

fn interim_view(
    movements: Vec<Movement>,
    currency: domain::Currency,
    on: Date,
) -> Result<InterimView, PayoutFailure> {
    let reckoning = |error: domain::MoneyError| PayoutFailure::Unavailable(error.to_string());
    let balance =
        Money::sum(currency, movements.iter().map(|movement| movement.amount)).map_err(reckoning)?;
    let mut since: std::collections::BTreeMap<String, Date> = std::collections::BTreeMap::new();
    for movement in &movements {
        let first = since.entry(movement.item.clone()).or_insert(movement.day);
        *first = (*first).min(movement.day);
    }
    let proof: BalanceProof = prove_balance(movements, balance, on).map_err(reckoning)?;
    let mut items: Vec<OpenItem> = proof
        .open
        .into_iter()
        .map(|(item, amount)| OpenItem { since: since.get(&item).copied().unwrap_or(on), item, amount })
        .collect();
    items.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.item.cmp(&b.item)));
    let (captured, paid_without_booking): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| !item.amount.is_negative());
    let ageing = ageing(&captured, currency, on).map_err(reckoning)?;
    Ok(InterimView {
        balance: proof.ledger,
        reckoned: proof.reckoned,
        difference: proof.difference,
        captured,
        paid_without_booking,
        ageing,
    })
}

fn ageing(
    items: &[OpenItem],
    currency: domain::Currency,
    on: Date,
) -> Result<Vec<AgeView>, domain::MoneyError> {
    let mut views: Vec<AgeView> = AGES
        .iter()
        .map(|age| Some(*age))
        .chain([None])
        .map(|up_to_days| AgeView { up_to_days, count: 0, sum: currency.zero() })
        .collect();
    for item in items {
        let fits = |age: &&mut AgeView| {
            age.up_to_days.is_none_or(|days| item.since >= on.saturating_sub(i32::from(days).days()))
        };
        if let Some(age) = views.iter_mut().find(fits) {
            age.count += 1;
            age.sum = age.sum.plus(item.amount)?;
        }
    }
    Ok(views)
}
