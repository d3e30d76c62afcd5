//! What is read: the vendors' samples and the fixtures beside the readers, each with the context it needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use connectors::profile::{self, Profile};
use connectors::report::DayOrder;

/// One report to read.
#[derive(Clone)]
pub(crate) struct Sample {
    /// `adyen/settlement_detail_report_batch_238.csv`
    pub(crate) name: String,
    /// The system whose reader reads it; `camt` for bank statements.
    pub(crate) system: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) batch: &'static str,
    pub(crate) day_order: Option<DayOrder>,
    pub(crate) profile: Option<Profile>,
}

/// The folder of vendors' samples; `None` where there is none, which is said loudly and fails in CI.
pub(crate) fn contracts() -> Option<PathBuf> {
    let folder = std::env::var_os("BOGBRO_CONTRACTS").map(PathBuf::from);
    if folder.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "BOGBRO_CONTRACTS must be set in CI");
        eprintln!("SKIPPED vendors' reports: BOGBRO_CONTRACTS is not set");
    }
    folder.map(|folder| folder.join("acquirers"))
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sample(system: &'static str, name: &str, bytes: Vec<u8>) -> Sample {
    Sample { name: name.to_owned(), system, bytes, batch: "", day_order: None, profile: None }
}

/// Where Stripe's resources stand: one object by name.
const STRIPE: &str = "stripe/fixtures3.settlement.cut.json";
/// Where SumUp's examples stand: in the description of its API.
const SUMUP: &str = "sumup/sumup-payouts.cut.openapi.json";

/// Files that are reports by themselves, with the system that reads them.
const WHOLE: &[(&str, &str)] = &[
    ("adyen", "adyen/settlement_detail_report_batch_238.csv"),
    ("adyen", "adyen/settlement_detail_report_2016_batch_48.xlsx"),
    ("swedbank-pay", "swedbankpay/R1234-0001-Redovisningsservice.xml"),
    ("swedbank-pay", "swedbankpay/R1234-0001-Redovisningsservice.xlsx"),
    ("vipps-mobilepay", "vipps-mobilepay/Example-Net.xml"),
    ("vipps-mobilepay", "vipps-mobilepay/settlement-report.csv"),
    ("vipps-mobilepay", "vipps-mobilepay/vipps-settlement-example.xlsx"),
    ("paypal", "paypal/statement_en.csv"),
    ("shopify-payments", "shopify-payments/payouts.json"),
    ("shopify-payments", "shopify-payments/payouts_filtered.json"),
    ("camt", "iso20022-camt/test-camt053.xml"),
    ("camt", "iso20022-camt/test-camt053-txdtls.xml"),
    ("camt", "iso20022-camt/test-camt054.xml"),
];

/// Answers that together are a report, under a name of their own.
const JOINED: &[(&str, &str, [&str; 2])] = &[
    (
        "klarna",
        "klarna/payout-and-transactions",
        ["klarna/SettlementsGetPayoutResponse.json", "klarna/SettlementsGetTransactionsResponse.json"],
    ),
    (
        "klarna",
        "klarna/all-payouts-and-transactions",
        ["klarna/SettlementsGetAllPayoutsResponse.json", "klarna/SettlementsGetTransactionsResponse.json"],
    ),
    (
        "shopify-payments",
        "shopify-payments/payout-and-transactions",
        ["shopify-payments/payout.json", "shopify-payments/payments_transactions.json"],
    ),
    (
        "shopify-payments",
        "shopify-payments/payout-and-transaction",
        ["shopify-payments/payout.json", "shopify-payments/payments_transaction.json"],
    ),
];

/// The sums that a person confirms a list of Swedbank Pay's by.
pub(crate) const BALANCE_REPORT: &str = "swedbankpay/R1234-0001-balance-report.txt";
/// Klarna's sums over many payouts.
pub(crate) const KLARNA_SUMMARY: &str = "klarna/SettlementsGetSummaryOfPayoutsResponse.json";

/// Files that are no reports, and what they are.
pub(crate) const NO_REPORTS: &[(&str, &str)] = &[
    (BALANCE_REPORT, "the text of a PDF: a person reads its sums, and a test of the goldens does too"),
    (
        KLARNA_SUMMARY,
        "sums over whatever was paid in a time, of which none is named: refused, as a test of the goldens shows",
    ),
    ("adyen/BalancePlatformReportNotification-v1.json", "the description of another product's notifications"),
    ("adyen/webhook-examples.cut.json", "notifications, which the tests of announcements read"),
    ("klarna/settlements-api.openapi.yml", "the description of the API"),
    ("paypal/reporting_transactions_v1.json", "the description of the API"),
    ("stripe/stripe-2022-02-03.cut.openapi.json", "the description of the API"),
    ("vipps-mobilepay/SettlementReport-2.0.xsd", "the schema of the reports"),
    ("vipps-mobilepay/SettlementReport-3.0.xsd", "the schema of the reports"),
    ("vipps-mobilepay/report-api-faq.md", "a page of the documentation"),
    ("vipps-mobilepay/report-api-guide.md", "a page of the documentation"),
    ("vipps-mobilepay/report-api-v2.openapi.yaml", "the description of the API"),
    ("vipps-mobilepay/settlement-csv-README.md", "a page of the documentation"),
    ("vipps-mobilepay/settlement-xml-README.md", "a page of the documentation"),
    ("vipps-mobilepay/sftp-report-service-README.md", "a page of the documentation"),
];

/// Every file that a sample is read from.
pub(crate) fn read_files() -> BTreeSet<&'static str> {
    let whole = WHOLE.iter().map(|(_, name)| *name);
    let joined = JOINED.iter().flat_map(|(_, _, parts)| *parts);
    whole.chain(joined).chain([STRIPE, SUMUP]).collect()
}

/// A file of the vendors' own.
pub(crate) fn vendors_file(folder: &Path, name: &str) -> Vec<u8> {
    read(&folder.join(name))
}

/// A resource of Stripe's fixtures, which are one object by name.
fn stripe(folder: &Path) -> Vec<u8> {
    let all: serde_json::Value = serde_json::from_slice(&vendors_file(folder, STRIPE)).expect("JSON");
    let page =
        serde_json::json!({ "object": "list", "has_more": false, "data": [all["balance_transaction"]] });
    [all["payout"].to_string(), page.to_string()].join("\n").into_bytes()
}

/// The examples of SumUp's description.
fn sumup(folder: &Path) -> [Vec<u8>; 2] {
    let all: serde_json::Value = serde_json::from_slice(&vendors_file(folder, SUMUP)).expect("JSON");
    let content =
        &all["paths"]["/v1.0/merchants/{merchant_code}/payouts"]["get"]["responses"]["200"]["content"];
    let json = content["application/json"]["example"].to_string().into_bytes();
    let csv = content["text/plain"]["example"].as_str().expect("a text").as_bytes().to_vec();
    [json, csv]
}

/// Every report of an acquirer or a bank among the vendors' samples.
pub(crate) fn vendors() -> Vec<Sample> {
    let Some(folder) = contracts() else { return Vec::new() };
    let whole = WHOLE.iter().map(|(system, name)| sample(system, name, vendors_file(&folder, name)));
    let joined = JOINED.iter().map(|(system, name, parts)| {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| vendors_file(&folder, part)).collect();
        sample(system, name, parts.join(&b'\n'))
    });
    let [sumup_json, sumup_csv] = sumup(&folder);
    let taken_out = [
        sample("stripe", "stripe/payout-and-balance-transaction", stripe(&folder)),
        sample("sumup", "sumup/example-json", sumup_json),
        sample("sumup", "sumup/example-csv", sumup_csv),
    ];
    whole.chain(joined).chain(taken_out).collect()
}

/// The fixtures beside the readers.
pub(crate) fn fixtures() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let file = |system: &'static str, name: &str| {
        let (reader, file) = name.split_once('/').expect("a folder and a file");
        sample(system, &format!("fixtures/{name}"), read(&folder.join(reader).join("fixtures").join(file)))
    };
    let text = |name: &str| String::from_utf8(read(&folder.join(name))).expect("UTF-8");
    let nets = profile::parse(&text("profile/fixtures/nets_advice.profile.json")).expect("a profile");
    let bank = profile::parse(&text("profile/fixtures/danish_bank.profile.json")).expect("a profile");
    vec![
        file("adyen", "adyen/settlement_detail_report_batch_12.csv"),
        Sample { batch: "funding-77", ..file("altapay", "altapay/funding.csv") },
        file("camt", "camt/camt053.xml"),
        file("camt", "camt/camt053_reversal.xml"),
        file("clearhaus", "clearhaus/settlement.json"),
        file("klarna", "klarna/payout.json"),
        file("klarna", "klarna/settlement.csv"),
        file("mollie", "mollie/settlement.json"),
        file("mollie", "mollie/settlement_2027.json"),
        Sample { profile: Some(nets), ..file("nets", "profile/Nets060226.SDV") },
        file("paypal", "paypal/stl_20260206.csv"),
        file("paypal", "paypal/activity_de.csv"),
        file("paypal", "paypal/activity_us.csv"),
        file("paypal", "paypal/transaction_search.json"),
        file("paypal", "paypal/day_20260206.json"),
        Sample { profile: Some(bank), ..file("profile", "profile/danish_bank.csv") },
        file("shopify-payments", "shopify_payments/rest.json"),
        file("shopify-payments", "shopify_payments/graphql.json"),
        file("shopify-payments", "shopify_payments/pair.csv"),
        file("stripe", "stripe/payout_itemised.csv"),
        file("stripe", "stripe/payout_api.json"),
        file("sumup", "sumup/payouts.json"),
        file("sumup", "sumup/payouts.csv"),
        file("swedbank-pay", "swedbank_pay/v2.xml"),
        file("swedbank-pay", "swedbank_pay/v1.xml"),
        file("vipps-mobilepay", "vipps_mobilepay/funds_2026-02-06.json"),
        file("vipps-mobilepay", "vipps_mobilepay/settlement.csv"),
        file("vipps-mobilepay", "vipps_mobilepay/settlement_2.xml"),
    ]
}
