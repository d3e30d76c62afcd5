//! Adyen: the Settlement details report, as CSV and as workbook.
//!
//! Every row counts, payout and carried balance included, and all nets of a batch add up to nothing. Adyen writes the report
//! when a batch is paid out and announces it by a webhook.

mod announce;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use announce::CONNECTION;

use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
    is_workbook,
};
use crate::tabular::{Style, Table, headed};

/// Adyen.
#[derive(Clone, Copy, Debug)]
pub struct Adyen;

const CSV: Format = Format {
    name: "adyen-settlement-details-csv",
    medium: Medium::Delimited,
    proven: true,
    proof: Proof::ZeroSum,
};
const WORKBOOK: Format = Format {
    name: "adyen-settlement-details-xlsx",
    medium: Medium::Workbook,
    proven: true,
    proof: Proof::ZeroSum,
};

/// What is known of Adyen's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "adyen",
    formats: &[CSV, WORKBOOK],
    unproven: &[
        "The sign of a fee that is given back on a payment's row is taken to be a minus.",
        "InvoiceDeduction is taken as a fee as a whole; a VAT within it is not told apart.",
        "DepositCorrection is taken as reserve held or released by its sign.",
    ],
};

impl ReportReader for Adyen {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let header = beginning(start);
        let header = header.lines().next().unwrap_or_default();
        if is_workbook(start) {
            Some(&WORKBOOK)
        } else {
            (header.contains(wire::MARK) || header.contains("Psp Reference")).then_some(&CSV)
        }
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let table = match format.medium {
            Medium::Workbook => Table::Workbook(source, None),
            _ => Table::Delimited(source, Style::CLOSED_COMMA),
        };
        let mut batches = Batches::new(MANIFEST.system, receiver);
        headed(table, wire::MARK, wire::Columns::find, |columns, row| {
            map::row(columns, row, context, &mut batches)
        })
    }
}
