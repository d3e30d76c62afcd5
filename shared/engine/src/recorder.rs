//! The way out with a witness: every call is written down for the log, counted, and refused when its time is up.
//!
//! No write starts with less time left than the system's request timeout, whatever code asks for it: a worker that was
//! frozen and thawed hours later sends nothing more. The number of calls under one claim is bounded.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use connectors::manifest::Manifest;
use domain::{EffectKey, Failure};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::log::{CallSummary, RecordedCall};

/// Calls under one claim, at most.
pub const MOST_CALLS: usize = 400;

/// Bytes of an answer that are kept in the log.
const ANSWER_LIMIT: usize = 16 * 1024;

/// Headers of an answer that are kept in the log.
const KEPT_HEADERS: &[&str] = &["retry-after", "x-resultfromcache", "location"];

/// What was called under one claim.
#[derive(Debug, Default)]
pub struct Recorder {
    calls: Mutex<Vec<(CallSummary, RecordedCall)>>,
}

impl Recorder {
    fn calls(&self) -> MutexGuard<'_, Vec<(CallSummary, RecordedCall)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of calls so far.
    pub fn count(&self) -> usize {
        self.calls().len()
    }

    /// Writes down a request that a worker before this one sent and did not live to tell, made again from the plan.
    pub(crate) fn note_earlier(
        &self,
        system: &'static str,
        key: &EffectKey,
        request: Request,
        at: Timestamp,
    ) {
        let summary = CallSummary {
            system: system.to_owned(),
            key: Some(key.as_str().to_owned()),
            method: request.method,
            path: request.path.clone(),
            request_hash: request_hash(&request),
            status: None,
            failure: None,
            at,
            milliseconds: 0,
            earlier: true,
        };
        let recorded = RecordedCall {
            key: Some(key.clone()),
            request,
            status: None,
            headers: Vec::new(),
            answer: String::new(),
            cut: false,
            earlier: true,
        };
        self.calls().push((summary, recorded));
    }

    /// Takes what was recorded since the last taking.
    pub fn take(&self) -> (Vec<CallSummary>, Vec<RecordedCall>) {
        std::mem::take(&mut *self.calls()).into_iter().unzip()
    }
}

/// A transport that records, bound to one claim.
pub struct RecordingTransport<'a> {
    /// Where calls really go.
    pub inner: &'a dyn Transport,
    /// Where they are written down.
    pub recorder: &'a Recorder,
    /// Name of the system.
    pub system: &'static str,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Until when this claim may work.
    pub deadline: Timestamp,
    /// The system's request timeout, in seconds.
    pub timeout_seconds: u32,
}

/// SHA-256 of a request (method, surface, path, query, body or file), in hexadecimal. Headers are left out: none carries meaning
/// beside the effect's key, which stands beside the request in the log.
pub fn request_hash(request: &Request) -> String {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    part(method_word(request));
    part(&request.surface);
    part(&request.path);
    for (name, value) in &request.query {
        part(name);
        part(value);
    }
    part(request.body.as_deref().unwrap_or_default());
    if let Some(upload) = &request.upload {
        upload.fields.iter().for_each(|(name, value)| {
            part(name);
            part(value);
        });
        part(&upload.sha256);
    }
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}

const fn method_word(request: &Request) -> &'static str {
    match request.method {
        connectors::http::Method::Get => "GET",
        connectors::http::Method::Post => "POST",
        connectors::http::Method::Put => "PUT",
        connectors::http::Method::Delete => "DELETE",
    }
}

/// The failure's word in the log.
pub const fn failure_word(failure: &Failure) -> &'static str {
    match failure {
        Failure::Rejected { .. } => "rejected",
        Failure::Busy { .. } => "busy",
        Failure::Unknown { .. } => "unknown",
        Failure::Unauthorized { .. } => "unauthorized",
    }
}

impl<'a> RecordingTransport<'a> {
    /// The way to the system of this manifest.
    pub fn new(
        inner: &'a dyn Transport,
        manifest: &Manifest,
        recorder: &'a Recorder,
        (clock, deadline): (&'a dyn Clock, Timestamp),
    ) -> RecordingTransport<'a> {
        RecordingTransport {
            inner,
            recorder,
            system: manifest.system,
            clock,
            deadline,
            timeout_seconds: manifest.timeout_seconds,
        }
    }
}

impl RecordingTransport<'_> {
    /// Refuses a call that could not be finished in time. It was surely not applied.
    fn admit(&self, needed_seconds: u32) -> Result<Timestamp, Failure> {
        let now = self.clock.now();
        let busy = |message: &str| Failure::Busy { retry_after_ms: None, message: message.to_owned() };
        if self.recorder.count() >= MOST_CALLS {
            return Err(busy("too many calls under one claim"));
        }
        if now + SignedDuration::from_secs(i64::from(needed_seconds)) > self.deadline {
            return Err(busy("out of time"));
        }
        Ok(now)
    }

    fn record(
        &self,
        key: Option<&EffectKey>,
        request: Request,
        sent_at: Timestamp,
        outcome: &Result<Response, Failure>,
    ) {
        let elapsed = self.clock.now().duration_since(sent_at).as_millis();
        let summary = CallSummary {
            system: self.system.to_owned(),
            key: key.map(|key| key.as_str().to_owned()),
            method: request.method,
            path: request.path.clone(),
            request_hash: request_hash(&request),
            status: outcome.as_ref().ok().map(|response| response.status),
            failure: outcome.as_ref().err().map(|failure| failure_word(failure).to_owned()),
            at: sent_at,
            milliseconds: u64::try_from(elapsed).unwrap_or(0),
            earlier: false,
        };
        let (answer, cut) = outcome.as_ref().map(answer_text).unwrap_or_default();
        let recorded = RecordedCall {
            key: key.cloned(),
            request,
            status: summary.status,
            headers: outcome.as_ref().map(kept_headers).unwrap_or_default(),
            answer,
            cut,
            earlier: false,
        };
        self.recorder.calls().push((summary, recorded));
    }
}

fn kept_headers(response: &Response) -> Vec<(String, String)> {
    response.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str())).cloned().collect()
}

fn answer_text(response: &Response) -> (String, bool) {
    let text = String::from_utf8_lossy(&response.body);
    if text.len() <= ANSWER_LIMIT {
        return (text.into_owned(), false);
    }
    (text[..text.floor_char_boundary(ANSWER_LIMIT)].to_owned(), true)
}

#[async_trait]
impl Transport for RecordingTransport<'_> {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        let sent_at = self.admit(0)?;
        let outcome = self.inner.read(request.clone()).await;
        self.record(None, request, sent_at, &outcome);
        outcome
    }

    async fn write(&self, key: &EffectKey, request: Request) -> Result<Response, Failure> {
        let sent_at = self.admit(self.timeout_seconds)?;
        let outcome = self.inner.write(key, request.clone()).await;
        self.record(Some(key), request, sent_at, &outcome);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_by_its_bytes_between_two_characters() {
        let of = |text: &str| {
            answer_text(&Response { status: 200, headers: Vec::new(), body: text.as_bytes().to_vec() })
        };
        let whole = "x".repeat(ANSWER_LIMIT);
        assert_eq!(of(&whole), (whole.clone(), false));
        assert_eq!(of(&format!("{whole}y")), (whole, true));
        let (kept, cut) = of(&format!("x{}", "ø".repeat(ANSWER_LIMIT)));
        assert_eq!(
            (kept.len(), cut),
            (ANSWER_LIMIT - 1, true),
            "a letter of two bytes is kept whole or not at all"
        );
    }
}
