//! The capacity that a call to the table uses, as the engine reckons it: items by their size, twice in a transaction, and
//! each index that changes. It is what a table on demand is paid by, so the cost figures stand on it.

use super::server::Asked;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::Value;

/// The size of a write unit, bytes.
const WRITE_UNIT: usize = 1_024;

/// The operations that use capacity and tell so when they are asked.
const OPERATIONS: [&str; 10] = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
];

/// The request, asking for the capacity that it uses. Functions do not ask; to them the answer is the same.
pub(super) fn asked_for(operation: &str, request: Asked) -> Asked {
    let (head, body) = request.into_parts();
    let body = match body.strip_prefix(b"{") {
        Some(rest) if OPERATIONS.contains(&operation) && !has(&body, b"\"ReturnConsumedCapacity\"") => {
            Bytes::from([b"{\"ReturnConsumedCapacity\":\"TOTAL\",".as_slice(), rest].concat())
        }
        _ => body,
    };
    hyper::Request::from_parts(head, body)
}

fn has(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answered {
    consumed_capacity: Option<OneOrMany>,
    /// The item that refused a conditional write: it is paid for as if it had been written.
    item: Option<serde_json::Map<String, Value>>,
    cancellation_reasons: Option<Vec<Refused>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Consumed),
    Many(Vec<Consumed>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Consumed {
    capacity_units: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refused {
    item: Option<serde_json::Map<String, Value>>,
}

/// The capacity used according to an answer, in thousandths of a unit.
pub(super) fn used(body: &[u8]) -> u64 {
    // The type of an error stands beside its item; an answer to a read has its item too, and its capacity.
    let Ok(answered) = serde_json::from_slice::<Answered>(body) else { return 0 };
    match answered.consumed_capacity {
        Some(OneOrMany::One(consumed)) => thousandths(consumed.capacity_units),
        Some(OneOrMany::Many(all)) => all.iter().map(|consumed| thousandths(consumed.capacity_units)).sum(),
        None => {
            let refused = answered.cancellation_reasons.unwrap_or_default().into_iter();
            let in_transaction: u64 =
                refused.filter_map(|reason| reason.item).map(|item| 2 * units(&item)).sum();
            1_000 * (answered.item.map_or(0, |item| units(&item)) + in_transaction)
        }
    }
}

fn thousandths(units: f64) -> u64 {
    (units.max(0.0) * 1_000.0).round() as u64
}

/// Write units of an item of the wire protocol.
fn units(item: &serde_json::Map<String, Value>) -> u64 {
    let size: usize = item.iter().map(|(name, value)| name.len() + size(value)).sum();
    size.div_ceil(WRITE_UNIT).max(1) as u64
}

fn size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else { return 1 };
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => text.len(),
        ("N", Value::String(digits)) => digits.len().div_ceil(2) + 1,
        // Three bytes are four letters.
        ("B", Value::String(encoded)) => encoded.len() / 4 * 3,
        ("M", Value::Object(map)) => {
            3 + map.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>()
        }
        ("L", Value::Array(list)) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
        ("SS", Value::Array(texts)) => texts.iter().filter_map(Value::as_str).map(str::len).sum(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_read_from_every_kind_of_answer() {
        for (answer, thousandths) in [
            (r#"{"Attributes":{},"ConsumedCapacity":{"TableName":"t","CapacityUnits":3.0}}"#, 3_000),
            (
                r#"{"ConsumedCapacity":[{"TableName":"t","CapacityUnits":2.5},{"TableName":"u","CapacityUnits":1}]}"#,
                3_500,
            ),
            (r#"{"__type":"x#ConditionalCheckFailedException","Item":{"pk":{"S":"a"}}}"#, 1_000),
            (
                r#"{"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":{"pk":{"S":"a"}}}]}"#,
                2_000,
            ),
            ("not JSON", 0),
        ] {
            assert_eq!(used(answer.as_bytes()), thousandths, "{answer}");
        }
        let large = format!(r#"{{"Item":{{"b":{{"B":"{}"}}}}}}"#, "A".repeat(4_096));
        assert_eq!(used(large.as_bytes()), 4_000);
    }

    #[test]
    fn a_request_asks_for_its_capacity_once() {
        let ask = |operation: &str, body: &'static str| {
            let request = hyper::Request::new(Bytes::from(body));
            String::from_utf8(asked_for(operation, request).into_body().to_vec()).expect("it is text")
        };
        let plain = r#"{"TableName":"t"}"#;
        assert_eq!(ask("GetItem", plain), r#"{"ReturnConsumedCapacity":"TOTAL","TableName":"t"}"#);
        assert_eq!(ask("DescribeTable", plain), plain);
        let asked = r#"{"ReturnConsumedCapacity":"NONE"}"#;
        assert_eq!(ask("GetItem", asked), asked);
    }
}
