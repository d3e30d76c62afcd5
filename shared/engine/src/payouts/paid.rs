//! What a payout pays of documents: kept with its plan, and said of each document before the first voucher is entered.
//!
//! A payout may pay a million documents. So the list of very many is kept in parts, is never whole in memory, and is said part by part:
//! the record tells how far that has come, and whoever goes on with the payout says the parts that are left.

use std::collections::BTreeMap;

use domain::Money;
use domain::matching::{LineState, ReceivableId, Receivables};
use domain::payout::LineDecision;
use domain::settings::{BookkeepingModel, PayoutSettings};
use domain::settlement::Kind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PayoutEngine;
use super::by_hand::BY_HAND;
use super::record::{PAYOUT_SCHEMA, PaidBefore, PayoutRecord, Saying};
use super::route::PayoutRoute;
use super::work::{Matched, Stop};

/// Documents of one part.
const TOGETHER: usize = 20_000;

/// What a payout pays of each document, before it is kept.
pub(super) struct Pays<'a> {
    receivables: &'a Receivables,
    payout: String,
    /// Documents in the order of their numbers: what is paid of each, and what is taken back of it.
    sums: Vec<(ReceivableId, Option<i64>, Option<i64>)>,
}

impl Pays<'_> {
    /// How many there are.
    fn len(&self) -> usize {
        self.sums
            .iter()
            .map(|(_, paid, taken)| usize::from(paid.is_some()) + usize::from(taken.is_some()))
            .sum()
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = PaidBefore> + '_ {
        self.sums.iter().flat_map(move |(id, paid, taken)| {
            let number = self.receivables.number(*id);
            let names = [
                paid.map(|minor| (number.to_owned(), minor)),
                taken.map(|minor| (PaidBefore::taken_back_of(number), minor)),
            ];
            let currency = self.receivables.currency(*id);
            names.into_iter().flatten().map(move |(document, minor)| PaidBefore {
                document,
                payout: self.payout.clone(),
                amount: Money::from_minor(minor, currency),
            })
        })
    }
}

/// What the payout pays of each document: sales on invoices and refunds on credit notes. What is only taken back from an
/// invoice leaves it paid, and is kept beside it, so that a later payout can give it back.
pub(super) fn paid_by<'a>(record: &PayoutRecord, found: &'a Matched, settings: &PayoutSettings) -> Pays<'a> {
    let receivables = &found.receivables;
    let mut paid: Vec<Option<i64>> = vec![None; receivables.len()];
    let mut taken_back = BTreeMap::<ReceivableId, i64>::new();
    for (place, line) in found.settlements[0].lines().enumerate() {
        let decision = found.decisions.of(place);
        let parts = match decision {
            Some(LineDecision::ErrorAccount { .. }) => continue,
            Some(LineDecision::Matched(parts)) => parts.clone(),
            None => found.matching.parts(receivables, &found.settlements, 0, place),
        };
        let taken = || {
            let state = found.matching.state(receivables, 0, place);
            decision.is_some() || stands_on_its_invoice(line.kind, state, settings)
        };
        for (id, amount) in parts {
            // An amount in another currency settles nothing of a document.
            if amount.currency() != receivables.currency(id) {
                continue;
            }
            let sum = match line.kind == Kind::Sale || receivables.is_credit_note(id) {
                true => paid.get_mut(id.place()).map(|sum| sum.get_or_insert(0)),
                false if taken() => Some(taken_back.entry(id).or_default()),
                false => None,
            };
            if let Some(sum) = sum {
                *sum = sum.checked_add(amount.minor()).unwrap_or(*sum);
            }
        }
    }
    let all = receivables.ids().zip(paid);
    let mut sums: Vec<_> = all
        .map(|(id, paid)| (id, paid, taken_back.get(&id).copied()))
        .filter(|(_, paid, taken)| paid.is_some() || taken.is_some())
        .collect();
    sums.sort_by(|(a, ..), (b, ..)| receivables.number(*a).cmp(receivables.number(*b)));
    Pays { receivables, payout: record.id.name(), sums }
}

/// True when what a line takes back, or gives back, is booked where its invoice was: not on an account of its own, and not on that
/// for errors.
fn stands_on_its_invoice(kind: Kind, state: LineState, settings: &PayoutSettings) -> bool {
    let apart = match kind {
        Kind::Chargeback | Kind::ChargebackReversal => settings.accounts.chargebacks.is_some(),
        Kind::Refund => settings.model == BookkeepingModel::OpenInvoices,
        _ => false,
    };
    !apart && matches!(state, LineState::Exact | LineState::Partial)
}

/// What a payout pays of documents, as it is kept with a plan, or beside a voucher of somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PaidList {
    /// The plan's hash, or the name that it is kept under.
    pub(super) name: String,
    /// All of it, where it is not in parts.
    pub(super) paid: Vec<PaidBefore>,
    /// Number of parts; none for a list that is kept whole.
    pub(super) parts: usize,
}

/// One part of it, or all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KeptPaid {
    pub(super) schema: u32,
    pub(super) paid: Vec<PaidBefore>,
    /// It is kept in so many parts.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(super) paid_parts: usize,
}

pub(super) fn is_none(parts: &usize) -> bool {
    *parts == 0
}

/// The schema of a list in parts: who knows nothing of parts must not take it for an empty one.
const SCHEMA_IN_PARTS: u32 = PAYOUT_SCHEMA + 1;

/// The schema of what holds, or names, a list of so many parts.
pub(super) const fn schema(parts: usize) -> u32 {
    if parts == 0 { PAYOUT_SCHEMA } else { SCHEMA_IN_PARTS }
}

fn part_name(name: &str, part: usize) -> String {
    format!("{name}.paid-{part}")
}

impl PaidList {
    /// In how many parts it is read.
    pub(super) fn count(&self) -> usize {
        self.parts.max(1)
    }
}

impl PayoutEngine<'_> {
    /// Keeps what a payout pays: in parts where it is much, and otherwise left to whoever keeps the rest.
    pub(super) async fn keep_paid(
        &self,
        record: &PayoutRecord,
        name: &str,
        pays: &Pays<'_>,
    ) -> Result<PaidList, Stop> {
        let name = name.to_owned();
        if pays.len() <= TOGETHER {
            return Ok(PaidList { name, paid: pays.iter().collect(), parts: 0 });
        }
        let (mut all, mut parts) = (pays.iter(), 0);
        loop {
            let paid: Vec<PaidBefore> = all.by_ref().take(TOGETHER).collect();
            if paid.is_empty() {
                return Ok(PaidList { name, paid, parts });
            }
            let kept = KeptPaid { schema: PAYOUT_SCHEMA, paid, paid_parts: 0 };
            let bytes = serde_json::to_vec(&kept).map_err(|error| Stop::Refused(error.to_string()))?;
            self.payouts.put_payout_plan(&record.id, &part_name(&name, parts), bytes).await?;
            parts += 1;
        }
    }

    /// One part of a list.
    pub(super) async fn paid_part(
        &self,
        record: &PayoutRecord,
        list: &PaidList,
        part: usize,
    ) -> Result<Vec<PaidBefore>, Stop> {
        match list.parts {
            0 => Ok(list.paid.clone()),
            _ => Ok(self.read_paid(record, &part_name(&list.name, part)).await?.paid),
        }
    }

    async fn read_paid(&self, record: &PayoutRecord, name: &str) -> Result<KeptPaid, Stop> {
        let bytes = self.payouts.payout_plan(&record.id, name).await?;
        let kept: KeptPaid =
            serde_json::from_slice(&bytes).map_err(|error| Stop::Refused(error.to_string()))?;
        match kept.schema == schema(kept.paid_parts) {
            true => Ok(kept),
            false => Err(Stop::Refused(format!("schema {} of what a payout paid is not known", kept.schema))),
        }
    }

    /// The list that is kept under the hash of a plan, or under the name of what was booked by hand.
    pub(super) async fn paid_list(&self, record: &PayoutRecord, name: &str) -> Result<PaidList, Stop> {
        if name.starts_with(BY_HAND) {
            let kept = self.read_paid(record, name).await?;
            return Ok(PaidList { name: name.to_owned(), paid: kept.paid, parts: kept.paid_parts });
        }
        Ok(self.kept_plan(record, name).await?.paid_list(name))
    }

    /// All of a list.
    pub(super) async fn all_paid(
        &self,
        record: &PayoutRecord,
        list: &PaidList,
    ) -> Result<Vec<PaidBefore>, Stop> {
        let mut all = Vec::new();
        for part in 0..list.count() {
            all.append(&mut self.paid_part(record, list, part).await?);
        }
        Ok(all)
    }

    /// Says that the payout pays this of documents, or, where it does not count, that it pays nothing of them: as far as there is time. Of
    /// what it pays it is told which part was said, for whoever looks whether others paid it.
    pub(super) async fn say_paid(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        list: &PaidList,
        counts: bool,
        deadline: Option<Timestamp>,
    ) -> Result<(), Stop> {
        while let Some((part, paid)) = self.next_to_say(record, list, counts).await? {
            if let (Some(deadline), true) = (deadline, part > 0) {
                self.in_time(deadline)?;
            }
            self.put_paid(route, record, &paid, counts).await?;
            self.said(record, list, counts, part).await?;
        }
        self.all_said(record, list);
        Ok(())
    }

    /// The next part that is not said yet.
    pub(super) async fn next_to_say(
        &self,
        record: &PayoutRecord,
        list: &PaidList,
        counts: bool,
    ) -> Result<Option<(usize, Vec<PaidBefore>)>, Stop> {
        let said = record.saying.as_ref().filter(|said| said.list == list.name && said.counts == counts);
        let part = said.map_or(0, |said| said.parts);
        match part < list.count() {
            true => Ok(Some((part, self.paid_part(record, list, part).await?))),
            false => Ok(None),
        }
    }

    /// A part was said. Of a list in parts the record tells it.
    pub(super) async fn said(
        &self,
        record: &mut PayoutRecord,
        list: &PaidList,
        counts: bool,
        part: usize,
    ) -> Result<(), Stop> {
        record.saying = Some(Saying { list: list.name.clone(), counts, parts: part + 1 });
        match list.parts {
            0 => Ok(()),
            _ => Ok(self.save(record).await?),
        }
    }

    /// Nothing of a list is left to be said.
    pub(super) fn all_said(&self, record: &mut PayoutRecord, list: &PaidList) {
        record.saying.take_if(|said| said.list == list.name);
    }

    /// Says of some documents what the payout pays of them, or that it pays nothing.
    pub(super) async fn put_paid(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        paid: &[PaidBefore],
        counts: bool,
    ) -> Result<(), Stop> {
        let name = record.id.name();
        let paid: Vec<PaidBefore> = paid
            .iter()
            .map(|paid| {
                let amount = if counts { paid.amount } else { paid.amount.currency().zero() };
                PaidBefore { document: paid.document.clone(), payout: name.clone(), amount }
            })
            .collect();
        Ok(self.payouts.put_paid(&route.merchant, &route.books.agreement, &paid).await?)
    }

    /// Takes back what was let go says of documents' payments.
    pub(super) async fn take_back(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        deadline: Option<Timestamp>,
    ) -> Result<(), Stop> {
        let Some(name) = record.let_go.clone() else { return Ok(()) };
        let list = self.paid_list(record, &name).await?;
        self.say_paid(route, record, &list, false, deadline).await?;
        record.let_go = None;
        Ok(self.save(record).await?)
    }
}
