//! Stock at locations: 250 quantities with each call, set only where the shop still shows what it was said to.
//!
//! Setting is all or nothing: the errors name the quantities that are wrong or have moved, and the rest is to be sent
//! again without them. Every call carries a key of idempotency, made of the effect and of what is sent.

use std::collections::BTreeMap;

use domain::shop_product::ShopProduct;
use domain::{EffectKey, Failure};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::client;
use super::products::{
    MOST_LOCATIONS, Variant, declared, global_id, level_fields, location_gid, places, variant_fields,
};
use super::wire::graphql::{Connection, number};
use crate::http::{Call, Transport, clean};
use crate::json::{List, Text, read_answer, rejected};
use crate::ports::{ShopLocation, StockAnswer, StockChange, StockTarget};

const LOCATIONS: &str =
    "query BogbroLocations($first: Int!) { locations(first: $first) { nodes { id name isActive } } }";
const SET: &str = "mutation BogbroStock($input: InventorySetQuantitiesInput!, $key: String!) { \
     inventorySetQuantities(input: $input) @idempotent(key: $key) { \
     inventoryAdjustmentGroup { createdAt } userErrors { code field message } } }";
/// Locations that are looked at.
const LISTED_LOCATIONS: usize = 100;
/// Entries of a page of a look-up by number: a number may stand on several.
const FOUND_ENTRIES: usize = 100;
/// Most pages of a look-up.
const LOOK_UP_PAGES: usize = 5;
/// Most pages of a look-up of one number that was not found yet among others that are like it: what is not found counts as absent.
const LOOK_UP_PAGES_OF_ONE: usize = 50;
/// Items whose quantities are read at once, at one location each three points.
const READ_ITEMS: usize = 250;
/// Why quantities change, in the shop's own words: a count that is corrected.
const REASON: &str = "correction";

#[derive(Debug, Deserialize)]
struct Places<'a> {
    #[serde(borrow, default)]
    locations: Connection<Place<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow, default)]
    name: Text<'a>,
}

pub(super) async fn locations(transport: &dyn Transport) -> Result<Vec<ShopLocation>, Failure> {
    // Only active ones are listed.
    let data = client::query(transport, LOCATIONS, json!({ "first": LISTED_LOCATIONS })).await?;
    let found: Places<'_> = read_answer("the list of locations", &data)?;
    let location = |place: &Place<'_>| ShopLocation {
        id: number(place.id.trimmed()).to_owned(),
        name: place.name.owned(),
    };
    Ok(found.locations.nodes.iter().map(location).collect())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    #[serde(borrow, default)]
    product_variants: Connection<Variant<'a>>,
}

/// The search does not tell upper from lower case, so what it finds is compared again.
pub(super) async fn by_sku(
    transport: &dyn Transport,
    skus: &[String],
    locations: &[String],
) -> Result<Vec<ShopProduct>, Failure> {
    let mut found = Vec::new();
    let mut waiting: Vec<&[String]> = if skus.is_empty() { Vec::new() } else { vec![skus] };
    while let Some(asked) = waiting.pop() {
        let (entries, is_whole) = listed(transport, asked, locations).await?;
        match asked.split_at(asked.len() / 2) {
            // What many entries hide is asked for with fewer numbers; of one number on so many the rest says no more.
            (first, second) if !is_whole && !first.is_empty() => waiting.extend([second, first]),
            _ => found.extend(entries),
        }
    }
    Ok(found)
}

/// The entries of some numbers, and whether those are all.
async fn listed(
    transport: &dyn Transport,
    skus: &[String],
    locations: &[String],
) -> Result<(Vec<ShopProduct>, bool), Failure> {
    let terms: Vec<String> = skus.iter().map(|sku| format!("sku:'{}'", escape(sku))).collect();
    let document = format!(
        "query BogbroProductsBySku($first: Int!, $query: String!, $after: String{}) {{ \
         productVariants(first: $first, after: $after, query: $query, sortKey: ID) {{ nodes {{ {} }} \
         pageInfo {{ hasNextPage endCursor }} }} }}",
        declared(locations.len()),
        variant_fields(locations.len()),
    );
    let is_asked =
        |product: &ShopProduct| product.sku.as_ref().is_some_and(|sku| skus.iter().any(|asked| asked == sku));
    let mut entries = Vec::new();
    let mut after: Option<String> = None;
    for page in 1..=LOOK_UP_PAGES_OF_ONE {
        let mut variables = location_variables(locations)?;
        variables.insert("first".to_owned(), json!(FOUND_ENTRIES));
        variables.insert("query".to_owned(), json!(terms.join(" OR ")));
        variables.insert("after".to_owned(), json!(after));
        let data = client::query(transport, &document, Value::Object(variables)).await?;
        let found: Found<'_> = read_answer("the list of variants", &data)?;
        let variants = found.product_variants;
        let products: Result<Vec<ShopProduct>, Failure> =
            variants.nodes.iter().map(|variant| variant.read(locations)).collect();
        entries.extend(products?.into_iter().filter(is_asked));
        after = variants.page_info.end_cursor.filter(|_| variants.page_info.has_next_page.0);
        if after.is_none() {
            return Ok((entries, true));
        }
        let is_sought = skus.len() == 1 && entries.is_empty();
        if page >= LOOK_UP_PAGES && !is_sought {
            break;
        }
    }
    Ok((entries, false))
}

fn escape(sku: &str) -> String {
    sku.replace('\\', "\\\\").replace('\'', "\\'")
}

fn location_variables(locations: &[String]) -> Result<Map<String, Value>, Failure> {
    if locations.len() > MOST_LOCATIONS {
        return Err(rejected("too-many-locations", format!("at most {MOST_LOCATIONS} are read at once")));
    }
    let mut variables = Map::new();
    for (place, location) in locations.iter().enumerate() {
        variables.insert(format!("l{place}"), json!(location_gid(location)?));
    }
    Ok(variables)
}

#[derive(Debug, Deserialize)]
struct Nodes<'a> {
    #[serde(borrow, default)]
    nodes: Vec<Option<BTreeMap<&'a str, &'a RawValue>>>,
}

pub(super) async fn now(
    transport: &dyn Transport,
    targets: &[StockTarget],
) -> Result<Vec<Option<i64>>, Failure> {
    let mut shown = vec![None; targets.len()];
    let mut locations: Vec<String> = targets.iter().map(|target| target.location.clone()).collect();
    locations.sort_unstable();
    locations.dedup();
    for location in &locations {
        let at: Vec<usize> =
            (0..targets.len()).filter(|place| targets[*place].location == *location).collect();
        for at in at.chunks(READ_ITEMS) {
            let asked: Vec<&StockTarget> = at.iter().map(|place| &targets[*place]).collect();
            let quantities = quantities_at(transport, &asked, location).await?;
            for (place, quantity) in at.iter().zip(quantities) {
                shown[*place] = quantity;
            }
        }
    }
    Ok(shown)
}

async fn quantities_at(
    transport: &dyn Transport,
    targets: &[&StockTarget],
    location: &str,
) -> Result<Vec<Option<i64>>, Failure> {
    let location = [location.to_owned()];
    let ids: Result<Vec<String>, Failure> = targets.iter().map(|target| item_gid(target)).collect();
    let mut variables = location_variables(&location)?;
    variables.insert("ids".to_owned(), json!(ids?));
    let document = format!(
        "query BogbroStockNow($ids: [ID!]!{}) {{ nodes(ids: $ids) {{ ... on InventoryItem {{ id{} }} }} }}",
        declared(1),
        level_fields(1),
    );
    let data = client::query(transport, &document, Value::Object(variables)).await?;
    let found: Nodes<'_> = read_answer("the stock of items", &data)?;
    if found.nodes.len() != targets.len() {
        return Err(Call::Read.unanswered("the shop did not answer for every item", None));
    }
    let quantity = |node: &Option<BTreeMap<&str, &RawValue>>| match node {
        None => Ok(None),
        Some(node) => Ok(places(node, &location)?.first().and_then(|place| place.quantity)),
    };
    found.nodes.iter().map(quantity).collect()
}

fn item_gid(target: &StockTarget) -> Result<String, Failure> {
    let item = target.item.as_deref().ok_or_else(|| rejected("no-id", "an entry without inventory item"))?;
    global_id("InventoryItem", item)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Done<'a> {
    #[serde(borrow)]
    inventory_set_quantities: Payload<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow, default)]
    user_errors: List<StockError<'a>>,
}

#[derive(Debug, Deserialize)]
struct StockError<'a> {
    #[serde(borrow, default)]
    code: Text<'a>,
    #[serde(borrow, default)]
    field: List<Text<'a>>,
    #[serde(borrow, default)]
    message: Text<'a>,
}

impl StockError<'_> {
    /// The quantity that it is about: `input.quantities.3.locationId`.
    fn place(&self) -> Option<usize> {
        let at = self.field.0.iter().position(|part| part.trimmed() == "quantities")?;
        self.field.0.get(at + 1)?.trimmed().parse().ok()
    }

    fn answer(&self) -> StockAnswer {
        match self.code.trimmed() {
            "CHANGE_FROM_QUANTITY_STALE" | "COMPARE_QUANTITY_STALE" => StockAnswer::Moved,
            code => StockAnswer::Refused { code: code.to_owned(), message: clean(self.message.trimmed()) },
        }
    }
}

pub(super) async fn set(
    transport: &dyn Transport,
    key: &EffectKey,
    changes: &[StockChange],
) -> Result<Vec<StockAnswer>, Failure> {
    let mut quantities = Vec::with_capacity(changes.len());
    for change in changes {
        quantities.push(json!({
            "inventoryItemId": item_gid(&change.target)?,
            "locationId": location_gid(&change.target.location)?,
            "quantity": change.to,
            "changeFromQuantity": change.from,
        }));
    }
    let input = json!({
        "name": "available",
        "reason": REASON,
        "referenceDocumentUri": format!("gid://bogbro/StockSync/{key}"),
        "quantities": quantities,
    });
    let digest = Sha256::digest(input.to_string());
    let idempotency = format!("{key}-{}", data_encoding::HEXLOWER.encode(&digest[..12]));
    let data = client::mutate(transport, key, SET, json!({ "input": input, "key": idempotency })).await?;
    let unclear = |failure: Failure| Call::Write.unanswered(failure.to_string(), None);
    let done: Done<'_> = read_answer("the answer about stock", &data).map_err(unclear)?;
    answers(changes.len(), &done.inventory_set_quantities.user_errors.0)
}

fn answers(count: usize, errors: &[StockError<'_>]) -> Result<Vec<StockAnswer>, Failure> {
    if errors.is_empty() {
        return Ok(vec![StockAnswer::Set; count]);
    }
    let mut answers = vec![StockAnswer::NotTried; count];
    for error in errors {
        if error.code.trimmed() == "IDEMPOTENCY_CONCURRENT_REQUEST" {
            return Err(Call::Write.unanswered("the shop is still at the same call", None));
        }
        let place = error.place().and_then(|place| answers.get_mut(place));
        let Some(place) = place else {
            let message = clean(&format!("{}: {}", error.code.trimmed(), error.message.trimmed()));
            return Err(rejected("user-error", message));
        };
        *place = error.answer();
    }
    Ok(answers)
}
