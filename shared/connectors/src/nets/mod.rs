//! Nets (acquiring; MyNets, formerly Teller): the CSV and SDV advices, by a profile.
//!
//! The records and their numbers are Nets'; the place of each field comes from the merchant's own record description, because
//! it differs by agreement and is not public. Without such a layout nothing is guessed.

mod map;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use map::profile;
pub use wire::Layout;

use crate::profile::by_profile;
use crate::report::{
    Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, beginning,
};

/// Nets.
#[derive(Clone, Copy, Debug)]
pub struct Nets;

const ADVICE: Format =
    Format { name: "nets-advice", medium: Medium::Delimited, proven: false, proof: Proof::Totals };

/// What is known of Nets' advices.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "nets",
    formats: &[ADVICE],
    unproven: &[
        "Only the numbers of the records are known; the places of the fields come from the merchant's record description.",
        "Records 200 and 300 are taken as totals, 400 and 410 as other postings.",
        "Header, footer and line counts of the SFTP delivery are passed over.",
    ],
};

impl ReportReader for Nets {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        let first = start.split([',', ';']).next().unwrap_or_default();
        wire::RECORDS.iter().any(|(number, ..)| *number == first.trim_matches('"')).then_some(&ADVICE)
    }

    fn read(
        &self,
        format: &'static Format,
        source: &mut dyn Read,
        context: &ReadingContext<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), Unreadable> {
        by_profile(MANIFEST.system, format, source, context, receiver)
    }
}
