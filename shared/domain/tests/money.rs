//! Properties of money: text in and out, sums, and division that never loses a unit.

use domain::{Currency, Money, MoneyError, Percentage};
use proptest::prelude::*;

fn currency() -> impl Strategy<Value = Currency> {
    prop_oneof![Just("ISK"), Just("DKK"), Just("EUR"), Just("KWD")]
        .prop_map(|code| code.parse().expect("a known currency"))
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(minor in any::<i64>(), currency in currency()) {
        let money = Money::from_minor(minor, currency);
        prop_assert_eq!(Money::parse(&money.to_string(), currency), Ok(money));
        let json = serde_json::to_string(&money).expect("json");
        prop_assert_eq!(serde_json::from_str::<Money>(&json).expect("money"), money);
    }

    #[test]
    fn text_is_read_alike_the_quick_way_and_the_exact_way(text in "-?[0-9.]{0,17}", currency in currency()) {
        let exact = domain::money::parse_decimal(&text).and_then(|value| Money::from_decimal(value, currency));
        prop_assert_eq!(Money::parse(&text, currency), exact);
    }

    #[test]
    fn printed_amounts_have_the_currencys_decimals(units in -1_000_000_000_i64..1_000_000_000, currency in currency()) {
        let text = Money::from_minor(units * currency.smallest_unit(), currency).to_string();
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        prop_assert_eq!(decimals, currency.decimals() as usize);
    }

    #[test]
    fn parts_always_add_up_to_the_whole(
        minor in -1_000_000_000_000_i64..1_000_000_000_000,
        weights in prop::collection::vec(0_i64..1_000_000, 1..30),
    ) {
        let money = Money::from_minor(minor, Currency::DKK);
        match money.allocate(&weights) {
            Err(error) => {
                prop_assert_eq!(error, MoneyError::BadWeights);
                prop_assert!(weights.iter().all(|weight| *weight == 0));
            }
            Ok(parts) => {
                prop_assert_eq!(parts.len(), weights.len());
                prop_assert_eq!(Money::sum(Currency::DKK, parts.iter().copied()), Ok(money));
                let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
                for (part, weight) in parts.iter().zip(&weights) {
                    // No part is a whole unit away from its share, and none has the other sign.
                    let off = i128::from(part.minor()) * total - i128::from(minor) * i128::from(*weight);
                    prop_assert!(off.abs() < total, "{part:?} of {money:?} by {weight} of {total}");
                    prop_assert!(part.minor() == 0 || part.is_negative() == money.is_negative());
                }
            }
        }
    }

    #[test]
    fn a_proportion_is_the_nearest_unit(
        minor in -1_000_000_000_i64..1_000_000_000,
        part in -1_000_000_000_i64..1_000_000_000,
        whole in 1_i64..1_000_000_000,
    ) {
        let money = |minor| Money::from_minor(minor, Currency::DKK);
        let share = money(minor).in_proportion(money(part), money(whole)).expect("it fits");
        let off = i128::from(share.minor()) * i128::from(whole) - i128::from(minor) * i128::from(part);
        prop_assert!(off.abs() * 2 <= i128::from(whole), "{share:?} is not {minor} * {part} / {whole}");
        prop_assert_eq!(money(minor).in_proportion(money(part), money(0)), Err(MoneyError::Overflow));
    }

    #[test]
    fn text_that_is_no_plain_number_is_refused_without_panic(text in "\\PC{0,40}") {
        if let Ok(money) = Money::parse(&text, Currency::DKK) {
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-'));
            prop_assert_eq!(Money::parse(&money.to_string(), Currency::DKK), Ok(money));
        }
    }
}

#[test]
fn amounts_that_must_be_refused() {
    for text in ["", " 1", "1 ", "1,00", "1e3", "+1", ".5", "5.", "--1", "NaN", "1.2.3", "1.005", "٣"] {
        assert!(Money::parse(text, Currency::DKK).is_err(), "{text:?} was read");
    }
    assert!(Money::parse("99999999999999999999", Currency::DKK).is_err(), "too large");
    assert!("QQQ".parse::<Currency>().is_err());
    assert!("dkk".parse::<Currency>().is_err());
}

#[test]
fn rates_are_read_from_text_or_whole_numbers_never_from_a_float() {
    assert_eq!(serde_json::from_str::<Percentage>("\"25.5\"").expect("text").to_string(), "25.5");
    assert_eq!(serde_json::from_str::<Percentage>("25").expect("number"), Percentage::whole(25));
    for text in ["25.5", "-1", "\"-1\"", "\"1001\"", "\"1e2\"", "null"] {
        assert!(serde_json::from_str::<Percentage>(text).is_err(), "{text} was read as a rate");
    }
}

#[test]
fn currencies_do_not_mix() {
    let (krone, euro) = (Money::from_minor(1, Currency::DKK), Money::from_minor(1, Currency::EUR));
    assert_eq!(krone.plus(euro), Err(MoneyError::MixedCurrencies(Currency::DKK, Currency::EUR)));
    assert_eq!(krone.minus(euro), Err(MoneyError::MixedCurrencies(Currency::DKK, Currency::EUR)));
}

#[test]
fn a_ledgers_fraction_of_a_krona_is_kept() {
    let isk: Currency = "ISK".parse().expect("krona");
    let amount = |text: &str| Money::parse(text, isk).expect("amount");
    assert_eq!(amount("309").to_string(), "309");
    assert_eq!(amount("308.75").plus(amount("0.25")), Ok(amount("309")));
    assert_eq!(amount("308.75").to_string(), "308.75");
    assert_eq!(amount("309.00"), amount("309"));
    assert!(Money::parse("308.755", isk).is_err());
}
