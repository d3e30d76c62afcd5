//! Files that are dropped for payouts, and mails that are delivered: whatever appears below the bucket's `drop/` or `mail/`, through S3 or
//! by copying it into the folder, is told to the payouts' queue in the form of the bucket's own events. What was told is remembered over restarts; a file that
//! is still growing is told when it has stood still.

use super::deployment::{ACCOUNT, BUCKET, REGION};
use super::queues::{NewMessage, Queues};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::watch;

/// The parts of the bucket that are watched.
pub(crate) const PREFIXES: [&str; 2] = ["drop", "mail"];
/// The queue that is told.
pub(crate) const QUEUE: &str = "payouts.fifo";
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// A file as it was seen: length and time of change in milliseconds.
type Seen = (u64, u64);

/// Watches until `stopping` says so.
pub(crate) async fn run(
    bucket: PathBuf,
    memory: PathBuf,
    queues: Arc<Queues>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut told = recall(&memory);
    let mut before: BTreeMap<String, Seen> = BTreeMap::new();
    loop {
        let mut now = BTreeMap::new();
        for prefix in PREFIXES {
            look(&bucket, &bucket.join(prefix), &mut now);
        }
        for (object, seen) in &now {
            if told.get(object) == Some(seen) || before.get(object) != Some(seen) {
                continue;
            }
            match queues.send(QUEUE, &message(object, *seen)) {
                Ok(_) => {
                    told.insert(object.clone(), *seen);
                    remember(&memory, &told);
                }
                Err(error) => tracing::error!(%error, "a dropped file cannot be told of"),
            }
        }
        before = now;
        if tokio::time::timeout(LOOK, stopping.wait_for(|stopping| *stopping)).await.is_ok() {
            return;
        }
    }
}

fn look(bucket: &Path, folder: &Path, found: &mut BTreeMap<String, Seen>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            look(bucket, &path, found);
            continue;
        }
        let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let changed = changed.and_then(|time| u64::try_from(time.as_millis()).ok()).unwrap_or_default();
        let name = path.strip_prefix(bucket).ok().and_then(Path::to_str);
        // The engine keeps its own notes beside the objects, in hidden files.
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if let Some(name) = name.filter(|_| !hidden) {
            found.insert(name.to_owned(), (metadata.len(), changed));
        }
    }
}

/// The event of an object that was made. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html> The file is not read for
/// it: its tag is of what was seen of it.
fn message(object: &str, (length, changed): Seen) -> NewMessage {
    let tag = super::queues::md5_hex(format!("{object}\n{length}\n{changed}").as_bytes());
    let event = json!({
        "version": "0", "id": super::identifier(), "detail-type": "Object Created", "source": "aws.s3",
        "account": ACCOUNT, "region": REGION,
        "detail": {
            "version": "0", "bucket": { "name": BUCKET },
            "object": { "key": object, "size": length, "etag": tag, "sequencer": format!("{changed:016X}") },
        },
    });
    NewMessage {
        body: event.to_string(),
        // Each folder has a rule of its own, and a rule knows one group.
        group: object.split('/').next().map(str::to_owned),
        deduplication: Some(tag),
        ..NewMessage::default()
    }
}

fn recall(memory: &Path) -> BTreeMap<String, Seen> {
    let text = fs::read_to_string(memory).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn remember(memory: &Path, told: &BTreeMap<String, Seen>) {
    let written = serde_json::to_vec(told).map(|text| fs::write(memory, text));
    if !matches!(written, Ok(Ok(()))) {
        tracing::error!("what was told of dropped files cannot be remembered");
    }
}
