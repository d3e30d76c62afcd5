//! The one place where the machine's clock is read.

use jiff::Timestamp;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl engine::clock::Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
