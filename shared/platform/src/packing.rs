//! Packing of texts with zstd, with a bound on what unpacking may yield: a small packed text must not fill the memory.
//!
//! What stands in the table is paid for by its size each time it is written, and most of it is the same words over and
//! over: names of fields of orders, plans, settings and answers. Such texts are packed against a dictionary of those words.
//! A packed text does not say which dictionary it was packed with: whoever keeps it keeps the dictionary's number beside it.

use std::io::Read;
use std::sync::LazyLock;

use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::failure::PlatformError;

/// Rows of the log of demo orders, as they are stored: nothing of a merchant's is in it. Texts were packed with it, so it is
/// never changed: a better one is a second one, with a number of its own.
const DICTIONARY_1: &[u8] = include_bytes!("dictionary-1.txt");
/// The number of the dictionary that texts are packed with.
pub const DICTIONARY: u8 = 1;
/// Packs twice as well as the least effort does on texts of some kilobytes, in a millisecond.
const LEVEL: i32 = 12;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY_1, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY_1));

/// Packs bytes.
///
/// # Errors
/// `Unreadable` when the library refuses, which it does not for bytes in memory.
pub fn pack(plain: &[u8]) -> Result<Vec<u8>, PlatformError> {
    zstd::bulk::compress(plain, 3).map_err(|_| PlatformError::Unreadable("packing failed".to_owned()))
}

/// Packs bytes against the dictionary of number [`DICTIONARY`].
///
/// # Errors
/// As [`pack`].
pub fn pack_with_dictionary(plain: &[u8]) -> Result<Vec<u8>, PlatformError> {
    zstd::bulk::Compressor::with_prepared_dictionary(&ENCODER)
        .and_then(|mut compressor| compressor.compress(plain))
        .map_err(|_| PlatformError::Unreadable("packing failed".to_owned()))
}

fn unreadable(what: &str) -> PlatformError {
    PlatformError::Unreadable(format!("a packed text is {what}"))
}

/// Unpacks at most `limit` bytes that were packed against the dictionary of this number.
///
/// # Errors
/// `UnknownSchema` for a dictionary that this version does not have; otherwise as [`unpack`].
pub fn unpack_with_dictionary(packed: &[u8], dictionary: u8, limit: usize) -> Result<Vec<u8>, PlatformError> {
    if dictionary != DICTIONARY {
        return Err(PlatformError::UnknownSchema(u32::from(dictionary)));
    }
    let decoder = zstd::stream::read::Decoder::with_prepared_dictionary(packed, &DECODER);
    read_bounded(decoder.map_err(|_| unreadable("damaged"))?, limit)
}

/// Unpacks at most `limit` bytes.
///
/// # Errors
/// `Unreadable` when it is damaged or holds more.
pub fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, PlatformError> {
    read_bounded(zstd::stream::read::Decoder::new(packed).map_err(|_| unreadable("damaged"))?, limit)
}

fn read_bounded(decoder: impl Read, limit: usize) -> Result<Vec<u8>, PlatformError> {
    let mut plain = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX);
    decoder.take(bound.saturating_add(1)).read_to_end(&mut plain).map_err(|_| unreadable("damaged"))?;
    if plain.len() > limit { Err(unreadable("too large")) } else { Ok(plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bomb_is_refused_and_an_honest_text_comes_back() {
        let bomb = pack(&vec![0_u8; 50 * 1024 * 1024]).expect("it packs");
        assert!(bomb.len() < 10_000, "it is a bomb");
        assert!(unpack(&bomb, 1024 * 1024).is_err());
        assert_eq!(unpack(&pack(b"honest").expect("it packs"), 6).as_deref(), Ok(&b"honest"[..]));
        assert!(unpack(b"not packed", 100).is_err());
    }

    #[test]
    fn words_of_the_dictionary_cost_next_to_nothing_and_come_back() {
        let plain = &DICTIONARY_1[DICTIONARY_1.len() / 2..][..4_000];
        let packed = pack_with_dictionary(plain).expect("it packs");
        assert!(packed.len() < 60 && pack(plain).expect("it packs").len() > 500, "{}", packed.len());
        assert_eq!(unpack_with_dictionary(&packed, DICTIONARY, 4_000).as_deref(), Ok(plain));
        assert!(unpack_with_dictionary(&packed, DICTIONARY, 3_999).is_err(), "bounded");
        let unknown = unpack_with_dictionary(&packed, DICTIONARY + 1, 4_000);
        assert_eq!(unknown, Err(PlatformError::UnknownSchema(2)));
    }

    #[test]
    fn the_dictionary_is_the_one_that_stored_texts_were_packed_with() {
        // When this fails, stored rows do not open any more: make a second dictionary instead.
        let hash = "dda86cda10505ddd5d16675a0ff7d6c7babbc9aec30c5abfbea6b7efcc1e02dc";
        assert_eq!(crate::queue::hash(DICTIONARY_1), hash);
    }
}
