//! KMS over a key file: data keys are made at random and handed out with their ciphertext under the master key
//! (AES-256-GCM). The encryption context is authenticated, as KMS does it, so that one merchant's credentials do not
//! open under another's context.

use super::deployment::{ACCOUNT, REGION};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The version of the ciphertext's form.
const FORM: u8 = 1;
const KEY_BYTES: usize = 32;

/// What a key operation was refused with. Each variant is one KMS exception.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// The ciphertext, the encryption context or the key is not the one it was encrypted with.
    #[error("the ciphertext does not open with this key and encryption context")]
    InvalidCiphertext,
    /// The named key is not the one of the ciphertext.
    #[error("The key ID in the request does not identify a CMK that can perform this operation.")]
    IncorrectKey,
    /// No such key.
    #[error("Key '{0}' does not exist")]
    NotFound(String),
    /// The request is not understood.
    #[error("{0}")]
    Validation(String),
    /// The operation is not one of those the local run answers.
    #[error("the local run does not answer {0}")]
    Unknown(String),
}

impl KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidCiphertext => "InvalidCiphertextException",
            Self::IncorrectKey => "IncorrectKeyException",
            Self::NotFound(_) => "NotFoundException",
            Self::Validation(_) => "ValidationException",
            Self::Unknown(_) => "UnknownOperationException",
        }
    }

    /// The JSON error of the wire protocol.
    pub(crate) fn body(&self) -> Value {
        json!({ "__type": self.code(), "message": self.to_string() })
    }
}

/// The one master key.
pub(crate) struct Keys {
    id: String,
    master: LessSafeKey,
}

impl Keys {
    /// Reads the key file, or makes one that only its owner can read.
    pub(crate) fn open(path: &Path, id: &str) -> io::Result<Self> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path)?,
            Err(error) => return Err(error),
        };
        let bad =
            || io::Error::new(io::ErrorKind::InvalidData, "the key file does not hold a key of 32 bytes");
        let raw = BASE64.decode(bytes.trim_ascii()).map_err(|_| bad())?;
        let unbound = UnboundKey::new(&AES_256_GCM, &raw).map_err(|_| bad())?;
        Ok(Self { id: id.to_owned(), master: LessSafeKey::new(unbound) })
    }

    fn resource_name(&self) -> String {
        format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{}", self.id)
    }

    fn known(&self, name: &str) -> bool {
        name == self.id || name == self.resource_name()
    }

    /// Answers a KMS request.
    pub(crate) fn answer(&self, operation: &str, body: &[u8]) -> Result<Value, KeyError> {
        let request: Value =
            serde_json::from_slice(body).map_err(|_| KeyError::Validation("the body is not JSON".into()))?;
        match operation {
            "GenerateDataKey" => self.generate(&request),
            "Decrypt" => self.decrypt(&request),
            _ => Err(KeyError::Unknown(operation.to_owned())),
        }
    }

    fn generate(&self, request: &Value) -> Result<Value, KeyError> {
        let name = request.get("KeyId").and_then(Value::as_str).unwrap_or_default();
        if !self.known(name) {
            return Err(KeyError::NotFound(name.to_owned()));
        }
        let mut plain = vec![0_u8; data_key_bytes(request)?];
        random(&mut plain)?;
        let sealed = self.seal(&plain, &context(request)?)?;
        Ok(json!({
            "KeyId": self.resource_name(), "Plaintext": BASE64.encode(&plain), "CiphertextBlob": BASE64.encode(&sealed),
        }))
    }

    fn decrypt(&self, request: &Value) -> Result<Value, KeyError> {
        let encoded = request.get("CiphertextBlob").and_then(Value::as_str).unwrap_or_default();
        let sealed = BASE64.decode(encoded.as_bytes()).map_err(|_| KeyError::InvalidCiphertext)?;
        if request.get("KeyId").and_then(Value::as_str).is_some_and(|name| !self.known(name)) {
            return Err(KeyError::IncorrectKey);
        }
        let plain = self.open_sealed(sealed, &context(request)?)?;
        Ok(json!({
            "KeyId": self.resource_name(), "Plaintext": BASE64.encode(&plain),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }

    /// Form, nonce, ciphertext with tag. The key's id and the context are authenticated beside it.
    fn seal(&self, plain: &[u8], context: &BTreeMap<String, String>) -> Result<Vec<u8>, KeyError> {
        let mut nonce = [0_u8; NONCE_LEN];
        random(&mut nonce)?;
        let mut body = plain.to_vec();
        self.master
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(self.authenticated(context)),
                &mut body,
            )
            .map_err(|_| KeyError::Validation("sealing failed".into()))?;
        Ok([&[FORM][..], &nonce, &body].concat())
    }

    fn open_sealed(&self, sealed: Vec<u8>, context: &BTreeMap<String, String>) -> Result<Vec<u8>, KeyError> {
        let (form, rest) = sealed.split_first().ok_or(KeyError::InvalidCiphertext)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(KeyError::InvalidCiphertext)?;
        if *form != FORM {
            return Err(KeyError::InvalidCiphertext);
        }
        let mut body = body.to_vec();
        let plain = self
            .master
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(self.authenticated(context)),
                &mut body,
            )
            .map_err(|_| KeyError::InvalidCiphertext)?;
        Ok(plain.to_vec())
    }

    /// The key's id and the context in name order, each part with its length before it.
    fn authenticated(&self, context: &BTreeMap<String, String>) -> Vec<u8> {
        let parts = context.iter().flat_map(|(name, value)| [name, value]);
        let mut bytes = Vec::new();
        for part in std::iter::once(&self.id).chain(parts) {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

fn create(path: &Path) -> io::Result<Vec<u8>> {
    let mut raw = [0_u8; KEY_BYTES];
    aws_lc_rs::rand::fill(&mut raw).map_err(|_| io::Error::other("no randomness"))?;
    let text = BASE64.encode(&raw).into_bytes();
    // Written beside and renamed, so that a crash never leaves half a key.
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(text)
}

fn random(bytes: &mut [u8]) -> Result<(), KeyError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| KeyError::Validation("no randomness".into()))
}

fn data_key_bytes(request: &Value) -> Result<usize, KeyError> {
    match (
        request.get("KeySpec").and_then(Value::as_str),
        request.get("NumberOfBytes").and_then(Value::as_u64),
    ) {
        (Some("AES_256"), None) => Ok(32),
        (Some("AES_128"), None) => Ok(16),
        (None, Some(bytes @ 1..=1024)) => Ok(bytes as usize),
        _ => Err(KeyError::Validation("Please specify either number of bytes or key spec.".into())),
    }
}

fn context(request: &Value) -> Result<BTreeMap<String, String>, KeyError> {
    match request.get("EncryptionContext") {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(given) => serde_json::from_value(given.clone())
            .map_err(|_| KeyError::Validation("EncryptionContext must map texts to texts".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(directory: &Path) -> Keys {
        Keys::open(&directory.join("master.key"), "one").expect("a key file")
    }

    #[test]
    fn a_data_key_opens_only_with_its_context_and_its_master_key() {
        let (here, there) =
            (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let made = keys(here.path())
            .answer(
                "GenerateDataKey",
                br#"{"KeyId":"one","KeySpec":"AES_256","EncryptionContext":{"merchant":"a"}}"#,
            )
            .expect("a data key");
        let open = |keys: &Keys, context: Value| {
            let request = json!({ "CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context });
            keys.answer("Decrypt", request.to_string().as_bytes())
        };
        // The same file opened again is the same key.
        let opened = open(&keys(here.path()), json!({ "merchant": "a" })).expect("its own context");
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        for context in [json!({ "merchant": "b" }), json!({}), json!({ "merchant": "a", "more": "" })] {
            assert_eq!(open(&keys(here.path()), context).unwrap_err(), KeyError::InvalidCiphertext);
        }
        let foreign = open(&keys(there.path()), json!({ "merchant": "a" }));
        assert_eq!(foreign.unwrap_err(), KeyError::InvalidCiphertext);
    }

    #[test]
    fn the_key_file_is_its_owners_only() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        keys(directory.path());
        let mode = fs::metadata(directory.path().join("master.key")).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
