//! The term of payment, and how the payment is registered.

use super::trigger::same_word;
use super::{Making, PlanInput, Stop, dates, hold};
use crate::identity::Effect;
use crate::money::{Money, MoneyError};
use crate::order::{Order, Payment, PaymentKind};
use crate::plan::{PaymentStep, Reason};
use crate::settings::{CapturedLess, PaymentMethodRule, Registration};
use jiff::civil::Date;

/// What the payment method means for the document.
pub(super) struct Terms {
    pub(super) term: u32,
    pub(super) layout: Option<u32>,
    pub(super) never_book: bool,
    pub(super) asks_for_due_date: bool,
    registration: Registration,
}

/// Gift cards that were used to pay.
pub(super) fn gift_cards_used(order: &Order) -> impl Iterator<Item = &Payment> {
    order.payments.iter().filter(|payment| payment.gift_card && payment.kind == PaymentKind::Capture)
}

/// What was captured by other means than gift cards.
fn captured(order: &Order) -> Result<Money, MoneyError> {
    let captures =
        order.payments.iter().filter(|payment| !payment.gift_card && payment.kind == PaymentKind::Capture);
    Money::sum(order.currency, captures.map(|payment| payment.amount))
}

/// Finds the term of payment and what else the method decides.
///
/// # Errors
/// Holds when no term can be used, or when the term and what was captured do not agree.
pub(super) fn terms(input: &PlanInput<'_>, warnings: &mut Vec<Reason>) -> Result<Terms, Stop> {
    let order = input.order;
    let rule = rule_for(input);
    if rule.is_none() && !order.payment_method.is_empty() {
        warnings.push(
            Reason::new("payment-method-unmapped")
                .with("method", &order.payment_method)
                .with("title", &order.payment_method_title),
        );
    }
    let registration = rule.map(|rule| rule.registration).unwrap_or_default();
    let mut number = match rule.and_then(|rule| rule.term) {
        Some(term) => term,
        None if registration == Registration::Term => default_term(input)?,
        None => open_term(input)?,
    };
    if settles(input, number)? {
        // Settled by the term and registered once more: the money would stand twice in the books.
        match registration {
            Registration::Journal { .. } => {
                return Err(Stop::Hold(hold("term-settles-and-journal").with("term", number)));
            }
            Registration::Open => return Err(Stop::Hold(hold("term-settles-but-open").with("term", number))),
            Registration::Term => {}
        }
        if captured_less(order)? {
            number = term_when_less(input, warnings)?;
        }
    }
    let term = input.catalogue.master.payment_terms.get(&number);
    Ok(Terms {
        term: number,
        layout: rule.and_then(|rule| rule.layout),
        never_book: rule.is_some_and(|rule| rule.never_book),
        asks_for_due_date: term.is_some_and(|term| term.kind == "dueDate"),
        registration,
    })
}

fn rule_for<'a>(input: &PlanInput<'a>) -> Option<&'a PaymentMethodRule> {
    let order = input.order;
    let named = |rule: &&PaymentMethodRule, key: &str, title: &str| {
        (!key.is_empty() && same_word(&rule.method, key))
            || (!title.is_empty() && same_word(&rule.method, title))
    };
    let methods = &input.settings.payment.methods;
    methods.iter().find(|rule| named(rule, &order.payment_method, &order.payment_method_title)).or_else(
        || {
            let payments = order.payments.iter().filter(|payment| !payment.gift_card);
            payments
                .into_iter()
                .find_map(|payment| methods.iter().find(|rule| named(rule, &payment.method, &payment.title)))
        },
    )
}

fn settles(input: &PlanInput<'_>, number: u32) -> Result<bool, Stop> {
    match input.catalogue.master.payment_terms.get(&number) {
        Some(term) => Ok(term.settles),
        None => Err(Stop::Hold(hold("payment-term-missing").with("term", number))),
    }
}

fn default_term(input: &PlanInput<'_>) -> Result<u32, Stop> {
    match input.settings.payment.default_term {
        Some(term) => Ok(term),
        None => first_open_term(input),
    }
}

/// A term that leaves the invoice open: the default one, if it does, else the agreement's first that does.
fn open_term(input: &PlanInput<'_>) -> Result<u32, Stop> {
    match input.settings.payment.default_term {
        Some(term) if !settles(input, term)? => Ok(term),
        _ => first_open_term(input),
    }
}

fn first_open_term(input: &PlanInput<'_>) -> Result<u32, Stop> {
    let first = input.catalogue.master.payment_terms.values().find(|term| !term.settles);
    match first {
        Some(term) => Ok(term.number),
        None => Err(Stop::Hold(hold("no-payment-term").with("method", &input.order.payment_method))),
    }
}

fn captured_less(order: &Order) -> Result<bool, MoneyError> {
    let captured = captured(order)?;
    let cards = Money::sum(order.currency, gift_cards_used(order).map(|payment| payment.amount))?;
    Ok(captured.minor() > 0 && captured.plus(cards)?.minor() < order.total.minor())
}

fn term_when_less(input: &PlanInput<'_>, warnings: &mut Vec<Reason>) -> Result<u32, Stop> {
    let order = input.order;
    let reason = |code: &str| -> Result<Reason, Stop> {
        Ok(Reason::new(code)
            .with("captured", captured(order)?)
            .with("total", order.total)
            .with("currency", order.currency))
    };
    if input.settings.payment.captured_less == CapturedLess::Hold {
        return Err(Stop::Hold(reason("captured-less")?));
    }
    let number = open_term(input)?;
    warnings.push(reason("captured-less-open")?);
    Ok(number)
}

/// The registration of what was captured, when the method's payments go through a journal.
pub(super) fn registration(
    input: &PlanInput<'_>,
    terms: &Terms,
    making: &Making,
    day: Date,
) -> Option<PaymentStep> {
    let Registration::Journal { journal, contra_account } = terms.registration else { return None };
    // The settings are refused without the proof; should they come from elsewhere, nothing is registered either.
    if !input.settings.payment.sign_proven {
        return None;
    }
    let amount = captured(input.order).ok().filter(|amount| amount.minor() > 0)?;
    let paid = input.order.paid_at.or_else(|| {
        let captures = input.order.payments.iter().filter(|payment| payment.kind == PaymentKind::Capture);
        captures.filter_map(|payment| payment.at).max()
    });
    let date = paid.map_or(day, |moment| dates::local_day(input, moment).max(day));
    let key = making.key(input, Effect::Payment);
    let text = super::document::reference(&input.order.number, &key);
    Some(PaymentStep { key, journal, contra_account, amount, date, text })
}
