//! What a newer version of Bogbro stored is met by the version before after a rollback. There is one way to meet it.
//!
//! A word that is only shown (why somebody looked at an order, which queue gave a message up) reads as `Other`: the row stays visible and
//! nothing is done by it. A word that something is done by (where a transfer or a payout stands, a step of a plan) is refused: the item
//! stays as it is, whoever lists leaves it out with an error that an alarm counts, and what must miss none stops. Nothing is guessed, and
//! nothing that cannot be read is written over. The settings are all of the second kind, and are tested where they are.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{read, repository, rust_files_of, shipped};

/// Words that are only shown.
const SHOWN: &[&str] = &["GivenUpBy", "RowKind", "Why"];

/// Words that something is done by, and parts of what is sealed or hashed whole.
const ACTED_ON: &[&str] = &[
    "Action",
    "Actor",
    "ArrivalKind",
    "ConfirmedBy",
    "CustomerAction",
    "CustomerKind",
    "Decision",
    "DocumentKind",
    "Effect",
    "EntityKind",
    "Failure",
    "FeeKind",
    "FulfilmentState",
    "IntakeOutcome",
    "JournalTakes",
    "Kept",
    "Kind",
    "LineChoice",
    "LineKind",
    "PauseScope",
    "PaymentKind",
    "PaymentState",
    "PayoutState",
    "PayoutTask",
    "PointerKind",
    "PrivacyKind",
    "ProductChange",
    "SendBy",
    "SetAside",
    "SettingsChoice",
    "SettlementMode",
    "ShopProductKind",
    "ShopProductStatus",
    "Standing",
    "Status",
    "Step",
    "StockKeeping",
    "StockTask",
    "StoredCatalogue",
    "Target",
    "TotalOf",
    "VatRounding",
    "When",
];

/// Every enum of the rooms that store something, with the text of its declaration, that can be read from JSON.
fn declared() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for room in ["shared/domain", "shared/engine", "shared/platform"] {
        let settings = repository().join(room).join("src/settings");
        for path in rust_files_of(&format!("{room}/src")) {
            if path.starts_with(&settings) {
                continue;
            }
            let text = read(&path);
            let text = shipped(&text).into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
            for part in text.split("#[derive(").skip(1) {
                let (derived, rest) = part.split_once(")]").expect("a derive ends");
                let before = rest.split_once('{').map_or(rest, |(before, _)| before);
                let Some((_, name)) = before.split_once("enum ") else { continue };
                let whole = rest.split_once("\n}").map_or(rest, |(whole, _)| whole);
                if derived.contains("Deserialize") && !before.contains("struct ") {
                    found.push((name.trim().to_owned(), whole.to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn every_stored_word_is_either_only_shown_or_acted_on() {
    let known: BTreeSet<&str> = SHOWN.iter().chain(ACTED_ON).copied().collect();
    let declared = declared();
    let names: BTreeSet<&str> = declared.iter().map(|(name, _)| name.as_str()).collect();
    let unsaid: Vec<_> = names.difference(&known).collect();
    assert!(unsaid.is_empty(), "say of these whether they are only shown or acted on: {unsaid:?}");
    let gone: Vec<_> = known.difference(&names).collect();
    assert!(gone.is_empty(), "these are no more: {gone:?}");
    for (name, text) in &declared {
        assert_eq!(text.contains("#[serde(other)]"), SHOWN.contains(&name.as_str()), "{name}");
    }
}

fn shown<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>() {
    let read: T = serde_json::from_str(r#""what-comes-next""#).expect("it reads");
    let written = serde_json::to_string(&read).expect("it has a JSON form");
    assert_eq!(
        serde_json::from_str::<T>(&written).expect("it reads again"),
        read,
        "written on, it stays the same"
    );
}

fn refused<T: DeserializeOwned>(forms: &[&str]) {
    for form in forms {
        assert!(serde_json::from_str::<T>(form).is_err(), "{}: {form}", std::any::type_name::<T>());
    }
}

#[test]
fn what_is_claimed_stands_as_one_of_the_words_that_there_are() {
    use engine::store::Status;
    let code = String::new;
    let all = [
        Status::Working,
        Status::Done,
        Status::Skipped { code: code() },
        Status::Waiting { code: code() },
        Status::Held { code: code() },
        Status::Parked { code: code() },
    ];
    assert_eq!(all.map(|status| status.word()), Status::WORDS);
}

#[test]
fn an_unknown_word_that_is_only_shown_is_read_and_one_that_is_acted_on_is_refused() {
    shown::<engine::log::Why>();
    shown::<engine::log::RowKind>();
    shown::<engine::store::GivenUpBy>();
    let word = r#""what-comes-next""#;
    let with_content = r#"{"what-comes-next":{"number":1}}"#;
    refused::<domain::document::DocumentKind>(&[word]);
    refused::<domain::EntityKind>(&[word]);
    refused::<domain::payout::PayoutState>(&[word]);
    refused::<domain::payout::Actor>(&[word, with_content]);
    refused::<domain::payout::Target>(&[word, with_content]);
    refused::<domain::plan::Step>(&[word, with_content, r#"{"step":"what-comes-next"}"#]);
    refused::<domain::settlement::Standing>(&[word]);
    refused::<engine::message::SettingsChoice>(&[word]);
    refused::<engine::store::PauseScope>(&[r#"{"scope":"what-comes-next"}"#]);
    refused::<engine::store::Status>(&[r#"{"status":"what-comes-next"}"#]);
    refused::<engine::payouts::record::LineChoice>(&[word, with_content]);
    refused::<engine::payouts::record::SetAside>(&[word, with_content]);
    refused::<engine::payouts::IntakeOutcome>(&[word, with_content, r#"{"outcome":"what-comes-next"}"#]);
    refused::<engine::stock::StockTask>(&[word, with_content, r#"{"task":"what-comes-next"}"#]);
}
