//! The work under one claim: what is known so far, and the one place where it is concluded.

use std::collections::BTreeSet;

use connectors::http::Transport;
use connectors::manifest::Manifest;
use domain::catalogue::ProductCatalogue;
use domain::document::{DocumentKind, Totals};
use domain::plan::Reason;
use domain::{Catalogue, EffectKey, EntityKind, Failure, Money, Order, Plan};
use jiff::{SignedDuration, Timestamp};

use crate::log::{Cause, LOG_SCHEMA, LogEntry, PersonalPart, PlanningRecord, PublicPart, RowKind, Why};
use crate::process::{Engine, Outcome, Work};
use crate::recorder::{Recorder, RecordingTransport};
use crate::route::Route;
use crate::store::{
    Advance, Applied, Conclusion, DocumentRecord, Head, Hold, NEAR_DAYS, OrderFacts, PaidBy, Pause,
    PauseScope, Pointer, PointerKind, Progress, Status, StoreFailure, Trouble,
};

/// Documents remembered in the head, at most; the log has them all.
const MOST_DOCUMENTS: usize = 24;
/// Letters of the hash over the references of an order's payments.
const PAYMENTS_HASH: usize = 16;

/// Why the work under a claim ends before its natural end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// To be taken up again.
    Wait(Wait),
    /// Refused: visible, can be replayed.
    Park(Reason),
    /// A look was refused: what stands is not known, so the plan under way stays open. Visible, and a replay looks again.
    Unseen(Reason),
    /// The credentials do not hold: the connection is paused.
    Unauthorized {
        /// Which side's.
        side: Side,
        /// What the system said.
        message: String,
    },
    /// A newer claim exists: write nothing more.
    Fenced,
    /// The ledger cannot be reached; the lease's end brings the transfer up again.
    Ledger(String),
}

/// A side of the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Shop,
    Accounting,
}

/// A cause for trying again later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) reason: Reason,
    /// Not sooner than this.
    pub(crate) asked: Option<SignedDuration>,
    /// Counts as an attempt: the cause may be the order's own.
    pub(crate) counted: bool,
}

impl Stop {
    pub(crate) fn wait(code: &str, asked: Option<SignedDuration>) -> Stop {
        Stop::Wait(Wait { reason: Reason::new(code), asked, counted: false })
    }

    pub(crate) fn counted(code: &str, asked: Option<SignedDuration>) -> Stop {
        Stop::Wait(Wait { reason: Reason::new(code), asked, counted: true })
    }
}

/// How the work under a claim ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) status: Status,
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) applied: Option<Applied>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) attempts: u32,
    pub(crate) waits: u32,
}

impl Ending {
    pub(crate) fn settled(status: Status, facts: Vec<(String, String)>, applied: Option<Applied>) -> Ending {
        Ending { status, facts, applied, due_at: None, attempts: 0, waits: 0 }
    }
}

/// What is gathered for the log.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) decision: String,
    pub(crate) reason: Option<Reason>,
    pub(crate) warnings: Vec<Reason>,
    /// A register that was asked about a VAT number and could not answer.
    pub(crate) unanswered: Option<Reason>,
    pub(crate) ordinal: u32,
    pub(crate) plan_hash: Option<String>,
    pub(crate) catalogue_hash: Option<String>,
    pub(crate) planning: Option<PlanningRecord>,
    pub(crate) source_totals: Option<Totals>,
    pub(crate) target_totals: Option<Totals>,
    pub(crate) judged: Vec<Totals>,
    /// A plan is carried out under this claim: its calls are kept in full.
    pub(crate) executing: bool,
    pub(crate) order: Option<String>,
    pub(crate) catalogue: Option<Catalogue>,
    pub(crate) products: Option<ProductCatalogue>,
    pub(crate) person: String,
}

/// The work under one claim.
pub(crate) struct Session<'a> {
    pub(crate) engine: Engine<'a>,
    pub(crate) route: Route,
    pub(crate) work: &'a Work,
    /// The head as the claim returned it; `log_tail` follows what is written.
    pub(crate) head: Head,
    pub(crate) recorder: Recorder,
    pub(crate) notes: Notes,
    pub(crate) progress: Progress,
    pub(crate) documents: Vec<DocumentRecord>,
    pub(crate) pointers: Vec<Pointer>,
    pub(crate) plan_open: bool,
    pub(crate) order: Option<OrderFacts>,
    /// References of the order's payments, where they are to lead to it.
    pub(crate) payments: BTreeSet<String>,
    /// The methods that paid the order, where payouts are matched; `None` until it is read.
    pub(crate) paid_by: Option<Vec<PaidBy>>,
    /// The order's number as payouts' rules make it, where those who look for it would not find it otherwise.
    pub(crate) numbers: BTreeSet<String>,
    pub(crate) locks: Vec<EffectKey>,
    pub(crate) read_at: Option<Timestamp>,
    /// Posting date of the document that the plan in hand makes.
    pub(crate) document_day: Option<jiff::civil::Date>,
    /// What of that document gift cards paid.
    pub(crate) on_gift_cards: Option<Money>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(engine: Engine<'a>, route: Route, work: &'a Work, head: Head) -> Session<'a> {
        Session {
            engine,
            route,
            work,
            recorder: Recorder::default(),
            notes: Notes::default(),
            progress: head.progress.clone(),
            documents: head.documents.clone(),
            pointers: Vec::new(),
            plan_open: head.plan.as_ref().is_some_and(|plan| plan.open),
            order: None,
            payments: BTreeSet::new(),
            paid_by: None,
            locks: head.locks.clone(),
            read_at: None,
            document_day: None,
            on_gift_cards: None,
            numbers: BTreeSet::new(),
            head,
        }
    }

    /// Works and concludes.
    pub(crate) async fn run(mut self) -> Outcome {
        let ending = if self.head.attempts > self.engine.limits.attempts {
            Err(self.too_many("too-many-attempts"))
        } else if let Some(pause) = &self.route.paused {
            let reason = Reason::new("paused").with("reason", &pause.reason.code);
            let held = self.engine.now().duration_since(pause.since);
            let asked = Some(self.engine.limits.pause_wait(held));
            Err(Stop::Wait(Wait { reason, asked, counted: false }))
        } else if let Some(at) = self.head.erased_at {
            self.leave_erased(at).await
        } else if self.plan_open || self.reopen() {
            self.resume().await
        } else {
            self.renew_kind().await
        };
        let ending = match ending {
            Ok(ending) => ending,
            Err(stop) => match self.ending_of(stop).await {
                Ok(ending) => ending,
                Err(outcome) => return outcome,
            },
        };
        self.conclude(ending).await
    }

    /// Reads the source and brings the target to it, by the kind of thing.
    pub(crate) async fn renew_kind(&mut self) -> Result<Ending, Stop> {
        match self.head.transfer.kind {
            EntityKind::Order => self.renew().await,
            EntityKind::Product => self.renew_product().await,
        }
    }

    fn too_many(&self, code: &str) -> Stop {
        let last = self.head.status.code().unwrap_or("crashed").to_owned();
        Stop::Park(Reason::new(code).with("attempts", self.head.attempts).with("last", last))
    }

    /// What a stop means for the ledger.
    async fn ending_of(&mut self, stop: Stop) -> Result<Ending, Outcome> {
        match stop {
            Stop::Fenced => Err(Outcome::Fenced),
            Stop::Ledger(words) => Err(Outcome::Retry(words)),
            Stop::Park(reason) | Stop::Unseen(reason) => {
                self.notes.reason = Some(reason.clone());
                Ok(Ending::settled(Status::Parked { code: reason.code }, reason.facts, self.applied_now()))
            }
            Stop::Unauthorized { side, message } => {
                let reason = Reason::new("unauthorized").with("message", message);
                self.pause(side, &reason).await;
                let asked = Some(SignedDuration::from_secs(self.engine.limits.pause_seconds));
                Ok(self.waiting(Wait { reason, asked, counted: false }))
            }
            Stop::Wait(wait) => Ok(self.waiting(wait)),
        }
    }

    fn waiting(&mut self, wait: Wait) -> Ending {
        let limits = &self.engine.limits;
        let now = self.engine.now();
        self.notes.reason = Some(wait.reason.clone());
        let paused = matches!(wait.reason.code.as_str(), "paused" | "unauthorized");
        let waits = if paused { self.head.waits } else { self.head.waits.saturating_add(1) };
        let exhausted =
            if wait.counted { self.head.attempts >= limits.attempts } else { waits > limits.waits };
        if exhausted {
            let code = if wait.counted { "too-many-attempts" } else { "waited-too-long" };
            let mut facts = wait.reason.facts;
            facts.push(("last".to_owned(), wait.reason.code));
            self.notes.reason = Some(Reason { code: code.to_owned(), facts: facts.clone() });
            return Ending::settled(Status::Parked { code: code.to_owned() }, facts, None);
        }
        let (attempts, waits, tries) = if wait.counted {
            (self.head.attempts, self.head.waits, self.head.attempts.saturating_sub(1))
        } else {
            (self.head.attempts.saturating_sub(1), waits, self.head.waits)
        };
        Ending {
            status: Status::Waiting { code: wait.reason.code },
            facts: wait.reason.facts,
            applied: self.remembered_bytes(),
            due_at: Some(limits.again_at(&self.head.transfer, tries, now, wait.asked)),
            attempts,
            waits,
        }
    }

    async fn pause(&self, side: Side, reason: &Reason) {
        let connection = match side {
            Side::Shop => self.route.shop.connection.clone(),
            Side::Accounting => self.route.accounting.connection.clone(),
        };
        let scope = PauseScope::Connection { merchant: self.route.merchant.clone(), connection };
        let pause = Pause { scope, reason: reason.clone(), since: self.engine.now() };
        // A pause that could not be set is set by the next transfer that meets the same refusal.
        let _ = self.engine.store.pause(&pause).await;
    }

    /// What a parked or held transfer reflects: the bytes that were worked on, so that the same bytes are no news.
    fn applied_now(&self) -> Option<Applied> {
        let earlier = self.head.applied.clone().unwrap_or_default();
        Some(Applied {
            body_hash: self.body_hash(),
            decision: self.notes.plan_hash.clone().unwrap_or_default(),
            ..earlier
        })
    }

    /// The bytes that a waiting transfer will reflect, once it is settled by a later claim without bytes of its own.
    fn remembered_bytes(&self) -> Option<Applied> {
        let body_hash = Some(self.body_hash()).filter(|hash| !hash.is_empty())?;
        let earlier = self.head.applied.clone();
        let nothing = Applied::default();
        Some(Applied { body_hash, ..earlier.unwrap_or(nothing) })
    }

    pub(crate) fn body_hash(&self) -> String {
        self.work.message.body_hash.clone()
    }

    pub(crate) fn hold(&self) -> Hold {
        Hold {
            transfer: self.head.transfer.clone(),
            fence: self.head.fence,
            token: self.head.claim.clone(),
            now: self.engine.now(),
        }
    }

    pub(crate) fn lease_until(&self) -> Timestamp {
        self.engine.lease_until(self.work, &self.route)
    }

    pub(crate) fn shop(&self) -> RecordingTransport<'_> {
        let shop = &self.route.shop;
        self.transport(&*shop.transport, shop.port.manifest())
    }

    pub(crate) fn accounting(&self) -> RecordingTransport<'_> {
        let books = &self.route.accounting;
        self.transport(&*books.transport, books.port.manifest())
    }

    /// A way out under this claim.
    pub(crate) fn transport<'t>(
        &'t self,
        inner: &'t dyn Transport,
        manifest: &Manifest,
    ) -> RecordingTransport<'t> {
        RecordingTransport::new(inner, manifest, &self.recorder, (self.engine.clock, self.work.deadline))
    }

    /// How long after a write, or a look that found nothing, the next look can be believed: the write may arrive as late
    /// as its time limit, and what it made may be invisible for the look-up lag.
    pub(crate) fn settling(&self) -> SignedDuration {
        let manifest = self.route.accounting.port.manifest();
        SignedDuration::from_secs(
            i64::from(manifest.timeout_seconds) + i64::from(manifest.look_up_lag_seconds) + 1,
        )
    }

    /// What a failed call means for the claim.
    pub(crate) fn stop_of(&self, side: Side, failure: Failure) -> Stop {
        match failure {
            Failure::Busy { retry_after_ms, message } => {
                let asked = retry_after_ms
                    .map(|millis| SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX / 2)));
                let reason = Reason::new("busy").with("message", message);
                Stop::Wait(Wait { reason, asked, counted: false })
            }
            Failure::Unknown { message } => {
                let reason = Reason::new("unknown-fate").with("message", message);
                Stop::Wait(Wait { reason, asked: Some(self.settling()), counted: true })
            }
            Failure::Rejected { code, message } => {
                let reason = Reason::new("refused").with("code", code.unwrap_or_default());
                Stop::Park(reason.with("message", message))
            }
            Failure::Unauthorized { message } => Stop::Unauthorized { side, message },
        }
    }

    /// What a failed look means for the claim.
    pub(crate) fn stop_of_look(&self, failure: Failure) -> Stop {
        match self.stop_of(Side::Accounting, failure) {
            Stop::Park(reason) => Stop::Unseen(reason),
            stop => stop,
        }
    }

    /// Records the progress under the fence: also the proof, before what cannot be undone, that the claim still holds.
    pub(crate) async fn advance(&mut self) -> Result<(), Stop> {
        let advance =
            Advance { hold: self.hold(), progress: self.progress.clone(), lease_until: self.lease_until() };
        let mut last = String::new();
        for _ in 0..self.engine.limits.store_tries {
            match self.engine.store.advance(&advance).await {
                Ok(()) => return Ok(()),
                Err(StoreFailure::Unavailable(words)) => last = words,
                Err(StoreFailure::Fenced) => return Err(Stop::Fenced),
                Err(failure) => return Err(Stop::Ledger(failure.to_string())),
            }
        }
        Err(Stop::Ledger(last))
    }

    /// Remembers what stands because of a plan. One that goes on from an earlier plan makes no document: it is the last word
    /// on the one that stands.
    pub(crate) fn remember_plan(&mut self, plan: &Plan) {
        match self.documents.last_mut() {
            Some(last) if plan.done > 0 => last.ordinal = plan.ordinal,
            _ => self.remember(plan.ordinal, false),
        }
    }

    /// Remembers a document that stands because of this transfer.
    pub(crate) fn remember(&mut self, ordinal: u32, adopted: bool) {
        let Some((kind, number)) = self.standing() else { return };
        let Some(totals) = self.progress.totals else { return };
        // What a person booked is dated as the draft was.
        let before = self.documents.iter().find(|document| document.ordinal == ordinal);
        let date = self.document_day.or(before.and_then(|before| before.date));
        let on_gift_cards = self.on_gift_cards.or(before.and_then(|before| before.on_gift_cards));
        let record =
            DocumentRecord { ordinal, kind, number, totals, adopted, on_gift_cards, date, made_at: None };
        self.documents.retain(|document| document.ordinal != ordinal);
        self.documents.push(record);
        let surplus = self.documents.len().saturating_sub(MOST_DOCUMENTS);
        self.documents.drain(..surplus);
    }

    /// Dates what was made under this claim, and leaves what stood before under its own time, however its draft was changed or booked
    /// since. Returns the local day as a search key where the order's own day does not lead to it.
    fn note_making(&mut self, now: Timestamp) -> Option<Pointer> {
        let before = &self.head.documents;
        let mut made = false;
        for record in &mut self.documents {
            let same = |known: &&DocumentRecord| {
                known.ordinal == record.ordinal
                    || (known.kind == record.kind && known.number == record.number)
            };
            record.made_at = match before.iter().rev().find(same) {
                Some(known) => known.made_at,
                None => Some(now).filter(|_| !record.adopted),
            };
            made |= record.made_at == Some(now);
        }
        let today = self.route.time_zone.to_datetime(now).date();
        let day = self.order.as_ref().map(|order| order.day).or(self.head.day);
        let is_near = day.is_some_and(|day| (0..=NEAR_DAYS).contains(&(today - day).get_days()));
        (made && !is_near).then(|| Pointer { kind: PointerKind::MadeOn, value: today.to_string() })
    }

    /// Kind and number of the document that stands according to the progress.
    pub(crate) fn standing(&self) -> Option<(DocumentKind, u64)> {
        match (self.progress.invoice, self.progress.draft) {
            (Some(booked), _) => {
                let kind = self.progress.kind.filter(|kind| kind.is_booked());
                Some((kind.unwrap_or(DocumentKind::BookedInvoice), booked))
            }
            (None, Some(draft)) => Some((self.progress.kind.unwrap_or(DocumentKind::DraftInvoice), draft)),
            (None, None) => None,
        }
    }

    /// The search keys of what is known now.
    fn search_keys(&self) -> Vec<Pointer> {
        let mut pointers = self.pointers.clone();
        let mut add = |kind: PointerKind, value: String| {
            if !value.is_empty() {
                pointers.push(Pointer { kind, value });
            }
        };
        add(PointerKind::OrderNumber, self.order_number());
        // The number of a draft leads nowhere in the target any more once it is booked.
        let draft = self.progress.draft.filter(|_| self.progress.invoice.is_none());
        add(PointerKind::DraftNumber, draft.map(|number| number.to_string()).unwrap_or_default());
        add(
            PointerKind::InvoiceNumber,
            self.progress.invoice.map(|number| number.to_string()).unwrap_or_default(),
        );
        pointers.sort();
        pointers.dedup();
        pointers
    }

    /// What the order was paid by, and its number as reports of payouts have it, lead to it once a document stands, and are written again
    /// only when they have changed.
    fn payout_keys(&mut self, settled: bool) -> Vec<Pointer> {
        self.progress.payments.clone_from(&self.head.progress.payments);
        self.progress.numbers.clone_from(&self.head.progress.numbers);
        self.progress.paid_by = self.paid_by.as_ref().unwrap_or(&self.head.progress.paid_by).clone();
        let mut pointers = Vec::new();
        if !settled || self.documents.is_empty() {
            return pointers;
        }
        let pointer = |value: &String| Pointer { kind: PointerKind::Payment, value: value.clone() };
        if is_news(&self.payments, &mut self.progress.payments) {
            pointers.extend(self.payments.iter().map(pointer));
        }
        if is_news(&self.numbers, &mut self.progress.numbers) {
            pointers.extend(self.numbers.iter().map(pointer));
        }
        pointers
    }

    fn order_number(&self) -> String {
        self.order.as_ref().map_or_else(|| self.head.order_number.clone(), |order| order.number.clone())
    }

    /// Writes the conclusion; a loser's word makes it come up again at once.
    async fn conclude(mut self, ending: Ending) -> Outcome {
        let mut conclusion = self.conclusion(&ending);
        let mut last = String::new();
        for _ in 0..self.engine.limits.store_tries.max(2) {
            match self.engine.store.conclude(&conclusion).await {
                Ok(_) => return Outcome::Concluded(ending.status),
                Err(StoreFailure::Again) => {
                    let now = self.engine.now();
                    conclusion.despite_word = true;
                    // A wait that the other side asked for is kept: the newer state is read when it ends.
                    if !matches!(ending.status, Status::Waiting { .. }) {
                        conclusion.due_at = Some(now);
                    }
                    "there was newer news".clone_into(&mut last);
                }
                Err(StoreFailure::Fenced) => return Outcome::Fenced,
                Err(failure) => last = failure.to_string(),
            }
        }
        Outcome::Retry(last)
    }

    fn conclusion(&mut self, ending: &Ending) -> Conclusion {
        let now = self.engine.now();
        let free_from = now + self.settling();
        let settled = ending.status.is_settled();
        let releases = if settled {
            self.locks.iter().map(|key| (key.clone(), free_from)).collect()
        } else {
            Vec::new()
        };
        self.notes.decision = ending.status.word().to_owned();
        // Another look at a pause that was met before tells nothing new, and a pause may hold for months.
        let same_pause = ending.status == Status::Waiting { code: "paused".to_owned() }
            && ending.status == self.head.status
            && ending.facts == self.head.facts;
        let log = if same_pause { None } else { Some(self.entry(RowKind::Concluded, now)) };
        if !self.plan_open {
            self.progress.told = 0;
        } else if self.notes.executing {
            // The row tells of every step that is done.
            self.progress.told = self.progress.step;
        }
        let mut pointers = self.payout_keys(settled);
        pointers.extend(self.note_making(now));
        if settled {
            pointers.append(&mut self.search_keys());
        }
        Conclusion {
            hold: self.hold(),
            status: ending.status.clone(),
            facts: ending.facts.clone(),
            trouble: Trouble::after(self.head.trouble.as_ref(), &ending.status, &ending.facts, now),
            attempts: ending.attempts,
            waits: ending.waits,
            applied: ending.applied.clone(),
            plan_open: self.plan_open,
            progress: self.progress.clone(),
            documents: self.documents.clone(),
            due_at: ending.due_at,
            order: self.order.clone(),
            pointers,
            releases,
            despite_word: false,
            log,
            log_tail: self.head.log_tail.clone(),
        }
    }

    /// The log row of what was gathered since the last row.
    pub(crate) fn entry(&mut self, kind: RowKind, at: Timestamp) -> LogEntry {
        let (summaries, recorded) = self.recorder.take();
        let planned = kind == RowKind::Planned;
        // What was read before the plan stands in the row as order and catalogue, and need not stand there twice.
        let calls = if !planned && self.notes.executing { recorded } else { Vec::new() };
        let public = PublicPart {
            schema: LOG_SCHEMA,
            fence: self.head.fence,
            sequence: if planned { 0 } else { 1 },
            at,
            kind,
            cause: self.cause(),
            attempts: self.head.attempts,
            settings_version: self.route.settings_version,
            planning: self.notes.planning.take(),
            decision: self.notes.decision.clone(),
            reason: self.notes.reason.clone(),
            warnings: std::mem::take(&mut self.notes.warnings),
            ordinal: self.notes.ordinal,
            plan_hash: self.notes.plan_hash.clone(),
            catalogue_hash: self.notes.catalogue_hash.clone(),
            source_totals: self.notes.source_totals,
            target_totals: self.notes.target_totals,
            judged: std::mem::take(&mut self.notes.judged),
            numbers: self.numbers(),
            calls: summaries,
        };
        let personal = PersonalPart {
            order: self.notes.order.take(),
            catalogue: self.notes.catalogue.take(),
            products: self.notes.products.take(),
            calls,
        };
        // What was erased stays so: there is no key that could seal it.
        let personal = self.head.erased_at.is_none().then_some(personal);
        LogEntry { public, person: self.notes.person.clone(), personal }
    }

    fn cause(&self) -> Cause {
        Cause {
            why: self.work.message.why,
            body_hash: self.body_hash(),
            received_at: self.work.message.received_at,
        }
    }

    fn numbers(&self) -> Vec<(String, String)> {
        let number = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), value));
        [
            number("customer", self.progress.customer.map(|number| number.to_string())),
            number("draft", self.progress.draft.map(|number| number.to_string())),
            number("invoice", self.progress.invoice.map(|number| number.to_string())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Notes what a plan says.
    pub(crate) fn note_plan(&mut self, plan: &Plan, hash: &str) {
        self.document_day = plan.document_step().map(|step| step.document.date);
        self.on_gift_cards = plan.on_gift_cards;
        self.notes.ordinal = plan.ordinal;
        self.notes.plan_hash = Some(hash.to_owned());
        self.notes.catalogue_hash = Some(plan.catalogue_hash.clone());
        self.notes.source_totals = Some(plan.expected);
    }

    /// Whose the personal part of the log is.
    pub(crate) fn note_person(&mut self, order: &Order) {
        let domain::TransferId { merchant, source, .. } = &self.head.transfer;
        let customer = &order.customer;
        let person = crate::log::person(merchant, source, &customer.email, customer.shop_id.as_deref());
        self.notes.person = person.unwrap_or_default();
    }

    /// True when the operator or merchant asked for this.
    pub(crate) fn is_replay(&self) -> bool {
        self.work.message.why == Why::Replay
    }
}

/// True when there is something that was not written before, of which the hash is then remembered.
fn is_news(keys: &BTreeSet<String>, remembered: &mut String) -> bool {
    if keys.is_empty() {
        return false;
    }
    let hash: String = domain::plan::hash_json(keys).chars().take(PAYMENTS_HASH).collect();
    let before = std::mem::replace(remembered, hash);
    before != *remembered
}
