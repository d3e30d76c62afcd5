//! Shopify: webhooks with REST bodies, and the Admin interface in GraphQL.
//!
//! A delivery is a hint: retries carry the body of when the event happened, topics arrive in any order, and the delivery
//! id is not signed. So the order is read again in GraphQL, with its transactions, and mapped by the same rules as the
//! body of a webhook would be.

pub(crate) mod client;
mod fetch;
mod map;
mod notice;
mod payments;
mod products;
mod refunds;
mod stock;
mod wire;
mod write;

use async_trait::async_trait;
use domain::plan::WriteBackStep;
use domain::{EffectKey, EntityId, Failure, Order, ShopProduct};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::http::Transport;
use crate::json::{read, read_answer, rejected};
use crate::manifest::{Authentication, Manifest, RateLimit, StockLimits};
use crate::ports::{
    ChangePage, Delivery, Fetched, Notice, ProductPage, ProductQuery, ReadingRules, ShopLocation,
    StockAnswer, StockChange, StockTarget, Verification, Webshop,
};
use crate::signature::is_signed;
use wire::graphql::{self, Connection, Kept};
use wire::rest::RestOrder;

/// What is known of Shopify.
pub const MANIFEST: Manifest = Manifest {
    system: "shopify",
    surfaces: &[("main", "")],
    authentication: Authentication::Headers(&[("X-Shopify-Access-Token", "access-token")]),
    // The app's client secret is what signs webhooks.
    secrets: &["access-token", "webhook-secret"],
    // 100 points a second on the standard plan; a query for an order takes some hundred of them.
    rate: RateLimit { units: 60, window_seconds: 60, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: Some(StockLimits { look_up: 40, write: 250, compares: true, by_product: false }),
    unproven: &[
        "gift cards used: taken as transactions of the gateway `gift_card` that do not lower the total",
        "whether tips, duties and additional fees are inside the total (those that make the stated total are taken)",
        "how a unit that an edit took off looks beside refunds (known as a missing unit that no refund with money took)",
        "whether the subtotal of a refunded line holds the tax when prices do (the reading that makes the money paid back is taken)",
        "tax of freight when prices hold the tax (`discountedPriceSet` is taken to hold it, as documented)",
        "the names of the cost extension's fields (without them a throttled call waits two seconds)",
        "that an order older than 60 days is answered with null without the scope for all orders (documented as not accessible)",
        "what a query costs (one point for each object that it may answer with is reckoned with, two more for each connection)",
        "a search of variants by their time of change",
        "whether a refused quantity keeps the others of its call from being set (all or nothing is reckoned with; what was set all the same is seen when it is tried again)",
    ],
};

/// Orders per page of the sweep.
const PAGE_SIZE: usize = 50;
/// The ids and times of changed orders, in the order of change.
const CHANGES: &str = "query BogbroChanges($first: Int!, $after: String, $query: String!) { \
     orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) { \
     nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }";

/// The connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shopify;

#[async_trait]
impl Webshop for Shopify {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn verify(&self, delivery: &Delivery<'_>, secrets: &[SecretString]) -> Verification {
        let secrets = secrets.iter().map(|secret| secret.expose_secret().as_bytes());
        if is_signed(delivery.body, delivery.header("x-shopify-hmac-sha256"), secrets) {
            Verification::Authentic
        } else {
            Verification::Forged
        }
    }

    fn notice(&self, delivery: &Delivery<'_>) -> Result<Notice, Failure> {
        notice::read(delivery)
    }

    fn read_order(&self, raw: &str, rules: &ReadingRules) -> Result<Order, Failure> {
        let probe: graphql::Probe<'_> = read("the order", raw)?;
        let shop = match probe.order {
            Some(inner) if is_graphql(inner.get()) => graphql::read(&read("the order", raw)?)?,
            Some(inner) => read::<RestOrder<'_>>("the order", inner.get())?.read()?,
            None if probe.id.trimmed().starts_with("gid://") => {
                let order: &RawValue = read("the order", raw)?;
                graphql::read(&Kept { order, further_lines: Vec::new(), refunded_units: None })?
            }
            None => read::<RestOrder<'_>>("the order", raw)?.read()?,
        };
        map::order(&shop, rules)
    }

    async fn fetch_order(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        rules: &ReadingRules,
    ) -> Result<Fetched<Order>, Failure> {
        let raw = match fetch::order(transport, &gid(entity)?).await? {
            Some(raw) => raw,
            // Without the scope, an order of more than some weeks is answered as one that does not exist.
            None if fetch::reads_all_orders(transport).await? => return Ok(Fetched::Gone),
            None => return Ok(fetch::hidden()),
        };
        let value = self.read_order(&raw, rules)?;
        if value.id != *entity {
            return Err(rejected(
                "another-order",
                format!("order {entity} was asked for, {} was sent", value.id),
            ));
        }
        Ok(Fetched::Found { value, raw })
    }

    async fn changed_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<ChangePage, Failure> {
        let place = SweepPlace::of(since, page)?;
        let variables = json!({ "first": PAGE_SIZE, "after": place.cursor, "query": place.search() });
        let data = client::query(transport, CHANGES, variables).await?;
        let found: Changes<'_> = read_answer("the list of orders", &data)?;
        let mut changes = Vec::with_capacity(found.orders.nodes.len());
        for changed in &found.orders.nodes {
            let at = changed.updated_at.trimmed().parse();
            let at =
                at.map_err(|_| rejected("unreadable", "an order without its time of change in the list"))?;
            changes.push((EntityId::new(graphql::number(changed.id.trimmed())), at));
        }
        let next = place.after(&changes, &found.orders);
        Ok(ChangePage { changes, next })
    }

    async fn write_back(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        step: &WriteBackStep,
        number: &str,
    ) -> Result<(), Failure> {
        write::back(transport, &gid(entity)?, step, number).await
    }

    async fn products_page(
        &self,
        transport: &dyn Transport,
        query: &ProductQuery<'_>,
        page: Option<&str>,
    ) -> Result<ProductPage, Failure> {
        products::page(transport, query, page).await
    }

    async fn products_by_sku(
        &self,
        transport: &dyn Transport,
        skus: &[String],
        locations: &[String],
    ) -> Result<Vec<ShopProduct>, Failure> {
        stock::by_sku(transport, skus, locations).await
    }

    async fn stock_locations(&self, transport: &dyn Transport) -> Result<Vec<ShopLocation>, Failure> {
        stock::locations(transport).await
    }

    async fn stock_now(
        &self,
        transport: &dyn Transport,
        targets: &[StockTarget],
    ) -> Result<Vec<Option<i64>>, Failure> {
        stock::now(transport, targets).await
    }

    async fn set_stock(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        changes: &[StockChange],
    ) -> Result<Vec<StockAnswer>, Failure> {
        stock::set(transport, key, changes).await
    }

    fn read_product(&self, raw: &str) -> Result<Vec<ShopProduct>, Failure> {
        products::read_kept(raw)
    }

    async fn fetch_product(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
    ) -> Result<Fetched<Vec<ShopProduct>>, Failure> {
        match products::fetch(transport, entity.as_str()).await? {
            Some(raw) => Ok(Fetched::Found { value: products::read_kept(&raw)?, raw }),
            None => Ok(Fetched::Gone),
        }
    }

    async fn tend(&self, transport: &dyn Transport, products: bool) -> Result<Vec<String>, Failure> {
        write::tend(transport, products).await
    }
}

fn is_graphql(order: &str) -> bool {
    let probe: Result<graphql::Probe<'_>, _> = serde_json::from_str(order);
    probe.is_ok_and(|probe| probe.id.trimmed().starts_with("gid://"))
}

/// The global id of an order. Ids are whole numbers: anything else is not one of Shopify's.
fn gid(entity: &EntityId) -> Result<String, Failure> {
    let id = entity.as_str();
    if (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("gid://shopify/Order/{id}"))
    } else {
        Err(rejected("no-order-id", "the id is not one of a Shopify order"))
    }
}

#[derive(Debug, Deserialize)]
struct Changes<'a> {
    #[serde(borrow, default)]
    orders: Connection<graphql::Changed<'a>>,
}

/// Where a sweep stands.
///
/// The next page begins at the last time seen, so that orders which change during the sweep and move to its end hide
/// nothing; a cursor is only followed within one second.
#[derive(Debug, PartialEq, Eq)]
struct SweepPlace {
    since: Timestamp,
    cursor: Option<String>,
}

impl SweepPlace {
    fn of(since: Timestamp, page: Option<&str>) -> Result<SweepPlace, Failure> {
        let Some(page) = page else { return Ok(SweepPlace { since, cursor: None }) };
        let (since, cursor) =
            page.split_once(' ').map_or((page, None), |(since, cursor)| (since, Some(cursor)));
        let since = since.parse().map_err(|_| rejected("sweep", "the place of the sweep cannot be read"))?;
        Ok(SweepPlace { since, cursor: cursor.map(str::to_owned) })
    }

    fn search(&self) -> String {
        format!("updated_at:>='{}'", self.since.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }

    fn after(
        &self,
        changes: &[(EntityId, Timestamp)],
        page: &Connection<graphql::Changed<'_>>,
    ) -> Option<String> {
        let (_, last) = changes.last()?;
        if !page.page_info.has_next_page.0 {
            return None;
        }
        if last.as_second() > self.since.as_second() {
            return Some(last.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        }
        let cursor = page.page_info.end_cursor.as_deref()?;
        Some(format!("{} {cursor}", self.since.strftime("%Y-%m-%dT%H:%M:%SZ")))
    }
}

#[cfg(test)]
mod tests;
