//! Files at rest, sealed with a key of their own that is made from the merchant's: what an acquirer wrote of buyers stands in the bucket as
//! nobody can read it who has the bucket alone.
//!
//! A file may be far larger than memory, so it is sealed in pieces, each bound to the file's own hash and to its place in it. That no piece
//! is missing at the end is told by that hash, which whoever reads the file compares. A file that was kept before they were sealed begins
//! otherwise, and is read as it is.

use std::io::{self, Read, Write};

use engine::payouts::FileBytes;

use crate::failure::PlatformError;
use crate::sealing::{DataKey, SALT_BYTES, SEALED_MORE};
use crate::spool::{Spool, SpooledFile};

/// How a sealed file begins: as no report does.
const MARK: &[u8] = b"\0bogbro sealed file 1\n";
/// Bytes of a piece before it is sealed.
const PIECE: usize = 64 * 1024;
/// Bytes of a piece once it is sealed.
const SEALED_PIECE: usize = PIECE + SEALED_MORE;

/// The key of one file, and what each of its pieces is bound to.
struct Pieces {
    key: DataKey,
    sha256: String,
    number: u64,
}

impl Pieces {
    fn of(key: &DataKey, sha256: &str) -> Result<Pieces, PlatformError> {
        let hash = data_encoding::HEXLOWER.decode(sha256.as_bytes()).unwrap_or_default();
        let salt = hash.get(..SALT_BYTES).and_then(|salt| <&[u8; SALT_BYTES]>::try_from(salt).ok());
        let salt = salt.ok_or_else(|| PlatformError::Invalid(format!("{sha256} is no hash of a file")))?;
        Ok(Pieces { key: key.derive(salt)?, sha256: sha256.to_owned(), number: 0 })
    }

    fn next_purpose(&mut self) -> String {
        let purpose = format!("payout-file {} {}", self.sha256, self.number);
        self.number += 1;
        purpose
    }
}

/// A file as it is kept: sealed while it is read.
pub(crate) struct SealedBytes<'f> {
    file: &'f dyn FileBytes,
    key: DataKey,
}

impl<'f> SealedBytes<'f> {
    pub(crate) fn of(file: &'f dyn FileBytes, key: DataKey) -> SealedBytes<'f> {
        SealedBytes { file, key }
    }
}

/// So many bytes more than the file itself are kept of a file of this length.
pub(crate) const fn sealed_length(length: u64) -> u64 {
    MARK.len() as u64 + length + length.div_ceil(PIECE as u64) * SEALED_MORE as u64
}

impl FileBytes for SealedBytes<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        let pieces = Pieces::of(&self.key, self.file.sha256()).map_err(io::Error::other)?;
        Ok(Box::new(Sealer { from: self.file.open()?, pieces, ready: MARK.to_vec(), at: 0 }))
    }

    fn length(&self) -> u64 {
        sealed_length(self.file.length())
    }

    fn sha256(&self) -> &str {
        self.file.sha256()
    }
}

/// Seals piece by piece what it reads.
struct Sealer<'f> {
    from: Box<dyn Read + Send + 'f>,
    pieces: Pieces,
    ready: Vec<u8>,
    at: usize,
}

impl Read for Sealer<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            let mut piece = Vec::with_capacity(PIECE);
            (&mut self.from).take(PIECE as u64).read_to_end(&mut piece)?;
            if piece.is_empty() {
                return Ok(0);
            }
            let purpose = self.pieces.next_purpose();
            self.ready = self.pieces.key.seal(&purpose, &piece).map_err(io::Error::other)?;
            self.at = 0;
        }
        let left = &self.ready[self.at..];
        let count = left.len().min(into.len());
        into[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Opens a file as its bytes come in, in whatever pieces.
pub(crate) struct Opener {
    pieces: Pieces,
    spool: Spool,
    waiting: Vec<u8>,
    /// Whether it is sealed, once that is known.
    sealed: Option<bool>,
}

impl Opener {
    /// For the file of this hash, which is at most so long.
    pub(crate) fn new(key: &DataKey, sha256: &str, limit: u64) -> Result<Opener, PlatformError> {
        let spool = Spool::new(limit).map_err(|error| disk(&error))?;
        Ok(Opener { pieces: Pieces::of(key, sha256)?, spool, waiting: Vec::new(), sealed: None })
    }

    /// More of its bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), PlatformError> {
        if self.sealed == Some(false) {
            return self.spool.write_all(bytes).map_err(|error| disk(&error));
        }
        self.waiting.extend_from_slice(bytes);
        if self.sealed.is_none() && self.waiting.len() >= MARK.len() {
            self.begin()?;
        }
        if self.sealed == Some(true) {
            let whole = self.waiting.len() / SEALED_PIECE * SEALED_PIECE;
            let rest = self.waiting.split_off(whole);
            let ready = std::mem::replace(&mut self.waiting, rest);
            for piece in ready.chunks(SEALED_PIECE) {
                self.open(piece)?;
            }
        }
        Ok(())
    }

    /// The file, whole.
    pub(crate) fn done(mut self) -> Result<SpooledFile, PlatformError> {
        if self.sealed.is_none() {
            self.begin()?;
        }
        let last = std::mem::take(&mut self.waiting);
        if !last.is_empty() {
            self.open(&last)?;
        }
        self.spool.done().map_err(|error| disk(&error))
    }

    fn begin(&mut self) -> Result<(), PlatformError> {
        let sealed = self.waiting.starts_with(MARK);
        self.sealed = Some(sealed);
        let waiting = std::mem::take(&mut self.waiting);
        if !sealed {
            return self.spool.write_all(&waiting).map_err(|error| disk(&error));
        }
        self.waiting = waiting[MARK.len()..].to_vec();
        Ok(())
    }

    fn open(&mut self, piece: &[u8]) -> Result<(), PlatformError> {
        let purpose = self.pieces.next_purpose();
        let plain = self.pieces.key.open(&purpose, piece)?;
        self.spool.write_all(&plain).map_err(|error| disk(&error))
    }
}

fn disk(error: &io::Error) -> PlatformError {
    PlatformError::Unavailable { service: "disk", message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DataKey {
        DataKey::from_bytes(&[byte; 32]).expect("a key")
    }

    fn sealed(plain: &[u8]) -> (Vec<u8>, String) {
        let file = SpooledFile::of(plain).expect("spooled");
        let sealed = SealedBytes::of(&file, key(7));
        let mut bytes = Vec::new();
        sealed.open().expect("it opens").read_to_end(&mut bytes).expect("it is read");
        assert_eq!(bytes.len() as u64, sealed.length());
        (bytes, file.sha256().to_owned())
    }

    fn opened(bytes: &[u8], sha256: &str, key: &DataKey, at_a_time: usize) -> Result<Vec<u8>, PlatformError> {
        let mut opener = Opener::new(key, sha256, 1 << 20)?;
        for part in bytes.chunks(at_a_time) {
            opener.take(part)?;
        }
        let mut plain = Vec::new();
        opener.done()?.open().expect("it opens").read_to_end(&mut plain).expect("it is read");
        Ok(plain)
    }

    #[test]
    fn a_file_is_opened_as_it_was_sealed_in_whatever_pieces_it_comes() {
        for length in [0, 1, 20, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5] {
            let plain: Vec<u8> = b"Anna Kande, Storegade 1\n".iter().copied().cycle().take(length).collect();
            let (bytes, sha256) = sealed(&plain);
            assert!(!bytes.windows(10).any(|text| text == b"Anna Kande"), "nobody reads it");
            for at_a_time in [7, SEALED_PIECE, 1 << 20] {
                let back = opened(&bytes, &sha256, &key(7), at_a_time);
                assert!(back.is_ok_and(|back| back == plain), "{length} by {at_a_time}");
            }
        }
    }

    #[test]
    fn a_file_of_before_is_read_as_it_is() {
        for plain in [&b""[..], b"id", b"date;amount\n2026-02-09;245.00\n"] {
            let sha256 = SpooledFile::of(plain).expect("spooled").sha256().to_owned();
            let back = opened(plain, &sha256, &key(7), 3).expect("it is read");
            assert_eq!(back, plain);
        }
    }

    #[test]
    fn what_was_changed_or_is_another_files_does_not_open() {
        let (bytes, sha256) = sealed(&vec![b'a'; 2 * PIECE]);
        assert!(opened(&bytes, &sha256, &key(8), 1_000).is_err(), "another merchant's key");
        let other = SpooledFile::of(b"other").expect("spooled").sha256().to_owned();
        assert!(opened(&bytes, &other, &key(7), 1_000).is_err(), "another file's name");
        let mut changed = bytes.clone();
        changed[MARK.len() + 100] ^= 1;
        assert!(opened(&changed, &sha256, &key(7), 1_000).is_err());
        let mut swapped = MARK.to_vec();
        swapped.extend_from_slice(&bytes[MARK.len() + SEALED_PIECE..]);
        swapped.extend_from_slice(&bytes[MARK.len()..MARK.len() + SEALED_PIECE]);
        assert!(opened(&swapped, &sha256, &key(7), 1_000).is_err(), "pieces in another order");
    }
}
