//! The readers of acquirers' reports and bank statements: against vendors' own samples, against fixtures written from what is
//! known, cut at every byte, and against files that are wrong in every way that was thought of.
//!
//! The vendors' samples are not part of the repository: `BOGBRO_CONTRACTS` names their folder. What comes out of each is
//! committed as a summary; `BOGBRO_GOLDENS=write` writes the summaries anew.

mod bad_input;
mod cuts;
mod days;
mod goldens;
mod kinds;
mod languages;
mod profiles;
#[path = "../../../domain/tests/planning/schema.rs"]
#[expect(dead_code, reason = "a profile has no leaf that acts on orders")]
mod schema;
mod sources;
mod summary;
