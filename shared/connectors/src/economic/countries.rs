//! Country names: e-conomic's `country` is free text, while shops give ISO codes.
//!
//! Danish names are written, as e-conomic's own Danish forms have them, and read back to codes so that a customer whose
//! country is right is not updated again. A code without a name here is written as it is.

/// ISO codes and Danish names.
const NAMES: &[(&str, &str)] = &[
    ("AT", "Østrig"),
    ("AU", "Australien"),
    ("BE", "Belgien"),
    ("BG", "Bulgarien"),
    ("CA", "Canada"),
    ("CH", "Schweiz"),
    ("CN", "Kina"),
    ("CY", "Cypern"),
    ("CZ", "Tjekkiet"),
    ("DE", "Tyskland"),
    ("DK", "Danmark"),
    ("EE", "Estland"),
    ("ES", "Spanien"),
    ("FI", "Finland"),
    ("FO", "Færøerne"),
    ("FR", "Frankrig"),
    ("GB", "Storbritannien"),
    ("GL", "Grønland"),
    ("GR", "Grækenland"),
    ("HR", "Kroatien"),
    ("HU", "Ungarn"),
    ("IE", "Irland"),
    ("IS", "Island"),
    ("IT", "Italien"),
    ("JP", "Japan"),
    ("LI", "Liechtenstein"),
    ("LT", "Litauen"),
    ("LU", "Luxembourg"),
    ("LV", "Letland"),
    ("MT", "Malta"),
    ("NL", "Holland"),
    ("NO", "Norge"),
    ("NZ", "New Zealand"),
    ("PL", "Polen"),
    ("PT", "Portugal"),
    ("RO", "Rumænien"),
    ("SE", "Sverige"),
    ("SI", "Slovenien"),
    ("SK", "Slovakiet"),
    ("US", "USA"),
];

/// The name written for a code.
pub(crate) fn country_name(code: &str) -> &str {
    NAMES.iter().find(|(known, _)| *known == code).map_or(code, |(_, name)| name)
}

/// The code of a name, or the text itself when it is none of ours.
pub(crate) fn country_code(name: &str) -> &str {
    NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name.trim())).map_or(name, |(code, _)| code)
}
