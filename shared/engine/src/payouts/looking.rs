//! What is looked up of a payout's lines, while it is gathered, and how far that has come.
//!
//! A million lines are millions of look-ups, which take longer than one invocation lasts. So what was found of some lines is kept as an
//! object while the next ones are looked up, and the record says how many there are: whoever goes on with the payout reads them and looks
//! up the lines that are left, as long as they are fresh and of the very same lines. Payouts of few lines keep nothing.

use std::collections::BTreeMap;

use domain::Money;
use domain::matching::{ByNumber, Receivable, ReceivableId, Receivables};
use domain::money::Currency;
use domain::plan::hash_json;
use domain::settings::OrderNumberRules;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::PayoutEngine;
use super::receivables::Found;
use super::record::{LookingUp, PaidBefore, PayoutRecord};
use super::work::Stop;

/// Payouts of more lines than this are worked on in turns: what is found is kept meanwhile, and what is shown of them is kept with the
/// plan.
pub(super) const MANY_LINES: usize = 20_000;
/// Portions of lines whose finds are kept together.
const KEPT_TOGETHER: usize = 10;
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
}

/// Everything that was found so far, packed.
pub(super) struct Gathered {
    receivables: Receivables,
    numbers: ByNumber,
    before: Vec<PaidBefore>,
    unknown: Vec<u32>,
}

impl Gathered {
    pub(super) fn new(rules: &OrderNumberRules) -> Gathered {
        Gathered {
            receivables: Receivables::new(rules.clone()),
            numbers: ByNumber::default(),
            before: Vec::new(),
            unknown: Vec::new(),
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
        Ok(())
    }

    fn add_one(&mut self, number: &str, document: &Found, paid: i64) -> Result<(), String> {
        let Some(total) = document.total else { return Ok(()) };
        let payments: Vec<&str> = document.payments.iter().map(String::as_str).collect();
        let cards = document.on_gift_cards.map_or(0, Money::minor);
        let left = total.minor().saturating_sub(cards).saturating_sub(paid);
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

    /// The documents, and what other payouts paid of them.
    pub(super) fn done(self) -> (Receivables, Vec<PaidBefore>) {
        let Gathered { receivables, mut before, .. } = self;
        before.sort_by(|a, b| (&a.document, &a.payout).cmp(&(&b.document, &b.payout)));
        before.dedup();
        (receivables, before)
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
        rules: &OrderNumberRules,
        lines: usize,
        deadline: Option<Timestamp>,
    ) -> Progress {
        let of = hash_json(&(&record.content, &record.original.sha256, rules, &record.decisions));
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
        self.now.page = next;
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
