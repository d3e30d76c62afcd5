//! What was set aside and is no transfer: listed, and put back on the queue that gave it up.

use domain::MerchantId;
use domain::plan::Reason;
use engine::clock::Clock as _;
use engine::store::{ParkedDelivery, Store as _};
use serde::Serialize;

use super::{Operations, store};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::ledger::DismissedDelivery;
use crate::queue::read_message;
use crate::sealing::new_token;

/// Letters of an entry's hash that name it.
const NAME_LETTERS: usize = 12;

/// The name of an entry, by which it is replayed.
pub fn entry_name(delivery: &ParkedDelivery) -> String {
    let hash = &delivery.body_hash;
    format!("parked/{}", hash.get(..NAME_LETTERS).unwrap_or(hash))
}

/// One entry, said before it is replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ParkedEntry {
    /// Its name.
    pub entry: String,
    /// Why it stands there.
    pub reason: Reason,
    /// Whether it came off a queue, and can be put back on it.
    pub replayable: bool,
}

impl ParkedEntry {
    fn of(delivery: &ParkedDelivery) -> ParkedEntry {
        ParkedEntry {
            entry: entry_name(delivery),
            reason: delivery.reason.clone(),
            replayable: delivery.queue.is_some() || read_message(&delivery.message).is_ok(),
        }
    }
}

impl Operations {
    /// What was set aside and is no transfer: authentic deliveries that could not be understood, messages that a queue gave up, findings of
    /// the night.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn parked_deliveries(
        &self,
        merchant: &MerchantId,
    ) -> Result<Vec<ParkedDelivery>, PlatformError> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = self.ledger.parked_deliveries(merchant, next.as_deref()).await.map_err(store)?;
            found.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// The one entry whose hash begins so; the name without `parked/`.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when several begin so; as AWS says.
    pub async fn parked_entry(
        &self,
        merchant: &MerchantId,
        hash: &str,
    ) -> Result<ParkedEntry, PlatformError> {
        Ok(ParkedEntry::of(&self.one_parked(merchant, hash).await?))
    }

    /// Puts a message that was set aside back on its queue, and takes it off the list: what fails again comes back to it.
    ///
    /// # Errors
    /// As [`Operations::parked_entry`]; `Invalid` for what came off no queue; as SQS says, and then the entry stays.
    pub async fn replay_parked(
        &self,
        merchant: &MerchantId,
        hash: &str,
    ) -> Result<ParkedEntry, PlatformError> {
        let delivery = self.one_parked(merchant, hash).await?;
        self.queues.send_again(&delivery, &new_token()?).await?;
        self.ledger.forget_delivery(merchant, &delivery.body_hash).await?;
        Ok(ParkedEntry::of(&delivery))
    }

    /// Takes an entry off the list, for good: what it told of was settled by a person, or is to be left. Who and why is kept.
    ///
    /// # Errors
    /// As [`Operations::parked_entry`]; `Invalid` without a reason or a name; `Conflict` when it went meanwhile.
    pub async fn dismiss_parked(
        &self,
        merchant: &MerchantId,
        hash: &str,
        by: &str,
        reason: &str,
    ) -> Result<ParkedEntry, PlatformError> {
        if by.trim().is_empty() || reason.trim().is_empty() {
            return Err(PlatformError::Invalid("who dismisses it and why is kept: say both".to_owned()));
        }
        let delivery = self.one_parked(merchant, hash).await?;
        let entry = ParkedEntry::of(&delivery);
        let body_of = delivery.clone();
        let at = SystemClock.now();
        let dismissed =
            DismissedDelivery { delivery, by: by.trim().to_owned(), reason: reason.trim().to_owned(), at };
        if !self.ledger.dismiss_delivery(&dismissed).await? {
            return Err(PlatformError::Conflict(entry.entry));
        }
        self.queues.drop_parked_body(&body_of).await?;
        tracing::info!(event = "parked-dismissed", %merchant, entry = entry.entry, by, reason, "by an operator");
        Ok(entry)
    }

    /// What was set aside and dismissed, the newest first.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn dismissed_deliveries(
        &self,
        merchant: &MerchantId,
    ) -> Result<Vec<DismissedDelivery>, PlatformError> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = self.ledger.dismissed_deliveries(merchant, next.as_deref()).await?;
            found.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn one_parked(&self, merchant: &MerchantId, hash: &str) -> Result<ParkedDelivery, PlatformError> {
        self.record(merchant).await?;
        let begins_so = |delivery: &ParkedDelivery| !hash.is_empty() && delivery.body_hash.starts_with(hash);
        let mut found = self.parked_deliveries(merchant).await?;
        found.retain(begins_so);
        match found.len() {
            0 => Err(PlatformError::NotFound(format!("an entry parked/{hash} of {merchant}"))),
            1 => Ok(found.remove(0)),
            _ => Err(PlatformError::Invalid(format!("several entries begin with parked/{hash}"))),
        }
    }
}
