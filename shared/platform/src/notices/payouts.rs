//! What merchants are told of payouts: what waits for their approval, what does not agree, files that were refused; and what was
//! posted.

use domain::payout::PayoutState;
use domain::plan::Reason;
use domain::settings::MerchantFile;
use engine::payouts::record::IntakeRecord;
use engine::payouts::store::PayoutStore;
use engine::payouts::{IntakeOutcome, PayoutRecord, waiting};
use jiff::Timestamp;
use jiff::tz::Offset;

use super::{Due, all};
use crate::failure::PlatformError;
use crate::platform::Platform;
use crate::reports::{Language, TransferRow};

/// What whoever approves a payout must know before they do.
const TOLD_NOTES: &[&str] = &["payout-perhaps-booked", "payout-by-mail"];

/// What needs somebody, each since when.
pub(super) async fn trouble(
    platform: &Platform,
    file: &MerchantFile,
) -> Result<Vec<(Timestamp, Reason, String)>, PlatformError> {
    if file.payouts.is_empty() {
        return Ok(Vec::new());
    }
    let (ledger, merchant) = (&platform.ledger, &file.id);
    let open: Vec<PayoutRecord> =
        all(move |page| async move { ledger.open_payouts(merchant, page.as_deref()).await }).await?;
    let files: Vec<IntakeRecord> = ledger.refused_files(merchant).await?;
    let mut reasons: Vec<(Timestamp, Reason, String)> = open.iter().flat_map(of_payout).collect();
    reasons.extend(files.into_iter().filter_map(|intake| {
        let name = format!("{} ({})", intake.name(), intake.file.name);
        match intake.outcome {
            IntakeOutcome::Refused { reason } => Some((intake.file.received_at, reason, name)),
            _ => None,
        }
    }));
    Ok(reasons)
}

/// What one payout needs: since it came to where it stands, so that looking at it again tells nothing anew.
fn of_payout(record: &PayoutRecord) -> Vec<(Timestamp, Reason, String)> {
    let (key, batch) = (&record.id.key, record.id.key.batch.clone());
    let moved = record.approval.moves().last().map_or(record.received_at, |moved| moved.at);
    let mut found = Vec::new();
    if record.approval.state() == PayoutState::WaitingForApproval {
        let reason = Reason::new("payout-waiting-for-approval")
            .with("payout", &key.batch)
            .with("acquirer", &key.acquirer)
            .with("amount", format!("{} {}", record.figures.payout, key.currency));
        found.push((moved, reason, batch.clone()));
        let told = record.notes.iter().filter(|note| TOLD_NOTES.contains(&note.code.as_str()));
        found.extend(told.map(|note| (moved, note.clone(), batch.clone())));
    }
    // What was no trouble when it came there may be since.
    let since = waiting::since(record);
    let troubled = record.delayed.as_ref().map_or(since, |delayed| delayed.since.max(since));
    found.extend(record.reasons.iter().map(|reason| (troubled, reason.clone(), batch.clone())));
    found.extend(record.conflicts.iter().map(|conflict| {
        let reason =
            Reason::new("payout-conflict").with("payout", &key.batch).with("acquirer", &key.acquirer);
        (conflict.received_at, reason, batch.clone())
    }));
    found
}

/// What was posted in the period, for the report of transfers.
pub(super) async fn posted(
    platform: &Platform,
    file: &MerchantFile,
    due: &Due,
    language: Language,
) -> Result<Vec<TransferRow>, PlatformError> {
    if file.payouts.is_empty() {
        return Ok(Vec::new());
    }
    let (ledger, merchant) = (&platform.ledger, &file.id);
    let on = |at: Timestamp| Offset::UTC.to_datetime(at).date();
    let records = ledger.payouts_posted(merchant, (on(due.from), on(due.to))).await?;
    let posted = |record: &&PayoutRecord| {
        let moves = record.approval.moves().iter();
        moves
            .filter(|moved| moved.to == PayoutState::Posted)
            .any(|moved| due.from < moved.at && moved.at <= due.to)
    };
    let (outcome, voucher) = match language {
        Language::Danish => ("Udbetaling bogført", "bilag"),
        Language::English => ("Payout posted", "voucher"),
    };
    let row = |record: &PayoutRecord| TransferRow {
        order: format!("{} {}", record.id.key.acquirer, record.id.key.batch),
        outcome: outcome.to_owned(),
        document: format!("{voucher} {}", record.approval.posted().join(", ")),
        total: language.amount(record.figures.payout),
    };
    Ok(records.iter().filter(posted).map(row).collect())
}
