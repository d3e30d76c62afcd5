//! The answers of an acquirer while one of its payouts is fetched: kept beside the original, so that a fetch which is told to wait in its
//! middle, or runs out of time, goes on where it was.
//!
//! A connector asks for the same pages in the same order each time. So what went before is not remembered in its words, whatever they
//! are, but asked for again and answered from what is kept, request by request; where a request is not the one that was asked then, what
//! is kept of it and behind it is void. What is in a payout that is complete does not change. What is kept is dropped when the payout was
//! taken in, and is of no use after a day.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use connectors::http::{Request, Response, Transport};
use domain::{EffectKey, Failure};
use engine::clock::Clock;
use engine::payouts::FileBytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::queue::hash;
use crate::spool::{Spool, SpooledFile};

/// The schema version of what is kept. An unknown one is not gone on with.
const SCHEMA: u32 = 1;
/// Longest answer that is kept, in bytes; systems' answers are bounded lower.
const LONGEST: u64 = 64 << 20;
/// Longest line between two answers, in bytes.
const LONGEST_LINE: u64 = 16 << 10;
/// Headers that say what an answer is. Others may hold what belongs to a session.
const HEADERS: [&str; 1] = ["content-type"];

/// What stands before each answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Head {
    schema: u32,
    /// Hash of the request.
    request: String,
    status: u16,
    headers: Vec<(String, String)>,
    /// Bytes of the answer, which follow.
    length: u64,
}

/// An answer and what it answers.
struct Kept {
    request: String,
    response: Response,
}

/// What was kept before, what is kept now, and how far it is.
struct State<'a> {
    before: Option<Box<dyn BufRead + Send + 'a>>,
    now: Option<Spool>,
    /// The last answer: whether the connector takes it for one shows when it asks on.
    last: Option<(Kept, bool)>,
    gained: u64,
}

/// A transport that keeps its answers. Only reads are.
pub(super) struct Answers<'a> {
    transport: &'a dyn Transport,
    clock: &'a dyn Clock,
    /// No call is begun after this.
    until: Timestamp,
    state: Mutex<State<'a>>,
}

impl<'a> Answers<'a> {
    /// Over this transport, with at most so many bytes kept, and what was kept `before`.
    ///
    /// # Errors
    /// As the disk says.
    pub(super) fn over(
        transport: &'a dyn Transport,
        clock: &'a dyn Clock,
        until: Timestamp,
        limit: u64,
        before: Option<&'a SpooledFile>,
    ) -> std::io::Result<Answers<'a>> {
        let before = match before {
            Some(file) => Some(Box::new(BufReader::new(file.open()?)) as Box<dyn BufRead + Send + 'a>),
            None => None,
        };
        let state = State { before, now: Some(Spool::new(limit)?), last: None, gained: 0 };
        Ok(Answers { transport, clock, until, state: Mutex::new(state) })
    }

    /// What is kept, when more of it is than was before.
    ///
    /// # Errors
    /// As the disk says.
    pub(super) fn gained(self) -> std::io::Result<Option<SpooledFile>> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.now {
            Some(now) if state.gained > 0 => now.done().map(Some),
            _ => Ok(None),
        }
    }

    /// The answer that was kept to this request, when it is the next one.
    fn known(&self, request: &str) -> Option<Response> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle_last();
        let found = state.before.as_mut().and_then(next).filter(|kept| kept.request == request);
        let Some(kept) = found else {
            state.before = None;
            return None;
        };
        let response = kept.response.clone();
        state.last = Some((kept, false));
        Some(response)
    }

    fn keep(&self, request: String, response: &Response) {
        let headers = response.headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str()));
        let response = Response {
            status: response.status,
            headers: headers.cloned().collect(),
            body: response.body.clone(),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.last = Some((Kept { request, response }, true));
    }
}

impl State<'_> {
    /// The connector asks on, so the last answer was one.
    fn settle_last(&mut self) {
        let Some((kept, new)) = self.last.take() else { return };
        let written = self.now.as_mut().map(|now| write(now, &kept));
        match written {
            Some(Ok(())) => self.gained += u64::from(new),
            // What cannot be kept is no loss but of time.
            Some(Err(_)) => self.now = None,
            None => {}
        }
    }
}

fn write(into: &mut Spool, kept: &Kept) -> std::io::Result<()> {
    let head = Head {
        schema: SCHEMA,
        request: kept.request.clone(),
        status: kept.response.status,
        headers: kept.response.headers.clone(),
        length: kept.response.body.len() as u64,
    };
    serde_json::to_writer(&mut *into, &head)?;
    into.write_all(b"\n")?;
    into.write_all(&kept.response.body)
}

/// The next answer; `None` at the end, and for whatever is none.
fn next(from: &mut impl BufRead) -> Option<Kept> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).ok()?;
    let head: Head = serde_json::from_slice(&line).ok()?;
    if head.schema != SCHEMA || head.length > LONGEST {
        return None;
    }
    let mut body = Vec::new();
    from.by_ref().take(head.length).read_to_end(&mut body).ok()?;
    let whole = body.len() as u64 == head.length;
    whole.then_some(Kept {
        request: head.request,
        response: Response { status: head.status, headers: head.headers, body },
    })
}

#[async_trait]
impl Transport for Answers<'_> {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        // Requests hold no credentials: those are put on by the transport itself.
        let asked = serde_json::to_vec(&request).map(|text| hash(&text)).unwrap_or_default();
        if let Some(response) = self.known(&asked) {
            return Ok(response);
        }
        if self.clock.now() > self.until {
            let message = "time is up".to_owned();
            return Err(Failure::Busy { retry_after_ms: None, message });
        }
        let response = self.transport.read(request).await?;
        if response.is_success() {
            self.keep(asked, &response);
        }
        Ok(response)
    }

    async fn write(&self, key: &EffectKey, request: Request) -> Result<Response, Failure> {
        self.transport.write(key, request).await
    }
}

/// How long what is kept is gone on with.
pub(super) const OF_USE: SignedDuration = SignedDuration::from_hours(24);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use connectors::acquirer::{Acquirer, Payout};
    use domain::Money;
    use futures::executor::block_on;

    use super::*;
    use crate::clock::SystemClock;

    /// Stripe with a payout of three pages, which answers so many calls and then asks to wait.
    struct Stripe {
        answers: usize,
        /// The answer behind them: a refusal, or one that is cut short.
        then: (u16, &'static str),
        asked: AtomicUsize,
    }

    impl Stripe {
        fn answering(answers: usize) -> Stripe {
            Stripe { answers, then: (429, "{}"), asked: AtomicUsize::new(0) }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl Transport for Stripe {
        async fn read(&self, request: Request) -> Result<Response, Failure> {
            let after = request.query.iter().find(|(name, _)| name == "starting_after");
            let body = match (request.path.as_str(), after.map(|(_, id)| id.as_str())) {
                ("/v1/payouts/po_1", _) => r#"{"id":"po_1"}"#,
                (_, None) => r#"{"has_more":true,"data":[{"id":"txn_1"}]}"#,
                (_, Some("txn_1")) => r#"{"has_more":true,"data":[{"id":"txn_2"}]}"#,
                (_, Some(_)) => r#"{"has_more":false,"data":[{"id":"txn_3"}]}"#,
            };
            let (status, body) = if self.asked.fetch_add(1, Ordering::Relaxed) < self.answers {
                (200, body)
            } else {
                self.then
            };
            let headers = [("content-type", "application/json"), ("set-cookie", "session=secret")];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            Ok(Response { status, headers, body: body.as_bytes().to_vec() })
        }

        async fn write(&self, _: &EffectKey, _: Request) -> Result<Response, Failure> {
            panic!("an acquirer is only asked")
        }
    }

    fn payout(id: &str) -> Payout {
        let amount = Money::parse("1.00", "DKK".parse().expect("a currency")).expect("an amount");
        Payout { id: id.to_owned(), account: None, on: None, amount, reckoned: false, complete: true }
    }

    /// Fetches with what was kept before: what came of it, the original, and what is kept now.
    fn fetch(
        stripe: &Stripe,
        before: Option<&SpooledFile>,
        until: Timestamp,
    ) -> (Result<(), Failure>, String, Option<SpooledFile>) {
        let acquirer: &dyn Acquirer = connectors::registry::acquirer("stripe").expect("stripe");
        let answers = Answers::over(stripe, &SystemClock, until, 1 << 20, before).expect("a spool");
        let mut original = Vec::new();
        let done = block_on(acquirer.fetch(&answers, "", &payout("po_1"), &mut original));
        (done, String::from_utf8(original).expect("text"), answers.gained().expect("the disk"))
    }

    fn later() -> Timestamp {
        SystemClock.now() + SignedDuration::from_hours(1)
    }

    #[test]
    fn a_fetch_that_is_told_to_wait_goes_on_where_it_was() {
        let (done, whole, _) = fetch(&Stripe::answering(4), None, later());
        assert_eq!(done, Ok(()));
        for answers in 1..4 {
            let first = Stripe::answering(answers);
            let (done, _, kept) = fetch(&first, None, later());
            assert!(matches!(done, Err(Failure::Busy { .. })), "{done:?}");
            let second = Stripe::answering(4);
            let (done, original, _) = fetch(&second, kept.as_ref(), later());
            assert_eq!((done, original.as_str()), (Ok(()), whole.as_str()), "after {answers}");
            assert_eq!(second.asked(), 4 - answers, "nothing is asked for twice");
        }
    }

    #[test]
    fn without_a_new_answer_nothing_is_gained() {
        let (_, _, kept) = fetch(&Stripe::answering(2), None, later());
        let kept = kept.expect("two answers");
        let stripe = Stripe::answering(0);
        let (done, _, again) = fetch(&stripe, Some(&kept), later());
        assert!(matches!(done, Err(Failure::Busy { .. })), "{done:?}");
        assert!(again.is_none());
        assert_eq!(stripe.asked(), 1);
    }

    #[test]
    fn no_call_is_begun_when_time_is_up() {
        let stripe = Stripe::answering(4);
        let (done, _, kept) = fetch(&stripe, None, SystemClock.now() - SignedDuration::from_secs(1));
        assert!(matches!(done, Err(Failure::Busy { .. })), "{done:?}");
        assert!(kept.is_none());
        assert_eq!(stripe.asked(), 0);
    }

    #[test]
    fn an_answer_that_the_connector_does_not_take_is_not_kept() {
        // What is answered with 200 and is none: kept, it would be the answer for ever.
        let cut = Stripe { then: (200, "{\"has_more\":true,\"data\":[]}"), ..Stripe::answering(2) };
        let (done, _, kept) = fetch(&cut, None, later());
        assert!(done.is_err());
        let stripe = Stripe::answering(4);
        let (done, _, _) = fetch(&stripe, kept.as_ref(), later());
        assert_eq!((done, stripe.asked()), (Ok(()), 2));
    }

    #[test]
    fn what_was_kept_of_other_requests_or_is_damaged_is_void() {
        let (_, whole, _) = fetch(&Stripe::answering(4), None, later());
        let (_, _, kept) = fetch(&Stripe::answering(3), None, later());
        let mut text = String::new();
        kept.expect("kept").open().expect("opened").read_to_string(&mut text).expect("read");
        assert!(!text.contains("session"), "{text}");
        let next = text.find("{\"schema\":1").and_then(|first| text[first + 1..].find("{\"schema\":1"));
        let second = next.expect("a second answer") + 1;
        let (other, unknown) = (text[second..].to_owned(), text.replace("\"schema\":1", "\"schema\":9"));
        let cut = text[..text.len() - 3].to_owned();
        for (damaged, asked) in
            [(other, 4), (unknown, 4), (cut, 2), ("no JSON".to_owned(), 4), (String::new(), 4)]
        {
            let before = SpooledFile::of(damaged.as_bytes()).expect("spooled");
            let stripe = Stripe::answering(4);
            let (done, original, _) = fetch(&stripe, Some(&before), later());
            assert_eq!((done, original.as_str(), stripe.asked()), (Ok(()), whole.as_str(), asked));
        }
    }
}
