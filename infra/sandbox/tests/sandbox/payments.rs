//! Shopify Payments: what its account tells of payouts and of what is in them.

use crate::support::Bench;
use jiff::Timestamp;
use sandbox::demo::{SHOPIFY, SHOPIFY_ACCESS_TOKEN};
use sandbox::shopify::{BalanceTransaction, Shop};
use sandbox::{Json, Request, object};

const PAYOUTS: &str = "query($query: String, $first: Int = 10, $after: String) { shopifyPaymentsAccount { \
    payouts(first: $first, after: $after, query: $query) { nodes { id status transactionType net { amount currencyCode } } \
    pageInfo { hasNextPage endCursor } } } }";
const LINES: &str = "query($query: String, $hide: Boolean) { shopifyPaymentsAccount { \
    balanceTransactions(first: 10, query: $query, hideTransfers: $hide) { \
    nodes { type net { amount } associatedPayout { id status } } } } }";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn movement(kind: &str, amount: &str, fee: &str) -> BalanceTransaction {
    BalanceTransaction {
        kind: kind.to_string(),
        at: at("2026-11-20T10:00:00Z"),
        amount: amount.parse().unwrap(),
        fee: fee.parse().unwrap(),
        order: None,
        order_transaction: None,
        payout: None,
    }
}

fn shop(bench: &mut Bench) -> &mut Shop {
    bench.world.shopify.get_mut(SHOPIFY).unwrap()
}

fn ask(bench: &mut Bench, query: &str, variables: Json) -> Json {
    let request = Request::new("POST", &format!("/shopify/{SHOPIFY}/admin/api/2026-01/graphql.json"))
        .with_header("X-Shopify-Access-Token", SHOPIFY_ACCESS_TOKEN)
        .with_json(&object! { "query": query, "variables": variables });
    bench.send(&request).body_json()
}

fn nodes(answer: &Json, list: &str) -> Vec<Json> {
    answer.path(&format!("data.shopifyPaymentsAccount.{list}")).unwrap().items("nodes").to_vec()
}

#[test]
fn a_shop_without_an_account_says_so() {
    let answer = ask(&mut Bench::new(), PAYOUTS, object! {});
    assert!(answer.path("data.shopifyPaymentsAccount").unwrap().is_null(), "{answer}");
}

#[test]
fn a_payout_takes_up_the_balance_and_stands_among_its_own_transactions() {
    let mut bench = Bench::new();
    let first = {
        let shop = shop(&mut bench);
        shop.moves_balance(movement("CHARGE", "298.00", "5.96"));
        shop.moves_balance(movement("REFUND", "-50.00", "0.00"));
        let first = shop.makes_payout(at("2026-11-21T06:00:00Z"));
        shop.moves_balance(movement("CHARGE", "100.00", "2.00"));
        first
    };
    let payouts = nodes(&ask(&mut bench, PAYOUTS, object! {}), "payouts");
    assert_eq!(payouts.len(), 1);
    assert_eq!(
        (payouts[0].text("status"), payouts[0].text("net.amount"), payouts[0].text("transactionType")),
        (Some("SCHEDULED"), Some("242.04"), Some("DEPOSIT"))
    );
    let query = format!("payments_transfer_id:{first}");
    let lines = nodes(&ask(&mut bench, LINES, object! { "query": &query }), "balanceTransactions");
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line.text("type")).collect();
    assert_eq!(kinds, ["CHARGE", "REFUND", "TRANSFER"]);
    let shown =
        nodes(&ask(&mut bench, LINES, object! { "query": &query, "hide": true }), "balanceTransactions");
    assert_eq!(shown.len(), 2);
    let all = nodes(&ask(&mut bench, LINES, object! {}), "balanceTransactions");
    assert_eq!(all.len(), 4, "what is in no payout yet is told of as well");
    let waiting = all.iter().find(|line| line.path("associatedPayout.id").unwrap().is_null()).unwrap();
    assert_eq!(waiting.text("associatedPayout.status"), Some("PENDING"));
}

#[test]
fn what_the_bank_declines_comes_again_in_the_next_payout() {
    let mut bench = Bench::new();
    let shop = shop(&mut bench);
    shop.moves_balance(movement("CHARGE", "100.00", "2.00"));
    let first = shop.makes_payout(at("2026-11-21T06:00:00Z"));
    assert!(shop.payout_becomes(at("2026-11-22T06:00:00Z"), first, "FAILED"));
    let second = shop.makes_payout(at("2026-11-23T06:00:00Z"));
    let query = format!("payments_transfer_id:{second}");
    let lines = nodes(&ask(&mut bench, LINES, object! { "query": query }), "balanceTransactions");
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line.text("type")).collect();
    assert_eq!(kinds, ["TRANSFER_FAILURE", "TRANSFER"]);
    let failed = nodes(&ask(&mut bench, PAYOUTS, object! { "query": "status:failed" }), "payouts");
    assert_eq!(failed.len(), 1);
}

#[test]
fn payouts_are_searched_by_day_and_id_and_come_in_pages() {
    let mut bench = Bench::new();
    let ids: Vec<u64> = ["2026-11-19", "2026-11-21", "2026-11-23"]
        .map(|day| {
            let shop = shop(&mut bench);
            shop.moves_balance(movement("CHARGE", "10.00", "0.00"));
            shop.makes_payout(at(&format!("{day}T06:00:00Z")))
        })
        .into();
    let found = |bench: &mut Bench, query: &str| {
        nodes(&ask(bench, PAYOUTS, object! { "query": query }), "payouts").len()
    };
    assert_eq!(found(&mut bench, "issued_at:>='2026-11-20' issued_at:<'2026-11-23'"), 1);
    assert_eq!(found(&mut bench, &format!("id:{}", ids[1])), 1);
    let first = ask(&mut bench, PAYOUTS, object! { "first": 2 });
    let info = first.path("data.shopifyPaymentsAccount.payouts.pageInfo").unwrap();
    let cursor = info.text("endCursor").unwrap().to_string();
    let last = ask(&mut bench, PAYOUTS, object! { "first": 2, "after": cursor });
    assert_eq!((nodes(&first, "payouts").len(), nodes(&last, "payouts").len()), (2, 1));
    let refused = ask(
        &mut bench,
        "{ shopifyPaymentsAccount { payouts(first: 1, since: 1) { nodes { id } } } }",
        object! {},
    );
    assert!(refused.to_string().contains("doesn't accept argument 'since'"), "{refused}");
}
