//! Stand-ins for the outside systems, with their quirks and with fault injection.
//!
//! Each stand-in is a plain state machine: no network, no clock, no randomness of its own. A simulator drives it under a
//! virtual clock; a small server wraps the same thing for the local run.

mod control;
mod delivery;
pub mod demo;
pub mod economic;
pub mod faults;
pub mod http;
pub mod json;
mod operation;
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
