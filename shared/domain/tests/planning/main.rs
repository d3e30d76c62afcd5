//! The planner as its users see it: an order, settings and an agreement in, a decision out.

mod orders;
mod schema;
mod settings;
mod world;
