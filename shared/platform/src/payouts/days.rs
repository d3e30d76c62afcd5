//! How far an acquirer that is listed day by day has been listed.
//!
//! A closed day is asked for again only to learn what is known. So it is remembered up to which day everything that was listed was taken in
//! before, and the hourly asking begins behind it. Once a day, and whenever a person asks, all days are listed anew: what an acquirer adds
//! to a closed day is found then, later by a day at most.

use domain::{ConnectionId, MerchantId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::platform::Platform;
use crate::table::{Reading, SCHEMA, json, key_of, number};

/// All days are listed anew after this time: less than a day by the hour that an asking may be late.
const WHOLE_AFTER: SignedDuration = SignedDuration::from_hours(23);

/// What is kept of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    /// The account that was listed: another one has days of its own.
    account: String,
    /// Up to and with this day everything is closed, and all that was listed is known.
    through: Option<Date>,
    /// When all days were last listed.
    whole_at: Option<Timestamp>,
}

/// One listing of an acquirer's days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedDays {
    before: Kept,
    now: Kept,
    /// The first day that is asked for.
    from: Date,
    whole: bool,
    /// The day behind those that are settled without a gap.
    next: Option<Date>,
}

impl ListedDays {
    /// What is to be listed of `from` and after, where this is kept; `whole`: all of it in any case.
    fn begin(kept: Option<Kept>, account: &str, from: Date, whole: bool, now: Timestamp) -> ListedDays {
        let before = kept.filter(|kept| kept.account == account).unwrap_or_default();
        let lately = before.whole_at.is_some_and(|at| now.duration_since(at) < WHOLE_AFTER);
        let whole = whole || !lately;
        let behind = before.through.and_then(|through| through.checked_add(1.day()).ok());
        let from = behind.filter(|_| !whole).map_or(from, |behind| behind.max(from));
        let now = Kept { account: account.to_owned(), ..before.clone() };
        ListedDays { before, now, from, whole, next: Some(from) }
    }

    /// Reads what is kept of a connection.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(super) async fn read(
        platform: &Platform,
        (merchant, connection): (&MerchantId, &ConnectionId),
        account: &str,
        (from, whole): (Date, bool),
        now: Timestamp,
    ) -> Result<ListedDays, PlatformError> {
        let item = platform.table.get(&Keys::of(merchant).listed_days(connection)).await?;
        let kept = item.map(|item| Reading::of(&item, SCHEMA)?.json("listed")).transpose()?;
        Ok(ListedDays::begin(kept, account, from, whole, now))
    }

    /// The first day that is asked for.
    pub(super) const fn from(&self) -> Date {
        self.from
    }

    /// A page was listed: `closed` is the day it is of, where it is one that is closed; `known` says that all it lists was taken in before.
    pub(super) fn listed(&mut self, closed: Option<Date>, known: bool) {
        let Some(day) = closed.filter(|day| known && Some(*day) == self.next) else {
            self.next = None;
            return;
        };
        self.now.through = self.now.through.max(Some(day));
        self.next = day.checked_add(1.day()).ok();
    }

    /// The list came to its end.
    pub(super) fn ended(&mut self, now: Timestamp) {
        if self.whole && self.now.through.is_some() {
            self.now.whole_at = Some(now);
        }
    }

    /// Keeps how far it came, where that is news. An acquirer that lists payouts, not days, leaves nothing.
    ///
    /// # Errors
    /// As DynamoDB says.
    pub(super) async fn keep(
        &self,
        platform: &Platform,
        (merchant, connection): (&MerchantId, &ConnectionId),
    ) -> Result<(), PlatformError> {
        if self.now == self.before || self.now.through.is_none() {
            return Ok(());
        }
        let mut item = key_of(&Keys::of(merchant).listed_days(connection));
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert("listed".to_owned(), json(&self.now)?);
        platform.table.put(item).await
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn day(day: i8) -> Date {
        date(2026, 11, day)
    }

    fn begun(kept: Option<&ListedDays>, hours: i64) -> ListedDays {
        ListedDays::begin(kept.map(|kept| kept.now.clone()), "ledger", day(13), false, at(hours))
    }

    /// Lists these days, each closed or not and known or not, to the end.
    fn list(mut days: ListedDays, pages: &[(i8, bool, bool)], hours: i64) -> ListedDays {
        for (number, closed, known) in pages {
            days.listed(Some(day(*number)).filter(|_| *closed), *known);
        }
        days.ended(at(hours));
        days
    }

    #[test]
    fn what_is_closed_and_known_is_not_asked_for_again_until_a_day_has_passed() {
        let first = list(begun(None, 0), &[(13, true, true), (14, true, false), (15, true, true)], 0);
        let second = begun(Some(&first), 1);
        assert_eq!(second.from(), day(14), "what was new is looked at once more");
        let second = list(second, &[(14, true, true), (15, true, true), (16, false, true)], 1);
        assert_eq!(begun(Some(&second), 22).from(), day(16));
        assert_eq!(begun(Some(&second), 23).from(), day(13), "all days are listed anew");
        let asked = ListedDays::begin(Some(second.now.clone()), "ledger", day(13), true, at(2));
        assert_eq!(asked.from(), day(13), "a person asks for all");
        // A listing that is broken off takes nothing back, and is not taken for a whole one.
        let mut broken = begun(Some(&second), 23);
        broken.listed(Some(day(13)), true);
        assert_eq!((broken.now.through, broken.now.whole_at), (Some(day(15)), Some(at(0))));
    }

    #[test]
    fn another_account_and_days_long_past_begin_anew() {
        let kept = list(begun(None, 0), &[(13, true, true)], 0).now;
        let other = ListedDays::begin(Some(kept.clone()), "another", day(13), false, at(1));
        assert_eq!((other.from(), other.now.through), (day(13), None));
        let later = ListedDays::begin(Some(kept), "ledger", day(20), false, at(1));
        assert_eq!(later.from(), day(20), "no further back than ever");
    }

    #[test]
    fn an_acquirer_that_lists_payouts_leaves_nothing() {
        let days = list(begun(None, 0), &[(13, false, true), (13, false, true)], 0);
        assert_eq!(days.now, Kept { account: "ledger".to_owned(), ..Kept::default() });
    }
}
