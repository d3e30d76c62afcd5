//! The books as an hledger journal: a second, well-known program then checks what this crate posted.

use super::{Agreement, Entry};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

impl Agreement {
    /// The name of an account in the journal: its number and name.
    pub fn hledger_account(&self, number: u32) -> String {
        let name = self.master.accounts.get(&number).map_or("unknown", |account| account.name.as_str());
        let name: Vec<&str> = name.split_whitespace().collect();
        format!("{number} {}", name.join(" ").replace([':', ';'], " "))
    }

    /// The whole ledger as a journal that passes `hledger check --strict`: commodities and accounts declared, one transaction
    /// for each booked document, settlement and voucher, amounts in the currency of the document.
    pub fn hledger_journal(&self) -> String {
        let mut transactions: BTreeMap<u32, Vec<&Entry>> = BTreeMap::new();
        for entry in self.ledger.entries() {
            transactions.entry(entry.transaction).or_default().push(entry);
        }
        let mut journal =
            format!("; e-conomic agreement {}: {}\n\n", self.number, self.company.replace('\n', " "));
        let currencies: BTreeSet<&str> =
            self.ledger.entries().iter().map(|entry| entry.currency.as_str()).collect();
        for currency in currencies {
            let _ = writeln!(journal, "commodity 1000.00 {currency}");
        }
        journal.push('\n');
        for number in self.master.accounts.keys() {
            let _ = writeln!(journal, "account {}", self.hledger_account(*number));
        }
        for entries in transactions.values() {
            self.write_transaction(&mut journal, entries);
        }
        journal
    }

    fn write_transaction(&self, journal: &mut String, entries: &[&Entry]) {
        let Some(first) = entries.first() else { return };
        let text = plain(&first.text);
        let _ = writeln!(journal, "\n{} ({}) {text}", first.date, first.voucher);
        for entry in entries {
            let mut amount: Decimal = entry.amount;
            amount.rescale(2);
            let account = self.hledger_account(entry.account);
            // Entries of a journal have texts of their own, of which the first stands above. A colon would make a tag.
            let text = if entry.text == first.text {
                String::new()
            } else {
                format!("  ; {}", plain(&entry.text).replace(':', " "))
            };
            let _ = writeln!(journal, "    {account}    {amount} {}{text}", entry.currency);
        }
    }
}

/// A text without what means something in a journal.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r', ';', '|'], " ")
}
