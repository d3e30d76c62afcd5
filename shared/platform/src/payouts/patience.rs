//! How long a file that comes in waits for a payout that another worker holds.
//!
//! A worker gives a payout back within seconds as a rule, and the queue brings a message again only after minutes. So whoever takes a
//! file in asks again a few times by itself, at growing distances, and leaves the rest to the queue.

use engine::clock::Clock;
use engine::payouts::PayoutFailure;
use jiff::{SignedDuration, Timestamp};

/// The first wait; each further one is twice as long.
const FIRST: SignedDuration = SignedDuration::from_millis(250);
/// The longest wait between two tries.
const LONGEST: SignedDuration = SignedDuration::from_secs(8);
/// Waits of one file: some 50 seconds, less than the queue takes.
const MOST: u32 = 10;
/// No further try is begun with less time than this.
const LEAST: SignedDuration = SignedDuration::from_secs(15);

/// The waits of one file.
pub(super) struct Patience<'a> {
    clock: &'a dyn Clock,
    deadline: Timestamp,
    waits: u32,
}

impl<'a> Patience<'a> {
    pub(super) fn new(clock: &'a dyn Clock, deadline: Timestamp) -> Patience<'a> {
        Patience { clock, deadline, waits: 0 }
    }

    /// How long to wait before what failed is tried again; `None`: it is not to be tried again here.
    ///
    /// A lease that ends sooner is waited for no longer than it holds.
    pub(super) fn before_next(&mut self, failure: &PayoutFailure) -> Option<SignedDuration> {
        let PayoutFailure::Held { until } = failure else { return None };
        if self.waits >= MOST {
            return None;
        }
        let now = self.clock.now();
        let wait = (FIRST * (1 << self.waits.min(10))).min(LONGEST);
        let wait = wait.min(until.duration_since(now).max(FIRST));
        self.waits += 1;
        (now + wait + LEAST <= self.deadline).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A clock that moves only when somebody waits.
    struct Hand(Mutex<Timestamp>);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            *self.0.lock().expect("the clock")
        }
    }

    fn clock() -> Hand {
        Hand(Mutex::new("2026-11-27T08:00:00Z".parse().expect("a time")))
    }

    /// Tries until patience ends, with a lease that ends `held` after the beginning and time until `time` after it: how often it was
    /// tried again, and how long was waited in all.
    fn waited(held: SignedDuration, time: SignedDuration) -> (usize, SignedDuration) {
        let clock = clock();
        let begun = clock.now();
        let mut patience = Patience::new(&clock, begun + time);
        let failure = PayoutFailure::Held { until: begun + held };
        let mut tries = 0;
        while let Some(wait) = patience.before_next(&failure) {
            tries += 1;
            *clock.0.lock().expect("the clock") += wait;
        }
        (tries, clock.now().duration_since(begun))
    }

    #[test]
    fn what_is_held_is_tried_again_at_growing_distances_and_not_for_ever() {
        let hour = SignedDuration::from_hours(1);
        assert_eq!(waited(hour, hour), (10, SignedDuration::from_millis(47_750)));
    }

    #[test]
    fn a_lease_that_ends_sooner_is_not_waited_for_longer() {
        let clock = clock();
        let now = clock.now();
        let mut patience = Patience::new(&clock, now + SignedDuration::from_hours(1));
        let soon = SignedDuration::from_millis(600);
        let waits: Vec<_> = (0..3)
            .filter_map(|_| patience.before_next(&PayoutFailure::Held { until: now + soon }))
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(waits, [250, 500, 600]);
        // One that has ended already is as good as one that ends in a moment.
        assert_eq!(patience.before_next(&PayoutFailure::Held { until: now }), Some(FIRST));
    }

    #[test]
    fn no_try_is_begun_with_too_little_time() {
        let hour = SignedDuration::from_hours(1);
        assert_eq!(waited(hour, SignedDuration::from_secs(16)), (2, SignedDuration::from_millis(750)));
        assert_eq!(waited(hour, SignedDuration::from_secs(15)), (0, SignedDuration::ZERO));
    }

    #[test]
    fn only_what_is_held_is_waited_for() {
        let clock = clock();
        let mut patience = Patience::new(&clock, clock.now() + SignedDuration::from_hours(1));
        for other in [
            PayoutFailure::Fenced,
            PayoutFailure::NotFound("1".to_owned()),
            PayoutFailure::Unavailable("the table".to_owned()),
        ] {
            assert_eq!(patience.before_next(&other), None, "{other}");
        }
    }
}
