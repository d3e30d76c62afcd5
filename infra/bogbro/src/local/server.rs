//! HTTP/1.1 serving on loopback listeners, the same for every listener of the host: whole bodies in (bounded), whole
//! bodies out, and a handler that may drop the connection without an answer, as a process that was killed would see.

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A whole request.
pub(crate) type Asked = Request<Bytes>;
/// A whole answer.
pub(crate) type Answer = Response<Full<Bytes>>;

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer is given")]
pub(crate) struct NoAnswer;

/// The body is longer than the listener takes.
#[derive(Debug)]
pub(crate) struct TooLarge;

/// What a handler is given: the whole request and the caller's address.
pub(crate) type Arrived = Result<(Asked, SocketAddr), TooLarge>;

/// Binds a loopback port; 0 takes any free one.
pub(crate) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves until the task is aborted; the connections end with it.
pub(crate) async fn serve<F, Fut>(listener: TcpListener, body_limit: usize, handler: F)
where
    F: Fn(Arrived) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, NoAnswer>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, for example: waiting is all that can help.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let handler = handler.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, peer, body_limit, handler.clone()));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(300))
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

async fn answer<F, Fut>(
    request: Request<Incoming>,
    peer: SocketAddr,
    body_limit: usize,
    handler: F,
) -> Result<Answer, NoAnswer>
where
    F: Fn(Arrived) -> Fut,
    Fut: Future<Output = Result<Answer, NoAnswer>>,
{
    let (head, body) = request.into_parts();
    let announced =
        head.headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > body_limit) {
        // Read past, within bounds: a caller that is still writing would see a reset instead of the answer.
        let _ = tokio::time::timeout(Duration::from_secs(10), discard(body, body_limit * 4)).await;
        return handler(Err(TooLarge)).await;
    }
    match Limited::new(body, body_limit).collect().await {
        Ok(body) => handler(Ok((Request::from_parts(head, body.to_bytes()), peer))).await,
        Err(error) if error.is::<LengthLimitError>() => handler(Err(TooLarge)).await,
        Err(_) => Err(NoAnswer),
    }
}

async fn discard(mut body: Incoming, most: usize) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, Bytes::len);
        if seen > most {
            return;
        }
    }
}

/// An answer of this status, type and body.
pub(crate) fn respond(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = content_type.parse() {
        answer.headers_mut().insert("content-type", value);
    }
    answer
}

/// A JSON answer.
pub(crate) fn respond_json(status: u16, body: &serde_json::Value) -> Answer {
    respond(status, "application/json", body.to_string())
}

/// A header's text, or nothing.
pub(crate) fn header<'a, B>(request: &'a Request<B>, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The body of an answer that is always at hand.
pub(crate) async fn whole(body: Full<Bytes>) -> Bytes {
    let collected: Result<_, Infallible> = body.collect().await;
    match collected {
        Ok(collected) => collected.to_bytes(),
        Err(never) => match never {},
    }
}
