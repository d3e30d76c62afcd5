//! Filters, with the escaping that the server understands rather than the one its documentation states.
//!
//! `$ ( ) * ,` are escaped by a `$` before them. The documentation also tells to escape `[` and `]`, but a filter that does
//! matches nothing, and an unescaped `$` or `)` is answered with 400 [L]. `$in` is refused for texts by the legacy surface [V]. Values compare without regard to upper and
//! lower case [V], so whoever looks for an exact value compares it again in the answer.

/// Most numbers in one `$in:[...]` [V].
pub(crate) const IN_LIST_LIMIT: usize = 200;

/// A filter that can only be built from escaped values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter(String);

impl Filter {
    /// `field$eq:value`.
    pub(crate) fn equals(field: &str, value: &str) -> Filter {
        Filter(format!("{field}$eq:{}", escape(value)))
    }

    /// `field$gte:value`.
    pub(crate) fn at_least(field: &str, value: &str) -> Filter {
        Filter(format!("{field}$gte:{}", escape(value)))
    }

    /// `field$lte:value`.
    pub(crate) fn at_most(field: &str, value: &str) -> Filter {
        Filter(format!("{field}$lte:{}", escape(value)))
    }

    /// `field$lt:value`.
    pub(crate) fn below(field: &str, value: &str) -> Filter {
        Filter(format!("{field}$lt:{}", escape(value)))
    }

    /// `field$like:value`, which without wildcards means that the field contains the value [V].
    pub(crate) fn contains(field: &str, value: &str) -> Filter {
        Filter(format!("{field}$like:{}", escape(value)))
    }

    /// `field$in:[1,2]`, of at most [`IN_LIST_LIMIT`] numbers. The legacy surface takes `$in` on numbers only [V].
    pub(crate) fn one_of(field: &str, numbers: &[u32]) -> Filter {
        let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
        Filter(format!("{field}$in:[{}]", numbers.join(",")))
    }

    /// `field$eq:a$or:field$eq:b`: what stands in for a list of texts. `None` for no value.
    pub(crate) fn any_of<'a>(field: &str, values: impl IntoIterator<Item = &'a str>) -> Option<Filter> {
        values.into_iter().map(|value| Filter::equals(field, value)).reduce(Filter::or)
    }

    /// Both hold.
    #[must_use]
    pub(crate) fn and(self, other: Filter) -> Filter {
        Filter(format!("{}$and:{}", self.0, other.0))
    }

    /// One of both holds.
    #[must_use]
    pub(crate) fn or(self, other: Filter) -> Filter {
        Filter(format!("{}$or:{}", self.0, other.0))
    }

    /// The text of the query parameter `filter`, not percent-encoded.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// A value with everything escaped that means something in a filter. `[` and `]` stay as they are [L].
pub(crate) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len() + 4);
    for character in value.chars() {
        if matches!(character, '$' | '(' | ')' | '*' | ',') {
            escaped.push('$');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_as_the_server_wants_it() {
        let cases = [
            ("1001 abcd", "1001 abcd"),
            ("a$b", "a$$b"),
            ("(x)", "$(x$)"),
            ("50*2", "50$*2"),
            ("red,blue", "red$,blue"),
            ("SKU[1]", "SKU[1]"),
            ("$)", "$$$)"),
            ("æøå 100%", "æøå 100%"),
        ];
        for (value, expected) in cases {
            assert_eq!(escape(value), expected, "{value}");
        }
    }

    #[test]
    fn filters_are_joined() {
        let filter = Filter::equals("customer.customerNumber", "7").and(Filter::equals("date", "2026-11-20"));
        assert_eq!(filter.into_text(), "customer.customerNumber$eq:7$and:date$eq:2026-11-20");
        let filter = Filter::one_of("accountNumber", &[1010, 1020]);
        assert_eq!(filter.into_text(), "accountNumber$in:[1010,1020]");
        let filter = Filter::any_of("productNumber", ["A,1", "B[2]"]).expect("two values");
        assert_eq!(filter.into_text(), "productNumber$eq:A$,1$or:productNumber$eq:B[2]");
        assert_eq!(Filter::any_of("productNumber", []), None);
        let filter = Filter::equals("mobilePhone", "1").or(Filter::equals("telephoneAndFaxNumber", "1"));
        assert_eq!(filter.into_text(), "mobilePhone$eq:1$or:telephoneAndFaxNumber$eq:1");
    }
}
