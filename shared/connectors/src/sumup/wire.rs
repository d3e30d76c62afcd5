//! SumUp's payout records, as JSON and as CSV with the same names.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::{Amount, Id, Text};
use crate::report::Refusal;
use crate::tabular::{Column, Header};

/// One record: a payout of a transaction, or what was deducted from one.
#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    pub(super) amount: Amount,
    #[serde(borrow)]
    pub(super) date: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    #[serde(default)]
    pub(super) fee: Amount,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) reference: Text<'a>,
    #[serde(borrow, default)]
    pub(super) transaction_code: Text<'a>,
}

/// Columns of the CSV.
pub(super) struct Columns {
    pub(super) id: Column<'static>,
    pub(super) kind: Column<'static>,
    pub(super) amount: Column<'static>,
    pub(super) date: Column<'static>,
    pub(super) currency: Column<'static>,
    pub(super) fee: Column<'static>,
    pub(super) status: Column<'static>,
    pub(super) reference: Column<'static>,
    pub(super) transaction_code: Column<'static>,
}

impl Columns {
    pub(super) fn find(header: &Header) -> Result<Columns, Refusal> {
        Ok(Columns {
            id: header.required("id")?,
            kind: header.required("type")?,
            amount: header.required("amount")?,
            date: header.required("date")?,
            currency: header.required("currency")?,
            fee: header.required("fee")?,
            status: header.required("status")?,
            reference: header.required("reference")?,
            transaction_code: header.required("transaction_code")?,
        })
    }
}
