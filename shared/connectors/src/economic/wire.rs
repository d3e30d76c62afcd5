//! What goes over the wire: the bodies e-conomic is sent and the parts of its answers that Bogbro reads.
//!
//! Amounts are JSON numbers there. They are read from and written as their exact decimal text, so no float comes near
//! them. Bodies leave out what is not given: a `null` is refused, and so is `0` for an optional number [L].

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::de::{Error as _, IgnoredAny};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON number, exactly as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Decimal);

impl Number {
    /// The number for an optional field: nothing for zero, since e-conomic refuses `0` there [L].
    pub(crate) fn unless_zero(value: Decimal) -> Option<Number> {
        (!value.is_zero()).then(|| Number(value.normalize()))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.contains(['e', 'E']) && !text.starts_with('"') {
            return Decimal::from_scientific(text).map(Number).map_err(D::Error::custom);
        }
        domain::money::parse_decimal(text).map(Number).map_err(D::Error::custom)
    }
}

macro_rules! number_reference {
    ($(#[$doc:meta])* $name:ident, $field:ident, $wire:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) struct $name {
            /// Its number.
            #[serde(rename = $wire)]
            pub(crate) $field: u32,
        }
    };
}

number_reference!(
    /// A customer by number.
    CustomerReference, number, "customerNumber"
);
number_reference!(
    /// A layout by number.
    LayoutReference, number, "layoutNumber"
);
number_reference!(
    /// A term of payment by number.
    PaymentTermsReference, number, "paymentTermsNumber"
);
number_reference!(
    /// A VAT zone by number.
    VatZoneReference, number, "vatZoneNumber"
);
number_reference!(
    /// A customer group by number.
    CustomerGroupReference, number, "customerGroupNumber"
);
number_reference!(
    /// A product group by number.
    ProductGroupReference, number, "productGroupNumber"
);
number_reference!(
    /// A unit by number.
    UnitReference, number, "unitNumber"
);
number_reference!(
    /// An account by number.
    AccountReference, number, "accountNumber"
);
number_reference!(
    /// A journal by number.
    JournalReference, number, "journalNumber"
);

/// A product by number, which is a text there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductReference {
    /// Its number.
    pub(crate) product_number: String,
}

/// `POST /invoices/drafts`, `POST /orders/drafts` and the `PUT` of both: the bodies are the same but for the layout.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DraftBody {
    pub(crate) date: Date,
    pub(crate) currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due_date: Option<Date>,
    /// Only of a new document: the vendor's schemas of the `PUT`s have no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layout: Option<LayoutReference>,
    pub(crate) payment_terms: PaymentTermsReference,
    pub(crate) customer: CustomerReference,
    pub(crate) recipient: RecipientBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivery: Option<DeliveryBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<NotesBody>,
    pub(crate) references: ReferencesBody,
    pub(crate) lines: Vec<LineBody>,
}

/// Who a document is made out to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecipientBody {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ean: Option<String>,
    pub(crate) vat_zone: VatZoneReference,
}

/// Where goods are delivered.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DeliveryBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
}

/// Texts on a document.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotesBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) heading: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text_line1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text_line2: Option<String>,
}

/// The reference a document is found by.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReferencesBody {
    pub(crate) other: String,
}

/// One line.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineBody {
    pub(crate) line_number: u32,
    pub(crate) sort_key: u32,
    pub(crate) description: String,
    pub(crate) product: ProductReference,
    pub(crate) quantity: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit_net_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) departmental_distribution: Option<DepartmentBody>,
}

/// The department a line belongs to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepartmentBody {
    pub(crate) departmental_distribution_number: u32,
    pub(crate) distribution_type: &'static str,
}

/// `POST /invoices/booked`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookingBody {
    pub(crate) draft_invoice: DraftReference,
    /// `none`, `Email` or `EAN`; upper and lower case matter.
    pub(crate) send_by: &'static str,
}

/// A draft invoice by number.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DraftReference {
    pub(crate) draft_invoice_number: u64,
}

/// `POST /customers`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_number: Option<u32>,
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) customer_group: CustomerGroupReference,
    pub(crate) payment_terms: PaymentTermsReference,
    pub(crate) vat_zone: VatZoneReference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) telephone_and_fax_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mobile_phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) zip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) corporate_identification_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vat_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ean: Option<String>,
}

/// `POST /products`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductBody {
    pub(crate) product_number: String,
    pub(crate) name: String,
    pub(crate) product_group: ProductGroupReference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sales_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost_price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bar_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<UnitReference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inventory: Option<InventoryBody>,
}

/// What a product needs in an agreement with the inventory module.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InventoryBody {
    pub(crate) recommended_cost_price: Number,
}

/// `POST /journals/{n}/vouchers`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoucherBody {
    pub(crate) accounting_year: AccountingYearReference,
    pub(crate) journal: JournalReference,
    pub(crate) entries: EntriesBody,
}

/// An accounting year by its name (`2026`, `2026/2027`).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccountingYearReference {
    pub(crate) year: String,
}

/// The entries of a voucher by type.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntriesBody {
    pub(crate) customer_payments: Vec<CustomerPaymentBody>,
}

/// One payment of one invoice.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerPaymentBody {
    pub(crate) date: Date,
    pub(crate) amount: Number,
    pub(crate) customer: CustomerReference,
    pub(crate) customer_invoice: u64,
    pub(crate) contra_account: AccountReference,
    pub(crate) currency: CurrencyReference,
    pub(crate) text: String,
}

/// A currency by code.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CurrencyReference {
    pub(crate) code: String,
}

/// `POST /draft-entries/bulk`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DraftEntriesBody {
    pub(crate) entries: Vec<DraftEntryBody>,
}

/// One entry of a journal. An entry on a customer has no account: it follows from the customer's group [V].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DraftEntryBody {
    pub(crate) entry_type_number: u8,
    pub(crate) voucher_number: u32,
    pub(crate) journal_number: u32,
    /// A day as a time at midnight, as the schema has it.
    pub(crate) date: String,
    pub(crate) amount: Number,
    pub(crate) currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_number: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vat_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_number: Option<u32>,
    /// A text there, and refused when it is no number [V].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) customer_invoice_number: Option<String>,
    pub(crate) text: String,
}

/// `POST /journals/{n}/bookdraftentries`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookEntriesBody {
    pub(crate) entry_numbers: Vec<u64>,
}

/// `POST /booked-entries/match`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MatchEntriesBody {
    pub(crate) entry_ids: Vec<u64>,
}

/// What making many draft entries is answered with.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryNumbersAnswer {
    pub(crate) entry_numbers: Vec<u64>,
}

/// A draft entry as answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DraftEntryAnswer {
    pub(crate) entry_number: u64,
    pub(crate) voucher_number: Option<u32>,
    pub(crate) date: String,
    pub(crate) amount: Number,
    pub(crate) currency: String,
    pub(crate) account_number: Option<u32>,
    pub(crate) contra_account_number: Option<u32>,
    pub(crate) customer_number: Option<u32>,
    pub(crate) customer_invoice_number: Option<String>,
    pub(crate) vat_code: Option<String>,
    pub(crate) text: Option<String>,
}

/// A booked entry as answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookedEntryAnswer {
    pub(crate) entry_number: u64,
    pub(crate) account_number: u32,
    pub(crate) amount: Number,
    pub(crate) currency_code: Option<String>,
    pub(crate) date: String,
    pub(crate) text: Option<String>,
    /// A number as the schema says, or its name.
    #[serde(rename = "type")]
    pub(crate) kind: Option<KindAnswer>,
    pub(crate) voucher_number: Option<u32>,
    pub(crate) customer_number: Option<u32>,
    pub(crate) customer_invoice_number: Option<u64>,
    pub(crate) remainder: Option<Number>,
}

/// A member of an enumeration: the schema has numbers, and servers of this kind also write names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum KindAnswer {
    /// By number.
    Number(u32),
    /// By name.
    Name(String),
}

/// A journal as answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JournalAnswer {
    pub(crate) number: u32,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) require_balance_per_voucher_id: bool,
    #[serde(default)]
    pub(crate) require_admin_approval: bool,
    /// Its entries stay after booking [V].
    #[serde(default)]
    pub(crate) is_standing_journal: bool,
    /// The one type of entry that it takes; 0 for all [V].
    #[serde(default)]
    pub(crate) allowed_entry_type: Option<u8>,
    pub(crate) next_voucher_number: Option<u32>,
    pub(crate) minimum_voucher_number: Option<u32>,
    pub(crate) maximum_voucher_number: Option<u32>,
    pub(crate) customer_contra_account: Option<u32>,
}

/// A file on a voucher as answered.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AttachedAnswer {
    pub(crate) number: u64,
    pub(crate) note: Option<String>,
}

/// What of a booked document is read when it is looked for by what it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookedDocumentAnswer {
    pub(crate) booked_invoice_number: u64,
    pub(crate) date: Date,
    pub(crate) currency: String,
    pub(crate) gross_amount: Number,
    pub(crate) remainder: Option<Number>,
    pub(crate) customer: CustomerReference,
    pub(crate) references: Option<ReferencesAnswer>,
    pub(crate) notes: Option<NotesAnswer>,
}

/// The parts of an order, draft or booked invoice that Bogbro reads. Collections leave out `lines` [L].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentAnswer {
    pub(crate) draft_invoice_number: Option<u64>,
    pub(crate) booked_invoice_number: Option<u64>,
    pub(crate) order_number: Option<u64>,
    pub(crate) currency: String,
    pub(crate) net_amount: Number,
    pub(crate) vat_amount: Number,
    pub(crate) gross_amount: Number,
    pub(crate) customer: CustomerReference,
    pub(crate) references: Option<ReferencesAnswer>,
    pub(crate) notes: Option<NotesAnswer>,
    pub(crate) lines: Option<Vec<IgnoredAny>>,
}

/// The references of a document as answered.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ReferencesAnswer {
    pub(crate) other: Option<String>,
}

/// The texts of a document as answered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotesAnswer {
    pub(crate) heading: Option<String>,
    pub(crate) text_line1: Option<String>,
    pub(crate) text_line2: Option<String>,
}

/// One page of a collection; each item is kept as text, so that it can be handed on exactly.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub(crate) collection: Vec<Box<RawValue>>,
}

/// One page of an OpenAPI collection under a cursor: no cursor means that this was the last.
#[derive(Debug, Deserialize)]
pub(crate) struct CursorPage<T> {
    pub(crate) cursor: Option<String>,
    #[serde(default = "Vec::new")]
    pub(crate) items: Vec<T>,
}
