//! What the night does with old records: requests about persons that are due are carried out, old rows of the log move to
//! the bucket, and when the books' retention is over the personal part of what is left is erased.
//!
//! Nothing that guards money ever goes: heads, numbers, amounts, hashes stay, so nothing is ever booked twice. Each run goes
//! day by day from where the last one ended, under a claim on the merchant's record; days with transfers that were not at
//! rest are looked at again later. A run that is cut off anywhere is gone on with by the next minute of the night.

use std::collections::BTreeMap;
use std::fmt;

use domain::MerchantId;
use domain::settings::MerchantFile;
use engine::clock::Clock;
use engine::message::Message;
use engine::store::{ParkedDelivery, Store, StoreFailure};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::ledger::erasure::{Erasable, Personal, RETENTION};
use crate::ledger::{Ledger, Vaults, kept_until};
use crate::merchants::Merchants;
use crate::platform::Platform;
use crate::privacy::{Privacy, PrivacyKind, PrivacyRequest};
use crate::queue::read_message;
use crate::table::{Change, Item, Reading, SCHEMA, Table, Updated, json, number, text, time};

/// Days after which the rows of a day move to the bucket: most of what happens to an order is over.
pub const ARCHIVE_AFTER_DAYS: i64 = 90;
/// How far back the first run looks, in days: before that there was nothing to keep.
const FIRST_LOOK_DAYS: i64 = 400;
/// Days until a day is looked at again whose transfers were not all at rest.
const AGAIN_DAYS: i64 = 7;
/// How long a run may hold the merchant's record.
const CLAIM: SignedDuration = SignedDuration::from_secs(70);
/// A day is not begun with less time than this.
const LEAST: SignedDuration = SignedDuration::from_secs(5);

/// How far one of the tasks has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Course {
    /// All days up to this one were looked at.
    to: Option<Date>,
    /// Days that are to be looked at again, and when.
    again: BTreeMap<Date, Date>,
}

impl Course {
    fn read(reading: &Reading<'_>, name: &str) -> Result<Course, PlatformError> {
        Ok(Course {
            to: reading.json_if_any(&format!("{name}_to"))?,
            again: reading.json_if_any(&format!("{name}_again"))?.unwrap_or_default(),
        })
    }

    fn set(&self, change: &mut Change, name: &str) -> Result<(), PlatformError> {
        // A task that has not begun has no day: a night may end before it.
        if let Some(to) = self.to {
            change.set(&format!("{name}_to"), json(&to)?);
        }
        change.set(&format!("{name}_again"), json(&self.again)?);
        Ok(())
    }

    /// The next day to look at, up to `limit`: one that is to be looked at again, or the one after the last.
    fn next(&self, limit: Date, today: Date) -> Option<Date> {
        let again = self.again.iter().find(|(_, on)| **on <= today).map(|(day, _)| *day);
        let first = || limit.checked_sub(FIRST_LOOK_DAYS.days()).ok();
        let after = self.to.map_or_else(first, |to| to.tomorrow().ok());
        again.or_else(|| after.filter(|day| *day <= limit))
    }

    /// Notes that a day was looked at, and when it is to be looked at again if something was left.
    fn looked_at(&mut self, day: Date, again: Option<Date>) {
        self.to = Some(self.to.map_or(day, |to| to.max(day)));
        self.again.remove(&day);
        if let Some(on) = again {
            self.again.insert(day, on);
        }
    }
}

/// How far the tasks have come.
struct Courses {
    archive: Course,
    retention: Course,
    /// Of the files of payouts: each year's end is one day.
    payouts: Course,
    /// How far the files of the year in hand have come.
    files: FilesWalk,
}

/// Where the walk over the files of one year goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct FilesWalk {
    page: Option<String>,
    /// Some of those before are to be looked at again.
    later: bool,
}

impl Courses {
    fn read(item: &Item) -> Result<Courses, PlatformError> {
        let reading = Reading::of(item, SCHEMA)?;
        let course = |name| Course::read(&reading, name);
        Ok(Courses {
            archive: course("archive")?,
            retention: course("retention")?,
            payouts: course("payouts")?,
            files: reading.json_if_any("payout_files")?.unwrap_or_default(),
        })
    }
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Requests about persons that were looked at.
    pub requests: usize,
    /// Transfers whose rows moved to the bucket.
    pub archived: usize,
    /// Transfers, set-aside deliveries and files of payouts whose retention was over.
    pub erased: usize,
    /// The night's work is done.
    pub done: bool,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Round { requests, archived, erased, done } = self;
        write!(f, "{requests} requests, {archived} archived, {erased} past retention, done: {done}")
    }
}

/// One run for one merchant.
pub struct Night<'a> {
    /// The table.
    pub table: &'a Table,
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The merchants.
    pub merchants: &'a Merchants,
    /// The clock, by which the run ends in time.
    pub clock: &'a dyn Clock,
    /// When it must be over.
    pub deadline: Timestamp,
}

/// One run for a merchant in its night, with the platform of a process.
///
/// # Errors
/// As [`Night::run`].
pub async fn night(
    platform: &Platform,
    file: &MerchantFile,
    now: Timestamp,
    deadline: Timestamp,
) -> Result<Option<Round>, PlatformError> {
    let Platform { table, ledger, merchants, .. } = platform;
    let night = Night { table, ledger, merchants, clock: &SystemClock, deadline };
    night.run(&file.id, file.zone().to_datetime(now).date()).await
}

/// The last day whose records need not be kept any more today: the end of a financial year that ended more than five years
/// ago.
fn over_until(today: Date, financial_year_end: (i8, i8)) -> Option<Date> {
    let (month, last) = financial_year_end;
    (0..12).find_map(|years| {
        let year = today.year() - years;
        let end = Date::new(year, month, last).or_else(|_| Date::new(year, month, 28)).ok()?;
        (kept_until(end, financial_year_end) < today).then_some(end)
    })
}

impl Night<'_> {
    /// Does what is due; `None` when there is nothing, or another run is at it.
    ///
    /// # Errors
    /// As AWS says; the next minute of the night goes on.
    pub async fn run(&self, merchant: &MerchantId, today: Date) -> Result<Option<Round>, PlatformError> {
        let mut round = Round { requests: self.carry_out(merchant, today).await?, ..Round::default() };
        let Some(mut courses) = self.claim(merchant, today).await? else {
            return Ok((round.requests > 0).then_some(round));
        };
        let archived = self.archive(merchant, today, &mut courses.archive, &mut round).await;
        let erased = match archived {
            Ok(true) => self.retire(merchant, today, &mut courses, &mut round).await,
            other => other,
        };
        round.done = matches!(erased, Ok(true));
        self.note(merchant, today, &courses, round.done).await?;
        erased.map(|_| Some(round))
    }

    fn has_time(&self) -> bool {
        self.clock.now() + LEAST < self.deadline
    }

    async fn carry_out(&self, merchant: &MerchantId, today: Date) -> Result<usize, PlatformError> {
        let privacy = Privacy::new(self.table.clone(), self.ledger.clone());
        let mut looked_at = 0;
        for request in privacy.all(merchant).await?.iter().filter(|request| request.is_due(today)) {
            if !self.has_time() {
                break;
            }
            if request.kind == PrivacyKind::ShopErasure {
                self.empty_set_aside(request).await?;
            }
            privacy.carry_out(request, (self.clock.now(), today)).await?;
            looked_at += 1;
        }
        Ok(looked_at)
    }

    /// Forgets the bodies that were set aside of a shop whose customers are to be forgotten. What a queue gave up stays with the order that it
    /// is about; what was never understood is about nobody without its body.
    async fn empty_set_aside(&self, request: &PrivacyRequest) -> Result<(), PlatformError> {
        let merchant = &request.merchant;
        let record = self.merchants.merchant(merchant).await?;
        let of_shop = |delivery: &ParkedDelivery| {
            let connections = &record.record.file.connections;
            let own = connections.iter().find(|connection| connection.id == delivery.connection);
            own.is_some_and(|connection| connection.source.as_ref() == Some(&request.from))
        };
        let mut page: Option<String> = None;
        loop {
            let found =
                self.ledger.parked_deliveries(merchant, page.as_deref()).await.map_err(unavailable)?;
            for delivery in found.items.iter().filter(|one| one.at <= request.asked_at && of_shop(one)) {
                match (read_message(&delivery.message), delivery.queue) {
                    (Ok(message), _) if !message.body.is_empty() => {
                        let message = Message { body: String::new(), ..message };
                        let message = serde_json::to_string(&message).map_err(|_| {
                            PlatformError::Unreadable("a message has no JSON form".to_owned())
                        })?;
                        self.ledger.replace_delivery(&ParkedDelivery { message, ..delivery.clone() }).await?;
                    }
                    (Err(_), None) if !delivery.message.is_empty() => {
                        self.ledger.forget_delivery(merchant, &delivery.body_hash).await?;
                    }
                    _ => {}
                }
            }
            page = found.next;
            if page.is_none() || !self.has_time() {
                return Ok(());
            }
        }
    }

    /// Takes the merchant's record for this run, unless the night's work is done or another run has it.
    async fn claim(&self, merchant: &MerchantId, today: Date) -> Result<Option<Courses>, PlatformError> {
        let now = self.clock.now();
        let mut change = Change::new();
        let (until, now_value) = (change.name("claimed_until"), change.value(time(now)));
        let (done, today) = (change.name("done_on"), change.value(text(today.to_string())));
        change.only_if(format!("attribute_not_exists({until}) OR {until} <= {now_value}"));
        change.only_if(format!("attribute_not_exists({done}) OR {done} <> {today}"));
        change.set("schema", number(SCHEMA)).set("claimed_until", time(now + CLAIM));
        match self.table.update(&Keys::of(merchant).retention(), change).await? {
            Updated::Applied(item) => Ok(Some(Courses::read(&item)?)),
            Updated::Refused(_) => Ok(None),
        }
    }

    /// Writes down where the tasks stand, and gives the claim back.
    async fn note(
        &self,
        merchant: &MerchantId,
        today: Date,
        courses: &Courses,
        done: bool,
    ) -> Result<(), PlatformError> {
        let mut change = Change::new();
        courses.archive.set(&mut change, "archive")?;
        courses.retention.set(&mut change, "retention")?;
        courses.payouts.set(&mut change, "payouts")?;
        change.set("payout_files", json(&courses.files)?);
        change.remove("claimed_until");
        if done {
            change.set("done_on", text(today.to_string()));
        }
        self.table.update(&Keys::of(merchant).retention(), change).await.map(|_| ())
    }

    /// Moves old rows; `true` when no day is left for tonight.
    async fn archive(
        &self,
        merchant: &MerchantId,
        today: Date,
        course: &mut Course,
        round: &mut Round,
    ) -> Result<bool, PlatformError> {
        let limit = today.checked_sub(ARCHIVE_AFTER_DAYS.days()).unwrap_or(Date::MIN);
        while let Some(day) = course.next(limit, today) {
            if !self.has_time() {
                return Ok(false);
            }
            let done = self.ledger.archive_day(merchant, day, self.clock.now()).await?;
            round.archived += done.transfers;
            course.looked_at(day, (done.left > 0).then(|| later(today)));
        }
        Ok(true)
    }

    /// Erases what need not be kept any more; `true` when no day is left for tonight.
    async fn retire(
        &self,
        merchant: &MerchantId,
        today: Date,
        courses: &mut Courses,
        round: &mut Round,
    ) -> Result<bool, PlatformError> {
        let vault = self.merchants.vault(merchant).await?;
        let Some(limit) = over_until(today, vault.financial_year_end) else { return Ok(true) };
        let course = &mut courses.retention;
        while let Some(day) = course.next(limit, today) {
            if !self.has_time() {
                return Ok(false);
            }
            let found = self.ledger.of_day(merchant, day, self.clock.now()).await?;
            let again = self.retire_all(found, today, round).await?;
            course.looked_at(day, again);
        }
        // What was never read stands on no day.
        let undated = self.ledger.in_need(merchant, self.clock.now()).await?;
        let undated = undated.into_iter().filter(|one| one.day.is_none()).collect();
        self.retire_all(undated, today, round).await?;
        self.retire_deliveries(merchant, limit, round).await?;
        self.retire_payout_files(merchant, (limit, today), courses, round).await
    }

    /// Erases what acquirers wrote of payouts whose time is over: once a year, and again where something was not at rest. A night goes on
    /// where the last one had no time any more. `true` when no file is left for tonight.
    async fn retire_payout_files(
        &self,
        merchant: &MerchantId,
        (limit, today): (Date, Date),
        courses: &mut Courses,
        round: &mut Round,
    ) -> Result<bool, PlatformError> {
        let Courses { payouts: course, files, .. } = courses;
        let again = course.again.values().any(|on| *on <= today);
        if course.to.is_some_and(|to| limit <= to) && !again {
            return Ok(true);
        }
        // What came until the last year's end was all looked at, unless some of it is to be looked at again.
        let after = course.to.filter(|_| course.again.is_empty());
        let known = self.merchants.merchant(merchant).await?;
        let flows: Vec<String> = known.record.file.payouts.iter().map(|flow| flow.name.clone()).collect();
        loop {
            if !self.has_time() {
                return Ok(false);
            }
            let (days, now, page) = ((after, limit), self.clock.now(), files.page.as_deref());
            let done = self.ledger.erase_payout_files((merchant, &flows), days, now, page).await?;
            round.erased += done.count;
            *files = FilesWalk { page: done.next, later: files.later || done.later };
            if files.page.is_none() {
                break;
            }
        }
        course.again.clear();
        let some_later = std::mem::take(files).later;
        course.looked_at(limit, some_later.then(|| later(today)));
        Ok(true)
    }

    /// Erases those whose time is over; when the others are to be looked at again.
    async fn retire_all(
        &self,
        found: Vec<Personal>,
        today: Date,
        round: &mut Round,
    ) -> Result<Option<Date>, PlatformError> {
        let mut again: Option<Date> = None;
        for one in &found {
            if one.erasable == Erasable::Erased {
                continue;
            }
            let until = self.ledger.kept(one).await?;
            let mut next = until.tomorrow().unwrap_or(Date::MAX);
            if today > until {
                let erasable = one.erasable != Erasable::InHand;
                if erasable && self.ledger.erase(one, RETENTION, self.clock.now()).await? {
                    round.erased += 1;
                    continue;
                }
                next = later(today);
            }
            again = Some(again.map_or(next, |known| known.min(next)));
        }
        Ok(again)
    }

    /// Deliveries that nobody took further in all that time.
    async fn retire_deliveries(
        &self,
        merchant: &MerchantId,
        limit: Date,
        round: &mut Round,
    ) -> Result<(), PlatformError> {
        let mut page: Option<String> = None;
        loop {
            let found =
                self.ledger.parked_deliveries(merchant, page.as_deref()).await.map_err(unavailable)?;
            for delivery in &found.items {
                if jiff::tz::Offset::UTC.to_datetime(delivery.at).date() <= limit {
                    self.ledger.forget_delivery(merchant, &delivery.body_hash).await?;
                    round.erased += 1;
                }
            }
            page = found.next;
            if page.is_none() || !self.has_time() {
                return Ok(());
            }
        }
    }
}

fn unavailable(failure: StoreFailure) -> PlatformError {
    PlatformError::Unavailable { service: "dynamodb", message: failure.to_string() }
}

fn later(today: Date) -> Date {
    today.checked_add(AGAIN_DAYS.days()).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_years_records_may_go_when_five_years_after_its_end_are_over() {
        for (today, year_end, over) in [
            (date(2026, 11, 26), (12, 31), date(2020, 12, 31)),
            (date(2025, 12, 31), (12, 31), date(2019, 12, 31)),
            (date(2026, 1, 1), (12, 31), date(2020, 12, 31)),
            (date(2026, 6, 30), (6, 30), date(2020, 6, 30)),
            (date(2026, 7, 1), (6, 30), date(2021, 6, 30)),
        ] {
            assert_eq!(over_until(today, year_end), Some(over), "{today} {year_end:?}");
        }
    }

    #[test]
    fn days_are_looked_at_in_order_and_those_with_something_left_again() {
        let (limit, today) = (date(2026, 8, 10), date(2026, 11, 8));
        let mut course = Course { to: Some(date(2026, 8, 8)), ..Course::default() };
        assert_eq!(course.next(limit, today), Some(date(2026, 8, 9)));
        course.looked_at(date(2026, 8, 9), Some(date(2026, 11, 15)));
        assert_eq!(course.next(limit, today), Some(date(2026, 8, 10)));
        course.looked_at(date(2026, 8, 10), None);
        assert_eq!(course.next(limit, today), None);
        let week = date(2026, 11, 15);
        assert_eq!(course.next(limit, week), Some(date(2026, 8, 9)));
        course.looked_at(date(2026, 8, 9), None);
        assert_eq!(course.next(limit, week), None);
        assert_eq!(course.to, Some(limit));
    }

    #[test]
    fn the_first_run_begins_where_there_can_have_been_something() {
        let course = Course::default();
        assert_eq!(course.next(date(2026, 8, 10), date(2026, 11, 8)), Some(date(2025, 7, 6)));
    }
}
