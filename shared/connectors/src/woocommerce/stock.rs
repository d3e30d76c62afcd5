//! Stock, a hundred entries with each call: variations with their product, all else together.
//!
//! WooCommerce compares nothing and has no keys of idempotency; a quantity is absolute, so setting it again is harmless. A
//! batch answers 200 whatever became of its items: each has its own answer.

use domain::shop_product::{ShopProduct, StockKeeping};
use domain::{EffectKey, Failure};
use serde::Deserialize;
use serde_json::json;

use super::complaint;
use super::products::{FIELDS, PRODUCTS, read_items};
use super::wire::Problem;
use crate::http::{Call, Method, Request, Transport, accept, clean, json_text};
use crate::json::{Amount, Id, List, Text, read_answer};
use crate::ports::{StockAnswer, StockChange, StockTarget};
use rust_decimal::prelude::ToPrimitive;

/// Entries of a page.
const PAGE_SIZE: usize = 100;
/// Most pages of a look-up: a number may stand on several entries.
const LOOK_UP_PAGES: usize = 5;

/// A list by SKU holds variations too. A comma in a number would make two of it: such a number is not asked for.
pub(super) async fn by_sku(transport: &dyn Transport, skus: &[String]) -> Result<Vec<ShopProduct>, Failure> {
    let asked: Vec<&str> = skus.iter().map(String::as_str).filter(|sku| !sku.contains(',')).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut waiting = vec![asked.as_slice()];
    while let Some(asked) = waiting.pop() {
        let (entries, is_whole) = listed(transport, asked).await?;
        match asked.split_at(asked.len() / 2) {
            // What many entries hide is asked for with fewer numbers; of one number on so many the rest says no more.
            (first, second) if !is_whole && !first.is_empty() => waiting.extend([second, first]),
            _ => found.extend(entries),
        }
    }
    Ok(found)
}

/// The entries of some numbers, and whether those are all.
async fn listed(transport: &dyn Transport, asked: &[&str]) -> Result<(Vec<ShopProduct>, bool), Failure> {
    let mut found = Vec::new();
    for page in 1..=LOOK_UP_PAGES {
        let request = Request::get(PRODUCTS)
            .query("sku", asked.join(","))
            .query("status", "any")
            .query("per_page", PAGE_SIZE.to_string())
            .query("page", page.to_string())
            .query("orderby", "id")
            .query("order", "asc")
            .query("_fields", FIELDS);
        let response = transport.read(request).await?;
        accept(Call::Read, &response, complaint)?;
        let (entries, full) = read_items(json_text(Call::Read, &response)?)?;
        let is_asked = |entry: &ShopProduct| entry.sku.as_deref().is_some_and(|sku| asked.contains(&sku));
        found.extend(entries.into_iter().filter(is_asked));
        if !full {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}

/// Where entries of one product, or entries that are no variations, are.
fn place(family: Option<&str>) -> String {
    family.map_or_else(|| PRODUCTS.to_owned(), |family| format!("{PRODUCTS}/{family}/variations"))
}

pub(super) async fn now(
    transport: &dyn Transport,
    targets: &[StockTarget],
) -> Result<Vec<Option<i64>>, Failure> {
    let mut shown = vec![None; targets.len()];
    let mut families: Vec<Option<&str>> = targets.iter().map(|target| target.family.as_deref()).collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        let ids: Vec<&str> = targets
            .iter()
            .filter(|target| target.family.as_deref() == family)
            .map(|target| target.id.as_str())
            .collect();
        for ids in ids.chunks(PAGE_SIZE) {
            let request = Request::get(place(family))
                .query("include", ids.join(","))
                .query("status", "any")
                .query("per_page", PAGE_SIZE.to_string())
                .query("_fields", "id,type,parent_id,manage_stock,stock_quantity");
            let response = transport.read(request).await?;
            accept(Call::Read, &response, complaint)?;
            let List(entries): List<Shown<'_>> =
                read_answer("the list of products", json_text(Call::Read, &response)?)?;
            for entry in &entries {
                let asked = targets.iter().position(|target| entry.id.given() == Some(&target.id));
                if let Some(cell) = asked.and_then(|place| shown.get_mut(place)) {
                    *cell = entry.quantity();
                }
            }
        }
    }
    Ok(shown)
}

/// An entry's stock.
#[derive(Debug, Deserialize)]
struct Shown<'a> {
    #[serde(borrow, default)]
    id: Id<'a>,
    #[serde(borrow, default)]
    manage_stock: Text<'a>,
    #[serde(default)]
    stock_quantity: Amount,
    #[serde(borrow, default)]
    error: Option<Problem<'a>>,
}

impl Shown<'_> {
    fn keeping(&self) -> StockKeeping {
        match self.manage_stock.trimmed() {
            "parent" => StockKeeping::OfParent,
            "true" | "1" | "yes" => StockKeeping::Own,
            _ => StockKeeping::None,
        }
    }

    fn quantity(&self) -> Option<i64> {
        let counted = self.keeping() == StockKeeping::Own;
        self.stock_quantity.0.filter(|_| counted).and_then(|units| units.floor().to_i64())
    }
}

#[derive(Debug, Deserialize)]
struct Batch<'a> {
    #[serde(borrow, default)]
    update: List<Shown<'a>>,
}

pub(super) async fn set(
    transport: &dyn Transport,
    key: &EffectKey,
    changes: &[StockChange],
) -> Result<Vec<StockAnswer>, Failure> {
    let Some(first) = changes.first() else { return Ok(Vec::new()) };
    let family = first.target.family.as_deref();
    if changes.iter().any(|change| change.target.family.as_deref() != family) {
        return Err(crate::json::rejected(
            "stock",
            "variations of different products cannot be written together",
        ));
    }
    let mut items = Vec::with_capacity(changes.len());
    for change in changes {
        let id: u64 = change
            .target
            .id
            .parse()
            .map_err(|_| crate::json::rejected("no-id", "the id is not one of a WooCommerce product"))?;
        items.push(json!({ "id": id, "stock_quantity": change.to }));
    }
    let path = format!("{}/batch", place(family));
    let body = json!({ "update": items }).to_string();
    let response = transport.write(key, Request::json(Method::Post, path, body)).await?;
    accept(Call::Write, &response, complaint)?;
    let unclear = |failure: Failure| Call::Write.unanswered(failure.to_string(), None);
    let text = json_text(Call::Write, &response)?;
    let answer: Batch<'_> = read_answer("the answer to a batch", text).map_err(unclear)?;
    let entries = answer.update.0;
    changes.iter().map(|change| fate(change, &entries)).collect()
}

fn fate(change: &StockChange, entries: &[Shown<'_>]) -> Result<StockAnswer, Failure> {
    let entry = entries.iter().find(|entry| entry.id.given() == Some(&change.target.id));
    let Some(entry) = entry else {
        return Err(Call::Write.unanswered("an entry is missing in the answer to a batch", None));
    };
    if let Some(problem) = &entry.error {
        let message = clean(problem.message.trimmed());
        return Ok(StockAnswer::Refused { code: problem.code.owned(), message });
    }
    Ok(match (entry.keeping(), entry.quantity()) {
        (StockKeeping::Own, Some(units)) if units == change.to => StockAnswer::Set,
        (StockKeeping::Own, shown) => {
            StockAnswer::Refused { code: "not-set".to_owned(), message: format!("it shows {shown:?}") }
        }
        _ => StockAnswer::Refused {
            code: "not-counted".to_owned(),
            message: "its stock is not managed".to_owned(),
        },
    })
}
