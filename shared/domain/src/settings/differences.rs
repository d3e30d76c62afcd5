//! What to do when the accounting system reckons another total than the shop.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::DecimalText;

/// What to do when the accounting system reckons another total than the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DifferenceSettings {
    /// How.
    #[garde(skip)]
    pub mode: DifferenceMode,
    /// The largest difference that is handled so, in the document's currency. Without it: half a smallest unit for each
    /// line of the order.
    #[garde(custom(sound_limit))]
    pub limit: Option<DecimalText>,
    /// Text of the correction line.
    #[garde(length(min = 1, max = 250))]
    pub text: String,
}

fn sound_limit(limit: &Option<DecimalText>, _: &()) -> garde::Result {
    match limit {
        Some(limit) if limit.0.is_sign_negative() || limit.0 > rust_decimal::Decimal::from(100) => {
            Err(garde::Error::new("limit-range"))
        }
        _ => Ok(()),
    }
}

impl Default for DifferenceSettings {
    fn default() -> Self {
        DifferenceSettings { mode: DifferenceMode::CorrectionLine, limit: None, text: "Afrunding".to_owned() }
    }
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
