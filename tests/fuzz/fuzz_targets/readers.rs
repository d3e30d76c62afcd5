//! Reads with a reader of reports, and checks what was read: shared by the targets of reports.

use connectors::profile::{self, Profile};
use connectors::report::{self, Format, ReadingContext, ReportReader};
use domain::settlement::{Settlements, Source};

/// A profile of the tests' own.
pub(crate) fn profile(text: &str) -> Profile {
    profile::parse(text).expect("the profile is sound")
}

/// Reads to the end, and checks what was read. True where it was read.
pub(crate) fn take_in(
    reader: &dyn ReportReader,
    format: Option<&'static Format>,
    bytes: &[u8],
    context: &ReadingContext<'_>,
) -> bool {
    let mut source = bytes;
    let mut settlements = Settlements::from_source(Source::default());
    let read = match format {
        Some(format) => reader.read(format, &mut source, context, &mut settlements),
        None => report::read(reader, &mut source, context, &mut settlements).map(|_| ()),
    };
    if read.is_err() {
        return false;
    }
    for batch in settlements.into_batches() {
        let _ = batch.check();
        assert!(batch.lines().all(|line| line.currency() == batch.currency()));
    }
    true
}
