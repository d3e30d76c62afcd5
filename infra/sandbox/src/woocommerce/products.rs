//! Products and variations of a WooCommerce shop: lists, single ones, changes and batches.
//!
//! The list of products holds no variations, except when it is asked for SKUs. A variation's `manage_stock` may be the word
//! `parent`. A batch answers 200 whatever became of its items: each has its own answer or its own error.

use super::{Shop, invalid_id, page, php, refusal};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;

/// The most items that a batch may hold; more is refused as a whole.
const MAX_BATCH: usize = 100;

impl Shop {
    /// Puts a product or variation in as if it had always been there: nothing is delivered. A variation has the type
    /// `variation` and its product's id as `parent_id`.
    pub fn load_product(&mut self, product: Json) -> Result<u64, String> {
        let id =
            product.integer("id").and_then(|id| u64::try_from(id).ok()).ok_or("the product has no id")?;
        self.products.insert(id, product);
        Ok(id)
    }

    /// Changes a product in place, as the shop's staff or an order would, and queues `product.updated`.
    pub fn change_product(&mut self, now: Timestamp, id: u64, change: impl FnOnce(&mut Json)) -> bool {
        let (local, gmt) = self.times(now);
        let Some(product) = self.products.get_mut(&id) else { return false };
        change(product);
        product.set("date_modified", local);
        product.set("date_modified_gmt", gmt);
        self.queue(now, "product.updated", id);
        true
    }

    /// Deletes a product with its variations for good, and queues `product.deleted`.
    pub fn delete_product(&mut self, now: Timestamp, id: u64) -> bool {
        if self.products.remove(&id).is_none() {
            return false;
        }
        self.products.retain(|_, product| parent_of(product) != Some(id));
        self.queue(now, "product.deleted", id);
        true
    }

    pub(super) fn list_products(&self, request: &Request) -> Response {
        let skus = request.parameter("sku");
        let found = self.products.values().filter(|product| match skus.as_deref() {
            Some(skus) => skus.split(',').any(|sku| Some(sku.trim()) == product.text("sku")),
            None => !is_variation(product),
        });
        self.answer_products(request, "products", found.collect())
    }

    /// All variations of all products, which shops have from version 10.3.
    pub(super) fn list_all_variations(&self, request: &Request) -> Response {
        if !self.lists_all_variations {
            return refusal(404, "rest_no_route", "No route was found matching the URL and request method.");
        }
        let found = self.products.values().filter(|product| is_variation(product));
        self.answer_products(request, "variations", found.collect())
    }

    pub(super) fn list_variations(&self, request: &Request, parent: &str) -> Response {
        let Some(id) = self.product_id(parent) else {
            return invalid_id("woocommerce_rest_product_invalid_id");
        };
        let of_parent = |product: &&Json| is_variation(product) && parent_of(product) == Some(id);
        let found = self.products.values().filter(of_parent);
        self.answer_products(request, &format!("products/{id}/variations"), found.collect())
    }

    pub(super) fn read_product(&self, id: &str) -> Response {
        let found = self.product_id(id).and_then(|id| self.products.get(&id));
        found.map_or_else(|| invalid_id("woocommerce_rest_product_invalid_id"), |product| php(200, product))
    }

    pub(super) fn update_product(&mut self, now: Timestamp, request: &Request, id: &str) -> Response {
        let Ok(body) = Json::parse(&request.body) else {
            return refusal(400, "rest_invalid_json", "Invalid JSON body passed.");
        };
        match self.apply_product(now, id.parse().ok(), None, &body) {
            Ok(product) => php(200, &product),
            Err((status, code, message)) => refusal(status, code, message),
        }
    }

    pub(super) fn batch_products(
        &mut self,
        now: Timestamp,
        request: &Request,
        parent: Option<&str>,
    ) -> Response {
        let parent = match parent {
            None => None,
            Some(id) => match self.product_id(id) {
                None => return invalid_id("woocommerce_rest_product_invalid_id"),
                found => found,
            },
        };
        let Ok(body) = Json::parse(&request.body) else {
            return refusal(400, "rest_invalid_json", "Invalid JSON body passed.");
        };
        let items = body.items("update").to_vec();
        let other = body.items("create").len() + body.items("delete").len();
        if items.len() + other > MAX_BATCH {
            return refusal(
                413,
                "woocommerce_rest_request_entity_too_large",
                "Unable to accept more than 100 items for this request.",
            );
        }
        let answers = items.iter().map(|item| {
            let id = item.integer("id").and_then(|id| u64::try_from(id).ok());
            match self.apply_product(now, id, parent, item) {
                Ok(product) => product,
                Err((status, code, message)) => object! {
                    "id": item.get("id").cloned().unwrap_or_default(),
                    "error": object! {
                        "code": code, "message": message, "data": object! { "status": u32::from(status) },
                    },
                },
            }
        });
        let answers: Vec<Json> = answers.collect();
        php(200, &object! { "update": answers })
    }

    /// Changes what may be changed here: stock, price, name and SKU.
    fn apply_product(
        &mut self,
        now: Timestamp,
        id: Option<u64>,
        parent: Option<u64>,
        body: &Json,
    ) -> Result<Json, (u16, &'static str, &'static str)> {
        let invalid = if parent.is_some() {
            (404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")
        } else {
            (400, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        };
        let id = id.filter(|id| {
            self.products.get(id).is_some_and(|product| match parent {
                Some(_) => parent_of(product) == parent,
                None => !is_variation(product),
            })
        });
        let Some(id) = id else { return Err(invalid) };
        if body
            .get("stock_quantity")
            .is_some_and(|quantity| quantity.as_integer().is_none() && !quantity.is_null())
        {
            return Err((400, "rest_invalid_param", "Invalid parameter(s): stock_quantity"));
        }
        let sku = body.text("sku").filter(|sku| !sku.is_empty());
        let taken = |known: (&u64, &Json)| *known.0 != id && known.1.text("sku") == sku;
        if sku.is_some() && self.products.iter().any(taken) {
            return Err((400, "product_invalid_sku", "Invalid or duplicated SKU."));
        }
        self.change_product(now, id, |product| put_fields(product, body));
        // The shop keeps the SKUs of a plugin's read-only products as they are, and says nothing.
        self.products.get(&id).cloned().ok_or(invalid)
    }

    fn product_id(&self, id: &str) -> Option<u64> {
        id.parse().ok().filter(|id| self.products.contains_key(id))
    }

    fn answer_products(&self, request: &Request, path: &str, mut found: Vec<&Json>) -> Response {
        let status = request.parameter("status").unwrap_or_else(|| "any".to_string());
        let types = request.parameter("type");
        let include = request.parameter("include");
        found.retain(|product| {
            let is = product.text("status").unwrap_or("publish");
            let wanted = if status == "any" { is != "trash" } else { is == status };
            let of_type = types.as_deref().is_none_or(|kind| product.text("type") == Some(kind));
            let included = include.as_deref().is_none_or(|ids| {
                let id = product.integer("id").map(|id| id.to_string()).unwrap_or_default();
                ids.split(',').any(|wanted| wanted.trim() == id)
            });
            wanted && of_type && included
        });
        if let Some(after) = request.parameter("modified_after") {
            let gmt = request.parameter("dates_are_gmt").is_some_and(|value| value == "true" || value == "1");
            let field = if gmt { "date_modified_gmt" } else { "date_modified" };
            let Ok(bound) = after.get(..19).unwrap_or(&after).parse::<jiff::civil::DateTime>() else {
                return refusal(400, "rest_invalid_param", "Invalid parameter(s): modified_after");
            };
            found.retain(|product| {
                let at = product.text(field).and_then(|at| at.get(..19)?.parse().ok());
                at.is_some_and(|at: jiff::civil::DateTime| at > bound)
            });
        }
        match request.parameter("orderby").as_deref() {
            // They are kept in the order of their ids.
            Some("id") => {}
            None | Some("date") => found.sort_by_key(|product| {
                (product.text("date_created").map(str::to_string), product.integer("id"))
            }),
            Some("modified") => found.sort_by_key(|product| {
                (product.text("date_modified").map(str::to_string), product.integer("id"))
            }),
            Some(_) => return refusal(400, "rest_invalid_param", "Invalid parameter(s): orderby"),
        }
        if request.parameter("order").as_deref() != Some("asc") {
            found.reverse();
        }
        let fields = request.parameter("_fields");
        let address = format!("{}wp-json/wc/v3/{path}", self.home);
        page(request, &address, found, |product| match fields.as_deref() {
            None => product.to_php(),
            Some(fields) => only(product, fields).to_php(),
        })
    }
}

/// The fields of `_fields`, which WordPress knows on every resource.
fn only(product: &Json, fields: &str) -> Json {
    let mut shown = object! {};
    for field in fields.split(',').map(str::trim) {
        if let Some(value) = product.get(field) {
            shown.set(field, value);
        }
    }
    shown
}

fn is_variation(product: &Json) -> bool {
    product.text("type") == Some("variation")
}

fn parent_of(product: &Json) -> Option<u64> {
    product.integer("parent_id").and_then(|id| u64::try_from(id).ok()).filter(|id| *id > 0)
}

fn put_fields(product: &mut Json, body: &Json) {
    for field in ["name", "sku", "regular_price", "manage_stock", "status"] {
        if let Some(value) = body.get(field) {
            product.set(field, value);
        }
    }
    if let Some(price) = body.get("regular_price") {
        product.set("price", price);
    }
    // A quantity sent for a product whose stock is not managed is passed over without a word.
    if let Some(quantity) = body.get("stock_quantity")
        && product.get("manage_stock") == Some(&Json::Bool(true))
    {
        let out = quantity.as_integer().is_some_and(|units| units <= 0);
        product.set("stock_quantity", quantity);
        product.set("stock_status", if out { "outofstock" } else { "instock" });
    }
    if product.get("manage_stock") == Some(&Json::Bool(false)) {
        product.set("stock_quantity", Json::Null);
    }
}
