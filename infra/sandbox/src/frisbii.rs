//! Frisbii: a gateway's list of transactions. A transaction is of one invoice, whose handle the shop chose, and names the acquirer's
//! reference where it has one. The list goes by the time of creation alone, in the account's own time.

use std::cmp::Reverse;

use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;

/// Sizes of a page.
const SIZES: std::ops::RangeInclusive<usize> = 10..=100;

/// A merchant's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The private key.
    pub private_key: String,
    /// IANA name of its time zone.
    pub zone: String,
    /// Its transactions.
    pub transactions: Vec<Transaction>,
}

/// A transaction on an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Its id.
    pub id: String,
    /// Handle of the invoice: the order.
    pub invoice: String,
    /// `settle`, `refund` or `authorization`.
    pub kind: String,
    /// `settled`, `refunded`, `processing`, `failed` ...
    pub state: String,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// Currency.
    pub currency: String,
    /// When it was begun.
    pub created: Timestamp,
    /// The acquirer; `None` where no card paid.
    pub provider: Option<String>,
    /// The acquirer's reference.
    pub reference: Option<String>,
}

impl Account {
    /// Answers a request: `/frisbii/{account}/v1/list/transaction`.
    pub fn handle(&self, request: &Request) -> Response {
        let basic = BASE64.encode(format!("{}:", self.private_key).as_bytes());
        if request.header("authorization") != Some(format!("Basic {basic}").as_str()) {
            return refusal(401, "Unauthorized", "Private key is invalid");
        }
        let segments = request.segments();
        let path: Vec<&str> = segments.iter().skip(2).map(String::as_str).collect();
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["v1", "list", "transaction"]) => self.list(request),
            ("GET", _) => refusal(404, "Not Found", "No such resource"),
            _ => refusal(405, "Method Not Allowed", "Only GET"),
        }
    }

    fn list(&self, request: &Request) -> Response {
        let size = match request.parameter("size") {
            None => Some(*SIZES.start()),
            Some(text) => text.parse().ok().filter(|size| SIZES.contains(size)),
        };
        let Some(size) = size else { return invalid("size") };
        let range = request.parameter("range").unwrap_or_else(|| "created".to_owned());
        if range != "created" {
            return invalid("range");
        }
        let Some(zone) = TimeZone::get(&self.zone).ok() else { return invalid("zone") };
        let from = request.parameter("from").unwrap_or_else(|| "2000-01-01".to_owned());
        let Some(since) = local(&from) else { return invalid("from") };
        let Ok(first) = zone.to_timestamp(since) else { return invalid("from") };
        // A token is of one list: the same beginning, range and size.
        let of_list = format!("{from} {range} {size} ");
        let offset = match request.parameter("next_page_token") {
            None => Some(0),
            Some(token) => offset_of(&token, &of_list),
        };
        let Some(offset) = offset else { return invalid("next_page_token") };
        let mut found: Vec<&Transaction> =
            self.transactions.iter().filter(|transaction| transaction.created >= first).collect();
        found.sort_by_key(|transaction| (Reverse(transaction.created), transaction.id.clone()));
        let more = found.len() > offset + size;
        let content: Vec<Json> = found.into_iter().skip(offset).take(size).map(Transaction::show).collect();
        let mut body = object! {
            "size": size,
            "count": content.len(),
            "from": since.to_string(),
            "to": "2100-01-01T00:00:00",
            "range": range,
            "content": content,
        };
        if more {
            body.set("next_page_token", BASE64.encode(format!("{of_list}{}", offset + size).as_bytes()));
        }
        Response::json(200, &body)
    }
}

fn offset_of(token: &str, of_list: &str) -> Option<usize> {
    let text = String::from_utf8(BASE64.decode(token.as_bytes()).ok()?).ok()?;
    text.strip_prefix(of_list)?.parse().ok()
}

/// A local day, or a local time to the minute or the second. A time with an offset is none.
fn local(text: &str) -> Option<DateTime> {
    let minutes = format!("{text}:00");
    match text.len() {
        10 => text.parse::<Date>().ok().map(|day| day.to_datetime(Time::midnight())),
        16 => minutes.parse().ok(),
        19 => text.parse().ok(),
        _ => None,
    }
}

impl Transaction {
    fn show(&self) -> Json {
        let mut shown = object! {
            "id": &self.id,
            "state": &self.state,
            "invoice": &self.invoice,
            "type": &self.kind,
            "amount": self.amount,
            "currency": &self.currency,
            "created": self.created.to_string(),
            "payment_type": if self.provider.is_some() { "card" } else { "mobilepay" },
        };
        if matches!(self.state.as_str(), "settled" | "refunded") {
            shown.set(&self.state, self.created.to_string());
        }
        if let Some(provider) = &self.provider {
            let mut card = object! { "card_type": "visa_dk", "provider": provider };
            if let Some(reference) = &self.reference {
                card.set("acquirer_reference", reference);
            }
            shown.set("card_transaction", card);
        }
        shown
    }
}

fn invalid(name: &str) -> Response {
    refusal(400, "Bad Request", &format!("Invalid parameter: {name}"))
}

fn refusal(status: u16, reason: &str, message: &str) -> Response {
    let body = object! {
        "code": i64::from(status),
        "error": message,
        "http_status": i64::from(status),
        "http_reason": reason,
        "path": "/v1/list/transaction",
        "timestamp": "2026-01-01T00:00:00.000+00:00",
        "request_id": "0c5ca4d1b8a74f2a9a1f3d6f2f4f9b11",
    };
    Response::json(status, &body)
}
