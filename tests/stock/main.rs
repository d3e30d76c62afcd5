//! The shops' catalogues and stock, through the real connectors and engine against the sandbox's shops and accounts.

mod bench;
mod interruptions;
mod products;
mod scale;
mod stories;
mod world;
