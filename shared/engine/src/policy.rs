//! How often and how soon something is tried again, and when it is given up.
//!
//! Attempts are counted in the ledger when a claim is made, so that a crash which poisons is counted too. A claim that ends
//! in a cause which is not the order's own (busy, look-up lag, a lock, a pause) is taken back and counted as a wait; waits
//! grow longer and are bounded as well, since nothing may go on for ever unseen.

use domain::TransferId;
use domain::identity::spread;
use jiff::{SignedDuration, Timestamp};

/// The limits of one deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Claims that may fail for a cause of the order's own before it is parked.
    pub attempts: u32,
    /// Waits in a row before it is parked. With the longest wait of an hour this is the retry horizon: 200 is about a week.
    pub waits: u32,
    /// Shortest wait, in seconds.
    pub shortest_wait_seconds: i64,
    /// Longest wait that is not asked for by the other side, in seconds.
    pub longest_wait_seconds: i64,
    /// How long after the deadline of its worker a lease still holds, beside the longest request, in seconds.
    pub lease_margin_seconds: i64,
    /// How soon a paused transfer is looked at again at first, in seconds.
    pub pause_seconds: i64,
    /// How seldom at most, in seconds: the longer a pause holds, the seldomer. Whoever lifts it brings up what waits.
    pub longest_pause_seconds: i64,
    /// How often a table call that could not be reached is made again at once.
    pub store_tries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            attempts: 8,
            waits: 200,
            shortest_wait_seconds: 15,
            longest_wait_seconds: 3600,
            lease_margin_seconds: 5,
            pause_seconds: 600,
            longest_pause_seconds: 2 * 3600,
            store_tries: 3,
        }
    }
}

/// Over how long at most those that were asked to wait for the same moment come back, in milliseconds.
const LONGEST_SPREAD_MS: i128 = 15 * 60_000;

impl Limits {
    /// The wait before try number `tries + 1`: doubles each time up to the longest, plus up to a fifth that depends on the
    /// transfer, so that what failed together does not come back together.
    pub fn backoff(&self, transfer: &TransferId, tries: u32) -> SignedDuration {
        let doubled = self.shortest_wait_seconds.saturating_mul(1_i64 << tries.min(20));
        let seconds = doubled.min(self.longest_wait_seconds);
        let spread = i64::from(spread(&transfer.to_string()) % 1000);
        SignedDuration::from_millis(seconds * 1000 + seconds * spread / 5)
    }

    /// The wait for a pause that has held so long: a quarter of that.
    pub fn pause_wait(&self, held: SignedDuration) -> SignedDuration {
        let seconds = (held.as_secs() / 4).min(self.longest_pause_seconds).max(self.pause_seconds);
        SignedDuration::from_secs(seconds)
    }

    /// When to try again: after the backoff, and never sooner than the other side asked. What waits long for the same moment
    /// (a day's quota that opens at midnight) comes back spread over a twentieth of the wait, at most a quarter of an hour.
    pub fn again_at(
        &self,
        transfer: &TransferId,
        tries: u32,
        now: Timestamp,
        asked: Option<SignedDuration>,
    ) -> Timestamp {
        let backoff = self.backoff(transfer, tries);
        let place = i64::from(spread(&transfer.to_string()) % 1000);
        let apart = |asked: SignedDuration| {
            let most = (asked.as_millis() / 20).min(LONGEST_SPREAD_MS);
            asked + SignedDuration::from_millis(i64::try_from(most).unwrap_or(0) * place / 1000)
        };
        now + asked.map_or(backoff, |asked| apart(asked).max(backoff).min(SignedDuration::from_hours(48)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{EntityId, EntityKind, MerchantId};

    fn transfer(entity: u32) -> TransferId {
        TransferId {
            merchant: MerchantId::new("m"),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new(entity.to_string()),
        }
    }

    #[test]
    fn waits_grow_to_the_longest_and_no_further() {
        let limits = Limits::default();
        let mut last = SignedDuration::ZERO;
        for tries in 0..40 {
            let wait = limits.backoff(&transfer(1), tries);
            assert!(wait >= last, "try {tries}");
            assert!(wait.as_secs() <= limits.longest_wait_seconds * 6 / 5 + 1, "try {tries}: {wait:?}");
            last = wait;
        }
    }

    #[test]
    fn the_other_sides_wish_is_a_lower_bound() {
        let limits = Limits::default();
        let now = Timestamp::UNIX_EPOCH;
        for seconds in [1, 60, 7200, 86_400] {
            let asked = SignedDuration::from_secs(seconds);
            assert!(limits.again_at(&transfer(2), 0, now, Some(asked)) >= now + asked, "{seconds}");
        }
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let limits = Limits::default();
        let waits: std::collections::BTreeSet<_> =
            (0..100).map(|entity| limits.backoff(&transfer(entity), 5)).collect();
        assert!(waits.len() > 50, "{}", waits.len());
        let midnight = Some(SignedDuration::from_hours(6));
        let again: std::collections::BTreeSet<_> = (0..100)
            .map(|entity| limits.again_at(&transfer(entity), 0, Timestamp::UNIX_EPOCH, midnight))
            .collect();
        assert!(again.len() > 50, "{}", again.len());
        let last = again.last().expect("some").duration_since(Timestamp::UNIX_EPOCH);
        assert!(last <= SignedDuration::from_mins(6 * 60 + 15), "{last:?}");
    }
}
