//! The queues: what is put on them, and how it comes off again.
//!
//! A message's group is the company it goes to and a lane within it, so orders of one entity keep their order and one
//! company is written to by few workers at a time. Its deduplication id is made of the connection and the signed bytes,
//! or of what the sender says when nothing was signed. The delivered body goes along sealed; one that is too large for a
//! message goes to the bucket first.

use aws_sdk_sqs::Client;
use data_encoding::{BASE64, HEXLOWER};
use domain::{EntityId, MerchantId};
use engine::log::Why;
use engine::message::{MESSAGE_SCHEMA, Message, OutboxFailure};
use engine::store::{GivenUpBy, ParkedDelivery};
use sha2::{Digest, Sha256};

use crate::failure::PlatformError;
use crate::files::Files;
use crate::merchants::{Merchants, WebhookConnection};
use crate::packing::{pack, unpack};
use crate::payouts::PayoutWord;
use crate::stock::StockWord;

const SERVICE: &str = "sqs";
/// Receives after which a queue gives a message up. The template says so to SQS, and a test that both agree.
pub const RECEIVES: u32 = 10;
/// Lanes of one company.
pub const LANES: u32 = 4;
/// The largest body that goes along in the message, packed and sealed, as text.
const INLINE_BYTES: usize = 60 * 1024;
/// The largest body that is unpacked again.
const BODY_BYTES: usize = 6 * 1024 * 1024;
/// How a body in the bucket is told from one in the message.
const OBJECT: &str = "object:";
/// How the names of bodies in the bucket begin.
const BODIES: &str = "deliveries/";
const PURPOSE: &str = "delivery";

/// The queues.
#[derive(Clone)]
pub struct Queues {
    client: Client,
    orders: String,
    backfill: String,
    stock: String,
    payouts: String,
    files: Files,
    merchants: Merchants,
}

impl Queues {
    /// Over these queues.
    pub fn new(
        client: Client,
        orders: String,
        backfill: String,
        stock: String,
        payouts: String,
        files: Files,
        merchants: Merchants,
    ) -> Queues {
        Queues { client, orders, backfill, stock, payouts, files, merchants }
    }

    /// Puts a text on the stock's queue.
    pub(crate) async fn send_stock(&self, group: &str, id: &str, text: String) -> Result<(), PlatformError> {
        self.send_text(&self.stock, group, id, text).await
    }

    /// Puts a text on the payouts' queue.
    pub(crate) async fn send_payout(&self, group: &str, id: &str, text: String) -> Result<(), PlatformError> {
        self.send_text(&self.payouts, group, id, text).await
    }

    async fn send_text(&self, queue: &str, group: &str, id: &str, text: String) -> Result<(), PlatformError> {
        self.client
            .send_message()
            .queue_url(queue)
            .message_group_id(group)
            .message_deduplication_id(id)
            .message_body(text)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(())
    }

    /// Puts a message that its queue gave up back on that queue, as it was. What is asked for twice is put there twice: the
    /// `token` makes each asking one of its own.
    ///
    /// # Errors
    /// `Invalid` for what came off no queue; `NotFound` when its connection does not exist or leads nowhere; as SQS says.
    pub async fn send_again(&self, delivery: &ParkedDelivery, token: &str) -> Result<(), PlatformError> {
        let (text, id) = (&delivery.message, format!("replay:{token}"));
        if let Ok(message) = read_message(text) {
            return self.send(&Message { deduplication: id, ..message }).await;
        }
        let Some(queue) = delivery.queue else {
            let message = format!("there is no message to put back: {}", delivery.reason.code);
            return Err(PlatformError::Invalid(message));
        };
        let (url, group) = match queue {
            GivenUpBy::Orders => (&self.orders, None),
            GivenUpBy::Backfill => (&self.backfill, None),
            GivenUpBy::Stock => (&self.stock, StockWord::read(text).ok().map(|word| word.name())),
            GivenUpBy::Payouts => (&self.payouts, PayoutWord::read(text).ok().map(|word| word.name())),
            GivenUpBy::Other => {
                let message = "a newer version gave it up, and puts it back: deploy that first".to_owned();
                return Err(PlatformError::Invalid(message));
            }
        };
        // What this version does not understand another may: it goes in a group of its own.
        let group = group.unwrap_or_else(|| hash(format!("{}\n{text}", delivery.merchant).as_bytes()));
        self.send_text(url, &group, &hash(id.as_bytes()), text.clone()).await
    }

    /// Makes a delivered body ready to go along in a message or a parked entry: sealed, as text, or in the bucket when it
    /// is large.
    ///
    /// # Errors
    /// As S3 says, for a large body.
    pub async fn keep_body(
        &self,
        connection: &WebhookConnection,
        body_hash: &str,
        body: &[u8],
    ) -> Result<String, PlatformError> {
        let sealed = connection.key.seal(PURPOSE, &pack(body)?)?;
        if sealed.len() / 3 * 4 <= INLINE_BYTES {
            return Ok(BASE64.encode(&sealed));
        }
        let name = format!("{BODIES}{}/{body_hash}", connection.connection);
        self.files.put(&connection.merchant, &name, sealed).await?;
        Ok(format!("{OBJECT}{name}"))
    }

    /// The delivered body of a message; empty when there was none.
    ///
    /// # Errors
    /// `Unreadable` when it was changed on the way; otherwise as AWS says.
    pub async fn body(&self, message: &Message) -> Result<Vec<u8>, PlatformError> {
        if message.body.is_empty() {
            return Ok(Vec::new());
        }
        self.open_body(&message.merchant, &message.body).await
    }

    /// Opens what [`Queues::keep_body`] kept.
    async fn open_body(&self, merchant: &MerchantId, kept: &str) -> Result<Vec<u8>, PlatformError> {
        let sealed = match kept.strip_prefix(OBJECT) {
            Some(name) => self.files.get(merchant, name).await?,
            None => BASE64
                .decode(kept.as_bytes())
                .map_err(|_| PlatformError::Unreadable("a message's body".to_owned()))?,
        };
        let merchant = self.merchants.merchant(merchant).await?;
        unpack(&merchant.key.open(PURPOSE, &sealed)?, BODY_BYTES)
    }

    /// The body that a delivery was set aside with: as intake kept it, or in the message that came off a queue. Empty when
    /// there is none, or it is gone.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn parked_body(&self, delivery: &ParkedDelivery) -> Result<Vec<u8>, PlatformError> {
        let opened = match read_message(&delivery.message) {
            Ok(message) if message.merchant == delivery.merchant => self.body(&message).await,
            _ => self.open_body(&delivery.merchant, &delivery.message).await,
        };
        match opened {
            Err(PlatformError::NotFound(_) | PlatformError::Unreadable(_)) => Ok(Vec::new()),
            opened => opened,
        }
    }

    /// Drops the body that a delivery was set aside with, where it stands in the bucket. Only for what is to be forgotten: a message that is
    /// put back on its queue needs it.
    ///
    /// # Errors
    /// As S3 says.
    pub async fn drop_parked_body(&self, delivery: &ParkedDelivery) -> Result<(), PlatformError> {
        let kept = match read_message(&delivery.message) {
            Ok(message) if message.merchant == delivery.merchant => message.body,
            _ => delivery.message.clone(),
        };
        match kept.strip_prefix(OBJECT).filter(|name| name.starts_with(BODIES)) {
            Some(name) => self.files.delete(&delivery.merchant, name).await,
            None => Ok(()),
        }
    }

    /// Puts a message on its queue: webhooks on the one for live traffic, all else on the other.
    ///
    /// # Errors
    /// As SQS says; `NotFound` when its connection does not exist or leads nowhere.
    pub async fn send(&self, message: &Message) -> Result<(), PlatformError> {
        let connection = self.merchants.connection(&message.connection).await?;
        let agreement = connection
            .as_ref()
            .filter(|found| found.merchant == message.merchant)
            .and_then(|found| found.agreement.as_ref())
            .ok_or_else(|| {
                PlatformError::NotFound(format!("a flow from connection {}", message.connection))
            })?;
        let text = serde_json::to_string(message)
            .map_err(|_| PlatformError::Unreadable("a message has no JSON form".to_owned()))?;
        let queue = if message.why == Why::Webhook { &self.orders } else { &self.backfill };
        self.client
            .send_message()
            .queue_url(queue)
            .message_group_id(group(&message.merchant.to_string(), agreement.as_str(), &message.entity))
            .message_deduplication_id(deduplication(message))
            .message_body(text)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        Ok(())
    }
}

/// Reads a message as it came off a queue.
///
/// # Errors
/// `UnknownSchema` for one of another version; `Unreadable` for anything else that is no message.
pub fn read_message(text: &str) -> Result<Message, PlatformError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        schema: u32,
    }
    let unreadable = |_| PlatformError::Unreadable("a queue message".to_owned());
    let versioned: Versioned = serde_json::from_str(text).map_err(unreadable)?;
    if versioned.schema != MESSAGE_SCHEMA {
        return Err(PlatformError::UnknownSchema(versioned.schema));
    }
    serde_json::from_str(text).map_err(unreadable)
}

/// SHA-256 in hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The company and the entity's lane in it. Two merchants may write to companies of one number in different systems, so
/// the merchant is part of it; it is hashed, because ids may hold characters that a group may not.
fn group(merchant: &str, agreement: &str, entity: &EntityId) -> String {
    let company = hash(format!("{merchant}\n{agreement}").as_bytes());
    let first = Sha256::digest(entity.as_str().as_bytes())[0];
    format!("{}#{}", &company[..32], u32::from(first) % LANES)
}

fn deduplication(message: &Message) -> String {
    let what = if message.deduplication.is_empty() { &message.body_hash } else { &message.deduplication };
    hash(format!("{}\n{}\n{what}", message.merchant, message.connection).as_bytes())
}

#[async_trait::async_trait]
impl engine::message::Outbox for Queues {
    async fn send(&self, message: &Message) -> Result<(), OutboxFailure> {
        Queues::send(self, message).await.map_err(|error| match error {
            PlatformError::NotFound(words) => OutboxFailure::Nowhere(words),
            other => OutboxFailure::Unavailable(other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entity_keeps_to_one_lane_and_lanes_are_all_used() {
        let lane = |entity: &str| group("m", "1", &EntityId::new(entity));
        assert_eq!(lane("17"), lane("17"));
        let lanes: std::collections::BTreeSet<String> = (0..100).map(|id| lane(&id.to_string())).collect();
        assert_eq!(lanes.len(), 4);
        assert_ne!(group("m", "1", &EntityId::new("17")), group("n", "1", &EntityId::new("17")));
    }

    #[test]
    fn a_message_of_another_version_is_refused_not_guessed() {
        assert_eq!(read_message(r#"{"schema":99,"anything":true}"#), Err(PlatformError::UnknownSchema(99)));
        assert!(matches!(read_message("no JSON"), Err(PlatformError::Unreadable(_))));
    }
}
