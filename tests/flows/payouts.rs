//! Payouts, end to end: orders by three methods and in two currencies are booked, paid out in a Stripe-like and an Adyen-like
//! report with refunds, a chargeback, a reserve and fees, approved and posted; then the interim accounts are exactly what is
//! captured and not paid out, hledger finds the books in order, and the bank's statement confirms both payouts.
//!
//! The reports are generated here, from the facts and in the acquirers' own forms; nothing of the code under test writes them.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use domain::MerchantId;
use domain::payout::PayoutState;
use domain::settings::NotificationFrequency;
use engine::payouts::record::{ArrivalKind, IntakeOutcome, PayoutRecord};
use engine::payouts::{Correction, LineAssignment, LineChoice};
use jiff::Timestamp;
use rust_decimal::Decimal;
use sandbox::{Json, demo};
use serde_json::{Value, json};

use crate::records::keeper;
use crate::reports::{SETTLED, recipient, sent};
use crate::stage::{ADYEN_KEY, MERCHANT, Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order, signed};

/// Orders that are booked. The vouchers of so many are split, each part balanced through the transit account.
const ORDERS: u64 = 300;
/// The first order's number.
const FIRST: u64 = 20_001;
/// What the acquirer holds back, in øre.
const RESERVE: i64 = 20_000;
/// What the buyer got back, in øre.
const REFUND: i64 = 10_000;
/// How long something is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Kroner for a euro, as the acquirer converts.
const RATE: &str = "7.46";

/// How an order was paid, as the shop and the settings know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Paid {
    StripeKroner,
    StripeEuro,
    AdyenCard,
    AdyenMobilePay,
}

impl Paid {
    fn of(number: u64) -> Paid {
        match number % 4 {
            0 => Paid::StripeKroner,
            1 => Paid::AdyenCard,
            2 => Paid::StripeEuro,
            _ => Paid::AdyenMobilePay,
        }
    }

    const fn method(self) -> &'static str {
        match self {
            Paid::StripeKroner | Paid::StripeEuro => "stripe",
            Paid::AdyenCard => "adyen_card",
            Paid::AdyenMobilePay => "adyen_mobilepay",
        }
    }

    const fn is_stripe(self) -> bool {
        matches!(self, Paid::StripeKroner | Paid::StripeEuro)
    }
}

fn settings() -> Value {
    let mut settings = oracle_settings("woocommerce");
    settings["payment"]["methods"] = json!([
        { "method": "stripe", "term": 4 },
        { "method": "adyen_card", "term": 5 },
        { "method": "adyen_mobilepay", "term": 5 },
    ]);
    settings["products"]["skus"]["refund"] = json!("Rabat");
    settings
}

/// A flow of payouts whose sales stand on this interim account.
pub(crate) fn flow(acquirer: &str, receivable: u32) -> Value {
    json!({
        "name": acquirer, "acquirer": acquirer, "accounting": "e-conomic", "country": "NL",
        "settings": {
            "accounts": {
                "bank": 5820, "receivable": receivable, "fees": 2950, "chargebacks": 2951, "reserves": 5840,
                "adjustments": 4380, "carried": 5841, "currency-differences": 4370, "differences": 4360,
                "errors": 5860, "transit": 5850,
            },
            "voucher": { "journal": 3, "book": true, "entries": 100 },
        },
    })
}

async fn stage() -> Stage {
    let stage = Stage::set(demo::world(), &[]).await;
    let shops = [Shop::woocommerce(settings())];
    stage.configure_merchant(MERCHANT, with_payouts, &shops).await;
    stage
}

fn order(number: u64) -> Value {
    let mut order = plain_order(number);
    let paid = Paid::of(number);
    order["payment_method"] = json!(paid.method());
    order["payment_method_title"] = json!(paid.method());
    if paid == Paid::StripeEuro {
        order["currency"] = json!("EUR");
    }
    order
}

/// The order's total in the smallest unit.
pub(crate) fn total(order: &Value) -> i64 {
    let text = order["total"].as_str().expect("a total");
    let total: Decimal = text.parse().expect("an amount");
    i64::try_from(total * Decimal::ONE_HUNDRED).expect("whole cents")
}

pub(crate) fn decimal(minor: i64) -> String {
    Decimal::new(minor, 2).to_string()
}

/// What the acquirer converts a euro order to, in øre.
fn in_kroner(cents: i64) -> i64 {
    let rate: Decimal = RATE.parse().expect("a rate");
    i64::try_from((Decimal::from(cents) * rate).round()).expect("whole øre")
}

/// Everything that was ordered, and what of it is paid out: all but the last order of each acquirer.
struct Facts {
    orders: Vec<(u64, i64)>,
    /// The order that was partly refunded, and the one that was charged back: both of Stripe.
    refunded: u64,
    disputed: u64,
}

impl Facts {
    fn of(stripe: bool, orders: &[(u64, i64)]) -> Vec<(u64, i64)> {
        let mut own: Vec<(u64, i64)> =
            orders.iter().copied().filter(|(number, _)| Paid::of(*number).is_stripe() == stripe).collect();
        own.pop();
        own
    }

    /// What stays on the interim accounts, by account and currency.
    fn captured(&self) -> BTreeMap<(u32, String), i64> {
        let mut left = BTreeMap::new();
        for (stripe, account) in [(true, 5830), (false, 5831)] {
            let last = self.orders.iter().rev().find(|(number, _)| Paid::of(*number).is_stripe() == stripe);
            let (number, total) = last.expect("there are orders of both");
            let currency = if Paid::of(*number) == Paid::StripeEuro { "EUR" } else { "DKK" };
            left.insert((account, currency.to_owned()), *total);
        }
        left
    }
}

/// Stripe's answers: the payout, and its balance transactions. The sum paid.
fn stripe(facts: &Facts) -> (String, i64) {
    let mut lines = Vec::new();
    let mut paid = 0;
    let mut line = |id: &str, word: &str, amount: i64, fee: i64, rate: &str, source: Value| {
        paid += amount - fee;
        let parts = if fee == 0 {
            json!([])
        } else {
            json!([{ "amount": fee, "currency": "dkk", "type": "stripe_fee" }])
        };
        let mut line = json!({
            "id": id, "object": "balance_transaction", "amount": amount, "fee": fee, "net": amount - fee,
            "currency": "dkk", "created": 1_795_600_000, "available_on": 1_795_700_000,
            "reporting_category": word, "type": word, "fee_details": parts, "source": source,
        });
        if !rate.is_empty() {
            line["exchange_rate"] = serde_json::from_str(rate).expect("a number");
        }
        lines.push(line);
    };
    for (number, total) in Facts::of(true, &facts.orders) {
        let euro = Paid::of(number) == Paid::StripeEuro;
        let amount = if euro { in_kroner(total) } else { total };
        let source = json!({
            "id": format!("ch_{number}"), "object": "charge", "payment_intent": format!("pi_{number}"), "amount": total,
            "currency": if euro { "eur" } else { "dkk" }, "metadata": { "order_number": format!("#{number}") },
        });
        let fee = amount * 14 / 1000 + 180;
        line(&format!("txn_{number}"), "charge", amount, fee, if euro { RATE } else { "" }, source);
    }
    let about = |kind: &str, number: u64| {
        json!({
            "id": format!("{kind}_{number}"), "object": kind, "charge": format!("ch_{number}"),
            "metadata": { "order_number": number.to_string() },
        })
    };
    line("txn_refund", "refund", -REFUND, 0, "", about("refund", facts.refunded));
    let disputed = facts.orders.iter().find(|(number, _)| *number == facts.disputed).expect("it is there").1;
    line("txn_dispute", "dispute", -disputed, 11_500, "", about("dispute", facts.disputed));
    line("txn_reserve", "risk_reserved_funds", -RESERVE, 0, "", Value::Null);
    line("txn_fee", "fee", -2_500, 0, "", Value::Null);
    lines.push(json!({
        "id": "txn_payout", "object": "balance_transaction", "amount": -paid, "fee": 0, "net": -paid, "currency": "dkk",
        "created": 1_795_800_000, "reporting_category": "payout", "type": "payout", "fee_details": [],
        "source": "po_stage",
    }));
    let payout = json!({
        "object": "payout", "id": "po_stage", "amount": paid, "currency": "dkk", "arrival_date": 1_795_737_600,
        "status": "paid", "statement_descriptor": "STRIPE KRUS", "automatic": true,
        "reconciliation_status": "completed",
    });
    let pages: Vec<&[Value]> = lines.chunks(100).collect();
    let mut text = payout.to_string();
    for (number, page) in pages.iter().enumerate() {
        let list = json!({ "object": "list", "has_more": number + 1 < pages.len(), "data": page });
        text.push('\n');
        text.push_str(&list.to_string());
    }
    (text, paid)
}

pub(crate) const ADYEN_HEADER: &str = "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,Batch Number,Modification Merchant Reference,Booking Date,Booking Date TimeZone";

/// Adyen's settlement details. The sum paid.
fn adyen(facts: &Facts) -> (String, i64) {
    let mut text = format!("{ADYEN_HEADER}\n");
    let mut paid = 0;
    for (number, total) in Facts::of(false, &facts.orders) {
        let commission = 125;
        paid += total - commission;
        let method = if Paid::of(number) == Paid::AdyenMobilePay { "mobilepay" } else { "visa" };
        text.push_str(&format!(
            "KrusGroup,KrusShopDK,88160000{number},{number},{method},2026-11-23 10:00:01,CET,Settled,88260000{number},DKK,,{},1,DKK,,{},{},,,,{method},48,,2026-11-24 01:00:00,CET\n",
            decimal(total),
            decimal(total - commission),
            decimal(commission),
        ));
    }
    let mut row = |kind: &str, text_of: &str, minor: i64| {
        paid -= minor;
        text.push_str(&format!(
            "KrusGroup,KrusShopDK,,,,2026-11-25 01:00:00,CET,{kind},{text_of},,,,,DKK,{},,,,,,,48,,2026-11-25 01:00:00,CET\n",
            decimal(minor)
        ));
    };
    row("Fee", "Transaction Fees November 2026", 4_200);
    row("DepositCorrection", "Deposit", RESERVE);
    let payout = paid;
    text.push_str(&format!(
        "KrusGroup,KrusShopDK,,,,2026-11-25 02:00:00,CET,MerchantPayout,\"TX48AXT batch 48, KrusShopDK\",,,,,DKK,{},,,,,,,48,,2026-11-25 02:00:00,CET\n",
        decimal(payout)
    ));
    (text, payout)
}

/// The bank's statement of these payments, each with its text.
pub(crate) fn statement(payments: &[(i64, &str)]) -> String {
    let entry = |minor: i64, text: &str, number: usize| {
        format!(
            "<Ntry><Amt Ccy=\"DKK\">{0}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-26</Dt></BookgDt><ValDt><Dt>2026-11-26</Dt></ValDt><AcctSvcrRef>{number}</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy=\"DKK\">{0}</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>",
            decimal(minor)
        )
    };
    let balance = |kind: &str, minor: i64| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"DKK\">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-26</Dt></Dt></Bal>",
            decimal(minor)
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-27T06:00:00+01:00</CreDtTm></GrpHdr><Stmt><Id>2026-330</Id><Acct><Id><IBAN>DK5000400440116243</IBAN></Id><Ccy>DKK</Ccy></Acct>{}{}{}</Stmt></BkToCstmrStmt></Document>",
        balance("OPBD", 100_000),
        balance("CLBD", 100_000 + payments.iter().map(|(minor, _)| minor).sum::<i64>()),
        payments
            .iter()
            .zip(1..)
            .map(|((minor, text), number)| entry(*minor, text, number))
            .collect::<String>(),
    )
}

/// Drops a file for a flow, as anybody who may write in the bucket's folder could.
pub(crate) fn drop_file(stage: &Stage, flow: &str, name: &str, bytes: impl AsRef<[u8]>) {
    let folder = stage.host.data().join("objects/bogbro/drop/m").join(MERCHANT).join(flow);
    std::fs::create_dir_all(&folder).expect("the folder is made");
    std::fs::write(folder.join(name), bytes).expect("the file is dropped");
}

/// The file of the stage's merchant with both flows of payouts.
pub(crate) fn with_payouts(mut file: Value) -> Value {
    let connections = file["connections"].as_array_mut().expect("connections");
    for (id, name) in [("stage-stripe-connection", "stripe"), ("stage-adyen-connection", "adyen")] {
        connections.push(json!({ "id": id, "name": name, "system": name, "source": "krus" }));
    }
    file["payouts"] = json!([flow("stripe", 5830), flow("adyen", 5831)]);
    file
}

/// The fee of each charge, in øre.
pub(crate) const CHARGE_FEE: i64 = 500;

/// A payout of charges of 250.00, one for each of these orders.
pub(crate) fn charges(payout: &str, orders: &[String]) -> String {
    let charged: Vec<(String, i64)> = orders.iter().map(|order| (order.clone(), 25_000)).collect();
    paying(payout, &charged)
}

/// A payout of a charge for each of these orders, in øre.
pub(crate) fn paying(payout: &str, orders: &[(String, i64)]) -> String {
    let paid: i64 = orders.iter().map(|(_, amount)| amount - CHARGE_FEE).sum();
    let mut lines: Vec<Value> = orders
        .iter()
        .map(|(order, amount)| {
            json!({
                "id": format!("txn_{order}"), "object": "balance_transaction", "amount": amount, "fee": CHARGE_FEE,
                "net": amount - CHARGE_FEE, "currency": "dkk", "created": 1_795_600_000,
                "reporting_category": "charge", "type": "charge",
                "fee_details": [{ "amount": CHARGE_FEE, "type": "stripe_fee" }],
                "source": {
                    "id": format!("ch_{order}"), "object": "charge", "amount": amount, "currency": "dkk",
                    "metadata": { "order_number": order },
                },
            })
        })
        .collect();
    lines.push(json!({
        "id": format!("txn_{payout}"), "object": "balance_transaction", "amount": -paid, "fee": 0, "net": -paid,
        "currency": "dkk", "created": 1_795_800_000,
        "reporting_category": "payout", "type": "payout", "fee_details": [], "source": payout,
    }));
    let head = json!({
        "object": "payout", "id": payout, "amount": paid, "currency": "dkk", "arrival_date": 1_795_737_600,
        "status": "paid", "statement_descriptor": "STRIPE KRUS", "automatic": true,
        "reconciliation_status": "completed",
    });
    let list = json!({ "object": "list", "has_more": false, "data": lines });
    format!("{head}\n{list}\n")
}

/// Everything that the function does on AWS: a file that is dropped, matched, decided about by hand, approved and posted; the turn of
/// the clock; and a request to the API.
pub(crate) async fn of_every_kind(stage: &Stage, settings: &Value) {
    stage.configure_merchant(MERCHANT, with_payouts, &[Shop::woocommerce(settings.clone())]).await;
    stage.books_a_correct_order(WOOCOMMERCE, 7_900, "payouts").await;
    let head = stage.head(WOOCOMMERCE, "woocommerce", "7900").await.expect("it is booked");
    let invoice = head.progress.invoice.expect("an invoice").to_string();
    let orders = vec![(7_900, total(&plain_order(7_900))), (7_904, 10_000), (7_908, 1)];
    let facts = Facts { refunded: 7_900, disputed: 7_904, orders };
    drop_file(stage, "stripe", "po_stage.json", &stripe(&facts).0);
    until(stage, "it is matched", || in_state(stage, 1, PayoutState::Matched)).await;
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let record = records(stage).await.remove(0);
    let view = payouts.engine().show(&record.id, false).await.expect("it is shown");
    let work = || payouts.attempt(&record.id, deadline).expect("a token");
    let lines = view
        .lines
        .iter()
        .filter(|line| line.state == "not-found")
        .map(|line| {
            let documents = vec![(invoice.clone(), line.gross)];
            LineAssignment { line: line.line, choice: Some(LineChoice::Documents(documents)) }
        })
        .collect();
    let correction =
        Correction { by: "Bo".to_owned(), reason: "kunden har betalt to gange".to_owned(), lines };
    let corrected = payouts.engine().correct(&work(), &correction).await.expect("it is decided");
    payouts.leave_work(&corrected).await.expect("word is left");
    until(stage, "it can be approved", || in_state(stage, 1, PayoutState::WaitingForApproval)).await;
    let plan = records(stage).await.remove(0).plan.expect("a plan").hash;
    let approved = payouts.engine().approve(&work(), "Bo", &plan).await.expect("it is approved");
    payouts.leave_work(&approved).await.expect("word is left");
    until(stage, "it is posted", || in_state(stage, 1, PayoutState::Posted)).await;
    // A report is announced: it is elsewhere, so that nothing is downloaded.
    let key = data_encoding::HEXLOWER_PERMISSIVE.decode(ADYEN_KEY.as_bytes()).expect("hexadecimal");
    let account = sandbox::adyen::Account { hmac_key: key, ..sandbox::adyen::Account::default() };
    let word = account.announcement(
        "KrusShopDK",
        "https://elsewhere.example",
        "settlement_detail_report_batch_48.csv",
    );
    assert_eq!(stage.deliver("stage-adyen-connection", &[], word.into_bytes()).await, 200);
    let turn = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    stage.host.invoke("paymatch", turn.to_string()).await.expect("the clock's turn");
}

/// Waits until this holds.
pub(crate) async fn until<F, Fut>(stage: &Stage, what: &str, holds: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = bool>,
{
    until_within(stage, what, PATIENCE, holds).await;
}

/// Waits so long until this holds.
pub(crate) async fn until_within<F, Fut>(stage: &Stage, what: &str, patience: Duration, holds: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = bool>,
{
    let started = Instant::now();
    while !holds().await {
        if started.elapsed() > patience {
            let (payouts, _) = stage.operations.payouts().expect("the engine");
            let files = payouts.files(&MerchantId::new(MERCHANT)).await;
            let log =
                std::fs::read_to_string(stage.host.data().join("logs/paymatch.log")).unwrap_or_default();
            panic!("{what} does not come: {:#?} {files:#?}\n{log}", records(stage).await);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub(crate) async fn records(stage: &Stage) -> Vec<PayoutRecord> {
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    payouts.all(&MerchantId::new(MERCHANT)).await.expect("they are listed")
}

pub(crate) async fn in_state(stage: &Stage, count: usize, state: PayoutState) -> bool {
    let all = records(stage).await;
    all.iter().filter(|one| one.approval.state() == state && one.open_posting().is_none()).count() == count
}

/// What each interim account holds, by currency; what is nothing is left out.
fn balances(stage: &Stage, accounts: &[u32]) -> BTreeMap<(u32, String), i64> {
    let world = stage.world();
    let mut sums: BTreeMap<(u32, String), Decimal> = BTreeMap::new();
    for entry in world.agreements[demo::AGREEMENT].ledger.entries() {
        if accounts.contains(&entry.account) {
            *sums.entry((entry.account, entry.currency.clone())).or_default() += entry.amount;
        }
    }
    sums.into_iter()
        .filter(|(_, sum)| !sum.is_zero())
        .map(|(key, sum)| (key, i64::try_from(sum * Decimal::ONE_HUNDRED).expect("whole cents")))
        .collect()
}

pub(crate) fn hledger_agrees(journal: &str) {
    let mut child = Command::new("hledger")
        .args(["-f", "-", "check", "--strict"])
        // It reads the journal in the language of its surroundings, which a plain machine does not name.
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hledger is installed");
    std::io::Write::write_all(child.stdin.as_mut().expect("its input"), journal.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn ordered(stage: &Stage) -> Facts {
    let mut orders = Vec::new();
    for number in FIRST..FIRST + ORDERS {
        let order = order(number);
        orders.push((number, total(&order)));
        assert_eq!(stage.send_order(WOOCOMMERCE, &order).await, 200);
        if number % 50 == 0 {
            stage.rest().await;
        }
    }
    stage.rest().await;
    let kroner = |nth: usize| {
        orders
            .iter()
            .filter(|(number, _)| Paid::of(*number) == Paid::StripeKroner)
            .nth(nth)
            .expect("there is one")
            .0
    };
    let facts = Facts { refunded: kroner(0), disputed: kroner(1), orders: orders.clone() };
    let body = {
        let mut world = stage.world();
        let shop = world.woocommerce.get_mut(demo::WOOCOMMERCE).expect("the shop");
        let refund = Json::parse(br#"{"id":900001,"amount":"100.00","reason":"Retur","date_created_gmt":"2026-11-24T09:00:00","line_items":[],"shipping_lines":[],"fee_lines":[],"tax_lines":[]}"#);
        assert!(shop.add_refund(Timestamp::now(), facts.refunded, refund.expect("a refund"), "-20.00"));
        shop.orders[&facts.refunded].raw.clone()
    };
    assert_eq!(stage.deliver(WOOCOMMERCE, &signed(body.as_bytes()), body.into_bytes()).await, 200);
    stage.rest().await;
    let attention = stage.attention().await;
    assert!(attention.is_empty(), "every order is booked: {:?}", attention.first().map(|head| &head.facts));
    facts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payouts_of_two_acquirers_are_matched_approved_posted_and_confirmed() {
    let stage = stage().await;
    let facts = ordered(&stage).await;
    let ((stripe_text, stripe_paid), (adyen_text, adyen_paid)) = (stripe(&facts), adyen(&facts));
    drop_file(&stage, "stripe", "po_stage.json", &stripe_text);
    drop_file(&stage, "adyen", "settlement_detail_report_batch_48.csv", &adyen_text);
    until(&stage, "both wait for approval", || in_state(&stage, 2, PayoutState::WaitingForApproval)).await;
    let platform = keeper(&stage).await;
    recipient(&stage, "bookkeeper@krus.example", NotificationFrequency::Immediately).await;
    let told = sent(&stage, &platform, 0).await.concat();
    for payout in ["Payout po_stage of stripe for ", "Payout 48 of adyen for "] {
        assert!(
            told.contains(payout) && told.contains("is matched and waits for approval"),
            "{payout}: {told}"
        );
    }

    for record in records(&stage).await {
        assert_eq!(record.reasons, Vec::new());
        assert_eq!(record.figures.states.get("not-found"), None, "{:?}", record.figures.states);
        let plan = record.plan.as_ref().expect("a plan waits");
        assert!(plan.parts > 1, "so many entries are several vouchers: {}", plan.parts);
        approved_through_the_api(&stage, &record, &plan.hash).await;
    }
    until(&stage, "both are posted", || in_state(&stage, 2, PayoutState::Posted)).await;
    let told = sent(&stage, &platform, SETTLED).await.concat();
    for payout in ["stripe po_stage | Payout posted | voucher ", "adyen 48 | Payout posted | voucher "] {
        assert!(told.contains(payout), "{payout}: {told}");
    }
    assert!(!told.contains("waits for approval"), "{told}");

    let interim = [5830, 5831, 5840, 5850, 5860];
    let mut expected = facts.captured();
    expected.insert((5840, "DKK".to_owned()), 2 * RESERVE);
    assert_eq!(
        balances(&stage, &interim),
        expected,
        "only what is captured and not paid out is left, and the reserve"
    );
    let bank = balances(&stage, &[5820]);
    assert_eq!(bank, BTreeMap::from([((5820, "DKK".to_owned()), stripe_paid + adyen_paid)]));
    hledger_agrees(&stage.journal());
    let entries = stage.world().agreements[demo::AGREEMENT].ledger.entries().len();

    in_pages(&stage).await;
    again_and_otherwise(&stage, &stripe_text).await;
    assert_eq!(
        stage.world().agreements[demo::AGREEMENT].ledger.entries().len(),
        entries,
        "nothing was posted again"
    );

    let statement =
        statement(&[(stripe_paid, "Overførsel STRIPE KRUS"), (adyen_paid, "TX48AXT batch 48, KrusShopDK")]);
    drop_file(&stage, "stripe", "statement.xml", &statement);
    drop_file(&stage, "adyen", "statement.xml", &statement);
    until(&stage, "the bank confirms both", || in_state(&stage, 2, PayoutState::BankConfirmed)).await;
    overview(&stage, &facts).await;
}

/// Approves through the API: nobody gets through without a signature, and who approves is who signed.
async fn approved_through_the_api(stage: &Stage, record: &PayoutRecord, plan: &str) {
    let name = record.id.name();
    let path = format!("/v1/payouts/{MERCHANT}/{name}");
    let body = json!({ "action": "approve", "plan": plan }).to_string();
    let ask =
        async |method: &str, secret: &str, body: &str| asked(stage, method, (&path, ""), secret, body).await;
    assert_eq!(ask("POST", "another secret", &body).await.0, 403, "a signature that does not hold");
    let (status, shown) = ask("GET", "local", "").await;
    assert_eq!((status, &shown["waits-for"]), (200, &json!(plan)));
    let stale = json!({ "action": "approve", "plan": "0".repeat(64) }).to_string();
    let (status, told) = ask("POST", "local", &stale).await;
    assert_eq!(
        (status, &told["code"]),
        (409, &json!("payout-not-moved")),
        "another plan than the one that waits"
    );
    assert_eq!(ask("POST", "local", "{\"action\":\"approve\"}").await.0, 400);
    assert_eq!(ask("POST", "local", &body).await.0, 202);
    let approved = records(stage).await.into_iter().find(|one| one.id == record.id).expect("it is kept");
    let by = serde_json::to_string(approved.approval.approved_by()).expect("JSON");
    assert!(by.contains("user/local-bookkeeper"), "{by}");
}

/// Asks the API with a signature by this secret: a path, and a query whose parts are in order; status and answer.
pub(crate) async fn asked(
    stage: &Stage,
    method: &str,
    target: (&str, &str),
    secret: &str,
    body: &str,
) -> (u16, Value) {
    asked_with(stage, method, target, secret, ("application/json", body)).await
}

/// The same with a body of this media type.
pub(crate) async fn asked_with(
    stage: &Stage,
    method: &str,
    (path, query): (&str, &str),
    secret: &str,
    (media_type, body): (&str, &str),
) -> (u16, Value) {
    let mark = if query.is_empty() { "" } else { "?" };
    let address = format!("{}{path}{mark}{query}", stage.host.gateway_url());
    let host = address.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("a host");
    let client = reqwest::Client::new();
    let mut request = match method {
        "GET" => client.get(&address),
        _ => client.post(&address).header("content-type", media_type).body(body.to_owned()),
    };
    for (name, value) in signature(method, (path, query), host, body, secret) {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("the gateway answers");
    let status = answer.status().as_u16();
    (status, serde_json::from_str::<Value>(&answer.text().await.expect("a body")).expect("JSON"))
}

/// The headers of a signed request (Signature Version 4).
fn signature(
    method: &str,
    (path, query): (&str, &str),
    host: &str,
    body: &str,
    secret: &str,
) -> Vec<(String, String)> {
    let hmac = |key: &[u8], text: &str| {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
        aws_lc_rs::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    };
    let sha256 = |text: &str| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        data_encoding::HEXLOWER.encode(digest.as_ref())
    };
    let (day, time) = ("20261127", "20261127T010203Z");
    let scope = format!("{day}/eu-north-1/execute-api/aws4_request");
    let canonical = format!(
        "{method}\n{path}\n{query}\nhost:{host}\nx-amz-date:{time}\n\nhost;x-amz-date\n{}",
        sha256(body)
    );
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(&canonical));
    let mut key = format!("AWS4{secret}").into_bytes();
    for word in [day, "eu-north-1", "execute-api", "aws4_request"] {
        key = hmac(&key, word);
    }
    let signature = data_encoding::HEXLOWER.encode(&hmac(&key, &to_sign));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=local-bookkeeper/{scope}, SignedHeaders=host;x-amz-date, Signature={signature}"
    );
    vec![("x-amz-date".to_owned(), time.to_owned()), ("authorization".to_owned(), authorization)]
}

/// The list of the API, one at a time: each payout once, and no page behind the last.
async fn in_pages(stage: &Stage) {
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let ask = async |after: &str, limit: &str| {
        let merchant = MERCHANT;
        let (by, method, payout, flow, name, body) = ("somebody", "GET", "", "", "", &[][..]);
        let asked = platform::payouts::Asked {
            by,
            method,
            merchant,
            payout,
            flow,
            name,
            media_type: "",
            after,
            limit,
            body,
            deadline,
        };
        payouts.answer(&asked).await
    };
    let names = |told: &Value| {
        let listed = told["payouts"].as_array().expect("a list").iter();
        listed.map(|payout| payout["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let whole = ask("", "").await.body;
    assert_eq!((names(&whole).len(), whole.get("next")), (2, None));
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = ask(&after, "1").await.body;
        assert_eq!(names(&page).len(), 1, "{page}");
        found.extend(names(&page));
        let Some(next) = page["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!(found, names(&whole));
    assert_eq!((ask("!", "").await.status, ask("", "0").await.status), (400, 400));
    let outside = data_encoding::BASE64URL_NOPAD.encode("~~".as_bytes());
    assert_eq!(names(&ask(&outside, "").await.body), Vec::<String>::new(), "a place of no list");
}

/// The same file under another name, and the same name with another content.
async fn again_and_otherwise(stage: &Stage, stripe_text: &str) {
    let (payouts, deadline) = stage.operations.payouts().expect("the engine");
    let merchant = MerchantId::new(MERCHANT);
    let take = async |name: &str, text: &str| {
        let file = platform::spool::SpooledFile::of(text.as_bytes()).expect("spooled");
        payouts.take_in(&merchant, "stripe", name, &file, deadline).await.expect("it is told").outcome
    };
    let arrival = |outcome: IntakeOutcome| match outcome {
        IntakeOutcome::Report { batches } => batches[0].arrival,
        other => panic!("{other:?}"),
    };
    assert_eq!(arrival(take("other-name.json", stripe_text).await), ArrivalKind::Known);
    // A charge in the place of another of the same amount: it agrees with itself, and is not what was posted.
    let changed = stripe_text.replacen("txn_20004", "txn_99999", 1);
    assert_eq!(arrival(take("po_stage.json", &changed).await), ArrivalKind::Conflict);
    let half = &stripe_text[..stripe_text.len() / 2];
    assert!(matches!(take("half.json", half).await, IntakeOutcome::Refused { .. }));
    stage.rest().await;
}

/// The overview says of the interim account what the books say.
async fn overview(stage: &Stage, facts: &Facts) {
    let (payouts, _) = stage.operations.payouts().expect("the engine");
    let days = ["2026-01-01", "2026-12-31"].map(|day| day.parse().expect("a day"));
    let view = payouts.engine().overview(&MerchantId::new(MERCHANT), "adyen", days[0], days[1]).await;
    let view = view.expect("an overview");
    let [interim] = view.interim.as_slice() else { panic!("one currency: {:?}", view.interim) };
    assert!(interim.difference.is_zero());
    assert_eq!(interim.balance.minor(), facts.captured()[&(5831, "DKK".to_owned())]);
    assert_eq!(interim.captured.len(), 1, "{:?}", interim.captured);
    assert!(interim.paid_without_booking.is_empty(), "{:?}", interim.paid_without_booking);
    assert!(view.without_document.is_empty());
    assert!(view.fees.iter().any(|fee| fee.method == "mobilepay" && fee.per_cent.is_some()));
}
