//! Requests and answers as connectors see them, and the one injected transport they go through.
//!
//! Every effect carries its key through [`Transport::write`], so that the simulator, the log and the rate budget know
//! what a call is for. A transport adds base URL, credentials and time limits, and turns what goes wrong on the way into a
//! [`Failure`]; what the system answered, whatever the status, is the connector's to read.

use async_trait::async_trait;
use domain::{EffectKey, Failure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    /// A file that is sent in the place of a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
}

/// A file with fields beside it (`multipart/form-data`). Written down, it is the file's digest: logs keep no files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Upload {
    /// Fields beside the file, in the order they are sent.
    pub fields: Vec<(String, String)>,
    /// Name of the field that holds the file.
    pub field: String,
    /// Name of the file: letters, digits, `-`, `_` and `.`.
    pub file_name: String,
    /// Its type (`application/pdf`).
    pub content_type: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    #[serde(skip)]
    bytes: Vec<u8>,
}

impl Upload {
    /// A file in the field `field`. Characters that do not belong into the name of a file become `-`.
    pub fn new(field: &str, file_name: &str, content_type: &str, bytes: Vec<u8>) -> Upload {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        Upload {
            fields: Vec::new(),
            field: field.to_owned(),
            file_name: file_name.chars().map(plain).collect(),
            content_type: content_type.to_owned(),
            sha256: data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes)),
            bytes,
        }
    }

    /// The same with one more field. Line breaks in its value become blanks.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Upload {
        self.fields.push((name.to_owned(), value.into().replace(['\r', '\n'], " ")));
        self
    }

    /// The content type with its boundary, and the body. The boundary is made of the file's digest, so the same file gives the same
    /// body; no file holds the digest of itself.
    pub fn encoded(&self) -> (String, Vec<u8>) {
        let boundary = format!("bogbro-{}", self.sha256);
        let mut body = Vec::with_capacity(self.bytes.len() + 1024);
        for (name, value) in &self.fields {
            let part =
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let Upload { field, file_name, content_type, .. } = self;
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{file_name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&self.bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }
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
            upload: None,
        }
    }

    /// A request with a JSON body on the surface `main`.
    pub fn json(method: Method, path: impl Into<String>, body: String) -> Request {
        Request { method, body: Some(body), ..Request::get(path) }
    }

    /// A file sent to `path` on the surface `main`.
    pub fn upload(path: impl Into<String>, upload: Upload) -> Request {
        Request { method: Method::Post, upload: Some(upload), ..Request::get(path) }
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

/// Whether a call may have changed something: what an unusable answer means depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It changes nothing: it may simply be made again.
    Read,
    /// It may have changed something: without a usable answer that must be looked up.
    Write,
}

impl Call {
    /// What it means that no usable answer came: `Busy` for a read, `Unknown` for a write.
    pub fn unanswered(self, message: impl Into<String>, retry_after_ms: Option<u64>) -> Failure {
        let message = message.into();
        match self {
            Call::Read => Failure::Busy { retry_after_ms, message },
            Call::Write => Failure::Unknown { message },
        }
    }
}

/// What a system says of its own refusal, read from its error body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaint {
    /// Its code, when it has one (`E04500`, `woocommerce_rest_shop_order_invalid_id`).
    pub code: Option<String>,
    /// Its words; cleaned by [`accept`] before they go anywhere.
    pub message: String,
}

/// Longest message of a system that is kept, in characters.
const LONGEST_MESSAGE: usize = 400;
/// Longest wait that is believed, in seconds: a day.
const LONGEST_WAIT_SECONDS: u64 = 86_400;
/// A run of letters and digits of this length in a message is taken for a credential.
const CREDENTIAL_LENGTH: usize = 24;

/// Turns an answer that is not a success into its failure; a success passes.
///
/// `complaint` reads the system's own words from a JSON error body; it is not asked for pages of proxies and firewalls,
/// whose status says nothing of the system behind them.
///
/// # Errors
/// 401 and 403 are `Unauthorized`, 429 is `Busy` for as long as the system says; 408, 425 and 5xx (or above), and any page that is
/// not JSON, are `Busy` for a read and `Unknown` for a write; redirects and all other statuses are `Rejected`.
pub fn accept(
    call: Call,
    response: &Response,
    complaint: impl FnOnce(&str) -> Complaint,
) -> Result<(), Failure> {
    if response.is_success() {
        return Ok(());
    }
    let said = if is_page(response) { Complaint::default() } else { read_complaint(response, complaint) };
    let message = if said.message.is_empty() {
        format!("status {}", response.status)
    } else {
        format!("status {}: {}", response.status, said.message)
    };
    Err(refused(call, response, said.code, message))
}

/// What an answer that is not a success means for what may be done next, as [`accept`] says. `code` and `message` are the system's own
/// words after [`clean`].
pub(crate) fn refused(call: Call, response: &Response, code: Option<String>, message: String) -> Failure {
    let page = is_page(response);
    match response.status {
        429 => Failure::Busy { retry_after_ms: retry_after_ms(response), message },
        401 => Failure::Unauthorized { message },
        403 if !page => Failure::Unauthorized { message },
        300..=399 => Failure::Rejected { code, message: format!("{message} (a redirect, not followed)") },
        408 | 425 | 500.. => call.unanswered(message, retry_after_ms(response)),
        status if page => {
            call.unanswered(format!("status {status} with a page instead of JSON"), retry_after_ms(response))
        }
        _ => Failure::Rejected { code, message },
    }
}

/// The JSON text of a successful answer.
///
/// # Errors
/// A page, an empty body or broken UTF-8 is no answer of the system: `Busy` for a read, `Unknown` for a write.
pub fn json_text(call: Call, response: &Response) -> Result<&str, Failure> {
    if is_page(response) {
        return Err(call.unanswered(format!("status {} with a page instead of JSON", response.status), None));
    }
    let text = std::str::from_utf8(&response.body)
        .map_err(|_| call.unanswered("an answer that is not UTF-8", None))?
        .trim_start_matches('\u{feff}')
        .trim();
    if text.is_empty() { Err(call.unanswered("an empty answer", None)) } else { Ok(text) }
}

/// The wait that an answer asks for, in milliseconds. Only the form in seconds is read: the date form needs a clock.
pub fn retry_after_ms(response: &Response) -> Option<u64> {
    let text = response.header("retry-after")?.trim();
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: u64 = text.parse().ok()?;
    Some(seconds.min(LONGEST_WAIT_SECONDS) * 1000)
}

/// An outside system's words made fit for logs and mails: one line, bounded, without what looks like a credential or an
/// e-mail address.
pub fn clean(message: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut length = 0;
    for word in message.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let shown = if word.contains('@') {
            "(e-mail)"
        } else if has_long_run(word) {
            "(removed)"
        } else {
            word
        };
        length += shown.chars().count() + 1;
        if length > LONGEST_MESSAGE {
            words.push("...");
            break;
        }
        words.push(shown);
    }
    words.join(" ")
}

fn has_long_run(word: &str) -> bool {
    word.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '=')))
        .any(|run| run.len() >= CREDENTIAL_LENGTH && run.bytes().any(|byte| byte.is_ascii_digit()))
}

/// True for what a proxy, a firewall or a maintenance plugin puts in place of the system's answer.
pub(crate) fn is_page(response: &Response) -> bool {
    let start = response.body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let html = response.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    match start {
        Some(b'{' | b'[') => false,
        Some(b'<') => true,
        _ => html,
    }
}

fn read_complaint(response: &Response, complaint: impl FnOnce(&str) -> Complaint) -> Complaint {
    let Ok(text) = std::str::from_utf8(&response.body) else { return Complaint::default() };
    let Complaint { code, message } = complaint(text.trim_start_matches('\u{feff}'));
    let code =
        code.map(|code| clean(&code).chars().take(80).collect::<String>()).filter(|code| !code.is_empty());
    Complaint { code, message: clean(&message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: body.as_bytes().to_vec() }
    }

    fn word(failure: &Failure) -> &'static str {
        match failure {
            Failure::Rejected { .. } => "rejected",
            Failure::Busy { .. } => "busy",
            Failure::Unknown { .. } => "unknown",
            Failure::Unauthorized { .. } => "unauthorized",
        }
    }

    fn judged(call: Call, response: &Response) -> Failure {
        accept(call, response, |text| Complaint { code: None, message: text.to_owned() })
            .expect_err("not a success")
    }

    #[test]
    fn a_status_means_what_may_be_done_next() {
        let json = "{\"message\":\"no\"}";
        let page = "<html><body>Just a moment...</body></html>";
        for (status, body, read, write) in [
            (301, "", "rejected", "rejected"),
            (304, "", "rejected", "rejected"),
            (400, json, "rejected", "rejected"),
            (401, json, "unauthorized", "unauthorized"),
            (401, page, "unauthorized", "unauthorized"),
            (403, json, "unauthorized", "unauthorized"),
            (403, "", "unauthorized", "unauthorized"),
            (403, page, "busy", "unknown"),
            (404, json, "rejected", "rejected"),
            (404, page, "busy", "unknown"),
            (408, "", "busy", "unknown"),
            (409, json, "rejected", "rejected"),
            (425, "", "busy", "unknown"),
            (429, json, "busy", "busy"),
            (429, page, "busy", "busy"),
            (500, json, "busy", "unknown"),
            (503, page, "busy", "unknown"),
            (999, json, "busy", "unknown"),
            (101, "", "rejected", "rejected"),
        ] {
            let response = answer(status, &[], body);
            assert_eq!(word(&judged(Call::Read, &response)), read, "reading, status {status} {body}");
            assert_eq!(word(&judged(Call::Write, &response)), write, "writing, status {status} {body}");
        }
        assert_eq!(accept(Call::Write, &answer(201, &[], ""), |_| Complaint::default()), Ok(()));
    }

    #[test]
    fn the_wait_is_read_in_seconds_and_bounded() {
        for (header, wait) in [
            (Some("7"), Some(7_000)),
            (Some(" 0 "), Some(0)),
            (Some("999999999"), Some(86_400_000)),
            (Some("9999999999"), None),
            (Some("-1"), None),
            (Some("1.5"), None),
            (Some(""), None),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), None),
            (None, None),
        ] {
            let headers: Vec<(&str, &str)> = header.iter().map(|value| ("retry-after", *value)).collect();
            assert_eq!(retry_after_ms(&answer(429, &headers, "")), wait, "{header:?}");
        }
    }

    #[test]
    fn the_systems_words_carry_no_credential_and_no_address() {
        let said =
            "Invalid key\n ck_0123456789abcdef0123456789abcdef01234567 for buyer@example.org (code 42)";
        assert_eq!(clean(said), "Invalid key (removed) for (e-mail) (code 42)");
        let long = "word ".repeat(1000);
        assert!(clean(&long).chars().count() <= LONGEST_MESSAGE + 4);
    }

    #[test]
    fn a_page_is_no_answer() {
        let page = answer(200, &[("content-type", "text/html; charset=UTF-8")], "\n<!doctype html>");
        assert_eq!(word(&json_text(Call::Read, &page).expect_err("a page")), "busy");
        assert_eq!(word(&json_text(Call::Write, &page).expect_err("a page")), "unknown");
        let empty = answer(200, &[], "  ");
        assert_eq!(word(&json_text(Call::Write, &empty).expect_err("empty")), "unknown");
        let json = answer(200, &[("content-type", "application/json")], "\u{feff}{\"id\":1}\n");
        assert_eq!(json_text(Call::Write, &json), Ok("{\"id\":1}"));
    }
}
