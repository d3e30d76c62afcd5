//! Booking posts balanced entries, and hledger, a program of others, agrees.

use crate::support::{Bench, booking, codes, invoice, line, with};
use rust_decimal::Decimal;
use sandbox::{Json, object};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

fn balance(bench: &mut Bench, account: u32, currency: &str) -> String {
    let balances = bench.agreement().ledger.balances();
    balances.get(&(account, currency.to_string())).copied().unwrap_or_default().to_string()
}

#[test]
fn an_invoice_posts_receivable_sales_and_vat() {
    let mut bench = Bench::new();
    let booked = bench.book(invoice(vec![line("MUG-11", "2", "79.20"), line("BK-2", "1", "199.50")]));
    assert_eq!(booked.integer("bookedInvoiceNumber"), Some(10_001));
    assert_eq!(booked.decimal("remainder").unwrap().to_string(), "397.50");
    for (account, amount) in [(5600, "397.50"), (1010, "-158.40"), (1050, "-199.50"), (6902, "-39.60")] {
        assert_eq!(balance(&mut bench, account, "DKK"), amount, "account {account}");
    }
    let customer = bench.get("customers/1000").body_json();
    assert_eq!(customer.decimal("balance").unwrap().to_string(), "397.50");
}

#[test]
fn a_term_with_contra_account_settles_at_booking() {
    for (term, account) in [(4, 5830), (5, 5831), (6, 5832), (9, 5820)] {
        let mut bench = Bench::new();
        let body = with(
            invoice(vec![line("MUG-11", "1", "100.00")]),
            "paymentTerms",
            object! { "paymentTermsNumber": term },
        );
        let booked = bench.book(body);
        assert_eq!(booked.decimal("remainder").unwrap().to_string(), "0.00", "term {term}");
        assert_eq!(balance(&mut bench, account, "DKK"), "125.00", "term {term}");
        assert_eq!(balance(&mut bench, 5600, "DKK"), "0", "term {term}");
    }
}

#[test]
fn a_card_company_owes_the_money_in_place_of_the_buyer() {
    let mut bench = Bench::new();
    let body = with(
        invoice(vec![line("MUG-11", "1", "100.00")]),
        "paymentTerms",
        object! { "paymentTermsNumber": 8 },
    );
    let booked = bench.book(body);
    assert_eq!(booked.decimal("remainder").unwrap().to_string(), "0.00");
    let owed: Decimal = bench
        .agreement()
        .ledger
        .entries()
        .iter()
        .filter(|entry| entry.customer == Some(9001))
        .map(|entry| entry.remainder)
        .sum();
    assert_eq!(owed.to_string(), "125.00");
}

#[test]
fn every_transaction_balances_in_its_currency_and_in_the_base_currency() {
    let mut bench = Bench::new();
    for (currency, price) in [("EUR", "33.33"), ("SEK", "17.77"), ("ISK", "206"), ("DKK", "0.01")] {
        let lines =
            vec![line("MUG-11", "3", price), line("MUG-11-DE19", "1", price), line("BK-2", "1", price)];
        bench.book(with(invoice(lines), "currency", currency));
    }
    let mut sums: BTreeMap<u32, (Decimal, Decimal)> = BTreeMap::new();
    for entry in bench.agreement().ledger.entries() {
        let sum = sums.entry(entry.transaction).or_default();
        sum.0 += entry.amount;
        sum.1 += entry.base_amount;
    }
    assert_eq!(sums.len(), 4);
    assert!(sums.values().all(|(amount, base)| amount.is_zero() && base.is_zero()), "{sums:?}");
}

#[test]
fn the_number_series_goes_up_and_own_numbers_are_kept_apart() {
    let mut bench = Bench::new();
    let body = || invoice(vec![line("MUG-11", "1", "1.00")]);
    let first = bench.book(body());
    let draft = bench.draft(body());
    let own = bench.put("invoices/booked/20000", booking(draft));
    assert_eq!(own.body_json().integer("bookedInvoiceNumber"), Some(20_000));
    let draft = bench.draft(body());
    let taken = bench.put("invoices/booked/20000", booking(draft));
    assert_eq!(taken.status, 400);
    let next = bench.book(body());
    assert_eq!(
        (first.integer("bookedInvoiceNumber"), next.integer("bookedInvoiceNumber")),
        (Some(10_001), Some(20_001))
    );
    assert!(
        bench.agreement().drafts.contains_key(&u32::try_from(draft).unwrap()),
        "a refused booking keeps the draft"
    );
}

#[test]
fn a_day_that_is_closed_for_entries_is_refused() {
    let mut bench = Bench::new();
    bench.agreement().master.years[2].periods[0].barred = true;
    bench.agreement().master.years[2].periods[1].closed = true;
    for (date, message) in [
        ("2025-12-31", "year is closed"),
        ("2019-01-01", "not in an accounting year"),
        ("2026-01-15", "period is barred"),
        ("2026-02-15", "period is closed"),
    ] {
        let draft = bench.draft(with(invoice(vec![line("MUG-11", "1", "1.00")]), "date", date));
        let answer = bench.post("invoices/booked", booking(draft));
        assert_eq!(answer.status, 400, "{date}");
        assert!(answer.body_json().to_string().contains(message), "{date}: {}", answer.body_json());
        assert_eq!(bench.get(&format!("invoices/drafts/{draft}")).status, 200, "the draft is still there");
    }
    assert!(bench.agreement().ledger.entries().is_empty());
}

#[test]
fn a_draft_can_be_booked_once() {
    let mut bench = Bench::new();
    let draft = bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    assert!(bench.post("invoices/booked", booking(draft)).is_success());
    let again = bench.post("invoices/booked", booking(draft));
    assert_eq!((again.status, codes(&again)), (400, vec!["E06000".to_string()]));
    assert_eq!(bench.get(&format!("invoices/drafts/{draft}")).status, 404);
}

#[test]
fn booking_sends_mail_only_when_asked_and_only_to_an_address() {
    let mut bench = Bench::new();
    let body = || invoice(vec![line("MUG-11", "1", "1.00")]);
    let draft = bench.draft(body());
    let by_mail = |draft: i64| with(booking(draft), "sendBy", "Email");
    assert_eq!(bench.post("invoices/booked", by_mail(draft)).status, 400, "the customer has no address yet");
    let customer = bench.agreement().customers.get_mut(&1000).unwrap();
    customer.set("email", "jens@example.org");
    assert_eq!(bench.post("invoices/booked", by_mail(draft)).status, 201);
    bench.book(body());
    let sent = &bench.agreement().sent;
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].by.as_str(), sent[0].to.as_str()), ("Email", "jens@example.org"));
}

#[test]
fn stock_goes_down_at_booking_and_is_reserved_by_orders() {
    let mut bench = Bench::new();
    bench.agreement().inventory_module = true;
    bench.agreement().products.get_mut("MUG-11").unwrap().in_stock = Decimal::from(10);
    assert!(bench.post("orders/drafts", invoice(vec![line("MUG-11", "3", "1.00")])).is_success());
    bench.book(invoice(vec![line("MUG-11", "2", "1.00")]));
    let product = bench.get("products/MUG-11").body_json();
    let stock = |name: &str| product.decimal(&format!("inventory.{name}")).unwrap().normalize().to_string();
    assert_eq!(
        (stock("inStock").as_str(), stock("orderedByCustomers").as_str(), stock("available").as_str()),
        ("8", "3", "5")
    );
    bench.agreement().inventory_module = false;
    assert!(bench.get("products/MUG-11").body_json().get("inventory").is_none());
}

#[test]
fn paid_unpaid_and_overdue_follow_the_remainder() {
    let mut bench = Bench::new();
    let open = |date: &str| with(invoice(vec![line("MUG-11", "1", "1.00")]), "date", date);
    bench.book(open("2026-11-20"));
    bench.book(open("2026-10-01"));
    bench.book(with(open("2026-11-20"), "paymentTerms", object! { "paymentTermsNumber": 4 }));
    let mut count =
        |which: &str| bench.get(&format!("invoices/{which}")).body_json().items("collection").len();
    assert_eq!((count("paid"), count("unpaid"), count("overdue"), count("not-due")), (1, 2, 1, 1));
}

#[test]
fn pdfs_are_whole() {
    let mut bench = Bench::new();
    let booked = bench.book(invoice(vec![line("MUG-11", "1", "1.00")]));
    let link = booked.text("pdf.download").unwrap().replace("https://restapi.e-conomic.com/", "");
    let pdf = bench.get(&link);
    assert_eq!(pdf.header("content-type"), Some("application/pdf"));
    assert!(pdf.body.starts_with(b"%PDF-1.4") && pdf.body.ends_with(b"%%EOF\n"));
    assert_eq!(bench.get("invoices/booked/1/pdf").status, 404);
}

fn hledger_check(journal: &str) -> Option<Result<(), String>> {
    let spawned = Command::new("hledger")
        .args(["-f", "-", "check", "--strict"])
        // It reads the journal in the language of its surroundings, which a plain machine does not name.
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "hledger must be installed in CI");
        eprintln!("SKIPPED: hledger is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(journal.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

#[test]
fn hledger_accepts_the_journal_and_its_balances() {
    let mut bench = Bench::new();
    for currency in ["DKK", "EUR", "ISK"] {
        let lines =
            vec![line("MUG-11", "3", "33.33"), line("BK-2", "1", "10.00"), line("MUG-11-DE19", "1", "9.99")];
        bench.book(with(
            with(invoice(lines), "currency", currency),
            "paymentTerms",
            object! { "paymentTermsNumber": 4 },
        ));
        bench.book(with(invoice(vec![line("MUG-11", "-1", "33.33")]), "currency", currency));
    }
    let mut journal = bench.agreement().hledger_journal();
    journal.push_str("\n2026-12-31 balances\n");
    let balances = bench.agreement().ledger.balances();
    for ((account, currency), amount) in &balances {
        let name = bench.agreement().hledger_account(*account);
        journal.push_str(&format!("    {name}    0.00 {currency} = {amount} {currency}\n"));
    }
    let Some(verdict) = hledger_check(&journal) else { return };
    assert_eq!(verdict, Ok(()));
    let broken = journal.replacen(" 1010 Salg", " 1011 Salg", 1);
    assert!(matches!(hledger_check(&broken), Some(Err(_))), "an undeclared account must be found");
}

#[test]
fn an_empty_agreement_exports_a_journal_too() {
    let journal = Bench::new().agreement().hledger_journal();
    if let Some(verdict) = hledger_check(&journal) {
        assert_eq!(verdict, Ok(()));
    }
}

#[test]
fn a_voucher_number_of_an_invoice_is_its_own_number() {
    let mut bench = Bench::new();
    bench.book(invoice(vec![line("MUG-11", "1", "1.00")]));
    let listed = bench
        .api("GET", "bookedEntriesapi/v4.0.0/booked-entries?filter=voucherNumber$eq:10001", None)
        .body_json();
    assert_eq!(listed.items("items").len(), 3);
    assert!(listed.items("items").iter().all(|entry| matches!(entry.get("amount"), Some(Json::Number(_)))));
}
