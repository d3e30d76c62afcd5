//! Stripe's shapes: the itemised payout reports' columns, and payouts and balance transactions as the API answers with them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Amount, Flag, Text};
use crate::report::Refusal;
use crate::tabular::{Column, Header};

/// How the reports write times.
pub(super) const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// Where each column of an itemised report stands. Merchants choose their columns; these are the ones that are used.
pub(super) struct Columns {
    pub(super) payout: Column<'static>,
    pub(super) effective: Column<'static>,
    pub(super) transaction: Column<'static>,
    pub(super) created: Column<'static>,
    pub(super) created_is_utc: bool,
    pub(super) available: Column<'static>,
    pub(super) currency: Column<'static>,
    pub(super) gross: Column<'static>,
    pub(super) fee: Column<'static>,
    pub(super) net: Column<'static>,
    pub(super) category: Column<'static>,
    pub(super) description: Column<'static>,
    pub(super) source: Column<'static>,
    pub(super) payment_intent: Column<'static>,
    pub(super) charge: Column<'static>,
    pub(super) order: Column<'static>,
    pub(super) customer_amount: Column<'static>,
    pub(super) customer_currency: Column<'static>,
}

impl Columns {
    pub(super) fn find(header: &Header) -> Result<Columns, Refusal> {
        let one_of = |names: &[&'static str]| match header.any(names)? {
            Some(column) => Ok(column),
            None => header.optional(names.first().copied().unwrap_or_default()),
        };
        let created = one_of(&["created_utc", "created"])?;
        Ok(Columns {
            payout: one_of(&["automatic_payout_id", "payout_id"])?,
            effective: one_of(&[
                "automatic_payout_effective_at_utc",
                "automatic_payout_effective_at",
                "effective_at_utc",
                "effective_at",
            ])?,
            transaction: header.required("balance_transaction_id")?,
            created,
            created_is_utc: created.name.ends_with("_utc"),
            available: one_of(&["available_on_utc", "available_on"])?,
            currency: header.required("currency")?,
            gross: header.required("gross")?,
            fee: header.required("fee")?,
            net: header.required("net")?,
            category: header.required("reporting_category")?,
            description: header.optional("description")?,
            source: header.optional("source_id")?,
            payment_intent: header.optional("payment_intent_id")?,
            charge: header.optional("charge_id")?,
            order: one_of(&["payment_metadata[order_id]", "charge_metadata[order_id]"])?,
            customer_amount: header.optional("customer_facing_amount")?,
            customer_currency: header.optional("customer_facing_currency")?,
        })
    }
}

/// What a document is, by its `object`.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    pub(super) object: Text<'a>,
}

/// A payout.
#[derive(Deserialize)]
pub(super) struct Payout<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    pub(super) amount: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    #[serde(default)]
    pub(super) arrival_date: Option<i64>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) statement_descriptor: Text<'a>,
    #[serde(default)]
    pub(super) automatic: Flag,
    #[serde(borrow, default)]
    pub(super) reconciliation_status: Text<'a>,
}

/// A page of payouts.
#[derive(Deserialize)]
pub(super) struct Payouts<'a> {
    pub(super) has_more: bool,
    #[serde(borrow)]
    pub(super) data: Vec<Payout<'a>>,
}

/// A page of balance transactions.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    pub(super) has_more: bool,
    #[serde(borrow)]
    pub(super) data: Vec<Transaction<'a>>,
}

/// A balance transaction.
#[derive(Deserialize)]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    pub(super) amount: i64,
    pub(super) fee: i64,
    pub(super) net: i64,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    pub(super) created: i64,
    #[serde(default)]
    pub(super) available_on: Option<i64>,
    #[serde(borrow, default)]
    pub(super) description: Text<'a>,
    #[serde(default)]
    pub(super) exchange_rate: Amount,
    #[serde(borrow, default)]
    pub(super) fee_details: Vec<FeeDetail<'a>>,
    #[serde(borrow, default)]
    pub(super) reporting_category: Text<'a>,
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) source: Option<&'a RawValue>,
}

/// A part of a fee.
#[derive(Deserialize)]
pub(super) struct FeeDetail<'a> {
    pub(super) amount: i64,
    #[serde(borrow, rename = "type", default)]
    pub(super) kind: Text<'a>,
}

/// What a balance transaction comes from, where it was asked for in full (`expand[]=data.source`).
#[derive(Deserialize, Default)]
pub(super) struct Source<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) object: Text<'a>,
    #[serde(borrow, default)]
    pub(super) charge: Text<'a>,
    #[serde(borrow, default)]
    pub(super) payment_intent: Text<'a>,
    #[serde(default)]
    pub(super) amount: Option<i64>,
    #[serde(borrow, default)]
    pub(super) currency: Text<'a>,
    #[serde(borrow, default)]
    pub(super) metadata: Metadata<'a>,
}

/// What the shop's plugin noted on the payment.
#[derive(Deserialize, Default)]
pub(super) struct Metadata<'a> {
    #[serde(borrow, default)]
    pub(super) order_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) order_number: Text<'a>,
}
