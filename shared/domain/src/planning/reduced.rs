//! An order less what was given back of it already, for a document that is left for a person to book.

use rust_decimal::Decimal;

use super::credit::{choice, counted};
use super::vat::own_vat;
use super::{PlanInput, Stop, hold};
use crate::document::DocumentKind;
use crate::money::{Money, MoneyError};
use crate::order::{Order, OrderLine, Payment, PaymentKind};
use crate::refund::{Refund, RefundLine};
use crate::settings::{BeforeBooking, CreditChoice};

/// What is left of an order, and the refunds that were taken off it.
pub(super) struct Reduced {
    pub(super) order: Order,
    pub(super) refunds: Vec<String>,
}

/// The order less its refunds, where the document is one that stays unbooked and the merchant wants it amended.
///
/// # Errors
/// Holds refunds that pass the order, and an order of which nothing is left although its document stands.
pub(super) fn of(input: &PlanInput<'_>, wanted: DocumentKind) -> Result<Option<Reduced>, Stop> {
    let credit = &input.settings.credit;
    if wanted.is_booked() || credit.before_booking == BeforeBooking::Wait {
        return Ok(None);
    }
    let refunds = || counted(input).filter(|refund| choice(refund, credit) == CreditChoice::Credit);
    if refunds().next().is_none() {
        return Ok(None);
    }
    let mut order = input.order.clone();
    for refund in refunds() {
        take_off(&mut order, refund)?;
        order.payments.extend(onto_gift_cards(refund)?);
    }
    order.lines.retain(|line| !line.net.is_zero() || !line.quantity.is_zero());
    let net = Money::sum(order.currency, order.lines.iter().map(|line| line.net))?;
    order.total_vat =
        order.lines.iter().try_fold(order.currency.zero(), |sum, line| sum.plus(line.vat_total()?))?;
    order.total = net.plus(order.total_vat)?;
    if order.total.is_zero() && !input.order.total.is_zero() {
        let standing = input.earlier.and_then(|earlier| earlier.document);
        let reason = |code: &str| hold(code).with("order", &input.order.number);
        return Err(match standing {
            Some(document) => Stop::Hold(reason("refunded-with-draft").with("number", document.number)),
            None => Stop::Skip(reason("refunded-before-transfer")),
        });
    }
    Ok(Some(Reduced { order, refunds: refunds().map(|refund| refund.id.clone()).collect() }))
}

/// Money that went back onto gift cards pays for nothing any more: what was paid by them, less this, is taken off the document.
fn onto_gift_cards(refund: &Refund) -> Result<Option<Payment>, MoneyError> {
    let payment = Payment {
        method: String::new(),
        title: String::new(),
        kind: PaymentKind::Capture,
        amount: refund.to_gift_cards.negated()?,
        transaction: String::new(),
        gift_card: true,
        at: refund.at,
    };
    Ok((!refund.to_gift_cards.is_zero()).then_some(payment))
}

fn take_off(order: &mut Order, refund: &Refund) -> Result<(), Stop> {
    let (lines, mut beyond) = refund.settled_lines()?;
    for given_back in &lines {
        let known = order.lines.iter_mut().find(|line| Some(&line.id) == given_back.order_line.as_ref());
        match known {
            Some(line) => lower(line, given_back)?,
            None => beyond = beyond.plus(given_back.gross()?)?,
        }
    }
    let weights: Vec<i64> = order
        .lines
        .iter()
        .map(|line| Ok(line.net.plus(own_vat(line)?)?.minor().max(0)))
        .collect::<Result<_, MoneyError>>()?;
    let left: i64 = weights.iter().fold(0, |sum, weight| sum.saturating_add(*weight));
    let passes = order.lines.iter().any(|line| line.net.is_negative() && is_sold(line));
    if passes || beyond.minor() > left {
        return Err(Stop::Hold(
            hold("refund-exceeds-order")
                .with("refunded", refund.total)
                .with("order", &order.number)
                .with("currency", refund.total.currency()),
        ));
    }
    if beyond.is_zero() {
        return Ok(());
    }
    for (line, share) in order.lines.iter_mut().zip(beyond.allocate(&weights)?) {
        let vat = own_vat(line)?;
        let gross = line.net.plus(vat)?;
        if share.is_zero() || gross.is_zero() {
            continue;
        }
        let net = if share == gross { line.net } else { line.net.in_proportion(share, gross)? };
        let lowered = RefundLine {
            order_line: None,
            name: String::new(),
            quantity: Decimal::ZERO,
            net,
            vat: share.minus(net)?,
            restocked: None,
        };
        lower(line, &lowered)?;
    }
    Ok(())
}

fn is_sold(line: &OrderLine) -> bool {
    !matches!(line.kind, crate::order::LineKind::Fee | crate::order::LineKind::CashRounding)
}

/// Lowers a line by money and units; a line that still costs something keeps a unit to cost it.
fn lower(line: &mut OrderLine, by: &RefundLine) -> Result<(), MoneyError> {
    let before = line.net;
    line.net = line.net.minus(by.net)?;
    let discount = line.net_before_discount.minus(before)?;
    line.net_before_discount = line.net.plus(if line.net.is_zero() { line.net } else { discount })?;
    let own = line.vat.iter_mut().filter(|vat| !vat.remitted_by_marketplace);
    if let Some(largest) = own.max_by_key(|vat| vat.amount.minor().unsigned_abs()) {
        largest.amount = largest.amount.minus(by.vat)?;
    }
    let units = line.quantity.checked_sub(by.quantity).ok_or(MoneyError::Overflow)?.max(Decimal::ZERO);
    line.quantity = match (line.net.is_zero(), units.is_zero()) {
        (false, true) => Decimal::ONE,
        (true, false) if by.quantity.is_zero() && !before.is_zero() => line.quantity,
        _ => units,
    };
    Ok(())
}
