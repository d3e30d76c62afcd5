//! What a flow's payouts come to on a day: what is captured and not paid out, proved against the interim account; what was paid without
//! a document; what the fees are in per cent.
//!
//! The ledger's balance is that of all entries of the account since the books' first year. The other side is reckoned without it: from
//! the documents that stand on the account, and from the vouchers that Bogbro planned and entered. So an entry that a person made there is
//! a difference, whatever it says; but that of a voucher on which a payout is said to be booked is the payout's.

use std::collections::{BTreeMap, BTreeSet};

use domain::matching::{Rules, match_settlements};
use domain::payout::{FeeRate, PayoutState, fee_rates};
use domain::settings::BookkeepingModel;
use domain::{MerchantId, Money};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::paid::paid_by;
use super::record::{PaidBefore, PayoutRecord};
use super::route::PayoutRoute;
use super::view::{LineView, has_many_lines, lines, places, told};
use super::{PayoutEngine, PayoutFailure, receivables};

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
    /// Captured and not paid out by what Bogbro booked and payouts paid, in each currency, where no interim account shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_come: Vec<ToComeView>,
    /// What these days' payouts paid of documents, by document: below zero what went back on a credit note.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid_out: Vec<PaidOutView>,
    /// What was paid out without a document: payout, line number and gross.
    pub without_document: Vec<(String, u32, Money)>,
    /// Fees in per cent, by method and month.
    pub fees: Vec<FeeView>,
    /// Payouts that were looked at.
    pub payouts: usize,
    /// What could not be reckoned with, in words: entries of a currency that is not known, and whatever was too much to be read. Nothing
    /// is proven over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What a payout paid of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PaidOutView {
    /// The document's number.
    pub document: String,
    /// The payout's batch.
    pub payout: String,
    /// Its day, where it is known.
    pub day: Option<Date>,
    /// How much, in the document's currency.
    pub amount: Money,
}

/// The interim account in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InterimView {
    /// Its balance in the ledger: debit positive.
    pub balance: Money,
    /// What documents and payouts make it, as Bogbro knows them.
    pub reckoned: Money,
    /// Balance less that; nothing when the account is proven.
    pub difference: Money,
    /// Captured and not paid out, the oldest first.
    pub captured: Vec<OpenItem>,
    /// Paid out without having been booked on the account.
    pub paid_without_booking: Vec<OpenItem>,
    /// What is captured and not paid out, by age in days.
    pub ageing: Vec<AgeView>,
    /// Entries that belong to no document and no payout: what a person entered on the account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexplained: Vec<OpenItem>,
}

/// What is to come in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToComeView {
    /// All of it.
    pub sum: Money,
    /// Documents of orders that were paid online and are not paid out, or not whole, the oldest first.
    pub captured: Vec<OpenItem>,
    /// The same by age in days.
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
/// Payouts whose lines an overview reads.
const MOST_PAYOUTS: usize = 400;

impl PayoutEngine<'_> {
    /// The overview of a flow on a day. Payouts and documents since `from` are told; the interim account is proved over all its entries.
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
            to_come: Vec::new(),
            paid_out: Vec::new(),
            without_document: Vec::new(),
            fees: Vec::new(),
            payouts: 0,
            left_out: Vec::new(),
        };
        let all = self.all_records(merchant).await?;
        let later = paid_later(&all, on);
        let records: Vec<PayoutRecord> = all.into_iter().filter(|record| record.flow == flow).collect();
        let told_of = |record: &&PayoutRecord| {
            counts(record) && record.figures.day.is_none_or(|day| from <= day && day <= on)
        };
        let mut shown: Vec<&PayoutRecord> = records.iter().filter(told_of).collect();
        view.payouts = shown.len();
        if shown.len() > MOST_PAYOUTS {
            let beyond = shown.len() - MOST_PAYOUTS;
            view.left_out
                .push(format!("fees and lines of {beyond} payouts of these days: choose fewer days"));
            shown.truncate(MOST_PAYOUTS);
        }
        let mut settlements = Vec::new();
        for record in shown {
            if has_many_lines(record) {
                self.of_many_lines(record, &mut view).await?;
                continue;
            }
            let found = match self.matched(&route, &mut record.clone(), None).await.map_err(told) {
                Err(PayoutFailure::Refused(reason)) if reason.code == "payout-original-gone" => {
                    view.left_out.push(format!("payout {}: its report is erased", record.id.key.batch));
                    continue;
                }
                found => found?,
            };
            let unsettled: Vec<usize> = places(&found, false).collect();
            without_document(&mut view, record, &lines(&route, &found, &unsettled));
            let paid = paid_by(record, &found, &route.settings).iter().collect();
            view.paid_out.extend(paid_out(record, paid));
            settlements.extend(found.settlements);
        }
        view.paid_out.sort_by(|a, b| (&a.document, a.day, &a.payout).cmp(&(&b.document, b.day, &b.payout)));
        let fees = fee_rates(&settlements, &route.zone).map_err(reckoning)?;
        view.fees = fees.into_iter().map(FeeView::from).collect();
        match interim_account(&route) {
            Some(account) => {
                view.interim = self.interim(&route, account, &records, on, &mut view.left_out).await?;
            }
            None => view.to_come = self.captured(&route, from, on, &later).await?,
        }
        Ok(view)
    }

    /// A payout of very many lines is told as it was last worked on: what it pays, and the first lines that are without document.
    async fn of_many_lines(
        &self,
        record: &PayoutRecord,
        view: &mut PayoutOverview,
    ) -> Result<(), PayoutFailure> {
        let batch = &record.id.key.batch;
        let lines = self.kept_lines(record, false).await?;
        without_document(view, record, &lines.lines);
        let more = if lines.more > 0 {
            format!(" and of {} lines that are not settled", lines.more)
        } else {
            String::new()
        };
        view.left_out.push(format!("payout {batch}: fees by month{more}, since it has very many lines"));
        let plan = record.posting.as_ref().map(|posting| &posting.plan);
        let plan = plan.or(record.by_hand.as_ref()).or(record.plan.as_ref().map(|plan| &plan.hash));
        let Some(plan) = plan else { return Ok(()) };
        let list = self.paid_list(record, plan).await.map_err(told)?;
        let paid = self.all_paid(record, &list).await.map_err(told)?;
        view.paid_out.extend(paid_out(record, paid));
        Ok(())
    }

    /// All payouts of a merchant, whatever became of them.
    async fn all_records(&self, merchant: &MerchantId) -> Result<Vec<PayoutRecord>, PayoutFailure> {
        let mut records = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answer = self.payouts.payouts(merchant, None, page.as_deref()).await?;
            records.extend(answer.items);
            match answer.next {
                None => return Ok(records),
                next => page = next,
            }
        }
    }

    /// What Bogbro booked of orders that were paid online since `from`, less what payouts paid of it until `on`.
    async fn captured(
        &self,
        route: &PayoutRoute,
        from: Date,
        on: Date,
        later: &BTreeSet<String>,
    ) -> Result<Vec<ToComeView>, PayoutFailure> {
        let shops = &route.settings.matching.shops;
        let mut found = BTreeMap::new();
        let mut day = from;
        while day <= on {
            let mut page: Option<String> = None;
            loop {
                let answer = self.ledger.day(&route.merchant, day, page.as_deref()).await?;
                for head in &answer.items {
                    let meant = shops.is_empty() || shops.contains(&head.transfer.source);
                    if meant && !head.progress.payments.is_empty() {
                        receivables::add_head(&mut found, head, None);
                    }
                }
                match answer.next {
                    None => break,
                    next => page = next,
                }
            }
            day = day.saturating_add(1.day());
        }
        let numbers: Vec<String> = found.keys().cloned().collect();
        let mut before = self.payouts.paid(&route.merchant, &route.books.agreement, &numbers).await?;
        before.retain(|paid| !later.contains(&paid.payout));
        let rules = &route.settings.matching.order_numbers;
        let documents = receivables::packed(found, before, rules).map_err(PayoutFailure::Unavailable)?;
        let matching =
            match_settlements(&[], &documents, Rules { shops, tolerance: 0 }).map_err(reckoning)?;
        let overview = domain::payout::overview(&documents, &[], &matching, on, &AGES).map_err(reckoning)?;
        let mut by_currency = BTreeMap::<domain::Currency, Vec<OpenItem>>::new();
        for captured in overview.captured {
            by_currency.entry(captured.left.currency()).or_default().push(OpenItem {
                item: documents.number(captured.document).to_owned(),
                since: documents.date(captured.document),
                amount: captured.left,
            });
        }
        let view = |(currency, captured): (domain::Currency, Vec<OpenItem>)| {
            let sum = Money::sum(currency, captured.iter().map(|item| item.amount))?;
            Ok(ToComeView { sum, ageing: ageing(&captured, currency, on)?, captured })
        };
        by_currency.into_iter().map(view).collect::<Result<_, _>>().map_err(reckoning)
    }
}

/// Lines that were paid out and belong to no document.
fn without_document(view: &mut PayoutOverview, record: &PayoutRecord, lines: &[LineView]) {
    let open = |line: &&LineView| !line.decided && matches!(line.state.as_str(), "not-found" | "ambiguous");
    let told = |line: &LineView| (record.id.key.batch.clone(), line.line, line.gross);
    view.without_document.extend(lines.iter().filter(open).map(told));
}

/// What a payout paid of documents; what it only took back of them leaves them paid.
fn paid_out(record: &PayoutRecord, paid: Vec<PaidBefore>) -> impl Iterator<Item = PaidOutView> + use<'_> {
    let paid = paid.into_iter();
    paid.filter(|paid| paid.takes_back_of().is_none() && !paid.amount.is_zero()).map(|paid| PaidOutView {
        document: paid.document,
        payout: record.id.key.batch.clone(),
        day: record.figures.day,
        amount: paid.amount,
    })
}

/// The account that shows what the acquirer owes; none where customers do.
fn interim_account(route: &PayoutRoute) -> Option<u32> {
    let accounts = &route.settings.accounts;
    let on_customers =
        route.settings.model == BookkeepingModel::OpenInvoices || accounts.receivable_customer.is_some();
    accounts.receivable.filter(|_| !on_customers)
}

/// The names of payouts, of whatever flow, of days after this one: what they paid was to come on it.
fn paid_later(records: &[PayoutRecord], on: Date) -> BTreeSet<String> {
    let later = records.iter().filter(|record| record.figures.day.is_some_and(|day| on < day));
    later.map(|record| record.id.name()).collect()
}

/// A payout that stands: it was not set aside as superfluous, nor undone.
fn counts(record: &PayoutRecord) -> bool {
    !record.is_set_aside() && record.approval.state() != PayoutState::Reversed
}

pub(super) fn reckoning(error: domain::MoneyError) -> PayoutFailure {
    PayoutFailure::Unavailable(error.to_string())
}

/// The currencies of amounts.
pub(super) fn currencies<'a>(amounts: impl Iterator<Item = &'a Money>) -> BTreeSet<domain::Currency> {
    amounts.map(|amount| amount.currency()).collect()
}

pub(super) fn ageing(
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
