//! Stock histories: people count in the accounts, orders are booked there, the shop sells by itself, and run after run tells the
//! shop, while everything may go wrong. Runs die and freeze anywhere, overlap, and start again; what they tell comes back as
//! events of the shop's products.
//!
//! No older reading is ever told over a newer one where the shop compares. Once everything is healed the shop shows what the
//! accounts hold, a look at everything finds nothing but what the shop itself did, and then it is quiet.

mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use domain::DocumentKind;
use domain::stock::compare::MOST_UNITS;
use engine::Limits;
use engine::stock::{StockEngine, StockOutcome, StockReport, StockTask, StockWork};
use engine::store::Status;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sandbox::{Operation, System, object};
use serde_json::Value;

pub(crate) use store::SimulatedStockStore;

use crate::bugs::Bug;
use crate::checks;
use crate::deployment::{Setup, agreement_name, merchant, shop_connection, shop_name};
use crate::history::{History, Plan};
use crate::machine::{Polled, Process, WorkerClock, lock};
use crate::orders::OrderShape;
use crate::random::Random;
use crate::scenario::decider;
use crate::{BUG_SEEDS, in_parallel, number_from, say};

/// Random stock histories in the test command.
const HISTORIES: u64 = 1_500;
/// Workers from this number on run stock.
pub(crate) const FIRST_STOCK_WORKER: usize = 40;
/// How long a run may work, in milliseconds.
const RUN_MS: i64 = 240_000;
/// Runs after the healing within which two in a row come to their end with nothing left to tell.
const MOST_RUNS: usize = 8;
/// Counts are multiples of this. Where the shop compares, each is higher than the last: a quantity says which count it comes from.
const COUNT: i64 = 1_000;
/// The one location of a simulated Shopify shop.
const LOCATION: u64 = 100;
/// The product whose variations are the last two numbers.
const FAMILY: u64 = 850;

/// Product numbers with stock, and the shop's ids of them.
const PRODUCTS: [(&str, u64); 5] = [("S-1", 841), ("S-2", 842), ("S-3", 843), ("S-4", 851), ("S-5", 852)];

fn is_variation(id: u64) -> bool {
    id > FAMILY
}

/// The ids that a line of a WooCommerce order names a product with stock by: product and variation.
pub(crate) fn sold_as(sku: &str) -> Option<(u64, u64)> {
    let (_, id) = PRODUCTS.iter().find(|(number, _)| *number == sku)?;
    Some(if is_variation(*id) { (FAMILY, *id) } else { (*id, 0) })
}

/// Puts the products with stock into a shop of WooCommerce.
pub(crate) fn stock_woocommerce(shop: &mut sandbox::woocommerce::Shop) {
    let mut load = |id: u64, kind: &str, sku: &str, parent: u64, counted: bool| {
        let quantity = if counted { sandbox::Json::from(0_u64) } else { sandbox::Json::Null };
        let product = object! {
            "id": id, "name": format!("Vare {id}"), "type": kind, "status": "publish", "sku": sku, "price": "125.00",
            "regular_price": "125.00", "tax_status": "taxable", "tax_class": "", "manage_stock": counted,
            "stock_quantity": quantity, "parent_id": parent, "global_unique_id": "",
            "categories": sandbox::Json::Array(Vec::new()), "attributes": sandbox::Json::Array(Vec::new()),
            "date_created": "2026-11-20T10:00:00", "date_created_gmt": "2026-11-20T09:00:00",
            "date_modified": "2026-11-20T10:00:00", "date_modified_gmt": "2026-11-20T09:00:00",
        };
        shop.load_product(product).expect("it has an id");
    };
    load(FAMILY, "variable", "", 0, false);
    for (sku, id) in PRODUCTS {
        let (kind, parent) = if is_variation(id) { ("variation", FAMILY) } else { ("simple", 0) };
        load(id, kind, sku, parent, true);
    }
}

/// Puts the products with stock into a shop of Shopify.
pub(crate) fn stock_shopify(shop: &mut sandbox::shopify::Shop) {
    shop.inventory.locations.insert(LOCATION, "Lager".to_owned());
    shop.inventory.needs_idempotency_key = true;
    for (sku, id) in PRODUCTS {
        let variant = sandbox::shopify::Variant {
            product: 7_000 + id,
            item: 9_000 + id,
            sku: sku.to_owned(),
            title: "Default Title".to_owned(),
            price: "125.00".to_owned(),
            taxable: true,
            tracked: true,
            levels: BTreeMap::from([(LOCATION, 0)]),
            updated: Some(crate::history::start()),
            ..sandbox::shopify::Variant::default()
        };
        shop.load_variant(id, sku, variant);
    }
}

/// Puts the products with stock into an agreement, which counts them.
pub(crate) fn stock_agreement(agreement: &mut sandbox::Agreement) {
    agreement.inventory_module = true;
    for (sku, _) in PRODUCTS {
        agreement.load_product(crate::history::start(), sku, 1, Decimal::from(COUNT));
    }
}

/// Something that happens to stock by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum StockEvent {
    /// Somebody counts in the accounts: which product, how many.
    Count(usize, i64),
    /// The shop sells elsewhere, or its staff corrects a quantity: which product, how many are gone.
    Sale(usize, i64),
    /// A run begins.
    Run(StockTask),
}

/// The stock's part of a history.
pub(crate) struct StockSide {
    pub(crate) store: Arc<SimulatedStockStore>,
    outcomes: Arc<Mutex<Vec<StockOutcome>>>,
    /// Products that the shop changed by itself.
    own: BTreeSet<&'static str>,
}

impl StockSide {
    pub(crate) fn new(store: Arc<SimulatedStockStore>) -> StockSide {
        StockSide { store, outcomes: Arc::default(), own: BTreeSet::new() }
    }
}

impl History {
    pub(crate) fn stock_event(&mut self, index: usize, event: StockEvent) {
        let now = self.machine.now();
        match event {
            StockEvent::Count(product, units) => {
                let mut world = lock(&self.world);
                let agreement = world.agreements.get_mut(&agreement_name(index)).expect("it exists");
                assert!(agreement.count_stock(now, PRODUCTS[product].0, Decimal::from(units)), "it is there");
            }
            StockEvent::Sale(product, units) => {
                let (sku, id) = PRODUCTS[product];
                self.stock.own.insert(sku);
                let mut world = lock(&self.world);
                if let Some(shop) = world.shopify.get_mut(&shop_name(index)) {
                    assert!(shop.sell(now, id, LOCATION, units), "the variant is there");
                    return;
                }
                let shop = world.woocommerce.get_mut(&shop_name(index)).expect("it exists");
                let sold = shop.change_product(now, id, |product| {
                    let before = product.integer("stock_quantity").unwrap_or(0);
                    product.set("stock_quantity", before - units);
                });
                assert!(sold, "the product is there");
            }
            StockEvent::Run(task) => {
                let taken: Vec<usize> = self.processes.iter().map(|process| process.worker).collect();
                let free = (FIRST_STOCK_WORKER..).find(|worker| !taken.contains(worker));
                let process = self.stock_process(index, task, free.expect("there is one"));
                self.processes.push(process);
            }
        }
    }

    fn stock_process(
        &self,
        index: usize,
        task: StockTask,
        worker: usize,
    ) -> Process<'static, crate::history::Ended> {
        let (machine, token) = (Arc::clone(&self.machine), self.machine.token());
        let (stock, outcomes) = (Arc::clone(&self.stock.store), Arc::clone(&self.stock.outcomes));
        let (ledger, connections) = (Arc::clone(&self.store), Arc::clone(&self.connections));
        let future = async move {
            let clock = WorkerClock { machine: Arc::clone(&machine), worker };
            let engine = StockEngine {
                clock: &clock,
                stock: &*stock,
                ledger: &*ledger,
                connections: &*connections,
                limits: Limits::default(),
            };
            let deadline = engine::Clock::now(&clock) + SignedDuration::from_millis(RUN_MS);
            let (merchant, connection) = (merchant(index), shop_connection(index));
            let outcome = engine.run(&StockWork { merchant, connection, task, token, deadline }).await;
            machine.note(|| format!("stock {outcome:?}"));
            lock(&outcomes).push(outcome);
            (None, None)
        };
        Process::new(&self.machine, worker, index, future)
    }

    /// One run by itself, after whatever was under way has ended.
    fn stock_now(&mut self, index: usize, task: StockTask) -> Option<StockReport> {
        self.machine.advance_to(self.machine.now_ms() + RUN_MS + 120_000);
        let mut process = self.stock_process(index, task, FIRST_STOCK_WORKER);
        loop {
            match process.poll(&self.machine) {
                Polled::Done(_) => break,
                Polled::Crashed => return None,
                Polled::Waits => self.machine.advance_to(process.wake),
            }
        }
        match lock(&self.stock.outcomes).pop() {
            Some(StockOutcome::Finished(report)) => Some(report),
            _ => None,
        }
    }

    /// Runs until two in a row come to their end with nothing left to tell: the first may have finished a reading that was broken off,
    /// from before what the accounts hold now.
    fn stock_settles(&mut self, index: usize) -> Option<StockReport> {
        let mut quiet = 0;
        for _ in 0..MOST_RUNS {
            let report = self.stock_now(index, StockTask::Changes);
            match report.filter(|report| report.different == 0) {
                Some(report) if quiet == 1 => return Some(report),
                Some(_) => quiet += 1,
                None => quiet = 0,
            }
        }
        None
    }

    /// What the accounts hold and the shop shows of each product.
    fn stock_shown(&self, index: usize) -> Vec<(&'static str, i64, Option<i64>)> {
        let world = lock(&self.world);
        let agreement = &world.agreements[&agreement_name(index)];
        let held = |sku: &str| {
            let product = &agreement.products[sku];
            let available = (product.in_stock - product.ordered_by_customers).floor();
            available.to_i64().expect("it fits").clamp(0, MOST_UNITS)
        };
        let shown = |id: u64| match world.shopify.get(&shop_name(index)) {
            Some(shop) => shop.inventory.variants[&id].levels.get(&LOCATION).copied(),
            None => world.woocommerce[&shop_name(index)].products[&id].integer("stock_quantity"),
        };
        PRODUCTS.iter().map(|(sku, id)| (*sku, held(sku), shown(*id))).collect()
    }
}

/// The ids of the products with stock stand in an order's lines, so that the shop takes what it sells off its own count.
pub(crate) fn name_products(line: &mut Value, sku: &str) {
    if let Some((product, variation)) = sold_as(sku) {
        line["product_id"] = product.into();
        line["variation_id"] = variation.into();
    }
}

/// A random stock history, and what goes wrong meanwhile.
fn history(seed: u64, bug: Option<Bug>, keep_trace: bool) -> History {
    let mut random = Random::new(seed ^ 0x570C4);
    let skewed = random.chance(120);
    let shopify = random.chance(450);
    let setup = Setup {
        kind: DocumentKind::BookedInvoice,
        shopify,
        stock: true,
        catalogue: !shopify && random.chance(500),
        write_back: false,
        difference: domain::settings::DifferenceMode::CorrectionLine,
        native_keys: true,
        ..Setup::plain()
    };
    let within =
        |random: &mut Random, minutes: u64| i64::try_from(random.below(minutes * 60_000)).expect("it fits");
    let mut stock = Vec::new();
    for _ in 0..2 + random.below(8) {
        let product = usize::try_from(random.below(PRODUCTS.len() as u64)).expect("it fits");
        stock.push((within(&mut random, 25), product));
    }
    stock.sort_by_key(|(at, _)| *at);
    let mut next = [COUNT; PRODUCTS.len()];
    let mut events: Vec<(usize, i64, StockEvent)> = Vec::new();
    for (at, product) in stock {
        // A count that goes back to what it was is what only the mark of doubt tells from one that never changed. Where the shop
        // compares, each is higher than the last, so that its quantities tell their order.
        let back = !shopify && next[product] > COUNT && random.chance(500);
        next[product] += if back { -COUNT } else { COUNT };
        events.push((0, at, StockEvent::Count(product, next[product])));
    }
    for _ in 0..random.below(4) {
        let product = usize::try_from(random.below(PRODUCTS.len() as u64)).expect("it fits");
        let units = 1 + i64::try_from(random.below(5)).expect("it fits");
        events.push((0, within(&mut random, 25), StockEvent::Sale(product, units)));
    }
    for _ in 0..3 + random.below(9) {
        let task = *random.pick(&[
            StockTask::Changes,
            StockTask::Changes,
            StockTask::Changes,
            StockTask::Changes,
            StockTask::Everything,
            StockTask::Report,
        ]);
        events.push((0, within(&mut random, 27), StockEvent::Run(task)));
    }
    let mut orders = Vec::new();
    for number in 0..usize::try_from(random.below(3)).expect("it fits") {
        let at = within(&mut random, 15);
        let shape = if shopify {
            OrderShape::shopify(5001 + number)
        } else {
            let (sku, _) = *random.pick(&PRODUCTS);
            OrderShape { lines: vec![(sku.to_owned(), 2, 15_840, 3_960)], ..OrderShape::plain(5001 + number) }
        };
        orders.push((0, at, shape));
    }
    let skew = |random: &mut Random| i64::try_from(random.below(1_200_000)).expect("it fits") - 600_000;
    let plan = Plan {
        setups: vec![setup],
        orders,
        stock: events,
        workers: 2,
        skew_ms: if skewed { (0..50).map(|_| skew(&mut random)).collect() } else { Vec::new() },
        doubled: random.below(300),
        trouble_ms: 30 * 60_000,
        bug,
        keep_trace,
        ..Plan::single(seed)
    };
    let rate = *random.pick(&[0, 20, 40, 60, 100]);
    let mut history = History::new(plan, decider(random, rate));
    history.run();
    history
}

/// Everything that is wrong with a stock history that has come to its end.
fn violations(history: &mut History) -> Vec<String> {
    let mut found = Vec::new();
    in_order(history, &mut found);
    settled(history, &mut found);
    found.extend(checks::violations(history));
    for head in history.store.memory.heads() {
        if !matches!(head.status, Status::Done) {
            found.push(format!("{} stands at {:?} {:?}", head.transfer, head.status, head.facts));
        }
    }
    found
}

/// An older reading is never told over a newer one, where the shop compares. What is booked lowers a count until the next one.
fn in_order(history: &History, found: &mut Vec<String>) {
    let world = lock(&history.world);
    let Some(shop) = world.shopify.get(&shop_name(0)) else { return };
    let mut last: BTreeMap<u64, i64> = BTreeMap::new();
    for (item, _, _, after) in &shop.inventory.set {
        // Of one count, fewer is newer: what was booked since. Nothing is booked in thousands.
        let age = |units: i64| ((units + COUNT - 1) / COUNT, -units);
        let newest = last.entry(*item).or_insert(*after);
        if age(*after) < age(*newest) {
            found.push(format!("{after} of item {item} was told over the newer {newest}"));
        }
        *newest = *after;
    }
}

/// Converges, finds nothing more, and then is quiet.
fn settled(history: &mut History, found: &mut Vec<String>) {
    let Some(_) = history.stock_settles(0) else {
        found.push(format!("liveness: no run comes to its end: {:?}", lock(&history.stock.outcomes).last()));
        return;
    };
    let shopify = history.plan.setups[0].shopify;
    // With clocks far apart a lease may end while its owner still writes. A shop that does not compare may then show an older
    // quantity than Bogbro believes, when the owner dies before it can say so: the daily look at everything finds that.
    let knows = shopify || history.plan.skew_ms.is_empty();
    for (sku, held, shown) in history.stock_shown(0) {
        // What the shop sells by itself is seen by the look at everything.
        if knows && !sells(history, sku) && shown != Some(held) {
            found.push(format!("the accounts hold {held} of {sku}, the shop shows {shown:?}"));
        }
    }
    let Some(report) = history.stock_now(0, StockTask::Everything) else {
        found.push("liveness: the look at everything does not come to its end".to_owned());
        return;
    };
    for difference in report.differences {
        if knows && !sells(history, &difference.number) {
            found.push(format!("the look at everything finds {difference:?}"));
        }
    }
    for (sku, held, shown) in history.stock_shown(0) {
        if shown != Some(held) {
            found.push(format!("in the end the accounts hold {held} of {sku}, the shop shows {shown:?}"));
        }
    }
    quiet(history, found);
}

/// True when the shop changed its count of a product by itself: by a sale elsewhere, or by an order of its own.
fn sells(history: &History, sku: &str) -> bool {
    let ordered = |shape: &OrderShape| shape.lines.iter().any(|(number, ..)| number == sku);
    history.stock.own.contains(sku) || history.plan.orders.iter().any(|(_, _, shape)| ordered(shape))
}

/// What Bogbro wrote comes back as events of the shop's products, and makes nobody write again.
fn quiet(history: &mut History, found: &mut Vec<String>) {
    let counted = |history: &History| {
        let world = lock(&history.world);
        let written = |system, operation| world.count(system, operation);
        let shop = if history.plan.setups[0].shopify { System::Shopify } else { System::WooCommerce };
        (
            written(shop, Operation::WriteShopStock),
            written(System::Economic, Operation::WriteProduct),
            written(System::Economic, Operation::CreateProduct),
        )
    };
    let before = counted(history);
    history.go_on();
    let report = history.stock_now(0, StockTask::Changes);
    let again = report.as_ref().is_none_or(|report| report.different > 0 || report.writes > 0);
    if again || counted(history) != before {
        found.push(format!("own writes come back: {before:?}, then {:?}, {report:?}", counted(history)));
    }
    if before.1 > 0 {
        found.push(format!("the accounts' products were written {} times", before.1));
    }
}

fn of_seed(seed: u64, bug: Option<Bug>, keep_trace: bool) -> (History, Vec<String>) {
    let mut history = history(seed, bug, keep_trace);
    let found = violations(&mut history);
    (history, found)
}

#[test]
fn stock_converges_whatever_goes_wrong_and_no_older_reading_stands_over_a_newer_one() {
    let single = number_from("SIM_SEED");
    let from = single.unwrap_or(1);
    let count = number_from("SIM_STOCK").unwrap_or(if single.is_some() { 1 } else { HISTORIES });
    let began = std::time::Instant::now();
    let wrong: Mutex<Vec<(u64, Vec<String>)>> = Mutex::new(Vec::new());
    let written = Mutex::new(0_u64);
    let table = Mutex::new(crate::table::Table::default());
    in_parallel(usize::try_from(count).expect("it fits"), |number| {
        let seed = from + number as u64;
        let (history, found) = of_seed(seed, None, single.is_some());
        {
            let world = lock(&history.world);
            *lock(&written) += world.count(System::Shopify, Operation::WriteShopStock);
            *lock(&written) += world.count(System::WooCommerce, Operation::WriteShopStock);
        }
        lock(&table).add(history.machine.take_hits());
        if !found.is_empty() {
            say(&format!("SIM_SEED={seed} {found:#?}"));
            lock(&wrong).push((seed, found));
        }
        if single.is_some() {
            say(&history.machine.trace_lines().join("\n"));
        }
    });
    say(&format!(
        "{count} stock histories from seed {from}: {} calls that write stock, in {:.0?}\n{}",
        *lock(&written),
        began.elapsed(),
        lock(&table).text_of(crate::table::STOCK_STEPS)
    ));
    let wrong = wrong.into_inner().expect("no thread panicked");
    let seeds: Vec<u64> = wrong.iter().map(|(seed, _)| *seed).collect();
    assert!(wrong.is_empty(), "{} of {count} stock histories are wrong; seeds {seeds:?}", wrong.len());
}

#[test]
fn every_seeded_bug_of_stock_is_caught() {
    for bug in Bug::OF_STOCK {
        let caught = (1..=BUG_SEEDS).find_map(|seed| {
            let (_, found) = of_seed(seed, Some(bug), false);
            found.into_iter().next().map(|violation| (seed, violation))
        });
        let (seed, violation) =
            caught.unwrap_or_else(|| panic!("{bug:?} is not caught within {BUG_SEEDS} seeds"));
        let (_, sound) = of_seed(seed, None, false);
        assert!(sound.is_empty(), "seed {seed} without {bug:?}: {sound:#?}");
        say(&format!("{bug:?} is caught by seed {seed}: {violation}"));
    }
}
