//! The weekly schedule of a connection.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Hours of a week in which a connection may sync, in the NAS's local time: 168 of them, Sunday
/// first, hour 0 first (`schedule_info`, API notes §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Arc<[bool; 168]>);

/// A text that is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a schedule is 168 characters of 0 or 1, Sunday first")]
pub struct ScheduleError;

impl Schedule {
    /// Reads 168 characters of `0` and `1`.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let mut hours = [false; 168];
        if text.len() != hours.len() {
            return Err(ScheduleError);
        }
        for (hour, byte) in hours.iter_mut().zip(text.bytes()) {
            *hour = match byte {
                b'1' => true,
                b'0' => false,
                _ => return Err(ScheduleError),
            };
        }
        Ok(Self(Arc::new(hours)))
    }

    /// Whether syncing is allowed at this moment, read off the wall clock of `zone`. An hour that a
    /// change of daylight saving time repeats is judged by its number both times; one that it skips
    /// never comes.
    pub fn open_at(&self, now: Timestamp, zone: &TimeZone) -> bool {
        let local = zone.to_datetime(now);
        let day = usize::try_from(local.weekday().to_sunday_zero_offset()).unwrap_or(0);
        let hour = usize::try_from(local.hour()).unwrap_or(0);
        self.0.get(day * 24 + hour).copied().unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(day: usize, hour: usize) -> Schedule {
        let text: String = (0..168).map(|i| if i == day * 24 + hour { '1' } else { '0' }).collect();
        Schedule::parse(&text).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn refuses_what_is_no_schedule() {
        for bad in ["", "1", &"1".repeat(167), &"1".repeat(169), &"2".repeat(168), &"é".repeat(84)] {
            assert_eq!(Schedule::parse(bad), Err(ScheduleError), "{bad}");
        }
    }

    #[test]
    fn sunday_is_first_and_hours_are_local() {
        let sunday_midnight = only(0, 0);
        // 2026-11-22 is a Sunday.
        assert!(sunday_midnight.open_at(at("2026-11-22T00:59:59Z"), &TimeZone::UTC));
        assert!(!sunday_midnight.open_at(at("2026-11-22T01:00:00Z"), &TimeZone::UTC));
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        assert!(sunday_midnight.open_at(at("2026-11-21T15:00:00Z"), &tokyo));
        assert!(!sunday_midnight.open_at(at("2026-11-22T00:30:00Z"), &tokyo));
    }

    #[test]
    fn saturday_night_is_the_last_hour() {
        assert!(only(6, 23).open_at(at("2026-11-28T23:59:59Z"), &TimeZone::UTC));
    }

    #[test]
    fn daylight_saving_changes() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // On 2026-03-29 the hour 02 does not exist: 00:59:59Z is 01:59:59, 01:00Z is 03:00.
        let (one, two, three) = (only(0, 1), only(0, 2), only(0, 3));
        assert!(one.open_at(at("2026-03-29T00:59:59Z"), &berlin));
        for minute in 0..180 {
            let now = at("2026-03-29T00:00:00Z") + jiff::SignedDuration::from_mins(minute);
            assert!(!two.open_at(now, &berlin), "{now}");
        }
        assert!(three.open_at(at("2026-03-29T01:00:00Z"), &berlin));
        // On 2026-10-25 the hour 02 comes twice: 00:00Z and 01:00Z.
        assert!(two.open_at(at("2026-10-25T00:30:00Z"), &berlin));
        assert!(two.open_at(at("2026-10-25T01:30:00Z"), &berlin));
        assert!(!two.open_at(at("2026-10-25T02:00:00Z"), &berlin));
    }

    #[test]
    fn half_hour_zones_are_read_from_the_wall_clock() {
        let kathmandu = TimeZone::get("Asia/Kathmandu").unwrap();
        // UTC+5:45: 18:15Z on Saturday is Sunday 00:00.
        assert!(only(0, 0).open_at(at("2026-11-21T18:15:00Z"), &kathmandu));
        assert!(!only(0, 0).open_at(at("2026-11-21T18:14:59Z"), &kathmandu));
    }
}
