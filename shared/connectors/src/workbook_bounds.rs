//! What a workbook may hold, looked at before anything of it is kept.
//!
//! Cells stream by; what stands around them (shared texts, formats, names of sheets) is kept whole while the cells are read, and room is
//! made for as many texts as the workbook says that it has. So everything is unpacked once, kept nowhere, and counted: bytes, texts, and
//! whatever else a reader of workbooks keeps. It is parsed by the same parser as later, so that what that would see is what is counted.

use std::io::{BufReader, Cursor, Read};

use quick_xml::events::{BytesStart, Event};

use crate::markup::Metered;
use crate::report::{Refusal, Unreadable, refusal};
use crate::workbook::{LONGEST_UNPACKED, MOST_FILES};

/// Most shared texts of a workbook: a sheet has a million rows at most, and 512 MB must do for all of it.
const MOST_TEXTS: u64 = 2_000_000;
/// Most formats, fonts, sheets and the like in one part. Excel itself keeps some 65,000 formats.
const MOST_KEPT: u64 = 100_000;
/// Longest tag of what is kept once for each format that has it.
const LONGEST_NAME: usize = 512;
/// Longest tag or text of a part that is XML: a cell of Excel's holds 32,767 characters.
const LONGEST_EVENT: usize = 1 << 20;
/// How the entries of an archive's directory begin.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";

/// Unpacks all of the archive, keeps none of it, and refuses what is more than may be.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Unreadable> {
    let too_much =
        || Unreadable::from(refusal("report-unpacks-too-large").with("limit", LONGEST_UNPACKED >> 20));
    // Before the directory is read: each entry of it is kept.
    let entries = bytes.windows(DIRECTORY_ENTRY.len()).filter(|at| *at == DIRECTORY_ENTRY);
    if entries.take(MOST_FILES + 1).count() > MOST_FILES {
        return Err(too_much());
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| refusal("report-workbook"))?;
    if archive.len() > MOST_FILES {
        return Err(too_much());
    }
    let mut left = LONGEST_UNPACKED;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| refusal("report-workbook"))?;
        let name = file.name().map_err(|_| refusal("report-workbook"))?.to_ascii_lowercase();
        let is_markup = name.ends_with(".xml") || name.ends_with(".rels");
        let mut file = file.take(left + 1);
        let counted = count(&mut file, if is_markup { LONGEST_EVENT } else { usize::MAX });
        // What is larger than it may be is told as that, whatever else is wrong with it.
        std::io::copy(&mut file, &mut std::io::sink()).map_err(|_| refusal("report-workbook"))?;
        left = file.limit().checked_sub(1).ok_or_else(too_much)?;
        counted?;
    }
    Ok(())
}

/// Counts what a reader of workbooks would keep of one part. What is no XML ends the count where it would end the reading.
fn count(part: &mut dyn Read, longest: usize) -> Result<(), Unreadable> {
    let metered = Metered { inner: BufReader::with_capacity(16 * 1024, part), since: 0, longest };
    let mut reader = quick_xml::Reader::from_reader(metered);
    let settings = reader.config_mut();
    settings.check_end_names = false;
    settings.allow_unmatched_ends = true;
    let mut counts = Counts::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().since = 0;
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag) | Event::Empty(tag)) => counts.take(&tag)?,
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(quick_xml::Error::Io(error)) => {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>());
                return inner.map_or(Ok(()), |refusal| Err(refusal.clone().into()));
            }
            Err(_) => return Ok(()),
        }
    }
}

/// What was met of one part.
#[derive(Default)]
struct Counts {
    texts: u64,
    kept: u64,
}

impl Counts {
    fn take(&mut self, tag: &BytesStart<'_>) -> Result<(), Unreadable> {
        let name = tag.local_name();
        let name: &str = name.as_ref();
        match name {
            "sst" => {
                let stated = tag.try_get_attribute("uniqueCount").map_err(|_| refusal("report-workbook"))?;
                let stated = stated.and_then(|stated| stated.value.parse::<u64>().ok());
                self.texts = self.texts.max(stated.unwrap_or_default());
            }
            "si" => self.texts += 1,
            "xf" | "numFmt" | "font" | "fill" | "border" | "sheet" | "definedName" | "Relationship" => {
                self.kept += 1;
            }
            _ => {}
        }
        if matches!(name, "numFmt" | "name" | "rFont") && tag.len() > LONGEST_NAME {
            return Err(refusal("report-record-too-long").with("limit", LONGEST_NAME).into());
        }
        for (count, most, what) in [(self.texts, MOST_TEXTS, "texts"), (self.kept, MOST_KEPT, "formats")] {
            if count > most {
                return Err(refusal("report-too-many").with("what", what).with("limit", most).into());
            }
        }
        Ok(())
    }
}
