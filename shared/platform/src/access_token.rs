//! Client credentials (OAuth 2.0) that are exchanged for an access token. The token is kept in memory alone, for as long as the system
//! says it holds, and is never part of a message.

use std::borrow::Cow;
use std::collections::HashMap;

use connectors::http::{Response, retry_after_ms};
use connectors::manifest::ClientCredentials;
use domain::Failure;
use engine::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::{Mutex, MutexGuard};

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::transport::{basic, sensitive};

/// A token is not used in its last minute: a call may take half of one.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// No token is kept longer than this, whatever its system says.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Where a connection's tokens come from, and the one that holds now.
pub(crate) struct TokenSource {
    url: Url,
    authorization: HeaderValue,
    body: String,
    kept: Mutex<KeptToken>,
}

/// The token of a connection, where one holds.
#[derive(Default)]
pub(crate) struct KeptToken(Option<(HeaderValue, Timestamp)>);

impl KeptToken {
    /// The header that carries the token that holds now.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let (header, until) = self.0.as_ref()?;
        (SystemClock.now() < *until).then(|| header.clone())
    }

    /// Keeps the token of an answer.
    ///
    /// # Errors
    /// `Unauthorized` where the credentials are refused; `Busy` where the answer is none.
    pub(crate) fn take_up(&mut self, response: &Response) -> Result<HeaderValue, Failure> {
        self.forget();
        let (header, holds) = read(response)?;
        self.0 = Some((header.clone(), SystemClock.now() + holds));
        Ok(header)
    }

    /// The token was refused: the next call asks for another.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}

impl TokenSource {
    /// The source of a connection's tokens.
    ///
    /// # Errors
    /// `Configuration` when a secret is missing or the surface is unknown.
    pub(crate) fn new(
        credentials: &ClientCredentials,
        surfaces: &HashMap<String, Url>,
        secrets: &HashMap<String, SecretString>,
    ) -> Result<TokenSource, PlatformError> {
        let wrong = |what: &str| PlatformError::Configuration(format!("where tokens come from: {what}"));
        let base = surfaces.get(credentials.surface).ok_or_else(|| wrong("no such surface"))?;
        let text = format!("{}{}", base.as_str().trim_end_matches('/'), credentials.path);
        let url = Url::parse(&text).map_err(|_| wrong("not a URL"))?;
        let mut form = url.clone();
        form.query_pairs_mut()
            .append_pair("grant_type", "client_credentials")
            .extend_pairs(credentials.parameters);
        let body = form.query().unwrap_or_default().to_owned();
        let authorization = basic(secrets, credentials.client, credentials.secret)?;
        Ok(TokenSource { url, authorization, body, kept: Mutex::default() })
    }

    /// The token that is kept; whoever asks for a new one holds it meanwhile, and the others wait.
    pub(crate) async fn kept(&self) -> MutexGuard<'_, KeptToken> {
        self.kept.lock().await
    }

    /// The request for a token.
    pub(crate) fn request(&self, client: &reqwest::Client) -> reqwest::RequestBuilder {
        client
            .post(self.url.clone())
            .header("authorization", self.authorization.clone())
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(self.body.clone())
    }
}

/// What the system answered: the header, and for how long it is used.
fn read(response: &Response) -> Result<(HeaderValue, SignedDuration), Failure> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        access_token: Cow<'a, str>,
        #[serde(borrow, default)]
        expires_in: Option<&'a RawValue>,
    }
    let status = response.status;
    if !response.is_success() {
        let message = format!("status {status} to the client credentials");
        return Err(match status {
            400 | 401 | 403 => Failure::Unauthorized { message },
            _ => Failure::Busy { retry_after_ms: retry_after_ms(response), message },
        });
    }
    // What is wrong with the answer is not repeated: it may hold the token.
    let unusable = || Failure::Busy {
        retry_after_ms: None,
        message: "an answer to the client credentials that cannot be read".to_owned(),
    };
    let answer: Answer<'_> = serde_json::from_slice(&response.body).map_err(|_| unusable())?;
    let header = format!("Bearer {}", answer.access_token);
    let header = sensitive(&header, "access token").map_err(|_| unusable())?;
    // Some systems write the seconds as text; a token without them is used for the call at hand alone.
    let seconds = answer.expires_in.map(|raw| raw.get().trim_matches('"').parse::<u32>());
    let seconds = seconds.transpose().map_err(|_| unusable())?.unwrap_or(0);
    let holds = SignedDuration::from_secs(i64::from(seconds)).min(LONGEST) - MARGIN;
    Ok((header, holds))
}
