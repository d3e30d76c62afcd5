//! The statement of a payout as a PDF, made by Bogbro and put on the voucher: what was paid, how it adds up, how it was booked, every
//! line with its order, payment and invoice, and the SHA-256 of the original, which stays where it is kept.
//!
//! It says nothing that is not in the settlement, its matching and its plan, and the same ones give the same bytes.

mod paper;
mod words;

use std::collections::BTreeMap;

use domain::matching::{LineState, Matching, Receivables};
use domain::payout::{Decisions, LineDecision, PayoutPlan, Target, VoucherEntry, fee_in_words};
use domain::settings::Language;
use domain::settlement::{FeeKind, Line, Settlement, SettlementMode};
use domain::{Currency, Money, MoneyError};
use jiff::tz::TimeZone;

use self::paper::{Column, Paper, figure, text};
use self::words::{Words, words};
use crate::reports;

/// Most lines that are printed; what is beyond them is counted and stands in the original. So many are some three megabytes, and
/// accounting systems take nine.
pub const LINES_MAX: usize = 60_000;

/// What a statement is made of.
#[derive(Clone, Copy)]
pub struct PayoutStatement<'a> {
    /// The merchant's name.
    pub merchant: &'a str,
    /// The settlements that were matched together.
    pub settlements: &'a [Settlement],
    /// Which of them it is about.
    pub settlement: usize,
    /// The documents.
    pub receivables: &'a Receivables,
    /// What was matched with what.
    pub matching: &'a Matching,
    /// What persons decided about single lines.
    pub decisions: &'a Decisions,
    /// How it is booked.
    pub plan: &'a PayoutPlan,
    /// Numbers of the vouchers, in their order; those that are not numbered yet are left out.
    pub numbers: &'a [u32],
    /// Time zone of the books.
    pub zone: &'a TimeZone,
    /// Language.
    pub language: Language,
}

/// Why there is no statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The settlement it is about is not among them.
    #[error("there is no settlement to make a statement of")]
    NoSettlement,
    /// Amounts too large to add.
    #[error("{0}")]
    Amount(#[from] MoneyError),
}

impl PayoutStatement<'_> {
    /// The bytes of the PDF.
    ///
    /// # Errors
    /// No such settlement, or amounts too large to add.
    pub fn pdf(&self) -> Result<Vec<u8>, StatementError> {
        let settlement = self.settlements.get(self.settlement).ok_or(StatementError::NoSettlement)?;
        let writer = Writer {
            of: self,
            settlement,
            words: words(self.language),
            figures: match self.language {
                Language::Da => reports::Language::Danish,
                Language::En => reports::Language::English,
            },
        };
        writer.write()
    }
}

const FACTS: [Column; 2] = [text(26), text(107)];
const SUMMARY: [Column; 6] = [text(32), figure(10), figure(18), figure(18), figure(18), figure(18)];
const BALANCE: [Column; 2] = [text(32), figure(18)];
const COUNTED: [Column; 2] = [text(40), figure(10)];
const ENTRIES: [Column; 4] = [text(32), text(8), text(8), figure(18)];
const LINES: [Column; 9] =
    [figure(6), text(10), text(19), text(14), text(27), text(14), figure(13), figure(10), figure(13)];
const BESIDE: [Column; 2] = [text(17), text(100)];

/// The states that are counted, in the order they are told.
const STATES: [LineState; 7] = [
    LineState::Exact,
    LineState::Partial,
    LineState::Over,
    LineState::OtherCurrency,
    LineState::Ambiguous,
    LineState::NotFound,
    LineState::NoPayment,
];

struct Writer<'a> {
    of: &'a PayoutStatement<'a>,
    settlement: &'a Settlement,
    words: &'static Words,
    figures: reports::Language,
}

impl Writer<'_> {
    fn write(&self) -> Result<Vec<u8>, StatementError> {
        let key = self.settlement.key();
        let title = format!("{} {} · {}", self.words.title, key.batch, self.of.merchant);
        let mut paper = Paper::new();
        paper.title(&title);
        self.facts(&mut paper);
        self.summary(&mut paper)?;
        self.matches(&mut paper);
        self.vouchers(&mut paper)?;
        self.lines(&mut paper)?;
        let footer = format!("{key} · {}", self.settlement.source().sha256);
        Ok(paper.finish(&title, &footer, self.words.page, self.words.of))
    }

    fn money(&self, minor: i64) -> String {
        self.figures.figure(Money::from_minor(minor, self.settlement.currency()))
    }

    fn facts(&self, paper: &mut Paper) {
        let (key, stated, source) =
            (self.settlement.key(), self.settlement.stated(), self.settlement.source());
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let period = match (day(stated.from), day(stated.to)) {
            (from, to) if from.is_empty() && to.is_empty() => String::new(),
            (from, to) => format!("{from} – {to}"),
        };
        let words = self.words;
        let facts = [
            (words.acquirer, key.acquirer.clone()),
            (words.account, key.account.clone()),
            (words.batch, key.batch.clone()),
            (words.currency, key.currency.to_string()),
            (words.period, period),
            (words.paid_on, self.of.plan.date.to_string()),
            (words.paid, self.figures.amount(self.of.plan.payout)),
            (words.bank_reference, stated.bank_reference.clone().unwrap_or_default()),
            (words.bank_account, stated.bank_account.clone().unwrap_or_default()),
            (words.lines, self.settlement.len().to_string()),
            (words.format, format!("{} {}", source.format, source.version)),
            (words.original, source.sha256.clone()),
            (words.plan, self.of.plan.hash()),
        ];
        for (name, value) in facts.iter().filter(|(_, value)| !value.trim().is_empty()) {
            paper.row(&FACTS, &[name, value.trim()]);
        }
    }

    fn summary(&self, paper: &mut Paper) -> Result<(), StatementError> {
        let words = self.words;
        let tally = self.settlement.tally();
        paper.heading(words.summary);
        paper.head(&SUMMARY, &[words.kind, words.count, words.gross, words.fees, words.vat, words.net]);
        for (kind, sum) in tally.kinds() {
            let figures =
                [sum.count.to_string(), self.money(sum.gross), self.money(sum.fees), self.money(sum.vat)];
            let [count, gross, fees, vat] = figures.each_ref().map(String::as_str);
            let kind = words::kind(kind, self.of.language);
            paper.row(&SUMMARY, &[kind, count, gross, fees, vat, &self.money(sum.net()?)]);
        }
        if self.settlement.mode() == SettlementMode::Gross {
            paper.line(words.fees_apart);
        }
        paper.line("");
        let (opening, payout, closing) = self.settlement.balances()?;
        let earned = self.settlement.earned()?;
        for (name, amount) in
            [(words.opening, opening), (words.earned, earned), (words.paid, payout), (words.closing, closing)]
        {
            paper.row(&BALANCE, &[name, &self.figures.figure(amount)]);
        }
        let fees: Vec<(FeeKind, i64)> = FeeKind::ALL
            .into_iter()
            .map(|kind| (kind, tally.fee(kind)))
            .filter(|(_, minor)| *minor != 0)
            .collect();
        if !fees.is_empty() {
            paper.heading(words.fee_kinds);
            for (kind, minor) in fees {
                paper.row(&BALANCE, &[fee_in_words(kind, self.of.language), &self.money(minor)]);
            }
        }
        Ok(())
    }

    fn matches(&self, paper: &mut Paper) {
        let counts = self.of.matching.counts(self.of.receivables, self.of.settlement);
        paper.heading(self.words.matching);
        for state in STATES {
            if let Some(count) = counts.get(&state) {
                let word = words::state_counted(state, self.of.language);
                paper.row(&COUNTED, &[word, &count.to_string()]);
            }
        }
    }

    /// Each voucher by account; customers together, since each of theirs stands among the lines.
    fn vouchers(&self, paper: &mut Paper) -> Result<(), StatementError> {
        let words = self.words;
        let many = self.of.plan.vouchers.len();
        for (place, voucher) in self.of.plan.vouchers.iter().enumerate() {
            let number = self.of.numbers.get(place).map(|number| format!(" {number}")).unwrap_or_default();
            let part = if many > 1 { format!(" ({}/{many})", place + 1) } else { String::new() };
            paper.heading(&format!("{}{number}{part}", words.voucher));
            paper.head(&ENTRIES, &[words.ledger_account, words.vat_code, words.currency, words.amount]);
            for ((on, vat, currency), sum) in sums(voucher.entries())? {
                let on = on.map_or_else(|| words.customers.to_owned(), |account| account.to_string());
                paper.row(&ENTRIES, &[&on, vat, currency.code(), &self.figures.figure(sum)]);
            }
        }
        Ok(())
    }

    fn lines(&self, paper: &mut Paper) -> Result<(), StatementError> {
        let words = self.words;
        paper.heading(words.lines);
        let head = [
            words.number,
            words.date,
            words.kind,
            words.order,
            words.payment,
            words.document,
            words.gross,
            words.fees_and_vat,
            words.net,
        ];
        paper.head(&LINES, &head);
        for (place, line) in self.settlement.lines().enumerate().take(LINES_MAX) {
            self.line(paper, place, &line)?;
        }
        if let Some(more) = self.settlement.len().checked_sub(LINES_MAX).filter(|more| *more > 0) {
            paper.line(&format!("{more} {}", words.left_out));
        }
        Ok(())
    }

    fn line(&self, paper: &mut Paper, place: usize, line: &Line<'_>) -> Result<(), StatementError> {
        let when = line.occurred.day(self.of.zone).or_else(|| line.booked.day(self.of.zone));
        let keys = &line.keys;
        let order = first([keys.order, keys.merchant]);
        let payment = first([keys.transaction, keys.modification, keys.acquirer, line.reference]);
        let net = line.reckoned_net()?;
        let fees = net.minus(line.gross)?;
        let kind = match line.kind {
            domain::settlement::Kind::Unknown => line.raw_kind,
            kind => words::kind(kind, self.of.language),
        };
        let cells = [
            line.number.to_string(),
            when.map(|day| day.to_string()).unwrap_or_default(),
            kind.to_owned(),
            order.to_owned(),
            payment.to_owned(),
            self.documents(place),
            self.figures.figure(line.gross),
            self.figures.figure(fees),
            self.figures.figure(net),
        ];
        paper.row(&LINES, &cells.each_ref().map(String::as_str));
        if let Some(sale) = line.sale {
            let rate = sale.rate.map(|rate| format!(", {} {rate}", self.words.rate)).unwrap_or_default();
            let told = format!("{} {}{rate}", self.words.bought_for, self.figures.amount(sale.amount));
            paper.row(&BESIDE, &["", &told]);
        }
        if let Some(LineDecision::ErrorAccount { reason }) = self.of.decisions.of(place) {
            paper.row(&BESIDE, &["", &format!("{}: {reason}", self.words.error_account)]);
        }
        Ok(())
    }

    /// The documents that a line pays, and where it stands with them.
    fn documents(&self, place: usize) -> String {
        let number = |id| self.of.receivables.number(id).to_owned();
        if let Some(decided) = self.of.decisions.of(place) {
            return match decided {
                LineDecision::Matched(parts) => {
                    parts.iter().map(|(id, _)| number(*id)).collect::<Vec<_>>().join(", ")
                }
                LineDecision::ErrorAccount { .. } => String::new(),
            };
        }
        let (matching, receivables, settlement) = (self.of.matching, self.of.receivables, self.of.settlement);
        let parts = matching.parts(receivables, self.of.settlements, settlement, place);
        let mut told: Vec<String> =
            vec![parts.iter().map(|(id, _)| number(*id)).collect::<Vec<_>>().join(", ")];
        told.push(words::state(matching.state(receivables, settlement, place), self.of.language).to_owned());
        told.retain(|part| !part.is_empty());
        told.join(" ")
    }
}

fn first<const N: usize>(texts: [&str; N]) -> &str {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// Sums by account (`None` for all customers), VAT code and currency.
type Sums<'a> = BTreeMap<(Option<u32>, &'a str, Currency), Money>;

fn sums(entries: &[VoucherEntry]) -> Result<Sums<'_>, MoneyError> {
    let mut sums = Sums::new();
    for entry in entries {
        let on = match entry.target {
            Target::Account(account) => Some(account),
            Target::Customer { .. } => None,
        };
        let currency = entry.amount.currency();
        let key = (on, entry.vat_code.as_deref().unwrap_or_default(), currency);
        let sum = sums.entry(key).or_insert(currency.zero());
        *sum = sum.plus(entry.amount)?;
    }
    Ok(sums)
}
