//! A report of two gigabytes, made while it is read: it is refused at its bound, and memory stays where it was. A process of its
//! own, since the peak is the process's.

use std::io::{self, Read};

use connectors::profile;
use connectors::report::{self, ReadingContext, Unreadable};
use domain::settlement::{BatchKey, Line, Receiver, SettlementError, SettlementMode, Stated};

const HEADER: &str = "Batch,Order,Amount,Text\n";
/// Two gigabytes.
const LENGTH: u64 = 2 << 30;
/// What reading may take beyond what the process had, in kilobytes: the windows, one record, and the allocator's own.
const MOST_KILOBYTES: u64 = 16 * 1024;

/// A file that nobody ever had: the header, then the same record again and again, which is written anew for each place.
struct Generated {
    record: Vec<u8>,
    taken: u64,
}

impl Generated {
    fn new() -> Generated {
        let text = "a text that nobody reads ".repeat(160);
        Generated { record: format!("7,1001,1.00,{text}\n").into_bytes(), taken: 0 }
    }

    fn byte(&self, place: u64) -> &[u8] {
        let header = HEADER.len() as u64;
        if place < header {
            return &HEADER.as_bytes()[usize::try_from(place).expect("small")..];
        }
        let within = (place - header) % self.record.len() as u64;
        &self.record[usize::try_from(within).expect("small")..]
    }
}

impl Read for Generated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(LENGTH - self.taken).unwrap_or(usize::MAX);
        let from = self.byte(self.taken);
        let count = into.len().min(from.len()).min(left);
        into[..count].copy_from_slice(&from[..count]);
        self.taken += count as u64;
        Ok(count)
    }
}

/// Counts lines, and keeps none: what a batch takes is measured elsewhere.
#[derive(Default)]
struct Counted(u64);

impl Receiver for Counted {
    fn batch(&mut self, _: &BatchKey, _: SettlementMode) -> Result<(), SettlementError> {
        Ok(())
    }

    fn state(&mut self, _: Stated) -> Result<(), SettlementError> {
        Ok(())
    }

    fn line(&mut self, _: &Line<'_>) -> Result<(), SettlementError> {
        self.0 += 1;
        Ok(())
    }
}

/// The most memory that the process ever had, in kilobytes, as Linux counts it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_of_two_gigabytes_is_refused_at_its_bound_in_bounded_memory() {
    let columns = r#"{ "batch": "Batch", "order": "Order", "gross": "Amount", "description": "Text" }"#;
    let profile = format!(
        r#"{{"acquirer":"large","currency":"DKK","records":[{{"kind":"sale","columns":{columns}}}]}}"#
    );
    let profile = profile::parse(&profile).expect("a profile");
    let reader = connectors::registry::report_reader("profile").expect("a reader");
    let context = ReadingContext { profile: Some(&profile), ..ReadingContext::default() };
    let (mut source, mut lines) = (Generated::new(), Counted::default());
    let before = peak();
    let read = report::read(reader, &mut source, &context, &mut lines);
    let taken = peak() - before;
    let Err(Unreadable::Refused(reason)) = read else { panic!("{read:?}") };
    assert_eq!((reason.code.as_str(), reason.fact("limit")), ("report-too-large", "1024"));
    assert!(source.taken <= report::LONGEST_REPORT + 1, "{} bytes were taken", source.taken);
    assert!(lines.0 > 250_000, "everything up to the bound was read: {} lines", lines.0);
    assert!(taken < MOST_KILOBYTES, "reading took {taken} kB");
}
