//! How the pollers are doing, for the health pages.

use crate::model::NasName;
use crate::poller::Heartbeat;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How each poller is doing, for the health pages.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    heartbeats: Mutex<BTreeMap<NasName, (Arc<Heartbeat>, Duration)>>,
}

impl Pulse {
    /// The NASes whose loops have not moved for longer than they may.
    pub(super) fn stuck(&self) -> Vec<NasName> {
        let heartbeats = self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stuck = |(heartbeat, limit): &(Arc<Heartbeat>, Duration)| heartbeat.age() > *limit;
        heartbeats.iter().filter(|(_, pulse)| is_stuck(pulse)).map(|(nas, _)| nas.clone()).collect()
    }

    /// The NASes that have not been tried yet.
    pub(super) fn untried(&self) -> Vec<NasName> {
        let heartbeats = self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
        heartbeats
            .iter()
            .filter(|(_, (heartbeat, _))| !heartbeat.tried())
            .map(|(nas, _)| nas.clone())
            .collect()
    }

    /// The NASes that this instance polls.
    pub(super) fn nases(&self) -> Vec<NasName> {
        self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    pub(super) fn replace(&self, heartbeats: BTreeMap<NasName, (Arc<Heartbeat>, Duration)>) {
        *self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner) = heartbeats;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_does_not_move_is_stuck_and_one_that_does_is_not() {
        let (moving, still) = (Arc::<Heartbeat>::default(), Arc::<Heartbeat>::default());
        let limit = Duration::from_secs(100);
        let pulse = Pulse::default();
        pulse.replace(BTreeMap::from([
            (NasName::new("moving"), (Arc::clone(&moving), limit)),
            (NasName::new("still"), (still, limit)),
        ]));
        for _ in 0..10 {
            assert!(pulse.stuck().is_empty());
            tokio::time::advance(Duration::from_secs(10)).await;
            moving.beat();
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pulse.stuck(), [NasName::new("still")]);
        assert_eq!(pulse.untried().len(), 2);
    }
}
