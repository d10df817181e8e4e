//! A token bucket: so many requests at once, and then one an interval.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::config::RateLimit;

/// The bucket, kept as the moment at which it would be full again.
#[derive(Debug)]
pub(super) struct Bucket {
    limit: RateLimit,
    full_at: Mutex<Option<Instant>>,
}

impl Bucket {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, full_at: Mutex::new(None) }
    }

    pub(super) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes a token; otherwise how long until there is one.
    pub(super) fn take(&self, now: Instant) -> Result<(), Duration> {
        let RateLimit { interval, burst } = self.limit;
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let from = full_at.map_or(now, |full_at| full_at.max(now));
        // With all tokens but one gone it takes this long to be full.
        let almost_empty = interval.saturating_mul(burst.saturating_sub(1));
        let missing = from.saturating_duration_since(now);
        if missing > almost_empty {
            return Err(missing.saturating_sub(almost_empty));
        }
        // What cannot be said as a time is beyond the life of the process.
        *full_at = from.checked_add(interval).or(Some(from));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_an_interval() {
        let interval = Duration::from_secs(2);
        let bucket = Bucket::new(RateLimit { interval, burst: 3 });
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (seconds, expected) in [
            (0, Ok(())),
            (0, Ok(())),
            (0, Ok(())),
            (0, Err(interval)),
            (1, Err(Duration::from_secs(1))),
            (2, Ok(())),
            (3, Err(Duration::from_secs(1))),
            (100, Ok(())),
            (100, Ok(())),
            (100, Ok(())),
            (100, Err(interval)),
        ] {
            assert_eq!(bucket.take(at(seconds)), expected, "at {seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_widest_limits_do_not_overflow() {
        let bucket = Bucket::new(RateLimit { interval: Duration::MAX, burst: u32::MAX });
        for _ in 0..10 {
            let _ = bucket.take(Instant::now());
        }
    }
}
