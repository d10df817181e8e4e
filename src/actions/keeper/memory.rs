//! What the keeper remembers of a NAS, and how patient it is with it.

use crate::actions::holds::{Hold, Look, Phase};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Between two tries on a NAS that fails, doubling up to [`LONGEST_WAIT`]; and between two looks at what is unsettled.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The memory of one NAS.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Since the last good look the NAS was unreachable.
    pub(super) was_interrupted: bool,
    /// The last failed poll that is known of. Between two looks of the keeper a NAS can go and come back.
    pub(super) last_failure: Option<f64>,
    /// Holds whose pause an interruption took away, and whose connection could not be paused again yet.
    pub(super) lost: BTreeSet<String>,
    /// Holds that wait for a pause that may lie hidden under another state.
    hidden: BTreeSet<String>,
    /// Since when the NAS has shown what contradicts a hold, by the hold.
    contrary: BTreeMap<String, (Look, Instant)>,
    /// How often in a row it failed.
    failures: u32,
    /// No try before then.
    not_before: Option<Instant>,
    /// No look at what is hidden before then, unless there is something else to look at.
    hidden_until: Option<Instant>,
}

fn is_past(at: Option<Instant>) -> bool {
    at.is_none_or(|at| at <= Instant::now())
}

impl Memory {
    /// Of a NAS without holds: what happens to it until there are some does not concern them.
    pub(super) fn idle(last_failure: Option<f64>) -> Self {
        Self { last_failure, ..Self::default() }
    }

    /// After a fault of this program: as after one of the NAS, so that it is not repeated without end at once.
    pub(super) fn after_a_fault() -> Self {
        let mut memory = Self::default();
        memory.fail();
        memory
    }

    /// Forgets holds that ended.
    pub(super) fn keep_only(&mut self, holds: &[Hold]) {
        let is_there = |id: &str| holds.iter().any(|hold| hold.id == id);
        self.lost.retain(|id| is_there(id));
        self.hidden.retain(|id| is_there(id));
        self.contrary.retain(|id, _| is_there(id));
    }

    /// A try failed: the next one comes later and later.
    pub(super) fn fail(&mut self) {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(8)).min(LONGEST_WAIT);
        self.not_before = Some(Instant::now() + wait);
        self.failures = self.failures.saturating_add(1);
    }

    /// Everything could be done; there is another look soon, if there is a need.
    pub(super) fn succeed(&mut self) {
        self.failures = 0;
        self.not_before = Some(Instant::now() + FIRST_WAIT);
        self.hidden_until = Some(Instant::now() + LONGEST_WAIT);
    }

    /// Whether the NAS may be asked already.
    pub(super) fn may_try(&self) -> bool {
        is_past(self.not_before)
    }

    /// Whether these holds need a look of their own, at `now` in milliseconds since 1970.
    pub(super) fn want_a_look(&self, holds: &[Hold], now: i64) -> bool {
        let is_urgent = |hold: &Hold| {
            let is_unsettled = hold.phase == Phase::Pausing && !self.hidden.contains(&hold.id);
            let is_contradicted = self.contrary.contains_key(&hold.id) || self.lost.contains(&hold.id);
            is_unsettled || is_contradicted || hold.phase == Phase::Releasing || hold.is_over(now)
        };
        holds.iter().any(is_urgent) || (!self.hidden.is_empty() && is_past(self.hidden_until))
    }

    /// Notes what a fresh look shows for a hold. Gives how long the NAS has contradicted it in this way.
    pub(super) fn note(&mut self, hold: &Hold, look: Look) -> Duration {
        if hold.phase == Phase::Pausing && look == Look::Other {
            self.hidden.insert(hold.id.clone());
        } else {
            self.hidden.remove(&hold.id);
        }
        if look == Look::Paused {
            self.lost.remove(&hold.id);
        }
        let contradicts = look == Look::Gone || (look == Look::Running && hold.phase == Phase::Pausing);
        if !contradicts {
            self.contrary.remove(&hold.id);
            return Duration::ZERO;
        }
        let now = Instant::now();
        let since = self.contrary.entry(hold.id.clone()).or_insert((look, now));
        if since.0 != look {
            *since = (look, now);
        }
        since.1.elapsed()
    }
}
