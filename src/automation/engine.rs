//! The automation at work: hears notifications, and sees to it that what rules want becomes so.
//!
//! A notification is on disk before it is acknowledged, with everything that follows from it; no NAS is asked for
//! that. What rules want is looked at every second, for each NAS by itself: one that hangs holds up its own holds and
//! no others.

mod act;
mod hear;
mod look;
mod take;

use super::alertmanager::Alertmanagers;
use super::desk::{Change, Desk, Truncated};
use super::rules::{Rule, Target};
use super::store::{Store, words};
use crate::actions::{Actions, Reach, clock};
use crate::model::NasName;
use crate::state::{StateError, StateFile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

pub use hear::{Accepted, Rejected};

use act::Memory;
use look::Looks;

/// Between two looks at what rules want, unless a notification comes.
const TICK: Duration = Duration::from_secs(1);
/// Decisions of one moment that have a line each in the log; all of them are in the audit.
const MOST_LINES: usize = 50;
/// How long the start waits for what the Alertmanagers say.
const FIRST_LOOK: Duration = Duration::from_secs(8);
/// Between two looks for what can be forgotten.
const TIDY: Duration = Duration::from_secs(60);

/// What of the configuration the automation needs, and what a reload may change.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether rules act, or only observe.
    pub enforces: bool,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The largest share of all connections that rules may keep paused at once.
    pub max_held_share: f64,
    /// Where each token may act, by its name; none = wherever it might when it spoke.
    pub reaches: Option<BTreeMap<String, Reach>>,
    /// Between two looks at the Alertmanagers.
    pub reconcile_interval: Duration,
}

impl Settings {
    /// The word of the mode.
    pub fn mode(&self) -> &'static str {
        if self.enforces { "enforce" } else { "observe" }
    }
}

/// Counts what concerns no NAS.
pub trait Meter: Send + Sync {
    /// A notification was accepted at that time, in seconds since 1970.
    fn accepted(&self, at: f64, malformed: u64, truncated: u64);
    /// A notification was rejected.
    fn rejected(&self, reason: &'static str);
}

/// What is remembered of each NAS from one tick to the next.
#[derive(Debug, Default)]
pub struct Memories(BTreeMap<NasName, Memory>);

/// The automation.
pub struct Automation {
    actions: Arc<Actions>,
    store: Store,
    /// Held while a change is written, so that none is lost.
    desk: tokio::sync::Mutex<Desk>,
    settings: RwLock<Arc<Settings>>,
    alertmanagers: RwLock<Arc<dyn Alertmanagers>>,
    meter: Arc<dyn Meter>,
    /// Notifications that are being heard.
    hearing: AtomicUsize,
    /// Groups of which alerts were left out, and which the next look at the Alertmanagers completes.
    truncated: Mutex<Vec<Truncated>>,
    looks: tokio::sync::Mutex<Looks>,
    /// Connections about to be paused for rules.
    reserved: Mutex<BTreeSet<Target>>,
    /// How many connections each NAS had when it was last seen.
    sizes: Mutex<BTreeMap<NasName, usize>>,
    nudge: Notify,
    /// Whether the last change could not be written.
    is_disk_failing: AtomicBool,
    /// Whether holds were renewed once since the start.
    is_renewed: watch::Sender<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Automation {
    /// The automation with what the state file remembers. Blocks for as long as reading takes.
    pub fn open(
        actions: Arc<Actions>,
        state: Arc<StateFile>,
        settings: Settings,
        alertmanagers: Arc<dyn Alertmanagers>,
        meter: Arc<dyn Meter>,
    ) -> Result<Self, StateError> {
        let store = Store(state);
        Ok(Self {
            actions,
            desk: tokio::sync::Mutex::new(store.open()?),
            store,
            settings: RwLock::new(Arc::new(settings)),
            alertmanagers: RwLock::new(alertmanagers),
            meter,
            hearing: AtomicUsize::new(0),
            truncated: Mutex::default(),
            looks: tokio::sync::Mutex::default(),
            reserved: Mutex::default(),
            sizes: Mutex::default(),
            nudge: Notify::new(),
            is_disk_failing: AtomicBool::new(false),
            is_renewed: watch::Sender::new(false),
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with other settings and Alertmanagers.
    pub fn set_settings(&self, settings: Settings, alertmanagers: Arc<dyn Alertmanagers>) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        *self.alertmanagers.write().unwrap_or_else(PoisonError::into_inner) = alertmanagers;
        self.nudge.notify_one();
    }

    /// Sees to what rules want until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut charges: BTreeMap<NasName, JoinHandle<Memory>> = BTreeMap::new();
        let mut tidied: Option<Instant> = None;
        let mut look: Option<JoinHandle<()>> = None;
        tokio::select! {
            _ = timeout(FIRST_LOOK, self.look()) => {}
            () = stop.cancelled() => {}
        }
        for name in self.actions.directory().names() {
            self.renew_only(&name).await;
        }
        self.is_renewed.send_replace(true);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
                () = self.nudge.notified() => {}
            }
            if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                self.tidy().await;
            }
            if look.as_ref().is_none_or(JoinHandle::is_finished) && self.wants_a_look().await {
                let this = Arc::clone(&self);
                look = Some(tokio::spawn(async move { this.look().await }));
            }
            self.tick(&mut charges).await;
        }
        if let Some(look) = look {
            look.abort();
        }
        // What has begun goes on to its end: it may be in the middle of an action.
        for charge in charges.into_values() {
            memory_of(charge).await;
        }
    }

    /// Begins to see to each NAS that is not being seen to still.
    async fn tick(self: &Arc<Self>, charges: &mut BTreeMap<NasName, JoinHandle<Memory>>) {
        let names = self.actions.directory().names();
        charges.retain(|name, charge| names.contains(name) || !charge.is_finished());
        lock(&self.sizes).retain(|name, _| names.contains(name));
        self.say_of_the_homeless(&names).await;
        for name in names {
            let memory = match charges.remove(&name) {
                Some(charge) if !charge.is_finished() => {
                    charges.insert(name, charge);
                    continue;
                }
                Some(charge) => memory_of(charge).await,
                None => Memory::default(),
            };
            let (this, nas) = (Arc::clone(self), name.clone());
            let job = async move { this.see_to(&nas, memory).await };
            charges.insert(name, tokio::spawn(job));
        }
    }

    /// Waits until holds were renewed once since the start, by what is known and what the Alertmanagers say.
    pub async fn renewed(&self) {
        // The sender is ours, so that it does not go before us.
        let _ = self.is_renewed.subscribe().wait_for(|is_renewed| *is_renewed).await;
    }

    /// What [`Automation::run`] does at each tick, NAS by NAS and to its end; for who drives the automation by hand.
    pub async fn settle(&self, memories: &mut Memories) {
        if self.wants_a_look().await {
            self.look().await;
        }
        self.say_of_the_homeless(&self.actions.directory().names()).await;
        for name in self.actions.directory().names() {
            let memory = memories.0.remove(&name).unwrap_or_default();
            let memory = self.see_to(&name, memory).await;
            memories.0.insert(name, memory);
        }
    }

    /// Forgets what nothing hangs on any more.
    pub async fn tidy(&self) {
        let now = clock::timestamp();
        let mut desk = self.desk.lock().await;
        let change = desk.tidy(&self.settings().rules, now);
        // What is not written is said there, and tried again.
        let _ = self.make(&mut desk, change).await;
    }

    /// Writes a change, then makes it. One that cannot be written is not made.
    async fn make(&self, desk: &mut Desk, change: Change) -> Result<(), StateError> {
        if let Err(error) = self.store.write(&change, self.settings().mode(), clock::now()).await {
            // Everything that is tried again each second fails alike.
            if !self.is_disk_failing.swap(true, Ordering::SeqCst) {
                tracing::error!(%error, "what is known of alerts cannot be written; rules do nothing new until it can");
            }
            return Err(error);
        }
        self.is_disk_failing.store(false, Ordering::SeqCst);
        for decision in change.decisions.iter().take(MOST_LINES) {
            tracing::info!(fingerprint = decision.fingerprint, nas = decision.nas, "{}", words(decision));
        }
        desk.apply(change);
        Ok(())
    }
}

/// What is remembered of a NAS once it was seen to.
async fn memory_of(charge: JoinHandle<Memory>) -> Memory {
    charge.await.unwrap_or_else(|error| {
        tracing::error!(%error, "seeing to what rules want failed; it is tried again");
        Memory::default()
    })
}
