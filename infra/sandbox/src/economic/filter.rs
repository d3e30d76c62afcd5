//! The filter language of both surfaces, as the live server reads it.
//!
//! `field$eq:value`, joined by `$and:` and `$or:` (`$and:` binds closer), with parentheses. In a value `$` escapes
//! `$ ( ) * ,`; `[` and `]` must not be escaped although the documents say so. Text compares without case.

use super::quirks::{Quirk, Quirks};
use crate::json::Json;
use rust_decimal::Decimal;

/// The most values that `$in:` and `$nin:` take.
const MAX_LIST: usize = 200;

/// Why a filter was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// The field cannot be filtered here.
    Field(String),
    /// The text is not a filter.
    Syntax(String),
}

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// One comparison.
    Test {
        /// The dotted field.
        field: String,
        /// How it is compared.
        operator: Operator,
        /// What it is compared with.
        values: Vec<Value>,
    },
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `$eq:`
    Equal,
    /// `$ne:`
    NotEqual,
    /// `$gt:`
    Greater,
    /// `$gte:`
    GreaterOrEqual,
    /// `$lt:`
    Less,
    /// `$lte:`
    LessOrEqual,
    /// `$like:`: contains, or a pattern with `*`
    Like,
    /// `$in:[...]`
    In,
    /// `$nin:[...]`
    NotIn,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("$eq:", Operator::Equal),
    ("$ne:", Operator::NotEqual),
    ("$gte:", Operator::GreaterOrEqual),
    ("$gt:", Operator::Greater),
    ("$lte:", Operator::LessOrEqual),
    ("$lt:", Operator::Less),
    ("$like:", Operator::Like),
    ("$in:", Operator::In),
    ("$nin:", Operator::NotIn),
];

/// A value of a filter after unescaping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The characters; nothing stands for an unescaped `*`.
    pieces: Vec<Option<char>>,
    /// `$null:`
    null: bool,
    /// Holds an escaped bracket, so that it matches nothing.
    never: bool,
}

impl Value {
    fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.unwrap_or('*')).collect()
    }
}

/// Parses a filter. `allowed` are the fields that may stand in it.
pub fn parse(text: &str, allowed: &[&str], quirks: &Quirks) -> Result<Filter, FilterError> {
    let mut parser = Parser { text, position: 0, allowed, quirks };
    let filter = parser.any(0)?;
    if parser.rest().is_empty() { Ok(filter) } else { Err(parser.fail("unexpected text")) }
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
    allowed: &'a [&'a str],
    quirks: &'a Quirks,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn fail(&self, what: &str) -> FilterError {
        FilterError::Syntax(format!("{what} at character {}", self.position))
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.position += token.len();
        }
        found
    }

    fn any(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.take("$or:") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.one(depth)?];
        while self.take("$and:") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > 32 {
            return Err(self.fail("nested too deep"));
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err(self.fail("missing closing parenthesis")) };
        }
        self.test(depth)
    }

    fn test(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let length = self.rest().find('$').ok_or_else(|| self.fail("missing operator"))?;
        if length == 0 {
            return Err(self.fail("missing field"));
        }
        let field = self.rest()[..length].to_string();
        self.position += length;
        if !self.allowed.iter().any(|name| name.eq_ignore_ascii_case(&field)) {
            return Err(FilterError::Field(field));
        }
        let found = OPERATORS.iter().find(|(token, _)| self.rest().starts_with(token));
        let (token, operator) = *found.ok_or_else(|| self.fail("unknown operator"))?;
        self.position += token.len();
        let values = match operator {
            Operator::In | Operator::NotIn => self.list(depth)?,
            _ => vec![self.value(depth, false)?],
        };
        Ok(Filter::Test { field, operator, values })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, FilterError> {
        if !self.take("[") {
            return Err(self.fail("expected ["));
        }
        let mut values = vec![self.value(depth, true)?];
        while self.take(",") {
            values.push(self.value(depth, true)?);
        }
        if !self.take("]") {
            return Err(self.fail("expected ]"));
        }
        if values.len() > MAX_LIST {
            return Err(self.fail("more than 200 values"));
        }
        Ok(values)
    }

    fn value(&mut self, depth: usize, in_list: bool) -> Result<Value, FilterError> {
        if self.take("$null:") {
            return Ok(Value { null: true, ..Value::default() });
        }
        let mut value = Value::default();
        while let Some(character) = self.rest().chars().next() {
            let ends = match character {
                '$' => self.rest().starts_with("$and:") || self.rest().starts_with("$or:"),
                ')' => depth > 0,
                ',' | ']' => in_list,
                _ => false,
            };
            if ends {
                break;
            }
            self.position += character.len_utf8();
            match character {
                '$' => self.escaped(&mut value)?,
                '*' => value.pieces.push(None),
                ')' if self.quirks.has(Quirk::UnescapedFilterCharactersAreRefused) => {
                    return Err(self.fail("unescaped )"));
                }
                _ => value.pieces.push(Some(character)),
            }
        }
        Ok(value)
    }

    fn escaped(&mut self, value: &mut Value) -> Result<(), FilterError> {
        let next = self.rest().chars().next();
        match next {
            Some(character @ ('$' | '(' | ')' | '*' | ',')) => value.pieces.push(Some(character)),
            Some(character @ ('[' | ']')) => {
                value.never |= self.quirks.has(Quirk::EscapedBracketsMatchNothing);
                value.pieces.push(Some(character));
            }
            _ if self.quirks.has(Quirk::UnescapedFilterCharactersAreRefused) => {
                return Err(self.fail("unescaped $"));
            }
            _ => {
                value.pieces.push(Some('$'));
                return Ok(());
            }
        }
        self.position += 1;
        Ok(())
    }
}

impl Filter {
    /// Whether an item passes.
    pub fn matches(&self, item: &Json) -> bool {
        match self {
            Filter::And(parts) => parts.iter().all(|part| part.matches(item)),
            Filter::Or(parts) => parts.iter().any(|part| part.matches(item)),
            Filter::Test { field, operator, values } => test(item.path(field), *operator, values),
        }
    }

    /// The fields named in the filter.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().flat_map(Filter::fields).collect(),
            Filter::Test { field, .. } => vec![field],
        }
    }
}

fn test(found: Option<&Json>, operator: Operator, values: &[Value]) -> bool {
    let equal = |value: &Value| equals(found, value);
    let first = &values[0];
    match operator {
        Operator::Equal => equal(first),
        Operator::NotEqual => !equal(first),
        Operator::In => values.iter().any(equal),
        Operator::NotIn => !values.iter().any(equal),
        Operator::Like => !first.never && found.and_then(Json::as_text).is_some_and(|text| like(text, first)),
        Operator::Greater => compare(found, first).is_some_and(|order| order.is_gt()),
        Operator::GreaterOrEqual => compare(found, first).is_some_and(|order| order.is_ge()),
        Operator::Less => compare(found, first).is_some_and(|order| order.is_lt()),
        Operator::LessOrEqual => compare(found, first).is_some_and(|order| order.is_le()),
    }
}

fn equals(found: Option<&Json>, value: &Value) -> bool {
    let found = found.filter(|json| !json.is_null());
    if value.null {
        return found.is_none();
    }
    compare(found, value).is_some_and(|order| order.is_eq())
}

fn compare(found: Option<&Json>, value: &Value) -> Option<std::cmp::Ordering> {
    if value.never || value.null {
        return None;
    }
    let wanted = value.text();
    match found? {
        Json::String(text) => Some(text.to_lowercase().cmp(&wanted.to_lowercase())),
        Json::Bool(truth) => wanted.parse::<bool>().ok().map(|wanted| truth.cmp(&wanted)),
        number @ Json::Number(_) => Some(number.as_decimal()?.cmp(&wanted.parse::<Decimal>().ok()?)),
        _ => None,
    }
}

fn like(text: &str, value: &Value) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let mut pattern: Vec<Option<char>> = Vec::new();
    for piece in &value.pieces {
        match piece {
            None => pattern.push(None),
            Some(character) => pattern.extend(character.to_lowercase().map(Some)),
        }
    }
    if !pattern.contains(&None) {
        pattern.insert(0, None);
        pattern.push(None);
    }
    wild(&text, &pattern)
}

/// Matches greedily with one remembered wildcard, so in time of the product of both lengths.
fn wild(text: &[char], pattern: &[Option<char>]) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(next) {
            Some(None) => {
                retry = Some((next, at));
                next += 1;
            }
            Some(Some(character)) if *character == text[at] => {
                at += 1;
                next += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    retry = Some((star, from + 1));
                    next = star + 1;
                    at = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[next..].iter().all(Option::is_none)
}
