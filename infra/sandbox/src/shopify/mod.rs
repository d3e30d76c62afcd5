//! The stand-in for a Shopify shop: Admin GraphQL over orders kept in the REST shape of its webhooks, and the webhooks.
//!
//! The GraphQL answers are derived from the stored orders, so both shapes of an order always tell the same.

mod arguments;
mod deliveries;
mod execute;
mod inventory;
mod mutate;
mod order;
mod payments;
mod search;
mod throttle;
mod types;

pub use deliveries::{Pending, RETRIES, Subscription};
pub use inventory::{Inventory, Product, Variant};
pub use payments::{BalanceTransaction, Payments, Payout};
pub use throttle::Throttle;

use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every GraphQL field that this shop answers, as (type, field): for tests that compare with the vendor's schema.
pub fn answered_fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    types::all()
}

/// One Shopify shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shop {
    /// Such as `kande.myshopify.com`.
    pub domain: String,
    /// `X-Shopify-Access-Token`.
    pub access_token: String,
    /// The app's client secret, which signs webhooks.
    pub client_secret: String,
    /// ISO code of the shop's currency.
    pub currency: String,
    /// Orders by id, in REST shape.
    pub orders: BTreeMap<u64, Json>,
    /// Transactions by order id, in REST shape.
    pub transactions: BTreeMap<u64, Vec<Json>>,
    /// Webhook subscriptions by id.
    pub subscriptions: BTreeMap<u64, Subscription>,
    /// Deliveries that wait or are on their way.
    pub pending: Vec<Pending>,
    /// The query budget.
    pub throttle: Throttle,
    /// Whether orders older than 60 days may be read.
    pub reads_all_orders: bool,
    /// Products, variants and stock.
    pub inventory: Inventory,
    /// The account of Shopify Payments, where the shop has one.
    #[serde(default)]
    pub payments: Option<Payments>,
    pub(crate) counter: u64,
}

impl Shop {
    /// A shop with nothing in it.
    pub fn new(domain: &str, access_token: &str, client_secret: &str) -> Shop {
        Shop {
            domain: domain.to_string(),
            access_token: access_token.to_string(),
            client_secret: client_secret.to_string(),
            currency: "DKK".to_string(),
            orders: BTreeMap::new(),
            transactions: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            pending: Vec::new(),
            throttle: Throttle::default(),
            reads_all_orders: false,
            inventory: Inventory::default(),
            payments: None,
            counter: 0,
        }
    }

    /// Answers a request to `/shopify/{shop}/admin/api/{version}/graphql.json`.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Response {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let ["shopify", _, "admin", "api", version, "graphql.json"] = segments.as_slice() else {
            return Response::json(404, &object! { "errors": "Not Found" });
        };
        if request.header("X-Shopify-Access-Token") != Some(&self.access_token) {
            let message = "[API] Invalid API key or access token (unrecognized login or wrong password)";
            return Response::json(401, &object! { "errors": message });
        }
        if !is_version(version) {
            return Response::json(404, &object! { "errors": "Not Found" });
        }
        if request.method != "POST" {
            return Response::json(405, &object! { "errors": "Method Not Allowed" });
        }
        match Json::parse(&request.body) {
            Ok(body) => self.execute(now, &body).with_header("X-Shopify-API-Version", *version),
            Err(_) => Response::json(
                400,
                &object! { "errors": object! { "query": "Required parameter missing or invalid" } },
            ),
        }
    }

    /// Puts an order in as if it had always been there: nothing is delivered.
    pub fn load_order(&mut self, text: &str) -> Result<u64, String> {
        let order = Json::parse(text.as_bytes())?;
        let id = order.integer("id").and_then(|id| u64::try_from(id).ok()).ok_or("the order has no id")?;
        self.orders.insert(id, order);
        Ok(id)
    }

    /// A checkout: `orders/create`, and `orders/paid` when it is paid.
    pub fn place_order(&mut self, now: Timestamp, text: &str) -> Result<u64, String> {
        let id = self.load_order(text)?;
        self.take_stock(now, id);
        self.announce(now, "orders/create", id);
        if self.orders.get(&id).and_then(|order| order.text("financial_status")) == Some("paid") {
            self.announce(now, "orders/paid", id);
        }
        Ok(id)
    }

    /// Changes an order in place and announces it under a topic, `orders/updated` for most.
    pub fn change_order(
        &mut self,
        now: Timestamp,
        id: u64,
        topic: &str,
        change: impl FnOnce(&mut Json),
    ) -> bool {
        let Some(order) = self.orders.get_mut(&id) else { return false };
        change(order);
        order.set("updated_at", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        self.announce(now, topic, id);
        true
    }

    /// Adds a refund in REST shape: `refunds/create` carries the refund, then the order is updated.
    pub fn add_refund(&mut self, now: Timestamp, id: u64, refund: Json, financial_status: &str) -> bool {
        if !self.orders.contains_key(&id) {
            return false;
        }
        self.announce_body(now, "refunds/create", id, refund.to_string());
        self.change_order(now, id, "orders/updated", |order| {
            let mut refunds = order.items("refunds").to_vec();
            refunds.push(refund);
            order.set("refunds", Json::Array(refunds));
            order.set("financial_status", financial_status);
        })
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }
}

fn is_version(version: &str) -> bool {
    let digits =
        |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    version == "unstable"
        || version.split_once('-').is_some_and(|(year, month)| digits(year, 4) && digits(month, 2))
}
