//! When it is whose turn: each connection has its own minute, from its id alone.

use domain::ConnectionId;
use domain::identity::spread;
use domain::settings::MerchantFile;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use platform::held::NIGHT_HOURS;

/// A connection's own minute within a period, from its id alone: the same on every machine.
fn offset(connection: &ConnectionId, period: i64) -> i64 {
    i64::from(spread(connection.as_str())) % period
}

/// True in one minute of each period.
pub(crate) fn is_turn(connection: &ConnectionId, now: Timestamp, period: i64) -> bool {
    now.as_second().div_euclid(60).rem_euclid(period) == offset(connection, period)
}

/// True in the merchant's night from the connection's own minute on: what was done in it is recorded, and not done again.
pub(crate) fn is_night_turn(file: &MerchantFile, connection: &ConnectionId, now: Timestamp) -> bool {
    let local = file.zone().to_datetime(now);
    let minute = i64::from(local.hour() - NIGHT_HOURS.start) * 60 + i64::from(local.minute());
    NIGHT_HOURS.contains(&local.hour()) && minute >= offset(connection, 60)
}

/// When the merchant's night ends, in which it is `now`.
pub(crate) fn night_ends(zone: &TimeZone, now: Timestamp) -> Timestamp {
    let end = zone.to_datetime(now).date().at(NIGHT_HOURS.end, 0, 0, 0);
    zone.to_timestamp(end).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_night_ends_by_the_merchants_clock() {
        let copenhagen = TimeZone::get("Europe/Copenhagen").expect("it is known");
        let at = |text: &str| -> Timestamp { text.parse().expect("a time") };
        assert_eq!(night_ends(&copenhagen, at("2026-11-27T03:10:00Z")), at("2026-11-27T04:00:00Z"));
        assert_eq!(night_ends(&copenhagen, at("2026-07-01T01:10:00Z")), at("2026-07-01T03:00:00Z"));
    }

    /// Minutes.
    const PERIOD: i64 = 10;

    #[test]
    fn every_connection_has_one_minute_in_each_period_and_they_are_spread() {
        let start = Timestamp::from_second(1_795_000_000).expect("a time");
        let mut minutes = std::collections::BTreeSet::new();
        for id in 0..200 {
            let connection = ConnectionId::new(format!("connection-{id:08}"));
            let turns: Vec<i64> = (0..PERIOD)
                .filter(|minute| is_turn(&connection, start + SignedDuration::from_mins(*minute), PERIOD))
                .collect();
            assert_eq!(turns.len(), 1, "{connection}");
            minutes.extend(turns);
        }
        assert_eq!(minutes.len(), 10, "all minutes are used");
    }
}
