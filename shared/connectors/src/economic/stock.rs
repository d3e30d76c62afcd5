//! What the agreement holds of its products: a thousand with each call, or those that changed.
//!
//! Stock stands on products, and only with the inventory module and in product groups that keep it. It is the total: stock
//! by location is not told. `lastUpdated` moves with the stock too [V], and can be filtered by, which `inventory.*` cannot
//! [L]; so what changed is one call, and everything is one for every thousand products.

use domain::Failure;
use domain::stock::{PlaceLevel, StockReading, Thousandths};
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;

use super::client::{REST, text};
use super::errors::refused;
use super::filter::Filter;
use crate::http::{Call, Request, Transport};
use crate::json::{Amount, Flag, List, Text, read_answer};
use crate::ports::StockPage;

const PRODUCTS: &str = "/products";
/// Products per page; 1001 is answered with 400 `E04810` [L].
const PAGE_SIZE: usize = 1000;

#[derive(Debug, Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    collection: List<ProductAnswer<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProductAnswer<'a> {
    #[serde(borrow)]
    product_number: Text<'a>,
    #[serde(default)]
    barred: Flag,
    #[serde(borrow, default)]
    last_updated: Text<'a>,
    #[serde(borrow, default)]
    inventory: Option<InventoryAnswer<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InventoryAnswer<'a> {
    #[serde(default)]
    available: Amount,
    #[serde(default)]
    in_stock: Amount,
    #[serde(borrow, default)]
    inventory_last_updated: Text<'a>,
}

pub(super) async fn page(
    transport: &dyn Transport,
    changed_since: Option<Timestamp>,
    page: Option<&str>,
) -> Result<StockPage, Failure> {
    let number: usize = match page {
        None => 0,
        Some(page) => page.parse().map_err(|_| refused("stock", "the place in the list cannot be read"))?,
    };
    // In the order of numbers, so that a product that changes meanwhile leaves no gap: it may come twice, never not at all.
    let mut request = Request::get(PRODUCTS)
        .on(REST)
        .query("skippages", number.to_string())
        .query("pagesize", PAGE_SIZE.to_string())
        .query("sort", "productNumber");
    if let Some(since) = changed_since {
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        request = request.query("filter", Filter::at_least("lastUpdated", &since).into_text());
    }
    let response = transport.read(request).await?;
    let answer = text(&response, Call::Read)?;
    let Page { collection: List(products) } = read_answer("the list of products", &answer)?;
    let readings: Result<Vec<StockReading>, Failure> = products.iter().map(reading).collect();
    let next = (products.len() >= PAGE_SIZE).then(|| (number + 1).to_string());
    Ok(StockPage { readings: readings?, next })
}

fn reading(product: &ProductAnswer<'_>) -> Result<StockReading, Failure> {
    let number = product.product_number.trimmed();
    let changed = time(number, &product.last_updated)?;
    let Some(inventory) = &product.inventory else {
        return Ok(StockReading {
            product: number.to_owned(),
            barred: product.barred.0,
            changed_at: changed,
            places: Vec::new(),
        });
    };
    let moved = time(number, &inventory.inventory_last_updated)?;
    // Products of groups that keep no stock have the rest of the object, but no quantity.
    let places = match inventory.in_stock.0 {
        None => Vec::new(),
        Some(in_stock) => vec![PlaceLevel {
            place: String::new(),
            available: thousandths(number, inventory.available.0.unwrap_or(in_stock))?,
            in_stock: thousandths(number, in_stock)?,
        }],
    };
    Ok(StockReading {
        product: number.to_owned(),
        barred: product.barred.0,
        changed_at: changed.max(moved),
        places,
    })
}

fn thousandths(number: &str, units: Decimal) -> Result<Thousandths, Failure> {
    let scaled = units.checked_mul(Decimal::ONE_THOUSAND).and_then(|scaled| scaled.floor().to_i64());
    scaled.ok_or_else(|| refused("unreadable", format!("the stock of product {number} is out of range")))
}

/// A time, or a day, which the schema says [V] and the server does not [L]; long ago for none.
fn time(number: &str, text: &Text<'_>) -> Result<Timestamp, Failure> {
    let Some(text) = text.given() else { return Ok(Timestamp::UNIX_EPOCH) };
    let day = || format!("{text}T00:00:00Z").parse();
    text.parse().or_else(|_| day()).map_err(|_: jiff::Error| {
        refused("unreadable", format!("product {number} has no readable time of change"))
    })
}
