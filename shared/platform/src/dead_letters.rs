//! What the queues gave up on becomes parked entries: visible, explained, and ready to be replayed. The normal depth of a
//! dead-letter queue is nothing.
//!
//! When a transfer is given up is the ledger's to say, not the queue's: a message is received in vain also because of those
//! before it in its group, or because its worker died. One whose news the ledger has already is let go.

use domain::plan::Reason;
use domain::{ConnectionId, MerchantId};
use engine::clock::Clock;
use engine::message::Message;
use engine::store::{Head, LEDGER_SCHEMA, ParkedDelivery, Store};
use serde::Deserialize;

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::platform::Platform;
use crate::queue;

const SERVICE: &str = "sqs";
/// Receives of one queue in one run, of ten messages each.
const ROUNDS: usize = 10;

/// The dead-letter queue of a FIFO queue, which has its name with `-dead` before the ending.
pub fn dead_letters_of(queue_url: &str) -> String {
    match queue_url.strip_suffix(".fifo") {
        Some(name) => format!("{name}-dead.fifo"),
        None => format!("{queue_url}-dead"),
    }
}

/// What must be readable of a message to know whose it is.
#[derive(Deserialize)]
struct Owned {
    merchant: MerchantId,
    connection: ConnectionId,
}

/// Empties both dead-letter queues into parked entries; returns how many. A message is deleted after its entry stands. One
/// whose owner cannot be read stays where it is, and the queue's alarm tells of it.
///
/// # Errors
/// As AWS says; what was parked stays parked, and the rest is found again.
pub async fn drain(platform: &Platform) -> Result<usize, PlatformError> {
    let mut parked = 0;
    for queue in [&platform.environment.orders_queue_url, &platform.environment.backfill_queue_url] {
        parked += drain_queue(platform, &dead_letters_of(queue)).await?;
    }
    Ok(parked)
}

async fn drain_queue(platform: &Platform, url: &str) -> Result<usize, PlatformError> {
    let mut parked = 0;
    for _ in 0..ROUNDS {
        let answer = platform
            .sqs()
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(0)
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        if answer.messages().is_empty() {
            break;
        }
        for message in answer.messages() {
            let text = message.body().unwrap_or_default();
            if is_in_the_ledger(platform, text).await? {
                delete(platform, url, message.receipt_handle()).await?;
            } else if park(platform, text).await? {
                delete(platform, url, message.receipt_handle()).await?;
                parked += 1;
            }
        }
    }
    Ok(parked)
}

async fn delete(platform: &Platform, url: &str, receipt: Option<&str>) -> Result<(), PlatformError> {
    let request =
        platform.sqs().delete_message().queue_url(url).set_receipt_handle(receipt.map(str::to_owned));
    request.send().await.map(|_| ()).map_err(|error| PlatformError::of(SERVICE, &error))
}

async fn is_in_the_ledger(platform: &Platform, text: &str) -> Result<bool, PlatformError> {
    let Ok(message) = queue::read_message(text) else { return Ok(false) };
    let head = platform.ledger.head(&message.transfer()).await;
    let head = head.map_err(|failure| PlatformError::Unavailable {
        service: "dynamodb",
        message: failure.to_string(),
    })?;
    Ok(head.is_some_and(|head| has_news(&head, &message)))
}

/// True when the transfer comes up again by itself, or reflects these bytes, or was read after they came in.
fn has_news(head: &Head, message: &Message) -> bool {
    let reflects = head.applied.as_ref().is_some_and(|applied| {
        let same = !message.body_hash.is_empty() && applied.body_hash == message.body_hash;
        same || applied.read_at.is_some_and(|read_at| read_at > message.received_at)
    });
    head.due_at.is_some() || reflects
}

/// Keeps one message as a parked entry; `false` when it cannot be told whose it is.
async fn park(platform: &Platform, text: &str) -> Result<bool, PlatformError> {
    let Ok(owned) = serde_json::from_str::<Owned>(text) else {
        tracing::error!(event = "message-of-nobody", "a dead letter names no merchant");
        return Ok(false);
    };
    let message = queue::read_message(text).ok();
    let delivery = ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: owned.merchant,
        connection: owned.connection,
        body_hash: queue::hash(text.as_bytes()),
        entity: message.map(|message| message.entity),
        reason: Reason { code: "dead-letter".to_owned(), facts: Vec::new() },
        at: SystemClock.now(),
        message: text.to_owned(),
    };
    match platform.ledger.park_delivery(&delivery).await {
        Ok(()) => Ok(true),
        Err(failure) => Err(PlatformError::Unavailable { service: "dynamodb", message: failure.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use domain::{EntityId, EntityKind, TransferId};
    use engine::log::Why;
    use engine::message::{MESSAGE_SCHEMA, SettingsChoice};
    use engine::store::{Applied, Claim, Status};
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    fn message(at: Timestamp) -> Message {
        Message {
            schema: MESSAGE_SCHEMA,
            merchant: MerchantId::new("m"),
            connection: ConnectionId::new("c"),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new("1"),
            received_at: at,
            why: Why::Webhook,
            settings: SettingsChoice::Now,
            deduplication: String::new(),
            body: String::new(),
            body_hash: "news".to_owned(),
        }
    }

    fn settled(at: Timestamp, body_hash: &str, read_at: Option<Timestamp>) -> Head {
        let transfer: TransferId = message(at).transfer();
        let claim = Claim {
            transfer,
            connection: ConnectionId::new("c"),
            token: "token".to_owned(),
            now: at,
            lease_until: at,
            body_hash: String::new(),
            early: false,
        };
        let applied = Applied { body_hash: body_hash.to_owned(), read_at, ..Applied::default() };
        Head { status: Status::Done, due_at: None, applied: Some(applied), ..Head::first(&claim) }
    }

    #[test]
    fn only_news_that_the_ledger_does_not_have_is_parked() {
        let at = Timestamp::from_second(1_795_000_000).expect("a time");
        let (before, after) = (at - SignedDuration::from_secs(1), at + SignedDuration::from_secs(1));
        let waiting = Head { due_at: Some(after), ..settled(at, "", None) };
        for (what, head, has) in [
            ("comes up again", waiting, true),
            ("reflects these bytes", settled(at, "news", None), true),
            ("was read after they came", settled(at, "", Some(after)), true),
            ("was read before they came", settled(at, "older", Some(before)), false),
            ("was never read", settled(at, "", None), false),
        ] {
            assert_eq!(has_news(&head, &message(at)), has, "{what}");
        }
    }

    #[test]
    fn a_queues_dead_letters_are_named_after_it() {
        assert_eq!(
            dead_letters_of("https://sqs.eu-north-1.amazonaws.com/1/bogbro-orders.fifo"),
            "https://sqs.eu-north-1.amazonaws.com/1/bogbro-orders-dead.fifo"
        );
    }
}
