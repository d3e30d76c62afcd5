//! What an overview needs of a posted payout: a small row beside it, written before its first voucher is entered.
//!
//! A plan is an object of its own, and so is the report that it was made from. An overview needs something of each payout that ever stood
//! on the interim account; a hundred of these rows are read with one call instead. A payout that was posted before there were summaries, or
//! whose summary is larger than a row may be, is read from its plan and its report. What a payout of very many lines paid is kept in parts
//! beside its plan anyway, and is read from there.

use std::collections::BTreeMap;

use domain::matching::LineState;
use domain::payout::{FeeRate, Target, Voucher, fee_rates};
use domain::{Currency, Money, MoneyError};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::looking::MANY_LINES;
use super::overview::{FeeView, interim_account, reckoning};
use super::paid::{PaidList, is_none};
use super::record::{PAYOUT_SCHEMA, PaidBefore, PayoutId, PayoutRecord, Posting};
use super::route::PayoutRoute;
use super::view::{MOST_LINES, places, told};
use super::work::{KeptPlan, Matched};
use super::{PayoutEngine, PayoutFailure};

/// Entries that are kept in a row of a payout that paid very many documents.
const MOST_ENTRIES: usize = 1_000;

/// What is kept of one posting of a payout, or of what a person's voucher paid of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutSummary {
    /// [`PAYOUT_SCHEMA`] of the writer.
    pub schema: u32,
    /// Of which payout.
    pub id: PayoutId,
    /// Hash of the plan, or the name under which it is kept what a person's voucher paid.
    pub plan: String,
    /// The interim account; `None` where customers owe, or a person booked it.
    pub account: Option<u32>,
    /// What each of the plan's vouchers moves on that account.
    pub vouchers: Vec<Vec<AccountEntry>>,
    /// What it paid of documents, or took back of them, where that is not kept in parts.
    pub paid: Vec<(String, Money)>,
    /// It is kept in so many parts.
    #[serde(default, skip_serializing_if = "is_none")]
    pub paid_parts: usize,
    /// What its lines come to; `None` for a plan of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LinesSummary>,
}

/// What one voucher moves on the interim account for one document and day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountEntry {
    /// Number of the document; empty for sums that name none.
    pub document: String,
    /// The day of posting.
    pub day: Date,
    /// Debit positive.
    pub amount: Money,
}

/// What a payout's lines come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinesSummary {
    /// Fees by method and month.
    pub fees: Vec<FeeView>,
    /// Lines without a document that nobody has decided about: number and gross. Of very many lines the first of them.
    pub without_document: Vec<(u32, Money)>,
    /// So many more lines are without one.
    #[serde(default, skip_serializing_if = "is_none")]
    pub more_without: usize,
}

/// Summaries by payout and plan.
pub(super) type Summaries = BTreeMap<(PayoutId, String), PayoutSummary>;

impl PayoutSummary {
    /// Of a plan, as far as it moves this account.
    pub(super) fn of_plan(
        id: &PayoutId,
        hash: &str,
        kept: &KeptPlan,
        account: Option<u32>,
    ) -> Result<PayoutSummary, MoneyError> {
        let vouchers = match account {
            Some(account) => kept.plan.vouchers.iter().map(|voucher| moved(voucher, account)).collect(),
            None => Ok(Vec::new()),
        };
        let vouchers = vouchers?;
        Ok(PayoutSummary {
            account,
            vouchers,
            ..PayoutSummary::new(id, &kept.paid_list(hash), kept.lines.clone())
        })
    }

    /// Of what a person's voucher paid.
    pub(super) fn new(id: &PayoutId, list: &PaidList, lines: Option<LinesSummary>) -> PayoutSummary {
        PayoutSummary {
            schema: PAYOUT_SCHEMA,
            id: id.clone(),
            plan: list.name.clone(),
            account: None,
            vouchers: Vec::new(),
            paid: list.paid.iter().map(|paid| (paid.document.clone(), paid.amount)).collect(),
            paid_parts: list.parts,
            lines,
        }
    }

    /// What of it is kept in a row: what the vouchers of a payout of very many documents move is read from its plan.
    fn for_a_row(self) -> PayoutSummary {
        let entries: usize = self.vouchers.iter().map(Vec::len).sum();
        match self.paid_parts > 0 && entries > MOST_ENTRIES {
            true => PayoutSummary { account: None, vouchers: Vec::new(), ..self },
            false => self,
        }
    }

    /// What it paid of documents, and took back.
    pub(super) fn paid_list(&self) -> PaidList {
        PaidList { name: self.plan.clone(), paid: self.paid(), parts: self.paid_parts }
    }

    fn paid(&self) -> Vec<PaidBefore> {
        let payout = self.id.name();
        let of = |(document, amount): &(String, Money)| PaidBefore {
            document: document.clone(),
            payout: payout.clone(),
            amount: *amount,
        };
        self.paid.iter().map(of).collect()
    }

    /// What the vouchers of a posting move: those of the plan, or those that undo what stands of it, in their order.
    pub(super) fn entries_of(&self, posting: &Posting) -> Result<Vec<Vec<AccountEntry>>, MoneyError> {
        let Some(day) = posting.reversal else { return Ok(self.vouchers.clone()) };
        let undo = |entries: &Vec<AccountEntry>| -> Result<Vec<AccountEntry>, MoneyError> {
            let undone = |entry: &AccountEntry| {
                Ok(AccountEntry { document: entry.document.clone(), day, amount: entry.amount.negated()? })
            };
            entries.iter().map(undone).collect()
        };
        match &posting.undoes {
            None => self.vouchers.iter().rev().map(undo).collect(),
            Some(undoes) => {
                undoes.iter().filter_map(|undone| self.vouchers.get(undone.part)).map(undo).collect()
            }
        }
    }
}

/// What a voucher moves on an account, by document and day in the order of its entries.
fn moved(voucher: &Voucher, account: u32) -> Result<Vec<AccountEntry>, MoneyError> {
    let mut moved: Vec<AccountEntry> = Vec::new();
    let mut places = BTreeMap::<(&str, Date, Currency), usize>::new();
    for entry in voucher.entries().iter().filter(|entry| entry.target == Target::Account(account)) {
        let (document, day, amount) = (entry.invoice.as_str(), entry.date, entry.amount);
        let place = *places.entry((document, day, amount.currency())).or_insert(moved.len());
        match moved.get_mut(place) {
            Some(known) => known.amount = known.amount.plus(amount)?,
            None => moved.push(AccountEntry { document: document.to_owned(), day, amount }),
        }
    }
    Ok(moved)
}

impl LinesSummary {
    /// Of a payout with its lines matched.
    pub(super) fn of(route: &PayoutRoute, found: &Matched) -> Result<LinesSummary, MoneyError> {
        let fees = fee_rates(&found.settlements, &route.zone)?;
        let settlement = &found.settlements[0];
        let open = places(found, false).filter(|place| {
            let state = found.matching.state(&found.receivables, 0, *place);
            found.decisions.of(*place).is_none()
                && matches!(state, LineState::NotFound | LineState::Ambiguous)
        });
        let mut without =
            open.filter_map(|place| settlement.line(place)).map(|line| (line.number, line.gross));
        let most = if settlement.lines().count() > MANY_LINES { MOST_LINES } else { MANY_LINES };
        Ok(LinesSummary {
            fees: fees.into_iter().map(FeeView::from).collect(),
            without_document: without.by_ref().take(most).collect(),
            more_without: without.count(),
        })
    }
}

/// The fees of several payouts together, by currency, month and method.
pub(super) fn together(fees: Vec<FeeView>) -> Result<Vec<FeeView>, MoneyError> {
    let mut sums: BTreeMap<(Currency, Date, String), (Money, Money)> = BTreeMap::new();
    for FeeView { month, method, sales, fees, per_cent: _ } in fees {
        let zero = sales.currency().zero();
        let sum = sums.entry((sales.currency(), month, method)).or_insert((zero, zero));
        *sum = (sum.0.plus(sales)?, sum.1.plus(fees)?);
    }
    let rate = |((_, month, method), (sales, fees))| FeeView::from(FeeRate::of(month, method, sales, fees));
    Ok(sums.into_iter().map(rate).collect())
}

/// The names under which it is kept what a payout's postings moved and paid: those that were undone among them.
fn plans(record: &PayoutRecord) -> impl Iterator<Item = &str> {
    let undone = record.undone.iter().map(|past| past.posting.plan.as_str());
    let now = record.posting.iter().map(|posting| posting.plan.as_str());
    undone.chain(now).chain(record.by_hand.as_deref())
}

impl PayoutEngine<'_> {
    /// The summaries of these payouts, of those that have one.
    pub(super) async fn summaries<'r>(
        &self,
        records: impl Iterator<Item = &'r PayoutRecord>,
    ) -> Result<Summaries, PayoutFailure> {
        let of = |record: &'r PayoutRecord| plans(record).map(|plan| (record.id.clone(), plan.to_owned()));
        let wanted: Vec<(PayoutId, String)> = records.flat_map(of).collect();
        let found = self.payouts.summaries(&wanted).await?;
        Ok(found.into_iter().map(|found| ((found.id.clone(), found.plan.clone()), found)).collect())
    }

    /// Keeps the summary of a posting that is about to begin.
    pub(super) async fn summarise(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        kept: &KeptPlan,
    ) -> Result<(), PayoutFailure> {
        let Some(plan) = &record.plan else { return Ok(()) };
        let summary = PayoutSummary::of_plan(&record.id, &plan.hash, kept, interim_account(route));
        Ok(self.payouts.put_summary(&summary.map_err(reckoning)?.for_a_row()).await?)
    }

    /// The summary of a posting, as far as it moves this account: read from the plan where none of that account is kept, and kept then for
    /// the next who asks.
    pub(super) async fn summary_of(
        &self,
        record: &PayoutRecord,
        plan: &str,
        account: u32,
        summaries: &Summaries,
    ) -> Result<PayoutSummary, PayoutFailure> {
        let known = summaries.get(&(record.id.clone(), plan.to_owned()));
        if let Some(summary) = known.filter(|summary| summary.account == Some(account)) {
            return Ok(summary.clone());
        }
        let kept = self.kept_plan(record, plan).await.map_err(told)?;
        let summary = PayoutSummary::of_plan(&record.id, plan, &kept, Some(account)).map_err(reckoning)?;
        if known.is_none() {
            // It only saves the next overview the reading.
            let _ = self.payouts.put_summary(&summary.clone().for_a_row()).await;
        }
        Ok(summary)
    }
}
