//! Shopify Payments: the balance of a shop, transaction by transaction, and its payouts, as `shopifyPaymentsAccount` tells of them.
//!
//! Written from the vendor's reference: a payout takes up what is in the balance when it is made (`SCHEDULED`), is then sent to the
//! bank (`IN_TRANSIT`) and arrives (`PAID`), or is declined (`FAILED`), after which its money comes again in the next one. The payout
//! itself stands among its transactions as a `TRANSFER`, a declined one as a `TRANSFER_FAILURE` in none yet.

use super::Shop;
use super::order::decimal_text;
use super::search::{Term, id_of, terms};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The account of Shopify Payments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payments {
    /// Everything that moved the balance, by id.
    pub transactions: BTreeMap<u64, BalanceTransaction>,
    /// Payouts by id.
    pub payouts: BTreeMap<u64, Payout>,
}

/// One movement of the balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceTransaction {
    /// Its type (`CHARGE`).
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Before the fee.
    pub amount: Decimal,
    /// What was taken of it.
    pub fee: Decimal,
    /// The order, where there is one.
    pub order: Option<u64>,
    /// The order's transaction, where there is one.
    pub order_transaction: Option<u64>,
    /// The payout that took it up.
    pub payout: Option<u64>,
}

/// One payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// When it was made.
    pub issued_at: Timestamp,
    /// `SCHEDULED`, `IN_TRANSIT`, `PAID`, `FAILED` or `CANCELED`.
    pub status: String,
    /// What is sent to the bank; negative where it is drawn from it.
    pub net: Decimal,
}

impl Shop {
    /// Moves the balance: a charge, a refund (negative), whatever the type says. Its id.
    pub fn moves_balance(&mut self, movement: BalanceTransaction) -> u64 {
        let id = 880_000_000 + self.next_number();
        self.payments.get_or_insert_default().transactions.insert(id, movement);
        id
    }

    /// Makes a payout of all that is in the balance and in no payout yet. Its id.
    pub fn makes_payout(&mut self, now: Timestamp) -> u64 {
        let id = 660_000_000 + self.next_number();
        let payments = self.payments.get_or_insert_default();
        let mut net = Decimal::ZERO;
        for movement in payments.transactions.values_mut().filter(|movement| movement.payout.is_none()) {
            movement.payout = Some(id);
            net += movement.amount - movement.fee;
        }
        let payout = Payout { issued_at: now, status: "SCHEDULED".to_string(), net };
        payments.payouts.insert(id, payout);
        self.moves_balance(transfer("TRANSFER", now, -net, Some(id)));
        id
    }

    /// The payout gets on: `IN_TRANSIT`, `PAID`. What is declined or cancelled is in the balance again.
    pub fn payout_becomes(&mut self, now: Timestamp, id: u64, status: &str) -> bool {
        let payments = self.payments.get_or_insert_default();
        let Some(payout) = payments.payouts.get_mut(&id) else { return false };
        payout.status = status.to_string();
        let net = payout.net;
        if status == "FAILED" {
            self.moves_balance(transfer("TRANSFER_FAILURE", now, net, None));
        } else if status == "CANCELED" {
            self.moves_balance(transfer("TRANSFER_CANCEL", now, net, None));
        }
        true
    }

    /// `shopifyPaymentsAccount`; null in a shop without it.
    pub(super) fn payments_account(&self) -> Json {
        let Some(payments) = &self.payments else { return Json::Null };
        let balance: Decimal =
            payments.transactions.values().map(|movement| movement.amount - movement.fee).sum();
        object! {
            "id": "gid://shopify/ShopifyPaymentsAccount/1", "activated": true, "country": "DK",
            "defaultCurrency": &self.currency, "balance": Json::Array(vec![self.amount(balance)]),
            "payouts": Json::Array(payments.payouts.iter().map(|(id, payout)| self.payout_node(*id, payout)).collect()),
            "balanceTransactions": Json::Array(
                payments.transactions.iter().map(|(id, movement)| self.movement_node(*id, movement)).collect(),
            ),
        }
    }

    fn amount(&self, amount: Decimal) -> Json {
        object! { "amount": decimal_text(&amount.to_string()), "currencyCode": &self.currency }
    }

    fn payout_node(&self, id: u64, payout: &Payout) -> Json {
        let way = if payout.net.is_sign_negative() { "WITHDRAWAL" } else { "DEPOSIT" };
        object! {
            "id": format!("gid://shopify/ShopifyPaymentsPayout/{id}"), "legacyResourceId": id.to_string(),
            "issuedAt": time(payout.issued_at), "status": &payout.status, "transactionType": way,
            "externalTraceId": Json::Null, "net": self.amount(payout.net.abs()), "gross": self.amount(payout.net.abs()),
        }
    }

    fn movement_node(&self, id: u64, movement: &BalanceTransaction) -> Json {
        let payout =
            movement.payout.and_then(|payout| Some((payout, self.payments.as_ref()?.payouts.get(&payout)?)));
        let order = movement.order.and_then(|order| self.orders.get(&order));
        let order = order.map_or(Json::Null, |order| {
            let id = order.integer("id").unwrap_or(0);
            object! { "id": format!("gid://shopify/Order/{id}"), "name": order.text("name") }
        });
        let source = match movement.kind.as_str() {
            "CHARGE" => "CHARGE",
            "REFUND" => "REFUND",
            kind if kind.starts_with("TRANSFER") => "TRANSFER",
            _ => "ADJUSTMENT",
        };
        let paid_in = object! {
            "id": payout.map(|(id, _)| format!("gid://shopify/ShopifyPaymentsPayout/{id}")),
            "status": payout.map_or("PENDING", |(_, payout)| &payout.status),
        };
        object! {
            "id": format!("gid://shopify/ShopifyPaymentsBalanceTransaction/{id}"), "type": &movement.kind, "test": false,
            "transactionDate": time(movement.at), "sourceId": (id + 1_000_000_000).to_string(), "sourceType": source,
            "sourceOrderTransactionId": movement.order_transaction.map(|id| id.to_string()),
            "adjustmentReason": Json::Null, "amount": self.amount(movement.amount), "fee": self.amount(movement.fee),
            "net": self.amount(movement.amount - movement.fee), "associatedOrder": order, "associatedPayout": paid_in,
        }
    }
}

fn transfer(kind: &str, at: Timestamp, amount: Decimal, payout: Option<u64>) -> BalanceTransaction {
    let (kind, fee) = (kind.to_string(), Decimal::ZERO);
    BalanceTransaction { kind, at, amount, fee, order: None, order_transaction: None, payout }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The entries of a list of the account that its arguments ask for, in order.
pub(super) fn asked(kind: &str, entries: &[Json], arguments: &Json) -> Json {
    let terms = arguments.text("query").map(terms).unwrap_or_default();
    let hidden = arguments.get("hideTransfers").and_then(Json::as_bool) == Some(true);
    let way = arguments.text("transactionType");
    let fits = |entry: &&Json| {
        terms.iter().all(|term| keeps(term, kind, entry))
            && !(hidden && entry.text("type") == Some("TRANSFER"))
            && way.is_none_or(|way| entry.text("transactionType") == Some(way))
    };
    let mut found: Vec<Json> = entries.iter().filter(fits).cloned().collect();
    let when = |entry: &Json| {
        let time = entry.text("issuedAt").or(entry.text("transactionDate")).unwrap_or_default();
        time.to_string()
    };
    found.sort_by_key(when);
    if arguments.get("reverse").and_then(Json::as_bool) == Some(true) {
        found.reverse();
    }
    Json::Array(found)
}

fn keeps(term: &Term, kind: &str, entry: &Json) -> bool {
    let number = |gid: Option<&str>, kind: &str| gid.and_then(|gid| id_of(gid, kind));
    let same = |found: Option<u64>| found.is_some_and(|found| term.fits_number(found));
    match term.field.as_str() {
        "id" => same(number(entry.text("id"), kind)),
        "issued_at" => term.fits_time(entry.text("issuedAt")),
        "processed_at" => term.fits_time(entry.text("transactionDate")),
        "payments_transfer_id" => same(number(entry.text("associatedPayout.id"), "ShopifyPaymentsPayout")),
        "status" => entry.text("status").is_some_and(|status| status.eq_ignore_ascii_case(&term.value)),
        // The shop ignores terms that it does not know.
        _ => true,
    }
}
