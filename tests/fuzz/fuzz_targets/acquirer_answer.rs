//! Any bytes as the answers of acquirers to whoever asks for their payouts, and of gateways to whoever asks for their payments: no
//! panic, no end without it, and reading leaves nothing open.
#![no_main]

mod answers;
mod edits;
mod memory;

use answers::{Answers, reads};
use connectors::acquirer::Payout;
use connectors::ports::Delivery;
use connectors::registry;
use edits::{Edit, edited};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!("../../../shared/connectors/src/", $path))
    };
}

/// What an acquirer answers with.
struct Sound {
    system: &'static str,
    /// Its list, in which `HEAD` is the first document of the original.
    list: &'static str,
    /// The payout of the original, and its documents.
    id: &'static str,
    original: &'static str,
}

const fn sound(system: &'static str, list: &'static str, id: &'static str, original: &'static str) -> Sound {
    Sound { system, list, id, original }
}

/// Every acquirer that is asked.
const SOUND: &[Sound] = &[
    sound(
        "altapay",
        fixture!("altapay/fixtures/funding_list.xml"),
        "funding-77",
        fixture!("altapay/fixtures/funding.csv"),
    ),
    sound(
        "clearhaus",
        r#"{"count":1,"_links":{},"_embedded":{"ch:settlements":[HEAD]}}"#,
        "f3f0-4a51",
        fixture!("clearhaus/fixtures/settlement.json"),
    ),
    sound(
        "klarna",
        r#"{"payouts":[HEAD],"pagination":{"count":1,"total":1,"offset":0}}"#,
        "XISA93DJ",
        fixture!("klarna/fixtures/payout.json"),
    ),
    sound(
        "mollie",
        r#"{"count":1,"_embedded":{"settlements":[HEAD]},"_links":{"next":null}}"#,
        "stl_jDk30akdN",
        fixture!("mollie/fixtures/settlement.json"),
    ),
    sound(
        "mollie",
        r#"{"count":1,"_embedded":{"settlements":[HEAD]},"_links":{"next":null}}"#,
        "stl_jDk30akdN",
        fixture!("mollie/fixtures/settlement_2027.json"),
    ),
    sound(
        "paypal",
        r#"{"transaction_details":[{"transaction_info":{"transaction_id":"8CC9","transaction_event_code":"T0400",
            "transaction_initiation_date":"2026-02-06T09:15:00+0000","transaction_amount":{"currency_code":"DKK","value":"-300.00"},
            "transaction_status":"S"}}],"account_number":"KRUS7MERCHANT","start_date":"2026-02-06T00:00:00+0000",
            "end_date":"2026-02-06T23:59:59+0000","total_items":1,"total_pages":1,"last_refreshed_datetime":"2026-02-07T05:59:59+0000"}"#,
        "2026-02-06/2026-02-06",
        fixture!("paypal/fixtures/day_20260206.json"),
    ),
    sound("shopify-payments", "HEAD", "77", fixture!("shopify_payments/fixtures/graphql.json")),
    sound(
        "stripe",
        r#"{"object":"list","has_more":false,"data":[HEAD]}"#,
        "po_2",
        fixture!("stripe/fixtures/payout_api.json"),
    ),
    sound("sumup", "HEAD", "payout-2026-02-06", fixture!("sumup/fixtures/payouts.json")),
    sound(
        "vipps-mobilepay",
        r#"{"hasMore":false,"items":[{"pspReference":"3343121305","time":"2026-02-06T23:00:00.000000Z","ledgerDate":"2026-02-06",
            "entryType":"payout-scheduled","reference":"2000101","currency":"DKK","amount":-28800,"balanceBefore":28800,"balanceAfter":0}]}"#,
        "2026-02-06",
        fixture!("vipps_mobilepay/fixtures/funds_2026-02-06.json"),
    ),
];

/// Every gateway that links orders with acquirers' references.
const BRIDGES: &[(&str, &str)] = &[
    ("quickpay", fixture!("quickpay/fixtures/payments.json")),
    ("frisbii", fixture!("frisbii/fixtures/transactions.json")),
];

/// Mollie's answer where a settlement has none of a kind.
const NONE_OF_A_KIND: &str = r#"{"count":0,"_embedded":{"chargebacks":[]},"_links":{"next":null}}"#;

/// The documents of an original, one by one; a table or a page of XML is one.
fn documents(original: &str) -> Vec<String> {
    if original.starts_with(['{', '[']) {
        let documents = serde_json::Deserializer::from_str(original).into_iter::<Box<RawValue>>();
        documents.map(|document| document.expect("the fixture is sound").get().to_owned()).collect()
    } else {
        vec![original.to_owned()]
    }
}

/// Answers with these bodies, edited; each answer that was not given instead has a status of its own.
fn answering(bodies: &[String], raw: &[(u16, Vec<u8>)], edits: &[(u8, Edit)]) -> Answers {
    if !raw.is_empty() {
        return Answers::of(raw.to_vec());
    }
    let edits_of = |number: usize| -> Vec<Edit> {
        let own = |which: u8| usize::from(which) % bodies.len() == number;
        edits.iter().filter(|(which, _)| own(*which)).map(|(_, edit)| *edit).collect()
    };
    // A status of 200, as the answers count it.
    let answer = |(number, body): (usize, &String)| (100, edited(body.as_bytes(), &edits_of(number)));
    Answers::of(bodies.iter().enumerate().map(answer).collect())
}

fn acquirer(sound: &Sound, raw: &[(u16, Vec<u8>)], edits: &[(u8, Edit)], page: Option<&str>) {
    let acquirer = registry::acquirer(sound.system).expect("the system is registered");
    let untouched = raw.is_empty() && edits.is_empty();
    let mut original = documents(sound.original);
    if sound.system == "mollie" {
        // The originals leave out the two lists that hold nothing, which are asked for like the others.
        original.splice(3..3, [NONE_OF_A_KIND.to_owned(), NONE_OF_A_KIND.to_owned()]);
    }
    let list = sound.list.replace("HEAD", original.first().map_or("", String::as_str));
    let [from, to] = ["2026-02-01", "2027-12-31"].map(|day| day.parse().expect("a day"));
    // Where days are listed one by one, the first has answers.
    let from = if matches!(sound.system, "paypal" | "vipps-mobilepay") {
        "2026-02-06".parse().expect("a day")
    } else {
        from
    };
    let answers = answering(&[list], raw, edits);
    let listed = block_on(acquirer.payouts(&answers, "302321", from, to, page));
    let found = listed.as_ref().map(|page| page.payouts.clone()).unwrap_or_default();
    assert!(
        !found.is_empty() || !untouched || page.is_some(),
        "the list of {} is not read: {listed:?}",
        sound.system
    );
    reads(listed);
    let known = Payout {
        id: sound.id.to_owned(),
        account: None,
        on: "2026-02-06".parse().ok(),
        amount: domain::Money::from_minor(1, "DKK".parse().expect("a currency")),
        reckoned: false,
        complete: true,
    };
    let answers = answering(&original, raw, edits);
    let fetched = block_on(acquirer.fetch(&answers, "302321", &known, &mut Vec::new()));
    assert!(fetched.is_ok() || !untouched, "{} is not fetched: {fetched:?}", sound.system);
    reads(fetched);
    for payout in found.iter().take(3) {
        reads(block_on(acquirer.fetch(answers.again(), "302321", payout, &mut Vec::new())));
    }
}

fn bridge(system: &str, sound: &str, raw: &[(u16, Vec<u8>)], edits: &[(u8, Edit)], page: Option<&str>) {
    let bridge = registry::bridge(system).expect("the system is registered");
    let answers = answering(&[sound.to_owned()], raw, edits);
    let read = bridge.read(&String::from_utf8_lossy(answers.first()), page);
    let untouched = raw.is_empty() && edits.is_empty() && page.is_none();
    assert!(
        !untouched || read.as_ref().is_ok_and(|page| !page.links.is_empty() && page.refused.is_empty()),
        "{system} is not read: {read:?}"
    );
    reads(read);
    let since = "2026-02-01T00:00:00Z".parse().expect("a time");
    reads(block_on(bridge.links_since(&answers, since, page)));
}

/// What an acquirer announces.
fn announced(raw: &[(u16, Vec<u8>)]) {
    let Some((_, body)) = raw.first() else { return };
    let adyen = registry::announcing("adyen").expect("the system is registered");
    reads(adyen.announced(&Delivery { headers: &[], body }));
}

fuzz_target!(|input: (u8, Vec<(u16, Vec<u8>)>, Vec<(u8, Edit)>, Option<String>)| {
    let (pick, raw, edits, page) = input;
    let place = usize::from(pick) % (SOUND.len() + BRIDGES.len());
    memory::bounded(|| {
        announced(&raw);
        match SOUND.get(place) {
            Some(sound) => acquirer(sound, &raw, &edits, page.as_deref()),
            None => {
                let (system, sound) = BRIDGES[place - SOUND.len()];
                bridge(system, sound, &raw, &edits, page.as_deref());
            }
        }
    });
});
