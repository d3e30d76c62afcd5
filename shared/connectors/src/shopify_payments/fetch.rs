//! Asking a Shopify shop for the payouts of Shopify Payments and for the balance transactions of one, by the Admin interface of the
//! shop itself and with its token.

use std::io::Write;

use async_trait::async_trait;
use domain::Failure;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::map::{self, number};
use super::wire::{Named, PageInfo, Payout as WirePayout};
use super::{MANIFEST, ShopifyPayments};
use crate::acquirer::{self, Acquirer, MOST_PAGES, Payout, PayoutPage, plain_id, went_on};
use crate::figures;
use crate::http::Transport;
use crate::json::{read_answer, rejected};
use crate::manifest::{Authentication, Manifest, RateLimit};
use crate::shopify::client;

/// How the payouts of a shop are reached: as the shop is, by a token that may read payouts (`read_shopify_payments_payouts`) and,
/// for the numbers of the orders, orders.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "")],
    authentication: Authentication::Headers(&[("X-Shopify-Access-Token", "access-token")]),
    secrets: &["access-token"],
    // A page costs some three hundred points and a hundred come back in a second; payouts are asked for in the background, whose
    // lane has a sixteenth of this: a page in four seconds, so a long payout never empties the budget that the shop's orders need.
    rate: RateLimit { units: 4, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "the search of balance transactions by their payout (`payments_transfer_id`): a line of another payout is refused",
        "the day a payout is issued is taken as the day it arrives",
        "what a page costs (one point for each object in it is reckoned with)",
    ],
};

/// Payouts on a page.
const PAYOUTS: usize = 50;
/// Balance transactions on a page: each is six objects to the query budget.
const TRANSACTIONS: usize = 50;

const LIST: &str = "query BogbroPayouts($first: Int!, $after: String, $query: String!) { \
     shopifyPaymentsAccount { payouts(first: $first, after: $after, query: $query, sortKey: ISSUED_AT) { \
     nodes { id status issuedAt transactionType net { amount currencyCode } } \
     pageInfo { hasNextPage endCursor } } } }";

const LINES: &str = "query BogbroBalanceTransactions($first: Int!, $after: String, $query: String!) { \
     shopifyPaymentsAccount { balanceTransactions(first: $first, after: $after, query: $query) { \
     nodes { id type test transactionDate sourceId sourceOrderTransactionId \
     amount { amount currencyCode } fee { amount currencyCode } net { amount currencyCode } \
     associatedOrder { id name } associatedPayout { id } } \
     pageInfo { hasNextPage endCursor } } } }";

/// What was asked of the account; a shop without Shopify Payments has none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    shopify_payments_account: Option<Account<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    #[serde(borrow, default)]
    payouts: Option<Page<WirePayout<'a>>>,
    #[serde(borrow, default)]
    balance_transactions: Option<Page<Belonging<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Deserialize<'de>")]
struct Page<T> {
    nodes: Vec<T>,
    page_info: PageInfo,
}

impl<T> Page<T> {
    /// Where the list goes on.
    fn next(&self) -> Result<Option<String>, Failure> {
        if !self.page_info.has_next_page {
            return Ok(None);
        }
        let cursor = self.page_info.end_cursor.clone().filter(|cursor| !cursor.is_empty());
        let cursor = cursor.ok_or_else(|| rejected("unreadable", "a page that goes on without a cursor"))?;
        went_on(Some(cursor), self.nodes.is_empty())
    }
}

/// The payout that a balance transaction says it is in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Belonging<'a> {
    #[serde(borrow, default)]
    associated_payout: Option<Named<'a>>,
}

#[async_trait]
impl Acquirer for ShopifyPayments {
    fn connection(&self) -> &'static Manifest {
        &CONNECTION
    }

    async fn payouts(
        &self,
        transport: &dyn Transport,
        _account: &str,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure> {
        // Times are of the shop's zone or of UTC; a day more on either side loses nothing.
        let (from, until) = (from.saturating_sub(1.day()), to.saturating_add(2.days()));
        let text = ask(
            transport,
            LIST,
            json!({ "first": PAYOUTS, "after": page, "query": format!("issued_at:>='{from}' issued_at:<'{until}'") }),
        )
        .await?;
        let found = payouts_of(&text)?;
        let next = found.next()?;
        Ok(PayoutPage::of_each(&found.nodes, listed, next))
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        _account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let payout = plain_id(&payout.id)?;
        if !payout.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(rejected("unreadable", "the payout's id is not a number"));
        }
        let text = ask(transport, LIST, json!({ "first": 2, "query": format!("id:{payout}") })).await?;
        let found = payouts_of(&text)?;
        let ids: Vec<&str> = found.nodes.iter().map(|node| number(node.id.trimmed())).collect();
        if ids != [payout] {
            return Err(rejected("not-found", format!("payout {payout} is not the shop's")));
        }
        keep(into, &text)?;
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let query = format!("payments_transfer_id:{payout}");
            let variables = json!({ "first": TRANSACTIONS, "after": after, "query": query });
            let text = ask(transport, LINES, variables).await?;
            let page = account(&text)?.balance_transactions.ok_or_else(nothing)?;
            let belongs = |node: &Belonging<'_>| {
                node.associated_payout.as_ref().is_some_and(|named| number(named.id.trimmed()) == payout)
            };
            if !page.nodes.iter().all(belongs) {
                let message = format!("a balance transaction that is not of payout {payout}");
                return Err(rejected("another-payout", message));
            }
            keep(into, &text)?;
            after = page.next()?;
            if after.is_none() {
                return Ok(());
            }
        }
        Err(acquirer::endless())
    }
}

async fn ask(transport: &dyn Transport, document: &str, variables: Value) -> Result<String, Failure> {
    client::query(transport, document, variables).await
}

/// Keeps an answer without what it says of the query budget, so a payout that is fetched twice is the same twice.
fn keep(into: &mut (dyn Write + Send), data: &str) -> Result<(), Failure> {
    acquirer::keep(into, &format!("{{\"data\":{data}}}"))
}

fn account(text: &str) -> Result<Account<'_>, Failure> {
    let data: Data<'_> = read_answer("the account of Shopify Payments", text)?;
    data.shopify_payments_account
        .ok_or_else(|| rejected("no-account", "the shop has no account of Shopify Payments"))
}

fn nothing() -> Failure {
    rejected("unreadable", "an answer without what was asked for")
}

fn payouts_of(text: &str) -> Result<Page<WirePayout<'_>>, Failure> {
    account(text)?.payouts.ok_or_else(nothing)
}

/// A payout is complete once it was sent to the bank: until then transactions may still be assigned to it.
fn listed(payout: &WirePayout<'_>) -> Result<Payout, Failure> {
    let told = map::Payout::graph(payout);
    let unreadable = || rejected("unreadable", "a payout without a readable amount");
    let currency = figures::currency(told.currency).ok_or_else(unreadable)?;
    Ok(Payout {
        id: plain_id(told.id)?.to_owned(),
        account: None,
        on: told.day(),
        amount: told.paid(currency).ok_or_else(unreadable)?,
        reckoned: false,
        complete: matches!(told.status, "PAID" | "IN_TRANSIT"),
    })
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{
        self, ACCOUNT, called, contract, day, documents, fetched, keeps_to_its_path, words,
    };
    use crate::scripted::{Script, word};

    const ORIGINAL: &str = include_str!("fixtures/graphql.json");

    fn payout() -> Payout {
        testing::payout("77", "2026-02-06", "361.00", "DKK")
    }

    fn list() -> String {
        let one = |id: u32, status: &str, way: &str, amount: &str| {
            json!({ "id": format!("gid://shopify/ShopifyPaymentsPayout/{id}"), "status": status,
                "issuedAt": "2026-02-06T00:00:00Z", "transactionType": way,
                "net": { "amount": amount, "currencyCode": "DKK" } })
        };
        let nodes = [
            one(77, "PAID", "DEPOSIT", "361.0"),
            one(78, "SCHEDULED", "DEPOSIT", "1250.55"),
            one(79, "IN_TRANSIT", "WITHDRAWAL", "12.5"),
            one(80, "FAILED", "DEPOSIT", "41.9"),
        ];
        json!({ "data": { "shopifyPaymentsAccount": { "payouts": {
            "nodes": nodes, "pageInfo": { "hasNextPage": true, "endCursor": "eyJsYXN0" } } } } })
        .to_string()
    }

    #[test]
    fn a_payout_is_fetched_page_by_page_and_reads_as_its_original() {
        let [payout_page, first, second] = documents(ORIGINAL).try_into().expect("three documents");
        let script = Script::default()
            .read(&["/admin/api/", "BogbroPayouts", "id:77"], 200, payout_page)
            .read(&["BogbroBalanceTransactions", "payments_transfer_id:77", "\"after\":null"], 200, first)
            .read(&["BogbroBalanceTransactions", "\"after\":\"eyJ\""], 200, second);
        assert_eq!(fetched(&ShopifyPayments, script, &payout(), 3), 3);
    }

    #[test]
    fn the_budget_that_stands_beside_an_answer_is_not_kept() {
        let documents = documents(ORIGINAL);
        let fetch = |points: u32| {
            let beside = |text: &str| {
                let extensions =
                    format!(",\"extensions\":{{\"cost\":{{\"requestedQueryCost\":{points}}}}}}}");
                format!("{}{extensions}", text.trim_end().strip_suffix('}').expect("an object"))
            };
            let script =
                documents.iter().fold(Script::default(), |script, text| script.read(&[], 200, beside(text)));
            let mut kept = Vec::new();
            block_on(ShopifyPayments.fetch(&script, ACCOUNT, &called("77"), &mut kept)).expect("fetched");
            kept
        };
        assert_eq!(fetch(1), fetch(302), "the same payout is the same file");
    }

    #[test]
    fn payouts_are_listed_and_only_those_sent_to_the_bank_are_complete() {
        let script = Script::default().read(
            &["BogbroPayouts", "issued_at:>='2026-02-05' issued_at:<'2026-02-09'", "\"after\":\"eyI\""],
            200,
            list(),
        );
        let page = block_on(ShopifyPayments.payouts(
            &script,
            ACCOUNT,
            day("2026-02-06"),
            day("2026-02-07"),
            Some("eyI"),
        ));
        let page = page.expect("listed");
        assert_eq!(
            words(&page),
            [
                "77 2026-02-06 361.00 complete",
                "78 2026-02-06 1250.55 open",
                "79 2026-02-06 -12.50 complete",
                "80 2026-02-06 41.90 open"
            ]
        );
        assert_eq!((page.next.as_deref(), &page.payouts[0]), (Some("eyJsYXN0"), &payout()));
    }

    #[test]
    fn the_payout_itself_among_its_transactions_is_the_payout() {
        let [payout_page, first, second] = documents(ORIGINAL).try_into().expect("three documents");
        let own = r#"{"id":"gid://shopify/ShopifyPaymentsBalanceTransaction/4","type":"TRANSFER","test":false,"transactionDate":"2026-02-06T00:00:00Z","sourceId":"77","sourceOrderTransactionId":null,"amount":{"amount":"-361.0","currencyCode":"DKK"},"fee":{"amount":"0.0","currencyCode":"DKK"},"net":{"amount":"-361.0","currencyCode":"DKK"},"associatedOrder":null,"associatedPayout":{"id":"gid://shopify/ShopifyPaymentsPayout/77"}}"#;
        let second = second.replacen("\n],\"pageInfo\"", &format!(",\n{own}],\"pageInfo\""), 1);
        let script =
            Script::default().read(&[], 200, payout_page).read(&[], 200, first).read(&[], 200, second);
        assert_eq!(fetched(&ShopifyPayments, script, &payout(), 3), 4);
    }

    #[test]
    fn lines_of_another_payout_are_refused() {
        let [payout_page, first, _] = documents(ORIGINAL).try_into().expect("three documents");
        for other in ["{\"id\":\"gid://shopify/ShopifyPaymentsPayout/78\"}", "{\"id\":null}", "null"] {
            let first = first.replace("{\"id\":\"gid://shopify/ShopifyPaymentsPayout/77\"}", other);
            let script = Script::default().read(&[], 200, payout_page.clone()).read(&[], 200, first);
            let refused = block_on(ShopifyPayments.fetch(&script, ACCOUNT, &called("77"), &mut Vec::new()));
            assert!(
                matches!(&refused, Err(Failure::Rejected { code: Some(code), .. }) if code == "another-payout"),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn what_the_shop_refuses_is_said() {
        let denied = r#"{"data":null,"errors":[{"message":"Access denied for shopifyPaymentsAccount field.","extensions":{"code":"ACCESS_DENIED"}}]}"#;
        let throttled = r#"{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}]}"#;
        for (body, expected) in [
            (r#"{"data":{"shopifyPaymentsAccount":null}}"#, "rejected"),
            (
                r#"{"data":{"shopifyPaymentsAccount":{"payouts":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"x"}}}}}"#,
                "rejected",
            ),
            (denied, "unauthorized"),
            (throttled, "busy"),
        ] {
            let script = Script::default().read(&[], 200, body);
            let page = block_on(ShopifyPayments.payouts(
                &script,
                ACCOUNT,
                day("2026-02-06"),
                day("2026-02-06"),
                None,
            ));
            assert_eq!(word(&page), expected, "{body}");
        }
    }

    #[test]
    fn an_id_is_a_number() {
        keeps_to_its_path(&ShopifyPayments);
        let refused = block_on(ShopifyPayments.fetch(
            &Script::default(),
            ACCOUNT,
            &called("77-OR-id"),
            &mut Vec::new(),
        ));
        assert_eq!(word(&refused), "rejected");
    }

    #[test]
    fn every_field_that_is_asked_for_is_in_the_vendors_schema() {
        let Some(schema) = contract("webshops/shopify/admin-graphql-2026-01-cut.json") else { return };
        let cut: Value = serde_json::from_str(&schema).expect("JSON");
        let known = |kind: &str, field: &str| cut["types"][kind]["fields"].get(field).is_some();
        let between = |text: &str, from: &str| {
            let text = text.split_once(from).expect("the selection").1;
            text.split_once("pageInfo").expect("its end").0.replace(['{', '}'], " ")
        };
        let inner = ["amount", "currencyCode", "id", "name"];
        for (document, kind) in
            [(LIST, "ShopifyPaymentsPayout"), (LINES, "ShopifyPaymentsBalanceTransaction")]
        {
            for field in between(document, "nodes {").split_whitespace() {
                assert!(known(kind, field) || inner.contains(&field), "{kind}.{field}");
            }
        }
        assert!(known("QueryRoot", "shopifyPaymentsAccount"));
        assert!(known("ShopifyPaymentsAssociatedOrder", "name") && known("MoneyV2", "currencyCode"));
    }
}
