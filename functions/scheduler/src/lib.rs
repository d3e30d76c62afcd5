//! Each minute: what is due again, what shops changed without telling, shops' webhooks switched on again, held transfers that may have
//! been mended, the nightly comparison, and what the queues gave up on.
//!
//! Every task finds out by itself what there is to do and may run twice; a minute that fails is made good by the next one.
//! Each connection has its own minute, spread by its id, so that not all of them come at once.

mod turns;

use std::time::Duration;

use domain::settings::{Connection, MerchantFile};
use domain::stock::schedule;
use domain::{ConnectionId, MerchantId};
use engine::clock::Clock;
use engine::policy::Limits;
use engine::{Engine, later};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::clock::{SystemClock, work_ends};
use platform::routes::Routes;
use platform::stock::StockWord;
use platform::transport::Traffic;
use platform::{
    Platform, PlatformError, catalogue, comparison, dead_letters, held, restored, retention, telemetry,
};
use turns::{NIGHT_HOURS, is_night_turn, is_turn, night_ends};

/// Due transfers of one shard that one minute takes.
const DUE_LIMIT: usize = 100;
/// Minutes between two sweeps of one shop.
const SWEEP_MINUTES: i64 = 10;
/// Minutes between two looks after a shop's webhooks: twice a day, so that a missed one costs half a day.
const TEND_MINUTES: i64 = 12 * 60;
/// Shops that are called at the same time.
const SIDE_BY_SIDE: usize = 8;

/// Starts the function and serves until it is stopped.
///
/// # Errors
/// One line that says what of the configuration is missing.
pub async fn run() -> Result<(), Error> {
    telemetry::start();
    let platform = Platform::start().await?;
    let routes = platform.routes()?.for_traffic(Traffic::Background);
    let (platform, routes) = (&platform, &routes);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| async move {
        let deadline = work_ends(event.context.deadline);
        Minute { platform, routes, now: SystemClock.now(), deadline }.run().await;
        Ok::<_, Error>(serde_json::Value::Null)
    }))
    .await
}

/// One run.
#[derive(Clone, Copy)]
pub struct Minute<'a> {
    /// The platform.
    pub platform: &'a Platform,
    /// Routes with the background share of the rate budgets.
    pub routes: &'a Routes,
    /// When it began.
    pub now: Timestamp,
    /// When it must be over.
    pub deadline: Timestamp,
}

impl Minute<'_> {
    /// All tasks. One that fails is told and does not keep the others from running.
    pub async fn run(&self) {
        tell("restored", restored::watch(self.platform, self.now).await);
        self.send_due().await;
        let drained = dead_letters::drain(self.platform).await;
        tell("dead-letters-drained", drained.map(|parked| (parked > 0).then(|| format!("{parked} parked"))));
        let merchants = match self.platform.merchants.all().await {
            Ok(merchants) => merchants,
            Err(error) => {
                return tracing::error!(event = "task-failed", task = "merchants", %error, "next minute again");
            }
        };
        let left = self.deadline.duration_since(SystemClock.now());
        let left = Duration::try_from(left).unwrap_or_default();
        let all = stream::iter(merchants).for_each_concurrent(SIDE_BY_SIDE, |merchant| async move {
            self.look_after(&merchant).await;
        });
        if tokio::time::timeout(left, all).await.is_err() {
            tracing::warn!(event = "out-of-time", "what was not reached is reached at its next turn");
        }
    }

    async fn send_due(&self) {
        let round = later::send_due(&self.platform.ledger, &self.platform.queues, self.now, DUE_LIMIT).await;
        if let Some(error) = &round.failure {
            tracing::error!(event = "task-failed", task = "due", %error, "next minute again");
        }
        if round.parked > 0 {
            let parked = round.parked;
            tracing::error!(event = "transfer-parked", parked, "what leads nowhere any more is due no more");
        }
        if round.failed > 0 || round.more {
            tracing::warn!(event = "due-sent", ?round, "more is due");
        } else {
            tracing::info!(event = "due-sent", sent = round.sent, "what is due is on the queue");
        }
    }

    async fn look_after(&self, merchant: &MerchantId) {
        let found = match self.platform.merchants.merchant(merchant).await {
            Ok(found) => found,
            Err(error) => {
                return tracing::error!(event = "task-failed", task = "settings", %merchant, %error, "next minute again");
            }
        };
        let file = &found.record.file;
        tell("held-brought-up", held::bring_up(self.platform, &found, self.now, &NIGHT_HOURS).await);
        if NIGHT_HOURS.contains(&file.zone().to_datetime(self.now).hour()) {
            let task = retention::night(self.platform, file, self.now, self.deadline);
            tell("records-kept", task.await.map(|round| round.map(|round| format!("{merchant}: {round}"))));
        }
        for shop in shops(file) {
            if is_turn(&shop.id, self.now, SWEEP_MINUTES) {
                self.sweep(merchant, &shop.id).await;
            }
            if is_turn(&shop.id, self.now, TEND_MINUTES) {
                self.tend(merchant, &shop.id).await;
            }
            let forgotten = dead_letters::forget_answered_stock(self.platform, file, &shop.id).await;
            tell("stock-letter-forgotten", forgotten.map(|()| None));
            self.leave_stock_word(file, merchant, &shop.id).await;
            if is_night_turn(file, &shop.id, self.now) {
                let times = (self.now, self.deadline, night_ends(&file.zone(), self.now));
                let task = comparison::compare(self.platform, self.routes, merchant, &shop.id, times);
                tell("compared", task.await.map(|found| found.map(|found| format!("{merchant}: {found}"))));
            }
            // After the comparison, since both ask the shop from one share: what is a list over minutes may wait for a night's.
            let begins = is_turn(&shop.id, self.now, TEND_MINUTES);
            let place = (merchant, &shop.id);
            let task = catalogue::night(self.platform, self.routes, place, begins, self.deadline);
            tell("catalogue-checked", task.await);
        }
    }

    /// Leaves word for the flow's stock when it is its turn.
    async fn leave_stock_word(&self, file: &MerchantFile, merchant: &MerchantId, shop: &ConnectionId) {
        let flow =
            file.flows.iter().find(|flow| file.connection(&flow.shop).is_some_and(|end| end.id == *shop));
        if !flow.is_some_and(|flow| schedule::is_turn(&flow.settings.stock, shop, self.now)) {
            return;
        }
        let occasion = format!("minute {}", self.now.as_second().div_euclid(60));
        let word = StockWord::new(merchant, shop, self.now, occasion);
        if let Err(error) = self.platform.queues.leave_stock_word(&word).await {
            tracing::error!(event = "task-failed", task = "stock", %merchant, %error, "next turn again");
        }
    }

    async fn sweep(&self, merchant: &MerchantId, connection: &ConnectionId) {
        let engine = Engine {
            clock: &SystemClock,
            store: &self.platform.ledger,
            connections: self.routes,
            limits: Limits::default(),
        };
        match engine.sweep(merchant, connection, &self.platform.queues, self.deadline).await {
            Ok(round) => tracing::info!(
                event = "swept", %merchant, listed = round.listed, sent = round.sent, more = round.more,
                paused = round.paused, "looked for what the webhooks missed"
            ),
            Err(error) => {
                tracing::error!(event = "task-failed", task = "sweep", %merchant, %error, "next turn again")
            }
        }
    }

    async fn tend(&self, merchant: &MerchantId, connection: &ConnectionId) {
        use engine::route::Connections;
        let tended = match self.routes.route(merchant, connection, None).await {
            Ok(route) if route.paused.is_some() => return,
            Ok(route) => {
                let products = !route.settings.products.catalogue.is_off();
                let tended = route.shop.port.tend(&*route.shop.transport, products).await;
                tended.map_err(|failure| failure.to_string())
            }
            Err(failure) => Err(failure.to_string()),
        };
        match tended {
            Ok(mended) => {
                tracing::info!(event = "tended", %merchant, ?mended, "looked after the shop's webhooks")
            }
            Err(error) => {
                tracing::error!(event = "task-failed", task = "tend", %merchant, error, "next turn again")
            }
        }
    }
}

/// The shops from which a flow starts.
fn shops(file: &MerchantFile) -> Vec<&Connection> {
    file.flows.iter().filter_map(|flow| file.connection(&flow.shop)).collect()
}

/// One line about a task, when there is something to tell.
fn tell(event: &str, outcome: Result<Option<String>, PlatformError>) {
    match outcome {
        Ok(None) => {}
        Ok(Some(what)) => tracing::info!(event, what, "done"),
        Err(error) => tracing::error!(event = "task-failed", task = event, %error, "next turn again"),
    }
}
