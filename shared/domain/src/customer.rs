//! The buyer as the shop knows them: a guest, a person, a company or a public body, with or without an address.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who buys, for VAT, identification and invoicing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerKind {
    /// A private person, guests included.
    Private,
    /// A company: it gave a company name and/or a CVR or VAT number.
    Business,
    /// A public body that is invoiced electronically under an EAN (GLN) number.
    Ean,
}

/// A postal address. Every field may be empty: point-of-sale and gift-card orders have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// First and last name, or the attention person of a company.
    pub name: String,
    /// Company name.
    pub company: String,
    /// Street lines, joined by newlines.
    pub street: String,
    /// Postal code.
    pub postcode: String,
    /// City.
    pub city: String,
    /// State or province.
    pub state: String,
    /// ISO 3166 two-letter country code, upper case; empty when unknown.
    pub country: String,
}

impl Address {
    /// True when nothing that could be printed on an invoice is known.
    pub fn is_empty(&self) -> bool {
        self.name.is_empty() && self.company.is_empty() && self.street.is_empty() && self.country.is_empty()
    }
}

/// The buyer of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The shop's own immutable customer id; `None` for a guest.
    pub shop_id: Option<String>,
    /// E-mail address as given, trimmed; empty when unknown.
    pub email: String,
    /// Phone number as given; empty when unknown.
    pub phone: String,
    /// Billing address.
    pub billing: Address,
    /// Delivery address, when it is known.
    pub delivery: Option<Address>,
    /// Danish CVR or another national company number, as given.
    pub company_number: Option<String>,
    /// VAT number, with or without country prefix, as given.
    pub vat_number: Option<String>,
    /// EAN/GLN number for electronic invoicing, as given.
    pub ean: Option<String>,
    /// The shop says that this buyer is exempt from VAT.
    pub vat_exempt: bool,
}
