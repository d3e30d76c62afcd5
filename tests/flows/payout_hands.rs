//! Payouts by hand: one that the operator sees through with the executable, from the file to its reversal, where invoices are left open
//! for the payout to settle; and the same by a program, through the JSON API.

use std::time::Duration;

use domain::payout::PayoutState;
use rust_decimal::Decimal;
use sandbox::demo;
use serde_json::{Value, json};

use crate::payouts::{
    CHARGE_FEE, asked, flow, hledger_agrees, in_state, paying, records, total, until, with_payouts,
};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order};

/// The bank, and the account on which customers owe.
const BANK: u32 = 5820;
const CUSTOMERS: u32 = 5600;

/// Books an order; the number of its invoice, and its total in øre.
async fn booked(stage: &Stage, number: u64) -> (u32, i64) {
    stage.books_a_correct_order(WOOCOMMERCE, number, "payouts").await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", &number.to_string()).await.expect("it is booked");
    let methods: Vec<&str> = head.progress.paid_by.iter().map(|paid| paid.method.as_str()).collect();
    assert_eq!(methods, ["stripe"], "by which it is told who pays it out");
    let invoice = head.progress.invoice.expect("an invoice");
    (u32::try_from(invoice).expect("a number"), total(&plain_order(number)))
}

/// Runs the operator's executable against the stage; what it printed. Where the function holds the payout for a moment, it is run again.
fn operator(stage: &Stage, arguments: &[&str]) -> String {
    for _ in 0..100 {
        let output = stage.command(arguments);
        let said = String::from_utf8(output.stdout).expect("text");
        let failed = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            return said;
        }
        assert!(failed.contains("held by another worker"), "{arguments:?}: {said}{failed}");
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the payout is never free for {arguments:?}")
}

fn shown(stage: &Stage, arguments: &[&str]) -> Value {
    let said = operator(stage, &[arguments, &["--json"]].concat());
    let printed: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    crate::printed::is_said(&arguments[..2].join(" "), &printed);
    crate::printed::is_said("payouts show", &printed["payout"]);
    crate::printed::is_said("payouts list", &printed["payout"]["record"]);
    printed
}

/// What is open of an invoice, and its entries that something is open of.
fn open(stage: &Stage, invoice: u32) -> (Decimal, usize) {
    let world = stage.world();
    let entries = world.agreements[demo::AGREEMENT].ledger.entries().iter();
    let of_invoice = entries.filter(|entry| entry.invoice == Some(invoice) && entry.customer.is_some());
    let left: Vec<Decimal> =
        of_invoice.map(|entry| entry.remainder).filter(|remainder| !remainder.is_zero()).collect();
    (left.iter().sum(), left.len())
}

fn balance(stage: &Stage, account: u32) -> Decimal {
    let world = stage.world();
    let entries = world.agreements[demo::AGREEMENT].ledger.entries().iter();
    entries.filter(|entry| entry.account == account).map(|entry| entry.amount).sum()
}

fn crowns(minor: i64) -> Decimal {
    Decimal::new(minor, 2)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invoices_left_open_are_settled_by_a_payout_that_the_operator_sees_through() {
    let stage = Stage::set(demo::world(), &[]).await;
    // Booking a payment settles nothing here, so that it is matched with its invoice afterwards or not at all.
    stage.world().agreements.get_mut(demo::AGREEMENT).expect("the agreement").payments_stay_open = true;
    let mut settings = oracle_settings("woocommerce");
    settings["payment"]["methods"] = json!([{ "method": "stripe", "term": 1, "registration": "open" }]);
    let left_open = |file: Value| {
        let mut file = with_payouts(file);
        let mut flow = flow("stripe", 5830);
        flow["settings"]["model"] = json!("open-invoices");
        file["payouts"] = json!([flow]);
        file
    };
    stage.configure_merchant(MERCHANT, left_open, &[Shop::woocommerce(settings)]).await;
    let (first, second) = (booked(&stage, 8_101).await, booked(&stage, 8_102).await);
    for (invoice, total) in [first, second] {
        assert_eq!(open(&stage, invoice), (crowns(total), 1), "it waits for the payout");
    }
    assert_eq!(balance(&stage, CUSTOMERS), crowns(first.1 + second.1));

    // The second charge names an order that nobody knows.
    let file = stage.folder().join("po_open.json");
    let text = paying("po_open", &[("8101".to_owned(), first.1), ("X-77".to_owned(), second.1)]);
    std::fs::write(&file, &text).expect("the file is written");
    let said =
        operator(&stage, &["payouts", "upload", MERCHANT, "stripe", file.to_str().expect("a plain name")]);
    assert!(said.contains("po_open.json") && said.contains("po_open new"), "{said}");
    until(&stage, "it is matched", || in_state(&stage, 1, PayoutState::Matched)).await;

    let listed = operator(&stage, &["payouts", "list", MERCHANT, "--open"]);
    assert!(listed.contains("po_open") && listed.contains("matched"), "{listed}");
    let written = stage.folder().join("original.json");
    let name = written.to_str().expect("a plain name");
    operator(&stage, &["payouts", "original", MERCHANT, "po_open", name]);
    assert_eq!(std::fs::read_to_string(&written).expect("it is written"), text, "byte for byte as it came");
    let files: Value =
        serde_json::from_str(&operator(&stage, &["payouts", "list", MERCHANT, "--files", "--json"]))
            .expect("a list");
    let named = format!("file/{}", &files[0]["file"]["sha256"].as_str().expect("a hash")[..12]);
    let by_name = stage.folder().join("by-name.json");
    let by_name_text = by_name.to_str().expect("a plain name");
    operator(&stage, &["payouts", "original", MERCHANT, &named, by_name_text]);
    assert_eq!(std::fs::read_to_string(&by_name).expect("it is written"), text);
    let again = stage.command(&["payouts", "original", MERCHANT, "po_open", name]);
    assert!(!again.status.success(), "no file is written over");
    let view = shown(&stage, &["payouts", "show", MERCHANT, "po_open"]);
    let lines = view["payout"]["lines"].as_array().expect("lines");
    let [line] = lines.as_slice() else { panic!("one line is not settled: {lines:?}") };
    assert_eq!(line["state"], "not-found");
    let (number, invoice) = (line["line"].to_string(), second.0.to_string());
    let by = ["--reason", "samme kunde", "--by", "Anna"];
    let decided = ["payouts", "match", MERCHANT, "po_open", "--line", &number, "--document", &invoice];
    operator(&stage, &[&decided[..], &by].concat());
    until(&stage, "it can be approved", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;
    let vouchers = operator(&stage, &["payouts", "show", MERCHANT, "po_open", "--vouchers"]);
    let customers = vouchers.matches("Customer {").count();
    assert_eq!(customers, 2, "each invoice has a payment of its customer's: {vouchers}");

    operator(&stage, &["payouts", "approve", MERCHANT, "po_open", "--by", "Anna"]);
    until(&stage, "it is posted", || in_state(&stage, 1, PayoutState::Posted)).await;
    for (invoice, _) in [first, second] {
        assert_eq!(open(&stage, invoice), (Decimal::ZERO, 0), "invoice and payment are matched");
    }
    let paid = crowns(first.1 + second.1 - 2 * CHARGE_FEE);
    assert_eq!((balance(&stage, CUSTOMERS), balance(&stage, BANK)), (Decimal::ZERO, paid));
    hledger_agrees(&stage.journal());

    let entries = stage.world().agreements[demo::AGREEMENT].ledger.entries().len();
    operator(&stage, &["payouts", "post", MERCHANT, "po_open"]);
    assert_eq!(
        stage.world().agreements[demo::AGREEMENT].ledger.entries().len(),
        entries,
        "nothing is left to post"
    );

    let undone = ["payouts", "reverse", MERCHANT, "po_open", "--reason", "forkert konto", "--by", "Anna"];
    operator(&stage, &undone);
    until(&stage, "it is reversed", || in_state(&stage, 1, PayoutState::Reversed)).await;
    for (invoice, total) in [first, second] {
        assert_eq!(open(&stage, invoice).0, crowns(total), "it is owed again");
    }
    assert_eq!(balance(&stage, BANK), Decimal::ZERO);
    hledger_agrees(&stage.journal());
    let who = shown(&stage, &["payouts", "show", MERCHANT, "po_open"]).to_string();
    assert!(who.contains("Anna") && who.contains("forkert konto") && who.contains("samme kunde"), "{who}");
}

/// A list of Swedbank Pay's with one transaction; its fees stand in the balance report alone.
fn swedbank(order: u64, amount: i64) -> String {
    let amount = crowns(amount);
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<SalesAccountedTransactions ContractingParty="Krus ApS" AccountingNo="R88-0001" TotalNoOfTransactions="1" AccountingDate="2026-11-26" Version="2.0" xmlns="http://www.payex.com/xml/SalesAccountedTransactions%5B2.0%5D.xsd">
  <Summary Subsite=""><Currency Currency="DKK"><ServiceType ServiceType="Creditcard">
    <Service ServiceName="Card" NoOfDebit="1" NoOfCredit="0" Amount="{amount}" FromDate="2026-11-24" ToDate="2026-11-24" />
  </ServiceType></Currency></Summary>
  <Currency Sum="{amount}" Currency="DKK">
    <Transaction TransactionIdentity="b1" OrderIdentity="{order}" Amount="{amount}" Currency="DKK" DateCreated="2026-11-24 10:00:00" DateModified="2026-11-24 23:59:59" ServiceName="Card" Provider="Swedbank Pay" PayexTransactionNo="70001" PayexBatchNo="1" ExternalTransactionReference="70001" />
  </Currency>
</SalesAccountedTransactions>
"#
    )
}

/// Asks for something to be done to a payout, until no worker holds it; what the API said.
async fn acted(stage: &Stage, payout: &str, action: &Value) -> Value {
    for _ in 0..100 {
        let path = format!("/v1/payouts/{MERCHANT}/{payout}");
        let (status, told) = asked(stage, "POST", (&path, ""), "local", &action.to_string()).await;
        if status == 202 {
            return told;
        }
        let held = told["message"].as_str().is_some_and(|words| words.contains("held by another worker"));
        assert!(status == 409 && held, "{action}: {status} {told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the payout is never free for {action}")
}

async fn uploaded(stage: &Stage, flow: &str, name: &str, text: &str) -> Value {
    let query = format!("flow={flow}&name={name}");
    let (status, told) =
        asked(stage, "POST", (&format!("/v1/payouts/{MERCHANT}"), &query), "local", text).await;
    assert_eq!(status, 200, "{told}");
    told["intake"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_sees_payouts_through_by_the_api() {
    let stage = Stage::set(demo::world(), &[]).await;
    let with_three = |file: Value| {
        let mut file = with_payouts(file);
        file["connections"].as_array_mut().expect("connections").push(json!({
            "id": "stage-swedbank-connection", "name": "swedbank-pay", "system": "swedbank-pay", "source": "krus",
        }));
        file["payouts"].as_array_mut().expect("flows").push(flow("swedbank-pay", 5830));
        file
    };
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    stage.configure_merchant(MERCHANT, with_three, &shops).await;
    let (_, amount) = booked(&stage, 8_201).await;
    let text = paying("po_api", &[("8201".to_owned(), amount), ("X-78".to_owned(), 4_200)]);
    let intake = uploaded(&stage, "stripe", "po_api.json", &text).await;
    assert!(intake.to_string().contains("\"arrival\":\"new\""), "{intake}");
    until(&stage, "it is matched", || in_state(&stage, 1, PayoutState::Matched)).await;

    let path = format!("/v1/payouts/{MERCHANT}/po_api");
    let (status, view) = asked(&stage, "GET", (&path, ""), "local", "").await;
    assert_eq!((status, &view["lines"][0]["state"]), (200, &json!("not-found")), "{view}");
    let line = view["lines"][0]["line"].clone();
    let decision = json!({ "action": "match", "reason": "ukendt", "lines": [{ "line": line, "choice": "error-account" }] });
    acted(&stage, "po_api", &decision).await;
    until(&stage, "it can be approved", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;

    // The same batch with another content is parked, and set aside.
    let changed = text.replacen("txn_X-78", "txn_X-79", 1);
    let intake = uploaded(&stage, "stripe", "po_api.json", &changed).await;
    assert!(intake.to_string().contains("\"arrival\":\"conflict\""), "{intake}");
    assert_eq!(records(&stage).await[0].conflicts.len(), 1);
    acted(&stage, "po_api", &json!({ "action": "dismiss", "reason": "sendt ved en fejl" })).await;
    assert_eq!(records(&stage).await[0].conflicts.len(), 0);

    let plan = records(&stage).await[0].plan.as_ref().expect("a plan").hash.clone();
    acted(&stage, "po_api", &json!({ "action": "approve", "plan": plan })).await;
    until(&stage, "it is posted", || in_state(&stage, 1, PayoutState::Posted)).await;
    let paid = crowns(amount + 4_200 - 2 * CHARGE_FEE);
    assert_eq!(balance(&stage, BANK), paid);
    acted(&stage, "po_api", &json!({ "action": "post" })).await;
    let undone = json!({ "action": "reverse", "reason": "forkert konto", "day": "2026-11-27" });
    acted(&stage, "po_api", &undone).await;
    until(&stage, "it is reversed", || in_state(&stage, 1, PayoutState::Reversed)).await;
    assert_eq!(balance(&stage, BANK), Decimal::ZERO);

    // A list without fees is confirmed by the sums of its balance report, which must make the balance.
    let (_, amount) = booked(&stage, 8_202).await;
    uploaded(&stage, "swedbank-pay", "R88-0001.xml", &swedbank(8_202, amount)).await;
    until(&stage, "it is received", || in_state(&stage, 1, PayoutState::Received)).await;
    let money = |minor: i64| json!({ "amount": crowns(minor).to_string(), "currency": "DKK" });
    let confirm = |fees: i64| json!({ "action": "confirm", "amount": money(amount - 500), "fees": money(fees), "reason": "balance report" });
    let path = format!("/v1/payouts/{MERCHANT}/R88-0001");
    let differs = async || {
        let (status, told) = asked(&stage, "POST", (&path, ""), "local", &confirm(400).to_string()).await;
        (status, told["code"].as_str().map(str::to_owned))
    };
    let code = "payout-confirmation-differs".to_owned();
    until(&stage, "sums that differ are refused", || async { differs().await == (409, Some(code.clone())) })
        .await;
    acted(&stage, "R88-0001", &confirm(500)).await;
    until(&stage, "it can be approved", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;
    let plan =
        records(&stage).await.into_iter().find_map(|one| one.plan.filter(|_| one.id.key.batch == "R88-0001"));
    acted(&stage, "R88-0001", &json!({ "action": "approve", "plan": plan.expect("a plan").hash })).await;
    until(&stage, "it is posted", || in_state(&stage, 1, PayoutState::Posted)).await;
    assert_eq!(balance(&stage, BANK), crowns(amount - 500));
    hledger_agrees(&stage.journal());
}
