//! A list of payments without fees is confirmed by a person from the acquirer's balance report.

use std::path::Path;

use domain::Money;
use domain::payout::{PayoutState, Target, Voucher};
use futures::executor::block_on;

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

/// The vendor's own sample.
fn sample() -> Option<Vec<u8>> {
    let contracts = std::env::var("BOGBRO_CONTRACTS").ok()?;
    let path = Path::new(&contracts).join("acquirers/swedbankpay/R1234-0001-Redovisningsservice.xml");
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

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
    let Some(sample) = sample() else {
        assert!(std::env::var("CI").is_err(), "BOGBRO_CONTRACTS names the vendors' samples");
        return;
    };
    let world = World::new(&settings(), 0);
    world.take_in_for("swedbank-pay", "R1234-0001.xml", &MemoryFile::new(sample)).expect("it is taken in");
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
