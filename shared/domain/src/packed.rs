//! Much in little memory: lists and texts that grow by chunks, and the index that their keys are found by.
//!
//! With a million entries, what costs time is waiting for memory, not reckoning. So an index is no table that is filled at
//! random: it is a list of fingerprints that is written and sorted once, when all keys are there; and what is looked for is sorted
//! before it is.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// A growing list that never moves what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Chunked<T> {
    /// All but the last are full.
    chunks: Vec<Vec<T>>,
}

const CHUNK: usize = 1 << 12;

impl<T> Chunked<T> {
    pub(crate) const fn new() -> Chunked<T> {
        Chunked { chunks: Vec::new() }
    }

    pub(crate) fn push(&mut self, value: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(value),
            // A small batch does not pay for a whole chunk.
            None => self.chunks.push(vec![value]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(value);
                self.chunks.push(chunk);
            }
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    pub(crate) const fn len(&self) -> usize {
        match self.chunks.as_slice().split_last() {
            Some((last, full)) => full.len() * CHUNK + last.len(),
            None => 0,
        }
    }
}

const BLOCK: usize = 1 << 16;

/// Many short texts, in runs of some that belong together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    blocks: Vec<String>,
}

impl Texts {
    /// Room for a run of texts, at most [`BLOCK`] bytes with their lengths, which the caller puts at the end: its place; `None` when four
    /// gigabytes are full.
    pub(crate) fn room(&mut self, length: usize) -> Option<(u32, &mut String)> {
        let full = self.blocks.last().is_none_or(|block| block.len() + length > BLOCK);
        if full {
            let small = self.blocks.is_empty();
            self.blocks.push(if small { String::new() } else { String::with_capacity(BLOCK) });
        }
        let number = self.blocks.len() - 1;
        let block = self.blocks.last_mut()?;
        Some((u32::try_from(number * BLOCK + block.len()).ok()?, block))
    }

    /// The texts that stand one after the other from that place on.
    pub(crate) fn from(&self, place: u32) -> Run<'_> {
        let place = place as usize;
        Run(self.blocks.get(place / BLOCK).and_then(|block| block.get(place % BLOCK..)).unwrap_or_default())
    }
}

/// Bytes that a text of a run takes at most beside its own: its length stands before it, as the character of that number, of which those
/// from 128 on are two bytes.
pub(crate) const LENGTH: usize = 2;

/// Puts a text at the end of a run; `None` where it is longer than 255 bytes.
#[inline]
pub(crate) fn put(block: &mut String, text: &str) -> Option<()> {
    block.push(char::from(u8::try_from(text.len()).ok()?));
    block.push_str(text);
    Some(())
}

/// Texts that stand one after the other, each after its length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a>(&'a str);

impl<'a> Run<'a> {
    /// The next text; empty behind the last.
    pub(crate) fn take(&mut self) -> &'a str {
        let mut rest = self.0.chars();
        let length = rest.next().map_or(0, |length| length as usize);
        let (text, rest) = rest.as_str().split_at_checked(length).unwrap_or_default();
        self.0 = rest;
        text
    }
}

/// A key's fingerprint, the same on every machine. It says where to look. Bytes are compared then, unless [`is_whole`] says that the
/// fingerprint is the whole key: so a collision costs time and never makes a match.
pub(crate) fn fingerprint(key: &[u8]) -> u64 {
    if let Some(fingerprint) = whole(key) {
        return fingerprint;
    }
    let mut hasher = FixedState::with_seed(0x0b09_b205).build_hasher();
    hasher.write(key);
    hasher.finish() & !1
}

/// True of the fingerprint of up to fifteen digits, as most order numbers are: no other key has it.
pub(crate) const fn is_whole(fingerprint: u64) -> bool {
    fingerprint & 1 == 1
}

/// Up to fifteen digits, four bits each, spread over the upper bits by a multiplication that can be undone: by an odd number. So they
/// stay odd, which other fingerprints are not.
fn whole(key: &[u8]) -> Option<u64> {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    if key.is_empty() || key.len() > 15 {
        return None;
    }
    // The one above the digits tells `007` from `7`.
    let digits = key.iter().try_fold(1, |digits, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| digits << 4 | u64::from(digit))
    });
    Some((digits? << 1 | 1).wrapping_mul(SPREAD))
}

/// A number of something, with a fingerprint of its key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    /// The halves of the fingerprint apart, so that an entry is twelve bytes.
    upper: u32,
    lower: u32,
    pub(crate) number: u32,
}

impl Entry {
    pub(crate) const fn new(fingerprint: u64, number: u32) -> Entry {
        Entry { upper: (fingerprint >> 32) as u32, lower: fingerprint as u32, number }
    }

    pub(crate) const fn fingerprint(self) -> u64 {
        (self.upper as u64) << 32 | self.lower as u64
    }

    /// The first bits of the fingerprint.
    pub(crate) const fn first(&self, bits: u32) -> u32 {
        start_of(self.upper, u32::BITS - bits)
    }

    /// The numbers with this fingerprint among the entries.
    fn among(self, entries: &[Entry]) -> impl Iterator<Item = u32> {
        let same = move |entry: &&Entry| entry.upper == self.upper && entry.lower == self.lower;
        entries.iter().filter(same).map(|entry| entry.number)
    }
}

/// Numbers of keys by the fingerprint of the key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Sorted by the first bits of their fingerprints.
    entries: Vec<Entry>,
    /// Where the entries begin whose fingerprint begins with these bits, and after the last, where they end.
    starts: Vec<u32>,
    /// The bits of the upper half that do not count for that.
    shift: u32,
}

/// Entries to a start, on average: they and the start are two places in memory for each look-up.
const TOGETHER: usize = 4;

impl Index {
    /// An index of numbers, each with the fingerprint of its key. What has the same key is found in the order of numbers.
    pub(crate) fn of(keys: impl Iterator<Item = Entry>) -> Index {
        let mut entries = Vec::with_capacity(keys.size_hint().1.unwrap_or_default());
        entries.extend(keys);
        let bits = (entries.len() / TOGETHER).max(1).ilog2();
        let shift = u32::BITS - bits;
        sort_by(&mut entries, bits, |entry| start_of(entry.upper, shift));
        let mut starts = vec![0; (1 << bits) + 1];
        for entry in &entries {
            starts[start_of(entry.upper, shift) as usize + 1] += 1;
        }
        for start in 1..starts.len() {
            starts[start] += starts[start - 1];
        }
        Index { entries, starts, shift }
    }

    /// The numbers whose key may be the one with this fingerprint: unless it is the whole key, the caller compares bytes.
    pub(crate) fn like(&self, fingerprint: u64) -> impl Iterator<Item = u32> {
        let wanted = Entry::new(fingerprint, 0);
        wanted.among(self.near(wanted))
    }

    /// The number of the one key that may be meant; `None` where there are several, or none.
    pub(crate) fn only(&self, wanted: Entry) -> Option<u32> {
        let mut like = wanted.among(self.near(wanted));
        like.next().filter(|_| like.next().is_none())
    }

    /// The entries that have the first bits of the fingerprint.
    fn near(&self, wanted: Entry) -> &[Entry] {
        let start = start_of(wanted.upper, self.shift) as usize;
        match self.starts.get(start..start + 2) {
            Some([begin, end]) => self.entries.get(*begin as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// The numbers whose keys may be the same, several together, since they have the same fingerprint.
pub(crate) fn alike(keys: impl Iterator<Item = Entry>) -> Vec<Vec<u32>> {
    let mut entries = Vec::with_capacity(keys.size_hint().1.unwrap_or_default());
    entries.extend(keys.map(|entry| (entry.upper, entry.number)));
    sort_by(&mut entries, u32::BITS, |(upper, _)| *upper);
    let several = entries.chunk_by(|(one, _), (next, _)| one == next).filter(|several| several.len() > 1);
    several.map(|several| several.iter().map(|(_, number)| *number).collect()).collect()
}

/// Most bits that are sorted by at a time: as many as there are places that the processor writes to beside each other.
const DIGIT: u32 = 9;

/// Sorts by a key of so many bits, a digit at a time, from the lowest: what has the same key stays in its order. Each time the list is
/// gone through from one end to the other, which takes a third of the time that comparing would.
pub(crate) fn sort_by<T: Copy + Default>(list: &mut Vec<T>, bits: u32, key: impl Fn(&T) -> u32) {
    let digits = bits.div_ceil(DIGIT);
    let width = bits.div_ceil(digits.max(1));
    let mut sorted = vec![T::default(); list.len()];
    for number in 0..digits {
        let digit = |item: &T| (key(item) >> (width * number)) as usize & ((1 << width) - 1);
        let mut places = [0_u32; 1 << DIGIT];
        for item in &*list {
            places[digit(item)] += 1;
        }
        let mut begin = 0;
        for place in &mut places {
            begin += std::mem::replace(place, begin);
        }
        for item in &*list {
            let place = &mut places[digit(item)];
            sorted[*place as usize] = *item;
            *place += 1;
        }
        std::mem::swap(list, &mut sorted);
    }
}

const fn start_of(upper: u32, shift: u32) -> u32 {
    // A shift by all bits leaves one start.
    if shift >= u32::BITS { 0 } else { upper >> shift }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_sorted_by_its_key_and_otherwise_left_as_it_is() {
        for (size, spread, bits) in
            [(0, 1, 32), (1, 1, 0), (300, 1, 0), (300, 7, 3), (5_000, 0x0100_0001, 25), (5_000, u32::MAX, 32)]
        {
            let keys = (0..size).map(|number: u32| number.wrapping_mul(0x9e37_79b9) % spread);
            let mut list: Vec<(u32, u32)> = keys.zip((0..size).rev()).collect();
            let mut expected = list.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort_by(&mut list, bits, |(key, _)| *key);
            assert_eq!(list, expected, "{size} entries");
        }
    }

    #[test]
    fn an_index_finds_every_number_of_a_key_in_order_and_no_other() {
        for (size, word) in
            [0_u32, 1, 3, 4, 9, 1_000, 5_000].into_iter().flat_map(|size| [(size, ""), (size, "key ")])
        {
            let keys: Vec<String> = (0..size).map(|number| format!("{word}{}", number / 2)).collect();
            let numbered =
                || (0..size).zip(&keys).map(|(number, key)| Entry::new(fingerprint(key.as_bytes()), number));
            let index = Index::of(numbered());
            let found = |key: &str| -> Vec<u32> {
                let of_key = |number: &u32| keys[*number as usize] == key;
                index.like(fingerprint(key.as_bytes())).filter(of_key).collect()
            };
            for (number, key) in keys.iter().enumerate() {
                let number = u32::try_from(number).expect("small");
                let first = number / 2 * 2;
                let all: Vec<u32> = (first..size.min(first + 2)).collect();
                assert_eq!(found(key), all, "{key} of {size}");
            }
            assert_eq!(index.like(fingerprint(b"no key")).count(), 0);
            for key in ["no key", "7", "key 7"].into_iter().chain(keys.iter().map(String::as_str)) {
                let wanted = fingerprint(key.as_bytes());
                let like: Vec<u32> = index.like(wanted).collect();
                let expected = if let [only] = like.as_slice() { Some(*only) } else { None };
                assert_eq!(index.only(Entry::new(wanted, 0)), expected, "{key} of {size}");
            }
            let pairs = alike(numbered());
            assert_eq!(pairs.len(), size as usize / 2);
            assert!(pairs.iter().all(|pair| matches!(pair.as_slice(), [a, b] if a + 1 == *b)));
        }
    }

    #[test]
    fn order_numbers_are_spread_over_the_index() {
        for begin in [0, 1, 1_000, 999_950, 1_000_000, 20_260_000_000_000] {
            let mut counts = vec![0_u32; 1 << 10];
            for number in begin..begin + (4 << 10) {
                let entry = Entry::new(fingerprint(u64::to_string(&number).as_bytes()), 0);
                counts[start_of(entry.upper, 22) as usize] += 1;
            }
            assert!(counts.iter().all(|count| *count <= 24), "from {begin}: {:?}", counts.iter().max());
        }
    }

    proptest! {
        #[test]
        fn a_whole_fingerprint_is_that_of_one_key_only(one in "[0-9]{0,17}|.{0,17}", other in "[0-9]{0,17}|.{0,17}") {
            let (first, second) = (fingerprint(one.as_bytes()), fingerprint(other.as_bytes()));
            let digits = (1..=15).contains(&one.len()) && one.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(is_whole(first), digits);
            prop_assert!(!digits || first != second || one == other);
            // Undone: the digits stand in it again.
            if digits {
                let packed = first.wrapping_mul(UNSPREAD) >> 1;
                prop_assert_eq!(format!("{packed:x}"), format!("1{one}"));
            }
        }
    }

    /// The number by which the multiplication is undone.
    const UNSPREAD: u64 = 0xf1de_83e1_9937_733d;
}
