//! file, clock, queue or caller -> payout report -> match -> voucher, approved and posted once.
//!
//! Three kinds of event come here: messages of the queue (the bucket's word that a file was dropped, and words about payouts), the
//! clock's, and requests to the JSON API, which AWS lets through only from callers that it has identified.

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use data_encoding::BASE64;
use engine::clock::Clock;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::clock::{SystemClock, work_ends};
use platform::payouts::{Asked, Handled, Payouts, Told};
use platform::transport::Traffic;
use platform::{Platform, telemetry};
use serde_json::{Value, json};

/// Callers of the API are answered before the gateway gives up.
const API_TIME: SignedDuration = SignedDuration::from_secs(27);
/// In the first minutes of an hour acquirers are asked for what is new.
const HOURLY: i8 = 5;

/// Starts the function and serves until it is stopped.
///
/// # Errors
/// One line that says what of the configuration is missing.
pub async fn run() -> Result<(), Error> {
    telemetry::start();
    let platform = Platform::start().await?;
    // Orders go first: payouts have the background share of the rate budgets.
    let routes = platform.routes()?.for_traffic(Traffic::Background);
    let payouts = Payouts::new(platform, routes);
    let payouts = &payouts;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = work_ends(event.context.deadline);
        // The three kinds of work make a large future: it stands on the heap.
        Box::pin(answer(payouts, event.payload, deadline)).await
    }))
    .await
}

/// Answers one event of any of the three kinds.
///
/// # Errors
/// An event of no known kind; a batch that holds a record without an id.
pub async fn answer(payouts: &Payouts, event: Value, deadline: Timestamp) -> Result<Value, Error> {
    if event.get("Records").is_some() {
        let batch: SqsEvent = serde_json::from_value(event)?;
        return Ok(serde_json::to_value(process_batch(payouts, batch, deadline).await?)?);
    }
    if event.get("requestContext").is_some() {
        let request: ApiGatewayV2httpRequest = serde_json::from_value(event)?;
        return Ok(serve(payouts, &request, deadline).await);
    }
    if event.get("source").and_then(Value::as_str) == Some("aws.events") {
        let minute = TimeZone::UTC.to_datetime(SystemClock.now()).minute();
        payouts.turn(minute < HOURLY).await?;
        return Ok(Value::Null);
    }
    Err("an event of no known kind".into())
}

/// Works on a batch; answers with the ids of what must come again.
async fn process_batch(
    payouts: &Payouts,
    batch: SqsEvent,
    deadline: Timestamp,
) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    for record in &batch.records {
        let Some(id) = record.message_id.clone().filter(|id| !id.is_empty()) else {
            return Err("a record without an id".into());
        };
        let text = record.body.as_deref().unwrap_or_default();
        let handled = match Box::pin(payouts.take(text, receives(record), deadline)).await {
            Ok(handled) => handled,
            Err(error) => {
                tracing::error!(event = "message-not-understood", message = id, %error, "left on the queue");
                Handled::Again
            }
        };
        if handled == Handled::Again {
            response.add_failure(id);
        }
    }
    Ok(response)
}

/// How often a record was received, this time included.
fn receives(record: &SqsMessage) -> u32 {
    let count = record.attributes.get("ApproximateReceiveCount");
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// Serves a request. Who calls is who AWS says; a request without that is refused, whatever its path.
async fn serve(payouts: &Payouts, request: &ApiGatewayV2httpRequest, deadline: Timestamp) -> Value {
    let authorizer = request.request_context.authorizer.as_ref();
    let caller =
        authorizer.and_then(|authorizer| authorizer.iam.as_ref()).and_then(|iam| iam.user_arn.clone());
    let Some(by) = caller.filter(|by| !by.is_empty()) else {
        return response(&Told { status: 403, body: json!({ "message": "Forbidden" }) });
    };
    let body = request.body.clone().unwrap_or_default();
    let body =
        if request.is_base64_encoded { BASE64.decode(body.as_bytes()).ok() } else { Some(body.into_bytes()) };
    let Some(body) = body else {
        return response(&Told { status: 400, body: json!({ "message": "the body cannot be read" }) });
    };
    let path = |name: &str| request.path_parameters.get(name).map(String::as_str).unwrap_or_default();
    let query = |name: &str| request.query_string_parameters.first(name).unwrap_or_default();
    let media_type = request.headers.get("content-type").and_then(|told| told.to_str().ok());
    let asked = Asked {
        by: &by,
        method: request.request_context.http.method.as_str(),
        merchant: path("merchant"),
        payout: path("payout"),
        flow: query("flow"),
        name: query("name"),
        media_type: media_type.unwrap_or_default(),
        after: query("after"),
        limit: query("limit"),
        body: &body,
        deadline: deadline.min(SystemClock.now() + API_TIME),
    };
    response(&Box::pin(payouts.answer(&asked)).await)
}

fn response(told: &Told) -> Value {
    json!({
        "statusCode": told.status,
        "headers": { "content-type": "application/json", "cache-control": "no-store" },
        "body": told.body.to_string(),
    })
}
