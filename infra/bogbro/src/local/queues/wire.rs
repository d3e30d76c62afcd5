//! The wire protocol of SQS (awsJson1.0): `X-Amz-Target: AmazonSQS.Operation`, a JSON body, and on refusal a JSON error
//! with the older query error code in a header, because that is the code the SDK shows.

use super::digest::{attributes_md5, md5_hex};
use super::{MAXIMUM_BYTES, MessageAttribute, NewMessage, QueueError, Queues, Receive, Received, Sent};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A refusal as it goes over the wire.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The value of `x-amzn-query-error`: code;fault.
    pub(crate) query_error: String,
    /// The JSON body.
    pub(crate) body: Value,
}

impl QueueError {
    /// The code of the JSON protocol and that of the query protocol.
    fn codes(&self) -> (&'static str, &'static str) {
        match self {
            Self::QueueDoesNotExist => ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            Self::QueueNameExists(_) => ("QueueNameExists", "QueueAlreadyExists"),
            Self::InvalidParameterValue(_) => ("InvalidParameterValueException", "InvalidParameterValue"),
            Self::MissingParameter(_) => ("MissingRequiredParameterException", "MissingParameter"),
            Self::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents"),
            Self::EmptyBatchRequest => ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
            Self::TooManyEntriesInBatchRequest(_) => {
                ("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
            }
            Self::BatchEntryIdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            Self::BatchRequestTooLong => {
                ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            Self::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::MessageNotInflight => ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
            Self::UnsupportedOperation(_) => {
                ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation")
            }
            Self::Store(_) => ("InternalError", "InternalError"),
        }
    }

    fn sender_fault(&self) -> bool {
        !matches!(self, Self::Store(_))
    }

    fn refusal(&self) -> Refusal {
        let (code, query_code) = self.codes();
        let (status, fault) = if self.sender_fault() { (400, "Sender") } else { (500, "Receiver") };
        Refusal {
            status,
            query_error: format!("{query_code};{fault}"),
            body: json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": self.to_string() }),
        }
    }
}

/// Answers an SQS request. `endpoint` is the base of the queue addresses, without a trailing slash.
pub(crate) async fn answer(
    queues: &Queues,
    operation: &str,
    body: &[u8],
    endpoint: &str,
) -> Result<Value, Refusal> {
    let request = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => Request { fields },
        _ => {
            let error = QueueError::InvalidParameterValue("The request body is not a JSON object.".into());
            return Err(error.refusal());
        }
    };
    perform(queues, operation, &request, endpoint).await.map_err(|error| error.refusal())
}

async fn perform(
    queues: &Queues,
    operation: &str,
    request: &Request,
    endpoint: &str,
) -> Result<Value, QueueError> {
    match operation {
        "SendMessage" => Ok(sent(&queues.send(request.queue()?, &request.message()?)?)),
        "SendMessageBatch" => send_batch(queues, request),
        "ReceiveMessage" => receive(queues, request).await,
        "DeleteMessage" => {
            queues.delete(request.queue()?, request.required("ReceiptHandle")?).map(|()| json!({}))
        }
        "DeleteMessageBatch" => batch(request, |entry| {
            queues.delete(request.queue()?, entry.required("ReceiptHandle")?).map(|()| json!({}))
        }),
        "ChangeMessageVisibility" => change_visibility(queues, request, request).map(|()| json!({})),
        "ChangeMessageVisibilityBatch" => {
            batch(request, |entry| change_visibility(queues, request, entry).map(|()| json!({})))
        }
        "GetQueueUrl" => {
            let name = request.required("QueueName")?;
            queues.attributes(name)?;
            Ok(json!({ "QueueUrl": address(endpoint, name) }))
        }
        "GetQueueAttributes" => attributes(queues, request),
        "SetQueueAttributes" => {
            queues.set_attributes(request.queue()?, &request.texts("Attributes")).map(|()| json!({}))
        }
        "CreateQueue" => {
            let name = request.required("QueueName")?;
            queues.create(name, &request.texts("Attributes"))?;
            Ok(json!({ "QueueUrl": address(endpoint, name) }))
        }
        "ListQueues" => {
            let prefix = request.text("QueueNamePrefix").unwrap_or("");
            let names = queues.names()?;
            let found = names.iter().filter(|name| name.starts_with(prefix));
            Ok(json!({ "QueueUrls": found.map(|name| address(endpoint, name)).collect::<Vec<_>>() }))
        }
        "DeleteQueue" => queues.delete_queue(request.queue()?).map(|()| json!({})),
        "PurgeQueue" => queues.purge(request.queue()?).map(|()| json!({})),
        "StartMessageMoveTask" => {
            let source = request.required("SourceArn")?;
            queues.redrive(source.rsplit(':').next().unwrap_or(source))?;
            Ok(json!({ "TaskHandle": crate::local::identifier() }))
        }
        _ => Err(QueueError::UnsupportedOperation(operation.to_owned())),
    }
}

fn address(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/{}/{queue}", crate::local::deployment::ACCOUNT)
}

fn sent(sent: &Sent) -> Value {
    let mut answer = json!({ "MessageId": sent.id, "MD5OfMessageBody": sent.body_md5 });
    if let Some(sequence) = &sent.sequence {
        answer["SequenceNumber"] = json!(sequence);
    }
    if let Some(md5) = &sent.attributes_md5 {
        answer["MD5OfMessageAttributes"] = json!(md5);
    }
    answer
}

fn change_visibility(queues: &Queues, request: &Request, entry: &Request) -> Result<(), QueueError> {
    let seconds =
        entry.number("VisibilityTimeout").ok_or(QueueError::MissingParameter("VisibilityTimeout"))?;
    queues.change_visibility(request.queue()?, entry.required("ReceiptHandle")?, seconds)
}

/// The entries of a batch request, after the checks that refuse the whole batch.
fn entries(request: &Request) -> Result<Vec<Request>, QueueError> {
    let listed = request.fields.get("Entries").and_then(Value::as_array).cloned().unwrap_or_default();
    if listed.is_empty() {
        return Err(QueueError::EmptyBatchRequest);
    }
    if listed.len() > 10 {
        return Err(QueueError::TooManyEntriesInBatchRequest(listed.len()));
    }
    let mut seen = BTreeSet::new();
    let mut entries = Vec::new();
    for entry in listed {
        let entry = Request { fields: entry.as_object().cloned().unwrap_or_default() };
        let id = entry.required("Id")?.to_owned();
        if !seen.insert(id.clone()) {
            return Err(QueueError::BatchEntryIdsNotDistinct(id));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn batch(
    request: &Request,
    each: impl Fn(&Request) -> Result<Value, QueueError>,
) -> Result<Value, QueueError> {
    let entries = entries(request)?;
    let outcomes = entries.iter().map(&each).collect::<Vec<_>>();
    Ok(batch_answer(&entries, outcomes))
}

fn batch_answer(entries: &[Request], outcomes: Vec<Result<Value, QueueError>>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (entry, outcome) in entries.iter().zip(outcomes) {
        let id = entry.text("Id").unwrap_or_default();
        match outcome {
            Ok(mut value) => {
                value["Id"] = json!(id);
                successful.push(value);
            }
            Err(error) => failed.push(json!({
                "Id": id, "Code": error.codes().1, "Message": error.to_string(), "SenderFault": error.sender_fault(),
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

fn send_batch(queues: &Queues, request: &Request) -> Result<Value, QueueError> {
    let entries = entries(request)?;
    let bytes: usize = entries.iter().filter_map(|entry| entry.text("MessageBody")).map(str::len).sum();
    if bytes > MAXIMUM_BYTES {
        return Err(QueueError::BatchRequestTooLong);
    }
    let messages = entries.iter().map(Request::message).collect::<Result<Vec<_>, _>>()?;
    let outcomes = queues.send_all(request.queue()?, &messages)?;
    Ok(batch_answer(
        &entries,
        outcomes.into_iter().map(|outcome| outcome.map(|value| sent(&value))).collect(),
    ))
}

async fn receive(queues: &Queues, request: &Request) -> Result<Value, QueueError> {
    let maximum = request.number("MaxNumberOfMessages").unwrap_or(1);
    let wait = request.number("WaitTimeSeconds").unwrap_or(0);
    if !(1..=10).contains(&maximum) || !(0..=20).contains(&wait) {
        return Err(QueueError::InvalidParameterValue(
            "MaxNumberOfMessages must be between 1 and 10, WaitTimeSeconds between 0 and 20.".into(),
        ));
    }
    let seconds = |value: i64| Duration::from_secs(value.unsigned_abs());
    let how = Receive {
        maximum: usize::try_from(maximum).unwrap_or(1),
        wait: seconds(wait),
        visibility: request.number("VisibilityTimeout").map(seconds),
        maximum_bytes: usize::MAX,
        for_delivery: false,
    };
    let messages = queues.receive(request.queue()?, how).await?;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({ "Messages": messages.iter().map(|message| received(request, message)).collect::<Vec<_>>() }))
}

fn received(request: &Request, message: &Received) -> Value {
    let mut answer = json!({
        "MessageId": message.id, "ReceiptHandle": message.receipt, "Body": message.body,
        "MD5OfBody": md5_hex(message.body.as_bytes()),
    });
    let mut asked = request.list("MessageSystemAttributeNames");
    asked.extend(request.list("AttributeNames"));
    let system: BTreeMap<_, _> = message
        .system
        .iter()
        .filter(|(name, _)| asked.iter().any(|want| want == "All" || want == *name))
        .collect();
    if !system.is_empty() {
        answer["Attributes"] = json!(system);
    }
    let asked = request.list("MessageAttributeNames");
    let wanted = |name: &str| {
        asked.iter().any(|want| {
            want == "All"
                || want == name
                || want.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    };
    let attributes: BTreeMap<String, MessageAttribute> = message
        .attributes
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if let Some(md5) = attributes_md5(&attributes) {
        answer["MD5OfMessageAttributes"] = json!(md5);
        answer["MessageAttributes"] = json!(attributes);
    }
    answer
}

fn attributes(queues: &Queues, request: &Request) -> Result<Value, QueueError> {
    let asked = request.list("AttributeNames");
    let all = queues.attributes(request.queue()?)?;
    let wanted: BTreeMap<_, _> =
        all.iter().filter(|(name, _)| asked.iter().any(|want| want == "All" || want == *name)).collect();
    Ok(json!({ "Attributes": wanted }))
}

/// A request's fields, or those of one entry of a batch.
struct Request {
    fields: Map<String, Value>,
}

impl Request {
    fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }
    fn required(&self, name: &'static str) -> Result<&str, QueueError> {
        self.text(name).ok_or(QueueError::MissingParameter(name))
    }
    fn number(&self, name: &str) -> Option<i64> {
        self.fields.get(name).and_then(Value::as_i64)
    }
    fn list(&self, name: &str) -> Vec<String> {
        let listed = self.fields.get(name).and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
    fn texts(&self, name: &str) -> BTreeMap<String, String> {
        let fields = self.fields.get(name).and_then(Value::as_object);
        let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
        fields.into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
    }
    /// The queue's name: the last part of its address.
    fn queue(&self) -> Result<&str, QueueError> {
        let address = self.required("QueueUrl")?;
        Ok(address.rsplit('/').next().unwrap_or(address))
    }
    fn message(&self) -> Result<NewMessage, QueueError> {
        let attributes = self.fields.get("MessageAttributes").cloned().unwrap_or_else(|| json!({}));
        let attributes = serde_json::from_value(attributes)
            .map_err(|error| QueueError::InvalidParameterValue(format!("MessageAttributes: {error}")))?;
        let trace = self.fields.get("MessageSystemAttributes").and_then(|all| all.get("AWSTraceHeader"));
        Ok(NewMessage {
            body: self.required("MessageBody")?.to_owned(),
            attributes,
            group: self.text("MessageGroupId").map(str::to_owned),
            deduplication: self.text("MessageDeduplicationId").map(str::to_owned),
            delay: self.number("DelaySeconds"),
            trace: trace
                .and_then(|trace| trace.get("StringValue"))
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}
