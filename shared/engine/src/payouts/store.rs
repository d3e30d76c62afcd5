//! What is kept of payouts: one small record each under a fence, their plans and the files they came in as objects.

use std::io::{self, Read};

use async_trait::async_trait;
use domain::{AgreementId, ConnectionId, EffectKey, MerchantId};
use jiff::Timestamp;
use jiff::civil::Date;

use super::links::OrderLink;
use super::record::{IntakeRecord, PaidBefore, PayoutClaim, PayoutId, PayoutRecord};
use super::summary::PayoutSummary;
use crate::store::{Head, Page, Pointer, StoreFailure};

/// The bytes of a file, which may be read as often as needed. They are never all in memory for its sake.
pub trait FileBytes: Send + Sync {
    /// Begins to read.
    ///
    /// # Errors
    /// As whatever holds the bytes says.
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>>;

    /// Its length.
    fn length(&self) -> u64;

    /// SHA-256 of it, in lower-case hexadecimal.
    fn sha256(&self) -> &str;
}

/// A number in a journal's series of one accounting year.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VoucherNumber {
    /// Whose.
    pub merchant: MerchantId,
    /// The company.
    pub agreement: AgreementId,
    /// The journal.
    pub journal: u32,
    /// A name of the accounting year: numbers begin anew in each.
    pub year: String,
    /// The number.
    pub number: u32,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutClaimed {
    /// Taken: the record as it is now.
    Taken(Box<PayoutRecord>),
    /// Held by another worker.
    Held {
        /// Until when, at the latest.
        until: Timestamp,
    },
    /// There is no such payout.
    Unknown,
}

/// The store. Every method may be repeated with the same arguments.
#[async_trait]
pub trait PayoutStore: Send + Sync {
    /// Keeps a file under its hash.
    ///
    /// # Errors
    /// As the store says.
    async fn put_file(&self, merchant: &MerchantId, file: &dyn FileBytes) -> Result<(), StoreFailure>;

    /// A file that was kept.
    ///
    /// # Errors
    /// As the store says; `Conflict` when there is none of that hash.
    async fn file(&self, merchant: &MerchantId, sha256: &str) -> Result<Box<dyn FileBytes>, StoreFailure>;

    /// Keeps what became of a file, in the place of what was said of it before.
    ///
    /// # Errors
    /// As the store says.
    async fn put_intake(&self, intake: &IntakeRecord) -> Result<(), StoreFailure>;

    /// What became of a file when it came for a flow before.
    ///
    /// # Errors
    /// As the store says.
    async fn intake(
        &self,
        merchant: &MerchantId,
        flow: &str,
        sha256: &str,
    ) -> Result<Option<IntakeRecord>, StoreFailure>;

    /// One page of the files that came in, the latest first.
    ///
    /// # Errors
    /// As the store says.
    async fn intakes(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<IntakeRecord>, StoreFailure>;

    /// Keeps the fingerprints of a payout's own line ids, before the payout itself.
    ///
    /// # Errors
    /// As the store says.
    async fn put_line_ids(&self, id: &PayoutId, ids: &[u128]) -> Result<(), StoreFailure>;

    /// The fingerprints of a payout's own line ids; empty when it has none.
    ///
    /// # Errors
    /// As the store says.
    async fn line_ids(&self, id: &PayoutId) -> Result<Vec<u128>, StoreFailure>;

    /// Keeps a payout that was never seen. `Some`: it stands already, as this, and nothing was changed.
    ///
    /// # Errors
    /// As the store says.
    async fn insert_payout(&self, record: &PayoutRecord) -> Result<Option<PayoutRecord>, StoreFailure>;

    /// Takes a payout under the next fence, unless a lease holds.
    ///
    /// # Errors
    /// As the store says.
    async fn claim_payout(&self, claim: &PayoutClaim) -> Result<PayoutClaimed, StoreFailure>;

    /// Replaces the record, while its fence and claim are the stored ones.
    ///
    /// # Errors
    /// `Fenced` when a newer claim exists; otherwise as the store says.
    async fn save_payout(&self, record: &PayoutRecord) -> Result<(), StoreFailure>;

    /// A payout as it is now.
    ///
    /// # Errors
    /// As the store says.
    async fn payout(&self, id: &PayoutId) -> Result<Option<PayoutRecord>, StoreFailure>;

    /// One page of a merchant's payouts, by acquirer, account and batch; of one acquirer's account where it is given.
    ///
    /// # Errors
    /// As the store says.
    async fn payouts(
        &self,
        merchant: &MerchantId,
        account: Option<(&str, &str)>,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure>;

    /// Keeps under which days and names the payout is found, before it is kept with them. A new payout is by itself.
    ///
    /// # Errors
    /// As the store says.
    async fn index_payout(&self, record: &PayoutRecord) -> Result<(), StoreFailure>;

    /// One page of the payouts that may have one of their days ([`PayoutRecord::days`]) within these, or that have none: of one acquirer
    /// where it is given. One may be listed twice, and further ones with them: days are kept by month.
    ///
    /// # Errors
    /// As the store says.
    async fn payouts_around(
        &self,
        merchant: &MerchantId,
        acquirer: Option<&str>,
        days: (Date, Date),
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure>;

    /// One page of the payouts that need somebody or something.
    ///
    /// # Errors
    /// As the store says.
    async fn open_payouts(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure>;

    /// Keeps a plan under its hash.
    ///
    /// # Errors
    /// As the store says.
    async fn put_payout_plan(&self, id: &PayoutId, hash: &str, plan: Vec<u8>) -> Result<(), StoreFailure>;

    /// A plan that was kept.
    ///
    /// # Errors
    /// As the store says; `Conflict` when there is none of that hash.
    async fn payout_plan(&self, id: &PayoutId, hash: &str) -> Result<Vec<u8>, StoreFailure>;

    /// Keeps what an overview needs of one posting of a payout; the same again replaces it. One that is larger than a row may be is not
    /// kept.
    ///
    /// # Errors
    /// As the store says.
    async fn put_summary(&self, summary: &PayoutSummary) -> Result<(), StoreFailure>;

    /// What is kept of these postings, by payout and plan, in no order: many at a time. Those of which nothing is kept are left out.
    ///
    /// # Errors
    /// As the store says.
    async fn summaries(&self, wanted: &[(PayoutId, String)]) -> Result<Vec<PayoutSummary>, StoreFailure>;

    /// Keeps what is needed until a piece of work comes to its end, in the place of what was kept under that name.
    ///
    /// # Errors
    /// As the store says.
    async fn put_passing(&self, id: &PayoutId, name: &str, bytes: Vec<u8>) -> Result<(), StoreFailure>;

    /// What was kept for a piece of work; `None` where it is gone.
    ///
    /// # Errors
    /// As the store says.
    async fn passing(&self, id: &PayoutId, name: &str) -> Result<Option<Vec<u8>>, StoreFailure>;

    /// Drops what was kept for a piece of work; nothing happens where it is gone.
    ///
    /// # Errors
    /// As the store says.
    async fn drop_passing(&self, id: &PayoutId, name: &str) -> Result<(), StoreFailure>;

    /// Takes a voucher number for an effect: true when nobody had it, or this effect has it already.
    ///
    /// # Errors
    /// As the store says.
    async fn take_number(&self, number: &VoucherNumber, key: &EffectKey) -> Result<bool, StoreFailure>;

    /// Keeps what a payout pays of documents, before it is posted; the same again replaces it.
    ///
    /// # Errors
    /// As the store says.
    async fn put_paid(
        &self,
        merchant: &MerchantId,
        agreement: &AgreementId,
        paid: &[PaidBefore],
    ) -> Result<(), StoreFailure>;

    /// What payouts paid of these documents, of all payouts.
    ///
    /// # Errors
    /// As the store says.
    async fn paid(
        &self,
        merchant: &MerchantId,
        agreement: &AgreementId,
        documents: &[String],
    ) -> Result<Vec<PaidBefore>, StoreFailure>;

    /// Keeps what a gateway says of references. What was kept before stays as it is; the number of those that are new.
    ///
    /// # Errors
    /// As the store says.
    async fn put_links(&self, merchant: &MerchantId, links: &[OrderLink]) -> Result<usize, StoreFailure>;

    /// What these gateways said of these references.
    ///
    /// # Errors
    /// As the store says.
    async fn links(
        &self,
        merchant: &MerchantId,
        gateways: &[ConnectionId],
        references: &[String],
    ) -> Result<Vec<OrderLink>, StoreFailure>;

    /// The transfers that search keys lead to, each with the key that led there: many keys at a time, since a payout may
    /// have ten thousand lines.
    ///
    /// # Errors
    /// As the store says.
    async fn booked_under(
        &self,
        merchant: &MerchantId,
        keys: &[Pointer],
    ) -> Result<Vec<(Pointer, Head)>, StoreFailure>;
}
