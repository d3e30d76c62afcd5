//! A store in memory with the exact rules of the ledger: the simulator's store, and the plainest reading of [`Store`].
//!
//! It passes the same checks ([`crate::conformance`]) as the store on the table. Failures can be injected before or after
//! a write is applied, and the whole state can be copied and put back, which is how a restore from backup is simulated.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{ConnectionId, EffectKey, MerchantId, TransferId};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::log::{LogEntry, Trace, chain};
use crate::store::{
    Advance, Claim, Claimed, Conclusion, Cursor, Due, Head, Hold, LEDGER_SCHEMA, Page, ParkedDelivery, Pause,
    PauseScope, PlanPointer, PlanStoring, Pointer, Status, Store, StoreFailure, StoredPlan, due_shard,
};

/// Writes of one transaction, at most.
const TRANSACTION: usize = 100;

/// What is to happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It works.
    Works,
    /// It fails and nothing is applied.
    FailsBefore,
    /// It is applied and its answer is lost.
    FailsAfter,
}

/// Decides the fate of each call by the name of its method.
pub type Faults = Box<dyn FnMut(&'static str) -> Fate + Send>;

/// A lock on a shared effect.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lock {
    holder: TransferId,
    free_from: Option<Timestamp>,
}

/// A log row as stored, with its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    entry: LogEntry,
    public: String,
    personal: String,
    hash: String,
}

/// Everything stored; can be copied and put back.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    heads: BTreeMap<TransferId, Head>,
    plans: BTreeMap<(TransferId, u32), StoredPlan>,
    rows: BTreeMap<TransferId, BTreeMap<String, Row>>,
    locks: BTreeMap<(MerchantId, EffectKey), Lock>,
    pointers: BTreeMap<(MerchantId, Pointer), Vec<TransferId>>,
    pauses: BTreeMap<PauseScope, Pause>,
    cursors: BTreeMap<(MerchantId, ConnectionId), Cursor>,
    deliveries: BTreeMap<(MerchantId, String), ParkedDelivery>,
}

/// A store in memory.
pub struct MemoryStore {
    contents: Mutex<Contents>,
    faults: Mutex<Faults>,
    page_size: usize,
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new()
    }
}

impl MemoryStore {
    /// An empty store whose calls all work.
    pub fn new() -> MemoryStore {
        MemoryStore::with_faults(Box::new(|_| Fate::Works))
    }

    /// An empty store whose calls fare as `faults` says.
    pub fn with_faults(faults: Faults) -> MemoryStore {
        MemoryStore { contents: Mutex::new(Contents::default()), faults: Mutex::new(faults), page_size: 50 }
    }

    /// A copy of everything stored: a backup.
    pub fn backup(&self) -> Contents {
        self.contents().clone()
    }

    /// Puts a backup back; everything since is forgotten.
    pub fn restore(&self, backup: Contents) {
        *self.contents() = backup;
    }

    /// All heads, for checks after a run.
    pub fn heads(&self) -> Vec<Head> {
        self.contents().heads.values().cloned().collect()
    }

    /// When the next transfer is due, for a simulation that moves its clock there.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.contents().heads.values().filter_map(|head| head.due_at).min()
    }

    /// All stored plans of a transfer in order, for checks after a run.
    pub fn plans(&self, transfer: &TransferId) -> Vec<StoredPlan> {
        let contents = self.contents();
        contents.plans.iter().filter(|((of, _), _)| of == transfer).map(|(_, plan)| plan.clone()).collect()
    }

    /// The stored texts of a transfer's log rows, public and personal, for checks after a run.
    pub fn log_texts(&self, transfer: &TransferId) -> Vec<(String, String)> {
        let contents = self.contents();
        let rows = contents.rows.get(transfer).into_iter().flat_map(BTreeMap::values);
        rows.map(|row| (row.public.clone(), row.personal.clone())).collect()
    }

    /// Index of the first log row of a transfer that breaks the chain, for checks after a run.
    pub fn log_broken_at(&self, transfer: &TransferId) -> Option<usize> {
        self.contents().broken_at(transfer)
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one call under its fate.
    fn call<T>(
        &self,
        name: &'static str,
        action: impl FnOnce(&mut Contents) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        let fate = (self.faults.lock().unwrap_or_else(PoisonError::into_inner))(name);
        if fate == Fate::FailsBefore {
            return Err(StoreFailure::Unavailable(format!("{name}: not applied")));
        }
        let outcome = action(&mut self.contents());
        if fate == Fate::FailsAfter {
            return Err(StoreFailure::Unavailable(format!("{name}: answer lost")));
        }
        outcome
    }
}

impl Contents {
    fn known(head: &Head) -> Result<(), StoreFailure> {
        if head.schema == LEDGER_SCHEMA { Ok(()) } else { Err(StoreFailure::UnknownSchema(head.schema)) }
    }

    fn held(&mut self, hold: &Hold) -> Result<&mut Head, StoreFailure> {
        let head = self.heads.get_mut(&hold.transfer).ok_or(StoreFailure::Fenced)?;
        Contents::known(head)?;
        if head.fence == hold.fence && head.claim == hold.token {
            Ok(head)
        } else {
            Err(StoreFailure::Fenced)
        }
    }

    fn claim(&mut self, claim: &Claim) -> Result<Claimed, StoreFailure> {
        let Some(head) = self.heads.get_mut(&claim.transfer) else {
            let head = Head::first(claim);
            self.heads.insert(claim.transfer.clone(), head.clone());
            return Ok(Claimed::Taken(head));
        };
        Contents::known(head)?;
        if head.claim == claim.token {
            return Ok(Claimed::Taken(head.clone()));
        }
        if head.is_leased(claim.now) {
            return Ok(Claimed::Leased(head.clone()));
        }
        let same = head.applied.as_ref().is_some_and(|applied| applied.body_hash == claim.body_hash);
        if head.status.is_settled() && same && !claim.body_hash.is_empty() {
            return Ok(Claimed::Duplicate(head.clone()));
        }
        let later = head.due_at.is_some_and(|due| due > claim.now);
        if matches!(head.status, Status::Waiting { .. }) && later && !claim.early {
            return Ok(Claimed::Deferred(head.clone()));
        }
        head.fence += 1;
        head.claim.clone_from(&claim.token);
        head.lease_until = Some(claim.lease_until);
        head.claimed_hash.clone_from(&claim.body_hash);
        head.connection = claim.connection.clone();
        head.again = false;
        head.attempts += 1;
        head.due_at = Some(claim.lease_until);
        head.updated_at = claim.now;
        Ok(Claimed::Taken(head.clone()))
    }

    fn store_plan(&mut self, storing: &PlanStoring) -> Result<String, StoreFailure> {
        let transfer = &storing.hold.transfer;
        self.held(&storing.hold)?;
        for key in &storing.locks {
            let place = (transfer.merchant.clone(), key.clone());
            let taken = self.locks.get(&place).is_some_and(|lock| {
                lock.holder != *transfer && lock.free_from.is_none_or(|from| from > storing.hold.now)
            });
            if taken {
                return Err(StoreFailure::Locked(key.to_string()));
            }
        }
        for key in &storing.locks {
            let lock = Lock { holder: transfer.clone(), free_from: None };
            self.locks.insert((transfer.merchant.clone(), key.clone()), lock);
        }
        let tail = self.add_row(transfer, &storing.log, &storing.log_tail);
        self.plans.insert((transfer.clone(), storing.plan.ordinal), storing.plan.clone());
        let head = self.held(&storing.hold)?;
        head.plan =
            Some(PlanPointer { ordinal: storing.plan.ordinal, hash: storing.plan.hash.clone(), open: true });
        head.progress = storing.progress.clone();
        head.settings_version = storing.settings_version;
        head.order_number.clone_from(&storing.order_number);
        head.total = Some(storing.total);
        head.day = Some(storing.day);
        head.warnings.clone_from(&storing.warnings);
        head.locks.clone_from(&storing.locks);
        head.lease_until = Some(storing.lease_until);
        head.due_at = Some(storing.lease_until);
        head.log_tail.clone_from(&tail);
        head.updated_at = storing.hold.now;
        Ok(tail)
    }

    fn conclude(&mut self, conclusion: &Conclusion) -> Result<String, StoreFailure> {
        let transfer = &conclusion.hold.transfer;
        let head = self.held(&conclusion.hold)?;
        if head.again && !conclusion.despite_word {
            return Err(StoreFailure::Again);
        }
        let tail = match &conclusion.log {
            Some(row) => self.add_row(transfer, row, &conclusion.log_tail),
            None => conclusion.log_tail.clone(),
        };
        for (key, from) in &conclusion.releases {
            if let Some(lock) = self.locks.get_mut(&(transfer.merchant.clone(), key.clone()))
                && lock.holder == *transfer
            {
                lock.free_from = Some(*from);
            }
        }
        for pointer in &conclusion.pointers {
            let place = (transfer.merchant.clone(), pointer.clone());
            let found = self.pointers.entry(place).or_default();
            if !found.contains(transfer) {
                found.push(transfer.clone());
            }
        }
        self.held(&conclusion.hold)?.conclude(conclusion, &tail);
        Ok(tail)
    }

    /// Writes a row in its place (a repeat overwrites itself) and returns its hash.
    fn add_row(&mut self, transfer: &TransferId, entry: &LogEntry, previous: &str) -> String {
        let (public, personal) = (entry.public_text(), entry.personal_text());
        let hash = chain(previous, &public, personal.as_bytes());
        let row = Row { entry: entry.clone(), public, personal, hash: hash.clone() };
        self.rows.entry(transfer.clone()).or_default().insert(entry.row_key(), row);
        hash
    }

    fn trace(&self, transfer: &TransferId) -> Trace {
        let rows = self.rows.get(transfer).into_iter().flat_map(BTreeMap::values);
        Trace { rows: rows.map(|row| row.entry.clone()).collect(), broken_at: self.broken_at(transfer) }
    }

    fn broken_at(&self, transfer: &TransferId) -> Option<usize> {
        let mut previous = "";
        let mut count = 0;
        for row in self.rows.get(transfer).into_iter().flat_map(BTreeMap::values) {
            if chain(previous, &row.public, row.personal.as_bytes()) != row.hash {
                return Some(count);
            }
            previous = &row.hash;
            count += 1;
        }
        let led_to = self.heads.get(transfer).is_none_or(|head| head.log_tail == previous);
        (!led_to).then(|| count.saturating_sub(1))
    }
}

/// One page of what matches; the place to go on is the number of items passed.
fn page_of<T: Clone>(all: Vec<T>, page: Option<&str>, size: usize) -> Page<T> {
    let start = page.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let next = (all.len() > start + size).then(|| (start + size).to_string());
    Page { items: all.into_iter().skip(start).take(size).collect(), next }
}

#[async_trait]
impl Store for MemoryStore {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreFailure> {
        self.call("claim", |contents| contents.claim(claim))
    }

    async fn leave_word(&self, transfer: &TransferId, fence: u64) -> Result<bool, StoreFailure> {
        self.call("leave-word", |contents| {
            Ok(contents.heads.get_mut(transfer).is_some_and(|head| {
                let theirs = head.fence == fence && head.lease_until.is_some();
                head.again |= theirs;
                theirs
            }))
        })
    }

    async fn store_plan(&self, storing: &PlanStoring) -> Result<String, StoreFailure> {
        self.call("store-plan", |contents| {
            // The table writes all of it in one transaction.
            if storing.locks.len() + 2 > TRANSACTION {
                return Err(StoreFailure::Unavailable(
                    "more writes than a transaction has room for".to_owned(),
                ));
            }
            contents.store_plan(storing)
        })
    }

    async fn advance(&self, advance: &Advance) -> Result<(), StoreFailure> {
        self.call("advance", |contents| {
            let head = contents.held(&advance.hold)?;
            head.progress = advance.progress.clone();
            head.lease_until = Some(advance.lease_until);
            head.due_at = Some(advance.lease_until);
            head.updated_at = advance.hold.now;
            Ok(())
        })
    }

    async fn conclude(&self, conclusion: &Conclusion) -> Result<String, StoreFailure> {
        self.call("conclude", |contents| contents.conclude(conclusion))
    }

    async fn head(&self, transfer: &TransferId) -> Result<Option<Head>, StoreFailure> {
        self.call("head", |contents| {
            let head = contents.heads.get(transfer).cloned();
            head.as_ref().map(Contents::known).transpose()?;
            Ok(head)
        })
    }

    async fn load_plan(
        &self,
        transfer: &TransferId,
        ordinal: u32,
    ) -> Result<Option<StoredPlan>, StoreFailure> {
        self.call("load-plan", |contents| {
            let plan = contents.plans.get(&(transfer.clone(), ordinal)).cloned();
            match plan {
                Some(plan) if plan.schema != LEDGER_SCHEMA => Err(StoreFailure::UnknownSchema(plan.schema)),
                plan => Ok(plan),
            }
        })
    }

    async fn log(&self, transfer: &TransferId) -> Result<Trace, StoreFailure> {
        self.call("log", |contents| Ok(contents.trace(transfer)))
    }

    async fn due(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
        page: Option<&str>,
    ) -> Result<Page<Due>, StoreFailure> {
        self.call("due", |contents| {
            let mut due: Vec<Due> = contents
                .heads
                .values()
                .filter(|head| due_shard(&head.transfer) == shard)
                .filter_map(|head| {
                    let due_at = head.due_at.filter(|due_at| *due_at <= now)?;
                    Some(Due {
                        transfer: head.transfer.clone(),
                        connection: head.connection.clone(),
                        due_at,
                        fence: head.fence,
                    })
                })
                .collect();
            // The place is the last one of the page before: what went off the list meanwhile does not shift it.
            let place = |due: &Due| format!("{:020} {}", due.due_at.as_millisecond(), due.transfer);
            due.sort_by_key(place);
            due.retain(|due| page.is_none_or(|page| place(due).as_str() > page));
            let more = due.len() > limit;
            due.truncate(limit);
            let next = due.last().filter(|_| more).map(place);
            Ok(Page { items: due, next })
        })
    }

    async fn attention(&self, merchant: &MerchantId, page: Option<&str>) -> Result<Page<Head>, StoreFailure> {
        self.call("attention", |contents| {
            let of = |head: &&Head| head.transfer.merchant == *merchant && head.status.needs_attention();
            Ok(page_of(contents.heads.values().filter(of).cloned().collect(), page, self.page_size))
        })
    }

    async fn day(
        &self,
        merchant: &MerchantId,
        day: Date,
        page: Option<&str>,
    ) -> Result<Page<Head>, StoreFailure> {
        self.call("day", |contents| {
            let of = |head: &&Head| head.transfer.merchant == *merchant && head.day == Some(day);
            Ok(page_of(contents.heads.values().filter(of).cloned().collect(), page, self.page_size))
        })
    }

    async fn find(&self, merchant: &MerchantId, pointer: &Pointer) -> Result<Vec<TransferId>, StoreFailure> {
        self.call("find", |contents| {
            let place = (merchant.clone(), pointer.clone());
            Ok(contents.pointers.get(&place).cloned().unwrap_or_default())
        })
    }

    async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure> {
        self.call("pause", |contents| {
            contents.pauses.entry(pause.scope.clone()).or_insert_with(|| pause.clone());
            Ok(())
        })
    }

    async fn lift(&self, scope: &PauseScope) -> Result<(), StoreFailure> {
        self.call("lift", |contents| {
            contents.pauses.remove(scope);
            Ok(())
        })
    }

    async fn pauses(&self, merchant: &MerchantId) -> Result<Vec<Pause>, StoreFailure> {
        self.call("pauses", |contents| {
            let covers = |pause: &&Pause| match &pause.scope {
                PauseScope::Everything => true,
                PauseScope::Merchant { merchant: of } | PauseScope::Connection { merchant: of, .. } => {
                    of == merchant
                }
            };
            Ok(contents.pauses.values().filter(covers).cloned().collect())
        })
    }

    async fn cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<Cursor>, StoreFailure> {
        self.call("cursor", |contents| {
            Ok(contents.cursors.get(&(merchant.clone(), connection.clone())).cloned())
        })
    }

    async fn move_cursor(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        cursor: &Cursor,
    ) -> Result<(), StoreFailure> {
        self.call("move-cursor", |contents| {
            let place = (merchant.clone(), connection.clone());
            let stored = contents.cursors.get(&place);
            let version = stored.map_or(0, |stored| stored.version);
            if cursor.version != version + 1 && stored != Some(cursor) {
                return Err(StoreFailure::Conflict);
            }
            contents.cursors.insert(place, cursor.clone());
            Ok(())
        })
    }

    async fn park_delivery(&self, delivery: &ParkedDelivery) -> Result<(), StoreFailure> {
        self.call("park-delivery", |contents| {
            let place = (delivery.merchant.clone(), delivery.body_hash.clone());
            contents.deliveries.entry(place).or_insert_with(|| delivery.clone());
            Ok(())
        })
    }

    async fn parked_deliveries(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<ParkedDelivery>, StoreFailure> {
        self.call("parked-deliveries", |contents| {
            let of = |delivery: &&ParkedDelivery| delivery.merchant == *merchant;
            Ok(page_of(contents.deliveries.values().filter(of).cloned().collect(), page, self.page_size))
        })
    }
}
