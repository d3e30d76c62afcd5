//! Who may call, how much, and what was answered before: tokens, the call budget and idempotency keys.

use super::quirks::Quirk;
use super::{Agreement, error};
use crate::http::{Request, Response};
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// How long an answer stays known under its idempotency key.
const REPLAY_SECONDS: i64 = 3600;
/// Keys that are kept before the old ones are thrown out.
const MAX_KEYS: usize = 10_000;
/// The token of the vendor's public demo agreement.
const DEMO: &str = "demo";

/// A token bucket over the costs of calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// What the bucket holds.
    pub limit: u32,
    /// In how many seconds a full bucket drains.
    pub seconds: u32,
    /// Calls on the present UTC day; the vendor's fair use is 50 000.
    pub calls_today: u32,
    used: Decimal,
    at: Option<Timestamp>,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket { limit: 10_000, seconds: 60, calls_today: 0, used: Decimal::ZERO, at: None }
    }
}

impl Bucket {
    /// What is used, rounded up.
    pub fn used(&self) -> u32 {
        self.used.ceil().to_u32().unwrap_or(u32::MAX)
    }

    fn drain(&mut self, now: Timestamp) {
        let earlier = self.at.unwrap_or(now);
        let day = |time: Timestamp| time.as_second().div_euclid(86_400);
        if day(earlier) != day(now) {
            self.calls_today = 0;
        }
        let milliseconds = now.as_millisecond().saturating_sub(earlier.as_millisecond()).max(0);
        let drained = Decimal::from(milliseconds) * Decimal::from(self.limit)
            / Decimal::from(self.seconds.max(1) * 1000);
        self.used = (self.used - drained).max(Decimal::ZERO);
        self.at = Some(earlier.max(now));
    }

    /// Takes the cost, or says in how many seconds it fits.
    fn take(&mut self, now: Timestamp, cost: u32) -> Result<(), u32> {
        self.drain(now);
        self.calls_today += 1;
        let over = self.used + Decimal::from(cost) - Decimal::from(self.limit);
        if over > Decimal::ZERO {
            let seconds = over * Decimal::from(self.seconds) / Decimal::from(self.limit.max(1));
            return Err(seconds.ceil().to_u32().unwrap_or(self.seconds).max(1));
        }
        self.used += Decimal::from(cost);
        Ok(())
    }
}

/// An answer kept under an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CachedAnswer {
    at: Timestamp,
    response: Response,
}

/// What a call costs. The vendor publishes no table: collections and writes weigh more than single reads.
fn cost(request: &Request) -> u32 {
    let single = request
        .segments()
        .last()
        .is_some_and(|last| last.chars().any(|character| character.is_ascii_digit()));
    if !request.is_read() || !single { 3 } else { 1 }
}

impl Agreement {
    /// Whether these tokens open this agreement.
    pub fn opens_with(&self, request: &Request) -> bool {
        request.header("X-AppSecretToken") == Some(&self.app_secret_token)
            && request.header("X-AgreementGrantToken") == Some(&self.agreement_grant_token)
    }

    pub(super) fn authorise(&self, request: &Request) -> Result<(), Response> {
        let is_demo = self.app_secret_token == DEMO && self.agreement_grant_token == DEMO;
        if !self.opens_with(request) || (is_demo && !self.quirks.has(Quirk::DemoIsReadOnly)) {
            return Err(unauthorised());
        }
        if self.revoked {
            let status = if self.quirks.has(Quirk::RevokedGrantAnswers401) { 401 } else { 403 };
            return Err(error::plain(status, None, "The grant has been revoked."));
        }
        if is_demo && !request.is_read() {
            return Err(error::plain(403, None, "The demo agreement is read only."));
        }
        Ok(())
    }

    pub(super) fn charge(&mut self, now: Timestamp, request: &Request) -> Result<(), Response> {
        self.bucket.take(now, cost(request)).map_err(|seconds| {
            let refusal = error::plain(429, None, "Too many requests.");
            if self.quirks.has(Quirk::EmptyBucketTellsRetryAfter) {
                refusal.with_header("Retry-After", seconds.to_string())
            } else {
                refusal
            }
        })
    }

    pub(super) fn with_rate_headers(&self, answer: Response, request: &Request) -> Response {
        if !self.quirks.has(Quirk::RateHeaders) {
            return answer;
        }
        let Bucket { limit, seconds, .. } = self.bucket;
        let used = self.bucket.used();
        answer.with_header("X-CallCost", cost(request).to_string()).with_header(
            "X-RateLimiting",
            format!("token-limit-{limit}-per-{seconds}-seconds: {used}/{limit}"),
        )
    }

    fn replay_key<'a>(&self, request: &'a Request) -> Option<&'a str> {
        let keyed = matches!(request.method.as_str(), "POST" | "PUT" | "DELETE");
        request.header("Idempotency-Key").filter(|_| keyed && self.quirks.has(Quirk::IdempotencyReplays))
    }

    /// The answer given before under the same key. What the server does with another body is not known: the first one counts.
    pub(super) fn replay(&mut self, now: Timestamp, request: &Request) -> Option<Response> {
        let oldest = now.as_second() - REPLAY_SECONDS;
        let cached = self.idempotency.get(self.replay_key(request)?)?;
        if cached.at.as_second() <= oldest {
            self.idempotency.retain(|_, cached| cached.at.as_second() > oldest);
            return None;
        }
        Some(cached.response.clone().with_header("X-ResultFromCache", "true"))
    }

    /// Keeps a successful answer. Whether errors are kept is not known: they are not.
    pub(super) fn remember(&mut self, now: Timestamp, request: &Request, response: &Response) {
        if self.idempotency.len() >= MAX_KEYS {
            let oldest = now.as_second() - REPLAY_SECONDS;
            self.idempotency.retain(|_, cached| cached.at.as_second() > oldest);
        }
        let Some(key) = self.replay_key(request).filter(|_| response.is_success()) else { return };
        self.idempotency.insert(key.to_string(), CachedAnswer { at: now, response: response.clone() });
    }
}

/// The answer to tokens that open nothing.
pub(crate) fn unauthorised() -> Response {
    error::plain(401, None, "Not authorised.")
}
