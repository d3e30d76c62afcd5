//! Delimited text (CSV), a window at a time.
//!
//! It reads what the `csv` crate reads, flexible and without headers, field for field; a property test and a fuzz target hold the two
//! against each other. It is faster because no byte is copied: the marks of a whole window (delimiters, quotes, line ends) are found
//! first, many bytes at once, and a record is then a list of places in the window. Only a field whose quotes mean more than its
//! beginning and end is put together apart.

mod marks;
mod reader;
mod record;

pub use reader::{Reader, Style};
pub use record::{Assembled, Fields, Record};
