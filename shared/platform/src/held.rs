//! Held transfers come up by themselves: after the settings changed, and each night ([`engine::held`] says which).
//!
//! The list of what needs somebody is walked page by page, some pages a minute, and each that may go on is put on the queue for all
//! that is not live, where it has the day's share that sweeps have. How far a walk has come is kept, so that a minute that is cut off
//! is gone on with by the next one; what is put on the queue twice is planned twice, and makes nothing twice.

use std::fmt;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::settings::MerchantFile;
use engine::held::{Occasion, comes_up};
use engine::log::Why;
use engine::message::Message;
use engine::store::{Head, Pause, Store as _};
use jiff::{SignedDuration, Timestamp};

use crate::failure::PlatformError;
use crate::keys::Keys;
use crate::merchants::{BELIEVED, Merchant};
use crate::platform::Platform;
use crate::routes::{flow_of, pause_over};
use crate::table::{Item, Reading, SCHEMA, key_of, number, text};

/// The local hours of the night: in the first the books are compared, and what failed then is tried again until the end.
pub const NIGHT_HOURS: Range<i8> = 3..5;

/// Pages of a walk that one minute takes.
const PAGES: usize = 10;
/// From when on no process believes the settings of before.
pub(crate) const KNOWN_AFTER: SignedDuration = SignedDuration::from_secs(2 * BELIEVED.as_secs());
/// How long after a change a walk is begun or gone on with.
pub(crate) const WALKED_FOR: SignedDuration = SignedDuration::from_hours(2);

/// What one minute of a walk did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Transfers that were looked at.
    pub seen: usize,
    /// Of these, what was put on the queue.
    pub sent: usize,
    /// The walk has come to its end.
    pub done: bool,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seen, {} sent, done: {}", self.seen, self.sent, self.done)
    }
}

/// How far the walks of one kind of occasion have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Walk {
    /// Which change, or which night.
    occasion: String,
    /// Where it goes on.
    next: Option<String>,
    done: bool,
}

impl Walk {
    fn read(item: &Item) -> Result<Walk, PlatformError> {
        let reading = Reading::of(item, SCHEMA)?;
        Ok(Walk {
            occasion: reading.text("occasion")?.to_owned(),
            next: reading.text_if_any("next").map(str::to_owned),
            done: reading.flag("done"),
        })
    }
}

/// Brings up what may have been mended, and says in one line what was done: after a change of the settings, and in the merchant's local
/// hours of the night. `None`: there is nothing to walk over now.
///
/// # Errors
/// As AWS says; the next minute goes on.
pub async fn bring_up(
    platform: &Platform,
    merchant: &Merchant,
    now: Timestamp,
    night: &Range<i8>,
) -> Result<Option<String>, PlatformError> {
    let mut rounds = Vec::from_iter(after_settings(platform, merchant, now).await?);
    if night.contains(&merchant.record.file.zone().to_datetime(now).hour()) {
        rounds.extend(by_night(platform, merchant, now).await?);
    }
    let words: Vec<String> = rounds.iter().map(ToString::to_string).collect();
    let id = &merchant.record.file.id;
    Ok((!words.is_empty()).then(|| format!("{id}: {}", words.join("; "))))
}

/// Brings up what the last change of the merchant's settings may have mended. `None`: there is nothing to walk over now.
///
/// # Errors
/// As AWS says; the next minute goes on.
pub async fn after_settings(
    platform: &Platform,
    merchant: &Merchant,
    now: Timestamp,
) -> Result<Option<Round>, PlatformError> {
    let since = now.duration_since(merchant.record.put_at);
    if !(KNOWN_AFTER..WALKED_FOR).contains(&since) {
        return Ok(None);
    }
    let occasion = format!("settings {}", merchant.record.version);
    walk(platform, merchant, (Occasion::Settings, "settings", &occasion), now).await
}

/// Brings up what a day in the accounts may have mended: once a night.
///
/// # Errors
/// As [`after_settings`].
pub async fn by_night(
    platform: &Platform,
    merchant: &Merchant,
    now: Timestamp,
) -> Result<Option<Round>, PlatformError> {
    let occasion = format!("night {}", merchant.record.file.zone().to_datetime(now).date());
    walk(platform, merchant, (Occasion::Night, "night", &occasion), now).await
}

async fn walk(
    platform: &Platform,
    merchant: &Merchant,
    (occasion, kind, name): (Occasion, &str, &str),
    now: Timestamp,
) -> Result<Option<Round>, PlatformError> {
    let file = &merchant.record.file;
    let key = Keys::of(&file.id).held(kind);
    let known = platform.table.get(&key).await?.map(|item| Walk::read(&item)).transpose()?;
    let mut walk = known.filter(|walk| walk.occasion == name).unwrap_or_default();
    if walk.done {
        return Ok(None);
    }
    let mut round = Round { seen: 0, sent: 0, done: false };
    for _ in 0..PAGES {
        let page = platform.ledger.attention(&file.id, walk.next.as_deref()).await;
        let page = page.map_err(|failure| PlatformError::Unavailable {
            service: "dynamodb",
            message: failure.to_string(),
        })?;
        for head in &page.items {
            round.seen += 1;
            if comes_up(head, occasion, now) && may_go_on(file, &merchant.pauses, head) {
                platform.queues.send(&Message::again(head, Why::Held, name, now)).await?;
                round.sent += 1;
            }
        }
        walk.next = page.next;
        if walk.next.is_none() {
            round.done = true;
            break;
        }
    }
    let mut item = key_of(&key);
    item.insert("schema".to_owned(), number(SCHEMA));
    item.insert("occasion".to_owned(), text(name));
    item.insert("done".to_owned(), AttributeValue::Bool(round.done));
    if let Some(next) = walk.next {
        item.insert("next".to_owned(), text(next));
    }
    platform.table.put(item).await?;
    Ok(Some(round))
}

/// False for what stands still by a pause, or leads nowhere any more: it would wait, or be set aside, for nothing.
fn may_go_on(file: &MerchantFile, pauses: &[Pause], head: &Head) -> bool {
    let Some((_, shop, accounting)) = flow_of(file, &head.connection) else { return false };
    let same_shop = shop.source.as_deref() == Some(head.transfer.source.as_str());
    same_shop && pause_over(pauses, &[&shop.id, &accounting.id]).is_none()
}
