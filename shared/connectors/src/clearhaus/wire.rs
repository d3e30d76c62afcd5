//! Clearhaus' settlements (Merchant API, HAL), all amounts in smallest units.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json::{List, Text};

/// Any answer: a settlement, or a page of transactions.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, default)]
    pub(super) summary: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default, rename = "_embedded")]
    pub(super) embedded: Option<Embedded<'a>>,
    #[serde(default)]
    pub(super) count: Option<u64>,
    #[serde(borrow, default, rename = "_links")]
    pub(super) links: Links<'a>,
}

/// Where an answer leads.
#[derive(Deserialize, Default)]
pub(super) struct Links<'a> {
    #[serde(borrow, default)]
    pub(super) next: Option<Link<'a>>,
    #[serde(borrow, default, rename = "ch:transactions")]
    pub(super) transactions: Option<Link<'a>>,
}

/// A link, perhaps a template (RFC 6570).
#[derive(Deserialize)]
pub(super) struct Link<'a> {
    #[serde(borrow)]
    pub(super) href: Cow<'a, str>,
}

/// What a page holds.
#[derive(Deserialize)]
pub(super) struct Embedded<'a> {
    #[serde(borrow, default, rename = "ch:transactions")]
    pub(super) transactions: List<Transaction<'a>>,
    #[serde(borrow, default, rename = "ch:settlements")]
    pub(super) settlements: List<Settlement<'a>>,
}

/// A settlement.
#[derive(Deserialize)]
pub(super) struct Settlement<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(default)]
    pub(super) settled: bool,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) period: Period<'a>,
    #[serde(borrow, default)]
    pub(super) payout: Option<Payout<'a>>,
    pub(super) summary: Summary,
    #[serde(borrow, default)]
    pub(super) reserve: Option<Reserve<'a>>,
    #[serde(borrow, default)]
    pub(super) fees: BTreeMap<Cow<'a, str>, i64>,
    #[serde(borrow, default)]
    pub(super) other_postings: List<Posting<'a>>,
}

/// First and last day.
#[derive(Deserialize, Default)]
pub(super) struct Period<'a> {
    #[serde(borrow, default)]
    pub(super) start_date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) end_date: Text<'a>,
}

/// What is sent to the bank.
#[derive(Deserialize)]
pub(super) struct Payout<'a> {
    pub(super) amount: i64,
    #[serde(borrow, default)]
    pub(super) date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) cancelled_date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) reference_number: Text<'a>,
    #[serde(borrow, default)]
    pub(super) descriptor: Text<'a>,
}

/// Sums by kind, each with the sign of its effect on the balance: the vendor's own example shows what is taken as negative.
#[derive(Deserialize)]
pub(super) struct Summary {
    #[serde(default)]
    pub(super) sales: i64,
    #[serde(default)]
    pub(super) credits: i64,
    #[serde(default)]
    pub(super) refunds: i64,
    #[serde(default)]
    pub(super) chargebacks: i64,
    #[serde(default)]
    pub(super) fees: i64,
    #[serde(default)]
    pub(super) other_postings: i64,
    pub(super) net: i64,
}

/// What is held back of this settlement.
#[derive(Deserialize)]
pub(super) struct Reserve<'a> {
    #[serde(default)]
    pub(super) amount: i64,
    #[serde(borrow, default)]
    pub(super) cancelled_date: Text<'a>,
}

/// A posting of another kind.
#[derive(Deserialize)]
pub(super) struct Posting<'a> {
    #[serde(borrow, default)]
    pub(super) date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    pub(super) amount: i64,
}

/// One transaction of a settlement.
#[derive(Deserialize)]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    pub(super) amount: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) reference: Text<'a>,
    #[serde(borrow, default)]
    pub(super) arn: Text<'a>,
    #[serde(borrow, default)]
    pub(super) processed_at: Text<'a>,
    #[serde(borrow, default)]
    pub(super) settlement: Option<Settled<'a>>,
}

/// What a transaction came to in the currency of its settlement.
#[derive(Deserialize)]
pub(super) struct Settled<'a> {
    pub(super) amount_gross: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
}
