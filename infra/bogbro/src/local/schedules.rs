//! Schedules: each function with a rate is invoked when its time has come, with the event that a rule of EventBridge
//! sends. The last time is remembered in the data directory, so that restarts neither skip nor repeat; after a longer
//! pause it runs once, not once for every missed time.

use super::deployment::{ACCOUNT, REGION};
use super::functions::Functions;
use hyper::body::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// When each schedule last ran.
pub(crate) struct Schedules {
    connection: Mutex<Connection>,
}

impl Schedules {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS schedule (function TEXT PRIMARY KEY, ran_at INTEGER NOT NULL) WITHOUT ROWID",
        )?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn ran_at(&self, function: &str) -> rusqlite::Result<Option<i64>> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection
            .query_row("SELECT ran_at FROM schedule WHERE function = ?1", [function], |row| row.get(0))
            .optional()
    }

    fn remember(&self, function: &str, at: i64) -> rusqlite::Result<()> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.execute("INSERT OR REPLACE INTO schedule VALUES (?1, ?2)", params![function, at])?;
        Ok(())
    }
}

/// Invokes the function at its rate until `stopping` says so.
pub(crate) async fn run(
    schedules: Arc<Schedules>,
    functions: Arc<Functions>,
    function: String,
    rate: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    let rate_milliseconds = i64::try_from(rate.as_millis()).unwrap_or(i64::MAX / 2).max(1);
    loop {
        let last = schedules.ran_at(&function).unwrap_or_default();
        let now = super::queues::now();
        // A last time in the future is a clock that was set back; waiting for it could be for ever.
        let left = last.filter(|last| *last <= now).map_or(0, |last| last + rate_milliseconds - now);
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        if tokio::time::timeout(left, stopping.wait_for(|stopping| *stopping)).await.is_ok() {
            return;
        }
        if let Err(error) = schedules.remember(&function, super::queues::now()) {
            tracing::error!(function, %error, "a schedule cannot be remembered");
            tokio::time::sleep(rate).await;
        }
        // An error is in the log already, and the next time comes.
        let _ = functions.invoke(&function, event(&function)).await;
    }
}

/// The event of a schedule without an input of its own.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html>
fn event(function: &str) -> Bytes {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let event = json!({
        "version": "0", "id": super::identifier(), "detail-type": "Scheduled Event", "source": "aws.events",
        "account": ACCOUNT, "time": now, "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{function}")], "detail": {},
    });
    Bytes::from(event.to_string())
}
