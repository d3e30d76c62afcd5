//! Settlements as stories: what a report says, whether it agrees with itself, and what becomes of it.

mod agreement;
mod booking;
mod life;
mod matching;
mod properties;
#[path = "../planning/schema.rs"]
mod schema;
mod settings;
mod world;
