//! The interim account proved: the ledger's balance beside what documents and Bogbro's own vouchers make it.

use std::collections::{BTreeMap, BTreeSet};

use connectors::journals::{Days, DocumentState, EntryOrigin, LedgerEntry};
use domain::payout::{Movement, prove_balance};
use domain::{Currency, EffectKey, Money};
use jiff::ToSpan;
use jiff::civil::Date;

use super::overview::{InterimView, OpenItem, ageing, currencies, reckoning};
use super::record::{PaidBefore, PayoutRecord, voucher_key};
use super::route::PayoutRoute;
use super::summary::{AccountEntry, Summaries};
use super::view::told;
use super::{PayoutEngine, PayoutFailure};
use crate::store::{Pointer, PointerKind};

/// Pages of the account's entries that are read at the most.
const MOST_PAGES: usize = 2_000;
/// Pages of the books' documents that are read to tell a document's payment from one that a person entered.
const MOST_DOCUMENT_PAGES: usize = 400;
/// How far from a payout's day the voucher may be that a person booked it on.
const NEAR_DAYS: i32 = 92;
/// How long ago the books may have begun where the ledger does not say.
const OLDEST_YEARS: i32 = 5;

/// What one of Bogbro's vouchers moves on the account.
struct OwnVoucher {
    /// It is booked without a person, so it must stand in the ledger.
    certain: bool,
    movements: Vec<Movement>,
}

/// A payout that a person booked: its vouchers, and what it paid of documents.
struct BookedByHand<'r> {
    record: &'r PayoutRecord,
    paid: Vec<PaidBefore>,
}

/// What Bogbro knows of the vouchers on the account.
struct Known<'r> {
    own: BTreeMap<EffectKey, OwnVoucher>,
    by_hand: Vec<BookedByHand<'r>>,
}

impl Known<'_> {
    /// The payout that a person booked with this entry. Numbers begin anew each accounting year, so the days are near each other.
    fn booked_by(&self, entry: &LedgerEntry) -> Option<usize> {
        let entered = entry.origin != EntryOrigin::Document && number_of_payment(entry).is_none();
        let number = entry.voucher.filter(|_| entered)?.to_string();
        let near = |day: Date| (day - entry.day).get_days().abs() <= NEAR_DAYS;
        self.by_hand.iter().position(|BookedByHand { record, .. }| {
            record.approval.posted().contains(&number) && record.figures.day.is_none_or(near)
        })
    }
}

/// The account's entries, sorted out.
#[derive(Default)]
struct Entries {
    /// Everything that counts in the balance.
    amounts: Vec<Money>,
    /// Own vouchers that stand.
    seen: BTreeSet<EffectKey>,
    /// What documents move, by number: with the currency, the first day and the sum.
    documents: BTreeMap<(String, Currency), (Date, i64)>,
    /// What counts as it stands: balances that were brought in, and payments that Bogbro registered.
    taken: Vec<Movement>,
    /// What a payout's vouchers move that a person booked, by its place: with the first day.
    by_hand: BTreeMap<(usize, Currency), (Date, i64)>,
    /// What may be a document's own payment, and what is nobody's.
    others: Vec<LedgerEntry>,
}

impl PayoutEngine<'_> {
    /// The account in each currency at the end of a day.
    pub(super) async fn interim(
        &self,
        route: &PayoutRoute,
        account: u32,
        (records, summaries): (&[&PayoutRecord], &Summaries),
        on: Date,
        left_out: &mut Vec<String>,
    ) -> Result<Vec<InterimView>, PayoutFailure> {
        let known = Known {
            own: self.own_vouchers(route, (records, summaries), account).await?,
            by_hand: self.booked_by_hand((records, summaries)).await?,
        };
        let mut entries = self.entries(route, account, on, &known, left_out).await?;
        let mut movements: Vec<Movement> = known
            .own
            .iter()
            .filter(|(key, voucher)| voucher.certain || entries.seen.contains(key))
            .flat_map(|(_, voucher)| voucher.movements.iter().filter(|moved| moved.day <= on).cloned())
            .collect();
        let mut unexplained = self.payments_of_documents(route, &mut entries, on, left_out).await?;
        movements.append(&mut entries.taken);
        for ((place, currency), (day, sum)) in std::mem::take(&mut entries.by_hand) {
            let BookedByHand { record, paid } = &known.by_hand[place];
            let mut own = Vec::new();
            share(&mut own, paid.iter(), -1, (day, currency, sum), &record.id.key.batch);
            movements.append(&mut own);
        }
        let known = self.totals(route, &entries, &movements).await?;
        for ((number, currency), (day, minor)) in &entries.documents {
            // No more of a document stands there than it comes to: what is beyond that is a difference.
            let most = known.get(number).filter(|total| total.currency() == *currency).copied();
            let most = most.map_or(*minor, |total| within(*minor, total.minor()));
            let amount = Money::from_minor(most, *currency);
            movements.push(Movement { item: number.clone(), day: *day, amount });
        }
        unexplained.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.item.cmp(&b.item)));
        let amounts = entries.amounts.iter().chain(movements.iter().map(|moved| &moved.amount));
        currencies(amounts)
            .into_iter()
            .map(|currency| view(&entries.amounts, &movements, &unexplained, currency, on))
            .collect()
    }

    /// What Bogbro's vouchers move on the account, those of postings that were undone among them, by their keys.
    async fn own_vouchers(
        &self,
        route: &PayoutRoute,
        (records, summaries): (&[&PayoutRecord], &Summaries),
        account: u32,
    ) -> Result<BTreeMap<EffectKey, OwnVoucher>, PayoutFailure> {
        let mut own = BTreeMap::new();
        for record in records {
            let undone = record.undone.iter().map(|past| (&past.posting, Some(&past.reversal)));
            let now = record.posting.iter().map(|posting| (posting, record.reversal.as_ref()));
            for (posting, reversal) in undone.chain(now) {
                let summary = self.summary_of(record, &posting.plan, account, summaries).await?;
                let paid = self.all_paid(record, &summary.paid_list()).await.map_err(told)?;
                for vouchers in [Some(posting), reversal].into_iter().flatten() {
                    let planned = summary.entries_of(vouchers).map_err(reckoning)?;
                    let sign = if vouchers.reversal.is_some() { 1 } else { -1 };
                    let batch = &record.id.key.batch;
                    let mut moved = movements(&paid, sign, &planned, batch);
                    let whole = vouchers.is_done() && !vouchers.abandoned && vouchers.undoes.is_none();
                    for part in 0..vouchers.vouchers.len() {
                        let key = voucher_key(&record.id, vouchers, part, &route.books.agreement);
                        let movements = moved.remove(&part).unwrap_or_default();
                        own.insert(key, OwnVoucher { certain: vouchers.book && whole, movements });
                    }
                }
            }
        }
        Ok(own)
    }

    /// The payouts that persons booked, with what they paid.
    async fn booked_by_hand<'r>(
        &self,
        (records, summaries): (&[&'r PayoutRecord], &Summaries),
    ) -> Result<Vec<BookedByHand<'r>>, PayoutFailure> {
        let mut found = Vec::new();
        for record in records.iter().copied().filter(|record| record.is_booked_by_hand()) {
            let paid = match &record.by_hand {
                Some(name) => {
                    let list = match summaries.get(&(record.id.clone(), name.clone())) {
                        Some(summary) => summary.paid_list(),
                        None => self.paid_list(record, name).await.map_err(told)?,
                    };
                    self.all_paid(record, &list).await.map_err(told)?
                }
                None => Vec::new(),
            };
            found.push(BookedByHand { record, paid });
        }
        Ok(found)
    }

    /// The account's entries from the books' first year to the day.
    async fn entries(
        &self,
        route: &PayoutRoute,
        account: u32,
        on: Date,
        known: &Known<'_>,
        left_out: &mut Vec<String>,
    ) -> Result<Entries, PayoutFailure> {
        let unavailable = |failure: domain::Failure| PayoutFailure::Unavailable(failure.to_string());
        let periods = route.books.periods.periods().await.map_err(unavailable)?;
        let first = periods.iter().map(|period| period.from).min();
        let days = Days { from: first.unwrap_or_else(|| on.saturating_sub(OLDEST_YEARS.years())), to: on };
        let mut entries = Entries::default();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer =
                route.books.journals.entries_on(&*route.books.transport, account, days, page.as_deref());
            let answer = answer.await.map_err(unavailable)?;
            // What the system carried over from the year before repeats that year's entries, which are all read.
            for entry in answer.entries.into_iter().filter(|entry| entry.origin != EntryOrigin::Carried) {
                entries.take(entry, known);
            }
            left_out.extend(answer.left_out);
            match answer.next {
                None => return Ok(entries),
                next => page = next,
            }
        }
        left_out.push(format!("entries of account {account} beyond {MOST_PAGES} pages"));
        Ok(entries)
    }

    /// Sorts out what is the payment of a document by its own term, under the document's number, and what nobody knows.
    async fn payments_of_documents(
        &self,
        route: &PayoutRoute,
        entries: &mut Entries,
        on: Date,
        left_out: &mut Vec<String>,
    ) -> Result<Vec<OpenItem>, PayoutFailure> {
        let others = std::mem::take(&mut entries.others);
        let maybe: BTreeSet<String> = others.iter().filter_map(number_of_payment).collect();
        let mut known: BTreeSet<String> = self.own_documents(route, &maybe).await?.into_keys().collect();
        if maybe.iter().any(|number| !known.contains(number)) {
            let first = others.iter().map(|entry| entry.day).min().unwrap_or(on);
            known.extend(self.numbers_in_the_books(route, Days { from: first, to: on }, left_out).await?);
        }
        let mut unexplained = Vec::new();
        for entry in others {
            match number_of_payment(&entry).filter(|number| known.contains(number)) {
                Some(number) => entries.document(number, &entry),
                // Bogbro entered it, for whatever it was.
                None if EffectKey::at_end_of(&entry.text).is_some() => {
                    entries.taken.push(as_it_stands(&entry));
                }
                None => unexplained.push(OpenItem {
                    item: entry.voucher.map_or_else(|| entry.text.clone(), |voucher| format!("#{voucher}")),
                    since: entry.day,
                    amount: entry.amount,
                }),
            }
        }
        Ok(unexplained)
    }

    /// The totals of those documents that Bogbro made and of which something is open on the account.
    async fn totals(
        &self,
        route: &PayoutRoute,
        entries: &Entries,
        movements: &[Movement],
    ) -> Result<BTreeMap<String, Money>, PayoutFailure> {
        let mut open: BTreeMap<(&str, Currency), i64> = BTreeMap::new();
        for ((number, currency), (_, minor)) in &entries.documents {
            *open.entry((number.as_str(), *currency)).or_default() += minor;
        }
        for moved in movements {
            *open.entry((moved.item.as_str(), moved.amount.currency())).or_default() += moved.amount.minor();
        }
        let open =
            open.into_iter().filter(|(_, minor)| *minor != 0).map(|((number, _), _)| number.to_owned());
        self.own_documents(route, &open.collect()).await
    }

    /// Those of the documents that Bogbro made, with their totals.
    async fn own_documents(
        &self,
        route: &PayoutRoute,
        numbers: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Money>, PayoutFailure> {
        let pointer = |number: &String| Pointer { kind: PointerKind::InvoiceNumber, value: number.clone() };
        let pointers: Vec<Pointer> = numbers.iter().map(pointer).collect();
        let mut known = BTreeMap::new();
        for (_, head) in self.payouts.booked_under(&route.merchant, &pointers).await? {
            let booked = head.documents.iter().filter(|document| document.kind.is_booked());
            known.extend(booked.filter_map(|made| Some((made.number.to_string(), made.owed()?))));
        }
        Ok(known)
    }

    /// The numbers of the books' own documents of some days.
    async fn numbers_in_the_books(
        &self,
        route: &PayoutRoute,
        days: Days,
        left_out: &mut Vec<String>,
    ) -> Result<BTreeSet<String>, PayoutFailure> {
        let mut numbers = BTreeSet::new();
        let mut page: Option<String> = None;
        for _ in 0..MOST_DOCUMENT_PAGES {
            let (journals, transport) = (route.books.journals, &*route.books.transport);
            let answer = journals.documents_page(transport, DocumentState::Booked, days, page.as_deref());
            let answer = answer.await.map_err(|failure| PayoutFailure::Unavailable(failure.to_string()))?;
            numbers.extend(answer.documents.iter().map(|document| document.number.to_string()));
            match answer.next {
                None => return Ok(numbers),
                next => page = next,
            }
        }
        left_out.push(format!("documents beyond {MOST_DOCUMENT_PAGES} pages"));
        Ok(numbers)
    }
}

impl Entries {
    fn take(&mut self, entry: LedgerEntry, known: &Known<'_>) {
        self.amounts.push(entry.amount);
        let key = EffectKey::at_end_of(&entry.text);
        let of_document = || entry.document.or(entry.voucher.map(u64::from));
        let own = key.as_ref().is_some_and(|key| known.own.contains_key(key));
        if let (Some(place), false) = (known.booked_by(&entry), own) {
            let sum = self.by_hand.entry((place, entry.amount.currency())).or_insert((entry.day, 0));
            *sum = (sum.0.min(entry.day), sum.1.saturating_add(entry.amount.minor()));
            return;
        }
        match (key, entry.origin) {
            (Some(key), _) if own => {
                self.seen.insert(key);
            }
            (_, EntryOrigin::Document) => match of_document() {
                Some(number) => self.document(number.to_string(), &entry),
                None => self.others.push(entry),
            },
            (None, EntryOrigin::Opening) => self.taken.push(as_it_stands(&entry)),
            // A payment of an order that Bogbro registered.
            (Some(_), _) if entry.document.is_some() => {
                let number = entry.document.map(|number| number.to_string()).unwrap_or_default();
                self.document(number, &entry);
            }
            _ => self.others.push(entry),
        }
    }

    fn document(&mut self, number: String, entry: &LedgerEntry) {
        let place = self.documents.entry((number, entry.amount.currency())).or_insert((entry.day, 0));
        place.0 = place.0.min(entry.day);
        place.1 = place.1.saturating_add(entry.amount.minor());
    }
}

/// The document that an entry may be the payment of by its term: the voucher then has the document's number.
fn number_of_payment(entry: &LedgerEntry) -> Option<String> {
    let voucher = entry.voucher.filter(|_| entry.origin == EntryOrigin::Payment)?;
    let same = entry.document.is_none_or(|document| document == u64::from(voucher));
    same.then(|| voucher.to_string())
}

fn as_it_stands(entry: &LedgerEntry) -> Movement {
    let item = entry.voucher.map_or_else(|| entry.text.clone(), |voucher| format!("#{voucher}"));
    Movement { item, day: entry.day, amount: entry.amount }
}

/// The one that is nearer to nothing, where both have one sign.
fn within(minor: i64, total: i64) -> i64 {
    let beyond = minor.signum() == total.signum() && minor.unsigned_abs() > total.unsigned_abs();
    if beyond { total } else { minor }
}

/// What vouchers move on the account, by part and by the document it belongs to. Sums that name none are shared out by what
/// the payout paid of documents, which the account is credited (-1) or debited again (1); what is left of them is the batch's own.
fn movements(
    paid: &[PaidBefore],
    sign: i64,
    vouchers: &[Vec<AccountEntry>],
    batch: &str,
) -> BTreeMap<usize, Vec<Movement>> {
    let mut moved = BTreeMap::<usize, Vec<Movement>>::new();
    let mut named = BTreeSet::new();
    let mut sums = BTreeMap::<Currency, (usize, Date, i64)>::new();
    for (part, voucher) in vouchers.iter().enumerate() {
        for entry in voucher {
            let (day, amount) = (entry.day, entry.amount);
            if entry.document.is_empty() {
                let sum = sums.entry(amount.currency()).or_insert((part, day, 0));
                sum.2 = sum.2.saturating_add(amount.minor());
            } else {
                named.insert(entry.document.as_str());
                let item = entry.document.clone();
                moved.entry(part).or_default().push(Movement { item, day, amount });
            }
        }
    }
    for (currency, (part, day, sum)) in sums {
        let unnamed = paid.iter().filter(|paid| !named.contains(paid.document.as_str()));
        share(moved.entry(part).or_default(), unnamed, sign, (day, currency, sum), batch);
    }
    moved
}

/// Shares a sum out by what a payout paid of documents; what is left is the batch's own.
fn share<'p>(
    moved: &mut Vec<Movement>,
    paid: impl Iterator<Item = &'p PaidBefore>,
    sign: i64,
    (day, currency, sum): (Date, Currency, i64),
    batch: &str,
) {
    let mut left = sum;
    let mut add = |item: String, minor: i64| {
        moved.push(Movement { item, day, amount: Money::from_minor(minor, currency) });
    };
    for paid in paid.filter(|paid| is_of(paid, currency)) {
        let minor = sign * paid.amount.minor();
        left = left.saturating_sub(minor);
        add(paid.document.clone(), minor);
    }
    if left != 0 {
        add(format!("#{batch}"), left);
    }
}

fn is_of(paid: &PaidBefore, currency: Currency) -> bool {
    paid.takes_back_of().is_none() && paid.amount.currency() == currency
}

/// One currency of the account.
fn view(
    amounts: &[Money],
    movements: &[Movement],
    unexplained: &[OpenItem],
    currency: Currency,
    on: Date,
) -> Result<InterimView, PayoutFailure> {
    let of_currency = |amount: &&Money| amount.currency() == currency;
    let balance = Money::sum(currency, amounts.iter().filter(of_currency).copied()).map_err(reckoning)?;
    let moved: Vec<Movement> =
        movements.iter().filter(|moved| moved.amount.currency() == currency).cloned().collect();
    let mut since: BTreeMap<String, Date> = BTreeMap::new();
    for movement in &moved {
        let first = since.entry(movement.item.clone()).or_insert(movement.day);
        *first = (*first).min(movement.day);
    }
    let proof = prove_balance(moved, balance, on).map_err(reckoning)?;
    let mut items: Vec<OpenItem> = proof
        .open
        .into_iter()
        .map(|(item, amount)| OpenItem { since: since.get(&item).copied().unwrap_or(on), item, amount })
        .collect();
    items.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.item.cmp(&b.item)));
    let (captured, paid_without_booking): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| !item.amount.is_negative());
    let unexplained = unexplained.iter().filter(|item| item.amount.currency() == currency).cloned().collect();
    Ok(InterimView {
        balance: proof.ledger,
        reckoned: proof.reckoned,
        difference: proof.difference,
        ageing: ageing(&captured, currency, on).map_err(reckoning)?,
        captured,
        of_others: Vec::new(),
        paid_without_booking,
        unexplained,
    })
}
