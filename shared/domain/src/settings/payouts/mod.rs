//! How one acquirer account's payouts are matched, approved and booked.

mod accounts;
mod numbers;
mod profile;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::{self, SettingProblems};
use super::value::DecimalText;

pub use accounts::{FeeAccount, FeeVat, FeeVatRule, PayoutAccounts};
pub use numbers::OrderNumberRules;
pub use profile::{
    FeeSign, Form, Mark, Profile, ProfileProblem, Record, Role, Sign, What, is_read_by_profile,
};

/// All settings of the payouts of one acquirer account to one accounting agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PayoutSettings {
    /// How lines find their invoices.
    #[garde(dive)]
    pub matching: MatchingSettings,
    /// How a payout is booked.
    #[garde(skip)]
    pub model: BookkeepingModel,
    /// Accounts of the ledger.
    #[garde(dive)]
    pub accounts: PayoutAccounts,
    /// What becomes of lines that no invoice was found for, or whose amount differs.
    #[garde(skip)]
    pub unmatched: Unmatched,
    /// The voucher.
    #[garde(dive)]
    pub voucher: VoucherSettings,
    /// Who approves.
    #[garde(dive)]
    pub approval: ApprovalSettings,
    /// How the bank's entry is recognised.
    #[garde(dive)]
    pub bank: BankSettings,
}

/// How lines find their invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct MatchingSettings {
    /// How order numbers are made alike.
    #[garde(dive)]
    pub order_numbers: OrderNumberRules,
    /// The shops that are paid through this account (`woocommerce:shop.example`); empty for all.
    #[garde(length(max = 50), inner(length(min = 1, max = 200)))]
    pub shops: Vec<String>,
    /// The shops' payment methods whose money this account pays out: the shop's key (`stripe`), or the title of a method that has none;
    /// letter case does not matter. Overviews tell by them which acquirer is still to pay an order; lines find their invoices without
    /// them. Empty for all.
    #[garde(length(max = 50), inner(length(min = 1, max = 200)))]
    pub methods: Vec<String>,
    /// The largest difference of an invoice that is booked on the account for differences, in the currency's units
    /// (`"0.05"`). None by default.
    #[garde(custom(small_amount))]
    pub tolerance: DecimalText,
    /// For lines without a match, invoices of the same amount within so many days are suggested.
    #[garde(range(max = 366))]
    pub suggest_within_days: u16,
}

impl Default for MatchingSettings {
    fn default() -> Self {
        MatchingSettings {
            order_numbers: OrderNumberRules::default(),
            shops: Vec::new(),
            methods: Vec::new(),
            tolerance: DecimalText(rust_decimal::Decimal::ZERO),
            suggest_within_days: 7,
        }
    }
}

impl MatchingSettings {
    /// True when this account pays out what was paid by a method of a shop.
    pub fn pays_out(&self, method: &str) -> bool {
        let same = |own: &String| own.trim().to_lowercase() == method.trim().to_lowercase();
        self.methods.is_empty() || self.methods.iter().any(same)
    }
}

fn small_amount(amount: &DecimalText, _: &()) -> garde::Result {
    let sound = !amount.0.is_sign_negative() && amount.0 <= rust_decimal::Decimal::ONE_HUNDRED;
    if sound { Ok(()) } else { Err(garde::Error::new("tolerance")) }
}

/// How a payout is booked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BookkeepingModel {
    /// One sum per kind: sales and refunds together clear the acquirer's account.
    Lump,
    /// A line per payment on the acquirer's interim account or customer, with invoice, order and payment.
    #[default]
    Lines,
    /// Invoices are left open, and a customer payment per invoice settles them.
    OpenInvoices,
}

/// What becomes of lines that no invoice was found for, or whose amount differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unmatched {
    /// The payout waits for a person.
    #[default]
    Wait,
    /// They are booked on the error account, each with its reason.
    ErrorAccount,
}

/// The voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct VoucherSettings {
    /// Number of the journal that payouts are entered in.
    #[garde(skip)]
    pub journal: Option<u32>,
    /// Largest number of entries of a voucher; a larger one is split, each part balanced through the transit account.
    #[garde(range(min = 10, max = 500))]
    pub entries: u16,
    /// Fees of sales before the turn of the year, in a payout after it.
    #[garde(skip)]
    pub year_end: YearEnd,
    /// The entries are booked when the payout is approved; otherwise they stand in the journal for a person to book.
    #[garde(skip)]
    pub book: bool,
    /// The sign that the accounting system gives a customer's payment in a journal, where its own texts leave it open. A voucher with
    /// the wrong one does not balance there and is refused when it is booked, so it is tried on one draft.
    #[garde(skip)]
    pub customer_payments: CustomerPaymentSign,
}

/// The sign of a received payment of a customer in a journal of the accounting system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerPaymentSign {
    /// Negative, since it credits the customer.
    #[default]
    Negative,
    /// Positive, since it is a payment.
    Positive,
}

impl Default for VoucherSettings {
    fn default() -> Self {
        VoucherSettings {
            journal: None,
            entries: 500,
            year_end: YearEnd::default(),
            book: false,
            customer_payments: CustomerPaymentSign::default(),
        }
    }
}

/// Fees of sales before the turn of the year, in a payout after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum YearEnd {
    /// Booked on the payout's day like all others.
    #[default]
    PayoutDay,
    /// Booked on the last day of the year of the sale, through the transit account.
    YearOfSale,
}

/// Who approves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ApprovalSettings {
    /// Two different persons must approve.
    #[garde(skip)]
    pub second_person: bool,
    /// Payouts that are posted without a person. None by default.
    #[garde(dive)]
    pub automatic: Option<AutomaticApproval>,
}

/// Payouts that are posted without a person: everything must agree, every kind must be known, and what is asked for here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AutomaticApproval {
    /// Only when every payment found its invoice with its exact amount.
    #[garde(skip)]
    pub only_exact: bool,
    /// Only when nothing is charged back.
    #[garde(skip)]
    pub no_chargebacks: bool,
    /// Only payouts of at most so much, in the payout's currency.
    #[garde(custom(positive_amount))]
    pub at_most: Option<DecimalText>,
}

impl Default for AutomaticApproval {
    fn default() -> Self {
        AutomaticApproval { only_exact: true, no_chargebacks: true, at_most: None }
    }
}

fn positive_amount(amount: &Option<DecimalText>, _: &()) -> garde::Result {
    match amount {
        Some(amount) if amount.0 <= rust_decimal::Decimal::ZERO => Err(garde::Error::new("positive-amount")),
        _ => Ok(()),
    }
}

/// How the bank's entry of a payout is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BankSettings {
    /// So many days before the payout's day.
    #[garde(range(max = 10))]
    pub days_before: u16,
    /// So many days after it.
    #[garde(range(max = 31))]
    pub days_after: u16,
}

impl Default for BankSettings {
    fn default() -> Self {
        // From a day before to five days after: holidays and slow banks [U], so it is a setting.
        BankSettings { days_before: 1, days_after: 5 }
    }
}

/// The JSON Schema of [`PayoutSettings`], generated from the types.
pub fn payout_settings_schema() -> serde_json::Value {
    schemars::schema_for!(PayoutSettings).to_value()
}

/// Reads and checks the settings of one acquirer account.
///
/// # Errors
/// Every problem that was found, each with its path, what is wrong and what to do, in Danish and English.
pub fn read_payout_settings(text: &str) -> Result<PayoutSettings, SettingProblems> {
    let settings: PayoutSettings = problem::read(text)?;
    let mut problems = SettingProblems::default();
    if let Err(report) = settings.validate() {
        problems.add_report(&report);
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}
