//! Each kind of fault: what the caller sees, and whether the books changed.

use crate::support::{Bench, booking, economic, invoice, line, results};
use sandbox::{Delivery, Fault, Operation, Request, Rule, System, World, Wrong};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn create() -> Request {
    economic("POST", "/economic/rest/invoices/drafts")
        .with_json(&invoice(vec![line("MUG-11", "1", "100.00")]))
}

fn struck(fault: Fault) -> (Bench, Delivery) {
    let mut bench = Bench::new();
    let delivery = bench.world.handle_with(bench.now, &create(), |_| Some(fault));
    (bench, delivery)
}

#[test]
fn every_fault_does_what_its_name_says() {
    for fault in Fault::samples() {
        let (mut bench, delivery) = struck(fault.clone());
        let drafts = bench.agreement().drafts.len();
        assert_eq!(drafts, usize::from(fault.applies()), "{fault:?}");
        match (&fault, &delivery) {
            (Fault::TimeoutBefore | Fault::TimeoutAfter | Fault::LateArrival(_), Delivery::Timeout) => {}
            (Fault::ResetBefore | Fault::ResetAfter, Delivery::Reset) => {}
            (Fault::FailBefore(status) | Fault::FailAfter(status), Delivery::Answer(answer)) => {
                assert_eq!(answer.status, *status)
            }
            (Fault::TooManyRequests(seconds), Delivery::Answer(answer)) => {
                assert_eq!(answer.status, 429);
                assert_eq!(
                    answer.header("retry-after").map(str::to_string),
                    seconds.map(|seconds| seconds.to_string())
                );
            }
            (Fault::Unauthorized, Delivery::Answer(answer)) => assert_eq!(answer.status, 401),
            (Fault::WrongAnswer(wrong), Delivery::Answer(answer)) => {
                let body = answer.body_json();
                let told = (
                    body.decimal("grossAmount").unwrap().to_string(),
                    body.text("currency").unwrap(),
                    body.integer("customer.customerNumber"),
                );
                let expected = match wrong {
                    Wrong::Amount => ("126.00".to_string(), "DKK", Some(1000)),
                    Wrong::Currency => ("125.00".to_string(), "EUR", Some(1000)),
                    Wrong::Customer => ("125.00".to_string(), "DKK", Some(1001)),
                };
                assert_eq!(told, expected);
            }
            (Fault::MalformedJson, Delivery::Answer(answer)) => {
                assert_eq!(answer.status, 201);
                assert!(sandbox::Json::parse(&answer.body).is_err());
            }
            (Fault::HtmlPage { status, .. }, Delivery::Answer(answer)) => {
                assert_eq!(answer.status, *status);
                assert!(answer.header("content-type").unwrap().starts_with("text/html"));
            }
            (Fault::Redirect, Delivery::Answer(answer)) => {
                assert_eq!(
                    (answer.status, answer.header("location")),
                    (302, Some("https://elsewhere.example/"))
                );
            }
            (Fault::HugeBody(bytes), Delivery::Answer(answer)) => assert_eq!(answer.body.len(), *bytes),
            (Fault::LookupLag(_), Delivery::Answer(answer)) => assert_eq!(answer.status, 201),
            (fault, delivery) => panic!("{fault:?} gave {delivery:?}"),
        }
    }
}

#[test]
fn a_late_request_arrives_when_its_time_comes() {
    let (mut bench, delivery) = struck(Fault::LateArrival(90));
    assert_eq!(delivery, Delivery::Timeout);
    assert!(bench.world.has_late_requests());
    bench.later(89);
    assert_eq!(results(&bench.get("invoices/drafts")), 0);
    bench.later(1);
    assert_eq!(results(&bench.get("invoices/drafts")), 1);
    assert!(!bench.world.has_late_requests());
}

#[test]
fn a_late_booking_of_a_deleted_draft_does_nothing() {
    let mut bench = Bench::new();
    let draft = bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    let book = economic("POST", "/economic/rest/invoices/booked").with_json(&booking(draft));
    bench.world.handle_with(bench.now, &book, |_| Some(Fault::LateArrival(10)));
    bench.rest("DELETE", &format!("invoices/drafts/{draft}"), None);
    bench.later(10);
    assert_eq!(results(&bench.get("invoices/booked")), 0);
}

#[test]
fn a_lagging_lookup_hides_only_what_was_just_made() {
    let (mut bench, _) = struck(Fault::LookupLag(20));
    bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    let search = "invoices/drafts?filter=references.other$eq:1001%20k-1";
    assert_eq!(results(&bench.get(search)), 1, "the second is seen at once");
    bench.later(20);
    assert_eq!(results(&bench.get(search)), 2);
}

#[test]
fn a_lagging_lookup_hides_new_customers_and_products_too() {
    let mut bench = Bench::new();
    let customer = sandbox::object! {
        "name": "K", "currency": "DKK", "email": "a@b.dk", "vatZone": sandbox::object! { "vatZoneNumber": 1 },
        "customerGroup": sandbox::object! { "customerGroupNumber": 1 },
        "paymentTerms": sandbox::object! { "paymentTermsNumber": 1 },
    };
    let product = sandbox::object! {
        "productNumber": "NEW", "name": "Ny", "productGroup": sandbox::object! { "productGroupNumber": 1 },
    };
    let searches = ["customers?filter=email$eq:a@b.dk", "products?filter=productNumber$eq:NEW"];
    for (path, body) in [("customers", customer), ("products", product)] {
        let request = economic("POST", &format!("/economic/rest/{path}")).with_json(&body);
        bench.world.handle_with(bench.now, &request, |_| Some(Fault::LookupLag(20)));
    }
    assert_eq!(searches.map(|search| results(&bench.get(search))), [0, 0]);
    assert_eq!(bench.get("products/NEW").status, 200, "its own address sees it");
    bench.later(20);
    assert_eq!(searches.map(|search| results(&bench.get(search))), [1, 1]);
}

#[test]
fn an_answer_lost_after_the_work_is_replayed_under_its_key() {
    let mut bench = Bench::new();
    let request = create().with_header("Idempotency-Key", "k");
    assert_eq!(
        bench.world.handle_with(bench.now, &request, |_| Some(Fault::TimeoutAfter)),
        Delivery::Timeout
    );
    assert_eq!(bench.send(&request).header("X-ResultFromCache"), Some("true"));
    assert_eq!(bench.agreement().drafts.len(), 1);
}

#[test]
fn scripts_aim_at_classes_and_numbers() {
    let mut bench = Bench::new();
    bench.world.script.rules = vec![
        Rule { after: 1, ..Rule::once(Operation::CreateDraft, Fault::FailBefore(503)) },
        Rule { system: Some(System::Shopify), fault: Some(Fault::ResetBefore), ..Rule::default() },
        Rule { name: Some("another".into()), fault: Some(Fault::ResetBefore), ..Rule::default() },
    ];
    let statuses: Vec<u16> = (0..4).map(|_| bench.send(&create()).status).collect();
    assert_eq!(statuses, [201, 503, 201, 201]);
    assert_eq!(bench.get("invoices/drafts").status, 200);
    assert_eq!((bench.world.script.rules[0].fitted, bench.world.script.rules[0].struck), (4, 1));
    assert_eq!(bench.world.count(System::Economic, Operation::CreateDraft), 4);
    let logged = bench.world.log.iter().filter(|logged| logged.fault.is_some()).count();
    assert_eq!((bench.world.log.len(), logged), (5, 1));
}

#[test]
fn observers_see_every_request_before_it_is_handled() {
    let mut bench = Bench::new();
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    bench.world.on_request(move |occasion| {
        assert_eq!((occasion.system, occasion.name), (System::Economic, sandbox::demo::AGREEMENT));
        counter.fetch_add(1, Ordering::Relaxed);
    });
    bench.send(&create());
    bench.get("self");
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}

#[test]
fn requests_are_classed_by_what_they_are_about() {
    let cases = [
        ("GET", "/economic/rest/customers?filter=x", Operation::ReadCustomers),
        ("POST", "/economic/rest/customers", Operation::CreateCustomer),
        ("PUT", "/economic/rest/customers/1", Operation::WriteCustomer),
        ("GET", "/economic/rest/products/A", Operation::ReadProducts),
        ("POST", "/economic/rest/products", Operation::CreateProduct),
        ("GET", "/economic/rest/invoices/drafts", Operation::ReadDrafts),
        ("GET", "/economic/rest/orders/drafts/1", Operation::ReadDrafts),
        ("PUT", "/economic/rest/invoices/drafts/1", Operation::WriteDraft),
        ("DELETE", "/economic/rest/invoices/drafts/1", Operation::DeleteDraft),
        ("POST", "/economic/rest/invoices/booked", Operation::Book),
        ("PUT", "/economic/rest/invoices/booked/7", Operation::Book),
        ("GET", "/economic/rest/invoices/booked/7", Operation::ReadBooked),
        ("GET", "/economic/rest/invoices/booked/7/pdf", Operation::ReadPdf),
        ("GET", "/economic/rest/layouts", Operation::ReadMasterData),
        ("POST", "/economic/apis/journalsapi/v15.0.0/draft-entries", Operation::WriteJournal),
        ("POST", "/economic/apis/journalsapi/v15.0.0/journals/1/bookdraftentries", Operation::BookJournal),
        ("GET", "/economic/apis/documentsapi/v4.0.1/AttachedDocuments", Operation::ReadFiles),
        ("POST", "/economic/apis/documentsapi/v4.0.1/AttachedDocuments", Operation::WriteFile),
        ("GET", "/economic/apis/bookedEntriesapi/v4.0.0/booked-entries", Operation::ReadJournal),
        ("GET", "/woocommerce/a/wp-json/wc/v3/orders/7", Operation::ReadOrder),
        ("GET", "/woocommerce/a/wp-json/wc/v3/orders", Operation::ListOrders),
        ("POST", "/woocommerce/a/wp-json/wc/v3/orders/7/notes", Operation::WriteOrder),
        ("PUT", "/woocommerce/a/wp-json/wc/v3/webhooks/7", Operation::WriteWebhooks),
        ("GET", "/", Operation::Other),
    ];
    for (method, target, operation) in cases {
        assert_eq!(Operation::of(&Request::new(method, target)), operation, "{method} {target}");
    }
    for (query, operation) in [
        ("query { order(id: 1) { id } }", Operation::ReadOrder),
        ("query { orders(first: 1) { nodes { id } } }", Operation::ListOrders),
        ("mutation { tagsAdd(id: 1) { node { id } } }", Operation::WriteOrder),
        ("{ webhookSubscriptions(first: 1) { nodes { id } } }", Operation::ReadWebhooks),
    ] {
        let request = Request::new("POST", "/shopify/a/admin/api/2026-01/graphql.json")
            .with_json(&sandbox::object! { "query": query });
        assert_eq!(Operation::of(&request), operation, "{query}");
    }
}

#[test]
fn a_saved_world_goes_on_where_it_stopped() {
    let mut bench = Bench::new();
    bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    bench.book(invoice(vec![line("MUG-11", "1", "1.00")]));
    bench.world.handle_with(bench.now, &create(), |_| Some(Fault::LateArrival(10)));
    let text = bench.world.save().unwrap();
    bench.world = World::load(&text).unwrap();
    assert_eq!(bench.world.save().unwrap(), text);
    bench.later(10);
    assert_eq!(results(&bench.get("invoices/drafts")), 2);
    assert_eq!(bench.book(invoice(Vec::new())).integer("bookedInvoiceNumber"), Some(10_002));
}

#[test]
fn the_same_requests_give_the_same_world_byte_for_byte() {
    let run = || {
        let mut bench = Bench::new();
        for fault in Fault::samples().into_iter().filter(|fault| !matches!(fault, Fault::HugeBody(_))) {
            bench.world.handle_with(bench.now, &create(), |_| Some(fault));
            bench.later(7);
        }
        bench.world.save().unwrap()
    };
    assert_eq!(run(), run());
}
