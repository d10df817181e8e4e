//! Where snapshots go: the last one is kept, so that its data can be withdrawn when they grow old
//! while a poll hangs.

use crate::model::{DownReason, NasName, Snapshot};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a poller reports to. Implemented by the composition root over the metrics.
pub trait Sink: Send + Sync {
    /// A new snapshot.
    fn publish(&self, snapshot: Arc<Snapshot>);
    /// A poll ended, with a reason when the NAS was down.
    fn polled(&self, nas: &NasName, took: Duration, failure: Option<DownReason>);
    /// A poll ended in a panic.
    fn panicked(&self, nas: &NasName);
    /// A section of a poll failed.
    fn section_failed(&self, nas: &NasName, section: &'static str);
    /// Values of a section were left out.
    fn malformed(&self, nas: &NasName, section: &'static str, values: u64);
}

/// A snapshot and when its data grow old.
pub(super) type Kept = (Arc<Snapshot>, Option<Instant>);

/// The last snapshot of one NAS and how long its data may be shown.
pub(super) struct Board {
    sink: Arc<dyn Sink>,
    stale_after: Duration,
    last: Mutex<Arc<Snapshot>>,
    /// When the data grow old; `None` while there are none.
    stale_at: watch::Sender<Option<Instant>>,
    /// Whether the NAS has been asked for its connections and has not answered.
    is_asking: AtomicBool,
}

impl Board {
    pub(super) fn new(sink: Arc<dyn Sink>, stale_after: Duration, first: Snapshot) -> Self {
        let (stale_at, _) = watch::channel(None);
        Self {
            sink,
            stale_after,
            last: Mutex::new(Arc::new(first)),
            stale_at,
            is_asking: AtomicBool::new(false),
        }
    }

    /// Goes on where another board of the same NAS ended: a change of configuration makes nothing
    /// unknown, and nothing younger.
    pub(super) fn restore(&self, (last, stale_at): Kept) {
        self.stale_at.send_replace(stale_at);
        self.publish((*last).clone());
    }

    /// What the next board of the same NAS needs.
    pub(super) fn keep(&self) -> Kept {
        (self.last(), *self.stale_at.borrow())
    }

    /// A poll asks for the connections, or has been answered.
    pub(super) fn asks(&self, is_asking: bool) {
        self.is_asking.store(is_asking, Ordering::Relaxed);
    }

    pub(super) fn sink(&self) -> &dyn Sink {
        &*self.sink
    }

    pub(super) fn last(&self) -> Arc<Snapshot> {
        Arc::clone(&self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Publishes a snapshot whose data were answered now.
    pub(super) fn publish_fresh(&self, snapshot: Snapshot) {
        self.stale_at.send_replace(Some(Instant::now() + self.stale_after));
        self.publish(snapshot);
    }

    /// Publishes a snapshot whose data, if any, are those of before. Where these have been withdrawn,
    /// they stay so: data are never shown without a time at which they end.
    pub(super) fn publish(&self, snapshot: Snapshot) {
        let data = snapshot.data.clone().filter(|_| self.stale_at.borrow().is_some());
        let snapshot = Arc::new(Snapshot { data, ..snapshot });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&snapshot);
        self.sink.publish(snapshot);
    }

    /// Withdraws data when they are too old; never returns.
    pub(super) async fn withdraw_when_stale(&self) -> std::convert::Infallible {
        let mut changes = self.stale_at.subscribe();
        loop {
            let stale_at = *changes.borrow_and_update();
            let wait = async {
                match stale_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // The sender lives as long as we do.
                _ = changes.changed() => {}
                () = wait => {
                    let last = self.last();
                    self.stale_at.send_replace(None);
                    tracing::warn!(nas = %last.nas, "no successful poll for too long: data are withdrawn");
                    // The last poll was answered and the present one was not: it hangs.
                    let hangs = last.up == Some(true) && self.is_asking.load(Ordering::Relaxed);
                    self.publish(Snapshot {
                        data: None,
                        up: last.up.map(|up| up && !hangs),
                        reason: if hangs { Some(DownReason::Timeout) } else { last.reason },
                        ..(*last).clone()
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Data;

    #[derive(Default)]
    struct Seen(Mutex<Vec<Arc<Snapshot>>>);

    impl Sink for Seen {
        fn publish(&self, snapshot: Arc<Snapshot>) {
            self.0.lock().unwrap().push(snapshot);
        }
        fn polled(&self, _: &NasName, _: Duration, _: Option<DownReason>) {}
        fn panicked(&self, _: &NasName) {}
        fn section_failed(&self, _: &NasName, _: &'static str) {}
        fn malformed(&self, _: &NasName, _: &'static str, _: u64) {}
    }

    fn snapshot(up: bool, data: Option<Arc<Data>>) -> Snapshot {
        Snapshot { up: Some(up), last_success: Some(1.0), data, ..Snapshot::untried(NasName::new("home")) }
    }

    #[tokio::test(start_paused = true)]
    async fn data_are_withdrawn_when_they_are_too_old_and_the_rest_stays() {
        let seen = Arc::new(Seen::default());
        let board = Board::new(seen.clone(), Duration::from_secs(60), snapshot(true, None));
        let work = async {
            board.publish_fresh(snapshot(true, Some(Arc::default())));
            tokio::time::sleep(Duration::from_secs(40)).await;
            board.publish_fresh(snapshot(true, Some(Arc::default())));
            tokio::time::sleep(Duration::from_secs(40)).await;
            // A failed poll shows the old data, and does not make them younger.
            board.publish(Snapshot {
                reason: Some(DownReason::Dns),
                ..snapshot(false, board.last().data.clone())
            });
            tokio::time::sleep(Duration::from_secs(19)).await;
            assert!(board.last().data.is_some(), "59 s old");
            tokio::time::sleep(Duration::from_secs(2)).await;
            let last = board.last();
            assert!(last.data.is_none(), "61 s old");
            assert_eq!(
                (last.up, last.reason, last.last_success),
                (Some(false), Some(DownReason::Dns), Some(1.0))
            );
            board.publish_fresh(snapshot(true, Some(Arc::default())));
            assert!(board.last().data.is_some(), "and back");
            board.asks(true);
            tokio::time::sleep(Duration::from_secs(61)).await;
            let last = board.last();
            assert_eq!((last.up, last.reason), (Some(false), Some(DownReason::Timeout)), "a poll that hangs");
            board.asks(false);
            board.publish_fresh(snapshot(true, Some(Arc::default())));
            tokio::time::sleep(Duration::from_secs(61)).await;
            board.publish(snapshot(true, Some(Arc::default())));
            let last = board.last();
            assert!(
                last.data.is_none(),
                "what a long slow part brings too late does not bring old data back"
            );
            assert_eq!(last.up, Some(true), "and the NAS is up all the while");
        };
        tokio::select! {
            () = work => {}
            _ = board.withdraw_when_stale() => {}
        }
        assert_eq!(seen.0.lock().unwrap().len(), 9);
    }
}
