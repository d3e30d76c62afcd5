//! A list of payments without fees is confirmed by a person from the acquirer's balance report.

use domain::Money;
use domain::money::Currency;
use domain::payout::{PayoutState, Target, Voucher};
use futures::executor::block_on;
use jiff::civil::date;

use super::bad_input::{eager, fixture};
use super::world::{SETTINGS, World};
use crate::payouts::memory::MemoryFile;
use crate::payouts::{BalanceSums, PayoutFailure, PayoutId, PayoutRecord};

/// Everything without a document goes to the error account; the acquirer charges VAT on its fees.
fn settings() -> String {
    let accounts = SETTINGS.replace(
        "\"adjustments\"",
        r#""fee-vat": [{ "treatment": { "charged": { "account": 5620 } } }], "adjustments""#,
    );
    format!("{}, \"unmatched\": \"error-account\" }}", accounts.trim_end().trim_end_matches('}'))
}

/// A list with the sums of the vendor's own sample, whose fees stand in its balance report alone: 124 950.00 of which 2 981.80 and VAT of
/// 745.46 were kept.
const LIST: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<SalesAccountedTransactions ContractingParty="Krus AB" AccountingNo="R1234-0001" TotalNoOfTransactions="3" AccountingDate="2026-02-06" Version="2.0" xmlns="http://www.payex.com/xml/SalesAccountedTransactions%5B2.0%5D.xsd">
  <Summary Subsite=""><Currency Currency="SEK"><ServiceType ServiceType="Creditcard">
    <Service ServiceName="Card" NoOfDebit="2" NoOfCredit="1" Amount="124950.00" FromDate="2026-02-01" ToDate="2026-02-04" />
  </ServiceType></Currency></Summary>
  <Currency Sum="124950.00" Currency="SEK">
    <Transaction TransactionIdentity="a1" OrderIdentity="1001" Amount="100000.00" Currency="SEK" DateCreated="2026-02-01 10:00:00" DateModified="2026-02-01 23:59:59" ServiceName="Card" Provider="Swedbank Pay" PayexTransactionNo="70001" PayexBatchNo="1" />
    <Transaction TransactionIdentity="a2" OrderIdentity="1002" Amount="25000.00" Currency="SEK" DateCreated="2026-02-02 10:00:00" DateModified="2026-02-02 23:59:59" ServiceName="Card" Provider="Swedbank Pay" PayexTransactionNo="70002" PayexBatchNo="1" />
    <Transaction TransactionIdentity="a3" OrderIdentity="1002" Amount="-50.00" Currency="SEK" DateCreated="2026-02-04 10:00:00" DateModified="2026-02-04 23:59:59" ServiceName="Card" Provider="Swedbank Pay" PayexTransactionNo="70003" PayexBatchNo="2" ReferencedTransaction="70002" />
  </Currency>
</SalesAccountedTransactions>"#;

fn confirm(
    world: &World,
    id: &PayoutId,
    [payout, fees, vat]: [i64; 3],
    reason: &str,
) -> Result<PayoutRecord, PayoutFailure> {
    let kronor = id.key.currency;
    let money = |minor| Money::from_minor(minor, kronor);
    let sums = BalanceSums { payout: money(payout), fees: money(fees), vat: money(vat), day: None };
    block_on(world.engine().confirm(&world.attempt(id), "anna", reason, sums))
}

/// What vouchers move on an account, in minor units.
fn on(account: u32, vouchers: &[Voucher]) -> i64 {
    let entries = vouchers.iter().flat_map(Voucher::entries);
    entries.filter(|entry| entry.target == Target::Account(account)).map(|entry| entry.amount.minor()).sum()
}

#[test]
fn swedbank_pays_list_is_posted_with_the_fees_of_its_balance_report() {
    let world = World::new(&settings(), 0);
    let file = MemoryFile::new(LIST.as_bytes().to_vec());
    world.take_in_for("swedbank-pay", "R1234-0001.xml", &file).expect("it is taken in");
    let id = world.payouts.records().pop().expect("a payout").id;
    let record = world.work(&id).expect("it is looked at");
    assert_eq!((record.approval.state(), record.figures.payout.minor()), (PayoutState::Received, 12_495_000));
    let paid = [12_122_274, 298_180, 74_546];
    let Err(PayoutFailure::Refused(reason)) = confirm(&world, &id, [12_122_275, 298_180, 74_546], "PDF")
    else {
        panic!("a smallest unit too much")
    };
    assert_eq!(
        (reason.code.as_str(), reason.fact("difference")),
        ("payout-confirmation-differs", "0.01 SEK")
    );
    assert!(world.record(&id).balance_report.is_none(), "what does not agree is not kept");
    assert!(confirm(&world, &id, paid, " ").is_err(), "a reason is given");
    confirm(&world, &id, paid, "balance report R1234-0001").expect("it makes the balance");
    let record = world.work(&id).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    let report = record.balance_report.clone().expect("it is kept who said so");
    assert_eq!((report.by.as_str(), report.reason.as_str()), ("anna", "balance report R1234-0001"));
    world.approve(&id, "anna").expect("it is approved");
    let record = world.work(&id).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
    let vouchers: Vec<Voucher> = world.books.all().into_iter().map(|(_, kept)| kept.step.voucher).collect();
    assert_eq!(
        (on(5820, &vouchers), on(2950, &vouchers), on(5620, &vouchers)),
        (12_122_274, 298_180, 74_546)
    );
    assert!(confirm(&world, &id, paid, "again").is_err(), "what is posted is reversed first");
}

#[test]
fn what_a_person_says_of_a_report_that_is_cut_is_never_posted_by_rules() {
    let world = World::new(&eager(), 0);
    world.book_of(1_001, 10_001, Money::from_minor(50_000, Currency::DKK));
    let sample = fixture("adyen/fixtures/settlement_detail_report_batch_12.csv");
    let sample = String::from_utf8(sample).expect("UTF-8");
    let cut: String = sample.lines().take(2).map(|line| format!("{line}\n")).collect();
    world.take_in_for("adyen", "cut.csv", &MemoryFile::new(cut.into_bytes())).expect("it is taken in");
    let id = world.payouts.records().pop().expect("a payout").id;
    let money = |minor| Money::from_minor(minor, Currency::DKK);
    let sums =
        BalanceSums { payout: money(49_275), fees: money(0), vat: money(0), day: Some(date(2026, 2, 6)) };
    let said = block_on(world.engine().confirm(&world.attempt(&id), "anna", "the sum of what is here", sums));
    said.expect("the lines make it");
    let record = world.work(&id).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{:?}", record.reasons);
    assert_eq!(record.figures.states.get("exact"), Some(&1), "nothing else keeps the rules from it");
    assert!(world.books.all().is_empty(), "rules post nothing on a person's word");
    world.approve(&id, "bo").expect("a person may");
    let record = world.work(&id).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{:?}", record.reasons);
}
