//! Refunds of a Shopify order in the domain's form.
//!
//! The money that really went back is the sum of the refund's successful transactions. What Shopify writes as a refund without
//! money is units that an edit took off: they are no longer among the order's lines, and are no refund here. Nor is the money of
//! those units, which goes back later and for no line: the edit itself is what the books take back.

use domain::money::{Currency, MoneyError};
use domain::{Failure, Money, RefundLine};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::wire::{Refund, RefundPart, ShopOrder, plus, unreadable};

/// Maps the refunds, the oldest first. `owed` is what was captured beyond the total of the edited order: as much of what goes back
/// for no line pays that.
///
/// # Errors
/// `Rejected` with the place of what cannot be.
pub(super) fn of(shop: &ShopOrder, owed: Money) -> Result<Vec<domain::Refund>, Failure> {
    let currency = owed.currency();
    let mut refunds = Vec::with_capacity(shop.refunds.len());
    for (index, refund) in shop.refunds.iter().enumerate().filter(|(_, refund)| !refund.paid.is_zero()) {
        refunds.push(one(shop, refund, &format!("refunds[{index}]"), currency)?);
    }
    refunds.sort_by_key(|refund| (refund.at, refund.id.len(), refund.id.clone()));
    pay_owed(&mut refunds, owed, edited_at(shop)).map_err(|error| unreadable("refunds", error))?;
    Ok(refunds)
}

/// When an edit first took units off, if the shop tells.
fn edited_at(shop: &ShopOrder) -> Option<Timestamp> {
    shop.refunds.iter().filter(|refund| refund.paid.is_zero()).filter_map(|refund| refund.at).min()
}

/// What went back before the edit cannot have paid it; of the rest the newest pays first, so that what is in the books stays.
fn pay_owed(
    refunds: &mut Vec<domain::Refund>,
    mut owed: Money,
    since: Option<Timestamp>,
) -> Result<(), MoneyError> {
    let is_later =
        |refund: &&mut domain::Refund| since.is_none_or(|since| refund.at.is_none_or(|at| at >= since));
    for refund in refunds.iter_mut().rev().filter(is_later) {
        let lines: Vec<Money> = refund.lines.iter().map(RefundLine::gross).collect::<Result<_, _>>()?;
        let beyond = refund.total.minus(Money::sum(owed.currency(), lines)?)?.minor().max(0);
        let pays = Money::from_minor(beyond.min(owed.minor()), owed.currency());
        owed = owed.minus(pays)?;
        refund.total = refund.total.minus(pays)?;
        let most = refund.to_gift_cards.minor().min(refund.total.minor());
        refund.to_gift_cards = Money::from_minor(most, owed.currency());
    }
    refunds.retain(|refund| !refund.total.is_zero());
    Ok(())
}

fn one(
    shop: &ShopOrder,
    refund: &Refund,
    place: &str,
    currency: Currency,
) -> Result<domain::Refund, Failure> {
    let money =
        |amount: Decimal| Money::round_decimal(amount, currency).map_err(|error| unreadable(place, error));
    let inside = shop.taxes_included && holds_the_tax(shop, refund, place)?;
    let parts = refund.parts.iter().filter(|part| !is_nothing(part));
    let lines = parts.map(|part| {
        let tax = money(part.tax)?;
        let amount = money(part.amount)?;
        let net = if inside { amount.minus(tax) } else { Ok(amount) };
        let freight = part.restocked.is_none();
        let line = part.line.clone().or_else(|| freight.then(|| freight_line(shop)).flatten());
        Ok(RefundLine {
            name: name_of(shop, line.as_deref()),
            order_line: line,
            quantity: part.quantity,
            net: net.map_err(|error| unreadable(place, error))?,
            vat: tax,
            restocked: part.restocked,
        })
    });
    Ok(domain::Refund {
        id: refund.id.clone(),
        at: refund.at,
        reason: refund.note.clone(),
        total: money(refund.paid)?,
        to_gift_cards: money(refund.to_gift_cards)?,
        lines: lines.collect::<Result<_, Failure>>()?,
    })
}

fn is_nothing(part: &RefundPart) -> bool {
    part.amount.is_zero() && part.tax.is_zero() && part.quantity.is_zero()
}

/// Where prices hold the tax, a subtotal is taken to hold it too, unless the parts say otherwise: by the proportion of tax to price
/// that their lines were sold at, and where no line tells, by the sum that makes the money paid back. The proportion comes first,
/// since goodwill of just the tax makes the other sum by chance.
fn holds_the_tax(shop: &ShopOrder, refund: &Refund, place: &str) -> Result<bool, Failure> {
    let (mut inside, mut outside) = (Decimal::ZERO, Decimal::ZERO);
    for part in &refund.parts {
        let Some((as_inside, as_outside)) = tax_of_both_readings(shop, part) else { continue };
        inside = plus(place, inside, plus(place, part.tax, -as_inside)?.abs())?;
        outside = plus(place, outside, plus(place, part.tax, -as_outside)?.abs())?;
    }
    if inside != outside {
        return Ok(inside < outside);
    }
    let (mut inside, mut outside) = (Decimal::ZERO, Decimal::ZERO);
    for part in &refund.parts {
        inside = plus(place, inside, part.amount)?;
        outside = plus(place, plus(place, outside, part.amount)?, part.tax)?;
    }
    Ok(inside == refund.paid || outside != refund.paid)
}

/// The tax that the part's subtotal would carry at its line's own proportion: with the tax in it, and without. `None` where the line
/// is not known or tells nothing.
fn tax_of_both_readings(shop: &ShopOrder, part: &RefundPart) -> Option<(Decimal, Decimal)> {
    let line =
        shop.lines.iter().chain(&shop.shipping_lines).find(|line| part.line.as_ref() == Some(&line.id))?;
    let paid = line.amount.checked_sub(line.discount)?;
    let tax = line.taxes.iter().try_fold(Decimal::ZERO, |sum, tax| sum.checked_add(tax.amount))?;
    let net = paid.checked_sub(tax)?;
    let share = part.amount.checked_mul(tax)?;
    Some((share.checked_div(paid)?, share.checked_div(net)?))
}

/// The freight line that money for freight goes back on, where the refund names none: the first that cost something.
fn freight_line(shop: &ShopOrder) -> Option<String> {
    let charged = shop.shipping_lines.iter().find(|line| !line.amount.is_zero());
    charged.or(shop.shipping_lines.first()).map(|line| line.id.clone())
}

fn name_of(shop: &ShopOrder, line: Option<&str>) -> String {
    let mut lines = shop.lines.iter().chain(&shop.shipping_lines);
    lines.find(|known| Some(known.id.as_str()) == line).map(|known| known.name.clone()).unwrap_or_default()
}
