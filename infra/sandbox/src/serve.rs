//! The world behind a real socket, for the local run: the one place in this crate with a network and a clock.
//!
//! Built on hyper itself rather than on a router, because a fault must be able to stay silent or to break the connection
//! without an answer.

use crate::economic::LEGACY;
use crate::faults::Delivery;
use crate::http::{Request, Response};
use crate::world::World;
use axum::body::{Body, to_bytes};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;

/// The largest request body that is read.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// How the server behaves where the stand-ins leave it open.
#[derive(Clone, Debug)]
pub struct Serving {
    /// How long a timed-out request is left without an answer before the connection is dropped.
    pub silence: Duration,
    /// The clock.
    pub clock: fn() -> Timestamp,
}

impl Default for Serving {
    fn default() -> Serving {
        Serving { silence: Duration::from_secs(120), clock: Timestamp::now }
    }
}

/// Serves the world until the future is dropped. Failures of single connections end those only.
pub async fn serve(listener: TcpListener, world: Arc<Mutex<World>>) -> std::io::Result<()> {
    serve_with(listener, world, Serving::default()).await
}

/// [`serve`] with its own clock and patience.
pub async fn serve_with(
    listener: TcpListener,
    world: Arc<Mutex<World>>,
    serving: Serving,
) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let (world, serving) = (Arc::clone(&world), serving.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&world), serving.clone()));
            // A client that goes away, or a fault that breaks the connection, is nothing to report.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Why a connection is dropped without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

async fn answer(
    request: hyper::Request<Incoming>,
    world: Arc<Mutex<World>>,
    serving: Serving,
) -> Result<hyper::Response<Body>, Dropped> {
    let request = read(request).await?;
    let now = (serving.clock)();
    let delivery = {
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        if request.path.starts_with("/_sandbox") {
            Delivery::Answer(world.control(now, &request))
        } else {
            world.handle(now, &request)
        }
    };
    match delivery {
        Delivery::Answer(response) => write(with_own_links(response, &request)),
        Delivery::Reset => Err(Dropped),
        Delivery::Timeout => {
            tokio::time::sleep(serving.silence).await;
            Err(Dropped)
        }
    }
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, Dropped> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), MAX_BODY).await.map_err(|_| Dropped)?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut plain = Request::new(parts.method.as_str(), target).with_body(body.to_vec());
    for (name, value) in &parts.headers {
        plain.headers.push((name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    }
    Ok(plain)
}

fn write(response: Response) -> Result<hyper::Response<Body>, Dropped> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(response.body)).map_err(|_| Dropped)
}

/// Links in answers point at the vendor; served locally they must point here.
fn with_own_links(response: Response, request: &Request) -> Response {
    let (Some(host), true) = (request.header("host"), request.path.starts_with("/economic/rest")) else {
        return response;
    };
    let Ok(text) = std::str::from_utf8(&response.body) else { return response };
    if !text.contains(LEGACY) {
        return response;
    }
    let own = format!("http://{host}/economic/rest");
    let headers =
        response.headers.iter().map(|(name, value)| (name.clone(), value.replace(LEGACY, &own))).collect();
    Response { body: text.replace(LEGACY, &own).into_bytes(), headers, ..response }
}
