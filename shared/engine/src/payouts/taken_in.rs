//! What came in: a file, and what became of it.

use domain::MerchantId;
use domain::plan::Reason;
use domain::settlement::BatchKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::FileRecord;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum IntakeOutcome {
    /// Its batches were taken in.
    Report {
        /// Each batch, and what it was.
        batches: Vec<TakenBatch>,
    },
    /// A bank statement was read.
    Statement {
        /// Payouts that it shows, or shows the return of.
        payouts: Vec<BatchKey>,
        /// Entries that may be payouts, without their reference: for a person to judge.
        perhaps: u64,
    },
    /// It was refused whole. Nothing of it was kept but the file.
    Refused {
        /// Why.
        reason: Reason,
    },
    /// It is a mail. Each of its attachments that may be a report came in as a file of its own.
    #[serde(rename_all = "kebab-case")]
    Mail {
        /// Those attachments.
        files: Vec<MailedFile>,
        /// Number of parts that no report can be.
        passed_over: u64,
    },
}

/// An attachment of a mail that came in as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct MailedFile {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes: what became of it is kept under that.
    pub sha256: String,
}

/// One batch of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TakenBatch {
    /// Which.
    pub key: BatchKey,
    /// What it was beside what was known.
    pub arrival: ArrivalKind,
}

/// What a batch is that arrives, beside those that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArrivalKind {
    /// Never seen.
    New,
    /// Known with the same content: nothing was done.
    Known,
    /// Known with another content: parked, and nothing of it is posted.
    Conflict,
}

/// What is kept of a file that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct IntakeRecord {
    /// [`PAYOUT_SCHEMA`] of the writer.
    pub schema: u32,
    /// Whose.
    pub merchant: MerchantId,
    /// Name of the flow of payouts it came for.
    pub flow: String,
    /// The file.
    pub file: FileRecord,
    /// What became of it.
    pub outcome: IntakeOutcome,
    /// Batches that were read from it when it came before, and are not among those of its outcome now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<BatchKey>,
    /// Somebody has looked at its refusal, and it is told of no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed: Option<FileDismissal>,
    /// The file itself was erased, when the books need not be kept any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
}

/// Who dismissed the refusal of a file, when and why. It is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileDismissal {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Letters of a file's hash that name it.
const FILE_NAME_LETTERS: usize = 12;

impl IntakeRecord {
    /// True when somebody should look at it.
    pub fn needs_attention(&self) -> bool {
        matches!(self.outcome, IntakeOutcome::Refused { .. }) && self.dismissed.is_none()
    }

    /// The files that came in it, where it is a mail.
    pub fn came_in_it(&self) -> &[MailedFile] {
        match &self.outcome {
            IntakeOutcome::Mail { files, .. } => files,
            IntakeOutcome::Report { .. }
            | IntakeOutcome::Statement { .. }
            | IntakeOutcome::Refused { .. } => &[],
        }
    }

    /// Every batch that was ever read from it.
    pub fn batches(&self) -> impl Iterator<Item = &BatchKey> {
        let now = match &self.outcome {
            IntakeOutcome::Report { batches } => batches.as_slice(),
            IntakeOutcome::Statement { .. } | IntakeOutcome::Refused { .. } | IntakeOutcome::Mail { .. } => {
                &[]
            }
        };
        now.iter().map(|batch| &batch.key).chain(&self.earlier)
    }

    /// The name by which its refusal is dismissed.
    pub fn name(&self) -> String {
        let hash = &self.file.sha256;
        format!("file/{}", hash.get(..FILE_NAME_LETTERS).unwrap_or(hash))
    }
}
