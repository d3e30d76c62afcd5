//! One history: merchants, orders, a queue, workers, and everything that may go wrong, under one virtual clock.
//!
//! It has two phases. First things go wrong; whatever happens, nothing may be done twice and nothing forgotten. Then all
//! faults are healed, a person replays what was given up, and everything must come to its end in bounded time.

mod events;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connectors::ports::{Delivery, Notice, Verification};
use domain::{EntityId, EntityKind, TransferId};
use engine::compare::{Comparison, ListedDay};
use engine::log::Why;
use engine::message::{MESSAGE_SCHEMA, Message, Outbox, OutboxFailure, SettingsChoice};
use engine::process::{Engine, Outcome, Work};
use engine::store::{Head, Store};
use engine::{Clock, Connections, Limits};
use jiff::{SignedDuration, Timestamp};
use sandbox::World;
use secrecy::SecretString;

use crate::bugs::Bug;
use crate::credits::Turn;
use crate::deployment::{
    self, Setup, SimulatedConnections, WEBHOOK_SECRET, merchant, place_of, shop_connection, source,
};
use crate::ledger::{SimulatedStore, at_once};
use crate::machine::{Decider, Machine, NEVER, Polled, Process, WorkerClock, lock};
use crate::orders::OrderShape;
use crate::outside::Observed;
use crate::stock::{FIRST_STOCK_WORKER, SimulatedStockStore, StockEvent, StockSide};

pub(crate) use events::{Deed, states_until};
use events::{Event, timeline};

/// Visibility of a received message, in milliseconds: longer than a lease.
const VISIBILITY_MS: i64 = 180_000;
/// How long a worker may work, in milliseconds.
const WORK_MS: i64 = 90_000;
/// The queue drops a repeat of a deduplication id within this time.
const DEDUPLICATION_MS: i64 = 300_000;
/// Numbers of workers that each merchant has where merchants are kept apart.
const CREW: usize = 10;
/// Steps of one history, at most: a history that needs more does not come to its end.
const MOST_STEPS: usize = 60_000;

/// The day of every order, and so of every document.
pub(crate) const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 20);

/// When every history begins.
pub(crate) fn start() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("it is a time")
}

/// What is fixed about a history beforehand.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) setups: Vec<Setup>,
    /// Orders with their merchant's place and when they are placed, in milliseconds from the start.
    pub(crate) orders: Vec<(usize, i64, OrderShape)>,
    /// Changes of orders: merchant, order, when, new state.
    pub(crate) changes: Vec<(usize, usize, i64, &'static str)>,
    /// Edits of what an order sells: merchant, when, the new shape.
    pub(crate) edits: Vec<(usize, i64, OrderShape)>,
    /// What the shop's staff does to an order once it is placed: merchant, order, when, what.
    pub(crate) lives: Vec<(usize, usize, i64, Turn)>,
    /// What happens to stock by itself: merchant, when, what.
    pub(crate) stock: Vec<(usize, i64, StockEvent)>,
    /// What a person does to the draft of an order: merchant, order, when, what.
    pub(crate) deeds: Vec<(usize, usize, i64, Deed)>,
    pub(crate) workers: usize,
    pub(crate) skew_ms: Vec<i64>,
    /// Of a thousand deliveries: lost, doubled, forged.
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) forged: u64,
    /// When a backup is taken and when it is put back.
    pub(crate) restore: Option<(i64, i64)>,
    /// How long things go wrong, in milliseconds.
    pub(crate) trouble_ms: i64,
    pub(crate) bug: Option<Bug>,
    /// Merchants share no worker and no chance, and only the first one is struck: what the others do must be as if nothing were.
    pub(crate) apart: bool,
    /// Nothing goes wrong: the history that a struck one is held against.
    pub(crate) quiet: bool,
    /// Master data is known from the start.
    pub(crate) warm: bool,
    pub(crate) keep_trace: bool,
}

impl Plan {
    /// One merchant, one plain order, one worker.
    pub(crate) fn single(seed: u64) -> Plan {
        Plan {
            seed,
            setups: vec![Setup::plain()],
            orders: vec![(0, 0, OrderShape::plain(5001))],
            changes: Vec::new(),
            edits: Vec::new(),
            lives: Vec::new(),
            stock: Vec::new(),
            deeds: Vec::new(),
            workers: 2,
            skew_ms: Vec::new(),
            lost: 0,
            doubled: 0,
            forged: 0,
            restore: None,
            trouble_ms: 20 * 60_000,
            bug: None,
            apart: false,
            quiet: false,
            warm: true,
            keep_trace: false,
        }
    }
}

/// A message on the simulated queue.
struct Queued {
    message: Message,
    visible_at: i64,
    sent_at: i64,
}

impl Queued {
    /// True for a message that workers of this crew take.
    fn is_of(&self, crew: Option<usize>) -> bool {
        crew.is_none_or(|index| self.message.merchant == merchant(index))
    }
}

/// The simulated queue: at least once, in no order, with deduplication.
#[derive(Default)]
pub(crate) struct Queue {
    messages: BTreeMap<u64, Queued>,
    recent: BTreeMap<String, i64>,
    next: u64,
}

/// Puts messages on the queue.
pub(crate) struct SimulatedOutbox {
    machine: Arc<Machine>,
    queue: Arc<Mutex<Queue>>,
}

#[async_trait]
impl Outbox for SimulatedOutbox {
    async fn send(&self, message: &Message) -> Result<(), OutboxFailure> {
        let now = self.machine.now_ms();
        let mut queue = lock(&self.queue);
        let id = message.deduplication.clone();
        let repeat = queue.recent.get(&id).is_some_and(|at| now - at < DEDUPLICATION_MS);
        if id.is_empty() || !repeat {
            queue.recent.insert(id, now);
            queue.put(message.clone(), now, 0);
        }
        Ok(())
    }
}

impl Queue {
    fn put(&mut self, message: Message, now: i64, delay: i64) {
        self.next += 1;
        self.messages.insert(self.next, Queued { message, visible_at: now + delay, sent_at: now });
    }
}

/// What a process ended with: the message it worked on, and what became of it.
pub(crate) type Ended = (Option<u64>, Option<Outcome>);

/// True for a process that works on messages.
fn takes_messages(process: &Process<'_, Ended>) -> bool {
    (1..FIRST_STOCK_WORKER).contains(&process.worker)
}

/// One history under way.
pub(crate) struct History {
    pub(crate) plan: Plan,
    pub(crate) machine: Arc<Machine>,
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) observed: Arc<Mutex<Observed>>,
    pub(crate) store: Arc<SimulatedStore>,
    pub(crate) connections: Arc<SimulatedConnections>,
    engine_store: Arc<dyn Store>,
    queue: Arc<Mutex<Queue>>,
    pub(crate) processes: Vec<Process<'static, Ended>>,
    pub(crate) stock: StockSide,
    pub(crate) forged_accepted: usize,
    pub(crate) steps: usize,
    /// Steps after which a history does not come to its end.
    pub(crate) most_steps: usize,
    troubled: bool,
    timeline: Vec<(i64, Event)>,
    backup: Option<engine::memory::Contents>,
    next_due: i64,
    next_sweep: i64,
    /// Why the history did not come to its end, if it did not.
    pub(crate) stuck: Option<String>,
    pub(crate) webhooks: usize,
    /// What people did to drafts: merchant, order, what, and whether the ledger knew of the draft.
    pub(crate) done_by_person: Vec<(usize, usize, Deed, bool)>,
    /// Transfers that a person asked to be looked at anew.
    pub(crate) asked_again: BTreeSet<TransferId>,
    /// Where merchants are kept apart: everything of those that were not struck, before a person looked at anything.
    pub(crate) others: Vec<String>,
}

impl History {
    pub(crate) fn new(plan: Plan, decider: Decider) -> History {
        let machine = Machine::new(plan.seed, start(), plan.keep_trace);
        machine.decide_by(if plan.quiet { Box::new(|_, _, _| None) } else { decider });
        if plan.apart {
            machine.keep_apart(plan.seed, plan.setups.len());
        }
        for (worker, skew) in plan.skew_ms.iter().enumerate() {
            machine.set_skew(worker + 1, *skew);
        }
        let world = Arc::new(Mutex::new(deployment::world(&plan.setups)));
        let observed = Arc::new(Mutex::new(Observed::default()));
        let store = Arc::new(SimulatedStore::new(&machine, &observed));
        let engine_store = crate::bugs::store(plan.bug, &store);
        let stock = StockSide::new(SimulatedStockStore::new(&machine, plan.bug));
        let connections = Arc::new(SimulatedConnections {
            machine: Arc::clone(&machine),
            world: Arc::clone(&world),
            observed: Arc::clone(&observed),
            store: Arc::clone(&store.memory) as Arc<dyn Store>,
            setups: plan.setups.clone(),
            webshop: crate::bugs::webshop(plan.bug),
            accounting: crate::bugs::accounting(plan.bug),
            epoch: Mutex::new(None),
            master: Mutex::new(BTreeMap::new()),
            warm: plan.warm,
        });
        let began = machine.now_ms();
        let timeline = timeline(&plan, began);
        History {
            plan,
            machine,
            world,
            observed,
            store,
            connections,
            engine_store,
            queue: Arc::new(Mutex::new(Queue::default())),
            processes: Vec::new(),
            stock,
            forged_accepted: 0,
            steps: 0,
            most_steps: MOST_STEPS,
            troubled: true,
            timeline,
            backup: None,
            next_due: began + 60_000,
            next_sweep: began + 10 * 60_000,
            stuck: None,
            webhooks: 0,
            done_by_person: Vec::new(),
            asked_again: BTreeSet::new(),
            others: Vec::new(),
        }
    }

    /// Runs both phases.
    pub(crate) fn run(&mut self) {
        self.run_unattended();
        for _ in 0..3 {
            if !self.replay_what_needs_attention() {
                break;
            }
            self.run_until(None);
        }
    }

    /// Runs both phases as far as things go by themselves.
    pub(crate) fn run_unattended(&mut self) {
        let trouble_until = self.machine.now_ms() + self.plan.trouble_ms;
        self.run_until(Some(trouble_until));
        self.heal();
        self.run_until(None);
        self.others = crate::isolation::of_others(self);
    }

    /// Goes on for so many milliseconds.
    pub(crate) fn run_for(&mut self, ms: i64) {
        self.run_until(Some(self.machine.now_ms() + ms));
    }

    /// Goes on until nothing is left to do.
    pub(crate) fn go_on(&mut self) {
        self.run_until(None);
    }

    fn heal(&mut self) {
        self.troubled = false;
        self.machine.decide_by(Box::new(|_, _, _| None));
        for worker in 0..64 {
            self.machine.set_skew(worker, 0);
        }
        self.machine.note(|| "healed".to_owned());
        // What goes wrong is over; the shop's list of changes is swept once more.
        self.next_sweep = self.machine.now_ms() + 30_000;
    }

    fn lift_pauses(&self) {
        for index in 0..self.plan.setups.len() {
            for pause in at_once(self.store.memory.pauses(&merchant(index))).expect("the memory is there") {
                at_once(self.store.memory.lift(&pause.scope)).expect("the memory is there");
            }
        }
    }

    /// Until the given time, or until nothing is left to do.
    fn run_until(&mut self, until: Option<i64>) {
        let bound = self.machine.now_ms() + 20 * 24 * 3_600_000;
        let mut swept = false;
        loop {
            self.steps += 1;
            if self.steps > self.most_steps {
                self.stuck = Some("more steps than any history should need".to_owned());
                return;
            }
            if until.is_none() {
                self.lift_pauses();
            }
            self.events();
            self.deliver_webhooks();
            self.schedule(until.is_none(), &mut swept);
            self.start_work();
            if self.poll_one() {
                continue;
            }
            let next = self.next_time(until.is_none() && swept);
            if until.is_none() && (next == NEVER || next > bound) {
                if next != NEVER {
                    self.stuck = Some("still not at its end after twenty days".to_owned());
                }
                return;
            }
            if let Some(until) = until
                && next >= until
            {
                self.machine.advance_to(until);
                return;
            }
            self.machine.advance_to(next);
        }
    }

    fn deliver_webhooks(&mut self) {
        let now = self.machine.now();
        for index in 0..self.plan.setups.len() {
            let deliveries = {
                let mut world = lock(&self.world);
                let name = deployment::shop_name(index);
                if let Some(shop) = world.shopify.get_mut(&name) {
                    let deliveries = shop.deliveries(now);
                    deliveries.iter().for_each(|delivery| shop.report_delivery(now, delivery, Some(200)));
                    deliveries
                } else {
                    let shop = world.woocommerce.get_mut(&name).expect("it exists");
                    if shop.pending.is_empty() {
                        continue;
                    }
                    shop.deliveries(now)
                }
            };
            for delivery in deliveries {
                let (lost, doubled, forged, delay) = {
                    let mut random = self.machine.random_of(index);
                    let spared = !self.troubled || self.plan.quiet && index == 0;
                    let on = |chance: u64| if spared { 0 } else { chance };
                    (
                        random.chance(on(self.plan.lost)),
                        random.chance(on(self.plan.doubled)),
                        random.chance(on(self.plan.forged)),
                        i64::try_from(random.below(3000)).expect("it fits"),
                    )
                };
                if forged {
                    self.receive(index, &delivery.headers, b"{\"id\":666}", 0, true);
                }
                if lost {
                    self.machine.note(|| "a delivery is lost".to_owned());
                    continue;
                }
                self.webhooks += 1;
                self.receive(index, &delivery.headers, &delivery.body, delay, false);
                if doubled {
                    self.receive(index, &delivery.headers, &delivery.body, delay * 7, false);
                }
            }
        }
    }

    /// The intake: verify over the raw bytes, then read what it is about, then the queue.
    fn receive(&mut self, index: usize, headers: &[(String, String)], body: &[u8], delay: i64, forged: bool) {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let delivery = Delivery { headers: &headers, body };
        let port = self.connections.webshop_of(index);
        let secrets = [SecretString::from(WEBHOOK_SECRET.to_owned())];
        if port.verify(&delivery, &secrets) != Verification::Authentic {
            return;
        }
        self.forged_accepted += usize::from(forged);
        let Ok(Notice::Changed { kind, entity, bare }) = port.notice(&delivery) else { return };
        let now = self.machine.now();
        let message = Message {
            schema: MESSAGE_SCHEMA,
            merchant: merchant(index),
            connection: shop_connection(index),
            source: source(index),
            kind,
            entity,
            body_hash: if bare { String::new() } else { body_hash(body) },
            received_at: now,
            why: Why::Webhook,
            settings: SettingsChoice::Now,
            deduplication: String::new(),
            body: String::new(),
        };
        self.machine.note(|| format!("webhook for {}", message.entity));
        lock(&self.queue).put(message, self.machine.now_ms(), delay);
    }

    /// The scheduler: what is due each minute, a sweep every ten minutes of trouble and once after it.
    fn schedule(&mut self, healed: bool, swept: &mut bool) {
        let now = self.machine.now_ms();
        if now >= self.next_due && self.round_at(now) == now {
            self.next_due = now + 60_000;
            let outbox = self.outbox();
            let round =
                at_once(engine::later::send_due(&*self.store.memory, &outbox, self.machine.now(), 100));
            assert_eq!(round.failure, None, "the memory is there");
        }
        if now >= self.next_sweep && !(healed && *swept) {
            self.next_sweep = now + 10 * 60_000;
            *swept = healed;
            for index in 0..self.plan.setups.len() {
                self.start_sweep(index);
            }
        }
    }

    /// The scheduler's first look at or after a time. Where merchants are kept apart it looks on the minute, whoever else was busy.
    fn round_at(&self, at: i64) -> i64 {
        if !self.plan.apart {
            return at;
        }
        let began = start().as_millisecond();
        let past = (at - began).rem_euclid(60_000);
        if past == 0 { at } else { at + 60_000 - past }
    }

    fn outbox(&self) -> SimulatedOutbox {
        SimulatedOutbox { machine: Arc::clone(&self.machine), queue: Arc::clone(&self.queue) }
    }

    fn start_sweep(&mut self, index: usize) {
        let (machine, outbox) = (Arc::clone(&self.machine), self.outbox());
        let (store, connections) = (Arc::clone(&self.engine_store), Arc::clone(&self.connections));
        let future = async move {
            let clock = WorkerClock { machine, worker: 0 };
            let engine = Engine {
                clock: &clock,
                store: &*store,
                connections: &*connections,
                limits: Limits::default(),
            };
            let deadline = clock.now() + SignedDuration::from_millis(WORK_MS);
            // A sweep that fails is made again at its next time.
            let _ = engine.sweep(&merchant(index), &shop_connection(index), &outbox, deadline).await;
            (None, None)
        };
        let process = Process::new(&self.machine, 0, index, future);
        self.processes.push(process);
    }

    /// Who shares workers: all merchants, or each by itself.
    fn crews(&self) -> Vec<Option<usize>> {
        if self.plan.apart { (0..self.plan.setups.len()).map(Some).collect() } else { vec![None] }
    }

    /// True when a worker of that crew is idle.
    fn is_idle(&self, crew: Option<usize>) -> bool {
        let ours = |process: &&Process<'_, Ended>| {
            takes_messages(process) && crew.is_none_or(|index| process.merchant == index)
        };
        self.processes.iter().filter(ours).count() < self.plan.workers
    }

    /// Idle workers take messages.
    fn start_work(&mut self) {
        self.crews().into_iter().for_each(|crew| self.start_work_of(crew));
    }

    fn start_work_of(&mut self, crew: Option<usize>) {
        let now = self.machine.now_ms();
        while self.is_idle(crew) {
            let visible: Vec<u64> = {
                let queue = lock(&self.queue);
                queue
                    .messages
                    .iter()
                    .filter(|(_, queued)| queued.visible_at <= now && queued.is_of(crew))
                    .map(|(id, _)| *id)
                    .collect()
            };
            if visible.is_empty() {
                return;
            }
            let id = *self.machine.random_of(crew.unwrap_or(0)).pick(&visible);
            let message = {
                let mut queue = lock(&self.queue);
                let queued = queue.messages.get_mut(&id).expect("it was there");
                queued.visible_at = now + VISIBILITY_MS;
                queued.message.clone()
            };
            let taken: Vec<usize> = self.processes.iter().map(|process| process.worker).collect();
            let first = 1 + crew.unwrap_or(0) * CREW;
            let worker = (first..).find(|worker| !taken.contains(worker)).expect("there is one");
            self.start_process(worker, id, message);
        }
    }

    fn start_process(&mut self, worker: usize, id: u64, message: Message) {
        lock(&self.observed).asked.remove(&worker);
        let machine = Arc::clone(&self.machine);
        let (store, connections) = (Arc::clone(&self.engine_store), Arc::clone(&self.connections));
        let token = self.machine.token();
        let index = place_of(&message.merchant);
        let future = async move {
            let clock = WorkerClock { machine, worker };
            let deadline = clock.now() + SignedDuration::from_millis(WORK_MS);
            let engine = Engine {
                clock: &clock,
                store: &*store,
                connections: &*connections,
                limits: Limits::default(),
            };
            let outcome = engine.process(&Work { message, token, deadline }).await;
            (Some(id), Some(outcome))
        };
        let process = Process::new(&self.machine, worker, index, future);
        self.processes.push(process);
    }

    /// Polls one process that is ready, in an order that the seed decides.
    fn poll_one(&mut self) -> bool {
        let now = self.machine.now_ms();
        let ready: Vec<usize> = self
            .processes
            .iter()
            .enumerate()
            .filter(|(_, process)| process.wake <= now)
            .map(|(place, _)| place)
            .collect();
        if ready.is_empty() {
            return false;
        }
        let place = self.pick(&ready);
        match self.processes[place].poll(&self.machine) {
            Polled::Waits => {}
            Polled::Crashed => {
                self.machine.note(|| "the process died".to_owned());
                drop(self.processes.remove(place));
            }
            Polled::Done((id, outcome)) => {
                self.machine.note(|| format!("outcome {outcome:?}"));
                drop(self.processes.remove(place));
                if let (Some(id), Some(outcome)) = (id, outcome)
                    && outcome.is_finished()
                {
                    lock(&self.queue).messages.remove(&id);
                }
            }
        }
        true
    }

    /// One of these processes. Where merchants are kept apart, a merchant's own chance decides between its own.
    fn pick(&self, ready: &[usize]) -> usize {
        let any = *self.machine.random().pick(ready);
        if !self.plan.apart {
            return any;
        }
        let merchant = self.processes[any].merchant;
        let own: Vec<usize> =
            ready.iter().copied().filter(|place| self.processes[*place].merchant == merchant).collect();
        *self.machine.random_of(merchant).pick(&own)
    }

    /// When something happens next.
    fn next_time(&self, at_end: bool) -> i64 {
        let processes = self.processes.iter().map(|process| process.wake);
        let queue = lock(&self.queue);
        let idle: Vec<Option<usize>> = self.crews().into_iter().filter(|crew| self.is_idle(*crew)).collect();
        let taken = |queued: &&Queued| idle.iter().any(|crew| queued.is_of(*crew));
        let messages = queue.messages.values().filter(taken).map(|queued| queued.visible_at);
        let events = self.timeline.iter().map(|(at, _)| *at);
        let now = self.machine.now_ms();
        let due = self.store.memory.next_due().map(|due| due.as_millisecond());
        let due = due.map(|due| self.round_at(due.max(now)).max(self.next_due));
        let next = processes.chain(messages).chain(events).chain(due).min().unwrap_or(NEVER);
        if at_end { next } else { next.min(self.next_sweep) }
    }

    /// A person looks at what was held or parked, and asks for it again.
    fn replay_what_needs_attention(&mut self) -> bool {
        let heads: Vec<Head> =
            self.store.memory.heads().into_iter().filter(|head| head.status.needs_attention()).collect();
        heads.iter().for_each(|head| self.replay(head));
        !heads.is_empty()
    }

    /// A person asks for a transfer to be looked at anew.
    pub(crate) fn replay(&mut self, head: &Head) {
        let message = Message {
            schema: MESSAGE_SCHEMA,
            merchant: head.transfer.merchant.clone(),
            connection: head.connection.clone(),
            source: head.transfer.source.clone(),
            kind: head.transfer.kind,
            entity: head.transfer.entity.clone(),
            body_hash: String::new(),
            received_at: self.machine.now(),
            why: Why::Replay,
            settings: SettingsChoice::Now,
            deduplication: self.machine.token(),
            body: String::new(),
        };
        self.machine.note(|| format!("replay of {}", head.transfer.entity));
        lock(&self.queue).put(message, self.machine.now_ms(), 0);
        self.asked_again.insert(head.transfer.clone());
    }

    /// Compares a merchant's day in both directions, as the nightly task does, with nothing going wrong: what a person booked is learned
    /// first.
    pub(crate) fn compare(&mut self, index: usize) -> Result<Comparison, String> {
        let asked = self.compare_once(index, true)?;
        if asked.to_learn.is_empty() {
            return Ok(asked);
        }
        for head in &asked.to_learn {
            let message = Message::again(head, Why::Books, "night", self.machine.now());
            lock(&self.queue).put(message, self.machine.now_ms(), 0);
        }
        self.go_on();
        self.compare_once(index, false)
    }

    fn compare_once(&mut self, index: usize, may_ask: bool) -> Result<Comparison, String> {
        // At night, what was made in the day can be seen.
        self.machine.advance_to(self.machine.now_ms() + 3_600_000);
        let (machine, connections) = (Arc::clone(&self.machine), Arc::clone(&self.connections));
        let store = Arc::clone(&self.store.memory);
        let future = async move {
            let clock = WorkerClock { machine, worker: 0 };
            let limits = Limits::default();
            let engine = Engine { clock: &clock, store: &*store, connections: &*connections, limits };
            let route = connections.route(&merchant(index), &shop_connection(index), None).await;
            let route = route.map_err(|failure| failure.to_string())?;
            let deadline = clock.now() + SignedDuration::from_hours(1);
            let mut listed = ListedDay::default();
            let comparison = engine.compare(&route, DAY, &mut listed, deadline, may_ask).await;
            let comparison = comparison.map_err(|failure| failure.to_string())?;
            comparison.ok_or_else(|| "the shop's list did not come to its end".to_owned())
        };
        let mut process = Process::new(&self.machine, 0, index, future);
        loop {
            match process.poll(&self.machine) {
                Polled::Done(comparison) => return comparison,
                Polled::Crashed => return Err("it died".to_owned()),
                Polled::Waits => self.machine.advance_to(process.wake),
            }
        }
    }

    /// The head of an order.
    pub(crate) fn head(&self, index: usize, order: usize) -> Option<Head> {
        let transfer = TransferId {
            merchant: merchant(index),
            source: source(index),
            kind: EntityKind::Order,
            entity: EntityId::new(order.to_string()),
        };
        at_once(self.store.memory.head(&transfer)).expect("the memory is there")
    }

    /// Messages still on the queue.
    pub(crate) fn left_on_queue(&self) -> Vec<String> {
        let queue = lock(&self.queue);
        let words = |queued: &Queued| format!("{} since {}", queued.message.entity, queued.sent_at);
        queue.messages.values().map(words).collect()
    }
}

/// The hash of a body, as the intake makes it.
fn body_hash(body: &[u8]) -> String {
    use std::hash::Hasher as _;
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(body);
    format!("{:016x}", hasher.finish())
}
