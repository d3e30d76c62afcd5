//! The query root: orders by id and by search, and webhook subscriptions.

use super::Shop;
use super::execute::Refusal;
use crate::json::Json;
use crate::object;
use jiff::{SignedDuration, Timestamp};

/// How far back `read_orders` reaches.
const REACH: SignedDuration = SignedDuration::from_hours(60 * 24);

impl Shop {
    pub(super) fn look_up(&self, now: Timestamp, field: &str, arguments: &Json) -> Result<Json, Refusal> {
        match field {
            "order" => {
                let id = arguments.text("id").and_then(|gid| id_of(gid, "Order"));
                let Some(id) = id else { return Err(invalid_id(arguments)) };
                let order = self.orders.get(&id).filter(|order| self.within_reach(now, order));
                Ok(order.map_or(Json::Null, |order| self.order_node(order)))
            }
            "orders" => self.search(now, arguments),
            "productVariants" => self.search_variants(arguments),
            "nodes" => self.nodes(arguments),
            "currentAppInstallation" => Ok(self.installation()),
            "locations" => Ok(Json::Array(self.inventory.locations.iter().map(location_node).collect())),
            "shopifyPaymentsAccount" => Ok(self.payments_account()),
            "webhookSubscriptions" => {
                Ok(Json::Array(self.subscriptions.values().map(|subscription| subscription.node()).collect()))
            }
            _ => Ok(object! {
                "id": "gid://shopify/Shop/1", "name": self.domain.split('.').next().unwrap_or_default(),
                "myshopifyDomain": &self.domain, "currencyCode": &self.currency, "ianaTimezone": "Europe/Copenhagen",
                "taxesIncluded": true, "email": "shop@example.org",
            }),
        }
    }

    /// What the app may do in the shop: all that is answered here.
    fn installation(&self) -> Json {
        let all_orders = self.reads_all_orders.then_some("read_all_orders");
        let scopes = ["read_orders", "write_orders", "read_products", "write_inventory", "read_locations"];
        let scope = |handle: &str| object! { "handle": handle, "description": handle.replace('_', " ") };
        let scopes: Vec<Json> = scopes.into_iter().chain(all_orders).map(scope).collect();
        object! { "id": "gid://shopify/AppInstallation/1", "accessScopes": scopes }
    }

    fn within_reach(&self, now: Timestamp, order: &Json) -> bool {
        let created = order.text("created_at").and_then(time);
        self.reads_all_orders || created.is_none_or(|created| now.duration_since(created) <= REACH)
    }

    /// The orders that a search finds, all of them and in order: the connection cuts them into pages.
    fn search(&self, now: Timestamp, arguments: &Json) -> Result<Json, Refusal> {
        let terms = arguments.text("query").map(terms).unwrap_or_default();
        let mut found: Vec<&Json> = self
            .orders
            .values()
            .filter(|order| self.within_reach(now, order))
            .filter(|order| terms.iter().all(|term| term.fits(order)))
            .collect();
        let key = match arguments.text("sortKey") {
            Some("UPDATED_AT") => "updated_at",
            Some("CREATED_AT") => "created_at",
            None | Some("PROCESSED_AT") => "processed_at",
            Some("ID") => "id",
            Some(other) => {
                return Err(Refusal::new(format!("The sandbox does not sort by {other}"), "BAD_REQUEST"));
            }
        };
        found.sort_by_key(|order| (order.text(key).and_then(time), order.integer("id")));
        if arguments.get("reverse").and_then(Json::as_bool) == Some(true) {
            found.reverse();
        }
        // Cutting behind the cursor happens on the nodes; making a node is dear, so the search cuts early where it can.
        let first =
            arguments.integer("first").and_then(|first| usize::try_from(first).ok()).unwrap_or(usize::MAX);
        let after = arguments.text("after");
        let cursor = |order: &&Json| {
            let gid = format!("gid://shopify/Order/{}", order.integer("id").unwrap_or(0));
            data_encoding::BASE64.encode(format!("{{\"last_id\":\"{gid}\"}}").as_bytes())
        };
        let start = match after {
            Some(after) => match found.iter().position(|order| cursor(order) == after) {
                Some(position) => position,
                None => {
                    return Err(Refusal::new("Invalid cursor for current pagination sort.", "BAD_REQUEST"));
                }
            },
            None => 0,
        };
        // One item before the page carries the cursor, one behind it tells that there is more.
        let wanted = found.into_iter().skip(start).take(first.saturating_add(2));
        Ok(Json::Array(wanted.map(|order| self.order_node(order)).collect()))
    }
}

fn invalid_id(arguments: &Json) -> Refusal {
    Refusal::new(
        format!("Invalid global id '{}'", arguments.text("id").unwrap_or_default()),
        "argumentLiteralsIncompatible",
    )
}

fn location_node((id, name): (&u64, &String)) -> Json {
    object! { "id": format!("gid://shopify/Location/{id}"), "name": name, "isActive": true }
}

/// The id that a cursor stands on.
pub(super) fn cursor_id(cursor: &str, kind: &str) -> Option<u64> {
    let text = String::from_utf8(data_encoding::BASE64.decode(cursor.as_bytes()).ok()?).ok()?;
    let gid = text.strip_prefix("{\"last_id\":\"")?.strip_suffix("\"}")?;
    id_of(gid, kind)
}

/// The number in `gid://shopify/{kind}/{number}`.
pub(super) fn id_of(gid: &str, kind: &str) -> Option<u64> {
    gid.strip_prefix("gid://shopify/")?.strip_prefix(kind)?.strip_prefix('/')?.parse().ok()
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| format!("{}T00:00:00Z", text.get(..10)?).parse().ok())
}

/// One term of a search, such as `updated_at:>='2026-11-01T00:00:00Z'`.
pub(super) struct Term {
    pub(super) field: String,
    comparison: &'static str,
    pub(super) value: String,
}

/// The terms of a search, joined by blanks or `AND`. Terms without a field are not searched for.
pub(super) fn terms(query: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut rest = query.trim();
    while let Some((field, tail)) = rest.split_once(':') {
        let field = field.trim().trim_start_matches("AND ").trim().to_string();
        let comparison =
            [">=", "<=", ">", "<"].into_iter().find(|token| tail.starts_with(token)).unwrap_or("");
        let tail = &tail[comparison.len()..];
        let quote = tail.chars().next().filter(|first| matches!(first, '\'' | '"'));
        let (value, after) = match quote {
            Some(quote) => tail[1..].split_once(quote).unwrap_or((&tail[1..], "")),
            None => tail.split_once(' ').unwrap_or((tail, "")),
        };
        terms.push(Term { field, comparison, value: value.to_string() });
        rest = after.trim();
    }
    terms
}

impl Term {
    fn fits(&self, order: &Json) -> bool {
        let same = |text: Option<&str>| text.is_some_and(|text| text.eq_ignore_ascii_case(&self.value));
        match self.field.as_str() {
            "updated_at" | "created_at" | "processed_at" => self.fits_time(order.text(&self.field)),
            "financial_status" => same(order.text("financial_status")),
            "name" => {
                same(order.text("name")) || same(order.text("name").map(|name| name.trim_start_matches('#')))
            }
            "id" => order.integer("id").is_some_and(|id| self.compare(&id, &self.value.parse().unwrap_or(0))),
            "tag" => order.text("tags").unwrap_or_default().split(',').any(|tag| same(Some(tag.trim()))),
            "test" => order.get("test").and_then(Json::as_bool) == self.value.parse().ok(),
            // The shop ignores terms that it does not know; `status:any` and the like come here too.
            _ => true,
        }
    }

    pub(super) fn fits_time(&self, found: Option<&str>) -> bool {
        match (found.and_then(time), time(&self.value)) {
            (Some(found), Some(wanted)) => self.compare(&found, &wanted),
            _ => false,
        }
    }

    pub(super) fn fits_number(&self, found: u64) -> bool {
        self.value.parse().is_ok_and(|wanted: u64| self.compare(&found, &wanted))
    }

    fn compare<T: Ord>(&self, found: &T, wanted: &T) -> bool {
        match self.comparison {
            ">=" => found >= wanted,
            "<=" => found <= wanted,
            ">" => found > wanted,
            "<" => found < wanted,
            _ => found == wanted,
        }
    }
}
