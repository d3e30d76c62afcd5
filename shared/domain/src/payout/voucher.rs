//! Vouchers: entries that balance in every currency, on accounts of the ledger and on customers.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::identity::EffectKey;
use crate::journal::{self, JournalError};
use crate::money::Money;
use crate::settings::CustomerPaymentSign;

/// What an entry stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// An account of the ledger, by number.
    Account(u32),
    /// A customer, by number; with the number of the invoice or credit note that the entry settles.
    #[serde(rename_all = "kebab-case")]
    Customer {
        /// Number of the customer.
        number: u32,
        /// Number of the document that is settled; `None` when none is (an interim customer).
        invoice: Option<String>,
    },
}

/// One entry: debit is positive, credit negative. A customer's payment is a credit, so it is negative here; which sign an
/// accounting system wants for it is its connector's matter, in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherEntry {
    /// What it stands on.
    pub target: Target,
    /// Day of posting.
    pub date: Date,
    /// Debit positive, credit negative.
    pub amount: Money,
    /// The ledger's VAT code, where the ledger reckons VAT on it.
    pub vat_code: Option<String>,
    /// Text on the entry, with what it concerns.
    pub text: String,
    /// Number of the invoice or credit note, empty without one.
    pub invoice: String,
    /// The order's number, empty without one.
    pub order: String,
    /// The payment's reference at the acquirer, empty without one.
    pub payment: String,
}

impl VoucherEntry {
    /// An entry on an account that concerns no single payment.
    pub fn on(account: u32, date: Date, amount: Money, text: impl Into<String>) -> VoucherEntry {
        VoucherEntry {
            target: Target::Account(account),
            date,
            amount,
            vat_code: None,
            text: text.into(),
            invoice: String::new(),
            order: String::new(),
            payment: String::new(),
        }
    }
}

/// Entries that balance in every currency. There is no way to make or read others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<VoucherEntry>", into = "Vec<VoucherEntry>")]
pub struct Voucher(Vec<VoucherEntry>);

impl Voucher {
    /// A voucher of entries that add up to nothing in every currency.
    ///
    /// # Errors
    /// Fewer than two entries, or a currency that does not balance, with the difference.
    pub fn new(entries: Vec<VoucherEntry>) -> Result<Voucher, JournalError> {
        journal::balanced(entries.iter().map(|entry| entry.amount))?;
        Ok(Voucher(entries))
    }

    /// The entries in order.
    pub fn entries(&self) -> &[VoucherEntry] {
        &self.0
    }

    /// The voucher that undoes this one: every entry with the other sign, on another day.
    ///
    /// # Errors
    /// Overflow.
    pub fn reversed(&self, date: Date, text: &str) -> Result<Voucher, JournalError> {
        let entries: Result<Vec<VoucherEntry>, JournalError> = self
            .0
            .iter()
            .map(|entry| {
                let amount = entry.amount.negated()?;
                let text = super::plan::short(&format!("{text}: {}", entry.text));
                Ok(VoucherEntry { amount, date, text, ..entry.clone() })
            })
            .collect();
        Voucher::new(entries?)
    }
}

impl TryFrom<Vec<VoucherEntry>> for Voucher {
    type Error = JournalError;

    fn try_from(entries: Vec<VoucherEntry>) -> Result<Self, JournalError> {
        Voucher::new(entries)
    }
}

impl From<Voucher> for Vec<VoucherEntry> {
    fn from(voucher: Voucher) -> Self {
        voucher.0
    }
}

/// One voucher, or one part of a long one, on its way into a journal. Stored before the first call, so that whoever finishes it asks
/// for the very same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VoucherStep {
    /// Key of the effect; it stands at the end of every entry's text.
    pub key: EffectKey,
    /// Number of the journal.
    pub journal: u32,
    /// Number of the voucher, which the merchant's other workers cannot have.
    pub number: u32,
    /// The entries.
    pub voucher: Voucher,
    /// The sign that the accounting system gives customers' payments.
    #[serde(default)]
    pub customer_payments: CustomerPaymentSign,
}
