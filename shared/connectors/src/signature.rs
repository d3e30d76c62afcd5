//! Webhook signatures: HMAC-SHA256 over the raw bytes, in base64.
//!
//! Every live secret is tried, in constant time, and a hit does not end the search, so that time tells neither which
//! secret fits nor how much of a forged signature was right. An empty secret never verifies: a forgotten setting must not
//! turn verification off.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// Length of a SHA-256 digest in bytes.
const DIGEST_LENGTH: usize = 32;
/// Length of its base64 form in characters.
const BASE64_LENGTH: usize = 44;

/// True when `signature` is the base64 text of the HMAC-SHA256 of `body` under one of `secrets`.
///
/// Shopify: facts of <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>; WooCommerce: `class-wc-webhook.php`.
pub fn is_signed<'s>(
    body: &[u8],
    signature: Option<&str>,
    secrets: impl IntoIterator<Item = &'s [u8]>,
) -> bool {
    let Some(claimed) = signature.and_then(decode) else { return false };
    let mut found = Choice::from(0);
    for secret in secrets {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { continue };
        mac.update(body);
        let usable = Choice::from(u8::from(!secret.is_empty()));
        found |= mac.finalize().into_bytes().as_slice().ct_eq(&claimed) & usable;
    }
    found.into()
}

fn decode(text: &str) -> Option<[u8; DIGEST_LENGTH]> {
    if text.len() != BASE64_LENGTH {
        return None;
    }
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOPIFY_SECRET: &[u8] = b"hush-shpss_test";
    const SHOPIFY_BODY: &str = "{\"id\":820982911946154508,\"name\":\"#1001\",\"currency\":\"DKK\",\"total_price\":\"249.00\",\"note\":\"Tak for købet\"}";
    const SHOPIFY_SIGNATURE: &str = "XJ1mVvGGCn4RCijd66/MDLVg8l9aGZkPY5JanbXEZXg=";
    const WOOCOMMERCE_BODY: &str =
        r#"{"id":42,"number":"42","currency":"DKK","total":"597.94","billing":{"first_name":"\u00c5se"}}"#;

    fn signed(body: &str, signature: &str, secrets: &[&[u8]]) -> bool {
        is_signed(body.as_bytes(), Some(signature), secrets.iter().copied())
    }

    #[test]
    fn the_known_vectors_verify() {
        assert_eq!(SHOPIFY_BODY.len(), 104);
        assert_eq!(WOOCOMMERCE_BODY.len(), 93);
        for (secret, body, signature) in [
            (SHOPIFY_SECRET, SHOPIFY_BODY, SHOPIFY_SIGNATURE),
            (SHOPIFY_SECRET, "{}", "gcBDhRBcanHl0wrUde/hUt3Q8Qu/2UipcsjN13C+S9g="),
            (b"wc-test-secret-2026", WOOCOMMERCE_BODY, "8riUo7CZVFn3G7SceyNaxzr4FYbMEzvX2E+tkkAMgd0="),
            (b"a&b<c", WOOCOMMERCE_BODY, "RW7rGOwQtuj3P5X9Ms3mzIj84ac4aGp+56hx5pIVwKk="),
        ] {
            assert!(signed(body, signature, &[secret]));
            assert!(signed(body, signature, &[b"another", secret]), "the second of two live secrets");
            assert!(signed(body, signature, &[secret, b"another"]), "the first of two live secrets");
            assert!(!signed(body, signature, &[b"another", b"a third"]));
            assert!(!signed(body, signature, &[]));
        }
    }

    #[test]
    fn what_is_not_a_signature_is_refused() {
        let signature_of_empty_secret = {
            let mac = Hmac::<Sha256>::new_from_slice(b"").expect("any length").chain_update(SHOPIFY_BODY);
            BASE64.encode(&mac.finalize().into_bytes())
        };
        assert!(!signed(SHOPIFY_BODY, &signature_of_empty_secret, &[b""]), "an empty secret never verifies");
        assert!(!is_signed(SHOPIFY_BODY.as_bytes(), None, [SHOPIFY_SECRET]), "an absent signature");
        let hexadecimal = "5c9d6656f1860a7e110a28ddebafcc0cb560f25f5a19990f63925a9db5c46578";
        for wrong in [
            "",
            "=",
            "null",
            hexadecimal,
            &SHOPIFY_SIGNATURE[..43],
            &SHOPIFY_SIGNATURE[..40],
            &format!("{SHOPIFY_SIGNATURE} "),
            &format!(" {SHOPIFY_SIGNATURE}"),
            &SHOPIFY_SIGNATURE.replace('/', "_"),
            &format!("{}h=", &SHOPIFY_SIGNATURE[..42]),
            &"A".repeat(44),
            &"å".repeat(22),
        ] {
            assert!(!signed(SHOPIFY_BODY, wrong, &[SHOPIFY_SECRET]), "{wrong:?}");
        }
    }
}
