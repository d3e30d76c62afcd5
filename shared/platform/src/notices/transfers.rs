//! The report of what was transferred: the documents that were made in the period, each once, with what each of them comes to.
//!
//! Orders stand under the day of their first document; a document that was made on another day is found by a search key of the day
//! of its making. An order that was merely looked at again made nothing, and stands in no report.

use std::collections::{BTreeMap, BTreeSet};

use domain::settings::MerchantFile;
use domain::{DocumentKind, EntityKind, Money};
use engine::payouts::store::PayoutStore as _;
use engine::store::{DocumentRecord, Head, NEAR_DAYS, Pointer, PointerKind, Status, Store as _};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{Due, payouts, unavailable, unrendered};
use crate::failure::PlatformError;
use crate::platform::Platform;
use crate::reports::{Language, ROWS_MAX, Rendered, SumRow, TransferReport, TransferRow, render_transfers};

/// A document that was made in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    at: Timestamp,
    /// The order number that people see.
    order: String,
    /// Where the order's transfer stands, in the recipient's language.
    outcome: &'static str,
    kind: DocumentKind,
    number: u64,
    /// With VAT; a credit note's is below zero.
    amount: Option<Money>,
}

/// The report of the period's documents and of the payouts that were posted; `None` when there is neither.
pub(super) async fn report(
    platform: &Platform,
    file: &MerchantFile,
    due: &Due,
    language: Language,
) -> Result<Option<Rendered>, PlatformError> {
    let made = made_in(platform, file, due, language).await?;
    let payouts = payouts::posted(platform, file, due, language).await?;
    if made.is_empty() && payouts.is_empty() {
        return Ok(None);
    }
    let zone = file.zone();
    let shown = |at: Timestamp| zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
    let report = TransferReport {
        number: due.number.to_string(),
        merchant: file.name.clone(),
        from: shown(due.from),
        to: shown(due.to),
        left_out: (made.len() + payouts.len()).saturating_sub(ROWS_MAX),
        sums: sums(&made, language),
        transfers: payouts
            .into_iter()
            .chain(made.into_iter().map(|made| row(made, language)))
            .take(ROWS_MAX)
            .collect(),
    };
    Ok(Some(render_transfers(&report, language).map_err(unrendered)?))
}

/// All documents of the period, in the order of their making, however many they are.
async fn made_in(
    platform: &Platform,
    file: &MerchantFile,
    due: &Due,
    language: Language,
) -> Result<Vec<Made>, PlatformError> {
    let (ledger, merchant) = (&platform.ledger, &file.id);
    let zone = file.zone();
    let day = |at: Timestamp| zone.to_datetime(at).date();
    let (first, last) = (day(due.from).saturating_sub(1.day()), day(due.to).saturating_add(1.day()));
    let mut seen = BTreeSet::new();
    let mut made = Vec::new();
    // What is kept of a head is a line: a day may have very many.
    let mut keep = |heads: Vec<Head>| {
        for head in heads {
            if head.transfer.kind == EntityKind::Order && seen.insert(head.transfer.clone()) {
                made.extend(made_of(&head, due, (&zone, language)));
            }
        }
    };
    for date in days(first.saturating_sub(i64::from(NEAR_DAYS).days()), last) {
        let mut next: Option<String> = None;
        loop {
            let page = ledger.day(merchant, date, next.as_deref()).await.map_err(unavailable)?;
            keep(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    for date in days(first, last) {
        let made_on = Pointer { kind: PointerKind::MadeOn, value: date.to_string() };
        let led = ledger.booked_under(merchant, &[made_on]).await.map_err(unavailable)?;
        keep(led.into_iter().map(|(_, head)| head).collect());
    }
    made.sort_by(|a, b| (a.at, &a.order, a.number).cmp(&(b.at, &b.order, b.number)));
    Ok(made)
}

fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    first.series(1.day()).take_while(move |date| *date <= last)
}

/// The documents of one order that were made in the period. A draft that another document has taken the place of since is not
/// counted beside it.
fn made_of(head: &Head, due: &Due, (zone, language): (&TimeZone, Language)) -> Vec<Made> {
    let stands = |index: usize, record: &DocumentRecord| {
        let later = &head.documents[index + 1..];
        let is_last = later.is_empty();
        let again = later.iter().any(|other| other.kind == record.kind && other.number == record.number);
        (record.kind.is_booked() || is_last) && !again
    };
    let in_period = |at: &Timestamp| due.from < *at && *at <= due.to;
    let records = head.documents.iter().enumerate().filter(|(index, record)| stands(*index, record));
    records
        .filter_map(|(_, record)| {
            let at = record.made_at.or_else(|| made_before_times_were_kept(head, record, zone));
            let at = at.filter(in_period)?;
            Some(Made {
                at,
                order: head.order_number.clone(),
                outcome: outcome(&head.status, language),
                kind: record.kind,
                number: record.number,
                amount: record.owed(),
            })
        })
        .collect()
}

/// When a document was made that a version before recorded without the time: with the last write of its order, when that was on the
/// document's own day or the day after. What was written later tells nothing of the making.
fn made_before_times_were_kept(head: &Head, record: &DocumentRecord, zone: &TimeZone) -> Option<Timestamp> {
    let made = record.date.or(head.day).filter(|_| !record.adopted)?;
    let written = zone.to_datetime(head.updated_at).date();
    (0..=1).contains(&(written - made).get_days()).then_some(head.updated_at)
}

fn row(made: Made, language: Language) -> TransferRow {
    TransferRow {
        order: made.order,
        outcome: made.outcome.to_owned(),
        document: format!("{} {}", document(made.kind, language), made.number),
        total: made.amount.map_or_else(|| "-".to_owned(), |amount| language.amount(amount)),
    }
}

/// Counts and totals by kind of document, since a draft or a sales order is no turnover yet; each currency for itself.
fn sums(made: &[Made], language: Language) -> Vec<SumRow> {
    let mut sums: BTreeMap<&str, (usize, BTreeMap<String, Option<Money>>)> = BTreeMap::new();
    for made in made {
        let (count, totals) = sums.entry(document(made.kind, language)).or_default();
        *count += 1;
        if let Some(amount) = made.amount {
            totals
                .entry(amount.currency().code().to_owned())
                .and_modify(|sum| *sum = sum.and_then(|sum| sum.plus(amount).ok()))
                .or_insert(Some(amount));
        }
    }
    sums.into_iter()
        .map(|(kind, (count, totals))| SumRow {
            kind: kind.to_owned(),
            count,
            total: totals
                .into_values()
                .map(|sum| sum.map_or_else(|| "-".to_owned(), |sum| language.amount(sum)))
                .collect::<Vec<_>>()
                .join(", "),
        })
        .collect()
}

fn outcome(status: &Status, language: Language) -> &'static str {
    match (status, language) {
        (Status::Done, Language::Danish) => "Overført",
        (Status::Done, Language::English) => "Transferred",
        (Status::Skipped { .. }, Language::Danish) => "Sprunget over",
        (Status::Skipped { .. }, Language::English) => "Skipped",
        (Status::Held { .. }, Language::Danish) => "Venter på dig",
        (Status::Held { .. }, Language::English) => "Waits for you",
        (Status::Parked { .. }, Language::Danish) => "Sat til side",
        (Status::Parked { .. }, Language::English) => "Set aside",
        (Status::Working | Status::Waiting { .. }, Language::Danish) => "I gang",
        (Status::Working | Status::Waiting { .. }, Language::English) => "In progress",
    }
}

fn document(kind: DocumentKind, language: Language) -> &'static str {
    match (kind, language) {
        (DocumentKind::Order, Language::Danish) => "Ordre",
        (DocumentKind::Order, Language::English) => "Order",
        (DocumentKind::DraftInvoice, Language::Danish) => "Fakturakladde",
        (DocumentKind::DraftInvoice, Language::English) => "Draft invoice",
        (DocumentKind::BookedInvoice, Language::Danish) => "Faktura",
        (DocumentKind::BookedInvoice, Language::English) => "Invoice",
        (DocumentKind::DraftCreditNote, Language::Danish) => "Kreditnotakladde",
        (DocumentKind::DraftCreditNote, Language::English) => "Draft credit note",
        (DocumentKind::BookedCreditNote, Language::Danish) => "Kreditnota",
        (DocumentKind::BookedCreditNote, Language::English) => "Credit note",
    }
}

#[cfg(test)]
mod tests {
    use domain::document::Totals;
    use domain::money::Currency;
    use domain::{ConnectionId, EntityId, MerchantId, TransferId};
    use engine::store::Claim;
    use jiff::SignedDuration;
    use jiff::civil::date;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        let begins = TimeZone::UTC.to_timestamp(date(2026, 11, 16).at(0, 0, 0, 0)).expect("a time");
        begins + SignedDuration::from_hours(hours)
    }

    /// An order whose invoice stands since the 17th, and that was last written so many hours after the 16th began.
    fn invoiced(written: i64, made_at: Option<Timestamp>, adopted: bool) -> Head {
        let claim = Claim {
            transfer: TransferId {
                merchant: MerchantId::new("krus"),
                source: "woocommerce:krus.dk".to_owned(),
                kind: EntityKind::Order,
                entity: EntityId::new("1"),
            },
            connection: ConnectionId::new("c"),
            token: "t".to_owned(),
            now: at(written),
            lease_until: at(written),
            body_hash: String::new(),
            early: false,
        };
        let gross = Money::from_minor(12_500, Currency::DKK);
        let (net, vat) = (Money::from_minor(10_000, Currency::DKK), Money::from_minor(2_500, Currency::DKK));
        let record = DocumentRecord {
            ordinal: 1,
            kind: DocumentKind::BookedInvoice,
            number: 10_001,
            totals: Totals { net, vat, gross },
            adopted,
            date: Some(date(2026, 11, 17)),
            made_at,
            on_gift_cards: None,
        };
        Head { documents: vec![record], status: Status::Done, ..Head::first(&claim) }
    }

    #[test]
    fn a_week_with_an_upgrade_in_it_has_the_documents_of_before_it() {
        let due = Due { from: at(0), to: at(7 * 24), number: 7 };
        let made = |head: &Head| made_of(head, &due, (&TimeZone::UTC, Language::English)).len();
        assert_eq!(made(&invoiced(30, None, false)), 1, "written with its making");
        assert_eq!(made(&invoiced(60, None, false)), 1, "the day after its day");
        assert_eq!(made(&invoiced(80, None, false)), 0, "looked at since: nobody knows when it was made");
        assert_eq!(made(&invoiced(30, None, true)), 0, "somebody else made it");
        assert_eq!(made(&invoiced(80, Some(at(30)), false)), 1, "a document of since has its own time");
        assert_eq!(made(&invoiced(80, Some(at(-1)), false)), 0);
    }
}
