//! Stock, from the accounts to the shop: what the shop should show, and where that differs from what it was told.
//!
//! The accounts are the master. Readings of them are merged by the time at which the accounts last changed a product, so an
//! older reading never replaces a newer one. What the shop was last told is kept beside them, and the two are compared as a
//! whole: a comparison costs nothing outside, and what failed last time differs still.

pub mod compare;
pub mod schedule;
pub mod state;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use compare::{Change, Comparison, Problem, compare};
pub use state::{Cell, KeptItem, KeptLevel, Refusal, StockState};

/// Thousandths of a unit: the accounts may count in fractions, and bundles are reckoned before anything is rounded down.
pub type Thousandths = i64;

/// What the accounts hold of one product at one of their stock locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceLevel {
    /// The location's name; empty for accounts without locations.
    #[serde(rename = "n", default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// In stock less what customers have ordered; may be negative.
    #[serde(rename = "a")]
    pub available: Thousandths,
    /// In stock; may be negative.
    #[serde(rename = "s")]
    pub in_stock: Thousandths,
}

/// One product as the accounts hold it at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReading {
    /// Its number.
    pub product: String,
    /// Barred for new lines.
    pub barred: bool,
    /// When the accounts last changed it, its stock included.
    pub changed_at: Timestamp,
    /// Its stock by location; empty for a product of which no stock is kept.
    pub places: Vec<PlaceLevel>,
}
