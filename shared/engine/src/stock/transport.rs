//! The way out of a run: calls are counted, and no write starts that could not be answered in time.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use domain::{EffectKey, Failure};
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// Calls of one run, over both systems.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) reads: AtomicU32,
    pub(super) writes: AtomicU32,
}

/// A transport of one run.
pub(super) struct RunTransport<'a> {
    pub(super) inner: &'a dyn Transport,
    pub(super) calls: &'a Calls,
    pub(super) clock: &'a dyn Clock,
    pub(super) deadline: Timestamp,
    pub(super) timeout_seconds: u32,
}

#[async_trait]
impl Transport for RunTransport<'_> {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.calls.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.read(request).await
    }

    async fn write(&self, key: &EffectKey, request: Request) -> Result<Response, Failure> {
        let needed = SignedDuration::from_secs(i64::from(self.timeout_seconds));
        if self.clock.now() + needed > self.deadline {
            return Err(Failure::Busy { retry_after_ms: None, message: "out of time".to_owned() });
        }
        self.calls.writes.fetch_add(1, Ordering::Relaxed);
        self.inner.write(key, request).await
    }
}
