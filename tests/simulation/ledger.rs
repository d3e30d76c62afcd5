//! The ledger in the simulated world: the store in memory, with what may go wrong before and after each call, and the
//! checks that hold at every step (I4: fences only grow, what is done stays done).

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{ConnectionId, EntityKind, MerchantId, TransferId};
use engine::Limits;
use engine::log::Trace;
use engine::memory::{Fate, MemoryStore};
use engine::store::*;
use futures::FutureExt;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::machine::{Machine, Mishap, Place, lock};
use crate::outside::Observed;

/// The value of a future that waits for nothing.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the store in memory waits for nothing")
}

/// The ledger with mishaps.
pub(crate) struct SimulatedStore {
    pub(crate) machine: Arc<Machine>,
    pub(crate) observed: Arc<Mutex<Observed>>,
    pub(crate) memory: Arc<MemoryStore>,
    /// What the last look at each head showed.
    pub(crate) seen: Mutex<BTreeMap<TransferId, Seen>>,
    pub(crate) violations: Mutex<Vec<String>>,
}

/// What of a head may never go back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) fence: u64,
    pub(crate) ordinal: u32,
    pub(crate) done: bool,
}

/// One call of a simulated store, struck by whatever goes wrong with it.
pub(crate) async fn struck<T>(
    machine: &Arc<Machine>,
    method: &'static str,
    call: impl FnOnce() -> Result<T, StoreFailure>,
) -> Result<T, StoreFailure> {
    let mishap = machine.mishap(Place::Ledger(method));
    match &mishap {
        Some(Mishap::CrashBefore) => machine.crash().await,
        Some(Mishap::FreezeBefore(ms)) => machine.sleep(*ms).await,
        _ => {}
    }
    machine.sleep(3).await;
    if mishap == Some(Mishap::Ledger(Fate::FailsBefore)) {
        return Err(StoreFailure::Unavailable("throttled".to_owned()));
    }
    let outcome = call();
    machine.note(|| match &outcome {
        Ok(_) => format!("ledger {method} ok"),
        Err(failure) => format!("ledger {method}: {failure}"),
    });
    machine.sleep(2).await;
    match &mishap {
        Some(Mishap::CrashAfter) => machine.crash().await,
        Some(Mishap::FreezeAfter(ms)) => machine.sleep(*ms).await,
        Some(Mishap::Ledger(Fate::FailsAfter)) => {
            return Err(StoreFailure::Unavailable("answer lost".to_owned()));
        }
        _ => {}
    }
    outcome
}

impl SimulatedStore {
    pub(crate) fn new(machine: &Arc<Machine>, observed: &Arc<Mutex<Observed>>) -> SimulatedStore {
        SimulatedStore {
            machine: Arc::clone(machine),
            observed: Arc::clone(observed),
            memory: Arc::new(MemoryStore::new()),
            seen: Mutex::new(BTreeMap::new()),
            violations: Mutex::new(Vec::new()),
        }
    }

    /// After a restore from backup, what was seen since is forgotten.
    pub(crate) fn forget_seen(&self) {
        lock(&self.seen).clear();
    }

    async fn around<T>(
        &self,
        method: &'static str,
        transfer: Option<&TransferId>,
        call: impl FnOnce(&MemoryStore) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        struck(&self.machine, method, || {
            let outcome = call(&self.memory);
            if let Some(transfer) = transfer {
                self.look(method, transfer);
            }
            outcome
        })
        .await
    }

    /// I7: what the other side asked for is kept: nothing comes up again sooner.
    fn keeps_its_distance(&self, conclusion: &Conclusion) {
        let worker = self.machine.worker();
        let Some(until) = lock(&self.observed).asked.remove(&worker) else { return };
        let due =
            conclusion.due_at.map_or(i64::MAX, |due| due.as_millisecond() - self.machine.skew_of(worker));
        if due < until {
            let transfer = &conclusion.hold.transfer;
            lock(&self.violations).push(format!("I7: {transfer} comes up {} ms too soon", until - due));
        }
    }

    /// I4 and the bound on attempts, after every call.
    fn look(&self, method: &str, transfer: &TransferId) {
        let Ok(Some(head)) = at_once(self.memory.head(transfer)) else { return };
        let mut seen = lock(&self.seen);
        let before = seen.entry(transfer.clone()).or_default();
        let mut violations = Vec::new();
        if head.fence < before.fence {
            violations
                .push(format!("I4: the fence of {transfer} fell from {} to {}", before.fence, head.fence));
        }
        let ordinal = head.plan.as_ref().map_or(0, |plan| plan.ordinal);
        if ordinal < before.ordinal {
            violations
                .push(format!("I4: the ordinal of {transfer} fell from {} to {ordinal}", before.ordinal));
        }
        // A product that was carried over has no document.
        let stands = !head.documents.is_empty() || transfer.kind == EntityKind::Product;
        if before.done && !stands && !head.plan.as_ref().is_some_and(|plan| plan.open) {
            violations.push(format!("I4: {transfer} was done and has no document any more"));
        }
        // A worker may die while it parks what has failed too often, but nobody works on it any more.
        if matches!(method, "store-plan" | "advance") && head.attempts > Limits::default().attempts {
            violations.push(format!("I7: {transfer} is worked on at attempt {}", head.attempts));
        }
        *before = Seen { fence: head.fence, ordinal, done: before.done || head.status == Status::Done };
        lock(&self.violations).append(&mut violations);
    }
}

#[async_trait]
impl Store for SimulatedStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreFailure> {
        self.around("claim", Some(&claim.transfer), |store| at_once(store.claim(claim))).await
    }

    async fn leave_word(&self, transfer: &TransferId, fence: u64) -> Result<bool, StoreFailure> {
        self.around("leave-word", Some(transfer), |store| at_once(store.leave_word(transfer, fence))).await
    }

    async fn store_plan(&self, storing: &PlanStoring) -> Result<String, StoreFailure> {
        let transfer = Some(&storing.hold.transfer);
        self.around("store-plan", transfer, |store| at_once(store.store_plan(storing))).await
    }

    async fn advance(&self, advance: &Advance) -> Result<(), StoreFailure> {
        let transfer = Some(&advance.hold.transfer);
        self.around("advance", transfer, |store| at_once(store.advance(advance))).await
    }

    async fn conclude(&self, conclusion: &Conclusion) -> Result<String, StoreFailure> {
        let transfer = Some(&conclusion.hold.transfer);
        self.keeps_its_distance(conclusion);
        self.around("conclude", transfer, |store| at_once(store.conclude(conclusion))).await
    }

    async fn head(&self, transfer: &TransferId) -> Result<Option<Head>, StoreFailure> {
        self.around("head", None, |store| at_once(store.head(transfer))).await
    }

    async fn load_plan(
        &self,
        transfer: &TransferId,
        ordinal: u32,
    ) -> Result<Option<StoredPlan>, StoreFailure> {
        self.around("load-plan", None, |store| at_once(store.load_plan(transfer, ordinal))).await
    }

    async fn log(&self, transfer: &TransferId) -> Result<Trace, StoreFailure> {
        self.memory.log(transfer).await
    }

    async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
        page: Option<&str>,
    ) -> Result<Page<Due>, StoreFailure> {
        self.memory.due(shard, now, limit, page).await
    }

    async fn attention(&self, merchant: &MerchantId, page: Option<&str>) -> Result<Page<Head>, StoreFailure> {
        self.memory.attention(merchant, page).await
    }

    async fn day(
        &self,
        merchant: &MerchantId,
        day: Date,
        page: Option<&str>,
    ) -> Result<Page<Head>, StoreFailure> {
        self.memory.day(merchant, day, page).await
    }

    async fn find(&self, merchant: &MerchantId, pointer: &Pointer) -> Result<Vec<TransferId>, StoreFailure> {
        self.memory.find(merchant, pointer).await
    }

    async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure> {
        self.around("pause", None, |store| at_once(store.pause(pause))).await
    }

    async fn lift(&self, scope: &PauseScope) -> Result<(), StoreFailure> {
        self.memory.lift(scope).await
    }

    async fn pauses(&self, merchant: &MerchantId) -> Result<Vec<Pause>, StoreFailure> {
        self.memory.pauses(merchant).await
    }

    async fn cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<Cursor>, StoreFailure> {
        self.memory.cursor(merchant, connection).await
    }

    async fn move_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        cursor: &Cursor,
    ) -> Result<(), StoreFailure> {
        self.around("move-cursor", None, |store| at_once(store.move_cursor(merchant, connection, cursor)))
            .await
    }

    async fn park_delivery(&self, delivery: &ParkedDelivery) -> Result<(), StoreFailure> {
        self.memory.park_delivery(delivery).await
    }

    async fn parked_deliveries(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<ParkedDelivery>, StoreFailure> {
        self.memory.parked_deliveries(merchant, page).await
    }
}
