//! Payouts are taken in and posted once, wherever a worker dies: every call to the store and to the books fails once, before or
//! after it was applied, and the work is taken up again.

mod crashes;
mod intake;
mod world;
