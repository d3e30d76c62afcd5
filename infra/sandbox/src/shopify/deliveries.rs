//! What a Shopify shop sends to its subscriptions, and its retries.
//!
//! The body is that of the moment of the event, also on retries. A webhook id names a delivery and stays over its retries;
//! an event id is shared by all subscriptions that tell of the same event.

use super::Shop;
use crate::delivery::WebhookDelivery;
use crate::json::Json;
use crate::object;
use crate::signing::{hmac_base64, uuid};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often a failed delivery is tried again, over four hours.
pub const RETRIES: u32 = 8;
/// Failures in a row that delete a subscription.
const FAILURES_THAT_DELETE: u32 = 8;
/// The version that webhooks carry.
const API_VERSION: &str = "2026-01";

/// A webhook subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its number.
    pub id: u64,
    /// Such as `orders/create`.
    pub topic: String,
    /// Where it delivers.
    pub uri: String,
    /// Failures in a row.
    pub failures: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed.
    pub updated: Timestamp,
}

/// A delivery that waits, or is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The subscription.
    pub subscription: u64,
    /// The topic.
    pub topic: String,
    /// The order it is about.
    pub order: u64,
    /// The body as it was when the event happened.
    pub body: String,
    /// When the event happened.
    pub triggered: Timestamp,
    /// Names the delivery.
    pub webhook_id: String,
    /// Names the event.
    pub event_id: String,
    /// Tries so far.
    pub tries: u32,
    /// When it is tried next.
    pub due: Timestamp,
    /// Given out, its fate not reported yet.
    pub in_flight: bool,
}

/// `orders/create` for `ORDERS_CREATE`; nothing for topics that are not taken here.
pub(super) fn topic_name(topic: &str) -> Option<String> {
    let known = [
        "ORDERS_CREATE",
        "ORDERS_UPDATED",
        "ORDERS_PAID",
        "ORDERS_CANCELLED",
        "ORDERS_EDITED",
        "ORDERS_DELETE",
        "ORDERS_FULFILLED",
        "ORDERS_PARTIALLY_FULFILLED",
        "REFUNDS_CREATE",
        "ORDER_TRANSACTIONS_CREATE",
        "FULFILLMENTS_CREATE",
        "PRODUCTS_CREATE",
        "PRODUCTS_UPDATE",
        "PRODUCTS_DELETE",
        "INVENTORY_LEVELS_UPDATE",
        "INVENTORY_ITEMS_UPDATE",
        "DISPUTES_CREATE",
        "APP_UNINSTALLED",
        "APP_SCOPES_UPDATE",
        "SHOP_UPDATE",
    ];
    let topic = known.iter().find(|known| **known == topic)?.to_lowercase();
    let at =
        if topic.starts_with("order_transactions") { "order_transactions".len() } else { split_at(&topic) };
    Some(format!("{}/{}", &topic[..at], &topic[at + 1..]))
}

/// Where the resource of a topic ends: before its last word, or before `partially_fulfilled` and `scopes_update`.
fn split_at(topic: &str) -> usize {
    for resource in ["inventory_levels", "inventory_items"] {
        if topic.starts_with(resource) {
            return resource.len();
        }
    }
    topic.find('_').unwrap_or(topic.len() - 1)
}

impl Subscription {
    /// The GraphQL node.
    pub(super) fn node(&self) -> Json {
        let at = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        object! {
            "id": format!("gid://shopify/WebhookSubscription/{}", self.id), "legacyResourceId": self.id.to_string(),
            "topic": self.topic.replace('/', "_").to_uppercase(), "uri": &self.uri, "callbackUrl": &self.uri,
            "format": "JSON", "createdAt": at(self.created), "updatedAt": at(self.updated),
            "includeFields": Json::Array(Vec::new()), "filter": Json::Null, "metafieldNamespaces": Json::Array(Vec::new()),
        }
    }
}

impl Shop {
    /// Subscribes an address to a topic such as `orders/create`.
    pub fn subscribe(&mut self, now: Timestamp, topic: &str, uri: &str) -> u64 {
        let id = self.next_number();
        let subscription = Subscription {
            id,
            topic: topic.to_string(),
            uri: uri.to_string(),
            failures: 0,
            created: now,
            updated: now,
        };
        self.subscriptions.insert(id, subscription);
        id
    }

    /// Announces an order as it stands under a topic.
    pub fn announce(&mut self, now: Timestamp, topic: &str, order: u64) {
        let body = match (topic, self.orders.get(&order)) {
            ("orders/delete", _) => format!("{{\"id\":{order}}}"),
            (_, Some(order)) => order.to_string(),
            (_, None) => return,
        };
        self.announce_body(now, topic, order, body);
    }

    /// Announces a body of its own under a topic: `refunds/create`, `order_transactions/create`, `orders/edited`.
    pub fn announce_body(&mut self, now: Timestamp, topic: &str, order: u64, body: String) {
        let number = self.next_number();
        let event_id = uuid(&format!("{}:event:{number}", self.domain));
        let subscriptions: Vec<u64> =
            self.subscriptions.values().filter(|known| known.topic == topic).map(|known| known.id).collect();
        for subscription in subscriptions {
            self.pending.push(Pending {
                subscription,
                topic: topic.to_string(),
                order,
                body: body.clone(),
                triggered: now,
                webhook_id: uuid(&format!("{}:{subscription}:{number}", self.domain)),
                event_id: event_id.clone(),
                tries: 0,
                due: now,
                in_flight: false,
            });
        }
    }

    /// Every delivery that is due now. Tell [`Shop::report_delivery`] how each went.
    pub fn deliveries(&mut self, now: Timestamp) -> Vec<WebhookDelivery> {
        let mut deliveries = Vec::new();
        for pending in self.pending.iter_mut().filter(|pending| !pending.in_flight && pending.due <= now) {
            let Some(subscription) = self.subscriptions.get(&pending.subscription) else { continue };
            pending.in_flight = true;
            pending.tries += 1;
            deliveries.push(build(&self.domain, &self.client_secret, subscription, pending));
        }
        let subscriptions = &self.subscriptions;
        self.pending.retain(|pending| subscriptions.contains_key(&pending.subscription));
        deliveries
    }

    /// Tells the shop what was answered; nothing when no answer came within five seconds. Failures are tried again.
    pub fn report_delivery(&mut self, now: Timestamp, delivery: &WebhookDelivery, status: Option<u16>) {
        let id = delivery.header("X-Shopify-Webhook-Id").unwrap_or_default();
        let Some(position) = self.pending.iter().position(|pending| pending.webhook_id == id) else { return };
        let Some(subscription) = self.subscriptions.get_mut(&delivery.webhook) else { return };
        if status.is_some_and(|status| (200..300).contains(&status)) {
            subscription.failures = 0;
            self.pending.remove(position);
            return;
        }
        subscription.failures += 1;
        if subscription.failures >= FAILURES_THAT_DELETE {
            self.subscriptions.remove(&delivery.webhook);
            self.pending.retain(|pending| pending.subscription != delivery.webhook);
            return;
        }
        let pending = &mut self.pending[position];
        pending.in_flight = false;
        // Doubling from 56 seconds, eight retries come within four hours.
        let pause = SignedDuration::from_secs(56 * (1 << (pending.tries.saturating_sub(1)).min(RETRIES)));
        pending.due = now.checked_add(pause).unwrap_or(Timestamp::MAX);
        if pending.tries > RETRIES {
            self.pending.remove(position);
        }
    }
}

fn build(domain: &str, secret: &str, subscription: &Subscription, pending: &Pending) -> WebhookDelivery {
    let body = pending.body.clone().into_bytes();
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    let triggered = pending.triggered.to_string();
    WebhookDelivery {
        webhook: subscription.id,
        address: subscription.uri.clone(),
        topic: pending.topic.clone(),
        resource: pending.order,
        headers: vec![
            pair("Content-Type", "application/json"),
            pair("Accept", "*/*"),
            pair("User-Agent", "Shopify-Captain-Hook"),
            pair("X-Shopify-Topic", &pending.topic),
            pair("X-Shopify-Hmac-Sha256", &hmac_base64(secret.as_bytes(), &body)),
            pair("X-Shopify-Shop-Domain", domain),
            pair("X-Shopify-API-Version", API_VERSION),
            pair("X-Shopify-Webhook-Id", &pending.webhook_id),
            pair("X-Shopify-Event-Id", &pending.event_id),
            pair("X-Shopify-Triggered-At", &triggered),
        ],
        body,
    }
}
