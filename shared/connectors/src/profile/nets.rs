//! Nets (acquiring; MyNets, formerly Teller): the CSV and SDV advices, by a profile.
//!
//! The records and their numbers are Nets'; the place of each field comes from the merchant's own record description in MyNets, because
//! it differs by agreement and is not public. The merchant writes it as the `profile` of the flow, a record for each number
//! (`fixtures/nets_advice.profile.json` is one); without it nothing is guessed.

use std::io::Read;

use domain::settlement::Receiver;

use super::by_profile;
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
        "Only the numbers of the records are known; what each is and where its fields stand comes from the merchant's record description.",
        "Header, footer and line counts of the SFTP delivery count for nothing; where the profile does not name their records they are refused.",
    ],
};

/// Numbers that an advice's records begin with: 100 turnover, 110 and 120 transactions and fees, 200 and 300 totals, 400 and 410 other
/// postings. What each is, and where its fields stand, the profile says.
const RECORDS: [&str; 7] = ["100", "110", "120", "200", "300", "400", "410"];

impl ReportReader for Nets {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        let start = beginning(start);
        let first = start.split([',', ';']).next().unwrap_or_default();
        RECORDS.contains(&first.trim_matches('"')).then_some(&ADVICE)
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
