//! Import profiles as configuration: for each leaf of a profile's JSON Schema two profiles that differ in it alone, and one file
//! that is read otherwise under them. A new leaf without a case fails the test.

use std::collections::BTreeSet;

use connectors::profile::Profile;
use connectors::report::{ReadingContext, Unreadable};
use connectors::{profile, registry, report};
use domain::settings::is_read_by_profile;
use domain::settlement::{Settlements, Source};
use serde_json::{Value, json};

use super::bad_input::{sheet, workbook};
use super::schema::leaves;
use super::sources::Sample;
use super::summary::read;

/// What the cases differ from.
fn base() -> Value {
    json!({
        "acquirer": "nordkort", "currency": "DKK",
        "records": [{
            "kind": "sale",
            "columns": { "batch": "Batch", "order": "Ordre", "gross": "Belob", "fee": "Gebyr", "occurred": "Dato" },
        }],
    })
}

const PLAIN: &str =
    "Batch,Ordre,Belob,Gebyr,Dato\n7,1001,459.90,8.90,2026-02-05\n7,1002,100.10,1.10,2026-02-06\n";

/// Two values of one leaf, and the file that shows the difference. The places of both are JSON pointers into [`base`].
struct Case {
    leaf: &'static str,
    also: Vec<(&'static str, Value)>,
    place: &'static str,
    values: [Value; 2],
    file: Vec<u8>,
}

fn case(leaf: &'static str, place: &'static str, one: Value, other: Value, file: &str) -> Case {
    Case { leaf, also: Vec::new(), place, values: [one, other], file: file.as_bytes().to_vec() }
}

fn with(also: Vec<(&'static str, Value)>, case: Case) -> Case {
    Case { also, ..case }
}

/// Puts a value at a place, where an object is.
fn put(file: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    file.pointer_mut(parent).expect("the place is there")[name] = value;
}

fn in_a_workbook() -> Vec<u8> {
    workbook(&sheet(&[
        &["Batch", "Ordre", "Belob", "Gebyr", "Dato"],
        &["7", "1001", "459.9", "8.9", "2026-02-05"],
    ]))
}

fn cases_of_the_file() -> Vec<Case> {
    let danish = PLAIN.replace(',', ";").replace('.', ",");
    let many = "Batch;Ordre;Belob;Gebyr;Dato\n7;1001;1.459,90;8,90;2026-02-05\n";
    let latin = b"Batch,Ordre,Belob,Gebyr,Dato\n7,\xf8,1.00,0.00,2026-02-05\n".to_vec();
    let quoted = PLAIN.replace("1001", "\"1001\"");
    let open = PLAIN.trim_end().to_owned();
    let days = PLAIN.replace("2026-02-05", "05-02-2026").replace("2026-02-06", "06-02-2026");
    vec![
        case("/acquirer", "/acquirer", json!("nordkort"), json!("andelskort"), PLAIN),
        Case { file: in_a_workbook(), ..case("/form", "/form", json!("workbook"), json!("delimited"), "") },
        Case {
            file: latin,
            ..case("/encoding", "/encoding", json!("windows-1252"), json!("iso-8859-5"), "")
        },
        with(
            vec![("/decimal", json!(","))],
            case("/delimiter", "/delimiter", json!(";"), json!(","), &danish),
        ),
        case("/quotes", "/quotes", json!(true), json!(false), &quoted),
        with(vec![("/delimiter", json!(";"))], case("/decimal", "/decimal", json!(","), json!("."), &danish)),
        with(
            vec![("/delimiter", json!(";")), ("/decimal", json!(","))],
            case("/thousands", "/thousands", json!("."), Value::Null, many),
        ),
        case("/last-line-ends", "/last-line-ends", json!(false), json!(true), &open),
        case("/dates", "/dates", json!("%d-%m-%Y"), json!("%m-%d-%Y"), &days),
        with(
            vec![("/form", json!("workbook"))],
            Case { file: in_a_workbook(), ..case("/sheet", "/sheet", json!("Ark1"), json!("Ark2"), "") },
        ),
        case("/skip-rows", "/skip-rows", json!(1), json!(0), &format!("Kontoudtog\n{PLAIN}")),
        case("/currency", "/currency", json!("DKK"), json!("SEK"), PLAIN),
        case("/mode", "/mode", json!("net"), json!("gross"), PLAIN),
    ]
}

fn cases_of_records() -> Vec<Case> {
    let marked = "L,7,1001,459.90\nT,7,,459.90\n";
    let record = |mark: Value, role: &str, columns: Value| json!({ "mark": mark, "role": role, "header": false, "kind": "sale", "columns": columns });
    let line = record(
        json!({ "column": 1, "value": "L" }),
        "line",
        json!({ "batch": "#2", "order": "#3", "gross": "#4" }),
    );
    let total =
        record(json!({ "column": 1, "value": "T" }), "total", json!({ "batch": "#2", "gross": "#4" }));
    let records = || vec![("/records", json!([line, total]))];
    let turned = PLAIN.replace("459.90", "-459.90");
    let directed = "Batch,Ordre,Belob,Vej\n7,1001,459.90,D\n7,1002,100.10,K\n";
    let directed_columns =
        json!({ "batch": "Batch", "order": "Ordre", "gross": "Belob", "direction": "Vej" });
    let kinds = "Batch,Ordre,Belob,Art\n7,1001,459.90,Salg\n";
    let kinds_columns = json!({ "batch": "Batch", "order": "Ordre", "gross": "Belob", "kind": "Art" });
    vec![
        with(records(), case("/records[]/mark/column", "/records/1/mark/column", json!(1), json!(2), marked)),
        with(
            records(),
            case("/records[]/mark/value", "/records/1/mark/value", json!("T"), json!("U"), marked),
        ),
        with(
            records(),
            case(
                "/records[]/role",
                "/records/1/role",
                json!("total"),
                json!("ignored"),
                "L,7,1001,459.90\nT,7,,460.00\n",
            ),
        ),
        with(
            vec![("/records/0/columns", json!({ "batch": "#1", "order": "#2", "gross": "#3" }))],
            case("/records[]/header", "/records/0/header", json!(true), json!(false), PLAIN),
        ),
        case("/records[]/columns/*", "/records/0/columns/order", json!("Ordre"), json!("Dato"), PLAIN),
        case("/records[]/sign", "/records/0/sign", json!("written"), json!("turned"), &turned),
        with(
            vec![("/records/0/columns", directed_columns)],
            case(
                "/records[]/sign/direction[]",
                "/records/0/sign",
                json!({ "direction": ["D"] }),
                json!({ "direction": ["K"] }),
                directed,
            ),
        ),
        case("/records[]/fee-sign", "/records/0/fee-sign", json!("subtracted"), json!("added"), PLAIN),
        with(
            vec![("/records/0/columns", kinds_columns), ("/records/0/kind", Value::Null)],
            case(
                "/records[]/kinds/*",
                "/records/0/kinds",
                json!({ "Salg": "sale" }),
                json!({ "Salg": "adjustment" }),
                kinds,
            ),
        ),
        case("/records[]/kind", "/records/0/kind", json!("sale"), json!("adjustment"), PLAIN),
        case("/records[]/fee-kind", "/records/0/fee-kind", json!("commission"), json!("scheme"), PLAIN),
    ]
}

/// What the file is read as, in full.
fn reading(profile: Value, file: &[u8]) -> String {
    let profile = profile::parse(&profile.to_string()).unwrap_or_else(|error| panic!("{:?}", error.0));
    let sample = Sample {
        name: "profile".to_owned(),
        system: "profile",
        bytes: file.to_vec(),
        batch: "",
        day_order: None,
        profile: Some(profile),
    };
    read(&sample, file).everything()
}

#[test]
fn every_leaf_of_a_profile_changes_what_is_read() {
    let mut covered = BTreeSet::new();
    for Case { leaf, also, place, values, file } in cases_of_the_file().into_iter().chain(cases_of_records())
    {
        let mut common = base();
        for (place, value) in also {
            put(&mut common, place, value);
        }
        let [one, other] = values.map(|value| {
            let mut profile = common.clone();
            put(&mut profile, place, value);
            reading(profile, &file)
        });
        assert_ne!(one, other, "{leaf} changes nothing");
        assert!(!one.starts_with("refused"), "{leaf}: the first value reads the file: {one}");
        covered.insert(leaf.to_owned());
    }
    let all: BTreeSet<String> = leaves(&schemars::schema_for!(Profile).to_value()).into_iter().collect();
    assert_eq!(covered, all, "each leaf has its case, and each case its leaf");
}

#[test]
fn the_systems_that_need_a_profile_are_those_whose_reader_asks_for_one() {
    for reader in registry::REPORT_READERS {
        let system = reader.manifest().system;
        let asks = reader.manifest().formats.iter().any(|format| {
            let mut source: &[u8] = b"100;1;2\n";
            let mut settlements = Settlements::from_source(Source::default());
            let read = reader.read(format, &mut source, &ReadingContext::default(), &mut settlements);
            matches!(read, Err(Unreadable::Refused(reason)) if reason.code == "report-profile-missing")
        });
        assert_eq!(asks, is_read_by_profile(system), "{system}");
    }
    assert!(registry::report_reader("profile").is_some());
    assert_eq!(report::LONGEST_REPORT, 1 << 30);
}
