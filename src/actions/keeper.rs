//! The keeper of holds: ends them on time, settles those whose pause is uncertain, and lets go where a person did.
//!
//! It looks at what the poller sees and asks the NAS itself, in its turn, before it does anything: what a poll saw
//! may be older than the last action. Each NAS is looked after by itself: one that hangs holds up its own holds and
//! no others.

mod memory;
mod tend;

use super::{Actions, now};
use crate::model::NasName;
use memory::Memory;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Between two looks at the holds: how late a hold may end.
const TICK: Duration = Duration::from_secs(1);
/// Between two prunings of the audit.
const PRUNE: Duration = Duration::from_secs(60 * 60);

/// A NAS of the keeper.
enum Charge {
    /// Looked after at this moment.
    Busy(JoinHandle<Memory>),
    /// Looked after.
    Done(Memory),
}

/// The keeper.
pub struct Keeper {
    actions: Arc<Actions>,
    charges: BTreeMap<NasName, Charge>,
    pruned: Option<Instant>,
    /// When everything was looked at last; at first, when the keeper came.
    ticked: Instant,
}

impl Keeper {
    /// A keeper of these holds. There must be only one.
    pub fn new(actions: Arc<Actions>) -> Self {
        Self { actions, charges: BTreeMap::new(), pruned: None, ticked: Instant::now() }
    }

    /// Keeps until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
            }
            self.tick().await;
        }
        // What has begun goes on to its end: it may be in the middle of an action.
        self.rest().await;
    }

    /// Begins one look at everything that is not being looked after still.
    pub async fn tick(&mut self) {
        let actions = Arc::clone(&self.actions);
        let before = std::mem::replace(&mut self.ticked, Instant::now());
        actions.flush().await;
        if self.pruned.is_none_or(|at| at.elapsed() >= PRUNE) {
            self.pruned = Some(Instant::now());
            actions.journal().prune(now(), actions.options().retention).await;
            actions.forget_old_answers().await;
            actions.book().forget_endings(now()).await;
        }
        let names = actions.directory().names();
        self.charges.retain(|name, charge| match charge {
            Charge::Busy(job) => !job.is_finished() || names.contains(name),
            Charge::Done(_) => names.contains(name),
        });
        for name in names {
            let memory = match self.charges.remove(&name) {
                Some(Charge::Busy(job)) if !job.is_finished() => {
                    self.charges.insert(name, Charge::Busy(job));
                    continue;
                }
                Some(charge) => charge.rest(&name).await,
                // It was not looked at before: after a start, or a change of the configuration.
                None => Memory::after_a_gap(before),
            };
            let Some(port) = actions.directory().nas(&name) else { continue };
            let (actions, nas) = (Arc::clone(&actions), name.clone());
            let job = async move { tend::keep(&actions, &nas, &*port, memory).await };
            self.charges.insert(name, Charge::Busy(self.actions.tasks.spawn(job)));
        }
    }

    /// Waits until nothing is being looked after.
    pub async fn rest(&mut self) {
        for (name, charge) in std::mem::take(&mut self.charges) {
            let memory = charge.rest(&name).await;
            self.charges.insert(name, Charge::Done(memory));
        }
    }
}

impl Charge {
    /// What is remembered when the look is over.
    async fn rest(self, nas: &NasName) -> Memory {
        match self {
            Self::Done(memory) => memory,
            Self::Busy(job) => job.await.unwrap_or_else(|error| {
                tracing::error!(%nas, %error, "looking after the holds failed; it is tried again");
                Memory::after_a_fault()
            }),
        }
    }
}
