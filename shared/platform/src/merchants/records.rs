//! The records of configuration as items: the merchant's own, the directory entry of each of its connections, and the one
//! that is nobody's.

use std::collections::BTreeMap;

use domain::settings::MerchantFile;
use domain::{AgreementId, ConnectionId, MerchantId};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::failure::PlatformError;
use crate::keys::{self, Keys};
use crate::packing::{pack, unpack};
use crate::sealing::DataKey;
use crate::table::{Item, Reading, SCHEMA, bytes, json, key_of, number, text, time};

/// The largest settings file.
pub const FILE_BYTES: usize = 1024 * 1024;
/// How long the secret before a rotation still verifies webhooks.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A secret at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The one in use, sealed.
    pub current: String,
    /// The one before it, sealed, for the overlap after a rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// When the current one was set.
    pub set_at: Timestamp,
}

impl SealedSecret {
    /// Seals a first secret.
    ///
    /// # Errors
    /// As [`DataKey::seal_text`].
    pub fn first(
        key: &DataKey,
        connection: &ConnectionId,
        name: &str,
        plain: &str,
        now: Timestamp,
    ) -> Result<SealedSecret, PlatformError> {
        let current = key.seal_text(&purpose(connection, name), plain)?;
        Ok(SealedSecret { current, previous: None, set_at: now })
    }

    /// The secret after a rotation: this one's current becomes the previous one.
    ///
    /// # Errors
    /// As [`DataKey::seal_text`].
    pub fn rotated(
        &self,
        key: &DataKey,
        connection: &ConnectionId,
        name: &str,
        plain: &str,
        now: Timestamp,
    ) -> Result<SealedSecret, PlatformError> {
        let next = SealedSecret::first(key, connection, name, plain, now)?;
        Ok(SealedSecret { previous: Some(self.current.clone()), ..next })
    }

    /// The secret in use, opened.
    ///
    /// # Errors
    /// As [`DataKey::open_text`].
    pub fn open(
        &self,
        key: &DataKey,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<SecretString, PlatformError> {
        open(key, connection, name, &self.current)
    }

    /// All that still verify: the current one, and the previous one within the overlap.
    ///
    /// # Errors
    /// As [`DataKey::open_text`].
    pub fn live(
        &self,
        key: &DataKey,
        connection: &ConnectionId,
        name: &str,
        now: Timestamp,
    ) -> Result<Vec<SecretString>, PlatformError> {
        let mut live = vec![self.open(key, connection, name)?];
        if let Some(previous) = &self.previous
            && now.duration_since(self.set_at) < OVERLAP
        {
            live.push(open(key, connection, name, previous)?);
        }
        Ok(live)
    }
}

fn open(
    key: &DataKey,
    connection: &ConnectionId,
    name: &str,
    sealed: &str,
) -> Result<SecretString, PlatformError> {
    let plain = key.open_text(&purpose(connection, name), sealed)?;
    crate::redaction::guard(&plain);
    Ok(SecretString::from(plain))
}

fn purpose(connection: &ConnectionId, name: &str) -> String {
    format!("secret {connection} {name}")
}

/// Secrets by connection and name.
pub type SealedSecrets = BTreeMap<ConnectionId, BTreeMap<String, SealedSecret>>;

/// A merchant's record.
#[derive(Clone, Debug, PartialEq)]
pub struct MerchantRecord {
    /// Version of the settings file.
    pub version: u64,
    /// Times the record was written; a write is conditional on it.
    pub revision: u64,
    /// The settings file.
    pub file: MerchantFile,
    /// The data key, wrapped by KMS.
    pub wrapped_key: String,
    /// All secrets, sealed.
    pub secrets: SealedSecrets,
    /// When the file was last put.
    pub put_at: Timestamp,
}

/// The file whole, and what it says beside the defaults: by that a version before reads it after a rollback.
fn put_file(item: &mut Item, file: &MerchantFile) -> Result<(), PlatformError> {
    let unreadable = |_| PlatformError::Unreadable("a settings file".to_owned());
    let plain = serde_json::to_vec(file).map_err(unreadable)?;
    if plain.len() > FILE_BYTES {
        return Err(PlatformError::Invalid("the settings file is larger than 1 MB".to_owned()));
    }
    item.insert("file".to_owned(), bytes(pack(&plain)?));
    let said = serde_json::to_vec(&file.said()).map_err(unreadable)?;
    item.insert("said".to_owned(), bytes(pack(&said)?));
    Ok(())
}

/// Reads a packed settings file.
pub(super) fn read_file(reading: &Reading<'_>) -> Result<MerchantFile, PlatformError> {
    let unreadable = || PlatformError::Unreadable("a settings file".to_owned());
    let packed = reading.bytes_if_any("file").ok_or_else(unreadable)?;
    let whole = unpack(packed, FILE_BYTES)?;
    let said = reading.bytes_if_any("said").map(|packed| unpack(packed, FILE_BYTES)).transpose()?;
    MerchantFile::read_stored(&whole, said.as_deref()).ok_or_else(unreadable)
}

impl MerchantRecord {
    /// As an item.
    pub(super) fn item(&self) -> Result<Item, PlatformError> {
        let mut item = key_of(&Keys::of(&self.file.id).merchant());
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert("version".to_owned(), number(self.version));
        item.insert("revision".to_owned(), number(self.revision));
        put_file(&mut item, &self.file)?;
        item.insert("wrapped_key".to_owned(), text(self.wrapped_key.clone()));
        item.insert("secrets".to_owned(), json(&self.secrets)?);
        item.insert("put_at".to_owned(), time(self.put_at));
        Ok(item)
    }

    /// The immutable copy of this version of the file.
    pub(super) fn version_item(&self) -> Result<Item, PlatformError> {
        let mut item = key_of(&Keys::of(&self.file.id).settings(self.version));
        item.insert("schema".to_owned(), number(SCHEMA));
        put_file(&mut item, &self.file)?;
        item.insert("put_at".to_owned(), time(self.put_at));
        Ok(item)
    }

    /// Reads a record.
    pub(super) fn read(item: &Item) -> Result<MerchantRecord, PlatformError> {
        let reading = Reading::of(item, SCHEMA)?;
        Ok(MerchantRecord {
            version: reading.number("version")?,
            revision: reading.number("revision")?,
            file: read_file(&reading)?,
            wrapped_key: reading.text("wrapped_key")?.to_owned(),
            secrets: reading.json("secrets")?,
            put_at: reading.time("put_at")?,
        })
    }

    /// The directory entries of its connections.
    pub(super) fn entries(&self) -> Vec<DirectoryEntry> {
        self.file
            .connections
            .iter()
            .map(|connection| DirectoryEntry {
                connection: connection.id.clone(),
                merchant: self.file.id.clone(),
                system: connection.system.clone(),
                source: connection.source.clone().unwrap_or_default(),
                agreement: self.agreement_of(&connection.name).or_else(|| connection.agreement.clone()),
                wrapped_key: self.wrapped_key.clone(),
                secrets: self
                    .secrets
                    .get(&connection.id)
                    .map(|all| {
                        all.iter()
                            .filter(|(name, _)| verifies_webhooks(name))
                            .map(|(name, secret)| (name.clone(), secret.clone()))
                            .collect()
                    })
                    .unwrap_or_default(),
            })
            .collect()
    }

    /// The company that orders of this shop go to.
    fn agreement_of(&self, shop: &str) -> Option<AgreementId> {
        let flow = self.file.flows.iter().find(|flow| flow.shop == shop)?;
        self.file.connection(&flow.accounting)?.agreement.clone()
    }
}

/// True for the names of secrets that webhooks are verified with; only these are copied to the directory.
pub fn verifies_webhooks(name: &str) -> bool {
    name.starts_with("webhook")
}

/// What a webhook's path leads to: whose connection it is, where its orders go, and what verifies it.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectoryEntry {
    /// The connection.
    pub connection: ConnectionId,
    /// Whose.
    pub merchant: MerchantId,
    /// Name of the system.
    pub system: String,
    /// The shop's own identity; empty when it is no shop.
    pub source: String,
    /// The company that its orders go to, or that it is.
    pub agreement: Option<AgreementId>,
    /// The merchant's data key, wrapped.
    pub wrapped_key: String,
    /// Secrets that verify webhooks, sealed.
    pub secrets: BTreeMap<String, SealedSecret>,
}

impl DirectoryEntry {
    /// As an item.
    pub(super) fn item(&self) -> Result<Item, PlatformError> {
        let mut item = key_of(&keys::directory(&self.connection));
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert("connection".to_owned(), text(self.connection.as_str()));
        item.insert("merchant".to_owned(), text(self.merchant.as_str()));
        item.insert("system".to_owned(), text(self.system.clone()));
        item.insert("source".to_owned(), text(self.source.clone()));
        if let Some(agreement) = &self.agreement {
            item.insert("agreement".to_owned(), text(agreement.as_str()));
        }
        item.insert("wrapped_key".to_owned(), text(self.wrapped_key.clone()));
        item.insert("secrets".to_owned(), json(&self.secrets)?);
        Ok(item)
    }

    /// Reads an entry.
    pub(super) fn read(item: &Item) -> Result<DirectoryEntry, PlatformError> {
        let reading = Reading::of(item, SCHEMA)?;
        Ok(DirectoryEntry {
            connection: ConnectionId::new(reading.text("connection")?),
            merchant: MerchantId::new(reading.text("merchant")?),
            system: reading.text("system")?.to_owned(),
            source: reading.text("source")?.to_owned(),
            agreement: reading.text_if_any("agreement").map(AgreementId::new),
            wrapped_key: reading.text("wrapped_key")?.to_owned(),
            secrets: reading.json("secrets")?,
        })
    }
}

/// The ledger's epoch: how often it was restored from a backup, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// Times restored.
    pub number: u64,
    /// Orders made before this are looked up before anything is created for them.
    pub at: Timestamp,
}

impl Epoch {
    /// As an item.
    pub(super) fn item(&self) -> Result<Item, PlatformError> {
        let mut item = key_of(&keys::global());
        item.insert("schema".to_owned(), number(SCHEMA));
        item.insert("epoch".to_owned(), json(self)?);
        Ok(item)
    }

    /// Reads it.
    pub(super) fn read(item: &Item) -> Result<Epoch, PlatformError> {
        Reading::of(item, SCHEMA)?.json("epoch")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn after_a_rotation_both_secrets_verify_for_the_overlap_and_then_the_new_one_alone() {
        let key = DataKey::from_bytes(&[3; 32]).expect("a key");
        let connection = ConnectionId::new("connection-0123456789");
        let then = Timestamp::from_second(1_795_000_000).expect("a time");
        let first =
            SealedSecret::first(&key, &connection, "webhook-secret", "the old one", then).expect("it seals");
        let both = first.rotated(&key, &connection, "webhook-secret", "the new one", then).expect("it seals");
        let live = |secret: &SealedSecret, now: Timestamp| -> Vec<String> {
            let live = secret.live(&key, &connection, "webhook-secret", now).expect("they open");
            live.iter().map(|secret| secret.expose_secret().to_owned()).collect()
        };
        assert_eq!(live(&first, then), ["the old one"]);
        assert_eq!(live(&both, then), ["the new one", "the old one"]);
        assert_eq!(live(&both, then + OVERLAP), ["the new one"]);
        let other = ConnectionId::new("connection-9876543210");
        assert!(both.live(&key, &other, "webhook-secret", then).is_err(), "a copied secret does not open");
    }

    #[test]
    fn only_what_verifies_webhooks_is_copied_to_the_directory() {
        for (name, copied) in [("webhook-secret", true), ("consumer-secret", false), ("access-token", false)]
        {
            assert_eq!(verifies_webhooks(name), copied, "{name}");
        }
        for manifest in connectors::registry::MANIFESTS {
            let is_shop = connectors::registry::webshop(manifest.system).is_some();
            let announces = connectors::registry::announcing(manifest.system).is_some();
            let verifying = manifest.secrets.iter().filter(|name| verifies_webhooks(name)).count();
            assert_eq!(verifying > 0, is_shop || announces, "{}", manifest.system);
        }
    }
}
