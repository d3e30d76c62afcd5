//! The way out in the simulated world: the sandbox's systems behind the connectors' transport, with what may go wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use connectors::http::{Method, Request, Response, Transport};
use domain::{EffectKey, Failure};
use sandbox::{Delivery, Operation, System, World};

use crate::machine::{Machine, Mishap, Place, lock};

/// What the checks want to know of the outside.
#[derive(Default)]
pub(crate) struct Observed {
    /// Calls that went out: operation and whether it writes.
    pub(crate) sent: Vec<(Operation, bool)>,
    /// Per worker: until when the other side asked it to wait, in the work it does now.
    pub(crate) asked: BTreeMap<usize, i64>,
    pub(crate) violations: Vec<String>,
}

/// A transport to one connection of the simulated world, on behalf of one message.
pub(crate) struct SimulatedTransport {
    pub(crate) machine: Arc<Machine>,
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) observed: Arc<Mutex<Observed>>,
    pub(crate) system: System,
    pub(crate) prefix: String,
    pub(crate) credentials: Vec<(String, String)>,
    pub(crate) timeout_ms: i64,
    pub(crate) response_limit: usize,
}

/// A connector's request as it arrives at the world.
pub(crate) fn sandbox_request(
    prefix: &str,
    credentials: &[(String, String)],
    request: &Request,
) -> sandbox::Request {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let surface = match request.surface.as_str() {
        "rest" => "/rest",
        "openapi" => "/apis",
        _ => "",
    };
    let encode = sandbox::http::encode;
    let query: Vec<String> =
        request.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let target = format!("{}{surface}{}?{}", prefix, request.path, query.join("&"));
    let mut made = sandbox::Request::new(method, &target);
    for (name, value) in credentials.iter().chain(&request.headers) {
        made = made.with_header(name, value);
    }
    if let Some(upload) = &request.upload {
        let (kind, body) = upload.encoded();
        made = made.with_header("Content-Type", &kind).with_body(body);
    } else if let Some(body) = &request.body {
        made = made.with_header("Content-Type", "application/json").with_body(body.clone());
    }
    made
}

impl SimulatedTransport {
    async fn call(&self, request: Request, write: bool) -> Result<Response, Failure> {
        let made = sandbox_request(&self.prefix, &self.credentials, &request);
        let operation = Operation::of(&made);
        let place = Place::Outside(self.system, operation);
        let mishap = self.machine.mishap(place);
        let began = self.machine.now_ms();
        match &mishap {
            Some(Mishap::CrashBefore) => self.machine.crash().await,
            Some(Mishap::FreezeBefore(ms)) => self.machine.sleep(*ms).await,
            _ => {}
        }
        let latency =
            i64::try_from(self.machine.random_of(self.machine.merchant()).below(120)).expect("it fits") + 1;
        self.machine.sleep(latency).await;
        if self.machine.now_ms() > began + self.timeout_ms {
            // A process that was frozen finds its timer run out before it writes to the socket.
            return Err(unanswered(write, "the time limit was over before it was sent"));
        }
        lock(&self.observed).sent.push((operation, write));
        let fault = match &mishap {
            Some(Mishap::Outside(fault)) => Some(fault.clone()),
            _ => None,
        };
        let answer = lock(&self.world).handle_with(self.machine.now(), &made, |_| fault);
        self.machine.note(|| format!("{} {} -> {}", made.method, made.path, words(&answer)));
        self.machine.sleep(latency).await;
        match &mishap {
            Some(Mishap::CrashAfter) => self.machine.crash().await,
            Some(Mishap::FreezeAfter(ms)) => self.machine.sleep(*ms).await,
            _ => {}
        }
        match answer {
            Delivery::Answer(response) => self.answered(response, write),
            Delivery::Timeout => {
                self.machine.sleep(self.timeout_ms).await;
                Err(unanswered(write, "no answer within the time limit"))
            }
            Delivery::Reset => Err(unanswered(write, "the connection was reset")),
        }
    }

    fn answered(&self, response: sandbox::Response, write: bool) -> Result<Response, Failure> {
        if response.body.len() > self.response_limit {
            return Err(unanswered(write, "the answer is too long"));
        }
        if response.status == 429
            && let Some(seconds) = response.header("Retry-After").and_then(|text| text.parse::<i64>().ok())
        {
            let until = self.machine.now_ms() + seconds * 1000;
            lock(&self.observed).asked.insert(self.machine.worker(), until);
        }
        let headers =
            response.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        Ok(Response { status: response.status, headers, body: response.body })
    }
}

fn words(answer: &Delivery) -> String {
    match answer {
        Delivery::Answer(response) => response.status.to_string(),
        Delivery::Timeout => "no answer".to_owned(),
        Delivery::Reset => "reset".to_owned(),
    }
}

fn unanswered(write: bool, message: &str) -> Failure {
    let message = message.to_owned();
    if write { Failure::Unknown { message } } else { Failure::Busy { retry_after_ms: None, message } }
}

#[async_trait]
impl Transport for SimulatedTransport {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.call(request, false).await
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        self.call(request, true).await
    }
}
