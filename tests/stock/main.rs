//! The shops' catalogues and stock, through the real connectors against the sandbox's shops and accounts.

mod products;
mod world;
