//! The service manager's watchdog: it hears of us while the poll loops move, by the judgement of `/-/healthy`.

use super::pulse::Pulse;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Calls `alive` twice in each `limit` until `stop`, but not while a loop is stuck: it is for the service manager to
/// start the program anew then.
pub(super) async fn watch(pulse: Arc<Pulse>, limit: Duration, alive: impl Fn(), stop: CancellationToken) {
    let mut turns = interval(limit / 2);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_stuck = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turns.tick() => {}
        }
        let stuck = pulse.stuck();
        if stuck.is_empty() {
            alive();
        } else if !was_stuck {
            tracing::error!(
                ?stuck,
                "poll loops do not move: the watchdog of the service manager is left to bark"
            );
        }
        was_stuck = !stuck.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NasName;
    use crate::poller::Heartbeat;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::advance;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Lets the watch have its turn after each half of the limit, `halves` times.
    async fn pass(halves: u32) {
        for _ in 0..halves {
            advance(LIMIT / 2).await;
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_silent_while_a_loop_is_stuck_and_until_then_speaks_twice_in_each_limit() {
        let heartbeat = Arc::<Heartbeat>::default();
        let pulse = Arc::<Pulse>::default();
        pulse.replace(BTreeMap::from([(NasName::new("home"), (Arc::clone(&heartbeat), LIMIT * 2))]));
        let (stop, said) = (CancellationToken::new(), Arc::<AtomicUsize>::default());
        let saying = Arc::clone(&said);
        let alive = move || {
            saying.fetch_add(1, Ordering::Relaxed);
        };
        let watching = tokio::spawn(watch(pulse, LIMIT, alive, stop.clone()));
        tokio::task::yield_now().await;
        let mut before = said.swap(0, Ordering::Relaxed);
        assert_eq!(before, 1, "at once");
        pass(4).await;
        before = said.swap(0, Ordering::Relaxed);
        assert_eq!(before, 4);
        pass(4).await;
        assert_eq!(said.swap(0, Ordering::Relaxed), 0, "the loop has not moved for longer than it may");
        heartbeat.beat();
        pass(2).await;
        assert_eq!(said.swap(0, Ordering::Relaxed), 2, "it moves again");
        stop.cancel();
        watching.await.unwrap();
    }
}
