//! A fast hash of keys. It only says where to look: bytes are always compared, so a collision costs time and never a match.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

/// The hash of some bytes: the same on every machine, because results must not depend on where they were made.
pub(super) fn of(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0x0b09_b205).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}
