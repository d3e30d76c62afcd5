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

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        let (user, password) = ("report@Company.Krus".to_owned(), "secret".to_owned());
        let reports = BTreeMap::from([("a.csv".to_owned(), "text".to_owned())]);
        Account { user, password, hmac_key: vec![0x44, 0x78], reports }
    }

    #[test]
    fn reports_are_for_the_report_user_and_of_the_account() {
        let account = account();
        let ask = |path: &str, user: &str| {
            let basic = BASE64.encode(format!("{user}:secret").as_bytes());
            let request = Request::new("GET", path).with_header("Authorization", &format!("Basic {basic}"));
            account.handle("Krus", &request).status
        };
        let path = "/adyen/Krus/reports/download/MerchantAccount/Krus/a.csv";
        assert_eq!(ask(path, "report@Company.Krus"), 200);
        assert_eq!(ask(path, "another"), 401);
        assert_eq!(ask(&path.replace("a.csv", "b.csv"), "report@Company.Krus"), 404);
        assert_eq!(ask(&path.replace("Account/Krus", "Account/Other"), "report@Company.Krus"), 404);
    }
}
