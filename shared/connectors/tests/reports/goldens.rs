//! Every sample and fixture gives what was looked at once and committed.

use std::path::{Path, PathBuf};

use connectors::registry::REPORT_READERS;
use domain::settlement::Standing;

use super::sources::{Sample, fixtures, vendors};
use super::summary::{Outcome, read};

fn path_of(sample: &Sample) -> PathBuf {
    let name = sample.name.replace('/', "__");
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/goldens").join(format!("{name}.txt"))
}

fn compare(samples: &[Sample]) {
    let write = std::env::var("BOGBRO_GOLDENS").is_ok_and(|value| value == "write");
    let mut different = Vec::new();
    for sample in samples {
        let (path, now) = (path_of(sample), read(sample, &sample.bytes).summary());
        if write {
            std::fs::write(&path, &now).expect("the golden is written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        if golden != now {
            different.push(format!("{}\n--- committed\n{golden}--- now\n{now}", sample.name));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn vendors_samples_give_what_was_committed() {
    compare(&vendors());
}

#[test]
fn fixtures_give_what_was_committed() {
    compare(&fixtures());
}

#[test]
fn every_sample_of_a_vendor_is_read_to_its_end() {
    for sample in vendors() {
        if let Outcome::Refused(reason) = read(&sample, &sample.bytes) {
            panic!("{} is refused: {reason}", sample.name);
        }
    }
}

#[test]
fn files_that_break_their_own_arithmetic_are_found_with_the_difference() {
    for (name, difference) in [
        ("adyen/settlement_detail_report_2016_batch_48.xlsx", "932.00"),
        ("vipps-mobilepay/settlement-report.csv", "1490.00"),
        ("klarna/payout-and-transactions", "15.00"),
        ("shopify-payments/payout-and-transactions", "-45.35"),
    ] {
        let Some(sample) = vendors().into_iter().find(|sample| sample.name == name) else { continue };
        let Outcome::Settlements(_, batches) = read(&sample, &sample.bytes) else {
            panic!("{name} is refused")
        };
        let found: Vec<String> = batches
            .iter()
            .flat_map(|batch| batch.check().breaches)
            .filter_map(|breach| breach.difference())
            .map(|money| money.to_string().trim_start_matches('-').to_owned())
            .collect();
        let wanted = difference.trim_start_matches('-');
        assert!(found.iter().any(|found| found == wanted), "{name}: {found:?} has no {difference}");
        assert!(batches.iter().any(|batch| batch.check().standing == Standing::Unbalanced), "{name}");
    }
}

#[test]
fn every_format_has_a_fixture_or_a_vendors_sample() {
    let mut seen = std::collections::BTreeSet::new();
    for sample in fixtures().iter().chain(&vendors()) {
        if let Outcome::Settlements(format, _) = read(sample, &sample.bytes) {
            seen.insert(format);
        }
    }
    let without_vendors = super::sources::contracts().is_none();
    for format in REPORT_READERS.iter().flat_map(|reader| reader.manifest().formats) {
        // A workbook by profile and the comma form of a funding file are read in the tests of bad input.
        let elsewhere = matches!(format.name, "profile-workbook" | "altapay-funding-csv");
        let vendors_own = without_vendors && format.proven;
        assert!(seen.contains(format.name) || elsewhere || vendors_own, "{} is read by no test", format.name);
    }
}
