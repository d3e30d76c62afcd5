//! A small bench: a world at a fixed time, and short words for the calls that the tests make.

use jiff::Timestamp;
use sandbox::demo;
use sandbox::economic::Quirk;
use sandbox::{Agreement, Json, Request, Response, World, object};
use std::path::PathBuf;

/// The moment at which most tests take place.
pub(crate) const NOW: &str = "2026-11-23T12:00:00Z";

/// A world with an agreement in which the captured orders can be booked.
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let mut world = demo::world();
        world.agreements.insert(demo::AGREEMENT.to_string(), demo::agreement_for_captures());
        Bench { world, now: NOW.parse().unwrap() }
    }

    /// The same with one quirk switched off.
    pub(crate) fn without(quirk: Quirk) -> Bench {
        let mut bench = Bench::new();
        bench.agreement().quirks.switch_off(quirk);
        bench
    }

    pub(crate) fn agreement(&mut self) -> &mut Agreement {
        self.world.agreements.get_mut(demo::AGREEMENT).unwrap()
    }

    pub(crate) fn later(&mut self, seconds: i64) {
        self.now = self.now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
    }

    pub(crate) fn send(&mut self, request: &Request) -> Response {
        self.world.handle(self.now, request).answer().expect("an answer")
    }

    pub(crate) fn rest(&mut self, method: &str, path: &str, body: Option<Json>) -> Response {
        let request = economic(method, &format!("/economic/rest/{path}"));
        self.send(&match body {
            Some(body) => request.with_json(&body),
            None => request,
        })
    }

    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.rest("GET", path, None)
    }

    pub(crate) fn post(&mut self, path: &str, body: Json) -> Response {
        self.rest("POST", path, Some(body))
    }

    pub(crate) fn put(&mut self, path: &str, body: Json) -> Response {
        self.rest("PUT", path, Some(body))
    }

    pub(crate) fn api(&mut self, method: &str, path: &str, body: Option<Json>) -> Response {
        let request = economic(method, &format!("/economic/apis/{path}"));
        self.send(&match body {
            Some(body) => request.with_json(&body),
            None => request,
        })
    }

    /// Puts a PDF on a voucher, with more fields of the form.
    pub(crate) fn attach(&mut self, voucher: u32, year: &str, more: &[(&str, &str)]) -> Response {
        let mut body = String::new();
        let number = voucher.to_string();
        for (name, value) in [("VoucherNumber", number.as_str()), ("AccountingYear", year)].iter().chain(more)
        {
            body.push_str(&format!(
                "--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(
            "--cut\r\nContent-Disposition: form-data; name=\"File\"; filename=\"a.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\n%PDF-1.7\r\n--cut--\r\n",
        );
        let request = economic("POST", "/economic/apis/documentsapi/v4.0.1/AttachedDocuments")
            .with_header("Content-Type", "multipart/form-data; boundary=cut")
            .with_body(body);
        self.send(&request)
    }

    /// Creates a draft and gives its number.
    pub(crate) fn draft(&mut self, body: Json) -> i64 {
        let answer = self.post("invoices/drafts", body);
        assert!(answer.is_success(), "{}", answer.body_json());
        answer.body_json().integer("draftInvoiceNumber").unwrap()
    }

    /// Creates a draft, books it and gives the booked invoice.
    pub(crate) fn book(&mut self, body: Json) -> Json {
        let number = self.draft(body);
        let answer = self.post("invoices/booked", booking(number));
        assert!(answer.is_success(), "{}", answer.body_json());
        answer.body_json()
    }
}

/// A request to e-conomic with the demo tokens.
pub(crate) fn economic(method: &str, target: &str) -> Request {
    Request::new(method, target)
        .with_header("X-AppSecretToken", demo::APP_SECRET_TOKEN)
        .with_header("X-AgreementGrantToken", demo::AGREEMENT_GRANT_TOKEN)
}

/// The body that books a draft.
pub(crate) fn booking(draft: i64) -> Json {
    object! { "draftInvoice": object! { "draftInvoiceNumber": draft } }
}

/// A line: product, quantity, net price of a unit.
pub(crate) fn line(product: &str, quantity: &str, price: &str) -> Json {
    object! {
        "product": object! { "productNumber": product }, "description": product,
        "quantity": Json::Number(quantity.to_string()), "unitNetPrice": Json::Number(price.to_string()),
    }
}

/// A draft to the collective customer, net 8 days, with these lines.
pub(crate) fn invoice(lines: Vec<Json>) -> Json {
    object! {
        "date": "2026-11-20", "currency": "DKK", "layout": object! { "layoutNumber": 19 },
        "paymentTerms": object! { "paymentTermsNumber": 1 }, "customer": object! { "customerNumber": 1000 },
        "recipient": object! { "name": "Jens Hansen", "vatZone": object! { "vatZoneNumber": 1 } },
        "references": object! { "other": "1001 k-1" }, "lines": lines,
    }
}

/// The same body with one field replaced.
pub(crate) fn with(mut body: Json, field: &str, value: impl Into<Json>) -> Json {
    body.set(field, value);
    body
}

/// The codes of all errors in an answer, in any depth.
pub(crate) fn codes(answer: &Response) -> Vec<String> {
    fn collect(json: &Json, codes: &mut Vec<String>) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| collect(item, codes)),
            Json::Object(fields) => {
                for (name, value) in fields {
                    if let ("errorCode", Some(code)) = (name.as_str(), value.as_text()) {
                        codes.push(code.to_string());
                    }
                    collect(value, codes);
                }
            }
            _ => {}
        }
    }
    let mut codes_found = Vec::new();
    collect(&answer.body_json(), &mut codes_found);
    codes_found
}

/// How many items a collection answered with.
pub(crate) fn results(answer: &Response) -> i64 {
    assert_eq!(answer.status, 200, "{}", answer.body_json());
    answer.body_json().integer("pagination.results").unwrap()
}

/// A path in the contracts, or nothing, loudly, when they are not here. In CI they must be.
pub(crate) fn contracts(path: &str) -> Option<PathBuf> {
    match std::env::var("BOGBRO_CONTRACTS") {
        Ok(root) => Some(PathBuf::from(root).join(path)),
        Err(_) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "BOGBRO_CONTRACTS must be set in CI");
            eprintln!("SKIPPED: BOGBRO_CONTRACTS is not set, so {path} was not read");
            None
        }
    }
}
