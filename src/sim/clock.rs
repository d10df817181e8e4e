//! A wall clock that tests can move. Code times, Auto Block, session time-outs and log times follow it.

use std::time::{Duration, SystemTime};

/// The system's time until somebody sets it; then it stands still until moved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    fixed: Option<SystemTime>,
    ahead: Duration,
}

impl Clock {
    pub(super) fn now(&self) -> SystemTime {
        self.fixed.unwrap_or_else(SystemTime::now) + self.ahead
    }

    /// Stops the clock at this time.
    pub(super) fn set(&mut self, time: SystemTime) {
        *self = Self { fixed: Some(time), ahead: Duration::ZERO };
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }

    /// Epoch seconds, as the API gives times.
    pub(super) fn epoch(&self) -> i64 {
        let since = self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }
}
