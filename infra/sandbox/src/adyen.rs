//! The report side of Adyen: accounts whose settlement reports lie on a server for a report user, and are announced by signed
//! notifications.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use crate::http::{Request, Response};
use crate::signing::hmac_base64;

/// A merchant account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The report user.
    pub user: String,
    /// The report user's password.
    pub password: String,
    /// The webhook's key, as bytes.
    pub hmac_key: Vec<u8>,
    /// Its reports by name.
    pub reports: BTreeMap<String, String>,
}

impl Account {
    /// Answers a download: `/adyen/{account}/reports/download/MerchantAccount/{account}/{report}`.
    pub fn handle(&self, name: &str, request: &Request) -> Response {
        let basic = BASE64.encode(format!("{}:{}", self.user, self.password).as_bytes());
        if request.header("authorization") != Some(format!("Basic {basic}").as_str()) {
            return Response::text(401, "text/html", "<html><body>Unauthorized</body></html>");
        }
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().skip(2).map(String::as_str).collect();
        match segments.as_slice() {
            ["reports", "download", "MerchantAccount", account, report] if *account == name => {
                match self.reports.get(*report) {
                    Some(text) => Response::text(200, "text/csv", text.as_bytes()),
                    None => Response::empty(404),
                }
            }
            _ => Response::empty(404),
        }
    }

    /// The notification that a report of the account `name` is ready at this server.
    pub fn announcement(&self, name: &str, server: &str, report: &str) -> String {
        let (reference, event) = ("QFQTPCQ8HXSKGK82", "REPORT_AVAILABLE");
        let signed = format!("{reference}::{name}::0:EUR:{event}:true");
        let signature = hmac_base64(&self.hmac_key, signed.as_bytes());
        serde_json::json!({
            "live": "true",
            "notificationItems": [{ "NotificationRequestItem": {
                "additionalData": { "hmacSignature": signature },
                "amount": { "currency": "EUR", "value": 0 },
                "eventCode": event,
                "eventDate": "2026-11-27T01:00:00+01:00",
                "merchantAccountCode": name,
                "merchantReference": "",
                "pspReference": reference,
                "reason": format!("{server}/reports/download/MerchantAccount/{name}/{report}"),
                "success": "true",
            } }],
        })
        .to_string()
    }
}
