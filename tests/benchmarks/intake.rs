//! The webhook intake against a handler that does only the same `SendMessage`: both are processes of this executable under the
//! local host, asked in alternation by one client over one connection. Nothing works on the queue meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use aws_config::BehaviorVersion;
use bogbro::local::{FunctionSpec, Trigger};
use lambda_http::{Body, Request, Response, service_fn};
use sandbox::demo;

use crate::report::{Report, Times};
use crate::stage::{Shop, Stage, WOOCOMMERCE, oracle_settings, plain_order, signed};

/// Warm requests of each.
const WARM: u64 = 2_000;
/// Warm requests of each before the first that is measured.
const BEFORE: u64 = 50;
/// Cold starts of each.
const COLD: u64 = 20;
/// The handler that is compared with.
const SEND_ONLY: &str = "send-only";
/// The intake.
const INTAKE: &str = "webhook-intake";

/// This executable as a function.
pub(crate) async fn function(name: &str) -> anyhow::Result<()> {
    let outcome = match name {
        INTAKE => webhook_intake::run().await,
        "order-processing" => order_processing::run().await,
        SEND_ONLY => send_only().await,
        _ => bail!("there is no function {name:?}"),
    };
    outcome.map_err(|error| anyhow::anyhow!("{error}"))
}

/// Puts each body on the orders' queue and answers 200. Nothing is verified, looked up, packed or sealed.
async fn send_only() -> Result<(), lambda_http::Error> {
    let queue = std::env::var("BOGBRO_ORDERS_QUEUE_URL")?;
    let configuration = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let client = aws_sdk_sqs::Client::new(&configuration);
    let (client, queue) = (&client, queue.as_str());
    lambda_http::run(service_fn(move |request: Request| async move {
        let body: &[u8] = request.body();
        let name = request.headers().get("x-wc-webhook-signature").and_then(|value| value.to_str().ok());
        client
            .send_message()
            .queue_url(queue)
            .message_group_id("benchmark")
            .message_deduplication_id(name.unwrap_or("unnamed"))
            .message_body(String::from_utf8_lossy(body))
            .send()
            .await?;
        Ok::<_, lambda_http::Error>(Response::new(Body::Empty))
    }))
    .await
}

/// A function of this executable.
fn spec(own: &Path, name: &str, route: &str) -> FunctionSpec {
    FunctionSpec {
        name: name.to_owned(),
        command: vec![own.to_string_lossy().into_owned(), "function".to_owned(), name.to_owned()],
        triggers: vec![Trigger::Route(route.to_owned())],
        timeout: Duration::from_secs(10),
        concurrency: 1,
        environment: BTreeMap::new(),
    }
}

/// Asks the two handlers.
struct Asker<'a> {
    stage: &'a Stage,
    client: reqwest::Client,
    number: u64,
}

impl Asker<'_> {
    /// The time that a new order's delivery takes to be answered with success by this function.
    async fn ask(&mut self, name: &str) -> anyhow::Result<Duration> {
        self.number += 1;
        let body = plain_order(3_000_000 + self.number).to_string().into_bytes();
        let path = if name == SEND_ONLY { "send-only" } else { "webhooks" };
        let address = format!("{}/v1/{path}/{WOOCOMMERCE}", self.stage.host.gateway_url());
        let mut request = self.client.post(address);
        for (header, value) in signed(&body) {
            request = request.header(header, value);
        }
        let started = Instant::now();
        let status = request.body(body).send().await.context("the gateway")?.status();
        let took = started.elapsed();
        ensure!(status.is_success(), "{name} answered {status}");
        Ok(took)
    }

    /// So many of each in alternation; before each cold one its process is killed.
    async fn alternate(&mut self, count: u64, cold: bool) -> anyhow::Result<(Times, Times)> {
        let (mut intake, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..count {
            for (name, times) in [(INTAKE, &mut intake), (SEND_ONLY, &mut plain)] {
                if cold {
                    self.stage.host.kill(name).await;
                }
                times.push(self.ask(name).await?);
            }
        }
        Ok((Times::of(intake), Times::of(plain)))
    }
}

/// Measures both ways; gives the median time of a warm intake.
pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<Duration> {
    let own = std::env::current_exe()?;
    let shops = [Shop::woocommerce(oracle_settings("woocommerce"))];
    let stage = Stage::set_with(demo::world(), &shops, |config| {
        config.functions = vec![
            spec(&own, INTAKE, "/v1/webhooks/{connection}"),
            spec(&own, SEND_ONLY, "/v1/send-only/{connection}"),
        ];
    })
    .await;
    let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
    let mut asker = Asker { stage: &stage, client, number: 0 };
    let (cold, cold_plain) = asker.alternate(COLD, true).await?;
    asker.alternate(BEFORE, false).await?;
    let (warm, warm_plain) = asker.alternate(WARM, false).await?;
    report.section(&format!(
        "Intake against a handler that does only the same SendMessage ({WARM} warm, {COLD} cold, alternating)"
    ));
    for percent in [50, 99] {
        report.figure(&format!("warm intake, p{percent}"), warm.text(percent));
        report.figure(&format!("warm send-only, p{percent}"), warm_plain.text(percent));
    }
    report.goal("warm ratio, p50", warm.ratio(&warm_plain, 50), 1.3, "x");
    report.goal("warm ratio, p99", warm.ratio(&warm_plain, 99), 2.0, "x");
    report.figure("exec to first 2xx, intake, median", cold.text(50));
    report.figure("exec to first 2xx, send-only, median", cold_plain.text(50));
    report.goal("cold ratio of medians", cold.ratio(&cold_plain, 50), 1.5, "x");
    let median = warm.percentile(50);
    stage.host.stop().await;
    Ok(median)
}
