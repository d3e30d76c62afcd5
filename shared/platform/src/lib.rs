//! The only crate that touches AWS, HTTP, secrets and the clock.
