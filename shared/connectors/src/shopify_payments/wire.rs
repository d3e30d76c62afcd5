//! Shopify Payments' shapes: payouts and balance transactions of the REST and GraphQL Admin APIs, and the pair of CSV exports.

use serde::Deserialize;

use crate::json::{Amount, Flag, Id, List, Text};

/// How the exports write times.
pub(super) const TIME: &str = "%Y-%m-%d %H:%M:%S %z";

/// Any answer of either API.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, default)]
    pub(super) payout: Option<RestPayout<'a>>,
    #[serde(borrow, default)]
    pub(super) payouts: Option<List<RestPayout<'a>>>,
    #[serde(borrow, default)]
    pub(super) transaction: Option<RestTransaction<'a>>,
    #[serde(borrow, default)]
    pub(super) transactions: Option<List<RestTransaction<'a>>>,
    #[serde(borrow, default)]
    pub(super) data: Option<Data<'a>>,
}

/// A payout of the REST API.
#[derive(Deserialize)]
pub(super) struct RestPayout<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) date: Text<'a>,
    #[serde(borrow)]
    pub(super) currency: Text<'a>,
    pub(super) amount: Amount,
}

/// A balance transaction of the REST API.
#[derive(Deserialize)]
pub(super) struct RestTransaction<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) test: Flag,
    #[serde(borrow, default)]
    pub(super) payout_id: Id<'a>,
    #[serde(borrow)]
    pub(super) currency: Text<'a>,
    pub(super) amount: Amount,
    pub(super) fee: Amount,
    pub(super) net: Amount,
    #[serde(borrow, default)]
    pub(super) source_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) source_type: Text<'a>,
    #[serde(borrow, default)]
    pub(super) source_order_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) source_order_transaction_id: Id<'a>,
    #[serde(borrow, default)]
    pub(super) processed_at: Text<'a>,
}

/// `data` of a GraphQL answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data<'a> {
    #[serde(borrow)]
    pub(super) shopify_payments_account: Account<'a>,
}

/// The account with what was asked of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account<'a> {
    #[serde(borrow, default)]
    pub(super) payouts: Option<Payouts<'a>>,
    #[serde(borrow, default)]
    pub(super) balance_transactions: Option<Transactions<'a>>,
}

/// A page of payouts.
#[derive(Deserialize)]
pub(super) struct Payouts<'a> {
    #[serde(borrow)]
    pub(super) nodes: Vec<Payout<'a>>,
}

/// A page of balance transactions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transactions<'a> {
    #[serde(borrow)]
    pub(super) nodes: Vec<Transaction<'a>>,
    #[serde(default)]
    pub(super) page_info: PageInfo,
}

/// Whether there is more, and behind which mark.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    #[serde(default)]
    pub(super) has_next_page: bool,
    #[serde(default)]
    pub(super) end_cursor: Option<String>,
}

/// Money of the GraphQL API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Money<'a> {
    pub(super) amount: Amount,
    #[serde(borrow)]
    pub(super) currency_code: Text<'a>,
}

/// A payout of the GraphQL API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payout<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    #[serde(borrow, default)]
    pub(super) issued_at: Text<'a>,
    #[serde(borrow)]
    pub(super) net: Money<'a>,
    #[serde(borrow, default)]
    pub(super) transaction_type: Text<'a>,
}

/// A balance transaction of the GraphQL API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default)]
    pub(super) test: Flag,
    #[serde(borrow)]
    pub(super) amount: Money<'a>,
    #[serde(borrow)]
    pub(super) fee: Money<'a>,
    #[serde(borrow)]
    pub(super) net: Money<'a>,
    #[serde(borrow, default)]
    pub(super) transaction_date: Text<'a>,
    #[serde(borrow, default)]
    pub(super) source_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) source_order_transaction_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) associated_order: Option<Named<'a>>,
    #[serde(borrow, default)]
    pub(super) associated_payout: Option<Named<'a>>,
}

/// What a transaction belongs to.
#[derive(Deserialize)]
pub(super) struct Named<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
}
