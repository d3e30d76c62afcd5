//! Products, variants, inventory items and their quantities at locations; and the setting of quantities.
//!
//! Setting is all or nothing: one item that is wrong, or whose quantity is no longer what the sender believes, and none is
//! set. A key of idempotency answers again what was answered before, and refuses another input under the same key.

use super::execute::Refusal;
use super::search::id_of;
use super::{Shop, search};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most items of a list in an input.
const MAX_INPUT: usize = 250;
/// The most and the least that a quantity may be.
const BOUND: i64 = 1_000_000_000;
/// The reasons that are accepted for a change.
const REASONS: &[&str] = &[
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
];

/// A product.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Product {
    /// Its title.
    pub title: String,
    /// `ACTIVE`, `DRAFT` or `ARCHIVED`.
    pub status: String,
    /// The merchant's own word for its kind.
    pub product_type: String,
    /// A gift card.
    pub gift_card: bool,
}

/// A variant with its inventory item.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Variant {
    /// The product.
    pub product: u64,
    /// The inventory item.
    pub item: u64,
    /// The stock keeping unit; need not be the only one.
    pub sku: String,
    /// The bar code.
    pub barcode: String,
    /// `Default Title` for a product without a choice.
    pub title: String,
    /// The price as the shop writes it.
    pub price: String,
    /// What one unit cost, as the shop writes it; `None` where the merchant has not said it.
    #[serde(default)]
    pub cost: Option<String>,
    /// Whether VAT is charged.
    pub taxable: bool,
    /// Whether stock is counted.
    pub tracked: bool,
    /// A bundle: its quantity follows its parts and cannot be set.
    pub bundle: bool,
    /// Units for sale by location; an item that is not stocked at a location has none there.
    pub levels: BTreeMap<u64, i64>,
    /// When it was changed.
    pub updated: Option<Timestamp>,
}

/// Products, variants and what was set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Inventory {
    /// Names of locations by id.
    pub locations: BTreeMap<u64, String>,
    /// Products by id.
    pub products: BTreeMap<u64, Product>,
    /// Variants by id.
    pub variants: BTreeMap<u64, Variant>,
    /// Whether a key of idempotency must be sent, as from 2026-04.
    pub needs_idempotency_key: bool,
    /// Every quantity that was set: item, location, before, after.
    pub set: Vec<(u64, u64, i64, i64)>,
    /// The variant of each inventory item.
    items: BTreeMap<u64, u64>,
    answered: BTreeMap<String, (String, Json)>,
}

impl Shop {
    /// Puts a variant in, with a product of this title, as if it had always been there.
    pub fn load_variant(&mut self, id: u64, title: &str, variant: Variant) {
        let product =
            Product { title: title.to_string(), status: "ACTIVE".to_string(), ..Product::default() };
        self.inventory.products.entry(variant.product).or_insert(product);
        self.inventory.items.insert(variant.item, id);
        self.inventory.variants.insert(id, variant);
    }

    /// Changes a variant's units for sale at a location as the shop's own sales do; its webhooks tell of it.
    pub fn sell(&mut self, now: Timestamp, variant: u64, location: u64, units: i64) -> bool {
        let Some(found) = self.inventory.variants.get_mut(&variant) else { return false };
        let Some(level) = found.levels.get_mut(&location) else { return false };
        *level -= units;
        found.updated = Some(now);
        self.announce_level(now, variant, location);
        true
    }

    /// Each line of an order that takes stock lowers it at the first location.
    pub(super) fn take_stock(&mut self, now: Timestamp, order: u64) {
        let lines =
            self.orders.get(&order).map(|order| order.items("line_items").to_vec()).unwrap_or_default();
        for line in lines {
            let variant = line.integer("variant_id").and_then(|id| u64::try_from(id).ok());
            let units = line.integer("quantity").unwrap_or(0);
            let place = variant.and_then(|id| {
                let variant = self.inventory.variants.get(&id).filter(|variant| variant.tracked)?;
                variant.levels.keys().next().map(|location| (id, *location))
            });
            if let Some((variant, location)) = place {
                self.sell(now, variant, location, units);
            }
        }
    }

    fn announce_level(&mut self, now: Timestamp, variant: u64, location: u64) {
        let Some(found) = self.inventory.variants.get(&variant) else { return };
        let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let level = object! {
            "inventory_item_id": found.item, "location_id": location,
            "available": found.levels.get(&location).copied().unwrap_or(0), "updated_at": &at,
            "admin_graphql_api_id": level_gid(found.item, location),
        };
        let product = found.product;
        let title = self.inventory.products.get(&product).map_or("", |product| product.title.as_str());
        let whole = object! {
            "id": product, "title": title, "updated_at": at,
            "admin_graphql_api_id": format!("gid://shopify/Product/{product}"),
            "variants": vec![object! {
                "id": variant, "product_id": product, "sku": &found.sku, "inventory_item_id": found.item,
                "inventory_quantity": found.levels.values().sum::<i64>(),
            }],
        };
        self.announce_body(now, "inventory_levels/update", variant, level.to_string());
        self.announce_body(now, "products/update", product, whole.to_string());
    }

    pub(super) fn variant_node(&self, id: u64) -> Json {
        let Some(variant) = self.inventory.variants.get(&id) else { return Json::Null };
        let product = self.inventory.products.get(&variant.product).cloned().unwrap_or_default();
        object! {
            "__typename": "ProductVariant",
            "id": format!("gid://shopify/ProductVariant/{id}"), "legacyResourceId": id.to_string(),
            "sku": text(&variant.sku), "barcode": text(&variant.barcode), "title": &variant.title,
            "displayName": format!("{} - {}", product.title, variant.title),
            "price": &variant.price, "taxable": variant.taxable,
            "updatedAt": variant.updated.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            "inventoryQuantity": variant.levels.values().sum::<i64>(),
            "requiresComponents": variant.bundle,
            "inventoryItem": self.item_node(id),
            "product": object! {
                "id": format!("gid://shopify/Product/{}", variant.product), "title": &product.title,
                "status": &product.status, "productType": &product.product_type, "isGiftCard": product.gift_card,
                "hasOnlyDefaultVariant": variant.title == "Default Title",
            },
        }
    }

    fn item_node(&self, variant: u64) -> Json {
        let Some(found) = self.inventory.variants.get(&variant) else { return Json::Null };
        let level = |(location, units): (&u64, &i64)| {
            object! {
                "id": level_gid(found.item, *location),
                "location": object! {
                    "id": format!("gid://shopify/Location/{location}"),
                    "name": self.inventory.locations.get(location).cloned().unwrap_or_default(),
                },
                "quantities": vec![object! { "name": "available", "quantity": *units }],
            }
        };
        object! {
            "__typename": "InventoryItem",
            "id": format!("gid://shopify/InventoryItem/{}", found.item), "legacyResourceId": found.item.to_string(),
            "sku": text(&found.sku), "tracked": found.tracked,
            "unitCost": found.cost.as_ref().map(|cost| object! { "amount": cost, "currencyCode": "DKK" }),
            "inventoryLevels": found.levels.iter().map(level).collect::<Vec<_>>(),
        }
    }

    /// Nodes by their global ids; `null` for those that are not there.
    pub(super) fn nodes(&self, arguments: &Json) -> Result<Json, Refusal> {
        let ids = arguments.items("ids");
        if ids.len() > MAX_INPUT {
            return Err(too_many(ids.len(), "ids"));
        }
        let node = |gid: &Json| {
            let gid = gid.as_text().unwrap_or_default();
            if let Some(item) = id_of(gid, "InventoryItem") {
                return self
                    .inventory
                    .items
                    .get(&item)
                    .map_or(Json::Null, |variant| self.item_node(*variant));
            }
            if let Some(refund) = id_of(gid, "Refund") {
                return self.refund_node(refund);
            }
            id_of(gid, "ProductVariant").map_or(Json::Null, |id| self.variant_node(id))
        };
        Ok(Json::Array(ids.iter().map(node).collect()))
    }

    /// The variants that a search finds, behind the cursor, and one more.
    pub(super) fn search_variants(&self, arguments: &Json) -> Result<Json, Refusal> {
        if !matches!(arguments.text("sortKey"), None | Some("ID")) {
            return Err(Refusal::new("The sandbox sorts variants by ID only", "BAD_REQUEST"));
        }
        let wanted = arguments.text("query").map(Wanted::read).unwrap_or_default();
        let start = match arguments.text("after") {
            None => 0,
            Some(cursor) => {
                let id = search::cursor_id(cursor, "ProductVariant");
                id.ok_or_else(|| Refusal::new("Invalid cursor for current pagination sort.", "BAD_REQUEST"))?
            }
        };
        let first =
            arguments.integer("first").and_then(|first| usize::try_from(first).ok()).unwrap_or(MAX_INPUT);
        // The item before the page carries the cursor, one behind it tells that there is more.
        let found = self.inventory.variants.range(start..);
        let found = found.filter(|(id, variant)| **id == start || wanted.fits(variant));
        let found = found.take(first.saturating_add(2));
        Ok(Json::Array(found.map(|(id, _)| self.variant_node(*id)).collect()))
    }

    pub(super) fn set_quantities(
        &mut self,
        now: Timestamp,
        arguments: &Json,
        key: Option<&str>,
    ) -> Result<Json, Refusal> {
        let input = arguments.get("input").cloned().unwrap_or_default();
        let sent = input.to_string();
        if self.inventory.needs_idempotency_key && key.is_none() {
            return Err(Refusal::new(
                "The @idempotent directive is required for this mutation.",
                "BAD_REQUEST",
            ));
        }
        if let Some((before, answer)) = key.and_then(|key| self.inventory.answered.get(key)) {
            if *before == sent {
                return Ok(answer.clone());
            }
            return Ok(refused(vec![error(
                "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
                &["input"],
                "The same idempotency key cannot be used with different operation parameters.",
            )]));
        }
        let quantities = input.items("quantities").to_vec();
        if quantities.len() > MAX_INPUT {
            return Err(too_many(quantities.len(), "quantities"));
        }
        let mut errors = self.input_errors(&input);
        let mut seen = BTreeSet::new();
        let mut changes = Vec::new();
        for (place, quantity) in quantities.iter().enumerate() {
            match self.judge(place, quantity, &mut seen) {
                Ok(change) => changes.push(change),
                Err(problem) => errors.push(problem),
            }
        }
        let answer = if errors.is_empty() { self.apply(now, &changes) } else { refused(errors) };
        if let Some(key) = key {
            self.inventory.answered.insert(key.to_string(), (sent, answer.clone()));
        }
        Ok(answer)
    }

    fn input_errors(&self, input: &Json) -> Vec<Json> {
        let mut errors = Vec::new();
        if !matches!(input.text("name"), Some("available" | "on_hand")) {
            errors.push(error(
                "INVALID_NAME",
                &["input", "name"],
                "The quantity name must be either 'available' or 'on_hand'.",
            ));
        }
        if !input.text("reason").is_some_and(|reason| REASONS.contains(&reason)) {
            errors.push(error("INVALID_REASON", &["input", "reason"], "The specified reason is invalid."));
        }
        let document = input.text("referenceDocumentUri");
        if document.is_some_and(|uri| !uri.contains("://") || uri.ends_with("://")) {
            let field = ["input", "referenceDocumentUri"];
            errors.push(error(
                "INVALID_REFERENCE_DOCUMENT",
                &field,
                "The specified reference document is invalid.",
            ));
        }
        errors
    }

    /// What one quantity would change (variant, location, quantity), or what is wrong with it.
    fn judge(
        &self,
        place: usize,
        quantity: &Json,
        seen: &mut BTreeSet<(u64, u64)>,
    ) -> Result<(u64, u64, i64), Json> {
        let place = place.to_string();
        let wrong = |code: &str, field: &str, message: &str| {
            error(code, &["input", "quantities", &place, field], message)
        };
        let item = quantity.text("inventoryItemId").and_then(|gid| id_of(gid, "InventoryItem"));
        let variant = item.and_then(|item| self.inventory.items.get(&item).copied());
        let found = variant.and_then(|id| Some((id, self.inventory.variants.get(&id)?)));
        let Some((variant, found)) = found else {
            return Err(wrong(
                "INVALID_INVENTORY_ITEM",
                "inventoryItemId",
                "The specified inventory item could not be found.",
            ));
        };
        let location = quantity.text("locationId").and_then(|gid| id_of(gid, "Location"));
        let Some(location) = location.filter(|id| self.inventory.locations.contains_key(id)) else {
            return Err(wrong(
                "INVALID_LOCATION",
                "locationId",
                "The specified location could not be found.",
            ));
        };
        let Some(before) = found.levels.get(&location).copied() else {
            let message = "The specified inventory item is not stocked at the location.";
            return Err(wrong("ITEM_NOT_STOCKED_AT_LOCATION", "locationId", message));
        };
        if found.bundle {
            let message = "The specified inventory item is not allowed to be adjusted via API.";
            return Err(wrong("NON_MUTABLE_INVENTORY_ITEM", "inventoryItemId", message));
        }
        if !seen.insert((variant, location)) {
            let message = "The combination of inventoryItemId and locationId must be unique.";
            return Err(wrong("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", "locationId", message));
        }
        let units = quantity.integer("quantity").unwrap_or(0);
        if units > BOUND {
            let message = "The total quantity can't be higher than 1,000,000,000.";
            return Err(wrong("INVALID_QUANTITY_TOO_HIGH", "quantity", message));
        }
        if units < 0 {
            return Err(wrong("INVALID_QUANTITY_NEGATIVE", "quantity", "The quantity can't be negative."));
        }
        match quantity.get("changeFromQuantity") {
            None => {
                let message = "The compareQuantity argument must be given to each quantity or ignored using ignoreCompareQuantity.";
                Err(wrong("COMPARE_QUANTITY_REQUIRED", "changeFromQuantity", message))
            }
            Some(from) if from.as_integer().is_some_and(|from| from != before) => {
                let message = "The changeFromQuantity value does not match persisted value.";
                Err(wrong("CHANGE_FROM_QUANTITY_STALE", "changeFromQuantity", message))
            }
            Some(_) => Ok((variant, location, units)),
        }
    }

    fn apply(&mut self, now: Timestamp, changes: &[(u64, u64, i64)]) -> Json {
        let mut shown = Vec::new();
        for (variant, location, units) in changes.iter().copied() {
            let Some(found) = self.inventory.variants.get_mut(&variant) else { continue };
            let before = found.levels.insert(location, units).unwrap_or(0);
            found.updated = Some(now);
            let item = found.item;
            self.inventory.set.push((item, location, before, units));
            shown.push(object! {
                "name": "available", "delta": units - before, "quantityAfterChange": units,
                "item": object! { "id": format!("gid://shopify/InventoryItem/{item}") },
                "location": object! { "id": format!("gid://shopify/Location/{location}") },
            });
            self.announce_level(now, variant, location);
        }
        let number = self.next_number();
        object! {
            "inventoryAdjustmentGroup": object! {
                "id": format!("gid://shopify/InventoryAdjustmentGroup/{number}"), "reason": "correction",
                "createdAt": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "changes": shown,
            },
            "userErrors": Json::Array(Vec::new()),
        }
    }
}

/// What a search of variants asks for: any of these SKUs, of this product, changed since.
#[derive(Default)]
struct Wanted {
    skus: Vec<String>,
    product: Option<u64>,
    since: Option<Timestamp>,
}

impl Wanted {
    fn read(query: &str) -> Wanted {
        let mut wanted = Wanted::default();
        for term in query.split(" OR ") {
            let Some((field, value)) = term.trim().split_once(':') else { continue };
            let value = value.trim_start_matches(">=").trim_matches(['\'', '"']);
            match field {
                // The search does not tell upper from lower case; a SKU does.
                "sku" => wanted.skus.push(value.replace("\\'", "'").replace("\\\"", "\"").to_lowercase()),
                "product_id" => wanted.product = value.parse().ok(),
                "updated_at" => wanted.since = value.parse().ok(),
                _ => {}
            }
        }
        wanted
    }

    fn fits(&self, variant: &Variant) -> bool {
        let changed = self.since.is_none_or(|since| variant.updated.is_some_and(|at| at >= since));
        let of_product = self.product.is_none_or(|product| variant.product == product);
        changed && of_product && (self.skus.is_empty() || self.skus.contains(&variant.sku.to_lowercase()))
    }
}

fn text(value: &str) -> Json {
    if value.is_empty() { Json::Null } else { Json::from(value) }
}

fn level_gid(item: u64, location: u64) -> String {
    format!("gid://shopify/InventoryLevel/{location}?inventory_item_id={item}")
}

fn error(code: &str, field: &[&str], message: &str) -> Json {
    object! { "code": code, "field": field.to_vec(), "message": message }
}

fn refused(errors: Vec<Json>) -> Json {
    object! { "inventoryAdjustmentGroup": Json::Null, "userErrors": errors }
}

fn too_many(count: usize, what: &str) -> Refusal {
    Refusal::new(
        format!(
            "The input array size of {count} is greater than the maximum allowed of {MAX_INPUT} ({what})."
        ),
        "MAX_INPUT_SIZE_EXCEEDED",
    )
}
