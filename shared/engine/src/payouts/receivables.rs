//! The documents that a payout's lines may pay: looked up by the lines' own keys, never loaded whole.
//!
//! What Bogbro booked is found in the ledger of transfers by order number and invoice number; where a line's numbers lead to none or
//! to several, by the references of its payment, as the shop has them with the order. Only for lines whose keys lead nowhere are the
//! books themselves read: their documents of the days around the payout, page by page, of which those are kept that name one of the
//! keys exactly, references among them.
//!
//! Some lines are looked up at a time, and what was found is packed before the next ones are, so that a payout of a million lines takes
//! no more memory than its lines and documents do. What was found of many lines is kept aside with how far the work has come (see
//! [`looking`](super::looking)), since one invocation may be too short for all of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use connectors::journals::{Days, DocumentState, LedgerDocument};
use domain::matching::Receivables;
use domain::money::Currency;
use domain::settings::OrderNumberRules;
use domain::settlement::{Kind, Line, Settlement};
use domain::{MerchantId, Money, TransferId};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::looking::{Gathered, LookedUp, Progress};
use super::record::{PaidBefore, PayoutRecord};
use super::route::PayoutRoute;
use super::work::Stop;
use super::{PayoutEngine, links, numbers};
use crate::store::{Head, Pointer, PointerKind};

/// Pages of the books' documents that are read for one payout.
const MOST_PAGES: usize = 400;
/// Documents of so many days before the first line are looked through.
const DAYS_BEFORE: i32 = 190;
/// Lines that are looked up at a time. Their orders' heads are in memory together.
const TOGETHER: usize = 2_000;

/// One document, before it is packed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Found {
    pub(super) shop: String,
    pub(super) order: String,
    pub(super) payments: BTreeSet<String>,
    pub(super) customer: u32,
    pub(super) date: Date,
    pub(super) total: Option<Money>,
    /// What gift cards paid of it.
    pub(super) on_gift_cards: Option<Money>,
    /// What other acquirers pay out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) of_others: Option<Money>,
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
struct Keys {
    orders: BTreeSet<String>,
    payments: BTreeSet<String>,
    invoices: BTreeSet<String>,
}

impl Keys {
    fn of<'a>(lines: impl Iterator<Item = Line<'a>>, rules: &OrderNumberRules) -> Keys {
        let mut keys = Keys::default();
        for line in lines {
            keys.add(&line, rules);
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
fn references<'a>(line: &Line<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let keys = &line.keys;
    [keys.transaction, keys.modification, keys.merchant, keys.original, keys.acquirer]
        .into_iter()
        .filter(|text| !text.is_empty())
}

/// Which keys of some lines lead to documents.
#[derive(Debug, Default)]
struct Leads {
    /// By order number, made alike: the transfers that were booked under it.
    orders: BTreeMap<String, BTreeSet<TransferId>>,
    payments: BTreeSet<String>,
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

/// What lines are looked up by, beside their own keys.
struct Asked<'a> {
    route: &'a PayoutRoute,
    /// The payout's name: what it paid itself is not what was paid before.
    name: String,
    settlement: &'a Settlement,
    /// Numbers of documents that persons named.
    decided: BTreeSet<String>,
    /// References of lines that are no sales: of what their sales paid it may have been taken back before.
    meant: Marks,
    /// There are such lines, whatever they name their documents by.
    any_is_no_sale: bool,
}

impl<'a> Asked<'a> {
    fn new(route: &'a PayoutRoute, record: &PayoutRecord, settlement: &'a Settlement) -> Asked<'a> {
        let mut decided = BTreeSet::new();
        for decision in &record.decisions {
            if let super::LineChoice::Documents(parts) = &decision.choice {
                decided.extend(parts.iter().map(|(number, _)| number.clone()));
            }
        }
        let others =
            || settlement.lines().filter(|line| line.kind.concerns_payment() && line.kind != Kind::Sale);
        let meant = Marks::of(others().flat_map(|line| references(&line)));
        let any_is_no_sale = others().next().is_some();
        Asked { route, name: record.id.name(), settlement, decided, meant, any_is_no_sale }
    }

    fn rules(&self) -> &'a OrderNumberRules {
        &self.route.settings.matching.order_numbers
    }

    fn lines<'p>(&self, places: &'p [u32]) -> impl Iterator<Item = (u32, Line<'a>)> + use<'a, 'p> {
        let settlement = self.settlement;
        let line = move |place: u32| Some((place, settlement.line(place as usize)?));
        places.iter().copied().filter_map(line)
    }

    /// True for a line that takes from a document or gives back to it, and for the sale that such a line may name.
    fn takes_back(&self, line: &Line<'_>) -> bool {
        let sale = [line.keys.transaction, line.keys.modification];
        line.kind != Kind::Sale || sale.into_iter().any(|text| !text.is_empty() && self.meant.have(text))
    }
}

/// Which texts there are among very many: eight bytes for each. A text that is not among them may be taken for one that is, though hardly
/// ever; so they say only what is to be looked at more closely.
#[derive(Debug, Default)]
struct Marks(Vec<u64>);

impl Marks {
    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Marks {
        let mut marks = Marks(texts.map(mark).collect());
        marks.sort();
        marks
    }

    fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
        self.0.shrink_to_fit();
    }

    fn have(&self, text: &str) -> bool {
        self.0.binary_search(&mark(text)).is_ok()
    }
}

/// The same on every machine, and in every process that is built alike.
pub(super) fn mark(text: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(text)
}

/// The keys that the books are looked through for.
#[derive(Debug, Default)]
struct Missing {
    orders: Marks,
    payments: Marks,
    invoices: Marks,
}

impl PayoutEngine<'_> {
    /// Looks up everything that the lines of a payout may pay: as far as time allows where a payout has very many lines.
    pub(super) async fn documents(
        &self,
        route: &PayoutRoute,
        record: &mut PayoutRecord,
        settlement: &Settlement,
        deadline: Option<Timestamp>,
    ) -> Result<Documents, Stop> {
        let asked = Asked::new(route, record, settlement);
        let mut gathered = Gathered::new(asked.rules());
        let places = in_order(settlement);
        let mut progress = Progress::of(record, route, places.len(), deadline);
        self.go_on(record, &mut progress, &mut gathered).await?;
        // Without a line that concerns a payment it is what persons named that is looked up.
        let none: Option<&[u32]> = places.is_empty().then_some(&[]);
        for portion in places.chunks(TOGETHER).chain(none).skip(progress.portions()) {
            self.in_time_for(&mut progress, record).await?;
            let first = progress.portions() == 0;
            let found = self.look_up(&asked, portion, first, &gathered).await?;
            gathered.add(&found).map_err(Stop::Refused)?;
            self.looked(&mut progress, record, found, 1).await?;
        }
        // What gateways say counts only for lines that nothing was found under, nor under their sale's: that is known of all lines by now.
        let unknown = match route.gateways.is_empty() {
            true => Vec::new(),
            false => asked.without_known_sale(gathered.unknown()),
        };
        let own = places.len().div_ceil(TOGETHER).max(1);
        for portion in unknown.chunks(TOGETHER).skip(progress.portions_beyond(own)) {
            self.in_time_for(&mut progress, record).await?;
            let found = self.look_up_links(&asked, portion, &gathered).await?;
            gathered.add(&found).map_err(Stop::Refused)?;
            self.looked(&mut progress, record, found, 1).await?;
        }
        let missing = asked.missing(&gathered);
        let mut cut = false;
        if !missing.is_empty() {
            let so_far = (&mut *record, &mut progress, &mut gathered);
            cut = self.look_through_books(&asked, &missing, so_far).await?;
            gathered.lead_to_books().map_err(Stop::Refused)?;
        }
        self.keep_progress(&mut progress, record).await?;
        let (receivables, before, unclear) = gathered.done();
        Ok(Documents { receivables, before, unclear, cut })
    }

    /// Looks some lines up, and with the first ones what persons named.
    async fn look_up(
        &self,
        asked: &Asked<'_>,
        places: &[u32],
        first: bool,
        gathered: &Gathered,
    ) -> Result<LookedUp, Stop> {
        let (rules, merchant) = (asked.rules(), &asked.route.merchant);
        let (mut found, mut leads) = (BTreeMap::<String, Found>::new(), Leads::default());
        let lines = || asked.lines(places).map(|(_, line)| line);
        let mut keys = Keys::of(lines(), rules);
        let decided = || asked.decided.iter().filter(|_| first).cloned();
        keys.invoices.extend(decided());
        for (_, head) in self.led_to(merchant, &keys.numbers(rules)).await? {
            if add_head(&mut found, &head, None) {
                let number = rules.normal(&head.order_number).into_owned();
                leads.orders.entry(number).or_default().insert(head.transfer);
            }
        }
        let open = lines().filter(|line| !leads.by_order(line, rules, |count| count == 1));
        let references = Keys::of(open, rules).references();
        for (pointer, head) in self.led_to(merchant, &references).await? {
            if add_head(&mut found, &head, Some(&pointer.value)) {
                leads.payments.insert(pointer.value);
            }
        }
        let unknown = asked.lines(places).filter(|(_, line)| !leads.any(line, rules, &found));
        let unknown = unknown.map(|(place, _)| place).collect();
        let mut keys = Keys::of(lines().filter(|line| asked.takes_back(line)), rules);
        keys.invoices.extend(decided());
        let taken_back = may_be_taken_back(&keys, rules, &found);
        self.with_what_was_paid(asked, found, (taken_back, unknown), gathered).await
    }

    /// Looks up what gateways say of the references of lines that nothing was found under.
    async fn look_up_links(
        &self,
        asked: &Asked<'_>,
        places: &[u32],
        gathered: &Gathered,
    ) -> Result<LookedUp, Stop> {
        let lines = || asked.lines(places).map(|(_, line)| line);
        let of_lines: BTreeSet<String> =
            lines().flat_map(|line| references(&line)).map(str::to_owned).collect();
        let of_lines: Vec<String> = of_lines.into_iter().collect();
        let links::Linked { found, leads, unclear, unknown } = self.linked(asked.route, &of_lines).await?;
        let led = |line: &Line<'_>| references(line).any(|text| leads.contains(text));
        let known = asked.lines(places).filter(|(_, line)| led(line)).map(|(place, _)| place).collect();
        let keys = Keys::of(lines().filter(|line| asked.takes_back(line)), asked.rules());
        let taken_back = may_be_taken_back(&keys, asked.rules(), &found);
        let looked_up = self.with_what_was_paid(asked, found, (taken_back, Vec::new()), gathered).await?;
        Ok(LookedUp { known, unclear, unknown_orders: unknown, ..looked_up })
    }

    async fn led_to(&self, merchant: &MerchantId, keys: &[Pointer]) -> Result<Vec<(Pointer, Head)>, Stop> {
        match keys {
            [] => Ok(Vec::new()),
            keys => Ok(self.payouts.booked_under(merchant, keys).await?),
        }
    }

    /// What was found, with what other payouts paid of it.
    async fn with_what_was_paid(
        &self,
        asked: &Asked<'_>,
        documents: BTreeMap<String, Found>,
        (taken_back, unknown): (Vec<String>, Vec<u32>),
        gathered: &Gathered,
    ) -> Result<LookedUp, Stop> {
        let mut numbers: Vec<String> =
            documents.keys().filter(|number| !gathered.has(number)).cloned().collect();
        numbers.extend(taken_back);
        let (merchant, agreement) = (&asked.route.merchant, &asked.route.books.agreement);
        let mut before = match numbers.as_slice() {
            [] => Vec::new(),
            numbers => self.payouts.paid(merchant, agreement, numbers).await?,
        };
        before.retain(|paid| paid.payout != asked.name && !paid.amount.is_zero());
        Ok(LookedUp { documents, before, unknown, ..LookedUp::default() })
    }

    /// Looks through the books for the keys that the ledger knows nothing of. True when there was more than is read.
    async fn look_through_books(
        &self,
        asked: &Asked<'_>,
        missing: &Missing,
        (record, progress, gathered): (&mut PayoutRecord, &mut Progress, &mut Gathered),
    ) -> Result<bool, Stop> {
        let Some(days) = days_of(asked.route, asked.settlement) else { return Ok(false) };
        let (journals, transport) = (asked.route.books.journals, &*asked.route.books.transport);
        let taken_back = !asked.decided.is_empty() || asked.any_is_no_sale;
        while !progress.books_read() && progress.pages() < MOST_PAGES {
            self.in_time_for(progress, record).await?;
            let page = progress.page();
            let answer = journals
                .documents_page(transport, DocumentState::Booked, days, page.as_deref())
                .await
                .map_err(Stop::Failed)?;
            let mut found = BTreeMap::new();
            for document in &answer.documents {
                missing.keep(document, asked.rules(), &mut found, gathered);
            }
            let taken_back =
                found.keys().filter(|_| taken_back).map(|number| PaidBefore::taken_back_of(number));
            let taken_back = taken_back.collect();
            let found = self.with_what_was_paid(asked, found, (taken_back, Vec::new()), gathered).await?;
            gathered.add(&found).map_err(Stop::Refused)?;
            progress.read_page(answer.next.clone());
            self.looked(progress, record, found, 0).await?;
        }
        Ok(!progress.books_read())
    }

    /// The currencies of documents by their numbers, of those that are found.
    pub(super) async fn currencies(
        &self,
        route: &PayoutRoute,
        record: &PayoutRecord,
        settlement: &Settlement,
        numbers: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Currency>, Stop> {
        let asked = Asked { decided: numbers, ..Asked::new(route, record, settlement) };
        let mut gathered = Gathered::new(asked.rules());
        let found = self.look_up(&asked, &[], true, &gathered).await?;
        gathered.add(&found).map_err(Stop::Refused)?;
        let missing = Missing { invoices: asked.undecided(&gathered), ..Missing::default() };
        if !missing.is_empty() {
            let mut record = record.clone();
            let mut progress = Progress::of(&record, route, 0, None);
            self.look_through_books(&asked, &missing, (&mut record, &mut progress, &mut gathered)).await?;
        }
        Ok(gathered.currencies())
    }
}

/// The places of lines that concern payments, in an order in which what has the same keys stands together: each key is asked for once, and
/// the order that lines came in says nothing. Few lines are looked up together anyway.
fn in_order(settlement: &Settlement) -> Vec<u32> {
    let concerns = settlement.lines().enumerate().filter(|(_, line)| line.kind.concerns_payment());
    let marked = concerns.filter_map(|(place, line)| {
        let keys = &line.keys;
        let key = [keys.order, keys.merchant, keys.transaction].into_iter().find(|text| !text.is_empty());
        Some((mark(key.unwrap_or(line.reference)), u32::try_from(place).ok()?))
    });
    let mut places: Vec<(u64, u32)> = marked.collect();
    if places.len() > TOGETHER {
        places.sort_unstable();
    }
    places.into_iter().map(|(_, place)| place).collect()
}

impl Asked<'_> {
    /// The documents that persons named and the ledger has not.
    fn undecided(&self, gathered: &Gathered) -> Marks {
        Marks::of(self.decided.iter().map(String::as_str).filter(|number| !gathered.has(number)))
    }

    /// Of lines that nothing was found under those whose sale was not found either. A refund of a sale that was found goes the sale's way.
    fn without_known_sale(&self, unknown: &[u32]) -> Vec<u32> {
        let mut originals: HashSet<&str> = self.lines(unknown).map(|(_, line)| line.keys.original).collect();
        originals.remove("");
        let mut of_known_sale = HashSet::new();
        if !originals.is_empty() {
            let places: HashSet<u32> = unknown.iter().copied().collect();
            let is_known = |place: usize| u32::try_from(place).is_ok_and(|place| !places.contains(&place));
            for (_, line) in self.settlement.lines().enumerate().filter(|(place, _)| is_known(*place)) {
                if line.kind.concerns_payment() {
                    let sale = [line.keys.transaction, line.keys.modification];
                    of_known_sale.extend(sale.into_iter().filter(|text| originals.contains(text)));
                }
            }
        }
        let open = self.lines(unknown).filter(|(_, line)| !of_known_sale.contains(line.keys.original));
        open.map(|(place, _)| place).collect()
    }

    /// The keys of lines that nothing was found under, and of the orders that gateways name and the ledger does not know.
    fn missing(&self, gathered: &Gathered) -> Missing {
        let rules = self.rules();
        let mut missing = Missing { invoices: self.undecided(gathered), ..Missing::default() };
        missing.orders.0.extend(gathered.unknown_orders().map(mark));
        let unknown = self.without_known_sale(&gathered.still_unknown());
        for (_, line) in self.lines(&unknown) {
            for text in [line.keys.order, line.keys.merchant] {
                missing.orders.0.extend(rules.several(text).map(|number| mark(&number)));
            }
            missing.payments.0.extend(references(&line).map(mark));
            let invoice = Some(line.keys.invoice).filter(|number| !number.is_empty());
            missing.invoices.0.extend(invoice.filter(|number| !gathered.has(number)).map(mark));
        }
        for marks in [&mut missing.orders, &mut missing.payments, &mut missing.invoices] {
            marks.sort();
        }
        missing
    }
}

impl Missing {
    fn is_empty(&self) -> bool {
        [&self.orders, &self.payments, &self.invoices].into_iter().all(|marks| marks.0.is_empty())
    }

    /// Keeps a document of the books that names one of the keys: its own number, or a word of its reference and texts that is
    /// exactly an order's number or a payment's id.
    fn keep(
        &self,
        document: &LedgerDocument,
        rules: &OrderNumberRules,
        found: &mut BTreeMap<String, Found>,
        gathered: &Gathered,
    ) {
        let number = document.number.to_string();
        let mut orders = BTreeSet::new();
        let mut payments = BTreeSet::new();
        for word in words(&document.reference).chain(words(&document.text)) {
            let normal = rules.normal(word);
            if self.orders.have(&normal) {
                orders.insert(word.to_owned());
            }
            if self.payments.have(word) {
                payments.insert(word.to_owned());
            }
        }
        let named = self.invoices.have(&number);
        let known = found.contains_key(&number) || gathered.has(&number);
        if (orders.is_empty() && payments.is_empty() && !named) || known {
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
    let days = lines.chain(stated.from).chain(stated.to).chain(stated.payout_on);
    let around = |both: Option<(Date, Date)>, day: Date| {
        both.map_or(Some((day, day)), |(first, last)| Some((first.min(day), last.max(day))))
    };
    let (first, last) = days.fold(None, around)?;
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

/// The names of what may have been taken back of documents that these keys lead to.
fn may_be_taken_back(keys: &Keys, rules: &OrderNumberRules, found: &BTreeMap<String, Found>) -> Vec<String> {
    let meant = |(number, one): &(&String, &Found)| {
        keys.invoices.contains(*number)
            || keys.orders.contains(rules.normal(&one.order).as_ref())
            || one.payments.iter().any(|payment| keys.payments.contains(payment))
    };
    found.iter().filter(meant).map(|(number, _)| PaidBefore::taken_back_of(number)).collect()
}

/// Documents as lines are matched with them, less what was paid of them before.
pub(super) fn packed(
    documents: BTreeMap<String, Found>,
    before: Vec<PaidBefore>,
    rules: &OrderNumberRules,
) -> Result<Receivables, String> {
    let mut gathered = Gathered::new(rules);
    gathered.add(&LookedUp { documents, before, ..LookedUp::default() })?;
    Ok(gathered.done().0)
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
        let receivables = packed(found, before.to_vec(), &OrderNumberRules::default()).expect("sound");
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
