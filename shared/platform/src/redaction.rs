//! Keeps secrets, card numbers and mail addresses out of whatever leaves this process as a log line, an error or a report.
//!
//! Code does not log such things on purpose; this is for the times when a vendor puts them into an error text. It works on
//! the finished text, so nothing can slip past it in a field that nobody thought of.

use std::borrow::Cow;
use std::sync::{OnceLock, PoisonError, RwLock};

use domain::plan::{MASKED_ADDRESS, Reason};

/// How many secrets are remembered; a process serves a bounded number of connections.
const SECRETS: usize = 10_000;
/// Shorter texts are no secrets, and masking them would tear ordinary words apart.
const SHORTEST_SECRET: usize = 6;

fn secrets() -> &'static RwLock<Vec<String>> {
    static SECRETS: OnceLock<RwLock<Vec<String>>> = OnceLock::new();
    SECRETS.get_or_init(RwLock::default)
}

/// From now on this text is masked wherever it turns up. Called for every secret that is opened.
pub fn guard(secret: &str) {
    if secret.len() < SHORTEST_SECRET {
        return;
    }
    let mut known = secrets().write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < SECRETS && !known.iter().any(|other| other == secret) {
        known.push(secret.to_owned());
    }
}

/// The text without known secrets, mail addresses and card numbers.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = Cow::Borrowed(text);
    for secret in secrets().read().unwrap_or_else(PoisonError::into_inner).iter() {
        if redacted.contains(secret.as_str()) {
            redacted = Cow::Owned(redacted.replace(secret.as_str(), "[secret]"));
        }
    }
    if redacted.contains('@') {
        redacted =
            Cow::Owned(mask_words(&redacted, is_address_character, looks_like_address, MASKED_ADDRESS));
    }
    if has_long_number(&redacted) {
        redacted = Cow::Owned(mask_words(&redacted, is_card_character, looks_like_card, "[card number]"));
    }
    redacted
}

/// A reason without mail addresses: what another system says may quote one, and a reason stands unsealed.
pub fn without_addresses(reason: &Reason) -> Reason {
    let facts = reason.facts.iter().map(|(name, fact)| (name.clone(), without_address(fact)));
    Reason { code: reason.code.clone(), facts: facts.collect() }
}

/// A fact of a reason without mail addresses.
pub fn without_address(fact: &str) -> String {
    if !fact.contains('@') {
        return fact.to_owned();
    }
    mask_words(fact, is_address_character, looks_like_address, MASKED_ADDRESS)
}

/// Replaces each run of `belongs` characters that `is_hit` with `mask`.
fn mask_words(text: &str, belongs: fn(char) -> bool, is_hit: fn(&str) -> bool, mask: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(belongs) {
        masked.push_str(&rest[..start]);
        let run = &rest[start..];
        let end = run.find(|character| !belongs(character)).unwrap_or(run.len());
        let word = &run[..end];
        masked.push_str(if is_hit(word) { mask } else { word });
        rest = &run[end..];
    }
    masked.push_str(rest);
    masked
}

fn is_address_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '@' | '.' | '_' | '-' | '+' | '%' | '\'')
}

fn looks_like_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.trim_end_matches(['.', '\'']).contains(|c: char| c.is_alphanumeric())
    })
}

fn is_card_character(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, ' ' | '-')
}

fn has_long_number(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() >= 15
}

/// Cards have 15 to 19 digits of which the last is a check digit. Shops' ids of 13 digits are left alone.
fn looks_like_card(word: &str) -> bool {
    let digits: Vec<u32> = word.chars().filter_map(|character| character.to_digit(10)).collect();
    if !(15..=19).contains(&digits.len()) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_seen_is_masked_and_the_rest_is_left() {
        guard("ck_canary_0f9e8d7c6b5a");
        for (text, shown) in [
            ("order 5678901234567 is busy", "order 5678901234567 is busy"),
            ("key ck_canary_0f9e8d7c6b5a refused", "key [secret] refused"),
            (r#"{"email":"anna.b+shop@example.co.uk"}"#, r#"{"email":"[mail address]"}"#),
            ("no customer anna@example.dk.", "no customer [mail address]"),
            ("paid with 4111 1111 1111 1111", "paid with[card number]"),
            ("paid with 4111-1111-1111-1111!", "paid with[card number]!"),
            ("paid with '378282246310005'", "paid with '[card number]'"),
            ("at 2026-11-23 19:37:12.123456", "at 2026-11-23 19:37:12.123456"),
            ("mention @ nobody", "mention @ nobody"),
        ] {
            assert_eq!(redact(text), shown, "{text}");
        }
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(redact("nothing to hide"), Cow::Borrowed(_)));
    }
}
