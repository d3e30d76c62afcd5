//! The bank's side: did the payout arrive, did it come back, and has a person booked it already?

use jiff::civil::Date;

use crate::money::Money;
use crate::settings::BankSettings;
use crate::settlement::BatchKey;

/// One entry of a bank statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankEntry {
    /// Value date.
    pub day: Date,
    /// What came in; negative for what went out.
    pub amount: Money,
    /// All its texts and references together.
    pub text: String,
    /// It takes back an earlier entry: it may be the return of a payout, and never its arrival.
    pub reversal: bool,
}

/// A payout that the bank should show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutToFind {
    /// Paid to the merchant; negative when drawn.
    pub amount: Money,
    /// Day of the payout; `None` when only the bank can tell it.
    pub day: Option<Date>,
    /// What the bank's text holds; empty when it is not known.
    pub reference: String,
}

/// What the bank shows of a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// Exactly this entry.
    By(usize),
    /// This entry together with other payouts, which the bank paid in one sum.
    Merged {
        /// The entry.
        entry: usize,
        /// The other payouts, by their places.
        with: Vec<usize>,
    },
    /// This entry, and this one took it back.
    Returned {
        /// The entry that took it back.
        entry: usize,
    },
    /// Entries of the same amount in the right days, without the reference: for a person to judge.
    Perhaps(Vec<usize>),
    /// Nothing.
    No,
}

/// Days after the last on which a payout may arrive, within which it may still go back.
const DAYS_TO_RETURN: i32 = 30;

/// Finds payouts on a bank statement. Certain is only the exact amount and currency, a value date within the merchant's window,
/// and the payout's reference in the entry's text; an entry confirms one payout only, or is the return of one only, and one that takes back
/// another confirms none. A payout whose day is not known is found on any day, by amount and reference alone.
pub fn confirm_by_bank(
    payouts: &[PayoutToFind],
    entries: &[BankEntry],
    settings: &BankSettings,
) -> Vec<Confirmed> {
    let fits = |payout: &PayoutToFind, entry: &BankEntry| {
        within(payout.day, entry.day, settings) && entry.amount.currency() == payout.amount.currency()
    };
    let named = |payout: &PayoutToFind, entry: &BankEntry| holds(&entry.text, &payout.reference);
    let certain = |payout: &PayoutToFind, entry: &BankEntry| {
        !entry.reversal && fits(payout, entry) && named(payout, entry) && entry.amount == payout.amount
    };
    let last = i32::from(settings.days_after) + DAYS_TO_RETURN;
    let goes_back = |payout: &PayoutToFind, entry: &BankEntry| {
        let back = payout.amount.negated().is_ok_and(|back| back == entry.amount);
        let in_time = payout.day.is_none_or(|day| (0..=last).contains(&(entry.day - day).get_days()));
        back && !payout.amount.is_zero() && in_time && named(payout, entry)
    };
    // An entry that could be of two payouts, or the return of one and the whole of another, is of neither for certain.
    let alone = |entry: usize| {
        let of =
            |payout: &&PayoutToFind| certain(payout, &entries[entry]) || goes_back(payout, &entries[entry]);
        payouts.iter().filter(of).count() == 1
    };
    let those = |is: &dyn Fn(&BankEntry) -> bool| -> Vec<usize> {
        (0..entries.len()).filter(|place| is(&entries[*place])).collect()
    };
    let mut found: Vec<Confirmed> = payouts
        .iter()
        .map(|payout| {
            let returns = those(&|entry| goes_back(payout, entry));
            if let Some(entry) = returns.iter().copied().find(|entry| alone(*entry)) {
                return Confirmed::Returned { entry };
            }
            if !returns.is_empty() {
                return Confirmed::Perhaps(returns);
            }
            let exact = those(&|entry| certain(payout, entry));
            if let [only] = exact.as_slice()
                && alone(*only)
            {
                return Confirmed::By(*only);
            }
            let same = those(&|entry| fits(payout, entry) && entry.amount == payout.amount);
            if same.is_empty() { Confirmed::No } else { Confirmed::Perhaps(same) }
        })
        .collect();
    for (place, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.reversal) {
        let together: Vec<usize> = (0..payouts.len())
            .filter(|payout| matches!(found[*payout], Confirmed::No))
            .filter(|payout| fits(&payouts[*payout], entry) && named(&payouts[*payout], entry))
            .collect();
        let sum = Money::sum(entry.amount.currency(), together.iter().map(|payout| payouts[*payout].amount));
        if together.len() > 1 && sum.is_ok_and(|sum| sum == entry.amount) {
            for payout in &together {
                let with = together.iter().copied().filter(|other| other != payout).collect();
                found[*payout] = Confirmed::Merged { entry: place, with };
            }
        }
    }
    found
}

fn within(payout: Option<Date>, entry: Date, settings: &BankSettings) -> bool {
    let Some(payout) = payout else { return true };
    let days = (entry - payout).get_days();
    -i32::from(settings.days_before) <= days && days <= i32::from(settings.days_after)
}

/// True when a text of the bank's names this reference, long enough to say something by itself.
pub fn names(text: &str, reference: &str) -> bool {
    reference.trim().len() >= TELLING_DIGITS && holds(text, reference)
}

/// True when the text holds the reference as a word of its own: batch 48 is not in 1482.
fn holds(text: &str, reference: &str) -> bool {
    let reference = reference.trim().to_lowercase();
    if reference.is_empty() {
        return false;
    }
    let text = text.to_lowercase();
    text.match_indices(&reference).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// An entry on the bank account that stands in the ledger already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedEntry {
    /// Number of its voucher.
    pub voucher: String,
    /// Day of posting.
    pub day: Date,
    /// Debit positive.
    pub amount: Money,
    /// Its text.
    pub text: String,
}

/// Whether a person booked a payout already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByHand {
    /// Nothing looks like it.
    No,
    /// This voucher is it: the amount on the bank account in the right days, with the payout's reference or batch.
    Yes(String),
    /// These vouchers have the amount in the right days: the payout waits for a person, and is not posted by rules.
    Perhaps(Vec<String>),
}

/// A number of fewer digits says nothing by itself: batch 12 may be the 12th of a month, or a house.
const TELLING_DIGITS: usize = 6;

/// True when the text names the payout: by its reference or batch, which where it is a short number stands beside the acquirer's name.
fn tells(text: &str, reference: &str, acquirer: &str) -> bool {
    let reference = reference.trim();
    let bare = reference.len() < TELLING_DIGITS && reference.bytes().all(|byte| byte.is_ascii_digit());
    let by_name = || holds(text, acquirer) || holds(text, &acquirer.replace('-', " "));
    holds(text, reference) && (!bare || by_name())
}

/// Looks among the entries on the bank account for a payout that was booked by hand. Entries that Bogbro made are left out by
/// the caller, who knows their vouchers.
pub fn booked_by_hand(
    payout: &PayoutToFind,
    key: &BatchKey,
    booked: &[BookedEntry],
    settings: &BankSettings,
) -> ByHand {
    let same: Vec<&BookedEntry> = booked
        .iter()
        .filter(|entry| entry.amount == payout.amount && within(payout.day, entry.day, settings))
        .collect();
    let named: Vec<&&BookedEntry> = same
        .iter()
        .filter(|entry| {
            [&payout.reference, &key.batch].iter().any(|name| tells(&entry.text, name, &key.acquirer))
        })
        .collect();
    match named.as_slice() {
        [only] => ByHand::Yes(only.voucher.clone()),
        _ if same.is_empty() => ByHand::No,
        _ => ByHand::Perhaps(same.iter().map(|entry| entry.voucher.clone()).collect()),
    }
}
