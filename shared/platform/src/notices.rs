//! Who is told what, and when: reports are made from recorded state, under a conditional claim.
//!
//! A report's number and period are recorded before it is sent, and that it was sent is recorded after. A run that dies
//! between the two is repeated by a later one with the same number and the same period, and with what stands then. That is the one
//! window in which a mail can come twice; SES gives each its own Message-ID, so only the number tells.

mod errors;
mod payouts;
mod transfers;

use domain::settings::{self, MerchantFile, NotificationFrequency, Recipient};
use engine::store::{Page, StoreFailure};
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::failure::PlatformError;
use crate::keys::{ItemKey, Keys};
use crate::mail::Mail;
use crate::platform::Platform;
use crate::queue;
use crate::reports::{Language, Rendered};
use crate::table::{Change, Item, Reading, SCHEMA, Updated, number, time};

/// How long a claimed report may take before another run repeats it.
const CLAIM: SignedDuration = SignedDuration::from_mins(10);
/// What was made is reported when this has passed: a document is dated a moment before it is recorded.
const SETTLING: SignedDuration = SignedDuration::from_mins(2);
/// How far back a first report looks.
const FIRST_LOOK: SignedDuration = SignedDuration::from_hours(24);
/// The local hour in which daily and weekly reports are sent.
const MORNING_HOUR: i8 = 7;
/// The longest period that one report covers, in days.
const LONGEST_DAYS: i64 = 35;
/// Pages read for one report.
const PAGES: usize = 40;

/// The two reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// What needs somebody.
    Errors,
    /// What was transferred.
    Transfers,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::Errors => "errors",
            Kind::Transfers => "transfers",
        }
    }

    /// Up to when everything that is told of is recorded.
    fn settled(self, now: Timestamp) -> Timestamp {
        match self {
            Kind::Errors => now,
            Kind::Transfers => now - SETTLING,
        }
    }

    const fn frequency(self, recipient: &Recipient) -> NotificationFrequency {
        match self {
            Kind::Errors => recipient.errors,
            Kind::Transfers => recipient.transfers,
        }
    }
}

/// What is recorded of a recipient's reports of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Record {
    /// Number of the last report.
    number: u64,
    /// Its period's beginning.
    from: Option<Timestamp>,
    /// Its period's end.
    to: Option<Timestamp>,
    /// It was claimed and not recorded as sent; another run may repeat it from then on.
    claimed_until: Option<Timestamp>,
}

impl Record {
    fn read(item: &Item) -> Result<Record, PlatformError> {
        let reading = Reading::of(item, SCHEMA)?;
        Ok(Record {
            number: reading.number("number")?,
            from: reading.time_if_any("from")?,
            to: reading.time_if_any("to")?,
            claimed_until: reading.time_if_any("claimed_until")?,
        })
    }
}

/// A report that is to be sent: its number and period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    number: u64,
    from: Timestamp,
    to: Timestamp,
}

/// Sends what is due to every recipient of every merchant; returns how many mails were sent. One merchant's failure is
/// told and keeps no other from its reports.
///
/// # Errors
/// When the merchants cannot be listed.
pub async fn send_all(platform: &Platform, now: Timestamp) -> Result<usize, PlatformError> {
    let mut sent = 0;
    for merchant in platform.merchants.all().await? {
        let found = match platform.merchants.merchant(&merchant).await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(event = "task-failed", task = "notifications", %merchant, %error, "next run again");
                continue;
            }
        };
        for recipient in &found.record.file.recipients {
            for kind in [Kind::Errors, Kind::Transfers] {
                match send_one(platform, &found.record.file, recipient, kind, now).await {
                    Ok(mailed) => sent += usize::from(mailed),
                    Err(error) => {
                        tracing::error!(event = "task-failed", task = kind.word(), %merchant, %error, "next run again");
                    }
                }
            }
        }
    }
    Ok(sent)
}

/// One recipient's report of one kind, if it is due and has something in it.
async fn send_one(
    platform: &Platform,
    file: &MerchantFile,
    recipient: &Recipient,
    kind: Kind,
    now: Timestamp,
) -> Result<bool, PlatformError> {
    let key = Keys::of(&file.id).report(&queue::hash(recipient.email.as_bytes()), kind.word());
    let record =
        platform.table.get(&key).await?.map(|item| Record::read(&item)).transpose()?.unwrap_or_default();
    let settled = kind.settled(now);
    let Some(due) = due(&record, kind.frequency(recipient), &file.zone(), (now, settled)) else {
        return Ok(false);
    };
    let language = match recipient.language.unwrap_or(file.language) {
        settings::Language::Da => Language::Danish,
        settings::Language::En => Language::English,
    };
    let rendered = match kind {
        Kind::Errors => errors::report(platform, file, &due, language).await?,
        Kind::Transfers => transfers::report(platform, file, &due, language).await?,
    };
    let Some(rendered) = rendered else {
        // Nothing to tell of this period. A short one is simply looked at again; a long one is passed, so that it is not
        // read every few minutes, and a claimed one is let go, so that it does not stand in the way of the next.
        let passed = kind.frequency(recipient) != NotificationFrequency::Immediately;
        if passed || record.claimed_until.is_some() {
            settle(platform, &key, &record, &due).await?;
        }
        return Ok(false);
    };
    if !claim(platform, &key, &record, &due, now).await? {
        return Ok(false);
    }
    let Rendered { subject, text, html } = rendered;
    platform.mailer.send(&Mail { to: recipient.email.clone(), subject, text, html }).await?;
    let mut change = Change::new();
    change.only_if_equal("number", number(due.number));
    change.remove("claimed_until");
    platform.table.update(&key, change).await?;
    tracing::info!(event = "report-sent", merchant = %file.id, kind = kind.word(), number = due.number, "mail");
    Ok(true)
}

/// The report that is due: the claimed one that was never recorded as sent, or the next one, of what is settled.
fn due(
    record: &Record,
    frequency: NotificationFrequency,
    zone: &TimeZone,
    (now, settled): (Timestamp, Timestamp),
) -> Option<Due> {
    // Whoever wants none gets none, also not the one that was on its way.
    if frequency == NotificationFrequency::Never {
        return None;
    }
    if let (Some(until), Some(from), Some(to)) = (record.claimed_until, record.from, record.to) {
        return (until <= now).then_some(Due { number: record.number, from, to });
    }
    let to = match frequency {
        NotificationFrequency::Never => return None,
        NotificationFrequency::Immediately => settled,
        NotificationFrequency::Hourly => whole_hour(settled),
        NotificationFrequency::Daily => morning(zone, settled, None)?,
        NotificationFrequency::Weekly => morning(zone, settled, Some(Weekday::Monday))?,
    };
    let earliest = to - SignedDuration::from_hours(24 * LONGEST_DAYS);
    let from = record.to.unwrap_or(to - FIRST_LOOK).max(earliest);
    (from < to).then_some(Due { number: record.number + 1, from, to })
}

fn whole_hour(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(3600) * 3600).unwrap_or(now)
}

/// The last morning of the merchant's, on a given day of the week or any.
fn morning(zone: &TimeZone, now: Timestamp, weekday: Option<Weekday>) -> Option<Timestamp> {
    let mut day = zone.to_datetime(now).date();
    for _ in 0..8 {
        let at = zone.to_timestamp(day.to_datetime(Time::constant(MORNING_HOUR, 0, 0, 0))).ok()?;
        if at <= now && weekday.is_none_or(|wanted| day.weekday() == wanted) {
            return Some(at);
        }
        day = day.yesterday().ok()?;
    }
    None
}

/// Takes the report: only one run does, and only from the state that it was decided on.
async fn claim(
    platform: &Platform,
    key: &ItemKey,
    record: &Record,
    due: &Due,
    now: Timestamp,
) -> Result<bool, PlatformError> {
    let mut change = Change::new();
    let name = change.name("number");
    let before = change.value(number(record.number));
    let until = change.name("claimed_until");
    let same = match record.claimed_until {
        None => format!("attribute_not_exists({until})"),
        Some(at) => format!("{until} = {}", change.value(time(at))),
    };
    // DynamoDB refuses parentheses around a whole condition that has some already.
    change.only_if(if record.number == 0 {
        format!("attribute_not_exists(pk) OR ({name} = {before} AND {same})")
    } else {
        format!("{name} = {before} AND {same}")
    });
    change
        .set("schema", number(SCHEMA))
        .set("number", number(due.number))
        .set("from", time(due.from))
        .set("to", time(due.to))
        .set("claimed_until", time(now + CLAIM));
    Ok(matches!(platform.table.update(key, change).await?, Updated::Applied(_)))
}

/// Passes a period without a report: the number stays.
async fn settle(platform: &Platform, key: &ItemKey, record: &Record, due: &Due) -> Result<(), PlatformError> {
    let mut change = Change::new();
    let (name, before) = (change.name("number"), change.value(number(record.number)));
    change.only_if(format!("attribute_not_exists(pk) OR {name} = {before}"));
    change
        .set("schema", number(SCHEMA))
        .set("number", number(record.number))
        .set("from", time(due.from))
        .set("to", time(due.to))
        .remove("claimed_until");
    platform.table.update(key, change).await.map(|_| ())
}

/// Everything of a list in pages.
async fn all<T, F>(read: impl Fn(Option<String>) -> F) -> Result<Vec<T>, PlatformError>
where
    F: Future<Output = Result<Page<T>, StoreFailure>>,
{
    let mut items = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let page = read(next).await.map_err(unavailable)?;
        items.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(items)
}

fn unavailable(failure: StoreFailure) -> PlatformError {
    PlatformError::Unavailable { service: "dynamodb", message: failure.to_string() }
}

fn unrendered(_: impl std::error::Error) -> PlatformError {
    PlatformError::Unreadable("a report that cannot be written".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_report_is_due_when_its_time_has_come_and_covers_what_the_last_one_did_not() {
        let zone = TimeZone::get("Europe/Copenhagen").expect("it is known");
        let covered = |to: &str| Record { number: 4, to: Some(at(to)), ..Record::default() };
        let now = at("2026-11-24T10:20:00Z"); // a Tuesday
        for (frequency, record, expected) in [
            (NotificationFrequency::Never, Record::default(), None),
            (NotificationFrequency::Hourly, covered("2026-11-24T10:00:00Z"), None),
            (
                NotificationFrequency::Hourly,
                covered("2026-11-24T09:00:00Z"),
                Some((5, "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z")),
            ),
            (
                NotificationFrequency::Daily,
                Record::default(),
                Some((1, "2026-11-23T06:00:00Z", "2026-11-24T06:00:00Z")),
            ),
            (NotificationFrequency::Daily, covered("2026-11-24T06:00:00Z"), None),
            (
                NotificationFrequency::Weekly,
                covered("2026-11-16T06:00:00Z"),
                Some((5, "2026-11-16T06:00:00Z", "2026-11-23T06:00:00Z")),
            ),
        ] {
            let expected = expected.map(|(number, from, to)| Due { number, from: at(from), to: at(to) });
            assert_eq!(due(&record, frequency, &zone, (now, now)), expected, "{frequency:?} {record:?}");
        }
    }

    #[test]
    fn a_report_that_was_claimed_and_not_recorded_as_sent_is_repeated_under_its_number() {
        let record = Record {
            number: 4,
            from: Some(at("2026-11-24T08:00:00Z")),
            to: Some(at("2026-11-24T09:00:00Z")),
            claimed_until: Some(at("2026-11-24T09:11:00Z")),
        };
        let due = |now| due(&record, NotificationFrequency::Hourly, &TimeZone::UTC, (at(now), at(now)));
        assert_eq!(due("2026-11-24T09:05:00Z"), None, "it may still be on its way");
        let repeat = Due { number: 4, from: at("2026-11-24T08:00:00Z"), to: at("2026-11-24T09:00:00Z") };
        assert_eq!(due("2026-11-24T12:05:00Z"), Some(repeat));
        let now = at("2026-11-24T12:05:00Z");
        let never = super::due(&record, NotificationFrequency::Never, &TimeZone::UTC, (now, now));
        assert_eq!(never, None, "the recipient was set to never meanwhile");
    }
}
