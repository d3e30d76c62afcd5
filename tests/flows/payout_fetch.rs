//! Payouts that the clock asks for: a shop sells through Shopify Payments, its payout is fetched once, matched, approved and posted, and
//! asking again fetches nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::MerchantId;
use domain::payout::PayoutState;
use domain::plan::Reason;
use domain::settlement::Standing;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;
use sandbox::shopify::BalanceTransaction;
use sandbox::signing::hmac_base64;
use sandbox::{Fault, Rule, Script, System, demo};
use serde_json::{Value, json};

use crate::payouts::{flow, hledger_agrees, in_state, records, until};
use crate::stage::{MERCHANT, Shop, Stage, oracle_settings};
use crate::stock::record;

/// The shop's connection, and that of its payouts.
const SHOP: &str = "stage-shopify-kande";
const PAYMENTS: &str = "stage-shopify-payments";
/// Two paid orders in kroner.
const ORDERS: [u64; 2] = [5_000_000_002_001, 5_000_000_002_002];
/// Where their sales wait for the payout.
const RECEIVABLE: u32 = 5830;

fn shop() -> Shop {
    let mut settings = oracle_settings("shopify");
    settings["payment"]["methods"] = json!([{ "method": "shopify_payments", "term": 4 }]);
    Shop { connection: SHOP.to_owned(), system: "shopify", world_name: demo::SHOPIFY.to_owned(), settings }
}

/// The merchant's file with the shop's payouts: reached where the shop is, with a token of its own.
fn with_payouts(mut file: Value) -> Value {
    let connections = file["connections"].as_array_mut().expect("connections");
    let urls = connections[0]["base-urls"].clone();
    connections.insert(
        0,
        json!({ "id": PAYMENTS, "name": "shopify-payments", "system": "shopify-payments", "source": "kande", "base-urls": urls }),
    );
    file["payouts"] = json!([flow("shopify-payments", RECEIVABLE)]);
    file
}

async fn stage() -> Stage {
    let stage = Stage::set(demo::world(), &[]).await;
    stage
        .configure_merchant_with(MERCHANT, with_payouts, &[shop()], &[("shopify-payments", "shopify")])
        .await;
    stage
}

/// Both orders are sold and booked; what each brings stands in the shop's balance.
async fn sold(stage: &Stage) -> Vec<(u64, Decimal)> {
    let mut sold = Vec::new();
    for (_, text, transactions) in demo::shopify_orders() {
        let order: Value = serde_json::from_str(&text).expect("an order");
        let id = order["id"].as_u64().expect("an id");
        if !ORDERS.contains(&id) {
            continue;
        }
        let total: Decimal = order["total_price"].as_str().expect("a total").parse().expect("an amount");
        {
            let mut world = stage.world();
            let shop = world.shopify.get_mut(demo::SHOPIFY).expect("the shop");
            shop.load_order(&text).expect("an order");
            let transaction = transactions[0].integer("id").and_then(|id| u64::try_from(id).ok());
            shop.transactions.insert(id, transactions);
            shop.moves_balance(movement("CHARGE", total, Decimal::new(500, 2), id, transaction));
        }
        let signature = hmac_base64(demo::SHOPIFY_CLIENT_SECRET.as_bytes(), text.as_bytes());
        let headers = [("Content-Type", "application/json".to_owned()), ("X-Shopify-Hmac-Sha256", signature)]
            .map(|(name, value)| (name.to_owned(), value));
        assert_eq!(stage.deliver(SHOP, &headers, text.into_bytes()).await, 200);
        stage.rest().await;
        let head = stage.head(SHOP, "shopify", &id.to_string()).await.expect("the order is known");
        assert!(head.progress.invoice.is_some(), "it is booked: {:?} {:?}", head.status, head.facts);
        sold.push((id, total));
    }
    sold
}

fn movement(
    kind: &str,
    amount: Decimal,
    fee: Decimal,
    order: u64,
    transaction: Option<u64>,
) -> BalanceTransaction {
    let at = Timestamp::now();
    let (kind, order) = (kind.to_owned(), Some(order));
    BalanceTransaction { kind, at, amount, fee, order, order_transaction: transaction, payout: None }
}

/// The shop does something about its payouts.
fn of_the_shop<T>(stage: &Stage, change: impl FnOnce(&mut sandbox::shopify::Shop) -> T) -> T {
    change(stage.world().shopify.get_mut(demo::SHOPIFY).expect("the shop"))
}

/// The clock's turn of a full hour: word is left, and the function asks.
async fn hour(stage: &Stage) {
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    payouts.turn(true).await.expect("the clock's turn");
}

/// How often the shop was asked: anything of payouts, and what is in one.
fn asked(stage: &Stage) -> usize {
    let world = stage.world();
    world.log.iter().filter(|logged| logged.name == demo::SHOPIFY).count()
}

/// Asks as the operator does; the number of files that were taken in.
async fn fetched(stage: &Stage) -> usize {
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    payouts.fetch(&MerchantId::new(MERCHANT), "shopify-payments", deadline).await.expect("it is asked")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_fetches_a_shops_payout_once_and_it_is_matched_approved_and_posted() {
    let stage = stage().await;
    let sold = sold(&stage).await;
    let refund = Decimal::new(-5_000, 2);
    let paid: Decimal = sold.iter().map(|(_, total)| *total - Decimal::new(500, 2)).sum();
    let payout = of_the_shop(&stage, |shop| shop.makes_payout(Timestamp::now() - 1.hour()));

    assert_eq!(fetched(&stage).await, 0, "what is not sent to the bank yet may still change");
    assert!(records(&stage).await.is_empty());

    of_the_shop(&stage, |shop| shop.payout_becomes(Timestamp::now(), payout, "IN_TRANSIT"));
    hour(&stage).await;
    until(&stage, "it waits for approval", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;
    let record = records(&stage).await.remove(0);
    assert_eq!(
        (record.id.key.batch.as_str(), record.id.key.account.as_str()),
        (payout.to_string().as_str(), "kande")
    );
    assert_eq!(record.figures.states.get("not-found"), None, "{:?}", record.figures.states);
    assert_eq!(Decimal::new(record.figures.payout.minor(), 2), paid);

    // A refund of the next payout; this one is known, whatever its state is by now.
    of_the_shop(&stage, |shop| {
        shop.moves_balance(movement("REFUND", refund, Decimal::ZERO, ORDERS[0], None));
        shop.payout_becomes(Timestamp::now(), payout, "PAID")
    });
    let before = asked(&stage);
    assert_eq!(fetched(&stage).await, 0, "it is known");
    assert_eq!(asked(&stage) - before, 1, "the list was asked for, and nothing else");

    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let work = payouts.attempt(&record.id, deadline).expect("a token");
    let plan = record.plan.expect("a plan waits").hash;
    let approved = payouts.engine().approve(&work, "Bo", &plan).await.expect("it is approved");
    payouts.leave_work(&approved).await.expect("word is left");
    until(&stage, "it is posted", || in_state(&stage, 1, PayoutState::Posted)).await;

    let entries = stage.world().agreements[demo::AGREEMENT].ledger.entries().to_vec();
    let on = |account: u32| -> Decimal {
        entries.iter().filter(|entry| entry.account == account).map(|entry| entry.amount).sum()
    };
    assert_eq!((on(RECEIVABLE), on(5820)), (Decimal::ZERO, paid), "all that was captured is paid out");
    hledger_agrees(&stage.journal());
    assert_eq!(fetched(&stage).await, 0);
    assert_eq!(records(&stage).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_does_not_let_its_payouts_be_read_says_so() {
    let stage = stage().await;
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let ask = async || payouts.fetch(&MerchantId::new(MERCHANT), "shopify-payments", deadline).await;
    let said = ask().await.expect_err("the shop has no account").to_string();
    assert!(said.contains("no account of Shopify Payments"), "{said}");
    of_the_shop(&stage, |shop| shop.access_token = "shpat_another".to_owned());
    let said = ask().await.expect_err("the token is wrong").to_string();
    assert!(said.contains("401") && !said.contains("shpat"), "{said}");
    assert_eq!(entries(&stage).await.len(), 1, "each cause once");

    of_the_shop(&stage, |shop| {
        shop.access_token = demo::SHOPIFY_ACCESS_TOKEN.to_owned();
        shop.moves_balance(movement("CHARGE", Decimal::ONE, Decimal::ZERO, ORDERS[0], None));
    });
    assert_eq!(ask().await, Ok(0), "it may be asked, and has paid nothing out");
    assert_eq!(entries(&stage).await, [], "a cause that is gone is told of no more");
}

/// What stands where a person sees it of payouts that cannot be fetched.
async fn entries(stage: &Stage) -> Vec<Reason> {
    let entries = stage.operations.parked_deliveries(&MerchantId::new(MERCHANT)).await.expect("the list");
    let reasons: Vec<Reason> = entries.into_iter().map(|entry| entry.reason).collect();
    assert!(reasons.iter().all(|reason| reason.code == "payout-fetch-refused"), "{reasons:?}");
    reasons
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_that_cannot_be_fetched_keeps_none_behind_it_back() {
    let stage = stage().await;
    let mut payouts = Vec::new();
    for (number, order) in (2..).zip(ORDERS) {
        payouts.push(of_the_shop(&stage, |shop| {
            shop.moves_balance(movement("CHARGE", Decimal::from(number), Decimal::ZERO, order, None));
            let payout = shop.makes_payout(Timestamp::now() - number.hours());
            shop.payout_becomes(Timestamp::now(), payout, "IN_TRANSIT");
            payout
        }));
    }
    // The newest stands first in the list.
    let [refused, other] = payouts[..] else { panic!("two payouts") };
    let rule = Rule {
        system: Some(System::Shopify),
        containing: Some(refused.to_string()),
        fault: Some(Fault::FailBefore(400)),
        ..Rule::default()
    };
    stage.world().script = Script { rules: vec![rule] };
    let (engine, deadline) = stage.operations.payouts().expect("the engine");
    let said = engine.fetch(&MerchantId::new(MERCHANT), "shopify-payments", deadline).await;
    let said = said.expect_err("whoever asks is told").to_string();
    assert!(said.contains(&refused.to_string()), "{said}");
    let known: Vec<String> = records(&stage).await.into_iter().map(|record| record.id.key.batch).collect();
    assert_eq!(known, [other.to_string()]);
    let told = entries(&stage).await;
    assert!(told.len() == 1 && told[0].fact("message").contains(&refused.to_string()), "{told:?}");
    stage.world().script = Script::default();
    assert_eq!(fetched(&stage).await, 1, "it is fetched once it can be");
    assert_eq!(entries(&stage).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_that_is_told_to_wait_goes_on_with_the_page_it_had_reached() {
    let stage = stage().await;
    sold(&stage).await;
    let of_payouts = Arc::new(AtomicUsize::new(0));
    let counted = of_payouts.clone();
    stage.world().on_request(move |occasion| {
        let body = String::from_utf8_lossy(&occasion.request.body);
        counted.fetch_add(usize::from(body.contains("shopifyPaymentsAccount")), Ordering::Relaxed);
    });
    let payout = told_to_wait(&stage, MERCHANT).await;
    let record = records(&stage).await.remove(0);
    assert_eq!((record.id.key.batch, record.figures.standing), (payout.to_string(), Standing::Balanced));
    // The list once more, and what was not answered; the payout itself is not asked for again.
    assert_eq!(of_payouts.load(Ordering::Relaxed), 5);
}

/// A payout of the shop, whose fetch for this merchant is told to wait once in its middle. It comes in by itself, long before the queue
/// would bring a word again, and of the answers that were kept meanwhile nothing is left. The payout's id.
pub(crate) async fn told_to_wait(stage: &Stage, merchant: &str) -> u64 {
    let payout = of_the_shop(stage, |shop| shop.makes_payout(Timestamp::now() - 1.hour()));
    of_the_shop(stage, |shop| shop.payout_becomes(Timestamp::now(), payout, "IN_TRANSIT"));
    // The list and the payout itself are answered; what is in it is not, once.
    let rule = Rule {
        system: Some(System::Shopify),
        name: Some(demo::SHOPIFY.to_owned()),
        after: 2,
        times: Some(1),
        fault: Some(Fault::TooManyRequests(None)),
        ..Rule::default()
    };
    stage.world().script = Script { rules: vec![rule] };
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    let id = MerchantId::new(merchant);
    // By the function, which keeps the answers that it has.
    let task = json!({ "task": "fetch", "flow": "shopify-payments" });
    let word = json!({ "schema": 1, "merchant": merchant, "task": task, "occasion": "" });
    let event = json!({ "Records": [record(&word.to_string())] }).to_string();
    let answer = stage.host.invoke("paymatch", event).await.expect("it is asked");
    assert!(!String::from_utf8_lossy(&answer).contains("record-1"), "it is begun");
    let known = || async { !payouts.all(&id).await.expect("the payouts are listed").is_empty() };
    until(stage, "it is taken in", known).await;
    let passing = stage.host.data().join("objects/bogbro/passing/m").join(merchant).join("payout-fetch");
    until(stage, "nothing is kept of it", || async { tests::files_below(&passing, "").is_empty() }).await;
    payout
}

/// The same for a merchant of its own, over a shop of the demo's world.
pub(crate) async fn of_another_merchant(stage: &Stage) {
    const OTHER: &str = "waiting";
    stage.configure_merchant_with(OTHER, with_payouts, &[shop()], &[("shopify-payments", "shopify")]).await;
    let (amount, fee) = (Decimal::new(25_000, 2), Decimal::new(500, 2));
    of_the_shop(stage, |shop| shop.moves_balance(movement("CHARGE", amount, fee, ORDERS[0], None)));
    told_to_wait(stage, OTHER).await;
}
