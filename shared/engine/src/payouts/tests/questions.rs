//! What puts a payout in question before anything of it is posted: it looks like another in another form, or it went back. Nobody but a
//! person lets it go on.

use domain::AgreementId;
use domain::payout::PayoutState;
use futures::executor::block_on;

use super::bad_input::{eager, words};
use super::world::{SETTINGS, World, id, merchant, report};
use crate::memory::Fate;
use crate::payouts::memory::MemoryFile;
use crate::payouts::record::IntakeOutcome;
use crate::payouts::store::PayoutStore as _;
use crate::payouts::{PayoutFailure, PayoutId, PayoutRecord};

/// Whatever has no document goes to the error account, and rules post what they may.
fn open_handed() -> String {
    format!(r#"{}, "unmatched": "error-account" }}"#, eager().trim_end().trim_end_matches('}'))
}

/// A report: flow, file's name and text.
type Report = (&'static str, &'static str, String);

/// A payout of Shopify's as its export tells of it, by day and without ids of lines.
fn exported() -> Report {
    let text = "Transaction Date,Type,Order,Card Brand,Card Source,Payout Status,Payout Date,Available On,Amount,Fee,Net,Checkout,Payment Method Name,Presentment Amount,Presentment Currency,Currency,VAT\n\
        2026-02-05 10:00:00 +0100,charge,#1001,visa,online,paid,2026-02-06,2026-02-06,459.90,8.90,451.00,#C1,card,459.90,DKK,DKK,0.00\n\
        Payout Date,Status,Charges,Refunds,Adjustments,Reserved Funds,Fees,Retried Amount,Total,Currency,Bank Reference\n\
        2026-02-06,paid,459.90,0.00,0.00,0.00,8.90,0.00,451.00,DKK,SHOPIFY77\n";
    ("shopify-payments", "payouts.csv", text.to_owned())
}

/// The same as the API tells of it, under the payout's own id.
fn asked_for() -> Report {
    let payout = r#"{"data":{"shopifyPaymentsAccount":{"payouts":{"nodes":[{"id":"gid://shopify/ShopifyPaymentsPayout/77","status":"PAID","issuedAt":"2026-02-06T00:00:00Z","transactionType":"DEPOSIT","net":{"amount":"451.0","currencyCode":"DKK"}}],"pageInfo":{"hasNextPage":false,"endCursor":"eyJ"}}}}}"#;
    let lines = r##"{"data":{"shopifyPaymentsAccount":{"balanceTransactions":{"nodes":[{"id":"gid://shopify/ShopifyPaymentsBalanceTransaction/1","type":"CHARGE","test":false,"transactionDate":"2026-02-05T09:00:00Z","sourceId":"5001","sourceOrderTransactionId":"9001","amount":{"amount":"459.9","currencyCode":"DKK"},"fee":{"amount":"8.9","currencyCode":"DKK"},"net":{"amount":"451.0","currencyCode":"DKK"},"associatedOrder":{"id":"gid://shopify/Order/217130470","name":"#1001"},"associatedPayout":{"id":"gid://shopify/ShopifyPaymentsPayout/77"}}],"pageInfo":{"hasNextPage":false,"endCursor":"eyJ"}}}}}"##;
    ("shopify-payments", "77.json", format!("{payout}\n{lines}\n"))
}

/// A payout of Vipps MobilePay's as the ledger of funds tells of it, by its date.
fn of_the_ledger() -> Report {
    let text = r#"{"hasMore":false,"items":[
        {"pspReference":"3343121301","time":"2026-02-06T08:00:00Z","ledgerDate":"2026-02-06","entryType":"capture","reference":"1001","currency":"DKK","amount":25000,"recipientHandle":"api:513428","balanceBefore":0,"balanceAfter":25000},
        {"pspReference":"","time":"2026-02-06T22:59:30Z","ledgerDate":"2026-02-06","entryType":"payout-scheduled","reference":"Vipps MobilePay 2000023","currency":"DKK","amount":-25000,"recipientHandle":"","balanceBefore":25000,"balanceAfter":0}]}"#;
    ("vipps-mobilepay", "2026-02-06.json", text.to_owned())
}

/// The same as the settlement's own file tells of it, three days later and by its number.
fn settled() -> Report {
    let text = "OrganizationNumber,MerchantName\n918713867,Krus ASA\n\
        SettlementInfo,SalesUnitName,SaleUnitNumber,SettlementDate,SettlementID,SettlementAccount,Gross,Currency,Fee,Refund,Net,NumberOfTransactions\n\
        SettlementInfo,Krus,513428,09.02.2026,2000023,15039794613,250.00,DKK,0.00,0.00,250.00,1\n\
        FeeInfo,SettlementDate,SaleUnitName,SaleUnitNumber,FeeAccount,Fee,Currency\n\
        TransactionInfo,SalesDate,SaleUnitName,SaleUnitNumber,TransactionId,SettlementId,OrderID,SettlementDate,Gross,Currency,Fee,Refund,Net\n\
        TransactionInfo,06.02.2026,Krus,513428,3343121301,2000023,1001,09.02.2026,250.00,DKK,0.00,0.00,250.00\n";
    ("vipps-mobilepay", "settlement.csv", text.to_owned())
}

/// Takes a report in: the payout that came of it.
fn taken(world: &World, (flow, name, text): &Report) -> PayoutId {
    let file = MemoryFile::new(text.clone().into_bytes());
    let intake = world.take_in_for(flow, name, &file).expect("it is told");
    let IntakeOutcome::Report { batches } = &intake.outcome else { panic!("{name}: {:?}", intake.outcome) };
    PayoutId { merchant: merchant(), key: batches[0].key.clone() }
}

fn codes(record: &PayoutRecord) -> Vec<&str> {
    record.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

fn reopen(world: &World, id: &PayoutId, reason: &str) -> Result<PayoutRecord, PayoutFailure> {
    block_on(world.engine().reopen(&world.attempt(id), "anna", reason))
}

fn dismiss(world: &World, id: &PayoutId) {
    block_on(world.engine().dismiss(&world.attempt(id), "anna", "the same")).expect("it is set aside");
}

/// Works on a payout until it is posted, with a person's approval where it waits for one.
fn post(world: &World, id: &PayoutId) -> PayoutRecord {
    let mut record = world.work(id).expect("it is matched");
    if record.approval.state() == PayoutState::WaitingForApproval {
        world.approve(id, "bookkeeper").expect("it is approved");
        record = world.work(id).expect("it is posted");
    }
    assert!(!record.approval.posted().is_empty(), "{:?}", record.reasons);
    record
}

#[test]
fn one_payout_in_two_forms_of_its_acquirer_is_posted_once() {
    let pairs = [(exported(), asked_for()), (of_the_ledger(), settled())];
    for (one, other) in pairs {
        for (first, second) in [(&one, &other), (&other, &one)] {
            let world = World::new(&open_handed(), 0);
            let first = taken(&world, first);
            post(&world, &first);
            let second = taken(&world, second);
            assert_ne!(first, second, "they are numbered otherwise");
            let record = world.work(&second).expect("it is looked at");
            assert_eq!(codes(&record), ["payout-twin"], "{}", second.key.batch);
            assert_eq!(record.reasons[0].fact("other"), first.key.batch);
            assert!(words(&record.reasons[0]).iter().all(|text| text.contains(&first.key.batch)));
            assert!(record.plan.is_none() && record.needs_attention(), "there is nothing to approve");
            dismiss(&world, &second);
            assert!(!world.work(&second).expect("it is aside").needs_attention());
            assert_eq!(world.books.all().len(), 1);
        }
    }
}

#[test]
fn two_that_look_alike_are_both_posted_once_a_person_says_that_they_are_two() {
    let world = World::new(&open_handed(), 0);
    let (first, second) = (taken(&world, &of_the_ledger()), taken(&world, &settled()));
    for id in [&first, &second] {
        assert_eq!(codes(&world.work(id).expect("it is looked at")), ["payout-twin"]);
    }
    assert!(reopen(&world, &second, " ").is_err(), "a reason is given");
    reopen(&world, &second, "two days of the same sale").expect("they are two");
    let said = world.record(&second).overruled;
    assert_eq!((said.len(), said[0].by.as_str(), said[0].what.code.as_str()), (1, "anna", "payout-twin"));
    let record = world.work(&second).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "rules do not post it");
    post(&world, &second);
    // Said of one, it is said of both.
    post(&world, &first);
    assert_eq!(world.books.all().len(), 2);
}

#[test]
fn the_one_that_is_left_goes_on_once_the_other_is_set_aside() {
    let world = World::new(&open_handed(), 0);
    let (first, second) = (taken(&world, &exported()), taken(&world, &asked_for()));
    for id in [&first, &second] {
        assert_eq!(codes(&world.work(id).expect("it is looked at")), ["payout-twin"]);
    }
    dismiss(&world, &first);
    post(&world, &second);
    // Taken up again, it is the same still.
    reopen(&world, &first, "by mistake").expect("it is taken up");
    assert_eq!(codes(&world.work(&first).expect("it is looked at")), ["payout-twin"]);
    assert_eq!(world.books.all().len(), 1);
}

#[test]
fn payouts_of_one_form_are_told_apart_by_their_lines() {
    let world = World::new(SETTINGS, 2);
    for (payout, order) in [("po_1", 1_001), ("po_2", 1_002)] {
        world.take_in(payout, report(payout, &[order]).as_bytes()).expect("taken");
    }
    for payout in ["po_1", "po_2"] {
        let record = world.work(&id(payout)).expect("it is matched");
        assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    }
}

#[test]
fn a_payout_is_held_against_those_around_it_and_nobody_lists_them_all() {
    let world = World::new(SETTINGS, 2);
    world.payouts.set_faults(Box::new(|call| match call {
        "payouts" => Fate::FailsBefore,
        _ => Fate::Works,
    }));
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("taken");
    assert_eq!(post(&world, &id("po_1")).approval.state(), PayoutState::Posted);
    world.take_in("po_2.json", report("po_2", &[1_001]).as_bytes()).expect("taken");
    let record = world.work(&id("po_2")).expect("it is matched");
    assert!(record.overlap.is_some_and(|overlap| overlap.code == "payout-overlap"), "it shares a line");
    statement(&world, &[ARRIVED]);
    assert_eq!(world.record(&id("po_1")).approval.state(), PayoutState::BankConfirmed);
}

/// A bank's statement: day, text and amount of each entry, below zero for what went out.
pub(super) fn of_the_bank(entries: &[(&str, &str, &str)]) -> String {
    let entry = |(number, (day, text, amount)): (usize, &(&str, &str, &str))| {
        let (amount, way) = amount.strip_prefix('-').map_or((*amount, "CRDT"), |amount| (amount, "DBIT"));
        format!(
            "<Ntry><Amt Ccy=\"DKK\">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{number}</AcctSvcrRef><AddtlNtryInf>{text}</AddtlNtryInf></Ntry>"
        )
    };
    let entries: String = entries.iter().enumerate().map(entry).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-02-11T06:00:00+01:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>DK5000400440116243</IBAN></Id><Ccy>DKK</Ccy></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
}

fn statement(world: &World, entries: &[(&str, &str, &str)]) -> (usize, u64) {
    let text = of_the_bank(entries);
    let intake = world.take_in("bank.xml", text.as_bytes()).expect("it is told");
    let IntakeOutcome::Statement { payouts, perhaps } = intake.outcome else {
        panic!("{:?}", intake.outcome)
    };
    (payouts.len(), perhaps)
}

pub(super) const ARRIVED: (&str, &str, &str) = ("2026-02-10", "STRIPE po_1", "245.00");
const WENT_BACK: (&str, &str, &str) = ("2026-02-12", "Return STRIPE po_1", "-245.00");

fn with_a_payout(settings: &str) -> World {
    let world = World::new(settings, 3);
    world.take_in("po_1.json", report("po_1", &[1_001]).as_bytes()).expect("taken");
    world
}

#[test]
fn a_payout_that_went_back_before_it_was_approved_is_posted_by_nobody_but_a_person() {
    let world = with_a_payout(&eager());
    assert_eq!(statement(&world, &[ARRIVED, WENT_BACK]), (1, 0));
    // The statement of the arrival comes once more.
    statement(&world, &[ARRIVED]);
    let record = world.work(&id("po_1")).expect("it is looked at");
    assert_eq!(codes(&record), ["payout-returned"]);
    words(&record.reasons[0]);
    assert!(world.books.all().is_empty() && record.plan.is_none() && record.needs_attention());
    reopen(&world, &id("po_1"), "it stands in the next report").expect("it goes on");
    let record = world.work(&id("po_1")).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "rules do not post it");
    let record = post(&world, &id("po_1"));
    assert_eq!(
        (record.approval.state(), codes(&record)),
        (PayoutState::Returned, vec!["payout-returned-posted"])
    );
}

#[test]
fn a_payout_that_went_back_may_be_set_aside() {
    let world = with_a_payout(&eager());
    statement(&world, &[WENT_BACK]);
    world.work(&id("po_1")).expect("it is looked at");
    dismiss(&world, &id("po_1"));
    assert!(!world.work(&id("po_1")).expect("it is aside").needs_attention());
    assert!(world.books.all().is_empty());
}

#[test]
fn the_approval_of_a_payout_that_went_back_is_asked_for_again() {
    let world = with_a_payout(SETTINGS);
    world.work(&id("po_1")).expect("it is matched");
    world.approve(&id("po_1"), "bookkeeper").expect("it is approved");
    statement(&world, &[ARRIVED, WENT_BACK]);
    let record = world.work(&id("po_1")).expect("it is looked at");
    assert_eq!((record.approval.state(), codes(&record)), (PayoutState::Matched, vec!["payout-returned"]));
    assert!(world.books.all().is_empty() && record.approval.approved_by().is_empty());
    let paid = block_on(world.payouts.paid(&merchant(), &AgreementId::new("424242"), &["10001".to_owned()]));
    assert!(paid.expect("read").iter().all(|paid| paid.amount.is_zero()), "it has paid nothing");
    assert!(world.approve(&id("po_1"), "bookkeeper").is_err(), "there is nothing to approve");
}

#[test]
fn a_posted_payout_that_goes_back_is_somebodys_to_undo() {
    let world = with_a_payout(SETTINGS);
    post(&world, &id("po_1"));
    statement(&world, &[ARRIVED]);
    assert_eq!(world.record(&id("po_1")).approval.state(), PayoutState::BankConfirmed);
    statement(&world, &[WENT_BACK]);
    let record = world.work(&id("po_1")).expect("nothing is to be done");
    assert_eq!(
        (record.approval.state(), codes(&record)),
        (PayoutState::Returned, vec!["payout-returned-posted"])
    );
    words(&record.reasons[0]);
    assert!(record.needs_attention());
    world.reverse(&id("po_1"), "anna").expect("it is taken");
    let record = world.work(&id("po_1")).expect("it is undone");
    assert_eq!((record.approval.state(), codes(&record).len()), (PayoutState::Reversed, 0));
    assert!(!record.needs_attention());
}

#[test]
fn a_reversal_on_the_bank_account_confirms_no_payout() {
    let world = with_a_payout(SETTINGS);
    post(&world, &id("po_1"));
    let text = include_bytes!("../../../../connectors/src/camt/fixtures/camt053_reversal.xml");
    let intake = world.take_in("bank.xml", text).expect("it is read");
    let IntakeOutcome::Statement { payouts, perhaps } = intake.outcome else {
        panic!("{:?}", intake.outcome)
    };
    assert_eq!((payouts.len(), perhaps), (0, 1), "for a person to judge");
    let record = world.record(&id("po_1"));
    assert_eq!((record.approval.state(), record.bank), (PayoutState::Posted, None));
}

#[test]
fn an_entry_that_may_be_the_return_of_either_of_two_is_the_return_of_none() {
    let world = World::new(&eager(), 3);
    for (payout, order) in [("po_1", 1_001), ("po_2", 1_002)] {
        let own_name = format!(r#""STRIPE {payout}""#);
        let text = report(payout, &[order]).replace(&own_name, r#""STRIPE KRUS""#);
        world.take_in(payout, text.as_bytes()).expect("taken");
    }
    assert_eq!(statement(&world, &[("2026-02-12", "Return STRIPE KRUS", "-245.00")]), (0, 2), "for a person");
    for payout in ["po_1", "po_2"] {
        assert!(world.record(&id(payout)).bank.is_none());
    }
}

#[test]
fn one_entry_of_the_bank_confirms_the_payouts_that_it_is_the_sum_of() {
    let world = World::new(SETTINGS, 3);
    for (payout, orders) in [("po_1", &[1_001][..]), ("po_2", &[1_002, 1_003])] {
        world.take_in(payout, report(payout, orders).as_bytes()).expect("taken");
        post(&world, &id(payout));
    }
    assert_eq!(statement(&world, &[("2026-02-10", "STRIPE po_1, STRIPE po_2", "735.00")]), (2, 0));
    for payout in ["po_1", "po_2"] {
        let record = world.record(&id(payout));
        assert_eq!((record.approval.state(), record.reasons.len()), (PayoutState::BankConfirmed, 0));
    }
}
