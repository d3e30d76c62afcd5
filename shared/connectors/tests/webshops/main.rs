//! The webshop connectors against what real shops and the vendors' own documentation sent.
//!
//! The samples are not part of the repository: `BOGBRO_CONTRACTS` names their folder. Without it these tests say so and
//! pass, except where `CI=true`.

mod contracts;
mod shopify;
mod woocommerce;
