//! Journals on both surfaces: entries, vouchers, booking, matching, and the sign that no source settles.

use crate::support::{Bench, codes, invoice, line, with};
use sandbox::economic::CustomerPaymentSign;
use sandbox::{Json, object};

const ENTRIES: &str = "journalsapi/v15.0.0/draft-entries";

fn entry(kind: i64, amount: &str, more: Json) -> Json {
    let mut body = object! {
        "amount": Json::Number(amount.to_string()), "currency": "DKK", "date": "2026-11-21T00:00:00Z",
        "entryTypeNumber": kind, "journalNumber": 2,
    };
    if let Json::Object(fields) = more {
        fields.into_iter().for_each(|(name, value)| body.set(&name, value));
    }
    body
}

fn book(bench: &mut Bench, numbers: &[i64]) -> sandbox::Response {
    let body = object! { "entryNumbers": numbers.to_vec() };
    bench.api("POST", "journalsapi/v15.0.0/journals/2/bookdraftentries", Some(body))
}

#[test]
fn a_customer_payment_settles_its_invoice_under_either_sign() {
    for (sign, amount) in
        [(CustomerPaymentSign::NegativeCredits, "-125"), (CustomerPaymentSign::PositiveCredits, "125")]
    {
        let mut bench = Bench::new();
        bench.agreement().customer_payment_sign = sign;
        bench.book(invoice(vec![line("MUG-11", "1", "100.00")]));
        let more = object! { "customerNumber": 1000, "customerInvoiceNumber": "10001" };
        let made = bench.api("POST", ENTRIES, Some(entry(2, amount, more)));
        assert_eq!(made.status, 201, "{}", made.body_json());
        let number = made.body_json().integer("entryNumber").unwrap();
        assert_eq!(book(&mut bench, &[number]).status, 204);
        let booked = bench.get("invoices/booked/10001").body_json();
        assert_eq!(booked.decimal("remainder").unwrap().to_string(), "0.00", "{sign:?}");
        let balances = bench.agreement().ledger.balances();
        assert_eq!(balances[&(5820, "DKK".to_string())].to_string(), "125", "{sign:?}");
    }
}

#[test]
fn a_journal_of_one_type_takes_no_other_entry() {
    let mut bench = Bench::new();
    bench.book(invoice(vec![line("MUG-11", "1", "100.00")]));
    let payment = || entry(2, "-125", object! { "customerNumber": 1000, "customerInvoiceNumber": "10001" });
    bench.agreement().master.journals.get_mut(&2).unwrap().allowed_entry_type = 5;
    let refused = bench.api("POST", ENTRIES, Some(payment()));
    assert_eq!(refused.status, 400);
    assert!(
        refused.body_json().to_string().contains("JournalEntryTypeNotCorrect"),
        "{}",
        refused.body_json()
    );
    let shown = bench.api("GET", "journalsapi/v15.0.0/journals/2", None).body_json();
    assert_eq!(shown.integer("allowedEntryType"), Some(5));
    bench.agreement().master.journals.get_mut(&2).unwrap().allowed_entry_type = 2;
    assert_eq!(bench.api("POST", ENTRIES, Some(payment())).status, 201);
}

#[test]
fn a_payment_of_the_wrong_sign_shows_as_a_doubled_debt() {
    let mut bench = Bench::new();
    bench.book(invoice(vec![line("MUG-11", "1", "100.00")]));
    let more = object! { "customerNumber": 1000, "customerInvoiceNumber": "10001" };
    let made = bench.api("POST", ENTRIES, Some(entry(2, "125", more))).body_json();
    book(&mut bench, &[made.integer("entryNumber").unwrap()]);
    let booked = bench.get("invoices/booked/10001").body_json();
    assert_eq!(booked.decimal("remainder").unwrap().to_string(), "250.00");
}

#[test]
fn entries_without_contra_account_must_balance_by_voucher() {
    let mut bench = Bench::new();
    let leg = |account: i64, amount: &str| {
        entry(5, amount, object! { "accountNumber": account, "voucherNumber": 20_007 })
    };
    let body = object! { "entries": vec![leg(5820, "100.00"), leg(2950, "1.50"), leg(5830, "-101.50")] };
    let made = bench.api("POST", &format!("{ENTRIES}/bulk"), Some(body)).body_json();
    let numbers: Vec<i64> = made.items("entryNumbers").iter().filter_map(Json::as_integer).collect();
    assert_eq!(numbers.len(), 3, "{made}");
    assert_eq!(book(&mut bench, &numbers[..2]).status, 400, "two legs of three do not balance");
    assert_eq!(bench.agreement().draft_entries.len(), 3, "and nothing was booked");
    assert_eq!(book(&mut bench, &numbers).status, 204);
    let found = bench
        .api("GET", "bookedEntriesapi/v4.0.0/booked-entries?filter=voucherNumber$eq:20007", None)
        .body_json();
    assert_eq!(found.items("items").len(), 3);
}

#[test]
fn a_vat_code_splits_the_amount() {
    let mut bench = Bench::new();
    let more = object! { "accountNumber": 1010, "vatCode": "U25", "contraAccountNumber": 5820 };
    let made = bench.api("POST", ENTRIES, Some(entry(5, "-125.00", more))).body_json();
    book(&mut bench, &[made.integer("entryNumber").unwrap()]);
    let balances = bench.agreement().ledger.balances();
    let of = |account: u32| balances[&(account, "DKK".to_string())].normalize().to_string();
    assert_eq!((of(1010).as_str(), of(6902).as_str(), of(5820).as_str()), ("-100", "-25", "125"));
}

#[test]
fn wrong_entries_are_refused_with_the_vendors_codes() {
    let cases: Vec<(&str, Json)> = vec![
        ("Required", object! { "amount": 1 }),
        (
            "JournalEntryDateAccountingYearClosed",
            with(entry(5, "1", object! { "accountNumber": 2950 }), "date", "2025-11-21T00:00:00Z"),
        ),
        (
            "JournalEntryDateAccountingYearDoesNotExist",
            with(entry(5, "1", object! { "accountNumber": 2950 }), "date", "2019-11-21T00:00:00Z"),
        ),
        ("JournalEntryAccountNotFound", entry(5, "1", object! { "accountNumber": 9 })),
        ("JournalEntryAccountIsBlockedForDirectEntries", entry(5, "1", object! { "accountNumber": 5600 })),
        ("JournalEntryAccountAndContraAccountNotSet", entry(5, "1", object! {})),
        ("JournalEntryCustomerNotFound", entry(2, "1", object! { "customerNumber": 77 })),
        (
            "JournalEntryCurrencyNotFound",
            with(entry(5, "1", object! { "accountNumber": 2950 }), "currency", "XYZ"),
        ),
        (
            "Customer_Invoice_Is_Not_Numeric",
            entry(2, "1", object! { "customerNumber": 1000, "customerInvoiceNumber": "A1" }),
        ),
        ("JournalEntryWrongAccountType", entry(5, "1", object! { "accountNumber": 1000 })),
        (
            "JournalEntryWrongContraAccountType",
            entry(5, "1", object! { "accountNumber": 2950, "contraAccountNumber": 1000 }),
        ),
        (
            "JournalEntryTextTooLong",
            entry(5, "1", object! { "accountNumber": 2950, "text": "x".repeat(251) }),
        ),
        ("JournalDoesNotExist", with(entry(5, "1", object! { "accountNumber": 2950 }), "journalNumber", 77)),
        (
            "JournalEntryDateAccountingYearPeriodBarred",
            with(entry(5, "1", object! { "accountNumber": 2950 }), "date", "2026-01-21T00:00:00Z"),
        ),
        (
            "Customer_invoice_too_big",
            entry(2, "1", object! { "customerNumber": 1000, "customerInvoiceNumber": "2147483648" }),
        ),
        ("E00000", entry(5, "1", object! { "accountNumber": 2950, "vatCode": "XX" })),
        (
            "JournalEntryVoucherNumberNotWithinBoundaries",
            entry(5, "1", object! { "accountNumber": 2950, "voucherNumber": 1_000_000_000 }),
        ),
    ];
    for (code, body) in cases {
        let mut bench = Bench::new();
        let accounts = &mut bench.agreement().master.accounts;
        let heading = sandbox::economic::Account {
            number: 1000,
            kind: "heading".to_string(),
            ..accounts[&1010].clone()
        };
        accounts.insert(1000, heading);
        bench.agreement().master.years.iter_mut().for_each(|year| {
            year.periods
                .iter_mut()
                .filter(|period| period.number == 1)
                .for_each(|period| period.barred = true);
        });
        let answer = bench.api("POST", ENTRIES, Some(body));
        assert_eq!(answer.status, 400, "{code}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert!(codes(&answer).contains(&code.to_string()), "{code}: {}", answer.body_json());
    }
}

#[test]
fn too_many_entries_are_refused() {
    let mut bench = Bench::new();
    let body = object! { "entries": vec![entry(5, "1", object! { "accountNumber": 2950, "contraAccountNumber": 5820 }); 501] };
    let answer = bench.api("POST", &format!("{ENTRIES}/bulk"), Some(body));
    assert_eq!(codes(&answer), ["OneAPITooManyEntries"]);
}

#[test]
fn no_entries_are_refused_too() {
    let mut bench = Bench::new();
    let answer =
        bench.api("POST", &format!("{ENTRIES}/bulk"), Some(object! { "entries": Vec::<Json>::new() }));
    assert_eq!(codes(&answer), ["OneAPIEntriesListCannotBeEmpty"]);
}

fn leg(account: i64, amount: &str, voucher: i64, text: &str) -> Json {
    entry(5, amount, object! { "accountNumber": account, "voucherNumber": voucher, "text": text })
}

fn enter(bench: &mut Bench, entries: Vec<Json>) -> Vec<i64> {
    let answer = bench.api("POST", &format!("{ENTRIES}/bulk"), Some(object! { "entries": entries }));
    assert_eq!(answer.status, 201, "{}", answer.body_json());
    answer.body_json().items("entryNumbers").iter().filter_map(Json::as_integer).collect()
}

#[test]
fn a_journal_may_balance_over_its_vouchers() {
    let two = || vec![leg(5820, "100.00", 20_001, "in"), leg(5830, "-100.00", 20_002, "out")];
    let mut bench = Bench::new();
    let numbers = enter(&mut bench, two());
    assert_eq!(book(&mut bench, &numbers).status, 400, "each voucher by itself");
    let mut bench = Bench::new();
    bench.agreement().master.journals.get_mut(&2).unwrap().require_balance_per_voucher = false;
    let numbers = enter(&mut bench, two());
    assert_eq!(book(&mut bench, &numbers[..1]).status, 400, "nothing balances one of them");
    assert_eq!(book(&mut bench, &numbers).status, 204);
    let booked: Vec<(u32, String)> =
        bench.agreement().ledger.entries().iter().map(|entry| (entry.voucher, entry.text.clone())).collect();
    assert_eq!(
        booked,
        [(20_001, "in".to_string()), (20_002, "out".to_string())],
        "each keeps what is its own"
    );
}

#[test]
fn a_code_that_is_reckoned_both_ways_leaves_the_amount_whole() {
    let mut bench = Bench::new();
    let fee = with(leg(2950, "30.00", 20_001, "fee"), "vatCode", "IYEU");
    let numbers = enter(&mut bench, vec![fee, leg(5830, "-30.00", 20_001, "fee")]);
    assert_eq!(book(&mut bench, &numbers).status, 204);
    let balances = bench.agreement().ledger.balances();
    let of = |account: u32| balances[&(account, "DKK".to_string())].normalize().to_string();
    assert_eq!(
        (of(2950), of(6910), of(6911), of(5830)),
        ("30".into(), "7.5".into(), "-7.5".into(), "-30".into())
    );
}

#[test]
fn a_wrong_sign_of_a_customers_payment_does_not_balance_in_a_voucher() {
    for (sign, amount, status) in [
        (CustomerPaymentSign::NegativeCredits, "-125.00", 204),
        (CustomerPaymentSign::NegativeCredits, "125.00", 400),
        (CustomerPaymentSign::PositiveCredits, "125.00", 204),
        (CustomerPaymentSign::PositiveCredits, "-125.00", 400),
    ] {
        let mut bench = Bench::new();
        bench.agreement().customer_payment_sign = sign;
        bench.book(invoice(vec![line("MUG-11", "1", "100.00")]));
        let more = object! {
            "customerNumber": 1000, "customerInvoiceNumber": "10001", "voucherNumber": 30_001, "journalNumber": 3,
        };
        let bank = with(leg(5820, "125.00", 30_001, "paid"), "journalNumber", 3);
        let numbers = enter(&mut bench, vec![entry(2, amount, more), bank]);
        let body = object! { "entryNumbers": numbers };
        let answer = bench.api("POST", "journalsapi/v15.0.0/journals/3/bookdraftentries", Some(body));
        assert_eq!(answer.status, status, "{sign:?} {amount}: {}", answer.body_json());
    }
}

fn code_of(answer: &sandbox::Response) -> String {
    assert_eq!(answer.status, 400, "{}", answer.body_json());
    answer.body_json().text("errorCode").unwrap_or_default().to_string()
}

#[test]
fn files_are_put_on_vouchers_that_exist() {
    let mut bench = Bench::new();
    let numbers = enter(&mut bench, vec![leg(5820, "1.00", 20_001, "a"), leg(5830, "-1.00", 20_001, "a")]);
    for (voucher, year, code) in [
        (20_002, "2026", "InvalidVoucherNumber"),
        (20_001, "2025", "InvalidVoucherNumber"),
        (20_001, "1999", "AccountingYearNotFound"),
        (0, "2026", "Required"),
    ] {
        assert_eq!(code_of(&bench.attach(voucher, year, &[])), code, "{voucher} {year}");
    }
    let fail = [("OnConflict", "1"), ("Note", "payout 7")];
    assert_eq!(bench.attach(20_001, "2026", &fail).status, 201);
    assert_eq!(code_of(&bench.attach(20_001, "2026", &fail)), "DocumentAlreadyAttachedToVoucher");
    assert_eq!(book(&mut bench, &numbers).status, 204);
    assert_eq!(
        code_of(&bench.attach(20_001, "2026", &fail)),
        "DocumentAlreadyAttachedToVoucher",
        "booked too"
    );
    let filter =
        "documentsapi/v4.0.1/AttachedDocuments?filter=voucherNumber$eq:20001$and:accountingYear$eq:2026";
    let found = bench.api("GET", filter, None).body_json();
    assert_eq!(found.items("items")[0].text("note"), Some("payout 7"));
    let pdf = bench.api("GET", "documentsapi/v4.0.1/AttachedDocuments/1/pdf", None);
    assert!(pdf.body.starts_with(b"%PDF-"));
    assert_eq!(bench.api("DELETE", "documentsapi/v4.0.1/AttachedDocuments/1", None).status, 204);
    assert_eq!(bench.attach(20_001, "2026", &fail).status, 201);
}

#[test]
fn what_is_no_file_of_the_vendors_kinds_is_refused() {
    let mut bench = Bench::new();
    enter(&mut bench, vec![leg(5820, "1.00", 20_001, "a")]);
    let form = |kind: &str, file: &str| {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"VoucherNumber\"\r\n\r\n20001\r\n--x\r\n\
             Content-Disposition: form-data; name=\"AccountingYear\"\r\n\r\n2026\r\n--x\r\n\
             Content-Disposition: form-data; name=\"File\"; filename=\"a\"\r\nContent-Type: {kind}\r\n\r\n{file}\r\n--x--\r\n"
        );
        crate::support::economic("POST", "/economic/apis/documentsapi/v4.0.1/AttachedDocuments")
            .with_header("Content-Type", "multipart/form-data; boundary=x")
            .with_body(body)
    };
    for (kind, file) in [("text/csv", "a;b"), ("application/pdf", "<html>"), ("application/pdf", "")] {
        assert_eq!(code_of(&bench.send(&form(kind, file))), "InvalidFileData", "{kind} {file}");
    }
    let large = format!("%PDF-{}", "x".repeat(9_437_184 - 4));
    assert_eq!(code_of(&bench.send(&form("application/pdf", &large))), "InvalidFileData");
    assert_eq!(bench.send(&form("application/pdf", &large[..9_437_184])).status, 201);
    let json = crate::support::economic("POST", "/economic/apis/documentsapi/v4.0.1/AttachedDocuments");
    assert_eq!(bench.send(&json.with_json(&object! { "voucherNumber": 20_001 })).status, 415);
}

#[test]
fn vouchers_of_legacy_rest_become_entries_that_can_be_listed_and_deleted() {
    let mut bench = Bench::new();
    let payment = object! {
        "amount": -125, "date": "2026-11-20", "customer": object! { "customerNumber": 1000 }, "customerInvoice": 10_001,
        "contraAccount": object! { "accountNumber": 5820 }, "text": "payout 7",
    };
    let body = object! { "accountingYear": object! { "year": "2026" }, "entries": object! { "customerPayments": vec![payment] } };
    let made = bench.post("journals/2/vouchers", body).body_json();
    let Json::Array(vouchers) = &made else { panic!("{made}") };
    assert_eq!(vouchers[0].items("entries.customerPayments").len(), 1);
    let listed = bench.get("journals/2/entries?filter=text$eq:payout%207").body_json();
    assert_eq!(listed.items("collection").len(), 1);
    let number = listed.items("collection")[0].integer("journalEntryNumber").unwrap();
    assert_eq!(bench.rest("DELETE", &format!("journals/2/entries/{number}"), None).status, 204);
    assert!(bench.agreement().draft_entries.is_empty());
    let closed = object! { "accountingYear": object! { "year": "1999" } };
    assert_eq!(codes(&bench.post("journals/2/vouchers", closed)), ["E06000"]);
}

#[test]
fn booked_entries_of_one_customer_are_matched() {
    let mut bench = Bench::new();
    bench.book(invoice(vec![line("MUG-11", "1", "100.00")]));
    bench.book(invoice(vec![line("MUG-11", "-1", "100.00")]));
    let filter = "filter=customerNumber$eq:1000";
    let open =
        bench.api("GET", &format!("bookedEntriesapi/v4.0.0/booked-entries?{filter}"), None).body_json();
    let numbers: Vec<i64> =
        open.items("items").iter().filter_map(|entry| entry.integer("entryNumber")).collect();
    let answer = bench.api(
        "POST",
        "bookedEntriesapi/v4.0.0/booked-entries/match",
        Some(object! { "entryIds": numbers.clone() }),
    );
    assert_eq!(answer.status, 204);
    for invoice in ["10001", "10002"] {
        let remainder =
            bench.get(&format!("invoices/booked/{invoice}")).body_json().decimal("remainder").unwrap();
        assert!(remainder.is_zero(), "{invoice}");
    }
    let one = bench.api(
        "POST",
        "bookedEntriesapi/v4.0.0/booked-entries/match",
        Some(object! { "entryIds": vec![numbers[0]] }),
    );
    assert_eq!(one.status, 400);
}

#[test]
fn pages_counts_and_periods_of_the_openapi_services() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        bench.api(
            "POST",
            ENTRIES,
            Some(entry(5, "1", object! { "accountNumber": 2950, "contraAccountNumber": 5820 })),
        );
    }
    let page = bench
        .api("GET", &format!("{ENTRIES}/paged?pageSize=2&skipPages=1&sort=-entryNumber"), None)
        .body_json();
    assert_eq!(page, Json::parse(page.to_string().as_bytes()).unwrap());
    let Json::Array(items) = &page else { panic!("{page}") };
    assert_eq!((items.len(), items[0].integer("entryNumber")), (1, Some(1)));
    assert_eq!(bench.api("GET", &format!("{ENTRIES}/count"), None).body, b"3");
    assert_eq!(bench.api("GET", &format!("{ENTRIES}/paged?pageSize=101"), None).status, 400);
    assert_eq!(bench.api("GET", &format!("{ENTRIES}/paged?pageSize=100&skipPages=100"), None).status, 400);
    assert_eq!(codes(&bench.api("GET", &format!("{ENTRIES}?filter=text$eq:x"), None)), ["BadFilterRequest"]);
    bench.agreement().master.years[2].periods[0].barred = true;
    let periods = bench
        .api("GET", "accountingyearsapi/v2.0.1/accountingYears/periods?filter=year$eq:2026", None)
        .body_json();
    assert_eq!(periods.items("items").len(), 12);
    assert_eq!(periods.items("items")[0].get("isBarred"), Some(&Json::Bool(true)));
}
