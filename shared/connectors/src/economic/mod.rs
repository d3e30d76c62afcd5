//! e-conomic: customers, products, orders, draft and booked invoices, customer payments, vouchers in journals.
//!
//! The legacy REST surface carries all of it, since it is the only one with writable orders, booking, and a look-up by our
//! reference; the OpenAPI services are used for what only they know or do (barred periods, booked entries, booking of a journal, files
//! on vouchers).
//!
//! Facts: marks as in the fact sheet. **V** is the vendor's own specification, **L** was seen on a live agreement by
//! others and differs from or adds to it, **U** is not proven by anybody; each U has one place.
//!
//! | mark | quirk | where it is handled |
//! |---|---|---|
//! | L | `[` and `]` must not be escaped in filters; `$ ( ) * ,` must | `filter` |
//! | V | `$in` is only for numbers, and for at most 200 | `Filter::one_of`, `Filter::any_of` |
//! | V | filters do not tell upper from lower case | `documents::find`, `products::find` |
//! | L | more than 1000 items per page is 400 `E04810`; past the end is an empty collection | `client::read_all` |
//! | L | a field the server does not know is lost in silence | bodies are validated against the vendor's schemas in the tests; answers are compared (`map::compare`) |
//! | L | `null` is refused, and `0` for an optional number | `wire` (`skip_serializing_if`), `wire::Number::unless_zero` |
//! | L | legacy `PUT` replaces the whole and makes what does not exist (201) | `documents::must_stand`, `customers::update` |
//! | V | the `PUT` of a draft has no layout | `map::replacing_body` |
//! | L | numbers of deleted customers are used again | `customers::update` compares who it is before it writes |
//! | L | `POST` answers 201 where the schema says 200 | every 2xx is a success |
//! | L | `DELETE /invoices/drafts` without a number deletes every draft | `client::Item` needs a number; only a sales order of ours is deleted |
//! | U | a draft order is deleted as a draft invoice is (no schema shows it) | `documents::close_order`; a refusal is told |
//! | L | `/orders/*` filtered by `paymentTerms.paymentTermsNumber`, and `/journals` of the OpenAPI filtered by anything, are 500 | never sent |
//! | L | collections leave out `lines` | `map::compare` takes lines that are not stated as not stated |
//! | L | a voucher is answered as an array | `payments` |
//! | L | terms of type `net` ignore a due date, `dueDate` requires it (`E04042`, `E04760`) | `map::draft_body`, `errors` |
//! | L | more than two decimals is `E04740` | `limits` |
//! | L | a boolean left out of a `PUT` is cleared | `customers::changed_body` passes them on |
//! | L | OpenAPI `PUT` needs `objectVersion`, or 409 | nothing is replaced there |
//! | V | at most 500 entries in one call, all or none of them are made | `journals::check`, `journals::enter` |
//! | V | the text of draft entries cannot be filtered by there, but on legacy REST and on booked entries it can | `journals::find` |
//! | U | how a filter compares a day with a time at midnight | `journals::within` is right either way |
//! | V | `/journals/{n}/book` books everything in the journal | never called; `journals::book` names the entries |
//! | V | a second file on a voucher becomes more pages of the first, unless `onConflict` is 1 | `entries::attach` |
//! | U | names of the fields beside a file are taken without regard to case | `entries::attach` writes them as the vendor's example does |
//! | V | a balance that the system carried into a new year stands among the booked entries | `entries::origin` |
//! | L | `inventory.*` cannot be filtered by, although the schema says so | never sent; the tests hold every filtered field against the schemas |
//! | L | `X-CallCost` and `X-RateLimiting` state cost and budget; an empty one is 429 with `Retry-After` | [`MANIFEST`], `errors::failure` |
//! | L | the merchant can revoke a token, which never expires otherwise: 401 | `errors::failure` |
//! | L | `lastUpdated` is a time stamp | not read |
//! | L | under a cursor `sort` is ignored | nothing is sorted there |
//! | L | a replay carries `X-ResultFromCache: true` and the first answer | the same body has the same key, see `client::idempotency_key` |

mod client;
mod countries;
mod customers;
mod documents;
mod entries;
mod errors;
mod filter;
mod journals;
mod limits;
mod map;
mod master;
mod payments;
mod products;
mod stock;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::catalogue::LedgerData;
use domain::catalogue::{KnownCustomer, KnownProduct, MasterData, Product};
use domain::document::{Document, DocumentKind};
use domain::payout::VoucherStep;
use domain::plan::{NewCustomer, PaymentStep, ProductChangeStep, ProductStep, SendBy, SupersededOrder};
use domain::{EffectKey, Failure};
use jiff::civil::Date;

use crate::http::Transport;
use crate::journals::{
    AttachedFile, Days, DocumentState, DocumentsPage, EnteredVoucher, EntriesPage, JournalLimits, Journals,
    LedgerEntry, VoucherFile, VoucherPlace,
};
use crate::manifest::{Authentication, Manifest, RateLimit};
use crate::ports::{Accounting, Difference, FoundDocument, OrderClosing, StockPage};

/// What is known of e-conomic.
pub const MANIFEST: Manifest = Manifest {
    system: "e-conomic",
    surfaces: &[
        (client::REST, "https://restapi.e-conomic.com"),
        (client::OPENAPI, "https://apis.e-conomic.com"),
    ],
    authentication: Authentication::Headers(&[
        ("X-AppSecretToken", "app-secret-token"),
        ("X-AgreementGrantToken", "agreement-grant-token"),
    ]),
    secrets: &["app-secret-token", "agreement-grant-token"],
    // `X-RateLimiting: token-limit-10000-per-60-seconds`; the cost of a call stands in `X-CallCost` [L].
    rate: RateLimit {
        units: 10_000,
        window_seconds: 60,
        per_day: Some(50_000),
        cost_header: Some("x-callcost"),
    },
    timeout_seconds: 30,
    response_limit: 16 * 1024 * 1024,
    // Nobody has measured it [U]: a document just made is taken to be found after this. Two looks are this far apart, and the
    // time limit of a call further, before anything is made again.
    look_up_lag_seconds: 60,
    stock: None,
    unproven: &[
        "whether the amount of a received customer payment is negative (payment registration in a journal stays off until a live agreement has shown it)",
        "whether entries of a journal can be found the moment they are made (60 seconds are assumed)",
        "whether booked entries of a voucher keep its number and texts (as the service shows them)",
        "how long a document just made may be missing from look-ups (60 seconds are assumed)",
        "whether a refusal is remembered under its idempotency key (a replay within the hour may get the old refusal again)",
        "whether VAT is rounded per line or per rate (the settings can say)",
        "whether a line without a price costs nothing (the net sum is compared)",
        "whether a filter on `lastUpdated` takes a time, and whether a change of stock alone moves it (as the schema says); the whole comparison finds what it would miss",
        "stock by location: REST states the total of a product only",
        "whether orders are a module of their own (an agreement without them is taken to hold none)",
        "whether a draft order may be deleted (a sales order that cannot be closed is told to the merchant)",
    ],
};

/// e-conomic as an accounting system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Economic;

#[async_trait]
impl Accounting for Economic {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn check(&self, document: &Document) -> Result<(), Failure> {
        limits::check(document)
    }

    async fn master_data(&self, transport: &dyn Transport) -> Result<MasterData, Failure> {
        master::read(transport).await
    }

    async fn products(&self, transport: &dyn Transport, numbers: &[String]) -> Result<Vec<Product>, Failure> {
        products::find(transport, numbers).await
    }

    async fn customers(
        &self,
        transport: &dyn Transport,
        field: &str,
        value: &str,
    ) -> Result<Vec<KnownCustomer>, Failure> {
        customers::find(transport, field, value).await
    }

    async fn create_customer(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        customer: &NewCustomer,
    ) -> Result<u32, Failure> {
        customers::create(transport, key, customer).await
    }

    async fn update_customer(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        number: u32,
        raw: &str,
        fields: &[(String, String)],
    ) -> Result<(), Failure> {
        customers::update(transport, key, number, raw, fields).await
    }

    async fn create_product(
        &self,
        transport: &dyn Transport,
        product: &ProductStep,
    ) -> Result<Vec<Difference>, Failure> {
        products::create(transport, product).await
    }

    async fn known_products(
        &self,
        transport: &dyn Transport,
        numbers: &[String],
    ) -> Result<Vec<KnownProduct>, Failure> {
        products::known(transport, numbers).await
    }

    async fn all_products(&self, transport: &dyn Transport) -> Result<Vec<KnownProduct>, Failure> {
        products::all(transport).await
    }

    async fn units(&self, transport: &dyn Transport) -> Result<BTreeMap<u32, String>, Failure> {
        products::units(transport).await
    }

    async fn change_product(
        &self,
        transport: &dyn Transport,
        step: &ProductChangeStep,
    ) -> Result<Vec<Difference>, Failure> {
        products::change(transport, step).await
    }

    async fn find(&self, transport: &dyn Transport, reference: &str) -> Result<Vec<FoundDocument>, Failure> {
        documents::find(transport, reference).await
    }

    async fn find_edited(
        &self,
        transport: &dyn Transport,
        customer: u32,
        date: Date,
        key: &EffectKey,
    ) -> Result<Vec<FoundDocument>, Failure> {
        documents::find_edited(transport, customer, date, key).await
    }

    async fn create_document(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        document: &Document,
        customer: u32,
    ) -> Result<FoundDocument, Failure> {
        documents::create(transport, key, document, customer).await
    }

    async fn update_draft(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        number: u64,
        document: &Document,
        customer: u32,
    ) -> Result<FoundDocument, Failure> {
        documents::update(transport, key, number, document, customer).await
    }

    async fn book(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        draft: u64,
        send: SendBy,
    ) -> Result<FoundDocument, Failure> {
        documents::book(transport, key, draft, send).await
    }

    async fn close_order(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        order: &SupersededOrder,
    ) -> Result<OrderClosing, Failure> {
        documents::close_order(transport, key, order).await
    }

    async fn register_payment(
        &self,
        transport: &dyn Transport,
        step: &PaymentStep,
        customer: u32,
        invoice: u64,
    ) -> Result<(), Failure> {
        payments::register(transport, step, customer, invoice).await
    }

    async fn find_payment(&self, transport: &dyn Transport, step: &PaymentStep) -> Result<bool, Failure> {
        payments::find(transport, step).await
    }

    async fn pdf(
        &self,
        transport: &dyn Transport,
        kind: DocumentKind,
        number: u64,
    ) -> Result<Vec<u8>, Failure> {
        documents::pdf(transport, kind, number).await
    }

    async fn booked_on(&self, transport: &dyn Transport, day: Date) -> Result<Vec<FoundDocument>, Failure> {
        documents::booked_on(transport, day).await
    }

    async fn stock_page(
        &self,
        transport: &dyn Transport,
        changed_since: Option<jiff::Timestamp>,
        page: Option<&str>,
    ) -> Result<StockPage, Failure> {
        stock::page(transport, changed_since, page).await
    }
}

#[async_trait]
impl Journals for Economic {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn limits(&self) -> &'static JournalLimits {
        &journals::LIMITS
    }

    fn check(&self, step: &VoucherStep) -> Result<(), Failure> {
        journals::check(step)
    }

    async fn ledger_data(&self, transport: &dyn Transport) -> Result<LedgerData, Failure> {
        entries::ledger_data(transport).await
    }

    async fn free_number(
        &self,
        transport: &dyn Transport,
        journal: u32,
        days: Days,
        at_least: u32,
    ) -> Result<u32, Failure> {
        journals::free_number(transport, journal, days, at_least).await
    }

    async fn enter(&self, transport: &dyn Transport, step: &VoucherStep) -> Result<EnteredVoucher, Failure> {
        journals::enter(transport, step).await
    }

    async fn find(
        &self,
        transport: &dyn Transport,
        step: &VoucherStep,
    ) -> Result<Option<EnteredVoucher>, Failure> {
        journals::find(transport, step).await
    }

    async fn attached(
        &self,
        transport: &dyn Transport,
        place: VoucherPlace,
    ) -> Result<Vec<AttachedFile>, Failure> {
        entries::attached(transport, place).await
    }

    async fn attach(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        place: VoucherPlace,
        file: &VoucherFile,
    ) -> Result<(), Failure> {
        entries::attach(transport, key, place, file).await
    }

    async fn book_drafts(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        journal: u32,
        drafts: &[u64],
    ) -> Result<(), Failure> {
        journals::book(transport, key, journal, drafts).await
    }

    async fn entries_on(
        &self,
        transport: &dyn Transport,
        account: u32,
        days: Days,
        page: Option<&str>,
    ) -> Result<EntriesPage, Failure> {
        entries::on_account(transport, account, days, page).await
    }

    async fn entries_of(
        &self,
        transport: &dyn Transport,
        customer: u32,
        document: u64,
    ) -> Result<Vec<LedgerEntry>, Failure> {
        entries::of_document(transport, customer, document).await
    }

    async fn settle(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        entries: &[u64],
    ) -> Result<(), Failure> {
        entries::settle(transport, key, entries).await
    }

    async fn documents_page(
        &self,
        transport: &dyn Transport,
        state: DocumentState,
        days: Days,
        page: Option<&str>,
    ) -> Result<DocumentsPage, Failure> {
        entries::documents(transport, state, days, page).await
    }
}
