//! The guard against a restored table that nobody has told of: it knows less than the books, and looks like any other.
//!
//! A table has an id of its own, which none that is restored from its backup has. It is written down in the table; a table that holds
//! another table's id was restored, and everything is paused until the operator has said so (`restore-epoch`). This is a second line: the
//! clock looks each minute, and a pause holds within a minute, so it comes for nobody who restores with the functions stopped.

use domain::plan::Reason;
use engine::store::{Pause, PauseScope, Store as _};
use jiff::Timestamp;

use crate::failure::PlatformError;
use crate::keys;
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::table::{Item, Reading, SCHEMA, SERVICE, Table, key_of, number, text};

/// Why everything is paused.
pub const RESTORED: &str = "table-restored";

fn unavailable(failure: impl std::fmt::Display) -> PlatformError {
    PlatformError::Unavailable { service: SERVICE, message: failure.to_string() }
}

async fn id_of(table: &Table) -> Result<String, PlatformError> {
    let answer = table.client.describe_table().table_name(&table.name).send().await;
    let answer = answer.map_err(|error| PlatformError::of(SERVICE, &error))?;
    let id = answer.table().and_then(|table| table.table_id()).map(str::to_owned);
    id.ok_or_else(|| PlatformError::Unreadable("the table's id".to_owned()))
}

fn written(id: &str) -> Item {
    let mut item = key_of(&keys::table_id());
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("table_id".to_owned(), text(id));
    item
}

/// Looks whether the table is the one that it says it is, and pauses everything where it is not. Says so in one line.
///
/// # Errors
/// As AWS says; the next minute looks again.
pub async fn watch(platform: &Platform, now: Timestamp) -> Result<Option<String>, PlatformError> {
    let id = id_of(&platform.table).await?;
    let Some(known) = platform.table.get(&keys::table_id()).await? else {
        platform.table.insert(written(&id)).await?;
        return Ok(None);
    };
    if Reading::of(&known, SCHEMA)?.text("table_id")? == id {
        return Ok(None);
    }
    let pause = Pause { scope: PauseScope::Everything, reason: Reason::new(RESTORED), since: now };
    platform.ledger.pause(&pause).await.map_err(unavailable)?;
    tracing::error!(
        event = "task-failed",
        task = "table",
        "the table was restored: say so with restore-epoch"
    );
    Ok(Some("everything is paused".to_owned()))
}

/// The operator has said that the table was restored: it is the one that counts from now on, and the pause goes.
///
/// # Errors
/// As AWS says; it is then said again.
pub async fn said(table: &Table, ledger: &Ledger) -> Result<(), PlatformError> {
    table.put(written(&id_of(table).await?)).await?;
    let Some(pause) = table.get(&keys::global_pause()).await? else { return Ok(()) };
    if crate::ledger::pauses::read_pause(&pause)?.reason.code == RESTORED {
        ledger.lift(&PauseScope::Everything).await.map_err(unavailable)?;
    }
    Ok(())
}
