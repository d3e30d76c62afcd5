//! The stock's part of the ledger in the simulated world: the store in memory, with what may go wrong before and after each call;
//! and the bug that shows whether the checks would see it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::MerchantId;
use domain::stock::StockState;
use engine::stock::memory::MemoryStockStore;
use engine::stock::{StockClaim, StockClaimed, StockFlow, StockHead, StockStore};
use engine::store::StoreFailure;

use crate::bugs::Bug;
use crate::ledger::{at_once, struck};
use crate::machine::Machine;

/// The stock's part of the ledger with mishaps, and with a bug where one is asked for.
pub(crate) struct SimulatedStockStore {
    machine: Arc<Machine>,
    memory: MemoryStockStore,
    bug: Option<Bug>,
}

impl SimulatedStockStore {
    pub(crate) fn new(machine: &Arc<Machine>, bug: Option<Bug>) -> Arc<SimulatedStockStore> {
        Arc::new(SimulatedStockStore {
            machine: Arc::clone(machine),
            memory: MemoryStockStore::default(),
            bug,
        })
    }

    async fn around<T>(
        &self,
        method: &'static str,
        call: impl FnOnce(&MemoryStockStore) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        struck(&self.machine, method, || call(&self.memory)).await
    }

    /// The state as it would be stored if what is about to be told were not marked as in doubt: each cell keeps what it said
    /// before.
    fn without_doubt(&self, flow: &StockFlow, state: Vec<u8>) -> Vec<u8> {
        let stored = at_once(self.memory.stock_head(flow)).ok().flatten().and_then(|head| head.state);
        let before = stored.and_then(|name| at_once(self.memory.stock_state(flow, &name)).ok());
        let read = |bytes: &[u8]| serde_json::from_slice::<StockState>(bytes).expect("a state");
        let (Some(before), mut after) = (before.map(|bytes| read(&bytes)), read(&state)) else {
            return state;
        };
        for (id, item) in &mut after.items {
            let known = before.items.get(id).map(|item| item.cells.as_slice()).unwrap_or_default();
            for (cell, known) in item.cells.iter_mut().zip(known) {
                cell.told = cell.told.or(known.told);
            }
        }
        serde_json::to_vec(&after).expect("a state has a JSON form")
    }
}

#[async_trait]
impl StockStore for SimulatedStockStore {
    async fn claim_stock(&self, claim: &StockClaim) -> Result<StockClaimed, StoreFailure> {
        self.around("claim-stock", |store| at_once(store.claim_stock(claim))).await
    }

    async fn stock_head(&self, flow: &StockFlow) -> Result<Option<StockHead>, StoreFailure> {
        self.around("stock-head", |store| at_once(store.stock_head(flow))).await
    }

    async fn stock_heads(&self, merchant: &MerchantId) -> Result<Vec<StockHead>, StoreFailure> {
        self.memory.stock_heads(merchant).await
    }

    async fn save_stock_head(&self, head: &StockHead) -> Result<(), StoreFailure> {
        self.around("save-stock-head", |store| at_once(store.save_stock_head(head))).await
    }

    async fn suspect_stock(&self, flow: &StockFlow) -> Result<(), StoreFailure> {
        self.around("suspect-stock", |store| at_once(store.suspect_stock(flow))).await
    }

    async fn put_stock_state(
        &self,
        flow: &StockFlow,
        name: &str,
        state: Vec<u8>,
    ) -> Result<(), StoreFailure> {
        let state =
            if self.bug == Some(Bug::StockNotInDoubt) { self.without_doubt(flow, state) } else { state };
        self.around("put-stock-state", |store| at_once(store.put_stock_state(flow, name, state))).await
    }

    async fn stock_state(&self, flow: &StockFlow, name: &str) -> Result<Vec<u8>, StoreFailure> {
        self.around("stock-state", |store| at_once(store.stock_state(flow, name))).await
    }

    async fn drop_stock_state(&self, flow: &StockFlow, name: &str) -> Result<(), StoreFailure> {
        self.around("drop-stock-state", |store| at_once(store.drop_stock_state(flow, name))).await
    }

    async fn put_stock_log(&self, flow: &StockFlow, name: &str, log: Vec<u8>) -> Result<(), StoreFailure> {
        self.around("put-stock-log", |store| at_once(store.put_stock_log(flow, name, log))).await
    }
}
