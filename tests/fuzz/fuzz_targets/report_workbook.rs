//! Any bytes as the sheet and the strings of a workbook: the archive around them is sound, so that the readers of workbooks meet
//! what is in it, and not only an archive that cannot be opened.
#![no_main]

mod edits;
mod memory;
mod readers;

use std::io::{Cursor, Write};

use connectors::registry;
use connectors::report::{Medium, ReadingContext};
use edits::{Edit, edited};
use libfuzzer_sys::fuzz_target;
use readers::{profile, take_in};

/// A workbook that is read, by the system that reads it: rows of fields, as a bar parts them.
const SOUND: &[(&str, &str)] = &[
    (
        "swedbank-pay",
        "ContractingParty|AccountingNo|TotalNoOfTransactions|AccountingDate|ExternalMerchantId|Version
PayEx Sverige AB|R1234-0001|2|2022-12-02|1234|2.0
Currency|ServiceType|ServiceName|NoOfDebit|NoOfCredit|Amount|FromDate|ToDate
SEK|Direct debit|Swish|1|1|110.5|2022-11-24|2022-11-30
PayExAccountNo|OrderIdentity|TransactionIdentity|Amount|Currency|DateCreated|ServiceName|ReferencedTransaction
50001|1001|40001|1000.5|SEK|2022-11-24 08:00:01|Swish|
50001|1001|40002|-890|SEK|2022-11-25 09:00:00|Swish|40001",
    ),
    (
        "vipps-mobilepay",
        "Oppgjørsrapport|Bedriften
Salgsdato|Salgssted|Vippsnummer|Produkt|Transaksjons-ID|Ordre-ID|Brutto|Gebyr|Netto|Transaksjonstype|Oppgjørs-ID|Oppgjørsdato|Oppgjørssum|Oppgjørskonto
25.11.2019|Vipps|2142|Vipps Netthandel|5691969089|9979906|100|-1.75|98.25|Salg|2000461|01.12.2019||15039794613
||2142|||||||Til utbetaling netto|2000461|01.12.2019|98.25|15039794613",
    ),
    (
        "profile",
        "Batch|Ordre|Beløb|Gebyr|Dato
7|1001|459.9|8.9|2026-02-05
7|1002|100.1|1.1|2026-02-06",
    ),
];

const PROFILE: &str = r#"{"acquirer":"nordkort","form":"workbook","currency":"DKK","records":[{"kind":"sale",
    "columns":{"batch":"Batch","order":"Ordre","gross":"Beløb","fee":"Gebyr","occurred":"Dato"}}]}"#;

const ADYEN: &str =
    include_str!("../../../shared/connectors/src/adyen/fixtures/settlement_detail_report_batch_12.csv");

/// The system, and its rows.
fn sound(pick: u8) -> (&'static str, Vec<Vec<String>>) {
    let fields = |row: &str| row.split('|').map(str::to_owned).collect::<Vec<String>>();
    match SOUND.get(usize::from(pick) % (SOUND.len() + 1)) {
        Some((system, rows)) => (system, rows.lines().map(fields).collect()),
        // The same rows as in Adyen's text, below the lines that its workbooks begin with.
        None => {
            let mut text = csv::ReaderBuilder::new().has_headers(false).from_reader(ADYEN.as_bytes());
            let records = text.records().map(|record| record.expect("the fixture is sound"));
            let rows = records.map(|record| record.iter().map(str::to_owned).collect());
            (
                "adyen",
                [fields("Settlement detail report"), fields("Batch|12")].into_iter().chain(rows).collect(),
            )
        }
    }
}

/// The sheet, and the strings that its cells name by number.
fn sheet(rows: &[Vec<String>]) -> [String; 2] {
    let mut strings: Vec<&str> = Vec::new();
    let mut sheet = String::new();
    for (row, fields) in rows.iter().enumerate() {
        sheet.push_str(&format!("<row r=\"{}\">", row + 1));
        for (column, field) in fields.iter().enumerate().filter(|(_, field)| !field.is_empty()) {
            let letter = |number: usize| char::from(b'A' + (number % 26) as u8).to_string();
            let column = match column {
                small @ 0..26 => letter(small),
                large => letter(large / 26 - 1) + &letter(large),
            };
            let (kind, value) = if field.parse::<f64>().is_ok() {
                ("", field.to_owned())
            } else {
                let place = strings.iter().position(|string| string == field).unwrap_or_else(|| {
                    strings.push(field);
                    strings.len() - 1
                });
                (" t=\"s\"", place.to_string())
            };
            sheet.push_str(&format!("<c r=\"{column}{}\"{kind}><v>{value}</v></c>", row + 1));
        }
        sheet.push_str("</row>");
    }
    let table: String = strings.iter().map(|string| format!("<si><t>{string}</t></si>")).collect();
    [
        format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{sheet}</sheetData></worksheet>"),
        format!("<sst xmlns=\"{MAIN}\" count=\"{0}\" uniqueCount=\"{0}\">{table}</sst>", strings.len()),
    ]
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A workbook of one sheet and its strings.
fn workbook(sheet: &[u8], strings: &[u8]) -> Vec<u8> {
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let packaged = "http://schemas.openxmlformats.org/package/2006";
    let relation = |id: u8, kind: &str, target: &str| {
        format!("<Relationship Id=\"r{id}\" Type=\"{relations}/{kind}\" Target=\"{target}\"/>")
    };
    let related = |inside: &[String]| {
        format!("<Relationships xmlns=\"{packaged}/relationships\">{}</Relationships>", inside.concat())
    };
    let around = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{packaged}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        ("_rels/.rels", related(&[relation(1, "officeDocument", "xl/workbook.xml")])),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{relations}\"><sheets><sheet name=\"Ark1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            related(&[
                relation(1, "worksheet", "worksheets/sheet1.xml"),
                relation(2, "sharedStrings", "sharedStrings.xml"),
            ]),
        ),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let files = around.iter().map(|(name, content)| (*name, content.as_bytes()));
    for (name, content) in
        files.chain([("xl/worksheets/sheet1.xml", sheet), ("xl/sharedStrings.xml", strings)])
    {
        archive.start_file(name, stored).expect("a file in the archive");
        archive.write_all(content).expect("it is written");
    }
    archive.finish().expect("the archive is whole").into_inner()
}

fuzz_target!(|input: (u8, Option<(Vec<u8>, Vec<u8>)>, Vec<Edit>, Vec<Edit>)| {
    let (pick, raw, of_sheet, of_strings) = input;
    let (system, rows) = sound(pick);
    let [sheet, strings] = sheet(&rows);
    let untouched = raw.is_none() && of_sheet.is_empty() && of_strings.is_empty();
    let (sheet, strings) =
        raw.unwrap_or_else(|| (edited(sheet.as_bytes(), &of_sheet), edited(strings.as_bytes(), &of_strings)));
    let bytes = workbook(&sheet, &strings);
    let profile = profile(PROFILE);
    let context = ReadingContext { batch: "1", profile: Some(&profile), ..ReadingContext::default() };
    memory::bounded(|| {
        for reader in registry::REPORT_READERS {
            let manifest = reader.manifest();
            for format in manifest.formats.iter().filter(|format| format.medium == Medium::Workbook) {
                let read = take_in(*reader, Some(format), &bytes, &context);
                assert!(
                    read || !untouched || manifest.system != system,
                    "the workbook of {system} is not read"
                );
            }
        }
    });
});
