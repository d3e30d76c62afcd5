//! Any bytes as a webhook delivery: verification and reading of the notice never panic, and nothing unsigned is authentic.
#![no_main]

use connectors::ports::{Delivery, Verification};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

fuzz_target!(|input: (Vec<u8>, Vec<u8>, bool)| {
    let (signature, body, form) = input;
    let signature = String::from_utf8_lossy(&signature).into_owned();
    let kind = if form { "application/x-www-form-urlencoded" } else { "application/json" };
    for (system, header) in
        [("woocommerce", "x-wc-webhook-signature"), ("shopify", "x-shopify-hmac-sha256")]
    {
        let shop = connectors::registry::webshop(system).expect("the system is registered");
        let headers = vec![
            (header.to_owned(), signature.clone()),
            ("content-type".to_owned(), kind.to_owned()),
        ];
        let delivery = Delivery { headers: &headers, body: &body };
        let secrets = [SecretString::from("a secret that the fuzzer does not know".to_owned())];
        assert_ne!(shop.verify(&delivery, &secrets), Verification::Authentic, "{system} believed a forgery");
        assert_ne!(shop.verify(&delivery, &[]), Verification::Authentic, "{system} verified without a secret");
        let _ = shop.notice(&delivery);
    }
});
