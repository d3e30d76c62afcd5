//! Reading the JSON of outside systems: exact, bounded, and tolerant only where real systems are loose.
//!
//! Amounts are taken from their decimal text, whether the system writes them as text or as numbers, and never pass
//! through a binary float. Ids and words come as text, numbers, `null`, `false` or empty lists, whatever the system's
//! language made of "nothing" that day. A field that comes twice is refused, unknown fields are passed over, and every
//! refusal names the place.

use std::borrow::Cow;
use std::fmt;

use domain::Failure;
use domain::money::parse_decimal;
use rust_decimal::Decimal;
use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::http::Call;

/// Longest order that is read, in bytes. Orders are some kilobytes; the largest real ones stay below one megabyte.
pub const LONGEST_ORDER: usize = 4 * 1024 * 1024;
/// Most lines on one order (goods, freight and fees together).
pub const MOST_LINES: usize = 2_000;
/// Most extra fields that are kept of one order; further ones are passed over.
pub const MOST_FIELDS: usize = 200;
/// Longest value of an extra field that is kept, in bytes; longer ones are passed over.
pub const LONGEST_FIELD: usize = 500;
/// Longest text that is read as an id, a number or an amount, in bytes.
const LONGEST_NUMBER: usize = 40;

/// A refusal that says what is wrong with what was sent.
pub fn rejected(code: &str, message: impl Into<String>) -> Failure {
    Failure::Rejected { code: Some(code.to_owned()), message: message.into() }
}

/// Reads a whole JSON text of at most [`LONGEST_ORDER`] bytes.
///
/// # Errors
/// `Rejected` with the path of the value that cannot be read; the value itself is not repeated, since it may be personal.
pub fn read<'a, T: Deserialize<'a>>(what: &str, text: &'a str) -> Result<T, Failure> {
    if text.len() > LONGEST_ORDER {
        return Err(rejected(
            "too-large",
            format!("{what} is {} bytes long, at most {LONGEST_ORDER} are read", text.len()),
        ));
    }
    read_answer(what, text)
}

/// Reads a whole JSON text that the transport has bounded already, such as a page of a list.
///
/// # Errors
/// As [`read`].
pub fn read_answer<'a, T: Deserialize<'a>>(what: &str, text: &'a str) -> Result<T, Failure> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(&mut reader).map_err(|_| unread::<T>(what, text))?;
    reader.end().map_err(|_| rejected("unreadable", format!("{what} goes on after its end")))?;
    Ok(value)
}

/// Reads a whole answer to a call.
///
/// # Errors
/// As [`read`]; what [`unless_whole`] takes for no answer is `Busy` for a read and `Unknown` for a write.
pub fn read_reply<'a, T: Deserialize<'a>>(call: Call, what: &str, text: &'a str) -> Result<T, Failure> {
    read_answer(what, text).map_err(|failure| unless_whole(call, text, failure))
}

/// What the failure to read an answer means: an answer that was cut short on its way, or has something else in it, is no
/// answer of the system and may be asked for again. One that is whole and means something else keeps its failure, and so
/// does one that is nested deeper than anything real.
pub fn unless_whole(call: Call, text: &str, failure: Failure) -> Failure {
    match serde_json::from_str::<IgnoredAny>(text) {
        Err(error) if error.is_eof() => call.unanswered("the answer was cut short", None),
        Err(error) if error.is_syntax() && !error.to_string().starts_with("recursion limit") => {
            call.unanswered("the answer is not JSON", None)
        }
        _ => failure,
    }
}

/// Reads a text that does not read once more, and says where it fails: keeping track of the place costs as much as the
/// reading, so only what fails is read so.
fn unread<'a, T: Deserialize<'a>>(what: &str, text: &'a str) -> Failure {
    let mut reader = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => rejected("unreadable", format!("{what} cannot be read")),
        Err(error) => {
            let path = error.path().to_string();
            let inner = error.into_inner();
            rejected("unreadable", format!("{what} cannot be read at {path}: {}", without_value(&inner)))
        }
    }
}

/// Reads a whole JSON text from bytes.
///
/// # Errors
/// As [`read`]; and `Rejected` for bytes that are not UTF-8.
pub fn read_bytes<'a, T: Deserialize<'a>>(what: &str, bytes: &'a [u8]) -> Result<T, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        rejected("unreadable", format!("{what} is not UTF-8 after byte {}", error.valid_up_to()))
    })?;
    read(what, text)
}

/// serde's messages repeat the offending text in their first words (`invalid type: string "..."`).
fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(": ") {
        Some((kind @ ("invalid type" | "invalid value" | "unknown variant"), rest)) => {
            match rest.rsplit_once("expected ") {
                Some((_, expected)) => format!("{kind}, expected {expected}"),
                None => kind.to_owned(),
            }
        }
        _ => crate::http::clean(&text),
    }
}

/// An amount in the system's own decimal text; `None` for `null`, `""` and a missing field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount(pub Option<Decimal>);

impl Amount {
    /// The amount, or zero when there is none.
    pub fn or_zero(self) -> Decimal {
        self.0.unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if raw == "null" || raw == "\"\"" {
            return Ok(Amount(None));
        }
        let text = match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => inner,
            None if raw.starts_with(['[', '{', 't', 'f']) => {
                return Err(D::Error::custom("not a decimal amount"));
            }
            None => raw,
        };
        parse_decimal(text)
            .map(|value| Amount(Some(value)))
            .map_err(|_| D::Error::custom("not a decimal amount"))
    }
}

/// An id or count: a whole number as number or text, kept as text; empty for `null`, `""`, `false` and a missing field.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if matches!(raw, "null" | "\"\"" | "false") {
            return Ok(Id::default());
        }
        let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
        let digits = text.strip_prefix('-').unwrap_or(text);
        let whole = !digits.is_empty()
            && digits.len() < LONGEST_NUMBER
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole { Ok(Id(Cow::Borrowed(text))) } else { Err(D::Error::custom("not a whole number")) }
    }
}

impl Id<'_> {
    /// The id as text; `None` when there is none or it is 0, which systems use for "none".
    pub fn given(&self) -> Option<&str> {
        Some(&*self.0).filter(|text| !text.is_empty() && *text != "0")
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Words: text as it is; numbers and `true` by their text; empty for `null`, `false`, lists, objects and a missing field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(match raw.as_bytes().first() {
            Some(b'"') => {
                let Quoted(text) =
                    serde_json::from_str(raw).map_err(|_| D::Error::custom("not a readable text"))?;
                Text(text)
            }
            Some(b'[' | b'{' | b'n' | b'f') | None => Text::default(),
            Some(_) => Text(Cow::Borrowed(raw)),
        })
    }
}

impl Text<'_> {
    /// The text without spaces around it.
    pub fn trimmed(&self) -> &str {
        self.0.trim()
    }

    /// The text without spaces around it, when there is any.
    pub fn given(&self) -> Option<&str> {
        Some(self.trimmed()).filter(|text| !text.is_empty())
    }

    /// The text without spaces around it, owned.
    pub fn owned(&self) -> String {
        self.trimmed().to_owned()
    }
}

/// A JSON string, borrowed where it holds no escapes.
struct Quoted<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Quoted<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Reader).map(Quoted)
    }
}

/// Yes or no: `true`, `1`, `"1"`, `"yes"` and `"true"` are yes, all else is no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Flag(matches!(raw.trim_matches('"'), "true" | "1" | "yes")))
    }
}

/// A list: also `null`, `""`, `false` and a missing field for an empty one, and an object's values for a list, since PHP
/// writes a list with gaps as an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        List(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
                if value { Err(E::custom("not a list")) } else { Ok(Vec::new()) }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                if text.is_empty() { Ok(Vec::new()) } else { Err(E::custom("not a list")) }
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    bounded::<_, A::Error>(&list)?;
                    list.push(item);
                }
                Ok(list)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some((_, item)) = items.next_entry::<serde::de::IgnoredAny, T>()? {
                    bounded::<_, A::Error>(&list)?;
                    list.push(item);
                }
                Ok(list)
            }
        }
        deserializer.deserialize_any(Reader(std::marker::PhantomData)).map(List)
    }
}

fn bounded<T, E: Error>(list: &[T]) -> Result<(), E> {
    if list.len() < MOST_LINES { Ok(()) } else { Err(E::custom(format!("more than {MOST_LINES} items"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample<'a> {
        #[serde(default)]
        amount: Amount,
        #[serde(borrow, default)]
        id: Id<'a>,
        #[serde(borrow, default)]
        text: Text<'a>,
        #[serde(default)]
        flag: Flag,
        #[serde(borrow, default)]
        list: List<Id<'a>>,
    }

    fn refusal(text: &str) -> String {
        match read::<Sample<'_>>("the sample", text) {
            Ok(_) => panic!("{text} was read"),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn amounts_keep_their_decimal_text() {
        for (json, amount) in [
            ("{}", None),
            (r#"{"amount":null}"#, None),
            (r#"{"amount":""}"#, None),
            (r#"{"amount":"119.96"}"#, Some("119.96")),
            (r#"{"amount":0.7919999999999999}"#, Some("0.7919999999999999")),
            (r#"{"amount":-25}"#, Some("-25")),
            (r#"{"amount":"9007199254740993.01"}"#, Some("9007199254740993.01")),
        ] {
            let sample: Sample<'_> = read("the sample", json).expect("it is read");
            assert_eq!(sample.amount.0.map(|value| value.to_string()).as_deref(), amount, "{json}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_place_and_without_its_value() {
        for json in [
            r#"{"amount":"NaN"}"#,
            r#"{"amount":"secret words"}"#,
            r#"{"amount":"1e5"}"#,
            r#"{"amount":1e5}"#,
            r#"{"amount":"1,25"}"#,
            r#"{"amount":" 1.25"}"#,
            r#"{"amount":"\u0031"}"#,
            r#"{"amount":true}"#,
            r#"{"amount":{"value":1}}"#,
            r#"{"amount":99999999999999999999999999999999}"#,
        ] {
            let said = refusal(json);
            assert!(said.contains(" at amount: not a decimal amount"), "{json}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        let said = refusal(r#"{"amount":"1.00","amount":"2.00"}"#);
        assert!(said.contains("duplicate field"), "{said}");
    }

    #[test]
    fn ids_are_never_floats() {
        for (json, id) in [
            (r#"{"id":820982911946154508}"#, "820982911946154508"),
            (r#"{"id":"820982911946154509"}"#, "820982911946154509"),
            (r#"{"id":null}"#, ""),
        ] {
            let sample: Sample<'_> = read("the sample", json).expect("it is read");
            assert_eq!(sample.id.0, id);
        }
        for json in [r#"{"id":1.5}"#, r#"{"id":1e3}"#, r#"{"id":"../1"}"#, r#"{"id":"4216043012249-fake"}"#] {
            assert!(refusal(json).contains(" at id: not a whole number"), "{json}");
        }
    }

    #[test]
    fn nothing_has_many_forms() {
        for nothing in ["null", "false", "\"\"", "[]", "{}"] {
            let json = format!("{{\"text\":{nothing},\"flag\":{nothing},\"list\":{nothing}}}");
            let sample: Sample<'_> = read("the sample", &json).expect("it is read");
            assert_eq!((&*sample.text.0, sample.flag.0, sample.list.0.len()), ("", false, 0), "{json}");
        }
        let gaps: Sample<'_> = read("the sample", r#"{"list":{"0":4,"2":"5"}}"#).expect("it is read");
        assert_eq!(gaps.list.0.iter().map(|id| &*id.0).collect::<Vec<_>>(), ["4", "5"]);
    }

    #[test]
    fn escapes_are_read_and_broken_ones_refused() {
        let sample: Sample<'_> =
            read("the sample", r#"{"text":" \u00c5se\/S\u00f8n "}"#).expect("it is read");
        assert_eq!(sample.text.trimmed(), "Åse/Søn");
        assert!(refusal(r#"{"text":"\ud800"}"#).contains("at text"));
    }

    #[test]
    fn bad_bytes_and_sizes_are_refused() {
        let said = read_bytes::<Sample<'_>>("the sample", b"{\"text\":\"\xff\"}").err().expect("not UTF-8");
        assert!(said.to_string().contains("not UTF-8 after byte 9"), "{said}");
        assert!(refusal(&format!("{{\"text\":\"{}\"}}", "x".repeat(LONGEST_ORDER))).contains("bytes long"));
        assert!(
            refusal(&format!("{{\"list\":[{}1]}}", "1,".repeat(10_000))).contains("more than 2000 items")
        );
        assert!(refusal(&"[".repeat(100_000)).contains("cannot be read"));
        assert!(refusal(&format!("{{\"list\":{}", "[".repeat(100_000))).contains("cannot be read"));
        assert!(refusal("{} {}").contains("goes on after its end"));
        assert!(refusal("").contains("cannot be read"));
    }
}
