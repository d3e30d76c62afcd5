//! A JSON value that keeps the decimal text of its numbers and the order of its keys.
//!
//! An oracle about money must see `79.9900` as it was sent, and must be able to give back a captured body byte for byte.
//! `serde_json::Value` can do neither without features that change the whole build, so the stand-ins have a value of their own.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Write as _;

/// The deepest nesting that [`Json::parse`] accepts.
const MAX_DEPTH: usize = 64;

/// A JSON value. Numbers are kept as their text; objects keep the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as its text.
    Number(String),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, keys in the order they were written; a later duplicate replaces an earlier one.
    Object(Vec<(String, Json)>),
}

/// Builds a [`Json::Object`] from `"key": value` pairs; the values are anything that converts into [`Json`].
#[macro_export]
macro_rules! object {
    ($($key:tt : $value:expr),* $(,)?) => {
        $crate::json::Json::Object(vec![$(($key.to_string(), $crate::json::Json::from($value))),*])
    };
}

impl Json {
    /// Parses a whole text; says where and why it is not JSON.
    pub fn parse(text: &[u8]) -> Result<Json, String> {
        let text = std::str::from_utf8(text)
            .map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()))?;
        let mut parser = Parser { text: text.as_bytes(), position: 0 };
        let value = parser.value(0)?;
        parser.skip_space();
        if parser.position < parser.text.len() {
            return Err(format!("text after the value at byte {}", parser.position));
        }
        Ok(value)
    }

    /// The value under a key of an object; nothing for a missing key or another kind of value.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value under a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json> {
        match self {
            Json::Object(fields) => fields.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value under a dotted path, such as `recipient.vatZone.vatZoneNumber`.
    pub fn path(&self, path: &str) -> Option<&Json> {
        path.split('.').try_fold(self, |value, key| value.get(key))
    }

    /// The text under a path; nothing when it is missing or not a string.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.path(path) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The whole number under a path.
    pub fn integer(&self, path: &str) -> Option<i64> {
        self.path(path)?.as_integer()
    }

    /// The decimal number under a path.
    pub fn decimal(&self, path: &str) -> Option<Decimal> {
        self.path(path)?.as_decimal()
    }

    /// The items of an array under a path; empty when there is none.
    pub fn items(&self, path: &str) -> &[Json] {
        match self.path(path) {
            Some(Json::Array(items)) => items,
            _ => &[],
        }
    }

    /// This value as text, if it is a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// This value as a whole number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// This value as a decimal, if it is a number that fits one.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Json::Number(text) => {
                Decimal::from_str_exact(text).ok().or_else(|| Decimal::from_scientific(text).ok())
            }
            _ => None,
        }
    }

    /// This value as a truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    /// Sets a key of an object, in its place or at the end. Anything but an object becomes an object first.
    pub fn set(&mut self, key: &str, value: impl Into<Json>) {
        if !matches!(self, Json::Object(_)) {
            *self = Json::Object(Vec::new());
        }
        let value = value.into();
        match self.get_mut(key) {
            Some(place) => *place = value,
            None => {
                if let Json::Object(fields) = self {
                    fields.push((key.to_string(), value));
                }
            }
        }
    }

    /// Removes a key of an object and gives back what was there.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        match self {
            Json::Object(fields) => {
                let position = fields.iter().position(|(name, _)| name == key)?;
                Some(fields.remove(position).1)
            }
            _ => None,
        }
    }

    /// A number with exactly so many decimals.
    pub fn fixed(value: Decimal, decimals: u32) -> Json {
        let mut value = value;
        value.rescale(decimals);
        Json::Number(value.to_string())
    }

    /// Compact text as PHP's `json_encode` writes it: `\/` and everything outside ASCII escaped.
    pub fn to_php(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, true);
        text
    }

    fn write(&self, out: &mut String, php: bool) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Json::Number(text) => out.push_str(text),
            Json::String(text) => write_string(out, text, php),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out, php);
                }
                out.push(']');
            }
            Json::Object(fields) => {
                out.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(out, key, php);
                    out.push(':');
                    value.write(out, php);
                }
                out.push('}');
            }
        }
    }
}

/// Compact text, UTF-8.
impl std::fmt::Display for Json {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        self.write(&mut text, false);
        formatter.write_str(&text)
    }
}

fn write_string(out: &mut String, text: &str, php: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '/' if php => out.push_str("\\/"),
            _ if (character as u32) < 0x20 || (php && !character.is_ascii()) => {
                let mut units = [0u16; 2];
                for unit in character.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

struct Parser<'a> {
    text: &'a [u8],
    position: usize,
}

impl Parser<'_> {
    fn fail<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("{what} at byte {}", self.position))
    }

    fn skip_space(&mut self) {
        while self.text.get(self.position).is_some_and(|byte| b" \t\r\n".contains(byte)) {
            self.position += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.get(self.position).copied()
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > MAX_DEPTH {
            return self.fail("nested too deep");
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.fail("expected a value"),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, String> {
        if !self.text[self.position..].starts_with(word.as_bytes()) {
            return self.fail("expected a value");
        }
        self.position += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        self.position += 1;
        let mut object = Json::Object(Vec::new());
        if self.peek() == Some(b'}') {
            self.position += 1;
            return Ok(object);
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail("expected a key");
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return self.fail("expected a colon");
            }
            self.position += 1;
            let value = self.value(depth + 1)?;
            object.set(&key, value);
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b'}') => {
                    self.position += 1;
                    return Ok(object);
                }
                _ => return self.fail("expected a comma or a closing brace"),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, String> {
        self.position += 1;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.position += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b']') => {
                    self.position += 1;
                    return Ok(Json::Array(items));
                }
                _ => return self.fail("expected a comma or a closing bracket"),
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.position;
        while self.text.get(self.position).is_some_and(u8::is_ascii_digit) {
            self.position += 1;
        }
        self.position - start
    }

    fn number(&mut self) -> Result<Json, String> {
        let start = self.position;
        if self.text[self.position] == b'-' {
            self.position += 1;
        }
        let leading_zero = self.text.get(self.position) == Some(&b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return self.fail("malformed number");
        }
        if self.text.get(self.position) == Some(&b'.') {
            self.position += 1;
            if self.digits() == 0 {
                return self.fail("malformed number");
            }
        }
        if matches!(self.text.get(self.position), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.text.get(self.position), Some(b'+' | b'-')) {
                self.position += 1;
            }
            if self.digits() == 0 {
                return self.fail("malformed number");
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.position]).unwrap_or_default();
        Ok(Json::Number(text.to_string()))
    }

    fn string(&mut self) -> Result<String, String> {
        self.position += 1;
        let mut bytes = Vec::new();
        loop {
            match self.text.get(self.position) {
                None => return self.fail("unfinished string"),
                Some(b'"') => {
                    self.position += 1;
                    return String::from_utf8(bytes).or_else(|_| self.fail("malformed text"));
                }
                Some(b'\\') => {
                    self.position += 1;
                    let character = self.escape()?;
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(byte) if *byte < 0x20 => return self.fail("control character in a string"),
                Some(byte) => {
                    bytes.push(*byte);
                    self.position += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let Some(byte) = self.text.get(self.position).copied() else {
            return self.fail("unfinished escape");
        };
        self.position += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return self.fail("unknown escape"),
        })
    }

    fn unit(&mut self) -> Result<u32, String> {
        let text =
            self.text.get(self.position..self.position + 4).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let unit =
            text.filter(|text| !text.starts_with('+')).and_then(|text| u32::from_str_radix(text, 16).ok());
        self.position += 4;
        unit.map_or_else(|| self.fail("malformed unicode escape"), Ok)
    }

    fn unicode(&mut self) -> Result<char, String> {
        let first = self.unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).map_or_else(|| self.fail("lone surrogate"), Ok);
        }
        if self.text.get(self.position..self.position + 2) != Some(b"\\u") {
            return self.fail("lone surrogate");
        }
        self.position += 2;
        let second = self.unit()?;
        if !(0xdc00..0xe000).contains(&second) {
            return self.fail("lone surrogate");
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            .map_or_else(|| self.fail("lone surrogate"), Ok)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::String(text.to_string())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::String(text)
    }
}

impl From<&String> for Json {
    fn from(text: &String) -> Json {
        Json::String(text.clone())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

impl From<Decimal> for Json {
    fn from(value: Decimal) -> Json {
        Json::Number(value.to_string())
    }
}

impl From<&Json> for Json {
    fn from(value: &Json) -> Json {
        value.clone()
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Json {
        Json::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Json {
        value.map_or(Json::Null, Into::into)
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Json {
            fn from(value: $integer) -> Json {
                Json::Number(value.to_string())
            }
        }
    )*};
}

from_integer!(i32, i64, u16, u32, u64, usize);

/// Saved as its text, so that number texts and key order survive.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        let text = String::deserialize(deserializer)?;
        Json::parse(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}
