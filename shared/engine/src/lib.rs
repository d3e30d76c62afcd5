//! The transfer machinery: claim, plan, execute, resume. Deterministic over clock, store and transport.
//!
//! A message comes in at [`process`], which claims the transfer in the [`store`]; `prepare` reads and plans, `execute` carries the plan out,
//! `session` concludes. What nobody told of is found by the [`sweep`] and by the night's [`compare`]; what waits comes up by [`later`] and
//! [`held`]. [`stock`] and [`payouts`] are flows of their own, by the same rules. [`conformance`] holds every store to one reading of them.
//!
//! The simulator runs this very code: nothing here reads a clock, the environment or a random number, and nothing waits.
//! "Later" is a fact in the ledger (`due_at`), never a sleep.

mod buyer;
pub mod catalogue;
pub mod clock;
pub mod compare;
pub mod conformance;
mod earlier;
mod erased;
mod execute;
pub mod held;
pub mod later;
pub mod log;
pub mod memory;
pub mod message;
pub mod payouts;
pub mod policy;
mod prepare;
pub mod process;
mod products;
pub mod recorder;
pub mod replay;
pub mod route;
mod session;
pub mod stock;
pub mod store;
pub mod sweep;

pub use clock::Clock;
pub use message::{Message, Outbox};
pub use policy::Limits;
pub use process::{Engine, Outcome, Work};
pub use route::{Connections, Route};
pub use store::Store;
