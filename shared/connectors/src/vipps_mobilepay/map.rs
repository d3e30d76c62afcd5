//! From Vipps MobilePay's ledgers and settlement files to lines.

use domain::Money;
use domain::money::Currency;
use domain::settlement::{
    FeeKind, Fees, Kind, Line, LinkKeys, SettlementMode, Stated, StatedTotal, TotalOf, When,
};
use jiff::civil::Date;

use super::wire::Entry;
use crate::figures::{self, Marks};
use crate::pages::misread;
use crate::report::{Batches, ReadingContext, Refusal, Unreadable, refusal};

const MARKS: Marks = Marks::POINT;

/// The ledger while its entries stream by: each continues the balance of the one before.
#[derive(Default)]
pub(super) struct Ledger {
    date: String,
    balance: Option<Money>,
    lines: u32,
}

impl Ledger {
    /// One entry. A batch is a ledger date, unless the context says which payout was asked for.
    pub(super) fn entry(
        &mut self,
        document: u32,
        entry: &Entry<'_>,
        context: &ReadingContext<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<(), Unreadable> {
        self.lines += 1;
        let misread = |place: &str| misread(document, format!("{place}, entry {}", self.lines));
        let currency = figures::currency(&entry.currency).ok_or_else(|| misread("currency"))?;
        let money =
            |units: i64| figures::from_smallest_units(units, currency).ok_or_else(|| misread("amount"));
        let amount = money(entry.amount)?;
        let before = entry.balance_before.map(money).transpose()?;
        let after = entry.balance_after.map(money).transpose()?;
        let other_date = self.date != entry.ledger_date;
        let ends = other_date && context.batch.is_empty();
        if ends {
            self.end(batches)?;
        }
        if let (Some(last), Some(before)) = (self.balance, before)
            && last != before
        {
            return Err(gap(self.lines, last, before).into());
        }
        if let (Some(before), Some(after)) = (before, after) {
            let reckoned = before.plus(amount).map_err(|_| misread("amount"))?;
            if reckoned != after {
                return Err(gap(self.lines, reckoned, after).into());
            }
        }
        let batch = if context.batch.is_empty() { &*entry.ledger_date } else { context.batch };
        let day = figures::day(&entry.ledger_date, "%Y-%m-%d").ok_or_else(|| misread("ledgerDate"))?;
        if batches.open(context.account, batch, currency, SettlementMode::Net)? {
            batches.state(Stated { from: Some(day), opening: before, ..Stated::default() })?;
        }
        entry.ledger_date.as_ref().clone_into(&mut self.date);
        self.balance = after;
        let kind = kind(&entry.entry_type, amount);
        let time = figures::instant(&entry.time).ok_or_else(|| misread("time"))?;
        let payment = kind.concerns_payment();
        // A page that comes twice can keep the balance whole where the ledger was emptied; an entry has no id of its own.
        let own = [&*entry.entry_type, entry.psp_reference.trimmed(), &entry.time].join(" ");
        let line = Line {
            reference: &own,
            occurred: When::Instant(time),
            booked: When::Day(day),
            keys: LinkKeys {
                order: if payment { entry.reference.trimmed() } else { "" },
                transaction: if payment { entry.psp_reference.trimmed() } else { "" },
                modification: entry.psp_reference.trimmed(),
                ..LinkKeys::default()
            },
            method: "mobilepay",
            description: if payment { entry.recipient_handle.trimmed() } else { entry.reference.trimmed() },
            ..Line::new(self.lines, kind, &entry.entry_type, amount)
        };
        batches.line(&line)?;
        if kind == Kind::Payout {
            batches.state(Stated {
                payout_on: Some(day),
                bank_reference: entry.reference.given().map(str::to_owned),
                ..Stated::default()
            })?;
        }
        Ok(())
    }

    /// The open batch ends: its last balance is its closing one, and its last entry's day its last day.
    pub(super) fn end(&self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let Some(last) = figures::day(&self.date, "%Y-%m-%d") else { return Ok(()) };
        batches.state(Stated { to: Some(last), closing: self.balance, ..Stated::default() })
    }
}

/// Two balances that should be one.
fn gap(line: u32, reckoned: Money, stated: Money) -> Refusal {
    let difference = stated.minus(reckoned).map(|money| money.to_string()).unwrap_or_default();
    refusal("report-balance-gap")
        .with("row", line)
        .with("stated", stated)
        .with("reckoned", reckoned)
        .with("difference", difference)
}

/// One transaction of a settlement file, whatever file it is.
pub(super) struct Transaction<'a> {
    pub(super) number: u32,
    pub(super) id: &'a str,
    pub(super) order: &'a str,
    pub(super) when: When,
    pub(super) raw_kind: &'a str,
    pub(super) gross: Money,
    /// As the file writes it, in whichever sign.
    pub(super) fee: Money,
    pub(super) net: Money,
    pub(super) description: &'a str,
}

impl Transaction<'_> {
    /// Hands it over.
    pub(super) fn hand_over(&self, batches: &mut Batches<'_>) -> Result<(), Unreadable> {
        let kind = if self.gross.is_negative() { Kind::Refund } else { Kind::Sale };
        // XML writes the fee positive and subtracts it, CSV and workbook negative and add it: the row's own net says which.
        let added = self.gross.plus(self.fee).is_ok_and(|sum| sum == self.net);
        let fee = if added { self.fee.minor() } else { self.fee.minor().saturating_neg() };
        let line = Line {
            reference: self.id,
            occurred: self.when,
            keys: LinkKeys {
                order: self.order,
                transaction: self.id,
                modification: self.id,
                ..LinkKeys::default()
            },
            fees: Fees::of(FeeKind::Commission, fee),
            net: Some(self.net),
            method: "mobilepay",
            description: self.description,
            ..Line::new(self.number, kind, self.raw_kind, self.gross)
        };
        batches.line(&line)
    }
}

/// What a settlement file states of one settlement.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) count: Option<u64>,
    pub(super) captured: Option<Money>,
    pub(super) refunded: Option<Money>,
    pub(super) gross: Option<Money>,
    pub(super) net: Option<Money>,
    pub(super) fee: Option<Money>,
    pub(super) settled: Option<Money>,
    pub(super) on: Option<Date>,
    pub(super) reference: String,
    pub(super) account: Option<String>,
}

impl Totals {
    /// As the domain keeps it.
    pub(super) fn stated(self, place: &str) -> Stated {
        let total = |of: TotalOf, count: Option<u64>, amount: Option<Money>, name: &str| {
            (count.is_some() || amount.is_some()).then(|| StatedTotal {
                of,
                count,
                amount,
                place: format!("{place}: {name}"),
            })
        };
        // Fees are stated without sign in XML and negative in CSV; they always take from the balance.
        let fee = self
            .fee
            .map(|fee| if fee.is_negative() { Ok(fee) } else { fee.negated() })
            .transpose()
            .ok()
            .flatten();
        let totals = [
            total(TotalOf::Gross, self.count, None, "number of transactions"),
            total(TotalOf::Kinds(vec![Kind::Sale]), None, self.captured, "captured"),
            total(TotalOf::Kinds(vec![Kind::Refund]), None, self.refunded, "refunded"),
            total(TotalOf::Gross, None, self.gross, "gross"),
            total(TotalOf::Fees, None, fee, "fees"),
            total(TotalOf::Net, None, self.net, "net"),
        ];
        Stated {
            payout_on: self.on,
            payout: self.settled,
            bank_reference: Some(self.reference).filter(|text| !text.is_empty()),
            bank_account: self.account.filter(|text| !text.is_empty()),
            totals: totals.into_iter().flatten().collect(),
            ..Stated::default()
        }
    }
}

/// An amount in a file's own text.
pub(super) fn amount(text: &str, currency: Currency, row: u32, column: &str) -> Result<Money, Refusal> {
    figures::amount(text, MARKS, currency)
        .ok_or_else(|| refusal("report-amount").with("row", row).with("column", column))
}

/// Entry types of the ledger of funds. New ones can come without notice.
pub(super) fn kind(word: &str, amount: Money) -> Kind {
    match word {
        "capture" => Kind::Sale,
        "refund" => Kind::Refund,
        "retained-disputed-capture" => Kind::Chargeback,
        "returned-disputed-capture" => Kind::ChargebackReversal,
        "fees-retained" | "fees-invoiced" | "capture-fee" if amount.is_negative() => Kind::Fee,
        "fees-retained" | "fees-invoiced" | "capture-fee" => Kind::FeeRefund,
        "correction" | "credit-note" => Kind::Adjustment,
        "scheduled-for-payout" | "payout-scheduled" => Kind::Payout,
        "payout-aborted" => Kind::PayoutReturned,
        "top-up" => Kind::TopUp,
        _ => Kind::Unknown,
    }
}
