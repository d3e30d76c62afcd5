//! Product numbers for what has none in the shop, products that do not exist, and gift cards.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CatalogueSettings;
use crate::money::Percentage;

/// Product numbers, missing products, discounts and gift cards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProductSettings {
    /// What the shop's products are called in the accounts.
    #[garde(skip)]
    pub number_from: NumberFrom,
    /// What to do about a product number that does not exist in the accounts.
    #[garde(custom(default_is_named(&self.skus)))]
    pub missing: MissingProduct,
    /// Product groups of products that are made, by the rate charged.
    #[garde(length(max = 50), dive)]
    pub groups_by_rate: Vec<RateGroup>,
    /// Product group of products that are made at a rate that `groups-by-rate` does not name.
    #[garde(skip)]
    pub group: Option<u32>,
    /// Product numbers for what has none in the shop.
    #[garde(dive)]
    pub skus: Skus,
    /// How discounts stand on the document.
    #[garde(skip)]
    pub discounts: Discounts,
    /// Gift cards sold and used.
    #[garde(dive)]
    pub gift_cards: GiftCardSettings,
    /// Number of the unit of products that are made; without it they have none.
    #[garde(skip)]
    pub unit: Option<u32>,
    /// Products carried from the shop's catalogue, beside those that orders make.
    #[garde(dive)]
    pub catalogue: CatalogueSettings,
}

fn default_is_named(skus: &Skus) -> impl FnOnce(&MissingProduct, &()) -> garde::Result + '_ {
    move |missing, _| match missing {
        MissingProduct::UseDefault if skus.default.is_none() => {
            Err(garde::Error::new("default-product-missing"))
        }
        _ => Ok(()),
    }
}

impl ProductSettings {
    /// True when the merchant says which groups new products belong in.
    pub fn names_groups(&self) -> bool {
        self.group.is_some() || !self.groups_by_rate.is_empty()
    }
}

/// What the shop's products are called in the accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumberFrom {
    /// The SKU.
    #[default]
    Sku,
    /// The SKU; the shop's own product id where there is none.
    SkuOrProductId,
    /// The shop's own product id.
    ProductId,
}

/// What to do about a product number that does not exist in the accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MissingProduct {
    /// Make it, in the group that the settings name; where they name none, in the only ordinary group that gives the rate.
    #[default]
    Create,
    /// Use the default product, `skus.default`, which must be named.
    UseDefault,
    /// Hold the order.
    Hold,
}

/// The product group for one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RateGroup {
    /// Rate in per cent.
    #[garde(skip)]
    pub rate: Percentage,
    /// Number of the group.
    #[garde(skip)]
    pub group: u32,
}

/// Product numbers for lines that have none in the shop. The defaults are the numbers that Danish integrations commonly use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Skus {
    /// Freight with VAT.
    #[garde(custom(number))]
    pub shipping: Option<String>,
    /// Freight without VAT, where the other is in a group with VAT.
    #[garde(custom(number))]
    pub shipping_untaxed: Option<String>,
    /// Fees with VAT.
    #[garde(custom(number))]
    pub fee: Option<String>,
    /// Fees without VAT, where the other is in a group with VAT.
    #[garde(custom(number))]
    pub fee_untaxed: Option<String>,
    /// Discounts on lines of their own, and fees that lower the price.
    #[garde(custom(number))]
    pub discount: Option<String>,
    /// Fees without VAT that lower the price, where the other is in a group with VAT.
    #[garde(custom(number))]
    pub discount_untaxed: Option<String>,
    /// Tips.
    #[garde(custom(number))]
    pub tip: Option<String>,
    /// Import duty.
    #[garde(custom(number))]
    pub duty: Option<String>,
    /// Cash rounding, and correction lines; must be in a group without VAT.
    #[garde(custom(number))]
    pub rounding: Option<String>,
    /// Gift cards sold and used; multi-purpose ones in a group without VAT, on a liability account.
    #[garde(custom(number))]
    pub gift_card: Option<String>,
    /// Money given back without goods; moves no stock.
    #[garde(custom(number))]
    pub refund: Option<String>,
    /// Money given back without goods at no VAT, where the other is in a group with VAT.
    #[garde(custom(number))]
    pub refund_untaxed: Option<String>,
    /// Products without a number.
    #[garde(custom(number))]
    pub default: Option<String>,
}

impl Skus {
    /// The numbers of what is no goods: all but the one that goods without a number take.
    pub fn special(&self) -> impl Iterator<Item = &str> {
        // Whoever adds a number says here what it is.
        let Skus {
            shipping,
            shipping_untaxed,
            fee,
            fee_untaxed,
            discount,
            discount_untaxed,
            tip,
            duty,
            rounding,
            gift_card,
            refund,
            refund_untaxed,
            default: _,
        } = self;
        let special = [
            shipping,
            shipping_untaxed,
            fee,
            fee_untaxed,
            discount,
            discount_untaxed,
            tip,
            duty,
            rounding,
            gift_card,
            refund,
            refund_untaxed,
        ];
        special.into_iter().flatten().map(String::as_str)
    }
}

impl Default for Skus {
    fn default() -> Self {
        let number = |text: &str| Some(text.to_owned());
        Skus {
            shipping: number("fragtmm"),
            shipping_untaxed: number("fragtum"),
            fee: number("gebyr"),
            fee_untaxed: number("gebyrum"),
            discount: number("rabat"),
            discount_untaxed: number("rabatum"),
            tip: number("drikkepenge"),
            duty: number("told"),
            rounding: number("afrunding"),
            gift_card: number("gavekort"),
            refund: number("refusion"),
            refund_untaxed: number("refusionum"),
            default: None,
        }
    }
}

fn number(number: &Option<String>, _: &()) -> garde::Result {
    match number {
        Some(number) if number.is_empty() || number.chars().count() > 25 => {
            Err(garde::Error::new("product-number-length"))
        }
        _ => Ok(()),
    }
}

/// How discounts stand on the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Discounts {
    /// Inside the price of each line.
    #[default]
    InPrice,
    /// On a line of their own, where the discount product has the rate of the lines.
    OwnLine,
}

/// Gift cards sold and used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GiftCardSettings {
    /// When VAT is due on them.
    #[garde(skip)]
    pub vat: GiftCardVat,
    /// The rate of single-purpose cards, where the shop charges none at sale.
    #[garde(skip)]
    pub single_purpose_rate: Percentage,
    /// What a gift card that was used does to the document.
    #[garde(skip)]
    pub used: GiftCardsUsed,
    /// SKUs or product ids of the shop's gift cards, for shops that have no mark for them (WooCommerce).
    #[garde(length(max = 200), inner(length(min = 1, max = 100)))]
    #[schemars(extend("x-acts-on" = "reading"))]
    pub products: Vec<String>,
    /// Names of the negative fees by which a plugin lets gift cards pay; letter case does not matter. Such a fee, when it
    /// carries no VAT, is a gift card that was used, and no discount.
    #[garde(length(max = 50), inner(length(min = 1, max = 200)))]
    #[schemars(extend("x-acts-on" = "reading"))]
    pub fees: Vec<String>,
}

impl Default for GiftCardSettings {
    fn default() -> Self {
        GiftCardSettings {
            vat: GiftCardVat::MultiPurpose,
            single_purpose_rate: Percentage::whole(25),
            used: GiftCardsUsed::Deduct,
            products: Vec::new(),
            fees: Vec::new(),
        }
    }
}

/// When VAT is due on gift cards (Denmark since 1 July 2019).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GiftCardVat {
    /// When they are used: they can be used abroad, or for goods with different VAT. A card sold is a debt to its holder.
    #[default]
    MultiPurpose,
    /// When they are sold: they can only be used at home for goods with one rate.
    SinglePurpose,
}

/// What a gift card that was used does to the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GiftCardsUsed {
    /// A line on the gift card product lowers what the buyer owes, so that the debt to the holder is settled.
    #[default]
    Deduct,
    /// Nothing: it is a payment like others, and stands in the order's payments.
    Payment,
}
