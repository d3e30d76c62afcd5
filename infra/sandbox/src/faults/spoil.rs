//! How an answer is spoiled: by the body, for every system alike.

use super::{Fault, Wrong};
use crate::http::Response;
use crate::json::Json;
use rust_decimal::Decimal;

/// Names of fields that hold amounts, in all three systems.
const AMOUNTS: &[&str] =
    &["grossAmount", "netAmount", "grossAmountInBaseCurrency", "total", "total_price", "amount", "remainder"];
/// Names of fields that hold a currency.
const CURRENCIES: &[&str] = &["currency", "currencyCode", "currency_code", "code"];
/// Names of fields that hold a customer's number.
const CUSTOMERS: &[&str] = &["customerNumber", "customer_id"];

/// The answer as a fault leaves it.
pub(crate) fn spoil(fault: &Fault, response: Response) -> Response {
    match fault {
        Fault::FailBefore(status) | Fault::FailAfter(status) => {
            Response::text(*status, "application/json", format!("{{\"message\":\"fault {status}\"}}"))
        }
        Fault::TooManyRequests(None) => {
            Response::text(429, "application/json", "{\"message\":\"Too many requests.\"}")
        }
        Fault::TooManyRequests(Some(seconds)) => {
            Response::text(429, "application/json", "{\"message\":\"Too many requests.\"}")
                .with_header("Retry-After", seconds.to_string())
        }
        Fault::Unauthorized => Response::text(401, "application/json", "{\"message\":\"Not authorised.\"}"),
        Fault::WrongAnswer(wrong) => with_body(response, |body| tell_otherwise(body, *wrong)),
        Fault::MalformedJson => {
            let mut response = response;
            let half = response.body.len() / 2;
            response.body.truncate(half.max(1));
            if response.body.is_empty() {
                response.body = b"{".to_vec();
            }
            response
        }
        Fault::HtmlPage { status, .. } => Response::text(
            *status,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>",
        ),
        Fault::Redirect => Response::empty(302).with_header("Location", "https://elsewhere.example/"),
        Fault::HugeBody(bytes) => Response { body: vec![b' '; *bytes], ..response },
        _ => response,
    }
}

fn with_body(response: Response, change: impl FnOnce(&mut Json)) -> Response {
    match Json::parse(&response.body) {
        Ok(mut body) => {
            change(&mut body);
            Response { body: body.to_string().into_bytes(), ..response }
        }
        Err(_) => response,
    }
}

fn tell_otherwise(value: &mut Json, wrong: Wrong) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(|item| tell_otherwise(item, wrong)),
        Json::Object(fields) => {
            for (name, value) in fields {
                let name = name.as_str();
                match wrong {
                    Wrong::Amount if AMOUNTS.contains(&name) => raise(value),
                    Wrong::Currency if CURRENCIES.contains(&name) => exchange(value),
                    Wrong::Customer if CUSTOMERS.contains(&name) => raise(value),
                    _ => tell_otherwise(value, wrong),
                }
            }
        }
        _ => {}
    }
}

fn raise(value: &mut Json) {
    let raised = |text: &str| text.parse::<Decimal>().ok().map(|number| (number + Decimal::ONE).to_string());
    match value {
        Json::Number(text) => *text = raised(text).unwrap_or_default(),
        Json::String(text) => {
            if let Some(other) = raised(text) {
                *text = other;
            }
        }
        _ => tell_otherwise(value, Wrong::Amount),
    }
}

fn exchange(value: &mut Json) {
    match value {
        Json::String(text) if text.len() == 3 => {
            *text = if text == "EUR" { "USD" } else { "EUR" }.to_string()
        }
        Json::String(_) => {}
        _ => tell_otherwise(value, Wrong::Currency),
    }
}
