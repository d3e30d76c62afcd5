//! Orders, drafts and booked invoices: what is sent, what is believed of the answer, and how they are found again.

use super::*;
use crate::economic::documents;
use crate::http::Method;
use domain::plan::SendBy;

const ORDER_PLACES: [&str; 3] = ["/orders/drafts", "/orders/sent", "/orders/archived"];

fn draft_answer() -> String {
    fixture("draft-answer.json").replace("{reference}", &reference())
}

fn create(answer: &str) -> Result<crate::ports::FoundDocument, Failure> {
    let script = Script::new(vec![step("POST /invoices/drafts", 201, answer)]);
    run(documents::create(&script, &key(Effect::Document), &document(DocumentKind::BookedInvoice), 5001))
}

#[test]
fn a_draft_is_made_with_its_reference_and_key() {
    let script = Script::new(vec![step("POST /invoices/drafts", 201, &draft_answer())]);
    let wanted = document(DocumentKind::BookedInvoice);
    let found = run(documents::create(&script, &key(Effect::Document), &wanted, 5001)).expect("made");
    assert_eq!((found.kind, found.number, found.customer), (DocumentKind::DraftInvoice, 30077, 5001));
    assert_eq!(found.reference, reference());
    assert_eq!(found.totals, wanted.expected);
    assert_eq!(found.differences, []);
    let request = script.finish().remove(0);
    let body = request.body.expect("a body");
    assert_eq!(body, fixture("draft-body.json").trim_end().replace("{reference}", &reference()));
    let header = request.headers.iter().find(|(name, _)| name == "Idempotency-Key").expect("a key");
    assert!(header.1.starts_with(&format!("{}-", key(Effect::Document))), "{}", header.1);
}

/// A sales order as it is read: number 30077 with our reference, or with another.
fn order_answer(reference: &str) -> String {
    fixture("draft-answer.json")
        .replace("draftInvoiceNumber", "orderNumber")
        .replace("{reference}", reference)
}

#[test]
fn a_replaced_order_is_deleted_by_its_number_while_it_carries_our_reference() {
    use crate::ports::OrderClosing;
    let order = domain::plan::SupersededOrder { number: 30077, reference: reference() };
    let close = |steps: Vec<(String, Result<Response, Failure>)>| {
        let script = Script::new(steps);
        let closed = run(documents::close_order(&script, &key(Effect::Closing), &order));
        (closed, script.finish())
    };
    let read = |status: u16, body: &str| step("GET /orders/drafts/30077", status, body);
    let sent = |status: u16, body: &str| step("GET /orders/sent/30077", status, body);
    let delete = |status: u16, body: &str| step("DELETE /orders/drafts/30077", status, body);
    let ours = order_answer(&reference());

    for (status, body) in [(200, r#"{"deletedCount":1}"#), (204, ""), (404, "{}")] {
        let (closed, asked) = close(vec![read(200, &ours), delete(status, body)]);
        assert_eq!(closed, Ok(OrderClosing::Closed), "{status}");
        assert!(asked[1].body.is_none());
        let header = asked[1].headers.iter().find(|(name, _)| name == "Idempotency-Key").expect("a key");
        assert!(header.1.starts_with(&format!("{}-", key(Effect::Closing))), "{}", header.1);
    }
    // A proxy's page with the status of a success says nothing about the order.
    let (closed, _) = close(vec![read(200, &ours), delete(200, "<html><body>Please wait</body></html>")]);
    assert!(matches!(closed, Err(Failure::Unknown { .. })), "{closed:?}");
    let (closed, _) = close(vec![read(200, &ours), delete(404, "<html><body>Not found</body></html>")]);
    assert!(matches!(closed, Err(Failure::Unknown { .. })), "{closed:?}");
    let (closed, _) = close(vec![read(404, "<html><body>Not found</body></html>")]);
    assert!(matches!(closed, Err(Failure::Busy { .. })), "{closed:?}");
    let (closed, _) = close(vec![read(404, "{}"), sent(404, "{}")]);
    assert_eq!(closed, Ok(OrderClosing::Closed), "it is gone, or archived");
    for other in ["", "1002", "another 9"] {
        let (closed, _) = close(vec![read(200, &order_answer(other))]);
        assert!(matches!(closed, Ok(OrderClosing::Left(_))), "{other:?}: the number is another order's now");
    }
    let (closed, _) = close(vec![read(404, "{}"), sent(200, &ours)]);
    assert!(matches!(closed, Ok(OrderClosing::Left(_))), "a person sent it");
    let (closed, _) = close(vec![read(404, "{}"), sent(200, &order_answer("another 9"))]);
    assert_eq!(closed, Ok(OrderClosing::Closed));
    for (status, unknown) in [(500, true), (409, true), (400, false), (405, false)] {
        let (closed, _) = close(vec![read(200, &ours), delete(status, "{}")]);
        assert_eq!(matches!(closed, Err(Failure::Unknown { .. })), unknown, "{status}: {closed:?}");
        assert_eq!(matches!(closed, Err(Failure::Rejected { .. })), !unknown, "{status}: {closed:?}");
    }
}

#[test]
fn an_order_goes_to_the_orders() {
    let answer = draft_answer().replace("draftInvoiceNumber", "orderNumber");
    let script = Script::new(vec![step("POST /orders/drafts", 201, &answer)]);
    let found = run(documents::create(&script, &key(Effect::Document), &document(DocumentKind::Order), 5001));
    assert_eq!(found.expect("made").kind, DocumentKind::Order);
    script.finish();
}

#[test]
fn the_same_body_has_the_same_idempotency_key_and_another_body_another() {
    let key = key(Effect::Amendment);
    let of =
        |method, path: &str, body: &str| crate::economic::client::idempotency_key(&key, method, path, body);
    assert_eq!(of(Method::Put, "/a", "{}"), of(Method::Put, "/a", "{}"));
    assert_ne!(of(Method::Put, "/a", "{}"), of(Method::Put, "/a", "{1}"));
    assert_ne!(of(Method::Put, "/a", "{}"), of(Method::Post, "/a", "{}"));
    assert_ne!(of(Method::Put, "/a", "{}"), of(Method::Put, "/b", "{}"));
}

#[test]
fn an_answer_that_differs_is_told_and_the_document_is_given_back() {
    let cases = [
        ("currency", r#""currency": "DKK""#, r#""currency": "EUR""#, "DKK", "EUR"),
        ("customer", r#""customerNumber": 5001"#, r#""customerNumber": 5002"#, "5001", "5002"),
        ("netAmount", r#""netAmount": 158.400000"#, r#""netAmount": 158.410000"#, "158.40", "158.41"),
        ("references.other", &reference(), "1002", &reference(), "1002"),
    ];
    for (field, from, to, asked, answered) in cases {
        let found = create(&draft_answer().replace(from, to)).expect("the document exists");
        assert_eq!(found.number, 30077);
        let difference = crate::ports::Difference::new(field, asked, answered);
        assert_eq!(found.differences, [difference], "{field}");
    }
    let one_line = draft_answer();
    let second = one_line
        .find(
            r#",
    { "lineNumber": 2"#,
        )
        .expect("a second line");
    let end = one_line[second..].find("} }").expect("its end") + second + 3;
    let found = create(&format!("{}{}", &one_line[..second], &one_line[end..])).expect("the document exists");
    assert_eq!(found.differences, [crate::ports::Difference::new("lines", 2, 1)]);
}

#[test]
fn what_a_write_came_to_is_unknown_when_its_answer_cannot_be_read() {
    for answer in ["", "<html>", "{}", r#"{"collection":[]}"#, &draft_answer().replace("30077", "0")] {
        assert!(matches!(create(answer), Err(Failure::Unknown { .. })), "{answer}");
    }
}

#[test]
fn sums_with_more_than_two_decimals_are_rounding_or_a_difference() {
    let found = create(&draft_answer().replace("39.600000", "39.604999")).expect("made");
    assert_eq!((found.totals.vat, found.differences.len()), (kroner("39.60"), 0));
    // A currency that is charged without decimals is reckoned with two by the ledger, like every other.
    let mut wanted = document(DocumentKind::BookedInvoice);
    wanted.currency = "ISK".parse().expect("krona");
    let isk = |amount: &str| Money::parse(amount, wanted.currency).expect("amount");
    wanted.expected = Totals { net: isk("158.40"), vat: isk("39.60"), gross: isk("198") };
    let answer = draft_answer().replace("DKK", "ISK");
    let script = Script::new(vec![step("POST /invoices/drafts", 201, &answer)]);
    let found = run(documents::create(&script, &key(Effect::Document), &wanted, 5001)).expect("made");
    assert_eq!((found.totals, found.differences.len()), (wanted.expected, 0));
}

#[test]
fn a_reference_is_looked_for_in_the_order_in_which_documents_move() {
    let filter = format!("?filter=references.other$eq:{}", reference());
    let mut other_case = draft_answer().replace("30077", "30078");
    other_case = other_case.replace(&reference(), &reference().to_uppercase());
    let booked = draft_answer()
        .replace("\"draftInvoiceNumber\": 30077", "\"bookedInvoiceNumber\": 12, \"orderNumber\": 3");
    let mut steps: Vec<_> =
        ORDER_PLACES.iter().map(|place| step(&format!("GET {place}{filter}"), 200, &page(&[]))).collect();
    steps.push(step(&format!("GET /invoices/drafts{filter}"), 200, &page(&[&other_case, &draft_answer()])));
    steps.push(step(&format!("GET /invoices/booked{filter}"), 200, &page(&[&booked])));
    let script = Script::new(steps);
    let found = run(documents::find(&script, &reference())).expect("found");
    let found: Vec<_> = found.iter().map(|document| (document.kind, document.number)).collect();
    assert_eq!(found, [(DocumentKind::BookedInvoice, 12), (DocumentKind::DraftInvoice, 30077)]);
    script.finish();
}

#[test]
fn an_agreement_without_orders_holds_none_and_other_troubles_are_not_passed_over() {
    let filter = "?filter=references.other$eq:1001$,$(x$)";
    for (status, body) in [
        (404, fixture("not-found.json")),
        (403, "{}".to_owned()),
        (403, r#"{"errorCode":"AccessDeniedAgreementMissingModules"}"#.to_owned()),
    ] {
        let mut steps: Vec<_> =
            ORDER_PLACES.iter().map(|place| step(&format!("GET {place}{filter}"), status, &body)).collect();
        steps.push(step(&format!("GET /invoices/drafts{filter}"), 200, &page(&[])));
        steps.push(step(&format!("GET /invoices/booked{filter}"), 200, &page(&[])));
        let script = Script::new(steps);
        assert_eq!(run(documents::find(&script, "1001,(x)")).expect("nothing there"), []);
        script.finish();
    }
    let page_of_a_proxy = "<html><body>Just a moment</body></html>";
    for (status, body) in
        [(401, "{}"), (429, "{}"), (500, "{}"), (400, "{}"), (403, page_of_a_proxy), (404, page_of_a_proxy)]
    {
        let script = Script::new(vec![step(&format!("GET /orders/drafts{filter}"), status, body)]);
        assert!(run(documents::find(&script, "1001,(x)")).is_err(), "{status}");
        script.finish();
    }
    let script = Script::new(Vec::new());
    assert_eq!(
        refusal(run(documents::find(&script, ""))).0,
        "limit",
        "an empty reference would match everything"
    );
    script.finish();
}

#[test]
fn a_draft_that_a_person_edited_is_found_by_customer_date_and_key() {
    let filter = "?filter=customer.customerNumber$eq:5001$and:date$eq:2026-11-20";
    let key = key(Effect::Document);
    let edited = draft_answer()
        .replace(&reference(), "Ring til Jens")
        .replace("Tak for handlen", &format!("ref. {}", key.as_str().to_uppercase()));
    let foreign = draft_answer().replace(&reference(), "1001").replace("30077", "30079");
    let mut steps: Vec<_> =
        ORDER_PLACES.iter().map(|place| step(&format!("GET {place}{filter}"), 200, &page(&[]))).collect();
    steps.push(step(&format!("GET /invoices/drafts{filter}"), 200, &page(&[&foreign, &edited])));
    steps.push(step(&format!("GET /invoices/booked{filter}"), 200, &page(&[])));
    let script = Script::new(steps);
    let date = "2026-11-20".parse().expect("a date");
    let found = run(documents::find_edited(&script, 5001, date, &key)).expect("found");
    assert_eq!(found.iter().map(|document| document.number).collect::<Vec<_>>(), [30077]);
    assert_eq!(found[0].reference, "Ring til Jens");
    script.finish();
}

#[test]
fn a_draft_is_booked_and_sent_as_asked() {
    let answer = draft_answer().replace("draftInvoiceNumber\": 30077", "bookedInvoiceNumber\": 4711");
    for (send, word) in [(SendBy::Nothing, "none"), (SendBy::Email, "Email"), (SendBy::Ean, "EAN")] {
        let script = Script::new(vec![step("POST /invoices/booked", 201, &answer)]);
        let booked = run(documents::book(&script, &key(Effect::Booking), 30077, send)).expect("booked");
        assert_eq!((booked.kind, booked.number), (DocumentKind::BookedInvoice, 4711));
        let body = script.finish().remove(0).body.expect("a body");
        assert_eq!(body, format!(r#"{{"draftInvoice":{{"draftInvoiceNumber":30077}},"sendBy":"{word}"}}"#));
    }
    let script = Script::new(Vec::new());
    assert_eq!(
        refusal(run(documents::book(&script, &key(Effect::Booking), 0, SendBy::Nothing))).0,
        "no-number"
    );
    script.finish();
}

#[test]
fn a_draft_is_replaced_only_while_it_stands_and_is_ours() {
    let path = "/invoices/drafts/30077";
    let wanted = document(DocumentKind::DraftInvoice);
    let update = |steps| {
        let script = Script::new(steps);
        let result = run(documents::update(&script, &key(Effect::Amendment), 30077, &wanted, 5001));
        script.finish();
        result
    };
    let get = |status, body: &str| step(&format!("GET {path}"), status, body);
    let put = |status| step(&format!("PUT {path}"), status, &draft_answer());

    let replaced = update(vec![get(200, &draft_answer()), put(200)]).expect("replaced");
    assert_eq!(replaced.differences, []);
    // The PUT is an upsert: what was booked a moment before would come to life again.
    assert_eq!(refusal(update(vec![get(404, &fixture("not-found.json"))])).0, "gone");
    let raced = update(vec![get(200, &draft_answer()), put(201)]).expect("made anew");
    assert_eq!(raced.differences[0].field, "draft");
    let foreign = draft_answer().replace(&reference(), "2002 aaaaaaaaaaaaaaaa");
    assert_eq!(refusal(update(vec![get(200, &foreign)])).0, "not-ours");
}

#[test]
fn no_path_is_made_without_a_number() {
    let script = Script::new(Vec::new());
    let wanted = document(DocumentKind::DraftInvoice);
    assert_eq!(
        refusal(run(documents::update(&script, &key(Effect::Amendment), 0, &wanted, 5001))).0,
        "no-number"
    );
    assert_eq!(refusal(run(documents::pdf(&script, DocumentKind::BookedInvoice, 0))).0, "no-number");
    assert_eq!(refusal(run(documents::create(&script, &key(Effect::Document), &wanted, 0))).0, "limit");
    script.finish();
}

#[test]
fn the_days_invoices_are_those_with_a_key_of_ours() {
    let booked = |number: u32, reference: &str| {
        draft_answer()
            .replace("\"draftInvoiceNumber\": 30077", &format!("\"bookedInvoiceNumber\": {number}"))
            .replace(&super::reference(), reference)
    };
    let items = [
        booked(1, &reference()),
        booked(2, "1001"),
        booked(3, "An Important Customer"),
        booked(4, "1003 (abcdefghij234567)"),
    ];
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let script =
        Script::new(vec![step("GET /invoices/booked?filter=date$eq:2026-11-20", 200, &page(&items))]);
    let found = run(documents::booked_on(&script, "2026-11-20".parse().expect("a date"))).expect("read");
    assert_eq!(found.iter().map(|document| document.number).collect::<Vec<_>>(), [1, 4]);
    script.finish();
}

#[test]
fn collections_are_read_to_their_end_and_no_further_than_a_bound() {
    let item = draft_answer();
    let full: Vec<&str> = (0..1000).map(|_| item.as_str()).collect();
    let full = page(&full);
    let script = Script::new(vec![
        step(
            "GET /invoices/booked?filter=date$eq:2026-11-20",
            200,
            &full.replace("draftInvoice", "bookedInvoice"),
        ),
        step("GET /invoices/booked?skippages=1&filter=date$eq:2026-11-20", 200, &page(&[])),
    ]);
    let found = run(documents::booked_on(&script, "2026-11-20".parse().expect("a date"))).expect("read");
    assert_eq!(found.len(), 1000);
    script.finish();
}

#[test]
fn a_pdf_is_a_pdf_of_the_document_where_it_stands() {
    let gone = || fixture("not-found.json");
    let script = Script::new(vec![
        step("GET /invoices/booked/12/pdf", 200, "%PDF-1.4 ..."),
        step("GET /invoices/booked/12/pdf", 200, "<html>"),
        step("GET /invoices/booked/12/pdf", 404, &gone()),
        step("GET /invoices/booked/12/pdf", 500, "{}"),
        step("GET /invoices/drafts/7/pdf", 200, "%PDF-1.4 draft"),
        step("GET /invoices/drafts/7/pdf", 404, &gone()),
        step("GET /orders/drafts/3/pdf", 404, &gone()),
        step("GET /orders/sent/3/pdf", 200, "%PDF-1.4 order"),
    ]);
    let ask = |kind, number| run(documents::pdf(&script, kind, number));
    assert_eq!(ask(DocumentKind::BookedCreditNote, 12).expect("a PDF"), b"%PDF-1.4 ...");
    assert_eq!(refusal(ask(DocumentKind::BookedInvoice, 12)).0, "unreadable");
    assert_eq!(refusal(ask(DocumentKind::BookedInvoice, 12)).0, "gone");
    assert!(!matches!(ask(DocumentKind::BookedInvoice, 12), Ok(_) | Err(Failure::Rejected { .. })));
    assert_eq!(ask(DocumentKind::DraftCreditNote, 7).expect("a PDF"), b"%PDF-1.4 draft");
    let (code, message) = refusal(ask(DocumentKind::DraftInvoice, 7));
    assert!(code == "gone" && message.contains("booked or deleted"), "{message}");
    assert_eq!(ask(DocumentKind::Order, 3).expect("a PDF"), b"%PDF-1.4 order");
    script.finish();
}
