//! Stand-ins for the outside systems, with their quirks and with fault injection.
//!
//! Each stand-in is a plain state machine: no network, no clock, no randomness of its own. A simulator drives it under a
//! virtual clock; a small server wraps the same thing for the local run.

mod delivery;
pub mod economic;
pub mod http;
pub mod json;
pub mod signing;
pub mod woocommerce;

pub use delivery::WebhookDelivery;
pub use economic::Agreement;
pub use http::{Request, Response};
pub use json::Json;
