//! Any text as a merchant's file: it is read or refused with an explanation, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(file) = domain::settings::read_merchant_file(text) {
        let again = serde_json::to_string(&file).expect("a file that was read can be written");
        assert_eq!(domain::settings::read_merchant_file(&again).ok(), Some(file));
    }
});
