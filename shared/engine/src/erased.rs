//! An order whose personal data were erased.
//!
//! The key that sealed them is gone, and nothing of the person is to be kept anew: so the order is never planned or transferred again,
//! whatever makes it come up. What stands in the books stays there. Where nothing does, the shop is asked once more, without keeping the
//! answer: a sale that the settings would transfer is the merchant's to book, and is told of.

use std::collections::BTreeMap;

use connectors::ports::Fetched;
use domain::catalogue::{MasterData, VatRounding};
use domain::plan::Reason;
use domain::{Catalogue, Decision, Order};
use jiff::Timestamp;

use crate::session::{Ending, Session, Stop};
use crate::store::{Applied, ORDER_ERASED, OrderFacts, Status};

/// The fact that says that a person has seen what there was to tell.
const SEEN: &str = "seen";

impl Session<'_> {
    /// Ends the work on an order that was erased at this time.
    pub(crate) async fn leave_erased(&mut self, at: Timestamp) -> Result<Ending, Stop> {
        let mut reason = Reason::new(ORDER_ERASED).with("date", self.route.time_zone.to_datetime(at).date());
        let known = self.head.applied.clone().unwrap_or_default();
        let mut applied = Applied { body_hash: self.kept_hash(), decision: reason.code.clone(), ..known };
        // Whoever asks for it has seen what there was to tell.
        let is_seen = self.is_replay() || self.head.facts.iter().any(|(name, _)| name == SEEN);
        let held = if self.standing().is_some() || is_seen {
            false
        } else if self.head.is_left_erased() {
            true
        } else if let Fetched::Found { value: order, .. } = self.fetch().await? {
            let (modified_at, read_at) = (Some(order.modified_at), self.read_at);
            applied = Applied { modified_at, read_at, ..applied };
            self.is_wanted(&order)
        } else {
            false
        };
        if is_seen {
            reason = reason.with(SEEN, true);
        }
        self.notes.reason = Some(reason.clone());
        let Reason { code, facts } = reason;
        Ok(match self.standing() {
            Some(_) => Ending::settled(Status::Done, Vec::new(), Some(applied)),
            None if held => Ending::settled(Status::Held { code }, facts, Some(applied)),
            None => Ending::settled(Status::Skipped { code }, facts, Some(applied)),
        })
    }

    /// True when the settings carry the order over as it is now, as far as the order alone tells.
    fn is_wanted(&mut self, order: &Order) -> bool {
        let master = MasterData {
            base_currency: order.currency,
            currencies: Vec::new(),
            product_groups: BTreeMap::new(),
            vat_zones: BTreeMap::new(),
            payment_terms: BTreeMap::new(),
            layouts: BTreeMap::new(),
            customer_groups: BTreeMap::new(),
            periods: Vec::new(),
            journals: BTreeMap::new(),
            vat_rounding: VatRounding::PerLine,
            inventory: false,
        };
        let nothing =
            Catalogue { master, products: BTreeMap::new(), customers: Vec::new(), vat_number: None };
        if matches!(self.decide(order, &nothing, "", None, None), Decision::Skip(_)) {
            return false;
        }
        // The mail names it, and the list of its day leads to it.
        let day = self.route.time_zone.to_datetime(order.created_at).date();
        self.order = Some(OrderFacts { number: order.number.clone(), total: order.total, day });
        true
    }
}
