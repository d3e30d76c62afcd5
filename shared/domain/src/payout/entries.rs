//! Entries while they are gathered, and the accounts that were needed and are not named in the settings.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::voucher::{Target, VoucherEntry};
use crate::money::{Money, MoneyError};
use crate::plan::Reason;

/// Accounts that were needed and are missing.
#[derive(Debug, Default)]
pub(super) struct Missing(BTreeSet<&'static str>);

impl Missing {
    /// The account, or a note that it is missing.
    pub(super) fn need(&mut self, name: &'static str, account: Option<u32>) -> Option<u32> {
        if account.is_none() {
            self.0.insert(name);
        }
        account
    }

    /// A reason for each account.
    pub(super) fn reasons(&self) -> Vec<Reason> {
        let reason = |name: &&str| Reason::new("payout-account-missing").with("account", name);
        self.0.iter().map(reason).collect()
    }
}

/// Most entries of one payout. So many are a hundred vouchers of as many as accounting systems take, and fit in a function's memory.
pub const MOST_ENTRIES: usize = 50_000;

/// Entries in the order they are posted: first single ones, then sums.
#[derive(Debug)]
pub(super) struct Entries {
    day: Date,
    single: Vec<VoucherEntry>,
    sums: Vec<VoucherEntry>,
    /// Entries beyond the most, which are counted and not kept.
    beyond: usize,
    pub(super) missing: Missing,
    pub(super) notes: Vec<Reason>,
}

impl Entries {
    pub(super) fn new(day: Date) -> Entries {
        Entries {
            day,
            single: Vec::new(),
            sums: Vec::new(),
            beyond: 0,
            missing: Missing::default(),
            notes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, entry: VoucherEntry) {
        match entry.amount.is_zero() {
            true => {}
            false if self.single.len() < MOST_ENTRIES => self.single.push(entry),
            false => self.beyond += 1,
        }
    }

    /// How many there are, where they are more than one payout may have.
    pub(super) fn too_many(&self) -> Option<usize> {
        let count = self.single.len() + self.sums.len() + self.beyond;
        (count > MOST_ENTRIES).then_some(count)
    }

    pub(super) fn post(&mut self, name: &'static str, account: Option<u32>, amount: Money, text: &str) {
        if let Some(account) = self.missing.need(name, account) {
            self.add(VoucherEntry::on(account, self.day, amount, text));
        }
    }

    /// Adds to the sum of an account and text.
    pub(super) fn collect(
        &mut self,
        name: &'static str,
        account: Option<u32>,
        amount: Money,
        text: &str,
    ) -> Result<(), MoneyError> {
        match self.missing.need(name, account) {
            Some(account) => self.collect_on(Target::Account(account), amount, text),
            None => Ok(()),
        }
    }

    pub(super) fn collect_on(&mut self, target: Target, amount: Money, text: &str) -> Result<(), MoneyError> {
        let same = |entry: &&mut VoucherEntry| {
            entry.target == target && entry.text == text && entry.amount.currency() == amount.currency()
        };
        if let Some(entry) = self.sums.iter_mut().find(same) {
            entry.amount = entry.amount.plus(amount)?;
            return Ok(());
        }
        let entry = VoucherEntry { target, ..VoucherEntry::on(0, self.day, amount, text) };
        self.sums.push(entry);
        Ok(())
    }

    /// All of them; sums that came to nothing are left out.
    pub(super) fn take(&mut self) -> Vec<VoucherEntry> {
        let mut all = std::mem::take(&mut self.single);
        all.extend(std::mem::take(&mut self.sums).into_iter().filter(|entry| !entry.amount.is_zero()));
        all
    }
}
