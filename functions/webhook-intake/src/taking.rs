//! What an authentic delivery leads to: a message, a word, or a parked delivery that a person sees.

use connectors::announcement::Announcing;
use connectors::ports::{Delivery, Notice, PrivacyNotice, Verification, Webshop};
use domain::EntityKind;
use domain::plan::Reason;
use engine::clock::Clock;
use engine::log::Why;
use engine::message::{MESSAGE_SCHEMA, Message, SettingsChoice};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery};
use platform::clock::SystemClock;
use platform::merchants::WebhookConnection;
use platform::payouts::PayoutWord;
use platform::privacy::PrivacyRequest;
use platform::redaction::redact;
use platform::{Platform, PlatformError, queue};

/// An authentic delivery of a shop.
pub(crate) async fn of_shop(
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
            asked_by_person(platform, connection, shop, delivery, (&notice, &body_hash)).await?;
        }
        Ok(Notice::Changed { .. }) if connection.agreement.is_none() => {
            let reason = Reason::new("no-flow").with("message", "the connection is in no flow");
            park(platform, connection, &body_hash, delivery.body, reason).await?;
        }
        Ok(Notice::Changed { kind, entity, bare }) => {
            let received_at = SystemClock.now();
            let body = platform.queues.keep_body(connection, &body_hash, delivery.body).await?;
            let message = Message {
                schema: MESSAGE_SCHEMA,
                merchant: connection.merchant.clone(),
                connection: connection.connection.clone(),
                source: connection.source.clone(),
                kind,
                entity,
                received_at,
                why: Why::Webhook,
                settings: SettingsChoice::Now,
                deduplication: match kind {
                    // Nothing but an id is no state that could be known already: each telling of it is news, and one look at the shop.
                    _ if bare => format!("bare:{kind:?}:{body_hash}:{}", received_at.as_nanosecond()),
                    EntityKind::Order => String::new(),
                    EntityKind::Product => format!("product:{body_hash}"),
                },
                body,
                body_hash: if bare { String::new() } else { body_hash },
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

/// A request about personal data: recorded for the shop that it names, among the connections of the app that delivered it. Of a shop that is
/// not here nothing is kept, so there is nothing to do.
async fn asked_by_person(
    platform: &Platform,
    connection: &WebhookConnection,
    shop: &dyn Webshop,
    delivery: &Delivery<'_>,
    (notice, body_hash): (&PrivacyNotice, &str),
) -> Result<(), PlatformError> {
    let mut recorded = 0_usize;
    for named in platform.merchants.of_shop(connection, &notice.shop).await? {
        if shop.verify(delivery, &named.secrets) != Verification::Authentic {
            continue;
        }
        let asked = PrivacyRequest::of_shop(
            &named.merchant,
            &named.source,
            &named.key,
            (notice, body_hash),
            SystemClock.now(),
        )?;
        platform.privacy().record(&asked).await?;
        recorded += 1;
        tracing::info!(event = "privacy-request", merchant = %named.merchant, ?notice, "recorded");
    }
    if recorded == 0 {
        tracing::info!(
            event = "privacy-request-of-another",
            ?notice,
            "no connection of the app has this shop"
        );
    }
    Ok(())
}

/// An authentic delivery of an acquirer: each report that it announces is to be downloaded.
pub(crate) async fn announced(
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
        queue: None,
    };
    platform.ledger.park_with(&delivery, &connection.key).await
}
