//! The nightly comparison: what Bogbro says it booked on a day, what the accounting system says, and what the shop says.
//!
//! The other tasks make sure that nothing is lost; this one finds out if they did not, in both directions
//! ([`engine::Engine::compare`]). What differs stands among what needs attention, once for each finding, and so in the
//! merchant's error report with cause and remedy. A night that was missed in part is made up for in its later minutes.

use std::fmt;

use domain::plan::Reason;
use domain::{ConnectionId, MerchantId};
use engine::Engine;
use engine::compare::{Comparison, ListedDay, Tally};
use engine::policy::Limits;
use engine::route::{Connections, Route};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Store};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::keys::{self, Keys};
use crate::platform::Platform;
use crate::queue;
use crate::routes::Routes;
use crate::table::{Item, Reading, SCHEMA, Table, key_of, number, packed_json, text};

/// The sides of a comparison, as its record names them.
const SIDES: [&str; 3] = ["source", "ledger", "accounting"];

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
            "{day}: {changed} orders changed, shop {source}, ledger {ledger}, books {accounting}, {} findings",
            self.findings.len()
        )
    }
}

/// Compares yesterday, as the merchant's time zone has it, once; what is held until a person deletes or books its document is looked at
/// again then. `None`: it was compared before, the connection is paused, or the shop let only a part of its list be read, and the next
/// minute goes on.
///
/// # Errors
/// As AWS and the systems say; nothing is recorded then, and the next minute of the night compares again.
pub async fn compare(
    platform: &Platform,
    routes: &Routes,
    merchant: &MerchantId,
    connection: &ConnectionId,
    (now, deadline): (Timestamp, Timestamp),
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
    let mut listed = read_listed(platform, &route, day).await?;
    let comparison = engine.compare(&route, day, &mut listed, deadline).await.map_err(|failure| {
        PlatformError::Unavailable { service: "comparison", message: failure.to_string() }
    })?;
    let Some(comparison) = comparison else {
        let changed = listed.changed;
        tracing::info!(event = "comparison-goes-on", %merchant, %day, changed, "the next minute lists on");
        keep_listed(platform, &route, day, &listed).await?;
        return Ok(None);
    };
    let findings: Vec<Reason> = comparison.findings.iter().cloned().chain(comparison.difference()).collect();
    for finding in &findings {
        tracing::warn!(event = "books-disagree", %merchant, code = finding.code, "look at it");
        keep(platform, &route, day, finding, now).await?;
    }
    engine
        .look_after_held(&route, &platform.queues)
        .await
        .map_err(|failure| PlatformError::Unavailable { service: "held", message: failure.to_string() })?;
    let compared = Compared { comparison, findings };
    platform.table.put(recorded(&route, day, &compared)?).await?;
    Ok(Some(compared))
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
    let what = format!("{day} {} {reason:?}", route.shop.connection);
    let delivery = ParkedDelivery {
        schema: LEDGER_SCHEMA,
        merchant: route.merchant.clone(),
        connection: route.shop.connection.clone(),
        body_hash: queue::hash(what.as_bytes()),
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
