//! Klarna, and Kustom, which serves the same reports: a payout with its transactions from the API, and the CSV settlement file.
//!
//! The API's answers are kept one after the other: the payout, then every page of its transactions. All amounts are without
//! sign; the type of a transaction gives it.

mod fetch;
mod map;
mod wire;

use std::io::Read;

use domain::settlement::{Receiver, Stated, StatedTotal, TotalOf};

pub use fetch::CONNECTION;

use crate::figures::Marks;
use crate::json::{List, Text};
use crate::pages;
use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
    refusal,
};
use crate::tabular::{Header, Row, Style, Table, rows};
use map::Open;

/// Klarna.
#[derive(Clone, Copy, Debug)]
pub struct Klarna;

const API: Format =
    Format { name: "klarna-settlements", medium: Medium::Json, proven: true, proof: Proof::Totals };
const CSV: Format =
    Format { name: "klarna-settlement-csv", medium: Medium::Delimited, proven: false, proof: Proof::Totals };

/// What is known of Klarna's reports.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "klarna",
    formats: &[API, CSV],
    unproven: &[
        "The vendor's samples have the right shape and sums that do not agree; no settlement of a merchant was seen.",
        "The CSV's columns are taken to have the API's names; it has a section of totals and one of transactions.",
        "A fee's VAT is taken from TAX transactions alone, not from vat_amount beside a fee.",
        "CORRECTION is taken to add to the balance.",
    ],
};

impl ReportReader for Klarna {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        if start.starts_with('{') {
            return Some(&API);
        }
        start.lines().next().is_some_and(|header| header.contains(wire::TOTALS_MARK)).then_some(&CSV)
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
            csv(source, context, &mut batches)
        } else {
            api(source, context, &mut batches)
        }
    }
}

fn api(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut open: Option<Open> = None;
    let mut total: Option<u64> = None;
    pages::documents(source, &mut |number, text| {
        let document: wire::Document<'_> = pages::document(number, text)?;
        if let Some(raw) = document.transactions
            && document.totals.is_none()
        {
            let open = open
                .as_mut()
                .ok_or_else(|| refusal("report-batch-missing").with("system", MANIFEST.system))?;
            total = document.pagination.and_then(|pagination| pagination.total).or(total);
            let List(transactions): List<wire::Transaction<'_>> = pages::document(number, raw.get())?;
            return transactions
                .iter()
                .try_for_each(|transaction| map::transaction(number, transaction, open, batches));
        }
        end(open.as_ref(), total.take(), batches)?;
        let List(payouts) = match document.payouts {
            Some(payouts) => payouts,
            None => List(vec![pages::document(number, text)?]),
        };
        for payout in &payouts {
            open = Some(map::payout(number, payout, context, batches)?);
        }
        Ok(())
    })?;
    end(open.as_ref(), total, batches)
}

/// The payout's transactions end: the number that the list stated is stated of the batch.
fn end(open: Option<&Open>, total: Option<u64>, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
    let (Some(_), Some(total)) = (open, total) else { return Ok(()) };
    let count = StatedTotal {
        of: TotalOf::Everything,
        count: Some(total),
        amount: None,
        place: "pagination: total".to_owned(),
    };
    batches.state(Stated { totals: vec![count], ..Stated::default() })
}

/// The CSV: a header and one row of totals, then a header and the transactions.
fn csv(
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    let mut header: Option<Header> = None;
    let mut open: Option<Open> = None;
    rows(Table::Delimited(source, Style { closed: true, ..Style::SEMICOLON }), &mut |row| {
        let is = |mark: &str| row.fields.iter().any(|field| field.trim() == mark);
        if is(wire::TOTALS_MARK) || is(wire::BODY_MARK) {
            header = Some(Header::of(row));
            return Ok(());
        }
        let Some(names) = &header else {
            return Err(refusal("report-column-missing").with("column", wire::TOTALS_MARK).into());
        };
        if row.fields.len() != names.width() {
            return Err(refusal("report-row-width")
                .with("row", row.number)
                .with("expected", names.width())
                .with("found", row.fields.len())
                .into());
        }
        match open.as_mut() {
            None => {
                open = Some(csv_totals(names, row, context, batches)?);
                Ok(())
            }
            Some(open) => csv_transaction(names, row, open, batches),
        }
    })?;
    if open.is_some() { Ok(()) } else { Err(refusal("report-empty").into()) }
}

fn csv_totals(
    names: &Header,
    row: &Row<'_>,
    context: &ReadingContext<'_>,
    batches: &mut Batches<'_>,
) -> Result<Open, Unreadable> {
    let currency = row.currency(names.required("currency_code")?)?;
    let units = |name: &'static str| {
        let column = names.optional(name)?;
        let money = row.amount(column, Marks::POINT, currency)?;
        Ok::<Option<i64>, Unreadable>(money.map(|money| money.minor() / currency.smallest_unit()))
    };
    let sum = |name| Ok::<i64, Unreadable>(units(name)?.unwrap_or_default());
    names.required("settlement_amount")?;
    let totals = wire::Totals {
        commission_amount: sum("commission_amount")?,
        repay_amount: sum("repay_amount")?,
        sale_amount: sum("sale_amount")?,
        holdback_amount: sum("holdback_amount")?,
        tax_amount: sum("tax_amount")?,
        settlement_amount: sum("settlement_amount")?,
        fee_correction_amount: sum("fee_correction_amount")?,
        reversal_amount: sum("reversal_amount")?,
        release_amount: sum("release_amount")?,
        return_amount: sum("return_amount")?,
        fee_amount: sum("fee_amount")?,
        charge_amount: sum("charge_amount")?,
        credit_amount: sum("credit_amount")?,
        fee_refund_amount: sum("fee_refund_amount")?,
        tax_refund_amount: sum("tax_refund_amount")?,
        deposit_amount: sum("deposit_amount")?,
        opening_debt_balance_amount: units("opening_debt_balance_amount")?,
        closing_debt_balance_amount: units("closing_debt_balance_amount")?,
    };
    let payout = wire::Payout {
        totals,
        payment_reference: row.given(names.required(wire::TOTALS_MARK)?)?.into(),
        payout_date: row.given(names.required("payout_date")?)?.into(),
        currency_code: currency.code().into(),
        merchant_settlement_type: match row.text(names.optional("merchant_settlement_type")?) {
            "" => "NET",
            mode => mode,
        }
        .into(),
        merchant_id: Text(row.text(names.optional("merchant_id")?).into()),
    };
    map::payout(row.number, &payout, context, batches)
}

fn csv_transaction(
    names: &Header,
    row: &Row<'_>,
    open: &mut Open,
    batches: &mut Batches<'_>,
) -> Result<(), Unreadable> {
    open.lines += 1;
    let currency = row.currency(names.required("currency_code")?)?;
    let amount_column = names.required("amount")?;
    let amount = row.amount_given(amount_column, Marks::POINT, currency)?;
    let text = |name: &'static str| Ok::<Text<'_>, Unreadable>(Text(row.text(names.optional(name)?).into()));
    let transaction = wire::Transaction {
        amount: 0,
        kind: row.given(names.required("type")?)?.into(),
        currency_code: currency.code().into(),
        detailed_type: text("detailed_type")?,
        capture_id: text("capture_id")?,
        refund_id: text("refund_id")?,
        order_id: text("order_id")?,
        short_order_id: text(wire::BODY_MARK)?,
        merchant_reference1: text("merchant_reference1")?,
        merchant_reference2: text("merchant_reference2")?,
        sale_date: text("sale_date")?,
        capture_date: text("capture_date")?,
        payment_reference: Text::default(),
        initial_payment_method_type: text("initial_payment_method_type")?,
    };
    // A file that writes the sign as well writes the same thing twice.
    let unsigned = amount.absolute().map_err(|_| row.refused("report-amount", amount_column))?;
    map::line(row.number, &transaction, unsigned, batches)
}
