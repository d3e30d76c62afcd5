//! What the queues gave up on becomes parked entries: visible, explained, and ready to be replayed. The normal depth of a
//! dead-letter queue is nothing.

use domain::plan::Reason;
use domain::{ConnectionId, MerchantId};
use engine::clock::Clock;
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Store};
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
            if park(platform, message.body().unwrap_or_default()).await? {
                platform
                    .sqs()
                    .delete_message()
                    .queue_url(url)
                    .set_receipt_handle(message.receipt_handle().map(str::to_owned))
                    .send()
                    .await
                    .map_err(|error| PlatformError::of(SERVICE, &error))?;
                parked += 1;
            }
        }
    }
    Ok(parked)
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
    use super::*;

    #[test]
    fn a_queues_dead_letters_are_named_after_it() {
        assert_eq!(
            dead_letters_of("https://sqs.eu-north-1.amazonaws.com/1/bogbro-orders.fifo"),
            "https://sqs.eu-north-1.amazonaws.com/1/bogbro-orders-dead.fifo"
        );
    }
}
