//! Carries out a stored plan, step by step, and finishes one that another worker left.
//!
//! A step whose fate is unknown is looked up before anything else is done under its key, and what is found is adopted. It
//! is made again only after two looks that found nothing, apart by the time a late request may still need to arrive and to
//! be seen. Before what cannot be undone the fence is proved again. What a person did to a draft is respected.

use connectors::ports::{FoundDocument, OrderClosing};
use domain::identity::Effect;
use domain::plan::{
    BookStep, CloseOrderStep, CustomerAction, CustomerStep, DocumentStep, NewCustomer, PaymentStep,
    ProductStep, Reason, Step, WriteBackStep,
};
use domain::planning::{Verdict, judge, made_by_another};
use domain::{Document, EffectKey, EntityKind, Failure, Plan};
use jiff::SignedDuration;

use crate::session::{Ending, Session, Side, Stop};
use crate::store::{Applied, Doubt, Pointer, PointerKind, Progress, Status};

/// Ordinals from here on are of corrections that the target's own answer asked for: their keys differ from the plan's.
pub(crate) const CORRECTION: u32 = 1 << 31;

/// Code of a refusal that says: it was made, and answered otherwise than asked for.
const OTHERWISE: &str = "integrity";

/// Code of the warning of a plan whose order was paid back in part before its invoice: a credit note is to follow.
const REFUND_WAITS: &str = "refund-before-transfer";

/// Something that is made once under its key, and can be looked up.
pub(crate) enum Thing<'p> {
    Customer(&'p EffectKey, &'p NewCustomer),
    Product(&'p ProductStep),
    Document(&'p DocumentStep),
    Booking(&'p BookStep),
    Payment(&'p PaymentStep),
}

/// What is known about a plan while it is carried out.
struct Carrying<'p> {
    plan: &'p Plan,
    applied: Applied,
    /// An earlier worker may have sent any of the steps that are left.
    uncertain: bool,
    /// Look before making although nothing was sent under this claim: the ledger may be behind the books.
    look_first: bool,
}

/// How one step left the plan.
enum Left {
    /// Go on with the next step.
    Next,
    /// The plan ends here.
    End(Ending),
}

impl Session<'_> {
    /// Finishes the plan that an earlier claim left open.
    pub(crate) async fn resume(&mut self) -> Result<Ending, Stop> {
        let Some(pointer) = self.head.plan.clone() else {
            self.plan_open = false;
            return self.renew_kind().await;
        };
        let stored = self.load_stored(pointer.ordinal).await?;
        let plan = self.load_plan(pointer.ordinal).await?;
        self.note_plan(&plan, &stored.hash);
        // After a restore even a step whose predecessor is missing may have been done: the ledger is behind the books.
        // What was counted as not registered may be in the books all the same, whoever goes on with it.
        let look_first = self.route.epoch.is_some() || plan.done > 0;
        let mut ending = self.execute(&plan, stored.applied, true, look_first).await?;
        // The message that woke it may tell of a newer state than the plan was made from: look again at once.
        ending.due_at = Some(self.engine.now());
        Ok(ending)
    }

    /// An operator asks for a plan that ended in a complaint: what stands is looked at again, and goes on when it agrees.
    pub(crate) fn reopen(&mut self) -> bool {
        // A product is planned anew: what stands there is looked at whenever it is planned.
        let product = self.head.transfer.kind == EntityKind::Product;
        let complaint = self.progress.held.is_some() && !product;
        if !self.is_replay() || self.plan_open || !complaint || self.head.plan.is_none() {
            return false;
        }
        // Nothing that was answered is believed: numbers and sums are looked up again, booked ones too.
        let customer = self.progress.customer;
        self.progress = Progress { customer, reopened: true, ..Progress::default() };
        self.plan_open = true;
        true
    }

    /// Carries out the steps that are left.
    pub(crate) async fn execute(
        &mut self,
        plan: &Plan,
        applied: Applied,
        uncertain: bool,
        look_first: bool,
    ) -> Result<Ending, Stop> {
        self.notes.executing = true;
        let mut carrying = Carrying { plan, applied, uncertain, look_first };
        if uncertain {
            self.tell_of_steps_before(plan).await;
        }
        if let Left::End(ending) = self.adopt_first(&carrying).await? {
            return Ok(ending);
        }
        for (index, step) in plan.steps.iter().enumerate().skip(self.progress.step as usize) {
            self.time_left()?;
            let left = match self.step(&mut carrying, index, step).await {
                Err(Stop::Park(reason)) => return Ok(self.end_parked(&carrying, reason)),
                left => left?,
            };
            self.progress.step = u32::try_from(index + 1).unwrap_or(u32::MAX);
            self.progress.doubt = None;
            if let Left::End(ending) = left {
                return Ok(ending);
            }
        }
        if plan.product.is_some() {
            return Ok(self.product_end(plan, carrying.applied));
        }
        Ok(self.end_done(&carrying))
    }

    async fn step(&mut self, carrying: &mut Carrying<'_>, index: usize, step: &Step) -> Result<Left, Stop> {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        match step {
            Step::EnsureCustomer(step) => self.ensure_customer(carrying, index, step).await,
            Step::CreateProduct(step) => self.create_product(carrying, index, step).await,
            Step::ChangeProduct(step) => self.change_product(step).await.map(|()| Left::Next),
            Step::CreateDocument(step) => self.create_document(carrying, index, step).await,
            Step::UpdateDraft(step) => self.update_draft(carrying, index, step).await,
            Step::Book(step) => self.book(carrying, index, step).await,
            Step::CloseOrder(step) => self.close_order(step).await,
            Step::RegisterPayment(step) => self.register_payment(carrying, index, step).await,
            Step::WriteBack(step) => self.write_back(step).await,
        }
    }

    /// A product that an order needs must be there; one of the shop's that is refused keeps none of the others back.
    async fn create_product(
        &mut self,
        carrying: &mut Carrying<'_>,
        index: u32,
        step: &ProductStep,
    ) -> Result<Left, Stop> {
        match self.ensure(carrying, index, &Thing::Product(step), false).await {
            Err(Stop::Park(reason)) if carrying.plan.product.is_some() => {
                self.product_refused(&step.number, reason.fact("message"));
                Ok(Left::Next)
            }
            done => done.map(|()| Left::Next),
        }
    }

    /// No step is started with less time left than one request may take.
    fn time_left(&self) -> Result<(), Stop> {
        let needed =
            SignedDuration::from_secs(i64::from(self.route.accounting.port.manifest().timeout_seconds));
        if self.engine.now() + needed > self.work.deadline {
            return Err(Stop::wait("out-of-time", Some(SignedDuration::ZERO)));
        }
        Ok(())
    }

    /// Makes a thing once: looks first where it may exist, and after every write whose fate is unknown.
    async fn ensure(
        &mut self,
        carrying: &mut Carrying<'_>,
        index: u32,
        thing: &Thing<'_>,
        look_first: bool,
    ) -> Result<(), Stop> {
        if carrying.uncertain || look_first {
            if self.look(carrying.plan, thing).await? {
                if carrying.uncertain || carrying.look_first {
                    self.tell_of(thing).await;
                }
                return Ok(());
            }
            if carrying.uncertain {
                self.nothing_found(index).await?;
            }
        }
        match self.make(carrying.plan, thing).await {
            Ok(()) => {
                // Steps are sent in order: what was made only now had no successor before.
                carrying.uncertain = false;
                Ok(())
            }
            Err(Failure::Unknown { message }) => self.after_unknown(carrying, index, thing, message).await,
            Err(Failure::Rejected { code, message }) if code.as_deref() == Some(OTHERWISE) => {
                // It was made, though it may not be seen yet: it is looked for like anything whose fate is unknown.
                let found = self.after_unknown(carrying, index, thing, message).await;
                self.progress.doubt.iter_mut().for_each(|doubt| doubt.otherwise = true);
                found
            }
            Err(rejected @ Failure::Rejected { .. }) => {
                if self.look(carrying.plan, thing).await? {
                    return Ok(());
                }
                self.engine.connections.forget_master_data(&self.route);
                Err(self.stop_of(Side::Accounting, rejected))
            }
            Err(failure) => Err(self.stop_of(Side::Accounting, failure)),
        }
    }

    /// A write may have been applied: look at once, since most often it was.
    async fn after_unknown(
        &mut self,
        carrying: &mut Carrying<'_>,
        index: u32,
        thing: &Thing<'_>,
        message: String,
    ) -> Result<(), Stop> {
        carrying.uncertain = true;
        self.progress.doubt = None;
        if self.look(carrying.plan, thing).await? {
            return Ok(());
        }
        self.progress.doubt = Some(Doubt {
            step: index,
            negative_looks: 1,
            since: self.engine.now(),
            otherwise: false,
            asked: false,
        });
        Err(self.stop_of(Side::Accounting, Failure::Unknown { message }))
    }

    /// A look found nothing. It may be made again only when an earlier look, long enough ago, found nothing either; that
    /// the doubt is over is recorded first, so that a crash from here on starts with two looks again.
    async fn nothing_found(&mut self, index: u32) -> Result<(), Stop> {
        let now = self.engine.now();
        match self.progress.doubt.clone() {
            Some(doubt) if doubt.step == index && now >= doubt.since + self.settling() => {
                self.progress.doubt = None;
                if doubt.otherwise {
                    // It was made otherwise than asked, and cannot be found by what was asked: once more would be once too many.
                    let reason = Reason::new("refused").with("code", OTHERWISE);
                    return Err(Stop::Park(reason.with("message", "it was made otherwise than asked for")));
                }
                self.advance().await?;
                self.time_left()
            }
            Some(doubt) if doubt.step == index => {
                let left = (doubt.since + self.settling()).duration_since(now);
                Err(Stop::wait("look-up-lag", Some(left)))
            }
            _ => {
                self.progress.doubt = Some(Doubt {
                    step: index,
                    negative_looks: 1,
                    since: now,
                    otherwise: false,
                    asked: false,
                });
                Err(Stop::counted("unknown-fate", Some(self.settling())))
            }
        }
    }

    /// Looks a thing up by what identifies it; what is found is adopted into the progress.
    async fn look(&mut self, plan: &Plan, thing: &Thing<'_>) -> Result<bool, Stop> {
        let port = self.route.accounting.port;
        let fails = |failure| self.stop_of_look(failure);
        match thing {
            Thing::Customer(_, customer) => {
                let (field, value) = &customer.identified_by;
                let found = port.customers(&self.accounting(), field, value).await.map_err(fails)?;
                // Several may have it; the lowest number is the oldest, and the same for every order.
                let made = found.iter().filter(|known| !made_by_another(customer, known));
                let oldest = made.map(|known| known.number).min();
                self.progress.customer = oldest.or(self.progress.customer);
                Ok(oldest.is_some())
            }
            Thing::Product(product) => {
                let numbers = std::slice::from_ref(&product.number);
                Ok(!port.products(&self.accounting(), numbers).await.map_err(fails)?.is_empty())
            }
            Thing::Document(_) => {
                let found = self.look_for(plan).await?;
                found.iter().for_each(|found| self.note_found(found));
                Ok(found.is_some())
            }
            Thing::Booking(_) => {
                let found = self.look_for(plan).await?;
                let booked = found.filter(|found| found.kind.is_booked());
                booked.iter().for_each(|found| self.note_found(found));
                Ok(booked.is_some())
            }
            // The invoice stands whatever is seen of its payment: a refusal is told on it.
            Thing::Payment(payment) => {
                let found = port.find_payment(&self.accounting(), payment).await;
                found.map_err(|failure| self.stop_of(Side::Accounting, failure))
            }
        }
    }

    async fn make(&mut self, plan: &Plan, thing: &Thing<'_>) -> Result<(), Failure> {
        let port = self.route.accounting.port;
        let missing = |what: &str| Failure::Rejected {
            code: Some("missing-number".to_owned()),
            message: format!("the number of the {what} is not known"),
        };
        match thing {
            Thing::Customer(key, customer) => {
                let number = port.create_customer(&self.accounting(), key, customer).await?;
                self.progress.customer = Some(number);
            }
            Thing::Product(product) => {
                let differences = port.create_product(&self.accounting(), product).await?;
                self.note_differences(&product.number, &differences);
            }
            Thing::Document(step) => {
                let customer = self.progress.customer.ok_or_else(|| missing("customer"))?;
                let found =
                    port.create_document(&self.accounting(), &step.key, &step.document, customer).await?;
                self.note_found(&found);
            }
            Thing::Booking(step) => {
                let draft = self.progress.draft.ok_or_else(|| missing("draft"))?;
                let found = port.book(&self.accounting(), &step.key, draft, step.send).await?;
                if !found.kind.is_booked() || found.reference != plan.reference {
                    // What was booked, if anything, is looked up by our reference.
                    return Err(Failure::Unknown { message: "another document was answered".to_owned() });
                }
                self.note_found(&found);
            }
            Thing::Payment(step) => {
                let customer = self.progress.customer.ok_or_else(|| missing("customer"))?;
                let invoice = step.invoice.or(self.progress.invoice).ok_or_else(|| missing("invoice"))?;
                port.register_payment(&self.accounting(), step, customer, invoice).await?;
            }
        }
        Ok(())
    }

    /// The document of a plan as it stands: by its reference, booked ones first, then among drafts that a person edited.
    pub(crate) async fn look_for(&mut self, plan: &Plan) -> Result<Option<FoundDocument>, Stop> {
        let port = self.route.accounting.port;
        let found = port.find(&self.accounting(), &plan.reference).await;
        let found = found.map_err(|failure| self.stop_of_look(failure))?;
        if found.len() > 1 {
            let reason = Reason::new("document-stands-twice").with("reference", &plan.reference);
            self.notes.warnings.push(reason.with("count", found.len()));
        }
        if let Some(found) = found.into_iter().next() {
            return Ok(Some(found));
        }
        let (Some(step), Some(customer)) = (plan.document_step(), self.progress.customer) else {
            return Ok(None);
        };
        // A draft carries the key it was made under, also when a later plan changes it.
        let key = EffectKey::at_end_of(&plan.reference).unwrap_or_else(|| step.key.clone());
        let edited = port.find_edited(&self.accounting(), customer, step.document.date, &key).await;
        let edited = edited.map_err(|failure| self.stop_of_look(failure))?;
        Ok(edited.into_iter().next())
    }

    /// Takes over the numbers and sums of a document that stands, and what was answered otherwise than asked.
    pub(crate) fn note_found(&mut self, found: &FoundDocument) {
        if let Some(first) = found.differences.first() {
            let reason = Reason::new("answered-otherwise")
                .with("number", found.number)
                .with("field", &first.field)
                .with("expected", &first.asked)
                .with("answered", &first.answered);
            self.progress.held = Some(reason);
        }
        let number =
            if found.kind.is_booked() { &mut self.progress.invoice } else { &mut self.progress.draft };
        *number = Some(found.number);
        self.progress.kind = Some(found.kind);
        self.progress.totals = Some(found.totals);
        self.notes.target_totals = Some(found.totals);
        if self.progress.customer.is_none() {
            self.progress.customer = Some(found.customer);
        }
    }

    async fn ensure_customer(
        &mut self,
        carrying: &mut Carrying<'_>,
        index: u32,
        step: &CustomerStep,
    ) -> Result<Left, Stop> {
        match &step.action {
            CustomerAction::Use { number } => self.progress.customer = Some(*number),
            CustomerAction::Update { number, raw, fields } => {
                self.progress.customer = Some(*number);
                let port = self.route.accounting.port;
                // The whole customer is written, so writing it again is the same; a refusal does not keep the sale back.
                match port.update_customer(&self.accounting(), &step.key, *number, raw, fields).await {
                    Ok(()) => {}
                    Err(Failure::Rejected { message, .. }) => self.notes.warnings.push(
                        Reason::new("customer-not-updated").with("number", number).with("message", message),
                    ),
                    Err(failure) => return Err(self.stop_of(Side::Accounting, failure)),
                }
            }
            CustomerAction::Create(customer) => {
                self.ensure(carrying, index, &Thing::Customer(&step.key, customer), false).await?;
            }
        }
        Ok(Left::Next)
    }

    async fn create_document(
        &mut self,
        carrying: &mut Carrying<'_>,
        index: u32,
        step: &DocumentStep,
    ) -> Result<Left, Stop> {
        let plan = carrying.plan;
        if self.progress.reopened {
            if !self.look(plan, &Thing::Document(step)).await? {
                self.nothing_found(index).await?;
                return Ok(Left::End(self.end_removed(carrying)));
            }
        } else {
            self.ensure(carrying, index, &Thing::Document(step), carrying.look_first).await?;
        }
        self.compare(carrying, plan, step).await
    }

    /// What another integration made of the order is looked for before anything is made of it: no customer and no product is made for
    /// a document that stands already.
    async fn adopt_first(&mut self, carrying: &Carrying<'_>) -> Result<Left, Stop> {
        let ahead = carrying.plan.steps.iter().skip(self.progress.step as usize);
        let references = ahead.filter_map(|step| match step {
            Step::CreateDocument(step) => Some(&step.adopt),
            _ => None,
        });
        for reference in references.flatten() {
            self.time_left()?;
            match self.adopt(carrying, reference).await {
                Err(Stop::Park(reason)) => return Ok(Left::End(self.end_parked(carrying, reason))),
                Ok(Left::Next) => {}
                ended => return ended,
            }
        }
        Ok(Left::Next)
    }

    /// Takes over the document that stands under the reference of another integration, and the customer it is made out to.
    async fn adopt(&mut self, carrying: &Carrying<'_>, reference: &str) -> Result<Left, Stop> {
        let port = self.route.accounting.port;
        let found = port.find(&self.accounting(), reference).await.map_err(|failure| {
            // Before anything was sent nothing is in doubt.
            if carrying.uncertain {
                self.stop_of_look(failure)
            } else {
                self.stop_of(Side::Accounting, failure)
            }
        })?;
        let (credits, invoices): (Vec<FoundDocument>, Vec<FoundDocument>) = found
            .into_iter()
            .partition(|found| found.kind.is_credit_note() || found.totals.gross.is_negative());
        let Some(document) = invoices.first().or(credits.first()) else { return Ok(Left::Next) };
        let reason =
            |code: &str| Reason::new(code).with("number", document.number).with("reference", reference);
        if document.totals.gross != carrying.plan.expected.gross {
            let reason = reason("other-document-with-this-number")
                .with("found", document.totals.gross)
                .with("expected", carrying.plan.expected.gross);
            return Ok(Left::End(self.end_held_without_document(carrying, reason)));
        }
        // Which refunds those credit notes are of is nowhere said, and none may be credited twice.
        let waiting = carrying.plan.warnings.iter().find(|warning| warning.code == REFUND_WAITS);
        if let (Some(credit), Some(waiting)) = (credits.first(), waiting) {
            let reason = reason("credited-by-another")
                .with("credit-note", credit.number)
                .with("refunded", waiting.fact("refunded"))
                .with("currency", waiting.fact("currency"));
            return Ok(Left::End(self.end_held_without_document(carrying, reason)));
        }
        self.note_found(document);
        self.progress.customer = Some(document.customer);
        self.remember(carrying.plan.ordinal, true);
        self.plan_open = false;
        Ok(Left::End(Ending::settled(Status::Done, Vec::new(), Some(carrying.applied.clone()))))
    }

    async fn update_draft(
        &mut self,
        carrying: &mut Carrying<'_>,
        index: u32,
        step: &DocumentStep,
    ) -> Result<Left, Stop> {
        let plan = carrying.plan;
        if carrying.uncertain {
            match self.look_for(plan).await? {
                Some(found) => self.note_found(&found),
                None => {
                    self.nothing_found(index).await?;
                    return Ok(Left::End(self.end_removed(carrying)));
                }
            }
        }
        if self.progress.invoice.is_none() {
            let written = self.write_draft(&step.key, &step.document).await;
            written.map_err(|failure| self.stop_of(Side::Accounting, failure))?;
        }
        self.compare(carrying, plan, step).await
    }

    /// Replaces the content of the draft. Writing the same content again is the same.
    async fn write_draft(&mut self, key: &EffectKey, document: &Document) -> Result<(), Failure> {
        let (Some(draft), Some(customer)) = (self.progress.draft, self.progress.customer) else {
            return Err(Failure::Rejected {
                code: Some("missing-number".to_owned()),
                message: "the number of the draft or customer is not known".to_owned(),
            });
        };
        let port = self.route.accounting.port;
        let found = port.update_draft(&self.accounting(), key, draft, document, customer).await?;
        self.note_found(&found);
        Ok(())
    }

    /// Compares what the target answered with the order. Only a document that agrees, or differs by rule, goes on.
    async fn compare(
        &mut self,
        carrying: &Carrying<'_>,
        plan: &Plan,
        step: &DocumentStep,
    ) -> Result<Left, Stop> {
        if let Some(reason) = self.progress.held.clone() {
            return Ok(Left::End(self.end_held(carrying, reason)));
        }
        let mut verdict = self.verdict(plan);
        if let (Verdict::Amend(document), None) = (&verdict, self.progress.invoice) {
            let ordinal = plan.ordinal | CORRECTION;
            let key = EffectKey::new(&plan.transfer, Effect::Amendment, ordinal, &plan.agreement);
            assert_ne!(key, step.key, "an ordinal of a plan has the bit of corrections");
            let written = self.write_draft(&key, document).await;
            written.map_err(|failure| self.stop_of(Side::Accounting, failure))?;
            self.progress.corrected = true;
            if let Some(reason) = self.progress.held.clone() {
                return Ok(Left::End(self.end_held(carrying, reason)));
            }
            verdict = self.verdict(plan);
        }
        if let (Verdict::Differs(_), true, None) = (&verdict, self.progress.reopened, self.progress.invoice) {
            // A person asked for it again: the draft is brought to what the order says now.
            let written = self.write_draft(&step.key, &step.document).await;
            written.map_err(|failure| self.stop_of(Side::Accounting, failure))?;
            if let Some(reason) = self.progress.held.clone() {
                return Ok(Left::End(self.end_held(carrying, reason)));
            }
            verdict = self.verdict(plan);
        }
        match verdict {
            Verdict::Agrees => {}
            Verdict::Accepted(reason) => self.notes.warnings.push(reason),
            Verdict::Amend(_) => {
                let reason = Reason::new("totals-differ-after-write").with("expected", plan.expected.gross);
                return Ok(Left::End(self.end_held(carrying, reason)));
            }
            Verdict::Differs(reason) => return Ok(Left::End(self.end_held(carrying, reason))),
        }
        self.progress.compared = true;
        Ok(Left::Next)
    }

    /// What the totals that were answered mean.
    pub(crate) fn verdict(&mut self, plan: &Plan) -> Verdict {
        match &self.progress.totals {
            Some(totals) => {
                self.notes.judged.push(*totals);
                judge(plan, totals)
            }
            None => Verdict::Differs(Reason::new("totals-differ-after-write")),
        }
    }

    async fn book(&mut self, carrying: &mut Carrying<'_>, index: u32, step: &BookStep) -> Result<Left, Stop> {
        if self.progress.invoice.is_some() {
            return Ok(Left::Next);
        }
        if !self.progress.compared {
            let reason =
                Reason::new("totals-differ-after-write").with("expected", carrying.plan.expected.gross);
            return Ok(Left::End(self.end_held(carrying, reason)));
        }
        if carrying.uncertain {
            // The draft may be gone because a person deleted it, or because it was booked and is not seen yet.
            let found = self.look_for(carrying.plan).await?;
            match found {
                Some(found) if found.kind.is_booked() => {
                    self.note_found(&found);
                    self.tell_of(&Thing::Booking(step)).await;
                    return Ok(self.check_booked(carrying));
                }
                Some(_) => self.nothing_found(index).await?,
                None => {
                    self.nothing_found(index).await?;
                    return Ok(Left::End(self.end_removed(carrying)));
                }
            }
            carrying.uncertain = false;
        }
        let before = self.progress.totals;
        self.progress.step = index;
        self.advance().await?;
        self.time_left()?;
        match self.ensure(carrying, index, &Thing::Booking(step), false).await {
            Err(Stop::Park(reason)) => {
                let reason = Reason { code: "booking-refused".to_owned(), facts: reason.facts };
                return Err(Stop::Park(reason));
            }
            done => done?,
        }
        if let Some(reason) = self.progress.held.clone() {
            return Ok(Left::End(self.end_held(carrying, reason)));
        }
        if before.is_some_and(|before| self.progress.totals.is_some_and(|now| now.gross != before.gross)) {
            return Ok(self.check_booked(carrying));
        }
        Ok(Left::Next)
    }

    /// Compares a booked invoice with the order: it cannot be undone, only told.
    fn check_booked(&mut self, carrying: &Carrying<'_>) -> Left {
        match self.verdict(carrying.plan) {
            Verdict::Agrees => Left::Next,
            Verdict::Accepted(reason) => {
                self.notes.warnings.push(reason);
                Left::Next
            }
            Verdict::Amend(_) | Verdict::Differs(_) => {
                let mut reason =
                    Reason::new("booked-otherwise").with("expected", carrying.plan.expected.gross);
                if let Some(totals) = &self.progress.totals {
                    reason = reason.with("booked", totals.gross);
                }
                Left::End(self.end_held(carrying, reason))
            }
        }
    }

    /// Closes the sales order whose place the invoice took. Closing it again is the same, so nothing needs to be looked up.
    async fn close_order(&mut self, step: &CloseOrderStep) -> Result<Left, Stop> {
        let port = self.route.accounting.port;
        let message = match port.close_order(&self.accounting(), &step.key, &step.order).await {
            Ok(OrderClosing::Closed) => return Ok(Left::Next),
            Ok(OrderClosing::Left(message)) | Err(Failure::Rejected { message, .. }) => message,
            Err(failure) => return Err(self.stop_of(Side::Accounting, failure)),
        };
        // The invoice stands; only the order is the merchant's to close.
        let reason = Reason::new("sales-order-not-closed").with("number", step.order.number);
        self.progress.held.get_or_insert(reason.with("message", message));
        Ok(Left::Next)
    }

    async fn register_payment(
        &mut self,
        carrying: &mut Carrying<'_>,
        index: u32,
        step: &PaymentStep,
    ) -> Result<Left, Stop> {
        self.progress.step = index;
        self.advance().await?;
        self.pointers.push(Pointer { kind: PointerKind::Payment, value: step.key.as_str().to_owned() });
        // Money that went back is keyed by its refund, whichever credit note it comes with: an earlier one may have brought it.
        let look_first = carrying.look_first || step.amount.is_negative();
        match self.ensure(carrying, index, &Thing::Payment(step), look_first).await {
            Err(Stop::Park(reason)) => {
                // The invoice stands; only the payment is the merchant's to settle.
                let otherwise = reason.fact("code") == OTHERWISE;
                let code = if otherwise { "payment-differs" } else { "payment-refused" };
                self.progress.held = Some(Reason { code: code.to_owned(), facts: reason.facts });
                Ok(Left::Next)
            }
            done => {
                done?;
                Ok(Left::Next)
            }
        }
    }

    async fn write_back(&mut self, step: &WriteBackStep) -> Result<Left, Stop> {
        let Some((_, number)) = self.standing() else { return Ok(Left::Next) };
        let port = self.route.shop.port;
        let entity = &self.head.transfer.entity;
        match port.write_back(&self.shop(), entity, step, &number.to_string()).await {
            Ok(()) => Ok(Left::Next),
            Err(Failure::Rejected { message, .. }) => {
                self.notes.warnings.push(Reason::new("number-not-written-back").with("message", message));
                Ok(Left::Next)
            }
            Err(failure) => Err(self.stop_of(Side::Shop, failure)),
        }
    }

    /// All steps are done.
    fn end_done(&mut self, carrying: &Carrying<'_>) -> Ending {
        self.plan_open = false;
        self.remember_plan(carrying.plan);
        let applied = Some(carrying.applied.clone());
        match &self.progress.held {
            Some(held) => {
                Ending::settled(Status::Held { code: held.code.clone() }, held.facts.clone(), applied)
            }
            None => Ending::settled(Status::Done, Vec::new(), applied),
        }
    }

    /// The document stands, but may not go on: the merchant must look at it.
    fn end_held(&mut self, carrying: &Carrying<'_>, reason: Reason) -> Ending {
        self.progress.held = Some(reason.clone());
        self.notes.reason = Some(reason);
        self.end_done(carrying)
    }

    fn end_held_without_document(&mut self, carrying: &Carrying<'_>, reason: Reason) -> Ending {
        self.plan_open = false;
        self.notes.reason = Some(reason.clone());
        let applied = Some(carrying.applied.clone());
        Ending::settled(Status::Held { code: reason.code }, reason.facts, applied)
    }

    /// A person removed the draft: that is respected.
    fn end_removed(&mut self, carrying: &Carrying<'_>) -> Ending {
        self.plan_open = false;
        self.remember(carrying.plan.ordinal, false);
        let reason = Reason::new("document-removed").with("order", &carrying.plan.order_number);
        self.notes.reason = Some(reason.clone());
        let applied = Some(carrying.applied.clone());
        Ending::settled(Status::Skipped { code: reason.code }, reason.facts, applied)
    }

    /// A plan that was to make a document beside the one that stands, or in its place, and made none leaves that one standing, as
    /// its own plan says: without its number it would be taken for one that a person removed, and what the order asks for would
    /// never follow. True for such a plan.
    fn keep_what_stood(&mut self, plan: &Plan) -> bool {
        let replaced = plan.document_step().and_then(|step| step.supersedes.as_ref());
        let Some(stood) = self.documents.last().filter(|_| self.standing().is_none()) else { return false };
        if plan.adjustment.is_none() && replaced.is_none_or(|order| order.number != stood.number) {
            return false;
        }
        let (kind, number, totals) = (stood.kind, stood.number, stood.totals);
        let place = if kind.is_booked() { &mut self.progress.invoice } else { &mut self.progress.draft };
        *place = Some(number);
        self.progress.kind = Some(kind);
        self.progress.totals = Some(totals);
        true
    }

    /// The target refused a step for good. Nothing is in doubt, so the next try plans anew.
    fn end_parked(&mut self, carrying: &Carrying<'_>, reason: Reason) -> Ending {
        self.plan_open = false;
        let stood = self.keep_what_stood(carrying.plan);
        // A draft that was not brought to this plan stands as the plan before it says, and is still to be brought to the order.
        let done = self.progress.step as usize;
        let mut left = carrying.plan.steps.iter().skip(done);
        if !stood && !left.any(|step| matches!(step, Step::UpdateDraft(_))) {
            self.remember_plan(carrying.plan);
        }
        self.notes.reason = Some(reason.clone());
        let applied = Some(carrying.applied.clone());
        Ending::settled(Status::Parked { code: reason.code }, reason.facts, applied)
    }
}
