//! Asking an acquirer for its payouts: what is complete and not known yet is fetched, kept as it came, and taken in like any file.

use connectors::acquirer::Payout;
use connectors::report::LONGEST_REPORT;
use domain::settlement::{BatchKey, Standing};
use domain::{Failure, MerchantId};
use engine::payouts::store::PayoutStore as _;
use engine::payouts::{PayoutConnections as _, PayoutFailure, PayoutId, PayoutRoute};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Payouts, unavailable};
use crate::clock::SystemClock;
use crate::spool::Spool;
use engine::clock::Clock;

/// Payouts that arrived so many days ago are still asked for: an acquirer may complete one late, and a day may be missed.
const DAYS_BACK: i32 = 14;
/// Pages of one list of payouts.
const MOST_PAGES: usize = 50;
/// No payout is begun with less time than this.
const LEAST: SignedDuration = SignedDuration::from_secs(45);

impl Payouts {
    /// Fetches what is new of a flow's payouts. The number of files that were taken in.
    ///
    /// # Errors
    /// As the acquirer and the store say; what was taken in before stays.
    pub async fn fetch(
        &self,
        merchant: &MerchantId,
        flow: &str,
        deadline: Timestamp,
    ) -> Result<usize, PayoutFailure> {
        let route = self.routes.payout_route(merchant, flow).await.map_err(|failure| match failure {
            engine::route::RouteFailure::Unknown(what) => PayoutFailure::NotFound(what),
            other => unavailable(other),
        })?;
        let Some((acquirer, transport)) = route.acquirer.port.clone().filter(|_| route.paused.is_none())
        else {
            return Ok(0);
        };
        let today = route.zone.to_datetime(SystemClock.now()).date();
        let (from, to) = (today.saturating_sub(DAYS_BACK.days()), today.saturating_add(7.days()));
        let (mut taken, mut page) = (0, None::<String>);
        for _ in 0..MOST_PAGES {
            let account = &route.acquirer.account;
            let listed =
                acquirer.payouts(&*transport, account, from, to, page.as_deref()).await.map_err(told)?;
            for payout in listed.payouts.iter().filter(|payout| payout.complete) {
                if SystemClock.now() + LEAST > deadline {
                    return Ok(taken);
                }
                taken += usize::from(self.fetch_one(&route, payout, deadline).await?);
            }
            match listed.next {
                None => break,
                next => page = next,
            }
        }
        Ok(taken)
    }

    /// Fetches one payout when it is not known; one that is known and not confirmed is confirmed by the list.
    async fn fetch_one(
        &self,
        route: &PayoutRoute,
        payout: &Payout,
        deadline: Timestamp,
    ) -> Result<bool, PayoutFailure> {
        let id = PayoutId {
            merchant: route.merchant.clone(),
            key: BatchKey {
                acquirer: route.acquirer.reader.manifest().system.to_owned(),
                account: payout.account.clone().unwrap_or_else(|| route.acquirer.account.clone()),
                batch: payout.id.clone(),
                currency: payout.amount.currency(),
            },
        };
        if let Some(known) = self.platform.ledger.payout(&id).await? {
            let unconfirmed = known.figures.standing == Standing::Unconfirmed && known.confirmations.is_empty();
            if unconfirmed && !payout.reckoned {
                let work = self.attempt(&id, deadline)?;
                self.engine().confirmed_by_acquirer(&work, payout.amount).await?;
            }
            if !known.figures.pending {
                return Ok(false);
            }
        }
        let Some((acquirer, transport)) = &route.acquirer.port else { return Ok(false) };
        let mut spool = Spool::new(LONGEST_REPORT).map_err(unavailable)?;
        acquirer.fetch(&**transport, &route.acquirer.account, payout, &mut spool).await.map_err(told)?;
        let file = spool.done().map_err(unavailable)?;
        let name = format!("{}.json", payout.id);
        self.take_in(&route.merchant, &route.flow, &name, &file, deadline).await?;
        Ok(true)
    }
}

fn told(failure: Failure) -> PayoutFailure {
    unavailable(failure)
}
