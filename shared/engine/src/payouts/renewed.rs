//! A newer report of a payout takes the place of the one that it was read from: because a person says that the newer one is right.

use domain::payout::{ApprovalError, PayoutState, content_hash};
use domain::plan::Reason;
use domain::settlement::ConfirmedBy;

use super::decide::{person, said};
use super::record::{Dismissal, PayoutRecord, SetAside};
use super::{PayoutEngine, PayoutFailure, PayoutWork, intake, reading};

impl PayoutEngine<'_> {
    /// Someone compared the files of a payout and says that the newest of those that are parked is right: it becomes what the payout is
    /// read from. Before anything is posted the payout is matched and approved anew; a reversed one waits to be taken up again.
    ///
    /// # Errors
    /// `Refused`: no other file is parked, something of the payout is posted and not reversed, or no reason was given.
    pub async fn take_new(
        &self,
        work: &PayoutWork,
        by: &str,
        reason: &str,
    ) -> Result<PayoutRecord, PayoutFailure> {
        let mut record = self.claim(work).await?;
        let decided = self.renewed(&mut record, by, reason).await;
        self.give_back(record, decided).await
    }

    async fn renewed(&self, record: &mut PayoutRecord, by: &str, reason: &str) -> Result<(), PayoutFailure> {
        use PayoutState::{Approved, Balanced, Matched, Received, Reversed, Unbalanced, WaitingForApproval};
        let actor = person(by)?;
        let (by, reason) = said(by, reason)?;
        let state = record.approval.state();
        let open =
            matches!(state, Received | Unbalanced | Balanced | Matched | WaitingForApproval | Approved);
        let undone = state == Reversed && record.open_posting().is_none();
        if record.is_set_aside() || !(undone || open && record.posting.is_none()) {
            return Err(ApprovalError::NotNow(state).into());
        }
        // Tried on a copy, which takes the record's place once the file was read.
        let mut new = record.clone();
        let Some(mut file) = new.conflicts.pop() else {
            let reason = Reason::new("payout-nothing-parked").with("payout", &record.id.key.batch);
            return Err(PayoutFailure::Refused(reason));
        };
        let (route, now) = (self.route(&record.id.merchant, &record.flow).await?, self.now());
        file.profile = route.acquirer.profile.clone().map(Box::new);
        new.by_mail = file.mail.is_some();
        let old = std::mem::replace(&mut new.original, file);
        // What was said of the old report's sums is not said of this one's; the bank goes on showing what it shows.
        new.confirmations.retain(|said| said.by == ConfirmedBy::BankLine);
        new.balance_report = None;
        let bytes = self.original(&new).await?;
        let settlement = reading::read_batch(&route, &new, &*bytes)?;
        self.payouts.put_line_ids(&new.id, &intake::line_ids(&settlement)).await?;
        new.content = content_hash(&settlement);
        new.figures = intake::figures(&settlement, &route.zone);
        self.payouts.index_payout(&new).await?;
        // They are about lines by their place, which may be another line now.
        new.decisions.clear();
        if record.is_about_to_be_posted() {
            new.let_posting_go();
        }
        (new.plan, new.overlap) = (None, None);
        if matches!(state, Matched | WaitingForApproval | Approved) {
            new.approval.corrected(actor, &reason, now)?;
        }
        new.dismissed.push(Dismissal { what: SetAside::Replaced(old), by, reason, at: now });
        *record = new;
        Ok(())
    }
}
