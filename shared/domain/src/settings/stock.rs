//! Whether, how and how often the shop is told what is in stock in the accounts.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stock, from the accounts to the shop. The accounts are the master: what the shop shows is overwritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StockSettings {
    /// Whether it is done.
    #[garde(skip)]
    pub mode: StockMode,
    /// Which of the accounts' quantities the shop is told.
    #[garde(skip)]
    pub quantity: StockQuantity,
    /// Units of every product that are kept back, so that the shop never sells the last ones.
    #[garde(range(max = 1_000_000))]
    pub safety_stock: u32,
    /// Units kept back of single products, in place of `safety-stock`.
    #[garde(length(max = 5_000), dive)]
    pub safety_stock_by_product: Vec<ProductReserve>,
    /// What the shop is told of products that are barred in the accounts.
    #[garde(skip)]
    pub barred: BarredProducts,
    /// What is done about a product number that stands on several entries of the shop.
    #[garde(skip)]
    pub duplicates: DuplicateNumbers,
    /// Which of the accounts' stock locations make up the stock of which of the shop's. Without any, all of the accounts'
    /// make up the shop's only one.
    #[garde(length(max = 20), dive)]
    pub locations: Vec<StockLocation>,
    /// Products of the shop that are made up of others in the accounts. The accounts must take the parts out of stock when one is
    /// sold.
    #[garde(length(max = 5_000), dive)]
    pub bundles: Vec<StockBundle>,
    /// Minutes between two looks at what changed.
    #[garde(range(min = 5, max = 1_440))]
    pub every_minutes: u16,
    /// Look also a moment after a document was made in the accounts.
    #[garde(skip)]
    pub after_documents: bool,
    /// Hours between two comparisons of everything with what the shop really shows.
    #[garde(range(min = 1, max = 168))]
    pub full_every_hours: u16,
}

impl Default for StockSettings {
    fn default() -> Self {
        StockSettings {
            mode: StockMode::Off,
            quantity: StockQuantity::Available,
            safety_stock: 0,
            safety_stock_by_product: Vec::new(),
            barred: BarredProducts::Zero,
            duplicates: DuplicateNumbers::Report,
            locations: Vec::new(),
            bundles: Vec::new(),
            every_minutes: 15,
            after_documents: true,
            full_every_hours: 24,
        }
    }
}

/// Whether stock goes from the accounts to the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StockMode {
    /// No: the shop keeps its own stock.
    #[default]
    Off,
    /// It is compared and reported; the shop is told nothing.
    Report,
    /// The shop is told. Orders must then become sales orders or booked invoices: a draft takes nothing out of the accounts' stock,
    /// and what was sold would be offered again. Orders that are not transferred (held, or in a state that is not chosen) take
    /// nothing either: `safety-stock` is the guard against them.
    Write,
}

/// Which quantity of the accounts is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StockQuantity {
    /// What is in stock less what customers have ordered.
    #[default]
    Available,
    /// What is in stock, ordered or not; for who books invoices at once, since a sales order takes nothing out of it.
    InStock,
}

/// What the shop is told of barred products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BarredProducts {
    /// None is left: an order with it could not be booked.
    #[default]
    Zero,
    /// What the accounts have.
    AsOthers,
}

/// What is done about a product number that stands on several entries of the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DuplicateNumbers {
    /// None of them is told anything, and it is reported: each would sell the same units.
    #[default]
    Report,
    /// Each is told all of it: they are one thing shown in several places.
    TellEach,
}

/// Units kept back of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProductReserve {
    /// The product number.
    #[garde(length(min = 1, max = 100))]
    pub product: String,
    /// Units.
    #[garde(range(max = 1_000_000))]
    pub units: u32,
}

/// One location of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StockLocation {
    /// The shop's id of it; empty for a shop without locations.
    #[garde(length(max = 100))]
    pub shop: String,
    /// Names of the accounts' stock locations that lie there; none: all of them.
    #[serde(default)]
    #[garde(length(max = 50))]
    pub accounting: Vec<String>,
}

/// A product that is made up of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StockBundle {
    /// Its number in the shop.
    #[garde(length(min = 1, max = 100))]
    pub product: String,
    /// What one of it holds.
    #[garde(length(min = 1, max = 50), dive)]
    pub parts: Vec<BundlePart>,
}

/// A part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BundlePart {
    /// Its number in the accounts.
    #[garde(length(min = 1, max = 100))]
    pub product: String,
    /// Units of it in one bundle.
    #[garde(range(min = 1, max = 10_000))]
    pub units: u32,
}

impl StockSettings {
    /// True when the flow compares stock at all.
    pub fn is_on(&self) -> bool {
        self.mode != StockMode::Off
    }

    /// What the values say of each other: path below the stock settings and code of each problem.
    pub(super) fn problems(&self) -> Vec<(String, &'static str, String)> {
        let mut problems = Vec::new();
        let mut shops = std::collections::BTreeSet::new();
        let mut taken = std::collections::BTreeSet::new();
        let takes_all = self.locations.iter().filter(|location| location.accounting.is_empty()).count();
        for (index, location) in self.locations.iter().enumerate() {
            let mut add = |code, name: &str| {
                problems.push((format!("locations[{index}]"), code, name.to_owned()));
            };
            if !shops.insert(location.shop.as_str()) {
                add("stock-location-twice", &location.shop);
            }
            if location.accounting.is_empty() && self.locations.len() > 1 && takes_all > 0 {
                add("stock-shared-location", &location.shop);
            }
            for place in &location.accounting {
                if !taken.insert(place.as_str()) {
                    add("stock-shared-location", place);
                }
            }
        }
        let mut bundles = std::collections::BTreeSet::new();
        for (index, bundle) in self.bundles.iter().enumerate() {
            let path = format!("bundles[{index}]");
            if !bundles.insert(bundle.product.as_str()) {
                problems.push((path.clone(), "stock-bundle-twice", bundle.product.clone()));
            }
            if bundle.parts.iter().any(|part| part.product == bundle.product) {
                problems.push((path, "stock-bundle-of-itself", bundle.product.clone()));
            }
        }
        problems
    }
}
