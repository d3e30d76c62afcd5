//! The calls that fair use allows one connection in a day, counted over all processes.
//!
//! Every process counts its own calls and adds them to the connection's item now and then, in one write that also tells what
//! all of them have used; so a lone order costs no call of its own, and a process that dies takes at most one portion with
//! it. Live orders may use nearly all of the day, sweeps and backfills stop well before: what they leave is kept for what comes
//! in. When a share is used up calls are put off until the next day begins, and nothing is sent meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::Failure;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::failure::PlatformError;
use crate::keys::ItemKey;
use crate::table::{Change, Item, Reading, SCHEMA, Table, Updated, number, text};
use crate::transport::Traffic;

/// Calls of one process after which they are added to the day's count.
pub const PORTION: u64 = 250;
/// Hundredths of the day's calls that live traffic may use: the rest is for people and for what is not counted.
const LIVE_HUNDREDTHS: u64 = 95;
/// Hundredths that sweeps, comparisons, retries and backfills may use.
const BACKGROUND_HUNDREDTHS: u64 = 60;
/// Rounds in which the item is written when others write it at the same time.
const ROUNDS: usize = 4;

/// Where the day's calls of all processes are added up.
#[async_trait]
pub trait DayAccount: Send + Sync {
    /// Adds calls to a day; returns the day's calls of all processes.
    ///
    /// # Errors
    /// When the account cannot be reached.
    async fn add(&self, day: Date, calls: u64) -> Result<u64, PlatformError>;
}

/// What this process knows of a connection's day.
pub struct DayQuota {
    account: Arc<dyn DayAccount>,
    limit: u64,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    day: Date,
    /// The day's calls when they were last told, those of this process included.
    told: u64,
    /// Calls of this process since.
    since: u64,
}

impl DayQuota {
    /// The quota of a connection that may make so many calls a day.
    pub fn new(limit: u32, account: Arc<dyn DayAccount>) -> DayQuota {
        DayQuota { account, limit: u64::from(limit), known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one call of the day.
    ///
    /// # Errors
    /// `Busy` until the next day, when the share of this traffic is used up.
    pub async fn take(&self, traffic: Traffic, now: Timestamp) -> Result<(), Failure> {
        let day = TimeZone::UTC.to_datetime(now).date();
        let Some(portion) = self.count(traffic, day, now)? else { return Ok(()) };
        let told = self.account.add(day, portion).await;
        let mut known = self.known();
        if known.day == day {
            match told {
                Ok(told) => known.told = known.told.max(told),
                // It is added with the next portion.
                Err(_) => {
                    known.told = known.told.saturating_sub(portion);
                    known.since += portion;
                }
            }
        }
        Ok(())
    }

    /// Counts one call; returns the portion that is to be added to the account now.
    fn count(&self, traffic: Traffic, day: Date, now: Timestamp) -> Result<Option<u64>, Failure> {
        let hundredths = match traffic {
            Traffic::Live => LIVE_HUNDREDTHS,
            Traffic::Background => BACKGROUND_HUNDREDTHS,
        };
        let mut known = self.known();
        if known.day != day {
            *known = Known { day, ..Known::default() };
        }
        if known.told + known.since >= self.limit * hundredths / 100 {
            return Err(Failure::Busy {
                retry_after_ms: Some(until_next_day(day, now)),
                message: "the day's calls to this system are nearly used up".to_owned(),
            });
        }
        known.since += 1;
        if known.since < PORTION {
            return Ok(None);
        }
        let portion = std::mem::take(&mut known.since);
        known.told += portion;
        Ok(Some(portion))
    }
}

/// Milliseconds until the next day begins; days of this account are those of UTC.
fn until_next_day(day: Date, now: Timestamp) -> u64 {
    let begins = day.tomorrow().ok().and_then(|next| TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok());
    let left = begins.map(|begins| begins.as_millisecond() - now.as_millisecond());
    left.and_then(|left| u64::try_from(left).ok()).unwrap_or(3_600_000).max(1_000)
}

/// The account in the table: one item for each connection, which begins anew with each day.
pub struct TableAccount {
    table: Table,
    key: ItemKey,
}

impl TableAccount {
    /// The account in this item.
    pub fn new(table: Table, key: ItemKey) -> TableAccount {
        TableAccount { table, key }
    }

    fn calls(item: &Item) -> Result<u64, PlatformError> {
        Reading::of(item, SCHEMA)?.number("calls")
    }
}

#[async_trait]
impl DayAccount for TableAccount {
    async fn add(&self, day: Date, calls: u64) -> Result<u64, PlatformError> {
        let today = day.to_string();
        for _ in 0..ROUNDS {
            let mut more = Change::new();
            more.add("calls", calls).only_if_equal("quota_day", text(&today));
            if let Updated::Applied(item) = self.table.update(&self.key, more).await? {
                return TableAccount::calls(&item);
            }
            let mut first = Change::new();
            let (name, value) = (first.name("quota_day"), first.value(text(&today)));
            first
                .set("schema", number(SCHEMA))
                .set("quota_day", text(&today))
                .set("calls", number(calls))
                .only_if(format!("attribute_not_exists({name}) OR {name} < {value}"));
            match self.table.update(&self.key, first).await? {
                Updated::Applied(item) => return TableAccount::calls(&item),
                // A clock that is ahead began the next day: what is added to a day gone by is of no use to anybody.
                Updated::Refused(item) if Reading::of(&item, SCHEMA)?.text("quota_day")? > today.as_str() => {
                    return Ok(calls);
                }
                Updated::Refused(_) => {}
            }
        }
        Err(PlatformError::Conflict("the day's calls".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An account that any number of quotas share.
    #[derive(Default)]
    struct Shared(Mutex<std::collections::BTreeMap<Date, u64>>, std::sync::atomic::AtomicBool);

    #[async_trait]
    impl DayAccount for Shared {
        async fn add(&self, day: Date, calls: u64) -> Result<u64, PlatformError> {
            if self.1.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(PlatformError::Conflict("down".to_owned()));
            }
            let mut days = self.0.lock().expect("no test panicked");
            let total = days.entry(day).or_default();
            *total += calls;
            Ok(*total)
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// How many calls go through before they are put off, and for how long.
    fn calls(quota: &DayQuota, traffic: Traffic, now: Timestamp) -> (u64, Option<u64>) {
        for count in 0..1_000_000 {
            match futures::executor::block_on(quota.take(traffic, now)) {
                Ok(()) => {}
                Err(Failure::Busy { retry_after_ms, .. }) => return (count, retry_after_ms),
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("no end")
    }

    #[test]
    fn background_stops_first_and_live_goes_on_until_the_day_is_nearly_spent() {
        let quota = DayQuota::new(50_000, Arc::new(Shared::default()));
        let now = at("2026-11-20T22:00:00Z");
        let two_hours = Some(2 * 3_600_000);
        assert_eq!(calls(&quota, Traffic::Background, now), (30_000, two_hours));
        assert_eq!(calls(&quota, Traffic::Background, now), (0, two_hours), "nothing is sent meanwhile");
        assert_eq!(calls(&quota, Traffic::Live, now), (17_500, two_hours), "its share was kept");
        assert_eq!(calls(&quota, Traffic::Live, at("2026-11-20T23:59:59.5Z")), (0, Some(1_000)));
        let next = at("2026-11-21T00:00:00Z");
        assert_eq!(calls(&quota, Traffic::Background, next).0, 30_000, "a new day, a new quota");
    }

    #[test]
    fn processes_know_of_each_others_calls_by_portions() {
        let account = Arc::new(Shared::default());
        let now = at("2026-11-20T10:00:00Z");
        let quota = || DayQuota::new(50_000, Arc::clone(&account) as Arc<dyn DayAccount>);
        let (one, other) = (quota(), quota());
        assert_eq!(calls(&one, Traffic::Live, now).0, 47_500);
        let further = calls(&other, Traffic::Live, now).0;
        assert!(further <= PORTION, "another process made {further} more calls");
        let third = calls(&quota(), Traffic::Background, now).0;
        assert!(third <= PORTION, "a third made {third}");
    }

    #[test]
    fn an_account_that_cannot_be_reached_is_told_later() {
        let account = Arc::new(Shared::default());
        let now = at("2026-11-20T10:00:00Z");
        let quota = DayQuota::new(10_000, Arc::clone(&account) as Arc<dyn DayAccount>);
        account.1.store(true, std::sync::atomic::Ordering::Relaxed);
        for _ in 0..PORTION * 2 {
            futures::executor::block_on(quota.take(Traffic::Live, now)).expect("there is enough");
        }
        account.1.store(false, std::sync::atomic::Ordering::Relaxed);
        futures::executor::block_on(quota.take(Traffic::Live, now)).expect("there is enough");
        let day = jiff::civil::date(2026, 11, 20);
        assert_eq!(account.0.lock().expect("no test panicked").get(&day), Some(&(PORTION * 2 + 1)));
        assert_eq!(calls(&quota, Traffic::Live, now).0, 9_500 - PORTION * 2 - 1, "none is counted twice");
    }
}
