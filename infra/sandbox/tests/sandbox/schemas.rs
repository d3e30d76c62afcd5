//! The checks that the stand-ins make, held against the vendors' own schemas, field by field and from outside.

use crate::support::{Bench, codes, contracts, invoice, line};
use sandbox::{Json, object, shopify};

/// A vendor's schema. Two of the files have trailing commas.
fn schema(name: &str) -> Option<Json> {
    let text = std::fs::read_to_string(contracts(&format!(
        "accounting/e-conomic/legacy-schema/{name}.schema.json"
    ))?)
    .unwrap();
    let mut clean = String::new();
    for character in text.chars() {
        if matches!(character, '}' | ']') && clean.trim_end().ends_with(',') {
            clean.truncate(clean.trim_end().len() - 1);
        }
        clean.push(character);
    }
    Some(Json::parse(clean.as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}")))
}

/// The leaves of a schema: dotted path (`[]` for items of a list) and what it says of the field.
fn leaves(schema: &Json, path: &str, out: &mut Vec<(String, Json)>) {
    let Some(Json::Object(properties)) = schema.get("properties") else { return };
    for (name, property) in properties {
        let read_only =
            ["readOnly", "readonly"].iter().any(|key| property.get(key) == Some(&Json::Bool(true)));
        if name == "self" || read_only {
            continue;
        }
        let here = format!("{path}{name}");
        match property.get("items") {
            Some(items) => leaves(items, &format!("{here}[]."), out),
            None if property.get("properties").is_some() => leaves(property, &format!("{here}."), out),
            None => out.push((here, property.clone())),
        }
    }
}

/// Sets the value at a leaf's path, making what is missing on the way.
fn put(body: &mut Json, path: &str, value: Json) {
    let Some((first, rest)) = path.split_once('.') else {
        body.set(path, value);
        return;
    };
    if let Some(list) = first.strip_suffix("[]") {
        let mut items = body.items(list).to_vec();
        if items.is_empty() {
            items.push(object! {});
        }
        put(&mut items[0], rest, value);
        body.set(list, Json::Array(items));
        return;
    }
    let mut inner = body.get(first).cloned().unwrap_or_else(|| object! {});
    put(&mut inner, rest, value);
    body.set(first, inner);
}

fn good(resource: &str) -> Json {
    match resource {
        "customers" => object! {
            "name": "K", "currency": "DKK", "vatZone": object! { "vatZoneNumber": 1 },
            "customerGroup": object! { "customerGroupNumber": 1 }, "paymentTerms": object! { "paymentTermsNumber": 1 },
        },
        "products" => {
            object! { "productNumber": "NEW", "name": "Vare", "productGroup": object! { "productGroupNumber": 1 } }
        }
        _ => invoice(vec![line("MUG-11", "1", "1.00")]),
    }
}

/// Fields that this flow never sends and that the stand-in does not know: it ignores them, as it does unknown ones.
const NOT_KEPT: &[&str] =
    &["priceGroup", "website.", "lines[].marginInBaseCurrency", "lines[].marginPercentage"];

#[test]
fn writes_are_held_to_the_lengths_decimals_types_and_needs_of_the_vendors_schemas() {
    let mut checked = 0;
    for (resource, name) in [
        ("customers", "customers.post"),
        ("products", "products.post"),
        ("invoices/drafts", "invoices.drafts.post"),
        ("orders/drafts", "orders.drafts.post"),
    ] {
        let Some(schema) = schema(name) else { return };
        let mut fields = Vec::new();
        leaves(&schema, "", &mut fields);
        for (path, says) in
            fields.iter().filter(|(path, _)| !NOT_KEPT.iter().any(|skipped| path.starts_with(skipped)))
        {
            let mut refused = |value: Json| {
                let mut body = good(resource);
                put(&mut body, path, value);
                let answer = Bench::new().post(resource, body);
                checked += 1;
                (answer.status == 400).then(|| codes(&answer))
            };
            if let Some(longest) = says.integer("maxLength").and_then(|longest| usize::try_from(longest).ok())
            {
                assert!(
                    refused(Json::from("x".repeat(longest + 1))).is_some(),
                    "{resource} {path}: longer than {longest}"
                );
            }
            if let Some(decimals) =
                says.integer("maxDecimal").and_then(|decimals| usize::try_from(decimals).ok())
            {
                let long = Json::Number(format!("1.{}1", "0".repeat(decimals)));
                assert_eq!(
                    refused(long),
                    Some(vec!["E04740".to_string()]),
                    "{resource} {path}: more than {decimals} decimals"
                );
            }
            if says.integer("minimum") == Some(1) {
                assert!(refused(Json::from(0)).is_some(), "{resource} {path}: less than 1");
            }
            let wrong = if says.text("type") == Some("string") { Json::from(7) } else { Json::from("seven") };
            assert!(refused(wrong).is_some(), "{resource} {path}: wrong type");
        }
        let Some(Json::Object(properties)) = schema.get("properties") else { panic!("{name}") };
        for (field, _) in
            properties.iter().filter(|(_, says)| says.get("required") == Some(&Json::Bool(true)))
        {
            let mut body = good(resource);
            body.remove(field);
            let answer = Bench::new().post(resource, body);
            assert_eq!(codes(&answer), ["E04730"], "{resource} without {field}");
        }
    }
    assert!(checked > 150, "{checked}");
}

#[test]
fn every_graphql_field_that_the_shop_answers_is_in_the_vendors_schema() {
    let Some(path) = contracts("webshops/shopify/admin-graphql-2026-01-cut.json") else { return };
    let cut = Json::parse(&std::fs::read(path).unwrap()).unwrap();
    let types = cut.get("types").unwrap();
    let mut compared = 0;
    for (parent, field) in shopify::answered_fields() {
        let Some(Json::Object(fields)) = types.get(parent).and_then(|found| found.get("fields")) else {
            continue;
        };
        assert!(fields.iter().any(|(name, _)| name == field), "{parent}.{field} is not in the schema");
        compared += 1;
    }
    assert!(compared > 150, "{compared}");
}

/// Compares an answer with a schema: every key must be known there and every value of its type. Gives what does not fit.
fn strange(answer: &Json, schema: &Json, path: &str, out: &mut Vec<String>) {
    let Json::Object(fields) = answer else { return };
    for (name, value) in fields {
        let here = format!("{path}{name}");
        let Some(says) = schema.path("properties").and_then(|properties| properties.get(name)) else {
            out.push(format!("{here} is unknown"));
            continue;
        };
        let fits = match (says.text("type"), value) {
            (Some("string"), value) => value.as_text().is_some(),
            (Some("integer"), value) => value.as_integer().is_some(),
            (Some("number"), value) => value.as_decimal().is_some(),
            (Some("boolean"), value) => value.as_bool().is_some(),
            (Some("array"), value) => matches!(value, Json::Array(_)),
            (Some("object"), value) => matches!(value, Json::Object(_)),
            _ => true,
        };
        if !fits {
            out.push(format!("{here} has another type"));
        }
        if let (Json::Array(items), Some(of_items)) = (value, says.get("items")) {
            items.iter().for_each(|item| strange(item, of_items, &format!("{here}[]."), out));
        } else {
            strange(value, says, &format!("{here}."), out);
        }
    }
}

#[test]
fn answers_have_the_fields_and_types_of_the_vendors_schemas() {
    if contracts("").is_none() {
        return;
    }
    let mut bench = Bench::new();
    bench.draft(invoice(vec![line("MUG-11", "1", "1.00")]));
    bench.book(invoice(vec![line("MUG-11", "1", "1.00")]));
    bench.post("orders/drafts", invoice(vec![line("MUG-11", "1", "1.00")]));
    let mut all = Vec::new();
    for (path, name) in [
        ("customers/1000", "customers.customerNumber.get"),
        ("customers", "customers.get"),
        ("products/MUG-11", "products.productNumber.get"),
        ("products", "products.get"),
        ("invoices/drafts/1", "invoices.drafts.draftInvoiceNumber.get"),
        ("invoices/drafts", "invoices.drafts.get"),
        ("invoices/booked/10001", "invoices.booked.bookedInvoiceNumber.get"),
        ("invoices/booked", "invoices.booked.get"),
        ("invoices/unpaid", "invoices.unpaid.get"),
        ("orders/drafts/3", "orders.drafts.orderNumber.get"),
        ("orders/drafts", "orders.drafts.get"),
        ("payment-terms/4", "payment-terms.paymentTermsNumber.get"),
        ("payment-terms", "payment-terms.get"),
        ("product-groups", "product-groups.get"),
        ("vat-accounts/U25", "vat-accounts.id.get"),
        ("vat-accounts", "vat-accounts.get"),
        ("vat-zones", "vat-zones.get"),
        ("layouts", "layouts.get"),
        ("units", "units.get"),
        ("journals", "journals.get"),
        ("self", "self.get"),
    ] {
        let answer = bench.get(path);
        assert_eq!(answer.status, 200, "{path}");
        let mut out = Vec::new();
        strange(&answer.body_json(), &schema(name).unwrap(), "", &mut out);
        all.extend(out.into_iter().map(|what| format!("{path}: {what}")));
    }
    all.retain(|what| !SHOWN_IN_SAMPLES.iter().any(|known| what.contains(known)));
    assert_eq!(all, Vec::<String>::new());
}

/// What the schemas do not have, but the vendor's own samples of live answers do, in single documents if not in lists.
const SHOWN_IN_SAMPLES: &[&str] = &[
    "pagination.",
    "recipient.vatZone.",
    ".orderNumber",
    ": orderNumber",
    "[].layout",
    "[].attachment",
    "invoices/unpaid: ",
];
