//! The transfer machinery: claim, plan, execute, resume. Deterministic over clock, store and transport.

pub mod clock;
pub mod store;
