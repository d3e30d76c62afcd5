//! Payouts that a person booked: recognised by the entry on the bank account, kept with what they paid of documents, and taken up again
//! where the voucher is another's.

use std::collections::BTreeSet;

use connectors::journals::{Days, LedgerEntry};
use domain::EffectKey;
use domain::payout::{
    Actor, Approval, ApprovalError, BookedEntry, ByHand, PayoutState, PayoutToFind, booked_by_hand,
};
use domain::plan::Reason;
use domain::settlement::{Settlement, Standing};
use jiff::{Timestamp, ToSpan};

use super::decide::{person, said};
use super::overview::reckoning;
use super::paid::{KeptPaid, PaidList, paid_by, schema};
use super::record::PayoutRecord;
use super::route::PayoutRoute;
use super::summary::{LinesSummary, PayoutSummary};
use super::view::{has_many_lines, told};
use super::work::{Matched, Stop};
use super::{PayoutEngine, PayoutFailure, PayoutWork};

/// How the name begins under which it is kept what a payout that was booked by hand paid.
pub(super) const BY_HAND: &str = "by-hand-";
/// Pages of the bank account's entries that are looked through for a payout that was booked by hand.
const MOST_PAGES: usize = 50;

/// The payout stands on that voucher: as if nothing had been posted, or in the place of what was.
fn found_booked(
    approval: &mut Approval,
    otherwise: bool,
    (voucher, by, reason): (&str, Actor, &str),
    at: Timestamp,
) -> Result<PayoutState, ApprovalError> {
    match otherwise {
        true => approval.booked_otherwise(voucher, by, reason, at),
        false => approval.found_booked(voucher, by, reason, at),
    }
}

impl PayoutEngine<'_> {
    /// The payout stands on a voucher that Bogbro did not make. What it pays of documents counts as if Bogbro had posted it.
    pub(super) async fn recognised(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        found: &Matched,
        (voucher, by, reason): (&str, Actor, &str),
    ) -> Result<(), Stop> {
        // Tried on a copy: what cannot be recognised pays nothing.
        let mut approval = record.approval.clone();
        let otherwise = record.booked_otherwise().is_some();
        let moved = found_booked(&mut approval, otherwise, (voucher, by, reason), self.now());
        moved.map_err(|error| Stop::Hold(error.reason()))?;
        let name = format!("{BY_HAND}{}", record.fence);
        let list = self.keep_paid(record, &name, &paid_by(record, found, &route.settings)).await?;
        let kept = KeptPaid { schema: schema(list.parts), paid: list.paid.clone(), paid_parts: list.parts };
        let bytes = serde_json::to_vec(&kept).map_err(|error| Stop::Refused(error.to_string()))?;
        self.payouts.put_payout_plan(&record.id, &name, bytes).await?;
        let posted = record.posting.as_ref().map(|posting| posting.plan.clone());
        if posted.is_none() {
            // Whoever finds the payout without knowing it recognised takes back what was said of documents.
            record.let_go = Some(name.clone());
            self.save(record).await?;
        }
        self.say_paid(route, record, &list, true, None).await?;
        if let Some(plan) = posted {
            self.say_only(route, record, (&plan, &list)).await?;
        }
        let lines = LinesSummary::of(route, found).map_err(reckoning)?;
        let summary = PayoutSummary::new(&record.id, &list, Some(lines));
        self.payouts.put_summary(&summary).await?;
        (record.approval, record.by_hand, record.plan) = (approval, Some(name), None);
        record.let_go = None;
        self.payouts.index_payout(record).await?;
        // What was booked in another form is nothing that Bogbro goes on with, or undoes.
        (record.posting, record.reversal, record.reversal_asked) = (None, None, None);
        record.reasons.clear();
        let note = Reason::new("payout-booked-by-hand").with("payout", &record.id.key.batch);
        record.notes = vec![note.with("voucher", voucher)];
        Ok(())
    }

    /// Of what was posted only what stands in the other list is paid: the payout pays nothing of the rest.
    async fn say_only(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        (plan, list): (&str, &PaidList),
    ) -> Result<(), Stop> {
        let now = self.all_paid(record, list).await?;
        let now: BTreeSet<&str> = now.iter().map(|now| now.document.as_str()).collect();
        let planned = self.paid_list(record, plan).await?;
        for part in 0..planned.count() {
            let mut rest = self.paid_part(record, &planned, part).await?;
            rest.retain(|paid| !now.contains(paid.document.as_str()));
            self.put_paid(route, record, &rest, false).await?;
        }
        Ok(())
    }

    /// Someone says on which voucher they booked the payout: it is recognised there and not posted. What Bogbro had begun is left as they
    /// booked it in another form.
    ///
    /// # Errors
    /// `Refused`: it does not agree with itself yet, Bogbro has begun to post it and nothing of that is booked otherwise, or voucher, name
    /// or reason is missing.
    pub async fn booked(
        &self,
        work: &PayoutWork,
        by: &str,
        voucher: &str,
        reason: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided =
            Box::pin(self.said_to_be_booked(&mut record, (by, voucher.trim(), reason), work.deadline)).await;
        self.give_back(record, decided).await
    }

    async fn said_to_be_booked(
        &self,
        record: &mut PayoutRecord,
        (by, voucher, reason): (&str, &str, &str),
        deadline: Timestamp,
    ) -> Result<(), PayoutFailure> {
        let actor = person(by)?;
        let (_, reason) = said(by, reason)?;
        if voucher.is_empty() || voucher.bytes().any(|byte| !byte.is_ascii_digit()) {
            let reason = Reason::new("payout-voucher-number").with("payout", &record.id.key.batch);
            return Err(PayoutFailure::Refused(reason));
        }
        let otherwise = record.booked_otherwise().is_some();
        if (record.posting.is_some() && !otherwise) || record.is_set_aside() {
            return Err(ApprovalError::NotNow(record.approval.state()).into());
        }
        found_booked(&mut record.approval.clone(), otherwise, (voucher, actor.clone(), &reason), self.now())?;
        if has_many_lines(record) && self.in_time(deadline).is_err() {
            let reason = Reason::new("payout-lines-many").with("payout", &record.id.key.batch);
            return Err(PayoutFailure::Refused(reason.with("lines", record.figures.lines)));
        }
        let route = self.route(&record.id.merchant, &record.flow).await?;
        self.take_back(&route, record, Some(deadline)).await.map_err(told)?;
        let found = self.matched(&route, record, Some(deadline)).await.map_err(told)?;
        self.recognised(&route, record, &found, (voucher, actor, &reason)).await.map_err(told)?;
        record.not_booked_on.retain(|other| other != voucher);
        Ok(())
    }

    /// Whether a person booked the payout already, by the entries on the bank account around its day.
    pub(super) async fn by_hand(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        settlement: &Settlement,
    ) -> Result<ByHand, Stop> {
        let (Some(bank), Some(day)) = (route.settings.accounts.bank, record.figures.day) else {
            return Ok(ByHand::No);
        };
        if record.figures.standing != Standing::Balanced || record.figures.payout.is_zero() {
            return Ok(ByHand::No);
        }
        let window = &route.settings.bank;
        let days = Days {
            from: day.saturating_sub(i32::from(window.days_before).days()),
            to: day.saturating_add(i32::from(window.days_after).days()),
        };
        let mut booked: Vec<BookedEntry> = Vec::new();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = route
                .books
                .journals
                .entries_on(&*route.books.transport, bank, days, page.as_deref())
                .await
                .map_err(Stop::Failed)?;
            // What Bogbro entered carries the key of its effect: it is of this payout's earlier posting, or of another payout.
            let by_others = |entry: &&LedgerEntry| EffectKey::at_end_of(&entry.text).is_none();
            let entries = answer.entries.iter().filter(by_others).map(LedgerEntry::as_booked);
            booked.extend(entries.filter(|entry| !record.not_booked_on.contains(&entry.voucher)));
            match answer.next {
                None => break,
                next => page = next,
            }
        }
        let to_find = PayoutToFind {
            amount: settlement.check().payout,
            day: Some(day),
            reference: record.figures.bank_reference.clone(),
        };
        Ok(booked_by_hand(&to_find, &record.id.key, &booked, window))
    }
}
