//! Six bugs, each a wrapper around a part that is right. They prove that the checks would see such a bug in the engine.

use std::sync::Arc;

use connectors::ports::{Accounting, Webshop};
use engine::store::Store;

use crate::deployment::{ACCOUNTING, WEBSHOP};
use crate::ledger::SimulatedStore;

/// A seeded bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {}

pub(crate) fn store(_: Option<Bug>, store: &Arc<SimulatedStore>) -> Arc<dyn Store> {
    Arc::clone(store) as Arc<dyn Store>
}

pub(crate) fn webshop(_: Option<Bug>) -> &'static dyn Webshop {
    WEBSHOP
}

pub(crate) fn accounting(_: Option<Bug>) -> &'static dyn Accounting {
    ACCOUNTING
}
