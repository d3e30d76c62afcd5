//! Vouchers: entered whole or not at all, found wherever a person put them, compared entry by entry, booked alone.

use super::*;
use crate::economic::journals;
use crate::journals::{Days, EnteredVoucher};
use domain::payout::{Target, Voucher, VoucherEntry, VoucherStep};
use domain::settings::CustomerPaymentSign;
use jiff::civil::{Date, date};

const DAY: Date = date(2026, 11, 20);
const DRAFTS: &str = "GET openapi:/journalsapi/v15.0.0/draft-entries";
const BOOKED: &str = "GET openapi:/bookedEntriesapi/v4.0.0/booked-entries";
const YEARS: &str = "GET /accounting-years?filter=fromDate$lte:2026-11-20$and:toDate$gte:2026-11-20";

fn on(account: u32, amount: &str) -> VoucherEntry {
    VoucherEntry::on(account, DAY, kroner(amount), "stripe po_1 udbetaling")
}

fn paid(amount: &str, invoice: Option<&str>) -> VoucherEntry {
    let target = Target::Customer { number: 1000, invoice: invoice.map(str::to_owned) };
    VoucherEntry { target, ..on(1, amount) }
}

/// A payout of 970 after a fee of 30 with a VAT code: one sale of 1000 that settles an invoice.
pub(super) fn step() -> VoucherStep {
    let fee = VoucherEntry { vat_code: Some("IYEU".to_owned()), ..on(2950, "30.00") };
    of(vec![on(5820, "970.00"), fee, paid("-1000.00", Some("10001"))])
}

/// As many entries as are taken, with texts as long as they come.
pub(super) fn long_step(count: usize) -> VoucherStep {
    let entry = |place: usize| VoucherEntry {
        text: "æ".repeat(250),
        ..on(5830, if place.is_multiple_of(2) { "0.01" } else { "-0.01" })
    };
    of((0..count).map(entry).collect())
}

fn of(entries: Vec<VoucherEntry>) -> VoucherStep {
    VoucherStep {
        key: key(Effect::Voucher),
        journal: 3,
        number: 30_007,
        voucher: Voucher::new(entries).expect("balanced"),
        customer_payments: CustomerPaymentSign::Negative,
    }
}

fn numbered(number: u32) -> String {
    format!("{DRAFTS}?filter=journalNumber$eq:3$and:voucherNumber$eq:{number}")
}

fn legacy() -> String {
    format!("GET /journals/3/entries?filter=text$like:{}", step().key)
}

fn booked() -> String {
    format!("{BOOKED}?filter=text$like:{}", step().key)
}

fn numbered_in_books() -> String {
    format!("{BOOKED}?filter=voucherNumber$eq:30007$and:date$gte:2026-10-20$and:date$lt:2026-12-22")
}

fn items(entries: &[String]) -> String {
    format!(r#"{{"items":[{}]}}"#, entries.join(","))
}

/// The drafts of [`step`] as the service answers them.
fn drafts() -> Vec<String> {
    let entry = |number: u32, more: &str| {
        format!(
            r#"{{"entryNumber":{number},"voucherNumber":30007,"journalNumber":3,"date":"2026-11-20T00:00:00","currency":"DKK","text":"stripe po_1 udbetaling {}",{more}}}"#,
            step().key
        )
    };
    vec![
        entry(1, r#""amount":970.0,"accountNumber":5820"#),
        entry(2, r#""amount":30.0,"accountNumber":2950,"vatCode":"IYEU""#),
        entry(
            3,
            r#""amount":-1000.0,"customerNumber":1000,"customerInvoiceNumber":"10001","accountNumber":5600"#,
        ),
    ]
}

/// The same booked, with the VAT that the ledger reckoned.
fn booked_entries() -> Vec<String> {
    let entry = |number: u32, more: &str| {
        format!(
            r#"{{"entryNumber":{number},"voucherNumber":30007,"date":"2026-11-20T00:00:00","currencyCode":"DKK","text":"Stripe PO_1 udbetaling {}",{more}}}"#,
            step().key.as_str().to_uppercase()
        )
    };
    vec![
        entry(11, r#""amount":970.0,"accountNumber":5820,"type":5"#),
        entry(12, r#""amount":30.0,"accountNumber":2950,"type":5"#),
        entry(13, r#""amount":7.5,"accountNumber":6910,"type":5"#),
        entry(14, r#""amount":-7.5,"accountNumber":6911,"type":5"#),
        entry(
            15,
            r#""amount":-1000.0,"accountNumber":5600,"customerNumber":1000,"customerInvoiceNumber":10001,"type":2"#,
        ),
    ]
}

fn found(steps: Vec<(String, Result<Response, Failure>)>) -> Result<Option<EnteredVoucher>, Failure> {
    let script = Script::new(steps);
    let found = run(journals::find(&script, &step()));
    script.finish();
    found
}

#[test]
fn a_voucher_is_one_call_with_number_and_key_on_every_entry() {
    let script = Script::new(vec![step_of(201, r#"{"entryNumbers":[1,2,3]}"#)]);
    let entered = run(journals::enter(&script, &step())).expect("entered");
    assert!(entered.is_draft() && !entered.is_booked());
    assert_eq!((entered.number, entered.drafts.as_slice()), (30_007, [1, 2, 3].as_slice()));
    let sent = script.finish().remove(0);
    let body: serde_json::Value = serde_json::from_str(sent.body.as_deref().expect("a body")).expect("JSON");
    let text = format!("stripe po_1 udbetaling {}", step().key);
    let common = |more: serde_json::Value| {
        let mut entry = serde_json::json!({
            "voucherNumber": 30007, "journalNumber": 3, "date": "2026-11-20T00:00:00Z", "currency": "DKK", "text": text,
        });
        entry.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        entry
    };
    let expected = [
        common(serde_json::json!({ "entryTypeNumber": 5, "amount": 970.00, "accountNumber": 5820 })),
        common(
            serde_json::json!({ "entryTypeNumber": 5, "amount": 30.00, "accountNumber": 2950, "vatCode": "IYEU" }),
        ),
        common(serde_json::json!({
            "entryTypeNumber": 2, "amount": -1000.00, "customerNumber": 1000, "customerInvoiceNumber": "10001",
        })),
    ];
    assert_eq!(body["entries"].as_array().map(Vec::as_slice), Some(expected.as_slice()));
    let key = sent.headers.iter().find(|(name, _)| name == "Idempotency-Key").expect("a key");
    assert!(key.1.starts_with(step().key.as_str()));
}

fn step_of(status: u16, answer: &str) -> (String, Result<Response, Failure>) {
    super::step("POST openapi:/journalsapi/v15.0.0/draft-entries/bulk", status, answer)
}

#[test]
fn the_merchants_sign_of_customers_payments_is_sent() {
    let mut step = step();
    step.customer_payments = CustomerPaymentSign::Positive;
    let amounts: Vec<String> = journals::body(&step)
        .expect("a body")
        .entries
        .iter()
        .map(|entry| entry.amount.0.to_string())
        .collect();
    assert_eq!(amounts, ["970.00", "30.00", "1000.00"], "only the customer's");
}

#[test]
fn what_was_answered_otherwise_than_asked_may_have_been_done() {
    for answer in
        [r#"{"entryNumbers":[1,2]}"#, r#"{"entryNumbers":[1,2,3,4]}"#, r#"{"entryNumber":1}"#, "gateway"]
    {
        let script = Script::new(vec![step_of(201, answer)]);
        let entered = run(journals::enter(&script, &step()));
        assert!(matches!(entered, Err(Failure::Unknown { .. })), "{answer}: {entered:?}");
        script.finish();
    }
    let refused = r#"{"title":"x","errorCode":"JournalEntryDateAccountingYearPeriodBarred","errors":[
        {"property":"date","errorCode":"JournalEntryDateAccountingYearPeriodBarred","message":""}]}"#;
    let script = Script::new(vec![step_of(400, refused)]);
    let (code, message) = refusal(run(journals::enter(&script, &step())));
    assert_eq!(code, "JournalEntryDateAccountingYearPeriodBarred");
    assert!(message.contains("the accounting period of this date is barred"), "{message}");
    script.finish();
}

#[test]
fn what_e_conomic_could_not_hold_is_not_sent() {
    let mut many = step();
    many.number = 1_000_000_000;
    let mut nowhere = step();
    nowhere.journal = 0;
    let of_two = |entry: VoucherEntry| {
        let amount = entry.amount.negated().expect("small");
        of(vec![entry, on(5820, &amount.to_decimal().to_string())])
    };
    let dinar = |amount: &str| {
        let amount = Money::parse(amount, "KWD".parse().expect("a currency")).expect("an amount");
        VoucherEntry { amount, ..on(1, "1.00") }
    };
    let cases = [
        (many, "999999999"),
        (nowhere, "number of a journal"),
        (long_step(502), "500 entries"),
        (of_two(paid("-1.00", Some("A1"))), "is no number of an invoice"),
        (of_two(paid("-1.00", Some("2147483648"))), "is no number of an invoice"),
        (of_two(paid("-1.00", Some("0"))), "is no number of an invoice"),
        (of_two(on(0, "1.00")), "number of an account"),
        (of_two(VoucherEntry { vat_code: Some("LONGER".to_owned()), ..on(1, "1.00") }), "VAT code"),
        (of(vec![dinar("1.000"), dinar("-1.000")]), "two decimals"),
        (of(vec![on(1, "0.00"), on(2, "0.00")]), "other than 0"),
        (
            of_two(VoucherEntry { date: date(2025, 12, 31), ..on(1, "1.00") }),
            "2025-12-31 in DKK do not balance",
        ),
    ];
    for (step, words) in cases {
        let script = Script::new(Vec::new());
        let (code, message) = refusal(run(journals::enter(&script, &step)));
        assert_eq!(code, "limit");
        assert!(message.contains(words), "{words}: {message}");
        script.finish();
    }
    journals::check(&long_step(500)).expect("500 are taken");
}

#[test]
fn a_voucher_is_found_as_drafts_by_its_number() {
    let entered = found(vec![
        super::step(&numbered(30_007), 200, &items(&drafts())),
        super::step(&booked(), 200, &items(&[])),
    ]);
    let entered = entered.expect("read").expect("found");
    assert!(entered.is_draft(), "{entered:?}");
    assert_eq!(entered.drafts, [1, 2, 3]);
}

#[test]
fn a_voucher_that_was_given_another_number_is_found_by_its_key() {
    let moved: Vec<String> = drafts().iter().map(|entry| entry.replace("30007", "30009")).collect();
    let text = format!(r#"{{"text":"a {}","voucher":{{"voucherNumber":30009}}}}"#, step().key);
    let entered = found(vec![
        super::step(
            &numbered(30_007),
            200,
            &items(&[drafts()[0].replace(step().key.as_str(), "of another")]),
        ),
        super::step(&legacy(), 200, &page(&[&text, &text])),
        super::step(&numbered(30_009), 200, &items(&moved)),
        super::step(&booked(), 200, &items(&[])),
    ]);
    let entered = entered.expect("read").expect("found");
    assert!(entered.is_draft() && entered.number == 30_009, "{entered:?}");
}

#[test]
fn a_voucher_that_is_booked_is_found_with_the_vat_beside_it() {
    let entered = found(vec![
        super::step(&numbered(30_007), 200, &items(&[])),
        super::step(&legacy(), 200, &page(&[])),
        super::step(&booked(), 200, &items(&booked_entries())),
    ]);
    let entered = entered.expect("read").expect("found");
    assert!(entered.is_booked() && entered.number == 30_007, "{entered:?}");
    assert_eq!(entered.booked.len(), 5);
}

#[test]
fn what_is_booked_while_it_is_looked_for_is_booked() {
    let entered = found(vec![
        super::step(&numbered(30_007), 200, &items(&drafts())),
        super::step(&booked(), 200, &items(&booked_entries())),
        super::step(&numbered(30_007), 200, &items(&[])),
        super::step(&legacy(), 200, &page(&[])),
    ]);
    assert!(entered.expect("read").expect("found").is_booked());
}

#[test]
fn a_voucher_that_is_nowhere_is_not_there() {
    let other = drafts()[0].replace("po_1", "po_2").replace(step().key.as_str(), "").replace("970.0", "9.0");
    let others = |entry: &String| {
        let key = step().key.as_str().to_uppercase();
        entry.replace("PO_1", "PO_2").replace(&key, "").replace("970.0", "9.0").replace("2950", "2951")
    };
    let in_books: Vec<String> = booked_entries()[..2].iter().map(others).collect();
    for drafts in [vec![], vec![other]] {
        let nothing = found(vec![
            super::step(&numbered(30_007), 200, &items(&drafts)),
            super::step(&legacy(), 200, &page(&[])),
            super::step(&booked(), 200, &items(&[])),
            super::step(&numbered_in_books(), 200, &items(&in_books)),
        ]);
        assert_eq!(nothing, Ok(None));
    }
}

#[test]
fn a_voucher_whose_texts_a_person_wrote_over_is_told_and_not_entered_again() {
    let plain = |entries: Vec<String>| {
        let key = step().key;
        let upper = key.as_str().to_uppercase();
        entries.iter().map(|entry| entry.replace(key.as_str(), "").replace(&upper, "")).collect::<Vec<_>>()
    };
    let in_journal = found(vec![
        super::step(&numbered(30_007), 200, &items(&plain(drafts()))),
        super::step(&legacy(), 200, &page(&[])),
        super::step(&booked(), 200, &items(&[])),
    ]);
    let in_books = found(vec![
        super::step(&numbered(30_007), 200, &items(&[])),
        super::step(&legacy(), 200, &page(&[])),
        super::step(&booked(), 200, &items(&[])),
        super::step(&numbered_in_books(), 200, &items(&plain(booked_entries()))),
    ]);
    for entered in [in_journal, in_books] {
        let entered = entered.expect("read").expect("found");
        assert_eq!(entered.differences.len(), 1, "{entered:?}");
        assert!(!entered.is_draft() && !entered.is_booked());
    }
}

#[test]
fn a_voucher_that_a_person_wrote_anew_and_booked_is_known_by_its_number_and_what_is_left_of_it() {
    let key = step().key.as_str().to_uppercase();
    let plain: Vec<String> = booked_entries().iter().map(|entry| entry.replace(&key, "")).collect();
    // The words are left and every amount is another; the words are gone and the bank's entry is left, some days later.
    let words: Vec<String> = plain.iter().map(|entry| entry.replace(".0,", ".5,")).collect();
    let bank: Vec<String> = plain[..1].iter().map(|entry| entry.replace("Stripe PO_1", "Kort")).collect();
    for entries in [words, bank] {
        let entered = found(vec![
            super::step(&numbered(30_007), 200, &items(&[])),
            super::step(&legacy(), 200, &page(&[])),
            super::step(&booked(), 200, &items(&[])),
            super::step(&numbered_in_books(), 200, &items(&entries)),
        ]);
        let entered = entered.expect("read").expect("it is not entered a second time");
        assert!(entered.differences.len() > 1, "{entered:?}");
        assert!(entered.drafts.is_empty() && !entered.is_booked());
    }
}

#[test]
fn not_to_see_is_not_to_have_found_nothing() {
    let steps = vec![super::step(&numbered(30_007), 403, "{}")];
    assert_eq!(refusal(found(steps)).0, "no-right");
    let steps = vec![
        super::step(&numbered(30_007), 200, &items(&[])),
        super::step(&legacy(), 200, &page(&[])),
        super::step(&booked(), 403, "{}"),
    ];
    assert_eq!(refusal(found(steps)).0, "no-right");
}

#[test]
fn what_a_person_changed_is_told_and_never_booked() {
    let changed =
        |from: &str, to: &str| drafts().iter().map(|entry| entry.replace(from, to)).collect::<Vec<_>>();
    let twice = [drafts(), drafts()].concat();
    for (name, entries, count) in [
        ("an amount", changed("970.0", "971.0"), 2),
        ("an account", changed("5820", "5821"), 2),
        ("an invoice", changed("10001", "10002"), 2),
        ("a date", changed("2026-11-20", "2026-11-21"), 6),
        ("a currency", changed("DKK", "EUR"), 6),
        ("a VAT code", changed("IYEU", "I25"), 2),
        (
            "a contra account",
            changed("\"accountNumber\":5820", "\"accountNumber\":5820,\"contraAccountNumber\":1"),
            2,
        ),
        ("an entry is gone", drafts()[..2].to_vec(), 1),
        ("entered twice", twice, 3),
    ] {
        let entered = found(vec![
            super::step(&numbered(30_007), 200, &items(&entries)),
            super::step(&booked(), 200, &items(&[])),
        ]);
        let entered = entered.expect("read").expect("found");
        assert_eq!(entered.differences.len(), count, "{name}: {entered:?}");
        assert!(!entered.is_draft() && !entered.is_booked(), "{name}");
    }
    // Booked in part, and entered again beside what is booked.
    for (name, drafts, booked_now) in [
        ("in part", drafts()[1..].to_vec(), booked_entries()[..1].to_vec()),
        ("again", drafts(), booked_entries()),
    ] {
        let entered = found(vec![
            super::step(&numbered(30_007), 200, &items(&drafts)),
            super::step(&booked(), 200, &items(&booked_now)),
            super::step(&numbered(30_007), 200, &items(&drafts)),
        ]);
        let entered = entered.expect("read").expect("found");
        assert!(!entered.differences.is_empty() && !entered.is_booked(), "{name}: {entered:?}");
    }
}

#[test]
fn only_the_entries_that_are_named_are_booked() {
    let line = "POST openapi:/journalsapi/v15.0.0/journals/3/bookdraftentries";
    let script = Script::new(vec![super::step(line, 204, "")]);
    run(journals::book(&script, &key(Effect::Booking), 3, &[1, 2, 3])).expect("booked");
    assert_eq!(script.finish()[0].body.as_deref(), Some(r#"{"entryNumbers":[1,2,3]}"#));
    let script = Script::new(Vec::new());
    assert_eq!(refusal(run(journals::book(&script, &key(Effect::Booking), 3, &[]))).0, "no-number");
    assert_eq!(refusal(run(journals::book(&script, &key(Effect::Booking), 0, &[1]))).0, "no-number");
    script.finish();
}

fn free(series: &str, at_least: u32, used: &[(&str, &str, &str)]) -> Result<u32, Failure> {
    let year = page(&[r#"{"year":"2026","fromDate":"2026-01-01","toDate":"2026-12-31"}"#]);
    let mut steps = vec![super::step("GET openapi:/journalsapi/v15.0.0/journals/3", 200, series)];
    steps.extend([super::step(YEARS, 200, &year), super::step(YEARS, 200, &year)]);
    for (range, drafts, booked) in used {
        let days = "$and:date$gte:2026-01-01$and:date$lt:2027-01-01";
        steps.push(super::step(&format!("{DRAFTS}?filter={range}"), 200, drafts));
        steps.push(super::step(&format!("{BOOKED}?filter={range}{days}"), 200, booked));
    }
    let script = Script::new(steps);
    let free = run(journals::free_number(&script, 3, Days { from: DAY, to: DAY }, at_least));
    script.finish();
    free
}

#[test]
fn a_free_number_is_one_that_nobody_has_used() {
    let series = r#"{"number":3,"name":"PayMatch","nextVoucherNumber":30000,"minimumVoucherNumber":1,"maximumVoucherNumber":39999}"#;
    let range = |from: u32, to: u32| format!("voucherNumber$gte:{from}$and:voucherNumber$lte:{to}");
    let used = |numbers: &[u32]| {
        let entries: Vec<String> =
            numbers.iter().map(|number| format!(r#"{{"voucherNumber":{number}}}"#)).collect();
        items(&entries)
    };
    let nothing = used(&[]);
    let first = range(30_000, 30_019);
    assert_eq!(free(series, 1, &[(&first, &nothing, &nothing)]), Ok(30_000));
    assert_eq!(free(series, 1, &[(&first, &used(&[30_000]), &used(&[30_001, 30_003]))]), Ok(30_002));
    let all: Vec<u32> = (30_000..30_020).collect();
    let next = range(30_020, 30_039);
    assert_eq!(free(series, 1, &[(&first, &used(&all), &nothing), (&next, &nothing, &nothing)]), Ok(30_020));
    assert_eq!(free(series, 30_100, &[(&range(30_100, 30_119), &nothing, &nothing)]), Ok(30_100));
    let last = range(39_999, 39_999);
    assert_eq!(refusal(free(series, 39_999, &[(&last, &used(&[39_999]), &nothing)])).0, "no-voucher-number");
    assert_eq!(refusal(free(series, 40_000, &[])).0, "no-voucher-number");
    let script = Script::new(vec![super::step("GET openapi:/journalsapi/v15.0.0/journals/9", 404, "{}")]);
    assert_eq!(
        refusal(run(journals::free_number(&script, 9, Days { from: DAY, to: DAY }, 1))).0,
        "no-journal"
    );
    script.finish();
}
