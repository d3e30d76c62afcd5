//! What the merchant chooses, per merchant and connection: typed, validated on save, versioned.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All settings of one flow from one shop to one accounting agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// IANA time zone of the merchant's books.
    #[garde(length(min = 1, max = 64))]
    pub time_zone: String,
}

/// What to do when the accounting system reckons another total than the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceMode {
    /// Leave the draft unbooked, with the explanation.
    LeaveDraft,
    /// Book as it is, when the difference is within the limit.
    Ignore,
    /// Add a visible correction line, when the difference is within the limit.
    CorrectionLine,
}

/// How the invoice number is written back to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WriteBackForm {
    /// As a tag (Shopify) or a meta field (WooCommerce).
    Tag,
    /// As a note that only the merchant sees.
    Note,
}
