//! The transfer machinery: claim, plan, execute, resume. Deterministic over clock, store and transport.
