//! The stock's part of the ledger in memory, for the simulator and the tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::MerchantId;

use super::StockFlow;
use super::store::{StockClaim, StockClaimed, StockHead, StockStore};
use crate::store::StoreFailure;

/// What is stored.
#[derive(Clone, Debug, Default)]
struct Contents {
    heads: BTreeMap<StockFlow, StockHead>,
    states: BTreeMap<(StockFlow, String), Vec<u8>>,
    logs: BTreeMap<(StockFlow, String), Vec<u8>>,
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStockStore {
    contents: Mutex<Contents>,
}

impl MemoryStockStore {
    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number and bytes of the states that are kept.
    pub fn states(&self) -> (usize, usize) {
        let contents = self.contents();
        (contents.states.len(), contents.states.values().map(Vec::len).sum())
    }

    /// What was kept for good.
    pub fn logs(&self) -> Vec<Vec<u8>> {
        self.contents().logs.values().cloned().collect()
    }
}

#[async_trait]
impl StockStore for MemoryStockStore {
    async fn claim_stock(&self, claim: &StockClaim) -> Result<StockClaimed, StoreFailure> {
        let mut contents = self.contents();
        let head = match contents.heads.get_mut(&claim.flow) {
            None => {
                contents.heads.insert(claim.flow.clone(), StockHead::first(claim));
                StockHead::first(claim)
            }
            Some(head) if head.is_held(claim) => {
                return Ok(StockClaimed::Held { until: head.lease_until.unwrap_or(claim.now) });
            }
            Some(head) if head.claim == claim.token => head.clone(),
            Some(head) => {
                head.take(claim);
                head.clone()
            }
        };
        Ok(StockClaimed::Taken(Box::new(head)))
    }

    async fn stock_head(&self, flow: &StockFlow) -> Result<Option<StockHead>, StoreFailure> {
        Ok(self.contents().heads.get(flow).cloned())
    }

    async fn stock_heads(&self, merchant: &MerchantId) -> Result<Vec<StockHead>, StoreFailure> {
        let contents = self.contents();
        Ok(contents.heads.values().filter(|head| head.flow.merchant == *merchant).cloned().collect())
    }

    async fn save_stock_head(&self, head: &StockHead) -> Result<(), StoreFailure> {
        let mut contents = self.contents();
        let Some(stored) = contents.heads.get_mut(&head.flow) else { return Err(StoreFailure::Fenced) };
        if stored.fence != head.fence || stored.claim != head.claim {
            return Err(StoreFailure::Fenced);
        }
        *stored = StockHead { suspicions: stored.suspicions, ..head.clone() };
        Ok(())
    }

    async fn suspect_stock(&self, flow: &StockFlow) -> Result<(), StoreFailure> {
        if let Some(head) = self.contents().heads.get_mut(flow) {
            head.suspicions += 1;
        }
        Ok(())
    }

    async fn put_stock_state(
        &self,
        flow: &StockFlow,
        name: &str,
        state: Vec<u8>,
    ) -> Result<(), StoreFailure> {
        self.contents().states.insert((flow.clone(), name.to_owned()), state);
        Ok(())
    }

    async fn stock_state(&self, flow: &StockFlow, name: &str) -> Result<Vec<u8>, StoreFailure> {
        let found = self.contents().states.get(&(flow.clone(), name.to_owned())).cloned();
        found.ok_or(StoreFailure::Conflict)
    }

    async fn drop_stock_state(&self, flow: &StockFlow, name: &str) -> Result<(), StoreFailure> {
        self.contents().states.remove(&(flow.clone(), name.to_owned()));
        Ok(())
    }

    async fn put_stock_log(&self, flow: &StockFlow, name: &str, log: Vec<u8>) -> Result<(), StoreFailure> {
        self.contents().logs.insert((flow.clone(), name.to_owned()), log);
        Ok(())
    }
}
