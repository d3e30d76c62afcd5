//! The documents that a payout's lines may pay: looked up by the lines' own keys, never loaded whole.
//!
//! What Bogbro booked is found in the ledger of transfers by order number and invoice number; where a line's numbers lead to none or
//! to several, by the references of its payment, as the shop has them with the order. Only for lines whose keys lead nowhere are the
//! books themselves read: their documents of the days around the payout, page by page, of which those are kept that name one of the
//! keys exactly, references among them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use connectors::journals::{Days, DocumentState, LedgerDocument};
use domain::matching::{Receivable, Receivables};
use domain::money::Currency;
use domain::settings::OrderNumberRules;
use domain::settlement::{Kind, Line, Settlement};
use domain::{Money, TransferId};
use jiff::ToSpan;
use jiff::civil::Date;

use super::record::{PaidBefore, PayoutRecord};
use super::route::PayoutRoute;
use super::work::Stop;
use super::{PayoutEngine, links, numbers};
use crate::store::{Head, Pointer, PointerKind};

/// Pages of the books' documents that are read for one payout.
const MOST_PAGES: usize = 400;
/// Documents of so many days before the first line are looked through.
const DAYS_BEFORE: i32 = 190;

/// One document, before it is packed.
#[derive(Debug, Default)]
pub(super) struct Found {
    shop: String,
    order: String,
    payments: BTreeSet<String>,
    customer: u32,
    date: Date,
    total: Option<Money>,
    /// What gift cards paid of it.
    on_gift_cards: Option<Money>,
    /// What other acquirers pay out of it.
    of_others: Option<Money>,
}

impl Found {
    /// Others pay so much out, of this document and further ones: what is left for those.
    pub(super) fn paid_by_others(&mut self, others: Money) -> Money {
        let Some(total) = self.total.filter(|total| total.currency() == others.currency()) else {
            return others;
        };
        let part = others.minor().min(total.minor().max(0));
        self.of_others = Some(Money::from_minor(part, total.currency()));
        Money::from_minor(others.minor().saturating_sub(part), total.currency())
    }
}

/// Documents, and what earlier payouts paid of them.
pub(super) struct Documents {
    pub(super) receivables: Receivables,
    pub(super) before: Vec<PaidBefore>,
    /// References that gateways say to be of several orders.
    pub(super) unclear: BTreeSet<String>,
    /// The books were read only in part.
    pub(super) cut: bool,
}

/// The keys of a payout's lines.
#[derive(Debug, Default)]
pub(super) struct Keys {
    orders: BTreeSet<String>,
    pub(super) payments: BTreeSet<String>,
    invoices: BTreeSet<String>,
}

impl Keys {
    /// Of those lines that concern a payment and are asked for, and of what persons decided.
    fn of(
        settlement: &Settlement,
        record: &PayoutRecord,
        rules: &OrderNumberRules,
        asked: impl Fn(&Line<'_>) -> bool,
    ) -> Keys {
        let mut keys = Keys::default();
        for line in settlement.lines().filter(|line| line.kind.concerns_payment() && asked(line)) {
            keys.add(&line, rules);
        }
        for decision in &record.decisions {
            if let super::LineChoice::Documents(parts) = &decision.choice {
                keys.invoices.extend(parts.iter().map(|(number, _)| number.clone()));
            }
        }
        keys
    }

    fn add(&mut self, line: &Line<'_>, rules: &OrderNumberRules) {
        for text in [line.keys.order, line.keys.merchant] {
            self.orders.extend(rules.several(text).map(std::borrow::Cow::into_owned));
        }
        self.payments.extend(references(line).map(str::to_owned));
        if !line.keys.invoice.is_empty() {
            self.invoices.insert(line.keys.invoice.to_owned());
        }
    }

    /// What the ledger is asked for first: a shop keeps its numbers in its own form, so each is tried in every form that the
    /// merchant's rules make the same.
    fn numbers(&self, rules: &OrderNumberRules) -> Vec<Pointer> {
        let pointer = |kind, value: String| Pointer { kind, value };
        let mut all = Vec::new();
        for order in &self.orders {
            let forms = numbers::forms(order, rules);
            all.extend(forms.into_iter().map(|form| pointer(PointerKind::OrderNumber, form)));
            all.extend(numbers::key_to_ask_for(order, rules).map(|key| pointer(PointerKind::Payment, key)));
        }
        all.extend(self.invoices.iter().map(|text| pointer(PointerKind::InvoiceNumber, text.clone())));
        all
    }

    /// What it is asked for where numbers do not decide.
    fn references(&self) -> Vec<Pointer> {
        let pointer = |value: &String| Pointer { kind: PointerKind::Payment, value: value.clone() };
        self.payments.iter().map(pointer).collect()
    }
}

/// References of a line's payment, as the acquirer has them.
fn references<'a>(line: &Line<'a>) -> impl Iterator<Item = &'a str> {
    let keys = &line.keys;
    [keys.transaction, keys.modification, keys.merchant, keys.original, keys.acquirer]
        .into_iter()
        .filter(|text| !text.is_empty())
}

/// Which keys lead to documents.
#[derive(Debug, Default)]
pub(super) struct Leads {
    /// By order number, made alike: the transfers that were booked under it.
    orders: BTreeMap<String, BTreeSet<TransferId>>,
    pub(super) payments: BTreeSet<String>,
}

impl Leads {
    /// True when every order number of one of a line's keys leads to a number of transfers that will do.
    fn by_order(&self, line: &Line<'_>, rules: &OrderNumberRules, will_do: impl Fn(usize) -> bool) -> bool {
        [line.keys.order, line.keys.merchant].into_iter().any(|text| {
            let mut numbers = rules.several(text).peekable();
            let leads = |number: &str| self.orders.get(number).is_some_and(|all| will_do(all.len()));
            numbers.peek().is_some() && numbers.all(|number| leads(&number))
        })
    }

    /// True when something was found under one of a line's keys.
    fn any(&self, line: &Line<'_>, rules: &OrderNumberRules, found: &BTreeMap<String, Found>) -> bool {
        self.by_order(line, rules, |count| count > 0)
            || references(line).any(|text| self.payments.contains(text))
            || found.contains_key(line.keys.invoice)
    }
}

impl PayoutEngine<'_> {
    /// Looks up everything that the lines of a payout may pay.
    pub(super) async fn documents(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        settlement: &Settlement,
    ) -> Result<Documents, Stop> {
        let rules = &route.settings.matching.order_numbers;
        let (mut found, mut leads) = (BTreeMap::<String, Found>::new(), Leads::default());
        let numbers = Keys::of(settlement, record, rules, |_| true).numbers(rules);
        for (_, head) in self.payouts.booked_under(&route.merchant, &numbers).await? {
            if add_head(&mut found, &head, None) {
                let number = rules.normal(&head.order_number).into_owned();
                leads.orders.entry(number).or_default().insert(head.transfer);
            }
        }
        let open = |line: &Line<'_>| !leads.by_order(line, rules, |count| count == 1);
        let references = Keys::of(settlement, record, rules, open).references();
        let paid_by = match references.as_slice() {
            [] => Vec::new(),
            asked => self.payouts.booked_under(&route.merchant, asked).await?,
        };
        for (pointer, head) in paid_by {
            if add_head(&mut found, &head, Some(&pointer.value)) {
                leads.payments.insert(pointer.value);
            }
        }
        let links::Linked { unclear, unknown } =
            self.add_linked((route, record, settlement), &mut leads, &mut found).await?;
        let mut missing = Keys::missing(settlement, record, rules, (&leads, &found));
        missing.orders.extend(unknown.keys().cloned());
        let mut cut = false;
        if !missing.is_empty() {
            cut = self.read_books(route, settlement, &missing, &mut found).await?;
            lead_to_books(&unknown, rules, &mut found);
        }
        let mut numbers: Vec<String> = found.keys().cloned().collect();
        numbers.extend(may_be_taken_back(settlement, record, rules, &found));
        let name = record.id.name();
        let mut before = self.payouts.paid(&route.merchant, &route.books.agreement, &numbers).await?;
        before.retain(|paid| paid.payout != name && !paid.amount.is_zero());
        before.sort_by(|a, b| (&a.document, &a.payout).cmp(&(&b.document, &b.payout)));
        let receivables = packed(&found, &before, rules).map_err(Stop::Refused)?;
        Ok(Documents { receivables, before, unclear, cut })
    }

    /// The currencies of documents by their numbers, of those that are found.
    pub(super) async fn currencies(
        &self,
        route: &PayoutRoute,
        settlement: &Settlement,
        numbers: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Currency>, Stop> {
        let mut found = BTreeMap::<String, Found>::new();
        let mut keys = Keys { invoices: numbers, ..Keys::default() };
        let pointers = keys.numbers(&route.settings.matching.order_numbers);
        for (_, head) in self.payouts.booked_under(&route.merchant, &pointers).await? {
            add_head(&mut found, &head, None);
        }
        keys.invoices.retain(|number| !found.contains_key(number));
        if !keys.is_empty() {
            self.read_books(route, settlement, &keys, &mut found).await?;
        }
        let currency = |(number, one): (String, Found)| Some((number, one.total?.currency()));
        Ok(found.into_iter().filter_map(currency).collect())
    }

    /// Looks through the books for the keys that the ledger knows nothing of. True when there was more than is read.
    async fn read_books(
        &self,
        route: &PayoutRoute,
        settlement: &Settlement,
        missing: &Keys,
        found: &mut BTreeMap<String, Found>,
    ) -> Result<bool, Stop> {
        let Some(days) = days_of(route, settlement) else { return Ok(false) };
        let (journals, transport) = (route.books.journals, &*route.books.transport);
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = journals
                .documents_page(transport, DocumentState::Booked, days, page.as_deref())
                .await
                .map_err(Stop::Failed)?;
            for document in &answer.documents {
                missing.keep(document, &route.settings.matching.order_numbers, found);
            }
            match answer.next {
                None => return Ok(false),
                next => page = next,
            }
        }
        Ok(true)
    }
}

impl Keys {
    /// The keys of lines that nothing was found under. A refund of a sale that was found goes the sale's way.
    pub(super) fn missing(
        settlement: &Settlement,
        record: &PayoutRecord,
        rules: &OrderNumberRules,
        (leads, found): (&Leads, &BTreeMap<String, Found>),
    ) -> Keys {
        let known = |line: &Line<'_>| leads.any(line, rules, found);
        let sales: HashSet<&str> = settlement
            .lines()
            .filter(|line| line.kind.concerns_payment() && known(line))
            .flat_map(|line| [line.keys.transaction, line.keys.modification])
            .collect();
        let of_known_sale =
            |line: &Line<'_>| !line.keys.original.is_empty() && sales.contains(line.keys.original);
        let mut keys = Keys::of(settlement, record, rules, |line| !known(line) && !of_known_sale(line));
        keys.invoices.retain(|number| !found.contains_key(number));
        keys
    }

    fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.payments.is_empty() && self.invoices.is_empty()
    }

    /// Keeps a document of the books that names one of the keys: its own number, or a word of its reference and texts that is
    /// exactly an order's number or a payment's id.
    fn keep(&self, document: &LedgerDocument, rules: &OrderNumberRules, found: &mut BTreeMap<String, Found>) {
        let number = document.number.to_string();
        let mut orders = BTreeSet::new();
        let mut payments = BTreeSet::new();
        for word in words(&document.reference).chain(words(&document.text)) {
            let normal = rules.normal(word);
            if self.orders.contains(normal.as_ref()) {
                orders.insert(word.to_owned());
            }
            if self.payments.contains(word) {
                payments.insert(word.to_owned());
            }
        }
        let named = self.invoices.contains(&number);
        if (orders.is_empty() && payments.is_empty() && !named) || found.contains_key(&number) {
            return;
        }
        // A document that names several orders is none of them for certain: it is found by its number or payment only.
        let order = if orders.len() == 1 { orders.pop_first().unwrap_or_default() } else { String::new() };
        if order.is_empty() && payments.is_empty() && !named {
            return;
        }
        found.insert(
            number,
            Found {
                shop: String::new(),
                order,
                payments,
                customer: document.customer,
                date: document.date,
                total: Some(document.gross),
                on_gift_cards: None,
                of_others: None,
            },
        );
    }
}

/// Has references lead to the books' own documents of the orders that gateways say they are of: of one customer's order of that number,
/// never of several.
fn lead_to_books(
    unknown: &BTreeMap<String, BTreeSet<String>>,
    rules: &OrderNumberRules,
    found: &mut BTreeMap<String, Found>,
) {
    for (number, references) in unknown {
        let of_order = |one: &Found| !one.order.is_empty() && rules.normal(&one.order) == number.as_str();
        let customers: BTreeSet<(&str, u32)> =
            found.values().filter(|one| of_order(one)).map(|one| (one.shop.as_str(), one.customer)).collect();
        if customers.len() != 1 {
            continue;
        }
        for one in found.values_mut().filter(|one| of_order(one)) {
            one.payments.extend(references.iter().cloned());
        }
    }
}

/// Words of a text: what spaces and commas part, without the marks around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"'))
        .map(|word| word.trim_matches(|c: char| matches!(c, '.' | ':' | '\'')))
        .filter(|word| !word.is_empty())
}

/// The days whose documents are looked through: from well before the first line to the payout.
fn days_of(route: &PayoutRoute, settlement: &Settlement) -> Option<Days> {
    let lines = settlement
        .lines()
        .filter_map(|line| line.occurred.day(&route.zone).or_else(|| line.booked.day(&route.zone)));
    let stated = settlement.stated();
    let days: Vec<Date> = lines.chain(stated.from).chain(stated.to).chain(stated.payout_on).collect();
    let (first, last) = (days.iter().min()?, days.iter().max()?);
    Some(Days { from: first.saturating_sub(DAYS_BEFORE.days()), to: last.saturating_add(31.days()) })
}

/// The booked documents of a transfer, with the payment's reference that led to it. True when there are any.
pub(super) fn add_head(found: &mut BTreeMap<String, Found>, head: &Head, payment: Option<&str>) -> bool {
    let booked = head.documents.iter().filter(|document| document.kind.is_booked());
    for document in booked.clone() {
        let one = found.entry(document.number.to_string()).or_default();
        one.shop.clone_from(&head.transfer.source);
        one.order.clone_from(&head.order_number);
        one.customer = head.progress.customer.unwrap_or_default();
        one.date = document.date.or(head.day).unwrap_or_default();
        one.total = document.owed();
        one.on_gift_cards = document.paid_by_gift_cards();
        one.payments.extend(payment.map(str::to_owned));
    }
    booked.count() > 0
}

/// The names of what may have been taken back of documents that the payout's lines may take from or give back to.
fn may_be_taken_back(
    settlement: &Settlement,
    record: &PayoutRecord,
    rules: &OrderNumberRules,
    found: &BTreeMap<String, Found>,
) -> Vec<String> {
    let own = Keys::of(settlement, record, rules, |line| line.kind != Kind::Sale);
    if own.is_empty() {
        return Vec::new();
    }
    // A refund or a dispute may name its sale alone, and the sale its document.
    let keys = Keys::of(settlement, record, rules, |line| {
        let sale = [line.keys.transaction, line.keys.modification];
        line.kind != Kind::Sale || sale.into_iter().any(|text| own.payments.contains(text))
    });
    let meant = |(number, one): &(&String, &Found)| {
        keys.invoices.contains(*number)
            || keys.orders.contains(rules.normal(&one.order).as_ref())
            || one.payments.iter().any(|payment| keys.payments.contains(payment))
    };
    found.iter().filter(meant).map(|(number, _)| PaidBefore::taken_back_of(number)).collect()
}

/// The documents as lines are matched with them, less what was paid of them before.
pub(super) fn packed(
    found: &BTreeMap<String, Found>,
    before: &[PaidBefore],
    rules: &OrderNumberRules,
) -> Result<Receivables, String> {
    let (mut paid, mut taken) = (BTreeMap::<&str, i64>::new(), BTreeMap::<&str, i64>::new());
    for one in before {
        let (number, sums) = match one.takes_back_of() {
            Some(number) => (number, &mut taken),
            None => (one.document.as_str(), &mut paid),
        };
        // An amount in another currency settles nothing of a document, whatever was meant by it.
        let total = found.get(number).and_then(|document| document.total);
        if total.is_some_and(|total| total.currency() == one.amount.currency()) {
            let sum = sums.entry(number).or_default();
            *sum = sum.saturating_add(one.amount.minor());
        }
    }
    let mut receivables = Receivables::new(rules.clone());
    for (number, one) in found {
        let Some(total) = one.total else { continue };
        let payments: Vec<&str> = one.payments.iter().map(String::as_str).collect();
        let cards = one.on_gift_cards.map_or(0, Money::minor);
        let others = one.of_others.map_or(0, Money::minor);
        let left = total.minor().saturating_sub(cards).saturating_sub(others);
        let left = left.saturating_sub(paid.get(number.as_str()).copied().unwrap_or_default());
        // What was paid beyond the whole leaves nothing to come.
        let left = if left.signum() == total.minor().signum() { left } else { 0 };
        let id = receivables
            .add(&Receivable {
                number,
                shop: &one.shop,
                order: &one.order,
                payments: &payments,
                // Shops and books keep references of all kinds alike, so each leads here under whichever key a report names it.
                acquirer_references: &payments,
                customer: one.customer,
                date: one.date,
                total,
                expected: Money::from_minor(left, total.currency()),
            })
            .map_err(|error| error.to_string())?;
        if let Some(taken) = taken.get(number.as_str()) {
            receivables.set_taken_before(id, Money::from_minor(*taken, total.currency()));
        }
    }
    Ok(receivables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_paid_in_another_currency_settles_nothing_of_a_document() {
        let money = |minor, currency| Money::from_minor(minor, currency);
        let document =
            |total| Found { total: Some(total), date: jiff::civil::date(2026, 2, 2), ..Found::default() };
        let found = BTreeMap::from([
            ("10017".to_owned(), document(money(10_000, Currency::EUR))),
            ("10018".to_owned(), document(money(25_000, Currency::DKK))),
        ]);
        let paid = |document: String, amount| PaidBefore { document, payout: "p".to_owned(), amount };
        let before = [
            paid("10017".to_owned(), money(74_510, Currency::DKK)),
            paid("10017".to_owned(), money(4_000, Currency::EUR)),
            paid("10018".to_owned(), money(10_000, Currency::DKK)),
            paid(PaidBefore::taken_back_of("10017"), money(-74_510, Currency::DKK)),
            paid(PaidBefore::taken_back_of("10018"), money(-5_000, Currency::DKK)),
        ];
        let receivables = packed(&found, &before, &OrderNumberRules::default()).expect("sound");
        let told: Vec<(Money, Money)> =
            receivables.ids().map(|id| (receivables.expected(id), receivables.taken_before(id))).collect();
        assert_eq!(
            told,
            [
                (money(6_000, Currency::EUR), money(0, Currency::EUR)),
                (money(15_000, Currency::DKK), money(-5_000, Currency::DKK)),
            ]
        );
    }
}
