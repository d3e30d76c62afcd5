//! Bank statements: what the bank booked on an account, and the check that a statement agrees with itself.
//!
//! An entry confirms that a payout arrived. Amounts are signed by their effect on the merchant's account: positive came in.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError};
use crate::payout::BankEntry;
use crate::plan::Reason;

/// One account's statement or notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The account (IBAN or local number).
    pub account: String,
    /// The bank's id of the statement.
    pub id: String,
    /// Currency of the account.
    pub currency: Currency,
    /// First day, where stated.
    pub from: Option<Date>,
    /// Last day, where stated.
    pub to: Option<Date>,
    /// Booked balance before the first entry, where stated.
    pub opening: Option<Money>,
    /// Booked balance after the last entry, where stated.
    pub closing: Option<Money>,
    /// A notification repeats entries of a statement in more detail: it is never counted beside one.
    pub notification: bool,
    /// Entries in the order they stand.
    pub entries: Vec<Entry>,
}

/// One movement on the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Ordinal in the statement, from 1.
    pub number: u32,
    /// The bank's own reference of the entry.
    pub reference: String,
    /// What it did to the account.
    pub amount: Money,
    /// It takes back an earlier entry.
    pub reversal: bool,
    /// Booked; else it is only expected, and no part of the balance.
    pub booked: bool,
    /// Day it was booked.
    pub booked_on: Option<Date>,
    /// Day it counts from for interest.
    pub valued_on: Option<Date>,
    /// Every text in which a payer's reference may stand: end-to-end ids, remittance texts, names, additional information.
    pub texts: Vec<String>,
    /// The payments it is made of, where the bank tells.
    pub parts: Vec<Part>,
}

/// A payment within an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Signed as the entry; `None` where the bank does not say.
    pub amount: Option<Money>,
    /// Its texts.
    pub texts: Vec<String>,
}

impl Entry {
    /// What confirming a payout needs of the entry: the day it counts from, the amount, all texts together, and whether it takes back
    /// another. `None` for one that is not booked, or without a day.
    pub fn to_confirm(&self) -> Option<BankEntry> {
        let day = self.valued_on.or(self.booked_on).filter(|_| self.booked)?;
        let texts = self.texts.iter().chain(self.parts.iter().flat_map(|part| &part.texts));
        let text = texts.map(String::as_str).collect::<Vec<_>>().join("\n");
        Some(BankEntry { day, amount: self.amount, text, reversal: self.reversal })
    }
}

impl Statement {
    /// Checks the statement against itself: opening balance and booked entries make the closing balance, and the payments of an
    /// entry make the entry. True when it has both balances, so that a missing entry would be found; false when it says nothing
    /// of its sums.
    ///
    /// # Errors
    /// The reason `bank-statement-differs` with the difference and its place.
    pub fn check(&self) -> Result<bool, Reason> {
        for entry in &self.entries {
            self.check_parts(entry)?;
        }
        let (Some(opening), Some(closing)) = (self.opening, self.closing) else { return Ok(false) };
        let reckoned = self
            .entries
            .iter()
            .filter(|entry| entry.booked)
            .try_fold(opening, |sum, entry| sum.plus(entry.amount))
            .map_err(|error| unreckonable(&error))?;
        if reckoned == closing { Ok(true) } else { Err(self.differs("balance", closing, reckoned)) }
    }

    fn check_parts(&self, entry: &Entry) -> Result<(), Reason> {
        let amounts: Option<Vec<Money>> = entry.parts.iter().map(|part| part.amount).collect();
        let Some(amounts) = amounts.filter(|amounts| !amounts.is_empty()) else { return Ok(()) };
        // A payment in another currency is told in that currency, and cannot be compared.
        if amounts.iter().any(|amount| amount.currency() != entry.amount.currency()) {
            return Ok(());
        }
        let sum = Money::sum(entry.amount.currency(), amounts).map_err(|error| unreckonable(&error))?;
        if sum == entry.amount {
            Ok(())
        } else {
            Err(self.differs(&format!("entry {}", entry.number), entry.amount, sum))
        }
    }

    fn differs(&self, place: &str, stated: Money, reckoned: Money) -> Reason {
        let difference = stated.minus(reckoned).map(|money| money.to_string()).unwrap_or_default();
        Reason::new("bank-statement-differs")
            .with("account", &self.account)
            .with("place", place)
            .with("stated", stated)
            .with("reckoned", reckoned)
            .with("difference", format!("{difference} {}", self.currency))
    }
}

fn unreckonable(error: &MoneyError) -> Reason {
    Reason::new("settlement-not-readable").with("message", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u32, minor: i64, booked: bool) -> Entry {
        Entry {
            number,
            reference: String::new(),
            amount: Money::from_minor(minor, Currency::DKK),
            reversal: false,
            booked,
            booked_on: None,
            valued_on: None,
            texts: vec!["Adyen TX8816AXT  batch 12".to_owned()],
            parts: Vec::new(),
        }
    }

    fn statement(closing: Option<i64>, entries: Vec<Entry>) -> Statement {
        Statement {
            account: "DK5000400440116243".to_owned(),
            id: "1".to_owned(),
            currency: Currency::DKK,
            from: None,
            to: None,
            opening: Some(Money::from_minor(100, Currency::DKK)),
            closing: closing.map(|minor| Money::from_minor(minor, Currency::DKK)),
            notification: false,
            entries,
        }
    }

    #[test]
    fn booked_entries_carry_the_opening_balance_to_the_closing_one() {
        let entries = vec![entry(1, 500, true), entry(2, -200, true), entry(3, 70, false)];
        assert_eq!(statement(Some(400), entries.clone()).check(), Ok(true));
        assert_eq!(statement(None, entries.clone()).check(), Ok(false));
        let reason = statement(Some(470), entries).check().expect_err("it differs");
        assert_eq!(reason.fact("difference"), "0.70 DKK");
    }

    #[test]
    fn payments_make_their_entry() {
        let part = |minor| Part { amount: Some(Money::from_minor(minor, Currency::DKK)), texts: Vec::new() };
        let mut whole = entry(1, 500, true);
        whole.parts = vec![part(300), part(200)];
        assert_eq!(statement(Some(600), vec![whole.clone()]).check(), Ok(true));
        whole.parts.pop();
        let reason = statement(Some(600), vec![whole]).check().expect_err("it differs");
        assert_eq!((reason.fact("place"), reason.fact("difference")), ("entry 1", "2.00 DKK"));
    }

    #[test]
    fn booked_entries_can_confirm_a_payout() {
        let day: Date = "2026-02-09".parse().expect("a day");
        let mut whole = Entry { valued_on: Some(day), ..entry(1, 500, true) };
        whole.parts = vec![Part { amount: None, texts: vec!["KrusShopDK".to_owned()] }];
        let found = whole.to_confirm().expect("it is booked");
        assert_eq!((found.day, found.amount), (day, whole.amount));
        assert_eq!(found.text, "Adyen TX8816AXT  batch 12\nKrusShopDK");
        assert!(!found.reversal);
        let reversal = Entry { reversal: true, ..whole.clone() }.to_confirm().expect("it is booked");
        assert!(reversal.reversal, "it is told that it takes back another");
        assert_eq!(Entry { booked: false, ..whole.clone() }.to_confirm(), None);
        assert_eq!(Entry { valued_on: None, ..whole }.to_confirm(), None);
    }
}
