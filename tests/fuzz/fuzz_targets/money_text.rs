//! Any text as an amount: what is read prints as text that reads as the same amount.
#![no_main]

use domain::Money;
use domain::money::Currency;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, u8)| {
    let (text, pick) = input;
    let code = ["DKK", "ISK", "KWD", "EUR"][usize::from(pick) % 4];
    let currency: Currency = code.parse().expect("a known currency");
    if let Ok(money) = Money::parse(text, currency) {
        assert_eq!(Money::parse(&money.to_string(), currency), Ok(money));
    }
    if let Ok(money) = Money::parse_rounded(text, currency) {
        assert_eq!(Money::parse(&money.to_string(), currency), Ok(money));
    }
});
