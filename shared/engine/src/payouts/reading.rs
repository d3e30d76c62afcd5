//! Reading a file: which format it is, and its batches.

use std::panic::{AssertUnwindSafe, catch_unwind};

use connectors::camt;
use connectors::report::{self, ReadingContext, Unreadable};
use domain::bank::Statement;
use domain::plan::Reason;
use domain::settings::Profile;
use domain::settlement::{
    BatchKey, Confirmation, ConfirmedBy, FeeKind, Fees, Kind, Line, Receiver, Settlement, SettlementError,
    SettlementMode, Settlements, Source, Stated,
};

use super::PayoutFailure;
use super::record::{BalanceReport, BalanceSums, PayoutRecord};
use super::route::PayoutRoute;
use super::store::FileBytes;

/// What a file holds.
pub(super) enum Content {
    /// Batches of an acquirer.
    Report {
        /// The format's name.
        format: String,
        /// Each batch once.
        batches: Vec<Settlement>,
    },
    /// Statements of a bank.
    Statements(Vec<Statement>),
}

/// Why there is no content.
pub(super) enum NoContent {
    /// The file is not what it should be.
    Refused(Reason),
    /// It broke off while it was read, and may be read again.
    Interrupted(String),
}

impl From<Unreadable> for NoContent {
    fn from(unreadable: Unreadable) -> NoContent {
        match unreadable {
            Unreadable::Refused(reason) => NoContent::Refused(reason),
            Unreadable::Interrupted(words) => NoContent::Interrupted(words),
        }
    }
}

impl From<std::io::Error> for NoContent {
    fn from(error: std::io::Error) -> NoContent {
        NoContent::from(Unreadable::from(error))
    }
}

/// Why a file is refused by its length alone.
pub(super) fn too_large(file: &dyn FileBytes) -> Option<Reason> {
    let limit = report::LONGEST_REPORT;
    (file.length() > limit).then(|| Reason::new("report-too-large").with("limit", limit >> 20))
}

/// Reads a file: a bank's statement by its own beginning, anything else with the reader of the flow's acquirer.
///
/// A reader that panics has met a file that nobody thought of: that file is refused and told of, and comes no ten times.
pub(super) fn read(route: &PayoutRoute, name: &str, file: &dyn FileBytes) -> Result<Content, NoContent> {
    let read = catch_unwind(AssertUnwindSafe(|| read_unguarded(route, name, file)));
    read.unwrap_or_else(|_| Err(NoContent::Refused(Reason::new("report-reader-failed"))))
}

fn read_unguarded(route: &PayoutRoute, name: &str, file: &dyn FileBytes) -> Result<Content, NoContent> {
    let mut start = Vec::with_capacity(report::START);
    std::io::Read::read_to_end(&mut std::io::Read::take(file.open()?, report::START as u64), &mut start)?;
    if is_statement(&start) {
        return Ok(Content::Statements(camt::statements(&mut file.open()?)?));
    }
    let context = context(route, route.acquirer.profile.as_ref(), name);
    let format = route.acquirer.reader.detect(&start);
    let mut settlements =
        Settlements::from_source(source(route, file, format.map_or("", |format| format.name)));
    let format = report::read(route.acquirer.reader, &mut file.open()?, &context, &mut settlements)?;
    Ok(Content::Report { format: format.name.to_owned(), batches: settlements.into_batches() })
}

/// Reads one batch of a report again: the others are read past and not kept.
pub(super) fn read_batch(
    route: &PayoutRoute,
    record: &PayoutRecord,
    file: &dyn FileBytes,
) -> Result<Settlement, PayoutFailure> {
    let source = source(route, file, &record.original.format);
    let kept = Settlements::from_source(source);
    let mut one = OneBatch { key: &record.id.key, inside: false, mode: None, last: 0, kept };
    let mut bytes = file.open().map_err(|error| PayoutFailure::Unavailable(error.to_string()))?;
    let context = context(route, record.original.profile.as_deref(), &record.original.name);
    match report::read(route.acquirer.reader, &mut bytes, &context, &mut one) {
        Ok(_) => {}
        Err(Unreadable::Refused(reason)) => return Err(PayoutFailure::Refused(reason)),
        Err(Unreadable::Interrupted(words)) => return Err(PayoutFailure::Unavailable(words)),
    }
    if let Some(report) = &record.balance_report {
        one.add_fees(&report.sums).map_err(|error| {
            PayoutFailure::Refused(Reason::new("settlement-not-readable").with("message", error))
        })?;
    }
    let gone = || PayoutFailure::NotFound(format!("batch {} in its own report", record.id.key.batch));
    let mut settlement = one.kept.into_batches().pop().ok_or_else(gone)?;
    for confirmation in &record.confirmations {
        settlement.confirm(*confirmation);
    }
    if let Some(BalanceReport { sums, .. }) = &record.balance_report {
        settlement.confirm(Confirmation { by: ConfirmedBy::Person, payout: sums.payout, day: sums.day });
    }
    Ok(settlement)
}

fn is_statement(start: &[u8]) -> bool {
    let start = report::beginning(start);
    start.starts_with('<') && (start.contains("camt.053") || start.contains("camt.054"))
}

fn source(route: &PayoutRoute, file: &dyn FileBytes, format: &str) -> Source {
    let known = route.acquirer.reader.manifest().formats.iter().find(|known| known.name == format);
    Source {
        sha256: file.sha256().to_owned(),
        format: format.to_owned(),
        version: String::new(),
        unproven: known.is_none_or(|known| !known.proven),
    }
}

/// What the file itself may leave open: the account of the connection, the file's name as the batch's id, and all of its form
/// where its system has no reader of its own.
fn context<'a>(route: &'a PayoutRoute, profile: Option<&'a Profile>, name: &'a str) -> ReadingContext<'a> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let batch = file.split('.').next().unwrap_or(file);
    ReadingContext { account: &route.acquirer.account, batch, profile, ..ReadingContext::default() }
}

/// Keeps one batch of a report.
struct OneBatch<'a> {
    key: &'a BatchKey,
    inside: bool,
    /// How its fees are taken, once it was opened.
    mode: Option<SettlementMode>,
    /// Number of its last line.
    last: u32,
    kept: Settlements,
}

impl OneBatch<'_> {
    /// Adds the fees that stand in the acquirer's balance report alone, behind the lines of the file.
    fn add_fees(&mut self, sums: &BalanceSums) -> Result<(), SettlementError> {
        let Some(mode) = self.mode else { return Ok(()) };
        self.kept.batch(self.key, mode)?;
        for (kind, amount) in [(Kind::Fee, sums.fees), (Kind::Vat, sums.vat)] {
            if amount.is_zero() {
                continue;
            }
            self.last = self.last.saturating_add(1);
            let line = self.last;
            let minor = amount.negated().map_err(|error| SettlementError::Amount { line, error })?.minor();
            let mut added = Line::new(line, kind, "balance report", amount.currency().zero());
            match kind {
                Kind::Vat => added.vat_on_fees = minor,
                _ => added.fees = Fees::of(FeeKind::Commission, minor),
            }
            self.kept.line(&added)?;
        }
        Ok(())
    }
}

impl Receiver for OneBatch<'_> {
    fn batch(&mut self, key: &BatchKey, mode: SettlementMode) -> Result<(), SettlementError> {
        self.inside = key == self.key;
        if self.inside {
            self.mode = Some(mode);
        }
        if self.inside { self.kept.batch(key, mode) } else { Ok(()) }
    }

    fn state(&mut self, stated: Stated) -> Result<(), SettlementError> {
        if self.inside { self.kept.state(stated) } else { Ok(()) }
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), SettlementError> {
        if self.inside {
            self.last = self.last.max(line.number);
        }
        if self.inside { self.kept.line(line) } else { Ok(()) }
    }
}
