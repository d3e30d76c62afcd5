//! Texts with placeholders. A placeholder that does not exist is refused when the settings are saved, never printed.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The placeholders that texts on documents may hold.
pub const PLACEHOLDERS: &[&str] = &[
    "order_number",
    "order_id",
    "order_date",
    "payment_method",
    "transaction",
    "customer_name",
    "company",
    "email",
    "phone",
    "note",
    "purchase_order_number",
    "discount_codes",
    "state",
    "currency",
    "total",
];

/// A text with placeholders such as `{order_number}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Template(pub String);

impl Template {
    /// A template from a text.
    pub fn new(text: &str) -> Template {
        Template(text.to_owned())
    }

    /// True when there is nothing to print.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// The first placeholder that is not among those allowed, or a brace without its pair.
    pub fn unknown_placeholder(&self, allowed: &[&str]) -> Option<String> {
        let mut rest = self.0.as_str();
        while let Some(open) = rest.find('{') {
            let after = &rest[open + 1..];
            let Some(close) = after.find('}') else { return Some(rest[open..].chars().take(40).collect()) };
            let name = &after[..close];
            if !allowed.contains(&name) {
                return Some(name.chars().take(40).collect());
            }
            rest = &after[close + 1..];
        }
        None
    }

    /// The text with every placeholder replaced by what `value` gives for its name.
    pub fn fill<'a>(&self, value: &dyn Fn(&str) -> Cow<'a, str>) -> String {
        if !self.0.contains('{') {
            return self.0.clone();
        }
        let mut filled = String::with_capacity(self.0.len() + 16);
        let mut rest = self.0.as_str();
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            let after = &rest[open + 1..];
            let Some(close) = after.find('}') else {
                rest = &rest[open..];
                break;
            };
            filled.push_str(&value(&after[..close]));
            rest = &after[close + 1..];
        }
        filled.push_str(rest);
        filled
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(template: &Template, allowed: &[&str]) -> garde::Result {
    match template.unknown_placeholder(allowed) {
        Some(name) => Err(garde::Error::new(format!("unknown-placeholder|{name}|{}", allowed.join(", ")))),
        None if template.0.chars().count() > 2000 => Err(garde::Error::new("text-too-long")),
        None => Ok(()),
    }
}

/// Refuses unknown placeholders in texts of documents.
pub(super) fn order_text(template: &Template, _: &()) -> garde::Result {
    check(template, PLACEHOLDERS)
}

/// Refuses unknown placeholders in texts of credit notes and further invoices.
pub(super) fn credit_text(template: &Template, _: &()) -> garde::Result {
    check_beside(template, &["invoice_number", "refund_reason"])
}

/// Refuses unknown placeholders in what a document says that was moved to another day.
pub(super) fn moved_text(template: &Template, _: &()) -> garde::Result {
    check_beside(template, &["original_date"])
}

/// Refuses unknown placeholders in what a credit note or further invoice says that was moved to another day.
pub(super) fn credit_moved_text(template: &Template, _: &()) -> garde::Result {
    check_beside(template, &["invoice_number", "refund_reason", "original_date"])
}

fn check_beside(template: &Template, further: &[&str]) -> garde::Result {
    let allowed: Vec<&str> = PLACEHOLDERS.iter().chain(further).copied().collect();
    check(template, &allowed)
}

/// Refuses unknown placeholders in line texts.
pub(super) fn line_text(template: &Template, _: &()) -> garde::Result {
    check(template, &["name", "sku", "order_number"])
}

/// Refuses unknown placeholders in product numbers made from others.
pub(super) fn product_number(template: &Option<Template>, _: &()) -> garde::Result {
    template.as_ref().map_or(Ok(()), |template| check(template, &["sku", "country", "rate"]))
}

/// Refuses unknown placeholders in what is written back to the shop.
pub(super) fn write_back_text(template: &Template, _: &()) -> garde::Result {
    check(template, &["number"])?;
    if template.0.contains("{number}") { Ok(()) } else { Err(garde::Error::new("write-back-without-number")) }
}

/// Refuses unknown placeholders in references of another integration.
pub(super) fn references(templates: &Vec<Template>, _: &()) -> garde::Result {
    for template in templates {
        check(template, &["order_number", "order_id"])?;
        if !template.0.contains("{order_number}") && !template.0.contains("{order_id}") {
            return Err(garde::Error::new("adoption-without-order"));
        }
    }
    if templates.len() > 5 { Err(garde::Error::new("too-many")) } else { Ok(()) }
}
