//! Who delivers to an address: a shop, or an acquirer that announces its reports.

use connectors::announcement::Announcing;
use connectors::ports::{Delivery, Verification, Webshop};
use connectors::registry;
use platform::merchants::WebhookConnection;

/// Who sends to a connection.
#[derive(Clone, Copy)]
pub(crate) enum Sender {
    /// A webshop.
    Shop(&'static dyn Webshop),
    /// An acquirer that announces reports.
    Acquirer(&'static dyn Announcing),
}

impl Sender {
    /// Whoever sends for the system of this name.
    pub(crate) fn of(system: &str) -> Option<Sender> {
        registry::webshop(system)
            .map(Sender::Shop)
            .or_else(|| registry::announcing(system).map(Sender::Acquirer))
    }

    /// Checks the signature by the connection's live secrets.
    pub(crate) fn verify(self, delivery: &Delivery<'_>, connection: &WebhookConnection) -> Verification {
        match self {
            Sender::Shop(shop) => shop.verify(delivery, &connection.secrets),
            Sender::Acquirer(acquirer) => acquirer.verify(delivery, &connection.secrets),
        }
    }
}
