//! QuickPay's payments (v10): a payment is of one order and has operations.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::{Flag, Id, List, Text};

/// A payment.
#[derive(Deserialize)]
pub(super) struct Payment<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow)]
    pub(super) order_id: Text<'a>,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) acquirer: Text<'a>,
    #[serde(default)]
    pub(super) test_mode: Flag,
    #[serde(borrow, default)]
    pub(super) operations: List<Operation<'a>>,
}

/// What was done with a payment.
#[derive(Deserialize)]
pub(super) struct Operation<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) amount: Option<i64>,
    #[serde(default)]
    pub(super) pending: Flag,
    #[serde(borrow, default)]
    pub(super) qp_status_code: Text<'a>,
    #[serde(borrow, default)]
    pub(super) acquirer: Text<'a>,
    #[serde(borrow, default)]
    pub(super) data: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    pub(super) created_at: Text<'a>,
}

/// What the acquirer answered.
#[derive(Deserialize, Default)]
pub(super) struct Data<'a> {
    #[serde(borrow, default)]
    pub(super) acquirer_reference: Text<'a>,
    #[serde(borrow, default)]
    pub(super) arn: Text<'a>,
}

/// Status of an operation that went through.
pub(super) const APPROVED: &str = "20000";
