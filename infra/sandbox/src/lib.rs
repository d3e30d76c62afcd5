//! Stand-ins for the outside systems, with their quirks and with fault injection.
//!
//! Each stand-in is a plain state machine: no network, no clock, no randomness of its own. A simulator drives it under a
//! virtual clock; a small server wraps the same thing for the local run.
//!
//! | module | what is in it |
//! |---|---|
//! | [`economic`] | agreements: validation, VAT and totals, booking, double-entry books, journals, the quirks of the live server |
//! | [`woocommerce`] | shops: REST v3 and the deliveries of webhooks |
//! | [`adyen`] | accounts: reports that are announced and downloaded |
//! | [`quickpay`], [`frisbii`] | accounts of gateways: lists of payments and transactions |
//! | [`shopify`] | shops: Admin GraphQL and the deliveries of webhooks |
//! | [`World`] | all of them behind one door: `handle` a request, `advance` the time, `save` and `load` |
//! | [`faults`] | what may go wrong with a request, by script or by closure |
//! | [`demo`] | a merchant with everything set up, and orders of each kind |
//! | [`serve`] | the same behind a socket; `/_sandbox/` is for tests and people |
//!
//! Paths: `/woocommerce/{shop}/wp-json/wc/v3/...`, `/shopify/{shop}/admin/api/{version}/graphql.json`,
//! `/economic/rest/...` and `/economic/apis/{service}/v{version}/...`, `/adyen/{account}/reports/download/...`,
//! `/quickpay/{account}/payments`, `/frisbii/{account}/v1/list/transaction`. A request to e-conomic finds its agreement by its two tokens.

pub mod adyen;
mod control;
mod delivery;
pub mod demo;
pub mod economic;
pub mod faults;
pub mod frisbii;
pub mod http;
pub mod json;
mod operation;
pub mod quickpay;
mod serve;
pub mod shopify;
pub mod signing;
pub mod woocommerce;
mod world;

pub use delivery::WebhookDelivery;
pub use economic::Agreement;
pub use faults::{Delivery, Fault, Occasion, Rule, Script, Wrong};
pub use http::{Request, Response};
pub use json::Json;
pub use operation::{Operation, System};
pub use serve::{Serving, serve, serve_with};
pub use world::{Logged, Observer, World};
