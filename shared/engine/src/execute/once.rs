//! What is made once under its key: looked up where it may exist, made where it does not, and adopted where it is found.
//!
//! A write whose fate is unknown is followed by a look at once, and made again only after two looks that found nothing, apart by the time
//! a late request may still need to arrive and to be seen.

use connectors::ports::FoundDocument;
use domain::plan::{BookStep, DocumentStep, NewCustomer, PaymentStep, ProductStep, Reason};
use domain::planning::made_by_another;
use domain::{EffectKey, Failure, Plan};

use super::Carrying;
use crate::session::{Session, Side, Stop};
use crate::store::Doubt;

/// Code of a refusal that says: it was made, and answered otherwise than asked for.
pub(super) const OTHERWISE: &str = "integrity";

/// Something that is made once under its key, and can be looked up.
pub(crate) enum Thing<'p> {
    Customer(&'p EffectKey, &'p NewCustomer),
    Product(&'p ProductStep),
    Document(&'p DocumentStep),
    Booking(&'p BookStep),
    Payment(&'p PaymentStep),
}

impl Session<'_> {
    /// Makes a thing once: looks first where it may exist, and after every write whose fate is unknown.
    pub(super) async fn ensure(
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
                if let Some(reason) = self.number_taken(carrying.plan, thing).await? {
                    return Err(Stop::Park(reason));
                }
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
    pub(super) async fn nothing_found(&mut self, index: u32) -> Result<(), Stop> {
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
    pub(super) async fn look(&mut self, plan: &Plan, thing: &Thing<'_>) -> Result<bool, Stop> {
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

    /// Why a customer was refused, where the number that it was to be made under was free when the plan was made and is somebody
    /// else's by now.
    async fn number_taken(&self, plan: &Plan, thing: &Thing<'_>) -> Result<Option<Reason>, Stop> {
        let Thing::Customer(_, customer) = thing else { return Ok(None) };
        let (field, value) = &customer.identified_by;
        if field != "number" || customer.number.is_none() {
            return Ok(None);
        }
        let found = self.route.accounting.port.customers(&self.accounting(), field, value).await;
        let found = found.map_err(|failure| self.stop_of_look(failure))?;
        let taken = found.iter().any(|known| made_by_another(customer, known));
        let reason = || Reason::new("customer-number-taken").with("number", value);
        Ok(taken.then(|| reason().with("order", &plan.order_number)))
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
}
