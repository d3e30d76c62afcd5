//! The life of payouts over the ledger and the journals of the tests: each file is one part of it.

mod bad_input;
mod by_hand;
mod by_mail;
mod confirmed;
mod crashes;
mod days;
mod disputes;
mod intake;
mod links;
mod many_lines;
mod otherwise;
mod overview;
mod profiles;
mod questions;
mod references;
mod repairs;
mod waiting;
mod withdrawn;
mod world;
