//! Any bytes as delimited text: what the csv crate reads is what our own reader reads, in whatever pieces the bytes come.
#![no_main]

use std::io::{self, Read};

use delimited::{Reader, Style};
use libfuzzer_sys::fuzz_target;

/// Gives so many bytes at a time.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(into.len());
        let (now, later) = self.0.split_at(count);
        into[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn by_csv(text: &[u8], style: Style) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(style.delimiter)
        .quoting(style.quoted)
        .from_reader(text);
    let records = reader.records().map(|record| record.expect("sound text"));
    records.map(|record| record.iter().map(str::to_owned).collect()).collect()
}

fn by_ours(source: impl Read, style: Style) -> io::Result<Vec<Vec<String>>> {
    let mut reader = Reader::new(source, style);
    let mut records = Vec::new();
    let mut line = 0;
    while let Some(record) = reader.read()? {
        assert!(record.line() > line || records.is_empty(), "each record begins in a line of its own");
        line = record.line();
        records.push(record.iter().map(str::to_owned).collect());
    }
    Ok(records)
}

fuzz_target!(|input: (u8, bool, u8, u8, Vec<u8>)| {
    let (pick, quoted, piece, repeat, bytes) = input;
    let style = Style { delimiter: b",;\t|"[usize::from(pick) % 4], quoted };
    // Repeated, so that records lie over the edges of windows, too.
    let bytes = bytes.repeat(1 + usize::from(repeat) * usize::from(repeat) / 16);
    let ours = by_ours(bytes.as_slice(), style);
    let in_pieces = by_ours(Pieces(&bytes, 1 + usize::from(piece)), style);
    match std::str::from_utf8(&bytes) {
        Ok(_) => {
            let theirs = by_csv(&bytes, style);
            assert!(ours.is_ok_and(|ours| ours == theirs));
            assert!(in_pieces.is_ok_and(|ours| ours == theirs));
        }
        Err(_) => assert!(ours.is_err() && in_pieces.is_err()),
    }
});
