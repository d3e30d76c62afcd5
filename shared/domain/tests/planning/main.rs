//! The planner as its users see it: an order, settings and an agreement in, a decision out.

mod amounts;
mod catalogue_check;
mod credits;
mod credits_elsewhere;
mod customers;
mod edits;
mod ledger;
mod orders;
mod product_world;
mod products;
mod repeats;
mod schema;
mod settings;
mod situations;
mod unchosen;
mod vat;
mod world;
