//! Whether an order satisfies the merchant's filter.

use rust_decimal::Decimal;

use super::customer::Buyer;
use super::trigger::word_of;
use super::vat::country_of;
use crate::money::parse_decimal;
use crate::order::Order;
use crate::settings::{Condition, Filter, FilterField, FilterTest, Settings};

/// True when the order satisfies the filter.
pub(super) fn holds(filter: &Filter, order: &Order, settings: &Settings) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| holds(part, order, settings)),
        Filter::Any(parts) => parts.iter().any(|part| holds(part, order, settings)),
        Filter::Not(part) => !holds(part, order, settings),
        Filter::Where(condition) => {
            let fields = values_of(condition, order, settings);
            fields.iter().any(|field| passes(condition, field))
        }
    }
}

fn passes(condition: &Condition, field: &str) -> bool {
    if condition.test == FilterTest::Present {
        return !field.trim().is_empty();
    }
    let lower = field.to_lowercase();
    condition.values.iter().any(|value| {
        let wanted = value.to_lowercase();
        match condition.test {
            FilterTest::Equals => lower == wanted || same_number(&lower, &wanted),
            FilterTest::Contains => lower.contains(&wanted),
            FilterTest::StartsWith => lower.starts_with(&wanted),
            FilterTest::AtLeast => compared(condition.field, field, value).is_some_and(|order| order.is_ge()),
            FilterTest::AtMost => compared(condition.field, field, value).is_some_and(|order| order.is_le()),
            FilterTest::Present => false,
        }
    })
}

fn same_number(one: &str, other: &str) -> bool {
    matches!((parse_decimal(one), parse_decimal(other)), (Ok(one), Ok(other)) if one == other)
}

fn compared(field: FilterField, one: &str, other: &str) -> Option<std::cmp::Ordering> {
    let number = |text: &str| -> Option<Decimal> {
        if field == FilterField::OrderNumber {
            let digits: String = text.chars().filter(char::is_ascii_digit).take(18).collect();
            return parse_decimal(&digits).ok();
        }
        parse_decimal(text).ok()
    };
    Some(number(one)?.cmp(&number(other)?))
}

fn values_of(condition: &Condition, order: &Order, settings: &Settings) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match condition.field {
        FilterField::OrderNumber => one(&order.number),
        FilterField::State => one(&order.state),
        FilterField::PaymentState => vec![order.payment_state_text.clone(), word_of(&order.payment_state)],
        FilterField::Country => one(country_of(order, settings.vat.country_from)),
        FilterField::Currency => one(order.currency.code()),
        FilterField::Total => vec![order.total.to_string()],
        FilterField::CustomerKind => vec![word_of(&Buyer::of(order, settings).kind)],
        FilterField::Email => one(&order.customer.email),
        FilterField::PaymentMethod => vec![order.payment_method.clone(), order.payment_method_title.clone()],
        FilterField::Tag => order.tags.clone(),
        FilterField::DiscountCode => order.discount_codes.clone(),
        FilterField::Sku => order.lines.iter().filter_map(|line| line.sku.clone()).collect(),
        FilterField::Note => one(&order.note),
        FilterField::Custom => {
            let key = condition.key.as_deref().unwrap_or_default();
            order.fields.iter().filter(|(name, _)| name == key).map(|(_, value)| value.clone()).collect()
        }
    }
}
