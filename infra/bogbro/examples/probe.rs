//! A function for the tests of the local run. It does what the message, the request's path or the event says: answer,
//! fail, crash, hang, write to the table. What it handled it writes as lines to the file that `PROBE_LINES` names.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use std::io::Write;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        return handle_batch(records).await;
    }
    if let Some(path) = event.get("rawPath").and_then(Value::as_str) {
        perform(path.rsplit('/').next().unwrap_or_default(), "request").await?;
        let body = json!({ "event": event, "function": context.env_config.function_name }).to_string();
        return Ok(json!({ "statusCode": 202, "headers": { "x-probe": "yes" }, "body": body }));
    }
    line(&format!("event {}", event.get("source").and_then(Value::as_str).unwrap_or("none")))?;
    perform(event.get("do").and_then(Value::as_str).unwrap_or("echo"), "event").await?;
    Ok(event)
}

/// Stops at the first failure and reports it and everything behind it, as a FIFO consumer must.
async fn handle_batch(records: &[Value]) -> Result<Value, Error> {
    let text = |record: &Value, pointer: &str| {
        record.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    for (position, record) in records.iter().enumerate() {
        let body = text(record, "/body");
        let count = text(record, "/attributes/ApproximateReceiveCount");
        let group = text(record, "/attributes/MessageGroupId");
        line(&format!("{group} {body} {count}"))?;
        let (what, until) = body
            .split_once('-')
            .map_or((body.as_str(), 0), |(what, until)| (what, until.parse::<u32>().unwrap_or(0)));
        if count.parse::<u32>().unwrap_or(0) > until {
            continue;
        }
        if perform(what, &body).await.is_err() {
            let failed: Vec<_> =
                records.iter().skip(position).map(|record| text(record, "/messageId")).collect();
            let failures: Vec<_> = failed.iter().map(|id| json!({ "itemIdentifier": id })).collect();
            return Ok(json!({ "batchItemFailures": failures }));
        }
    }
    Ok(json!({ "batchItemFailures": [] }))
}

async fn perform(what: &str, key: &str) -> Result<(), Error> {
    match what {
        "crash" => std::process::abort(),
        "hang" => {
            line("hanging")?;
            std::thread::sleep(std::time::Duration::from_secs(3600));
        }
        "slow" => tokio::time::sleep(std::time::Duration::from_millis(15)).await,
        "fail" => return Err("told to fail".into()),
        "loud" => eprintln!("a line of the probe"),
        "put" => put(key).await?,
        _ => {}
    }
    Ok(())
}

async fn put(key: &str) -> Result<(), Error> {
    let configuration = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let table = aws_sdk_dynamodb::Client::new(&configuration);
    table
        .put_item()
        .table_name(std::env::var("BOGBRO_TABLE")?)
        .item("pk", AttributeValue::S(key.to_owned()))
        .item("sk", AttributeValue::S("probe".into()))
        .send()
        .await?;
    line("put")?;
    Ok(())
}

fn line(text: &str) -> Result<(), Error> {
    let Ok(path) = std::env::var("PROBE_LINES") else { return Ok(()) };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{text}\n").as_bytes())?;
    Ok(())
}
