//! The ledger of transfers as the engine sees it: conditional writes under a fence.
//!
//! Each method is one call to the table (one conditional update, or one transaction), because calls are what a merchant's
//! order costs. A claim takes the transfer under the next fence; every later write is refused when a newer claim exists.
//! Clocks decide only when something is tried again, never whether a write may happen: that is the fence's.
//!
//! A call that fails with [`StoreFailure::Unavailable`] may have been applied. Every method may therefore be called again
//! with the same arguments: a claim that was applied is recognised by its token, and the writes under a fence set the same
//! values again. What must not expire (heads, plans, log rows, pointers) carries no time to live.

use async_trait::async_trait;
use domain::document::{DocumentKind, Totals};
use domain::identity::spread;
use domain::plan::{MASKED_ADDRESS, Reason};
use domain::{ConnectionId, EffectKey, EntityId, MerchantId, Money, TransferId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::log::LogEntry;

/// Letters of the hash by which a trouble is told from another.
const CAUSE_LETTERS: usize = 16;

/// The schema version of stored items. An unknown one is refused, never guessed.
pub const LEDGER_SCHEMA: u32 = 1;

/// Code of an order whose personal data were erased: it is transferred no more.
pub const ORDER_ERASED: &str = "order-erased";

/// Number of shards of the index of what is due.
pub const DUE_SHARDS: u8 = 4;

/// Where a transfer stands, as its last conclusion left it. Whether somebody works on it now is told by the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum Status {
    /// Claimed for the first time and not concluded yet (or its worker died: the lease tells).
    Working,
    /// The document stands as planned.
    Done,
    /// Nothing to do, with the reason's code.
    Skipped {
        /// Code of the reason.
        code: String,
    },
    /// To be taken up again at `due_at` (busy, look-up lag, a lock, a pause).
    Waiting {
        /// Code of the cause.
        code: String,
    },
    /// The merchant must do something first.
    Held {
        /// Code of the reason.
        code: String,
    },
    /// Given up after too many attempts or a refusal; visible, can be replayed.
    Parked {
        /// Code of the cause.
        code: String,
    },
}

impl Status {
    /// The words of all of them: an item with another one is a newer version's, and is claimed by nobody here.
    pub const WORDS: [&str; 6] = ["working", "done", "skipped", "waiting", "held", "parked"];

    /// The word alone, for indexes and conditions.
    pub const fn word(&self) -> &'static str {
        match self {
            Status::Working => "working",
            Status::Done => "done",
            Status::Skipped { .. } => "skipped",
            Status::Waiting { .. } => "waiting",
            Status::Held { .. } => "held",
            Status::Parked { .. } => "parked",
        }
    }

    /// The code of the reason, where there is one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Status::Working | Status::Done => None,
            Status::Skipped { code }
            | Status::Waiting { code }
            | Status::Held { code }
            | Status::Parked { code } => Some(code),
        }
    }

    /// True when nothing more happens by itself: done, skipped, held or parked.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Status::Done | Status::Skipped { .. } | Status::Held { .. } | Status::Parked { .. })
    }

    /// True when a person must look at it: held or parked. Such heads stand in the index of attention.
    pub const fn needs_attention(&self) -> bool {
        matches!(self, Status::Held { .. } | Status::Parked { .. })
    }
}

/// The version of the source that a settled transfer reflects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Hash of the delivery's body that was worked on; empty when there was none (sweep, replay).
    pub body_hash: String,
    /// When the source last changed the entity, as read.
    pub modified_at: Option<Timestamp>,
    /// When it was read. A change in the same second as the last one is known to be seen only when it was read later.
    #[serde(default)]
    pub read_at: Option<Timestamp>,
    /// Hash of the decision (plan hash, or code of skip or hold), by which a duplicate with other bytes is known.
    pub decision: String,
}

/// Where the stored plan is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPointer {
    /// Its ordinal: the first of a transfer is 1.
    pub ordinal: u32,
    /// Its hash.
    pub hash: String,
    /// Still to be finished (or looked up) before any newer state is planned.
    pub open: bool,
}

/// A write whose fate is unknown, and what looking for it has shown so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Index of the step in the stored plan.
    pub step: u32,
    /// Negative looks so far.
    pub negative_looks: u32,
    /// When the last write was sent, or the last look was negative: the next look is not before this plus the lag.
    pub since: Timestamp,
    /// The target answered that it was made, and otherwise than asked for: it is never made again unseen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub otherwise: bool,
    /// A person had asked for the work that met the doubt, or was told to delete what is doubted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
}

/// How far the stored plan has come, and the numbers that the target gave. What says nothing is left out where it is
/// stored: every write is paid for by size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Number of steps done.
    pub step: u32,
    /// Number of steps of the open plan whose calls stand in the log. What was done after them was done by a worker that did not
    /// live to tell.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub told: u32,
    /// Number of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<u32>,
    /// Number of the order or draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<u64>,
    /// Number of the booked invoice or credit note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<u64>,
    /// Kind of the document that stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DocumentKind>,
    /// Its sums, as the target answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// The comparison with the order was passed (or passed by rule) for the draft.
    #[serde(default, skip_serializing_if = "is_false")]
    pub compared: bool,
    /// The correction line was added.
    #[serde(default, skip_serializing_if = "is_false")]
    pub corrected: bool,
    /// A step with unknown fate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// A person asked to have a held document looked at again: one that is gone by now was removed, and is not made again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reopened: bool,
    /// The plan ended with this: it was carried out as far as it may be, and the merchant must do something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Reason>,
    /// A hash over the payments' references that lead to the transfer, so that they are written once.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub payments: String,
    /// The same over the forms of the order's number that lead to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub numbers: String,
    /// The methods that the order was paid by, other than gift cards, where a merchant's payouts are matched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paid_by: Vec<PaidBy>,
    /// The document was deleted because somebody was told to, or asked for it since: it is made again when the order is chosen again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub removed_as_told: bool,
}

/// A method that an order was paid by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidBy {
    /// The shop's key of the method, or what the buyer saw of it where the shop has none.
    pub method: String,
    /// How much, where several methods paid the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A document that stands in the target because of this transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// Ordinal of the plan that made it.
    pub ordinal: u32,
    /// Kind.
    pub kind: DocumentKind,
    /// Number in the target.
    pub number: u64,
    /// Its sums as the target answered.
    pub totals: Totals,
    /// Made by another integration or by a person, and adopted.
    pub adopted: bool,
    /// So much of it was paid by gift cards, or went back onto them: no acquirer pays it out. `None` for nothing, and for what was recorded
    /// before this was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_gift_cards: Option<Money>,
    /// Its posting date; `None` for what was recorded before dates were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// When Bogbro made it, which reports are of; a change of a draft leaves it as it was. `None` for what somebody else made, and for
    /// what was recorded before this was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
}

/// What keeps a transfer with a person, and since when. It stays through waits and claims that end in the same cause, so that a
/// transfer that is merely touched is no news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Hash of the reason: another code, or other facts, are another trouble.
    pub cause: String,
    /// Since when.
    pub since: Timestamp,
}

impl Trouble {
    /// The trouble that a conclusion leaves, after the one of before.
    pub fn after(
        before: Option<&Trouble>,
        status: &Status,
        facts: &[(String, String)],
        now: Timestamp,
    ) -> Option<Trouble> {
        match status {
            Status::Held { code } | Status::Parked { code } => {
                // The day of a closed period may be today's, and so another one each night.
                let facts: Vec<_> = facts.iter().filter(|(name, _)| name != "date").collect();
                let cause: String =
                    domain::plan::hash_json(&(code, facts)).chars().take(CAUSE_LETTERS).collect();
                let same = before.filter(|before| before.cause == cause);
                Some(same.cloned().unwrap_or(Trouble { cause, since: now }))
            }
            Status::Working | Status::Waiting { .. } => before.cloned(),
            Status::Done | Status::Skipped { .. } => None,
        }
    }
}

impl DocumentRecord {
    /// With VAT, as it changes what the customer owes: a credit note's is below zero, whichever sign the target answered.
    /// `None` when it cannot be told in the currency's whole numbers.
    pub fn owed(&self) -> Option<Money> {
        let gross = self.totals.gross;
        if self.kind.is_credit_note() && !gross.is_negative() { gross.negated().ok() } else { Some(gross) }
    }
}

impl DocumentRecord {
    /// Of what is owed, what no acquirer pays out because gift cards did: never more than all of it.
    pub fn paid_by_gift_cards(&self) -> Option<Money> {
        let (owed, cards) = (self.owed()?, self.on_gift_cards?);
        let same_way = owed.currency() == cards.currency() && owed.minor().signum() == cards.minor().signum();
        let beyond = cards.minor().unsigned_abs() > owed.minor().unsigned_abs();
        same_way.then_some(if beyond { owed } else { cards })
    }
}

/// The head item of a transfer, at most about 2 KB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// [`LEDGER_SCHEMA`] of the writer.
    pub schema: u32,
    /// Whose and what.
    pub transfer: TransferId,
    /// The connection it was last heard of through, for taking it up again.
    pub connection: ConnectionId,
    /// Number of the last claim; the first is 1. Never decreases.
    pub fence: u64,
    /// Token of the last claim.
    pub claim: String,
    /// End of the lease; `None` when nobody holds it.
    pub lease_until: Option<Timestamp>,
    /// Hash of the body that the last claim was made for; empty when there was none.
    pub claimed_hash: String,
    /// A loser left word that there is newer news than the owner's claim.
    pub again: bool,
    /// Claims since the last conclusion that settled it; claims that ended in a cause which is not the order's own
    /// (busy, lag, lock, pause) are taken back.
    pub attempts: u32,
    /// Waits in a row for a cause that is not the order's own; they lengthen the wait and are bounded.
    #[serde(default)]
    pub waits: u32,
    /// Where it stands.
    pub status: Status,
    /// Named facts of the status' reason, for the texts.
    pub facts: Vec<(String, String)>,
    /// What keeps it with a person, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// Codes of warnings of the last plan.
    pub warnings: Vec<String>,
    /// What of the source is reflected.
    pub applied: Option<Applied>,
    /// Version of the settings last planned with; 0 before the first plan.
    pub settings_version: u64,
    /// The stored plan.
    pub plan: Option<PlanPointer>,
    /// How far it has come.
    pub progress: Progress,
    /// What stands in the target.
    pub documents: Vec<DocumentRecord>,
    /// Locks this transfer holds.
    pub locks: Vec<EffectKey>,
    /// When it comes up again by itself; set to the lease's end by a claim, so that a dead worker's transfer does.
    pub due_at: Option<Timestamp>,
    /// The order number that people see; empty until the first fetch.
    pub order_number: String,
    /// The order's total with VAT as the shop states it.
    pub total: Option<Money>,
    /// The order's day in the merchant's time zone, for the index by day.
    pub day: Option<Date>,
    /// Hash of the last log row; empty before the first.
    pub log_tail: String,
    /// When the head was last written.
    pub updated_at: Timestamp,
    /// When the personal part of the log was erased. Such an order is never read into the ledger or transferred again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
}

/// Days between an order's day and the making of a document within which the index by day leads to it, too. A report looks one day
/// further to either side, since a merchant may change the time zone.
pub const NEAR_DAYS: i32 = 6;

impl Head {
    /// The head that a first claim makes.
    pub fn first(claim: &Claim) -> Head {
        Head {
            schema: LEDGER_SCHEMA,
            transfer: claim.transfer.clone(),
            connection: claim.connection.clone(),
            fence: 1,
            claim: claim.token.clone(),
            lease_until: Some(claim.lease_until),
            claimed_hash: claim.body_hash.clone(),
            again: false,
            attempts: 1,
            waits: 0,
            status: Status::Working,
            facts: Vec::new(),
            trouble: None,
            warnings: Vec::new(),
            applied: None,
            settings_version: 0,
            plan: None,
            progress: Progress::default(),
            documents: Vec::new(),
            locks: Vec::new(),
            due_at: Some(claim.lease_until),
            order_number: String::new(),
            total: None,
            day: None,
            log_tail: String::new(),
            updated_at: claim.now,
            erased_at: None,
        }
    }

    /// What a conclusion makes of the head: every store applies exactly this.
    pub fn conclude(&mut self, conclusion: &Conclusion, log_tail: &str) {
        self.status = conclusion.status.clone();
        self.facts.clone_from(&conclusion.facts);
        self.trouble.clone_from(&conclusion.trouble);
        self.attempts = conclusion.attempts;
        self.waits = conclusion.waits;
        if let Some(applied) = &conclusion.applied {
            self.applied = Some(applied.clone());
        }
        if let Some(plan) = &mut self.plan {
            plan.open = conclusion.plan_open;
        }
        self.progress = conclusion.progress.clone();
        self.documents.clone_from(&conclusion.documents);
        self.due_at = conclusion.due_at;
        if let Some(order) = &conclusion.order {
            self.order_number.clone_from(&order.number);
            self.total = Some(order.total);
            self.day = Some(order.day);
        }
        self.locks.retain(|key| !conclusion.releases.iter().any(|(released, _)| released == key));
        log_tail.clone_into(&mut self.log_tail);
        self.lease_until = None;
        self.again = false;
        self.updated_at = conclusion.hold.now;
    }

    /// What keeps it with a person now. A version of before wrote statuses and left the trouble as it found it: what is stored of another
    /// cause than the status has is not believed, and the trouble is as old as the last write.
    pub fn standing_trouble(&self) -> Option<Trouble> {
        // A cause is known by its facts as they were before addresses were masked in them.
        let is_held = matches!(self.status, Status::Held { .. } | Status::Parked { .. });
        if is_held && self.facts.iter().any(|(_, fact)| fact.contains(MASKED_ADDRESS)) {
            return self.trouble.clone();
        }
        Trouble::after(self.trouble.as_ref(), &self.status, &self.facts, self.updated_at)
    }

    /// True when nothing that the shop tells of it changes where it stands: it was erased, and is booked or was told of.
    pub fn is_left_erased(&self) -> bool {
        let told = matches!(&self.status, Status::Held { code } if code == ORDER_ERASED);
        self.erased_at.is_some() && (told || !self.documents.is_empty())
    }

    /// True while somebody holds the lease.
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease_until.is_some_and(|until| until > now)
    }
}

/// Shard of a transfer in the index of what is due: the same on every machine.
pub fn due_shard(transfer: &TransferId) -> u8 {
    u8::try_from(spread(&transfer.to_string()) % u32::from(DUE_SHARDS)).unwrap_or(0)
}

/// A claim on a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which transfer.
    pub transfer: TransferId,
    /// Through which connection it was heard of.
    pub connection: ConnectionId,
    /// Unique per attempt; a claim that was applied although its answer was lost is recognised by it.
    pub token: String,
    /// Now.
    pub now: Timestamp,
    /// End of the lease asked for.
    pub lease_until: Timestamp,
    /// Hash of the signed body; empty for a sweep, a replay or a due transfer, which are never duplicates.
    pub body_hash: String,
    /// Take it even when it waits for a later time (the scheduler found it due, or an operator asked).
    pub early: bool,
}

/// What became of a claim. All carry the head as it is after (taken) or as it was (refused).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Ours, under `head.fence`. `due_at` is the end of the lease.
    Taken(Head),
    /// Settled already for these very bytes.
    Duplicate(Head),
    /// It waits for a later time, and will be read afresh then: nothing to do now.
    Deferred(Head),
    /// Somebody else works on it.
    Leased(Head),
}

/// Proof of a claim: what every write under a fence is conditional on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which transfer.
    pub transfer: TransferId,
    /// The claim's fence.
    pub fence: u64,
    /// The claim's token.
    pub token: String,
    /// Now.
    pub now: Timestamp,
}

/// A plan as stored: the JSON text itself, so that its hash can be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPlan {
    /// [`LEDGER_SCHEMA`] of the writer.
    pub schema: u32,
    /// Ordinal.
    pub ordinal: u32,
    /// SHA-256 of `json`.
    pub hash: String,
    /// The plan's JSON. It holds names and addresses: the platform stores it sealed.
    pub json: String,
    /// The source state the plan was made from.
    pub applied: Applied,
}

/// A plan to be stored before the first outside write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStoring {
    /// Under which claim.
    pub hold: Hold,
    /// The plan.
    pub plan: StoredPlan,
    /// New end of the lease, and so of `due_at`.
    pub lease_until: Timestamp,
    /// Locks for shared effects (making a customer or product): all or none.
    pub locks: Vec<EffectKey>,
    /// Progress at the start of this plan (a known customer, an earlier draft).
    pub progress: Progress,
    /// Version of the settings.
    pub settings_version: u64,
    /// The order number that people see.
    pub order_number: String,
    /// The order's total.
    pub total: Money,
    /// The order's day.
    pub day: Date,
    /// Codes of warnings.
    pub warnings: Vec<String>,
    /// The log row.
    pub log: LogEntry,
    /// Hash of the log row before it, from the head.
    pub log_tail: String,
}

/// Progress to be recorded in the middle of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// Under which claim.
    pub hold: Hold,
    /// The progress.
    pub progress: Progress,
    /// New end of the lease, and so of `due_at`.
    pub lease_until: Timestamp,
}

/// A search key that leads to a transfer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pointer {
    /// What kind of number.
    pub kind: PointerKind,
    /// The number as text.
    pub value: String,
}

/// Kinds of search keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PointerKind {
    /// The order number that people see.
    OrderNumber,
    /// The number of a draft or order in the target.
    DraftNumber,
    /// The number of a booked invoice.
    InvoiceNumber,
    /// A payment's reference: the shop's own for the payment of an order, or the key of one that was registered in the books. Several
    /// orders may have the same.
    Payment,
    /// The number of a product that was carried over.
    ProductNumber,
    /// The local day on which a document was made that is not near the day under which its order stands: reports of that day find it so.
    MadeOn,
}

/// The end of work under a claim, whatever it is. It frees the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// Under which claim.
    pub hold: Hold,
    /// Where the transfer stands now.
    pub status: Status,
    /// Named facts of the reason.
    pub facts: Vec<(String, String)>,
    /// What keeps it with a person.
    pub trouble: Option<Trouble>,
    /// Attempts to be counted from here on (0 when settled).
    pub attempts: u32,
    /// Waits in a row from here on (0 when settled).
    pub waits: u32,
    /// What of the source is reflected now; `None` leaves it as it was.
    pub applied: Option<Applied>,
    /// The stored plan is still to be finished.
    pub plan_open: bool,
    /// How far it has come.
    pub progress: Progress,
    /// All documents that stand.
    pub documents: Vec<DocumentRecord>,
    /// When it comes up again by itself; `None`: only when there is news.
    pub due_at: Option<Timestamp>,
    /// Number, total and day of the order, when they were read.
    pub order: Option<OrderFacts>,
    /// Search keys.
    pub pointers: Vec<Pointer>,
    /// Locks that are given free, each from the given time on (after the look-up lag, so that the next one finds what
    /// was made).
    pub releases: Vec<(EffectKey, Timestamp)>,
    /// Conclude although a loser left word; `due_at` is then now or earlier than any other.
    pub despite_word: bool,
    /// The log row; `None` when nothing happened that a trace would show.
    pub log: Option<LogEntry>,
    /// Hash of the log row before it.
    pub log_tail: String,
}

/// What lists show of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFacts {
    /// The order number that people see.
    pub number: String,
    /// The order's total.
    pub total: Money,
    /// The order's day in the merchant's time zone.
    pub day: Date,
}

/// A transfer that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Which transfer.
    pub transfer: TransferId,
    /// Its connection.
    pub connection: ConnectionId,
    /// Since when it is due.
    pub due_at: Timestamp,
    /// Its fence: with the transfer it makes the deduplication id of the queue message.
    pub fence: u64,
}

/// One page of a list. `next` is `None` on the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What was found.
    pub items: Vec<T>,
    /// Where to go on, in the store's own words.
    pub next: Option<String>,
}

/// What is paused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "scope")]
pub enum PauseScope {
    /// All merchants.
    Everything,
    /// One merchant.
    Merchant {
        /// Which.
        merchant: MerchantId,
    },
    /// One connection of a merchant.
    Connection {
        /// Whose.
        merchant: MerchantId,
        /// Which.
        connection: ConnectionId,
    },
}

/// A pause: nothing is read or written for what it covers until it is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What is paused.
    pub scope: PauseScope,
    /// Why (`unauthorized`, `operator`).
    pub reason: Reason,
    /// Since when.
    pub since: Timestamp,
}

/// How far the sweep of one source has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Everything changed before this was seen.
    pub seen_to: Timestamp,
    /// Where the shop's list goes on, in the shop's own words, when the last sweep did not reach its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Times it was moved; a move is conditional on it.
    pub version: u64,
}

/// The queue that gave a message up, and to which a replay puts it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GivenUpBy {
    /// Live orders.
    Orders,
    /// Sweeps, retries and products.
    Backfill,
    /// Words about stock.
    Stock,
    /// Words about payouts.
    Payouts,
    /// One that a newer version of Bogbro has and this one does not: the entry is shown, and put back by that version.
    #[serde(other)]
    Other,
}

/// An authentic delivery that could not be understood, or a message that its queue gave up: kept visible, never lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedDelivery {
    /// [`LEDGER_SCHEMA`] of the writer.
    pub schema: u32,
    /// Whose.
    pub merchant: MerchantId,
    /// Through which connection; empty where that is not known.
    pub connection: ConnectionId,
    /// Hash of the body, or of the piece of work that a word is about: one entry per body, or piece of work.
    pub body_hash: String,
    /// The entity, when it is known.
    pub entity: Option<EntityId>,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
    /// The message as it was on the queue, at most 60 KB; the platform stores it sealed.
    pub message: String,
    /// The queue that gave it up; `None` for what came off none, and in entries of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<GivenUpBy>,
}

/// Why a store call did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFailure {
    /// A newer claim exists: stop at once, write nothing more.
    #[error("a newer claim exists")]
    Fenced,
    /// A lock that the write needs is held by another transfer. Nothing was written.
    #[error("locked: {0}")]
    Locked(String),
    /// A loser left word since the claim. Nothing was written; conclude with `despite_word` and `due_at` now.
    #[error("there is newer news")]
    Again,
    /// A conditional move was made from another version.
    #[error("changed meanwhile")]
    Conflict,
    /// The store could not be reached or asked us to slow down; whether the write was applied is unknown.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// An item was written by a version of Bogbro that this one does not know.
    #[error("unknown schema version {0}")]
    UnknownSchema(u32),
}

/// The ledger. Every method is one call to the table and may be repeated with the same arguments.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes a transfer: one conditional update that returns the whole head.
    ///
    /// Applied when the head does not exist; or when its status is one that this version knows ([`Status::WORDS`]), nobody holds a live
    /// lease (`lease_until` absent or <= now), and it is not settled with `applied.body_hash == body_hash` (unless that is empty), and it
    /// is not `Waiting` with `due_at > now` (unless `early`). Applying sets `fence + 1`, `claim`, `lease_until`, `claimed_hash`,
    /// `connection`, `again = false`, `attempts + 1`, `due_at = lease_until`, `updated_at`; all else stays as it is. A refused claim whose
    /// token stands in the head was applied before: it is [`Claimed::Taken`].
    /// Refusals are told apart in this order: own token, live lease, duplicate, deferred.
    ///
    /// # Errors
    /// `Unavailable`, `UnknownSchema`.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreFailure>;

    /// Leaves word with the owner of a live lease that there is newer news: sets `again`, conditional on the fence and
    /// on the lease still being held. `false`: the owner concluded meanwhile, claim again.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn leave_word(&self, transfer: &TransferId, fence: u64) -> Result<bool, StoreFailure>;

    /// Stores the plan, its log row and the locks in one transaction under the fence: `plan` (open), `progress`,
    /// `settings_version`, order facts, `warnings`, `locks`, `log_tail`, `lease_until` and `due_at` of the head are set.
    /// A lock is free when absent, released at or before now, or held by this transfer already. Returns the new log tail.
    ///
    /// # Errors
    /// `Fenced`, `Locked`, `Unavailable`.
    async fn store_plan(&self, storing: &PlanStoring) -> Result<String, StoreFailure>;

    /// Records progress and extends the lease under the fence: one update.
    ///
    /// # Errors
    /// `Fenced`, `Unavailable`.
    async fn advance(&self, advance: &Advance) -> Result<(), StoreFailure>;

    /// Ends the work: head, log row, pointers and lock releases in one transaction under the fence. The lease is freed,
    /// `again` cleared: [`Head::conclude`]. A repeat after it was applied is no error as long as no newer claim exists. Returns the new log tail.
    ///
    /// # Errors
    /// `Fenced`, `Again`, `Unavailable`.
    async fn conclude(&self, conclusion: &Conclusion) -> Result<String, StoreFailure>;

    /// The head as it is.
    ///
    /// # Errors
    /// `Unavailable`, `UnknownSchema`.
    async fn head(&self, transfer: &TransferId) -> Result<Option<Head>, StoreFailure>;

    /// A stored plan.
    ///
    /// # Errors
    /// `Unavailable`, `UnknownSchema`.
    async fn load_plan(
        &self,
        transfer: &TransferId,
        ordinal: u32,
    ) -> Result<Option<StoredPlan>, StoreFailure>;

    /// All log rows of a transfer in order, opened, at most one megabyte of them; a row whose personal part was erased
    /// comes with that part absent. A broken hash chain is said in [`crate::log::Trace::broken_at`].
    ///
    /// # Errors
    /// `Unavailable`, `UnknownSchema`.
    async fn log(&self, transfer: &TransferId) -> Result<crate::log::Trace, StoreFailure>;

    /// What is due in one shard, earliest first, one page that looks at no more than `limit`. One that cannot be read is left
    /// out, since it must not keep the others.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
        page: Option<&str>,
    ) -> Result<Page<Due>, StoreFailure>;

    /// Transfers of a merchant that need attention (held, parked), one page.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn attention(&self, merchant: &MerchantId, page: Option<&str>) -> Result<Page<Head>, StoreFailure>;

    /// Transfers of a merchant by the order's local day, one page.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn day(
        &self,
        merchant: &MerchantId,
        day: Date,
        page: Option<&str>,
    ) -> Result<Page<Head>, StoreFailure>;

    /// Transfers that a search key leads to; never another merchant's.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn find(&self, merchant: &MerchantId, pointer: &Pointer) -> Result<Vec<TransferId>, StoreFailure>;

    /// Sets a pause; an earlier one of the same scope stays as it is.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure>;

    /// Lifts a pause; nothing happens when there is none.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn lift(&self, scope: &PauseScope) -> Result<(), StoreFailure>;

    /// The pauses that cover a merchant: its own, its connections', and that of everything.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn pauses(&self, merchant: &MerchantId) -> Result<Vec<Pause>, StoreFailure>;

    /// The sweep's cursor for a connection.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<Cursor>, StoreFailure>;

    /// Moves the sweep's cursor, conditional on `cursor.version` being one more than the stored version (1 for the first).
    ///
    /// # Errors
    /// `Conflict`, `Unavailable`.
    async fn move_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        cursor: &Cursor,
    ) -> Result<(), StoreFailure>;

    /// Keeps a delivery that could not be understood; one entry per body.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn park_delivery(&self, delivery: &ParkedDelivery) -> Result<(), StoreFailure>;

    /// Deliveries of a merchant that could not be understood, one page.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn parked_deliveries(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<ParkedDelivery>, StoreFailure>;
}
