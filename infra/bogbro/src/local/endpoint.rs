//! The one endpoint of all AWS services: a request is recognised by its signature's scope, shown to the observer,
//! performed by the engine of its service, counted and answered. Signatures are not verified except by S3's engine: the
//! endpoint listens on the loopback interface only, and the access key id serves to tell the callers apart.

use super::calls::{
    Attempt, CallKey, Calls, Identified, Observer, Permission, Policies, Service, Verdict, identify,
};
use super::capacity;
use super::control;
use super::deployment::KEY_ID;
use super::files::Files;
use super::functions::{Functions, Process};
use super::key_conditions;
use super::keys::Keys;
use super::mails::{Mails, Parameters};
use super::queues::{self, Queues};
use super::runtime_api;
use super::server::{Answer, Arrived, Asked, NoAnswer, header, respond, respond_json, whole};
use super::table::Table;
use http_body_util::Full;
use serde_json::json;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

/// The greatest request body, bytes: an S3 object is the greatest that is sent.
pub(crate) const BODY_LIMIT: usize = 128 * 1024 * 1024;

/// All engines behind the endpoint.
pub(crate) struct Endpoint {
    pub(crate) address: String,
    pub(crate) table: Table,
    pub(crate) queues: Arc<Queues>,
    pub(crate) mails: Mails,
    pub(crate) keys: Keys,
    pub(crate) files: Files,
    pub(crate) functions: Arc<Functions>,
    pub(crate) calls: Calls,
    pub(crate) observer: RwLock<Option<Arc<Observer>>>,
    pub(crate) policies: Policies,
}

impl Endpoint {
    pub(crate) async fn answer(&self, arrived: Arrived) -> Result<Answer, NoAnswer> {
        let Ok((request, _)) = arrived else {
            return Ok(respond_json(413, &json!({ "__type": "RequestEntityTooLarge" })));
        };
        let path = request.uri().path();
        if path.starts_with(runtime_api::PATH) {
            return runtime_api::answer(&self.functions, request).await;
        }
        if path.starts_with(control::PATH) {
            return Ok(control::answer(self, &request));
        }
        let Some(identified) = identify(&request) else {
            let body = json!({
                "__type": "MissingAuthenticationTokenException",
                "message": "the request is not signed for a service of the local run",
            });
            return Ok(respond_json(400, &body));
        };
        self.call(identified, request).await
    }

    async fn call(&self, identified: Identified, request: Asked) -> Result<Answer, NoAnswer> {
        let process = match self.calling_process(&request) {
            Ok(process) => process,
            Err(SessionEnded) => {
                let body =
                    json!({ "__type": "ExpiredTokenException", "message": "no process has this session" });
                return Ok(respond_json(403, &body));
            }
        };
        let permissions = identified.permissions(&request, KEY_ID);
        let mut key = CallKey {
            caller: identified.caller().to_owned(),
            operation: identified.operation(),
            permissions,
        };
        let verdict = self.observe(&key, process.as_deref(), request.body());
        if verdict == Verdict::KillBefore {
            return killed(process).await;
        }
        if let Some(denied) = key.permissions.iter().find(|permission| !self.may(&key.caller, permission)) {
            return Ok(refusal(&identified, &key.caller, denied));
        }
        let (started, request_bytes) = (Instant::now(), request.body().len());
        let missing = identified.permission_to_miss(&request);
        let answer = self.perform(&identified, request).await?;
        let (head, body) = answer.into_parts();
        if let Some(missing) = missing.filter(|_| head.status.as_u16() == 404) {
            if !self.may(&key.caller, &missing) {
                return Ok(refusal(&identified, &key.caller, &missing));
            }
            key.permissions.push(missing);
        }
        let body = whole(body).await;
        let units = if identified.service == Service::Table { capacity::used(&body) } else { 0 };
        self.calls.add(key, head.status.as_u16(), (request_bytes, body.len()), units, started.elapsed());
        if verdict == Verdict::KillAfter {
            return killed(process).await;
        }
        Ok(hyper::Response::from_parts(head, Full::new(body)))
    }

    fn may(&self, caller: &str, permission: &Permission) -> bool {
        let wanted = (permission.action.clone(), permission.place());
        self.policies.get(caller).is_none_or(|policy| policy.contains(&wanted))
    }

    /// The process whose session token the request carries. A token of a process that is gone is refused, as expired
    /// credentials are: a child of a host that was killed has no say any more.
    fn calling_process(&self, request: &Asked) -> Result<Option<Arc<Process>>, SessionEnded> {
        let Some(token) = header(request, "x-amz-security-token") else { return Ok(None) };
        self.functions.process(token).map(Some).ok_or(SessionEnded)
    }

    fn observe(&self, key: &CallKey, process: Option<&Process>, body: &[u8]) -> Verdict {
        let observer = self.observer.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(observer) = observer else { return Verdict::Pass };
        observer(&Attempt {
            caller: &key.caller,
            process: process.map(Process::number),
            operation: &key.operation,
            permissions: &key.permissions,
            body,
        })
    }

    async fn perform(&self, identified: &Identified, request: Asked) -> Result<Answer, NoAnswer> {
        match identified.service {
            Service::Table => {
                if let Some(refusal) = key_conditions::refusal(&identified.name, request.body()) {
                    return Ok(refusal);
                }
                let request = capacity::asked_for(&identified.name, request);
                self.table.forward(request).await.map_err(|error| {
                    tracing::error!(%error, "the table engine");
                    NoAnswer
                })
            }
            Service::Files => self.files.answer(request).await.ok_or(NoAnswer),
            Service::Queues => Ok(self.queue(&identified.name, request.body()).await),
            Service::Mails => Ok(match self.mails.answer(&Parameters::read(request.body())) {
                Ok(body) => respond(200, "text/xml", body),
                Err(error) => {
                    let (status, body) = error.answer();
                    respond(status, "text/xml", body)
                }
            }),
            Service::Keys => Ok(match self.keys.answer(&identified.name, request.body()) {
                Ok(body) => respond(200, "application/x-amz-json-1.1", body.to_string()),
                Err(error) => respond(400, "application/x-amz-json-1.1", error.body().to_string()),
            }),
        }
    }

    async fn queue(&self, operation: &str, body: &[u8]) -> Answer {
        const JSON: &str = "application/x-amz-json-1.0";
        match queues::answer(&self.queues, operation, body, &self.address).await {
            Ok(body) => respond(200, JSON, body.to_string()),
            Err(refusal) => {
                let mut answer = respond(refusal.status, JSON, refusal.body.to_string());
                if let Ok(value) = refusal.query_error.parse() {
                    answer.headers_mut().insert("x-amzn-query-error", value);
                }
                answer
            }
        }
    }
}

/// The process of a session token is gone.
struct SessionEnded;

/// Kills the caller and drops its connection.
async fn killed(process: Option<Arc<Process>>) -> Result<Answer, NoAnswer> {
    if let Some(process) = process {
        process.kill().await;
    }
    Err(NoAnswer)
}

/// What AWS answers where no policy allows what is asked for.
fn refusal(identified: &Identified, caller: &str, denied: &Permission) -> Answer {
    let message = format!("{caller} is not authorized to perform {} on {}", denied.action, denied.resource);
    tracing::error!(%message, "no policy allows it");
    let error = format!("<Code>AccessDenied</Code><Message>{message}</Message>");
    match identified.service {
        Service::Files => respond(403, "application/xml", format!("<Error>{error}</Error>")),
        Service::Mails => {
            let error = format!("<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>");
            respond(403, "text/xml", error)
        }
        _ => respond_json(400, &json!({ "__type": "AccessDeniedException", "message": message })),
    }
}
