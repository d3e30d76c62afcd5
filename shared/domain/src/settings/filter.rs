//! Conditions on an order's fields, joined by AND, OR and NOT.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::money::parse_decimal;

/// A condition, or several joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// All of these hold (AND).
    All(Vec<Filter>),
    /// At least one of these holds (OR).
    Any(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// One condition on one field.
    Where(Condition),
}

/// How deep conditions may be nested.
const DEEPEST: usize = 8;

impl Filter {
    fn depth_within(&self, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else { return false };
        match self {
            Filter::All(parts) | Filter::Any(parts) => {
                parts.len() <= 50 && parts.iter().all(|part| part.depth_within(left))
            }
            Filter::Not(part) => part.depth_within(left),
            Filter::Where(condition) => condition.values.len() <= 200,
        }
    }

    /// True when a list of conditions is empty, so that it says nothing, or lets nothing pass.
    fn has_empty_list(&self) -> bool {
        match self {
            Filter::All(parts) | Filter::Any(parts) => {
                parts.is_empty() || parts.iter().any(Filter::has_empty_list)
            }
            Filter::Not(part) => part.has_empty_list(),
            Filter::Where(_) => false,
        }
    }

    fn conditions(&self) -> Vec<&Condition> {
        match self {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().flat_map(Filter::conditions).collect(),
            Filter::Not(part) => part.conditions(),
            Filter::Where(condition) => vec![condition],
        }
    }
}

impl Validate for Filter {
    type Context = ();

    fn validate_into(&self, _: &(), mut parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if !self.depth_within(DEEPEST) {
            report.append(parent(), garde::Error::new("filter-too-large"));
            return;
        }
        if self.has_empty_list() {
            report.append(parent(), garde::Error::new("filter-without-conditions"));
        }
        for condition in self.conditions() {
            let path = garde::util::nested_path!(parent, "where");
            let mut path = path;
            if condition.values.is_empty() && condition.test != FilterTest::Present {
                report.append(path(), garde::Error::new("filter-without-values"));
            }
            if condition.field == FilterField::Custom && condition.key.is_none() {
                report.append(path(), garde::Error::new("filter-without-key"));
            }
            if let Some(value) = condition.no_number() {
                report.append(path(), garde::Error::new(format!("filter-not-a-number|{value}")));
            }
        }
    }
}

/// One condition: the field passes the test for at least one of the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Condition {
    /// The field looked at.
    pub field: FilterField,
    /// The key of a custom field; only with `field: custom`.
    #[serde(default)]
    pub key: Option<String>,
    /// The test.
    #[serde(default)]
    pub test: FilterTest,
    /// Values, as text; one hit is enough. Letter case does not matter. A number has a point before its decimals and no thousands
    /// separator: `1500.50`.
    #[serde(default)]
    pub values: Vec<String>,
}

impl Condition {
    /// A value that is to be compared as a number and is none: the condition would never hold.
    fn no_number(&self) -> Option<&str> {
        let by_size = matches!(self.test, FilterTest::AtLeast | FilterTest::AtMost);
        let is_number = |value: &String| match self.field {
            FilterField::OrderNumber => value.bytes().any(|byte| byte.is_ascii_digit()),
            _ => parse_decimal(value).is_ok(),
        };
        let compared = by_size || (self.field == FilterField::Total && self.test == FilterTest::Equals);
        let mut values = self.values.iter().filter(|_| compared);
        values.find(|value| !is_number(value)).map(String::as_str)
    }
}

/// A field of an order that conditions may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilterField {
    /// The order number that people see.
    OrderNumber,
    /// The shop's word for the state.
    State,
    /// The shop's word for where the money stands.
    PaymentState,
    /// Country of delivery, or of the bill when there is no delivery address.
    Country,
    /// Currency code.
    Currency,
    /// Total with VAT.
    Total,
    /// `private`, `business` or `ean`.
    CustomerKind,
    /// The buyer's e-mail address.
    Email,
    /// Key or title of the payment method.
    PaymentMethod,
    /// A tag set in the shop.
    Tag,
    /// A discount code used.
    DiscountCode,
    /// A product number on the order.
    Sku,
    /// The buyer's note.
    Note,
    /// An extra field of the shop, named by `key`.
    Custom,
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilterTest {
    /// The same text or number.
    #[default]
    Equals,
    /// The text holds the value.
    Contains,
    /// The text begins with the value.
    StartsWith,
    /// A number not less than the value; of an order number the digits count.
    AtLeast,
    /// A number not greater than the value; of an order number the digits count.
    AtMost,
    /// The field is not empty; no value is needed.
    Present,
}
