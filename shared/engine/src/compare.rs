//! The comparison of one local day: what the shop changed, what the ledger says was booked, what the accounting system
//! says was booked.
//!
//! Everything else makes sure that nothing is lost and nothing done twice; this finds out if it did not, in both
//! directions: a document that carries one of our keys must be known to the ledger with the same amount and stand once, a
//! document that the ledger knows must stand, and an order that the shop changed must be known.

use std::collections::{BTreeMap, BTreeSet};

use connectors::ports::FoundDocument;
use domain::document::DocumentKind;
use domain::plan::Reason;
use domain::{EntityKind, Failure, Money, TransferId};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::process::Engine;
use crate::recorder::{Recorder, RecordingTransport};
use crate::route::Route;
use crate::store::{DocumentRecord, Head, Pointer, PointerKind, StoreFailure};

/// Pages read of any one list, at most.
const MOST_PAGES: usize = 40;

/// Number and sums of one side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: usize,
    /// Gross sums by currency code.
    pub sums: BTreeMap<String, Money>,
}

impl Tally {
    /// Counts one amount; a sum that does not fit any more is left as it was, and the count tells.
    fn add(&mut self, amount: Money) {
        self.count += 1;
        let sum = self.sums.entry(amount.currency().code().to_owned()).or_insert(amount.currency().zero());
        *sum = sum.plus(amount).unwrap_or(*sum);
    }
}

/// What one comparison showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The local day, which is the documents' posting date.
    pub day: Date,
    /// Orders that the shop changed on the day.
    pub changed: usize,
    /// Invoices that the ledger says were booked on the day.
    pub ledger: Tally,
    /// Invoices with a key of ours that the accounting system says were booked on the day.
    pub accounting: Tally,
    /// What does not agree: `books-twin`, `books-unknown`, `books-differ`, `books-missing`, `order-unknown`.
    pub findings: Vec<Reason>,
}

/// Why a comparison did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonFailure {
    /// A system.
    #[error("{0}")]
    System(#[from] Failure),
    /// The ledger.
    #[error("the ledger: {0}")]
    Ledger(#[from] StoreFailure),
}

impl Engine<'_> {
    /// Compares one local day of a flow. Reads only.
    ///
    /// # Errors
    /// As the systems and the ledger say; a repeat is harmless.
    pub async fn compare(
        &self,
        route: &Route,
        day: Date,
        deadline: Timestamp,
    ) -> Result<Comparison, ComparisonFailure> {
        let recorder = Recorder::default();
        let booked = self.booked_on(route, day, deadline, &recorder).await?;
        let heads = self.heads_of(route, day).await?;
        let changed = self.changed_on(route, day, deadline, &recorder).await?;
        let mut comparison = Comparison {
            day,
            changed: changed.len(),
            ledger: Tally::default(),
            accounting: Tally::default(),
            findings: Vec::new(),
        };
        self.compare_books(route, &booked, &mut comparison).await?;
        compare_ledger(&heads, &booked, &mut comparison);
        for transfer in &changed {
            if self.store.head(transfer).await?.is_none() {
                let reason = Reason::new("order-unknown").with("entity", &transfer.entity).with("day", day);
                comparison.findings.push(reason);
            }
        }
        Ok(comparison)
    }

    async fn booked_on(
        &self,
        route: &Route,
        day: Date,
        deadline: Timestamp,
        recorder: &Recorder,
    ) -> Result<Vec<FoundDocument>, Failure> {
        let manifest = route.accounting.port.manifest();
        let transport = RecordingTransport {
            inner: &*route.accounting.transport,
            recorder,
            system: manifest.system,
            clock: self.clock,
            deadline,
            timeout_seconds: manifest.timeout_seconds,
        };
        route.accounting.port.booked_on(&transport, day).await
    }

    /// Every document with a key of ours is known, with its amount, and stands once.
    async fn compare_books(
        &self,
        route: &Route,
        booked: &[FoundDocument],
        comparison: &mut Comparison,
    ) -> Result<(), StoreFailure> {
        let mut references = BTreeSet::new();
        for document in booked {
            comparison.accounting.add(document.totals.gross);
            let day = comparison.day;
            let mut finding = |code: &str| comparison.findings.push(finding(code, document, day));
            if !references.insert(document.reference.as_str()) {
                finding("books-twin");
            }
            match self.known_amount(route, document).await? {
                None => finding("books-unknown"),
                Some(amount) if amount != document.totals.gross => finding("books-differ"),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The amount under which the ledger knows an invoice.
    async fn known_amount(
        &self,
        route: &Route,
        document: &FoundDocument,
    ) -> Result<Option<Money>, StoreFailure> {
        let pointer = Pointer { kind: PointerKind::InvoiceNumber, value: document.number.to_string() };
        for transfer in self.store.find(&route.merchant, &pointer).await? {
            let Some(head) = self.store.head(&transfer).await? else { continue };
            if let Some(record) = invoice(&head).filter(|record| record.number == document.number) {
                return Ok(Some(record.totals.gross));
            }
        }
        Ok(None)
    }

    async fn heads_of(&self, route: &Route, day: Date) -> Result<Vec<Head>, StoreFailure> {
        let mut heads = Vec::new();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let found = self.store.day(&route.merchant, day, page.as_deref()).await?;
            heads.extend(found.items.into_iter().filter(|head| head.transfer.source == route.shop.source));
            match found.next {
                Some(next) => page = Some(next),
                None => break,
            }
        }
        Ok(heads)
    }

    /// The orders that the shop changed on the day, as far as one comparison reads.
    async fn changed_on(
        &self,
        route: &Route,
        day: Date,
        deadline: Timestamp,
        recorder: &Recorder,
    ) -> Result<BTreeSet<TransferId>, Failure> {
        let manifest = route.shop.port.manifest();
        let transport = RecordingTransport {
            inner: &*route.shop.transport,
            recorder,
            system: manifest.system,
            clock: self.clock,
            deadline,
            timeout_seconds: manifest.timeout_seconds,
        };
        let begins = |day: Date| route.time_zone.to_timestamp(day.at(0, 0, 0, 0)).ok();
        let since = begins(day).unwrap_or(Timestamp::UNIX_EPOCH);
        let until = day.tomorrow().ok().and_then(begins).unwrap_or(Timestamp::MAX);
        let mut changed = BTreeSet::new();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let found = route.shop.port.changed_since(&transport, since, page.as_deref()).await?;
            let over = found.changes.last().is_some_and(|(_, at)| *at >= until);
            let of_day = found.changes.into_iter().filter(|(_, at)| (since..until).contains(at));
            changed.extend(of_day.map(|(entity, _)| TransferId {
                merchant: route.merchant.clone(),
                source: route.shop.source.clone(),
                kind: EntityKind::Order,
                entity,
            }));
            match found.next {
                Some(next) if !over => page = Some(next),
                _ => break,
            }
        }
        Ok(changed)
    }
}

/// Every invoice that the ledger knows of the day stands in the books.
fn compare_ledger(heads: &[Head], booked: &[FoundDocument], comparison: &mut Comparison) {
    for head in heads {
        let Some(record) = invoice(head) else { continue };
        comparison.ledger.add(record.totals.gross);
        // What was adopted carries another integration's reference, and is not listed as ours.
        let stands = record.adopted || booked.iter().any(|document| document.number == record.number);
        if !stands {
            let reason = Reason::new("books-missing")
                .with("number", record.number)
                .with("order", &head.order_number)
                .with("day", comparison.day);
            comparison.findings.push(reason);
        }
    }
}

/// The booked invoice of a transfer.
fn invoice(head: &Head) -> Option<&DocumentRecord> {
    head.documents.iter().rev().find(|record| record.kind == DocumentKind::BookedInvoice)
}

fn finding(code: &str, document: &FoundDocument, day: Date) -> Reason {
    Reason::new(code).with("number", document.number).with("reference", &document.reference).with("day", day)
}
