//! The shop's products and their variations, a hundred with each call.
//!
//! A list of products holds no variations. Shops from version 10.3 list all variations of all products; older ones list
//! them product by product, so there every product with variations costs one call.

use domain::Failure;
use domain::money::parse_decimal;
use domain::shop_product::{ShopProduct, ShopProductKind, ShopProductStatus, ShopStock, StockKeeping};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::entities::decode_name;
use super::wire::Item;
use super::{complaint, map};
use crate::http::{Call, Request, Transport, accept, json_text};
use crate::json::{Id, List, Text, read, read_answer, rejected};
use crate::ports::{ProductPage, ProductQuery};

/// Where products are below the shop's address.
pub(super) const PRODUCTS: &str = "/wp-json/wc/v3/products";
/// Where all variations of all products are, from version 10.3.
const VARIATIONS: &str = "/wp-json/wc/v3/variations";
/// Entries per page: the most that the shop gives.
const PAGE_SIZE: usize = 100;
/// Products per page where each costs a call for its variations.
const PARENTS_PER_PAGE: usize = 20;
/// Most pages of one product's variations that are read at once. A list goes on behind them; a product that has more is not carried
/// over by itself.
const VARIATION_PAGES: usize = 20;
/// What is read of an entry.
pub(super) const FIELDS: &str = "id,name,type,status,sku,price,manage_stock,stock_quantity,tax_status,tax_class,categories,\
     date_modified_gmt,parent_id,global_unique_id,attributes,cost_of_goods_sold";

/// Where the list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A page of products; whether one with variations was seen so far.
    Products { page: usize, variable: bool },
    /// A page of all variations.
    Variations { page: usize },
    /// A page of products with variations, each listed by itself (before version 10.3): from which of them on, and from which page of
    /// its variations.
    Parents { page: usize, at: usize, from: usize },
}

impl Place {
    fn parse(text: Option<&str>) -> Result<Place, Failure> {
        let Some(text) = text else { return Ok(Place::Products { page: 1, variable: false }) };
        let place = text.split_once('/').and_then(|(kind, page)| {
            if kind == "parents" {
                let numbers: Option<Vec<usize>> = page.split('/').map(|number| number.parse().ok()).collect();
                return match numbers?.as_slice() {
                    [page] => Some(Place::Parents { page: *page, at: 0, from: 1 }),
                    [page, at, from] => Some(Place::Parents { page: *page, at: *at, from: *from }),
                    _ => None,
                };
            }
            let page = page.parse().ok()?;
            match kind {
                "products" => Some(Place::Products { page, variable: false }),
                "products-with-variations" => Some(Place::Products { page, variable: true }),
                "variations" => Some(Place::Variations { page }),
                _ => None,
            }
        });
        place.ok_or_else(|| rejected("products", "the place in the list of products cannot be read"))
    }

    fn text(self) -> String {
        match self {
            Place::Products { page, variable: false } => format!("products/{page}"),
            Place::Products { page, variable: true } => format!("products-with-variations/{page}"),
            Place::Variations { page } => format!("variations/{page}"),
            Place::Parents { page, at: 0, from: 1 } => format!("parents/{page}"),
            Place::Parents { page, at, from } => format!("parents/{page}/{at}/{from}"),
        }
    }
}

/// One page of the list.
pub(super) async fn page(
    transport: &dyn Transport,
    query: &ProductQuery<'_>,
    page: Option<&str>,
) -> Result<ProductPage, Failure> {
    match Place::parse(page)? {
        Place::Products { page, variable } => products(transport, query, page, variable).await,
        Place::Variations { page } => match variations(transport, query, page).await? {
            Some(page) => Ok(page),
            None => of_parents(transport, query, (1, 0, 1)).await,
        },
        Place::Parents { page, at, from } => of_parents(transport, query, (page, at, from)).await,
    }
}

async fn products(
    transport: &dyn Transport,
    query: &ProductQuery<'_>,
    page: usize,
    variable: bool,
) -> Result<ProductPage, Failure> {
    let request = listing(PRODUCTS, page, PAGE_SIZE, query)?.query("status", "any").query("_fields", FIELDS);
    let response = transport.read(request).await?;
    accept(Call::Read, &response, complaint)?;
    let (products, full) = read_items(json_text(Call::Read, &response)?)?;
    let variable = variable || products.iter().any(|entry| entry.kind == ShopProductKind::Parent);
    // A variation that changed does not change its product, so a list of changes always asks for variations too.
    let asks_for_variations = variable || query.changed_since.is_some();
    let next = if full {
        Some(Place::Products { page: page + 1, variable })
    } else {
        asks_for_variations.then_some(Place::Variations { page: 1 })
    };
    Ok(ProductPage { products, next: next.map(Place::text) })
}

/// `None` where the shop is too old to list all variations at once.
async fn variations(
    transport: &dyn Transport,
    query: &ProductQuery<'_>,
    page: usize,
) -> Result<Option<ProductPage>, Failure> {
    let request = listing(VARIATIONS, page, PAGE_SIZE, query)?.query("_fields", FIELDS);
    let response = transport.read(request).await?;
    let text = std::str::from_utf8(&response.body).unwrap_or_default();
    if response.status == 404 && complaint(text).code.as_deref() == Some("rest_no_route") {
        return Ok(None);
    }
    accept(Call::Read, &response, complaint)?;
    let (products, full) = read_variations(json_text(Call::Read, &response)?, None)?;
    let next = full.then_some(Place::Variations { page: page + 1 });
    Ok(Some(ProductPage { products, next: next.map(Place::text) }))
}

async fn of_parents(
    transport: &dyn Transport,
    query: &ProductQuery<'_>,
    (page, at, from): (usize, usize, usize),
) -> Result<ProductPage, Failure> {
    // Which variations changed, their products do not tell: all products are asked.
    let all = ProductQuery { changed_since: None, ..*query };
    let request = listing(PRODUCTS, page, PARENTS_PER_PAGE, &all)?
        .query("status", "any")
        .query("type", "variable")
        .query("_fields", "id,name");
    let response = transport.read(request).await?;
    accept(Call::Read, &response, complaint)?;
    let text = json_text(Call::Read, &response)?;
    let List(parents): List<Item<'_>> = read_answer("the list of products", text)?;
    let mut products = Vec::new();
    for (place, parent) in parents.iter().enumerate().skip(at) {
        let id = id_of(&parent.id)?;
        let first = if place == at { from.max(1) } else { 1 };
        let end = first.saturating_add(VARIATION_PAGES);
        for number in first.. {
            if number == end {
                // Many more: they are the next page of the list.
                let next = Place::Parents { page, at: place, from: end };
                return Ok(ProductPage { products, next: Some(next.text()) });
            }
            let request = listing(&format!("{PRODUCTS}/{id}/variations"), number, PAGE_SIZE, query)?
                .query("_fields", FIELDS);
            let response = transport.read(request).await?;
            if super::is_missing(&response) {
                break;
            }
            accept(Call::Read, &response, complaint)?;
            let (found, full) = read_variations(json_text(Call::Read, &response)?, Some((&id, parent)))?;
            products.extend(found);
            if !full {
                break;
            }
        }
    }
    let next = Place::Parents { page: page + 1, at: 0, from: 1 };
    let next = (parents.len() >= PARENTS_PER_PAGE).then_some(next);
    Ok(ProductPage { products, next: next.map(Place::text) })
}

/// A product with its variations in one text, as it is kept with the log.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<'a> {
    #[serde(borrow)]
    product: &'a RawValue,
    #[serde(borrow)]
    variations: Vec<&'a RawValue>,
}

/// Reads a product with all its variations into one text; `None` when it is gone or thrown away. A variation is not a product of
/// its own here: it comes with its product.
pub(super) async fn fetch(transport: &dyn Transport, id: &str) -> Result<Option<String>, Failure> {
    let response = transport.read(Request::get(format!("{PRODUCTS}/{id}")).query("_fields", FIELDS)).await?;
    if super::is_missing(&response) {
        return Ok(None);
    }
    accept(Call::Read, &response, complaint)?;
    let product = json_text(Call::Read, &response)?;
    let item: Item<'_> = read_answer("the product", product)?;
    if item.id.given() != Some(id) {
        return Err(rejected("another-product", format!("product {id} was asked for, another was sent")));
    }
    if item.kind.trimmed() == "variation" || item.status.trimmed() == "trash" {
        return Ok(None);
    }
    let mut pages = Vec::new();
    if entry(&item, None)?.kind == ShopProductKind::Parent {
        for number in 1.. {
            let path = format!("{PRODUCTS}/{id}/variations");
            let all = ProductQuery { changed_since: None, locations: &[] };
            let request = listing(&path, number, PAGE_SIZE, &all)?.query("_fields", FIELDS);
            let response = transport.read(request).await?;
            accept(Call::Read, &response, complaint)?;
            let page = json_text(Call::Read, &response)?.to_owned();
            let List(found): List<&RawValue> = read_answer("the list of variations", &page)?;
            if number > VARIATION_PAGES && !found.is_empty() {
                let most = VARIATION_PAGES * PAGE_SIZE;
                let words =
                    format!("product {id} has more than {most} variations, which are not carried over");
                return Err(rejected("too-many-variations", words));
            }
            let full = found.len() >= PAGE_SIZE;
            pages.push(page);
            if !full {
                break;
            }
        }
    }
    let unreadable = |_: serde_json::Error| rejected("unreadable", "the product cannot be kept");
    let mut variations: Vec<&RawValue> = Vec::new();
    for page in &pages {
        variations.extend(serde_json::from_str::<Vec<&RawValue>>(page).map_err(unreadable)?);
    }
    let product = serde_json::from_str(product).map_err(unreadable)?;
    serde_json::to_string(&Kept { product, variations }).map(Some).map_err(unreadable)
}

/// The entries of a text that [`fetch`] made.
pub(super) fn read_kept(raw: &str) -> Result<Vec<ShopProduct>, Failure> {
    let kept: Kept<'_> = read("the product", raw)?;
    let parent: Item<'_> = read("the product", kept.product.get())?;
    let whole = entry(&parent, None)?;
    let mut entries = Vec::with_capacity(kept.variations.len() + 1);
    for raw in kept.variations {
        let item: Item<'_> = read("a variation", raw.get())?;
        let mut own = variation(&item, Some((&whole.product, &parent)))?;
        // Categories and the state of the whole are the product's.
        if own.categories.is_empty() {
            own.categories.clone_from(&whole.categories);
        }
        if whole.status != ShopProductStatus::Active {
            own.status = whole.status;
        }
        entries.push(own);
    }
    entries.insert(0, whole);
    Ok(entries)
}

/// A page of a list in the order of ids, which change by nothing but deletion.
fn listing(path: &str, page: usize, size: usize, query: &ProductQuery<'_>) -> Result<Request, Failure> {
    let request = Request::get(path)
        .query("per_page", size.to_string())
        .query("page", page.to_string())
        .query("orderby", "id")
        .query("order", "asc");
    let Some(since) = query.changed_since else { return Ok(request) };
    // The bound is exclusive and of whole seconds.
    let after = Timestamp::from_second(since.as_second()).ok();
    let after = after.and_then(|at| at.checked_sub(SignedDuration::from_secs(1)).ok());
    let after = after.ok_or_else(|| rejected("products", "the time is out of range"))?;
    Ok(request
        .query("modified_after", after.strftime("%Y-%m-%dT%H:%M:%S").to_string())
        .query("dates_are_gmt", "true"))
}

/// Entries of a list of products, in which variations may stand too (a list by SKU), and whether the page is full.
pub(super) fn read_items(text: &str) -> Result<(Vec<ShopProduct>, bool), Failure> {
    read_each("the list of products", text, None, |item| item.kind.trimmed() == "variation")
}

fn read_variations(
    text: &str,
    parent: Option<(&str, &Item<'_>)>,
) -> Result<(Vec<ShopProduct>, bool), Failure> {
    read_each("the list of variations", text, parent, |_| true)
}

/// Reads entries one by one, so that one that cannot be read keeps no other back. A variation whose product is gone belongs to nothing
/// and is left out: whether the page is full is told by what stood on it.
fn read_each(
    what: &str,
    text: &str,
    parent: Option<(&str, &Item<'_>)>,
    is_variation: impl Fn(&Item<'_>) -> bool,
) -> Result<(Vec<ShopProduct>, bool), Failure> {
    let List(raws): List<&RawValue> = read_answer(what, text)?;
    let mut entries = Vec::with_capacity(raws.len());
    for raw in &raws {
        let (item, unreadable) = match read_answer::<Item<'_>>(what, raw.get()) {
            Ok(item) => (item, None),
            Err(failure) => {
                let Ok(sketch) = read_answer::<Sketch<'_>>(what, raw.get()) else { return Err(failure) };
                (sketch.item(), Some("what the shop says of it cannot be read".to_owned()))
            }
        };
        let varies = is_variation(&item);
        if varies && parent.is_none() && item.parent_id.given().is_none() {
            continue;
        }
        let read = if varies { variation(&item, parent)? } else { entry(&item, None)? };
        entries.push(ShopProduct { unreadable: unreadable.or(read.unreadable), ..read });
    }
    Ok((entries, raws.len() >= PAGE_SIZE))
}

/// By what an entry is known of which something else cannot be read.
#[derive(Debug, Deserialize)]
struct Sketch<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
    #[serde(borrow, default)]
    parent_id: Id<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    sku: Text<'a>,
}

impl<'a> Sketch<'a> {
    fn item(self) -> Item<'a> {
        let Sketch { id, parent_id, name, kind, sku } = self;
        Item { id, parent_id, name, kind, sku, ..Item::default() }
    }
}

fn id_of(id: &Id<'_>) -> Result<String, Failure> {
    id.given().map(str::to_owned).ok_or_else(|| rejected("unreadable", "a product without id in the list"))
}

fn entry(item: &Item<'_>, parent: Option<(&str, &Item<'_>)>) -> Result<ShopProduct, Failure> {
    if item.kind.trimmed() == "variation" {
        return variation(item, parent);
    }
    let kind = match item.kind.trimmed() {
        "variable" | "variable-subscription" => ShopProductKind::Parent,
        "grouped" | "external" => ShopProductKind::Listing,
        // Types of the common bundle plugins; their stock is reckoned from what they hold.
        "bundle" | "composite" | "woosb" => ShopProductKind::Bundle,
        _ => ShopProductKind::Single,
    };
    Ok(ShopProduct {
        product: id_of(&item.id)?,
        variant: None,
        kind,
        name: decode_name(item.name.trimmed()).into_owned(),
        ..common(item)
    })
}

fn variation(item: &Item<'_>, parent: Option<(&str, &Item<'_>)>) -> Result<ShopProduct, Failure> {
    let id = id_of(&item.id)?;
    let product = item.parent_id.given().or(parent.map(|(id, _)| id));
    let product =
        product.ok_or_else(|| rejected("unreadable", format!("variation {id} without its product")))?;
    let own = item.name.given().map(|name| decode_name(name).into_owned());
    let options: Vec<&str> = item.attributes.0.iter().filter_map(|option| option.option.given()).collect();
    let own = own.unwrap_or_else(|| decode_name(&options.join(", ")).into_owned());
    let family = parent.map(|(_, parent)| decode_name(parent.name.trimmed()).into_owned());
    let name = match family {
        Some(family) if !own.starts_with(&family) => format!("{family} - {own}"),
        _ => own,
    };
    Ok(ShopProduct {
        product: product.to_owned(),
        variant: Some(id),
        kind: ShopProductKind::Variant,
        name,
        ..common(item)
    })
}

/// What products and variations have alike; ids, kind and name are the caller's.
fn common(item: &Item<'_>) -> ShopProduct {
    let text = |text: &Text<'_>| text.given().map(str::to_owned);
    // One that cannot be read keeps no other back.
    let price = item.price.given().map(|text| {
        let price = parse_decimal(text).map_err(|_| "its price is not an amount")?;
        if price < Decimal::ZERO { Err("its price is below zero") } else { Ok(price) }
    });
    let (price, unreadable) = match price.transpose() {
        Ok(price) => (price, None),
        Err(what) => (None, Some(what.to_owned())),
    };
    let (updated, unreadable) = match map::product_changed_at(item) {
        Ok(updated) => (updated, unreadable),
        Err(_) => (None, unreadable.or(Some("when it was changed is not a time".to_owned()))),
    };
    let categories = item.categories.0.iter().filter_map(|category| category.name.given());
    ShopProduct {
        product: String::new(),
        variant: None,
        kind: ShopProductKind::Single,
        sku: text(&item.sku),
        barcode: text(&item.global_unique_id),
        name: String::new(),
        price,
        cost: item
            .cost_of_goods_sold
            .as_ref()
            .and_then(|cost| cost.total_value.0)
            .filter(|cost| !cost.is_zero()),
        taxable: item.tax_status.trimmed() != "none",
        tax_class: item.tax_class.owned(),
        // Core knows no gift cards; plugins give them a type of their own.
        gift_card: matches!(item.kind.trimmed(), "gift-card" | "pw-gift-card" | "gift_card"),
        categories: categories.map(|name| decode_name(name).into_owned()).collect(),
        status: match item.status.trimmed() {
            "publish" | "" => ShopProductStatus::Active,
            "trash" => ShopProductStatus::Archived,
            _ => ShopProductStatus::Draft,
        },
        stock: stock(item),
        updated,
        unreadable,
    }
}

/// `manage_stock` is yes, no, or for a variation `parent`.
fn stock(item: &Item<'_>) -> ShopStock {
    let keeping = match item.manage_stock.trimmed() {
        "parent" => StockKeeping::OfParent,
        "true" | "1" | "yes" => StockKeeping::Own,
        _ => StockKeeping::None,
    };
    let units = |quantity: Decimal| quantity.floor().to_i64();
    let quantity = item.stock_quantity.0.filter(|_| keeping != StockKeeping::None).and_then(units);
    ShopStock { keeping, quantity, item: None, places: Vec::new() }
}
