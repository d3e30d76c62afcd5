//! What the engine asks of a webshop and of an accounting system. No method has a default where a default could be wrong.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use domain::catalogue::{KnownCustomer, KnownProduct, MasterData, Product};
use domain::document::{Document, DocumentKind, Totals};
use domain::plan::{
    NewCustomer, PaymentStep, ProductChangeStep, ProductStep, Reason, SendBy, SupersededOrder, WriteBackStep,
};
use domain::stock::StockReading;
use domain::{EffectKey, EntityId, EntityKind, Failure, Order, Settings, ShopProduct};
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
        /// The body names the entity and says nothing of its state, as that of a deletion: the same bytes may be other news, since what
        /// was thrown away may be taken back and thrown away again.
        #[serde(default)]
        bare: bool,
    },
    /// Authentic, and nothing Bogbro acts on (a coupon, a draft order).
    NotForUs {
        /// What it is, for the log.
        what: String,
    },
    /// Somebody asks about personal data: to be recorded and carried out, not to be read from the source.
    Privacy(PrivacyNotice),
}

/// What is asked about personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivacyAsked {
    /// A customer wants to see what is kept of them.
    Data,
    /// A customer is to be forgotten.
    Erasure,
    /// The shop has left: all its customers are to be forgotten.
    ShopErasure,
}

/// A request about personal data, as a shop passes it on. The address never shows in a log or an error.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyNotice {
    /// What is asked.
    pub asked: PrivacyAsked,
    /// The shop it is about, by its own name: one app may stand in many shops, and tells of all of them at one address.
    pub shop: String,
    /// The customer's e-mail address; empty when none is given.
    pub email: String,
    /// The shop's own id of the customer; a request may know the address alone.
    pub customer: Option<String>,
    /// Orders that the request names.
    pub orders: Vec<EntityId>,
}

impl fmt::Debug for PrivacyNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PrivacyNotice { asked, shop, orders, .. } = self;
        f.debug_struct("PrivacyNotice")
            .field("asked", asked)
            .field("shop", shop)
            .field("orders", orders)
            .finish_non_exhaustive()
    }
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
    /// The system does not answer it, and says of what is older than so many days nothing at all: whether it is gone cannot be known.
    Hidden {
        /// Why, and what would let it be read.
        reason: Reason,
        /// What is younger would have been answered, so that it is gone.
        older_than_days: u32,
    },
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

/// A place where a shop keeps stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopLocation {
    /// Its id; empty for the one place of a shop without locations.
    pub id: String,
    /// Its name, for people.
    pub name: String,
}

/// What a quantity is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockTarget {
    /// The shop's id of the entry.
    pub id: String,
    /// The product that it is a variant of.
    pub family: Option<String>,
    /// What its stock is written to, where that is not the entry itself.
    pub item: Option<String>,
    /// The location's id; empty for a shop without locations.
    pub location: String,
}

/// A quantity to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockChange {
    /// Where.
    pub target: StockTarget,
    /// What the shop shows, for shops that compare; `None` sets without comparing.
    pub from: Option<i64>,
    /// What it is to show.
    pub to: i64,
}

/// What became of one quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StockAnswer {
    /// The shop shows it.
    Set,
    /// The shop shows something else than it was said to: nothing was set.
    Moved,
    /// Nothing is wrong with it, but it was not set because of another in the same call.
    NotTried,
    /// The shop will not have it.
    Refused {
        /// The shop's code.
        code: String,
        /// What it said.
        message: String,
    },
}

/// One page of what the accounts hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockPage {
    /// Products, those without stock included.
    pub readings: Vec<StockReading>,
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

impl ReadingRules {
    /// What a merchant's settings say of the reading of its orders.
    pub fn of(settings: &Settings) -> ReadingRules {
        let (customers, cards) = (&settings.customers, &settings.products.gift_cards);
        ReadingRules {
            company_number_fields: customers.company_number_fields.clone(),
            vat_number_fields: customers.vat_number_fields.clone(),
            ean_fields: customers.ean_fields.clone(),
            gift_card_products: cards.products.clone(),
            gift_card_fees: cards.fees.clone(),
        }
    }
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

    /// Reads a product's entries from the text that [`Webshop::fetch_product`] kept, without any call.
    ///
    /// # Errors
    /// `Rejected` with the place where the text is not a product.
    fn read_product(&self, raw: &str) -> Result<Vec<ShopProduct>, Failure>;

    /// Reads a product with all its variants as it is now: the product itself where it has none. Thrown away is gone.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn fetch_product(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
    ) -> Result<Fetched<Vec<ShopProduct>>, Failure>;

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

    /// Finds the entries of the shop that carry these numbers as SKU, upper and lower case told apart; at most as many as
    /// the manifest says. Those that the shop does not have are left out.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn products_by_sku(
        &self,
        transport: &dyn Transport,
        skus: &[String],
        locations: &[String],
    ) -> Result<Vec<ShopProduct>, Failure>;

    /// The places where the shop keeps stock, those in use; one without an id for a shop that has no locations.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn stock_locations(&self, transport: &dyn Transport) -> Result<Vec<ShopLocation>, Failure>;

    /// What the shop shows now, in the order asked; `None` for what it does not keep there, or does not have.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn stock_now(
        &self,
        transport: &dyn Transport,
        targets: &[StockTarget],
    ) -> Result<Vec<Option<i64>>, Failure>;

    /// Sets quantities, at most as many as the manifest says and of one product where it says so. The answers stand in the
    /// order of the changes: one that is refused keeps no other from its own answer. Setting the same again is harmless.
    ///
    /// # Errors
    /// As the transport and the shop say; `Rejected` for the call as a whole: nothing was set.
    async fn set_stock(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        changes: &[StockChange],
    ) -> Result<Vec<StockAnswer>, Failure>;

    /// Looks after the shop's side of the connection: webhooks that the shop switched off are switched on again, those for orders
    /// and, with `products`, those for products. Returns what was found and mended, in words for the log.
    ///
    /// # Errors
    /// As the transport and the shop say.
    async fn tend(&self, transport: &dyn Transport, products: bool) -> Result<Vec<String>, Failure>;
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

/// What became of a sales order that was to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderClosing {
    /// It is closed or gone, now or already: it reserves nothing.
    Closed,
    /// It stands where Bogbro must not or cannot close it; why, in words.
    Left(String),
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

    /// Finds products by number with the fields that may be changed; those that do not exist are left out.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn known_products(
        &self,
        transport: &dyn Transport,
        numbers: &[String],
    ) -> Result<Vec<KnownProduct>, Failure>;

    /// All products of the agreement, for the catalogue check and a full run.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn all_products(&self, transport: &dyn Transport) -> Result<Vec<KnownProduct>, Failure>;

    /// The units that products may be counted in, by number.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn units(&self, transport: &dyn Transport) -> Result<BTreeMap<u32, String>, Failure>;

    /// Makes a product; returns what was answered otherwise than asked.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn create_product(
        &self,
        transport: &dyn Transport,
        product: &ProductStep,
    ) -> Result<Vec<Difference>, Failure>;

    /// Changes fields of a product that exists, leaving all else as it stands there; returns what was answered otherwise than
    /// asked. Doing it twice is the same.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn change_product(
        &self,
        transport: &dyn Transport,
        step: &ProductChangeStep,
    ) -> Result<Vec<Difference>, Failure>;

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

    /// Closes a sales order that an invoice took the place of, so that it no longer reserves stock. Only the order that still
    /// carries the reference is touched; closing it twice is the same as once.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn close_order(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        order: &SupersededOrder,
    ) -> Result<OrderClosing, Failure>;

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

    /// The PDF of a document as it stands: a booked one, a draft or an order.
    ///
    /// # Errors
    /// `Rejected` with the code `gone` for one that does not stand any more; as the transport and the system say.
    async fn pdf(
        &self,
        transport: &dyn Transport,
        kind: DocumentKind,
        number: u64,
    ) -> Result<Vec<u8>, Failure>;

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

    /// One page of what the accounts hold of their products: of all, or of those changed at or after `changed_since`, a
    /// change of their stock included. `page` is `next` of the page before.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn stock_page(
        &self,
        transport: &dyn Transport,
        changed_since: Option<Timestamp>,
        page: Option<&str>,
    ) -> Result<StockPage, Failure>;
}

/// What a register of VAT numbers answered. When it was answered is the caller's to note: connectors have no clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterAnswer {
    /// Whether the number is registered for trade between member states.
    pub registered: bool,
    /// Name that the register has, where it tells one.
    pub name: String,
    /// The register's own mark of the consultation, where there is one.
    pub consultation: Option<String>,
}

/// A register of VAT numbers, such as VIES. No connector for one exists yet; a route without one has sales planned on the form of
/// the number alone.
#[async_trait]
pub trait VatNumberRegister: Send + Sync {
    /// Its manifest.
    fn manifest(&self) -> &'static Manifest;

    /// Asks about a number, which has its country's prefix. A register that cannot answer now is `Busy`, never "not registered".
    ///
    /// # Errors
    /// As the transport and the register say.
    async fn ask(&self, transport: &dyn Transport, number: &str) -> Result<RegisterAnswer, Failure>;
}
