//! Products: found by number, many at a time, made, and changed without losing what the merchant wrote there.

use std::collections::BTreeMap;

use domain::catalogue::{KnownProduct, Product};
use domain::plan::{ProductChange, ProductChangeStep, ProductStep};
use domain::{Failure, Money};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{json, parse, read_all, read_item, text, write};
use super::errors::refused;
use super::filter::Filter;
use super::limits::{self, cut, kept};
use super::master::{self, Agreement};
use super::wire::{InventoryBody, Number, ProductBody, ProductGroupReference, UnitReference};
use crate::http::{Call, Method, Transport};
use crate::ports::Difference;

const PRODUCTS: &str = "/products";
/// Numbers asked for in one filter: at 25 characters and their field name each, the address stays below two kilobytes.
const NUMBERS_PER_FILTER: usize = 40;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductAnswer {
    product_number: String,
    #[serde(default)]
    name: String,
    barred: Option<bool>,
    product_group: Option<ProductGroupReference>,
    sales_price: Option<Number>,
    cost_price: Option<Number>,
    unit: Option<UnitReference>,
    bar_code: Option<String>,
    inventory: Option<InventoryAnswer>,
    /// The product's own address, in which its number is written as the server wants it.
    #[serde(rename = "self")]
    link: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InventoryAnswer {
    recommended_cost_price: Option<Number>,
}

impl ProductAnswer {
    fn group(&self) -> u32 {
        self.product_group.map_or(0, |group| group.number)
    }

    /// With the inventory module `costPrice` is reckoned by the server, and what may be written is the recommended one [V].
    fn cost(&self) -> Option<Number> {
        match &self.inventory {
            Some(inventory) => inventory.recommended_cost_price,
            None => self.cost_price,
        }
    }

    fn known(self) -> KnownProduct {
        KnownProduct {
            group: self.group(),
            cost_price: self.cost().map(|price| price.0),
            number: self.product_number,
            name: self.name,
            barred: self.barred.unwrap_or(false),
            sales_price: self.sales_price.map(|price| price.0),
            unit: self.unit.map(|unit| unit.number),
            barcode: self.bar_code.unwrap_or_default().trim().to_owned(),
        }
    }
}

/// The products of these numbers, with the fields that may be changed.
pub(super) async fn known(
    transport: &dyn Transport,
    numbers: &[String],
) -> Result<Vec<KnownProduct>, Failure> {
    let mut products = Vec::new();
    for filter in filters(numbers) {
        for (answer, _) in read_all::<ProductAnswer>(transport, PRODUCTS, Some(filter)).await? {
            // The filter does not tell upper from lower case [V]; a product number does.
            if numbers.contains(&answer.product_number) {
                products.push(answer.known());
            }
        }
    }
    products.sort_by(|one, other| one.number.cmp(&other.number));
    products.dedup_by(|one, other| one.number == other.number);
    Ok(products)
}

/// All products of the agreement.
pub(super) async fn all(transport: &dyn Transport) -> Result<Vec<KnownProduct>, Failure> {
    let products = read_all::<ProductAnswer>(transport, PRODUCTS, None).await?;
    Ok(products.into_iter().map(|(answer, _)| answer.known()).collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UnitAnswer {
    unit_number: u32,
    #[serde(default)]
    name: String,
}

/// The agreement's units.
pub(super) async fn units(transport: &dyn Transport) -> Result<BTreeMap<u32, String>, Failure> {
    let units = read_all::<UnitAnswer>(transport, "/units", None).await?;
    Ok(units.into_iter().map(|(unit, _)| (unit.unit_number, unit.name)).collect())
}

pub(super) async fn find(transport: &dyn Transport, numbers: &[String]) -> Result<Vec<Product>, Failure> {
    let mut products = Vec::new();
    for filter in filters(numbers) {
        for (answer, _) in read_all::<ProductAnswer>(transport, PRODUCTS, Some(filter)).await? {
            // The filter does not tell upper from lower case [V]; a product number does.
            if numbers.contains(&answer.product_number) {
                products.push(Product {
                    number: answer.product_number,
                    name: answer.name,
                    group: answer.product_group.map_or(0, |group| group.number),
                    barred: answer.barred.unwrap_or(false),
                });
            }
        }
    }
    products.sort_by(|one, other| one.number.cmp(&other.number));
    products.dedup_by(|one, other| one.number == other.number);
    Ok(products)
}

/// As few filters as hold all numbers. A number longer than e-conomic has room for cannot exist there and is not asked for.
fn filters(numbers: &[String]) -> Vec<Filter> {
    let mut numbers: Vec<&str> = numbers
        .iter()
        .map(String::as_str)
        .filter(|number| !number.is_empty() && limits::length(number) <= limits::PRODUCT_NUMBER)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    // Product numbers are texts, which `$in` does not take [V]: each is asked for by name, many in one filter.
    numbers
        .chunks(NUMBERS_PER_FILTER)
        .filter_map(|chunk| Filter::any_of("productNumber", chunk.iter().copied()))
        .collect()
}

pub(super) async fn create(
    transport: &dyn Transport,
    step: &ProductStep,
) -> Result<Vec<Difference>, Failure> {
    let agreement = master::agreement(transport).await?;
    let body = new_body(step, &agreement)?;
    let response = write(transport, &step.key, Method::Post, PRODUCTS.to_owned(), json(&body)?).await?;
    let answer: ProductAnswer = parse(&text(&response, Call::Write)?, Call::Write, "a new product")?;
    let group = answer.product_group.map_or(step.group, |group| group.number);
    if answer.product_number != step.number || group != step.group {
        return Err(refused(
            "integrity",
            format!("product {} was made, but with another number or group than asked for", step.number),
        ));
    }
    let mut differences = Differences::default();
    // A name that the answer leaves out is not one that was refused.
    differences.note("name", &body.name, if answer.name.is_empty() { &body.name } else { &answer.name });
    if !step.barcode.is_empty() {
        differences.note("barCode", &step.barcode, answer.bar_code.as_deref().unwrap_or_default());
    }
    if let Some(unit) = step.unit {
        differences.note("unit", unit, answer.unit.map_or(0, |unit| unit.number));
    }
    if let Some(price) = body.sales_price {
        differences.note(
            "salesPrice",
            price.0.normalize(),
            answer.sales_price.map_or_else(Default::default, |own| own.0.normalize()),
        );
    }
    Ok(differences.0)
}

/// What was answered otherwise than it was asked.
#[derive(Default)]
struct Differences(Vec<Difference>);

impl Differences {
    fn note(&mut self, field: &str, asked: impl ToString, answered: impl ToString) {
        let (asked, answered) = (asked.to_string(), answered.to_string());
        if asked != answered {
            self.0.push(Difference::new(field, asked, answered));
        }
    }
}

/// The body of a new product. Only the name, which is printed, is cut to length.
pub(super) fn new_body(step: &ProductStep, agreement: &Agreement) -> Result<ProductBody, Failure> {
    kept("productNumber", &step.number, limits::PRODUCT_NUMBER)?;
    if !step.barcode.is_empty() {
        kept("barCode", &step.barcode, limits::BARCODE)?;
    }
    let name = cut(step.name.trim(), limits::PRODUCT_NAME);
    // Prices are in the agreement's own currency; one in another would be wrong there, so it is left out.
    let own = |price: Option<Money>| price.filter(|price| price.currency() == agreement.base_currency);
    let cost = own(step.cost_price).map(Money::to_decimal).unwrap_or_default();
    Ok(ProductBody {
        product_number: step.number.clone(),
        name: if name.is_empty() { step.number.clone() } else { name },
        product_group: ProductGroupReference { number: step.group },
        sales_price: own(step.sales_price).and_then(|price| Number::unless_zero(price.to_decimal())),
        cost_price: Number::unless_zero(cost).filter(|_| !agreement.inventory),
        bar_code: Some(step.barcode.clone()).filter(|code| !code.is_empty()),
        unit: step.unit.map(|number| UnitReference { number }),
        // With the inventory module a cost price is required, also where nobody has told us one [V].
        inventory: agreement
            .inventory
            .then(|| InventoryBody { recommended_cost_price: Number(cost.normalize()) }),
    })
}

/// Fields of the legacy `PUT` that may be sent as they were answered [V]. Whatever is left out is cleared by the server.
const PLAIN_FIELDS: &[&str] = &[
    "productNumber",
    "name",
    "description",
    "costPrice",
    "recommendedPrice",
    "salesPrice",
    "barCode",
    "barred",
];

/// Parts of a product, and what of them may be sent.
const PARTS: &[(&str, &[&str])] = &[
    ("productGroup", &["productGroupNumber"]),
    ("unit", &["unitNumber"]),
    ("departmentalDistribution", &["departmentalDistributionNumber", "distributionType"]),
    ("inventory", &["packageVolume", "recommendedCostPrice"]),
];

pub(super) async fn change(
    transport: &dyn Transport,
    step: &ProductChangeStep,
) -> Result<Vec<Difference>, Failure> {
    kept("productNumber", &step.number, limits::PRODUCT_NUMBER)?;
    let gone = || refused("gone", format!("product {} is not in e-conomic", step.number));
    let path = path_of(transport, &step.number).await?.ok_or_else(gone)?;
    // What stands there now is changed: a `PUT` replaces the whole, and makes what does not exist [L].
    let current = read_item(transport, path.clone()).await?.ok_or_else(gone)?;
    let body = changed_body(&step.number, &current, &step.changes)?;
    let response = write(transport, &step.key, Method::Put, path, body).await?;
    let answer: ProductAnswer = parse(&text(&response, Call::Write)?, Call::Write, "a changed product")?;
    if answer.product_number != step.number {
        return Err(Failure::Unknown { message: "e-conomic answered another product".to_owned() });
    }
    Ok(differences(&step.changes, &answer))
}

/// The address of a product. How a number with other signs than letters, digits and hyphens is written in an address nobody has
/// shown [U]: the server's own link says it.
async fn path_of(transport: &dyn Transport, number: &str) -> Result<Option<String>, Failure> {
    if number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(Some(format!("{PRODUCTS}/{number}")));
    }
    let filter = Filter::equals("productNumber", number);
    let found = read_all::<ProductAnswer>(transport, PRODUCTS, Some(filter)).await?;
    let Some((answer, _)) = found.into_iter().find(|(answer, _)| answer.product_number == number) else {
        return Ok(None);
    };
    let link = answer.link.unwrap_or_default();
    let place = link.find(&format!("{PRODUCTS}/")).map(|start| link[start..].to_owned());
    let sound = place.filter(|place| {
        let item = place.strip_prefix(PRODUCTS).unwrap_or_default().trim_start_matches('/');
        !item.is_empty() && !item.contains(['/', '?', '#']) && item != "." && item != ".."
    });
    sound
        .map(Some)
        .ok_or_else(|| refused("unreadable", format!("product {number} has no address of its own")))
}

/// The whole product with some fields changed, as the body of a `PUT`. Numbers pass through as they are written.
pub(super) fn changed_body(
    number: &str,
    current: &str,
    changes: &[ProductChange],
) -> Result<String, Failure> {
    let answer: ProductAnswer = parse(current, Call::Read, "a product")?;
    if answer.product_number != number {
        return Err(refused("not-ours", format!("another product than {number} was answered")));
    }
    let stock = answer.inventory.is_some();
    let current: BTreeMap<String, Box<RawValue>> = parse(current, Call::Read, "a product")?;
    let mut body: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
    let mut parts: BTreeMap<&str, BTreeMap<&str, Box<RawValue>>> = BTreeMap::new();
    for field in PLAIN_FIELDS {
        // With the inventory module the cost price is the server's to reckon.
        let readable = *field == "costPrice" && stock;
        if let Some(value) = current.get(*field).filter(|value| sendable(value.get()) && !readable) {
            body.insert(field, value.clone());
        }
    }
    for (part, inner) in PARTS {
        let Some(value) = current.get(*part).filter(|value| value.get() != "null") else { continue };
        let fields: BTreeMap<String, Box<RawValue>> = parse(value.get(), Call::Read, "a product")?;
        let kept = inner.iter().filter_map(|name| {
            let value = fields.get(*name)?;
            let required = *name == "recommendedCostPrice";
            (sendable(value.get()) || required).then(|| (*name, value.clone()))
        });
        parts.insert(part, kept.collect());
    }
    for change in changes {
        match change {
            ProductChange::Name(name) => {
                body.insert("name", raw(&cut(name.trim(), limits::PRODUCT_NAME))?);
            }
            ProductChange::Barcode(code) => {
                kept("barCode", code, limits::BARCODE)?;
                body.insert("barCode", raw(code)?);
            }
            ProductChange::Barred(barred) => {
                body.insert("barred", raw(barred)?);
            }
            ProductChange::SalesPrice(price) => {
                body.insert("salesPrice", raw(&Number(price.to_decimal().normalize()))?);
            }
            ProductChange::CostPrice(price) => {
                let price = raw(&Number(price.to_decimal().normalize()))?;
                if stock {
                    parts.entry("inventory").or_default().insert("recommendedCostPrice", price);
                } else {
                    body.insert("costPrice", price);
                }
            }
            ProductChange::Group(number) => {
                parts.insert("productGroup", BTreeMap::from([("productGroupNumber", raw(number)?)]));
            }
            ProductChange::Unit(number) => {
                parts.insert("unit", BTreeMap::from([("unitNumber", raw(number)?)]));
            }
        }
    }
    for (part, fields) in parts {
        if !fields.is_empty() {
            body.insert(part, raw(&fields)?);
        }
    }
    json(&body)
}

/// e-conomic refuses `null`, and `0` for an optional number [L].
fn sendable(text: &str) -> bool {
    text != "null" && serde_json::from_str::<Number>(text).map_or(true, |number| !number.0.is_zero())
}

fn raw<T: serde::Serialize>(value: &T) -> Result<Box<RawValue>, Failure> {
    serde_json::value::to_raw_value(value)
        .map_err(|error| refused("body", format!("the product cannot be written: {error}")))
}

fn differences(changes: &[ProductChange], answer: &ProductAnswer) -> Vec<Difference> {
    let mut found = Differences::default();
    let amount = |number: Option<Number>| number.map_or_else(Default::default, |own| own.0.normalize());
    for change in changes {
        match change {
            ProductChange::Name(name) => {
                found.note("name", cut(name.trim(), limits::PRODUCT_NAME), &answer.name)
            }
            ProductChange::Barcode(code) => {
                found.note("barCode", code, answer.bar_code.as_deref().unwrap_or_default());
            }
            ProductChange::Barred(barred) => found.note("barred", barred, answer.barred.unwrap_or(false)),
            ProductChange::SalesPrice(price) => {
                found.note("salesPrice", price.to_decimal().normalize(), amount(answer.sales_price));
            }
            ProductChange::CostPrice(price) => {
                found.note("costPrice", price.to_decimal().normalize(), amount(answer.cost()));
            }
            ProductChange::Group(number) => found.note("productGroup", number, answer.group()),
            ProductChange::Unit(number) => {
                found.note("unit", number, answer.unit.map_or(0, |unit| unit.number));
            }
        }
    }
    found.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_filters_hold_all_numbers() {
        let numbers: Vec<String> = (0..85).map(|number| format!("{number:025}")).collect();
        let texts: Vec<String> = filters(&numbers).into_iter().map(Filter::into_text).collect();
        assert_eq!(texts.len(), 3);
        assert!(texts.iter().all(|text| text.len() < 2000), "an address stays short");
        let odd = ["A[1]", "A]", "", "B", "B", "12345678901234567890123456"].map(str::to_owned);
        let texts: Vec<String> = filters(&odd).into_iter().map(Filter::into_text).collect();
        assert_eq!(texts, ["productNumber$eq:A[1]$or:productNumber$eq:A]$or:productNumber$eq:B"]);
    }
}
