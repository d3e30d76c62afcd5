//! Stripe: itemised payout reports (CSV), and a payout with its balance transactions from the API.
//!
//! Only automatic payouts keep the link between a payout and its transactions. The API's answers are kept one after the
//! other: first the payout, then every page of its balance transactions.

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
use crate::tabular::{Style, Table, headed};

/// Stripe.
#[derive(Clone, Copy, Debug)]
pub struct Stripe;

const API: Format =
    Format { name: "stripe-balance-transactions", medium: Medium::Json, proven: true, proof: Proof::Totals };
const CSV: Format = Format {
    name: "stripe-payout-itemised-csv",
    medium: Medium::Delimited,
    proven: false,
    proof: Proof::ZeroSum,
};

/// What is known of Stripe's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "stripe",
    formats: &[API, CSV],
    unproven: &[
        "The itemised report's columns are known from importers of others, not from Stripe's own sample.",
        "Amounts in ISK are taken as hundredths.",
        "The order number is looked for in the metadata order_number and order_id.",
    ],
};

impl ReportReader for Stripe {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        if start.starts_with('{') {
            return Some(&API);
        }
        start.lines().next().is_some_and(|header| header.contains("balance_transaction_id")).then_some(&CSV)
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let mut batches = Batches::new(MANIFEST.system, receiver);
        if format.medium == Medium::Delimited {
            let table = Table::Delimited(source, Style::CLOSED_COMMA);
            return headed(table, "balance_transaction_id", wire::Columns::find, |columns, row| {
                map::row(columns, row, context, &mut batches)
            });
        }
        let (mut lines, mut more) = (0, None);
        pages::documents(source, &mut |number, text| {
            let envelope: wire::Envelope<'_> = pages::document(number, text)?;
            match envelope.object.trimmed() {
                "payout" => {
                    if more == Some(true) {
                        return Err(refusal("report-pages-missing").into());
                    }
                    more = None;
                    map::payout(number, &pages::document(number, text)?, context, &mut batches)
                }
                "list" if !batches.is_empty() => {
                    let page: wire::Page<'_> = pages::document(number, text)?;
                    more = Some(page.has_more);
                    map::page(number, &page, &mut lines, &mut batches)
                }
                _ => Err(refusal("report-not-this-format").with("system", MANIFEST.system).into()),
            }
        })?;
        if more == Some(false) { Ok(()) } else { Err(refusal("report-pages-missing").into()) }
    }
}
