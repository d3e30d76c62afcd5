//! Pages of fixed columns: an A4 sheet, two of the standard fonts that every reader of PDF has, nothing embedded.
//!
//! Tables are set in Courier, whose characters are all of one width, so a column is a number of characters and a row is one text.
//! Characters that the standard fonts do not have are printed as `?`.

use std::io::Write as _;

use encoding_rs::WINDOWS_1252;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

/// Width and height of A4 in points.
const SHEET: (u16, u16) = (595, 842);
const MARGIN: u16 = 36;
/// Size of the tables' characters; a character of Courier is 0.6 of it wide, so 134 of them fit between the margins.
const SIZE: f32 = 6.5;
const LEADING: u16 = 9;
/// Characters of a row.
pub(super) const WIDTH: usize = 134;
const HEADING_SIZE: u16 = 10;
const TITLE_SIZE: u16 = 16;

const TABLE: Name<'static> = Name(b"T");
const BOLD: Name<'static> = Name(b"B");

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its width in characters.
    pub(super) width: usize,
    /// Figures stand to the right and are never broken; texts to the left, and go on in the next row.
    pub(super) right: bool,
}

/// A column of texts.
pub(super) const fn text(width: usize) -> Column {
    Column { width, right: false }
}

/// A column of figures.
pub(super) const fn figure(width: usize) -> Column {
    Column { width, right: true }
}

/// Pages while they are written.
pub(super) struct Paper {
    pages: Vec<Content>,
    /// Where the next row goes, in points from the bottom.
    y: u16,
    /// The row that stands at the top of each further page of a table.
    head: Option<String>,
}

impl Paper {
    /// An empty sheet.
    pub(super) fn new() -> Paper {
        Paper { pages: vec![Content::new()], y: SHEET.1 - MARGIN, head: None }
    }

    /// The title at the top.
    pub(super) fn title(&mut self, words: &str) {
        self.room(TITLE_SIZE + 8);
        self.put(BOLD, f32::from(TITLE_SIZE), words);
        self.y -= 4;
    }

    /// A heading, with some rows' room below it.
    pub(super) fn heading(&mut self, words: &str) {
        self.head = None;
        if self.y < MARGIN + 6 * LEADING {
            self.turn();
        }
        self.room(HEADING_SIZE + 12);
        self.put(BOLD, f32::from(HEADING_SIZE), words);
        self.y -= 3;
    }

    /// A row of a table.
    pub(super) fn row(&mut self, columns: &[Column], cells: &[&str]) {
        for line in rows(columns, cells) {
            self.line(&line);
        }
    }

    /// The head of a table, which stands on each further page again.
    pub(super) fn head(&mut self, columns: &[Column], cells: &[&str]) {
        let line = rows(columns, cells).join(" ");
        self.line(&line);
        self.head = Some(line);
    }

    /// A plain line of text.
    pub(super) fn line(&mut self, words: &str) {
        if self.y < MARGIN + 2 * LEADING {
            self.turn();
            if let Some(head) = self.head.clone() {
                self.room(LEADING);
                self.put(TABLE, SIZE, &head);
            }
        }
        self.room(LEADING);
        self.put(TABLE, SIZE, words);
    }

    fn turn(&mut self) {
        self.pages.push(Content::new());
        self.y = SHEET.1 - MARGIN;
    }

    fn room(&mut self, height: u16) {
        self.y = self.y.saturating_sub(height);
    }

    fn put(&mut self, font: Name<'_>, size: f32, words: &str) {
        let y = self.y;
        if let Some(page) = self.pages.last_mut() {
            put(page, font, size, y, words);
        }
    }

    /// The bytes of the PDF. `footer` stands on every page, before the page's number.
    pub(super) fn finish(self, title: &str, footer: &str, page: &str, of: &str) -> Vec<u8> {
        let (catalog, tree, table, bold, about) =
            (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4), Ref::new(5));
        let count = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        // A page and its content for each, after the five.
        let sheet = |place: i32| Ref::new(6 + 2 * place);
        let content = |place: i32| Ref::new(7 + 2 * place);
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree);
        pdf.pages(tree).kids((0..count).map(sheet)).count(count);
        for (id, name) in [(table, Name(b"Courier")), (bold, Name(b"Helvetica-Bold"))] {
            pdf.type1_font(id).base_font(name).encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        pdf.document_info(about).title(TextStr(title)).creator(TextStr("Bogbro"));
        for (place, mut written) in (0..count).zip(self.pages) {
            let number = format!("{page} {} {of} {count}", place + 1);
            let gap = WIDTH.saturating_sub(footer.chars().count() + number.chars().count());
            put(&mut written, TABLE, SIZE, MARGIN - LEADING, &format!("{footer}{}{number}", " ".repeat(gap)));
            let mut leaf = pdf.page(sheet(place));
            leaf.media_box(Rect::new(0.0, 0.0, f32::from(SHEET.0), f32::from(SHEET.1)));
            leaf.parent(tree).contents(content(place));
            leaf.resources().fonts().pair(TABLE, table).pair(BOLD, bold);
            leaf.finish();
            let plain = written.finish();
            match packed(plain.as_slice()) {
                Some(packed) => {
                    pdf.stream(content(place), &packed).filter(Filter::FlateDecode);
                }
                None => {
                    pdf.stream(content(place), plain.as_slice());
                }
            }
        }
        pdf.finish()
    }
}

fn put(page: &mut Content, font: Name<'_>, size: f32, y: u16, words: &str) {
    page.begin_text().set_font(font, size);
    page.next_line(f32::from(MARGIN), f32::from(y)).show(Str(&printable(words))).end_text();
}

fn packed(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// The text in the fonts' encoding, one byte for each character.
fn printable(words: &str) -> Vec<u8> {
    let mut written = Vec::with_capacity(words.len());
    let mut buffer = [0; 4];
    for character in words.chars() {
        if character.is_ascii() {
            let byte = u8::try_from(character).unwrap_or(b'?');
            written.push(if byte.is_ascii_control() { b' ' } else { byte });
            continue;
        }
        let (bytes, _, unknown) = WINDOWS_1252.encode(character.encode_utf8(&mut buffer));
        match bytes.as_ref() {
            [byte] if !unknown => written.push(*byte),
            _ => written.push(b'?'),
        }
    }
    written
}

/// The rows that cells make: one, or more where a text is longer than its column.
fn rows(columns: &[Column], cells: &[&str]) -> Vec<String> {
    let broken: Vec<Vec<String>> =
        columns.iter().zip(cells).map(|(column, cell)| broken(*column, cell)).collect();
    let height = broken.iter().map(Vec::len).max().unwrap_or(1).max(1);
    (0..height)
        .map(|line| {
            let mut row = String::with_capacity(WIDTH);
            for (column, parts) in columns.iter().zip(&broken) {
                let part = parts.get(line).map(String::as_str).unwrap_or_default();
                let width = column.width;
                if column.right {
                    row.push_str(&format!("{part:>width$} "));
                } else {
                    row.push_str(&format!("{part:<width$} "));
                }
            }
            row.truncate(row.trim_end().len());
            row
        })
        .collect()
}

/// A cell in pieces of its column's width, broken between words where there are any.
fn broken(column: Column, cell: &str) -> Vec<String> {
    if column.right || cell.chars().count() <= column.width {
        return vec![cell.to_owned()];
    }
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    let mut length = 0;
    for word in cell.split(' ') {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > column.width {
            parts.push(std::mem::take(&mut part));
            length = 0;
        }
        if length > 0 {
            part.push(' ');
            length += 1;
        }
        for character in word.chars() {
            if length == column.width {
                parts.push(std::mem::take(&mut part));
                length = 0;
            }
            part.push(character);
            length += 1;
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_goes_on_below_and_a_figure_is_never_broken() {
        let columns = [text(5), figure(4), text(3)];
        assert_eq!(rows(&columns, &["abc", "1", "x"]), ["abc      1 x"]);
        assert_eq!(rows(&columns, &["abcdefg h", "123456", ""]), ["abcde 123456", "fg h"]);
        assert_eq!(rows(&columns, &["", "", ""]), [""]);
    }

    #[test]
    fn every_character_is_one_byte() {
        assert_eq!(printable("Æblegrød 5 €"), b"\xc6blegr\xf8d 5 \x80");
        assert_eq!(printable("a\r\n\u{142}\u{1f600}"), b"a  ??");
    }

    #[test]
    fn the_same_pages_are_the_same_bytes() {
        let paper = || {
            let mut paper = Paper::new();
            paper.title("Payout 48");
            paper.heading("Lines");
            paper.head(&[text(10)], &["Order"]);
            (0..200).for_each(|number| paper.row(&[text(10)], &[&number.to_string()]));
            paper.finish("Payout 48", "abc", "page", "of")
        };
        assert_eq!(paper(), paper());
        assert!(paper().starts_with(b"%PDF-"));
    }
}
