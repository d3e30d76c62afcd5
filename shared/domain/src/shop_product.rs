//! A product as a webshop has it: what the catalogue check, the product flows and the stock flow read of it.
//!
//! Whatever can be bought is one entry: a product without variants, or one variant of a product. A product that only holds
//! variants together is an entry too, since its name, categories and ids are what its variants are known by, but nobody
//! can buy it.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What an entry of the shop's catalogue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShopProductKind {
    /// A product without variants.
    Single,
    /// One variant of a product.
    Variant,
    /// A product that only holds its variants together: it cannot be bought itself.
    Parent,
    /// A product that is made up of others, whose stock the shop reckons from theirs.
    Bundle,
    /// Something that is listed but not sold by the shop itself (a link to another shop, a group on one page).
    Listing,
}

/// Whether the shop sells a product at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShopProductStatus {
    /// It can be bought.
    Active,
    /// It is being prepared, or is hidden.
    Draft,
    /// It is put away.
    Archived,
}

/// Whether the shop counts the stock of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StockKeeping {
    /// The entry has a count of its own.
    Own,
    /// It shares the count of the product it is a variant of.
    OfParent,
    /// The shop does not count it: it is always for sale, or switched by hand.
    #[default]
    None,
}

/// The stock of an entry at one of the shop's locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopPlace {
    /// The shop's id of the location; empty for a shop without locations.
    pub location: String,
    /// Units for sale there; negative when more were sold than there were. `None`: the entry is not kept there.
    pub quantity: Option<i64>,
}

/// What the shop says of an entry's stock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopStock {
    /// Whether it is counted.
    pub keeping: StockKeeping,
    /// Units for sale over all locations; `None` when it is not counted. Fractions are left off.
    pub quantity: Option<i64>,
    /// What the stock is written to, where that is not the variant itself (Shopify's inventory item).
    pub item: Option<String>,
    /// By location, for the locations that were asked for.
    pub places: Vec<ShopPlace>,
}

/// An entry of the shop's catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopProduct {
    /// The shop's immutable id of the product.
    pub product: String,
    /// The immutable id of the variant; `None` for a parent, and for a product without variants in shops that give it none.
    pub variant: Option<String>,
    /// What it is.
    pub kind: ShopProductKind,
    /// The merchant's product number, as the shop has it; `None` when it has none.
    pub sku: Option<String>,
    /// The bar code (EAN, GTIN), when there is one.
    pub barcode: Option<String>,
    /// What the buyer sees: the product's name, with the variant's behind it.
    pub name: String,
    /// What one unit costs the buyer now, in the shop's currency and in the way that prices are entered there (with or
    /// without VAT). `None` when it is not for sale at a price.
    pub price: Option<Decimal>,
    /// What one unit cost the merchant, in the shop's currency; `None` where the shop does not say.
    #[serde(default)]
    pub cost: Option<Decimal>,
    /// Whether VAT is charged.
    pub taxable: bool,
    /// The shop's own VAT class; empty for its standard one, and where the shop has none.
    pub tax_class: String,
    /// A gift card.
    pub gift_card: bool,
    /// Names of the categories (product types) it stands in. A variant has those of its product only where the shop states
    /// them with it; else its parent's entry has them.
    pub categories: Vec<String>,
    /// Whether it is sold.
    pub status: ShopProductStatus,
    /// Its stock.
    pub stock: ShopStock,
    /// When the shop last changed it.
    pub updated: Option<Timestamp>,
    /// What the shop says of it that cannot be read, such as a price that is no amount: words for people. It is carried nowhere then,
    /// and keeps no other back; its stock is told all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

impl ShopProduct {
    /// The immutable id of what is bought: the variant, or the product where it has none.
    pub fn id(&self) -> &str {
        self.variant.as_deref().unwrap_or(&self.product)
    }

    /// Somebody can buy it, so that it needs a number in the accounting system.
    pub fn is_sold(&self) -> bool {
        !matches!(self.kind, ShopProductKind::Parent | ShopProductKind::Listing)
    }
}
