//! Gateways that know which order a payment is of: a shop knows the gateway's id of its payment, the acquirer's report knows the acquirer's
//! reference alone, and once the gateway was asked the payout finds its invoices. What the gateway cannot give is told, and keeps nothing
//! else back.

use domain::MerchantId;
use domain::payout::PayoutState;
use domain::plan::Reason;
use engine::store::ParkedDelivery;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use sandbox::quickpay::{Account, Operation, Payment};
use sandbox::{Fault, Rule, Script, System, World, demo, frisbii};
use serde_json::{Value, json};

use crate::payouts::{
    ADYEN_HEADER, decimal, drop_file, flow, hledger_agrees, in_state, records, total, until,
};
use crate::stage::{
    FRISBII_KEY, MERCHANT, QUICKPAY_KEY, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order,
};

/// Where the sales wait for the payout.
const RECEIVABLE: u32 = 5831;
/// The acquirer's commission of a sale, in øre.
const COMMISSION: i64 = 125;

/// Captured two days ago.
fn payment(id: u64, order: &str, reference: &str) -> Payment {
    let operation = |kind: &str, reference: Option<&str>| Operation {
        kind: kind.to_owned(),
        amount: 25_000,
        reference: reference.map(str::to_owned),
        status: "20000".to_owned(),
        pending: false,
    };
    Payment {
        id,
        order_id: order.to_owned(),
        currency: "DKK".to_owned(),
        updated_at: Timestamp::now() - SignedDuration::from_hours(48),
        test_mode: false,
        operations: vec![operation("authorize", None), operation("capture", Some(reference))],
    }
}

/// A transaction that was begun so many hours ago.
fn transaction(id: &str, invoice: &str, reference: &str, state: &str, hours: i64) -> frisbii::Transaction {
    frisbii::Transaction {
        id: id.to_owned(),
        invoice: invoice.to_owned(),
        kind: "settle".to_owned(),
        state: state.to_owned(),
        amount: 25_000,
        currency: "DKK".to_owned(),
        created: Timestamp::now() - SignedDuration::from_hours(hours),
        provider: Some("nets".to_owned()),
        reference: Some(reference.to_owned()),
    }
}

/// A merchant that sells through both gateways, whose payments one acquirer pays out.
async fn stage(payments: Vec<Payment>, transactions: Vec<frisbii::Transaction>) -> Stage {
    let mut world = demo::world();
    world.quickpay.insert("krus".to_owned(), Account { api_key: QUICKPAY_KEY.to_owned(), payments });
    let account = frisbii::Account {
        private_key: FRISBII_KEY.to_owned(),
        zone: "Europe/Copenhagen".to_owned(),
        transactions,
    };
    world.frisbii.insert("krus".to_owned(), account);
    let stage = Stage::set(world, &[]).await;
    let server = stage.sandbox_url();
    let with_gateways = |mut file: Value| {
        let connections = file["connections"].as_array_mut().expect("connections");
        connections.push(json!({
            "id": "stage-adyen-connection", "name": "adyen", "system": "adyen", "source": "KrusShopDK",
        }));
        for system in ["quickpay", "frisbii"] {
            connections.push(json!({
                "id": format!("stage-{system}-connection"), "name": system, "system": system,
                "base-urls": { "main": format!("{server}/{system}/krus") },
            }));
        }
        let mut payouts = flow("adyen", RECEIVABLE);
        payouts["gateways"] = json!(["quickpay", "frisbii"]);
        payouts["settings"]["matching"] = json!({ "order-numbers": { "prefixes": ["order-"] } });
        file["payouts"] = json!([payouts]);
        file
    };
    let mut settings = oracle_settings("woocommerce");
    settings["payment"]["methods"] = json!([{ "method": "gateway", "term": 5 }]);
    let secrets = [("adyen", "adyen"), ("quickpay", "quickpay"), ("frisbii", "frisbii")];
    stage.configure_merchant_with(MERCHANT, with_gateways, &[Shop::woocommerce(settings)], &secrets).await;
    stage
}

/// Books an order that the shop knows to be paid under this id; its total, in øre.
async fn booked(stage: &Stage, number: u64, payment: &str) -> i64 {
    let mut order = plain_order(number);
    order["payment_method"] = json!("gateway");
    order["payment_method_title"] = json!("Kort");
    order["transaction_id"] = json!(payment);
    assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
    stage.rest().await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", &number.to_string()).await.expect("it is known");
    assert!(head.progress.invoice.is_some(), "it is booked: {:?} {:?}", head.status, head.facts);
    total(&order)
}

/// An acquirer's report of these sales, which says nothing of orders; and what it pays.
fn report(sales: &[(&str, i64)]) -> (String, i64) {
    let (mut text, mut paid) = (format!("{ADYEN_HEADER}\n"), 0);
    for (place, (reference, total)) in sales.iter().enumerate() {
        let net = total - COMMISSION;
        paid += net;
        text.push_str(&format!(
            "KrusGroup,KrusShopDK,{reference},,visa,2026-11-23 10:00:01,CET,Settled,88260000{place},DKK,,{},1,DKK,,{},{},,,,visa,48,,2026-11-24 01:00:00,CET\n",
            decimal(*total),
            decimal(net),
            decimal(COMMISSION),
        ));
    }
    text.push_str(&format!(
        "KrusGroup,KrusShopDK,,,,2026-11-25 02:00:00,CET,MerchantPayout,\"TX48AXT batch 48, KrusShopDK\",,,,,DKK,{},,,,,,,48,,2026-11-25 02:00:00,CET\n",
        decimal(paid)
    ));
    (text, paid)
}

/// The clock's turn of a full hour: word is left, and the function asks.
async fn hour(stage: &Stage) {
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    payouts.turn(true).await.expect("the clock's turn");
}

/// Asks as the operator does; the number of references that are new.
async fn asked(stage: &Stage) -> Result<Option<usize>, String> {
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let asked = payouts.ask_gateways(&MerchantId::new(MERCHANT), "adyen", deadline).await;
    asked.map_err(|failure| failure.to_string())
}

/// How often a gateway was asked.
fn requests(stage: &Stage, system: System) -> usize {
    stage.world().log.iter().filter(|logged| logged.system == system).count()
}

fn quickpay(world: &mut World) -> &mut Account {
    world.quickpay.get_mut("krus").expect("the account")
}

/// What stands where a person sees it.
async fn told(stage: &Stage) -> Vec<Reason> {
    let entries: Vec<ParkedDelivery> =
        stage.operations.parked_deliveries(&MerchantId::new(MERCHANT)).await.expect("the list");
    for entry in &entries {
        assert!(domain::explain::is_known(&entry.reason.code), "{:?}", entry.reason);
    }
    entries.into_iter().map(|entry| entry.reason).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_of_the_acquirers_references_alone_finds_its_invoices_once_the_gateway_was_asked() {
    // More than a page, of which two are of orders that are known.
    let mut payments: Vec<Payment> =
        (1..=100).map(|id| payment(id, &format!("another-{id}"), &format!("other-{id}"))).collect();
    payments.push(payment(90_001, "kurv-77", "acq-1"));
    payments.push(payment(90_002, "8802", "acq-2"));
    let stage = stage(payments, Vec::new()).await;
    let first = booked(&stage, 8801, "90001").await;
    let second = booked(&stage, 8802, "").await;
    let (text, paid) = report(&[("acq-1", first), ("acq-2", second)]);
    drop_file(&stage, "adyen", "settlement.csv", text);
    until(&stage, "it is looked at", || in_state(&stage, 1, PayoutState::Matched)).await;
    assert_eq!(records(&stage).await[0].figures.states.get("not-found"), Some(&2));

    hour(&stage).await;
    until(&stage, "it waits for approval", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;
    let record = records(&stage).await.remove(0);
    assert_eq!(record.figures.states.get("exact"), Some(&2), "{:?}", record.figures.states);
    assert_eq!(requests(&stage, System::QuickPay), 2, "two pages");

    // Asked again it says nothing new, and nothing is looked at for it.
    let fence = record.fence;
    hour(&stage).await;
    until(&stage, "it is asked again", || async { requests(&stage, System::QuickPay) == 3 }).await;
    assert_eq!(asked(&stage).await, Ok(Some(0)));
    assert_eq!(records(&stage).await[0].fence, fence);
    assert_eq!(told(&stage).await, []);
    let folder = stage.folder().join("export").display().to_string();
    let exported = stage.command(&["export", MERCHANT, &folder, "--json"]);
    let exported: Value = serde_json::from_slice(&exported.stdout).expect("JSON");
    assert_eq!(
        exported["links"],
        2 * 102,
        "under the acquirer's reference and the gateway's own: {exported}"
    );

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
    assert_eq!((on(RECEIVABLE), on(5820)), (Decimal::ZERO, Decimal::new(paid, 2)), "all of it is paid out");
    hledger_agrees(&stage.journal());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_settled_days_after_it_was_begun_is_learned_and_the_command_asks_at_once() {
    let later = transaction("t2", "order-8812", "nets-2", "processing", 30);
    let stage =
        stage(Vec::new(), vec![transaction("t1", "order-8811", "nets-1", "settled", 50), later]).await;
    let first = booked(&stage, 8811, "").await;
    let second = booked(&stage, 8812, "").await;
    // Under the acquirer's reference and the gateway's own id.
    assert_eq!(asked(&stage).await, Ok(Some(2)));
    drop_file(&stage, "adyen", "settlement.csv", report(&[("nets-1", first), ("nets-2", second)]).0);
    until(&stage, "it is looked at", || in_state(&stage, 1, PayoutState::Matched)).await;
    let states = records(&stage).await.remove(0).figures.states;
    assert_eq!((states.get("exact"), states.get("not-found")), (Some(&1), Some(&1)), "{states:?}");

    stage.world().frisbii.get_mut("krus").expect("the account").transactions[1].state = "settled".to_owned();
    let output = stage.command(&["payouts", "fetch", MERCHANT, "adyen"]);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("0 payouts were fetched, 2 references were learned of gateways"), "{said}");
    until(&stage, "it waits for approval", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;
    assert_eq!(records(&stage).await[0].figures.states.get("exact"), Some(&2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_gateway_refuses_is_told_and_keeps_nothing_else_back() {
    let mut payments: Vec<Payment> =
        (1..=101).map(|id| payment(id, &id.to_string(), &format!("acq-{id}"))).collect();
    payments[50].currency = "kroner".to_owned();
    let frisbii = vec![transaction("t1", "order-1", "nets-1", "settled", 50)];
    let stage = stage(payments, frisbii).await;
    let strikes = |system, fault, times| {
        let rule = Rule { system: Some(system), times: Some(times), fault: Some(fault), ..Rule::default() };
        stage.world().script = Script { rules: vec![rule] };
    };
    // The first page is refused: the one behind it is kept, and so is what the other gateway says.
    strikes(System::QuickPay, Fault::FailBefore(400), 1);
    let said = asked(&stage).await.expect_err("whoever asks is told");
    assert!(said.contains("400"), "{said}");
    assert_eq!(requests(&stage, System::Frisbii), 1);
    let reasons = told(&stage).await;
    assert_eq!(reasons.len(), 1);
    assert_eq!((reasons[0].code.as_str(), reasons[0].fact("gateway")), ("gateway-page-refused", "quickpay"));

    // It is asked for again from where it was, and one of its payments cannot be read.
    let said = asked(&stage).await.expect_err("one of them is told");
    assert!(said.contains("51: a payment cannot be read at currency"), "{said}");
    let reasons = told(&stage).await;
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!(codes, ["gateway-payment-refused"], "the page is refused no more");
    quickpay(&mut stage.world()).payments[50].currency = "DKK".to_owned();
    assert_eq!(asked(&stage).await, Ok(Some(2)), "it is learned, and nothing else is new");
    assert_eq!(told(&stage).await, []);

    // Told to wait a moment it waits; told to wait long it is asked again by the queue.
    quickpay(&mut stage.world()).payments.push(payment(102, "102", "acq-102"));
    strikes(System::QuickPay, Fault::TooManyRequests(Some(1)), 1);
    assert_eq!(asked(&stage).await, Ok(Some(2)));
    strikes(System::QuickPay, Fault::TooManyRequests(Some(3_600)), 1);
    asked(&stage).await.expect_err("it is told to wait");
    strikes(System::QuickPay, Fault::MalformedJson, 1);
    assert_eq!(asked(&stage).await, Ok(Some(0)), "an answer that broke off is asked for again");
    assert_eq!(told(&stage).await, [], "all of it passes");

    // The key is revoked: it is said, without the key.
    stage.world().script = Script::default();
    quickpay(&mut stage.world()).api_key = "another".to_owned();
    let said = asked(&stage).await.expect_err("the key is wrong");
    assert!(said.contains("401") && !said.contains(QUICKPAY_KEY), "{said}");
    quickpay(&mut stage.world()).api_key = QUICKPAY_KEY.to_owned();
    assert_eq!(asked(&stage).await, Ok(Some(0)), "what was learned stays");
}
