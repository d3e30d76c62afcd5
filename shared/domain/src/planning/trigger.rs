//! Which orders are transferred now, and as what.

use super::{PlanInput, Stop, filter, hold};
use crate::document::DocumentKind;
use crate::order::{Order, OrderFault};
use crate::plan::Reason;
use crate::settings::{HandlingRule, ZeroTotals};

/// The kind of document that the order's state asks for.
///
/// # Errors
/// Stops for orders that are not to be transferred, now or ever.
pub(super) fn decide(input: &PlanInput<'_>) -> Result<DocumentKind, Stop> {
    let order = input.order;
    let settings = &input.settings.trigger;
    let skip = |code: &str| Err(Stop::Skip(Reason::new(code).with("order", &order.number)));
    let forgotten = input.forgotten;
    if forgotten.and_then(|forgotten| forgotten.document).is_some_and(|(kind, _)| kind.is_booked()) {
        // It is found and taken over as it stands. An order's invoice is never itself an order.
        let kind = input.settings.document.kind;
        return Ok(if kind == DocumentKind::Order { DocumentKind::BookedInvoice } else { kind });
    }
    if order.test {
        return skip("test-order");
    }
    if order.cancelled {
        return match unbooked(input) {
            Some(number) => Err(Stop::Hold(
                hold("cancelled-with-draft").with("order", &order.number).with("number", number),
            )),
            None => skip("cancelled"),
        };
    }
    if let Some(from) = settings.go_live {
        let made = super::dates::local_day(input, order.created_at);
        if made < from {
            return Err(Stop::Skip(
                Reason::new("before-go-live")
                    .with("order", &order.number)
                    .with("date", made)
                    .with("from", from),
            ));
        }
    }
    let Some(rule) = settings.handling.iter().find(|rule| satisfies(order, rule)) else {
        return Err(Stop::Skip(state_not_chosen(order)));
    };
    if settings.filter.as_ref().is_some_and(|filter| !filter::holds(filter, order, input.settings)) {
        return skip("filtered-out");
    }
    if order.total.is_zero() && settings.zero_totals == ZeroTotals::Skip {
        return skip("zero-total");
    }
    if order.lines.is_empty() {
        return skip("no-lines");
    }
    if order.total.is_negative() {
        return Err(Stop::Hold(
            hold("negative-total").with("total", order.total).with("currency", order.currency),
        ));
    }
    if order.fraud_hold {
        // Told, since somebody has to look at it: it would be transferred but for that.
        let reason = match unbooked(input) {
            Some(number) => hold("fraud-hold-with-draft").with("number", number),
            None => hold("fraud-hold"),
        };
        return Err(Stop::Hold(reason.with("order", &order.number)));
    }
    Ok(rule.document.unwrap_or(input.settings.document.kind))
}

/// Number of the document of the order that stands without being booked, where none is booked.
pub(super) fn unbooked(input: &PlanInput<'_>) -> Option<u64> {
    let known = input.earlier.and_then(|earlier| earlier.document).map(|document| document.number);
    let forgotten = input.forgotten.and_then(|forgotten| {
        let draft = forgotten.document.map(|(_, number)| number);
        draft.or(forgotten.order.as_ref().map(|order| order.number))
    });
    known.or(forgotten)
}

fn state_not_chosen(order: &Order) -> Reason {
    let words = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    Reason::new("state-not-chosen")
        .with("order", &order.number)
        .with("state", words(&order.state))
        .with("payment", words(&order.payment_state_text))
        .with("fulfilment", word_of(&order.fulfilment_state))
}

/// The kebab-case word of a unit-like enum, as settings spell it.
pub(super) fn word_of<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn satisfies(order: &Order, rule: &HandlingRule) -> bool {
    fn among<T>(list: &[T], hit: impl FnMut(&T) -> bool) -> bool {
        list.is_empty() || list.iter().any(hit)
    }
    among(&rule.order_states, |word| same_word(word, &order.state))
        && among(&rule.payment_states, |state| *state == order.payment_state)
        && among(&rule.payment_state_words, |word| same_word(word, &order.payment_state_text))
        && among(&rule.fulfilment_states, |state| *state == order.fulfilment_state)
}

/// Equal but for letter case, in any language.
pub(super) fn same_word(one: &str, other: &str) -> bool {
    let plain = one.is_ascii() && other.is_ascii();
    one.eq_ignore_ascii_case(other) || (!plain && one.to_lowercase() == other.to_lowercase())
}

/// Refuses currencies that the target or Bogbro cannot make a document in.
///
/// # Errors
/// Holds with the currency's name.
pub(super) fn check_currency(input: &PlanInput<'_>) -> Result<(), Stop> {
    let currency = input.order.currency;
    if currency.decimals() > 2 {
        return Err(Stop::Hold(hold("three-decimal-currency").with("currency", currency)));
    }
    let known = &input.catalogue.master.currencies;
    let base = input.catalogue.master.base_currency == currency;
    if !base && !known.iter().any(|code| code == currency.code()) {
        return Err(Stop::Hold(
            hold("currency-not-in-target").with("currency", currency).with("known", known.join(", ")),
        ));
    }
    Ok(())
}

/// The reason for an order that does not agree with itself.
pub(super) fn fault_reason(fault: &OrderFault) -> Reason {
    match fault {
        OrderFault::Currency { place, found, expected } => Reason::new("order-mixes-currencies")
            .with("place", place)
            .with("found", found)
            .with("currency", expected),
        OrderFault::Quantity { line, quantity, net } => Reason::new("order-quantity-impossible")
            .with("line", line)
            .with("quantity", quantity)
            .with("net", net),
        OrderFault::Sign { line, net, vat } => {
            Reason::new("order-sign-impossible").with("line", line).with("net", net).with("vat", vat)
        }
        OrderFault::Vat { sum, stated, difference } => Reason::new("order-vat-does-not-add-up")
            .with("sum", sum)
            .with("stated", stated)
            .with("difference", difference)
            .with("currency", sum.currency()),
        OrderFault::Total { sum, stated, difference } => Reason::new("order-does-not-add-up")
            .with("sum", sum)
            .with("stated", stated)
            .with("difference", difference)
            .with("currency", sum.currency()),
        OrderFault::Amount(error) => Reason::new("amount-impossible").with("message", error),
    }
}

#[cfg(test)]
mod tests {
    use super::same_word;

    #[test]
    fn letter_case_is_no_difference_in_any_language() {
        for (one, other) in
            [("Processing", "processing"), ("FÆRDIG", "færdig"), ("kort", "\u{212A}ort"), ("", "")]
        {
            assert!(same_word(one, other) && same_word(other, one), "{one} and {other}");
        }
        for (one, other) in [("kort", "korte"), ("å", "a"), ("ÅBEN", "aben"), ("on-hold", "on_hold")] {
            assert!(!same_word(one, other) && !same_word(other, one), "{one} and {other}");
        }
    }
}
