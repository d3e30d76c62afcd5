//! Swedbank Pay's transaction list: names of elements, attributes and columns in both of its versions.

use crate::report::Refusal;
use crate::tabular::{Column, Header};

/// How the list writes times, without a zone.
pub(super) const TIME: &str = "%Y-%m-%d %H:%M:%S";
/// How the list writes days.
pub(super) const DAY: &str = "%Y-%m-%d";
/// The column by which the header of transactions is known in a workbook.
pub(super) const MARK: &str = "TransactionIdentity";

/// The root element of version 2 and of version 1.
pub(super) const ROOTS: [&str; 2] = ["SalesAccountedTransactions", "SALES"];

/// One transaction by the names of its attributes, wherever they come from.
pub(super) trait Fields {
    /// The attribute's value; empty where there is none.
    fn get(&self, name: &str) -> &str;
}

impl Fields for crate::markup::Attributes {
    fn get(&self, name: &str) -> &str {
        self.get(name)
    }
}

/// Columns of the workbook, which has the attributes' names.
pub(super) const COLUMNS: [&str; 16] = [
    "PayExAccountNo",
    "OrderIdentity",
    "TransactionIdentity",
    "Amount",
    "Currency",
    "VATAmount",
    "DateCreated",
    "DateModified",
    "ServiceName",
    "Provider",
    "PayexTransactionNo",
    "PayexBatchNo",
    "ReferencedTransaction",
    "ExternalTransactionReference",
    "Description",
    "Brand",
];

/// Where the columns stand.
pub(super) struct Columns(Vec<Column<'static>>);

impl Columns {
    pub(super) fn find(header: &Header) -> Result<Columns, Refusal> {
        let required = ["TransactionIdentity", "Amount", "Currency", "DateCreated", "ServiceName"];
        let columns = COLUMNS
            .into_iter()
            .map(|name| if required.contains(&name) { header.required(name) } else { header.optional(name) });
        Ok(Columns(columns.collect::<Result<_, _>>()?))
    }
}

/// A row of the workbook as a transaction.
pub(super) struct RowFields<'a>(pub(super) &'a Columns, pub(super) &'a crate::tabular::Row<'a>);

impl Fields for RowFields<'_> {
    fn get(&self, name: &str) -> &str {
        self.0
            .0
            .iter()
            .find(|column| column.name == name)
            .map(|column| self.1.text(*column))
            .unwrap_or_default()
    }
}
