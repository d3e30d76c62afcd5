//! What is to be paid: the invoices and credit notes that lines of settlements are matched with, packed and indexed by their keys.

use std::collections::HashMap;
use std::sync::OnceLock;

use hashbrown::HashTable;
use jiff::civil::Date;

use crate::money::{Currency, Money};
use crate::packed::{Chunked, Entry, Index, LENGTH, Texts, fingerprint, put};
use crate::settings::OrderNumberRules;

/// One invoice or credit note, borrowed from whoever reads it: made by Bogbro, by hand, or before go-live.
#[derive(Clone, Copy, Debug)]
pub struct Receivable<'a> {
    /// Its number in the accounting system.
    pub number: &'a str,
    /// The shop's own identity (`woocommerce:shop.example`); empty where it is not known.
    pub shop: &'a str,
    /// The order's number; empty where it is not known.
    pub order: &'a str,
    /// Ids of the payment that were saved with the order: charge, payment, capture, PSP reference.
    pub payments: &'a [&'a str],
    /// References of the card network or the acquirer (ARN) that were saved with the order.
    pub acquirer_references: &'a [&'a str],
    /// Number of the customer in the accounting system.
    pub customer: u32,
    /// Its date.
    pub date: Date,
    /// Its total with VAT; negative for a credit note.
    pub total: Money,
    /// What acquirers are still to pay of it, signed as the total: the total less gift cards and other payments, and less what
    /// earlier payouts settled.
    pub expected: Money,
}

/// Which one: its place in [`Receivables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceivableId(pub(super) u32);

impl ReceivableId {
    /// The place.
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// Why an invoice or credit note cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceivableError {
    /// A key or the number is longer than 255 bytes.
    #[error("invoice {number}: {field} is longer than 255 bytes")]
    TooLong {
        /// The invoice, as far as it is short.
        number: String,
        /// Which field.
        field: &'static str,
    },
    /// Total and expected amount are in different currencies or of different signs, or the date is before 1970.
    #[error("invoice {number}: {what}")]
    NotPlausible {
        /// The invoice.
        number: String,
        /// What is wrong.
        what: &'static str,
    },
    /// More than can be numbered.
    #[error("there are too many invoices")]
    TooMany,
}

/// Twelve bytes; its number and order number stand among the texts, and what is reckoned with, apart.
#[derive(Clone, Copy, Debug)]
struct Item {
    text: u32,
    customer: u32,
    /// Days since 1970.
    day: u16,
    shop: u16,
}

/// What a document is, apart from [`Item`] and so small that it stays near while lines are put on documents: the number of its currency,
/// and the uppermost bit for a credit note.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Class(u8);

impl Class {
    const CREDIT: u8 = 1 << 7;

    const fn new(currency: u8, credit: bool) -> Class {
        Class(if credit { currency | Class::CREDIT } else { currency })
    }

    const fn currency(self) -> usize {
        (self.0 & !Class::CREDIT) as usize
    }

    pub(super) const fn is_credit_note(self) -> bool {
        self.0 & Class::CREDIT != 0
    }
}

/// In which space a key lives: equal bytes in two spaces are two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Payment,
    Acquirer,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    text: u32,
    item: u32,
    space: Space,
}

/// Invoices and credit notes, found by order number, payment or acquirer reference.
#[derive(Clone, Debug)]
pub struct Receivables {
    rules: OrderNumberRules,
    items: Chunked<Item>,
    /// What is still to be paid of each, in minor units.
    expected: Chunked<i64>,
    classes: Chunked<Class>,
    texts: Texts,
    currencies: Vec<Currency>,
    shops: Vec<String>,
    totals: HashMap<u32, i64>,
    /// What earlier payouts took back of invoices, in minor units; negative.
    taken_before: HashMap<u32, i64>,
    /// The last date that was reckoned: documents of one day stand together.
    last_day: (Date, u16),
    keys: Chunked<Key>,
    /// Made when all are there: items by order number, and keys.
    indexes: OnceLock<Indexes>,
}

#[derive(Clone, Debug)]
struct Indexes {
    orders: Index,
    keys: Index,
}

impl Receivables {
    /// None yet. Order numbers are compared as the rules say.
    pub fn new(rules: OrderNumberRules) -> Receivables {
        Receivables {
            rules,
            items: Chunked::new(),
            expected: Chunked::new(),
            classes: Chunked::new(),
            texts: Texts::default(),
            currencies: Vec::new(),
            shops: vec![String::new()],
            totals: HashMap::new(),
            taken_before: HashMap::new(),
            last_day: (EPOCH, 0),
            keys: Chunked::new(),
            indexes: OnceLock::new(),
        }
    }

    /// How order numbers are compared.
    pub const fn rules(&self) -> &OrderNumberRules {
        &self.rules
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.items.len()
    }

    /// True when there are none.
    pub const fn is_empty(&self) -> bool {
        self.items.len() == 0
    }

    /// Adds one. The caller adds each document once.
    ///
    /// # Errors
    /// A key that is too long, amounts that contradict each other, too many of them.
    pub fn add(&mut self, receivable: &Receivable<'_>) -> Result<ReceivableId, ReceivableError> {
        let number = || receivable.number.chars().take(40).collect::<String>();
        let not_plausible = |what| ReceivableError::NotPlausible { number: number(), what };
        let (total, expected) = (receivable.total, receivable.expected);
        if total.currency() != expected.currency() {
            return Err(not_plausible("total and expected amount are in different currencies"));
        }
        if !expected.is_zero() && total.is_negative() != expected.is_negative() {
            return Err(not_plausible("the expected amount has another sign than the total"));
        }
        if self.last_day.0 != receivable.date {
            let days = days_since_1970(receivable.date);
            self.last_day =
                (receivable.date, days.ok_or_else(|| not_plausible("the date is not plausible"))?);
        }
        let day = self.last_day.1;
        let id = u32::try_from(self.items.len()).map_err(|_| ReceivableError::TooMany)?;
        let text = self.keep_texts(receivable)?;
        let item =
            Item { text, customer: receivable.customer, day, shop: self.shop_number(receivable.shop)? };
        let class = Class::new(self.currency_number(total.currency())?, total.is_negative());
        self.items.push(item);
        self.expected.push(expected.minor());
        self.classes.push(class);
        if total != expected {
            self.totals.insert(id, total.minor());
        }
        if self.indexes.get().is_some() {
            self.indexes.take();
        }
        for payment in receivable.payments {
            self.keep_key(id, payment, Space::Payment)?;
        }
        for reference in receivable.acquirer_references {
            self.keep_key(id, reference, Space::Acquirer)?;
        }
        Ok(ReceivableId(id))
    }

    fn keep_texts(&mut self, receivable: &Receivable<'_>) -> Result<u32, ReceivableError> {
        let Receivable { number, order, .. } = receivable;
        let room = self.texts.room(2 * LENGTH + number.len() + order.len());
        let (place, block) = room.ok_or(ReceivableError::TooMany)?;
        put(block, number).ok_or_else(|| too_long(number, "number"))?;
        put(block, order).ok_or_else(|| too_long(number, "order"))?;
        Ok(place)
    }

    fn shop_number(&mut self, shop: &str) -> Result<u16, ReceivableError> {
        let place = match self.shops.iter().position(|known| known == shop) {
            Some(place) => place,
            None => {
                self.shops.push(shop.to_owned());
                self.shops.len() - 1
            }
        };
        u16::try_from(place).map_err(|_| ReceivableError::TooMany)
    }

    fn currency_number(&mut self, currency: Currency) -> Result<u8, ReceivableError> {
        let place = match self.currencies.iter().position(|known| *known == currency) {
            Some(place) => place,
            None => {
                self.currencies.push(currency);
                self.currencies.len() - 1
            }
        };
        u8::try_from(place).ok().filter(|place| place & Class::CREDIT == 0).ok_or(ReceivableError::TooMany)
    }

    fn keep_key(&mut self, item: u32, text: &str, space: Space) -> Result<(), ReceivableError> {
        if text.is_empty() {
            return Ok(());
        }
        if u32::try_from(self.keys.len()).is_err() {
            return Err(ReceivableError::TooMany);
        }
        let (place, block) = self.texts.room(LENGTH + text.len()).ok_or(ReceivableError::TooMany)?;
        put(block, text).ok_or_else(|| too_long(text, "payment reference"))?;
        self.keys.push(Key { text: place, item, space });
        Ok(())
    }

    /// Adds a reference of a document's payment that became known after it was added, to be found under whichever key a report names it.
    ///
    /// # Errors
    /// A reference that is too long, too many of them.
    pub fn add_payment(&mut self, id: ReceivableId, reference: &str) -> Result<(), ReceivableError> {
        self.indexes.take();
        self.keep_key(id.0, reference, Space::Payment)?;
        self.keep_key(id.0, reference, Space::Acquirer)
    }

    /// Says what earlier payouts took back of an invoice and did not give back, in its currency: negative. What a later payout gives back
    /// is reckoned from there.
    pub fn set_taken_before(&mut self, id: ReceivableId, amount: Money) {
        self.taken_before.insert(id.0, amount.minor());
    }

    /// What earlier payouts took back of an invoice and did not give back; negative, in its currency.
    pub fn taken_before(&self, id: ReceivableId) -> Money {
        let minor = self.taken_before.get(&id.0).copied().unwrap_or_default();
        Money::from_minor(minor, self.currency(id))
    }

    /// Makes the indexes now, rather than when the first key is looked up.
    pub fn index(&self) {
        self.indexes();
    }

    fn indexes(&self) -> &Indexes {
        self.indexes.get_or_init(|| {
            let named = |id: ReceivableId| {
                // What is compared is reckoned from what was given, each time: it is a slice of it, and need not be kept.
                let order = self.rules.normal(self.order(id));
                (!order.is_empty()).then(|| Entry::new(fingerprint(order.as_bytes()), id.0))
            };
            let keys = (0..self.keys.len()).filter_map(|key| u32::try_from(key).ok());
            let keys = keys.filter_map(|key| Some((key, self.keys.get(key as usize)?)));
            Indexes {
                orders: Index::of(self.ids().filter_map(named)),
                keys: Index::of(
                    keys.map(|(number, key)| Entry::new(fingerprint(self.text(key.text).as_bytes()), number)),
                ),
            }
        })
    }

    /// The first of an order number (already made alike), and the others of it.
    pub(super) fn by_order(&self, order: &str) -> Option<(u32, Vec<u32>)> {
        if order.is_empty() {
            return None;
        }
        let like = self.indexes().orders.like(fingerprint(order.as_bytes()));
        gathered(like.filter(|id| self.has_order(*id, order)))
    }

    /// The index of order numbers.
    pub(super) fn orders(&self) -> &Index {
        &self.indexes().orders
    }

    /// True where a document has an order number (already made alike).
    pub(super) fn has_order(&self, id: u32, order: &str) -> bool {
        self.rules.normal(self.order(ReceivableId(id))) == order
    }

    /// The first of a key, and the others of it.
    pub(super) fn by_key(&self, space: Space, text: &str) -> Option<(u32, Vec<u32>)> {
        let like = self.indexes().keys.like(fingerprint(text.as_bytes()));
        let keys = like.filter_map(|key| self.keys.get(key as usize));
        let same = keys.filter(|key| key.space == space && self.text(key.text) == text);
        gathered(same.map(|key| key.item))
    }

    /// An index of documents by their own numbers.
    pub(super) fn numbers(&self) -> Index {
        Index::of(self.ids().map(|id| Entry::new(fingerprint(self.number(id).as_bytes()), id.0)))
    }

    /// Every one.
    pub fn ids(&self) -> impl Iterator<Item = ReceivableId> {
        (0..self.items.len()).filter_map(|id| u32::try_from(id).ok()).map(ReceivableId)
    }

    /// Number in the accounting system.
    pub fn number(&self, id: ReceivableId) -> &str {
        self.item(id).map(|item| self.text(item.text)).unwrap_or_default()
    }

    /// The order's number as it was given.
    pub fn order(&self, id: ReceivableId) -> &str {
        let Some(item) = self.item(id) else { return "" };
        let mut run = self.texts.from(item.text);
        run.take();
        run.take()
    }

    /// The text that stands at a place.
    fn text(&self, place: u32) -> &str {
        self.texts.from(place).take()
    }

    /// The shop's own identity; empty where it is not known.
    pub fn shop(&self, id: ReceivableId) -> &str {
        let shop = self.item(id).map_or(0, |item| item.shop);
        self.shops.get(usize::from(shop)).map(String::as_str).unwrap_or_default()
    }

    /// Number of the customer.
    pub fn customer(&self, id: ReceivableId) -> u32 {
        self.item(id).map_or(0, |item| item.customer)
    }

    /// Its date.
    pub fn date(&self, id: ReceivableId) -> Date {
        let days = self.item(id).map_or(0, |item| item.day);
        EPOCH.saturating_add(jiff::Span::new().days(i64::from(days)))
    }

    /// True for a credit note.
    pub fn is_credit_note(&self, id: ReceivableId) -> bool {
        self.class(id).is_some_and(|class| class.is_credit_note())
    }

    /// Its currency.
    pub fn currency(&self, id: ReceivableId) -> Currency {
        self.class(id).map_or(Currency::DKK, |class| self.currency_of(class))
    }

    /// The currency of a class of documents.
    pub(super) fn currency_of(&self, class: Class) -> Currency {
        self.currencies.get(class.currency()).copied().unwrap_or(Currency::DKK)
    }

    /// What acquirers are still to pay of it.
    pub fn expected(&self, id: ReceivableId) -> Money {
        let minor = self.expected.get(id.0 as usize).copied().unwrap_or_default();
        Money::from_minor(minor, self.currency(id))
    }

    /// Its total.
    pub fn total(&self, id: ReceivableId) -> Money {
        match self.totals.get(&id.0) {
            Some(total) => Money::from_minor(*total, self.currency(id)),
            None => self.expected(id),
        }
    }

    /// Its currency and whether it is a credit note, in one.
    pub(super) fn class(&self, id: ReceivableId) -> Option<Class> {
        self.classes.get(id.0 as usize).copied()
    }

    fn item(&self, id: ReceivableId) -> Option<&Item> {
        self.items.get(id.0 as usize)
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The first, and the others, each once and in the order of items: a document may have been given a key twice, and later than others.
fn gathered(mut ids: impl Iterator<Item = u32>) -> Option<(u32, Vec<u32>)> {
    let first = ids.next()?;
    let mut more: Vec<u32> = ids.collect();
    if more.is_empty() {
        return Some((first, more));
    }
    more.push(first);
    more.sort_unstable();
    more.dedup();
    let first = more.remove(0);
    Some((first, more))
}

/// Documents by their numbers, while they are gathered.
#[derive(Debug, Default)]
pub struct ByNumber(HashTable<u32>);

impl ByNumber {
    /// The document of a number, of those that were added here.
    pub fn find(&self, of: &Receivables, number: &str) -> Option<ReceivableId> {
        let same = |id: &u32| of.number(ReceivableId(*id)) == number;
        self.0.find(fingerprint(number.as_bytes()), same).copied().map(ReceivableId)
    }

    /// Adds a document, once.
    pub fn add(&mut self, of: &Receivables, id: ReceivableId) {
        let hash = |id: &u32| fingerprint(of.number(ReceivableId(*id)).as_bytes());
        self.0.insert_unique(hash(&id.0), id.0, hash);
    }
}

fn days_since_1970(date: Date) -> Option<u16> {
    u16::try_from((date - EPOCH).get_days()).ok()
}

fn too_long(number: &str, field: &'static str) -> ReceivableError {
    ReceivableError::TooLong { number: number.chars().take(40).collect(), field }
}
