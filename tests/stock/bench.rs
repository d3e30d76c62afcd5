//! A merchant with one shop and one agreement: the real engine over the sandbox, with a store in memory, a clock of its own,
//! and a place where everything that goes out or is stored can be stopped.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use connectors::ports::ReadingRules;
use connectors::registry;
use domain::catalogue::MasterData;
use domain::settings::{StockMode, StockSettings};
use domain::{AgreementId, ConnectionId, EffectKey, Failure, MerchantId, Settings};
use engine::Clock;
use engine::memory::MemoryStore;
use engine::policy::Limits;
use engine::route::{AccountingEnd, Connections, Route, RouteFailure, ShopEnd};
use engine::stock::memory::MemoryStockStore;
use engine::stock::store::{StockClaim, StockClaimed, StockHead, StockStore};
use engine::stock::{StockEngine, StockFlow, StockOutcome, StockTask, StockWork};
use engine::store::StoreFailure;
use futures::future::{Either, pending, select};
use jiff::{SignedDuration, Timestamp};
use sandbox::{World, demo};

use crate::world::{NOW, To, lock, sandbox_call};

/// What happens at one point of everything that goes out or is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// The worker dies before it.
    CrashBefore,
    /// The worker dies after it.
    CrashAfter,
    /// The worker is frozen before it, until it is thawed.
    FreezeBefore,
    /// The call has its effect, and the answer is lost.
    LoseAnswer,
    /// The call has no effect, and the answer is lost.
    LoseCall,
    /// The call is refused, as for a place in a list that the other side does not know any more.
    Refuse,
}

/// The point that is struck, and what has happened.
#[derive(Default)]
pub(crate) struct Points {
    pub(crate) passed: AtomicUsize,
    pub(crate) strike: Mutex<Option<(usize, Strike)>>,
    pub(crate) stopped: AtomicBool,
    pub(crate) thawed: AtomicBool,
}

impl Points {
    pub(crate) fn set(&self, strike: Option<(usize, Strike)>) {
        *lock(&self.strike) = strike;
        self.passed.store(0, Ordering::SeqCst);
        self.stopped.store(false, Ordering::SeqCst);
        self.thawed.store(false, Ordering::SeqCst);
    }

    fn next(&self) -> Option<Strike> {
        let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        lock(&self.strike).filter(|(at, _)| *at == number).map(|(_, strike)| strike)
    }

    async fn die(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        pending::<()>().await;
    }

    async fn freeze(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        futures::future::poll_fn(|context| {
            if self.thawed.load(Ordering::SeqCst) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }

    /// Does something at this point, or does not, or dies of it.
    async fn at<T>(&self, act: impl Future<Output = T>, lost: impl Fn(Strike) -> T) -> T {
        match self.next() {
            None => act.await,
            Some(Strike::CrashBefore) => {
                self.die().await;
                act.await
            }
            Some(Strike::CrashAfter) => {
                let done = act.await;
                self.die().await;
                done
            }
            Some(Strike::FreezeBefore) => {
                self.freeze().await;
                act.await
            }
            Some(strike @ Strike::LoseAnswer) => {
                act.await;
                lost(strike)
            }
            Some(strike @ (Strike::LoseCall | Strike::Refuse)) => lost(strike),
        }
    }
}

/// The clock of the test.
pub(crate) struct TestClock(pub(crate) Arc<Mutex<Timestamp>>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}

/// A way to one system.
struct Way {
    bench: Arc<Shared>,
    to: To,
}

/// What all parts of a bench share.
pub(crate) struct Shared {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) now: Arc<Mutex<Timestamp>>,
    pub(crate) points: Arc<Points>,
    pub(crate) reads: AtomicUsize,
    pub(crate) writes: AtomicUsize,
    /// The time that one call takes.
    pub(crate) latency: SignedDuration,
}

impl Way {
    async fn call(&self, request: Request, write: bool) -> Result<Response, Failure> {
        let lost = |strike| {
            if strike == Strike::Refuse {
                return Failure::Rejected { code: None, message: "there is no such place".to_owned() };
            }
            let message = "no answer".to_owned();
            if write { Failure::Unknown { message } } else { Failure::Busy { retry_after_ms: None, message } }
        };
        let act = async {
            let count = if write { &self.bench.writes } else { &self.bench.reads };
            count.fetch_add(1, Ordering::SeqCst);
            let now = {
                let mut now = lock(&self.bench.now);
                *now += self.bench.latency;
                *now
            };
            sandbox_call(&self.bench.world, now, self.to, &request)
        };
        self.bench.points.at(act, |strike| Err(lost(strike))).await
    }
}

#[async_trait]
impl Transport for Way {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.call(request, false).await
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        self.call(request, true).await
    }
}

/// The store, with the points where it can be struck.
struct StruckStore {
    inner: Arc<MemoryStockStore>,
    points: Arc<Points>,
}

impl StruckStore {
    async fn at<T>(&self, act: impl Future<Output = Result<T, StoreFailure>>) -> Result<T, StoreFailure> {
        self.points.at(act, |_| Err(StoreFailure::Unavailable("no answer".to_owned()))).await
    }
}

#[async_trait]
impl StockStore for StruckStore {
    async fn claim_stock(&self, claim: &StockClaim) -> Result<StockClaimed, StoreFailure> {
        self.at(self.inner.claim_stock(claim)).await
    }

    async fn stock_head(&self, flow: &StockFlow) -> Result<Option<StockHead>, StoreFailure> {
        self.at(self.inner.stock_head(flow)).await
    }

    async fn stock_heads(&self, merchant: &MerchantId) -> Result<Vec<StockHead>, StoreFailure> {
        self.at(self.inner.stock_heads(merchant)).await
    }

    async fn save_stock_head(&self, head: &StockHead) -> Result<(), StoreFailure> {
        self.at(self.inner.save_stock_head(head)).await
    }

    async fn suspect_stock(&self, flow: &StockFlow) -> Result<(), StoreFailure> {
        self.at(self.inner.suspect_stock(flow)).await
    }

    async fn put_stock_state(
        &self,
        flow: &StockFlow,
        name: &str,
        state: Vec<u8>,
    ) -> Result<(), StoreFailure> {
        self.at(self.inner.put_stock_state(flow, name, state)).await
    }

    async fn stock_state(&self, flow: &StockFlow, name: &str) -> Result<Vec<u8>, StoreFailure> {
        self.at(self.inner.stock_state(flow, name)).await
    }

    async fn drop_stock_state(&self, flow: &StockFlow, name: &str) -> Result<(), StoreFailure> {
        self.at(self.inner.drop_stock_state(flow, name)).await
    }

    async fn put_stock_log(&self, flow: &StockFlow, name: &str, log: Vec<u8>) -> Result<(), StoreFailure> {
        self.at(self.inner.put_stock_log(flow, name, log)).await
    }
}

struct OneRoute {
    shared: Arc<Shared>,
    to: To,
    settings: Mutex<(Settings, u64)>,
}

#[async_trait]
impl Connections for OneRoute {
    async fn route(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        _: Option<u64>,
    ) -> Result<Route, RouteFailure> {
        let way = |to| Arc::new(Way { bench: self.shared.clone(), to });
        let system = if self.to == To::Shopify { "shopify" } else { "woocommerce" };
        let (settings, version) = lock(&self.settings).clone();
        Ok(Route {
            merchant: merchant.clone(),
            shop: ShopEnd {
                connection: connection.clone(),
                source: format!("{system}:shop.example"),
                port: registry::webshop(system).expect("registered"),
                transport: way(self.to),
                rules: ReadingRules::default(),
            },
            accounting: AccountingEnd {
                connection: ConnectionId::new("books"),
                agreement: AgreementId::new("424242"),
                port: registry::accounting("e-conomic").expect("registered"),
                transport: way(To::Economic),
            },
            vat_register: None,
            settings,
            settings_version: version,
            time_zone: jiff::tz::TimeZone::UTC,
            payouts: false,
            order_numbers: Vec::new(),
            paused: None,
            epoch: None,
        })
    }

    fn kept_master_data(&self, _: &Route) -> Option<Arc<MasterData>> {
        None
    }

    fn keep_master_data(&self, _: &Route, _: Arc<MasterData>) {}

    fn forget_master_data(&self, _: &Route) {}
}

/// A merchant whose stock goes from the demo's agreement to one of the demo's shops.
pub(crate) struct StockBench {
    pub(crate) shared: Arc<Shared>,
    pub(crate) to: To,
    pub(crate) store: Arc<MemoryStockStore>,
    ledger: MemoryStore,
    routes: OneRoute,
    runs: AtomicUsize,
}

/// How a run ended.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and matched at once")]
pub(crate) enum Ended {
    /// By itself.
    Outcome(StockOutcome),
    /// It was struck dead.
    Died,
}

impl Ended {
    pub(crate) fn finished(self) -> engine::stock::StockReport {
        match self {
            Ended::Outcome(StockOutcome::Finished(report)) => report,
            other => panic!("not finished: {other:?}"),
        }
    }
}

impl StockBench {
    pub(crate) fn new(to: To, world: World) -> StockBench {
        let shared = Arc::new(Shared {
            world: Arc::new(Mutex::new(world)),
            now: Arc::new(Mutex::new(NOW.parse().expect("a time"))),
            points: Arc::default(),
            reads: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            latency: SignedDuration::from_millis(10),
        });
        let settings = Settings {
            stock: StockSettings { mode: StockMode::Write, ..StockSettings::default() },
            ..Settings::default()
        };
        let routes = OneRoute { shared: shared.clone(), to, settings: Mutex::new((settings, 1)) };
        StockBench {
            shared,
            to,
            store: Arc::default(),
            ledger: MemoryStore::new(),
            routes,
            runs: AtomicUsize::new(0),
        }
    }

    pub(crate) fn settings(&self, change: impl FnOnce(&mut StockSettings)) {
        let mut settings = lock(&self.routes.settings);
        change(&mut settings.0.stock);
        settings.1 += 1;
    }

    pub(crate) fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.shared.world))
    }

    pub(crate) fn now(&self) -> Timestamp {
        *lock(&self.shared.now)
    }

    pub(crate) fn later(&self, seconds: i64) {
        *lock(&self.shared.now) += SignedDuration::from_secs(seconds);
    }

    pub(crate) fn work(&self, task: StockTask, milliseconds: i64) -> StockWork {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        StockWork {
            merchant: MerchantId::new("krus"),
            connection: ConnectionId::new("shop"),
            task,
            token: format!("run-{run}"),
            deadline: self.now() + SignedDuration::from_millis(milliseconds),
        }
    }

    /// Runs until it ends, or until it is struck.
    pub(crate) fn run(&self, task: StockTask) -> Ended {
        self.run_for(task, 3_600_000)
    }

    pub(crate) fn run_for(&self, task: StockTask, milliseconds: i64) -> Ended {
        let work = self.work(task, milliseconds);
        futures::executor::block_on(self.run_work(&work))
    }

    /// The run of one piece of work; it ends when it is struck dead.
    pub(crate) async fn run_work(&self, work: &StockWork) -> Ended {
        let clock = TestClock(self.shared.now.clone());
        let store = StruckStore { inner: self.store.clone(), points: self.shared.points.clone() };
        let engine = StockEngine {
            clock: &clock,
            stock: &store,
            ledger: &self.ledger,
            connections: &self.routes,
            limits: Limits::default(),
        };
        let points = self.shared.points.clone();
        let dead = futures::future::poll_fn(move |context| {
            let frozen = lock(&points.strike).is_some_and(|(_, strike)| strike == Strike::FreezeBefore);
            if points.stopped.load(Ordering::SeqCst) && !frozen {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        });
        let run = engine.run(work);
        futures::pin_mut!(run, dead);
        match select(run, dead).await {
            Either::Left((outcome, _)) => Ended::Outcome(outcome),
            Either::Right(_) => Ended::Died,
        }
    }

    /// What the shop shows of a product number, entry by entry.
    pub(crate) fn shows(&self, sku: &str) -> Vec<Option<i64>> {
        self.world(|world| match self.to {
            To::Shopify => {
                let variants = world.shopify[demo::SHOPIFY].inventory.variants.values();
                let of = variants.filter(|variant| variant.sku == sku);
                of.map(|variant| variant.levels.values().next().copied()).collect()
            }
            _ => {
                let products = world.woocommerce[demo::WOOCOMMERCE].products.values();
                let of = products.filter(|product| product.text("sku") == Some(sku));
                of.map(|product| product.integer("stock_quantity")).collect()
            }
        })
    }

    pub(crate) fn calls(&self) -> (usize, usize) {
        (self.shared.reads.swap(0, Ordering::SeqCst), self.shared.writes.swap(0, Ordering::SeqCst))
    }
}
