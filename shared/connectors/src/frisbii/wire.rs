//! Frisbii's list of transactions.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{List, Text};

/// A page of transactions.
#[derive(Deserialize)]
pub(super) struct Transactions<'a> {
    #[serde(borrow)]
    pub(super) content: List<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) next_page_token: Text<'a>,
}

/// A transaction on an invoice; amounts in smallest units.
#[derive(Deserialize)]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) state: Text<'a>,
    #[serde(borrow)]
    pub(super) invoice: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    pub(super) amount: i64,
    #[serde(borrow, default)]
    pub(super) currency: Text<'a>,
    #[serde(borrow, default)]
    pub(super) payment_type: Text<'a>,
    #[serde(borrow, default)]
    pub(super) settled: Text<'a>,
    #[serde(borrow, default)]
    pub(super) refunded: Text<'a>,
    #[serde(borrow, default)]
    pub(super) card_transaction: Option<Card<'a>>,
    #[serde(borrow, default)]
    pub(super) applepay_transaction: Option<Card<'a>>,
    #[serde(borrow, default)]
    pub(super) googlepay_transaction: Option<Card<'a>>,
    #[serde(borrow, default)]
    pub(super) mpo_transaction: Option<Card<'a>>,
    #[serde(borrow, default)]
    pub(super) vipps_transaction: Option<Card<'a>>,
}

/// What is known of a card payment.
#[derive(Deserialize)]
pub(super) struct Card<'a> {
    #[serde(borrow, default)]
    pub(super) provider: Text<'a>,
    #[serde(borrow, default)]
    pub(super) acquirer_reference: Text<'a>,
}
