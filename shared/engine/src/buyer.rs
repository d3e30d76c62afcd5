//! A buyer that the plan before made and that the target does not show yet.
//!
//! A plan may end after its buyer was made, when a later step is refused. The order is then planned anew, maybe within the second,
//! while the target's list still lags: a buyer that is not found there would be made again.

use domain::Plan;
use domain::plan::{CustomerAction, Step};
use domain::planning::{CustomerLookup, Earlier};

use crate::session::{Session, Stop};
use crate::store::Doubt;

/// The step number under which a doubt about a buyer is kept: no plan has so many.
const BUYER: u32 = u32::MAX - 1;

impl Session<'_> {
    /// Waits for a second look, after the look-up lag, where nobody is found by what identifies the buyer that the plan before made.
    /// One that is not seen then either was deleted or changed by a person.
    pub(crate) async fn buyer_not_found(
        &mut self,
        lookup: &CustomerLookup,
        before: Option<Earlier<'_>>,
    ) -> Result<(), Stop> {
        // Whether the document of the plan before is gone was looked at twice, so that its buyer would be seen by now.
        let removed = before.is_some_and(|before| before.is_invoiced() || before.document.is_none());
        let Some(pointer) = self.head.plan.clone().filter(|_| self.progress.customer.is_some() && !removed)
        else {
            return Ok(());
        };
        match self.load_plan(pointer.ordinal).await {
            Ok(plan) if makes(&plan, lookup) => {}
            // A plan that cannot be read says nothing of a buyer.
            Ok(_) | Err(Stop::Park(_)) => return Ok(()),
            Err(stop) => return Err(stop),
        }
        let now = self.engine.now();
        let looked = self.head.progress.doubt.as_ref().filter(|doubt| doubt.step == BUYER);
        let since = looked.map_or(now, |doubt| doubt.since);
        let until = since + self.settling();
        if looked.is_some() && now >= until {
            return Ok(());
        }
        self.progress.doubt =
            Some(Doubt { step: BUYER, negative_looks: 1, since, otherwise: false, asked: self.is_asked() });
        Err(Stop::wait("look-up-lag", Some(until.duration_since(now))))
    }

    /// A doubt about the buyer ends with the look that is made now.
    pub(crate) fn end_doubt_of_buyer(&mut self) {
        if self.progress.doubt.as_ref().is_some_and(|doubt| doubt.step == BUYER) {
            self.progress.doubt = None;
        }
    }
}

/// True for a plan that makes the buyer who is looked up.
fn makes(plan: &Plan, lookup: &CustomerLookup) -> bool {
    plan.steps.iter().any(|step| match step {
        Step::EnsureCustomer(step) => match &step.action {
            CustomerAction::Create(new) => {
                new.identified_by.0 == lookup.field && new.identified_by.1 == lookup.value
            }
            CustomerAction::Use { .. } | CustomerAction::Update { .. } => false,
        },
        _ => false,
    })
}
