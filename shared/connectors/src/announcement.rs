//! Acquirers that announce their reports: a signed delivery at the webhook's address says that a report can be downloaded, and where.

use std::io::Write;

use async_trait::async_trait;
use domain::Failure;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::http::Transport;
use crate::manifest::Manifest;
use crate::ports::{Delivery, Verification};
use crate::report::ReportReader;

/// A report that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Announcement {
    /// The account at the acquirer.
    pub account: String,
    /// Scheme and host it was announced at. Credentials go nowhere but to the connection's own address: a report of another host is
    /// not downloaded.
    pub host: String,
    /// The report's own name, by which it is downloaded.
    pub report: String,
}

/// An acquirer that announces its reports.
#[async_trait]
pub trait Announcing: ReportReader {
    /// How its downloads are reached.
    fn connection(&self) -> &'static Manifest;

    /// Whether the delivery is signed with one of the secrets. Where fields are signed and not the raw bytes, these fields are read for
    /// it, and nothing else.
    fn verify(&self, delivery: &Delivery<'_>, secrets: &[SecretString]) -> Verification;

    /// The reports that an authentic delivery announces; none for news of other kinds.
    ///
    /// # Errors
    /// `Rejected` for what cannot be understood.
    fn announced(&self, delivery: &Delivery<'_>) -> Result<Vec<Announcement>, Failure>;

    /// Writes an announced report of the account as it is downloaded.
    ///
    /// # Errors
    /// As the transport and the acquirer say; `Busy` when it cannot be written.
    async fn download(
        &self,
        transport: &dyn Transport,
        account: &str,
        report: &str,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure>;
}
