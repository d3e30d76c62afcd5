//! The shops' catalogues and stock, and orders that are long or out of reach, through the real connectors and engine against the sandbox's shops and accounts.

mod bench;
mod interruptions;
mod orders;
mod products;
mod scale;
mod stories;
mod world;
