//! Customer payments: one sign in one place, the key in the text, and found again wherever the entry has gone.

use super::*;
use crate::economic::payments;
use domain::plan::PaymentStep;

const YEAR: &str = "GET /accounting-years?filter=fromDate$lte:2026-11-20$and:toDate$gte:2026-11-20";

fn payment(text: &str) -> PaymentStep {
    PaymentStep {
        key: key(Effect::Payment),
        journal: 3,
        contra_account: 5820,
        amount: kroner("198.00"),
        date: "2026-11-20".parse().expect("a date"),
        text: text.to_owned(),
        invoice: None,
    }
}

fn register(answer: &str) -> (Result<(), Failure>, String) {
    let year = page(&[r#"{"year":"2026/2027","fromDate":"2026-07-01","toDate":"2027-06-30"}"#]);
    let script = Script::new(vec![step(YEAR, 200, &year), step("POST /journals/3/vouchers", 201, answer)]);
    let result = run(payments::register(&script, &payment("Ordre 1001"), 5001, 4711));
    (result, script.finish().remove(1).body.expect("a body"))
}

#[test]
fn a_payment_credits_the_customer_and_settles_the_invoice() {
    let answer =
        r#"[{"voucherNumber":7,"entries":{"customerPayments":[{"amount":-198.00,"customerInvoice":4711}]}}]"#;
    let (result, body) = register(answer);
    result.expect("registered");
    let expected = format!(
        concat!(
            r#"{{"accountingYear":{{"year":"2026/2027"}},"journal":{{"journalNumber":3}},"entries":{{"customerPayments":["#,
            r#"{{"date":"2026-11-20","amount":-198.00,"customer":{{"customerNumber":5001}},"customerInvoice":4711,"#,
            r#""contraAccount":{{"accountNumber":5820}},"currency":{{"code":"DKK"}},"text":"Ordre 1001 {}"}}]}}}}"#
        ),
        key(Effect::Payment)
    );
    assert_eq!(body, expected);
    // One object, as the schema says, is understood too.
    register(&answer[1..answer.len() - 1]).0.expect("registered");
}

#[test]
fn money_that_goes_back_debits_the_customer() {
    let back = PaymentStep { amount: kroner("-49.50"), ..payment("Ordre 1001") };
    let body = payments::voucher_body(&back, 5001, 4712, "2026".to_owned());
    let [entry] = &body.entries.customer_payments[..] else { panic!("one entry") };
    assert_eq!((entry.amount.0.to_string().as_str(), entry.customer_invoice), ("49.50", 4712));
    let year = page(&[r#"{"year":"2026","fromDate":"2026-01-01","toDate":"2026-12-31"}"#]);
    let answer = r#"[{"entries":{"customerPayments":[{"amount":49.50,"customerInvoice":4712}]}}]"#;
    let script = Script::new(vec![step(YEAR, 200, &year), step("POST /journals/3/vouchers", 201, answer)]);
    run(payments::register(&script, &back, 5001, 4712)).expect("registered");
    script.finish();
}

#[test]
fn a_payment_that_is_answered_otherwise_than_asked_is_looked_up_and_told() {
    for answer in [
        r#"[{"entries":{"customerPayments":[{"amount":198.00,"customerInvoice":4711}]}}]"#,
        r#"[{"entries":{"customerPayments":[{"amount":-198.00,"customerInvoice":4712}]}}]"#,
        "gateway",
    ] {
        assert!(matches!(register(answer).0, Err(Failure::Unknown { .. })), "{answer}");
    }
    let key = key(Effect::Payment);
    let line = format!("GET /journals/3/entries?filter=text$like:{key}");
    for (amount, told) in [("-198.00", Ok(true)), ("-198.0", Ok(true)), ("-98.00", Err("integrity"))] {
        let entry = format!(r#"{{"text":"Ordre 1001 {key}","amount":{amount}}}"#);
        let script = Script::new(vec![step(&line, 200, &page(&[&entry]))]);
        let found = run(payments::find(&script, &payment("Ordre 1001")));
        match told {
            Ok(expected) => assert_eq!(found, Ok(expected), "{amount}"),
            Err(code) => assert_eq!(refusal(found).0, code, "{amount}"),
        }
        script.finish();
    }
}

#[test]
fn a_payment_that_cannot_be_is_not_sent() {
    let script = Script::new(Vec::new());
    let mut nothing = payment("x");
    nothing.amount = kroner("0");
    assert_eq!(refusal(run(payments::register(&script, &nothing, 5001, 4711))).0, "limit");
    assert_eq!(refusal(run(payments::register(&script, &payment("x"), 5001, 0))).0, "limit");
    script.finish();
    let script = Script::new(vec![step(YEAR, 200, &page(&[]))]);
    assert_eq!(refusal(run(payments::register(&script, &payment("x"), 5001, 4711))).0, "no-accounting-year");
    script.finish();
}

#[test]
fn the_text_always_carries_the_key() {
    let key = key(Effect::Payment);
    for (text, expected) in [
        (String::new(), key.to_string()),
        ("Ordre 1001".to_owned(), format!("Ordre 1001 {key}")),
        (format!("{key} first"), format!("{key} first")),
        ("x".repeat(300), format!("{} {key}", "x".repeat(233))),
        ("æ".repeat(250), format!("{} {key}", "æ".repeat(233))),
    ] {
        let body = payments::voucher_body(&payment(&text), 5001, 4711, "2026".to_owned());
        let text = &body.entries.customer_payments[0].text;
        assert_eq!(text, &expected);
        assert!(text.chars().count() <= 250);
    }
}

#[test]
fn a_payment_is_found_in_the_journal_or_booked_from_it() {
    let key = key(Effect::Payment);
    let entry = format!(r#"{{"text":"Ordre 1001 {}"}}"#, key.as_str().to_uppercase());
    let journal = format!("GET /journals/3/entries?filter=text$like:{key}");
    let booked = format!("GET openapi:/bookedEntriesapi/v4.0.0/booked-entries?filter=text$like:{key}");
    let nothing = r#"{"items":[]}"#;
    let cases = [
        (vec![step(&journal, 200, &page(&[&entry]))], true),
        (
            vec![step(&journal, 200, &page(&[])), step(&booked, 200, &format!(r#"{{"items":[{entry}]}}"#))],
            true,
        ),
        (vec![step(&journal, 200, &page(&[r#"{"text":"another"}"#])), step(&booked, 200, nothing)], false),
        (
            vec![
                step(&journal, 200, &page(&[])),
                step(&booked, 200, r#"{"items":[{}],"cursor":"c1"}"#),
                step(&booked.replace("?", "?cursor=c1&"), 200, &format!(r#"{{"items":[{entry}]}}"#)),
            ],
            true,
        ),
    ];
    for (steps, expected) in cases {
        let script = Script::new(steps);
        assert_eq!(run(payments::find(&script, &payment("Ordre 1001"))).expect("read"), expected);
        script.finish();
    }
}

#[test]
fn a_payment_that_cannot_be_looked_for_is_not_taken_for_missing() {
    let key = key(Effect::Payment);
    let script = Script::new(vec![
        step(&format!("GET /journals/3/entries?filter=text$like:{key}"), 200, &page(&[])),
        step(
            &format!("GET openapi:/bookedEntriesapi/v4.0.0/booked-entries?filter=text$like:{key}"),
            403,
            "{}",
        ),
    ]);
    assert_eq!(refusal(run(payments::find(&script, &payment("Ordre 1001")))).0, "booked-entries");
    script.finish();
    // A proxy's page is no word of e-conomic's: it is asked again.
    for status in [403, 404] {
        let script = Script::new(vec![
            step(&format!("GET /journals/3/entries?filter=text$like:{key}"), 200, &page(&[])),
            step(
                &format!("GET openapi:/bookedEntriesapi/v4.0.0/booked-entries?filter=text$like:{key}"),
                status,
                "<html><body>Just a moment</body></html>",
            ),
        ]);
        let found = run(payments::find(&script, &payment("Ordre 1001")));
        assert!(matches!(found, Err(Failure::Busy { .. })), "{status}: {found:?}");
        script.finish();
    }
}
