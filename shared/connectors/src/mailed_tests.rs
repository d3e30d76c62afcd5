//! Mails as they come: sound ones part by part, and those that are refused.

use super::*;

const CSV: &str = "batch,gross\r\n1,12.50\r\n";

fn mail(head: &str, body: &str) -> Vec<u8> {
    format!("From: a@acquirer.example\r\nTo: b@c.example\r\nMIME-Version: 1.0\r\n{head}\r\n\r\n{body}")
        .into_bytes()
}

fn multipart(parts: &[&str]) -> Vec<u8> {
    let body: String = parts.iter().map(|part| format!("--b1\r\n{part}\r\n")).collect();
    mail("Content-Type: multipart/mixed; boundary=\"b1\"", &format!("preamble\r\n{body}--b1--\r\n"))
}

fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let opened = open(bytes).unwrap_or_else(|reason| panic!("{reason:?}"));
    opened.files.into_iter().map(|file| (file.name, file.bytes)).collect()
}

fn refusal(bytes: &[u8]) -> String {
    open(bytes).expect_err("it is refused").code
}

fn attached(name: &str, rest: &str) -> String {
    format!("Content-Type: text/csv\r\nContent-Disposition: attachment; filename={name}\r\n{rest}")
}

#[test]
fn attachments_come_out_as_they_were_sent_whatever_carried_them() {
    let latin = "Bel\u{f8}b;K\u{f8}b\r\n".chars().map(|letter| letter as u8).collect::<Vec<u8>>();
    let bytes = multipart(&[
        "Content-Type: text/plain\r\n\r\nSee attached.",
        &attached("plain.csv", &format!("\r\n{CSV}")),
        &attached(
            "\"a b.csv\"",
            &format!("Content-Transfer-Encoding: BASE64\r\n\r\n{}", data_encoding::BASE64.encode(&latin)),
        ),
        &attached("q.csv", "Content-Transfer-Encoding: quoted-printable\r\n\r\nBel=F8b;K=F8b=\r\n;x\r\n"),
    ]);
    let mut quoted = latin.strip_suffix(b"\r\n").expect("its end").to_vec();
    quoted.extend_from_slice(b";x\r\n");
    assert_eq!(
        files(&bytes),
        [
            ("plain.csv".to_owned(), CSV.as_bytes().to_vec()),
            ("a b.csv".to_owned(), latin),
            ("q.csv".to_owned(), quoted),
        ]
    );
    assert_eq!(open(&bytes).expect("opened").passed_over, 1, "the text is passed over");
}

#[test]
fn names_are_decoded_and_lose_their_folders() {
    for (field, name) in [
        ("filename*=utf-8''afregning%20%C3%B8re.csv", "afregning øre.csv"),
        ("filename*0=\"afreg\"; filename*1=\"ning.csv\"", "afregning.csv"),
        ("filename=\"=?utf-8?B?w7hyZS5jc3Y=?=\"", "øre.csv"),
        ("filename=\"../../etc/x.csv\"", "x.csv"),
        ("filename=\"C:\\\\data\\\\x.csv\"", "x.csv"),
        ("filename=\"..\"", ""),
        ("filename=\"\"", ""),
    ] {
        let part = format!("Content-Type: text/csv\r\nContent-Disposition: attachment; {field}\r\n\r\nx");
        assert_eq!(files(&multipart(&[&part]))[0].0, name, "{field}");
    }
    let long = format!("{}.csv", "n".repeat(500));
    let named = files(&multipart(&[&attached(&long, "\r\nx")]));
    assert_eq!(named[0].0.len(), NAME_LETTERS);
    let by_type = "Content-Type: application/octet-stream; name=\"by-type.xlsx\"\r\n\r\nx";
    assert_eq!(files(&multipart(&[by_type]))[0].0, "by-type.xlsx");
}

#[test]
fn texts_pictures_signatures_and_documents_are_passed_over() {
    let parts = [
        "Content-Type: text/html\r\n\r\n<p>Hej</p>",
        "\r\na text without a heading",
        "Content-Type: image/png; name=logo.png\r\nContent-Id: <logo>\r\nContent-Disposition: inline\r\n\r\nx",
        "Content-Type: application/octet-stream; name=LOGO.PNG\r\nContent-Disposition: attachment\r\n\r\nx",
        "Content-Type: application/pgp-signature; name=signature.asc\r\n\r\nx",
        "Content-Type: application/x-pkcs7-signature; name=smime.p7s\r\n\r\nx",
        "Content-Type: application/pdf; name=statement.pdf\r\nContent-Disposition: attachment\r\n\r\nx",
        "Content-Type: message/delivery-status\r\n\r\nx",
        "Content-Type: text/x-amp-html\r\n\r\n<p>Hej</p>",
    ];
    let opened = open(&multipart(&parts)).expect("opened");
    assert_eq!((opened.files.len(), opened.passed_over), (0, parts.len()));
    let text = "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=advice.txt\r\n\r\nx";
    assert_eq!(files(&multipart(&[text])).len(), 1, "a text that is attached may be an advice");
}

#[test]
fn a_mail_in_a_mail_is_opened_and_one_that_is_a_report_itself() {
    let inner = String::from_utf8(multipart(&[&attached("inner.csv", &format!("\r\n{CSV}"))])).expect("text");
    let forwarded = format!("Content-Type: message/rfc822\r\n\r\n{}", inner.replace("b1", "b2"));
    assert_eq!(files(&multipart(&[&forwarded])), [("inner.csv".to_owned(), CSV.as_bytes().to_vec())]);
    let encoded = format!(
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        data_encoding::BASE64.encode(inner.as_bytes())
    );
    assert_eq!(files(&multipart(&[&encoded])).len(), 1);
    for told in ["application/octet-stream", "application/x-eml"] {
        let by_name = format!(
            "Content-Type: {told}; name=\"Forwarded.EML\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            data_encoding::BASE64.encode(inner.as_bytes())
        );
        assert_eq!(files(&multipart(&[&by_name]))[0].0, "inner.csv", "{told}");
    }
    let alone = mail("Content-Type: text/csv; name=alone.csv", CSV);
    assert_eq!(files(&alone), [("alone.csv".to_owned(), CSV.as_bytes().to_vec())]);
}

#[test]
fn a_boundary_that_begins_like_another_parts_nothing() {
    let inner = "Content-Type: multipart/mixed; boundary=b1x\r\n\r\n--b1x\r\nContent-Type: text/csv; \
                 name=x.csv\r\n\r\na--b1\r\n--b1 no\r\n--b1x--";
    assert_eq!(files(&multipart(&[inner])), [("x.csv".to_owned(), b"a--b1\r\n--b1 no".to_vec())]);
}

#[test]
fn a_mail_that_is_cut_or_damaged_is_refused() {
    let whole = multipart(&[&attached("x.csv", &format!("\r\n{CSV}"))]);
    let last = whole.len() - 2;
    let head = whole.windows(4).position(|four| four == b"\r\n\r\n").expect("an end of the heading") + 4;
    for cut in head..last {
        assert_eq!(refusal(&whole[..cut]), "mail-cut", "at {cut}");
    }
    assert_eq!(files(&whole[..last]).len(), 1, "only the last line's end is missing");
    let base64 = attached("x.csv", "Content-Transfer-Encoding: base64\r\n\r\nYWJjZ");
    assert_eq!(refusal(&multipart(&[&base64])), "mail-part-damaged");
    let unknown = attached("x.csv", "Content-Transfer-Encoding: x-uuencode\r\n\r\nx");
    assert_eq!(refusal(&multipart(&[&unknown])), "mail-encoding-unknown");
    assert_eq!(refusal(&mail("Content-Type: multipart/mixed", "x")), "mail-not-readable");
    assert_eq!(refusal(b""), "mail-not-readable");
    assert_eq!(refusal(b"\r\nno heading"), "mail-not-readable");
}

#[test]
fn bombs_are_refused_by_their_bounds() {
    let many: Vec<&str> = vec!["\r\nx"; MOST_PARTS + 1];
    assert_eq!(refusal(&multipart(&many)), "mail-too-many-parts");
    let one = attached("x.csv", "\r\nx");
    let most: Vec<&str> = vec![one.as_str(); MOST_FILES];
    assert_eq!(files(&multipart(&most)).len(), MOST_FILES);
    assert_eq!(refusal(&multipart(&vec![one.as_str(); MOST_FILES + 1])), "mail-too-many-files");
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    assert_eq!(refusal(nested.as_bytes()), "mail-too-deep");
    let fields = mail(&"X-A: b\r\n".repeat(MOST_FIELDS), "x");
    assert_eq!(refusal(&fields), "mail-heading-too-long");
    let long = mail(&format!("X-A: {}", "b".repeat(LONGEST_HEADING)), "x");
    assert_eq!(refusal(&long), "mail-heading-too-long");
    assert_eq!(heading(&long).expect_err("refused").code, "mail-heading-too-long");
    let parts = vec![format!("X-A: {}\r\n\r\nx", "b".repeat(2_000)); MOST_PARTS - 1];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    assert_eq!(refusal(&multipart(&parts)), "mail-heading-too-long", "many that are long together");
    assert_eq!(refusal(&vec![b'x'; 40 * 1024 * 1024 + 1]), "mail-too-large");
    // Mails that carry each other in base64 decode all of it again at each step.
    let mut bytes = mail("Content-Type: application/octet-stream; name=x.bin", &"x".repeat(12 * 1024 * 1024));
    for _ in 0..3 {
        let encoded = data_encoding::BASE64.encode(&bytes);
        bytes = mail("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", &encoded);
    }
    assert_eq!(refusal(&bytes), "mail-too-large");
}

#[test]
fn the_first_field_of_a_name_is_the_receivers_own() {
    let with = |fields: &str| heading(&mail(fields, "x")).expect("a heading");
    assert_eq!(with("X-SES-Spam-Verdict: PASS\r\nX-SES-Virus-Verdict: PASS").found, None);
    assert_eq!(with("X-SES-Spam-Verdict: FAIL").found, Some("spam"));
    assert_eq!(with("x-ses-virus-verdict: fail\r\nX-SES-Spam-Verdict: FAIL").found, Some("virus"));
    assert_eq!(with("X-SES-Virus-Verdict: FAIL\r\nX-SES-Virus-Verdict: PASS").found, Some("virus"));
    assert_eq!(with("X-SES-Spam-Verdict: GRAY\r\nX-SES-Spam-Verdict: FAIL").found, None);
    assert_eq!(with("Subject: none").found, None);
}

#[test]
fn everyone_whom_a_mail_was_sent_to_is_found() {
    let bytes = b"Return-Path: <return@x.example>\r\n\
        Received: from m.example (m.example [192.0.2.1]) by inbound-smtp.eu-west-1.amazonaws.com with SMTP id 1\r\n \
        for Krus.abc@Reports.Example; Fri, 27 Nov 2026 20:32:33 +0000 (UTC)\r\n\
        Received: by other.example for <inner@x.example>\r\n\
        From: from@x.example\r\nTo: \"Name, of\" <one@x.example>,\r\n two@x.example\r\n\
        Cc: =?utf-8?Q?three?= <three@x.example>\r\nDelivered-To: four@x.example\r\n\r\nfive@x.example";
    let heading = heading(bytes).expect("a heading");
    assert_eq!(
        heading.recipients,
        ["krus.abc@reports.example", "one@x.example", "two@x.example", "three@x.example", "four@x.example"]
    );
}

#[test]
fn a_mail_is_known_by_its_name_or_by_what_it_is_told_to_be() {
    for (name, told, is) in [
        ("report.eml", "", true),
        ("REPORT.EML", "", true),
        ("report.csv", "message/rfc822; charset=utf-8", true),
        ("report.csv", "text/csv", false),
        ("eml", "", false),
    ] {
        assert_eq!(is_mail(name, told), is, "{name} {told}");
    }
}

proptest::proptest! {
    /// Bytes put over, put in or taken out of a sound mail: it is read or refused, and what comes out is no more than came in.
    #[test]
    fn edited_mails_are_read_or_refused(
        edits in proptest::collection::vec((proptest::prelude::any::<u16>(), 0_u8..4, proptest::prelude::any::<u8>()), 0..24),
    ) {
        let inner = String::from_utf8(multipart(&[&attached("inner.csv", "\r\nx")])).expect("text").replace("b1", "b2");
        let mut bytes = multipart(&[
            "Content-Type: text/plain\r\n\r\nHej",
            &attached("x.csv", "Content-Transfer-Encoding: base64\r\n\r\nYmF0Y2g="),
            "Content-Type: text/csv; name=\"=?utf-8?B?w7hyZS5jc3Y=?=\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=\r\n=F8",
            "Content-Type: text/csv\r\nContent-Disposition: attachment; filename*0*=utf-8''a%20; filename*1=b.csv\r\n\r\nx",
            &format!("Content-Type: message/rfc822\r\n\r\n{inner}"),
        ]);
        for (place, how, byte) in edits {
            let place = usize::from(place) % bytes.len().max(1);
            match how {
                0 if place < bytes.len() => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 if byte > 250 => bytes.truncate(place),
                _ if place < bytes.len() => drop(bytes.remove(place)),
                _ => {}
            }
        }
        let _ = heading(&bytes);
        if let Ok(opened) = open(&bytes) {
            let decoded: usize = opened.files.iter().map(|file| file.bytes.len()).sum();
            proptest::prop_assert!(decoded <= bytes.len() * DEEPEST);
            proptest::prop_assert!(opened.files.iter().all(|file| !file.name.contains(['/', '\\'])));
        }
    }
}
