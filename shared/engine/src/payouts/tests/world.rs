//! A small world: three booked orders, a Stripe account, and books in memory that can fail.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use connectors::journals::{
    AttachedFile, Days, DocumentState, DocumentsPage, EnteredVoucher, EntriesPage, EntryOrigin,
    JournalLimits, Journals, LedgerEntry, VoucherFile, VoucherPlace,
};
use connectors::manifest::Manifest;
use connectors::ports::Difference;
use connectors::registry;
use domain::catalogue::{JournalTakes, KnownAccount, KnownJournal, LedgerData, Period};
use domain::document::{DocumentKind, Totals};
use domain::money::Currency;
use domain::payout::{Target, VoucherStep};
use domain::settings::{Language, PayoutSettings, Profile, is_read_by_profile, read_payout_settings};
use domain::{
    AgreementId, ConnectionId, EffectKey, EntityId, EntityKind, Failure, MerchantId, Money, TransferId,
};
use futures::executor::block_on;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::memory::{MemoryFile, MemoryPayoutStore};
use super::super::record::{IntakeRecord, PayoutRecord};
use super::super::route::{AcquirerEnd, BooksEnd, PayoutConnections, PayoutRoute, Periods};
use super::super::statement::{StatementParts, Statements};
use super::super::{FileBytes, Incoming, PayoutEngine, PayoutFailure, PayoutId, PayoutWork};
use crate::clock::Clock;
use crate::memory::{Fate, Faults, MemoryStore};
use crate::policy::Limits;
use crate::route::RouteFailure;
use crate::store::{
    Claim, Claimed, Conclusion, DocumentRecord, Hold, OrderFacts, PaidBy, Pointer, PointerKind, Status, Store,
};

const SHOP: &str = "woocommerce:krus.example";
/// What orders are of, where nothing else is said.
const USUAL: Money = Money::from_minor(25_000, Currency::DKK);
/// Stands for the number of an invoice that was not made.
const NO_INVOICE: u32 = 0;
pub(super) const DAY: Date = date(2026, 2, 9);
pub(super) const START: Timestamp = Timestamp::constant(1_770_600_000, 0);

/// A clock that is moved by hand.
pub(super) struct Hands(AtomicI64);

impl Hands {
    pub(super) fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        START + SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

struct NoTransport;

#[async_trait]
impl Transport for NoTransport {
    async fn read(&self, _: Request) -> Result<Response, Failure> {
        Err(Failure::Busy { retry_after_ms: None, message: "no network".to_owned() })
    }

    async fn write(&self, _: &EffectKey, _: Request) -> Result<Response, Failure> {
        Err(Failure::Busy { retry_after_ms: None, message: "no network".to_owned() })
    }
}

/// The year, up to this day closed.
struct Year(Option<Date>);

#[async_trait]
impl Periods for Year {
    async fn periods(&self) -> Result<Vec<Period>, Failure> {
        let closed = self.0.map(|to| Period { from: date(2026, 1, 1), to, closed: true });
        let year = Period { from: date(2026, 1, 1), to: date(2026, 12, 31), closed: false };
        Ok([year].into_iter().chain(closed).collect())
    }
}

struct Paper;

impl Statements for Paper {
    fn pdf(&self, parts: &StatementParts<'_>) -> Result<Vec<u8>, String> {
        Ok(format!("%PDF {}", parts.plan.hash()).into_bytes())
    }
}

/// A voucher in the books.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) step: VoucherStep,
    pub(super) files: Vec<AttachedFile>,
    pub(super) booked: bool,
    /// A person made another amount of it.
    pub(super) changed: bool,
}

/// Journals in memory.
pub(super) struct Books {
    pub(super) vouchers: Mutex<BTreeMap<u32, Kept>>,
    pub(super) by_hand: Mutex<Vec<LedgerEntry>>,
    pub(super) faults: Mutex<Faults>,
    /// What a call of a name is answered instead of being done, after so many that are done.
    pub(super) refusals: Mutex<Vec<(&'static str, u32, Failure)>>,
}

const LIMITS: JournalLimits =
    JournalLimits { entries: 500, text: 250, highest_number: 999_999, file_bytes: 9_000_000 };

impl Books {
    /// The next call of this name is answered so.
    pub(super) fn answer(&self, call: &'static str, failure: Failure) {
        self.answer_after(0, call, failure);
    }

    /// The call of this name that comes after so many others is answered so.
    pub(super) fn answer_after(&self, others: u32, call: &'static str, failure: Failure) {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).push((call, others, failure));
    }

    fn vouchers(&self) -> MutexGuard<'_, BTreeMap<u32, Kept>> {
        self.vouchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn all(&self) -> Vec<(u32, Kept)> {
        self.vouchers().iter().map(|(number, kept)| (*number, kept.clone())).collect()
    }

    fn call<T>(&self, name: &'static str, write: bool, action: impl FnOnce() -> T) -> Result<T, Failure> {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = refusals.iter().position(|(of, ..)| *of == name) {
            match refusals[place].1 {
                0 => return Err(refusals.remove(place).2),
                _ => refusals[place].1 -= 1,
            }
        }
        drop(refusals);
        let fate = (self.faults.lock().unwrap_or_else(PoisonError::into_inner))(name);
        let message = name.to_owned();
        let lost = || match write {
            true => Failure::Unknown { message: message.clone() },
            false => Failure::Busy { retry_after_ms: None, message: message.clone() },
        };
        if fate == Fate::FailsBefore {
            return Err(lost());
        }
        let done = action();
        if fate == Fate::FailsAfter { Err(lost()) } else { Ok(done) }
    }
}

fn entered(number: u32, kept: &Kept) -> EnteredVoucher {
    let count = kept.step.voucher.entries().len() as u64;
    let numbers: Vec<u64> = (1..=count).map(|entry| u64::from(number) * 1_000 + entry).collect();
    let (drafts, booked) = if kept.booked { (Vec::new(), numbers) } else { (numbers, Vec::new()) };
    let changed = kept.changed.then(|| Difference::new("entry", "245.00 on account 5820", "240.00"));
    EnteredVoucher { number, drafts, booked, differences: changed.into_iter().collect() }
}

#[async_trait]
impl Journals for Books {
    fn manifest(&self) -> &'static Manifest {
        registry::manifest("e-conomic").expect("it is known")
    }

    fn limits(&self) -> &'static JournalLimits {
        &LIMITS
    }

    fn check(&self, _: &VoucherStep) -> Result<(), Failure> {
        Ok(())
    }

    async fn ledger_data(&self, _: &dyn Transport) -> Result<LedgerData, Failure> {
        Ok(ledger_data())
    }

    async fn free_number(&self, _: &dyn Transport, _: u32, _: Days, at_least: u32) -> Result<u32, Failure> {
        self.call("free_number", false, || {
            let last = self.vouchers().keys().next_back().copied().unwrap_or(0);
            at_least.max(last + 1)
        })
    }

    async fn enter(&self, _: &dyn Transport, step: &VoucherStep) -> Result<EnteredVoucher, Failure> {
        self.call("enter", true, || {
            let kept = Kept { step: step.clone(), files: Vec::new(), booked: false, changed: false };
            let answer = entered(step.number, &kept);
            let before = self.vouchers().insert(step.number, kept);
            assert!(before.is_none(), "two vouchers under one number");
            answer
        })
    }

    async fn find(&self, _: &dyn Transport, step: &VoucherStep) -> Result<Option<EnteredVoucher>, Failure> {
        self.call("find", false, || {
            let vouchers = self.vouchers();
            let found = vouchers.iter().find(|(_, kept)| kept.step.key == step.key);
            found.map(|(number, kept)| entered(*number, kept))
        })
    }

    async fn attached(&self, _: &dyn Transport, place: VoucherPlace) -> Result<Vec<AttachedFile>, Failure> {
        self.call("attached", false, || {
            self.vouchers().get(&place.number).map(|kept| kept.files.clone()).unwrap_or_default()
        })
    }

    async fn attach(
        &self,
        _: &dyn Transport,
        key: &EffectKey,
        place: VoucherPlace,
        file: &VoucherFile,
    ) -> Result<(), Failure> {
        self.call("attach", true, || {
            if let Some(kept) = self.vouchers().get_mut(&place.number) {
                kept.files.push(AttachedFile { number: 1, note: format!("{} {key}", file.note) });
            }
        })
    }

    async fn book_drafts(
        &self,
        _: &dyn Transport,
        _: &EffectKey,
        _: u32,
        drafts: &[u64],
    ) -> Result<(), Failure> {
        self.call("book_drafts", true, || {
            let number = u32::try_from(drafts[0] / 1_000).expect("a number");
            let mut vouchers = self.vouchers();
            let kept = vouchers.get_mut(&number).expect("it is there");
            assert!(!kept.booked, "a voucher is booked twice");
            kept.booked = true;
        })
    }

    async fn entries_on(
        &self,
        _: &dyn Transport,
        account: u32,
        days: Days,
        _: Option<&str>,
    ) -> Result<EntriesPage, Failure> {
        self.call("entries_on", false, || {
            let all = self.by_hand.lock().unwrap_or_else(PoisonError::into_inner);
            let here = |entry: &&LedgerEntry| {
                entry.account == account && days.from <= entry.day && entry.day <= days.to
            };
            let vouchers = self.vouchers();
            let own = vouchers.iter().filter(|(_, kept)| kept.booked).flat_map(|(number, kept)| {
                kept.step.voucher.entries().iter().filter_map(|entry| match entry.target {
                    Target::Account(account) => Some(LedgerEntry {
                        number: u64::from(*number),
                        account,
                        voucher: Some(*number),
                        day: entry.date,
                        amount: entry.amount,
                        text: format!("{} {}", entry.text, kept.step.key),
                        origin: EntryOrigin::Voucher,
                        customer: None,
                        document: None,
                        remainder: None,
                    }),
                    Target::Customer { .. } => None,
                })
            });
            let own: Vec<LedgerEntry> = own.collect();
            EntriesPage {
                entries: all.iter().chain(&own).filter(here).cloned().collect(),
                left_out: Vec::new(),
                next: None,
            }
        })
    }

    async fn entries_of(&self, _: &dyn Transport, _: u32, _: u64) -> Result<Vec<LedgerEntry>, Failure> {
        self.call("entries_of", false, Vec::new)
    }

    async fn settle(&self, _: &dyn Transport, _: &EffectKey, _: &[u64]) -> Result<(), Failure> {
        self.call("settle", true, || ())
    }

    async fn documents_page(
        &self,
        _: &dyn Transport,
        _: DocumentState,
        _: Days,
        _: Option<&str>,
    ) -> Result<DocumentsPage, Failure> {
        self.call("documents_page", false, || DocumentsPage {
            documents: Vec::new(),
            left_out: Vec::new(),
            next: None,
        })
    }
}

/// The world.
pub(super) struct World {
    pub(super) clock: Hands,
    pub(super) ledger: Arc<MemoryStore>,
    pub(super) payouts: MemoryPayoutStore,
    pub(super) books: &'static Books,
    pub(super) settings: PayoutSettings,
    /// How files of the flow `profile` are read.
    pub(super) profile: Mutex<Option<Profile>>,
    /// Whether settings cannot be read just now.
    pub(super) unreachable: AtomicBool,
    /// When the ledger was restored.
    pub(super) epoch: Option<Timestamp>,
    /// Up to when the books are closed.
    pub(super) closed_until: Option<Date>,
    tokens: AtomicI64,
}

#[async_trait]
impl PayoutConnections for World {
    async fn payout_route(&self, merchant: &MerchantId, flow: &str) -> Result<PayoutRoute, RouteFailure> {
        if self.unreachable.load(Ordering::Relaxed) {
            return Err(RouteFailure::Unavailable("for a moment".to_owned()));
        }
        // A flow is called like the system whose reports it takes.
        let Some(reader) = registry::report_reader(flow) else {
            return Err(RouteFailure::Unknown(flow.to_owned()));
        };
        let profile = self.profile.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(PayoutRoute {
            merchant: merchant.clone(),
            merchant_name: "Krus & Kande ApS".to_owned(),
            flow: flow.to_owned(),
            acquirer: AcquirerEnd {
                connection: ConnectionId::new(flow),
                system: flow.to_owned(),
                account: "acct_1".to_owned(),
                reader,
                profile: profile.filter(|_| is_read_by_profile(flow)),
                port: None,
            },
            books: BooksEnd {
                connection: ConnectionId::new("books"),
                agreement: AgreementId::new("424242"),
                periods: Arc::new(Year(self.closed_until)),
                journals: self.books,
                transport: Arc::new(NoTransport),
            },
            gateways: vec![ConnectionId::new("gateway")],
            statements: &Paper,
            country: "IE".to_owned(),
            settings: self.settings.clone(),
            zone: TimeZone::UTC,
            language: Language::Da,
            paused: None,
            epoch: self.epoch,
        })
    }
}

/// What makes up the settings of these tests: every account named, booked once approved, in vouchers of at most ten entries.
pub(super) const SETTINGS: &str = r#"{
    "accounts": { "bank": 5820, "receivable": 5830, "fees": 2950, "chargebacks": 2951, "reserves": 5840,
                  "errors": 5860, "transit": 5850, "differences": 4360, "adjustments": 4380 },
    "voucher": { "journal": 3, "book": true, "entries": 10 }
}"#;

/// The ledger that the settings are held against: the journal and every account that they name.
fn ledger_data() -> LedgerData {
    let account = |number: u32| {
        let account = KnownAccount { name: format!("Konto {number}"), blocked: false, vat_code: None };
        (number, account)
    };
    let journal = KnownJournal {
        name: "Udbetalinger".to_owned(),
        balance_by_voucher: true,
        needs_approval: false,
        standing: false,
        takes: JournalTakes::All,
        lowest_number: 1,
        highest_number: None,
        next_number: None,
        customer_contra_account: None,
    };
    LedgerData {
        journals: [(3, journal)].into(),
        accounts: [5820, 5830, 2950, 2951, 5840, 5860, 5850, 4360, 4380, 5620]
            .into_iter()
            .map(account)
            .collect(),
        ..LedgerData::default()
    }
}

pub(super) fn merchant() -> MerchantId {
    MerchantId::new("krus")
}

impl World {
    /// Orders 1001 to 1000 + `orders` are booked, each for 250.00.
    pub(super) fn new(settings: &str, orders: u32) -> World {
        let ledger = Arc::new(MemoryStore::new());
        for number in 1..=orders {
            book(&ledger, SHOP, 1_000 + number, (10_000 + number, USUAL), &[]);
        }
        let books = Books {
            vouchers: Mutex::default(),
            by_hand: Mutex::default(),
            faults: Mutex::new(Box::new(|_| Fate::Works)),
            refusals: Mutex::default(),
        };
        World {
            clock: Hands(AtomicI64::new(0)),
            payouts: MemoryPayoutStore::new(Arc::clone(&ledger)),
            ledger,
            books: Box::leak(Box::new(books)),
            settings: read_payout_settings(settings).expect("the settings are sound"),
            profile: Mutex::default(),
            unreachable: AtomicBool::new(false),
            epoch: None,
            closed_until: None,
            tokens: AtomicI64::new(0),
        }
    }

    /// The ledger is restored from a backup of before any payout came; the books keep what they have.
    pub(super) fn restored(self) -> World {
        self.clock.turn(60);
        let epoch = Some(self.clock.now());
        World { payouts: MemoryPayoutStore::new(Arc::clone(&self.ledger)), epoch, ..self }
    }

    /// Books one more order, paid under these references.
    pub(super) fn book(&self, order: u32, invoice: u32, payments: &[&str]) {
        self.book_in(SHOP, order, invoice, payments);
    }

    /// The same, in this shop.
    pub(super) fn book_in(&self, shop: &str, order: u32, invoice: u32, payments: &[&str]) {
        book(&self.ledger, shop, order, (invoice, USUAL), payments);
    }

    /// Books one more order of which gift cards paid so much, and a card the rest.
    pub(super) fn book_with_gift_card(&self, order: u32, invoice: u32, gross: Money, cards: Money) {
        let (number, reference) = (format!("#{order}"), format!("ch_{order}"));
        let paid = (invoice, gross, Some(cards));
        book_as(&self.ledger, SHOP, (order, &number), paid, (true, &[reference.as_str()], &[]));
    }

    /// Books one more order of this amount that these methods paid.
    pub(super) fn book_paid_by(
        &self,
        order: u32,
        invoice: u32,
        gross: Money,
        methods: &[(&str, Option<i64>)],
    ) {
        let (number, reference) = (format!("#{order}"), format!("ch_{order}"));
        let paid = |(method, minor): &(&str, Option<i64>)| PaidBy {
            method: (*method).to_owned(),
            amount: minor.map(|minor| Money::from_minor(minor, gross.currency())),
        };
        let paid_by: Vec<PaidBy> = methods.iter().map(paid).collect();
        let keys = (true, &[reference.as_str()][..], paid_by.as_slice());
        book_as(&self.ledger, SHOP, (order, &number), (invoice, gross, None), keys);
    }

    /// Books one more order under a number that the shop writes in its own way; the ledger leads to it as it does to any order of a
    /// merchant with these settings.
    pub(super) fn book_numbered(&self, number: &str, invoice: u32) {
        let key = crate::payouts::numbers::key_of(number, &self.settings.matching.order_numbers);
        let keys: Vec<&str> = key.as_deref().into_iter().collect();
        book_as(&self.ledger, SHOP, (invoice, number), (invoice, USUAL, None), (false, &keys, &[]));
    }

    /// One more order is known that somebody else books.
    pub(super) fn know(&self, order: u32, payments: &[&str]) {
        self.book(order, NO_INVOICE, payments);
    }

    /// Books one more order, of another amount than the others.
    pub(super) fn book_of(&self, order: u32, invoice: u32, gross: Money) {
        book(&self.ledger, SHOP, order, (invoice, gross), &[]);
    }

    pub(super) fn engine(&self) -> PayoutEngine<'_> {
        PayoutEngine {
            clock: &self.clock,
            payouts: &self.payouts,
            ledger: &*self.ledger,
            connections: self,
            limits: Limits::default(),
        }
    }

    fn token(&self) -> String {
        format!("token-{}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn take_in(&self, name: &str, bytes: &[u8]) -> Result<IntakeRecord, PayoutFailure> {
        self.take_in_for("stripe", name, &MemoryFile::new(bytes.to_vec()))
    }

    pub(super) fn take_in_for(
        &self,
        flow: &str,
        name: &str,
        file: &dyn FileBytes,
    ) -> Result<IntakeRecord, PayoutFailure> {
        self.take_in_by(flow, name, file, None)
    }

    /// Takes a file in that came in this mail.
    pub(super) fn take_in_by(
        &self,
        flow: &str,
        name: &str,
        file: &dyn FileBytes,
        mail: Option<&str>,
    ) -> Result<IntakeRecord, PayoutFailure> {
        let (merchant, token) = (merchant(), self.token());
        let deadline = self.clock.now() + SignedDuration::from_secs(300);
        let incoming = Incoming { merchant: &merchant, flow, name, file, mail, token: &token, deadline };
        block_on(self.engine().take_in(&incoming))
    }

    pub(super) fn attempt(&self, id: &PayoutId) -> PayoutWork {
        let deadline = self.clock.now() + SignedDuration::from_secs(300);
        PayoutWork { id: id.clone(), token: self.token(), deadline }
    }

    pub(super) fn work(&self, id: &PayoutId) -> Result<PayoutRecord, PayoutFailure> {
        block_on(self.engine().work(&self.attempt(id)))
    }

    pub(super) fn approve(&self, id: &PayoutId, by: &str) -> Result<PayoutRecord, PayoutFailure> {
        let plan = self.record(id).plan.map(|plan| plan.hash).unwrap_or_default();
        block_on(self.engine().approve(&self.attempt(id), by, &plan))
    }

    /// Has a payout's vouchers undone on the day of the tests; the next work does it.
    pub(super) fn reverse(&self, id: &PayoutId, by: &str) -> Result<PayoutRecord, PayoutFailure> {
        block_on(self.engine().reverse(&self.attempt(id), by, "it was wrong", DAY))
    }

    pub(super) fn record(&self, id: &PayoutId) -> PayoutRecord {
        let records = self.payouts.records();
        records.into_iter().find(|record| record.id == *id).expect("the payout is kept")
    }
}

/// An order that was booked as an invoice of its number and amount, and paid under these references.
fn book(ledger: &MemoryStore, shop: &str, order: u32, (invoice, gross): (u32, Money), payments: &[&str]) {
    let number = format!("#{order}");
    book_as(ledger, shop, (order, &number), (invoice, gross, None), (!payments.is_empty(), payments, &[]));
}

/// The same under this number, with what gift cards paid of it, whether it was paid online, and the keys that lead to it.
fn book_as(
    ledger: &MemoryStore,
    shop: &str,
    (order, number): (u32, &str),
    (invoice, gross, on_gift_cards): (u32, Money, Option<Money>),
    (has_payments, payments, paid_by): (bool, &[&str], &[PaidBy]),
) {
    let transfer = TransferId {
        merchant: merchant(),
        source: shop.to_owned(),
        kind: EntityKind::Order,
        entity: EntityId::new(order.to_string()),
    };
    let claim = Claim {
        transfer: transfer.clone(),
        connection: ConnectionId::new("shop"),
        token: order.to_string(),
        now: START,
        lease_until: START + SignedDuration::from_secs(60),
        body_hash: String::new(),
        early: false,
    };
    let Ok(Claimed::Taken(head)) = block_on(ledger.claim(&claim)) else { panic!("a new transfer is taken") };
    let part = |fifths| Money::from_minor(gross.minor() / 5 * fifths, gross.currency());
    let totals = Totals { net: part(4), vat: part(1), gross };
    let pointer = |kind, value: String| Pointer { kind, value };
    let payments = payments.iter().map(|text| pointer(PointerKind::Payment, (*text).to_owned()));
    let of_invoice =
        (invoice != NO_INVOICE).then(|| pointer(PointerKind::InvoiceNumber, invoice.to_string()));
    let numbers = [pointer(PointerKind::OrderNumber, number.to_owned())].into_iter().chain(of_invoice);
    let mut progress = head.progress.clone();
    progress.customer = Some(1_000);
    if has_payments {
        progress.payments = "a hash".to_owned();
        progress.paid_by = paid_by.to_vec();
    }
    let conclusion = Conclusion {
        hold: Hold { transfer, fence: head.fence, token: head.claim.clone(), now: START },
        status: Status::Done,
        facts: Vec::new(),
        trouble: None,
        attempts: 0,
        waits: 0,
        applied: None,
        plan_open: false,
        progress,
        documents: (invoice != NO_INVOICE)
            .then_some(DocumentRecord {
                ordinal: 1,
                kind: DocumentKind::BookedInvoice,
                number: u64::from(invoice),
                totals,
                adopted: false,
                on_gift_cards,
                date: Some(date(2026, 2, 2)),
                made_at: Some(START),
            })
            .into_iter()
            .collect(),
        due_at: None,
        order: Some(OrderFacts { number: number.to_owned(), total: gross, day: date(2026, 2, 2) }),
        pointers: numbers.chain(payments).collect(),
        releases: Vec::new(),
        despite_word: false,
        log: None,
        log_tail: head.log_tail.clone(),
    };
    block_on(ledger.conclude(&conclusion)).expect("it is concluded");
}

/// A payout as Stripe's API tells of it: these orders, each of 250.00 with a fee of 5.00.
pub(super) fn report(payout: &str, orders: &[u32]) -> String {
    let paid = orders.len() * 24_500;
    let mut text = format!(
        r#"{{"object":"payout","id":"{payout}","amount":{paid},"currency":"dkk","arrival_date":1770595200,"status":"paid","statement_descriptor":"STRIPE {payout}","automatic":true,"reconciliation_status":"completed"}}"#
    );
    let mut lines: Vec<String> = orders
        .iter()
        .map(|order| {
            format!(
                r#"{{"id":"txn_{order}","object":"balance_transaction","amount":25000,"fee":500,"net":24500,"currency":"dkk","created":1770000000,"available_on":1770500000,"reporting_category":"charge","type":"charge","fee_details":[{{"amount":500,"type":"stripe_fee"}}],"source":{{"id":"ch_{order}","object":"charge","payment_intent":"pi_{order}","amount":25000,"currency":"dkk","metadata":{{"order_number":"{order}"}}}}}}"#
            )
        })
        .collect();
    lines.push(format!(
        r#"{{"id":"txn_{payout}","object":"balance_transaction","amount":-{paid},"fee":0,"net":-{paid},"currency":"dkk","created":1770595200,"reporting_category":"payout","type":"payout","fee_details":[],"source":"{payout}"}}"#
    ));
    text.push_str(&format!("\n{{\"object\":\"list\",\"has_more\":false,\"data\":[{}]}}\n", lines.join(",")));
    text
}

pub(super) fn id(batch: &str) -> PayoutId {
    PayoutId {
        merchant: merchant(),
        key: domain::settlement::BatchKey {
            acquirer: "stripe".to_owned(),
            account: "acct_1".to_owned(),
            batch: batch.to_owned(),
            currency: Currency::DKK,
        },
    }
}
