//! Brings lines and documents together: what each line pays of which document.
//!
//! A line that names one document is put on it. Lines that name several documents of one order or payment are shared out only
//! where amounts leave no choice that matters; what is left is ambiguous.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::mpsc::sync_channel;

use super::Rules;
use super::cascade::{Cascade, Found, Named};
use super::outcome::{KeyUsed, LineMatch, Matching, Target, wants_credit_note};
use super::receivables::{ReceivableId, Receivables};
use crate::money::{Currency, MoneyError};
use crate::packed::sort_by;
use crate::settlement::{Kind, Line, Settlement};

/// So many lines are looked up together: enough that their documents stand near each other in memory once they are sorted, and few
/// enough that the lines themselves do.
const TOGETHER: usize = 1 << 17;

/// So many bits of a document's number say nothing of how far it is in memory.
const NEAR: u32 = 12;

/// Matches settlements with the documents they pay.
///
/// Each settlement must be given once (see [`crate::payout::arrivals`], which leaves out what was given twice).
///
/// # Errors
/// Amounts too large to add.
pub fn match_settlements(
    settlements: &[Settlement],
    receivables: &Receivables,
    rules: Rules<'_>,
) -> Result<Matching, MoneyError> {
    matched(settlements, receivables, rules, looked_up(settlements, receivables, rules))
}

/// As [`match_settlements`], with the same result, on two threads where there are many lines: one looks up what the other puts on
/// documents.
///
/// # Errors
/// Amounts too large to add.
pub fn match_settlements_on_two_threads(
    settlements: &[Settlement],
    receivables: &Receivables,
    rules: Rules<'_>,
) -> Result<Matching, MoneyError> {
    if settlements.iter().all(|settlement| settlement.len() <= TOGETHER) {
        return match_settlements(settlements, receivables, rules);
    }
    std::thread::scope(|scope| {
        let (sender, documents) = sync_channel(1);
        // Where the other one ended with an error, nothing more is looked up.
        let send = move |found| sender.send(found);
        scope.spawn(move || looked_up(settlements, receivables, rules).try_for_each(send));
        matched(settlements, receivables, rules, documents.into_iter())
    })
}

/// The lines that are looked up together, each time with the place of their settlement.
fn portions(settlements: &[Settlement]) -> impl Iterator<Item = (usize, Range<usize>)> {
    settlements.iter().enumerate().flat_map(|(batch, settlement)| {
        let first = (0..settlement.len()).step_by(TOGETHER);
        first.map(move |first| (batch, first..settlement.len().min(first + TOGETHER)))
    })
}

/// For each portion, the documents that its lines name by their order numbers.
fn looked_up<'a>(
    settlements: &'a [Settlement],
    receivables: &'a Receivables,
    rules: Rules<'a>,
) -> impl Iterator<Item = Vec<Option<Named>>> {
    let cascade = Cascade::new(receivables, settlements, rules);
    portions(settlements).map(move |(batch, lines)| cascade.by_orders(&settlements[batch], lines))
}

fn matched(
    settlements: &[Settlement],
    receivables: &Receivables,
    rules: Rules<'_>,
    looked_up: impl Iterator<Item = Vec<Option<Named>>>,
) -> Result<Matching, MoneyError> {
    let mut work = Work {
        settlements,
        receivables,
        matching: Matching {
            lines: settlements.iter().map(|batch| Vec::with_capacity(batch.len())).collect(),
            sets: Vec::new(),
            shares: HashMap::new(),
            paid: vec![0; receivables.len()],
            taken_back: HashMap::new(),
            tolerance: rules.tolerance,
        },
        pending: HashMap::new(),
        by: HashMap::new(),
        paying: Vec::new(),
    };
    let mut cascade = Cascade::new(receivables, settlements, rules);
    let mut second = Vec::new();
    for ((batch, lines), named) in portions(settlements).zip(looked_up) {
        for (line, named) in lines.zip(named) {
            let found = match work.put_by_order((batch, line), named)? {
                Some(found) => found,
                None => work.resolve(&cascade, (batch, line), &mut second)?,
            };
            work.matching.lines[batch].push(found);
        }
        work.count_paid()?;
    }
    if !second.is_empty() {
        cascade.prepare_for_the_rest();
    }
    for (batch, place) in second {
        let Some(line) = settlements[batch].line(place) else { continue };
        let (by, found) = cascade.resolve(&line);
        work.matching.lines[batch][place] = work.place((batch, place), &line, by, found)?;
    }
    work.count_paid()?;
    work.share_out()?;
    Ok(work.matching)
}

/// The line's amount in a document's currency: its gross, or the buyer's amount; `None` where the report gives none.
pub(super) fn amount_in(line: &Line<'_>, currency: Currency) -> Option<i64> {
    if line.currency() == currency {
        return Some(line.gross.minor());
    }
    line.sale
        .map(|sale| sale.amount)
        .filter(|amount| amount.currency() == currency)
        .map(|amount| amount.minor())
}

type Place = (usize, usize);

/// A set of documents, and what lines do with it.
type Naming = (Vec<u32>, Way);

struct Work<'a> {
    settlements: &'a [Settlement],
    receivables: &'a Receivables,
    matching: Matching,
    /// Lines that name a set of documents, by the set and by whether they pay or take back.
    pending: HashMap<Naming, Vec<Place>>,
    by: HashMap<Place, KeyUsed>,
    /// Documents and what lines pay of them, not yet counted.
    paying: Vec<(u32, [u32; 2])>,
}

/// An amount in halves, so that it and a document are twelve bytes.
const fn halves(amount: i64) -> [u32; 2] {
    [(amount >> 32) as u32, amount as u32]
}

const fn from_halves([upper, lower]: [u32; 2]) -> i64 {
    (upper as i64) << 32 | lower as i64
}

/// Whether lines of a set pay documents or take money back from them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Way {
    Pays,
    TakesBack,
}

impl Work<'_> {
    fn currency(&self, document: u32) -> Currency {
        self.receivables.currency(ReceivableId(document))
    }

    /// Puts a line on the document that its order's number names, where that says it all, as it does for most. `None` is still to be
    /// resolved.
    fn put_by_order(&mut self, place: Place, named: Option<Named>) -> Result<Option<LineMatch>, MoneyError> {
        let amount = || self.settlements[place.0].amount(place.1);
        let Some((named, (kind, gross))) = named.and_then(|named| Some((named, amount()?))) else {
            return Ok(None);
        };
        if gross.currency() != self.receivables.currency_of(named.class) {
            return Ok(None);
        }
        self.put(kind, Some(gross.minor()), KeyUsed::Order, named).map(Some)
    }

    /// Tries all keys of a line; what needs keys that only few lines have is left for a second time.
    fn resolve(
        &mut self,
        cascade: &Cascade<'_>,
        place: Place,
        second: &mut Vec<Place>,
    ) -> Result<LineMatch, MoneyError> {
        let Some(line) = self.settlements[place.0].line(place.1) else { return Ok(LineMatch::MISSING) };
        if !line.kind.concerns_payment() {
            return Ok(LineMatch::NOTHING);
        }
        let (by, found) = cascade.resolve(&line);
        let further = !line.keys.original.is_empty() || !line.keys.invoice.is_empty();
        if further && matches!(found, Found::Missing | Found::Ambiguous(_)) {
            second.push(place);
            return Ok(LineMatch::MISSING);
        }
        self.place(place, &line, by, found)
    }

    fn place(
        &mut self,
        place: Place,
        line: &Line<'_>,
        by: KeyUsed,
        found: Found,
    ) -> Result<LineMatch, MoneyError> {
        match found {
            Found::Missing => Ok(LineMatch::MISSING),
            Found::Ambiguous(set) => Ok(self.ambiguous(set, by)),
            Found::One(document) => self.put_line(line, by, document),
            Found::Set(set) => {
                let (eligible, way) = self.eligible(line, &set);
                match eligible.as_slice() {
                    [] => Ok(self.ambiguous(set, by)),
                    [only] => self.put_line(line, by, *only),
                    _ => {
                        self.by.insert(place, by);
                        self.pending.entry((eligible, way)).or_default().push(place);
                        Ok(LineMatch::MISSING)
                    }
                }
            }
        }
    }

    /// The documents of a set that a line may mean by its kind, and whether it pays them.
    fn eligible(&self, line: &Line<'_>, set: &[u32]) -> (Vec<u32>, Way) {
        let kind = line.kind;
        let credit = |id: &u32| self.receivables.is_credit_note(ReceivableId(*id));
        let pick = |credit_notes: bool| -> Vec<u32> {
            set.iter().copied().filter(|id| credit(id) == credit_notes).collect()
        };
        // What earlier payouts settled is not paid again, as long as something else is open.
        let open_first = |ids: Vec<u32>| -> Vec<u32> {
            let open: Vec<u32> = ids
                .iter()
                .copied()
                .filter(|id| !self.receivables.expected(ReceivableId(*id)).is_zero())
                .collect();
            if open.is_empty() { ids } else { open }
        };
        if kind == Kind::Sale {
            return (open_first(pick(false)), Way::Pays);
        }
        let credit_notes = if wants_credit_note(kind) { pick(true) } else { Vec::new() };
        if credit_notes.is_empty() {
            (self.taken_from_first(line, pick(false)), Way::TakesBack)
        } else {
            (open_first(credit_notes), Way::Pays)
        }
    }

    /// What is given back goes to the invoices that earlier payouts took just as much from, or else anything.
    fn taken_from_first(&self, line: &Line<'_>, ids: Vec<u32>) -> Vec<u32> {
        let before = |id: u32| self.receivables.taken_before(ReceivableId(id)).minor();
        let gives_back = |id: u32| amount_in(line, self.currency(id)).filter(|amount| *amount > 0);
        let exactly: Vec<u32> = ids
            .iter()
            .copied()
            .filter(|id| gives_back(*id).is_some_and(|amount| amount.saturating_neg() == before(*id)))
            .collect();
        if !exactly.is_empty() {
            return exactly;
        }
        let taken: Vec<u32> =
            ids.iter().copied().filter(|id| gives_back(*id).is_some() && before(*id) < 0).collect();
        if taken.is_empty() { ids } else { taken }
    }

    fn ambiguous(&mut self, set: Vec<u32>, by: KeyUsed) -> LineMatch {
        self.matching.sets.push(set);
        let target = u32::try_from(self.matching.sets.len() - 1).unwrap_or(u32::MAX);
        LineMatch { target, by, what: Target::Ambiguous }
    }

    /// Puts a line on the one document it names.
    fn put_line(&mut self, line: &Line<'_>, by: KeyUsed, document: u32) -> Result<LineMatch, MoneyError> {
        let amount = amount_in(line, self.currency(document));
        let class = self.receivables.class(ReceivableId(document)).unwrap_or_default();
        self.put(line.kind, amount, by, Named { document, class })
    }

    /// Puts what a line of that kind moves in the document's currency on the document; `None` where the report does not say.
    fn put(
        &mut self,
        kind: Kind,
        amount: Option<i64>,
        by: KeyUsed,
        Named { document, class }: Named,
    ) -> Result<LineMatch, MoneyError> {
        let what = match (kind == Kind::Sale, class.is_credit_note()) {
            (true, true) => return Ok(self.ambiguous(vec![document], by)),
            (true, false) => Target::Pays,
            (false, true) if wants_credit_note(kind) => Target::Pays,
            (false, true) => return Ok(self.ambiguous(vec![document], by)),
            (false, false) => Target::TakesBack,
        };
        let Some(amount) = amount else {
            return Ok(LineMatch { target: document, by, what: Target::OtherCurrency });
        };
        match what {
            Target::Pays => self.paying.push((document, halves(amount))),
            _ => self.count(document, amount, what)?,
        }
        Ok(LineMatch { target: document, by, what })
    }

    fn count(&mut self, document: u32, amount: i64, what: Target) -> Result<(), MoneyError> {
        let sum = match what {
            Target::TakesBack => self.matching.taken_back.entry(document).or_default(),
            _ => &mut self.matching.paid[document as usize],
        };
        *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
        Ok(())
    }

    /// Counts what lines pay, document after document: memory is gone through from one end to the other.
    fn count_paid(&mut self) -> Result<(), MoneyError> {
        let bits = u32::BITS - (self.matching.paid.len() as u32).leading_zeros();
        let far = bits.saturating_sub(NEAR);
        sort_by(&mut self.paying, far, |(document, _)| document >> (bits - far));
        for (document, amount) in std::mem::take(&mut self.paying) {
            self.count(document, from_halves(amount), Target::Pays)?;
        }
        Ok(())
    }

    /// Shares out the lines that name several documents, set after set in an order that no permutation changes.
    fn share_out(&mut self) -> Result<(), MoneyError> {
        let mut groups: Vec<(Naming, Vec<Place>)> = std::mem::take(&mut self.pending).into_iter().collect();
        let receivables = self.receivables;
        let rank = |id: &u32| (receivables.date(ReceivableId(*id)), receivables.number(ReceivableId(*id)));
        for ((set, _), _) in &mut groups {
            set.sort_by(|a, b| rank(a).cmp(&rank(b)));
        }
        groups.sort_by(|((a, way), _), ((b, other), _)| {
            a.iter().map(rank).cmp(b.iter().map(rank)).then(way.cmp(other))
        });
        for ((set, way), places) in groups {
            self.share_out_one(set, way, places)?;
        }
        Ok(())
    }

    fn share_out_one(&mut self, set: Vec<u32>, way: Way, places: Vec<Place>) -> Result<(), MoneyError> {
        let mut lines = Vec::new();
        // The documents of one order are in one currency; where they are not, nothing is shared out: equal figures in two currencies are
        // not equal amounts.
        let currency = set.first().map(|id| self.currency(*id));
        let currency = currency.filter(|one| set.iter().all(|id| self.currency(*id) == *one));
        for place in places {
            let line = self.settlements[place.0].line(place.1);
            let amount = line.as_ref().and_then(|line| amount_in(line, currency?));
            match (line, amount) {
                (Some(line), Some(amount)) => lines.push(Paying { place, amount, rank: rank_of(&line) }),
                _ => self.leave(place, &set),
            }
        }
        lines.sort_by(|a, b| a.amount.cmp(&b.amount).then_with(|| a.rank.cmp(&b.rank)));
        let mut documents: Vec<(u32, i64)> = set.iter().map(|id| (*id, self.remaining(*id, way))).collect();
        self.pair_equal(&mut lines, &mut documents, way)?;
        if lines.is_empty() {
            return Ok(());
        }
        let due: i128 = documents.iter().map(|(_, amount)| i128::from(*amount)).sum();
        let paid: i128 = lines.iter().map(|line| i128::from(line.amount)).sum();
        let one_sign = |amounts: &mut dyn Iterator<Item = i64>| {
            let mut amounts = amounts.map(i64::signum).filter(|sign| *sign != 0);
            let first = amounts.next();
            amounts.all(|sign| Some(sign) == first)
        };
        let plain = one_sign(&mut lines.iter().map(|line| line.amount))
            && one_sign(&mut documents.iter().map(|(_, amount)| *amount));
        match (way, documents.as_slice()) {
            (Way::Pays, [(only, _)]) => {
                for line in lines {
                    self.settle(line.place, *only, line.amount, way)?;
                }
                Ok(())
            }
            (Way::Pays, _) if due == paid && plain => self.fill(lines, documents),
            _ => {
                for line in lines {
                    self.leave(line.place, &set);
                }
                Ok(())
            }
        }
    }

    /// What is still to come on a document; of what is taken back, what is left to take.
    fn remaining(&self, document: u32, way: Way) -> i64 {
        let id = ReceivableId(document);
        match way {
            Way::Pays => {
                let paid = self.matching.paid.get(document as usize).copied().unwrap_or_default();
                self.receivables.expected(id).minor().saturating_sub(paid)
            }
            Way::TakesBack => {
                let taken = self.matching.taken_in_all(self.receivables, document);
                self.receivables.total(id).minor().saturating_add(taken).saturating_neg()
            }
        }
    }

    /// As many lines of an amount as documents of it: each is paid whole, whichever line is put on which. The lines stand by amount.
    fn pair_equal(
        &mut self,
        lines: &mut Vec<Paying>,
        documents: &mut Vec<(u32, i64)>,
        way: Way,
    ) -> Result<(), MoneyError> {
        // Documents of one order are few; its lines may be all that a report has.
        let mut amounts: Vec<i64> = documents.iter().map(|(_, due)| *due).collect();
        amounts.sort_unstable();
        amounts.dedup();
        for amount in amounts {
            let first = lines.partition_point(|line| line.amount < amount);
            let count = lines[first..].partition_point(|line| line.amount == amount);
            let paid: Vec<u32> =
                documents.iter().filter(|(_, due)| *due == amount).map(|(id, _)| *id).collect();
            if count != paid.len() {
                continue;
            }
            for (line, document) in lines.drain(first..first + count).zip(paid) {
                self.settle(line.place, document, amount, way)?;
            }
            documents.retain(|(_, due)| *due != amount);
        }
        Ok(())
    }

    fn settle(&mut self, place: Place, document: u32, amount: i64, way: Way) -> Result<(), MoneyError> {
        let what = if way == Way::Pays { Target::Pays } else { Target::TakesBack };
        self.count(document, amount, what)?;
        let by = self.by.get(&place).copied().unwrap_or(KeyUsed::Order);
        self.matching.lines[place.0][place.1] = LineMatch { target: document, by, what };
        Ok(())
    }

    /// Lines and documents that together make the same sum: every document is paid whole.
    fn fill(&mut self, lines: Vec<Paying>, documents: Vec<(u32, i64)>) -> Result<(), MoneyError> {
        let mut documents = documents.into_iter().filter(|(_, due)| *due != 0);
        let mut open = documents.next();
        for line in lines {
            let mut left = line.amount;
            let mut shares = Vec::new();
            while left != 0
                && let Some((document, due)) = open
            {
                let part = if due.unsigned_abs() <= left.unsigned_abs() { due } else { left };
                self.count(document, part, Target::Pays)?;
                shares.push((document, part));
                left -= part;
                open = if part == due { documents.next() } else { Some((document, due - part)) };
            }
            self.keep_shares(line.place, shares);
        }
        Ok(())
    }

    fn keep_shares(&mut self, place: Place, shares: Vec<(u32, i64)>) {
        let by = self.by.get(&place).copied().unwrap_or(KeyUsed::Order);
        let found = match shares.as_slice() {
            [(only, _)] => LineMatch { target: *only, by, what: Target::Pays },
            _ => {
                let key =
                    (u32::try_from(place.0).unwrap_or(u32::MAX), u32::try_from(place.1).unwrap_or(u32::MAX));
                self.matching.shares.insert(key, shares);
                LineMatch { target: 0, by, what: Target::Set }
            }
        };
        self.matching.lines[place.0][place.1] = found;
    }

    fn leave(&mut self, place: Place, set: &[u32]) {
        let by = self.by.get(&place).copied().unwrap_or(KeyUsed::Order);
        let found = self.ambiguous(set.to_vec(), by);
        self.matching.lines[place.0][place.1] = found;
    }
}

struct Paying {
    place: Place,
    amount: i64,
    rank: Vec<String>,
}

/// What orders lines of one amount: their content, never their place. All of it, since lines that are alike in this are put on documents
/// by their places.
fn rank_of(line: &Line<'_>) -> Vec<String> {
    let keys = &line.keys;
    let mut rank = vec![format!("{:?}", line.occurred)];
    let texts = [line.reference, keys.transaction, keys.modification, keys.acquirer, line.description];
    rank.extend(texts.map(str::to_owned));
    let further = [keys.order, keys.merchant, keys.original, keys.invoice, line.raw_kind];
    rank.extend(further.map(str::to_owned));
    let amounts = (line.kind, line.gross, line.sale, line.fees, line.vat_on_fees, line.net);
    rank.push(format!("{amounts:?} {:?} {}", line.booked, line.method));
    rank
}
