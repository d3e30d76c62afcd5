//! Only the AWS services of the local run, for a conformance tool or a look by hand:
//! `cargo run -p bogbro --example services -- DATA-DIRECTORY ENDPOINT-PORT [PROGRAM]`.
//! With a program, that program is run as a function behind the queue `orders.fifo`.

use bogbro::local::{FunctionSpec, Host, HostConfig, Trigger};
use std::collections::BTreeMap;
use std::time::Duration;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut config = HostConfig::without_functions(arguments.next().unwrap_or_else(|| ".bogbro".into()));
    config.endpoint_port = arguments.next().unwrap_or_else(|| "0".into()).parse()?;
    config.functions.extend(arguments.next().map(|program| FunctionSpec {
        name: "probe".into(),
        command: vec![program],
        triggers: vec![Trigger::Queue { name: "orders.fifo".into(), batch: 5, maximum_concurrency: 2 }],
        timeout: Duration::from_secs(60),
        concurrency: 2,
        environment: BTreeMap::new(),
    }));
    let host = Host::start(config).await?;
    eprintln!("AWS_ENDPOINT_URL={}", host.endpoint_url());
    host.serve().await;
    Ok(())
}
