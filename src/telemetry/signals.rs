//! Signals: SIGTERM and SIGINT drain, a second one ends at once, SIGHUP reloads.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The requests to end. From the moment it is made, SIGTERM and SIGINT no longer end the process by themselves.
#[derive(Debug)]
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// Starts to listen. Must be called within the runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Cancels `shutdown` at the first signal and ends the process at the second. Returns only if it cannot
    /// hear any more; meant to be spawned, and dropped when the work is done.
    pub async fn watch(mut self, shutdown: CancellationToken) {
        let Some(first) = self.next().await else { return };
        tracing::info!(signal = first.name, "shutting down; a second signal ends at once");
        shutdown.cancel();
        let Some(second) = self.next().await else { return };
        tracing::warn!(signal = second.name, "ending at once");
        end(second);
    }

    /// The next of the two signals.
    async fn next(&mut self) -> Option<Received> {
        tokio::select! {
            received = self.terminate.recv() => received.map(|()| Received { name: "SIGTERM", number: 15 }),
            received = self.interrupt.recv() => received.map(|()| Received { name: "SIGINT", number: 2 }),
        }
    }
}

#[derive(Clone, Copy)]
struct Received {
    name: &'static str,
    number: i32,
}

#[expect(clippy::exit, reason = "whoever sends a second signal wants no more clean-up")]
fn end(signal: Received) -> ! {
    // As a shell reports a process that a signal ended.
    std::process::exit(128 + signal.number)
}

/// The requests to reload.
#[derive(Debug)]
pub struct Hangups(Signal);

impl Hangups {
    /// Starts to listen. From now on SIGHUP no longer ends the process. Must be called within the runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Waits for a SIGHUP. Several that come while nobody waits are one. None if no more can come.
    pub async fn next(&mut self) -> Option<()> {
        self.0.recv().await
    }
}
