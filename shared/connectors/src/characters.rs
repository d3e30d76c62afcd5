//! From a file's bytes to text: any encoding in, UTF-8 out, as a stream of bounded memory.
//!
//! Nothing is guessed and nothing is replaced: a byte that the encoding does not know ends the reading with its place, so
//! that a file in another encoding is refused instead of being read with wrong letters. A byte-order mark decides over the
//! encoding that was expected. Beside the length of the whole, the length of one record is bounded, since the parsers
//! behind hold one record at a time.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding};

use crate::report::{LONGEST_RECORD, Unreadable, refusal};

/// Size of the two windows, in bytes.
const WINDOW: usize = 64 * 1024;

/// Where one record of the text ends, for the bound on its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordEnd {
    /// At a line's end that does not stand between quotes.
    Line {
        /// Whether double quotes may hold line ends.
        quoted: bool,
        /// Whether the last line has its end too. Of a file whose maker always writes it, one without is cut off, and the last
        /// field could be half of what it was.
        closed: bool,
    },
    /// The parser behind bounds its records itself.
    Parser,
}

/// Text of a file, decoded while it is read.
pub struct Characters<'a> {
    source: &'a mut dyn Read,
    decoder: Decoder,
    encoding: &'static Encoding,
    raw: Vec<u8>,
    raw_from: usize,
    raw_to: usize,
    taken: u64,
    text: Vec<u8>,
    text_from: usize,
    text_to: usize,
    ended: bool,
    record_end: RecordEnd,
    record_length: usize,
    between_quotes: bool,
}

impl<'a> Characters<'a> {
    /// The text of `source` in `encoding`, unless a byte-order mark says otherwise.
    pub fn new(source: &'a mut dyn Read, encoding: &'static Encoding, record_end: RecordEnd) -> Self {
        Characters {
            source,
            decoder: encoding.new_decoder(),
            encoding,
            raw: vec![0; WINDOW],
            raw_from: 0,
            raw_to: 0,
            taken: 0,
            text: vec![0; WINDOW],
            text_from: 0,
            text_to: 0,
            ended: false,
            record_end,
            record_length: 0,
            between_quotes: false,
        }
    }

    /// The encoding of that name (`utf-8`, `windows-1252`, `iso-8859-15`), by the names of the web standard.
    pub fn encoding(name: &str) -> Option<&'static Encoding> {
        Encoding::for_label(name.trim().as_bytes())
    }

    fn fill(&mut self) -> io::Result<()> {
        (self.text_from, self.text_to) = (0, 0);
        while self.text_to == 0 && !self.ended {
            if self.raw_from == self.raw_to {
                self.take_bytes()?;
            }
            self.decode()?;
        }
        let window = std::mem::take(&mut self.text);
        let bounded = self.bound(&window[..self.text_to]);
        self.text = window;
        bounded
    }

    fn take_bytes(&mut self) -> io::Result<()> {
        self.raw_from = 0;
        self.raw_to = loop {
            match self.source.read(&mut self.raw) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        self.taken += self.raw_to as u64;
        Ok(())
    }

    fn decode(&mut self) -> io::Result<()> {
        let last = self.raw_to == 0;
        let waiting = &self.raw[self.raw_from..self.raw_to];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(waiting, &mut self.text, last);
        self.text_to = written;
        self.raw_from += read;
        match result {
            DecoderResult::Malformed(length, after) => {
                let left = (self.raw_to - self.raw_from) as u64;
                let place = self.taken.saturating_sub(left + u64::from(length) + u64::from(after));
                Err(refusal("report-encoding")
                    .with("encoding", self.encoding.name())
                    .with("place", place + 1)
                    .into())
            }
            DecoderResult::InputEmpty => {
                self.ended = last;
                Ok(())
            }
            DecoderResult::OutputFull => Ok(()),
        }
    }

    /// Refuses text whose records are longer than the parsers may hold.
    fn bound(&mut self, window: &[u8]) -> io::Result<()> {
        for byte in window {
            self.record_length += 1;
            let ends = match self.record_end {
                RecordEnd::Line { quoted, .. } => {
                    self.between_quotes ^= quoted && *byte == b'"';
                    *byte == b'\n' && !self.between_quotes
                }
                RecordEnd::Parser => true,
            };
            if *byte == 0 {
                return Err(refusal("report-not-text").into());
            }
            if ends {
                self.record_length = 0;
            } else if self.record_length > LONGEST_RECORD {
                return Err(refusal("report-record-too-long").with("limit", LONGEST_RECORD).into());
            }
        }
        let must_end = matches!(self.record_end, RecordEnd::Line { closed: true, .. });
        if self.ended && (self.between_quotes || (must_end && self.record_length > 0)) {
            return Err(refusal("report-cut-off").into());
        }
        Ok(())
    }
}

impl Read for Characters<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.text_from == self.text_to {
            self.fill()?;
        }
        let waiting = &self.text[self.text_from..self.text_to];
        let count = waiting.len().min(into.len());
        into[..count].copy_from_slice(&waiting[..count]);
        self.text_from += count;
        Ok(count)
    }
}

/// Reads a whole source of at most `limit` bytes into memory, for the formats that must be (archives).
///
/// # Errors
/// Refuses a longer one; passes on what the source says.
pub fn whole(source: &mut dyn Read, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes).map_err(Unreadable::from)?;
    if bytes.len() as u64 > limit {
        return Err(refusal("report-too-large").with("limit", limit >> 20).into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], encoding: &str) -> Result<String, Unreadable> {
        let mut source = bytes;
        let encoding = Characters::encoding(encoding).expect("a known encoding");
        let mut characters =
            Characters::new(&mut source, encoding, RecordEnd::Line { quoted: true, closed: false });
        let mut text = String::new();
        characters.read_to_string(&mut text)?;
        Ok(text)
    }

    fn code(result: Result<String, Unreadable>) -> String {
        match result {
            Err(Unreadable::Refused(reason)) => reason.code,
            other => panic!("{other:?} is not refused"),
        }
    }

    #[test]
    fn each_encoding_gives_the_same_letters() {
        for (bytes, encoding) in [
            ("Beløb;Ærø\n".as_bytes().to_vec(), "utf-8"),
            ([b"\xef\xbb\xbf", "Beløb;Ærø\n".as_bytes()].concat(), "utf-8"),
            (b"Bel\xf8b;\xc6r\xf8\n".to_vec(), "windows-1252"),
            (b"Bel\xf8b;\xc6r\xf8\n".to_vec(), "iso-8859-15"),
            ("\u{feff}Beløb;Ærø\n".encode_utf16().flat_map(u16::to_le_bytes).collect(), "utf-8"),
            ("\u{feff}Beløb;Ærø\n".encode_utf16().flat_map(u16::to_be_bytes).collect(), "utf-8"),
        ] {
            assert_eq!(read(&bytes, encoding).expect("it is read"), "Beløb;Ærø\n", "{encoding}");
        }
    }

    #[test]
    fn a_wrong_encoding_is_refused_with_its_place() {
        let Err(Unreadable::Refused(reason)) = read(b"Bel\xf8b;1\n", "utf-8") else { panic!("read") };
        assert_eq!((reason.code.as_str(), reason.fact("place")), ("report-encoding", "4"));
        let long = [b"x\n".repeat(WINDOW), b"\xff".to_vec()].concat();
        let Err(Unreadable::Refused(reason)) = read(&long, "utf-8") else { panic!("read") };
        assert_eq!(reason.fact("place"), (2 * WINDOW + 1).to_string());
        assert_eq!(code(read(b"a\0b", "utf-8")), "report-not-text");
        assert_eq!(code(read("é".as_bytes().split_at(1).0, "utf-8")), "report-encoding");
    }

    #[test]
    fn letters_that_lie_over_the_edge_of_a_window_survive() {
        let text = format!("{}\n{}", "x".repeat(WINDOW - 2), "ø\n".repeat(WINDOW));
        let split: String = text.chars().collect();
        let lines: String = split.replace("xx", "x\n");
        assert_eq!(read(lines.as_bytes(), "utf-8").expect("it is read"), lines);
    }

    #[test]
    fn records_and_files_are_bounded() {
        assert_eq!(code(read(&b"x".repeat(LONGEST_RECORD + 1), "utf-8")), "report-record-too-long");
        let quoted = [b"\"".to_vec(), b"x\n".repeat(LONGEST_RECORD)].concat();
        assert_eq!(code(read(&quoted, "utf-8")), "report-record-too-long");
        assert_eq!(code(read(b"a,\"b\n", "utf-8")), "report-cut-off");
        let mut endless = io::repeat(b'\n');
        assert!(matches!(whole(&mut endless, 1 << 20), Err(Unreadable::Refused(_))));
    }
}
