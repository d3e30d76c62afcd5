//! JSON documents one after the other, as a stream: the pages that an API answered with, kept as one original.
//!
//! Each document is bounded and handed over whole; what stands between two documents may only be white space.

use std::io::Read;

use serde::Deserialize;

use crate::characters::{Characters, RecordEnd};
use crate::json;
use crate::report::{Refusal, Unreadable, refusal};

/// Longest single document, in bytes. Pages of APIs hold at most some thousands of items.
pub const LONGEST_DOCUMENT: usize = 24 << 20;

/// Hands over each document with its number, which begins at 1.
///
/// # Errors
/// [`Unreadable`], also as `each` says.
pub fn documents(
    source: &mut dyn Read,
    each: &mut dyn FnMut(u32, &str) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut characters = Characters::new(source, encoding_rs::UTF_8, RecordEnd::Parser);
    let mut window = vec![0; 32 * 1024];
    let mut document: Vec<u8> = Vec::new();
    let mut nesting = Nesting::default();
    let mut number = 0_u32;
    loop {
        let count = characters.read(&mut window)?;
        if count == 0 {
            break;
        }
        for byte in &window[..count] {
            // Answers that were kept one after the other may each begin with a byte-order mark.
            if document.is_empty() && (byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf)) {
                continue;
            }
            if document.is_empty() && !matches!(byte, b'{' | b'[') {
                return Err(refusal("report-not-json").with("document", number + 1).into());
            }
            document.push(*byte);
            if document.len() > LONGEST_DOCUMENT {
                return Err(refusal("report-record-too-long").with("limit", LONGEST_DOCUMENT).into());
            }
            if nesting.ends_with(*byte) {
                number += 1;
                let text = std::str::from_utf8(&document).map_err(|_| refusal("report-not-text"))?;
                each(number, text)?;
                document.clear();
            }
        }
    }
    if !document.is_empty() {
        return Err(refusal("report-cut-off").into());
    }
    if number == 0 { Err(refusal("report-empty").into()) } else { Ok(()) }
}

/// Reads one document.
///
/// # Errors
/// A refusal with the place of what cannot be read.
pub fn document<'a, T: Deserialize<'a>>(number: u32, text: &'a str) -> Result<T, Unreadable> {
    json::read_answer("the document", text).map_err(|failure| {
        let place = match &failure {
            domain::Failure::Rejected { message, .. } => message.clone(),
            other => other.to_string(),
        };
        misread(number, place).into()
    })
}

/// A document that holds at this place something else than it should.
pub fn misread(document: u32, place: impl std::fmt::Display) -> Refusal {
    refusal("report-json").with("document", document).with("place", place)
}

/// How deep in objects, lists and texts the scan is.
#[derive(Default)]
struct Nesting {
    depth: u32,
    in_text: bool,
    escaped: bool,
}

impl Nesting {
    /// True when the outermost object or list ends with this byte.
    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = byte == b'\\' && !self.escaped;
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, Unreadable> {
        let mut found = Vec::new();
        let mut source = text.as_bytes();
        documents(&mut source, &mut |_, text| {
            found.push(text.to_owned());
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn documents_are_told_apart() {
        let text = "\u{feff} {\"a\":\"}\\\"\"}\n\u{feff}[1,[2]]{}\n";
        assert_eq!(read(text).expect("read"), ["{\"a\":\"}\\\"\"}", "[1,[2]]", "{}"]);
        for bad in ["", "  ", "x", "{} x", "1", "{\"a\":1", "{} [", "<html>"] {
            read(bad).expect_err("refused");
        }
    }
}
