//! The JSON value: number texts and key order survive, and nonsense is refused.

use sandbox::Json;

#[test]
fn numbers_keep_their_text_and_keys_their_order() {
    let text = r#"{"b":79.9900,"a":[1e3,-0.5,820982911946154508],"c":{"d":null,"e":"å/\n"}}"#;
    assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
}

#[test]
fn php_text_escapes_slashes_and_everything_outside_ascii() {
    let value = Json::from("Åse/😀");
    assert_eq!(value.to_php(), r#""\u00c5se\/\ud83d\ude00""#);
    assert_eq!(Json::parse(value.to_php().as_bytes()).unwrap(), value);
}

#[test]
fn nonsense_is_refused() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let cases = [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "NaN",
        "01",
        "1.",
        "-",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\u{1}\"",
        "1 2",
        "{1:2}",
        &deep,
    ];
    for text in cases {
        assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Json::parse(&[b'"', 0xff, b'"']).is_err());
}

#[test]
fn a_later_duplicate_key_replaces_the_earlier_one() {
    let value = Json::parse(br#"{"a":1,"a":2}"#).unwrap();
    assert_eq!(value.integer("a"), Some(2));
}

/// Text made of the pieces that matter to a grammar, in an order that a small generator gives.
fn scrambled(seed: u64, pieces: &[&str]) -> String {
    let mut state = seed;
    let mut text = String::new();
    for _ in 0..40 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(pieces[usize::try_from(state >> 33).unwrap() % pieces.len()]);
    }
    text
}

#[test]
fn no_text_makes_a_parser_panic() {
    let json = [
        "{", "}", "[", "]", ",", ":", "\"", "\\u", "d800", "dc00", "\\", "1", "-", "e", ".", "å", "null", " ",
    ];
    let filter = [
        "name", "$eq:", "$", "(", ")", "[", "]", ",", "*", "$and:", "$or:", "$in:[", "$like:", "$null:", "å",
        "number",
    ];
    let query = [
        "{",
        "}",
        "(",
        ")",
        "orders",
        "first: 1",
        "nodes",
        "id",
        "...",
        "on Order",
        "$a",
        "fragment x",
        "\"",
        "#",
        "query",
        ":",
        "edges",
    ];
    let mut bench = crate::support::Bench::new();
    for seed in 0..3000 {
        let _ = Json::parse(scrambled(seed, &json).as_bytes());
        let text = scrambled(seed, &filter);
        if let Ok(parsed) = sandbox::economic::parse_filter(&text, &["name", "number"], &Default::default()) {
            parsed.matches(&sandbox::object! { "name": "a$b", "number": 7 });
        }
        let body = sandbox::object! { "query": scrambled(seed, &query) };
        let request = sandbox::Request::new("POST", "/shopify/kande/admin/api/2026-01/graphql.json")
            .with_header("X-Shopify-Access-Token", sandbox::demo::SHOPIFY_ACCESS_TOKEN)
            .with_json(&body);
        assert_eq!(bench.send(&request).status, 200);
    }
}
