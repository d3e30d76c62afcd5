//! The master data of an agreement, as the merchant's bookkeeper would have set it up.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An account of the chart of accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// `profitAndLoss` or `status`.
    pub kind: String,
    /// The VAT code that follows from posting a sale to it.
    pub vat_code: Option<String>,
    /// Closed for all use.
    pub barred: bool,
    /// Closed for entries that a person or a journal makes.
    pub block_direct_entries: bool,
}

/// A VAT account: a code, its rate and the account the VAT is posted to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VatAccount {
    /// The code, at most 5 characters.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Percent.
    pub rate: Decimal,
    /// The account of the VAT.
    pub account: u32,
    /// 1 sales, 2 purchases.
    pub vat_type: u32,
    /// Of a code that is reckoned both ways (purchases abroad): the account of the VAT that is owed. The amount then holds no VAT.
    #[serde(default)]
    pub contra_account: Option<u32>,
    /// Closed for use.
    pub barred: bool,
}

/// A VAT zone of customers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VatZone {
    /// Its number: 1 domestic, 2 EU, 3 abroad, 4 domestic exempt in a standard agreement.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Usable for suppliers too.
    pub enabled_for_supplier: bool,
}

/// A product group: which account a sale goes to, by VAT zone. The account's VAT code decides the VAT.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductGroup {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Sales account by VAT zone.
    pub sales_accounts: BTreeMap<u32, u32>,
    /// Whether stock is kept of its products.
    pub inventory_enabled: bool,
}

/// A customer group, with its receivable account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomerGroup {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// The receivable account.
    pub account: u32,
}

/// A payment term.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaymentTerm {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// `net`, `invoiceMonth`, `paidInCash`, `prepaid`, `dueDate`, `factoring`, `creditcard` ...
    pub kind: String,
    /// Days of credit, where the kind has them.
    pub days: i64,
    /// Account and percentage settled as prepaid at booking.
    pub contra_for_prepaid: Option<(u32, Decimal)>,
    /// Account and percentage of the remainder settled at booking.
    pub contra_for_remainder: Option<(u32, Decimal)>,
    /// The customer that owes the money in place of the buyer.
    pub credit_card_company: Option<u32>,
}

/// A currency that is open for use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Currency {
    /// ISO code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Base currency for 100 units.
    pub rate_per_hundred: Decimal,
}

/// A period of an accounting year.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Period {
    /// From 1.
    pub number: u32,
    /// First day.
    pub from: jiff::civil::Date,
    /// Last day.
    pub to: jiff::civil::Date,
    /// Closed for ever.
    pub closed: bool,
    /// Closed by the bookkeeper, may be opened again.
    pub barred: bool,
}

/// An accounting year.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountingYear {
    /// Its key, such as `2026` or `2026/2027`.
    pub year: String,
    /// First day.
    pub from: jiff::civil::Date,
    /// Last day.
    pub to: jiff::civil::Date,
    /// Closed for ever.
    pub closed: bool,
    /// Its months.
    pub periods: Vec<Period>,
}

/// A journal for manual entries and payments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Contra account of customer payments that name none.
    pub customer_contra_account: Option<u32>,
    /// The next voucher number.
    pub next_voucher: u32,
    /// The highest voucher number.
    pub maximum_voucher: u32,
    /// Whether each voucher must balance by itself.
    pub require_balance_per_voucher: bool,
    /// The one type of entry that it takes; 0 for all.
    #[serde(default)]
    pub allowed_entry_type: u32,
}

/// A number with a name: units, layouts, payment types, departments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Named {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
}

/// Everything a document may refer to, except customers and products.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MasterData {
    /// ISO code of the books.
    pub base_currency: String,
    /// Where differences of conversion into the base currency go.
    pub rounding_account: u32,
    /// Chart of accounts by number.
    pub accounts: BTreeMap<u32, Account>,
    /// VAT accounts by code.
    pub vat_accounts: BTreeMap<String, VatAccount>,
    /// VAT zones by number.
    pub vat_zones: BTreeMap<u32, VatZone>,
    /// Product groups by number.
    pub product_groups: BTreeMap<u32, ProductGroup>,
    /// Customer groups by number.
    pub customer_groups: BTreeMap<u32, CustomerGroup>,
    /// Payment terms by number.
    pub payment_terms: BTreeMap<u32, PaymentTerm>,
    /// Payment types.
    pub payment_types: BTreeMap<u32, Named>,
    /// Layouts by number.
    pub layouts: BTreeMap<u32, Named>,
    /// Units by number.
    pub units: BTreeMap<u32, Named>,
    /// Departments by number.
    pub departments: BTreeMap<u32, Named>,
    /// Currencies by code.
    pub currencies: BTreeMap<String, Currency>,
    /// Accounting years in order.
    pub years: Vec<AccountingYear>,
    /// Journals by number.
    pub journals: BTreeMap<u32, Journal>,
}

impl MasterData {
    /// The VAT account that a sale of this group into this zone falls under; none when it carries no VAT code.
    pub fn vat_of(&self, group: u32, zone: u32) -> Option<&VatAccount> {
        let account = self.sales_account(group, zone)?;
        self.vat_accounts.get(account.vat_code.as_ref()?)
    }

    /// The account that a sale of this group into this zone is posted to.
    pub fn sales_account(&self, group: u32, zone: u32) -> Option<&Account> {
        self.accounts.get(self.product_groups.get(&group)?.sales_accounts.get(&zone)?)
    }

    /// Whether entries may be made on this day, and if not, why.
    pub fn check_date(&self, date: jiff::civil::Date) -> Result<(), DateProblem> {
        let year =
            self.years.iter().find(|year| year.from <= date && date <= year.to).ok_or(DateProblem::NoYear)?;
        if year.closed {
            return Err(DateProblem::YearClosed);
        }
        let period = year.periods.iter().find(|period| period.from <= date && date <= period.to);
        match period {
            Some(period) if period.closed => Err(DateProblem::PeriodClosed),
            Some(period) if period.barred => Err(DateProblem::PeriodBarred),
            _ => Ok(()),
        }
    }
}

/// Why a day is closed for entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateProblem {
    /// No accounting year holds the day.
    NoYear,
    /// Its year is closed.
    YearClosed,
    /// Its period is closed.
    PeriodClosed,
    /// Its period is barred.
    PeriodBarred,
}
