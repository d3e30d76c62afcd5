//! Files too large to be held in memory: written to this machine's own disk, read from there as often as needed, and gone when
//! nobody needs them any more.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use data_encoding::HEXLOWER;
use engine::payouts::FileBytes;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// A file while it is written: its hash and length are known when it is done.
pub struct Spool {
    file: NamedTempFile,
    hasher: Sha256,
    length: u64,
    limit: u64,
}

impl Spool {
    /// An empty file of at most so many bytes.
    ///
    /// # Errors
    /// As the disk says.
    pub fn new(limit: u64) -> io::Result<Spool> {
        Ok(Spool { file: NamedTempFile::new()?, hasher: Sha256::new(), length: 0, limit })
    }

    /// The file, whole.
    ///
    /// # Errors
    /// As the disk says.
    pub fn done(mut self) -> io::Result<SpooledFile> {
        self.file.flush()?;
        Ok(SpooledFile {
            file: self.file,
            sha256: HEXLOWER.encode(&self.hasher.finalize()),
            length: self.length,
        })
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length.saturating_add(bytes.len() as u64) > self.limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too large"));
        }
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file on this machine's disk, removed with the last use of it.
pub struct SpooledFile {
    file: NamedTempFile,
    sha256: String,
    length: u64,
}

impl SpooledFile {
    /// Of bytes that are in memory.
    ///
    /// # Errors
    /// As the disk says.
    pub fn of(bytes: &[u8]) -> io::Result<SpooledFile> {
        let mut spool = Spool::new(bytes.len() as u64)?;
        spool.write_all(bytes)?;
        spool.done()
    }

    /// A copy of a file of the operator's, at most so long.
    ///
    /// # Errors
    /// As the disk says; `FileTooLarge`.
    pub fn copy_of(path: &Path, limit: u64) -> io::Result<SpooledFile> {
        let mut from = File::open(path)?;
        if from.metadata()?.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too large"));
        }
        let mut spool = Spool::new(limit)?;
        io::copy(&mut from, &mut spool)?;
        spool.done()
    }
}

impl FileBytes for SpooledFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(BufReader::with_capacity(64 * 1024, self.file.reopen()?)))
    }

    fn length(&self) -> u64 {
        self.length
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spooled_file_is_read_as_often_as_needed_and_has_a_bound() {
        let file = SpooledFile::of(b"a report").expect("spooled");
        for _ in 0..2 {
            let mut text = String::new();
            file.open().expect("opened").read_to_string(&mut text).expect("read");
            assert_eq!(text, "a report");
        }
        assert_eq!(file.length(), 8);
        assert_eq!(file.sha256(), HEXLOWER.encode(&Sha256::digest(b"a report")));
        let mut small = Spool::new(4).expect("a spool");
        assert!(small.write_all(b"a report").is_err());
    }
}
