//! The document around its lines: recipient, texts, layout, reference.

use std::borrow::Cow;

use super::PlanInput;
use super::customer::{self, Buyer};
use super::dates::{self, Chosen};
use super::payment::Terms;
use super::vat::Sale;
use crate::customer::{Address, CustomerKind};
use crate::document::{Document, DocumentKind, DocumentLine, Recipient, Totals};
use crate::identity::EffectKey;
use crate::order::Order;
use crate::plan::{CustomerStep, Reason, SendBy};
use crate::settings::{SendInvoice, Template};
use jiff::Span;

/// Longest reference in the target (e-conomic: `references.other`, 250).
const LONGEST_REFERENCE: usize = 250;
/// Longest heading (e-conomic: 250).
const LONGEST_HEADING: usize = 250;
/// Longest text above or below the lines (e-conomic: 1000).
const LONGEST_TEXT: usize = 1000;

/// What the document is put together from.
pub(super) struct Parts<'a> {
    pub(super) kind: DocumentKind,
    pub(super) sale: &'a Sale,
    pub(super) buyer: &'a Buyer,
    pub(super) payment: &'a Terms,
    pub(super) date: &'a Chosen,
    pub(super) lines: Vec<DocumentLine>,
    pub(super) expected: Totals,
    pub(super) reference: String,
}

/// The reference that a document is found by: the order number as people see it, and the key of the effect. No setting
/// changes its form. Control characters and spaces become single spaces, and the number is shortened, never the key.
pub(super) fn reference(order_number: &str, key: &EffectKey) -> String {
    with_number(order_number, key.as_str())
}

fn with_number(order_number: &str, key: &str) -> String {
    let is_between = |c: char| c.is_control() || c.is_whitespace();
    let number = if order_number.contains(is_between) {
        let words: Vec<&str> = order_number.split(is_between).filter(|word| !word.is_empty()).collect();
        Cow::Owned(words.join(" "))
    } else {
        Cow::Borrowed(order_number)
    };
    let room = LONGEST_REFERENCE.saturating_sub(key.len() + 1);
    let number = cut(&number, room).trim_end();
    if number.is_empty() { key.to_owned() } else { [number, " ", key].concat() }
}

/// As much of a text as has no more than so many units of UTF-16, in which the target counts.
pub(super) fn cut(text: &str, units: usize) -> &str {
    // No text has more of them than bytes.
    if text.len() <= units {
        return text;
    }
    let mut length = 0;
    let beyond = text.char_indices().find(|(_, character)| {
        length += character.len_utf16();
        length > units
    });
    beyond.map_or(text, |(end, _)| &text[..end])
}

/// True when the reference was made of this order number, whatever effect its key is of.
pub(super) fn is_reference_of(reference: &str, order_number: &str) -> bool {
    let key = reference.rsplit(' ').next().unwrap_or_default();
    with_number(order_number, key) == reference
}

/// References under which another integration may already have made the document.
pub(super) fn adoptions(input: &PlanInput<'_>) -> Vec<String> {
    let fill = |template: &Template| fill(template, input);
    input.settings.document.adopt_references.iter().map(fill).filter(|text| !text.trim().is_empty()).collect()
}

/// Puts the document together.
pub(super) fn build(input: &PlanInput<'_>, parts: Parts<'_>, warnings: &mut Vec<Reason>) -> Document {
    let settings = &input.settings.document;
    let mut text = fill(&settings.text, input);
    if let Some(original) = parts.date.moved_from {
        let extra = |name: &str| (name == "original_date").then(|| original.to_string().into());
        let moved = fill_with(&settings.date.moved_text, input, &extra);
        text = if text.is_empty() { moved } else { format!("{moved}\n{text}") };
        warnings.push(date_moved(parts.date));
    }
    let layouts = &input.catalogue.master.layouts;
    let layout =
        parts.payment.layout.or(settings.layout).or_else(|| layouts.keys().next().copied()).unwrap_or(0);
    let due_days = i64::from(input.settings.payment.due_days);
    let due_date = parts
        .payment
        .asks_for_due_date
        .then(|| parts.date.day.checked_add(Span::new().days(due_days)).unwrap_or(parts.date.day));
    Document {
        kind: parts.kind,
        date: parts.date.day,
        due_date,
        currency: input.order.currency,
        layout,
        payment_term: parts.payment.term,
        vat_zone: parts.sale.zone,
        recipient: recipient(input, parts.buyer),
        delivery: delivery(input),
        reference: parts.reference,
        heading: heading(fill(&settings.heading, input), warnings),
        text: self::text(text, warnings),
        text_below: shortened(fill(&settings.text_below, input), LONGEST_TEXT, "text-below", warnings),
        department: settings.department,
        lines: parts.lines,
        expected: parts.expected,
    }
}

/// What a document that was moved to another day says.
pub(super) fn date_moved(date: &Chosen) -> Reason {
    Reason::new("date-moved")
        .with("from", date.moved_from.map(|day| day.to_string()).unwrap_or_default())
        .with("date", date.day)
}

/// A heading, as long as the target takes.
pub(super) fn heading(text: String, warnings: &mut Vec<Reason>) -> String {
    shortened(text, LONGEST_HEADING, "heading", warnings)
}

/// A text above the lines, as long as the target takes.
pub(super) fn text(text: String, warnings: &mut Vec<Reason>) -> String {
    shortened(text, LONGEST_TEXT, "text", warnings)
}

fn shortened(text: String, limit: usize, field: &str, warnings: &mut Vec<Reason>) -> String {
    if text.chars().count() <= limit {
        return text;
    }
    warnings.push(Reason::new("text-shortened").with("field", field).with("limit", limit));
    text.chars().take(limit).collect()
}

fn recipient(input: &PlanInput<'_>, buyer: &Buyer) -> Recipient {
    let customer = &input.order.customer;
    let address = if customer.billing.is_empty() {
        customer.delivery.clone().unwrap_or_default()
    } else {
        customer.billing.clone()
    };
    let name = customer::name(input.order, input.settings, buyer);
    let attention = fill(&input.settings.document.attention, input);
    let attention =
        if attention.trim().is_empty() { None } else { Some(attention.chars().take(250).collect()) };
    Recipient {
        name,
        address,
        ean: buyer.ean.clone(),
        company_number: buyer.company_number.clone(),
        attention,
    }
}

fn delivery(input: &PlanInput<'_>) -> Option<Address> {
    let customer = &input.order.customer;
    let address =
        customer.delivery.as_ref().filter(|address| !address.is_empty() && **address != customer.billing);
    address.filter(|_| input.settings.document.delivery_address).cloned()
}

/// How a booked document is sent. One that no buyer would get is not sent, and that is said.
pub(super) fn send_as(
    input: &PlanInput<'_>,
    send: SendInvoice,
    buyer: &Buyer,
    customer: &CustomerStep,
    warnings: &mut Vec<Reason>,
) -> SendBy {
    let electronic = buyer.kind == CustomerKind::Ean;
    match send {
        SendInvoice::EanOnly | SendInvoice::EanOrEmail if electronic => SendBy::Ean,
        SendInvoice::Email | SendInvoice::EanOrEmail if customer::gets_mail(input, buyer, customer) => {
            SendBy::Email
        }
        SendInvoice::Email | SendInvoice::EanOrEmail => {
            warnings.push(Reason::new("not-sent-without-address").with("order", &input.order.number));
            SendBy::Nothing
        }
        SendInvoice::Never | SendInvoice::EanOnly => SendBy::Nothing,
    }
}

/// A template filled with the order's own words.
fn fill(template: &Template, input: &PlanInput<'_>) -> String {
    fill_with(template, input, &|_| None)
}

/// A template filled with words of the occasion, and the order's own.
pub(super) fn fill_with<'a>(
    template: &Template,
    input: &PlanInput<'a>,
    occasion: &dyn Fn(&str) -> Option<Cow<'a, str>>,
) -> String {
    template.fill(&|name| occasion(name).unwrap_or_else(|| word(name, input)))
}

fn word<'a>(name: &str, input: &PlanInput<'a>) -> Cow<'a, str> {
    let order = input.order;
    let customer = &order.customer;
    let text = match name {
        "order_number" => &order.number,
        "order_id" => order.id.as_str(),
        "order_date" => return dates::local_day(input, order.created_at).to_string().into(),
        "payment_method" if order.payment_method_title.is_empty() => &order.payment_method,
        "payment_method" => &order.payment_method_title,
        "transaction" => transaction(order),
        "customer_name" => &customer.billing.name,
        "company" => &customer.billing.company,
        "email" => &customer.email,
        "phone" => &customer.phone,
        "note" => &order.note,
        "purchase_order_number" => order.purchase_order_number.as_deref().unwrap_or_default(),
        "discount_codes" => return order.discount_codes.join(", ").into(),
        "state" => &order.state,
        "currency" => order.currency.code(),
        "total" => return order.total.to_string().into(),
        _ => "",
    };
    Cow::Borrowed(text)
}

fn transaction(order: &Order) -> &str {
    let found = order.payments.iter().find(|payment| !payment.transaction.is_empty());
    found.map(|payment| payment.transaction.as_str()).unwrap_or_default()
}
