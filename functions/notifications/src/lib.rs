//! On schedule: what happened and what needs the merchant, by mail.

use engine::clock::Clock;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use platform::clock::SystemClock;
use platform::{Platform, notices, telemetry};

/// Starts the function and serves until it is stopped.
///
/// # Errors
/// One line that says what of the configuration is missing.
pub async fn run() -> Result<(), Error> {
    telemetry::start();
    let platform = Platform::start().await?;
    let platform = &platform;
    lambda_runtime::run(service_fn(move |_: LambdaEvent<serde_json::Value>| async move {
        let sent = notices::send_all(platform, SystemClock.now()).await?;
        tracing::info!(event = "notified", sent, "reports");
        Ok::<_, Error>(serde_json::Value::Null)
    }))
    .await
}
