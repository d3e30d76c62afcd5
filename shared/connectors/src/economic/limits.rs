//! What e-conomic can hold: checked before a plan is stored, so that nothing is found out at the first write.
//!
//! Texts that are only printed (description, address, heading, texts) are cut to length when the body is made, the only place
//! being [`cut`]. Whatever something is found by or reckoned with (product numbers, references, names, EAN, quantities,
//! prices) is never cut: too long is a refusal that names the field, the limit and the value.

use domain::Failure;
use domain::document::{Document, DocumentLine};
use rust_decimal::Decimal;

use super::errors::refused;

/// Longest product number [V].
pub(crate) const PRODUCT_NUMBER: usize = 25;
/// Longest `references.other` [V].
pub(crate) const REFERENCE: usize = 250;
/// Longest name of a recipient [V].
pub(crate) const RECIPIENT_NAME: usize = 250;
/// Longest address of a recipient [V].
pub(crate) const RECIPIENT_ADDRESS: usize = 250;
/// Longest postal code of a recipient [V].
pub(crate) const RECIPIENT_POSTCODE: usize = 50;
/// Longest city of a recipient [V].
pub(crate) const RECIPIENT_CITY: usize = 250;
/// Longest country name anywhere [V].
pub(crate) const COUNTRY: usize = 50;
/// Longest delivery address [V].
pub(crate) const DELIVERY_ADDRESS: usize = 255;
/// Longest postal code of a delivery address, and of a customer [V].
pub(crate) const POSTCODE: usize = 30;
/// Longest city of a delivery address, and of a customer [V].
pub(crate) const CITY: usize = 50;
/// Longest heading [V].
pub(crate) const HEADING: usize = 250;
/// Longest text above or below the lines [V].
pub(crate) const TEXT: usize = 1000;
/// Longest description of a line [V].
pub(crate) const DESCRIPTION: usize = 2500;
/// Decimals of a quantity or price; more is answered with `E04740` [L].
pub(crate) const DECIMALS: u32 = 2;
/// Digits of an EAN (GLN) number.
pub(crate) const EAN_DIGITS: usize = 13;
/// Longest name of a customer [V].
pub(crate) const CUSTOMER_NAME: usize = 255;
/// Longest address of a customer [V].
pub(crate) const CUSTOMER_ADDRESS: usize = 510;
/// Longest e-mail address [V].
pub(crate) const EMAIL: usize = 255;
/// Longest phone number [V].
pub(crate) const PHONE: usize = 255;
/// Longest mobile phone number [V].
pub(crate) const MOBILE_PHONE: usize = 50;
/// Longest company number [V].
pub(crate) const COMPANY_NUMBER: usize = 40;
/// Longest VAT number [V].
pub(crate) const VAT_NUMBER: usize = 20;
/// Largest customer number [V].
pub(crate) const CUSTOMER_NUMBER: u32 = 999_999_999;
/// Longest name of a product [V].
pub(crate) const PRODUCT_NAME: usize = 300;
/// Longest bar code [V].
pub(crate) const BARCODE: usize = 50;
/// Longest text of a journal entry [V].
pub(crate) const ENTRY_TEXT: usize = 250;

/// Length as e-conomic counts it: its server counts UTF-16 units, of which an emoji has two [U]; counting so is never too few.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// A text cut to so many characters, without control characters but line breaks and tabs; only for texts that are printed and
/// nothing is found or reckoned by.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let printable = |character: &char| !character.is_control() || matches!(character, '\n' | '\r' | '\t');
    let mut left = limit;
    let kept: String = text
        .chars()
        .filter(printable)
        .take_while(|character| {
            let fits = character.len_utf16() <= left;
            left = left.saturating_sub(character.len_utf16());
            fits
        })
        .collect();
    kept.trim_end().to_owned()
}

/// Checks everything that e-conomic would refuse or lose.
///
/// # Errors
/// `Rejected` with code `limit` that names the field, the limit and the value.
pub(crate) fn check(document: &Document) -> Result<(), Failure> {
    let currency = document.currency;
    if currency.decimals() > DECIMALS {
        return Err(limit(
            "currency",
            &format!(
                "e-conomic reckons with {DECIMALS} decimals, and {currency} has {}",
                currency.decimals()
            ),
            currency.code(),
        ));
    }
    kept("references.other", &document.reference, REFERENCE)?;
    kept("recipient.name", &document.recipient.name, RECIPIENT_NAME)?;
    if let Some(ean) = document.recipient.ean.as_deref().filter(|ean| !ean.is_empty()) {
        check_ean("recipient.ean", ean)?;
    }
    for (field, number) in [
        ("layout", document.layout),
        ("paymentTerms", document.payment_term),
        ("recipient.vatZone", document.vat_zone),
        ("departmentalDistribution", document.department.unwrap_or(1)),
    ] {
        if number == 0 {
            return Err(limit(field, "a number above 0 is needed", "0"));
        }
    }
    // Otherwise `E04760` [L].
    if let Some(due) = document.due_date.filter(|due| *due < document.date) {
        let rule = format!("not before the document's date {}", document.date);
        return Err(limit("dueDate", &rule, &due.to_string()));
    }
    if document.lines.is_empty() {
        return Err(limit("lines", "at least one line is needed", "0"));
    }
    document.lines.iter().enumerate().try_for_each(|(index, line)| check_line(index + 1, line))
}

fn check_line(number: usize, line: &DocumentLine) -> Result<(), Failure> {
    let field = |name: &str| format!("lines.{number}.{name}");
    kept(&field("product.productNumber"), &line.product, PRODUCT_NUMBER)?;
    // With an existing product the description is required [V].
    if line.description.trim().is_empty() {
        return Err(limit(&field("description"), "a text is needed", ""));
    }
    // 0 is refused for an optional number [L], and a line of nothing sells nothing.
    if line.quantity.is_zero() {
        return Err(limit(&field("quantity"), "a quantity other than 0 is needed", "0"));
    }
    decimals(&field("quantity"), line.quantity)?;
    decimals(&field("unitNetPrice"), line.unit_net_price)
}

/// An EAN (GLN) number has 13 digits; e-conomic has room for no more [V].
pub(crate) fn check_ean(field: &str, ean: &str) -> Result<(), Failure> {
    if ean.len() == EAN_DIGITS && ean.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(limit(field, &format!("an EAN number has {EAN_DIGITS} digits"), ean))
}

/// A text that must stand in e-conomic exactly as it is: not empty, not too long, no blanks around it, no control characters.
pub(crate) fn kept(field: &str, text: &str, longest: usize) -> Result<(), Failure> {
    let length = length(text);
    if length > longest {
        return Err(limit(field, &format!("at most {longest} characters, and it has {length}"), text));
    }
    if text.trim() != text || text.is_empty() || text.chars().any(char::is_control) {
        return Err(limit(field, "a text without blanks around it or control characters is needed", text));
    }
    Ok(())
}

fn decimals(field: &str, value: Decimal) -> Result<(), Failure> {
    if value.normalize().scale() > DECIMALS {
        return Err(limit(field, &format!("at most {DECIMALS} decimals"), &value.to_string()));
    }
    Ok(())
}

fn limit(field: &str, rule: &str, value: &str) -> Failure {
    let value: String = value.chars().filter(|character| !character.is_control()).take(80).collect();
    refused("limit", format!("{field}: {rule} (value: {value:?})"))
}
