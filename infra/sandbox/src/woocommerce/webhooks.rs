//! Webhooks of a WooCommerce shop as REST shows them, and how failures switch them off.

use super::{Shop, invalid_id, page, php, refusal};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The failure in a row that disables a webhook. The manual says five; a live shop did it at the seventh.
pub const FAILURES_THAT_DISABLE: u32 = 7;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// `active`, `paused` or `disabled`.
    pub status: String,
    /// Such as `order.updated`.
    pub topic: String,
    /// Where it delivers.
    pub delivery_url: String,
    /// The secret as it is stored, entities and all.
    pub secret: String,
    /// Failures in a row.
    pub failures: u32,
}

/// The key that signs: the stored secret after HTML entities have been decoded.
pub fn signing_key(secret: &str) -> String {
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#039;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(secret.to_string(), |text, (entity, character)| text.replace(entity, character))
}

impl Shop {
    /// Adds an active webhook without telling anyone.
    pub fn add_webhook(&mut self, topic: &str, delivery_url: &str, secret: &str) -> u64 {
        let id = self.webhooks.keys().next_back().map_or(1, |last| last + 1);
        let webhook = Webhook {
            id,
            name: topic.to_string(),
            status: "active".to_string(),
            topic: topic.to_string(),
            delivery_url: delivery_url.to_string(),
            secret: secret.to_string(),
            failures: 0,
        };
        self.webhooks.insert(id, webhook);
        id
    }

    /// Tells the shop how a delivery went: the status that was answered, or nothing when none was. Nothing is ever retried.
    pub fn report_delivery(&mut self, webhook: u64, status: Option<u16>) {
        let Some(webhook) = self.webhooks.get_mut(&webhook) else { return };
        if status.is_some_and(|status| (200..=302).contains(&status)) {
            webhook.failures = 0;
            return;
        }
        // The count stays where it is when the shop switches it off, and when somebody switches it on again.
        if webhook.failures + 1 >= FAILURES_THAT_DISABLE {
            webhook.status = "disabled".to_string();
        } else {
            webhook.failures += 1;
        }
    }

    pub(super) fn list_webhooks(&self, request: &Request) -> Response {
        let wanted = request.parameter("status").filter(|status| status != "all");
        let found = self
            .webhooks
            .values()
            .filter(|webhook| wanted.as_ref().is_none_or(|status| *status == webhook.status));
        let address = format!("{}wp-json/wc/v3/webhooks", self.home);
        page(request, &address, found.collect(), |webhook: &Webhook| self.show_webhook(webhook).to_php())
    }

    pub(super) fn read_webhook(&self, id: &str) -> Response {
        let found = id.parse::<u64>().ok().and_then(|id| self.webhooks.get(&id));
        found.map_or_else(not_found, |webhook| php(200, &self.show_webhook(webhook)))
    }

    pub(super) fn create_webhook(&mut self, now: Timestamp, request: &Request) -> Response {
        let body = Json::parse(&request.body).unwrap_or_default();
        let (Some(topic), Some(address)) = (body.text("topic"), body.text("delivery_url")) else {
            return refusal(
                400,
                "woocommerce_rest_webhook_invalid_topic",
                "Webhook topic is required and must be valid.",
            );
        };
        let id = self.add_webhook(topic, address, body.text("secret").unwrap_or_default());
        self.queue_ping(now, id);
        self.read_webhook(&id.to_string()).clone_with_status(201)
    }

    pub(super) fn update_webhook(&mut self, now: Timestamp, request: &Request, id: &str) -> Response {
        let body = Json::parse(&request.body).unwrap_or_default();
        let status = body.text("status");
        if status.is_some_and(|status| !matches!(status, "active" | "paused" | "disabled")) {
            return refusal(400, "rest_invalid_param", "Invalid parameter(s): status");
        }
        let Some(webhook) = id.parse::<u64>().ok().and_then(|id| self.webhooks.get_mut(&id)) else {
            return not_found();
        };
        if let Some(status) = status {
            webhook.status = status.to_string();
        }
        let mut take = |name: &str, place: fn(&mut super::Webhook) -> &mut String| {
            if let Some(text) = body.text(name) {
                *place(webhook) = text.to_string();
            }
        };
        take("delivery_url", |webhook| &mut webhook.delivery_url);
        take("secret", |webhook| &mut webhook.secret);
        take("topic", |webhook| &mut webhook.topic);
        take("name", |webhook| &mut webhook.name);
        let id = webhook.id;
        if webhook.status == "active" {
            self.queue_ping(now, id);
        }
        self.read_webhook(&id.to_string())
    }

    fn show_webhook(&self, webhook: &super::Webhook) -> Json {
        let (resource, event) = webhook.topic.split_once('.').unwrap_or((webhook.topic.as_str(), ""));
        object! {
            "id": webhook.id,
            "name": &webhook.name,
            "status": &webhook.status,
            "topic": &webhook.topic,
            "resource": resource,
            "event": event,
            "hooks": Json::Array(Vec::new()),
            "delivery_url": &webhook.delivery_url,
        }
    }
}

impl Response {
    /// The same answer under another status.
    pub(crate) fn clone_with_status(mut self, status: u16) -> Response {
        self.status = status;
        self
    }
}

fn not_found() -> Response {
    invalid_id("woocommerce_rest_shop_webhook_invalid_id")
}
