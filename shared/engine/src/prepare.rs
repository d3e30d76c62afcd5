//! From the source as it is now to a decision: fetch, look at what stands already, read the target, plan, store the plan.
//!
//! What can be decided from the order alone is decided before the target is read: an order whose state is not chosen, or
//! whose content stands already, costs one read of the shop and nothing else, unless a document of it stands unbooked and may have been
//! booked or deleted by a person since.

use std::collections::BTreeMap;
use std::sync::Arc;

use connectors::ports::{Fetched, FoundDocument};
use domain::catalogue::{MasterData, Product};
use domain::document::DocumentKind;
use domain::plan::{CustomerAction, Reason, Step, SupersededOrder};
use domain::planning::{
    Earlier, Forgotten, PlanInput, StandingDocument, Verdict, adjustment_needs, content_hash,
    invoice_reference, more_follows, needs, next_edit_reference, plan, sales_order_reference,
};
use domain::{Catalogue, Decision, EffectKey, Order, Plan, VatNumberAnswer};
use jiff::SignedDuration;

use crate::held::waits_for_a_document;
use crate::log::{PlanningRecord, RowKind, Why};
use crate::payouts::{numbers, paid_by};
use crate::session::{Ending, Session, Side, Stop};
use crate::store::{
    Applied, Doubt, LEDGER_SCHEMA, OrderFacts, PlanStoring, Progress, Status, StoreFailure, StoredPlan,
};

/// The step number under which a doubt about a standing document is kept: no plan has so many.
const STANDING: u32 = u32::MAX;
/// Payments of one order whose references lead to it. More is no order that people pay.
const MOST_REFERENCES: usize = 20;
/// Longest reference of a payment that leads to its order, in bytes.
const LONGEST_REFERENCE: usize = 200;

/// Code of the reason for a document that a person removed; it is a skip even though a document stood once.
const REMOVED: &str = "document-removed";

/// The document of the last plan as it stands now.
struct Standing {
    document: StandingDocument,
    found: Option<FoundDocument>,
    edited: bool,
}

/// New products of one order, at most. Each is locked in the transaction that stores the plan, which has room for a hundred writes: the
/// head, the row, the buyer's lock and earlier rows that the head has outgrown are among them.
const MOST_NEW_PRODUCTS: usize = 80;

impl Session<'_> {
    /// Reads the source and brings the target to it.
    pub(crate) async fn renew(&mut self) -> Result<Ending, Stop> {
        let (order, raw) = match self.fetch().await? {
            Fetched::Found { value, raw } => (value, raw),
            Fetched::Gone => return self.gone().await,
            Fetched::Hidden { reason, older_than_days } if self.may_be_older(older_than_days) => {
                return Ok(self.hidden(reason));
            }
            Fetched::Hidden { .. } => return self.gone().await,
        };
        if let Some(ending) = self.behind(&order) {
            return Ok(ending);
        }
        self.note_order(&order, raw);
        let earlier = self.earlier_plan().await?;
        let master = self.master_data().await?;
        let bare = Catalogue {
            master: (*master).clone(),
            products: BTreeMap::new(),
            customers: Vec::new(),
            vat_number: None,
        };
        if let Some(ending) = self.still_held(&order, earlier.as_ref()) {
            return Ok(ending);
        }
        if let Some(ending) = self.look_again(&order, earlier.as_ref()).await? {
            return Ok(ending);
        }
        let forgotten = self.forgotten(&order, earlier.as_ref()).await?;
        let asked = self.is_asked();
        let recorded = self.standing().map(|(kind, number)| StandingDocument { kind, number });
        let known = self.earlier(earlier.as_ref(), recorded, asked);
        let mut decision = self.decide(&order, &bare, "", known, forgotten.as_ref());
        if let Decision::Skip(reason) = &decision
            && !self.may_stand_otherwise(reason, recorded, asked)
        {
            return Ok(self.skipped(reason.clone(), &order));
        }
        let standing = match &earlier {
            Some(plan) => self.standing_now(plan).await?,
            None => None,
        };
        let document = standing.as_ref().map(|standing| standing.document);
        let before = self.earlier(earlier.as_ref(), document, asked);
        if document != recorded {
            decision = self.decide(&order, &bare, "", before, forgotten.as_ref());
        }
        if let Decision::Skip(reason) = decision {
            return Ok(self.skipped(reason, &order));
        }
        let catalogue = match decision {
            // What only registers payments needs nothing more of the target.
            Decision::Transfer(plan) if plan.done > 0 => bare,
            _ => self.catalogue(&order, before, master).await?,
        };
        let hash = catalogue.hash();
        let decision = self.decide(&order, &catalogue, &hash, before, forgotten.as_ref());
        let decision = self.unless_forgotten(decision, &order, before).await?;
        self.note_planning(before, forgotten);
        self.notes.catalogue_hash = Some(hash);
        self.notes.catalogue = Some(catalogue);
        match decision {
            Decision::Skip(reason) => Ok(self.skipped(reason, &order)),
            Decision::Hold(reason) => Ok(self.held(reason, &order)),
            Decision::Transfer(plan) => {
                let ending = self.carry(&plan, &order, standing).await?;
                Ok(self.with_what_follows(ending, &order, &plan))
            }
        }
    }

    /// The books have a document of this order that the ledger does not know, such as a draft that a person booked.
    fn is_asked_by_the_books(&self) -> bool {
        self.work.message.why == Why::Books && self.progress.invoice.is_none()
    }

    /// The last plan beside what stands of it.
    pub(crate) fn earlier<'p>(
        &self,
        plan: Option<&'p Plan>,
        document: Option<StandingDocument>,
        asked: bool,
    ) -> Option<Earlier<'p>> {
        plan.map(|plan| Earlier {
            plan,
            document,
            adopted: self.is_adopted(),
            customer: self.progress.customer,
            asked,
        })
    }

    /// True when a person asked for this look, or for the one that found the document gone and waited to look once more; and when the
    /// document was to be deleted, so that its going says nothing about the order.
    pub(crate) fn is_asked(&self) -> bool {
        self.is_replay()
            || self.progress.doubt.as_ref().is_some_and(|doubt| doubt.asked)
            || self.progress.removed_as_told
            || waits_for_a_document(&self.head.status)
    }

    /// True when the books must be asked before a skip is believed. A document that was left for a person may have been booked or
    /// deleted since, of which no shop tells: what became of the order then asks for something else. Where nothing became of it,
    /// the books are asked only when a person wants to know, or when the night found a document of it there.
    fn may_stand_otherwise(&self, skip: &Reason, recorded: Option<StandingDocument>, asked: bool) -> bool {
        let unbooked = recorded.is_some_and(|document| !document.kind.is_booked());
        let in_doubt = self.progress.doubt.as_ref().is_some_and(|doubt| doubt.step == STANDING);
        unbooked && (asked || in_doubt || self.is_asked_by_the_books() || skip.code != "nothing-changed")
    }

    /// One plan is one document. Where the order asks for another after it (a refund beside an edit, two refunds in one update), the
    /// transfer comes up again at once: each document is concluded, and so recorded, before the next is planned.
    fn with_what_follows(&self, ending: Ending, order: &Order, plan: &Plan) -> Ending {
        let booked = self.standing().is_some_and(|(kind, _)| kind.is_booked());
        let follows =
            (booked || plan.adjustment.is_some()) && more_follows(order, &self.route.settings, plan);
        if ending.status != Status::Done || ending.due_at.is_some() || !follows {
            return ending;
        }
        Ending { due_at: Some(self.engine.now()), ..ending }
    }

    /// A document that the merchant must look at is not written again because the shop tells of the same order once more.
    fn still_held(&mut self, order: &Order, earlier: Option<&Plan>) -> Option<Ending> {
        let plan = earlier?;
        self.progress.held.as_ref()?;
        let same = plan.content_hash == content_hash(order)
            && plan.settings_version == self.route.settings_version
            && !order.cancelled;
        if self.is_replay() || self.is_asked_by_the_books() || !same {
            return None;
        }
        let number = self.standing().map(|(_, number)| number)?;
        Some(self.skipped(Reason::new("nothing-changed").with("number", number), order))
    }

    /// Before anything follows a booked document that is not as its plan says, it is looked at again: an answer that was spoiled on
    /// its way is no difference. What really differs stays the merchant's, and no document is made on top of it: it would be
    /// reckoned from what does not stand.
    async fn look_again(&mut self, order: &Order, earlier: Option<&Plan>) -> Result<Option<Ending>, Stop> {
        let (Some(plan), Some(held)) = (earlier, self.progress.held.clone()) else { return Ok(None) };
        // These say nothing of the document itself.
        let beside = ["payment-refused", "payment-differs", "sales-order-not-closed"];
        let differs = !beside.contains(&held.code.as_str());
        let Some(number) = self.progress.invoice.filter(|_| differs) else { return Ok(None) };
        let unchanged = || Reason::new("nothing-changed").with("number", number);
        let found = self.look_for(plan).await?.filter(|found| found.kind.is_booked());
        let Some(found) = found else {
            self.second_look().await?;
            return Ok(Some(self.skipped(unchanged(), order)));
        };
        self.progress.doubt = None;
        self.progress.held = None;
        self.note_found(&found);
        let agrees = matches!(self.verdict(plan), Verdict::Agrees | Verdict::Accepted(_));
        let totals = found.totals;
        self.documents
            .iter_mut()
            .filter(|record| record.ordinal == plan.ordinal)
            .for_each(|record| record.totals = totals);
        if agrees && self.progress.held.is_none() {
            // Recorded before anything is planned on it.
            let ending = self.skipped(unchanged(), order);
            return Ok(Some(Ending { due_at: Some(self.engine.now()), ..ending }));
        }
        self.progress.held.get_or_insert(held);
        Ok(Some(self.skipped(unchanged(), order)))
    }

    pub(crate) async fn fetch(&mut self) -> Result<Fetched<Order>, Stop> {
        // Taken before the call: a change made while it was under way may or may not be in the answer.
        self.read_at = Some(self.engine.now());
        let shop = &self.route.shop;
        let entity = &self.head.transfer.entity;
        match shop.port.fetch_order(&self.shop(), entity, &shop.rules).await {
            Ok(Fetched::Found { value, .. }) if value.id != *entity => {
                let reason = Reason::new("shop-answered-another-order").with("found", value.id);
                Err(Stop::Park(reason.with("asked", entity)))
            }
            Ok(fetched) => Ok(fetched),
            Err(failure) => Err(self.stop_of(Side::Shop, failure)),
        }
    }

    /// True unless the ledger knows the order as a younger one. A day is let go at each end: days are local. What was made says nothing of
    /// when the order was placed.
    fn may_be_older(&self, days: u32) -> bool {
        if !self.head.documents.is_empty() {
            return true;
        }
        let until = i64::from(days.saturating_sub(2)) * 24;
        let today = self.route.time_zone.to_datetime(self.engine.now()).date();
        self.head.day.is_none_or(|day| today.duration_since(day) > SignedDuration::from_hours(until))
    }

    /// The shop does not show the order, which may be there all the same: nothing is concluded from that, and nothing is lost. One that
    /// was never read is older than what the ledger knows of the shop, and is passed over.
    fn hidden(&mut self, reason: Reason) -> Ending {
        let known = !self.head.documents.is_empty() || self.head.day.is_some();
        let reason = reason.with("order", &self.head.order_number);
        self.notes.reason = Some(reason.clone());
        let earlier = self.head.applied.clone().unwrap_or_default();
        let applied = Some(Applied { body_hash: self.kept_hash(), decision: reason.code.clone(), ..earlier });
        let Reason { code, facts } = reason;
        let status = if known { Status::Held { code } } else { Status::Skipped { code } };
        Ending::settled(status, facts, applied)
    }

    /// The order is gone in the shop: what stands in the books stays there. That is the merchant's to look at, unless all of it
    /// was credited before.
    async fn gone(&mut self) -> Result<Ending, Stop> {
        let reason = Reason::new("order-deleted").with("order", &self.head.order_number);
        let credited = match self.standing() {
            Some(_) => self.earlier_plan().await?.is_some_and(|plan| plan.leaves_nothing()),
            None => false,
        };
        self.notes.reason = Some(reason.clone());
        let earlier = self.head.applied.clone().unwrap_or_default();
        let applied = Some(Applied { body_hash: self.kept_hash(), decision: reason.code.clone(), ..earlier });
        let status = match self.standing() {
            Some(_) if credited => Status::Done,
            Some(_) => Status::Held { code: "order-deleted-after-transfer".to_owned() },
            None => Status::Skipped { code: reason.code },
        };
        Ok(Ending::settled(status, reason.facts, applied))
    }

    /// The shop answered with an older state than the one that stands: a lagging copy. An older event never changes newer
    /// state; it is read again a little later, some times.
    fn behind(&mut self, order: &Order) -> Option<Ending> {
        let newest = self.head.applied.as_ref().and_then(|applied| applied.modified_at)?;
        if order.modified_at >= newest {
            return None;
        }
        self.notes.reason =
            Some(Reason::new("source-behind").with("read", order.modified_at).with("known", newest));
        let again = self.head.attempts < self.engine.limits.attempts;
        let now = self.engine.now();
        let due_at = self.engine.limits.again_at(&self.head.transfer, self.head.attempts, now, None);
        Some(Ending {
            status: match &self.head.status {
                Status::Working => Status::Waiting { code: "source-behind".to_owned() },
                status => status.clone(),
            },
            facts: self.head.facts.clone(),
            applied: None,
            due_at: again.then_some(due_at),
            attempts: if again { self.head.attempts } else { 0 },
            waits: self.head.waits,
        })
    }

    fn note_order(&mut self, order: &Order, raw: String) {
        self.note_person(order);
        self.notes.order = Some(raw);
        // Once a document stands, the order belongs to the document's day.
        let stands = self.head.day.filter(|_| self.standing().is_some());
        let day = stands.unwrap_or_else(|| self.route.time_zone.to_datetime(order.created_at).date());
        self.order = Some(OrderFacts { number: order.number.clone(), total: order.total, day });
        if self.route.payouts {
            // A gift card's number is the shop's own, and no acquirer pays it out.
            let paid = order.payments.iter().filter(|payment| !payment.gift_card);
            let references = paid.map(|payment| payment.transaction.trim());
            let sound = |text: &&str| (1..=LONGEST_REFERENCE).contains(&text.len());
            self.payments = references.filter(sound).take(MOST_REFERENCES).map(str::to_owned).collect();
            self.paid_by = Some(paid_by(order));
            let rules = self.route.order_numbers.iter();
            self.numbers = rules.filter_map(|rules| numbers::key_of(&order.number, rules)).collect();
        }
    }

    /// The hash of the newest bytes that are known to be reflected: a claim without bytes (due, sweep) keeps the last.
    pub(crate) fn kept_hash(&self) -> String {
        let own = self.body_hash();
        if own.is_empty() {
            self.head.applied.as_ref().map(|applied| applied.body_hash.clone()).unwrap_or_default()
        } else {
            own
        }
    }

    fn applied(&self, order: &Order, decision: &str) -> Applied {
        Applied {
            body_hash: self.kept_hash(),
            modified_at: Some(order.modified_at),
            read_at: self.read_at,
            decision: decision.to_owned(),
        }
    }

    /// Nothing is to be done now. What stands keeps its status: Done is never left because nothing changed.
    fn skipped(&mut self, reason: Reason, order: &Order) -> Ending {
        self.notes.reason = Some(reason.clone());
        let applied = Some(self.applied(order, &reason.code));
        let complaint = self.progress.held.clone();
        match (self.standing(), complaint) {
            (Some(_), Some(held)) => Ending::settled(Status::Held { code: held.code }, held.facts, applied),
            (Some(_), None) if reason.code != REMOVED => Ending::settled(Status::Done, Vec::new(), applied),
            _ => Ending::settled(Status::Skipped { code: reason.code }, reason.facts, applied),
        }
    }

    fn held(&mut self, reason: Reason, order: &Order) -> Ending {
        self.notes.reason = Some(reason.clone());
        let applied = Some(self.applied(order, &reason.code));
        Ending::settled(Status::Held { code: reason.code }, reason.facts, applied)
    }

    /// The last plan that made or changed a document, if any.
    async fn earlier_plan(&mut self) -> Result<Option<Plan>, Stop> {
        let Some(record) = self.documents.last() else { return Ok(None) };
        self.load_plan(record.ordinal).await.map(Some)
    }

    /// Reads a stored plan and checks that it is what was stored.
    pub(crate) async fn load_plan(&mut self, ordinal: u32) -> Result<Plan, Stop> {
        let stored = self.load_stored(ordinal).await?;
        let plan: Result<Plan, _> = serde_json::from_str(&stored.json);
        match plan {
            Ok(plan) if plan.schema == domain::plan::PLAN_SCHEMA && plan.hash() == stored.hash => Ok(plan),
            _ => Err(Stop::Park(Reason::new("stored-plan-unreadable").with("ordinal", ordinal))),
        }
    }

    pub(crate) async fn load_stored(&mut self, ordinal: u32) -> Result<StoredPlan, Stop> {
        let mut last = String::new();
        for _ in 0..self.engine.limits.store_tries {
            match self.engine.store.load_plan(&self.head.transfer, ordinal).await {
                Ok(Some(stored)) => return Ok(stored),
                Ok(None) => {
                    return Err(Stop::Park(Reason::new("stored-plan-missing").with("ordinal", ordinal)));
                }
                Err(failure) => last = failure.to_string(),
            }
        }
        Err(Stop::Ledger(last))
    }

    /// What stands in the target of the last plan, as it is now. A booked invoice stays; a draft may have been edited,
    /// booked or deleted by a person.
    async fn standing_now(&mut self, plan: &Plan) -> Result<Option<Standing>, Stop> {
        if let (Some(number), Some((kind, _))) = (self.progress.invoice, self.standing()) {
            let document = StandingDocument { kind, number };
            return Ok(Some(Standing { document, found: None, edited: false }));
        }
        let Some(found) = self.look_for(plan).await? else {
            if let Some(standing) = self.replaced_before_the_restore(plan).await? {
                return Ok(Some(standing));
            }
            let told = self.is_asked();
            self.second_look().await?;
            self.progress = Progress {
                draft: None,
                kind: None,
                totals: None,
                removed_as_told: told,
                ..std::mem::take(&mut self.progress)
            };
            return Ok(None);
        };
        self.progress.doubt = None;
        let edited = !found.kind.is_booked()
            && (found.reference != plan.reference
                || self.progress.totals.is_some_and(|totals| totals != found.totals)
                || self.progress.customer.is_some_and(|customer| customer != found.customer));
        let document = StandingDocument { kind: found.kind, number: found.number };
        if found.kind.is_booked() {
            self.note_found(&found);
            self.remember(plan.ordinal, true);
        }
        Ok(Some(Standing { document, found: Some(found), edited }))
    }

    /// After a restore the ledger may know of a sales order only, whose place an invoice has taken since: the order was closed,
    /// not removed by a person. The same plan is then made again, and finds its invoice.
    async fn replaced_before_the_restore(&mut self, plan: &Plan) -> Result<Option<Standing>, Stop> {
        let Some((DocumentKind::Order, number)) = self.standing() else { return Ok(None) };
        if self.route.epoch.is_none() {
            return Ok(None);
        }
        let found =
            self.find(&invoice_reference(&plan.transfer, &plan.order_number, &plan.agreement)).await?;
        let document = StandingDocument { kind: DocumentKind::Order, number };
        Ok((!found.is_empty()).then_some(Standing { document, found: None, edited: false }))
    }

    /// After a restore the ledger may have forgotten an order that was transferred: what was made of it first stands under the one
    /// key that each of its sales order and its invoice has.
    async fn forgotten(&mut self, order: &Order, earlier: Option<&Plan>) -> Result<Option<Forgotten>, Stop> {
        let is_older = self.route.epoch.is_some_and(|epoch| order.created_at < epoch);
        if earlier.is_some() || !is_older {
            return Ok(None);
        }
        let (transfer, agreement) = (&self.head.transfer, &self.route.accounting.agreement);
        let sales_order = sales_order_reference(transfer, &order.number, agreement);
        let invoice = invoice_reference(transfer, &order.number, agreement);
        let orders = self.find(&sales_order).await?;
        let documents = self.find(&invoice).await?;
        let standing = orders.iter().find(|found| found.kind == DocumentKind::Order);
        let forgotten = Forgotten {
            order: standing
                .map(|found| SupersededOrder { number: found.number, reference: sales_order.clone() }),
            document: documents.first().map(|found| (found.kind, found.number)),
        };
        Ok((forgotten != Forgotten::default()).then_some(forgotten))
    }

    /// After a restore the ledger may have forgotten a document that an edit asked for. It stands under the key that the next edit
    /// has; as long as it does, nothing but that very document may be made: everything else would be reckoned without it.
    async fn unless_forgotten(
        &self,
        decision: Decision,
        order: &Order,
        earlier: Option<Earlier<'_>>,
    ) -> Result<Decision, Stop> {
        let is_older = self.route.epoch.is_some_and(|epoch| order.created_at < epoch);
        let Some(earlier) = earlier.filter(|earlier| is_older && earlier.is_invoiced()) else {
            return Ok(decision);
        };
        let reference = next_edit_reference(earlier.plan);
        if matches!(&decision, Decision::Transfer(plan) if plan.reference == reference) {
            return Ok(decision);
        }
        let found = self.find(&reference).await?;
        let hold = |found: &FoundDocument| {
            let reason = Reason::new("document-forgotten").with("number", found.number);
            Decision::Hold(reason.with("reference", &reference).with("order", &order.number))
        };
        Ok(found.first().map_or(decision, hold))
    }

    async fn find(&self, reference: &str) -> Result<Vec<FoundDocument>, Stop> {
        let found = self.route.accounting.port.find(&self.accounting(), reference).await;
        found.map_err(|failure| self.stop_of(Side::Accounting, failure))
    }

    /// A document that is not found is believed to be removed only when a second look, after the look-up lag, agrees.
    async fn second_look(&mut self) -> Result<(), Stop> {
        let now = self.engine.now();
        let (asked, settling) = (self.is_asked(), self.settling());
        match &mut self.progress.doubt {
            Some(doubt) if doubt.step == STANDING && now >= doubt.since + settling => {
                self.progress.doubt = None;
                Ok(())
            }
            Some(doubt) if doubt.step == STANDING => {
                doubt.asked = asked;
                let left = (doubt.since + settling).duration_since(now);
                Err(Stop::wait("look-up-lag", Some(left)))
            }
            _ => {
                self.progress.doubt =
                    Some(Doubt { step: STANDING, negative_looks: 1, since: now, otherwise: false, asked });
                Err(Stop::wait("look-up-lag", Some(settling)))
            }
        }
    }

    /// The accounting system's slowly changing data, kept or read.
    pub(crate) async fn master_data(&mut self) -> Result<Arc<MasterData>, Stop> {
        if let Some(master) = self.engine.connections.kept_master_data(&self.route) {
            return Ok(master);
        }
        let read = self.route.accounting.port.master_data(&self.accounting()).await;
        let master = Arc::new(read.map_err(|failure| self.stop_of(Side::Accounting, failure))?);
        self.engine.connections.keep_master_data(&self.route, Arc::clone(&master));
        Ok(master)
    }

    /// The snapshot that this order is planned with.
    async fn catalogue(
        &mut self,
        order: &Order,
        before: Option<Earlier<'_>>,
        master: Arc<MasterData>,
    ) -> Result<Catalogue, Stop> {
        let port = self.route.accounting.port;
        let asked = match before.filter(Earlier::is_invoiced) {
            Some(before) => adjustment_needs(order, &self.route.settings, before.plan),
            None => needs(order, &self.route.settings),
        };
        let products: Vec<Product> = if asked.products.is_empty() {
            Vec::new()
        } else {
            let read = port.products(&self.accounting(), &asked.products).await;
            read.map_err(|failure| self.stop_of(Side::Accounting, failure))?
        };
        let customers = match &asked.customer {
            Some(lookup) => {
                let read = port.customers(&self.accounting(), &lookup.field, &lookup.value).await;
                let found = read.map_err(|failure| self.stop_of(Side::Accounting, failure))?;
                self.end_doubt_of_buyer();
                if found.is_empty() {
                    self.buyer_not_found(lookup, before).await?;
                }
                found
            }
            None => Vec::new(),
        };
        let vat_number = match &asked.vat_number {
            Some(number) => self.ask_register(number).await,
            None => None,
        };
        Ok(Catalogue {
            master: Arc::unwrap_or_clone(master),
            products: products.into_iter().map(|product| (product.number.clone(), product)).collect(),
            customers,
            vat_number,
        })
    }

    /// What the register of VAT numbers answers about a number, with the time. One that cannot answer keeps no sale back: the form
    /// of the number was looked at, and the log says that nobody answered.
    async fn ask_register(&mut self, number: &str) -> Option<VatNumberAnswer> {
        let register = self.route.vat_register.clone()?;
        let transport = self.transport(&*register.transport, register.port.manifest());
        match register.port.ask(&transport, number).await {
            Ok(answer) => Some(VatNumberAnswer {
                number: number.to_owned(),
                registered: answer.registered,
                name: answer.name,
                answered_at: self.engine.now(),
                consultation: answer.consultation,
            }),
            Err(failure) => {
                let reason = Reason::new("vat-number-not-answered").with("vat-number", number);
                self.notes.unanswered = Some(reason.with("message", failure));
                None
            }
        }
    }

    pub(crate) fn decide(
        &self,
        order: &Order,
        catalogue: &Catalogue,
        catalogue_hash: &str,
        earlier: Option<Earlier<'_>>,
        forgotten: Option<&Forgotten>,
    ) -> Decision {
        plan(&PlanInput {
            transfer: &self.head.transfer,
            shop: &self.route.shop.connection,
            agreement: &self.route.accounting.agreement,
            order,
            settings: &self.route.settings,
            settings_version: self.route.settings_version,
            catalogue,
            catalogue_hash,
            time_zone: &self.route.time_zone,
            today: self.today(),
            earlier,
            forgotten,
        })
    }

    /// True when the document that stands was made or booked by somebody else.
    fn is_adopted(&self) -> bool {
        self.documents.last().is_some_and(|document| document.adopted)
    }

    pub(crate) fn today(&self) -> jiff::civil::Date {
        self.route.time_zone.to_datetime(self.engine.now()).date()
    }

    pub(crate) fn note_planning(&mut self, earlier: Option<Earlier<'_>>, forgotten: Option<Forgotten>) {
        self.notes.planning = Some(PlanningRecord {
            transfer: self.head.transfer.clone(),
            shop: self.route.shop.connection.clone(),
            shop_system: self.route.shop.port.manifest().system.to_owned(),
            accounting_system: self.route.accounting.port.manifest().system.to_owned(),
            agreement: self.route.accounting.agreement.clone(),
            settings: self.route.settings.clone(),
            rules: self.route.shop.rules.clone(),
            time_zone: self.route.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            today: self.today(),
            earlier: earlier.map(|earlier| earlier.plan.ordinal),
            standing: earlier
                .and_then(|earlier| earlier.document)
                .map(|document| (document.kind, document.number)),
            adopted: earlier.is_some_and(|earlier| earlier.adopted),
            customer: earlier.and_then(|earlier| earlier.customer),
            asked: earlier.is_some_and(|earlier| earlier.asked),
            forgotten,
        });
    }

    /// Stores the plan and carries it out.
    async fn carry(
        &mut self,
        plan: &Plan,
        order: &Order,
        standing: Option<Standing>,
    ) -> Result<Ending, Stop> {
        if let Some(reason) = self.objection(plan, standing.as_ref()) {
            return Ok(self.held(reason, order));
        }
        let hash = plan.hash();
        self.note_plan(plan, &hash);
        self.notes.warnings.clone_from(&plan.warnings);
        self.notes.warnings.extend(self.notes.unanswered.take());
        let applied = self.applied(order, &hash);
        self.progress = self.starting_progress(plan, standing.as_ref());
        if let Err(stop) = self.store_plan(plan, &hash, applied.clone()).await {
            self.progress = self.head.progress.clone();
            return Err(stop);
        }
        // What was counted as not registered may be in the books all the same: a payment is never made unseen.
        let look_first = plan.done > 0 || self.route.epoch.is_some_and(|epoch| order.created_at < epoch);
        self.execute(plan, applied, false, look_first).await
    }

    fn starting_progress(&self, plan: &Plan, standing: Option<&Standing>) -> Progress {
        if plan.done > 0 {
            // It goes on from what stands, a complaint that nobody has settled included.
            let step = plan.done;
            return Progress {
                step,
                told: step,
                compared: true,
                doubt: None,
                reopened: false,
                ..self.progress.clone()
            };
        }
        let updates = plan.steps.iter().any(|step| matches!(step, Step::UpdateDraft(_)));
        let standing = standing.filter(|_| updates);
        Progress {
            draft: standing.map(|standing| standing.document.number),
            kind: standing.map(|standing| standing.document.kind),
            totals: standing.and_then(|standing| standing.found.as_ref()).map(|found| found.totals),
            ..Progress::default()
        }
    }

    /// What speaks against a plan although it could be made.
    fn objection(&self, plan: &Plan, standing: Option<&Standing>) -> Option<Reason> {
        let new = plan.steps.iter().filter(|step| matches!(step, Step::CreateProduct(_))).count();
        if new > MOST_NEW_PRODUCTS {
            let reason = Reason::new("too-many-new-products").with("count", new);
            return Some(reason.with("limit", MOST_NEW_PRODUCTS));
        }
        let step = plan.document_step().filter(|_| plan.done == 0)?;
        let port = self.route.accounting.port;
        if let Err(failure) = port.check(&step.document) {
            return Some(Reason::new("document-not-possible").with("message", failure));
        }
        let standing = standing?;
        let number = standing.document.number;
        let changes = plan.steps.iter().any(|step| matches!(step, Step::UpdateDraft(_)));
        if step.supersedes.is_some() && !changes && standing.edited && !self.is_replay() {
            return Some(Reason::new("order-edited-by-person").with("number", number));
        }
        if changes && self.is_adopted() {
            return Some(Reason::new("adopted-draft-differs").with("number", number));
        }
        (changes && standing.edited && !self.is_replay())
            .then(|| Reason::new("draft-edited-by-person").with("number", number))
    }

    pub(crate) async fn store_plan(&mut self, plan: &Plan, hash: &str, applied: Applied) -> Result<(), Stop> {
        let json = serde_json::to_string(plan).map_err(|error| Stop::Ledger(error.to_string()))?;
        // A plan that is read otherwise than it was stored could never be finished.
        if !serde_json::from_str::<Plan>(&json).is_ok_and(|read| read.hash() == *hash) {
            return Err(Stop::Ledger("the plan would be read otherwise than it was made".to_owned()));
        }
        let order = self.order.clone().ok_or_else(|| Stop::Ledger("no order was read".to_owned()))?;
        "transfer".clone_into(&mut self.notes.decision);
        // An order belongs to the day of its first document, also when a credit note follows.
        let first = plan.document_step().filter(|_| plan.adjustment.is_none());
        let day = first.map_or(order.day, |step| step.document.date);
        self.order = Some(OrderFacts { day, ..order.clone() });
        let now = self.engine.now();
        let storing = PlanStoring {
            hold: self.hold(),
            plan: StoredPlan {
                schema: LEDGER_SCHEMA,
                ordinal: plan.ordinal,
                hash: hash.to_owned(),
                json,
                applied,
            },
            lease_until: self.lease_until(),
            locks: locks_of(plan),
            progress: self.progress.clone(),
            settings_version: plan.settings_version,
            order_number: order.number,
            total: order.total,
            day,
            warnings: plan.warnings.iter().map(|warning| warning.code.clone()).collect(),
            log: self.entry(RowKind::Planned, now),
            log_tail: self.head.log_tail.clone(),
        };
        let mut last = String::new();
        for _ in 0..self.engine.limits.store_tries {
            match self.engine.store.store_plan(&storing).await {
                Ok(tail) => {
                    self.head.log_tail = tail;
                    self.locks = storing.locks;
                    self.plan_open = true;
                    return Ok(());
                }
                Err(StoreFailure::Fenced) => return Err(Stop::Fenced),
                Err(StoreFailure::Locked(_)) => {
                    return Err(Stop::wait("same-customer-or-product-in-hand", None));
                }
                Err(failure) => last = failure.to_string(),
            }
        }
        Err(Stop::Ledger(last))
    }
}

/// The shared effects of a plan, each of which only one transfer may work on at a time.
fn locks_of(plan: &Plan) -> Vec<EffectKey> {
    let key = |step: &Step| match step {
        Step::EnsureCustomer(customer) if matches!(customer.action, CustomerAction::Create(_)) => {
            Some(customer.key.clone())
        }
        Step::CreateProduct(product) => Some(product.key.clone()),
        _ => None,
    };
    let mut keys: Vec<EffectKey> = plan.steps.iter().filter_map(key).collect();
    keys.sort();
    keys.dedup();
    keys
}
