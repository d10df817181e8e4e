//! Two clients of one account can throw each other out for ever: when that begins, we step back (API notes §2).

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// This many sessions ended by other logins …
const ENDINGS: usize = 3;
/// … within this time are a contest.
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// The first back-off; each one that follows is twice as long.
const FIRST: Duration = Duration::from_secs(10 * 60);
/// The longest back-off, and the peace after which the next begins at the first again.
const CAP: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Default)]
pub(super) struct Contest {
    endings: VecDeque<Instant>,
    until: Option<Instant>,
    length: Duration,
}

impl Contest {
    /// Another login ended our session. Returns the length of the back-off that begins with it, if one does.
    pub(super) fn ended(&mut self, now: Instant) -> Option<Duration> {
        self.endings.retain(|ending| now.duration_since(*ending) < WINDOW);
        self.endings.push_back(now);
        if self.endings.len() < ENDINGS {
            return None;
        }
        self.endings.clear();
        let in_peace = self.until.is_none_or(|until| now.saturating_duration_since(until) > CAP);
        self.length = if in_peace { FIRST } else { (self.length * 2).min(CAP) };
        self.until = Some(now + self.length);
        Some(self.length)
    }

    /// What is left of a back-off.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        self.until?.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

/// The first hold after a session that was refused as soon as it was granted, and the longest: when the NAS has
/// recovered, it should not take long to be noticed.
const FIRST_FUTILE: Duration = Duration::from_secs(60);
const FUTILE_CAP: Duration = Duration::from_secs(10 * 60);

/// A NAS that grants sessions and then does not know them: logging in again and again wins nothing.
#[derive(Debug, Default)]
pub(super) struct Futility {
    until: Option<Instant>,
    length: Duration,
    tried: Option<Instant>,
}

impl Futility {
    /// A new session was refused at once. Gives how long logins are held back now.
    pub(super) fn begin(&mut self, now: Instant) -> Duration {
        let in_peace = self.until.is_none_or(|until| now.saturating_duration_since(until) > FUTILE_CAP);
        let doubled = if in_peace { FIRST_FUTILE } else { self.length * 2 };
        self.length = doubled.clamp(FIRST_FUTILE, FUTILE_CAP);
        self.until = Some(now + self.length);
        self.length
    }

    /// Whether a login may be tried during a hold, because a session that served has ended: now and
    /// then, or a proxy that spreads calls over several NASes would have us log in for ever.
    pub(super) fn may_try(&mut self, now: Instant) -> bool {
        let may = self.tried.is_none_or(|tried| now.saturating_duration_since(tried) >= FIRST_FUTILE);
        if may {
            self.tried = Some(now);
        }
        may
    }

    /// A new session was accepted.
    pub(super) fn end(&mut self) {
        self.until = None;
        self.length = Duration::ZERO;
    }

    /// How long logins are still held back.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        self.until?.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn futile_logins_become_rare() {
        let start = Instant::now();
        let mut futility = Futility::default();
        let lengths: Vec<u64> = (0..8).map(|_| futility.begin(start).as_secs() / 60).collect();
        assert_eq!(lengths, [1, 2, 4, 8, 10, 10, 10, 10]);
        assert!(futility.remaining(start + FUTILE_CAP - Duration::from_secs(1)).is_some());
        assert_eq!(futility.remaining(start + FUTILE_CAP), None);
        assert_eq!(futility.begin(start + FUTILE_CAP * 3), FIRST_FUTILE, "long after the last one");
        futility.end();
        assert_eq!(futility.begin(start), FIRST_FUTILE);
        assert!(futility.may_try(start) && !futility.may_try(start + FIRST_FUTILE / 2));
        assert!(futility.may_try(start + FIRST_FUTILE));
    }

    #[test]
    fn three_endings_in_ten_minutes_begin_a_back_off_that_doubles() {
        let start = Instant::now();
        let minutes = |n: u64| start + Duration::from_secs(n * 60);
        let mut contest = Contest::default();
        assert_eq!([0, 9, 18, 27].map(|m| contest.ended(minutes(m))), [None; 4], "too far apart");
        let mut now = 100;
        for length in [10, 20, 40, 60, 60] {
            assert_eq!([0, 0].map(|_| contest.ended(minutes(now))), [None; 2]);
            assert_eq!(contest.ended(minutes(now)), Some(Duration::from_secs(length * 60)));
            assert!(contest.remaining(minutes(now + length - 1)).is_some());
            now += length;
            assert_eq!(contest.remaining(minutes(now)), None);
        }
        now += 61;
        assert_eq!([0; 3].map(|_| contest.ended(minutes(now)))[2], Some(FIRST), "an hour of peace");
    }
}
