//! One folder per outside system: translates between its wire format and the domain.
//!
//! Connectors never retry, log, sleep, cache, read the clock or the environment, or know of AWS. They see no secrets but
//! those they are handed to verify a webhook with: base URLs and credentials are added by the transport.

pub mod economic;
pub mod http;
pub mod json;
pub mod manifest;
pub mod ports;
pub mod registry;
#[cfg(test)]
mod scripted;
pub mod shopify;
pub mod signature;
pub mod woocommerce;
