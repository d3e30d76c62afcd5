//! What a broken call means, shown on real sockets: a server on this machine answers, stays silent, breaks off, or is not
//! there at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use connectors::http::{Method, Request, Transport};
use connectors::manifest::{Authentication, ClientCredentials, Manifest, RateLimit};
use domain::{AgreementId, EffectKey, EntityId, EntityKind, Failure, MerchantId, TransferId};
use platform::transport::{ConnectionTransport, HttpClient, RateBudget, Traffic, base_url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const MANIFEST: Manifest = Manifest {
    system: "test",
    surfaces: &[("main", "")],
    authentication: Authentication::Headers(&[("x-token", "token")]),
    secrets: &["token"],
    rate: RateLimit { units: 100_000, window_seconds: 1, per_day: None, cost_header: Some("x-cost") },
    timeout_seconds: 1,
    response_limit: 1_000,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[],
};

/// A server that answers every connection with these bytes and tells what it was asked; without bytes it stays silent.
async fn server(answer: Option<&'static str>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (told, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let mut request = vec![0_u8; 8_192];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let _ = told.send(String::from_utf8_lossy(&request[..length]).into_owned());
                match answer {
                    Some(answer) => {
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                    None => tokio::time::sleep(std::time::Duration::from_secs(10)).await,
                }
            });
        }
    });
    (address, asked)
}

fn transport(address: &str) -> ConnectionTransport {
    let client = HttpClient::new().expect("a client");
    let secrets = HashMap::from([("token".to_owned(), "secret-canary-123".to_owned().into())]);
    let urls = BTreeMap::from([("main".to_owned(), address.to_owned())]);
    let budget = Arc::new(RateBudget::new(&MANIFEST.rate, Traffic::Live));
    static SHARED: Manifest = MANIFEST;
    ConnectionTransport::new(&client, &SHARED, &urls, &secrets, budget).expect("a transport")
}

fn key() -> EffectKey {
    let transfer = TransferId {
        merchant: MerchantId::new("m"),
        source: "s".to_owned(),
        kind: EntityKind::Order,
        entity: EntityId::new("1"),
    };
    EffectKey::new(&transfer, domain::identity::Effect::Document, 1, &AgreementId::new("1"))
}

/// The failure's kind, of a read and of a write.
async fn kinds(address: &str) -> (String, String) {
    let transport = transport(address);
    let kind = |failure: Failure| match failure {
        Failure::Busy { .. } => "busy".to_owned(),
        Failure::Unknown { .. } => "unknown".to_owned(),
        other => format!("{other:?}"),
    };
    let read = transport.read(Request::get("/orders/1")).await.expect_err("the read fails");
    let write = Request::json(Method::Post, "/orders", "{}".to_owned());
    let write = transport.write(&key(), write).await.expect_err("the write fails");
    for failure in [&read, &write] {
        assert!(!failure.to_string().contains("canary"), "{failure}");
    }
    (kind(read), kind(write))
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_by_a_read_and_unknown_to_a_write() {
    let pair = |read: &str, write: &str| (read.to_owned(), write.to_owned());
    let (silent, _asked) = server(None).await;
    assert_eq!(kinds(&silent).await, pair("busy", "unknown"), "no answer in time");
    let (broken, _asked) = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")).await;
    assert_eq!(kinds(&broken).await, pair("busy", "unknown"), "half an answer");
    let (reset, _asked) = server(Some("")).await;
    assert_eq!(kinds(&reset).await, pair("busy", "unknown"), "no answer at all");
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}", "x".repeat(2_000));
    let (endless, _asked) = server(Some(Box::leak(long.into_boxed_str()))).await;
    assert_eq!(kinds(&endless).await, pair("busy", "unknown"), "too long an answer");
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_applied() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    assert_eq!(kinds(&address).await, ("busy".to_owned(), "busy".to_owned()));
}

#[tokio::test]
async fn credentials_go_along_and_redirects_are_not_followed() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/elsewhere\r\ncontent-length: 0\r\n\r\n";
    let (address, mut asked) = server(Some(answer)).await;
    let transport = transport(&format!("{address}/base"));
    let request = Request::get("/orders/1").query("filter", "a$eq:b c&d").header("x-other", "1");
    let response = transport.read(request).await.expect("an answer");
    assert_eq!(response.status, 302);
    assert_eq!(response.header("location"), Some("http://127.0.0.1:9/elsewhere"));
    let asked = asked.recv().await.expect("it was asked once");
    assert!(asked.starts_with("GET /base/orders/1?filter=a%24eq%3Ab+c%26d HTTP/1.1"), "{asked}");
    assert!(asked.contains("x-token: secret-canary-123") && asked.contains("x-other: 1"), "{asked}");
}

#[tokio::test]
async fn a_path_made_of_foreign_ids_does_not_lead_elsewhere() {
    let (address, mut asked) = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).await;
    let transport = transport(&format!("{address}/base"));
    for path in ["orders", "/../outside", "/orders/../../outside", "/%2e%2e/outside"] {
        let failure = transport.read(Request::get(path)).await.expect_err(path);
        assert!(matches!(failure, Failure::Rejected { .. }), "{path}: {failure:?}");
    }
    assert!(asked.try_recv().is_err(), "nothing was sent");
}

#[test]
fn base_urls_are_https_but_for_this_machine() {
    for (url, good) in [
        ("https://shop.example/wp", true),
        ("http://127.0.0.1:8080", true),
        ("http://[::1]:8080", true),
        ("http://localhost:8080/x", true),
        ("http://shop.example", false),
        ("http://127.0.0.1.evil.example", false),
        ("https://user:pass@shop.example", false),
        ("https://shop.example/?a=b", false),
        ("ftp://shop.example", false),
        ("shop.example", false),
        ("", false),
    ] {
        assert_eq!(base_url("main", url).is_ok(), good, "{url}");
    }
}

#[tokio::test]
async fn a_spent_budget_puts_calls_off_and_says_how_long() {
    let (address, _asked) =
        server(Some("HTTP/1.1 200 OK\r\nx-cost: 9000\r\ncontent-length: 0\r\n\r\n")).await;
    static SMALL: Manifest = Manifest {
        rate: RateLimit { units: 160, window_seconds: 60, per_day: None, cost_header: Some("x-cost") },
        ..MANIFEST
    };
    let client = HttpClient::new().expect("a client");
    let secrets = HashMap::from([("token".to_owned(), "secret-canary-123".to_owned().into())]);
    let urls = BTreeMap::from([("main".to_owned(), address)]);
    let budget = Arc::new(RateBudget::new(&SMALL.rate, Traffic::Live));
    let transport = ConnectionTransport::new(&client, &SMALL, &urls, &secrets, budget).expect("a transport");
    transport.read(Request::get("/1")).await.expect("the budget is full");
    let failure = transport.read(Request::get("/2")).await.expect_err("the first call cost all of it");
    assert!(
        matches!(failure, Failure::Busy { retry_after_ms: Some(wait), .. } if wait > 5_000),
        "{failure:?}"
    );
}

#[tokio::test]
async fn nobody_asks_again_before_the_time_that_the_system_named() {
    let (address, mut asked) =
        server(Some("HTTP/1.1 429 Too Many Requests\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n")).await;
    let transport = transport(&address);
    assert_eq!(transport.read(Request::get("/1")).await.expect("an answer").status, 429);
    for _ in 0..3 {
        let failure = transport.read(Request::get("/2")).await.expect_err("it is silent");
        let long = |wait: u64| (50_000..=60_000).contains(&wait);
        assert!(
            matches!(failure, Failure::Busy { retry_after_ms: Some(wait), .. } if long(wait)),
            "{failure:?}"
        );
    }
    assert!(asked.recv().await.is_some() && asked.try_recv().is_err(), "one call went out");
}

#[test]
fn a_connection_without_its_secret_is_refused_before_any_call() {
    let client = HttpClient::new().expect("a client");
    let urls = BTreeMap::from([("main".to_owned(), "https://shop.example".to_owned())]);
    static SHARED: Manifest = MANIFEST;
    for secrets in [HashMap::new(), HashMap::from([("token".to_owned(), String::new().into())])] {
        let budget = Arc::new(RateBudget::new(&MANIFEST.rate, Traffic::Live));
        assert!(ConnectionTransport::new(&client, &SHARED, &urls, &secrets, budget).is_err());
    }
}

/// A manifest of a system that gives tokens.
static TOKENS: Manifest = Manifest {
    authentication: Authentication::Token(ClientCredentials {
        surface: "main",
        path: "/oauth/token",
        client: "client-id",
        secret: "client-secret",
        parameters: &[("audience", "https://system.example/")],
    }),
    secrets: &["client-id", "client-secret"],
    ..MANIFEST
};

/// A server that answers the n-th question (from 1) for a token, and every other question, as told.
async fn token_server(
    token: fn(usize) -> &'static str,
    other: fn(&str) -> &'static str,
) -> (ConnectionTransport, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (told, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut tokens = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0_u8; 8_192];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let mut request = String::from_utf8_lossy(&request[..length]).into_owned();
            // The form may come behind its headers.
            while request.starts_with("POST /oauth/token ") && !request.contains("grant_type") {
                let mut rest = vec![0_u8; 1_024];
                let length = stream.read(&mut rest).await.unwrap_or(0);
                assert_ne!(length, 0, "a request without its form");
                request.push_str(&String::from_utf8_lossy(&rest[..length]));
            }
            tokens += usize::from(request.starts_with("POST /oauth/token "));
            let body = if request.starts_with("POST") { token(tokens) } else { other(&request) };
            let (status, body) = body.split_once(' ').expect("a status and a body");
            let answer = format!(
                "HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = told.send(request);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let client = HttpClient::new().expect("a client");
    let secrets = [("client-id", "the-client"), ("client-secret", "secret-canary-123")];
    let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned().into())).into();
    let urls = BTreeMap::from([("main".to_owned(), address)]);
    let budget = Arc::new(RateBudget::new(&TOKENS.rate, Traffic::Live));
    let transport = ConnectionTransport::new(&client, &TOKENS, &urls, &secrets, budget).expect("a transport");
    (transport, asked)
}

fn all(asked: &mut mpsc::UnboundedReceiver<String>) -> Vec<String> {
    std::iter::from_fn(|| asked.try_recv().ok()).collect()
}

#[tokio::test]
async fn basic_of_one_secret_leaves_the_other_half_empty_and_no_secret_is_asked_for_it() {
    static USER: Manifest = Manifest { authentication: Authentication::BasicUser("token"), ..MANIFEST };
    static PASSWORD: Manifest =
        Manifest { authentication: Authentication::BasicPassword("token"), ..MANIFEST };
    // Base64 of `secret-canary-123:` and of `:secret-canary-123`.
    for (manifest, header) in [(&USER, "c2VjcmV0LWNhbmFyeS0xMjM6"), (&PASSWORD, "OnNlY3JldC1jYW5hcnktMTIz")] {
        let (address, mut asked) = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")).await;
        let client = HttpClient::new().expect("a client");
        let secrets = HashMap::from([("token".to_owned(), "secret-canary-123".to_owned().into())]);
        let urls = BTreeMap::from([("main".to_owned(), address)]);
        let budget = Arc::new(RateBudget::new(&manifest.rate, Traffic::Live));
        let transport =
            ConnectionTransport::new(&client, manifest, &urls, &secrets, budget).expect("a transport");
        transport.read(Request::get("/a")).await.expect("an answer");
        let request = asked.recv().await.expect("it was asked");
        assert!(request.contains(&format!("authorization: Basic {header}\r\n")), "{request}");
        let none = HashMap::new();
        let budget = Arc::new(RateBudget::new(&manifest.rate, Traffic::Live));
        assert!(ConnectionTransport::new(&client, manifest, &urls, &none, budget).is_err());
    }
}

#[tokio::test]
async fn client_credentials_become_a_token_that_is_used_while_it_holds() {
    let token = |_| r#"200 {"access_token":"token-1","token_type":"Bearer","expires_in":"3600"}"#;
    let (transport, mut asked) = token_server(token, |_| "200 {}").await;
    let both = tokio::join!(transport.read(Request::get("/a")), transport.read(Request::get("/b")));
    assert!(both.0.is_ok() && both.1.is_ok());
    transport.read(Request::get("/c")).await.expect("an answer");
    let asked = all(&mut asked);
    assert_eq!(asked.len(), 4, "one token for three calls: {asked:?}");
    let request = asked[0].to_lowercase();
    // Base64 of `the-client:secret-canary-123`.
    assert!(request.contains("authorization: basic dghllwnsawvuddpzzwnyzxqty2fuyxj5lteymw=="), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded"), "{request}");
    let form = "grant_type=client_credentials&audience=https%3A%2F%2Fsystem.example%2F";
    assert!(asked[0].ends_with(form), "{}", asked[0]);
    for call in &asked[1..] {
        assert!(call.starts_with("GET ") && call.contains("authorization: Bearer token-1"), "{call}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_or_soon_over_is_asked_for_anew() {
    let token = |number| match number {
        1 => r#"200 {"access_token":"token-1","expires_in":3600}"#,
        2 => r#"200 {"access_token":"token-2","expires_in":59}"#,
        _ => r#"200 {"access_token":"token-3"}"#,
    };
    let other = |request: &str| if request.contains("token-1") { "401 {}" } else { "200 {}" };
    let (transport, mut asked) = token_server(token, other).await;
    let mut statuses = Vec::new();
    for path in ["/a", "/b", "/c", "/d"] {
        statuses.push(transport.read(Request::get(path)).await.expect("an answer").status);
    }
    assert_eq!(statuses, [401, 200, 200, 200]);
    let tokens = all(&mut asked).iter().filter(|asked| asked.starts_with("POST /oauth/token ")).count();
    assert_eq!(
        tokens, 4,
        "one that was refused, one of less than a minute, two that say nothing of their time"
    );
}

#[tokio::test]
async fn without_a_token_no_call_is_made_and_none_is_told() {
    for (answer, expected) in [
        ("401 {\"error\":\"invalid_client\"}", "unauthorized"),
        ("400 {\"error\":\"invalid_client\"}", "unauthorized"),
        ("500 {}", "busy"),
        ("200 {\"access_token\":\"secret-canary-1\"", "busy"),
        ("200 {\"access_token\":\"secret-canary-1\\n\",\"expires_in\":3600}", "busy"),
        ("200 {\"access_token\":\"secret-canary-1\",\"expires_in\":\"soon\"}", "busy"),
    ] {
        static ANSWER: std::sync::Mutex<&str> = std::sync::Mutex::new("");
        *ANSWER.lock().expect("not poisoned") = answer;
        let token = |_| *ANSWER.lock().expect("not poisoned");
        let (transport, mut asked) = token_server(token, |_| "200 {}").await;
        let failure = transport.read(Request::get("/a")).await.expect_err(answer);
        let word = match &failure {
            Failure::Unauthorized { .. } => "unauthorized",
            Failure::Busy { .. } => "busy",
            _ => "other",
        };
        assert_eq!(word, expected, "{answer}: {failure:?}");
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        assert_eq!(all(&mut asked).len(), 1, "{answer}: nothing but the token was asked for");
        let write = Request::json(Method::Post, "/orders", "{}".to_owned());
        let failure = transport.write(&key(), write).await.expect_err(answer);
        assert!(!matches!(failure, Failure::Unknown { .. }), "{answer}: the write was not made: {failure:?}");
    }
}
