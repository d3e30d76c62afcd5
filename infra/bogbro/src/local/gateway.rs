//! The HTTP gateway: a request becomes an API Gateway HTTP API event (payload format 2.0), the function's answer
//! becomes the response. The limits are API Gateway's and Lambda's, so that what is too large or too slow there is
//! refused here too. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use super::deployment::ACCOUNT;
use super::functions::{Functions, InvocationError, Trigger};
use super::mails::percent_decoded;
use super::server::{Answer, Arrived, Asked, NoAnswer, TooLarge, respond_json};
use super::signatures;
use data_encoding::BASE64;
use http_body_util::Full;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The greatest request body, bytes.
pub(crate) const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// The greatest event that Lambda takes, bytes.
const EVENT_LIMIT: usize = 6 * 1024 * 1024;
/// The greatest sum of request line and headers, bytes.
const HEADER_LIMIT: usize = 10_240;
/// The time until the gateway gives up on the function.
const TIMEOUT: Duration = Duration::from_secs(29);

/// The routes and what they lead to.
pub(crate) struct Gateway {
    routes: Vec<Route>,
    functions: Arc<Functions>,
}

struct Route {
    pattern: String,
    function: String,
    /// Only callers who sign their requests reach it.
    identified: bool,
}

impl Gateway {
    pub(crate) fn new(specs: &[super::FunctionSpec], functions: Arc<Functions>) -> Self {
        let mut routes = Vec::new();
        for spec in specs {
            for trigger in &spec.triggers {
                let (pattern, identified) = match trigger {
                    Trigger::Route(pattern) => (pattern.clone(), false),
                    Trigger::IdentifiedRoute(pattern) => (pattern.clone(), true),
                    Trigger::Queue { .. } | Trigger::Every(_) => continue,
                };
                routes.push(Route { pattern, function: spec.name.clone(), identified });
            }
        }
        Self { routes, functions }
    }

    pub(crate) async fn answer(&self, arrived: Arrived) -> Result<Answer, NoAnswer> {
        Ok(match arrived {
            Ok((request, peer)) => self.respond(request, peer).await,
            Err(TooLarge) => message(413, "Request Entity Too Large"),
        })
    }

    async fn respond(&self, request: Asked, peer: SocketAddr) -> Answer {
        let path = request.uri().path().to_owned();
        let matched = self.routes.iter().find_map(|route| Some((route, parameters(&route.pattern, &path)?)));
        let Some((route, parameters)) = matched else { return message(404, "Not Found") };
        if head_bytes(&request) > HEADER_LIMIT {
            return message(431, "Request Header Fields Too Large");
        }
        let mut event = event(&request, peer, &route.pattern, &parameters);
        if route.identified {
            let Some(caller) = signatures::caller(&request) else { return message(403, "Forbidden") };
            event["requestContext"]["authorizer"] = json!({ "iam": { "userArn": caller } });
        }
        let event = event.to_string();
        if event.len() > EVENT_LIMIT {
            return message(413, "Request Entity Too Large");
        }
        let invocation = self.functions.invoke(&route.function, Bytes::from(event));
        match tokio::time::timeout(TIMEOUT, invocation).await {
            Ok(Ok(answer)) => response(&answer).unwrap_or_else(|| message(500, "Internal Server Error")),
            Ok(Err(InvocationError::TimedOut(_) | InvocationError::Stopping)) | Err(_) => {
                message(503, "Service Unavailable")
            }
            Ok(Err(_)) => message(500, "Internal Server Error"),
        }
    }
}

fn message(status: u16, text: &str) -> Answer {
    respond_json(status, &json!({ "message": text }))
}

fn head_bytes(request: &Asked) -> usize {
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    request.uri().to_string().len() + headers
}

/// The values of `{name}` in the pattern, decoded, when the path has its form.
fn parameters(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(want), Some(part)) => {
                match want.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    Some(name) if !part.is_empty() => {
                        found.insert(name.to_owned(), percent_decoded(part));
                    }
                    None if want == part => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

fn event(request: &Asked, peer: SocketAddr, pattern: &str, parameters: &BTreeMap<String, String>) -> Value {
    let (headers, cookies) = headers(request);
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let now = jiff::Timestamp::now();
    let route = format!("ANY {pattern}");
    let host = headers.get("host").cloned().unwrap_or_default();
    let mut event = json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT, "apiId": "local", "domainName": host, "domainPrefix": "local",
            "http": {
                "method": request.method().as_str(), "path": path, "protocol": "HTTP/1.1",
                "sourceIp": peer.ip().to_string(), "userAgent": headers.get("user-agent").cloned().unwrap_or_default(),
            },
            "requestId": super::identifier(), "routeKey": route, "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(), "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = json!(query_parameters(query));
    }
    if !parameters.is_empty() {
        event["pathParameters"] = json!(parameters);
    }
    if !request.body().is_empty() {
        let (body, encoded) = body(request, &headers);
        event["body"] = json!(body);
        event["isBase64Encoded"] = json!(encoded);
    }
    event
}

/// Names in lower case, values of one name joined by commas; cookies apart.
fn headers(request: &Asked) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut headers, mut cookies) = (BTreeMap::<String, String>::new(), Vec::new());
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name == "cookie" {
            cookies.extend(value.split(';').map(|cookie| cookie.trim().to_owned()));
            continue;
        }
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    (headers, cookies)
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
    let mut found = BTreeMap::<String, String>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        found
            .entry(decoded(name))
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&decoded(value));
            })
            .or_insert_with(|| decoded(value));
    }
    found
}

/// The body as a text for the types that API Gateway passes so, else in base64.
fn body(request: &Asked, headers: &BTreeMap<String, String>) -> (String, bool) {
    let kind = headers.get("content-type").map_or("", String::as_str);
    let kind = kind.split(';').next().unwrap_or_default().trim().to_lowercase();
    let textual = kind.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&kind.as_str());
    match std::str::from_utf8(request.body()) {
        Ok(text) if textual && !headers.contains_key("content-encoding") => (text.to_owned(), false),
        _ => (BASE64.encode(request.body()), true),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionAnswer {
    status_code: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The function's answer as a response. An answer without a status is itself the body, with status 200. Nothing when it
/// is malformed.
fn response(answer: &[u8]) -> Option<Answer> {
    let value: Value = serde_json::from_slice(answer).ok()?;
    if value.get("statusCode").is_none() {
        return Some(respond_json(200, &value));
    }
    let answer: FunctionAnswer = serde_json::from_value(value).ok()?;
    let text = answer.body.unwrap_or_default();
    let body =
        if answer.is_base64_encoded { BASE64.decode(text.as_bytes()).ok()? } else { text.into_bytes() };
    let mut response = hyper::Response::builder().status(answer.status_code);
    for (name, value) in &answer.headers {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !name.eq_ignore_ascii_case("content-length") {
            response = response.header(name, value);
        }
    }
    for cookie in answer.cookies {
        response = response.header("set-cookie", cookie);
    }
    response.body(Full::new(Bytes::from(body))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(content_type: &str, body: &[u8]) -> Asked {
        hyper::Request::builder()
            .method("POST")
            .uri("/v1/webhooks/a%20b?x=1&x=2&y=%C3%A6")
            .header("Host", "gateway.local")
            .header("X-Twice", "one")
            .header("X-Twice", "two")
            .header("Cookie", "a=1; b=2")
            .header("Content-Type", content_type)
            .body(Bytes::copy_from_slice(body))
            .expect("a request")
    }

    #[test]
    fn a_request_becomes_an_event_of_payload_format_2() {
        let pattern = "/v1/webhooks/{connection}";
        let request = asked("application/json; charset=utf-8", br#"{"a":1}"#);
        let found = parameters(pattern, request.uri().path()).expect("the route matches");
        let event = event(&request, SocketAddr::from(([127, 0, 0, 1], 9)), pattern, &found);
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["routeKey"], "ANY /v1/webhooks/{connection}");
        assert_eq!(event["rawPath"], "/v1/webhooks/a%20b");
        assert_eq!(event["rawQueryString"], "x=1&x=2&y=%C3%A6");
        assert_eq!(event["queryStringParameters"], json!({ "x": "1,2", "y": "æ" }));
        assert_eq!(event["pathParameters"], json!({ "connection": "a b" }));
        assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(event["headers"]["x-twice"], "one,two");
        assert_eq!(event["body"], r#"{"a":1}"#);
        assert_eq!(event["isBase64Encoded"], false);
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    }

    #[test]
    fn bodies_that_are_not_plain_text_are_in_base64() {
        let cases: [(&str, &[u8], bool); 5] = [
            ("application/json", b"{}", false),
            ("text/csv", b"a,b", false),
            ("application/x-www-form-urlencoded", b"a=b", true),
            ("application/octet-stream", b"{}", true),
            ("application/json", b"{\"a\":\"\xff\"}", true),
        ];
        for (kind, bytes, encoded) in cases {
            let request = asked(kind, bytes);
            let (text, is_encoded) = body(&request, &headers(&request).0);
            assert_eq!(is_encoded, encoded, "{kind}");
            let back =
                if encoded { BASE64.decode(text.as_bytes()).expect("base64") } else { text.into_bytes() };
            assert_eq!(back, bytes, "{kind}");
        }
    }

    #[test]
    fn only_paths_of_the_routes_form_match() {
        for (path, matches) in [
            ("/v1/webhooks/abc", true),
            ("/v1/webhooks/", false),
            ("/v1/webhooks", false),
            ("/v1/webhooks/abc/more", false),
            ("/v2/webhooks/abc", false),
        ] {
            assert_eq!(parameters("/v1/webhooks/{connection}", path).is_some(), matches, "{path}");
        }
    }

    #[test]
    fn the_functions_answer_becomes_the_response() {
        let answer = br#"{"statusCode":202,"headers":{"x-a":"b"},"cookies":["c=d"],"body":"aGVq","isBase64Encoded":true}"#;
        let made = response(answer).expect("a response");
        assert_eq!(made.status(), 202);
        assert_eq!(made.headers()["x-a"], "b");
        assert_eq!(made.headers()["set-cookie"], "c=d");
        assert_eq!(response(b"{\"ok\":true}").expect("a bare answer").status(), 200);
        assert!(response(b"{\"statusCode\":\"no\"}").is_none());
    }
}
