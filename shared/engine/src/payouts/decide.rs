//! What persons do with payouts: approve, correct, reverse, set aside, take up again.

use std::collections::{BTreeMap, BTreeSet};

use domain::Money;
use domain::money::Currency;
use domain::payout::{Actor, ApprovalError, PayoutState};
use domain::plan::Reason;
use domain::settings::ApprovalSettings;
use domain::settlement::Line;
use jiff::civil::Date;

use super::questions::may_be_overruled;
use super::record::{
    Dismissal, LineChoice, LineDecisionRecord, MOST_DECISIONS, PastPosting, PayoutId, PayoutRecord, Posting,
    ReversalAsked, SetAside,
};
use super::view::told;
use super::{PayoutEngine, PayoutFailure, PayoutWork};

/// What becomes of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineAssignment {
    /// Its number in the report, as it is shown.
    pub line: u32,
    /// What; `None` takes an earlier decision back.
    pub choice: Option<LineChoice>,
}

/// A part of a line, as a person writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedPart {
    /// Number of the document.
    pub document: String,
    /// How much of the line, signed as the line, such as `249.00` or `100.00 EUR`; without a currency it is in the document's. `None`
    /// for the whole line on one document.
    pub amount: Option<String>,
}

/// A correction by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Which lines.
    pub lines: Vec<LineAssignment>,
}

impl Correction {
    /// Numbers of the documents that are named.
    fn documents(&self) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .flat_map(|asked| match &asked.choice {
                Some(LineChoice::Documents(parts)) => parts.as_slice(),
                Some(LineChoice::ErrorAccount) | None => &[],
            })
            .map(|(number, _)| number.as_str())
    }
}

impl From<ApprovalError> for PayoutFailure {
    fn from(error: ApprovalError) -> PayoutFailure {
        PayoutFailure::Refused(error.reason())
    }
}

impl PayoutEngine<'_> {
    /// Someone approves the plan that they were shown, by its hash. It is posted by the next work on the payout.
    ///
    /// # Errors
    /// `Refused`: nothing waits, another plan waits, or the same person approves twice where two must.
    pub async fn approve(
        &self,
        work: &PayoutWork,
        by: &str,
        plan: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided = self.approved(&mut record, by, plan).await;
        self.give_back(record, decided).await
    }

    async fn approved(&self, record: &mut PayoutRecord, by: &str, plan: &str) -> Result<(), PayoutFailure> {
        let approval: ApprovalSettings =
            self.route(&record.id.merchant, &record.flow).await?.settings.approval;
        // A plan that was let go meanwhile (a decision, the acquirer's balance report) can be approved by nobody.
        if record.plan.as_ref().is_none_or(|known| known.hash != plan) {
            return Err(ApprovalError::Changed.into());
        }
        record.approval.approve(person(by)?, plan, &approval, self.now())?;
        Ok(())
    }

    /// Gives back a payout that somebody decided about: it is worked on at once when the decision holds.
    pub(super) async fn give_back(
        &self,
        mut record: PayoutRecord,
        decided: Result<(), PayoutFailure>,
    ) -> Result<PayoutRecord, PayoutFailure> {
        if decided.is_ok() {
            record.due_at = Some(self.now());
        }
        let record = self.release(record).await?;
        decided.map(|()| record)
    }

    /// The parts of a line as they are decided about, each in its document's currency: the line's own amount, or the buyer's where the
    /// document is in that.
    ///
    /// # Errors
    /// `Refused`: an amount that is none, or is missing where there are several; `NotFound` for an unknown payout or line.
    pub async fn parts(
        &self,
        id: &PayoutId,
        line: u32,
        asked: &[AskedPart],
    ) -> Result<Vec<(String, Money)>, PayoutFailure> {
        let record = self.payouts.payout(id).await?;
        let record = record.ok_or_else(|| PayoutFailure::NotFound(id.name()))?;
        let route = self.route(&id.merchant, &record.flow).await?;
        let file = self.original(&record).await?;
        let settlement = super::reading::read_batch(&route, &record, &*file)?;
        let meant = settlement.lines().find(|one| one.number == line);
        let meant = meant.ok_or_else(|| PayoutFailure::NotFound(format!("line {line}")))?;
        let numbers = asked.iter().map(|part| part.document.clone()).collect();
        let currencies = self.currencies(&route, &record, &settlement, numbers).await.map_err(told)?;
        let part = |part: &AskedPart| {
            let currency = currencies.get(&part.document).copied().unwrap_or(meant.currency());
            let about = |code: &str| Reason::new(code).with("document", &part.document);
            let amount = match &part.amount {
                Some(text) => written(text, currency)
                    .ok_or_else(|| about("payout-part-unreadable").with("amount", text)),
                None if asked.len() == 1 => Ok(whole(&meant, currency)),
                None => Err(about("payout-part-missing")),
            };
            Ok((part.document.clone(), amount.map_err(PayoutFailure::Refused)?))
        };
        asked.iter().map(part).collect()
    }

    /// Someone decides about lines. The payout is then matched and approved anew; an approved plan of which nothing stands yet is let go.
    ///
    /// # Errors
    /// `Refused`: a part of it is posted, or may be, no reason was given, a split does not make the line, or a part is not in its document's
    /// currency; `NotFound` for an unknown line.
    pub async fn correct(
        &self,
        work: &PayoutWork,
        correction: &Correction,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided = self.corrected(&mut record, correction).await;
        self.give_back(record, decided).await
    }

    async fn corrected(
        &self,
        record: &mut PayoutRecord,
        correction: &Correction,
    ) -> Result<(), PayoutFailure> {
        let now = self.now();
        let route = self.route(&record.id.merchant, &record.flow).await?;
        let file = self.original(record).await?;
        let settlement = super::reading::read_batch(&route, record, &*file)?;
        let numbers: BTreeSet<String> = correction.documents().map(str::to_owned).collect();
        let currencies = match numbers.is_empty() {
            true => BTreeMap::new(),
            false => self.currencies(&route, record, &settlement, numbers).await.map_err(told)?,
        };
        let mut decisions = record.decisions.clone();
        for asked in &correction.lines {
            let place = settlement.lines().position(|line| line.number == asked.line);
            let place = place.ok_or_else(|| PayoutFailure::NotFound(format!("line {}", asked.line)))?;
            let line = settlement.line(place);
            let payment = line.as_ref().is_some_and(|line| line.kind.concerns_payment());
            if !payment {
                return Err(refused("payout-line-no-payment", asked.line, record));
            }
            decisions.retain(|made| made.line != place);
            let Some(choice) = asked.choice.clone() else { continue };
            if let (LineChoice::Documents(parts), Some(line)) = (&choice, &line) {
                if let Some((document, currency)) = in_another_currency(parts, &currencies) {
                    let reason = reason("payout-split-currency", asked.line, record);
                    let reason = reason.with("document", document).with("currency", currency);
                    return Err(PayoutFailure::Refused(reason));
                }
                if !makes_up(parts, line.gross, line.sale.map(|sale| sale.amount)) {
                    return Err(refused("payout-split-differs", asked.line, record));
                }
            }
            decisions.push(LineDecisionRecord {
                line: place,
                choice,
                by: correction.by.clone(),
                reason: correction.reason.clone(),
                at: now,
            });
        }
        if decisions.len() > MOST_DECISIONS {
            return Err(refused("payout-decisions-many", 0, record));
        }
        let mut approval = record.approval.clone();
        approval.corrected(person(&correction.by)?, &correction.reason, now)?;
        if record.reversal.is_some() {
            return Err(ApprovalError::NotNow(record.approval.state()).into());
        }
        if record.open_posting().is_some_and(|posting| posting.doubt.is_some()) {
            return Err(in_doubt(record));
        }
        if record.unposted().is_some() || record.is_about_to_be_posted() {
            record.let_posting_go();
        }
        decisions.sort_by_key(|made| made.line);
        (record.approval, record.decisions, record.plan) = (approval, decisions, None);
        Ok(())
    }

    /// Someone has the posted vouchers undone, on a day: by the next work on the payout. Of a posting that did not come to its end it is
    /// undone what stands, and the rest is let go. Until something of it is undone, another day may be given.
    ///
    /// # Errors
    /// `Refused`: nothing of it is posted, the day's period is closed, or no reason was given.
    pub async fn reverse(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
        day: Date,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided = self.reverse_asked(&mut record, by, reason, day).await;
        self.give_back(record, decided).await
    }

    async fn reverse_asked(
        &self,
        record: &mut PayoutRecord,
        by: &str,
        reason: &str,
        day: Date,
    ) -> Result<(), PayoutFailure> {
        let not_now = || PayoutFailure::from(ApprovalError::NotNow(record.approval.state()));
        let mut posting = record.posting.clone().ok_or_else(not_now)?;
        // Another day is taken as long as nothing of what was asked for stands.
        match &record.reversal {
            Some(begun) if begun.doubt.is_some() => return Err(in_doubt(record)),
            Some(begun) if begun.is_done() || !begun.vouchers.is_empty() => return Err(not_now()),
            _ => {}
        }
        // The move is tried on a copy: it is made when every voucher stands.
        let mut tried = record.approval.clone();
        if posting.is_done() && !posting.abandoned {
            tried.reversed(person(by)?, reason, self.now())?;
        } else {
            tried.abandoned(person(by)?, reason, self.now())?;
            posting.abandoned = true;
        }
        self.period_is_open(record, day).await?;
        record.reversal = Some(Posting {
            reversal: Some(day),
            step: 0,
            numbers: Vec::new(),
            vouchers: Vec::new(),
            abandoned: false,
            undoes: None,
            doubt: None,
            ..posting.clone()
        });
        record.posting = Some(posting);
        record.reversal_asked = Some(ReversalAsked { by: by.to_owned(), reason: reason.to_owned() });
        Ok(())
    }

    /// Nothing can be posted on a day whose period is closed.
    async fn period_is_open(&self, record: &PayoutRecord, day: Date) -> Result<(), PayoutFailure> {
        let route = self.route(&record.id.merchant, &record.flow).await?;
        let periods = route.books.periods.periods().await;
        let periods = periods.map_err(|failure| PayoutFailure::Unavailable(failure.to_string()))?;
        match periods.iter().find(|period| period.closed && period.from <= day && day <= period.to) {
            None => Ok(()),
            Some(period) => {
                let reason = Reason::new("payout-reversal-period-closed").with("date", day);
                Err(PayoutFailure::Refused(reason.with("from", period.from).with("to", period.to)))
            }
        }
    }

    /// Someone looked at what is parked and sets it aside: the files with another content, or else the payout itself where it
    /// shares lines with another and nothing of it is approved; or, of a payout that is to be undone, a voucher that a person booked
    /// otherwise and has undone in the books. Nothing that was posted changes.
    ///
    /// # Errors
    /// `Refused`: nothing is parked, or no reason was given.
    pub async fn dismiss(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided = self.set_aside(&mut record, by, reason);
        self.give_back(record, decided).await
    }

    fn set_aside(&self, record: &mut PayoutRecord, by: &str, reason: &str) -> Result<(), PayoutFailure> {
        use PayoutState::{Balanced, Matched, Received, Unbalanced};
        let said = said(by, reason)?;
        // What is being undone is told to be undone in the books already, or to be no voucher of the payout's.
        if let (Some(otherwise), true) = (record.booked_otherwise().cloned(), record.reversal.is_some()) {
            record.not_booked_on.push(otherwise.fact("voucher").to_owned());
            record.reasons.clear();
            let (by, reason) = said;
            record.dismissed.push(Dismissal {
                what: SetAside::Voucher(otherwise),
                by,
                reason,
                at: self.now(),
            });
            return Ok(());
        }
        let open = matches!(record.approval.state(), Received | Unbalanced | Balanced | Matched);
        let whole = open && record.posting.is_none() && !record.is_set_aside();
        let what: Vec<SetAside> = if record.conflicts.is_empty() {
            record.overlap.take_if(|_| whole).map(SetAside::Payout).into_iter().collect()
        } else {
            record.conflicts.drain(..).map(SetAside::Conflict).collect()
        };
        if what.is_empty() {
            let reason = Reason::new("payout-nothing-parked").with("payout", &record.id.key.batch);
            return Err(PayoutFailure::Refused(reason));
        }
        if matches!(what[..], [SetAside::Payout(_)]) {
            record.reasons.clear();
        }
        let (by, reason) = said;
        let at = self.now();
        let made = |what| Dismissal { what, by: by.clone(), reason: reason.clone(), at };
        record.dismissed.extend(what.into_iter().map(made));
        Ok(())
    }

    /// Someone takes a payout up again that was set aside, to be matched as if it had just come.
    fn taken_up(&self, record: &mut PayoutRecord, by: &str, reason: &str) -> Result<(), PayoutFailure> {
        let (by, reason) = said(by, reason)?;
        record.dismissed.push(Dismissal { what: SetAside::TakenUp, by, reason, at: self.now() });
        Ok(())
    }

    /// Someone takes a reversed payout up again, to be matched and posted anew under the next number; or one that was set aside; or one
    /// that was recognised under a voucher which is another's; or one that waits because it looks like another or went back.
    ///
    /// # Errors
    /// `Refused`: it was neither reversed nor set aside nor recognised nor waits so, or no reason was given.
    pub async fn reopen(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided = if record.is_set_aside() {
            self.taken_up(&mut record, by, reason)
        } else if record.is_booked_by_hand() {
            self.not_booked(&mut record, by, reason)
        } else if record.overlap.as_ref().is_some_and(may_be_overruled) {
            self.overrule(&mut record, by, reason)
        } else {
            self.reopened(&mut record, by, reason)
        };
        self.give_back(record, decided).await
    }

    fn not_booked(&self, record: &mut PayoutRecord, by: &str, reason: &str) -> Result<(), PayoutFailure> {
        let vouchers = record.approval.posted().to_vec();
        record.approval.not_booked(person(by)?, reason, self.now())?;
        // That voucher is not taken for it again.
        record.not_booked_on.extend(vouchers);
        record.let_go = record.by_hand.take();
        record.plan = None;
        Ok(())
    }

    fn reopened(&self, record: &mut PayoutRecord, by: &str, reason: &str) -> Result<(), PayoutFailure> {
        record.approval.reopened(person(by)?, reason, self.now())?;
        if let (Some(posting), Some(reversal)) = (record.posting.take(), record.reversal.take()) {
            record.undone.push(PastPosting { posting, reversal });
        }
        (record.plan, record.bank) = (None, None);
        record.reversal_asked = None;
        Ok(())
    }
}

pub(super) fn person(by: &str) -> Result<Actor, PayoutFailure> {
    let by = by.trim();
    if by.is_empty() {
        return Err(PayoutFailure::Refused(Reason::new("payout-nobody")));
    }
    Ok(Actor::Person(by.chars().take(200).collect()))
}

/// Who decided and why, both given.
pub(super) fn said(by: &str, reason: &str) -> Result<(String, String), PayoutFailure> {
    person(by)?;
    match reason.trim() {
        "" => Err(ApprovalError::NoReason.into()),
        reason => Ok((by.trim().to_owned(), reason.to_owned())),
    }
}

fn reason(code: &str, line: u32, record: &PayoutRecord) -> Reason {
    Reason::new(code).with("line", line).with("payout", &record.id.key.batch)
}

/// A step was begun and nobody knows yet what became of it: it is looked for first.
fn in_doubt(record: &PayoutRecord) -> PayoutFailure {
    let reason = Reason::new("payout-step-in-doubt").with("payout", &record.id.key.batch);
    PayoutFailure::Refused(reason)
}

fn refused(code: &str, line: u32, record: &PayoutRecord) -> PayoutFailure {
    PayoutFailure::Refused(reason(code, line, record))
}

/// An amount as a person writes it, in the currency that stands behind it or else in this one.
fn written(text: &str, currency: Currency) -> Option<Money> {
    let (amount, currency) = match text.trim().rsplit_once(' ') {
        Some((amount, code)) => (amount, code.to_uppercase().parse().ok()?),
        None => (text.trim(), currency),
    };
    Money::parse(amount.trim(), currency).ok()
}

/// The whole line in a currency; its own amount where it has none in that.
fn whole(line: &Line<'_>, currency: Currency) -> Money {
    let amounts = [Some(line.gross), line.sale.map(|sale| sale.amount)];
    amounts.into_iter().flatten().find(|amount| amount.currency() == currency).unwrap_or(line.gross)
}

/// The first part that is not in its document's currency, with that currency.
fn in_another_currency<'p>(
    parts: &'p [(String, Money)],
    currencies: &BTreeMap<String, Currency>,
) -> Option<(&'p str, Currency)> {
    let differs = |(number, amount): &'p (String, Money)| {
        let currency = currencies.get(number).filter(|currency| **currency != amount.currency())?;
        Some((number.as_str(), *currency))
    };
    parts.iter().find_map(differs)
}

/// The parts together make the line, in its own currency or in the buyer's.
fn makes_up(parts: &[(String, Money)], gross: Money, sale: Option<Money>) -> bool {
    let Some((_, first)) = parts.first() else { return false };
    let Ok(sum) = Money::sum(first.currency(), parts.iter().map(|(_, amount)| *amount)) else { return false };
    sum == gross || Some(sum) == sale
}

/// True in a state in which somebody may still decide about it.
pub(super) fn may_be_approved(record: &PayoutRecord) -> bool {
    record.approval.state() == PayoutState::WaitingForApproval
}
