//! What an authentic delivery is about, from its signed body alone.
//!
//! The topic stands in an unsigned header: it is used for the wording of the log where a body says nothing of itself, and
//! decides nothing. Bodies are told apart by the fields that only they have.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::{EntityId, EntityKind, Failure};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::http::clean;
use crate::json::{Id, Text, read_bytes};
use crate::ports::{Delivery, Notice, PrivacyAsked, PrivacyNotice};

/// The fields by which bodies differ.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Subject<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    order_id: Id<'a>,
    #[serde(borrow)]
    order_edit: Option<Edit<'a>>,
    #[serde(borrow)]
    admin_graphql_api_id: Text<'a>,
    shop_id: Present,
    shop_domain: Present,
    orders_requested: Present,
    data_request: Present,
    orders_to_redact: Present,
    customer: Present,
    myshopify_domain: Present,
    invoice_url: Present,
    order_number: Present,
    financial_status: Present,
    line_items: Present,
    refund_line_items: Present,
    gateway: Present,
    kind: Present,
    tracking_numbers: Present,
    tracking_number: Present,
    shipment_status: Present,
    evidence_due_by: Present,
    variants: Present,
}

/// Whether a field is there at all, be it `null`: samples and real bodies differ in their values, not in their fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Present(true))
    }
}

#[derive(Debug, Deserialize)]
struct Edit<'a> {
    #[serde(borrow, default)]
    order_id: Id<'a>,
}

/// Reads the notice.
///
/// # Errors
/// `Rejected` when the body is not JSON, or is about an order that it does not name.
pub(super) fn read(delivery: &Delivery<'_>) -> Result<Notice, Failure> {
    let subject: Subject<'_> = read_bytes("the delivery", delivery.body)?;
    let topic = delivery.header("x-shopify-topic").map(clean).unwrap_or_default();
    if let Some(edit) = &subject.order_edit {
        return changed(&edit.order_id);
    }
    if let Some(asked) = privacy_request(&subject) {
        return privacy(asked, &read_bytes("the delivery", delivery.body)?);
    }
    if subject.refund_line_items.0 || is_transaction(&subject) || is_fulfilment(&subject) {
        return changed(&subject.order_id);
    }
    if is_order(&subject) {
        return changed(&id(&subject)?);
    }
    if is_bare(delivery.body) {
        // A deletion says nothing but its id: the unsigned topic tells what is read again. A false one harms nothing, since what
        // is there is not gone, and what is gone stays so.
        let told =
            if topic.starts_with("products/") { product(&id(&subject)?) } else { changed(&id(&subject)?) };
        return told.map(as_bare);
    }
    if subject.variants.0 && subject.admin_graphql_api_id.trimmed().starts_with("gid://shopify/Product/") {
        return product(&id(&subject)?);
    }
    Ok(Notice::NotForUs { what: describe(&subject, &topic) })
}

fn changed(order: &Id<'_>) -> Result<Notice, Failure> {
    match order.given() {
        Some(id) => Ok(Notice::Changed { kind: EntityKind::Order, entity: EntityId::new(id), bare: false }),
        None => Err(crate::json::rejected("unreadable", "the delivery does not name its order")),
    }
}

/// The same of a body that says nothing but the id.
fn as_bare(notice: Notice) -> Notice {
    match notice {
        Notice::Changed { kind, entity, .. } => Notice::Changed { kind, entity, bare: true },
        other => other,
    }
}

fn product(id: &Id<'_>) -> Result<Notice, Failure> {
    match id.given() {
        Some(id) => Ok(Notice::Changed { kind: EntityKind::Product, entity: EntityId::new(id), bare: false }),
        None => Err(crate::json::rejected("unreadable", "the delivery does not name its product")),
    }
}

fn id<'a>(subject: &Subject<'a>) -> Result<Id<'a>, Failure> {
    let raw = subject.id.map_or("null", RawValue::get);
    serde_json::from_str(raw).map_err(|_| {
        crate::json::rejected("unreadable", "the delivery cannot be read at id: not a whole number")
    })
}

/// The mandatory topics of public apps (`customers/data_request`, `customers/redact`, `shop/redact`), told apart by their
/// fields.
fn privacy_request(subject: &Subject<'_>) -> Option<PrivacyAsked> {
    let about_shop = subject.shop_id.0 && subject.shop_domain.0;
    if !about_shop || subject.id.is_some() {
        return None;
    }
    Some(if subject.data_request.0 || subject.orders_requested.0 {
        PrivacyAsked::Data
    } else if subject.orders_to_redact.0 || subject.customer.0 {
        PrivacyAsked::Erasure
    } else {
        PrivacyAsked::ShopErasure
    })
}

/// The body of a request about personal data. A customer may be named by the address alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PrivacyBody<'a> {
    #[serde(borrow)]
    shop_domain: Text<'a>,
    #[serde(borrow)]
    customer: Option<Customer<'a>>,
    #[serde(borrow)]
    orders_requested: Option<Vec<Id<'a>>>,
    #[serde(borrow)]
    orders_to_redact: Option<Vec<Id<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Customer<'a> {
    #[serde(borrow)]
    id: Id<'a>,
    #[serde(borrow)]
    email: Text<'a>,
}

/// # Errors
/// `Rejected` when a request about one customer names neither the customer nor an order.
fn privacy(asked: PrivacyAsked, body: &PrivacyBody<'_>) -> Result<Notice, Failure> {
    let orders = body.orders_requested.iter().chain(&body.orders_to_redact).flatten();
    let orders: Vec<EntityId> = orders.filter_map(|order| order.given().map(EntityId::new)).collect();
    let email =
        body.customer.as_ref().map(|customer| customer.email.trimmed().to_owned()).unwrap_or_default();
    let customer = body.customer.as_ref().and_then(|customer| customer.id.given()).map(str::to_owned);
    if asked != PrivacyAsked::ShopErasure && email.is_empty() && customer.is_none() && orders.is_empty() {
        return Err(crate::json::rejected("unreadable", "a request about personal data names nobody"));
    }
    let shop = clean(body.shop_domain.trimmed()).to_lowercase();
    Ok(Notice::Privacy(PrivacyNotice { asked, shop, email, customer, orders }))
}

fn is_transaction(subject: &Subject<'_>) -> bool {
    subject.order_id.given().is_some() && subject.kind.0 && subject.gateway.0
}

fn is_fulfilment(subject: &Subject<'_>) -> bool {
    let tracked = subject.tracking_numbers.0 || subject.tracking_number.0 || subject.shipment_status.0;
    subject.order_id.given().is_some() && tracked
}

fn is_order(subject: &Subject<'_>) -> bool {
    let has_words = subject.financial_status.0 || subject.order_number.0;
    subject.line_items.0 && has_words && !subject.invoice_url.0
}

/// A deletion carries the id and nothing else. Of what is no matter: an order that is not there is gone.
fn is_bare(body: &[u8]) -> bool {
    let fields: Result<BTreeMap<Cow<'_, str>, IgnoredAny>, _> = serde_json::from_slice(body);
    fields.is_ok_and(|fields| fields.len() == 1 && fields.contains_key("id"))
}

fn describe(subject: &Subject<'_>, topic: &str) -> String {
    let what = if subject.myshopify_domain.0 {
        // The same body comes when the app is uninstalled and when the shop's data change.
        "the shop itself"
    } else if subject.invoice_url.0 {
        "a draft order"
    } else if subject.evidence_due_by.0 {
        "a dispute"
    } else {
        let gid = subject.admin_graphql_api_id.trimmed();
        let named = gid.strip_prefix("gid://shopify/").and_then(|rest| rest.split('/').next());
        return describe_resource(named.unwrap_or("something else"), topic);
    };
    describe_resource(what, topic)
}

fn describe_resource(what: &str, topic: &str) -> String {
    let what = clean(what);
    if topic.is_empty() { what } else { format!("{what} (sent as {topic})") }
}
