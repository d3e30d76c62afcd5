//! API Gateway -> verify -> queue.
//!
//! A webhook is believed after its signature over the raw bytes held, and answered with success after the queue has it, so
//! that whatever goes wrong the sender sends it again. Nothing is parsed before it is verified. What is authentic but not
//! understood is answered with success as well, and stands visibly among the parked deliveries: a sender that is told
//! "failed" for good would switch the webhook off. Shops tell of orders and products here, and acquirers of reports that are ready.

use connectors::announcement::Announcing;
use connectors::ports::{Delivery, Notice, Verification, Webshop};
use connectors::registry;
use domain::plan::Reason;
use domain::{ConnectionId, EntityKind};
use engine::clock::Clock;
use engine::log::Why;
use engine::message::{MESSAGE_SCHEMA, Message, SettingsChoice};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Error, Request, Response, service_fn};
use platform::clock::SystemClock;
use platform::merchants::WebhookConnection;
use platform::payouts::PayoutWord;
use platform::privacy::PrivacyRequest;
use platform::redaction::redact;
use platform::{Platform, PlatformError, queue, telemetry};

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
        Sender::Shop(shop) => take_of_shop(platform, &connection, shop, delivery).await?,
        Sender::Acquirer(acquirer) => take_announced(platform, &connection, acquirer, delivery).await?,
    }
    Ok(StatusCode::OK)
}

/// An authentic delivery of a shop.
async fn take_of_shop(
    platform: &Platform,
    connection: &WebhookConnection,
    shop: &dyn Webshop,
    delivery: &Delivery<'_>,
) -> Result<(), PlatformError> {
    let body_hash = queue::hash(delivery.body);
    match shop.notice(delivery) {
        Ok(Notice::NotForUs { what }) => {
            tracing::debug!(merchant = %connection.merchant, what, "nothing to do");
        }
        Ok(Notice::Privacy(notice)) => {
            let asked = PrivacyRequest::of_shop(
                &connection.merchant,
                &connection.source,
                &connection.key,
                (&notice, &body_hash),
                SystemClock.now(),
            )?;
            platform.privacy().record(&asked).await?;
            tracing::info!(event = "privacy-request", merchant = %connection.merchant, ?notice, "recorded");
        }
        Ok(Notice::Changed { .. }) if connection.agreement.is_none() => {
            let reason = Reason::new("no-flow").with("message", "the connection is in no flow");
            park(platform, connection, &body_hash, delivery.body, reason).await?;
        }
        Ok(Notice::Changed { kind, entity }) => {
            let message = Message {
                schema: MESSAGE_SCHEMA,
                merchant: connection.merchant.clone(),
                connection: connection.connection.clone(),
                source: connection.source.clone(),
                kind,
                entity,
                received_at: SystemClock.now(),
                why: Why::Webhook,
                settings: SettingsChoice::Now,
                // A deletion of an order and one of a product may be the same bytes.
                deduplication: match kind {
                    EntityKind::Order => String::new(),
                    EntityKind::Product => format!("product:{body_hash}"),
                },
                body: platform.queues.keep_body(connection, &body_hash, delivery.body).await?,
                body_hash,
            };
            platform.queues.send(&message).await?;
        }
        Err(failure) => {
            let words = redact(&failure.to_string()).into_owned();
            let reason = Reason::new("delivery-not-understood").with("message", words);
            park(platform, connection, &body_hash, delivery.body, reason).await?;
        }
    }
    Ok(())
}

/// An authentic delivery of an acquirer: each report that it announces is to be downloaded.
async fn take_announced(
    platform: &Platform,
    connection: &WebhookConnection,
    acquirer: &dyn Announcing,
    delivery: &Delivery<'_>,
) -> Result<(), PlatformError> {
    match acquirer.announced(delivery) {
        Ok(reports) => {
            for report in reports {
                let word = PayoutWord::announced(&connection.merchant, &connection.connection, report);
                platform.queues.leave_payout_word(&word).await?;
            }
            Ok(())
        }
        Err(failure) => {
            let words = redact(&failure.to_string()).into_owned();
            let reason = Reason::new("delivery-not-understood").with("message", words);
            park(platform, connection, &queue::hash(delivery.body), delivery.body, reason).await
        }
    }
}

/// Who sends to a connection.
#[derive(Clone, Copy)]
enum Sender {
    Shop(&'static dyn Webshop),
    Acquirer(&'static dyn Announcing),
}

impl Sender {
    fn of(system: &str) -> Option<Sender> {
        registry::webshop(system)
            .map(Sender::Shop)
            .or_else(|| registry::announcing(system).map(Sender::Acquirer))
    }

    fn verify(self, delivery: &Delivery<'_>, connection: &WebhookConnection) -> Verification {
        match self {
            Sender::Shop(shop) => shop.verify(delivery, &connection.secrets),
            Sender::Acquirer(acquirer) => acquirer.verify(delivery, &connection.secrets),
        }
    }
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

/// Authentic, and nothing can be done with it: kept where a person sees it.
async fn park(
    platform: &Platform,
    connection: &WebhookConnection,
    body_hash: &str,
    body: &[u8],
    reason: Reason,
) -> Result<(), PlatformError> {
    tracing::error!(event = "delivery-parked", merchant = %connection.merchant, body_hash, code = reason.code, "parked");
    let delivery = ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: connection.merchant.clone(),
        connection: connection.connection.clone(),
        body_hash: body_hash.to_owned(),
        entity: None,
        reason,
        at: SystemClock.now(),
        message: platform.queues.keep_body(connection, body_hash, body).await?,
    };
    platform.ledger.park_with(&delivery, &connection.key).await
}
