//! Amounts, days and times as report files write them: exact, and never guessed.
//!
//! `1,058` is a thousand in one file and a little more than one in another. A reader therefore says which marks its format
//! uses, and what does not fit them is refused. Days and times are read by a pattern that the reader or the merchant's
//! profile names; a time that has no zone in the file gets none here.

use domain::money::{Currency, parse_decimal};
use domain::{Money, settlement::When};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

/// Longest text that is read as a number or a time, in bytes.
const LONGEST: usize = 64;

/// The marks by which a file writes amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Before the decimals.
    pub decimal: char,
    /// Between groups of three digits, where the file groups them.
    pub thousands: Option<char>,
}

impl Marks {
    /// `1058.09`
    pub const POINT: Marks = Marks { decimal: '.', thousands: None };
    /// `1,058.09`
    pub const POINT_AND_COMMA: Marks = Marks { decimal: '.', thousands: Some(',') };
    /// `1.058,09`
    pub const COMMA_AND_POINT: Marks = Marks { decimal: ',', thousands: Some('.') };
    /// `1058,09`
    pub const COMMA: Marks = Marks { decimal: ',', thousands: None };
}

/// An exact decimal in the given marks: an optional sign before or after, digits in whole groups of three where they are
/// grouped, decimals after the mark. `None` for anything else, the empty text included.
pub fn decimal(text: &str, marks: Marks) -> Option<Decimal> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let (negative, digits) = sign(text);
    let (whole, fraction) = match digits.split_once(marks.decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut plain = String::with_capacity(digits.len() + 2);
    if negative {
        plain.push('-');
    }
    match marks.thousands {
        Some(mark) => ungroup(whole, mark, &mut plain)?,
        None => plain.push_str(whole),
    }
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    parse_decimal(&plain).ok()
}

/// The sign, and the text without it: `-5`, `5-`, `−5`, `+5` and `(5)` are all in use.
fn sign(text: &str) -> (bool, &str) {
    if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return (true, inner);
    }
    for minus in ['-', '\u{2212}'] {
        if let Some(rest) = text.strip_prefix(minus).or_else(|| text.strip_suffix(minus)) {
            return (true, rest.trim());
        }
    }
    (false, text.strip_prefix('+').unwrap_or(text))
}

/// Digits without the marks between their groups; all groups but the first must be of three digits.
fn ungroup(whole: &str, mark: char, into: &mut String) -> Option<()> {
    // A space between groups is written as a space, a no-break space or a narrow one.
    let is_mark = |c: char| c == mark || (mark == ' ' && matches!(c, '\u{a0}' | '\u{202f}'));
    for (place, group) in whole.split(is_mark).enumerate() {
        let fits = if place == 0 { !group.is_empty() } else { group.len() == 3 };
        if !fits {
            return None;
        }
        into.push_str(group);
    }
    let grouped = whole.contains(is_mark);
    if grouped && whole.split(is_mark).next().is_some_and(|first| first.len() > 3) { None } else { Some(()) }
}

/// An amount in the given marks and currency. `None` where the text is no amount, or has more decimals than the currency.
pub fn amount(text: &str, marks: Marks, currency: Currency) -> Option<Money> {
    match Money::plain(text, marks.decimal, currency) {
        Some(amount) => Some(amount),
        None => by_decimal(text, marks, currency),
    }
}

fn by_decimal(text: &str, marks: Marks, currency: Currency) -> Option<Money> {
    Money::from_decimal(decimal(text, marks)?, currency).ok()
}

/// An amount from a system's smallest units: hundredths in DKK, whole krónur in ISK.
pub fn from_smallest_units(units: i64, currency: Currency) -> Option<Money> {
    Money::from_decimal(Decimal::new(units, currency.decimals()), currency).ok()
}

/// A currency code in either case.
pub fn currency(text: &str) -> Option<Currency> {
    let text = text.trim();
    if text.len() != 3 {
        return None;
    }
    text.to_ascii_uppercase().parse().ok()
}

/// A day by a pattern in the notation of `strptime` (`%d.%m.%Y`).
pub fn day(text: &str, pattern: &str) -> Option<Date> {
    let text = text.trim();
    (text.len() <= LONGEST)
        .then(|| strtime::parse(pattern, text).ok()?.to_date().ok())
        .flatten()
        .filter(plausible)
}

/// The day that a date or time of ISO 8601 begins with (`2026-02-09T00:00:00Z`), as it is written.
pub fn iso_day(text: &str) -> Option<Date> {
    day(text.get(..10)?, "%Y-%m-%d")
}

/// A day and time of day by a pattern, without a zone.
pub fn local_time(text: &str, pattern: &str) -> Option<DateTime> {
    let text = text.trim();
    let time =
        (text.len() <= LONGEST).then(|| strtime::parse(pattern, text).ok()?.to_datetime().ok()).flatten()?;
    plausible(&time.date()).then_some(time)
}

/// An instant by a pattern that holds an offset.
pub fn instant_by(text: &str, pattern: &str) -> Option<Timestamp> {
    let text = text.trim();
    let instant =
        (text.len() <= LONGEST).then(|| strtime::parse(pattern, text).ok()?.to_timestamp().ok()).flatten()?;
    plausible(&TimeZone::UTC.to_datetime(instant).date()).then_some(instant)
}

/// An instant as RFC 3339 writes it (`2016-12-14T07:52:26Z`).
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let instant: Timestamp = (text.len() <= LONGEST).then(|| text.parse().ok()).flatten()?;
    plausible(&TimeZone::UTC.to_datetime(instant).date()).then_some(instant)
}

/// An instant from seconds since 1970.
pub fn instant_of_seconds(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds)
        .ok()
        .filter(|instant| plausible(&TimeZone::UTC.to_datetime(*instant).date()))
}

/// Years that a settlement can be of; others come of misread patterns.
fn plausible(date: &Date) -> bool {
    (1980..=2099).contains(&date.year())
}

/// A local time in the zone that the file names beside it. Abbreviations are read where they stand for one zone in the
/// reports of acquirers; with another the time stays local, which is true and never wrong.
pub fn in_named_zone(local: DateTime, zone: &str) -> When {
    let zone = zone.trim();
    let offset = match zone {
        "UTC" | "GMT" | "Z" => Some(0),
        "CET" | "BST" => Some(1),
        "CEST" | "EET" => Some(2),
        "EEST" => Some(3),
        "EST" | "CDT" => Some(-5),
        "EDT" => Some(-4),
        "CST" | "MDT" => Some(-6),
        "MST" | "PDT" => Some(-7),
        "PST" => Some(-8),
        _ => None,
    };
    let instant = match (zone, offset) {
        // Reports say CET all the year, summer included; the zone is what is meant.
        ("CET" | "CEST", _) => zoned(local, "Europe/Copenhagen"),
        (_, Some(hours)) => {
            jiff::tz::Offset::from_hours(hours).ok().and_then(|offset| offset.to_timestamp(local).ok())
        }
        (name, None) if name.contains('/') => zoned(local, name),
        _ => None,
    };
    instant.map_or(When::Local(local), When::Instant)
}

fn zoned(local: DateTime, name: &str) -> Option<Timestamp> {
    let zone = TimeZone::get(name).ok()?;
    zone.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_quick_way_reads_what_the_slow_one_reads(
            text in "[-+]?[0-9]{0,16}([.,][0-9]{0,4}){0,2}-?|[-0-9., ]{0,12}",
            marks in prop::sample::select(vec![
                Marks::POINT, Marks::POINT_AND_COMMA, Marks::COMMA_AND_POINT, Marks::COMMA,
                Marks { decimal: ',', thousands: Some(' ') }, Marks { decimal: '-', thousands: None },
            ]),
            code in prop::sample::select(vec!["DKK", "ISK", "KWD"]),
        ) {
            let currency: Currency = code.parse().expect("known");
            prop_assert_eq!(amount(&text, marks, currency), by_decimal(&text, marks, currency));
        }
    }

    #[test]
    fn amounts_are_read_by_their_marks_or_not_at_all() {
        for (text, marks, value) in [
            ("26.2", Marks::POINT, Some("26.2")),
            ("-1,058.09", Marks::POINT_AND_COMMA, Some("-1058.09")),
            ("1.058,09", Marks::COMMA_AND_POINT, Some("1058.09")),
            ("1.058,09-", Marks::COMMA_AND_POINT, Some("-1058.09")),
            ("\u{2212}5,00", Marks::COMMA, Some("-5.00")),
            ("(5.00)", Marks::POINT, Some("-5.00")),
            ("+5", Marks::POINT, Some("5")),
            ("1\u{a0}058,09", Marks { decimal: ',', thousands: Some(' ') }, Some("1058.09")),
            ("1,05.09", Marks::POINT_AND_COMMA, None),
            ("1058,000.09", Marks::POINT_AND_COMMA, None),
            ("1,058", Marks::POINT, None),
            ("1,058.09", Marks::COMMA_AND_POINT, None),
            ("--5", Marks::POINT, None),
            ("5.", Marks::POINT, None),
            (".5", Marks::POINT, None),
            ("1e5", Marks::POINT, None),
            ("", Marks::POINT, None),
            ("NaN", Marks::POINT, None),
        ] {
            let read = decimal(text, marks);
            assert_eq!(read.map(|value| value.to_string()).as_deref(), value, "{text:?}");
        }
    }

    #[test]
    fn smallest_units_follow_the_currency() {
        let isk: Currency = "ISK".parse().expect("known");
        let kwd: Currency = "KWD".parse().expect("known");
        for (currency, text) in [(Currency::DKK, "50.00"), (isk, "5000"), (kwd, "5.000")] {
            assert_eq!(from_smallest_units(5000, currency).expect("fits").to_string(), text);
        }
    }

    #[test]
    fn days_and_times_follow_their_pattern() {
        assert_eq!(day("12.04.2021", "%d.%m.%Y").map(|day| day.to_string()).as_deref(), Some("2021-04-12"));
        assert_eq!(day("31.02.2021", "%d.%m.%Y"), None);
        assert_eq!(day("12.04.21", "%d.%m.%Y"), None, "a year of two digits is no year 21");
        assert_eq!(day("12.04.2021x", "%d.%m.%Y"), None);
        let local = local_time("2022-07-22 00:24:23", "%Y-%m-%d %H:%M:%S").expect("a time");
        let When::Instant(instant) = in_named_zone(local, "CET") else { panic!("a known zone") };
        assert_eq!(instant.to_string(), "2022-07-21T22:24:23Z");
        assert_eq!(in_named_zone(local, "XYZ"), When::Local(local));
        let instant = instant_by("2024/08/20 00:01:17 -0700", "%Y/%m/%d %H:%M:%S %z").expect("an instant");
        assert_eq!(instant.to_string(), "2024-08-20T07:01:17Z");
    }
}
