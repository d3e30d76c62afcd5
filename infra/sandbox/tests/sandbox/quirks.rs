//! Each quirk of the live server: how it shows when it is on, and that it does not when it is off.

use crate::support::{Bench, booking, codes, economic, invoice, line, with};
use sandbox::economic::Quirk;
use sandbox::{Agreement, Json, Response, object};

fn goods() -> Vec<Json> {
    vec![line("MUG-11", "1", "1.00")]
}

fn customer() -> Json {
    object! {
        "name": "K", "currency": "DKK", "vatZone": object! { "vatZoneNumber": 1 }, "city": "Ribe",
        "customerGroup": object! { "customerGroupNumber": 1 }, "paymentTerms": object! { "paymentTermsNumber": 1 },
    }
}

fn term(number: i64) -> Json {
    object! { "paymentTermsNumber": number }
}

fn entry(bench: &mut Bench) -> i64 {
    let body = object! {
        "amount": 100, "currency": "DKK", "date": "2026-11-20T00:00:00Z", "entryTypeNumber": 5, "journalNumber": 1,
        "accountNumber": 2950, "contraAccountNumber": 5820,
    };
    let answer = bench.api("POST", "journalsapi/v15.0.0/draft-entries", Some(body));
    answer.body_json().integer("entryNumber").unwrap_or_else(|| panic!("{}", answer.body_json()))
}

const BULK: &str = "journalsapi/v15.0.0/draft-entries/bulk";

fn draft_entry(account: i64, voucher: i64) -> Json {
    object! {
        "amount": 100, "currency": "DKK", "date": "2026-11-20T00:00:00Z", "entryTypeNumber": 5, "journalNumber": 3,
        "accountNumber": account, "voucherNumber": voucher,
    }
}

fn change_entry(bench: &mut Bench, number: i64) -> Response {
    let body = object! {
        "entryNumber": number, "amount": 200, "currency": "DKK", "date": "2026-11-20T00:00:00Z", "entryTypeNumber": 5,
        "journalNumber": 1, "accountNumber": 2950, "contraAccountNumber": 5820,
    };
    bench.api("PUT", "journalsapi/v15.0.0/draft-entries", Some(body))
}

fn empty_bucket(bench: &mut Bench) -> Response {
    bench.agreement().bucket.limit = 5;
    bench.get("customers");
    bench.get("customers")
}

fn demo_write(bench: &mut Bench, method: &str) -> Response {
    let agreement: &mut Agreement = bench.agreement();
    agreement.app_secret_token = "demo".to_string();
    agreement.agreement_grant_token = "demo".to_string();
    let request = sandbox::Request::new(method, "/economic/rest/customers")
        .with_header("X-AppSecretToken", "demo")
        .with_header("X-AgreementGrantToken", "demo")
        .with_json(&customer());
    bench.send(&request)
}

fn twice_with_one_key(bench: &mut Bench) -> (Response, usize) {
    let request = economic("POST", "/economic/rest/invoices/drafts")
        .with_header("Idempotency-Key", "k")
        .with_json(&invoice(goods()));
    bench.send(&request);
    let second = bench.send(&request);
    (second, bench.agreement().drafts.len())
}

/// How a quirk shows: true when the bench behaves like the live server.
fn shows(quirk: Quirk, bench: &mut Bench) -> bool {
    match quirk {
        Quirk::RevokedGrantAnswers401 => {
            bench.agreement().revoked = true;
            bench.get("self").status == 401
        }
        Quirk::DemoIsReadOnly => {
            demo_write(bench, "POST").status == 403 && demo_write(bench, "GET").status == 200
        }
        Quirk::RateHeaders => {
            let answer = bench.get("customers");
            answer.header("X-CallCost") == Some("3")
                && answer.header("X-RateLimiting") == Some("token-limit-10000-per-60-seconds: 3/10000")
        }
        Quirk::EmptyBucketTellsRetryAfter => {
            let answer = empty_bucket(bench);
            assert_eq!(answer.status, 429);
            answer.header("Retry-After") == Some("12")
        }
        Quirk::PageSizeLimit => codes(&bench.get("customers?pagesize=1001")) == ["E04810"],
        Quirk::PastTheEndIsEmpty => {
            let answer = bench.get("customers?skippages=9");
            answer.status == 200 && answer.body_json().items("collection").is_empty()
        }
        Quirk::CursorIgnoresSort => {
            entry(bench);
            entry(bench);
            let answer =
                bench.api("GET", "journalsapi/v15.0.0/draft-entries?sort=-entryNumber", None).body_json();
            answer.items("items")[0].integer("entryNumber") == Some(1)
        }
        Quirk::EscapedBracketsMatchNothing => {
            bench.agreement().add_customer(2000, "x[1]", 1, 1);
            let answer = bench.get("customers?filter=name$eq:x$[1$]").body_json();
            answer.items("collection").is_empty()
        }
        Quirk::UnescapedFilterCharactersAreRefused => {
            let statuses = ["name$eq:a$b", "name$eq:a)"]
                .map(|filter| bench.get(&format!("customers?filter={filter}")).status);
            statuses == [400, 400]
        }
        Quirk::UnknownFieldsAreIgnored => {
            let body = with(with(customer(), "emial", "a@b.dk"), "balance", 999);
            let answer = bench.post("customers", body);
            answer.status == 201
                && answer.body_json().decimal("balance").is_some_and(|balance| balance.is_zero())
        }
        Quirk::NullIsRefused => {
            bench.post("customers", with(customer(), "address", Json::Null)).status == 400
        }
        Quirk::ZeroIsRefused => bench.post("customers", with(customer(), "customerNumber", 0)).status == 400,
        Quirk::SelfStandsForNumber => {
            let zone = object! { "self": "https://restapi.e-conomic.com/vat-zones/1" };
            bench.post("customers", with(customer(), "vatZone", zone)).status == 201
        }
        Quirk::PutUpserts => {
            bench.put("customers/4711", customer()).status == 201 && bench.get("customers/4711").status == 200
        }
        Quirk::PutReplaces => {
            bench.post("customers", with(customer(), "customerNumber", 4711));
            let mut shorter = customer();
            shorter.remove("city");
            bench.put("customers/4711", shorter).body_json().get("city").is_none()
        }
        Quirk::ObjectVersionIsRequired => {
            let number = entry(bench);
            let answer = change_entry(bench, number);
            answer.status == 409 && codes(&answer) == ["UpdateConflict"]
        }
        Quirk::IdempotencyReplays => {
            let (answer, drafts) = twice_with_one_key(bench);
            drafts == 1 && answer.header("X-ResultFromCache") == Some("true") && answer.status == 201
        }
        Quirk::NetTermsIgnoreDueDate => {
            let draft =
                bench.post("invoices/drafts", with(invoice(goods()), "dueDate", "2027-01-01")).body_json();
            draft.text("dueDate") == Some("2026-11-28")
        }
        Quirk::DueDateTermsNeedDueDate => {
            codes(&bench.post("invoices/drafts", with(invoice(goods()), "paymentTerms", term(7))))
                == ["E04042"]
        }
        Quirk::DueDatesBeforeTheDocumentAreRefused => {
            let due = |day: &str| with(with(invoice(goods()), "paymentTerms", term(7)), "dueDate", day);
            let taken = bench.post("invoices/drafts", due("2026-11-20"));
            assert_eq!(taken.status, 201, "on the document's own day at the earliest");
            codes(&bench.post("invoices/drafts", due("2026-11-19"))) == ["E04760"]
        }
        Quirk::InventoryIsNotFilterable => bench.get("products?filter=inventory.inStock$gt:0").status == 400,
        Quirk::PNumberIsFilterable => bench.get("customers?filter=pNumber$eq:1234567890").status == 200,
        Quirk::PostAnswers201 => {
            let answer = bench.post("customers", with(customer(), "customerNumber", 4711));
            answer.status == 201
                && answer.header("Location") == Some("https://restapi.e-conomic.com/customers/4711")
        }
        Quirk::LastUpdatedIsTimestamp => {
            bench.post("customers", customer()).body_json().text("lastUpdated")
                == Some("2026-11-23T12:00:00Z")
        }
        Quirk::CustomerNumbersAreReused => {
            let mut make = || bench.post("customers", customer()).body_json().integer("customerNumber");
            let first = make();
            bench.rest("DELETE", &format!("customers/{}", first.unwrap()), None);
            bench.post("customers", customer()).body_json().integer("customerNumber") == first
        }
        Quirk::DeleteWithoutIdDeletesAll => {
            bench.draft(invoice(goods()));
            bench.draft(invoice(goods()));
            bench.rest("DELETE", "invoices/drafts", None).status == 200 && bench.agreement().drafts.is_empty()
        }
        Quirk::OrdersByPaymentTermsFail => {
            let filter = "filter=paymentTerms.paymentTermsNumber$eq:1";
            assert_eq!(bench.get(&format!("invoices/drafts?{filter}")).status, 200);
            bench.get(&format!("orders/drafts?{filter}")).status == 500
        }
        Quirk::JournalFiltersFail => {
            bench.api("GET", "journalsapi/v15.0.0/journals?filter=name$eq:Daglig", None).status == 500
        }
        Quirk::DeleteDraftAnswers200 => {
            let draft = bench.draft(invoice(goods()));
            let answer = bench.rest("DELETE", &format!("invoices/drafts/{draft}"), None);
            answer.status == 200 && !answer.body.is_empty()
        }
        Quirk::CollectionsOmitLines => {
            let draft = bench.draft(invoice(goods()));
            let listed = bench.get("invoices/drafts").body_json();
            assert_eq!(bench.get(&format!("invoices/drafts/{draft}")).body_json().items("lines").len(), 1);
            listed.items("collection")[0].get("lines").is_none()
        }
        Quirk::VoucherAnswersArray => {
            let finance = object! {
                "amount": 10, "date": "2026-11-20", "account": object! { "accountNumber": 2950 },
                "contraAccount": object! { "accountNumber": 5820 },
            };
            let body = object! {
                "accountingYear": object! { "year": "2026" }, "entries": object! { "financeVouchers": vec![finance] },
            };
            let answer = bench.post("journals/1/vouchers", body);
            assert_eq!(answer.status, 201, "{}", answer.body_json());
            matches!(answer.body_json(), Json::Array(_))
        }
        Quirk::EnumerationsAreCaseSensitive => {
            let draft = bench.draft(invoice(goods()));
            bench.post("invoices/booked", with(booking(draft), "sendBy", "NONE")).status == 400
        }
        Quirk::BulkIsAllOrNothing => {
            let entries = vec![draft_entry(2950, 30_001), draft_entry(9, 30_001)];
            bench.api("POST", BULK, Some(object! { "entries": entries }));
            bench.agreement().draft_entries.is_empty()
        }
        Quirk::OmittedVoucherNumbersAreMade => {
            let mut entry = draft_entry(2950, 1);
            entry.remove("voucherNumber");
            bench.api("POST", BULK, Some(object! { "entries": vec![entry.clone(), entry] }));
            let made: Vec<u32> = bench.agreement().draft_entries.values().map(|made| made.voucher).collect();
            made == [30_000, 30_000]
        }
        Quirk::JournalsSetTheContraAccountOfCustomers => {
            let entry = object! {
                "amount": -125, "currency": "DKK", "date": "2026-11-20T00:00:00Z", "entryTypeNumber": 2,
                "journalNumber": 2, "customerNumber": 1000, "voucherNumber": 20_001,
            };
            bench.api("POST", BULK, Some(object! { "entries": vec![entry] }));
            bench.agreement().draft_entries[&1].contra_account == Some(5820)
        }
        Quirk::SecondFilesAreMerged => {
            bench.api("POST", BULK, Some(object! { "entries": vec![draft_entry(2950, 30_001)] }));
            let statuses = [(); 2].map(|()| bench.attach(30_001, "2026", &[]).status);
            assert_eq!(statuses[0], 201);
            statuses[1] == 201 && bench.agreement().attached[&1].merged == 2
        }
    }
}

#[test]
fn each_quirk_shows_when_it_is_on() {
    for quirk in Quirk::ALL {
        assert!(shows(*quirk, &mut Bench::new()), "{quirk:?} is on and does not show");
    }
}

#[test]
fn each_quirk_is_gone_when_it_is_off() {
    for quirk in Quirk::ALL {
        assert!(!shows(*quirk, &mut Bench::without(*quirk)), "{quirk:?} is off and still shows");
    }
}
