//! The web configuration that is in force, looked at again whenever somebody comes.
//!
//! Like the format's own programs this one reads the file again for every handshake and every request, so that a new
//! certificate or user counts at once; other than these it goes on with the last good one when the new one is bad,
//! and says so.

mod load;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout};

use super::config::Settings;
use super::rate::Bucket;
use load::{Digest, Loaded};

/// How long somebody waits for files that are read again; a mount that hangs holds nobody up longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long what lets in more than before has to be there before it counts. Somebody who writes a file anew empties it
/// first, and without its users it may be a good one.
const DOUBT: Duration = Duration::from_secs(1);

/// What came of looking at a file: its path, and warnings where it can be used or else everything that is wrong.
pub type Report = Box<dyn Fn(&Path, Result<&[String], &[String]>) + Send + Sync>;

/// What a web configuration has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// TLS.
    pub tls: bool,
    /// Users.
    pub users: bool,
}

/// A web configuration with its files read.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) settings: Settings,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) bucket: Option<Arc<Bucket>>,
}

/// A web configuration file and what is in force of it. Whether there is TLS stays as it was at the start.
pub struct Live {
    file: PathBuf,
    accounts: Accounts,
    current: Mutex<Arc<Current>>,
    seen: Mutex<Seen>,
    look: AsyncMutex<Look>,
    report: Report,
}

/// What was found at the last looks.
struct Seen {
    /// Of what was looked at last, good or bad.
    digest: Digest,
    /// What lets in more than before, and since when it has been there.
    doubtful: Option<(Digest, Instant)>,
}

/// Whether a listener may have users: they and bearer tokens need the same header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accounts {
    /// It may.
    Allowed,
    /// It has tokens.
    Refused,
}

#[derive(Debug)]
struct Look {
    began: Instant,
    /// A look that nobody waits for any longer.
    under_way: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Live {
    /// Reads the configuration and what it names, or says everything that is wrong. Blocks; `report` is told of
    /// warnings now, and of every change from now on.
    pub fn open(file: &Path, accounts: Accounts, report: Report) -> Result<Arc<Self>, Vec<String>> {
        let Loaded { digest, current } = load::load(file, accounts, None);
        let current = current?;
        report(file, Ok(&current.settings.warnings));
        Ok(Arc::new(Self {
            file: file.to_owned(),
            accounts,
            current: Mutex::new(Arc::new(current)),
            seen: Mutex::new(Seen { digest, doubtful: None }),
            look: AsyncMutex::new(Look { began: Instant::now(), under_way: None }),
            report,
        }))
    }

    /// Everything that is wrong with a configuration and what it names; otherwise what it has. Blocks.
    pub fn check(file: &Path, accounts: Accounts) -> Result<Content, Vec<String>> {
        let current = load::load(file, accounts, None).current?;
        Ok(Content { tls: current.tls.is_some(), users: current.settings.users.is_some() })
    }

    /// Whether the listener has TLS.
    pub fn has_tls(&self) -> bool {
        self.current().tls.is_some()
    }

    pub(super) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the files again, unless that was begun no longer than `tolerance` before this call.
    pub async fn refresh(self: &Arc<Self>, tolerance: Duration) {
        let asked = Instant::now();
        let mut look = self.look.lock().await;
        if look.began + tolerance > asked {
            return;
        }
        // One at a time, so that files that hang cost one thread; and no second wait for the same.
        if look.under_way.as_ref().is_some_and(|under_way| !under_way.is_finished()) {
            return;
        }
        look.began = Instant::now();
        let live = Arc::clone(self);
        // Kept while it is waited for, since whoever waits may go away.
        let under_way = look.under_way.insert(spawn_blocking(move || live.look_again()));
        if timeout(PATIENCE, under_way).await.is_ok() {
            look.under_way = None;
        }
    }

    /// Takes what is there now, if it is new and good. Blocks.
    fn look_again(&self) {
        let before = self.current();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = load::load_if_new(&self.file, self.accounts, &before, &seen.digest);
        let Some(loaded) = loaded else {
            seen.doubtful = None;
            return;
        };
        let now = Instant::now();
        if let Ok(current) = &loaded.current
            && load::is_weaker(&current.settings, &before.settings)
        {
            match seen.doubtful {
                Some((digest, since)) if digest == loaded.digest && now - since >= DOUBT => {}
                Some((digest, _)) if digest == loaded.digest => return,
                _ => {
                    seen.doubtful = Some((loaded.digest, now));
                    return;
                }
            }
        }
        *seen = Seen { digest: loaded.digest, doubtful: None };
        match loaded.current {
            Ok(current) => {
                (self.report)(&self.file, Ok(&current.settings.warnings));
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
            }
            Err(problems) => (self.report)(&self.file, Err(&problems)),
        }
    }
}
