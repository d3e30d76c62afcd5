//! Telling the shop: in as few calls as it allows, each under the fence, and none kept from its place by a bad neighbour.

use std::collections::VecDeque;

use connectors::ports::{StockAnswer, StockChange, StockTarget};
use domain::identity::Effect;
use domain::stock::{Change, Refusal};
use domain::{EffectKey, Failure};
use sha2::{Digest, Sha256};

use super::run::{Run, Stop, shop};

/// Calls between two times that what was told is stored. What is not stored yet is in doubt and is told again.
const CALLS_BETWEEN_SAVES: usize = 20;
/// How often a quantity that keeps moving is tried in one run.
const ROUNDS: u32 = 4;
/// Calls in a row that are refused as a whole before the run ends: one bad entry among many is found in fewer.
const MOST_REJECTIONS: u32 = 20;

/// Changes that go in one call.
struct Batch {
    changes: Vec<Change>,
    round: u32,
}

impl Run<'_> {
    /// Tells all of it. What is about to be told is stored as in doubt first.
    pub(super) async fn tell(&mut self, changes: Vec<Change>) -> Result<(), Stop> {
        for change in &changes {
            if let Some(cell) = self.state.cell_mut(&change.id, change.location) {
                cell.told = None;
            }
        }
        self.dirty = true;
        self.save().await?;
        let mut batches = self.batches(changes);
        let mut calls = 0;
        while let Some(batch) = batches.pop_front() {
            if self.is_late() {
                return Err(Stop::OutOfTime);
            }
            let (again, wrote) = self.tell_batch(batch).await?;
            for batch in again {
                batches.push_front(batch);
            }
            calls += usize::from(wrote);
            if calls >= CALLS_BETWEEN_SAVES && !batches.is_empty() {
                self.save().await?;
                calls = 0;
            }
        }
        Ok(())
    }

    /// As few calls as the shop's limits allow.
    fn batches(&self, mut changes: Vec<Change>) -> VecDeque<Batch> {
        let limits = self.route.shop.port.manifest().stock;
        let many = limits.map_or(1, |limits| limits.write.max(1));
        if !limits.is_some_and(|limits| limits.by_product) {
            let batch = |changes: &[Change]| Batch { changes: changes.to_vec(), round: 0 };
            return changes.chunks(many).map(batch).collect();
        }
        let family = |change: &Change| self.state.items.get(&change.id).and_then(|item| item.family.clone());
        changes.sort_by_cached_key(|change| (family(change), change.id.clone()));
        let mut batches: VecDeque<Batch> = VecDeque::new();
        let mut last = None;
        for change in changes {
            let own = family(&change);
            match batches.back_mut().filter(|batch| last == Some(own.clone()) && batch.changes.len() < many) {
                Some(batch) => batch.changes.push(change),
                None => batches.push_back(Batch { changes: vec![change], round: 0 }),
            }
            last = Some(own);
        }
        batches
    }

    fn target(&self, change: &Change) -> Option<StockTarget> {
        let item = self.state.items.get(&change.id)?;
        Some(StockTarget {
            id: change.id.clone(),
            family: item.family.clone(),
            item: item.item.clone(),
            location: self.state.locations.get(change.location)?.clone(),
        })
    }

    /// Tells one batch; returns what is to be told again, and whether a call that writes was made.
    async fn tell_batch(&mut self, batch: Batch) -> Result<(Vec<Batch>, bool), Stop> {
        let Batch { changes, round } = batch;
        let mut asked = Vec::with_capacity(changes.len());
        for change in changes {
            if let Some(target) = self.target(&change) {
                asked.push((change, target));
            }
        }
        let asked = self.look(asked).await?;
        if asked.is_empty() {
            return Ok((Vec::new(), false));
        }
        // What the shop shows was read before this: a run that is overtaken from here on names what the shop showed then,
        // and a shop that compares refuses it.
        self.stay_first().await?;
        let wanted: Vec<StockChange> = asked
            .iter()
            .map(|(change, target)| StockChange { target: target.clone(), from: change.from, to: change.to })
            .collect();
        let key = self.key(&wanted);
        let transport = self.shop_transport();
        let answers = self.route.shop.port.set_stock(&transport, &key, &wanted).await;
        let changes: Vec<Change> = asked.into_iter().map(|(change, _)| change).collect();
        match answers {
            Ok(answers) => {
                self.rejections = 0;
                Ok((self.take_answers(changes, answers, round), true))
            }
            Err(Failure::Rejected { code, message }) if self.rejections < MOST_REJECTIONS => {
                self.rejections += 1;
                Ok((self.divide(changes, code, message, round), true))
            }
            Err(failure) => Err(shop(failure)),
        }
    }

    /// Looks at what a shop that compares shows now. What it shows already is not told.
    async fn look(&mut self, asked: Vec<(Change, StockTarget)>) -> Result<Vec<(Change, StockTarget)>, Stop> {
        if !self.route.shop.port.manifest().stock.is_some_and(|limits| limits.compares) {
            return Ok(asked);
        }
        let targets: Vec<StockTarget> = asked.iter().map(|(_, target)| target.clone()).collect();
        let transport = self.shop_transport();
        let shown = self.route.shop.port.stock_now(&transport, &targets).await.map_err(shop)?;
        let mut left = Vec::new();
        for ((mut change, target), shown) in asked.into_iter().zip(shown) {
            match shown {
                None => {
                    if let Some(cell) = self.state.cell_mut(&change.id, change.location) {
                        cell.elsewhere = true;
                    }
                    self.note("stock-not-at-location", &change.id);
                }
                Some(units) if units == change.to => {
                    self.report.shown_already += 1;
                    self.settle(&change);
                }
                Some(units) => {
                    change.from = Some(units);
                    left.push((change, target));
                }
            }
        }
        Ok(left)
    }

    /// No newer run has taken over.
    pub(super) async fn stay_first(&self) -> Result<(), Stop> {
        let head = self.engine.stock.stock_head(&self.head.flow).await?;
        match head {
            Some(head) if head.fence == self.head.fence && head.claim == self.head.claim => Ok(()),
            _ => Err(Stop::Fenced),
        }
    }

    fn key(&self, wanted: &[StockChange]) -> EffectKey {
        let mut hasher = Sha256::new();
        for change in wanted {
            hasher.update(format!("{}|{}|{}\n", change.target.id, change.target.location, change.to));
        }
        let digest = data_encoding::HEXLOWER.encode(&hasher.finalize()[..16]);
        let identity = format!("{} {} {digest}", self.head.flow.source, self.head.fence);
        EffectKey::shared(&self.head.flow.merchant, Effect::Stock, &identity, &self.head.flow.agreement)
    }

    fn settle(&mut self, change: &Change) {
        if let Some(cell) = self.state.cell_mut(&change.id, change.location) {
            cell.told = Some(change.to);
            cell.refused = None;
        }
        self.dirty = true;
    }

    fn take_answers(&mut self, changes: Vec<Change>, answers: Vec<StockAnswer>, round: u32) -> Vec<Batch> {
        let mut again = Vec::new();
        for (change, answer) in changes.into_iter().zip(answers) {
            match answer {
                StockAnswer::Set => {
                    self.report.told += 1;
                    let location = self.state.locations.get(change.location).cloned().unwrap_or_default();
                    self.told.push((change.id.clone(), location, change.to));
                    self.settle(&change);
                }
                StockAnswer::Moved | StockAnswer::NotTried if round + 1 < ROUNDS => again.push(change),
                // It stays in doubt, so the next run tells it.
                StockAnswer::Moved | StockAnswer::NotTried => self.note("stock-moving", &change.id),
                StockAnswer::Refused { code, message } => self.refuse(&change, code, message),
            }
        }
        if again.is_empty() { Vec::new() } else { vec![Batch { changes: again, round: round + 1 }] }
    }

    /// A call that was refused as a whole is halved until the one that is wrong stands alone.
    fn divide(
        &mut self,
        changes: Vec<Change>,
        code: Option<String>,
        message: String,
        round: u32,
    ) -> Vec<Batch> {
        if let [change] = changes.as_slice() {
            let change = change.clone();
            match code {
                Some(code) => self.refuse(&change, code, message),
                None => self.put_off(&change, message),
            }
            return Vec::new();
        }
        let (one, other) = changes.split_at(changes.len() / 2);
        [one, other].map(|half| Batch { changes: half.to_vec(), round }).into()
    }

    fn refuse(&mut self, change: &Change, code: String, message: String) {
        let number = self.number(&change.id);
        self.report.refusals.push((number, format!("{code}: {message}")));
        if let Some(cell) = self.state.cell_mut(&change.id, change.location) {
            // What it shows is as it was, as far as is known: a refusal changes nothing.
            cell.told = change.from;
            cell.refused = Some(Refusal { quantity: change.to, code, message });
        }
        self.dirty = true;
        self.note("stock-refused", &change.id);
    }

    /// A call that was refused without a code, as by a redirect, says nothing of the entry: it stays in doubt, so the next run tells it.
    fn put_off(&mut self, change: &Change, message: String) {
        let number = self.number(&change.id);
        self.report.refusals.push((number, message));
        self.note("stock-refused", &change.id);
    }

    fn number(&self, id: &str) -> String {
        self.state.items.get(id).map(|item| item.number.clone()).unwrap_or_default()
    }

    fn note(&mut self, code: &str, id: &str) {
        let number = self.number(id);
        let cause = self.report.causes.entry(code.to_owned()).or_default();
        cause.count += 1;
        if cause.products.len() < super::EXAMPLES {
            cause.products.push(number);
        }
        self.dirty = true;
    }
}
