//! A webhook delivery as a shop would send it, ready for whoever carries it.

use serde::{Deserialize, Serialize};

/// One HTTP POST that a shop makes to a webhook's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDelivery {
    /// The webhook it belongs to.
    pub webhook: u64,
    /// Where it goes.
    pub address: String,
    /// The topic; empty for a ping.
    pub topic: String,
    /// The order or product it is about; 0 for a ping.
    pub resource: u64,
    /// Header names and values in the order that the shop sends them.
    pub headers: Vec<(String, String)>,
    /// The raw body, which the signature covers.
    pub body: Vec<u8>,
}

impl WebhookDelivery {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
