//! The configured merchants: settings in versions, connections, secrets, pauses and the ledger's epoch, read rarely.
//!
//! A warm process keeps what it read for a minute. A webhook whose signature does not hold may mean a rotated secret, so
//! its connection is read once more, but at most once in that time however many forgeries come.

mod records;
mod shops;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::settings::MerchantFile;
use domain::{AgreementId, ConnectionId, MerchantId};
use engine::store::Pause;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::clock::SystemClock;
use crate::failure::PlatformError;
use crate::keys::{self, Keys};
use crate::ledger::{Vault, Vaults};
use crate::sealing::{DataKey, Sealing};
use crate::table::{Item, Reading, SCHEMA, Table, key_of, number};
use engine::clock::Clock;

pub use records::{
    DirectoryEntry, Epoch, FILE_BYTES, MerchantRecord, OVERLAP, SealedSecret, SealedSecrets,
    verifies_webhooks,
};

/// How long what was read is believed.
pub const BELIEVED: SignedDuration = SignedDuration::from_secs(60);
/// How many entries each cache keeps: more merchants than one process meets in a minute.
const KEPT: usize = 5_000;

/// A merchant as read, with everything that holds for it now.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// Its record.
    pub record: MerchantRecord,
    /// Its data key, opened.
    pub key: DataKey,
    /// Pauses of its own, of its connections, and of everything.
    pub pauses: Vec<Pause>,
    /// The ledger's epoch; `None` when it was never restored.
    pub epoch: Option<Epoch>,
}

impl Merchant {
    /// The opened secrets of a connection, by name.
    ///
    /// # Errors
    /// `Unreadable` when one was sealed for somebody else.
    pub fn secrets(&self, connection: &ConnectionId) -> Result<HashMap<String, SecretString>, PlatformError> {
        let Some(sealed) = self.record.secrets.get(connection) else { return Ok(HashMap::new()) };
        sealed
            .iter()
            .map(|(name, secret)| Ok((name.clone(), secret.open(&self.key, connection, name)?)))
            .collect()
    }
}

/// A connection as intake needs it.
#[derive(Clone)]
pub struct WebhookConnection {
    /// The connection.
    pub connection: ConnectionId,
    /// Whose.
    pub merchant: MerchantId,
    /// Name of the system.
    pub system: String,
    /// The shop's own identity.
    pub source: String,
    /// The company that its orders go to; `None` when no flow starts here.
    pub agreement: Option<AgreementId>,
    /// Every secret that verifies now.
    pub secrets: Vec<SecretString>,
    /// The merchant's data key.
    pub key: DataKey,
}

struct Kept<T> {
    value: T,
    read_at: Timestamp,
}

type Cache<K, T> = Arc<Mutex<HashMap<K, Kept<T>>>>;

fn locked<K, T>(cache: &Cache<K, T>) -> MutexGuard<'_, HashMap<K, Kept<T>>> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was kept under a key and is not too old. The clock may jump: a time in the future is too old as well.
fn fresh<K: std::hash::Hash + Eq, T: Clone>(cache: &Cache<K, T>, key: &K, now: Timestamp) -> Option<T> {
    let kept = locked(cache);
    let found = kept.get(key)?;
    let age = now.duration_since(found.read_at);
    (SignedDuration::ZERO <= age && age < BELIEVED).then(|| found.value.clone())
}

fn keep<K: std::hash::Hash + Eq, T>(cache: &Cache<K, T>, key: K, value: T, now: Timestamp) {
    let mut kept = locked(cache);
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(key, Kept { value, read_at: now });
}

/// The merchants in the table.
#[derive(Clone)]
pub struct Merchants {
    table: Table,
    sealing: Sealing,
    merchants: Cache<MerchantId, Arc<Merchant>>,
    files: Cache<(MerchantId, u64), Arc<MerchantFile>>,
    connections: Cache<ConnectionId, Option<Arc<WebhookConnection>>>,
    refetched: Cache<ConnectionId, ()>,
}

impl Merchants {
    /// Over this table and KMS key.
    pub fn new(table: Table, sealing: Sealing) -> Merchants {
        Merchants {
            table,
            sealing,
            merchants: Arc::default(),
            files: Arc::default(),
            connections: Arc::default(),
            refetched: Arc::default(),
        }
    }

    /// The table they are in.
    pub fn table(&self) -> Table {
        self.table.clone()
    }

    /// A merchant, as it was within the last minute.
    ///
    /// # Errors
    /// `NotFound`; otherwise as AWS says.
    pub async fn merchant(&self, id: &MerchantId) -> Result<Arc<Merchant>, PlatformError> {
        let now = SystemClock.now();
        if let Some(found) = fresh(&self.merchants, id, now) {
            return Ok(found);
        }
        let found = Arc::new(self.read_merchant(id).await?);
        keep(&self.merchants, id.clone(), found.clone(), now);
        Ok(found)
    }

    /// Forgets what was read of a merchant, after it was changed here.
    pub fn forget(&self, id: &MerchantId) {
        locked(&self.merchants).remove(id);
        locked(&self.connections).clear();
    }

    async fn read_merchant(&self, id: &MerchantId) -> Result<Merchant, PlatformError> {
        let own = Keys::of(id).merchant();
        let mut items = self.table.range(&own.partition, &own.sort, "pause#~").await?;
        if items.is_empty() || items[0].get("sk").and_then(|sort| sort.as_s().ok()) != Some(&own.sort) {
            return Err(PlatformError::NotFound(format!("merchant {id}")));
        }
        let record = MerchantRecord::read(&items.remove(0))?;
        let key = self.sealing.open(id, &record.wrapped_key).await?;
        let (epoch, everything) = self.read_global().await?;
        items.extend(everything);
        let pauses = items.iter().map(crate::ledger::pauses::read_pause).collect::<Result<_, _>>()?;
        Ok(Merchant { record, key, pauses, epoch })
    }

    /// The epoch, and the item of the pause of everything.
    async fn read_global(&self) -> Result<(Option<Epoch>, Vec<Item>), PlatformError> {
        let (global, pause) = (keys::global(), keys::global_pause());
        let items = self.table.range(&global.partition, &global.sort, &pause.sort).await?;
        let is = |item: &Item, sort: &str| {
            item.get("sk").and_then(|at| at.as_s().ok()).is_some_and(|at| at == sort)
        };
        let epoch = items.iter().find(|item| is(item, &global.sort)).map(Epoch::read).transpose()?;
        Ok((epoch, items.into_iter().filter(|item| is(item, &pause.sort)).collect()))
    }

    /// One version of a merchant's settings file. Versions never change, so they are kept.
    ///
    /// # Errors
    /// `NotFound`; otherwise as AWS says.
    pub async fn file(&self, id: &MerchantId, version: u64) -> Result<Arc<MerchantFile>, PlatformError> {
        let place = (id.clone(), version);
        if let Some(kept) = locked(&self.files).get(&place) {
            return Ok(kept.value.clone());
        }
        let file = Arc::new(self.version(id, version).await?.1);
        keep(&self.files, place, file.clone(), SystemClock.now());
        Ok(file)
    }

    /// One version of a merchant's settings file, with the time at which it was put.
    ///
    /// # Errors
    /// As [`Merchants::file`].
    pub async fn version(
        &self,
        id: &MerchantId,
        version: u64,
    ) -> Result<(Timestamp, MerchantFile), PlatformError> {
        let item = self
            .table
            .get(&Keys::of(id).settings(version))
            .await?
            .ok_or_else(|| PlatformError::NotFound(format!("settings version {version} of {id}")))?;
        let reading = Reading::of(&item, SCHEMA)?;
        Ok((reading.time("put_at")?, records::read_file(&reading)?))
    }

    /// The connection that a webhook's path names; `None` when there is none. Both answers are kept for a minute.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Arc<WebhookConnection>>, PlatformError> {
        match fresh(&self.connections, id, SystemClock.now()) {
            Some(found) => Ok(found),
            None => self.read_connection(id).await,
        }
    }

    /// The connection read once more, because a signature did not hold: at most once a minute for each connection.
    /// `None`: it was read again not long ago, or does not exist any more.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn connection_again(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Arc<WebhookConnection>>, PlatformError> {
        let now = SystemClock.now();
        if fresh(&self.refetched, id, now).is_some() {
            return Ok(None);
        }
        keep(&self.refetched, id.clone(), (), now);
        self.read_connection(id).await
    }

    async fn read_connection(
        &self,
        id: &ConnectionId,
    ) -> Result<Option<Arc<WebhookConnection>>, PlatformError> {
        let now = SystemClock.now();
        let found = match self.table.get(&keys::directory(id)).await? {
            None => None,
            Some(item) => Some(Arc::new(self.open_connection(DirectoryEntry::read(&item)?, now).await?)),
        };
        keep(&self.connections, id.clone(), found.clone(), now);
        Ok(found)
    }

    async fn open_connection(
        &self,
        entry: DirectoryEntry,
        now: Timestamp,
    ) -> Result<WebhookConnection, PlatformError> {
        let key = self.sealing.open(&entry.merchant, &entry.wrapped_key).await?;
        let mut secrets = Vec::new();
        for (name, secret) in &entry.secrets {
            secrets.extend(secret.live(&key, &entry.connection, name, now)?);
        }
        Ok(WebhookConnection {
            connection: entry.connection,
            merchant: entry.merchant,
            system: entry.system,
            source: entry.source,
            agreement: entry.agreement,
            secrets,
            key,
        })
    }

    /// All merchants' ids.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn all(&self) -> Result<Vec<MerchantId>, PlatformError> {
        let mut found = Vec::new();
        // No bound of a key may be empty: every id comes behind this.
        let mut from = " ".to_owned();
        loop {
            let items = self.table.range(keys::MERCHANTS, &from, "~").await?;
            let Some(last) = items.last().and_then(|item| item.get("sk")).and_then(|sort| sort.as_s().ok())
            else {
                return Ok(found);
            };
            // The next page begins right behind the last one found.
            from = format!("{last} ");
            for item in &items {
                found.push(MerchantId::new(Reading::of(item, SCHEMA)?.text("merchant")?));
            }
        }
    }

    /// The merchant's record as it is now, `None` when it is new.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn record_now(&self, id: &MerchantId) -> Result<Option<MerchantRecord>, PlatformError> {
        let item = self.table.get(&Keys::of(id).merchant()).await?;
        item.map(|item| MerchantRecord::read(&item)).transpose()
    }

    /// A data key: the record's, or a new one.
    ///
    /// # Errors
    /// As KMS says.
    pub async fn key_for(
        &self,
        id: &MerchantId,
        record: Option<&MerchantRecord>,
    ) -> Result<(String, DataKey), PlatformError> {
        match record {
            Some(record) => {
                Ok((record.wrapped_key.clone(), self.sealing.open(id, &record.wrapped_key).await?))
            }
            None => self.sealing.new_data_key(id).await,
        }
    }

    /// Writes a record in place of `before`, with the directory entries of its connections, all or nothing. Entries of
    /// connections that are gone are removed; one that belongs to another merchant refuses the whole.
    ///
    /// # Errors
    /// `Conflict` when the record was changed meanwhile, or a connection's id is another merchant's.
    pub async fn write(
        &self,
        before: Option<&MerchantRecord>,
        after: &MerchantRecord,
    ) -> Result<(), PlatformError> {
        let mut writing = writing::Writing::new(&self.table.name);
        let id = &after.file.id;
        writing.replace(after.item()?, "revision", before.map(|record| number(record.revision)));
        if before.is_none_or(|record| record.version != after.version) {
            writing.replace(after.version_item()?, "put_at", None);
        }
        if before.is_none() {
            let mut known = key_of(&keys::merchants(id));
            known.insert("schema".to_owned(), number(SCHEMA));
            known.insert("merchant".to_owned(), crate::table::text(id.as_str()));
            writing.put(known);
        }
        let entries = after.entries();
        let gone = before.map(MerchantRecord::entries).unwrap_or_default();
        for old in gone.iter().filter(|old| entries.iter().all(|entry| entry.connection != old.connection)) {
            writing.delete(&keys::directory(&old.connection));
        }
        for entry in &entries {
            writing.put_own(entry.item()?, "merchant", crate::table::text(id.as_str()));
        }
        shops::note(&mut writing, before.map(|record| &record.file), &after.file);
        writing.send(&self.table.client).await?;
        self.forget(id);
        Ok(())
    }

    /// Records that the ledger was restored from a backup as of `at`: from now on every effect of an order made before is
    /// looked up before it is made.
    ///
    /// # Errors
    /// As AWS says.
    pub async fn raise_epoch(&self, at: Timestamp) -> Result<Epoch, PlatformError> {
        let (before, _) = self.read_global().await?;
        let epoch = Epoch { number: before.map_or(1, |before| before.number + 1), at };
        self.table.put(epoch.item()?).await?;
        locked(&self.merchants).clear();
        Ok(epoch)
    }
}

mod writing;

#[async_trait]
impl Vaults for Merchants {
    async fn vault(&self, merchant: &MerchantId) -> Result<Vault, PlatformError> {
        let found = self.merchant(merchant).await?;
        Ok(Vault {
            key: found.key.clone(),
            financial_year_end: year_end(&found.record.file.financial_year_end),
        })
    }
}

/// Month and day of `MM-DD`; the file was checked when it was put.
fn year_end(text: &str) -> (i8, i8) {
    let parts = text.split_once('-').and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
    parts.unwrap_or((12, 31))
}
