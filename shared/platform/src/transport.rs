//! The way out to shops and accounting systems: one pooled client, and around it everything a connection needs.
//!
//! Base URL, credentials, time limits, the bound on answers and the rate budget are added here, and here alone it is
//! decided what a broken call means: a connection that never stood carried nothing (`Busy`), a lost answer to a read is
//! asked for again (`Busy`), and a lost answer to a write may have been applied (`Unknown`). Redirects are not followed,
//! since a credential must not travel to where an answer points. What the system answered is the connector's to read.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use connectors::http::{Method, Request, Response, Transport, retry_after_ms};
use connectors::manifest::{Authentication, Manifest, RateLimit};
use data_encoding::BASE64;
use domain::{EffectKey, Failure};
use engine::clock::Clock;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::access_token::TokenSource;
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::queue::LANES;
use crate::quota::DayQuota;
use crate::redaction::redact;

/// How long a connection may take to stand.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Idle connections are dropped after this, because a frozen function wakes up with dead ones.
const IDLE_LIMIT: Duration = Duration::from_secs(20);
/// How long a call waits for its budget before it is put off.
const BUDGET_WAIT: Duration = Duration::from_secs(5);

/// The one pooled client of a process.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
}

impl HttpClient {
    /// Builds the client: rustls, no redirects, no proxy of the environment's, short connect time.
    ///
    /// # Errors
    /// `Configuration` when the TLS stack cannot start.
    pub fn new() -> Result<HttpClient, PlatformError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(IDLE_LIMIT)
            .referer(false)
            .no_proxy()
            .retry(reqwest::retry::never())
            .user_agent("Bogbro")
            .build()
            .map_err(|error| PlatformError::Configuration(format!("HTTP client: {error}")))?;
        Ok(HttpClient { client })
    }
}

/// Which share of a connection's budget a call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Traffic {
    /// Orders as they come in: three quarters, a lane's part of them.
    Live,
    /// Sweeps, comparisons, retries: one quarter, a lane's part of it.
    Background,
}

/// One connection's way out.
pub struct ConnectionTransport {
    client: reqwest::Client,
    manifest: &'static Manifest,
    surfaces: HashMap<String, Url>,
    credentials: HeaderMap,
    token: Option<TokenSource>,
    budget: Arc<RateBudget>,
}

impl ConnectionTransport {
    /// Binds a connection: its system's manifest, its base URLs by surface (the manifest's where none is given), its
    /// secrets by name, and the budget it shares with this process's other calls to the same connection.
    ///
    /// # Errors
    /// `Configuration` when a secret or a base URL is missing, or a URL is not https (plain http is for loopback only).
    pub fn new(
        client: &HttpClient,
        manifest: &'static Manifest,
        base_urls: &BTreeMap<String, String>,
        secrets: &HashMap<String, SecretString>,
        budget: Arc<RateBudget>,
    ) -> Result<ConnectionTransport, PlatformError> {
        let mut surfaces = HashMap::new();
        for (surface, default) in manifest.surfaces {
            let text = base_urls.get(*surface).map_or(*default, String::as_str);
            surfaces.insert((*surface).to_owned(), base_url(surface, text)?);
        }
        let credentials = credential_headers(&manifest.authentication, secrets)?;
        let token = match &manifest.authentication {
            Authentication::Token(credentials) => Some(TokenSource::new(credentials, &surfaces, secrets)?),
            Authentication::Basic { .. }
            | Authentication::BasicUser(_)
            | Authentication::BasicPassword(_)
            | Authentication::Headers(_) => None,
        };
        let client = client.client.clone();
        Ok(ConnectionTransport { client, manifest, surfaces, credentials, token, budget })
    }

    fn url(&self, request: &Request) -> Result<Url, Failure> {
        let rejected = |message: String| Failure::Rejected { code: Some("request".to_owned()), message };
        let base = self.surfaces.get(&request.surface).ok_or_else(|| {
            rejected(format!("{} has no surface {}", self.manifest.system, request.surface))
        })?;
        if !request.path.starts_with('/') {
            return Err(rejected("a path begins with a slash".to_owned()));
        }
        let mut url = Url::parse(&format!("{}{}", base.as_str().trim_end_matches('/'), request.path))
            .map_err(|_| rejected("the path makes no URL".to_owned()))?;
        // A path is made from ids of outside systems: it must not lead to another host with our credentials.
        if url.origin() != base.origin() || !url.path().starts_with(base.path().trim_end_matches('/')) {
            return Err(rejected("the path leads out of the system".to_owned()));
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }

    fn build(
        &self,
        request: Request,
        token: Option<HeaderValue>,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let url = self.url(&request)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut headers = self.credentials.clone();
        if let Some(token) = token {
            headers.insert("authorization", token);
        }
        for (name, value) in &request.headers {
            let bad = || Failure::Rejected {
                code: Some("request".to_owned()),
                message: format!("header {name} cannot be sent"),
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| bad())?);
        }
        let mut built = self.client.request(method, url).timeout(self.time_limit());
        if let Some(upload) = &request.upload {
            let (kind, body) = upload.encoded();
            let kind = HeaderValue::from_str(&kind).map_err(|_| Failure::Rejected {
                code: Some("request".to_owned()),
                message: "the file cannot be sent".to_owned(),
            })?;
            headers.insert("content-type", kind);
            built = built.body(body);
        } else if let Some(body) = request.body {
            headers.entry("content-type").or_insert(HeaderValue::from_static("application/json"));
            built = built.body(body);
        }
        headers.entry("accept").or_insert(HeaderValue::from_static("application/json"));
        Ok(built.headers(headers))
    }

    async fn send(&self, request: Request, writes: bool) -> Result<Response, Failure> {
        // A token that is asked for changes nothing: whatever goes wrong with it, the call itself was not made.
        let token = self.token().await?;
        let response = self.carry(self.build(request, token)?, writes).await?;
        if let Some(token) = self.token.as_ref().filter(|_| response.status == 401) {
            token.kept().await.forget();
        }
        Ok(response)
    }

    /// The token that a request carries, where the system gives tokens.
    async fn token(&self) -> Result<Option<HeaderValue>, Failure> {
        let Some(source) = &self.token else { return Ok(None) };
        let mut kept = source.kept().await;
        if let Some(header) = kept.header() {
            return Ok(Some(header));
        }
        let request = source.request(&self.client).timeout(self.time_limit());
        kept.take_up(&self.carry(request, false).await?).map(Some)
    }

    /// Sends one request within the budget and reads its answer.
    async fn carry(&self, built: reqwest::RequestBuilder, writes: bool) -> Result<Response, Failure> {
        self.budget.take().await?;
        let answer = built.send().await.map_err(|error| broken(&error, writes))?;
        let response = self.bounded(answer, writes).await?;
        self.budget.settle(&response);
        Ok(response)
    }

    fn time_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.manifest.timeout_seconds))
    }

    /// Reads the answer's body up to the manifest's limit.
    async fn bounded(&self, mut answer: reqwest::Response, writes: bool) -> Result<Response, Failure> {
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let limit = self.manifest.response_limit;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| broken(&error, writes))? {
            if body.len() + chunk.len() > limit {
                return Err(lost(writes, format!("an answer of more than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body })
    }
}

#[async_trait]
impl Transport for ConnectionTransport {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.send(request, false).await
    }

    async fn write(&self, _key: &EffectKey, request: Request) -> Result<Response, Failure> {
        self.send(request, true).await
    }
}

/// What a call that brought no answer means. The error's own text names the URL and is not used.
fn broken(error: &reqwest::Error, writes: bool) -> Failure {
    if error.is_builder() {
        return Failure::Rejected {
            code: Some("request".to_owned()),
            message: "the request could not be built".to_owned(),
        };
    }
    if error.is_connect() {
        return Failure::Busy { retry_after_ms: None, message: "no connection".to_owned() };
    }
    let what = if error.is_timeout() { "no answer in time" } else { "the connection broke" };
    lost(writes, what.to_owned())
}

fn lost(writes: bool, message: String) -> Failure {
    let message = redact(&message).into_owned();
    if writes { Failure::Unknown { message } } else { Failure::Busy { retry_after_ms: None, message } }
}

/// A base URL: https, or plain http to this machine alone; without credentials, query or fragment.
///
/// # Errors
/// `Configuration` that names the surface.
pub fn base_url(surface: &str, text: &str) -> Result<Url, PlatformError> {
    let refused = |why: &str| PlatformError::Configuration(format!("base URL of {surface}: {why}"));
    let url = Url::parse(text).map_err(|_| refused("not a URL"))?;
    let host = url.host_str().unwrap_or_default();
    let loopback = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return Err(refused("must be https")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not hold credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("must not have a query or fragment"));
    }
    Ok(url)
}

fn credential_headers(
    authentication: &Authentication,
    secrets: &HashMap<String, SecretString>,
) -> Result<HeaderMap, PlatformError> {
    let mut headers = HeaderMap::new();
    match authentication {
        Authentication::Basic { user, password } => {
            headers.insert("authorization", basic(secrets, user, password)?);
        }
        Authentication::BasicUser(name) => {
            headers.insert("authorization", basic_of(secret(secrets, name)?, "", name)?);
        }
        Authentication::BasicPassword(name) => {
            headers.insert("authorization", basic_of("", secret(secrets, name)?, name)?);
        }
        Authentication::Headers(list) => {
            for (header, name) in *list {
                let header = HeaderName::from_bytes(header.as_bytes())
                    .map_err(|_| PlatformError::Configuration(format!("header {header} cannot be sent")))?;
                headers.insert(header, sensitive(secret(secrets, name)?, name)?);
            }
        }
        Authentication::Token(_) => {}
    }
    Ok(headers)
}

/// HTTP Basic of two secrets.
pub(crate) fn basic(
    secrets: &HashMap<String, SecretString>,
    user: &str,
    password: &str,
) -> Result<HeaderValue, PlatformError> {
    basic_of(secret(secrets, user)?, secret(secrets, password)?, user)
}

fn basic_of(user: &str, password: &str, name: &str) -> Result<HeaderValue, PlatformError> {
    sensitive(&format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes())), name)
}

fn secret<'a>(secrets: &'a HashMap<String, SecretString>, name: &str) -> Result<&'a str, PlatformError> {
    secrets
        .get(name)
        .map(SecretString::expose_secret)
        .filter(|secret| !secret.is_empty())
        .ok_or_else(|| PlatformError::Configuration(format!("secret {name} is not set")))
}

/// A header whose value is shown nowhere.
pub(crate) fn sensitive(text: &str, name: &str) -> Result<HeaderValue, PlatformError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        PlatformError::Configuration(format!("secret {name} has characters that no header takes"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What this process may still spend on one connection: a token bucket.
///
/// Messages of one agreement run in a fixed number of lanes, each in one process at a time; so each process keeps to a
/// lane's part of the budget, and nobody has to count across processes.
pub struct RateBudget {
    traffic: Traffic,
    day: Option<Arc<DayQuota>>,
    cost_header: Option<&'static str>,
    capacity_milli: i64,
    refill_milli_per_second: i64,
    state: Mutex<BudgetState>,
}

#[derive(Debug)]
struct BudgetState {
    tokens_milli: i64,
    at: Instant,
    /// The system asked for silence until then.
    closed_until: Option<Instant>,
}

impl RateBudget {
    /// A full bucket with a lane's part of `limit`: all lanes share one connection's budget, and live traffic has most of it.
    pub fn new(limit: &RateLimit, traffic: Traffic) -> RateBudget {
        let share = |amount: i64| match traffic {
            Traffic::Live => amount * 3 / 4 / i64::from(LANES),
            Traffic::Background => amount / 4 / i64::from(LANES),
        };
        let units_milli = i64::from(limit.units) * 1_000;
        let capacity_milli = share(units_milli).max(1_000);
        let refill = share(units_milli / i64::from(limit.window_seconds.max(1))).max(1);
        let state = BudgetState { tokens_milli: capacity_milli, at: Instant::now(), closed_until: None };
        RateBudget {
            traffic,
            day: None,
            cost_header: limit.cost_header,
            capacity_milli,
            refill_milli_per_second: refill,
            state: Mutex::new(state),
        }
    }

    /// The same budget within the connection's day.
    #[must_use]
    pub fn within(self, day: Arc<DayQuota>) -> RateBudget {
        RateBudget { day: Some(day), ..self }
    }

    /// Takes one unit, waiting a little for it, and one call of the day: none of the day's where it is not to be sent.
    ///
    /// # Errors
    /// `Busy` with the time to wait when it would be long.
    async fn take(&self) -> Result<(), Failure> {
        let wait = self.reserve(Instant::now())?;
        if let Some(day) = &self.day
            && let Err(failure) = day.take(self.traffic, SystemClock.now()).await
        {
            self.give_back();
            return Err(failure);
        }
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Takes one unit on credit: returns how long to wait until it is really there.
    fn reserve(&self, now: Instant) -> Result<Duration, Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.closed_until.filter(|until| *until > now) {
            let left = until.duration_since(now).as_millis();
            let message = "the system asked for silence".to_owned();
            return Err(Failure::Busy { retry_after_ms: u64::try_from(left).ok(), message });
        }
        state.closed_until = None;
        self.refill(&mut state, now);
        let short = 1_000 - state.tokens_milli;
        let wait = Duration::from_millis(
            u64::try_from(short.max(0) * 1_000 / self.refill_milli_per_second).unwrap_or(0),
        );
        if wait > BUDGET_WAIT {
            let retry_after_ms = u64::try_from(wait.as_millis()).ok();
            return Err(Failure::Busy { retry_after_ms, message: "the rate budget is spent".to_owned() });
        }
        state.tokens_milli -= 1_000;
        Ok(wait)
    }

    /// Gives back a unit that was reserved and is not used.
    fn give_back(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tokens_milli = state.tokens_milli.saturating_add(1_000).min(self.capacity_milli);
    }

    fn refill(&self, state: &mut BudgetState, now: Instant) {
        let elapsed = i64::try_from(now.saturating_duration_since(state.at).as_millis()).unwrap_or(i64::MAX);
        let gained = elapsed.saturating_mul(self.refill_milli_per_second) / 1_000;
        if gained > 0 {
            state.tokens_milli = state.tokens_milli.saturating_add(gained).min(self.capacity_milli);
            state.at = now;
        }
    }

    /// Counts what the call really cost; empties the bucket, and keeps silent as long as it is asked to, when the system says
    /// that it is empty.
    fn settle(&self, response: &Response) {
        let cost = self
            .cost_header
            .and_then(|name| response.header(name))
            .and_then(|text| text.trim().parse::<i64>().ok())
            .filter(|cost| (1..=10_000).contains(cost))
            .unwrap_or(1);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tokens_milli -= (cost - 1) * 1_000;
        if response.status == 429 {
            state.tokens_milli = state.tokens_milli.min(0);
            // Nobody of this process asks before the time that one of them was told.
            let wait = retry_after_ms(response).map(Duration::from_millis);
            state.closed_until = wait.and_then(|wait| Instant::now().checked_add(wait));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::quota::DayAccount;

    struct Unheard;

    #[async_trait]
    impl DayAccount for Unheard {
        async fn add(&self, _: Date, calls: u64) -> Result<u64, PlatformError> {
            Ok(calls)
        }
    }

    #[tokio::test]
    async fn calls_that_a_silent_system_is_spared_are_none_of_the_days() {
        let limit = RateLimit { units: 100, window_seconds: 1, per_day: None, cost_header: None };
        let day = Arc::new(DayQuota::new(100, Arc::new(Unheard)));
        let budget = RateBudget::new(&limit, Traffic::Live).within(day);
        let silent = |until| budget.state.lock().expect("no test panicked").closed_until = until;
        silent(Some(Instant::now() + Duration::from_secs(3_600)));
        for _ in 0..200 {
            assert!(matches!(budget.take().await, Err(Failure::Busy { .. })), "it asked for silence");
        }
        silent(None);
        assert_eq!(budget.take().await, Ok(()), "none of the day is used");
    }
}
