//! Reports that an acquirer announced: downloaded from the connection's own address, kept as they came, and taken in like any file.

use std::sync::Arc;

use connectors::announcement::{Announcement, Announcing};
use connectors::http::Transport;
use connectors::registry;
use connectors::report::LONGEST_REPORT;
use domain::plan::Reason;
use domain::{ConnectionId, MerchantId};
use engine::payouts::PayoutFailure;
use jiff::{SignedDuration, Timestamp};

use super::{Payouts, unavailable};
use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::routes::pause_over;
use crate::spool::Spool;
use crate::transport::base_url;
use engine::clock::Clock;

/// No download is begun with less time than this: the longest call, and what it takes to take the file in.
const LEAST: SignedDuration = SignedDuration::from_secs(90);

/// A connection whose acquirer announces its reports, and the flows that are read from it.
struct AnnouncedEnd {
    port: &'static dyn Announcing,
    transport: Arc<dyn Transport>,
    /// The address that the operator gave the connection, or the system's own.
    address: String,
    flows: Vec<String>,
}

impl Payouts {
    /// Downloads an announced report and takes it in for each flow of its connection.
    ///
    /// # Errors
    /// `NotFound` for a connection that is gone or announces nothing; as the acquirer and the store say.
    pub(super) async fn take_announced(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
        announced: &Announcement,
        deadline: Timestamp,
    ) -> Result<(), PayoutFailure> {
        let mut end = self.announced_end(merchant, connection).await;
        if matches!(end, Err(PlatformError::NotFound(_) | PlatformError::Configuration(_))) {
            // The connection or its secrets may have been set since the merchant was read.
            self.platform.merchants.forget(merchant);
            end = self.announced_end(merchant, connection).await;
        }
        let end = end.map_err(|error| match error {
            PlatformError::NotFound(what) => PayoutFailure::NotFound(what),
            // A report is announced once: what the merchant has yet to set is waited for.
            other => unavailable(other),
        })?;
        let Some(end) = end else { return Err(unavailable("the connection is paused")) };
        if !is_own(&end.address, &announced.host).map_err(unavailable)? {
            let reason = Reason::new("payout-report-elsewhere")
                .with("file", &announced.report)
                .with("address", &announced.host);
            let object = format!("{}/{}/{}", announced.host, announced.account, announced.report);
            for flow in &end.flows {
                self.refused_unread(merchant, flow, &announced.report, &object, reason.clone()).await?;
            }
            return Ok(());
        }
        if SystemClock.now() + LEAST > deadline {
            return Err(unavailable("too little time for a download"));
        }
        let mut spool = Spool::new(LONGEST_REPORT).map_err(unavailable)?;
        let Announcement { account, report, .. } = announced;
        end.port.download(&*end.transport, account, report, &mut spool).await.map_err(unavailable)?;
        let file = spool.done().map_err(unavailable)?;
        for flow in &end.flows {
            self.take_in(merchant, flow, report, &file, deadline).await?;
        }
        Ok(())
    }

    /// The connection's end; `None` while it is paused.
    async fn announced_end(
        &self,
        merchant: &MerchantId,
        connection: &ConnectionId,
    ) -> Result<Option<AnnouncedEnd>, PlatformError> {
        let gone = || PlatformError::NotFound(format!("connection {connection} announces no reports"));
        let found = self.platform.merchants.merchant(merchant).await?;
        let file = &found.record.file;
        let connection = file.connections.iter().find(|known| known.id == *connection).ok_or_else(gone)?;
        let port = registry::announcing(&connection.system).ok_or_else(gone)?;
        if pause_over(&found.pauses, &[&connection.id]).is_some() {
            return Ok(None);
        }
        let transport = self.routes.transport(&found, connection)?;
        let flows = file.payouts.iter().filter(|flow| flow.acquirer == connection.name);
        let flows = flows.map(|flow| flow.name.clone()).collect();
        let (surface, default) = port.connection().surfaces.first().copied().unwrap_or_default();
        let address = connection.base_urls.get(surface).map_or(default, String::as_str).to_owned();
        Ok(Some(AnnouncedEnd { port, transport, address, flows }))
    }
}

/// Whether a host is that of an address of the operator's.
///
/// # Errors
/// `Configuration` for an address that is none.
fn is_own(own: &str, host: &str) -> Result<bool, PlatformError> {
    let own = base_url("main", own)?;
    Ok(base_url("main", host).is_ok_and(|host| host.origin() == own.origin()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operators_own_host_is_downloaded_from() {
        let own = "https://ca-live.adyen.com/reports";
        for (host, is) in [
            ("https://ca-live.adyen.com", true),
            ("https://ca-live.adyen.com:443", true),
            ("HTTPS://CA-LIVE.adyen.com", true),
            ("http://ca-live.adyen.com", false),
            ("https://ca-live.adyen.com:8443", false),
            ("https://ca-test.adyen.com", false),
            ("https://ca-live.adyen.com@evil.example", false),
            ("https://ca-live.adyen.com.evil.example", false),
            ("https://", false),
            ("", false),
        ] {
            assert_eq!(is_own(own, host), Ok(is), "{host}");
        }
        assert!(is_own("no address", "https://ca-live.adyen.com").is_err());
    }
}
