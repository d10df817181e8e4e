//! The pollers that run, and how a new configuration changes them.

use super::nas::{Plan, SetupError};
use crate::config::Config;
use crate::dsm::GuardStore;
use crate::metrics::{Exposition, NasCounters};
use crate::model::{NasName, Snapshot};
use crate::poller::{self, Heartbeat, Memory, Poller};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Cycles side by side. Far above what healthy NASes need, so that some that hang do not keep the
/// others waiting, and below the usual limit of file descriptors.
const MAX_CYCLES: usize = 256;
/// What a cycle may take beyond its requests: the next TOTP step, and its turn among the others.
const PATIENCE: Duration = Duration::from_secs(60);

/// How each poller is doing, for the health pages.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    heartbeats: Mutex<BTreeMap<NasName, (Arc<Heartbeat>, Duration)>>,
}

impl Pulse {
    /// The NASes whose loops have not moved for longer than they may.
    pub(super) fn stuck(&self) -> Vec<NasName> {
        let heartbeats = self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stuck = |(heartbeat, limit): &(Arc<Heartbeat>, Duration)| heartbeat.age() > *limit;
        heartbeats.iter().filter(|(_, pulse)| is_stuck(pulse)).map(|(nas, _)| nas.clone()).collect()
    }

    /// The NASes that have not been tried yet.
    pub(super) fn untried(&self) -> Vec<NasName> {
        let heartbeats = self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
        heartbeats
            .iter()
            .filter(|(_, (heartbeat, _))| !heartbeat.tried())
            .map(|(nas, _)| nas.clone())
            .collect()
    }

    /// The NASes that this instance polls.
    pub(super) fn nases(&self) -> Vec<NasName> {
        self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn replace(&self, heartbeats: BTreeMap<NasName, (Arc<Heartbeat>, Duration)>) {
        *self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner) = heartbeats;
    }
}

/// A poller at work.
struct Running {
    plan: Plan,
    counters: Arc<NasCounters>,
    heartbeat: Arc<Heartbeat>,
    stop: CancellationToken,
    task: JoinHandle<Memory>,
}

/// A poller about to start, checked.
struct Ready {
    poller: Poller,
    plan: Plan,
    counters: Arc<NasCounters>,
    heartbeat: Arc<Heartbeat>,
}

/// The pollers of this instance.
pub(super) struct Fleet {
    exposition: Arc<Exposition>,
    store: Arc<dyn GuardStore>,
    gate: Arc<Semaphore>,
    pulse: Arc<Pulse>,
    running: BTreeMap<NasName, Running>,
}

impl Fleet {
    /// A fleet of nothing yet.
    pub(super) fn new(exposition: Arc<Exposition>, store: Arc<dyn GuardStore>) -> Self {
        Self {
            exposition,
            store,
            gate: Arc::new(Semaphore::new(MAX_CYCLES)),
            pulse: Arc::default(),
            running: BTreeMap::new(),
        }
    }

    /// The health of the pollers.
    pub(super) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Makes the fleet what the configuration says: all of it, or on an error nothing. A NAS whose
    /// part of the configuration is the same goes on undisturbed; one that changed keeps its counters
    /// as long as its address is the same.
    pub(super) async fn apply(&mut self, config: &Config) -> Result<(), SetupError> {
        let mut ready: BTreeMap<NasName, Ready> = BTreeMap::new();
        let mut wanted = Vec::new();
        for (name, nas) in config.polled() {
            let (name, plan) = (NasName::new(name), Plan::new(name, nas, config)?);
            wanted.push(name.clone());
            if self.running.get(&name).is_none_or(|running| running.plan != plan) {
                let prepared = self.prepare(&name, plan)?;
                ready.insert(name, prepared);
            }
        }
        let leaving: Vec<NasName> = self
            .running
            .keys()
            .filter(|name| !wanted.contains(name) || ready.contains_key(name))
            .cloned()
            .collect();
        let mut memories = self.stop(&leaving).await;
        for (name, prepared) in ready {
            let memory = memories
                .remove(&name)
                .filter(|(plan, _)| plan.nas.url == prepared.plan.nas.url)
                .map(|(_, memory)| memory)
                .unwrap_or_default();
            self.start(name, prepared, memory);
        }
        for gone in memories.keys() {
            self.exposition.withdraw(gone);
        }
        self.update_pulse();
        Ok(())
    }

    /// Stops every poller, each of which logs out.
    pub(super) async fn shutdown(mut self) {
        let all: Vec<NasName> = self.running.keys().cloned().collect();
        self.stop(&all).await;
    }

    fn prepare(&self, name: &NasName, plan: Plan) -> Result<Ready, SetupError> {
        let same = self.running.get(name).filter(|running| running.plan.nas.url == plan.nas.url);
        let counters = same.map_or_else(
            || Arc::new(NasCounters::new(name, poller::sections())),
            |running| Arc::clone(&running.counters),
        );
        let heartbeat = Arc::<Heartbeat>::default();
        let poller = plan.poller(name, Arc::clone(&self.store), &self.exposition, &counters, &heartbeat)?;
        Ok(Ready { poller, plan, counters, heartbeat })
    }

    fn start(&mut self, name: NasName, ready: Ready, memory: Memory) {
        let Ready { poller, plan, counters, heartbeat } = ready;
        let stop = CancellationToken::new();
        if plan.nas.tls.insecure_skip_verify {
            tracing::warn!(nas = %name, "the NAS's certificate is not verified: anyone in between reads the password");
        }
        self.exposition.publish(Arc::new(Snapshot::untried(name.clone())), &counters, plan.collect);
        let task = tokio::spawn({
            let (heartbeat, gate, stop) = (Arc::clone(&heartbeat), Arc::clone(&self.gate), stop.clone());
            async move { poller::run(&poller, memory, &heartbeat, &gate, stop).await }
        });
        self.running.insert(name, Running { plan, counters, heartbeat, stop, task });
    }

    /// Stops some pollers side by side and gives what they remembered.
    async fn stop(&mut self, names: &[NasName]) -> BTreeMap<NasName, (Plan, Memory)> {
        let leaving: Vec<(NasName, Running)> =
            names.iter().filter_map(|name| self.running.remove_entry(name)).collect();
        for (_, running) in &leaving {
            running.stop.cancel();
        }
        let ended = join_all(leaving.into_iter().map(|(name, running)| async move {
            // A loop that panicked has nothing to hand on.
            let memory = running.task.await.unwrap_or_default();
            (name, (running.plan, memory))
        }));
        ended.await.into_iter().collect()
    }

    fn update_pulse(&self) {
        let limit = |plan: &Plan| plan.poll.interval * 2 + plan.poll.timeout * 2 + PATIENCE;
        let pulses = self
            .running
            .iter()
            .map(|(name, running)| (name.clone(), (Arc::clone(&running.heartbeat), limit(&running.plan))));
        self.pulse.replace(pulses.collect());
    }
}
