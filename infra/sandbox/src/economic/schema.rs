//! Which fields a write to legacy REST may carry, and the checks that the server makes before anything else.
//!
//! The tables are our own words for what the vendor's schemas say: required fields, types, lengths, decimals, enumerations.
//! What passes comes out with exactly the known fields, so nothing unknown can leak into the books.

use super::error::{self, Problem};
use super::quirks::{Quirk, Quirks};
use crate::json::Json;
use rust_decimal::Decimal;

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text of at least and at most so many UTF-16 units.
    Text(usize, usize),
    /// A whole number from, to.
    Integer(i64, i64),
    /// A number with at most so many decimals.
    Number(u32),
    /// true or false
    Bool,
    /// YYYY-MM-DD
    Date,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An object with these fields.
    Object(&'static [Field]),
    /// An object that names something by a whole number of at least 1.
    Reference(&'static str),
    /// An object that names something by text of at most so many characters.
    TextReference(&'static str, usize),
    /// An array of objects with these fields.
    List(&'static [Field]),
}

/// A field of a write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    required: bool,
}

const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false }
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true }
}

const TERM_KINDS: &[&str] = &[
    "net",
    "invoiceMonth",
    "paidInCash",
    "prepaid",
    "dueDate",
    "factoring",
    "invoiceWeekStartingSunday",
    "invoiceWeekStartingMonday",
    "creditcard",
    "avtaleGiro",
];

/// The largest customer or voucher number.
const NINE_DIGITS: i64 = 999_999_999;

/// POST and PUT of customers.
pub(super) const CUSTOMER: &[Field] = &[
    optional("customerNumber", Kind::Integer(1, NINE_DIGITS)),
    required("currency", Kind::Text(3, 3)),
    required("paymentTerms", Kind::Reference("paymentTermsNumber")),
    required("customerGroup", Kind::Reference("customerGroupNumber")),
    optional("address", Kind::Text(0, 510)),
    optional("barred", Kind::Bool),
    optional("city", Kind::Text(0, 50)),
    optional("corporateIdentificationNumber", Kind::Text(0, 40)),
    optional("pNumber", Kind::Text(10, 10)),
    optional("country", Kind::Text(0, 50)),
    optional("creditLimit", Kind::Number(2)),
    optional("ean", Kind::Text(0, 13)),
    optional("email", Kind::Text(0, 255)),
    required("name", Kind::Text(1, 255)),
    optional("publicEntryNumber", Kind::Text(0, 50)),
    optional("zip", Kind::Text(0, 30)),
    optional("telephoneAndFaxNumber", Kind::Text(0, 255)),
    optional("mobilePhone", Kind::Text(0, 50)),
    optional("eInvoicingDisabledByDefault", Kind::Bool),
    optional("vatNumber", Kind::Text(0, 20)),
    optional("website", Kind::Text(0, 255)),
    required("vatZone", Kind::Reference("vatZoneNumber")),
    optional("layout", Kind::Reference("layoutNumber")),
    optional("salesPerson", Kind::Reference("employeeNumber")),
];

/// POST and PUT of products.
pub(super) const PRODUCT: &[Field] = &[
    required("productNumber", Kind::Text(1, 25)),
    optional("description", Kind::Text(0, 500)),
    required("name", Kind::Text(1, 300)),
    optional("costPrice", Kind::Number(2)),
    optional("recommendedPrice", Kind::Number(2)),
    optional("salesPrice", Kind::Number(2)),
    optional("barCode", Kind::Text(0, 50)),
    optional("barred", Kind::Bool),
    optional(
        "inventory",
        Kind::Object(&[
            optional("packageVolume", Kind::Number(2)),
            optional("recommendedCostPrice", Kind::Number(2)),
        ]),
    ),
    optional("unit", Kind::Reference("unitNumber")),
    required("productGroup", Kind::Reference("productGroupNumber")),
    optional("departmentalDistribution", DEPARTMENT),
];

const DEPARTMENT: Kind = Kind::Object(&[
    optional("departmentalDistributionNumber", Kind::Integer(1, i64::MAX)),
    optional("distributionType", Kind::Text(0, 250)),
]);

const LINE: &[Field] = &[
    optional("lineNumber", Kind::Integer(1, i64::MAX)),
    optional("sortKey", Kind::Integer(1, i64::MAX)),
    optional("description", Kind::Text(0, 2500)),
    optional("accrual", Kind::Object(&[optional("startDate", Kind::Date), optional("endDate", Kind::Date)])),
    optional("unit", Kind::Reference("unitNumber")),
    optional("product", Kind::TextReference("productNumber", 25)),
    optional("quantity", Kind::Number(2)),
    optional("unitNetPrice", Kind::Number(2)),
    optional("discountPercentage", Kind::Number(2)),
    optional("unitCostPrice", Kind::Number(2)),
    optional("departmentalDistribution", DEPARTMENT),
];

/// POST and PUT of draft invoices and of order drafts.
pub(super) const DOCUMENT: &[Field] = &[
    required("date", Kind::Date),
    required("currency", Kind::Text(3, 3)),
    optional("exchangeRate", Kind::Number(6)),
    optional("dueDate", Kind::Date),
    required("paymentTerms", Kind::Reference("paymentTermsNumber")),
    required("customer", Kind::Reference("customerNumber")),
    required(
        "recipient",
        Kind::Object(&[
            required("name", Kind::Text(0, 250)),
            optional("address", Kind::Text(0, 250)),
            optional("zip", Kind::Text(0, 50)),
            optional("city", Kind::Text(0, 250)),
            optional("country", Kind::Text(0, 50)),
            optional("ean", Kind::Text(0, 13)),
            optional("publicEntryNumber", Kind::Text(0, 40)),
            optional("attention", Kind::Reference("customerContactNumber")),
            required("vatZone", Kind::Reference("vatZoneNumber")),
            optional("mobilePhone", Kind::Text(0, 50)),
            optional(
                "nemHandelType",
                Kind::OneOf(&["ean", "corporateIdentificationNumber", "pNumber", "peppol"]),
            ),
        ]),
    ),
    optional("deliveryLocation", Kind::Reference("deliveryLocationNumber")),
    optional(
        "delivery",
        Kind::Object(&[
            optional("address", Kind::Text(0, 255)),
            optional("zip", Kind::Text(0, 30)),
            optional("city", Kind::Text(0, 50)),
            optional("country", Kind::Text(0, 50)),
            optional("deliveryTerms", Kind::Text(0, 100)),
            optional("deliveryDate", Kind::Date),
        ]),
    ),
    optional(
        "notes",
        Kind::Object(&[
            optional("heading", Kind::Text(0, 250)),
            optional("textLine1", Kind::Text(0, 1000)),
            optional("textLine2", Kind::Text(0, 1000)),
        ]),
    ),
    optional(
        "references",
        Kind::Object(&[
            optional("customerContact", Kind::Reference("customerContactNumber")),
            optional("salesPerson", Kind::Reference("employeeNumber")),
            optional("vendorReference", Kind::Reference("employeeNumber")),
            optional("other", Kind::Text(0, 250)),
        ]),
    ),
    optional("project", Kind::Reference("projectNumber")),
    required("layout", Kind::Reference("layoutNumber")),
    optional("lines", Kind::List(LINE)),
];

/// POST and PUT of booked invoices.
pub(super) const BOOKING: &[Field] = &[
    required("draftInvoice", Kind::Reference("draftInvoiceNumber")),
    optional("bookWithNumber", Kind::Integer(1, NINE_DIGITS)),
    optional("sendBy", Kind::OneOf(&["none", "EAN", "Email"])),
];

/// POST and PUT of payment terms.
pub(super) const PAYMENT_TERM: &[Field] = &[
    optional("daysOfCredit", Kind::Integer(0, 10_000)),
    optional("description", Kind::Text(0, 1000)),
    required("name", Kind::Text(1, 50)),
    required("paymentTermsType", Kind::OneOf(TERM_KINDS)),
    optional("contraAccountForPrepaidAmount", Kind::Reference("accountNumber")),
    optional("contraAccountForRemainderAmount", Kind::Reference("accountNumber")),
    optional("percentageForPrepaidAmount", Kind::Number(2)),
    optional("percentageForRemainderAmount", Kind::Number(2)),
    optional("creditCardCompany", Kind::Reference("customerNumber")),
];

const ENTRY_CURRENCY: Field = optional("currency", Kind::TextReference("code", 3));

/// POST of vouchers.
pub(super) const VOUCHER: &[Field] = &[
    optional("voucherNumber", Kind::Integer(1, NINE_DIGITS)),
    required("accountingYear", Kind::TextReference("year", 12)),
    optional("journal", Kind::Reference("journalNumber")),
    optional(
        "entries",
        Kind::Object(&[
            optional(
                "financeVouchers",
                Kind::List(&[
                    optional("text", Kind::Text(0, 250)),
                    required("amount", Kind::Number(2)),
                    required("account", Kind::Reference("accountNumber")),
                    optional("contraAccount", Kind::Reference("accountNumber")),
                    optional("vatAccount", Kind::TextReference("vatCode", 5)),
                    optional("contraVatAccount", Kind::TextReference("vatCode", 5)),
                    ENTRY_CURRENCY,
                    required("date", Kind::Date),
                    optional("exchangeRate", Kind::Number(6)),
                    optional("departmentalDistribution", DEPARTMENT),
                ]),
            ),
            optional(
                "customerPayments",
                Kind::List(&[
                    optional("text", Kind::Text(0, 250)),
                    required("amount", Kind::Number(2)),
                    required("customer", Kind::Reference("customerNumber")),
                    optional("customerInvoice", Kind::Integer(1, i64::MAX)),
                    optional("contraAccount", Kind::Reference("accountNumber")),
                    ENTRY_CURRENCY,
                    required("date", Kind::Date),
                    optional("exchangeRate", Kind::Number(6)),
                ]),
            ),
        ]),
    ),
];

/// Checks a body against its fields; gives the known fields only, or everything that is wrong.
pub(super) fn check(body: &Json, fields: &[Field], quirks: &Quirks) -> Result<Json, Vec<Problem>> {
    let mut check = Check { quirks, problems: Vec::new() };
    if !matches!(body, Json::Object(_)) {
        return Err(vec![Problem::new("body", error::TYPE_MISMATCH, "Expected Object", body)]);
    }
    let clean = check.object(body, fields, "");
    if check.problems.is_empty() { Ok(clean) } else { Err(check.problems) }
}

struct Check<'a> {
    quirks: &'a Quirks,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn object(&mut self, body: &Json, fields: &[Field], path: &str) -> Json {
        let mut clean = Json::Object(Vec::new());
        for field in fields {
            let here = join(path, field.name);
            let sent = body
                .get(field.name)
                .filter(|value| !value.is_null() || self.quirks.has(Quirk::NullIsRefused));
            match sent {
                Some(value) => {
                    if let Some(value) = self.value(value, field, &here) {
                        clean.set(field.name, value);
                    }
                }
                None if field.required => {
                    self.report(&here, error::MISSING_VALUE, "A value is required.", &Json::Null)
                }
                None => {}
            }
        }
        self.refuse_unknown(body, fields, path);
        clean
    }

    fn refuse_unknown(&mut self, body: &Json, fields: &[Field], path: &str) {
        let Json::Object(sent) = body else { return };
        if self.quirks.has(Quirk::UnknownFieldsAreIgnored) {
            return;
        }
        for (name, value) in sent.iter().filter(|(name, _)| !fields.iter().any(|field| field.name == name)) {
            self.report(&join(path, name), error::UNLISTED, "Unknown field.", value);
        }
    }

    fn report(&mut self, path: &str, code: &'static str, message: impl Into<String>, value: &Json) {
        self.problems.push(Problem::new(path, code, message, value));
    }

    fn mismatch(&mut self, path: &str, expected: &str, value: &Json) -> Option<Json> {
        self.report(
            path,
            error::TYPE_MISMATCH,
            format!("Expected {expected} but got {}", type_name(value)),
            value,
        );
        None
    }

    fn value(&mut self, value: &Json, field: &Field, path: &str) -> Option<Json> {
        match field.kind {
            Kind::Text(minimum, maximum) => self.text(value, minimum, maximum, path),
            Kind::Integer(minimum, maximum) => self.integer(value, minimum, maximum, field.required, path),
            Kind::Number(decimals) => self.number(value, decimals, path),
            Kind::Bool if value.as_bool().is_some() => Some(value.clone()),
            Kind::Bool => self.mismatch(path, "Boolean", value),
            Kind::Date => self.date(value, path),
            Kind::OneOf(words) => self.one_of(value, words, path),
            Kind::Object(fields) if matches!(value, Json::Object(_)) => {
                Some(self.object(value, fields, path))
            }
            Kind::Reference(name) if matches!(value, Json::Object(_)) => {
                self.reference(value, name, None, path)
            }
            Kind::TextReference(name, length) if matches!(value, Json::Object(_)) => {
                self.reference(value, name, Some(length), path)
            }
            Kind::Object(_) | Kind::Reference(_) | Kind::TextReference(..) => {
                self.mismatch(path, "Object", value)
            }
            Kind::List(fields) => self.list(value, fields, path),
        }
    }

    fn text(&mut self, value: &Json, minimum: usize, maximum: usize, path: &str) -> Option<Json> {
        let Some(text) = value.as_text() else { return self.mismatch(path, "String", value) };
        // The server counts as .NET does: in UTF-16 units.
        let length = text.encode_utf16().count();
        if length < minimum || length > maximum {
            let message = format!("String '{length}' characters long, must be from {minimum} to {maximum}.");
            self.report(path, error::UNLISTED, message, value);
            return None;
        }
        Some(value.clone())
    }

    fn integer(
        &mut self,
        value: &Json,
        minimum: i64,
        maximum: i64,
        required: bool,
        path: &str,
    ) -> Option<Json> {
        let Some(number) = value.as_integer() else { return self.mismatch(path, "Integer", value) };
        if number == 0 && minimum == 1 && !required && !self.quirks.has(Quirk::ZeroIsRefused) {
            return None;
        }
        if number < minimum || number > maximum {
            let message = if number < minimum {
                format!("Integer {number} is less than minimum value of {minimum}")
            } else {
                format!("Integer {number} is more than maximum value of {maximum}")
            };
            self.report(path, error::UNLISTED, message, value);
            return None;
        }
        Some(value.clone())
    }

    fn number(&mut self, value: &Json, decimals: u32, path: &str) -> Option<Json> {
        let Some(number) = value.as_decimal() else { return self.mismatch(path, "Number", value) };
        if number.normalize().scale() > decimals {
            let message = format!("Value has more than {decimals} decimals.");
            self.report(path, error::TOO_MANY_DECIMALS, message, value);
            return None;
        }
        if number.abs() > Decimal::from(999_999_999_999_i64) {
            self.report(path, error::UNLISTED, "Value is too large.", value);
            return None;
        }
        Some(value.clone())
    }

    fn date(&mut self, value: &Json, path: &str) -> Option<Json> {
        let Some(text) = value.as_text() else { return self.mismatch(path, "String", value) };
        if text.len() != 10 || text.parse::<jiff::civil::Date>().is_err() {
            self.report(path, error::TYPE_MISMATCH, "Expected a date as YYYY-MM-DD.", value);
            return None;
        }
        Some(value.clone())
    }

    fn one_of(&mut self, value: &Json, words: &[&str], path: &str) -> Option<Json> {
        let Some(text) = value.as_text() else { return self.mismatch(path, "String", value) };
        let strict = self.quirks.has(Quirk::EnumerationsAreCaseSensitive);
        let found = words.iter().find(|word| **word == text || (!strict && word.eq_ignore_ascii_case(text)));
        if found.is_none() {
            self.report(path, error::UNLISTED, format!("Must be one of {}.", words.join(", ")), value);
        }
        found.map(|word| Json::from(*word))
    }

    fn reference(
        &mut self,
        value: &Json,
        name: &'static str,
        text: Option<usize>,
        path: &str,
    ) -> Option<Json> {
        let here = join(path, name);
        let mut clean = Json::Object(Vec::new());
        let from_self = || {
            let last = value.text("self")?.rsplit('/').next()?;
            Some(if text.is_some() {
                Json::String(crate::http::decode(last, false))
            } else {
                Json::Number(last.to_string())
            })
        };
        let sent =
            value.get(name).filter(|id| !id.is_null() || self.quirks.has(Quirk::NullIsRefused)).cloned();
        let known_by_self = if self.quirks.has(Quirk::SelfStandsForNumber) { from_self() } else { None };
        let Some(id) = sent.or(known_by_self) else {
            self.report(&here, error::NO_IDENTIFIER, "No identifier was given.", &Json::Null);
            return None;
        };
        let id = match text {
            Some(length) => self.text(&id, 1, length, &here)?,
            None => self.integer(&id, 1, i64::MAX, false, &here)?,
        };
        clean.set(name, id);
        Some(clean)
    }

    fn list(&mut self, value: &Json, fields: &[Field], path: &str) -> Option<Json> {
        let Json::Array(items) = value else { return self.mismatch(path, "Array", value) };
        let clean = items.iter().enumerate().map(|(index, item)| {
            let here = join(path, &index.to_string());
            match item {
                Json::Object(_) => self.object(item, fields, &here),
                _ => {
                    self.report(&here, error::TYPE_MISMATCH, "Expected Object", item);
                    Json::Null
                }
            }
        });
        Some(Json::Array(clean.collect()))
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}

fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "Null",
        Json::Bool(_) => "Boolean",
        Json::Number(text) if text.contains(['.', 'e', 'E']) => "Number",
        Json::Number(_) => "Integer",
        Json::String(_) => "String",
        Json::Array(_) => "Array",
        Json::Object(_) => "Object",
    }
}
