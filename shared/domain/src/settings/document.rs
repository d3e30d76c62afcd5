//! What the document looks like, its date, how it is sent, and what is written back to the shop.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::template::{self, Template};
use crate::document::DocumentKind;

/// What the document looks like and what happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DocumentSettings {
    /// What an order becomes where its handling rule does not say otherwise. Default: a draft that a person books.
    #[garde(custom(not_a_credit_note))]
    pub kind: DocumentKind,
    /// A document that is not booked yet is changed when the order changes. Where it is not, an order that changed is held when its
    /// draft is to be booked; an invoice in the place of a sales order is a document of its own, and is for the order as it is then.
    #[garde(skip)]
    pub update_drafts: bool,
    /// Number of the layout; without it the agreement's first layout is used.
    #[garde(skip)]
    pub layout: Option<u32>,
    /// Number of the department (departmental distribution), when the merchant uses one.
    #[garde(skip)]
    pub department: Option<u32>,
    /// How the accounting system sends a booked invoice.
    #[garde(skip)]
    pub send: SendInvoice,
    /// Heading of the document.
    #[garde(custom(template::order_text))]
    pub heading: Template,
    /// Text above the lines.
    #[garde(custom(template::order_text))]
    pub text: Template,
    /// Text below the lines.
    #[garde(custom(template::order_text))]
    pub text_below: Template,
    /// Attention person or "their reference" of the recipient.
    #[garde(custom(template::order_text))]
    pub attention: Template,
    /// Text of a line: `{name}`, `{sku}`, `{order_number}`.
    #[garde(custom(template::line_text))]
    pub line_text: Template,
    /// The delivery address is printed when it differs from the bill's.
    #[garde(skip)]
    pub delivery_address: bool,
    /// Its date.
    #[garde(dive)]
    pub date: DateSettings,
    /// References under which another integration may already have made the document (cut-over): what is found there is
    /// adopted, and nothing is made. Name the day of the cut-over in `credit.from` beside it, so that refunds which the other
    /// integration credited are not credited again. Placeholders: `{order_number}`, `{order_id}`.
    #[garde(custom(template::references))]
    pub adopt_references: Vec<Template>,
    /// Whether and how the document's number is written back to the shop.
    #[garde(dive)]
    pub write_back: WriteBackSettings,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        DocumentSettings {
            kind: DocumentKind::DraftInvoice,
            update_drafts: true,
            layout: None,
            department: None,
            send: SendInvoice::Never,
            heading: Template::new("Ordre {order_number}"),
            text: Template::default(),
            text_below: Template::default(),
            attention: Template::default(),
            line_text: Template::new("{name}"),
            delivery_address: true,
            date: DateSettings::default(),
            adopt_references: Vec::new(),
            write_back: WriteBackSettings::default(),
        }
    }
}

/// How the accounting system sends a booked invoice. Drafts are never sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SendInvoice {
    /// Not at all.
    #[default]
    Never,
    /// Electronically to buyers with an EAN number, not at all to others.
    EanOnly,
    /// By e-mail to everybody who gave an address.
    Email,
    /// Electronically to buyers with an EAN number, by e-mail to others.
    EanOrEmail,
}

/// The date of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DateSettings {
    /// Which day it is, in the merchant's time zone.
    #[garde(skip)]
    pub basis: DateBasis,
    /// What to do when that day lies in a closed year or period.
    #[garde(skip)]
    pub locked_period: LockedPeriod,
    /// Text above the lines when the document was moved to another day. Besides the placeholders of documents: `{original_date}`, the
    /// day that it would be dated otherwise. Credit notes and further invoices have their own.
    #[garde(custom(template::moved_text))]
    pub moved_text: Template,
}

impl Default for DateSettings {
    fn default() -> Self {
        DateSettings {
            basis: DateBasis::Order,
            locked_period: LockedPeriod::Hold,
            moved_text: Template::new("Ordredato: {order_date}"),
        }
    }
}

/// Which day a document is dated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DateBasis {
    /// The day of the order.
    #[default]
    Order,
    /// The day it was paid; the day of the order while it is not.
    Paid,
    /// The day it was shipped; the day of the order while it is not.
    Shipped,
    /// The day it is transferred.
    Today,
}

/// What to do when the date lies in a closed year or period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockedPeriod {
    /// Hold the order until the merchant decides.
    #[default]
    Hold,
    /// Date it on the first open day after, with the original date in the text.
    FirstOpenDay,
}

/// Whether and how the document's number is written back to the shop: that of an invoice that Bogbro books, never of a draft. Nothing
/// is written back of a draft that a person books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct WriteBackSettings {
    /// How; without it nothing is written back. Only where some orders are booked (`document.kind` or a handling rule).
    #[garde(skip)]
    pub form: Option<WriteBackForm>,
    /// The text, with `{number}` where the document's number goes.
    #[garde(custom(template::write_back_text))]
    pub text: Template,
}

impl Default for WriteBackSettings {
    fn default() -> Self {
        WriteBackSettings { form: None, text: Template::new("Faktura {number}") }
    }
}

/// How the invoice number is written back to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WriteBackForm {
    /// As a tag (Shopify) or a meta field (WooCommerce).
    Tag,
    /// As a note that only the merchant sees.
    Note,
}

/// An order becomes an order, a draft or an invoice; credit notes come of what happens to it.
pub(super) fn not_a_credit_note(kind: &DocumentKind, _: &()) -> garde::Result {
    if kind.is_credit_note() { Err(garde::Error::new("document-kind")) } else { Ok(()) }
}
