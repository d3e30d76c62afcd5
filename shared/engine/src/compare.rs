//! The comparison of one local day: what the shop changed, what the ledger says was booked, what the accounting system
//! says was booked.
//!
//! Everything else makes sure that nothing is lost and nothing done twice; this finds out if it did not, in both
//! directions: a document that carries one of our keys must be known to the ledger with the same amount and stand once, a
//! document that the ledger knows must stand, and an order that the shop changed must be known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use connectors::ports::FoundDocument;
use domain::document::DocumentKind;
use domain::plan::Reason;
use domain::planning::is_reference_of;
use domain::{EffectKey, EntityId, EntityKind, Failure, Money, TransferId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::process::Engine;
use crate::recorder::{Recorder, RecordingTransport};
use crate::route::Route;
use crate::store::{DUE_SHARDS, DocumentRecord, Head, Pointer, PointerKind, StoreFailure};

/// Orders that the ledger does not know which a day's list remembers, at most: more need no name each.
const MOST_UNKNOWN: usize = 1_000;
/// How many of those listed last are remembered: more than a page of any shop's list.
const LAST_LISTED: usize = 250;
/// How far ahead an end of lease may lie for its transfer to count as one under way: no function runs longer.
const LONGEST_LEASE: SignedDuration = SignedDuration::from_mins(15);
/// Transfers under way that are looked at in each shard.
const MOST_UNDER_WAY: usize = 1_000;

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

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sums: Vec<String> = self.sums.values().map(ToString::to_string).collect();
        write!(f, "{} ({})", self.count, if sums.is_empty() { "0".to_owned() } else { sums.join(" + ") })
    }
}

/// What one comparison showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The local day, which is the documents' posting date.
    pub day: Date,
    /// Orders that the shop changed on the day.
    pub changed: usize,
    /// Orders whose invoices the ledger says were booked on the day, with the shop's totals as they were read when they were planned: the
    /// shop is not asked for them again.
    pub source: Tally,
    /// Invoices and credit notes of this shop's orders that the ledger says were booked on the day. An adopted one that
    /// carries another integration's reference stands on neither side.
    pub ledger: Tally,
    /// Invoices and credit notes with a key of ours that the accounting system says were booked on the day, without those
    /// that the ledger knows as another shop's.
    pub accounting: Tally,
    /// What does not agree: `books-twin`, `books-unknown`, `books-differ`, `books-other-day`, `books-missing`,
    /// `order-unknown`.
    pub findings: Vec<Reason>,
    /// Transfers that are to look at the books: a document carries the reference of a draft of theirs, as when a person booked it. It
    /// stands on neither side until they know.
    pub to_learn: Vec<Head>,
}

impl Comparison {
    /// Says that counts or sums of the day differ between ledger and books; `None` when they agree.
    pub fn difference(&self) -> Option<Reason> {
        (self.ledger != self.accounting).then(|| {
            Reason::new("books-sums")
                .with("day", self.day)
                .with("source", &self.source)
                .with("ledger", &self.ledger)
                .with("accounting", &self.accounting)
        })
    }
}

/// What the shop's list of a day's changes has shown so far. A shop may let only a part of it be read in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedDay {
    /// Orders that were listed.
    pub changed: usize,
    /// Of these, what the ledger did not know when it was listed.
    pub unknown: Vec<EntityId>,
    /// What was listed last: the next part may begin with it again.
    pub last: Vec<EntityId>,
    /// Where the list goes on.
    pub page: Option<String>,
    /// The list came to its end.
    pub whole: bool,
}

/// A booked document as the ledger knows it.
struct Known {
    /// Whose order: the shop's own identity.
    source: String,
    /// With VAT.
    amount: Money,
    /// Its date, or the day under which its order stands.
    day: Option<Date>,
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
    /// Compares one local day of a flow, going on with what was `listed` of it before. Reads only. `None`: the shop let only a part of
    /// its list be read, and a later call goes on. With `may_ask` it says which transfers should look at the books first; without, what
    /// they do not know is a finding.
    ///
    /// # Errors
    /// As the systems and the ledger say; a repeat is harmless. `listed` is then what the repeat goes on with.
    pub async fn compare(
        &self,
        route: &Route,
        day: Date,
        listed: &mut ListedDay,
        deadline: Timestamp,
        may_ask: bool,
    ) -> Result<Option<Comparison>, ComparisonFailure> {
        if !listed.whole {
            self.list_day(route, day, listed, deadline).await?;
        }
        if !listed.whole {
            return Ok(None);
        }
        let mut comparison = self.compare_booked(route, day, deadline, may_ask).await?;
        comparison.changed = listed.changed;
        // What was not known when it was listed may have come since.
        for entity in &listed.unknown {
            if self.store.head(&order_of(route, entity)).await?.is_none() {
                let reason = Reason::new("order-unknown").with("entity", entity).with("day", day);
                comparison.findings.push(reason);
            }
        }
        Ok(Some(comparison))
    }

    /// The same without what the shop changed: ledger and books alone.
    ///
    /// # Errors
    /// As [`Engine::compare`].
    pub async fn compare_booked(
        &self,
        route: &Route,
        day: Date,
        deadline: Timestamp,
        may_ask: bool,
    ) -> Result<Comparison, ComparisonFailure> {
        // The ledger first: what it knows then is booked already, and what is booked meanwhile is looked up below.
        let heads = self.heads_of(route, day, deadline).await?;
        let booked = self.booked_on(route, day, deadline).await?;
        let mut comparison = Comparison {
            day,
            changed: 0,
            source: Tally::default(),
            ledger: Tally::default(),
            accounting: Tally::default(),
            findings: Vec::new(),
            to_learn: Vec::new(),
        };
        let tallied = compare_ledger(&heads, &booked, &mut comparison);
        self.compare_books(route, &booked, (&tallied, may_ask), &mut comparison).await?;
        Ok(comparison)
    }

    async fn booked_on(
        &self,
        route: &Route,
        day: Date,
        deadline: Timestamp,
    ) -> Result<Vec<FoundDocument>, Failure> {
        let (books, recorder) = (&route.accounting, Recorder::default());
        let until = (self.clock, deadline);
        let transport = RecordingTransport::new(&*books.transport, books.port.manifest(), &recorder, until);
        books.port.booked_on(&transport, day).await
    }

    /// Every document with a key of ours is known, with its amount, and stands once. One whose transfer is still under way
    /// is not known yet: it stands on neither side.
    async fn compare_books(
        &self,
        route: &Route,
        booked: &[FoundDocument],
        (tallied, may_ask): (&BTreeSet<u64>, bool),
        comparison: &mut Comparison,
    ) -> Result<(), StoreFailure> {
        let mut references = BTreeSet::new();
        let mut under_way: Option<Vec<String>> = None;
        for document in booked {
            let mut known = self.known(route, document).await?;
            if known.is_none() {
                let numbers = match &mut under_way {
                    Some(numbers) => numbers,
                    none => none.insert(self.under_way(route).await?),
                };
                if numbers.iter().any(|number| is_reference_of(&document.reference, number)) {
                    continue;
                }
                // It may have come to its end between the two looks.
                known = self.known(route, document).await?;
            }
            let drafted = match known {
                None => self.drafted_as(route, &document.reference).await?,
                Some(_) => None,
            };
            match drafted {
                // The comparison of its own shop's day asks it.
                Some(head) if head.transfer.source != route.shop.source => continue,
                Some(head) if may_ask => {
                    comparison.to_learn.push(head);
                    continue;
                }
                _ => {}
            }
            if known.as_ref().is_some_and(|known| known.source != route.shop.source) {
                continue;
            }
            comparison.accounting.add(document.totals.gross);
            let day = comparison.day;
            let mut finding = |code: &str| comparison.findings.push(finding(code, document, day));
            if !references.insert(document.reference.as_str()) {
                finding("books-twin");
            }
            match known {
                None => finding("books-unknown"),
                Some(known) if known.amount != document.totals.gross => finding("books-differ"),
                Some(known) if known.day != Some(day) => finding("books-other-day"),
                // A credit note is dated when the money went back: its order stands under the day of the invoice.
                Some(known) if !tallied.contains(&document.number) => comparison.ledger.add(known.amount),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What the ledger knows of a booked document.
    async fn known(&self, route: &Route, document: &FoundDocument) -> Result<Option<Known>, StoreFailure> {
        let pointer = Pointer { kind: PointerKind::InvoiceNumber, value: document.number.to_string() };
        for transfer in self.store.find(&route.merchant, &pointer).await? {
            let Some(head) = self.store.head(&transfer).await? else { continue };
            let mut records = head.documents.iter().rev();
            let known = records.find(|record| record.kind.is_booked() && record.number == document.number);
            if let Some(record) = known {
                let (source, day) = (head.transfer.source.clone(), record.date.or(head.day));
                return Ok(Some(Known { source, amount: record.totals.gross, day }));
            }
        }
        Ok(None)
    }

    /// The transfer whose draft carries this reference, as far as the order's number tells.
    async fn drafted_as(&self, route: &Route, reference: &str) -> Result<Option<Head>, StoreFailure> {
        let Some(key) = EffectKey::at_end_of(reference) else { return Ok(None) };
        let number = reference.trim_end().strip_suffix(key.as_str()).unwrap_or_default().trim_end();
        let pointer = Pointer { kind: PointerKind::OrderNumber, value: number.to_owned() };
        for transfer in self.store.find(&route.merchant, &pointer).await? {
            let Some(head) = self.store.head(&transfer).await? else { continue };
            let is_draft = head.progress.draft.is_some() && head.progress.invoice.is_none();
            if is_draft && is_reference_of(reference, &head.order_number) {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Numbers of the merchant's orders that are being worked on, or will be within minutes: what they book is known to the
    /// ledger once they are concluded.
    async fn under_way(&self, route: &Route) -> Result<Vec<String>, StoreFailure> {
        let mut numbers = Vec::new();
        for shard in 0..DUE_SHARDS {
            let due = self.store.due(shard, self.clock.now() + LONGEST_LEASE, MOST_UNDER_WAY, None).await?;
            for due in due.items.into_iter().filter(|due| due.transfer.merchant == route.merchant) {
                let head = self.store.head(&due.transfer).await?;
                numbers.extend(
                    head.filter(|head| head.plan.as_ref().is_some_and(|plan| plan.open))
                        .map(|head| head.order_number),
                );
            }
        }
        Ok(numbers)
    }

    /// The shop's transfers of which something was booked on the day: all of them, or a failure, since a part would say that the rest
    /// agrees.
    async fn heads_of(
        &self,
        route: &Route,
        day: Date,
        deadline: Timestamp,
    ) -> Result<Vec<Head>, ComparisonFailure> {
        let mut heads = Vec::new();
        let mut page: Option<String> = None;
        let counts =
            |head: &Head| head.transfer.source == route.shop.source && of_day(head, day).next().is_some();
        loop {
            let found = self.store.day(&route.merchant, day, page.as_deref()).await?;
            heads.extend(found.items.into_iter().filter(counts));
            page = match found.next {
                None => return Ok(heads),
                next => next,
            };
            if self.clock.now() >= deadline {
                let message = "out of time for the ledger's list of the day".to_owned();
                return Err(Failure::Busy { retry_after_ms: None, message }.into());
            }
        }
    }

    /// Lists the orders that the shop changed on the day, from the place that was reached before.
    async fn list_day(
        &self,
        route: &Route,
        day: Date,
        listed: &mut ListedDay,
        deadline: Timestamp,
    ) -> Result<(), ComparisonFailure> {
        let begins = |day: Date| route.time_zone.to_timestamp(day.at(0, 0, 0, 0)).ok();
        let since = begins(day).unwrap_or(Timestamp::UNIX_EPOCH);
        let until = day.tomorrow().ok().and_then(begins).unwrap_or(Timestamp::MAX);
        let listing = match self.changes(route, (since, until), listed.page.clone(), deadline).await {
            // A place that the shop does not know any more: the day is listed from its beginning again.
            Err(failure @ Failure::Rejected { .. }) if listed.page.is_some() => {
                *listed = ListedDay::default();
                return Err(failure.into());
            }
            listing => listing?,
        };
        let of_day = listing.changes.into_iter().filter(|(_, at)| (since..until).contains(at));
        let mut seen: BTreeSet<EntityId> = listed.last.iter().cloned().collect();
        let mut new = Vec::new();
        for (entity, _) in of_day {
            if seen.insert(entity.clone()) {
                new.push(entity);
            }
        }
        for entity in &new {
            listed.changed += 1;
            let room = listed.unknown.len() < MOST_UNKNOWN;
            if room && self.store.head(&order_of(route, entity)).await?.is_none() {
                listed.unknown.push(entity.clone());
            }
        }
        if !new.is_empty() {
            listed.last = new.split_off(new.len().saturating_sub(LAST_LISTED));
        }
        listed.whole = listing.next.is_none();
        listed.page = listing.next;
        Ok(())
    }
}

fn order_of(route: &Route, entity: &EntityId) -> TransferId {
    TransferId {
        merchant: route.merchant.clone(),
        source: route.shop.source.clone(),
        kind: EntityKind::Order,
        entity: entity.clone(),
    }
}

/// Every booked document that the ledger knows of the day stands in the books. Returns the numbers of those that were counted.
fn compare_ledger(heads: &[Head], booked: &[FoundDocument], comparison: &mut Comparison) -> BTreeSet<u64> {
    let mut tallied = BTreeSet::new();
    let standing: BTreeSet<u64> = booked.iter().map(|document| document.number).collect();
    for head in heads {
        for record in of_day(head, comparison.day) {
            let stands = standing.contains(&record.number);
            // What was adopted may carry another integration's reference; it is not listed as ours then, and counts on neither side.
            if (record.adopted && !stands) || !tallied.insert(record.number) {
                continue;
            }
            comparison.ledger.add(record.totals.gross);
            if let (DocumentKind::BookedInvoice, Some(total)) = (record.kind, head.total) {
                comparison.source.add(total);
            }
            if !stands {
                let reason = Reason::new("books-missing")
                    .with("number", record.number)
                    .with("order", &head.order_number)
                    .with("day", comparison.day);
                comparison.findings.push(reason);
            }
        }
    }
    tallied
}

/// The booked documents of a transfer that are dated that day. What was recorded without a date is the order's invoice.
fn of_day(head: &Head, day: Date) -> impl Iterator<Item = &DocumentRecord> {
    let invoice = head.documents.iter().rposition(|record| record.kind == DocumentKind::BookedInvoice);
    let of_day = move |(index, record): &(usize, &DocumentRecord)| match record.date {
        Some(date) => record.kind.is_booked() && date == day,
        None => Some(*index) == invoice,
    };
    head.documents.iter().enumerate().filter(of_day).map(|(_, record)| record)
}

fn finding(code: &str, document: &FoundDocument, day: Date) -> Reason {
    Reason::new(code).with("number", document.number).with("reference", &document.reference).with("day", day)
}
