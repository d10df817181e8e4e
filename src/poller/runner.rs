//! The loop of one NAS: cycles at an interval with jitter and when it is poked, none beside another,
//! and none that ends the loop.

use super::cycle::{Memory, Poller};
use super::poke::Listener;
use crate::model::DownReason;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Cycles start up to this share of the interval early or late, so that many NASes, and many
/// exporters of one NAS, do not keep asking at the same moment.
const JITTER: f64 = 0.05;
/// A cycle that somebody pokes for starts so long after the one before at the earliest, so that who
/// pokes again and again does not keep the NAS busy.
const SPACING: Duration = Duration::from_secs(1);

/// When a loop last showed that it goes on.
#[derive(Debug)]
pub struct Heartbeat {
    last: Mutex<Instant>,
    tried: AtomicBool,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { last: Mutex::new(Instant::now()), tried: AtomicBool::new(false) }
    }
}

impl Heartbeat {
    /// The loop goes on.
    pub fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long ago it last did.
    pub fn age(&self) -> Duration {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Whether the first cycle has ended, however it did.
    pub fn tried(&self) -> bool {
        self.tried.load(Ordering::Relaxed)
    }
}

/// Polls until `stop`, at the interval and when it is poked, with at most as many cycles side by side
/// as `gate` has permits, then hands the memory back. The session stays: whoever goes on with the client needs it.
pub async fn run(
    poller: &Poller,
    mut memory: Memory,
    heartbeat: &Heartbeat,
    listener: Listener,
    gate: &Semaphore,
    stop: CancellationToken,
) -> Memory {
    if let Some(shown) = memory.shown.take() {
        poller.board.restore(shown);
    }
    let interval = poller.options.interval;
    let polling = async {
        loop {
            let started = Instant::now();
            heartbeat.beat();
            let begun = guarded_cycle(poller, &mut memory, &listener, gate).await;
            heartbeat.beat();
            heartbeat.tried.store(true, Ordering::Relaxed);
            // A NAS that needs longer than the interval gets a rest all the same.
            let ended = Instant::now();
            let turn = (ended + interval / 4).max(started + jittered(interval));
            // So does one that is poked, as far as it needs one.
            let rest = (ended - begun).min(interval) / 4;
            tokio::select! {
                () = tokio::time::sleep_until(turn) => {}
                () = listener.poked((ended + rest).max(begun + SPACING)) => {}
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        _ = polling => {}
        _ = poller.board.withdraw_when_stale() => {}
    }
    memory.shown = Some(poller.board.keep());
    memory
}

/// A cycle whose panic costs only itself. Gives when it began, after its turn had come.
async fn guarded_cycle(
    poller: &Poller,
    memory: &mut Memory,
    listener: &Listener,
    gate: &Semaphore,
) -> Instant {
    // The gate is never closed; were it, polling without a bound is the lesser evil.
    let _permit = gate.acquire().await.ok();
    let (started, (number, is_wanted)) = (Instant::now(), listener.begins());
    if is_wanted {
        memory.slow.make_due();
    }
    let cycle = AssertUnwindSafe(poller.cycle(memory)).catch_unwind();
    if cycle.await.is_err() {
        let nas = &poller.nas;
        tracing::error!(%nas, "a poll panicked; polling goes on, please report this");
        poller.board.sink().panicked(nas);
        poller.board.sink().polled(nas, started.elapsed(), Some(DownReason::Api));
        let text = "a fault in this program ended the poll; please report it".to_owned();
        // What panicked once may do so again.
        let shown = std::panic::catch_unwind(AssertUnwindSafe(|| poller.show_down(DownReason::Api, text)));
        drop(shown);
    }
    listener.ends(number);
    started
}

fn jittered(interval: Duration) -> Duration {
    interval.mul_f64(1.0 + JITTER * (fastrand::f64() * 2.0 - 1.0))
}
