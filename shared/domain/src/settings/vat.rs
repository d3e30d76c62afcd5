//! From country, rate and customer kind to the VAT zone of the document, and OSS.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::template::{self, Template};
use crate::catalogue::VatRounding;
use crate::customer::CustomerKind;
use crate::money::Percentage;

/// VAT: zones, rules and OSS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct VatSettings {
    /// The merchant's own country.
    #[garde(custom(country_code))]
    pub home_country: String,
    /// Which address decides the country.
    #[garde(skip)]
    pub country_from: CountryFrom,
    /// The agreement's VAT zones for the four ordinary cases.
    #[garde(dive)]
    pub zones: VatZones,
    /// The first rule that country, rate and customer kind satisfy comes before the ordinary cases.
    #[garde(length(max = 500), dive)]
    pub rules: Vec<VatRule>,
    /// What to do with a private buyer in another EU country who was charged no VAT.
    #[garde(skip)]
    pub untaxed_private_in_eu: UntaxedPrivateInEu,
    /// How the accounting system rounds VAT; without it what the connection reports.
    #[garde(skip)]
    pub rounding: Option<VatRounding>,
    /// Sales to private buyers in other EU countries with the buyer's VAT.
    #[garde(dive)]
    pub oss: OssSettings,
}

impl Default for VatSettings {
    fn default() -> Self {
        VatSettings {
            home_country: "DK".to_owned(),
            country_from: CountryFrom::Delivery,
            zones: VatZones::default(),
            rules: Vec::new(),
            untaxed_private_in_eu: UntaxedPrivateInEu::Hold,
            rounding: None,
            oss: OssSettings::default(),
        }
    }
}

fn country_code(text: &str, _: &()) -> garde::Result {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(garde::Error::new("not-a-country"))
    }
}

fn country_codes(texts: &[String], _: &()) -> garde::Result {
    texts.iter().try_for_each(|text| country_code(text, &()))
}

/// Which address decides the country of a sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountryFrom {
    /// Delivery; the bill's where there is none.
    #[default]
    Delivery,
    /// The bill's; delivery where there is none.
    Billing,
}

/// Numbers of the VAT zones; the defaults are those of a new e-conomic agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct VatZones {
    /// Home, with VAT.
    #[garde(skip)]
    pub domestic: u32,
    /// Other EU countries without VAT: reverse charge.
    #[garde(skip)]
    pub eu: u32,
    /// Outside the EU.
    #[garde(skip)]
    pub abroad: u32,
    /// Home, exempt.
    #[garde(skip)]
    pub exempt: u32,
}

impl Default for VatZones {
    fn default() -> Self {
        VatZones { domestic: 1, eu: 2, abroad: 3, exempt: 4 }
    }
}

/// A sale of this kind belongs in this zone. An empty list asks nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VatRule {
    /// ISO 3166 two-letter codes.
    #[garde(custom(country_codes))]
    #[serde(default)]
    pub countries: Vec<String>,
    /// Rates that the shop charged, in per cent.
    #[garde(length(max = 20))]
    #[serde(default)]
    pub rates: Vec<Percentage>,
    /// Kinds of buyer.
    #[garde(length(max = 3))]
    #[serde(default)]
    pub customers: Vec<CustomerKind>,
    /// Number of the VAT zone.
    #[garde(skip)]
    pub zone: u32,
    /// Product group for products that are made for such a sale.
    #[garde(skip)]
    #[serde(default)]
    pub product_group: Option<u32>,
    /// Product number to use instead, made of `{sku}`, `{country}` and `{rate}`.
    #[garde(custom(template::product_number))]
    #[serde(default)]
    pub product: Option<Template>,
}

/// What to do with a private buyer in another EU country who was charged no VAT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UntaxedPrivateInEu {
    /// Hold the order: some VAT is due somewhere.
    #[default]
    Hold,
    /// Use the EU zone.
    EuZone,
    /// Use the zone for exempt sales.
    ExemptZone,
}

/// One-stop shop: private buyers in other EU countries pay their own country's VAT. Since the accounting system takes the
/// rate from the product's group, such a line needs a product of its own: a sibling of the shop's product, which must be
/// kept in stock itself, or one collective product per country and rate, which moves no stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OssSettings {
    /// The merchant is in the OSS scheme.
    #[garde(skip)]
    pub enabled: bool,
    /// Number of the VAT zone of such documents; without it the domestic zone.
    #[garde(skip)]
    pub zone: Option<u32>,
    /// Number of the sibling product, made of `{sku}`, `{country}` and `{rate}`.
    #[garde(custom(template::product_number))]
    pub product: Option<Template>,
    /// Collective products; they come before siblings.
    #[garde(length(max = 200), dive)]
    pub collective: Vec<OssCollective>,
}

/// The product that all lines of one country and rate go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OssCollective {
    /// ISO 3166 two-letter code.
    #[garde(custom(country_code))]
    pub country: String,
    /// Rate in per cent.
    #[garde(skip)]
    pub rate: Percentage,
    /// Product number.
    #[garde(length(min = 1, max = 25))]
    pub product: String,
}
