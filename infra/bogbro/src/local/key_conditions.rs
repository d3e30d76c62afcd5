//! A query whose key condition holds an empty value is refused, as DynamoDB refuses it: an attribute of a key is never
//! empty, not even as a bound. The engine refuses empty keys in items and takes them here.

use super::server::{Answer, respond};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    #[serde(default)]
    key_condition_expression: String,
    #[serde(default)]
    expression_attribute_values: HashMap<String, HashMap<String, Value>>,
}

impl Query {
    /// True when the condition names a value that is empty.
    fn has_empty_bound(&self) -> bool {
        let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        self.key_condition_expression
            .split(|letter| !is_of_name(letter))
            .filter_map(|word| self.expression_attribute_values.get(word))
            .any(|value| ["S", "B"].iter().any(|kind| value.get(*kind).is_some_and(|value| value == "")))
    }
}

/// The refusal of a request that DynamoDB would refuse.
pub(super) fn refusal(operation: &str, body: &[u8]) -> Option<Answer> {
    if operation != "Query" {
        return None;
    }
    serde_json::from_slice::<Query>(body).ok().filter(Query::has_empty_bound)?;
    let body = json!({
        "__type": "com.amazon.coral.validate#ValidationException",
        "message": "One or more parameter values were invalid: The AttributeValue for a key attribute cannot contain an \
                    empty string value.",
    });
    Some(respond(400, "application/x-amz-json-1.0", body.to_string()))
}
