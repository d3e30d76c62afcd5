//! What the engine asks of an accounting system's journals: enter a balanced voucher once, find it again, put its statement on it,
//! book it and nothing else, and read what others booked.
//!
//! **A voucher is entered once.** Its number is chosen and stored by the caller before the first call, and the key of the effect
//! stands at the end of every entry's text. Whatever became of a call, [`Journals::find`] finds the entries by number or by key, as
//! drafts or booked; only when it finds none may [`Journals::enter`] be called again.
//!
//! **Two workers never take one number.** [`Journals::free_number`] only proposes what nobody has used. Whoever wants it takes it
//! in Bogbro's own table by a conditional write on (agreement, number), and asks for the next one when
//! that fails. A person who takes the same number in the accounting system at the same moment shares the number but not the key:
//! only entries with the key are found, compared, and booked.

use async_trait::async_trait;
use domain::catalogue::LedgerData;
use domain::payout::{BookedEntry, VoucherStep};
use domain::{EffectKey, Failure, Money};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::http::Transport;
use crate::manifest::Manifest;
use crate::ports::Difference;

/// What a journal takes, checked before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLimits {
    /// Most entries of one voucher.
    pub entries: usize,
    /// Longest text of an entry, in UTF-16 units, with the key at its end.
    pub text: usize,
    /// Highest voucher number.
    pub highest_number: u32,
    /// Largest file that can be put on a voucher, in bytes.
    pub file_bytes: usize,
}

/// A voucher as the accounting system has it. Only entries that carry the step's key are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnteredVoucher {
    /// The number it has there: a person may have given it another than it was entered with.
    pub number: u32,
    /// Numbers of the entries that wait in the journal.
    pub drafts: Vec<u64>,
    /// Numbers of the entries that are booked.
    pub booked: Vec<u64>,
    /// Where it is not what was asked for: entries that a person changed, removed or booked alone. It is then neither entered again
    /// nor booked by Bogbro, but told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
}

impl EnteredVoucher {
    /// Everything that was asked for stands in the journal and can be booked.
    pub fn is_draft(&self) -> bool {
        self.booked.is_empty() && !self.drafts.is_empty() && self.differences.is_empty()
    }

    /// Everything that was asked for is booked.
    pub fn is_booked(&self) -> bool {
        self.drafts.is_empty() && !self.booked.is_empty() && self.differences.is_empty()
    }
}

/// Which voucher a file is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherPlace {
    /// Its number.
    pub number: u32,
    /// A day of it: numbers begin anew with each accounting year.
    pub day: Date,
}

/// A file that stands on a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedFile {
    /// Its number.
    pub number: u64,
    /// Its note; the note of a file of Bogbro's ends with the key of the effect.
    pub note: String,
}

impl AttachedFile {
    /// Whether this effect put it there.
    pub fn is_of(&self, key: &EffectKey) -> bool {
        EffectKey::at_end_of(&self.note).as_ref() == Some(key)
    }
}

/// A file to put on a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherFile {
    /// Name with its ending (`payout-48.pdf`).
    pub name: String,
    /// What it is, in words; the key is put behind it.
    pub note: String,
    /// The bytes of a PDF.
    pub pdf: Vec<u8>,
}

/// Days, both ends within.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

/// What made a booked entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryOrigin {
    /// An invoice or credit note.
    Document,
    /// A customer's payment.
    Payment,
    /// A voucher.
    Voucher,
    /// A balance that was brought in when the books were begun.
    Opening,
    /// A balance that the system itself carried from the year before. It repeats what the entries of that year say: a balance over
    /// several years leaves it out.
    Carried,
    /// Anything else (suppliers, reminders, the system's own).
    Other,
}

/// A booked entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its number.
    pub number: u64,
    /// The account it stands on.
    pub account: u32,
    /// Number of its voucher, where it has one.
    pub voucher: Option<u32>,
    /// Day of posting.
    pub day: Date,
    /// Debit positive, in its own currency.
    pub amount: Money,
    /// Its text.
    pub text: String,
    /// What made it.
    pub origin: EntryOrigin,
    /// Number of the customer it concerns.
    pub customer: Option<u32>,
    /// Number of the invoice or credit note it concerns.
    pub document: Option<u64>,
    /// What is still open of it, signed as the amount; `None` where the system does not say.
    pub remainder: Option<Money>,
}

impl LedgerEntry {
    /// As the domain looks for payouts that were booked by hand.
    pub fn as_booked(&self) -> BookedEntry {
        BookedEntry {
            voucher: self.voucher.map(|number| number.to_string()).unwrap_or_default(),
            day: self.day,
            amount: self.amount,
            text: self.text.clone(),
        }
    }
}

/// One page of booked entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntriesPage {
    /// The entries.
    pub entries: Vec<LedgerEntry>,
    /// Entries that Bogbro cannot reckon with, each in words (a currency that it does not know): a balance cannot be proven over them.
    pub left_out: Vec<String>,
    /// The next page; `None` after the last.
    pub next: Option<String>,
}

/// Which documents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentState {
    /// All that are booked.
    Booked,
    /// Those that something is still open of.
    Open,
}

/// A booked invoice or credit note, whoever made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerDocument {
    /// Its number.
    pub number: u64,
    /// Its date.
    pub date: Date,
    /// Number of the customer.
    pub customer: u32,
    /// Gross sum; negative for a credit note.
    pub gross: Money,
    /// What is still open of it, signed as the sum; `None` where the system does not say.
    pub remainder: Option<Money>,
    /// Its free reference: the order's number and the key where Bogbro made it, whatever another integration or a person wrote where not.
    pub reference: String,
    /// Heading and texts, a line each: other integrations put the order's number there.
    pub text: String,
}

impl LedgerDocument {
    /// The key of the effect that made it; `None` when it was not Bogbro.
    pub fn key(&self) -> Option<EffectKey> {
        EffectKey::at_end_of(&self.reference)
    }
}

/// One page of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentsPage {
    /// The documents, by number.
    pub documents: Vec<LedgerDocument>,
    /// Documents that Bogbro cannot reckon with, each in words (a currency that it does not know).
    pub left_out: Vec<String>,
    /// The next page; `None` after the last.
    pub next: Option<String>,
}

/// The journals of an accounting system.
#[async_trait]
pub trait Journals: Send + Sync {
    /// The system's manifest.
    fn manifest(&self) -> &'static Manifest;

    /// What a journal takes.
    fn limits(&self) -> &'static JournalLimits;

    /// Checks before the plan is stored that the system can hold this voucher (number, entries, texts, decimals, balance by day).
    ///
    /// # Errors
    /// `Rejected` with code `limit` that names the entry, the field and the limit.
    fn check(&self, step: &VoucherStep) -> Result<(), Failure>;

    /// Reads the journals, accounts, VAT codes and accounting years that settings are checked against.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn ledger_data(&self, transport: &dyn Transport) -> Result<LedgerData, Failure>;

    /// A voucher number that no draft and no booked entry of the accounting years of `days` has, at least `at_least`, within the
    /// journal's series. It is free, not taken: see above.
    ///
    /// # Errors
    /// `Rejected` with code `no-voucher-number` when the series is used up, `no-accounting-year`, `no-journal`; else as the transport
    /// and the system say.
    async fn free_number(
        &self,
        transport: &dyn Transport,
        journal: u32,
        days: Days,
        at_least: u32,
    ) -> Result<u32, Failure>;

    /// Enters the voucher as drafts in its journal: all entries or none.
    ///
    /// # Errors
    /// As the transport and the system say; after `Unknown` it is looked for before anything is entered again.
    async fn enter(&self, transport: &dyn Transport, step: &VoucherStep) -> Result<EnteredVoucher, Failure>;

    /// Finds the voucher wherever it stands, and compares it with what was asked for; `None` when no entry carries its key.
    ///
    /// # Errors
    /// As the transport and the system say; not to have the right to look is `Rejected`, never "not there".
    async fn find(
        &self,
        transport: &dyn Transport,
        step: &VoucherStep,
    ) -> Result<Option<EnteredVoucher>, Failure>;

    /// The files that stand on a voucher.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn attached(
        &self,
        transport: &dyn Transport,
        place: VoucherPlace,
    ) -> Result<Vec<AttachedFile>, Failure>;

    /// Puts a file on a voucher that has none; after `Unknown` look with [`Journals::attached`] first.
    ///
    /// # Errors
    /// `Rejected` with code `attached-already` when the voucher has a file; else as the transport and the system say.
    async fn attach(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        place: VoucherPlace,
        file: &VoucherFile,
    ) -> Result<(), Failure>;

    /// Books these drafts of a journal, all or none, and no others: cannot be undone.
    ///
    /// # Errors
    /// As the transport and the system say; after `Unknown` it is looked for.
    async fn book_drafts(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        journal: u32,
        drafts: &[u64],
    ) -> Result<(), Failure>;

    /// One page of what is booked on an account. `page` is `next` of the page before.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn entries_on(
        &self,
        transport: &dyn Transport,
        account: u32,
        days: Days,
        page: Option<&str>,
    ) -> Result<EntriesPage, Failure>;

    /// The booked entries of a customer that concern one invoice or credit note, with what is open of each.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn entries_of(
        &self,
        transport: &dyn Transport,
        customer: u32,
        document: u64,
    ) -> Result<Vec<LedgerEntry>, Failure>;

    /// Settles booked entries of one customer against each other: the payments of an invoice with the invoice, where booking did not
    /// do it. It has no undoing; entries that nothing is open of are left out by the caller.
    ///
    /// # Errors
    /// As the transport and the system say; after `Unknown` the remainders tell.
    async fn settle(
        &self,
        transport: &dyn Transport,
        key: &EffectKey,
        entries: &[u64],
    ) -> Result<(), Failure>;

    /// One page of booked invoices and credit notes, whoever made them, by date. `page` is `next` of the page before.
    ///
    /// # Errors
    /// As the transport and the system say.
    async fn documents_page(
        &self,
        transport: &dyn Transport,
        state: DocumentState,
        days: Days,
        page: Option<&str>,
    ) -> Result<DocumentsPage, Failure>;
}
