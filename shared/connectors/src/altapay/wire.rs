//! AltaPay's funding file: its columns.

use crate::report::Refusal;
use crate::tabular::{Column, Header};

/// The column by which the header is known.
pub(super) const MARK: &str = "Reconciliation Identifier";

/// Where each column stands.
pub(super) struct Columns {
    pub(super) date: Column<'static>,
    pub(super) kind: Column<'static>,
    pub(super) id: Column<'static>,
    pub(super) reconciliation: Column<'static>,
    pub(super) payment: Column<'static>,
    pub(super) order: Column<'static>,
    pub(super) terminal: Column<'static>,
    pub(super) transaction_currency: Column<'static>,
    pub(super) transaction_amount: Column<'static>,
    pub(super) rate: Column<'static>,
    pub(super) currency: Column<'static>,
    pub(super) amount: Column<'static>,
    pub(super) fees: [Column<'static>; 2],
    pub(super) vat: [Column<'static>; 2],
}

impl Columns {
    pub(super) fn find(header: &Header) -> Result<Columns, Refusal> {
        Ok(Columns {
            date: header.required("Date")?,
            kind: header.required("Type")?,
            id: header.optional("ID")?,
            reconciliation: header.required(MARK)?,
            payment: header.required("Payment")?,
            order: header.required("Order")?,
            terminal: header.optional("Terminal")?,
            transaction_currency: header.optional("Transaction Currency")?,
            transaction_amount: header.optional("Transaction Amount")?,
            rate: header.optional("Exchange Rate")?,
            currency: header.required("Settlement Currency")?,
            amount: header.required("Settlement Amount")?,
            fees: [header.optional("Fixed Fee")?, header.optional("Rate Based Fee")?],
            vat: [header.optional("Fixed Fee VAT")?, header.optional("Rate Based Fee VAT")?],
        })
    }
}
