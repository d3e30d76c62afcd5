//! The planner as its users see it: an order, settings and an agreement in, a decision out.

mod amounts;
mod orders;
mod repeats;
mod schema;
mod settings;
mod situations;
mod vat;
mod world;
