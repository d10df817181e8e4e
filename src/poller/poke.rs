//! Cycles out of turn: somebody who cannot wait pokes the poller, and learns when data are there that were asked for
//! after that.

use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// Asks the poller of one NAS for a cycle out of turn. Clones share everything, and go on to serve the poller that
/// takes its place when the configuration changes.
///
/// Such a cycle is whole: it asks for what is slow to change as well, since that may be what has just been changed.
/// However many ask during a cycle, one more follows, and the loop sees to it that cycles do not follow each other
/// too closely.
#[derive(Clone, Debug, Default)]
pub struct Poke {
    cycles: Arc<watch::Sender<Cycles>>,
}

/// No poller listens, or the one that did has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the poller has ended")]
pub struct Stopped;

/// Cycles by their numbers, from 1 on, through all pollers that follow each other.
#[derive(Debug, Default)]
struct Cycles {
    /// The last one that began.
    begun: u64,
    /// The last one that ended.
    ended: u64,
    /// The last one that somebody asked for.
    wanted: u64,
    /// Pollers that listen. Two while one takes the other's place.
    listeners: usize,
}

impl Poke {
    /// Asks for a cycle as soon as may be; one that runs already does not count.
    pub fn now(&self) {
        self.want();
    }

    /// The same, and waits until such a cycle has ended, however it did. A NAS that hangs takes its time: the caller
    /// sets the limit.
    pub async fn poll(&self) -> Result<(), Stopped> {
        let wanted = self.want();
        let mut cycles = self.cycles.subscribe();
        match cycles.wait_for(|cycles| cycles.ended >= wanted || cycles.listeners == 0).await {
            Ok(cycles) if cycles.ended >= wanted => Ok(()),
            _ => Err(Stopped),
        }
    }

    /// The poller's end. Who waits is released when the last one is dropped.
    pub fn listen(&self) -> Listener {
        self.cycles.send_modify(|cycles| cycles.listeners += 1);
        Listener { cycles: Arc::clone(&self.cycles) }
    }

    /// Wants the next cycle to begin, and gives its number.
    fn want(&self) -> u64 {
        let mut next = 0;
        self.cycles.send_if_modified(|cycles| {
            next = cycles.begun + 1;
            std::mem::replace(&mut cycles.wanted, next) != next
        });
        next
    }
}

/// A poller's end of a [`Poke`].
#[derive(Debug)]
pub struct Listener {
    cycles: Arc<watch::Sender<Cycles>>,
}

impl Listener {
    /// A cycle begins to ask the NAS. Gives its number, and whether somebody asked for it.
    pub(super) fn begins(&self) -> (u64, bool) {
        let mut begun = (0, false);
        self.cycles.send_modify(|cycles| {
            cycles.begun += 1;
            begun = (cycles.begun, cycles.wanted == cycles.begun);
        });
        begun
    }

    /// A cycle has ended, and what it brought is published.
    pub(super) fn ends(&self, number: u64) {
        self.cycles.send_modify(|cycles| cycles.ended = cycles.ended.max(number));
    }

    /// Waits until somebody wants a cycle, and then until `earliest`.
    pub(super) async fn poked(&self, earliest: Instant) {
        let mut cycles = self.cycles.subscribe();
        if cycles.wait_for(|cycles| cycles.wanted > cycles.begun).await.is_ok() {
            tokio::time::sleep_until(earliest).await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.cycles.send_modify(|cycles| cycles.listeners -= 1);
    }
}
