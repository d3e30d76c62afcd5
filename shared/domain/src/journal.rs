//! Entries in a ledger that cannot be unbalanced: a journal is only made whole, and only when it adds up in every currency.
//!
//! Payouts, payments and corrections are booked as journals. Debit is positive and credit negative, as in e-conomic's
//! finance vouchers; which sign another kind of entry wants is its connector's matter.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError};

/// One entry: debit is positive, credit negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number of the account.
    pub account: u32,
    /// Day of posting.
    pub date: Date,
    /// Debit positive, credit negative.
    pub amount: Money,
    /// Text on the entry.
    pub text: String,
}

/// Balanced entries. There is no way to make or read one that does not add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Entry>", into = "Vec<Entry>")]
pub struct Journal(Vec<Entry>);

/// Why entries are not a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Fewer than two entries say nothing.
    #[error("a journal has at least two entries")]
    TooFew,
    /// Debit and credit differ in one currency.
    #[error("the entries in {currency} are off balance by {difference}")]
    Unbalanced {
        /// The currency.
        currency: Currency,
        /// Debit less credit.
        difference: Money,
    },
    /// Amounts too large to add.
    #[error("{0}")]
    Amount(#[from] MoneyError),
}

impl Journal {
    /// Makes a journal of entries that add up to nothing in every currency.
    ///
    /// # Errors
    /// Fewer than two entries, or a currency that does not balance, with the difference.
    pub fn new(entries: Vec<Entry>) -> Result<Journal, JournalError> {
        balanced(entries.iter().map(|entry| entry.amount))?;
        Ok(Journal(entries))
    }

    /// The entries, in the order they were given.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}

/// Holds amounts to the rule of the journal: at least two, and nothing left over in any currency.
pub(crate) fn balanced(amounts: impl ExactSizeIterator<Item = Money>) -> Result<(), JournalError> {
    if amounts.len() < 2 {
        return Err(JournalError::TooFew);
    }
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    for amount in amounts {
        let currency = amount.currency();
        let sum = sums.entry(currency).or_insert(currency.zero());
        *sum = sum.plus(amount)?;
    }
    match sums.into_iter().find(|(_, sum)| !sum.is_zero()) {
        Some((currency, difference)) => Err(JournalError::Unbalanced { currency, difference }),
        None => Ok(()),
    }
}

impl TryFrom<Vec<Entry>> for Journal {
    type Error = JournalError;

    fn try_from(entries: Vec<Entry>) -> Result<Self, JournalError> {
        Journal::new(entries)
    }
}

impl From<Journal> for Vec<Entry> {
    fn from(journal: Journal) -> Self {
        journal.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(account: u32, amount: &str, currency: Currency) -> Entry {
        Entry {
            account,
            date: jiff::civil::date(2026, 11, 20),
            amount: Money::parse(amount, currency).expect("amount"),
            text: "Udbetaling 17".to_owned(),
        }
    }

    #[test]
    fn a_payout_of_bank_fee_and_receivable_balances() {
        let entries = vec![
            entry(5820, "970.00", Currency::DKK),
            entry(3650, "30.00", Currency::DKK),
            entry(5600, "-1000.00", Currency::DKK),
        ];
        let journal = Journal::new(entries.clone()).expect("balanced");
        assert_eq!(journal.entries(), entries);
    }

    #[test]
    fn a_missing_oere_is_named_with_its_currency() {
        let entries = vec![
            entry(5820, "970.00", Currency::DKK),
            entry(5600, "-970.00", Currency::DKK),
            entry(5821, "10.01", Currency::EUR),
            entry(5601, "-10.00", Currency::EUR),
        ];
        let error = Journal::new(entries).expect_err("unbalanced");
        let difference = Money::from_minor(1, Currency::EUR);
        assert_eq!(error, JournalError::Unbalanced { currency: Currency::EUR, difference });
    }

    #[test]
    fn currencies_are_not_added_to_one_another() {
        let entries = vec![entry(5820, "10.00", Currency::DKK), entry(5600, "-10.00", Currency::EUR)];
        assert!(matches!(Journal::new(entries), Err(JournalError::Unbalanced { .. })));
    }

    #[test]
    fn an_unbalanced_journal_cannot_be_read_either() {
        let unbalanced = vec![entry(1, "1.00", Currency::DKK), entry(2, "-0.99", Currency::DKK)];
        let text = serde_json::to_string(&unbalanced).expect("json");
        assert!(serde_json::from_str::<Journal>(&text).is_err());
        assert!(serde_json::from_str::<Journal>("[]").is_err());
    }
}
