//! A voucher that is longer than the accounting system takes, in parts that each balance through the transit account.

use std::collections::BTreeMap;

use super::entries::Missing;
use super::voucher::VoucherEntry;
use super::words;
use crate::money::{Currency, Money};
use crate::settings::Language;

/// Splits entries into parts of at most `limit`, each with an entry per currency on the transit account that makes it balance.
/// Over all parts the transit account ends on nothing, because the entries together do.
pub(super) fn split(
    entries: Vec<VoucherEntry>,
    limit: usize,
    transit: Option<u32>,
    missing: &mut Missing,
    language: Language,
) -> Vec<Vec<VoucherEntry>> {
    if entries.len() <= limit {
        return vec![entries];
    }
    let Some(transit) = missing.need("transit", transit) else { return Vec::new() };
    let mut currencies: Vec<Currency> = entries.iter().map(|entry| entry.amount.currency()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let room = limit.saturating_sub(currencies.len()).max(1);
    let count = entries.len().div_ceil(room);
    let mut entries = entries.into_iter();
    let mut parts: Vec<Vec<VoucherEntry>> =
        (0..count).map(|_| entries.by_ref().take(room).collect()).collect();
    for (number, part) in parts.iter_mut().enumerate() {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for entry in part.iter() {
            *sums.entry(entry.amount.currency()).or_default() += i128::from(entry.amount.minor());
        }
        let Some(first) = part.first() else { continue };
        let (day, text) = (first.date, words::part(number + 1, count, language));
        for (currency, sum) in sums {
            // What does not fit stays out, and the voucher is then refused as off balance.
            if let Ok(minor) = i64::try_from(-sum)
                && minor != 0
            {
                part.push(VoucherEntry::on(transit, day, Money::from_minor(minor, currency), text.clone()));
            }
        }
    }
    parts
}
