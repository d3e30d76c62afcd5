//! What was paid for a Shopify order, and by what.
//!
//! The order itself only says `paid`; amounts and references stand in its transactions, which the REST shape does not
//! carry. Only transactions that succeeded count. A gift card is a payment like others: it does not lower the total.

use domain::money::Currency;
use domain::order::{Payment, PaymentKind};
use domain::{Failure, Money};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::wire::{GIFT_CARD, ShopOrder, Transaction, plus, unreadable};

/// The payments of an order.
pub(super) fn of(shop: &ShopOrder, currency: Currency, total: Money) -> Result<Vec<Payment>, Failure> {
    let Some(transactions) = shop.transactions.as_ref().filter(|list| !list.is_empty()) else {
        return without_transactions(shop, currency, total);
    };
    let mut payments: Vec<Payment> = Vec::new();
    for (index, transaction) in transactions.iter().enumerate().filter(|(_, one)| one.status == "success") {
        let place = format!("transactions[{index}].amount");
        let amount = money(&place, transaction.amount, currency)?;
        match kind(&transaction.kind) {
            Some(kind) if !amount.is_zero() => payments.push(payment(transaction, kind, amount)),
            None if transaction.kind == "change" => give_change(&mut payments, amount, &place)?,
            _ => {}
        }
    }
    Ok(payments)
}

fn kind(word: &str) -> Option<PaymentKind> {
    match word {
        "authorization" | "emv_authorization" => Some(PaymentKind::Authorisation),
        "sale" | "capture" => Some(PaymentKind::Capture),
        "refund" => Some(PaymentKind::Refund),
        "void" => Some(PaymentKind::Void),
        // `change` lowers what was given, `suggested_refund` is only a thought.
        _ => None,
    }
}

fn money(place: &str, amount: Decimal, currency: Currency) -> Result<Money, Failure> {
    Money::from_decimal(amount, currency).and_then(Money::absolute).map_err(|error| unreadable(place, error))
}

fn payment(transaction: &Transaction, kind: PaymentKind, amount: Money) -> Payment {
    let title = if transaction.title.is_empty() { &transaction.gateway } else { &transaction.title };
    let reference = if transaction.reference.is_empty() { &transaction.id } else { &transaction.reference };
    Payment {
        method: transaction.gateway.clone(),
        title: title.clone(),
        kind,
        amount,
        transaction: reference.clone(),
        gift_card: transaction.gateway == GIFT_CARD,
        at: transaction.at,
    }
}

/// Change given back at the till lowers the cash that was taken.
fn give_change(payments: &mut [Payment], change: Money, place: &str) -> Result<(), Failure> {
    let taken = payments
        .iter_mut()
        .rev()
        .find(|payment| payment.kind == PaymentKind::Capture && payment.amount.minor() >= change.minor());
    let taken = taken.ok_or_else(|| unreadable(place, "change without the cash that it was given from"))?;
    taken.amount = taken.amount.minus(change).map_err(|error| unreadable(place, error))?;
    Ok(())
}

/// The REST shape, and orders that another system made as paid: one capture of the total by the one gateway, when the shop says that it was paid. Several gateways, or
/// a part payment, say nothing of amounts, and nothing is guessed.
fn without_transactions(shop: &ShopOrder, currency: Currency, total: Money) -> Result<Vec<Payment>, Failure> {
    let own = |kind: PaymentKind, amount: Money, transaction: String, at: Option<Timestamp>| Payment {
        method: method(shop),
        title: method_title(shop),
        kind,
        amount,
        transaction,
        gift_card: method(shop) == GIFT_CARD,
        at,
    };
    let mut payments = Vec::new();
    let captured = matches!(shop.financial.as_str(), "paid" | "partially_refunded" | "refunded");
    if captured && shop.gateways.len() <= 1 && total.minor() > 0 {
        payments.push(own(PaymentKind::Capture, total, String::new(), shop.processed_at));
    }
    for (index, refund) in shop.refunds.iter().enumerate().filter(|(_, refund)| !refund.paid.is_zero()) {
        let amount = money(&format!("refunds[{index}].transactions"), refund.paid, currency)?;
        payments.push(own(PaymentKind::Refund, amount, refund.id.clone(), refund.at));
    }
    Ok(payments)
}

/// What went back to the buyer.
pub(super) fn refunded(shop: &ShopOrder, currency: Currency) -> Result<Money, Failure> {
    let sum = shop.refunds.iter().try_fold(Decimal::ZERO, |sum, refund| plus("refunds", sum, refund.paid))?;
    money("refunds", sum, currency)
}

/// The key of the payment method: that of the money that was or will be taken, before gift cards.
pub(super) fn method(shop: &ShopOrder) -> String {
    let usable = |transaction: &&Transaction| {
        transaction.status == "success"
            && transaction.gateway != GIFT_CARD
            && kind(&transaction.kind).is_some()
    };
    let of_transaction =
        shop.transactions.iter().flatten().find(usable).map(|transaction| transaction.gateway.clone());
    let named = || shop.gateways.iter().find(|name| *name != GIFT_CARD).or(shop.gateways.first()).cloned();
    of_transaction.or_else(named).unwrap_or_default()
}

/// What the buyer saw of the payment method.
pub(super) fn method_title(shop: &ShopOrder) -> String {
    let method = method(shop);
    let titled = |transaction: &&Transaction| transaction.gateway == method && !transaction.title.is_empty();
    let title = shop.transactions.iter().flatten().find(titled).map(|transaction| transaction.title.clone());
    title.unwrap_or(method)
}

/// When the last money was taken; without transactions, when the order was processed as paid.
pub(super) fn paid_at(shop: &ShopOrder, payments: &[Payment]) -> Option<Timestamp> {
    if !matches!(shop.financial.as_str(), "paid" | "partially_refunded" | "refunded") {
        return None;
    }
    let taken = payments.iter().filter(|payment| payment.kind == PaymentKind::Capture);
    taken.filter_map(|payment| payment.at).max().or(shop.processed_at)
}
