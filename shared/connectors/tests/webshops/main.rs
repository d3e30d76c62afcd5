//! The webshop connectors against what real shops and the vendors' own documentation sent.
//!
//! The samples are not part of the repository: `BOGBRO_CONTRACTS` names their folder. Without it these tests say so and
//! pass, except where `CI=true`.

mod contracts;
mod settings;
mod shopify;
mod woocommerce;

// The agreement and the walk over the schema that the domain's own tests of settings use.
#[allow(dead_code, reason = "the domain's tests use all of it")]
#[path = "../../../domain/tests/planning/product_world.rs"]
mod product_world;
#[allow(dead_code, reason = "the domain's tests use all of it")]
#[path = "../../../domain/tests/planning/schema.rs"]
mod schema;
#[allow(dead_code, reason = "the domain's tests use all of it")]
#[path = "../../../domain/tests/planning/world.rs"]
mod world;
