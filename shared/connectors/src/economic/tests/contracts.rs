//! The vendor's samples, schemas and OpenAPI files, read from where `BOGBRO_CONTRACTS` says; none of them is part of the project.

use std::path::{Path, PathBuf};

use super::*;
use crate::economic::errors::failure;
use crate::economic::wire::{DocumentAnswer, Page};
use crate::economic::{customers, map};
use crate::http::Call;
use serde_json::Value;

/// The folder of e-conomic's contracts; `None` when they are not here (said on standard error, and a failure in CI).
pub(super) fn contracts(test: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("BOGBRO_CONTRACTS") else {
        let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!in_ci, "{test}: BOGBRO_CONTRACTS must be set in CI");
        #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
        {
            eprintln!("SKIPPED {test}: BOGBRO_CONTRACTS is not set");
        }
        return None;
    };
    let folder = PathBuf::from(folder).join("accounting/e-conomic");
    assert!(folder.is_dir(), "{} is no folder", folder.display());
    Some(folder)
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_vendors_sample_documents_are_read_to_the_øre() {
    let Some(folder) = contracts("sample documents") else { return };
    let cases = [
        ("create_draft_invoice", DocumentKind::DraftInvoice, 148, 1, "Custom reference", "0.00", "0.00"),
        ("create_booked_invoice", DocumentKind::BookedInvoice, 31, 1, "Custom reference", "10.00", "10.00"),
        ("invoice_book", DocumentKind::BookedInvoice, 10, 3128, "FM765", "60.00", "75.00"),
        ("orders_drafts_one", DocumentKind::Order, 35070, 8, "", "800.00", "1000.00"),
    ];
    for (name, kind, number, customer, reference, net, gross) in cases {
        let raw = text(&folder.join(format!("samples/{name}.json")));
        let answer: DocumentAnswer =
            serde_json::from_str(&raw).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = map::found(kind, &answer, &raw, Call::Read).expect(name);
        assert_eq!(
            (found.number, found.customer, found.reference.as_str()),
            (number, customer, reference),
            "{name}"
        );
        assert_eq!((found.totals.net, found.totals.gross), (kroner(net), kroner(gross)), "{name}");
        assert_eq!(found.differences, [], "{name}");
    }
}

#[test]
fn the_vendors_sample_customer_and_error_are_read() {
    let Some(folder) = contracts("sample customer") else { return };
    let customer = text(&folder.join("samples/create_customer.json"));
    let script = Script::new(vec![step(
        "GET /customers?filter=customerNumber$eq:974994345",
        200,
        &page(&[&customer]),
    )]);
    let known = run(customers::find(&script, "number", "974994345")).expect("read").remove(0);
    assert_eq!((known.number, known.payment_term, known.vat_zone), (974994345, 1, 1));
    let body = customers::changed_body(&known.raw, &[]).expect("a body");
    assert!(!body.contains("self") && !body.contains("balance"), "{body}");

    let body = text(&folder.join("samples/404.json")).into_bytes();
    let missing = failure(&Response { status: 404, headers: Vec::new(), body }, Call::Read);
    assert!(missing.to_string().contains("Resource not found."), "{missing}");
}

#[test]
fn the_vendors_sample_collections_are_pages() {
    let Some(folder) = contracts("sample collections") else { return };
    for (name, items) in [("vat_zones", 4), ("payment_terms", 9), ("layouts", 3), ("product_groups", 4)] {
        let page: Page =
            serde_json::from_str(&text(&folder.join(format!("samples/{name}.json")))).expect(name);
        assert_eq!(page.collection.len(), items, "{name}");
    }
}

/// A schema; two of the vendor's have trailing commas, which JSON does not know.
fn schema(folder: &Path, name: &str) -> Value {
    let raw = text(&folder.join(format!("legacy-schema/{name}.schema.json")));
    let mut clean = String::with_capacity(raw.len());
    let mut rest = raw.trim_start_matches('\u{feff}').chars().peekable();
    let mut pending: Option<String> = None;
    for character in rest.by_ref() {
        match (&mut pending, character) {
            (None, ',') => pending = Some(",".to_owned()),
            (Some(blank), character) if character.is_whitespace() => blank.push(character),
            (Some(blank), '}' | ']') => {
                clean.push_str(blank.trim_start_matches(','));
                clean.push(character);
                pending = None;
            }
            (Some(blank), ',') => {
                clean.push_str(blank);
                pending = Some(",".to_owned());
            }
            (Some(blank), character) => {
                clean.push_str(blank);
                clean.push(character);
                pending = None;
            }
            (None, character) => clean.push(character),
        }
    }
    serde_json::from_str(&clean).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_field_we_filter_by_is_filterable_in_the_vendors_schema() {
    let Some(folder) = contracts("filterable fields") else { return };
    let documents: &[&str] = &["references.other", "customer.customerNumber", "date"];
    let cases: &[(&str, &[&str])] = &[
        ("invoices.drafts.get", documents),
        ("invoices.booked.get", documents),
        ("orders.drafts.get", documents),
        ("orders.sent.get", documents),
        ("orders.archived.get", documents),
        ("products.get", &["productNumber"]),
        ("invoices.unpaid.get", &["date"]),
        ("journals.journalNumber.entries.get", &["text"]),
        (
            "customers.get",
            &[
                "email",
                "ean",
                "customerNumber",
                "telephoneAndFaxNumber",
                "mobilePhone",
                "corporateIdentificationNumber",
                "vatNumber",
            ],
        ),
    ];
    for (name, fields) in cases {
        let schema = schema(&folder, name);
        for field in *fields {
            let pointer = field.split('.').map(|part| format!("/properties/{part}")).collect::<String>();
            let items = &schema["properties"]["collection"]["items"];
            let filterable = items.pointer(&format!("{pointer}/filterable"));
            assert_eq!(filterable, Some(&Value::Bool(true)), "{name} {field}");
        }
    }
    let accounts: Value =
        serde_json::from_str(&text(&folder.join("legacy-openapi/accounts.json"))).expect("JSON");
    let years: Value =
        serde_json::from_str(&text(&folder.join("legacy-openapi/accounting-years.json"))).expect("JSON");
    let property = |document: &Value, schema: &str, field: &str| {
        document.pointer(&format!("/components/schemas/{schema}/properties/{field}/x-filterable")).cloned()
    };
    assert_eq!(property(&accounts, "Account", "accountNumber"), Some(Value::Bool(true)));
    for field in ["fromDate", "toDate"] {
        assert_eq!(property(&years, "AccountingYear", field), Some(Value::Bool(true)), "{field}");
    }
}

#[test]
fn the_openapi_services_are_called_where_they_are() {
    let Some(folder) = contracts("OpenAPI services") else { return };
    let cases = [
        (
            "AccountingYears",
            "https://apis.e-conomic.com/accountingyearsapi/v2.0.1/",
            "/accountingYears/periods",
            "AccountingYearPeriod",
        ),
        (
            "BookedEntries",
            "https://apis.e-conomic.com/bookedEntriesapi/v4.0.0/",
            "/booked-entries",
            "BookedEntry",
        ),
        ("Journals", "https://apis.e-conomic.com/journalsapi/v15.0.0/", "/draft-entries", "DraftEntry"),
        ("Journals", "https://apis.e-conomic.com/journalsapi/v15.0.0/", "/journals", "Journal"),
        ("Journals", "https://apis.e-conomic.com/journalsapi/v15.0.0/", "/journals/{number}", "Journal"),
        (
            "Documents",
            "https://apis.e-conomic.com/documentsapi/v4.0.1/",
            "/AttachedDocuments",
            "AttachedDocument",
        ),
    ];
    for (service, server, path, item) in cases {
        let document = text(&folder.join(format!("openapi/openapi-{service}.json")));
        let document: Value = serde_json::from_str(&document).expect(service);
        assert_eq!(document["servers"][0]["url"], server);
        assert!(document["paths"][path]["get"].is_object(), "{service} {path}");
        assert!(document["components"]["schemas"][item]["properties"].is_object(), "{service} {item}");
    }
    let posts = [
        ("Journals", "/draft-entries/bulk", "201"),
        ("Journals", "/journals/{journalNumber}/bookdraftentries", "204"),
        ("BookedEntries", "/booked-entries/match", "204"),
        ("Documents", "/AttachedDocuments", "201"),
    ];
    for (service, path, answer) in posts {
        let post = &service_of(&folder, service)["paths"][path]["post"];
        assert!(post["responses"][answer].is_object(), "{service} {path}");
    }
}

fn service_of(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&text(&folder.join(format!("openapi/openapi-{name}.json")))).expect(name)
}

/// Fields and the operators that they are filtered with.
type Filters = &'static [(&'static str, &'static str)];

#[test]
fn every_filter_on_an_openapi_service_is_one_that_its_document_names() {
    let Some(folder) = contracts("filters of OpenAPI services") else { return };
    let cases: &[(&str, &str, Filters)] = &[
        (
            "BookedEntries",
            "BookedEntry",
            &[
                ("text", "like"),
                ("accountNumber", "eq"),
                ("date", "gte"),
                ("date", "lt"),
                ("voucherNumber", "gte"),
                ("voucherNumber", "lte"),
                ("customerNumber", "eq"),
                ("customerInvoiceNumber", "eq"),
            ],
        ),
        (
            "Journals",
            "DraftEntry",
            &[
                ("journalNumber", "eq"),
                ("voucherNumber", "eq"),
                ("voucherNumber", "gte"),
                ("voucherNumber", "lte"),
            ],
        ),
        ("Documents", "AttachedDocument", &[("voucherNumber", "eq"), ("accountingYear", "eq")]),
    ];
    for (service, item, filters) in cases {
        let document = service_of(&folder, service);
        for (field, operator) in *filters {
            let named = &document["components"]["schemas"][item]["properties"][field]["x-filterable"];
            let named: Vec<&str> = named.as_str().unwrap_or_default().split(", ").collect();
            assert!(named.contains(operator), "{service} {field} {operator}: {named:?}");
        }
    }
    let text = &service_of(&folder, "Journals")["components"]["schemas"]["DraftEntry"]["properties"]["text"];
    assert_eq!(
        text["x-filterable"], "not filterable",
        "which is why drafts are found by number or on legacy REST"
    );
}

#[test]
fn a_file_is_sent_in_the_fields_and_within_the_size_that_the_vendor_documents() {
    let Some(folder) = contracts("files on vouchers") else { return };
    let document = service_of(&folder, "Documents");
    let create = &document["components"]["schemas"]["AttachedDocumentCreate"]["properties"];
    for field in ["File", "VoucherNumber", "AccountingYear", "Note", "OnConflict"] {
        let camel = field[..1].to_lowercase() + &field[1..];
        assert!(create[&camel].is_object(), "{field}");
    }
    let example = &document["paths"]["/AttachedDocuments"]["post"]["requestBody"]["content"];
    let example = example["multipart/form-data"]["example"].as_str().expect("an example");
    for field in ["File", "VoucherNumber", "AccountingYear"] {
        assert!(example.contains(&format!("name=\"{field}\"")), "{field}");
    }
    let limit = crate::economic::journals::LIMITS;
    assert_eq!(create["file"]["x-max-file-upload-size-in-bytes"], limit.file_bytes.to_string());
    assert_eq!(create["note"]["maxLength"], limit.text);
    let entry = &service_of(&folder, "Journals")["components"]["schemas"]["DraftEntry"]["properties"];
    assert_eq!(entry["voucherNumber"]["maximum"], limit.highest_number);
}
