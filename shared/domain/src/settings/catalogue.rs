//! Products carried from the shop's catalogue into the accounts, beside those that orders make.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UpdateWhen;
use crate::money::Percentage;

/// Products carried from the shop's catalogue into the accounts. Off by default: orders make products that are missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CatalogueSettings {
    /// Products that the shop has and the accounts have not are made when the shop tells of them.
    #[garde(skip)]
    pub create: bool,
    /// Which fields of products that exist are changed to what the shop says.
    #[garde(dive)]
    pub update: ProductUpdateRules,
    /// Products that the shop is preparing or hides are carried over too.
    #[garde(skip)]
    pub drafts: bool,
    /// A product that is made up of others is a product of its own in the accounts, as it is on the shop's orders.
    #[garde(skip)]
    pub bundles: bool,
    /// What the shop's prices are. They are taken to be in the agreement's own currency.
    #[garde(skip)]
    pub prices: ShopPrices,
    /// The rate at home of products that the shop taxes in its standard class.
    #[garde(skip)]
    pub standard_rate: Percentage,
    /// Product groups by VAT treatment and category of the shop; the first rule that a product satisfies counts. Without one, the
    /// group follows from the rate as for products that orders make.
    #[garde(length(max = 500), dive)]
    pub groups: Vec<CatalogueGroup>,
    /// What happens in the accounts to a product that is gone in the shop, or that has another number there now.
    #[garde(skip)]
    pub gone: GoneProduct,
}

impl Default for CatalogueSettings {
    fn default() -> Self {
        CatalogueSettings {
            create: false,
            update: ProductUpdateRules::default(),
            drafts: false,
            bundles: true,
            prices: ShopPrices::default(),
            standard_rate: Percentage::whole(25),
            groups: Vec::new(),
            gone: GoneProduct::default(),
        }
    }
}

impl CatalogueSettings {
    /// True when what the shop tells of a product can never change anything.
    pub fn is_off(&self) -> bool {
        !self.create && self.update == ProductUpdateRules::default() && self.gone == GoneProduct::Keep
    }
}

/// Which fields of a product that exists are changed to what the shop says. Default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProductUpdateRules {
    /// Name.
    #[garde(skip)]
    pub name: UpdateWhen,
    /// Product group.
    #[garde(skip)]
    pub group: UpdateWhen,
    /// Net sales price.
    #[garde(skip)]
    pub sales_price: UpdateWhen,
    /// Cost price.
    #[garde(skip)]
    pub cost_price: UpdateWhen,
    /// Unit.
    #[garde(skip)]
    pub unit: UpdateWhen,
    /// Bar code.
    #[garde(skip)]
    pub barcode: UpdateWhen,
}

/// What the shop's prices are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShopPrices {
    /// With VAT: the rate of the product's group at home is taken out.
    #[default]
    WithVat,
    /// Without VAT.
    WithoutVat,
    /// Of no use here: no sales price is written.
    NotUsed,
}

/// What happens in the accounts to a product that is gone in the shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GoneProduct {
    /// Nothing: what was sold can still be credited.
    #[default]
    Keep,
    /// It is barred for new sales. A credit note for what was sold needs it opened again.
    Bar,
}

/// The product group of the products that satisfy a rule; what a rule leaves out it does not look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CatalogueGroup {
    /// The shop charges VAT on the product, or it does not.
    #[serde(default)]
    #[garde(skip)]
    pub taxable: Option<bool>,
    /// The shop's VAT class, as the shop calls it (`reduced-rate`); empty for its standard one.
    #[serde(default)]
    #[garde(skip)]
    pub tax_class: Option<String>,
    /// A category (product type) that the product stands in; letter case does not matter.
    #[serde(default)]
    #[garde(skip)]
    pub category: Option<String>,
    /// Number of the group.
    #[garde(skip)]
    pub group: u32,
}
