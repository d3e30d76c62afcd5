//! The machine that everything runs on: one virtual clock, and futures that are polled by hand.
//!
//! Nothing here waits. A future that sleeps says until when; the machine polls what is ready, in an order that the seed
//! decides, and moves the clock when nothing is. A crash is a future dropped where it stands; a thaw is a future that is
//! not polled for hours and then goes on as if nothing had happened.

use std::future::Future;
use std::hash::Hasher;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use sandbox::{Fault, Operation, System};

use crate::random::Random;
use engine::memory::Fate;

/// Never.
pub(crate) const NEVER: i64 = i64::MAX;

/// Whose work runs when no process does.
const NOBODY: usize = usize::MAX;

/// A point at which something may go wrong: a call to the ledger or to an outside system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A call to the ledger, by the name of its method.
    Ledger(&'static str),
    /// A call to an outside system.
    Outside(System, Operation),
}

impl Place {
    pub(crate) fn name(self) -> String {
        match self {
            Place::Ledger(method) => format!("ledger {method}"),
            Place::Outside(System::Shopify, operation) => format!("Shopify {operation:?}"),
            Place::Outside(_, operation) => format!("{operation:?}"),
        }
    }

    pub(crate) fn is_write(self) -> bool {
        match self {
            Place::Ledger(_) => false,
            Place::Outside(_, operation) => operation.is_write(),
        }
    }
}

/// What is to happen at a point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mishap {
    /// The process dies before the call goes out.
    CrashBefore,
    /// The process dies when the call was carried out, before it knows.
    CrashAfter,
    /// The process is frozen for so many milliseconds before the call goes out.
    FreezeBefore(i64),
    /// The process is frozen when the call was carried out, before it knows.
    FreezeAfter(i64),
    /// The ledger's call fails so.
    Ledger(Fate),
    /// The outside call goes so.
    Outside(Fault),
}

impl Mishap {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Mishap::CrashBefore => "crash before",
            Mishap::CrashAfter => "crash after",
            Mishap::FreezeBefore(_) => "freeze before",
            Mishap::FreezeAfter(_) => "freeze after",
            Mishap::Ledger(Fate::FailsBefore) => "ledger fails before",
            Mishap::Ledger(_) => "ledger fails after",
            Mishap::Outside(fault) => fault.name(),
        }
    }
}

/// Decides what goes wrong: number of the point from 0, its place, who works.
pub(crate) type Decider = Box<dyn FnMut(usize, Place, usize) -> Option<Mishap> + Send>;

/// What happened, as text and its hash, when asked for.
pub(crate) struct Trace {
    hash: std::hash::DefaultHasher,
    lines: Option<Vec<String>>,
}

/// What each merchant has of its own where merchants are kept apart: all that chance decides, and what happened. Only the first is
/// struck.
struct Apart {
    randoms: Vec<Mutex<Random>>,
    lines: Vec<Mutex<Vec<String>>>,
}

/// What everything shares.
pub(crate) struct Machine {
    now: AtomicI64,
    wake: AtomicI64,
    crashed: AtomicBool,
    worker: AtomicUsize,
    points: AtomicUsize,
    tokens: AtomicU64,
    /// Skew of each worker's clock, in milliseconds.
    skew: Mutex<Vec<i64>>,
    random: Mutex<Random>,
    /// The merchant whose process runs now.
    merchant: AtomicUsize,
    /// Where merchants are kept apart.
    apart: OnceLock<Apart>,
    decider: Mutex<Decider>,
    hits: Mutex<Vec<(Place, &'static str)>>,
    trace: Mutex<Trace>,
}

/// Locks what no other thread uses.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no other thread holds it, and none panicked")
}

impl Machine {
    pub(crate) fn new(seed: u64, start: Timestamp, keep_trace: bool) -> Arc<Machine> {
        Arc::new(Machine {
            now: AtomicI64::new(start.as_millisecond()),
            wake: AtomicI64::new(NEVER),
            crashed: AtomicBool::new(false),
            worker: AtomicUsize::new(0),
            points: AtomicUsize::new(0),
            tokens: AtomicU64::new(0),
            skew: Mutex::new(vec![0; 64]),
            random: Mutex::new(Random::new(seed)),
            merchant: AtomicUsize::new(NOBODY),
            apart: OnceLock::new(),
            decider: Mutex::new(Box::new(|_, _, _| None)),
            hits: Mutex::new(Vec::new()),
            trace: Mutex::new(Trace {
                hash: std::hash::DefaultHasher::new(),
                lines: keep_trace.then(Vec::new),
            }),
        })
    }

    /// From here on each of so many merchants has its own chance and its own trace, and only the first is struck.
    pub(crate) fn keep_apart(&self, seed: u64, merchants: usize) {
        let own = |index: usize| Mutex::new(Random::new(seed ^ (index as u64 + 1).wrapping_mul(0xA9A7)));
        let apart = Apart {
            randoms: (0..merchants).map(own).collect(),
            lines: (0..merchants).map(|_| Mutex::new(Vec::new())).collect(),
        };
        assert!(self.apart.set(apart).is_ok(), "merchants are kept apart once");
    }

    /// The chance that decides what happens to a merchant.
    pub(crate) fn random_of(&self, merchant: usize) -> MutexGuard<'_, Random> {
        match self.apart.get() {
            Some(apart) => lock(&apart.randoms[merchant]),
            None => lock(&self.random),
        }
    }

    /// The chance that all share.
    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        lock(&self.random)
    }

    /// Every call of a merchant's processes, where merchants are kept apart.
    pub(crate) fn lines_of(&self, merchant: usize) -> Vec<String> {
        self.apart.get().map(|apart| lock(&apart.lines[merchant]).clone()).unwrap_or_default()
    }

    /// The merchant whose process runs now.
    pub(crate) fn merchant(&self) -> usize {
        self.merchant.load(Ordering::Relaxed)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    /// The true time.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).expect("the time is in range")
    }

    pub(crate) fn advance_to(&self, ms: i64) {
        let now = self.now_ms();
        self.now.store(ms.max(now), Ordering::Relaxed);
    }

    pub(crate) fn set_skew(&self, worker: usize, ms: i64) {
        lock(&self.skew)[worker % 64] = ms;
    }

    pub(crate) fn skew_of(&self, worker: usize) -> i64 {
        lock(&self.skew)[worker % 64]
    }

    pub(crate) fn token(&self) -> String {
        format!("token-{}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }

    /// The worker whose process runs now; 0 is the scheduler.
    pub(crate) fn worker(&self) -> usize {
        self.worker.load(Ordering::Relaxed)
    }

    pub(crate) fn decide_by(&self, decider: Decider) {
        *lock(&self.decider) = decider;
    }

    /// What goes wrong at the next point, counted.
    pub(crate) fn mishap(&self, place: Place) -> Option<Mishap> {
        if self.apart.get().is_some() && self.merchant() != 0 {
            return None;
        }
        let number = self.points.fetch_add(1, Ordering::Relaxed);
        let worker = self.worker.load(Ordering::Relaxed);
        let mishap = (lock(&self.decider))(number, place, worker)?;
        let fits = match (&mishap, place) {
            (Mishap::Ledger(_), Place::Outside(..)) | (Mishap::Outside(_), Place::Ledger(_)) => false,
            (Mishap::Outside(Fault::LateArrival(_)), place) => place.is_write(),
            (Mishap::Outside(Fault::LookupLag(_)), Place::Outside(_, operation)) => {
                matches!(operation, Operation::CreateDraft | Operation::Book)
            }
            _ => true,
        };
        if !fits {
            return None;
        }
        lock(&self.hits).push((place, mishap.name()));
        self.note(|| format!("!! {} at {}", mishap.name(), place.name()));
        Some(mishap)
    }

    pub(crate) fn take_hits(&self) -> Vec<(Place, &'static str)> {
        std::mem::take(&mut *lock(&self.hits))
    }

    /// Writes a line of the trace, where one is kept.
    pub(crate) fn note(&self, line: impl FnOnce() -> String) {
        let mut trace = lock(&self.trace);
        let own = self.apart.get().and_then(|apart| apart.lines.get(self.merchant()));
        if trace.lines.is_none() && own.is_none() {
            return;
        }
        let line = format!("{} w{} {}", self.now_ms(), self.worker.load(Ordering::Relaxed), line());
        if let Some(own) = own {
            lock(own).push(line.clone());
        }
        if trace.lines.is_none() {
            return;
        }
        trace.hash.write(line.as_bytes());
        if let Some(lines) = &mut trace.lines {
            lines.push(line);
        }
    }

    pub(crate) fn trace_hash(&self) -> u64 {
        lock(&self.trace).hash.finish()
    }

    pub(crate) fn trace_lines(&self) -> Vec<String> {
        lock(&self.trace).lines.clone().unwrap_or_default()
    }

    /// Sleeps for so many milliseconds of virtual time.
    pub(crate) fn sleep(self: &Arc<Machine>, ms: i64) -> Sleep {
        Sleep { machine: Arc::clone(self), ms, until: None }
    }

    /// Ends the process that is polled: its future is dropped and never polled again.
    pub(crate) async fn crash(self: &Arc<Machine>) {
        self.crashed.store(true, Ordering::Relaxed);
        self.sleep(NEVER / 4).await;
    }
}

/// See [`Machine::sleep`].
pub(crate) struct Sleep {
    machine: Arc<Machine>,
    ms: i64,
    until: Option<i64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let sleep = self.get_mut();
        let now = sleep.machine.now_ms();
        // Every sleep yields once, also one of no length: other processes may run between any two calls.
        let until = match sleep.until {
            Some(until) if now >= until => return Poll::Ready(()),
            Some(until) => until,
            None => *sleep.until.insert(now + sleep.ms),
        };
        sleep.machine.wake.store(until, Ordering::Relaxed);
        Poll::Pending
    }
}

/// A process: one worker with one message.
pub(crate) struct Process<'a, T> {
    pub(crate) worker: usize,
    /// Place of the merchant that it works for.
    pub(crate) merchant: usize,
    pub(crate) wake: i64,
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
}

/// How a poll ended.
pub(crate) enum Polled<T> {
    Done(T),
    Crashed,
    Waits,
}

impl<'a, T> Process<'a, T> {
    pub(crate) fn new(
        machine: &Machine,
        worker: usize,
        merchant: usize,
        future: impl Future<Output = T> + 'a,
    ) -> Process<'a, T> {
        Process { worker, merchant, wake: machine.now_ms(), future: Box::pin(future) }
    }

    pub(crate) fn poll(&mut self, machine: &Machine) -> Polled<T> {
        machine.worker.store(self.worker, Ordering::Relaxed);
        machine.merchant.store(self.merchant, Ordering::Relaxed);
        machine.wake.store(NEVER, Ordering::Relaxed);
        let polled = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let crashed = machine.crashed.swap(false, Ordering::Relaxed);
        self.wake = machine.wake.load(Ordering::Relaxed);
        machine.merchant.store(NOBODY, Ordering::Relaxed);
        match polled {
            Poll::Ready(value) => Polled::Done(value),
            Poll::Pending if crashed => Polled::Crashed,
            Poll::Pending => Polled::Waits,
        }
    }
}

/// The clock as one worker sees it.
pub(crate) struct WorkerClock {
    pub(crate) machine: Arc<Machine>,
    pub(crate) worker: usize,
}

impl engine::Clock for WorkerClock {
    fn now(&self) -> Timestamp {
        let ms = self.machine.now_ms() + self.machine.skew_of(self.worker);
        Timestamp::from_millisecond(ms).expect("the time is in range")
    }
}
