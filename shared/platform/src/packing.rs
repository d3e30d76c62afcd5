//! Packing of texts with zstd, with a bound on what unpacking may yield: a small packed text must not fill the memory.

use std::io::Read;

use crate::failure::PlatformError;

/// Packs bytes.
///
/// # Errors
/// `Unreadable` when the library refuses, which it does not for bytes in memory.
pub fn pack(plain: &[u8]) -> Result<Vec<u8>, PlatformError> {
    zstd::bulk::compress(plain, 3).map_err(|_| PlatformError::Unreadable("packing failed".to_owned()))
}

/// Unpacks at most `limit` bytes.
///
/// # Errors
/// `Unreadable` when it is damaged or holds more.
pub fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, PlatformError> {
    let unreadable = |what: &str| PlatformError::Unreadable(format!("a packed text is {what}"));
    let decoder = zstd::stream::read::Decoder::new(packed).map_err(|_| unreadable("damaged"))?;
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
}
