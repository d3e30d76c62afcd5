//! AltaPay: the funding file (CSV) that `fundingDownload` gives for an entry of `fundingList`.
//!
//! The file holds neither the funding's amount nor its name: they stand in the list, and the payout is confirmed by it or by
//! the bank.

mod fetch;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use fetch::CONNECTION;

use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
};
use crate::tabular::{Style, Table, headed};

/// AltaPay.
#[derive(Clone, Copy, Debug)]
pub struct AltaPay;

const COMMA: Format =
    Format { name: "altapay-funding-csv", medium: Medium::Delimited, proven: false, proof: Proof::Nothing };
const SEMICOLON: Format = Format {
    name: "altapay-funding-csv-semicolon",
    medium: Medium::Delimited,
    proven: false,
    proof: Proof::Nothing,
};

/// What is known of AltaPay's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "altapay",
    formats: &[COMMA, SEMICOLON],
    unproven: &[
        "The columns are those of the vendor's documentation, whose example has no fees; no file of a merchant was seen.",
        "The settlement amount is taken as before fees, signed, and fees as positive and subtracted.",
    ],
};

impl ReportReader for AltaPay {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        let header = start.lines().next().filter(|header| header.contains(wire::MARK))?;
        Some(if header.contains(';') { &SEMICOLON } else { &COMMA })
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let style = if *format == SEMICOLON { Style::SEMICOLON } else { Style::COMMA };
        let mut batches = Batches::new(MANIFEST.system, receiver);
        headed(Table::Delimited(source, style), wire::MARK, wire::Columns::find, |columns, row| {
            map::row(columns, row, context, &mut batches)
        })
    }
}
