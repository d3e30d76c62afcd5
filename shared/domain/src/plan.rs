//! The decision on one order and, when it is to be transferred, the whole plan, stored before the first outside write.

use std::io::{self, BufWriter, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::customer::{Customer, CustomerKind};
use crate::document::{Document, DocumentKind, Totals};
use crate::identity::{AgreementId, ConnectionId, EffectKey, TransferId};
use crate::money::{Money, Percentage};

/// The schema version of a stored plan. An unknown one is refused, never guessed.
pub const PLAN_SCHEMA: u32 = 1;

/// What is to be done with an order in its present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Carry out this plan.
    Transfer(Box<Plan>),
    /// Nothing is to be done now, by the merchant's own choice or by nature; not an error.
    Skip(Reason),
    /// The merchant must do something first. Nothing was written.
    Hold(Reason),
}

/// Why something is skipped, held or warned about: a code for programs and the facts that the words are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code, such as `missing-product`; the texts in Danish and English are kept by code.
    pub code: String,
    /// Named facts for the texts, such as `("sku", "MUG-1")`.
    pub facts: Vec<(String, String)>,
}

impl Reason {
    /// A reason of a code, without facts yet.
    pub fn new(code: &str) -> Reason {
        Reason { code: code.to_owned(), facts: Vec::new() }
    }

    /// The reason with one more fact.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl std::fmt::Display) -> Reason {
        self.facts.push((name.to_owned(), fact.to_string()));
        self
    }

    /// The fact of that name, empty when there is none.
    pub fn fact(&self, name: &str) -> &str {
        self.facts.iter().find(|(key, _)| key == name).map(|(_, fact)| fact.as_str()).unwrap_or_default()
    }
}

/// What is to be written, in order. Amounts, references and keys are frozen here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_SCHEMA`] of the maker.
    pub schema: u32,
    /// Whose and what.
    pub transfer: TransferId,
    /// First plan of a transfer is 1; an edit is the next.
    pub ordinal: u32,
    /// The company written to.
    pub agreement: AgreementId,
    /// Version of the settings it was made with.
    pub settings_version: u64,
    /// Hash of the catalogue it was made with.
    pub catalogue_hash: String,
    /// Hash of what the order sells, to whom and for how much: an order that still has this content changes nothing.
    pub content_hash: String,
    /// The order number that people see.
    pub order_number: String,
    /// The reference that stands in the document.
    pub reference: String,
    /// The order's total with VAT, as the shop stated it when the plan was made.
    pub order_total: Money,
    /// The order's own sums, as the shop states them (less gift cards that are deducted on the document): the gross sum
    /// of the document must equal `expected.gross`. What the target is predicted to answer stands in [`Document::expected`].
    pub expected: Totals,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// So many of the first steps were carried out by an earlier plan of the transfer: this one goes on after them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub done: u32,
    /// So much of the document was paid by gift cards, or goes back onto them, where cards that were used are a payment: no acquirer pays
    /// it out. Negative on a credit note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_gift_cards: Option<Money>,
    /// What has become of the payments, in plans that register what came after the booking, and in those of what follows an invoice
    /// whose payments are registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payments: Option<RegisteredPayments>,
    /// What the merchant should know although the transfer goes on.
    pub warnings: Vec<Reason>,
    /// Of a product of the shop; an order's plan has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductPart>,
    /// The order's lines as far as they are invoiced once this is carried out, before refunds: by them an edit is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sold: Vec<SoldLine>,
    /// Ids of the refunds that are taken into account once this is carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<String>,
    /// For a plan after the first booked invoice: which invoice it belongs to, and what it leaves standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<Adjustment>,
}

/// A line of the order as it is invoiced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldLine {
    /// The shop's id of the line.
    pub id: String,
    /// Units.
    pub quantity: rust_decimal::Decimal,
    /// Net, in minor units of the order's currency.
    pub net: i64,
    /// The merchant's own VAT on it, in minor units.
    pub vat: i64,
}

/// What a credit note or a further invoice changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Number of the order's first booked invoice, which credit notes point at.
    pub invoice: u64,
    /// What is left once this is carried out: invoiced less credited.
    pub left: Vec<LeftLine>,
    /// Documents so far that an edit asked for.
    #[serde(default)]
    pub edits: u32,
    /// How often the order fell away and everything left was credited. An order may come back.
    #[serde(default)]
    pub gone: u32,
    /// Whether Bogbro booked the first invoice; `None` where this plan books its document just as the invoice was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_booked: Option<bool>,
}

/// What is left of one line of the invoices: invoiced less credited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftLine {
    /// The order's line; `None` for what belongs to the order as a whole.
    pub order_line: Option<String>,
    /// Product number in the target.
    pub product: String,
    /// Text on the document.
    pub description: String,
    /// The rate that the target applies.
    pub rate: Percentage,
    /// Units left.
    pub quantity: rust_decimal::Decimal,
    /// Net left.
    pub net: Money,
    /// VAT left, as the shop states it.
    pub vat: Money,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What stands in a stored reason where somebody's mail address was.
pub const MASKED_ADDRESS: &str = "[mail address]";

/// The payments of a booked invoice as far as they are registered once a plan is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredPayments {
    /// Number of the term of payment on the invoice.
    pub term: u32,
    /// So many of the order's captures, in the shop's order, are registered.
    pub captures: u32,
    /// The day of the invoice, in plans of what follows it: no payment is dated before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoiced_on: Option<jiff::civil::Date>,
    /// Money of edits that went back and is registered, in smallest units: it is no refund of the order, and has no credit note of its
    /// own.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub repaid: i64,
}

/// True for an amount that need not be kept.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(minor: &i64) -> bool {
    *minor == 0
}

impl Plan {
    /// The step that makes or changes the document.
    pub fn document_step(&self) -> Option<&DocumentStep> {
        self.steps.iter().find_map(|step| match step {
            Step::CreateDocument(document) | Step::UpdateDraft(document) => Some(&**document),
            _ => None,
        })
    }

    /// True when nothing is left of the invoices once this is carried out.
    pub fn leaves_nothing(&self) -> bool {
        let left = self.adjustment.as_ref().map(|adjustment| {
            let amounts = adjustment.left.iter().flat_map(|line| [line.net, line.vat]);
            Money::sum(self.order_total.currency(), amounts)
        });
        matches!(left, Some(Ok(left)) if left.is_zero())
    }

    /// SHA-256 of the plan's JSON, in hexadecimal. Equal plans have equal hashes on every machine.
    pub fn hash(&self) -> String {
        hash_json(self)
    }
}

/// SHA-256 of a value's JSON, in hexadecimal. Only for types whose JSON is the same every time (no hash maps).
pub fn hash_json<T: Serialize>(value: &T) -> String {
    let mut hash = BufWriter::with_capacity(HASHED_TOGETHER, Hashing(Sha256::new()));
    let written = serde_json::to_writer(&mut hash, value).is_ok() && hash.flush().is_ok();
    // What has no JSON hashes like nothing at all.
    let whole = hash.into_inner().ok().filter(|_| written).map_or_else(Sha256::new, |hash| hash.0);
    data_encoding::HEXLOWER.encode(&whole.finalize())
}

/// JSON is hashed while it is written: that of a payout of a million lines is never whole in memory.
struct Hashing(Sha256);

const HASHED_TOGETHER: usize = 4 * 1024;

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One step of a plan. Every step that writes carries the key its effect is known by. A document is many times larger than any other
/// step, so it is kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// The customer the document is made out to is found, made or updated.
    EnsureCustomer(CustomerStep),
    /// A product that the document needs, or that the shop has, is made.
    CreateProduct(ProductStep),
    /// Fields of a product are changed.
    ChangeProduct(ProductChangeStep),
    /// The order or draft is made, and its totals are compared.
    CreateDocument(Box<DocumentStep>),
    /// The draft of an earlier plan of the same transfer is changed to this.
    UpdateDraft(Box<DocumentStep>),
    /// The draft is booked: cannot be undone.
    Book(BookStep),
    /// The sales order that the invoice took the place of is closed, so that it no longer reserves stock.
    CloseOrder(CloseOrderStep),
    /// The payment is registered in a journal.
    RegisterPayment(PaymentStep),
    /// The document's number is written back to the shop.
    WriteBack(WriteBackStep),
}

/// Which customer, or how to make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerStep {
    /// Key of the making; shared by all orders of the same new customer.
    pub key: EffectKey,
    /// What to do.
    pub action: CustomerAction,
}

/// What to do about the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum CustomerAction {
    /// Use the customer of this number as it is.
    Use {
        /// Its number.
        number: u32,
    },
    /// Update the customer of this number first; the fields that change are in `fields`.
    Update {
        /// Its number.
        number: u32,
        /// Whole customer as it was read (JSON text), to be written back with the changes.
        raw: String,
        /// Changed fields: domain field name and new value.
        fields: Vec<(String, String)>,
    },
    /// Make a new customer.
    Create(Box<NewCustomer>),
}

/// A customer to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCustomer {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: CustomerKind,
    /// Field and value by which this customer is identified (`("email", "a@b.dk")`), for look-up before and after.
    pub identified_by: (String, String),
    /// The buyer as the shop knows them.
    pub customer: Customer,
    /// Number of customer group.
    pub group: u32,
    /// Number of payment term.
    pub payment_term: u32,
    /// Number of VAT zone.
    pub vat_zone: u32,
    /// Currency code.
    pub currency: String,
    /// Number chosen by the merchant's rule (the shop's or a phone number as customer number, and one out of the shop's reach for those
    /// who have none); `None`: the target numbers it.
    pub number: Option<u32>,
}

/// A product to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductStep {
    /// Key of the making; shared by all orders with the same new product.
    pub key: EffectKey,
    /// Product number.
    pub number: String,
    /// Name.
    pub name: String,
    /// Number of product group.
    pub group: u32,
    /// Net sales price of one unit, when known.
    pub sales_price: Option<Money>,
    /// Cost price of one unit, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_price: Option<Money>,
    /// Number of the unit, when one is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<u32>,
    /// Bar code; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub barcode: String,
}

/// Fields of a product that are changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductChangeStep {
    /// Key of the change.
    pub key: EffectKey,
    /// Product number.
    pub number: String,
    /// What changes, and to what; the rest of the product stays as it is.
    pub changes: Vec<ProductChange>,
}

/// One field of a product and what it is to be. Prices are net, in the agreement's own currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductChange {
    /// Name.
    Name(String),
    /// Number of the product group.
    Group(u32),
    /// Sales price of one unit.
    SalesPrice(Money),
    /// Cost price of one unit.
    CostPrice(Money),
    /// Number of the unit.
    Unit(u32),
    /// Bar code.
    Barcode(String),
    /// Barred for new sales.
    Barred(bool),
}

/// What a plan says of a product of the shop beside its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPart {
    /// What could not be carried over: the merchant must do something. The rest is carried over all the same.
    pub faults: Vec<Reason>,
    /// The number that each variant (or the product itself) has in the target: the shop's id and the number. By it a product
    /// that is gone later, or has another number, is known.
    pub numbers: Vec<(String, String)>,
    /// The plan is as long as one may be, and more is to be done after it.
    pub more: bool,
    /// Numbers that plans before this one wrote in vain, with nothing changed since: they keep the others back no longer, and are tried
    /// again with the next news.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
}

/// A document to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentStep {
    /// Key of the making.
    pub key: EffectKey,
    /// The document.
    pub document: Document,
    /// What to do when the target's totals differ.
    pub difference: DifferenceRule,
    /// Look for a document of another integration before making one: references by which it may stand there.
    pub adopt: Vec<String>,
    /// The sales order that this invoice takes the place of, when an earlier plan of the same transfer made one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<SupersededOrder>,
}

/// A sales order in the target that an invoice takes the place of: it posts nothing, but it reserves stock until it is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupersededOrder {
    /// Its number in the target.
    pub number: u64,
    /// The reference it carries.
    pub reference: String,
}

/// The closing of a sales order whose place an invoice took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseOrderStep {
    /// Key of the closing.
    pub key: EffectKey,
    /// The order.
    pub order: SupersededOrder,
}

/// What to do when the target reckons another total than the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceRule {
    /// How differences are handled.
    pub mode: crate::settings::DifferenceMode,
    /// Largest difference that `mode` covers, in the document's currency.
    pub limit: Money,
    /// Product number of the correction line (must be in a group without VAT).
    pub product: Option<String>,
    /// Text of the correction line.
    pub text: String,
}

/// A booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookStep {
    /// Key of the booking.
    pub key: EffectKey,
    /// What the target sends when it books.
    pub send: SendBy,
}

/// How the target sends a booked invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendBy {
    /// Not at all.
    Nothing,
    /// By e-mail.
    Email,
    /// Electronically to an EAN number.
    Ean,
}

/// A payment to be registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStep {
    /// Key of the registration.
    pub key: EffectKey,
    /// Number of the journal.
    pub journal: u32,
    /// Number of the account the money stands on (bank or acquirer).
    pub contra_account: u32,
    /// How much: positive was paid, negative went back. The sign in the target is the connector's matter.
    pub amount: Money,
    /// Date of the payment.
    pub date: jiff::civil::Date,
    /// Text on the entry.
    pub text: String,
    /// Number of the invoice that it pays, where another document of the order was booked since; `None`: the plan's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<u64>,
}

/// A number to be written back to the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteBackStep {
    /// Key of the writing.
    pub key: EffectKey,
    /// The connection of the shop.
    pub connection: ConnectionId,
    /// How it is written.
    pub form: crate::settings::WriteBackForm,
    /// Text with `{number}` where the document's number goes.
    pub template: String,
    /// Kind of document, for the words.
    pub kind: DocumentKind,
}
