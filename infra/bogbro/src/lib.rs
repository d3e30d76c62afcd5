//! The operator's executable as a library: the command line, and the local run, which tests start in their own process.

pub mod cli;
pub mod local;
