//! Everything a function needs, built once per process from the environment.

use crate::calls::CallCounter;
use crate::config::{Environment, aws_configuration};
use crate::failure::PlatformError;
use crate::files::Files;
use crate::ledger::Ledger;
use crate::mail::Mailer;
use crate::merchants::Merchants;
use crate::privacy::Privacy;
use crate::queue::Queues;
use crate::routes::Routes;
use crate::sealing::Sealing;
use crate::table::Table;
use crate::transport::HttpClient;

/// The platform of one process.
#[derive(Clone)]
pub struct Platform {
    /// What the environment told.
    pub environment: Environment,
    /// The table.
    pub table: Table,
    /// The bucket.
    pub files: Files,
    /// The configured merchants.
    pub merchants: Merchants,
    /// The ledger of transfers.
    pub ledger: Ledger,
    /// The queues.
    pub queues: Queues,
    /// Mail.
    pub mailer: Mailer,
    /// Calls to AWS so far.
    pub calls: CallCounter,
    /// Shops' catalogues that are being read over several minutes.
    pub(crate) readings: std::sync::Arc<crate::catalogue::Readings>,
    sqs: aws_sdk_sqs::Client,
}

impl Platform {
    /// Builds it from the environment. Nothing is called yet.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub async fn start() -> Result<Platform, PlatformError> {
        let environment = Environment::read()?;
        let aws = aws_configuration().await;
        if aws.region().is_none() {
            return Err(PlatformError::Configuration("not set: AWS_REGION".to_owned()));
        }
        Ok(Platform::with(environment, &aws))
    }

    /// Builds it from a given environment and AWS configuration.
    pub fn with(environment: Environment, aws: &aws_config::SdkConfig) -> Platform {
        let calls = CallCounter::default();
        let table = Table {
            client: aws_sdk_dynamodb::Client::from_conf(
                aws_sdk_dynamodb::config::Builder::from(aws).interceptor(calls.clone()).build(),
            ),
            name: environment.table.clone(),
        };
        let s3 = aws_sdk_s3::config::Builder::from(aws)
            .force_path_style(environment.own_endpoint)
            .interceptor(calls.clone());
        let files = Files::new(aws_sdk_s3::Client::from_conf(s3.build()), environment.bucket.clone());
        let kms = aws_sdk_kms::config::Builder::from(aws).interceptor(calls.clone()).build();
        let sealing = Sealing::new(aws_sdk_kms::Client::from_conf(kms), environment.key_id.clone());
        let merchants = Merchants::new(table.clone(), sealing);
        let ledger = Ledger::new(table.clone(), files.clone(), std::sync::Arc::new(merchants.clone()));
        let sqs = aws_sdk_sqs::Client::from_conf(
            aws_sdk_sqs::config::Builder::from(aws).interceptor(calls.clone()).build(),
        );
        let queues = Queues::new(
            sqs.clone(),
            environment.orders_queue_url.clone(),
            environment.backfill_queue_url.clone(),
            environment.stock_queue_url.clone(),
            environment.payouts_queue_url.clone(),
            files.clone(),
            merchants.clone(),
        );
        let ses = aws_sdk_ses::config::Builder::from(aws).interceptor(calls.clone()).build();
        let mailer = Mailer::new(aws_sdk_ses::Client::from_conf(ses), environment.mail_from.clone());
        let readings = std::sync::Arc::default();
        Platform { environment, table, files, merchants, ledger, queues, mailer, calls, readings, sqs }
    }

    /// The routes of all merchants, with the one pooled HTTP client of this process. Only who calls outside systems needs
    /// it, so it is built on demand.
    ///
    /// # Errors
    /// As [`HttpClient::new`].
    pub fn routes(&self) -> Result<Routes, PlatformError> {
        Ok(Routes::new(self.merchants.clone(), HttpClient::new()?))
    }

    /// Requests about personal data.
    pub fn privacy(&self) -> Privacy {
        Privacy::new(self.table.clone(), self.ledger.clone())
    }

    /// The SQS client, for draining dead letters.
    pub fn sqs(&self) -> &aws_sdk_sqs::Client {
        &self.sqs
    }
}
