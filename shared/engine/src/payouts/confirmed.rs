//! A payout that nothing in its report shows to be whole is confirmed by a person: from the acquirer's balance report, which also has
//! the fees that were kept.

use domain::Money;
use domain::payout::{ApprovalError, PayoutState};
use domain::plan::Reason;
use domain::settlement::Standing;

use super::decide::said;
use super::record::{BalanceReport, BalanceSums, PayoutRecord};
use super::{PayoutEngine, PayoutFailure, PayoutWork, intake, reading};

impl PayoutEngine<'_> {
    /// Someone says how much was paid out and what was kept for fees. The sums must make the balance to the smallest unit: the list's
    /// lines less fees and VAT are the payout, and nothing else that is known of it disagrees. It is then matched and approved as any other.
    ///
    /// # Errors
    /// `Refused`: the sums do not make the balance, with the difference; it is approved already; name or reason is missing.
    pub async fn confirm(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
        sums: BalanceSums,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided = self.confirmed(&mut record, by, reason, sums).await;
        self.give_back(record, decided).await
    }

    async fn confirmed(
        &self,
        record: &mut PayoutRecord,
        by: &str,
        reason: &str,
        sums: BalanceSums,
    ) -> Result<(), PayoutFailure> {
        use PayoutState::{Balanced, Matched, Received, Unbalanced, WaitingForApproval};
        let (by, reason) = said(by, reason)?;
        let state = record.approval.state();
        let open = matches!(state, Received | Unbalanced | Balanced | Matched | WaitingForApproval);
        if !open || record.posting.is_some() || record.is_set_aside() {
            return Err(ApprovalError::NotNow(state).into());
        }
        let currency = record.id.key.currency;
        if [sums.payout, sums.fees, sums.vat].iter().any(|amount| amount.currency() != currency) {
            let reason = Reason::new("payout-confirmation-currency").with("currency", currency);
            return Err(PayoutFailure::Refused(reason.with("payout", &record.id.key.batch)));
        }
        // Tried on a copy: sums that do not agree are not kept.
        let mut told = record.clone();
        told.balance_report = Some(BalanceReport { sums, by, reason, at: self.now() });
        let route = self.route(&record.id.merchant, &record.flow).await?;
        let file = self.original(record).await?;
        let settlement = reading::read_batch(&route, &told, &*file)?;
        let check = settlement.check();
        if check.standing != Standing::Balanced {
            let difference = sums.payout.minus(check.payout).unwrap_or(currency.zero());
            let amount = |money: Money| format!("{money} {currency}");
            let reason = Reason::new("payout-confirmation-differs")
                .with("payout", &record.id.key.batch)
                .with("stated", amount(sums.payout))
                .with("reckoned", amount(check.payout))
                .with("difference", amount(difference));
            return Err(PayoutFailure::Refused(reason));
        }
        told.figures = intake::figures(&settlement, &route.zone);
        self.payouts.index_payout(&told).await?;
        told.plan = None;
        *record = told;
        Ok(())
    }
}
