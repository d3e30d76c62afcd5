//! SumUp: the records of the payouts API, as JSON or as CSV.
//!
//! The records state no totals and no gross: a payout is confirmed by the bank.

mod fetch;
mod map;
mod wire;

use std::io::Read;

use domain::Money;
use domain::settlement::Receiver;

pub use fetch::CONNECTION;

use crate::figures::{self, Marks};
use crate::pages;
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
};
use crate::tabular::{Style, Table, headed};

/// SumUp.
#[derive(Clone, Copy, Debug)]
pub struct SumUp;

const API: Format =
    Format { name: "sumup-payouts", medium: Medium::Json, proven: false, proof: Proof::Nothing };
const CSV: Format =
    Format { name: "sumup-payouts-csv", medium: Medium::Delimited, proven: false, proof: Proof::Nothing };

/// What is known of SumUp's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "sumup",
    formats: &[API, CSV],
    unproven: &[
        "The amount of a record is taken as net of its fee.",
        "Records with one reference are taken as one payout.",
        "Deductions are taken to lessen the payout, whichever sign they have.",
    ],
};

const DAY: &str = "%Y-%m-%d";

impl ReportReader for SumUp {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        if start.starts_with('[') {
            return Some(&API);
        }
        start.lines().next().is_some_and(|header| header.contains("transaction_code")).then_some(&CSV)
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
            let table = Table::Delimited(source, Style::COMMA);
            return headed(table, "id", wire::Columns::find, |columns, row| {
                let currency = row.currency(columns.currency)?;
                map::Record {
                    number: row.number,
                    id: row.given(columns.id)?,
                    kind: row.given(columns.kind)?,
                    amount: row.amount_given(columns.amount, Marks::POINT, currency)?,
                    fee: row.amount(columns.fee, Marks::POINT, currency)?.unwrap_or(currency.zero()),
                    date: row
                        .read(columns.date, "report-time", |text| figures::day(text, DAY))?
                        .ok_or_else(|| row.refused("report-value-missing", columns.date))?,
                    status: row.given(columns.status)?,
                    reference: row.text(columns.reference),
                    transaction_code: row.text(columns.transaction_code),
                }
                .read(context, &mut batches)
            });
        }
        let mut number = 0;
        pages::documents(source, &mut |document, text| {
            let records: Vec<wire::Record<'_>> = pages::document(document, text)?;
            records.iter().try_for_each(|record| {
                number += 1;
                json(number, document, record)?.read(context, &mut batches)
            })
        })
    }
}

fn json<'a>(number: u32, document: u32, record: &'a wire::Record<'a>) -> Result<map::Record<'a>, Unreadable> {
    let misread = |place: &str| pages::misread(document, format!("{place}, record {number}"));
    let currency = figures::currency(&record.currency).ok_or_else(|| misread("currency"))?;
    let money = |amount: crate::json::Amount, place: &str| {
        Money::from_decimal(amount.or_zero(), currency).map_err(|_| misread(place))
    };
    if record.amount.0.is_none() {
        return Err(misread("amount").into());
    }
    Ok(map::Record {
        number,
        id: record.id.given().unwrap_or_default(),
        kind: &record.kind,
        amount: money(record.amount, "amount")?,
        fee: money(record.fee, "fee")?,
        date: figures::day(&record.date, DAY).ok_or_else(|| misread("date"))?,
        status: record.status.trimmed(),
        reference: record.reference.trimmed(),
        transaction_code: record.transaction_code.trimmed(),
    })
}
