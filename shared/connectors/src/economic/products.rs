//! Products: found by number, many at a time, and made.

use domain::Failure;
use domain::catalogue::Product;
use domain::plan::ProductStep;
use serde::Deserialize;

use super::client::{json, parse, read_all, text, write};
use super::errors::{Call, refused};
use super::filter::Filter;
use super::limits::{self, cut, kept};
use super::master::{self, Agreement};
use super::wire::{InventoryBody, Number, ProductBody, ProductGroupReference};
use crate::http::{Method, Transport};

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

pub(super) async fn create(transport: &dyn Transport, step: &ProductStep) -> Result<(), Failure> {
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
    Ok(())
}

/// The body of a new product. Only the name, which is printed, is cut to length.
pub(super) fn new_body(step: &ProductStep, agreement: &Agreement) -> Result<ProductBody, Failure> {
    kept("productNumber", &step.number, limits::PRODUCT_NUMBER)?;
    let name = cut(step.name.trim(), limits::PRODUCT_NAME);
    // The sales price is in the agreement's own currency; a price in another would be wrong there, so it is left out.
    let price = step.sales_price.filter(|price| price.currency() == agreement.base_currency);
    Ok(ProductBody {
        product_number: step.number.clone(),
        name: if name.is_empty() { step.number.clone() } else { name },
        product_group: ProductGroupReference { number: step.group },
        sales_price: price.and_then(|price| Number::unless_zero(price.to_decimal())),
        // With the inventory module a cost price is required, and nobody has told us one [V].
        inventory: agreement
            .inventory
            .then_some(InventoryBody { recommended_cost_price: Number(rust_decimal::Decimal::ZERO) }),
    })
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
