//! Swedbank Pay (PayEx): the transaction list of a settlement, as XML in two versions and as workbook.
//!
//! The list holds what was sold and paid back, and no fees: what reaches the bank is less, by fees and VAT that stand only in
//! the balance report. The list agrees with its own sums and counts, and is confirmed by the bank or the balance report.

mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

use crate::figures;
use crate::markup::{self, Node};
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
    is_workbook, refusal,
};
use crate::tabular::{Header, Row, Table, rows};
use map::{Head, Summary};

/// Swedbank Pay.
#[derive(Clone, Copy, Debug)]
pub struct SwedbankPay;

const VERSION_2: Format = Format {
    name: "swedbank-pay-transactions-v2",
    medium: Medium::Markup,
    proven: true,
    proof: Proof::Totals,
};
const VERSION_1: Format = Format {
    name: "swedbank-pay-transactions-v1",
    medium: Medium::Markup,
    proven: false,
    proof: Proof::Totals,
};
const WORKBOOK: Format = Format {
    name: "swedbank-pay-transactions-xlsx",
    medium: Medium::Workbook,
    proven: true,
    proof: Proof::Totals,
};

/// What is known of Swedbank Pay's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "swedbank-pay",
    formats: &[VERSION_2, VERSION_1, WORKBOOK],
    unproven: &[
        "Version 1 is known by the names of its elements alone (SALES, SUMMARY, CURRENCY, SERVICE, TRAN).",
        "A transaction below zero is taken as a refund; the list has no mark of its own for chargebacks.",
        "Fees and VAT on them come from the balance report, which is a PDF.",
    ],
};

impl ReportReader for SwedbankPay {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        if is_workbook(start) {
            return Some(&WORKBOOK);
        }
        let start = beginning(start);
        let [second, first] = wire::ROOTS.map(|root| start.contains(&format!("<{root}")));
        if second { Some(&VERSION_2) } else { first.then_some(&VERSION_1) }
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        let mut batches = Batches::new(MANIFEST.system, receiver);
        if format.medium == Medium::Workbook {
            return workbook(source, context, &mut batches);
        }
        let mut list = List::default();
        markup::walk(source, &mut |path, node| match node {
            Node::Open(attributes) => list.open(&path, attributes, context, &mut batches),
            Node::Close(_) if path.depth() == 1 => {
                let List { head: Some(head), summary, .. } = &mut list else { return Ok(()) };
                summary.state(head, &mut batches)
            }
            Node::Close(_) => Ok(()),
        })?;
        list.head.map_or_else(|| Err(refusal("report-empty").into()), |head| head.end())
    }
}

/// Where the reading of the XML stands.
#[derive(Default)]
struct List {
    head: Option<Head>,
    summary: Summary,
    currency: Option<domain::money::Currency>,
    lines: u32,
}

impl List {
    fn open(
        &mut self,
        path: &markup::Path<'_>,
        attributes: &markup::Attributes,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        let name = path.name();
        if path.depth() == 1 {
            if !wire::ROOTS.contains(&name) {
                return Err(refusal("report-not-this-format").with("system", MANIFEST.system).into());
            }
            let number = attributes.get("AccountingNo");
            self.head = Some(Head::of(
                attributes,
                number,
                "TotalNoOfTransactions",
                "AccountingDate",
                context.account,
            )?);
            return Ok(());
        }
        let Some(head) = self.head.as_mut() else { return Ok(()) };
        if name.eq_ignore_ascii_case("currency") {
            let code = attributes.get("Currency");
            self.currency = figures::currency(code);
            let currency = self
                .currency
                .ok_or_else(|| refusal("report-currency").with("row", 1).with("column", "Currency"))?;
            return match attributes.get("Sum") {
                "" => Ok(()),
                sum => head.sum(currency, sum, batches),
            };
        }
        match (name, self.currency) {
            ("Service" | "SERVICE", Some(currency)) => head.service(currency, attributes, &mut self.summary),
            ("Transaction" | "TRAN", Some(currency)) => {
                self.lines += 1;
                if figures::currency(attributes.get("Currency")).is_some_and(|own| own != currency) {
                    return Err(refusal("report-currency")
                        .with("row", self.lines)
                        .with("column", "Currency")
                        .into());
                }
                head.transaction(self.lines, attributes, batches)
            }
            _ => Ok(()),
        }
    }
}

/// The workbook: the head's names and values, the summary's, then the transactions.
fn workbook(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut head: Option<Head> = None;
    let mut summary = Summary::default();
    let mut above: Option<Header> = None;
    let mut columns: Option<wire::Columns> = None;
    rows(Table::Workbook(source, None), &mut |row: &Row<'_>| {
        if let (Some(columns), Some(head)) = (&columns, head.as_mut()) {
            return head.transaction(row.number, &wire::RowFields(columns, row), batches);
        }
        let is = |mark: &str| row.fields.iter().any(|name| name.trim() == mark);
        if is(wire::MARK) {
            columns = Some(wire::Columns::find(&Header::of(row))?);
            return head.as_mut().map_or(Ok(()), |head| summary.state(head, batches));
        }
        if is("AccountingNo") || is("NoOfDebit") {
            above = Some(Header::of(row));
            return Ok(());
        }
        let Some(names) = &above else { return Ok(()) };
        let fields = Named(names, row);
        match head.as_mut() {
            None => {
                let number = wire::Fields::get(&fields, "AccountingNo");
                head = Some(Head::of(
                    &fields,
                    number,
                    "TotalNoOfTransactions",
                    "AccountingDate",
                    context.account,
                )?);
                Ok(())
            }
            Some(head) => {
                let currency =
                    figures::currency(wire::Fields::get(&fields, "Currency")).ok_or_else(|| {
                        refusal("report-currency").with("row", row.number).with("column", "Currency")
                    })?;
                head.service(currency, &fields, &mut summary)
            }
        }
    })?;
    match (head, columns) {
        (Some(head), Some(_)) => head.end(),
        _ => Err(refusal("report-column-missing").with("column", wire::MARK).into()),
    }
}

/// A row under the names that stand above it.
struct Named<'a>(&'a Header, &'a Row<'a>);

impl wire::Fields for Named<'_> {
    fn get(&self, name: &str) -> &str {
        self.0.optional(name).map(|column| self.1.text(column)).unwrap_or_default()
    }
}
