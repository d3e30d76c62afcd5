//! A bank's file that nobody knows, dropped and uploaded: it is read by the merchant's own profile, and matched by nothing but
//! the references of the payments.

use std::time::Duration;

use domain::MerchantId;
use domain::payout::PayoutState;
use engine::payouts::record::{ArrivalKind, IntakeOutcome, PayoutClaim};
use engine::payouts::{PayoutClaimed, PayoutFailure, PayoutId, PayoutRecord};
use jiff::{Timestamp, ToSpan};
use platform::spool::SpooledFile;
use sandbox::demo;
use serde_json::{Value, json};

use crate::payouts::{drop_file, flow, hledger_agrees, in_state, records, statement, total, until};
use crate::stage::{MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order};

/// The orders that the bank pays out, and under which reference the shop has each one's payment.
const ORDERS: [(u64, &str); 2] = [(7_951, "NK-88001"), (7_952, "NK-88002")];
/// The bank's fee for each, in øre.
const FEE: i64 = 350;

/// The profile of an invented bank: semicolons, decimal commas with points between thousands, days first, windows-1252.
fn profile() -> Value {
    json!({
        "acquirer": "nordkysten", "encoding": "windows-1252", "delimiter": ";", "decimal": ",", "thousands": ".",
        "dates": "%d-%m-%Y", "currency": "DKK", "skip-rows": 1,
        "records": [{
            "columns": {
                "batch": "Afregning", "occurred": "Bogført", "kind": "Posttype", "transaction": "Kortreference",
                "gross": "Beløb", "fee": "Gebyr", "net": "Netto",
            },
            "kinds": { "Køb": "sale", "Overførsel": "payout" },
        }],
    })
}

fn with_a_bank(mut file: Value) -> Value {
    let connections = file["connections"].as_array_mut().expect("connections");
    connections.push(json!({
        "id": "stage-nordkysten-kort", "name": "nordkysten", "system": "profile", "source": "krus",
    }));
    let mut flow = flow("nordkysten", 5830);
    flow["profile"] = profile();
    // Rules would post whatever they may.
    flow["settings"]["approval"] = json!({ "automatic": { "only-exact": false, "no-chargebacks": false } });
    file["payouts"] = json!([flow]);
    file
}

/// An amount as the bank writes it.
fn written(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let whole = (minor.abs() / 100).to_string();
    let split = whole.len().saturating_sub(3);
    let thousands = if split > 0 { format!("{}.{}", &whole[..split], &whole[split..]) } else { whole };
    format!("{sign}{thousands},{:02}", minor.abs() % 100)
}

/// The bank's file and what it pays, in øre. No line says anything of an order.
fn file(orders: &[(i64, &str)]) -> (Vec<u8>, i64) {
    let mut text =
        "Nordkysten Kort - afregning\r\nAfregning;Bogført;Posttype;Kortreference;Beløb;Gebyr;Netto\r\n"
            .to_owned();
    let mut row = |kind: &str, reference: &str, gross: i64, fee: i64| {
        let amounts = [gross, fee, gross - fee].map(written).join(";");
        text.push_str(&format!("NK-2026-48;25-11-2026;{kind};{reference};{amounts}\r\n"));
    };
    let mut paid = 0;
    for (gross, reference) in orders {
        row("Køb", reference, *gross, FEE);
        paid += gross - FEE;
    }
    row("Overførsel", "", -paid, 0);
    let latin = text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("a letter of Latin 1"));
    (latin.collect(), paid)
}

async fn stage() -> Stage {
    let stage = Stage::set(demo::world(), &[]).await;
    let mut settings = oracle_settings("woocommerce");
    settings["payment"]["methods"] = json!([{ "method": "nordkysten", "term": 4 }]);
    stage.configure_merchant(MERCHANT, with_a_bank, &[Shop::woocommerce(settings)]).await;
    stage
}

/// Holds a payout as a worker does, once no other does.
async fn hold(stage: &Stage, id: &PayoutId) -> PayoutRecord {
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    loop {
        let now = Timestamp::now();
        let lease_until = now + 10.minutes();
        let claim = PayoutClaim { id: id.clone(), token: "another worker".to_owned(), now, lease_until };
        match payouts.engine().payouts.claim_payout(&claim).await.expect("the store answers") {
            PayoutClaimed::Taken(record) => return *record,
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_banks_file_is_read_by_configuration_alone_and_matched_by_its_references() {
    let stage = stage().await;
    let mut paid = Vec::new();
    for (number, reference) in ORDERS {
        let mut order = plain_order(number);
        (order["payment_method"], order["transaction_id"]) = (json!("nordkysten"), json!(reference));
        assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
        paid.push((total(&order), reference));
    }
    stage.rest().await;
    assert!(stage.attention().await.is_empty(), "both orders are booked");

    let (bytes, amount) = file(&paid);
    drop_file(&stage, "nordkysten", "NK-2026-48.csv", &bytes);
    until(&stage, "it is read", || async { !records(&stage).await.is_empty() }).await;
    let record = records(&stage).await.remove(0);
    let key = &record.id.key;
    assert_eq!((key.acquirer.as_str(), key.batch.as_str()), ("nordkysten", "NK-2026-48"));
    assert_eq!((record.figures.payout.minor(), record.figures.lines), (amount, 3));
    assert_eq!(record.figures.kinds["sale"].count, 2);
    assert!(record.figures.unproven, "nobody has seen a file of this bank");

    // The very same through an upload is known.
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let upload = SpooledFile::of(&bytes).expect("spooled");
    let merchant = MerchantId::new(MERCHANT);
    let again = payouts.take_in(&merchant, "nordkysten", "again.csv", &upload, deadline).await;
    let IntakeOutcome::Report { batches } = again.expect("told").outcome else { panic!("it is read") };
    assert_eq!(batches[0].arrival, ArrivalKind::Known);

    // Nobody has seen a file of this bank: a person approves.
    until(&stage, "it waits for a person", || in_state(&stage, 1, PayoutState::WaitingForApproval)).await;
    let record = records(&stage).await.remove(0);
    assert_eq!(record.figures.states.get("exact"), Some(&2), "{:?}", record.figures.states);
    assert!(record.notes.iter().any(|note| note.code == "payout-format-unproven"), "{:?}", record.notes);
    let work = payouts.attempt(&record.id, deadline).expect("a token");
    let plan = record.plan.as_ref().expect("a plan waits").hash.clone();
    let approved = loop {
        match payouts.engine().approve(&work, "bogholder", &plan).await {
            // The function may still hold it for a moment.
            Err(PayoutFailure::Held { .. }) => tokio::time::sleep(Duration::from_millis(100)).await,
            done => break done.expect("approved"),
        }
    };
    payouts.leave_work(&approved).await.expect("word is left");
    until(&stage, "it is posted", || in_state(&stage, 1, PayoutState::Posted)).await;
    // The bank's statement comes in while a worker holds the payout, who gives it back a moment later.
    let held = hold(&stage, &record.id).await;
    drop_file(&stage, "nordkysten", "statement.xml", statement(&[(amount, "Afregning NK-2026-48")]));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(in_state(&stage, 1, PayoutState::Posted).await, "nobody else may touch it");
    let free = PayoutRecord { lease_until: None, ..held };
    payouts.engine().payouts.save_payout(&free).await.expect("it is given back");
    until(&stage, "the bank has it", || in_state(&stage, 1, PayoutState::BankConfirmed)).await;
    hledger_agrees(&stage.journal());
}
