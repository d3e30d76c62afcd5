//! What gateways say of an acquirer's references: which order a payment is of that the acquirer tells of by its own reference alone.
//!
//! A gateway is asked by the clock, and what it says is kept under the acquirer's reference as it was said: the order as the gateway has
//! it, and the payment's id there. It is looked up when a payout is matched, and only for lines that nothing else was found under. So it
//! does not matter whether the order, its invoice or the payout comes first, and a change of the rules for order numbers needs nothing
//! to be written anew. The shop's own word, which stands with the order, goes before a gateway's.
//!
//! A reference leads to an order when every link of it names the same one, and that is one order of the ledger: by its number, by the
//! gateway's id of the payment where the shop knows that, and never by one against the other. Otherwise it leads nowhere, which is noted.

use std::collections::{BTreeMap, BTreeSet};

use connectors::bridge::Link;
use domain::settings::OrderNumberRules;
use domain::{ConnectionId, TransferId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PayoutEngine;
use super::numbers;
use super::receivables::{Found, add_head};
use super::route::PayoutRoute;
use super::work::Stop;
use crate::store::{Head, Pointer, PointerKind};

/// Longest name of an order or a payment that is kept, in bytes.
const LONGEST: usize = 200;

/// A reference of an acquirer's, and what a gateway says that it is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OrderLink {
    /// The gateway's connection.
    pub connection: ConnectionId,
    /// The acquirer's reference.
    pub reference: String,
    /// The order, as the gateway has it; empty where it has none.
    pub order: String,
    /// The payment's id at the gateway; empty where it has none.
    pub payment: String,
    /// When it was learned.
    pub learned_at: Timestamp,
}

impl OrderLink {
    /// What is kept of a link: under the acquirer's reference, and under the gateway's own id of the payment, by which some acquirers
    /// tell of it. `None`: one of its names is longer than anything real.
    pub fn of(connection: &ConnectionId, link: &Link, now: Timestamp) -> Option<Vec<OrderLink>> {
        let names = [&link.order, &link.payment, &link.acquirer_reference];
        if names.iter().any(|name| name.len() > LONGEST) {
            return None;
        }
        let references: BTreeSet<&String> =
            [&link.acquirer_reference, &link.payment].into_iter().filter(|name| !name.is_empty()).collect();
        let says_something = |reference: &&String| !link.order.is_empty() || **reference != link.payment;
        let kept = references.into_iter().filter(says_something).map(|reference| OrderLink {
            connection: connection.clone(),
            reference: reference.clone(),
            order: link.order.clone(),
            payment: link.payment.clone(),
            learned_at: now,
        });
        Some(kept.collect())
    }
}

/// What the links of some references came to. Of each reference all links are read together, so that it does not matter which references
/// are looked up with it.
#[derive(Debug, Default)]
pub(super) struct Linked {
    /// The documents that they lead to.
    pub(super) found: BTreeMap<String, Found>,
    /// References that lead to documents.
    pub(super) leads: BTreeSet<String>,
    /// References that gateways say to be of several orders, or of one order by its number and of another by its payment.
    pub(super) unclear: BTreeSet<String>,
    /// Numbers of orders that the ledger does not know, or knows no booked document of, each with a reference that leads to it.
    pub(super) unknown: Vec<(Box<str>, Box<str>)>,
}

impl Linked {
    /// The books are asked for the documents of an order of this number. Which of several a reference would be of they cannot say.
    fn leave_to_books(&mut self, reference: &str, numbers: BTreeSet<String>) {
        let mut numbers = numbers.into_iter().filter(|number| !number.is_empty());
        if let (Some(number), None) = (numbers.next(), numbers.next()) {
            self.unknown.push((number.into(), reference.into()));
        }
    }
}

/// Orders of the ledger that the names in links lead to.
#[derive(Default)]
struct Named {
    numbers: BTreeMap<String, BTreeMap<TransferId, Head>>,
    payments: BTreeMap<String, BTreeMap<TransferId, Head>>,
}

/// What a gateway's word says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// It is of these orders, each for certain.
    Orders(BTreeSet<TransferId>),
    /// Nothing that is known.
    Nothing,
    /// It could be of several.
    Unclear,
}

impl PayoutEngine<'_> {
    /// Looks up the documents that gateways lead to from references under which nothing was found.
    pub(super) async fn linked(&self, route: &PayoutRoute, references: &[String]) -> Result<Linked, Stop> {
        let mut linked = Linked::default();
        if references.is_empty() || route.gateways.is_empty() {
            return Ok(linked);
        }
        let rules = &route.settings.matching.order_numbers;
        let links = self.payouts.links(&route.merchant, &route.gateways, references).await?;
        let named = self.named(route, &links).await?;
        let mut by_reference: BTreeMap<&str, Vec<&OrderLink>> = BTreeMap::new();
        for link in &links {
            by_reference.entry(&link.reference).or_default().push(link);
        }
        for (reference, links) in by_reference {
            match said_by_all(&links, &named, rules) {
                Said::Unclear => {
                    linked.unclear.insert(reference.to_owned());
                }
                Said::Nothing => linked.leave_to_books(reference, numbers_of(links[0], rules)),
                Said::Orders(transfers) => {
                    let mut numbers = BTreeSet::new();
                    for head in transfers.iter().filter_map(|transfer| named.head(transfer)) {
                        numbers.insert(rules.normal(&head.order_number).into_owned());
                        if add_head(&mut linked.found, head, Some(reference)) {
                            linked.leads.insert(reference.to_owned());
                        }
                    }
                    // Of an order that was booked by others the books have the invoice.
                    if !linked.leads.contains(reference) {
                        linked.leave_to_books(reference, numbers);
                    }
                }
            }
        }
        Ok(linked)
    }

    /// Looks up the orders that links name, among those of the shops that are paid through this account.
    async fn named(&self, route: &PayoutRoute, links: &[OrderLink]) -> Result<Named, Stop> {
        let rules = &route.settings.matching.order_numbers;
        let pointer = |kind, value: String| Pointer { kind, value };
        let mut pointers = BTreeSet::new();
        for link in links {
            for number in rules.several(&link.order) {
                let forms = numbers::forms(&number, rules);
                pointers.extend(forms.into_iter().map(|form| pointer(PointerKind::OrderNumber, form)));
                let key = numbers::key_to_ask_for(&number, rules);
                pointers.extend(key.map(|key| pointer(PointerKind::Payment, key)));
            }
            if !link.payment.is_empty() {
                pointers.insert(pointer(PointerKind::Payment, link.payment.clone()));
            }
        }
        let pointers: Vec<Pointer> = pointers.into_iter().collect();
        let payments: BTreeSet<&str> = links.iter().map(|link| link.payment.as_str()).collect();
        let shops = &route.settings.matching.shops;
        let mut named = Named::default();
        for (pointer, head) in self.payouts.booked_under(&route.merchant, &pointers).await? {
            if !shops.is_empty() && !shops.contains(&head.transfer.source) {
                continue;
            }
            if pointer.kind == PointerKind::Payment && payments.contains(pointer.value.as_str()) {
                let under = named.payments.entry(pointer.value).or_default();
                under.insert(head.transfer.clone(), head);
            } else {
                let number = rules.normal(&head.order_number).into_owned();
                named.numbers.entry(number).or_default().insert(head.transfer.clone(), head);
            }
        }
        Ok(named)
    }
}

impl Named {
    fn head(&self, transfer: &TransferId) -> Option<&Head> {
        self.numbers.values().chain(self.payments.values()).find_map(|under| under.get(transfer))
    }

    fn said(&self, word: &Word<'_>) -> Said {
        let under = word.payments.iter().filter_map(|payment| self.payments.get(*payment));
        let paid: BTreeSet<TransferId> = under.flat_map(|under| under.keys().cloned()).collect();
        let (mut orders, mut several) = (BTreeSet::new(), false);
        let mut unknown = word.numbers.is_empty();
        for number in &word.numbers {
            let under = self.numbers.get(number);
            unknown |= under.is_none();
            several |= under.is_some_and(|under| under.len() > 1);
            orders.extend(under.into_iter().flat_map(|under| under.keys().cloned()));
        }
        match (unknown, several) {
            (true, _) if paid.len() == 1 && orders.is_subset(&paid) => Said::Orders(paid),
            (true, _) if paid.is_empty() && orders.is_empty() => Said::Nothing,
            // The payment decides between orders of one number, as a later key of a line does.
            (false, true) => {
                let both: BTreeSet<TransferId> = orders.intersection(&paid).cloned().collect();
                if both.len() == 1 && paid.len() == 1 { Said::Orders(both) } else { Said::Unclear }
            }
            (false, false) if !orders.is_empty() && paid.is_subset(&orders) => Said::Orders(orders),
            _ => Said::Unclear,
        }
    }
}

/// The numbers of the orders that a link names, made alike.
fn numbers_of(link: &OrderLink, rules: &OrderNumberRules) -> BTreeSet<String> {
    rules.several(&link.order).map(std::borrow::Cow::into_owned).collect()
}

/// What one gateway says of a reference: the orders' numbers, and its payments of them. Some gateways have a payment of its own for each
/// time that money of an order moves, of which a shop knows one.
struct Word<'a> {
    connection: &'a ConnectionId,
    numbers: BTreeSet<String>,
    payments: BTreeSet<&'a str>,
}

/// The links of one reference, those of one gateway that name the same orders as one.
fn words<'a>(links: &[&'a OrderLink], rules: &OrderNumberRules) -> Vec<Word<'a>> {
    let mut words: Vec<Word<'a>> = Vec::new();
    for link in links {
        let numbers = numbers_of(link, rules);
        let same = |word: &&mut Word<'_>| {
            !numbers.is_empty() && *word.connection == link.connection && word.numbers == numbers
        };
        match words.iter_mut().find(same) {
            Some(word) => _ = word.payments.insert(&link.payment),
            None => words.push(Word {
                connection: &link.connection,
                numbers,
                payments: BTreeSet::from([link.payment.as_str()]),
            }),
        }
    }
    words
}

/// What the links of one reference say together: the same, or nothing that can be relied on.
fn said_by_all(links: &[&OrderLink], named: &Named, rules: &OrderNumberRules) -> Said {
    let words = words(links, rules);
    let mut all = words.iter().map(|word| (named.said(word), &word.numbers));
    let Some(first) = all.next() else { return Said::Nothing };
    if all.all(|other| other == first) { first.0 } else { Said::Unclear }
}
