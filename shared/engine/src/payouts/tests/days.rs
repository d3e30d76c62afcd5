//! The day of a voucher: stated by the report, shown by its lines, the last day of what it is about, or told by whoever confirms it.

use domain::Money;
use domain::money::Currency;
use domain::payout::{PayoutState, Target, Voucher};
use futures::executor::block_on;
use jiff::civil::{Date, date};

use super::bad_input::fixture;
use super::world::{SETTINGS, World};
use crate::payouts::memory::MemoryFile;
use crate::payouts::record::{IntakeOutcome, PayoutRecord};

/// All accounts, and whatever has no document goes to the error account.
fn settings() -> String {
    let carried = SETTINGS.replace("\"adjustments\"", "\"carried\": 5620, \"adjustments\"");
    format!("{}, \"unmatched\": \"error-account\" }}", carried.trim_end().trim_end_matches('}'))
}

fn take(world: &World, flow: &str, name: &str, bytes: &[u8]) -> IntakeOutcome {
    world.take_in_for(flow, name, &MemoryFile::new(bytes.to_vec())).expect("it is told").outcome
}

fn of(world: &World, batch: &str, currency: Currency) -> PayoutRecord {
    let mut records = world.payouts.records().into_iter();
    let found = records.find(|record| record.id.key.batch == batch && record.id.key.currency == currency);
    found.expect("the payout is kept")
}

/// Matches, approves and posts a payout: its vouchers, each of the one day that comes back with them.
fn posted(world: &World, batch: &str, currency: Currency) -> (Date, Vec<Voucher>) {
    let record = world.work(&of(world, batch, currency).id).expect("it is matched");
    assert_eq!(record.approval.state(), PayoutState::WaitingForApproval, "{batch}: {:?}", record.reasons);
    let before = world.books.all().len();
    world.approve(&record.id, "bookkeeper").expect("it is approved");
    let record = world.work(&record.id).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::Posted, "{batch}: {:?}", record.reasons);
    let vouchers: Vec<Voucher> =
        world.books.all().into_iter().skip(before).map(|(_, kept)| kept.step.voucher).collect();
    let day = record.figures.day.expect("it has a day");
    for voucher in &vouchers {
        assert!(voucher.entries().iter().all(|entry| entry.date == day), "{day}: {:?}", voucher.entries());
        let sum: i64 = voucher.entries().iter().map(|entry| entry.amount.minor()).sum();
        assert_eq!(sum, 0, "{:?}", voucher.entries());
    }
    (day, vouchers)
}

/// What vouchers move on an account, in minor units.
fn on(account: u32, vouchers: &[Voucher]) -> i64 {
    let entries = vouchers.iter().flat_map(Voucher::entries);
    entries.filter(|entry| entry.target == Target::Account(account)).map(|entry| entry.amount.minor()).sum()
}

const BANK: u32 = 5820;
const CARRIED: u32 = 5620;

#[test]
fn a_day_of_paypals_is_posted_on_that_day_with_a_withdrawal_and_without() {
    let world = World::new(&settings(), 2);
    take(&world, "paypal", "day.json", &fixture("paypal/fixtures/day_20260206.json"));
    let kroner = posted(&world, "2026-02-06/2026-02-06", Currency::DKK);
    assert_eq!(kroner.0, date(2026, 2, 6));
    assert_eq!((on(BANK, &kroner.1), on(CARRIED, &kroner.1)), (30_000, 9_333));
    let euro = posted(&world, "2026-02-06/2026-02-06", Currency::EUR);
    assert_eq!(euro.0, date(2026, 2, 6));
    assert_eq!((on(BANK, &euro.1), on(CARRIED, &euro.1)), (0, 1_900));
}

#[test]
fn a_settlement_report_of_paypals_is_of_the_accounts_own_day() {
    let world = World::new(&settings(), 2);
    take(&world, "paypal", "stl.csv", &fixture("paypal/fixtures/stl_20260206.csv"));
    // Its withdrawal at eight in the evening is of the next day in UTC, and of this day in the balance that it changes.
    let kroner = posted(&world, "2026-02-06", Currency::DKK);
    assert_eq!((kroner.0, on(BANK, &kroner.1)), (date(2026, 2, 6), 30_000));
    let yen = posted(&world, "2026-02-06", "JPY".parse().expect("a currency"));
    assert_eq!((yen.0, on(CARRIED, &yen.1)), (date(2026, 2, 6), 236_000));
}

/// A day of a ledger: one capture of an order, and the payout of the whole balance where there is one.
fn ledger_day(day: &str, order: u32, before: i64, pays_out: bool) -> String {
    let entry = |kind: &str, reference: &str, minute: u32, amount: i64, before: i64| {
        format!(
            "{{\"pspReference\":\"{order}{minute}\",\"time\":\"{day}T10:{minute}:00Z\",\"ledgerDate\":\"{day}\",\"entryType\":\"{kind}\",\"reference\":\"{reference}\",\"currency\":\"DKK\",\"amount\":{amount},\"recipientHandle\":\"api:513428\",\"balanceBefore\":{before},\"balanceAfter\":{}}}",
            before + amount
        )
    };
    let after = before + 25_000;
    let mut items = vec![entry("capture", &order.to_string(), 10, 25_000, before)];
    if pays_out {
        items.push(entry("payout-scheduled", "Vipps MobilePay 2000023", 20, -after, after));
    }
    format!("{{\"hasMore\":false,\"items\":[{}]}}", items.join(","))
}

#[test]
fn what_ledger_days_without_a_payout_carry_over_ends_at_nothing_with_the_payout() {
    let world = World::new(&settings(), 3);
    let days = [("2026-01-30", 1_001, 0), ("2026-01-31", 1_002, 25_000), ("2026-02-02", 1_003, 50_000)];
    let mut carried = Vec::new();
    for (day, order, before) in days {
        let pays_out = day == "2026-02-02";
        let text = ledger_day(day, order, before, pays_out);
        take(&world, "vipps-mobilepay", &format!("{day}.json"), text.as_bytes());
        let (dated, vouchers) = posted(&world, day, Currency::DKK);
        assert_eq!(dated.to_string(), day, "a ledger day is of that day");
        assert_eq!(on(BANK, &vouchers), if pays_out { 75_000 } else { 0 });
        carried.push((dated, on(CARRIED, &vouchers)));
    }
    let until = |last: Date| -> i64 {
        carried.iter().filter(|(day, _)| *day <= last).map(|(_, amount)| amount).sum()
    };
    assert_eq!(until(date(2026, 1, 31)), 50_000, "at the month's end it is what the acquirer owes");
    assert_eq!(until(date(2026, 2, 2)), 0, "{carried:?}");
}

/// A bank's statement of what came in: day, text and amount of each.
fn statement(entries: &[(&str, &str, &str)]) -> String {
    let entry = |(number, (day, text, amount)): (usize, &(&str, &str, &str))| {
        format!(
            "<Ntry><Amt Ccy=\"DKK\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{number}</AcctSvcrRef><AddtlNtryInf>{text}</AddtlNtryInf></Ntry>"
        )
    };
    let entries: String = entries.iter().enumerate().map(entry).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId><CreDtTm>2026-02-11T06:00:00+01:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>DK5000400440116243</IBAN></Id><Ccy>DKK</Ccy></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
}

fn codes(record: &PayoutRecord) -> Vec<&str> {
    record.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

const FUNDING: &str = "funding-77";

fn with_a_funding() -> World {
    let world = World::new(&settings(), 2);
    take(&world, "altapay", "funding-77.csv", &fixture("altapay/fixtures/funding.csv"));
    let record = world.work(&of(&world, FUNDING, Currency::DKK).id).expect("it is looked at");
    assert_eq!(codes(&record), ["payout-unconfirmed", "payout-without-date"]);
    assert_eq!(record.figures.day, None);
    world
}

#[test]
fn a_report_without_a_day_is_dated_by_the_banks_entry_with_its_reference() {
    let world = with_a_funding();
    // The same amount with another reference, another amount with the same, and two entries of which each could be it.
    for (entries, may_be) in [
        (&[("2026-02-10", "AltaPay funding-771", "456.60")][..], 1),
        (&[("2026-02-10", "AltaPay funding-77", "456.61")][..], 0),
        (&[("2026-02-10", "Funding-77", "456.60"), ("2026-02-11", "funding-77", "456.60")][..], 1),
    ] {
        let outcome = take(&world, "altapay", "bank.xml", statement(entries).as_bytes());
        assert_eq!(outcome, IntakeOutcome::Statement { payouts: Vec::new(), perhaps: may_be }, "{entries:?}");
    }
    let record = world.work(&of(&world, FUNDING, Currency::DKK).id).expect("it is looked at");
    assert_eq!(codes(&record), ["payout-unconfirmed", "payout-without-date"]);
    let right = statement(&[("2026-02-10", "AltaPay funding-77", "456.60")]);
    take(&world, "altapay", "bank.xml", right.as_bytes());
    // The funding's euro sale is paid in kroner, through the account for differences of currencies that nobody named here.
    let record = of(&world, FUNDING, Currency::DKK);
    world.work(&record.id).expect("it is matched");
    let (day, vouchers) = posted_from_the_bank(&world);
    assert_eq!((day, on(BANK, &vouchers)), (date(2026, 2, 10), 45_660));
}

/// As [`posted`]; the bank has shown it already.
fn posted_from_the_bank(world: &World) -> (Date, Vec<Voucher>) {
    let record = of(world, FUNDING, Currency::DKK);
    world.approve(&record.id, "bookkeeper").expect("it is approved");
    let record = world.work(&record.id).expect("it is posted");
    assert_eq!(record.approval.state(), PayoutState::BankConfirmed, "{:?}", record.reasons);
    let vouchers: Vec<Voucher> = world.books.all().into_iter().map(|(_, kept)| kept.step.voucher).collect();
    let day = record.figures.day.expect("it has a day");
    assert!(vouchers.iter().flat_map(Voucher::entries).all(|entry| entry.date == day), "{vouchers:?}");
    (day, vouchers)
}

#[test]
fn a_report_without_a_day_is_dated_by_the_acquirers_list() {
    let world = with_a_funding();
    let id = of(&world, FUNDING, Currency::DKK).id;
    let (paid, listed) = (Money::from_minor(45_660, Currency::DKK), Some(date(2026, 2, 6)));
    let confirmed = world.engine();
    block_on(confirmed.confirmed_by_acquirer(&world.attempt(&id), paid, listed)).expect("confirmed");
    assert_eq!(posted(&world, FUNDING, Currency::DKK).0, date(2026, 2, 6));
}
