//! From a line's keys to the documents they name.

use std::collections::HashMap;
use std::ops::Range;

use hashbrown::HashTable;

use super::Rules;
use super::outcome::KeyUsed;
use super::receivables::{Class, ReceivableId, Receivables, Space};
use crate::packed::{Entry, Index, fingerprint, is_whole, sort_by};
use crate::settlement::{Kind, Line, Settlement};

/// More documents than this under one key say nothing.
const TOO_MANY: usize = 50;
/// By so many first bits of their fingerprints keys are sorted before they are looked up.
const NEAR: u32 = 16;

/// What the keys of a line name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Missing,
    One(u32),
    /// Documents of one order, or of one payment.
    Set(Vec<u32>),
    /// Documents of several orders, between which no key decides; none where the key could mean anything.
    Ambiguous(Vec<u32>),
}

/// A document that a line names, and what it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) document: u32,
    pub(super) class: Class,
}

/// Looks keys up.
pub(super) struct Cascade<'a> {
    receivables: &'a Receivables,
    rules: Rules<'a>,
    numbers: Option<Index>,
    settlements: &'a [Settlement],
    sales: Option<Sales>,
}

impl<'a> Cascade<'a> {
    pub(super) fn new(
        receivables: &'a Receivables,
        settlements: &'a [Settlement],
        rules: Rules<'a>,
    ) -> Cascade<'a> {
        Cascade { receivables, rules, numbers: None, settlements, sales: None }
    }

    /// Indexes what only few lines need: invoices by number, and sales by their own references.
    pub(super) fn prepare_for_the_rest(&mut self) {
        self.numbers = Some(self.receivables.numbers());
        self.sales = Some(Sales::of(self.settlements));
    }

    /// By the keys that most lines have; no allocation when one document is named.
    pub(super) fn resolve(&self, line: &Line<'_>) -> (KeyUsed, Found) {
        let keys = &line.keys;
        let mut undecided: Option<Vec<u32>> = None;
        for (by, text) in [
            (KeyUsed::Order, keys.order),
            (KeyUsed::Order, keys.merchant),
            (KeyUsed::Transaction, keys.transaction),
            (KeyUsed::PaymentReference, keys.modification),
            (KeyUsed::PaymentReference, keys.merchant),
            (KeyUsed::Original, keys.original),
            (KeyUsed::Acquirer, keys.acquirer),
            (KeyUsed::Invoice, keys.invoice),
        ] {
            if text.is_empty() {
                continue;
            }
            let found = match by {
                KeyUsed::Order => self.by_order(text),
                KeyUsed::Acquirer => self.by_key(Space::Acquirer, text),
                KeyUsed::Original => self.by_original(text),
                KeyUsed::Invoice => self.by_number(text),
                KeyUsed::Transaction | KeyUsed::PaymentReference | KeyUsed::Hand => {
                    self.by_key(Space::Payment, text)
                }
            };
            // What could be anything leaves the later keys as free as if it were not there.
            match (undecided.as_ref().filter(|candidates| !candidates.is_empty()), found) {
                (_, Found::Missing) => {}
                (None, Found::Ambiguous(candidates)) => undecided = Some(candidates),
                (None, found) => return (by, found),
                (Some(candidates), found) => match self.narrowed(candidates, found) {
                    Found::Missing | Found::Ambiguous(_) => {}
                    narrowed => return (by, narrowed),
                },
            }
        }
        (KeyUsed::Order, undecided.map_or(Found::Missing, Found::Ambiguous))
    }

    /// The document of each of some lines of a settlement, where its order number names one, one alone, and one that may be meant. Any
    /// other is still to be resolved.
    ///
    /// What is looked up is sorted first by where it is looked up: waiting for memory is what costs time, and what is gone through from
    /// one end to the other is waited for least.
    pub(super) fn by_orders(&self, settlement: &Settlement, lines: Range<usize>) -> Vec<Option<Named>> {
        let rules = self.receivables.rules();
        let several = |text: &str| rules.separator.as_ref().is_some_and(|mark| text.contains(mark.as_str()));
        let mut wanted = Vec::with_capacity(lines.len());
        for (place, payment) in (0..).zip(lines.clone().filter_map(|line| settlement.payment(line))) {
            if payment.kind.concerns_payment() && !several(payment.order) {
                let order = rules.normal(payment.order);
                if !order.is_empty() {
                    wanted.push(Entry::new(fingerprint(order.as_bytes()), place));
                }
            }
        }
        sort_by(&mut wanted, NEAR, |wanted| wanted.first(NEAR));
        let same = |document: u32, wanted: Entry| {
            let order =
                || settlement.payment(lines.start + wanted.number as usize).map(|payment| payment.order);
            is_whole(wanted.fingerprint())
                || order().is_some_and(|order| self.receivables.has_order(document, &rules.normal(order)))
        };
        let orders = self.receivables.orders();
        let mut found = vec![None; lines.len()];
        for wanted in wanted {
            found[wanted.number as usize] =
                orders.only(wanted).filter(|document| same(*document, wanted) && self.allowed(*document));
        }
        // What documents are is fetched apart, so that memory is waited for once for many.
        let named = |document| Named {
            document,
            class: self.receivables.class(ReceivableId(document)).unwrap_or_default(),
        };
        found.into_iter().map(|document| document.map(named)).collect()
    }

    /// A later key decides only among what an earlier one left open.
    fn narrowed(&self, candidates: &[u32], found: Found) -> Found {
        let named = match found {
            Found::Missing => return Found::Missing,
            Found::One(id) => vec![id],
            Found::Set(ids) | Found::Ambiguous(ids) => ids,
        };
        self.one_order(named.into_iter().filter(|id| candidates.contains(id)).collect())
    }

    fn allowed(&self, id: u32) -> bool {
        let shop = || self.receivables.shop(ReceivableId(id));
        self.rules.shops.is_empty()
            || shop().is_empty()
            || self.rules.shops.iter().any(|allowed| allowed == shop())
    }

    fn by_order(&self, text: &str) -> Found {
        let rules = self.receivables.rules();
        match &rules.separator {
            Some(separator) if text.contains(separator.as_str()) => self.by_several_orders(text),
            _ => self.by_one_order(&rules.normal(text)),
        }
    }

    fn by_one_order(&self, order: &str) -> Found {
        match self.receivables.by_order(order) {
            None => Found::Missing,
            Some((only, more)) if more.is_empty() && self.allowed(only) => Found::One(only),
            Some((first, more)) => {
                let all = std::iter::once(first).chain(more);
                self.one_order(all.filter(|id| self.allowed(*id)).collect())
            }
        }
    }

    /// One payment for several orders: each of them must be found, and be one order.
    fn by_several_orders(&self, text: &str) -> Found {
        let rules = self.receivables.rules();
        together(rules.several(text).map(|order| self.by_one_order(&order)))
    }

    fn by_key(&self, space: Space, text: &str) -> Found {
        match self.receivables.by_key(space, text) {
            None => Found::Missing,
            Some((only, more)) if more.is_empty() && self.allowed(only) => Found::One(only),
            Some((first, more)) => {
                let all = std::iter::once(first).chain(more);
                counted(all.filter(|id| self.allowed(*id)).collect())
            }
        }
    }

    fn by_number(&self, text: &str) -> Found {
        let like = self.numbers.iter().flat_map(|numbers| numbers.like(fingerprint(text.as_bytes())));
        let same = like.filter(|id| self.receivables.number(ReceivableId(*id)) == text);
        let allowed: Vec<u32> = same.filter(|id| self.allowed(*id)).collect();
        if allowed.len() > 1 { Found::Ambiguous(allowed) } else { counted(allowed) }
    }

    /// The sale that a refund or chargeback belongs to: its reference as it was saved with the order, or else a sale of these
    /// settlements, which leads on by its own keys. A reference of very many sales is none: it is not even followed, since a column that
    /// says the same of each would have every refund look at every sale.
    fn by_original(&self, text: &str) -> Found {
        match self.by_key(Space::Payment, text) {
            Found::Missing => {}
            found => return found,
        }
        let Some(sales) = &self.sales else { return Found::Missing };
        let Some(named) = sales.of_reference(self.settlements, text) else {
            return Found::Ambiguous(Vec::new());
        };
        together(named.into_iter().map(|mut sale| {
            sale.keys.original = "";
            self.resolve(&sale).1
        }))
    }

    /// Documents that share an order number: one order, or an ambiguity.
    fn one_order(&self, ids: Vec<u32>) -> Found {
        let same = |a: u32, b: u32| {
            let (a, b) = (ReceivableId(a), ReceivableId(b));
            let documents = self.receivables;
            let (shop, other) = (documents.shop(a), documents.shop(b));
            let known = !shop.is_empty() && !other.is_empty();
            let together = if known { shop == other } else { documents.customer(a) == documents.customer(b) };
            together && documents.order(a) == documents.order(b)
        };
        let one = ids.len() <= TOO_MANY
            && ids.iter().enumerate().all(|(place, a)| ids[place + 1..].iter().all(|b| same(*a, *b)));
        if one { counted(ids) } else { Found::Ambiguous(ids) }
    }
}

/// What several keys of one line name together: one that names nothing leaves all unknown, one that is ambiguous all
/// ambiguous, whichever comes first.
fn together(parts: impl Iterator<Item = Found>) -> Found {
    let (mut all, mut ambiguous) = (Vec::new(), false);
    for part in parts {
        match part {
            Found::Missing => return Found::Missing,
            Found::One(id) => all.push(id),
            Found::Set(ids) => all.extend(ids),
            Found::Ambiguous(ids) => {
                ambiguous = true;
                all.extend(ids);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    if ambiguous { Found::Ambiguous(all) } else { counted(all) }
}

fn counted(mut ids: Vec<u32>) -> Found {
    match ids.as_slice() {
        [] => Found::Missing,
        [only] => Found::One(*only),
        more if more.len() > TOO_MANY => Found::Ambiguous(ids),
        _ => {
            ids.sort_unstable();
            Found::Set(ids)
        }
    }
}

/// Sales by their transaction and their own reference.
struct Sales {
    table: HashTable<(u32, u32, bool)>,
    more: HashMap<(u32, u32, bool), Vec<(u32, u32)>>,
}

impl Sales {
    fn of(settlements: &[Settlement]) -> Sales {
        let mut sales = Sales { table: HashTable::new(), more: HashMap::new() };
        for (batch, settlement) in settlements.iter().enumerate() {
            for (place, line) in settlement.lines().enumerate().filter(|(_, line)| line.kind == Kind::Sale) {
                let (Ok(batch), Ok(place)) = (u32::try_from(batch), u32::try_from(place)) else { continue };
                let keys = [(line.keys.transaction, false), (line.keys.modification, true)];
                for (text, own) in keys {
                    if !text.is_empty() && (!own || line.keys.transaction != text) {
                        sales.add(settlements, (batch, place, own), text);
                    }
                }
            }
        }
        sales
    }

    fn add(&mut self, settlements: &[Settlement], entry: (u32, u32, bool), text: &str) {
        let same = |other: &(u32, u32, bool)| text_of(settlements, *other) == text;
        match self.table.find(fingerprint(text.as_bytes()), same) {
            Some(first) => self.more.entry(*first).or_default().push((entry.0, entry.1)),
            None => {
                self.table.insert_unique(fingerprint(text.as_bytes()), entry, |other| {
                    fingerprint(text_of(settlements, *other).as_bytes())
                });
            }
        }
    }

    /// The sales of a reference; `None` where they are too many for it to say anything.
    fn of_reference<'a>(&self, settlements: &'a [Settlement], text: &str) -> Option<Vec<Line<'a>>> {
        let same = |other: &(u32, u32, bool)| text_of(settlements, *other) == text;
        let Some(first) = self.table.find(fingerprint(text.as_bytes()), same) else {
            return Some(Vec::new());
        };
        let more = self.more.get(first).map(Vec::as_slice).unwrap_or_default();
        let sales = [(first.0, first.1)];
        let line = |(batch, place): &(u32, u32)| settlements.get(*batch as usize)?.line(*place as usize);
        (more.len() < TOO_MANY).then(|| sales.iter().chain(more).filter_map(line).collect())
    }
}

fn text_of(settlements: &[Settlement], (batch, place, own): (u32, u32, bool)) -> &str {
    let line = settlements.get(batch as usize).and_then(|settlement| settlement.line(place as usize));
    line.map(|line| if own { line.keys.modification } else { line.keys.transaction }).unwrap_or_default()
}
