//! The merchant's file as people write it: short files work, mistakes are named with their place, in Danish and English.

use domain::settings::{
    Language, MerchantFile, NotificationFrequency, Settings, merchant_file_schema, read_merchant_file,
    read_settings, settings_schema,
};

const SHORT: &str = r#"{
    "id": "krus-og-kande",
    "name": "Krus & Kande ApS",
    "connections": [
        { "id": "7f3c9a1e5b2d4c68a0", "name": "butik", "system": "woocommerce", "source": "woocommerce:krus.example" },
        { "id": "9d1b7c3e5f2a4860bb", "name": "regnskab", "system": "e-conomic", "agreement": "424242" }
    ],
    "flows": [{ "name": "ordrer", "shop": "butik", "accounting": "regnskab" }],
    "recipients": [{ "email": "bogholder@krus.example" }]
}"#;

#[test]
fn a_short_file_is_enough() {
    let file = read_merchant_file(SHORT).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((file.time_zone.as_str(), file.financial_year_end.as_str()), ("Europe/Copenhagen", "12-31"));
    assert_eq!(file.language, Language::Da);
    assert_eq!(file.flows[0].settings, Settings::default());
    let recipient = &file.recipients[0];
    assert_eq!(
        (recipient.errors, recipient.transfers),
        (NotificationFrequency::Hourly, NotificationFrequency::Daily)
    );
    assert_eq!(read_settings("{}").ok(), Some(Settings::default()));
}

#[test]
fn what_was_read_is_written_and_read_again_the_same() {
    let file = read_merchant_file(SHORT).expect("valid");
    let text = serde_json::to_string_pretty(&file).expect("json");
    assert_eq!(read_merchant_file(&text).ok(), Some(file));
}

#[test]
fn a_file_says_no_more_than_differs_from_the_defaults() {
    let text = SHORT.replacen(
        r#""accounting": "regnskab" }"#,
        r#""accounting": "regnskab", "settings": { "document": { "kind": "booked-invoice" } } }"#,
        1,
    );
    let file = read_merchant_file(&text).unwrap_or_else(|problems| panic!("{problems}"));
    let said: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(file.said(), said);
}

#[test]
fn a_version_before_passes_over_new_settings_of_which_the_merchant_says_nothing_and_refuses_all_others() {
    let file = read_merchant_file(SHORT).expect("valid");
    let (whole, said) = (serde_json::to_value(&file).expect("json"), file.said());
    let with = |value: &serde_json::Value| {
        let mut newer = value.clone();
        newer["flows"][0]["settings"]["document"]["folded-by"] = serde_json::json!({ "hand": true });
        newer
    };
    let read = |whole: &serde_json::Value, said: Option<&serde_json::Value>| {
        let said = said.map(serde_json::Value::to_string);
        MerchantFile::read_stored(whole.to_string().as_bytes(), said.as_deref().map(str::as_bytes))
    };
    assert_eq!(read(&with(&whole), Some(&said)), Some(file.clone()));
    assert_eq!(read(&with(&whole), Some(&with(&said))), None, "the merchant chose it");
    assert_eq!(read(&with(&whole), None), None, "nobody knows whether the merchant chose it");
    assert_eq!(read(&whole, None), Some(file), "what was stored before says nothing, and is whole");
    let mut other = whole.clone();
    other["language"] = serde_json::json!("en");
    let read = read(&with(&other), Some(&said)).expect("a default that was another once stays as it was");
    assert_eq!(read.language, Language::En);
}

#[test]
fn payouts_of_an_acquirer_go_to_an_accounting_system() {
    let acquirer = r#""connections": [
        { "id": "5e8a1c3f7b9d2046cc", "name": "indloeser", "system": "stripe" },"#;
    let whole = |payout: &str| {
        let text = SHORT.replacen("\"connections\": [", acquirer, 1);
        text.replacen("\"recipients\"", &format!("\"payouts\": [{payout}], \"recipients\""), 1)
    };
    let file = read_merchant_file(&whole(
        r#"{"name":"udbetalinger","acquirer":"indloeser","accounting":"regnskab","country":"IE"}"#,
    ));
    let file = file.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(file.payouts[0].settings, domain::settings::PayoutSettings::default());
    let mistakes = [
        (r#"{"name":"ordrer","acquirer":"indloeser","accounting":"regnskab"}"#, "payouts[0].name"),
        (r#"{"name":"u","acquirer":"ingen","accounting":"regnskab"}"#, "payouts[0].acquirer"),
        (r#"{"name":"u","acquirer":"indloeser","accounting":"ingen"}"#, "payouts[0].accounting"),
        (r#"{"name":"u","acquirer":"indloeser","accounting":"butik"}"#, "payouts[0].accounting"),
        (
            r#"{"name":"u","acquirer":"indloeser","accounting":"regnskab","country":"IRL"}"#,
            "payouts[0].country",
        ),
    ];
    for (payout, place) in mistakes {
        let problems = read_merchant_file(&whole(payout)).expect_err(payout).to_string();
        assert!(problems.contains(place), "{payout}: {problems}");
    }
}

#[test]
fn gateways_stand_with_the_payouts_whose_payments_they_took() {
    let connections = r#""connections": [
        { "id": "5e8a1c3f7b9d2046cc", "name": "indloeser", "system": "clearhaus" },
        { "id": "5e8a1c3f7b9d2046dd", "name": "port", "system": "quickpay" },
        { "id": "5e8a1c3f7b9d2046ee", "name": "abonnement", "system": "frisbii" },"#;
    let read = |gateways: &str| {
        let payouts = format!(
            r#""payouts": [{{"name":"u","acquirer":"indloeser","accounting":"regnskab","gateways":[{gateways}]}}], "recipients""#
        );
        let text = SHORT.replacen("\"connections\": [", connections, 1);
        read_merchant_file(&text.replacen("\"recipients\"", &payouts, 1))
    };
    let file = read(r#""port","abonnement""#).unwrap_or_else(|problems| panic!("{problems}"));
    let asked: Vec<&str> = file.gateways(&file.payouts[0]).map(|one| one.system.as_str()).collect();
    assert_eq!(asked, ["quickpay", "frisbii"]);
    for (gateways, place, says) in [
        (r#""ingen""#, "payouts[0].gateways[0]", "ingen"),
        (r#""port","port""#, "payouts[0].gateways[1]", "port"),
        (r#""port","indloeser""#, "payouts[0].gateways[1]", "clearhaus"),
        (r#""regnskab""#, "payouts[0].gateways[0]", "e-conomic"),
        (r#""""#, "payouts[0].gateways", ""),
    ] {
        let problems = read(gateways).expect_err(gateways).to_string();
        assert!(problems.contains(place) && problems.contains(says), "{gateways}: {problems}");
    }
}

/// The short file with a bank that is read by a profile, which is changed.
fn with_a_profile(system: &str, from: &str, to: &str) -> String {
    let profile = r#"{ "acquirer": "nordkysten", "encoding": "windows-1252", "delimiter": ";", "decimal": ",", "thousands": ".",
        "dates": "%d-%m-%Y", "currency": "DKK",
        "records": [{ "columns": { "kind": "Posttype", "gross": "Beløb", "order": "Ordre" }, "kinds": { "Køb": "sale" } }] }"#;
    let changed = if from.is_empty() { profile.to_owned() } else { profile.replacen(from, to, 1) };
    assert!(from.is_empty() || changed != profile, "{from} stands in the profile");
    let connection = format!(
        r#""connections": [
        {{ "id": "5e8a1c3f7b9d2046cc", "name": "bank", "system": "{system}" }},"#
    );
    let payouts = format!(
        r#""payouts": [{{ "name": "u", "acquirer": "bank", "accounting": "regnskab", "profile": {changed} }}], "recipients""#
    );
    SHORT.replacen("\"connections\": [", &connection, 1).replacen("\"recipients\"", &payouts, 1)
}

/// A change to the profile, the system of the connection, where the problem is said to be, and a word of each language's message.
const PROFILES: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("profile", r#""nordkysten""#, r#""""#, "acquirer", "Indløserens navn", "acquirer's name"),
    ("profile", "windows-1252", "klingon", "encoding", "Tegnsættet klingon", "encoding klingon"),
    ("profile", r#"";""#, r#""\"""#, "delimiter", "mellem felter", "between fields"),
    ("profile", r#"": ".""#, r#"": ",""#, "decimal", "tusinder", "thousands"),
    ("profile", "%d-%m-%Y", "%d-%m", "dates", "%d-%m for datoer", "%d-%m for dates"),
    ("profile", "%d-%m-%Y", "%d-%m-%Y %Ø", "dates", "kan ikke bruges", "cannot be used"),
    (
        "profile",
        r#"[{ "columns""#,
        r#"[{ "role": "ignored", "columns""#,
        "records",
        "rollen line",
        "role line",
    ),
    ("profile", r#""kind": "Posttype","#, "", "records[0].kind", "hvad linjerne er", "what the lines are"),
    ("profile", r#""gross": "Beløb","#, "", "records[0].columns", "intet beløb", "no amount"),
    ("profile", r#""currency": "DKK","#, "", "records[0].columns", "Valutaen", "currency"),
    ("profile", r#""Ordre""#, r##""#0""##, "records[0].columns", "#0", "#0"),
    (
        "profile",
        r#"[{ "columns""#,
        r##"[{ "columns": { "gross": "#1" }, "kind": "sale" }, { "columns""##,
        "records[0].mark",
        "intet kendetegn",
        "no mark",
    ),
    (
        "profile",
        r#"[{ "columns""#,
        r#"[{ "mark": { "column": 0, "value": "x" }, "columns""#,
        "records[0].mark.column",
        "tælles fra 1",
        "counted from 1",
    ),
    ("stripe", "", "", "", "egen læser", "reader of their own"),
];

#[test]
fn a_profile_stands_with_the_payouts_of_a_system_that_needs_one_and_is_checked_on_save() {
    let text = with_a_profile("profile", "", "");
    let file = read_merchant_file(&text).unwrap_or_else(|problems| panic!("{problems}"));
    let again = serde_json::to_string(&file).expect("json");
    assert_eq!(read_merchant_file(&again).ok(), Some(file), "it is written and read again the same");
    for (system, from, to, path, da, en) in PROFILES {
        let text = with_a_profile(system, from, to);
        let problems = read_merchant_file(&text).expect_err(&text);
        let place = if path.is_empty() { String::new() } else { format!(".{path}") };
        let problem = problems.iter().next().expect("a problem");
        assert_eq!(problem.path, format!("payouts[0].profile{place}"), "{to}: {problems}");
        let (danish, english) = (problem.text(Language::Da), problem.text(Language::En));
        assert!(danish.contains(da), "{danish}");
        assert!(english.contains(en), "{english}");
        assert!(!danish.contains('–') && !english.contains('–'), "{danish} {english}");
    }
    let long = format!("[{{ \"description\": \"{}\", \"columns\"", "x".repeat(10));
    let unknown = with_a_profile("profile", r#"[{ "columns""#, &long);
    let problems = read_merchant_file(&unknown).expect_err("no such field").to_string();
    assert!(problems.contains("payouts[0].profile.records[0].description"), "{problems}");
    let words = format!(r#""kinds": {{ "{}": "sale", "#, "x".repeat(17_000));
    let large = with_a_profile("profile", r#""kinds": { "#, &words);
    let problems = read_merchant_file(&large).expect_err("too long").to_string();
    assert!(problems.contains("longer than 16384"), "{problems}");
    let without = with_a_profile("profile", "", "");
    let start = without.find(", \"profile\":").expect("the profile");
    let end = without[start..].find("}] }").expect("its end") + start + "}] }".len();
    let without = format!("{}{}", &without[..start], &without[end..]);
    let problems = read_merchant_file(&without).expect_err("it needs one");
    assert_eq!(problems.iter().next().expect("a problem").path, "payouts[0].profile");
    assert!(problems.to_string().contains("there is none"), "{problems}");
}

/// A change to the short file, where the problem is said to be, and a word of each language's message.
const MISTAKES: &[(&str, &str, &str, &str, &str)] = &[
    (r#""krus-og-kande""#, r#""Krus og Kande""#, "id", "små bogstaver", "lower-case"),
    (r#""7f3c9a1e5b2d4c68a0""#, r#""kort""#, "connections[0].id", "gætte", "guessable"),
    (r#""9d1b7c3e5f2a4860bb""#, r#""7f3c9a1e5b2d4c68a0""#, "connections[1].id", "to gange", "twice"),
    (r#""name": "regnskab""#, r#""name": "butik""#, "connections[1].name", "to gange", "twice"),
    (
        r#""accounting": "regnskab""#,
        r#""accounting": "bog""#,
        "flows[0].accounting",
        "ingen forbindelse",
        "no connection",
    ),
    (
        r#""accounting": "regnskab""#,
        r#""accounting": "butik""#,
        "flows[0].accounting",
        "agreement",
        "agreement",
    ),
    (r#""shop": "butik""#, r#""shop": "regnskab""#, "flows[0].shop", "source", "source"),
    (
        r#""flows": ["#,
        r#""flows": [{ "name": "flere ordrer", "shop": "butik", "accounting": "regnskab" }, "#,
        "flows[1].shop",
        "webshoppen butik",
        "webshop butik",
    ),
    (r#""name": "Krus"#, r#""time-zone": "Mars/Base", "name": "Krus"#, "time-zone", "Tidszonen", "time zone"),
    (
        r#""name": "Krus"#,
        r#""financial-year-end": "31-12", "name": "Krus"#,
        "financial-year-end",
        "MM-DD",
        "MM-DD",
    ),
    (r#""name": "Krus"#, r#""colour": "red", "name": "Krus"#, "colour", "forstås", "understood"),
    ("bogholder@krus.example", "bogholder", "recipients[0].email", "e-mailadresse", "e-mail address"),
    (r#""name": "ordrer""#, r#""name": """#, "flows[0].name", "tilladte", "allowed"),
    (
        r#""system": "e-conomic""#,
        r#""system": "e-conomic", "base-urls": {"rest": "http://restapi.example"}"#,
        "connections[1].base-urls",
        "kun https",
        "https only",
    ),
    (
        r#""system": "e-conomic""#,
        r#""system": "e-conomic", "base-urls": {"rest": "http://localhost.evil.example"}"#,
        "connections[1].base-urls",
        "kun https",
        "https only",
    ),
    (
        r#""system": "e-conomic""#,
        r#""system": "e-conomic", "base-urls": {"rest": "https://user:word@restapi.example"}"#,
        "connections[1].base-urls",
        "uden brugernavn",
        "user name",
    ),
];

/// Settings that are refused.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (
        r#"{"document":{"heading":"Ordre {ordernumber}"}}"#,
        "document.heading",
        "ordernumber findes ikke",
        "ordernumber does not exist",
    ),
    (r#"{"document":{"text":"Ordre {order_number"}}"#, "document.text", "Pladsholderen", "placeholder"),
    (r#"{"document":{"line-text":"{note}"}}"#, "document.line-text", "Pladsholderen", "placeholder"),
    (r#"{"document":{"write-back":{"text":"Faktura"}}}"#, "document.write-back.text", "number", "number"),
    (
        r#"{"document":{"adopt-references":["WooCommerce"]}}"#,
        "document.adopt-references",
        "alle ordrer",
        "every order",
    ),
    (r#"{"document":{"kind":"invoice"}}"#, "document.kind", "forstås", "understood"),
    (
        r#"{"payment":{"methods":[{"method":"kort","registration":{"journal":{"journal":1,"contra-account":2}}}]}}"#,
        "payment.sign-proven",
        "kort",
        "kort",
    ),
    (r#"{"payment":{"due-days":366}}"#, "payment.due-days", "tilladte", "allowed"),
    (r#"{"vat":{"home-country":"Danmark"}}"#, "vat.home-country", "landekode", "country code"),
    (
        r#"{"vat":{"rules":[{"countries":["dk"],"zone":1}]}}"#,
        "vat.rules[0].countries",
        "landekode",
        "country code",
    ),
    (r#"{"vat":{"oss":{"product":"{sku}-{land}"}}}"#, "vat.oss.product", "Pladsholderen", "placeholder"),
    (r#"{"vat":{"rules":[{"zone":1,"rates":[25.5]}]}}"#, "vat.rules[0].rates[0]", "forstås", "understood"),
    (r#"{"products":{"skus":{"fee":"A-PRODUCT-NUMBER-OF-26-CHR"}}}"#, "products.skus.fee", "25", "25"),
    (r#"{"customers":{"anonymous":0}}"#, "customers.anonymous", "999999999", "999999999"),
    (
        r#"{"customers":{"private":{"collective":1000000000}}}"#,
        "customers.private.collective",
        "999999999",
        "999999999",
    ),
    (r#"{"differences":{"limit":"-1"}}"#, "differences.limit", "fra 0 til 100", "from 0 to 100"),
    (r#"{"differences":{"limit":0.1}}"#, "differences.limit", "forstås", "understood"),
    (
        r#"{"trigger":{"filter":{"where":{"field":"custom","values":["x"]}}}}"#,
        "trigger.filter.where",
        "key",
        "key",
    ),
    (r#"{"trigger":{"filter":{"where":{"field":"tag"}}}}"#, "trigger.filter.where", "values", "values"),
    (
        r#"{"trigger":{"filter":{"where":{"field":"total","test":"at-least","values":["500,00"]}}}}"#,
        "trigger.filter.where",
        "500,00 kan ikke læses",
        "500,00 cannot be read",
    ),
    (
        r#"{"trigger":{"filter":{"not":{"where":{"field":"total","values":["1.000.00"]}}}}}"#,
        "trigger.filter.where",
        "1.000.00",
        "1.000.00",
    ),
    (
        r#"{"trigger":{"filter":{"where":{"field":"order-number","test":"at-most","values":["1000","A"]}}}}"#,
        "trigger.filter.where",
        "A kan ikke læses",
        "A cannot be read",
    ),
    (r#"{"trigger":{"filter":{"any":[]}}}"#, "trigger.filter", "tom liste", "empty list"),
    (r#"{"trigger":{"filter":{"not":{"all":[]}}}}"#, "trigger.filter", "tom liste", "empty list"),
    (
        r#"{"products":{"missing":"use-default"}}"#,
        "products.missing",
        "products.skus.default",
        "products.skus.default",
    ),
    (r#"{"trigger":{"handling":[]}}"#, "trigger.handling", "tilladte", "allowed"),
    (r#"{"stock":{"mode":"write"}}"#, "stock.mode", "kladde", "draft"),
    (
        r#"{"document":{"kind":"booked-invoice"},"trigger":{"handling":[{"document":"draft-invoice"},{}]},"stock":{"mode":"write"}}"#,
        "stock.mode",
        "kladde",
        "draft",
    ),
    (
        r#"{"document":{"kind":"order"},"stock":{"mode":"write","quantity":"in-stock"}}"#,
        "stock.mode",
        "available",
        "available",
    ),
    (
        r#"{"stock":{"locations":[{"shop":"1","accounting":["Nord"]},{"shop":"1","accounting":["Syd"]}]}}"#,
        "stock.locations[1]",
        "to gange",
        "twice",
    ),
    (
        r#"{"stock":{"locations":[{"shop":"1","accounting":["Nord"]},{"shop":"2","accounting":["Nord"]}]}}"#,
        "stock.locations[1]",
        "flere af",
        "several of",
    ),
    (
        r#"{"stock":{"bundles":[{"product":"SET","parts":[{"product":"SET","units":1}]}]}}"#,
        "stock.bundles[0]",
        "sig selv",
        "itself",
    ),
    (r#"{"trigger":"#, "trigger", "JSON", "JSON"),
    (r#"{} {}"#, "", "JSON", "JSON"),
    (
        r#"{"document":{"write-back":{"form":"note"}}}"#,
        "document.write-back.form",
        "aldrig et fakturanummer",
        "never an invoice number",
    ),
    (
        r#"{"payment":{"sign-proven":true,"methods":[{"method":"kort","registration":{"journal":{"journal":1,"contra-account":2}}}]}}"#,
        "payment.methods[0].registration",
        "Betalinger med kort",
        "Payments by kort",
    ),
    (
        r#"{"document":{"kind":"booked-invoice"},"payment":{"sign-proven":true,"methods":[{"method":"bank"},
            {"method":"kort","never-book":true,"registration":{"journal":{"journal":1,"contra-account":2}}}]}}"#,
        "payment.methods[1].registration",
        "never-book",
        "never-book",
    ),
];

#[test]
fn every_mistake_is_named_with_its_place_in_both_languages() {
    let files = MISTAKES.iter().map(|(from, to, path, da, en)| {
        let text = SHORT.replacen(from, to, 1);
        assert_ne!(text, SHORT, "{from} stands in the short file");
        (read_merchant_file(&text).map(|_| ()), text, *path, *da, *en)
    });
    let settings = REFUSED
        .iter()
        .map(|(text, path, da, en)| (read_settings(text).map(|_| ()), (*text).to_owned(), *path, *da, *en));
    for (read, text, path, da, en) in files.chain(settings) {
        let problems = read.expect_err(&text);
        let problem = problems.iter().next().expect("a problem");
        assert_eq!(problem.path, path, "{text}: {problems}");
        let (danish, english) = (problem.text(Language::Da), problem.text(Language::En));
        assert!(danish.contains(da), "{danish}");
        assert!(english.contains(en), "{english}");
        assert!(!danish.contains('–') && !english.contains('–'), "{danish} {english}");
    }
}

#[test]
fn numbers_in_a_filter_are_read_as_people_may_write_them() {
    for condition in [
        r#"{"field":"total","test":"at-least","values":["500","1500.50"]}"#,
        r##"{"field":"order-number","test":"at-least","values":["#1001"]}"##,
        r#"{"field":"total","test":"starts-with","values":["5"]}"#,
        r#"{"field":"custom","key":"loyalty","values":["500,00"]}"#,
    ] {
        let text = format!(r#"{{"trigger":{{"filter":{{"where":{condition}}}}}}}"#);
        assert!(read_settings(&text).is_ok(), "{condition}");
    }
}

#[test]
fn stock_goes_to_the_shop_where_sales_take_it_out_of_the_accounts() {
    for text in [
        r#"{"document":{"kind":"order"},"stock":{"mode":"write"}}"#,
        r#"{"document":{"kind":"booked-invoice"},"stock":{"mode":"write","quantity":"in-stock"}}"#,
        r#"{"trigger":{"handling":[{"document":"order"}]},"stock":{"mode":"write"}}"#,
        r#"{"stock":{"mode":"report"}}"#,
    ] {
        assert!(read_settings(text).is_ok(), "{text}");
    }
}

#[test]
fn what_follows_a_booking_is_taken_where_some_orders_are_booked() {
    let after = r#""document":{"write-back":{"form":"note"}},"payment":{"sign-proven":true,"methods":[
        {"method":"kort","registration":{"journal":{"journal":1,"contra-account":2}}}]}"#;
    let rules =
        r#"[{"order-states":["completed"],"document":"booked-invoice"},{"order-states":["processing"]}]"#;
    assert!(read_settings(&format!(r#"{{{after},"trigger":{{"handling":{rules}}}}}"#)).is_ok());
    let drafts = SHORT.replacen(
        r#""accounting": "regnskab" }]"#,
        &format!(r#""accounting": "regnskab", "settings": {{{after}}} }}]"#),
        1,
    );
    let problems = read_merchant_file(&drafts).expect_err("no order is booked");
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        ["flows[0].settings.document.write-back.form", "flows[0].settings.payment.methods[0].registration"]
    );
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = r#"{"document":{"heading":"{a}","text":"{b}"},"vat":{"home-country":"x"}}"#;
    let problems = read_settings(text).expect_err("three mistakes");
    assert_eq!(problems.iter().count(), 3, "{problems}");
    assert_eq!(problems.to_string().lines().count(), 3);
}

#[test]
fn customers_are_identified_by_the_shops_number_only_where_one_can_fit() {
    let rule = r#""customers": { "business": { "otherwise-by": "number" } }"#;
    let by_number = SHORT.replacen(
        r#""accounting": "regnskab" }"#,
        &format!(r#""accounting": "regnskab", "settings": {{ {rule} }} }}"#),
        1,
    );
    read_merchant_file(&by_number).unwrap_or_else(|problems| panic!("{problems}"));
    let of_shopify = by_number.replace("woocommerce", "shopify");
    let problems = read_merchant_file(&of_shopify).expect_err("no customer of Shopify's could be found");
    let places: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(places, ["flows[0].settings.customers.business.otherwise-by"]);
    for (language, words) in [(Language::Da, "flere cifre"), (Language::En, "more digits")] {
        let text = problems.iter().map(|problem| problem.text(language)).collect::<String>();
        assert!(text.contains(words) && text.contains("shopify"), "{text}");
    }
}

#[test]
fn a_filter_cannot_be_nested_without_end() {
    let nested = |depth: usize| {
        let inner = r#"{"where":{"field":"tag","values":["x"]}}"#.to_owned();
        let filter = (0..depth).fold(inner, |inner, _| format!(r#"{{"not":{inner}}}"#));
        read_settings(&format!(r#"{{"trigger":{{"filter":{filter}}}}}"#))
    };
    assert!(nested(7).is_ok());
    assert!(nested(8).is_err());
    assert!(nested(5_000).is_err(), "the reader's own depth limit holds");
}

#[test]
fn the_schemas_describe_every_setting_and_allow_no_others() {
    for schema in [settings_schema(), merchant_file_schema()] {
        let text = schema.to_string();
        assert!(text.contains("\"additionalProperties\":false"));
        let definitions = schema["$defs"].as_object().expect("definitions");
        for (name, definition) in definitions {
            for (field, property) in definition["properties"].as_object().into_iter().flatten() {
                assert!(property.get("description").is_some(), "{name}.{field} has no description");
            }
        }
    }
}

#[test]
fn the_zone_and_connections_are_found() {
    let file = read_merchant_file(SHORT).expect("valid");
    assert_eq!(file.zone().iana_name(), Some("Europe/Copenhagen"));
    assert_eq!(file.connection("butik").map(|connection| connection.system.as_str()), Some("woocommerce"));
    assert!(file.connection("ukendt").is_none());
}
