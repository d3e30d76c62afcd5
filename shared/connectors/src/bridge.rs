//! Gateways that stand between the shop and the acquirer: they know which order a payment is of, and under which reference the
//! acquirer has it. The payout comes from the acquirer; the bridge tells whose it is.

use async_trait::async_trait;
use domain::{Failure, Money};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::http::Transport;
use crate::json::read_answer;

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
    /// What of this page cannot be read, and never will be as it stands. The others, and what comes behind, are not kept back by it.
    pub refused: Vec<Failure>,
    /// How many entries the page has, whether they can be read or not, and whatever they tell of.
    pub entries: usize,
}

impl LinkPage {
    /// A page of entries, each of which is read for itself. One that cannot be read is told with its id.
    pub(crate) fn of_each(
        entries: &[&RawValue],
        read: impl Fn(&str) -> Result<Vec<Link>, Failure>,
        next: Option<String>,
    ) -> LinkPage {
        let mut page = LinkPage { next, entries: entries.len(), ..LinkPage::default() };
        for entry in entries {
            match read(entry.get()) {
                Ok(links) => page.links.extend(links),
                Err(failure) => page.refused.push(named(entry.get(), failure)),
            }
        }
        page
    }
}

/// A refusal that says which entry it is of, where that can be read.
fn named(entry: &str, failure: Failure) -> Failure {
    #[derive(Deserialize)]
    struct Entry<'a> {
        #[serde(borrow, default)]
        id: crate::json::Text<'a>,
    }
    let id = read_answer::<Entry<'_>>("an entry", entry).map(|entry| entry.id.owned()).unwrap_or_default();
    match failure {
        Failure::Rejected { code, message } if !id.is_empty() && id.len() <= LONGEST_ID => {
            Failure::Rejected { code, message: format!("{id}: {message}") }
        }
        other => other,
    }
}

/// Longest id that a refusal is told by, in bytes.
const LONGEST_ID: usize = 100;

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

    /// How long before the last asking each asking begins: what the gateway lists by its beginning may come to its end so much later.
    fn overlap(&self) -> SignedDuration;

    /// The page behind one that is refused, where that can be known without it.
    fn behind(&self, page: Option<&str>) -> Option<String>;

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
