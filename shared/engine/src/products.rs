//! A product of the shop, from its source as it is now to a decision: the same claim, fetch, plan, store and carrying out as an
//! order's.
//!
//! What can be decided without the target is decided before it is read: a merchant whose settings carry no products over pays
//! for no claim and no call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connectors::ports::{Difference, Fetched};
use domain::catalogue::{MasterData, ProductCatalogue};
use domain::plan::{ProductChangeStep, ProductStep, Reason, Step};
use domain::planning::{ProductInput, plan_product, product_numbers};
use domain::{Decision, EntityKind, Failure, Plan, ShopProduct, TransferId};

use crate::session::{Ending, Session, Side, Stop};
use crate::store::{Applied, OrderFacts, Pointer, PointerKind, Progress, Status};

/// Numbers of one product that are kept as its own for search, beside those that are written: a conclusion has room for so many.
const MOST_CLAIMS: usize = 20;

impl Session<'_> {
    /// Reads the product and brings the target to it.
    pub(crate) async fn renew_product(&mut self) -> Result<Ending, Stop> {
        let entries = self.fetch_product().await?;
        let earlier = self.earlier_product_plan().await?;
        let master = self.master_data().await?;
        let numbers = product_numbers(&entries, &self.route.settings, earlier.as_ref());
        let catalogue = self.product_catalogue(&numbers, master).await?;
        let hash = catalogue.hash();
        let decision = plan_product(&ProductInput {
            transfer: &self.head.transfer,
            agreement: &self.route.accounting.agreement,
            entries: &entries,
            settings: &self.route.settings,
            settings_version: self.route.settings_version,
            catalogue: &catalogue,
            catalogue_hash: &hash,
            earlier: earlier.as_ref(),
        });
        let base = catalogue.master.base_currency;
        self.note_planning(self.earlier(earlier.as_ref(), None, false), None);
        self.notes.catalogue_hash = Some(hash);
        self.notes.products = Some(catalogue);
        if !matches!(decision, Decision::Skip(_)) {
            // Also a number that was not written: while this product has it, no other may bar it or write to it.
            let own = product_numbers(&entries, &self.route.settings, None).into_iter().take(MOST_CLAIMS);
            self.pointers.extend(own.map(|value| Pointer { kind: PointerKind::ProductNumber, value }));
        }
        match decision {
            Decision::Skip(reason) => Ok(self.product_settled(reason, &entries, false)),
            Decision::Hold(reason) => {
                // What the target said when it refused is known from then.
                let before = self.progress.held.clone().filter(|held| held.code == reason.code);
                let reason = before.filter(|_| reason.code == "product-refused").unwrap_or(reason);
                Ok(self.product_settled(reason, &entries, true))
            }
            Decision::Transfer(plan) => {
                self.order = Some(OrderFacts {
                    number: plan.order_number.clone(),
                    total: base.zero(),
                    day: self.today(),
                });
                self.carry_product(*plan, &entries).await
            }
        }
    }

    /// The product's entries; none when it is gone.
    async fn fetch_product(&mut self) -> Result<Vec<ShopProduct>, Stop> {
        self.read_at = Some(self.engine.now());
        let shop = &self.route.shop;
        let entity = &self.head.transfer.entity;
        match shop.port.fetch_product(&self.shop(), entity).await {
            Ok(Fetched::Found { value, raw }) => {
                self.notes.order = Some(raw);
                Ok(value)
            }
            Ok(Fetched::Gone) => Ok(Vec::new()),
            Ok(Fetched::Hidden { reason, .. }) => Err(Stop::Park(reason)),
            Err(failure) => Err(self.stop_of(Side::Shop, failure)),
        }
    }

    /// The last plan of this product, whatever became of it: the next one's ordinal is behind it.
    async fn earlier_product_plan(&mut self) -> Result<Option<Plan>, Stop> {
        match self.head.plan.as_ref().map(|pointer| pointer.ordinal) {
            Some(ordinal) => self.load_plan(ordinal).await.map(Some),
            None => Ok(None),
        }
    }

    async fn product_catalogue(
        &mut self,
        numbers: &[String],
        master: Arc<MasterData>,
    ) -> Result<ProductCatalogue, Stop> {
        let port = self.route.accounting.port;
        let fails = |failure| self.stop_of(Side::Accounting, failure);
        let products = if numbers.is_empty() {
            Vec::new()
        } else {
            port.known_products(&self.accounting(), numbers).await.map_err(fails)?
        };
        let units = match self.route.settings.products.unit {
            Some(_) => Some(port.units(&self.accounting()).await.map_err(fails)?),
            None => None,
        };
        Ok(ProductCatalogue {
            master: Arc::unwrap_or_clone(master),
            units,
            products: products.into_iter().map(|product| (product.number.clone(), product)).collect(),
            claimed: self.claimed(numbers).await?,
        })
    }

    /// Numbers that another product of this shop was carried over under, and still has: two products must not write one.
    async fn claimed(&mut self, numbers: &[String]) -> Result<BTreeMap<String, String>, Stop> {
        let mut claimed = BTreeMap::new();
        let mut others: BTreeMap<TransferId, BTreeSet<String>> = BTreeMap::new();
        for number in numbers {
            let pointer = Pointer { kind: PointerKind::ProductNumber, value: number.clone() };
            let found = self.engine.store.find(&self.route.merchant, &pointer).await;
            for transfer in found.map_err(|failure| Stop::Ledger(failure.to_string()))? {
                let same_shop = transfer.source == self.head.transfer.source;
                if same_shop && transfer.kind == EntityKind::Product && transfer != self.head.transfer {
                    others.entry(transfer).or_default().insert(number.clone());
                }
            }
        }
        for (other, numbers) in others {
            let shop = &self.route.shop;
            let fetched = shop.port.fetch_product(&self.shop(), &other.entity).await;
            let still = match fetched.map_err(|failure| self.stop_of(Side::Shop, failure))? {
                Fetched::Found { value, .. } => product_numbers(&value, &self.route.settings, None),
                Fetched::Gone => Vec::new(),
                Fetched::Hidden { reason, .. } => return Err(Stop::Park(reason)),
            };
            let both = numbers.into_iter().filter(|number| still.contains(number));
            claimed.extend(both.map(|number| (number, other.entity.to_string())));
        }
        Ok(claimed)
    }

    fn product_applied(&self, entries: &[ShopProduct], decision: &str) -> Applied {
        Applied {
            body_hash: self.kept_hash(),
            modified_at: entries.iter().filter_map(|entry| entry.updated).max(),
            read_at: self.read_at,
            decision: decision.to_owned(),
        }
    }

    fn product_settled(&mut self, reason: Reason, entries: &[ShopProduct], held: bool) -> Ending {
        self.notes.reason = Some(reason.clone());
        let applied = Some(self.product_applied(entries, &reason.code));
        let carried = self.head.plan.is_some();
        // What an earlier plan complained of is looked at anew each time.
        self.progress.held = None;
        let status = match (held, carried) {
            (true, _) => Status::Held { code: reason.code },
            // What was carried over once and needs nothing now stands as it should.
            (false, true) => Status::Done,
            (false, false) => Status::Skipped { code: reason.code },
        };
        Ending::settled(status, reason.facts, applied)
    }

    async fn carry_product(&mut self, plan: Plan, entries: &[ShopProduct]) -> Result<Ending, Stop> {
        let hash = plan.hash();
        self.note_plan(&plan, &hash);
        self.notes.warnings.clone_from(&plan.warnings);
        let applied = self.product_applied(entries, &hash);
        // What was refused before and passed over is still to be told.
        let passed = plan.product.as_ref().is_some_and(|part| !part.passed.is_empty());
        let before = self.progress.held.take().filter(|_| passed);
        self.progress = Progress { held: first_fault(&plan).or(before), ..Progress::default() };
        if let Err(stop) = self.store_plan(&plan, &hash, applied.clone()).await {
            self.progress = self.head.progress.clone();
            return Err(stop);
        }
        let look_first = self.route.epoch.is_some();
        self.execute(&plan, applied, false, look_first).await
    }

    /// How a product's plan ends: held with what the merchant must settle, due again at once when more is left, or done.
    pub(crate) fn product_end(&mut self, plan: &Plan, applied: Applied) -> Ending {
        self.plan_open = false;
        let part = plan.product.as_ref();
        let rest = part.map(|part| part.faults.iter().skip(1).cloned().collect::<Vec<_>>());
        self.notes.warnings.extend(rest.unwrap_or_default());
        self.pointers.extend(numbers_written(plan));
        let mut ending = match self.progress.held.clone() {
            Some(held) => {
                self.notes.reason = Some(held.clone());
                Ending::settled(Status::Held { code: held.code }, held.facts, Some(applied))
            }
            None => Ending::settled(Status::Done, Vec::new(), Some(applied)),
        };
        if part.is_some_and(|part| part.more) {
            // Settled, so that locks are given free and numbers can be found; it comes up again when what was made only now can be
            // seen.
            ending.due_at = Some(self.engine.now() + self.settling());
            self.notes.warnings.push(Reason::new("product-continues"));
        }
        ending
    }

    /// Changes fields of a product. The whole is read before it is written, so doing it again is the same.
    pub(crate) async fn change_product(&mut self, step: &ProductChangeStep) -> Result<(), Stop> {
        let port = self.route.accounting.port;
        match port.change_product(&self.accounting(), step).await {
            Ok(differences) => {
                self.note_differences(&step.number, &differences);
                Ok(())
            }
            Err(Failure::Rejected { message, .. }) => {
                self.product_refused(&step.number, &message);
                Ok(())
            }
            Err(failure) => Err(self.stop_of(Side::Accounting, failure)),
        }
    }

    /// A product that the target refuses keeps none of the others back.
    pub(crate) fn product_refused(&mut self, number: &str, message: &str) {
        let reason = Reason::new("product-refused").with("products", number).with("message", message);
        self.notes.warnings.push(reason.clone());
        self.progress.held.get_or_insert(reason);
    }

    /// Notes what was answered otherwise than asked.
    pub(crate) fn note_differences(&mut self, number: &str, differences: &[Difference]) {
        for difference in differences {
            self.notes.warnings.push(
                Reason::new("product-answered-otherwise")
                    .with("products", number)
                    .with("field", &difference.field)
                    .with("expected", &difference.asked)
                    .with("answered", &difference.answered),
            );
        }
    }
}

fn first_fault(plan: &Plan) -> Option<Reason> {
    plan.product.as_ref().and_then(|part| part.faults.first()).cloned()
}

/// Search keys of the numbers that a plan wrote.
fn numbers_written(plan: &Plan) -> Vec<Pointer> {
    let number = |step: &Step| match step {
        Step::CreateProduct(ProductStep { number, .. }) => Some(number.clone()),
        Step::ChangeProduct(ProductChangeStep { number, .. }) => Some(number.clone()),
        _ => None,
    };
    let pointer = |value| Pointer { kind: PointerKind::ProductNumber, value };
    plan.steps.iter().filter_map(number).map(pointer).collect()
}
