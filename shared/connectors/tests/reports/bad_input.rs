//! Files that are wrong: each is refused with the reason, or read correctly; nothing is taken for something else.

use std::io::{self, Cursor, Read, Write};

use connectors::profile::{self, Profile};
use connectors::report::{DayOrder, ReadingContext, Unreadable};
use connectors::{registry, report};
use domain::settlement::{Settlements, Source};

use super::sources::{Sample, fixtures};
use super::summary::{Outcome, read};

fn fixture(name: &str) -> Sample {
    fixtures().into_iter().find(|sample| sample.name == name).expect("the fixture")
}

fn text(sample: &Sample) -> String {
    String::from_utf8(sample.bytes.clone()).expect("UTF-8")
}

fn reason(sample: &Sample, bytes: &[u8]) -> String {
    match read(sample, bytes) {
        Outcome::Refused(reason) => reason,
        other => panic!("{} is read:\n{}", sample.name, other.summary()),
    }
}

const ADYEN: &str = "fixtures/adyen/settlement_detail_report_batch_12.csv";

#[test]
fn a_renamed_column_is_named_and_an_extra_one_passed_over() {
    let adyen = fixture(ADYEN);
    let renamed = text(&adyen).replace("Net Credit (NC)", "Net credit (NC)");
    assert_eq!(reason(&adyen, renamed.as_bytes()), "report-column-missing column=Net Credit (NC)");
    let extra: String = text(&adyen)
        .lines()
        .enumerate()
        .map(|(number, line)| format!("{},{line}\n", if number == 0 { "New Column" } else { "x" }))
        .collect();
    assert_eq!(read(&adyen, extra.as_bytes()).everything(), read(&adyen, &adyen.bytes).everything());
    let twice = text(&adyen).replace("Booking Date TimeZone", "Net Debit (NC)");
    assert_eq!(reason(&adyen, twice.as_bytes()), "report-column-twice column=Net Debit (NC)");
    for (name, old, new, missing) in [
        ("fixtures/stripe/payout_itemised.csv", ",net,", ",netto,", "net"),
        ("fixtures/paypal/activity_us.csv", "\"Net\"", "\"Nett\"", "Net"),
        ("fixtures/shopify_payments/pair.csv", "Total,Currency", "Sum,Currency", "Total"),
        ("fixtures/sumup/payouts.csv", ",reference,", ",ref,", "reference"),
        ("fixtures/altapay/funding.csv", "Settlement Amount", "Amount", "Settlement Amount"),
        ("fixtures/vipps_mobilepay/settlement.csv", ",Fee,Refund,Net\n", ",Fee,Refunds,Net\n", "Refund"),
        ("fixtures/klarna/settlement.csv", "type;detailed_type", "kind;detailed_type", "type"),
    ] {
        let sample = fixture(name);
        let renamed = text(&sample).replace(old, new);
        assert_ne!(renamed, text(&sample), "{name} has {old}");
        assert_eq!(
            reason(&sample, renamed.as_bytes()),
            format!("report-column-missing column={missing}"),
            "{name}"
        );
    }
}

#[test]
fn another_encoding_is_refused_or_read_by_its_mark() {
    let german = fixture("fixtures/paypal/activity_de.csv");
    let latin: Vec<u8> = text(&german).chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    assert!(reason(&german, &latin).starts_with("report-encoding encoding=UTF-8 place="));
    let wide: Vec<u8> =
        format!("\u{feff}{}", text(&german)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&german, &wide).everything(), read(&german, &german.bytes).everything());
    let adyen = fixture(ADYEN);
    let without_mark: Vec<u8> = text(&adyen).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = reason(&adyen, &without_mark);
    assert!(refused.starts_with("report-not"), "{refused}");
    let bank = fixture("fixtures/profile/danish_bank.csv");
    let as_utf_8 = Sample {
        profile: bank.profile.clone().map(|profile| Profile { encoding: "utf-8".to_owned(), ..profile }),
        ..bank.clone()
    };
    assert!(reason(&as_utf_8, &bank.bytes).starts_with("report-encoding"));
}

#[test]
fn another_locale_is_refused_where_the_format_has_one_and_read_where_it_has_many() {
    let adyen = fixture(ADYEN);
    let localised = text(&adyen).replace("492.75", "\"492,75\"");
    assert_eq!(reason(&adyen, localised.as_bytes()), "report-amount row=2 column=Net Credit (NC)");
    let saved_again = text(&adyen).replace(',', ";");
    assert!(reason(&adyen, saved_again.as_bytes()).starts_with("report-column-missing"));
    let us = fixture("fixtures/paypal/activity_us.csv");
    let mixed = text(&us).replace("\"-34.50\",\"0.00\",\"-34.50\"", "\"-34,50\",\"0.00\",\"-34.50\"");
    assert_eq!(reason(&us, mixed.as_bytes()), "report-amount row=3 column=Gross");
    // Nothing in these days says which part is the month.
    let open = text(&us).replace("02/13/2026", "02/12/2026");
    assert_eq!(reason(&us, open.as_bytes()), "report-day-order");
    let told = Sample { day_order: Some(DayOrder::MonthFirst), ..us.clone() };
    assert!(read(&told, open.as_bytes()).summary().contains("paypal//2026-02-05/2026-02-12/USD"));
    let danish = Sample { day_order: Some(DayOrder::DayFirst), ..us.clone() };
    assert!(read(&danish, open.as_bytes()).summary().contains("paypal//2026-05-02/2026-12-02/USD"));
}

#[test]
fn a_missing_line_in_the_middle_is_found() {
    for (name, line) in [
        ("fixtures/paypal/activity_us.csv", 2),
        ("fixtures/paypal/stl_20260206.csv", 5),
        (ADYEN, 3),
        ("fixtures/stripe/payout_itemised.csv", 3),
        ("fixtures/vipps_mobilepay/settlement.csv", 6),
        ("fixtures/klarna/settlement.csv", 5),
        ("fixtures/shopify_payments/pair.csv", 2),
        ("fixtures/profile/Nets060226.SDV", 2),
    ] {
        let sample = fixture(name);
        let shorter: Vec<String> = text(&sample)
            .lines()
            .enumerate()
            .filter(|(place, _)| *place != line)
            .map(|(_, text)| text.to_owned())
            .collect();
        let outcome = read(&sample, shorter.join("\n").as_bytes());
        assert!(outcome.is_harmless(), "{name} without line {line}:\n{}", outcome.summary());
        let whole = read(&sample, &sample.bytes).summary();
        assert_ne!(outcome.summary(), whole, "{name} without line {line}");
    }
}

#[test]
fn a_report_that_stands_twice_in_one_file_is_not_posted() {
    for sample in fixtures() {
        let twice = [sample.bytes.clone(), sample.bytes.clone()].join(&b'\n');
        let outcome = read(&sample, &twice);
        assert!(outcome.is_harmless(), "{} twice:\n{}", sample.name, outcome.summary());
    }
}

/// A source of endless bytes that counts what was taken of it.
struct Endless {
    start: Cursor<Vec<u8>>,
    taken: u64,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.start.read(into)?;
        let count = if count == 0 {
            into.fill(b'\n');
            into.len()
        } else {
            count
        };
        self.taken += count as u64;
        Ok(count)
    }
}

#[test]
fn a_file_that_is_larger_than_it_may_be_is_refused_by_its_bound() {
    assert_eq!(report::LONGEST_REPORT, 1 << 30, "a file of two gigabytes is refused");
    let most = 4 << 20;
    for sample in fixtures().into_iter().filter(|sample| sample.system != "camt") {
        let mut source = Endless { start: Cursor::new(sample.bytes.clone()), taken: 0 };
        let reader = registry::report_reader(sample.system).expect("a reader");
        let mut settlements = Settlements::from_source(Source::default());
        let context = ReadingContext {
            batch: sample.batch,
            profile: sample.profile.as_ref(),
            longest: Some(most),
            ..ReadingContext::default()
        };
        let result = report::read(reader, &mut source, &context, &mut settlements);
        let Err(Unreadable::Refused(reason)) = result else { panic!("{} is not refused", sample.name) };
        // What follows the end of an XML document is one endless text, which has a smaller bound of its own.
        let bound = if sample.name.ends_with(".xml") { "report-record-too-long" } else { "report-too-large" };
        assert_eq!(reason.code, bound, "{}", sample.name);
        assert!(source.taken <= most + (1 << 20), "{}: {} bytes were taken", sample.name, source.taken);
    }
}

#[test]
fn a_source_that_breaks_off_is_no_refusal() {
    struct Broken(Cursor<Vec<u8>>);
    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(io::Error::new(io::ErrorKind::ConnectionReset, "the connection broke")),
                count => Ok(count),
            }
        }
    }
    for sample in fixtures().into_iter().filter(|sample| sample.system != "camt") {
        let mut source = Broken(Cursor::new(sample.bytes.clone()));
        let reader = registry::report_reader(sample.system).expect("a reader");
        let format = reader.detect(&sample.bytes).expect("a known format");
        let mut settlements = Settlements::from_source(Source::default());
        let context = ReadingContext {
            batch: sample.batch,
            profile: sample.profile.as_ref(),
            ..ReadingContext::default()
        };
        let result = reader.read(format, &mut source, &context, &mut settlements);
        assert!(matches!(result, Err(Unreadable::Interrupted(_))), "{}: {result:?}", sample.name);
    }
}

/// A workbook of one sheet with this XML in it.
pub(super) fn workbook(sheet: &[u8]) -> Vec<u8> {
    workbook_with(sheet, &[])
}

/// A workbook with further parts.
fn workbook_with(sheet: &[u8], parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let packaged = "http://schemas.openxmlformats.org/package/2006";
    let files: [(&str, String); 4] = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{packaged}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{packaged}/relationships\"><Relationship Id=\"r1\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"Ark1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{packaged}/relationships\"><Relationship Id=\"r1\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
    ];
    for (name, content) in files {
        archive.start_file(name, options).expect("a file in the archive");
        archive.write_all(content.as_bytes()).expect("it is written");
    }
    archive.start_file("xl/worksheets/sheet1.xml", options).expect("a file in the archive");
    archive.write_all(sheet).expect("it is written");
    for (name, content) in parts {
        archive.start_file(*name, options).expect("a file in the archive");
        archive.write_all(content.as_bytes()).expect("it is written");
    }
    archive.finish().expect("the archive is whole").into_inner()
}

pub(super) fn sheet(rows: &[&[&str]]) -> Vec<u8> {
    let mut text = String::from(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>",
    );
    for (row, fields) in rows.iter().enumerate() {
        text.push_str(&format!("<row r=\"{}\">", row + 1));
        for (column, field) in fields.iter().enumerate() {
            let letter = char::from(b'A' + u8::try_from(column).expect("few columns"));
            let cell = format!("{letter}{}", row + 1);
            if field.parse::<f64>().is_ok() {
                text.push_str(&format!("<c r=\"{cell}\"><v>{field}</v></c>"));
            } else {
                text.push_str(&format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{field}</t></is></c>"));
            }
        }
        text.push_str("</row>");
    }
    text.push_str("</sheetData></worksheet>");
    text.into_bytes()
}

fn by_profile() -> Sample {
    let profile = r#"{"acquirer":"nordkort","form":"workbook","currency":"DKK","records":[{"kind":"sale",
        "columns":{"batch":"Batch","order":"Ordre","gross":"Beløb","fee":"Gebyr","occurred":"Dato"}}]}"#;
    Sample {
        name: "workbook".to_owned(),
        system: "profile",
        bytes: workbook(&sheet(&[
            &["Batch", "Ordre", "Beløb", "Gebyr", "Dato"],
            &["7", "1001", "459.9", "8.9", "2026-02-05"],
            &["7", "1002", "100.10000000000001", "1.1", "2026-02-06"],
        ])),
        batch: "",
        day_order: None,
        profile: Some(profile::parse(profile).expect("a profile")),
    }
}

#[test]
fn a_workbook_is_read_by_a_profile() {
    let sample = by_profile();
    assert_eq!(reason(&sample, &sample.bytes), "report-amount row=3 column=Beløb");
    let mended = workbook(&sheet(&[
        &["Batch", "Ordre", "Beløb", "Gebyr", "Dato"],
        &["7", "1001", "459.9", "8.9", "2026-02-05"],
        &["7", "1002", "100.1", "1.1", "2026-02-06"],
    ]));
    let summary = read(&sample, &mended).summary();
    assert!(summary.contains("sale: 2 lines, gross 560.00, fees -10.00"), "{summary}");
    assert!(summary.contains("standing: Unconfirmed"), "{summary}");
}

#[test]
fn bombs_and_tricks_in_a_workbook_are_refused() {
    let sample = by_profile();
    let zeros = vec![b' '; 170 << 20];
    let bomb = workbook(&zeros);
    assert!(bomb.len() < 1 << 20, "the bomb is small: {} bytes", bomb.len());
    assert_eq!(reason(&sample, &bomb), "report-unpacks-too-large limit=160");
    let far = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\"><v>1</v></c></row></sheetData></worksheet>";
    assert_eq!(reason(&sample, &workbook(far.as_bytes())), "report-too-many what=columns limit=512");
    let deep = "<worksheet><sheetData><row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row></sheetData></worksheet>";
    assert!(reason(&sample, &workbook(deep.as_bytes())).starts_with("report-column-missing"));
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\">]><worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>&a;</t></is></c></row></sheetData></worksheet>";
    assert!(read(&sample, &workbook(laughs.as_bytes())).is_harmless());
    let error = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"e\"><v>#REF!</v></c></row></sheetData></worksheet>";
    assert_eq!(reason(&sample, &workbook(error.as_bytes())), "report-cell row=1 column=1");
    assert_eq!(reason(&sample, b"PK\x03\x04nonsense"), "report-workbook");
}

#[test]
fn what_a_workbook_keeps_beside_its_cells_is_bounded_before_any_of_it_is_kept() {
    let sample = by_profile();
    let texts = "xl/sharedStrings.xml";
    let cell =
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row></sheetData></worksheet>";
    let told = |name: &str, part: &str| reason(&sample, &workbook_with(cell.as_bytes(), &[(name, part)]));
    // Room for these would be made before the first is read, and a process that finds none ends.
    for stated in ["2000001", "4611686018427387904", "9999999999999"] {
        let lie = format!("<x:sst x:count='1' uniqueCount='{stated}'><x:si><x:t>a</x:t></x:si></x:sst>");
        assert_eq!(told(texts, &lie), "report-too-many what=texts limit=2000000", "{stated}");
    }
    let many =
        |around: &str, element: &str, count: usize| format!("<{around}>{}</{around}>", element.repeat(count));
    assert_eq!(told(texts, &many("sst", "<si/>", 2_000_001)), "report-too-many what=texts limit=2000000");
    assert_eq!(
        told("xl/styles.xml", &many("cellXfs", "<xf/>", 100_001)),
        "report-too-many what=formats limit=100000"
    );
    let font = format!("<font><name val=\"{}\"/></font>", "x".repeat(600));
    assert_eq!(told("xl/styles.xml", &many("fonts", &font, 1)), "report-record-too-long limit=512");
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(3 << 20));
    assert_eq!(told(texts, &long), "report-record-too-long limit=1048576");
    // A text of a hundred thousand letters, written once and shown in every cell of a row.
    let shared = format!("<sst uniqueCount=\"1\"><si><t>{}</t></si></sst>", "x".repeat(100_000));
    let row = "<c t=\"s\"><v>0</v></c>".repeat(400);
    let sheet = format!("<worksheet><sheetData><row r=\"1\">{row}</row></sheetData></worksheet>");
    let wide = workbook_with(sheet.as_bytes(), &[(texts, &shared)]);
    assert_eq!(reason(&sample, &wide), "report-record-too-long limit=131072");
    // What says the truth is read, with pictures and all else that workbooks carry.
    let honest = "<sst count=\"9\" uniqueCount=\"1\"><si><t>Beløb</t></si></sst>";
    let picture = "\u{1}PNG <<< & no markup";
    let whole = workbook_with(cell.as_bytes(), &[(texts, honest), ("xl/media/image1.png", picture)]);
    assert!(reason(&sample, &whole).starts_with("report-column-missing"));
}

#[test]
fn tricks_with_entities_are_refused_by_every_reader_of_xml() {
    for sample in fixtures() {
        let Ok(whole) = std::str::from_utf8(&sample.bytes) else { continue };
        let Some((declaration, rest)) = whole.split_once("?>") else { continue };
        let trick = "<!DOCTYPE x [<!ENTITY a \"0123456789\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
        let laughs = format!("{declaration}?>{trick}{}", rest.replacen("2026", "&b;", 1));
        assert_eq!(reason(&sample, laughs.as_bytes()), "report-entity", "{}", sample.name);
        let outside = format!("{declaration}?><!DOCTYPE x SYSTEM \"file:///etc/hostname\">{rest}");
        assert_eq!(reason(&sample, outside.as_bytes()), "report-entity", "{}", sample.name);
    }
}

#[test]
fn a_funding_file_with_commas_is_the_same() {
    let sample = fixture("fixtures/altapay/funding.csv");
    let commas = text(&sample).replace(';', ",");
    let (a, b) = (read(&sample, &sample.bytes).summary(), read(&sample, commas.as_bytes()).summary());
    assert_eq!(a.replace("-semicolon", ""), b);
}

#[test]
fn a_profile_that_cannot_be_used_says_why() {
    for (text, field) in [
        ("{}", "JSON"),
        (r#"{"acquirer":"x","records":[]}"#, "records"),
        (
            r#"{"acquirer":"x","encoding":"klingon","records":[{"kind":"sale","columns":{"gross":"A"}}]}"#,
            "encoding",
        ),
        (r#"{"acquirer":"x","dates":"%d.%m","records":[{"kind":"sale","columns":{"gross":"A"}}]}"#, "dates"),
        (r#"{"acquirer":"x","records":[{"kind":"sale","columns":{"order":"A"}}]}"#, "records[0].columns"),
        (r#"{"acquirer":"x","records":[{"columns":{"gross":"A"}}]}"#, "records[0].kind"),
        (
            r##"{"acquirer":"x","currency":"DKK","records":[{"kind":"sale","columns":{"gross":"#0"}}]}"##,
            "records[0].columns",
        ),
        (r#"{"acquirer":"x","colour":"red","records":[]}"#, "JSON"),
    ] {
        let refused = profile::parse(text).expect_err(text);
        assert_eq!(refused.0.code, "report-profile-wrong", "{text}");
        assert_eq!(refused.0.fact("field"), field, "{text}");
    }
}
