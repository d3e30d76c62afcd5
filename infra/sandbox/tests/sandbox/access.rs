//! Tokens, the call budget and idempotency keys.

use crate::support::{Bench, economic, invoice, line};
use sandbox::{Delivery, Request};

#[test]
fn wrong_or_missing_tokens_open_nothing() {
    let mut bench = Bench::new();
    let bare = Request::new("GET", "/economic/rest/self");
    let half = bare.clone().with_header("X-AppSecretToken", sandbox::demo::APP_SECRET_TOKEN);
    let wrong = half.clone().with_header("X-AgreementGrantToken", "another");
    for request in [bare, half, wrong] {
        assert_eq!(bench.send(&request).status, 401);
    }
    let lower = Request::new("GET", "/economic/rest/self")
        .with_header("x-appsecrettoken", sandbox::demo::APP_SECRET_TOKEN)
        .with_header("x-agreementgranttoken", sandbox::demo::AGREEMENT_GRANT_TOKEN);
    assert_eq!(bench.send(&lower).status, 200, "header names have no case");
}

#[test]
fn an_agreement_never_answers_for_another() {
    let mut bench = Bench::new();
    let mut other = sandbox::demo::agreement();
    other.agreement_grant_token = "other-grant".to_string();
    other.company = "Other".to_string();
    bench.world.agreements.insert("other".to_string(), other);
    bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    let request = Request::new("GET", "/economic/rest/invoices/drafts")
        .with_header("X-AppSecretToken", sandbox::demo::APP_SECRET_TOKEN)
        .with_header("X-AgreementGrantToken", "other-grant");
    assert_eq!(crate::support::results(&bench.send(&request)), 0);
}

#[test]
fn the_bucket_drains_with_time() {
    let mut bench = Bench::new();
    bench.agreement().bucket.limit = 6;
    assert_eq!(bench.get("customers").status, 200);
    assert_eq!(bench.get("customers").status, 200);
    let refused = bench.get("customers");
    let seconds: i64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert_eq!((refused.status, seconds), (429, 30));
    bench.later(seconds - 1);
    assert_eq!(bench.get("customers").status, 429);
    bench.later(1);
    assert_eq!(bench.get("customers").status, 200, "exactly when it said");
    assert_eq!(bench.agreement().bucket.calls_today, 5);
}

#[test]
fn a_key_is_known_for_an_hour_and_only_for_writes_that_succeeded() {
    let mut bench = Bench::new();
    let keyed = |method: &str, path: &str| economic(method, path).with_header("Idempotency-Key", "key");
    let create = keyed("POST", "/economic/rest/invoices/drafts")
        .with_json(&invoice(vec![line("MUG-11", "1", "1.00")]));
    let wrong = keyed("POST", "/economic/rest/invoices/drafts")
        .with_json(&invoice(vec![line("NO-SUCH", "1", "1.00")]));
    assert_eq!(bench.send(&wrong).status, 400);
    let first = bench.send(&create);
    assert_eq!(first.status, 201, "an error is not remembered");
    bench.later(3599);
    let second = bench.send(&create);
    assert_eq!(second.header("X-ResultFromCache"), Some("true"));
    assert_eq!(second.body, first.body);
    let read = bench.send(&keyed("GET", "/economic/rest/invoices/drafts"));
    assert_eq!(read.header("X-ResultFromCache"), None, "reads are never replayed");
    bench.later(1);
    assert_eq!(bench.send(&create).header("X-ResultFromCache"), None);
    assert_eq!(bench.agreement().drafts.len(), 2, "after an hour the same request makes another draft");
}

#[test]
fn a_repeated_delete_is_replayed_with_a_key_and_404_without() {
    let mut bench = Bench::new();
    bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    let delete = economic("DELETE", "/economic/rest/invoices/drafts/1").with_header("Idempotency-Key", "d");
    assert_eq!(bench.send(&delete).status, 200);
    assert_eq!(bench.send(&delete).header("X-ResultFromCache"), Some("true"));
    assert_eq!(bench.rest("DELETE", "invoices/drafts/1", None).status, 404);
}

#[test]
fn paths_outside_the_stand_ins_are_404() {
    let mut bench = Bench::new();
    for path in [
        "/",
        "/nothing",
        "/woocommerce/none/wp-json/wc/v3/orders",
        "/shopify/none/admin/api/2026-01/graphql.json",
    ] {
        let Delivery::Answer(answer) = bench.world.handle(bench.now, &Request::new("GET", path)) else {
            panic!("an answer")
        };
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(bench.get("no/such/thing").status, 404);
    assert_eq!(bench.api("GET", "nosuchapi/v1.0.0/things", None).status, 404);
}
