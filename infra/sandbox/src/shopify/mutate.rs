//! The mutations that this flow needs: tags, notes and webhook subscriptions.

use super::deliveries::topic_name;
use super::execute::Refusal;
use super::search::id_of;
use super::{Shop, Subscription};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;

fn user_error(field: &str, message: &str) -> Json {
    Json::Array(vec![object! { "field": vec![field], "message": message }])
}

fn no_errors() -> Json {
    Json::Array(Vec::new())
}

impl Shop {
    pub(super) fn mutate(
        &mut self,
        now: Timestamp,
        field: &str,
        arguments: &Json,
        idempotency_key: Option<&str>,
    ) -> Result<Json, Refusal> {
        match field {
            "inventorySetQuantities" => self.set_quantities(now, arguments, idempotency_key),
            "tagsAdd" => Ok(self.change_tags(now, arguments, true)),
            "tagsRemove" => Ok(self.change_tags(now, arguments, false)),
            "orderUpdate" => Ok(self.update_order(now, arguments)),
            "webhookSubscriptionCreate" => Ok(self.create_subscription(now, arguments)),
            "webhookSubscriptionUpdate" => Ok(self.update_subscription(now, arguments)),
            "webhookSubscriptionDelete" => Ok(self.delete_subscription(arguments)),
            other => Err(Refusal::new(format!("The sandbox has no mutation {other}"), "BAD_REQUEST")),
        }
    }

    fn order_of(&self, gid: Option<&str>) -> Option<u64> {
        gid.and_then(|gid| id_of(gid, "Order")).filter(|id| self.orders.contains_key(id))
    }

    fn show_order(&self, id: u64) -> Json {
        self.orders.get(&id).map_or(Json::Null, |order| self.order_node(order))
    }

    fn change_tags(&mut self, now: Timestamp, arguments: &Json, add: bool) -> Json {
        let Some(id) = self.order_of(arguments.text("id")) else {
            return object! { "node": Json::Null, "userErrors": user_error("id", "Order does not exist") };
        };
        let sent: Vec<String> = match arguments.get("tags") {
            Some(Json::String(text)) => text.split(',').map(|tag| tag.trim().to_string()).collect(),
            _ => arguments.items("tags").iter().filter_map(|tag| tag.as_text().map(str::to_string)).collect(),
        };
        if let Some(long) = sent.iter().find(|tag| tag.chars().count() > 40) {
            let message = format!("Tag {long} is too long (maximum is 40 characters)");
            return object! { "node": Json::Null, "userErrors": user_error("tags", &message) };
        }
        let before =
            self.orders.get(&id).and_then(|order| order.text("tags")).unwrap_or_default().to_string();
        let mut tags: Vec<String> =
            before.split(',').map(|tag| tag.trim().to_string()).filter(|tag| !tag.is_empty()).collect();
        let same = |first: &str, second: &str| first.eq_ignore_ascii_case(second);
        if add {
            for tag in sent {
                if !tags.iter().any(|known| same(known, &tag)) {
                    tags.push(tag);
                }
            }
        } else {
            tags.retain(|known| !sent.iter().any(|tag| same(known, tag)));
        }
        let after = tags.join(", ");
        if after != before {
            self.change_order(now, id, "orders/updated", |order| order.set("tags", after));
        }
        object! { "node": self.show_order(id), "userErrors": no_errors() }
    }

    fn update_order(&mut self, now: Timestamp, arguments: &Json) -> Json {
        let Some(id) = self.order_of(arguments.text("input.id")) else {
            return object! { "order": Json::Null, "userErrors": user_error("id", "Order does not exist") };
        };
        let input = arguments.get("input").cloned().unwrap_or_default();
        if input.text("note").is_some_and(|note| note.chars().count() > 5000) {
            return object! { "order": Json::Null, "userErrors": user_error("note", "Note is too long") };
        }
        self.change_order(now, id, "orders/updated", |order| {
            if let Some(note) = input.get("note") {
                order.set("note", note);
            }
            if let Some(Json::Array(tags)) = input.get("tags") {
                let tags: Vec<&str> = tags.iter().filter_map(Json::as_text).collect();
                order.set("tags", tags.join(", "));
            }
            if let Some(Json::Array(attributes)) = input.get("customAttributes") {
                let rest = attributes.iter().map(|attribute| {
                    object! {
                        "name": attribute.text("key").unwrap_or_default(),
                        "value": attribute.get("value").cloned().unwrap_or_default(),
                    }
                });
                order.set("note_attributes", Json::Array(rest.collect()));
            }
        });
        object! { "order": self.show_order(id), "userErrors": no_errors() }
    }

    fn create_subscription(&mut self, now: Timestamp, arguments: &Json) -> Json {
        let refuse = |field: &str, message: &str| object! { "webhookSubscription": Json::Null, "userErrors": user_error(field, message) };
        let input = arguments.get("webhookSubscription").cloned().unwrap_or_default();
        let Some(topic) = arguments.text("topic").and_then(topic_name) else {
            return refuse("topic", "Topic is invalid");
        };
        let Some(uri) = input.text("uri").filter(|uri| uri.starts_with("http")) else {
            return refuse("callbackUrl", "Address is invalid");
        };
        let taken = self.subscriptions.values().any(|known| known.topic == topic && known.uri == uri);
        if taken {
            return refuse("callbackUrl", "Address for this topic has already been taken");
        }
        let id = self.subscribe(now, &topic, uri);
        object! { "webhookSubscription": self.subscriptions.get(&id).map(Subscription::node), "userErrors": no_errors() }
    }

    fn update_subscription(&mut self, now: Timestamp, arguments: &Json) -> Json {
        let id = arguments.text("id").and_then(|gid| id_of(gid, "WebhookSubscription"));
        let Some(subscription) = id.and_then(|id| self.subscriptions.get_mut(&id)) else {
            let errors = user_error("id", "Webhook subscription does not exist");
            return object! { "webhookSubscription": Json::Null, "userErrors": errors };
        };
        if let Some(uri) = arguments.text("webhookSubscription.uri") {
            subscription.uri = uri.to_string();
            subscription.updated = now;
        }
        object! { "webhookSubscription": subscription.node(), "userErrors": no_errors() }
    }

    fn delete_subscription(&mut self, arguments: &Json) -> Json {
        let gid = arguments.text("id").unwrap_or_default();
        let removed = id_of(gid, "WebhookSubscription").and_then(|id| self.subscriptions.remove(&id));
        match removed {
            Some(_) => object! { "deletedWebhookSubscriptionId": gid, "userErrors": no_errors() },
            None => object! {
                "deletedWebhookSubscriptionId": Json::Null,
                "userErrors": user_error("id", "Webhook subscription does not exist"),
            },
        }
    }
}
