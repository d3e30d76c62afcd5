//! What is looked up of a payout's lines, while it is gathered, and how far that has come.
//!
//! A million lines are millions of look-ups, which take longer than one invocation lasts. So what was found of some lines is kept as an
//! object while the next ones are looked up, and the record says how many there are: whoever goes on with the payout reads them and looks
//! up the lines that are left, as long as they are fresh and of the very same lines. Payouts of few lines keep nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::Money;
use domain::matching::{ByNumber, Receivable, ReceivableId, Receivables};
use domain::money::Currency;
use domain::plan::hash_json;
use domain::settings::OrderNumberRules;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::PayoutEngine;
use super::receivables::{Found, mark};
use super::record::{LookingUp, PaidBefore, PayoutRecord};
use super::route::PayoutRoute;
use super::work::Stop;

/// Payouts of more lines than this are worked on in turns: what is found is kept meanwhile, and what is shown of them is kept with the
/// plan.
pub(super) const MANY_LINES: usize = 20_000;
/// Portions of lines whose finds are kept together.
const KEPT_TOGETHER: usize = 10;
/// Counts how lines are told apart in portions: one more with each change of that, so that none goes on with another's.
const LOOKS: u32 = 1;
/// What was found is looked up anew after this.
const FRESH: SignedDuration = SignedDuration::from_hours(6);
/// What a payout of very many lines needs for its plan once everything is looked up.
const TIME_TO_PLAN: SignedDuration = SignedDuration::from_secs(180);

/// What was found of some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LookedUp {
    /// Documents by their numbers.
    pub(super) documents: BTreeMap<String, Found>,
    /// What other payouts paid of them, or took back.
    pub(super) before: Vec<PaidBefore>,
    /// Places of lines under whose keys nothing was found.
    pub(super) unknown: Vec<u32>,
    /// Places of those of them that a gateway's word leads to documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) known: Vec<u32>,
    /// References that gateways say to be of several orders.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) unclear: BTreeSet<String>,
    /// Numbers of orders that gateways name and the ledger does not know, each with a reference that leads to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unknown_orders: Vec<(Box<str>, Box<str>)>,
}

/// Everything that was found so far, packed.
pub(super) struct Gathered {
    receivables: Receivables,
    numbers: ByNumber,
    before: Vec<PaidBefore>,
    unknown: Vec<u32>,
    known: Vec<u32>,
    unclear: BTreeSet<String>,
    unknown_orders: Vec<(Box<str>, Box<str>)>,
}

impl Gathered {
    pub(super) fn new(rules: &OrderNumberRules) -> Gathered {
        Gathered {
            receivables: Receivables::new(rules.clone()),
            numbers: ByNumber::default(),
            before: Vec::new(),
            unknown: Vec::new(),
            known: Vec::new(),
            unclear: BTreeSet::new(),
            unknown_orders: Vec::new(),
        }
    }

    /// True of the number of a document that is there.
    pub(super) fn has(&self, number: &str) -> bool {
        self.numbers.find(&self.receivables, number).is_some()
    }

    /// Places of lines under whose keys nothing was found.
    pub(super) fn unknown(&self) -> &[u32] {
        &self.unknown
    }

    /// Places of lines that no gateway's word leads anywhere, either.
    pub(super) fn still_unknown(&self) -> Vec<u32> {
        let known: HashSet<u32> = self.known.iter().copied().collect();
        self.unknown.iter().copied().filter(|place| !known.contains(place)).collect()
    }

    /// Numbers of orders that gateways name and the ledger does not know.
    pub(super) fn unknown_orders(&self) -> impl Iterator<Item = &str> {
        self.unknown_orders.iter().map(|(number, _)| &**number)
    }

    /// Has references lead to the books' own documents of the orders that gateways say they are of: of one customer's order of that
    /// number, never of several. That is told of all that was found.
    pub(super) fn lead_to_books(&mut self) -> Result<(), String> {
        let mut links = std::mem::take(&mut self.unknown_orders);
        links.sort_unstable();
        links.dedup();
        let mut of_orders: HashMap<&str, Vec<ReceivableId>> =
            links.iter().map(|(number, _)| (&**number, Vec::new())).collect();
        if of_orders.is_empty() {
            return Ok(());
        }
        let documents = &self.receivables;
        for id in documents.ids().filter(|id| !documents.order(*id).is_empty()) {
            let number = documents.rules().normal(documents.order(id));
            if let Some(of_order) = of_orders.get_mut(number.as_ref()) {
                of_order.push(id);
            }
        }
        let customer = |id: ReceivableId| (documents.shop(id), documents.customer(id));
        of_orders.retain(|_, ids| ids.windows(2).all(|two| customer(two[0]) == customer(two[1])));
        for (number, reference) in &links {
            for id in of_orders.get(&**number).into_iter().flatten() {
                self.receivables.add_payment(*id, reference).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// Adds what was found of some lines. A document that was found before is the same one, perhaps by further references.
    pub(super) fn add(&mut self, found: &LookedUp) -> Result<(), String> {
        let (mut paid, mut taken) = (BTreeMap::<&str, i64>::new(), BTreeMap::<&str, Vec<Money>>::new());
        for one in &found.before {
            match one.takes_back_of() {
                Some(number) => taken.entry(number).or_default().push(one.amount),
                None => {
                    let total = found.documents.get(&one.document).and_then(|document| document.total);
                    // An amount in another currency settles nothing of a document, whatever was meant by it.
                    if total.is_some_and(|total| total.currency() == one.amount.currency()) {
                        let sum = paid.entry(&one.document).or_default();
                        *sum = sum.saturating_add(one.amount.minor());
                    }
                }
            }
        }
        for (number, document) in &found.documents {
            match self.numbers.find(&self.receivables, number) {
                Some(known) => {
                    for payment in &document.payments {
                        self.receivables.add_payment(known, payment).map_err(|error| error.to_string())?;
                    }
                }
                None => {
                    self.add_one(number, document, paid.get(number.as_str()).copied().unwrap_or_default())?
                }
            }
        }
        for (number, amounts) in taken {
            let Some(id) = self.numbers.find(&self.receivables, number) else { continue };
            let currency = self.receivables.currency(id);
            let own = amounts.iter().filter(|amount| amount.currency() == currency);
            let minor = own.fold(0_i64, |sum, amount| sum.saturating_add(amount.minor()));
            if minor != 0 {
                self.receivables.set_taken_before(id, Money::from_minor(minor, currency));
            }
        }
        self.before.extend(found.before.iter().cloned());
        self.unknown.extend(&found.unknown);
        self.known.extend(&found.known);
        self.unclear.extend(found.unclear.iter().cloned());
        self.unknown_orders.extend(found.unknown_orders.iter().cloned());
        Ok(())
    }

    fn add_one(&mut self, number: &str, document: &Found, paid: i64) -> Result<(), String> {
        let Some(total) = document.total else { return Ok(()) };
        let payments: Vec<&str> = document.payments.iter().map(String::as_str).collect();
        let cards = document.on_gift_cards.map_or(0, Money::minor);
        let others = document.of_others.map_or(0, Money::minor);
        let left = total.minor().saturating_sub(cards).saturating_sub(others).saturating_sub(paid);
        // What was paid beyond the whole leaves nothing to come.
        let left = if left.signum() == total.minor().signum() { left } else { 0 };
        let receivable = Receivable {
            number,
            shop: &document.shop,
            order: &document.order,
            payments: &payments,
            // Shops and books keep references of all kinds alike, so each leads here under whichever key a report names it.
            acquirer_references: &payments,
            customer: document.customer,
            date: document.date,
            total,
            expected: Money::from_minor(left, total.currency()),
        };
        let id = self.receivables.add(&receivable).map_err(|error| error.to_string())?;
        self.numbers.add(&self.receivables, id);
        Ok(())
    }

    /// The currencies of all that was found, by number.
    pub(super) fn currencies(&self) -> BTreeMap<String, Currency> {
        let of = |id: ReceivableId| (self.receivables.number(id).to_owned(), self.receivables.currency(id));
        self.receivables.ids().map(of).collect()
    }

    /// The documents, what other payouts paid of them, and the references that could be of several orders.
    pub(super) fn done(self) -> (Receivables, Vec<PaidBefore>, BTreeSet<String>) {
        let Gathered { receivables, mut before, unclear, .. } = self;
        before.sort_by(|a, b| (&a.document, &a.payout).cmp(&(&b.document, &b.payout)));
        before.dedup();
        (receivables, before, unclear)
    }
}

/// How far the look-ups of one payout have come, and what of them is not kept yet.
pub(super) struct Progress {
    now: LookingUp,
    /// Until when work goes on; `None` where nothing is kept.
    deadline: Option<Timestamp>,
    unkept: Vec<LookedUp>,
    unkept_portions: usize,
    /// Something was looked up in this turn.
    looked: bool,
}

impl Progress {
    /// From where an earlier invocation came to, or else from the beginning.
    pub(super) fn of(
        record: &PayoutRecord,
        route: &PayoutRoute,
        lines: usize,
        deadline: Option<Timestamp>,
    ) -> Progress {
        let PayoutRecord { content, original, decisions, .. } = record;
        let (matching, gateways) = (&route.settings.matching, &route.gateways);
        let asked = (&matching.order_numbers, &matching.shops, gateways);
        // Lines are looked up in an order that rests on their marks: a version that orders them otherwise begins anew.
        let order = (LOOKS, mark("order"));
        let of = hash_json(&(content, &original.sha256, asked, decisions, order));
        let began = LookingUp { of: of.clone(), began_at: record.updated_at, ..LookingUp::default() };
        let kept = record
            .looking
            .clone()
            .filter(|kept| kept.of == of && record.updated_at.duration_since(kept.began_at) < FRESH);
        let deadline = deadline.filter(|_| lines > MANY_LINES);
        let now = kept.filter(|_| deadline.is_some()).unwrap_or(began);
        Progress { now, deadline, unkept: Vec::new(), unkept_portions: 0, looked: false }
    }

    /// Portions of lines that are looked up.
    pub(super) fn portions(&self) -> usize {
        self.now.portions + self.unkept_portions
    }

    /// Those of them that are beyond so many.
    pub(super) fn portions_beyond(&self, first: usize) -> usize {
        self.portions().saturating_sub(first)
    }

    /// Pages of the books that are read.
    pub(super) fn pages(&self) -> usize {
        self.now.pages
    }

    /// The next page of the books; `None` for the first.
    pub(super) fn page(&self) -> Option<String> {
        self.now.page.clone()
    }

    /// A page of the books is read, and this is the next one.
    pub(super) fn read_page(&mut self, next: Option<String>) {
        self.now.pages += 1;
        self.now.books_read = next.is_none();
        self.now.page = next;
    }

    /// The last page of the books is read.
    pub(super) fn books_read(&self) -> bool {
        self.now.books_read
    }
}

/// The name of what was found of some lines, among the objects of the payout that are soon gone.
fn name(number: usize) -> String {
    format!("looked-up-{number}")
}

impl PayoutEngine<'_> {
    /// Reads what an earlier invocation found. Where some of it is gone everything is looked up anew.
    pub(super) async fn go_on(
        &self,
        record: &PayoutRecord,
        progress: &mut Progress,
        gathered: &mut Gathered,
    ) -> Result<(), Stop> {
        for number in 0..progress.now.objects {
            let kept = self.payouts.passing(&record.id, &name(number)).await?;
            let found = kept.and_then(|bytes| serde_json::from_slice::<Vec<LookedUp>>(&bytes).ok());
            let Some(found) = found else {
                let LookingUp { of, .. } = std::mem::take(&mut progress.now);
                progress.now = LookingUp { of, began_at: self.now(), ..LookingUp::default() };
                *gathered = Gathered::new(gathered.receivables.rules());
                return Ok(());
            };
            for found in &found {
                gathered.add(found).map_err(Stop::Refused)?;
            }
        }
        Ok(())
    }

    /// Goes on while there is time for it; what is not kept yet is kept before it stops.
    pub(super) async fn in_time_for(
        &self,
        progress: &mut Progress,
        record: &mut PayoutRecord,
    ) -> Result<(), Stop> {
        let Some(deadline) = progress.deadline else { return Ok(()) };
        match self.in_time(deadline) {
            Ok(()) => Ok(()),
            Err(stop) => {
                self.keep(progress, record).await?;
                Err(stop)
            }
        }
    }

    /// Something more was looked up.
    pub(super) async fn looked(
        &self,
        progress: &mut Progress,
        record: &mut PayoutRecord,
        found: LookedUp,
        portions: usize,
    ) -> Result<(), Stop> {
        progress.unkept_portions += portions;
        progress.looked = true;
        if progress.deadline.is_none() {
            return Ok(());
        }
        progress.unkept.push(found);
        match progress.unkept.len() < KEPT_TOGETHER {
            true => Ok(()),
            false => self.keep(progress, record).await,
        }
    }

    /// Everything is looked up: it is planned in this turn where there is time enough, or else kept for the next, which has all its time
    /// for that.
    pub(super) async fn keep_progress(
        &self,
        progress: &mut Progress,
        record: &mut PayoutRecord,
    ) -> Result<(), Stop> {
        let Some(deadline) = progress.deadline else { return Ok(()) };
        if !progress.looked || self.now() + TIME_TO_PLAN < deadline {
            return Ok(());
        }
        self.keep(progress, record).await?;
        Err(Stop::OutOfTime)
    }

    async fn keep(&self, progress: &mut Progress, record: &mut PayoutRecord) -> Result<(), Stop> {
        if !progress.unkept.is_empty() {
            let found = std::mem::take(&mut progress.unkept);
            let bytes = serde_json::to_vec(&found).map_err(|error| Stop::Refused(error.to_string()))?;
            self.payouts.put_passing(&record.id, &name(progress.now.objects), bytes).await?;
            progress.now.objects += 1;
            progress.now.portions += std::mem::take(&mut progress.unkept_portions);
        }
        record.looking = Some(progress.now.clone());
        Ok(self.save(record).await?)
    }

    /// Drops what was kept: it was used, or is of no use.
    pub(super) async fn forget_looked_up(&self, record: &mut PayoutRecord) {
        let Some(looking) = record.looking.take() else { return };
        for number in 0..looking.objects {
            // What is left over is written over the next time.
            let _ = self.payouts.drop_passing(&record.id, &name(number)).await;
        }
    }
}
