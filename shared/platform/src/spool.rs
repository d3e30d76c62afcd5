//! Files too large to be held in memory: written to this machine's own disk, read from there as often as needed, and gone when
//! nobody needs them any more. They have no name there, so that they are gone also when the process is killed.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use engine::payouts::FileBytes;
use sha2::{Digest, Sha256};

/// A file while it is written: its hash and length are known when it is done.
pub struct Spool {
    file: File,
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
        Ok(Spool { file: tempfile::tempfile()?, hasher: Sha256::new(), length: 0, limit })
    }

    /// The file, whole.
    ///
    /// # Errors
    /// As the disk says.
    pub fn done(mut self) -> io::Result<SpooledFile> {
        self.file.flush()?;
        Ok(SpooledFile {
            file: Mutex::new(self.file),
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
    file: Mutex<File>,
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

/// A reader's own place in a file that all of them share.
struct Place<'a> {
    file: &'a Mutex<File>,
    at: u64,
}

impl Read for Place<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(bytes)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl FileBytes for SpooledFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(BufReader::with_capacity(64 * 1024, Place { file: &self.file, at: 0 })))
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
        // Readers at the same time are in nobody's way.
        let (mut one, mut other) = (file.open().expect("opened"), file.open().expect("opened"));
        let (mut first, mut all) = ([0; 2], String::new());
        one.read_exact(&mut first).expect("read");
        other.read_to_string(&mut all).expect("read");
        one.read_exact(&mut first).expect("read");
        assert_eq!((&first, all.as_str()), (b"re", "a report"));
        let mut small = Spool::new(4).expect("a spool");
        assert!(small.write_all(b"a report").is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_spooled_file_has_no_name_that_a_killed_process_would_leave_behind() {
        use std::os::fd::AsRawFd;
        let file = SpooledFile::of(b"a report").expect("spooled");
        let number = file.file.lock().expect("nobody panicked").as_raw_fd();
        let name = std::fs::read_link(format!("/proc/self/fd/{number}")).expect("it is open");
        assert!(name.to_string_lossy().ends_with("(deleted)"), "{}", name.display());
    }
}
