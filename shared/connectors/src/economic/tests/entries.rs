//! What is booked, by account, by document, by day; files on vouchers; and what vouchers are entered on.

use super::*;
use crate::economic::entries;
use crate::http::Method;
use crate::journals::{Days, DocumentState, EntryOrigin, VoucherFile, VoucherPlace};
use jiff::civil::date;

const BOOKED: &str = "GET openapi:/bookedEntriesapi/v4.0.0/booked-entries";
const YEARS: &str = "GET /accounting-years?filter=fromDate$lte:2026-11-20$and:toDate$gte:2026-11-20";
const FILES: &str = "openapi:/documentsapi/v4.0.1/AttachedDocuments";
const NOVEMBER: Days = Days { from: date(2026, 11, 1), to: date(2026, 11, 30) };
const PLACE: VoucherPlace = VoucherPlace { number: 30_007, day: date(2026, 11, 20) };

fn year() -> (String, Result<Response, Failure>) {
    let year = r#"{"year":"2026/2027","fromDate":"2026-07-01","toDate":"2027-06-30"}"#;
    step(YEARS, 200, &page(&[year]))
}

#[test]
fn entries_on_an_account_come_page_by_page_with_what_made_them() {
    let answer = r#"{"cursor":"abc","items":[
        {"entryNumber":1,"accountNumber":5830,"amount":125.0,"currencyCode":"DKK","date":"2026-11-01T00:00:00","text":"Faktura","type":1,
         "voucherNumber":10001,"customerNumber":1000,"customerInvoiceNumber":10001,"remainder":25.5},
        {"entryNumber":2,"accountNumber":5830,"amount":-0.01,"currencyCode":"EUR","date":"2026-11-30T00:00:00Z","type":"Finance Voucher"},
        {"entryNumber":3,"accountNumber":5830,"amount":9,"currencyCode":"DKK","date":"2026-11-02","type":8},
        {"entryNumber":4,"accountNumber":5830,"amount":9,"currencyCode":"XQZ","date":"2026-11-02","type":7}]}"#;
    let line =
        format!("{BOOKED}?filter=accountNumber$eq:5830$and:date$gte:2026-11-01$and:date$lt:2026-12-01");
    let next = line.replace('?', "?cursor=abc&");
    let script = Script::new(vec![step(&line, 200, answer), step(&next, 200, r#"{"cursor":"","items":[]}"#)]);
    let first = run(entries::on_account(&script, 5830, NOVEMBER, None)).expect("read");
    assert_eq!(first.next.as_deref(), Some("abc"));
    let origins: Vec<EntryOrigin> = first.entries.iter().map(|entry| entry.origin).collect();
    assert_eq!(origins, [EntryOrigin::Document, EntryOrigin::Voucher, EntryOrigin::Carried]);
    let invoice = &first.entries[0];
    assert_eq!((invoice.amount, invoice.remainder), (kroner("125.00"), Some(kroner("25.50"))));
    assert_eq!(
        (invoice.customer, invoice.document, invoice.voucher),
        (Some(1000), Some(10_001), Some(10_001))
    );
    assert_eq!(first.entries[1].amount, Money::parse("-0.01", Currency::EUR).expect("an amount"));
    assert_eq!(invoice.as_booked().voucher, "10001");
    assert_eq!(first.left_out.len(), 1, "{:?}", first.left_out);
    assert!(first.left_out[0].starts_with("entry 4:") && first.left_out[0].contains("XQZ"));
    let last = run(entries::on_account(&script, 5830, NOVEMBER, first.next.as_deref())).expect("read");
    assert_eq!((last.entries.len(), last.next), (0, None));
    script.finish();
    let script = Script::new(vec![step(&line, 403, "{}")]);
    assert_eq!(refusal(run(entries::on_account(&script, 5830, NOVEMBER, None))).0, "no-right");
    script.finish();
}

#[test]
fn entries_of_a_document_are_settled_by_number() {
    let line = format!("{BOOKED}?filter=customerNumber$eq:1000$and:customerInvoiceNumber$eq:10001");
    let answer = r#"{"items":[{"entryNumber":7,"accountNumber":5600,"amount":125.0,"currencyCode":"DKK",
        "date":"2026-11-01T00:00:00","customerNumber":1000,"customerInvoiceNumber":10001,"remainder":125.0}]}"#;
    let settle = "POST openapi:/bookedEntriesapi/v4.0.0/booked-entries/match";
    let script = Script::new(vec![step(&line, 200, answer), step(settle, 204, "")]);
    assert_eq!(run(entries::of_document(&script, 1000, 10_001)).expect("read")[0].number, 7);
    run(entries::settle(&script, &key(Effect::Settling), &[7, 9])).expect("settled");
    assert_eq!(script.finish()[1].body.as_deref(), Some(r#"{"entryIds":[7,9]}"#));
    let script = Script::new(Vec::new());
    assert_eq!(refusal(run(entries::settle(&script, &key(Effect::Settling), &[7]))).0, "no-number");
    script.finish();
}

#[test]
fn documents_of_others_are_read_with_what_they_may_be_known_by() {
    let ours = format!(
        r#"{{"bookedInvoiceNumber":10001,"date":"2026-11-20","currency":"DKK","grossAmount":125.00,"remainder":0.00,
            "customer":{{"customerNumber":1000}},"references":{{"other":"{}"}}}}"#,
        reference()
    );
    let theirs = r#"{"bookedInvoiceNumber":10002,"date":"2026-11-21","currency":"EUR","grossAmount":-12.5,
        "customer":{"customerNumber":1001},"notes":{"heading":"Order #1002","textLine1":"","textLine2":"pi_1"}}"#;
    let strange = r#"{"bookedInvoiceNumber":10003,"date":"2026-11-21","currency":"XQZ","grossAmount":1,"customer":{"customerNumber":1}}"#;
    let days = "filter=date$gte:2026-11-01$and:date$lt:2026-12-01";
    let script = Script::new(vec![step(
        &format!("GET /invoices/booked?{days}"),
        200,
        &page(&[&ours, theirs, strange]),
    )]);
    let found = run(entries::documents(&script, DocumentState::Booked, NOVEMBER, None)).expect("read");
    script.finish();
    assert_eq!(found.next, None);
    assert_eq!(found.left_out.len(), 1);
    let [first, second] = found.documents.as_slice() else { panic!("{found:?}") };
    assert_eq!(first.key(), Some(key(Effect::Document)));
    assert_eq!((first.gross, first.remainder), (kroner("125.00"), Some(kroner("0.00"))));
    assert_eq!((second.key(), second.text.as_str(), second.remainder), (None, "Order #1002\npi_1", None));
    assert_eq!(second.gross, Money::parse("-12.50", Currency::EUR).expect("an amount"));
}

#[test]
fn documents_come_in_pages_of_a_thousand() {
    let document = |number: usize| {
        format!(
            r#"{{"bookedInvoiceNumber":{number},"date":"2026-11-20","currency":"DKK","grossAmount":1,"remainder":1,"customer":{{"customerNumber":1}}}}"#
        )
    };
    let documents: Vec<String> = (1..=1000).map(document).collect();
    let full = page(&documents.iter().map(String::as_str).collect::<Vec<_>>());
    let days = "filter=date$gte:2026-11-01$and:date$lt:2026-12-01";
    let script = Script::new(vec![
        step(&format!("GET /invoices/unpaid?{days}"), 200, &full),
        step(&format!("GET /invoices/unpaid?skippages=1&{days}"), 200, &page(&[])),
    ]);
    let first = run(entries::documents(&script, DocumentState::Open, NOVEMBER, None)).expect("read");
    assert_eq!((first.documents.len(), first.next.as_deref()), (1000, Some("1")));
    let next = run(entries::documents(&script, DocumentState::Open, NOVEMBER, Some("1"))).expect("read");
    assert_eq!((next.documents.len(), next.next), (0, None));
    script.finish();
    for page in ["x", "-1", "99999999"] {
        let script = Script::new(Vec::new());
        let result = run(entries::documents(&script, DocumentState::Open, NOVEMBER, Some(page)));
        assert_eq!(refusal(result).0, "page");
        script.finish();
    }
}

fn file() -> VoucherFile {
    VoucherFile {
        name: "payout 48\".pdf".to_owned(),
        note: "Udbetaling\r\n48".to_owned(),
        pdf: b"%PDF-1.7 x".to_vec(),
    }
}

#[test]
fn a_file_is_put_on_the_voucher_of_its_accounting_year() {
    let script = Script::new(vec![year(), step(&format!("POST {FILES}"), 201, r#"{"number":5}"#)]);
    run(entries::attach(&script, &key(Effect::Attachment), PLACE, &file())).expect("attached");
    let sent = script.finish().remove(1);
    assert_eq!((sent.method, sent.body.as_deref()), (Method::Post, None));
    let upload = sent.upload.expect("a file");
    let (kind, body) = upload.encoded();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let note = format!("Udbetaling  48 {}", key(Effect::Attachment));
    let expected = [
        field("VoucherNumber", "30007"),
        field("AccountingYear", "2026/2027"),
        field("Note", &note),
        field("OnConflict", "1"),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"File\"; filename=\"payout-48-.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\n%PDF-1.7 x\r\n--{boundary}--\r\n"
        ),
    ];
    assert_eq!(String::from_utf8(body).expect("text"), expected.concat());
    let logged = serde_json::to_string(&upload).expect("JSON");
    assert!(logged.contains(&upload.sha256) && !logged.contains("%PDF"), "{logged}");
}

#[test]
fn a_file_that_is_there_already_is_told_apart() {
    let refused = r#"{"errorCode":"DocumentAlreadyAttachedToVoucher","title":"x"}"#;
    let script = Script::new(vec![year(), step(&format!("POST {FILES}"), 400, refused)]);
    let (code, message) = refusal(run(entries::attach(&script, &key(Effect::Attachment), PLACE, &file())));
    assert_eq!(code, "attached-already");
    assert!(message.contains("has a file already"), "{message}");
    script.finish();
    let note = format!("Udbetaling 48 {}", key(Effect::Attachment));
    let answer = format!(r#"{{"items":[{{"number":5,"note":"{note}"}},{{"number":6,"note":null}}]}}"#);
    let line = format!("GET {FILES}?filter=voucherNumber$eq:30007$and:accountingYear$eq:2026/2027");
    let script = Script::new(vec![year(), step(&line, 200, &answer)]);
    let found = run(entries::attached(&script, PLACE)).expect("read");
    script.finish();
    let ours: Vec<bool> = found.iter().map(|file| file.is_of(&key(Effect::Attachment))).collect();
    assert_eq!(ours, [true, false]);
}

#[test]
fn what_is_no_pdf_or_too_large_is_not_sent() {
    let large = [b"%PDF-".as_slice(), &vec![b'x'; 9 * 1024 * 1024 - 4]].concat();
    for pdf in [b"<html>".to_vec(), Vec::new(), large] {
        let script = Script::new(Vec::new());
        let file = VoucherFile { pdf, ..file() };
        assert_eq!(refusal(run(entries::attach(&script, &key(Effect::Attachment), PLACE, &file))).0, "limit");
        script.finish();
    }
}

#[test]
fn journals_accounts_and_vat_codes_are_three_collections() {
    let journals = r#"{"items":[{"number":3,"name":"PayMatch","requireBalancePerVoucherId":true,"requireAdminApproval":false,
        "isStandingJournal":true,"allowedEntryType":5,"nextVoucherNumber":30000,"minimumVoucherNumber":30000,"maximumVoucherNumber":39999,"customerContraAccount":5820}]}"#;
    let accounts = page(&[
        r#"{"accountNumber":1000,"name":"Omsætning","accountType":"heading"}"#,
        r#"{"accountNumber":5820,"name":"Bank","accountType":"status","barred":false,"blockDirectEntries":false}"#,
        r#"{"accountNumber":5600,"name":"Debitorer","accountType":"status","blockDirectEntries":true,"vatAccount":{"vatCode":"U25"}}"#,
    ]);
    let codes = page(&[
        r#"{"vatCode":"I25","name":"Købsmoms","ratePercentage":25.0,"barred":false,"account":{"accountNumber":6910}}"#,
        r#"{"vatCode":"IYEU","name":"Ydelser","ratePercentage":25.0,"barred":true,"contraAccount":{"accountNumber":6911}}"#,
    ]);
    let script = Script::new(vec![
        step("GET openapi:/journalsapi/v15.0.0/journals", 200, journals),
        step("GET /accounts", 200, &accounts),
        step("GET /vat-accounts", 200, &codes),
    ]);
    let data = run(entries::ledger_data(&script)).expect("read");
    script.finish();
    let journal = &data.journals[&3];
    assert_eq!((journal.lowest_number, journal.highest_number), (30_000, Some(39_999)));
    assert_eq!((journal.balance_by_voucher, journal.customer_contra_account), (true, Some(5820)));
    assert!(journal.standing);
    assert_eq!(journal.takes, domain::catalogue::JournalTakes::FinanceVouchers);
    assert_eq!(data.accounts.keys().copied().collect::<Vec<_>>(), [5600, 5820], "headings are no accounts");
    assert!(data.accounts[&5600].blocked && !data.accounts[&5820].blocked);
    let of = |code: &str| (data.vat_codes[code].barred, data.vat_codes[code].reverse_charge);
    assert_eq!((of("I25"), of("IYEU")), ((false, false), (true, true)));
}
