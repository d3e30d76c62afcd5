//! What e-conomic cannot hold is refused before anything is written, with the field, the limit and the value.

use super::*;
use crate::economic::{limits, map};

#[test]
fn an_ordinary_document_is_held() {
    limits::check(&document(DocumentKind::BookedInvoice)).expect("it can be held");
}

#[test]
fn each_limit_names_field_and_value() {
    type Change = fn(&mut Document);
    let cases: &[(&str, &str, Change)] = &[
        ("currency: e-conomic reckons with 2 decimals", "KWD", |d| {
            d.currency = "KWD".parse().expect("dinar")
        }),
        ("references.other: at most 250 characters, and it has 251", "rrr", |d| {
            d.reference = "r".repeat(251)
        }),
        ("references.other: a text", "\"\"", |d| d.reference = String::new()),
        ("references.other: a text", "\"1001 \"", |d| d.reference = "1001 ".to_owned()),
        ("recipient.name: at most 250 characters, and it has 251", "nnn", |d| {
            d.recipient.name = "n".repeat(251)
        }),
        ("recipient.name: a text", "\"\"", |d| d.recipient.name = String::new()),
        ("recipient.ean: an EAN number has 13 digits", "123", |d| d.recipient.ean = Some("123".to_owned())),
        ("layout: a number above 0", "0", |d| d.layout = 0),
        ("paymentTerms: a number above 0", "0", |d| d.payment_term = 0),
        ("recipient.vatZone: a number above 0", "0", |d| d.vat_zone = 0),
        ("departmentalDistribution: a number above 0", "0", |d| d.department = Some(0)),
        ("dueDate: not before the document's date 2026-11-20", "2026-11-19", |d| {
            d.due_date = Some("2026-11-19".parse().expect("a date"))
        }),
        ("lines: at least one line", "0", |d| d.lines.clear()),
        ("lines.1.product.productNumber: at most 25 characters, and it has 26", "PPP", |d| {
            d.lines[0].product = "P".repeat(26)
        }),
        ("lines.2.product.productNumber: a text", "\"\"", |d| d.lines[1].product = String::new()),
        ("lines.1.description: a text is needed", "", |d| d.lines[0].description = " ".to_owned()),
        ("lines.1.quantity: a quantity other than 0", "0", |d| d.lines[0].quantity = Decimal::ZERO),
        ("lines.1.quantity: at most 2 decimals", "0.333", |d| d.lines[0].quantity = decimal("0.333")),
        ("lines.1.unitNetPrice: at most 2 decimals", "19.995", |d| {
            d.lines[0].unit_net_price = decimal("19.995")
        }),
    ];
    for (words, value, change) in cases {
        let mut changed = document(DocumentKind::BookedInvoice);
        change(&mut changed);
        let (code, message) = refusal(limits::check(&changed));
        assert_eq!(code, "limit");
        assert!(message.starts_with(words) && message.contains(value), "{words}: {message}");
    }
}

#[test]
fn the_longest_that_fits_is_held_and_counted_in_characters() {
    let mut longest = document(DocumentKind::BookedInvoice);
    longest.recipient.name = "æ".repeat(250);
    longest.reference = "r".repeat(250);
    longest.lines[0].product = "Ø".repeat(25);
    longest.lines[0].quantity = decimal("1.2500");
    longest.recipient.ean = Some("5790000000005".to_owned());
    limits::check(&longest).expect("it fits");
}

#[test]
fn printed_texts_are_cut_and_empty_ones_left_out() {
    let mut long = document(DocumentKind::BookedInvoice);
    long.heading = "æ".repeat(300);
    long.text = "t".repeat(1200);
    long.text_below = " \u{7}".to_owned();
    long.lines[0].description = "d".repeat(3000);
    long.recipient.address.street = "s".repeat(300);
    long.recipient.address.postcode = "p".repeat(60);
    long.recipient.address.country = String::new();
    let body = map::draft_body(&long, 5001);
    let notes = body.notes.expect("notes");
    assert_eq!(notes.heading.map(|text| text.chars().count()), Some(250));
    assert_eq!(notes.text_line1.map(|text| text.len()), Some(1000));
    assert_eq!(notes.text_line2, None);
    assert_eq!(body.lines[0].description.len(), 2500);
    assert_eq!(body.recipient.address.map(|text| text.len()), Some(250));
    assert_eq!(body.recipient.zip.map(|text| text.len()), Some(50));
    assert_eq!(body.recipient.country, None);
}

#[test]
fn lengths_are_counted_as_the_server_counts_them() {
    assert_eq!(limits::length("aæ\u{1f381}"), 4);
    assert_eq!(limits::cut("ab\u{1f381}c", 3), "ab", "half an emoji is none");
    assert_eq!(limits::cut("a\u{0}b\nc", 10), "ab\nc");
    let mut gift = document(DocumentKind::BookedInvoice);
    gift.lines[0].product = "\u{1f381}".repeat(13);
    assert!(refusal(limits::check(&gift)).1.contains("and it has 26"));
}

#[test]
fn names_without_a_field_of_their_own_are_printed_with_the_address() {
    let mut sent = document(DocumentKind::DraftInvoice);
    sent.recipient.attention = Some("Birte".to_owned());
    sent.delivery = Some(Address {
        name: "Ole Olsen".to_owned(),
        company: "Lager ApS".to_owned(),
        street: "Havnen 2".to_owned(),
        country: "XX".to_owned(),
        ..Address::default()
    });
    let body = map::draft_body(&sent, 5001);
    assert_eq!(body.recipient.address.as_deref(), Some("Att.: Birte\nVestergade 1\n2. th."));
    let delivery = body.delivery.expect("a delivery");
    assert_eq!(delivery.address.as_deref(), Some("Lager ApS\nOle Olsen\nHavnen 2"));
    assert_eq!((delivery.zip, delivery.country.as_deref()), (None, Some("XX")));
    sent.delivery = Some(Address::default());
    assert!(map::draft_body(&sent, 5001).delivery.is_none());
}

#[test]
fn numbers_are_written_and_read_exactly() {
    use crate::economic::wire::Number;
    for text in ["0.1", "79.20", "-198.00", "12345678901234567.89", "0.000000", "25.00000000"] {
        let number: Number = serde_json::from_str(text).expect(text);
        assert_eq!(serde_json::to_string(&number).expect(text), text);
    }
    let scientific: Number = serde_json::from_str("1.5E+2").expect("a JSON number");
    assert_eq!(scientific.0, decimal("150"));
    for text in ["\"1\"", "null", "true", "[1]", "1e999999", "NaN"] {
        assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
    }
}
