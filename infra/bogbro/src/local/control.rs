//! What a person or a program can ask the running host: `/_host/health`, `/_host/functions`, `/_host/queues`,
//! `/_host/mails`, `/_host/calls`, all as JSON. The messages themselves are files in the data directory.

use super::endpoint::Endpoint;
use super::server::{Answer, Asked, header, respond_json};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The path under which it answers.
pub(crate) const PATH: &str = "/_host";

/// Answers a request to `/_host/...`.
pub(crate) fn answer(endpoint: &Endpoint, request: &Asked) -> Answer {
    let path = request.uri().path();
    // A page in a browser can be made to reach this port under a name of its own; only this machine's own names count.
    let host = header(request, "host").unwrap_or_default();
    if !["127.0.0.1", "localhost"].contains(&host.split(':').next().unwrap_or_default()) {
        return respond_json(403, &json!({ "message": "ask for 127.0.0.1" }));
    }
    if request.method() != "GET" {
        return respond_json(405, &json!({ "message": "only GET is answered" }));
    }
    match path.strip_prefix(PATH).unwrap_or_default().trim_matches('/') {
        "" | "health" => respond_json(200, &json!({ "status": "ok" })),
        "functions" => respond_json(200, &json!(endpoint.functions.status())),
        "queues" => found(queues(endpoint)),
        "mails" => found(endpoint.mails.list().ok().map(|mails| json!(mails))),
        "calls" => respond_json(200, &calls(endpoint)),
        _ => respond_json(404, &json!({ "message": "there is no such page" })),
    }
}

fn found(body: Option<Value>) -> Answer {
    match body {
        Some(body) => respond_json(200, &body),
        None => respond_json(500, &json!({ "message": "the store cannot be read" })),
    }
}

fn queues(endpoint: &Endpoint) -> Option<Value> {
    let mut depths = BTreeMap::new();
    for name in endpoint.queues.names().ok()? {
        let depth = endpoint.queues.depth(&name).ok()?;
        depths.insert(name, depth);
    }
    Some(json!(depths))
}

fn calls(endpoint: &Endpoint) -> Value {
    let counts = endpoint.calls.snapshot();
    counts.iter().map(|(key, count)| json!({ "call": key, "count": count })).collect()
}
