//! Clearhaus: a settlement from the Merchant API, with its transactions where they were asked for.
//!
//! The API's answers are kept one after the other: the settlement, then every page of its transactions.

mod fetch;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use fetch::CONNECTION;

use crate::pages;
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
    refusal,
};
use map::Open;

/// Clearhaus.
#[derive(Clone, Copy, Debug)]
pub struct Clearhaus;

const API: Format =
    Format { name: "clearhaus-settlements", medium: Medium::Json, proven: false, proof: Proof::Totals };

/// What is known of Clearhaus' reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "clearhaus",
    formats: &[API],
    unproven: &[
        "The signs of the summary and of the fees are those of the vendor's example: what is taken is negative; payout = net - reserve.",
        "Whether a transaction's amounts have a sign is not known: refunds and credits are taken to take.",
        "Chargebacks are taken to be in the summary alone; without transactions the sums are the lines.",
    ],
};

impl ReportReader for Clearhaus {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        beginning(start).starts_with('{').then_some(&API)
    }

    fn read(
        &self,
        _: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let mut batches = Batches::new(MANIFEST.system, receiver);
        let mut open: Option<Open> = None;
        let (mut count, mut more): (Option<u64>, bool) = (None, false);
        pages::documents(source, &mut |number, text| {
            let document: wire::Document<'_> = pages::document(number, text)?;
            if document.summary.is_some() {
                if open.is_some() {
                    // Two settlements in one source: their transactions could not be told apart.
                    return Err(refusal("report-not-this-format").with("system", MANIFEST.system).into());
                }
                open = Some(map::settlement(number, &pages::document(number, text)?, context, &mut batches)?);
                return Ok(());
            }
            let (Some(embedded), Some(open)) = (document.embedded, open.as_mut()) else {
                return Err(refusal("report-not-this-format").with("system", MANIFEST.system).into());
            };
            count = document.count.or(count);
            more = document.links.next.is_some();
            embedded
                .transactions
                .0
                .iter()
                .try_for_each(|transaction| open.transaction(number, transaction, &mut batches))
        })?;
        let open = open.ok_or_else(|| refusal("report-empty"))?;
        if more || count.is_some_and(|count| count != open.transactions) {
            return Err(refusal("report-pages-missing").into());
        }
        open.end(&mut batches)
    }
}
