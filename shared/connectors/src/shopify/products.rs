//! The shop's variants, with their product and their stock: as many with each call as the cost of a query lets through.
//!
//! Everything that can be bought in a Shopify shop is a variant; a product without a choice has one, called "Default
//! Title". So variants are listed, and products come with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::Failure;
use domain::money::parse_decimal;
use domain::shop_product::{
    ShopPlace, ShopProduct, ShopProductKind, ShopProductStatus, ShopStock, StockKeeping,
};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::client;
use super::wire::graphql::{Connection, number};
use crate::http::Transport;
use crate::json::{Amount, Flag, List, Text, read, read_answer, rejected};
use crate::ports::{ProductPage, ProductQuery};

/// Most points that one query may cost.
const MOST_POINTS: usize = 1000;
/// Most entries of a page, whatever they cost.
const MOST_ENTRIES: usize = 250;
/// Points of one variant with its product and its inventory item.
const POINTS_OF_VARIANT: usize = 3;
/// Points of the stock at one location: the level, and the quantity in it.
const POINTS_OF_LEVEL: usize = 2;
/// Most locations that are read at once.
pub(super) const MOST_LOCATIONS: usize = 20;

/// One page of the list.
pub(super) async fn page(
    transport: &dyn Transport,
    query: &ProductQuery<'_>,
    page: Option<&str>,
) -> Result<ProductPage, Failure> {
    if query.locations.len() > MOST_LOCATIONS {
        return Err(rejected(
            "too-many-locations",
            format!("at most {MOST_LOCATIONS} locations are read at once"),
        ));
    }
    let mut variables = Map::new();
    variables.insert("first".to_owned(), json!(entries(query.locations.len())));
    variables.insert("after".to_owned(), json!(page));
    let search =
        query.changed_since.map(|since| format!("updated_at:>='{}'", since.strftime("%Y-%m-%dT%H:%M:%SZ")));
    variables.insert("query".to_owned(), json!(search));
    for (place, location) in query.locations.iter().enumerate() {
        variables.insert(format!("l{place}"), json!(location_gid(location)?));
    }
    let document = format!(
        "query BogbroProducts($first: Int!, $after: String, $query: String{}) {{ \
         productVariants(first: $first, after: $after, query: $query, sortKey: ID) {{ \
         nodes {{ {} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        declared(query.locations.len()),
        variant_fields(query.locations.len()),
    );
    let data = client::query(transport, &document, Value::Object(variables)).await?;
    let found: Found<'_> = read_answer("the list of variants", &data)?;
    let variants = found.product_variants;
    let products: Result<Vec<ShopProduct>, Failure> =
        variants.nodes.iter().map(|variant| variant.read(query.locations)).collect();
    let next = variants.page_info.end_cursor.filter(|_| variants.page_info.has_next_page.0);
    Ok(ProductPage { products: products?, next })
}

/// Variants of one product that are read with each call.
const VARIANTS_PER_CALL: usize = 100;
/// Most variants that a product may have (the vendor's limit).
const MOST_VARIANTS: usize = 2048;

/// A product's variants in one text, as it is kept with the log.
#[derive(Debug, Serialize, Deserialize)]
struct KeptProduct<'a> {
    #[serde(borrow)]
    variants: Vec<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPage<'a> {
    #[serde(borrow, default)]
    product_variants: Connection<&'a RawValue>,
}

/// Reads all variants of a product into one text; `None` when there are none, as when it is gone.
pub(super) async fn fetch(transport: &dyn Transport, id: &str) -> Result<Option<String>, Failure> {
    let product = global_id("Product", id)?;
    let number = number(&product);
    let document = format!(
        "query BogbroProduct($first: Int!, $after: String, $query: String) {{ \
         productVariants(first: $first, after: $after, query: $query, sortKey: ID) {{ \
         nodes {{ {} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        variant_fields(0).replace("tracked", "tracked unitCost { amount }"),
    );
    let mut pages: Vec<Box<RawValue>> = Vec::new();
    let mut after: Option<String> = None;
    for _ in 0..=MOST_VARIANTS / VARIANTS_PER_CALL {
        let variables = json!({
            "first": VARIANTS_PER_CALL, "after": after, "query": format!("product_id:{number}"),
        });
        let data = client::query(transport, &document, variables).await?;
        let page: RawPage<'_> = read_answer("the list of variants", &data)?;
        for raw in &page.product_variants.nodes {
            // The search is the shop's: what it answers is looked at again.
            let variant: Variant<'_> = read_answer("a variant", raw.get())?;
            if super::wire::graphql::number(variant.product.id.trimmed()) == number {
                pages.push((*raw).to_owned());
            }
        }
        let next = page.product_variants.page_info;
        after = next.end_cursor.filter(|_| next.has_next_page.0);
        if after.is_none() {
            break;
        }
    }
    if after.is_some() {
        let message = format!("the product has more than {MOST_VARIANTS} variants");
        return Err(rejected("too-many-variants", message));
    }
    if pages.is_empty() {
        return Ok(None);
    }
    let variants = pages.iter().map(|raw| &**raw).collect();
    serde_json::to_string(&KeptProduct { variants })
        .map(Some)
        .map_err(|_| rejected("unreadable", "the product cannot be kept"))
}

/// The entries of a text that [`fetch`] made.
pub(super) fn read_kept(raw: &str) -> Result<Vec<ShopProduct>, Failure> {
    let kept: KeptProduct<'_> = read("the product", raw)?;
    kept.variants.into_iter().map(|raw| read::<Variant<'_>>("a variant", raw.get())?.read(&[])).collect()
}

/// Entries that fit one query.
fn entries(locations: usize) -> usize {
    ((MOST_POINTS - 10) / (POINTS_OF_VARIANT + POINTS_OF_LEVEL * locations)).min(MOST_ENTRIES)
}

/// The variables of the locations.
pub(super) fn declared(locations: usize) -> String {
    (0..locations).fold(String::new(), |mut text, place| {
        let _ = write!(text, ", $l{place}: ID!");
        text
    })
}

/// The stock at each location, under the names `l0`, `l1` ...
pub(super) fn level_fields(locations: usize) -> String {
    (0..locations).fold(String::new(), |mut text, place| {
        let _ = write!(
            text,
            " l{place}: inventoryLevel(locationId: $l{place}) {{ quantities(names: [\"available\"]) {{ name quantity }} }}"
        );
        text
    })
}

/// What a variant is asked for.
pub(super) fn variant_fields(locations: usize) -> String {
    format!(
        "id sku barcode title price taxable updatedAt inventoryQuantity requiresComponents \
         inventoryItem {{ id tracked{} }} product {{ id title status productType isGiftCard hasOnlyDefaultVariant }}",
        level_fields(locations),
    )
}

/// The global id of a location, from its number or from the global id itself.
pub(super) fn location_gid(location: &str) -> Result<String, Failure> {
    global_id("Location", location)
}

/// The global id of something by its number. Ids are whole numbers: anything else is not one of Shopify's.
pub(super) fn global_id(kind: &str, id: &str) -> Result<String, Failure> {
    let prefix = format!("gid://shopify/{kind}/");
    let digits = id.strip_prefix(&prefix).unwrap_or(id);
    if (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{prefix}{digits}"))
    } else {
        Err(rejected("no-id", format!("{:?} is not the id of a Shopify {kind}", crate::http::clean(id))))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    #[serde(borrow, default)]
    product_variants: Connection<Variant<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variant<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    sku: Text<'a>,
    #[serde(borrow, default)]
    barcode: Text<'a>,
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(borrow, default)]
    price: Text<'a>,
    #[serde(default)]
    taxable: Flag,
    #[serde(borrow, default)]
    updated_at: Text<'a>,
    #[serde(default)]
    inventory_quantity: Amount,
    #[serde(default)]
    requires_components: Flag,
    /// Read by name, since each location has a name of its own in it.
    #[serde(borrow, default)]
    inventory_item: BTreeMap<&'a str, &'a RawValue>,
    #[serde(borrow)]
    product: Family<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Family<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    product_type: Text<'a>,
    #[serde(default)]
    is_gift_card: Flag,
    #[serde(default)]
    has_only_default_variant: Flag,
}

/// An amount without its currency, which is the shop's.
#[derive(Debug, Deserialize)]
struct Cost {
    #[serde(default)]
    amount: Amount,
}

/// The stock at one location.
#[derive(Debug, Deserialize)]
pub(super) struct Level<'a> {
    #[serde(borrow, default)]
    quantities: List<Quantity<'a>>,
}

#[derive(Debug, Deserialize)]
struct Quantity<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(default)]
    quantity: Amount,
}

impl Level<'_> {
    /// Units for sale.
    pub(super) fn available(&self) -> Option<i64> {
        let quantity = self.quantities.0.iter().find(|quantity| quantity.name.trimmed() == "available")?;
        quantity.quantity.0?.to_i64()
    }
}

/// The stock by location of an inventory item that was asked for with [`level_fields`].
pub(super) fn places(
    item: &BTreeMap<&str, &RawValue>,
    locations: &[String],
) -> Result<Vec<ShopPlace>, Failure> {
    let place = |(place, location): (usize, &String)| {
        let level = item.get(format!("l{place}").as_str()).map_or("null", |raw| raw.get());
        let level: Option<Level<'_>> = read_answer("the stock at a location", level)?;
        let quantity = level.as_ref().and_then(Level::available);
        Ok(ShopPlace { location: location.clone(), quantity })
    };
    locations.iter().enumerate().map(place).collect()
}

impl Variant<'_> {
    pub(super) fn read(&self, locations: &[String]) -> Result<ShopProduct, Failure> {
        let owned = |text: &Text<'_>| text.given().map(str::to_owned);
        let (title, family) = (self.title.trimmed(), self.product.title.trimmed());
        let alone = self.product.has_only_default_variant.0 || title == "Default Title" || title.is_empty();
        let price = self.price.given().map(parse_decimal).transpose().map_err(|_| {
            rejected("unreadable", format!("the price of variant {} is not an amount", number(&self.id.0)))
        })?;
        if price.is_some_and(|price| price < Decimal::ZERO) {
            let id = number(&self.id.0);
            return Err(rejected("unreadable", format!("the price of variant {id} is below zero")));
        }
        let updated = self.updated_at.given().map(str::parse).transpose();
        let updated = updated.map_err(|_| {
            rejected("unreadable", format!("variant {} has no readable time of change", number(&self.id.0)))
        })?;
        Ok(ShopProduct {
            product: number(self.product.id.trimmed()).to_owned(),
            variant: Some(number(self.id.trimmed()).to_owned()),
            kind: if self.requires_components.0 {
                ShopProductKind::Bundle
            } else if alone {
                ShopProductKind::Single
            } else {
                ShopProductKind::Variant
            },
            sku: owned(&self.sku),
            barcode: owned(&self.barcode),
            name: if alone { family.to_owned() } else { format!("{family} - {title}") },
            price,
            cost: self.cost()?,
            taxable: self.taxable.0,
            tax_class: String::new(),
            gift_card: self.product.is_gift_card.0,
            categories: owned(&self.product.product_type).into_iter().collect(),
            status: match self.product.status.trimmed() {
                "DRAFT" => ShopProductStatus::Draft,
                "ARCHIVED" => ShopProductStatus::Archived,
                // Unlisted products can be bought by whoever has the link.
                _ => ShopProductStatus::Active,
            },
            stock: self.stock(locations)?,
            updated,
            unreadable: None,
        })
    }

    /// What one unit cost, where it was asked for and the merchant has said it.
    fn cost(&self) -> Result<Option<Decimal>, Failure> {
        let raw = self.inventory_item.get("unitCost").map_or("null", |raw| raw.get());
        let cost: Option<Cost> = read_answer("the cost of a variant", raw)?;
        Ok(cost.and_then(|cost| cost.amount.0).filter(|cost| !cost.is_zero()))
    }

    fn stock(&self, locations: &[String]) -> Result<ShopStock, Failure> {
        let part = |name: &str| self.inventory_item.get(name).map_or("null", |raw| raw.get());
        let tracked: Flag = read_answer("the inventory item", part("tracked"))?;
        let item: Text<'_> = read_answer("the inventory item", part("id"))?;
        let keeping = if tracked.0 { StockKeeping::Own } else { StockKeeping::None };
        Ok(ShopStock {
            keeping,
            quantity: self.inventory_quantity.0.filter(|_| tracked.0).and_then(|units| units.to_i64()),
            item: item.given().map(|id| number(id).to_owned()),
            places: places(&self.inventory_item, locations)?,
        })
    }
}
