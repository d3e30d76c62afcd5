//! HTML entities, which WordPress puts where nobody expects them: in webhook secrets and in names.

use std::borrow::Cow;

/// What `wp_specialchars_decode` with `ENT_QUOTES` knows; WooCommerce applies it to a webhook's secret before it signs.
const SPECIAL: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("#039", '\''),
    ("#39", '\''),
    ("#x27", '\''),
    ("#034", '"'),
    ("#34", '"'),
    ("#x22", '"'),
    ("#038", '&'),
    ("#38", '&'),
    ("#x26", '&'),
    ("#060", '<'),
    ("#60", '<'),
    ("#x3c", '<'),
    ("#062", '>'),
    ("#62", '>'),
    ("#x3e", '>'),
];

/// What editors and themes add in names.
const TYPOGRAPHY: &[(&str, char)] = &[
    ("nbsp", ' '),
    ("ndash", '–'),
    ("mdash", '—'),
    ("times", '×'),
    ("hellip", '…'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("aring", 'å'),
    ("Aring", 'Å'),
    ("oslash", 'ø'),
    ("Oslash", 'Ø'),
    ("aelig", 'æ'),
    ("AElig", 'Æ'),
    ("apos", '\''),
];

/// Longest entity that is looked for, without `&` and `;`.
const LONGEST: usize = 8;

/// A webhook secret as WooCommerce signs with it.
pub(super) fn decode_secret(text: &str) -> Cow<'_, str> {
    decode(text, |name| lookup(SPECIAL, name))
}

/// A name as a person reads it.
pub(super) fn decode_name(text: &str) -> Cow<'_, str> {
    decode(text, |name| lookup(SPECIAL, name).or_else(|| lookup(TYPOGRAPHY, name)).or_else(|| numeric(name)))
}

fn lookup(table: &[(&str, char)], name: &str) -> Option<char> {
    table.iter().find(|(known, _)| *known == name).map(|(_, character)| *character)
}

fn numeric(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code).filter(|character| !character.is_control())
}

/// Replaces each entity once, from left to right: `&amp;lt;` becomes `&lt;`, not `<`.
fn decode(text: &str, find: impl Fn(&str) -> Option<char>) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        let found = after
            .find(';')
            .filter(|end| *end <= LONGEST)
            .and_then(|end| find(&after[..end]).map(|character| (character, end)));
        match found {
            Some((character, end)) => {
                decoded.push(character);
                rest = &after[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_once() {
        for (text, secret, name) in [
            ("plain", "plain", "plain"),
            ("a&amp;b&lt;c", "a&b<c", "a&b<c"),
            ("a&b<c", "a&b<c", "a&b<c"),
            ("&amp;lt;", "&lt;", "&lt;"),
            ("&quot;&#039;&#39;&gt;", "\"''>", "\"''>"),
            ("Kop &ndash; bl&aring; &#8211; &#xE5;", "Kop &ndash; bl&aring; &#8211; &#xE5;", "Kop – blå – å"),
            ("&;&unknown;&#0;&#1114112;&", "&;&unknown;&#0;&#1114112;&", "&;&unknown;&#0;&#1114112;&"),
            ("&æ;&&amp;", "&æ;&&", "&æ;&&"),
        ] {
            assert_eq!(decode_secret(text), secret, "{text}");
            assert_eq!(decode_name(text), name, "{text}");
        }
    }
}
