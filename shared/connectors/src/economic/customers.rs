//! Customers: found by what identifies them, made, and changed without losing what the merchant wrote there.

use std::collections::BTreeMap;

use domain::catalogue::KnownCustomer;
use domain::plan::NewCustomer;
use domain::{EffectKey, Failure};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Item, acknowledged, json, parse, read_all, read_item, text, write};
use super::countries::{country_code, country_name};
use super::errors::refused;
use super::filter::Filter;
use super::limits::{self, check_ean, cut, kept};
use super::map::some_cut;
use super::wire::{CustomerBody, CustomerGroupReference, Number, PaymentTermsReference, VatZoneReference};
use crate::http::{Call, Method, Transport};

const CUSTOMERS: &str = "/customers";

/// The parts of a customer that Bogbro reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomerAnswer {
    customer_number: u32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    currency: String,
    barred: Option<bool>,
    vat_zone: Option<VatZoneReference>,
    payment_terms: Option<PaymentTermsReference>,
    customer_group: Option<CustomerGroupReference>,
    email: Option<String>,
    telephone_and_fax_number: Option<String>,
    mobile_phone: Option<String>,
    address: Option<String>,
    zip: Option<String>,
    city: Option<String>,
    country: Option<String>,
    corporate_identification_number: Option<String>,
    vat_number: Option<String>,
    ean: Option<String>,
}

pub(super) async fn find(
    transport: &dyn Transport,
    field: &str,
    value: &str,
) -> Result<Vec<KnownCustomer>, Failure> {
    let value = value.trim();
    if value.is_empty() {
        // A filter for an empty text would match every customer without one.
        return Ok(Vec::new());
    }
    let Some(filter) = filter_for(field, value)? else { return Ok(Vec::new()) };
    let mut known = Vec::new();
    for (answer, raw) in read_all::<CustomerAnswer>(transport, CUSTOMERS, Some(filter)).await? {
        if matches(field, value, &answer) {
            known.push(known_customer(answer, raw));
        }
    }
    Ok(known)
}

/// The filter for one field of the domain; `None` when no customer can have the value.
fn filter_for(field: &str, value: &str) -> Result<Option<Filter>, Failure> {
    Ok(Some(match field {
        "email" => Filter::equals("email", value),
        "ean" => Filter::equals("ean", value),
        "number" => match value.parse::<u32>() {
            Ok(number) if (1..=limits::CUSTOMER_NUMBER).contains(&number) => {
                Filter::equals("customerNumber", &number.to_string())
            }
            _ => return Ok(None),
        },
        "phone" => {
            let forms = phone_forms(value);
            let forms = || forms.iter().map(String::as_str);
            let either =
                [Filter::any_of("telephoneAndFaxNumber", forms()), Filter::any_of("mobilePhone", forms())];
            return Ok(either.into_iter().flatten().reduce(Filter::or));
        }
        "company-number" => {
            let field = "corporateIdentificationNumber";
            Filter::equals(field, &plain(value)).or(Filter::equals(field, &format!("DK{}", plain(value))))
        }
        // Danish agreements have no `vatNumber` [V]: a foreign VAT number stands as company number there.
        "vat-number" => {
            let whole =
                Filter::equals("vatNumber", value).or(Filter::equals("corporateIdentificationNumber", value));
            match danish_number(value) {
                Some(number) => whole.or(Filter::equals("corporateIdentificationNumber", number)),
                None => whole,
            }
        }
        _ => return Err(refused("field", format!("customers cannot be found by {field}"))),
    }))
}

/// The ways in which people write one phone number, since the filter only knows the whole text.
fn phone_forms(value: &str) -> Vec<String> {
    let digits = digits(value);
    let mut forms = vec![value.to_owned(), digits.clone()];
    let local = local_phone(&digits);
    if local.len() == 8 {
        let pairs: Vec<&str> = (0..4).map(|pair| &local[pair * 2..pair * 2 + 2]).collect();
        let pairs = pairs.join(" ");
        let halves = format!("{} {}", &local[..4], &local[4..]);
        forms.extend([
            local.to_owned(),
            pairs.clone(),
            halves,
            format!("+45{local}"),
            format!("+45 {local}"),
            format!("+45 {pairs}"),
            format!("45{local}"),
            format!("0045{local}"),
        ]);
    }
    forms.retain(|form| !form.is_empty());
    forms.sort();
    forms.dedup();
    forms
}

/// The digits of a number without Denmark's country code.
fn local_phone(digits: &str) -> &str {
    let digits = digits.strip_prefix("00").unwrap_or(digits);
    if digits.len() == 10 { digits.strip_prefix("45").unwrap_or(digits) } else { digits }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_uppercase()).collect()
}

/// True for a number with its country before it, as VAT numbers are written.
fn has_country(number: &str) -> bool {
    number.trim().get(..2).is_some_and(|prefix| prefix.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// The company number inside a Danish VAT number. In other countries the digits alone may be another company's number here.
fn danish_number(vat_number: &str) -> Option<&str> {
    vat_number.strip_prefix("DK").filter(|number| !number.is_empty())
}

/// Compares again what the filter compared loosely.
fn matches(field: &str, value: &str, answer: &CustomerAnswer) -> bool {
    let any = |fields: [&Option<String>; 2], same: &dyn Fn(&str) -> bool| {
        fields.into_iter().flatten().any(|text| same(text))
    };
    let none = None;
    match field {
        "email" => any([&answer.email, &none], &|text| text.trim().to_lowercase() == value.to_lowercase()),
        "ean" => any([&answer.ean, &none], &|text| text.trim() == value),
        "number" => answer.customer_number.to_string() == value,
        "phone" => any([&answer.telephone_and_fax_number, &answer.mobile_phone], &|text| {
            local_phone(&digits(text)) == local_phone(&digits(value))
        }),
        "company-number" => any([&answer.corporate_identification_number, &none], &|text| {
            plain(text).trim_start_matches("DK") == plain(value).trim_start_matches("DK")
        }),
        "vat-number" => any([&answer.vat_number, &answer.corporate_identification_number], &|text| {
            plain(text) == plain(value) || danish_number(value) == Some(plain(text).as_str())
        }),
        _ => false,
    }
}

fn known_customer(answer: CustomerAnswer, raw: String) -> KnownCustomer {
    let phone = answer.telephone_and_fax_number.or(answer.mobile_phone);
    let country = answer.country.map(|name| country_code(&name).to_owned());
    let company_number = answer.corporate_identification_number;
    let vat_number = answer.vat_number.filter(|number| !number.trim().is_empty());
    let vat_number = vat_number.or_else(|| company_number.clone().filter(|number| has_country(number)));
    let fields = [
        ("name", Some(answer.name.clone())),
        ("email", answer.email),
        ("phone", phone),
        ("street", answer.address),
        ("postcode", answer.zip),
        ("city", answer.city),
        ("country", country),
        ("company-number", company_number),
        ("vat-number", vat_number),
        ("ean", answer.ean),
    ];
    KnownCustomer {
        number: answer.customer_number,
        name: answer.name,
        currency: answer.currency,
        barred: answer.barred.unwrap_or(false),
        vat_zone: answer.vat_zone.map_or(0, |zone| zone.number),
        payment_term: answer.payment_terms.map_or(0, |terms| terms.number),
        fields: fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .filter(|(_, value)| !value.trim().is_empty())
            .collect(),
        raw,
    }
}

pub(super) async fn create(
    transport: &dyn Transport,
    key: &EffectKey,
    new: &NewCustomer,
) -> Result<u32, Failure> {
    let body = new_body(new)?;
    let response = write(transport, key, Method::Post, CUSTOMERS.to_owned(), json(&body)?).await?;
    let answer: CustomerAnswer = parse(&text(&response, Call::Write)?, Call::Write, "a new customer")?;
    let differs = [
        ("currency", body.currency != answer.currency),
        ("customerNumber", body.customer_number.is_some_and(|number| number != answer.customer_number)),
        ("vatZone", answer.vat_zone.is_some_and(|zone| zone != body.vat_zone)),
        ("customerGroup", answer.customer_group.is_some_and(|group| group != body.customer_group)),
    ];
    if let Some((field, _)) = differs.into_iter().find(|(_, differs)| *differs) {
        let number = answer.customer_number;
        return Err(refused(
            "integrity",
            format!("customer {number} was made, but with another {field} than asked for"),
        ));
    }
    if answer.customer_number == 0 {
        return Err(Failure::Unknown {
            message: "e-conomic answered a new customer without a number".to_owned(),
        });
    }
    Ok(answer.customer_number)
}

/// The body of a new customer. Name, address and phone are cut to length (they are printed); what a customer is found by is not.
pub(super) fn new_body(new: &NewCustomer) -> Result<CustomerBody, Failure> {
    let buyer = &new.customer;
    let (field, value) = (new.identified_by.0.as_str(), new.identified_by.1.trim());
    let by = |name: &str| (field == name && !value.is_empty()).then(|| value.to_owned());
    let given = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let email = Some(buyer.email.trim().to_owned()).filter(|email| !email.is_empty()).or_else(|| by("email"));
    let vat_number = by("vat-number").or_else(|| given(&buyer.vat_number));
    // Danish agreements have no `vatNumber` [V] and ignore it without a word: a buyer's VAT number stands as company number there.
    let company_number =
        by("company-number").or_else(|| given(&buyer.company_number)).or_else(|| vat_number.clone());
    let ean = by("ean").or_else(|| given(&buyer.ean));
    for (field, text, longest) in [
        ("email", &email, limits::EMAIL),
        ("vatNumber", &vat_number, limits::VAT_NUMBER),
        ("corporateIdentificationNumber", &company_number, limits::COMPANY_NUMBER),
    ] {
        text.as_deref().map_or(Ok(()), |text| kept(field, text, longest))?;
    }
    ean.as_deref().map_or(Ok(()), |ean| check_ean("ean", ean))?;
    let name = cut(new.name.trim(), limits::CUSTOMER_NAME);
    kept("name", &name, limits::CUSTOMER_NAME)?;
    if new.number.is_some_and(|number| number == 0 || number > limits::CUSTOMER_NUMBER) {
        return Err(refused(
            "limit",
            format!("customerNumber: a number from 1 to {} is needed", limits::CUSTOMER_NUMBER),
        ));
    }
    Ok(CustomerBody {
        customer_number: new.number,
        name,
        currency: new.currency.clone(),
        customer_group: CustomerGroupReference { number: new.group },
        payment_terms: PaymentTermsReference { number: new.payment_term },
        vat_zone: VatZoneReference { number: new.vat_zone },
        email,
        telephone_and_fax_number: some_cut(&buyer.phone, limits::PHONE),
        // The digits that it is found by, beside the number as the buyer wrote it.
        mobile_phone: by("phone")
            .filter(|digits| digits != buyer.phone.trim())
            .map(|phone| cut(&phone, limits::MOBILE_PHONE)),
        address: some_cut(&buyer.billing.street, limits::CUSTOMER_ADDRESS),
        zip: some_cut(&buyer.billing.postcode, limits::POSTCODE),
        city: some_cut(&buyer.billing.city, limits::CITY),
        country: some_cut(country_name(&buyer.billing.country), limits::COUNTRY),
        corporate_identification_number: company_number,
        vat_number,
        ean,
    })
}

/// Fields of the legacy `PUT` that may be sent as they were answered [V]. Whatever is left out is cleared by the server, so all
/// that can be sent is sent; the rest of an answer (links, balances) is reckoned there.
const PLAIN_FIELDS: &[&str] = &[
    "address",
    "barred",
    "city",
    "corporateIdentificationNumber",
    "country",
    "creditLimit",
    "currency",
    "customerNumber",
    "eInvoicingDisabledByDefault",
    "ean",
    "email",
    "mobilePhone",
    "name",
    "pNumber",
    "priceGroup",
    "publicEntryNumber",
    "telephoneAndFaxNumber",
    "vatNumber",
    "website",
    "zip",
];

/// References to other things: the field and the number inside it.
const REFERENCE_FIELDS: &[(&str, &str)] = &[
    ("attention", "customerContactNumber"),
    ("customerContact", "customerContactNumber"),
    ("customerGroup", "customerGroupNumber"),
    ("defaultDeliveryLocation", "deliveryLocationNumber"),
    ("layout", "layoutNumber"),
    ("paymentTerms", "paymentTermsNumber"),
    ("salesPerson", "employeeNumber"),
    ("vatZone", "vatZoneNumber"),
];

pub(super) async fn update(
    transport: &dyn Transport,
    key: &EffectKey,
    number: u32,
    raw: &str,
    fields: &[(String, String)],
) -> Result<(), Failure> {
    let item = Item::of(CUSTOMERS, u64::from(number))?;
    // What stands there now is changed, not what stood there when the plan was made: a PUT replaces the whole, and would undo
    // what somebody wrote since. It also makes what does not exist, and numbers are used again [L]: so look first.
    let Some(current) = read_item(transport, item.path()).await? else {
        return Err(refused("gone", format!("customer {number} no longer exists in e-conomic")));
    };
    same_customer(number, raw, &current)?;
    let body = changed_body(&current, fields)?;
    let response = write(transport, key, Method::Put, item.path(), body).await?;
    acknowledged(&response, "a customer")
}

/// A number that was deleted may be somebody else's by now [L]: when all that tells customers apart is different, nothing is
/// written.
fn same_customer(number: u32, before: &str, now: &str) -> Result<(), Failure> {
    let before: CustomerAnswer = parse(before, Call::Read, "a customer")?;
    let now: CustomerAnswer = parse(now, Call::Read, "a customer")?;
    let shared = [
        (Some(&before.name), Some(&now.name)),
        (before.email.as_ref(), now.email.as_ref()),
        (before.corporate_identification_number.as_ref(), now.corporate_identification_number.as_ref()),
        (before.telephone_and_fax_number.as_ref(), now.telephone_and_fax_number.as_ref()),
        (before.ean.as_ref(), now.ean.as_ref()),
    ];
    if now.customer_number == number && shared.iter().any(|(before, now)| before.is_some() && before == now) {
        return Ok(());
    }
    Err(refused("not-ours", format!("customer {number} in e-conomic is somebody else by now")))
}

/// The whole customer with some fields changed, as the body of a `PUT`. Numbers pass through as they are written.
pub(super) fn changed_body(current: &str, fields: &[(String, String)]) -> Result<String, Failure> {
    let current: BTreeMap<String, Box<RawValue>> = parse(current, Call::Read, "a customer")?;
    let mut body: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
    for field in PLAIN_FIELDS {
        if let Some(value) = current.get(*field).filter(|value| sendable(value.get())) {
            body.insert(field, value.clone());
        }
    }
    for (field, inner) in REFERENCE_FIELDS {
        let Some(value) = current.get(*field).filter(|value| sendable(value.get())) else { continue };
        let parts: BTreeMap<String, Box<RawValue>> = parse(value.get(), Call::Read, "a customer")?;
        if let Some(number) = parts.get(*inner).filter(|number| sendable(number.get())) {
            body.insert(field, raw(&BTreeMap::from([(*inner, number)]))?);
        }
    }
    for (field, value) in fields {
        let (wire, value) = changed_field(field, value)?;
        body.insert(wire, raw(&value)?);
    }
    let vat_number = fields.iter().find(|(field, _)| field == "vat-number");
    let company_number = "corporateIdentificationNumber";
    let stands = body.get(company_number).map(|value| value.get().trim_matches('"'));
    if let Some((_, number)) = vat_number
        && stands.is_none_or(|stands| stands.trim().is_empty() || has_country(stands))
    {
        // The place of a VAT number in a Danish agreement, unless the company has a number of its own there.
        kept(company_number, number.trim(), limits::COMPANY_NUMBER)?;
        body.insert(company_number, raw(&number.trim())?);
    }
    json(&body)
}

/// e-conomic refuses `null`, and `0` for an optional number [L]; a credit limit of 0 is none.
fn sendable(text: &str) -> bool {
    if text == "null" {
        return false;
    }
    serde_json::from_str::<Number>(text).map_or(true, |number| !number.0.is_zero())
}

fn changed_field(field: &str, value: &str) -> Result<(&'static str, String), Failure> {
    let value = value.trim();
    let exact =
        |wire: &'static str, longest: usize| kept(wire, value, longest).map(|()| (wire, value.to_owned()));
    match field {
        "name" => Ok(("name", cut(value, limits::CUSTOMER_NAME))),
        "email" => exact("email", limits::EMAIL),
        "phone" => Ok(("telephoneAndFaxNumber", cut(value, limits::PHONE))),
        "street" => Ok(("address", cut(value, limits::CUSTOMER_ADDRESS))),
        "postcode" => Ok(("zip", cut(value, limits::POSTCODE))),
        "city" => Ok(("city", cut(value, limits::CITY))),
        "country" => Ok(("country", cut(country_name(value), limits::COUNTRY))),
        "company-number" => exact("corporateIdentificationNumber", limits::COMPANY_NUMBER),
        "vat-number" => exact("vatNumber", limits::VAT_NUMBER),
        "ean" => check_ean("ean", value).map(|()| ("ean", value.to_owned())),
        _ => Err(refused("field", format!("a customer's {field} cannot be changed in e-conomic"))),
    }
}

fn raw<T: serde::Serialize>(value: &T) -> Result<Box<RawValue>, Failure> {
    serde_json::value::to_raw_value(value)
        .map_err(|error| refused("body", format!("the customer cannot be written: {error}")))
}
