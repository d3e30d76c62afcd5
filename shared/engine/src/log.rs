//! The log: a transfer's trace from the message that started it to the document that stands.
//!
//! Each claim that did something leaves rows: one with the plan, one with the conclusion. A row has a public part, which
//! may be read by whoever operates Bogbro, and a personal part (the order as the shop sent it, customers, request and
//! answer bodies), which the store seals with a key per transfer, so that destroying the keys of a person's transfers
//! erases the person and nothing else. Rows are chained by hashes over the public text and the sealed bytes: a row that was changed or taken out shows,
//! and erasure does not break the chain. From the rows alone the plan and the requests can be made again
//! ([`crate::replay`]).

use connectors::ports::ReadingRules;
use domain::catalogue::{Catalogue, ProductCatalogue};
use domain::document::{DocumentKind, Totals};
use domain::plan::Reason;
use domain::planning::Forgotten;
use domain::{AgreementId, ConnectionId, EffectKey, MerchantId, Settings, TransferId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The schema version of log rows. An unknown one is refused, never guessed.
pub const LOG_SCHEMA: u32 = 1;

/// What made Bogbro look at an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// A verified webhook delivery.
    Webhook,
    /// The sweep found a change.
    Sweep,
    /// It was due again.
    Due,
    /// An operator or merchant asked for it.
    Replay,
    /// It is held, and what holds it may have been mended: the settings changed, or a night passed.
    Held,
    /// The books have a document of it that the ledger does not know, such as a draft that a person booked.
    Books,
    /// What a newer version of Bogbro knows and this one does not: it is looked at like any news, and nobody is taken to have asked.
    #[serde(other)]
    Other,
}

/// The message that started the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Why.
    pub why: Why,
    /// Hash of the signed body; empty when there was none.
    pub body_hash: String,
    /// When Bogbro received it.
    pub received_at: Timestamp,
}

/// What the row records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// A plan was stored.
    Planned,
    /// The work under a claim ended.
    Concluded,
    /// The personal part of all rows before it was erased.
    Erased,
    /// What a newer version of Bogbro knows and this one does not.
    #[serde(other)]
    Other,
}

/// One call to an outside system, without anything personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSummary {
    /// Name of the system (`economic`).
    pub system: String,
    /// Key of the effect; `None` for a read.
    pub key: Option<String>,
    /// Method.
    pub method: connectors::http::Method,
    /// Path without query, since look-ups may hold e-mail addresses.
    pub path: String,
    /// SHA-256 of the request (method, surface, path, query, body), in hexadecimal.
    pub request_hash: String,
    /// Status answered; `None` when no answer came.
    pub status: Option<u16>,
    /// The failure, when no answer came: `busy`, `unknown`, `rejected`, `unauthorized`.
    pub failure: Option<String>,
    /// When it was sent.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// As [`RecordedCall::earlier`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub earlier: bool,
}

/// What may be read by whoever operates Bogbro.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicPart {
    /// [`LOG_SCHEMA`] of the writer.
    pub schema: u32,
    /// The claim it was written under.
    pub fence: u64,
    /// Place among the rows of one claim: 0 planned, 1 concluded.
    pub sequence: u32,
    /// When.
    pub at: Timestamp,
    /// What it records.
    pub kind: RowKind,
    /// What started the work.
    pub cause: Cause,
    /// Number of claims so far that were not taken back.
    pub attempts: u32,
    /// Version of the settings; 0 when none were needed.
    pub settings_version: u64,
    /// What the plan was made of beside what is personal, on rows of kind planned.
    pub planning: Option<PlanningRecord>,
    /// `transfer`, `skip`, `hold`, or the status that the conclusion gave (`done`, `waiting`, `parked` ...).
    pub decision: String,
    /// Why, where there is a reason.
    pub reason: Option<Reason>,
    /// Warnings of the plan.
    pub warnings: Vec<Reason>,
    /// Ordinal of the plan; 0 when there is none.
    pub ordinal: u32,
    /// Hash of the plan.
    pub plan_hash: Option<String>,
    /// Hash of the catalogue it was made with.
    pub catalogue_hash: Option<String>,
    /// The shop's sums.
    pub source_totals: Option<Totals>,
    /// The target's sums.
    pub target_totals: Option<Totals>,
    /// The target's sums at each comparison, in order: what a correction was reckoned from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Totals>,
    /// Numbers in the target: what (`customer`, `draft`, `invoice`) and number.
    pub numbers: Vec<(String, String)>,
    /// Calls made.
    pub calls: Vec<CallSummary>,
}

/// What a plan was made of beside the order and the catalogue, which are personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanningRecord {
    /// The whole transfer id, which every key is made of.
    pub transfer: TransferId,
    /// The connection of the shop.
    pub shop: ConnectionId,
    /// Name of the shop's system, for reading the order again.
    pub shop_system: String,
    /// Name of the accounting system, for making the requests again.
    pub accounting_system: String,
    /// The company written to.
    pub agreement: AgreementId,
    /// The settings, whole.
    pub settings: Settings,
    /// The rules the order was read by.
    pub rules: ReadingRules,
    /// IANA name of the merchant's time zone.
    pub time_zone: String,
    /// The merchant's day on which it was planned.
    pub today: Date,
    /// Ordinal of the plan before this one, when this one amends it.
    pub earlier: Option<u32>,
    /// What stood of it: kind and number.
    pub standing: Option<(DocumentKind, u64)>,
    /// Somebody else made or booked it.
    #[serde(default)]
    pub adopted: bool,
    /// Number of the customer that it was made out to, when it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<u32>,
    /// A person had asked for it to be looked at anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    /// What stood although the ledger had forgotten it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Forgotten>,
}

/// One call in full, redacted of credentials (which the transport adds after recording).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCall {
    /// Key of the effect; `None` for a read.
    pub key: Option<EffectKey>,
    /// The request.
    pub request: connectors::http::Request,
    /// Status answered; `None` when no answer came.
    pub status: Option<u16>,
    /// The answer's headers that connectors may read.
    pub headers: Vec<(String, String)>,
    /// The answer's text, cut at the limit.
    pub answer: String,
    /// The answer was longer than the limit.
    pub cut: bool,
    /// Not sent under this claim: what it makes was found standing, or its step counted as done, after a worker that left no row. It
    /// is the request that the plan makes for it; what was answered, if anything, died with that worker or stands in an earlier row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub earlier: bool,
}

/// What holds names, addresses and amounts of people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalPart {
    /// The order as the shop sent it.
    pub order: Option<String>,
    /// The slice of the catalogue that the plan was made with.
    pub catalogue: Option<Catalogue>,
    /// The slice that a product of the shop was planned with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products: Option<ProductCatalogue>,
    /// Calls made, in full.
    pub calls: Vec<RecordedCall>,
}

impl PublicPart {
    /// Reads what is stored. The settings that a plan was made of may hold what a newer version of Bogbro knows and this one does not: the
    /// row is then shown without them, and cannot be planned again from the log here.
    ///
    /// # Errors
    /// What stands there is no row, or none of this version's.
    pub fn read(text: &str) -> Result<PublicPart, serde_json::Error> {
        serde_json::from_str(text).or_else(|_| {
            let mut row: serde_json::Value = serde_json::from_str(text)?;
            if let Some(planning) = row.get_mut("planning") {
                *planning = serde_json::Value::Null;
            }
            serde_json::from_value(row)
        })
    }
}

/// One row, open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The public part.
    pub public: PublicPart,
    /// Whose it is: [`person`]; empty when nobody is known. A store keeps it so that all transfers of a person can be found,
    /// under a key of its own, and need not give it back.
    pub person: String,
    /// The personal part; `None` after erasure.
    pub personal: Option<PersonalPart>,
}

impl LogEntry {
    /// The public part as it is stored and hashed.
    pub fn public_text(&self) -> String {
        serde_json::to_string(&self.public).unwrap_or_default()
    }

    /// The personal part as it is sealed.
    pub fn personal_text(&self) -> String {
        self.personal.as_ref().map(|part| serde_json::to_string(part).unwrap_or_default()).unwrap_or_default()
    }

    /// Key of the row among the rows of its transfer: sorts in order of writing.
    pub fn row_key(&self) -> String {
        row_key(self.public.fence, self.public.sequence)
    }
}

/// Key of the row of a claim and a place among its rows: sorts in order of writing.
pub fn row_key(fence: u64, sequence: u32) -> String {
    format!("{fence:012}#{sequence:03}")
}

/// Who a buyer is, for finding all of a person's transfers: a hash of the e-mail address, or of the shop's own id for a buyer
/// without one; `None` when nothing is known of them. It can be guessed by who knows the address, so it is stored nowhere
/// as it is.
pub fn person(merchant: &MerchantId, source: &str, email: &str, shop_id: Option<&str>) -> Option<String> {
    let email = email.trim().to_lowercase();
    let shop_id = shop_id.map(str::trim).filter(|id| !id.is_empty());
    let text = match shop_id {
        _ if !email.is_empty() => format!("{merchant}|mail|{email}"),
        Some(id) => format!("{merchant}|customer|{source}|{id}"),
        None => return None,
    };
    Some(data_encoding::BASE32_NOPAD.encode(&Sha256::digest(text.as_bytes())[..15]).to_ascii_lowercase())
}

/// Hash of a row: over the hash of the row before it (empty for the first), the public text and the sealed bytes.
pub fn chain(previous: &str, public_text: &str, sealed: &[u8]) -> String {
    let mut hasher = Sha256::new();
    for part in [previous.as_bytes(), public_text.as_bytes(), sealed] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}

/// All rows of a transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// In order of writing.
    pub rows: Vec<LogEntry>,
    /// Index of the first row whose hash does not follow from the row before it, or that the head does not lead to.
    pub broken_at: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shown_though_a_newer_version_knows_more_of_the_settings_it_was_planned_with() {
        let planning = serde_json::json!({ "settings": { "folded-by": "hand" } });
        let row = serde_json::json!({
            "schema": LOG_SCHEMA, "fence": 1, "sequence": 0, "at": "2026-11-27T10:00:00Z", "kind": "planned",
            "cause": { "why": "asked-by-the-moon", "body_hash": "", "received_at": "2026-11-27T10:00:00Z" },
            "attempts": 1, "settings_version": 3, "planning": planning, "decision": "transfer", "reason": null,
            "warnings": [], "ordinal": 1, "plan_hash": null, "catalogue_hash": null, "source_totals": null,
            "target_totals": null, "numbers": [], "calls": [],
        });
        let read = PublicPart::read(&row.to_string()).expect("it is shown");
        assert_eq!((read.cause.why, read.planning, read.settings_version), (Why::Other, None, 3));
        let mut unknown = row;
        unknown["calls"] = serde_json::json!("none");
        assert!(PublicPart::read(&unknown.to_string()).is_err(), "all else is refused");
    }

    #[test]
    fn a_person_is_known_by_the_address_in_every_shop_and_without_one_by_the_shops_own_id() {
        let of = |merchant: &str, source: &str, email: &str, id: Option<&str>| {
            person(&MerchantId::new(merchant), source, email, id)
        };
        let anna = of("m", "shopify:a", "Anna@Example.org ", Some("1"));
        assert!(anna.is_some());
        assert_eq!(anna, of("m", "woocommerce:b", "anna@example.org", None));
        assert_ne!(anna, of("other", "shopify:a", "anna@example.org", Some("1")));
        assert_ne!(anna, of("m", "shopify:a", "", Some("1")));
        assert_ne!(of("m", "shopify:a", "", Some("1")), of("m", "shopify:b", "", Some("1")));
        assert_eq!(of("m", "shopify:a", " ", Some("")), None);
    }
}
