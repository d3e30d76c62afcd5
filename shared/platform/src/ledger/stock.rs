//! The stock's part of the ledger: one item for each flow, and its state as one packed object.
//!
//! States lie below a prefix of their own, where old versions live for a day only: what a flow's stock was in between is in
//! the log, and fifty thousand products would otherwise be kept for years every quarter of an hour.

use async_trait::async_trait;
use domain::MerchantId;
use engine::stock::StockFlow;
use engine::stock::store::{StockClaim, StockClaimed, StockHead, StockStore};
use engine::store::{LEDGER_SCHEMA, StoreFailure};

use super::Ledger;
use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::packing::{pack, unpack};
use crate::table::{Change, Item, Reading, Updated, json, number, text, time};

/// The largest state that is unpacked, in bytes: a million products.
const STATE_BYTES: usize = 256 * 1024 * 1024;

const SCHEMA: &str = "schema";
const HEAD: &str = "head";
const FENCE: &str = "fence";
const CLAIM: &str = "claim";
const LEASE: &str = "lease_until";
const SUSPICIONS: &str = "suspicions";

/// The head: its JSON, and over it what the table itself counts and decides by.
fn read(item: &Item) -> Result<StockHead, PlatformError> {
    let reading = Reading::of(item, LEDGER_SCHEMA)?;
    let mut head: StockHead = reading.json(HEAD)?;
    head.fence = reading.number(FENCE)?;
    reading.text(CLAIM)?.clone_into(&mut head.claim);
    head.lease_until = reading.time_if_any(LEASE)?;
    head.suspicions = reading.number_if_any(SUSPICIONS)?.unwrap_or(0);
    Ok(head)
}

fn state_name(flow: &StockFlow, name: &str) -> String {
    format!("stock/{}/{name}", flow.name())
}

impl Ledger {
    async fn claim(&self, claim: &StockClaim) -> Result<StockClaimed, PlatformError> {
        let key = Keys::of(&claim.flow.merchant).stock(&claim.flow.name());
        let mut change = Change::new();
        change
            .set(SCHEMA, number(LEDGER_SCHEMA))
            .set_if_absent(HEAD, json(&StockHead::first(claim))?)
            .increment(FENCE)
            .set(CLAIM, text(claim.token.clone()))
            .set(LEASE, time(claim.lease_until));
        let (lease, now) = (change.name(LEASE), change.value(time(claim.now)));
        change.only_if(format!("attribute_not_exists({lease}) OR {lease} <= {now}"));
        let (owner, token) = (change.name(CLAIM), change.value(text(claim.token.clone())));
        change.only_if(format!("attribute_not_exists({owner}) OR {owner} <> {token}"));
        match self.table.update(&key, change).await? {
            Updated::Applied(item) => {
                let head = StockHead { connection: claim.connection.clone(), ..read(&item)? };
                Ok(StockClaimed::Taken(Box::new(head)))
            }
            Updated::Refused(item) => {
                let head = read(&item)?;
                if head.is_held(claim) {
                    Ok(StockClaimed::Held { until: head.lease_until.unwrap_or(claim.now) })
                } else {
                    Ok(StockClaimed::Taken(Box::new(head)))
                }
            }
        }
    }

    async fn save(&self, head: &StockHead) -> Result<bool, PlatformError> {
        let key = Keys::of(&head.flow.merchant).stock(&head.flow.name());
        let mut change = Change::new();
        change
            .set(HEAD, json(head)?)
            .set_or_remove(LEASE, head.lease_until.map(time))
            .only_if_equal(FENCE, number(head.fence))
            .only_if_equal(CLAIM, text(head.claim.clone()));
        Ok(matches!(self.table.update(&key, change).await?, Updated::Applied(_)))
    }

    async fn stock_item(&self, flow: &StockFlow) -> Result<Option<StockHead>, PlatformError> {
        let item = self.table.get(&Keys::of(&flow.merchant).stock(&flow.name())).await?;
        item.as_ref().map(read).transpose()
    }
}

#[async_trait]
impl StockStore for Ledger {
    async fn claim_stock(&self, claim: &StockClaim) -> Result<StockClaimed, StoreFailure> {
        Ok(self.claim(claim).await?)
    }

    async fn stock_head(&self, flow: &StockFlow) -> Result<Option<StockHead>, StoreFailure> {
        Ok(self.stock_item(flow).await?)
    }

    async fn stock_heads(&self, merchant: &MerchantId) -> Result<Vec<StockHead>, StoreFailure> {
        let partition = Keys::of(merchant).stock("").partition;
        let items = self.table.range(&partition, "0", "~").await?;
        Ok(items.iter().map(read).collect::<Result<Vec<_>, PlatformError>>()?)
    }

    async fn save_stock_head(&self, head: &StockHead) -> Result<(), StoreFailure> {
        if self.save(head).await? { Ok(()) } else { Err(StoreFailure::Fenced) }
    }

    async fn suspect_stock(&self, flow: &StockFlow) -> Result<(), StoreFailure> {
        let mut change = Change::new();
        change.increment(SUSPICIONS);
        self.table.update(&Keys::of(&flow.merchant).stock(&flow.name()), change).await?;
        Ok(())
    }

    async fn put_stock_state(
        &self,
        flow: &StockFlow,
        name: &str,
        state: Vec<u8>,
    ) -> Result<(), StoreFailure> {
        self.files.put_passing(&flow.merchant, &state_name(flow, name), pack(&state)?).await?;
        Ok(())
    }

    async fn stock_state(&self, flow: &StockFlow, name: &str) -> Result<Vec<u8>, StoreFailure> {
        match self.files.get_passing(&flow.merchant, &state_name(flow, name)).await {
            Ok(packed) => Ok(unpack(&packed, STATE_BYTES)?),
            Err(PlatformError::NotFound(_)) => Err(StoreFailure::Conflict),
            Err(error) => Err(error.into()),
        }
    }

    async fn drop_stock_state(&self, flow: &StockFlow, name: &str) -> Result<(), StoreFailure> {
        Ok(self.files.drop_passing(&flow.merchant, &state_name(flow, name)).await?)
    }

    async fn put_stock_log(&self, flow: &StockFlow, name: &str, log: Vec<u8>) -> Result<(), StoreFailure> {
        let name = format!("stock-log/{}/{name}", flow.name());
        Ok(self.files.put(&flow.merchant, &name, pack(&log)?).await?)
    }
}
