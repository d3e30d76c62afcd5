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
