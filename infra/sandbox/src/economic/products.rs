//! Products on legacy REST. Stock shows only with the Inventory module.

use super::error::{self, Problem};
use super::quirks::Quirk;
use super::{Agreement, LEGACY, collection, schema};
use crate::http::{Request, Response, encode};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A product with its stock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Product {
    /// As the server shows it, without stock.
    pub json: Json,
    /// Units in stock; booking an invoice lowers it.
    pub in_stock: Decimal,
    /// Units on order drafts.
    pub ordered_by_customers: Decimal,
}

impl Agreement {
    pub(super) fn products(&mut self, now: Timestamp, request: &Request, rest: &[&str]) -> Response {
        match (request.method.as_str(), rest) {
            ("GET", []) => self.list_products(now, request),
            ("POST", []) => self.create_product(now, request),
            ("GET", [number]) => match self.products.get(*number) {
                Some(product) => Response::json(200, &self.show_product(product)),
                None => error::not_found(),
            },
            ("PUT", [number]) => self.replace_product(now, request, number),
            ("DELETE", [number]) => self.delete_product(number),
            _ => error::not_found(),
        }
    }

    fn list_products(&self, now: Timestamp, request: &Request) -> Response {
        let mut allowed = collection::PRODUCT_FIELDS.to_vec();
        if !self.quirks.has(Quirk::InventoryIsNotFilterable) {
            allowed.extend(["inventory.inStock", "inventory.available", "inventory.recommendedCostPrice"]);
        }
        if !self.quirks.has(Quirk::InventoryIsNotFilterable) {
            let items = self.products.iter().map(|(number, product)| {
                let visible = self.is_visible(now, &format!("products/{number}"));
                (Cow::Owned(self.show_product(product)), visible)
            });
            return self.collection(request, items, &allowed);
        }
        // Stock is put in when the page is cut, since nothing can be asked of it.
        let nothing_hidden = self.hidden.is_empty();
        let items = self.products.iter().map(|(number, product)| {
            let visible = nothing_hidden || self.is_visible(now, &format!("products/{number}"));
            (Cow::Borrowed(&product.json), visible)
        });
        self.collection_shown(request, items, &allowed, |json| {
            let known = json.text("productNumber").and_then(|number| self.products.get(number));
            known.map_or(json, |product| self.show_product(product))
        })
    }

    /// Counts the stock anew, as a person does.
    pub fn count_stock(&mut self, now: Timestamp, number: &str, in_stock: Decimal) -> bool {
        let stamp = self.last_updated(now);
        let Some(product) = self.products.get_mut(number) else { return false };
        product.in_stock = in_stock;
        product.json.set("lastUpdated", stamp);
        true
    }

    /// Puts a product in, with its stock, as if it had always been there.
    pub fn load_product(&mut self, now: Timestamp, number: &str, group: u32, in_stock: Decimal) {
        let clean = object! {
            "name": number, "productGroup": object! { "productGroupNumber": group },
            "inventory": object! { "recommendedCostPrice": Json::fixed(Decimal::ZERO, 2) },
        };
        self.put_product(now, number, clean);
        if let Some(product) = self.products.get_mut(number) {
            product.in_stock = in_stock;
        }
    }

    fn show_product(&self, product: &Product) -> Json {
        let mut json = product.json.clone();
        let sent = json.remove("inventory");
        if self.inventory_module {
            let mut inventory = object! {
                "available": Json::fixed(product.in_stock - product.ordered_by_customers, 2),
                "inStock": Json::fixed(product.in_stock, 2),
                "orderedFromSuppliers": Json::fixed(Decimal::ZERO, 2),
                "orderedByCustomers": Json::fixed(product.ordered_by_customers, 2),
            };
            if let Some(Json::Object(fields)) = sent {
                fields.into_iter().for_each(|(name, value)| inventory.set(&name, value));
            }
            json.set("inventory", inventory);
        }
        json
    }

    fn create_product(&mut self, now: Timestamp, request: &Request) -> Response {
        let clean = match self.read_product(request) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        let number = clean.text("productNumber").unwrap_or_default().to_string();
        if self.products.contains_key(&number) {
            let problem =
                Problem::new("productNumber", error::UNLISTED, "The product number is in use.", number);
            return error::invalid(&[problem]);
        }
        let json = self.put_product(now, &number, clean);
        self.hide_for_lag(now, format!("products/{number}"));
        self.created(&json)
    }

    fn replace_product(&mut self, now: Timestamp, request: &Request, number: &str) -> Response {
        let existing = self.products.get(number).map(|product| product.json.clone());
        if existing.is_none() && !self.quirks.has(Quirk::PutUpserts) {
            return error::not_found();
        }
        let mut clean = match self.read_product(request) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        if let Some(existing) = existing.as_ref().filter(|_| !self.quirks.has(Quirk::PutReplaces)) {
            clean = super::merged(existing, &clean);
        }
        let json = self.put_product(now, number, clean);
        if existing.is_some() { Response::json(200, &json) } else { self.created(&json) }
    }

    fn delete_product(&mut self, number: &str) -> Response {
        let used = self
            .documents()
            .any(|document| document.totals.lines.iter().any(|line| line.product.as_deref() == Some(number)));
        if used {
            return error::plain(400, Some(error::UNLISTED), "The product is in use.");
        }
        match self.products.remove(number) {
            Some(_) => Response::empty(204),
            None => error::not_found(),
        }
    }

    fn read_product(&self, request: &Request) -> Result<Json, Response> {
        let body = super::read_body(request)?;
        let clean = schema::check(&body, schema::PRODUCT, &self.quirks)
            .map_err(|problems| error::invalid(&problems))?;
        let mut problems = Vec::new();
        self.check_references(&clean, "", &mut problems);
        if self.inventory_module && clean.path("inventory.recommendedCostPrice").is_none() {
            let path = "inventory.recommendedCostPrice";
            problems.push(Problem::new(path, error::MISSING_VALUE, "A value is required.", Json::Null));
        }
        if problems.is_empty() { Ok(clean) } else { Err(error::invalid(&problems)) }
    }

    /// Stores a checked product under a number, keeping the stock it has.
    pub(crate) fn put_product(&mut self, now: Timestamp, number: &str, clean: Json) -> Json {
        let mut json = object! { "productNumber": number };
        if let Json::Object(fields) = clean {
            for (name, value) in fields.into_iter().filter(|(name, _)| name != "productNumber") {
                json.set(&name, super::customers::with_self(&name, value));
            }
        }
        self.describe_group(&mut json);
        json.set("lastUpdated", self.last_updated(now));
        json.set("self", format!("{LEGACY}/products/{}", encode(number)));
        let stock = self.products.get(number).map(|product| (product.in_stock, product.ordered_by_customers));
        let (in_stock, ordered_by_customers) = stock.unwrap_or_default();
        let product = Product { json, in_stock, ordered_by_customers };
        let shown = self.show_product(&product);
        self.products.insert(number.to_string(), product);
        shown
    }

    fn describe_group(&self, json: &mut Json) {
        let number =
            json.integer("productGroup.productGroupNumber").and_then(|number| u32::try_from(number).ok());
        if let Some(group) = number.and_then(|number| self.master.product_groups.get(&number)) {
            json.set("productGroup", super::master::product_group(group));
        }
        let number = json.integer("unit.unitNumber").and_then(|number| u32::try_from(number).ok());
        if let (Some(unit), Some(place)) =
            (number.and_then(|number| self.master.units.get(&number)), json.get_mut("unit"))
        {
            place.set("name", &unit.name);
        }
    }

    /// The product group of a product.
    pub(super) fn group_of(&self, product: &str) -> Option<u32> {
        let number = self.products.get(product)?.json.integer("productGroup.productGroupNumber")?;
        u32::try_from(number).ok()
    }
}
