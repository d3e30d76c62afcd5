//! Every sample and fixture gives what was looked at once and committed.

use std::path::{Path, PathBuf};

use connectors::registry::{BANK_STATEMENTS, REPORT_READERS};
use domain::settlement::Standing;

use super::sources::{
    BALANCE_REPORT, KLARNA_SUMMARY, NO_REPORTS, Sample, contracts, fixtures, read_files, vendors,
    vendors_file,
};
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

/// Every file below a folder, by its path from there.
fn files(folder: &Path, below: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder.join(below)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.path().is_dir() {
            files(folder, &path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn every_file_of_a_vendor_is_read_or_is_no_report() {
    let Some(folder) = contracts() else { return };
    let mut found = Vec::new();
    files(&folder, "", &mut found);
    let (read, others) = (read_files(), NO_REPORTS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let listed = |name: &str| read.contains(name) || others.contains(&name) || name.ends_with("/SOURCE.md");
    let unknown: Vec<&String> = found.iter().filter(|name| !listed(name)).collect();
    assert!(unknown.is_empty(), "neither read nor said to be no report: {unknown:?}");
    let gone: Vec<&&str> =
        read.iter().chain(&others).filter(|name| !found.iter().any(|found| found == **name)).collect();
    assert!(gone.is_empty(), "not there any more: {gone:?}");
}

/// The amount behind the first of these words that stands at the beginning of a line.
fn amount_behind(text: &str, word: &str) -> i64 {
    let line =
        text.lines().map(str::trim).find(|line| line.starts_with(word) && line.ends_with(char::is_numeric));
    let figures: String = line.unwrap_or_else(|| panic!("{word}"))[word.len()..]
        .rsplit("  ")
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '-')
        .collect();
    figures.parse().expect("an amount in the smallest unit")
}

#[test]
fn the_balance_report_explains_what_the_list_of_the_same_settlement_leaves_open() {
    let Some(folder) = contracts() else { return };
    let text = String::from_utf8(vendors_file(&folder, BALANCE_REPORT)).expect("UTF-8");
    for sample in vendors().into_iter().filter(|sample| sample.system == "swedbank-pay") {
        let Outcome::Settlements(_, batches) = read(&sample, &sample.bytes) else { panic!("it is refused") };
        let [batch] = batches.try_into().expect("one batch");
        assert!(text.contains(&batch.key().batch), "{}", batch.key());
        assert!(text.contains(&batch.key().currency.to_string()), "{}", batch.key());
        let day = batch.stated().payout_on.expect("a day").to_string();
        assert!(text.contains(&day), "{day}");
        let check = batch.check();
        assert_eq!(
            check.standing,
            Standing::Unconfirmed,
            "{}: fees stand in the balance report",
            sample.name
        );
        let of = |word| amount_behind(&text, word);
        assert_eq!(check.payout.minor(), of("Amount"));
        assert_eq!(check.payout.minor() + of("Fees") + of("VAT"), of("Transferred amount (1234567)"));
        assert_eq!(batch.len(), 134, "{}", sample.name);
    }
}

#[test]
fn sums_over_many_payouts_are_refused() {
    let Some(folder) = contracts() else { return };
    let sample = vendors().into_iter().find(|sample| sample.system == "klarna").expect("a sample");
    let Outcome::Refused(reason) = read(&sample, &vendors_file(&folder, KLARNA_SUMMARY)) else {
        panic!("it is read")
    };
    assert_eq!(reason, "report-not-this-format system=klarna");
}

#[test]
fn files_that_break_their_own_arithmetic_are_found_with_the_difference() {
    if contracts().is_none() {
        return;
    }
    let samples = vendors();
    for (name, difference) in [
        ("adyen/settlement_detail_report_2016_batch_48.xlsx", "932.00"),
        ("vipps-mobilepay/settlement-report.csv", "1490.00"),
        ("klarna/payout-and-transactions", "15.00"),
        ("shopify-payments/payout-and-transactions", "-45.35"),
    ] {
        let sample = samples.iter().find(|sample| sample.name == name);
        let sample = sample.unwrap_or_else(|| panic!("there is no sample {name}"));
        let Outcome::Settlements(_, batches) = read(sample, &sample.bytes) else {
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
        match read(sample, &sample.bytes) {
            Outcome::Settlements(format, _) => _ = seen.insert(format),
            Outcome::Statements(_) => {
                // A message names its form in its namespace.
                let text = String::from_utf8_lossy(&sample.bytes);
                let formats = BANK_STATEMENTS.formats.iter().map(|format| format.name);
                seen.extend(formats.filter(|name| text.contains(name)));
            }
            Outcome::Refused(_) => {}
        }
    }
    let without_vendors = super::sources::contracts().is_none();
    let manifests = REPORT_READERS.iter().map(|reader| reader.manifest()).chain([BANK_STATEMENTS]);
    for format in manifests.flat_map(|manifest| manifest.formats) {
        // A workbook by profile and the comma form of a funding file are read in the tests of bad input.
        let elsewhere = matches!(format.name, "profile-workbook" | "altapay-funding-csv");
        let vendors_own = without_vendors && format.proven;
        assert!(seen.contains(format.name) || elsewhere || vendors_own, "{} is read by no test", format.name);
    }
}
