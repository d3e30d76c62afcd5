//! The term of payment, and how the payment is registered.

use super::trigger::same_word;
use super::{Earlier, PlanInput, Stop, dates, hold};
use crate::document::DocumentKind;
use crate::identity::{Effect, EffectKey};
use crate::money::{Money, MoneyError};
use crate::order::{Order, Payment, PaymentKind, PaymentState};
use crate::plan::{PaymentStep, Plan, Reason, RegisteredPayments, Step};
use crate::refund::Refund;
use crate::settings::{CapturedLess, GiftCardsUsed, PaymentMethodRule, Registration};
use jiff::civil::Date;

/// What the payment method means for the document.
pub(super) struct Terms {
    pub(super) term: u32,
    pub(super) layout: Option<u32>,
    pub(super) never_book: bool,
    pub(super) asks_for_due_date: bool,
    /// The term settles the invoice when it is booked, so that nothing is registered beside it.
    settles: bool,
}

/// Gift cards that were used to pay.
pub(super) fn gift_cards_used(order: &Order) -> impl Iterator<Item = &Payment> {
    order.payments.iter().filter(|payment| payment.gift_card && payment.kind == PaymentKind::Capture)
}

/// The plan with what of its document was paid by gift cards, or goes back onto them, where cards are a payment like others.
///
/// # Errors
/// Overflow.
pub(super) fn told_of_gift_cards(input: &PlanInput<'_>, mut plan: Plan) -> Result<Plan, MoneyError> {
    let (order, is_payment) =
        (input.order, input.settings.products.gift_cards.used == GiftCardsUsed::Payment);
    // A plan that goes on from another, or makes its document again, says what that one said.
    if !is_payment || plan.done > 0 || plan.on_gift_cards.is_some() || plan.document_step().is_none() {
        return Ok(plan);
    }
    let used = Money::sum(order.currency, gift_cards_used(order).map(|payment| payment.amount))?;
    let given_back = |ids: &[String]| {
        let those = order.refunds.iter().filter(|refund| ids.contains(&refund.id));
        Money::sum(order.currency, those.map(|refund| refund.to_gift_cards))
    };
    let before = match input.earlier.filter(|_| plan.adjustment.is_some()) {
        Some(earlier) => given_back(&earlier.plan.refunds)?,
        None => order.currency.zero(),
    };
    let amount = match plan.adjustment {
        None => used.minus(given_back(&plan.refunds)?)?,
        Some(_) if plan.leaves_nothing() => before.minus(used)?,
        Some(_) => before.minus(given_back(&plan.refunds)?)?,
    };
    plan.on_gift_cards = (!amount.is_zero()).then_some(amount);
    Ok(plan)
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
    journals_take_payments(input)?;
    if rule.is_none() && !order.payment_method.is_empty() {
        warnings.push(
            Reason::new("payment-method-unmapped")
                .with("method", &order.payment_method)
                .with("title", &order.payment_method_title),
        );
    }
    let registration = registration_of(rule);
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
        } else {
            number = term_when_several(input, number, warnings)?;
        }
    } else {
        warnings.extend(left_open(input, registration)?);
    }
    let term = input.catalogue.master.payment_terms.get(&number);
    Ok(Terms {
        term: number,
        layout: rule.and_then(|rule| rule.layout),
        never_book: never_booked(input),
        asks_for_due_date: term.is_some_and(|term| term.kind == "dueDate"),
        settles: term.is_some_and(|term| term.settles),
    })
}

/// Holds when a journal that captures would be registered in does not take them: found out only after the invoice is booked, the
/// payment would stay beside it.
fn journals_take_payments(input: &PlanInput<'_>) -> Result<(), Stop> {
    let known = &input.catalogue.master.journals;
    if known.is_empty() || !input.settings.payment.sign_proven {
        return Ok(());
    }
    let of_captures = captures(input.order).map(|payment| rule_of(input, payment));
    for rule in of_captures.chain([rule_for(input)]) {
        let Registration::Journal { journal, .. } = registration_of(rule) else { continue };
        let code = match known.get(&journal) {
            None => "payment-journal-unknown",
            Some(takes) if !takes.customer_payments() => "payment-journal-entries",
            Some(_) => continue,
        };
        return Err(Stop::Hold(hold(code).with("journal", journal)));
    }
    Ok(())
}

/// The rule of the order's method, else of the first of its payments that has one.
fn rule_for<'a>(input: &PlanInput<'a>) -> Option<&'a PaymentMethodRule> {
    let order = input.order;
    rule_named(input, &order.payment_method, &order.payment_method_title).or_else(|| {
        let mut payments = order.payments.iter().filter(|payment| !payment.gift_card);
        payments.find_map(|payment| rule_named(input, &payment.method, &payment.title))
    })
}

fn rule_named<'a>(input: &PlanInput<'a>, key: &str, title: &str) -> Option<&'a PaymentMethodRule> {
    let named = |rule: &&PaymentMethodRule| {
        (!key.is_empty() && same_word(&rule.method, key))
            || (!title.is_empty() && same_word(&rule.method, title))
    };
    input.settings.payment.methods.iter().find(named)
}

/// The rule of a payment's own method: an order may be paid by several, whose money stands on accounts of their own.
fn rule_of<'a>(input: &PlanInput<'a>, payment: &Payment) -> Option<&'a PaymentMethodRule> {
    let is_orders = payment.method.is_empty() || same_word(&payment.method, &input.order.payment_method);
    rule_named(input, &payment.method, &payment.title)
        .or_else(|| if is_orders { rule_for(input) } else { None })
}

fn registration_of(rule: Option<&PaymentMethodRule>) -> Registration {
    rule.map(|rule| rule.registration).unwrap_or_default()
}

/// True when money that came by a method under this rule stands where this settling term books it.
fn is_settled_by(input: &PlanInput<'_>, rule: Option<&PaymentMethodRule>, number: u32) -> bool {
    let term = rule.and_then(|rule| rule.term).or_else(|| default_term(input).ok());
    registration_of(rule) == Registration::Term && term == Some(number)
}

/// What pays the invoice: captures, and gift cards where they lower nothing.
fn paying<'a>(input: &PlanInput<'a>) -> impl Iterator<Item = &'a Payment> {
    let cards_pay = input.settings.products.gift_cards.used == GiftCardsUsed::Payment;
    let order = input.order;
    captures(order).chain(gift_cards_used(order).filter(move |_| cards_pay))
}

/// The term of an order that was paid by several methods: one that settles brings all of the money onto the account of one of them.
fn term_when_several(input: &PlanInput<'_>, number: u32, warnings: &mut Vec<Reason>) -> Result<u32, Stop> {
    let others = paying(input).filter(|payment| !is_settled_by(input, rule_of(input, payment), number));
    let holds = input.settings.payment.captured_less == CapturedLess::Hold;
    let code = if holds { "paid-by-several" } else { "paid-by-several-open" };
    match paid_otherwise(input, code, others)? {
        None => Ok(number),
        Some(reason) if holds => Err(Stop::Hold(reason.with("term", number))),
        Some(reason) => {
            warnings.push(reason);
            open_term(input)
        }
    }
}

/// Money that nothing brings into the books although the invoice is open: its own method would have settled it by a term, or is not
/// named where the order's goes through a journal.
fn left_open(input: &PlanInput<'_>, registration: Registration) -> Result<Option<Reason>, Stop> {
    let by_journal = matches!(registration, Registration::Journal { .. });
    let is_left = |payment: &&Payment| {
        let rule = rule_of(input, payment);
        let term = rule.and_then(|rule| rule.term);
        let settles = || term.is_some_and(|term| settles(input, term).unwrap_or(false));
        registration_of(rule) == Registration::Term && (by_journal || settles())
    };
    Ok(paid_otherwise(input, "paid-by-several-open", paying(input).filter(is_left))?)
}

/// What was paid by other methods than the invoice's, as a reason of this code; `None` when nothing was.
fn paid_otherwise<'a>(
    input: &PlanInput<'_>,
    code: &str,
    others: impl Iterator<Item = &'a Payment>,
) -> Result<Option<Reason>, MoneyError> {
    let order = input.order;
    let other = Money::sum(order.currency, others.map(|payment| payment.amount))?;
    let reason = || Reason::new(code).with("other", other).with("total", order.total);
    Ok((!other.is_zero()).then(|| reason().with("currency", order.currency)))
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
    if terms.settles {
        return Vec::new();
    }
    registered_as(input, Paying { day, from, invoice: None })
}

/// What a plan that books the invoice keeps of its payments, where its steps do not tell: captures by a method that goes through no
/// journal have no step, and count as met all the same.
pub(super) fn counted_of(
    input: &PlanInput<'_>,
    terms: &Terms,
    steps: &[PaymentStep],
) -> Option<RegisteredPayments> {
    let captures = captures(input.order).count();
    let told = steps.is_empty() || steps.len() == captures;
    let captures = u32::try_from(captures).unwrap_or(u32::MAX);
    (!told).then_some(RegisteredPayments { term: terms.term, captures, invoiced_on: None, repaid: 0 })
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

fn registered_as(input: &PlanInput<'_>, paying: Paying) -> Vec<PaymentStep> {
    let Paying { day, from, invoice } = paying;
    // The settings are refused without the proof; should they come from elsewhere, nothing is registered either.
    if !input.settings.payment.sign_proven {
        return Vec::new();
    }
    let step = |(place, payment): (u32, &Payment)| {
        let Registration::Journal { journal, contra_account } = registration_of(rule_of(input, payment))
        else {
            return None;
        };
        let paid = payment.at.or(input.order.paid_at);
        let date = paid.map_or(day, |moment| dates::local_day(input, moment).max(day));
        let key = EffectKey::new(input.transfer, Effect::Payment, place + 1, input.agreement);
        let text = super::document::reference(&input.order.number, &key);
        Some(PaymentStep { key, journal, contra_account, amount: payment.amount, date, text, invoice })
    };
    (0..).zip(captures(input.order)).skip(from as usize).filter_map(step).collect()
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
    // What was refused counts as well: it is in the merchant's hands.
    let from = payments.captures;
    // Captures pay the first invoice, whatever was credited or added since.
    let invoice = earlier.plan.adjustment.as_ref().map(|adjustment| adjustment.invoice);
    let new = registered_as(input, Paying { day, from, invoice });
    if new.is_empty() {
        return Ok(None);
    }
    let captures = u32::try_from(captures(input.order).count()).unwrap_or(u32::MAX);
    Ok(Some(with_payments(input, &earlier, new, RegisteredPayments { captures, ..payments })))
}

/// The plan that was carried out, with payments as its only steps that are not done.
fn with_payments(
    input: &PlanInput<'_>,
    earlier: &Earlier<'_>,
    new: Vec<PaymentStep>,
    payments: RegisteredPayments,
) -> Plan {
    let mut steps: Vec<Step> =
        earlier.plan.steps.iter().filter(|step| !matches!(step, Step::RegisterPayment(_))).cloned().collect();
    let done = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    steps.extend(new.into_iter().map(Step::RegisterPayment));
    Plan {
        ordinal: earlier.plan.ordinal.saturating_add(1),
        settings_version: input.settings_version,
        catalogue_hash: input.catalogue_hash.to_owned(),
        steps,
        done,
        payments: Some(payments),
        warnings: Vec::new(),
        ..earlier.plan.clone()
    }
}

/// Money of edits that went back, as a further step of the plan that booked what the edit left: the shop writes it down as a refund
/// without lines, and the edit's own document has taken the amount off the books already. `None` when there is nothing new, or the
/// payments are not ours to register.
///
/// # Errors
/// Skips with the amount where it cannot be told which account it was taken from; overflow.
pub(super) fn repaid(input: &PlanInput<'_>, earlier: &Earlier<'_>) -> Result<Option<Plan>, Stop> {
    let booked = earlier.document.filter(|document| document.kind.is_booked());
    let payments = kept(input, earlier).filter(|payments| payments.captures > 0);
    let (Some(_), Some(payments)) = (booked, payments) else { return Ok(None) };
    let amount = repaid_of_edits(input.order)?.minor() - payments.repaid;
    if amount <= 0 || !input.settings.payment.sign_proven || settles(input, payments.term)? {
        return Ok(None);
    }
    let back = Money::from_minor(amount, input.order.currency);
    let Some(Registration::Journal { journal, contra_account }) = taken_by(input, None) else {
        let reason = Reason::new("refund-not-registered").with("refunded", back);
        return Err(Stop::Skip(reason.with("currency", back.currency())));
    };
    // What went back so far makes the key: whichever refunds the shop counts to the edit, the same money has the same key.
    let so_far = payments.repaid.saturating_add(amount);
    let key = EffectKey::of_adjustment(input.transfer, "repaid", &so_far.to_string(), 0, input.agreement);
    let key = key.then(Effect::Payment);
    let text = super::document::reference(&input.order.number, &key);
    let at =
        repayments(input.order).filter_map(|payment| payment.at).max().unwrap_or(input.order.modified_at);
    let day = dates::local_day(input, at);
    let date = payments.invoiced_on.map_or(day, |invoiced| day.max(invoiced));
    // On the credit note of the edit where that is the last document, else on the invoice.
    let is_credit = earlier.plan.document_step().is_some_and(|step| step.document.kind.is_credit_note());
    let adjusted = earlier.plan.adjustment.as_ref();
    let invoice = adjusted.filter(|_| !is_credit).map(|adjustment| adjustment.invoice);
    let amount = back.negated()?;
    let step = PaymentStep { key, journal, contra_account, amount, date, text, invoice };
    let payments = RegisteredPayments {
        repaid: so_far,
        // The plan of the first invoice tells its day by itself.
        invoiced_on: payments.invoiced_on.filter(|_| adjusted.is_some()),
        ..payments
    };
    Ok(Some(with_payments(input, earlier, vec![step], payments)))
}

/// What went back to the buyer otherwise than onto gift cards.
fn repayments(order: &Order) -> impl Iterator<Item = &Payment> {
    order.payments.iter().filter(|payment| !payment.gift_card && payment.kind == PaymentKind::Refund)
}

/// What went back that is no refund of the order: at most what was captured beyond what the order is for now.
fn repaid_of_edits(order: &Order) -> Result<Money, MoneyError> {
    let back = Money::sum(order.currency, repayments(order).map(|payment| payment.amount))?;
    let mut beyond = back;
    for refund in &order.refunds {
        beyond = beyond.minus(refund.total)?.plus(refund.to_gift_cards)?;
    }
    let cards = Money::sum(order.currency, gift_cards_used(order).map(|payment| payment.amount))?;
    let owed = captured(order)?.plus(cards)?.minus(order.total)?;
    let most = owed.minor().max(0);
    Ok(Money::from_minor(beyond.minor().clamp(0, most), order.currency))
}

/// So much of a refund, in smallest units, was registered before as money of an edit. The shop counts what went back to the edit while
/// the order is for less than was captured, and to the refund once it is for more again, or cancelled.
fn registered_before(order: &Order, payments: RegisteredPayments, refund: Money) -> Result<i64, MoneyError> {
    let beyond = payments.repaid.saturating_sub(repaid_of_edits(order)?.minor()).max(0);
    Ok(beyond.min(refund.minor()))
}

/// What a plan keeps of the payments of the first invoice once it has registered this refund, see [`kept`].
pub(super) fn kept_after(
    input: &PlanInput<'_>,
    earlier: &Earlier<'_>,
    refund: Option<&Refund>,
) -> Result<Option<RegisteredPayments>, MoneyError> {
    let (Some(payments), Some(refund)) = (kept(input, earlier), refund) else {
        return Ok(kept(input, earlier));
    };
    let before = registered_before(input.order, payments, refund.total.minus(refund.to_gift_cards)?)?;
    Ok(Some(RegisteredPayments { repaid: payments.repaid - before, ..payments }))
}

/// True when money of an edit went back that the plan does not register yet. Planning decides.
pub(super) fn repayment_follows(order: &Order, plan: &Plan) -> bool {
    let registered = payments_of(plan).filter(|payments| payments.captures > 0);
    registered
        .is_some_and(|payments| repaid_of_edits(order).is_ok_and(|repaid| repaid.minor() > payments.repaid))
}

/// What a plan says of the payments of the invoice it booked; `None` when it booked none.
fn payments_of(plan: &Plan) -> Option<RegisteredPayments> {
    if plan.payments.is_some() || plan.adjustment.is_some() {
        return plan.payments;
    }
    let has = |wanted: fn(&Step) -> bool| plan.steps.iter().filter(|step| wanted(step)).count();
    let booked = has(|step| matches!(step, Step::Book(_))) > 0;
    let captures = has(|step| matches!(step, Step::RegisterPayment(step) if !step.amount.is_negative()));
    let captures = u32::try_from(captures).unwrap_or(u32::MAX);
    let term = plan.document_step()?.document.payment_term;
    booked.then_some(RegisteredPayments { term, captures, invoiced_on: None, repaid: 0 })
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
    let goes_through = |rule| matches!(registration_of(rule), Registration::Journal { .. });
    let journal = goes_through(rule_for(input))
        || captures(input.order).any(|payment| goes_through(rule_of(input, payment)));
    let registers = journal && input.settings.payment.sign_proven;
    let payments = payments_of(earlier.plan).filter(|_| registers && !earlier.adopted)?;
    Some(RegisteredPayments { invoiced_on: day_of(earlier.plan), ..payments })
}

/// The registration of the money of a refund, for the plan that books its credit note; `None` where the captures were not ours to
/// register either, and a reason where it cannot be told where the money was taken from.
///
/// The key is the refund's alone: should the order be credited whole, come back and be credited anew, the money went back once.
///
/// # Errors
/// Overflow, or a term that is gone.
pub(super) fn paid_back(
    input: &PlanInput<'_>,
    earlier: &Earlier<'_>,
    refund: &Refund,
    day: Date,
) -> Result<Option<Result<PaymentStep, Reason>>, Stop> {
    let amount = refund.total.minus(refund.to_gift_cards)?;
    let Some(payments) = kept(input, earlier).filter(|payments| payments.captures > 0) else {
        return Ok(None);
    };
    let before = registered_before(input.order, payments, amount)?;
    let amount = Money::from_minor(amount.minor() - before, amount.currency());
    if amount.is_zero() || settles(input, payments.term)? {
        return Ok(None);
    }
    let untold = || {
        let reason = Reason::new("refund-not-registered").with("refunded", amount);
        Ok(Some(Err(reason.with("currency", amount.currency()))))
    };
    let Some(Registration::Journal { journal, contra_account }) = taken_by(input, Some(refund)) else {
        return untold();
    };
    let key = EffectKey::of_adjustment(input.transfer, "refund", &refund.id, 0, input.agreement);
    let key = key.then(Effect::Payment);
    let text = super::document::reference(&input.order.number, &key);
    let amount = amount.negated()?;
    Ok(Some(Ok(PaymentStep { key, journal, contra_account, amount, date: day, text, invoice: None })))
}

/// How the captures were registered that a refund gives back: by the shop's own record of it, else by all that the order's money went
/// through. `None` where several would do.
fn taken_by(input: &PlanInput<'_>, refund: Option<&Refund>) -> Option<Registration> {
    let order = input.order;
    let own =
        || repayments(order).filter(|payment| refund.is_some_and(|refund| payment.transaction == refund.id));
    let mut of: Vec<Registration> = if own().next().is_some() {
        own().map(|payment| registration_of(rule_of(input, payment))).collect()
    } else {
        let all = repayments(order).chain(captures(order));
        all.map(|payment| registration_of(rule_of(input, payment))).collect()
    };
    of.dedup();
    match of.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}
