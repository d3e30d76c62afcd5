//! The operator's executable as a library: the local run lives here so that tests can start it in their own process.

pub mod local;
