//! Money that cannot lie: whole minor units with their currency, checked arithmetic, exact decimal text in and out. A minor
//! unit is a hundredth also in currencies that are charged without decimals, since ledgers reckon so.
//!
//! No float comes near an amount. Adding different currencies is an error, not a conversion; splitting an amount always
//! adds up to the amount again.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency that Bogbro knows the minor unit of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    decimals: u8,
}

/// Currencies by number of decimals (ISO 4217). A currency that is not listed here is refused, never guessed.
const CURRENCIES: &[(&[u8; 3], u8)] = &[
    (b"AED", 2),
    (b"ALL", 2),
    (b"ARS", 2),
    (b"AUD", 2),
    (b"BAM", 2),
    (b"BGN", 2),
    (b"BHD", 3),
    (b"BRL", 2),
    (b"CAD", 2),
    (b"CHF", 2),
    (b"CLP", 0),
    (b"CNY", 2),
    (b"COP", 2),
    (b"CZK", 2),
    (b"DKK", 2),
    (b"EGP", 2),
    (b"EUR", 2),
    (b"GBP", 2),
    (b"GEL", 2),
    (b"HKD", 2),
    (b"HUF", 2),
    (b"IDR", 2),
    (b"ILS", 2),
    (b"INR", 2),
    (b"ISK", 0),
    (b"JOD", 3),
    (b"JPY", 0),
    (b"KRW", 0),
    (b"KWD", 3),
    (b"MAD", 2),
    (b"MKD", 2),
    (b"MXN", 2),
    (b"MYR", 2),
    (b"NOK", 2),
    (b"NZD", 2),
    (b"OMR", 3),
    (b"PHP", 2),
    (b"PLN", 2),
    (b"RON", 2),
    (b"RSD", 2),
    (b"SAR", 2),
    (b"SEK", 2),
    (b"SGD", 2),
    (b"THB", 2),
    (b"TND", 3),
    (b"TRY", 2),
    (b"TWD", 2),
    (b"UAH", 2),
    (b"USD", 2),
    (b"VND", 0),
    (b"ZAR", 2),
];

impl Currency {
    /// Danish krone.
    pub const DKK: Currency = Currency { code: *b"DKK", decimals: 2 };
    /// Euro.
    pub const EUR: Currency = Currency { code: *b"EUR", decimals: 2 };

    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// Number of decimals that is charged: 0 for ISK, 2 for DKK, 3 for KWD.
    pub const fn decimals(&self) -> u32 {
        self.decimals as u32
    }

    /// Number of decimals that amounts are kept with: those charged, and at least two, because ledgers reckon with two
    /// decimals in every currency, so VAT of a sale in ISK may end on a fraction of a króna there.
    pub const fn scale(&self) -> u32 {
        if self.decimals < 2 { 2 } else { self.decimals as u32 }
    }

    /// The smallest amount that is charged, in minor units: 1 for DKK, 100 for ISK.
    pub const fn smallest_unit(&self) -> i64 {
        10_i64.pow(self.scale() - self.decimals as u32)
    }

    /// No money in this currency.
    pub const fn zero(self) -> Money {
        Money { minor: 0, currency: self }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        CURRENCIES
            .iter()
            .find(|(code, _)| code.as_slice() == text.as_bytes())
            .map(|(code, decimals)| Currency { code: **code, decimals: *decimals })
            .ok_or_else(|| MoneyError::UnknownCurrency(text.chars().take(12).collect()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "ISO 4217 code, such as DKK", "pattern": "^[A-Z]{3}$" })
    }
}

/// Why an amount could not be made or reckoned with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The currency code is not one Bogbro knows.
    #[error("unknown currency {0:?}")]
    UnknownCurrency(String),
    /// The text is not a plain decimal number.
    #[error("{0:?} is not a decimal amount")]
    NotAnAmount(String),
    /// The amount has more decimals than are kept in the currency.
    #[error("{amount} has more decimals than {currency} has")]
    TooPrecise {
        /// The amount as it was given.
        amount: String,
        /// The currency it was given in.
        currency: Currency,
    },
    /// The amount does not fit in 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// Two currencies met in one sum.
    #[error("{0} and {1} cannot be added")]
    MixedCurrencies(Currency, Currency),
    /// An amount cannot be divided among no weights, or among weights that are negative or all zero.
    #[error("an amount cannot be divided by these weights")]
    BadWeights,
}

/// An amount in whole minor units (øre, cents; hundredths at least) of one currency. Positive or negative; the sign convention is the field's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount from whole minor units.
    pub const fn from_minor(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// An amount from exact decimal text such as `"249.00"` or `"-25"`.
    ///
    /// # Errors
    /// Refuses exponents, separators, spaces, and more decimals than the currency has (trailing zeros are fine).
    #[inline]
    pub fn parse(text: &str, currency: Currency) -> Result<Money, MoneyError> {
        match Money::plain(text, '.', currency) {
            Some(money) => Ok(money),
            None => Money::from_decimal(parse_decimal(text)?, currency),
        }
    }

    /// An amount from short plain text (`-1249.50`), as nearly all amounts are, with that mark before its decimals. `None` says
    /// nothing: everything else, right or wrong, is for a way that reads ten times slower and says what is wrong.
    #[inline]
    pub fn plain(text: &str, mark: char, currency: Currency) -> Option<Money> {
        let mark = u8::try_from(mark).ok().filter(u8::is_ascii_punctuation)?;
        let minor = plain_minor(text.as_bytes(), mark, currency.scale())?;
        Some(Money { minor, currency })
    }

    /// As [`Money::parse`], but more decimals than the currency has are rounded half away from zero. Only for amounts
    /// that a system states with more decimals than it charges; the caller says why.
    pub fn parse_rounded(text: &str, currency: Currency) -> Result<Money, MoneyError> {
        Money::round_decimal(parse_decimal(text)?, currency)
    }

    /// An exact decimal as an amount.
    ///
    /// # Errors
    /// Refuses a decimal that is not a whole number of minor units.
    pub fn from_decimal(value: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        if value.scale() > currency.scale() && value.normalize().scale() > currency.scale() {
            return Err(MoneyError::TooPrecise { amount: value.to_string(), currency });
        }
        Money::round_decimal(value, currency)
    }

    /// The nearest amount to a decimal, half away from zero (the rule of bookkeeping and of every connected system).
    pub fn round_decimal(value: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        if let Some(missing) = currency.scale().checked_sub(value.scale()) {
            // No more decimals than are kept: nothing is rounded.
            let minor = value.mantissa().checked_mul(10_i128.pow(missing)).ok_or(MoneyError::Overflow)?;
            let minor = i64::try_from(minor).map_err(|_| MoneyError::Overflow)?;
            return Ok(Money { minor, currency });
        }
        let rounded = value.round_dp_with_strategy(currency.scale(), RoundingStrategy::MidpointAwayFromZero);
        let factor = Decimal::from(10_i64.pow(currency.scale()));
        let minor = rounded.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        let minor = i64::try_from(minor.trunc().mantissa() / 10_i128.pow(minor.trunc().scale()))
            .map_err(|_| MoneyError::Overflow)?;
        Ok(Money { minor, currency })
    }

    /// The amount as an exact decimal number of major units, with the decimals that are charged where they suffice.
    pub fn to_decimal(self) -> Decimal {
        let unit = self.currency.smallest_unit();
        if unit > 1 && self.minor % unit == 0 {
            return Decimal::new(self.minor / unit, self.currency.decimals());
        }
        Decimal::new(self.minor, self.currency.scale())
    }

    /// Whole minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// True for no money.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// True below zero.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The amount with the other sign.
    ///
    /// # Errors
    /// Overflow for the smallest 64-bit number.
    pub fn negated(self) -> Result<Money, MoneyError> {
        Ok(Money { minor: self.minor.checked_neg().ok_or(MoneyError::Overflow)?, currency: self.currency })
    }

    /// The amount without its sign.
    ///
    /// # Errors
    /// Overflow for the smallest 64-bit number.
    pub fn absolute(self) -> Result<Money, MoneyError> {
        if self.is_negative() { self.negated() } else { Ok(self) }
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// Mixed currencies, overflow.
    pub fn plus(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, currency: self.currency })
    }

    /// The difference of two amounts of one currency.
    ///
    /// # Errors
    /// Mixed currencies, overflow.
    pub fn minus(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, currency: self.currency })
    }

    /// The sum of many amounts of one currency; zero for none.
    ///
    /// # Errors
    /// Mixed currencies, overflow.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Money>) -> Result<Money, MoneyError> {
        amounts.into_iter().try_fold(currency.zero(), Money::plus)
    }

    /// As much of the amount as `part` is of `whole`, to the nearest minor unit.
    ///
    /// # Errors
    /// Overflow; a whole of nothing.
    pub fn in_proportion(self, part: Money, whole: Money) -> Result<Money, MoneyError> {
        let product = self.to_decimal().checked_mul(part.to_decimal());
        let share = product.and_then(|product| product.checked_div(whole.to_decimal()));
        Money::round_decimal(share.ok_or(MoneyError::Overflow)?, self.currency)
    }

    /// Divides the amount in proportion to the weights, so that the parts always add up to the whole. What does not
    /// divide goes, one minor unit each, to the parts with the largest remainders; among equals, to the first.
    ///
    /// # Errors
    /// Weights that are empty, negative or all zero; overflow.
    pub fn allocate(self, weights: &[i64]) -> Result<Vec<Money>, MoneyError> {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if total <= 0 || weights.iter().any(|weight| *weight < 0) {
            return Err(MoneyError::BadWeights);
        }
        let magnitude = i128::from(self.minor).abs();
        let sign: i128 = if self.minor < 0 { -1 } else { 1 };
        let mut parts: Vec<i128> = Vec::with_capacity(weights.len());
        let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            let exact = magnitude * i128::from(*weight);
            parts.push(exact / total);
            remainders.push((exact % total, index));
        }
        let left = magnitude - parts.iter().sum::<i128>();
        remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, index) in remainders.iter().take(usize::try_from(left).unwrap_or(0)) {
            parts[*index] += 1;
        }
        parts
            .into_iter()
            .map(|part| {
                let minor = i64::try_from(part * sign).map_err(|_| MoneyError::Overflow)?;
                Ok(Money { minor, currency: self.currency })
            })
            .collect()
    }

    fn same_currency(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::MixedCurrencies(self.currency, other.currency))
        }
    }
}

/// Minor units of short plain text; see [`Money::plain`].
fn plain_minor(text: &[u8], mark: u8, scale: u32) -> Option<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    // The mark stands near the end. A second one is no digit.
    let (whole, decimals) = match digits.iter().rposition(|byte| *byte == mark) {
        Some(place) if place + 1 < digits.len() => (&digits[..place], &digits[place + 1..]),
        Some(_) => return None,
        None => (digits, &[][..]),
    };
    // At most 15 digits and the scale's zeros: no overflow.
    if whole.is_empty() || digits.len() > 15 {
        return None;
    }
    let missing = scale.checked_sub(decimals.len() as u32)?;
    let mut minor = followed_by(followed_by(0, whole)?, decimals)?;
    minor *= 10_i64.pow(missing);
    Some(if negative { -minor } else { minor })
}

/// A number with further digits after it; `None` where they are not digits alone.
fn followed_by(number: i64, digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(number, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + i64::from(digit))
    })
}

/// Reads plain decimal text: digits, at most one point, an optional leading minus. Nothing else.
///
/// # Errors
/// [`MoneyError::NotAnAmount`] for anything that is not exactly that.
pub fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.len() <= 28
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
    if !plain {
        return Err(MoneyError::NotAnAmount(text.chars().take(40).collect()));
    }
    Decimal::from_str_exact(text).map_err(|_| MoneyError::NotAnAmount(text.chars().take(40).collect()))
}

/// Exact decimal text with the currency's decimals, without the code: `249.00`; in currencies without, a fraction of a unit
/// (which only ledgers have) is shown with two: `308.75`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_decimal())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.currency)
    }
}

#[derive(Serialize, Deserialize)]
struct MoneyText {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MoneyText { amount: self.to_string(), currency: self.currency }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = MoneyText::deserialize(deserializer)?;
        Money::parse(&text.amount, text.currency).map_err(serde::de::Error::custom)
    }
}

/// A rate in per cent, such as a VAT rate: `25` is 25 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Default)]
#[serde(transparent)]
pub struct Percentage(Decimal);

impl<'de> Deserialize<'de> for Percentage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let per_cent = crate::settings::deserialize_exact_decimal(deserializer)?;
        if per_cent.is_sign_negative() || per_cent > Decimal::ONE_THOUSAND {
            return Err(serde::de::Error::custom("a rate is from 0 to 1000 per cent"));
        }
        Ok(Percentage::new(per_cent))
    }
}

impl Percentage {
    /// No per cent.
    pub const ZERO: Percentage = Percentage(Decimal::ZERO);

    /// A rate from a decimal number of per cent; trailing zeros do not matter for equality.
    pub fn new(per_cent: Decimal) -> Percentage {
        Percentage(per_cent.normalize())
    }

    /// A whole number of per cent.
    pub fn whole(per_cent: i64) -> Percentage {
        Percentage(Decimal::from(per_cent))
    }

    /// The number of per cent.
    pub fn per_cent(self) -> Decimal {
        self.0
    }

    /// True for 0 %.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The rate's part of an amount, unrounded, in major units.
    pub fn of(self, amount: Money) -> Decimal {
        let product = amount.to_decimal().checked_mul(self.0).unwrap_or(Decimal::MAX);
        product.checked_div(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX)
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.normalize())
    }
}

impl JsonSchema for Percentage {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percentage".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "Per cent as decimal text, such as \"25\" or \"25.5\"", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,4})?$" })
    }
}
