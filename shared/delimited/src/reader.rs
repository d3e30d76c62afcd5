//! Windows of a source, and the records in them.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use crate::marks::{Marks, QUOTE};
use crate::record::{Assembled, Record};

/// Size of a window in bytes. Only a record that is longer makes it grow: whoever reads from an untrusted source bounds the length of
/// records before.
const WINDOW: usize = 64 * 1024;

/// A byte-order mark, which the csv crate passes over as well.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Between fields.
    pub delimiter: u8,
    /// Whether double quotes hold fields together; two of them within such a field are one.
    pub quoted: bool,
}

/// Reads records of UTF-8. Lines end with a line feed, a carriage return or both; empty ones are passed over.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    style: Style,
    /// What was read, whole characters only.
    window: String,
    /// The first bytes of a character whose others are still to come.
    partial: Vec<u8>,
    /// The marks in the window, and how many of them, and of the breaks among them, are used up.
    marks: Marks,
    used: usize,
    used_breaks: usize,
    /// Where the next record begins.
    at: usize,
    /// The byte before the window.
    before: u8,
    begun: bool,
    ended: bool,
    line: u64,
    /// Where the fields end of a record that stands in the window as it is, but for quotes within fields.
    ends: Vec<u32>,
    /// A record with quoted fields.
    assembled: Assembled,
}

/// Where the record was found that was looked for.
enum Found {
    /// In the window, from there on; its fields end at these marks.
    AtMarks(usize, Range<usize>),
    /// In the window, from there on; its fields end where was noted.
    InWindow(usize),
    Assembled,
}

impl<R: Read> Reader<R> {
    /// A reader of that source.
    pub fn new(source: R, style: Style) -> Reader<R> {
        Reader {
            source,
            style,
            window: String::new(),
            partial: Vec::new(),
            marks: Marks::new(style.delimiter, style.quoted),
            used: 0,
            used_breaks: 0,
            at: 0,
            before: 0,
            begun: false,
            ended: false,
            line: 1,
            ends: Vec::new(),
            assembled: Assembled::default(),
        }
    }

    /// The next record; `None` when there is no more. After an error there is no more either.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::InvalidData`] where its bytes are not UTF-8.
    pub fn read(&mut self) -> io::Result<Option<Record<'_>>> {
        let (line, found) = loop {
            self.pass_over_line_ends();
            let line = self.line;
            match if self.at < self.window.len() { self.find() } else { None } {
                None if self.ended => return Ok(None),
                None => self.fill()?,
                Some(found) => break (line, found),
            }
        };
        let (begin, ends) = match found {
            Found::AtMarks(begin, marks) => (begin, self.marks.places.get(marks).unwrap_or_default()),
            Found::InWindow(begin) => (begin, self.ends.as_slice()),
            Found::Assembled => return Ok(Some(self.assembled.record(line))),
        };
        Ok(Some(Record { text: &self.window, begin: begin as u32, ends, gap: 1, line }))
    }

    fn pass_over_line_ends(&mut self) {
        let text = self.window.as_bytes();
        while let Some(b'\n' | b'\r') = text.get(self.at) {
            self.line += u64::from(begins_line_end(text, self.at, self.before));
            self.at += 1;
            self.used += 1;
            self.used_breaks += 1;
        }
    }

    /// The next mark from a number on, and its byte. The end of the whole text ends a line, too.
    fn mark(&self, number: usize) -> Option<(usize, u8)> {
        let text = self.window.as_bytes();
        match self.marks.places.get(number) {
            Some(place) => Some((*place as usize, text.get(*place as usize).copied().unwrap_or(b'\n'))),
            None => self.ended.then_some((text.len(), b'\n')),
        }
    }

    /// Finds the record that begins here; `None` where its end did not come yet.
    fn find(&mut self) -> Option<Found> {
        let first = (self.at, self.used);
        if let Some(number) = self.marks.breaks.get(self.used_breaks)
            && let Some((place, byte @ (b'\n' | b'\r'))) = self.mark(*number as usize)
            && byte != self.style.delimiter
        {
            // Nothing but delimiters before the end of the line, which is passed over before the next record.
            (self.at, self.used) = (place, *number as usize);
            return Some(Found::AtMarks(first.0, first.1..self.used + 1));
        }
        let found = self.find_among_quotes();
        let used =
            self.marks.breaks[self.used_breaks..].partition_point(|number| (*number as usize) < self.used);
        self.used_breaks += used;
        found
    }

    fn find_among_quotes(&mut self) -> Option<Found> {
        self.ends.clear();
        let (first, mut begin, mut next) = (self.at, self.at, self.used);
        while let Some((place, byte)) = self.mark(next) {
            next += 1;
            if byte == QUOTE && self.style.quoted {
                if place == begin {
                    return self.assemble();
                }
                // Within a field a quote is a quote.
                continue;
            }
            // Windows are far smaller than four gigabytes.
            self.ends.push(place as u32);
            begin = place + 1;
            if byte != self.style.delimiter {
                (self.at, self.used) = (place, next - 1);
                return Some(Found::InWindow(first));
            }
        }
        None
    }

    /// Puts the record that begins here together: fields without the quotes around them.
    fn assemble(&mut self) -> Option<Found> {
        self.assembled.clear();
        // From where on nothing was kept yet; where the field begins; whether the place is between quotes.
        let (mut from, mut begin, mut between) = (self.at, self.at, false);
        let (mut next, mut lines) = (self.used, 0);
        while let Some((place, byte)) = self.mark(next) {
            next += 1;
            let text = &self.window;
            let after = text.as_bytes().get(place + 1);
            let last = place == text.len();
            match byte {
                QUOTE if between && after.is_none() && !self.ended => return None,
                QUOTE if between && after == Some(&QUOTE) => {
                    self.assembled.extend(&text[from..=place]);
                    (from, next) = (place + 2, next + 1);
                }
                QUOTE if between => {
                    self.assembled.extend(&text[from..place]);
                    (from, between) = (place + 1, false);
                }
                QUOTE if place == begin && self.style.quoted => (from, between) = (place + 1, true),
                QUOTE if self.style.delimiter != QUOTE => {}
                _ if between && !last => {
                    lines += u64::from(begins_line_end(text.as_bytes(), place, self.before));
                }
                _ => {
                    self.assembled.extend(&text[from..place]);
                    self.assembled.end_field();
                    (from, begin) = (place + 1, place + 1);
                    if byte != self.style.delimiter || last {
                        (self.at, self.used) = (place, next - 1);
                        self.line += lines;
                        return Some(Found::Assembled);
                    }
                }
            }
        }
        None
    }

    /// Takes away what is used up, and reads on.
    fn fill(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.window).into_bytes();
        if let Some(before) = self.at.checked_sub(1) {
            self.before = bytes[before];
        }
        bytes.drain(..self.at);
        self.marks.drop_first(self.used, self.used_breaks, self.at);
        (self.at, self.used, self.used_breaks) = (0, 0, 0);
        let looked_through = bytes.len();
        bytes.append(&mut self.partial);
        let result = self.read_on(&mut bytes).and_then(|()| self.characters(bytes));
        // After an error nothing more comes.
        self.ended |= result.is_err();
        self.window = result?;
        self.marks.find(self.window.as_bytes(), looked_through);
        if !std::mem::replace(&mut self.begun, true) && self.window.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
        }
        Ok(())
    }

    /// Fills a window, or one twice as large as the record that does not end in it.
    fn read_on(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut filled = bytes.len();
        bytes.resize(WINDOW.max(2 * filled), 0);
        while filled < bytes.len() && !self.ended {
            match self.source.read(&mut bytes[filled..]) {
                Ok(count) => {
                    filled += count;
                    self.ended = count == 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(())
    }

    /// The bytes as text. A character whose bytes have not all come is kept for the next time.
    fn characters(&mut self, bytes: Vec<u8>) -> io::Result<String> {
        let not_text = |error| io::Error::new(ErrorKind::InvalidData, error);
        String::from_utf8(bytes).or_else(|error| {
            let problem = error.utf8_error();
            if self.ended || problem.error_len().is_some() {
                return Err(not_text(problem));
            }
            let mut bytes = error.into_bytes();
            self.partial = bytes.split_off(problem.valid_up_to());
            String::from_utf8(bytes).map_err(|error| not_text(error.utf8_error()))
        })
    }
}

/// True for the first or only byte of a line's end.
fn begins_line_end(text: &[u8], place: usize, before: u8) -> bool {
    let before = place.checked_sub(1).map_or(Some(before), |place| text.get(place).copied());
    match text.get(place) {
        Some(b'\r') => true,
        Some(b'\n') => before != Some(b'\r'),
        _ => false,
    }
}
