//! VAT numbers of the EU: whether one has the form that its country gives, and what a register answered about it.
//!
//! The form is a table, one line to a country, since a sale without VAT rests on the number: a typing mistake is then the
//! merchant's own VAT. Form is not existence. Existence is a register's to say (VIES), and its answer is worth something only
//! together with the time at which it was given, so the two are kept as one value.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The forms by the prefix that VAT numbers of a country carry (Greece: `EL`; Northern Ireland, for goods: `XI`), without that
/// prefix: `9` is a digit, `A` a letter, `S` either, `B`, `U` and the like themselves in lower case. As VIES states them.
const FORMS: [(&str, &[&str]); 28] = [
    ("AT", &["u99999999"]),
    ("BE", &["0999999999", "1999999999"]),
    ("BG", &["999999999", "9999999999"]),
    ("CY", &["99999999A"]),
    ("CZ", &["99999999", "999999999", "9999999999"]),
    ("DE", &["999999999"]),
    ("DK", &["99999999"]),
    ("EE", &["999999999"]),
    ("EL", &["999999999"]),
    ("ES", &["A99999999", "99999999A", "A9999999A"]),
    ("FI", &["99999999"]),
    ("FR", &["SS999999999"]),
    ("HR", &["99999999999"]),
    ("HU", &["99999999"]),
    // Of the oldest numbers the second place may be `+` or `*`, which no form field lets through here.
    ("IE", &["9999999A", "9999999AA", "9S99999A"]),
    ("IT", &["99999999999"]),
    ("LT", &["999999999", "999999999999"]),
    ("LU", &["99999999"]),
    ("LV", &["99999999999"]),
    ("MT", &["99999999"]),
    ("NL", &["SSSSSSSSSbSS"]),
    ("PL", &["9999999999"]),
    ("PT", &["999999999"]),
    ("RO", &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"]),
    ("SE", &["999999999999"]),
    ("SI", &["99999999"]),
    ("SK", &["9999999999"]),
    ("XI", &["999999999", "999999999999", "gd999", "ha999"]),
];

/// What the form of a number says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VatNumberForm {
    /// It has the form of its country; the whole number with its prefix.
    Sound(String),
    /// It has not.
    Unsound {
        /// The prefix that was looked under.
        prefix: String,
        /// The forms there, for people: `9` a digit, `A` a letter, `S` either.
        expected: String,
    },
    /// It belongs to no country of the table, so nothing is known of its form.
    NotOfTheEu,
}

/// Letters and digits in upper case: how numbers are compared, whatever way people write them.
pub fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

fn forms_of(prefix: &str) -> Option<&'static [&'static str]> {
    FORMS.iter().find(|(known, _)| *known == prefix).map(|(_, forms)| *forms)
}

/// The prefix that a country's VAT numbers carry.
fn prefix_of(country: &str) -> String {
    if country.eq_ignore_ascii_case("GR") { "EL".to_owned() } else { country.to_ascii_uppercase() }
}

/// Checks the form of a number. A number without a prefix is looked at as one of `country` (ISO 3166).
pub fn form(number: &str, country: &str) -> VatNumberForm {
    let number = plain(number);
    let begins = number.get(..2).filter(|start| start.bytes().all(|byte| byte.is_ascii_uppercase()));
    let own = begins.map(prefix_of);
    let (prefix, rest) = match &own {
        Some(own) if forms_of(own).is_some() => (own.clone(), &number[2..]),
        // Two letters that are no country of the EU: a number of another country, unless the country has such numbers itself.
        Some(_) if forms_of(&prefix_of(country)).is_none_or(|forms| !fits_any(&number, forms)) => {
            return VatNumberForm::NotOfTheEu;
        }
        _ => (prefix_of(country), number.as_str()),
    };
    let Some(forms) = forms_of(&prefix) else { return VatNumberForm::NotOfTheEu };
    if fits_any(rest, forms) {
        return VatNumberForm::Sound(format!("{prefix}{rest}"));
    }
    let expected = forms.iter().map(|form| format!("{prefix}{}", form.to_ascii_uppercase()));
    VatNumberForm::Unsound { prefix: prefix.clone(), expected: expected.collect::<Vec<_>>().join(", ") }
}

fn fits_any(text: &str, forms: &[&str]) -> bool {
    forms.iter().any(|form| fits(text, form))
}

fn fits(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, place)| match place {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            b'S' => byte.is_ascii_alphanumeric(),
            literal => byte == literal.to_ascii_uppercase(),
        })
}

/// What a register answered about a number, with the time: evidence for the sale without VAT that rests on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VatNumberAnswer {
    /// The number that was asked about, with its prefix.
    pub number: String,
    /// Whether it is registered for trade between member states.
    pub registered: bool,
    /// Name that the register has, where it tells one.
    pub name: String,
    /// When it was answered.
    pub answered_at: Timestamp,
    /// The register's own mark of the consultation, which proves it later; where there is one.
    pub consultation: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(number: &str, country: &str) -> Option<String> {
        match form(number, country) {
            VatNumberForm::Sound(number) => Some(number),
            _ => None,
        }
    }

    #[test]
    fn numbers_as_people_write_them_have_the_form_of_their_country() {
        for (number, country, whole) in [
            ("DK 12 34 56 78", "DK", "DK12345678"),
            ("12345678", "DK", "DK12345678"),
            ("dk-12345678", "SE", "DK12345678"),
            ("SE556012345601", "SE", "SE556012345601"),
            ("ATU12345678", "AT", "ATU12345678"),
            ("u12345678", "AT", "ATU12345678"),
            ("BE0123456789", "BE", "BE0123456789"),
            ("EL123456789", "GR", "EL123456789"),
            ("GR123456789", "GR", "EL123456789"),
            ("123456789", "GR", "EL123456789"),
            ("ESX1234567L", "ES", "ESX1234567L"),
            ("B12345678", "ES", "ESB12345678"),
            ("FRXX123456789", "FR", "FRXX123456789"),
            ("IE1234567FA", "IE", "IE1234567FA"),
            ("NL123456789B01", "NL", "NL123456789B01"),
            ("CY12345678X", "CY", "CY12345678X"),
            ("LT123456789012", "LT", "LT123456789012"),
            ("RO18", "RO", "RO18"),
            ("XIGD123", "", "XIGD123"),
        ] {
            assert_eq!(sound(number, country).as_deref(), Some(whole), "{number} {country}");
        }
    }

    #[test]
    fn what_is_not_of_the_form_is_told_with_the_form() {
        for (number, country) in [
            ("DK1234567", "DK"),
            ("DK123456789", "DK"),
            ("1234567A", "DK"),
            ("SE5560123456", "SE"),
            ("AT12345678", "AT"),
            ("BE2123456789", "BE"),
            ("DE12345678", "DE"),
            ("NL123456789A01", "NL"),
            ("ES12345678", "ES"),
        ] {
            assert!(matches!(form(number, country), VatNumberForm::Unsound { .. }), "{number}");
        }
        let VatNumberForm::Unsound { prefix, expected } = form("BE1", "") else { panic!("not of the form") };
        assert_eq!((prefix.as_str(), expected.as_str()), ("BE", "BE0999999999, BE1999999999"));
    }

    #[test]
    fn of_other_countries_nothing_is_claimed() {
        for (number, country) in
            [("NO123456789MVA", "NO"), ("CHE123456789", "CH"), ("GB123456789", "GB"), ("123", "")]
        {
            assert_eq!(form(number, country), VatNumberForm::NotOfTheEu, "{number}");
        }
    }

    #[test]
    fn every_member_state_has_a_form() {
        let states = [
            "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
            "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
        ];
        for state in states {
            assert!(forms_of(&prefix_of(state)).is_some(), "{state}");
        }
        assert_eq!(FORMS.len(), states.len() + 1, "and Northern Ireland");
    }
}
