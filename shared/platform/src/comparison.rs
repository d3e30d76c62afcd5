//! The nightly comparison: what Bogbro says it booked on a day, what the accounting system says, and what the shop says.
//!
//! The other tasks make sure that nothing is lost; this one finds out if they did not. Every document of the day that
//! carries one of our keys must be known to the ledger with the same amount, no key may stand in two documents, and every
//! order that the shop changed on that day must be known. What differs stands among what needs attention, once for each
//! finding.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use connectors::ports::FoundDocument;
use domain::plan::Reason;
use domain::{ConnectionId, EntityKind, Failure, MerchantId, TransferId};
use engine::route::{Connections, Route};
use engine::store::{LEDGER_SCHEMA, ParkedDelivery, Pointer, PointerKind, Store, StoreFailure};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::platform::Platform;
use crate::queue;
use crate::routes::Routes;
use crate::table::{SCHEMA, key_of, number, text};

/// Pages of a shop's changes that one comparison reads.
const PAGES: usize = 40;

/// What one comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Documents of the day that carry one of our keys.
    pub documents: usize,
    /// Their sums by currency, as text.
    pub sums: BTreeMap<String, String>,
    /// Orders that the shop changed on the day.
    pub orders: usize,
    /// What does not agree: one reason each.
    pub findings: Vec<Reason>,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} documents, {} orders, {} findings", self.documents, self.orders, self.findings.len())
    }
}

/// Compares yesterday, as the merchant's time zone has it. `None`: the connection is paused or all agrees.
///
/// # Errors
/// As AWS and the systems say; the next night compares the next day, and an operator may ask again.
pub async fn compare(
    platform: &Platform,
    routes: &Routes,
    merchant: &MerchantId,
    connection: &ConnectionId,
    now: Timestamp,
) -> Result<Option<Compared>, PlatformError> {
    let route = routes
        .route(merchant, connection, None)
        .await
        .map_err(|failure| PlatformError::Unavailable { service: "route", message: failure.to_string() })?;
    if route.paused.is_some() {
        return Ok(None);
    }
    let day = route.time_zone.to_datetime(now).date().yesterday().unwrap_or(Date::MIN);
    let compared = compare_day(platform, &route, day).await?;
    for finding in &compared.findings {
        keep(platform, &route, day, finding, now).await?;
    }
    record(platform, &route, day, &compared).await?;
    if compared.findings.is_empty() {
        // A night that was compared must be told from one that was not.
        tracing::info!(event = "compared", what = %compared, "all agrees");
        return Ok(None);
    }
    Ok(Some(compared))
}

fn outside(failure: Failure) -> PlatformError {
    PlatformError::Unavailable { service: "outside system", message: failure.to_string() }
}

fn ledger(failure: StoreFailure) -> PlatformError {
    PlatformError::Unavailable { service: "dynamodb", message: failure.to_string() }
}

/// Compares one day.
///
/// # Errors
/// As [`compare`].
pub async fn compare_day(platform: &Platform, route: &Route, day: Date) -> Result<Compared, PlatformError> {
    let booked = route.accounting.port.booked_on(&*route.accounting.transport, day).await.map_err(outside)?;
    let mut compared = Compared { documents: booked.len(), sums: sums(&booked), ..Compared::default() };
    let mut references = BTreeSet::new();
    for document in &booked {
        if !references.insert(document.reference.as_str()) {
            compared.findings.push(finding("books-twin", document, day));
        }
        if !is_known(platform, route, document).await? {
            compared.findings.push(finding("books-unknown", document, day));
        }
    }
    let changed = changed_on(route, day).await?;
    compared.orders = changed.len();
    for transfer in &changed {
        if platform.ledger.head(transfer).await.map_err(ledger)?.is_none() {
            compared
                .findings
                .push(Reason::new("order-unknown").with("entity", transfer.entity.as_str()).with("day", day));
        }
    }
    Ok(compared)
}

fn finding(code: &str, document: &FoundDocument, day: Date) -> Reason {
    Reason::new(code).with("number", document.number).with("reference", &document.reference).with("day", day)
}

fn sums(documents: &[FoundDocument]) -> BTreeMap<String, String> {
    let mut sums = BTreeMap::new();
    for document in documents {
        let gross = document.totals.gross;
        let sum = sums
            .entry(gross.currency().code().to_owned())
            .or_insert(Some(gross.minus(gross).unwrap_or(gross)));
        *sum = sum.and_then(|sum| sum.plus(gross).ok());
    }
    sums.into_iter()
        .map(|(currency, sum)| (currency, sum.map_or_else(|| "overflow".to_owned(), |sum| sum.to_string())))
        .collect()
}

/// True when the ledger has this document with this amount.
async fn is_known(
    platform: &Platform,
    route: &Route,
    document: &FoundDocument,
) -> Result<bool, PlatformError> {
    let pointer = Pointer { kind: PointerKind::InvoiceNumber, value: document.number.to_string() };
    for transfer in platform.ledger.find(&route.merchant, &pointer).await.map_err(ledger)? {
        let Some(head) = platform.ledger.head(&transfer).await.map_err(ledger)? else { continue };
        let same = |known: &engine::store::DocumentRecord| {
            known.number == document.number && known.totals.gross == document.totals.gross
        };
        if head.documents.iter().any(same) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Orders that the shop changed on the day.
async fn changed_on(route: &Route, day: Date) -> Result<Vec<TransferId>, PlatformError> {
    let start_of = |day: Date| route.time_zone.to_timestamp(day.to_datetime(jiff::civil::Time::MIN)).ok();
    let (Some(start), Some(end)) = (start_of(day), day.tomorrow().ok().and_then(start_of)) else {
        return Ok(Vec::new());
    };
    let mut changed = Vec::new();
    let mut page = None;
    for _ in 0..PAGES {
        let found = route
            .shop
            .port
            .changed_since(&*route.shop.transport, start, page.as_deref())
            .await
            .map_err(outside)?;
        changed.extend(found.changes.into_iter().filter(|(_, at)| (start..end).contains(at)).map(
            |(entity, _)| TransferId {
                merchant: route.merchant.clone(),
                source: route.shop.source.clone(),
                kind: EntityKind::Order,
                entity,
            },
        ));
        page = found.next;
        if page.is_none() {
            break;
        }
    }
    Ok(changed)
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
    };
    platform.ledger.park_delivery(&delivery).await.map_err(ledger)
}

/// Records that the day was compared, and what both sides had.
async fn record(
    platform: &Platform,
    route: &Route,
    day: Date,
    compared: &Compared,
) -> Result<(), PlatformError> {
    let mut item = key_of(&Keys::of(&route.merchant).comparison(&route.shop.connection, day));
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("documents".to_owned(), number(compared.documents));
    item.insert("orders".to_owned(), number(compared.orders));
    item.insert("findings".to_owned(), number(compared.findings.len()));
    item.insert("sums".to_owned(), crate::table::json(&compared.sums)?);
    item.insert("accounting".to_owned(), text(route.accounting.connection.as_str()));
    platform.table.put(item).await
}
