//! What becomes of an invoice when the shop gives money back, changes the order or takes it away.

use garde::Validate;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::SendInvoice;
use super::template::{self, Template};

/// Credit notes: which are made, as what, and what stands on them. A booked document is never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CreditSettings {
    /// Refunds that say which lines they are for.
    #[garde(skip)]
    pub refunds_with_lines: CreditChoice,
    /// Refunds of an amount alone: VAT is given back in proportion to the rates of what is left on the invoice.
    #[garde(skip)]
    pub refunds_by_amount: CreditChoice,
    /// Orders cancelled after they were booked: what is left of the invoice.
    #[garde(skip)]
    pub cancellations: CreditChoice,
    /// Orders whose payment was given up (voided, expired) after they were booked: what is left of the invoice.
    #[garde(skip)]
    pub voided: CreditChoice,
    /// Orders edited after they were booked: less becomes a credit note, more a further invoice.
    #[garde(skip)]
    pub edits: CreditChoice,
    /// Orders put in the shop's bin after they were booked. Default: hold, since shops are also tidied up. An order that is gone for
    /// good cannot be read any more, and is held under every choice while something is left of its invoice.
    #[garde(skip)]
    pub deletions: CreditChoice,
    /// Refunds made before this day are left alone: those were credited by hand or by another integration, and count as credited.
    #[garde(skip)]
    #[schemars(with = "Option<String>")]
    pub from: Option<Date>,
    /// What a refund does to a document that is not booked yet.
    #[garde(skip)]
    pub before_booking: BeforeBooking,
    /// Whether credit notes and further invoices are booked at once.
    #[garde(skip)]
    pub booking: CreditBooking,
    /// How the accounting system sends a booked credit note.
    #[garde(skip)]
    pub send: SendInvoice,
    /// Whether goods come back into stock with the credit note, or are credited on the refund product, which moves no stock.
    #[garde(skip)]
    pub stock: CreditStock,
    /// Heading of the credit note. Besides the placeholders of documents: `{invoice_number}`, `{refund_reason}`.
    #[garde(custom(template::credit_text))]
    pub heading: Template,
    /// Text above its lines; the same placeholders.
    #[garde(custom(template::credit_text))]
    pub text: Template,
    /// Heading of a further invoice; the same placeholders.
    #[garde(custom(template::credit_text))]
    pub further_heading: Template,
    /// Text above the lines when the document was moved out of a closed period; the same placeholders, and `{original_date}`, the
    /// day that it would be dated otherwise.
    #[garde(custom(template::credit_moved_text))]
    pub moved_text: Template,
}

impl Default for CreditSettings {
    fn default() -> Self {
        CreditSettings {
            refunds_with_lines: CreditChoice::Credit,
            refunds_by_amount: CreditChoice::Credit,
            cancellations: CreditChoice::Credit,
            voided: CreditChoice::Credit,
            edits: CreditChoice::Credit,
            deletions: CreditChoice::Hold,
            from: None,
            before_booking: BeforeBooking::default(),
            booking: CreditBooking::default(),
            send: SendInvoice::Never,
            stock: CreditStock::default(),
            heading: Template::new("Kreditnota til faktura {invoice_number}, ordre {order_number}"),
            text: Template::new("{refund_reason}"),
            further_heading: Template::new("Tillæg til faktura {invoice_number}, ordre {order_number}"),
            moved_text: Template::new("Oprindelig dato: {original_date}"),
        }
    }
}

/// What is done about something that takes back a part of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CreditChoice {
    /// The document that brings the books to what the shop says.
    Credit,
    /// The order is held until the merchant has decided.
    Hold,
    /// Nothing: the merchant does it elsewhere. A refund that is left alone counts as credited, so that nothing is credited twice
    /// should the order be cancelled later.
    Ignore,
}

/// What a refund does to a document that is not booked yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BeforeBooking {
    /// A document that is left for a person to book is for what is left of the order. One that is booked at once is for the whole
    /// order, and the credit note follows.
    #[default]
    AmendDraft,
    /// The document stays for the whole order, and the refund waits for it to be booked.
    Wait,
}

/// Whether credit notes and further invoices are booked at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CreditBooking {
    /// As the invoice was: booked when Bogbro booked it, a draft when a person did.
    #[default]
    AsInvoice,
    /// Always.
    Always,
    /// Never: a person books them.
    Never,
}

/// Whether goods come back into stock with the credit note.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CreditStock {
    /// As the shop says of each line; units that it says nothing of come back.
    #[default]
    AsShop,
    /// Units given back always come back into stock.
    GiveBack,
    /// Nothing comes back into stock: goods are credited on the refund product.
    KeepOut,
}
