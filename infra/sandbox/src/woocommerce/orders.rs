//! Orders of a WooCommerce shop: reading, listing, changing, notes and refunds.

use super::{Shop, StoredOrder, invalid_id, page, php, refusal};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The statuses that core knows.
const STATUSES: &[&str] = &[
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
    "trash",
];

impl Shop {
    /// Puts an order in as if it had always been there: nothing is delivered.
    pub fn load_order(&mut self, text: &str) -> Result<u64, String> {
        let order = StoredOrder::from_text(text)?;
        let id =
            order.json.integer("id").and_then(|id| u64::try_from(id).ok()).ok_or("the order has no id")?;
        self.orders.insert(id, order);
        Ok(id)
    }

    /// A checkout: the order is stored and queued for delivery. At a checkout `order.updated` goes before `order.created`.
    pub fn place_order(&mut self, now: Timestamp, text: &str) -> Result<u64, String> {
        let id = self.load_order(text)?;
        self.queue(now, "order.updated", id);
        self.queue(now, "order.created", id);
        self.queue_products(now, id);
        Ok(id)
    }

    /// Each line that takes stock lowers it and says `product.updated`.
    fn queue_products(&mut self, now: Timestamp, id: u64) {
        let lines =
            self.orders.get(&id).map(|order| order.json.items("line_items").to_vec()).unwrap_or_default();
        for line in lines {
            let sold = line.integer("variation_id").filter(|id| *id > 0).or(line.integer("product_id"));
            let sold = sold.and_then(|id| u64::try_from(id).ok());
            self.take_stock(now, sold, line.integer("quantity").unwrap_or(0));
            let product =
                line.integer("product_id").filter(|_| line.integer("variation_id").unwrap_or(0) == 0);
            if let Some(product) = product.and_then(|product| u64::try_from(product).ok()) {
                self.queue(now, "product.updated", product);
            }
        }
    }

    fn take_stock(&mut self, now: Timestamp, sold: Option<u64>, units: i64) {
        let (local, gmt) = self.times(now);
        let Some(product) = sold.and_then(|id| self.products.get_mut(&id)) else { return };
        let managed = product.get("manage_stock") == Some(&Json::Bool(true));
        if let Some(before) = product.integer("stock_quantity").filter(|_| managed) {
            product.set("stock_quantity", before - units);
            product.set("date_modified", local);
            product.set("date_modified_gmt", gmt);
        }
    }

    /// Changes an order in place, as the shop's staff or a plugin would, and queues `order.updated`.
    pub fn change_order(&mut self, now: Timestamp, id: u64, change: impl FnOnce(&mut Json)) -> bool {
        let (local, gmt) = self.times(now);
        let Some(order) = self.orders.get_mut(&id) else { return false };
        change(&mut order.json);
        order.json.set("date_modified", local);
        order.json.set("date_modified_gmt", gmt);
        order.raw = order.json.to_php();
        self.queue(now, "order.updated", id);
        true
    }

    /// Adds a refund of an order and queues `order.updated`: there is no topic for refunds. The refund carries the
    /// positive `amount`; the order lists it as a negative `total`.
    pub fn add_refund(&mut self, now: Timestamp, id: u64, refund: Json, total_tax: &str) -> bool {
        let amount = refund.text("amount").unwrap_or("0.00").to_string();
        let listed = object! {
            "id": refund.get("id").cloned().unwrap_or_default(),
            "reason": refund.text("reason").unwrap_or_default(),
            "total": format!("-{amount}"),
            "total_tax": total_tax,
        };
        self.refunds.entry(id).or_default().insert(0, refund);
        self.change_order(now, id, |order| {
            let mut refunds = order.items("refunds").to_vec();
            refunds.insert(0, listed);
            order.set("refunds", Json::Array(refunds));
        })
    }

    /// Moves an order to the trash, which is a change of it; the delivery says its id and nothing else.
    pub fn trash_order(&mut self, now: Timestamp, id: u64) -> bool {
        self.move_order(now, id, "trash", "order.deleted")
    }

    /// Takes an order out of the trash again.
    pub fn restore_order(&mut self, now: Timestamp, id: u64, status: &str) -> bool {
        self.move_order(now, id, status, "order.restored")
    }

    fn move_order(&mut self, now: Timestamp, id: u64, status: &str, topic: &str) -> bool {
        let (local, gmt) = self.times(now);
        let Some(order) = self.orders.get_mut(&id) else { return false };
        order.json.set("status", status);
        order.json.set("date_modified", local);
        order.json.set("date_modified_gmt", gmt);
        order.raw = order.json.to_php();
        self.queue(now, topic, id);
        true
    }

    /// The local and the UTC time as the shop writes them: whole seconds, no zone.
    pub(super) fn times(&self, now: Timestamp) -> (String, String) {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let text = |zone: &TimeZone| zone.to_datetime(now).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        (text(&zone), text(&TimeZone::UTC))
    }

    fn order_id(&self, id: &str) -> Option<u64> {
        id.parse().ok().filter(|id| self.orders.contains_key(id))
    }

    pub(super) fn read_order(&self, id: &str) -> Response {
        match self.order_id(id).and_then(|id| self.orders.get(&id)) {
            Some(order) => Response::text(200, "application/json; charset=UTF-8", order.raw.clone()),
            None => invalid_id("woocommerce_rest_shop_order_invalid_id"),
        }
    }

    pub(super) fn list_orders(&self, request: &Request) -> Response {
        let gmt = request.parameter("dates_are_gmt").is_some_and(|value| value == "true" || value == "1");
        let key = |name: &str| if gmt { format!("{name}_gmt") } else { name.to_string() };
        let (modified, created) = (key("date_modified"), key("date_created"));
        let mut found: Vec<&StoredOrder> =
            self.orders.values().filter(|order| self.is_listed(request, &order.json)).collect();
        for (parameter, field, after) in [
            ("modified_after", &modified, true),
            ("modified_before", &modified, false),
            ("after", &created, true),
            ("before", &created, false),
        ] {
            let Some(bound) = request.parameter(parameter) else { continue };
            let Some(bound) = seconds(&bound) else {
                return refusal(400, "rest_invalid_param", &format!("Invalid parameter(s): {parameter}"));
            };
            found.retain(|order| {
                let at = order.json.text(field).and_then(seconds);
                at.is_some_and(|at| if after { at > bound } else { at < bound })
            });
        }
        let by = match request.parameter("orderby").as_deref() {
            Some("modified") => "date_modified",
            Some("id") => "id",
            None | Some("date") => "date_created",
            Some(_) => return refusal(400, "rest_invalid_param", "Invalid parameter(s): orderby"),
        };
        found.sort_by_key(|order| (order.json.text(by).map(str::to_string), order.json.integer("id")));
        if request.parameter("order").as_deref() != Some("asc") {
            found.reverse();
        }
        let address = format!("{}wp-json/wc/v3/orders", self.home);
        page(request, &address, found, |order| order.raw.clone())
    }

    fn is_listed(&self, request: &Request, order: &Json) -> bool {
        let status = order.text("status").unwrap_or_default();
        let wanted = request.parameter("status").unwrap_or_else(|| "any".to_string());
        let included = request.parameter("include").is_none_or(|ids| {
            ids.split(',').any(|id| order.integer("id").is_some_and(|found| found.to_string() == id.trim()))
        });
        // As soon as one of the statuses is `any` the others are passed over, `trash` too.
        let is_listed = if wanted.split(',').any(|wanted| wanted == "any") {
            !matches!(status, "trash" | "auto-draft")
        } else {
            wanted.split(',').any(|wanted| wanted == status)
        };
        included && is_listed
    }

    pub(super) fn update_order(&mut self, now: Timestamp, request: &Request, id: &str) -> Response {
        let Some(id) = self.order_id(id) else { return invalid_id("woocommerce_rest_shop_order_invalid_id") };
        let Ok(body) = Json::parse(&request.body) else {
            return refusal(400, "rest_invalid_json", "Invalid JSON body passed.");
        };
        let status = body.text("status").map(str::to_string);
        if status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
            return refusal(400, "rest_invalid_param", "Invalid parameter(s): status");
        }
        let meta: Vec<(Json, u64)> =
            body.items("meta_data").iter().map(|entry| (entry.clone(), self.take_id())).collect();
        let (local, gmt) = self.times(now);
        self.change_order(now, id, |order| {
            for (entry, fresh) in meta {
                put_meta(order, &entry, fresh);
            }
            if let Some(note) = body.text("customer_note") {
                order.set("customer_note", note);
            }
            if let Some(transaction) = body.text("transaction_id") {
                order.set("transaction_id", transaction);
            }
            if let Some(status) = status {
                set_status(order, &status, &local, &gmt);
            }
        });
        self.read_order(&id.to_string())
    }

    pub(super) fn list_notes(&self, id: &str) -> Response {
        match self.order_id(id) {
            Some(id) => php(200, &Json::Array(self.notes.get(&id).cloned().unwrap_or_default())),
            None => invalid_id("woocommerce_rest_order_invalid_id"),
        }
    }

    pub(super) fn add_note(&mut self, now: Timestamp, request: &Request, id: &str) -> Response {
        let Some(id) = self.order_id(id) else { return invalid_id("woocommerce_rest_order_invalid_id") };
        let body = Json::parse(&request.body).unwrap_or_default();
        let Some(text) = body.text("note").filter(|text| !text.is_empty()) else {
            return refusal(400, "rest_missing_callback_param", "Missing parameter(s): note");
        };
        let (local, gmt) = self.times(now);
        let note = object! {
            "id": self.take_id(),
            "author": "WooCommerce",
            "date_created": local,
            "date_created_gmt": gmt,
            "note": text,
            "customer_note": body.get("customer_note").and_then(Json::as_bool).unwrap_or(false),
        };
        self.notes.entry(id).or_default().insert(0, note.clone());
        self.queue(now, "order.updated", id);
        php(201, &note)
    }

    pub(super) fn list_refunds(&self, id: &str) -> Response {
        match self.order_id(id) {
            Some(id) => php(200, &Json::Array(self.refunds.get(&id).cloned().unwrap_or_default())),
            None => invalid_id("woocommerce_rest_invalid_order_id"),
        }
    }
}

fn put_meta(order: &mut Json, entry: &Json, fresh: u64) {
    let mut meta = order.items("meta_data").to_vec();
    let value = entry.get("value").cloned().unwrap_or_default();
    let existing = meta.iter_mut().find(|known| match entry.integer("id") {
        Some(id) => known.integer("id") == Some(id),
        None => known.get("key") == entry.get("key"),
    });
    match existing {
        Some(known) => known.set("value", value),
        None => {
            meta.push(object! { "id": fresh, "key": entry.text("key").unwrap_or_default(), "value": value })
        }
    }
    order.set("meta_data", Json::Array(meta));
}

fn set_status(order: &mut Json, status: &str, local: &str, gmt: &str) {
    order.set("status", status);
    let mut stamp = |name: &str| {
        if order.get(name).is_none_or(Json::is_null) {
            order.set(name, local);
            order.set(&format!("{name}_gmt"), gmt);
        }
    };
    match status {
        "completed" => {
            stamp("date_completed");
            stamp("date_paid");
        }
        "processing" => stamp("date_paid"),
        _ => {}
    }
}

/// A time as WordPress takes it, to the second; a zone in the text is ignored, as the shop does without `dates_are_gmt`.
fn seconds(text: &str) -> Option<jiff::civil::DateTime> {
    let text = text.get(..19).unwrap_or(text);
    text.parse::<jiff::civil::DateTime>()
        .ok()
        .or_else(|| text.get(..10)?.parse::<jiff::civil::Date>().ok().map(|date| date.at(0, 0, 0, 0)))
}
