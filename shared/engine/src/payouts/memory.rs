//! Payouts in memory with the exact rules of the table, for the simulator and the tests. Failures can be injected before or after a
//! call is applied.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{AgreementId, ConnectionId, EffectKey, MerchantId};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::links::OrderLink;
use super::record::{IntakeRecord, PaidBefore, PayoutClaim, PayoutId, PayoutRecord};
use super::store::{FileBytes, PayoutClaimed, PayoutStore, VoucherNumber};
use super::summary::PayoutSummary;
use crate::memory::{Fate, Faults, MemoryStore};
use crate::store::{Head, Page, Pointer, Store, StoreFailure};

/// Records of one page.
const PAGE: usize = 3;

/// A file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryFile {
    bytes: Arc<Vec<u8>>,
    sha256: String,
}

impl MemoryFile {
    /// Of these bytes.
    pub fn new(bytes: Vec<u8>) -> MemoryFile {
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        MemoryFile { bytes: Arc::new(bytes), sha256 }
    }
}

impl FileBytes for MemoryFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.bytes.as_slice()))
    }

    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }
}

/// What is stored.
#[derive(Clone, Debug, Default)]
struct Contents {
    files: BTreeMap<(MerchantId, String), MemoryFile>,
    intakes: BTreeMap<(MerchantId, String, String), IntakeRecord>,
    line_ids: BTreeMap<PayoutId, Vec<u128>>,
    payouts: BTreeMap<PayoutId, PayoutRecord>,
    plans: BTreeMap<(PayoutId, String), Vec<u8>>,
    summaries: BTreeMap<(PayoutId, String), PayoutSummary>,
    passing: BTreeMap<(PayoutId, String), Vec<u8>>,
    numbers: BTreeMap<VoucherNumber, EffectKey>,
    paid: BTreeMap<(MerchantId, AgreementId, String, String), PaidBefore>,
    links: BTreeMap<(MerchantId, ConnectionId, String, String, String), OrderLink>,
}

/// A store of payouts in memory, beside a ledger in memory.
pub struct MemoryPayoutStore {
    contents: Mutex<Contents>,
    faults: Mutex<Faults>,
    ledger: Arc<MemoryStore>,
}

impl MemoryPayoutStore {
    /// An empty one beside this ledger, whose calls all work.
    pub fn new(ledger: Arc<MemoryStore>) -> MemoryPayoutStore {
        MemoryPayoutStore::with_faults(ledger, Box::new(|_| Fate::Works))
    }

    /// An empty one whose calls fare as `faults` says.
    pub fn with_faults(ledger: Arc<MemoryStore>, faults: Faults) -> MemoryPayoutStore {
        MemoryPayoutStore { contents: Mutex::default(), faults: Mutex::new(faults), ledger }
    }

    /// From now on calls fare as this says.
    pub fn set_faults(&self, faults: Faults) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// All payouts, for checks after a run.
    pub fn records(&self) -> Vec<PayoutRecord> {
        self.contents().payouts.values().cloned().collect()
    }

    /// Loses all summaries, as if every payout had been posted before they were kept.
    pub fn lose_summaries(&self) {
        self.contents().summaries.clear();
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(
        &self,
        name: &'static str,
        action: impl FnOnce(&mut Contents) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        let fate = (self.faults.lock().unwrap_or_else(PoisonError::into_inner))(name);
        if fate == Fate::FailsBefore {
            return Err(StoreFailure::Unavailable(format!("{name}: not applied")));
        }
        let answer = action(&mut self.contents());
        if fate == Fate::FailsAfter {
            return Err(StoreFailure::Unavailable(format!("{name}: the answer was lost")));
        }
        answer
    }
}

fn paged<T: Clone>(all: Vec<T>, page: Option<&str>) -> Page<T> {
    let start: usize = page.and_then(|page| page.parse().ok()).unwrap_or(0);
    let items: Vec<T> = all.iter().skip(start).take(PAGE).cloned().collect();
    let end = start + items.len();
    Page { next: (end < all.len()).then(|| end.to_string()), items }
}

#[async_trait]
impl PayoutStore for MemoryPayoutStore {
    async fn put_file(&self, merchant: &MerchantId, file: &dyn FileBytes) -> Result<(), StoreFailure> {
        let mut bytes = Vec::new();
        file.open()
            .and_then(|mut from| from.read_to_end(&mut bytes))
            .map_err(|error| StoreFailure::Unavailable(error.to_string()))?;
        self.call("put_file", |contents| {
            let kept = MemoryFile::new(bytes);
            contents.files.insert((merchant.clone(), kept.sha256.clone()), kept);
            Ok(())
        })
    }

    async fn file(&self, merchant: &MerchantId, sha256: &str) -> Result<Box<dyn FileBytes>, StoreFailure> {
        self.call("file", |contents| {
            let found = contents.files.get(&(merchant.clone(), sha256.to_owned()));
            found.map(|file| Box::new(file.clone()) as Box<dyn FileBytes>).ok_or(StoreFailure::Conflict)
        })
    }

    async fn put_intake(&self, intake: &IntakeRecord) -> Result<(), StoreFailure> {
        self.call("put_intake", |contents| {
            let key = (intake.merchant.clone(), intake.flow.clone(), intake.file.sha256.clone());
            contents.intakes.insert(key, intake.clone());
            Ok(())
        })
    }

    async fn intake(
        &self,
        merchant: &MerchantId,
        flow: &str,
        sha256: &str,
    ) -> Result<Option<IntakeRecord>, StoreFailure> {
        self.call("intake", |contents| {
            let key = (merchant.clone(), flow.to_owned(), sha256.to_owned());
            Ok(contents.intakes.get(&key).cloned())
        })
    }

    async fn intakes(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<IntakeRecord>, StoreFailure> {
        self.call("intakes", |contents| {
            let own = contents.intakes.values().filter(|intake| intake.merchant == *merchant);
            let mut all: Vec<IntakeRecord> = own.cloned().collect();
            all.sort_by(|a, b| {
                b.file.received_at.cmp(&a.file.received_at).then_with(|| a.file.sha256.cmp(&b.file.sha256))
            });
            Ok(paged(all, page))
        })
    }

    async fn put_line_ids(&self, id: &PayoutId, ids: &[u128]) -> Result<(), StoreFailure> {
        self.call("put_line_ids", |contents| {
            contents.line_ids.insert(id.clone(), ids.to_vec());
            Ok(())
        })
    }

    async fn line_ids(&self, id: &PayoutId) -> Result<Vec<u128>, StoreFailure> {
        self.call("line_ids", |contents| Ok(contents.line_ids.get(id).cloned().unwrap_or_default()))
    }

    async fn insert_payout(&self, record: &PayoutRecord) -> Result<Option<PayoutRecord>, StoreFailure> {
        self.call("insert_payout", |contents| match contents.payouts.get(&record.id) {
            Some(known) => Ok(Some(known.clone())),
            None => {
                contents.payouts.insert(record.id.clone(), record.clone());
                Ok(None)
            }
        })
    }

    async fn claim_payout(&self, claim: &PayoutClaim) -> Result<PayoutClaimed, StoreFailure> {
        self.call("claim_payout", |contents| {
            let Some(record) = contents.payouts.get_mut(&claim.id) else { return Ok(PayoutClaimed::Unknown) };
            if record.is_held(claim) {
                return Ok(PayoutClaimed::Held { until: record.lease_until.unwrap_or(claim.now) });
            }
            if record.claim != claim.token || record.lease_until.is_none() {
                record.take(claim);
            }
            Ok(PayoutClaimed::Taken(Box::new(record.clone())))
        })
    }

    async fn save_payout(&self, record: &PayoutRecord) -> Result<(), StoreFailure> {
        self.call("save_payout", |contents| {
            let stored = contents.payouts.get_mut(&record.id).ok_or(StoreFailure::Fenced)?;
            if stored.fence != record.fence || stored.claim != record.claim {
                return Err(StoreFailure::Fenced);
            }
            *stored = record.clone();
            Ok(())
        })
    }

    async fn payout(&self, id: &PayoutId) -> Result<Option<PayoutRecord>, StoreFailure> {
        self.call("payout", |contents| Ok(contents.payouts.get(id).cloned()))
    }

    async fn payouts(
        &self,
        merchant: &MerchantId,
        account: Option<(&str, &str)>,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure> {
        self.call("payouts", |contents| {
            let of = |record: &&PayoutRecord| {
                let key = &record.id.key;
                record.id.merchant == *merchant
                    && account.is_none_or(|account| account == (key.acquirer.as_str(), key.account.as_str()))
            };
            Ok(paged(contents.payouts.values().filter(of).cloned().collect(), page))
        })
    }

    async fn index_payout(&self, _: &PayoutRecord) -> Result<(), StoreFailure> {
        self.call("index_payout", |_| Ok(()))
    }

    async fn payouts_around(
        &self,
        merchant: &MerchantId,
        acquirer: Option<&str>,
        (first, last): (Date, Date),
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure> {
        self.call("payouts_around", |contents| {
            let of = |record: &&PayoutRecord| {
                let meant = acquirer.is_none_or(|acquirer| acquirer == record.id.key.acquirer);
                let undated = record.figures.day.is_none();
                let near = undated || record.days().any(|day| first <= day && day <= last);
                record.id.merchant == *merchant && meant && near
            };
            Ok(paged(contents.payouts.values().filter(of).cloned().collect(), page))
        })
    }

    async fn open_payouts(
        &self,
        merchant: &MerchantId,
        page: Option<&str>,
    ) -> Result<Page<PayoutRecord>, StoreFailure> {
        self.call("open_payouts", |contents| {
            let open = |record: &&PayoutRecord| record.id.merchant == *merchant && record.needs_attention();
            Ok(paged(contents.payouts.values().filter(open).cloned().collect(), page))
        })
    }

    async fn put_payout_plan(&self, id: &PayoutId, hash: &str, plan: Vec<u8>) -> Result<(), StoreFailure> {
        self.call("put_payout_plan", |contents| {
            contents.plans.insert((id.clone(), hash.to_owned()), plan);
            Ok(())
        })
    }

    async fn payout_plan(&self, id: &PayoutId, hash: &str) -> Result<Vec<u8>, StoreFailure> {
        self.call("payout_plan", |contents| {
            contents.plans.get(&(id.clone(), hash.to_owned())).cloned().ok_or(StoreFailure::Conflict)
        })
    }

    async fn put_summary(&self, summary: &PayoutSummary) -> Result<(), StoreFailure> {
        self.call("put_summary", |contents| {
            contents.summaries.insert((summary.id.clone(), summary.plan.clone()), summary.clone());
            Ok(())
        })
    }

    async fn summaries(&self, wanted: &[(PayoutId, String)]) -> Result<Vec<PayoutSummary>, StoreFailure> {
        self.call("summaries", |contents| {
            Ok(wanted.iter().filter_map(|key| contents.summaries.get(key)).cloned().collect())
        })
    }

    async fn put_passing(&self, id: &PayoutId, name: &str, bytes: Vec<u8>) -> Result<(), StoreFailure> {
        self.call("put_passing", |contents| {
            contents.passing.insert((id.clone(), name.to_owned()), bytes);
            Ok(())
        })
    }

    async fn passing(&self, id: &PayoutId, name: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        self.call("passing", |contents| Ok(contents.passing.get(&(id.clone(), name.to_owned())).cloned()))
    }

    async fn drop_passing(&self, id: &PayoutId, name: &str) -> Result<(), StoreFailure> {
        self.call("drop_passing", |contents| {
            contents.passing.remove(&(id.clone(), name.to_owned()));
            Ok(())
        })
    }

    async fn take_number(&self, number: &VoucherNumber, key: &EffectKey) -> Result<bool, StoreFailure> {
        self.call("take_number", |contents| {
            let holder = contents.numbers.entry(number.clone()).or_insert_with(|| key.clone());
            Ok(holder == key)
        })
    }

    async fn put_paid(
        &self,
        merchant: &MerchantId,
        agreement: &AgreementId,
        paid: &[PaidBefore],
    ) -> Result<(), StoreFailure> {
        self.call("put_paid", |contents| {
            for one in paid {
                let key = (merchant.clone(), agreement.clone(), one.document.clone(), one.payout.clone());
                contents.paid.insert(key, one.clone());
            }
            Ok(())
        })
    }

    async fn paid(
        &self,
        merchant: &MerchantId,
        agreement: &AgreementId,
        documents: &[String],
    ) -> Result<Vec<PaidBefore>, StoreFailure> {
        self.call("paid", |contents| {
            let wanted: std::collections::BTreeSet<&String> = documents.iter().collect();
            let found = contents
                .paid
                .iter()
                .filter(|((of, company, _, _), one)| {
                    of == merchant && company == agreement && wanted.contains(&one.document)
                })
                .map(|(_, one)| one.clone());
            Ok(found.collect())
        })
    }

    async fn put_links(&self, merchant: &MerchantId, links: &[OrderLink]) -> Result<usize, StoreFailure> {
        self.call("put_links", |contents| {
            let before = contents.links.len();
            for link in links {
                let OrderLink { connection, reference, order, payment, .. } = link.clone();
                let place = (merchant.clone(), connection, reference, order, payment);
                contents.links.entry(place).or_insert_with(|| link.clone());
            }
            Ok(contents.links.len() - before)
        })
    }

    async fn links(
        &self,
        merchant: &MerchantId,
        gateways: &[ConnectionId],
        references: &[String],
    ) -> Result<Vec<OrderLink>, StoreFailure> {
        self.call("links", |contents| {
            let references: BTreeSet<&String> = references.iter().collect();
            let asked = |link: &OrderLink| {
                gateways.contains(&link.connection) && references.contains(&link.reference)
            };
            let found = contents.links.iter().filter(|((of, ..), link)| of == merchant && asked(link));
            Ok(found.map(|(_, link)| link.clone()).collect())
        })
    }

    async fn booked_under(
        &self,
        merchant: &MerchantId,
        keys: &[Pointer],
    ) -> Result<Vec<(Pointer, Head)>, StoreFailure> {
        self.call("booked_under", |_| Ok(()))?;
        let mut found = Vec::new();
        for key in keys {
            for transfer in self.ledger.find(merchant, key).await? {
                found.extend(self.ledger.head(&transfer).await?.map(|head| (key.clone(), head)));
            }
        }
        Ok(found)
    }
}
