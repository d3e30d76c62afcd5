//! Taking a file in: the original is kept, the batches are read and checked whole, and each becomes a payout once.

use std::collections::BTreeSet;

use domain::MerchantId;
use domain::payout::{Approval, PayoutState, arrivals, content_hash, same_content};
use domain::plan::Reason;
use domain::settlement::{BatchKey, Kind, Settlement, Standing};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::reading::{self, Content, NoContent};
use super::record::{
    ArrivalKind, FileRecord, IntakeOutcome, IntakeRecord, KEPT_FILES, KindFigures, PAYOUT_SCHEMA,
    PayoutFigures, PayoutId, PayoutRecord, TakenBatch,
};
use super::route::PayoutRoute;
use super::store::FileBytes;
use super::{PayoutEngine, PayoutFailure, PayoutWork};

/// The most payouts of a report that came by mail.
pub(super) const MOST_BY_MAIL: usize = 200;

/// A file that comes in.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// Whose.
    pub merchant: &'a MerchantId,
    /// The flow of payouts it is for.
    pub flow: &'a str,
    /// Its name, which says nothing certain.
    pub name: &'a str,
    /// Its bytes.
    pub file: &'a dyn FileBytes,
    /// SHA-256 of the mail that it came in, if it came in one.
    pub mail: Option<&'a str>,
    /// Unique per attempt.
    pub token: &'a str,
    /// When the worker must be done.
    pub deadline: Timestamp,
}

impl PayoutEngine<'_> {
    /// Takes a file in, whole or not at all. The same file again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for an unknown flow; `Held` and `Unavailable`: nothing is lost, and the file is taken in again later.
    pub async fn take_in(&self, incoming: &Incoming<'_>) -> Result<IntakeRecord, PayoutFailure> {
        let route = self.route(incoming.merchant, incoming.flow).await?;
        // What is too large is not even kept.
        let too_large = reading::too_large(incoming.file);
        if too_large.is_none() {
            self.payouts.put_file(incoming.merchant, incoming.file).await?;
        }
        let mut file = self.file_record(incoming);
        file.profile = route.acquirer.profile.clone().map(Box::new);
        let read = match too_large {
            Some(reason) => Err(NoContent::Refused(reason)),
            None => reading::read(&route, incoming.name, incoming.file),
        };
        let outcome = match read {
            Ok(Content::Report { format, batches }) => {
                file.format = format;
                Box::pin(self.take_batches(incoming, &route, &file, batches)).await?
            }
            // A payout is believed because the bank shows it: what anybody may have written shows nothing.
            Ok(Content::Statements(_)) if incoming.mail.is_some() => {
                "camt".clone_into(&mut file.format);
                IntakeOutcome::Refused { reason: Reason::new("payout-statement-by-mail") }
            }
            Ok(Content::Statements(statements)) => {
                "camt".clone_into(&mut file.format);
                Box::pin(self.see_statements(incoming, &route, &statements)).await?
            }
            Err(NoContent::Refused(reason)) => IntakeOutcome::Refused { reason },
            Err(NoContent::Interrupted(words)) => return Err(PayoutFailure::Unavailable(words)),
        };
        self.keep_intake(incoming, file, outcome).await
    }

    /// Keeps a mail and what became of it: its attachments were taken in before, each as a file of its own.
    ///
    /// # Errors
    /// As the store says.
    pub async fn take_in_mail(
        &self,
        incoming: &Incoming<'_>,
        outcome: IntakeOutcome,
    ) -> Result<IntakeRecord, PayoutFailure> {
        if reading::too_large(incoming.file).is_none() {
            self.payouts.put_file(incoming.merchant, incoming.file).await?;
        }
        let file = FileRecord { format: MAIL.to_owned(), ..self.file_record(incoming) };
        self.keep_intake(incoming, file, outcome).await
    }

    fn file_record(&self, incoming: &Incoming<'_>) -> FileRecord {
        FileRecord {
            sha256: incoming.file.sha256().to_owned(),
            name: incoming.name.chars().take(200).collect(),
            format: String::new(),
            bytes: incoming.file.length(),
            received_at: self.now(),
            profile: None,
            mail: incoming.mail.map(str::to_owned),
        }
    }

    async fn keep_intake(
        &self,
        incoming: &Incoming<'_>,
        mut file: FileRecord,
        outcome: IntakeOutcome,
    ) -> Result<IntakeRecord, PayoutFailure> {
        // What a person has looked at is no news when the same file is refused for the same reason.
        let before = self.payouts.intake(incoming.merchant, incoming.flow, &file.sha256).await?;
        if let Some(known) = before.as_ref().filter(|_| incoming.mail.is_some()) {
            // What came by a way that was trusted is not undone by a mail of the same that was not.
            let refused = |outcome: &IntakeOutcome| matches!(outcome, IntakeOutcome::Refused { .. });
            if refused(&outcome) && !refused(&known.outcome) && known.erased_at.is_none() {
                return Ok(known.clone());
            }
            if known.file.mail.is_none() {
                file.mail = None;
            }
        }
        let earlier: Vec<BatchKey> = before
            .iter()
            .flat_map(IntakeRecord::batches)
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let dismissed = before.and_then(|before| {
            let news = matches!(outcome, IntakeOutcome::Refused { .. }) && before.outcome != outcome;
            before.dismissed.filter(|_| !news)
        });
        let mut intake = IntakeRecord {
            schema: PAYOUT_SCHEMA,
            merchant: incoming.merchant.clone(),
            flow: incoming.flow.to_owned(),
            file,
            outcome,
            earlier: Vec::new(),
            dismissed,
            erased_at: None,
        };
        intake.earlier =
            earlier.into_iter().filter(|known| intake.batches().all(|now| now != known)).collect();
        self.payouts.put_intake(&intake).await?;
        Ok(intake)
    }

    async fn take_batches(
        &self,
        incoming: &Incoming<'_>,
        route: &PayoutRoute,
        file: &FileRecord,
        batches: Vec<Settlement>,
    ) -> Result<IntakeOutcome, PayoutFailure> {
        if batches.is_empty() {
            return Ok(IntakeOutcome::Refused { reason: Reason::new("report-empty") });
        }
        // What anybody may have written makes no thousands of payouts for a person to set aside.
        if incoming.mail.is_some() && batches.len() > MOST_BY_MAIL {
            let reason = Reason::new("report-too-many").with("what", "batches").with("limit", MOST_BY_MAIL);
            return Ok(IntakeOutcome::Refused { reason });
        }
        // One batch that disagrees refuses the whole: nobody could say which of the others to believe.
        for batch in &batches {
            if let Some(breach) = batch.check().breaches.first() {
                return Ok(IntakeOutcome::Refused { reason: breach.reason() });
            }
        }
        let sorted = arrivals(batches);
        if let Some((_, reason)) = sorted.refused.into_iter().next() {
            return Ok(IntakeOutcome::Refused { reason });
        }
        let mut taken = Vec::with_capacity(sorted.settlements.len());
        for settlement in &sorted.settlements {
            let arrival = self.take_batch(incoming, route, file, settlement).await?;
            taken.push(TakenBatch { key: settlement.key().clone(), arrival });
        }
        Ok(IntakeOutcome::Report { batches: taken })
    }

    async fn take_batch(
        &self,
        incoming: &Incoming<'_>,
        route: &PayoutRoute,
        file: &FileRecord,
        settlement: &Settlement,
    ) -> Result<ArrivalKind, PayoutFailure> {
        let id = PayoutId { merchant: incoming.merchant.clone(), key: settlement.key().clone() };
        let content = content_hash(settlement);
        let new = self.new_record(&id, route, file, settlement, content.clone());
        let known = match self.payouts.payout(&id).await? {
            Some(known) => known,
            None => {
                self.payouts.put_line_ids(&id, &line_ids(settlement)).await?;
                match self.payouts.insert_payout(&new).await? {
                    None => return Ok(ArrivalKind::New),
                    Some(known) => known,
                }
            }
        };
        let original = known.original.sha256 == file.sha256;
        let read_otherwise = original && known.original.profile != file.profile && known.content != content;
        let conflict = known.conflicts.iter().any(|other| other.sha256 == file.sha256);
        // The very file that came by mail, by a way on which nobody could have forged it.
        let mut read = known.repeats.iter().chain([&known.original]);
        let vouches = known.by_mail && file.mail.is_none() && read.any(|other| other.sha256 == file.sha256);
        if known.knows(&file.sha256) && !read_otherwise && !vouches {
            return Ok(if conflict { ArrivalKind::Conflict } else { ArrivalKind::Known });
        }
        self.take_again(incoming, route, &new, settlement).await
    }

    /// The batch is known, from another file.
    async fn take_again(
        &self,
        incoming: &Incoming<'_>,
        route: &PayoutRoute,
        new: &PayoutRecord,
        settlement: &Settlement,
    ) -> Result<ArrivalKind, PayoutFailure> {
        let id = &new.id;
        let work =
            PayoutWork { id: id.clone(), token: incoming.token.to_owned(), deadline: incoming.deadline };
        let mut known = self.claim(&work).await?;
        let equal = known.content == new.content;
        // The very file by another profile: the merchant has corrected how it is read.
        let read_otherwise = known.original.sha256 == new.original.sha256 && !equal;
        let same = equal || (!read_otherwise && self.says_the_same(route, &known, settlement).await?);
        use PayoutState::{Balanced, Matched, Received, Unbalanced, WaitingForApproval};
        let undecided = [Received, Unbalanced, Balanced, Matched, WaitingForApproval];
        let open = undecided.contains(&known.approval.state()) && known.posting.is_none();
        // A payout that was only announced may still change; what shows more of itself takes the place of what shows less.
        let better = new.figures.standing == Standing::Balanced && !new.figures.pending;
        let worse = known.figures.standing != Standing::Balanced || known.figures.pending;
        let shows_more = better && worse && (same || known.figures.pending);
        let takes_its_place = open && (shows_more || read_otherwise);
        if takes_its_place {
            if !equal {
                // They are about lines by their place, which may be another line now.
                known.decisions.clear();
                known.balance_report = None;
            }
            self.payouts.put_line_ids(id, &line_ids(settlement)).await?;
            let old = std::mem::replace(&mut known.original, new.original.clone());
            known.content.clone_from(&new.content);
            known.figures = new.figures.clone();
            // Of a mail that shows more, the more is the mail's alone.
            known.by_mail = new.by_mail && (known.by_mail || !equal);
            self.payouts.index_payout(&known).await?;
            if !read_otherwise {
                keep(&mut known.repeats, old);
            }
        } else if same {
            known.by_mail &= new.by_mail;
            if !known.knows(&new.original.sha256) {
                keep(&mut known.repeats, new.original.clone());
            }
        } else {
            keep(&mut known.conflicts, new.original.clone());
        }
        known.due_at = Some(self.now());
        self.release(known).await?;
        Ok(if same || takes_its_place { ArrivalKind::Known } else { ArrivalKind::Conflict })
    }

    /// Whether the file that a payout is read from says the same of it, as far as both forms of the report say anything.
    async fn says_the_same(
        &self,
        route: &PayoutRoute,
        known: &PayoutRecord,
        settlement: &Settlement,
    ) -> Result<bool, PayoutFailure> {
        let file = match self.original(known).await {
            Err(PayoutFailure::Refused(_)) => return Ok(false),
            kept => kept?,
        };
        // As the file has it, without what a person said of it.
        let known = PayoutRecord { balance_report: None, ..known.clone() };
        match reading::read_batch(route, &known, &*file) {
            Ok(kept) => Ok(same_content(&kept, settlement)),
            // What cannot be read again says nothing: a person looks at both.
            Err(PayoutFailure::Refused(_) | PayoutFailure::NotFound(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    fn new_record(
        &self,
        id: &PayoutId,
        route: &PayoutRoute,
        file: &FileRecord,
        settlement: &Settlement,
        content: String,
    ) -> PayoutRecord {
        let now = self.now();
        PayoutRecord {
            schema: PAYOUT_SCHEMA,
            id: id.clone(),
            flow: route.flow.clone(),
            fence: 0,
            claim: String::new(),
            lease_until: None,
            content,
            original: file.clone(),
            by_mail: file.mail.is_some(),
            repeats: Vec::new(),
            conflicts: Vec::new(),
            overlap: None,
            overruled: Vec::new(),
            dismissed: Vec::new(),
            confirmations: Vec::new(),
            balance_report: None,
            approval: Approval::default(),
            figures: figures(settlement, &route.zone),
            reasons: Vec::new(),
            notes: Vec::new(),
            decisions: Vec::new(),
            plan: None,
            posting: None,
            let_go: None,
            by_hand: None,
            not_booked_on: Vec::new(),
            reversal: None,
            undone: Vec::new(),
            reversal_asked: None,
            bank: None,
            tries: 0,
            trouble: None,
            delayed: None,
            // It comes up by itself when whoever took it in dies before it is matched.
            looking: None,
            saying: None,
            due_at: Some(now),
            received_at: now,
            updated_at: now,
        }
    }
}

/// The format of a mail.
const MAIL: &str = "mail";

fn keep(files: &mut Vec<FileRecord>, file: FileRecord) {
    if files.len() < KEPT_FILES {
        // Only the original is read again.
        files.push(FileRecord { profile: None, ..file });
    }
}

/// What lists show of a batch.
pub(super) fn figures(settlement: &Settlement, zone: &TimeZone) -> PayoutFigures {
    let (check, stated, currency) = (settlement.check(), settlement.stated(), settlement.currency());
    let money = |minor| domain::Money::from_minor(minor, currency);
    let kinds = settlement.tally().kinds().map(|(kind, sum)| {
        let fees = sum.fees.saturating_add(sum.vat);
        (
            kind.as_str().to_owned(),
            KindFigures { count: sum.count, gross: money(sum.gross), fees: money(fees) },
        )
    });
    PayoutFigures {
        payout: check.payout,
        day: settlement.day(zone),
        from: stated.from,
        to: stated.to,
        bank_reference: stated.bank_reference.clone().unwrap_or_default(),
        lines: settlement.len() as u64,
        standing: check.standing,
        pending: check.pending,
        unproven: check.unproven,
        kinds: kinds.collect(),
        states: std::collections::BTreeMap::new(),
    }
}

/// Fingerprints of the lines' own ids, sorted: payouts and balances carried over stand in two batches by nature.
pub(super) fn line_ids(settlement: &Settlement) -> Vec<u128> {
    let mut ids: Vec<u128> = own_ids(settlement).map(fingerprint).collect();
    ids.sort_unstable();
    ids
}

/// The first of a settlement's own line ids that has one of these fingerprints, sorted.
pub(super) fn first_of<'a>(settlement: &'a Settlement, sorted: &[u128]) -> &'a str {
    own_ids(settlement).find(|id| sorted.binary_search(&fingerprint(id)).is_ok()).unwrap_or_default()
}

fn own_ids(settlement: &Settlement) -> impl Iterator<Item = &str> {
    let own = settlement.lines().filter(|line| !line.kind.moves_balance() && line.kind != Kind::Payout);
    own.map(|line| line.reference).filter(|reference| !reference.is_empty())
}

fn fingerprint(text: &str) -> u128 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}
