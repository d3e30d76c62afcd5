//! Settlements as stories: what a report says, whether it agrees with itself, and what becomes of it.

mod agreement;
mod booking;
mod days;
mod life;
mod matching;
mod properties;
#[expect(dead_code, reason = "the tests of the flows' settings use all of it")]
#[path = "../planning/schema.rs"]
mod schema;
mod settings;
mod world;
