//! A snapshot of the target accounting system: what exists there and how it reckons.
//!
//! The plan is made against the snapshot, so it can predict the target's totals before anything is written; the snapshot's
//! hash stands in the plan, and the snapshot itself is kept with the log, so the plan can be made again.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Percentage};
use crate::vat_number::VatNumberAnswer;

/// How the target rounds VAT on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VatRounding {
    /// Each line's VAT is rounded to the minor unit, then added.
    PerLine,
    /// The net amounts of one VAT rate are added, then the VAT is rounded once.
    PerRate,
}

/// A product group: together with the recipient's VAT zone it decides the VAT rate and the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductGroup {
    /// Its number in the target.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// The VAT rate by VAT zone number; a zone that is absent has no sales account, so nothing can be sold there.
    pub rate_by_zone: BTreeMap<u32, Percentage>,
}

/// A product as the target has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its number (the SKU).
    pub number: String,
    /// Its name.
    pub name: String,
    /// The number of its group.
    pub group: u32,
    /// Barred: the target refuses new lines with it.
    pub barred: bool,
}

/// A term of payment as the target has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentTerm {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// The target's own type word (`net`, `dueDate`, `paidInCash`, `creditCard` ...).
    pub kind: String,
    /// Days of credit, where the type has them.
    pub days: Option<u32>,
    /// It settles the invoice when it is booked (contra account or card company).
    pub settles: bool,
}

/// One accounting year or period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Nothing can be posted in it any more.
    pub closed: bool,
}

/// A customer found in the target when looking for this order's buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCustomer {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its currency code.
    pub currency: String,
    /// Barred for new invoices.
    pub barred: bool,
    /// Its number of VAT zone.
    pub vat_zone: u32,
    /// Its number of payment term.
    pub payment_term: u32,
    /// The fields that the merchant's update rules may change, by domain name (`name`, `email`, `phone`, `street`,
    /// `postcode`, `city`, `country`, `company-number`, `vat-number`, `ean`); a field that the target leaves empty is absent.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The whole customer as the target gave it, for read-modify-write updates (JSON text).
    pub raw: String,
}

/// The slowly changing part of the target, read once and kept until it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterData {
    /// The agreement's own base currency.
    pub base_currency: Currency,
    /// Currencies that documents may be made in.
    pub currencies: Vec<String>,
    /// Product groups by number.
    pub product_groups: BTreeMap<u32, ProductGroup>,
    /// VAT zones: number and name.
    pub vat_zones: BTreeMap<u32, String>,
    /// Terms of payment by number.
    pub payment_terms: BTreeMap<u32, PaymentTerm>,
    /// Layouts: number and name.
    pub layouts: BTreeMap<u32, String>,
    /// Customer groups: number and name.
    pub customer_groups: BTreeMap<u32, String>,
    /// Accounting years and periods.
    pub periods: Vec<Period>,
    /// How VAT is rounded, as the merchant's settings or earlier answers say.
    pub vat_rounding: VatRounding,
    /// The agreement has the inventory module.
    pub inventory: bool,
    /// What each journal takes, by number; empty where the target does not tell.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub journals: BTreeMap<u32, JournalTakes>,
}

/// Which entries a journal takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalTakes {
    /// Entries of any kind.
    #[default]
    All,
    /// Customers' payments alone.
    CustomerPayments,
    /// Entries on accounts alone.
    FinanceVouchers,
    /// Entries of another kind alone, such as suppliers' invoices: none that Bogbro makes.
    Others,
}

impl JournalTakes {
    /// True for a journal that a customer's payment may be entered in.
    pub const fn customer_payments(self) -> bool {
        matches!(self, JournalTakes::All | JournalTakes::CustomerPayments)
    }

    /// True for a journal that an entry on an account may be entered in.
    pub const fn finance_vouchers(self) -> bool {
        matches!(self, JournalTakes::All | JournalTakes::FinanceVouchers)
    }
}

/// What vouchers are entered in and on, read once and kept until it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerData {
    /// Journals by number.
    pub journals: BTreeMap<u32, KnownJournal>,
    /// Accounts by number, headings and sums left out.
    pub accounts: BTreeMap<u32, KnownAccount>,
    /// VAT codes by code.
    pub vat_codes: BTreeMap<String, KnownVatCode>,
}

/// A journal as the target has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownJournal {
    /// Its name.
    pub name: String,
    /// Each voucher must balance by itself.
    pub balance_by_voucher: bool,
    /// Entries wait for the approval of an administrator before they can be booked.
    pub needs_approval: bool,
    /// Its entries stay in it when they are booked, and are booked again the next time.
    #[serde(default)]
    pub standing: bool,
    /// Which entries it takes.
    #[serde(default)]
    pub takes: JournalTakes,
    /// Its series of voucher numbers begins here.
    pub lowest_number: u32,
    /// Its series ends here; `None` when it has no end of its own.
    pub highest_number: Option<u32>,
    /// The number it gives next by itself.
    pub next_number: Option<u32>,
    /// The contra account that it sets on customers' payments by itself: with one, a voucher that balances by its own entries does not
    /// balance any more.
    pub customer_contra_account: Option<u32>,
}

/// An account that can be posted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAccount {
    /// Its name.
    pub name: String,
    /// Barred, or closed for entries that do not come from documents.
    pub blocked: bool,
    /// The VAT code that an entry on it is proposed with.
    pub vat_code: Option<String>,
}

/// A VAT code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownVatCode {
    /// Its name.
    pub name: String,
    /// Its rate.
    pub rate: Percentage,
    /// Closed for use.
    pub barred: bool,
    /// Reckoned both ways: owed and deducted (purchases abroad).
    pub reverse_charge: bool,
}

/// A product as the target has it, with the fields that the merchant's rules may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownProduct {
    /// Its number (the SKU).
    pub number: String,
    /// Its name.
    pub name: String,
    /// The number of its group.
    pub group: u32,
    /// Barred: the target refuses new lines with it.
    pub barred: bool,
    /// Net sales price of one unit, in the agreement's own currency; `None` when there is none.
    pub sales_price: Option<Decimal>,
    /// Cost price of one unit, in the agreement's own currency; `None` when there is none.
    pub cost_price: Option<Decimal>,
    /// Number of its unit; `None` when it has none.
    pub unit: Option<u32>,
    /// Bar code; empty when it has none.
    pub barcode: String,
}

/// What the planner may know of the target for one product of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCatalogue {
    /// The slowly changing part.
    pub master: MasterData,
    /// Units by number; `None` when none was asked for, because no setting names one.
    pub units: Option<BTreeMap<u32, String>>,
    /// Products by number, for every number that this product has now or had when it was last carried over.
    pub products: BTreeMap<String, KnownProduct>,
    /// Numbers that another product of the shop has too, with that product's id.
    pub claimed: BTreeMap<String, String>,
}

impl ProductCatalogue {
    /// SHA-256 of the snapshot's JSON, in hexadecimal: which snapshot a plan was made with.
    pub fn hash(&self) -> String {
        crate::plan::hash_json(self)
    }
}

/// What the planner may know of the target for one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The slowly changing part.
    pub master: MasterData,
    /// Products by number, for every number this order may need.
    pub products: BTreeMap<String, Product>,
    /// Customers found for this order's buyer by the merchant's rule of identification.
    pub customers: Vec<KnownCustomer>,
    /// What a register answered about the buyer's VAT number, and when; `None` where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_number: Option<VatNumberAnswer>,
}

impl Catalogue {
    /// SHA-256 of the snapshot's JSON, in hexadecimal: which snapshot a plan was made with. It is reckoned once per
    /// snapshot and given to the planner, since the snapshot is large and the plan is small.
    pub fn hash(&self) -> String {
        crate::plan::hash_json(self)
    }
}
