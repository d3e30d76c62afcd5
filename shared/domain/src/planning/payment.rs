//! The term of payment, and how the payment is registered.

use super::trigger::same_word;
use super::{Earlier, PlanInput, Stop, dates, hold};
use crate::document::DocumentKind;
use crate::identity::{Effect, EffectKey};
use crate::money::{Money, MoneyError};
use crate::order::{Order, Payment, PaymentKind, PaymentState};
use crate::plan::{PaymentStep, Plan, Reason, RegisteredPayments, Step};
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

/// The captures by other means than gift cards, in the shop's order; further ones come after them.
fn captures(order: &Order) -> impl Iterator<Item = &Payment> {
    let is_capture = |payment: &&Payment| {
        !payment.gift_card && payment.kind == PaymentKind::Capture && payment.amount.minor() > 0
    };
    order.payments.iter().filter(is_capture)
}

/// What was captured by other means than gift cards.
fn captured(order: &Order) -> Result<Money, MoneyError> {
    Money::sum(order.currency, captures(order).map(|payment| payment.amount))
}

/// Finds the term of payment and what else the method decides.
///
/// # Errors
/// Holds when no term can be used, or when the term and what was captured do not agree.
pub(super) fn terms(
    input: &PlanInput<'_>,
    wanted: DocumentKind,
    warnings: &mut Vec<Reason>,
) -> Result<Terms, Stop> {
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
        if captured_less(order, wanted)? {
            number = term_when_less(input, warnings)?;
        }
    }
    let term = input.catalogue.master.payment_terms.get(&number);
    Ok(Terms {
        term: number,
        layout: rule.and_then(|rule| rule.layout),
        never_book: never_booked(input),
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

/// True when the order was paid by a method whose documents are left for a person to book.
pub(super) fn never_booked(input: &PlanInput<'_>) -> bool {
    rule_for(input).is_some_and(|rule| rule.never_book)
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

fn captured_less(order: &Order, wanted: DocumentKind) -> Result<bool, MoneyError> {
    let captured = captured(order)?;
    let cards = Money::sum(order.currency, gift_cards_used(order).map(|payment| payment.amount))?;
    // A sales order posts nothing: the money may come before its invoice.
    let posts = wanted != DocumentKind::Order;
    let is_known = captured.minor() > 0 || (posts && is_said_to_be_unpaid(order));
    Ok(is_known && captured.plus(cards)?.minor() < order.total.minor())
}

/// True when the shop itself says that nothing was taken. A shop without words for where the money stands (WooCommerce) tells of no
/// captures either: there the state that the merchant chose is all there is.
fn is_said_to_be_unpaid(order: &Order) -> bool {
    let is_unpaid =
        matches!(order.payment_state, PaymentState::Unpaid | PaymentState::Authorised | PaymentState::Voided);
    is_unpaid && !order.payment_state_text.is_empty()
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

/// The registrations of what was captured from the capture of this place on, when the method's payments go through a journal.
///
/// Each capture has a key of its own, made of its place among the order's captures: a capture that is met again, in whatever
/// plan, has the same key.
pub(super) fn registrations(input: &PlanInput<'_>, terms: &Terms, day: Date, from: u32) -> Vec<PaymentStep> {
    registered_as(input, terms.registration, Paying { day, from, invoice: None })
}

/// What captures are registered on.
struct Paying {
    /// The day of the invoice.
    day: Date,
    /// So many captures are registered already.
    from: u32,
    /// Number of the invoice, where it is not the plan's own document.
    invoice: Option<u64>,
}

fn registered_as(input: &PlanInput<'_>, registration: Registration, paying: Paying) -> Vec<PaymentStep> {
    let Paying { day, from, invoice } = paying;
    let Registration::Journal { journal, contra_account } = registration else { return Vec::new() };
    // The settings are refused without the proof; should they come from elsewhere, nothing is registered either.
    if !input.settings.payment.sign_proven {
        return Vec::new();
    }
    let step = |(place, payment): (u32, &Payment)| {
        let paid = payment.at.or(input.order.paid_at);
        let date = paid.map_or(day, |moment| dates::local_day(input, moment).max(day));
        let key = EffectKey::new(input.transfer, Effect::Payment, place + 1, input.agreement);
        let text = super::document::reference(&input.order.number, &key);
        PaymentStep { key, journal, contra_account, amount: payment.amount, date, text, invoice }
    };
    (0..).zip(captures(input.order)).skip(from as usize).map(step).collect()
}

/// What was captured since an invoice was booked, as further steps of the plan that booked it; `None` when there is nothing
/// new, or the payments of this invoice are not ours to register.
pub(super) fn following(input: &PlanInput<'_>) -> Result<Option<Plan>, Stop> {
    let Some(earlier) = input.earlier.filter(|earlier| !earlier.adopted && !input.order.cancelled) else {
        return Ok(None);
    };
    // What follows an invoice is booked first, where it is to be: a draft is written again whole.
    let booked = earlier.document.filter(|document| document.kind.is_booked());
    let (Some(_), Some(payments)) = (booked, payments_of(earlier.plan)) else { return Ok(None) };
    let Some(day) = payments.invoiced_on.or(day_of(earlier.plan)) else {
        return Ok(None);
    };
    // A term that settles the invoice has brought the money into the books already.
    if settles(input, payments.term)? {
        return Ok(None);
    }
    let registration = rule_for(input).map(|rule| rule.registration).unwrap_or_default();
    // What was refused counts as well: it is in the merchant's hands.
    let from = payments.captures;
    // Captures pay the first invoice, whatever was credited or added since.
    let invoice = earlier.plan.adjustment.as_ref().map(|adjustment| adjustment.invoice);
    let new = registered_as(input, registration, Paying { day, from, invoice });
    if new.is_empty() {
        return Ok(None);
    }
    let captures = from.saturating_add(u32::try_from(new.len()).unwrap_or(u32::MAX));
    let mut steps: Vec<Step> =
        earlier.plan.steps.iter().filter(|step| !matches!(step, Step::RegisterPayment(_))).cloned().collect();
    let done = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    steps.extend(new.into_iter().map(Step::RegisterPayment));
    Ok(Some(Plan {
        ordinal: earlier.plan.ordinal.saturating_add(1),
        settings_version: input.settings_version,
        catalogue_hash: input.catalogue_hash.to_owned(),
        steps,
        done,
        payments: Some(RegisteredPayments { captures, ..payments }),
        warnings: Vec::new(),
        ..earlier.plan.clone()
    }))
}

/// What a plan says of the payments of the invoice it booked; `None` when it booked none.
fn payments_of(plan: &Plan) -> Option<RegisteredPayments> {
    if plan.payments.is_some() || plan.adjustment.is_some() {
        return plan.payments;
    }
    let has = |wanted: fn(&Step) -> bool| plan.steps.iter().filter(|step| wanted(step)).count();
    let booked = has(|step| matches!(step, Step::Book(_))) > 0;
    let captures = u32::try_from(has(|step| matches!(step, Step::RegisterPayment(_)))).unwrap_or(u32::MAX);
    let term = plan.document_step()?.document.payment_term;
    booked.then_some(RegisteredPayments { term, captures, invoiced_on: None })
}

fn day_of(plan: &Plan) -> Option<Date> {
    plan.document_step().map(|step| step.document.date)
}

/// What a plan of a credit note or further invoice keeps of the payments of the first invoice, so that captures which come after it
/// are registered too; `None` where captures are not ours to register.
pub(super) fn kept(input: &PlanInput<'_>, earlier: &Earlier<'_>) -> Option<RegisteredPayments> {
    if earlier.plan.adjustment.is_some() {
        return earlier.plan.payments;
    }
    let registration = rule_for(input).map(|rule| rule.registration).unwrap_or_default();
    let registers =
        matches!(registration, Registration::Journal { .. }) && input.settings.payment.sign_proven;
    let payments = payments_of(earlier.plan).filter(|_| registers && !earlier.adopted)?;
    Some(RegisteredPayments { invoiced_on: day_of(earlier.plan), ..payments })
}
