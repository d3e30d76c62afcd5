//! Products: found by number, many at a time, and made.

use domain::Failure;
use domain::catalogue::Product;
use domain::plan::ProductStep;
use serde::Deserialize;

use super::client::{json, parse, read_all, text, write};
use super::errors::{Call, refused};
use super::filter::{Filter, IN_LIST_LIMIT};
use super::limits::{self, cut, kept};
use super::master::{self, Agreement};
use super::wire::{InventoryBody, Number, ProductBody, ProductGroupReference};
use crate::http::{Method, Transport};

const PRODUCTS: &str = "/products";
/// Longest text of a list of numbers in one filter, so that the address stays within what servers take.
const LIST_LENGTH: usize = 3000;

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
        .filter(|number| !number.is_empty() && number.chars().count() <= limits::PRODUCT_NUMBER)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    // A bracket cannot be escaped [L] and would end the list: such numbers are asked for one by one.
    let (bracketed, listed): (Vec<&str>, Vec<&str>) =
        numbers.into_iter().partition(|number| number.contains(['[', ']']));
    let mut lists: Vec<Vec<&str>> = Vec::new();
    let mut length = 0;
    for number in listed {
        let fits = lists
            .last()
            .is_some_and(|list| list.len() < IN_LIST_LIMIT && length + number.len() < LIST_LENGTH);
        if fits && let Some(list) = lists.last_mut() {
            list.push(number);
            length += number.len() + 1;
        } else {
            lists.push(vec![number]);
            length = number.len() + 1;
        }
    }
    let lists = lists.into_iter().map(|list| Filter::one_of("productNumber", list));
    lists.chain(bracketed.into_iter().map(|number| Filter::equals("productNumber", number))).collect()
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
        let numbers: Vec<String> = (0..450).map(|number| format!("S{number}")).collect();
        assert_eq!(filters(&numbers).len(), 3);
        let long: Vec<String> = (0..200).map(|number| format!("{number:025}")).collect();
        assert_eq!(filters(&long).len(), 2, "a list is bounded by its length too");
        let odd = ["A[1]", "A]", "", "B", "B", "12345678901234567890123456"].map(str::to_owned);
        let texts: Vec<String> = filters(&odd).into_iter().map(Filter::into_text).collect();
        assert_eq!(texts, ["productNumber$in:[B]", "productNumber$eq:A[1]", "productNumber$eq:A]"]);
    }
}
