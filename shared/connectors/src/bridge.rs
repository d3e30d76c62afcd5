//! Gateways that stand between the shop and the acquirer: they know which order a payment is of, and under which reference the
//! acquirer has it. The payout comes from the acquirer; the bridge tells whose it is.

use async_trait::async_trait;
use domain::{Failure, Money};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::http::Transport;

/// What moved on a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// Captured from the buyer.
    Captured,
    /// Paid back to the buyer.
    Refunded,
}

/// One capture or refund, and every name that it goes by. Empty where the gateway has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The shop's order.
    pub order: String,
    /// The payment's id at the gateway.
    pub payment: String,
    /// The id of this capture or refund at the gateway.
    pub operation: String,
    /// The acquirer, as the gateway calls it (`clearhaus`, `nets`).
    pub acquirer: String,
    /// The acquirer's reference, by which its report tells of the payment.
    pub acquirer_reference: String,
    /// What moved.
    pub moved: Moved,
    /// How much, always positive.
    pub amount: Money,
    /// When.
    pub at: Option<Timestamp>,
}

/// One page of links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkPage {
    /// Captures and refunds that went through.
    pub links: Vec<Link>,
    /// Where to go on, in the connector's own words; `None`: that was all.
    pub next: Option<String>,
}

/// A gateway that links orders with acquirers' references.
#[async_trait]
pub trait Bridge: Send + Sync {
    /// Its name in settings and keys.
    fn system(&self) -> &'static str;

    /// Reads one page as the gateway answers with it, without any call. `page` says which it is.
    ///
    /// # Errors
    /// `Rejected` with the place of what cannot be read.
    fn read(&self, text: &str, page: Option<&str>) -> Result<LinkPage, Failure>;

    /// One page of what moved at or after `since`. `page` is `next` of the page before.
    ///
    /// # Errors
    /// As the transport and the gateway say.
    async fn links_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<LinkPage, Failure>;
}
