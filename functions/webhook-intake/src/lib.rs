//! API Gateway -> verify -> queue.
//!
//! A webhook is believed after its signature held, and answered with success after the queue has it, so that whatever goes
//! wrong the sender sends it again. Nothing is parsed before it is verified; where fields are signed and not the bytes
//! (Adyen), nothing but these is read for it. What is authentic but not understood is answered with success as well, and
//! stands visibly among the parked deliveries: a sender that is told "failed" for good would switch the webhook off. Shops
//! tell of orders and products here, and acquirers of reports that are ready.

mod sender;
mod taking;

use connectors::ports::{Delivery, Verification};
use connectors::registry;
use domain::ConnectionId;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Error, Request, Response, service_fn};
use platform::merchants::WebhookConnection;
use platform::{Platform, PlatformError, telemetry};

use sender::Sender;

/// Where webhooks come in; the connection's id follows.
const PATH: &str = "/v1/webhooks/";
/// The largest body. What is larger does not reach a function on AWS at all; the sweep finds such an order.
const BODY_BYTES: usize = 6 * 1024 * 1024;

/// Starts the function and serves until it is stopped.
///
/// # Errors
/// One line that says what of the configuration is missing.
pub async fn run() -> Result<(), Error> {
    telemetry::start();
    let platform = Platform::start().await?;
    let platform = &platform;
    lambda_http::run(service_fn(move |request: Request| async move {
        Ok::<_, Error>(empty(answer(platform, &request).await))
    }))
    .await
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// The status that one request is answered with; answers have no body.
pub async fn answer(platform: &Platform, request: &Request) -> StatusCode {
    let path = request.uri().path();
    let Some(id) = path.strip_prefix(PATH).filter(|id| !id.is_empty() && !id.contains('/')) else {
        return StatusCode::NOT_FOUND;
    };
    if request.method() != lambda_http::http::Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED;
    }
    let body: &[u8] = request.body();
    if body.len() > BODY_BYTES {
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    // A packed body would be unpacked before its signature could be checked; no shop sends one.
    if request.headers().get("content-encoding").is_some_and(|coding| coding != "identity") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let delivery = Delivery { headers: &headers, body };
    match take(platform, &ConnectionId::new(id), &delivery).await {
        Ok(status) => status,
        Err(error) => {
            tracing::error!(%error, "a delivery could not be taken; its sender will repeat it");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// From a delivery to the queue.
async fn take(
    platform: &Platform,
    id: &ConnectionId,
    delivery: &Delivery<'_>,
) -> Result<StatusCode, PlatformError> {
    let Some((connection, sender)) = find(platform, id).await? else {
        // The same work as for a connection that exists, so that guessing ids by the time they take leads nowhere.
        if let Some(shop) = registry::webshop("woocommerce") {
            let _ = shop.verify(delivery, &["no-such-connection".to_owned().into()]);
        }
        return Ok(StatusCode::NOT_FOUND);
    };
    match sender.verify(delivery, &connection) {
        Verification::Greeting => return Ok(StatusCode::OK),
        Verification::Authentic => {}
        Verification::Forged => {
            // The secret may have been rotated since it was read.
            let again = platform.merchants.connection_again(id).await?;
            let holds = again.is_some_and(|again| sender.verify(delivery, &again) == Verification::Authentic);
            if !holds {
                tracing::warn!(merchant = %connection.merchant, "a signature does not hold");
                return Ok(StatusCode::UNAUTHORIZED);
            }
        }
    }
    match sender {
        Sender::Shop(shop) => taking::of_shop(platform, &connection, shop, delivery).await?,
        Sender::Acquirer(acquirer) => taking::announced(platform, &connection, acquirer, delivery).await?,
    }
    Ok(StatusCode::OK)
}

/// The connection and who sends to it; `None` when there is no such connection, or nobody does.
async fn find(
    platform: &Platform,
    id: &ConnectionId,
) -> Result<Option<(std::sync::Arc<WebhookConnection>, Sender)>, PlatformError> {
    let connection = platform.merchants.connection(id).await?;
    Ok(connection.and_then(|connection| {
        let sender = Sender::of(&connection.system)?;
        Some((connection, sender))
    }))
}
