//! PayPal: Transaction Search, the settlement report (STL), and the activity and statement downloads in many languages.
//!
//! PayPal keeps a balance per currency; money goes to the bank by withdrawals that are lines like others. A batch is a day of
//! the settlement report, or the period that was asked for. Currencies are batches of their own, and a conversion is a line in
//! each.

mod download;
mod fetch;
mod kinds;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use fetch::CONNECTION;

use crate::pages;
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
};
use crate::tabular::{Style, Table, rows};

/// PayPal.
#[derive(Clone, Copy, Debug)]
pub struct PayPal;

const SEARCH: Format =
    Format { name: "paypal-transaction-search", medium: Medium::Json, proven: false, proof: Proof::Totals };
const SETTLEMENT: Format = Format {
    name: "paypal-settlement-report",
    medium: Medium::Delimited,
    proven: false,
    proof: Proof::Totals,
};
const DOWNLOAD: Format =
    Format { name: "paypal-download-csv", medium: Medium::Delimited, proven: true, proof: Proof::Nothing };
/// The same under a header in another language than English, of which no sample was seen.
const TRANSLATED: Format = Format {
    name: "paypal-download-translated-csv",
    medium: Medium::Delimited,
    proven: false,
    proof: Proof::Nothing,
};

/// What is known of PayPal's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "paypal",
    formats: &[SEARCH, SETTLEMENT, DOWNLOAD, TRANSLATED],
    unproven: &[
        "Only the English download was seen; headers and words of the other languages are from memory, and a description that \
         is not known stays an unknown kind.",
        "The settlement report's footers are known from a public test and the specification, not from a report of a merchant.",
        "The balances that are kept around a day's transactions are the total ones, holds included.",
        "Which event codes are chargebacks, holds and withdrawals is taken from PayPal's groups of codes.",
    ],
};

impl ReportReader for PayPal {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        if start.starts_with('{') {
            return Some(&SEARCH);
        }
        if start.starts_with("\"RH\"") || start.starts_with("RH,") || start.starts_with("RH\t") {
            return Some(&SETTLEMENT);
        }
        let names: Vec<&str> = start.lines().next()?.split([',', ';', '\t']).collect();
        if names.len() < 8 || start.starts_with('<') {
            return None;
        }
        Some(if wire::is_english(&names) { &DOWNLOAD } else { &TRANSLATED })
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let mut batches = Batches::new(MANIFEST.system, receiver);
        match format.name {
            name if name == SETTLEMENT.name => settlement(source, context, &mut batches),
            name if name == SEARCH.name => search(source, context, &mut batches),
            _ => download::read(source, context, &mut batches),
        }
    }
}

fn settlement(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut start = Vec::new();
    Read::take(&mut *source, 256).read_to_end(&mut start)?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if first.contains(&b'\t') { b'\t' } else { b',' };
    let mut whole = std::io::Cursor::new(start).chain(source);
    let mut report = map::Settlement::default();
    let style = Style { delimiter, ..Style::COMMA };
    rows(Table::Delimited(&mut whole, style), &mut |row| report.record(row, context, batches))?;
    report.end()
}

fn search(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut found = map::Found::default();
    pages::documents(source, &mut |number, text| {
        let balances: wire::Balances<'_> = pages::document(number, text)?;
        match balances.balances {
            Some(balances) => found.balances(number, &balances),
            None => found.page(number, &pages::document(number, text)?, context, batches),
        }
    })?;
    found.end(batches)
}
