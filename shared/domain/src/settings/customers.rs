//! How buyers are identified, made and updated.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How buyers are identified, made and updated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CustomerSettings {
    /// Private buyers, guests included.
    #[garde(dive)]
    pub private: CustomerRule,
    /// Companies.
    #[garde(dive)]
    pub business: CustomerRule,
    /// Public bodies with an EAN number.
    #[garde(dive)]
    pub ean: CustomerRule,
    /// Which fields of a customer that exists are changed to what the order says; never those of a collective customer.
    #[garde(dive)]
    pub update: UpdateRules,
    /// What to do when several customers in the accounts have what the buyer is identified by.
    #[garde(skip)]
    pub several: SeveralCustomers,
    /// What to do about a VAT number that has not the form of its country, or that a register does not know.
    #[garde(skip)]
    pub vat_number_check: VatNumberCheck,
    /// Number of the customer for orders whose buyer lacks the field to identify by; without it they are held.
    #[garde(custom(customer_number))]
    pub anonymous: Option<u32>,
    /// Name on the document when the buyer gave none.
    #[garde(length(min = 1, max = 250))]
    pub nameless: String,
    /// A buyer who gave a company name is a company, also without a number.
    #[garde(skip)]
    pub company_name_is_business: bool,
    /// Keys of the shop's extra fields that may hold a company number (CVR); the first that does is used.
    #[garde(length(max = 20), inner(length(min = 1, max = 100)))]
    pub company_number_fields: Vec<String>,
    /// Keys of the shop's extra fields that may hold a VAT number.
    #[garde(length(max = 20), inner(length(min = 1, max = 100)))]
    pub vat_number_fields: Vec<String>,
    /// Keys of the shop's extra fields that may hold an EAN number.
    #[garde(length(max = 20), inner(length(min = 1, max = 100)))]
    pub ean_fields: Vec<String>,
}

impl Default for CustomerSettings {
    fn default() -> Self {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        CustomerSettings {
            private: CustomerRule::default(),
            business: CustomerRule::default(),
            ean: CustomerRule::default(),
            update: UpdateRules::default(),
            several: SeveralCustomers::default(),
            vat_number_check: VatNumberCheck::default(),
            anonymous: None,
            nameless: "Webkunde".to_owned(),
            company_name_is_business: true,
            company_number_fields: keys(&["_billing_cvr", "billing_cvr", "cvr", "_cvr"]),
            vat_number_fields: keys(&[
                "_billing_vat_number",
                "billing_vat_number",
                "_vat_number",
                "vat_number",
            ]),
            ean_fields: keys(&["_billing_ean", "billing_ean", "ean", "_ean"]),
        }
    }
}

fn customer_number(number: &Option<u32>, _: &()) -> garde::Result {
    match number {
        Some(number) if *number == 0 || *number > 999_999_999 => {
            Err(garde::Error::new("customer-number-range"))
        }
        _ => Ok(()),
    }
}

/// What is done with one kind of buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CustomerRule {
    /// The field that tells one buyer from another; without it e-mail for private buyers, company number for companies,
    /// EAN number for public bodies.
    #[garde(skip)]
    pub identify_by: Option<IdentifyBy>,
    /// The field to use when the buyer has none of the first; without it `customers.anonymous` is used.
    #[garde(skip)]
    pub otherwise_by: Option<IdentifyBy>,
    /// Number of one collective customer for all buyers of this kind; the document still carries their name and address.
    #[garde(custom(customer_number))]
    pub collective: Option<u32>,
    /// A buyer who is not found is made.
    #[garde(skip)]
    pub create: bool,
    /// Customer group of those that are made; without it the agreement's first.
    #[garde(skip)]
    pub group: Option<u32>,
    /// Term of payment of those that are made; without it the document's.
    #[garde(skip)]
    pub term: Option<u32>,
    /// VAT zone of those that are made; without it the document's.
    #[garde(skip)]
    pub zone: Option<u32>,
    /// Fields of those that exist that are changed otherwise for this kind of buyer than `customers.update` says.
    #[garde(length(max = 20))]
    pub update: Vec<CustomerFieldRule>,
}

impl Default for CustomerRule {
    fn default() -> Self {
        CustomerRule {
            identify_by: None,
            otherwise_by: Some(IdentifyBy::Email),
            collective: None,
            create: true,
            group: None,
            term: None,
            zone: None,
            update: Vec::new(),
        }
    }
}

/// What to do when several customers in the accounts have what the buyer is identified by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeveralCustomers {
    /// Hold the order and list them.
    #[default]
    Hold,
    /// Use the one with the lowest number that is not barred: most often the oldest.
    LowestNumber,
    /// Use the one with the highest number that is not barred: most often the newest.
    HighestNumber,
}

/// What to do about a VAT number that has not the form of its country, or that a register does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VatNumberCheck {
    /// Hold the order where the sale is without VAT because of the number; else say so and go on.
    #[default]
    HoldUntaxed,
    /// Hold every order with such a number.
    Hold,
    /// Say so and go on.
    Warn,
    /// Nothing.
    Ignore,
}

/// The field that tells one buyer from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifyBy {
    /// E-mail address, in lower case.
    #[default]
    Email,
    /// Phone number, digits only.
    Phone,
    /// The phone number is the customer's number: digits only, without country code 45, at most nine.
    PhoneAsNumber,
    /// The shop's own customer number is the customer's number: one to nine digits, without a leading zero. Guests have none,
    /// and Shopify's are longer. A number that the accounts have given to somebody else holds the order. Those who are found by
    /// something else are then made under a number from 500000000 on, which the shop's own do not reach.
    Number,
    /// Company number (CVR), digits only.
    CompanyNumber,
    /// VAT number, letters and digits only.
    VatNumber,
    /// EAN/GLN number.
    Ean,
}

/// When a field of a customer that exists is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateWhen {
    /// Never.
    #[default]
    Never,
    /// When it is empty in the accounts.
    WhenEmpty,
    /// Whenever it differs. A field that the order leaves empty is never cleared.
    Always,
}

/// When one field of a customer that exists is changed, for one kind of buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CustomerFieldRule {
    /// The field.
    pub field: CustomerField,
    /// When.
    pub when: UpdateWhen,
}

/// A field of a customer that may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerField {
    /// Name.
    Name,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Street, postal code, city and country, all together.
    Address,
    /// Company number.
    CompanyNumber,
    /// VAT number.
    VatNumber,
    /// EAN number.
    Ean,
}

impl CustomerSettings {
    /// Where the shop's own customer number is asked for: the places, below `customers`.
    pub fn by_number(&self) -> Vec<String> {
        let kinds = [("private", &self.private), ("business", &self.business), ("ean", &self.ean)];
        let places = kinds.into_iter().flat_map(|(kind, rule)| {
            let ways = [("identify-by", rule.identify_by), ("otherwise-by", rule.otherwise_by)];
            let by_number = ways.into_iter().filter(|(_, way)| *way == Some(IdentifyBy::Number));
            by_number.map(move |(place, _)| format!("{kind}.{place}"))
        });
        places.collect()
    }

    /// When a field of a customer that exists is changed for buyers under `rule`.
    pub fn update_of(&self, rule: &CustomerRule, field: CustomerField) -> UpdateWhen {
        let general = match field {
            CustomerField::Name => self.update.name,
            CustomerField::Email => self.update.email,
            CustomerField::Phone => self.update.phone,
            CustomerField::Address => self.update.address,
            CustomerField::CompanyNumber => self.update.company_number,
            CustomerField::VatNumber => self.update.vat_number,
            CustomerField::Ean => self.update.ean,
        };
        rule.update.iter().find(|own| own.field == field).map_or(general, |own| own.when)
    }
}

/// Which fields of a customer that exists are changed to what the order says. Default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct UpdateRules {
    /// Name.
    #[garde(skip)]
    pub name: UpdateWhen,
    /// E-mail address.
    #[garde(skip)]
    pub email: UpdateWhen,
    /// Phone number.
    #[garde(skip)]
    pub phone: UpdateWhen,
    /// Street, postal code, city and country, all together.
    #[garde(skip)]
    pub address: UpdateWhen,
    /// Company number.
    #[garde(skip)]
    pub company_number: UpdateWhen,
    /// VAT number.
    #[garde(skip)]
    pub vat_number: UpdateWhen,
    /// EAN number.
    #[garde(skip)]
    pub ean: UpdateWhen,
}
