//! Customers on legacy REST.

use super::error::{self, Problem};
use super::quirks::Quirk;
use super::{Agreement, LEGACY, collection, schema};
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use std::borrow::Cow;

impl Agreement {
    pub(super) fn customers(&mut self, now: Timestamp, request: &Request, rest: &[&str]) -> Response {
        match (request.method.as_str(), rest) {
            ("GET", []) => self.list_customers(now, request),
            ("POST", []) => self.create_customer(now, request),
            (method, [number]) => match number.parse::<u32>() {
                Ok(number) if number > 0 => self.one_customer(now, request, method, number),
                _ => error::not_found(),
            },
            _ => error::not_found(),
        }
    }

    fn list_customers(&self, now: Timestamp, request: &Request) -> Response {
        let mut allowed = collection::CUSTOMER_FIELDS.to_vec();
        if self.quirks.has(Quirk::PNumberIsFilterable) {
            allowed.push("pNumber");
        }
        let items = self.customers.iter().map(|(number, customer)| {
            (Cow::Borrowed(customer), self.is_visible(now, &format!("customers/{number}")))
        });
        self.collection(request, items, &allowed)
    }

    fn one_customer(&mut self, now: Timestamp, request: &Request, method: &str, number: u32) -> Response {
        match method {
            "GET" => self
                .customers
                .get(&number)
                .map_or_else(error::not_found, |customer| Response::json(200, customer)),
            "PUT" => self.replace_customer(now, request, number),
            "DELETE" => self.delete_customer(number),
            _ => error::plain(405, None, "Method not allowed."),
        }
    }

    fn create_customer(&mut self, now: Timestamp, request: &Request) -> Response {
        let clean = match self.read_customer(request) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        let asked = clean.integer("customerNumber").and_then(|number| u32::try_from(number).ok());
        if let Some(number) = asked.filter(|number| self.customers.contains_key(number)) {
            let problem =
                Problem::new("customerNumber", error::UNLISTED, "The customer number is in use.", number);
            return error::invalid(&[problem]);
        }
        let number = asked.unwrap_or_else(|| self.next_customer_number());
        self.highest_customer = self.highest_customer.max(number);
        let customer = self.render_customer(now, number, clean);
        self.customers.insert(number, customer.clone());
        self.hide_for_lag(now, format!("customers/{number}"));
        self.created(&customer)
    }

    fn next_customer_number(&self) -> u32 {
        let highest_alive = self.customers.keys().next_back().copied().unwrap_or(0);
        if self.quirks.has(Quirk::CustomerNumbersAreReused) {
            highest_alive + 1
        } else {
            self.highest_customer + 1
        }
    }

    fn replace_customer(&mut self, now: Timestamp, request: &Request, number: u32) -> Response {
        let existing = self.customers.get(&number).cloned();
        if existing.is_none() && !self.quirks.has(Quirk::PutUpserts) {
            return error::not_found();
        }
        let mut clean = match self.read_customer(request) {
            Ok(clean) => clean,
            Err(refusal) => return refusal,
        };
        if let Some(existing) = existing.as_ref().filter(|_| !self.quirks.has(Quirk::PutReplaces)) {
            clean = super::merged(existing, &clean);
        }
        self.highest_customer = self.highest_customer.max(number);
        let customer = self.render_customer(now, number, clean);
        self.customers.insert(number, customer.clone());
        if existing.is_some() { Response::json(200, &customer) } else { self.created(&customer) }
    }

    fn delete_customer(&mut self, number: u32) -> Response {
        let used = self
            .documents()
            .any(|document| document.json.integer("customer.customerNumber") == Some(number.into()));
        if used {
            return error::plain(400, Some(error::UNLISTED), "The customer is in use.");
        }
        match self.customers.remove(&number) {
            Some(_) => Response::empty(204),
            None => error::not_found(),
        }
    }

    fn read_customer(&self, request: &Request) -> Result<Json, Response> {
        let body = super::read_body(request)?;
        let clean = schema::check(&body, schema::CUSTOMER, &self.quirks)
            .map_err(|problems| error::invalid(&problems))?;
        let mut problems = Vec::new();
        self.check_references(&clean, "", &mut problems);
        if problems.is_empty() { Ok(clean) } else { Err(error::invalid(&problems)) }
    }

    /// The whole entity, as the server shows it.
    pub(crate) fn render_customer(&self, now: Timestamp, number: u32, clean: Json) -> Json {
        let link = format!("{LEGACY}/customers/{number}");
        let mut customer = object! { "customerNumber": number };
        if let Json::Object(fields) = clean {
            // A Danish agreement takes a `vatNumber` and forgets it without a word.
            let kept = |name: &str| !matches!(name, "customerNumber" | "vatNumber");
            for (name, value) in fields.into_iter().filter(|(name, _)| kept(name)) {
                customer.set(&name, with_self(&name, value));
            }
        }
        customer.set("balance", Json::fixed(self.ledger.balance_of_customer(number), 2));
        customer.set("dueAmount", Json::fixed(Default::default(), 2));
        if customer.get("eInvoicingDisabledByDefault").is_none() {
            customer.set("eInvoicingDisabledByDefault", false);
        }
        customer.set("lastUpdated", self.last_updated(now));
        customer.set("invoices", object! { "drafts": format!("{link}/invoices/drafts"), "booked": format!("{link}/invoices/booked") });
        customer.set("self", link);
        customer
    }
}

/// Adds the `self` link to a reference.
pub(super) fn with_self(name: &str, mut value: Json) -> Json {
    let (path, key) = match name {
        "paymentTerms" => ("payment-terms", "paymentTermsNumber"),
        "customerGroup" => ("customer-groups", "customerGroupNumber"),
        "vatZone" => ("vat-zones", "vatZoneNumber"),
        "layout" => ("layouts", "layoutNumber"),
        "customer" => ("customers", "customerNumber"),
        "unit" => ("units", "unitNumber"),
        "product" => ("products", "productNumber"),
        _ => return value,
    };
    let id = match value.get(key) {
        Some(Json::String(text)) => crate::http::encode(text),
        Some(Json::Number(text)) => text.clone(),
        _ => return value,
    };
    value.set("self", format!("{LEGACY}/{path}/{id}"));
    value
}
