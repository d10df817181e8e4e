//! The loop of one NAS: cycles at an interval with jitter, none beside another, and none that ends
//! the loop.

use super::cycle::{Memory, Poller};
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

/// Polls until `stop`, with at most as many cycles side by side as `gate` has permits, then logs out
/// and hands the memory back.
pub async fn run(
    poller: &Poller,
    mut memory: Memory,
    heartbeat: &Heartbeat,
    gate: &Semaphore,
    stop: CancellationToken,
) -> Memory {
    let polling = async {
        loop {
            let started = Instant::now();
            heartbeat.beat();
            guarded_cycle(poller, &mut memory, gate).await;
            heartbeat.beat();
            heartbeat.tried.store(true, Ordering::Relaxed);
            tokio::time::sleep_until(started + jittered(poller.options.interval)).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        _ = polling => {}
        _ = poller.board.withdraw_when_stale() => {}
    }
    poller.client.logout().await;
    memory
}

/// A cycle whose panic costs only itself.
async fn guarded_cycle(poller: &Poller, memory: &mut Memory, gate: &Semaphore) {
    // The gate is never closed; were it, polling without a bound is the lesser evil.
    let _permit = gate.acquire().await.ok();
    let cycle = AssertUnwindSafe(poller.cycle(memory)).catch_unwind();
    if cycle.await.is_err() {
        poller.board.sink().panicked(&poller.nas);
        tracing::error!(nas = %poller.nas, "a poll panicked; polling goes on, please report this");
    }
}

fn jittered(interval: Duration) -> Duration {
    interval.mul_f64(1.0 + JITTER * (fastrand::f64() * 2.0 - 1.0))
}
