//! The texts themselves, one entry to a code.

use super::Entry;

/// Reasons of plans.
pub(crate) const ENTRIES: &[Entry] = &[];

/// Problems of settings files.
pub(crate) const SETTINGS: &[Entry] = &[];
