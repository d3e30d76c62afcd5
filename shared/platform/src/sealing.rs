//! Secrets and personal data at rest: sealed with a data key of the merchant's own, which KMS wraps.
//!
//! The wrapped key stands in the merchant's record; KMS opens it once per warm process, with the merchant as encryption
//! context, so that a key copied to another merchant's record does not open. What belongs to one transfer is sealed with
//! a key derived from the merchant's and a salt that stands in the transfer's head: when the salt is destroyed, so is
//! everything sealed under it, whatever backups and copies exist of the sealed text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use data_encoding::BASE64;
use domain::MerchantId;

use crate::failure::PlatformError;

const SERVICE: &str = "kms";
const SEAL_VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
/// Length of a salt in bytes.
pub const SALT_BYTES: usize = 16;
/// So many bytes more than the plain text a sealed one has: the version, the nonce and the tag.
pub(crate) const SEALED_MORE: usize = 1 + NONCE_LEN + 16;
/// Length of a name by hash in bytes.
const NAME_BYTES: usize = 20;
/// How many opened data keys a process keeps.
const OPEN_KEYS: usize = 1_000;

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

/// An opened data key. Never printed, never stored.
#[derive(Clone)]
pub struct DataKey {
    bytes: Arc<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(..)")
    }
}

impl DataKey {
    /// A data key from its 32 bytes, as KMS gives them.
    ///
    /// # Errors
    /// `Unreadable` for any other length.
    pub fn from_bytes(bytes: &[u8]) -> Result<DataKey, PlatformError> {
        let bytes: [u8; KEY_BYTES] = bytes
            .try_into()
            .map_err(|_| PlatformError::Unreadable("a data key has a wrong length".to_owned()))?;
        Ok(DataKey { bytes: Arc::new(bytes) })
    }

    /// The key of one transfer.
    ///
    /// # Errors
    /// `Unreadable` when the derivation fails, which a salt of the right length does not do.
    pub fn derive(&self, salt: &[u8; SALT_BYTES]) -> Result<DataKey, PlatformError> {
        let mut derived = [0_u8; KEY_BYTES];
        Salt::new(HKDF_SHA256, salt)
            .extract(self.bytes.as_slice())
            .expand(&[b"bogbro transfer"], KeyLength)
            .and_then(|key| key.fill(&mut derived))
            .map_err(|_| PlatformError::Unreadable("a key could not be derived".to_owned()))?;
        Ok(DataKey { bytes: Arc::new(derived) })
    }

    /// Seals `plain`, bound to `purpose`: it opens for the same purpose only.
    ///
    /// # Errors
    /// `Unreadable` when the cipher refuses, which it does for texts of more than 64 GB.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, PlatformError> {
        let mut text = plain.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut text)
            .map_err(|_| PlatformError::Unreadable("sealing failed".to_owned()))?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + text.len());
        sealed.push(SEAL_VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens what [`DataKey::seal`] sealed.
    ///
    /// # Errors
    /// `Unreadable` when it was sealed with another key, for another purpose, or was changed.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, PlatformError> {
        let unreadable = || PlatformError::Unreadable(format!("a sealed value does not open ({purpose})"));
        let (version, rest) = sealed.split_first().ok_or_else(unreadable)?;
        if *version != SEAL_VERSION || rest.len() < NONCE_LEN {
            return Err(unreadable());
        }
        let (nonce, text) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let mut text = text.to_vec();
        let plain = self
            .cipher()?
            .open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text)
            .map_err(|_| unreadable())?
            .len();
        text.truncate(plain);
        Ok(text)
    }

    /// A name for `text` that only who has this key can make: for finding what must not be readable.
    ///
    /// # Errors
    /// `Unreadable` when the derivation fails, which it does not.
    pub fn keyed_hash(&self, purpose: &str, text: &str) -> Result<String, PlatformError> {
        let mut derived = [0_u8; KEY_BYTES];
        Salt::new(HKDF_SHA256, &[])
            .extract(self.bytes.as_slice())
            .expand(&[b"bogbro name", purpose.as_bytes()], KeyLength)
            .and_then(|key| key.fill(&mut derived))
            .map_err(|_| PlatformError::Unreadable("a key could not be derived".to_owned()))?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &derived), text.as_bytes());
        let short = tag.as_ref().get(..NAME_BYTES).unwrap_or_default();
        Ok(data_encoding::BASE32_NOPAD.encode(short).to_ascii_lowercase())
    }

    /// Seals a text into text.
    ///
    /// # Errors
    /// As [`DataKey::seal`].
    pub fn seal_text(&self, purpose: &str, plain: &str) -> Result<String, PlatformError> {
        Ok(BASE64.encode(&self.seal(purpose, plain.as_bytes())?))
    }

    /// Opens what [`DataKey::seal_text`] sealed.
    ///
    /// # Errors
    /// As [`DataKey::open`].
    pub fn open_text(&self, purpose: &str, sealed: &str) -> Result<String, PlatformError> {
        let unreadable = |_| PlatformError::Unreadable(format!("a sealed value does not open ({purpose})"));
        let bytes = BASE64.decode(sealed.as_bytes()).map_err(unreadable)?;
        String::from_utf8(self.open(purpose, &bytes)?)
            .map_err(|_| PlatformError::Unreadable(format!("a sealed value is no text ({purpose})")))
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, PlatformError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.bytes.as_slice())
            .map_err(|_| PlatformError::Unreadable("a data key has a wrong length".to_owned()))
    }
}

/// A new salt.
///
/// # Errors
/// `Unavailable` when the system gives no random bytes.
pub fn new_salt() -> Result<[u8; SALT_BYTES], PlatformError> {
    let mut salt = [0_u8; SALT_BYTES];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| PlatformError::Unavailable {
        service: "random",
        message: "the system gives no random bytes".to_owned(),
    })?;
    Ok(salt)
}

/// A new unguessable token in lower-case base 32.
///
/// # Errors
/// As [`new_salt`].
pub fn new_token() -> Result<String, PlatformError> {
    Ok(data_encoding::BASE32_NOPAD.encode(&new_salt()?).to_ascii_lowercase())
}

/// KMS, and the data keys it has opened for this process.
#[derive(Clone, Debug)]
pub struct Sealing {
    client: aws_sdk_kms::Client,
    key_id: String,
    open: Arc<Mutex<HashMap<(MerchantId, String), DataKey>>>,
}

impl Sealing {
    /// Over this KMS key.
    pub fn new(client: aws_sdk_kms::Client, key_id: String) -> Sealing {
        Sealing { client, key_id, open: Arc::default() }
    }

    /// Makes a data key for a merchant; returns it wrapped, as text for the merchant's record, and opened.
    ///
    /// # Errors
    /// As KMS says.
    pub async fn new_data_key(&self, merchant: &MerchantId) -> Result<(String, DataKey), PlatformError> {
        let answer = self
            .client
            .generate_data_key()
            .key_id(&self.key_id)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context("merchant", merchant.as_str())
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        let missing = || PlatformError::Unreadable("KMS gave no data key".to_owned());
        let key = DataKey::from_bytes(answer.plaintext().ok_or_else(missing)?.as_ref())?;
        let wrapped = BASE64.encode(answer.ciphertext_blob().ok_or_else(missing)?.as_ref());
        self.remember(merchant, &wrapped, &key);
        Ok((wrapped, key))
    }

    /// Opens a merchant's wrapped data key: one call per warm process and key.
    ///
    /// # Errors
    /// `Refused` by KMS when the key was wrapped for another merchant.
    pub async fn open(&self, merchant: &MerchantId, wrapped: &str) -> Result<DataKey, PlatformError> {
        let known = (merchant.clone(), wrapped.to_owned());
        if let Some(key) = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&known) {
            return Ok(key.clone());
        }
        let blob = BASE64
            .decode(wrapped.as_bytes())
            .map_err(|_| PlatformError::Unreadable("a wrapped data key is damaged".to_owned()))?;
        let answer = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(Blob::new(blob))
            .encryption_context("merchant", merchant.as_str())
            .send()
            .await
            .map_err(|error| PlatformError::of(SERVICE, &error))?;
        let plain =
            answer.plaintext().ok_or_else(|| PlatformError::Unreadable("KMS gave no data key".to_owned()))?;
        let key = DataKey::from_bytes(plain.as_ref())?;
        self.remember(merchant, wrapped, &key);
        Ok(key)
    }

    fn remember(&self, merchant: &MerchantId, wrapped: &str, key: &DataKey) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN_KEYS {
            open.clear();
        }
        open.insert((merchant.clone(), wrapped.to_owned()), key.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DataKey {
        DataKey::from_bytes(&[byte; KEY_BYTES]).expect("the right length")
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_key_and_purpose_only() {
        let sealed = key(1).seal_text("secret of c1", "ck_live_canary").expect("it seals");
        assert!(!sealed.contains("canary"));
        assert_eq!(key(1).open_text("secret of c1", &sealed).as_deref(), Ok("ck_live_canary"));
        assert!(key(2).open_text("secret of c1", &sealed).is_err(), "another merchant's key");
        assert!(key(1).open_text("secret of c2", &sealed).is_err(), "another connection");
        let again = key(1).seal_text("secret of c1", "ck_live_canary").expect("it seals");
        assert_ne!(sealed, again, "every sealing has its own nonce");
    }

    #[test]
    fn a_changed_or_cut_sealing_does_not_open() {
        let sealed = key(1).seal("p", b"personal").expect("it seals");
        for length in 0..sealed.len() {
            assert!(key(1).open("p", &sealed[..length]).is_err(), "cut at {length}");
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(key(1).open("p", &changed).is_err(), "changed at {place}");
        }
    }

    #[test]
    fn without_its_salt_a_transfers_sealing_is_lost() {
        let sealed =
            key(1).derive(&[7; SALT_BYTES]).expect("it derives").seal("log", b"anna").expect("it seals");
        assert_eq!(
            key(1).derive(&[7; SALT_BYTES]).expect("it derives").open("log", &sealed).as_deref(),
            Ok(&b"anna"[..])
        );
        assert!(key(1).derive(&[8; SALT_BYTES]).expect("it derives").open("log", &sealed).is_err());
        assert!(key(1).open("log", &sealed).is_err(), "the merchant's key alone does not open it");
    }

    #[test]
    fn a_name_by_hash_is_the_same_for_the_same_key_purpose_and_text_only() {
        let name = |byte: u8, purpose: &str, text: &str| key(byte).keyed_hash(purpose, text).expect("a name");
        assert_eq!(name(1, "person", "anna"), name(1, "person", "anna"));
        assert_eq!(name(1, "person", "anna").len(), 32);
        for other in [name(2, "person", "anna"), name(1, "lock", "anna"), name(1, "person", "bodil")] {
            assert_ne!(name(1, "person", "anna"), other);
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", key(65)), "DataKey(..)");
    }
}
