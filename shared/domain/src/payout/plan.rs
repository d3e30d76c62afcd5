//! A matched settlement as vouchers: planned whole, balanced in every currency, or waiting with every reason at once.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::decisions::{Decisions, LineDecision};
use super::entries::{Entries, MOST_ENTRIES, Missing};
use super::voucher::{Target, Voucher, VoucherEntry};
use super::words;
use crate::catalogue::Period;
use crate::journal::JournalError;
use crate::matching::{LineState, Matching, ReceivableId, Receivables};
use crate::money::{Money, MoneyError};
use crate::plan::Reason;
use crate::settings::{
    BookkeepingModel, CustomerPaymentSign, FeeVat, Language, PayoutSettings, Unmatched, YearEnd,
};
use crate::settlement::{BatchKey, Check, FeeKind, Kind, Line, Settlement, SettlementMode, Standing};

/// Everything a payout's vouchers are made of.
#[derive(Clone, Copy, Debug)]
pub struct PayoutInput<'a> {
    /// The settlements that were matched together.
    pub settlements: &'a [Settlement],
    /// Which of them is planned.
    pub settlement: usize,
    /// The documents.
    pub receivables: &'a Receivables,
    /// What was matched with what.
    pub matching: &'a Matching,
    /// What persons decided about single lines.
    pub decisions: &'a Decisions,
    /// The merchant's settings for the acquirer account.
    pub settings: &'a PayoutSettings,
    /// The acquirer's company's country, two letters; empty when it is not known.
    pub country: &'a str,
    /// Years and periods of the ledger.
    pub periods: &'a [Period],
    /// Time zone of the books.
    pub zone: &'a TimeZone,
    /// Language of the texts on entries.
    pub language: Language,
}

/// The vouchers of one payout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PayoutPlan {
    /// Which payout.
    pub key: BatchKey,
    /// What stands at the beginning of every entry's text, so that a voucher can be found again.
    pub reference: String,
    /// The payout's day; of a batch without a payout its last day.
    pub date: Date,
    /// Paid to the merchant's bank; negative when drawn from it.
    pub payout: Money,
    /// One voucher, or the parts of it when it is too long for one, in the order they are posted.
    pub vouchers: Vec<Voucher>,
    /// The journal they are entered in; `None` when the settings name none, and then nothing can be posted.
    pub journal: Option<u32>,
    /// They are booked once approved, instead of waiting in the journal for a person.
    pub book: bool,
    /// The sign that the accounting system gives customers' payments.
    pub customer_payments: CustomerPaymentSign,
    /// What a person should know though it stops nothing.
    pub notes: Vec<Reason>,
}

impl PayoutPlan {
    /// What an approval is of: the same vouchers have the same hash.
    pub fn hash(&self) -> String {
        let PayoutPlan { key, date, payout, vouchers, journal, book, customer_payments, .. } = self;
        crate::plan::hash_json(&(key, date, payout, vouchers, journal, book, customer_payments))
    }

    /// The vouchers that undo it on a day, part by part in the opposite order.
    ///
    /// # Errors
    /// Overflow.
    pub fn reversed(&self, day: Date, language: Language) -> Result<Vec<Voucher>, JournalError> {
        let text = words::reversal(language);
        self.vouchers.iter().rev().map(|voucher| voucher.reversed(day, text)).collect()
    }
}

/// What becomes of a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutDecision {
    /// It can be approved and posted.
    Ready(PayoutPlan),
    /// It cannot, and these are all the reasons.
    Wait(Vec<Reason>),
}

/// Plans the vouchers of one settlement.
pub fn plan_payout(input: &PayoutInput<'_>) -> PayoutDecision {
    let Some(settlement) = input.settlements.get(input.settlement) else {
        return PayoutDecision::Wait(Vec::new());
    };
    let check = settlement.check();
    let mut reasons = standing_reasons(settlement, &check);
    let day = settlement.day(input.zone);
    match day {
        None => reasons.push(Reason::new("payout-without-date").with("payout", &settlement.key().batch)),
        Some(day) => reasons.extend(closed(input.periods, day)),
    }
    let Some(day) = day.filter(|_| reasons.is_empty()) else { return PayoutDecision::Wait(reasons) };
    let planner = Planner {
        input,
        settlement,
        day,
        reference: format!("{} {}", settlement.key().acquirer, settlement.key().batch),
        entries: Entries::new(day),
        unplaced: BTreeMap::new(),
        notes: BTreeMap::new(),
        paid_here: BTreeMap::new(),
    };
    planner.plan(&check).unwrap_or_else(|error| {
        let reason = Reason::new("settlement-not-readable").with("message", error);
        PayoutDecision::Wait(vec![reason])
    })
}

fn standing_reasons(settlement: &Settlement, check: &Check) -> Vec<Reason> {
    let about = |code: &str| Reason::new(code).with("payout", &settlement.key().batch);
    let mut reasons: Vec<Reason> = check.breaches.iter().map(|breach| breach.reason()).collect();
    if check.standing == Standing::Unconfirmed {
        reasons.push(about("payout-unconfirmed"));
    }
    if check.pending {
        reasons.push(about("payout-pending"));
    }
    reasons
}

fn closed(periods: &[Period], day: Date) -> Option<Reason> {
    let period = periods.iter().find(|period| period.from <= day && day <= period.to && period.closed)?;
    let about = Reason::new("payout-period-closed").with("date", day);
    Some(about.with("from", period.from).with("to", period.to))
}

/// A text that fits in an entry.
pub(super) fn short(text: &str) -> String {
    text.chars().take(250).collect()
}

struct Planner<'a> {
    input: &'a PayoutInput<'a>,
    settlement: &'a Settlement,
    day: Date,
    reference: String,
    entries: Entries,
    /// Lines that a person must look at, counted by why.
    unplaced: BTreeMap<&'static str, (u64, i64)>,
    notes: BTreeMap<&'static str, (u64, i64)>,
    /// What this settlement pays on each document.
    paid_here: BTreeMap<ReceivableId, i64>,
}

impl Planner<'_> {
    fn plan(mut self, check: &Check) -> Result<PayoutDecision, MoneyError> {
        self.bank_and_carried(check)?;
        let year_end = self.fees()?;
        for (place, line) in self.settlement.lines().enumerate() {
            if line.kind.concerns_payment() {
                self.payment(place, &line)?;
            } else {
                self.other(&line)?;
            }
        }
        self.differences()?;
        for (word, count, sum) in &check.unknown {
            self.entries.notes.push(
                Reason::new("payout-unknown-kind")
                    .with("word", word)
                    .with("count", count)
                    .with("amount", sum),
            );
        }
        let mut reasons = self.entries.missing.reasons();
        reasons.extend(self.counted(&self.unplaced));
        reasons.extend(self.entries.too_many().map(|count| self.too_many(count)));
        for voucher_date in year_end.keys().copied() {
            reasons.extend(closed(self.input.periods, voucher_date));
        }
        if !reasons.is_empty() {
            return Ok(PayoutDecision::Wait(reasons));
        }
        let mut notes = self.counted(&self.notes);
        notes.append(&mut self.entries.notes);
        let vouchers = self.vouchers(year_end);
        let vouchers = match vouchers {
            Ok(vouchers) => vouchers,
            Err(reasons) => return Ok(PayoutDecision::Wait(reasons)),
        };
        Ok(PayoutDecision::Ready(PayoutPlan {
            key: self.settlement.key().clone(),
            reference: self.reference,
            date: self.day,
            payout: check.payout,
            vouchers,
            journal: self.input.settings.voucher.journal,
            book: self.input.settings.voucher.book,
            customer_payments: self.input.settings.voucher.customer_payments,
            notes,
        }))
    }

    fn counted(&self, by_code: &BTreeMap<&'static str, (u64, i64)>) -> Vec<Reason> {
        let money = |minor| Money::from_minor(minor, self.settlement.currency());
        let reason = |(code, (count, sum)): (&&'static str, &(u64, i64))| {
            Reason::new(code)
                .with("payout", &self.settlement.key().batch)
                .with("count", count)
                .with("amount", format!("{} {}", money(*sum), self.settlement.currency()))
        };
        by_code.iter().map(reason).collect()
    }

    fn too_many(&self, count: usize) -> Reason {
        Reason::new("payout-entries-many")
            .with("payout", &self.settlement.key().batch)
            .with("count", count)
            .with("limit", MOST_ENTRIES)
    }

    fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.settlement.currency())
    }

    fn text(&self, what: &str) -> String {
        short(&format!("{} {what}", self.reference))
    }

    fn bank_and_carried(&mut self, check: &Check) -> Result<(), MoneyError> {
        let accounts = &self.input.settings.accounts;
        let text = self.text(words::payout(self.input.language));
        if !check.payout.is_zero() {
            self.entries.post("bank", accounts.bank, check.payout, &text);
        }
        let (opening, _, closing) = self.settlement.balances()?;
        let carried = closing.minus(opening)?;
        if !carried.is_zero() {
            let text = self.text(words::kind(Kind::CarryIn, self.input.language));
            self.entries.post("carried", accounts.carried, carried, &text);
        }
        Ok(())
    }

    /// Fees by kind, and VAT on them. Fees of an earlier year that belong there come back as entries of their own voucher.
    fn fees(&mut self) -> Result<BTreeMap<Date, Vec<VoucherEntry>>, MoneyError> {
        let mut earlier = BTreeMap::new();
        if self.settlement.mode() == SettlementMode::Gross {
            return Ok(earlier);
        }
        let accounts = &self.input.settings.accounts;
        let acquirer = self.settlement.key().acquirer.clone();
        let treatment = accounts.vat_on_fees(&acquirer, self.input.country);
        let code = match treatment {
            Some(FeeVat::ReverseCharge { code }) => Some(code.clone()),
            _ => None,
        };
        for ((year, kind), minor) in self.fees_by_year()? {
            let amount = self.money(minor).negated()?;
            let text = self.text(words::fee(kind, self.input.language));
            if amount.is_zero() {
                continue;
            }
            let Some(account) = self.entries.missing.need("fees", accounts.fee(kind)) else { continue };
            let entry = |day| VoucherEntry {
                vat_code: code.clone(),
                ..VoucherEntry::on(account, day, amount, text.clone())
            };
            if year < self.day.year() {
                let Some(transit) = self.entries.missing.need("transit", accounts.transit) else { continue };
                let last = date(year, 12, 31);
                let voucher: &mut Vec<VoucherEntry> = earlier.entry(last).or_default();
                voucher.push(entry(last));
                voucher.push(VoucherEntry::on(transit, last, amount.negated()?, text.clone()));
                self.entries.add(VoucherEntry::on(transit, self.day, amount, text));
            } else {
                self.entries.add(entry(self.day));
            }
        }
        let vat: i64 = self.settlement.tally().kinds().map(|(_, sum)| sum.vat).sum();
        if vat != 0 {
            let amount = self.money(vat).negated()?;
            let text = self.text(words::kind(Kind::Vat, self.input.language));
            match treatment {
                Some(FeeVat::Charged { account }) => {
                    self.entries.post("fee-vat", Some(*account), amount, &text);
                }
                _ => {
                    let (count, sum) = self.unplaced.entry("payout-fee-vat-unplaced").or_default();
                    (*count, *sum) = (1, vat);
                }
            }
        }
        Ok(earlier)
    }

    /// Fees by year and kind; all of this year unless the merchant wants them in the year of the sale.
    fn fees_by_year(&self) -> Result<BTreeMap<(i16, FeeKind), i64>, MoneyError> {
        let this = self.day.year();
        let mut fees = BTreeMap::new();
        if self.input.settings.voucher.year_end == YearEnd::PayoutDay {
            for kind in FeeKind::ALL {
                fees.insert((this, kind), self.settlement.tally().fee(kind));
            }
            return Ok(fees);
        }
        for line in self.settlement.lines() {
            let day = line.occurred.day(self.input.zone).or_else(|| line.booked.day(self.input.zone));
            let year = day.map_or(this, |day| day.year().min(this));
            for (kind, minor) in line.fees.parts() {
                let sum: &mut i64 = fees.entry((year, kind)).or_default();
                *sum = sum.checked_add(minor).ok_or(MoneyError::Overflow)?;
            }
        }
        Ok(fees)
    }

    /// A line that concerns no payment of a buyer.
    fn other(&mut self, line: &Line<'_>) -> Result<(), MoneyError> {
        let accounts = &self.input.settings.accounts;
        let (name, account) = match line.kind {
            Kind::ReserveHold | Kind::ReserveRelease => ("reserves", accounts.reserves),
            Kind::Adjustment | Kind::Transfer => ("adjustments", accounts.adjustments),
            Kind::Fx => ("currency-differences", accounts.currency_differences),
            Kind::TopUp | Kind::PayoutReturned => ("bank", accounts.bank),
            Kind::Unknown => ("errors", accounts.errors),
            // Fees and VAT are booked by their sums, payout and carried balances by the frame.
            _ => return Ok(()),
        };
        if line.gross.is_zero() {
            return Ok(());
        }
        let amount = line.gross.negated()?;
        let what = if line.kind == Kind::Unknown {
            line.raw_kind
        } else {
            words::kind(line.kind, self.input.language)
        };
        let alone = matches!(line.kind, Kind::Unknown | Kind::Adjustment);
        let detail = if alone && !line.description.is_empty() { line.description } else { "" };
        let text = self.text(format!("{what} {detail}").trim_end());
        if alone || self.input.settings.model != BookkeepingModel::Lump {
            self.entries.post(name, account, amount, &text);
            Ok(())
        } else {
            self.entries.collect(name, account, amount, &text)
        }
    }

    /// A line that concerns a buyer's payment.
    fn payment(&mut self, place: usize, line: &Line<'_>) -> Result<(), MoneyError> {
        let input = self.input;
        if line.gross.is_zero() {
            return Ok(());
        }
        match input.decisions.of(place) {
            Some(LineDecision::ErrorAccount { reason }) => return self.place_on_errors(line, reason),
            Some(LineDecision::Matched(parts)) => {
                let parts = parts.clone();
                return self.matched(line, &parts, true);
            }
            None => {}
        }
        let state = input.matching.state(input.receivables, input.settlement, place);
        let parts = input.matching.parts(input.receivables, input.settlements, input.settlement, place);
        let chargeback = matches!(line.kind, Kind::Chargeback | Kind::ChargebackReversal);
        if chargeback && let Some(account) = input.settings.accounts.chargebacks {
            let entry = VoucherEntry::on(account, self.day, line.gross.negated()?, String::new());
            let entry = self.described(entry, line, parts.first().map(|(id, _)| *id));
            self.entries.add(entry);
            return Ok(());
        }
        let why = match state {
            LineState::Exact | LineState::Partial => None,
            LineState::Over
                if input.matching.gives_back_alone(input.receivables, input.settlement, place) =>
            {
                Some("payout-lines-given-back")
            }
            LineState::Over => Some("payout-lines-over"),
            LineState::Ambiguous => Some("payout-lines-ambiguous"),
            LineState::OtherCurrency => Some("payout-lines-other-currency"),
            LineState::NotFound | LineState::NoPayment => Some("payout-lines-not-found"),
        };
        let takes_back = parts.iter().any(|(id, amount)| {
            amount.is_negative() && !input.receivables.is_credit_note(*id) && line.kind == Kind::Refund
        });
        match why {
            Some(why) => self.unmatched(line, why),
            None if takes_back && input.settings.model == BookkeepingModel::OpenInvoices => {
                self.unmatched(line, "payout-refund-without-credit-note")
            }
            None => {
                if takes_back {
                    count(&mut self.notes, "payout-refund-without-credit-note", line)?;
                }
                self.matched(line, &parts, false)
            }
        }
    }

    fn unmatched(&mut self, line: &Line<'_>, why: &'static str) -> Result<(), MoneyError> {
        match self.input.settings.unmatched {
            Unmatched::Wait => count(&mut self.unplaced, why, line),
            Unmatched::ErrorAccount => {
                count(&mut self.notes, why, line)?;
                self.place_on_errors(line, words::why(why, self.input.language))
            }
        }
    }

    fn place_on_errors(&mut self, line: &Line<'_>, reason: &str) -> Result<(), MoneyError> {
        let account = self.entries.missing.need("errors", self.input.settings.accounts.errors);
        let Some(account) = account else { return Ok(()) };
        let entry = VoucherEntry::on(account, self.day, line.gross.negated()?, String::new());
        let mut entry = self.described(entry, line, None);
        entry.text = short(&format!("{} ({reason})", entry.text));
        self.entries.add(entry);
        Ok(())
    }

    /// The account or the customer that stands for the acquirer.
    fn acquirer_target(&mut self) -> Option<Target> {
        let accounts = &self.input.settings.accounts;
        match accounts.receivable_customer {
            Some(number) => Some(Target::Customer { number, invoice: None }),
            None => self.entries.missing.need("receivable", accounts.receivable).map(Target::Account),
        }
    }

    /// A line on the documents it pays.
    fn matched(
        &mut self,
        line: &Line<'_>,
        parts: &[(ReceivableId, Money)],
        by_hand: bool,
    ) -> Result<(), MoneyError> {
        let documents = self.input.receivables;
        if parts.iter().any(|(id, amount)| amount.currency() != documents.currency(*id)) {
            return self.unmatched(line, "payout-decision-currency");
        }
        let currency = parts.first().map_or(line.currency(), |(_, amount)| amount.currency());
        // Matching always shares out the whole line, in one currency; a person's decision may not.
        let total = Money::sum(currency, parts.iter().map(|(_, amount)| *amount));
        let due = super::decisions::amount_in(line, currency);
        let Some(total) = total.ok().filter(|total| due == Some(*total)) else {
            return self.unmatched(line, "payout-decision-differs");
        };
        // All payments of a kind in one sum for each currency; what a person decided stands by itself.
        let lump = !by_hand && self.input.settings.model == BookkeepingModel::Lump;
        let of_kind = self.text(words::kind(line.kind, self.input.language));
        for (id, amount) in parts {
            if !by_hand {
                *self.paid_here.entry(*id).or_default() += amount.minor();
            }
            let Some(target) = self.document_target(*id) else { continue };
            if lump {
                self.entries.collect_on(target, amount.negated()?, &of_kind)?;
                continue;
            }
            let entry =
                VoucherEntry { target, ..VoucherEntry::on(0, self.day, amount.negated()?, String::new()) };
            let entry = self.described(entry, line, Some(*id));
            self.entries.add(entry);
        }
        self.exchange(line, total, lump)
    }

    fn document_target(&mut self, id: ReceivableId) -> Option<Target> {
        if self.input.settings.model != BookkeepingModel::OpenInvoices {
            return self.acquirer_target();
        }
        let documents = self.input.receivables;
        let invoice = Some(documents.number(id).to_owned());
        Some(Target::Customer { number: documents.customer(id), invoice })
    }

    /// A sale in one currency paid out in another: each currency balances through the account for differences, on which the
    /// ledger's own rates leave the gain or loss.
    fn exchange(&mut self, line: &Line<'_>, amount: Money, lump: bool) -> Result<(), MoneyError> {
        if amount.currency() == line.currency() {
            return Ok(());
        }
        let account = self.input.settings.accounts.currency_differences;
        let Some(account) = self.entries.missing.need("currency-differences", account) else { return Ok(()) };
        let text = self.text(words::kind(Kind::Fx, self.input.language));
        let rate = line.sale.and_then(|sale| sale.rate).map(|rate| format!(" {rate}")).unwrap_or_default();
        for leg in [amount, line.gross.negated()?] {
            if lump {
                self.entries.collect_on(Target::Account(account), leg, &text)?;
            } else {
                let text = short(&format!("{text}{rate}"));
                let entry = VoucherEntry::on(account, self.day, leg, String::new());
                let mut entry = self.described(entry, line, None);
                entry.text = text;
                self.entries.add(entry);
            }
        }
        Ok(())
    }

    /// What is within the tolerance, where all that was paid on a document is in this settlement.
    fn differences(&mut self) -> Result<(), MoneyError> {
        let (documents, matching) = (self.input.receivables, self.input.matching);
        let mut open = Vec::new();
        for (id, paid_here) in std::mem::take(&mut self.paid_here) {
            let paid = matching.paid(documents, id);
            let left = documents.expected(id).minus(paid)?;
            let within = left.minor().unsigned_abs() <= u64::from(matching.tolerance());
            if !left.is_zero() && within && paid.minor() == paid_here {
                open.push((id, left));
            }
        }
        // In which order documents were found says nothing.
        open.sort_by(|(a, _), (b, _)| documents.number(*a).cmp(documents.number(*b)));
        for (id, left) in open {
            let account = self.input.settings.accounts.differences;
            let Some(account) = self.entries.missing.need("differences", account) else { continue };
            let Some(target) = self.document_target(id) else { continue };
            let text = self.text(words::difference(self.input.language));
            if self.input.settings.model == BookkeepingModel::Lump {
                self.entries.collect_on(target, left.negated()?, &text)?;
                self.entries.collect_on(Target::Account(account), left, &text)?;
                continue;
            }
            let mut settled = VoucherEntry::on(0, self.day, left.negated()?, text.clone());
            settled.target = target;
            settled.invoice = documents.number(id).to_owned();
            settled.order = documents.order(id).to_owned();
            self.entries.add(settled);
            self.entries.add(VoucherEntry::on(account, self.day, left, text));
        }
        Ok(())
    }

    /// An entry with what it concerns: invoice, order and payment, in its fields and in its text.
    fn described(&self, mut entry: VoucherEntry, line: &Line<'_>, id: Option<ReceivableId>) -> VoucherEntry {
        let documents = self.input.receivables;
        entry.invoice = id.map(|id| documents.number(id).to_owned()).unwrap_or_default();
        let keys = &line.keys;
        let own = id.map(|id| documents.order(id)).filter(|order| !order.is_empty());
        entry.order =
            own.unwrap_or(if keys.order.is_empty() { keys.merchant } else { keys.order }).to_owned();
        let references = [keys.transaction, keys.modification, line.reference];
        entry.payment = references.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned();
        let mut text = words::kind(line.kind, self.input.language).to_owned();
        for (word, value) in [
            (words::invoice(self.input.language), &entry.invoice),
            (words::order(self.input.language), &entry.order),
            ("", &entry.payment),
        ] {
            if !value.is_empty() {
                text = format!("{text} {word}{value}");
            }
        }
        entry.text = self.text(&text);
        entry
    }

    fn vouchers(&mut self, year_end: BTreeMap<Date, Vec<VoucherEntry>>) -> Result<Vec<Voucher>, Vec<Reason>> {
        let limit = usize::from(self.input.settings.voucher.entries);
        let transit = self.input.settings.accounts.transit;
        let mut missing = Missing::default();
        let entries = self.entries.take();
        let mut parts = super::parts::split(entries, limit, transit, &mut missing, self.input.language);
        parts.extend(year_end.into_values());
        let reasons = missing.reasons();
        if !reasons.is_empty() {
            return Err(reasons);
        }
        let made: Result<Vec<Voucher>, _> =
            parts.into_iter().filter(|part| !part.is_empty()).map(Voucher::new).collect();
        made.map_err(|error| {
            vec![Reason::new("payout-off-balance").with("payout", &self.reference).with("message", error)]
        })
    }
}

fn count(
    counts: &mut BTreeMap<&'static str, (u64, i64)>,
    why: &'static str,
    line: &Line<'_>,
) -> Result<(), MoneyError> {
    let (count, sum) = counts.entry(why).or_default();
    *count += 1;
    *sum = sum.checked_add(line.gross.minor()).ok_or(MoneyError::Overflow)?;
    Ok(())
}
