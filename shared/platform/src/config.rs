//! What the environment tells: read once, at start, and refused at start when it is not whole.
//!
//! A function that starts with half a configuration would fail at its first order. So everything is asked for at once, and
//! one line names all that is missing.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};

use crate::failure::PlatformError;

/// The environment of every function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `BOGBRO_TABLE`: the one table.
    pub table: String,
    /// `BOGBRO_BUCKET`: the one bucket.
    pub bucket: String,
    /// `BOGBRO_KEY_ID`: the KMS key that wraps the merchants' data keys.
    pub key_id: String,
    /// `BOGBRO_ORDERS_QUEUE_URL`: live traffic.
    pub orders_queue_url: String,
    /// `BOGBRO_BACKFILL_QUEUE_URL`: sweeps, retries, replays.
    pub backfill_queue_url: String,
    /// `BOGBRO_STOCK_QUEUE_URL`: words that stock is to be looked at.
    pub stock_queue_url: String,
    /// `BOGBRO_PAYOUTS_QUEUE_URL`: words about payouts, and the bucket's about files that were dropped.
    pub payouts_queue_url: String,
    /// `BOGBRO_MAIL_FROM`: sender of all mails.
    pub mail_from: String,
    /// `BOGBRO_REPORT_MAIL_DOMAIN`: the domain to which reports are mailed; empty where none is.
    pub report_mail_domain: String,
    /// True when the AWS services are at an address of the operator's (`AWS_ENDPOINT_URL`): S3 then takes the bucket in the path.
    pub own_endpoint: bool,
}

impl Environment {
    /// Reads the process environment.
    ///
    /// # Errors
    /// One line that names every variable that is missing or empty.
    pub fn read() -> Result<Environment, PlatformError> {
        Environment::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads from a given look-up, so that tests need not touch the process.
    ///
    /// # Errors
    /// As [`Environment::read`].
    pub fn from_lookup(look_up: impl Fn(&str) -> Option<String>) -> Result<Environment, PlatformError> {
        let mut missing = Vec::new();
        let mut take = |name: &'static str| match look_up(name).filter(|value| !value.trim().is_empty()) {
            Some(value) => value,
            None => {
                missing.push(name);
                String::new()
            }
        };
        let environment = Environment {
            table: take("BOGBRO_TABLE"),
            bucket: take("BOGBRO_BUCKET"),
            key_id: take("BOGBRO_KEY_ID"),
            orders_queue_url: take("BOGBRO_ORDERS_QUEUE_URL"),
            backfill_queue_url: take("BOGBRO_BACKFILL_QUEUE_URL"),
            stock_queue_url: take("BOGBRO_STOCK_QUEUE_URL"),
            payouts_queue_url: take("BOGBRO_PAYOUTS_QUEUE_URL"),
            mail_from: take("BOGBRO_MAIL_FROM"),
            report_mail_domain: look_up("BOGBRO_REPORT_MAIL_DOMAIN")
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase(),
            own_endpoint: look_up("AWS_ENDPOINT_URL").is_some() || look_up("AWS_ENDPOINT_URL_S3").is_some(),
        };
        if missing.is_empty() {
            Ok(environment)
        } else {
            Err(PlatformError::Configuration(format!("not set: {}", missing.join(", "))))
        }
    }
}

/// The AWS configuration of the standard variables, with time limits that fit inside a function's own.
///
/// All services share one connector: each of its own would set up TLS and read through the machine's certificates once
/// more, at the start of every process, where a webhook waits for it.
pub async fn aws_configuration() -> aws_config::SdkConfig {
    let times = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(4))
        .operation_timeout(Duration::from_secs(9))
        .build();
    let connecting = HttpConnectorSettings::builder().connect_timeout(Duration::from_millis(1_500)).build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .connector_settings(connecting)
        .build();
    let connector = SharedHttpConnector::new(connector);
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .timeout_config(times)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .load()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_configured_function_does_not_start_and_says_all_that_is_missing() {
        let refused = Environment::from_lookup(|name| match name {
            "BOGBRO_TABLE" => Some("bogbro".to_owned()),
            "BOGBRO_BUCKET" => Some("  ".to_owned()),
            name if name.ends_with("QUEUE_URL") => Some("http://queue".to_owned()),
            _ => None,
        });
        assert_eq!(
            refused,
            Err(PlatformError::Configuration(
                "not set: BOGBRO_BUCKET, BOGBRO_KEY_ID, BOGBRO_MAIL_FROM".to_owned()
            ))
        );
    }

    #[test]
    fn a_whole_configuration_is_read() {
        let environment =
            Environment::from_lookup(|name| name.starts_with("BOGBRO_").then(|| format!("value of {name}")))
                .expect("all is set");
        assert_eq!(environment.table, "value of BOGBRO_TABLE");
        assert!(!environment.own_endpoint);
    }
}
