//! The nightly comparison: what Bogbro says it booked on a day, what the accounting system says, and what the shop says.
//!
//! The other tasks make sure that nothing is lost; this one finds out if they did not, in both directions
//! ([`engine::Engine::compare`]). What differs stands among what needs attention, once for each finding, and so in the
//! merchant's error report with cause and remedy. A night that was missed in part is made up for in its later minutes.
//!
//! What a person booked of our drafts is no finding: the order is asked to look at the books first, and the day is compared some minutes
//! later. Findings of earlier days are looked at again each night, and those that no longer hold go by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::plan::Reason;
use domain::{ConnectionId, EntityId, EntityKind, MerchantId, TransferId};
use engine::Engine;
use engine::clock::Clock as _;
use engine::compare::{Comparison, ListedDay, Tally};
use engine::log::Why;
use engine::message::Message;
use engine::policy::Limits;
use engine::route::{Connections, Route};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Store};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::keys::{self, Keys};
use crate::platform::Platform;
use crate::queue;
use crate::routes::Routes;
use crate::table::{Item, Reading, SCHEMA, Table, key_of, number, packed_json, text, time};

/// The sides of a comparison, as its record names them.
const SIDES: [&str; 3] = ["source", "ledger", "accounting"];

/// How long orders have to learn what a person booked before the day is compared again.
const LEARNING: SignedDuration = SignedDuration::from_mins(5);
/// After this, what they have not learned is a finding: the night is short. It ends another night, once they have.
const PATIENCE: SignedDuration = SignedDuration::from_mins(45);
/// Earlier days whose findings one night looks at again, the latest first.
const DAYS_AGAIN: usize = 7;
/// The findings that a comparison of ledger and books makes; beside them, orders that the ledger does not know.
const OF_BOOKS: &[&str] =
    &["books-twin", "books-unknown", "books-differ", "books-other-day", "books-missing", "books-sums"];
/// An order that the shop changed and the ledger does not know.
const ORDER_UNKNOWN: &str = "order-unknown";

/// What one comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Both directions, with counts and sums.
    pub comparison: Comparison,
    /// What does not agree: one reason each.
    pub findings: Vec<Reason>,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { day, changed, source, ledger, accounting, .. } = &self.comparison;
        write!(
            f,
            "{day}: {changed} orders changed, orders as read {source}, ledger {ledger}, books {accounting}, {} findings",
            self.findings.len()
        )
    }
}

/// Compares yesterday, as the merchant's time zone has it, once. `None`: it was compared before, the connection is paused, orders are
/// asked to look at the books first, or the shop let only a part of its list be read, and the next minute goes on.
///
/// # Errors
/// As AWS and the systems say; nothing is recorded then, and the next minute of the night compares again.
pub async fn compare(
    platform: &Platform,
    routes: &Routes,
    merchant: &MerchantId,
    connection: &ConnectionId,
    (now, deadline, night_ends): (Timestamp, Timestamp, Timestamp),
) -> Result<Option<Compared>, PlatformError> {
    let route = routes
        .route(merchant, connection, None)
        .await
        .map_err(|failure| PlatformError::Unavailable { service: "route", message: failure.to_string() })?;
    let day = route.time_zone.to_datetime(now).date().yesterday().unwrap_or(Date::MIN);
    if route.paused.is_some() || is_recorded(platform, &route, day).await? {
        return Ok(None);
    }
    let engine = Engine {
        clock: &SystemClock,
        store: &platform.ledger,
        connections: routes,
        limits: Limits::default(),
    };
    let asked = asked(platform, &route, day).await?;
    if asked.is_some_and(|asked| now < asked.looked_at + LEARNING) {
        return Ok(None);
    }
    // Whoever is asked late in the night would be heard after it, and the day would never be compared.
    let in_time = now + LEARNING + LEARNING < night_ends;
    let may_ask = in_time && asked.is_none_or(|asked| now < asked.at + PATIENCE);
    let known = read_listed(platform, &route, day).await?;
    let mut listed = known.clone();
    let compared = engine.compare(&route, day, &mut listed, deadline, may_ask).await;
    if compared.is_err() && listed != known {
        // The shop does not know the place any more: without this each minute would ask for it again.
        keep_listed(platform, &route, day, &listed).await?;
    }
    let Some(comparison) = compared.map_err(failed)? else {
        let changed = listed.changed;
        tracing::info!(event = "comparison-goes-on", %merchant, %day, changed, "the next minute lists on");
        keep_listed(platform, &route, day, &listed).await?;
        return Ok(None);
    };
    if !comparison.to_learn.is_empty() {
        keep_listed(platform, &route, day, &listed).await?;
        ask(platform, &route, day, &comparison, (asked, now)).await?;
        return Ok(None);
    }
    let findings = findings_of(&comparison);
    for finding in &findings {
        tracing::warn!(event = "books-disagree", %merchant, code = finding.code, "look at it");
        keep(platform, &route, day, finding, now).await?;
    }
    let compared = Compared { comparison, findings };
    platform.table.put(recorded(&route, day, &compared)?).await?;
    if asked.is_some() {
        let key = Keys::of(merchant).comparison_asked(&route.shop.connection, day);
        platform.table.delete(&key).await?;
    }
    // The day stands recorded, whatever comes of the earlier ones: what is not reached is looked at another night.
    look_again(platform, &engine, &route, day, (now, deadline)).await?;
    Ok(Some(compared))
}

fn failed(failure: impl fmt::Display) -> PlatformError {
    PlatformError::Unavailable { service: "comparison", message: failure.to_string() }
}

fn findings_of(comparison: &Comparison) -> Vec<Reason> {
    comparison.findings.iter().cloned().chain(comparison.difference()).collect()
}

/// That orders were asked to look at the books before a day is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    /// When first.
    at: Timestamp,
    /// When it was last seen that some have not yet.
    looked_at: Timestamp,
}

async fn asked(platform: &Platform, route: &Route, day: Date) -> Result<Option<Asked>, PlatformError> {
    let key = Keys::of(&route.merchant).comparison_asked(&route.shop.connection, day);
    let read = |item: Item| -> Result<Asked, PlatformError> {
        let reading = Reading::of(&item, SCHEMA)?;
        Ok(Asked { at: reading.time("asked_at")?, looked_at: reading.time("looked_at")? })
    };
    platform.table.get(&key).await?.map(read).transpose()
}

/// Asks each order whose draft somebody booked, and which does not know yet, to look at the books. It is recorded once all are on the
/// queue.
async fn ask(
    platform: &Platform,
    route: &Route,
    day: Date,
    comparison: &Comparison,
    (asked, now): (Option<Asked>, Timestamp),
) -> Result<(), PlatformError> {
    send_to_learn(platform, route, day, comparison, now).await?;
    let mut item = key_of(&Keys::of(&route.merchant).comparison_asked(&route.shop.connection, day));
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("asked_at".to_owned(), time(asked.map_or(now, |asked| asked.at)));
    item.insert("looked_at".to_owned(), time(now));
    tracing::info!(event = "books-asked", merchant = %route.merchant, orders = comparison.to_learn.len(), "booked by a person");
    platform.table.put(item).await
}

/// Has the orders look at the books, through the connection that the shop has now.
async fn send_to_learn(
    platform: &Platform,
    route: &Route,
    day: Date,
    comparison: &Comparison,
    now: Timestamp,
) -> Result<(), PlatformError> {
    for head in &comparison.to_learn {
        let message = Message::again(head, Why::Books, &format!("books {day}"), now);
        platform.queues.send(&Message { connection: route.shop.connection.clone(), ..message }).await?;
    }
    Ok(())
}

/// Looks again at the latest earlier days that have findings: what no longer holds goes, what is new comes.
async fn look_again(
    platform: &Platform,
    engine: &Engine<'_>,
    route: &Route,
    compared: Date,
    (now, deadline): (Timestamp, Timestamp),
) -> Result<(), PlatformError> {
    let open = open_findings(platform, route, compared).await?;
    for (day, entries) in open.into_iter().rev().take(DAYS_AGAIN) {
        if SystemClock.now() >= deadline {
            break;
        }
        let comparison = engine.compare_booked(route, day, deadline, true).await.map_err(failed)?;
        if !comparison.to_learn.is_empty() {
            // What a person booked late is learned first; the day is looked at again another night.
            send_to_learn(platform, route, day, &comparison, now).await?;
            continue;
        }
        let findings = findings_of(&comparison);
        let names: BTreeSet<String> = findings.iter().map(|reason| name_of(route, day, reason)).collect();
        for entry in &entries {
            let holds = if entry.reason.code == ORDER_UNKNOWN {
                is_unknown(platform, route, entry).await?
            } else {
                names.contains(&entry.body_hash)
            };
            if !holds {
                platform.ledger.end_finding(entry).await?;
            }
        }
        for finding in &findings {
            keep(platform, route, day, finding, now).await?;
        }
    }
    Ok(())
}

/// What stands of earlier comparisons of this connection, by the day that was compared.
async fn open_findings(
    platform: &Platform,
    route: &Route,
    compared: Date,
) -> Result<BTreeMap<Date, Vec<ParkedDelivery>>, PlatformError> {
    let of_books = |entry: &ParkedDelivery| {
        let code = entry.reason.code.as_str();
        entry.connection == route.shop.connection && (OF_BOOKS.contains(&code) || code == ORDER_UNKNOWN)
    };
    let mut open: BTreeMap<Date, Vec<ParkedDelivery>> = BTreeMap::new();
    for entry in platform.ledger.findings(&route.merchant, of_books).await? {
        let Ok(day) = entry.reason.fact("day").parse::<Date>() else { continue };
        if day != compared {
            open.entry(day).or_default().push(entry);
        }
    }
    Ok(open)
}

async fn is_unknown(
    platform: &Platform,
    route: &Route,
    entry: &ParkedDelivery,
) -> Result<bool, PlatformError> {
    let transfer = TransferId {
        merchant: route.merchant.clone(),
        source: route.shop.source.clone(),
        kind: EntityKind::Order,
        entity: EntityId::new(entry.reason.fact("entity")),
    };
    Ok(platform.ledger.head(&transfer).await?.is_none())
}

/// The name of a finding: the same of the same day is one.
fn name_of(route: &Route, day: Date, reason: &Reason) -> String {
    queue::hash(format!("{day} {} {reason:?}", route.shop.connection).as_bytes())
}

/// How far the shop's list of a day was read.
async fn read_listed(platform: &Platform, route: &Route, day: Date) -> Result<ListedDay, PlatformError> {
    let key = Keys::of(&route.merchant).listed_changes(&route.shop.connection);
    let Some(item) = platform.table.get(&key).await? else { return Ok(ListedDay::default()) };
    let reading = Reading::of(&item, SCHEMA)?;
    // There is one place for each connection: what stands there of an earlier day was for that day.
    if reading.text("day")? != day.to_string() {
        return Ok(ListedDay::default());
    }
    Ok(reading.packed_json_if_any("listed")?.unwrap_or_default())
}

async fn keep_listed(
    platform: &Platform,
    route: &Route,
    day: Date,
    listed: &ListedDay,
) -> Result<(), PlatformError> {
    let mut item = key_of(&Keys::of(&route.merchant).listed_changes(&route.shop.connection));
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("day".to_owned(), text(day.to_string()));
    item.insert("listed".to_owned(), packed_json(listed)?);
    platform.table.put(item).await
}

async fn is_recorded(platform: &Platform, route: &Route, day: Date) -> Result<bool, PlatformError> {
    let key = Keys::of(&route.merchant).comparison(&route.shop.connection, day);
    Ok(platform.table.get(&key).await?.is_some())
}

/// Keeps a finding where a person sees it; the same finding of the same day is kept once.
async fn keep(
    platform: &Platform,
    route: &Route,
    day: Date,
    reason: &Reason,
    now: Timestamp,
) -> Result<(), PlatformError> {
    let delivery = ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: route.merchant.clone(),
        connection: route.shop.connection.clone(),
        body_hash: name_of(route, day, reason),
        entity: None,
        reason: reason.clone(),
        at: now,
        message: String::new(),
        queue: None,
    };
    let kept = platform.ledger.park_delivery(&delivery).await;
    kept.map_err(|failure| PlatformError::Unavailable { service: "dynamodb", message: failure.to_string() })
}

/// A day that was compared, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The local day.
    pub day: Date,
    /// The shop's connection.
    pub connection: ConnectionId,
    /// The books' connection.
    pub accounting_connection: ConnectionId,
    /// Orders that the shop changed on the day.
    pub changed: u64,
    /// How much did not agree.
    pub findings: u64,
    /// What each side had: `source`, `ledger` and `accounting`.
    pub sides: Vec<(&'static str, Tally)>,
}

/// One page of the days that were compared for a merchant, the oldest first, and where the next page begins.
///
/// # Errors
/// As DynamoDB says; `UnknownSchema`; `Unreadable` for what this version cannot read.
pub async fn recorded_days(
    table: &Table,
    merchant: &MerchantId,
    after: Option<&str>,
) -> Result<(Vec<Recorded>, Option<String>), PlatformError> {
    let from = after.map_or_else(|| " ".to_owned(), |after| format!("{after} "));
    let items = table.range(&Keys::of(merchant).comparisons(), &from, "~").await?;
    let last = items.last().and_then(|item| item.get("sk")).and_then(|sort| sort.as_s().ok()).cloned();
    let days = items.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok((days, last))
}

fn read(item: &Item) -> Result<Recorded, PlatformError> {
    let reading = Reading::of(item, SCHEMA)?;
    let unreadable = || PlatformError::Unreadable("a day that was compared".to_owned());
    let (day, connection) = keys::compared(reading.text("sk")?).ok_or_else(unreadable)?;
    let mut sides = Vec::new();
    for side in SIDES {
        let count = reading.number(&format!("{side}_count"))?;
        sides.push((side, Tally { count, sums: reading.json(&format!("{side}_sums"))? }));
    }
    Ok(Recorded {
        day,
        connection,
        accounting_connection: ConnectionId::new(reading.text("accounting_connection")?),
        changed: reading.number("changed")?,
        findings: reading.number("findings")?,
        sides,
    })
}

/// The record that the day was compared, and what each side had.
fn recorded(route: &Route, day: Date, compared: &Compared) -> Result<Item, PlatformError> {
    let mut item = key_of(&Keys::of(&route.merchant).comparison(&route.shop.connection, day));
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("changed".to_owned(), number(compared.comparison.changed));
    item.insert("findings".to_owned(), number(compared.findings.len()));
    item.insert("accounting_connection".to_owned(), text(route.accounting.connection.as_str()));
    let Comparison { source, ledger, accounting, .. } = &compared.comparison;
    for (side, Tally { count, sums }) in SIDES.into_iter().zip([source, ledger, accounting]) {
        item.insert(format!("{side}_count"), number(*count));
        item.insert(format!("{side}_sums"), crate::table::json(sums)?);
    }
    Ok(item)
}
