//! What the service manager is told, as systemd's `sd_notify` has it. Started by anything else, nobody is told.

use std::time::Duration;

use sd_notify::NotifyState;

/// Everything is up.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The configuration is loaded again; [`ready`] ends it.
pub fn reloading() {
    // The time is what units of the type notify-reload ask for; others do not look at it.
    let since = NotifyState::monotonic_usec_now().ok();
    let states: Vec<NotifyState<'_>> = [NotifyState::Reloading].into_iter().chain(since).collect();
    tell(&states);
}

/// The end has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Nothing hangs.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// Within which time [`alive`] is to be said again; none where nobody waits for it.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero())
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told how this program is");
    }
}
