//! WooCommerce (REST v3), from version 3.5.
//!
//! Deliveries are never retried by the shop and are built when they are sent, not when something happened: they are hints
//! to read the order again, and the sweep finds what was lost. A shop that met a few errors switches the webhook off;
//! [`Webshop::tend`] switches it on again.

mod entities;
mod map;
mod products;
mod refunds;
mod review;
mod stock;
mod sweep;
mod wire;
mod write;

use async_trait::async_trait;
use domain::plan::WriteBackStep;
use domain::{EffectKey, EntityId, EntityKind, Failure, Order, ShopProduct};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;

use crate::http::{Call, Complaint, Request, Response, Transport, accept, json_text};
use crate::json::{List, read, read_answer, read_bytes, rejected, unless_whole};
use crate::manifest::{Authentication, Manifest, RateLimit, StockLimits};
use crate::ports::{
    ChangePage, Delivery, Fetched, Notice, ProductPage, ProductQuery, ReadingRules, ShopLocation,
    StockAnswer, StockChange, StockTarget, Verification, Webshop,
};
use crate::signature::is_signed;

/// What is known of WooCommerce.
pub const MANIFEST: Manifest = Manifest {
    system: "woocommerce",
    surfaces: &[("main", "")],
    authentication: Authentication::Basic { user: "consumer-key", password: "consumer-secret" },
    secrets: &["consumer-key", "consumer-secret", "webhook-secret"],
    // Core has no limit; small hosters block whoever is too eager. Ours is split over the lanes, so that one lane reads one order a second for
    // long and a campaign's first fifty at once.
    rate: RateLimit { units: 300, window_seconds: 60, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: Some(StockLimits { look_up: 100, write: 100, compares: false, by_product: true }),
    unproven: &[
        "gift cards used: how plugins write them (fee names are a setting; a `gift_cards` list is believed when the sums prove it)",
        "hosts that strip the Authorization header (consumer key in the query is not sent, since URLs are logged)",
        "`_fields` and `type=internal` on listings (documented by WordPress, not seen on a live shop here)",
        "keys of VAT, CVR and EAN fields of plugins (a setting)",
        "the list of all variations (known from the change that brought it, version 10.3; older shops are read product by product)",
        "what WooPayments, PayPal Payments and Stripe note on orders in test mode and under review (read in their source; `review` names it)",
        "types of bundle and gift card plugins, which core does not know",
        "that an order's time of change moves when it is thrown away (read in the source of the present version; early versions with order tables of their own did not move it, and there the webhook alone tells)",
    ],
};

/// Refunds of one order in one answer; an order with so many is not read.
const MOST_REFUNDS: usize = 100;
/// Where the REST interface is below the shop's address.
const ORDERS: &str = "/wp-json/wc/v3/orders";

/// The connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct WooCommerce;

#[async_trait]
impl Webshop for WooCommerce {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn verify(&self, delivery: &Delivery<'_>, secrets: &[SecretString]) -> Verification {
        let Some(signature) = delivery.header("x-wc-webhook-signature") else {
            return if is_greeting(delivery.body) { Verification::Greeting } else { Verification::Forged };
        };
        // The secret is decoded before the shop signs with it, so that both forms of it are tried.
        let decoded: Vec<_> =
            secrets.iter().map(|secret| entities::decode_secret(secret.expose_secret())).collect();
        let given = secrets.iter().map(|secret| secret.expose_secret().as_bytes());
        if is_signed(
            delivery.body,
            Some(signature),
            given.chain(decoded.iter().map(|secret| secret.as_bytes())),
        ) {
            Verification::Authentic
        } else {
            Verification::Forged
        }
    }

    fn notice(&self, delivery: &Delivery<'_>) -> Result<Notice, Failure> {
        let subject: wire::Subject<'_> = read_bytes("the delivery", delivery.body)?;
        Ok(subject_of(&subject, delivery.header("x-wc-webhook-topic").unwrap_or_default()))
    }

    fn read_order(&self, raw: &str, rules: &ReadingRules) -> Result<Order, Failure> {
        if !is_kept(raw) {
            return map::order(&read("the order", raw)?, &[], rules);
        }
        let probe: wire::Probe<'_> = read("the order", raw)?;
        let Some(order) = probe.order else { return map::order(&read("the order", raw)?, &[], rules) };
        let details: List<wire::RefundDetail<'_>> = match probe.refunds {
            Some(refunds) => read("the refunds", refunds.get())?,
            None => List::default(),
        };
        map::order(&read("the order", order.get())?, &details.0, rules)
    }

    async fn fetch_order(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        rules: &ReadingRules,
    ) -> Result<Fetched<Order>, Failure> {
        match self.ask_order(transport, entity, rules, None).await {
            // Prices may be entered with more decimals than documents have; the shop then rounds what it is asked for with fewer. It is
            // not asked so from the start: where prices are entered in whole crowns, the lines are rounded like the total.
            Err(Failure::Rejected { code: Some(code), .. }) if code == map::UNREADABLE => {
                self.ask_order(transport, entity, rules, Some(DECIMALS)).await
            }
            read => read,
        }
    }

    async fn changed_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<ChangePage, Failure> {
        sweep::page(transport, since, page).await
    }

    async fn write_back(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        step: &WriteBackStep,
        number: &str,
    ) -> Result<(), Failure> {
        write::back(transport, &order_path(entity)?, entity, step, number).await
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
        _locations: &[String],
    ) -> Result<Vec<ShopProduct>, Failure> {
        stock::by_sku(transport, skus).await
    }

    async fn stock_locations(&self, _transport: &dyn Transport) -> Result<Vec<ShopLocation>, Failure> {
        Ok(vec![ShopLocation { id: String::new(), name: String::new() }])
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
        // The same check of the id as an order's: whole numbers only.
        order_path(entity)?;
        match products::fetch(transport, entity.as_str()).await? {
            Some(raw) => Ok(Fetched::Found { value: products::read_kept(&raw)?, raw }),
            None => Ok(Fetched::Gone),
        }
    }

    async fn tend(&self, transport: &dyn Transport, products: bool) -> Result<Vec<String>, Failure> {
        write::tend(transport, products).await
    }
}

/// The ping at the saving of a webhook: a form with the webhook's number, not signed. It carries nothing to act on.
fn is_greeting(body: &[u8]) -> bool {
    body.strip_prefix(b"webhook_id=")
        .is_some_and(|id| (1..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

/// Decides from the signed body alone. A body with nothing but an id is a deletion, of an order or of something else: there the
/// unsigned topic says what is read again. A false one harms nothing, since what is there is not gone, and what is gone stays so.
fn subject_of(subject: &wire::Subject<'_>, topic: &str) -> Notice {
    let not_for_us = |what: String| Notice::NotForUs { what };
    let Some(id) = subject.id.given() else {
        return match subject.action.as_ref().and_then(|action| action.given()) {
            Some(action) => not_for_us(format!("the action {}", crate::http::clean(action))),
            None => not_for_us("a body without an id".to_owned()),
        };
    };
    if subject.billing_period.is_some() {
        return not_for_us(format!("subscription {id}"));
    }
    let is_order = subject.order_key.is_some() || subject.line_items.is_some();
    let changed = |kind, id: &str| Notice::Changed { kind, entity: EntityId::new(id), bare: false };
    if is_order {
        return changed(EntityKind::Order, id);
    }
    if subject.is_bare() {
        let product = topic.trim().starts_with("product.");
        let kind = if product { EntityKind::Product } else { EntityKind::Order };
        return Notice::Changed { kind, entity: EntityId::new(id), bare: true };
    }
    if subject.permalink.is_some() && subject.kind.is_some() {
        // A variation is told of by itself, and carried over with its product.
        let variation = subject.kind.as_ref().is_some_and(|kind| kind.trimmed() == "variation");
        let product = subject.parent_id.given().filter(|parent| variation && *parent != "0");
        return changed(EntityKind::Product, product.unwrap_or(id));
    }
    not_for_us(format!("resource {id}, not an order"))
}

impl WooCommerce {
    /// The order as the shop answers it, with amounts of so many decimals: of its own, or of as many as are asked for.
    async fn ask_order(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        rules: &ReadingRules,
        decimals: Option<&str>,
    ) -> Result<Fetched<Order>, Failure> {
        let response = transport.read(with_decimals(Request::get(order_path(entity)?), decimals)).await?;
        if is_missing(&response) {
            return Ok(Fetched::Gone);
        }
        accept(Call::Read, &response, complaint)?;
        let raw = json_text(Call::Read, &response)?;
        let value = self.read_order(raw, rules).map_err(|failure| unless_whole(Call::Read, raw, failure))?;
        if value.id != *entity {
            return Err(rejected(
                "another-order",
                format!("order {entity} was asked for, {} was sent", value.id),
            ));
        }
        if value.refunds.is_empty() {
            return Ok(Fetched::Found { value, raw: raw.to_owned() });
        }
        let raw = with_refunds(transport, entity, raw, decimals).await?;
        Ok(Fetched::Found { value: self.read_order(&raw, rules)?, raw })
    }
}

fn with_decimals(request: Request, decimals: Option<&str>) -> Request {
    match decimals {
        Some(decimals) => request.query("dp", decimals),
        None => request,
    }
}

/// True for an order that may be kept together with its refunds: then it begins with the order. The shop's own begins with its
/// id, and looking through all of it for a field that it does not have would be reading every order twice.
fn is_kept(raw: &str) -> bool {
    let first = raw.trim_start().strip_prefix('{');
    first.is_some_and(|rest| rest.trim_start().starts_with("\"order\""))
}

/// The order's text together with its refunds in full.
async fn with_refunds(
    transport: &dyn Transport,
    entity: &EntityId,
    order: &str,
    decimals: Option<&str>,
) -> Result<String, Failure> {
    let path = format!("{}/refunds", order_path(entity)?);
    let request = Request::get(path).query("per_page", MOST_REFUNDS.to_string());
    let response = transport.read(with_decimals(request, decimals)).await?;
    accept(Call::Read, &response, complaint)?;
    let refunds = json_text(Call::Read, &response)?;
    let listed: List<IgnoredAny> = read_answer("the refunds", refunds)?;
    if listed.0.len() >= MOST_REFUNDS {
        let words = format!("the order has {MOST_REFUNDS} refunds or more, fewer are read");
        return Err(rejected("too-many-refunds", words));
    }
    let unreadable = |_| rejected("unreadable", "the order and its refunds cannot be kept");
    let kept = wire::Kept {
        order: serde_json::from_str(order).map_err(unreadable)?,
        refunds: serde_json::from_str(refunds).map_err(unreadable)?,
    };
    serde_json::to_string(&kept).map_err(unreadable)
}

/// Decimals that amounts are asked for with where the shop's own cannot be read: as many as any currency has that a document is made in.
const DECIMALS: &str = "2";

/// The path of an order. Ids are whole numbers: anything else could lead elsewhere.
fn order_path(entity: &EntityId) -> Result<String, Failure> {
    let id = entity.as_str();
    if (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{ORDERS}/{id}"))
    } else {
        Err(rejected("no-order-id", "the id is not one of a WooCommerce order"))
    }
}

fn complaint(text: &str) -> Complaint {
    let problem: wire::Problem<'_> = serde_json::from_str(text).unwrap_or_default();
    Complaint { code: problem.code.given().map(str::to_owned), message: problem.message.owned() }
}

/// True when the shop itself says that there is no such order; the 404 of a proxy says nothing.
fn is_missing(response: &Response) -> bool {
    let text = std::str::from_utf8(&response.body).unwrap_or_default();
    response.status == 404 && complaint(text).code.is_some_and(|code| code.ends_with("_invalid_id"))
}

#[cfg(test)]
mod tests;
