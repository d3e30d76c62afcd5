//! The Settlement details report: its columns. Their order and which of them there are varies by account, so they are found
//! by name.

use crate::report::Refusal;
use crate::tabular::{Column, Header};

/// How the report writes times.
pub(super) const TIME: &str = "%Y-%m-%d %H:%M:%S";
/// The column by which the header is known in a workbook.
pub(super) const MARK: &str = "Merchant Account";

/// Where each column stands.
pub(super) struct Columns {
    pub(super) account: Column<'static>,
    pub(super) psp_reference: Column<'static>,
    pub(super) merchant_reference: Column<'static>,
    pub(super) method: Column<'static>,
    pub(super) created: Column<'static>,
    pub(super) zone: Column<'static>,
    pub(super) kind: Column<'static>,
    pub(super) modification: Column<'static>,
    pub(super) gross_currency: Column<'static>,
    pub(super) gross_debit: Column<'static>,
    pub(super) gross_credit: Column<'static>,
    pub(super) rate: Column<'static>,
    pub(super) net_currency: Column<'static>,
    pub(super) net_debit: Column<'static>,
    pub(super) net_credit: Column<'static>,
    pub(super) commission: Column<'static>,
    pub(super) markup: Column<'static>,
    pub(super) scheme: Column<'static>,
    pub(super) interchange: Column<'static>,
    pub(super) variant: Column<'static>,
    pub(super) batch: Column<'static>,
    pub(super) modification_merchant_reference: Column<'static>,
    pub(super) booked: Column<'static>,
    pub(super) booked_zone: Column<'static>,
}

impl Columns {
    pub(super) fn find(header: &Header) -> Result<Columns, Refusal> {
        Ok(Columns {
            account: header.required(MARK)?,
            psp_reference: header.required("Psp Reference")?,
            merchant_reference: header.required("Merchant Reference")?,
            method: header.required("Payment Method")?,
            created: header.required("Creation Date")?,
            zone: header.required("TimeZone")?,
            kind: header.required("Type")?,
            modification: header.required("Modification Reference")?,
            gross_currency: header.required("Gross Currency")?,
            gross_debit: header.required("Gross Debit (GC)")?,
            gross_credit: header.required("Gross Credit (GC)")?,
            rate: header.required("Exchange Rate")?,
            net_currency: header.required("Net Currency")?,
            net_debit: header.required("Net Debit (NC)")?,
            net_credit: header.required("Net Credit (NC)")?,
            commission: header.required("Commission (NC)")?,
            markup: header.required("Markup (NC)")?,
            scheme: header.required("Scheme Fees (NC)")?,
            interchange: header.required("Interchange (NC)")?,
            variant: header.optional("Payment Method Variant")?,
            batch: header.optional("Batch Number")?,
            modification_merchant_reference: header.optional("Modification Merchant Reference")?,
            booked: header.optional("Booking Date")?,
            booked_zone: header.optional("Booking Date TimeZone")?,
        })
    }
}
