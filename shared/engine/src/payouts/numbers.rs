//! Order numbers as the ledger is asked for them. A shop keeps a number in its own form, and a report has what the merchant's rules make
//! the same; the forms that can be reckoned back are asked for one by one. What cannot (zeros, letter case, what is cut off, an ending
//! behind a beginning) leads to the order as the rules make it, by a key that is written with the order. Orders that were booked before a
//! rule was made are found in the books themselves.

use std::collections::BTreeSet;

use domain::settings::OrderNumberRules;

/// How such a key begins: it stands among the payments' references, of which none looks so.
const BEGINNING: &str = "order-number:";

/// The forms in which a number may stand in the ledger.
pub(super) fn forms(order: &str, rules: &OrderNumberRules) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([order.to_owned()]);
    if rules.ignore_case {
        forms.insert(order.to_uppercase());
    }
    let bare: Vec<String> = forms.iter().cloned().collect();
    for number in &bare {
        for prefix in &rules.prefixes {
            forms.insert(format!("{prefix}{number}"));
        }
        for suffix in &rules.suffixes {
            forms.insert(format!("{number}{suffix}"));
        }
    }
    forms
}

/// The key of its own under which an order is found by these rules; `None` where its number is one of the [`forms`].
pub(crate) fn key_of(number: &str, rules: &OrderNumberRules) -> Option<String> {
    let normal = rules.normal(number);
    let is_found = normal.is_empty() || forms(&normal, rules).contains(number);
    (!is_found).then(|| format!("{BEGINNING}{normal}"))
}

/// The key under which an order may be found beside the forms of its number; `None` under rules by which every number is one of them.
pub(super) fn key_to_ask_for(normal: &str, rules: &OrderNumberRules) -> Option<String> {
    let both = !rules.prefixes.is_empty() && !rules.suffixes.is_empty();
    let asked = rules.cut_after.is_some() || rules.ignore_leading_zeros || rules.ignore_case || both;
    asked.then(|| format!("{BEGINNING}{normal}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_key_of_its_own_only_where_no_form_of_it_is_the_shops() {
        let plain = OrderNumberRules::default();
        assert_eq!(key_to_ask_for("1001", &plain), None, "nothing more is asked for");
        let rules = |rules: &str| -> OrderNumberRules { serde_json::from_str(rules).expect("rules") };
        let (zeros, case, cut, both) = (
            rules(r#"{"ignore-leading-zeros":true}"#),
            rules(r#"{"ignore-case":true}"#),
            rules(r#"{"cut-after":"-"}"#),
            rules(r#"{"prefixes":["Order "],"suffixes":["/DK"]}"#),
        );
        for (number, rules, normal) in [
            ("#1001", &plain, None),
            ("1001", &zeros, None),
            ("#0001001", &zeros, Some("1001")),
            ("WEB1001", &case, None),
            ("web1001", &case, None),
            ("Web1001", &case, Some("web1001")),
            ("#1001", &cut, None),
            ("1001-ab12", &cut, Some("1001")),
            ("Order 1001", &both, None),
            ("1001/DK", &both, None),
            ("Order 1001/DK", &both, Some("1001")),
        ] {
            let key = normal.map(|normal| format!("{BEGINNING}{normal}"));
            assert_eq!(key_of(number, rules), key, "{number}");
            if let Some(normal) = normal {
                assert_eq!(key_to_ask_for(normal, rules), key, "what is written is asked for: {number}");
            }
        }
    }
}
