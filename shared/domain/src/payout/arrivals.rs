//! One payout is taken in once, whatever files it comes in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use serde::{Serialize, Serializer};

use crate::plan::Reason;
use crate::settlement::{BatchKey, Kind, Line, LinkKeys, Settlement};

/// So many lines are put in order at a time; what they tell is in memory for no more of them.
const TOGETHER: usize = 1 << 15;

/// What is compared of a batch first: not its file's bytes, since the same batch may come by API and by upload, but its content. One hash
/// is one content; two forms of one report may have two, and are then compared by [`same_content`].
pub fn content_hash(settlement: &Settlement) -> String {
    let payout = settlement.check().payout;
    crate::plan::hash_json(&(settlement.key(), payout, settlement.mode(), SortedLines::of(settlement)))
}

/// What a line tells, as it is hashed.
fn told(line: &Line<'_>) -> String {
    let keys = &line.keys;
    let fees: Vec<i64> = line.fees.parts().map(|(_, minor)| minor).collect();
    format!(
        "{:?}",
        (
            (line.reference, line.kind, line.gross.minor(), fees, line.vat_on_fees),
            (keys.order, keys.merchant, keys.transaction, keys.modification, keys.original),
            (keys.acquirer, keys.invoice),
        )
    )
}

/// The lines of a batch as they are hashed, in the order of what they tell: the order that they came in says nothing. A million of them
/// in words would fill the memory, so each is put in words where it is needed.
struct SortedLines<'a> {
    settlement: &'a Settlement,
    /// Places of lines, each run in order.
    runs: Vec<Vec<usize>>,
}

impl SortedLines<'_> {
    fn of(settlement: &Settlement) -> SortedLines<'_> {
        let firsts = (0..settlement.len()).step_by(TOGETHER);
        let run = |first: usize| {
            let places = first..settlement.len().min(first + TOGETHER);
            let mut lines: Vec<(String, usize)> =
                places.filter_map(|place| Some((told(&settlement.line(place)?), place))).collect();
            lines.sort_unstable();
            lines.into_iter().map(|(_, place)| place).collect()
        };
        SortedLines { settlement, runs: firsts.map(run).collect() }
    }

    fn next_of(&self, run: &mut std::slice::Iter<'_, usize>) -> Option<String> {
        run.find_map(|place| self.settlement.line(*place)).map(|line| told(&line))
    }
}

impl Serialize for SortedLines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut runs: Vec<_> = self.runs.iter().map(|run| run.iter()).collect();
        let first = |(number, run): (usize, &mut std::slice::Iter<'_, usize>)| {
            Some(Reverse((self.next_of(run)?, number)))
        };
        let mut heads: BinaryHeap<Reverse<(String, usize)>> =
            runs.iter_mut().enumerate().filter_map(first).collect();
        serializer.collect_seq(std::iter::from_fn(move || {
            let Reverse((line, number)) = heads.pop()?;
            let next = runs.get_mut(number).and_then(|run| self.next_of(run));
            heads.extend(next.map(|next| Reverse((next, number))));
            Some(line)
        }))
    }
}

/// True when two readings of a batch say the same of it, as far as both say anything: one form of a report tells of the parts of a fee,
/// of the VAT in it or of the order, and another does not. Every line stands in both with its own id, kind, gross and whole fee; VAT and
/// keys are the same where both have them.
pub fn same_content(one: &Settlement, other: &Settlement) -> bool {
    let alike = one.key() == other.key() && one.mode() == other.mode() && one.len() == other.len();
    if !alike || one.check().payout != other.check().payout {
        return false;
    }
    let (first, second) = (sorted(one), sorted(other));
    let alike = |of: &Settlement, a: u32, b: u32| core_of(of, a) == core_of(of, b);
    let firsts = first.chunk_by(|a, b| alike(one, *a, *b));
    firsts.zip(second.chunk_by(|a, b| alike(other, *a, *b))).all(|(first, second)| {
        let same = first.len() == second.len() && core_of(one, first[0]) == core_of(other, second[0]);
        same && same_details(details(one, first), details(other, second))
    })
}

/// What every form of a report tells of a line: its own id, what it is, its gross and its whole fee with VAT, in minor units.
type Core<'a> = (&'a str, Kind, i64, i128);

/// What one form tells of a line and another may not: VAT in minor units, and the keys.
type Details<'a> = (i64, [&'a str; 7]);

/// Places of lines, those that are alike together.
fn sorted(settlement: &Settlement) -> Vec<u32> {
    let mut places: Vec<u32> = (0..u32::try_from(settlement.len()).unwrap_or(u32::MAX)).collect();
    places.sort_unstable_by(|a, b| core_of(settlement, *a).cmp(&core_of(settlement, *b)));
    places
}

fn core_of(settlement: &Settlement, place: u32) -> Option<Core<'_>> {
    settlement.line(place as usize).as_ref().map(core)
}

fn core<'a>(line: &Line<'a>) -> Core<'a> {
    let fees: i128 = line.fees.parts().map(|(_, minor)| i128::from(minor)).sum();
    (line.reference, line.kind, line.gross.minor(), fees + i128::from(line.vat_on_fees))
}

fn details<'a>(settlement: &'a Settlement, lines: &[u32]) -> Vec<Details<'a>> {
    let of = |place: &u32| {
        let line = settlement.line(*place as usize)?;
        let LinkKeys { order, merchant, transaction, modification, original, acquirer, invoice } = line.keys;
        Some((line.vat_on_fees, [order, merchant, transaction, modification, original, acquirer, invoice]))
    };
    lines.iter().filter_map(of).collect()
}

/// True when lines that are alike tell the same in whichever order, of what both readings tell of them.
fn same_details<'a>(mut one: Vec<Details<'a>>, mut other: Vec<Details<'a>>) -> bool {
    let both = |told: &dyn Fn(&Details<'a>) -> bool| one.iter().any(told) && other.iter().any(told);
    let vat = both(&|(vat, _)| *vat != 0);
    let keys: [bool; 7] = std::array::from_fn(|key| both(&|(_, keys)| !keys[key].is_empty()));
    for details in one.iter_mut().chain(&mut other) {
        if !vat {
            details.0 = 0;
        }
        let untold = details.1.iter_mut().zip(keys).filter(|(_, told)| !told);
        untold.for_each(|(key, _)| *key = "");
    }
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

/// Settlements that arrived together, each once.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// Each batch once, by its key.
    pub settlements: Vec<Settlement>,
    /// Batches that came more than once with the same content.
    pub repeated: Vec<BatchKey>,
    /// Batches that are refused, with the reason: they came with different content, or share lines with another batch.
    pub refused: Vec<(BatchKey, Reason)>,
}

/// Sorts out what came twice. A batch with two contents is refused in both; a line that stands in two batches (periods that
/// overlap) refuses both, since it can belong to one only.
pub fn arrivals(settlements: Vec<Settlement>) -> Arrivals {
    let mut found = Arrivals::default();
    let mut by_key: BTreeMap<BatchKey, Vec<Settlement>> = BTreeMap::new();
    for settlement in settlements {
        by_key.entry(settlement.key().clone()).or_default().push(settlement);
    }
    let mut single = Vec::new();
    for (key, mut same) in by_key {
        let Some(first) = same.pop() else { continue };
        if same.is_empty() {
            single.push(first);
            continue;
        }
        if same.iter().all(|other| same_content(&first, other)) {
            found.repeated.push(key);
            single.push(first);
        } else {
            let reason =
                Reason::new("payout-conflict").with("payout", &key.batch).with("acquirer", &key.acquirer);
            found.refused.push((key, reason));
        }
    }
    let overlapping = overlaps(&single);
    for (place, settlement) in single.into_iter().enumerate() {
        match overlapping.get(&place) {
            None => found.settlements.push(settlement),
            Some(reason) => found.refused.push((settlement.key().clone(), reason.clone())),
        }
    }
    found
}

/// Batches of one account that share a line's own id.
fn overlaps(settlements: &[Settlement]) -> HashMap<usize, Reason> {
    let mut owners: HashMap<(&str, &str, &str), usize> = HashMap::new();
    // The first shared line of a batch with the batch that has it too, and how many it shares.
    let mut found: HashMap<usize, (&str, usize, usize)> = HashMap::new();
    // With one batch per account nothing can overlap, and nothing is indexed.
    let mut accounts: HashMap<(&str, &str), usize> = HashMap::new();
    for settlement in settlements {
        *accounts.entry((&settlement.key().acquirer, &settlement.key().account)).or_default() += 1;
    }
    // Texts are borrowed from the settlements, which stay as they are until this is done.
    let lines: Vec<(usize, Vec<&str>)> = settlements
        .iter()
        .enumerate()
        .filter(|(_, batch)| accounts[&(batch.key().acquirer.as_str(), batch.key().account.as_str())] > 1)
        .map(|(place, batch)| {
            let kept = batch.lines().filter(|line| !line.kind.moves_balance());
            (place, kept.map(|line| line.reference).filter(|reference| !reference.is_empty()).collect())
        })
        .collect();
    for (place, references) in lines {
        let key = settlements[place].key();
        for reference in references {
            let owner = *owners.entry((&key.acquirer, &key.account, reference)).or_insert(place);
            if owner != place {
                found.entry(owner).or_insert((reference, place, 0)).2 += 1;
                found.entry(place).or_insert((reference, owner, 0)).2 += 1;
            }
        }
    }
    let reason = |(place, (reference, other, count)): (usize, (&str, usize, usize))| {
        let reason = Reason::new("payout-overlap")
            .with("reference", reference)
            .with("count", count)
            .with("payout", &settlements[place].key().batch)
            .with("other", &settlements[other].key().batch);
        (place, reason)
    };
    found.into_iter().map(reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Money};
    use crate::settlement::{Receiver, SettlementMode, Settlements, Source};

    fn settlement(places: impl Iterator<Item = usize>) -> Settlement {
        let key = BatchKey {
            acquirer: "stripe".to_owned(),
            account: "acct".to_owned(),
            batch: "po_1".to_owned(),
            currency: Currency::DKK,
        };
        let source =
            Source { sha256: String::new(), format: String::new(), version: String::new(), unproven: false };
        let mut settlements = Settlements::from_source(source);
        settlements.batch(&key, SettlementMode::Net).expect("a batch");
        for place in places {
            let (reference, order) = (format!("txn \"{}\"", place % 7_001), (place % 99).to_string());
            let minor = i64::try_from(place).expect("small");
            let gross = Money::from_minor(minor, Currency::DKK);
            let line = Line { reference: &reference, ..Line::new(1, Kind::Sale, "charge", gross) };
            let keys = LinkKeys { order: &order, ..LinkKeys::default() };
            settlements.line(&Line { keys, ..line }).expect("a line");
        }
        settlements.into_batches().pop().expect("it is there")
    }

    #[test]
    fn the_hash_of_very_many_lines_is_the_one_of_all_of_them_sorted_in_words() {
        for count in [0, 1, 500, 2 * TOGETHER + 77] {
            let one = settlement(0..count);
            let mut lines: Vec<String> = one.lines().map(|line| told(&line)).collect();
            lines.sort_unstable();
            let plain = crate::plan::hash_json(&(one.key(), one.check().payout, one.mode(), lines));
            assert_eq!(content_hash(&one), plain, "{count} lines");
            assert_eq!(content_hash(&settlement((0..count).rev())), plain, "in the opposite order");
            assert!(same_content(&one, &settlement((0..count).rev())));
        }
    }
}
