//! Time as the engine sees it: injected, so that the simulator owns it.

use jiff::Timestamp;

/// Where the time comes from. Clocks help with waiting; safety rests on fences, never on clocks.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}
