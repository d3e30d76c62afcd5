//! QuickPay: a gateway's list of payments (API v10). A payment is of one order, and has operations that name the acquirer's reference.

use std::cmp::Reverse;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::http::{Request, Response};
use crate::json::Json;
use crate::object;

/// The largest page that is given.
const LARGEST_PAGE: usize = 100;
/// The page that is given where none is asked for.
const USUAL_PAGE: usize = 20;

/// A merchant's account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The API user's key.
    pub api_key: String,
    /// Its payments.
    pub payments: Vec<Payment>,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: u64,
    /// The order, as the shop named it when it asked for the payment.
    pub order_id: String,
    /// Currency.
    pub currency: String,
    /// When something last happened to it.
    pub updated_at: Timestamp,
    /// Paid by a test card.
    pub test_mode: bool,
    /// What was done with it.
    pub operations: Vec<Operation>,
}

/// Something that was done with a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// `authorize`, `capture`, `refund`, `cancel`.
    pub kind: String,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// The acquirer's reference; `None` where it gave none.
    pub reference: Option<String>,
    /// The gateway's status: `20000` went through.
    pub status: String,
    /// The acquirer has not answered yet.
    pub pending: bool,
}

impl Account {
    /// Answers a request: `/quickpay/{account}/payments`.
    pub fn handle(&self, request: &Request) -> Response {
        let basic = BASE64.encode(format!(":{}", self.api_key).as_bytes());
        if request.header("authorization") != Some(format!("Basic {basic}").as_str()) {
            return refusal(401, "Invalid API key");
        }
        if request.header("accept-version") != Some("v10") {
            return refusal(406, "Accept-Version must be v10");
        }
        let segments = request.segments();
        match (request.method.as_str(), segments.get(2..).unwrap_or_default()) {
            ("GET", [payments]) if payments == "payments" => self.list(request),
            ("GET", _) => refusal(404, "Not found"),
            _ => refusal(405, "Method not allowed"),
        }
    }

    fn list(&self, request: &Request) -> Response {
        let number = |name: &str, usual: usize, most: usize| match request.parameter(name) {
            None => Some(usual),
            Some(text) => text.parse().ok().filter(|number| (1..=most).contains(number)),
        };
        let Some(size) = number("page_size", USUAL_PAGE, LARGEST_PAGE) else {
            return refusal(400, "page_size does not have a valid value");
        };
        let Some(page) = number("page", 1, usize::MAX / LARGEST_PAGE) else {
            return refusal(400, "page does not have a valid value");
        };
        let since = match request.parameter("min_time").map(|text| text.parse::<Timestamp>()).transpose() {
            Ok(since) => since.unwrap_or(Timestamp::MIN),
            Err(_) => return refusal(400, "min_time is invalid"),
        };
        // Of the times that a list can go by, this stand-in knows one; what is captured later is updated later.
        match request.parameter("timestamp").as_deref() {
            None | Some("updated_at") => {}
            Some(_) => return refusal(400, "timestamp does not have a valid value"),
        }
        let mut found: Vec<&Payment> =
            self.payments.iter().filter(|payment| payment.updated_at >= since).collect();
        found.sort_by_key(|payment| Reverse(payment.id));
        let shown = found.into_iter().skip((page - 1) * size).take(size).map(Payment::show);
        Response::json(200, &Json::Array(shown.collect()))
    }
}

impl Payment {
    fn show(&self) -> Json {
        let operations: Vec<Json> = (1..)
            .zip(&self.operations)
            .map(|(number, operation)| self.show_operation(number, operation))
            .collect();
        object! {
            "id": self.id,
            "order_id": &self.order_id,
            "accepted": true,
            "type": "Payment",
            "currency": &self.currency,
            "state": "processed",
            "acquirer": "clearhaus",
            "test_mode": self.test_mode,
            "operations": operations,
            "created_at": self.updated_at.to_string(),
            "updated_at": self.updated_at.to_string(),
        }
    }

    fn show_operation(&self, number: u64, operation: &Operation) -> Json {
        let data = match &operation.reference {
            Some(reference) => object! { "acquirer_reference": reference },
            None => object! {},
        };
        object! {
            "id": number,
            "type": &operation.kind,
            "amount": operation.amount,
            "pending": operation.pending,
            "qp_status_code": &operation.status,
            "qp_status_msg": if operation.status == "20000" { "Approved" } else { "Rejected" },
            "acquirer": "clearhaus",
            "data": data,
            "created_at": self.updated_at.to_string(),
        }
    }
}

fn refusal(status: u16, message: &str) -> Response {
    Response::json(status, &object! { "message": message, "errors": object! {}, "error_code": Json::Null })
}
