//! The configured merchant: connections, flows with their settings, and who is told what.
//!
//! The operator keeps it as one JSON file. Secrets are never in it. It is read with the place of every mistake named, in
//! Danish and English, because the person who reads the message is the one who wrote the file.

use std::collections::{BTreeMap, BTreeSet};

use garde::Validate;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Settings;
use super::payouts::{PayoutSettings, Profile, is_read_by_profile};
use super::problem::{self, SettingProblems};
use crate::identity::{AgreementId, ConnectionId, MerchantId};

/// A merchant, whole, as the operator configures it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MerchantFile {
    /// Whose it is: lower-case letters, digits and hyphens.
    #[garde(custom(merchant_id))]
    pub id: MerchantId,
    /// Name, for people.
    #[garde(length(min = 1, max = 200))]
    pub name: String,
    /// Language of reports.
    #[serde(default)]
    #[garde(skip)]
    pub language: Language,
    /// IANA time zone of the merchant's books.
    #[serde(default = "copenhagen")]
    #[garde(custom(known_time_zone))]
    pub time_zone: String,
    /// Last day of the financial year, `MM-DD`: records are kept five years from it.
    #[serde(default = "new_years_eve")]
    #[garde(custom(month_and_day))]
    pub financial_year_end: String,
    /// Outside systems.
    #[garde(length(min = 1, max = 50), dive)]
    pub connections: Vec<Connection>,
    /// What goes from where to where.
    #[garde(length(max = 50), dive)]
    pub flows: Vec<Flow>,
    /// Whose payouts are matched and booked, and where.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(length(max = 50), dive)]
    pub payouts: Vec<PayoutFlow>,
    /// Who is told what, and how often.
    #[serde(default)]
    #[garde(length(max = 50), dive)]
    pub recipients: Vec<Recipient>,
}

fn copenhagen() -> String {
    "Europe/Copenhagen".to_owned()
}

fn new_years_eve() -> String {
    "12-31".to_owned()
}

fn merchant_id(id: &MerchantId, _: &()) -> garde::Result {
    let text = id.as_str();
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if (2..=40).contains(&text.len()) && plain { Ok(()) } else { Err(garde::Error::new("merchant-id")) }
}

fn connection_id(id: &ConnectionId, _: &()) -> garde::Result {
    let text = id.as_str();
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if (16..=64).contains(&text.len()) && plain { Ok(()) } else { Err(garde::Error::new("connection-id")) }
}

fn known_time_zone(name: &str, _: &()) -> garde::Result {
    TimeZone::get(name).map(|_| ()).map_err(|_| garde::Error::new("time-zone"))
}

fn month_and_day(text: &str, _: &()) -> garde::Result {
    // A leap year, so that 02-29 is a day.
    let day: Result<jiff::civil::Date, _> = format!("2024-{text}").parse();
    if text.len() == 5 && day.is_ok() { Ok(()) } else { Err(garde::Error::new("month-and-day")) }
}

/// Language of words for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Danish.
    #[default]
    Da,
    /// English.
    En,
}

/// One connection to one outside system. Its secrets are set apart from the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Connection {
    /// Part of the webhook address: long and unguessable, 16 to 64 letters, digits, hyphens or underscores.
    #[garde(custom(connection_id))]
    pub id: ConnectionId,
    /// Name that flows refer to it by.
    #[garde(length(min = 1, max = 100))]
    pub name: String,
    /// Name of the system, as its connector calls it (`woocommerce`, `shopify`, `e-conomic`).
    #[garde(length(min = 1, max = 50))]
    pub system: String,
    /// Base URL by surface, where it is not the system's own: `main` of a webshop (it must be given), `rest` and `openapi` of
    /// e-conomic. Plain http only for this machine.
    #[serde(default)]
    #[garde(custom(safe_base_urls))]
    pub base_urls: BTreeMap<String, String>,
    /// Of a shop: its own identity (`woocommerce:shop.example`), which stays when it is connected again.
    #[serde(default)]
    #[garde(custom(optional_text))]
    pub source: Option<String>,
    /// Of an accounting system: the company written to (agreement number).
    #[serde(default)]
    #[garde(skip)]
    pub agreement: Option<AgreementId>,
}

fn optional_text(text: &Option<String>, _: &()) -> garde::Result {
    match text {
        Some(text) if text.is_empty() || text.len() > 200 => Err(garde::Error::new("text-length")),
        _ => Ok(()),
    }
}

fn safe_base_urls(urls: &BTreeMap<String, String>, _: &()) -> garde::Result {
    for (surface, url) in urls {
        let host = url.strip_prefix("http://").map(host_of);
        let loopback = matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"));
        let secure = url.strip_prefix("https://").is_some_and(|rest| !host_of(rest).is_empty());
        if url.contains('@') || url.len() > 500 || !(secure || loopback) {
            return Err(garde::Error::new(format!("base-url|{surface}")));
        }
    }
    Ok(())
}

fn host_of(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rfind(':') {
        Some(colon) if authority[colon + 1..].bytes().all(|byte| byte.is_ascii_digit()) => {
            &authority[..colon]
        }
        _ => authority,
    }
}

/// Shops none of whose customer numbers can be a customer's number in the accounts: Shopify's have 13 digits.
const LONG_CUSTOMER_NUMBERS: &[&str] = &["shopify"];

/// One flow of orders from a shop to an accounting system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flow {
    /// Its name.
    #[garde(length(min = 1, max = 100))]
    pub name: String,
    /// Name of the shop's connection; each shop has one flow.
    #[garde(length(min = 1, max = 100))]
    pub shop: String,
    /// Name of the accounting system's connection.
    #[garde(length(min = 1, max = 100))]
    pub accounting: String,
    /// Settings; what is left out has its default.
    #[serde(default)]
    #[garde(dive)]
    pub settings: Settings,
}

/// The payouts of one acquirer account to an accounting system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PayoutFlow {
    /// Its name; flows of orders and of payouts have names of their own.
    #[garde(length(min = 1, max = 100))]
    pub name: String,
    /// Name of the acquirer's connection.
    #[garde(length(min = 1, max = 100))]
    pub acquirer: String,
    /// Name of the accounting system's connection.
    #[garde(length(min = 1, max = 100))]
    pub accounting: String,
    /// Names of connections to the gateways (`quickpay`, `frisbii`) that took the payments this account pays out: they are asked which
    /// order a payment is of, and what they say is believed for the payouts of this flow. A gateway may stand in several flows, and is
    /// asked once. An order's number is made alike by `matching.order-numbers`, and is one of `matching.shops` where those are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[garde(length(max = 20), inner(length(min = 1, max = 100)))]
    pub gateways: Vec<String>,
    /// The country of the acquirer's company, two letters: it decides which rule of VAT on fees applies.
    #[serde(default)]
    #[garde(inner(length(min = 2, max = 2)))]
    pub country: Option<String>,
    /// How the files of this account are read, where its system has no reader of its own: for a connection whose system is
    /// `profile` (any CSV or workbook) or `nets`. What is read so is proposed; a person approves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub profile: Option<Profile>,
    /// Settings; what is left out has its default.
    #[serde(default)]
    #[garde(dive)]
    pub settings: PayoutSettings,
}

impl PayoutFlow {
    /// A system without a reader of its own needs a profile, and no other takes one: it would say nothing.
    fn profile_problems(&self, index: usize, system: &str, problems: &mut SettingProblems) {
        let path = format!("payouts[{index}].profile");
        match &self.profile {
            None if is_read_by_profile(system) => problems.add(&path, "profile-missing", &[("name", system)]),
            Some(_) if !is_read_by_profile(system) => {
                problems.add(&path, "profile-without-use", &[("name", system)]);
            }
            None => {}
            Some(profile) => problems.add_profile(&path, profile),
        }
    }
}

/// True for a system that is asked which order a payment is of.
pub fn is_gateway(system: &str) -> bool {
    matches!(system, "frisbii" | "quickpay")
}

/// A side of a flow, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The webshop.
    Shop,
    /// The accounting system.
    Accounting,
}

/// Someone who is told what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipient {
    /// E-mail address.
    #[garde(custom(email_address))]
    pub email: String,
    /// Language; without it the merchant's.
    #[serde(default)]
    #[garde(skip)]
    pub language: Option<Language>,
    /// How often the error report is sent, when there is something in it.
    #[serde(default = "hourly")]
    #[garde(skip)]
    pub errors: NotificationFrequency,
    /// How often the report of transfers is sent.
    #[serde(default = "daily")]
    #[garde(skip)]
    pub transfers: NotificationFrequency,
}

fn hourly() -> NotificationFrequency {
    NotificationFrequency::Hourly
}

fn daily() -> NotificationFrequency {
    NotificationFrequency::Daily
}

fn email_address(text: &str, _: &()) -> garde::Result {
    let sound = text.len() <= 254
        && !text.contains(char::is_whitespace)
        && !text.contains([',', ';', '<', '>', '"'])
        && text.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !host.contains('@')
        });
    if sound { Ok(()) } else { Err(garde::Error::new("email")) }
}

/// How often a report is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationFrequency {
    /// Not at all.
    Never,
    /// As soon as something happens; what happens within minutes comes in one mail.
    Immediately,
    /// Once an hour.
    Hourly,
    /// Once a day, in the morning of the merchant's time zone.
    Daily,
    /// Once a week, on Monday morning.
    Weekly,
}

impl MerchantFile {
    /// The connection of that name.
    pub fn connection(&self, name: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.name == name)
    }

    /// The merchant's time zone. It was checked when the file was read; an unknown one falls back to UTC.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// What is wrong with the file as a whole: single values, and what they say of each other.
    pub fn problems(&self) -> SettingProblems {
        let mut problems = SettingProblems::default();
        if let Err(report) = self.validate() {
            problems.add_report(&report);
        }
        self.connection_problems(&mut problems);
        self.flow_problems(&mut problems);
        self.payout_problems(&mut problems);
        problems
    }

    fn connection_problems(&self, problems: &mut SettingProblems) {
        let mut names = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for (index, connection) in self.connections.iter().enumerate() {
            if !names.insert(connection.name.as_str()) {
                problems.add(
                    &format!("connections[{index}].name"),
                    "name-twice",
                    &[("name", &connection.name)],
                );
            }
            if !ids.insert(connection.id.as_str()) {
                problems.add(&format!("connections[{index}].id"), "id-twice", &[]);
            }
        }
    }

    fn flow_problems(&self, problems: &mut SettingProblems) {
        let mut names = BTreeSet::new();
        let mut shops = BTreeSet::new();
        for (index, flow) in self.flows.iter().enumerate() {
            // Orders of a shop go one way: a second flow would never be used.
            if !shops.insert(flow.shop.as_str()) {
                problems.add(&format!("flows[{index}].shop"), "shop-twice", &[("name", &flow.shop)]);
            }
            if !names.insert(flow.name.as_str()) {
                problems.add(&format!("flows[{index}].name"), "name-twice", &[("name", &flow.name)]);
            }
            for (side, field, name) in
                [(Side::Shop, "shop", &flow.shop), (Side::Accounting, "accounting", &flow.accounting)]
            {
                let path = format!("flows[{index}].{field}");
                match (self.connection(name), side) {
                    (None, _) => problems.add(&path, "no-such-connection", &[("name", name)]),
                    (Some(connection), Side::Shop) if connection.source.is_none() => {
                        problems.add(&path, "connection-without-source", &[("name", name)]);
                    }
                    (Some(connection), Side::Accounting) if connection.agreement.is_none() => {
                        problems.add(&path, "connection-without-agreement", &[("name", name)]);
                    }
                    _ => {}
                }
            }
            let system = self.connection(&flow.shop).map(|shop| shop.system.as_str());
            for place in flow.settings.customers.by_number() {
                if let Some(name) = system.filter(|name| LONG_CUSTOMER_NUMBERS.contains(name)) {
                    let path = format!("flows[{index}].settings.customers.{place}");
                    problems.add(&path, "shop-number-too-long", &[("name", name)]);
                }
            }
            problems.add_stock(&format!("flows[{index}].settings.stock"), &flow.settings);
            problems.add_unbooked(&format!("flows[{index}].settings."), &flow.settings);
        }
    }
}

impl MerchantFile {
    fn payout_problems(&self, problems: &mut SettingProblems) {
        let mut names: BTreeSet<&str> = self.flows.iter().map(|flow| flow.name.as_str()).collect();
        for (index, flow) in self.payouts.iter().enumerate() {
            if !names.insert(flow.name.as_str()) {
                problems.add(&format!("payouts[{index}].name"), "name-twice", &[("name", &flow.name)]);
            }
            match self.connection(&flow.acquirer) {
                None => {
                    let path = format!("payouts[{index}].acquirer");
                    problems.add(&path, "no-such-connection", &[("name", &flow.acquirer)]);
                }
                Some(connection) => flow.profile_problems(index, &connection.system, problems),
            }
            self.gateway_problems(index, &flow.gateways, problems);
            let path = format!("payouts[{index}].accounting");
            match self.connection(&flow.accounting) {
                None => problems.add(&path, "no-such-connection", &[("name", &flow.accounting)]),
                Some(connection) if connection.agreement.is_none() => {
                    problems.add(&path, "connection-without-agreement", &[("name", &flow.accounting)]);
                }
                Some(_) => {}
            }
        }
    }
}

impl MerchantFile {
    /// The connections of the gateways that a flow of payouts names.
    pub fn gateways(&self, flow: &PayoutFlow) -> impl Iterator<Item = &Connection> {
        flow.gateways.iter().filter_map(|name| self.connection(name))
    }

    fn gateway_problems(&self, index: usize, gateways: &[String], problems: &mut SettingProblems) {
        let mut names = BTreeSet::new();
        for (place, name) in gateways.iter().enumerate() {
            let path = format!("payouts[{index}].gateways[{place}]");
            match self.connection(name) {
                _ if !names.insert(name) => problems.add(&path, "name-twice", &[("name", name)]),
                None => problems.add(&path, "no-such-connection", &[("name", name)]),
                Some(connection) if !is_gateway(&connection.system) => {
                    let facts = [("name", name.as_str()), ("system", connection.system.as_str())];
                    problems.add(&path, "no-gateway", &facts);
                }
                Some(_) => {}
            }
        }
    }
}

/// Reads and checks a merchant's file.
///
/// # Errors
/// Every problem that was found, each with its path, what is wrong and what to do, in Danish and English.
pub fn read_merchant_file(text: &str) -> Result<MerchantFile, SettingProblems> {
    let file: MerchantFile = problem::read(text)?;
    let problems = file.problems();
    if problems.is_empty() { Ok(file) } else { Err(problems) }
}

/// The JSON Schema of [`MerchantFile`], generated from the types.
pub fn merchant_file_schema() -> serde_json::Value {
    schemars::schema_for!(MerchantFile).to_value()
}
