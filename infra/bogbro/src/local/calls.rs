//! The record of every AWS call: who called, which operation, which permission it would need on AWS, how large, how
//! long. From it come the counts behind the cost figures and the comparison of what functions do with what the
//! template allows them. An observer sees each call first and may have the calling process killed around it.

use super::mails::Parameters;
use super::server::{Asked, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a call would need on AWS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Permission {
    /// The action of a policy, such as `dynamodb:UpdateItem`.
    pub action: String,
    /// The resource, such as `table/bogbro/index/due`, `queue/orders.fifo`, `bucket/bogbro/m/*`, `key/...`,
    /// `identity/bogbro@example.com`.
    pub resource: String,
}

/// What each caller may do: actions, and resources as [`Permission::place`] names them.
pub type Policies = BTreeMap<String, BTreeSet<(String, String)>>;

impl Permission {
    /// The resource as a policy of the template names it, whatever the names of this deployment: `table`,
    /// `table/index/due`, `queue/orders.fifo`, `bucket`, `bucket/m`, `bucket/passing`, `bucket/m/payouts`, `key`, `mail`.
    pub fn place(&self) -> String {
        let mut parts = self.resource.splitn(3, '/');
        match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
            ("table", Some(_), Some(index)) => format!("table/{index}"),
            ("queue", Some(name), _) => format!("queue/{name}"),
            ("bucket", Some(_), Some(objects)) => format!("bucket/{}", objects.replace("/*", "")),
            ("identity", ..) => "mail".to_owned(),
            (kind, ..) => kind.to_owned(),
        }
    }
}

/// A call as the observer sees it, before it is performed.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The function, or the plain access key id of another caller.
    pub caller: &'a str,
    /// The operating system's number of the calling process, when it is one of the host's.
    pub process: Option<u32>,
    /// The operation, such as `dynamodb:TransactWriteItems`.
    pub operation: &'a str,
    /// What it would need on AWS.
    pub permissions: &'a [Permission],
    /// The request's body.
    pub body: &'a [u8],
}

/// What the observer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The call is performed and answered.
    Pass,
    /// The calling process is killed and the call is not performed.
    KillBefore,
    /// The call is performed, then the calling process is killed before it has the answer.
    KillAfter,
}

/// Sees every call. Called on the path of the call, so it must not wait.
pub type Observer = dyn Fn(&Attempt<'_>) -> Verdict + Send + Sync;

/// What calls are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CallKey {
    /// The function, or the plain access key id of another caller.
    pub caller: String,
    /// The operation.
    pub operation: String,
    /// What it would need on AWS.
    pub permissions: Vec<Permission>,
}

/// The calls of one key together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CallCount {
    /// How many.
    pub calls: u64,
    /// How many of them were refused or failed (status 400 and over; failed conditions are among them).
    pub errors: u64,
    /// The requests' body bytes.
    pub request_bytes: u64,
    /// The answers' body bytes.
    pub answer_bytes: u64,
    /// Capacity of the table that the engine says was used, in thousandths of a unit: what on-demand tables are paid by.
    pub table_units: u64,
    /// The time to the answers, milliseconds.
    pub milliseconds: f64,
}

/// All counts since the start of the host.
#[derive(Default)]
pub(crate) struct Calls {
    counts: Mutex<BTreeMap<CallKey, CallCount>>,
}

impl Calls {
    pub(crate) fn add(
        &self,
        key: CallKey,
        status: u16,
        sizes: (usize, usize),
        table_units: u64,
        time: Duration,
    ) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        count.calls += 1;
        count.errors += u64::from(status >= 400);
        count.request_bytes += sizes.0 as u64;
        count.answer_bytes += sizes.1 as u64;
        count.table_units += table_units;
        count.milliseconds += time.as_secs_f64() * 1000.0;
    }

    pub(crate) fn snapshot(&self) -> BTreeMap<CallKey, CallCount> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn clear(&self) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The services of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Table,
    Queues,
    Mails,
    Keys,
    Files,
}

/// A request with what its head tells about it.
#[derive(Debug)]
pub(crate) struct Identified {
    pub(crate) service: Service,
    pub(crate) access_key: String,
    /// The operation without its service: `UpdateItem`.
    pub(crate) name: String,
}

/// Reads service and caller from the signature's scope, the operation from the target, the body or the method.
pub(crate) fn identify(request: &Asked) -> Option<Identified> {
    let authorization = header(request, "authorization").unwrap_or_default();
    let scope = authorization.split_once("Credential=").map(|(_, rest)| rest)?;
    let mut parts = scope.split([',', ' ']).next()?.split('/');
    let access_key = parts.next()?.to_owned();
    let target = header(request, "x-amz-target").unwrap_or_default();
    let targeted = || target.rsplit_once('.').map_or(target, |(_, name)| name).to_owned();
    let (service, name) = match parts.nth(2)? {
        "dynamodb" => (Service::Table, targeted()),
        "sqs" => (Service::Queues, targeted()),
        "kms" => (Service::Keys, targeted()),
        "ses" | "email" => {
            let action = Parameters::read(request.body()).text("Action").unwrap_or_default().to_owned();
            (Service::Mails, action)
        }
        "s3" => (Service::Files, file_operation(request).to_owned()),
        _ => return None,
    };
    Some(Identified { service, access_key, name })
}

impl Identified {
    /// The function that an access key id stands for, or the id itself.
    pub(crate) fn caller(&self) -> &str {
        self.access_key.strip_prefix("local-").unwrap_or(&self.access_key)
    }

    /// The operation with its service: `dynamodb:UpdateItem`.
    pub(crate) fn operation(&self) -> String {
        let service = match self.service {
            Service::Table => "dynamodb",
            Service::Queues => "sqs",
            Service::Mails => "ses",
            Service::Keys => "kms",
            Service::Files => "s3",
        };
        format!("{service}:{}", self.name)
    }

    /// What the request would need on AWS.
    pub(crate) fn permissions(&self, request: &Asked, key_id: &str) -> Vec<Permission> {
        let one = |action: &str, resource: String| vec![Permission { action: action.to_owned(), resource }];
        match self.service {
            Service::Table => table_permissions(&self.name, request.body()),
            Service::Queues => one(&queue_action(&self.name), queue_resource(request.body())),
            Service::Mails => {
                let sender = Parameters::read(request.body()).sender();
                one(&self.operation(), format!("identity/{sender}"))
            }
            Service::Keys => one(&self.operation(), format!("key/{key_id}")),
            Service::Files if of_a_version(request) => one("s3:GetObjectVersion", file_resource(request)),
            Service::Files => one(&file_action(&self.name), file_resource(request)),
        }
    }

    /// What it takes further on AWS to be told that an object is not there: who may not list the bucket is told that it may not be read
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).
    pub(crate) fn permission_to_miss(&self, request: &Asked) -> Option<Permission> {
        let reads =
            self.service == Service::Files && matches!(self.name.as_str(), "GetObject" | "HeadObject");
        let bucket = file_path(request).0;
        reads.then(|| Permission { action: "s3:ListBucket".to_owned(), resource: format!("bucket/{bucket}") })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableRequest<'a> {
    #[serde(borrow)]
    table_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    index_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    transact_items: Option<Vec<BTreeMap<Cow<'a, str>, TableName<'a>>>>,
    #[serde(borrow)]
    request_items: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableName<'a> {
    #[serde(borrow)]
    table_name: Option<Cow<'a, str>>,
}

/// A transaction needs the permission of each of its actions, not one of its own.
fn table_permissions(operation: &str, body: &[u8]) -> Vec<Permission> {
    let Ok(request) = serde_json::from_slice::<TableRequest<'_>>(body) else { return Vec::new() };
    let permission =
        |action: &str, resource: String| Permission { action: format!("dynamodb:{action}"), resource };
    let table = |name: &Option<Cow<'_, str>>| format!("table/{}", name.as_deref().unwrap_or_default());
    let mut found = Vec::new();
    if let Some(name) = &request.table_name {
        let index = request.index_name.as_ref().map(|index| format!("/index/{index}")).unwrap_or_default();
        found.push(permission(operation, format!("table/{name}{index}")));
    }
    for (kind, item) in request.transact_items.iter().flatten().flatten() {
        let action =
            if kind == "ConditionCheck" { "ConditionCheckItem".into() } else { format!("{kind}Item") };
        found.push(permission(&action, table(&item.table_name)));
    }
    for name in request.request_items.iter().flat_map(BTreeMap::keys) {
        found.push(permission(operation, format!("table/{name}")));
    }
    found.sort();
    found.dedup();
    found
}

/// A batch needs the permission of the single operation.
fn queue_action(operation: &str) -> String {
    format!("sqs:{}", operation.strip_suffix("Batch").unwrap_or(operation))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueRequest<'a> {
    #[serde(borrow)]
    queue_url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    queue_name: Option<Cow<'a, str>>,
}

fn queue_resource(body: &[u8]) -> String {
    let request = serde_json::from_slice::<QueueRequest<'_>>(body).ok();
    let named = request.and_then(|request| request.queue_url.or(request.queue_name)).unwrap_or_default();
    format!("queue/{}", named.rsplit('/').next().unwrap_or_default())
}

/// Bucket and key of a path-style address.
fn file_path(request: &Asked) -> (&str, &str) {
    let path = request.uri().path().trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

fn file_operation(request: &Asked) -> &'static str {
    let object = !file_path(request).1.is_empty();
    match (request.method().as_str(), object) {
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("PUT", true) if request.headers().contains_key("x-amz-copy-source") => "CopyObject",
        ("PUT", true) => "PutObject",
        ("DELETE", true) => "DeleteObject",
        ("POST", true) => "MultipartUpload",
        ("GET", false) => "ListObjectsV2",
        ("HEAD", false) => "HeadBucket",
        ("POST", false) => "DeleteObjects",
        _ => "BucketOperation",
    }
}

/// True when one version of an object is read: that has a permission of its own.
fn of_a_version(request: &Asked) -> bool {
    let query = request.uri().query().unwrap_or_default();
    request.method() == "GET" && query.split('&').any(|part| part.starts_with("versionId="))
}

/// The policy action, which for some operations has another name.
fn file_action(operation: &str) -> String {
    let action = match operation {
        "HeadObject" => "GetObject",
        "CopyObject" | "MultipartUpload" => "PutObject",
        "DeleteObjects" => "DeleteObject",
        "ListObjectsV2" | "HeadBucket" => "ListBucket",
        other => other,
    };
    format!("s3:{action}")
}

/// Objects are told apart by what their names begin with: what is kept of merchants, what passes, what was dropped, what was mailed. Of what is kept it
/// is also told what kind is deleted, since most of it may never be.
fn file_resource(request: &Asked) -> String {
    let (bucket, key) = file_path(request);
    let mut parts = key.split('/');
    match (parts.next().unwrap_or_default(), parts.nth(1)) {
        ("", _) if request.method() == "POST" => format!("bucket/{bucket}/*"),
        ("", _) => format!("bucket/{bucket}"),
        ("m", Some(kind)) if request.method() == "DELETE" => format!("bucket/{bucket}/m/*/{kind}/*"),
        (prefix, _) => format!("bucket/{bucket}/{prefix}/*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Bytes;

    fn request(method: &str, path: &str, service: &str, target: &str, body: &str) -> Asked {
        hyper::Request::builder()
            .method(method)
            .uri(path)
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential=local-scheduler/20261123/eu-north-1/{service}/aws4_request, SignedHeaders=host, Signature=0"),
            )
            .header("x-amz-target", target)
            .body(Bytes::from(body.to_owned()))
            .expect("a request")
    }

    #[test]
    fn each_call_names_its_caller_and_the_permissions_that_it_would_need_on_aws() {
        let transaction = r#"{"TransactItems":[{"Put":{"TableName":"bogbro","Item":{}}},
            {"Update":{"TableName":"bogbro"}},{"ConditionCheck":{"TableName":"bogbro"}}]}"#;
        let cases: [(&str, &str, &str, &str, &str, &str); 14] = [
            (
                "POST",
                "/",
                "dynamodb",
                "DynamoDB_20120810.UpdateItem",
                r#"{"TableName":"bogbro"}"#,
                "dynamodb:UpdateItem table/bogbro",
            ),
            (
                "POST",
                "/",
                "dynamodb",
                "DynamoDB_20120810.Query",
                r#"{"TableName":"bogbro","IndexName":"due"}"#,
                "dynamodb:Query table/bogbro/index/due",
            ),
            (
                "POST",
                "/",
                "dynamodb",
                "DynamoDB_20120810.TransactWriteItems",
                transaction,
                "dynamodb:ConditionCheckItem table/bogbro, dynamodb:PutItem table/bogbro, dynamodb:UpdateItem table/bogbro",
            ),
            (
                "POST",
                "/",
                "dynamodb",
                "DynamoDB_20120810.BatchGetItem",
                r#"{"RequestItems":{"bogbro":{"Keys":[]}}}"#,
                "dynamodb:BatchGetItem table/bogbro",
            ),
            (
                "POST",
                "/",
                "sqs",
                "AmazonSQS.SendMessageBatch",
                r#"{"QueueUrl":"http://127.0.0.1:1/0/orders.fifo"}"#,
                "sqs:SendMessage queue/orders.fifo",
            ),
            ("POST", "/", "kms", "TrentService.Decrypt", "{}", "kms:Decrypt key/k"),
            (
                "POST",
                "/",
                "ses",
                "",
                "Action=SendRawEmail&Source=Bogbro+%3CB%40example.com%3E",
                "ses:SendRawEmail identity/b@example.com",
            ),
            ("PUT", "/bogbro/m/a/log/a%20b", "s3", "", "x", "s3:PutObject bucket/bogbro/m/*"),
            ("DELETE", "/bogbro/passing/m/a/x", "s3", "", "", "s3:DeleteObject bucket/bogbro/passing/*"),
            ("DELETE", "/bogbro/m/a/passing/x", "s3", "", "", "s3:DeleteObject bucket/bogbro/m/*/passing/*"),
            ("HEAD", "/bogbro/drop/m/a/x", "s3", "", "", "s3:GetObject bucket/bogbro/drop/*"),
            (
                "GET",
                "/bogbro/drop/m/a/x?versionId=7&x-id=GetObject",
                "s3",
                "",
                "",
                "s3:GetObjectVersion bucket/bogbro/drop/*",
            ),
            (
                "GET",
                "/bogbro/mail/x?versionId=7&x-id=GetObject",
                "s3",
                "",
                "",
                "s3:GetObjectVersion bucket/bogbro/mail/*",
            ),
            ("GET", "/bogbro?list-type=2", "s3", "", "", "s3:ListBucket bucket/bogbro"),
        ];
        for (method, path, service, target, body, expected) in cases {
            let request = request(method, path, service, target, body);
            let identified = identify(&request).expect("a signed request");
            let permissions = identified.permissions(&request, "k");
            let text: Vec<_> =
                permissions.iter().map(|one| format!("{} {}", one.action, one.resource)).collect();
            assert_eq!(text.join(", "), expected);
            assert_eq!(identified.caller(), "scheduler");
        }
    }

    #[test]
    fn a_place_is_the_templates_word_for_a_resource() {
        for (resource, place) in [
            ("table/bogbro", "table"),
            ("table/bogbro/index/due", "table/index/due"),
            ("queue/orders.fifo", "queue/orders.fifo"),
            ("bucket/bogbro", "bucket"),
            ("bucket/bogbro/m/*", "bucket/m"),
            ("bucket/bogbro/m/*/payouts/*", "bucket/m/payouts"),
            ("bucket/bogbro/passing/*", "bucket/passing"),
            ("bucket/bogbro/drop/*", "bucket/drop"),
            ("key/b06b", "key"),
            ("identity/bogbro@example.com", "mail"),
        ] {
            let permission = Permission { action: String::new(), resource: resource.to_owned() };
            assert_eq!(permission.place(), place);
        }
    }

    #[test]
    fn an_unsigned_request_is_nobodys() {
        let request = hyper::Request::builder().uri("/").body(Bytes::new()).expect("a request");
        assert!(identify(&request).is_none());
    }
}
