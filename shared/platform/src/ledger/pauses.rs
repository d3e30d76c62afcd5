//! Pauses: records beside the merchant's own, so that reading the merchant's configuration brings them along.

use domain::MerchantId;
use engine::store::{LEDGER_SCHEMA, Pause, PauseScope};

use super::Ledger;
use crate::failure::PlatformError;
use crate::keys::{self, ItemKey, Keys};
use crate::table::{Item, Reading, json, key_of, number};

/// Where a pause stands.
pub(super) fn key_of_scope(scope: &PauseScope) -> ItemKey {
    match scope {
        PauseScope::Everything => keys::global_pause(),
        PauseScope::Merchant { merchant } => Keys::of(merchant).pause(None),
        PauseScope::Connection { merchant, connection } => Keys::of(merchant).pause(Some(connection)),
    }
}

/// Reads a pause.
///
/// # Errors
/// `UnknownSchema`, `Unreadable`.
pub fn read_pause(item: &Item) -> Result<Pause, PlatformError> {
    Reading::of(item, LEDGER_SCHEMA)?.json("pause")
}

impl Ledger {
    pub(super) async fn set_pause(&self, pause: &Pause) -> Result<(), PlatformError> {
        let mut item = key_of(&key_of_scope(&pause.scope));
        item.insert("schema".to_owned(), number(LEDGER_SCHEMA));
        item.insert("pause".to_owned(), json(pause)?);
        // An earlier pause stays as it is: its reason and time are what a person wants to see.
        self.table.insert(item).await.map(|_| ())
    }

    pub(super) async fn list_pauses(&self, merchant: &MerchantId) -> Result<Vec<Pause>, PlatformError> {
        let partition = Keys::of(merchant).pause(None).partition;
        let mut items = self.table.range(&partition, "pause#", "pause#~").await?;
        items.extend(self.table.get(&keys::global_pause()).await?);
        let mut pauses = items.iter().map(read_pause).collect::<Result<Vec<_>, _>>()?;
        pauses.sort_by(|a, b| a.scope.cmp(&b.scope));
        Ok(pauses)
    }
}
