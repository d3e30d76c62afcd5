//! Bank statements and notifications in ISO 20022 (camt.053 and camt.054), to confirm that payouts arrived.
//!
//! All versions of the messages are read by the names of their elements. A statement with both balances proves itself; a
//! notification repeats entries of a statement in more detail, and is never counted beside it.

mod map;
mod wire;

use std::io::Read;

use domain::bank::Statement;

use crate::markup::{self, Node};
use crate::report::{Bounded, Format, LONGEST_REPORT, Medium, Proof, ReportManifest, Unreadable};

/// What is known of the banks' messages.
pub const MANIFEST: ReportManifest = ReportManifest {
    system: "camt",
    formats: &[
        Format { name: "camt.053", medium: Medium::Markup, proven: true, proof: Proof::Totals },
        Format { name: "camt.054", medium: Medium::Markup, proven: true, proof: Proof::Nothing },
    ],
    unproven: &[
        "No message of a Danish bank was seen; the samples are from Switzerland and the Netherlands.",
    ],
};

/// Reads all statements of a message, each checked against itself.
///
/// # Errors
/// [`Unreadable`], also where a statement's balances and entries do not agree, with the difference.
pub fn statements(source: &mut dyn Read) -> Result<Vec<Statement>, Unreadable> {
    let statements = unchecked(source)?;
    for statement in &statements {
        statement.check().map_err(Unreadable::Refused)?;
    }
    Ok(statements)
}

/// Reads all statements of a message as they are.
///
/// # Errors
/// [`Unreadable`].
pub fn unchecked(source: &mut dyn Read) -> Result<Vec<Statement>, Unreadable> {
    let mut message = map::Message::default();
    markup::walk(&mut Bounded::new(source, LONGEST_REPORT), &mut |path, node| match node {
        Node::Open(attributes) => message.open(&path, attributes),
        Node::Close(text) => message.close(&path, text),
    })?;
    message.end()
}
