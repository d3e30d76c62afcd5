//! What a WooCommerce shop sends to its webhooks, header by header as a live shop was seen to send it.
//!
//! A payload is built when it is delivered, not when the event happened; at most one delivery per webhook, topic and order
//! waits at a time; a failed one is lost.

use super::{Shop, Webhook, signing_key};
use crate::delivery::WebhookDelivery;
use crate::signing::{hmac_base64, short_hash};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const USER_AGENT: &str = "WooCommerce/11.0.1 Hookshot (WordPress/7.0.4)";

/// A delivery that waits for the shop's background queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The webhook.
    pub webhook: u64,
    /// The topic; empty for a ping.
    pub topic: String,
    /// The order or product; 0 for a ping.
    pub resource: u64,
    /// When it was queued.
    pub queued: Timestamp,
}

impl Shop {
    /// Queues an event for every active webhook of its topic, unless that webhook already has this resource waiting.
    pub(super) fn queue(&mut self, now: Timestamp, topic: &str, resource: u64) {
        let webhooks: Vec<u64> = self
            .webhooks
            .values()
            .filter(|webhook| webhook.status == "active" && webhook.topic == topic)
            .map(|webhook| webhook.id)
            .collect();
        for webhook in webhooks {
            let waits =
                self.pending.iter().any(|pending| pending.webhook == webhook && pending.resource == resource);
            if !waits {
                self.pending.push(Pending { webhook, topic: topic.to_string(), resource, queued: now });
            }
        }
    }

    pub(super) fn queue_ping(&mut self, now: Timestamp, webhook: u64) {
        self.pending.push(Pending { webhook, topic: String::new(), resource: 0, queued: now });
    }

    /// Runs the background queue: every waiting delivery, with its payload as the order stands now. Tell
    /// [`Shop::report_delivery`] how each went.
    pub fn deliveries(&mut self, now: Timestamp) -> Vec<WebhookDelivery> {
        let pending = std::mem::take(&mut self.pending);
        pending.iter().filter_map(|pending| self.build(now, pending)).collect()
    }

    /// The delivery that a webhook would make of an order now, whatever waits in the queue.
    pub fn delivery_of(&self, now: Timestamp, webhook: u64, resource: u64) -> Option<WebhookDelivery> {
        let topic = self.webhooks.get(&webhook)?.topic.clone();
        self.build(now, &Pending { webhook, topic, resource, queued: now })
    }

    fn build(&self, now: Timestamp, pending: &Pending) -> Option<WebhookDelivery> {
        let webhook = self.webhooks.get(&pending.webhook)?;
        if webhook.status != "active" {
            return None;
        }
        if pending.topic.is_empty() {
            return Some(ping(webhook));
        }
        let body = self.payload(&pending.topic, pending.resource)?.into_bytes();
        let (resource, event) = pending.topic.split_once('.').unwrap_or((pending.topic.as_str(), ""));
        let delivery_id = short_hash(&format!("{}:{}", webhook.id, now.as_second()));
        let mut headers = common_headers("application/json");
        headers.extend([
            ("X-WC-Webhook-Source".to_string(), self.home.clone()),
            ("X-WC-Webhook-Topic".to_string(), pending.topic.clone()),
            ("X-WC-Webhook-Resource".to_string(), resource.to_string()),
            ("X-WC-Webhook-Event".to_string(), event.to_string()),
            (
                "X-WC-Webhook-Signature".to_string(),
                hmac_base64(signing_key(&webhook.secret).as_bytes(), &body),
            ),
            ("X-WC-Webhook-ID".to_string(), webhook.id.to_string()),
            ("X-WC-Webhook-Delivery-ID".to_string(), delivery_id),
            ("Connection".to_string(), "close".to_string()),
        ]);
        Some(WebhookDelivery {
            webhook: webhook.id,
            address: webhook.delivery_url.clone(),
            topic: pending.topic.clone(),
            resource: pending.resource,
            headers,
            body,
        })
    }

    fn payload(&self, topic: &str, resource: u64) -> Option<String> {
        if topic.ends_with(".deleted") {
            return Some(format!("{{\"id\":{resource}}}"));
        }
        if topic.starts_with("product.") {
            return self.products.get(&resource).map(crate::json::Json::to_php);
        }
        self.orders.get(&resource).map(|order| order.raw.clone())
    }
}

/// What the shop sends when a webhook is saved: no signature, no headers of its own.
fn ping(webhook: &Webhook) -> WebhookDelivery {
    let mut headers = common_headers("application/x-www-form-urlencoded");
    headers.push(("Connection".to_string(), "close".to_string()));
    WebhookDelivery {
        webhook: webhook.id,
        address: webhook.delivery_url.clone(),
        topic: String::new(),
        resource: 0,
        headers,
        body: format!("webhook_id={}", webhook.id).into_bytes(),
    }
}

fn common_headers(content_type: &str) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
    vec![
        pair("User-Agent", USER_AGENT),
        pair("Accept", "*/*"),
        pair("Accept-Encoding", "deflate, gzip, br, zstd"),
        pair("Content-Type", content_type),
    ]
}
