//! Rows and columns, from delimited text and from workbooks alike: by the names in the header, one row at a time.
//!
//! A column that a reader needs and does not find is a refusal that names it; one that it does not know is passed over, in
//! whatever order they stand. A row that is shorter or longer than the header is a refusal, since its amounts may stand
//! under the wrong names.

use std::io::Read;

use delimited::{Reader, Record};
use domain::Money;
use domain::money::Currency;
use encoding_rs::Encoding;

use crate::characters::{Characters, RecordEnd};
use crate::figures::{self, Marks};
use crate::report::{MOST_LINES, Refusal, Unreadable, refusal};
use crate::workbook;

/// Most columns of a table.
pub(crate) const MOST_COLUMNS: usize = 512;
/// How many rows may stand before the header of a workbook.
const LEAD_ROWS: u32 = 40;

/// How delimited text is written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Between fields.
    pub delimiter: u8,
    /// Whether double quotes hold fields together.
    pub quoted: bool,
    /// The encoding, unless a byte-order mark says otherwise.
    pub encoding: &'static Encoding,
    /// The maker ends the last line as well: a file without that end is cut off.
    pub closed: bool,
}

impl Style {
    /// UTF-8, commas and quotes.
    pub const COMMA: Style =
        Style { delimiter: b',', quoted: true, encoding: encoding_rs::UTF_8, closed: false };
    /// UTF-8, commas and quotes, every line with its end.
    pub const CLOSED_COMMA: Style = Style { closed: true, ..Style::COMMA };
    /// UTF-8, semicolons and quotes.
    pub const SEMICOLON: Style =
        Style { delimiter: b';', quoted: true, encoding: encoding_rs::UTF_8, closed: false };
}

/// Where rows come from.
pub enum Table<'a> {
    /// Delimited text.
    Delimited(&'a mut dyn Read, Style),
    /// The sheet of that name in a workbook; without a name the first.
    Workbook(&'a mut dyn Read, Option<&'a str>),
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Its place in the file: the line of a text, the row of a sheet; both begin at 1.
    pub number: u32,
    /// Its fields.
    pub fields: Record<'a>,
}

/// A column by its name, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'n> {
    /// Its name in the file.
    pub name: &'n str,
    position: Option<usize>,
}

impl Column<'_> {
    /// True where the file has it.
    pub fn is_there(&self) -> bool {
        self.position.is_some()
    }
}

impl<'n> Column<'n> {
    /// A column by its place, for records that stand under no header.
    pub const fn at(name: &'n str, position: usize) -> Column<'n> {
        Column { name, position: Some(position) }
    }
}

impl<'a> Row<'a> {
    /// The field without spaces around it; empty where the file has no such column.
    pub fn text(&self, column: Column<'_>) -> &'a str {
        column.position.and_then(|position| self.fields.get(position)).unwrap_or_default().trim()
    }

    /// A field that must not be empty.
    ///
    /// # Errors
    /// A refusal with the row and the column.
    pub fn given(&self, column: Column<'_>) -> Result<&'a str, Refusal> {
        match self.text(column) {
            "" => Err(self.refused("report-value-missing", column)),
            text => Ok(text),
        }
    }

    /// An amount; `None` for an empty field.
    ///
    /// # Errors
    /// A refusal with the row and the column for what is no amount in these marks and this currency.
    pub fn amount(
        &self,
        column: Column<'_>,
        marks: Marks,
        currency: Currency,
    ) -> Result<Option<Money>, Refusal> {
        match self.text(column) {
            "" => Ok(None),
            text => match figures::amount(text, marks, currency) {
                Some(amount) => Ok(Some(amount)),
                None => Err(self.refused("report-amount", column)),
            },
        }
    }

    /// An amount in minor units; 0 for an empty field.
    ///
    /// # Errors
    /// As [`Row::amount`].
    pub fn minor(&self, column: Column<'_>, marks: Marks, currency: Currency) -> Result<i64, Refusal> {
        Ok(self.amount(column, marks, currency)?.map_or(0, Money::minor))
    }

    /// An amount that must be there.
    ///
    /// # Errors
    /// As [`Row::amount`], and for an empty field.
    pub fn amount_given(
        &self,
        column: Column<'_>,
        marks: Marks,
        currency: Currency,
    ) -> Result<Money, Refusal> {
        self.amount(column, marks, currency)?.ok_or_else(|| self.refused("report-value-missing", column))
    }

    /// A currency's code.
    ///
    /// # Errors
    /// A refusal with the row and the column.
    pub fn currency(&self, column: Column<'_>) -> Result<Currency, Refusal> {
        figures::currency(self.given(column)?).ok_or_else(|| self.refused("report-currency", column))
    }

    /// A whole number.
    ///
    /// # Errors
    /// A refusal with the row and the column.
    pub fn count(&self, column: Column<'_>) -> Result<u64, Refusal> {
        self.given(column)?.parse().map_err(|_| self.refused("report-count", column))
    }

    /// What `read` makes of a field that is not empty.
    ///
    /// # Errors
    /// A refusal of `code` with the row and the column where `read` makes nothing of it.
    pub fn read<T>(
        &self,
        column: Column<'_>,
        code: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.text(column) {
            "" => Ok(None),
            text => read(text).map(Some).ok_or_else(|| self.refused(code, column)),
        }
    }

    /// A refusal of `code` for a field of this row.
    pub fn refused(&self, code: &str, column: Column<'_>) -> Refusal {
        refusal(code).with("row", self.number).with("column", column.name)
    }

    fn is_empty(&self) -> bool {
        self.fields.iter().all(|field| field.trim().is_empty())
    }
}

/// The names of a table's columns.
pub struct Header {
    names: Vec<String>,
}

impl Header {
    /// A row as a header.
    pub fn of(row: &Row<'_>) -> Header {
        Header { names: row.fields.iter().map(|name| name.trim().to_owned()).collect() }
    }

    /// A column that must be there, under one name only once.
    ///
    /// # Errors
    /// A refusal that names the column.
    pub fn required<'n>(&self, name: &'n str) -> Result<Column<'n>, Refusal> {
        let column = self.optional(name)?;
        if column.is_there() {
            Ok(column)
        } else {
            Err(refusal("report-column-missing").with("column", name))
        }
    }

    /// A column that may be there.
    ///
    /// # Errors
    /// A refusal where the name stands twice: nobody can say which is meant.
    pub fn optional<'n>(&self, name: &'n str) -> Result<Column<'n>, Refusal> {
        let mut places =
            self.names.iter().enumerate().filter(|(_, known)| *known == name).map(|(place, _)| place);
        let position = places.next();
        if places.next().is_some() {
            return Err(refusal("report-column-twice").with("column", name));
        }
        Ok(Column { name, position })
    }

    /// The first of several names that is there, for formats whose header is translated.
    ///
    /// # Errors
    /// As [`Header::optional`].
    pub fn any<'n>(&self, names: &[&'n str]) -> Result<Option<Column<'n>>, Refusal> {
        for name in names {
            let column = self.optional(name)?;
            if column.is_there() {
                return Ok(Some(column));
            }
        }
        Ok(None)
    }

    /// The name of the column at that place.
    pub fn name(&self, place: usize) -> &str {
        self.names.get(place).map(String::as_str).unwrap_or_default()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.names.len()
    }
}

/// Reads every row that is not empty, without any meaning of a header: for files of several kinds of record.
///
/// # Errors
/// [`Unreadable`], also as `each` says.
pub fn rows(
    table: Table<'_>,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut checked = |row: &Row<'_>| {
        if row.fields.len() > MOST_COLUMNS {
            return Err(refusal("report-too-many")
                .with("what", "columns")
                .with("limit", MOST_COLUMNS)
                .into());
        }
        if row.number > MOST_LINES {
            return Err(refusal("report-too-many").with("what", "rows").with("limit", MOST_LINES).into());
        }
        if row.is_empty() { Ok(()) } else { each(row) }
    };
    match table {
        Table::Delimited(source, style) => delimited(source, style, &mut checked),
        Table::Workbook(source, sheet) => workbook::rows(source, sheet, &mut checked),
    }
}

fn delimited(
    source: &mut dyn Read,
    style: Style,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let characters = Characters::new(
        source,
        style.encoding,
        RecordEnd::Line { quoted: style.quoted, closed: style.closed },
    );
    let written = delimited::Style { delimiter: style.delimiter, quoted: style.quoted };
    let mut reader = Reader::new(characters, written);
    while let Some(record) = reader.read()? {
        each(&Row { number: u32::try_from(record.line()).unwrap_or(u32::MAX), fields: record })?;
    }
    Ok(())
}

/// Reads a table under a header. `columns` finds the columns that are needed; `each` is given them with every row below.
///
/// In a text the first row is the header. In a workbook rows may stand above it: the header is the first that holds `mark`.
///
/// # Errors
/// [`Unreadable`]; where no header is found it names `mark`.
pub fn headed<C>(
    table: Table<'_>,
    mark: &str,
    columns: impl FnOnce(&Header) -> Result<C, Refusal>,
    mut each: impl FnMut(&C, &Row<'_>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let lead = if matches!(table, Table::Workbook(..)) { LEAD_ROWS } else { 0 };
    let mut pending = Some(columns);
    let mut found: Option<(C, usize)> = None;
    let missing = || Unreadable::from(refusal("report-column-missing").with("column", mark));
    rows(table, &mut |row| match (&found, pending.take()) {
        (Some((columns, width)), _) => {
            if row.fields.len() != *width && (lead == 0 || row.fields.len() > *width) {
                return Err(refusal("report-row-width")
                    .with("row", row.number)
                    .with("expected", width)
                    .with("found", row.fields.len())
                    .into());
            }
            each(columns, row)
        }
        (None, columns) => {
            let is_header = lead == 0 || row.fields.iter().any(|name| name.trim() == mark);
            if !is_header {
                pending = columns;
                return if row.number > lead { Err(missing()) } else { Ok(()) };
            }
            let header = Header::of(row);
            if let Some(columns) = columns {
                found = Some((columns(&header)?, header.width()));
            }
            Ok(())
        }
    })?;
    if found.is_some() { Ok(()) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u32, String, String)>, Unreadable> {
        let mut source = text.as_bytes();
        let mut lines = Vec::new();
        headed(
            Table::Delimited(&mut source, Style::COMMA),
            "order",
            |header| Ok((header.required("order")?, header.required("amount")?, header.optional("note")?)),
            |(order, amount, note), row| {
                let amount = row.amount_given(*amount, Marks::POINT, Currency::DKK)?;
                lines.push((
                    row.number,
                    format!("{} {}", row.text(*order), row.text(*note)),
                    amount.to_string(),
                ));
                Ok(())
            },
        )?;
        Ok(lines)
    }

    fn reason(text: &str) -> String {
        match read(text) {
            Err(Unreadable::Refused(reason)) => {
                let facts: Vec<String> =
                    reason.facts.iter().map(|(name, fact)| format!("{name}={fact}")).collect();
                format!("{} {}", reason.code, facts.join(" "))
            }
            other => panic!("{other:?} is not refused"),
        }
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let one = read("order,amount\n1,2.50\n").expect("read");
        assert_eq!(one, [(2, "1 ".to_owned(), "2.50".to_owned())]);
        let other = read("x,note,amount,order\n,\"a\nb\",2.50,1\n,c,3,2\n").expect("read");
        assert_eq!(other[0], (2, "1 a\nb".to_owned(), "2.50".to_owned()));
        assert_eq!(other[1].0, 4, "lines are counted as an editor shows them");
        let numbers = |text: &str| read(text).expect("read").iter().map(|line| line.0).collect::<Vec<_>>();
        assert_eq!(numbers("order,amount\r\n1,2.50\r\n\r\n2,3\r\n"), [2, 4], "whichever way they end");
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        assert_eq!(reason("order,total\n1,2\n"), "report-column-missing column=amount");
        assert_eq!(reason("order,amount,amount\n1,2,3\n"), "report-column-twice column=amount");
        assert_eq!(reason("order,amount\n1\n"), "report-row-width row=2 expected=2 found=1");
        assert_eq!(reason("order,amount\n1,2,50\n"), "report-row-width row=2 expected=2 found=3");
        assert_eq!(reason("order,amount\n1,x\n"), "report-amount row=2 column=amount");
        assert_eq!(reason("order,amount\n1,\n"), "report-value-missing row=2 column=amount");
        assert_eq!(reason("order,amount\n1,1.005\n"), "report-amount row=2 column=amount");
        assert_eq!(reason(""), "report-column-missing column=order");
        assert_eq!(reason("order;amount\n1;2\n"), "report-column-missing column=order");
    }
}
