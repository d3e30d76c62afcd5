//! Files that have no reader of their own, read by a profile: encoding, delimiter, decimal and date style, named columns, sign
//! rule, words for kinds, types of record. So a bank's or an acquirer's unknown CSV or workbook becomes configuration.

mod map;
pub mod nets;
mod wire;

use std::io::Read;

use domain::settlement::Receiver;

pub use wire::{FeeSign, Form, Mark, Profile, Record, Role, Sign, What, parse};

use crate::report::{
    Batches, Format, Medium, Proof, ReadingContext, ReportManifest, ReportReader, Unreadable, is_workbook,
    refusal,
};

/// Any file, by a profile.
#[derive(Clone, Copy, Debug)]
pub struct ByProfile;

const CSV: Format =
    Format { name: "profile-delimited", medium: Medium::Delimited, proven: false, proof: Proof::Nothing };
const WORKBOOK: Format =
    Format { name: "profile-workbook", medium: Medium::Workbook, proven: false, proof: Proof::Nothing };

/// What is known of files that are read by a profile.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "profile",
    formats: &[CSV, WORKBOOK],
    unproven: &["What a file means is what its profile says; a person approves what is read by one."],
};

impl ReportReader for ByProfile {
    fn manifest(&self) -> &'static ReportManifest {
        &MANIFEST
    }

    fn detect(&self, start: &[u8]) -> Option<&'static Format> {
        Some(if is_workbook(start) { &WORKBOOK } else { &CSV })
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

/// Reads a file of `system` by the profile in the context.
///
/// # Errors
/// [`Unreadable`]; also where there is no profile, or one for another form of file.
pub(crate) fn by_profile(
    system: &str,
    format: &'static Format,
    source: &mut dyn Read,
    context: &ReadingContext<'_>,
    receiver: &mut dyn Receiver,
) -> Result<(), Unreadable> {
    let profile = context.profile.ok_or_else(|| refusal("report-profile-missing").with("system", system))?;
    let form = if format.medium == Medium::Workbook { Form::Workbook } else { Form::Delimited };
    if profile.form != form {
        return Err(refusal("report-not-this-format").with("system", &profile.acquirer).into());
    }
    let mut batches = Batches::new(&profile.acquirer, receiver);
    map::read(profile, source, context, &mut batches)
}
