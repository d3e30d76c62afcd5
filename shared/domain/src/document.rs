//! A document to be made in the accounting system, in words that every such system understands.

use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::customer::Address;
use crate::money::{Currency, Money, Percentage};

/// What stands in the accounting system in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// A sales order: reserves stock, posts nothing.
    Order,
    /// A draft invoice: posts nothing until somebody books it.
    DraftInvoice,
    /// A booked invoice.
    BookedInvoice,
    /// A draft credit note: posts nothing until somebody books it. Never a merchant's choice of document for an order.
    #[schemars(skip)]
    DraftCreditNote,
    /// A booked credit note. Never a merchant's choice of document for an order.
    #[schemars(skip)]
    BookedCreditNote,
}

impl DocumentKind {
    /// It posts, and is never changed again.
    pub const fn is_booked(self) -> bool {
        matches!(self, DocumentKind::BookedInvoice | DocumentKind::BookedCreditNote)
    }

    /// It takes back what an invoice posted.
    pub const fn is_credit_note(self) -> bool {
        matches!(self, DocumentKind::DraftCreditNote | DocumentKind::BookedCreditNote)
    }

    /// The kind of the same place for a document whose sum is below zero: an accounting system that has no documents of that
    /// kind tells a credit note by its sum.
    #[must_use]
    pub const fn below_zero(self) -> DocumentKind {
        match self {
            DocumentKind::DraftInvoice => DocumentKind::DraftCreditNote,
            DocumentKind::BookedInvoice => DocumentKind::BookedCreditNote,
            other => other,
        }
    }
}

/// Sums of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Without VAT.
    pub net: Money,
    /// VAT.
    pub vat: Money,
    /// With VAT.
    pub gross: Money,
}

/// One line of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    /// Product number in the target.
    pub product: String,
    /// Text on the line.
    pub description: String,
    /// Units; negative on credit lines.
    pub quantity: Decimal,
    /// Net price of one unit, at most two decimals where the target takes two.
    pub unit_net_price: Decimal,
    /// Net amount of the line: exactly `quantity * unit_net_price`, as the target will reckon it.
    pub net: Money,
    /// The VAT rate that the target will apply, as the catalogue says.
    pub rate: Percentage,
    /// The id of the order line it comes from; `None` for a correction line.
    pub order_line: Option<String>,
}

/// A document, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Order, draft or invoice to be booked.
    pub kind: DocumentKind,
    /// Posting date.
    pub date: Date,
    /// Due date, where the payment term asks for one.
    pub due_date: Option<Date>,
    /// Currency of every amount.
    pub currency: Currency,
    /// Number of the layout.
    pub layout: u32,
    /// Number of the term of payment.
    pub payment_term: u32,
    /// Number of the VAT zone.
    pub vat_zone: u32,
    /// Name and address printed on the document.
    pub recipient: Recipient,
    /// Delivery address, when it differs.
    pub delivery: Option<Address>,
    /// The reference that stands in the document for ever: order number and effect key.
    pub reference: String,
    /// Heading.
    pub heading: String,
    /// Text above the lines.
    pub text: String,
    /// Text below the lines.
    pub text_below: String,
    /// Number of the department (departmental distribution), when the merchant uses one.
    pub department: Option<u32>,
    /// Lines.
    pub lines: Vec<DocumentLine>,
    /// Sums that the target must answer with.
    pub expected: Totals,
}

/// Who the document is made out to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Name.
    pub name: String,
    /// Address.
    pub address: Address,
    /// EAN/GLN, for electronic invoices.
    pub ean: Option<String>,
    /// Company number (CVR).
    pub company_number: Option<String>,
    /// Attention person or other mark, where the target has a field for it.
    pub attention: Option<String>,
}
