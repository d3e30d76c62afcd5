//! The webhook signature that both shops use: base64 of HMAC-SHA256 over the raw body.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Base64 of HMAC-SHA256.
pub fn hmac_base64(key: &[u8], body: &[u8]) -> String {
    data_encoding::BASE64.encode(&hmac(key, body))
}

fn hmac(key: &[u8], body: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, so there is no error to hand on.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(body);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => Vec::new(),
    }
}

/// The first 16 bytes of SHA-256 as hexadecimal digits: the form of the shops' delivery ids.
pub(crate) fn short_hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..16])
}

/// The first 16 bytes of SHA-256 in the form of a UUID.
pub(crate) fn uuid(text: &str) -> String {
    let hash = short_hash(text);
    format!("{}-{}-{}-{}-{}", &hash[..8], &hash[8..12], &hash[12..16], &hash[16..20], &hash[20..])
}
