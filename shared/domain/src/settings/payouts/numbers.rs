//! How order numbers are made alike before they are compared.

use std::borrow::Cow;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How order numbers of report and shop are made alike. Comparison is always exact after it; what becomes the same number
/// although it was not is an ambiguity, and is never matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OrderNumberRules {
    /// Beginnings that are taken away, the first that fits (`#`, `Order `).
    #[garde(length(max = 20), inner(length(min = 1, max = 30)))]
    pub prefixes: Vec<String>,
    /// Endings that are taken away, the first that fits.
    #[garde(length(max = 20), inner(length(min = 1, max = 30)))]
    pub suffixes: Vec<String>,
    /// What comes after this mark is taken away, for gateways that add a random part or the number of the attempt
    /// (`1001-ab12` with `-`).
    #[garde(inner(length(min = 1, max = 5)))]
    pub cut_after: Option<String>,
    /// Zeros before the first other character do not count.
    #[garde(skip)]
    pub ignore_leading_zeros: bool,
    /// Letter case does not count.
    #[garde(skip)]
    pub ignore_case: bool,
    /// One payment may be for several orders, whose numbers stand with this between them (`1001,1002` with `,`).
    #[garde(inner(length(min = 1, max = 5)))]
    pub separator: Option<String>,
}

impl Default for OrderNumberRules {
    fn default() -> Self {
        OrderNumberRules {
            prefixes: vec!["#".to_owned()],
            suffixes: Vec::new(),
            cut_after: None,
            ignore_leading_zeros: false,
            ignore_case: false,
            separator: None,
        }
    }
}

impl OrderNumberRules {
    /// The number as it is compared; empty when nothing is left.
    pub fn normal<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = trimmed(text);
        if let Some(rest) = self.prefixes.iter().find_map(|prefix| text.strip_prefix(prefix.as_str())) {
            text = rest;
        }
        if let Some(mark) = &self.cut_after
            && let Some((before, _)) = text.split_once(mark.as_str())
        {
            text = before;
        }
        if let Some(rest) = self.suffixes.iter().find_map(|suffix| text.strip_suffix(suffix.as_str())) {
            text = rest;
        }
        text = trimmed(text);
        if self.ignore_leading_zeros {
            text = text.trim_start_matches('0');
        }
        if self.ignore_case && text.chars().any(char::is_uppercase) {
            return Cow::Owned(text.to_lowercase());
        }
        Cow::Borrowed(text)
    }

    /// The numbers that a text holds: one, or several where the merchant named a separator.
    pub fn several<'a>(&self, text: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
        let parts: Vec<&str> = match &self.separator {
            Some(separator) => text.split(separator.as_str()).collect(),
            None => vec![text],
        };
        parts.into_iter().map(|part| self.normal(part)).filter(|number| !number.is_empty())
    }
}

/// The text without white space around it. Nearly all have none, and are not looked at character by character.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_made_alike_as_the_merchant_says_and_no_further() {
        let plain = OrderNumberRules::default();
        assert_eq!(plain.normal(" #1001 "), "1001");
        assert_eq!(plain.normal("0001001"), "0001001");
        assert_eq!(plain.normal("ABC"), "ABC");
        assert_eq!(plain.several("1001,1002").collect::<Vec<_>>(), ["1001,1002"]);
        let all = OrderNumberRules {
            prefixes: vec!["Order ".to_owned(), "#".to_owned()],
            suffixes: vec!["/DK".to_owned()],
            cut_after: Some("_".to_owned()),
            ignore_leading_zeros: true,
            ignore_case: true,
            separator: Some(",".to_owned()),
        };
        assert_eq!(all.normal("Order 0010AB/DK_x9"), "10ab");
        assert_eq!(all.several("#1001, #1002,").collect::<Vec<_>>(), ["1001", "1002"]);
        assert_eq!(all.normal("000"), "");
    }
}
