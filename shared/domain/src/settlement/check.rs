//! Does a settlement agree with itself? Exact in minor units, with no tolerance.
//!
//! The rules, all of them exact:
//!
//! 1. on each line, gross + fees + VAT on fees = net, where the format states a net;
//! 2. opening balance + what was earned − payout = closing balance. Fees and VAT on fees, those on payouts among them, count as
//!    earned (negatively) when they are taken from the payout, and do not when they are invoiced apart;
//! 3. what is stated of payout, opening and closing balance is what lines of those kinds show;
//! 4. stated totals and counts are those of the lines;
//! 5. currencies are never added together (a line in another currency is refused when it comes);
//! 6. a line's own id stands once in a batch;
//! 7. what the payout API or the bank says was paid is what the report makes.
//!
//! A format that states neither payout nor balance nor net can be cut short without anybody noticing. It is `Unconfirmed`
//! until the payout API or the bank gives the same amount.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::batch::{SettlementMode, Stated, StatedTotal, TotalOf};
use super::breach::Breach;
use super::kind::Kind;
use super::receive::{KEPT_BREACHES, LineBreach, Settlement};
use super::tally::KindSum;
use crate::money::{Money, MoneyError};

/// Who outside the report says what was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmedBy {
    /// The acquirer's list of payouts.
    PayoutApi,
    /// The merchant's bank statement.
    BankLine,
    /// A person, from the acquirer's balance report or the like.
    Person,
}

impl ConfirmedBy {
    /// The word in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            ConfirmedBy::PayoutApi => "payout API",
            ConfirmedBy::BankLine => "bank statement",
            ConfirmedBy::Person => "balance report",
        }
    }
}

/// A payout's amount from outside the report; positive when the merchant received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Who says so.
    pub by: ConfirmedBy,
    /// The amount there.
    pub payout: Money,
    /// The day there: the value date at the bank, or the day of the acquirer's list. It dates a report that states no day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
}

impl Confirmation {
    /// True when both say the same of the amount; the day that was told first stays.
    pub fn says_the_same(&self, other: &Confirmation) -> bool {
        (self.by, self.payout) == (other.by, other.payout)
    }
}

/// Where a settlement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Everything agrees.
    Balanced,
    /// Nothing disagrees, but nothing in the report would show that a part of it is missing. Not postable.
    Unconfirmed,
    /// Something disagrees. Nothing of it is posted.
    Unbalanced,
}

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Where it stands.
    pub standing: Standing,
    /// What disagrees, each with its place and difference. At most 50 of single lines.
    pub breaches: Vec<Breach>,
    /// How many more lines disagree.
    pub more_breaches: u64,
    /// What was paid out: as stated, as the lines show it, or else what the lines add up to. Positive to the merchant.
    pub payout: Money,
    /// The acquirer's words that Bogbro does not know, with the number of lines and the sum of their nets.
    pub unknown: Vec<(String, u64, Money)>,
    /// The payout was announced and not sent.
    pub pending: bool,
    /// No sample from the vendor exists for this format.
    pub unproven: bool,
    /// A person says what was paid, in words that fit whatever was left out of the report: a person approves it, too.
    pub by_person: bool,
}

impl Check {
    /// A person may approve it.
    pub fn postable(&self) -> bool {
        self.standing == Standing::Balanced && !self.pending
    }

    /// It may be posted under the merchant's rules without a person.
    pub fn postable_automatically(&self) -> bool {
        self.postable() && self.unknown.is_empty() && !self.unproven && !self.by_person
    }
}

/// Payout and balances, from statements and from lines.
struct Frame {
    opening: Money,
    payout: Money,
    closing: Money,
    confirmed: bool,
}

impl Settlement {
    /// Adds what the payout API or the bank says was paid.
    pub fn confirm(&mut self, confirmation: Confirmation) {
        self.confirmed.push(confirmation);
    }

    /// The day that the batch's vouchers are of: the payout's as it is stated, or that of the last line that pays out, within the days
    /// that the report is about. A batch without a payout is of its own last day, so that what the acquirer owes at the end of a month
    /// or a year stands in the books on that very day. A report without any day is of the day on which the payout was confirmed.
    /// `None` until then. Lines' times are days in `zone`, the books' own.
    pub fn day(&self, zone: &TimeZone) -> Option<Date> {
        let Stated { from, to, payout_on, .. } = self.stated;
        // The acquirer's day may end at another hour than the books'.
        let within = |day: Date| {
            let day = from.map_or(day, |from| day.max(from));
            to.map_or(day, |to| day.min(to))
        };
        let paid_out = || {
            let payouts = self.lines().filter(|line| line.kind == Kind::Payout);
            payouts.filter_map(|line| line.occurred.day(zone).or_else(|| line.booked.day(zone))).max()
        };
        let outside = || self.confirmed.iter().find_map(|confirmation| confirmation.day);
        payout_on.or_else(|| paid_out().map(within)).or(to).or_else(outside)
    }

    /// Checks the settlement against itself and what is known from outside.
    pub fn check(&self) -> Check {
        let (mut breaches, more_breaches) = self.line_breaches();
        let zero = self.currency().zero();
        let frame = match self.frame(&mut breaches) {
            Ok(frame) => frame,
            Err(error) => {
                breaches.push(Breach::Amount { place: "balance".to_owned(), error });
                Frame { opening: zero, payout: zero, closing: zero, confirmed: false }
            }
        };
        let mut confirmed = frame.confirmed;
        for total in &self.stated.totals {
            match self.check_total(total, &mut breaches) {
                Ok(adds_up) => confirmed |= adds_up,
                Err(error) => breaches.push(Breach::Amount { place: total.place.clone(), error }),
            }
        }
        for outside in &self.confirmed {
            confirmed = true;
            if outside.payout != frame.payout {
                let (stated, reckoned) = (outside.payout, frame.payout);
                breaches.push(Breach::Outside { by: outside.by, stated, reckoned });
            }
        }
        let standing = match (breaches.is_empty() && more_breaches == 0, confirmed) {
            (false, _) => Standing::Unbalanced,
            (true, true) => Standing::Balanced,
            (true, false) => Standing::Unconfirmed,
        };
        Check {
            standing,
            breaches,
            more_breaches,
            payout: frame.payout,
            unknown: self.unknown_words(),
            pending: self.stated.pending,
            unproven: self.source.unproven,
            by_person: self.confirmed.iter().any(|outside| outside.by == ConfirmedBy::Person),
        }
    }

    /// Breaches of single lines in the order of lines, and the number of those beyond what is kept.
    fn line_breaches(&self) -> (Vec<Breach>, u64) {
        let mut all: Vec<&LineBreach> = self.breaches.iter().chain(self.twice()).collect();
        all.sort_by_key(|(line, _)| *line);
        let beyond = all.len().saturating_sub(KEPT_BREACHES) as u64;
        let kept = all.into_iter().take(KEPT_BREACHES).map(|(_, breach)| breach.clone()).collect();
        (kept, self.more_breaches + beyond)
    }

    fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency())
    }

    /// What was earned: every line's effect on the balance but what is paid out and carried over. A fee on a payout is taken from the
    /// balance beside it, so that it is earned (negatively) like any other fee.
    ///
    /// # Errors
    /// Overflow.
    pub fn earned(&self) -> Result<Money, MoneyError> {
        let gross = self.tally.over(|kind| !kind.moves_balance(), |sum| Ok(sum.gross))?;
        let fees = match self.mode {
            SettlementMode::Net => self.tally.over(|_| true, |sum| super::tally::plus(sum.fees, sum.vat))?,
            SettlementMode::Gross => 0,
        };
        Ok(self.money(super::tally::plus(gross, fees)?))
    }

    /// What lines of a kind move, turned so that it is the payout or the balance itself: without the fees on them, which the bank
    /// neither gets nor sees. `None` without such lines.
    fn shown(&self, kind: Kind) -> Result<Option<Money>, MoneyError> {
        let sum = self.tally.kind(kind);
        if sum.count == 0 {
            return Ok(None);
        }
        let moved = self.money(sum.gross);
        Ok(Some(if kind == Kind::CarryIn { moved } else { moved.negated()? }))
    }

    fn frame(&self, breaches: &mut Vec<Breach>) -> Result<Frame, MoneyError> {
        let mut agreed = |what, stated: Option<Money>, kind| -> Result<Option<Money>, MoneyError> {
            let shown = self.shown(kind)?;
            if let (Some(stated), Some(reckoned)) = (stated, shown)
                && stated != reckoned
            {
                breaches.push(Breach::Shown { what, stated, reckoned });
            }
            Ok(stated.or(shown))
        };
        let opening = agreed("opening", self.stated.opening, Kind::CarryIn)?;
        let payout = agreed("payout", self.stated.payout, Kind::Payout)?;
        let closing = agreed("closing", self.stated.closing, Kind::CarryOut)?;
        let zero = self.currency().zero();
        let confirmed = payout.is_some() || (opening.is_some() && closing.is_some());
        let (opening, earned) = (opening.unwrap_or(zero), self.earned()?);
        let available = opening.plus(earned)?;
        // With balances stated at both ends and no payout there was none; with nothing stated it is what there is.
        let payout = match payout {
            Some(payout) => payout,
            None if confirmed || self.stated.open_ended => zero,
            None => available.minus(closing.unwrap_or(zero))?,
        };
        let (closing, confirmed) = match closing {
            None if self.stated.open_ended => (available.minus(payout)?, false),
            closing => (closing.unwrap_or(zero), confirmed),
        };
        let difference = available.minus(payout)?.minus(closing)?;
        if !difference.is_zero() {
            breaches.push(Breach::Balance { opening, earned, payout, closing, difference });
        }
        Ok(Frame { opening, payout, closing, confirmed })
    }

    /// Compares one stated total; true when its amount would show a missing line of any kind that moves the payout.
    fn check_total(&self, total: &StatedTotal, breaches: &mut Vec<Breach>) -> Result<bool, MoneyError> {
        let chosen = |kind: Kind| match &total.of {
            TotalOf::Everything => true,
            TotalOf::Kinds(kinds) => kinds.contains(&kind),
            TotalOf::Net | TotalOf::Gross | TotalOf::Fees | TotalOf::Vat | TotalOf::FeesWithVat => {
                !kind.moves_balance()
            }
        };
        let reckoned = match &total.of {
            TotalOf::Net | TotalOf::Everything => self.tally.over(chosen, KindSum::net)?,
            TotalOf::Gross => self.tally.over(chosen, |sum| Ok(sum.gross))?,
            TotalOf::Fees => self.tally.over(chosen, |sum| Ok(sum.fees))?,
            TotalOf::Vat => self.tally.over(chosen, |sum| Ok(sum.vat))?,
            TotalOf::FeesWithVat => self.tally.over(chosen, |sum| super::tally::plus(sum.fees, sum.vat))?,
            TotalOf::Kinds(kinds) => kinds.iter().try_fold(0, |total, kind| {
                let sum = self.tally.kind(*kind);
                let amount = match kind {
                    Kind::Fee | Kind::FeeRefund => sum.fees,
                    Kind::Vat => sum.vat,
                    _ => sum.gross,
                };
                super::tally::plus(total, amount)
            })?,
        };
        let reckoned = self.money(reckoned);
        if let Some(stated) = total.amount
            && stated != reckoned
        {
            let (place, of) = (total.place.clone(), total.of.clone());
            breaches.push(Breach::Total { place, of, stated, reckoned });
        }
        let found = self.tally.count(chosen);
        if let Some(stated) = total.count
            && stated != found
        {
            let (place, of) = (total.place.clone(), total.of.clone());
            breaches.push(Breach::Count { place, of, stated, found });
        }
        Ok(total.amount.is_some() && matches!(total.of, TotalOf::Net | TotalOf::Everything))
    }

    fn unknown_words(&self) -> Vec<(String, u64, Money)> {
        if self.tally.kind(Kind::Unknown).count == 0 {
            return Vec::new();
        }
        let mut words = std::collections::BTreeMap::<String, (u64, i64)>::new();
        for line in self.lines().filter(|line| line.kind == Kind::Unknown) {
            let (count, sum) = words.entry(line.raw_kind.to_owned()).or_default();
            *count += 1;
            *sum = sum.saturating_add(line.reckoned_net().map_or(0, Money::minor));
        }
        words.into_iter().map(|(word, (count, sum))| (word, count, self.money(sum))).collect()
    }

    /// Opening balance, payout and closing balance, as the check uses them.
    ///
    /// # Errors
    /// Overflow.
    pub fn balances(&self) -> Result<(Money, Money, Money), MoneyError> {
        let frame = self.frame(&mut Vec::new())?;
        Ok((frame.opening, frame.payout, frame.closing))
    }
}
