//! Posting an approved plan: its vouchers are entered, the statement is put on each, and they are booked where the merchant chose
//! so. One step after the other, each looked for before it is repeated.
//!
//! A voucher's number is taken in Bogbro's own table before the first call. Before each call that writes, the record says which
//! step is about to be made. A step that is found in that state may have been made: it is looked for, and made again only when
//! two looks, apart by the time that a late call may take, found nothing.

use std::collections::BTreeSet;

use connectors::journals::{Days, EnteredVoucher, VoucherFile, VoucherPlace};
use domain::identity::Effect;
use domain::journal::JournalError;
use domain::payout::{Actor, PayoutState, Target, Voucher, VoucherStep};
use domain::plan::Reason;
use domain::{Currency, EffectKey, Failure};
use jiff::{SignedDuration, Timestamp};

use super::record::{BOOKED_OTHERWISE, PaidBefore, PayoutRecord, PostStep, Posting, Undone, voucher_key};
use super::route::PayoutRoute;
use super::store::VoucherNumber;
use super::work::{KeptPlan, REJECTED, Stop, new_posting, rejected};
use super::{PayoutEngine, statement};
use crate::store::Doubt;

/// Looks that must find nothing before a step is made again.
const NEGATIVE_LOOKS: u32 = 2;
/// Numbers that are tried before the payout is put off.
const MOST_NUMBERS: u32 = 50;

/// Everything that one posting works with.
struct Work<'a> {
    route: &'a PayoutRoute,
    kept: &'a KeptPlan,
    vouchers: &'a [Voucher],
    journal: u32,
    deadline: Timestamp,
}

impl PayoutEngine<'_> {
    /// Goes on with the posting that is open, or begins that of the approved plan.
    pub(super) async fn post(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        deadline: Timestamp,
    ) -> Result<(), Stop> {
        let Some(hash) = plan_to_post(record) else { return Ok(()) };
        let kept = self.kept_plan(record, &hash).await?;
        let Some(journal) = kept.plan.journal else {
            return Err(Stop::Hold(Reason::new("payout-journal-missing")));
        };
        if record.open_posting().is_none() && !self.begin(route, record, (&kept, &hash), deadline).await? {
            return Ok(());
        }
        record.reasons.clear();
        let work = Work { route, kept: &kept, vouchers: &kept.plan.vouchers, journal, deadline };
        self.look_for_what_stands(&work, record).await?;
        let Some(open) = record.open_posting() else { return Ok(()) };
        let vouchers = vouchers_of(&kept, open, route).map_err(|error| Stop::Refused(error.to_string()))?;
        let work = Work { vouchers: &vouchers, ..work };
        while let Some(posting) = record.open_posting().cloned() {
            self.in_time(deadline)?;
            let Some(step) = posting.steps().get(posting.step).copied() else { break };
            self.step(&work, record, &posting, step).await?;
        }
        Ok(())
    }

    /// Begins: says what the payout pays, and makes sure that no other payout has paid it meanwhile. False when it has: the
    /// payout is planned again, and approved again.
    async fn begin(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        (kept, hash): (&KeptPlan, &str),
        deadline: Timestamp,
    ) -> Result<bool, Stop> {
        let list = kept.paid_list(hash);
        while let Some((part, paid)) = self.next_to_say(record, &list, true).await? {
            if part > 0 {
                self.in_time(deadline)?;
            }
            self.put_paid(route, record, &paid, true).await?;
            if let Some(document) = self.paid_meanwhile(route, record, kept, &paid).await? {
                return self.planned_anew(route, record, (hash, document), deadline).await;
            }
            self.said(record, &list, true, part).await?;
        }
        self.all_said(record, &list);
        self.summarise(route, record, kept).await?;
        record.posting = new_posting(record, &kept.plan);
        self.save(record).await?;
        Ok(true)
    }

    /// A document that another payout has paid since the plan was made.
    async fn paid_meanwhile(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        kept: &KeptPlan,
        paid: &[PaidBefore],
    ) -> Result<Option<String>, Stop> {
        let documents: Vec<String> = paid.iter().map(|paid| paid.document.clone()).collect();
        let name = record.id.name();
        let mut others = self.payouts.paid(&route.merchant, &route.books.agreement, &documents).await?;
        others.retain(|paid| paid.payout != name && !paid.amount.is_zero());
        if others.is_empty() {
            return Ok(None);
        }
        let known: BTreeSet<(&str, &str, i64, Currency)> = kept.before.iter().map(as_told).collect();
        let other = others.iter().find(|paid| !known.contains(&as_told(paid)));
        Ok(other.map(|other| other.document.clone()))
    }

    /// Another payout has paid a document meanwhile: what was said is taken back, and the payout is planned again, and approved again.
    async fn planned_anew(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        (hash, document): (&str, String),
        deadline: Timestamp,
    ) -> Result<bool, Stop> {
        let reason = Reason::new("payout-paid-meanwhile")
            .with("payout", &record.id.key.batch)
            .with("document", document);
        let now = self.now();
        record
            .approval
            .corrected(Actor::Bogbro, &reason.code, now)
            .map_err(|error| Stop::Hold(error.reason()))?;
        record.plan = None;
        record.reasons = vec![reason];
        record.let_go = Some(hash.to_owned());
        // Known before anything is taken back: who goes on takes it all back, and says nothing more of this plan.
        self.save(record).await?;
        self.take_back(route, record, Some(deadline)).await?;
        Err(Stop::Wait(now))
    }

    /// Before anything is undone: looks which vouchers stand. Those are undone, and those that are gone are let go. One that a person booked
    /// in another form is not: the opposite of what was planned would not undo it. A step that was in doubt is looked for once it cannot
    /// come late any more.
    async fn look_for_what_stands(&self, work: &Work<'_>, record: &mut PayoutRecord) -> Result<(), Stop> {
        let (Some(posting), Some(reversal)) = (&record.posting, &record.reversal) else { return Ok(()) };
        // One that was begun before all of them were looked for undoes them all.
        let begun = !posting.abandoned && !reversal.numbers.is_empty();
        if begun || reversal.undoes.is_some() {
            return Ok(());
        }
        if let Some(doubt) = &posting.doubt {
            let settled = doubt.since + late(work) + late(work);
            if self.now() < settled {
                return Err(Stop::Wait(settled));
            }
        }
        let (journals, transport) = (work.route.books.journals, &*work.route.books.transport);
        let (abandoned, parts) = (posting.abandoned, posting.parts);
        // What was booked a moment ago may not be seen yet: that it is not seen says only later that it is gone.
        let posted = record.approval.moves().iter().rev().find(|made| made.to == PayoutState::Posted);
        let seen_by = posted.map(|made| made.at + late(work) + late(work));
        let mut undoes = Vec::new();
        for part in (0..posting.numbers.len().min(posting.parts)).rev() {
            self.in_time(work.deadline)?;
            let step = self.voucher(work, record, posting, part)?;
            let Some(found) = journals.find(transport, &step).await.map_err(Stop::Failed)? else {
                match seen_by.filter(|seen_by| self.now() < *seen_by) {
                    Some(seen_by) => return Err(Stop::Wait(seen_by)),
                    None => continue,
                }
            };
            // A person has said that it is undone in the books.
            if record.not_booked_on.contains(&found.number.to_string()) {
                continue;
            }
            // Other words undo nothing of it.
            let otherwise = found.differences.iter().any(|difference| difference.field != "text");
            if let Some(changed) = differs(&found, posting).filter(|_| otherwise || !found.drafts.is_empty())
            {
                return Err(Stop::Hold(changed.with("payout", &record.id.key.batch)));
            }
            undoes.push(Undone { part, booked: found.drafts.is_empty() });
        }
        if abandoned && undoes.iter().any(|undone| !undone.booked) {
            let note = Reason::new("payout-drafts-undone").with("payout", &record.id.key.batch);
            record.notes.push(note.with("count", undoes.iter().filter(|undone| !undone.booked).count()));
        }
        if !abandoned && undoes.len() == parts {
            return Ok(());
        }
        if undoes.is_empty() {
            let list = work.kept.paid_list(&posting.plan.clone());
            self.say_paid(work.route, record, &list, false, Some(work.deadline)).await?;
            self.reversed(record)?;
        }
        if let Some(reversal) = &mut record.reversal {
            reversal.parts = undoes.len();
            reversal.undoes = Some(undoes);
        }
        Ok(self.save(record).await?)
    }

    async fn step(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        posting: &Posting,
        step: PostStep,
    ) -> Result<(), Stop> {
        match step {
            PostStep::Enter(part) => self.enter(work, record, posting, part).await,
            PostStep::Attach(part) => self.attach(work, record, posting, part).await,
            PostStep::Book(part) => self.book(work, record, posting, part).await,
            PostStep::Settle(part) => self.settle(work, record, posting, part).await,
        }
    }

    async fn enter(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        posting: &Posting,
        part: usize,
    ) -> Result<(), Stop> {
        if posting.numbers.len() <= part {
            return self.take_number(work, record, posting, part).await;
        }
        let step = self.voucher(work, record, posting, part)?;
        let (journals, transport) = (work.route.books.journals, &*work.route.books.transport);
        let mut entered = None;
        if posting.doubt.is_some() || is_restored(work) {
            entered = journals.find(transport, &step).await.map_err(Stop::Failed)?;
            if entered.is_none() && posting.doubt.is_some() {
                self.looked_in_vain(work, record, posting).await?;
            }
        }
        let entered = match entered {
            Some(entered) => entered,
            None => {
                self.in_doubt(record, posting).await?;
                let outcome = journals.enter(transport, &step).await;
                if let Err(failure @ Failure::Rejected { .. }) = &outcome
                    && record.unposted().is_some()
                {
                    return self.refused(work, record, failure).await;
                }
                self.outcome(record, outcome).await?
            }
        };
        if let Some(changed) = differs(&entered, posting) {
            return Err(Stop::Hold(changed.with("payout", &record.id.key.batch)));
        }
        let number = entered.number.to_string();
        if posting.reversal.is_none() {
            let now = self.now();
            record
                .approval
                .posted_part(part + 1, &number, now)
                .map_err(|error| Stop::Hold(error.reason()))?;
            if record.approval.state() == PayoutState::Posted {
                self.payouts.index_payout(record).await?;
            }
        }
        self.done(work, record, posting, |posting| posting.vouchers.push(number)).await
    }

    /// The accounting system refused the first voucher: nothing of the payout stands, and it is planned anew once somebody has put right
    /// what was refused.
    async fn refused(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        failure: &Failure,
    ) -> Result<(), Stop> {
        let moved = record.approval.refused(REJECTED, self.now());
        moved.map_err(|error| Stop::Hold(error.reason()))?;
        record.let_posting_go();
        // Told also where there is no time to take everything back.
        if let Failure::Rejected { message, .. } = failure {
            record.reasons = vec![rejected(work.route, record, message)];
        }
        self.save(record).await?;
        self.take_back(work.route, record, Some(work.deadline)).await?;
        Err(Stop::Failed(failure.clone()))
    }

    /// Takes a number for a voucher, and keeps it before anything is entered under it.
    async fn take_number(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        posting: &Posting,
        part: usize,
    ) -> Result<(), Stop> {
        let (journals, transport) = (work.route.books.journals, &*work.route.books.transport);
        let day = day_of(work.vouchers, part)?;
        let key = voucher_key(&record.id, posting, part, &work.route.books.agreement);
        let year = self.year_of(work, day).await?;
        let mut at_least = 1;
        for _ in 0..MOST_NUMBERS {
            let number = journals
                .free_number(transport, work.journal, days_of(work.vouchers, part)?, at_least)
                .await
                .map_err(Stop::Failed)?;
            let wanted = VoucherNumber {
                merchant: work.route.merchant.clone(),
                agreement: work.route.books.agreement.clone(),
                journal: work.journal,
                year: year.clone(),
                number,
            };
            if self.payouts.take_number(&wanted, &key).await? {
                open_posting(record)?.numbers.push(number);
                return Ok(self.save(record).await?);
            }
            at_least = number.saturating_add(1);
        }
        Err(Stop::Failed(Failure::Busy {
            retry_after_ms: None,
            message: "no voucher number is free".to_owned(),
        }))
    }

    /// A name of the accounting year of a day.
    async fn year_of(&self, work: &Work<'_>, day: jiff::civil::Date) -> Result<String, Stop> {
        let periods = work.route.books.periods.periods().await.map_err(Stop::Failed)?;
        // Periods lie within years; the longest that holds the day is the year.
        let within = periods.iter().filter(|period| period.from <= day && day <= period.to);
        let year = within.max_by_key(|period| (period.to - period.from).get_days());
        Ok(year.map_or_else(|| day.year().to_string(), |year| year.from.to_string()))
    }

    async fn attach(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        posting: &Posting,
        part: usize,
    ) -> Result<(), Stop> {
        let (journals, transport) = (work.route.books.journals, &*work.route.books.transport);
        let voucher = voucher_key(&record.id, posting, part, &work.route.books.agreement);
        let key = voucher.then(Effect::Attachment);
        let place = place_of(posting, work.vouchers, part)?;
        if posting.doubt.is_some() || is_restored(work) {
            let files = journals.attached(transport, place).await.map_err(Stop::Failed)?;
            if files.iter().any(|file| file.is_of(&key)) {
                return self.done(work, record, posting, |_| {}).await;
            }
            self.looked_in_vain(work, record, posting).await?;
        }
        let file = VoucherFile {
            name: format!("{}-{}.pdf", record.id.key.acquirer, record.id.name()),
            note: format!("{} {}", record.id.key.acquirer, record.id.key.batch),
            pdf: self.payouts.payout_plan(&record.id, &statement::name(&posting.plan)).await?,
        };
        if file.pdf.len() > journals.limits().file_bytes {
            record.notes.push(Reason::new("payout-statement-too-large").with("payout", &record.id.key.batch));
            return self.done(work, record, posting, |_| {}).await;
        }
        self.in_doubt(record, posting).await?;
        match journals.attach(transport, &key, place, &file).await {
            // A person put a file there: it stays, and the statement is in the bucket.
            Err(Failure::Rejected { code: Some(code), .. }) if code == "attached-already" => {
                record
                    .notes
                    .push(Reason::new("payout-attached-already").with("payout", &record.id.key.batch));
            }
            outcome => self.outcome(record, outcome).await?,
        }
        self.done(work, record, posting, |_| {}).await
    }

    async fn book(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        posting: &Posting,
        part: usize,
    ) -> Result<(), Stop> {
        let step = self.voucher(work, record, posting, part)?;
        let (journals, transport) = (work.route.books.journals, &*work.route.books.transport);
        let Some(found) = journals.find(transport, &step).await.map_err(Stop::Failed)? else {
            let gone = Reason::new("payout-voucher-gone").with("payout", &record.id.key.batch);
            return Err(Stop::Hold(gone.with("voucher", step.number)));
        };
        if found.is_booked() {
            return self.done(work, record, posting, |_| {}).await;
        }
        if !found.is_draft() {
            let changed = differs(&found, posting).unwrap_or_else(|| changed_reason(&found, posting));
            return Err(Stop::Hold(changed.with("payout", &record.id.key.batch)));
        }
        if posting.doubt.is_some() {
            self.looked_in_vain(work, record, posting).await?;
        }
        self.in_doubt(record, posting).await?;
        let key = step.key.then(Effect::Booking);
        let booked = journals.book_drafts(transport, &key, work.journal, &found.drafts).await;
        self.outcome(record, booked).await?;
        self.done(work, record, posting, |_| {}).await
    }

    /// Settles customers' payments with their invoices. Entries that nothing is open of were settled by the booking.
    async fn settle(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        posting: &Posting,
        part: usize,
    ) -> Result<(), Stop> {
        let (journals, transport) = (work.route.books.journals, &*work.route.books.transport);
        let voucher = voucher_key(&record.id, posting, part, &work.route.books.agreement);
        let entries = work.vouchers.get(part).map(Voucher::entries).unwrap_or_default();
        let mut pairs: Vec<(u32, u64)> = entries
            .iter()
            .filter_map(|entry| match &entry.target {
                Target::Customer { number, invoice: Some(invoice) } => Some((*number, invoice.parse().ok()?)),
                _ => None,
            })
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        for (customer, document) in pairs {
            self.in_time(work.deadline)?;
            let found = journals.entries_of(transport, customer, document).await.map_err(Stop::Failed)?;
            let open: Vec<u64> = found
                .iter()
                .filter(|entry| entry.remainder.is_some_and(|left| !left.is_zero()))
                .map(|entry| entry.number)
                .collect();
            let both = [true, false].iter().all(|negative| {
                found.iter().any(|entry| {
                    entry.remainder.is_some_and(|left| !left.is_zero() && left.is_negative() == *negative)
                })
            });
            if both {
                let key = EffectKey::shared(
                    &record.id.merchant,
                    Effect::Settling,
                    &format!("{voucher}#{customer}#{document}"),
                    &work.route.books.agreement,
                );
                journals.settle(transport, &key, &open).await.map_err(Stop::Failed)?;
            }
        }
        self.done(work, record, posting, |_| {}).await
    }

    fn voucher(
        &self,
        work: &Work<'_>,
        record: &PayoutRecord,
        posting: &Posting,
        part: usize,
    ) -> Result<VoucherStep, Stop> {
        let missing = || Stop::Refused(format!("part {} of the plan is missing", part + 1));
        Ok(VoucherStep {
            key: voucher_key(&record.id, posting, part, &work.route.books.agreement),
            journal: work.journal,
            number: posting.numbers.get(part).copied().ok_or_else(missing)?,
            voucher: work.vouchers.get(part).cloned().ok_or_else(missing)?,
            customer_payments: work.kept.plan.customer_payments,
        })
    }

    /// Says that the step is about to be made.
    async fn in_doubt(&self, record: &mut PayoutRecord, posting: &Posting) -> Result<(), Stop> {
        let step = u32::try_from(posting.step).unwrap_or(u32::MAX);
        open_posting(record)?.doubt =
            Some(Doubt { step, negative_looks: 0, since: self.now(), otherwise: false, asked: false });
        Ok(self.save(record).await?)
    }

    /// What a call that writes came to: what was surely not applied is in doubt no more.
    async fn outcome<T>(&self, record: &mut PayoutRecord, outcome: Result<T, Failure>) -> Result<T, Stop> {
        match outcome {
            Ok(value) => Ok(value),
            Err(failure) => {
                if !matches!(failure, Failure::Unknown { .. }) {
                    open_posting(record)?.doubt = None;
                }
                Err(Stop::Failed(failure))
            }
        }
    }

    /// A look found nothing. Ok: it was the last that was needed, and the step may be made again.
    async fn looked_in_vain(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        posting: &Posting,
    ) -> Result<(), Stop> {
        let Some(doubt) = &posting.doubt else { return Ok(()) };
        let (now, late) = (self.now(), late(work));
        if now < doubt.since + late {
            return Err(Stop::Wait(doubt.since + late));
        }
        let looks = doubt.negative_looks + 1;
        if looks >= NEGATIVE_LOOKS {
            return Ok(());
        }
        open_posting(record)?.doubt = Some(Doubt { negative_looks: looks, since: now, ..doubt.clone() });
        Err(Stop::Wait(now + late))
    }

    /// The step is done.
    async fn done(
        &self,
        work: &Work<'_>,
        record: &mut PayoutRecord,
        before: &Posting,
        change: impl FnOnce(&mut Posting),
    ) -> Result<(), Stop> {
        let mut posting = open_posting(record)?.clone();
        change(&mut posting);
        posting.step = before.step + 1;
        posting.doubt = None;
        let reversed = posting.is_done() && posting.reversal.is_some();
        if reversed {
            // What it paid is open again: said first, since whoever finds the payout reversed says it no more.
            let list = work.kept.paid_list(&posting.plan);
            self.say_paid(work.route, record, &list, false, Some(work.deadline)).await?;
        }
        *open_posting(record)? = posting;
        if reversed {
            self.reversed(record)?;
        }
        record.tries = 0;
        Ok(self.save(record).await?)
    }
}

fn as_told(paid: &PaidBefore) -> (&str, &str, i64, Currency) {
    (&paid.document, &paid.payout, paid.amount.minor(), paid.amount.currency())
}

/// The ledger was restored from a backup. What was posted after that backup it does not know, and takes in anew as if it came today: so no
/// record's own age says that its vouchers cannot stand already.
fn is_restored(work: &Work<'_>) -> bool {
    work.route.epoch.is_some()
}

/// How late a call may come, and be seen by a look.
fn late(work: &Work<'_>) -> SignedDuration {
    let manifest = work.route.books.journals.manifest();
    SignedDuration::from_secs(i64::from(manifest.timeout_seconds.max(manifest.look_up_lag_seconds)))
}

/// The vouchers of a posting: those of the plan, or those that undo what stands of it.
fn vouchers_of(
    kept: &KeptPlan,
    posting: &Posting,
    route: &PayoutRoute,
) -> Result<Vec<Voucher>, JournalError> {
    let Some(day) = posting.reversal else { return Ok(kept.plan.vouchers.clone()) };
    let all = kept.plan.reversed(day, route.language)?;
    let Some(undoes) = &posting.undoes else { return Ok(all) };
    // They stand in the opposite order of the plan's parts.
    let of = |part: usize| all.len().checked_sub(part + 1).and_then(|place| all.get(place).cloned());
    Ok(undoes.iter().filter_map(|undone| of(undone.part)).collect())
}

/// Hash of the plan that is to be posted, or undone.
fn plan_to_post(record: &PayoutRecord) -> Option<String> {
    match record.open_posting() {
        Some(posting) => Some(posting.plan.clone()),
        None => record.plan.as_ref().map(|plan| plan.hash.clone()),
    }
}

/// The posting that is worked on.
fn open_posting(record: &mut PayoutRecord) -> Result<&mut Posting, Stop> {
    let open = [&mut record.reversal, &mut record.posting].into_iter().flatten();
    open.into_iter()
        .find(|posting| !posting.is_done())
        .ok_or_else(|| Stop::Refused("no posting is open".to_owned()))
}

fn day_of(vouchers: &[Voucher], part: usize) -> Result<jiff::civil::Date, Stop> {
    let first = vouchers.get(part).and_then(|voucher| voucher.entries().first());
    first
        .map(|entry| entry.date)
        .ok_or_else(|| Stop::Refused(format!("part {} of the plan is empty", part + 1)))
}

fn days_of(vouchers: &[Voucher], part: usize) -> Result<Days, Stop> {
    let first = day_of(vouchers, part)?;
    let entries = vouchers.get(part).map(Voucher::entries).unwrap_or_default();
    let days = || entries.iter().map(|entry| entry.date);
    Ok(Days { from: days().min().unwrap_or(first), to: days().max().unwrap_or(first) })
}

fn place_of(posting: &Posting, vouchers: &[Voucher], part: usize) -> Result<VoucherPlace, Stop> {
    let number = posting.vouchers.get(part).and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| Stop::Refused(format!("part {} has no number", part + 1)))?;
    Ok(VoucherPlace { number, day: day_of(vouchers, part)? })
}

/// A voucher that is not as it was asked for is neither entered again nor booked, but told.
fn differs(found: &EnteredVoucher, posting: &Posting) -> Option<Reason> {
    (!found.differences.is_empty()).then(|| changed_reason(found, posting))
}

/// What is booked of a payout cannot be put right in the journal: somebody says what it is.
fn changed_reason(found: &EnteredVoucher, posting: &Posting) -> Reason {
    let told: Vec<String> = found
        .differences
        .iter()
        .take(5)
        .map(|difference| format!("{}: {} / {}", difference.field, difference.asked, difference.answered))
        .collect();
    let booked = posting.reversal.is_none() && found.drafts.is_empty() && !found.booked.is_empty();
    let code = if booked { BOOKED_OTHERWISE } else { "payout-voucher-changed" };
    Reason::new(code).with("voucher", found.number).with("message", told.join("; "))
}

impl PayoutEngine<'_> {
    /// Every voucher that undoes the payout stands.
    fn reversed(&self, record: &mut PayoutRecord) -> Result<(), Stop> {
        let asked = record.reversal_asked.clone().unwrap_or_default();
        let by = if asked.by.is_empty() { Actor::Bogbro } else { Actor::Person(asked.by) };
        if record.approval.state() != PayoutState::Reversed {
            let abandoned = record.posting.as_ref().is_some_and(|posting| posting.abandoned);
            let moved = match abandoned {
                true => record.approval.abandoned(by, &asked.reason, self.now()),
                false => record.approval.reversed(by, &asked.reason, self.now()),
            };
            moved.map_err(|error| Stop::Hold(error.reason()))?;
        }
        Ok(())
    }
}
