//! The pollers that run, and how a new configuration changes them.

use super::directory::NasDirectory;
use super::nas::{Plan, SetupError};
use super::nas_port::{NasPort, QUESTIONS_AT_ONCE};
use super::pulse::Pulse;
use crate::actions::{Command, Source};
use crate::automation::Guard;
use crate::config::Config;
use crate::dsm::{Client, GuardStore};
use crate::metrics::{Exposition, NasCounters};
use crate::model::{NasName, Snapshot};
use crate::poller::{self, Heartbeat, Listener, Memory, Poke};
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Cycles side by side. Far above what healthy NASes need, so that some that hang do not keep the
/// others waiting, and below the usual limit of file descriptors.
const MAX_CYCLES: usize = 256;
/// What a cycle may take beyond its requests: the next TOTP step, and its turn among the others.
const PATIENCE: Duration = Duration::from_secs(60);

/// A loop that was told to end does so at its next await; longer than this only a fault can take.
const END_OF_A_LOOP: Duration = Duration::from_secs(1);

/// What a poll that somebody waits for may take beyond its two requests.
const END_OF_A_POLL: Duration = Duration::from_secs(5);

/// The actions that callers of the API, rules and ends of holds may take, by what they are counted as.
fn expected_actions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let by_callers = Command::METHODS.into_iter().map(|method| (method, Source::Api.as_str()));
    let by_rules = ["pause", "set_connection_setting"].map(|method| (method, Source::Rule.as_str()));
    let releases = ["resume", "set_connection_setting"].map(|method| (method, Source::Release.as_str()));
    by_callers.chain(by_rules).chain(releases)
}

/// A poller at work.
struct Running {
    plan: Plan,
    client: Client,
    counters: Arc<NasCounters>,
    heartbeat: Arc<Heartbeat>,
    poke: Poke,
    stop: CancellationToken,
    task: JoinHandle<Memory>,
}

/// A poller about to start, checked.
struct Ready {
    plan: Plan,
    client: Client,
    counters: Arc<NasCounters>,
    heartbeat: Arc<Heartbeat>,
    poke: Poke,
    /// Taken before the poller before ends, so that who waits for a poll goes on to wait for ours.
    listener: Listener,
    /// Whether the client, and with it the session, is that of the poller before.
    keeps_client: bool,
}

/// A poller that ended.
struct Ended {
    plan: Plan,
    client: Client,
    memory: Memory,
}

/// The pollers of this instance.
pub(super) struct Fleet {
    exposition: Arc<Exposition>,
    store: Arc<dyn GuardStore>,
    gate: Arc<Semaphore>,
    pulse: Arc<Pulse>,
    directory: Arc<NasDirectory>,
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
            directory: Arc::default(),
            running: BTreeMap::new(),
        }
    }

    /// The health of the pollers.
    pub(super) fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// The NASes for whoever acts on them.
    pub(super) fn directory(&self) -> Arc<NasDirectory> {
        Arc::clone(&self.directory)
    }

    /// Makes the fleet what the configuration says: all of it, or on an error nothing. A NAS whose
    /// part of the configuration is the same goes on undisturbed; one that changed keeps what is
    /// known of it as long as its address is the same, and its session where that can be.
    pub(super) async fn apply(&mut self, config: &Config) -> Result<(), SetupError> {
        let mut ready: BTreeMap<NasName, Ready> = BTreeMap::new();
        let mut wanted = BTreeSet::new();
        for (name, nas) in config.polled() {
            let (name, plan) = (NasName::new(name), Plan::new(name, nas, config)?);
            if self.running.get(&name).is_none_or(|running| running.plan != plan) {
                let prepared = self.prepare(&name, plan)?;
                if config.admin.enabled {
                    prepared.counters.expect_actions(expected_actions());
                    prepared.counters.expect_blocks(Guard::BLOCKING.map(Guard::as_str));
                }
                ready.insert(name.clone(), prepared);
            }
            wanted.insert(name);
        }
        let is_leaving = |name: &&NasName| !wanted.contains(*name) || ready.contains_key(*name);
        let leaving: Vec<NasName> = self.running.keys().filter(is_leaving).cloned().collect();
        let mut ended = self.stop(&leaving).await;
        let mut sessions = Vec::new();
        for (name, prepared) in ready {
            let before = ended.remove(&name);
            let keeps_client = prepared.keeps_client;
            let memory = before.and_then(|Ended { plan, client, memory }| {
                if !keeps_client {
                    sessions.push(client);
                }
                (plan.nas.url == prepared.plan.nas.url).then_some(memory)
            });
            self.start(name, prepared, memory.unwrap_or_default());
        }
        for (gone, Ended { client, .. }) in ended {
            self.exposition.withdraw(&gone);
            sessions.push(client);
        }
        self.update_pulse();
        self.update_directory();
        log_out(sessions).await;
        Ok(())
    }

    /// Stops every poller and logs out of every NAS.
    pub(super) async fn shutdown(mut self) {
        let all: Vec<NasName> = self.running.keys().cloned().collect();
        let ended = self.stop(&all).await;
        log_out(ended.into_values().map(|ended| ended.client)).await;
    }

    fn prepare(&self, name: &NasName, plan: Plan) -> Result<Ready, SetupError> {
        let before = self.running.get(name).filter(|running| running.plan.nas.url == plan.nas.url);
        let (counters, heartbeat) = match before {
            Some(running) => (Arc::clone(&running.counters), Arc::clone(&running.heartbeat)),
            None => (Arc::new(NasCounters::new(name, poller::sections())), Arc::default()),
        };
        let kept =
            before.filter(|running| running.plan.has_client_of(&plan)).map(|running| running.client.clone());
        let keeps_client = kept.is_some();
        let client = match kept {
            Some(client) => client,
            None => plan.counted_client(name, Arc::clone(&self.store), &counters, &heartbeat)?,
        };
        // Whatever changed, who holds the NAS's poke means this poller from now on.
        let poke = self.running.get(name).map(|running| running.poke.clone()).unwrap_or_default();
        let listener = poke.listen();
        Ok(Ready { plan, client, counters, heartbeat, poke, listener, keeps_client })
    }

    fn start(&mut self, name: NasName, ready: Ready, memory: Memory) {
        let Ready { plan, client, counters, heartbeat, poke, listener, keeps_client: _ } = ready;
        let stop = CancellationToken::new();
        if plan.nas.tls.insecure_skip_verify {
            tracing::warn!(nas = %name, "the NAS's certificate is not verified: anyone in between reads the password");
        }
        if !memory.has_shown() {
            self.exposition.publish(Arc::new(Snapshot::untried(name.clone())), &counters, plan.collect);
        }
        let poller = plan.poller(&name, client.clone(), &self.exposition, &counters);
        let task = tokio::spawn({
            let (heartbeat, gate, stop) = (Arc::clone(&heartbeat), Arc::clone(&self.gate), stop.clone());
            async move { poller::run(&poller, memory, &heartbeat, listener, &gate, stop).await }
        });
        self.running.insert(name, Running { plan, client, counters, heartbeat, poke, stop, task });
    }

    /// Stops some pollers side by side and gives what they leave behind.
    async fn stop(&mut self, names: &[NasName]) -> BTreeMap<NasName, Ended> {
        let leaving: Vec<(NasName, Running)> =
            names.iter().filter_map(|name| self.running.remove_entry(name)).collect();
        for (_, running) in &leaving {
            running.stop.cancel();
        }
        let ended = join_all(leaving.into_iter().map(|(name, running)| async move {
            let Running { plan, client, mut task, .. } = running;
            let ended = timeout(END_OF_A_LOOP, &mut task).await;
            if ended.is_err() {
                task.abort();
            }
            // A loop that panicked or hangs has nothing to hand on.
            let memory = ended.ok().and_then(Result::ok).unwrap_or_default();
            (name, Ended { plan, client, memory })
        }));
        ended.await.into_iter().collect()
    }

    fn update_directory(&self) {
        let ports = self.running.iter().map(|(name, running)| {
            let Running { plan, client, counters, poke, .. } = running;
            let port = NasPort {
                name: name.clone(),
                client: client.clone(),
                counters: Arc::clone(counters),
                exposition: Arc::clone(&self.exposition),
                poke: poke.clone(),
                turns: Semaphore::new(QUESTIONS_AT_ONCE),
                patience: plan.poll.timeout * 2 + END_OF_A_POLL,
            };
            (name.clone(), Arc::new(port))
        });
        self.directory.replace(ports.collect());
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

/// Ends sessions side by side; each takes a short time at most.
async fn log_out(clients: impl IntoIterator<Item = Client>) {
    join_all(clients.into_iter().map(|client| async move { client.logout().await })).await;
}
