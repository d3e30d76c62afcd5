//! Mollie's settlements, and the lists of what is in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::{List, Text};

/// Any answer: a settlement, or a list of what is in one.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, default)]
    pub(super) resource: Text<'a>,
    #[serde(borrow, default, rename = "_embedded")]
    pub(super) embedded: Option<Embedded<'a>>,
    #[serde(borrow, default, rename = "_links")]
    pub(super) links: Option<Links<'a>>,
}

/// Links of a list.
#[derive(Deserialize)]
pub(super) struct Links<'a> {
    #[serde(borrow, default)]
    pub(super) next: Option<Link<'a>>,
}

/// A link.
#[derive(Deserialize)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) href: Cow<'a, str>,
}

/// What a list holds.
#[derive(Deserialize)]
pub(super) struct Embedded<'a> {
    #[serde(borrow, default)]
    pub(super) payments: List<Item<'a>>,
    #[serde(borrow, default)]
    pub(super) captures: List<Item<'a>>,
    #[serde(borrow, default)]
    pub(super) refunds: List<Item<'a>>,
    #[serde(borrow, default)]
    pub(super) chargebacks: List<Item<'a>>,
}

/// A settlement.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settlement<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) reference: Text<'a>,
    #[serde(borrow, default)]
    pub(super) settled_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) amount: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) periods: BTreeMap<Cow<'a, str>, BTreeMap<Cow<'a, str>, Period<'a>>>,
}

/// A month.
#[derive(Deserialize)]
pub(super) struct Period<'a> {
    #[serde(borrow, default)]
    pub(super) costs: List<Cost<'a>>,
}

/// A cost: without sign, and taken.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost<'a> {
    #[serde(borrow, default)]
    pub(super) description: Text<'a>,
    #[serde(borrow, default)]
    pub(super) method: Text<'a>,
    #[serde(borrow)]
    pub(super) amount_net: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) amount_vat: Option<Amount<'a>>,
    #[serde(borrow)]
    pub(super) amount_gross: Amount<'a>,
}

/// Money as decimal text.
#[derive(Deserialize)]
pub(super) struct Amount<'a> {
    #[serde(borrow)]
    pub(super) value: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
}

/// A payment, capture, refund or chargeback.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) amount: Amount<'a>,
    #[serde(borrow, default)]
    pub(super) settlement_amount: Option<Amount<'a>>,
    #[serde(borrow, default)]
    pub(super) payment_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) description: Text<'a>,
    #[serde(borrow, default)]
    pub(super) method: Text<'a>,
    #[serde(borrow, default)]
    pub(super) paid_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) created_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) reversed_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) metadata: Option<&'a serde_json::value::RawValue>,
}

/// What the shop's plugin noted on the payment.
#[derive(Deserialize, Default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow, default)]
    pub(super) order_id: Text<'a>,
}
