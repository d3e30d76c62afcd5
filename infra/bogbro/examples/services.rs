//! Only the AWS services of the local run, without functions, for a conformance tool or a look by hand:
//! `cargo run -p bogbro --example services -- DATA-DIRECTORY ENDPOINT-PORT`.

use bogbro::local::{Host, HostConfig};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut config = HostConfig::without_functions(arguments.next().unwrap_or_else(|| ".bogbro".into()));
    config.endpoint_port = arguments.next().unwrap_or_else(|| "0".into()).parse()?;
    let host = Host::start(config).await?;
    eprintln!("AWS_ENDPOINT_URL={}", host.endpoint_url());
    host.serve().await;
    Ok(())
}
