//! The only crate that touches AWS, HTTP, secrets and the clock.
//!
//! [`Platform`] is all of it, built once in each process. It performs what the engine asks for: the [`ledger`] on the [`table`] and the
//! bucket ([`files`]), the [`queue`], and the way out to the systems ([`routes`], [`transport`]). [`merchants`] has what was configured,
//! [`sealing`] keeps it shut. What functions do beside the engine's work stands under its own name: [`notices`], [`comparison`],
//! [`catalogue`], [`stock`], [`payouts`], [`dead_letters`], [`retention`] and [`privacy`]. [`operations`] is what an operator can do.

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
pub mod packing;
pub mod payouts;
mod platform;
pub mod privacy;
pub mod queue;
pub mod quota;
pub mod redaction;
pub mod reports;
pub mod restored;
pub mod retention;
pub mod routes;
mod sealed_file;
pub mod sealing;
pub mod spool;
pub mod statement;
pub mod stock;
pub mod table;
pub mod telemetry;
pub mod transport;

pub use crate::platform::Platform;
pub use failure::PlatformError;
