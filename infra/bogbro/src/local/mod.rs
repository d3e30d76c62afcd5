//! The local run: everything the functions need from AWS, on embedded engines, in one process and one data directory.
//!
//! [`Host::start`] opens the engines, creates the resources of [`deployment`] where they are missing and starts
//! - one HTTP endpoint on the loopback interface for all AWS services: DynamoDB (dynoxide), S3 (s3s-fs), and SQS, SES
//!   and KMS by modules of this folder;
//! - the Lambda Runtime API for the functions, which run as child processes and speak to that endpoint with the plain
//!   AWS SDK, unchanged;
//! - the queue deliveries, the schedules and the HTTP gateway that make the functions run.
//!
//! Only the operations that the functions use are answered. What is stored survives the end of the host at any moment.

mod calls;
mod capacity;
mod control;
mod deliveries;
pub mod deployment;
mod drops;
mod endpoint;
mod files;
mod functions;
mod gateway;
mod host;
mod key_conditions;
mod keys;
mod mails;
pub mod queues;
mod runtime_api;
mod schedules;
mod server;
mod signatures;
mod table;

pub use calls::{Attempt, CallCount, CallKey, Observer, Permission, Policies, Verdict};
pub use functions::{FunctionSpec, FunctionStatus, InvocationError, Trigger};
pub use host::{Host, HostConfig, HostError};
pub use keys::KeyError;
pub use mails::Mail;
pub use table::TableError;

use data_encoding::HEXLOWER;

/// A fresh random identifier in the form of a UUID, version 4.
pub(crate) fn identifier() -> String {
    let mut bytes = [0_u8; 16];
    // The generator of aws-lc is seeded by the operating system; it fails only when that is broken, and then the
    // identifier of all zeros collides at once and loudly with the table's uniqueness.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
