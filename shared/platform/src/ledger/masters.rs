//! Master data of the targets: large, the same for very many orders, and needed to make a plan again. It stands in the
//! table once under its hash, sealed with the merchant's key, and never changes there.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::MerchantId;
use domain::catalogue::MasterData;
use domain::plan::hash_json;

use super::{Ledger, rows};
use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::packing::{DICTIONARY, pack_with_dictionary, unpack_with_dictionary};
use crate::table::{Inserted, Reading, SCHEMA, bytes, key_of, number, text};

const PURPOSE: &str = "master data";
/// Larger ones stand in the bucket: an item has at most 400 KB.
const INLINE_BYTES: usize = 256 * 1024;
/// How many a process remembers to have stored.
const REMEMBERED: usize = 10_000;

/// Which master data is known to stand in the table.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<HashSet<(MerchantId, String)>>>);

impl Kept {
    fn has(&self, known: &(MerchantId, String)) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(known)
    }

    fn add(&self, known: (MerchantId, String)) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= REMEMBERED {
            kept.clear();
        }
        kept.insert(known);
    }
}

impl Ledger {
    /// Sees to it that the master data stands under its hash; returns the hash. One call for each process and hash.
    pub(super) async fn keep_master(
        &self,
        merchant: &MerchantId,
        master: &MasterData,
    ) -> Result<String, PlatformError> {
        let hash = hash_json(master);
        let known = (merchant.clone(), hash.clone());
        if self.masters.has(&known) {
            return Ok(hash);
        }
        let plain = serde_json::to_vec(master)
            .map_err(|_| PlatformError::Unreadable("master data has no JSON form".to_owned()))?;
        let sealed = self.vaults.vault(merchant).await?.key.seal(PURPOSE, &pack_with_dictionary(&plain)?)?;
        let mut item = key_of(&Keys::of(merchant).master(&hash));
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert("dictionary".to_owned(), number(DICTIONARY));
        if sealed.len() <= INLINE_BYTES {
            item.insert("sealed".to_owned(), bytes(sealed));
        } else {
            let name = format!("master/{hash}");
            item.insert("object".to_owned(), text(name.clone()));
            self.files.put(merchant, &name, sealed).await?;
        }
        match self.table.insert(item).await? {
            Inserted::New | Inserted::Already => self.masters.add(known),
        }
        Ok(hash)
    }
}

#[async_trait]
impl rows::Masters for Ledger {
    async fn master(&self, merchant: &MerchantId, hash: &str) -> Result<Option<MasterData>, PlatformError> {
        let unreadable = || PlatformError::Unreadable("master data".to_owned());
        let Some(item) = self.table.get(&Keys::of(merchant).master(hash)).await? else { return Ok(None) };
        let reading = Reading::of(&item, SCHEMA)?;
        let sealed = match reading.text_if_any("object") {
            Some(name) => self.files.get(merchant, name).await?,
            None => reading.bytes_if_any("sealed").unwrap_or_default().to_vec(),
        };
        let packed = self.vaults.vault(merchant).await?.key.open(PURPOSE, &sealed)?;
        let plain = unpack_with_dictionary(&packed, reading.number("dictionary")?, rows::UNPACKED_BYTES)?;
        let master: MasterData = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
        // What a plan was made of must be exactly what it is made again of.
        if hash_json(&master) == hash { Ok(Some(master)) } else { Err(unreadable()) }
    }
}
