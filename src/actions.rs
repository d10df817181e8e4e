//! Everything that changes a NAS, whoever asks for it: one lock a NAS, one audit, one set of holds.
//!
//! [`Nas`] is the door to a NAS and [`Actions`] the only one that walks through it. Each action reads what is, writes
//! its audit record, tells the NAS, reads back what became of it and completes the record. Actions on one NAS come
//! one after another, so that two changes of the same settings lose nothing of each other; and an action that has
//! begun goes on to its end even when nobody waits for it any more.
//!
//! - [`schema`]: what callers may send, as tables.
//! - [`settings`]: what can be changed, and how a change becomes commands.
//! - [`Book`] and [`Hold`]: who keeps which connection paused, or its settings strict.
//! - [`Journal`]: the audit.

mod change;
pub mod clock;
mod error;
pub mod fault_point;
mod freeze;
pub mod holds;
mod journal;
mod keeper;
mod limits;
mod list;
mod looks;
mod pause;
mod perform;
mod port;
mod reach;
mod record;
mod release;
mod remove;
mod replay;
mod resume;
pub mod schema;
pub mod settings;
mod tasks;
mod write;

use crate::model::{ConnectionId, NasName};
use crate::state::{StateError, StateFile};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

pub use error::ActionError;
pub use holds::{Book, Cause, Ending, Hold, Look, Phase};
pub use journal::{Journal, Retention};
pub use keeper::Keeper;
pub use limits::SettingsWish;
pub use list::{Listed, ListedTask};
pub use pause::{Holder, Pause};
pub use perform::{Done, DryRun, Effect};
pub use port::{
    Answers, Command, Directory, Failure, FailureKind, LogFilter, Nas, NewTask, Planned, Question, Source,
    Target,
};
pub use reach::Reach;
pub use record::{Caller, Object, Origin, Outcome, Record};
pub use replay::Ticket;
pub use resume::Resume;
pub use tasks::NEW_TASK;

pub use crate::state::{AuditFilter, Begun};

use clock::now;
use run_blocking as blocking;

/// How actions go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long a NAS has to show what it was told, before it counts as not done.
    pub verify_timeout: Duration,
    /// How much of the audit is kept.
    pub retention: Retention,
}

/// Callers that wait for one NAS at once. Beyond it they are better told so.
const MOST_WAITING: usize = 64;

/// Who waits for a NAS.
#[derive(Debug, Default)]
struct Queue {
    turn: Arc<tokio::sync::Mutex<()>>,
    waiting: AtomicUsize,
}

/// A place in a queue.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The way to act on NASes.
pub struct Actions {
    directory: Arc<dyn Directory>,
    state: Arc<StateFile>,
    book: Book,
    journal: Journal,
    options: Mutex<Options>,
    is_frozen: AtomicBool,
    /// Whether the state file has yet to be told. Held while it is.
    is_switch_unwritten: tokio::sync::Mutex<bool>,
    /// What became of requests, for as long as the state file could not be told. Held while it is.
    unkept: tokio::sync::Mutex<VecDeque<replay::Unkept>>,
    /// Connections that were told to resume and did not show it at once.
    resumed: Mutex<BTreeMap<(NasName, ConnectionId), Instant>>,
    /// Connections that the NAS refused to pause, while they were not paused.
    refused: Mutex<BTreeMap<(NasName, ConnectionId), Instant>>,
    turns: Mutex<BTreeMap<NasName, Arc<Queue>>>,
    tasks: TaskTracker,
}

impl Actions {
    /// Reads holds, switches and what was left undone from the state file. Blocks for as long as that takes.
    pub fn open(
        directory: Arc<dyn Directory>,
        state: Arc<StateFile>,
        options: Options,
    ) -> Result<Self, StateError> {
        state.idempotency_mark_interrupted()?;
        Ok(Self {
            directory,
            book: Book::open(Arc::clone(&state))?,
            journal: Journal::open(Arc::clone(&state))?,
            is_frozen: AtomicBool::new(state.flag(freeze::FLAG)?.is_some()),
            state,
            options: Mutex::new(options),
            is_switch_unwritten: tokio::sync::Mutex::default(),
            unkept: tokio::sync::Mutex::default(),
            resumed: Mutex::default(),
            refused: Mutex::default(),
            turns: Mutex::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// The NASes.
    pub fn directory(&self) -> &dyn Directory {
        &*self.directory
    }

    /// The holds.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The audit.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The options in force.
    pub fn options(&self) -> Options {
        *self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes about it differently from now on.
    pub fn set_options(&self, options: Options) {
        *self.options.lock().unwrap_or_else(PoisonError::into_inner) = options;
    }

    /// A NAS of this instance.
    pub fn nas(&self, name: &NasName) -> Result<Arc<dyn Nas>, ActionError> {
        self.directory.nas(name).ok_or_else(|| ActionError::UnknownNas(name.clone()))
    }

    fn queue(&self, nas: &NasName) -> Arc<Queue> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(nas.clone()).or_default())
    }

    /// A turn on a NAS for what must come to it.
    async fn turn(&self, nas: &NasName) -> OwnedMutexGuard<()> {
        Arc::clone(&self.queue(nas).turn).lock_owned().await
    }

    /// A caller's turn on a NAS. When it comes, they must still be there: a client that gave up and asks again must not
    /// find its wishes done one after the other.
    async fn turn_of(&self, nas: &NasName, caller: &Caller) -> Result<OwnedMutexGuard<()>, ActionError> {
        let queue = self.queue(nas);
        let place = Place(&queue.waiting);
        if queue.waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            return Err(ActionError::Busy(nas.clone()));
        }
        let turn = Arc::clone(&queue.turn).lock_owned().await;
        drop(place);
        if caller.is_gone() { Err(ActionError::Abandoned) } else { Ok(turn) }
    }

    /// Does `work` to its end, whether or not anybody goes on waiting for it.
    pub async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.tasks.spawn(work).await.ok()
    }

    /// Waits until every action under way has ended. There must come no more.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.flush().await;
    }

    /// Writes what could not be written before.
    async fn flush(&self) {
        self.flush_switch().await;
        self.book.flush(now()).await;
        self.journal.flush().await;
        self.flush_answers().await;
    }
}

/// Runs what blocks where blocking is allowed.
pub async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Blocking work is only cancelled when the runtime ends, and whoever waits for it with it.
            Err(_) => std::future::pending().await,
        },
    }
}
