//! The control surface under `/_sandbox/`, for tests and people: state, journal, faults, log, orders and deliveries.

use crate::economic::VatRounding;
use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;
use crate::operation::System;
use crate::world::World;
use crate::{Script, WebhookDelivery};
use jiff::Timestamp;

impl World {
    /// Answers a request whose path starts with `/_sandbox`.
    pub fn control(&mut self, now: Timestamp, request: &Request) -> Response {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.get(1..).unwrap_or_default()) {
            ("GET", []) => Response::json(200, &self.summary()),
            ("GET", ["state"]) => as_json(&self.save()),
            ("PUT", ["state"]) => self.replace(request),
            ("GET", ["log"]) => as_json(&serde_json::to_string(&self.log)),
            ("DELETE", ["log"]) => {
                self.log.clear();
                Response::empty(204)
            }
            ("GET", ["faults"]) => as_json(&serde_json::to_string(&self.script)),
            ("PUT", ["faults"]) => self.set_faults(request),
            ("DELETE", ["faults"]) => {
                self.script = Script::default();
                Response::empty(204)
            }
            ("GET", ["economic", name, "journal"]) => match self.agreements.get(*name) {
                Some(agreement) => {
                    Response::text(200, "text/plain; charset=utf-8", agreement.hledger_journal())
                }
                None => missing(),
            },
            ("GET", ["economic", name, "documents"]) => self.documents(name),
            ("PUT", ["economic", name, "rounding", mode]) => self.set_rounding(name, mode),
            ("POST", [system @ ("woocommerce" | "shopify"), name, "orders"]) => {
                self.place(now, request, system, name)
            }
            ("POST", ["deliveries"]) => {
                let deliveries = self.deliveries(now);
                let shown = deliveries
                    .iter()
                    .map(|(_, name, delivery)| show_delivery(name, delivery))
                    .collect::<Vec<_>>();
                Response::json(200, &Json::Array(shown))
            }
            _ => missing(),
        }
    }

    /// Everything that the shops have to deliver now: system, shop, delivery. Tell [`World::report_delivery`] how each went.
    pub fn deliveries(&mut self, now: Timestamp) -> Vec<(System, String, WebhookDelivery)> {
        let mut all = Vec::new();
        for (name, shop) in &mut self.woocommerce {
            all.extend(
                shop.deliveries(now)
                    .into_iter()
                    .map(|delivery| (System::WooCommerce, name.clone(), delivery)),
            );
        }
        for (name, shop) in &mut self.shopify {
            all.extend(
                shop.deliveries(now).into_iter().map(|delivery| (System::Shopify, name.clone(), delivery)),
            );
        }
        all
    }

    /// Tells a shop what was answered to a delivery; nothing when no answer came.
    pub fn report_delivery(
        &mut self,
        now: Timestamp,
        (system, name): (System, &str),
        delivery: &WebhookDelivery,
        status: Option<u16>,
    ) {
        match system {
            System::WooCommerce => {
                if let Some(shop) = self.woocommerce.get_mut(name) {
                    shop.report_delivery(delivery.webhook, status);
                }
            }
            System::Shopify => {
                if let Some(shop) = self.shopify.get_mut(name) {
                    shop.report_delivery(now, delivery, status);
                }
            }
            System::Economic | System::Adyen | System::QuickPay | System::Frisbii => {}
        }
    }

    fn summary(&self) -> Json {
        let agreements: Vec<Json> = self
            .agreements
            .iter()
            .map(|(name, agreement)| {
                object! {
                    "name": name,
                    "customers": agreement.customers.len(),
                    "drafts": agreement.drafts.len(),
                    "booked": agreement.booked.len(),
                    "mails": agreement.sent.len(),
                }
            })
            .collect();
        let shop = |name: &String, orders: usize| object! { "name": name, "orders": orders };
        object! {
            "requests": self.requests,
            "woocommerce": self.woocommerce.iter().map(|(name, found)| shop(name, found.orders.len())).collect::<Vec<_>>(),
            "shopify": self.shopify.iter().map(|(name, found)| shop(name, found.orders.len())).collect::<Vec<_>>(),
            "economic": agreements,
        }
    }

    fn documents(&self, name: &str) -> Response {
        let Some(agreement) = self.agreements.get(name) else { return missing() };
        let fields = [
            "draftInvoiceNumber",
            "bookedInvoiceNumber",
            "date",
            "currency",
            "netAmount",
            "vatAmount",
            "grossAmount",
            "remainder",
        ];
        let show = |document: &crate::economic::Document| {
            let mut shown = object! {};
            for field in fields {
                if let Some(value) = document.json.get(field) {
                    shown.set(field, value);
                }
            }
            shown.set("reference", document.json.text("references.other").unwrap_or_default());
            shown
        };
        let body = object! {
            "drafts": agreement.drafts.values().map(show).collect::<Vec<_>>(),
            "booked": agreement.booked.values().map(show).collect::<Vec<_>>(),
        };
        Response::json(200, &body)
    }

    fn set_rounding(&mut self, name: &str, mode: &str) -> Response {
        let rounding = match mode {
            "per-line" => VatRounding::PerLine,
            "per-code" => VatRounding::PerCode,
            _ => return missing(),
        };
        let Some(agreement) = self.agreements.get_mut(name) else { return missing() };
        agreement.vat_rounding = rounding;
        Response::empty(204)
    }

    fn place(&mut self, now: Timestamp, request: &Request, system: &str, name: &str) -> Response {
        let text = String::from_utf8_lossy(&request.body);
        let placed = if system == "woocommerce" {
            self.woocommerce.get_mut(name).map(|shop| shop.place_order(now, &text))
        } else {
            self.shopify.get_mut(name).map(|shop| shop.place_order(now, &text))
        };
        match placed {
            Some(Ok(id)) => Response::json(201, &object! { "id": id }),
            Some(Err(why)) => Response::json(400, &object! { "message": why }),
            None => missing(),
        }
    }

    fn set_faults(&mut self, request: &Request) -> Response {
        match serde_json::from_slice(&request.body) {
            Ok(script) => {
                self.script = script;
                Response::empty(204)
            }
            Err(why) => Response::json(400, &object! { "message": why.to_string() }),
        }
    }

    fn replace(&mut self, request: &Request) -> Response {
        match World::load(&String::from_utf8_lossy(&request.body)) {
            Ok(world) => {
                *self = world;
                Response::empty(204)
            }
            Err(why) => Response::json(400, &object! { "message": why.to_string() }),
        }
    }
}

fn show_delivery(shop: &str, delivery: &WebhookDelivery) -> Json {
    let headers: Vec<Json> = delivery
        .headers
        .iter()
        .map(|(name, value)| Json::from(vec![name.as_str(), value.as_str()]))
        .collect();
    object! {
        "shop": shop,
        "webhook": delivery.webhook,
        "address": &delivery.address,
        "topic": &delivery.topic,
        "resource": delivery.resource,
        "headers": headers,
        "bodyBase64": data_encoding::BASE64.encode(&delivery.body),
    }
}

fn as_json(text: &Result<String, serde_json::Error>) -> Response {
    match text {
        Ok(text) => Response::text(200, "application/json", text.clone()),
        Err(why) => Response::json(500, &object! { "message": why.to_string() }),
    }
}

fn missing() -> Response {
    Response::json(404, &object! { "message": "Nothing here." })
}
