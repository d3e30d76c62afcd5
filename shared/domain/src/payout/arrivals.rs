//! One payout is taken in once, whatever files it comes in.

use std::collections::{BTreeMap, HashMap};

use crate::plan::Reason;
use crate::settlement::{BatchKey, Kind, Line, LinkKeys, Settlement};

/// What is compared of a batch first: not its file's bytes, since the same batch may come by API and by upload, but its content. One hash
/// is one content; two forms of one report may have two, and are then compared by [`same_content`].
pub fn content_hash(settlement: &Settlement) -> String {
    let mut lines: Vec<String> = settlement
        .lines()
        .map(|line| {
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
        })
        .collect();
    // The order of lines says nothing.
    lines.sort_unstable();
    let payout = settlement.check().payout;
    crate::plan::hash_json(&(settlement.key(), payout, settlement.mode(), lines))
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
    let together = |a: &(Core<'_>, usize), b: &(Core<'_>, usize)| a.0 == b.0;
    first.chunk_by(together).zip(second.chunk_by(together)).all(|(first, second)| {
        let same = first.len() == second.len() && first[0].0 == second[0].0;
        same && same_details(details(one, first), details(other, second))
    })
}

/// What every form of a report tells of a line: its own id, what it is, its gross and its whole fee with VAT, in minor units.
type Core<'a> = (&'a str, Kind, i64, i128);

/// What one form tells of a line and another may not: VAT in minor units, and the keys.
type Details<'a> = (i64, [&'a str; 7]);

/// Lines with their places, those that are alike together.
fn sorted(settlement: &Settlement) -> Vec<(Core<'_>, usize)> {
    let mut lines: Vec<_> =
        settlement.lines().enumerate().map(|(place, line)| (core(&line), place)).collect();
    lines.sort_unstable();
    lines
}

fn core<'a>(line: &Line<'a>) -> Core<'a> {
    let fees: i128 = line.fees.parts().map(|(_, minor)| i128::from(minor)).sum();
    (line.reference, line.kind, line.gross.minor(), fees + i128::from(line.vat_on_fees))
}

fn details<'a>(settlement: &'a Settlement, lines: &[(Core<'a>, usize)]) -> Vec<Details<'a>> {
    let of = |(_, place): &(Core<'a>, usize)| {
        let line = settlement.line(*place)?;
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
