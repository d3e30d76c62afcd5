//! Vipps MobilePay: the ledger of the Report API, and the settlement files as XML, CSV and workbook.
//!
//! In the ledger every entry continues the balance of the one before, and what is closed never changes. In the XML report each
//! settlement states its own sums. The files' times are those of Oslo.

mod fetch;
mod files;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use fetch::CONNECTION;

use crate::pages;
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
    is_workbook, refusal,
};

/// Vipps MobilePay.
#[derive(Clone, Copy, Debug)]
pub struct VippsMobilePay;

const API: Format =
    Format { name: "vipps-mobilepay-funds", medium: Medium::Json, proven: true, proof: Proof::Totals };
const XML_3: Format = Format {
    name: "vipps-mobilepay-settlement-xml-3",
    medium: Medium::Markup,
    proven: true,
    proof: Proof::Totals,
};
const XML_2: Format = Format {
    name: "vipps-mobilepay-settlement-xml-2",
    medium: Medium::Markup,
    proven: false,
    proof: Proof::Totals,
};
const CSV: Format = Format {
    name: "vipps-mobilepay-settlement-csv",
    medium: Medium::Delimited,
    proven: true,
    proof: Proof::Totals,
};
const WORKBOOK: Format = Format {
    name: "vipps-mobilepay-portal-xlsx",
    medium: Medium::Workbook,
    proven: true,
    proof: Proof::Totals,
};

/// What is known of Vipps MobilePay's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "vipps-mobilepay",
    formats: &[API, XML_3, XML_2, CSV, WORKBOOK],
    unproven: &[
        "XML of schema 2.0 is read by the schema; no report of it was seen.",
        "The portal's workbook names no currency; it is taken as NOK.",
        "Fees that are invoiced apart (FeeInfo) are left to the invoice; each transaction tells its own fee.",
    ],
};

impl ReportReader for VippsMobilePay {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        if is_workbook(start) {
            return Some(&WORKBOOK);
        }
        let start = beginning(start);
        if start.starts_with('{') {
            return Some(&API);
        }
        if start.contains("<SettlementReport") || start.contains(":SettlementReport") {
            return Some(if start.contains("vipps.dnb.no/XMLSchema/SettlementReport.xsd") {
                &XML_2
            } else {
                &XML_3
            });
        }
        wire::RECORDS.iter().any(|record| start.contains(&format!("{record},"))).then_some(&CSV)
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let mut batches = Batches::new(MANIFEST.system, receiver);
        match format.medium {
            Medium::Markup => files::markup(source, context, &mut batches),
            Medium::Delimited => files::records(source, context, &mut batches),
            Medium::Workbook => files::workbook(source, context, &mut batches),
            Medium::Json => ledger(source, context, &mut batches),
        }
    }
}

/// The pages of a closed ledger date, or of all dates of a payout.
fn ledger(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut ledger = map::Ledger::default();
    let mut more = false;
    pages::documents(source, &mut |number, text| {
        let page: wire::Page<'_> = pages::document(number, text)?;
        if page.try_later {
            // The date is not closed yet: what is there now is not all there will be.
            return Err(refusal("report-not-closed").into());
        }
        more = page.has_more;
        page.items.iter().try_for_each(|entry| ledger.entry(number, entry, context, batches))
    })?;
    if more {
        return Err(refusal("report-pages-missing").into());
    }
    ledger.end(batches)
}
