//! The one place where the machine's clock is read.

use engine::clock::Clock as _;
use jiff::{SignedDuration, Timestamp};

/// What the answer and the last writes need at the end of an invocation.
const MARGIN: SignedDuration = SignedDuration::from_secs(2);

/// The machine's clock, in whole milliseconds, which is what the table keeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl engine::clock::Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// When the work of an invocation must be over that ends at so many milliseconds after the epoch. One that does not say when has no time.
pub fn work_ends(invocation_ends_ms: u64) -> Timestamp {
    let end = i64::try_from(invocation_ends_ms).ok().and_then(|end| Timestamp::from_millisecond(end).ok());
    end.unwrap_or_else(|| SystemClock.now()) - MARGIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_before_the_invocation_and_has_no_time_without_an_end() {
        assert_eq!(work_ends(1_795_000_000_500).to_string(), "2026-11-18T11:06:38.5Z");
        assert!(work_ends(u64::MAX) < SystemClock.now());
    }
}
