//! Which payouts the minute's turn leaves word of: those that are due, and those that wait for what may have been mended
//! ([`engine::payouts::waiting`] says which).
//!
//! Nothing is kept of it: a payout that was looked at since the night began, or since every process knows a change of the settings, is not
//! brought up for that again. While a pause holds nothing of its flow is brought up; once it is lifted the next turn does it.

use domain::settings::MerchantFile;
use engine::held::Occasion;
use engine::payouts::{PayoutRecord, waiting};
use engine::store::Pause;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::held::{KNOWN_AFTER, NIGHT_HOURS, WALKED_FOR};
use crate::merchants::Merchant;
use crate::routes::pause_over;

/// What one minute brings up of a merchant's payouts.
pub(super) struct ComingUp<'a> {
    file: &'a MerchantFile,
    pauses: &'a [Pause],
    now: Timestamp,
    /// Since when every process knows the settings as they are, for some time after that.
    settings: Option<Timestamp>,
    /// When the night began, in its hours.
    night: Option<Timestamp>,
}

impl ComingUp<'_> {
    pub(super) fn of(merchant: &Merchant, now: Timestamp) -> ComingUp<'_> {
        let record = &merchant.record;
        ComingUp {
            file: &record.file,
            pauses: &merchant.pauses,
            now,
            settings: settings_known(record.put_at, now),
            night: night_began(&record.file.zone(), now),
        }
    }

    /// True when word of the payout is to be left.
    pub(super) fn has(&self, record: &PayoutRecord) -> bool {
        let due = record.due_at.is_some_and(|due| due <= self.now);
        let unseen = |since: Option<Timestamp>| since.is_some_and(|since| record.updated_at < since);
        let on = |occasion| waiting::comes_up(record, occasion, self.now);
        let mended =
            (unseen(self.settings) && on(Occasion::Settings)) || (unseen(self.night) && on(Occasion::Night));
        (due || mended) && !self.is_paused(&record.flow)
    }

    fn is_paused(&self, flow: &str) -> bool {
        let flow = self.file.payouts.iter().find(|known| known.name == flow);
        let ends = flow.map(|flow| [&flow.acquirer, &flow.accounting]).into_iter().flatten();
        let ids: Vec<_> = ends.filter_map(|end| self.file.connection(end)).map(|end| &end.id).collect();
        pause_over(self.pauses, &ids).is_some()
    }
}

/// Since when no process believes the settings of before; `None` before that, and when it is long ago.
fn settings_known(put_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let recent = (KNOWN_AFTER..WALKED_FOR).contains(&now.duration_since(put_at));
    recent.then(|| put_at + KNOWN_AFTER)
}

/// When the night began in which it is `now`.
fn night_began(zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let local = zone.to_datetime(now);
    let began = local.date().at(NIGHT_HOURS.start, 0, 0, 0);
    NIGHT_HOURS.contains(&local.hour()).then(|| zone.to_timestamp(began).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_change_of_the_settings_is_an_occasion_once_every_process_knows_it_and_not_for_ever() {
        let put_at = Timestamp::UNIX_EPOCH;
        let at = |minutes| settings_known(put_at, put_at + SignedDuration::from_mins(minutes));
        assert_eq!(at(1), None);
        assert_eq!(at(2), Some(put_at + SignedDuration::from_mins(2)));
        assert_eq!(at(119), at(2));
        assert_eq!(at(120), None);
    }

    #[test]
    fn the_night_is_the_merchants_own() {
        let zone = TimeZone::get("Europe/Copenhagen").expect("it is known");
        let at = |text: &str| night_began(&zone, text.parse().expect("a time"));
        assert_eq!(at("2026-11-27T01:59:59Z"), None);
        assert_eq!(at("2026-11-27T02:00:00Z"), Some("2026-11-27T02:00:00Z".parse().expect("a time")));
        assert_eq!(at("2026-11-27T03:59:59Z"), Some("2026-11-27T02:00:00Z".parse().expect("a time")));
        assert_eq!(at("2026-11-27T04:00:00Z"), None);
    }
}
