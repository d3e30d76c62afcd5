//! Any bytes as a report of an acquirer or a bank: reading never panics, and what is read can be checked. One number picks the
//! reader and the format, so that each is reached; the bytes are either raw or edits of a sound report, which go deeper.
#![no_main]

mod edits;
mod memory;
mod readers;

use connectors::report::ReadingContext;
use connectors::{camt, registry};
use edits::{Edit, edited};
use libfuzzer_sys::fuzz_target;
use readers::{profile, take_in};

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../../../shared/connectors/src/", $path))
    };
}

/// Sound reports: one at least of every form that is read, but for workbooks, which have a target of their own.
const SOUND: &[&[u8]] = &[
    fixture!("adyen/fixtures/settlement_detail_report_batch_12.csv"),
    fixture!("altapay/fixtures/funding.csv"),
    fixture!("camt/fixtures/camt053.xml"),
    fixture!("clearhaus/fixtures/settlement.json"),
    fixture!("klarna/fixtures/payout.json"),
    fixture!("klarna/fixtures/settlement.csv"),
    fixture!("mollie/fixtures/settlement.json"),
    fixture!("profile/fixtures/Nets060226.SDV"),
    fixture!("paypal/fixtures/activity_de.csv"),
    fixture!("paypal/fixtures/stl_20260206.csv"),
    fixture!("paypal/fixtures/transaction_search.json"),
    fixture!("paypal/fixtures/day_20260206.json"),
    fixture!("mollie/fixtures/settlement_2027.json"),
    fixture!("profile/fixtures/danish_bank.csv"),
    fixture!("shopify_payments/fixtures/graphql.json"),
    fixture!("shopify_payments/fixtures/pair.csv"),
    fixture!("shopify_payments/fixtures/rest.json"),
    fixture!("stripe/fixtures/payout_api.json"),
    fixture!("stripe/fixtures/payout_itemised.csv"),
    fixture!("sumup/fixtures/payouts.csv"),
    fixture!("sumup/fixtures/payouts.json"),
    fixture!("swedbank_pay/fixtures/v1.xml"),
    fixture!("swedbank_pay/fixtures/v2.xml"),
    fixture!("vipps_mobilepay/fixtures/funds_2026-02-06.json"),
    fixture!("vipps_mobilepay/fixtures/settlement.csv"),
    fixture!("vipps_mobilepay/fixtures/settlement_2.xml"),
];

fuzz_target!(|input: (u8, u8, bool, Vec<u8>, Vec<Edit>)| {
    let (pick, format, raw, bytes, edits) = input;
    let bytes = if raw { bytes } else { edited(SOUND[usize::from(pick) % SOUND.len()], &edits) };
    let nets =
        profile(include_str!("../../../shared/connectors/src/profile/fixtures/nets_advice.profile.json"));
    let bank =
        profile(include_str!("../../../shared/connectors/src/profile/fixtures/danish_bank.profile.json"));
    memory::bounded(|| {
        let _ = camt::statements(&mut bytes.as_slice());
        for reader in registry::REPORT_READERS {
            let manifest = reader.manifest();
            let profile = if manifest.system == "nets" { &nets } else { &bank };
            let context = ReadingContext { batch: "1", profile: Some(profile), ..ReadingContext::default() };
            take_in(*reader, None, &bytes, &context);
            if raw {
                let formats = manifest.formats;
                take_in(*reader, formats.get(usize::from(format) % formats.len()), &bytes, &context);
            }
        }
    });
});
