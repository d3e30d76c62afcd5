//! The accounts of the ledger that a payout touches. One that is needed and missing holds the payout; none is guessed.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settlement::FeeKind;

/// Accounts of the ledger, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PayoutAccounts {
    /// The bank, or money on its way to it: what is paid out is debited here.
    #[garde(skip)]
    pub bank: Option<u32>,
    /// What the acquirer owes (the interim account): sales clear it. Not needed when a customer stands for the acquirer.
    #[garde(skip)]
    pub receivable: Option<u32>,
    /// Number of the customer that stands for the acquirer, instead of an account.
    #[garde(skip)]
    pub receivable_customer: Option<u32>,
    /// Fees of every kind that has no account of its own.
    #[garde(skip)]
    pub fees: Option<u32>,
    /// Accounts of single kinds of fee.
    #[garde(length(max = 9), dive)]
    pub fee_kinds: Vec<FeeAccount>,
    /// VAT on fees, by acquirer and country; the first rule that fits.
    #[garde(length(max = 50), dive)]
    pub fee_vat: Vec<FeeVatRule>,
    /// Chargebacks and their reversals; without it they stand on the acquirer's account.
    #[garde(skip)]
    pub chargebacks: Option<u32>,
    /// Money that the acquirer holds back as security.
    #[garde(skip)]
    pub reserves: Option<u32>,
    /// Corrections by the acquirer, and transfers to its other accounts.
    #[garde(skip)]
    pub adjustments: Option<u32>,
    /// Balance at the acquirer that is carried from one payout to the next.
    #[garde(skip)]
    pub carried: Option<u32>,
    /// Gain and loss when a sale is paid out in another currency.
    #[garde(skip)]
    pub currency_differences: Option<u32>,
    /// Differences within the tolerance.
    #[garde(skip)]
    pub differences: Option<u32>,
    /// What nobody could place: unknown kinds, lines without invoice, what a person sent here.
    #[garde(skip)]
    pub errors: Option<u32>,
    /// Connects the parts of a voucher that is too long for one; it ends on nothing.
    #[garde(skip)]
    pub transit: Option<u32>,
}

/// The account of one kind of fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FeeAccount {
    /// Which kind.
    #[garde(skip)]
    pub kind: FeeKind,
    /// Number of the account.
    #[garde(range(min = 1))]
    pub account: u32,
}

/// How VAT on fees is booked for one acquirer, in one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FeeVatRule {
    /// The acquirer (`swedbank-pay`); without it every one.
    #[garde(inner(length(min = 1, max = 50)))]
    #[serde(default)]
    pub acquirer: Option<String>,
    /// The country of the acquirer's company, two letters; without it every one.
    #[garde(inner(length(min = 2, max = 2)))]
    #[serde(default)]
    pub country: Option<String>,
    /// How.
    #[garde(dive)]
    pub treatment: FeeVat,
}

/// How VAT on fees is booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "kebab-case")]
pub enum FeeVat {
    /// No VAT is charged; fees are booked without a VAT code. A report that states VAT holds the payout.
    Exempt,
    /// The acquirer charges VAT: what the report states is debited on the account of input VAT.
    #[serde(rename_all = "kebab-case")]
    Charged {
        /// Number of the account.
        #[garde(range(min = 1))]
        account: u32,
    },
    /// The merchant reckons the VAT: fees are booked with this VAT code of the ledger.
    #[serde(rename_all = "kebab-case")]
    ReverseCharge {
        /// The ledger's VAT code.
        #[garde(length(min = 1, max = 5))]
        code: String,
    },
}

impl PayoutAccounts {
    /// The account of a kind of fee.
    pub fn fee(&self, kind: FeeKind) -> Option<u32> {
        let own = self.fee_kinds.iter().find(|rule| rule.kind == kind).map(|rule| rule.account);
        own.or(self.fees)
    }

    /// How VAT on the fees of an acquirer in a country is booked; `None` when no rule says.
    pub fn vat_on_fees(&self, acquirer: &str, country: &str) -> Option<&FeeVat> {
        let fits = |rule: &&FeeVatRule| {
            rule.acquirer.as_deref().is_none_or(|named| named == acquirer)
                && rule.country.as_deref().is_none_or(|named| named.eq_ignore_ascii_case(country))
        };
        self.fee_vat.iter().find(fits).map(|rule| &rule.treatment)
    }
}
