//! Requests and answers as connectors see them, and the one injected transport they go through.
//!
//! Every effect carries its key through [`Transport::write`], so that the simulator, the log and the rate budget know
//! what a call is for. A transport adds base URL, credentials and time limits, and turns what goes wrong on the way into a
//! [`Failure`]; what the system answered, whatever the status, is the connector's to read.

use async_trait::async_trait;
use domain::{EffectKey, Failure};
use serde::{Deserialize, Serialize};

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

/// A request to one surface of the connected system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Which of the system's surfaces (base URLs), by the name in its manifest; `main` for most.
    pub surface: String,
    /// Path below the base URL, beginning with `/`, already percent-encoded.
    pub path: String,
    /// Query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers beside credentials and content type.
    pub headers: Vec<(String, String)>,
    /// JSON body, when there is one.
    pub body: Option<String>,
}

impl Request {
    /// A read of `path` on the surface `main`.
    pub fn get(path: impl Into<String>) -> Request {
        Request {
            method: Method::Get,
            surface: "main".to_owned(),
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// A request with a JSON body on the surface `main`.
    pub fn json(method: Method, path: impl Into<String>, body: String) -> Request {
        Request { method, body: Some(body), ..Request::get(path) }
    }

    /// The same request with one more query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Request {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// The same request with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Request {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same request on another surface.
    #[must_use]
    pub fn on(mut self, surface: &str) -> Request {
        surface.clone_into(&mut self.surface);
        self
    }
}

/// What the system answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body bytes, within the transport's limit.
    pub body: Vec<u8>,
}

impl Response {
    /// A header's first value by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// True for 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The way out. Bound to one connection: it knows base URLs, credentials, time limits and the rate budget.
///
/// # Errors
/// Only what kept an answer from coming: connection refused or budget spent is `Busy`; a time limit, a reset or a broken
/// body is `Busy` for a read and `Unknown` for a write.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request that changes nothing.
    async fn read(&self, request: Request) -> Result<Response, Failure>;

    /// Sends a request that may change something, under the key of its effect.
    async fn write(&self, key: &EffectKey, request: Request) -> Result<Response, Failure>;
}
