//! One folder per outside system: translates between its wire format and the domain. [`registry`] names them all.
//!
//! What the engine asks of a system is a port: [`ports`] (webshops and accounting), [`journals`], [`acquirer`], [`announcement`],
//! [`bridge`], and [`report`] for the readers of settlements. What a system can do stands in its [`manifest`]. The folders share the
//! way out ([`http`]) and the readers of forms: [`json`] and [`pages`], [`tabular`] over delimited text and [`workbook`]s, [`markup`],
//! and [`figures`] for amounts and days.
//!
//! Connectors never retry, log, sleep, cache, read the clock or the environment, or know of AWS. They see no secrets but
//! those they are handed to verify a webhook with: base URLs and credentials are added by the transport.

pub mod acquirer;
pub mod adyen;
pub mod altapay;
pub mod announcement;
pub mod bridge;
pub mod camt;
pub mod characters;
pub mod clearhaus;
pub mod economic;
pub mod figures;
pub mod frisbii;
pub mod http;
pub mod journals;
pub mod json;
pub mod klarna;
pub mod mailed;
pub mod manifest;
pub mod markup;
pub mod mollie;
pub mod pages;
pub mod paypal;
pub mod ports;
pub mod profile;
pub mod quickpay;
pub mod registry;
pub mod report;
#[cfg(test)]
mod scripted;
pub mod setup;
pub mod shopify;
pub mod shopify_payments;
pub mod signature;
pub mod stripe;
pub mod sumup;
pub mod swedbank_pay;
pub mod tabular;
pub mod vipps_mobilepay;
pub mod woocommerce;
pub mod workbook;
mod workbook_bounds;
