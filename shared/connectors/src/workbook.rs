//! Workbooks (XLSX), cell by cell.
//!
//! A workbook is a packed archive of XML, so a small one can unpack to anything: everything in it is unpacked once and
//! counted before any of it is kept. Cells are taken as they stream by, since a sheet may claim any extent. What a workbook
//! keeps as a number it keeps with some fifteen digits; its shortest decimal text is what the file's maker wrote.

use std::borrow::Cow;
use std::io::{Cursor, Read, Seek};

use calamine::{DataRef, Reader, Xlsx};
use delimited::Assembled;
use jiff::civil::DateTime;

use crate::characters::whole;
use crate::report::{LONGEST_RECORD, Unreadable, refusal};
use crate::tabular::{MOST_COLUMNS, Row};
use crate::workbook_bounds;

/// Largest workbook, packed, in bytes.
pub const LONGEST_PACKED: u64 = 48 << 20;
/// Largest workbook, unpacked, in bytes.
pub const LONGEST_UNPACKED: u64 = 160 << 20;
/// Most files in a workbook.
pub(crate) const MOST_FILES: usize = 2_000;

/// The first bytes of a workbook, as of every archive.
pub const SIGNATURE: &[u8] = b"PK\x03\x04";

/// Reads the rows of one sheet, in their order.
pub(crate) fn rows(
    source: &mut dyn Read,
    sheet: Option<&str>,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let bytes = whole(source, LONGEST_PACKED)?;
    workbook_bounds::check(&bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| refusal("report-workbook"))?;
    let names = book.sheet_names();
    let name = match sheet {
        Some(wanted) => names.iter().find(|name| *name == wanted),
        None => names.first(),
    };
    let Some(name) = name.cloned() else {
        return Err(refusal("report-sheet-missing").with("sheet", sheet.unwrap_or("1")).into());
    };
    cells(&mut book, &name, each)
}

fn cells<RS: Read + Seek>(
    book: &mut Xlsx<RS>,
    name: &str,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let broken = |_| Unreadable::from(refusal("report-workbook"));
    let mut cells = book.worksheet_cells_reader(name).map_err(broken)?;
    let mut row: Option<u32> = None;
    let mut length = 0;
    let mut fields = Assembled::default();
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (at, column) = cell.get_position();
        let column = column as usize;
        if row != Some(at) {
            if let Some(done) = row {
                each(&row_of(done, &fields))?;
                if at < done {
                    return Err(refusal("report-workbook").into());
                }
            }
            fields.clear();
            (row, length) = (Some(at), 0);
        }
        if column >= MOST_COLUMNS {
            return Err(refusal("report-too-many")
                .with("what", "columns")
                .with("limit", MOST_COLUMNS)
                .into());
        }
        if column < fields.len() {
            return Err(refusal("report-workbook").into());
        }
        while fields.len() < column {
            fields.push("");
        }
        let text = text(cell.get_value()).ok_or_else(|| {
            refusal("report-cell").with("row", u64::from(at) + 1).with("column", column + 1)
        })?;
        // A text that many cells share is written once in the workbook, and once for each of them in the row.
        length += text.len();
        if length > LONGEST_RECORD {
            return Err(refusal("report-record-too-long").with("limit", LONGEST_RECORD).into());
        }
        fields.push(&text);
    }
    match row {
        Some(last) => each(&row_of(last, &fields)),
        None => Ok(()),
    }
}

/// The row of a sheet; they are counted from zero in the archive.
fn row_of(at: u32, fields: &Assembled) -> Row<'_> {
    let number = at.saturating_add(1);
    Row { number, fields: fields.record(number.into()) }
}

/// A cell as text; `None` for one that holds an error or a length of time.
fn text<'v>(value: &'v DataRef<'_>) -> Option<Cow<'v, str>> {
    Some(match value {
        DataRef::Int(number) => number.to_string().into(),
        DataRef::Float(number) => number.to_string().into(),
        DataRef::String(text) => text.as_str().into(),
        DataRef::SharedString(text) => (*text).into(),
        DataRef::Bool(truth) => truth.to_string().into(),
        DataRef::DateTimeIso(text) => text.as_str().into(),
        DataRef::Empty => "".into(),
        DataRef::DateTime(moment) if moment.is_datetime() => time(moment.to_ymd_hms_milli())?.into(),
        DataRef::DateTime(_) | DataRef::DurationIso(_) | DataRef::Error(_) => return None,
    })
}

/// A moment to the nearest second: a workbook keeps it as a fraction of a day.
fn time((year, month, day, hour, minute, second, milli): (u16, u8, u8, u8, u8, u8, u16)) -> Option<String> {
    let small = |part: u8| i8::try_from(part).ok();
    let moment = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .ok()?;
    let rounded = if milli >= 500 { moment.checked_add(jiff::Span::new().seconds(1)).ok()? } else { moment };
    Some(rounded.strftime("%Y-%m-%d %H:%M:%S").to_string())
}
