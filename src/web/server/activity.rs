//! What a connection is doing, for those who bound how long it may do nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Requests of one connection. Shared by its parts.
#[derive(Debug)]
pub(super) struct Activity {
    epoch: Instant,
    /// Told when there is nothing to be answered any longer.
    idle: Arc<Notify>,
    /// Requests that are being answered.
    busy: AtomicUsize,
    /// Responses that have not been sent.
    sending: AtomicUsize,
    /// Requests so far.
    requests: AtomicU64,
    /// Milliseconds from the epoch to the last change.
    changed: AtomicU64,
}

impl Activity {
    pub(super) fn new(epoch: Instant, idle: Arc<Notify>) -> Self {
        let (busy, sending, requests) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
        let activity = Self { epoch, idle, busy, sending, requests, changed: AtomicU64::new(0) };
        activity.touch();
        activity
    }

    /// A request is being answered for as long as the guard lives.
    pub(super) fn begin(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.touch();
        Busy(self)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) > 0
    }

    /// A response begins to be sent.
    pub(super) fn send(&self) {
        self.sending.fetch_add(1, Ordering::Relaxed);
        self.touch();
    }

    /// One was sent, or will not be.
    pub(super) fn sent(&self) {
        self.sending.fetch_sub(1, Ordering::Relaxed);
        self.touch();
        self.idle.notify_one();
    }

    /// While responses are being sent: the time, in milliseconds from the epoch, at which something was last taken.
    pub(super) fn last_sent(&self) -> Option<u64> {
        (self.sending.load(Ordering::Relaxed) > 0).then(|| self.changed.load(Ordering::Relaxed))
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// For how long nothing was asked and nothing answered; none while something is.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let changed = Duration::from_millis(self.changed.load(Ordering::Relaxed));
        (!self.is_busy() && self.last_sent().is_none()).then(|| self.epoch.elapsed().saturating_sub(changed))
    }

    /// Something happens.
    pub(super) fn touch(&self) {
        let since = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.changed.store(since, Ordering::Relaxed);
    }
}

/// A request being answered.
pub(super) struct Busy<'a>(&'a Activity);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
        self.0.touch();
        self.0.idle.notify_one();
    }
}
