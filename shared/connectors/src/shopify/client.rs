//! Calls to Shopify's Admin interface: one path, GraphQL in, and an answer whose failures stand in its body.

use domain::{EffectKey, Failure};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http::{Call, Complaint, Method, Request, Response, Transport, accept, clean, json_text};
use crate::json::{Amount, List, Text, read_answer, rejected};

/// Version 2026-01: the one whose schema the queries were written against. Shopify serves each version for a year.
const PATH: &str = "/admin/api/2026-01/graphql.json";
/// Longest wait for the query budget to fill, in seconds; a full bucket fills in less.
const LONGEST_WAIT_SECONDS: u64 = 60;
/// Wait for the budget when the answer does not state it.
const USUAL_WAIT_MS: u64 = 2_000;

/// Sends a query; the `data` of its answer as JSON text.
pub(crate) async fn query(
    transport: &dyn Transport,
    document: &str,
    variables: Value,
) -> Result<String, Failure> {
    let response = transport.read(request(document, variables)).await?;
    data(Call::Read, &response)
}

/// Sends a mutation under its key; the `data` of its answer as JSON text.
pub(super) async fn mutate(
    transport: &dyn Transport,
    key: &EffectKey,
    document: &str,
    variables: Value,
) -> Result<String, Failure> {
    let response = transport.write(key, request(document, variables)).await?;
    data(Call::Write, &response)
}

fn request(document: &str, variables: Value) -> Request {
    let body = serde_json::json!({ "query": document, "variables": variables });
    Request::json(Method::Post, PATH, body.to_string())
}

#[derive(Debug, Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Debug, Default, Deserialize)]
struct GraphError<'a> {
    #[serde(borrow, default)]
    message: Text<'a>,
    #[serde(borrow, default)]
    extensions: Option<ErrorExtensions<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct ErrorExtensions<'a> {
    #[serde(borrow, default)]
    code: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Extensions {
    #[serde(default)]
    cost: Option<Cost>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    #[serde(default)]
    requested_query_cost: Amount,
    #[serde(default)]
    throttle_status: Option<ThrottleStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThrottleStatus {
    #[serde(default)]
    currently_available: Amount,
    #[serde(default)]
    restore_rate: Amount,
}

fn data(call: Call, response: &Response) -> Result<String, Failure> {
    accept(call, response, complaint)?;
    let text = json_text(call, response)?;
    let answer: Answer<'_> =
        read_answer("the answer", text).map_err(|failure| call.unanswered(failure.to_string(), None))?;
    if let Some(errors) = answer.errors.filter(|errors| !matches!(errors.get(), "null" | "[]")) {
        return Err(failure_of(call, errors, answer.extensions.as_ref()));
    }
    match answer.data {
        Some(data) if data.get() != "null" => Ok(data.get().to_owned()),
        _ => Err(call.unanswered("an answer without data", None)),
    }
}

/// Shopify's errors come as a list, as an object by field, or as one text.
fn complaint(text: &str) -> Complaint {
    let answer: Option<Answer<'_>> = serde_json::from_str(text).ok();
    let errors = answer.and_then(|answer| answer.errors).map_or("", RawValue::get);
    if let Ok(message) = serde_json::from_str::<String>(errors) {
        return Complaint { code: None, message };
    }
    if let Ok(List(list)) = serde_json::from_str::<List<GraphError<'_>>>(errors)
        && let Some(first) = list.first()
    {
        let code = first.extensions.as_ref().and_then(|extensions| extensions.code.given());
        return Complaint { code: code.map(str::to_owned), message: first.message.owned() };
    }
    Complaint { code: None, message: errors.to_owned() }
}

fn failure_of(call: Call, errors: &RawValue, extensions: Option<&Extensions>) -> Failure {
    let Ok(List(list)) = serde_json::from_str::<List<GraphError<'_>>>(errors.get()) else {
        return rejected("graphql", clean(errors.get()));
    };
    let code_of = |error: &GraphError<'_>| {
        error.extensions.as_ref().map(|extensions| extensions.code.owned()).unwrap_or_default()
    };
    let message = clean(&list.iter().map(|error| error.message.trimmed()).collect::<Vec<_>>().join("; "));
    let has = |code: &str| list.iter().any(|error| code_of(error) == code);
    if has("THROTTLED") {
        return Failure::Busy {
            retry_after_ms: Some(wait_ms(extensions)),
            message: "the query budget is spent".to_owned(),
        };
    }
    if has("ACCESS_DENIED") {
        return Failure::Unauthorized { message };
    }
    if has("INTERNAL_SERVER_ERROR") || has("TIMEOUT") {
        return call.unanswered(message, None);
    }
    let code = list.first().map(code_of).filter(|code| !code.is_empty());
    Failure::Rejected { code, message }
}

/// How long the leaky bucket takes to hold the points that the query asked for.
fn wait_ms(extensions: Option<&Extensions>) -> u64 {
    let wait = || {
        let cost = extensions?.cost.as_ref()?;
        let status = cost.throttle_status.as_ref()?;
        let missing = cost.requested_query_cost.0?.checked_sub(status.currently_available.0?)?;
        let seconds = missing.checked_div(status.restore_rate.0.filter(|rate| !rate.is_zero())?)?.ceil();
        u64::try_from(seconds).ok()
    };
    wait().map_or(USUAL_WAIT_MS, |seconds| seconds.clamp(1, LONGEST_WAIT_SECONDS) * 1000)
}

/// What a mutation says was wrong with its input.
#[derive(Debug, Deserialize)]
pub(super) struct UserError<'a> {
    #[serde(borrow, default)]
    field: List<Text<'a>>,
    #[serde(borrow, default)]
    message: Text<'a>,
}

/// Refuses a mutation that has errors: it was surely not applied.
pub(super) fn refuse(errors: &List<UserError<'_>>) -> Result<(), Failure> {
    let Some(first) = errors.0.first() else { return Ok(()) };
    let field = first.field.0.iter().map(|part| part.trimmed()).collect::<Vec<_>>().join(".");
    Err(rejected("user-error", clean(&format!("{field}: {}", first.message.trimmed()))))
}
