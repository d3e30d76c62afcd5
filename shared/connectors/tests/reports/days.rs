//! A payout is of the day that its report writes, whichever day it is elsewhere at that time.

use connectors::profile::Profile;
use jiff::civil::date;
use serde_json::json;

use super::sources::{Sample, fixtures};
use super::summary::{Outcome, read};

/// The day that the only batch of a report states for its payout.
fn day(sample: &Sample) -> Option<jiff::civil::Date> {
    match read(sample, &sample.bytes) {
        Outcome::Settlements(_, batches) => {
            assert_eq!(batches.len(), 1, "{}", sample.name);
            batches[0].stated().payout_on
        }
        Outcome::Refused(reason) => panic!("{} is refused: {reason}", sample.name),
        Outcome::Statements(_) => panic!("{} is a statement", sample.name),
    }
}

#[test]
fn a_payout_of_adyen_just_after_midnight_is_of_that_day() {
    let name = "fixtures/adyen/settlement_detail_report_batch_12.csv";
    let sample = fixtures().into_iter().find(|sample| sample.name == name).expect("the fixture");
    let text = String::from_utf8(sample.bytes.clone()).expect("text");
    assert!(text.contains("2026-02-06 00:20:00,CET,MerchantPayout"), "the row says so");
    assert_eq!(day(&sample), Some(date(2026, 2, 6)));
    // The first minutes of a year do not belong to the year before, and the last of one in the west not to the year after.
    for (time, on) in [
        ("2026-01-01 00:20:00,CET", date(2026, 1, 1)),
        ("2026-07-01 00:20:00,CEST", date(2026, 7, 1)),
        ("2025-12-31 23:50:00,PST", date(2025, 12, 31)),
        ("2026-01-01 00:20:00,XYZ", date(2026, 1, 1)),
    ] {
        let bytes = text.replace("2026-02-06 00:20:00,CET", time).into_bytes();
        assert_eq!(day(&Sample { bytes, ..sample.clone() }), Some(on), "{time}");
    }
}

#[test]
fn a_day_with_an_offset_in_a_file_read_by_a_profile_is_the_day_that_is_written() {
    let columns = json!({ "batch": "Batch", "gross": "Belob", "kind": "Art", "occurred": "Dato" });
    let by_line = json!({
        "acquirer": "nordkort", "currency": "DKK", "dates": "%Y-%m-%dT%H:%M:%S%z",
        "records": [{ "kinds": { "Salg": "sale", "Ud": "payout" }, "columns": columns }],
    });
    let mark = |value: &str| json!({ "column": 1, "value": value });
    let by_total = json!({
        "acquirer": "nordkort", "currency": "DKK", "dates": "%Y-%m-%dT%H:%M:%S%z",
        "records": [
            { "mark": mark("L"), "header": false, "kind": "sale", "columns": { "batch": "#2", "gross": "#3" } },
            { "mark": mark("T"), "role": "total", "header": false,
              "columns": { "batch": "#2", "payout": "#3", "payout-day": "#4" } },
        ],
    });
    for (time, on) in
        [("2026-01-01T00:20:00+0100", date(2026, 1, 1)), ("2025-12-31T23:50:00-0800", date(2025, 12, 31))]
    {
        let lines =
            format!("Batch,Belob,Art,Dato\n7,100.00,Salg,2025-12-29T12:00:00+0100\n7,-100.00,Ud,{time}\n");
        let totals = format!("L,7,100.00\nT,7,100.00,{time}\n");
        for (profile, bytes) in [(&by_line, lines), (&by_total, totals)] {
            let profile: Profile = serde_json::from_value(profile.clone()).expect("a profile");
            let sample = Sample {
                name: time.to_owned(),
                system: "profile",
                bytes: bytes.into_bytes(),
                batch: "",
                day_order: None,
                profile: Some(profile),
            };
            assert_eq!(day(&sample), Some(on), "{time}");
        }
    }
}
