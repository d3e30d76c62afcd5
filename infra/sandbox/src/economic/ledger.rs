//! The double-entry books behind an agreement: what booking posts, and which invoices are still open.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What made an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// A booked invoice or credit note.
    CustomerInvoice,
    /// A customer's payment, from a payment term or a journal.
    CustomerPayment,
    /// A finance voucher.
    FinanceVoucher,
}

impl EntryKind {
    /// The number that the OpenAPI services give it.
    pub fn number(self) -> u32 {
        match self {
            EntryKind::CustomerInvoice => 1,
            EntryKind::CustomerPayment => 2,
            EntryKind::FinanceVoucher => 5,
        }
    }
}

/// One entry. Positive amounts are debits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Running number.
    pub number: u32,
    /// Entries of one transaction balance together.
    pub transaction: u32,
    /// The voucher number that people see; of an invoice its own number.
    pub voucher: u32,
    /// What made it.
    pub kind: EntryKind,
    /// Posting date.
    pub date: jiff::civil::Date,
    /// Account number.
    pub account: u32,
    /// In the currency of the document.
    pub amount: Decimal,
    /// In the base currency.
    pub base_amount: Decimal,
    /// ISO code of `amount`.
    pub currency: String,
    /// Text.
    pub text: String,
    /// VAT code, on entries of VAT and of sales that carry one.
    pub vat_code: Option<String>,
    /// The customer, on entries of receivables.
    pub customer: Option<u32>,
    /// The invoice that the entry belongs to.
    pub invoice: Option<u32>,
    /// What is not yet matched of an entry of receivables, in its currency.
    pub remainder: Decimal,
}

/// All entries of an agreement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    entries: Vec<Entry>,
    transactions: u32,
}

/// One leg of a voucher that is about to be posted.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    pub(super) account: u32,
    pub(super) amount: Decimal,
    pub(super) vat_code: Option<String>,
    pub(super) customer: Option<u32>,
    pub(super) invoice: Option<u32>,
    /// What it has of its own; the heading's where it has none.
    pub(super) own: Option<Own>,
}

/// What an entry of a journal keeps when it is booked: its voucher, its type and its text.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) voucher: u32,
    pub(super) kind: EntryKind,
    pub(super) text: String,
}

impl Leg {
    /// A leg on an account that is no receivable.
    pub(super) fn on(account: u32, amount: Decimal, vat_code: Option<String>) -> Leg {
        Leg { account, amount, vat_code, customer: None, invoice: None, own: None }
    }
}

/// What the legs of a voucher have in common.
#[derive(Clone, Debug)]
pub(super) struct Heading {
    pub(super) voucher: u32,
    pub(super) kind: EntryKind,
    pub(super) date: jiff::civil::Date,
    pub(super) currency: String,
    /// Base currency for 100 units.
    pub(super) rate: Decimal,
    pub(super) text: String,
    /// Takes what conversion into the base currency leaves over.
    pub(super) rounding_account: u32,
}

impl Ledger {
    /// The entries in the order they were made.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Posts legs that balance; refuses any others and says by how much they differ.
    pub(super) fn post(&mut self, heading: &Heading, legs: &[Leg]) -> Result<Vec<u32>, Decimal> {
        let difference: Decimal = legs.iter().map(|leg| leg.amount).sum();
        if !difference.is_zero() {
            return Err(difference);
        }
        let in_base = |amount: Decimal| super::totals::round(amount * heading.rate / Decimal::ONE_HUNDRED, 2);
        let left_over: Decimal = legs.iter().map(|leg| in_base(leg.amount)).sum();
        self.transactions += 1;
        let mut numbers = Vec::new();
        for leg in legs.iter().filter(|leg| !leg.amount.is_zero()) {
            numbers.push(self.push(heading, leg, in_base(leg.amount)));
        }
        if !left_over.is_zero() {
            self.push(heading, &Leg::on(heading.rounding_account, Decimal::ZERO, None), -left_over);
        }
        Ok(numbers)
    }

    fn push(&mut self, heading: &Heading, leg: &Leg, base_amount: Decimal) -> u32 {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX).saturating_add(1);
        let own = leg.own.as_ref();
        self.entries.push(Entry {
            number,
            transaction: self.transactions,
            voucher: own.map_or(heading.voucher, |own| own.voucher),
            kind: own.map_or(heading.kind, |own| own.kind),
            date: heading.date,
            account: leg.account,
            amount: leg.amount,
            base_amount,
            currency: heading.currency.clone(),
            text: own.map_or(&heading.text, |own| &own.text).clone(),
            vat_code: leg.vat_code.clone(),
            customer: leg.customer,
            invoice: leg.invoice,
            remainder: if leg.customer.is_some() { leg.amount } else { Decimal::ZERO },
        });
        number
    }

    /// Matches open entries of one customer and invoice with each other, oldest first.
    pub(super) fn settle(&mut self, customer: u32, invoice: u32) {
        let open: Vec<usize> = (0..self.entries.len())
            .filter(|index| {
                let entry = &self.entries[*index];
                entry.customer == Some(customer)
                    && entry.invoice == Some(invoice)
                    && !entry.remainder.is_zero()
            })
            .collect();
        self.offset(&open);
    }

    /// Matches entries by their numbers.
    pub(super) fn settle_entries(&mut self, numbers: &[u32]) {
        let open: Vec<usize> =
            (0..self.entries.len()).filter(|index| numbers.contains(&self.entries[*index].number)).collect();
        self.offset(&open);
    }

    fn offset(&mut self, open: &[usize]) {
        for (position, first) in open.iter().enumerate() {
            for second in &open[position + 1..] {
                let (a, b) = (self.entries[*first].remainder, self.entries[*second].remainder);
                if a.is_zero() || b.is_zero() || a.is_sign_positive() == b.is_sign_positive() {
                    continue;
                }
                let size = a.abs().min(b.abs());
                let signed = if a.is_sign_positive() { size } else { -size };
                self.entries[*first].remainder -= signed;
                self.entries[*second].remainder += signed;
            }
        }
    }

    /// What is open on an invoice, in its currency.
    pub fn open_on_invoice(&self, customer: u32, invoice: u32) -> Decimal {
        let of_invoice = |entry: &&Entry| entry.customer == Some(customer) && entry.invoice == Some(invoice);
        self.entries.iter().filter(of_invoice).map(|entry| entry.remainder).sum()
    }

    /// Balance of an account by currency, zero balances left out.
    pub fn balances(&self) -> BTreeMap<(u32, String), Decimal> {
        let mut balances: BTreeMap<(u32, String), Decimal> = BTreeMap::new();
        for entry in &self.entries {
            *balances.entry((entry.account, entry.currency.clone())).or_default() += entry.amount;
        }
        balances.retain(|_, amount| !amount.is_zero());
        balances
    }

    /// What a customer owes, in the base currency.
    pub fn balance_of_customer(&self, customer: u32) -> Decimal {
        self.entries
            .iter()
            .filter(|entry| entry.customer == Some(customer))
            .map(|entry| entry.base_amount)
            .sum()
    }
}
