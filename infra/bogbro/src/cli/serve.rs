//! `bogbro serve`: the whole of Bogbro on one machine, with a demo merchant to look at.

use std::path::Path;

use anyhow::Context;
use clap::Args;
use platform::operations::Operations;

use super::demo::{Demo, MERCHANT};
use super::environment_file;
use super::show::Printer;
use crate::local::{Host, HostConfig};

/// Where things listen, and whether the demo is played.
#[derive(Args)]
pub(super) struct ServeArguments {
    /// Port of the webhooks' gateway; 0 takes any free one.
    #[arg(long, default_value_t = 7070)]
    port: u16,
    /// Port of the AWS services; 0 takes any free one.
    #[arg(long, default_value_t = 7071)]
    aws_port: u16,
    /// Port of the stand-ins for shops and accounting; 0 takes any free one.
    #[arg(long, default_value_t = 7072)]
    sandbox_port: u16,
    /// Start neither the stand-ins nor the demo merchant.
    #[arg(long)]
    no_demo: bool,
    /// Stop when the demo's orders have come to rest.
    #[arg(long, conflicts_with = "no_demo")]
    once: bool,
    /// Show the functions' own log lines.
    #[arg(long)]
    echo: bool,
}

impl Default for ServeArguments {
    fn default() -> Self {
        Self { port: 7070, aws_port: 7071, sandbox_port: 7072, no_demo: false, once: false, echo: false }
    }
}

/// Serves until it is interrupted.
pub(super) async fn serve(data: &Path, arguments: &ServeArguments, printer: &Printer) -> anyhow::Result<()> {
    if arguments.echo {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    }
    let mut config = HostConfig::new(data)?;
    config.gateway_port = arguments.port;
    config.endpoint_port = arguments.aws_port;
    config.echo = arguments.echo;
    let host = Host::start(config).await?;
    let variables = host.environment("operator");
    let file = environment_file(host.data());
    std::fs::write(&file, serde_json::to_vec_pretty(&variables)?)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    printer.remark(&format!("webhooks:  {}/v1/webhooks/{{connection}}", host.gateway_url()))?;
    printer.remark(&format!(
        "AWS:       {} (operators' commands find it in {})",
        host.endpoint_url(),
        file.display()
    ))?;
    if arguments.no_demo {
        printer.remark("serving; stop with Ctrl-C")?;
        return until_interrupted(host, std::future::pending()).await;
    }
    let demo = Demo::start(host.data(), arguments.sandbox_port).await?;
    printer.remark(&format!("stand-ins: {}/_sandbox\n", demo.address()))?;
    let operations = Operations::of_variables(&variables).await?;
    demo.configure(&operations).await?;
    demo.connect(&host.gateway_url());
    let playing = async {
        demo.play(&operations, printer).await?;
        if arguments.once {
            return Ok(());
        }
        printer.remark(&format!(
            "\nlook closer:  bogbro transfers show {MERCHANT} 1001\nthe books:    curl {}/_sandbox/economic/demo-merchant/journal\n\nserving; stop with Ctrl-C",
            demo.address()
        ))?;
        std::future::pending().await
    };
    let work = async {
        tokio::select! {
            ended = demo.carry() => ended,
            ended = playing => ended,
        }
    };
    until_interrupted(host, work).await
}

/// Runs until the work ends or somebody interrupts it, then stops the functions in order.
async fn until_interrupted(host: Host, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let ended = tokio::select! {
        ended = work => ended,
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into),
        _ = terminated.recv() => Ok(()),
    };
    host.stop().await;
    ended
}
