//! Customers: found by whatever identifies them, made, and changed without losing what stands there.

use super::*;
use crate::economic::customers;

#[test]
fn customers_are_found_by_what_identifies_them() {
    let company = fixture("customer.json")
        .replace("\"website\": null", "\"corporateIdentificationNumber\": \"DK 12 34 56 78\"");
    let cases = [
        ("email", "JENS@example.dk", "email$eq:JENS@example.dk", fixture("customer.json"), 1),
        ("email", "ens@example.dk", "email$eq:ens@example.dk", fixture("customer.json"), 0),
        ("number", "5001", "customerNumber$eq:5001", fixture("customer.json"), 1),
        ("ean", "5790000000005", "ean$eq:5790000000005", fixture("customer.json"), 0),
        (
            "company-number",
            "12345678",
            "corporateIdentificationNumber$eq:12345678$or:corporateIdentificationNumber$eq:DK12345678",
            company,
            1,
        ),
        (
            "vat-number",
            "DE123",
            "vatNumber$eq:DE123$or:corporateIdentificationNumber$eq:DE123",
            fixture("customer.json").replace("\"website\": null", "\"vatNumber\": \"DE 123\""),
            1,
        ),
    ];
    for (field, value, filter, answer, expected) in cases {
        let script =
            Script::new(vec![step(&format!("GET /customers?filter={filter}"), 200, &page(&[&answer]))]);
        let found = run(customers::find(&script, field, value)).expect("read");
        assert_eq!(found.len(), expected, "{field} {value}");
        script.finish();
    }
}

#[test]
fn a_foreign_vat_number_stands_where_danish_agreements_have_it() {
    let mut new = new_customer();
    new.identified_by = ("email".to_owned(), "inkop@example.se".to_owned());
    (new.customer.company_number, new.customer.vat_number) = (None, Some("SE556012345601".to_owned()));
    let body = customers::new_body(&new).expect("a body");
    assert_eq!(body.corporate_identification_number.as_deref(), Some("SE556012345601"));
    new.customer.company_number = Some("5560123456".to_owned());
    let body = customers::new_body(&new).expect("a body");
    assert_eq!(body.corporate_identification_number.as_deref(), Some("5560123456"), "its own number stays");

    let change = [("vat-number".to_owned(), "SE556012345601".to_owned())];
    for (stands, after) in [
        ("", "SE556012345601"),
        ("\"corporateIdentificationNumber\": \"\",", "SE556012345601"),
        ("\"corporateIdentificationNumber\": \"SE556099999901\",", "SE556012345601"),
        ("\"corporateIdentificationNumber\": \"5560123456\",", "5560123456"),
    ] {
        let current = fixture("customer.json").replace("\"website\": null,", stands);
        let body = customers::changed_body(&current, &change).expect("a body");
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["corporateIdentificationNumber"], after, "{stands}");
    }
    // What was written there is known as the VAT number, so that it is not written again with each order.
    let made = fixture("customer.json")
        .replace("\"website\": null", "\"corporateIdentificationNumber\": \"SE556012345601\"");
    let transport = Anything(page(&[&made]));
    let found = run(customers::find(&transport, "email", "jens@example.dk")).expect("read");
    assert_eq!(found[0].fields.get("vat-number").map(String::as_str), Some("SE556012345601"));
}

#[test]
fn a_phone_number_is_found_however_it_was_written() {
    let ask = |value: &str, written: &str| {
        let answer = fixture("customer.json").replace("\"20304050\"", &format!("\"{written}\""));
        let transport = Anything(page(&[&answer]));
        run(customers::find(&transport, "phone", value)).expect("read").len()
    };
    for written in ["20304050", "20 30 40 50", "+45 20304050", "0045 20 30 40 50", "4520304050"] {
        assert_eq!(ask("+4520304050", written), 1, "{written}");
    }
    assert_eq!(ask("+4520304050", "20304051"), 0);
    assert_eq!(ask("+4620304050", "20304050"), 0, "another country");
}

/// Answers every read with the same text, and keeps no script: for filters that are long.
struct Anything(String);

#[async_trait]
impl Transport for Anything {
    async fn read(&self, _: Request) -> Result<Response, Failure> {
        Ok(Response { status: 200, headers: Vec::new(), body: self.0.clone().into_bytes() })
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        panic!("nothing is written: {request:?}")
    }
}

#[test]
fn what_no_customer_can_have_is_not_asked_for() {
    let script = Script::new(Vec::new());
    for (field, value) in [("email", " "), ("number", "abc"), ("number", "0"), ("number", "1000000000")] {
        assert_eq!(run(customers::find(&script, field, value)).expect("nothing"), [], "{field} {value:?}");
    }
    assert_eq!(refusal(run(customers::find(&script, "shoe-size", "44"))).0, "field");
    script.finish();
}

#[test]
fn a_known_customer_tells_its_fields_in_the_domains_words() {
    let answer = fixture("customer.json");
    let script =
        Script::new(vec![step("GET /customers?filter=customerNumber$eq:5001", 200, &page(&[&answer]))]);
    let known = run(customers::find(&script, "number", "5001")).expect("read").remove(0);
    assert_eq!((known.number, known.vat_zone, known.payment_term), (5001, 1, 2));
    assert_eq!((known.currency.as_str(), known.barred), ("DKK", false));
    let fields: Vec<(&str, &str)> =
        known.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("city", "Odense"),
            ("country", "DK"),
            ("email", "jens@example.dk"),
            ("name", "Jens Hansen"),
            ("phone", "20304050"),
            ("postcode", "5000"),
            ("street", "Gammel Vej 4"),
        ]
    );
    assert_eq!(known.raw, answer.trim_end());
}

#[test]
fn a_customer_is_made_and_the_answer_is_compared() {
    let make = |answer: &str| {
        let script = Script::new(vec![step("POST /customers", 201, answer)]);
        let result = run(customers::create(&script, &key(Effect::Customer), &new_customer()));
        (result, script.finish().remove(0).body.expect("a body"))
    };
    let (number, body) = make(&fixture("customer.json"));
    assert_eq!(number.expect("made"), 5001);
    assert_eq!(
        body,
        concat!(
            r#"{"name":"Jens Hansen","currency":"DKK","customerGroup":{"customerGroupNumber":1},"#,
            r#""paymentTerms":{"paymentTermsNumber":2},"vatZone":{"vatZoneNumber":1},"email":"Jens@example.dk","#,
            r#""telephoneAndFaxNumber":"+45 20 30 40 50","address":"Vestergade 1\n2. th.","zip":"8000","#,
            r#""city":"Aarhus C","country":"Danmark"}"#
        )
    );
    let (other, _) = make(&fixture("customer.json").replace(r#""currency": "DKK""#, r#""currency": "EUR""#));
    let (code, message) = refusal(other);
    assert_eq!(code, "integrity");
    assert!(message.contains("5001") && message.contains("currency"), "{message}");
}

#[test]
fn what_a_customer_is_found_by_stands_in_it() {
    let mut new = new_customer();
    new.identified_by = ("phone".to_owned(), "4520304050".to_owned());
    let body = customers::new_body(&new).expect("a body");
    assert_eq!(body.telephone_and_fax_number.as_deref(), Some("+45 20 30 40 50"));
    assert_eq!(body.mobile_phone.as_deref(), Some("4520304050"));

    let mut new = new_customer();
    new.identified_by = ("vat-number".to_owned(), "DE123456789".to_owned());
    let body = customers::new_body(&new).expect("a body");
    assert_eq!(body.vat_number.as_deref(), Some("DE123456789"));
    assert_eq!(body.corporate_identification_number.as_deref(), Some("DE123456789"));

    let mut new = new_customer();
    new.customer.ean = Some("123".to_owned());
    assert_eq!(refusal(customers::new_body(&new)).0, "limit");
    let mut new = new_customer();
    new.number = Some(1_000_000_000);
    assert_eq!(refusal(customers::new_body(&new)).0, "limit");
}

#[test]
fn a_change_keeps_all_else_exactly_as_it_stands_now() {
    let planned = fixture("customer.json").replace("Gammel Vej 4", "Meget Gammel Vej 1");
    let now = fixture("customer.json");
    let script =
        Script::new(vec![step("GET /customers/5001", 200, &now), step("PUT /customers/5001", 200, &now)]);
    let fields = [("email".to_owned(), "ny@example.dk".to_owned()), ("country".to_owned(), "SE".to_owned())];
    run(customers::update(&script, &key(Effect::Customer), 5001, &planned, &fields)).expect("changed");
    let body = script.finish().remove(1).body.expect("a body");
    assert_eq!(
        body,
        concat!(
            r#"{"address":"Gammel Vej 4","barred":false,"city":"Odense","country":"Sverige","#,
            r#""creditLimit":12345678901234567.89,"currency":"DKK","customerGroup":{"customerGroupNumber":1},"#,
            r#""customerNumber":5001,"eInvoicingDisabledByDefault":true,"email":"ny@example.dk","#,
            r#""layout":{"layoutNumber":19},"name":"Jens Hansen","pNumber":"1000000001","#,
            r#""paymentTerms":{"paymentTermsNumber":2},"telephoneAndFaxNumber":"20304050","#,
            r#""vatZone":{"vatZoneNumber":1},"zip":"5000"}"#
        )
    );
}

#[test]
fn a_number_that_went_to_somebody_else_is_left_alone() {
    let planned = fixture("customer.json");
    let somebody = planned
        .replace("Jens Hansen", "Birte Olsen")
        .replace("jens@example.dk", "birte@example.dk")
        .replace("20304050", "60708090");
    let fields = [("city".to_owned(), "Aarhus".to_owned())];
    for (status, answer, code) in [(200, somebody, "not-ours"), (404, fixture("not-found.json"), "gone")] {
        let script = Script::new(vec![step("GET /customers/5001", status, &answer)]);
        let result = run(customers::update(&script, &key(Effect::Customer), 5001, &planned, &fields));
        assert_eq!(refusal(result).0, code);
        script.finish();
    }
    let script = Script::new(Vec::new());
    assert_eq!(
        refusal(run(customers::update(&script, &key(Effect::Customer), 0, &planned, &fields))).0,
        "no-number"
    );
}
