//! Klarna's settlements: payouts with their totals, and transactions, as the API answers with them; the sections of the CSV.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::{List, Text};

/// Any document of the API: a payout, a list of them, or a page of transactions.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, default)]
    pub(super) payouts: Option<List<Payout<'a>>>,
    #[serde(borrow, default)]
    pub(super) transactions: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    pub(super) totals: Option<&'a serde_json::value::RawValue>,
    #[serde(default)]
    pub(super) pagination: Option<Pagination>,
}

/// Where a page stands in its list.
#[derive(Deserialize)]
pub(super) struct Pagination {
    #[serde(default)]
    pub(super) total: Option<u64>,
}

/// One payout.
#[derive(Deserialize)]
pub(super) struct Payout<'a> {
    pub(super) totals: Totals,
    #[serde(borrow)]
    pub(super) payment_reference: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) payout_date: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) currency_code: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) merchant_settlement_type: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) merchant_id: Text<'a>,
}

/// Totals in smallest units, all without sign.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Totals {
    pub(super) commission_amount: i64,
    pub(super) repay_amount: i64,
    pub(super) sale_amount: i64,
    pub(super) holdback_amount: i64,
    pub(super) tax_amount: i64,
    pub(super) settlement_amount: i64,
    pub(super) fee_correction_amount: i64,
    pub(super) reversal_amount: i64,
    pub(super) release_amount: i64,
    pub(super) return_amount: i64,
    pub(super) fee_amount: i64,
    pub(super) charge_amount: i64,
    pub(super) credit_amount: i64,
    pub(super) fee_refund_amount: i64,
    pub(super) tax_refund_amount: i64,
    pub(super) deposit_amount: i64,
    pub(super) opening_debt_balance_amount: Option<i64>,
    pub(super) closing_debt_balance_amount: Option<i64>,
}

/// One transaction. The amount has no sign: the type gives it.
#[derive(Deserialize, Default)]
pub(super) struct Transaction<'a> {
    pub(super) amount: i64,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) currency_code: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) detailed_type: Text<'a>,
    #[serde(borrow, default)]
    pub(super) capture_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) refund_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) order_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) short_order_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) merchant_reference1: Text<'a>,
    #[serde(borrow, default)]
    pub(super) merchant_reference2: Text<'a>,
    #[serde(borrow, default)]
    pub(super) sale_date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) capture_date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) payment_reference: Text<'a>,
    #[serde(borrow, default)]
    pub(super) initial_payment_method_type: Text<'a>,
}

/// Columns of the CSV's section of totals, by which it is known.
pub(super) const TOTALS_MARK: &str = "payment_reference";
/// Column of the CSV's section of transactions, by which it is known.
pub(super) const BODY_MARK: &str = "short_order_id";
