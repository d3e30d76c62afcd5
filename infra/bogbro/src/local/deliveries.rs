//! Event source mappings: a queue's messages are handed to a function in batches, what the function handled is deleted,
//! what it reports as failed comes again when its visibility timeout has passed, as Lambda does it. The partial answer
//! names the failed messages; with a FIFO queue the function itself names everything behind a failure too.

use super::functions::{Functions, InvocationError};
use super::queues::{Queues, Receive, Received, md5_hex, resource_name};
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// An event is at most 6 MB; the rest of the event takes its part.
const MAXIMUM_BYTES: usize = 5 * 1024 * 1024;
/// After a failure of the queue store or of starting a process.
const PAUSE: Duration = Duration::from_millis(500);

/// From a queue to a function.
#[derive(Clone)]
pub(crate) struct Mapping {
    pub(crate) queue: String,
    pub(crate) function: String,
    pub(crate) batch: usize,
    /// How long the messages of an invocation stay invisible when its process ended or failed; the rest of their
    /// visibility timeout when absent.
    pub(crate) redelivery: Option<Duration>,
}

/// Delivers one batch after the other until `stopping` says so. As many of these run as the mapping's concurrency.
pub(crate) async fn deliver(
    queues: Arc<Queues>,
    functions: Arc<Functions>,
    mapping: Mapping,
    mut stopping: watch::Receiver<bool>,
) {
    let how = Receive {
        maximum: mapping.batch.clamp(1, 10),
        wait: Duration::from_secs(3600),
        visibility: None,
        maximum_bytes: MAXIMUM_BYTES,
        for_delivery: true,
    };
    loop {
        // Whether to stop is asked first, so that nothing is received that would not be delivered.
        let received = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            received = queues.receive(&mapping.queue, how) => received,
        };
        match received {
            Ok(messages) if messages.is_empty() => {}
            Ok(messages) => {
                if !deliver_batch(&queues, &functions, &mapping, &messages).await {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Err(error) => {
                tracing::error!(queue = mapping.queue, %error, "messages cannot be received");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// False when the function could not be started at all.
async fn deliver_batch(
    queues: &Queues,
    functions: &Arc<Functions>,
    mapping: &Mapping,
    messages: &[Received],
) -> bool {
    let outcome = functions.invoke(&mapping.function, event(&mapping.queue, messages)).await;
    let ids: BTreeSet<&str> = messages.iter().map(|message| message.id.as_str()).collect();
    let failed = match &outcome {
        Ok(answer) => failed_items(answer, &ids),
        Err(_) => ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    for message in messages {
        let result = if !failed.contains(&message.id) {
            queues.delete(&mapping.queue, &message.receipt)
        } else if let Some(redelivery) = mapping.redelivery {
            let seconds = i64::try_from(redelivery.as_secs()).unwrap_or(0);
            queues.change_visibility(&mapping.queue, &message.receipt, seconds)
        } else {
            Ok(())
        };
        if let Err(error) = result {
            tracing::warn!(queue = mapping.queue, message = message.id, %error, "a message comes again");
        }
    }
    !matches!(outcome, Err(InvocationError::NotStarted(_)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Partial {
    batch_item_failures: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: Option<String>,
}

/// The messages that failed. An answer without the list means none; a list with an unknown, an empty or no id means
/// all, as Lambda reads it.
fn failed_items(answer: &[u8], ids: &BTreeSet<&str>) -> BTreeSet<String> {
    let all = || ids.iter().map(|id| (*id).to_owned()).collect();
    match serde_json::from_slice::<Value>(answer) {
        Ok(Value::Object(fields)) if fields.get("batchItemFailures").is_some_and(|list| !list.is_null()) => {
            let Ok(partial) = serde_json::from_value::<Partial>(Value::Object(fields)) else { return all() };
            let named: Option<BTreeSet<String>> =
                partial.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
            named.filter(|named| named.iter().all(|id| ids.contains(id.as_str()))).unwrap_or_else(all)
        }
        _ => BTreeSet::new(),
    }
}

/// The event of a batch. <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn event(queue: &str, messages: &[Received]) -> Bytes {
    let records: Vec<Value> = messages
        .iter()
        .map(|message| {
            let attributes = message.attributes.iter().map(|(name, attribute)| {
                let value = json!({
                    "stringValue": attribute.string_value, "binaryValue": attribute.binary_value,
                    "stringListValues": [], "binaryListValues": [], "dataType": attribute.data_type,
                });
                (name.clone(), value)
            });
            json!({
                "messageId": message.id, "receiptHandle": message.receipt, "body": message.body,
                "attributes": message.system, "messageAttributes": attributes.collect::<serde_json::Map<_, _>>(),
                "md5OfBody": md5_hex(message.body.as_bytes()), "eventSource": "aws:sqs",
                "eventSourceARN": resource_name(queue), "awsRegion": super::deployment::REGION,
            })
        })
        .collect();
    Bytes::from(json!({ "Records": records }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partial_answer_is_read_as_lambda_reads_it() {
        let ids = BTreeSet::from(["a", "b"]);
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            ("null", &[]),
            ("{}", &[]),
            (r#"{"batchItemFailures":null}"#, &[]),
            (r#"{"batchItemFailures":[]}"#, &[]),
            (r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, &["b"]),
            (r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#, &["a", "b"]),
            (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, &["a", "b"]),
            (r#"{"batchItemFailures":[{}]}"#, &["a", "b"]),
        ];
        for (answer, failed) in cases {
            let found = failed_items(answer.as_bytes(), &ids);
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), failed, "{answer}");
        }
    }
}
