//! What the engine asks of a webshop and of an accounting system. No method has a default where a default could be wrong.

use async_trait::async_trait;
use domain::catalogue::{KnownCustomer, MasterData, Product};
use domain::document::{Document, DocumentKind, Totals};
use domain::plan::{NewCustomer, PaymentStep, ProductStep, SendBy, WriteBackStep};
use domain::{EffectKey, EntityId, EntityKind, Failure, Order, ShopProduct};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::http::Transport;
use crate::manifest::Manifest;

/// A webhook request as it came in, before anything is believed.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// The raw bytes of the body, exactly as they were signed.
    pub body: &'a [u8],
}

impl Delivery<'_> {
    /// A header's first value by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What the signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Signed with one of the live secrets.
    Authentic,
    /// A greeting that carries no data and is not signed (WooCommerce's ping): answer 200, do nothing.
    Greeting,
    /// Not signed, or not with any live secret.
    Forged,
}

/// What an authentic delivery is about. Taken from the signed body alone; unsigned headers may help, never decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// Something happened to this entity: read it again from the source.
    Changed {
        /// Kind.
        kind: EntityKind,
        /// Immutable id.
        entity: EntityId,
    },
    /// Authentic, and nothing Bogbro acts on (a product event before product flows exist, for example).
    NotForUs {
        /// What it is, for the log.
        what: String,
    },
}

/// An entity read from its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fetched<T> {
    /// As it is now, with the raw text it was read from, for the log.
    Found {
        /// In the domain's form.
        value: T,
        /// As the system sent it.
        raw: String,
    },
    /// It is gone.
    Gone,
}

/// One page of what changed in a source, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePage {
    /// Ids of the changed orders and when they changed.
    pub changes: Vec<(EntityId, Timestamp)>,
    /// Where to go on, in the connector's own words; `None`: that was all.
    pub next: Option<String>,
}

/// Which of a shop's products are listed, and what of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProductQuery<'a> {
    /// Only those changed at or after this time; all when there is none. A shop that cannot tell lists more than these.
    pub changed_since: Option<Timestamp>,
    /// The shop's ids of the locations whose stock is wanted; a shop without locations passes over them.
    pub locations: &'a [String],
}

/// One page of a shop's products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductPage {
    /// The entries. An entry that changed while the list was read may come twice.
    pub products: Vec<ShopProduct>,
    /// Where to go on, in the connector's own words; `None`: that was all.
    pub next: Option<String>,
}

/// Settings of the merchant that a shop connector needs in order to read its orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingRules {
    /// Keys of meta fields that may hold a company number (CVR), first hit wins.
    pub company_number_fields: Vec<String>,
    /// Keys of meta fields that may hold a VAT number.
    pub vat_number_fields: Vec<String>,
    /// Keys of meta fields that may hold an EAN number.
    pub ean_fields: Vec<String>,
    /// SKUs or product ids of gift cards, for shops that have no mark for them.
    #[serde(default)]
    pub gift_card_products: Vec<String>,
    /// Names of the negative fees by which a plugin lets gift cards pay, for shops that have no payment of that kind.
    #[serde(default)]
    pub gift_card_fees: Vec<String>,
}

/// A webshop.
#[async_trait]
pub trait Webshop: Send + Sync {
    /// Its manifest.
    fn manifest(&self) -> &'static Manifest;

    /// Checks the signature over the raw bytes with every live secret, in constant time. Never parses the body. An empty
    /// secret never verifies.
    fn verify(&self, delivery: &Delivery<'_>, secrets: &[secrecy::SecretString]) -> Verification;

    /// Reads what an authentic delivery is about.
    ///
    /// # Errors
    /// `Rejected` when the body cannot be understood; the delivery is then parked, not lost.
    fn notice(&self, delivery: &Delivery<'_>) -> Result<Notice, Failure>;

    /// Reads one order from the text the shop gives for it (the REST resource or GraphQL node), without any call.
    ///
    /// # Errors
    /// `Rejected` with the place where the text is not an order.
    fn read_order(&self, raw: &str, rules: &ReadingRules) -> Result<Order, Failure>;

    /// Reads an order as it is now.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn fetch_order(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        rules: &ReadingRules,
    ) -> Result<Fetched<Order>, Failure>;

    /// One page of orders changed at or after `since`, oldest first. `page` is `next` of the page before.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn changed_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<ChangePage, Failure>;

    /// Writes the number of the document back to the order. Doing it twice leaves one tag or is prevented by a look
    /// before writing.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn write_back(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        step: &WriteBackStep,
        number: &str,
    ) -> Result<(), Failure>;

    /// One page of the shop's products and variants, of every status but thrown away. `page` is `next` of the page before.
    /// As many entries come with each call as the shop allows.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn products_page(
        &self,
        transport: &dyn Transport,
        query: &ProductQuery<'_>,
        page: Option<&str>,
    ) -> Result<ProductPage, Failure>;

    /// Looks after the shop's side of the connection: webhooks that the shop switched off are switched on again.
    /// Returns what was found and mended, in words for the log.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn tend(&self, transport: &dyn Transport) -> Result<Vec<String>, Failure>;
}

/// A document as the accounting system has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundDocument {
    /// Where it stands: order, draft or booked invoice.
    pub kind: DocumentKind,
    /// Its number there.
    pub number: u64,
    /// The whole reference it carries.
    pub reference: String,
    /// Its sums.
    pub totals: Totals,
    /// Number of the customer it is made out to.
    pub customer: u32,
    /// The answer it was read from (JSON text), for read-modify-write.
    pub raw: String,
    /// What the system answered otherwise than it was asked: the document exists all the same, so nothing may be done again;
    /// it is held with this as the explanation, and never booked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

/// One thing that a system answered otherwise than it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Field, in the system's own words (`currency`, `netAmount`).
    pub field: String,
    /// What was asked for.
    pub asked: String,
    /// What was answered.
    pub answered: String,
}

impl Difference {
    /// A difference in one field.
    pub fn new(field: &str, asked: impl ToString, answered: impl ToString) -> Difference {
        Difference { field: field.to_owned(), asked: asked.to_string(), answered: answered.to_string() }
    }
}

/// An accounting system.
#[async_trait]
pub trait Accounting: Send + Sync {
    /// Its manifest.
    fn manifest(&self) -> &'static Manifest;

    /// Checks before the plan is stored that the system can hold this document (lengths, decimals, currency).
    ///
    /// # Errors
    /// `Rejected` that names the field and the limit.
    fn check(&self, document: &Document) -> Result<(), Failure>;

    /// Reads the slowly changing part of the agreement.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn master_data(&self, transport: &dyn Transport) -> Result<MasterData, Failure>;

    /// Finds products by number; those that do not exist are left out.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn products(&self, transport: &dyn Transport, numbers: &[String]) -> Result<Vec<Product>, Failure>;

    /// Finds customers by one field (`email`, `phone`, `company-number`, `vat-number`, `ean`, `number`).
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn customers(
        &self,
        transport: &dyn Transport,
        field: &str,
        value: &str,
    ) -> Result<Vec<KnownCustomer>, Failure>;

    /// Makes a customer; returns its number. The answer is compared with what was asked.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn create_customer(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        customer: &NewCustomer,
    ) -> Result<u32, Failure>;

    /// Changes fields of a customer, leaving all else as it was in `raw`.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn update_customer(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        number: u32,
        raw: &str,
        fields: &[(String, String)],
    ) -> Result<(), Failure>;

    /// Makes a product.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn create_product(&self, transport: &dyn Transport, product: &ProductStep) -> Result<(), Failure>;

    /// Finds documents by their whole reference among orders, drafts and booked invoices; booked ones first.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn find(&self, transport: &dyn Transport, reference: &str) -> Result<Vec<FoundDocument>, Failure>;

    /// Finds drafts of a customer on a date whose reference a person may have edited: those whose reference or texts
    /// still hold the key.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn find_edited(
        &self,
        transport: &dyn Transport,
        customer: u32,
        date: jiff::civil::Date,
        key: &EffectKey,
    ) -> Result<Vec<FoundDocument>, Failure>;

    /// Makes the order or draft invoice. The answer is compared with what was asked (currency, customer, reference);
    /// totals are the engine's to compare.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn create_document(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        document: &Document,
        customer: u32,
    ) -> Result<FoundDocument, Failure>;

    /// Replaces the content of a draft.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn update_draft(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        number: u64,
        document: &Document,
        customer: u32,
    ) -> Result<FoundDocument, Failure>;

    /// Books a draft invoice: cannot be undone.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn book(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        draft: u64,
        send: SendBy,
    ) -> Result<FoundDocument, Failure>;

    /// Registers a payment of a booked invoice in a journal.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn register_payment(
        &self,
        transport: &dyn Transport,
        step: &PaymentStep,
        customer: u32,
        invoice: u64,
    ) -> Result<(), Failure>;

    /// Finds whether a payment with this key's text was registered already.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn find_payment(&self, transport: &dyn Transport, step: &PaymentStep) -> Result<bool, Failure>;

    /// The PDF of a booked invoice.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn pdf(&self, transport: &dyn Transport, invoice: u64) -> Result<Vec<u8>, Failure>;

    /// Number and gross sum of the invoices booked on one day whose reference carries a key of ours, for the nightly
    /// comparison.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn booked_on(
        &self,
        transport: &dyn Transport,
        day: jiff::civil::Date,
    ) -> Result<Vec<FoundDocument>, Failure>;
}
