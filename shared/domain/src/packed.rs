//! Much in little memory: lists and texts that grow by chunks, and the index that their keys are found by.
//!
//! With a million entries, what costs time is waiting for memory, not reckoning. So an index is no table that is filled at
//! random: it is a list of hashes that is written and sorted once, when all keys are there.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use foldhash::fast::FixedState;

/// A growing list that never moves what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Chunked<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

const CHUNK: usize = 1 << 12;

impl<T> Chunked<T> {
    pub(crate) const fn new() -> Chunked<T> {
        Chunked { chunks: Vec::new(), len: 0 }
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.len.is_multiple_of(CHUNK) {
            // A small batch does not pay for a whole chunk.
            self.chunks.push(if self.len == 0 { Vec::new() } else { Vec::with_capacity(CHUNK) });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(value);
            self.len += 1;
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

const BLOCK: usize = 1 << 16;

/// The bytes of many short texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    blocks: Vec<Vec<u8>>,
}

impl Texts {
    /// Keeps a run of bytes of at most [`BLOCK`]; its place, or `None` when four gigabytes are full.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Option<u32> {
        let full = self.blocks.last().is_none_or(|block| block.len() + bytes.len() > BLOCK);
        if full {
            let small = self.blocks.is_empty();
            self.blocks.push(if small { Vec::new() } else { Vec::with_capacity(BLOCK) });
        }
        let number = self.blocks.len() - 1;
        let block = self.blocks.last_mut()?;
        let place = u32::try_from(number * BLOCK + block.len()).ok()?;
        block.extend_from_slice(bytes);
        Some(place)
    }

    /// Everything in the block from that place on.
    pub(crate) fn from(&self, place: u32) -> &[u8] {
        let place = place as usize;
        self.blocks.get(place / BLOCK).and_then(|block| block.get(place % BLOCK..)).unwrap_or_default()
    }
}

/// A fast hash of a key, the same on every machine. It only says where to look: bytes are always compared, so a collision
/// costs time and never makes a match.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0x0b09_b205).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

/// Numbers of keys by the hash of the key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// Half a hash above, the number below; sorted.
    entries: Vec<u64>,
    /// Where the entries begin whose hash begins with these bits, and after the last, where they end.
    starts: Vec<u32>,
    /// The bits of half a hash that do not count for that.
    shift: u32,
}

/// Entries to a start, on average: they and the start are two places in memory for each look-up.
const TOGETHER: usize = 4;

impl Index {
    /// An index of numbers, each with the fingerprint of its key. What has the same key is found in the order of numbers.
    pub(crate) fn of(keys: impl Iterator<Item = (u32, u64)>) -> Index {
        Index::sorted(entries(keys))
    }

    fn sorted(entries: Vec<u64>) -> Index {
        let bits = (entries.len() / TOGETHER).max(1).ilog2();
        let shift = u32::BITS - bits;
        let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for (number, entry) in entries.iter().enumerate() {
            let start = start_of(half(*entry), shift);
            if starts.len() <= start {
                starts.resize(start + 1, place(number));
            }
        }
        starts.resize((1 << bits) + 1, place(entries.len()));
        Index { entries, starts, shift }
    }

    /// The numbers whose key may be this one, since it has the same hash: the caller compares bytes.
    pub(crate) fn like(&self, key: &[u8]) -> impl Iterator<Item = u32> {
        let wanted = half(fingerprint(key));
        self.near(self.range(wanted), wanted)
    }

    /// For each fingerprint, the one number whose key may have it; `None` where there is none or several. Each place in memory is asked for
    /// all keys before the next is, so that all are waited for at once.
    pub(crate) fn only<const MANY: usize>(&self, fingerprints: &[u64; MANY]) -> [Option<u32>; MANY] {
        let halves = fingerprints.map(half);
        let ranges = halves.map(|wanted| self.range(wanted));
        let mut found = [None; MANY];
        for ((found, range), wanted) in found.iter_mut().zip(ranges).zip(halves) {
            let mut near = self.near(range, wanted);
            *found = near.next().filter(|_| near.next().is_none());
        }
        found
    }

    fn range(&self, wanted: u32) -> Range<usize> {
        let start = start_of(wanted, self.shift);
        let place = |start: usize| self.starts.get(start).map_or(0, |place| *place as usize);
        place(start)..place(start + 1)
    }

    fn near(&self, range: Range<usize>, wanted: u32) -> impl Iterator<Item = u32> {
        let near = self.entries.get(range).unwrap_or_default().iter();
        near.filter(move |entry| half(**entry) == wanted).map(|entry| number(*entry))
    }
}

/// The numbers whose keys may be the same, several together, since they have the same hash.
pub(crate) fn alike(keys: impl Iterator<Item = (u32, u64)>) -> Vec<Vec<u32>> {
    let same = |one: &u64, next: &u64| half(*one) == half(*next);
    let entries = entries(keys);
    let several = entries.chunk_by(same).filter(|several| several.len() > 1);
    several.map(|several| several.iter().map(|entry| number(*entry)).collect()).collect()
}

fn entries(keys: impl Iterator<Item = (u32, u64)>) -> Vec<u64> {
    const HALF: u64 = (u32::MAX as u64) << 32;
    let mut entries = Vec::with_capacity(keys.size_hint().1.unwrap_or_default());
    entries.extend(keys.map(|(number, fingerprint)| fingerprint & HALF | u64::from(number)));
    entries.sort_unstable();
    entries
}

/// The half of a hash, of which an entry's upper half is made.
const fn half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The number in an entry's lower half.
const fn number(entry: u64) -> u32 {
    entry as u32
}

const fn start_of(half: u32, shift: u32) -> usize {
    // A shift by all bits leaves one start.
    if shift >= u32::BITS { 0 } else { (half >> shift) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_finds_every_number_of_a_key_in_order_and_no_other() {
        for size in [0_u32, 1, 3, 4, 9, 1_000, 5_000] {
            let keys: Vec<String> = (0..size).map(|number| format!("key {}", number / 2)).collect();
            let numbered = || (0..size).zip(keys.iter().map(|key| fingerprint(key.as_bytes())));
            let index = Index::of(numbered());
            let found = |key: &str| -> Vec<u32> {
                let of_key = |number: &u32| keys[*number as usize] == key;
                index.like(key.as_bytes()).filter(of_key).collect()
            };
            for (number, key) in keys.iter().enumerate() {
                let number = u32::try_from(number).expect("small");
                let first = number / 2 * 2;
                let all: Vec<u32> = (first..size.min(first + 2)).collect();
                assert_eq!(found(key), all, "{key} of {size}");
                let only = index.only(&[fingerprint(key.as_bytes()), fingerprint(b"no key")]);
                assert_eq!(only, [(all.len() == 1).then_some(number), None], "{key} of {size}");
            }
            let pairs = alike(numbered());
            assert_eq!(pairs.len(), size as usize / 2);
            assert!(pairs.iter().all(|pair| matches!(pair.as_slice(), [a, b] if a + 1 == *b)));
        }
    }
}
