//! The only crate that touches AWS, HTTP, secrets and the clock.

mod access_token;
pub mod calls;
pub mod catalogue;
pub mod clock;
pub mod comparison;
pub mod config;
pub mod dead_letters;
pub mod failure;
pub mod files;
pub mod held;
pub mod keys;
pub mod ledger;
pub mod mail;
pub mod merchants;
pub mod notices;
pub mod operations;
pub mod operations_stock;
pub mod packing;
pub mod payouts;
mod platform;
pub mod privacy;
pub mod queue;
pub mod quota;
pub mod redaction;
pub mod reports;
pub mod retention;
pub mod routes;
pub mod sealing;
pub mod spool;
pub mod statement;
pub mod stock;
pub mod table;
pub mod telemetry;
pub mod transport;

pub use crate::platform::Platform;
pub use failure::PlatformError;
