//! The wall clock of the login guard and the one-time codes; durations are measured with tokio's.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time of day. A trait so that tests can move it.
pub trait Clock: Send + Sync {
    /// Seconds since 1970.
    fn unix_now(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_now(&self) -> i64 {
        // A clock before 1970 is unset; 0 is as good as any other time of it.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}
