//! The MD5 digests that SQS answers with. The SDK compares them with its own and refuses the answer when they differ,
//! so they must be right even where nobody cares about MD5.

use super::MessageAttribute;
use data_encoding::{BASE64, HEXLOWER};
use md5::{Digest, Md5};
use std::collections::BTreeMap;

/// MD5 in lower-case hex.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Md5::digest(bytes))
}

/// MD5 over the attributes in name order: name, type, kind of value, value, each with its length before it
/// (Amazon SQS developer guide, "Calculating the MD5 message digest for message attributes").
pub(super) fn attributes_md5(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    let mut part = |bytes: &[u8], kind: Option<u8>| {
        if let Some(kind) = kind {
            digest.update([kind]);
        }
        digest.update((bytes.len() as u32).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in attributes {
        part(name.as_bytes(), None);
        part(attribute.data_type.as_bytes(), None);
        match (&attribute.string_value, &attribute.binary_value) {
            (Some(text), _) => part(text.as_bytes(), Some(1)),
            (None, Some(encoded)) => part(&BASE64.decode(encoded.as_bytes()).unwrap_or_default(), Some(2)),
            (None, None) => part(b"", Some(1)),
        }
    }
    Some(HEXLOWER.encode(&digest.finalize()))
}
