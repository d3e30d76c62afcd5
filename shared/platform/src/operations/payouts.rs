//! Payouts for the operator: the same engine that the function runs, from here.

use jiff::{SignedDuration, Timestamp};

use super::Operations;
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::payouts::Payouts;
use crate::transport::Traffic;
use engine::clock::Clock;

/// How long work on demand may take.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

impl Operations {
    /// Payouts, and until when a piece of work may take.
    ///
    /// # Errors
    /// As the HTTP client says.
    pub fn payouts(&self) -> Result<(Payouts, Timestamp), PlatformError> {
        let routes = self.platform.routes()?.for_traffic(Traffic::Background);
        Ok((Payouts::new(self.platform.clone(), routes), SystemClock.now() + LONGEST))
    }
}
