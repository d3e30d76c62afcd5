//! Records of Nets' advices (MyNets, formerly Teller), CSV with commas or SDV with semicolons, and what a merchant's own record
//! description says of their fields.

use std::collections::BTreeMap;

use domain::Currency;
use domain::settlement::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profile::{Role, What};

/// The records by their number, what they are, and the kind of their lines. Field names and places differ by agreement, so a
/// record that the layout does not describe is passed over.
pub(super) const RECORDS: &[(&str, Role, Option<Kind>)] = &[
    ("100", Role::Ignored, None),
    ("110", Role::Line, None),
    ("120", Role::Line, Some(Kind::Fee)),
    ("200", Role::Total, None),
    ("300", Role::Total, None),
    ("400", Role::Line, Some(Kind::Adjustment)),
    ("410", Role::Line, Some(Kind::Adjustment)),
];

/// Where the fields of a merchant's advice stand, taken from the record description in MyNets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Layout {
    /// `,` for CSV, `;` for SDV.
    pub delimiter: char,
    /// The character before the decimals of an amount.
    pub decimal: char,
    /// Name of the character encoding.
    pub encoding: String,
    /// The pattern of days, in the notation of strptime.
    pub dates: String,
    /// The currency of the agreement.
    pub currency: Currency,
    /// By record number: the place of each field, 1 for the first.
    pub fields: BTreeMap<String, BTreeMap<What, usize>>,
    /// Words for kinds in record 110, where a field tells them.
    #[serde(default)]
    pub kinds: BTreeMap<String, Kind>,
    /// Amounts have no sign, and the kind gives it.
    #[serde(default)]
    pub unsigned: bool,
    /// Daily payouts without fees, which are debited monthly (usual in Sweden); else fees are taken from the payout.
    #[serde(default)]
    pub gross_payouts: bool,
}
