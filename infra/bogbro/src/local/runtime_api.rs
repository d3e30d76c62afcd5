//! The Lambda Runtime API, under a path of its own per process, so that the host knows who asks: a process is given
//! the next invocation when it asks for it and posts its response or its error.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use super::deployment::{ACCOUNT, REGION};
use super::functions::{Functions, Invocation, InvocationError, Process};
use super::server::{Answer, Asked, NoAnswer, header, respond, respond_json};
use http_body_util::Full;
use serde_json::{Value, json};

/// The path under which the processes find the API.
pub(crate) const PATH: &str = "/_runtime";

/// Answers a request to `/_runtime/{process}/2018-06-01/...`.
pub(crate) async fn answer(functions: &Functions, request: Asked) -> Result<Answer, NoAnswer> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let Some(process) = parts.first().and_then(|key| functions.process(key)) else {
        return Ok(refused(403, "UnknownProcess", "no process of this host has that key"));
    };
    match parts.get(1..).unwrap_or_default() {
        ["2018-06-01", "runtime", "invocation", "next"] => next(&process).await,
        ["2018-06-01", "runtime", "invocation", id, "response"] => {
            Ok(accepted(process.finish(id, Ok(request.into_body()))))
        }
        ["2018-06-01", "runtime", "invocation", id, "error"] => {
            Ok(accepted(process.finish(id, Err(reported(&request)))))
        }
        ["2018-06-01", "runtime", "init", "error"] => {
            process.fail(reported(&request));
            Ok(accepted(true))
        }
        _ => Ok(refused(404, "UnknownPath", "the Runtime API has no such path")),
    }
}

async fn next(process: &Process) -> Result<Answer, NoAnswer> {
    let invocation = process.next().await.ok_or(NoAnswer)?;
    handed_over(invocation).ok_or(NoAnswer)
}

fn handed_over(invocation: Invocation) -> Option<Answer> {
    hyper::Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", invocation.id)
        .header("lambda-runtime-deadline-ms", invocation.deadline)
        .header(
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", invocation.function),
        )
        .header("lambda-runtime-trace-id", invocation.trace)
        .body(Full::new(invocation.payload))
        .ok()
}

fn accepted(known: bool) -> Answer {
    if known {
        respond(202, "application/json", "{\"status\":\"OK\"}")
    } else {
        refused(400, "InvalidRequestID", "Invalid request ID")
    }
}

fn refused(status: u16, kind: &str, message: &str) -> Answer {
    respond_json(status, &json!({ "errorType": kind, "errorMessage": message }))
}

fn reported(request: &Asked) -> InvocationError {
    let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut kind = text("errorType");
    if kind.is_empty() {
        kind = header(request, "lambda-runtime-function-error-type").unwrap_or("Unhandled").to_owned();
    }
    InvocationError::Reported { kind, message: text("errorMessage") }
}
