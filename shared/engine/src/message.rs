//! The message that asks for one transfer to be looked at, and the place where such messages are put.
//!
//! It names the entity and says why; what is to be done is decided from the source as it is when the message is worked on,
//! so the order in which messages arrive does not matter.

use async_trait::async_trait;
use domain::{ConnectionId, EntityId, EntityKind, MerchantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::log::Why;
use crate::store::{Due, Head};

/// The schema version of queue messages. An unknown one is refused, never guessed.
pub const MESSAGE_SCHEMA: u32 = 1;

/// Which version of the merchant's settings a transfer is planned with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingsChoice {
    /// As they are now.
    #[default]
    Now,
    /// As they were when it was last planned.
    Then,
}

/// A message on the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Message {
    /// [`MESSAGE_SCHEMA`] of the writer.
    pub schema: u32,
    /// Whose.
    pub merchant: MerchantId,
    /// Through which connection it was heard of.
    pub connection: ConnectionId,
    /// The source shop's own identity.
    pub source: String,
    /// What kind of thing.
    pub kind: EntityKind,
    /// Its immutable id.
    pub entity: EntityId,
    /// Hash of the signed body; empty when there was none.
    #[serde(default)]
    pub body_hash: String,
    /// When it was received or found.
    pub received_at: Timestamp,
    /// Why.
    pub why: Why,
    /// With which settings.
    #[serde(default)]
    pub settings: SettingsChoice,
    /// Deduplication id of a message that was not signed by a shop: transfer and claim, so that a replay within five
    /// minutes does not vanish. Empty: the body's hash is used.
    #[serde(default)]
    pub deduplication: String,
    /// The signed body: inline (compressed, base 64) or the key of an object; empty when there was none. The platform's.
    #[serde(default)]
    pub body: String,
}

impl Message {
    /// The message for a transfer that is due again.
    pub fn due(due: &Due, now: Timestamp) -> Message {
        Message {
            schema: MESSAGE_SCHEMA,
            merchant: due.transfer.merchant.clone(),
            connection: due.connection.clone(),
            source: due.transfer.source.clone(),
            kind: due.transfer.kind,
            entity: due.transfer.entity.clone(),
            body_hash: String::new(),
            received_at: now,
            why: Why::Due,
            settings: SettingsChoice::Now,
            deduplication: format!("due:{}:{}:{}", due.transfer, due.fence, due.due_at.as_millisecond()),
            body: String::new(),
        }
    }

    /// The message that brings a transfer at rest up. The name of the occasion makes it one message, however often it is sent.
    pub fn again(head: &Head, why: Why, occasion: &str, now: Timestamp) -> Message {
        Message {
            schema: MESSAGE_SCHEMA,
            merchant: head.transfer.merchant.clone(),
            connection: head.connection.clone(),
            source: head.transfer.source.clone(),
            kind: head.transfer.kind,
            entity: head.transfer.entity.clone(),
            body_hash: String::new(),
            received_at: now,
            why,
            settings: SettingsChoice::Now,
            deduplication: format!("again:{}:{}:{occasion}", head.transfer, head.fence),
            body: String::new(),
        }
    }

    /// The transfer it is about.
    pub fn transfer(&self) -> domain::TransferId {
        domain::TransferId {
            merchant: self.merchant.clone(),
            source: self.source.clone(),
            kind: self.kind,
            entity: self.entity.clone(),
        }
    }
}

/// Where messages are put.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts a message on the queue. A message whose deduplication id was put within the last minutes is dropped there.
    ///
    /// # Errors
    /// See [`OutboxFailure`].
    async fn send(&self, message: &Message) -> Result<(), OutboxFailure>;
}

/// Why a message was not put on the queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboxFailure {
    /// Its connection does not exist, or no flow starts there: it leads nowhere until the settings change.
    #[error("{0}")]
    Nowhere(String),
    /// In words; the message may or may not be on the queue, and is sent again later.
    #[error("{0}")]
    Unavailable(String),
}
