//! What an edit of an invoiced order took off its lines and what it added to them.

use rust_decimal::Decimal;

use super::Stop;
use super::adjustment::Part;
use super::credit::{Books, fee};
use super::vat::{effective_rate, own_vat};
use crate::money::{Money, MoneyError};
use crate::order::OrderLine;
use crate::plan::SoldLine;

/// What an edit did to the order's lines.
pub(super) struct Edit {
    pub(super) taken: Vec<Part>,
    pub(super) added: Vec<OrderLine>,
    /// The lines as invoiced, less what was taken off.
    pub(super) sold_less: Vec<SoldLine>,
    /// VAT by which lines differ that are as they were otherwise, and that no line which changed could take along.
    pub(super) unplaced: Money,
}

impl Books<'_> {
    /// The order beside its lines as they were invoiced.
    pub(super) fn edit(&self) -> Result<Edit, Stop> {
        let order = self.input.order;
        let mut edit = Edit {
            taken: Vec::new(),
            added: Vec::new(),
            sold_less: self.position.sold.clone(),
            unplaced: order.currency.zero(),
        };
        let mut gone: Vec<&SoldLine> = Vec::new();
        for sold in &self.position.sold {
            match order.lines.iter().find(|line| line.id == sold.id) {
                Some(line) => self.line_changed(sold, line, &mut edit)?,
                None => gone.push(sold),
            }
        }
        let is_new = |line: &&OrderLine| !self.position.sold.iter().any(|sold| sold.id == line.id);
        let mut new: Vec<&OrderLine> = order.lines.iter().filter(is_new).collect();
        // Plugins write an order's lines anew, with new ids: the same units for the same money are no edit.
        let mut taken = Vec::new();
        for sold in gone {
            let again = new.iter().position(|line| {
                let vat = own_vat(line).ok().map(Money::minor);
                line.net.minor() == sold.net && vat == Some(sold.vat) && line.quantity == sold.quantity
            });
            match again {
                Some(index) => drop(new.remove(index)),
                None => taken.push(sold),
            }
        }
        for sold in taken {
            self.take_off(sold, sold.quantity, &mut edit)?;
        }
        edit.added.extend(new.into_iter().filter(|line| !line.net.is_zero()).cloned());
        edit.place_rounding()?;
        Ok(edit)
    }

    /// True when nothing about a line changed but the rounding of its VAT: a shop that rounds the sum gives what is over to one of its
    /// lines, and after an edit to another one. That is no goods and no money of the line.
    fn is_rounding(&self, sold: &SoldLine, net: Money, vat: Money) -> bool {
        let lines = self.position.sold.len().max(self.input.order.lines.len());
        let most = i64::try_from(lines).unwrap_or(i64::MAX).saturating_mul(vat.currency().smallest_unit());
        net.is_zero() && sold.net != 0 && sold.vat != 0 && vat.minor().saturating_abs() <= most
    }

    /// A line that is still there, for more or for less.
    fn line_changed(&self, sold: &SoldLine, line: &OrderLine, edit: &mut Edit) -> Result<(), Stop> {
        let currency = self.input.order.currency;
        let vat_now = own_vat(line)?;
        let net = line.net.minus(Money::from_minor(sold.net, currency))?;
        let vat = vat_now.minus(Money::from_minor(sold.vat, currency))?;
        if net.is_zero() && vat.is_zero() {
            return Ok(());
        }
        let same_rate = line.net.is_zero()
            || self.position.line(&sold.id).is_none_or(|left| {
                left.rate == self.rate_within(left, vat_now).unwrap_or_else(|| effective_rate(line))
            });
        if same_rate && self.is_rounding(sold, net, vat) {
            edit.lower(&sold.id, 0, vat.minor(), sold.quantity);
            edit.unplaced = edit.unplaced.plus(vat)?;
            return Ok(());
        }
        if same_rate && net.minor() <= 0 && vat.minor() <= 0 {
            let fewer = sold.quantity.checked_sub(line.quantity).unwrap_or_default().max(Decimal::ZERO);
            edit.taken.push(self.part(Some(&sold.id), fewer, net.negated()?, vat.negated()?)?);
            edit.lower(&sold.id, net.minor(), vat.minor(), line.quantity.min(sold.quantity));
            return Ok(());
        }
        if same_rate && net.minor() >= 0 && vat.minor() >= 0 {
            let more = line.quantity.checked_sub(sold.quantity).unwrap_or_default();
            let quantity = if more > Decimal::ZERO { more } else { Decimal::ONE };
            let added = only(line, quantity, net, vat)?;
            if self.position.line(&sold.id).is_none_or(|left| left.rate == effective_rate(&added)) {
                edit.added.push(added);
                return Ok(());
            }
        }
        // Another rate, net and VAT in opposite directions, or so little more that rounding which came to the line hides its rate: the line
        // is taken back whole and invoiced as it is now.
        self.take_off(sold, sold.quantity, edit)?;
        if !line.net.is_zero() {
            edit.added.push(line.clone());
        }
        Ok(())
    }

    fn take_off(&self, sold: &SoldLine, quantity: Decimal, edit: &mut Edit) -> Result<(), Stop> {
        let currency = self.input.order.currency;
        let (net, vat) = (Money::from_minor(sold.net, currency), Money::from_minor(sold.vat, currency));
        if net.is_negative() {
            // A discount that was taken off makes the order dearer. It stays among what is sold until that is invoiced.
            let line = self.position.line(&sold.id).map(|left| left.description.clone()).unwrap_or_default();
            edit.added.push(fee(&sold.id, line, Decimal::ONE, net.negated()?, vat.negated()?));
            return Ok(());
        }
        edit.sold_less.retain(|line| line.id != sold.id);
        if !(net.is_zero() && vat.is_zero()) {
            edit.taken.push(self.part(Some(&sold.id), quantity, net, vat)?);
        }
        Ok(())
    }
}

impl Edit {
    /// Gives the rounding of lines that are as they were to what changed, so that the sum is the shop's: to the credit note, where one
    /// comes of the edit, since it is made first; else to the further invoice.
    fn place_rounding(&mut self) -> Result<(), MoneyError> {
        if self.unplaced.is_zero() {
            return Ok(());
        }
        if let Some(part) = self.taken.iter_mut().max_by_key(|part| part.vat.minor().saturating_abs()) {
            part.vat = part.vat.minus(self.unplaced)?;
        } else {
            let amounts = self.added.iter_mut().flat_map(|line| line.vat.iter_mut());
            let Some(largest) = amounts.max_by_key(|vat| vat.amount.minor().saturating_abs()) else {
                return Ok(());
            };
            largest.amount = largest.amount.plus(self.unplaced)?;
        }
        self.unplaced = self.unplaced.currency().zero();
        Ok(())
    }

    fn lower(&mut self, id: &str, net: i64, vat: i64, quantity: Decimal) {
        if let Some(line) = self.sold_less.iter_mut().find(|line| line.id == id) {
            line.net = line.net.saturating_add(net);
            line.vat = line.vat.saturating_add(vat);
            line.quantity = quantity;
        }
    }
}

/// A line with so much of its units and money.
fn only(line: &OrderLine, quantity: Decimal, net: Money, vat: Money) -> Result<OrderLine, MoneyError> {
    let mut part = OrderLine {
        quantity,
        net_before_discount: net,
        net,
        vat: line.vat.iter().filter(|vat| !vat.remitted_by_marketplace).cloned().collect(),
        ..line.clone()
    };
    let whole = own_vat(line)?;
    let mut rest = vat;
    let last = part.vat.len().saturating_sub(1);
    for (index, amount) in part.vat.iter_mut().enumerate() {
        let share =
            if index == last || whole.is_zero() { rest } else { amount.amount.in_proportion(vat, whole)? };
        amount.amount = share;
        rest = rest.minus(share)?;
    }
    Ok(part)
}
