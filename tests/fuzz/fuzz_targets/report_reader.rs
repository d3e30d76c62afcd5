//! Any bytes as a report of an acquirer or a bank: reading never panics, and what is read can be checked. One number picks the
//! reader and the format, so that each is reached; the bytes are either raw or edits of a sound report, which go deeper.
#![no_main]

use connectors::profile;
use connectors::report::{Format, ReadingContext, ReportReader};
use connectors::{camt, registry, report};
use domain::settlement::{Settlements, Source};
use libfuzzer_sys::fuzz_target;

macro_rules! fixture {
    ($path:literal) => {
        include_bytes!(concat!("../../../shared/connectors/src/", $path))
    };
}

/// Sound reports: one at least of every form that is read.
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

/// A sound report with bytes put over, put in or taken out.
fn edited(pick: u8, edits: &[(u16, u8, u8)]) -> Vec<u8> {
    let mut bytes = SOUND[usize::from(pick) % SOUND.len()].to_vec();
    for (place, how, byte) in edits.iter().take(64) {
        let place = usize::from(*place) % bytes.len().max(1);
        match how % 4 {
            0 if place < bytes.len() => bytes[place] = *byte,
            1 => bytes.insert(place, *byte),
            2 => bytes.truncate(place),
            _ if place < bytes.len() => drop(bytes.remove(place)),
            _ => {}
        }
    }
    bytes
}

/// Reads to the end, and checks what was read.
fn take_in(reader: &dyn ReportReader, format: Option<&'static Format>, bytes: &[u8], context: &ReadingContext<'_>) {
    let mut source = bytes;
    let mut settlements = Settlements::from_source(Source::default());
    let read = match format {
        Some(format) => reader.read(format, &mut source, context, &mut settlements),
        None => report::read(reader, &mut source, context, &mut settlements).map(|_| ()),
    };
    if read.is_ok() {
        for batch in settlements.into_batches() {
            let _ = batch.check();
            assert!(batch.lines().all(|line| line.currency() == batch.currency()));
        }
    }
}

fuzz_target!(|input: (u8, u8, bool, Vec<u8>, Vec<(u16, u8, u8)>)| {
    let (pick, format, raw, bytes, edits) = input;
    let bytes = if raw { bytes } else { edited(pick, &edits) };
    let _ = camt::statements(&mut bytes.as_slice());
    let nets = profile::parse(include_str!("../../../shared/connectors/src/profile/fixtures/nets_advice.profile.json"))
        .expect("the profile is sound");
    let bank = profile::parse(include_str!("../../../shared/connectors/src/profile/fixtures/danish_bank.profile.json"))
        .expect("the profile is sound");
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
