//! Bugs, each a wrapper around a part that is right. They prove that the checks would see such a bug in the engine or
//! in a connector. None of this is in a shipped crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use connectors::http::Transport;
use connectors::manifest::Manifest;
use connectors::ports::{
    Accounting, ChangePage, Delivery, Difference, Fetched, FoundDocument, OrderClosing, ReadingRules,
    Verification, Webshop,
};
use domain::catalogue::{KnownCustomer, KnownProduct, MasterData, Product};
use domain::document::{Document, DocumentKind};
use domain::plan::{
    NewCustomer, PaymentStep, ProductChangeStep, ProductStep, SendBy, SupersededOrder, WriteBackStep,
};
use domain::{ConnectionId, EffectKey, EntityId, Failure, MerchantId, Order, ShopProduct, TransferId};
use engine::log::Trace;
use engine::store::*;
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;

use crate::deployment::{ACCOUNTING, WEBSHOP};
use crate::ledger::{SimulatedStore, at_once};

/// A seeded bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Writes to the ledger are let through whatever the fence.
    NoFence,
    /// What is known of a transfer is thrown away when something goes wrong.
    DeleteOnError,
    /// A document is made again without being looked for.
    CreateWithoutLookUp,
    /// Every webhook is believed.
    FailOpenVerification,
    /// Prices lose their øre, and the answer is made to fit.
    LossyRounding,
    /// The draft is booked before its totals are compared.
    BookBeforeComparison,
    /// A connection that is refused stops everybody.
    PausesEverybody,
    /// Refunds are known by their place in the shop's list, the newest first, and not by their id.
    RefundsByPlace,
    /// The look-up leaves out documents whose sum is below zero.
    CreditNotesNotFound,
    /// What the shop is about to be told is not marked as in doubt.
    StockNotInDoubt,
}

impl Bug {
    pub(crate) const ALL: [Bug; 7] = [
        Bug::NoFence,
        Bug::DeleteOnError,
        Bug::CreateWithoutLookUp,
        Bug::FailOpenVerification,
        Bug::LossyRounding,
        Bug::BookBeforeComparison,
        Bug::PausesEverybody,
    ];

    /// Bugs that only lives with refunds can show.
    pub(crate) const OF_CREDIT: [Bug; 2] = [Bug::RefundsByPlace, Bug::CreditNotesNotFound];

    /// Bugs that only stock can show.
    pub(crate) const OF_STOCK: [Bug; 1] = [Bug::StockNotInDoubt];
}

/// The ledger with the bug, if it is the ledger's.
pub(crate) fn store(bug: Option<Bug>, store: &Arc<SimulatedStore>) -> Arc<dyn Store> {
    match bug {
        Some(bug @ (Bug::NoFence | Bug::DeleteOnError | Bug::PausesEverybody)) => {
            Arc::new(BuggyStore { inner: Arc::clone(store), bug })
        }
        _ => Arc::clone(store) as Arc<dyn Store>,
    }
}

/// The shop's connector with the bug, if it is its own.
pub(crate) fn webshop(bug: Option<Bug>) -> &'static dyn Webshop {
    match bug {
        Some(Bug::FailOpenVerification) => &BuggyWebshop(Bug::FailOpenVerification),
        Some(Bug::RefundsByPlace) => &BuggyWebshop(Bug::RefundsByPlace),
        _ => WEBSHOP,
    }
}

/// The accounting system's connector with the bug, if it is its own.
pub(crate) fn accounting(bug: Option<Bug>) -> &'static dyn Accounting {
    match bug {
        Some(Bug::CreateWithoutLookUp) => &BuggyAccounting(Bug::CreateWithoutLookUp),
        Some(Bug::LossyRounding) => &BuggyAccounting(Bug::LossyRounding),
        Some(Bug::BookBeforeComparison) => &BuggyAccounting(Bug::BookBeforeComparison),
        Some(Bug::CreditNotesNotFound) => &BuggyAccounting(Bug::CreditNotesNotFound),
        _ => ACCOUNTING,
    }
}

struct BuggyStore {
    inner: Arc<SimulatedStore>,
    bug: Bug,
}

impl BuggyStore {
    /// The hold that would be let through, whoever asks.
    fn hold(&self, hold: &Hold) -> Hold {
        if self.bug != Bug::NoFence {
            return hold.clone();
        }
        match at_once(self.inner.memory.head(&hold.transfer)) {
            Ok(Some(head)) => Hold { fence: head.fence, token: head.claim, ..hold.clone() },
            _ => hold.clone(),
        }
    }
}

#[async_trait]
impl Store for BuggyStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreFailure> {
        self.inner.claim(claim).await
    }

    async fn leave_word(&self, transfer: &TransferId, fence: u64) -> Result<bool, StoreFailure> {
        self.inner.leave_word(transfer, fence).await
    }

    async fn store_plan(&self, storing: &PlanStoring) -> Result<String, StoreFailure> {
        self.inner.store_plan(&PlanStoring { hold: self.hold(&storing.hold), ..storing.clone() }).await
    }

    async fn advance(&self, advance: &Advance) -> Result<(), StoreFailure> {
        self.inner.advance(&Advance { hold: self.hold(&advance.hold), ..advance.clone() }).await
    }

    async fn conclude(&self, conclusion: &Conclusion) -> Result<String, StoreFailure> {
        let mut changed = Conclusion { hold: self.hold(&conclusion.hold), ..conclusion.clone() };
        let forgets = self.bug == Bug::DeleteOnError && matches!(changed.status, Status::Waiting { .. });
        if forgets {
            changed.plan_open = false;
            changed.progress = Progress::default();
            changed.documents.clear();
        }
        self.inner.conclude(&changed).await
    }

    async fn head(&self, transfer: &TransferId) -> Result<Option<Head>, StoreFailure> {
        self.inner.head(transfer).await
    }

    async fn load_plan(
        &self,
        transfer: &TransferId,
        ordinal: u32,
    ) -> Result<Option<StoredPlan>, StoreFailure> {
        self.inner.load_plan(transfer, ordinal).await
    }

    async fn log(&self, transfer: &TransferId) -> Result<Trace, StoreFailure> {
        self.inner.log(transfer).await
    }

    async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
        page: Option<&str>,
    ) -> Result<Page<Due>, StoreFailure> {
        self.inner.due(shard, now, limit, page).await
    }

    async fn attention(&self, merchant: &MerchantId, page: Option<&str>) -> Result<Page<Head>, StoreFailure> {
        self.inner.attention(merchant, page).await
    }

    async fn day(
        &self,
        merchant: &MerchantId,
        day: Date,
        page: Option<&str>,
    ) -> Result<Page<Head>, StoreFailure> {
        self.inner.day(merchant, day, page).await
    }

    async fn find(&self, merchant: &MerchantId, pointer: &Pointer) -> Result<Vec<TransferId>, StoreFailure> {
        self.inner.find(merchant, pointer).await
    }

    async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure> {
        if self.bug == Bug::PausesEverybody {
            return self.inner.pause(&Pause { scope: PauseScope::Everything, ..pause.clone() }).await;
        }
        self.inner.pause(pause).await
    }

    async fn lift(&self, scope: &PauseScope) -> Result<(), StoreFailure> {
        self.inner.lift(scope).await
    }

    async fn pauses(&self, merchant: &MerchantId) -> Result<Vec<Pause>, StoreFailure> {
        self.inner.pauses(merchant).await
    }

    async fn cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<Cursor>, StoreFailure> {
        self.inner.cursor(merchant, connection).await
    }

    async fn move_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        cursor: &Cursor,
    ) -> Result<(), StoreFailure> {
        self.inner.move_cursor(merchant, connection, cursor).await
    }

    async fn park_delivery(&self, delivery: &ParkedDelivery) -> Result<(), StoreFailure> {
        self.inner.park_delivery(delivery).await
    }

    async fn parked_deliveries(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<ParkedDelivery>, StoreFailure> {
        self.inner.parked_deliveries(merchant, page).await
    }
}

struct BuggyWebshop(Bug);

#[async_trait]
impl Webshop for BuggyWebshop {
    fn manifest(&self) -> &'static Manifest {
        WEBSHOP.manifest()
    }

    fn verify(&self, delivery: &Delivery<'_>, secrets: &[SecretString]) -> Verification {
        if self.0 == Bug::FailOpenVerification {
            return Verification::Authentic;
        }
        WEBSHOP.verify(delivery, secrets)
    }

    fn notice(&self, delivery: &Delivery<'_>) -> Result<connectors::ports::Notice, Failure> {
        WEBSHOP.notice(delivery)
    }

    fn read_order(&self, raw: &str, rules: &ReadingRules) -> Result<Order, Failure> {
        WEBSHOP.read_order(raw, rules)
    }

    async fn fetch_order(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        rules: &ReadingRules,
    ) -> Result<Fetched<Order>, Failure> {
        let mut fetched = WEBSHOP.fetch_order(transport, entity, rules).await?;
        if let (Bug::RefundsByPlace, Fetched::Found { value, .. }) = (self.0, &mut fetched) {
            let places = (0..value.refunds.len()).rev();
            value.refunds.iter_mut().zip(places).for_each(|(refund, place)| refund.id = place.to_string());
        }
        Ok(fetched)
    }

    async fn changed_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<ChangePage, Failure> {
        WEBSHOP.changed_since(transport, since, page).await
    }

    async fn write_back(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
        step: &WriteBackStep,
        number: &str,
    ) -> Result<(), Failure> {
        WEBSHOP.write_back(transport, entity, step, number).await
    }

    fn read_product(&self, raw: &str) -> Result<Vec<ShopProduct>, Failure> {
        WEBSHOP.read_product(raw)
    }

    async fn fetch_product(
        &self,
        transport: &dyn Transport,
        entity: &EntityId,
    ) -> Result<Fetched<Vec<ShopProduct>>, Failure> {
        WEBSHOP.fetch_product(transport, entity).await
    }

    async fn products_page(
        &self,
        transport: &dyn Transport,
        query: &connectors::ports::ProductQuery<'_>,
        page: Option<&str>,
    ) -> Result<connectors::ports::ProductPage, Failure> {
        WEBSHOP.products_page(transport, query, page).await
    }

    async fn products_by_sku(
        &self,
        transport: &dyn Transport,
        skus: &[String],
        locations: &[String],
    ) -> Result<Vec<domain::ShopProduct>, Failure> {
        WEBSHOP.products_by_sku(transport, skus, locations).await
    }

    async fn stock_locations(
        &self,
        transport: &dyn Transport,
    ) -> Result<Vec<connectors::ports::ShopLocation>, Failure> {
        WEBSHOP.stock_locations(transport).await
    }

    async fn stock_now(
        &self,
        transport: &dyn Transport,
        targets: &[connectors::ports::StockTarget],
    ) -> Result<Vec<Option<i64>>, Failure> {
        WEBSHOP.stock_now(transport, targets).await
    }

    async fn set_stock(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        changes: &[connectors::ports::StockChange],
    ) -> Result<Vec<connectors::ports::StockAnswer>, Failure> {
        WEBSHOP.set_stock(transport, key, changes).await
    }

    async fn tend(&self, transport: &dyn Transport, products: bool) -> Result<Vec<String>, Failure> {
        WEBSHOP.tend(transport, products).await
    }
}

struct BuggyAccounting(Bug);

#[async_trait]
impl Accounting for BuggyAccounting {
    fn manifest(&self) -> &'static Manifest {
        ACCOUNTING.manifest()
    }

    fn check(&self, document: &Document) -> Result<(), Failure> {
        ACCOUNTING.check(document)
    }

    async fn master_data(&self, transport: &dyn Transport) -> Result<MasterData, Failure> {
        ACCOUNTING.master_data(transport).await
    }

    async fn products(&self, transport: &dyn Transport, numbers: &[String]) -> Result<Vec<Product>, Failure> {
        ACCOUNTING.products(transport, numbers).await
    }

    async fn customers(
        &self,
        transport: &dyn Transport,
        field: &str,
        value: &str,
    ) -> Result<Vec<KnownCustomer>, Failure> {
        ACCOUNTING.customers(transport, field, value).await
    }

    async fn create_customer(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        customer: &NewCustomer,
    ) -> Result<u32, Failure> {
        ACCOUNTING.create_customer(transport, key, customer).await
    }

    async fn update_customer(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        number: u32,
        raw: &str,
        fields: &[(String, String)],
    ) -> Result<(), Failure> {
        ACCOUNTING.update_customer(transport, key, number, raw, fields).await
    }

    async fn create_product(
        &self,
        transport: &dyn Transport,
        product: &ProductStep,
    ) -> Result<Vec<Difference>, Failure> {
        ACCOUNTING.create_product(transport, product).await
    }

    async fn known_products(
        &self,
        transport: &dyn Transport,
        numbers: &[String],
    ) -> Result<Vec<KnownProduct>, Failure> {
        ACCOUNTING.known_products(transport, numbers).await
    }

    async fn all_products(&self, transport: &dyn Transport) -> Result<Vec<KnownProduct>, Failure> {
        ACCOUNTING.all_products(transport).await
    }

    async fn units(&self, transport: &dyn Transport) -> Result<BTreeMap<u32, String>, Failure> {
        ACCOUNTING.units(transport).await
    }

    async fn change_product(
        &self,
        transport: &dyn Transport,
        step: &ProductChangeStep,
    ) -> Result<Vec<Difference>, Failure> {
        ACCOUNTING.change_product(transport, step).await
    }

    async fn find(&self, transport: &dyn Transport, reference: &str) -> Result<Vec<FoundDocument>, Failure> {
        if self.0 == Bug::CreateWithoutLookUp {
            return Ok(Vec::new());
        }
        let mut found = ACCOUNTING.find(transport, reference).await?;
        found.retain(|document| self.0 != Bug::CreditNotesNotFound || !document.kind.is_credit_note());
        Ok(found)
    }

    async fn find_edited(
        &self,
        transport: &dyn Transport,
        customer: u32,
        date: Date,
        key: &EffectKey,
    ) -> Result<Vec<FoundDocument>, Failure> {
        if self.0 == Bug::CreateWithoutLookUp {
            return Ok(Vec::new());
        }
        let mut found = ACCOUNTING.find_edited(transport, customer, date, key).await?;
        found.retain(|document| self.0 != Bug::CreditNotesNotFound || !document.kind.is_credit_note());
        Ok(found)
    }

    async fn create_document(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        document: &Document,
        customer: u32,
    ) -> Result<FoundDocument, Failure> {
        match self.0 {
            Bug::LossyRounding => {
                let mut lossy = document.clone();
                for line in &mut lossy.lines {
                    line.unit_net_price = line.unit_net_price.trunc();
                }
                let mut found = ACCOUNTING.create_document(transport, key, &lossy, customer).await?;
                found.totals = document.expected;
                found.differences.clear();
                Ok(found)
            }
            Bug::BookBeforeComparison => {
                let found = ACCOUNTING.create_document(transport, key, document, customer).await?;
                ACCOUNTING.book(transport, key, found.number, SendBy::Nothing).await
            }
            _ => ACCOUNTING.create_document(transport, key, document, customer).await,
        }
    }

    async fn update_draft(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        number: u64,
        document: &Document,
        customer: u32,
    ) -> Result<FoundDocument, Failure> {
        ACCOUNTING.update_draft(transport, key, number, document, customer).await
    }

    async fn book(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        draft: u64,
        send: SendBy,
    ) -> Result<FoundDocument, Failure> {
        let mut found = ACCOUNTING.book(transport, key, draft, send).await?;
        if self.0 == Bug::LossyRounding {
            found.differences.clear();
        }
        Ok(found)
    }

    async fn close_order(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        order: &SupersededOrder,
    ) -> Result<OrderClosing, Failure> {
        ACCOUNTING.close_order(transport, key, order).await
    }

    async fn register_payment(
        &self,
        transport: &dyn Transport,
        step: &PaymentStep,
        customer: u32,
        invoice: u64,
    ) -> Result<(), Failure> {
        ACCOUNTING.register_payment(transport, step, customer, invoice).await
    }

    async fn find_payment(&self, transport: &dyn Transport, step: &PaymentStep) -> Result<bool, Failure> {
        ACCOUNTING.find_payment(transport, step).await
    }

    async fn pdf(
        &self,
        transport: &dyn Transport,
        kind: DocumentKind,
        number: u64,
    ) -> Result<Vec<u8>, Failure> {
        ACCOUNTING.pdf(transport, kind, number).await
    }

    async fn booked_on(&self, transport: &dyn Transport, day: Date) -> Result<Vec<FoundDocument>, Failure> {
        ACCOUNTING.booked_on(transport, day).await
    }

    async fn stock_page(
        &self,
        transport: &dyn Transport,
        changed_since: Option<Timestamp>,
        page: Option<&str>,
    ) -> Result<connectors::ports::StockPage, Failure> {
        ACCOUNTING.stock_page(transport, changed_since, page).await
    }
}
