//! How patient the keeper is with a NAS that fails, and how much it lets go of at once.

use std::time::Duration;
use tokio::time::Instant;

/// Between two tries on a NAS that fails, doubling up to [`LONGEST_WAIT`]; and between two looks at what is unsettled.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(2);
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What rules held goes on a few connections at a time, so that a NAS and its line are not flooded when a common cause
/// ends.
const STAGE: Duration = Duration::from_secs(5);
const RELEASES_OF_A_STAGE: usize = 2;

/// Tries, and when the next one may be.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    /// How often in a row it failed.
    failures: u32,
    /// No try before then.
    not_before: Option<Instant>,
}

/// Whether a moment is over; none always is.
pub(super) fn is_past(at: Option<Instant>) -> bool {
    at.is_none_or(|at| at <= Instant::now())
}

impl Backoff {
    /// A try failed: the next one comes later and later.
    pub(super) fn fail(&mut self) {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(8)).min(LONGEST_WAIT);
        self.not_before = Some(Instant::now() + wait);
        self.failures = self.failures.saturating_add(1);
    }

    /// Everything could be done: the next one is not at once.
    pub(super) fn succeed(&mut self) {
        self.failures = 0;
        self.not_before = Some(Instant::now() + FIRST_WAIT);
    }

    /// There is more to do, at once.
    pub(super) fn go_on(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }

    /// Whether there may be a try already.
    pub(super) fn may_try(&self) -> bool {
        is_past(self.not_before)
    }
}

/// When the last stage of releases began, and how many were in it.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Stages(Option<(Instant, usize)>);

impl Stages {
    /// Whether there may be one more release now.
    pub(super) fn may_release(self) -> bool {
        self.0.is_none_or(|(began, count)| began.elapsed() >= STAGE || count < RELEASES_OF_A_STAGE)
    }

    /// There is one more release now.
    pub(super) fn note_release(&mut self) {
        self.0 = match self.0 {
            Some((began, count)) if began.elapsed() < STAGE => Some((began, count + 1)),
            _ => Some((Instant::now(), 1)),
        };
    }
}
