//! The query budget: a leaky bucket of points, 100 a second on the standard plan.

use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// The most points that one query may ask for.
pub(super) const MAX_QUERY_COST: u32 = 1000;

/// The bucket of a shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throttle {
    /// Points in a full bucket.
    pub maximum: u32,
    /// Points that come back in a second.
    pub restore_rate: u32,
    available: Decimal,
    at: Option<Timestamp>,
}

impl Default for Throttle {
    fn default() -> Throttle {
        Throttle { maximum: 2000, restore_rate: 100, available: Decimal::from(2000), at: None }
    }
}

impl Throttle {
    /// Sets what is available now.
    pub fn set_available(&mut self, points: u32) {
        self.available = Decimal::from(points);
    }

    fn restore(&mut self, now: Timestamp) {
        let earlier = self.at.unwrap_or(now);
        let milliseconds = now.as_millisecond().saturating_sub(earlier.as_millisecond()).max(0);
        let restored = Decimal::from(milliseconds) * Decimal::from(self.restore_rate) / Decimal::from(1000);
        self.available = (self.available + restored).min(Decimal::from(self.maximum));
        self.at = Some(earlier.max(now));
    }

    /// Whether a query that may cost so much may run now.
    pub(super) fn has(&mut self, now: Timestamp, cost: u32) -> bool {
        self.restore(now);
        self.available >= Decimal::from(cost)
    }

    /// Takes what a query cost in truth: the points of what was asked for and is not there come back at once.
    pub(super) fn take(&mut self, cost: u32) {
        self.available -= Decimal::from(cost);
    }

    /// `extensions.cost` of an answer; a refused query has no actual cost.
    pub(super) fn extensions(&self, requested: u32, actual: Option<u32>) -> Json {
        object! { "cost": object! {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": object! {
                "maximumAvailable": self.maximum,
                "currentlyAvailable": self.available.floor().to_u32().unwrap_or(0),
                "restoreRate": self.restore_rate,
            },
        } }
    }
}
