//! The one place where the machine's clock is read.

use jiff::Timestamp;

/// The machine's clock, in whole milliseconds, which is what the table keeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl engine::clock::Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}
