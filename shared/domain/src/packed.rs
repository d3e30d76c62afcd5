//! Much in little memory: lists and texts that grow by chunks, and the hash that their keys are found by.

use std::hash::{BuildHasher, Hasher};

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
