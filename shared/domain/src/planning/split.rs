//! Units at a price of two decimals whose product is exactly the line's net.
//!
//! The target multiplies quantity by unit price. A net that does not divide by its quantity is split: k units at one price and
//! the rest one smallest unit apart, so that the sum is exact and stock moves by the right number of units.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::money::{Money, MoneyError};

/// Decimals that the target takes in a unit price and in a quantity (e-conomic: 2, `E04740` above).
const TARGET_DECIMALS: u32 = 2;

/// Units and price of one document line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) quantity: Decimal,
    pub(crate) unit_net_price: Decimal,
    pub(crate) net: Money,
}

/// The pieces of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) pieces: Vec<Piece>,
    /// The quantity could not be kept: one unit at the whole amount, and the quantity belongs in the text.
    pub(crate) quantity_lost: bool,
}

/// As many units the other way. None stays plain none: "-0" is another text than the one that is read again from a stored plan.
pub(crate) fn opposite(quantity: Decimal) -> Decimal {
    if quantity.is_zero() { Decimal::ZERO } else { -quantity }
}

/// Splits a net amount over a quantity, in as few pieces as possible. A negative net gives negative quantities.
///
/// # Errors
/// Overflow.
pub(crate) fn split(quantity: Decimal, net: Money) -> Result<Split, MoneyError> {
    let amount = net.absolute()?;
    let pieces = exact(quantity, amount)
        .or_else(|| whole_units(quantity, amount))
        .or_else(|| with_fraction(quantity, amount));
    let (pieces, quantity_lost) = match pieces {
        Some(pieces) => (pieces, false),
        None => (vec![piece(Decimal::ONE, amount.to_decimal(), amount)], true),
    };
    let pieces = if net.is_negative() {
        pieces
            .into_iter()
            .map(|piece| Ok(Piece { quantity: opposite(piece.quantity), net: piece.net.negated()?, ..piece }))
            .collect::<Result<_, MoneyError>>()?
    } else {
        pieces
    };
    Ok(Split { pieces, quantity_lost })
}

fn piece(quantity: Decimal, unit_net_price: Decimal, net: Money) -> Piece {
    Piece { quantity: quantity.normalize(), unit_net_price, net }
}

/// One piece, when the quotient is exact.
fn exact(quantity: Decimal, amount: Money) -> Option<Vec<Piece>> {
    if quantity.is_zero() || quantity.normalize().scale() > TARGET_DECIMALS {
        return None;
    }
    let price = amount.to_decimal().checked_div(quantity)?.round_dp(TARGET_DECIMALS).normalize();
    let price = at_least_currency_decimals(price, amount);
    (price.checked_mul(quantity)? == amount.to_decimal()).then(|| vec![piece(quantity, price, amount)])
}

/// Prices are printed with the currency's decimals, so that the same price always has the same bytes.
fn at_least_currency_decimals(mut price: Decimal, amount: Money) -> Decimal {
    if price.scale() < amount.currency().decimals() {
        price.rescale(amount.currency().decimals());
    }
    price
}

/// Two pieces, one smallest unit apart, for a whole number of units.
fn whole_units(quantity: Decimal, amount: Money) -> Option<Vec<Piece>> {
    let units = if quantity.fract().is_zero() { quantity.to_i64()? } else { return None };
    if units < 1 {
        return None;
    }
    let currency = amount.currency();
    // Prices are in units that are charged (whole krónur), unless the amount itself is not.
    let smallest = currency.smallest_unit();
    let smallest = if amount.minor() % smallest == 0 { smallest } else { 1 };
    let low = (amount.minor() / smallest).checked_div(units)?.checked_mul(smallest)?;
    let dear = (amount.minor() / smallest).checked_rem(units)?;
    let of = |count: i64, price: i64| -> Option<Piece> {
        let net = Money::from_minor(price.checked_mul(count)?, currency);
        Some(piece(Decimal::from(count), Money::from_minor(price, currency).to_decimal(), net))
    };
    Some(
        [of(units - dear, low)?, of(dear, low.checked_add(smallest)?)?]
            .into_iter()
            .filter(|p| !p.quantity.is_zero())
            .collect(),
    )
}

/// The fraction of a unit at a price that makes it exact, and the whole units by themselves.
fn with_fraction(quantity: Decimal, amount: Money) -> Option<Vec<Piece>> {
    let quantity = quantity.normalize();
    let units = quantity.trunc();
    if quantity.scale() > TARGET_DECIMALS
        || amount.currency().scale() != TARGET_DECIMALS
        || units < Decimal::ONE
    {
        return None;
    }
    let hundredths = quantity.fract().checked_mul(Decimal::ONE_HUNDRED)?.to_i64()?;
    // The fraction's amount is whole in smallest units when its price is a multiple of this many of them.
    let step = 100 / gcd(hundredths, 100);
    let price =
        amount.to_decimal().checked_div(quantity)?.checked_mul(Decimal::ONE_HUNDRED)?.trunc().to_i64()?;
    let price = price / step * step;
    let part = price.checked_mul(hundredths)? / 100;
    let currency = amount.currency();
    let fraction = piece(
        quantity.fract(),
        Money::from_minor(price, currency).to_decimal(),
        Money::from_minor(part, currency),
    );
    let rest = Money::from_minor(amount.minor().checked_sub(part)?, currency);
    let mut pieces = exact(units, rest).or_else(|| whole_units(units, rest))?;
    pieces.push(fraction);
    Some(pieces)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}
