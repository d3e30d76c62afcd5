//! Settlements as stories: what a report says, whether it agrees with itself, and what becomes of it.

mod agreement;
mod matching;
mod properties;
mod world;
