//! Vipps MobilePay's shapes: the ledger entries of the Report API, and the columns of the portal's workbook and of the CSV
//! settlement file.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::Text;

/// How files write days.
pub(super) const DAY: &str = "%d.%m.%Y";
/// The column by which the header is known in the portal's workbook.
pub(super) const MARK: &str = "Transaksjons-ID";
/// First cells of the lines of the CSV settlement file.
pub(super) const RECORDS: [&str; 3] = ["SettlementInfo", "TransactionInfo", "FeeInfo"];

/// A page of ledger entries.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) items: Vec<Entry<'a>>,
    #[serde(rename = "hasMore", default)]
    pub(super) has_more: bool,
    #[serde(rename = "tryLater", default)]
    pub(super) try_later: bool,
}

/// One entry of the ledger of funds. Amounts are in smallest units, signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    #[serde(borrow, default)]
    pub(super) psp_reference: Text<'a>,
    #[serde(borrow)]
    pub(super) time: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) ledger_date: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) entry_type: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) reference: Text<'a>,
    #[serde(borrow)]
    pub(super) currency: Cow<'a, str>,
    pub(super) amount: i64,
    #[serde(borrow, default)]
    pub(super) recipient_handle: Text<'a>,
    #[serde(default)]
    pub(super) balance_before: Option<i64>,
    #[serde(default)]
    pub(super) balance_after: Option<i64>,
}
