//! What puts a payout in question before anything of it is posted: it shares lines with another, looks like another, or went back. A
//! person sets it aside, or says that it goes on all the same.

use std::collections::BTreeSet;

use domain::Money;
use domain::payout::PayoutState;
use domain::plan::Reason;
use domain::settlement::Settlement;
use jiff::ToSpan;

use super::decide::said;
use super::record::{Overruled, PayoutRecord};
use super::work::Stop;
use super::{PayoutEngine, PayoutFailure, intake};
use crate::store::{Page, StoreFailure};

/// Payouts whose days are further apart than this are not held against each other.
const OVERLAP_DAYS: i32 = 93;
/// Days by which two forms of one payout may differ: one is dated in the acquirer's time zone, the other in UTC.
const DAYS_APART: i32 = 1;
/// The same where both are called the same at the bank. Some acquirers call every payout alike, so it is not far.
const DAYS_APART_BY_NAME: i32 = 7;

/// Why a payout leaves the state it was in, in its moves.
pub(super) const WENT_BACK: &str = "the bank shows the return";

impl PayoutEngine<'_> {
    /// What a person must judge before the payout is planned.
    pub(super) async fn in_question(
        &self,
        record: &PayoutRecord,
        settlement: &Settlement,
    ) -> Result<Option<Reason>, Stop> {
        let other = self.like_another(record, settlement).await?;
        let returned = went_back(record, "payout-returned").filter(|reason| !record.is_overruled(reason));
        Ok(other.or(returned))
    }

    /// Another payout that this one shares lines with, or else one that it looks like.
    async fn like_another(
        &self,
        record: &PayoutRecord,
        settlement: &Settlement,
    ) -> Result<Option<Reason>, Stop> {
        let own: BTreeSet<u128> = intake::line_ids(settlement).into_iter().collect();
        let key = &record.id.key;
        let (mut page, mut alike): (Option<String>, Option<Reason>) = (None, None);
        let mut seen = BTreeSet::new();
        loop {
            let answer = self.perhaps_near(record, page.as_deref()).await?;
            let besides = |other: &&PayoutRecord| {
                let of_the_acquirer = other.id.key.acquirer == key.acquirer;
                of_the_acquirer && other.id != record.id && !other.is_set_aside() && near(other, record)
            };
            for other in answer.items.iter().filter(besides) {
                if !seen.insert(other.id.clone()) {
                    continue;
                }
                let of_the_account = other.id.key.account == key.account;
                let one_form = other.original.format == record.original.format;
                let ids = match !own.is_empty() && (of_the_account || one_form) {
                    true => self.payouts.line_ids(&other.id).await?,
                    false => Vec::new(),
                };
                let shared: Vec<u128> = ids.iter().copied().filter(|id| own.contains(id)).collect();
                if of_the_account && !shared.is_empty() {
                    let reason = Reason::new("payout-overlap")
                        .with("reference", intake::first_of(settlement, &shared))
                        .with("count", shared.len())
                        .with("payout", &key.batch);
                    return Ok(Some(reason.with("other", &other.id.key.batch)));
                }
                // Reports of one form that tell their lines apart are told apart by them.
                let told_apart = one_form && !ids.is_empty();
                if alike.is_none() && !told_apart {
                    alike = same_payout(record, other);
                }
            }
            match answer.next {
                None => return Ok(alike),
                next => page = next,
            }
        }
    }

    /// One page of the payouts that may be near this one: only one without a day of its own is held against all of them.
    async fn perhaps_near(
        &self,
        record: &PayoutRecord,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure> {
        let (merchant, acquirer) = (&record.id.merchant, Some(record.id.key.acquirer.as_str()));
        let Some((first, last)) = record.days().min().zip(record.days().max()) else {
            return self.payouts.payouts(merchant, None, page).await;
        };
        let around = OVERLAP_DAYS.days();
        let days = (first.saturating_sub(around), last.saturating_add(around));
        self.payouts.payouts_around(merchant, acquirer, days, page).await
    }

    /// A payout that went back is not posted on the word of before: whoever approved it is asked again. One of which something stands, or
    /// may stand, is posted to its end first.
    pub(super) fn withhold_what_went_back(&self, record: &mut PayoutRecord) -> Result<(), Stop> {
        let unsaid = went_back(record, "payout-returned").is_some_and(|reason| !record.is_overruled(&reason));
        let nothing_stands = record.is_about_to_be_posted()
            || record.unposted().is_some_and(|posting| posting.doubt.is_none());
        if unsaid && nothing_stands && record.reversal.is_none() {
            record.approval.refused(WENT_BACK, self.now()).map_err(|error| Stop::Hold(error.reason()))?;
            record.let_posting_go();
            record.plan = None;
        }
        Ok(())
    }

    /// Someone says that a payout goes on although it looks like another, or went back.
    pub(super) fn overrule(
        &self,
        record: &mut PayoutRecord,
        by: &str,
        reason: &str,
    ) -> Result<(), PayoutFailure> {
        let (by, reason) = said(by, reason)?;
        if let Some(what) = record.overlap.take_if(|what| may_be_overruled(what)) {
            record.reasons.retain(|told| *told != what);
            record.overruled.push(Overruled { what, by, reason, at: self.now() });
        }
        Ok(())
    }
}

/// True for what a person can say of that it keeps the payout no longer. Lines that stand in two payouts can be paid once only.
pub(super) fn may_be_overruled(what: &Reason) -> bool {
    matches!(what.code.as_str(), "payout-twin" | "payout-returned")
}

/// That the bank shows the return, in these words.
pub(super) fn went_back(record: &PayoutRecord, code: &str) -> Option<Reason> {
    let sight = record.bank.as_ref().filter(|sight| sight.returned)?;
    Some(Reason::new(code).with("payout", &record.id.key.batch).with("date", sight.day))
}

fn near(a: &PayoutRecord, b: &PayoutRecord) -> bool {
    let (of_a, of_b) = (a.days().collect::<Vec<_>>(), b.days().collect::<Vec<_>>());
    if of_a.is_empty() || of_b.is_empty() {
        return true;
    }
    of_a.iter().any(|day| of_b.iter().any(|other| (*day - *other).get_days().abs() <= OVERLAP_DAYS))
}

/// That a payout may be another in another form: acquirers number a payout otherwise in each of their reports. Two that stand in one file
/// are two.
fn same_payout(record: &PayoutRecord, other: &PayoutRecord) -> Option<Reason> {
    let (own, theirs) = (&record.figures, &other.figures);
    let one_file = record.knows(&other.original.sha256) || other.knows(&record.original.sha256);
    if one_file || own.payout != theirs.payout || other.approval.state() == PayoutState::Reversed {
        return None;
    }
    let days = own.day.zip(theirs.day).map(|(day, other)| (day - other).get_days().abs());
    let one_day = days.is_some_and(|days| days <= DAYS_APART);
    let one_week = days.is_none_or(|days| days <= DAYS_APART_BY_NAME);
    let alike = match own.payout.is_zero() {
        // Nothing is paid by many a batch: only what it consists of tells.
        true => one_day && own.kinds == theirs.kinds && !own.kinds.is_empty(),
        false => one_day || one_week && (names_the_other(record, other) || names_the_other(other, record)),
    };
    let reason = |of: &PayoutRecord, than: &PayoutRecord| {
        Reason::new("payout-twin")
            .with("payout", &of.id.key.batch)
            .with("other", &than.id.key.batch)
            .with("name", than.id.name())
            .with("amount", amount(of.figures.payout))
    };
    // Said of either, it is said of both.
    let known = |of: &PayoutRecord, than: &PayoutRecord| of.is_overruled(&reason(of, than));
    (alike && !known(record, other) && !known(other, record)).then(|| reason(record, other))
}

/// True when what one payout's money is called at the bank stands in what the other's is called, or is its batch.
fn names_the_other(a: &PayoutRecord, b: &PayoutRecord) -> bool {
    let name = |record: &PayoutRecord| match record.figures.bank_reference.trim() {
        "" => record.id.key.batch.clone(),
        stated => stated.to_owned(),
    };
    domain::payout::names(&name(a), &name(b))
}

fn amount(money: Money) -> String {
    format!("{money} {}", money.currency())
}
