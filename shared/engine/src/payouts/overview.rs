//! What a flow's payouts come to on a day: what is captured and not paid out, proved against the interim account; what was paid without
//! a document; what the fees are in per cent.
//!
//! The ledger's balance is that of all entries of the account since the books' first year. The other side is reckoned without it: from
//! the documents that stand on the account, and from the vouchers that Bogbro planned and entered. So an entry that a person made there is
//! a difference, whatever it says; but that of a voucher on which a payout is said to be booked is the payout's.

use std::collections::{BTreeMap, BTreeSet};

use domain::matching::{Rules, match_settlements};
use domain::payout::{FeeRate, PayoutState};
use domain::settings::BookkeepingModel;
use domain::{MerchantId, Money};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::acquirers::{self, Orders, Share};
use super::by_hand::BY_HAND;
use super::paid::{PaidList, paid_by};
use super::record::{PaidBefore, PayoutRecord};
use super::route::PayoutRoute;
use super::summary::{LinesSummary, Summaries, together};
use super::view::{has_many_lines, told};
use super::{PayoutEngine, PayoutFailure, receivables};
use crate::store::{Head, Pointer, PointerKind};

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
    /// The same of orders that were paid by methods which this flow's acquirer does not pay out: it is another's to pay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of_others: Vec<OpenItem>,
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
        let own: Vec<&PayoutRecord> = all.iter().filter(|record| record.flow == flow).collect();
        let told_of = |record: &&PayoutRecord| {
            counts(record, on) && record.figures.day.is_none_or(|day| from <= day && day <= on)
        };
        let shown: Vec<&PayoutRecord> = own.iter().copied().filter(told_of).collect();
        let account = interim_account(&route);
        let on_the_account = match account {
            Some(account) => self.on_account(&route, account, &all).await?,
            None => Vec::new(),
        };
        let wanted = shown.iter().chain(&on_the_account).copied();
        let summaries = self.summaries(wanted).await?;
        self.tell_payouts(&route, &shown, &summaries, &mut view).await?;
        match account {
            Some(account) => {
                let known = (on_the_account.as_slice(), &summaries);
                view.interim = self.interim(&route, account, known, on, &mut view.left_out).await?;
                self.tell_apart(&route, &mut view).await?;
            }
            None => {
                let paid = PaidByThen { all: &all, own: &own, on };
                view.to_come = self.captured(&route, from, &paid, &mut view.left_out).await?;
            }
        }
        Ok(view)
    }

    /// Tells what these payouts paid and cost: by their summaries, or else by their reports, of so many at the most.
    async fn tell_payouts(
        &self,
        route: &PayoutRoute,
        shown: &[&PayoutRecord],
        summaries: &Summaries,
        view: &mut PayoutOverview,
    ) -> Result<(), PayoutFailure> {
        view.payouts = shown.len();
        let (mut fees, mut read, mut beyond) = (Vec::new(), 0_usize, 0_usize);
        for record in shown {
            let (lines, paid) = match known_lines(record, summaries) {
                Some((lines, list)) => (lines, self.all_paid(record, &list).await.map_err(told)?),
                None if has_many_lines(record) => self.of_many_lines(record, &mut view.left_out).await?,
                None if read == MOST_PAYOUTS => {
                    beyond += 1;
                    continue;
                }
                None => {
                    read += 1;
                    let found = match self.matched(route, &mut (*record).clone(), None).await.map_err(told) {
                        Err(PayoutFailure::Refused(reason)) if reason.code == "payout-original-gone" => {
                            let batch = &record.id.key.batch;
                            view.left_out.push(format!("payout {batch}: its report is erased"));
                            continue;
                        }
                        found => found?,
                    };
                    let lines = LinesSummary::of(route, &found).map_err(reckoning)?;
                    (lines, paid_by(record, &found, &route.settings).iter().collect())
                }
            };
            let batch = &record.id.key.batch;
            if lines.more_without > 0 {
                let more = lines.more_without;
                view.left_out.push(format!("payout {batch}: {more} further lines without a document"));
            }
            let without = lines.without_document.into_iter();
            view.without_document.extend(without.map(|(line, gross)| (batch.clone(), line, gross)));
            fees.extend(lines.fees);
            view.paid_out.extend(paid_out(record, paid));
        }
        if beyond > 0 {
            view.left_out
                .push(format!("fees and lines of {beyond} payouts of these days: choose fewer days"));
        }
        view.paid_out.sort_by(|a, b| (&a.document, a.day, &a.payout).cmp(&(&b.document, b.day, &b.payout)));
        view.fees = together(fees).map_err(reckoning)?;
        Ok(())
    }

    /// The payouts whose vouchers stand on the account: those of the flow, and of further flows that share it.
    async fn on_account<'r>(
        &self,
        route: &PayoutRoute,
        account: u32,
        all: &'r [PayoutRecord],
    ) -> Result<Vec<&'r PayoutRecord>, PayoutFailure> {
        let mut flows = BTreeSet::from([route.flow.as_str()]);
        let others: BTreeSet<&str> = all.iter().map(|record| record.flow.as_str()).collect();
        for flow in others.into_iter().filter(|flow| *flow != route.flow) {
            match self.route(&route.merchant, flow).await {
                Ok(other) if shares(route, account, &other) => {
                    flows.insert(flow);
                }
                // What a flow posted that is gone since is Bogbro's own by its key.
                Ok(_) | Err(PayoutFailure::NotFound(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(all.iter().filter(|record| flows.contains(record.flow.as_str())).collect())
    }

    /// Puts aside what on the interim account was paid by methods that another acquirer pays out.
    async fn tell_apart(&self, route: &PayoutRoute, view: &mut PayoutOverview) -> Result<(), PayoutFailure> {
        let settings = &route.settings.matching;
        if settings.methods.is_empty() {
            return Ok(());
        }
        let numbers = view.interim.iter().flat_map(|interim| &interim.captured);
        let pointer =
            |item: &OpenItem| Pointer { kind: PointerKind::InvoiceNumber, value: item.item.clone() };
        let pointers: Vec<Pointer> = numbers.map(pointer).collect();
        let heads = self.payouts.booked_under(&route.merchant, &pointers).await?;
        let is_others = |head: &Head| acquirers::share(head, settings) == Share::Nothing;
        let others = heads.into_iter().filter(|(_, head)| is_others(head));
        let others: BTreeSet<String> = others.map(|(pointer, _)| pointer.value).collect();
        for interim in &mut view.interim {
            let captured = std::mem::take(&mut interim.captured);
            (interim.of_others, interim.captured) =
                captured.into_iter().partition(|item| others.contains(&item.item));
            interim.ageing =
                ageing(&interim.captured, interim.balance.currency(), view.on).map_err(reckoning)?;
        }
        Ok(())
    }

    /// A payout of very many lines that has no summary is told as it was last worked on, by its plan, or else by the lines that are shown
    /// of it: it is not matched for an overview.
    async fn of_many_lines(
        &self,
        record: &PayoutRecord,
        left_out: &mut Vec<String>,
    ) -> Result<(LinesSummary, Vec<PaidBefore>), PayoutFailure> {
        let posted = record.posting.as_ref().map(|posting| &posting.plan).or(record.by_hand.as_ref());
        let (mut lines, mut paid) = (None, Vec::new());
        if let Some(name) = posted.or(record.plan.as_ref().map(|plan| &plan.hash)) {
            let list = if name.starts_with(BY_HAND) {
                self.paid_list(record, name).await.map_err(told)?
            } else {
                let mut kept = self.kept_plan(record, name).await.map_err(told)?;
                lines = kept.lines.take();
                kept.paid_list(name)
            };
            paid = self.all_paid(record, &list).await.map_err(told)?;
        }
        if let Some(lines) = lines {
            return Ok((lines, paid));
        }
        let shown = self.kept_lines(record, false).await?;
        let more = match shown.more {
            0 => String::new(),
            more => format!(" and of {more} lines that are not settled"),
        };
        let batch = &record.id.key.batch;
        left_out.push(format!("payout {batch}: fees by month{more}, since it has very many lines"));
        let open = shown.lines.iter().filter(|line| !line.decided);
        let open = open.filter(|line| matches!(line.state.as_str(), "not-found" | "ambiguous"));
        let without_document = open.map(|line| (line.line, line.gross)).collect();
        Ok((LinesSummary { fees: Vec::new(), without_document, more_without: 0 }, paid))
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

    /// What Bogbro booked of orders that were paid online since `from` by what this acquirer pays out, less what payouts had paid of it on
    /// the day.
    async fn captured(
        &self,
        route: &PayoutRoute,
        from: Date,
        by_then: &PaidByThen<'_>,
        left_out: &mut Vec<String>,
    ) -> Result<Vec<ToComeView>, PayoutFailure> {
        let (shops, on) = (&route.settings.matching.shops, by_then.on);
        let mut orders = Orders::of(&route.settings.matching);
        let mut day = from;
        while day <= on {
            let mut page: Option<String> = None;
            loop {
                let answer = self.ledger.day(&route.merchant, day, page.as_deref()).await?;
                for head in &answer.items {
                    let meant = shops.is_empty() || shops.contains(&head.transfer.source);
                    if meant && !head.progress.payments.is_empty() {
                        orders.add(head);
                    }
                }
                match answer.next {
                    None => break,
                    next => page = next,
                }
            }
            day = day.saturating_add(1.day());
        }
        left_out.extend(orders.left_out());
        let numbers: Vec<String> = orders.found.keys().cloned().collect();
        let before = self.payouts.paid(&route.merchant, &route.books.agreement, &numbers).await?;
        let before = self.paid_by_then(by_then, &orders, before).await?;
        let rules = &route.settings.matching.order_numbers;
        let documents =
            receivables::packed(orders.found, before, rules).map_err(PayoutFailure::Unavailable)?;
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

    /// What payouts had paid of documents on the day: without what later ones paid, and with what was undone since.
    async fn paid_by_then(
        &self,
        PaidByThen { all, own, on }: &PaidByThen<'_>,
        orders: &Orders<'_>,
        mut paid: Vec<PaidBefore>,
    ) -> Result<Vec<PaidBefore>, PayoutFailure> {
        let later = paid_later(all, *on);
        paid.retain(|paid| !later.contains(&paid.payout));
        for record in all.iter().filter(|record| undone_after(record, *on)) {
            let Some(posting) = &record.posting else { continue };
            let list = self.paid_list(record, &posting.plan).await.map_err(told)?;
            let undone = self.all_paid(record, &list).await.map_err(told)?;
            let name = record.id.name();
            paid.retain(|paid| paid.payout != name);
            paid.extend(undone.into_iter().filter(|paid| orders.found.contains_key(&paid.document)));
        }
        // Of an order that several acquirers pay out, only this one's payouts pay what is to come from it.
        let own: BTreeSet<String> = own.iter().map(|record| record.id.name()).collect();
        paid.retain(|paid| !orders.shared.contains(&paid.document) || own.contains(&paid.payout));
        Ok(paid)
    }
}

/// Payouts, for what they had paid on a day.
struct PaidByThen<'r> {
    all: &'r [PayoutRecord],
    /// Those of the flow.
    own: &'r [&'r PayoutRecord],
    on: Date,
}

/// What is kept of a posted payout's lines, and of what it paid.
fn known_lines(record: &PayoutRecord, summaries: &Summaries) -> Option<(LinesSummary, PaidList)> {
    let posted = record.posting.as_ref().map(|posting| &posting.plan);
    let summary = summaries.get(&(record.id.clone(), posted.or(record.by_hand.as_ref())?.clone()))?;
    Some((summary.lines.clone()?, summary.paid_list()))
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

/// True when a flow's payouts stand in the same books on the same interim account.
fn shares(route: &PayoutRoute, account: u32, other: &PayoutRoute) -> bool {
    other.books.agreement == route.books.agreement && interim_account(other) == Some(account)
}

/// True when a payout had been paid on that day and was undone on a later one.
fn undone_after(record: &PayoutRecord, on: Date) -> bool {
    let undone = record.reversal.as_ref().and_then(|reversal| reversal.reversal);
    let stood = record.approval.state() == PayoutState::Reversed && !record.is_set_aside();
    stood && record.figures.day.is_some_and(|day| day <= on) && undone.is_some_and(|day| on < day)
}

/// The account that shows what the acquirer owes; none where customers do.
pub(super) fn interim_account(route: &PayoutRoute) -> Option<u32> {
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

/// A payout that stands on a day: it was not set aside as superfluous, nor undone until then.
fn counts(record: &PayoutRecord, on: Date) -> bool {
    let undone = record.approval.state() == PayoutState::Reversed && !undone_after(record, on);
    !record.is_set_aside() && !undone
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
