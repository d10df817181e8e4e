//! Token files, read again and again beside the requests: a file on a mount that hangs must not hold up anybody.

use crate::admin::{HashSource, TokenHash};
use crate::config::SecretSource;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

/// Between two looks: how late a file that was changed or taken away counts.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long the start waits for a file.
const PATIENCE: Duration = Duration::from_secs(5);

/// The hash of the token in a file, as it was at the last look.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<TokenHash>>>);

impl Seen {
    fn set(&self, hash: Option<TokenHash>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = hash;
    }

    /// The hash for whoever compares.
    pub(super) fn source(&self) -> HashSource {
        let seen = self.clone();
        Arc::new(move || *seen.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The files of a configuration that are looked at.
#[derive(Default)]
pub(super) struct TokenFiles {
    watchers: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

impl TokenFiles {
    /// Looks at a file, and from now on again and again.
    pub(super) async fn watch(&mut self, file: PathBuf) -> Seen {
        let seen = Seen::default();
        let (first, path) = (seen.clone(), file.clone());
        // What hangs now is left to the watcher.
        let look = spawn_blocking(move || first.set(read(&path)));
        if timeout(PATIENCE, look).await.is_err() {
            tracing::warn!(file = %file.display(), "a token file cannot be read in time");
        }
        self.watchers.push(tokio::spawn(watch(file, seen.clone(), self.stop.clone())));
        seen
    }
}

impl Drop for TokenFiles {
    fn drop(&mut self) {
        self.stop.cancel();
        for watcher in &self.watchers {
            watcher.abort();
        }
    }
}

async fn watch(file: PathBuf, seen: Seen, stop: CancellationToken) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // One look at a time: a file that hangs costs one thread.
        let (path, into) = (file.clone(), seen.clone());
        let _ = spawn_blocking(move || into.set(read(&path))).await;
    }
}

/// The hash of the token in a file; none when there is no such file, or it is something that can be waited for.
fn read(file: &Path) -> Option<TokenHash> {
    if !std::fs::metadata(file).ok()?.is_file() {
        return None;
    }
    let token = SecretSource::File(file.to_owned()).read().ok()?;
    Some(Sha256::digest(token.expose_secret().as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_known_as_it_is() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("token");
        std::fs::write(&file, "one\n").unwrap();
        let mut files = TokenFiles::default();
        let hash = files.watch(file.clone()).await.source();
        assert_eq!(hash(), Some(Sha256::digest("one").into()));
        std::fs::write(&file, "two\n").unwrap();
        while hash() != Some(Sha256::digest("two").into()) {
            tokio::task::yield_now().await;
        }
        std::fs::remove_file(&file).unwrap();
        while hash().is_some() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_is_no_file_is_not_waited_for() {
        let directory = tempfile::TempDir::new().unwrap();
        let hash = TokenFiles::default().watch(directory.path().to_owned()).await.source();
        assert_eq!(hash(), None);
    }
}
