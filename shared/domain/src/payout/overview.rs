//! What is paid out, what is captured and still to come, what came without an invoice; the acquirer's balance proven against
//! the ledger; and what the fees are in per cent.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::matching::{LineState, Matching, ReceivableId, Receivables};
use crate::money::{Currency, Money, MoneyError};
use crate::settlement::{Kind, Settlement};

/// A document that was paid out, whole or in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOut {
    /// Which.
    pub document: ReceivableId,
    /// What these settlements paid.
    pub paid: Money,
    /// What is still to come of it.
    pub left: Money,
}

/// A document that was captured and is not paid out, or not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Which.
    pub document: ReceivableId,
    /// What is still to come.
    pub left: Money,
    /// Days since its date.
    pub days: u32,
}

/// What is still to come, by age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aged {
    /// Its currency.
    pub currency: Currency,
    /// At most so many days old; `None` for older than the last step.
    pub up_to_days: Option<u16>,
    /// Number of documents.
    pub count: u64,
    /// Sum.
    pub sum: Money,
}

/// The overview on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Paid out.
    pub paid_out: Vec<PaidOut>,
    /// Captured and not paid out, the oldest first.
    pub captured: Vec<Captured>,
    /// The same by age and currency.
    pub ageing: Vec<Aged>,
    /// Paid out without an invoice: settlement, line, and the gross.
    pub without_invoice: Vec<(usize, usize, Money)>,
}

/// Makes the overview of these documents and settlements on a day. `steps` are the ages, in days and rising, that are summed apart.
///
/// # Errors
/// Overflow.
pub fn overview(
    receivables: &Receivables,
    settlements: &[Settlement],
    matching: &Matching,
    on: Date,
    steps: &[u16],
) -> Result<Overview, MoneyError> {
    let mut all = Overview::default();
    let mut ageing: BTreeMap<(Currency, usize), (u64, Money)> = BTreeMap::new();
    for id in receivables.ids() {
        let (expected, paid) = (receivables.expected(id), matching.paid(receivables, id));
        let left = expected.minus(paid)?;
        if !paid.is_zero() {
            all.paid_out.push(PaidOut { document: id, paid, left });
        }
        if left.is_zero() || receivables.date(id) > on {
            continue;
        }
        let days = (on - receivables.date(id)).get_days().unsigned_abs();
        all.captured.push(Captured { document: id, left, days });
        let step = steps.iter().position(|step| days <= u32::from(*step)).unwrap_or(steps.len());
        let (count, sum) = ageing.entry((left.currency(), step)).or_insert((0, left.currency().zero()));
        *count += 1;
        *sum = sum.plus(left)?;
    }
    all.captured.sort_by(|a, b| {
        b.days.cmp(&a.days).then_with(|| receivables.number(a.document).cmp(receivables.number(b.document)))
    });
    all.ageing = ageing
        .into_iter()
        .map(|((currency, step), (count, sum))| Aged {
            currency,
            up_to_days: steps.get(step).copied(),
            count,
            sum,
        })
        .collect();
    for (batch, settlement) in settlements.iter().enumerate() {
        for (place, line) in settlement.lines().enumerate() {
            let state = matching.state(receivables, batch, place);
            if matches!(state, LineState::NotFound | LineState::Ambiguous) {
                all.without_invoice.push((batch, place, line.gross));
            }
        }
    }
    Ok(all)
}

/// One movement on the acquirer's interim account: a sale that was booked on it (debit, positive), a credit note, or a payout that
/// cleared it (credit, negative).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// What it belongs to: the number of the invoice, or of the order.
    pub item: String,
    /// Day of posting.
    pub day: Date,
    /// Debit positive.
    pub amount: Money,
}

/// The interim account on a day, item by item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceProof {
    /// What the items add up to.
    pub reckoned: Money,
    /// The ledger's balance.
    pub ledger: Money,
    /// Ledger less reckoned; nothing when the account is proven.
    pub difference: Money,
    /// The items that are open: captured and not paid out (debit), or paid out without having been booked (credit).
    pub open: Vec<(String, Money)>,
}

/// Proves the interim account's balance of one currency at the end of a day: what the ledger shows is exactly the open items.
///
/// # Errors
/// Overflow, or a movement in another currency.
pub fn prove_balance(
    movements: impl IntoIterator<Item = Movement>,
    ledger: Money,
    at: Date,
) -> Result<BalanceProof, MoneyError> {
    let mut items: BTreeMap<String, Money> = BTreeMap::new();
    let mut reckoned = ledger.currency().zero();
    for movement in movements.into_iter().filter(|movement| movement.day <= at) {
        reckoned = reckoned.plus(movement.amount)?;
        let open = items.entry(movement.item).or_insert(ledger.currency().zero());
        *open = open.plus(movement.amount)?;
    }
    items.retain(|_, open| !open.is_zero());
    let difference = ledger.minus(reckoned)?;
    Ok(BalanceProof { reckoned, ledger, difference, open: items.into_iter().collect() })
}

/// What one method of payment cost in one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeRate {
    /// The month's first day.
    pub month: Date,
    /// The method in the acquirer's words; empty for fees that belong to no method.
    pub method: String,
    /// Sales before fees.
    pub sales: Money,
    /// Fees (negative), without VAT on them.
    pub fees: Money,
    /// Fees in per cent of sales, positive, rounded to four decimals; `None` without sales.
    pub per_cent: Option<Decimal>,
}

/// Fees in per cent per method and month, and the month's fees that belong to no method. The month is that of the payment, or
/// of the payout where the report does not say when a line happened.
///
/// # Errors
/// Overflow.
pub fn fee_rates(settlements: &[Settlement], zone: &TimeZone) -> Result<Vec<FeeRate>, MoneyError> {
    let mut sums: BTreeMap<(Currency, Date, String), (Money, Money)> = BTreeMap::new();
    for settlement in settlements {
        let zero = settlement.currency().zero();
        for line in settlement.lines() {
            let fees = Money::from_minor(line.fees.total()?, settlement.currency());
            if line.kind != Kind::Sale && fees.is_zero() {
                continue;
            }
            let day = line.occurred.day(zone).or_else(|| line.booked.day(zone));
            let Some(day) = day.or_else(|| settlement.day(zone)) else { continue };
            let key = (settlement.currency(), day.first_of_month(), line.method.to_owned());
            let (sales, charged) = sums.entry(key).or_insert((zero, zero));
            if line.kind == Kind::Sale {
                *sales = sales.plus(line.gross)?;
            }
            *charged = charged.plus(fees)?;
        }
    }
    let rate = |((_, month, method), (sales, fees))| FeeRate::of(month, method, sales, fees);
    Ok(sums.into_iter().map(rate).collect())
}

impl FeeRate {
    /// These fees in per cent of these sales.
    pub fn of(month: Date, method: String, sales: Money, fees: Money) -> FeeRate {
        let share = fees.to_decimal().checked_div(sales.to_decimal());
        let per_cent = share.map(|share| (-share * Decimal::ONE_HUNDRED).round_dp(4).normalize());
        FeeRate { month, method, sales, fees, per_cent }
    }
}
