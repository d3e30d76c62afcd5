//! What is kept of one payout, and of one file that came in.
//!
//! The report's original stays in the bucket under its own hash, and is read again whenever the payout is worked on. So the
//! record is small: what the batch is keyed by, the hash of its content, what was decided, and how far it has come.

use std::collections::BTreeMap;

use domain::payout::{Approval, PayoutState};
use domain::plan::Reason;
use domain::settings::Profile;
use domain::settlement::{BatchKey, Confirmation, ConfirmedBy, Standing};
use domain::{AgreementId, EffectKey, MerchantId, Money};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use super::taken_in::{ArrivalKind, FileDismissal, IntakeOutcome, IntakeRecord, MailedFile, TakenBatch};
use crate::store::{Doubt, Trouble};

/// The schema version of what is kept of payouts. An unknown one is refused, never guessed.
pub const PAYOUT_SCHEMA: u32 = 1;
/// Files of one payout that are remembered: repeats and conflicts.
pub const KEPT_FILES: usize = 20;
/// Decisions about single lines that one payout may have. More is an account that is set wrongly.
pub const MOST_DECISIONS: usize = 500;

/// Why a payout waits of which a person booked a voucher in another form.
pub(super) const BOOKED_OTHERWISE: &str = "payout-booked-otherwise";

/// One payout of one merchant: the unit that is taken in once, claimed and posted once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PayoutId {
    /// Whose.
    pub merchant: MerchantId,
    /// Acquirer, account, batch and currency.
    pub key: BatchKey,
}

impl PayoutId {
    /// A short name, for keys, objects and people: 16 letters and digits that only this payout of the merchant has.
    pub fn name(&self) -> String {
        let mut hasher = Sha256::new();
        let key = &self.key;
        for part in [&key.acquirer, &key.account, &key.batch, &key.currency.to_string()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        data_encoding::BASE32_NOPAD.encode(&hasher.finalize()[..10]).to_ascii_lowercase()
    }
}

/// A file as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileRecord {
    /// SHA-256 of its bytes, in lower-case hexadecimal: the name it is kept under.
    pub sha256: String,
    /// The name it came by.
    pub name: String,
    /// The format's name as its reader calls it; empty when none knew it.
    pub format: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it came.
    pub received_at: Timestamp,
    /// The profile that it was read by: a file is read again as it was read first, whatever the settings say by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Box<Profile>>,
    /// SHA-256 of the mail that it came in: whoever knows an address may write to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}

/// What lists show of a payout without reading its report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutFigures {
    /// Paid to the merchant; negative when drawn.
    pub payout: Money,
    /// Day of the payout, or of the batch where nothing is paid out: from the report, or else from what confirmed it.
    pub day: Option<Date>,
    /// First day, where stated.
    pub from: Option<Date>,
    /// Last day, where stated.
    pub to: Option<Date>,
    /// What the bank's text holds.
    pub bank_reference: String,
    /// Number of lines.
    pub lines: u64,
    /// Whether the report agrees with itself and with what is known from outside.
    pub standing: Standing,
    /// It was announced and not sent yet, so it may still change or fail.
    #[serde(default)]
    pub pending: bool,
    /// The format was never held against a vendor's own sample.
    pub unproven: bool,
    /// Count and sums of each kind, in the acquirer's signs.
    pub kinds: BTreeMap<String, KindFigures>,
    /// Number of lines by what became of them (`exact`, `partial`, `not-found`); empty before they were matched.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub states: BTreeMap<String, u64>,
}

/// Count and sums of the lines of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KindFigures {
    /// Number of lines.
    pub count: u64,
    /// Before fees.
    pub gross: Money,
    /// Fees on them, with VAT on the fees.
    pub fees: Money,
}

/// What a person decided about a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineChoice {
    /// It pays these documents: number in the accounting system and how much, in the document's currency and signed as the
    /// line. Several split the line.
    Documents(Vec<(String, Money)>),
    /// It goes to the error account.
    ErrorAccount,
}

/// A decision about a line, with who made it and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LineDecisionRecord {
    /// The line's place in the batch, from zero.
    pub line: usize,
    /// What.
    pub choice: LineChoice,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The plan that waits or was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutPlanPointer {
    /// Its hash: what an approval is of, and the name it is kept under.
    pub hash: String,
    /// Number of vouchers.
    pub parts: usize,
}

/// One step of a posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostStep {
    /// A voucher is entered.
    Enter(usize),
    /// The statement is attached to it.
    Attach(usize),
    /// It is booked.
    Book(usize),
    /// The payments on it are settled with what they paid, where booking did not do it.
    Settle(usize),
}

/// How far the vouchers of a plan, or those that undo it, have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Posting {
    /// Hash of the plan: the vouchers are read from where it is kept, never planned again.
    pub plan: String,
    /// Number of the posting of this payout; it is part of every key.
    pub ordinal: u32,
    /// Number of vouchers.
    pub parts: usize,
    /// They are booked at the end.
    pub book: bool,
    /// They undo the plan, on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal: Option<Date>,
    /// Number of steps done.
    pub step: usize,
    /// Numbers that were taken for the vouchers, by part: taken before the first call, so that whoever finishes a part asks for
    /// the very same.
    pub numbers: Vec<u32>,
    /// Numbers of the vouchers as they stand, by part: a person may have given one another.
    pub vouchers: Vec<String>,
    /// It was given up before every step was made: what stands of it is undone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub abandoned: bool,
    /// Of what undoes a posting that was given up: the vouchers that stood when they were looked for, the last first. `None` where it
    /// undoes them all, and until somebody has looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Vec<Undone>>,
    /// A step that was begun and whose fate is not known: it is looked for before it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// A voucher of a posting that was given up, which stands in the accounting system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Undone {
    /// Its part of the plan.
    pub part: usize,
    /// It is booked, so that what undoes it is booked, too; a draft is undone by a draft.
    pub booked: bool,
}

impl Posting {
    /// The steps, in order: all vouchers are entered first, so that nothing of a payout is booked before all of it stands.
    pub fn steps(&self) -> Vec<PostStep> {
        let parts = 0..self.parts;
        let mut steps: Vec<PostStep> = parts.clone().map(PostStep::Enter).collect();
        steps.extend(parts.clone().map(PostStep::Attach));
        if self.book {
            let undone = |part: usize| self.undoes.as_ref().map(|undone| undone.get(part));
            let booked = |part: &usize| undone(*part).is_none_or(|of| of.is_some_and(|of| of.booked));
            steps.extend(parts.clone().filter(booked).map(PostStep::Book));
            steps.extend(parts.filter(booked).map(PostStep::Settle));
        }
        steps
    }

    /// True when no step is left to be made.
    pub fn is_done(&self) -> bool {
        self.abandoned || self.step >= self.steps().len()
    }
}

/// A posting that was undone, and what undid it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PastPosting {
    /// The posting.
    pub posting: Posting,
    /// What undid it.
    pub reversal: Posting,
}

/// Who asked for a payout's vouchers to be undone, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReversalAsked {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What a person set aside, or took up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetAside {
    /// A file with the same batch and another content, which was parked beside the payout.
    Conflict(FileRecord),
    /// The payout itself, which shares lines with another: nothing of it is matched or posted, and the other may be.
    Payout(Reason),
    /// The payout was taken up again.
    TakenUp,
    /// The file that the payout was read from, until a newer one took its place.
    Replaced(FileRecord),
    /// A voucher that was booked otherwise than it was entered: it is not the payout, or was undone in the books.
    Voucher(Reason),
}

/// Who set something aside, when and why. It is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dismissal {
    /// What.
    pub what: SetAside,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What kept a payout until a person said that it goes on all the same. It is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Overruled {
    /// What kept it.
    pub what: Reason,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What stands in an acquirer's balance report and not in the list of payments: how much was paid, and what was kept for fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BalanceSums {
    /// Paid to the merchant; negative when drawn.
    pub payout: Money,
    /// Fees that were kept, without VAT: positive what the merchant paid.
    pub fees: Money,
    /// VAT on them: positive what the merchant paid.
    pub vat: Money,
    /// The day of the payout, for a list that states none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
}

/// A balance report's sums, with who read them there and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BalanceReport {
    /// The sums.
    pub sums: BalanceSums,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What the bank shows of a payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BankSight {
    /// The statement.
    pub statement: String,
    /// The bank's reference of the entry.
    pub entry: String,
    /// The day it counts from.
    pub day: Date,
    /// The money went back.
    pub returned: bool,
}

/// One payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutRecord {
    /// [`PAYOUT_SCHEMA`] of the writer.
    pub schema: u32,
    /// Which.
    pub id: PayoutId,
    /// Name of the merchant's flow of payouts.
    pub flow: String,
    /// Number of the last claim. Never decreases.
    pub fence: u64,
    /// Token of the last claim.
    pub claim: String,
    /// End of the lease; `None` when nobody holds it.
    pub lease_until: Option<Timestamp>,
    /// Hash of the batch's content, whatever file it came in.
    pub content: String,
    /// The file it was first read from: it is read again whenever the payout is worked on.
    pub original: FileRecord,
    /// Further files with the same content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<FileRecord>,
    /// What it is read from came by mail, and nothing that nobody can forge has brought the same: rules do not post it before the
    /// acquirer's list or the bank gives the same amount.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_mail: bool,
    /// Files with the same batch and another content. Nothing of them is posted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<FileRecord>,
    /// It shares lines with another payout, looks like another, or went back: for a person to judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Reason>,
    /// What persons judged so that it goes on: it is another payout than the one it looks like, or is posted although it went back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<Overruled>,
    /// What persons set aside of it and took up again, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dismissed: Vec<Dismissal>,
    /// What the payout API or the bank says was paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmations: Vec<Confirmation>,
    /// What a person says that the acquirer's balance report shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_report: Option<BalanceReport>,
    /// Its states, and who moved it.
    pub approval: Approval,
    /// Figures for lists.
    pub figures: PayoutFigures,
    /// What keeps it from going on.
    pub reasons: Vec<Reason>,
    /// What a person should know though it stops nothing.
    pub notes: Vec<Reason>,
    /// What persons decided about lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<LineDecisionRecord>,
    /// The plan that waits or was approved.
    pub plan: Option<PayoutPlanPointer>,
    /// How far the vouchers have come.
    pub posting: Option<Posting>,
    /// What was let go before any of it stood in the accounting system, by the name that it is kept under: what it says of documents'
    /// payments is taken back by the next work on the payout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub let_go: Option<String>,
    /// It was booked by hand: the name under which it is kept what it paid of documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
    /// Vouchers that a person says are not this payout, though they look like it, or are undone in the books.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_booked_on: Vec<String>,
    /// How far the vouchers that undo them have come.
    pub reversal: Option<Posting>,
    /// Earlier postings that were undone before the payout was taken up again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<PastPosting>,
    /// Who asked for that, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_asked: Option<ReversalAsked>,
    /// What the bank shows.
    pub bank: Option<BankSight>,
    /// Tries in a row that failed; they lengthen the wait and are bounded.
    #[serde(default)]
    pub tries: u32,
    /// What keeps it from going on, and since when, however often it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// It has failed so often in a row that a person is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delayed: Option<Delay>,
    /// How far the look-ups of its lines have come, of which there are too many for one turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looking: Option<LookingUp>,
    /// How far it has come to say what it pays of documents, of which there are very many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<Saying>,
    /// When it comes up again by itself.
    pub due_at: Option<Timestamp>,
    /// When it was first taken in.
    pub received_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// How far the look-ups of a payout's lines have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LookingUp {
    /// A hash of what is looked up.
    pub of: String,
    /// Since when.
    pub began_at: Timestamp,
    /// Number of objects in which it is kept what was found.
    pub objects: usize,
    /// Portions of lines that are looked up.
    pub portions: usize,
    /// Pages of the books that were looked through.
    pub pages: usize,
    /// The next of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// There is none: the books are looked through.
    #[serde(default, skip_serializing_if = "is_not")]
    pub books_read: bool,
}

fn is_not(said: &bool) -> bool {
    !said
}

/// How far a payout has come to say what it pays of documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Saying {
    /// Name of the list.
    pub list: String,
    /// That it pays them, or that it does not.
    pub counts: bool,
    /// Parts of the list that are said.
    pub parts: usize,
}

/// What keeps a payout from coming on although it is tried again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Delay {
    /// Since when it is told.
    pub since: Timestamp,
    /// The words of the last failure.
    pub reason: Reason,
}

impl PayoutRecord {
    /// The days that it is held against others by: of the payout, and the first and last that its report covers.
    pub fn days(&self) -> impl Iterator<Item = Date> {
        [self.figures.from, self.figures.to, self.figures.day].into_iter().flatten()
    }

    /// The posting that is not finished: of the reversal first.
    pub fn open_posting(&self) -> Option<&Posting> {
        [&self.reversal, &self.posting].into_iter().flatten().find(|posting| !posting.is_done())
    }

    /// The posting whose first voucher is not told to stand yet, so that it may still be let go.
    pub fn unposted(&self) -> Option<&Posting> {
        let open = self.open_posting().filter(|posting| posting.reversal.is_none());
        open.filter(|posting| posting.vouchers.is_empty())
    }

    /// True when it was approved and no posting of it is recorded yet: what it pays may be written already.
    pub(super) fn is_about_to_be_posted(&self) -> bool {
        self.approval.state() == PayoutState::Approved && self.posting.is_none()
    }

    /// Lets the posting go of which nothing stands, recorded or not: what it may have paid is taken back.
    pub(super) fn let_posting_go(&mut self) {
        let recorded = self.posting.take().map(|posting| posting.plan);
        self.let_go = recorded.or_else(|| self.plan.as_ref().map(|plan| plan.hash.clone()));
    }

    /// The voucher of it that a person booked otherwise than it was entered, which waits for somebody's word.
    pub fn booked_otherwise(&self) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.code == BOOKED_OTHERWISE)
    }

    /// True when it was recognised under a voucher of somebody else's, so that Bogbro posted nothing of it.
    pub fn is_booked_by_hand(&self) -> bool {
        use PayoutState::{BankConfirmed, Posted, Returned};
        self.posting.is_none() && matches!(self.approval.state(), Posted | BankConfirmed | Returned)
    }

    /// True when a person set the payout itself aside, and nobody took it up again.
    pub fn is_set_aside(&self) -> bool {
        let mut own = self.dismissed.iter().rev().map(|made| &made.what);
        let last = own.find(|what| matches!(what, SetAside::Payout(_) | SetAside::TakenUp));
        matches!(last, Some(SetAside::Payout(_)))
    }

    /// True while nothing but mails says what was paid: anybody may have written them.
    pub fn rests_on_mail(&self) -> bool {
        let outside = |said: &Confirmation| matches!(said.by, ConfirmedBy::PayoutApi | ConfirmedBy::BankLine);
        self.by_mail && !self.confirmations.iter().any(outside)
    }

    /// True when a person said that it goes on although this keeps it.
    pub fn is_overruled(&self, what: &Reason) -> bool {
        self.overruled.iter().any(|said| said.what == *what)
    }

    /// True when something is still to be done or decided. Such records stand in the index of what needs somebody.
    pub fn needs_attention(&self) -> bool {
        if self.is_set_aside() {
            return !self.conflicts.is_empty();
        }
        let settled = matches!(
            self.approval.state(),
            PayoutState::Posted | PayoutState::BankConfirmed | PayoutState::Reversed
        );
        !settled || self.open_posting().is_some() || !self.conflicts.is_empty() || !self.reasons.is_empty()
    }

    /// True while somebody else than this claim holds it.
    pub fn is_held(&self, claim: &PayoutClaim) -> bool {
        self.claim != claim.token && self.lease_until.is_some_and(|until| until > claim.now)
    }

    /// What a claim makes of it: every store applies exactly this.
    pub fn take(&mut self, claim: &PayoutClaim) {
        self.fence += 1;
        self.claim.clone_from(&claim.token);
        self.lease_until = Some(claim.lease_until);
        self.updated_at = claim.now;
    }

    /// True when nothing is to be done about it any more, so that the files it came in may be erased when their time is over.
    pub fn is_at_rest(&self) -> bool {
        !self.needs_attention() && self.due_at.is_none() && self.lease_until.is_none()
    }

    /// True when the file is known with the payout: as the original, a repeat or a conflict, or one that was set aside.
    pub fn knows(&self, sha256: &str) -> bool {
        let dismissed = self.dismissed.iter().filter_map(|made| match &made.what {
            SetAside::Conflict(file) | SetAside::Replaced(file) => Some(file),
            SetAside::Payout(_) | SetAside::TakenUp | SetAside::Voucher(_) => None,
        });
        let files = self.repeats.iter().chain(&self.conflicts).chain(dismissed);
        self.original.sha256 == sha256 || files.into_iter().any(|file| file.sha256 == sha256)
    }
}

/// A claim on a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutClaim {
    /// Which.
    pub id: PayoutId,
    /// Unique per attempt; a claim that was applied although its answer was lost is recognised by it.
    pub token: String,
    /// Now.
    pub now: Timestamp,
    /// End of the lease asked for.
    pub lease_until: Timestamp,
}

/// What earlier payouts paid of a document, or took back of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PaidBefore {
    /// Number of the document in the accounting system, or the name for what was taken back of it.
    pub document: String,
    /// Name of the payout.
    pub payout: String,
    /// How much, in the document's currency; signed by its effect on the merchant's balance.
    pub amount: Money,
}

/// Stands behind a document's number where an amount is what was taken back of it, not what was paid: chargebacks, and refunds without
/// a credit note. Both are kept side by side, each under its own name.
const TAKEN_BACK: &str = " (taken back)";

impl PaidBefore {
    /// The name under which it is kept what payouts took back of a document.
    pub fn taken_back_of(number: &str) -> String {
        format!("{number}{TAKEN_BACK}")
    }

    /// The number of the document of which something was taken back; `None` where the amount was paid.
    pub fn takes_back_of(&self) -> Option<&str> {
        self.document.strip_suffix(TAKEN_BACK)
    }
}

/// The key of a voucher, by which it is found again in the accounting system.
pub fn voucher_key(id: &PayoutId, posting: &Posting, part: usize, agreement: &AgreementId) -> EffectKey {
    let reversal = if posting.reversal.is_some() { "reversal" } else { "posting" };
    let identity = format!("{}#{reversal}#{}#{part}", id.name(), posting.ordinal);
    EffectKey::shared(&id.merchant, domain::identity::Effect::Voucher, &identity, agreement)
}
