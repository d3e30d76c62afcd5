//! What a reader of settlement reports is: what it says of itself, what it is given, and what it hands over.
//!
//! A reader takes bytes as a stream and hands over batches and lines as it goes, in bounded memory. Nothing that it handed
//! over may be used before the reading has ended well: a report is taken in whole or not at all. What a reader refuses it
//! refuses with a code and facts that have words in Danish and English; whether the amounts agree is the domain's to check.

use std::collections::BTreeSet;
use std::io::{self, Read};

use domain::money::Currency;
use domain::plan::Reason;
use domain::settlement::{BatchKey, Line, Receiver, SettlementError, SettlementMode, Stated};

/// Largest report that is read, in bytes. A million lines are some 200 MB.
pub const LONGEST_REPORT: u64 = 1 << 30;
/// Longest record (line of a table, tag or text of XML), in bytes.
pub const LONGEST_RECORD: usize = 128 * 1024;
/// Most lines in one report.
pub const MOST_LINES: u32 = 20_000_000;
/// Most batches in one report.
pub const MOST_BATCHES: usize = 20_000;
/// How much of a report's beginning is enough to know its format by, in bytes.
pub const START: usize = 8 * 1024;

/// Why a report was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not what it should be: read again, it would be refused again.
    #[error("refused: {}", .0.code)]
    Refused(Reason),
    /// The source broke off while it was read: nothing is known of the report, and it may be read again.
    #[error("interrupted: {0}")]
    Interrupted(String),
}

/// A refusal in the making: [`Reason`] with the conversions that parsers need.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused: {}", .0.code)]
pub struct Refusal(pub Reason);

/// A refusal of a code, without facts yet.
pub fn refusal(code: &str) -> Refusal {
    Refusal(Reason::new(code))
}

impl Refusal {
    /// The refusal with one more fact. Facts are amounts, places and names of columns; never what stands in a field that
    /// could be personal.
    #[must_use]
    pub fn with(self, name: &str, fact: impl std::fmt::Display) -> Refusal {
        Refusal(self.0.with(name, fact))
    }
}

impl From<Refusal> for Unreadable {
    fn from(refusal: Refusal) -> Unreadable {
        Unreadable::Refused(refusal.0)
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> io::Error {
        io::Error::other(refusal)
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Unreadable {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
            Some(refusal) => Unreadable::Refused(refusal.0.clone()),
            None => Unreadable::Interrupted(error.to_string()),
        }
    }
}

impl From<SettlementError> for Unreadable {
    fn from(error: SettlementError) -> Unreadable {
        Unreadable::Refused(error.reason())
    }
}

/// What form a format's bytes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Text in rows and columns.
    Delimited,
    /// A workbook (XLSX).
    Workbook,
    /// XML.
    Markup,
    /// One or more JSON documents, one after the other: the pages that an API answered with.
    Json,
}

/// What of its own sums a format states, and so how much a report of it proves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Totals, counts or balances: a report that lost a line is found.
    Totals,
    /// The payout stands among the lines and all of them add up to nothing.
    ZeroSum,
    /// Nothing: unconfirmed until the payout's API or the bank gives the same amount.
    Nothing,
}

/// One format that a reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its name (`adyen-settlement-details-csv`), kept with every batch.
    pub name: &'static str,
    /// Its form.
    pub medium: Medium,
    /// A vendor's own sample was read. Without one a reader reads and proposes and never posts by itself.
    pub proven: bool,
    /// What it states of its own sums.
    pub proof: Proof,
}

/// What is known of one acquirer's reports.
#[derive(Clone, Copy, Debug)]
pub struct ReportManifest {
    /// Name used in settings and keys (`stripe`).
    pub system: &'static str,
    /// Formats that are read.
    pub formats: &'static [Format],
    /// What no vendor's sample or live system has confirmed yet, in plain words.
    pub unproven: &'static [&'static str],
}

/// In which order an all-numeric day is written, where the file itself cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrder {
    /// `31/12/2026`
    DayFirst,
    /// `12/31/2026`
    MonthFirst,
}

/// What the merchant's settings say of a report.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadingContext<'a> {
    /// The account at the acquirer, for formats that do not name it.
    pub account: &'a str,
    /// The batch's id, for formats that do not name it (a file's name, a settlement's number from the mail's subject).
    pub batch: &'a str,
    /// How to read days that the file leaves open.
    pub day_order: Option<DayOrder>,
    /// Largest report that is read, in bytes, where it is less than [`LONGEST_REPORT`].
    pub longest: Option<u64>,
    /// How to read a file of a system that has no reader of its own.
    pub profile: Option<&'a crate::profile::Profile>,
}

/// Hands over to a [`Receiver`], batch by batch: opens one only where it changes, and bounds how many there are.
pub struct Batches<'r> {
    receiver: &'r mut dyn Receiver,
    system: &'r str,
    current: Option<BatchKey>,
    known: BTreeSet<BatchKey>,
}

impl<'r> Batches<'r> {
    /// Batches of one acquirer.
    pub fn new(system: &'r str, receiver: &'r mut dyn Receiver) -> Self {
        Batches { receiver, system, current: None, known: BTreeSet::new() }
    }

    /// Makes a batch the one that lines and statements belong to. True when it was not opened before.
    ///
    /// # Errors
    /// A refusal where the batch has no id, or there are too many; and as the domain refuses.
    pub fn open(
        &mut self,
        account: &str,
        batch: &str,
        currency: Currency,
        mode: SettlementMode,
    ) -> Result<bool, Unreadable> {
        let same = |key: &BatchKey| key.account == account && key.batch == batch && key.currency == currency;
        if self.current.as_ref().is_some_and(same) {
            return Ok(false);
        }
        if batch.is_empty() {
            return Err(refusal("report-batch-missing").with("system", self.system).into());
        }
        let key = BatchKey {
            acquirer: self.system.to_owned(),
            account: account.to_owned(),
            batch: batch.to_owned(),
            currency,
        };
        self.receiver.batch(&key, mode)?;
        let new = !self.known.contains(&key);
        if new {
            if self.known.len() >= MOST_BATCHES {
                return Err(refusal("report-too-many")
                    .with("what", "batches")
                    .with("limit", MOST_BATCHES)
                    .into());
            }
            self.known.insert(key.clone());
        }
        self.current = Some(key);
        Ok(new)
    }

    /// One line of the open batch.
    ///
    /// # Errors
    /// As the domain refuses.
    pub fn line(&mut self, line: &Line<'_>) -> Result<(), Unreadable> {
        Ok(self.receiver.line(line)?)
    }

    /// What the report states of the open batch.
    ///
    /// # Errors
    /// As the domain refuses.
    pub fn state(&mut self, stated: Stated) -> Result<(), Unreadable> {
        Ok(self.receiver.state(stated)?)
    }

    /// True when no batch was opened.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// The beginning of a report as text for detection: without byte-order mark and leading white space, whatever is no UTF-8
/// replaced.
pub fn beginning(start: &[u8]) -> String {
    let (text, _, _) = encoding_rs::UTF_8.decode(start);
    text.trim_start().to_owned()
}

/// True for the beginning of a workbook.
pub fn is_workbook(start: &[u8]) -> bool {
    start.starts_with(crate::workbook::SIGNATURE)
}

/// An acquirer's reports, from bytes.
pub trait ReportReader: Send + Sync {
    /// What it reads.
    fn manifest(&self) -> &'static ReportManifest;

    /// The format whose reports begin like this; `None` when none does.
    fn detect(&self, start: &[u8]) -> Option<&'static Format>;

    /// Reads a report of one of its formats to its end.
    ///
    /// # Errors
    /// [`Unreadable`]; what was handed over before is then void.
    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable>;
}

/// Reads the whole of a report with the reader given: finds its format by its beginning, reads it to its end.
///
/// # Errors
/// [`Unreadable`]; what was handed over before is then void.
pub fn read(
    reader: &dyn ReportReader,
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    receiver: &mut dyn Receiver,
) -> Result<&'static Format, Unreadable> {
    let mut source = Bounded::new(source, context.longest.unwrap_or(LONGEST_REPORT).min(LONGEST_REPORT));
    let mut start = Vec::with_capacity(START);
    Read::take(&mut source, START as u64).read_to_end(&mut start)?;
    if start.is_empty() {
        return Err(refusal("report-empty").into());
    }
    let manifest = reader.manifest();
    let Some(format) = reader.detect(&start) else {
        return Err(refusal("report-not-this-format").with("system", manifest.system).into());
    };
    let mut whole = io::Cursor::new(start).chain(&mut source);
    reader.read(format, &mut whole, context, receiver)?;
    Ok(format)
}

/// A source that is refused when it is longer than it may be.
pub(crate) struct Bounded<'a> {
    source: &'a mut dyn Read,
    limit: u64,
    taken: u64,
}

impl<'a> Bounded<'a> {
    pub(crate) fn new(source: &'a mut dyn Read, limit: u64) -> Self {
        Bounded { source, limit, taken: 0 }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // No more is taken than shows that it is too much.
        let left =
            usize::try_from(self.limit.saturating_sub(self.taken)).unwrap_or(usize::MAX).saturating_add(1);
        let most = into.len().min(left);
        let count = self.source.read(&mut into[..most])?;
        self.taken += count as u64;
        if self.taken > self.limit {
            return Err(refusal("report-too-large").with("limit", self.limit >> 20).into());
        }
        Ok(count)
    }
}
