//! What stands in the books of one order: invoiced less credited, line by line and rate by rate.
//!
//! It is read from the last plan alone. The plan of the first invoice says what was invoiced; each plan after it says what it left.

use rust_decimal::Decimal;

use super::split::opposite;
use super::vat::own_vat;
use crate::document::DocumentLine;
use crate::money::{Currency, Money, MoneyError, Percentage};
use crate::order::Order;
use crate::plan::{LeftLine, Plan, SoldLine};

/// What stands.
#[derive(Clone, Debug)]
pub(super) struct Position {
    /// Number of the first booked invoice.
    pub(super) invoice: u64,
    pub(super) left: Vec<LeftLine>,
    /// The order's lines as invoiced, before refunds.
    pub(super) sold: Vec<SoldLine>,
    /// Refunds that are taken into account.
    pub(super) refunds: Vec<String>,
    /// Documents so far that an edit asked for.
    pub(super) edits: u32,
    /// How often the order fell away.
    pub(super) gone: u32,
    /// The plan did not keep the order's lines: an edit cannot be told line by line.
    pub(super) lines_unknown: bool,
}

impl Position {
    /// What stands after a plan whose document has this number.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn after(plan: &Plan, number: u64) -> Result<Position, MoneyError> {
        let (invoice, left) = match &plan.adjustment {
            Some(adjustment) => (adjustment.invoice, adjustment.left.clone()),
            None => (number, invoiced(plan)?),
        };
        let (edits, gone) =
            plan.adjustment.as_ref().map_or((0, 0), |adjustment| (adjustment.edits, adjustment.gone));
        Ok(Position {
            edits,
            gone,
            invoice,
            left,
            sold: plan.sold.clone(),
            refunds: plan.refunds.clone(),
            lines_unknown: plan.sold.is_empty() && plan.adjustment.is_none(),
        })
    }

    /// Everything that is left, with VAT.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn gross(&self, currency: Currency) -> Result<Money, MoneyError> {
        gross(&self.left, currency)
    }

    /// The order's lines as invoiced, with VAT.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn sold_gross(&self, currency: Currency) -> Result<Money, MoneyError> {
        let amounts = self.sold.iter().flat_map(|line| [line.net, line.vat]);
        Money::sum(currency, amounts.map(|minor| Money::from_minor(minor, currency)))
    }

    /// The line that is left of a line of the order.
    pub(super) fn line(&self, order_line: &str) -> Option<&LeftLine> {
        self.left.iter().find(|line| line.order_line.as_deref() == Some(order_line))
    }

    /// Takes this off what is left; what was not there before (a refund product) is left below nothing.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn take(&mut self, taken: &LeftLine) -> Result<(), MoneyError> {
        let same = |line: &&mut LeftLine| {
            line.order_line == taken.order_line && line.product == taken.product && line.rate == taken.rate
        };
        match self.left.iter_mut().find(same) {
            Some(line) => {
                line.quantity = line.quantity.checked_sub(taken.quantity).ok_or(MoneyError::Overflow)?;
                line.net = line.net.minus(taken.net)?;
                line.vat = line.vat.minus(taken.vat)?;
            }
            None => self.left.push(LeftLine {
                quantity: opposite(taken.quantity),
                net: taken.net.negated()?,
                vat: taken.vat.negated()?,
                ..taken.clone()
            }),
        }
        self.left.retain(|line| !(line.net.is_zero() && line.vat.is_zero() && line.quantity.is_zero()));
        Ok(())
    }

    /// Gives VAT that is left without money or units, as rounding that moved between lines in an edit leaves it, to the line with the
    /// most VAT: no line of a document could stand for it. The sum stays.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn fold_rounding(&mut self) -> Result<(), MoneyError> {
        let is_rounding =
            |line: &LeftLine| line.net.is_zero() && line.quantity.is_zero() && !line.vat.is_zero();
        let rounding: Vec<Money> =
            self.left.iter().filter(|line| is_rounding(line)).map(|line| line.vat).collect();
        let others = self.left.iter_mut().filter(|line| !is_rounding(line));
        let Some(largest) = others.max_by_key(|line| line.vat.minor().unsigned_abs()) else { return Ok(()) };
        for vat in rounding {
            largest.vat = largest.vat.plus(vat)?;
        }
        self.left.retain(|line| !is_rounding(line));
        Ok(())
    }

    /// Sums by rate, lines of `apart` by themselves.
    ///
    /// # Errors
    /// Overflow.
    pub(super) fn by_rate(&self, apart: &dyn Fn(&LeftLine) -> bool) -> Result<Vec<Bucket>, MoneyError> {
        let mut buckets: Vec<Bucket> = Vec::new();
        for line in &self.left {
            let apart = apart(line).then(|| line.product.clone());
            match buckets.iter_mut().find(|bucket| bucket.rate == line.rate && bucket.product == apart) {
                Some(bucket) => {
                    bucket.net = bucket.net.plus(line.net)?;
                    bucket.vat = bucket.vat.plus(line.vat)?;
                }
                None => {
                    buckets.push(Bucket { rate: line.rate, product: apart, net: line.net, vat: line.vat })
                }
            }
        }
        Ok(buckets)
    }
}

/// What is left at one rate.
pub(super) struct Bucket {
    pub(super) rate: Percentage,
    /// The product, where the lines are kept apart from others of the rate.
    pub(super) product: Option<String>,
    pub(super) net: Money,
    pub(super) vat: Money,
}

impl Bucket {
    pub(super) fn gross(&self) -> Result<Money, MoneyError> {
        self.net.plus(self.vat)
    }
}

/// The sum of lines with VAT.
pub(super) fn gross(lines: &[LeftLine], currency: Currency) -> Result<Money, MoneyError> {
    Money::sum(currency, lines.iter().flat_map(|line| [line.net, line.vat]))
}

/// What the plan of a first invoice invoices: its lines but for corrections.
fn invoiced(plan: &Plan) -> Result<Vec<LeftLine>, MoneyError> {
    let Some(step) = plan.document_step() else { return Ok(Vec::new()) };
    let is_correction = |line: &DocumentLine| {
        line.order_line.is_none()
            && Some(&line.product) == step.difference.product.as_ref()
            && line.description == step.difference.text
    };
    let lines = step.document.lines.iter().filter(|line| !is_correction(line));
    of_lines(lines, plan.expected.vat)
}

/// The lines of a document, pieces of one line together. VAT is reckoned by the line, and made to add up to what the shop states.
///
/// # Errors
/// Overflow.
pub(super) fn of_lines<'a>(
    lines: impl Iterator<Item = &'a DocumentLine>,
    shop_vat: Money,
) -> Result<Vec<LeftLine>, MoneyError> {
    let currency = shop_vat.currency();
    let mut left: Vec<LeftLine> = Vec::new();
    for line in lines {
        let pieces = left.last_mut().filter(|last| {
            last.order_line == line.order_line
                && last.product == line.product
                && last.description == line.description
        });
        match pieces {
            Some(last) => {
                last.quantity = last.quantity.checked_add(line.quantity).ok_or(MoneyError::Overflow)?;
                last.net = last.net.plus(line.net)?;
            }
            None => left.push(LeftLine {
                order_line: line.order_line.clone(),
                product: line.product.clone(),
                description: line.description.clone(),
                rate: line.rate,
                quantity: line.quantity,
                net: line.net,
                vat: currency.zero(),
            }),
        }
    }
    for line in &mut left {
        line.vat = Money::round_decimal(line.rate.of(line.net), currency)?;
    }
    let reckoned = Money::sum(currency, left.iter().map(|line| line.vat))?;
    let missing = shop_vat.minus(reckoned)?;
    if let Some(largest) = left.iter_mut().max_by_key(|line| line.vat.minor().unsigned_abs()) {
        largest.vat = largest.vat.plus(missing)?;
    }
    Ok(left)
}

/// The order's lines as a plan keeps them.
///
/// # Errors
/// Overflow.
pub(super) fn sold(order: &Order) -> Result<Vec<SoldLine>, MoneyError> {
    let line = |line: &crate::order::OrderLine| {
        Ok(SoldLine {
            id: line.id.clone(),
            quantity: line.quantity.normalize(),
            net: line.net.minor(),
            vat: own_vat(line)?.minor(),
        })
    };
    order.lines.iter().map(line).collect()
}

/// Units that are left, or one where there are none to count.
pub(super) fn units(quantity: Decimal) -> Decimal {
    if quantity.is_zero() { Decimal::ONE } else { quantity.abs() }
}
