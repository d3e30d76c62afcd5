//! When the stock of a flow is looked at.

use jiff::{SignedDuration, Timestamp};

use crate::identity::{ConnectionId, spread};
use crate::settings::StockSettings;

/// True in one minute of each period, another for each connection, so that not all come at once.
pub fn is_turn(settings: &StockSettings, shop: &ConnectionId, now: Timestamp) -> bool {
    let own = i64::from(spread(shop.as_str()));
    let period = i64::from(settings.every_minutes.max(1));
    settings.is_on() && now.as_second().div_euclid(60).rem_euclid(period) == own.rem_euclid(period)
}

/// True when everything is to be compared with what the shop really shows.
pub fn wants_whole(settings: &StockSettings, last: Option<Timestamp>, now: Timestamp) -> bool {
    let period = SignedDuration::from_hours(i64::from(settings.full_every_hours));
    last.is_none_or(|last| now.duration_since(last) >= period)
}

/// True when a document that was made is a reason to look.
pub fn wants_word(settings: &StockSettings) -> bool {
    settings.is_on() && settings.after_documents
}
