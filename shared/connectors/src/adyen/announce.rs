//! Adyen's word that a report is ready (`REPORT_AVAILABLE`), and its download.
//!
//! The notification's HMAC is over some of its fields, not over its bytes, and the report's address is not among them. So of the address
//! only the name of the report is used, within the folder of the account that is signed, and its host is held against the connection's.

use std::io::Write;

use async_trait::async_trait;
use data_encoding::HEXLOWER_PERMISSIVE;
use domain::Failure;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Adyen, MANIFEST};
use crate::acquirer::keep_bytes;
use crate::announcement::{Announcement, Announcing};
use crate::http::{Call, Complaint, Request, Transport, accept};
use crate::json::{List, Text, read_bytes, rejected};
use crate::manifest::{Authentication, Manifest, RateLimit};
use crate::ports::{Delivery, Verification};
use crate::signature::is_signed;

/// How Adyen's reports are downloaded.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "https://ca-live.adyen.com")],
    // The report user's, who may download reports and nothing else. `webhook-hmac-key` is the webhook's, in hexadecimal.
    authentication: Authentication::Basic { user: "user", password: "password" },
    secrets: &["user", "password", "webhook-hmac-key"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 60,
    response_limit: 64 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "The address of a report is taken as /reports/download/MerchantAccount/ACCOUNT/REPORT, as the documentation shows it.",
        "An answer of status 200 without a body is taken to be enough for Adyen.",
        "A report of more than 64 MB is not downloaded; it can be dropped in the bucket.",
    ],
};

/// The reports that are read, by how their names begin.
const REPORTS: &str = "settlement_detail_report";
/// Longest scheme and host, in bytes.
const LONGEST_HOST: usize = 200;
/// Where reports of an account lie.
const FOLDER: &str = "/reports/download/MerchantAccount/";

/// A delivery: <https://docs.adyen.com/development-resources/webhooks/understand-notifications>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notifications<'a> {
    #[serde(borrow)]
    notification_items: List<Wrapped<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapped<'a> {
    #[serde(borrow)]
    notification_request_item: Item<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow, default)]
    additional_data: Option<AdditionalData<'a>>,
    #[serde(borrow, default)]
    psp_reference: Text<'a>,
    #[serde(borrow, default)]
    original_reference: Text<'a>,
    #[serde(borrow, default)]
    merchant_account_code: Text<'a>,
    #[serde(borrow, default)]
    merchant_reference: Text<'a>,
    #[serde(borrow, default)]
    amount: Option<Amount<'a>>,
    #[serde(borrow, default)]
    event_code: Text<'a>,
    #[serde(borrow, default)]
    success: Text<'a>,
    #[serde(borrow, default)]
    reason: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdditionalData<'a> {
    #[serde(borrow, default)]
    hmac_signature: Text<'a>,
}

#[derive(Default, Deserialize)]
struct Amount<'a> {
    #[serde(borrow, default)]
    value: Text<'a>,
    #[serde(borrow, default)]
    currency: Text<'a>,
}

impl Item<'_> {
    /// What is signed: <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures>.
    fn signed(&self) -> String {
        let nothing = Amount::default();
        let amount = self.amount.as_ref().unwrap_or(&nothing);
        let fields = [
            &self.psp_reference,
            &self.original_reference,
            &self.merchant_account_code,
            &self.merchant_reference,
            &amount.value,
            &amount.currency,
            &self.event_code,
            &self.success,
        ];
        fields.map(|field| &*field.0).join(":")
    }

    fn is_authentic(&self, keys: &[Vec<u8>]) -> bool {
        let signature = self.additional_data.as_ref().and_then(|more| more.hmac_signature.given());
        is_signed(self.signed().as_bytes(), signature, keys.iter().map(Vec::as_slice))
    }

    /// The report, when it is one that is read.
    fn announcement(&self) -> Result<Option<Announcement>, Failure> {
        if self.event_code.trimmed() != "REPORT_AVAILABLE" || self.success.trimmed() != "true" {
            return Ok(None);
        }
        let unreadable = || rejected("unreadable", "a report that is announced without a readable address");
        let (scheme, address) = self.reason.trimmed().split_once("://").ok_or_else(unreadable)?;
        let (host, path) = address.split_once('/').ok_or_else(unreadable)?;
        if scheme.len() + host.len() > LONGEST_HOST {
            return Err(unreadable());
        }
        let report = path.rsplit('/').next().unwrap_or_default();
        if !report.starts_with(REPORTS) {
            return Ok(None);
        }
        let account = self.merchant_account_code.trimmed();
        if format!("/{path}") != place(account, report)? {
            return Err(unreadable());
        }
        let host = format!("{scheme}://{host}");
        Ok(Some(Announcement { account: account.to_owned(), host, report: report.to_owned() }))
    }
}

/// The path of a report. Account and name hold nothing that leads elsewhere.
fn place(account: &str, report: &str) -> Result<String, Failure> {
    let plain = |text: &str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        !text.is_empty() && text.len() <= 100 && text.bytes().all(letters) && !text.starts_with('.')
    };
    if plain(account) && plain(report) {
        Ok(format!("{FOLDER}{account}/{report}"))
    } else {
        Err(rejected("unreadable", "the report's name holds other than letters and digits"))
    }
}

#[async_trait]
impl Announcing for Adyen {
    fn connection(&self) -> &'static Manifest {
        &CONNECTION
    }

    fn verify(&self, delivery: &Delivery<'_>, secrets: &[SecretString]) -> Verification {
        let key = |secret: &SecretString| {
            HEXLOWER_PERMISSIVE.decode(secret.expose_secret().trim().as_bytes()).unwrap_or_default()
        };
        let keys: Vec<Vec<u8>> = secrets.iter().map(key).collect();
        let Ok(read) = read_bytes::<Notifications<'_>>("the notification", delivery.body) else {
            return Verification::Forged;
        };
        let items = &read.notification_items.0;
        let all = items
            .iter()
            .fold(!items.is_empty(), |all, item| all & item.notification_request_item.is_authentic(&keys));
        if all { Verification::Authentic } else { Verification::Forged }
    }

    fn announced(&self, delivery: &Delivery<'_>) -> Result<Vec<Announcement>, Failure> {
        let read: Notifications<'_> = read_bytes("the notification", delivery.body)?;
        let items = read.notification_items.0.iter();
        items.filter_map(|item| item.notification_request_item.announcement().transpose()).collect()
    }

    async fn download(
        &self,
        transport: &dyn Transport,
        account: &str,
        report: &str,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let request = Request::get(place(account, report)?).header("accept", "*/*");
        let response = transport.read(request).await?;
        accept(Call::Read, &response, |_| Complaint::default())?;
        if response.body.is_empty() {
            return Err(Call::Read.unanswered("an empty answer", None));
        }
        keep_bytes(into, &response.body)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::contract;
    use crate::scripted::{Script, word};

    /// Key and signature of the vendor's own libraries' tests.
    const KEY: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
    const AUTHORISATION: &str = r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="},"amount":{"currency":"EUR","value":1130},"eventCode":"AUTHORISATION","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704","pspReference":"7914073381342284","success":"true"}}]}"#;
    const REPORT: &str = "https://ca-live.adyen.com/reports/download/MerchantAccount/KrusShopDK/settlement_detail_report_batch_48.csv";

    fn secrets() -> Vec<SecretString> {
        vec![KEY.to_owned().into()]
    }

    fn verified(body: &str, secrets: &[SecretString]) -> Verification {
        Adyen.verify(&Delivery { headers: &[], body: body.as_bytes() }, secrets)
    }

    /// A notification of one report, signed.
    fn announcement(account: &str, event: &str, success: &str, reason: &str) -> String {
        use hmac::{Hmac, KeyInit, Mac};
        let signed = format!("QFQTPCQ8HXSKGK82::{account}::0:EUR:{event}:{success}");
        let key = HEXLOWER_PERMISSIVE.decode(KEY.as_bytes()).expect("hexadecimal");
        let mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("any length").chain_update(signed);
        let signature = data_encoding::BASE64.encode(&mac.finalize().into_bytes());
        format!(
            "{{\"live\":\"true\",\"notificationItems\":[{{\"NotificationRequestItem\":{{\"additionalData\":{{\"hmacSignature\":\"{signature}\"}},\"amount\":{{\"currency\":\"EUR\",\"value\":0}},\"eventCode\":\"{event}\",\"eventDate\":\"2026-11-27T01:00:00+01:00\",\"merchantAccountCode\":\"{account}\",\"merchantReference\":\"\",\"pspReference\":\"QFQTPCQ8HXSKGK82\",\"reason\":\"{reason}\",\"success\":\"{success}\"}}}}]}}"
        )
    }

    fn announced(body: &str) -> Result<Vec<Announcement>, Failure> {
        assert_eq!(verified(body, &secrets()), Verification::Authentic);
        Adyen.announced(&Delivery { headers: &[], body: body.as_bytes() })
    }

    #[test]
    fn the_vendors_vector_verifies_and_every_signed_field_counts() {
        let other = "00".repeat(32);
        assert_eq!(verified(AUTHORISATION, &secrets()), Verification::Authentic);
        assert_eq!(
            verified(AUTHORISATION, &[other.clone().into(), KEY.to_owned().into()]),
            Verification::Authentic
        );
        assert_eq!(verified(AUTHORISATION, &[KEY.to_ascii_lowercase().into()]), Verification::Authentic);
        for secrets in
            [vec![], vec![other.into()], vec![String::new().into()], vec!["no hexadecimal".to_owned().into()]]
        {
            assert_eq!(verified(AUTHORISATION, &secrets), Verification::Forged);
        }
        for (field, other) in [
            ("1130", "1131"),
            ("\"EUR\"", "\"USD\""),
            ("AUTHORISATION", "REPORT_AVAILABLE"),
            ("TestMerchant", "OtherMerchant"),
            ("TestPayment", "OtherPayment"),
            ("7914073381342284", "7914073381342285"),
            ("\"true\"", "\"false\""),
            ("coqCmt", "coqCmu"),
            ("hmacSignature", "signature"),
        ] {
            assert_eq!(
                verified(&AUTHORISATION.replace(field, other), &secrets()),
                Verification::Forged,
                "{field}"
            );
        }
    }

    #[test]
    fn one_unsigned_item_makes_the_whole_delivery_forged() {
        let (first, rest) = AUTHORISATION.split_once("[{").expect("items");
        let item = rest.strip_suffix("]}").expect("the end");
        let unsigned = item.replace("coqCmt", "coqCmu");
        assert_eq!(verified(&format!("{first}[{{{item},{{{item}]}}"), &secrets()), Verification::Authentic);
        for items in [format!("{item},{{{unsigned}"), format!("{unsigned},{{{item}")] {
            assert_eq!(verified(&format!("{first}[{{{items}]}}"), &secrets()), Verification::Forged);
        }
        for nothing in [r#"{"notificationItems":[]}"#, "{}", "", "no JSON", "[]"] {
            assert_eq!(verified(nothing, &secrets()), Verification::Forged, "{nothing}");
        }
    }

    #[test]
    fn a_settlement_report_is_announced_with_its_host_and_other_news_is_not() {
        let found = announced(&announcement("KrusShopDK", "REPORT_AVAILABLE", "true", REPORT)).expect("read");
        assert_eq!(
            found,
            [Announcement {
                account: "KrusShopDK".to_owned(),
                host: "https://ca-live.adyen.com".to_owned(),
                report: "settlement_detail_report_batch_48.csv".to_owned(),
            }]
        );
        let payments = REPORT.replace("settlement_detail_report_batch_48", "received_payments_report");
        for other in [
            announcement("KrusShopDK", "REPORT_AVAILABLE", "true", &payments),
            announcement("KrusShopDK", "REPORT_AVAILABLE", "false", REPORT),
            announcement("KrusShopDK", "CAPTURE", "true", "URL_TO_DOWNLOAD_REPORT"),
            AUTHORISATION.to_owned(),
        ] {
            assert_eq!(announced(&other), Ok(Vec::new()), "{other}");
        }
    }

    #[test]
    fn an_address_that_is_not_the_signed_accounts_report_is_refused() {
        for address in [
            REPORT.replace("ca-live", &"x".repeat(200)),
            REPORT.replace("KrusShopDK", "OtherShop"),
            REPORT.replace("/reports/download", "/other"),
            REPORT.replace("MerchantAccount/", "MerchantAccount/../"),
            format!("{REPORT}?next=x"),
            "settlement_detail_report".to_owned(),
            REPORT.replace(".csv", "%2e%2e"),
        ] {
            let found = announced(&announcement("KrusShopDK", "REPORT_AVAILABLE", "true", &address));
            assert_eq!(word(&found), "rejected", "{address}");
        }
        // The host is told and not believed.
        for host in
            ["https://ca-live.adyen.com@evil.example", "http://ca-live.adyen.com", "https://evil.example"]
        {
            let elsewhere = REPORT.replace("https://ca-live.adyen.com", host);
            let found = announced(&announcement("KrusShopDK", "REPORT_AVAILABLE", "true", &elsewhere));
            assert_eq!(found.expect("read")[0].host, host);
        }
    }

    #[test]
    fn a_report_is_downloaded_as_it_is_within_its_folder() {
        let report = "settlement_detail_report_batch_12.csv";
        let body = include_str!("fixtures/settlement_detail_report_batch_12.csv");
        let script = Script::default().read(
            &["Get /reports/download/MerchantAccount/KrusShopDK/settlement_detail_report_batch_12.csv "],
            200,
            body,
        );
        let mut kept = Vec::new();
        block_on(Adyen.download(&script, "KrusShopDK", report, &mut kept)).expect("downloaded");
        assert_eq!(kept, body.as_bytes());
        for (account, report) in
            [("", report), ("..", report), ("a/b", report), ("KrusShopDK", "../x"), ("KrusShopDK", "a b")]
        {
            let script = Script::default();
            assert_eq!(
                word(&block_on(Adyen.download(&script, account, report, &mut Vec::new()))),
                "rejected"
            );
            assert!(script.finish().is_empty());
        }
        let script = Script::default().read(&[], 401, "{}");
        let refused = block_on(Adyen.download(&script, "KrusShopDK", report, &mut Vec::new()));
        assert!(matches!(refused, Err(Failure::Unauthorized { .. })), "{refused:?}");
        let script = Script::default().read(&[], 200, "");
        assert_eq!(word(&block_on(Adyen.download(&script, "KrusShopDK", report, &mut Vec::new()))), "busy");
    }

    #[test]
    fn the_vendors_own_example_is_read() {
        let Some(examples) = contract("acquirers/adyen/webhook-examples.cut.json") else { return };
        let examples: serde_json::Value = serde_json::from_str(&examples).expect("JSON");
        let example = &examples["post-REPORT_AVAILABLE-report_available"]["value"];
        let body = example.to_string();
        assert_eq!(verified(&body, &secrets()), Verification::Forged, "its signature is cut");
        // Its address is a word, not an address.
        let refused = Adyen.announced(&Delivery { headers: &[], body: body.as_bytes() });
        assert_eq!(word(&refused), "rejected");
    }
}
