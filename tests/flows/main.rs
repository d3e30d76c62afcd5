//! Flows through the real functions on the local run: deliveries go in at the gateway, documents come out in the stand-in
//! for the accounting system.

mod alarms;
mod bad_input;
mod bad_refunds;
mod captures;
mod catalogue;
mod dead_letters;
mod deployment;
mod duplicates;
mod erasure;
mod exports;
mod fixtures;
mod gateways;
mod night;
mod payout_announced;
mod payout_days;
mod payout_drops;
mod payout_fetch;
mod payout_files;
mod payout_hands;
mod payout_nights;
mod payout_store;
mod payouts;
mod permissions;
mod printed;
mod records;
mod refunds;
mod reports;
mod restored;
mod rollback;
mod shops;
mod stage;
mod stock;
