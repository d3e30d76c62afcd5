//! The stand-in for a WooCommerce shop (REST v3): orders, notes, refunds, products, webhooks and what they deliver.
//!
//! Orders are kept as the raw text they were loaded with, so a captured body is served byte for byte. What a live shop was
//! seen to do decides, not the manual: exclusive second-grained `modified_after`, no retries, payloads built at delivery.

mod deliveries;
mod orders;
mod products;
mod webhooks;

pub use deliveries::Pending;
pub use webhooks::{FAILURES_THAT_DISABLE, Webhook, signing_key};

use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An order as the shop holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredOrder {
    /// The exact text that REST answers and webhooks carry.
    pub raw: String,
    /// The same, parsed.
    pub json: Json,
}

impl StoredOrder {
    /// From its JSON text.
    pub fn from_text(text: &str) -> Result<StoredOrder, String> {
        Ok(StoredOrder { raw: text.to_string(), json: Json::parse(text.as_bytes())? })
    }
}

/// One WooCommerce shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shop {
    /// The home address with a slash at its end.
    pub home: String,
    /// `ck_...`
    pub consumer_key: String,
    /// `cs_...`
    pub consumer_secret: String,
    /// The shop's time zone, an IANA name.
    pub time_zone: String,
    /// Orders by id.
    pub orders: BTreeMap<u64, StoredOrder>,
    /// Refunds by order id, each the raw JSON of the refund.
    pub refunds: BTreeMap<u64, Vec<Json>>,
    /// Notes by order id.
    pub notes: BTreeMap<u64, Vec<Json>>,
    /// Products and variations by id, each the raw JSON.
    pub products: BTreeMap<u64, Json>,
    /// Whether the shop lists all variations of all products at once, as from version 10.3.
    pub lists_all_variations: bool,
    /// Webhooks by id.
    pub webhooks: BTreeMap<u64, Webhook>,
    /// Deliveries that the shop has yet to make.
    pub pending: Vec<Pending>,
    pub(crate) next_id: u64,
}

impl Shop {
    /// A shop with nothing in it.
    pub fn new(home: &str, consumer_key: &str, consumer_secret: &str) -> Shop {
        Shop {
            home: home.to_string(),
            consumer_key: consumer_key.to_string(),
            consumer_secret: consumer_secret.to_string(),
            time_zone: "Europe/Copenhagen".to_string(),
            orders: BTreeMap::new(),
            refunds: BTreeMap::new(),
            notes: BTreeMap::new(),
            products: BTreeMap::new(),
            lists_all_variations: true,
            webhooks: BTreeMap::new(),
            pending: Vec::new(),
            next_id: 100_000,
        }
    }

    /// Answers a request whose path starts with `/woocommerce/{shop}/wp-json/wc/v3/`.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Response {
        if !self.opens_with(request) {
            return unauthorised(request);
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["woocommerce", _, "wp-json", "wc", "v3", path @ ..] = segments.as_slice() else {
            return refusal(404, "rest_no_route", "No route was found matching the URL and request method.");
        };
        match (request.method.as_str(), path) {
            ("GET", ["orders"]) => self.list_orders(request),
            ("GET", ["orders", id]) => self.read_order(id),
            ("PUT" | "POST", ["orders", id]) => self.update_order(now, request, id),
            ("GET", ["orders", id, "notes"]) => self.list_notes(id),
            ("POST", ["orders", id, "notes"]) => self.add_note(now, request, id),
            ("GET", ["orders", id, "refunds"]) => self.list_refunds(id),
            ("GET", ["products"]) => self.list_products(request),
            ("GET", ["variations"]) => self.list_all_variations(request),
            ("GET", ["products", id]) => self.read_product(id),
            ("GET", ["products", id, "variations"]) => self.list_variations(request, id),
            ("POST", ["products", "batch"]) => self.batch_products(now, request, None),
            ("POST", ["products", id, "variations", "batch"]) => self.batch_products(now, request, Some(id)),
            ("PUT" | "POST", ["products", id]) => self.update_product(now, request, id),
            ("GET", ["webhooks"]) => self.list_webhooks(request),
            ("POST", ["webhooks"]) => self.create_webhook(now, request),
            ("GET", ["webhooks", id]) => self.read_webhook(id),
            ("PUT", ["webhooks", id]) => self.update_webhook(now, request, id),
            _ => refusal(404, "rest_no_route", "No route was found matching the URL and request method."),
        }
    }

    fn opens_with(&self, request: &Request) -> bool {
        let basic = request
            .header("Authorization")
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|value| data_encoding::BASE64.decode(value.as_bytes()).ok());
        if let Some(pair) = basic {
            return pair == format!("{}:{}", self.consumer_key, self.consumer_secret).as_bytes();
        }
        request.parameter("consumer_key").as_deref() == Some(&self.consumer_key)
            && request.parameter("consumer_secret").as_deref() == Some(&self.consumer_secret)
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

/// Cuts a list into a page, with the paging headers.
fn page<T>(request: &Request, address: &str, items: Vec<T>, show: impl Fn(T) -> String) -> Response {
    let number = |name: &str, default: usize| match request.parameter(name) {
        None => Some(default),
        Some(text) => text.parse::<usize>().ok().filter(|number| *number > 0),
    };
    let (Some(page), Some(size)) = (number("page", 1), number("per_page", 10).filter(|size| *size <= 100))
    else {
        return refusal(400, "rest_invalid_param", "Invalid parameter(s): per_page or page");
    };
    let total = items.len();
    let pages = total.div_ceil(size);
    let chosen: Vec<String> = items.into_iter().skip((page - 1) * size).take(size).map(show).collect();
    let mut response =
        Response::text(200, "application/json; charset=UTF-8", format!("[{}]", chosen.join(",")))
            .with_header("X-WP-Total", total.to_string())
            .with_header("X-WP-TotalPages", pages.to_string());
    let mut links = Vec::new();
    if page > 1 {
        links.push(format!("<{address}?page={}>; rel=\"prev\"", page - 1));
    }
    if page < pages {
        links.push(format!("<{address}?page={}>; rel=\"next\"", page + 1));
    }
    if !links.is_empty() {
        response = response.with_header("Link", links.join(", "));
    }
    response
}

fn php(status: u16, body: &Json) -> Response {
    Response::text(status, "application/json; charset=UTF-8", body.to_php())
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    php(status, &object! { "code": code, "message": message, "data": object! { "status": status } })
}

fn invalid_id(code: &str) -> Response {
    refusal(404, code, "Invalid ID.")
}

fn unauthorised(request: &Request) -> Response {
    let (code, message) = match request.method.as_str() {
        "GET" => ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
        "POST" => ("woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."),
        _ => ("woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."),
    };
    refusal(401, code, message)
}
